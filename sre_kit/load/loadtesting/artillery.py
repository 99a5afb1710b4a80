"""
Artillery's report, version 1 (``aggregate.latency``) and 2 (``counters``, ``summaries``); milliseconds.

Virtual users arrive at a rate (open). The keys of the two versions share nothing but ``aggregate``; percentiles
may be null where nothing was answered. Errors are answers from 400 on and requests that had none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.plan import LoadTest, Operation
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import count, epoch, json_of, moment, number, part

NAME: Final = "Artillery 1 and 2 (JSON report)"
_LEVEL: Final = re.compile(r"p(\d{2})(\d*)")
_ENDPOINT: Final = "plugins.metrics-by-endpoint.response_time."


def fits(head: bytes) -> bool:
    """The aggregate with what each version puts first into it."""
    return b'"aggregate"' in head and any(
        key in head for key in (b'"counters"', b'"scenariosCreated"', b'"requestsCompleted"')
    )


def read(path: Path) -> LoadTest:
    """
    The run in a report.

    Raises
    ------
    DataError
        It is no JSON, or neither version's aggregate.
    """
    content = json_of(path, "run Artillery again with --output")
    aggregate = part(content, "aggregate")
    if "requestsCompleted" in aggregate:
        return _first(path, aggregate, content.get("intermediate"))
    if isinstance(aggregate.get("counters"), Mapping):
        return _second(path, aggregate)
    raise DataError(f"{path.name}: an Artillery report without its aggregate; run it again with --output")


def _second(path: Path, aggregate: Mapping[str, Any]) -> LoadTest:
    counters, summaries = part(aggregate, "counters"), part(aggregate, "summaries")
    requests, spent = count(counters.get("http.requests")), part(summaries, "http.response_time")
    if not requests:
        raise DataError(f"{path.name}: an Artillery report without an HTTP request; other engines are not read")
    first, last = number(aggregate.get("firstCounterAt"), 1e-3), number(aggregate.get("lastCounterAt"), 1e-3)
    first = first if first is not None else number(aggregate.get("firstMetricAt"), 1e-3)
    last = last if last is not None else number(aggregate.get("lastMetricAt"), 1e-3)
    codes = {key.removeprefix("http.codes."): many for key, many in counters.items() if key.startswith("http.codes.")}
    answers = sum(count(many) or 0 for many in codes.values())
    refused = sum(count(many) or 0 for code, many in codes.items() if code >= "400")
    return _run(
        path,
        "2",
        requests=requests,
        errors=refused + requests - answers,
        duration=(last - first) or None if first is not None and last is not None else None,
        spent=spent,
        began=epoch(first),
        notes=_notes(counters),
        operations=[_operation(name, one) for name, one in summaries.items() if name.startswith(_ENDPOINT)],
    )


def _first(path: Path, aggregate: Mapping[str, Any], intermediate: object) -> LoadTest:
    phases = aggregate.get("phases")
    lengths = [number(one.get("duration")) for one in phases if isinstance(one, Mapping)] if (
        isinstance(phases, list)
    ) else []  # fmt: skip
    answers, codes = count(aggregate.get("requestsCompleted")), part(aggregate, "codes")
    unanswered = sum(count(many) or 0 for many in part(aggregate, "errors").values())
    refused = sum(count(many) or 0 for code, many in codes.items() if str(code) >= "400")
    if not answers and not unanswered:
        raise DataError(f"{path.name}: an Artillery report without a request; see its phases")
    known = [one for one in lengths if one is not None]
    first = intermediate[0] if isinstance(intermediate, list) and intermediate else None
    return _run(
        path,
        "1",
        requests=(answers or 0) + unanswered,
        errors=refused + unanswered,
        duration=sum(known) if known and len(known) == len(lengths) else None,
        spent=part(aggregate, "latency"),
        began=moment(first.get("timestamp")) if isinstance(first, Mapping) else None,
        notes=("Artillery 1: the rate is that of its phases; answers that come later are not in the time",),
    )


def _run(
    path: Path,
    version: str,
    requests: int,
    errors: int,
    duration: float | None,
    spent: Mapping[str, Any],
    began: datetime | None,
    notes: Iterable[str],
    operations: Sequence[Operation] = (),
) -> LoadTest:
    return LoadTest(
        name=path.stem,
        tool="Artillery",
        origin=path.name,
        requests=requests,
        errors=errors,
        duration=duration,
        rate=requests / duration if duration else None,
        quantiles=_quantiles(spent),
        mean=number(spent.get("mean"), 1e-3),
        minimum=number(spent.get("min"), 1e-3),
        maximum=number(spent.get("max"), 1e-3),
        model="open",
        version=version,
        began=began,
        operations=tuple(operations),
        notes=tuple(notes),
    )


def _quantiles(spent: Mapping[str, Any]) -> dict[float, float]:
    levels = {0.5: number(spent.get("median", spent.get("p50")), 1e-3)}
    for key, value in spent.items():
        if found := _LEVEL.fullmatch(key):
            levels[float(f"0.{found[1]}{found[2]}")] = number(value, 1e-3)
    return {q: value for q, value in sorted(levels.items()) if value is not None}


def _operation(name: str, spent: Mapping[str, Any]) -> Operation:
    """What the endpoint plug-in keeps of one path; it does not count the errors of a path apart."""
    mean = number(spent.get("mean"), 1e-3)
    return Operation(name.removeprefix(_ENDPOINT), count(spent.get("count")), None, mean, _quantiles(spent))


def _notes(counters: Mapping[str, Any]) -> Iterator[str]:
    failed, created = count(counters.get("vusers.failed")), count(counters.get("vusers.created"))
    if failed and created:
        yield f"Artillery: {failed:,} of {created:,} virtual users gave up"
