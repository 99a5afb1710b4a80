"""
Everything that has a schedule, in one list: which clock change disturbs what, what overlaps only in another season,
and whether the stated peak hours are the measured ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import numpy as np

from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.operations.tasks import ClockTrouble, Collision, collisions, disturbed, peak_span, runs
from sre_kit.compute.slo.counts import History
from sre_kit.compute.walltime import clock_changes, zone
from sre_kit.errors import ParameterError

YEAR: Final = timedelta(days=365)
DAYS: Final = timedelta(days=28)
"""Over which peak hours are measured."""
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that runs by a cron expression in a zone."""

    name: str
    kind: Literal["task", "backup", "maintenance", "patching", "drift check"]
    cron: str
    zone: str = "UTC"


def timetable(plan: OperationsPlan) -> list[Timed]:
    """Tasks, backups, maintenance, patching and drift checks that have an expression."""
    rows = [Timed(one.name, "task", one.cron, one.zone) for one in plan.tasks]
    rows += [Timed(f"backup of {one.component}", "backup", one.cron, one.zone) for one in plan.backups]
    rows += [Timed(one.name, "maintenance", one.cron, one.zone) for one in plan.maintenance]
    rows += [Timed(f"patching of {one.layer}", "patching", one.cron, one.zone) for one in plan.patch_scopes]
    rows += [Timed(f"drift check of {one.name}", "drift check", one.schedule) for one in plan.configuration]
    return [one for one in rows if len(one.cron.split()) == 5]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A run whose local time a clock change skips or repeats."""

    timed: Timed
    trouble: ClockTrouble


def disturbances(plan: OperationsPlan, as_of: datetime) -> list[Disturbance]:
    """The runs of the coming year that a clock change disturbs, the soonest first; what cannot be read is left out."""
    found, timed = [], timetable(plan)
    changes = {name: clock_changes(name, as_of, as_of + YEAR) for name in {one.zone for one in timed}}
    for one in timed:
        for change in changes[one.zone]:
            near = change.at - timedelta(days=1), change.at + timedelta(days=1)
            try:
                at = list(runs(one.cron, one.zone, max(near[0], as_of), near[1]))
            except ParameterError:
                continue
            found += [Disturbance(one, trouble) for trouble in disturbed(one.cron, one.zone, at)]
    return sorted(found, key=lambda one: (one.trouble.at, one.timed.name))


@dataclass(frozen=True, slots=True)
class Seasonal:
    """Two things that overlap only after a change of the clock."""

    collision: Collision
    since: datetime


def seasonal_collisions(plan: OperationsPlan, as_of: datetime, zone_name: str) -> list[Seasonal]:
    """
    What overlaps after the next changes of the clock and not before: schedules in different zones shift by an hour.
    """
    zones = {zone_name, *(one.zone for one in timetable(plan))}
    changes = sorted({change.at for name in zones for change in clock_changes(name, as_of, as_of + YEAR)})
    known = {(one.one, one.other) for one in collisions(plan, as_of, zone_name)}
    found = []
    for at in changes:
        for one in collisions(plan, at, zone_name):
            if (one.one, one.other) not in known:
                known.add((one.one, one.other))
                found.append(Seasonal(one, at))
    return found


@dataclass(frozen=True, slots=True)
class PeakHours:
    """
    The busiest hours of the local day, `hours` in a row from `first` on, by mean requests; `stated` as the params say.

    `share` of a day's requests falls into them, `stated_share` into the stated ones; `days` were measured.
    """

    first: int
    hours: int
    share: float
    stated: str
    stated_share: float | None
    days: int

    @property
    def written(self) -> str:
        """As the params write it."""
        return f"{self.first}-{(self.first + self.hours) % 24 or 24}"

    @property
    def agrees(self) -> bool:
        """Whether the stated hours hold nearly as much as the busiest ones."""
        return self.stated_share is not None and self.stated_share >= 0.95 * self.share


def peak_hours(histories: Sequence[History], stated: str, zone_name: str, as_of: datetime) -> PeakHours | None:
    """
    The busiest hours of the last four weeks, as many as are stated (four, where none are); None without measurements.

    One objective per service, so that a request is counted once.
    """
    by_service = {one.slo.service or one.slo.name: one for one in reversed(histories) if not one.gap}
    if not by_service:
        return None
    totals: Any = np.zeros(24)
    days = 0
    for one in by_service.values():
        start, end = max(one.start, as_of - DAYS), min(one.end, as_of)
        days = max(days, (end - start) // timedelta(days=1))
        slots = np.arange(one.slot(start), one.slot(end))
        if not len(slots):
            continue
        hours = _local_hours(one, slots, zone_name)
        totals += np.bincount(hours, weights=one.total[slots].astype(float) * float(one.grain), minlength=24)
    if not totals.sum():
        return None
    span = peak_span(stated)
    whole = None if span is None else (span[0] // HOUR, -(-((span[1] - span[0]) % timedelta(days=1)) // HOUR))
    length = min(whole[1], 23) if whole and whole[1] else 4
    sums = [float(totals.take(range(first, first + length), mode="wrap").sum()) for first in range(24)]
    first = int(np.argmax(sums))
    share = None if whole is None else sums[whole[0] % 24] / float(totals.sum())
    return PeakHours(first, length, sums[first] / float(totals.sum()), stated, share, days)


def _local_hours(one: History, slots: Any, zone_name: str) -> Any:
    import pandas as pd

    at = pd.date_range(one.start, periods=int(slots[-1]) + 1, freq=one.step)[slots]
    return at.tz_convert(zone(zone_name)).hour.to_numpy()
