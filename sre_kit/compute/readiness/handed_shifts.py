"""
A shift as it is handed over: who had it, what happened in it, what it spent of the error budgets, who comes next.

Pages are known as far as the incident log knows them: an alert that opened no incident leaves no trace in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.changes import Deploy, DeployLog
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.oncall.plan import OnCall, Shift
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.slo.budget import WORKBOOK_STATES, ErrorBudget, PolicyState, error_budget, policy_state
from sre_kit.compute.slo.counts import History, counted
from sre_kit.errors import ParameterError
from sre_kit.units import instant, utc

BACK: Final = timedelta(weeks=8)
"""How far back the last shift that ended is looked for."""
AHEAD: Final = timedelta(weeks=4)
"""How far ahead the next shift is looked for."""
LAST: Final = "last"
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ShiftSpending:
    """
    What a shift spent of one error budget: `bad` of `total`, of the `budget` as it stood when the shift ended.

    `coverage` is the share of the shift with data.
    """

    budget: ErrorBudget
    total: Fraction
    bad: Fraction
    coverage: float
    state: str

    @property
    def share(self) -> float | None:
        """Share of the window's whole budget; missing without data or where nothing is allowed."""
        return float(self.bad / self.budget.allowed) if self.coverage and self.budget.allowed else None


@dataclass(frozen=True, slots=True)
class HandedShift:
    """
    The primary shift `held` and everything that whoever takes over has to know of it.

    `end` is the end of the shift, or the report time while it runs. `beside` are the other layers at that time, `next`
    takes the pager after it. `began` holds the incidents that began in it, `left` those that are open at its end.
    """

    held: Shift
    end: datetime
    beside: tuple[Shift, ...] = ()
    next: Shift | None = None
    began: tuple[Incident, ...] = ()
    left: tuple[Incident, ...] = ()
    spent: tuple[ShiftSpending, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    log_gap: str = ""
    deploys_gap: str = ""

    @property
    def runs(self) -> bool:
        """Whether it goes on after the report."""
        return self.end < self.held.end

    @property
    def pages(self) -> tuple[Incident, ...]:
        """Incidents of it that an alert opened."""
        return tuple(one for one in self.began if one.detected_by.lower().startswith("alert "))


def shift_held(oncall: OnCall, as_of: datetime, which: str = "") -> Shift | None:
    """
    The primary shift that is handed over; None where nobody was primary.

    Parameters
    ----------
    which
        Empty: the one that runs at `as_of`, or has just ended. ``last``: the last that ended. Else an instant in it.

    Raises
    ------
    ParameterError
        `which` is neither, or an instant after `as_of`.
    """
    if which == LAST:
        past = schedule(oncall, as_of - BACK, BACK).shifts
        return max((s for s in past if s.layer == "primary" and s.end <= as_of), key=lambda one: one.end, default=None)
    at = _instant(which) if which else as_of - _TICK
    if at > as_of:
        raise ParameterError(f"shift {utc(at)} is later than the report time {utc(as_of)}; take an instant before it")
    return _primary(schedule(oncall, at, AHEAD).shifts, at)


def _instant(which: str) -> datetime:
    try:
        return instant(which)
    except ParameterError as error:
        raise ParameterError(f'shift: {error}, or "{LAST}" for the last that ended') from None


def handed_shift(
    oncall: OnCall,
    histories: Sequence[History],
    log: IncidentLog,
    deploys: DeployLog,
    as_of: datetime,
    which: str = "",
    policy: Sequence[PolicyState] = (),
) -> HandedShift | None:
    """The shift that `which` names (see ``shift_held``) with what happened in it; None where nobody was primary."""
    held = shift_held(oncall, as_of, which)
    if held is None:
        return None
    end = min(held.end, as_of)
    around = schedule(oncall, end - _TICK, AHEAD).shifts
    return HandedShift(
        held,
        end,
        tuple(s for s in around if s.layer != "primary" and s.start < end <= s.end),
        next((s for s in around if s.layer == "primary" and s.start >= held.end), None),
        tuple(one for one in log.incidents if held.start <= one.began < end),
        tuple(one for one in log.incidents if one.began < end and (one.resolved is None or one.resolved > end)),
        tuple(_spent(one, held.start, end, policy) for one in histories),
        tuple(one for one in deploys.deploys if held.start <= one.time < end),
        log.gap,
        deploys.gap,
    )


def _spent(one: History, start: datetime, end: datetime, policy: Sequence[PolicyState]) -> ShiftSpending:
    budget = error_budget(one, end)
    total, bad, _ = counted(one).between(start, end)
    return ShiftSpending(budget, total, bad, one.coverage(start, end), policy_state(budget, policy or WORKBOOK_STATES))


def _primary(shifts: Sequence[Shift], at: datetime) -> Shift | None:
    return next((s for s in shifts if s.layer == "primary" and s.start <= at < s.end), None)
