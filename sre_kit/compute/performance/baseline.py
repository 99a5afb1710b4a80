"""
The baseline of each endpoint, and what it says of the targets.

A quantile per interval cannot be averaged into the quantile of the window. So the window is described by its
intervals: the median interval weighted by traffic ("typical"), and the value that 95 % of the traffic did not
exceed ("busy"). A target is met where the typical interval meets it, and the share of traffic in intervals that
missed it stands beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from sre_kit.compute.asked import of_kind
from sre_kit.compute.performance.plan import Endpoint, LoadTest
from sre_kit.compute.vocabulary import Fact, Gap, Kind, Reading, Requests, Role
from sre_kit.units import percent, span

Verdict = Literal["met", "missed", "not measured"]
BINDING: Final = (Role.TARGET, Role.CONTRACT, Role.STATED, Role.THRESHOLD)
_QUANTILES: Final = {"p50": 0.5, "median": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
_MEANS: Final = ("avg", "average", "mean")
_MAXIMA: Final = ("max", "maximum")
_EVERYTHING: Final = {
    "http", "throughput", "latency", "error rate", "errors", "overall", "system", "total", "all", "api", "apis",
    "web api", "rest api", "backend", "website", "web app", "application", "platform",
}  # fmt: skip
"""Words in a document's first column that name no part of the system."""


@dataclass(frozen=True, slots=True, eq=False)
class EndpointReadings:
    """What was measured of one endpoint; `latencies` by statistic ("p50", "p95", "p99", "max")."""

    endpoint: Endpoint
    requests: Requests | None
    latencies: Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Latency:
    """One statistic of an endpoint over the window, in seconds."""

    statistic: str
    typical: float
    busy: float
    intervals: int


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Rate (per second), errors and latency of one endpoint over a window; missing is ``None``."""

    endpoint: Endpoint
    rate: float | None
    peak_rate: float | None
    requests: int | None
    errors: int | None
    latencies: Mapping[str, Latency]
    readings: EndpointReadings
    gaps: tuple[Gap, ...] = ()

    @property
    def error_ratio(self) -> float | None:
        """Failed requests as a share of all."""
        return self.errors / self.requests if self.requests and self.errors is not None else None

    def over(self, statistic: str, target: float) -> float | None:
        """Share of the traffic in intervals whose `statistic` lay above `target`; missing where not measured."""
        reading = self.readings.latencies.get(statistic)
        if reading is None or reading.gap:
            return None
        values, weights = _weighted(reading, self.readings.requests)
        return float(weights[values > target].sum() / weights.sum()) if weights.sum() > 0 else None


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """A target against one measurement of it; `where` names the run or the window."""

    fact: Fact
    subject: str
    statistic: str
    direction: Literal["at most", "at least"]
    target: float
    unit: str
    where: str
    measured: float | None
    verdict: Verdict
    count: int | None
    remark: str = ""
    also: tuple[Fact, ...] = ()
    """Other facts that say the same."""


def baselines(measured: Sequence[EndpointReadings]) -> list[Baseline]:
    """Rate, errors and latencies of each endpoint from its readings."""
    return [_baseline(one) for one in measured]


def _baseline(readings: EndpointReadings) -> Baseline:
    requests = readings.requests
    counted = requests is not None and not requests.gap and requests.total > 0
    gaps = [
        Gap(f"{what} of {readings.endpoint.name}", "DevOps Engineer", "the metrics source", why)
        for what, why in _missing(readings)
    ]
    latencies = {}
    for statistic, reading in readings.latencies.items():
        values, weights = _weighted(reading, requests)
        if len(values):
            latencies[statistic] = Latency(
                statistic, _quantile(values, weights, 0.5), _quantile(values, weights, 0.95), len(values)
            )
    if requests is None or not counted:
        return Baseline(readings.endpoint, None, None, None, None, latencies, readings, tuple(gaps))
    seconds = requests.step.total_seconds()
    return Baseline(
        endpoint=readings.endpoint,
        rate=requests.total / (len(requests.frame) * seconds),
        peak_rate=float(requests.frame["total"].max()) / seconds,
        requests=requests.total,
        errors=requests.bad,
        latencies=latencies,
        readings=readings,
        gaps=tuple(gaps),
    )


def _missing(readings: EndpointReadings) -> list[tuple[str, str]]:
    found = [(statistic, one.gap) for statistic, one in readings.latencies.items() if one.gap]
    requests = readings.requests
    if requests is None:
        found.append(("rate and errors", "no query counts its requests"))
    elif requests.gap:
        found.append(("rate and errors", requests.gap))
    return found


def _weighted(reading: Reading, requests: Requests | None) -> tuple[Any, Any]:
    """Values of the intervals and their traffic; equal weights where traffic was not counted."""
    values = reading.values.dropna().astype("float64")
    if requests is None or requests.gap or requests.frame.empty:
        return values.to_numpy(), np.ones(len(values))
    traffic = requests.frame["total"].astype("float64").reindex(values.index)
    known = traffic > 0
    return values[known].to_numpy(), traffic[known].to_numpy()


def _quantile(values: Any, weights: Any, q: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order[np.searchsorted(reached, q - 1e-12)]])


def target_checks(facts: Sequence[Fact], known: Sequence[Baseline], tests: Sequence[LoadTest]) -> list[TargetCheck]:
    """
    Every latency, error-rate and throughput target of the documents against production and against the load tests.

    A target that names no endpoint is held against the load tests alone. The load tests are judged level by level:
    the value is that of the highest load that met all targets of its kind, or of the lowest load where none did.
    """
    runs = list(tests)
    found: dict[tuple[object, ...], TargetCheck] = {}
    for fact in of_kind(facts, Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET, Kind.THROUGHPUT):
        if fact.number is None or fact.role not in BINDING:
            continue
        subject = _subject(fact, [one.endpoint for one in known])
        for check in _checks(fact, subject, known, runs):
            key = (fact.kind, subject, check.statistic, check.target, check.where, fact.role)
            first = found.get(key)
            found[key] = replace(first, also=(*first.also, fact)) if first else check
    return sorted(found.values(), key=lambda one: (one.fact.kind, one.subject, one.fact.role, one.where))


def _subject(fact: Fact, endpoints: Sequence[Endpoint]) -> str:
    """The endpoint that a target speaks of: its scope, else the last name written before its value."""
    component = fact.scope.component.lower()
    if component and component not in _EVERYTHING:
        called = (one.name for one in endpoints if component in (one.name.lower(), *map(str.lower, one.aliases)))
        return next(called, fact.scope.component)
    before = fact.quote.lower()
    if fact.unit == "s" and fact.number is not None:
        seconds = float(fact.number)
        written = re.search(rf"(?<!\d){seconds * 1000:g}\s*ms|(?<!\d){seconds:g}\s*s\b", before)
        before = before[: written.start()] if written else before
    names = [(word.lower(), one.name) for one in endpoints for word in (one.name, *one.aliases)]
    found = [(before.rfind(word), name) for word, name in names if word in before]
    return max(found)[1] if found else ""


def _checks(fact: Fact, subject: str, known: Sequence[Baseline], tests: Sequence[LoadTest]) -> list[TargetCheck]:
    own = [one for one in known if one.endpoint.name == subject]
    if not own:
        return [_in_load_tests(fact, subject, _alone((subject,), tests) if subject else tests)]
    checks = [_in_production(fact, subject, one) for one in own]
    alone = _alone((subject, *own[0].endpoint.aliases), tests)
    # what production does not measure a load test may have, of the one operation
    if alone and all(one.measured is None for one in checks):
        return [_in_load_tests(fact, subject, alone)]
    return checks


def _alone(words: Sequence[str], tests: Sequence[LoadTest]) -> list[LoadTest]:
    """The runs as if they had asked for one operation only; a run with none, or several, of that name is left out."""
    named = re.compile("|".join(rf"(?<![a-z0-9]){re.escape(word.lower())}(?![a-z0-9])" for word in words if word))
    found = []
    for test in tests:
        own = [one for one in test.operations if named.search(one.name.lower())]
        if len(own) == 1:
            one = own[0]
            rate = one.requests / test.duration if one.requests is not None and test.duration else None
            found.append(
                replace(
                    test, requests=one.requests, errors=one.errors, mean=one.mean, quantiles=one.quantiles,
                    minimum=None, maximum=None, rate=rate, samples=None,
                )
            )  # fmt: skip
    return found


def statistic_of(fact: Fact) -> str:
    """What a target is about, in one word: "p95", "mean", "max", "error ratio", "throughput"."""
    if fact.kind is Kind.ERROR_RATE_TARGET:
        return "error ratio"
    if fact.kind is Kind.THROUGHPUT:
        return "throughput"
    written = fact.details.get("statistic", fact.name).lower()
    if written in _MEANS:
        return "mean"
    return "max" if written in _MAXIMA else written if written in _QUANTILES else ""


def _in_production(fact: Fact, subject: str, own: Baseline) -> TargetCheck:
    statistic, target = statistic_of(fact), float(fact.number or 0)
    measured: float | None = None
    remark = ""
    if statistic == "error ratio":
        measured, count, counted = own.error_ratio, own.requests, own.readings.requests
        remark = f"counted over {span(counted.end - counted.start)}" if counted and measured is not None else ""
    elif statistic == "throughput":
        measured, count = own.peak_rate, own.requests
        remark = "production was never asked for more" if measured is not None and measured < target else ""
        if remark:
            measured = None
    else:
        latency = own.latencies.get(statistic)
        count = latency.intervals if latency else None
        measured = latency.typical if latency else None
        over = own.over(statistic, target)
        part = "no traffic" if over == 0 else f"{percent(over, 1)} of the traffic"
        remark = "" if over is None else f"{part} fell into intervals above it"
    if measured is None and not remark:
        remark = "no such series is measured"
    return _judged(fact, subject, statistic, "production", measured, count, remark)


def _in_load_tests(fact: Fact, subject: str, tests: Sequence[LoadTest]) -> TargetCheck:
    statistic, target = statistic_of(fact), float(fact.number or 0)
    if subject and not tests:
        return _judged(fact, subject, statistic, "load tests", None, None, f"no run measures {subject} alone")
    at_least = statistic == "throughput"
    rows = [(one, value) for one in tests if (value := _of_test(one, statistic)) is not None]
    rows.sort(key=lambda row: row[0].load or 0)
    if not rows:
        return _judged(fact, subject, statistic, "load tests", None, None, "no run holds this statistic")
    if at_least:
        best, value = max(rows, key=lambda row: row[1])
        remark = (
            f"the most of {len(rows)} run(s), at load {best.load:g}" if best.load else f"the most of {len(rows)} run(s)"
        )
        return _judged(fact, subject, statistic, f"load test {best.name}", value, best.requests, remark)
    first = next((place for place, (_, value) in enumerate(rows) if value > target), len(rows))
    one, value = rows[max(0, first - 1)]
    remark = _reached([run.load for run, _ in rows], first)
    return _judged(fact, subject, statistic, f"load test {one.name}", value, one.requests, remark)


def _reached(loads: Sequence[float | None], first: int) -> str:
    """Up to which load a target was met, when the run at place `first` is the first that missed it."""
    if first == len(loads):
        return "met at every load" if all(loads) else "met in every run"
    missed = f"missed from load {loads[first]:g} on" if loads[first] else "missed"
    return f"met up to load {loads[first - 1]:g}, {missed}" if first and loads[first - 1] else missed


def _of_test(test: LoadTest, statistic: str) -> float | None:
    if statistic == "throughput":
        return test.rate
    if statistic == "error ratio":
        return test.error_ratio
    if statistic == "mean":
        return test.mean
    return test.maximum if statistic == "max" else test.quantiles.get(_QUANTILES.get(statistic, -1.0))


def _judged(
    fact: Fact, subject: str, statistic: str, where: str, measured: float | None, count: int | None, remark: str
) -> TargetCheck:
    target = float(fact.number or 0)
    at_least = statistic == "throughput"
    verdict: Verdict = "not measured"
    if measured is not None:
        strict = fact.details.get("comparison") in ("<", ">")
        holds = measured >= target if at_least else (measured < target if strict else measured <= target)
        verdict = "met" if holds else "missed"
    return TargetCheck(
        fact=fact,
        subject=subject,
        statistic=statistic or "statistic not said",
        direction="at least" if at_least else "at most",
        target=target,
        unit="s" if fact.kind is Kind.LATENCY_TARGET else "ratio" if fact.kind is Kind.ERROR_RATE_TARGET else "1/s",
        where=where,
        measured=measured,
        verdict=verdict,
        count=count,
        remark=remark,
    )


def trend(series: pd.Series[Any], weeks: int = 2) -> tuple[float, float] | None:
    """Medians of the daily medians of the last `weeks` weeks and of those before; missing without both."""
    days = series.dropna().resample("1D").median().dropna()
    last, before = days.iloc[-7 * weeks :], days.iloc[-14 * weeks : -7 * weeks]
    return (float(last.median()), float(before.median())) if len(before) >= 7 and len(last) >= 7 else None
