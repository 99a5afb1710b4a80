"""
The rota: plain turns in local wall time, absences repaired locally, overrides on top.

Precedence, from weak to strong: rotation, repair of an absence, override. Slots meet by construction, because each
ends where the next begins. What nobody can take stays open and is named, never filled in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sre_kit.compute.oncall import LAYERS, Absence, OnCall, Override, Person, Rotation, Schedule, Shift, Uncovered
from sre_kit.compute.walltime import first_instant, zone
from sre_kit.errors import ParameterError, nearest
from sre_kit.units import utc

_DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_HANDOFF: Final = re.compile(rf"(?:({'|'.join(_DAYS)})\s+)?([01]\d|2[0-3]):([0-5]\d)", re.IGNORECASE)


@dataclass(slots=True)
class _Slot:
    """A turn being planned; `person` is empty where nobody can take it."""

    start: datetime
    end: datetime
    rotation: Rotation
    person: str
    why: str = ""


def schedule(oncall: OnCall, as_of: datetime, horizon: timedelta | None = None) -> Schedule:
    """
    Who is on call from `as_of` on, shifts in progress included, over `horizon` (else what the rotations plan).

    Raises
    ------
    ParameterError
        A handoff that is no "MON 10:00", a zone that is no IANA name, a rotation without members, a member that is
        nobody on the roster.
    """
    ahead = horizon or timedelta(weeks=max((r.weeks for r in oncall.rotations), default=12))
    end = as_of + ahead
    roster = {person.name: person for person in oncall.people}
    _check_names(oncall, roster)
    planned: list[_Slot] = []
    changes: list[str] = []
    unfilled: list[Uncovered] = []
    for layer in LAYERS:
        for rotation in (r for r in oncall.rotations if r.layer == layer):
            slots = list(_slots(rotation, as_of, end))
            repair = _Repair(oncall, roster, slots, planned)
            repair.run()
            changes += repair.changes
            unfilled += repair.unfilled
            planned += slots
    shifts = [_shift(slot) for slot in planned if slot.person]
    shifts, problems = _overridden(shifts, oncall.overrides, as_of, end)
    shifts.sort(key=lambda s: (s.start, LAYERS.index(s.layer)))
    return Schedule(as_of, end, tuple(shifts), tuple(unfilled), tuple(changes), tuple(problems))


def handoffs(rotation: Rotation) -> Iterator[tuple[int, datetime]]:
    """Turn number and instant (UTC) of every handoff of `rotation`, from its first on, without end."""
    found = _HANDOFF.fullmatch(rotation.handoff.strip())
    if not found:
        raise ParameterError(f'rotation {rotation.name!r}: handoff {rotation.handoff!r}; write "MON 10:00" or "10:00"')
    if rotation.length < timedelta(hours=1):
        raise ParameterError(f"rotation {rotation.name!r}: a turn of {rotation.length} is shorter than an hour")
    where, wall = zone(rotation.zone), datetime.combine(rotation.start, time(int(found[2]), int(found[3])))
    if found[1]:
        wall += timedelta(days=(_DAYS.index(found[1].upper()) - wall.weekday()) % 7)
    number = 0
    while True:
        yield number, first_instant(wall + number * rotation.length, where)
        number += 1


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


class _Repair:
    """Local repair of one rotation: swap a conflicting turn with the nearest one that fits, else let somebody cover."""

    def __init__(self, oncall: OnCall, roster: dict[str, Person], slots: list[_Slot], fixed: Sequence[_Slot]) -> None:
        self.oncall, self.roster, self.slots, self.fixed = oncall, roster, slots, fixed
        self.changes: list[str] = []
        self.unfilled: list[Uncovered] = []

    def run(self) -> None:
        """Each turn in order of time; a turn that was swapped is looked at again when its time comes."""
        for index, slot in enumerate(self.slots):
            reason = self._against(slot.person, slot)
            if reason and not self._swap(index, reason):
                self._cover(index, reason)

    def _against(self, name: str, slot: _Slot) -> str:
        reason = available(self.roster[name], self.oncall.absences, slot.start, slot.end)
        if reason:
            return reason
        for other in self.fixed:
            if other.person == name and other.start < slot.end and other.end > slot.start:
                return f"is {other.rotation.layer} at that time"
        return ""

    def _rested(self, name: str, index: int, but: int) -> bool:
        """Whether `name` keeps the minimum rest around turn `index`; turn `but` is being given away."""
        slot = self.slots[index]
        return all(
            other.person != name
            or n in (index, but)
            or other.start - slot.end >= self.oncall.minimum_rest
            or slot.start - other.end >= self.oncall.minimum_rest
            for n, other in enumerate(self.slots)
        )

    def _swap(self, index: int, reason: str) -> bool:
        slot = self.slots[index]
        # nearest first, and of two as near the later one, whose holder has more notice
        order = sorted((n for n in range(len(self.slots)) if n != index), key=lambda n: (abs(n - index), n < index))
        for n in order:
            other = self.slots[n]
            if not other.person or other.person == slot.person:
                continue
            if self._against(other.person, slot) or self._against(slot.person, other):
                continue
            if not (self._rested(other.person, index, n) and self._rested(slot.person, n, index)):
                continue
            self.changes.append(
                f"{slot.rotation.name}: {slot.person} and {other.person} swap {utc(slot.start)} "
                f"and {utc(other.start)}, because {slot.person} {reason}"
            )
            slot.why, other.why = f"swapped with {slot.person}, who {reason}", f"swapped with {other.person}"
            slot.person, other.person = other.person, slot.person
            return True
        return False

    def _cover(self, index: int, reason: str) -> None:
        slot = self.slots[index]
        turns = {name: sum(s.person == name for s in self.slots) for name in slot.rotation.members}
        against = {name: self._against(name, slot) for name in turns}
        free = [name for name in turns if not against[name] and self._rested(name, index, index)]
        if free:
            chosen = min(free, key=lambda name: (turns[name], slot.rotation.members.index(name)))
            self.changes.append(
                f"{slot.rotation.name}: {chosen} covers {utc(slot.start)} for {slot.person}, who {reason}"
            )
            slot.why, slot.person = f"covers for {slot.person}, who {reason}", chosen
            return
        why = "; ".join(f"{name} {text or 'would not have the minimum rest'}" for name, text in against.items())
        self.unfilled.append(Uncovered(slot.rotation.layer, slot.start, slot.end, why))
        slot.person = ""


def _slots(rotation: Rotation, as_of: datetime, end: datetime) -> Iterator[_Slot]:
    if not rotation.members:
        raise ParameterError(f"rotation {rotation.name!r} has no members; list them in turn order")
    limit = min(end, datetime.combine(rotation.until, time(), UTC)) if rotation.until else end
    turns = handoffs(rotation)
    number, start = next(turns)
    while start < limit:
        following, until = next(turns)
        if as_of < until and start < until:
            yield _Slot(start, until, rotation, rotation.members[number % len(rotation.members)])
        number, start = following, until


def _shift(slot: _Slot) -> Shift:
    return Shift(slot.person, slot.rotation.layer, slot.start, slot.end, slot.rotation.name, slot.why, slot.start)


def _overridden(
    shifts: list[Shift], overrides: Sequence[Override], start: datetime, end: datetime
) -> tuple[list[Shift], list[str]]:
    """Cut every override out of its layer and put it in; of two that overlap the later in the list wins."""
    problems = []
    for override in overrides:
        words = f"override {override.person}, {override.layer}, {utc(override.start)} to {utc(override.end)}"
        if override.start >= override.end:
            problems.append(f"{words}: ends before it starts")
            continue
        if override.end <= start or override.start >= end:
            problems.append(f"{words}: outside the horizon, without effect")
            continue
        kept: list[Shift] = []
        replaced: list[str] = []
        for shift in shifts:
            if shift.layer != override.layer or shift.end <= override.start or shift.start >= override.end:
                kept.append(shift)
                continue
            replaced.append(shift.person)
            if shift.start < override.start:
                kept.append(replace(shift, end=override.start))
            if shift.end > override.end:
                kept.append(replace(shift, start=override.end))
        why = f"override for {', '.join(dict.fromkeys(replaced)) or 'nobody'}"
        why += f": {override.reason}" if override.reason else ""
        kept.append(Shift(override.person, override.layer, override.start, override.end, "", why))
        shifts = kept
    return shifts, problems


def _check_names(oncall: OnCall, roster: dict[str, Person]) -> None:
    named = [(f"rotation {r.name!r}", name) for r in oncall.rotations for name in r.members]
    named += [("an absence", away.person) for away in oncall.absences]
    named += [("an override", override.person) for override in oncall.overrides]
    for what, name in named:
        if name not in roster:
            raise ParameterError(f"oncall: {what} names {name!r}, who is not among people{nearest(name, roster)}")
    if len(roster) < len(oncall.people):
        raise ParameterError("oncall: two people have one name; tell them apart")
