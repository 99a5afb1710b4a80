"""OpenMetrics (or Prometheus) text with a timestamp on every sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from sre_kit.errors import DataError, ParameterError, SourceError, nearest
from sre_kit.load.metrics.counters import Steps, check_rising
from sre_kit.load.metrics.selector import Selector, selector
from sre_kit.load.metrics.source import lacking_series, series, stepped

_SAMPLE: Final = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?'
    r"[ \t]+(\S+)(?:[ \t]+(-?[0-9.eE+]+))?(?:[ \t]+#.*)?"
)
_LABEL: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPED: Final = re.compile(r"\\(.)")
_COUNTER_SUFFIXES: Final = ("_total", "_count", "_bucket", "_sum")

Samples = dict[str, tuple[list[float], list[float]]]


def read(
    raw: bytes, query: str, where: str, window: tuple[datetime, datetime], step: timedelta, *, total: bool
) -> pd.Series:
    """
    What `query`, a bare selector, selects: events per step of a counter (`total`), or the sum of gauges' means.

    Raises
    ------
    SourceError
        The text has no such metric.
    DataError
        A line is no sample, has no timestamp, or a series' times do not rise.
    """
    wanted = selector(query)
    if wanted is None:
        raise ParameterError(
            f"query {query!r}: a file cannot evaluate expressions; "
            'write a selector such as requests_total{code="200"}'
        )
    found, kinds, metrics = _parsed(raw, wanted, where)
    if not found:
        if wanted.metric in metrics:
            nothing = series(pd.DatetimeIndex([], tz="UTC"), [], query)
            nothing.attrs |= {"by_series": True, "known": True}
            return nothing
        raise SourceError(
            f"no metric {wanted.metric!r} in {where}" + nearest(wanted.metric, metrics or ["nothing there"])
        )
    counter = _is_counter(wanted.metric, kinds)
    if total and counter:
        steps = Steps(*window, step)
        for labels, (times, values) in found.items():
            steps.add(np.array(times), np.array(values), f"{where}: {wanted.metric}{labels}")
        counted = steps.series(query)
        # a step without this series had others: one that does not exist yet has counted nothing
        counted.attrs |= {"by_series": True, "known": True}
        return counted
    parts = []
    for labels, (times, values) in found.items():
        check_rising(np.array(times), f"{where}: {wanted.metric}{labels}")
        index = pd.DatetimeIndex([datetime.fromtimestamp(time, tz=UTC) for time in times])
        parts.append(stepped(series(index, values, query), *window, step, total=total))
    whole = pd.concat(parts, axis=1).sum(axis=1, min_count=1)
    return series(pd.DatetimeIndex(whole.index), whole.to_numpy(), query)


def lacking(raw: bytes, whole: str, part: str, where: str, at: datetime) -> pd.Series:
    """How many series of `whole` have none of `part` beside them, labels but ``le`` being the same; said once, `at`."""
    sides = []
    for query in (whole, part):
        wanted = selector(query)
        found = _parsed(raw, wanted, where)[0] if wanted else {}
        sides.append({re.sub(r"(?<=[{,])le='[^']*',?", "", key).replace(",}", "}") for key in found})
    alone = sides[0] - sides[1]
    return lacking_series(pd.DatetimeIndex([at] if alone else [], tz="UTC"), [len(alone)] if alone else [], alone)


def _is_counter(metric: str, kinds: dict[str, str]) -> bool:
    for suffix in _COUNTER_SUFFIXES:
        kind = kinds.get(metric.removesuffix(suffix), "") if metric.endswith(suffix) else ""
        if kind in ("counter", "histogram", "summary"):
            return True
    return kinds.get(metric) == "counter"


def _parsed(raw: bytes, wanted: Selector, where: str) -> tuple[Samples, dict[str, str], set[str]]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte {error.start} is no UTF-8; save the file as UTF-8") from None
    seconds = 1.0 if text.rstrip().endswith("# EOF") else 0.001
    found: Samples = {}
    kinds: dict[str, str] = {}
    metrics: set[str] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("#") or not line.strip():
            words = line.split()
            if words[1:2] == ["TYPE"] and len(words) == 4:
                kinds[words[2]] = words[3]
            continue
        metric, labels, value, when = _sample(line, f"{where}:{number}")
        metrics.add(metric)
        if wanted.matches(metric, labels):
            key = "{" + ",".join(f"{name}={labels[name]!r}" for name in sorted(labels)) + "}"
            times, values = found.setdefault(metric * (not wanted.metric) + key, ([], []))
            times.append(when * seconds)
            values.append(value)
    return found, kinds, metrics


def _sample(line: str, where: str) -> tuple[str, dict[str, str], float, float]:
    parsed = _SAMPLE.fullmatch(line.strip())
    if parsed is None:
        raise DataError(f"{where}: no sample: {line[:80]!r}")
    try:
        value, when = float(parsed[3]), float(parsed[4] or "nan")
    except ValueError:
        raise DataError(f"{where}: no number in {line[:80]!r}") from None
    if not np.isfinite(when):
        raise DataError(
            f"{where}: the sample has no timestamp; export with timestamps (promtool tsdb dump-openmetrics)"
        )
    return parsed[1], dict(_labels(parsed[2] or "", where)), value, when


def _labels(text: str, where: str) -> Iterator[tuple[str, str]]:
    position = 0
    while text[position:].strip():
        found = _LABEL.match(text, position)
        if found is None:
            raise DataError(f"{where}: no label at {text[position : position + 40]!r}")
        yield found[1], _ESCAPED.sub(lambda one: "\n" if one[1] == "n" else one[1], found[2])
        position = found.end()
