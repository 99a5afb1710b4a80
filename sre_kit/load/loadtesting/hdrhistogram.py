"""
HdrHistogram: percentile files (``.hgrm``) and interval logs (``.hlog``, versions 0 to 2 of the encoding, with tags).

Neither names its unit. Milliseconds, which wrk2, jHiccup and the Java logger write, are an assumption, labelled as
one. In a log the histograms hold another unit than the column ``Interval_Max`` beside them: the scale is what makes
the two agree. Nor does a histogram say whether waiting was hidden from it: the model is unknown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from sre_kit.compute.performance.plan import LoadTest, Operation
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.hdrcodec import Counts, decoded, merged
from sre_kit.load.loadtesting.shape import QUANTILES, epoch, text_of

NAME: Final = "HdrHistogram (.hgrm, .hlog)"

ASSUMED: Final = "HdrHistogram: the file does not name its unit; milliseconds are an assumption"
_SPECTRUM: Final = re.compile(r"^\s*(\d+\.\d+)\s+([01]\.\d+)\s+(\d+)\s+(?:\d+\.\d+|inf)\s*$", re.MULTILINE)
_FOOTER: Final = re.compile(r"#\[(Mean|Max)\s*=\s*([\d.]+),\s*(?:StdDeviation|Total ?[cC]ount)\s*=\s*([\d.]+)\]")
_COMMENT: Final = re.compile(r"#\[(StartTime|BaseTime): ([\d.]+)")
_INTERVAL: Final = re.compile(r'^(?:Tag=([^,"]*),)?([\d.]+),([\d.]+),([\d.]+),(\S+)$')
_AGE: Final = 365 * 86_400.0
"""A start stamp this much before the log's own time is relative to it."""


@dataclass
class _Log:
    parts: dict[str, list[Counts]] = field(default_factory=lambda: defaultdict(list))
    maxima: list[tuple[int, float]] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None


def fits(head: bytes) -> bool:
    """The heads of a percentile file's columns, or the format's name or the columns of a log."""
    return re.search(rb"Value\s+Percentile\s+TotalCount\s+1/\(1-Percentile\)", head[:400]) is not None or (
        b"Histogram log format version" in head or b'"Interval_Compressed_Histogram"' in head
    )


def read(path: Path) -> LoadTest:
    """
    The distribution in a percentile file or a log.

    Raises
    ------
    DataError
        The file ends early, or an interval cannot be decoded.
    """
    text = text_of(path)
    return _of_percentiles(path, text) if "1/(1-Percentile)" in text[:400] else _of_log(path, text)


def _of_percentiles(path: Path, text: str) -> LoadTest:
    levels = [(float(share), float(value) / 1000) for value, share, _ in _SPECTRUM.findall(text)]
    footer = {name: (float(one), float(other)) for name, one, other in _FOOTER.findall(text)}
    if not levels or "Max" not in footer:
        raise DataError(f"{path.name}: a percentile file without its end (#[Max …]); write it again")
    return LoadTest(
        name=path.stem,
        tool="HdrHistogram",
        origin=path.name,
        requests=int(footer["Max"][1]),
        errors=None,
        duration=None,
        rate=None,
        # the first level that reaches a share is the value that this share did not exceed
        quantiles={q: round(next(value for share, value in levels if share >= q), 9) for q in (*QUANTILES, 0.999)},
        mean=footer["Mean"][0] / 1000 if "Mean" in footer else None,
        maximum=footer["Max"][0] / 1000,
        notes=(ASSUMED,),
    )


def _of_log(path: Path, text: str) -> LoadTest:
    log = _Log()
    for number, line in enumerate(text.split("\n"), 1):
        if comment := _COMMENT.match(line):
            log.times[comment[1]] = float(comment[2])
        elif line and not line.startswith(("#", '"')):
            _take(path, log, number, line.strip())
    if not log.maxima:
        raise DataError(f"{path.name}: a histogram log without an interval; the run ended before its first")
    scale = _scale(path, log)
    whole = merged([one for parts in log.parts.values() for one in parts])
    duration = log.last - log.first if log.last is not None and log.first is not None else None
    tagged = {tag: merged(parts) for tag, parts in log.parts.items() if tag}
    return LoadTest(
        name=path.stem,
        tool="HdrHistogram",
        origin=path.name,
        requests=whole.total,
        errors=None,
        duration=duration,
        rate=whole.total / duration if duration else None,
        quantiles=_quantiles(whole, scale),
        mean=_mean(whole) * scale,
        minimum=float(whole.values[0]) * scale,
        maximum=max(largest for _, largest in log.maxima) / 1000,
        began=epoch(_began(log)),
        operations=tuple(
            Operation(tag, one.total, None, _mean(one) * scale, _quantiles(one, scale)) for tag, one in tagged.items()
        ),
        notes=(ASSUMED,),
    )  # fmt: skip


def _take(path: Path, log: _Log, number: int, line: str) -> None:
    interval = _INTERVAL.match(line)
    try:
        if interval is None:
            raise ValueError("no interval: a start, a length, a maximum and a histogram are needed")
        counts = decoded(interval[5])
    except ValueError as error:
        raise DataError(f"{path.name}: line {number}: {error}; cut the log before it") from None
    start, length = float(interval[2]), float(interval[3])
    log.first = start if log.first is None else min(log.first, start)
    log.last = start + length if log.last is None else max(log.last, start + length)
    if counts.total:
        log.parts[interval[1] or ""].append(counts)
        log.maxima.append((int(counts.values[-1]), float(interval[4])))


def _scale(path: Path, log: _Log) -> float:
    """Seconds for a unit of the histograms, from the maxima that stand beside them in milliseconds."""
    ratios = [raw / told for raw, told in log.maxima if told > 0]
    ratio = 10.0 ** round(float(np.log10(np.median(ratios)))) if ratios else 1e6
    # the highest value of a bucket exceeds the maximum by the histogram's resolution, and the log rounds to 0.001
    off = sum(told > 0 and abs(raw / ratio - told) > 0.1 * told + 0.002 for raw, told in log.maxima)
    if off:
        raise DataError(f"{path.name}: {off} interval(s) disagree with their Interval_Max; the log is damaged")
    return 1e-3 / ratio


def _began(log: _Log) -> float | None:
    base, start = log.times.get("BaseTime"), log.times.get("StartTime")
    if log.first is None:
        return None
    if base is not None:
        return base + log.first
    return start + log.first if start is not None and log.first < start - _AGE else log.first


def _mean(counts: Counts) -> float:
    return float(np.average(counts.middles, weights=counts.counts))


def _quantiles(counts: Counts, scale: float) -> Mapping[float, float]:
    reached = np.cumsum(counts.counts)
    ranks = {q: max(1.0, np.ceil(q * counts.total)) for q in (*QUANTILES, 0.999)}
    return {q: float(counts.values[np.searchsorted(reached, rank)]) * scale for q, rank in ranks.items()}
