"""Open patches by stage and date, and the exceptions from their due dates."""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.operations.patching import ExceptionState, StagePlan
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING

_ASK = "DevOps Engineer"


def patch_stages(found: Sequence[StagePlan]) -> Table:
    """When each stage of an open finding begins at the latest, so that the due date is kept with its soak times."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in found:
        begins: Inline = Lines([f"{day}: {stage.text}" for stage, day in one.begins] or [MISSING])
        state: Inline = "in time"
        if one.patch.state == "overdue":
            state = Strong("overdue: begin now, with the soak times")
        elif one.late:
            state = Strong("too late for the soak times")
        elif one.problem:
            state = MISSING
            gaps.append(Gap(f"the stages of {one.patch.fact.name}", _ASK, "params: operations.patching", one.problem))
        rows.append((one.patch.fact.name, one.patch.severity, begins, str(one.patch.due), state))
    return Table(
        ("Id", "Severity", "Stages, begun at the latest", "Due", "State"),
        rows,
        gaps=gaps,
        empty="No open finding has a due date.",
    )


def patch_exceptions(found: Sequence[ExceptionState]) -> Table:
    """Exceptions: finding, who carries it, until when, what protects meanwhile."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in found:
        granted, left = one.exception, one.days_left
        state: Inline = one.word if one.word == "in force" else Strong(one.word)
        if one.word == "over":
            findings.append(
                Finding(7, 12.0, f"the exception for {granted.finding} ended on {granted.expires} and it is open")
            )
        rows.append(
            (
                granted.finding,
                granted.owner or MISSING,
                str(granted.expires),
                f"in {left} d" if left >= 0 else f"{-left} d ago",
                granted.control or MISSING,
                state,
            )
        )
    return Table(
        ("Finding", "Carried by", "Ends", "Left", "Protects meanwhile", "State"),
        rows,
        findings=findings,
        empty="No finding is excepted from its due date.",
    )
