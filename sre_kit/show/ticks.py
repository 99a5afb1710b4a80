"""
An axis with plain marks and words in place of its ticks.

matplotlib asks an axis for its ticks ten times while it lays out and draws, and a tick is five artists: two thirds of
a drawing. Here they are asked for once for each size, look like the axis's own first tick, and give way again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axis import XAxis
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axis import Axis, Tick
    from matplotlib.figure import Figure

Ticks = list[tuple["Tick", list[float], list[str]]]
"""A tick to look like, the places in data coordinates, and their words; the major and the minor ones."""


class Plain:
    """The marks and words of one axis; its own ticks come back with `restore`."""

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.boxes: list[Bbox] = []
        """What marks and words cover, in pixels."""
        self._locators = axis.get_major_locator(), axis.get_minor_locator()
        self._across = isinstance(axis, XAxis)
        self._figure: Any = axis.figure
        self._pad = axis.labelpad
        self._deep = 0.0
        self._ticks: Ticks = []
        self._artists: list[Artist] = []

    def mark(self, renderer: Any) -> None:
        """Put marks and words where the axis, as long as it is now, would have its ticks."""
        self._own()
        ticks = _ticks(self.axis)
        if ticks != self._ticks:
            self._remove()
            self._ticks = ticks
            for tick, places, words in ticks:
                if places:
                    self._add_marks(tick, places)
                    self._add_words(tick, places, words, renderer)
            self._deep = self._depth()
        self.axis.labelpad = self._pad + self._deep

    def hide(self) -> None:
        """Take its own ticks from the axis; not before all are marked, because axes may share them."""
        if self._ticks:
            self.axis.set_major_locator(NullLocator())
            self.axis.set_minor_locator(NullLocator())

    def restore(self) -> None:
        """The axis as it was."""
        self._own()
        self._remove()

    def _own(self) -> None:
        self.axis.set_major_locator(self._locators[0])
        self.axis.set_minor_locator(self._locators[1])
        self.axis.labelpad = self._pad

    def _remove(self) -> None:
        for one in self._artists:
            one.remove()
        self._artists, self._ticks, self.boxes = [], [], []

    def _add_marks(self, tick: Tick, places: Sequence[float]) -> None:
        edge, reach = self.axis.axes.bbox.frozen(), tick.get_tick_padding() * self._figure.dpi / 72
        for like, end, outwards in ((tick.tick1line, 0.0, -reach), (tick.tick2line, 1.0, reach)):
            if like.get_visible():
                line, ends = Line2D([], []), [end] * len(places)
                line.update_from(like)
                line.set_data(*((places, ends) if self._across else (ends, places)))
                self.axis.axes.add_artist(line)
                line.set(clip_on=False, zorder=self.axis.get_zorder(), in_layout=False)
                self._artists.append(line)
                self.boxes.append(edge.translated(*((0.0, outwards) if self._across else (outwards, 0.0))))

    def _add_words(self, tick: Tick, places: Sequence[float], words: Sequence[str], renderer: Any) -> None:
        for like in (tick.label1, tick.label2):
            if like.get_visible():
                x, y = like.get_position()
                for place, said in zip(places, words, strict=True):
                    text = Text(*((place, y) if self._across else (x, place)), said)
                    text.update_from(like)
                    text.set_rotation_mode(like.get_rotation_mode())
                    self._artists.append(self._figure.add_artist(text))
                    self.boxes.append(text.get_window_extent(renderer))

    def _depth(self) -> float:
        """Points from the edge of the axes to where marks and words end, on the side of the label."""
        side, edge = self.axis.get_label_position(), self.axis.axes.bbox
        away: Callable[[Bbox], float] = {
            "bottom": lambda box: edge.y0 - box.y0,
            "top": lambda box: box.y1 - edge.y1,
            "left": lambda box: edge.x0 - box.x0,
            "right": lambda box: box.x1 - edge.x1,
        }[side]
        return max([0.0, *(away(box) * 72 / float(self._figure.dpi) for box in self.boxes)])


def plain_axes(drawn: Figure) -> list[Plain]:
    """One for each axis of `drawn` that is drawn."""
    return [
        Plain(axis)
        for axes in drawn.axes
        if axes.axison and axes.name == "rectilinear"
        for axis in (axes.xaxis, axes.yaxis)
        if axis.get_visible()
    ]


def mark(axes: Sequence[Plain], renderer: Any) -> None:
    """Mark them all, as long as they are now."""
    for one in axes:
        one.mark(renderer)
    for one in axes:
        one.hide()


def _ticks(axis: Axis) -> Ticks:
    """Where the axis has its ticks, with their words; none where a grid or a factor stands beside them."""
    low, high = sorted(axis.get_transform().transform(axis.get_view_interval()))
    near = (high - low) * 1e-10
    found: Ticks = []
    for places, formatter, first in (
        (axis.get_majorticklocs(), axis.get_major_formatter(), axis.get_major_ticks),
        (axis.get_minorticklocs(), axis.get_minor_formatter(), axis.get_minor_ticks),
    ):
        if not len(places):
            continue
        words, tick = formatter.format_ticks(list(places)), first(1)[0]
        if formatter.get_offset() or tick.gridline.get_visible():
            return []
        at = axis.get_transform().transform(np.asarray(places, dtype=float))
        inside = (at >= low - near) & (at <= high + near)
        shown = [float(place) for place in np.asarray(places)[inside]]
        found.append((tick, shown, [said for said, kept in zip(words, inside, strict=True) if kept]))
    return found
