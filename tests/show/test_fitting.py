"""Margins: what belongs to the axes stands inside the figure, and over no other axes."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sre_kit.show.chart import Chart, figure, png, times
from sre_kit.show.table import Table


def _drawn(drawn: Figure) -> list[Any]:
    """What each axes takes, in pixels, once drawn."""
    canvas: Any = FigureCanvasAgg(drawn)
    canvas.draw()
    return [axes.get_tightbbox(canvas.get_renderer()) for axes in drawn.axes]


def _long_names(axes: Axes) -> None:
    axes.set_yticks([0, 1], ["a component whose name is long", "another one"])


def _legend_beside(axes: Axes) -> None:
    axes.plot([0, 1], label="an objective with a long name")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _second_axis(axes: Axes) -> None:
    axes.twinx().set(ylabel="seconds", ylim=(0, 1e6))
    axes.set(ylabel="requests", xlabel="load", title="a title")


@pytest.mark.parametrize("draw", [_long_names, _legend_beside, _second_axis])
def test_what_stands_around_the_axes_is_inside_the_figure(draw: Any):
    drawn, axes = figure(8, 3)
    draw(axes)
    for box in _drawn(drawn):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= drawn.bbox.width and box.y1 <= drawn.bbox.height
    assert axes.bbox.width > drawn.bbox.width / 2  # it is a margin, not half the figure


def test_the_axes_of_a_grid_stand_side_by_side():
    drawn, first = figure(10, 4)
    first.remove()
    for number, axes in enumerate(drawn.subplots(2, 3).flat):
        axes.set(title=f"resource {number}", ylim=(0, 10**number), xlabel="day")
    for one, other in combinations(_drawn(drawn), 2):
        assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0


def test_a_chart_is_drawn_once(monkeypatch: pytest.MonkeyPatch):
    drawings: list[int] = []
    draw = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda self, renderer: drawings.append(1) or draw(self, renderer))
    drawn, axes = figure()
    axes.plot([0, 1])
    assert png(drawn) == png(drawn)
    assert len(drawings) == 2


def test_hours_stand_apart_with_the_day_once_below_its_first() -> None:
    drawn, axes = figure(6.8, 3)
    moments = pd.date_range("2026-10-31", "2026-11-01", freq="10min", tz="UTC")
    axes.plot(times(axes, moments), range(len(moments)))
    _drawn(drawn)
    labels = axes.get_xticklabels()
    assert [one.get_text() for one in labels][:2] == ["00:00\n31 Oct", "03:00"]
    assert labels[-1].get_text() == "00:00\n01 Nov"
    boxes = [one.get_window_extent() for one in labels]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_a_chart_that_was_drawn_early_is_the_same_and_takes_no_change() -> None:
    chart = Chart(figure()[0], "one-chart", "It says what a reader must know.", Table(("a",), [("1",)]))
    early = chart.drawn()
    assert early._repr_mimebundle_() == chart._repr_mimebundle_()
    chart.figure.text(0.5, 0.5, "more")
    assert chart._repr_mimebundle_()[0]["image/png"] != early._repr_mimebundle_()[0]["image/png"]


def test_what_has_no_picture_is_drawn_as_it_is() -> None:
    table = Table(("a",), [("1",)])
    assert table.drawn() is table
