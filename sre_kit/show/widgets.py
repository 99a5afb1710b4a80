"""
Explorers: a few labelled controls around one computation and one view of it.

One object serves both readers: JupyterLab shows controls and the live view (``show.panel``), Markdown shows the view at
its default setting, which is what is decided. A control changes what you look at, never what is written. Controls are
described here as data; widgets are made where somebody can move them, so that a batch run makes none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from sre_kit.errors import ParameterError, nearest
from sre_kit.show.chart import SIDES
from sre_kit.show.keeping import Kept
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.text import Inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, by the words that a reader sees; `value` is the default."""

    label: str
    options: Mapping[str, Any]
    value: Any
    ordered: bool = False
    """From least to most, so that a slider steps through them."""

    def __post_init__(self) -> None:
        if self.value not in self.options.values():
            raise ParameterError(f"{self.label}: the default {self.value!r} is none of {', '.join(self.options)}")

    def words(self, value: Any) -> str:
        """What a reader sees of one of the values."""
        return next(words for words, one in self.options.items() if one == value)


def worded(values: Iterable[T], words: Callable[[T], str]) -> dict[str, T]:
    """
    Values by their words for a `Choice`; the same words of another value get a number.

    >>> worded([1.0, 1.01, 2.0], lambda one: f"{one:.1f}")
    {'1.0': 1.0, '1.0 (2)': 1.01, '2.0': 2.0}
    """
    found: dict[str, T] = {}
    for value in values:
        said = words(value)
        labels = (said if again == 1 else f"{said} ({again})" for again in count(1))
        found[next(label for label in labels if label not in found)] = value
    return found


@dataclass(frozen=True, slots=True)
class Amount:
    """A number from `least` to `most`, whole where `step` is; `value` is the default."""

    label: str
    value: float
    least: float
    most: float
    step: float = 1

    def __post_init__(self) -> None:
        if not self.least <= self.value <= self.most:
            raise ParameterError(f"{self.label}: the default {self.value:g} is not in {self.least:g}..{self.most:g}")


Control = Choice | Amount


@dataclass(frozen=True)
class View(Shown):
    """
    What an explorer shows at one setting: the conclusion in a sentence, the tables behind it, and a figure.

    `draw` fills an axes; it is called where somebody looks, so that a batch run draws nothing twice.
    """

    conclusion: Inline
    parts: tuple[Shown, ...]
    draw: Callable[[Axes], None] | None = field(default=None, compare=False)
    sides: tuple[float, float] = SIDES
    """Where the axes begin and end, 0..1 of the figure's width: names of bars need room."""

    def markdown(self) -> str:
        """The conclusion above the tables."""
        return Stack(Note(self.conclusion), *self.parts).markdown()

    def machine(self) -> dict[str, Any]:
        """What the parts say."""
        return Stack(*self.parts).machine()


@dataclass(frozen=True)
class Explorer(Shown):
    """
    `view` of the values of `controls`, by name; the defaults are what is published.

    `keep` makes the params lines of a setting. `leads` are controls that bring others along: another objective has
    another target in force.
    """

    name: str
    controls: Mapping[str, Control]
    view: Callable[..., Shown]
    keep: Callable[..., Kept]
    leads: Mapping[str, Callable[[Any], Mapping[str, Any]]] = field(default_factory=dict)

    @cached_property
    def published(self) -> Shown:
        """The view at the default setting, computed once."""
        return self.view(**self.setting())

    def setting(self, **changes: Any) -> dict[str, Any]:
        """
        The defaults with `changes`, and with what those bring along.

        Raises
        ------
        ParameterError
            A control that there is not.
        """
        for name in changes:
            if name not in self.controls:
                raise ParameterError(f"{self.name}: no control {name!r}{nearest(name, self.controls)}")
        led: dict[str, Any] = {}
        for name, value in changes.items():
            led |= self.leads[name](value) if name in self.leads else {}
        return {name: one.value for name, one in self.controls.items()} | led | changes

    def at(self, **changes: Any) -> Shown:
        """The view at another setting."""
        return self.view(**self.setting(**changes))

    def kept(self, **changes: Any) -> Kept:
        """The params lines of another setting."""
        return self.keep(**self.setting(**changes))

    def markdown(self) -> str:
        """The view at the default setting."""
        return self.published.markdown()

    def machine(self) -> dict[str, Any]:
        """What the default view says."""
        return self.published.machine()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_()
        if watched():
            from sre_kit.show.panel import Panel

            panel = Panel(self)
            # where widgets cannot run (an untrusted notebook, nbconvert), the picture and the tables stand in
            bundle["text/html"] = panel.view.value
            bundle["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": panel.box.model_id,
            }
        return bundle, metadata


def watched() -> bool:
    """Whether a front end can answer: the shell belongs to a kernel that takes widgets' messages."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(getattr(shell, "kernel", None), "comm_manager")
