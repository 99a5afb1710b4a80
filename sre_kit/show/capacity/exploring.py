"""
Capacity to explore: growth, room to keep, horizon, lead time and events move the date by which to order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sre_kit.compute.capacity.exhaustion import Exhaustion, Outlook, exhaustion_under, scenario_paths
from sre_kit.compute.capacity.plan import CapacityPlan, Event, GrowthScenario
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.capacity.outlook import urgency
from sre_kit.show.chart import ABOVE, COLOURS, times
from sre_kit.show.keeping import Kept, length, written
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View, worded
from sre_kit.units import MISSING, percent, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DECIDED: Final = "as decided"
LEADS: Final = tuple(timedelta(days=days) for days in (0, 1, 3, 7, 14, 30, 45, 60, 90, 120))
DRAWN: Final = 120
"""Days of history in the figure."""


def capacity_explorer(outlooks: Sequence[Outlook], plan: CapacityPlan) -> Shown:
    """
    Growth, room to keep free, horizon, lead time and events to choose.

    The document shows the weighted mean growth, nothing kept free, the longest horizon, and what is decided.
    """
    usable = sorted((one for one in outlooks if one.exhaustion is not None), key=urgency)
    if not usable:
        why = "every forecast was refused" if outlooks else "no resource is measured"
        return Note.gap(Gap("a usable forecast", "DevOps Engineer", "the metrics source", why))
    events = {DECIDED: plan.events, "none": [], **_without(plan.events)}

    def view(resource: str, growth: float, headroom: int, horizon: int, lead: timedelta | None, events_of: str) -> View:
        changed = replace(plan, events=events[events_of])
        moved = [_led(one, lead) for one in usable]
        monthly, share = growth / 100, 1 - headroom / 100
        found = [exhaustion_under(one, changed, monthly, share, horizon) for one in moved]
        title = f"Growth {growth:g} % a month, {headroom:g} % kept free, {horizon} days"
        at = next(number for number, one in enumerate(moved) if one.resource.name == resource)
        said = _conclusion(moved[at], found[at], title)
        rows = _rows(moved, found, resource)
        columns = (title, "P10", "P50", "P90", "Within the horizon", "Lead time", "Order by")
        draw = _drawing(moved[at], changed, monthly, share, horizon)
        return View(said, (Table(columns, rows, note="Bold: the resource of the sentence above."),), draw=draw)

    def keep(resource: str, growth: float, headroom: int, horizon: int, lead: timedelta | None, events_of: str) -> Kept:
        chosen = next(one.resource for one in usable if one.resource.name == resource)
        ahead = timedelta(days=horizon)
        capacity: dict[str, Any] = {"horizon": length(ahead)}
        if growth != mean:
            capacity["scenarios"] = [written(GrowthScenario("explored", round(growth / 100, 6), 1.0, "explored"))]
        if events_of != DECIDED:
            capacity["events"] = [written(one) for one in events[events_of]]
        if lead is not None:
            capacity["resources"] = [written(replace(chosen, lead_time=lead), always=("lead_time",))]
        room = [f"{headroom} % kept free; where somebody must act is trigger, of each resource"] if headroom else []
        was = {} if ahead == plan.horizon else {"horizon": length(plan.horizon)}
        was |= {} if lead is None else {"lead_time": length(chosen.lead_time)}
        return Kept({"capacity": capacity}, room, was)

    furthest, mean = max(one.forecast.horizon for one in usable), round(_mean(plan) * 100, 1)
    controls: dict[str, Control] = {
        "resource": Choice("Resource", {name: name for name in (one.resource.name for one in usable)},
                           usable[0].resource.name),
        "growth": Amount("Growth, % a month", mean, min(0.0, mean), max(20.0, mean), 0.1),
        "headroom": Amount("Kept free, %", 0, 0, 50),
        "horizon": Amount("Horizon, days", furthest, min(7, furthest), furthest),
        "lead": Choice("Lead time", {DECIDED: None, **worded(LEADS, _lead)}, None,
                       ordered=True),
        "events_of": Choice("Events", {name: name for name in events}, DECIDED),
    }  # fmt: skip
    return Explorer(name="Capacity", controls=controls, view=view, keep=keep)


def _mean(plan: CapacityPlan) -> float:
    weights = sum(one.weight for one in plan.scenarios)
    return sum(one.monthly * one.weight for one in plan.scenarios) / weights if weights else 0.0


def _without(events: Sequence[Event]) -> dict[str, list[Event]]:
    gone = worded(range(len(events)), lambda at: f"without {events[at].name}")
    return {words: [*events[:at], *events[at + 1 :]] for words, at in gone.items()}


def _lead(one: timedelta) -> str:
    return span(one) if one else "none"


def _led(one: Outlook, lead: timedelta | None) -> Outlook:
    return one if lead is None else replace(one, resource=replace(one.resource, lead_time=lead))


def _rows(outlooks: Sequence[Outlook], found: Sequence[Exhaustion], chosen: str) -> list[Sequence[Inline]]:
    rows: list[Sequence[Inline]] = []
    for one, when in zip(outlooks, found, strict=True):
        never = f"not within {when.horizon_days} d"
        days = [never if p is None else f"{p} d" for p in (when.p10, when.p50, when.p90)]
        name = one.resource.name
        order = f"{when.order_by}" if when.order_by else MISSING
        said: Inline = Strong(name) if name == chosen else name
        rows.append((said, *days, percent(when.probability, 0), span(when.lead_time), order))
    return rows


def _conclusion(one: Outlook, when: Exhaustion, title: str) -> str:
    words = f"{title}: {one.resource.name} "
    if when.p10 is None:
        if not when.probability:
            return f"{words}is not exhausted within {when.horizon_days} days in any future."
        return f"{words}is exhausted within {when.horizon_days} days in {percent(when.probability, 0)} of the futures."
    half = "not within the horizon in half of them" if when.p50 is None else f"after {when.p50} days in half of them"
    late = ", which has passed" if when.passed else ""
    return f"{words}is exhausted after {when.p10} days in one future of ten, {half}; order by {when.order_by}{late}."


def _drawing(one: Outlook, plan: CapacityPlan, monthly: float, share: float, horizon: int) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        days = min(one.forecast.horizon, horizon)
        paths = scenario_paths(one.forecast, monthly, plan.events, one.demand.share)[:, :days]
        low, centre, high = np.quantile(paths, (0.1, 0.5, 0.9), axis=0) / one.resource.limit
        past = one.forecast.history.iloc[-DRAWN:] / one.resource.limit
        ahead = pd.DatetimeIndex(one.forecast.point.index[:days])
        at = times(axes, pd.DatetimeIndex([*past.index, *ahead]))
        split = len(past)
        axes.plot(at[:split], past.to_numpy(), color=COLOURS["blue"], linewidth=1, label="daily peak")
        axes.fill_between(at[split:], low, high, color=COLOURS["orange"], alpha=0.35, lw=0, label="80 % of the futures")
        axes.plot(at[split:], centre, color=COLOURS["orange"], linewidth=1.2, label="half of them")
        axes.axhline(1, color=COLOURS["red"], linewidth=1, label="limit")
        if share < 1:
            axes.axhline(share, color=COLOURS["red"], linewidth=1, linestyle="--", label="with room kept")
        axes.set(ylabel="share of the limit", ylim=(0, None))
        axes.set_title("")
        axes.legend(**ABOVE)

    return draw
