"""
Capacity for readers: what is used, what is foreseen and how well, when a limit is reached, by when to order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sre_kit.compute.capacity.exhaustion import Exhaustion, Outlook
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.chart import COLOURS, Chart, figure, naive, named, panels
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong, slug
from sre_kit.units import MISSING, number, percent, span, utc

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESOURCES_GAP: Final = Gap("resources with their limits", "DevOps Engineer", "params: capacity.resources")
COLUMNS: Final = 3
DRAWN: Final = 180
"""Days of history in a figure."""
YEAR_AGO: Final = "last year's season"
CHARTED: Final = 12
"""More resources than this are not legible in one figure; the most urgent are drawn."""


def resource_usage(outlooks: Sequence[Outlook]) -> Table:
    """Each resource with its limit, its use and its headroom; what keeps state and cannot be scaled comes first."""
    rows: list[Sequence[Inline]] = []
    records = []
    for one in outlooks:
        used, resource = one.usage, one.resource
        name = slug(resource.name)
        rows.append(
            (
                resource.name,
                "stateful" if resource.stateful else "stateless",
                resource.scalability,
                _amount(resource.limit, one),
                resource.limit_source or Strong("not known"),
                *(_amount(value, one) for value in (used.mean, used.p95, used.peak)),
                Strong(percent(used.headroom, 1)) if (used.headroom or 0) < 0.1 else percent(used.headroom, 1),
            )
        )
        records += [
            Record(f"capacity.{name}.peak_share", used.peak_share, "ratio", one.reading.query, _window(one)),
            Record(f"capacity.{name}.headroom", used.headroom, "ratio", one.reading.query, _window(one)),
        ]
    columns = ("Resource", "State", "Scales by", "Limit", "Source of the limit", "Mean", "p95", "Peak", "Headroom")
    gaps = [
        Gap(f"where the limit of {one.resource.name} comes from", "DevOps Engineer", "params: capacity.resources")
        for one in outlooks
        if not one.resource.limit_source
    ]
    gaps += [
        Gap(f"use of {one.resource.name}", "DevOps Engineer", "the metrics source", one.reading.gap)
        for one in outlooks
        if one.reading.gap
    ]
    return Table(
        columns,
        rows,
        note="Headroom: what the highest reading left of the limit." if rows else "",
        records=records,
        gaps=gaps if rows else [RESOURCES_GAP],
    )


def resource_trends(outlooks: Sequence[Outlook]) -> Table:
    """What the history of each resource holds: window, coverage, cycles, and how its level moved."""
    rows: list[Sequence[Inline]] = []
    for one in outlooks:
        peaks = one.forecast.history.dropna()
        rows.append(
            (
                one.resource.name,
                _window(one),
                percent(one.reading.coverage, 1),
                ", ".join(one.usage.cycles) or "none found",
                _moved(peaks, one),
                f"{one.usage.days_over} of {one.usage.days} days" if one.usage.days else MISSING,
            )
        )
    return Table(
        ("Resource", "Readings", "Coverage", "Cycles", "Daily peak, first to last four weeks", "Above the limit"),
        rows,
        note=f"Cycles: autocorrelation of changes at 24 hours (hourly means) and 7 days (daily peaks) of at least 0.3. "
        f"{_yearly(outlooks)}"
        if rows
        else "",
        gaps=() if rows else (RESOURCES_GAP,),
    )


def _yearly(outlooks: Sequence[Outlook]) -> str:
    """Whether a yearly season could be found: only with more than a year behind the horizon."""
    known = [one.resource.name for one in outlooks if any(t.name == YEAR_AGO for t in one.forecast.trends)]
    if not known:
        return "A yearly season cannot be found in one year of history; it is given as an event."
    if len(known) == len(outlooks):
        return "The season of a year ago is one of the futures below, weighed like the others."
    return f"Long enough to know the season of a year ago: {', '.join(known)}; elsewhere it is given as an event."


def _moved(peaks: pd.Series[float], one: Outlook) -> str:
    if len(peaks) < 56:
        return MISSING
    return f"{_amount(float(peaks.iloc[:28].median()), one)} to {_amount(float(peaks.iloc[-28:].median()), one)}"


def _window(one: Outlook) -> str:
    return f"{utc(one.reading.start)} to {utc(one.reading.end)}, every {span(one.reading.step)}"


def _amount(value: float | None, one: Outlook) -> str:
    if value is None or value != value:
        return MISSING
    return percent(value, 1) if one.resource.unit == "ratio" else f"{number(value)} {one.resource.unit}"


def plot_headroom(outlooks: Sequence[Outlook]) -> Shown:
    """Peak use and the foreseen upper bound of every resource as shares of their limits, least headroom first."""
    measured = [one for one in outlooks if one.usage.peak_share is not None]
    known = sorted(measured, key=lambda one: one.usage.headroom or 0)
    if not known:
        return Note.gap(RESOURCES_GAP)
    drawn, axes = figure(8, 0.9 + 0.3 * len(known))
    places = np.arange(len(known))[::-1]
    axes.barh(places, [one.usage.peak_share or 0 for one in known], color=COLOURS["sky"], label="highest so far")
    foreseen = [(_highest(one), y) for one, y in zip(known, places, strict=True) if len(one.upper)]
    marks = [x for x, _ in foreseen], [y for _, y in foreseen]
    axes.plot(*marks, "D", color=COLOURS["red"], label="foreseen, upper bound")
    axes.axvline(1, color=COLOURS["grey"], lw=2, label="limit")
    named(axes.yaxis, places, [one.resource.name for one in known])
    axes.set(xlabel="share of the limit", xlim=(0, None))
    axes.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    rows = [
        (
            one.resource.name,
            percent(one.usage.peak_share, 1),
            percent(one.usage.headroom, 1),
            percent(_highest(one), 1) if len(one.upper) else "no forecast",
        )
        for one in known
    ]
    least = known[0]
    over = sum(1 for x, _ in foreseen if x > 1)
    ahead = f"{over} of {len(foreseen)} that have a forecast are foreseen above their limit at the upper bound"
    alt = (
        f"{least.resource.name} has the least headroom, {percent(least.usage.headroom, 1)}; "
        f"{ahead if foreseen else 'no resource has a usable forecast'}."
    )
    columns = ("Resource", "Highest so far", "Headroom", "Foreseen, upper bound of 80 %")
    return Chart(drawn, name="headroom", alt=alt, data=Table(columns, rows))


def _highest(one: Outlook) -> float:
    return float(one.upper.max()) / one.resource.limit


def forecasts(outlooks: Sequence[Outlook]) -> Table:
    """How each resource is foreseen and how well that went before: the back-test beside the forecast."""
    rows: list[Sequence[Inline]] = []
    for one in outlooks:
        test = one.forecast.backtest
        rows.append(
            (
                one.resource.name,
                one.forecast.method if test else MISSING,
                f"{one.forecast.horizon} d",
                _scaled(test.mase if test else None),
                _scaled(test.seasonal_naive if test else None),
                _scaled(test.base_rate if test else None),
                percent(test.coverage, 0) + f", up to {test.covered_steps} d" if test and test.covered else MISSING,
                f"{test.origins} ({test.independent})" if test else MISSING,
                _verdict(one),
            )
        )
    return Table(
        (
            "Resource",
            "Method",
            "Horizon",
            "MASE",
            "Repeating the last week",
            "Median of the past",
            "Inside the 80 % interval",
            "Origins (side by side)",
            "Verdict",
        ),
        rows,
        note="Mean absolute scaled error: 1 is the error of repeating the last week, measured in the past. Origins "
        "overlap; how many windows fit side by side is what the evidence weighs."
        if rows
        else "",
        gaps=() if rows else (RESOURCES_GAP,),
    )


def _verdict(one: Outlook) -> Inline:
    """Used or refused; a shorter horizon than asked for; an interval that held less than it promises."""
    if one.refused:
        return Strong(f"refused: {one.refused}")
    test = one.forecast.backtest
    rough = ["rough: its interval held too little"] if test is not None and test.rough else []
    return "; ".join([one.note or "used", *rough])


def _scaled(value: float | None) -> str:
    return MISSING if value is None or value != value else f"{value:.2f}"


def plot_forecasts(outlooks: Sequence[Outlook]) -> Shown:
    """History, forecast with its 80 % interval and limit of each resource, most urgent first."""
    known = sorted((one for one in outlooks if len(one.forecast.history)), key=urgency)[:CHARTED]
    if not known:
        return Note.gap(RESOURCES_GAP)
    drawn, placed = panels(len(known), COLUMNS, 10, 2.1)
    for axes, one in zip(placed, known, strict=True):
        _draw(axes, one)
    rows = [
        (
            one.resource.name,
            _amount(float(one.forecast.history.dropna().iloc[-28:].median()), one),
            f"{_amount(float(one.lower.iloc[-1]), one)} to {_amount(float(one.upper.iloc[-1]), one)}"
            if len(one.upper)
            else "refused",
            _when(one.exhaustion),
        )
        for one in known
    ]
    columns = ("Resource", "Daily peak, last four weeks", "At the end of the horizon, 80 %", "Limit reached, P50")
    return Chart(drawn, name="forecasts", alt=_forecast_conclusion(known), data=Table(columns, rows))


def urgency(one: Outlook) -> tuple[float, float, float]:
    """Sorts outlooks: earliest P10, then earliest P50, then least headroom."""
    found = one.exhaustion
    never = float("inf")
    return (
        never if found is None or found.p10 is None else found.p10,
        never if found is None or found.p50 is None else found.p50,
        one.usage.headroom if one.usage.headroom is not None else never,
    )


def _draw(axes: Axes, one: Outlook) -> None:
    from matplotlib.dates import date2num

    history = one.forecast.history.iloc[-DRAWN:] / one.resource.limit
    whole = pd.DatetimeIndex(history.index.append(one.upper.index))
    at, days = naive(whole), pd.date_range(whole[0].ceil("1D"), whole[-1], periods=4)[:-1].floor("1D")
    named(axes.xaxis, date2num(naive(days)), [f"{day:%d %b}" for day in days])  # type: ignore[no-untyped-call]
    split = len(history)
    if _left_out(one):
        peaks = one.peaks.reindex(history.index) / one.resource.limit
        axes.plot(at[:split], peaks.to_numpy(), color=COLOURS["grey"], lw=0.6, alpha=0.6)
    axes.plot(at[:split], history.to_numpy(), color=COLOURS["blue"], lw=0.8)
    if len(one.upper):
        limit = one.resource.limit
        low, high = one.lower.to_numpy() / limit, one.upper.to_numpy() / limit
        axes.fill_between(at[split:], low, high, color=COLOURS["orange"], alpha=0.35, lw=0)
        axes.plot(at[split:], one.centre.to_numpy() / limit, color=COLOURS["orange"], lw=1)
    axes.axhline(1, color=COLOURS["red"], lw=1)
    axes.set_title(one.resource.name, fontsize=9, loc="left")
    axes.tick_params(labelsize=7)
    axes.set_ylim(0, None)


def _left_out(one: Outlook) -> bool:
    """Whether days of events lie in what is drawn: they are no part of the history that is foreseen from."""
    history = one.forecast.history.iloc[-DRAWN:]
    return bool((history.isna() & one.peaks.reindex(history.index).notna()).any())


def _forecast_conclusion(known: Sequence[Outlook]) -> str:
    told = _reached_conclusion(known)
    grey = " Grey: days of known events, which are left out of the history." if any(map(_left_out, known)) else ""
    return told + grey


def _reached_conclusion(known: Sequence[Outlook]) -> str:
    reached = [one for one in known if one.exhaustion is not None and one.exhaustion.p50 is not None]
    refused = sum(1 for one in known if one.refused)
    if refused == len(known):
        return f"None of {len(known)} resources has a usable forecast; their histories stand alone."
    if not reached:
        return f"No resource is more likely than not to reach its limit within the horizon; {refused} have no forecast."
    first = min(reached, key=lambda one: one.exhaustion.p50 if one.exhaustion and one.exhaustion.p50 is not None else 0)
    days = first.exhaustion.p50 if first.exhaustion else None
    return (
        f"{len(reached)} of {len(known)} resources are more likely than not to reach their limit within the horizon, "
        f"{first.resource.name} first, in {days} days; {refused} have no forecast."
    )


def exhaustion_dates(outlooks: Sequence[Outlook]) -> Table:
    """When each limit is reached, how likely that is within the horizon, and by when to order."""
    rows: list[Sequence[Inline]] = []
    records: list[Record] = []
    findings: list[Finding] = []
    for one in sorted(outlooks, key=urgency):
        found, name = one.exhaustion, slug(one.resource.name)
        rows.append(
            (
                one.resource.name,
                *(_days(found, p) for p in ("p10", "p50", "p90")),
                percent(found.probability, 0) if found else MISSING,
                span(one.resource.lead_time),
                _order(found),
                _remark(one),
            )
        )
        for p in ("p10", "p50", "p90"):
            records.append(Record(f"capacity.{name}.days_to_limit_{p}", getattr(found, p) if found else None, "d"))
        day = found.order_by if found else None
        records.append(Record(f"capacity.{name}.order_by", day.isoformat() if day else None, "date"))
        if found and found.passed:
            findings.append(Finding(4, found.probability, _late(one, found)))
        elif found and found.p10 is not None:
            findings.append(Finding(7, found.probability, _soon(one, found)))
    return Table(
        ("Resource", "P10", "P50", "P90", "Within the horizon", "Lead time", "Order by", "Remark"),
        rows,
        note="Days from the report time until the third day of seven above the limit, in 10, 50 and 90 % of the "
        "weighted futures. Order by: P10 minus the lead time."
        if rows
        else "",
        records=records,
        findings=findings,
        gaps=() if rows else (RESOURCES_GAP,),
    )


def _remark(one: Outlook) -> str:
    if one.refused:
        return f"{one.usage.days_over} of {one.usage.days} days above the limit so far; {one.refused}"
    test = one.forecast.backtest
    parts = [one.note] if one.note else []
    found = one.exhaustion
    if found is not None and found.p10 is None and found.lead_time > timedelta(days=found.horizon_days):
        parts.append(
            f"the horizon of {found.horizon_days} d ends before the lead time of {span(found.lead_time)}: "
            "whether to order now cannot be said"
        )
    if test is not None and test.rough:
        parts.append(f"rough: the 80 % interval held only {percent(test.coverage, 0)} of the values in the back-test")
    return "; ".join(parts) or MISSING


def _days(found: Exhaustion | None, which: str) -> str:
    if found is None:
        return "no date"
    days = getattr(found, which)
    return f"not within {found.horizon_days} d" if days is None else f"{days} d"


def _when(found: Exhaustion | None) -> str:
    return _days(found, "p50")


def _order(found: Exhaustion | None) -> Inline:
    if found is None or found.order_by is None:
        return MISSING
    return Strong(f"{found.order_by}, passed") if found.passed else f"{found.order_by}"


def _late(one: Outlook, found: Exhaustion) -> str:
    return (
        f"{one.resource.name}: the order-by date {found.order_by} has passed; the limit may be reached in {found.p10} "
        f"days and ordering takes {span(found.lead_time)}"
    )


def _soon(one: Outlook, found: Exhaustion) -> str:
    step = f": {one.resource.next_step}" if one.resource.next_step else ""
    return f"{one.resource.name} may reach its limit in {found.p10} days; order by {found.order_by}{step}"
