"""A render leaves in the knowledge graph what later sessions need, and the next one goes on from there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sre_kit import load
from sre_kit.cli import main
from sre_kit.cli.init import notebook
from sre_kit.cli.remember import OUTBOX, SUBJECTS, entities_of
from sre_kit.load.mcp_servers import Server
from sre_kit.load.memory_server import ServerMemory
from sre_kit.store import knowledge, manifest, places, remembered
from sre_kit.store.knowledge import Entity, Relation
from sre_kit.store.manifest import Manifest, Published

METADATA = Entity("ProjectMetadata", "project", ("project_path: shop",))
PARAMS = "project: {name: Shop, path: shop, knowledge_graph: %s}\nas_of: %s\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a notebook of its own, and a graph that knows it."""
    (tmp_path / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (tmp_path / "shop" / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
    (tmp_path / "shop.yaml").write_text(PARAMS % ("memory.jsonl", "2026-10-01"), encoding="utf-8")
    (tmp_path / "memory.jsonl").write_bytes(knowledge.merged(b"", [METADATA]))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "ErrorReview.ipynb").write_text(notebook("ErrorReview", "../shop.yaml"), encoding="utf-8")
    return tmp_path


def render(shop: Path, *more: str) -> int:
    return main(["render", "ErrorReview", "--params", str(shop / "shop.yaml"), *more])


def stored(shop: Path) -> dict[str, Entity]:
    return {one.name: one for one in knowledge.read(shop / "memory.jsonl").entities}


def document(shop: Path) -> str:
    return (shop / "shop" / "docs" / "SRE" / "ErrorReview.md").read_text(encoding="utf-8")


def test_a_render_stores_what_later_sessions_need_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    render(shop, "--dry-run")
    assert set(stored(shop)) == {"ProjectMetadata"}, "a dry run stores nothing"
    render(shop)
    assert "knowledge graph memory.jsonl: 11 entities and relations stored" in capsys.readouterr().out
    found = stored(shop)
    assert set(found) == {"ProjectMetadata", "Shop: SRE documents", *(f"Shop: {subject}" for subject in SUBJECTS)}
    assert found["ProjectMetadata"].observations == METADATA.observations
    assert (
        found["Shop: SRE documents"].observations[0].startswith("docs/SRE/ErrorReview.md: version 1, as of 2026-10-01")
    )
    assert "the incident log is not known: no incident log" in found["Shop: incident history"].observations[0]
    relations = knowledge.read(shop / "memory.jsonl").relations
    assert {(one.type, one.target) for one in relations} == {("is_published_in", "Shop: SRE documents")}
    before = (shop / "memory.jsonl").stat()
    render(shop)
    assert "stored" not in capsys.readouterr().out
    after = (shop / "memory.jsonl").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_what_we_store_does_not_make_the_documents_anew(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The graph is a file that the params name, and we write into it: only other people's words count."""
    render(shop, "--json")
    capsys.readouterr()

    def began() -> float:
        kept = shop / "shop" / ".sre_kit" / "rendered" / "ErrorReview.json"
        return float(json.loads(kept.read_bytes())["began"])

    first = began()
    render(shop, "--json")
    assert began() == first


def test_a_checkout_without_its_documents_counts_on(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    render(shop)
    assert "- **Changes:** none, this is the first version" in document(shop)
    path = shop / "notebooks" / "ErrorReview.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("# ErrorReview", "# ErrorReview of the shop"))
    render(shop)
    second = document(shop)
    assert "- **Version:** 2" in second and "- **Changes:** since version 1 the words changed" in second
    shutil.rmtree(shop / "shop" / "docs" / "SRE")
    shutil.rmtree(shop / "shop" / ".sre_kit")
    capsys.readouterr()
    assert main(["start", "--params", str(shop / "shop.yaml")]) == 0
    said = capsys.readouterr().out
    assert "Last render, by the knowledge graph: as of 2026-10-01T00:00; versions: ErrorReview 2" in said
    render(shop)
    assert document(shop) == second, "the same document, with its version and what changed before it"


def test_start_says_which_inputs_changed_since(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = ["--params", str(shop / "shop.yaml"), "--json"]
    main(["start", *params])
    assert json.loads(capsys.readouterr().out)["since"] is None
    render(shop)
    capsys.readouterr()
    main(["start", *params])
    since = json.loads(capsys.readouterr().out)["since"]
    assert (since["changed"], since["new"], since["gone"], since["waiting"]) == ([], [], [], 0)
    model = "docs/Project Manager/BusinessModel.md"
    (shop / "shop" / model).write_text("Uptime target: 99.5 %\n")
    (shop / "shop" / "docs" / "Project Manager" / "PRD.md").write_text("p95 < 500 ms\n")
    main(["start", *params])
    since = json.loads(capsys.readouterr().out)["since"]
    assert (since["changed"], since["new"]) == ([model], ["docs/Project Manager/PRD.md"])


def test_start_says_which_numbers_the_last_version_states_otherwise(demo: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    shutil.copytree(demo, tmp_path / "demo", ignore=shutil.ignore_patterns(".sre_kit", "images"))
    path = tmp_path / "demo" / "docs" / "SRE" / "manifest.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    own = {name: one["value"] for name, one in said["records"].items() if one["document"] == "SLODefinitions"}
    old = {**own, "slo.checkout-availability.availability": 0.9995, "slo.search-latency.state": "healthy", "gone": 1}
    one = said["documents"]["SLODefinitions"]
    one |= {"version": 2, "before": {"version": 1, "records": old}}
    path.write_text(json.dumps(said), encoding="utf-8")
    params = ["--params", str(tmp_path / "demo" / "params")]
    main(["start", *params])
    text = capsys.readouterr().out
    first = "slo.search-latency.state: healthy, now at risk (SLODefinitions, version 1 to 2)"
    second = "slo.checkout-availability.availability: 99.95 %, now 99.84 % (SLODefinitions, version 1 to 2)"
    assert first in text and second in text.partition(first)[2]
    assert "gone" not in "".join(line for line in text.splitlines() if "version 1 to 2" in line)
    main(["start", *params, "--json"])
    numbers = json.loads(capsys.readouterr().out)["since"]["numbers"]
    assert [one["is"] for one in numbers] == ["at risk", own["slo.checkout-availability.availability"]]


def test_start_says_which_numbers_have_moved_since_the_documents_were_made(demo: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    def moved(as_of: str) -> dict[str, tuple[float, float]]:
        main(["start", "--params", str(demo / "params"), "--as-of", as_of, "--json"])
        since = json.loads(capsys.readouterr().out)["since"]
        return {one["number"]: (one["was"], one["is"]) for one in since["moved"]}

    assert moved("2026-11-01") == {}, "nothing but time could have moved them"
    later = moved("2026-11-16")
    assert later["actions.overdue"] == (6, 7), "one was due on 2026-11-13"
    assert later["operations.overdue_expiries"] == (1, 2), "PostgreSQL 13 ended on 2026-11-13"
    main(["start", "--params", str(demo / "params"), "--as-of", "2026-11-16"])
    assert "since then, actions.overdue: 6 actions, now 7 actions" in capsys.readouterr().out


def test_an_unchanged_project_stores_again_what_its_graph_has_lost(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    render(shop)
    render(shop)
    whole, graph = stored(shop), shop / "memory.jsonl"
    kept = [METADATA, Entity("Alice", "person", ("somebody else's",)), whole["Shop: runbooks"]]
    graph.write_bytes(knowledge.merged(b"", kept))
    capsys.readouterr()
    render(shop)
    assert "entities and relations stored" in capsys.readouterr().out
    back = {name: one.observations for name, one in stored(shop).items()}
    assert back == {name: one.observations for name, one in whole.items()} | {"Alice": kept[1].observations}
    before = graph.read_bytes()
    render(shop)
    assert "stored" not in capsys.readouterr().out and graph.read_bytes() == before


def test_what_does_not_arrive_waits_and_goes_with_the_next_render(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, state = shop / "memory.jsonl", shop / "shop" / places.STATE
    graph.unlink()
    assert render(shop, "--as-of", "2026-10-01") == render(shop, "--as-of", "2026-10-01")
    said = capsys.readouterr().out
    assert said.count(f"11 entities and relations wait in .sre_kit/{OUTBOX} for the next render:") == 2
    assert "No such file" in said and (state / OUTBOX).is_file()
    main(["start", "--params", str(shop / "shop.yaml")])
    assert "11 entities and relations wait to be stored" in capsys.readouterr().out
    graph.write_bytes(knowledge.merged(b"", [METADATA]))
    render(shop, "--as-of", "2026-10-01")
    assert not (state / OUTBOX).exists() and len(stored(shop)) == 7


def test_the_demo_is_remembered_with_its_numbers_incidents_and_runbooks(demo: Path) -> None:
    project = load.project(str(demo / "params"))
    published = manifest.read(demo / "docs" / "SRE" / "manifest.json")
    found = {one.name.partition(": ")[2]: one.observations for one in entities_of(project, published)}
    assert (
        "checkout-availability: target 99.9 % of checkout, measured 99.84 %, error budget spent 159.89 %, "
        "state exhausted" in found["service levels"]
    )
    assert any(text.startswith("INC-2026-1030 (") and "open" in text for text in found["incident history"])
    assert any(text.startswith("OPT-1 (") for text in found["optimization results"])
    assert len([text for text in found["runbooks"] if "IncidentResponse.md#" in text]) == len(project.params.runbooks)
    assert any("min by hand" in text for text in found["operational patterns"])


def test_remembering_and_reading_it_is_the_same_set() -> None:
    one = Published(
        "docs/SRE/A.md", 3, "ab" * 32, "cd" * 32, "2026-10-01T00:00:00+00:00",
        before={"version": 2, "records": {"x": 1, "gone": 4}}, inputs={"docs/PRD.md": "ef" * 32},
    )  # fmt: skip
    records = {name: {"value": value, "document": "A"} for name, value in (("x", 2), ("new", 0.1 + 0.2))}
    entity = Entity(
        remembered.entity_name("Shop"), remembered.TYPE, remembered.observations(Manifest({"A": one}, records))
    )
    found = remembered.manifest(knowledge.Graph((entity,)), "Shop")
    back = found.documents["A"]
    assert (back.version, back.body_sha256, back.before["version"]) == (3, one.body_sha256, 2)
    assert manifest.values(found, "A") == {"x": 2, "new": 0.1 + 0.2}
    assert {n: v for n, v in back.before["records"].items() if v is not None} == {"x": 1, "gone": 4}
    assert remembered.changed_inputs([back], {"docs/PRD.md": "ef" * 32}) == {"changed": [], "new": [], "gone": []}
    assert remembered.manifest(knowledge.Graph((entity,)), "Other") == Manifest()


@pytest.mark.parametrize("said", ["sre-kit document {", "sre-kit document {}", 'sre-kit document {"name":1}', "x"])
def test_what_somebody_else_wrote_into_our_entity_is_passed_over(said: str) -> None:
    entity = Entity(remembered.entity_name("Shop"), remembered.TYPE, (said, "sre-kit inputs []"))
    assert remembered.manifest(knowledge.Graph((entity,)), "Shop") == Manifest()


@pytest.mark.server
def test_a_render_is_remembered_by_the_real_server(shop: Path, mcp_packages: Path) -> None:
    entry = mcp_packages / "@modelcontextprotocol" / "server-memory" / "dist" / "index.js"
    env = {"MEMORY_FILE_PATH": str(shop / "memory.jsonl")}
    config = {"mcpServers": {"memory": {"command": "node", "args": [str(entry)], "env": env}}}
    (shop / "mcp.json").write_text(json.dumps(config), encoding="utf-8")
    text = "project: {name: Shop, knowledge_graph: 'mcp:memory', mcp_servers: mcp.json}\nas_of: 2026-10-01\n"
    (shop / "shop.yaml").write_text(text, encoding="utf-8")  # the path is found in the graph
    render(shop)
    names = set(stored(shop))
    assert len(names) == 7
    alone = [one for one in stored(shop).values() if one.name == "ProjectMetadata"]
    (shop / "memory.jsonl").write_bytes(knowledge.merged(b"", alone))
    render(shop)
    assert set(stored(shop)) == names, "nothing of the project changed, and the server is asked all the same"
    graph = ServerMemory(Server("memory", "node", (str(entry),), env)).search("shop: runbooks")
    assert [one.name for one in graph.entities] == ["Shop: runbooks"]
    assert [one for one in graph.relations if one.source == "Shop: runbooks"] == [
        Relation("Shop: runbooks", "Shop: SRE documents", "is_published_in")
    ]
