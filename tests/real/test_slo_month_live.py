"""Burn rates over a day, three days and a whole period of 30 days against Prometheus, on two hundred services."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.slo.budget import burn_rate, error_budget
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Requests
from sre_kit.emit.prometheus import error_ratio
from sre_kit.load.metrics.counters import Steps
from tests.real.test_prometheus_live import running

if TYPE_CHECKING:
    from tests.conftest import PrometheusBinaries

pytestmark = pytest.mark.server

END = datetime(2026, 6, 1, tzinfo=UTC)
STEP, DAY = timedelta(minutes=30), timedelta(days=1)
TICKS = 31 * 48
START = END - TICKS * STEP
SERVICES = 208
KINDS = ("steady", "a bad day", "silent days", "late errors", "restarts", "a gap", "tiny", "flawless")
WINDOWS = {DAY: 12, 3 * DAY: 12, 30 * DAY: 4}
"""Window -> how many ticks lie between two comparisons."""


@dataclass(frozen=True)
class Service:
    """Counters every half hour; NaN where a scrape is missing or the series is not there yet."""

    number: int
    good: np.ndarray
    bad: np.ndarray

    @property
    def kind(self) -> str:
        return KINDS[self.number % len(KINDS)]

    @property
    def slo(self) -> SLO:
        query = f'req_total{{n="{self.number}"}}'
        return SLO(f"s{self.number}", Fraction("0.999"), query, "s", bad=f'req_total{{n="{self.number}",code="500"}}')

    @property
    def series(self) -> Iterator[tuple[str, np.ndarray]]:
        for code, values in (("200", self.good), ("500", self.bad)):
            if np.isfinite(values).any():
                yield f'req_total{{n="{self.number}",code="{code}"}}', values

    def edge(self, over: timedelta) -> np.ndarray:
        """Ticks at which a window has a sample of each series at both its edges, so that there is nothing to guess."""
        width, calm = over // STEP, np.ones(TICKS + 1, dtype=bool)
        for _, values in self.series:
            known = np.isfinite(values)
            calm &= known & np.concatenate([np.zeros(width, dtype=bool), known[: TICKS + 1 - width]])
        return calm


def service(number: int) -> Service:
    random, kind = np.random.default_rng(5000 + number), KINDS[number % len(KINDS)]
    per_tick = 3.0 if kind == "tiny" else float(random.uniform(200, 90_000))
    good, bad = random.poisson(per_tick, TICKS + 1), random.poisson(per_tick * 0.0008, TICKS + 1)
    if kind == "a bad day":
        begin = int(random.integers(0, TICKS - 60))
        bad[begin : begin + 48] += random.poisson(per_tick * 0.05, 48)
    if kind == "silent days":
        good[600:800] = bad[600:800] = 0
    ups = [1e12 + np.cumsum(events).astype(float) for events in (good, bad)]
    if kind == "restarts":
        for up in ups:
            for at in random.integers(5, TICKS, 6):
                up[at:] -= up[at] - min(up[at] - up[at - 1], 1)
                up[at:] = np.where(up[at:] < 0, 0, up[at:])
    if kind == "a gap":
        for up in ups:
            up[900:960] = np.nan
    if kind == "late errors":
        ups[1][:40] = np.nan
    if kind == "flawless":
        ups[1][:] = np.nan
    return Service(number, *ups)


ALL = [service(number) for number in range(SERVICES)]


def counted(one: Service) -> History:
    ticks, rows = np.arange(TICKS + 1) * STEP.total_seconds(), []
    for values in (one.good, one.bad):
        sums = Steps(START, END, STEP)
        sums.add(START.timestamp() + ticks, values, "req_total")
        rows.append(sums.series("req_total"))
    total = rows[0].add(rows[1], fill_value=0)
    frame = pd.DataFrame({"total": total, "good": total - rows[1].reindex(total.index).fillna(0)})
    return history(one.slo, Requests(one.slo.name, frame.rename_axis("time"), "generated", START, END, STEP))


@pytest.fixture(scope="module")
def url(prometheus_binaries: PrometheusBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, start = tmp_path_factory.mktemp("month"), int(START.timestamp())
    lines = ["# TYPE req counter"]
    for one in ALL:
        for name, values in one.series:
            lines += [f"{name} {v:.0f} {start + 1800 * k}" for k, v in enumerate(values) if np.isfinite(v)]
    (folder / "metrics.om").write_text("\n".join([*lines, "# EOF", ""]))
    command = [prometheus_binaries.promtool, "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics"]
    subprocess.run([*command, str(folder / "metrics.om"), str(folder / "data")], check=True, capture_output=True)
    with running(prometheus_binaries, folder, "global: {scrape_interval: 1m}\n") as found:
        yield found


def theirs(url: str, query: str, ticks: np.ndarray) -> np.ndarray:
    """Prometheus' answer at `ticks`, which are evenly apart; NaN where there is none."""
    first, last = (START + int(tick) * STEP for tick in (ticks[0], ticks[-1]))
    pace = int(ticks[1] - ticks[0]) * STEP
    asked = {"query": query, "start": first.timestamp(), "end": last.timestamp(), "step": pace.total_seconds()}
    with urllib.request.urlopen(f"{url}/api/v1/query_range?{urllib.parse.urlencode(asked)}") as answer:
        result = json.load(answer)["data"]["result"]
    assert len(result) <= 1
    found = np.full(len(ticks), np.nan)
    for when, value in result[0]["values"] if result else []:
        found[round((when - first.timestamp()) / pace.total_seconds())] = float(value)
    return found


def test_ratios_over_days_and_the_whole_period_are_prometheus_own(url: str) -> None:
    compared = dict.fromkeys(WINDOWS, 0)
    for one in ALL:
        kept = counted(one)
        for over, pace in WINDOWS.items():
            ticks = np.arange(over // STEP, TICKS + 1, pace)
            burns = burn_rate(kept, over).to_numpy()[ticks - 1]
            at = one.edge(over)[ticks]
            ratios = theirs(url, error_ratio(one.slo, over), ticks)
            expected = burns * float(one.slo.budget_ratio)
            np.testing.assert_allclose(ratios[at], expected[at], rtol=1e-9, atol=1e-12, err_msg=f"{one.number} {over}")
            compared[over] += int(at.sum())
    assert SERVICES >= 200
    assert compared[DAY] > 20_000
    assert compared[3 * DAY] > 20_000
    assert compared[30 * DAY] > 1_500


def test_the_budget_that_remains_is_the_one_of_the_recorded_rule(url: str) -> None:
    """``slo:period_error_budget_remaining:ratio`` is 1 - ratio / budget; ours counts events exactly."""
    judged = 0
    for one in ALL:
        if not one.edge(30 * DAY)[-1]:
            continue
        budget = error_budget(counted(one), END)
        ratio = theirs(url, error_ratio(one.slo, 30 * DAY), np.array([TICKS - 1, TICKS]))[-1]
        assert budget.remaining_share == pytest.approx(1 - ratio / 0.001, rel=1e-7, abs=1e-9), one.kind
        judged += 1
    assert judged > 150
