"""
Explorers: a few controls around one computation and one view of it.

One object serves both readers: JupyterLab shows the sliders and the live view, Markdown shows the view at its
default setting. A slider changes what you look at, never what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sre_kit.show.shown import Shown


@dataclass(frozen=True)
class Explorer(Shown):
    """
    `view` called with the values of `controls` (ipywidgets by parameter name); the defaults are what is published.
    """

    controls: Mapping[str, Any]
    view: Callable[..., Shown]

    def markdown(self) -> str:
        """The view at the default setting."""
        return self._default().markdown()

    def machine(self) -> dict[str, Any]:
        """What the default view says."""
        return self._default().machine()

    def _default(self) -> Shown:
        return self.view(**{name: control.value for name, control in self.controls.items()})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from ipywidgets import HTML, Output, VBox

        shown = self._default()
        bundle, metadata = shown._repr_mimebundle_()
        live = Output()

        def show(_: object = None) -> None:
            # display data is set as a value: printing from a callback is lost outside a cell's execution
            current = self._default()
            data, meta = current._repr_mimebundle_()
            live.outputs = ({"output_type": "display_data", "data": _displayed(data), "metadata": meta},)

        for control in self.controls.values():
            control.observe(show, names="value")
        show()
        box = VBox(
            [
                HTML("<em>Change a value to explore; the document keeps the defaults.</em>"),
                *self.controls.values(),
                live,
            ]
        )
        bundle["application/vnd.jupyter.widget-view+json"] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": box.model_id,
        }
        bundle.pop("text/html", None)
        return bundle, metadata


def _displayed(data: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: value for kind, value in data.items() if kind in {"text/markdown", "text/html", "text/plain"}}
