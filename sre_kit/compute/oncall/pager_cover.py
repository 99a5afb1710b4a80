"""
Coverage: whether somebody holds the pager at every moment, swept in UTC.

Everything sweeps the shifts it is given, so that it can be run over the exported calendar instead of the generator's
memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.incidents import union
from sre_kit.compute.oncall.plan import Shift, Uncovered
from sre_kit.units import number, utc

EACH: Final = 3
"""Gaps of one layer and reason that are named one by one; more are counted together."""


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


def gap_groups(gaps: Sequence[Uncovered]) -> list[list[Uncovered]]:
    """Gaps one by one, those with the same layer and reason together where there are more than `EACH`."""
    alike: dict[tuple[str, str], list[Uncovered]] = {}
    for gap in gaps:
        alike.setdefault((gap.layer, gap.reason), []).append(gap)
    return [part for group in alike.values() for part in ([group] if len(group) > EACH else [[gap] for gap in group])]


def gap_words(group: Sequence[Uncovered]) -> str:
    """A group of gaps, in words."""
    first = group[0]
    edges = f"from {utc(first.start)} to {utc(first.end)}"
    if len(group) == 1:
        return f"{first.layer}: nobody {edges}: {first.reason}"
    hours = sum(((gap.end - gap.start) / timedelta(hours=1) for gap in group), 0.0)
    return f"{first.layer}: nobody in {len(group)} spells, {number(hours)} h in all, the first {edges}: {first.reason}"


def overlaps(shifts: Sequence[Shift]) -> Iterator[tuple[Shift, Shift]]:
    """Every two shifts that share some time, the earlier first."""
    held: list[Shift] = []
    for shift in sorted(shifts, key=lambda s: (s.start, s.end)):
        held = [other for other in held if other.end > shift.start]
        yield from ((other, shift) for other in held)
        if shift.end > shift.start:
            held.append(shift)


def _reason(layer: str, start: datetime, end: datetime, known: Sequence[Uncovered]) -> str:
    for one in known:
        if one.layer == layer and one.start < end and one.end > start:
            return one.reason
    return "no rotation covers it"
