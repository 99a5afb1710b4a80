"""
Where the error budget went: by incident, by deployment, by planned work, and the background that nobody caused.

Every bad event is put down to exactly one cause, so the lines add up to what was spent, event by event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final, Literal

import numpy as np

from sre_kit.compute.changes import Deploy
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.slo.budget import ErrorBudget
from sre_kit.compute.slo.counts import History, counted, exceeds

AFTER_DEPLOY: Final = timedelta(minutes=30)
"""How long bad events after a deployment count as its own, unless an incident explains them; a convention."""

Cause = Literal["incident", "maintenance", "deploy", "background"]


@dataclass(frozen=True, slots=True)
class Spending:
    """Bad events (or slices) of one cause in the window; `at` is when the cause began."""

    cause: Cause
    name: str
    bad: Fraction
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lines of one budget, in time order, background last."""

    budget: ErrorBudget
    lines: tuple[Spending, ...]

    @property
    def bad(self) -> Fraction:
        """Sum of the lines; equals what the budget has spent."""
        return sum((line.bad for line in self.lines), Fraction(0))

    def share(self, line: Spending) -> float | None:
        """Share of what was spent, 0..1."""
        return float(line.bad / self.bad) if self.bad else None

    def of_budget(self, line: Spending) -> float | None:
        """Share of the budget that this line used; missing where nothing was allowed."""
        return float(line.bad / self.budget.allowed) if self.budget.allowed else None


def budget_ledger(
    events: History, budget: ErrorBudget, log: IncidentLog | None = None, deploys: Sequence[Deploy] = ()
) -> Ledger:
    """
    Put down each bad event of the window to one cause.

    In this order: an incident of the service that covers the step (of several, the one that began first); planned
    maintenance; the last deployment of the service within `AFTER_DEPLOY` before, if that half hour burned faster than
    the budget allows; else background. A step belongs to what touches it.
    """
    window, one = budget.window, counted(events)
    first, last = one.slot(window.start), one.slot(window.measured_to)
    bad, total = one.bad[first:last], one.total[first:last]
    owner = np.full(last - first, -1)
    causes: list[Spending] = []
    for cause, begin, end, name in _spells(one, log, deploys, window.measured_to):
        low, high = _slots(one, begin, end, first, last)
        free = np.flatnonzero(owner[low:high] == -1) + low
        if cause == "deploy" and not _burned(one, bad[low:high].sum(), total[low:high].sum()):
            continue
        if len(free):
            owner[free] = len(causes)
            causes.append(Spending(cause, name, int(bad[free].sum()) * one.grain, begin))
    lines = sorted((line for line in causes if line.bad), key=lambda line: line.at or window.start)
    background = int(bad[owner == -1].sum()) * one.grain
    return Ledger(budget, (*lines, Spending("background", "no known cause", background)))


def budget_ledgers(
    ones: Sequence[History],
    budgets: Sequence[ErrorBudget],
    log: IncidentLog | None = None,
    deploys: Sequence[Deploy] = (),
) -> list[Ledger]:
    """The ledger of each budget."""
    return [budget_ledger(one, budget, log, deploys) for one, budget in zip(ones, budgets, strict=True)]


def concerns(incident: Incident, service: str) -> bool:
    """Whether an incident is about a service; one that names none is about all."""
    return not incident.services or not service or service in incident.services


def _spells(
    one: History, log: IncidentLog | None, deploys: Sequence[Deploy], as_of: datetime
) -> Iterable[tuple[Cause, datetime, datetime, str]]:
    service = one.slo.service
    if log is not None:
        for incident in sorted(log.incidents, key=lambda i: (i.began, i.id)):
            if concerns(incident, service):
                yield "incident", incident.began, incident.end(as_of), f"{incident.id} {incident.title}".strip()
        for planned in sorted(log.maintenance, key=lambda i: (i.began, i.id)):
            if concerns(planned, service):
                yield "maintenance", planned.began, planned.end(as_of), f"{planned.id} {planned.title}".strip()
    for deploy in sorted(deploys, key=lambda d: d.time, reverse=True):
        if deploy.service in ("", service):
            label = f"{deploy.service} {deploy.version}".strip()
            yield "deploy", deploy.time, deploy.time + AFTER_DEPLOY, label


def _slots(one: History, begin: datetime, end: datetime, first: int, last: int) -> tuple[int, int]:
    """Slots of [first, last) that touch [begin, end), counted from `first`."""
    low = (begin - one.start) // one.step
    high = -((one.start - end) // one.step)
    return min(max(low, first), last) - first, min(max(high, first), last) - first


def _burned(one: History, bad: int, total: int) -> bool:
    return bool(exceeds(np.array([bad]), np.array([total]), one.slo.budget_ratio)[0])
