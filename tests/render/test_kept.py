"""Documents that are kept hold exactly as long as everything that they were made from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook
from sre_kit.render import batch, engine, kept
from sre_kit.render.kept import Kept
from sre_kit.render.rendered import Rendered
from sre_kit.store import places
from sre_kit.store.manifest import Manifest, Published, sha256

DONE = Rendered("Trial", "# Trial\n", {"images/a.png": b"\x89PNG"}, {"version": 1}, {"load": 1.0})
GIVEN = {"params": "p.yaml", "as_of": "2026-10-01"}


class Trial:
    """A project with a notebook, a document it read, a folder it listed and a params file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in {
            "Trial.ipynb": "{}",
            "docs/PRD.md": "99.9 %",
            "p.yaml": "a: 1",
            "build-plan.md": "x",
        }.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
            os.utime(root / path, (1, 1))
        self.kept = Kept(root / ".sre_kit" / "rendered", root, (root / "p.yaml",))
        files, folders = [str(root / "docs/PRD.md"), str(root / "absent.csv")], [str(root / "docs"), str(root)]
        none = list[str]()
        self.inputs = {"files": files, "folders": folders, "documents": none, "searched": none, "doubts": none}
        document = Published("docs/SRE/Trial.md", 1, sha256(DONE.markdown), "", "")
        self.previous = Manifest(documents={"Trial": document})

    def keep(self) -> None:
        one = replace(DONE, inputs=self.inputs)
        self.kept.keep([("Trial", self.root / "Trial.ipynb", GIVEN, "", one)], time.time(), self.root / "manifest.json")

    def take(self, given: dict[str, str] = GIVEN, seen: str = "") -> Rendered | None:
        return self.kept.take("Trial", self.root / "Trial.ipynb", given, self.previous, seen=seen)

    @property
    def why(self) -> str:
        return self.kept.whys["Trial"]


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    made = Trial(tmp_path)
    made.keep()
    return made


def test_a_document_whose_inputs_are_the_same_is_taken_whole(trial: Trial) -> None:
    assert trial.take() == replace(DONE, kept=True)


def write(path: str, text: str) -> Callable[[Trial], None]:
    def change(trial: Trial) -> None:
        (trial.root / path).write_text(text, encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (write("Trial.ipynb", "{ }"), "inputs differ: its notebook"),
        (write("docs/PRD.md", "99.5 %"), "inputs differ: docs/PRD.md"),
        (write("docs/New.md", ""), "inputs differ: files in docs"),
        (write("absent.csv", "1"), "inputs differ: absent.csv"),
        (write("p.yaml", "a: 2"), "inputs differ: p.yaml"),
        (lambda trial: (trial.root / "docs/PRD.md").unlink(), "inputs differ: docs/PRD.md"),
        (lambda trial: (trial.kept.folder / "Trial.json").write_bytes(b"{"), "what was kept is damaged"),
        (lambda trial: (trial.kept.folder / "Trial.json").write_bytes(b"[]"), "what was kept is damaged"),
        (lambda trial: (trial.kept.folder / "Trial.json").unlink(), "it was not rendered here before"),
    ],
)
def test_a_changed_input_is_named_and_the_notebook_runs_again(
    trial: Trial, change: Callable[[Trial], None], why: str
) -> None:
    change(trial)
    assert trial.take() is None
    assert trial.why == why


def test_other_parameters_documents_and_published_versions_count(trial: Trial) -> None:
    assert trial.take({**GIVEN, "as_of": "2026-10-02"}) is None
    assert trial.why == "inputs differ: its parameters"
    assert trial.take(seen="f00d") is None
    assert trial.why == "inputs differ: the other documents"
    trial.previous = Manifest()
    assert trial.take() is None
    assert trial.why == "inputs differ: the version that was published"


def test_other_tools_are_told_from_other_inputs(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "tools", lambda: "newer")
    assert trial.take() is None
    assert trial.why == "tools differ"


def test_the_tools_are_our_code_and_the_packages_and_validators(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept.tools.cache_clear()
    before = kept.tools()
    (tmp_path / "pandas-99.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    kept.tools.cache_clear()
    assert kept.tools() != before
    (tmp_path / "promtool").write_text("#!/bin/sh\n")
    (tmp_path / "promtool").chmod(0o755)
    newer = kept.tools()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    kept.tools.cache_clear()
    assert kept.tools() != newer
    kept.tools.cache_clear()


def test_every_byte_of_what_is_kept_counts(trial: Trial) -> None:
    path = trial.kept.folder / "Trial.json"
    entry = json.loads(path.read_bytes())
    entry["rendered"]["machine"]["version"] = 2
    path.write_text(json.dumps(entry))
    assert trial.take() is None
    assert trial.why == "what was kept is damaged"


def test_a_run_in_doubt_is_not_kept_and_forgets_the_earlier_one(trial: Trial) -> None:
    trial.inputs = {**trial.inputs, "doubts": ["the network"]}
    trial.keep()
    assert trial.take() is None


def test_an_input_that_changed_while_the_notebook_ran_is_in_doubt(trial: Trial) -> None:
    os.utime(trial.root / "docs/PRD.md", (time.time() + 5, time.time() + 5))
    trial.keep()
    assert trial.take() is None


def test_our_own_outputs_are_no_inputs(trial: Trial) -> None:
    for path in ("docs/SRE/manifest.json", ".sre_kit/lock"):
        (trial.root / path).parent.mkdir(exist_ok=True, parents=True)
        (trial.root / path).write_text("anew")
    assert trial.take() is not None


@pytest.mark.parametrize("asked", ["os.listdir(state)", "open(state / 'kept').read()"])
def test_our_state_is_no_input_of_a_notebook(tmp_path: Path, asked: str) -> None:
    """Listed or read: the first render makes it."""
    state = tmp_path / places.STATE
    state.mkdir()
    (state / "kept").write_text("")
    code = (
        "import os\nfrom pathlib import Path\nfrom sre_kit.render.warm.inputs import Inputs\n"
        f"state, inputs = Path({str(state)!r}), Inputs(shipped=False)\n"
        f"with inputs.recorded():\n    {asked}\n    os.listdir(state.parent)\n"
        "print(inputs.as_json()['files'], inputs.as_json()['folders'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[] ['{tmp_path}']"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project folder, params and two notebooks beside them; everything is older than the test."""
    (tmp_path / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (tmp_path / "shop" / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nas_of: 2026-10-01\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for name in ("First", "Second"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(notebook(name, "../shop.yaml"), encoding="utf-8")
    for path in tmp_path.rglob("*"):
        os.utime(path, (1, 1))
    return tmp_path


def ran(shop: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> list[str]:
    """Names of the notebooks that a render runs."""
    names: list[str] = []
    real = engine.run

    def run(path: Path, *given: object, **how: object) -> Rendered:
        names.append(path.stem)
        return real(path, *given, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(batch.engine, "run", run)
        assert main(["render", "First", "Second", "--params", str(shop / "shop.yaml"), *more]) == 0
    return sorted(names)


def state(shop: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in (shop / "shop").rglob("*") if path.is_file() and ".sre_kit" not in path.parts]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_an_unchanged_project_runs_no_notebook_and_writes_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(shop, monkeypatch) == ["First", "Second"]
    before = state(shop)
    assert ran(shop, monkeypatch) == []
    assert state(shop) == before

    path = shop / "notebooks" / "Second.ipynb"
    path.write_text(path.read_text().replace("are on record", "are known"))
    capsys.readouterr()
    assert main(["render", "First", "Second", "--params", str(shop / "shop.yaml"), "--check"]) == 5
    assert "Second.md was made anew: inputs differ: its notebook" in capsys.readouterr().out
    assert ran(shop, monkeypatch) == ["Second"]
    assert ran(shop, monkeypatch, "--fresh") == ["First", "Second"]


def test_a_moment_that_moves_is_never_answered_from_memory(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = shop / "shop.yaml"
    params.write_text(params.read_text().replace("as_of: 2026-10-01\n", ""))
    assert ran(shop, monkeypatch) == ["First", "Second"]
    assert not (shop / "shop" / ".sre_kit" / "rendered" / "answer.json").exists()
    assert ran(shop, monkeypatch, "--as-of", "2026-10-01") == ["First", "Second"]
    assert (shop / "shop" / ".sre_kit" / "rendered" / "answer.json").exists()


def test_a_changed_document_runs_the_notebooks_that_asked_for_what_it_says(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop / "notebooks" / "Second.ipynb"
    asks = "{len([f for f in project.facts if f.unit == 'ratio'])} ratios"
    path.write_text(path.read_text().replace("{len(log.incidents)} incidents", asks))
    document = shop / "shop" / "docs" / "Project Manager" / "BusinessModel.md"

    def state(text: str) -> list[str]:
        document.write_text(text)
        os.utime(document, (2, 2))
        return ran(shop, monkeypatch)

    assert ran(shop, monkeypatch) == ["First", "Second"]
    assert state("Uptime target: 99.5 %\n") == ["Second"]
    assert state("Uptime target: 99.5 %\n\nNothing of note.\n") == ["Second"], "its header prints the hash"
    assert "1 ratios" in (shop / "shop" / "docs" / "SRE" / "Second.md").read_text()
    assert ran(shop, monkeypatch) == []
    assert state("Nothing of note.\n") == ["Second"]
    assert state("Nothing at all.\n") == [], "no document answered, and none does now"
    document.unlink()
    assert ran(shop, monkeypatch) == ["First", "Second"], "headers name what is missing"
    assert ran(shop, monkeypatch) == []
