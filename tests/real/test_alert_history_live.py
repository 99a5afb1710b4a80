"""What a real Alertmanager sends and answers, and what a real Prometheus keeps of an alert, read as incidents."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from sre_kit.load.incident_logs import incident_log
from tests.conftest import required
from tests.real.test_prometheus_live import free_port, listens, running

if TYPE_CHECKING:
    from tests.conftest import PrometheusBinaries

pytestmark = pytest.mark.server

WAIT = 40.0
"""Seconds that a server may take on a busy machine; nothing is measured by it."""


def until(what, seconds: float = WAIT):
    """The first true value of `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    return pytest.fail(f"nothing came within {seconds:g} s")


def ask(url: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@contextmanager
def hooks(path: Path) -> Iterator[int]:
    """A receiver that writes each notification as a line; its port."""

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(body) + "\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


@contextmanager
def alertmanager(folder: Path, receiver: int) -> Iterator[str]:
    """An Alertmanager on a free loopback port that sends to `receiver`; its URL. It is ended by its process id."""
    binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not binary:
        required(
            "alertmanager is not installed (Debian: apt-get install --no-install-recommends prometheus-alertmanager)"
        )
    assert binary
    (folder / "am.yml").write_text(
        "route: {receiver: log, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: log, webhook_configs: [{{url: 'http://127.0.0.1:{receiver}/'}}]}}]\n"
    )
    port = free_port()
    command = [
        binary, f"--config.file={folder / 'am.yml'}", f"--storage.path={folder / 'am'}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "am.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is None and listens(process, port))
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def test_what_a_real_alertmanager_sends_and_answers_is_read(tmp_path: Path) -> None:
    """Fired, then resolved five minutes after its beginning; another one still fires."""
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - timedelta(minutes=10)
    one = {
        "labels": {"alertname": "Slow", "severity": "critical", "service": "shop"},
        "annotations": {"summary": "Orders are slow"},
        "startsAt": began.isoformat(),
    }
    other = {**one, "labels": {**one["labels"], "alertname": "Down"}}
    path = tmp_path / "hooks.jsonl"
    with hooks(path) as port, alertmanager(tmp_path, port) as url:
        ask(f"{url}/api/v2/alerts", [one, other])
        until(lambda: path.exists() and path.read_text().count('"firing"') >= 4)
        ended = began + timedelta(minutes=5)
        ask(f"{url}/api/v2/alerts", [{**one, "endsAt": ended.isoformat()}])
        until(lambda: '"resolved"' in path.read_text())
        (tmp_path / "alerts.json").write_text(json.dumps(ask(f"{url}/api/v2/alerts")))
    log = incident_log(path, as_of=now + timedelta(hours=1))
    assert log.format == "Alertmanager" and log.quarantine == ()
    assert [(i.detected_by, i.began, i.duration) for i in log.incidents] == [
        ("alert Down", began, None), ("alert Slow", began, timedelta(minutes=5)),
    ]  # fmt: skip
    assert {(i.title, i.impact, i.services) for i in log.incidents} == {("Orders are slow", "critical", ("shop",))}
    active = incident_log(tmp_path / "alerts.json", as_of=now + timedelta(hours=1))
    assert [(i.detected_by, i.open) for i in active.incidents] == [("alert Down", True)]


def test_what_a_real_prometheus_keeps_of_an_alert_is_read(
    prometheus_binaries: PrometheusBinaries, tmp_path: Path
) -> None:
    """An alert that waits three seconds before it fires: the wait is the time to detection, to within the step."""
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: g, interval: 1s, rules: "
        "[{alert: Slow, expr: vector(1), for: 3s, labels: {severity: page}}]}]\n"
    )
    config = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
    start = time.time()
    with running(prometheus_binaries, tmp_path, config) as url:

        def firing() -> object:
            answer = ask(
                f"{url}/api/v1/query?" + urlencode({"query": 'count_over_time(ALERTS{alertstate="firing"}[1m])'})
            )
            found = answer["data"]["result"]  # type: ignore[index]
            return found and float(found[0]["value"][1]) >= 3

        until(firing)
        window = {"start": start - 5, "end": time.time(), "step": 1, "query": '{__name__=~"ALERTS.*"}'}
        (tmp_path / "alerts.json").write_text(json.dumps(ask(f"{url}/api/v1/query_range?" + urlencode(window))))
    log = incident_log(tmp_path / "alerts.json", as_of=datetime.now(UTC))
    assert log.format == "Prometheus ALERTS" and log.quarantine == ()
    found = log.incidents[0]
    assert found.open and found.impact == "page" and found.detected_by == "alert Slow"
    assert timedelta(seconds=2) <= found.detected - found.began <= timedelta(seconds=6)
    assert found.flags == ("times to within 1 s",)
