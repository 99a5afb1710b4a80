"""
When the budget ends, and when it comes back.

The future is drawn from the past, day by day (a day keeps its own mixture of good and bad hours), with a fixed seed.
What a rolling window gives back is no forecast: the days on which old errors leave it are known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import numpy as np

from sre_kit.compute.slo.budget import ErrorBudget
from sre_kit.compute.slo.counts import History, Numbers, counted, days
from sre_kit.compute.statistics import SEED

DRAWS: Final = 2000
DAY: Final = timedelta(days=1)
ENOUGH_DAYS: Final = 14
"""Fewer days of history give no forecast."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What the next days do to a budget: it runs out, or, being exhausted, comes back (`recovers`).

    `probability` of that within `horizon`; `p10`, `p50`, `p90` are days from now, missing where that share of the
    drawn futures does not reach it within the horizon. `drawn_from` is the number of days of history; `refused` says
    why there is no forecast.
    """

    budget: ErrorBudget
    recovers: bool
    horizon: timedelta
    probability: float | None = None
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    drawn_from: int = 0
    refused: str = ""


def exhaustion_forecast(events: History, budget: ErrorBudget, as_of: datetime, *, seed: int = SEED) -> Forecast:
    """
    Draw futures of one window's length (to the period's end for a calendar window) from the days of the history.

    Rolling: each future day adds a drawn day and drops the oldest. Calendar: days only add up.
    """
    one = counted(events)
    rolling = not one.slo.calendar
    horizon = budget.window.length if rolling else budget.window.end - budget.window.measured_to
    total, bad = days(one, as_of)
    refused = _refused(budget, len(total), horizon)
    recovers = budget.remaining < 0 and rolling
    if refused:
        return Forecast(budget, recovers, horizon, drawn_from=len(total), refused=refused)
    ahead = max(1, -(-horizon // DAY))
    picks = np.random.default_rng(seed).integers(0, len(total), (DRAWS, ahead))
    more_total, more_bad = np.cumsum(total[picks], axis=1), np.cumsum(bad[picks], axis=1)
    left_total, left_bad = _leaving(one, budget, ahead) if rolling else (0, 0)
    now_total, now_bad = float(budget.total), float(budget.bad)
    events_then = now_total + more_total - left_total if rolling else now_total + more_total[:, -1:]
    allowed = events_then * float(one.slo.budget_ratio)
    spent = now_bad + more_bad - left_bad
    reached = spent <= allowed if recovers else spent > allowed
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, np.inf)
    quantiles = [float(q) for q in np.quantile(first, [0.1, 0.5, 0.9], method="inverted_cdf")]
    p10, p50, p90 = (q if np.isfinite(q) else None for q in quantiles)
    return Forecast(budget, recovers, horizon, float(np.isfinite(first).mean()), p10, p50, p90, len(total))


def exhaustion_forecasts(ones: Sequence[History], budgets: Sequence[ErrorBudget], as_of: datetime) -> list[Forecast]:
    """The forecast of each budget."""
    return [exhaustion_forecast(one, budget, as_of) for one, budget in zip(ones, budgets, strict=True)]


def _refused(budget: ErrorBudget, history: int, horizon: timedelta) -> str:
    if budget.gap or not budget.total:
        return "no traffic was measured in the window"
    if not budget.slo.budget_ratio:
        return "a target of 100 % has no budget to forecast"
    if history < ENOUGH_DAYS:
        return f"{history} days of history, at least {ENOUGH_DAYS} are needed"
    if horizon <= timedelta(0):
        return "the period ends now"
    return "it is gone until the period ends" if budget.slo.calendar and budget.remaining < 0 else ""


def _leaving(one: History, budget: ErrorBudget, ahead: int) -> tuple[Numbers, Numbers]:
    """Events and bad events that have left the rolling window after 1, 2, … days."""
    start = budget.window.start
    edges = np.array([one.slot(start + k * DAY) for k in range(ahead + 1)])
    total, bad, _ = one.running
    size = float(one.grain)
    return (total[edges[1:]] - total[edges[0]]) * size, (bad[edges[1:]] - bad[edges[0]]) * size


@dataclass(frozen=True, slots=True)
class Returning:
    """In [`start`, `end`) `bad` old events (or slices) leave the window; `left` of the old ones then stay in it."""

    start: datetime
    end: datetime
    bad: Fraction
    left: Fraction


def returning_budget(events: History, budget: ErrorBudget) -> list[Returning]:
    """
    The days on which spent budget comes back, exactly, oldest first; empty for a calendar window.

    Days on which nothing bad leaves are left out. The sum over the schedule is what is spent now.
    """
    one = counted(events)
    if one.slo.calendar:
        return []
    found, left = [], budget.bad
    for k in range(-(-budget.window.length // DAY)):
        begin = budget.window.start + k * DAY
        end = min(begin + DAY, budget.window.measured_to)
        bad = one.between(begin, end)[1]
        left -= bad
        if bad:
            found.append(Returning(begin + budget.window.length, end + budget.window.length, bad, left))
    return found


def back_above_zero(one: History, budget: ErrorBudget) -> datetime | None:
    """
    When an exhausted rolling budget is positive again if nothing else fails, at the traffic of the window just past.

    Missing where it is not exhausted, or does not come back within one window.
    """
    if budget.remaining >= 0 or not budget.allowed:
        return None
    return next((day.end for day in returning_budget(one, budget) if day.left <= budget.allowed), None)
