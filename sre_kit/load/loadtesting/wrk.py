"""
wrk and wrk2, as they print it: units are mixed (us, ms, s, m) and stand at each number.

wrk keeps connections busy (a closed loop): a stall asks less of the server and hides waiting. wrk2 asks at a constant
rate and measures from the moment at which a request was due; it is told by its HdrHistogram spectrum, whose values are
milliseconds. What it does while it calibrates is in the number of requests and in no quantile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import CLOSED, seconds, text_of

NAME: Final = "wrk and wrk2 (text)"

_LENGTH: Final = r"([-\d.]+(?:ns|us|ms|s|m|h)?)"
_RAN: Final = re.compile(r"^Running \S+ test @ (\S+)", re.MULTILINE)
_SHAPE: Final = re.compile(r"^\s*(\d+) threads? and (\d+) connections", re.MULTILINE)
_DONE: Final = re.compile(r"^\s*(\d+) requests in ([\d.]+(?:us|ms|s|m|h)),", re.MULTILINE)
_RATE: Final = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_TABLE: Final = re.compile(rf"^\s*Thread Stats\s+Avg\s+Stdev\s+(\S+).*\n\s*Latency\s+{_LENGTH}\s+\S+\s+{_LENGTH}", re.M)
_LEVEL: Final = re.compile(rf"^\s*(\d+(?:\.\d+)?)%\s+{_LENGTH}\s*$", re.MULTILINE)
_SPECTRUM: Final = re.compile(r"^\s*(\d+\.\d+)\s+(\d\.\d+)\s+\d+\s+(?:\d+\.\d+|inf)\s*$", re.MULTILINE)
_SOCKETS: Final = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_REFUSED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_RECORDED: Final = "Latency Distribution (HdrHistogram - Recorded Latency)"
_UNCORRECTED: Final = "Latency Distribution (HdrHistogram - Uncorrected Latency"
_TOTAL: Final = re.compile(r"Total count\s*=\s*(\d+)")


def fits(head: bytes) -> bool:
    """The line that says what runs, and the one with threads and connections."""
    return re.search(rb"(?m)^Running \S+ test @ ", head) is not None and b" connections" in head


def read(path: Path) -> LoadTest:
    """
    The run that the text reports.

    Raises
    ------
    DataError
        The report ends before its totals.
    """
    text = text_of(path)
    done, shape, ran = _DONE.search(text), _SHAPE.search(text), _RAN.search(text)
    duration = seconds(done[2]) if done else None
    if done is None or shape is None or not duration:
        raise DataError(f"{path.name}: a wrk report without '… requests in …'; the run ended early, let it finish")
    constant = _RECORDED in text
    latencies = text.partition(_UNCORRECTED)[0]
    sockets = _SOCKETS.search(text)
    connect, receive, write, timeouts = map(int, sockets.groups()) if sockets else (0, 0, 0, 0)
    refused = _REFUSED.search(text)
    # what failed at the socket has no answer, so wrk does not count it among its requests
    unanswered = connect + receive + write
    rate, table = _RATE.search(text), _TABLE.search(latencies)
    quantiles = dict(_quantiles(latencies))
    largest = quantiles.pop(1.0, None) or (seconds(table[3]) if table and table[1] == "Max" else None)
    return LoadTest(
        name=path.stem,
        tool="wrk2" if constant else "wrk",
        origin=path.name,
        requests=int(done[1]) + unanswered,
        errors=(int(refused[1]) if refused else 0) + unanswered,
        duration=duration,
        rate=float(rate[1]) if rate else int(done[1]) / duration,
        quantiles=quantiles,
        mean=seconds(table[2]) if table else None,
        maximum=largest,
        load=float(shape[2]) if not constant else None,
        model="open" if constant else "closed",
        coordinated_omission=not constant,
        scenario=ran[1] if ran else "",
        notes=tuple(_notes(text, int(done[1]), timeouts, constant, bool(quantiles))),
    )


def _quantiles(text: str) -> Iterator[tuple[float, float]]:
    """The printed levels; the spectrum of wrk2 adds those it does not print, p95 among them."""
    for one in _SPECTRUM.finditer(text):
        if one[2] in ("0.500000", "0.750000", "0.900000", "0.950000"):
            yield float(one[2]), round(float(one[1]) / 1000, 9)
    for one in _LEVEL.finditer(text):
        if (value := seconds(one[2])) is not None:
            yield round(float(one[1]) / 100, 8), value


def _notes(text: str, requests: int, timeouts: int, constant: bool, levels: bool) -> Iterator[str]:
    if not constant:
        yield f"wrk: {CLOSED}"
    if timeouts:
        yield f"wrk: {timeouts:,} answers took longer than its time-out; whether they came later is not told"
    if not levels:
        yield "wrk: without --latency it prints no quantile"
    total = _TOTAL.search(text)
    if constant and total and int(total[1]) < requests:
        yield f"wrk2: {requests - int(total[1]):,} requests fell into its calibration and are in no quantile"
