"""
Growth and scaling for readers: scenarios, demand, events, strategies, limits by arithmetic, lost zones, sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.capacity.cost import month_of
from sre_kit.compute.capacity.exhaustion import LEAST_DEMAND_FIT, Outlook
from sre_kit.compute.capacity.plan import CapacityPlan, Resource, Scaling
from sre_kit.compute.capacity.sizing import PoolCheck, RightSize, Survival
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind, Reading, Requests
from sre_kit.show.artifact import Artifact
from sre_kit.show.document import fact_link, sources
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong, slug
from sre_kit.units import MISSING, number, percent, span

GROWTH_GAP: Final = Gap("how demand will grow", "Project Manager", "BusinessModel.md")
SCALING_GAP: Final = Gap("how each component scales", "DevOps Engineer", "params: capacity.scaling")


def growth_scenarios(plan: CapacityPlan, facts: Sequence[Fact]) -> Table:
    """The growth that is reckoned with, each scenario with its weight, its source and the line behind it."""
    stated = [fact for fact in of_kind(facts, Kind.GROWTH_RATE) if fact.details.get("period") == "month"]
    rows: list[Sequence[Inline]] = []
    for one in plan.scenarios:
        lines = [fact_link(fact) for fact in stated if fact.number is not None and float(fact.number) == one.monthly]
        rows.append(
            (
                one.name,
                percent(one.monthly, 1),
                percent((1 + one.monthly) ** 12 - 1, 0),
                percent(one.weight, 0),
                one.source or "assumption",
                Lines(lines) if lines else "assumption",
            )
        )
    unstated = Gap(GROWTH_GAP.what, GROWTH_GAP.ask, GROWTH_GAP.expected_in, "no document states a growth rate")
    return Table(
        ("Scenario", "A month", "A year", "Weight", "From", "Line"),
        rows,
        note="Weights are judgements; they weigh the futures from which the dates are read. A scenario of 0 % keeps "
        "what the history itself shows; another replaces it."
        if rows
        else "",
        gaps=[] if stated else [unstated],
    )


def demand_drivers(
    outlooks: Sequence[Outlook], demand: Requests | None, users: Reading, means: str = "requests"
) -> Shown:
    """How use follows demand, and how much demand a user makes; `means` is what demand counts."""
    if demand is None or demand.gap:
        why = demand.gap if demand is not None else "no query counts requests"
        return Note.gap(Gap("demand, the driver of growth", "DevOps Engineer", "params: capacity.demand", why))
    rows: list[Sequence[Inline]] = [
        (
            one.resource.name,
            percent(one.demand.share, 0),
            "–" if one.demand.r_squared != one.demand.r_squared else f"{one.demand.r_squared:.2f}",
            str(one.demand.days),
            f"assumption: all of it ({one.demand.assumed})" if one.demand.assumed else "measured on daily peaks",
        )
        for one in outlooks
        if not one.reading.gap
    ]
    return Stack(
        _per_user(demand, users, means),
        Table(
            ("Resource", "Share that follows demand", "R²", "Days", "Basis"),
            rows,
            source=demand.total_query,
            note=f"use = idle + part x demand, by least squares; below R² {LEAST_DEMAND_FIT:g} all is taken to follow.",
        ),
    )


def _per_user(demand: Requests, users: Reading, means: str) -> Shown:
    daily = users.values.dropna()
    requests = month_of(demand)
    if users.gap or daily.empty:
        return Note.gap(Gap("users a day", "Product Analyst", "params: capacity.users", users.gap))
    each = requests / float(daily.sum())
    return Note(
        f"In the last 30 days {number(round(requests))} {means} were made by {number(round(float(daily.mean())))} "
        f"users a day: {number(each)} {means} a user and day.",
        records=[Record("capacity.requests_per_user_day", each, "1", demand.total_query)],
    )


def capacity_sources(measured: Sequence[tuple[Resource, Reading]], demand: Requests | None, users: Reading) -> Shown:
    """Every series behind the plan."""
    readings: list[Reading | Requests] = [reading for _, reading in measured]
    return sources([*readings, *([demand] if demand is not None else []), *([users] if users.query else [])])


def demand_events(plan: CapacityPlan, as_of: datetime) -> Table:
    """Launches, campaigns and seasons: those ahead change the forecast, those behind are left out of its history."""
    rows: list[Sequence[Inline]] = [
        (
            one.name,
            f"{one.start}",
            f"{one.end}",
            f"x {one.factor:g}",
            "left out of the history" if one.end <= as_of.date() else "multiplies the forecast",
            one.source or "assumption",
        )
        for one in sorted(plan.events, key=lambda event: event.start)
    ]
    ahead = any(one.end > as_of.date() for one in plan.events)
    gap = Gap("launches, campaigns and seasons ahead", "Project Manager", "params: capacity.events")
    return Table(
        ("Event", "From", "Until, exclusive", "Demand", "Effect", "From where"), rows, gaps=() if ahead else (gap,)
    )


def scaling_strategies(planned: Sequence[Scaling], fitting: Sequence[Scaling]) -> Table:
    """How each component scales, with the numbers of the generated files."""
    kept = {one.component: one for one in fitting}
    rows: list[Sequence[Inline]] = []
    records = []
    for one in planned:
        most = kept[one.component].maximum
        rows.append(
            (
                one.component,
                one.direction,
                _trigger(one),
                one.step or MISSING,
                f"{span(one.cool_down)} out, {span(one.stabilisation)} in"
                if one.direction == "horizontal"
                else span(one.cool_down),
                f"{one.minimum} to {most}" if one.direction != "vertical" else MISSING,
                Strong(f"{one.maximum} planned, {most} fit") if most < one.maximum else "as planned",
                one.breaks_next or Strong("not known"),
                one.state,
                one.source or MISSING,
            )
        )
        if one.direction == "horizontal":
            name = slug(one.component)
            records += [
                Record(f"capacity.scaling.{name}.minimum", one.minimum, "replicas"),
                Record(f"capacity.scaling.{name}.maximum", most, "replicas"),
                Record(f"capacity.scaling.{name}.threshold", one.threshold, "ratio"),
            ]
    gaps = [
        Gap(f"what breaks next when {one.component} is scaled", "DevOps Engineer", "params: capacity.scaling")
        for one in planned
        if not one.breaks_next
    ]
    return Table(
        ("Component", "Direction", "Trigger", "Step", "Waits", "Replicas", "Maximum", "Breaks next", "State", "Source"),
        rows,
        records=records,
        gaps=gaps if rows else [SCALING_GAP],
    )  # fmt: skip


def _trigger(one: Scaling) -> str:
    if one.threshold is not None:
        return f"{one.metric} above {percent(one.threshold, 0)}"
    return f"{one.metric} above {number(one.per_replica)} a replica" if one.per_replica is not None else MISSING


def scaling_derivation(planned: Sequence[Scaling], checks: Sequence[PoolCheck], outlooks: Sequence[Outlook]) -> Table:
    """How each strategy was derived: state, limit that moves, pool arithmetic, next limit."""
    clients = {client.component: check for check in checks for client in check.clients}
    state = {one.resource.component: one.resource.stateful for one in outlooks}
    rows: list[Sequence[Inline]] = []
    for one in planned:
        keeps = state.get(one.component)
        check = clients.get(one.component)
        rows.append(
            (
                one.component,
                "keeps state" if keeps else "keeps none" if keeps is not None else "not known",
                {
                    "horizontal": "replicas can be added",
                    "vertical": "one instance: a larger one",
                    "none": "fixed number",
                }[one.direction],
                _pool(check) if check else "opens no pooled connections",
                one.breaks_next or MISSING,
            )
        )
    columns = ("Component", "State", "So", "Connections", "Then the limit is")
    return Table(columns, rows, gaps=() if rows else (SCALING_GAP,))


def _pool(check: PoolCheck) -> str:
    limit = "an unknown limit" if check.limit is None else str(check.limit)
    relation = "against" if check.holds is None else "within" if check.holds else "above"
    return f"{check.most} at the maximum, {relation} {limit}"


def connection_arithmetic(checks: Sequence[PoolCheck]) -> Table:
    """Maximum replicas x pool size against the database's connections."""
    rows: list[Sequence[Inline]] = []
    findings, gaps = [], []
    for one in checks:
        terms = " + ".join(f"{c.maximum} x {c.pool_size} ({c.component})" for c in one.clients)
        verdict: Inline = "not known" if one.holds is None else "holds" if one.holds else Strong("does not hold")
        rows.append(
            (
                one.database or "database",
                f"{terms} = {one.most}",
                number(one.today),
                number(one.limit),
                verdict,
                number(one.fitting_maximum),
                one.source or MISSING,
            )
        )
        if one.holds is False and one.limit is not None:
            text = f"{one.database}: {one.most} connections at the maximum of its clients, the limit is {one.limit}"
            findings.append(Finding(7, one.most / one.limit, text))
        if one.limit is None:
            gaps.append(Gap(f"connections that {one.database} accepts", "DevOps Engineer", "InfrastructureSpec.md"))
    if not checks:
        gaps.append(Gap("pool sizes and the connections they share", "Backend Developer", "params: capacity.scaling"))
    columns = ("Database", "Maximum replicas x pool", "Today", "Limit", "Verdict", "Most replicas that fit", "Source")
    return Table(columns, rows, findings=findings, gaps=gaps)


def survival(rows_of: Sequence[Survival]) -> Table:
    """Peak shares with one instance, and with one zone, gone."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in rows_of:
        resource = one.usage.resource
        if one.one_lost is None:
            continue
        rows.append(
            (
                resource.name,
                str(resource.instances),
                percent(one.peak, 1),
                _over(one.one_lost),
                f"{one.zone_instances} of {resource.instances}" if one.zone_instances else MISSING,
                _over(one.zone_lost),
            )
        )
        if one.one_lost > 1:
            gone = f"without one of {resource.instances} instances"
            text = f"{resource.name}: {gone} the peak would be {percent(one.one_lost, 0)} of the limit"
            findings.append(Finding(7, one.one_lost, text))
    alone = [one.usage.resource.name for one in rows_of if one.one_lost is None]
    gaps = [] if rows else [Gap("instances of each resource", "DevOps Engineer", "params: capacity.resources")]
    return Table(
        ("Resource", "Instances", "Peak", "Peak at N-1", "Lost with a zone", "Peak without a zone"),
        rows,
        note=f"No second instance to carry the rest, or their number is not known: {', '.join(alone)}."
        if alone
        else "",
        findings=findings,
        gaps=gaps,
    )


def _over(share: float | None) -> Inline:
    return Strong(percent(share, 1)) if share is not None and share > 1 else percent(share, 1)


def right_sizing(found: Sequence[RightSize]) -> Table:
    """What could be smaller, how often it would have been short, and what stays."""
    rows: list[Sequence[Inline]] = [
        (
            one.usage.resource.name,
            percent(one.usage.p95 / one.usage.resource.limit, 1) if one.usage.p95 is not None else MISSING,
            percent(one.usage.peak_share, 1),
            f"{percent(one.recommended, 0)} of today" if one.recommended is not None else "keep",
            percent(one.risk, 2) if one.risk is not None else MISSING,
            one.basis if one.recommended is not None else one.reason,
        )
        for one in found
    ]
    return Table(
        ("Resource", "p95", "Peak", "Size", "Readings above it", "Why"),
        rows,
        note="Never below half of today in one step; nothing is changed for less than a tenth." if rows else "",
        gaps=() if rows else (Gap("resources to size", "DevOps Engineer", "params: capacity.resources"),),
    )


def kubernetes_file(name: str, made: tuple[str, Sequence[str]], about: str, *, unasked: str = "") -> Shown:
    """
    A generated Kubernetes file: its content, and why components are left out of it.

    `unasked` is what stands there where nothing is scaled this way and nobody needs to.
    """
    content, left_out = made
    if unasked and not content and not left_out:
        return Note(unasked)
    reasons = left_out or (() if content else ("no component is scaled this way",))
    gaps = [Gap(about, SCALING_GAP.ask, SCALING_GAP.expected_in, one, degraded=bool(left_out)) for one in reasons]
    file = [Artifact(name, content, media_type="application/yaml", about=about)] if content else []
    return Stack(*file, *([Note.gap(*gaps)] if gaps else []))
