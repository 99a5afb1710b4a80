"""
The rota: plain turns in local wall time, repaired where they cannot stay, overrides on top.

Precedence, from weak to strong: rotation, repair of an absence, override. What nobody can take stays open and is named,
never filled in silence. Turns are exchanged within spans that begin with the rotation, so that tomorrow's plan says of
next week what today's said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sre_kit.compute.oncall.holidays import public_holidays
from sre_kit.compute.oncall.plan import LAYERS, OnCall, Override, Schedule, Shift, Uncovered
from sre_kit.compute.oncall.turn_repair import Change, Repair
from sre_kit.compute.oncall.turn_rules import Rules
from sre_kit.compute.oncall.turns import Turn, planned_turns
from sre_kit.errors import ParameterError, nearest
from sre_kit.units import utc


def schedule(oncall: OnCall, as_of: datetime, horizon: timedelta | None = None) -> Schedule:
    """
    Who is on call from `as_of` on, shifts in progress included, over `horizon` (else what the rotations plan).

    Raises
    ------
    ParameterError
        A handoff that is no "MON 10:00", a zone that is no IANA name, a rotation without members, a member that is
        nobody on the roster, a solver that is not installed.
    """
    end = as_of + (horizon or timedelta(weeks=max((r.weeks for r in oncall.rotations), default=12)))
    _check_names(oncall)
    turns = {index: planned_turns(rotation, as_of, end) for index, rotation in enumerate(oncall.rotations)}
    rules = Rules(oncall, _shadowed(turns.values()), _holidays(oncall, turns.values()))
    changes: list[Change] = []
    unfilled: list[tuple[Turn, Uncovered]] = []
    for layer in LAYERS:
        for index in (n for n, rotation in enumerate(oncall.rotations) if rotation.layer == layer):
            rules.add(turns[index])
            for span in sorted({turn.span for turn in turns[index] if turn.span[0] < end}):
                within = [turn for turn in turns[index] if turn.span == span]
                repaired = _assigned(rules, within, [turn for turn in turns[index] if turn.span < span])
                changes += repaired.changes
                unfilled += repaired.open
    everything = [turn for some in turns.values() for turn in some]
    shifts = [s for turn in everything if turn.person for s in _shifts(turn) if s.end > as_of and s.start < end]
    shifts, problems = _overridden(shifts, oncall.overrides, as_of, end)
    shifts.sort(key=lambda s: (s.start, LAYERS.index(s.layer)))

    def soon(turn: Turn) -> bool:
        """Whether it lies in what is asked for."""
        return turn.end > as_of and turn.start < end

    return Schedule(
        as_of,
        end,
        tuple(shifts),
        tuple(one for turn, one in unfilled if soon(turn)),
        tuple(change.text for change in changes if any(map(soon, change.turns))),
        tuple(problems),
    )


def _assigned(rules: Rules, turns: Sequence[Turn], before: Sequence[Turn]) -> Repair:
    """The turns of a rotation within one span, given to people; `before` are those of earlier spans."""
    repair = Repair(rules, turns)
    if rules.oncall.assignment == "cpsat":
        from sre_kit.compute.oncall.turn_solver import solve

        repair.changes += solve(rules, turns, before)
    repair.run()
    return repair


def _shadowed(turns: Iterable[Sequence[Turn]]) -> dict[str, datetime]:
    """Person -> end of the last shadow turn."""
    found: dict[str, datetime] = {}
    for turn in (turn for some in turns for turn in some if turn.rotation.layer == "shadow"):
        found[turn.person] = max(turn.end, found.get(turn.person, turn.end))
    return found


def _holidays(oncall: OnCall, turns: Iterable[Sequence[Turn]]) -> dict[str, dict[date, str]]:
    """Public holidays of everybody over the primary turns, where they matter."""
    edges = [edge for some in turns for turn in some for edge in (turn.start, turn.end)]
    if not (oncall.share_holidays and edges):
        return {}
    return public_holidays(oncall.people, min(edges), max(edges))


def _shifts(turn: Turn) -> list[Shift]:
    rotation = turn.rotation
    return [Shift(turn.person, rotation.layer, *piece, rotation.name, turn.why, turn.start) for piece in turn.pieces]


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


def _check_names(oncall: OnCall) -> None:
    roster = {person.name for person in oncall.people}
    named = [(f"rotation {r.name!r}", name) for r in oncall.rotations for name in r.members]
    named += [("an absence", away.person) for away in oncall.absences]
    named += [("an override", override.person) for override in oncall.overrides]
    for what, name in named:
        if name not in roster:
            raise ParameterError(f"oncall: {what} names {name!r}, who is not among people{nearest(name, roster)}")
    if len(roster) < len(oncall.people):
        raise ParameterError("oncall: two people have one name; tell them apart")
