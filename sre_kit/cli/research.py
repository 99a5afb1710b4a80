"""``sre-kit research``: the mission's topics put to the tools that params name; nothing of the project leaves."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime

from sre_kit import load
from sre_kit.compute.research import TOPICS, Topic, topics
from sre_kit.errors import ParameterError
from sre_kit.escape import plain
from sre_kit.load.mcp_servers import Server, server
from sre_kit.load.memory_server import SCHEME
from sre_kit.load.projects import Project
from sre_kit.load.research import Answer, Asked, Context7, Provider, Tavily, WebSearch, research
from sre_kit.store import places
from sre_kit.units import utc


def run(params: str, tools: list[str], dry_run: bool, json: bool) -> int:
    """Ask, or with `dry_run` print what would leave; 3 when something failed."""
    project = load.project(params)
    asked = list(_asked(project, tools))
    if dry_run:
        for one in asked:
            for topic in one.topics:
                print(f"{one.provider.name}: {topic.question}")
        return 0
    answers = [answer for one in asked for answer in research(one, lambda: datetime.now(UTC))]
    if json:
        print(jsonlib.dumps([_as_json(one) for one in answers], indent=1, ensure_ascii=False))
    else:
        _print(answers)
    return 3 if any(one.failure for one in answers) else 0


def _asked(project: Project, tools: list[str]) -> Iterable[Asked]:
    """The providers that are configured, each with its topics."""
    given = project.params.research
    named = {"web_search": given.web_search, "tavily": given.tavily, "context7": given.context7}
    for tool in tools:
        if tool not in named:
            raise ParameterError(f"--tool {tool!r}: allowed are {', '.join(TOPICS)}")
        if not named[tool]:
            raise ParameterError(f"--tool {tool}: research.{tool} names no MCP server in {project.params_path.name}")
    chosen = [tool for tool in named if named[tool] and (not tools or tool in tools)]
    if not chosen:
        raise ParameterError(
            f"{project.params_path.name}: nobody may be asked; set research.web_search, research.tavily or "
            "research.context7 to mcp:NAME, a server of project.mcp_servers"
        )
    providers: dict[str, Provider] = {
        "web_search": WebSearch(given.web_search_tool, given.web_search_argument),
        "tavily": Tavily(),
        "context7": Context7(),
    }
    for tool in chosen:
        wanted: list[Topic] = topics(tool, given.products, _private(project))
        if not wanted:
            raise ParameterError(f"research.{tool} knows products only; list some in research.products")
        yield Asked(providers[tool], _server(project, named[tool]), wanted)


def _server(project: Project, written: str) -> Server:
    config = project.params.project.mcp_servers
    if not written.startswith(SCHEME) or not config:
        raise ParameterError(f"research: {written!r} must be mcp:NAME, and project.mcp_servers name the file with it")
    return server(places.resolve(config, project.base), written.removeprefix(SCHEME))


def _private(project: Project) -> list[str]:
    """Names that belong to the project."""
    given = project.params
    objectives = [name for one in given.slos for name in (one.service, one.name)]
    return [given.project.name, project.root.name, *objectives]


def _as_json(answer: Answer) -> dict[str, str]:
    return {**asdict(answer), "at": utc(answer.at)}


def _print(answers: list[Answer]) -> None:
    for one in answers:
        if one.failure:
            print(f"failed: {one.provider}, {one.asked or one.topic}: {plain(one.failure)}", file=sys.stderr)
            continue
        print(f"## {one.asked}\n\nFrom {one.origin} by {one.provider}, {utc(one.at)}; not checked by anybody here.\n")
        print(f"{plain(one.text)}\n")
