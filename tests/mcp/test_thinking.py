"""How decisions were derived, told to the real sequential-thinking server from npm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit import load
from sre_kit.cli.thinking import mirror, steps

GOLDEN = Path(__file__).parents[1] / "golden"
DOCUMENTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*.md"))}
ENTRY = "@modelcontextprotocol/server-sequential-thinking/dist/index.js"


def project(folder: Path, command: str, *args: str, named: str = "mcp:thinking") -> load.Project:
    text = f"project: {{name: Shop, path: ., mcp_servers: mcp.json, sequential_thinking: '{named}'}}\n"
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    config = {"mcpServers": {"thinking": {"command": command, "args": list(args)}}}
    (folder / "mcp.json").write_text(json.dumps(config), encoding="utf-8")
    return load.project(str(folder / "shop.yaml"))


def test_each_of_the_five_deliverables_has_a_key_decision() -> None:
    told = list(steps(DOCUMENTS))
    for name, words in {
        "SLODefinitions": "Which target?",
        "IncidentResponse": "What decides the severity?",
        "PerformanceOptimization": "How this order was derived",
        "CapacityPlanning": "How these strategies were derived",
        "OperationalPlaybook": "What is watched besides?",
    }.items():
        assert any(one.startswith(f"{name}, ") and words in one for one in told), name
    assert any("verdicts were derived" in one and "postgres-orders" in one for one in told)


@pytest.mark.server
def test_every_step_is_taken_by_the_real_server(tmp_path: Path, mcp_packages: Path) -> None:
    count = len(list(steps(DOCUMENTS)))
    said = mirror(project(tmp_path, "node", str(mcp_packages / ENTRY)), DOCUMENTS)
    assert said == f"sequential thinking mcp:thinking: {count} steps told"
    assert count > 20


@pytest.mark.server
def test_a_server_that_does_not_think_is_named(tmp_path: Path, mcp_packages: Path) -> None:
    entry = mcp_packages / "@modelcontextprotocol" / "server-memory" / "dist" / "index.js"
    said = mirror(project(tmp_path, "node", str(entry)), DOCUMENTS)
    assert said.startswith("sequential thinking mcp:thinking: not told: MCP server 'thinking', sequentialthinking:")


def test_a_server_that_is_not_there_costs_a_note_and_no_render(tmp_path: Path) -> None:
    assert "cannot be started" in mirror(project(tmp_path, "no-such-program"), DOCUMENTS)
    assert "it must be mcp:NAME" in mirror(project(tmp_path, "x", named="thinking"), DOCUMENTS)
    assert mirror(project(tmp_path, "x", named=""), DOCUMENTS) == ""
