"""
The independent check of an on-call calendar: only its shifts are known, not how anybody came to them.

All arithmetic is in UTC. Layers are swept one by one; shadows only listen, so they leave no gap and carry no load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from sre_kit.compute.oncall.duty import NIGHT
from sre_kit.compute.oncall.pager_cover import overlaps, pager_coverage
from sre_kit.compute.oncall.plan import LAYERS, Shift
from sre_kit.compute.oncall.rota_checks import SHARE_FAIL
from sre_kit.compute.walltime import clock_trouble, local_days, local_spans, zone
from sre_kit.units import span

HOUR: Final = timedelta(hours=1)
SHADOW: Final = LAYERS[2]
RULES: Final = ("gap", "two people", "double booking", "two layers", "clock", "rest", "stretch", "share")
"""What a finding can be of, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A start or end as the calendar writes it: `wall` on the clock of `where`."""

    wall: datetime
    where: tzinfo
    person: str

    @property
    def zone(self) -> str:
        """Its name, as far as it has one."""
        return str(getattr(self.where, "key", self.where))


@dataclass(frozen=True, slots=True)
class ShiftCalendar:
    """What a calendar holds: its shifts, its boundaries as written, and the events that are no shift, each in words."""

    shifts: tuple[Shift, ...]
    boundaries: tuple[Boundary, ...] = ()
    left_out: tuple[str, ...] = ()
    zone: str = "UTC"
    """The calendar's own zone, on whose clock nights and weekends are counted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an audit accepts. `share` is of the primary hours of all; a stretch is primary time without a break."""

    rest: timedelta = timedelta(hours=12)
    stretch: timedelta = timedelta(days=14)
    share: float = SHARE_FAIL


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken in [start, end), and by whom; `person` is empty for a gap."""

    rule: str
    text: str
    start: datetime
    end: datetime
    person: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """What one person carries: shifts of any layer, and of the primary layer hours, nights and weekend days."""

    person: str
    shifts: int
    hours: float
    night_hours: float
    weekend_days: int
    share: float | None
    """Of all primary hours; missing where there are none."""


@dataclass(frozen=True, slots=True)
class Audit:
    """An audited calendar over [`start`, `end`): what is wrong, and who carries how much."""

    start: datetime
    end: datetime
    zone: str
    coverage: dict[str, float]
    """Layer -> covered share of the time, 0..1."""
    findings: tuple[Finding, ...]
    people: tuple[Carried, ...]


def audit(
    calendar: ShiftCalendar,
    start: datetime | None = None,
    end: datetime | None = None,
    limits: Limits | None = None,
) -> Audit:
    """
    Sweep a calendar from `start` (else its first shift) to `end` (else the end of its last).

    A calendar without a shift has no findings and no coverage: nothing can be said about it.
    """
    limits = limits or Limits()
    first = start or min((s.start for s in calendar.shifts), default=datetime(1970, 1, 1, tzinfo=UTC))
    last = end or max((s.end for s in calendar.shifts), default=first)
    cut = (replace(s, start=max(s.start, first), end=min(s.end, last)) for s in calendar.shifts)
    shifts = [s for s in cut if s.start < s.end]
    layers = dict.fromkeys(sorted((s.layer for s in shifts if s.layer != SHADOW), key=_rank))
    covered = pager_coverage(shifts, layers, first, last)
    people = _carried(shifts, calendar.zone)
    found = [
        Finding("gap", f"nobody is {gap.layer} for {span(gap.end - gap.start)}", gap.start, gap.end)
        for one in covered
        for gap in one.gaps
    ]
    found += _overlapping(shifts)
    found += [finding for finding in _unclear(calendar.boundaries) if first <= finding.start <= last]
    found += _rest(shifts, limits)
    found += [
        Finding(
            "share", f"carries {one.share:.0%} of the primary hours, above {limits.share:.0%}", first, last, one.person
        )
        for one in people
        if one.share is not None and one.share > limits.share
    ]
    found.sort(key=lambda f: (RULES.index(f.rule), f.start, f.person))
    return Audit(first, last, calendar.zone, {one.layer: one.share for one in covered}, tuple(found), people)


def _overlapping(shifts: Sequence[Shift]) -> Iterator[Finding]:
    for a, b in overlaps(shifts):
        start, end = max(a.start, b.start), min(a.end, b.end)
        if a.person == b.person and a.layer == b.layer:
            yield Finding("double booking", f"is {a.layer} twice", start, end, a.person)
        elif a.person == b.person:
            one, other = sorted((a.layer, b.layer), key=_rank)
            yield Finding("two layers", f"is {one} and {other}", start, end, a.person)
        elif a.layer == b.layer != SHADOW:
            yield Finding("two people", f"both are {a.layer}", start, end, ", ".join(sorted((a.person, b.person))))


def _unclear(boundaries: Sequence[Boundary]) -> Iterator[Finding]:
    seen = set()
    for one in boundaries:
        trouble = clock_trouble(one.wall, one.where)
        if trouble and (one.wall, one.zone) not in seen:
            seen.add((one.wall, one.zone))
            at = one.wall.replace(tzinfo=one.where).astimezone(UTC)
            yield Finding("clock", f"{one.wall:%Y-%m-%d %H:%M} {trouble} in {one.zone}", at, at, one.person)


def _rest(shifts: Sequence[Shift], limits: Limits) -> Iterator[Finding]:
    """Spells of primary time that touch are one stretch; what lies between two stretches is rest."""
    for person in sorted({s.person for s in shifts}):
        spells: list[tuple[datetime, datetime]] = []
        for shift in sorted((s for s in shifts if s.person == person and s.layer == "primary"), key=lambda s: s.start):
            if spells and shift.start <= spells[-1][1]:
                spells[-1] = spells[-1][0], max(spells[-1][1], shift.end)
            else:
                spells.append((shift.start, shift.end))
        for start, end in spells:
            # whole days, so that the hour of a clock change breaks no limit
            if (end - start) // (24 * HOUR) * (24 * HOUR) > limits.stretch:
                yield Finding("stretch", f"is primary for {span(end - start)} without a break", start, end, person)
        for (_, ended), (begins, _) in pairwise(spells):
            if begins - ended < limits.rest:
                yield Finding("rest", f"rests {span(begins - ended)} between primary shifts", ended, begins, person)


def _carried(shifts: Sequence[Shift], zone_name: str) -> tuple[Carried, ...]:
    where, hours = zone(zone_name), timedelta(0)
    hours = sum((s.length for s in shifts if s.layer == "primary"), hours)
    found = []
    for person in sorted({s.person for s in shifts}):
        mine = [s for s in shifts if s.person == person]
        first = [s for s in mine if s.layer == "primary"]
        held = sum((s.length for s in first), timedelta(0))
        nights = sum((part for s in first for part in local_spans(s.start, s.end, where, *NIGHT)), timedelta(0))
        days = {day for s in first for day in local_days(s.start, s.end, where) if day.weekday() >= 5}
        share = held / hours if hours else None
        found.append(Carried(person, len(mine), held / HOUR, nights / HOUR, len(days), share))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Moved:
    """In [start, end) the pager of `layer` goes from the people `before` to the people `after`; empty: nobody."""

    layer: str
    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


def moved(before: Sequence[Shift], after: Sequence[Shift]) -> list[Moved]:
    """Where two calendars do not agree on who holds the pager, swept layer by layer; touching pieces are one."""
    found: list[Moved] = []
    for layer in sorted({s.layer for s in (*before, *after)}, key=_rank):
        for start, end, old, new in _together(
            [s for s in before if s.layer == layer], [s for s in after if s.layer == layer]
        ):
            one = Moved(layer, start, end, old, new)
            last = found[-1] if found else None
            if last and (last.layer, last.end, last.before, last.after) == (layer, start, old, new):
                found[-1] = replace(last, end=end)
            elif old != new:
                found.append(one)
    return sorted(found, key=lambda m: (m.start, _rank(m.layer)))


def hours_moved(changes: Sequence[Moved]) -> dict[str, tuple[float, float]]:
    """Person -> hours given away and hours taken, over all layers."""
    people = sorted({name for one in changes for name in (*one.before, *one.after)})
    return {
        name: (
            sum(((m.end - m.start) / HOUR for m in changes if name in m.before and name not in m.after), 0.0),
            sum(((m.end - m.start) / HOUR for m in changes if name in m.after and name not in m.before), 0.0),
        )
        for name in people
    }


def _together(
    before: Sequence[Shift], after: Sequence[Shift]
) -> Iterator[tuple[datetime, datetime, tuple[str, ...], tuple[str, ...]]]:
    """Every piece between two boundaries, with who holds the pager in either calendar."""
    edges: dict[datetime, list[tuple[int, int, str]]] = {}
    for side, shifts in enumerate((before, after)):
        for shift in shifts:
            edges.setdefault(shift.start, []).append((side, 1, shift.person))
            edges.setdefault(shift.end, []).append((side, -1, shift.person))
    held: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for start, end in pairwise(sorted(edges)):
        for side, step, person in edges[start]:
            held[side][person] = held[side].get(person, 0) + step
        old, new = (tuple(sorted(name for name, count in one.items() if count)) for one in held)
        yield start, end, old, new


def _rank(layer: str) -> tuple[int, str]:
    return (LAYERS.index(layer) if layer in LAYERS else len(LAYERS), layer)
