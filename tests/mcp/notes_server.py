"""
A server of the Model Context Protocol at an address on loopback, for tests: it keeps notes for whoever has the token.

``python notes_server.py PORT`` listens on 127.0.0.1 until it is ended.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

TOKEN = "harbour-token-1234"
server = MCPServer("notes")
kept: dict[str, dict[str, Any]] = {}


@server.tool()
def read_graph() -> dict[str, Any]:
    """All entities, as the reference memory server answers them."""
    return {"entities": list(kept.values()), "relations": []}


@server.tool()
def create_entities(entities: list[dict[str, Any]]) -> str:
    """Keep what is new."""
    kept.update({one["name"]: one for one in entities if one["name"] not in kept})
    return "kept"


@server.tool()
def shout(words: str) -> str:
    """Fail with the caller's own words."""
    raise ToolError(f"no {words}")


class Guarded:
    """Refuses whoever does not show the token."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        shown = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] == "http" and shown != f"Bearer {TOKEN}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"who are you?"})
            return
        await self.inner(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(Guarded(server.streamable_http_app()), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
