"""
The rota to explore: people, length of a turn and handoff, with what they do to coverage and fairness.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.oncall.plan import OnCall
from sre_kit.compute.oncall.rota_options import Range, RotaOption, first_rotation, rota_option
from sre_kit.show.oncall.shifts import ROTA_GAP
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.show.widgets import Explorer
from sre_kit.units import MISSING, number, percent, span

LENGTHS: Final = tuple(timedelta(days=days) for days in (1, 2, 7, 14))
MORE: Final = 4
"""People beyond today's members that can be tried."""
DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def rota_explorer(oncall: OnCall, as_of: datetime) -> Shown:
    """The rota under another number of people, length or handoff; the document keeps the one in force."""
    first = first_rotation(oncall)
    if first is None:
        return Note.gap(ROTA_GAP)
    from ipywidgets import Dropdown, IntSlider

    members = len(set(first.members))
    lengths = sorted({*LENGTHS, first.length})
    clock = first.handoff.split()[-1]
    handoffs = list(dict.fromkeys([first.handoff, *(f"{day} {clock}" for day in DAYS), "MON 10:00", "MON 18:00"]))

    def view(people: int, length: timedelta, handoff: str) -> Table:
        found = [rota_option(oncall, as_of, people, one, handoff) for one in lengths]
        return rota_options(found, length, first.name)

    return Explorer(
        {
            "people": IntSlider(value=members, min=1, max=members + MORE, description="People"),
            "length": Dropdown(
                options=[(span(one), one) for one in lengths], value=first.length, description="A turn lasts"
            ),
            "handoff": Dropdown(options=handoffs, value=first.handoff, description="Handoff"),
        },
        view,
    )


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
    note = f"{first.people} people, handoff {first.handoff}; from the least to the most that one of them carries. "
    note += "Bold: as chosen; in a notebook the controls change people, length and handoff."
    return Table(
        ("A turn lasts", "Covered", "Turns", "Nights, hours", "Weekend days", "Public holidays",
         "Handoffs out of hours", "Other rules broken"),
        rows,
        source=f"the plan of {name} made again with each length, under the same rules and absences, without overrides",
        note=note,
    )  # fmt: skip


def _range(values: Range) -> str:
    low, high = (number(value) for value in values)
    return low if low == high else f"{low} to {high}"
