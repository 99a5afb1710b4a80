"""A notebook in JupyterLab as a person uses it: opened, run, scrolled, its controls moved by keyboard."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.browser.served import TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WIDGET: Final = "application/vnd.jupyter.widget-view+json"
THEMES: Final = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_KERNEL: Final = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
_CELLS: Final = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(one => ({
    id: one.model.id, kind: one.model.type, ran: one.model.executionCount ?? null,
    source: one.model.sharedModel.getSource(),
    outputs: one.model.type === 'code' ? one.model.sharedModel.getOutputs() : []}))"""
_DONE: Final = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter(
        one => one.model.type === 'code' && one.model.sharedModel.getSource().trim());
    const failed = cells.some(one => one.model.sharedModel.getOutputs().some(out => out.output_type === 'error'));
    return failed || cells.every(one => one.model.executionCount !== null && one.model.executionState !== 'running');
}"""
_SEEN: Final = """one => [one.querySelector('.sre-kit-view').innerText,
    [...one.querySelectorAll('.sre-kit-view img')].map(image => image.src)]"""


@dataclass
class Notebook:
    """One notebook in one tab; `said` is what the browser's console complained about."""

    page: Page
    name: str
    said: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, page: Page, address: str, name: str) -> Notebook:
        """The notebook, when its kernel waits for work: keys and commands before are lost."""
        notebook = cls(page, name)
        page.on("console", lambda one: notebook.said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: notebook.said.append(str(one)))
        page.goto(f"{address}/lab/tree/{name}.ipynb?token={TOKEN}&reset")
        page.wait_for_function(_KERNEL)
        return notebook

    def run(self) -> None:
        """All cells, top to bottom."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(_DONE)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Cells with their outputs, also those that the window does not show."""
        found: list[dict[str, Any]] = self.page.evaluate(_CELLS)
        return found

    @property
    def explorers(self) -> list[int]:
        """Numbers of the cells that show controls."""
        return [number for number, cell in enumerate(self.cells) if WIDGET in json.dumps(cell["outputs"])]

    @property
    def complaints(self) -> list[str]:
        """What the console said, but for JupyterLab's own: a request that the server's extensions do not answer."""
        return [one for one in self.said if "Failed to load resource" not in one]

    def shown(self, number: int) -> Locator:
        """The cell, brought into view."""
        self.page.evaluate(
            """async number => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = number;
                await notebook.scrollToItem(number, 'start');
            }""",
            number,
        )
        cell = self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{number}']")
        cell.wait_for()
        return cell

    def top(self, path: Path) -> None:
        """A screenshot of the first screen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.shown(0)
        self.page.screenshot(path=str(path))

    def theme(self, name: str) -> None:
        """Light or dark."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[name]
        )
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'light').lower()}'")

    def picture(self, cell: Locator, path: Path) -> None:
        """A screenshot of a cell's output."""
        path.parent.mkdir(parents=True, exist_ok=True)
        cell.locator(".jp-Cell-outputWrapper").screenshot(path=str(path))


def seen(cell: Locator) -> tuple[str, list[str]]:
    """What an explorer shows beside its controls: its words and numbers, and its figures as data."""
    words, figures = cell.evaluate(_SEEN)
    return str(words), list(figures)
