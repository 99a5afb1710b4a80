"""The HTTP client against servers that misbehave in every way we could think of."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import threading
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import ParameterError, SourceError, UnreachableError
from sre_kit.load.http import Server, TimedOutError, check_url
from sre_kit.load.metrics import Auth, open_source
from sre_kit.load.metrics.promapi import API
from sre_kit.load.network import ForbiddenAddressError, check_address, check_literal
from sre_kit.load.secrets import Secret, redacted, secret

CANARY = "canary/t0ken+== x"
GOOD = {"status": "success", "data": {"resultType": "matrix", "result": []}}
Reply = bytes | Callable[[socket.socket, bytes], None]


@dataclass
class Scripted:
    """A server on loopback that gives its replies in turn, the last one again and again."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def server(self, **options: object) -> Server:
        return Server(self.url, **{"timeout": timedelta(seconds=5), "pauses": (0.001,), **options})  # type: ignore[arg-type]


@contextmanager
def scripted(*replies: Reply) -> Iterator[Scripted]:
    found = Scripted()
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        found.port = listener.getsockname()[1]

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        connection.settimeout(5)
                        request = b""
                        while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):  # a TLS greeting
                            request += connection.recv(65536)
                        head, _, body = request.partition(b"\r\n\r\n")
                        length = re.search(rb"content-length: (\d+)", head, re.I)
                        while length and len(body) < int(length[1]):
                            body += connection.recv(65536)
                        found.heard.append(head + b"\r\n\r\n" + body)
                        reply = replies[min(len(found.heard), len(replies)) - 1]
                        if callable(reply):
                            reply(connection, head)
                        else:
                            connection.sendall(reply)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            thread.join(10)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_answer(content: object, status: str = "200 OK", *headers: str) -> bytes:
    return answer(json.dumps(content).encode(), status, "Content-Type: application/json", *headers)


def test_a_good_answer_is_read_and_the_question_arrives_as_it_was_meant():
    with scripted(json_answer(GOOD)) as web:
        assert (
            web.server(headers=(("X-Scope-OrgID", Secret("shop")),)).json("/api/v1/query", {"query": 'a{b="c d&e"}'})
            == GOOD
        )
    head = web.heard[0].decode()
    assert head.startswith("GET /api/v1/query?query=a%7Bb%3D%22c+d%26e%22%7D HTTP/1.1\r\n")
    assert "x-scope-orgid: shop" in head.lower()


def test_a_path_prefix_of_the_url_is_kept():
    with scripted(json_answer(GOOD)) as web:
        Server(web.url + "/mimir/prometheus/").json("/api/v1/query", {"query": "a"})
    assert web.heard[0].startswith(b"GET /mimir/prometheus/api/v1/query?query=a ")


def test_a_long_query_goes_as_a_form_because_urls_have_limits():
    with scripted(json_answer(GOOD)) as web:
        web.server().json("/api/v1/query", {"query": "x" * 5000})
    head, _, body = web.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/query HTTP/1.1")
    assert body == b"query=" + b"x" * 5000


@pytest.mark.parametrize(
    ("status", "asked", "kind", "hint"),
    [
        ("400 Bad Request", 1, SourceError, "cannot read the query"),
        ("401 Unauthorized", 1, UnreachableError, "token_env"),
        ("403 Forbidden", 1, SourceError, "ask for read access"),
        ("404 Not Found", 1, UnreachableError, "check the path in source.url"),
        ("407 Proxy Authentication Required", 1, UnreachableError, "proxy"),
        ("418 I'm a teapot", 1, SourceError, "look at its log"),
        ("422 Unprocessable Entity", 1, SourceError, "longer step"),
        ("429 Too Many Requests", 3, SourceError, "fewer questions"),
        ("500 Internal Server Error", 1, SourceError, "look at its log"),
        ("502 Bad Gateway", 1, SourceError, "look at its log"),
        ("503 Service Unavailable", 3, SourceError, "overloaded"),
        ("504 Gateway Timeout", 1, SourceError, "look at its log"),
    ],
)
def test_each_refusal_says_what_to_do_and_only_429_and_503_are_asked_again(status, asked, kind, hint):
    with scripted(json_answer({"status": "error", "error": "because of reasons"}, status)) as web:
        with pytest.raises(SourceError, match=re.escape(f"HTTP {status[:3]}")) as caught:
            web.server().json("/api/v1/query", {"query": "a"})
        assert len(web.heard) == asked
    assert type(caught.value) is kind
    assert hint in str(caught.value)
    assert "because of reasons" in str(caught.value)
    assert web.url in str(caught.value)


def test_a_server_that_recovers_is_believed():
    with scripted(json_answer({}, "503 Busy"), json_answer({}, "429 Slow down"), json_answer(GOOD)) as web:
        assert web.server().json("/x", {}) == GOOD
        assert len(web.heard) == 3


def test_retry_after_is_waited_for_within_the_deadline_and_not_beyond_it():
    with scripted(json_answer({}, "429 Slow", "Retry-After: 1"), json_answer(GOOD)) as web:
        began = time.monotonic()
        assert web.server().json("/x", {}) == GOOD
        assert time.monotonic() - began >= 1
    with scripted(json_answer({}, "503 Busy", "Retry-After: 600")) as web:
        with pytest.raises(SourceError, match=r"after asking to wait 10 min, longer than source.timeout allows"):
            web.server().json("/x", {})
        assert len(web.heard) == 1


def test_a_redirect_is_never_followed_and_its_target_never_gets_the_token():
    with scripted(json_answer(GOOD)) as other:
        away = answer(b"", "302 Found", f"Location: {other.url}/login?token=1")
        with scripted(away) as web:
            with pytest.raises(UnreachableError, match="not followed") as caught:
                web.server(headers=(("Authorization", Secret("Bearer x")),)).json("/x", {})
            assert f"{other.url}/login" in str(caught.value)
            assert "token=1" not in str(caught.value)
        assert other.heard == []


def test_an_html_page_is_recognised_as_a_login_or_a_proxy():
    page = answer(b"<!doctype html><title>Sign in</title>", "200 OK", "Content-Type: text/html")
    with scripted(page) as web, pytest.raises(UnreachableError, match="HTML page came instead of JSON"):
        web.server().json("/x", {})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no complete JSON"),
        (b'{"a": 1', "no complete JSON"),
        (b"\xff\xfe{}", "byte 0 of the answer is no UTF-8"),
        (b"[" * 100_000, "no complete JSON"),
    ],
)
def test_what_is_no_json_is_refused(body, said):
    with scripted(answer(body)) as web, pytest.raises(SourceError, match=said):
        web.server().json("/x", {})


MATRIX = json.dumps(
    {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [{"metric": {"a": "b"}, "values": [[60, "1"], [120, "2"], [180, "NaN"]]}],
        },
    }
).encode()


def ranged(server: Server) -> list[object]:
    from datetime import UTC, datetime

    start = datetime.fromtimestamp(60, tz=UTC)
    return list(API(server).range("a", start, start + timedelta(minutes=2), timedelta(minutes=1)))


def test_an_answer_cut_at_any_byte_is_refused_with_and_without_its_announced_length():
    """FAULTS F4: cut a real body at every byte."""
    whole = [answer(MATRIX), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + MATRIX]
    replies = [one[: len(one) - cut] for one in whole for cut in range(1, len(MATRIX) + 1)]
    with scripted(*replies, whole[0]) as web:
        server = web.server()
        for reply in replies:
            with pytest.raises(SourceError):
                ranged(server)
            assert web.heard, reply
        assert len(web.heard) == len(replies)
        assert len(ranged(server)) == 1


def test_a_gzip_answer_is_read_and_one_cut_at_any_byte_is_refused():
    packed = gzip.compress(MATRIX, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    replies = [head + packed[:cut] for cut in range(len(packed))]
    with scripted(*replies, head + packed) as web:
        for _ in replies:
            with pytest.raises(SourceError):
                ranged(web.server())
        assert len(ranged(web.server())) == 1


def test_a_gzip_bomb_stops_at_the_cap_and_is_never_unpacked():
    packer = zlib.compressobj(1, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    reply = answer(bomb, "200 OK", "Content-Encoding: gzip")
    tracemalloc.start()
    try:
        with scripted(reply) as web, pytest.raises(SourceError, match="longer than 1,000,000 bytes"):
            web.server(max_bytes=1_000_000).json("/x", {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_packing_that_was_not_asked_for_is_refused():
    with (
        scripted(answer(b"abc", "200 OK", "Content-Encoding: br")) as web,
        pytest.raises(SourceError, match="packed as 'br'"),
    ):
        web.server().json("/x", {})


def endless(connection: socket.socket, head: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def test_an_endless_answer_stops_at_the_cap():
    with scripted(endless) as web, pytest.raises(SourceError, match="longer than 3,000,000 bytes"):
        web.server(max_bytes=3_000_000).json("/x", {})


def dripping(first: bytes) -> Callable[[socket.socket, bytes], None]:
    def drip(connection: socket.socket, head: bytes) -> None:
        connection.sendall(first)
        for _ in range(100):
            time.sleep(0.1)
            connection.sendall(b"a")

    return drip


def silent(connection: socket.socket, head: bytes) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    "reply",
    [silent, dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "), dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")],
)
def test_the_deadline_is_for_everything_not_for_each_byte(reply):
    """FAULTS F2: a server that drips a byte now and then never lets a read time out."""
    with scripted(reply) as web:
        began = time.monotonic()
        with pytest.raises(TimedOutError, match="no complete answer within 500 ms"):
            web.server(timeout=timedelta(seconds=0.5)).json("/x", {})
        assert time.monotonic() - began < 3
        assert len(web.heard) == 1


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_closed_port_is_unreachable_and_says_so():
    with pytest.raises(UnreachableError, match=r"no connection .*is it running"):
        Server(f"http://127.0.0.1:{closed_port()}", pauses=(0.001,)).json("/x", {})


def test_a_connection_that_is_not_made_is_tried_three_times(monkeypatch):
    import httpcore

    tried = []

    def refuse(self: object, host: str, port: int, *more: object) -> None:
        tried.append(host)
        raise httpcore.ConnectError("refused")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    with pytest.raises(UnreachableError):
        Server("http://127.0.0.1:9", pauses=(0.001,)).json("/x", {})
    assert tried == ["127.0.0.1"] * 3


def test_a_name_that_does_not_exist_is_unreachable():
    with pytest.raises(UnreachableError, match=r"cannot be resolved|not resolved in time|no connection within"):
        Server("http://no-such-host.invalid", timeout=timedelta(seconds=5), pauses=(0.001,)).json("/x", {})


def test_plain_http_behind_an_https_url_is_explained():
    with scripted(json_answer(GOOD)) as web, pytest.raises(UnreachableError, match="does it speak https"):
        Server(web.url.replace("http", "https"), timeout=timedelta(seconds=3), pauses=(0.001,)).json("/x", {})


def test_the_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    with scripted(json_answer(GOOD)) as web:
        assert web.server().json("/x", {}) == GOOD


def test_the_proxy_of_the_params_is_used():
    with scripted(json_answer(GOOD)) as proxy:
        assert Server("http://prometheus.invalid:9090", proxy=proxy.url).json("/x", {}) == GOOD
    assert proxy.heard[0].startswith(b"GET http://prometheus.invalid:9090/x HTTP/1.1")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
    ],
)
@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_addresses_where_clouds_keep_credentials_are_never_asked(host, proxy):
    """FAULTS T6, in every spelling; private networks are where a Prometheus lives, so they stay allowed."""
    with pytest.raises(UnreachableError, match=r"no address of a server; refused|no usable URL"):
        Server(f"http://{host}", timeout=timedelta(seconds=3), proxy=proxy, pauses=(0.001,)).json("/x", {})


def test_a_name_that_points_to_a_metadata_service_is_refused_and_no_connection_is_made(monkeypatch):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("169.254.169.254", 80))]
    )
    with pytest.raises(UnreachableError, match=r"169\.254\.169\.254"):
        Server("http://innocent.example", pauses=(0.001,)).json("/x", {})


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "::1", "fd00::1", "8.8.8.8"])
def test_private_and_public_addresses_are_allowed(address):
    check_address(address)
    check_literal(address)
    check_literal("prometheus.example")


@given(st.integers(0, 2**16 - 1))
def test_no_link_local_address_is_allowed_in_any_wrapping(low):
    v4 = f"169.254.{low >> 8}.{low & 255}"
    for written in (v4, f"::ffff:{v4}", f"64:ff9b::{v4}", f"fe80::{low:x}%eth0"):
        with pytest.raises(ForbiddenAddressError):
            check_address(written)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@host",
        "http://hunter2@host/",
        "http://user:hunter2@host:1/x?y",
        "http://a:hunter2@b@c",
        "http://user:hunter2@[::1",
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url):
    with pytest.raises(ParameterError) as caught:
        check_url(url, "source.url")
    assert "hunter2" not in str(caught.value)
    for scheme in ("prometheus+", ""):
        with pytest.raises(ParameterError) as caught:
            open_source(scheme + url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "http://",
        "http:///path",
        "host:9090",
        "http://h?x=1",
        "http://h#f",
        "http://h/a b",
        "http://h\n",
        "http://h:99999",
        "file:///etc/passwd",
    ],
)
def test_only_http_urls_of_an_origin_and_a_path_are_taken(url):
    with pytest.raises(ParameterError):
        check_url(url, "source.url")


def echoing(status: str) -> Callable[[socket.socket, bytes], None]:
    def echo(connection: socket.socket, head: bytes) -> None:
        said = head + b" " + quote(head).encode() + b" " + base64.b64encode(CANARY.encode())
        location = quote(CANARY)
        connection.sendall(answer(said, status, f"Location: http://elsewhere/{location}"))

    return echo


def hits(error: BaseException) -> list[str]:
    """Forms of the canary in anything that would be printed about `error`."""
    printed = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    pair = base64.b64encode(f"user:{CANARY}".encode()).decode()
    forms = [
        CANARY,
        quote(CANARY),
        quote(CANARY, safe=""),
        base64.b64encode(CANARY.encode()).decode().rstrip("="),
        pair.rstrip("="),
    ]
    return [form for form in forms if form in printed]


@pytest.mark.parametrize(
    "status",
    ["200 OK", "302 Found", "400 Bad", "401 Unauthorized", "403 No", "404 No", "422 No", "429 No", "500 No", "503 No"],
)
@pytest.mark.parametrize(
    "auth", [Auth(token_env="SRE_KIT_TEST_CANARY"), Auth(username="user", password_env="SRE_KIT_TEST_CANARY")]
)
def test_a_secret_appears_in_no_message_even_when_the_server_repeats_it(status, auth, monkeypatch):
    """FAULTS T1."""
    monkeypatch.setenv("SRE_KIT_TEST_CANARY", CANARY)
    with scripted(echoing(status)) as web:
        source = open_source(f"prometheus+{web.url}", auth=auth, timeout=timedelta(seconds=2))
        assert CANARY not in repr(source)
        assert hits(AssertionError(repr(source))) == []
        with pytest.raises(SourceError) as caught:
            source.check()
        sent = re.search(rb"[Aa]uthorization: (\w+) (.+?)\r\n", web.heard[0])
    assert sent is not None
    expected = CANARY if sent[1] == b"Bearer" else base64.b64encode(f"user:{CANARY}".encode()).decode()
    assert sent[2].decode() == expected
    assert hits(caught.value) == []


def test_a_secret_appears_in_no_message_of_a_connection_that_fails(monkeypatch):
    monkeypatch.setenv("SRE_KIT_TEST_CANARY", CANARY)
    for reply in (b"", b"nonsense\r\n\r\n", silent):
        with scripted(reply) as web, pytest.raises(SourceError) as caught:
            open_source(
                f"prometheus+{web.url}", auth=Auth(token_env="SRE_KIT_TEST_CANARY"), timeout=timedelta(seconds=0.5)
            ).check()
        assert hits(caught.value) == []


def test_a_secret_cut_by_the_length_of_an_excerpt_leaves_no_half():
    token = "t" + "0123456789" * 30
    hidden = redacted(f"{'x' * 150}{token}"[:4000], [Secret(token)])[:200]
    assert "0123456789" not in hidden
    with scripted(answer(b"y" * 3950 + token.encode(), "500 No")) as web, pytest.raises(SourceError) as caught:
        web.server(secrets=(Secret(token),)).json("/x", {})
    assert "0123456789" not in str(caught.value)


def test_a_secret_never_prints_itself(capsys):
    one = Secret("hunter2")
    print(one, repr(one), f"{one}", [one], {"a": one})
    assert "hunter2" not in capsys.readouterr().out
    assert one.reveal() == "hunter2"
    import pickle

    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(one)


def test_a_secret_file_must_be_private(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    for mode in (0o644, 0o640, 0o604, 0o601):
        file.chmod(mode)
        with pytest.raises(ParameterError, match=f"mode {mode:04o}\\); run: chmod 600 {re.escape(str(file))}"):
            secret("source.auth.token", file="token", base=tmp_path)
    for mode in (0o600, 0o400):
        file.chmod(mode)
        found = secret("source.auth.token", file="token", base=tmp_path)
        assert found is not None
        assert found.reveal() == "s3cret"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a\nb", "no header may carry"),
        (b"a\x00", "no header may carry"),
        (b"\xff", "no UTF-8"),
        (b"x" * 70_000, "no secret is"),
    ],
)
def test_a_secret_file_that_holds_no_secret_is_refused_without_its_content(tmp_path: Path, content, said):
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ParameterError, match=said):
        secret("t", file="token", base=tmp_path)


def test_a_secret_that_is_not_there_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("SRE_KIT_NO_TOKEN", raising=False)
    with pytest.raises(ParameterError, match="SRE_KIT_NO_TOKEN is not set"):
        secret("t", env="SRE_KIT_NO_TOKEN")
    with pytest.raises(ParameterError, match="No such file"):
        secret("t", file="none", base=tmp_path)
    with pytest.raises(ParameterError, match="no regular file"):
        secret("t", file=".", base=tmp_path)
    assert secret("t") is None


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path):
    import os

    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ParameterError, match="no regular file"):
        secret("t", file="pipe", base=tmp_path)


@given(
    st.text(min_size=4, alphabet=st.characters(codec="ascii", categories=("L", "N", "P", "S"))), st.text(), st.text()
)
def test_redaction_leaves_no_form_of_the_secret(token, before, after):
    forms = (token, quote(token, safe=""), base64.b64encode(token.encode()).decode())
    for form in forms:
        assert form not in redacted(before + form + after, [Secret(token)])


def test_a_gzip_answer_that_is_none_is_refused():
    with (
        scripted(answer(b"plain", "200 OK", "Content-Encoding: gzip")) as web,
        pytest.raises(SourceError, match="damaged"),
    ):
        web.server().json("/x", {})


def test_a_proxy_that_refuses_is_named():
    reply = answer(b"", "403 Forbidden")
    with scripted(reply) as proxy, pytest.raises(UnreachableError, match=r"source\.auth\.proxy"):
        Server("https://prometheus.invalid", proxy=proxy.url, pauses=(0.001,)).json("/x", {})


def test_a_proxy_url_with_a_password_is_refused():
    with pytest.raises(
        ParameterError, match=r"source\.auth\.proxy: a user name or password stands in the URL"
    ) as caught:
        Server("http://host", proxy="http://me:hunter2@proxy")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_timeout_that_leaves_no_time_is_refused(seconds):
    with pytest.raises(ParameterError, match=r"source\.timeout must be above 0"):
        Server("http://host", timeout=timedelta(seconds=seconds))


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificate_files_that_hold_none_are_named(tmp_path: Path, content):
    path = tmp_path / "some.pem"
    if content is not None:
        path.write_bytes(content)
    for auth, said in (
        (Auth(ca_file="some.pem"), "ca_file"),
        (Auth(client_certificate="some.pem"), "client_certificate"),
    ):
        source = open_source("prometheus+https://127.0.0.1:9", auth=auth, base=tmp_path)
        with pytest.raises(ParameterError, match=rf"source\.auth\.{said} .*some\.pem"):
            source.check()


def test_a_resolver_that_hangs_does_not_outlast_the_deadline(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(2) or [])
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="no connection within 200 ms"):
        Server("http://slow.example", timeout=timedelta(seconds=0.2), pauses=(0.001,)).json("/x", {})
    assert time.monotonic() - began < 1.5
