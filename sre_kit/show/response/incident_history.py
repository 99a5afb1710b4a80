"""
The incident history to explore: level, component, year and clock, with the distribution and what chance would do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.response.incident_history import Part, incident_part, years
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept
from sre_kit.show.response.incidents import HOUR, LOG_GAP, chance_words, duration_words, rate_words, with_interval
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline
from sre_kit.show.widgets import Choice, Control, Explorer, View
from sre_kit.units import number, percent, span, utc

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST: int = 30
"""Components to choose from; the rarest others are under "all"."""
BOTH = "each"


def incident_explorer(logs: Mapping[str, IncidentLog], as_of: datetime) -> Shown:
    """The history by level, component and year, a row for each clock; the document keeps all of it on every clock."""
    log = next((one for one in logs.values() if one.incidents), None)
    if log is None:
        return Note.gap(LOG_GAP)
    levels = sorted({one.severity for one in log.incidents if one.severity})
    services = [name for name, _ in Counter(s for one in log.incidents for s in one.services).most_common(MOST)]
    clocks = [BOTH, *logs] if len(logs) > 1 else list(logs)

    @lru_cache(maxsize=64)
    def part(name: str, severity: str, component: str, year: int) -> Part:
        return incident_part(logs[name], as_of, severity=severity, service=component, year=year)

    def view(severity: str, component: str, year: int, clock: str) -> View:
        parts = [part(name, severity, component, year) for name in logs if clock in (BOTH, name)]
        return View(_conclusion(parts[0]), (history_parts(parts),), draw=lambda axes: _draw(axes, parts))

    def keep(severity: str, component: str, year: int, clock: str) -> Kept:
        unkept = ["level, component and year: they choose what is looked at"]
        decided = {} if clock == BOTH else {"incidents": {"clock": clock}}
        return Kept(decided, unkept)

    controls: dict[str, Control] = {
        "severity": Choice("Level", {"all": "", **{name: name for name in levels}}, ""),
        "component": Choice("Component", {"all": "", **{name: name for name in services}}, ""),
        "year": Choice("Year", {"all": 0, **{str(year): year for year in years(log)}}, 0),
        "clock": Choice("Clock", {name: name for name in clocks}, clocks[0]),
    }
    return Explorer(name="Incident history", controls=controls, view=view, keep=keep)


def _conclusion(part: Part) -> str:
    told = part.statistics
    words = f"{part.chosen[:1].upper()}{part.chosen[1:]}: {told.count} incidents"
    if told.mtbf is not None:
        words += f", one in {span(told.mtbf)}"
    if told.ttr.median is not None:
        words += f", half of them resolved within {with_interval(told.ttr.median, None)}"
    if told.open:
        words += f", {told.open} still open"
    return f"{words}."


def _draw(axes: Axes, parts: Sequence[Part]) -> None:
    """How many of the resolved ones lasted how long, a bar for each clock."""
    names = list(parts[0].lasted)
    width = 0.8 / len(parts)
    for number_, (part, colour) in enumerate(zip(parts, ("blue", "orange", "green", "purple"), strict=False)):
        places = [at + (number_ - (len(parts) - 1) / 2) * width for at in range(len(names))]
        axes.bar(places, list(part.lasted.values()), width * 0.95, color=COLOURS[colour], label=part.statistics.clock)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("resolved incidents")
    if len(parts) > 1:
        axes.legend(**ABOVE)


def history_parts(parts: Sequence[Part]) -> Stack:
    """One row a clock, the distribution of durations, and in words what changed and what chance would do."""
    rows: list[Sequence[Inline]] = [
        (
            part.statistics.clock,
            str(part.statistics.count),
            str(part.statistics.open),
            with_interval(part.statistics.ttr.median, part.statistics.ttr.median_interval),
            with_interval(part.statistics.ttr.p90, part.statistics.ttr.p90_interval),
            f"{number(part.statistics.downtime / HOUR)} h",
        )
        for part in parts
    ]
    first = parts[0].statistics
    table = Table(
        ("Clock", "Incidents", "Open", "Median to resolve (95 %)", "p90 (95 %)", "Time with an incident"),
        rows,
        source=f"{first.source}; {parts[0].chosen}; {utc(first.start)} to {utc(first.end)}",
    )
    return Stack(table, _distribution(parts), Note(*(words for part in parts for words in _changes(part, len(parts)))))


def _distribution(parts: Sequence[Part]) -> Table:
    """How many lasted how long, of those that are resolved; a bar of letters shows the share."""
    rows: list[Sequence[Inline]] = []
    totals = [sum(part.lasted.values()) for part in parts]
    for name in parts[0].lasted:
        cells = [
            f"{part.lasted[name]} ({percent(part.lasted[name] / total, 0)})" if total else "0"
            for part, total in zip(parts, totals, strict=True)
        ]
        rows.append((name, *cells))
    heads = [f"Resolved, clock {part.statistics.clock}" for part in parts] if len(parts) > 1 else ["Resolved"]
    return Table(("Lasted", *heads), rows if any(totals) else [], empty="None of them is resolved.")


def _changes(part: Part, clocks: int) -> list[str]:
    """Sentences on the year against the one before, and on chance."""
    on = f"On the clock {part.statistics.clock!r}: " if clocks > 1 else ""
    words = []
    if part.rate is not None:
        years_named = f"{part.year} against the same days of {part.year - 1}"
        words.append(f"{on}{rate_words(part.rate, years_named)}")
        if part.lengths is not None and part.lengths.p is not None:
            words.append(f"{on}{duration_words(part.lengths)}")
    if part.statistics.chance is not None and part.narrowed:
        words.append(f"{on}{chance_words(part.statistics.chance)}")
    return words
