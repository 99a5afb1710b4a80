"""
Load-test tools that this machine has, run for a moment against a small server on loopback: what they write is read.

Debian's wrk, ab and hey are required where servers are; Locust comes with the development extras; autocannon,
Artillery and Vegeta are used where they are on the path. Each run is bounded in requests or seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.load.loadtesting import load_test, load_tests
from tests.conftest import required

pytestmark = [pytest.mark.real, pytest.mark.server]


@dataclass
class Shop:
    """A server that counts what it is asked; every fifth answer is a 500, every answer has a length of its own."""

    url: str = ""
    asked: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self) -> tuple[int, bytes]:
        with self.lock:
            self.asked += 1
            bad = self.asked % 5 == 0
            self.failed += bad
            return (500 if bad else 200), b"x" * (100 + self.asked % 7)


@pytest.fixture
def shop() -> Iterator[Shop]:
    counted = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            status, body = counted.answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            return

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, TimeoutError):
                return  # a tool that has finished hangs up

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    counted.url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield counted
    server.shutdown()
    server.server_close()
    thread.join()


def program(name: str, *, package: str = "") -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not found and package:
        required(f"{name} is not installed (Debian: apt-get install --no-install-recommends {package})")
    if not found:
        pytest.skip(f"{name} is not on the path")
    return found


def run(*command: str, into: Path | None = None, cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, timeout=90, check=False, cwd=cwd)
    assert done.stdout or into is None, done.stderr.decode()[-400:]
    if into is not None:
        into.write_bytes(done.stdout)


def counted(test: LoadTest, shop: Shop, *, late: int = 0) -> None:
    """What the tool counted is what the server was asked, but for what was under way when the time was up."""
    assert test.requests is not None and test.errors is not None
    assert shop.asked - late <= test.requests <= shop.asked
    assert abs(test.errors - shop.failed) <= late
    assert test.rate is not None and test.duration is not None
    assert test.rate * test.duration == pytest.approx(test.requests, rel=0.05)


def test_ab(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    run(program("ab", package="apache2-utils"), "-q", "-n", "100", "-c", "4", shop.url, into=path)
    test = load_test(path)
    counted(test, shop)
    assert (test.tool, test.requests, test.load, test.coordinated_omission) == ("ab", 100, 4, True)


def test_wrk(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    run(program("wrk", package="wrk"), "-t1", "-c4", "-d1s", "--latency", shop.url, into=path)
    test = load_test(path)
    counted(test, shop, late=8)
    assert list(test.quantiles) == [0.5, 0.75, 0.9, 0.99] and test.coordinated_omission


@pytest.mark.parametrize("form", ["text", "csv"])
def test_hey(form: str, shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "out"
    more = ["-o", "csv"] if form == "csv" else []
    run(program("hey", package="hey"), "-n", "100", "-c", "4", *more, shop.url, into=path)
    test = load_test(path)
    counted(test, shop)
    assert (test.tool, test.samples is not None) == ("hey", form == "csv")


# its clock starts before its imports end, so a slow machine may leave a short run no time: it stops by count; it writes
# its files once a second and not at the end, so it waits for that
LOCUSTFILE = """
import gevent
from locust import HttpUser, constant, task


class Reader(HttpUser):
    wait_time = constant(0.02)
    asked = 0

    @task
    def home(self):
        Reader.asked += 1
        if Reader.asked <= 120:
            self.client.get("/")
        if Reader.asked == 120:
            gevent.spawn_later(3, self.environment.runner.quit)
"""


def test_locust(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE, encoding="utf-8")
    told = ["--headless", "--users", "3", "--spawn-rate", "3", "--run-time", "60s", "--host", shop.url.rstrip("/")]
    run(program("locust"), *told, "--csv", "shop", "--csv-full-history", "--only-summary", cwd=tmp_path)
    (test,) = load_tests([("shop_*.csv", tmp_path / "shop_*.csv")])
    assert test.requests == shop.asked == 120 and test.errors == shop.failed
    assert (test.tool, test.name, test.load) == ("Locust", "shop", 3)
    assert [one.requests for one in test.operations] == [test.requests]


def test_autocannon(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    run(program("autocannon"), "-c", "4", "-a", "100", "--json", shop.url, into=path)
    counted(load_test(path), shop, late=4)


def test_artillery(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "plan.yml").write_text(
        f"config:\n  target: '{shop.url}'\n  phases: [{{duration: 2, arrivalRate: 10}}]\n"
        "scenarios:\n  - flow: [{get: {url: '/'}}]\n",
        encoding="utf-8",
    )
    run(program("artillery"), "run", "--output", "out.json", "plan.yml", cwd=tmp_path)
    test = load_test(tmp_path / "out.json")
    assert (test.requests, test.errors, test.model) == (shop.asked, shop.failed, "open")


def test_vegeta(shop: Shop, tmp_path: Path) -> None:
    vegeta = program("vegeta")
    (tmp_path / "targets").write_text(f"GET {shop.url}\n", encoding="utf-8")
    run(vegeta, "attack", "-targets=targets", "-rate=50", "-duration=2s", "-output=out.bin", cwd=tmp_path)
    run(vegeta, "report", "-type=json", "out.bin", into=tmp_path / "out.json", cwd=tmp_path)
    counted(load_test(tmp_path / "out.json"), shop)
