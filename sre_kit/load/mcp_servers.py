"""
Servers of the Model Context Protocol that a person has configured, and one conversation with one of them.

The configuration is the ``mcpServers`` JSON that desktop programs read. Nothing is started unless params name a
server. The library (extra ``mcp``) is imported with the first conversation.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sre_kit.errors import ParameterError, SourceError, UnreachableError, nearest
from sre_kit.escape import plain

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from mcp import Client

_VARIABLE: Final = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")
_PLACES: Final = (("mcpServers",), ("mcp", "servers"), ("servers",))
_LONGEST: Final = 400


@dataclass(frozen=True)
class Server:
    """How a server is started; `env` is added to the few variables that a server inherits, and may hold secrets."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None


@dataclass(frozen=True)
class Reply:
    """What a tool answered: its text, and the same for machines where the server gives it."""

    text: str
    data: Any = None


@dataclass(frozen=True)
class Conversation:
    """Calls to one running server, one after the other."""

    server: Server
    _portal: BlockingPortal
    _client: Client

    def call(self, tool: str, **arguments: Any) -> Reply:
        """
        What `tool` answers.

        Raises
        ------
        SourceError
            The tool says that it failed, or the server stopped answering.
        """
        from mcp import MCPError
        from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult

        request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments))
        where = f"MCP server {self.server.name!r}, {tool}"
        try:
            # call_tool would hold the answer against a schema, which takes seconds to import; its reader looks anyway
            result = self._portal.call(self._client.session.send_request, request, CallToolResult)
        except (MCPError, ValueError, OSError, RuntimeError) as error:
            raise SourceError(f"{where}: {_said(str(error))}") from None
        text = "\n".join(one.text for one in result.content if one.type == "text")
        if result.is_error:
            raise SourceError(f"{where}: {_said(text)}")
        return Reply(text, result.structured_content)


def servers(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Server]:
    """
    The servers of a configuration file by name; ``${NAME}`` and ``${NAME:-default}`` in it come from `environment`.

    Raises
    ------
    ParameterError
        The file cannot be read, or a server in it is unusable.
    """
    try:
        written = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ParameterError(f"{path}: the MCP servers cannot be read: {error}") from None
    listed: Any = None
    for keys in _PLACES:
        value = written
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        listed = listed or value
    if not isinstance(listed, dict):
        raise ParameterError(f'{path}: there is no object "mcpServers"')
    return {name: _server(path, name, one, environment) for name, one in listed.items()}


def server(path: Path, name: str, environment: Mapping[str, str] = os.environ) -> Server:
    """
    The server called `name`.

    Raises
    ------
    ParameterError
        As `servers`, or there is none of that name.
    """
    known = servers(path, environment)
    if name not in known:
        raise ParameterError(f"{path}: no MCP server {name!r}{nearest(name, known)}")
    return known[name]


@contextmanager
def conversation(to: Server, seconds: float = 30.0) -> Iterator[Conversation]:
    """
    Start a server, talk to it, stop it; every answer has `seconds`.

    Raises
    ------
    ParameterError
        The extra ``mcp`` is not installed.
    UnreachableError
        The server cannot be started or does not speak the protocol; with the last thing that it said.
    """
    try:
        from anyio.from_thread import start_blocking_portal
        from mcp import Client, MCPError, StdioServerParameters, stdio_client
    except ImportError:
        raise ParameterError(
            f'MCP server {to.name!r}: the MCP client is not installed; pip install "sre-kit[mcp]"'
        ) from None
    started = StdioServerParameters(command=to.command, args=list(to.args), env=dict(to.env), cwd=to.folder)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log, start_blocking_portal() as portal:
        client = Client(stdio_client(started, errlog=log), read_timeout_seconds=seconds, cache=None)
        opened = portal.wrap_async_context_manager(client)
        try:
            opened.__enter__()
        except (MCPError, OSError, RuntimeError, ValueError, ExceptionGroup) as error:
            raise UnreachableError(
                f"MCP server {to.name!r} ({to.command}) cannot be started: {_said(_first(error))}{_last_words(log)}"
            ) from None
        try:
            yield Conversation(to, portal, client)
        finally:
            opened.__exit__(None, None, None)


def _server(path: Path, name: str, written: Any, environment: Mapping[str, str]) -> Server:
    where = f"{path}: MCP server {name!r}"
    if not isinstance(written, dict) or not isinstance(written.get("command"), str):
        reason = "has an address; only servers that are started by a command can be used" if _remote(written) else ""
        raise ParameterError(f"{where} {reason or 'has no command'}")
    args, env = written.get("args", []), written.get("env", {})
    if not isinstance(args, list) or not isinstance(env, dict):
        raise ParameterError(f"{where}: args must be a list and env an object")

    def filled(text: Any) -> str:
        def value(found: re.Match[str]) -> str:
            known = environment.get(found["name"], found["default"])
            if known is None:
                raise ParameterError(f"{where} needs the environment variable {found['name']}, which is not set")
            return known

        return _VARIABLE.sub(value, str(text))

    folder = written.get("cwd")
    return Server(
        name=name,
        command=filled(written["command"]),
        args=tuple(filled(one) for one in args),
        env={str(key): filled(one) for key, one in env.items()},
        folder=path.parent / filled(folder) if folder else path.parent,
    )


def _remote(written: Any) -> bool:
    return isinstance(written, dict) and "url" in written


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


def _said(text: str) -> str:
    """What another program said, in one printable line of reasonable length."""
    line = " ".join(plain(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def _last_words(log: IO[str]) -> str:
    log.seek(0)
    lines = [line for line in log.read(20_000).splitlines() if line.strip()]
    return f"; it said: {_said(lines[-1])}" if lines else ""
