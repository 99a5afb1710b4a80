"""Other people's load tests and other people's load: what must be read, and what may honestly be foreseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.capacity.exhaustion import outlook
from sre_kit.compute.capacity.forecast import Forecast, daily_peaks, forecast
from sre_kit.compute.capacity.plan import CapacityPlan, Resource
from sre_kit.compute.vocabulary import Reading
from sre_kit.load.loadtesting import load_test

pytestmark = pytest.mark.real

CPU = (
    "cpu_utilization_asg_misconfiguration", "ec2_cpu_utilization_24ae8d", "ec2_cpu_utilization_53ea38",
    "ec2_cpu_utilization_825cc2", "rds_cpu_utilization_cc0c53",
)  # fmt: skip


def test_the_k6_summary_is_read_with_its_thresholds_and_closed_loop(shared_data: Path) -> None:
    run = load_test(shared_data / "loadtests" / "k6-handle-summary.json")
    assert (run.requests, run.errors, run.load) == (20, 0, 5)
    assert run.duration == pytest.approx(8.274949) and run.quantiles[0.95] == pytest.approx(0.26064205)
    assert [(t.expression, t.passed) for t in run.thresholds] == [("p(95)<500", True), ("rate<0.01", True)]
    assert run.model == "closed" and run.coordinated_omission


def test_the_gatling_log_is_read_line_for_line(shared_data: Path) -> None:
    path = shared_data / "loadtests" / "gatling-3.5.1-simulation.log"
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("REQUEST")]
    run = load_test(path)
    assert run.requests == len(lines) == 12027
    assert run.errors == sum(line[5] == "KO" for line in lines) == 778
    spent = np.array([int(line[4]) - int(line[3]) for line in lines]) / 1000
    assert run.quantiles[0.95] == np.quantile(spent, 0.95) and run.maximum == spent.max()
    assert sum(o.requests or 0 for o in run.operations) == run.requests
    assert (run.version, run.load) == ("3.5.1", 3)


def hourly(shared_data: Path) -> dict[str, pd.Series]:
    """Hourly means of every series; a time that is there twice is averaged."""
    found = {}
    for name in CPU:
        frame = pd.read_csv(shared_data / "nab" / f"{name}.csv", parse_dates=["timestamp"])
        found[name] = frame.groupby("timestamp")["value"].mean()
    web = pd.read_csv(shared_data / "worldcup98" / "requests_per_minute.csv", parse_dates=["period"])
    found["worldcup98"] = web.groupby("period")["count"].sum()
    return {name: series.tz_localize("UTC").resample("1h").mean().rename(name) for name, series in found.items()}


def ahead(series: pd.Series, days: int) -> Forecast:
    period = 168 if len(series) >= 4 * 168 else 24
    return forecast(series, days * 24, period=period, per_day=24)


@pytest.mark.slow
@pytest.mark.parametrize("days", [2, 14])
def test_hourly_forecasts_are_no_worse_than_seasonal_naive_on_the_median_series(
    shared_data: Path, days: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ratios, refused = {}, {}
    for name, series in hourly(shared_data).items():
        found = ahead(series, days)
        if found.refused:
            refused[name] = found.refused
        if found.backtest is not None:
            ratios[name] = found.backtest.mase / found.backtest.seasonal_naive
            assert (found.refused == "") == found.backtest.better
    with capsys.disabled():
        print(f"\n{days} days, error / seasonal naive: {pd.Series(ratios).round(2).to_dict()}; refused: {refused}")
    assert np.median(list(ratios.values())) <= 1
    assert len(ratios) + len(refused) >= len(CPU) + 1
    if days == 14:
        assert all("can be back-tested" in refused[name] for name in CPU if name.startswith(("ec2", "rds")))


@pytest.mark.slow
def test_event_driven_traffic_is_refused_a_date_and_says_why(shared_data: Path) -> None:
    peaks = daily_peaks(hourly(shared_data)["worldcup98"])
    end = datetime(1998, 7, 26, tzinfo=UTC)
    reading = Reading(
        "requests",
        hourly(shared_data)["worldcup98"],
        "requests",
        "worldcup98",
        end - timedelta(days=88),
        end,
        timedelta(hours=1),
    )
    limit = 1.5 * float(peaks.max())
    found = outlook(Resource("web", "web", "requests", limit), reading, CapacityPlan(horizon=timedelta(days=28)), end)
    assert found.exhaustion is None
    assert "no better than" in found.refused or "80 % interval held only" in found.refused


@pytest.mark.slow
def test_the_80_percent_interval_holds_about_four_fifths_of_eight_years(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Out of sample: at each cut the forecast knows the past alone; the pooled share of what came inside is printed."""
    frame = pd.read_csv(shared_data / "long-series" / "wikipedia_R_daily_log_views.csv", parse_dates=["ds"])
    views = np.exp(frame.set_index("ds")["y"].sort_index()).tz_localize("UTC").resample("1D").max()
    said = []
    for horizon in (30, 90):
        inside = total = 0
        errors, naive = [], []
        for cut in range(420, len(views) - horizon, 90):
            found = forecast(views.iloc[:cut], horizon)
            truth = views.iloc[cut : cut + horizon].to_numpy()
            known = np.isfinite(truth)
            inside += int(((found.lower.to_numpy() <= truth) & (truth <= found.upper.to_numpy()))[known].sum())
            total += int(known.sum())
            errors.append(np.nanmean(np.abs(truth - found.point.to_numpy())))
            week = views.iloc[cut - 7 : cut].to_numpy()
            naive.append(np.nanmean(np.abs(truth - np.resize(week, horizon))))
        said.append((horizon, inside / total, np.mean(errors) / np.mean(naive)))
        assert 0.75 <= inside / total <= 0.92
        assert np.mean(errors) < np.mean(naive)
    with capsys.disabled():
        for horizon, coverage, ratio in said:
            print(
                f"\n{horizon} days: coverage of the 80 % interval {coverage:.3f}, error / seasonal naive {ratio:.2f}",
                end="",
            )
