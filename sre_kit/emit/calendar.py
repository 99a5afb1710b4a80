"""
The rota as iCalendar (RFC 5545): for everybody, and one file per person.

A UID names the turn, not its holder: when somebody else takes it, calendars update the event instead of adding one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo

from sre_kit.compute.oncall.plan import OnCall, Schedule, Shift
from sre_kit.compute.walltime import zone
from sre_kit.escape import plain

PRODUCT = "-//sre_kit//on-call rota//EN"


def calendars(schedule: Schedule, oncall: OnCall, project: str) -> dict[str, str]:
    """
    File name -> iCalendar text: ``oncall.ics`` in the first rotation's zone, ``oncall-<person>.ics`` in the person's.
    """
    common = oncall.rotations[0].zone if oncall.rotations else "UTC"
    files = {"oncall.ics": icalendar_text(schedule.shifts, schedule.start, project, common)}
    for person in oncall.people:
        mine = [shift for shift in schedule.shifts if shift.person == person.name]
        name = f"oncall-{slug(person.name)}.ics"
        files[name] = icalendar_text(mine, schedule.start, project, person.zone)
    return files


def icalendar_text(shifts: Sequence[Shift], stamp: datetime, project: str, zone_name: str = "UTC") -> str:
    """
    An iCalendar of `shifts`, times in `zone_name` with its VTIMEZONE; `stamp` is every DTSTAMP, so that bytes repeat.
    """
    from icalendar import Calendar, Event

    where = zone(zone_name)
    whole = Calendar()
    whole.add("prodid", PRODUCT)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("x-wr-calname", plain(f"{project} on call"))
    for shift in sorted(shifts, key=lambda s: (s.start, s.layer, s.person)):
        event = Event()
        # several may shadow at once, so a shadow turn is named by its rotation too
        turn = f"{shift.layer}-{slug(shift.rotation)}" if shift.layer == "shadow" else plain(shift.layer)
        event.add("uid", f"{turn}-{shift.start.astimezone(UTC):%Y%m%dT%H%M%SZ}@{slug(project)}.sre-kit")
        event.add("dtstamp", stamp.astimezone(UTC))
        at = _clock(shift, where)
        event.add("dtstart", shift.start.astimezone(at))
        event.add("dtend", shift.end.astimezone(at))
        event.add("summary", f"{shift.person}: {shift.layer} on call, {project}")
        if shift.why:
            event.add("description", shift.why)
        event.add("categories", [shift.layer])
        event.add("transp", "TRANSPARENT")
        event.add("x-oncall-person", _written(shift.person))
        event.add("x-oncall-layer", _written(shift.layer))
        event.add("x-oncall-rotation", _written(shift.rotation))
        event.add("x-oncall-turn", shift.turn.isoformat() if shift.turn else "")
        whole.add_component(event)
    if zone_name != "UTC" and shifts:
        first, last = min(s.start for s in shifts), max(s.end for s in shifts)
        whole.add_missing_timezones(first_date=first.date(), last_date=last.date() + timedelta(days=365))
    return cast(bytes, whole.to_ical()).decode("utf-8")


def shifts_in(text: str) -> list[Shift]:
    """The shifts of a calendar that `icalendar_text` wrote, read back, so that a check need not trust the plan."""
    from icalendar import Calendar

    found = [_shift(event) for event in Calendar.from_ical(text).walk("VEVENT")]
    return sorted(found, key=lambda s: (s.start, s.layer, s.person))


def slug(text: str) -> str:
    """
    Small letters, digits and '-'.

    >>> slug("Lucía Ferrer")
    'lucia-ferrer'
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded.casefold()).strip("-") or "unnamed"


def _written(text: str) -> str:
    """`text` on one line, as JSON writes it, so that a name with a line break is the same name when it is read back."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _read(value: object) -> str:
    return str(json.loads(f'"{value}"'))


def _clock(shift: Shift, where: ZoneInfo) -> tzinfo:
    """
    `where`, with its VTIMEZONE; UTC where that clock shows a boundary of `shift` for the second time.

    RFC 5545, 3.3.5: a local time that occurs twice means the first, so the second can only be said in UTC. Both
    boundaries are, because readers take the difference of the two clocks for the length.
    """
    twice = any(at.astimezone(where).fold for at in (shift.start, shift.end))
    return UTC if twice or where.key == "UTC" else where


def _shift(event: Any) -> Shift:
    return Shift(
        _read(event["x-oncall-person"]),
        _read(event["x-oncall-layer"]),
        event.decoded("dtstart").astimezone(UTC),
        event.decoded("dtend").astimezone(UTC),
        _read(event["x-oncall-rotation"]),
        str(event.get("description", "")),
        datetime.fromisoformat(turn) if (turn := str(event.get("x-oncall-turn", ""))) else None,
    )
