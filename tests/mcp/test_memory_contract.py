"""One contract over both homes of a knowledge graph: its file, and the real reference server from npm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sre_kit.errors import ParameterError, SourceError, SREKitError, UnreachableError
from sre_kit.load.mcp_servers import Server, conversation
from sre_kit.load.memory_server import ServerMemory, open_memory
from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity, Relation
from sre_kit.store.memory import FileMemory, Memory, deliver

ALICE = Entity("Alice", "person", ("likes café", "speaks \u2028 Dutch"))
BOB = Entity("Bob", "person", ())
KNOWS = Relation("Alice", "Bob", "knows")
SLO = Entity("Shop: service levels", "sre-service-levels", ("checkout 99.9 %", "search 99.97 %"))
ABOUT = Relation("Shop: service levels", "Alice", "agreed_by")
START = knowledge.merged(b"", [ALICE, BOB], [KNOWS])
Open = Callable[[Path], Memory]


def entry(packages: Path) -> str:
    return str(packages / "@modelcontextprotocol" / "server-memory" / "dist" / "index.js")


@pytest.fixture
def server_memory(mcp_packages: Path) -> Open:
    def opened(path: Path) -> Memory:
        env = {"MEMORY_FILE_PATH": str(path)}
        return ServerMemory(Server("memory", "node", (entry(mcp_packages),), env))

    return opened


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.server)])
def opened(request: pytest.FixtureRequest) -> Open:
    return FileMemory if request.param == "file" else request.getfixturevalue("server_memory")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory.jsonl"
    path.write_bytes(START)
    return path


def contents(memory: Memory) -> dict[str, tuple[str, set[str]]]:
    return {one.name: (one.type, set(one.observations)) for one in memory.read().entities}


def test_everything_is_read(opened: Open, path: Path) -> None:
    graph = opened(path).read()
    assert [(e.name, e.type, e.observations) for e in graph.entities] == [
        ("Alice", "person", ALICE.observations),
        ("Bob", "person", ()),
    ]
    assert [(r.source, r.target, r.type) for r in graph.relations] == [("Alice", "Bob", "knows")]


@pytest.mark.parametrize(
    ("words", "names"), [("CAFÉ", ["Alice"]), ("bob", ["Bob"]), ("PERS", ["Alice", "Bob"]), ("nobody", [])]
)
def test_a_search_finds_names_types_and_observations_in_any_case(
    opened: Open, path: Path, words: str, names: list[str]
) -> None:
    found = opened(path).search(words)
    assert [one.name for one in found.entities] == names
    assert len(found.relations) == bool(names)


def test_what_is_put_is_there_and_the_same_bytes_lie_in_the_file(opened: Open, path: Path) -> None:
    memory = opened(path)
    assert memory.put([SLO], [ABOUT])
    assert path.read_bytes() == knowledge.merged(START, [SLO], [ABOUT])
    assert not memory.put([SLO], [ABOUT])  # nothing new: nothing is written
    assert path.read_bytes() == knowledge.merged(START, [SLO], [ABOUT])


def test_ours_is_replaced_and_others_is_only_added_to(opened: Open, path: Path) -> None:
    memory = opened(path)
    memory.put([SLO])
    assert memory.put([Entity(SLO.name, SLO.type, ("search 99.97 %", "new")), Entity("Alice", "sre-x", ("new",))])
    assert contents(memory) == {
        "Alice": ("person", {*ALICE.observations, "new"}),
        "Bob": ("person", set()),
        SLO.name: (SLO.type, {"search 99.97 %", "new"}),
    }


def test_a_delivery_that_fails_waits_and_arrives_with_the_next(opened: Open, path: Path, tmp_path: Path) -> None:
    outbox = tmp_path / "state" / "outbox.jsonl"
    path.write_bytes(START[:-20] + b"\n" + START)  # a torn line: the server cannot read any of it
    torn = path.read_bytes()
    first = deliver(opened(path), [SLO], [ABOUT], outbox=outbox)
    assert bool(first.waiting) == isinstance(opened(path), ServerMemory)  # we read past a torn line, the server cannot
    if first.waiting:
        assert path.read_bytes() == torn
        assert "MCP server 'memory', read_graph" in first.reason
        path.write_bytes(START)
        assert deliver(opened(path), [], outbox=outbox).stored == first.waiting
    assert not outbox.exists()
    assert SLO.name in contents(opened(path))


@pytest.mark.server
def test_a_file_that_the_server_wrote_is_read_and_written_again_byte_for_byte(
    server_memory: Open, tmp_path: Path
) -> None:
    path = tmp_path / "new.jsonl"
    odd = Entity("a\u2028b", "t\x85", ('quote " back \\ tab \t bell \x07 del \x7f', "emoji 🛡️", "", "line\nbreak"))
    server_memory(path).put([odd, ALICE, BOB, SLO], [KNOWS, ABOUT])
    raw = path.read_bytes()
    graph = knowledge.parse(raw)
    assert not graph.problems
    assert graph.entities[0].observations == odd.observations
    assert knowledge.merged(b"", graph.entities, graph.relations) == raw
    assert not FileMemory(path).put([odd, ALICE, BOB, SLO], [KNOWS, ABOUT])


@pytest.mark.server
def test_a_file_that_we_wrote_is_what_the_server_reads(server_memory: Open, tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    demo = (Path(__file__).parents[2] / "sre_kit/demo/memory.jsonl").read_bytes()
    path.write_bytes(knowledge.merged(demo, [SLO], [ABOUT]))
    ours, theirs = FileMemory(path).read(), server_memory(path).read()
    assert [(e.name, e.type, e.observations) for e in ours.entities] == [
        (e.name, e.type, e.observations) for e in theirs.entities
    ]
    assert [(r.source, r.target, r.type) for r in ours.relations] == [
        (r.source, r.target, r.type) for r in theirs.relations
    ]


@pytest.mark.server
def test_what_a_tool_refuses_is_told_in_its_own_words(mcp_packages: Path, path: Path) -> None:
    server = Server("memory", "node", (entry(mcp_packages),), {"MEMORY_FILE_PATH": str(path)})
    with conversation(server) as talk:
        with pytest.raises(SourceError, match="add_observations: Entity with name zz not found"):
            talk.call("add_observations", observations=[{"entityName": "zz", "contents": []}])
        with pytest.raises(SourceError, match="Tool nothing not found"):
            talk.call("nothing")


@pytest.mark.server
@pytest.mark.parametrize(
    ("command", "args", "said"),
    [
        ("no-such-program", (), "cannot be started"),
        ("node", ("-e", "console.error('it is broken'); process.exit(1)"), "it said: it is broken"),
    ],
)
def test_a_server_that_does_not_start_is_told_with_its_last_words(
    mcp_packages: Path, command: str, args: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UnreachableError, match=said), conversation(Server("x", command, args), seconds=5):
        pass


def test_params_name_a_file_or_a_server_of_the_configuration(tmp_path: Path) -> None:
    config = {"mcpServers": {"memory": {"command": "npx", "args": ["-y", "m"], "env": {"A": "${HOME_OF_IT:-here}"}}}}
    (tmp_path / "mcp.json").write_text(json.dumps(config), encoding="utf-8")
    found = open_memory("mcp:memory", "mcp.json", tmp_path)
    assert isinstance(found, ServerMemory)
    assert (found.name, found.server.command, found.server.args) == ("mcp:memory", "npx", ("-y", "m"))
    assert found.server.env == {"A": "here"} and "here" not in repr(found.server)
    assert open_memory("memory.jsonl", "", tmp_path) == FileMemory(tmp_path / "memory.jsonl")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "cannot be read"),
        ("[]", 'no object "mcpServers"'),
        ('{"mcpServers": {"memmory": {"command": "x"}}}', "did you mean 'memmory'"),
        ('{"mcpServers": {"memory": {}}}', "has no command and no url"),
        ('{"mcpServers": {"memory": {"url": "https://example.org/mcp?key=1"}}}', "only scheme, host, port and path"),
        ('{"mcpServers": {"memory": {"command": "x", "args": "y"}}}', "args must be a list"),
        ('{"mcpServers": {"memory": {"command": "x", "env": {"K": "${NOT_SET_ANYWHERE}"}}}}', "NOT_SET_ANYWHERE"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_why(tmp_path: Path, config: str, said: str) -> None:
    (tmp_path / "mcp.json").write_text(config, encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        open_memory("mcp:memory", "mcp.json", tmp_path)


def test_a_server_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SREKitError, match=r"project\.mcp_servers must name the file"):
        open_memory("mcp:memory", "", tmp_path)
