"""Disasters: scenarios and their steps against the RTO, single points of failure, rehearsals, whom to reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sre_kit.compute.operations.dependencies import Graph, SinglePoint
from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.operations.recovery import Rehearsal
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.document import cited
from sre_kit.show.shown import Heading, Note, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong, ticked
from sre_kit.units import MISSING, span

_ASK = "DevOps Engineer"


def disaster_scenarios(found: Sequence[Rehearsal]) -> Table:
    """Each scenario: impact, detection, who decides, its RTO against the critical path of its steps."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in found:
        s = one.scenario
        verdict: Inline = one.rto.verdict if one.rto.verdict == "met" else Strong(one.rto.verdict)
        takes = MISSING if not s.steps else f"{'at least ' if one.path.unknown else ''}{span(one.path.takes)}"
        bear: Inline = span(s.tolerable)
        if one.bearable is False:
            bear = Strong(f"{span(s.tolerable)}, shorter than the RTO")
        rows.append(
            (
                s.name,
                Lines([p for p in (s.cause, s.impact) if p]),
                s.detection,
                s.decides,
                span(one.rto.objective),
                takes,
                verdict,
                span(s.rpo),
                bear,
                cited(s.source),
            )
        )
        if one.rto.verdict == "no objective":
            gaps.append(Gap(f"the RTO of the scenario {s.name}", "Technical Architect", "InfrastructureSpec.md"))
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
    if not found:
        gaps.append(Gap("which disasters are planned for", _ASK, "params: operations.scenarios"))
    columns = (
        "Scenario",
        "Cause and impact",
        "Detected by",
        "Decides",
        "RTO",
        "Critical path",
        "Verdict",
        "RPO",
        "Bearable downtime",
        "Source",
    )
    return Table(columns, rows, gaps=gaps)


def disaster_steps(found: Sequence[Rehearsal]) -> Stack:
    """The steps of each scenario, the critical path in bold, then how it is verified and taken back."""
    parts: list[Shown] = []
    for one in (r for r in found if r.scenario.steps):
        rows: list[Sequence[Inline]] = [
            (
                Strong(step.name) if step.name in one.path.path else step.name,
                span(step.takes) if step.takes is not None else "not known",
                ", ".join(step.after) or "at once",
                ticked(f"`{step.command}`") if step.command else MISSING,
            )
            for step in one.scenario.steps
        ]
        end = [
            f"Verify: {one.scenario.verify}." if one.scenario.verify else "",
            f"Failback: {one.scenario.failback}." if one.scenario.failback else "",
        ]
        note = ticked(" ".join(text for text in end if text))
        parts += [Heading(4, one.scenario.name), Table(("Step", "Takes", "After", "Command"), rows, note=note)]
    return Stack(*parts) if parts else Stack(Note("No scenario has steps."))


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
        where: Inline = cited(one.source) if one.source else "computed from the dependencies"
        rows.append((one.name, one.reason, ", ".join(one.falls) or MISSING, one.cover or Strong("nothing"), where))
    return Table(
        ("Point", "Why", "Falls with it", "Dealt with by", "Source"),
        rows,
        gaps=gaps,
        findings=findings,
        empty="" if gaps else "None was found in the dependencies and none is named.",
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
