"""``make picture``: every page of the demo as GitHub would show it, for looking at, and the README's two pictures."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tests.browser.laboratory import Notebook
from tests.browser.served import FLAGS, chromium, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STYLE = """
body{font:16px/1.5 -apple-system,"Segoe UI","DejaVu Sans",sans-serif;color:#1f2328;background:#fff;max-width:1012px}
body{margin:32px auto;padding:0 32px}
h1,h2{border-bottom:1px solid #d1d9e0;padding-bottom:.3em}
table{border-collapse:collapse;display:block;overflow:auto;margin:16px 0}
td,th{border:1px solid #d1d9e0;padding:6px 13px}
tr:nth-child(2n){background:#f6f8fa}
code{background:#818b981f;padding:.2em .4em;border-radius:6px;font-size:85%}
pre{background:#f6f8fa;padding:16px;overflow:auto}
pre code{background:none;padding:0}
img{max-width:100%}
a{color:#0969da;text-decoration:none}
"""


def page(markdown: Path) -> str:
    """The document as one HTML page beside its images."""
    body = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(markdown.read_text(encoding="utf-8"))
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}"


def main(folder: Path, output: Path) -> None:
    """Screenshots of every document in `folder`, whole and by windows of a screen, into `output`."""
    from playwright.sync_api import sync_playwright

    output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        shown = browser.new_page(viewport={"width": 1120, "height": 1400})
        for document in sorted(folder.glob("*.md")):
            html = folder / f".{document.stem}.html"
            html.write_text(page(document), encoding="utf-8")
            try:
                shown.goto(html.resolve().as_uri())
                height = int(shown.evaluate("document.documentElement.scrollHeight"))
                for number, top in enumerate(range(0, height, 1400), 1):
                    shown.evaluate(f"window.scrollTo(0, {top})")
                    shown.screenshot(path=str(output / f"{document.stem}-{number:02d}.png"))
            finally:
                html.unlink()
        _readme(shown, folder / "SLODefinitions.md")
        _explorer(browser, folder.parents[1])
        browser.close()


def _readme(shown: Page, document: Path) -> None:
    """The README's picture: the charts of the error budget."""
    html = document.with_name(".readme.html")
    html.write_text(page(document), encoding="utf-8")
    try:
        shown.set_viewport_size({"width": 1120, "height": 714})
        shown.goto(html.resolve().as_uri())
        shown.locator("img").first.evaluate("image => window.scrollTo(0, image.offsetTop - 76)")
        shown.screenshot(path="docs/rendered-page.png")
    finally:
        html.unlink()


def _explorer(browser: Browser, project: Path) -> None:
    """The README's picture of JupyterLab: the explorer of targets, one step from the target in force."""
    with tempfile.TemporaryDirectory() as home:
        copy = shutil.copytree(project, Path(home) / "shop")
        with served(copy / "params", Path(home)) as address:
            page = browser.new_page(viewport={"width": 1320, "height": 860})
            page.set_default_timeout(180_000)
            notebook = Notebook.opened(page, address, "SLODefinitions")
            notebook.run()
            page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
            cell = notebook.shown(notebook.explorers[0])
            view = cell.locator(".sre-kit-view")
            before = view.inner_text()
            cell.locator(".noUi-handle").first.focus()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function("([view, before]) => view.innerText !== before", arg=[view.element_handle(), before])
            cell.evaluate("one => one.scrollIntoView({block: 'start'})")
            page.screenshot(path="docs/explorer.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
