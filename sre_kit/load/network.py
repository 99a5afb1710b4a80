"""
The wire under the HTTP client: every wait ends at one deadline, and no connection leads where none should.

Addresses are judged after the name is resolved, and the judged address is the one connected to, so a name
cannot point elsewhere in between. Private networks are where a Prometheus lives, so they are allowed;
link-local addresses, where clouds keep machine credentials, are not.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore
import httpx

_METADATA: Final = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(Exception):
    """The address belongs to a machine's own network or its metadata service."""


class Deadline:
    """The moment at which waiting ends, whatever is being waited for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, never negative."""
        return max(0.0, self._end - time.monotonic())

    def limit(self, error: type[Exception]) -> float:
        """What is left, as a time limit; raises `error` where nothing is."""
        left = self.left()
        if left <= 0:
            raise error("the deadline has passed")
        return left


def check_address(written: str) -> None:
    """
    Refuse an address that no metrics server has.

    Raises
    ------
    ForbiddenAddressError
        Link-local, multicast, unspecified, or a cloud's metadata service; also when wrapped into IPv6.
    """
    address = ipaddress.ip_address(written.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
        raise ForbiddenAddressError(str(address))


def check_literal(host: str) -> None:
    """Refuse a host that is written as such an address, also in the old spellings (2852039166, 0xa9fea9fe)."""
    try:
        check_address(socket.inet_ntoa(socket.inet_aton(host)) if ":" not in host else host)
    except (OSError, ValueError):
        return  # a name


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline; no other time limit is ever set."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.limit(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.limit(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = self._deadline.limit(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline, self._plain = deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception = httpcore.ConnectError(f"no address for {host}")
        addresses = _resolved(host, port, self._deadline)
        for address in addresses:
            check_address(address)
        for address in addresses:
            limit = self._deadline.limit(httpcore.ConnectTimeout)
            try:
                return _Stream(
                    self._plain.connect_tcp(address, port, limit, local_address, socket_options), self._deadline
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error


def _resolved(host: str, port: int, deadline: Deadline) -> list[str]:
    """Addresses of a name; resolved in a thread of its own, because the resolver knows no time limit."""
    found: list[str] = []
    failed: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(
                dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            )
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(deadline.limit(httpcore.ConnectTimeout))
    if failed:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved") from failed[0]
    if not found:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time")
    return found


class Transport(httpx.BaseTransport):
    """Sends one httpx request over a connection of its own."""

    def __init__(self, deadline: Deadline, tls: ssl.SSLContext | None, proxy: str) -> None:
        options: dict[str, Any] = {"ssl_context": tls, "network_backend": _Backend(deadline), "retries": 0}
        make: Callable[..., httpcore.ConnectionPool] = httpcore.ConnectionPool
        if proxy:
            make, options = httpcore.HTTPProxy, {**options, "proxy_url": proxy}
        self._pool = make(**options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpcore's own exceptions, which say more than httpx's."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.read())
        answer = self._pool.handle_request(sent)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Ends the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Any:
        return iter(self._answer.iter_stream())

    def close(self) -> None:
        self._answer.close()
