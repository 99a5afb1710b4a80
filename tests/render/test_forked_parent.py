"""The warm parent as a fork of a command that has just begun: a process as if it had been started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.render.test_engine import gone, notebook

BEGUN = """
import os, sys
from pathlib import Path
from sre_kit.render.warm import standing
one = standing.standing(may_fork=True)
number = one.warm.process
own = Path(f"/proc/{number}")
"""


def said(code: str) -> str:
    """What a process of its own prints; it must end well."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_command_that_has_just_begun_forks_its_parent_and_its_shell_is_a_kernel() -> None:
    forked = "(own / 'cmdline').read_bytes() == Path('/proc/self/cmdline').read_bytes()"
    assert said(f"{BEGUN}print({forked}, repr(one.problem))") == "True ''"


@pytest.mark.parametrize(
    "before", ["import numpy", "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"]
)
def test_a_process_with_a_past_starts_its_parent_anew(before: str) -> None:
    code = f"{before}\n{BEGUN}print(b'warm.parent' in (own / 'cmdline').read_bytes(), repr(one.problem))"
    assert said(code) == "True ''"


def test_a_forked_parent_has_a_session_and_nothing_open_of_the_commands(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_text("")
    code = f"""
held = open({str(held)!r})
{BEGUN}
assert one.problem == ""
assert os.getsid(number) == number
opened = [os.readlink(each) for each in (own / "fd").iterdir()]
assert opened.count(os.devnull) == 1 and os.readlink(own / "fd" / "0") == os.devnull, opened
print(held.name in opened)
"""
    assert said(code) == "False"


def test_a_forked_parent_ends_with_the_command_and_leaves_nothing(tmp_path: Path) -> None:
    code = f"import tempfile\ntempfile.tempdir = {str(tmp_path)!r}\n{BEGUN}assert one.problem == ''\nprint(number)"
    assert gone(int(said(code)))
    assert list(tmp_path.iterdir()) == []


def test_a_forked_parent_ends_when_the_command_is_killed() -> None:
    code = f"{BEGUN}assert one.problem == ''\nprint(number, flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        number = int(command.stdout.readline())
        command.kill()
    assert gone(number)


def test_what_a_forked_parent_fails_with_is_said() -> None:
    fails = (
        "from sre_kit.render.warm import parent\ndef imported(): raise OSError('no room')\nparent.imported = imported"
    )
    assert "OSError: no room" in said(f"{fails}\n{BEGUN}print(one.problem)")


def test_a_cell_of_a_forked_parent_may_render_a_notebook_itself(tmp_path: Path) -> None:
    inner = notebook(tmp_path, "1 + 1", name="Inner")
    cell = f"from pathlib import Path\nfrom sre_kit.render import engine\nengine.run(Path({str(inner)!r}), {{}})"
    outer = notebook(tmp_path, cell, name="Outer")
    code = f"{BEGUN}from sre_kit.render import engine\nprint(engine.run(Path({str(outer)!r}), {{}}).name)"
    assert said(code) == "Outer"
