"""
Performance for readers: baselines, targets against what was measured, where the time goes, what is done about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sre_kit.compute.asked import of_kind
from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.performance.baseline import Baseline, EndpointReadings, TargetCheck
from sre_kit.compute.performance.bottlenecks import Bottleneck, LatencyBudget
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind, Reading, Requests, Role
from sre_kit.show.chart import COLOURS, Chart, figure, named
from sre_kit.show.document import fact_link, sources
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Span, Strong, slug
from sre_kit.units import MISSING, number, percent, span, utc

ENDPOINTS_GAP: Final = Gap("endpoints with their queries", "Backend Developer", "params: performance.endpoints")
TARGETS_GAP: Final = Gap("performance targets", "QA Engineer", "PerformanceTestPlan.md")
PARTS_GAP: Final = Gap(
    "where an operation's latency is spent", "Backend Developer", "params: performance.latency_parts"
)
_LONGEST_QUERY: Final = 90


def _no_latency(one: Baseline) -> list[Gap]:
    """The question for an endpoint's latency where no query for it is given."""
    if one.endpoint.p50 or one.endpoint.p95 or one.endpoint.p99:
        return []
    what = f"the latency of {one.endpoint.name}"
    return [Gap(what, "Backend Developer", "params: performance.endpoints (p50, p95, p99)")]


def endpoint_baselines(baselines: Sequence[Baseline]) -> Table:
    """Rate, errors and latency of each endpoint, with n, window and interval."""
    rows: list[Sequence[Inline]] = []
    records = []
    for one in baselines:
        name = slug(one.endpoint.name)
        p95 = one.latencies.get("p95")
        rows.append(
            (
                one.endpoint.name,
                number(one.requests),
                f"{number(one.rate)} / {number(one.peak_rate)}",
                percent(one.error_ratio, 3),
                *(_latency(one, statistic) for statistic in ("p50", "p95", "p99", "max")),
                span(one.endpoint.objective),
            )
        )
        records += [
            Record(f"performance.{name}.p95_s", p95.typical if p95 else None, "s", "baseline", _window(one)),
            Record(f"performance.{name}.rate", one.rate, "1/s", "baseline", _window(one)),
            Record(f"performance.{name}.error_ratio", one.error_ratio, "ratio", "baseline", _window(one)),
        ]
    columns = (
        "Endpoint",
        "Requests",
        "Requests/s, mean / peak",
        "Errors",
        "p50",
        "p95",
        "p99",
        "max",
        "Objective, p95",
    )
    first = baselines[0] if baselines else None
    return Table(
        columns,
        rows,
        source=f"metrics source, {_window(first)}" if first else "",
        note="Latency: typical / busy interval, as defined above." if first else "",
        records=records,
        gaps=[*(gap for one in baselines for gap in (*one.gaps, *_no_latency(one))), *_no_maximum(baselines)]
        if baselines
        else [ENDPOINTS_GAP],
    )


def _no_maximum(baselines: Sequence[Baseline]) -> list[Gap]:
    names = [one.endpoint.name for one in baselines if one.latencies and not one.endpoint.maximum]
    what = f"the slowest request (max) of {', '.join(names)}"
    return [Gap(what, "Backend Developer", "params: performance.endpoints (maximum)")] if names else []


def _latency(one: Baseline, statistic: str) -> str:
    found = one.latencies.get(statistic)
    return f"{span(found.typical)} / {span(found.busy)}" if found else MISSING


def _window(one: Baseline) -> str:
    measured = one.readings.requests or next(iter(one.readings.latencies.values()), None)
    if measured is None:
        return "nothing measured"
    begun, ended = utc(measured.start), utc(measured.end)
    return f"{begun} to {ended}, intervals of {span(measured.step)}, coverage {percent(measured.coverage, 1)}"


def plot_latencies(baselines: Sequence[Baseline]) -> Shown:
    """p50, p95 and p99 of each endpoint in a typical interval, against its objective."""
    known = [one for one in baselines if one.latencies]
    if not known:
        asked = tuple(gap for one in baselines for gap in (*one.gaps, *_no_latency(one)))
        return Note.gap(*(asked or (ENDPOINTS_GAP,)))
    drawn, axes = figure(8, 0.9 + 0.6 * len(known))
    styles = (("p50", "o", "blue"), ("p95", "s", "orange"), ("p99", "D", "red"))
    places = np.arange(len(known))[::-1]
    for statistic, marker, colour in styles:
        have = [
            (one.latencies[statistic], y) for one, y in zip(known, places, strict=True) if statistic in one.latencies
        ]
        seconds = [latency.typical for latency, _ in have]
        axes.plot(seconds, [y for _, y in have], marker, color=COLOURS[colour], label=statistic)
    for one, y in zip(known, places, strict=True):
        if one.endpoint.objective is not None:
            at = one.endpoint.objective.total_seconds()
            axes.plot([at, at], [y - 0.35, y + 0.35], color=COLOURS["grey"], lw=2)
    axes.plot([], [], color=COLOURS["grey"], lw=2, label="objective for p95")
    axes.set(xlabel="seconds", xlim=(0, None), ylim=(-0.6, len(known) - 0.4))
    named(axes.yaxis, places, [one.endpoint.name for one in known])
    axes.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    rows = [
        (
            one.endpoint.name,
            *(span(one.latencies[s].typical) if s in one.latencies else MISSING for s, _, _ in styles),
            span(one.endpoint.objective),
            _room(one),
        )
        for one in known
    ]
    data = Table(("Endpoint", "p50", "p95", "p99", "Objective, p95", "p95 / objective"), rows)
    return Chart(drawn, name="latency-distribution", alt=_latency_conclusion(baselines), data=data)


def _room(one: Baseline) -> str:
    ratio = _of_objective(one)
    return percent(ratio, 0) if ratio is not None else MISSING


def _of_objective(one: Baseline) -> float | None:
    if one.endpoint.objective is None or "p95" not in one.latencies:
        return None
    return one.latencies["p95"].typical / one.endpoint.objective.total_seconds()


def _latency_conclusion(baselines: Sequence[Baseline]) -> str:
    rated = [(ratio, one) for one in baselines if (ratio := _of_objective(one)) is not None]
    blind = [one.endpoint.name for one in baselines if one.endpoint.objective and "p95" not in one.latencies]
    if not rated:
        return "Latency of each endpoint; no endpoint has an objective to be held against."
    ratio, worst = max(rated, key=lambda row: row[0])
    over = sum(1 for one, _ in rated if one > 1)
    every = "Every measured endpoint" if blind else "Every endpoint"
    verdict = (
        f"{over} of {len(rated)} endpoints miss their p95 objective" if over else f"{every} meets its p95 objective"
    )
    unknown = f"; not measured: {', '.join(blind)}" if blind else ""
    return f"{verdict}; {worst.endpoint.name} uses the most of it, {percent(ratio, 0)}{unknown}."


def performance_targets(checks: Sequence[TargetCheck]) -> Table:
    """Every target of the documents against what was measured of it."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in checks:
        kind = "critical limit" if one.fact.role is Role.THRESHOLD else one.fact.role.value
        rows.append(
            (
                f"{one.statistic} of {one.subject or 'the whole system'}, {kind}",
                f"{one.direction} {_amount(one.target, one.unit)}",
                _amount(one.measured, one.unit),
                Strong("missed") if one.verdict == "missed" else one.verdict,
                one.where + (f", n = {number(one.count)}{_counted(one)}" if one.count else ""),
                one.remark or MISSING,
                Lines([fact_link(fact) for fact in (one.fact, *one.also)]),
            )
        )
        if one.verdict == "missed" and one.measured is not None:
            size = one.measured / one.target if one.direction == "at most" else one.target / max(one.measured, 1e-9)
            counted = f", {one.remark}" if one.statistic == "error ratio" and one.remark else ""
            findings.append(
                Finding(
                    1 if one.where == "production" else 7,
                    size,
                    f"{one.statistic} of {one.subject or 'the whole system'} is {_amount(one.measured, one.unit)} in "
                    f"{one.where}{counted}; the target is {one.direction} {_amount(one.target, one.unit)}",
                )
            )
    counts = [sum(1 for one in checks if one.verdict == verdict) for verdict in ("met", "missed", "not measured")]
    return Table(
        ("Target", "Limit", "Measured", "Verdict", "Where", "Remark", "Source"),
        rows,
        note=f"{counts[0]} met, {counts[1]} missed, {counts[2]} not measured." if rows else "",
        findings=findings,
        gaps=_unmeasured(checks) if rows else [TARGETS_GAP],
    )


def _counted(one: TargetCheck) -> str:
    """A latency of production is read in intervals; everything else is counted in requests."""
    return " intervals" if one.where == "production" and one.unit == "s" else ""


def _unmeasured(checks: Sequence[TargetCheck]) -> list[Gap]:
    return [
        Gap(f"{one.statistic} of {one.subject or 'the whole system'}", "QA Engineer", "a load test", one.remark)
        for one in checks
        if one.verdict == "not measured"
    ]


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return MISSING
    if unit == "s":
        return span(value)
    return percent(value, 3) if unit == "ratio" else f"{number(value)} /s"


def bottleneck_ranking(found: Sequence[Bottleneck]) -> Table:
    """Where the time goes, most first within each method."""
    rows: list[Sequence[Inline]] = [
        (
            str(place),
            Code(_short(one.where)) if one.method == "database time" else one.where,
            Span([percent(one.share, 1), f" of {one.whole}"]),
            one.method,
            one.evidence,
            one.source,
        )
        for place, one in enumerate(found, 1)
    ]
    gap = Gap(
        "where the time goes",
        "DevOps Engineer",
        "the metrics source",
        "no endpoint, resource or statement was measured",
    )
    return Table(("#", "Where", "Contribution", "Method", "Evidence", "Source"), rows, gaps=() if rows else (gap,))


def bottleneck_derivation(found: Sequence[Bottleneck]) -> Table:
    """How the order of the ranking came about, method by method."""
    methods = list(dict.fromkeys(one.method for one in found))
    rows = []
    for place, method in enumerate(methods, 1):
        own = [one for one in found if one.method == method]
        rows.append(
            (
                str(place),
                method,
                f"shares of {own[0].whole}",
                f"{_short(own[0].where)}: {percent(own[0].share, 1)}",
                "first in the list" if place == 1 else f"below, because {percent(own[0].share, 1)} is less",
            )
        )
    return Table(("Step", "Method", "Compared", "Largest", "Place"), rows, empty="Nothing was ranked.")


def load_test_saturation(facts: Sequence[Fact]) -> Table:
    """What the documents say about resources during the load tests."""
    told = [
        fact
        for fact in of_kind(facts, Kind.LOAD_TEST_RESULT)
        if fact.details.get("statistic") in ("breaking point", "cpu peak", "memory peak")
    ]
    rows: list[Sequence[Inline]] = [
        (fact.details.get("statistic", ""), _observed(fact), fact.quote, fact_link(fact)) for fact in told
    ]
    gap = Gap("use of resources during the load tests", "QA Engineer", "PerformanceTestPlan.md")
    return Table(("Observed", "Value", "Statement", "Source"), rows, gaps=() if rows else (gap,))


def _observed(fact: Fact) -> str:
    if fact.unit != "ratio" or fact.number is None:
        return f"{fact.value} {fact.unit}"
    # above its request a container may use more than 100 %
    return percent(float(fact.number), 0)


def latency_budgets(budgets: Sequence[LatencyBudget]) -> Table:
    """Parts of each operation's latency against its objective; they add up, and what is left is shown."""
    rows: list[Sequence[Inline]] = []
    findings, gaps = [], []
    for one in budgets:
        if not one.parts:
            gaps.append(Gap(f"where the latency of {one.operation} is spent", PARTS_GAP.ask, PARTS_GAP.expected_in))
            continue
        rows += [(one.operation, part.part, span(part.p95), part.source or MISSING) for part in one.parts]
        rows.append((one.operation, Strong("sum of the parts"), span(one.claimed), f"{len(one.parts)} parts"))
        left = one.left
        rows.append(
            (
                one.operation,
                Strong("left of the objective"),
                span(left),
                "no objective" if left is None else f"objective {span(one.objective)} for {one.statistic}",
            )
        )
        if left is not None and left.total_seconds() < 0:
            findings.append(
                Finding(7, -left.total_seconds(), f"the parts of {one.operation} exceed its objective by {span(-left)}")
            )
    note = "A sum of 95th percentiles is an upper bound: parts are rarely slow in the same request." if rows else ""
    return Table(
        ("Operation", "Part", "p95", "Source"),
        rows,
        note=note,
        findings=findings,
        gaps=gaps if budgets else [PARTS_GAP],
    )


def endpoint_sources(measured: Sequence[EndpointReadings], resources: Sequence[tuple[Resource, Reading]] = ()) -> Shown:
    """Every series behind the baselines and the utilisation."""
    series: list[Reading | Requests] = []
    for one in measured:
        series += [one.requests] if one.requests is not None else []
        series += one.latencies.values()
    return sources([*series, *(reading for _, reading in resources)])


def _short(query: str) -> str:
    return query if len(query) <= _LONGEST_QUERY else f"{query[:_LONGEST_QUERY]}…"
