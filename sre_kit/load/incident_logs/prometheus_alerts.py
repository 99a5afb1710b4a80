"""
The history of alerts out of Prometheus: a ``query_range`` answer for ``ALERTS`` and, if there, ``ALERTS_FOR_STATE``.

Runs of samples are firings, known to within the step. ``ALERTS_FOR_STATE`` has the time since which the condition held,
so the beginning is known apart from the alert. A gap of up to `MERGE` (staleness, a restart) does not end a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from sre_kit.compute.incidents import BEGAN_WITH_ALERT, Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import FLAGS, epoch

NAME: Final = "Prometheus ALERTS"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "alertname, first sample",
    "title": "alertname",
    "began": "ALERTS_FOR_STATE, or the first firing sample",
    "detected": "the first firing sample",
    "resolved": "the first sample that is missing",
    "impact": "severity",
    "services": "service, job or namespace",
}
MERGE: Final = 300.0
"""Seconds; Prometheus looks back five minutes for a sample."""
_OWN: Final = ("__name__", "alertstate")

Run = tuple[float, float]


def fits(row: Row) -> bool:
    """The answer of a range query."""
    return bool(row.get("data.resulttype", "resulttype") == "matrix")


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One firing a row; pending alerts are none."""
    for row in found:
        if isinstance(row, Quarantined):
            yield row
            continue
        series = row.listed("data.result") or row.listed("result")
        try:
            yield from _firings(row.origin, series)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
            yield Quarantined(row.origin, "", f"not the answer of a range query: {error!r}")


def _firings(origin: str, series: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    samples = {id(one): [(float(t), float(v)) for t, v in one["values"]] for one in series}
    stamps = sorted({t for found in samples.values() for t, _ in found})
    step = min((b - a for a, b in pairwise(stamps)), default=0.0)
    since = {
        _key(one["metric"]): samples[id(one)] for one in series if one["metric"].get("__name__") == "ALERTS_FOR_STATE"
    }
    firing = [one for one in series if one["metric"].get("alertstate") == "firing"]
    names = Counter(one["metric"].get("alertname", "alert") for one in firing)
    for one in firing:
        labels: Mapping[str, str] = one["metric"]
        name = labels.get("alertname", "alert")
        suffix = f"-{sha256(repr(_key(labels)).encode()).hexdigest()[:6]}" if names[name] > 1 else ""
        for first, last in _runs([t for t, _ in samples[id(one)]], step):
            active = _active(since.get(_key(labels), []), first, step)
            cells: dict[str, Any] = {
                "id": f"{name}-{datetime.fromisoformat(epoch(first)):%Y%m%dT%H%M%SZ}{suffix}",
                "title": name,
                "began": epoch(first if active is None else min(active, first)),
                "detected": epoch(first),
                "resolved": None if last >= stamps[-1] else epoch(last + step),
                "severity": labels.get("severity"),
                "services": next((labels[k] for k in ("service", "job", "namespace") if labels.get(k)), None),
                "detected_by": f"alert {name}",
                FLAGS: tuple(_flags(first, step, stamps[0], active)),
            }
            yield Row(origin, cells)


def _runs(stamps: Sequence[float], step: float) -> list[Run]:
    """Samples at most `MERGE`, or one and a half steps, apart are one run."""
    apart, runs = max(1.5 * step, MERGE), list[Run]()
    for stamp in stamps:
        if runs and stamp - runs[-1][1] <= apart:
            runs[-1] = (runs[-1][0], stamp)
        else:
            runs.append((stamp, stamp))
    return runs


def _active(samples: Sequence[tuple[float, float]], first: float, step: float) -> float | None:
    """Since when the condition held, as the state says at the run's first sample or just before it."""
    near = [value for stamp, value in samples if first - 1.5 * step <= stamp <= first]
    return near[-1] if near and near[-1] > 0 else None


def _flags(first: float, step: float, start: float, active: float | None) -> Iterator[str]:
    yield f"times to within {step:g} s"
    if active is None:
        yield BEGAN_WITH_ALERT
    if first <= start and active is None:
        yield "it fired already when the history begins"


def _key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in labels.items() if k not in _OWN))
