"""
On-call calendars of any tool (iCalendar, RFC 5545), recurring events expanded.

Person and layer are read from our own fields; else from the shapes that PagerDuty ("On Call - Ann - Shop") and Grafana
OnCall ("[L1] ann") write; else the layer from a word of the title or category, the person from a single attendee or the
title. An event without a certain time is put aside and named, never guessed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sre_kit.compute.oncall.plan import LAYERS, Shift
from sre_kit.compute.oncall.shift_audit import Boundary, ShiftCalendar
from sre_kit.compute.walltime import first_instant, zone
from sre_kit.errors import DataError, ParameterError
from sre_kit.store import regular
from sre_kit.units import utc

if TYPE_CHECKING:
    from icalendar import Calendar

AHEAD: Final = timedelta(weeks=52)
"""How far an event that recurs for ever is followed from the first event on, where no end is asked for."""
LARGEST: Final = 20_000_000
"""Bytes; five years of hourly shifts are less."""
LIMIT: Final = 200_000
"""Events after expansion."""

_PAGERDUTY: Final = re.compile(r"On Call - (?P<person>.+?) - (?P<rest>.+)", re.IGNORECASE)
_LEVEL: Final = re.compile(r"\[L(?P<level>[1-9])\]\s*(?P<person>.+)")
_OURS: Final = re.compile(r"(?P<person>.+): (?P<layer>primary|secondary|shadow) on call, .+", re.IGNORECASE)
_WORDS: Final = (("primary", r"primary"), ("secondary", r"secondary|backup|back-up"), ("shadow", r"shadow\w*"))


def shift_calendar(
    path: Path, start: datetime | None = None, end: datetime | None = None, zone_name: str = ""
) -> ShiftCalendar:
    """
    The shifts of an .ics file that touch [start, end), by default all of them.

    `zone_name` is the clock of events that name none (floating times, whole days); without it they are put aside.

    Raises
    ------
    ParameterError
        The file cannot be read.
    DataError
        It is no iCalendar, or an event recurs in a way that cannot be followed.
    """
    calendar = _read(path)
    own = zone_name or _own_zone(calendar)
    first, last = _bounds(calendar, own)
    begins, ends = start or first, end or last
    shifts: list[Shift] = []
    boundaries: list[Boundary] = []
    left_out: list[str] = []
    for event in _occurrences(calendar, path, begins, ends):
        if str(event.get("status", "")).upper() == "CANCELLED":
            continue
        title = str(event.get("summary", "")).strip()
        try:
            edges = [_edge(event.start, own), _edge(event.end, own)]
        except (ValueError, AttributeError, TypeError) as error:
            left_out.append(f"{title or 'an event without title'!r}: {_sentence(error)}")
            continue
        (_, begins_at), (_, ends_at) = edges
        person, layer = _who(event, title)
        if begins_at >= ends or begins_at < ends_at <= begins:
            continue
        if begins_at >= ends_at:
            left_out.append(f"{title!r} from {utc(begins_at)}: ends before or when it starts")
        elif not person:
            left_out.append(f"an event from {utc(begins_at)}: says no person")
        else:
            shifts.append(Shift(person, layer, begins_at, ends_at, str(event.get("x-oncall-rotation", ""))))
            boundaries += [Boundary(wall.replace(tzinfo=None, fold=0), wall.tzinfo or UTC, person) for wall, _ in edges]
    shifts.sort(key=lambda s: (s.start, s.layer, s.person))
    return ShiftCalendar(tuple(shifts), tuple(boundaries), tuple(left_out), own or "UTC")


def _read(path: Path) -> Calendar:
    from icalendar import Calendar

    try:
        content = regular.content(path, LARGEST)
    except OSError as error:
        raise ParameterError(
            f"{path}: cannot be read ({error.strerror}); give an .ics file of on-call shifts"
        ) from None
    try:
        return Calendar.from_ical(content)
    except (ValueError, IndexError, KeyError) as error:
        raise DataError(f"{path}: not an iCalendar file ({_sentence(error)})") from None


def _occurrences(calendar: Calendar, path: Path, start: datetime, end: datetime) -> list[Any]:
    import recurring_ical_events

    # the library adds a wall-clock length to the start, an hour off where start and end are on two clocks
    events: list[Any] = calendar.walk("VEVENT")
    series = {str(e.get("uid")) for e in events if any(name in e for name in ("rrule", "rdate", "recurrence-id"))}
    found = [e for e in events if str(e.get("uid")) not in series]
    single = {id(e) for e in found}
    calendar.subcomponents = [part for part in calendar.subcomponents if id(part) not in single]
    try:
        for event in recurring_ical_events.of(calendar).between(start, end):
            found.append(event)
            if len(found) > LIMIT:
                raise DataError(f"{path}: more than {LIMIT:,} events; narrow the time with --from and --to")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: an event cannot be followed ({_sentence(error)})") from None
    return found


def _own_zone(calendar: Calendar) -> str:
    """The calendar's zone: X-WR-TIMEZONE, else that of the first event that has one by an IANA name, else none."""
    named = [str(calendar.get("x-wr-timezone", ""))]
    named += [str(getattr(getattr(e.get("dtstart"), "dt", None), "tzinfo", "") or "") for e in calendar.walk("VEVENT")]
    for name in named:
        if name and name != "UTC":
            try:
                return zone(name).key
            except ValueError:
                continue
    return ""


def _bounds(calendar: Calendar, own: str) -> tuple[datetime, datetime]:
    """From the first event to the end of the last; a year for what recurs without an end."""
    first, last, endless = [], [], False
    events: list[Any] = calendar.walk("VEVENT")
    for event in events:
        try:
            edges = [_edge(at, own or "UTC")[1] for at in (event.start, event.end)]
        except (ValueError, AttributeError, TypeError):
            continue
        first.append(edges[0])
        last.append(edges[1])
        endless |= "rrule" in event
    start = min(first, default=datetime(1970, 1, 1, tzinfo=UTC))
    end = max(last, default=start)
    return start, max(end, start + AHEAD) if endless else end


def _edge(at: date | datetime, own: str) -> tuple[datetime, datetime]:
    """
    A start or end on the clock that it is written for, and its instant.

    RFC 5545, 3.3.5: a time that occurs twice means the first, a skipped one has the offset before the jump.
    """
    if not isinstance(at, datetime):
        if not own:
            raise DataError(f"whole day {at} without a time zone; say which with --zone")
        midnight, where = datetime.combine(at, time()), zone(own)
        return midnight.replace(tzinfo=where), first_instant(midnight, where)
    if at.tzinfo is None:
        if not own:
            raise DataError(f"{at:%Y-%m-%d %H:%M} has no time zone; say which with --zone")
        at = at.replace(tzinfo=zone(own))
    instant = at.astimezone(UTC)
    # an instant in UTC is a handoff on somebody's clock all the same
    return (instant.astimezone(zone(own)) if own and str(at.tzinfo) == "UTC" else at), instant


def _who(event: Any, title: str) -> tuple[str, str]:
    """Person and layer of an event; the person is empty where it says none."""
    layer = str(event.get("x-oncall-layer", "")) or _layer(event, title)
    if person := str(event.get("x-oncall-person", "")):
        return _name(person), layer
    if found := _OURS.fullmatch(title):
        return found["person"], found["layer"].lower()
    if found := _LEVEL.fullmatch(title):
        level = int(found["level"])
        return found["person"], LAYERS[level - 1] if level < len(LAYERS) else f"level {level}"
    if found := _PAGERDUTY.fullmatch(title):
        return found["person"], layer
    attendees = event.get("attendee", [])
    if not isinstance(attendees, list):
        name = str(attendees.params.get("CN", "")) or re.sub("^mailto:", "", str(attendees), flags=re.IGNORECASE)
        return name, layer
    return title, layer


def _name(written: str) -> str:
    """A name as we export it: one line, with the escapes of JSON."""
    try:
        return str(json.loads(f'"{written}"'))
    except ValueError:
        return written


def _layer(event: Any, title: str) -> str:
    categories = event.get("categories", [])
    groups = categories if isinstance(categories, list) else [categories]
    words = [title, *(str(name) for group in groups for name in getattr(group, "cats", []))]
    for layer, pattern in _WORDS:
        if any(re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE) for text in words):
            return layer
    return LAYERS[0]


def _sentence(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())[:200]
