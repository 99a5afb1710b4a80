"""``sre-kit research`` against the real MCP servers from npm, whose services are stand-ins on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sre_kit.cli import main
from sre_kit.compute.research import TOPICS, topics
from sre_kit.errors import ParameterError
from tests.mcp import stubs

PARAMS = """\
project: {name: Harbour Books, path: ., mcp_servers: mcp.json}
slos:
  - {name: checkout-availability, service: checkout, target: 99.9 %, total: "t", good: "g"}
research:
  products: [%s]
"""
SERVERS = {
    "context7": "@upstash/context7-mcp/dist/index.js",
    "tavily": "tavily-mcp/build/index.js",
    "memory": "@modelcontextprotocol/server-memory/dist/index.js",
}


def project(folder: Path, packages: Path, env: dict[str, str], products: str = '"Prometheus 3"', **tools: str) -> str:
    """The path of a params file whose project may ask `tools`."""
    text = PARAMS.replace("%s", products) + "".join(f"  {tool}: {value}\n" for tool, value in tools.items())
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    found = {
        name: {"command": "node", "args": [str(packages / entry)], "env": {"OTEL_SDK_DISABLED": "true", **env}}
        for name, entry in SERVERS.items()
    }
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": found}), encoding="utf-8")
    return str(folder / "shop.yaml")


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return list(json.loads(capsys.readouterr().out))


@pytest.mark.server
def test_context7_is_asked_about_products_alone_and_its_errors_in_prose_are_failures(
    tmp_path: Path, mcp_packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stubs.context7() as stub:
        params = project(tmp_path, mcp_packages, {"CONTEXT7_API_URL": stub.url}, context7="mcp:context7")
        assert main(["research", "--params", params, "--json"]) == 0
        said = answers(capsys)
        assert [one["topic"] for one in said] == list(TOPICS["context7"])
        assert {(one["provider"], one["origin"], one["failure"]) for one in said} == {
            ("context7", "/prometheus/docs", "")
        }
        assert "Record what dashboards ask often." in said[0]["text"] and said[0]["at"].startswith("20")
        wanted = {one.question for one in topics("context7", ["Prometheus 3"])}
        assert {one["query"] for one in stub.asked} == wanted
        assert {one.get("libraryName", "Prometheus 3") for one in stub.asked} == {"Prometheus 3"}
        stub.known = False
        assert main(["research", "--params", params, "--json"]) == 3
        assert all("No libraries found" in one["failure"] for one in answers(capsys))
        stub.status = 429
        assert main(["research", "--params", params]) == 3
        told = capsys.readouterr()
        assert "failed: context7, Prometheus 3 monitoring documentation: Rate limited or quota exceeded." in told.err
        assert not told.out


@pytest.mark.server
def test_tavily_is_asked_through_its_real_server_and_names_its_pages(
    tmp_path: Path, mcp_packages: Path, openssl_binary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with stubs.tavily(tmp_path, openssl_binary) as (stub, certificate):
        env = {
            "HTTPS_PROXY": stub.url,
            "NODE_EXTRA_CA_CERTS": str(certificate),
            "TAVILY_API_KEY": "tvly-${KEY_OF_TEST:-x}",
        }
        params = project(tmp_path, mcp_packages, env, tavily="mcp:tavily")
        assert main(["research", "--params", params]) == 0
        told = capsys.readouterr().out
        assert "From https://example.org/drills by tavily, 20" in told and "Drills: Restore often." in told
        questions = [one["query"] for one in stub.asked if "query" in one]
        assert questions == [one.question for one in topics("tavily", ["Prometheus 3"])]
        assert {one["connect"] for one in stub.asked if "connect" in one} == {"api.tavily.com:443"}
        assert "Harbour" not in json.dumps(stub.asked) and "checkout" not in json.dumps(stub.asked)
        stub.status = 432
        assert main(["research", "--params", params, "--json"]) == 3
        assert all("Tavily API error: over quota" in one["failure"] for one in answers(capsys))


@pytest.mark.server
def test_any_search_tool_of_a_server_will_do(
    tmp_path: Path, mcp_packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The memory server's search stands in for one of the web."""
    graph = tmp_path / "memory.jsonl"
    env = {"MEMORY_FILE_PATH": str(graph)}
    tools = {"web_search": "mcp:memory", "web_search_tool": "search_nodes"}
    params = project(tmp_path, mcp_packages, env, products="", **tools)
    assert main(["research", "--params", params, "--json"]) == 0
    said = answers(capsys)
    assert [one["asked"] for one in said] == list(TOPICS["web_search"])
    assert {one["origin"] for one in said} == {"memory: search_nodes"}


def test_a_dry_run_prints_all_that_would_leave_and_asks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = project(tmp_path, tmp_path, {}, context7="mcp:context7", tavily="mcp:tavily")
    assert main(["research", "--params", params, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{tool}: Prometheus 3 {words}" for tool in ("tavily", "context7") for words in TOPICS[tool]]
    assert main(["research", "--params", params, "--dry-run", "--tool", "tavily"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(TOPICS["tavily"])


@pytest.mark.parametrize(
    ("products", "tools", "said"),
    [
        ('"Prometheus 3"', {}, "nobody may be asked"),
        ('"checkout service"', {"tavily": "mcp:tavily"}, "names 'checkout', which belongs to the project"),
        ('"Harbour Books 2"', {"tavily": "mcp:tavily"}, "nothing of it leaves"),
        ('"https://shop.example.org/x?y"', {"tavily": "mcp:tavily"}, "is no product's name"),
        ('"our database has 3 replicas and 12 TB of orders"', {"tavily": "mcp:tavily"}, "is no product's name"),
        ("", {"context7": "mcp:context7"}, "knows products only"),
        ('"Prometheus 3"', {"tavily": "tavily"}, "must be mcp:NAME"),
        ('"Prometheus 3"', {"tavily": "mcp:tavilly"}, "did you mean 'tavily'"),
    ],
)
def test_what_may_not_leave_or_cannot_be_asked_is_refused(
    tmp_path: Path, products: str, tools: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["research", "--params", project(tmp_path, tmp_path, {}, products, **tools)]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_tool_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ParameterError, match="is no product's name"):
        topics("tavily", ["x\ny"])


def test_a_tool_that_is_not_configured_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = project(tmp_path, tmp_path, {}, tavily="mcp:tavily")
    assert main(["research", "--params", params, "--tool", "context7"]) == 2
    assert "research.context7 names no MCP server" in capsys.readouterr().err
    assert main(["research", "--params", params, "--tool", "google"]) == 2
    assert "allowed are web_search, tavily, context7" in capsys.readouterr().err
