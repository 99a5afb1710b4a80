"""A real browser opens the pages: nothing is fetched, nothing runs, nothing is cut on a phone or on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sre_kit.render.html import body
from tests.browser.served import FLAGS
from tests.conftest import required
from tests.render.payloads import PAYLOADS, contexts
from tests.render.test_pages import NAMES, made

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
A4 = 703
"""Width in CSS pixels of A4 (210 mm) without the margins of 12 mm."""
OUTSIDE = """edge => [...document.querySelectorAll('main table, main img, main pre')]
    .filter(one => one.getBoundingClientRect().right > edge + 1).map(one => one.textContent.slice(0, 80) || one.alt)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if not chromium:
        required("chromium is not installed (Debian: apt-get install --no-install-recommends chromium)")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages alone, with nothing beside them."""
    target = tmp_path_factory.mktemp("pages")
    for path, content in made(demo / "docs" / "SRE").files.items():
        if path.endswith(".html"):
            (target / Path(path).name).write_bytes(content or b"")
    return target


def opened(page: Page, path: Path) -> list[str]:
    """Open the file; what it asked for besides itself and its own images, and what the browser complained about."""
    said: list[str] = []
    page.on("request", lambda one: said.append(one.url) if not one.url.startswith("data:") else None)
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("dialog", lambda one: (said.append(one.message), one.dismiss()))
    page.goto(path.as_uri())
    return [one for one in said if one != path.as_uri()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_needs_nothing_and_fits_a_phone_and_a_sheet(browser: Browser, folder: Path, name: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        assert opened(page, folder / f"{name}.html") == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "700", "the style is on"
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": A4, "height": 1000})
        assert page.evaluate(OUTSIDE, A4) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        folded = "[...document.querySelectorAll('details > *')].every(one => one.getBoundingClientRect().height > 0)"
        assert page.evaluate(folded)
    finally:
        page.close()


def test_a_fragment_and_a_link_between_documents_work(browser: Browser, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.goto((folder / "index.html").as_uri())
        page.click("text=Operational Playbook >> nth=0")
        page.click("nav[aria-label='On this page'] >> text=Disaster recovery plans")
        assert page.url.endswith("OperationalPlaybook.html#disaster-recovery-plans")
        top = page.evaluate("document.getElementById('disaster-recovery-plans').getBoundingClientRect().top")
        assert 0 <= top < 100
    finally:
        page.close()


def test_no_string_of_the_corpus_runs_or_fetches_even_without_the_policy(browser: Browser, tmp_path: Path) -> None:
    bodies = [body(markdown).html for payload in PAYLOADS for markdown in contexts(payload)]
    path = tmp_path / "corpus.html"
    path.write_text("<!doctype html><meta charset=utf-8>" + "<hr>".join(bodies), encoding="utf-8")
    page = browser.new_page()
    try:
        assert opened(page, path) == []
        page.hover("p >> nth=0")
        bad = "document.querySelectorAll('script,style,iframe,object,embed,form,svg,math,base,link,video,audio').length"
        assert page.evaluate(bad) == 0
        handlers = (
            "[...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames()).filter(one => /^on/.test(one))"
        )
        assert page.evaluate(handlers) == []
        schemes = "[...new Set([...document.links].map(one => one.protocol))].sort()"
        assert set(page.evaluate(schemes)) <= {"file:", "http:", "https:", "mailto:"}
    finally:
        page.close()
