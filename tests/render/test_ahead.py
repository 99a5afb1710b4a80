"""A notebook that reads the others' manifest: begun while they run, waiting for it, and gone when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from sre_kit.errors import NotebookError
from sre_kit.render import batch
from sre_kit.render.batch import Outcome
from sre_kit.render.warm import standing
from sre_kit.store import manifest as manifests
from tests.render.test_engine import gone, notebook

BEGUN = (
    "import os, time\nuntil = time.monotonic() + 60\nwhile not os.path.exists('begun') and time.monotonic() < until:\n"
)
BEGUN += "    time.sleep(0.02)\nassert os.path.exists('begun'), 'nobody began the late one'"


def rendered(folder: Path, slow: str, jobs: int = 2) -> Outcome:
    """A quick notebook, one that runs `slow`, and a late one that says so (``begun``) and counts the documents."""
    late = (
        'params: str = ""\nmanifest: str = ""',
        "import os, pathlib\npathlib.Path('begun.new').write_text(str(os.getpid()))\nos.replace('begun.new', 'begun')",
        "import json\ndocuments = json.loads(pathlib.Path(manifest).read_text())['documents']",
        "display({'text/markdown': ' and '.join(sorted(documents))}, raw=True)",
    )
    asked = {
        "Quick": notebook(folder, "1", name="Quick"),
        "Slow": notebook(folder, slow, name="Slow"),
        "Late": notebook(folder, *late, name="Late"),
    }
    (folder / "stage").mkdir()
    nothing = manifests.read(folder / "manifest.json")
    return batch.render(asked, {}, nothing, stage=folder / "stage", judge=lambda *_: {}, jobs=jobs)


def test_it_begins_before_the_others_are_done_and_waits_for_their_manifest(tmp_path: Path):
    outcome = rendered(tmp_path, BEGUN)
    late = next(one for one in outcome.documents if one.name == "Late")
    assert "Quick and Slow" in late.markdown
    assert late.seconds["wait"] > 0


def test_with_one_job_it_runs_after_them(tmp_path: Path):
    outcome = rendered(tmp_path, "import os\nassert not os.path.exists('begun')", jobs=1)
    assert "Quick and Slow" in next(one for one in outcome.documents if one.name == "Late").markdown


def test_it_is_ended_where_another_one_fails(tmp_path: Path):
    with pytest.raises(NotebookError, match=r"cell-1.*after all"):
        rendered(tmp_path, f"{BEGUN}\nraise ValueError('after all')")
    assert gone(int((tmp_path / "begun").read_text()))


def test_where_the_warm_engine_cannot_be_used_a_kernel_waits_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standing.Standing, "problem", "the cell '1 + 1' gave nothing")
    outcome = rendered(tmp_path, "import time\ntime.sleep(1)")
    late = next(one for one in outcome.documents if one.name == "Late")
    assert "Quick and Slow" in late.markdown
    assert all("the cell '1 + 1' gave nothing" in one.note for one in outcome.documents)
