"""Our burn rates and alerts against Prometheus and promtool, on more than two hundred generated services."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sre_kit.compute.slo.alerting import BurnRateAlert, alert_properties
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import AlertRule, burn_rate_policy
from sre_kit.compute.slo.replay import fired
from sre_kit.compute.slo.replay import firing as replayed
from sre_kit.compute.vocabulary import Requests
from sre_kit.emit.absent import data_rules
from sre_kit.emit.prometheus import error_ratio, prometheus_rules, rule_groups, sloth_id
from sre_kit.load.measurements import bucket_checked, requests, steps
from sre_kit.load.metrics import open_source
from sre_kit.load.metrics.counters import Steps
from sre_kit.store.snapshot import Snapshot
from tests.real.test_prometheus_live import running

if TYPE_CHECKING:
    from tests.conftest import PrometheusBinaries

pytestmark = pytest.mark.server

END = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LENGTH = 420
"""Minutes of every service."""
SERVICES = 208
KINDS = ("steady", "bursts", "silent hour", "late errors", "resets", "gaps", "tiny", "flawless")
WINDOWS = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR)
SHORT, LONG = 4 * MINUTE, 59 * MINUTE
"""What windows of 5 minutes and an hour hold when they end between two scrapes."""
PAGE = BurnRateAlert("page", Fraction(2, 100), HOUR, 5 * MINUTE)


@dataclass(frozen=True)
class Service:
    """Counters as they were scraped each minute; NaN where a scrape is missing or the series is not there yet."""

    number: int
    good: np.ndarray
    bad: np.ndarray

    @property
    def kind(self) -> str:
        return KINDS[self.number % len(KINDS)]

    @property
    def slo(self) -> SLO:
        query = f'req_total{{n="{self.number}"}}'
        bad = f'req_total{{n="{self.number}",code="500"}}'
        target = Fraction(("0.99", "0.999", "0.9995", "0.95")[self.number // len(KINDS) % 4])
        return SLO(f"s{self.number}", target, query, f"s{self.number}", bad=bad)

    @property
    def series(self) -> Iterator[tuple[str, np.ndarray]]:
        for code, values in (("200", self.good), ("500", self.bad)):
            if np.isfinite(values).any():
                yield f'req_total{{n="{self.number}",code="{code}"}}', values

    def edge(self, over: timedelta) -> np.ndarray:
        """Minutes at which a window of `over` has a sample of each series at both its edges, so none to guess."""
        width, calm = over // MINUTE, np.ones(LENGTH + 1, dtype=bool)
        for _, values in self.series:
            known = np.isfinite(values)
            calm &= known & np.concatenate([np.zeros(width, dtype=bool), known[: LENGTH + 1 - width]])
        return calm


def service(number: int) -> Service:
    """One of `KINDS`, from its number alone."""
    random, kind = np.random.default_rng(1000 + number), KINDS[number % len(KINDS)]
    per_minute = 0.4 if kind == "tiny" else float(random.uniform(5, 3000))
    good, bad = random.poisson(per_minute, LENGTH + 1), random.poisson(per_minute * 0.002, LENGTH + 1)
    if kind != "flawless":
        for begin in random.integers(0, LENGTH - 40, 2):
            bad[begin : begin + 25] += random.poisson(per_minute * random.uniform(0.02, 1), 25)
    if kind == "silent hour":
        good[200:261] = bad[200:261] = 0
    # they have run for long: near zero Prometheus stretches the two counters of a ratio differently
    ups = [1e9 + np.cumsum(events).astype(float) for events in (good, bad)]
    if kind == "resets":
        for up in ups:
            for at in random.integers(5, LENGTH, 4):
                up[at:] -= up[at] - min(up[at] - up[at - 1], 1)  # begins again at 0 or 1
                up[at:] = np.where(up[at:] < 0, 0, up[at:])
    if kind == "gaps":
        for up in ups:
            up[120:130] = np.nan
    if kind == "late errors":
        ups[1][:170] = np.nan
    if kind == "flawless":
        ups[1][:] = np.nan
    return Service(number, *ups)


ALL = [service(number) for number in range(SERVICES)]


def counted(one: Service) -> History:
    """What our own reader of counters makes of the samples, each at its minute."""
    start, ticks = END - LENGTH * MINUTE, np.arange(LENGTH + 1) * 60.0
    rows = []
    for values in (one.good, one.bad):
        sums = Steps(start, END, MINUTE)
        sums.add(start.timestamp() + ticks, values, "req_total")
        rows.append(sums.series("req_total"))
    total = rows[0].add(rows[1], fill_value=0)
    frame = pd.DataFrame({"total": total, "good": total - rows[1].reindex(total.index).fillna(0)})
    return history(one.slo, Requests(one.slo.name, frame.rename_axis("time"), "generated", start, END, MINUTE))


@dataclass(frozen=True)
class Live:
    url: str
    folder: Path

    def range(self, query: str, late: float = 0) -> list[dict[str, Any]]:
        """Prometheus' own answer each minute, `late` seconds after it, by another client than ours."""
        start = (END - LENGTH * MINUTE).timestamp() + late
        asked = {"query": query, "start": start, "end": END.timestamp(), "step": 60}
        with urllib.request.urlopen(f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(asked)}") as answer:
            return list(json.load(answer)["data"]["result"])

    def minutes(self, query: str, late: float = 0) -> np.ndarray:
        """One series by minute since the beginning, NaN where it is absent."""
        found = np.full(LENGTH + 1, np.nan)
        result = self.range(query, late)
        assert len(result) <= 1
        for when, value in result[0]["values"] if result else []:
            found[int((when - (END - LENGTH * MINUTE).timestamp()) // 60)] = float(value)
        return found

    def recorded_late(self, selector: str) -> float:
        """How long after the full minute a rule was evaluated: promtool spreads the groups over the interval."""
        asked = urllib.parse.urlencode({"query": f"timestamp({selector})", "time": END.timestamp()})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{asked}") as answer:
            (one,) = json.load(answer)["data"]["result"]
        return float(one["value"][1]) % 60


def openmetrics() -> str:
    start = int((END - LENGTH * MINUTE).timestamp())
    lines = ["# TYPE req counter"]
    for one in ALL:
        for name, values in one.series:
            lines += [f"{name} {v:.0f} {start + 60 * k}" for k, v in enumerate(values) if np.isfinite(v)]
    lines.append("# TYPE lat_seconds histogram")
    for bound, share in (("0.1", 5), ("0.25", 8), ("0.5", 9), ("1.0", 10), ("+Inf", 10)):
        lines += [f'lat_seconds_bucket{{job="a",le="{bound}"}} {share * k} {start + 60 * k}' for k in range(LENGTH + 1)]
    for bound, share in (("0.2", 5), ("0.5", 9), ("+Inf", 10)):  # another release, with other buckets, for an hour
        lines += [f'lat_seconds_bucket{{job="b",le="{bound}"}} {share * k} {start + 60 * k}' for k in range(61)]
    lines += [f'lat_seconds_count{{job="a"}} {10 * k} {start + 60 * k}' for k in range(LENGTH + 1)]
    lines += [f'lat_seconds_count{{job="b"}} {10 * k} {start + 60 * k}' for k in range(61)]
    lines.append("# TYPE lag gauge")
    lines += [f"lag {300 if 100 <= k < 130 else 5} {start + 60 * k}" for k in range(LENGTH + 1)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def live(prometheus_binaries: PrometheusBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("slo")
    (folder / "metrics.om").write_text(openmetrics())
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*command, str(folder / "metrics.om"), str(folder / "data")], check=True, capture_output=True)
    with running(prometheus_binaries, folder, "global: {scrape_interval: 1m}\n") as url:
        yield Live(url, folder)


def ours(one: History, over: timedelta) -> np.ndarray:
    """Bad share over the window that ends at each minute; NaN without traffic."""
    total, bad = one.trailing(over)
    busy = total > 0
    share = np.full(len(total) + 1, np.nan)
    share[1:][busy] = bad[busy] / total[busy]
    return share


def test_the_rules_own_expressions_agree_with_our_burn_rates_minute_by_minute(live: Live) -> None:
    """Where a window has a sample at both edges there is nothing to extrapolate, and the two must be equal."""
    compared, services = 0, 0
    for one in ALL:
        kept = counted(one)
        for over in WINDOWS:
            theirs, mine = live.minutes(error_ratio(one.slo, over)), ours(kept, over)
            at = one.edge(over)
            np.testing.assert_allclose(theirs[at], mine[at], rtol=1e-9, atol=1e-12, err_msg=f"{one.number} {over}")
            compared += int(at.sum())
        services += 1
    assert services == SERVICES >= 200
    assert compared > 200_000


def test_our_reader_counts_what_the_server_holds(live: Live) -> None:
    """The same events through the client, for each kind of trouble: resets, gaps, late series, silence."""
    source = open_source(f"prometheus+{live.url}", timeout=timedelta(seconds=60))
    for one in ALL[: 2 * len(KINDS)]:
        slo = one.slo
        start = END - LENGTH * MINUTE
        read = requests(source, None, slo.name, "", slo.total, start, END, MINUTE, bad_query=slo.bad)
        assert read.gap == "", one.kind
        found, expected = history(slo, read), counted(one)
        assert found.total.tolist() == expected.total.tolist(), one.kind
        assert found.bad.tolist() == expected.bad.tolist(), one.kind


def test_recorded_rules_and_alerts_agree_with_our_replay(
    live: Live, prometheus_binaries: PrometheusBinaries, tmp_path: Path
) -> None:
    """`promtool tsdb create-blocks-from rules` records a few; the alerts' expressions then run on what was recorded."""
    chosen = [one for one in ALL[: 2 * len(KINDS)] if one.kind in ("steady", "bursts", "silent hour", "tiny")]
    rules = tmp_path / "rules.yaml"
    rules.write_text(prometheus_rules([one.slo for one in chosen], [PAGE]))
    start, end = (END - LENGTH * MINUTE).timestamp(), END.timestamp()
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "rules", f"--start={start:.0f}"]
    command += [f"--end={end:.0f}", "--eval-interval=1m", f"--url={live.url}", f"--output-dir={tmp_path / 'data'}"]
    # the moment of an evaluation follows from a hash of the file's path: a relative one is the same in every run
    done = subprocess.run([*command, rules.name], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with running(prometheus_binaries, tmp_path, "global: {scrape_interval: 1m}\n") as url:
        recorded, fires = Live(url, tmp_path), 0
        for one in chosen:
            kept = counted(one)
            ratio = f'slo:sli_error:ratio_rate5m{{sloth_id="{sloth_id(one.slo)}"}}'
            late = recorded.recorded_late(ratio)
            theirs = recorded.minutes(f"last_over_time({ratio}[30s])", late)
            at = _at_edges(one, SHORT) & (np.arange(LENGTH + 1) < LENGTH)
            np.testing.assert_allclose(theirs[at], ours(kept, SHORT)[at], rtol=1e-9, atol=1e-12)
            (alert,) = (r for g in rule_groups(one.slo, [PAGE]) for r in g["rules"] if "alert" in r)
            firing = np.isfinite(recorded.minutes(_fresh(alert["expr"]), late))
            rule = AlertRule("page", (LONG, SHORT), alert_properties(one.slo, [PAGE])[0].threshold)
            marks = np.concatenate([[False], replayed(kept, rule)])
            at &= _at_edges(one, LONG) & ~_close(kept, (LONG, SHORT))
            assert firing[at].tolist() == marks[at].tolist(), one.kind
            fires += int(marks[at].sum())
    assert fires > 50


def _fresh(expression: str) -> str:
    """A recorded ratio that ended is shown for five more minutes; the rule manager would have marked it stale."""
    return re.sub(r"(slo:sli_error:ratio_rate\w+\{[^}]*\})", r"last_over_time(\1[30s])", expression)


def _at_edges(one: Service, *windows: timedelta) -> np.ndarray:
    return np.logical_and.reduce([one.edge(over) for over in windows])


def _close(kept: History, windows: tuple[timedelta, ...] = (5 * MINUTE, HOUR)) -> np.ndarray:
    """Minutes at which a ratio lies on the threshold to within what a double can tell."""
    threshold = float(alert_properties(kept.slo, [PAGE])[0].threshold)
    near = np.zeros(LENGTH + 1, dtype=bool)
    for over in windows:
        near |= np.abs(ours(kept, over) - threshold) < 1e-12
    return near


def test_promtools_rule_tests_fire_where_our_replay_does(
    prometheus_binaries: PrometheusBinaries, tmp_path: Path
) -> None:
    """All services in one `promtool test rules`: which alerts fire at each quarter of an hour."""
    lasting, rules, series, replays = 240, [], [], {}
    for one in ALL:
        groups = rule_groups(one.slo, [PAGE])
        wanted = {"slo:sli_error:ratio_rate5m", "slo:sli_error:ratio_rate1h"}
        # one group: its rules run in order, while groups have none
        rules += [r for g in groups for r in g["rules"] if r.get("record") in wanted or "alert" in r]
        for name, values in one.series:
            text = " ".join(f"{v:.0f}" if np.isfinite(v) else "_" for v in values[: lasting + 1])
            series.append({"series": name, "values": text})
        replays[sloth_id(one.slo)] = (one, counted(one))
    checks, expected = [], 0
    for minute in range(75, lasting + 1, 15):
        firing, unsure = [], []
        for key, (one, kept) in replays.items():
            marks, _ = fired(kept, "page", burn_rate_policy(one.slo, [PAGE]))
            if not one.edge(HOUR)[minute] or not one.edge(5 * MINUTE)[minute] or _close(kept)[minute]:
                unsure.append(key)
            elif marks[minute - 1]:
                firing.append(key)
        expr = f'count by (sloth_id) (ALERTS{{alertstate="firing", sloth_id!~"{"|".join(unsure)}"}})'
        samples = [{"labels": f'{{sloth_id="{key}"}}', "value": 1} for key in firing]
        checks.append({"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples})
        expected += len(firing)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    test = {"interval": "1m", "input_series": series, "promql_expr_test": checks}
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(content, width=10_000_000))
    command = [prometheus_binaries.promtool, "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert expected > 100


def test_a_histograms_bucket_is_counted_and_a_threshold_between_two_is_refused_with_both(live: Live) -> None:
    source = open_source(f"prometheus+{live.url}")
    one = SLO("lat", Fraction("0.9"), histogram='lat_seconds{job="a"}', threshold=timedelta(milliseconds=250))
    start = END - HOUR
    found = requests(source, None, "lat", one.good, one.total, start, END, MINUTE)
    assert (found.gap, found.total, found.bad) == ("", 600, 120)
    whole = replace(one, threshold=timedelta(seconds=1), total="", good="")
    assert requests(source, None, "lat", whole.good, whole.total, start, END, MINUTE).bad == 0
    between = replace(one, threshold=timedelta(milliseconds=300), total="", good="")
    read = requests(source, None, "lat", between.good, between.total, start, END, MINUTE)
    assert "the nearest bounds are 0.25 s and 0.5 s" in bucket_checked(source, None, between, read).gap


def test_series_whose_buckets_are_laid_out_otherwise_are_named_and_not_summed(live: Live, tmp_path: Path) -> None:
    source, start = open_source(f"prometheus+{live.url}"), END - LENGTH * MINUTE
    snapshot = Snapshot(tmp_path, as_of=END)
    both = SLO("lat", Fraction("0.9"), histogram="lat_seconds", threshold=timedelta(milliseconds=250))
    read = requests(source, snapshot, "lat", both.good, both.total, start, END, MINUTE)
    assert read.gap == ""
    gap = bucket_checked(source, snapshot, both, read).gap
    assert "1 series of the histogram have no bucket that ends at 0.25 s" in gap
    assert '{job="b"}' in gap
    gone = open_source("prometheus+http://127.0.0.1:9", timeout=timedelta(seconds=1))
    assert bucket_checked(gone, None, both, read).gap == "", "what cannot be asked is no finding"
    later = requests(source, None, "lat", both.good, both.total, END - HOUR, END, MINUTE)
    assert bucket_checked(source, None, both, later).gap == ""
    shared = replace(both, threshold=timedelta(milliseconds=500), total="", good="")
    read = requests(source, None, "lat", shared.good, shared.total, start, END, MINUTE)
    assert bucket_checked(source, None, shared, read).gap == ""


def test_a_gauge_and_a_share_count_their_minutes_and_their_rules_agree(live: Live) -> None:
    source, start = open_source(f"prometheus+{live.url}"), END - LENGTH * MINUTE
    gauge = SLO("lag", Fraction("0.9"), gauge="lag", at_most=60.0)
    share = SLO("ratio", Fraction("0.9"), ratio="lag / 1000")
    counts = history(gauge, steps(source, None, gauge, start, END, MINUTE))
    total, bad, _ = counts.between(start, END)
    assert (total, bad) == (LENGTH, 30)
    for slo in (gauge, share):
        kept = history(slo, steps(source, None, slo, start, END, MINUTE))
        theirs = live.minutes(error_ratio(slo, HOUR))
        # a subquery of an hour at a minute has 61 points, ours has 60 minutes
        np.testing.assert_allclose(theirs[70:], ours(kept, HOUR)[70:], atol=1.5 / 60)


def test_the_alert_on_missing_data_fires_when_the_series_end_and_not_when_traffic_does(
    prometheus_binaries: PrometheusBinaries, tmp_path: Path
) -> None:
    slo = SLO("api", Fraction("0.999"), "req_total", "api", bad='req_total{code="500"}')
    (tmp_path / "rules.yaml").write_text(data_rules([slo]))
    silent, gone = "0+10x60 600x60", "0+10x60 _x60"
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": 'req_total{code="200"}', "values": values}],
            "promql_expr_test": [
                {
                    "expr": 'count(ALERTS{alertstate="firing"})',
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": "{}", "value": 1}] if firing else [],
                }
                for minute, firing in times
            ],
        }
        for values, times in ((silent, ((50, False), (110, False))), (gone, ((50, False), (70, False), (80, True))))
    ]
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(content))
    command = [prometheus_binaries.promtool, "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
