"""
The seven reliability metrics of the mission, computed in one place so that they agree wherever they appear.

Each has its definition, n, interval and window. Availability, latency, error rate and budget come from the events of
the objectives over the objective's own window; saturation from the resources; MTTR and MTBF from the incident log.
Intervals of ratios draw whole days (block bootstrap), because bad minutes come in clusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.response.reliability import IncidentStatistics, Times, incident_statistics, incident_window
from sre_kit.compute.slo.budget import WORKBOOK_STATES, ErrorBudget, PolicyState, error_budget, policy_state
from sre_kit.compute.slo.counts import History, Numbers, days
from sre_kit.compute.statistics import DRAWS, SEED, Interval, quantile, quantile_interval
from sre_kit.compute.vocabulary import Reading
from sre_kit.units import span

METRICS: Final = ("availability", "latency", "error_rate", "saturation", "mttr", "mtbf", "budget_consumption")
ENOUGH_DAYS: Final = 5
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Vitals:
    """Everything measured that the reliability metrics need; each part may be empty."""

    histories: tuple[History, ...]
    incidents: IncidentLog
    response_times: tuple[tuple[str, Reading], ...] = ()
    """Operation and its measured 95th percentile, in seconds."""
    saturation: tuple[tuple[Resource, Reading], ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """
    One metric of one thing: `value` in `unit` (ratio, s, min, h), over `n` of `counted` in [`start`, `end`).

    `trend` uses the words "evidence of" and "no evidence of" alone; `why_not` says why there is no value.
    """

    metric: str
    about: str
    definition: str
    value: float | None
    unit: str
    n: int
    counted: str
    interval: Interval | None
    start: datetime
    end: datetime
    source: str
    trend: str = ""
    why_not: str = ""
    note: str = ""

    @property
    def record(self) -> str:
        """Name of its record, the same in every document."""
        return ".".join(part for part in ("reliability", self.metric, self.about) if part)


def reliability_metrics(vitals: Vitals, as_of: datetime) -> list[Indicator]:
    """
    Every reliability metric at `as_of`, in the mission's order.

    A service's availability and latency take the service's name; budgets take the objective's.
    """
    rows = [*_from_objectives(vitals.histories, as_of), *_response_times(vitals.response_times)]
    rows += [_saturation(resource, reading) for resource, reading in vitals.saturation]
    start, end = incident_window(vitals.incidents, as_of)
    rows += _from_incidents(incident_statistics(vitals.incidents, start, end))
    return sorted(rows, key=lambda row: METRICS.index(row.metric))


def budget_states(histories: Sequence[History], as_of: datetime, policy: Sequence[PolicyState] = ()) -> dict[str, str]:
    """Objective -> state of its error budget at `as_of`; `policy` defaults to the workbook's."""
    return {one.slo.name: policy_state(error_budget(one, as_of), policy or WORKBOOK_STATES) for one in histories}


def _from_objectives(histories: Sequence[History], as_of: datetime) -> Iterator[Indicator]:
    for one in histories:
        budget = error_budget(one, as_of)
        same = [h for h in histories if h.slo.service == one.slo.service and h.slo.kind == one.slo.kind]
        about = one.slo.service if len(same) == 1 else one.slo.name
        total, bad = days(one, budget.window.measured_to, budget.window.elapsed)
        bad_share = _bad_interval(total, bad)
        good = None if bad_share is None else Interval(1 - bad_share.high, 1 - bad_share.low)
        trend = _trend(one, budget)
        unit, means = budget.unit, f"; good: {one.slo.good_means}" if one.slo.good_means else ""
        if unit != "events":  # slices of time are judged whole, so the events' interval does not carry over to them
            good = bad_share = None
        if one.slo.kind == "availability":
            yield _ratio(
                "availability", about, f"good {unit} / {unit}{means}", budget.availability, budget, good, trend
            )
            errors = None if budget.availability is None else 1 - budget.availability
            yield _ratio("error_rate", about, f"bad {unit} / {unit}{means}", errors, budget, bad_share, trend)
        elif one.slo.kind == "latency":
            limit = f" within {span(one.slo.threshold)}" if one.slo.threshold else ""
            yield _ratio(
                "latency", about, f"good {unit} / {unit}{limit}{means}", budget.availability, budget, good, trend
            )
        yield _budget(budget, bad_share)


def _ratio(
    metric: str, about: str, definition: str, value: object, budget: ErrorBudget, interval: Interval | None, trend: str
) -> Indicator:
    return Indicator(
        metric, about, definition, None if value is None else float(value),  # type: ignore[arg-type]
        "ratio", round(budget.total), budget.unit, interval, budget.window.start, budget.window.measured_to,
        f"SLO {budget.slo.name}", trend, budget.gap or ("" if budget.total else "no traffic"),
        "" if budget.coverage >= 1 else f"{budget.coverage:.1%} of the window has data",
    )  # fmt: skip


def _budget(budget: ErrorBudget, bad_share: Interval | None) -> Indicator:
    ratio = float(budget.slo.budget_ratio)
    return Indicator(
        "budget_consumption", budget.slo.name, f"bad {budget.unit} / {budget.unit} that may be bad in the window",
        budget.spent_share, "ratio", round(budget.total), budget.unit,
        Interval(bad_share.low / ratio, bad_share.high / ratio) if bad_share and ratio else None,
        budget.window.start, budget.window.measured_to, f"SLO {budget.slo.name}", "",
        budget.gap or ("" if budget.allowed else "nothing is allowed" if budget.total else "no traffic"),
    )  # fmt: skip


def _bad_interval(total: Numbers, bad: Numbers, seed: int = SEED) -> Interval | None:
    """95 % interval of the bad share, drawing whole days; missing below five days with traffic."""
    total, bad = total[total > 0].astype(float), bad[total > 0].astype(float)
    if len(total) < ENOUGH_DAYS:
        return None
    picks = np.random.default_rng(seed).integers(0, len(total), (DRAWS, len(total)))
    low, high = np.quantile(bad[picks].sum(axis=1) / total[picks].sum(axis=1), [0.025, 0.975])
    return Interval(float(low), float(high))


def _trend(one: History, budget: ErrorBudget) -> str:
    """The window against the one before it of equal length: whether the intervals of the bad share part."""
    length = budget.window.elapsed
    later = days(one, budget.window.measured_to, length)
    earlier = days(one, budget.window.start, length) if budget.window.start - length >= one.start else None
    if earlier is None or min(len(later[0]), len(earlier[0])) < ENOUGH_DAYS:
        return "too little history for a trend"
    now, then = _draws(*later), _draws(*earlier)
    low, high = np.quantile(now - then, [0.025, 0.975])
    word = "a change" if low <= 0 <= high else "more bad events" if low > 0 else "fewer bad events"
    return f"{'no evidence' if low <= 0 <= high else 'evidence'} of {word} against the window before"


def _draws(total: Numbers, bad: Numbers) -> Numbers:
    busy = total > 0
    total, bad = total[busy].astype(float), bad[busy].astype(float)
    picks = np.random.default_rng(SEED).integers(0, len(total), (DRAWS, len(total)))
    drawn: Numbers = bad[picks].sum(axis=1) / total[picks].sum(axis=1)
    return drawn


def _daily(reading: Reading, quantile_of_day: float) -> list[float]:
    """One value a day: a quantile of the day's values; days without any are left out."""
    values = reading.values.dropna()
    if not len(values):
        return []
    return [float(v) for v in values.groupby(pd.DatetimeIndex(values.index).floor("D")).quantile(quantile_of_day)]


def _response_times(readings: Sequence[tuple[str, Reading]]) -> Iterator[Indicator]:
    for name, reading in readings:
        daily = _daily(reading, 0.5)
        yield Indicator(
            "latency", f"{name}-p95", "median over the days of the day's median 95th percentile of the response time",
            quantile(daily, 0.5), "s", len(daily), "days", quantile_interval(daily, 0.5),
            reading.start, reading.end, reading.query, "", reading.gap,
        )  # fmt: skip


def _saturation(resource: Resource, reading: Reading) -> Indicator:
    peaks = [value / resource.limit for value in _daily(reading, 1.0)] if resource.limit else []
    return Indicator(
        "saturation", resource.name, "median of the daily peaks of use / limit", quantile(peaks, 0.5), "ratio",
        len(peaks), "days", quantile_interval(peaks, 0.5), reading.start, reading.end, reading.query, "", reading.gap,
        f"highest peak {max(peaks):.1%}" if peaks else "",
    )  # fmt: skip


def _from_incidents(found: IncidentStatistics) -> Iterator[Indicator]:
    yield _recovery_time(found, found.ttr)
    low, high = found.mtbf_interval
    why = found.gap
    note = "" if found.mtbf or why else f"no incident: at least {span(low)} (rule of three)"
    yield Indicator(
        "mtbf", "", "observed time / incidents, start to start, exact Poisson interval",
        found.mtbf / HOUR if found.mtbf and not why else None, "h", found.count, "incidents",
        None if why or high is None else Interval(low / HOUR, high / HOUR), found.start, found.end, found.source,
        found.rate_trend.verdict if found.rate_trend else "", why or note, found.population,
    )  # fmt: skip


def _recovery_time(found: IncidentStatistics, ttr: Times) -> Indicator:
    notes = [found.population, f"clock: {found.clock}" if found.clock else ""]
    notes += [f"90th percentile {span(ttr.p90 * 60)}" if ttr.p90 is not None else ""]
    notes += [f"log-normal mean {span(ttr.mean * 60)}" if ttr.mean is not None else ""]
    notes += [f"{found.open} open, counted as censored ({ttr.estimator})" if found.open else ""]
    return Indicator(
        "mttr", "", f"median of {ttr.definition}", ttr.median if not found.gap else None, "min", ttr.n, "incidents",
        ttr.median_interval, found.start, found.end, found.source,
        found.duration_trend.verdict if found.duration_trend else "",
        found.gap or ("" if ttr.median is not None else f"n = {ttr.n}"), "; ".join(note for note in notes if note),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crosscheck:
    """A number of this document beside the same number of another one."""

    name: str
    here: float | None
    other: str
    there: object
    document: str

    @property
    def agrees(self) -> bool:
        """Equal, or closer than one part in a thousand million."""
        if self.here is None or not isinstance(self.there, int | float):
            return self.here is None and self.there is None
        return abs(self.here - self.there) <= 1e-9 * max(1.0, abs(self.here))


_ELSEWHERE: Final = {"mttr": "incidents.mttr_median_minutes", "mtbf": "incidents.mtbf_hours"}


def crosschecks(
    found: Sequence[Indicator],
    records: Mapping[str, Mapping[str, Any]],
    document: str,
    shared: Mapping[str, float] | None = None,
) -> list[Crosscheck]:
    """
    Every metric beside each record of another document that states the same number, under its name or another.

    Parameters
    ----------
    records
        From the manifest; those of `document` itself are left out.
    shared
        Other numbers that were computed here once more, by the name of their record; see ``shared_numbers``.
    """
    rows = [
        Crosscheck(name, value, name, records[name].get("value"), str(records[name].get("document", "")))
        for name, value in (shared or {}).items()
        if name in records and records[name].get("document") != document
    ]
    for one in found:
        names = [one.record, _ELSEWHERE.get(one.metric, "")]
        if one.metric == "budget_consumption":
            names.append(f"slo.{one.about}.budget_spent_share")
        if one.metric in ("availability", "latency") and one.source.startswith("SLO "):
            names.append(f"slo.{one.source.removeprefix('SLO ')}.availability")
        for name in names:
            said = records.get(name)
            if said is not None and said.get("document") != document:
                rows.append(Crosscheck(one.record, one.value, name, said.get("value"), str(said.get("document", ""))))
    return rows
