"""Plain marks and words look as the ticks they stand for, and leave the axes as they were."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread

from sre_kit.show import fitting
from sre_kit.show.chart import HINTING, figure, png, times


def _numbers(axes: Axes) -> None:
    axes.plot([0, 1, 5], [3, 2, 9])
    axes.set(xlabel="load", ylabel="requests/s", title="a title")


def _names(axes: Axes) -> None:
    axes.barh(["a component whose name is long", "another"], [1, 2])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set(xlabel="share", ylabel="component")


def _powers(axes: Axes) -> None:
    axes.plot([1, 2], [1, 1e4])
    axes.set_yscale("log")
    axes.set_ylabel("minutes")


def _two_sides(axes: Axes) -> None:
    right = axes.twinx()
    right.plot([0, 1], [10, 2000])
    axes.set(ylabel="requests", xlabel="load")
    right.set(ylabel="seconds")


def _days(axes: Axes) -> None:
    moments = pd.date_range("2026-10-31", "2026-11-01", freq="1h", tz="UTC")
    axes.plot(times(axes, moments), range(len(moments)))


def _styled(axes: Axes) -> None:
    axes.plot([0, 1e-3], [0, 1])
    axes.tick_params(labelsize=7, colors="red", direction="inout", length=9)
    axes.tick_params(axis="x", labelrotation=30)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.minorticks_on()
    axes.set(xlabel="seconds", ylabel="share")


def _only_marks(axes: Axes) -> None:
    axes.tick_params(labelbottom=False, labelleft=False)
    axes.set(xlabel="load", ylabel="share")


def _factor(axes: Axes) -> None:
    axes.plot([0, 1], [1e9, 3e9])
    axes.set(ylabel="bytes", title="beside the factor")


def _grid(axes: Axes) -> None:
    axes.plot([0, 1])
    axes.grid(True)


EACH: Any = pytest.mark.parametrize(
    "draw", [_numbers, _names, _powers, _two_sides, _days, _styled, _only_marks, _factor, _grid]
)


def _own_ticks(drawn: Figure) -> np.ndarray[Any, Any]:
    canvas: Any = FigureCanvasAgg(drawn)
    with rc_context({"text.hinting": HINTING}):
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int)


def _plain_ticks(drawn: Figure) -> np.ndarray[Any, Any]:
    seen = imread(io.BytesIO(base64.b64decode(png(drawn))))
    return np.round(seen * 255).astype(int)


@EACH
def test_plain_ticks_look_as_the_axes_own(draw: Any):
    drawn, axes = figure(6, 3)
    draw(axes)
    seen = _plain_ticks(drawn)
    own = _own_ticks(drawn)
    assert seen.shape == own.shape
    assert abs(seen - own).max() <= 1  # where a mark meets a spine, which is drawn last rounds differently


@EACH
def test_a_figure_has_its_own_ticks_again_once_it_is_drawn(draw: Any):
    drawn, axes = figure(6, 3)
    draw(axes)
    own, children = axes.xaxis.get_major_locator(), len(axes.get_children())
    first = png(drawn)
    assert axes.xaxis.get_major_locator() is own
    assert len(axes.get_children()) == children and not drawn.texts
    assert axes.yaxis.labelpad == figure(6, 3)[1].yaxis.labelpad
    assert isinstance(drawn.get_layout_engine(), fitting.Fitted)
    assert png(drawn) == first


def test_axes_that_share_their_ticks_have_them_once():
    drawn, first = figure(6, 4)
    first.remove()
    drawn.subplots(2, 1, sharex=True, sharey=True)
    drawn.axes[0].plot([0, 7], [0, 7])
    seen = _plain_ticks(drawn)
    assert abs(seen - _own_ticks(drawn)).max() <= 1


def test_a_name_without_room_is_drawn_all_the_same():
    drawn, axes = figure(2, 2)
    axes.barh(["a component whose name takes more than all of the width that there is"], [100])
    seen = _plain_ticks(drawn)
    assert abs(seen - _own_ticks(drawn)).max() <= 1


def test_other_ticks_fit_an_axis_that_a_long_name_shortens():
    drawn, axes = figure(4, 3)
    axes.barh(["a component whose long name takes half of it"], [100])
    seen = _plain_ticks(drawn)
    assert len(axes.get_xticks()) < len(figure(4, 3)[1].get_xticks())
    assert abs(seen - _own_ticks(drawn)).max() <= 1
