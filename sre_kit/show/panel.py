"""
The live side of an explorer: widgets, a debounce, the view as HTML, and the lines to keep.

A burst of changes shows only the last. A setting that cannot be computed says so in place of the view. Colours are
JupyterLab's theme variables, so that it is readable in the dark; all state is in the widgets.
"""

from __future__ import annotations

import asyncio
import gc
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sre_kit.errors import SREKitError
from sre_kit.escape import plain
from sre_kit.show.chart import live_png
from sre_kit.show.shown import Note, Shown
from sre_kit.show.text import inline
from sre_kit.show.widgets import Choice, Control, Explorer, View

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

WAIT: Final = 0.04
"""Seconds without a further change before the view is computed: a key repeats faster."""
LABEL: Final = "13em"
WIDTH: Final = 72
"""Letters of a line in the field with the lines to keep."""
WHOLE: Final = re.compile(r"\d{4}-\d\d-\d\d|[\d.,]+ (?:to [\d.,]+|%|×|d|h|min|s|ms|of \d+)(?!\w)")
"""A date, or a number with its unit: in a narrow column it moves to the next line as one."""
STYLE: Final = """<style>
.sre-kit-explorer { padding: 4px 0; color: var(--jp-ui-font-color1, inherit); }
.sre-kit-explorer .sre-kit-view { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start;
  line-height: 1.4; white-space: normal; font-size: var(--jp-ui-font-size1, 13px); }
.sre-kit-explorer .sre-kit-view > p { flex: 1 0 100%; margin: 4px 0; }
.sre-kit-explorer .sre-kit-view figure { margin: 0; }
.sre-kit-explorer .sre-kit-view img { background: #fff; border-radius: 4px; max-width: 100%; height: auto; }
.sre-kit-explorer .sre-kit-view table { margin: 0 0 8px 0; border-collapse: collapse; }
.sre-kit-explorer .sre-kit-view th, .sre-kit-explorer .sre-kit-view td { padding: 3px 8px; vertical-align: top;
  border-bottom: 1px solid var(--jp-border-color2, #8884); color: var(--jp-ui-font-color1, inherit); }
/* the words of a step can be typed over in ipywidgets, which then means nothing */
.sre-kit-explorer .sre-kit-steps .widget-readout { pointer-events: none; -webkit-user-modify: read-only; }
.sre-kit-explorer .sre-kit-whole { white-space: nowrap; }
.sre-kit-explorer [role=alert] { border-left: 4px solid var(--jp-error-color1, #d32f2f); padding: 6px 12px;
  background: var(--jp-layout-color2, #8882); }
.sre-kit-explorer textarea { font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px); }
</style>"""


class Panel:
    """Widgets of one display of `explorer`; `box` is what JupyterLab shows."""

    def __init__(self, explorer: Explorer) -> None:
        from ipywidgets import HTML, Button, Layout, Textarea, VBox

        self.explorer = explorer
        self.controls = {name: _widget(control) for name, control in explorer.controls.items()}
        self.view = HTML().add_class("jp-RenderedHTMLCommon")
        self.keep = Textarea(
            description="Keep this", style={"description_width": LABEL}, layout=Layout(width="100%", max_width="60em")
        )
        self.back = Button(
            description="As decided",
            tooltip="Back to the setting in force",
            layout=Layout(margin=f"2px 0 2px calc({LABEL} + 4px)"),
        )
        self._due: asyncio.TimerHandle | None = None
        self._shown: Mapping[str, Any] | None = None
        self._leading = False
        self._fill(explorer.setting(), explorer.published)
        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self._changed(name, change["new"]), names="value")
        self.back.on_click(lambda _: self.put(**explorer.setting()))
        parts = [HTML(STYLE), *self.controls.values(), self.back, self.view, self.keep]
        self.box = VBox(parts).add_class("sre-kit-explorer")

    def setting(self) -> dict[str, Any]:
        """What the controls say."""
        return {name: self._meant(name, control.value) for name, control in self.controls.items()}

    def _meant(self, name: str, value: Any) -> Any:
        control = self.explorer.controls[name]
        return control.options[value] if isinstance(control, Choice) else value

    def show(self) -> None:
        """Compute the view of the present setting, unless it is shown already."""
        self._due = None
        setting = self.setting()
        if setting == self._shown:
            return
        with _unswept():
            try:
                self._fill(setting, self.explorer.view(**setting))
            except SREKitError as error:
                self._refuse(setting, f"This setting cannot be shown: {error}")
            except Exception as error:
                words = f"This setting failed, which is a defect of sre-kit: {type(error).__name__}: {error}"
                self._refuse(setting, words)
                raise

    def _fill(self, setting: Mapping[str, Any], shown: Shown) -> None:
        self.view.value = html_of(shown)
        kept = str(self.explorer.keep(**setting))
        # a line that is longer than the field goes on in the next
        self.keep.value, self.keep.rows = kept, min(16, sum(1 + len(line) // WIDTH for line in kept.split("\n")))
        self._shown = setting

    def _refuse(self, setting: Mapping[str, Any], words: str) -> None:
        self.view.value = f'<div role="alert">{html.escape(plain(words))}</div>'
        self.keep.value, self.keep.rows = "# nothing to keep: this setting cannot be shown", 1
        self._shown = setting

    def _changed(self, name: str, value: Any) -> None:
        if self._leading:
            return
        if name in self.explorer.leads:
            self.put(**self.explorer.leads[name](self._meant(name, value)))
        else:
            self._soon()

    def put(self, **values: Any) -> None:
        """Move controls to these values, as one change."""
        self._leading = True
        try:
            for name, value in values.items():
                control = self.explorer.controls[name]
                self.controls[name].value = control.words(value) if isinstance(control, Choice) else value
        finally:
            self._leading = False
        self._soon()

    def _soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody would wake us up later
            self.show()
            return
        if self._due is not None:
            self._due.cancel()
        self._due = loop.call_later(WAIT, self.show)


@contextmanager
def _unswept() -> Iterator[None]:
    """No garbage is collected meanwhile: in a kernel that holds so much a sweep takes longer than the view."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def html_of(shown: Shown) -> str:
    """The view as HTML: what is data stays text, a figure stands beside its tables."""
    if not isinstance(shown, View):
        return f'<div class="sre-kit-view"><div>{_parser().render(shown.markdown())}</div></div>'
    figure = ""
    if shown.draw is not None:
        image, width, height = live_png(shown.draw, shown.sides)
        alt = html.escape(plain(_words(shown)))
        figure = (
            f'<figure><img src="data:image/png;base64,{image}" width="{width}" height="{height}" alt="{alt}"></figure>'
        )
    tables = "".join(_parser().render(part.markdown()) for part in shown.parts)
    said = _parser().render(Note(shown.conclusion).markdown())
    return f'<div class="sre-kit-view">{said}{figure}<div>{tables}</div></div>'


def _words(shown: View) -> str:
    return shown.conclusion if isinstance(shown.conclusion, str) else inline(shown.conclusion)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # of raw HTML our tables hold line breaks; anything else is text of somebody else
    parser.add_render_rule("html_inline", lambda _, tokens, at, *__: _break(tokens[at].content))
    parser.add_render_rule("text", lambda _, tokens, at, *__: _whole(tokens[at].content))
    # a link leads from the document, which lies elsewhere: here it would only lead out of the notebook
    for rule in ("link_open", "link_close"):
        parser.add_render_rule(rule, lambda *_: "")
    parser.add_render_rule("html_block", lambda _, tokens, at, *__: html.escape(tokens[at].content))
    return parser


def _break(raw: str) -> str:
    return "<br>" if raw == "<br>" else html.escape(raw)


def _whole(text: str) -> str:
    return WHOLE.sub(r'<span class="sre-kit-whole">\g<0></span>', html.escape(text))


def _widget(control: Control) -> Any:
    from ipywidgets import Dropdown, FloatSlider, IntSlider, Layout, SelectionSlider

    given: dict[str, Any] = {
        "description": control.label,
        "style": {"description_width": LABEL},
        "layout": Layout(width="34em", max_width="100%"),
    }
    if isinstance(control, Choice):
        # words instead of values, because a slider takes the value None for "nothing chosen"
        given |= {"options": list(control.options), "value": control.words(control.value)}
        given["disabled"] = len(control.options) == 1
        return SelectionSlider(**given).add_class("sre-kit-steps") if control.ordered else Dropdown(**given)
    whole = all(isinstance(one, int) for one in (control.value, control.least, control.most, control.step))
    given |= {"value": control.value, "min": control.least, "max": control.most, "step": control.step}
    return IntSlider(**given) if whole else FloatSlider(readout_format=_digits(control.step), **given)


def _digits(step: float) -> str:
    return f".{len(f'{step:g}'.partition('.')[2])}f"
