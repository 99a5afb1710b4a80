"""
What a forecast is made of, for readers: each trend with its weight, the next two days, the dates under each scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.capacity.exhaustion import Exhaustion, Outlook, exhaustion_under
from sre_kit.compute.capacity.hours import NextHours
from sre_kit.compute.capacity.plan import CapacityPlan, Resource
from sre_kit.show.capacity.outlook import urgency
from sre_kit.show.shown import Note
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, number, percent

_METHODS: Final = {
    "weekly profile": "Daily peaks are foreseen by a weekly profile, re-levelled on the last four weeks. Beside the "
    "level stand a trend that fades and one that goes on; each counts by how small its errors were before, so that a "
    "trend weighs where use only accumulates.",
    "MSTL and ETS": "Daily peaks are foreseen by MSTL with ETS (statsforecast), as the params ask: the week is taken "
    "out, and what is left is smoothed exponentially. The next two days are foreseen by a weekly profile.",
}


def forecast_method(plan: CapacityPlan) -> Note:
    """How daily peaks are foreseen, as the plan chose."""
    return Note(_METHODS[plan.method])


def trend_scenarios(outlooks: Sequence[Outlook]) -> Table:
    """Each trend's weight and value at the end of the horizon, and what they make together."""
    known = [one for one in outlooks if one.forecast.trends and not one.refused]
    # a future that needs a year behind it is not everybody's
    most = max(known, key=lambda one: len(one.forecast.trends), default=None)
    names = [trend.name for trend in most.forecast.trends] if most else []
    rows: list[Sequence[Inline]] = []
    for one in known:
        shown = {trend.name: f"{_amount(trend.end, one)} ({percent(trend.weight, 0)})" for trend in one.forecast.trends}
        together = _amount(float(one.forecast.point.iloc[-1]), one)
        rows.append((one.resource.name, *(shown.get(name, MISSING) for name in names), together))
    return Table(
        ("Resource", *names, "together"),
        rows,
        note="Daily peak at the end of the horizon, in brackets the weight; before growth and events." if rows else "",
        empty="" if rows else "No forecast is used, so no trend is weighed.",
    )


def _amount(value: float, one: Outlook) -> str:
    if value != value:
        return MISSING
    return percent(value, 1) if one.resource.unit == "ratio" else f"{number(value)} {one.resource.unit}"


def short_forecasts(found: Sequence[NextHours]) -> Table:
    """The highest hour of the next two days, with its interval and its back-test."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        test = one.forecast.backtest
        known = one.highest is not None and one.low is not None and one.high is not None
        rows.append(
            (
                one.resource.name,
                _share(one.highest, one.resource),
                f"{one.at:%a %Y-%m-%d %H:00Z}" if one.at else MISSING,
                f"{_share(one.low, one.resource)} to {_share(one.high, one.resource)}" if known else MISSING,
                f"{test.mase:.2f}" if test else MISSING,
                f"{test.seasonal_naive:.2f}" if test else MISSING,
                f"{percent(test.coverage, 0)}, {test.origins} origins" if test and test.covered else MISSING,
                _verdict(one),
            )
        )
    return Table(
        ("Resource", "Highest hour", "When", "80 %", "MASE", "Repeating the cycle", "Inside the 80 %", "Verdict"),
        rows,
        note="Hourly means 48 hours ahead, share of the limit; what only fills is left out, and so is what is not read "
        "every hour."
        if rows
        else "",
        empty="" if rows else "No resource that moves by the hour is read every hour.",
    )


def _verdict(one: NextHours) -> Inline:
    if one.forecast.refused:
        return Strong(f"refused: {one.forecast.refused}")
    return f"rough: {one.rough}" if one.rough else "used"


def exhaustion_scenarios(outlooks: Sequence[Outlook], plan: CapacityPlan) -> Table:
    """When each limit is reached under each growth scenario alone: median day and probability within the horizon."""
    usable = sorted((one for one in outlooks if one.exhaustion is not None), key=urgency)
    rows: list[Sequence[Inline]] = []
    for one in usable:
        under = [exhaustion_under(one, plan, scenario.monthly) for scenario in plan.scenarios]
        if any(found.probability >= 0.005 for found in under):
            rows.append((one.resource.name, *(_reached(found) for found in under)))
    names = [f"{one.name}, {percent(one.monthly, 1)} a month" for one in plan.scenarios]
    never = "Under no scenario is a limit reached within the horizon."
    return Table(
        ("Resource", *names),
        rows,
        note="P50 and, in brackets, the probability within the horizon." if rows else "",
        empty=never if usable and plan.scenarios else "Without a forecast and growth scenarios there is no date.",
    )


def _reached(found: Exhaustion) -> str:
    day = f"not within {found.horizon_days} d" if found.p50 is None else f"{found.p50} d"
    return f"{day} ({percent(found.probability, 0)})"


def _share(value: float | None, resource: Resource) -> str:
    return percent(value / resource.limit, 1) if value is not None else MISSING
