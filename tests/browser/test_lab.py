"""
A real browser: JupyterLab opens notebooks, runs them top to bottom; a slider moved by keyboard changes what is shown.

``make browser`` looks at all seven in light and dark and keeps what it saw in outputs/lab; otherwise two are run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.laboratory import Notebook, seen
from tests.browser.served import FLAGS, TOKEN, chromium, served
from tests.test_notebook_contract import NOTEBOOKS, read

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = os.environ.get("SRE_KIT_BROWSER") == "long"
NAMES = [path.stem for path in NOTEBOOKS] if LONG else ["SLODefinitions", "Start"]
CHANGED = "([cell, before]) => cell.querySelector('.sre-kit-view').innerText !== before"
SEEN = Path(__file__).resolve().parents[2] / "outputs" / "lab"


@pytest.fixture(scope="module")
def home(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered project of one's own, far from the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(demo, folder / "shop")
    return folder


@pytest.fixture(scope="module")
def lab(home: Path) -> Iterator[str]:
    """The address of ``sre-kit lab``."""
    with served(home / "shop" / "params", home) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new tab; everything in it may take the time of a busy machine."""
    opened = browser.new_page(viewport={"width": 1500, "height": 1100})
    opened.set_default_timeout(180_000)
    yield opened
    opened.close()


def test_without_the_token_the_server_answers_nothing(lab: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{lab}/api/contents", timeout=20)
    with refused.value as answer:
        assert answer.code in {401, 403}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_to_its_end_and_its_controls_change_what_is_shown(lab: str, page: Page, name: str) -> None:
    notebook = Notebook.opened(page, lab, name)
    notebook.run()
    if LONG:
        notebook.top(SEEN / f"{name}.png")
    cells = notebook.cells
    errors = [out for cell in cells for out in cell["outputs"] if out["output_type"] == "error"]
    assert not errors, errors
    assert "interactive(children" not in json.dumps(cells)
    for number in notebook.explorers:
        _explored(notebook, number)
    assert not notebook.complaints


def test_an_error_of_ours_is_a_panel_whatever_the_kernel_is_called(lab: str, home: Path, page: Page) -> None:
    (folder,) = (home / "shop" / ".sre_kit").glob("lab-*")
    notebook = read(folder / "Start.ipynb")
    notebook["metadata"]["kernelspec"] = {"name": "shop-venv-3.9", "display_name": "Shop", "language": "python"}
    for cell in notebook["cells"]:
        if cell["id"] == "parameters":
            cell["source"] = 'params: str = "nowhere.yaml"\nas_of: str = ""'
    (folder / "Elsewhere.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    opened = Notebook.opened(page, lab, "Elsewhere")
    opened.run()
    number = next(number for number, cell in enumerate(opened.cells) if cell["id"] == "load")
    cell = opened.shown(number)
    panel = cell.locator("[role=alert]")
    panel.wait_for()
    said = panel.inner_text()
    assert said.startswith("A setting cannot be used") and "Way out:" in said and "line 3" in said
    assert "find_params" not in said
    panel.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "find_params" in panel.inner_text(), "the traceback unfolds by keyboard"
    page.keyboard.press("Enter")
    assert "find_params" not in cell.locator(".jp-Cell-outputWrapper").inner_text()
    assert page.get_by_text("get notified about official").count() == 0
    if LONG:
        for theme in ("dark", "light"):
            opened.theme(theme)
            opened.picture(cell, SEEN / f"error-{theme}.png")


@pytest.mark.skipif(not LONG, reason="a second server: only in make browser")
def test_a_dashboard_is_moved_by_keyboard_and_asks_nobody_else(home: Path, page: Page) -> None:
    asked: list[str] = []
    page.on("requestfinished", lambda one: asked.append(one.url))
    with served(home / "shop" / "params", home, "--dashboard", "CapacityPlanning") as address:
        folder = next((home / "shop" / ".sre_kit").glob("lab-*")) / "dashboards"
        page.goto(f"{address}/voila/render/dashboards/CapacityPlanning.ipynb?token={TOKEN}")
        view, handle = page.locator(".sre-kit-view").first, page.locator(".noUi-handle").first
        handle.wait_for()
        words = view.inner_text()
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("([one, before]) => one.innerText !== before", arg=[view.element_handle(), words])
        page.screenshot(path=str(SEEN / "dashboard.png"))
        assert "load.project(" not in page.inner_text("body"), "no code is shown"
        text = (folder / "CapacityPlanning.ipynb").read_text(encoding="utf-8")
        (folder / "Broken.ipynb").write_text(re.sub(r"params: str = [^#]+#", "params: str = 'no.yaml'  #", text))
        page.goto(f"{address}/voila/render/dashboards/Broken.ipynb?token={TOKEN}")
        assert "Way out:" in page.locator("[role=alert]").first.inner_text()
        assert "the way out stands above" in page.inner_text("body")
        page.screenshot(path=str(SEEN / "dashboard-error.png"))
    assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()


def _explored(notebook: Notebook, number: int) -> None:
    """Each slider of the explorer in cell `number` by an arrow key: other words and numbers, another figure."""
    cell = notebook.shown(number)
    cell.locator(".sre-kit-view").wait_for()
    if LONG:
        for theme in ("dark", "light"):
            notebook.theme(theme)
            notebook.picture(notebook.shown(number), SEEN / f"{notebook.name}-{number}-{theme}.png")
    decided, redrawn = seen(cell), []
    sliders = cell.locator(".noUi-handle").all()
    for control in (sliders or cell.locator("select:enabled").all()) if LONG else sliders[:1]:
        words, figures = seen(cell)
        last = control.get_attribute("aria-valuenow") == control.get_attribute("aria-valuemax")
        control.focus()
        # arrows leave a list for the next cell in JupyterLab, so a person opens it first; one explorer has lists alone
        for key in ("ArrowLeft" if last else "ArrowRight",) if sliders else ("Alt+ArrowDown", "ArrowDown", "Enter"):
            notebook.page.keyboard.press(key)
        notebook.page.wait_for_function(CHANGED, arg=[cell.element_handle(), words], timeout=30_000)
        after, drawn = seen(cell)
        assert re.findall(r"\d[\d,.]*", words) != re.findall(r"\d[\d,.]*", after)
        assert "This setting" not in after, after
        redrawn.append(figures != drawn)
    assert redrawn.count(True), "no control changes the figure"
    words, _ = seen(cell)
    cell.get_by_role("button", name="As decided").focus()
    notebook.page.keyboard.press("Space")
    notebook.page.wait_for_function(CHANGED, arg=[cell.element_handle(), words], timeout=30_000)
    assert seen(cell) == decided
