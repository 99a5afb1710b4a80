"""How it is measured, who agreed, when it is looked at again, and how each decision was derived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sre_kit.compute.slo.agreements import (
    EarlyReview,
    ReviewPlan,
    Stakeholder,
    agreement_gaps,
    overdue,
    review_dates,
)
from sre_kit.compute.slo.budget import ErrorBudget
from sre_kit.compute.slo.budget import budgeting_methods as budgeting_methods_of
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO, RejectedSLI
from sre_kit.compute.slo.targets import TargetAdvice, chance_to_meet
from sre_kit.compute.slo.timeslices import TimeSliceAvailability
from sre_kit.compute.slo.windows import nominal
from sre_kit.compute.vocabulary import About, Finding, Gap
from sre_kit.show.document import fact_link
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.slo.objectives import METHODS, budget_counts
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.store.manifest import DECISIONS_MARK
from sre_kit.units import MISSING, number, percent, span, target, utc


def measurement_methods(ones: Sequence[History], budgets: Sequence[ErrorBudget]) -> Table:
    """The ratio of events beside the mean of step ratios, and what was missing or silent in the window."""
    rows: list[Sequence[Inline]] = []
    for one, budget in zip(ones, budgets, strict=True):
        window = budget.window
        first, last = one.slot(window.start), one.slot(window.measured_to)
        seen = one.seen[first:last]
        silent = int((seen & (one.total[first:last] == 0)).sum())
        events = float(1 - budget.bad_events / budget.events) if budget.events else None
        mean = budget.mean_of_ratios
        apart = _apart(mean - events) if mean is not None and events is not None else MISSING
        remark = "; ".join(filter(None, [one.gap, one.requests.note, _origin(one)]))
        counts = (number(int((~seen).sum())), number(silent))
        rows.append((one.slo.name, span(one.step), percent(events, 4), percent(mean, 4), apart, *counts, remark))
    columns = [
        "Objective",
        "Step",
        "Ratio of events",
        "Mean of step ratios",
        "Apart",
        "Steps missing",
        "Steps silent",
        "Remark",
    ]
    note = "Budgets count events: the mean of ratios weighs a quiet night like a busy evening. Missing: the source had "
    note += "nothing. Silent: it counted, and there was no traffic; neither is good or bad."
    return Table(columns, rows, note=note if rows else "", empty="No objective is defined.")


def _apart(difference: float) -> str:
    """
    Percentage points with their sign; what four places cannot show has none.

    >>> _apart(0.000931), _apart(-1e-9)
    ('+0.0931 points', '0.0000 points')
    """
    points = f"{difference * 100:+.4f}"
    return f"{points if float(points) else '0.0000'} points"


def budgeting_methods(ones: Sequence[History], as_of: datetime) -> Table:
    """The same window counted by events, by good slices and by slice ratios; the method in force in bold."""
    rows: list[Sequence[Inline]] = []
    for one in ones:
        by_method = {str(budget.slo.budgeting): budget for budget in budgeting_methods_of(one, as_of)}
        cells: list[Inline] = []
        for method in METHODS:
            budget = by_method.get(method)
            if budget is None or not budget.total:
                cells.append(MISSING)
                continue
            text = [percent(budget.availability, 3), _spent(budget.spent_share)]
            cells.append(Lines([Strong(part) for part in text] if method == one.slo.budgeting else text))
        slice_target = one.slo.slice_target if one.slo.slice_target is not None else one.slo.target
        slices = f"{span(one.slo.slice_length)}, good from {target(slice_target)}"
        rows.append((one.slo.name, target(one.slo.target), *cells, slices))
    note = "Bold: the method in force. A short deep outage costs few slices and many events; a long shallow one costs "
    note += (
        "slices and few events. Slices without traffic count nothing. Without a slice target of its own an objective's "
    )
    note += "target is taken, which the noise of small slices alone breaks."
    columns = ["Objective", "Target", *(METHODS[m].capitalize() for m in METHODS), "Slices"]
    return Table(columns, rows, note=note if rows else "", empty="No objective is defined.")


def _spent(share: float | None) -> str:
    if share is None:
        return "no budget"
    return f"{share:,.0f} × the budget" if share >= 10 else f"{percent(share, 1)} spent"


def _origin(one: History) -> str:
    if one.requests.extrapolated:
        return "counts extrapolated by the server"
    return "synthetic data" if one.requests.synthetic else ""


def availability_from_incidents(found: Sequence[TimeSliceAvailability], *, severe: str = "", gap: str = "") -> Table:
    """Each component's share of time without any incident, and without a severe one, by calendar quarter."""
    quarters = list(dict.fromkeys(one.name for one in sorted(found, key=lambda one: one.start)))
    cells = {(one.component, one.name): one for one in found}
    rows: list[Sequence[Inline]] = []
    for component in dict.fromkeys(one.component for one in found):
        row: list[Inline] = []
        for quarter in quarters:
            one = cells.get((component, quarter))
            shown = (percent(one.availability, 3), percent(one.severe_availability, 3)) if one else (MISSING, MISSING)
            row.append(Lines(shown))
        rows.append((component or "(none named)", *row))
    gaps = (Gap("availability from incidents", "the on-call team", "params: history.incidents", gap),) if gap else ()
    note = (
        f"Upper line: any impact counts as down; lower line: only {severe or 'severe incidents'} count. Overlaps count "
    )
    note += "once. Both differ from the ratio of events: an incident is rarely a full outage, nor is traffic even."
    return Table(
        ["Component", *quarters],
        rows,
        gaps=gaps,
        note=note if rows else "",
        empty="" if gaps else "No incident was recorded in the last year.",
    )


def data_source(
    about: About,
    slos: Sequence[SLO],
    *,
    step: timedelta,
    scrape_interval: timedelta | None = None,
    retention: timedelta | None = None,
) -> Table:
    """Source, step, scrape interval, and whether the retention holds the longest window."""
    longest = max((nominal(slo) for slo in slos), default=timedelta(0))
    gaps = []
    rows: list[Sequence[Inline]] = [("Source", about.source or Strong("none configured")), ("Step read", span(step))]
    if scrape_interval is None:
        gaps.append(Gap("the scrape interval", "DevOps Engineer", "MonitoringAlerts or params: source.scrape_interval"))
    else:
        rows.append(("Scrape interval", span(scrape_interval)))
    if retention is None:
        gaps.append(
            Gap("the retention of the metrics", "DevOps Engineer", "MonitoringAlerts or params: source.retention")
        )
    else:
        verdict = "enough" if retention >= longest else Strong("too short: the window cannot be recomputed")
        rows.append(("Retention", span(retention)))
        rows.append((f"Longest window, {span(longest)}", verdict))
    return Table(["What", "Value"], rows, gaps=gaps)


def stakeholder_agreements(people: Sequence[Stakeholder], slos: Sequence[SLO]) -> Table:
    """Everybody with a stake, from the documents and the params: what they agree to, signed or not."""
    rows: list[Sequence[Inline]] = []
    for one in people:
        state: Inline = one.state if one.state.startswith("signed") else Strong(one.state)
        source: Inline = fact_link(one.fact) if one.fact else one.source
        rows.append((one.name, one.role or MISSING, one.slo or MISSING, one.agrees_to or MISSING, state, source))
    gaps = agreement_gaps(slos)
    if not people:
        gaps.append(Gap("the stakeholders", "Project Manager", "PRD or BusinessModel"))
    signed = sum(one.state.startswith("signed") for one in people)
    asked = sum(one.state != "not asked" for one in people)
    note = f"{signed} of {asked} agreements are signed." if asked else ""
    columns = ["Who", "Role", "Objective", "Agrees to", "State", "Source"]
    return Table(columns, rows, gaps=tuple(gaps), note=note)


def review_calendar(plan: ReviewPlan, as_of: date) -> Table:
    """The next reviews with their dates, who calls them, and what calls for an earlier one."""
    gaps = []
    if not plan.owner:
        gaps.append(Gap("who calls the review of the objectives", "Head of Engineering", "params: slo_review.owner"))
    if not plan.triggers:
        gaps.append(Gap("what calls for an early review", "Head of Engineering", "params: slo_review.triggers"))
    findings = []
    if overdue(plan, as_of) and plan.last:
        late = (as_of - plan.last - plan.every).days
        findings.append(Finding(7, float(late), f"the review of the objectives is {late} days late"))
    rows: list[Sequence[Inline]] = [
        (f"{day:%Y-%m-%d}, {day:%A}", plan.forum or MISSING, plan.owner or MISSING) for day in review_dates(plan, as_of)
    ]
    last = f"Last review: {plan.last:%Y-%m-%d}." if plan.last else "No review has been held yet."
    triggers = f" Earlier, if {'; or if '.join(plan.triggers)}." if plan.triggers else ""
    note = f"{last} Every {span(plan.every)}; a weekend moves to Monday.{triggers}"
    return Table(["Review", "Forum", "Called by"], rows, gaps=gaps, findings=findings, note=note)


def early_reviews(found: Sequence[EarlyReview]) -> Table:
    """What calls for a review now, as far as it can be computed."""
    return Table(
        ["Objective", "Calls for a review now", "Evidence"],
        [(one.slo, one.reason, one.evidence) for one in found],
        findings=[Finding(7, 1.0, f"{one.slo}: {one.reason} ({one.evidence})") for one in found[:1]],
        note="Computed: misses in a row, incidents above half of a budget, and targets against contract, dependencies "
        "and history. The other triggers are for people to notice."
        if found
        else "",
        empty="Nothing that can be computed calls for an early review.",
    )


@dataclass(frozen=True)
class PublishedChanges(Shown):
    """Where the export prints which objectives differ from those published before, with what it compares."""

    slos: Sequence[SLO]
    plan: ReviewPlan

    def markdown(self) -> str:
        """The mark that the export replaces."""
        return DECISIONS_MARK

    def machine(self) -> dict[str, Any]:
        """Each objective's decisions in words, and the log that people keep."""
        log = [{"made": f"{one.made:%Y-%m-%d}", "subject": one.slo, "reason": one.reason} for one in self.plan.changes]
        return {**super().machine(), "decided": [row for slo in self.slos for row in decided(slo)], "log": log}


def decided(slo: SLO) -> list[tuple[str, str, str]]:
    """What somebody decided of an objective: (its name, what, in which words); the rest of it is description."""
    contract = target(slo.contract) if slo.contract is not None else ""
    bound = f"at most {slo.at_most:g}" if slo.at_most is not None else f"at least {slo.at_least or 0:g}"
    found = {
        "target": target(slo.target),
        "window": f"calendar {slo.calendar}, {slo.zone}" if slo.calendar else f"rolling {span(slo.window)}",
        "budget counts": budget_counts(slo),
        "contract": contract,
        "threshold": span(slo.threshold) if slo.threshold else "",
        "good events": slo.good or (f"all but {slo.bad}" if slo.bad else slo.ratio or f"{slo.gauge} {bound}"),
        "total events": slo.total,
    }
    return [(slo.name, what, value) for what, value in found.items() if value]


def objective_changes(plan: ReviewPlan, slos: Sequence[SLO] = ()) -> Stack:
    """The change log of the objectives, and beside it what differs from what was published before."""
    rows: list[Sequence[Inline]] = [
        (f"{one.made:%Y-%m-%d}", one.slo, one.what, one.reason, one.by or MISSING)
        for one in sorted(plan.changes, key=lambda one: (one.made, one.slo), reverse=True)
    ]
    log = Table(["Changed", "Objective", "What", "Reason", "By"], rows, empty="No change is recorded.")
    return Stack(log, PublishedChanges(slos, plan))


def decisions(
    slos: Sequence[SLO],
    advices: Sequence[TargetAdvice],
    rejected: Sequence[RejectedSLI],
    budgets: Sequence[ErrorBudget],
) -> Table:
    """How each indicator and target was derived: the question, the options, the choice, and the evidence for it."""
    advice = {one.slo.name: one for one in advices}
    spent = {one.slo.name: one for one in budgets}
    rows: list[Sequence[Inline]] = []
    for slo in slos:
        others = [one.name for one in rejected if slo.journey and one.journey == slo.journey]
        chosen = f"{slo.kind}: {slo.good_means or slo.good or slo.bad}"
        why = f"felt by the user of {slo.journey!r}" if slo.journey else "no journey is named for it"
        rows.append((slo.name, "Which indicator?", Lines([chosen, *(f"not: {name}" for name in others)]), why))
        rows.append((slo.name, "Which target?", target(slo.target), Lines(_evidence(slo, advice.get(slo.name)))))
        budget = spent.get(slo.name)
        window = str(budget.window.kind) if budget else span(slo.window)
        reason = "no fresh start: what was spent yesterday still counts"
        if slo.calendar:
            reason = f"the budget begins anew with each {slo.calendar}, as contracts count"
        rows.append((slo.name, "Which window?", window, reason))
    return Table(["Objective", "Question", "Choice", "Evidence"], rows, empty="Nothing was decided yet.")


def _evidence(slo: SLO, advice: TargetAdvice | None) -> list[Inline]:
    lines: list[Inline] = [slo.target_source or "a decision without a stated source"]
    if slo.contract is not None:
        lines.append(f"contract {target(slo.contract)} ({slo.contract_source or 'source not said'})")
    if advice is None:
        return lines
    if advice.measured is not None:
        lines.append(f"measured {percent(advice.measured, 3)} over {advice.days} days")
    if rung := chance_to_meet(advice):
        lines.append(f"next period met with probability {percent(rung.probability, 0)}")
    if advice.bound is not None:
        lines.append(f"dependencies promise {percent(advice.bound, 3)} together")
    if advice.recommended is not None and advice.recommended != slo.target:
        lines.append(Strong(f"the history and the dependencies would recommend {target(advice.recommended)}"))
        if slo.contract is not None and advice.recommended < slo.contract:
            lines.append(Strong("which is below the contract: change the dependencies or the contract, not the target"))
    return lines


def read_as_of(about: About, ones: Iterable[History]) -> Note:
    """From when to when the history reaches."""
    found = list(ones)
    if not found:
        return Note("No objective is defined, so no history was read.")
    first = min(one.start for one in found)
    text = f"History read: {utc(first)} to {utc(about.as_of)}."
    synthetic = " All of it is synthetic." if about.synthetic else ""
    return Note(text + synthetic)
