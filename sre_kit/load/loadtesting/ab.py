"""
ApacheBench's text; milliseconds, whole ones in its table of quantiles.

Two lines are called "Time per request": the first is what a request took, the second is the first divided by the
concurrency, which nobody waited. "Failed" counts answers of another length than the first, as every dynamic page gives:
they are no errors. Answers with a status of 300 and more stand in "Non-2xx responses" and in no failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import CLOSED, number, text_of

NAME: Final = "ab (text)"

_FAILED: Final = re.compile(r"\(Connect: (\d+), Receive: (\d+), Length: (\d+), Exceptions: (\d+)\)")
_LEVEL: Final = re.compile(r"^\s*(\d+)%\s+(\d+)", re.MULTILINE)
_TIMES: Final = re.compile(r"^Total:\s+(\d+)\s+(\d+)\s+\S+\s+(\d+)\s+(\d+)", re.MULTILINE)
_VERSION: Final = re.compile(r"This is ApacheBench, Version (\S+)")
_SERVER: Final = re.compile(r"^Server (Hostname|Port):\s+(\S+)|^Document (Path):\s+(\S+)", re.MULTILINE)


def fits(head: bytes) -> bool:
    """Its greeting, or the first heads of its report where the greeting was cut (``-q`` keeps it)."""
    return b"This is ApacheBench" in head or (b"Concurrency Level:" in head and b"Document Length:" in head)


def read(path: Path) -> LoadTest:
    """
    The run that the text reports.

    Raises
    ------
    DataError
        The report ends before its totals: ab gives up at the first connection that is refused.
    """
    text = text_of(path)
    requests, duration = _after(text, "Complete requests"), _after(text, "Time taken for tests")
    if not requests or not duration:
        raise DataError(f"{path.name}: an ab report without completed requests; it gave up early, run it again with -r")
    connect, receive, length, exceptions = map(int, found.groups()) if (found := _FAILED.search(text)) else (0, 0, 0, 0)
    levels = {int(q) / 100: int(ms) / 1000 for q, ms in _LEVEL.findall(text)}
    times, version = _TIMES.search(text), _VERSION.search(text)
    return LoadTest(
        name=path.stem,
        tool="ab",
        origin=path.name,
        requests=int(requests),
        errors=connect + receive + exceptions + int(_after(text, "Non-2xx responses") or 0),
        duration=duration,
        rate=_after(text, "Requests per second") or requests / duration,
        quantiles={q: s for q, s in levels.items() if q < 1},
        mean=number(_after(text, "Time per request"), 1e-3),
        minimum=int(times[1]) / 1000 if times else None,
        maximum=levels.get(1.0),
        load=_after(text, "Concurrency Level"),
        model="closed",
        coordinated_omission=True,
        scenario="".join(one[1] or one[3] for one in _SERVER.findall(text) if one[0] == "Hostname" or one[2]),
        version=version[1] if version else "",
        notes=tuple(_notes(length)),
    )


def _after(text: str, label: str) -> float | None:
    """The number behind the first line of this name."""
    found = re.search(rf"^{re.escape(label)}:\s+([\d.]+)", text, re.MULTILINE)
    return number(found[1]) if found else None


def _notes(length: int) -> Iterator[str]:
    yield f"ab: {CLOSED}"
    if length:
        yield f"ab: {length:,} answers of another length than the first are no errors"
