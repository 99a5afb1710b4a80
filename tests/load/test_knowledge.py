"""The project's folder out of the words of another phase; refused where it would be a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit.errors import DocumentError, ParameterError
from sre_kit.load.documents import EXPECTED
from sre_kit.load.knowledge import project_path

DEMO = Path(__file__).parents[2] / "sre_kit/demo"


def make_project(root: Path, plan: bool = True, phases: int = 4) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    if plan:
        (root / "build-plan.md").write_text("# Plan\n")
    for phase in list(EXPECTED)[:phases]:
        (root / "docs" / phase).mkdir(parents=True, exist_ok=True)
    return root


def write_graph(
    folder: Path, *observations: str, name: str = "ProjectMetadata", kind: str = "project", more=()
) -> Path:
    rows = [{"type": "entity", "name": name, "entityType": kind, "observations": list(observations)}, *more]
    path = folder / "memory.json"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def shop(tmp_path):
    return make_project(tmp_path / "home" / "code" / "My Shop é")


WORDINGS = [
    "project_path: {p}",
    "projectPath = {p}",
    "Project folder path: {p}",
    "Project Folder Path: `{p}`",
    "**Project path:** {p}",
    "path: {p}/",
    "Path is {p}",
    "Location: {p}",
    "root -> {p}",
    "workspace directory: {p}",
    "Project directory is at {p}",
    'project path: "{p}"',
    "project path: '{p}' (created by the Project Manager)",
    "project_path: {p} (created 2025-05-19)",
    "project_path: {p}, created by the Project Manager",
    "project_path: {p}\nsecond line",
    "The project lives in {p}.",
    "The project lives in {p}",
    "Everything is stored under {p}/docs/Project Manager/ and {p}/docs/QA Engineer/.",
    "Documents are in `{p}/docs/`",
    "The plan is {p}/build-plan.md",
    "See https://github.com/x/y, the working copy is {p}",
    "{p}",
    "{p}/",
    "`{p}`",
    '"{p}"',
    "{p}/docs",
    "file://{p}",
    "project_path: file://localhost{u}",
    "file://{u}",
    "~/code/My Shop é",
    "project_path: ~/code/My Shop é",
    "./home/code/My Shop é",
    "project_path: home/code/My Shop é",
    '{{"project_path": "{p}"}}',
    '{{"name": "/not/this", "paths": {{"project_folder": "{p}"}}}}',
    '["{p}"]',
    '{{"directory": ["{p}"]}}',
]


@pytest.mark.parametrize("wording", WORDINGS)
def test_every_wording_is_understood(wording, shop, tmp_path):
    from urllib.parse import quote

    graph = write_graph(tmp_path, "Project name: Shop", wording.format(p=shop, u=quote(str(shop))))
    assert project_path(graph, home=tmp_path / "home")[0] == shop


def test_a_windows_path_is_read_under_the_linux_subsystem(tmp_path, monkeypatch):
    for wording in ("project_path: C:\\Users\\me\\shop", "C:/Users/me/shop", "file:///C:/Users/me/shop"):
        with pytest.raises(ParameterError, match=r"/mnt/c/Users/me/shop \(line 1; no such folder here\)"):
            project_path(write_graph(tmp_path, wording))


@pytest.mark.parametrize(
    "name", ["ProjectMetadata", "Project Metadata", "project_metadata", "Shop ProjectMetadata", "PROJECT-METADATA"]
)
def test_the_entity_may_be_called_many_things(name, shop, tmp_path):
    assert project_path(write_graph(tmp_path, f"path: {shop}", name=name))[0] == shop


def test_the_entity_may_be_told_by_its_type(shop, tmp_path):
    assert project_path(write_graph(tmp_path, f"path: {shop}", name="Shop", kind="ProjectMetadata"))[0] == shop


@pytest.mark.parametrize("ends", [("ProjectMetadata", "Shop"), ("Shop", "ProjectMetadata")])
def test_the_path_may_stand_on_a_related_entity(ends, shop, tmp_path):
    more = [
        {"type": "entity", "name": "Shop", "entityType": "product", "observations": [f"folder: {shop}"]},
        {"type": "entity", "name": "Other", "entityType": "product", "observations": [f"folder: {tmp_path}"]},
        {"type": "relation", "from": ends[0], "to": ends[1], "relationType": "describes"},
    ]
    assert project_path(write_graph(tmp_path, "created 2025-05-19", more=more))[0] == shop


def test_without_metadata_whatever_states_a_project_path_counts(shop, tmp_path):
    graph = write_graph(tmp_path, f"project path: {shop}", name="Shop")
    assert project_path(graph)[0] == shop


PLACEHOLDERS = [
    "/[project-path]/",
    "project_path: [Project Path]",
    "project_path: TBD",
    "Project folder path: <your folder>",
    "project_path: {project_path}",
    "project_path: $HOME/shop",
    "project_path: /path/to/project",
    "project_path: your-project",
    "project_path: N/A",
    "project_path: none",
    "project_path: xxx",
    "project_path: /",
    '{"project_path": "TBD"}',
    '"/[project-path]/"',
]


@pytest.mark.parametrize("wording", PLACEHOLDERS)
def test_a_placeholder_is_no_path(wording, tmp_path):
    with pytest.raises(ParameterError, match="leads to no folder") as caught:
        project_path(write_graph(tmp_path, wording))
    assert "a placeholder" in str(caught.value)


def test_a_placeholder_beside_a_path_does_no_harm(shop, tmp_path):
    assert project_path(write_graph(tmp_path, "/[project-path]/", f"project_path: {shop}"))[0] == shop


def test_two_candidates_that_fit_alike_are_listed_and_refused(tmp_path):
    a, b = make_project(tmp_path / "a"), make_project(tmp_path / "b")
    with pytest.raises(ParameterError, match="several project folders fit alike") as caught:
        project_path(write_graph(tmp_path, f"path: {a}", f"path: {b}"))
    assert str(a) in str(caught.value) and str(b) in str(caught.value) and "project.path" in str(caught.value)


@pytest.mark.parametrize("worse", [{"plan": False}, {"phases": 3}, {"plan": False, "phases": 0}])
def test_of_two_candidates_the_one_with_plan_and_documents_wins(worse, tmp_path):
    a, b = make_project(tmp_path / "a", **worse), make_project(tmp_path / "b")
    assert project_path(write_graph(tmp_path, f"path: {a}", f"path: {b}"))[0] == b


def test_a_build_plan_outweighs_folders(tmp_path):
    a, b = make_project(tmp_path / "a", plan=False), make_project(tmp_path / "b", phases=0)
    assert project_path(write_graph(tmp_path, f"path: {a}", f"path: {b}"))[0] == b


def test_one_folder_named_twice_is_one_candidate(shop, tmp_path):
    (tmp_path / "link").symlink_to(shop)
    assert project_path(write_graph(tmp_path, f"path: {shop}", f"Project: see {tmp_path}/link"))[0] == shop


def test_a_folder_that_is_not_here_is_listed(tmp_path):
    with pytest.raises(ParameterError, match=r"/nowhere/shop \(line 1; no such folder here\)"):
        project_path(write_graph(tmp_path, "path: /nowhere/shop"))


@pytest.mark.parametrize(
    "observation", ["Phase: Architecture", "and/or 24/7 TCP/IP", "", "null", "[[1]]", "~nobody", "\x00"]
)
def test_words_without_a_path_name_none(observation, tmp_path):
    with pytest.raises(ParameterError, match="it names no path"):
        project_path(write_graph(tmp_path, observation))


@pytest.mark.parametrize(
    "observation",
    ["path: \x00", "path: " + "x" * 5000, "path: ~other/shop", "/" + "a/" * 3000, "path: \\\\server\\share"],
)
def test_strange_paths_are_refused_and_not_fatal(observation, tmp_path):
    with pytest.raises(ParameterError, match="leads to no folder"):
        project_path(write_graph(tmp_path, observation))


def test_a_loop_of_links_is_no_folder(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ParameterError, match="no such folder here"):
        project_path(write_graph(tmp_path, "path: ./loop"))


def test_a_project_below_a_folder_called_docs_is_found(tmp_path):
    project = make_project(tmp_path / "docs" / "shop")
    assert project_path(write_graph(tmp_path, f"path: {project}"))[0] == project


def test_without_metadata_the_graph_says_nothing(tmp_path):
    graph = write_graph(tmp_path, "likes tea", name="Alice")
    graph.write_bytes(graph.read_bytes() + b"\nhalf")
    with pytest.raises(ParameterError, match="no entity ProjectMetadata; not read: line 2"):
        project_path(graph)
    graph.write_bytes(b"")
    with pytest.raises(ParameterError, match=r"no entity ProjectMetadata; set project\.path"):
        project_path(graph)


def test_lines_that_cannot_be_read_are_said_beside_the_answer(shop, tmp_path):
    graph = write_graph(tmp_path, f"path: {shop}")
    assert project_path(graph)[1].startswith("knowledge graph: memory.json, line 1, ")
    graph.write_bytes(graph.read_bytes() + b"\nhalf")
    assert project_path(graph)[1].endswith("not read: line 2: not a whole JSON object; skipped")


def test_what_we_stored_ourselves_is_not_read_back(shop, tmp_path):
    more = [
        {"type": "entity", "name": "ProjectMetadata of the SRE", "entityType": "sre-x", "observations": ["path: /"]}
    ]
    assert project_path(write_graph(tmp_path, f"path: {shop}", more=more))[0] == shop


def test_a_missing_graph_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"memory\.json"):
        project_path(tmp_path / "memory.json")


def test_the_demo_finds_itself_in_the_package_and_when_copied(tmp_path):
    assert project_path(DEMO / "memory.jsonl")[0] == DEMO / "project"
    copy = make_project(tmp_path / "demo")
    (copy / "memory.jsonl").write_bytes((DEMO / "memory.jsonl").read_bytes())
    assert project_path(copy / "memory.jsonl")[0] == copy
