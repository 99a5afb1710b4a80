"""VictoriaMetrics speaks Prometheus' language in a dialect of its own: the same counts must come out of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sre_kit.load.metrics import open_source
from sre_kit.load.metrics.prometheus import PrometheusSource
from tests.conftest import required
from tests.real.test_prometheus_live import END, HOUR, MINUTE, Generated, free_port, listens

pytestmark = pytest.mark.server

DAYS = timedelta(days=7)


def generated() -> Generated:
    """Seven days at one minute: counters that restart, one with a gap, one that is young, and a gauge."""
    random = np.random.default_rng(11)
    found = Generated()
    start = int((END - DAYS).timestamp())
    times = np.arange(start - 60, int(END.timestamp()) + 1, 60)
    for instance in "ab":
        resets = frozenset(random.integers(1, len(times), 3).tolist())
        found.counter(
            "http_requests_total", f'code="200",instance="{instance}"', times, random.poisson(50, len(times)), resets
        )
    found.counter("http_requests_total", 'code="500",instance="a"', times[5000:], random.poisson(1, len(times) - 5000))
    gappy = times[(times < start + 86_400) | (times > start + 90_000)]
    found.counter("gappy_total", 'instance="a"', gappy, random.poisson(5, len(gappy)))
    found.gauge("cpu_ratio", 'instance="a"', times, 0.5 + 0.4 * np.sin(times / 13_751))
    return found


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrometheusSource, Generated]]:
    """A VictoriaMetrics on a free loopback port with the samples imported; it is ended by its process id."""
    binary = shutil.which("victoria-metrics") or shutil.which("victoria-metrics-prod")
    if not binary:
        required("VictoriaMetrics is not installed (Debian: apt-get install --no-install-recommends victoria-metrics)")
    assert binary
    folder, port, made = tmp_path_factory.mktemp("victoria"), free_port(), generated()
    options = [f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=10y"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([binary, *options], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _ready(process, url, folder / "log")
        assert listens(process, port), f"another process listens on port {port}"
        # seconds in OpenMetrics, milliseconds in the text format that is imported
        text = re.sub(r" (\d+)$", r" \g<1>000", made.text().removesuffix("# EOF\n"), flags=re.MULTILINE)
        urllib.request.urlopen(f"{url}/api/v1/import/prometheus", data=text.encode(), timeout=60).close()
        urllib.request.urlopen(f"{url}/internal/force_flush", timeout=60).close()
        source = open_source(f"prometheus+{url}", timeout=timedelta(seconds=60))
        assert isinstance(source, PrometheusSource)
        yield source, made
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("VictoriaMetrics did not get ready: " + log.read_text()[-2000:])


@pytest.mark.parametrize("step", [MINUTE, 5 * MINUTE, HOUR], ids=str)
@pytest.mark.parametrize("name", ["http_requests_total", 'http_requests_total{code="500"}', "gappy_total"])
def test_counts_equal_what_was_generated(
    victoria: tuple[PrometheusSource, Generated], name: str, step: timedelta
) -> None:
    source, made = victoria
    found = source.increase(name, END - DAYS, END, step)
    known = made.events[name]
    known = known[(known.index >= END - DAYS) & (known.index < END)]
    truth = known.groupby(known.index.floor(step)).sum()
    pd.testing.assert_series_equal(found, truth, check_names=False, check_freq=False, check_dtype=False)


def test_a_gauge_is_what_was_written(victoria: tuple[PrometheusSource, Generated]) -> None:
    source, _ = victoria
    found = source.read("cpu_ratio", END - DAYS, END, HOUR)
    ends = int((END - DAYS).timestamp()) + 3600 * np.arange(1, 169)
    assert found.to_numpy() == pytest.approx(0.5 + 0.4 * np.sin(ends / 13_751), abs=1e-5)


def test_the_source_says_what_it_speaks_to(victoria: tuple[PrometheusSource, Generated]) -> None:
    source, _ = victoria
    assert "answers queries" in source.check()
