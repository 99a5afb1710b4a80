"""A Prometheus that is away, slow, refuses or talks nonsense: the document is written, its gap marked, exit code 3."""

from __future__ import annotations

import http.server
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sre_kit.cli import main

CANARY = "canary-7f3a91"
OWN = """\
project: {{name: Shop, path: shop}}
as_of: 2026-09-01
source: {{url: "prometheus+{url}", timeout: 2s, auth: {{token_env: SHOP_TOKEN}}}}
slos:
  - {{name: checkout, service: checkout, target: 99.9 %, window: 7d, good: ok_total, total: all_total, owner: Ada}}
"""
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def says(status: int, kind: str, body: bytes, length: int | None = None) -> Answer:
    """The same answer to everything; `length` is what the header promises."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def never(handler: http.server.BaseHTTPRequestHandler) -> None:
    """No answer within the limit."""
    time.sleep(4)


VECTOR = b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1756'
BAD: dict[str, tuple[Answer, str]] = {
    "slow": (never, r"no (whole )?answer within 2 s|2 s"),
    "401": (says(401, "text/plain", f"no such token {CANARY}".encode()), r"401"),
    "404": (says(404, "text/html", b"<html>nothing here</html>"), r"404"),
    "500": (says(500, "text/plain", b"out of memory"), r"500"),
    "503": (says(503, "text/plain", b"starting"), r"503"),
    "HTML": (says(200, "text/html", b"<html><title>Sign in</title></html>"), r"HTML|JSON|html"),
    "truncated": (says(200, "application/json", VECTOR), r"JSON"),
    "cut off": (says(200, "application/json", VECTOR, 5000), r"closed|incomplete|broke|cut|connection"),
}


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A stub on a free loopback port; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            return

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return

    with Quiet(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()
        thread.join(10)


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def render(folder: Path, url: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str, str]:
    """Exit code, standard output, standard error and SLODefinitions.md of a render against `url`."""
    (folder / "shop").mkdir()
    (folder / "shop.yaml").write_text(OWN.format(url=url), encoding="utf-8")
    code = main(["render", "--params", str(folder / "shop.yaml"), "SLODefinitions"])
    said = capfd.readouterr()
    return code, said.out, said.err, (folder / "shop" / "docs" / "SRE" / "SLODefinitions.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("case", ["unreachable", *BAD])
def test_the_document_is_written_with_a_marked_gap(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    answer, pattern = BAD.get(case, (None, r"refused"))
    with nobody() if answer is None else server(answer) as url:
        code, out, err, text = render(tmp_path, url, capfd)
    assert code == 3
    incomplete = [line for line in err.splitlines() if line.startswith("incomplete: ")]
    assert len(incomplete) == 1 == err.count("\n"), err
    assert re.search(pattern, incomplete[0]), incomplete
    assert "127.0.0.1" in incomplete[0]
    assert len(incomplete[0]) < 400
    budget = text.partition("## Error budget calculations")[2].partition("\n## ")[0]
    assert "**no data**" in budget
    assert "measurements of checkout" in text.partition("## Open questions")[2]
    assert not re.search(r"\b(100|0)(\.0+)? %", budget.partition("|:")[2].partition("\n\n")[0].replace("0.00 %", "", 1))
    for path in [one for one in tmp_path.rglob("*") if one.is_file()]:
        assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in out + err
