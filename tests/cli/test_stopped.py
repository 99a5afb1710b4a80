"""Ctrl+C, kill and a closed terminal in the middle of a render: nothing published, nobody left, the next run works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook

PLAN = b"# Build Plan\n\n## Production Operations Phase\n\n- [ ] Define SLOs\n"
QUICK = "log = load.incidents(project)"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose second notebook says that it runs, and then does not end by itself."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "build-plan.md").write_bytes(PLAN)
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nas_of: 2026-10-01\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "First.ipynb").write_text(notebook("First", "../shop.yaml"), encoding="utf-8")
    endless = (
        f"import os, pathlib, time\\npathlib.Path('{tmp_path}/runs').write_text(str(os.getpid()))\\ntime.sleep(600)\\n"
    )
    text = notebook("Second", "../shop.yaml")
    assert QUICK in text
    (tmp_path / "notebooks" / "Second.ipynb").write_text(text.replace(QUICK, endless + QUICK), encoding="utf-8")
    return tmp_path


DEFAULT_SIGNALS = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)


def marked(mark: str) -> set[int]:
    """Processes that carry `mark` in their environment, ended ones left out."""
    found = set()
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (one / "environ").read_bytes() and " Z " not in (one / "stat").read_text():
                found.add(int(one.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
@pytest.mark.fault("F18", "C")
def test_a_stopped_render_publishes_nothing_and_leaves_nobody(shop: Path, number: signal.Signals) -> None:
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "sre_kit", "render", "--params", str(shop / "shop.yaml"), "First", "Second"]
    environment, pipe = {**os.environ, "SRE_KIT_TEST_MARK": mark}, subprocess.PIPE
    # whoever runs the tests in the background or under nohup has these ignored, and a child inherits that
    command = [sys.executable, "-c", DEFAULT_SIGNALS, *command]
    render = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
    deadline = time.monotonic() + 240
    while not (shop / "runs").exists():
        assert render.poll() is None, render.communicate()
        assert time.monotonic() < deadline, "the cell never ran"
        time.sleep(0.05)
    assert int((shop / "runs").read_text() or 0) in marked(mark) | {0}
    render.send_signal(number)
    out, err = render.communicate(timeout=120)
    assert render.returncode == 128 + number, (out, err)
    assert f"stopped by {number.name}" in err
    assert "Traceback" not in err
    left = marked(mark)
    for _ in range(200):
        if not left:
            break
        time.sleep(0.05)
        left = marked(mark)
    assert not left, "processes of the render are still there"
    assert not (shop / "shop" / "docs").exists()
    assert (shop / "shop" / "build-plan.md").read_bytes() == PLAN
    assert main(["render", "--params", str(shop / "shop.yaml"), "First"]) == 0, "the next run works"
    assert (shop / "shop" / "docs" / "SRE" / "First.md").is_file()


@pytest.mark.fault("F18", "C")
def test_a_reader_that_goes_away_ends_the_command_without_a_word(tmp_path: Path) -> None:
    """As ``sre-kit facts ... | head`` does: the pipe is closed before anything is written into it."""
    (tmp_path / "PRD.md").write_text("# PRD\n\nUptime target: 99.9 %\n" * 50, encoding="utf-8")
    command = [sys.executable, "-m", "sre_kit", "facts", "--json", str(tmp_path / "PRD.md")]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (141, "")
