"""
Checks on a rota from the outside: each rule of the decisions, held against the shifts of the exported calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from sre_kit.compute.incidents import Incident
from sre_kit.compute.oncall.duty import HOUR, WORK, Load, pager_loads
from sre_kit.compute.oncall.holidays import public_holidays
from sre_kit.compute.oncall.pager_cover import Coverage, gap_groups, gap_words, overlaps, pager_coverage
from sre_kit.compute.oncall.plan import LAYERS, OnCall, Person, Rotation, Schedule, Shift, Uncovered
from sre_kit.compute.oncall.turns import allowed, available, outside
from sre_kit.compute.walltime import ClockChange, clock_changes, zone
from sre_kit.units import percent, utc

SHARE_WARN: Final = 0.30
SHARE_FAIL: Final = 0.50
ADVICE: Final = "Enough people to last"
"""The one rule of a rota that cannot be broken, only heeded."""
SUSTAINABLE: Final = 8
SINGLE_SITE: Final = 6
"""Site Reliability Engineering, ch. 11: eight people for one site to be sustainable, six per site of two."""


def double_bookings(shifts: Sequence[Shift]) -> list[str]:
    """Every overlap of two shifts of one person, and of two people on one layer (shadows apart), in words."""
    found = []
    for a, b in overlaps(shifts):
        if a.person == b.person:
            found.append(f"{a.person} is {a.layer} and {b.layer} from {utc(max(a.start, b.start))}")
        elif a.layer == b.layer != "shadow":
            found.append(f"{a.person} and {b.person} are both {a.layer} from {utc(max(a.start, b.start))}")
    return found


def load_problems(found: Sequence[Load], limit: Fraction | None = None) -> list[str]:
    """What is unfair about `found`, in words; `limit` is the largest share agreed, else 30 % is too much."""
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
        elif limit is not None and load.share > limit:
            agreed = percent(limit, 0)
            problems.append(f"{load.person.name} carries {load.share:.1%} of the primary hours, {agreed} is agreed")
        elif limit is None and load.share > max(SHARE_WARN, 1 / max(1, carrying)):
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
    """
    Primary shifts of one person with less than `minimum` between them, in words.

    Hours of one turn are no two shifts, and turns that touch are turns in a row, see `in_a_row_problems`.
    """
    found = []
    by_person: dict[str, Shift] = {}
    for shift in sorted((s for s in shifts if s.layer == "primary"), key=lambda s: s.start):
        before = by_person.get(shift.person)
        if before is not None and shift.start - before.end < minimum and not _one_stretch(before, shift):
            rest = max(shift.start - before.end, timedelta(0)) / HOUR
            found.append(f"{shift.person} has {rest:g} h between primary shifts before {utc(shift.start)}")
        by_person[shift.person] = shift
    return found


def in_a_row_problems(shifts: Sequence[Shift], most: int) -> list[str]:
    """Who has more than `most` turns of one rotation one after the other, in words; overrides are no turns."""
    held: dict[str, dict[datetime, set[str]]] = {}
    for shift in shifts:
        if shift.turn is not None and shift.layer != "shadow":
            held.setdefault(shift.rotation, {}).setdefault(shift.turn, set()).add(shift.person)
    found = []
    for rotation, people in held.items():
        turns = sorted(people)
        step = min((b - a for a, b in pairwise(turns)), default=timedelta(0)) + 2 * HOUR
        for person in sorted({name for names in people.values() for name in names}):
            row: list[datetime] = []
            for turn in [*turns, datetime.max.replace(tzinfo=UTC)]:
                follows = person in people.get(turn, ()) and (not row or turn - row[-1] <= step)
                if follows:
                    row.append(turn)
                    continue
                if len(row) > most:
                    found.append(f"{person} has {len(row)} turns of {rotation} in a row from {utc(row[0])}")
                row = [turn] if person in people.get(turn, ()) else []
    return found


def hours_problems(shifts: Sequence[Shift], oncall: OnCall) -> list[str]:
    """Shifts outside of the hours of their person or of their rotation, in words."""
    people = {person.name: person for person in oncall.people}
    rotations = {rotation.name: rotation for rotation in oncall.rotations}
    found = []
    for s in shifts:
        if outside(people[s.person], s.start, s.end):
            found.append(f"{s.person} is {s.layer} from {utc(s.start)}, outside of the own hours")
        own = rotations.get(s.rotation)
        if own and allowed(own.restrictions, zone(own.zone), s.start, s.end) != ((s.start, s.end),):
            found.append(f"{s.rotation} is held from {utc(s.start)}, outside of its hours")
    return found


def _one_stretch(before: Shift, shift: Shift) -> bool:
    """Whether two shifts are parts of one turn, or turns that touch."""
    if before.turn is None or shift.turn is None:
        return False
    return before.end == shift.start or (before.rotation, before.turn) == (shift.rotation, shift.turn)


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
    known = [*schedule.unfilled, *_outside_hours(oncall, schedule)]
    covered = pager_coverage(exported, layers, schedule.start, schedule.end, known)
    loads = pager_loads(oncall.people, inside(exported, schedule.start, schedule.end), holidays, past)
    people = {person.name: person for person in oncall.people}
    plan, read_back = ({(s.layer, s.person, s.start, s.end) for s in found} for found in (schedule.shifts, exported))
    problems: dict[str, Sequence[str]] = {
        "Every minute covered": [gap_words(group) for one in covered for group in gap_groups(one.gaps)]
        + (["secondary: no such rotation, nobody answers when the primary does not"] if layers == ["primary"] else []),
        "Calendar equals the plan": [f"{len(plan ^ read_back)} shifts differ"] if plan ^ read_back else [],
        "Nobody on two layers, nobody doubled": double_bookings(exported),
        "Absences, joining and leaving honoured": absence_problems(exported, oncall),
        "Hours of people and of rotations kept": hours_problems(exported, oncall),
        "Rest between primary shifts": rest_problems(exported, oncall.minimum_rest),
        f"At most {oncall.maximum_in_a_row} turn{'s' * (oncall.maximum_in_a_row > 1)} in a row": in_a_row_problems(
            exported, oncall.maximum_in_a_row
        ),
        "Shadow before the first own shift": shadow_problems(exported),
        "Handoffs on working days, in working hours": handoff_problems(exported, people, holidays),
        "Fair": load_problems(loads, oncall.maximum_share),
        ADVICE: team_advice(loads),
        "Overrides have an effect": schedule.problems,
    }
    changes = tuple(clock_changes_near(oncall.rotations, schedule))
    return RotaReview(tuple(exported), tuple(covered), tuple(loads), problems, changes, holidays)


def _outside_hours(oncall: OnCall, schedule: Schedule) -> list[Uncovered]:
    """The whole time, as the last reason for a gap, of each layer that is answered at its hours only."""
    found = []
    for layer in LAYERS:
        rotations = [rotation for rotation in oncall.rotations if rotation.layer == layer]
        if rotations and all(rotation.restrictions for rotation in rotations):
            reason = f"outside of the hours of {' and '.join(rotation.name for rotation in rotations)}"
            found.append(Uncovered(layer, schedule.start, schedule.end, reason))
    return found


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
