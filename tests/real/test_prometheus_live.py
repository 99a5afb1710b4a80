"""A real Prometheus, back-filled with counters whose every event is known."""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sre_kit.errors import SourceError, UnreachableError
from sre_kit.load.measurements import reading, requests
from sre_kit.load.metrics import Auth, open_source
from sre_kit.load.metrics.prometheus import PrometheusSource
from sre_kit.store.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.conftest import PrometheusBinaries

pytestmark = pytest.mark.server

END = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WINDOW = 30 * DAY


@dataclass
class Generated:
    """Series as they were scraped, and what each minute truly added after a series' first sample."""

    lines: list[str] = field(default_factory=list)
    events: dict[str, pd.Series] = field(default_factory=dict)

    def counter(
        self, name: str, labels: str, times: np.ndarray, added: np.ndarray, resets: frozenset[int] = frozenset()
    ) -> None:
        """A counter that gains `added[i]` before the scrape at `times[i]`, and restarts before those in `resets`."""
        value, rows = 0, []
        for number, (when, count) in enumerate(zip(times.tolist(), added.tolist(), strict=True)):
            # a counter that restarts and overtakes its old value between two scrapes looks as if it had not
            value = count if number in resets and count < value else value + count
            rows.append(f"{name}{{{labels}}} {value} {when}")
        self.lines += rows
        index = pd.DatetimeIndex(pd.to_datetime(np.ceil(times[1:]) - 1, unit="s", utc=True)).floor("min")
        known = pd.Series(added[1:], index=index).groupby(level=0).sum()
        first_label = labels.partition(",")[0]
        for key in {name, f"{name}{{{first_label}}}"}:
            self.events[key] = self.events.get(key, pd.Series(dtype=float)).add(known, fill_value=0)

    def gauge(self, name: str, labels: str, times: np.ndarray, values: np.ndarray) -> None:
        """A gauge."""
        self.lines += [
            f"{name}{{{labels}}} {value:.6g} {when}"
            for when, value in zip(times.tolist(), values.tolist(), strict=True)
        ]

    def text(self) -> str:
        """As OpenMetrics; families must not be mixed."""
        return "\n".join([*sorted(self.lines, key=lambda line: line.partition("{")[0]), "# EOF", ""])


def generated() -> Generated:
    """30 days at one minute: three instances, resets, late and short-lived series, gaps, 200 counters; 90 days."""
    random = np.random.default_rng(7)
    found = Generated()
    start = int((END - WINDOW).timestamp())
    times = np.arange(start - 60, int(END.timestamp()) + 1, 60)
    for instance in "abc":
        resets = frozenset(random.integers(1, len(times), 4).tolist())
        found.counter(
            "http_requests_total", f'code="200",instance="{instance}"', times, random.poisson(50, len(times)), resets
        )
        found.counter(
            "http_requests_total",
            f'code="500",instance="{instance}"',
            times[20_000:],
            random.poisson(0.2, len(times) - 20_000),
        )
    gappy = times[(times < start + 360) | (times > start + 600)]
    gappy = gappy[(gappy < start + 86_400) | (gappy > start + 90_000)]
    found.counter("gappy_total", 'instance="a"', gappy, random.poisson(5, len(gappy)))
    found.counter("short_total", 'job="batch"', times[1003:1021], random.poisson(9, 18))
    # scraped every 15 s, a few milliseconds late each time, restarted between minutes
    quick = np.arange(start - 15, start + 3 * 86_400, 15) + random.integers(1, 900, 3 * 5_760 + 1) / 1000
    found.counter("fast_total", 'instance="a"', quick, random.poisson(4, len(quick)), frozenset({777, 1501, 9003}))
    # restarts between the last scrape of an hour and the first of the next, and has caught up when the hour ends
    offset = np.arange(start - 30, start + 2 * 86_400, 60)
    hourly = frozenset(range(61, len(offset), 60))
    found.counter("caught_up_total", 'instance="a"', offset, 2 + np.arange(len(offset)) // 60, hourly)
    # pauses from three minutes before the window until ten minutes after its beginning
    paused = np.concatenate([np.arange(start - 600, start - 170, 60), np.arange(start + 600, start + 7200, 60)])
    found.counter("paused_total", 'instance="a"', paused, random.poisson(30, len(paused)) + 1)
    found.counter("bounced_total", "", times[:2000], np.full(2000, 3), frozenset({617, 619, 1205}))
    for number in range(200):
        length = int(random.integers(2, 400))
        first = int(random.integers(1, 2000))
        resets = frozenset(random.integers(1, length, int(random.integers(0, 6))).tolist())
        found.counter(
            "many_total",
            f'n="{number}"',
            times[first : first + length],
            random.poisson(random.uniform(0, 20), length),
            resets,
        )
    long = np.arange(int((END - 90 * DAY).timestamp()) - 60, int(END.timestamp()) + 1, 60)
    found.counter("long_total", "", long, random.poisson(10, len(long)))
    found.gauge("cpu_ratio", 'instance="a"', times, 0.5 + 0.4 * np.sin(times / 13_751))
    found.gauge("cpu_ratio", 'instance="b"', times, 0.4 + 0.2 * np.sin(times / 13_751))
    return found


@dataclass(frozen=True)
class Live:
    """The running server and what is in it."""

    url: str
    events: dict[str, pd.Series]

    def source(self, series_cap: int = 500) -> PrometheusSource:
        """It, as a source."""
        found = open_source(f"prometheus+{self.url}", timeout=timedelta(seconds=120), series_cap=series_cap)
        assert isinstance(found, PrometheusSource)
        return found

    def ask(self, query: str, at: datetime) -> list[dict[str, object]]:
        """Prometheus' own answer, by another client."""
        quoted = urllib.request.quote(query)
        with urllib.request.urlopen(f"{self.url}/api/v1/query?query={quoted}&time={at.timestamp()}") as answer:
            return list(json.load(answer)["data"]["result"])

    def truth(self, name: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """Events per step, from the generator."""
        known = self.events[name]
        known = known[(known.index >= start) & (known.index < end)]
        return known.groupby(known.index.floor(step)).sum()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the listener on `port` is this very process."""
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A"
    }
    held = set()
    for one in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            held.update(re.findall(r"socket:\[(\d+)\]", str(one.readlink())))
        except FileNotFoundError:
            continue
    return bool(inodes & held)


@contextmanager
def running(binaries: PrometheusBinaries, folder: Path, config: str) -> Iterator[str]:
    """A Prometheus on a free loopback port; its URL. It is ended by its process id."""
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    command = [
        binaries.prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
    ]
    command += ["--storage.tsdb.retention.time=1y", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            try:
                with urllib.request.urlopen(f"{url}/-/ready", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("Prometheus did not get ready: " + (folder / "log").read_text()[-2000:])
        assert listens(process, port), f"another process listens on port {port}"
        yield url
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def live(prometheus_binaries, tmp_path_factory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("prometheus")
    made = generated()
    (folder / "metrics.om").write_text(made.text())
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics"]
    subprocess.run([*command, str(folder / "metrics.om"), str(folder / "data")], check=True, capture_output=True)
    with running(prometheus_binaries, folder, "global: {scrape_interval: 1m}\n") as url:
        yield Live(url, made.events)


STEPS = (MINUTE, 5 * MINUTE, HOUR, DAY)


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize(
    "name",
    [
        "http_requests_total",
        "gappy_total",
        "short_total",
        "bounced_total",
        "many_total",
        "fast_total",
        "caught_up_total",
        "paused_total",
    ],
)
def test_events_per_step_equal_what_was_generated(live: Live, name: str, step: timedelta):
    """Resets, gaps, late, short-lived and 200 small series, at every step: exact; missing where nothing was seen."""
    found = live.source().increase(name, END - WINDOW, END, step)
    truth = live.truth(name, END - WINDOW, END, step)
    assert found.index.equals(truth.index)
    assert (found == truth).all()
    assert "extrapolated" not in found.attrs


def test_a_sum_over_sloths_open_window_is_counted_the_same_way(live: Live):
    query = 'sum(rate(http_requests_total{code="500"}[{{.window}}]))'
    source = live.source()
    found = source.increase(query, END - WINDOW, END, HOUR)
    pd.testing.assert_series_equal(
        found, source.increase('http_requests_total{code="500"}', END - WINDOW, END, HOUR), check_names=False
    )


def test_ninety_days_at_a_minute_come_in_chunks_and_equal_the_generators_sum(live: Live):
    """129,600 points, where the server gives 11,000 at once."""
    found = live.source().increase("long_total", END - 90 * DAY, END, MINUTE)
    assert len(found) == 129_600
    assert found.sum() == live.truth("long_total", END - 90 * DAY, END, 90 * DAY).sum()


def test_prometheus_own_increase_agrees_within_its_extrapolation(live: Live):
    """increase() stretches what it saw to the edges of its window: at most one scrape interval of traffic at each."""
    ours = live.source().increase("http_requests_total", END - WINDOW, END, HOUR).sum()
    (theirs,) = live.ask("sum(increase(http_requests_total[30d]))", END)
    assert float(theirs["value"][1]) == pytest.approx(ours, rel=2 / (30 * 1440) + 1e-6)


def test_two_hundred_counters_agree_with_increase_once_its_extrapolation_is_taken_out(live: Live):
    """FAULTS F7, differential: over a window of exactly its samples increase() has no edge to extrapolate to."""
    source = live.source()
    series = live.ask("many_total[60d]", END)
    assert len(series) == 200
    compared = 0
    for one in series:
        times = [when for when, _ in one["values"]]
        first, last = datetime.fromtimestamp(times[0], tz=UTC), datetime.fromtimestamp(times[-1], tz=UTC)
        selector = f'many_total{{n="{one["metric"]["n"]}"}}'
        (theirs,) = live.ask(f"increase({selector}[{int(times[-1] - times[0])}s])", last)
        ours = source.increase(selector, first, last, last - first).sum()
        assert float(theirs["value"][1]) == pytest.approx(ours, rel=1e-9, abs=1e-9)
        compared += 1
    assert compared == 200


def test_above_the_cap_the_servers_estimate_is_close_and_labelled(live: Live):
    found = live.source(series_cap=5).increase("http_requests_total", END - WINDOW, END, HOUR)
    assert found.attrs["extrapolated"] is True
    assert found.sum() == pytest.approx(live.truth("http_requests_total", END - WINDOW, END, WINDOW).sum(), rel=0.03)


def test_a_gauge_is_what_prometheus_says(live: Live):
    found = live.source().read("avg(cpu_ratio)", END - DAY, END, 5 * MINUTE)
    assert len(found) == 288
    for at in (found.index[0], found.index[100], found.index[-1]):
        (theirs,) = live.ask("avg(cpu_ratio)", at.to_pydatetime() + 5 * MINUTE)
        assert found[at] == float(theirs["value"][1])


def test_an_objective_equals_the_generators_counts(live: Live):
    good = live.truth('http_requests_total{code="200"}', END - WINDOW, END, WINDOW).sum()
    bad = live.truth('http_requests_total{code="500"}', END - WINDOW, END, WINDOW).sum()
    names = {"all": "http_requests_total", "failed": 'http_requests_total{code="500"}'}
    source = open_source(f"prometheus+{live.url}", timeout=timedelta(seconds=120), queries=names)
    for queries in ({"good_query": 'http_requests_total{code="200"}'}, {"good_query": "", "bad_query": "failed"}):
        found = requests(
            source, None, "availability", total_query="all", start=END - WINDOW, end=END, step=5 * MINUTE, **queries
        )
        assert found.gap == ""
        assert (found.total, found.bad) == (good + bad, bad)
        assert found.coverage == 1
        assert not found.extrapolated


def test_errors_that_never_happened_are_none_and_a_misspelt_metric_is_a_gap(live: Live):
    def bad(query: str) -> str:
        found = requests(live.source(), None, "a", "", "http_requests_total", END - DAY, END, HOUR, bad_query=query)
        return found.gap or f"{found.bad} bad"

    assert bad('http_requests_total{code="599"}') == "0 bad"
    assert "does not know the metric" in bad('http_request_total{code="500"}')


def test_a_second_render_of_a_closed_window_needs_no_network(live: Live, tmp_path: Path):
    source = live.source()
    first = requests(
        source,
        Snapshot(tmp_path, END, "one"),
        "a",
        'http_requests_total{code="200"}',
        "http_requests_total",
        END - DAY,
        END,
        HOUR,
    )
    gone = PrometheusSource(source.server, source.account, source.series_cap)
    object.__setattr__(gone.server, "timeout", timedelta(microseconds=1))
    with pytest.raises(SourceError):
        gone.read("up", END - DAY, END, HOUR)
    again = requests(
        gone,
        Snapshot(tmp_path, END, "two"),
        "a",
        'http_requests_total{code="200"}',
        "http_requests_total",
        END - DAY,
        END,
        HOUR,
    )
    pd.testing.assert_frame_equal(first.frame, again.frame)


def test_a_refused_query_is_a_gap_with_the_servers_own_words(live: Live):
    found = reading(live.source(), None, "cpu", "cpu_ratio", END - DAY, END, HOUR)
    assert "gives 2 series" in found.gap
    many = reading(live.source(), None, "x", 'label_replace(cpu_ratio, "a", "$1", "b", "(")', END - DAY, END, HOUR)
    assert "HTTP 422" in many.gap or "HTTP 400" in many.gap
    assert "invalid regular expression" in many.gap


@dataclass
class Target:
    """A small program that is scraped: every value it ever showed, in order."""

    value: int = 0
    shown: list[int] = field(default_factory=list)
    down: bool = False


@contextmanager
def scraped() -> Iterator[tuple[Target, int]]:
    """A target on a free loopback port."""
    target = Target()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if target.down:
                self.send_error(503)
                return
            target.value += 7
            target.shown.append(target.value)
            body = f"# TYPE seen_total counter\nseen_total {target.value}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        try:
            yield target, web.server_address[1]
        finally:
            web.shutdown()
            thread.join(10)


@pytest.mark.slow
def test_a_program_that_is_really_scraped_restarts_and_goes_away(prometheus_binaries, tmp_path: Path):
    """Stale markers and restarts as Prometheus itself writes them: every increment is counted, silence is missing."""
    with scraped() as (target, port):
        config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        config += f"scrape_configs: [{{job_name: a, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        with running(prometheus_binaries, tmp_path, config) as url:
            began = time.time()
            while len(target.shown) < 5 and time.time() < began + 60:
                time.sleep(0.1)
            target.value = 0  # a restart
            while len(target.shown) < 10 and time.time() < began + 60:
                time.sleep(0.1)
            target.down = True
            time.sleep(4)
            assert len(target.shown) >= 10, (tmp_path / "log").read_text()[-2000:]
            start = datetime.fromtimestamp(int(began) - 10, tz=UTC)
            end = start + timedelta(seconds=140)
            source = open_source(f"prometheus+{url}")
            assert isinstance(source, PrometheusSource)
            for seconds in (1, 2, 7, 140):
                found = source.increase("seen_total", start, end, timedelta(seconds=seconds))
                # 7 per scrape, also over the restart; the first sample begins the count and adds nothing
                assert found.sum() == 7 * (len(target.shown) - 1)
                assert found.min() > 0
                assert len(found) <= len(target.shown)


@dataclass(frozen=True)
class Certificates:
    """PEM files of an authority, of a server on 127.0.0.1 and of a client."""

    folder: Path
    openssl: str

    def make(self) -> Certificates:
        """With openssl, valid for a day."""

        def run(*arguments: str) -> None:
            subprocess.run([self.openssl, *arguments], check=True, capture_output=True, cwd=self.folder)

        key = ["-newkey", "rsa:2048", "-nodes"]
        run("req", "-x509", *key, "-days", "1", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")
        (self.folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        for name in ("server", "client"):
            run("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
            sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "ext"]
            run("x509", "-req", "-in", f"{name}.csr", *sign, "-out", f"{name}.pem")
        return self


@dataclass
class Secure:
    """A small HTTPS server that answers as a Prometheus and keeps the headers it was sent."""

    url: str
    certificates: Path
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def certificates(openssl_binary: str, tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"), openssl_binary).make()


@pytest.fixture(params=[False, True], ids=["any client", "known client"])
def secure(request, certificates: Certificates) -> Iterator[Secure]:
    found = Secure("", certificates.folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            body = json.dumps(
                {"status": "success", "data": {"resultType": "vector", "result": [], "version": "9"}}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.folder / "server.pem", certificates.folder / "server.key")
    if request.param:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.folder / "ca.pem")
    with Quiet(("127.0.0.1", 0), Handler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        found.url = f"prometheus+https://127.0.0.1:{web.server_address[1]}"
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield found
        web.shutdown()
        thread.join(10)


KNOWN_CLIENT = {"client_certificate": "client.pem", "client_key": "client.key"}


@pytest.mark.parametrize(
    ("auth", "header", "sent"),
    [
        ({"token_env": "SRE_KIT_TEST_TOKEN"}, "authorization", "Bearer s3cret"),
        ({"token_file": "token"}, "authorization", "Bearer from-file"),
        (
            {"username": "u", "password_env": "SRE_KIT_TEST_TOKEN"},
            "authorization",
            "Basic " + base64.b64encode(b"u:s3cret").decode(),
        ),
        ({"tenant": "shop|eu"}, "x-scope-orgid", "shop|eu"),
    ],
)
def test_credentials_arrive_over_tls_as_they_should(secure: Secure, monkeypatch, auth, header, sent):
    monkeypatch.setenv("SRE_KIT_TEST_TOKEN", "s3cret")
    (secure.certificates / "token").write_text("from-file\n")
    (secure.certificates / "token").chmod(0o600)
    source = open_source(secure.url, auth=Auth(ca_file="ca.pem", **KNOWN_CLIENT, **auth), base=secure.certificates)
    assert source.check().endswith("answers queries, version 9")
    assert all(one[header] == sent for one in secure.headers)


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(secure: Secure, monkeypatch):
    monkeypatch.setenv("SRE_KIT_TEST_TOKEN", "s3cret")
    source = open_source(secure.url, auth=Auth(token_env="SRE_KIT_TEST_TOKEN"), base=secure.certificates)
    with pytest.raises(UnreachableError, match=r"certificate is not trusted .*source\.auth\.ca_file"):
        source.check()
    assert secure.headers == []


def test_a_server_that_wants_a_client_certificate_says_so(secure: Secure, request):
    source = open_source(secure.url, auth=Auth(ca_file="ca.pem"), base=secure.certificates)
    if "any client" in request.node.name:
        assert "version 9" in source.check()
    else:
        with pytest.raises(UnreachableError, match=r"source\.auth\.client_certificate"):
            source.check()
