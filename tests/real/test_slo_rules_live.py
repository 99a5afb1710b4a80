"""The generated rule files in a live Prometheus: what it records of back-filled counters is what we compute."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, alert_properties
from sre_kit.compute.slo.budget import burn_rate_at
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.sloth import AlertMeta, SlothSLO
from sre_kit.compute.vocabulary import Requests
from sre_kit.emit.prometheus import prometheus_rules, sloth_id
from sre_kit.emit.sloth import sloth_rules
from tests.real.test_prometheus_live import running

if TYPE_CHECKING:
    from tests.conftest import PrometheusBinaries

pytestmark = pytest.mark.server

MINUTE = timedelta(minutes=1)
DAYS = 4
PERIOD = timedelta(days=2)
WINDOWS = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "2d": 2880, "3d": 4320}
SERVICES = ("steady", "burning", "silent", "flawless")


def counts(service: str, slots: int) -> tuple[np.ndarray, np.ndarray]:
    """Events and bad events of each minute."""
    random = np.random.default_rng(sum(map(ord, service)))
    total = random.poisson(400, slots)
    bad = random.binomial(total, {"flawless": 0.0}.get(service, 0.002))
    if service == "burning":
        bad[-90:] = random.binomial(total[-90:], 0.3)
    if service == "silent":
        total[-60:], bad[-60:] = 0, 0
    return total, bad


@dataclass(frozen=True)
class Live:
    """The server, and the events that its counters were filled with."""

    url: str
    events: dict[str, History]
    recorded: dict[tuple[str, str], tuple[float, float]]
    """(metric, sloth_id) -> time and value of one recorded sample."""
    firing: set[tuple[str, str]]

    def at(self, metric: str, slo: str) -> tuple[datetime, float]:
        """Time of the sample and its value."""
        when, value = self.recorded[metric, slo]
        return datetime.fromtimestamp(when, UTC), value


def objective(service: str) -> SLO:
    return SLO(
        name=f"{service}-availability", target=Fraction("0.995"), service=service, window=PERIOD,
        total=f'asked_total{{job="{service}"}}', bad=f'failed_total{{job="{service}"}}',
    )  # fmt: skip


THEIRS = SlothSLO(
    service="post", name="burning", target=Fraction("0.995"),
    page=AlertMeta("PostBurns"), ticket=AlertMeta("PostBurns"),
    error='sum(rate(failed_total{job="burning"}[{{.window}}]))',
    total='sum(rate(asked_total{job="burning"}[{{.window}}]))',
)  # fmt: skip


def ask(url: str, query: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/query?query={urllib.parse.quote(query)}", timeout=20) as answer:
        return list(json.load(answer)["data"]["result"])


def filled(folder: Path, now: datetime) -> tuple[str, dict[str, History]]:
    """OpenMetrics text of four days until this minute, and the same events as histories."""
    first = now.replace(second=0, microsecond=0) - timedelta(days=DAYS)
    slots = DAYS * 1440
    stamps = [int(first.timestamp()) + 60 * number for number in range(slots + 1)]
    lines: dict[str, list[str]] = {"asked_total": [], "failed_total": []}
    found = {}
    for service in SERVICES:
        total, bad = counts(service, slots)
        for name, added in (("asked_total", total), ("failed_total", bad)):
            # far from zero, where a rate is cut off
            values = 10**9 + np.concatenate([[0], np.cumsum(added)])
            pairs = zip(values.tolist(), stamps, strict=True)
            lines[name] += [f'{name}{{job="{service}"}} {value} {stamp}' for value, stamp in pairs]
        times = pd.date_range(pd.Timestamp(first), periods=slots, freq="1min", unit="us")
        frame = pd.DataFrame({"total": total, "good": total - bad}, index=times.rename("time"))
        known = Requests(name=service, frame=frame, source="made", start=first, end=first + slots * MINUTE, step=MINUTE)
        found[service] = history(objective(service), known)
    (folder / "metrics.om").write_text("\n".join([*lines["asked_total"], *lines["failed_total"], "# EOF", ""]))
    return str(folder / "metrics.om"), found


def recorded(url: str) -> dict[tuple[str, str], tuple[float, float]]:
    """One sample of each recorded series; taken when the last seconds lie within one minute, as a chain has to."""
    for _ in range(240):
        remaining = ask(url, "count(slo:period_error_budget_remaining:ratio)")
        if remaining and remaining[0]["value"][1] == str(len(SERVICES) + 1) and 8 < time.time() % 60 < 55:
            break
        time.sleep(0.5)
    else:
        pytest.fail("Prometheus recorded no metadata within two minutes")
    return {
        (one["metric"]["__name__"], one["metric"]["sloth_id"]): (
            float(one["values"][-1][0]),
            float(one["values"][-1][1]),
        )
        for one in ask(url, '{__name__=~"slo:.*"}[4s]')
    }


def firing_alerts(url: str) -> list[dict[str, Any]]:
    """Alerts that fire, once no more of them begin within three evaluations."""
    before: list[dict[str, Any]] = []
    for _ in range(20):
        alerts = ask(url, 'ALERTS{alertstate="firing"}')
        if alerts and len(alerts) == len(before):
            return alerts
        before = alerts
        time.sleep(3)
    return before


@pytest.fixture(scope="module")
def live(prometheus_binaries: PrometheusBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("rules")
    metrics, events = filled(folder, datetime.now(UTC))
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics"]
    subprocess.run([*command, metrics, str(folder / "data")], check=True, capture_output=True)
    (folder / "ours.rules.yaml").write_text(prometheus_rules([objective(one) for one in SERVICES]), encoding="utf-8")
    (folder / "theirs.rules.yaml").write_text(sloth_rules([THEIRS]), encoding="utf-8")
    config = "global: {evaluation_interval: 1s}\nrule_files: [ours.rules.yaml, theirs.rules.yaml]\n"
    with running(prometheus_binaries, folder, config) as url:
        series = recorded(url)
        alerts = firing_alerts(url)
        firing = {(one["metric"]["sloth_id"], one["metric"]["sloth_severity"]) for one in alerts}
        yield Live(url, events, series, firing)


def burn(one: History, minutes: int, at: datetime) -> Fraction | None:
    """Burn rate over the scrapes that lie in a window of `minutes` until `at`; nothing is scraped after the last."""
    first = one.start + -(-(at - minutes * MINUTE - one.start) // MINUTE) * MINUTE
    return burn_rate_at(one, one.end - first, one.end)


def expected(one: History, minutes: int, at: datetime) -> float:
    """The same, where there is traffic."""
    found = burn(one, minutes, at)
    assert found is not None
    return float(found)


@pytest.mark.parametrize("service", SERVICES)
def test_recorded_ratios_are_the_burn_rates_that_we_compute(live: Live, service: str) -> None:
    one = live.events[service]
    seen = 0
    for name, minutes in WINDOWS.items():
        metric = f"slo:sli_error:ratio_rate{name}"
        if service == "silent" and minutes <= 60:
            assert (metric, sloth_id(one.slo)) not in live.recorded
            continue
        at, value = live.at(metric, sloth_id(one.slo))
        assert value / float(one.slo.budget_ratio) == pytest.approx(expected(one, minutes, at), rel=1e-9, abs=1e-12)
        seen += 1
    assert seen >= 5


@pytest.mark.parametrize("service", SERVICES)
def test_the_metadata_chain_gives_current_burn_period_burn_and_what_remains(live: Live, service: str) -> None:
    one, key = live.events[service], sloth_id(live.events[service].slo)
    at, period = live.at("slo:period_burn_rate:ratio", key)
    assert period == pytest.approx(expected(one, WINDOWS["2d"], at), rel=1e-9, abs=1e-12)
    at, remaining = live.at("slo:period_error_budget_remaining:ratio", key)
    assert remaining == pytest.approx(1 - expected(one, WINDOWS["2d"], at), rel=1e-9, abs=1e-9)
    if service != "silent":
        at, current = live.at("slo:current_burn_rate:ratio", key)
        assert current == pytest.approx(expected(one, 5, at), rel=1e-9, abs=1e-12)
    assert live.at("slo:objective:ratio", key)[1] == 0.995
    assert live.at("slo:error_budget:ratio", key)[1] == pytest.approx(0.005, rel=1e-12)
    assert live.at("slo:time_period:days", key)[1] == 2


@pytest.mark.parametrize("service", SERVICES)
def test_the_alerts_that_fire_are_those_that_we_say_fire(live: Live, service: str) -> None:
    one, key = live.events[service], sloth_id(live.events[service].slo)
    at = live.at("slo:period_burn_rate:ratio", key)[0]
    for severity in ("page", "ticket"):
        pairs = [pair for pair in alert_properties(one.slo, WORKBOOK_POLICY) if pair.alert.severity == severity]
        ours = any(
            all(
                (burn(one, window // MINUTE, at) or 0) > pair.factor
                for window in (pair.alert.short_window, pair.alert.long_window)
            )
            for pair in pairs
        )
        assert ((key, severity) in live.firing) == ours, severity
    assert ((key, "page") in live.firing) == (service == "burning")


def test_the_rules_of_a_sloth_specification_record_the_same_ratios(live: Live) -> None:
    one = live.events["burning"]
    for name, minutes in WINDOWS.items():
        if name == "2d":
            continue
        at, value = live.at(f"slo:sli_error:ratio_rate{name}", "post-burning")
        assert value / 0.005 == pytest.approx(expected(one, minutes, at), rel=1e-9)
    assert ("post-burning", "page") in live.firing
    # Sloth's period is the mean of what was recorded so far: a few seconds of the same minute
    current = live.at("slo:current_burn_rate:ratio", "post-burning")[1]
    assert live.at("slo:period_burn_rate:ratio", "post-burning")[1] == pytest.approx(current, rel=0.2)
