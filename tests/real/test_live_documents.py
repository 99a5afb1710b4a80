"""All six documents of an own project from a live Prometheus: the numbers in them are the generator's counts."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sre_kit.check import bundle, evaluate
from sre_kit.cli import main
from tests.conftest import PrometheusBinaries
from tests.real.test_prometheus_live import END, WINDOW, Generated, running

pytestmark = [pytest.mark.server, pytest.mark.slow]

PARAMS = """\
project: {{name: Kiosk, path: kiosk}}
as_of: 2026-06-01
source: {{url: "prometheus+{url}", step: 5min, scrape_interval: 1min, retention: 30d}}
slos:
  - name: till-availability
    service: till
    journey: a customer pays at the till
    target: 99.5 %
    window: 30d
    good: http_requests_total{{job="till",code!~"5.."}}
    total: http_requests_total{{job="till"}}
    good_means: answers other than 5xx
    total_means: all requests
    measured_at: the till's own counter
    owner: Ada Example
performance:
  window: 30d
  endpoints:
    - name: till
      service: till
      total: http_requests_total{{job="till"}}
      good: http_requests_total{{job="till",code!~"5.."}}
capacity:
  horizon: 30d
  history: 30d
  resources:
    - {{name: till CPU, component: till, query: cpu_ratio, limit: 1.0, lead_time: 14d, owner: Ada Example}}
"""


def generated() -> Generated:
    """Thirty days at one minute: two tills that restart now and then, their errors, and a gauge."""
    random = np.random.default_rng(23)
    found = Generated()
    times = np.arange(int((END - WINDOW).timestamp()) - 60, int(END.timestamp()) + 1, 60)
    for instance in "ab":
        resets = frozenset(random.integers(1, len(times), 3).tolist())
        ok, bad = random.poisson(20, len(times)), random.poisson(0.08, len(times))
        found.counter("http_requests_total", f'job="till",code="200",instance="{instance}"', times, ok, resets)
        found.counter("http_requests_total", f'job="till",code="500",instance="{instance}"', times, bad)
    found.gauge("cpu_ratio", 'instance="a"', times, 0.45 + 0.2 * np.sin(times / 13_751))
    return found


@pytest.fixture(scope="module")
def kiosk(
    prometheus_binaries: PrometheusBinaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, int, int]]:
    """The project with its documents; how many requests there were, and how many failed."""
    home = tmp_path_factory.mktemp("kiosk")
    random = generated()
    (home / "metrics.om").write_text(random.text(), encoding="utf-8")
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics"]
    subprocess.run([*command, str(home / "metrics.om"), str(home / "data")], check=True, capture_output=True)
    documents = home / "kiosk" / "docs" / "Project Manager"
    documents.mkdir(parents=True)
    (documents / "PRD.md").write_text("# PRD\n\n- Availability target of the till: 99.5 % over 30 days\n", "utf-8")
    with running(prometheus_binaries, home, "global: {scrape_interval: 1m}\n") as url:
        (home / "kiosk.yaml").write_text(PARAMS.format(url=url), encoding="utf-8")
        assert main(["render", "--params", str(home / "kiosk.yaml")]) == 0
    known = random.events["http_requests_total"]
    known = known[(known.index >= END - WINDOW) & (known.index < END)]
    total = int(known.sum())
    yield home / "kiosk" / "docs" / "SRE", total, _errors(random)


def _errors(made: Generated) -> int:
    """Failed requests in the window, counted from the samples themselves; these counters never restart."""
    first, last = int((END - WINDOW).timestamp()), int(END.timestamp())
    count = 0
    for instance in "ab":
        values = {}
        for line in made.lines:
            if 'code="500"' in line and f'instance="{instance}"' in line:
                _, value, when = line.rsplit(" ", 2)
                values[int(when)] = int(value)
        count += values[last] - values[first]
    return count


def records(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["records"]
    return found


def test_the_budget_is_the_generators_count_to_the_event(kiosk: tuple[Path, int, int]) -> None:
    folder, total, bad = kiosk
    found = records(folder)
    assert found["slo.till-availability.events_total"]["value"] == total
    assert found["slo.till-availability.events_bad"]["value"] == bad
    assert found["slo.till-availability.budget_spent_share"]["value"] == pytest.approx(bad / (0.005 * total))


def test_the_same_number_stands_in_every_document(kiosk: tuple[Path, int, int]) -> None:
    folder, total, bad = kiosk
    shown = f"{100 * (1 - bad / total):.3f} %"
    for name in ("SLODefinitions", "SREHandoff"):
        assert shown in (folder / f"{name}.md").read_text(encoding="utf-8"), name
    text = (folder / "SLODefinitions.md").read_text(encoding="utf-8")
    assert f"{total:,} events" in text
    assert re.search(rf"\|\s*{bad:,} \|", text)
    found = records(folder)
    assert found["reliability.availability.till"]["value"] == pytest.approx(1 - bad / total)
    assert found["performance.till.error_ratio"]["value"] == pytest.approx(bad / total)
    assert found["performance.till.rate"]["value"] == pytest.approx(total / WINDOW.total_seconds())
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["disagreements"] == []


def test_the_use_of_a_resource_is_that_of_the_gauge(kiosk: tuple[Path, int, int]) -> None:
    folder, _, _ = kiosk
    found = records(folder)
    assert found["capacity.till-cpu.peak_share"]["value"] == pytest.approx(0.65, abs=0.001)


def test_no_point_of_the_rubric_fails(kiosk: tuple[Path, int, int]) -> None:
    folder, _, _ = kiosk
    assert len(list(folder.glob("*.md"))) == 6
    assert [one for one in evaluate(bundle(folder)) if one.state == "failed"] == []
