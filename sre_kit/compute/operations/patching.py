"""
Patches on their way: when each stage of an open finding must begin so that it has soaked everywhere by its due date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sre_kit.compute.operations.change import Patch
from sre_kit.compute.operations.plan import PatchException, PatchPolicy

_SOAK: Final = re.compile(r"(?i)\b(\d+)\s*(minutes?|mins?|hours?|h|days?|d|weeks?)\b")
_LENGTHS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a rollout, as written; `soak` is how long it is watched before the next one begins."""

    text: str
    soak: timedelta | None


@dataclass(frozen=True, slots=True)
class StagePlan:
    """
    An open finding with the latest beginning of each stage; `problem` says why there are no dates.

    `late` when the first stage should have begun: the due date can be kept only without the soak times.
    """

    patch: Patch
    begins: tuple[tuple[Stage, date], ...] = ()
    late: bool = False
    problem: str = ""


def stages(policy: PatchPolicy) -> tuple[Stage, ...]:
    """
    The stages of a policy with their soak times; the last one needs none.

    >>> policy = PatchPolicy("high", timedelta(days=30), ["staging 3 days", "canary", "all"])
    >>> [one.soak and one.soak.days for one in stages(policy)]
    [3, None, datetime.timedelta(0)]
    """
    found = []
    for number, text in enumerate(policy.stages, 1):
        written = [int(n) * _LENGTHS[unit[0].lower()] for n, unit in _SOAK.findall(text)]
        soak = sum(written, timedelta(0)) if written else None
        found.append(Stage(text, timedelta(0) if soak is None and number == len(policy.stages) else soak))
    return tuple(found)


def stage_plans(patches: Sequence[Patch], policies: Sequence[PatchPolicy], as_of: datetime) -> list[StagePlan]:
    """Every finding that is open and has a due date, in the order of the first stage's latest beginning."""
    by_severity = {one.severity.lower(): one for one in policies}
    found = [
        _plan(one, by_severity.get(one.severity), as_of)
        for one in patches
        if one.due is not None and one.state in ("overdue", "in time")
    ]
    return sorted(found, key=lambda one: (one.begins[0][1] if one.begins else date.max, one.patch.fact.name))


def _plan(patch: Patch, policy: PatchPolicy | None, as_of: datetime) -> StagePlan:
    known = stages(policy) if policy else ()
    if not known or patch.due is None:
        return StagePlan(patch, problem=f"no stages are decided for {patch.severity}")
    if unknown := [one.text for one in known if one.soak is None]:
        return StagePlan(patch, problem=f"how long {', '.join(unknown)} soaks is not decided")
    begins = []
    left = sum((one.soak or timedelta(0) for one in known), timedelta(0))
    for one in known:
        # a part of a day counts whole: a date is all that is promised
        begins.append((one, patch.due - timedelta(days=-(-left // timedelta(days=1)))))
        left -= one.soak or timedelta(0)
    return StagePlan(patch, tuple(begins), late=begins[0][1] < as_of.date())


@dataclass(frozen=True, slots=True)
class ExceptionState:
    """An exception with the days until it ends (negative: it is over), and whether its finding is known and open."""

    exception: PatchException
    days_left: int
    finding: Patch | None

    @property
    def word(self) -> str:
        """ "in force", "over", "for a finding that is closed", or "for no known finding"."""
        if self.finding is None:
            return "for no known finding"
        if self.finding.state == "closed":
            return "for a finding that is closed"
        return "in force" if self.days_left >= 0 else "over"


def exception_states(
    exceptions: Sequence[PatchException], patches: Sequence[Patch], as_of: datetime
) -> list[ExceptionState]:
    """Every exception, the soonest to end first."""
    by_name = {one.fact.name: one for one in patches}
    found = [ExceptionState(one, (one.expires - as_of.date()).days, by_name.get(one.finding)) for one in exceptions]
    return sorted(found, key=lambda one: (one.exception.expires, one.exception.finding))
