"""How decisions were derived, told to the real sequential-thinking server from npm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit import load
from sre_kit.cli.thinking import Thought, mirror, steps, thoughts

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


CHANGED = """# SLO

### How these targets were derived

| Question | Choice | Evidence | Not chosen | Again when |
| :-- | :-- | :-- | :-- | :-- |
| Target of search? | 99.9 % | measured 99.8 %<br>**dependencies promise 99.8 %** | 99.99 % | the contract changes |
| Target of checkout? | 99.5 % | measured 99.7 % | – | – |

## Changes

| First published | Objective | What | Was | Is | Reason in the log |
| :-- | :-- | :-- | :-- | :-- | :-- |
| 2026-11-01, version 2 | checkout | target | 99.9 % | 99.5 % | 2026-10-20: too dear |
| 2026-11-01, version 2 | portal | target | 99 % | – | **not in the log** |
"""


def test_doubts_and_changes_revise_the_thought_that_they_are_about() -> None:
    first, second, *later = thoughts({"SLODefinitions": CHANGED})
    assert (first.revises, second.revises) == (0, 0)
    doubt, changed, dropped = later
    words = "SLODefinitions, How these targets were derived: against this speaks: dependencies promise 99.8 %"
    assert doubt == Thought(f"{words}; to be decided again when the contract changes", 1)
    assert (changed.revises, "Was: 99.9 %; Is: 99.5 %" in changed.text) == (2, True)
    assert dropped.revises == 0


@pytest.mark.server
def test_every_step_is_taken_by_the_real_server(tmp_path: Path, mcp_packages: Path) -> None:
    told = thoughts(DOCUMENTS)
    revised = [one for one in told if one.revises]
    said = mirror(project(tmp_path, "node", str(mcp_packages / ENTRY)), DOCUMENTS)
    assert said == f"sequential thinking mcp:thinking: {len(told)} steps told, {len(revised)} of them revisions"
    assert len(told) - len(revised) == len(list(steps(DOCUMENTS))) > 20
    assert revised


@pytest.mark.server
def test_a_server_that_does_not_think_is_named(tmp_path: Path, mcp_packages: Path) -> None:
    entry = mcp_packages / "@modelcontextprotocol" / "server-memory" / "dist" / "index.js"
    said = mirror(project(tmp_path, "node", str(entry)), DOCUMENTS)
    assert said.startswith("sequential thinking mcp:thinking: not told: MCP server 'thinking', sequentialthinking:")


def test_a_server_that_is_not_there_costs_a_note_and_no_render(tmp_path: Path) -> None:
    assert "cannot be started" in mirror(project(tmp_path, "no-such-program"), DOCUMENTS)
    assert "it must be mcp:NAME" in mirror(project(tmp_path, "x", named="thinking"), DOCUMENTS)
    assert mirror(project(tmp_path, "x", named=""), DOCUMENTS) == ""
