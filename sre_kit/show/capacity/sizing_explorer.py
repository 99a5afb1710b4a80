"""
Sizes to try: which percentile of the use to hold, under how much load.
"""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.capacity.exhaustion import Outlook
from sre_kit.compute.capacity.plan import Scaling
from sre_kit.compute.capacity.sizing import size_for
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Explorer
from sre_kit.units import percent

PERCENTILE = 95
LOAD = 1.0


def size_explorer(outlooks: Sequence[Outlook], scaling: Sequence[Scaling]) -> Shown:
    """
    Percentile to hold and load to expect.

    The document shows the 95th percentile at today's load.
    """
    from ipywidgets import FloatSlider, IntSlider

    sized = [one for one in outlooks if one.resource.kind in ("cpu", "memory") and one.usage.peak is not None]
    if not sized:
        return Note.gap(Gap("CPU or memory to size", "DevOps Engineer", "params: capacity.resources"))
    steered = {one.component: one for one in scaling if one.direction == "horizontal"}

    def view(percentile: int, load: float) -> Shown:
        rows: list[Sequence[Inline]] = []
        for one in sized:
            size, above = size_for(one, percentile / 100, load, steered.get(one.resource.component))
            rows.append(
                (
                    one.resource.name,
                    Strong(percent(size, 0)) if size > 1 else percent(size, 0),
                    percent(above, 2),
                )
            )
        title = f"Percentile {percentile}, load x {load:g}"
        return Table(
            (title, "Size needed, share of today's", "Readings above it"),
            rows,
            note="With 15 % on top, over the autoscaler's threshold where one steers by CPU. Bold: more than today. "
            "Memory above its size is killed, CPU above it is slowed: hold memory at 100.",
        )

    return Explorer(
        controls={
            "percentile": IntSlider(value=PERCENTILE, min=50, max=100, description="percentile"),
            "load": FloatSlider(value=LOAD, min=0.5, max=5, step=0.1, description="load, times today"),
        },
        view=view,
    )  # fmt: skip
