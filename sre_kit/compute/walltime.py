"""
Wall clocks to instants: the only arithmetic that is done in local time.

The rule is goalert's: a time of day means the first instant at which the clock shows it; a time that the clock skips
means the first instant after the jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sre_kit import units

SECOND = timedelta(seconds=1)


def zone(name: str) -> ZoneInfo:
    """
    An IANA time zone.

    Raises
    ------
    ParameterError
        There is none of that name; abbreviations and offsets (EST, GMT+1) know no clock changes and are refused.
    """
    return ZoneInfo(units.zone(name))


def first_instant(wall: datetime, where: ZoneInfo) -> datetime:
    """
    First instant (UTC) at which a clock in `where` shows `wall`, or the first after the jump that skips it.

    >>> first_instant(datetime(2026, 10, 25, 1, 30), ZoneInfo("Europe/London")).isoformat()
    '2026-10-25T00:30:00+00:00'
    >>> first_instant(datetime(2027, 3, 28, 1, 30), ZoneInfo("Europe/London")).isoformat()
    '2027-03-28T01:00:00+00:00'
    """
    late, early = (wall.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    if late.astimezone(where).replace(tzinfo=None) == wall:
        return late
    # in a gap the two folds lie on either side of the jump
    return _jump(early, late, where)


def clock_trouble(wall: datetime, where: tzinfo) -> str:
    """
    Why a clock in `where` does not show `wall` exactly once, in words; empty when it does.

    >>> clock_trouble(datetime(2026, 10, 25, 1, 30), ZoneInfo("Europe/London"))
    'is shown twice'
    >>> clock_trouble(datetime(2027, 3, 28, 1, 30), ZoneInfo("Europe/London"))
    'is skipped'
    """
    first, second = (wall.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return ""
    shown = first.astimezone(UTC).astimezone(where).replace(tzinfo=None, fold=0)
    return "is shown twice" if shown == wall.replace(fold=0) else "is skipped"


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clock of `zone` jumps by `by` (negative: back) at `at`."""

    zone: str
    at: datetime
    by: timedelta


def clock_changes(name: str, start: datetime, end: datetime) -> list[ClockChange]:
    """Every change of the UTC offset of a zone in [start, end)."""
    where, found, at = zone(name), [], start.astimezone(UTC)
    before = _offset(at, where)
    while at < end:
        step = min(at + timedelta(days=1), end)  # since 1970 no zone has changed its clock twice within six days
        after = _offset(step, where)
        if before != after:
            found.append(ClockChange(name, _jump(at, step, where), after - before))
        at, before = step, after
    return found


def local_spans(start: datetime, end: datetime, where: ZoneInfo, begins: time, ends: time) -> Iterator[timedelta]:
    """Lengths of the parts of [start, end) that lie between two times of day in `where`, over midnight if need be."""
    day = start.astimezone(where).date() - timedelta(days=1)
    while day <= end.astimezone(where).date():
        last = day if begins < ends else day + timedelta(days=1)
        first_at = first_instant(datetime.combine(day, begins), where)
        last_at = first_instant(datetime.combine(last, ends), where)
        if (length := min(last_at, end) - max(first_at, start)) > timedelta(0):
            yield length
        day += timedelta(days=1)


def local_days(start: datetime, end: datetime, where: ZoneInfo) -> list[date]:
    """Local dates that [start, end) touches."""
    first, last = start.astimezone(where).date(), (end - SECOND).astimezone(where).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _offset(at: datetime, where: ZoneInfo) -> timedelta:
    return at.astimezone(where).utcoffset() or timedelta(0)


def _jump(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """The instant in (before, after] from which the offset is that of `after`, to the second."""
    changed = _offset(after, where)
    low, high = 0, -(-(after - before) // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + middle * SECOND, where) == changed:
            high = middle
        else:
            low = middle
    return before + high * SECOND
