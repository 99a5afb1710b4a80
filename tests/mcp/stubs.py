"""Loopback stand-ins for the services behind the real MCP servers: what they were asked is kept."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIBRARY = {"id": "/prometheus/docs", "title": "Prometheus", "description": "Monitoring", "totalSnippets": 7}


@dataclass
class Stub:
    """A running stand-in: its address, what it was asked, and the status that it answers with."""

    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    known: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def context7() -> Iterator[Stub]:
    """The API behind Context7: a search for libraries, and their documentation."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            stub.asked.append({"path": parts.path, **{k: v[0] for k, v in parse_qs(parts.query).items()}})
            if stub.status != 200:
                body = json.dumps({"message": "Rate limited or quota exceeded."}).encode()
            elif parts.path.endswith("/search"):
                body = json.dumps({"results": [LIBRARY] if stub.known else []}).encode()
            else:
                body = b"### Recording rules\n\nRecord what dashboards ask often.\n"
            _answer(self, stub.status, body)

        def log_message(self, *_: Any) -> None:
            return

    with _serving(Handler, stub):
        yield stub


@contextmanager
def tavily(folder: Path, openssl: str) -> Iterator[tuple[Stub, Path]]:
    """A proxy that answers for api.tavily.com itself, with a certificate of its own; the path is that certificate."""
    stub, key, certificate = Stub(), folder / "key.pem", folder / "cert.pem"
    name = ["-subj", "/CN=api.tavily.com", "-addext", "subjectAltName=DNS:api.tavily.com"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    subprocess.run([*made, "-out", str(certificate), *name], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            stub.asked.append({"connect": self.path})
            self.send_response(200, "Connection established")
            self.end_headers()
            self.wfile.flush()
            self.rfile.close()
            self.wfile.close()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb")
            self.close_connection = False

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.asked.append({"path": urlsplit(self.path).path, **body})
            result = {"title": "Drills", "url": "https://example.org/drills", "content": "Restore often.", "score": 1}
            answer = {"results": [result], "query": body["query"]} if stub.status == 200 else {"detail": "over quota"}
            _answer(self, stub.status, json.dumps(answer).encode())
            self.wfile.flush()
            self.close_connection = True

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def log_message(self, *_: Any) -> None:
            return

    with _serving(Handler, stub):
        yield stub, certificate


def _answer(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], stub: Stub) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
