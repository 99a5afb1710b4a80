"""Finding and reading the documents of earlier phases, as they really lie around."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sre_kit.errors import ParameterError
from sre_kit.load import documents as reading
from sre_kit.load.projects import project, resolve_as_of

NOW = datetime(2026, 11, 1, 12, 34, tzinfo=UTC)


def _put(root: Path, path: str, content: bytes = b"# Title\n\ntext\n") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def _found(root: Path) -> dict[str, reading.Document]:
    return {text.document.path: text.document for text in reading.documents(root)[0]}


@pytest.mark.parametrize(
    "path",
    [
        "docs/QA Engineer/PerformanceTestPlan.md",
        "docs/qa-engineer/performance-test-plan.md",
        "docs/QA_Engineer/performance test plan.MD",
    ],
)
def test_a_document_is_found_under_case_space_and_hyphen_variants(tmp_path: Path, path: str) -> None:
    _put(tmp_path, path)
    found = _found(tmp_path)[path]
    assert (found.phase, found.problem) == ("QA Engineer", "")


def test_a_document_elsewhere_is_read_with_a_remark(tmp_path: Path) -> None:
    _put(tmp_path, "notes/BusinessModel.md")
    found = _found(tmp_path)["notes/BusinessModel.md"]
    assert found.phase == "Project Manager"
    assert found.problem == "found at notes/BusinessModel.md, expected in docs/Project Manager/"


def test_a_missing_document_names_who_owes_it(tmp_path: Path) -> None:
    _, missing = reading.documents(tmp_path)
    owners = {document.name: document.owner for document in missing}
    assert owners["InfrastructureSpec"] == "Technical Architect"
    assert owners["build-plan"] == "Project Manager"
    assert len(missing) == 22


def test_our_own_documents_are_never_an_input(tmp_path: Path) -> None:
    _put(tmp_path, "docs/SRE/SLODefinitions.md")
    _put(tmp_path, "docs/SRE/BusinessModel.md")
    assert _found(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "problem", "readable"),
    [
        (b"caf\xe9", "not UTF-8", False),
        ("Verfügbarkeit 99,9 %".encode("utf-16"), "read as UTF-16", True),
        (b"\xef\xbb\xbf# With a BOM\n", "", True),
        (b"", "empty", True),
        (b"\xff\xfea", "starts like UTF-16 and is not", False),
    ],
)
def test_how_a_document_was_decoded_is_said(tmp_path: Path, content: bytes, problem: str, readable: bool) -> None:
    _put(tmp_path, "docs/Project Manager/PRD.md", content)
    found = _found(tmp_path)["docs/Project Manager/PRD.md"]
    assert problem in found.problem and bool(found.problem) == bool(problem)
    assert found.found is readable


def test_an_unreadable_document_does_not_stop_the_rest(tmp_path: Path) -> None:
    _put(tmp_path, "docs/Project Manager/PRD.md", b"caf\xe9 \xff")
    _put(tmp_path, "docs/Project Manager/BusinessModel.md", b"Uptime target: 99.9 %\n")
    texts = {text.document.name: text for text in reading.documents(tmp_path)[0]}
    assert texts["PRD"].text == "" and "save it as UTF-8" in texts["PRD"].document.problem
    assert texts["BusinessModel"].text


def test_a_pipe_a_folder_and_a_way_out_are_refused_without_waiting(tmp_path: Path) -> None:
    phase = tmp_path / "project" / "docs" / "Project Manager"
    phase.mkdir(parents=True)
    os.mkfifo(phase / "PRD.md")
    (phase / "BusinessModel.md").mkdir()
    secret = _put(tmp_path, "secret.md")
    (phase / "MarketResearch.md").symlink_to(secret)
    (phase / "ProjectTimeline.md").symlink_to("ProjectTimeline.md")
    found = {name: document.problem for name, document in _found(tmp_path / "project").items()}
    assert "not a regular file" in found["docs/Project Manager/PRD.md"]
    assert found["docs/Project Manager/BusinessModel.md"]
    assert "link out of the project" in found["docs/Project Manager/MarketResearch.md"]
    assert found["docs/Project Manager/ProjectTimeline.md"]


def test_a_document_over_the_cap_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    _put(tmp_path, "docs/Project Manager/PRD.md", b"x" * 11)
    assert _found(tmp_path)["docs/Project Manager/PRD.md"].problem == "11 bytes, at most 10 are read"


def test_the_report_time_is_the_last_complete_hour_and_never_the_future() -> None:
    assert resolve_as_of("", NOW) == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert resolve_as_of("2026-10-31", NOW) == datetime(2026, 10, 31, tzinfo=UTC)
    with pytest.raises(ParameterError, match="lies in the future"):
        resolve_as_of("2026-11-02", NOW)
    with pytest.raises(ParameterError, match="has no zone"):
        resolve_as_of("2026-10-31T10:00:00", NOW)


def _params(folder: Path, text: str) -> str:
    file = folder / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_project_path_is_relative_to_the_params_file(tmp_path: Path) -> None:
    _put(tmp_path, "shop/build-plan.md")
    opened = project(_params(tmp_path, "project: {name: Shop, path: shop}\n"), now=NOW)
    assert opened.root == (tmp_path / "shop").resolve()
    assert [document.path for document in opened.documents] == ["build-plan.md"]


def test_a_project_without_a_path_says_where_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"project\.path"):
        project(_params(tmp_path, "project: {name: Shop}\n"), now=NOW)
    with pytest.raises(ParameterError, match="there is no folder"):
        project(_params(tmp_path, "project: {name: Shop, path: nowhere}\n"), now=NOW)


def test_the_knowledge_graph_gives_the_path_where_params_do_not(tmp_path: Path) -> None:
    _put(tmp_path, "shop/build-plan.md")
    line = '{"type":"entity","name":"ProjectMetadata","entityType":"project","observations":["project_path: %s"]}'
    (tmp_path / "memory.jsonl").write_text(line % (tmp_path / "shop"), encoding="utf-8")
    opened = project(_params(tmp_path, "project: {name: Shop, knowledge_graph: memory.jsonl}\n"), now=NOW)
    assert opened.root == (tmp_path / "shop").resolve()


def test_what_we_wrote_into_the_build_plan_does_not_change_its_hash(tmp_path: Path) -> None:
    from sre_kit import buildplan

    plan = b"# Build Plan\n\n### 7. Production Operations Phase\n**Agent:** SRE\n\n- [ ] Define SLOs\n"
    _put(tmp_path, "shop/build-plan.md", plan)
    path = _params(tmp_path, "project: {name: Shop, path: shop}\n")
    before = project(path, now=NOW).documents[0].sha256
    state = buildplan.BuildPlanState(NOW.date(), {"define-slos": buildplan.Evidence(True, "rendered", ("a.md",))})
    (tmp_path / "shop" / "build-plan.md").write_text(buildplan.update(plan.decode(), state).text, encoding="utf-8")
    assert "[x] Define SLOs" in (tmp_path / "shop" / "build-plan.md").read_text(encoding="utf-8")
    assert project(path, now=NOW).documents[0].sha256 == before
