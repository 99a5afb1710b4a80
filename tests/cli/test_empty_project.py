"""A project of which nothing is known: six documents that ask, no point that fails, no task that is called done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sre_kit.check import bundle, evaluate
from sre_kit.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without a file, rendered."""
    home = tmp_path_factory.mktemp("nothing known")
    (home / "leer und öd").mkdir()
    params = home / "params.yaml"
    params.write_text("project: {name: Nothing Yet, path: leer und öd}\nas_of: 2026-09-01\n", encoding="utf-8")
    assert main(["render", "--params", str(params)]) == 0, "open questions alone are no failure"
    return home / "leer und öd"


def test_no_point_of_the_rubric_fails(empty: Path) -> None:
    points = evaluate(bundle(empty / "docs" / "SRE"))
    assert len({one.document for one in points}) == 7, "six documents and the build plan"
    assert [one for one in points if one.state == "failed"] == []


def test_no_task_of_the_build_plan_is_ticked(empty: Path) -> None:
    """A document that only asks is no evidence for its subject."""
    plan = (empty / "build-plan.md").read_text(encoding="utf-8")
    assert plan.count("- [ ] ") == 8
    assert "[x]" not in plan
    assert "SLODefinitions.md still asks for: " in plan


def test_every_document_asks_and_states_no_measurement(empty: Path) -> None:
    manifest = json.loads((empty / "docs" / "SRE" / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["documents"]:
        text = (empty / "docs" / "SRE" / f"{name}.md").read_text(encoding="utf-8")
        assert "**Not known:**" in text.partition("## Open questions")[0], name
        assert not re.search(r"\b(nan|None|NaT|inf)\b", text), name
    measured = {
        name: one["value"]
        for name, one in manifest["records"].items()
        if one["unit"] in {"ratio", "s", "min", "ms", "events"} and one["value"]
    }
    assert measured == {}
