"""
Availability from incidents: the share of a period without any, per component.

A lower bound of what users saw: an incident is rarely a full outage, and a component is often named for a part of
it. So two readings stand side by side: any impact counts, and only the severe words count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final, Literal

from sre_kit.compute.incidents import Incident, IncidentLog, Severity, downtime
from sre_kit.compute.slo.windows import midnight, period, zone
from sre_kit.units import Ratio, Zone

SEVERE: Final = ("major", "critical")
"""Words of a status page for more than a partial impact."""


@dataclass(frozen=True, slots=True)
class AvailabilityPromise:
    """
    A promise of availability that is kept or broken per component and calendar period, counted from incidents.

    `components` name those of the incident log; none named means all of them.
    """

    name: str
    promise: Ratio
    source: str = ""
    calendar: Literal["week", "month", "quarter", "year"] = "quarter"
    zone: Zone = "UTC"
    since: date | None = None
    """First day that is looked at; none: the period of the report time and the one before it."""
    components: list[str] = field(default_factory=list)
    severe: list[str] = field(default_factory=lambda: list(SEVERE))


@dataclass(frozen=True, slots=True)
class TimeSliceAvailability:
    """
    One component in one period, [`start`, `end`): down for `any_impact` and for `severe`, overlaps counted once.

    `incidents` and `severe_incidents` touch the period with a length above zero. `component` is empty for incidents
    that name none.
    """

    component: str
    name: str
    start: datetime
    end: datetime
    incidents: int
    any_impact: timedelta
    severe_incidents: int
    severe: timedelta

    @property
    def availability(self) -> Fraction:
        """Share of the period without any incident."""
        return _up(self.any_impact, self.end - self.start)

    @property
    def severe_availability(self) -> Fraction:
        """Share of the period without a severe incident."""
        return _up(self.severe, self.end - self.start)


def periods(kind: str, start: datetime, end: datetime, zone_name: str = "UTC") -> list[tuple[str, datetime, datetime]]:
    """
    The calendar weeks, months, quarters or years that [start, end) touches, whole, each with its name.

    >>> from datetime import UTC
    >>> [name for name, _, _ in periods("quarter", datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))]
    ['2025-Q1', '2025-Q2']
    """
    where, found = zone(zone_name), []
    day = start.astimezone(where).date()
    while midnight(day, where) < end:
        first, after = period(kind, day)
        names = {
            "week": f"{first:%G-W%V}",
            "month": f"{first:%Y-%m}",
            "quarter": f"{first:%Y}-Q{(first.month + 2) // 3}",
            "year": f"{first:%Y}",
        }
        found.append((names[kind], midnight(first, where), midnight(after, where)))
        day = after
    return found


def time_slice_availability(
    incidents: Iterable[Incident],
    start: datetime,
    end: datetime,
    *,
    calendar: str = "quarter",
    zone_name: str = "UTC",
    severe: Sequence[str] = SEVERE,
    as_of: datetime | None = None,
) -> list[TimeSliceAvailability]:
    """
    Availability per component and calendar period over the periods that [start, end) touches.

    Parameters
    ----------
    incidents
        Of any kind; maintenance, drills and notices are left out, open ones last until `as_of`.
    severe
        Words of `Incident.impact` that count as more than a partial impact.
    as_of
        Report time; a period that still runs is cut there. `end` where it is not given.

    Returns
    -------
    Sorted by component, then by period; incidents that name no component under the empty name.
    """
    last = as_of or end
    counted = [one for one in incidents if one.kind == "incident" and one.end(last) > one.began]
    by_component: dict[str, list[Incident]] = {}
    for one in counted:
        for component in dict.fromkeys(one.services or ("",)):
            by_component.setdefault(component, []).append(one)
    words = {word.casefold() for word in severe}
    found = []
    for component in sorted(by_component):
        for name, begin, after in periods(calendar, start, end, zone_name):
            until = min(after, last)
            if until <= begin:
                continue
            touching = [one for one in by_component[component] if one.began < until and one.end(last) > begin]
            bad = [one for one in touching if one.impact.casefold() in words]
            found.append(
                TimeSliceAvailability(
                    component,
                    name,
                    begin,
                    until,
                    len(touching),
                    downtime(touching, begin, until),
                    len(bad),
                    downtime(bad, begin, until),
                )
            )
    return found


def promised_availability(
    promise: AvailabilityPromise, incidents: Iterable[Incident], as_of: datetime
) -> list[TimeSliceAvailability]:
    """
    What a promise is held against: one row per component and period, a running period cut at `as_of`.

    A component that the promise names and no incident does has rows without incidents.
    """
    where, known = zone(promise.zone), list(incidents)
    this_period, _ = period(promise.calendar, as_of.astimezone(where).date())
    start = midnight(promise.since or this_period - timedelta(days=1), where)
    rows = time_slice_availability(
        known, start, as_of, calendar=promise.calendar, zone_name=promise.zone, severe=promise.severe, as_of=as_of
    )
    if not promise.components:
        return rows
    nothing = timedelta(0)
    by_key = {(row.component, row.name): row for row in rows}
    return [
        by_key.get((component, name))
        or TimeSliceAvailability(component, name, begin, min(after, as_of), 0, nothing, 0, nothing)
        for component in promise.components
        for name, begin, after in periods(promise.calendar, start, as_of, promise.zone)
    ]


def last_quarters(
    log: IncidentLog, as_of: datetime, severities: Sequence[Severity] = ()
) -> list[TimeSliceAvailability]:
    """Availability per component in the calendar quarters (UTC) that the year before `as_of` touches."""
    start = as_of - timedelta(days=365)
    return time_slice_availability(log.incidents, start, as_of, severe=severe_words(severities), as_of=as_of)


def severe_words(severities: Iterable[Severity]) -> tuple[str, ...]:
    """Words of a log for an incident that pages somebody: the ladder's, or a status page's where there is no ladder."""
    words = [word for level in severities if level.pages for word in (level.name, *level.maps_from)]
    return tuple(words) or SEVERE


def _up(down: timedelta, of: timedelta) -> Fraction:
    tick = timedelta(microseconds=1)
    return 1 - Fraction(down // tick, of // tick)
