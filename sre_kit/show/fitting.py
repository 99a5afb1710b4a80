"""
Margins that hold what stands around the axes, from one measurement.

Constrained layout measures twice, and the figure is drawn once more for it, which takes longer than the picture. Here
every axes is measured where it stands, and what reaches beyond it becomes the margin of its row and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.transforms import Bbox

from sre_kit.show.ticks import Plain, mark, plain_axes

PAD: Final = 0.05
"""Inches around the figure, and twice as much between its axes."""
START: Final = {"left": 0.1, "right": 0.95, "bottom": 0.12, "top": 0.9, "wspace": 0.2, "hspace": 0.3}
"""Where the axes are measured."""


class Fitted(LayoutEngine):
    """Lays out the axes of one grid; axes that were placed by hand stay."""

    _adjust_compatible = True
    _colorbar_gridspec = True

    def execute(self, fig: Any) -> None:
        """Set the margins and gaps of the grid."""
        fit(fig)


@contextmanager
def plainly(drawn: Figure) -> Iterator[None]:
    """Within, `drawn` is fitted, and has plain ticks; afterwards it has its own again."""
    marked, layout = plain_axes(drawn), drawn.get_layout_engine()
    drawn.set_layout_engine("none")
    try:
        fit(drawn, marked)  # not by the engine: a figure lists what it will draw before it asks for its layout
        yield
    finally:
        for axis in marked:
            axis.restore()
        drawn.set_layout_engine(layout)


def fit(drawn: Figure, marked: Sequence[Plain] = ()) -> None:
    """Set the margins and gaps of the grid of `drawn`, whose axes `marked` have plain ticks; of one grid only."""
    placed = [axes for axes in drawn.axes if axes.get_subplotspec() is not None]
    if len({axes.get_subplotspec().get_gridspec() for axes in placed}) != 1:  # type: ignore[union-attr]
        return
    drawn.subplots_adjust(**START)  # from the same place each time, or a second drawing would differ
    renderer = drawn.canvas.get_renderer()  # type: ignore[attr-defined]
    mark(marked, renderer)
    rows, columns = placed[0].get_subplotspec().get_gridspec().get_geometry()  # type: ignore[union-attr]
    left, right = np.zeros(columns), np.zeros(columns)
    above, below = np.zeros(rows), np.zeros(rows)
    for axes in placed:
        spec: Any = axes.get_subplotspec()
        beyond = _beyond(axes, [box for axis in marked if axis.axis.axes is axes for box in axis.boxes], renderer)
        left[spec.colspan.start] = max(left[spec.colspan.start], beyond[0])
        right[spec.colspan.stop - 1] = max(right[spec.colspan.stop - 1], beyond[1])
        below[spec.rowspan.stop - 1] = max(below[spec.rowspan.stop - 1], beyond[2])
        above[spec.rowspan.start] = max(above[spec.rowspan.start], beyond[3])
    pad = PAD * drawn.dpi
    whole, gap_across, width = _shared(drawn.bbox.width, left + pad, right + pad)
    height_of, gap_down, height = _shared(drawn.bbox.height, above + pad, below + pad)
    if whole[0] < whole[1] and height_of[0] < height_of[1]:  # else there is no room, and all stay where they are
        drawn.subplots_adjust(
            left=whole[0], right=whole[1], wspace=gap_across / width, top=1 - height_of[0], bottom=1 - height_of[1],
            hspace=gap_down / height,
        )  # fmt: skip
    mark(marked, renderer)


def _beyond(axes: Axes, ticks: Sequence[Bbox], renderer: Any) -> tuple[float, float, float, float]:
    """
    How far what belongs to the axes, and what their plain `ticks` cover, reaches beyond them: to the left and right,
    below and above; in pixels.
    """
    inner: Bbox = axes.bbox
    outer = Bbox.union([axes.get_tightbbox(renderer, for_layout_only=True) or inner, *ticks])
    return inner.x0 - outer.x0, outer.x1 - inner.x1, inner.y0 - outer.y0, outer.y1 - inner.y1


def _shared(length: float, before: Any, after: Any) -> tuple[tuple[float, float], float, float]:
    """
    Of a `length` with cells side by side that need room `before` and `after` them: where the first begins and the last
    ends (0..1), and the widest gap and the size of a cell in one unit.
    """
    gap = float(np.max(after[:-1] + before[1:])) if len(before) > 1 else 0.0
    size = max(1.0, (length - before[0] - after[-1] - gap * (len(before) - 1)) / len(before))
    return (before[0] / length, 1 - after[-1] / length), gap, size
