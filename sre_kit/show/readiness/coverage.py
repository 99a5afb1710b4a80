"""Is it watched, is it stable, who can run it: the same numbers in every document that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from sre_kit.compute.readiness.indicators import METRICS, Indicator
from sre_kit.compute.readiness.monitoring import Cell, MonitoringCoverage
from sre_kit.compute.readiness.plan import SIGNALS, STABILITY_RULE, BusFactor, Stability
from sre_kit.compute.statistics import Interval
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.chart import COLOURS, Chart, figure
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, span, utc

NO_COMPONENTS = Gap("which components there are", "Technical Architect", "InfrastructureSpec.md")
NAMES = {
    "availability": "Availability",
    "latency": "Latency",
    "error_rate": "Error rate",
    "saturation": "Saturation",
    "mttr": "MTTR",
    "mtbf": "MTBF",
    "budget_consumption": "Budget consumption",
}


def reliability_metrics(found: Sequence[Indicator], only: Sequence[str] = ()) -> Table:
    """
    The seven reliability metrics with n, interval, window and definition; `only` limits the rows to some of them.

    Records are called ``reliability.<metric>[.<what>]`` wherever they appear.
    """
    chosen = [one for one in found if not only or one.metric in only]
    missing = [name for name in (only or METRICS) if name not in {one.metric for one in chosen}]
    rows: list[Sequence[Inline]] = [
        (
            Lines([NAMES[one.metric], one.about]) if one.about else NAMES[one.metric],
            _value(one.value, one.unit, one.metric) if one.value is not None else one.why_not or MISSING,
            _interval(one.interval, one.unit, one.metric),
            f"{number(one.n)} {one.counted}",
            f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d}",
            Lines([text for text in (one.definition, one.note) if text]),
            one.trend or MISSING,
        )
        for one in chosen
    ]
    return Table(
        ("Metric", "Value", "95 % interval", "n", "Window", "Definition", "Trend"),
        rows,
        records=tuple(
            Record(one.record, one.value, one.unit, one.source, f"{utc(one.start)} to {utc(one.end)}") for one in chosen
        ),
        gaps=tuple(
            Gap(f"measurements of {NAMES[name].lower()}", "DevOps Engineer", _EXPECTED[name]) for name in missing
        ),
        note="A trend compares with the window before (incidents: halves of the window); without evidence it says so.",
    )


_EXPECTED = {
    "availability": "params: slos",
    "latency": "params: slos or performance.endpoints",
    "error_rate": "params: slos",
    "saturation": "params: capacity.resources",
    "mttr": "params: history.incidents",
    "mtbf": "params: history.incidents",
    "budget_consumption": "params: slos",
}


def _value(value: float, unit: str, metric: str = "") -> str:
    if unit == "ratio":
        return percent(value, 1 if metric in ("saturation", "budget_consumption") else 3)
    return span(value * {"s": 1, "min": 60, "h": 3600}[unit])


def _interval(interval: Interval | None, unit: str, metric: str) -> str:
    if interval is None:
        return MISSING
    return f"{_value(interval.low, unit, metric)} to {_value(interval.high, unit, metric)}"


def plot_budget_consumption(found: Sequence[Indicator]) -> Shown:
    """How much of each error budget is used; the line is the whole budget."""
    bars = [one for one in found if one.metric == "budget_consumption" and one.value is not None]
    if not bars:
        return Note.gap(Gap("how much of the error budgets is used", "DevOps Engineer", "params: slos"))
    drawn, axes = figure(8, 0.8 + 0.36 * len(bars))
    values = [one.value or 0.0 for one in bars]
    axes.barh([one.about for one in bars], values, color=[COLOURS["red" if v > 1 else "blue"] for v in values])
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlabel="share of the error budget used", xlim=(0, max(1.1, *values) * 1.05))
    axes.invert_yaxis()
    rows: list[Sequence[Inline]] = [
        (one.about, percent(one.value), f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d}") for one in bars
    ]
    gone = [one.about for one in bars if (one.value or 0) > 1]
    alt = f"{len(gone)} of {len(bars)} error budgets are exhausted{': ' + ', '.join(gone) if gone else ''}."
    return Chart(drawn, name="budget-consumption", alt=alt, data=Table(("Objective", "Budget used", "Window"), rows))


def monitoring_coverage(found: MonitoringCoverage) -> Stack:
    """Every component x every signal: what shows it, why it does not apply, or a gap with its owner."""
    rows: list[Sequence[Inline]] = [
        (row[0].component, *(_cell(cell, found.owners.get(cell.component, "DevOps Engineer")) for cell in row))
        for row in found.rows
    ]
    empty = [cell for cell in found.cells if cell.empty]
    components = sorted({cell.component for cell in empty})
    note = f"{percent(found.share, 0)} of the cells that apply are filled; "
    note += f"{len(empty)} gaps in {len(components)} components."
    gaps = [
        Gap(
            f"{', '.join(cell.signal for cell in cells)} of {component}",
            found.owners.get(component, "DevOps Engineer"),
            "MonitoringAlerts.md",
            "nothing shows it",
        )
        for component, group in groupby(empty, key=lambda cell: cell.component)
        if (cells := list(group))
    ]
    unknown = () if rows else (NO_COMPONENTS,)
    table = Table(
        ("Component", *SIGNALS),
        rows,
        note=note if rows else "",
        gaps=unknown,
        records=(
            Record("coverage.gaps", len(empty), "cells"),
            Record("coverage.cells", len(found.cells), "cells"),
            Record("coverage.components", len(found.rows), "components"),
            Record("coverage.share", found.share, "ratio"),
        ),
        findings=_unwatched(found),
    )
    # each gap already stands in its cell, so it is handed on without being printed again
    return Stack(table, Note(gaps=gaps))


def _cell(cell: Cell, owner: str) -> Inline:
    if cell.exempt:
        return f"not applicable: {cell.exempt}"
    return Lines(list(cell.shown_by)) if cell.shown_by else Strong(f"gap: {owner}")


def _unwatched(found: MonitoringCoverage) -> list[Finding]:
    blind = [row[0].component for row in found.rows if all(cell.empty or cell.exempt for cell in row)]
    return [Finding(7, 6.0, f"nothing watches {name}") for name in blind]


def stability(found: Stability) -> Note:
    """The state of the system, the rule it follows from, what decides today."""
    word = "Whether the system is stable is not known" if found.state == "not known" else f"The system is {found.state}"
    return Note(
        [Strong(word), f": {found.reason}."],
        [f"Rule: {STABILITY_RULE}."],
        records=(
            Record("stability.state", found.state, "state"),
            Record("stability.rule", STABILITY_RULE, "rule"),
            Record("stability.reason", found.reason, "reason"),
        ),
        gaps=tuple(
            Gap(f"whether the system is stable ({why})", "DevOps Engineer", "params: slos, history")
            for why in found.unknown
        ),
    )


def bus_factors(found: Sequence[BusFactor]) -> Table:
    """How many people can run each component; one is a risk."""
    rows: list[Sequence[Inline]] = [
        (
            one.name,
            number(one.count) if one.count > 1 else Strong(number(one.count)),
            ", ".join(one.people) or MISSING,
            f"owners: {one.owners}; sessions: {one.count - one.owners}",
            MISSING if one.on_call is None else number(len(one.on_call)) if one.on_call else Strong("0"),
            "yes" if one.critical else "no",
            "risk" if one.count <= 1 else "ok",
        )
        for one in found
    ]
    thin = [one for one in found if one.count == 1]
    unmanned = [one.name for one in found if one.count == 0]
    nobody = f", {len(unmanned)} on nobody who is named" if unmanned else ""
    unasked = ", ".join(unmanned) or ("" if rows else "which component")
    return Table(
        ("Component", "Bus factor", "People", "Known from", "In the rota", "Has an objective", "State"),
        rows,
        note=f"{len(thin)} of {len(found)} rest on one person{nobody}. "
        "Counted: owners, and who sat in a session that was held."
        if rows
        else "",
        gaps=(Gap(f"who can run {unasked}", "DevOps Engineer", "params: handover.owners"),) if unasked else (),
        findings=(
            *(Finding(7, 5.0 if one.critical else 2.0, f"only {one.people[0]} can run {one.name}") for one in thin),
            *(
                Finding(7, 6.0, f"nobody in the rota can run {one.name}")
                for one in found
                if one.people and one.on_call == ()
            ),
        ),
        records=(Record("handover.bus_factor_one", len(thin), "components"),),
    )


def budget_states(states: Mapping[str, str]) -> Table:
    """Objective -> state of its error budget."""
    rows: list[Sequence[Inline]] = [
        (name, state if state == "healthy" else Strong(state)) for name, state in states.items()
    ]
    return Table(
        ("Objective", "Error budget"),
        rows,
        gaps=() if rows else (Gap("which objectives hold", "Product Owner", "params: slos"),),
    )
