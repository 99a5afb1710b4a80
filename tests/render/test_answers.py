"""The last answer is given again exactly as long as nothing that it depends on has changed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sre_kit.cli.options import Options
from sre_kit.render import answers, kept
from sre_kit.render.answers import Answer
from sre_kit.render.kept import Kept
from sre_kit.render.rendered import Rendered
from sre_kit.store.manifest import sha256

SAID = Answer("docs/SRE: unchanged\n", "incomplete: a gap\n", 3)
OPTIONS = Options("p.yaml", as_of="2026-10-01")


class Trial:
    """A rendered project whose answer is remembered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        texts = {
            "Trial.ipynb": "{}",
            "docs/PRD.md": "99.9 %",
            "p.yaml": "project: {path: .}",
            "build-plan.md": "- [ ] SRE",
            "docs/SRE/Trial.md": "# Trial",
        }
        for path, text in texts.items():
            (root / path).parent.mkdir(exist_ok=True, parents=True)
            (root / path).write_text(text, encoding="utf-8")
            os.utime(root / path, (1, 1))
        self.notebooks = {"Trial": root / "Trial.ipynb"}
        self.holds = Kept(root / ".sre_kit" / "rendered", root, (root / "p.yaml", root / "build-plan.md"))
        inputs = {"files": [str(root / "docs/PRD.md")], "folders": [str(root / "docs")]}
        inputs |= {"documents": [], "searched": [], "doubts": []}
        one = Rendered("Trial", "# Trial", {}, {}, {}, inputs=inputs)
        self.holds.keep([("Trial", root / "Trial.ipynb", {}, "", one)], time.time(), root / "manifest.json")
        published = {path: sha256(texts[path]) for path in ("docs/SRE/Trial.md", "build-plan.md")} | {"gone.md": None}
        asked = OPTIONS.asked(root / "p.yaml")
        answers.remember(self.holds, asked, self.notebooks, root / "notebooks", published, SAID)

    def answer(self, options: Options = OPTIONS) -> Answer | None:
        return answers.remembered(self.root, options.asked(self.root / "p.yaml"))


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def test_the_same_question_about_the_same_files_has_the_same_answer(trial: Trial) -> None:
    assert trial.answer() == SAID


def put(path: str, text: str) -> Callable[[Trial], None]:
    def change(trial: Trial) -> None:
        (trial.root / path).parent.mkdir(exist_ok=True, parents=True)
        (trial.root / path).write_text(text, encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("Trial.ipynb", "{ }"),
        put("docs/PRD.md", "99.5 %"),
        put("docs/New.md", ""),
        put("p.yaml", "project: {path: ., name: x}"),
        put("build-plan.md", "- [x] SRE"),
        put("docs/SRE/Trial.md", "# Trial, edited by hand"),
        put("gone.md", "it is back"),
        put("notebooks/Own.ipynb", "{}"),
        put(".sre_kit/journal.json", "{}"),
        put(".sre_kit/rendered/answer.json", "[]"),
        lambda trial: (trial.root / "docs/SRE/Trial.md").unlink(),
        lambda trial: (trial.root / "build-plan.md").unlink(),
    ],
)
def test_anything_else_has_none_and_the_project_is_rendered(trial: Trial, change: Callable[[Trial], None]) -> None:
    change(trial)
    assert trial.answer() is None


def test_every_byte_of_the_answer_counts(trial: Trial) -> None:
    path = trial.root / ".sre_kit" / "rendered" / answers.NAME
    path.write_text(path.read_text().replace("a gap", "no gap"))
    assert trial.answer() is None


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, as_of="2026-10-02"),
        replace(OPTIONS, names=("Trial",)),
        replace(OPTIONS, fail_on=("slo-breached",)),
        replace(OPTIONS, parameters=("days=3",)),
        replace(OPTIONS, json=True),
        replace(OPTIONS, to=("html",)),
        replace(OPTIONS, engine="kernel"),
    ],
)
def test_another_question_has_none(trial: Trial, options: Options) -> None:
    assert trial.answer(options) is None


def test_other_tools_have_none(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "tools", lambda: "newer")
    assert trial.answer() is None


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, params=""),
        replace(OPTIONS, out=Path("elsewhere")),
        replace(OPTIONS, check=True),
        replace(OPTIONS, dry_run=True),
        replace(OPTIONS, fresh=True),
    ],
)
def test_what_moves_or_is_written_elsewhere_is_never_answered_from_memory(options: Options) -> None:
    assert not options.in_place


def test_a_document_that_was_not_kept_leaves_nothing_to_remember(trial: Trial) -> None:
    (trial.holds.folder / "Trial.json").unlink()
    asked = OPTIONS.asked(trial.root / "p.yaml")
    answers.remember(trial.holds, asked, trial.notebooks, trial.root / "notebooks", {}, SAID)
    assert trial.answer() is None


def test_an_answer_needs_nothing_heavy(trial: Trial) -> None:
    code = (
        "import sys; from sre_kit.cli import main;"
        f"code = main(['render', '--params', {str(trial.root / 'p.yaml')!r}, '--as-of', '2026-10-01']);"
        "assert not {'pandas', 'numpy', 'papermill', 'nbconvert', 'matplotlib'} & set(sys.modules);"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == (SAID.out, SAID.err, SAID.code)
