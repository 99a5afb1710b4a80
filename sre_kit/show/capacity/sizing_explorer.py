"""
Sizes to try: which percentile of the use to hold, under how much load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sre_kit.compute.capacity.exhaustion import Outlook
from sre_kit.compute.capacity.plan import Scaling
from sre_kit.compute.capacity.sizing import size_for
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.chart import COLOURS
from sre_kit.show.keeping import Kept
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Amount, Explorer, View
from sre_kit.units import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERCENTILE = 95
LOAD = 1.0


def size_explorer(outlooks: Sequence[Outlook], scaling: Sequence[Scaling]) -> Shown:
    """
    Percentile to hold and load to expect.

    The document shows the 95th percentile at today's load.
    """
    sized = [one for one in outlooks if one.resource.kind in ("cpu", "memory") and one.usage.peak is not None]
    if not sized:
        return Note.gap(Gap("CPU or memory to size", "DevOps Engineer", "params: capacity.resources"))
    steered = {one.component: one for one in scaling if one.direction == "horizontal"}

    def view(percentile: int, load: float) -> View:
        found = [size_for(one, percentile / 100, load, steered.get(one.resource.component)) for one in sized]
        names = [one.resource.name for one in sized]
        rows: list[Sequence[Inline]] = [
            (name, Strong(percent(size, 0)) if size > 1 else percent(size, 0), percent(above, 2))
            for name, (size, above) in zip(names, found, strict=True)
        ]
        title = f"Percentile {percentile}, load × {load:g}"
        table = Table(
            (title, "Size needed, share of today's", "Readings above it"),
            rows,
            note="With 15 % on top, over the autoscaler's threshold where one steers by CPU. Bold: more than today. "
            "Memory above its size is killed, CPU above it is slowed: hold memory at 100.",
        )
        sizes = [size for size, _ in found]
        return View(
            _conclusion(title, names, sizes), (table,), draw=lambda axes: _draw(axes, names, sizes), sides=(0.26, 0.98)
        )

    def keep(percentile: int, load: float) -> Kept:
        return Kept({}, [f"percentile {percentile} and load × {load:g}: a size is set where the component is deployed"])

    return Explorer(
        name="Sizes",
        controls={
            "percentile": Amount("Percentile", PERCENTILE, 50, 100),
            "load": Amount("Load, × today's", LOAD, 0.5, 5.0, 0.1),
        },
        view=view,
        keep=keep,
    )  # fmt: skip


def _conclusion(title: str, names: Sequence[str], sizes: Sequence[float]) -> str:
    size, name = max(zip(sizes, names, strict=True))
    more = sum(one > 1 for one in sizes)
    words = f"{title}: {more} of {len(sizes)} need more than they have today"
    return f"{words}; {name} needs most, {percent(size, 0)} of its size."


def _draw(axes: Axes, names: Sequence[str], sizes: Sequence[float]) -> None:
    """What each needs beside what it has."""
    colours = [COLOURS["red"] if one > 1 else COLOURS["blue"] for one in sizes]
    axes.barh(list(names), [one * 100 for one in sizes], color=colours)
    axes.axvline(100, color="black", linewidth=1)
    axes.set_xlabel("size needed, % of today's")
    axes.invert_yaxis()
