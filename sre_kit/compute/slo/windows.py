"""
The window that an objective is judged over: rolling, or a period of the calendar in a zone.

Windows are half-open, in UTC. A calendar period belongs to the last instant before `as_of`, so that a report at
midnight on the first judges the month that has just ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import ParameterError
from sre_kit.units import span, utc

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """
    [`start`, `end`) was or will be judged; `measured_to` is the report time where that comes before the end.
    """

    start: datetime
    end: datetime
    measured_to: datetime
    kind: str

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end - self.start

    @property
    def elapsed(self) -> timedelta:
        """What of it lies behind us."""
        return self.measured_to - self.start

    @property
    def complete(self) -> bool:
        """Whether it has ended."""
        return self.measured_to >= self.end

    def __str__(self) -> str:
        running = "" if self.complete else f", {span(self.elapsed)} of {span(self.length)} elapsed"
        return f"{utc(self.start)} to {utc(self.measured_to)} ({self.kind}{running})"


def slo_window(slo: SLO, as_of: datetime) -> Window:
    """
    The window of `slo` at `as_of`.

    Raises
    ------
    ParameterError
        The zone is no IANA name.
    """
    if not slo.calendar:
        return Window(as_of - slo.window, as_of, as_of, f"rolling {span(slo.window)}")
    return _calendar(slo, as_of, as_of - INSTANT)


def window_before(slo: SLO, window: Window) -> Window:
    """The window of the same kind that ended where `window` starts."""
    if not slo.calendar:
        return Window(window.start - slo.window, window.start, window.start, window.kind)
    return _calendar(slo, window.start, window.start - INSTANT)


def nominal(slo: SLO) -> timedelta:
    """
    The period that burn-rate factors are computed for; a calendar's periods differ in length, so its round number is.
    """
    days = {"week": 7, "month": 30, "quarter": 90, "year": 365}
    return timedelta(days=days[slo.calendar]) if slo.calendar else slo.window


def zone(name: str, slo: str = "") -> ZoneInfo:
    """
    An IANA zone by its name.

    Raises
    ------
    ParameterError
        There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        where = f"SLO {slo!r}: " if slo else ""
        raise ParameterError(f'{where}no time zone {name!r}; write an IANA name such as "Europe/Amsterdam"') from None


def midnight(day: date, where: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(day, time(), tzinfo=where).astimezone(UTC)


def _calendar(slo: SLO, as_of: datetime, inside: datetime) -> Window:
    where = zone(slo.zone, slo.name)
    first, after = period(slo.calendar, inside.astimezone(where).date())
    start, end = midnight(first, where), midnight(after, where)
    return Window(start, end, min(as_of, end), f"calendar {slo.calendar}, {slo.zone}")


def period(kind: str, day: date) -> tuple[date, date]:
    """
    First day of the calendar week, month, quarter or year of `day`, and of the next one.

    >>> period("quarter", date(2026, 11, 1))
    (datetime.date(2026, 10, 1), datetime.date(2027, 1, 1))
    """
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    index = day.year * 12 + day.month - 1
    index -= (index % 12) % months
    return _month(index), _month(index + months)


def _month(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
