"""
Servers of the Model Context Protocol that a person has configured, and one conversation with one of them.

The configuration is the ``mcpServers`` JSON that desktop programs read: a command that is started, or the address of a
server that runs (Streamable HTTP). Nothing is started or asked unless params name a server. The library (extra ``mcp``)
is imported with the first conversation.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TextIO

from sre_kit.errors import ParameterError, SourceError, UnreachableError, nearest
from sre_kit.escape import plain
from sre_kit.load.http import check_url
from sre_kit.load.secrets import Secret, redacted

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from mcp import Client

_VARIABLE: Final = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")
_PLACES: Final = (("mcpServers",), ("mcp", "servers"), ("servers",))
_KINDS: Final = ("http", "streamable-http", "streamableHttp")
_LONGEST: Final = 400


@dataclass(frozen=True)
class Server:
    """
    How a server is started, or where it runs; never both.

    `env` is added to the few variables that a started server inherits, `headers` go with every request to `url`; both
    may hold secrets.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    address: str = ""
    """`url` as it is written, variables by name: the only form that is shown."""
    filled: tuple[str, ...] = field(default=(), repr=False)
    """Values of the environment that stand in `url`."""

    @property
    def where(self) -> str:
        """Its command or its address, as they are used."""
        return self.url or self.command

    def clean(self, text: str) -> str:
        """What was said of it, on one line, without the secrets in its headers and its address."""
        parts = [*self.filled, *(part for value in self.headers.values() for part in (value, *value.split()))]
        return _said(redacted(text, [Secret(part) for part in parts]))


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
            raise SourceError(f"{where}: {self.server.clean(str(error))}") from None
        text = "\n".join(one.text for one in result.content if one.type == "text")
        if result.is_error:
            raise SourceError(f"{where}: {self.server.clean(text)}")
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
    Start a server or connect to it, talk to it, stop or leave it; every answer has `seconds`.

    Raises
    ------
    ParameterError
        The extra ``mcp`` is not installed.
    UnreachableError
        The server cannot be started or reached, or does not speak the protocol; with the last thing that it said.
    """
    try:
        from anyio.from_thread import start_blocking_portal
        from mcp import Client, MCPError
    except ImportError:
        raise ParameterError(
            f'MCP server {to.name!r}: the MCP client is not installed; pip install "sre-kit[mcp]"'
        ) from None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log, start_blocking_portal() as portal:
        wire = _addressed(to, seconds) if to.url else _started(to, log)
        client = Client(wire, read_timeout_seconds=seconds, cache=None)
        opened = portal.wrap_async_context_manager(client)
        try:
            opened.__enter__()
        except (MCPError, OSError, RuntimeError, ValueError, ExceptionGroup) as error:
            what = "cannot be reached" if to.url else "cannot be started"
            raise UnreachableError(
                f"MCP server {to.name!r} ({to.address or to.command}) {what}: "
                f"{to.clean(_first(error))}{_last_words(log)}"
            ) from None
        try:
            yield Conversation(to, portal, client)
        finally:
            opened.__exit__(None, None, None)


def _started(to: Server, log: TextIO) -> Any:
    """The wire to a server that is started."""
    from mcp import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=to.command, args=list(to.args), env=dict(to.env), cwd=to.folder)
    return stdio_client(parameters, errlog=log)


@asynccontextmanager
async def _addressed(to: Server, seconds: float) -> AsyncIterator[Any]:
    """The wire to a server at an address: no proxy of the environment, no redirect to another origin."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(headers=dict(to.headers), timeout=seconds, trust_env=False)
    async with http, streamable_http_client(to.url, http_client=http) as streams:
        yield streams


def _server(path: Path, name: str, written: Any, environment: Mapping[str, str]) -> Server:
    where = f"{path}: MCP server {name!r}"
    if not isinstance(written, dict):
        raise ParameterError(f"{where} must be an object")
    url, command = written.get("url"), written.get("command")
    if isinstance(url, str) == isinstance(command, str):
        raise ParameterError(f"{where} has {'both a command and a url' if url else 'no command and no url'}; give one")
    if isinstance(url, str):
        return _at_address(where, name, written, environment)
    args, env = written.get("args", []), written.get("env", {})
    if not isinstance(args, list) or not isinstance(env, dict):
        raise ParameterError(f"{where}: args must be a list and env an object")

    def filled(text: Any) -> str:
        return _filled(where, text, environment)

    folder = written.get("cwd")
    return Server(
        name=name,
        command=filled(written["command"]),
        args=tuple(filled(one) for one in args),
        env={str(key): filled(one) for key, one in env.items()},
        folder=path.parent / filled(folder) if folder else path.parent,
    )


def _at_address(where: str, name: str, written: Mapping[str, Any], environment: Mapping[str, str]) -> Server:
    """A server that runs elsewhere; credentials stand in its headers, never in its address."""
    kind, headers = written.get("type", "http"), written.get("headers", {})
    if kind not in _KINDS:
        raise ParameterError(f"{where}: type {kind!r} is not spoken here; {', '.join(_KINDS)} are")
    if not isinstance(headers, dict):
        raise ParameterError(f"{where}: headers must be an object")
    address = str(written["url"])
    url = _filled(where, address, environment)
    filled = tuple(environment[one["name"]] for one in _VARIABLE.finditer(address) if one["name"] in environment)
    check_url(url, f"{where}, url")
    _check_host(where, url)
    sent = {str(key): _filled(where, one, environment) for key, one in headers.items()}
    if wrong := [key for key, one in sent.items() if not (key + one).isascii() or not (key + one).isprintable()]:
        raise ParameterError(f"{where}: the header {wrong[0]!r} cannot be sent; printable ASCII alone")
    return Server(name=name, url=url, headers=sent, address=address, filled=filled)


def _check_host(where: str, url: str) -> None:
    from urllib.parse import urlsplit

    from sre_kit.load.network import ForbiddenAddressError, check_literal

    try:
        check_literal(urlsplit(url).hostname or "")
    except ForbiddenAddressError as error:
        raise ParameterError(
            f"{where}, url: its address {error} is link-local, a metadata service, or no address of a server; refused"
        ) from None


def _filled(where: str, text: Any, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        known = environment.get(found["name"], found["default"])
        if known is None:
            raise ParameterError(f"{where} needs the environment variable {found['name']}, which is not set")
        return known

    return _VARIABLE.sub(value, str(text))


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
