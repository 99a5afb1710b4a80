"""
The rota to explore: people, length of a turn, handoff and absences, with what they do to coverage and fairness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sre_kit.compute.oncall.plan import Absence, OnCall, Rotation
from sre_kit.compute.oncall.rota_options import Range, RotaOption, first_rotation, rota_option, rota_with
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept, length, written
from sre_kit.show.oncall.shifts import ROTA_GAP
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View, worded
from sre_kit.units import MISSING, number, percent, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LENGTHS: Final = tuple(timedelta(days=days) for days in (1, 2, 7, 14))
MORE: Final = 4
"""People beyond today's members that can be tried."""
DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DECIDED: Final = "as decided"
AWAY: Final = timedelta(weeks=4)
"""How long somebody more is away, from the report on."""


def rota_explorer(oncall: OnCall, as_of: datetime) -> Shown:
    """The rota under another number of people, length, handoff or absence; the document keeps the one in force."""
    first = first_rotation(oncall)
    if first is None:
        return Note.gap(ROTA_GAP)
    members = list(dict.fromkeys(first.members))
    lengths = sorted({*LENGTHS, first.length})
    absences = _absences(oncall, members, as_of)

    @lru_cache(maxsize=256)
    def option(people: int, one: timedelta, handoff: str, away: str) -> RotaOption:
        return rota_option(replace(oncall, absences=absences[away]), as_of, people, one, handoff)

    def view(people: int, length: timedelta, handoff: str, away: str) -> View:
        found = [option(people, one, handoff, away) for one in lengths]
        chosen = next(one for one in found if one.length == length)
        table = rota_options(found, length, first.name)
        return View(_conclusion(chosen), (table,), draw=lambda axes: _draw(axes, chosen), sides=(0.18, 0.98))

    def keep(people: int, length: timedelta, handoff: str, away: str) -> Kept:
        changed = rota_with(replace(oncall, absences=absences[away]), people, length, handoff)
        return _kept(oncall, changed, first)

    controls: dict[str, Control] = {
        "people": Amount("People", len(members), 1, len(members) + MORE),
        "length": Choice("A turn lasts", worded(lengths, span), first.length, ordered=True),
        "handoff": Choice("Handoff", {one: one for one in _handoffs(first)}, first.handoff),
        "away": Choice("Absences", {name: name for name in absences}, DECIDED),
    }
    return Explorer(name="Rota", controls=controls, view=view, keep=keep)


def _handoffs(first: Rotation) -> list[str]:
    clock = first.handoff.split()[-1]
    return list(dict.fromkeys([first.handoff, *(f"{day} {clock}" for day in DAYS), "MON 10:00", "MON 18:00"]))


def _absences(oncall: OnCall, members: Sequence[str], as_of: datetime) -> dict[str, list[Absence]]:
    found = {DECIDED: oncall.absences, "none": []}
    weeks = AWAY // timedelta(weeks=1)
    for name in members:
        more = Absence(name, as_of, as_of + AWAY, "explored")
        found[f"{name} away for {weeks} weeks more"] = [*oncall.absences, more]
    return found


def _kept(oncall: OnCall, changed: OnCall, first: Rotation) -> Kept:
    new = changed.people[len(oncall.people) :]
    moved = [after for before, after in zip(oncall.rotations, changed.rotations, strict=True) if after != before] or [
        first
    ]
    lines: dict[str, Any] = {"people": [written(one) for one in new]} if new else {}
    lines["rotations"] = [written(one, always=("length", "handoff")) for one in moved]
    if changed.absences != oncall.absences:
        lines["absences"] = [written(one) for one in changed.absences]
    after = next(one for one in changed.rotations if one.name == first.name)
    was = {"length": length(first.length)} if after.length != first.length else {}
    was |= {"handoff": first.handoff} if after.handoff != first.handoff else {}
    unkept = ["who is added: put names and zones in place of 'one more'"] if new else []
    return Kept({"oncall": lines}, unkept, was)


def _conclusion(one: RotaOption) -> str:
    """What the setting does to those who carry the pager."""
    words = f"{_who(one)} with turns of {span(one.length)} from {one.handoff}: "
    words += "every minute is covered" if one.covered >= 1 else f"{percent(one.covered)} of the time is covered"
    words += f", each has {_range(one.turns)} turns and {_range(one.weekends)} weekend days"
    if one.broken:
        return f"{words}; broken: {', '.join(one.broken)}."
    return f"{words}; no other rule is broken."


def _who(one: RotaOption) -> str:
    return "1 person" if one.people == 1 else f"{one.people} people"


def _draw(axes: Axes, one: RotaOption) -> None:
    """Turns, weekend days and nights of each person."""
    names = [load.person.name for load in one.carrying]
    kinds: Mapping[str, tuple[str, list[float]]] = {
        "turns": ("blue", [load.primary for load in one.carrying]),
        "weekend days": ("orange", [load.weekend_days for load in one.carrying]),
        "nights, days of 24 h": ("purple", [load.night_hours / 24 for load in one.carrying]),
    }
    places = np.arange(len(names))
    for row, (label, (colour, values)) in enumerate(kinds.items()):
        axes.barh(places + (row - 1) * 0.27, values, height=0.25, color=COLOURS[colour], label=label)
    axes.set_yticks(places, [name.split()[0] if len(name) > 14 else name for name in names])
    axes.invert_yaxis()
    axes.legend(**ABOVE)


def rota_options(found: Sequence[RotaOption], chosen: timedelta, name: str) -> Table:
    """A row for each length of a turn; bold is the chosen one."""
    rows: list[Sequence[Inline]] = [
        (
            Strong(span(one.length)) if one.length == chosen else span(one.length),
            percent(one.covered),
            _range(one.turns),
            _range(one.nights),
            _range(one.weekends),
            _range(one.holidays),
            str(one.handoffs),
            Lines(list(one.broken)) if one.broken else MISSING,
        )
        for one in found
    ]
    first = found[0]
    note = f"{_who(first)}, handoff {first.handoff}; from the least to the most that one of them carries. "
    note += "Bold: as chosen; in a notebook the controls change people, length, handoff and absences."
    return Table(
        ("A turn lasts", "Covered", "Turns", "Nights, hours", "Weekend days", "Public holidays",
         "Handoffs out of hours", "Other rules broken"),
        rows,
        source=f"the plan of {name} made again with each length, under the same rules, without overrides",
        note=note,
    )  # fmt: skip


def _range(values: Range) -> str:
    low, high = (number(value) for value in values)
    return low if low == high else f"{low} to {high}"
