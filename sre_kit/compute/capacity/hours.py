"""
The next two days by the hour: what an autoscaler will see before anybody could order anything.

Hourly means, not daily peaks; the week's profile where four weeks are known, else the day's. Near the present the last
day knows most, so the level is that of the last two days. Held to the same refusals as the long forecast. On real
series the 80 % interval held 79 % of what came where nine weeks were known, and 64 % where one or two were: a short
history has seen too few kinds of days, and is called rough whatever its own back-test says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from sre_kit.compute.capacity.exhaustion import Outlook, event_factors, without_events
from sre_kit.compute.capacity.forecast import Forecast, forecasts
from sre_kit.compute.capacity.plan import CapacityPlan, Resource

HOURS: Final = 48
WEEK: Final = 168
ENOUGH: Final = timedelta(days=28)
"""A shorter history makes a rough interval."""
REMEMBERED: Final = timedelta(days=63)
"""Older hours change neither profile nor level."""


@dataclass(frozen=True, slots=True, eq=False)
class NextHours:
    """The highest foreseen hourly mean, when, and its 80 % interval; missing where the forecast was refused."""

    resource: Resource
    forecast: Forecast
    highest: float | None = None
    at: datetime | None = None
    low: float | None = None
    high: float | None = None

    @property
    def rough(self) -> str:
        """Why the interval is narrower than it says; empty where nothing speaks for that."""
        history, test = self.forecast.history.dropna(), self.forecast.backtest
        if test is not None and test.rough:
            return "its interval held too little"
        known = history.index[-1] - history.index[0] if len(history) else timedelta(0)
        return f"{known // timedelta(days=1)} days of history are few" if known < ENOUGH else ""


def next_hours(outlooks: Sequence[Outlook], plan: CapacityPlan, hours: int = HOURS) -> list[NextHours]:
    """
    The next `hours` of every resource that moves by the hour; what only fills is left to the daily forecast.

    What is read less than every hour says nothing about one, and is left out.
    """
    every = timedelta(hours=1)
    moving = [
        one for one in outlooks if one.resource.kind != "disk" and one.reading.step <= every and not one.reading.gap
    ]
    series = []
    for one in moving:
        known = one.reading.values.dropna()
        means = known[known.index > known.index[-1] - REMEMBERED].resample("1h").mean() if len(known) else known
        series.append(without_events(means, plan.events).rename(one.resource.name))
    periods = [WEEK if len(values) >= 4 * WEEK else 24 for values in series]
    found: dict[int, Forecast] = {}
    for period in dict.fromkeys(periods):
        members = [at for at, one in enumerate(periods) if one == period]
        made = forecasts([series[at] for at in members], hours, period=period, per_day=24)
        found.update(zip(members, made, strict=True))
    return [_highest(one, found[at], plan) for at, one in enumerate(moving)]


def _highest(one: Outlook, found: Forecast, plan: CapacityPlan) -> NextHours:
    if found.refused:
        return NextHours(one.resource, found)
    factors = 1 + one.demand.share * (event_factors(found.point.index, plan.events) - 1)
    point, low, high = (line * factors for line in (found.point, found.lower, found.upper))
    at = int(point.to_numpy().argmax())
    highest, lowest, most = (float(line.iloc[at]) for line in (point, low, high))
    return NextHours(one.resource, found, highest, pd.Timestamp(point.index[at]).to_pydatetime(), lowest, most)
