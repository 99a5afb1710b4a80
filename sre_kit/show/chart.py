"""
Charts that survive GitHub: an opaque PNG, a stable file name, alt text that states the conclusion.

Drawing costs much of a render, so times go to matplotlib as naive UTC ``datetime64`` with fixed locators, long
series are thinned to what a pixel can show, ticks are plain marks and words (``show.ticks``), and the margins come
from one measurement (``show.fitting``).
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pandas as pd

from sre_kit.errors import ParameterError
from sre_kit.escape import plain
from sre_kit.show.shown import Shown
from sre_kit.show.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DPI: Final = 150
HINTING: Final = "no_hinting"
"""With so many dots letters need none, and it takes a tenth of a drawing."""
LIVE: Final = (6.8, 3.0)
"""Inches of a figure that changes while somebody looks."""
LIVE_DPI: Final = 96
SIDES: Final = (0.1, 0.98)
ABOVE: Final[dict[str, Any]] = {
    "frameon": False, "fontsize": 8, "ncols": 6, "loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0,
    "columnspacing": 1.2, "handlelength": 1.5,
}  # fmt: skip
"""A legend in one line above the axes, where no curve hides it."""
# Okabe and Ito, "Color Universal Design" (2008): told apart with any colour vision
COLOURS: Final = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "red": "#D55E00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "purple": "#CC79A7",
    "grey": "#6E6E6E",
}


@dataclass(frozen=True)
class Chart(Shown):
    """
    A figure with its conclusion in words and its data in a table.

    `name` becomes the file name; `alt` is what a reader who cannot see the picture must know.
    """

    figure: Any
    name: str
    alt: str
    data: Table
    picture: str = field(default="", repr=False)
    """The figure as base64 PNG; empty until it is shown."""

    def __post_init__(self) -> None:
        if not self.name or set(self.name) - set("abcdefghijklmnopqrstuvwxyz0123456789-"):
            raise ParameterError(
                f"chart name {self.name!r}: small letters, digits and '-' only; it becomes a file name"
            )
        if len(self.alt.split()) < 4:
            raise ParameterError(
                f"chart {self.name!r}: the alt text {self.alt!r} states no conclusion; write a sentence"
            )

    def markdown(self) -> str:
        """The data table; the export puts the image above it."""
        return self.data.markdown()

    def machine(self) -> dict[str, Any]:
        """What the chart and its table say, and where the image goes."""
        part = super().machine()
        for key, value in self.data.machine().items():
            part.setdefault(key, []).extend(value)
        part["image"] = {"name": self.name, "alt": plain(self.alt)}
        return part

    def drawn(self) -> Self:
        """The same chart, its picture made; what is done to the figure afterwards does not show."""
        return replace(self, picture=self._picture())

    def _picture(self) -> str:
        return self.picture or png(getattr(self.figure, "figure", self.figure))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_()
        image = self._picture()
        bundle["image/png"] = image
        # JupyterLab prefers text/markdown to an image; HTML outranks both and shows picture and data
        sides = self.data.alignment
        rows = "".join(
            "<tr>"
            + "".join(
                f"<{tag} style='text-align:{side}'>{html.escape(_bare(cell))}</{tag}>"
                for cell, side in zip(row, sides, strict=True)
            )
            + "</tr>"
            for tag, row in [("th", self.data.columns), *(("td", r) for r in self.data.rows)]
        )
        alt = html.escape(plain(self.alt))
        bundle["text/html"] = (
            f"<figure style='margin:0 0 1em'>"
            f"<img src='data:image/png;base64,{image}' alt='{alt}' style='max-width:100%'>"
            f"<figcaption>{alt}</figcaption></figure><table>{rows}</table>"
        )
        return bundle, metadata


def figure(width: float = 8, height: float = 3) -> tuple[Figure, Axes]:
    """A white figure with one axes, sized in inches; not known to pyplot, so it is never shown twice."""
    drawn, (axes,) = panels(1, 1, width, height)
    return drawn, axes


def panels(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A white figure with `count` axes side by side in `columns`; `height` is that of one row, in inches."""
    from matplotlib.figure import Figure

    from sre_kit.show.fitting import Fitted

    rows = -(-count // columns)
    drawn = Figure(figsize=(width, height * rows), dpi=DPI, layout=Fitted(), facecolor="white")
    placed = [drawn.add_subplot(rows, columns, number + 1) for number in range(count)]
    for axes in placed:
        axes.spines[["top", "right"]].set_visible(False)
    return drawn, placed


def named(axis: Axis, places: Iterable[float], names: Sequence[str]) -> None:
    """Put the ticks of `axis` at `places`, with their `names`; ``set_ticks`` would make each of them at once."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    axis.set_major_locator(FixedLocator([float(place) for place in places]))
    axis.set_major_formatter(FixedFormatter(names))


def naive(index: pd.DatetimeIndex) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """`index` as naive UTC ``datetime64`` for plotting."""
    return (index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index).to_numpy()


def times(axes: Axes, index: pd.DatetimeIndex) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """
    `index` as naive UTC ``datetime64`` for plotting, with at most eight fixed date ticks set on `axes`.
    """
    from matplotlib.dates import date2num

    moments = naive(index)
    if len(moments) > 1:
        first, last = pd.Timestamp(moments[0]), pd.Timestamp(moments[-1])
        length = last - first
        steps = ("1h", "3h", "6h", "12h", "1D", "2D", "7D", "14D", "28D", "91D", "182D", "365D")
        step = next((s for s in steps if length / pd.Timedelta(s) <= 8), "730D")
        ticks = pd.date_range(first.ceil(step if step.endswith("h") else "1D"), last, freq=step)
        form = "%H:%M" if step.endswith("h") else "%d %b" if length < pd.Timedelta("300D") else "%b %Y"
        said = [t.strftime(form) for t in ticks]
        if step.endswith("h"):
            # the day once, below its first hour: beside each hour it would run into the next
            days = [f"{t:%d %b}" for t in ticks]
            said = [
                f"{s}\n{d}" if not at or d != days[at - 1] else s
                for at, (s, d) in enumerate(zip(said, days, strict=True))
            ]
        named(axes.xaxis, date2num(ticks), said)  # type: ignore[no-untyped-call]
    return moments


def decimate(series: pd.Series[Any], pixels: int = 800) -> pd.Series[Any]:
    """At most ``2 * pixels`` points of `series`, keeping the minimum and the maximum of each pixel."""
    if len(series) <= 2 * pixels:
        return series
    values = series.to_numpy(dtype=float)
    edges = np.linspace(0, len(values), pixels + 1).astype(int)
    begins, pixel = edges[:-1], np.repeat(np.arange(pixels), np.diff(edges))
    keep = set(begins[~np.logical_or.reduceat(np.isfinite(values), begins)].tolist())
    for signed in (values, -values):
        known = np.where(np.isfinite(signed), signed, np.inf)
        at = np.flatnonzero(np.isfinite(signed) & (known == np.minimum.reduceat(known, begins)[pixel]))
        keep.update(at[np.unique(pixel[at], return_index=True)[1]].tolist())
    return series.iloc[sorted(keep)]


def png(drawn: Figure) -> str:
    """The figure as base64 PNG; the same figure gives the same bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    from sre_kit.show.fitting import Fitted, plainly

    buffer = io.BytesIO()
    if isinstance(drawn.get_layout_engine(), Fitted):  # savefig would draw it twice
        canvas: Any = FigureCanvasAgg(drawn)
        with rc_context({"text.hinting": HINTING}), plainly(drawn):
            canvas.draw()
        # without the transparency that it does not have there is a quarter less to compress
        image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
        image.convert("RGB").save(buffer, "png", dpi=(DPI, DPI), compress_level=3)
    else:
        drawn.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def live_png(draw: Callable[[Axes], object], sides: tuple[float, float] = SIDES) -> tuple[str, int, int]:
    """
    A figure that changes while somebody looks, as base64 PNG, with its width and height in pixels of the page.

    Drawn once, in fixed margins (`sides`: where the axes begin and end, 0..1 of the width), because fitting them is a
    second drawing; with a screen's dots, and hardly compressed, because it travels no further.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from sre_kit.show.ticks import mark, plain_axes

    drawn = Figure(figsize=LIVE, dpi=LIVE_DPI, facecolor="white")
    axes = drawn.add_axes((sides[0], 0.15, sides[1] - sides[0], 0.73))
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    for one in drawn.axes:
        one.tick_params(labelsize=9)
    canvas: Any = FigureCanvasAgg(drawn)
    mark(plain_axes(drawn), canvas.get_renderer())
    buffer = io.BytesIO()
    canvas.print_png(buffer, pil_kwargs={"compress_level": 1})
    width, height = (round(inches * LIVE_DPI) for inches in LIVE)
    return base64.b64encode(buffer.getvalue()).decode("ascii"), width, height


def _bare(cell: object) -> str:
    parts = getattr(cell, "parts", None)
    if parts is not None:
        return " ".join(_bare(part) for part in parts)
    return str(getattr(cell, "text", getattr(cell, "gap", cell)))
