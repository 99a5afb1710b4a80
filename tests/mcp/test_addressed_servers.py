"""Servers that run at an address: a real one on loopback, what its configuration may say, and what leaks of it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sre_kit import load
from sre_kit.errors import ParameterError, SourceError, UnreachableError
from sre_kit.load.mcp_servers import Server, conversation, servers
from sre_kit.load.memory_server import ServerMemory
from sre_kit.store.knowledge import Entity
from tests.mcp.notes_server import TOKEN

ENVIRONMENT = {"NOTES_TOKEN": TOKEN}
HEADERS = {"Authorization": "Bearer ${NOTES_TOKEN}"}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    program = Path(__file__).with_name("notes_server.py")
    running = subprocess.Popen([sys.executable, str(program), str(number)], stderr=subprocess.PIPE)
    try:
        for _ in range(300):
            assert running.poll() is None, running.stderr and running.stderr.read().decode()
            with socket.socket() as tried:
                if not tried.connect_ex(("127.0.0.1", number)):
                    break
            time.sleep(0.1)
        yield number
    finally:
        running.terminate()
        running.wait(20)
        if running.stderr:
            running.stderr.close()


def configured(folder: Path, **given: Any) -> Path:
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"notes": given}}), encoding="utf-8")
    return path


def notes(folder: Path, port: int, **given: Any) -> Server:
    written = {"url": f"http://127.0.0.1:{port}/mcp", "headers": HEADERS, **given}
    return servers(configured(folder, **written), ENVIRONMENT)["notes"]


@pytest.mark.server
def test_a_server_at_an_address_is_talked_to_with_its_token(tmp_path: Path, port: int) -> None:
    memory = ServerMemory(notes(tmp_path, port, type="streamable-http"), wait=5.0, seconds=20.0)
    alice = Entity("Alice", "person", ("likes café",))
    assert memory.put([alice])
    assert not memory.put([alice]), "it is there already"
    assert memory.read().entities == (alice,)


@pytest.mark.server
def test_a_project_names_it_and_reads_its_graph(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_TOKEN", TOKEN)
    configured(tmp_path, url=f"http://127.0.0.1:{port}/mcp", headers=HEADERS)
    (tmp_path / "shop.yaml").write_text(
        "project: {name: Shop, path: ., mcp_servers: mcp.json, knowledge_graph: 'mcp:notes'}\n", encoding="utf-8"
    )
    project = load.project(str(tmp_path / "shop.yaml"))
    assert project.memory.put([Entity("Shop: runbooks", "sre-runbooks", ("one",))])
    assert "Shop: runbooks" in {one.name for one in project.memory.read().entities}


@pytest.mark.server
def test_what_fails_is_said_without_the_token(tmp_path: Path, port: int) -> None:
    with conversation(notes(tmp_path, port), 20) as talk, pytest.raises(SourceError) as failed:
        talk.call("shout", words=f"Bearer {TOKEN}")
    assert "no ***" in str(failed.value)
    stranger = notes(tmp_path, port, headers={"Authorization": f"Bearer {TOKEN}x"})
    with pytest.raises(UnreachableError, match="cannot be reached") as refused, conversation(stranger, 20):
        pass
    for error in (failed, refused):
        assert TOKEN not in str(error.value)
    assert TOKEN not in repr(stranger)


def test_nobody_there_is_unreachable_and_named(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = notes(tmp_path, held.getsockname()[1])
        with (
            pytest.raises(UnreachableError, match=r"MCP server 'notes' \(http://127.0.0.1:\d+/mcp\) cannot be reached"),
            conversation(nobody, 5),
        ):
            pass


def test_a_key_in_the_address_is_shown_by_its_name_alone(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/${{NOTES_TOKEN}}/mcp"
        keyed = servers(configured(tmp_path, url=url), ENVIRONMENT)["notes"]
        said = r"/\$\{NOTES_TOKEN\}/mcp\) cannot be reached"
        with pytest.raises(UnreachableError, match=said) as refused, conversation(keyed, 5):
            pass
    assert keyed.url.endswith(f"/{TOKEN}/mcp")
    assert TOKEN not in f"{keyed!r} {refused.value} {keyed.clean(f'GET {keyed.url} failed')}"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "http://h/mcp", "command": "node"}, "both a command and a url"),
        ({}, "no command and no url"),
        ({"url": "http://u:secret@h/mcp"}, "a user name or password stands in the URL"),
        ({"url": "ftp://h/mcp"}, "expected http"),
        ({"url": "http://169.254.169.254/latest"}, "link-local"),
        ({"url": "http://h/mcp", "type": "sse"}, "type 'sse' is not spoken"),
        ({"url": "http://h/mcp", "headers": ["x"]}, "headers must be an object"),
        ({"url": "http://h/mcp", "headers": {"X": "${NO_SUCH_NAME}"}}, "NO_SUCH_NAME, which is not set"),
        ({"url": "http://h/mcp", "headers": {"X": "a\nb"}}, "the header 'X' cannot be sent"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ParameterError, match=why) as refused:
        servers(configured(tmp_path, **given), ENVIRONMENT)
    assert "secret" not in str(refused.value)
