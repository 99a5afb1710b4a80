"""Bad input through the command line: a clear error or a marked gap, and nothing lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sre_kit.cli import main

SLO = "slos: [{{name: api, service: api, {}, window: 30d, good: a_total, total: b_total}}]\n"


def params(folder: Path, text: str) -> Path:
    """A project folder and a params file with `text` after the project."""
    (folder / "shop").mkdir(exist_ok=True)
    path = folder / "shop.yaml"
    path.write_text("project: {name: Shop, path: shop}\n" + text, encoding="utf-8")
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SLO.format("traget: 99.9 %"), "slos.0.traget: no such key; did you mean 'target'?"),
        ("slo: []\n", "slo: no such key; did you mean 'slos'?"),
        (
            SLO.format("target: 99.9"),
            'slos.0.target: a ratio lies in 0..1, got 99.9; for 99.9 % write 0.999 or "99.9 %"',
        ),
        ("as_of: 2026-01-01T10:00\n", "as_of: the time 2026-01-01T10:00 has no zone; write 2026-01-01T10:00:00Z"),
        ("slos: 5\n", "slos: a list was expected, got 5"),
        ("oncall: {people: [{name: Ada, zone: Europe/Amsterdm}]}\n", "did you mean 'Europe/Amsterdam'?"),
        ('source: {url: "promethues+http://x"}\n', "did you mean 'prometheus+http'?"),
        ('source: {url: "prometheus+http://u:hunter2@x"}\n', "a user name or password stands in the URL"),
        ("source: {auth: {token: hunter2}}\n", "source.auth.token looks like a secret; name it instead"),
        ("history: {incidents: nowhere.jsonl}\n", "history.incidents: there is nothing at "),
        ("slos: [\n", "is not YAML"),
        ("project: {name: Twice}\n", "line 2: 'project' is given twice, first in line 1; keep one"),
    ],
)
def test_a_decision_that_cannot_be_used_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = params(tmp_path, text)
    before = files(tmp_path)
    assert main(["params", str(path)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "hunter2" not in err
    assert files(tmp_path) == before


def test_two_project_paths_that_fit_alike_are_both_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    entity = {"type": "entity", "entityType": "ProjectMetadata"}
    lines = [
        json.dumps({**entity, "name": name, "observations": [f"Project Path: {tmp_path / name}"]})
        for name in ("one", "two")
    ]
    (tmp_path / "memory.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, knowledge_graph: memory.jsonl}\n", encoding="utf-8")
    assert main(["render", "--params", str(tmp_path / "shop.yaml")]) == 2
    err = capsys.readouterr().err
    assert f"{tmp_path / 'one'} (line 1;" in err
    assert f"{tmp_path / 'two'} (line 2;" in err
    assert "set project.path in the params file" in err


def test_a_corrupt_line_of_the_memory_is_named_and_the_rest_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop").mkdir()
    entity = {"type": "entity", "entityType": "ProjectMetadata", "name": "Shop"}
    whole = json.dumps({**entity, "observations": [f"Project Path: {tmp_path / 'shop'}"]})
    (tmp_path / "memory.jsonl").write_text(f'{whole[:40]}\n{whole}\n{{"type": "ent', encoding="utf-8")
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, knowledge_graph: memory.jsonl}\n", encoding="utf-8")
    assert main(["start", "--params", str(tmp_path / "shop.yaml")]) == 0
    out = capsys.readouterr().out
    assert f"Shop: {tmp_path / 'shop'} (knowledge graph: memory.jsonl, line 2" in out
    assert "line 1: not a whole JSON object" in out
    assert "line 3: not a whole JSON object" in out


OBJECTIVE = "  - {{name: {0}, service: {0}, target: 99 %, window: 2d, good: {0}-good, total: {0}-total, owner: Ada}}\n"


@pytest.mark.slow
def test_each_broken_input_of_a_render_is_named_once_and_the_rest_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One render: more good than total, a table without its columns, a missing file, a document in another encoding."""
    start = datetime(2026, 8, 30, tzinfo=UTC)

    def table(name: str, counts: list[int]) -> None:
        rows = [f"{(start + timedelta(hours=n)):%Y-%m-%dT%H:%M:%SZ},{count}" for n, count in enumerate(counts)]
        (tmp_path / "metrics" / f"{name}.csv").write_text("\n".join(["time,value", *rows, ""]), encoding="utf-8")

    (tmp_path / "metrics").mkdir()
    for name in ("fine", "reversed", "columnless", "absent"):
        table(f"{name}-total", [100] * 48)
    table("fine-good", [100] * 40 + [97] * 8)
    table("reversed-good", [100] * 20 + [101] + [100] * 27)
    (tmp_path / "metrics" / "columnless-good.csv").write_text("when,what\n2026-08-30,1\n", encoding="utf-8")
    objectives = "".join(OBJECTIVE.format(name) for name in ("fine", "reversed", "columnless", "absent"))
    text = f'as_of: 2026-09-01\nsource: {{url: "file:metrics", step: 1h}}\nslos:\n{objectives}'
    path = params(tmp_path, text)
    (tmp_path / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (tmp_path / "shop" / "docs" / "Project Manager" / "PRD.md").write_bytes("Verfügbarkeit: 99,9 %\n".encode("latin-1"))
    assert main(["render", "--params", str(path), "SLODefinitions"]) == 3
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("incomplete: ")]
    assert len(lines) == 4 == len(err.splitlines()), err
    assert "1 row(s) with good > total, first at 2026-08-30 20:00Z (good=101, total=100)" in err
    assert "columnless-good.csv: no column of times" in err
    assert "there are when, what" in err
    assert "absent-good" in err
    assert "docs/Project Manager/PRD.md: not UTF-8" in err
    records = json.loads((tmp_path / "shop" / "docs" / "SRE" / "manifest.json").read_text(encoding="utf-8"))["records"]
    assert records["slo.fine.budget_spent_share"]["value"] == pytest.approx(24 / 48)
    assert not [name for name, one in records.items() if ".budget_spent_share" in name and one["value"] is not None][1:]


def test_a_hand_edited_block_of_the_plan_is_refused_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = params(tmp_path, "")
    plan = tmp_path / "shop" / "build-plan.md"
    assert main(["plan", "--params", str(path)]) == 0
    plan.write_text(plan.read_text(encoding="utf-8").replace("not documented", "mine"), encoding="utf-8")
    edited = plan.read_bytes()
    assert main(["plan", "--params", str(path)]) == 6
    assert "build-plan.md" in capsys.readouterr().err
    assert plan.read_bytes() == edited
