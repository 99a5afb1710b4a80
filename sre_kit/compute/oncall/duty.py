"""
Checks on a rota: is every minute covered, is the load fair, does a page reach a human in time.

Everything sweeps the shifts it is given, so that it can be run over the exported calendar instead of the generator's
memory. Nights are 22:00-08:00 on the clock of the person who holds the pager.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sre_kit.compute.incidents import Incident
from sre_kit.compute.oncall.plan import Person, Shift
from sre_kit.compute.walltime import local_days, local_spans, zone

NIGHT: Final = (time(22), time(8))
WORK: Final = (time(8), time(18))
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What a rota asks of one person; `expected` and `share` are of the primary hours."""

    person: Person
    primary: int
    secondary: int
    shadow: int
    primary_hours: float
    night_hours: float
    weekend_days: int
    holidays: tuple[str, ...]
    share: float
    expected: float
    pages: int | None = None
    night_pages: int | None = None


def pager_loads(
    people: Sequence[Person],
    shifts: Sequence[Shift],
    holidays: Mapping[str, Mapping[date, str]],
    past: Sequence[Incident] = (),
) -> list[Load]:
    """
    The load of each person on the roster, those without a shift included.

    Parameters
    ----------
    holidays
        Person -> public holidays of that person's country, see `public_holidays`.
    past
        Incidents answered; who is named as responder was paged when it was detected. Missing where none names anybody.
    """
    total = sum((s.length for s in shifts if s.layer == "primary"), timedelta(0))
    weights = sum(person.fte for person in people)
    answered = any(one.responder for one in past)
    found = []
    for person in people:
        mine = [s for s in shifts if s.person == person.name]
        first = [s for s in mine if s.layer == "primary"]
        where = zone(person.zone)
        days = {day for s in first for day in local_days(s.start, s.end, where)}
        pages = [one for one in past if one.responder == person.name]
        hours = sum((s.length for s in first), timedelta(0))
        found.append(
            Load(
                person,
                turns(first),
                turns([s for s in mine if s.layer == "secondary"]),
                turns([s for s in mine if s.layer == "shadow"]),
                hours / HOUR,
                sum((span for s in first for span in local_spans(s.start, s.end, where, *NIGHT)), timedelta(0)) / HOUR,
                sum(day.weekday() >= 5 for day in days),
                tuple(f"{day} {holidays[person.name][day]}" for day in sorted(days & holidays[person.name].keys())),
                hours / total if total else 0.0,
                person.fte / weights if weights else 0.0,
                len(pages) if answered else None,
                sum(hour_class(one.detected or one.began, person.zone) == "night" for one in pages)
                if answered
                else None,
            )
        )
    return found


def turns(shifts: Sequence[Shift]) -> int:
    """Turns of a rotation among one person's shifts of a layer; one that an override interrupts is still one."""
    return len({(s.rotation, s.turn) for s in shifts if s.turn is not None})


HOUR_CLASSES: Final = {
    "work": "weekdays 08-18",
    "off": "evenings 18-22 and weekends 08-22",
    "night": "22-08",
}


def hour_class(at: datetime, where: str) -> str:
    """
    Night (22-08), work (08-18 on weekdays) or off (the rest), on the clock of `where`.

    Sleep and off hours as PagerDuty's analytics counts them.
    """
    local = at.astimezone(zone(where))
    if local.time() >= NIGHT[0] or local.time() < NIGHT[1]:
        return "night"
    return "work" if local.weekday() < 5 and local.time() < WORK[1] else "off"
