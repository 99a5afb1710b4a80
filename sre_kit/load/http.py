"""
The one HTTP client: asks one origin, within one deadline, and says what went wrong.

The deadline holds for everything together: resolving, connecting, retries, the last byte. Only a connection that
cannot be made, a 429 and a 503 are tried again, twice at most. No redirect is followed and no proxy of the
environment is used, so credentials go to the origin that the params file names and nowhere else.
"""

from __future__ import annotations

import json
import re
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from sre_kit.errors import ParameterError, SourceError, UnreachableError
from sre_kit.load.secrets import Secret, redacted
from sre_kit.units import span

if TYPE_CHECKING:
    from sre_kit.load.network import Deadline

MAX_BYTES: Final = 200_000_000
"""A longer answer, counted after unpacking, is refused."""

_RETRIES: Final = 2
_PAUSES: Final = (0.2, 0.6)
_LONGEST_GET: Final = 2000
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]+")
_HINTS: Final = {
    400: "the server cannot read the query; correct it",
    401: "the credentials are missing or wrong; check source.auth (token_env, token_file, username, password_env)",
    403: "the credentials are known and not allowed to read this; ask for read access, and check source.auth.tenant",
    404: "there is no Prometheus API at this address; check the path in source.url (/api/v1/... is added to it)",
    407: "the proxy wants credentials; name a proxy that does not in source.auth.proxy",
    422: "the server could not evaluate the query; correct it, or take a longer step or a shorter window",
    429: "the server wants fewer questions; wait, or take a longer step",
    503: "the server is overloaded or starting; wait, or take a longer step",
}
_WHOLE_SOURCE: Final = frozenset({401, 404, 407})
"""Statuses that any other question would get too."""


class TimedOutError(UnreachableError):
    """The deadline passed before the last byte came."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """
    One HTTP origin with a path prefix.

    Parameters
    ----------
    url
        ``http(s)://host[:port][/prefix]``; nothing else may be in it.
    timeout
        For one question altogether.
    headers
        Sent with every question.
    secrets
        What must never appear in a message, in any encoding.
    ca_file, client_certificate, client_key
        PEM files.
    proxy
        ``http://host:port``; the environment's proxies are never used.

    Raises
    ------
    ParameterError
        The URL holds a user name or a password, or is no such URL.
    """

    url: str
    timeout: timedelta = timedelta(seconds=30)
    headers: tuple[tuple[str, Secret], ...] = ()
    secrets: tuple[Secret, ...] = ()
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    proxy: str = ""
    max_bytes: int = MAX_BYTES
    pauses: tuple[float, ...] = field(default=_PAUSES, repr=False)

    def __post_init__(self) -> None:
        check_url(self.url, "source.url")
        if self.proxy:
            check_url(self.proxy, "source.auth.proxy")
        if self.timeout <= timedelta(0):
            raise ParameterError(f"source.timeout must be above 0, got {self.timeout}; write for example 30s")

    def json(self, path: str, fields: Mapping[str, str]) -> Any:
        """
        The JSON that `path`, after the prefix, answers to `fields`.

        Raises
        ------
        SourceError
            Any answer that cannot be used.
        UnreachableError
            The server does not answer this or any other question.
        """
        answer = self._answered(path, fields)
        try:
            return json.loads(answer.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise self._error(f"byte {error.start} of the answer is no UTF-8; is this a Prometheus?") from None
        except (ValueError, RecursionError) as error:
            if answer.body.lstrip()[:1] == b"<":
                hint = "an HTML page came instead of JSON (a login, a proxy?); check source.url and source.auth"
                raise self._error(hint, UnreachableError) from None
            raise self._error(
                f"the answer is no complete JSON ({str(error)[:80]}): {self._excerpt(answer.body)}"
            ) from None

    def _answered(self, path: str, fields: Mapping[str, str]) -> _Answer:
        from sre_kit.load.network import Deadline

        deadline = Deadline(self.timeout.total_seconds())
        for attempt in range(_RETRIES + 1):
            pause = self.pauses[min(attempt, len(self.pauses) - 1)]
            try:
                answer = self._once(path, fields, deadline)
            except _NotConnectedError as error:
                if attempt == _RETRIES or pause >= deadline.left():
                    raise self._error(str(error), UnreachableError) from None
            else:
                if answer.status not in (429, 503) or attempt == _RETRIES:
                    return self._judged(answer)
                pause = _wait_asked(answer.headers) or pause
                if pause >= deadline.left():
                    return self._judged(
                        answer, f", after asking to wait {span(pause)}, longer than source.timeout allows"
                    )
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _judged(self, answer: _Answer, more: str = "") -> _Answer:
        if answer.status == 200:
            return answer
        if 300 <= answer.status < 400:
            place = self.clean(urlsplit(answer.headers.get("location", ""))._replace(query="", fragment="").geturl())
            raise self._error(
                f"it redirects ({answer.status}) to {place[:120] or 'nowhere'}, which is not followed, "
                "because credentials would go along; write the final address into source.url",
                UnreachableError,
            )
        hint = _HINTS.get(answer.status, "the server, or a proxy before it, failed; look at its log")
        kind = UnreachableError if answer.status in _WHOLE_SOURCE else SourceError
        raise self._error(f"HTTP {answer.status}{more}: {hint}; it said: {self._excerpt(answer.body)}", kind)

    def _once(self, path: str, fields: Mapping[str, str], deadline: Deadline) -> _Answer:
        import httpcore
        import httpx

        from sre_kit.load.network import ForbiddenAddressError, Transport, check_literal

        query = urlencode(fields)
        address = self.url.rstrip("/") + path
        headers = {name: value.reveal() for name, value in self.headers}
        headers |= {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "sre-kit"}
        body = {"params": fields} if len(query) < _LONGEST_GET else {"data": fields}
        try:
            if self.proxy:  # the proxy resolves names, so here only a written address can be judged
                check_literal(urlsplit(self.url).hostname or "")
            transport = Transport(deadline, self._tls, self.proxy)
            with httpx.Client(transport=transport, trust_env=False, follow_redirects=False) as client:
                request = client.build_request("GET" if "params" in body else "POST", address, headers=headers, **body)  # type: ignore[arg-type]
                response = client.send(request, stream=True)
                try:
                    raw = self._body(response)
                finally:
                    response.close()
                return _Answer(
                    response.status_code, {name.lower(): value for name, value in response.headers.items()}, raw
                )
        except ForbiddenAddressError as error:
            raise self._error(
                f"its address {error} is link-local, a metadata service, or no address of a server; refused",
                UnreachableError,
            ) from None
        except httpcore.TimeoutException as error:
            raise self._late(error) from None
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.ProxyError,
            httpx.HTTPError,
            httpx.InvalidURL,
        ) as error:
            raise self._broken(error) from None

    def _body(self, response: Any) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip", ""):
            raise self._error(f"the answer is packed as {encoding[:20]!r}, which was not asked for")
        unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        body = bytearray()
        try:
            for chunk in response.iter_raw():
                body += unpack.decompress(chunk, self.max_bytes + 1 - len(body)) if unpack else chunk
                if len(body) > self.max_bytes:
                    raise self._error(
                        f"the answer is longer than {self.max_bytes:,} bytes; take a longer step or a shorter window"
                    )
        except zlib.error:
            raise self._error("the answer is damaged: its gzip packing cannot be undone") from None
        if unpack is not None and not unpack.eof:
            raise self._error("the answer ends before it is complete (in its gzip packing)")
        return bytes(body)

    def _late(self, error: Exception) -> Exception:
        import httpcore

        limit = span(self.timeout)
        if isinstance(error, httpcore.ConnectTimeout):
            return self._error(
                f"no connection within {limit}; is the address right, and is there a way to it?", UnreachableError
            )
        return self._error(
            f"no complete answer within {limit}; raise source.timeout, or take a longer step", TimedOutError
        )

    def _broken(self, error: Exception) -> Exception:
        """What a failed connection means; only one that was never made is worth another try."""
        import httpcore
        import httpx

        if isinstance(error, httpx.InvalidURL):
            return self._error(f"no usable URL ({self.clean(str(error))[:80]}); correct source.url", UnreachableError)
        cause = error.__cause__ or (error.args[0] if error.args and isinstance(error.args[0], Exception) else error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = f"its certificate is not trusted ({self.clean(cause.verify_message)}); set source.auth.ca_file"
            return self._error(hint, UnreachableError)
        if isinstance(cause, ssl.SSLError):
            reason = self.clean(cause.reason or str(cause)).replace("_", " ").lower()
            hint = f"TLS failed ({reason}); does it speak https, and does it want source.auth.client_certificate?"
            return self._error(hint, UnreachableError)
        said = self.clean(str(cause))[:120] or type(error).__name__
        if isinstance(error, httpcore.ConnectError):
            return _NotConnectedError(f"no connection ({said}); is it running, and is the address right?")
        if isinstance(error, httpcore.ProxyError):
            return self._error(f"the proxy {self.proxy} refused ({said}); correct source.auth.proxy", UnreachableError)
        return self._error(f"the connection broke before the answer was complete ({said})")

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        if urlsplit(self.url).scheme != "https" and urlsplit(self.proxy).scheme != "https":
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ParameterError(
                f"source.auth.ca_file {self.ca_file}: no certificates can be read from it ({error.strerror or error})"
            ) from None
        if self.client_certificate:
            try:
                # an encrypted key would ask for its passphrase on the terminal
                context.load_cert_chain(self.client_certificate, self.client_key, password=lambda: "")
            except (OSError, ssl.SSLError) as error:
                raise ParameterError(
                    f"source.auth.client_certificate {self.client_certificate}: cannot be used with its key "
                    f"({error.strerror or error}); both must be PEM, the key without a passphrase"
                ) from None
        return context

    def _error(self, said: str, kind: type[SourceError] = SourceError) -> SourceError:
        return kind(redacted(f"{self.url}: {said}", self._hidden()))

    def _excerpt(self, body: bytes) -> str:
        return self.clean(body[:4000].decode("utf-8", "replace"))[:200] or "(nothing)"

    def clean(self, text: str) -> str:
        """Text from outside, on one line, without secrets; redacted before it is cut, lest half a secret remain."""
        return redacted(_UNPRINTABLE.sub(" ", text), self._hidden()).strip()

    def _hidden(self) -> list[Secret]:
        return list(self.secrets)


class _NotConnectedError(Exception):
    """No connection was made, so the question was never heard and may be asked again."""


def _wait_asked(headers: Mapping[str, str]) -> float:
    """Seconds that ``Retry-After`` names; 0 where it names none (a date would need a clock)."""
    written = headers.get("retry-after", "").strip()
    return float(written) if re.fullmatch(r"[0-9]{1,9}", written) else 0.0


def check_url(url: str, what: str) -> None:
    """
    Refuse a URL that is more than scheme, host, port and path.

    Raises
    ------
    ParameterError
        Never quotes what stands before an ``@``: it may be a password.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        # the reason quotes what stands before a slash, which may be half a password
        raise ParameterError(f"{what}: no usable URL; expected http://host:port/path or https://...") from None
    if "@" in parts.netloc or "@" in url.partition("?")[0].partition("//")[2].partition("/")[0]:
        raise ParameterError(
            f"{what}: a user name or password stands in the URL; remove it, and name it in source.auth "
            "(username and password_env, or token_env)"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ParameterError(
            f"{what}: expected http://host:port/path or https://..., got scheme {parts.scheme!r}, host {host!r}"
        )
    if parts.query or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise ParameterError(
            f"{what}: only scheme, host, port and path may be in it (found a query, a fragment or a space)"
        )
