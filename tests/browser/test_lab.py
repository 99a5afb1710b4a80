"""A real browser: JupyterLab opens a notebook, runs it, and a slider changes a number."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sre_kit.cli.demo import copy
from tests.conftest import required

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
TOKEN = "only-for-this-test"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of ``sre-kit lab`` on a free loopback port; ended with its kernels by its process group."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("lab")
    log = home / "server.log"
    copy(home / "shop")
    with log.open("wb") as out:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sre_kit",
                "lab",
                "--params",
                str(home / "shop" / "params"),
                "--port",
                str(port),
                "--no-browser",
            ],
            env={**os.environ, "JUPYTER_TOKEN": TOKEN},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2):
                    break
            except OSError:
                assert server.poll() is None, log.read_text(errors="replace")
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def _chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        required("chromium is not installed (Debian: apt-get install --no-install-recommends chromium)")
    assert path
    return path


def test_without_the_token_the_server_answers_nothing(lab: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{lab}/api/contents", timeout=20)
    with refused.value as answer:
        assert answer.code in {401, 403}


def test_a_slider_changes_a_number(lab: str) -> None:
    from playwright.sync_api import sync_playwright

    screenshots = ROOT / "outputs" / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 1500, "height": 1100})
            page.set_default_timeout(180_000)
            page.goto(f"{lab}/lab/tree/SLODefinitions.ipynb?token={TOKEN}")
            page.wait_for_function(
                "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
            )
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
            handle = page.locator(".noUi-handle").first
            handle.wait_for()
            output = page.locator(".jp-OutputArea-output", has=page.locator(".noUi-handle")).first
            before = output.inner_text()
            handle.scroll_into_view_if_needed()
            handle.focus()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function(
                "([output, before]) => output.innerText !== before && !/Error/.test(output.innerText)",
                arg=[output.element_handle(), before],
            )
            after = output.inner_text()
            page.screenshot(path=str(screenshots / "explorer.png"))
        finally:
            browser.close()
    numbers = [re.findall(r"\d[\d,.]*", text) for text in (before, after)]
    assert numbers[0] != numbers[1]
