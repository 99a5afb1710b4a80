"""
Raw events for readers: each route's share of good events, its exact quantiles, and its worst minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.performance.events import EventStatistics, route_events
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline
from sre_kit.units import MISSING, number, percent, span, utc

SHOWN: Final = 12
"""Routes of a log; the rest is named in number."""


def raw_events(found: Sequence[EventStatistics]) -> Shown:
    """Exact numbers of single events, where a log of them is given."""
    if not found:
        return Note("No log of single events is given (params: performance.events), so no quantile here is exact.")
    rows: list[Sequence[Inline]] = []
    records, notes = [], []
    for one in found:
        routes = route_events(one) if one.gap is None else []
        for route in routes[:SHOWN]:
            worst = f"{span(route.worst_p95)} at {utc(route.worst_minute)}" if route.worst_minute else MISSING
            share = percent(route.good_share, 3)
            times = (span(route.p50), span(route.p95), span(route.p99), worst)
            rows.append((route.route, number(route.total), share, *times, number(route.minutes)))
            records.append(Record(f"events.{route.route}.good_share", route.good_share, "ratio", one.source))
        if len(routes) > SHOWN:
            notes.append(f"{len(routes) - SHOWN} further routes of {one.source} are not shown")
        if one.left_out:
            notes.append(f"{one.left_out:,} event(s) of {one.source} without time, route or status are left out")
    return Table(
        ("Route", "Events", "Good", "p50", "p95", "p99", "Worst minute, p95", "Minutes with traffic"),
        rows,
        source="; ".join(f"{one.source}, {_window(one)}" for one in found if one.gap is None),
        note="Exact quantiles of single events, not of intervals. " + "; ".join(notes),
        records=records,
        gaps=[one.gap for one in found if one.gap is not None],
    )


def _window(one: EventStatistics) -> str:
    return f"{utc(one.window[0])} to {utc(one.window[1])}" if one.window else "no event"
