"""
When a resource runs out: use, demand, growth and events joined to a forecast, and the day that it means.

A limit counts as reached on the third day of seven that passes it, not on the first touch. A growth scenario multiplies
the part of the use that follows demand; where the forecast has a trend (what accumulates), it speeds the trend up.
Scenarios are weighted: the dates are quantiles over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sre_kit.compute.capacity.decomposition import ORIGINS, Decomposition
from sre_kit.compute.capacity.forecast import MAX_ORIGINS, Forecast, daily_peaks, forecasts, hourly_means, reach
from sre_kit.compute.capacity.plan import CapacityPlan, Event, GrowthScenario, Resource
from sre_kit.compute.capacity.profile import medians
from sre_kit.compute.vocabulary import Reading, Requests

Floats = NDArray[np.float64]

MONTH_DAYS: Final = 365.25 / 12
WEEK: Final = 7
CROSSING_DAYS: Final = 3
CROSSING_OF: Final = 7
LEAST_DEMAND_FIT: Final = 0.5
"""Below this share of explained variance the use is taken to follow demand in full."""
AS_MEASURED: Final = GrowthScenario("as measured", 0.0, 1.0, "no scenario is given")


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of a resource, in its own unit, over `readings` steps; missing where nothing was measured."""

    resource: Resource
    mean: float | None
    p95: float | None
    peak: float | None
    readings: int
    days: int
    days_over: int
    coverage: float
    cycles: tuple[str, ...]
    """Seasonal cycles found: "daily", "weekly"."""

    @property
    def peak_share(self) -> float | None:
        """Highest use as a share of the limit."""
        return None if self.peak is None else self.peak / self.resource.limit

    @property
    def headroom(self) -> float | None:
        """What the highest use left of the limit, 0..1; below 0 the limit was passed."""
        return None if self.peak is None else 1 - self.peak / self.resource.limit

    def without(self, lost: int, share: float = 1.0) -> float | None:
        """
        Peak share if `lost` instances were gone and the rest carried their part; missing without instances.

        Only the `share` that follows demand moves to the rest: what an idle process needs is lost with it.
        """
        count = self.resource.instances
        if self.peak is None or not count or count <= lost:
            return None
        return self.peak / self.resource.limit * (1 + share * lost / (count - lost))


@dataclass(frozen=True, slots=True)
class DemandFit:
    """``use = idle + per_unit * demand``, by least squares on daily peaks; `share` of today's use follows demand."""

    idle: float
    per_unit: float
    r_squared: float
    days: int
    share: float
    assumed: str = ""
    """Why the share is an assumption; empty when it was measured or decided."""


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """
    Days from the report time until the limit is reached, in 10, 50 and 90 % of the futures.

    ``None`` is a value: not within `horizon_days`.
    `probability` is the share of futures that reach it within the horizon.
    """

    p10: int | None
    p50: int | None
    p90: int | None
    probability: float
    horizon_days: int
    order_by: date | None
    lead_time: timedelta
    passed: bool
    """Whether the order-by date lies before the report time."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """A resource today and in the horizon; `exhaustion` is missing where the forecast was refused."""

    resource: Resource
    reading: Reading
    usage: Usage
    forecast: Forecast
    demand: DemandFit
    exhaustion: Exhaustion | None
    lower: pd.Series[Any]
    upper: pd.Series[Any]
    centre: pd.Series[Any]
    """The weighted scenarios' 10, 90 and 50 % lines, events included; empty where the forecast was refused."""
    note: str = ""
    peaks: pd.Series[Any] = field(default_factory=lambda: pd.Series(dtype="float64"))
    """Daily peaks as they were read, the days of events included."""

    @property
    def past_trigger(self) -> int:
        """On how many of the last seven days the use passed its trigger; 0 where none is decided."""
        trigger, peaks = self.resource.trigger, self.peaks.iloc[-CROSSING_OF:]
        return 0 if trigger is None else int((peaks >= float(trigger) * self.resource.limit).sum())

    @property
    def due(self) -> bool:
        """Whether the trigger asks for its action now, on three days of seven, and no forecast dates it."""
        dated = self.exhaustion is not None and self.exhaustion.order_by is not None
        return self.past_trigger >= CROSSING_DAYS and not dated

    @property
    def refused(self) -> str:
        """Why there is no date; empty where there is one."""
        return self.reading.gap or self.forecast.refused


def usages(measured: Sequence[tuple[Resource, Reading]]) -> list[Usage]:
    """Use of each resource, least headroom first; what was not measured comes last."""
    found = [usage(resource, reading) for resource, reading in measured]
    return sorted(found, key=lambda one: 2.0 if one.headroom is None else one.headroom)


def usage(resource: Resource, reading: Reading, use: pd.Series[Any] | None = None) -> Usage:
    """Mean, 95th percentile and peak of the readings, and which cycles they follow; `use`: their daily peaks."""
    known = reading.values.dropna().astype("float64")
    if known.empty:
        return Usage(resource, None, None, None, 0, 0, 0, reading.coverage, ())
    daily = daily_peaks(known) if use is None else use
    peaks = daily.dropna()
    return Usage(
        resource=resource,
        mean=float(known.mean()),
        p95=float(np.quantile(known.to_numpy(), 0.95)),
        peak=float(known.max()),
        readings=len(known),
        days=len(peaks),
        days_over=int((peaks > resource.limit).sum()),
        coverage=reading.coverage,
        cycles=cycles(known, daily),
    )


def cycles(values: pd.Series[Any], use: pd.Series[Any], *, least: float = 0.3) -> tuple[str, ...]:
    """
    Which of "daily" and "weekly" the series repeats: autocorrelation of differenced hourly means (lag 24) and daily
    peaks `use` (lag 7) of at least `least`, over two cycles or more.
    """
    found = []
    for name, series, lag in (("daily", hourly_means(values), 24), ("weekly", use, 7)):
        change = series.diff()
        if len(change) >= 2 * lag + 1 and change.std() > 0 and change.corr(change.shift(lag)) >= least:
            found.append(name)
    return tuple(found)


def demand_fit(resource: Resource, use: pd.Series[Any], demand: pd.Series[Any] | None) -> DemandFit:
    """How much of the daily peak `use` follows the daily peak `demand`; in full where that cannot be told."""
    if resource.demand_share is not None:
        return DemandFit(np.nan, np.nan, np.nan, 0, float(resource.demand_share))
    if demand is None or demand.empty:
        return DemandFit(np.nan, np.nan, np.nan, 0, 1.0, "demand is not measured")
    y, x = (values.to_numpy(dtype=float) for values in use.align(demand, join="inner"))
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 2 * CROSSING_OF or np.ptp(x) == 0 or np.ptp(y) == 0:
        return DemandFit(np.nan, np.nan, np.nan, len(x), 1.0, f"{len(x)} days are too few to tell")
    slope, idle = np.polyfit(x, y, 1)
    fit = float(np.corrcoef(x, y)[0, 1]) ** 2
    if fit < LEAST_DEMAND_FIT or slope <= 0:
        return DemandFit(float(idle), float(slope), fit, len(x), 1.0, f"demand explains {fit:.2f} of the variance")
    share = float(np.clip(slope * np.median(x[-28:]) / np.median(y[-28:]), 0, 1))
    return DemandFit(float(idle), float(slope), fit, len(x), share)


def outlook(
    resource: Resource, reading: Reading, plan: CapacityPlan, as_of: datetime, demand: pd.Series[Any] | None = None
) -> Outlook:
    """
    Use, forecast and exhaustion of one resource.

    Parameters
    ----------
    demand
        Daily peaks of demand, the driver that growth is applied to.
    """
    peaks = daily_peaks(reading.values)
    fit = demand_fit(resource, peaks, demand)
    used = usage(resource, reading, peaks)
    return _outlook(used, reading, plan, as_of, fit, peaks, _foreseen([(resource, peaks)], plan)[0])


def outlooks(
    measured: Sequence[tuple[Resource, Reading]], plan: CapacityPlan, as_of: datetime, demand: Requests | None = None
) -> list[Outlook]:
    """
    Each resource's outlook: what cannot be scaled and what keeps state first, then the least headroom.

    `demand` counts the requests that growth is applied to.
    """
    driver = None
    if demand is not None and not demand.gap:
        driver = daily_peaks(demand.frame["total"] / demand.step.total_seconds())
    peaks = [(resource, daily_peaks(reading.values)) for resource, reading in measured]
    found = [
        _outlook(usage(resource, reading, use), reading, plan, as_of, demand_fit(resource, use, driver), use, foreseen)
        for (resource, reading), (_, use), foreseen in zip(measured, peaks, _foreseen(peaks, plan), strict=True)
    ]
    order = {"fixed": 0, "by order": 1, "automatic": 2}

    def rank(one: Outlook) -> tuple[bool, int, float]:
        headroom = one.usage.headroom
        return (not one.resource.stateful, order[one.resource.scalable], 2.0 if headroom is None else headroom)

    return sorted(found, key=rank)


def _foreseen(peaks: Sequence[tuple[Resource, pd.Series[Any]]], plan: CapacityPlan) -> list[Forecast]:
    """The forecast of each resource's daily peaks as far as its history allows, those of one horizon together."""
    wanted = plan.horizon // timedelta(days=1)
    ordinary = [
        (use if resource.kind == "disk" else without_events(use, plan.events)).rename(resource.name)
        for resource, use in peaks
    ]
    horizons = [reach(len(use), wanted) or wanted for use in ordinary]
    made: dict[int, Forecast] = {}
    for horizon in dict.fromkeys(horizons):
        members = [at for at, one in enumerate(horizons) if one == horizon]
        method = Decomposition(WEEK) if plan.method == "MSTL and ETS" else None
        cap = ORIGINS if method else MAX_ORIGINS
        found = forecasts([ordinary[at] for at in members], horizon, most_origins=cap, method=method)
        made.update(zip(members, found, strict=True))
    return [made[at] for at in range(len(ordinary))]


def without_events(use: pd.Series[Any], events: Sequence[Event]) -> pd.Series[Any]:
    """
    The ordinary days of a history: what was measured during a known event is missing.

    An event teaches nothing about the days after it; where the calendar holds one ahead, its factor is applied. Not
    for disks: what an event wrote there stays.
    """
    return use.where(event_factors(use.index, events) == 1)


def _outlook(
    used: Usage,
    reading: Reading,
    plan: CapacityPlan,
    as_of: datetime,
    fit: DemandFit,
    peaks: pd.Series[Any],
    found: Forecast,
) -> Outlook:
    resource = used.resource
    empty = pd.Series(np.empty(0), index=pd.DatetimeIndex([], tz="UTC", name="time"))
    if found.refused:
        return Outlook(resource, reading, used, found, fit, None, empty, empty, empty, peaks=peaks)
    scenarios = plan.scenarios or [AS_MEASURED]
    futures = [scenario_paths(found, one.monthly, plan.events, fit.share) for one in scenarios]
    weights = np.repeat([one.weight for one in scenarios], len(found.paths)) / len(found.paths)
    together = np.vstack(futures)
    lower, centre, upper = (
        pd.Series(line, index=found.point.index) for line in weighted_quantiles(together, weights, (0.1, 0.5, 0.9))
    )
    wanted = plan.horizon // timedelta(days=1)
    note = (
        f"the horizon is {found.horizon} days instead of {wanted}, because {len(found.history)} days of history allow "
        "no more"
        if found.horizon < wanted
        else ""
    )
    when = exhaustion(found, together, weights, resource, as_of)
    return Outlook(resource, reading, used, found, fit, when, lower, upper, centre, note, peaks)


def scenario_paths(found: Forecast, monthly: float, events: Sequence[Event], share: float) -> Floats:
    """
    The forecast's futures with demand growing by `monthly` each month, and with the events in the horizon.

    `share` of the use follows demand. Growth above 0 is the whole growth: trends, and the drift that the back-test's
    errors carry, are taken out of the paths first, so that they do not count twice.
    """
    days = np.arange(1, found.horizon + 1)
    grown = (1 + monthly) ** (days / MONTH_DAYS)
    paths = found.paths
    if monthly and found.slope:
        # what accumulates grows by its slope; more demand steepens it
        added = np.cumsum((1 + share * (grown - 1)) - 1) * found.slope
        paths = paths + added
    elif monthly:
        flat = found.point.to_numpy() if found.flat is None else found.flat
        paths = paths - medians(paths.T) + flat
        paths = paths * (1 + share * (grown - 1))
    if found.slope:
        return paths
    return paths * (1 + share * (event_factors(found.point.index, events) - 1))


def exhaustion_under(
    one: Outlook, plan: CapacityPlan, monthly: float, usable: float = 1.0, horizon_days: int | None = None
) -> Exhaustion:
    """
    When an outlook's resource is exhausted if demand grew by `monthly` alone, and only `usable` (0..1) of the limit
    may be used, looking at most `horizon_days` ahead.
    """
    found = one.forecast
    days = min(found.horizon, horizon_days or found.horizon)
    paths = scenario_paths(found, monthly, plan.events, one.demand.share)[:, :days]
    resource = replace(one.resource, limit=one.resource.limit * usable)
    shown = replace(found, horizon=days)
    return exhaustion(shown, paths, np.ones(len(paths)), resource, one.reading.end)


def event_factors(index: pd.Index[Any], events: Sequence[Event]) -> Floats:
    """What events multiply demand by on each day; overlapping events multiply."""
    factors = np.ones(len(index))
    times = pd.DatetimeIndex(index).tz_localize(None).to_numpy()
    for event in events:
        factors[(np.datetime64(event.start) <= times) & (times < np.datetime64(event.end))] *= event.factor
    return factors


def exhaustion(found: Forecast, paths: Floats, weights: Floats, resource: Resource, as_of: datetime) -> Exhaustion:
    """When the weighted `paths` reach the limit on three days of seven, counting days from `as_of`."""
    recent = found.history.to_numpy(dtype=float)[-(CROSSING_OF - 1) :]
    first = first_crossing(recent, paths, resource.limit)
    known = np.isfinite(first)
    first_day = (found.point.index[0] - pd.Timestamp(as_of)) / pd.Timedelta(days=1)
    share = weights / weights.sum()
    order = np.argsort(first, kind="stable")
    reached = np.cumsum(share[order])

    def quantile(q: float) -> int | None:
        at = first[order[np.searchsorted(reached, q - 1e-12)]]
        return int(max(0, np.floor(first_day + at))) if np.isfinite(at) else None

    p10 = quantile(0.1)
    order_by = None if p10 is None else (as_of + timedelta(days=p10) - resource.lead_time).date()
    return Exhaustion(
        p10=p10,
        p50=quantile(0.5),
        p90=quantile(0.9),
        probability=min(1.0, float(share[known].sum())),
        horizon_days=found.horizon,
        order_by=order_by,
        lead_time=resource.lead_time,
        passed=order_by is not None and order_by < as_of.date(),
    )


def first_crossing(recent: Floats, paths: Floats, limit: float) -> Floats:
    """For each path the first day (0: the first foreseen) that is the third of seven above `limit`, or infinity."""
    known = np.pad(recent > limit, (CROSSING_OF - 1, 0))[-(CROSSING_OF - 1) :]
    over = np.hstack([np.tile(known, (len(paths), 1)), paths > limit])
    counted = np.zeros(paths.shape, dtype=np.int8)
    for day in range(CROSSING_OF):
        counted += over[:, day : day + paths.shape[1]]
    hit = counted >= CROSSING_DAYS
    return np.where(hit.any(axis=1), hit.argmax(axis=1).astype(float), np.inf)


def weighted_quantiles(paths: Floats, weights: Floats, shares: Sequence[float]) -> list[Floats]:
    """For each of `shares` the value that so much of the weight lies at or below, at each step."""
    order = np.argsort(paths.T, axis=1)
    asked = (np.asarray(shares) - 1e-12) * weights.sum()
    places = np.array([np.searchsorted(reached, asked) for reached in np.cumsum(weights[order], axis=1)])
    steps = np.arange(len(order))
    return [paths[order[steps, at], steps] for at in np.minimum(places, len(paths) - 1).T]
