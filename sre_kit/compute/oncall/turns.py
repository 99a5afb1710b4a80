"""
The turns of a rotation: from local wall time to instants, cut to the hours in which the layer is answered.

Turns meet by construction, because each ends where the next begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sre_kit.compute.incidents import union
from sre_kit.compute.oncall.plan import WEEK, Absence, Person, Restriction, Rotation
from sre_kit.compute.walltime import first_instant, zone
from sre_kit.errors import ParameterError
from sre_kit.units import utc

Spell = tuple[datetime, datetime]
PAST: Final = timedelta(weeks=53)
"""How far back turns are planned again, so that a plan is the same on every day on which it is made."""
_CLOCK: Final = r"([01]\d|2[0-3]):([0-5]\d)"
_TIME: Final = re.compile(_CLOCK)
_HANDOFF: Final = re.compile(rf"(?:({'|'.join(WEEK)})\s+)?{_CLOCK}", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Turn:
    """
    A turn of [start, end), planned for `person` (empty: nobody can), on duty in its `pieces`.

    `span` is the stretch of planned time within which turns are exchanged.
    """

    rotation: Rotation
    start: datetime
    end: datetime
    pieces: tuple[Spell, ...]
    span: Spell
    person: str
    why: str = ""

    @property
    def length(self) -> timedelta:
        """Time on duty."""
        return sum((end - start for start, end in self.pieces), timedelta(0))


def handoffs(rotation: Rotation, first: int = 0) -> Iterator[tuple[int, datetime]]:
    """Turn number and instant (UTC) of every handoff of `rotation`, from turn `first` on, without end."""
    found = _HANDOFF.fullmatch(rotation.handoff.strip())
    if not found:
        raise ParameterError(f'rotation {rotation.name!r}: handoff {rotation.handoff!r}; write "MON 10:00" or "10:00"')
    if rotation.length < timedelta(hours=1):
        raise ParameterError(f"rotation {rotation.name!r}: a turn of {rotation.length} is shorter than an hour")
    where, wall = zone(rotation.zone), datetime.combine(rotation.start, time(int(found[2]), int(found[3])))
    if found[1]:
        wall += timedelta(days=(WEEK.index(found[1].upper()) - wall.weekday()) % 7)
    number = first
    while True:
        yield number, first_instant(wall + number * rotation.length, where)
        number += 1


def planned_turns(rotation: Rotation, as_of: datetime, end: datetime) -> list[Turn]:
    """
    The plain turns of `rotation`, each with the member whose turn it is.

    They reach from a year before `as_of` to the end of the span after the one in which `end` lies: what is exchanged
    within a span must not depend on the day of the report.

    Raises
    ------
    ParameterError
        No members, a handoff or a restriction that is no time of day, a zone that is no IANA name.
    """
    if not rotation.members:
        raise ParameterError(f"rotation {rotation.name!r} has no members; list them in turn order")
    if rotation.weeks < 1:
        raise ParameterError(f"rotation {rotation.name!r}: weeks is {rotation.weeks}; plan at least one week ahead")
    where, step = zone(rotation.zone), timedelta(weeks=rotation.weeks)
    begins = first_instant(datetime.combine(rotation.start, time()), where)
    floor = begins + max(0, (as_of - PAST - begins) // step) * step
    limit = begins + ((end - begins) // step + 2) * step
    if rotation.until:
        limit = min(limit, datetime.combine(rotation.until, time(), UTC))
    found = []
    turns = handoffs(rotation, max(0, (floor - begins) // rotation.length - 1))
    number, start = next(turns)
    while start < limit:
        following, until = next(turns)
        # a time that the clock skips can make two handoffs one
        if start < until:
            span_start = begins + (start - begins) // step * step
            pieces = allowed(rotation.restrictions, where, start, until)
            person = rotation.members[number % len(rotation.members)]
            found.append(Turn(rotation, start, until, pieces, (span_start, span_start + step), person))
        number, start = following, until
    return [turn for turn in found if turn.pieces and turn.start >= min(floor, as_of)]


def allowed(restrictions: Sequence[Restriction], where: ZoneInfo, start: datetime, end: datetime) -> tuple[Spell, ...]:
    """The parts of [start, end) that lie within one of `restrictions` on the clock of `where`; all of it for none."""
    if not restrictions:
        return ((start, end),)
    found = []
    day = start.astimezone(where).date() - timedelta(days=1)
    while day <= end.astimezone(where).date():
        for one in restrictions:
            if WEEK[day.weekday()] in one.days:
                begins, ends = _time(one.begins), _time(one.ends)
                last = day if begins < ends else day + timedelta(days=1)
                first_at = first_instant(datetime.combine(day, begins), where)
                last_at = first_instant(datetime.combine(last, ends), where)
                found.append((max(first_at, start), min(last_at, end)))
        day += timedelta(days=1)
    return tuple(union(found))


def available(person: Person, absences: Sequence[Absence], start: datetime, end: datetime) -> str:
    """
    Why `person` cannot be on call in [start, end); empty where nothing stands against it.

    `absences` are those of everybody.
    """
    if person.joins and start < datetime.combine(person.joins, time(), UTC):
        return f"joins on {person.joins}"
    if person.leaves and end > datetime.combine(person.leaves, time(), UTC) + timedelta(days=1):
        return f"leaves on {person.leaves}"
    for away in absences:
        if away.person == person.name and away.start < end and away.end > start:
            return f"is absent from {utc(away.start)} to {utc(away.end)}"
    return ""


def outside(person: Person, start: datetime, end: datetime) -> bool:
    """Whether [start, end) reaches outside of the hours in which `person` can be on call."""
    if not person.restrictions:
        return False
    return allowed(person.restrictions, zone(person.zone), start, end) != ((start, end),)


def _time(written: str) -> time:
    found = _TIME.fullmatch(written.strip())
    if not found:
        raise ParameterError(f'restriction: {written!r} is no time of day; write "09:00", and "00:00" for midnight')
    return time(int(found[1]), int(found[2]))
