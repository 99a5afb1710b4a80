"""
Gatling's report as data: ``js/stats.json`` and ``js/global_stats.json``, also the older ``js/stats.js``; milliseconds.

``percentiles1`` to ``4`` are whatever gatling.conf asks for, and the file does not say what: 50, 75, 95 and 99, its
defaults, are an assumption, labelled as one. Numbers may be text, and "-" is missing. The rate is requests over whole
seconds of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.plan import LoadTest, Operation
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import count, number, part, text_of

NAME: Final = "Gatling stats.json, global_stats.json, stats.js"
PERCENTILES: Final = (0.5, 0.75, 0.95, 0.99)
"""Gatling's defaults."""
ASSUMED: Final = "Gatling: its report does not name its percentiles; 50, 75, 95 and 99, the defaults, are an assumption"

_KEY: Final = re.compile(r"^(\s*)(type|name|path|pathFormatted|stats|contents):", re.MULTILINE)


def fits(head: bytes) -> bool:
    """The two keys that stand early in each form."""
    return b'"numberOfRequests"' in head and b'"minResponseTime"' in head


def read(path: Path) -> LoadTest:
    """
    The run in a report.

    Raises
    ------
    DataError
        It cannot be read, or holds no request.
    """
    content = _content(path)
    whole = part(content, "stats") or content
    requests, failed = _of(whole, "numberOfRequests", "total"), _of(whole, "numberOfRequests", "ko")
    if not requests:
        raise DataError(f"{path.name}: a Gatling report without a request; the run ended before its first answer")
    rate = _of(whole, "meanNumberOfRequestsPerSecond", "total")
    return LoadTest(
        name=path.parent.parent.name if path.parent.name == "js" else path.stem,
        tool="Gatling",
        origin=path.name,
        requests=count(requests),
        errors=count(failed),
        duration=requests / rate if rate else None,
        rate=rate,
        quantiles=_quantiles(whole),
        mean=_of(whole, "meanResponseTime", "total", 1e-3),
        minimum=_of(whole, "minResponseTime", "total", 1e-3),
        maximum=_of(whole, "maxResponseTime", "total", 1e-3),
        model="unknown",
        operations=tuple(_operations(part(content, "contents"), ())),
        notes=(
            ASSUMED,
            "Gatling: the report does not say whether users arrived at a rate or were kept in number",
        ),
    )


def _content(path: Path) -> Mapping[str, Any]:
    text = text_of(path).strip()
    if text.startswith("var stats"):
        # a script whose outer keys lack their quotes; functions follow the object
        text = _KEY.sub(r'\1"\2":', text.partition("=")[2]).partition("\nfunction ")[0].rstrip().rstrip(";")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: no JSON ({type(error).__name__}); let Gatling write its report again") from None
    return found if isinstance(found, Mapping) else {}


def _of(stats: Mapping[str, Any], name: str, of: str, factor: float = 1.0) -> float | None:
    return number(part(stats, name).get(of), factor)


def _quantiles(stats: Mapping[str, Any]) -> dict[float, float]:
    values = (_of(stats, f"percentiles{place}", "total", 1e-3) for place in range(1, 5))
    return {q: value for q, value in zip(PERCENTILES, values, strict=True) if value is not None}


def _operations(contents: Mapping[str, Any], groups: tuple[str, ...]) -> Iterator[Operation]:
    """Requests of all groups; a group's own statistics sum up its requests and are left out."""
    for one in contents.values():
        name, stats = str(part({"": one}, "").get("name") or ""), part(one, "stats")
        if part(one, "contents"):
            yield from _operations(part(one, "contents"), (*groups, name))
        elif stats:
            yield Operation(
                name="/".join((*groups, name)),
                requests=count(part(stats, "numberOfRequests").get("total")),
                errors=count(part(stats, "numberOfRequests").get("ko")),
                mean=_of(stats, "meanResponseTime", "total", 1e-3),
                quantiles=_quantiles(stats),
            )
