"""Disasters: scenarios and their steps against the RTO, single points of failure, rehearsals, whom to reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sre_kit.compute.operations.dependencies import Graph, SinglePoint
from sre_kit.compute.operations.disasters import RehearsalDue, StepTime, loss_proof, step_times
from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.operations.recovery import Proof, Recoverable, Rehearsal
from sre_kit.compute.operations.redundancy import StandIn
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.document import cited
from sre_kit.show.shown import Heading, Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong, ticked
from sre_kit.units import MISSING, number, span

_ASK = "DevOps Engineer"


def disaster_scenarios(found: Sequence[Rehearsal]) -> Table:
    """What each scenario is: cause and impact, how it is detected, who decides."""
    rows: list[Sequence[Inline]] = [
        (s.name, Lines([p for p in (s.cause, s.impact) if p]), s.detection, s.decides, cited(s.source))
        for s in (one.scenario for one in found)
    ]
    gap = Gap("which disasters are planned for", _ASK, "params: operations.scenarios")
    columns = ("Scenario", "Cause and impact", "Detected by", "Decides", "Source")
    return Table(columns, rows, gaps=() if found else (gap,))


def scenario_objectives(found: Sequence[Rehearsal], stores: Sequence[Recoverable] = ()) -> Table:
    """Of each scenario the RTO against its critical path, the RPO against the worst loss, what the business bears."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in found:
        s, loss = one.scenario, loss_proof(one.scenario, stores)
        verdict: Inline = one.rto.verdict if one.rto.verdict == "met" else Strong(one.rto.verdict)
        takes = MISSING if not s.steps else f"{'at least ' if one.path.unknown else ''}{span(one.path.takes)}"
        bear: Inline = span(s.tolerable)
        if one.bearable is False:
            bear = Strong(f"{span(s.tolerable)}, shorter than the RTO")
        rows.append(
            (
                s.name,
                span(one.rto.objective),
                takes,
                verdict,
                span(s.rpo),
                _lost(loss),
                loss.verdict if loss.verdict in ("met", "no objective") else Strong(loss.verdict),
                bear,
            )
        )
        if one.rto.verdict == "no objective":
            gaps.append(Gap(f"the RTO of the scenario {s.name}", "Technical Architect", "InfrastructureSpec.md"))
        if loss.verdict == "unproven":
            what = f"what is lost at worst in {s.name}: {', '.join(loss.unknown) or 'no store is named'}"
            gaps.append(Gap(what, _ASK, "params: operations.scenarios", "its RPO rests on it"))
        if not s.steps:
            gaps.append(Gap(f"the steps of the scenario {s.name}", _ASK, "params: operations.scenarios"))
        elif one.path.unknown:
            missing = ", ".join(one.path.unknown)
            gaps.append(
                Gap(
                    f"how long these steps take: {missing}",
                    _ASK,
                    "params: operations.scenarios",
                    f"the RTO of {s.name} rests on them",
                )
            )
        if one.path.cycle:
            gaps.append(
                Gap(
                    f"an order of the steps of {s.name}",
                    _ASK,
                    "params: operations.scenarios",
                    f"a cycle: {', '.join(one.path.cycle)}",
                )
            )
    columns = (
        "Scenario",
        "RTO",
        "Critical path",
        "Verdict",
        "RPO",
        "Lost at worst",
        "Verdict of the RPO",
        "Bearable downtime",
    )
    empty = "" if found else "Without a scenario there is nothing to hold against an objective."
    return Table(columns, rows, gaps=gaps, findings=_losses(found, stores), empty=empty)


def _lost(loss: Proof) -> Inline:
    """The worst loss and where it comes from."""
    known = [term for term in loss.terms if term.value is not None]
    return Lines([span(loss.known), *(term.name for term in known)]) if known else MISSING


def _losses(found: Sequence[Rehearsal], stores: Sequence[Recoverable]) -> list[Finding]:
    """Scenarios that lose more than their RPO allows."""
    rows = [(one.scenario, loss_proof(one.scenario, stores)) for one in found]
    return [
        Finding(3, 1.0, f"{s.name}: RPO of {span(s.rpo)} is missed (up to {span(loss.known)} of data is lost)")
        for s, loss in rows
        if loss.verdict == "missed"
    ]


def disaster_steps(found: Sequence[Rehearsal]) -> Stack:
    """The steps of each scenario with their times, the critical path in bold; how it is verified and taken back."""
    parts: list[Shown] = []
    for one in (r for r in found if r.scenario.steps):
        times = {time.step.name: time for time in step_times(one.scenario.steps)}
        rows: list[Sequence[Inline]] = [
            (
                Strong(step.name) if step.name in one.path.path else step.name,
                span(step.takes) if step.takes is not None else "not known",
                ", ".join(step.after) or "at once",
                *_times(times.get(step.name)),
                ticked(f"`{step.command}`") if step.command else MISSING,
            )
            for step in one.scenario.steps
        ]
        end = [
            f"Verify: {one.scenario.verify}." if one.scenario.verify else "",
            f"Failback: {one.scenario.failback}." if one.scenario.failback else "",
        ]
        alone = sum((step.takes for step in one.scenario.steps if step.takes), timedelta(0))
        least = "at least " if one.path.unknown else ""
        saved = f" One after the other they would take {least}{span(alone)}." if alone > one.path.takes else ""
        note = ticked(" ".join(text for text in end if text) + saved)
        columns = ("Step", "Takes", "After", "Begins", "Ends", "May slip by", "Command")
        parts += [Heading(4, one.scenario.name), Table(columns, rows, note=note)]
    return Stack(*parts) if parts else Stack(Note("No scenario has steps."))


def _times(time: StepTime | None) -> tuple[Inline, Inline, Inline]:
    """Begin, end and slack; a lower bound is said to be one."""
    if time is None:
        return MISSING, MISSING, MISSING
    begins = f"{'' if time.begins_known else 'at least '}{span(time.begins)}" if time.begins else "at once"
    return begins, f"{'' if time.ends_known else 'at least '}{span(time.ends)}", span(time.slack)


def single_points(found: Sequence[SinglePoint], graph: Graph | None = None) -> Table:
    """Single points of failure with what falls with them and the scenario or accepted risk that deals with them."""
    rows: list[Sequence[Inline]] = []
    gaps, findings = [], []
    if graph is not None and not graph.edges:
        gaps.append(Gap("what nothing else can replace", "Technical Architect", "SystemArchitecture.md, Dependencies"))
    for one in found:
        gap = Gap(f"a scenario or an accepted risk for {one.name}", "Technical Architect", "SystemArchitecture.md")
        if one.state == "not known":
            gap = Gap(f"what takes over from {one.name}", "Technical Architect", "InfrastructureSpec.md", one.reason)
        if not one.cover:
            gaps.append(gap)
            if one.state == "single":
                findings.append(Finding(7, 2.0 + len(one.falls), f"single point of failure without a plan: {one.name}"))
        where: Inline = (
            Lines([cited(line) for line in one.evidence]) if one.evidence else "computed from the dependencies"
        )
        rows.append((one.name, one.reason, ", ".join(one.falls) or "not said", one.cover or Strong("nothing"), where))
    return Table(
        ("Point", "Why", "Falls with it", "Dealt with by", "Source"),
        rows,
        gaps=gaps,
        findings=findings,
        empty="" if gaps else "None was found in the dependencies and none is named.",
    )


def stand_ins(found: Sequence[StandIn]) -> Table:
    """Every component that others need: how many there are, what takes over, in which zones, and what falls with it."""
    rows: list[Sequence[Inline]] = [
        (
            one.component,
            MISSING if one.instances is None else number(one.instances),
            one.takes_over or MISSING,
            one.zones or "not said",
            ", ".join(one.falls) or MISSING,
            Strong(one.point.state) if one.point else "no",
            Lines([cited(line) for line in one.sources]) if one.sources else MISSING,
        )
        for one in found
    ]
    unsaid = [one.component for one in found if not one.zones and one.point is None]
    note = f"In which zones they run is not said of: {', '.join(unsaid)}." if unsaid else ""
    gap = Gap("who depends on whom", "Technical Architect", "SystemArchitecture.md, Dependencies")
    return Table(
        ("Component", "Instances", "Takes over", "Zones", "Falls with it", "Single point", "Stated in"),
        rows,
        note=note,
        gaps=() if found else (gap,),
        records=(Record("recovery.single_points", sum(o.point is not None for o in found), "components"),),
    )


def recovery_tests(plan: OperationsPlan, found: Sequence[Rehearsal], as_of: datetime) -> Table:
    """Rehearsals with their result against the objective, and the next one."""
    by_name = {one.scenario.name: one for one in found}
    rows: list[Sequence[Inline]] = []
    for test in sorted(plan.recovery_tests, key=lambda t: t.held, reverse=True):
        aim = by_name[test.scenario].rto.objective if test.scenario in by_name else None
        rows.append(
            (
                str(test.held),
                test.kind,
                test.scenario,
                span(aim),
                span(test.took),
                span(test.data_lost),
                test.result or MISSING,
            )
        )
    never = [one.scenario.name for one in found if one.tested is None]
    note = f"Never rehearsed: {', '.join(never)}." if never else ""
    if found and not never:
        note = "Every scenario was rehearsed at least once."
    gaps = []
    if plan.next_recovery_test is None:
        gaps.append(Gap("when recovery is rehearsed next", _ASK, "params: operations.next_recovery_test"))
    elif plan.next_recovery_test < as_of.date():
        note += f" The test planned for {plan.next_recovery_test} has no result."
    else:
        note += f" Next: {plan.next_recovery_test}."
    return Table(
        ("Held", "Kind", "Scenario", "RTO", "Took", "Data lost", "Result"),
        rows,
        note=note,
        gaps=gaps,
        empty="No recovery was rehearsed.",
    )


def rehearsal_plan(due: Sequence[RehearsalDue]) -> Table:
    """Which scenario is rehearsed when, how and by whom, against the interval; what is not planned is asked for."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in due:
        planned, name = one.planned, one.scenario.name
        rows.append(
            (
                name,
                f"{one.last.held}, {one.last.kind}" if one.last else "never",
                str(one.due) if one.last else "at once",
                str(planned.planned) if planned else MISSING,
                planned.kind if planned else MISSING,
                (planned.owner or Strong("nobody")) if planned else MISSING,
                (planned.aim or MISSING) if planned else MISSING,
                one.state if one.state == "planned" else Strong(one.state),
            )
        )
        if not planned:
            gaps.append(Gap(f"when {name} is rehearsed", _ASK, "params: operations.planned_tests"))
    late = sum(one.state != "planned" for one in due)
    return Table(
        ("Scenario", "Last", "Due", "Planned", "Kind", "Owner", "Shall show", "State"),
        rows,
        note=f"{len(due) - late} of {len(due)} scenarios are planned in time." if due else "",
        gaps=gaps,
        empty="" if gaps or rows else "No scenario is planned for.",
        records=(Record("recovery.rehearsals_planned", len(due) - late, f"of {len(due)}"),),
    )


def activation(plan: OperationsPlan) -> Stack:
    """When a disaster is declared, and whom to reach."""
    parts: list[Shown] = []
    if plan.activation:
        parts.append(Note([Strong("Declared when:"), f" {plan.activation}."]))
    else:
        parts.append(
            Note.gap(
                Gap("when a disaster is declared, and by whom", "Head of Engineering", "params: operations.activation")
            )
        )
    if plan.contacts:
        parts.append(Table(("Contact", "How"), list(plan.contacts.items()), source="params: operations.contacts"))
    else:
        parts.append(Note.gap(Gap("whom to reach in a disaster", _ASK, "params: operations.contacts")))
    return Stack(*parts)
