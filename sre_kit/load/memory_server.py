"""
The knowledge graph behind an MCP server with the tools of the reference memory server.

The graph's home is named in the params: a file's path, or ``mcp:NAME`` for a server of ``project.mcp_servers``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import ParameterError, SourceError
from sre_kit.load.mcp_servers import Reply, Server, conversation, server
from sre_kit.store.knowledge import Entity, Graph, Relation, observations
from sre_kit.store.memory import ATTEMPTS, FileMemory, Memory, locked, overwritten

SCHEME: Final = "mcp:"
_FILE: Final = "MEMORY_FILE_PATH"
"""The variable by which the reference server is told its file."""


@dataclass(frozen=True)
class ServerMemory:
    """A graph that a server keeps; `wait` seconds are waited for another writer of ours, `seconds` for an answer."""

    server: Server
    wait: float = 5.0
    seconds: float = 30.0

    @property
    def name(self) -> str:
        """The server's name in its configuration."""
        return f"{SCHEME}{self.server.name}"

    def read(self) -> Graph:
        """
        All that the server knows.

        Raises
        ------
        ParameterError, SourceError
            As ``conversation`` and ``Conversation.call``.
        """
        with conversation(self.server, self.seconds) as talk:
            return _graph(talk.call("read_graph"))

    def search(self, words: str) -> Graph:
        """What the server finds; which relations come with it differs between its versions. Raises as `read`."""
        with conversation(self.server, self.seconds) as talk:
            return _graph(talk.call("search_nodes", query=words))

    def put(self, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> bool:
        """
        As ``Memory.put``.

        Raises
        ------
        ProtectedError
            Another writer of ours does not end, or somebody overwrites us each time.
        ParameterError, SourceError
            As `read`.
        """
        with self._locked(), conversation(self.server, self.seconds) as talk:
            changed = False
            for _ in range(ATTEMPTS):
                calls = list(_missing(_graph(talk.call("read_graph")), entities, relations))
                if not calls:
                    return changed
                for tool, arguments in calls:
                    talk.call(tool, **arguments)
                changed = True
            if any(_missing(_graph(talk.call("read_graph")), entities, relations)):
                raise overwritten(self.name)
            return changed

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock that the file's own writers take, where the file is known; else one for this server's command."""
        file = Path(self.server.env.get(_FILE, ""))
        if file.is_absolute() and file.parent.is_dir():
            folder = file.resolve().parent
        else:
            words = "\0".join((self.server.where, *self.server.args))
            key = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"sre-kit-{os.getuid()}" / f"mcp-{key}"
            folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, self.wait):
            yield


def open_memory(written: str, config: str, base: Path) -> Memory:
    """
    The graph that params name: ``mcp:NAME``, or a file relative to `base`.

    Raises
    ------
    ParameterError
        A server is named and no usable configuration.
    """
    from sre_kit.store import places

    if not written.startswith(SCHEME):
        return FileMemory(places.resolve(written, base))
    if not config:
        raise ParameterError(f"project.knowledge_graph {written!r}: project.mcp_servers must name the file with it")
    return ServerMemory(server(places.resolve(config, base), written.removeprefix(SCHEME)))


def _missing(
    graph: Graph, entities: Sequence[Entity], relations: Sequence[Relation]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The calls that bring what is not there: first new things, what is outdated goes last."""
    there = {one.name: one for one in reversed(graph.entities)}
    new = {one.name: one for one in entities if one.name not in there}
    if new:
        made = [{"name": e.name, "entityType": e.type, "observations": list(e.observations)} for e in new.values()]
        yield "create_entities", {"entities": made}
    added, deleted = [], []
    for one in entities:
        if old := there.get(one.name):
            wanted = observations(old.type, old.observations, one.observations)
            if more := [text for text in dict.fromkeys(wanted) if text not in old.observations]:
                added.append({"entityName": one.name, "contents": more})
            if less := [text for text in old.observations if text not in wanted]:
                deleted.append({"entityName": one.name, "observations": less})
    if added:
        yield "add_observations", {"observations": added}
    known = {(r.source, r.target, r.type) for r in graph.relations}
    if links := [r for r in relations if (r.source, r.target, r.type) not in known]:
        made_links = [{"from": r.source, "to": r.target, "relationType": r.type} for r in links]
        yield "create_relations", {"relations": made_links}
    if deleted:
        yield "delete_observations", {"deletions": deleted}


def _graph(reply: Reply) -> Graph:
    """
    The graph in an answer; older servers give it as text alone.

    Raises
    ------
    SourceError
        It is none.
    """
    import json

    data = reply.data
    if not isinstance(data, dict) or "entities" not in data:
        try:
            data = json.loads(reply.text)
        except (ValueError, RecursionError):
            data = None
    try:
        return Graph(
            tuple(
                Entity(str(e["name"]), str(e["entityType"]), tuple(map(str, e["observations"])))
                for e in data["entities"]
            ),
            tuple(Relation(str(r["from"]), str(r["to"]), str(r["relationType"])) for r in data["relations"]),
        )
    except (TypeError, KeyError):
        raise SourceError("the MCP server answered no knowledge graph; it is no memory server") from None
