"""
Escalation: how long until a human answers, and whether the chain can end in nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sre_kit.compute.incidents import Severity
from sre_kit.compute.oncall.plan import EscalationStep, OnCall


@dataclass(frozen=True, slots=True)
class Notified:
    """A step of the escalation chain: paged `after` the alert, given up `until` after it."""

    step: EscalationStep
    after: timedelta
    until: timedelta


def notified(steps: Sequence[EscalationStep]) -> list[Notified]:
    """When each step is paged and given up, counted from the alert; nobody before it answering."""
    found, at = [], timedelta(0)
    for step in steps:
        until = at + step.wait * step.repeats
        found.append(Notified(step, at, until))
        at = until
    return found


def worst_case(steps: Sequence[EscalationStep]) -> timedelta | None:
    """Time to a human if only the last step answers, at its end: the sum of wait x repeats; missing for no chain."""
    return sum((step.wait * step.repeats for step in steps), timedelta(0)) if steps else None


def late_severities(severities: Sequence[Severity], worst: timedelta) -> list[Severity]:
    """Paging levels whose acknowledge target is shorter than the worst case of the chain."""
    return [level for level in severities if level.pages and level.acknowledge < worst]


def escalation_problems(oncall: OnCall) -> list[str]:
    """What is wrong with the chain, in words: nobody, unknown targets, a cycle, an end that may not exist."""
    if not oncall.escalation:
        return ["there is no escalation chain"]
    groups = {oncall.always_reachable} - {""}
    known = {person.name for person in oncall.people} | {r.layer for r in oncall.rotations} | groups
    names = [step.who for step in oncall.escalation]
    problems = [f"{name} is no person, layer or group on the roster" for name in names if name not in known]
    problems += [f"{name} stands in the chain twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not groups:
        problems.append("nobody is named who is always reachable")
    elif names[-1] not in groups:
        problems.append(f"the chain ends with {names[-1]}, not with {oncall.always_reachable}, who is always reachable")
    return problems
