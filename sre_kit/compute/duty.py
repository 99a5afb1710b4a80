"""
Checks on a rota: is every minute covered, is the load fair, does a page reach a human in time.

Everything sweeps the shifts it is given, so that it can be run over the exported calendar instead of the generator's
memory. Nights are 22:00-08:00 on the clock of the person who holds the pager.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from sre_kit.compute.incidents import Incident, union
from sre_kit.compute.oncall import LAYERS, OnCall, Person, Rotation, Schedule, Shift, Uncovered
from sre_kit.compute.rota import available
from sre_kit.compute.walltime import ClockChange, clock_changes, local_days, local_spans, zone
from sre_kit.units import utc

NIGHT: Final = (time(22), time(8))
WORK: Final = (time(8), time(18))
HOUR: Final = timedelta(hours=1)
SHARE_WARN: Final = 0.30
SHARE_FAIL: Final = 0.50
ADVICE: Final = "Enough people to last"
"""The one rule of a rota that cannot be broken, only heeded."""
SUSTAINABLE: Final = 8
SINGLE_SITE: Final = 6
"""Site Reliability Engineering, ch. 11: eight people for one site to be sustainable, six per site of two."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of [`start`, `end`) has somebody on `layer`, and where nobody is."""

    layer: str
    start: datetime
    end: datetime
    gaps: tuple[Uncovered, ...]

    @property
    def share(self) -> float:
        """Covered share of the time, 0..1."""
        open_time = sum((gap.end - gap.start for gap in self.gaps), timedelta(0))
        return 1 - open_time / (self.end - self.start)


def pager_coverage(
    shifts: Sequence[Shift], layers: Iterable[str], start: datetime, end: datetime, known: Sequence[Uncovered] = ()
) -> list[Coverage]:
    """Sweep each layer over [start, end) in UTC; a gap takes its reason from `known` where one explains it."""
    found = []
    for layer in layers:
        held = union((max(s.start, start), min(s.end, end)) for s in shifts if s.layer == layer)
        edges = [start, *(edge for spell in held for edge in spell), end]
        gaps = tuple(
            Uncovered(layer, first, last, _reason(layer, first, last, known))
            for first, last in zip(edges[::2], edges[1::2], strict=True)
            if first < last
        )
        found.append(Coverage(layer, start, end, gaps))
    return found


def overlaps(shifts: Sequence[Shift]) -> Iterator[tuple[Shift, Shift]]:
    """Every two shifts that share some time, the earlier first."""
    held: list[Shift] = []
    for shift in sorted(shifts, key=lambda s: (s.start, s.end)):
        held = [other for other in held if other.end > shift.start]
        yield from ((other, shift) for other in held)
        if shift.end > shift.start:
            held.append(shift)


def double_bookings(shifts: Sequence[Shift]) -> list[str]:
    """Every overlap of two shifts of one person, and of two people on one layer (shadows apart), in words."""
    found = []
    for a, b in overlaps(shifts):
        if a.person == b.person:
            found.append(f"{a.person} is {a.layer} and {b.layer} from {utc(max(a.start, b.start))}")
        elif a.layer == b.layer != "shadow":
            found.append(f"{a.person} and {b.person} are both {a.layer} from {utc(max(a.start, b.start))}")
    return found


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


def load_problems(found: Sequence[Load]) -> list[str]:
    """What is unfair about `found`, in words; empty when nothing is."""
    problems = [
        f"{load.person.name} has no primary shift" + (" (only shadow)" if load.shadow else "")
        for load in found
        if not load.primary
    ]
    counts = [load.primary for load in found if load.primary and load.person.fte == 1]
    if counts and max(counts) - min(counts) > 1:
        problems.append(f"primary shifts per person differ by {max(counts) - min(counts)}, at most 1 is fair")
    carrying = sum(bool(load.primary) for load in found)
    for load in found:
        if load.share > SHARE_FAIL:
            problems.append(f"{load.person.name} carries {load.share:.0%} of the primary hours, more than half")
        elif load.share > max(SHARE_WARN, 1 / max(1, carrying)):
            problems.append(f"{load.person.name} carries {load.share:.0%} of the primary hours, above 30 %")
    return problems


def team_advice(found: Sequence[Load]) -> list[str]:
    """Whether enough people carry the pager for it to last, in words."""
    carrying = sum(bool(load.primary) for load in found)
    if 0 < carrying < SUSTAINABLE:
        fewest = SINGLE_SITE if carrying < SINGLE_SITE else SUSTAINABLE
        return [f"{carrying} people carry the pager; below {fewest} a rotation is hard to sustain"]
    return []


def rest_problems(shifts: Sequence[Shift], minimum: timedelta) -> list[str]:
    """Primary shifts of one person with less than `minimum` between them, in words."""
    found = []
    by_person: dict[str, Shift] = {}
    for shift in sorted((s for s in shifts if s.layer == "primary"), key=lambda s: s.start):
        before = by_person.get(shift.person)
        if before is not None and shift.start - before.end < minimum:
            rest = max(shift.start - before.end, timedelta(0)) / HOUR
            found.append(f"{shift.person} has {rest:g} h between primary shifts before {utc(shift.start)}")
        by_person[shift.person] = shift
    return found


def shadow_problems(shifts: Sequence[Shift]) -> list[str]:
    """Who is primary before the last shadow shift has ended, in words."""
    ends = {s.person: s.end for s in sorted(shifts, key=lambda s: s.end) if s.layer == "shadow"}
    return [
        f"{s.person} is primary from {utc(s.start)}, before the shadow shift ends at {utc(ends[s.person])}"
        for s in shifts
        if s.layer == "primary" and s.person in ends and s.start < ends[s.person]
    ]


def handoff_problems(
    shifts: Sequence[Shift], people: Mapping[str, Person], holidays: Mapping[str, Mapping[date, str]]
) -> list[str]:
    """Planned primary handoffs that fall on a weekend, a public holiday or outside 08:00-18:00 of one of the two."""
    found = []
    turns = sorted((s for s in shifts if s.layer == "primary" and s.rotation), key=lambda s: s.start)
    for giver, taker in pairwise(turns):
        for name in dict.fromkeys((giver.person, taker.person)):
            local = taker.start.astimezone(zone(people[name].zone))
            holiday = holidays[name].get(local.date())
            if holiday:
                found.append(f"handoff {utc(taker.start)}: {holiday} for {name}")
            elif local.weekday() >= 5 or not WORK[0] <= local.time() <= WORK[1]:
                found.append(f"handoff {utc(taker.start)}: {local:%a %H:%M} for {name}")
    return found


HOUR_CLASSES: Final = {
    "work": "weekdays 08-18",
    "off": "evenings 18-22 and weekends 08-22",
    "night": "22-08",
}


def public_holidays(people: Sequence[Person], start: datetime, end: datetime) -> dict[str, dict[date, str]]:
    """Person -> public holidays of the person's own country in the years of [start, end]; none where no country is."""
    return {person.name: holidays_of(person.country, person.subdivision, start.date(), end.date()) for person in people}


def holidays_of(country: str, subdivision: str, start: date, end: date) -> dict[date, str]:
    """
    Public holidays of a country between two dates; empty for no country.

    Raises
    ------
    ParameterError
        The country or its part is not known.
    """
    if not country:
        return {}
    import holidays

    from sre_kit.errors import ParameterError

    try:
        calendar = holidays.country_holidays(
            country, subdiv=subdivision or None, years=range(start.year, end.year + 1), language="en_US"
        )
    except NotImplementedError:
        raise ParameterError(
            f'no public holidays are known for country {country!r} {subdivision!r}; write an ISO code such as "NL"'
        ) from None
    return {day: name for day, name in sorted(calendar.items()) if start <= day <= end}


def hour_class(at: datetime, where: str) -> str:
    """
    Night (22-08), work (08-18 on weekdays) or off (the rest), on the clock of `where`.

    Sleep and off hours as PagerDuty's analytics counts them.
    """
    local = at.astimezone(zone(where))
    if local.time() >= NIGHT[0] or local.time() < NIGHT[1]:
        return "night"
    return "work" if local.weekday() < 5 and local.time() < WORK[1] else "off"


def clock_changes_near(rotations: Sequence[Rotation], schedule: Schedule) -> list[tuple[ClockChange, Shift | None]]:
    """
    Each change of a rotation's clock until a year after the rota begins, with the primary shift that holds it.

    Without a shift the change lies beyond the horizon.
    """
    found = []
    for name in dict.fromkeys(r.zone for r in rotations):
        for change in clock_changes(name, schedule.start, schedule.start + timedelta(days=365)):
            held = next(
                (s for s in schedule.shifts if s.layer == "primary" and s.start <= change.at < s.end),
                None,
            )
            found.append((change, held))
    return sorted(found, key=lambda pair: pair[0].at)


@dataclass(frozen=True, slots=True)
class RotaReview:
    """
    A rota, checked from the outside: coverage per layer, the load of each person, and what is wrong, in words.

    Without a single rotation nothing is known, and no layer is covered or uncovered.

    `problems` are grouped by the rule that they break; a rule without problems has an empty list.
    """

    shifts: tuple[Shift, ...]
    coverage: tuple[Coverage, ...]
    loads: tuple[Load, ...]
    problems: Mapping[str, Sequence[str]]
    clock_changes: tuple[tuple[ClockChange, Shift | None], ...]
    holidays: Mapping[str, Mapping[date, str]]


def rota_review(
    schedule: Schedule, exported: Sequence[Shift], oncall: OnCall, past: Sequence[Incident] = ()
) -> RotaReview:
    """
    Check the `exported` shifts (read back from the calendar) against every rule, and against the plan.

    `past` incidents tell who was paged, see `pager_loads`.
    """
    holidays = public_holidays(oncall.people, schedule.start, schedule.end)
    layers = [layer for layer in LAYERS[:2] if layer == "primary" or any(r.layer == layer for r in oncall.rotations)]
    if not oncall.rotations:
        layers = []
    covered = pager_coverage(exported, layers, schedule.start, schedule.end, schedule.unfilled)
    loads = pager_loads(oncall.people, inside(exported, schedule.start, schedule.end), holidays, past)
    people = {person.name: person for person in oncall.people}
    plan, read_back = ({(s.layer, s.person, s.start, s.end) for s in found} for found in (schedule.shifts, exported))
    problems: dict[str, Sequence[str]] = {
        "Every minute covered": [
            f"{gap.layer}: nobody from {utc(gap.start)} to {utc(gap.end)}, {gap.reason}"
            for one in covered
            for gap in one.gaps
        ]
        + (["secondary: no such rotation, nobody answers when the primary does not"] if layers == ["primary"] else []),
        "Calendar equals the plan": [f"{len(plan ^ read_back)} shifts differ"] if plan ^ read_back else [],
        "Nobody on two layers, nobody doubled": double_bookings(exported),
        "Absences, joining and leaving honoured": absence_problems(exported, oncall),
        "Rest between primary shifts": rest_problems(exported, oncall.minimum_rest),
        "Shadow before the first own shift": shadow_problems(exported),
        "Handoffs on working days, in working hours": handoff_problems(exported, people, holidays),
        "Fair": load_problems(loads),
        ADVICE: team_advice(loads),
        "Overrides have an effect": schedule.problems,
    }
    changes = tuple(clock_changes_near(oncall.rotations, schedule))
    return RotaReview(tuple(exported), tuple(covered), tuple(loads), problems, changes, holidays)


def inside(shifts: Sequence[Shift], start: datetime, end: datetime) -> list[Shift]:
    """Shifts cut to [start, end); a turn that began before counts its hours and is no turn of this rota."""
    cut = ((s, max(s.start, start), min(s.end, end)) for s in shifts)
    return [
        replace(s, start=first, end=last, turn=s.turn if s.turn and s.turn >= start else None)
        for s, first, last in cut
        if first < last
    ]


def absence_problems(shifts: Sequence[Shift], oncall: OnCall) -> list[str]:
    """Shifts held by somebody who is absent or not there then, in words."""
    people = {person.name: person for person in oncall.people}
    against = ((s, available(people[s.person], oncall.absences, s.start, s.end)) for s in shifts)
    return [f"{s.person} is {s.layer} from {utc(s.start)} but {why}" for s, why in against if why]


def _reason(layer: str, start: datetime, end: datetime, known: Sequence[Uncovered]) -> str:
    for one in known:
        if one.layer == layer and one.start < end and one.end > start:
            return one.reason
    return "no rotation covers it"
