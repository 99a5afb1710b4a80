"""
Disasters: when each step of a recovery can begin and must end, what is lost at worst, and what is rehearsed when.

Steps run side by side where nothing says otherwise. A step of unknown length counts 0 and makes everything after it a
lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sre_kit.compute.operations.dependencies import topological
from sre_kit.compute.operations.plan import DisasterScenario, OperationsPlan, PlannedTest, RecoveryStep, RecoveryTest
from sre_kit.compute.operations.recovery import Proof, Recoverable, Term

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class StepTime:
    """
    When a step begins and ends after the decision: the earliest possible where `begins_known` or `ends_known` is false.

    `slack` is how much later it may end without delaying the whole; missing where any step has no known length.
    """

    step: RecoveryStep
    begins: timedelta
    ends: timedelta
    begins_known: bool
    ends_known: bool
    slack: timedelta | None


def step_times(steps: Sequence[RecoveryStep]) -> list[StepTime]:
    """
    Earliest begin and end of every step, and its slack, in the order of the steps; none where they wait in a circle.

    Notes
    -----
    Critical path method: forward pass for begin and end, backward pass for the latest end; slack = latest - earliest.
    """
    order = topological({step.name: step.after for step in steps})
    if order.cycle:
        return []
    by_name = {step.name: step for step in steps}
    names = [name for group in order.steps for name in group]
    begins: dict[str, timedelta] = {}
    ends: dict[str, timedelta] = {}
    known: dict[str, bool] = {}
    for name in names:
        before = [one for one in by_name[name].after if one in ends]
        begins[name] = max((ends[one] for one in before), default=ZERO)
        ends[name] = begins[name] + (by_name[name].takes or ZERO)
        known[name] = by_name[name].takes is not None and all(known[one] for one in before)
    latest = dict.fromkeys(names, max(ends.values(), default=ZERO))
    for name in reversed(names):
        for one in by_name[name].after:
            if one in latest:
                latest[one] = min(latest[one], latest[name] - (by_name[name].takes or ZERO))
    whole = all(known.values())
    return [
        StepTime(
            step,
            begins[step.name],
            ends[step.name],
            all(known.get(one, True) for one in step.after),
            known[step.name],
            latest[step.name] - ends[step.name] if whole else None,
        )
        for step in steps
    ]


def loss_proof(scenario: DisasterScenario, stores: Sequence[Recoverable]) -> Proof:
    """
    The worst loss of data in a scenario against its RPO.

    What the scenario says itself counts (a copy that it restores from may be older than the backup), else the worst of
    its stores. A scenario that names no store says nothing of its loss: unproven.
    """
    if scenario.loses is not None:
        terms: tuple[Term, ...] = (Term(scenario.loses_because or "stated", scenario.loses),)
    else:
        mine = [one for one in stores if one.component in scenario.components and not one.rpo.accepted]
        known = [one for one in mine if not one.rpo.unknown and one.rpo.terms]
        worst = max(known, key=lambda one: one.rpo.known, default=None)
        terms = (Term(f"loss of {worst.component}", worst.rpo.known),) if worst else ()
        terms += tuple(Term(f"loss of {one.component}", None) for one in mine if one not in known)
    return Proof(scenario.rpo, terms, scenario.source)


@dataclass(frozen=True, slots=True)
class RehearsalDue:
    """
    When a scenario is to be rehearsed: at `due`, by the last rehearsal and the interval; at once where there was none.

    `state` is "planned" (by `due`, or within the interval where it was never rehearsed), "late" or "not planned".
    """

    scenario: DisasterScenario
    last: RecoveryTest | None
    due: date
    planned: PlannedTest | None
    state: Literal["planned", "late", "not planned"]


def rehearsals_due(plan: OperationsPlan, as_of: datetime) -> list[RehearsalDue]:
    """Every scenario with its last and its next rehearsal, the most urgent first."""
    today, found = as_of.date(), []
    for one in plan.scenarios:
        held = [test for test in plan.recovery_tests if test.scenario == one.name and test.held <= today]
        last = max(held, key=lambda test: test.held, default=None)
        ahead = [test for test in plan.planned_tests if test.scenario == one.name and test.planned >= today]
        planned = min(ahead, key=lambda test: test.planned, default=None)
        due = last.held + plan.recovery_test_every if last else today
        limit = due if last else today + plan.recovery_test_every
        state: Literal["planned", "late", "not planned"] = "not planned"
        if planned:
            state = "planned" if planned.planned <= limit else "late"
        found.append(RehearsalDue(one, last, due, planned, state))
    return sorted(found, key=lambda row: (row.planned.planned if row.planned else date.max, row.due))
