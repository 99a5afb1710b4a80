"""
Error budgets: what the window allows, what was spent, how fast it burns, and what follows from that.

Allowed and spent are exact, and remaining is their difference, so that they always add up. Nothing measured is
nothing known: no traffic is neither 0 nor 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from sre_kit.compute.slo.counts import History, counted
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import Window, slo_window, window_before
from sre_kit.compute.vocabulary import Finding
from sre_kit.errors import ParameterError
from sre_kit.units import Ratio, number, percent, target

MINUTE: Final = timedelta(minutes=1)
TICK: Final = timedelta(microseconds=1)
ENOUGH_COVERAGE: Final = 0.9
"""Below this share of the window with data there is a number and no verdict."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """A state of the error budget policy: it holds while at most `up_to` of the budget remains; the lowest wins."""

    name: Literal["healthy", "at risk", "exhausted"]
    up_to: Ratio
    permits: str
    decides: str


WORKBOOK_STATES: Final = (
    PolicyState("healthy", Fraction(1), "releases and experiments as planned", "service owner"),
    PolicyState("at risk", Fraction(1, 4), "releases in small steps, no risky experiments", "service owner"),
    PolicyState("exhausted", Fraction(0), "reliability work, security and P0 fixes only", "head of engineering"),
)
"""After the SRE Workbook, appendix B, "Example Error Budget Policy"; the 25 % line is an assumption."""


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """
    Events (or slices of time) in the window: how many (`total`), and how many were `bad`.

    `events` and `bad_events` are requests whatever the budgeting method; `coverage` is the share of the elapsed window
    with data; `gap` says why there is none.
    """

    slo: SLO
    window: Window
    total: Fraction
    bad: Fraction
    events: Fraction
    bad_events: Fraction
    coverage: float
    unit: str = "events"
    mean_of_ratios: float | None = None
    """Mean of the ratios of the steps, good / total: what tools that average ratios report."""
    gap: str = ""
    synthetic: bool = False

    @property
    def expected(self) -> Fraction:
        """
        What the whole window counts: `total`, in a calendar period that still runs carried on to its end at its pace.
        """
        window = self.window
        if window.complete or window.elapsed <= timedelta(0):
            return self.total
        return self.total * Fraction(window.length // TICK, window.elapsed // TICK)

    @property
    def allowed(self) -> Fraction:
        """What may be bad in the whole window; exact, because targets are."""
        return self.expected * self.slo.budget_ratio

    @property
    def spent(self) -> Fraction:
        """What was bad."""
        return self.bad

    @property
    def remaining(self) -> Fraction:
        """Allowed less spent; below 0 the objective is missed."""
        return self.allowed - self.spent

    @property
    def availability(self) -> Fraction | None:
        """Share that was good; missing without traffic."""
        return 1 - self.bad / self.total if self.total else None

    @property
    def spent_share(self) -> float | None:
        """Share of the budget used; above 1 the objective is missed; missing where nothing was allowed."""
        return float(self.bad / self.allowed) if self.allowed else None

    @property
    def remaining_share(self) -> float | None:
        """1 - `spent_share`."""
        return float(self.remaining / self.allowed) if self.allowed else None

    @property
    def minutes_allowed(self) -> float:
        """The budget as minutes of full outage in the whole window, at even traffic."""
        return float(self.slo.budget_ratio * Fraction(self.window.length / MINUTE))

    @property
    def minutes_spent(self) -> float | None:
        """What was spent, as minutes of full outage at the traffic seen so far."""
        return float(self.bad / self.total * Fraction(self.window.elapsed / MINUTE)) if self.total else None

    @property
    def met(self) -> bool | None:
        """Whether the objective can still be met in this window; missing without traffic."""
        return self.remaining >= 0 if self.total else None

    @property
    def contract_met(self) -> bool | None:
        """Whether the contract can still be kept in this window; missing without traffic or contract."""
        if not self.total or self.slo.contract is None:
            return None
        return self.bad <= self.expected * (1 - self.slo.contract)


def error_budget(one: History, as_of: datetime, window: Window | None = None) -> ErrorBudget:
    """
    The budget of an objective at `as_of`, over its own window or another one.

    Raises
    ------
    ParameterError
        The objective counts slices that are no whole number of steps.
    """
    over = window or slo_window(one.slo, as_of)
    events, bad_events, _ = one.between(over.start, over.measured_to)
    total, bad, _ = counted(one).between(over.start, over.measured_to)
    return ErrorBudget(
        slo=one.slo,
        window=over,
        total=total,
        bad=bad,
        events=events,
        bad_events=bad_events,
        coverage=one.coverage(over.start, over.measured_to),
        unit="slices" if one.slo.budgeting != "occurrences" else "steps" if one.slo.by_time else "events",
        mean_of_ratios=mean_of_ratios(one, over),
        gap=one.gap,
        synthetic=one.requests.synthetic,
    )


def error_budgets(ones: Iterable[History], as_of: datetime) -> list[ErrorBudget]:
    """The budget of each objective at `as_of`."""
    return [error_budget(one, as_of) for one in ones]


def budgeting_methods(one: History, as_of: datetime) -> list[ErrorBudget]:
    """
    The same window counted by each budgeting method: events, good slices, mean of slice ratios.

    A method whose slices are no whole number of steps is left out.
    """
    found = []
    for method in ("occurrences", "timeslices", "ratio_timeslices"):
        other = one.held_against(replace(one.slo, budgeting=method))
        with suppress(ParameterError):
            found.append(error_budget(other, as_of))
    return found


def earlier_budgets(ones: Sequence[History], budgets: Sequence[ErrorBudget]) -> list[list[ErrorBudget]]:
    """Budgets of each objective's windows before the present one, latest first, where the history holds them whole."""
    found = []
    for one, budget in zip(ones, budgets, strict=True):
        past, window = [], window_before(one.slo, budget.window)
        while window.start >= one.start:
            past.append(error_budget(one, window.end, window))
            window = window_before(one.slo, window)
        found.append(past)
    return found


def mean_of_ratios(one: History, window: Window) -> float | None:
    """Mean of good / total over the steps with traffic; missing where there is none. Not the ratio of the events."""
    first, last = one.slot(window.start), one.slot(window.measured_to)
    total, bad = one.total[first:last], one.bad[first:last]
    busy = total > 0
    return float(1 - np.mean(bad[busy] / total[busy])) if busy.any() else None


def burn_rate(one: History, over: timedelta) -> pd.Series[Any]:
    """
    How many times faster than sustainable the budget burns, over the trailing window `over`, at the end of each step.

    Missing where the window saw no request (silence is not success) and where the target is 100 %, which has no budget.
    Bad ratio / budget ratio, SRE Workbook ch. 5, "Burn Rate".
    """
    total, bad = one.trailing(over)
    values = np.full(len(total), np.nan)
    if one.slo.budget_ratio:
        busy = total > 0
        values[busy] = bad[busy] / total[busy] / float(one.slo.budget_ratio)
    return pd.Series(values, index=one.times + pd.Timedelta(one.step), name="burn_rate").rename_axis("time")


def burn_rate_at(one: History, over: timedelta, at: datetime) -> Fraction | None:
    """The burn rate of the window `over` that ends at `at`, exact; missing without traffic or budget."""
    total, bad, _ = one.between(at - over, at)
    return bad / total / one.slo.budget_ratio if total and one.slo.budget_ratio else None


def burn_down(events: History, budget: ErrorBudget) -> pd.Series[Any]:
    """
    Share of the budget that remains at the end of each step of the window, against what the whole window allows.

    It begins near 1 and ends at `ErrorBudget.remaining_share`; missing where nothing is allowed.
    """
    one = counted(events)
    first, last = one.slot(budget.window.start), one.slot(budget.window.measured_to)
    bad, allowed = one.running[1], float(budget.allowed)
    spent = (bad[first + 1 : last + 1] - bad[first]) * float(one.grain)
    values = 1 - spent / allowed if allowed else np.full(len(spent), np.nan)
    return pd.Series(values, index=one.times[first:last] + pd.Timedelta(one.step), name=one.slo.name)


def policy_state(budget: ErrorBudget, states: Sequence[PolicyState] = WORKBOOK_STATES) -> str:
    """
    The state of the error budget policy: one of the states' names, "no data" or "unclear".

    "unclear" where less than nine tenths of the elapsed window was seen and what was seen would look healthy. A target
    of 100 % allows nothing: one bad event exhausts it.
    """
    if not budget.total:
        return "no data"
    if not budget.allowed:
        return "exhausted" if budget.bad else "healthy"
    share = budget.remaining / budget.allowed
    fitting = [state for state in states if share <= state.up_to] or [max(states, key=lambda s: s.up_to)]
    name = min(fitting, key=lambda state: state.up_to).name
    return "unclear" if name == "healthy" and budget.coverage < ENOUGH_COVERAGE else name


def findings(budgets: Iterable[ErrorBudget]) -> list[Finding]:
    """What a person must know today: contracts and objectives that are missed, budgets that are gone."""
    found = []
    for budget in budgets:
        if budget.availability is None:
            continue
        name, measured = budget.slo.name, percent(budget.availability, 3)
        if budget.contract_met is False and budget.slo.contract is not None:
            size = float((budget.slo.contract - budget.availability) / (1 - budget.slo.contract or 1))
            text = f"{name}: {measured} is below the contract's {target(budget.slo.contract)}"
            found.append(Finding(1, 100 + size, f"{text} ({budget.window.kind})"))
        if budget.met is False:
            text = f"{name}: {measured} misses the objective of {target(budget.slo.target)} ({budget.window.kind})"
            found.append(Finding(1, budget.spent_share or 1.0, text))
            over = f"{number(float(budget.bad))} bad {budget.unit}, {number(float(budget.allowed))} allowed"
            found.append(Finding(2, budget.spent_share or 1.0, f"{name}: the error budget is exhausted ({over})"))
    return found
