"""
The six documents over the demo, word for word, and the same bytes again from a second render.

``make golden`` writes tests/golden/*.md anew; read the diff before you commit it.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
NAMES = (
    "SLODefinitions",
    "IncidentResponse",
    "PerformanceOptimization",
    "CapacityPlanning",
    "OperationalPlaybook",
    "SREHandoff",
)
SHOWN = 80
"""Lines of a difference that a failing test prints."""
MACHINE = (
    # how far a file was checked depends on the tools of the machine, and what hashes those words with it
    (re.compile(r"^(- \[[^\]]+\]\(artifacts/[^)]+\): .+) \([a-z-]+(?: by [^()]+)?\)$", re.MULTILINE), r"\1 (claim)"),
    (re.compile(r"^(- \*\*Decisions:\*\* .*sha256 )`[0-9a-f]+`", re.MULTILINE), r"\1`params`"),
    (re.compile(r"^(\| \[\w+\.md\].*)`[0-9a-f]{12}`", re.MULTILINE), r"\1`published`"),
    (re.compile(r"\d+ passed, (\d+) failed, \d+ not known"), r"counts, \1 failed"),
)


def normalised(text: str) -> str:
    """A document without what differs from machine to machine."""
    for pattern, words in MACHINE:
        text = pattern.sub(words, text)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_demo_reads_as_it_did(demo: Path, name: str) -> None:
    was = (GOLDEN / f"{name}.md").read_text(encoding="utf-8").splitlines()
    now = normalised((demo / "docs" / "SRE" / f"{name}.md").read_text(encoding="utf-8")).splitlines()
    changed = list(difflib.unified_diff(was, now, f"tests/golden/{name}.md", f"{name}.md now", lineterm="", n=1))
    assert not changed, "\n".join(
        [
            *changed[:SHOWN],
            f"{len(changed)} lines in all; if it should read so, run make golden and commit the difference",
        ]
    )


@pytest.mark.slow
def test_a_second_render_elsewhere_writes_nothing(demo: Path, tmp_path: Path) -> None:
    """No snapshot, another time zone, another order of hashing: the same bytes, and no file is touched."""
    again = tmp_path / "demo"
    shutil.copytree(demo, again, ignore=shutil.ignore_patterns(".sre_kit"))
    files = [*(again / "docs" / "SRE").rglob("*"), again / "build-plan.md"]
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files if path.is_file()}
    environment = {**os.environ, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-m", "sre_kit", "render", "--params", str(again / "params")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    after = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in [*(again / "docs" / "SRE").rglob("*"), again / "build-plan.md"]
        if path.is_file()
    }
    assert set(after) == set(before)
    different = [path.relative_to(again).as_posix() for path in before if after[path][1] != before[path][1]]
    assert not different, "\n".join([*different, *_difference(before, after)])
    assert not [path for path in before if after[path][0] != before[path][0]], "a file was written without need"


def _difference(before: dict[Path, tuple[int, bytes]], after: dict[Path, tuple[int, bytes]]) -> list[str]:
    """What changed in the first document that did."""
    for path in sorted(before):
        if path.suffix == ".md" and before[path][1] != after[path][1]:
            old, new = (one[path][1].decode("utf-8").splitlines() for one in (before, after))
            return list(difflib.unified_diff(old, new, path.name, path.name, lineterm="", n=0))[:SHOWN]
    return []


def write(folder: Path) -> None:
    """The golden files from a rendered demo."""
    GOLDEN.mkdir(exist_ok=True)
    for name in NAMES:
        text = (folder / "docs" / "SRE" / f"{name}.md").read_text(encoding="utf-8")
        (GOLDEN / f"{name}.md").write_text(normalised(text), encoding="utf-8")


def main() -> None:
    """Render the demo and write the golden files; SRE_KIT_DEMO names one that is rendered already."""
    if ready := os.environ.get("SRE_KIT_DEMO"):
        write(Path(ready))
        return
    from sre_kit.cli import main as sre_kit

    with tempfile.TemporaryDirectory() as folder:
        if code := sre_kit(["demo", f"{folder}/demo"]):
            sys.exit(code)
        write(Path(folder) / "demo")


if __name__ == "__main__":
    main()
