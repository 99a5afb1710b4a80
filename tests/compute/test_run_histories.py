"""Change points, saturation joined to runs, and what a closed loop hides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit import show
from sre_kit.compute.performance.changepoints import (
    LEAST_RUNS,
    LEAST_SIDE,
    MetricHistory,
    RunHistory,
    change_points,
    divided,
    run_histories,
)
from sre_kit.compute.performance.comparison import compare
from sre_kit.compute.performance.levels import load_scaling, run_differences
from sre_kit.compute.performance.omission import corrected, omissions
from sre_kit.compute.performance.plan import LoadTest, TestedResource
from sre_kit.compute.performance.saturation import run_saturations, saturating
from sre_kit.compute.vocabulary import Reading
from sre_kit.errors import ParameterError
from sre_kit.load.runhistory import run_history

START = datetime(2026, 1, 1, tzinfo=UTC)


def history(values: np.ndarray, **more: np.ndarray) -> RunHistory:
    times = tuple(START + timedelta(days=day) for day in range(len(values)))
    return RunHistory(
        "nightly", "n.csv", times, tuple(f"c{day}" for day in range(len(values))), {"p95": values, **more}
    )


def test_a_step_is_found_where_it_is_with_its_size_and_commit() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(100, 2, 20), random.normal(120, 2, 15), random.normal(90, 2, 15)])
    (found,) = change_points([history(values)])
    assert [change.at for change in found.changes] == [20, 35]
    first, second = found.changes
    assert (first.commit, first.verdict, second.verdict) == ("c20", "evidence of an increase", "evidence of a decrease")
    assert first.size == pytest.approx(0.2, abs=0.02) and first.runs == (20, 15)
    assert first.ratio is not None and first.ratio.low < 1.21 < first.ratio.high


def test_noise_alone_rarely_shows_a_change() -> None:
    """At 5 % of 60 series without a change 3 are expected to show one, and 8 or more with a chance of 1 %."""
    random = np.random.default_rng(11)
    assert sum(bool(divided(random.lognormal(size=24))) for _ in range(60)) <= 7


def test_metrics_of_one_history_share_the_level() -> None:
    """Of 252 ways to put ten values in two fives 2 are as clear: p is near 0.8 %, above a twentieth of 5 %."""
    step = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 2.0, 2.1, 1.9, 2.05, 1.95])
    flat = {f"m{k}": np.ones(10) for k in range(19)}
    assert change_points([history(step)])[0].changes
    assert not change_points([history(step, **flat)])[0].changes


@given(
    values=st.lists(st.floats(0.1, 10), min_size=LEAST_RUNS, max_size=16),
    scale=st.sampled_from([0.5, 2.0, 1024.0]),
)
@settings(max_examples=15)
def test_units_and_direction_of_time_do_not_matter_to_where_the_sides_begin(values: list[float], scale: float) -> None:
    series = np.array(values)
    found = divided(series)
    assert divided(series * scale) == found, "seconds or milliseconds"
    edges = [0, *(at for at, _ in found), len(series)]
    assert all(high - low >= LEAST_SIDE for low, high in pairwise(edges))


def test_equal_values_have_no_change_and_missing_ones_are_left_out() -> None:
    assert divided(np.ones(30)) == []
    values = np.concatenate([np.ones(10), np.full(10, 3.0)])
    values[[2, 15]] = np.nan
    (found,) = change_points([history(values)])
    assert [change.time for change in found.changes] == [START + timedelta(days=10)]


def test_too_few_runs_are_refused_with_the_reason() -> None:
    (found,) = change_points([history(np.arange(float(LEAST_RUNS - 1)))])
    assert "at least 8" in found.refused and not found.changes
    text = show.change_points([found]).markdown()
    assert "Not known" in text and "at least 8" in text
    with pytest.raises(ParameterError, match="8 or more"):
        divided(np.ones(3))


@pytest.mark.real
def test_the_change_in_other_peoples_history_is_found(shared_data: Path) -> None:
    """Otava's own example: metric2 changes with commit aaa6; metric1 does not."""
    found = {one.metric: one for one in change_points([run_history(shared_data / "changepoints" / "sample.csv")])}
    assert [change.commit for change in found["metric2"].changes] == ["aaa6"]
    assert found["metric1"].changes == ()


@pytest.mark.parametrize(
    "time", ["2026.01.02 3:00:00 +0100", "2026-01-02T03:00:00+01:00", "2026-01-02 02:00:00Z", "1767319200"]
)
def test_times_of_a_history_in_their_forms(time: str, tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text(f"Time, commit,p95,machine\n2026-01-03T00:00:00Z,b,2,x\n{time},a,1,x\n", encoding="utf-8")
    found = run_history(path)
    assert found.times[0] == datetime(2026, 1, 2, 2, tzinfo=UTC) and found.commits == ("a", "b"), "in the order of time"
    assert list(found.metrics) == ["p95"] and found.metrics["p95"].tolist() == [1, 2], "words are no metric"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,p95\n2026-01-02T03:00:00,1\n", "line 2: .* is no time with a zone"),
        ("when,p95\n1,1\n", "no column of times"),
        ("time,p95\n2026-13-02T03:00:00Z,1\n", "line 2"),
        (None, "cannot read"),
    ],
)
def test_an_unusable_history_is_a_gap_with_its_reason(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    found = run_history(path)
    assert found.gap is not None and found.gap.degraded
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(found.gap.because)


def run(name: str, day: int, p95: float, *, load: float = 10, samples: np.ndarray | None = None) -> LoadTest:
    return LoadTest(
        name, "hey", f"{name}.txt", 1000, 1, 100.0, 10.0, {0.5: p95 / 2, 0.95: p95}, load=load, model="closed",
        coordinated_omission=True, began=START + timedelta(days=day), samples=samples,
    )  # fmt: skip


def test_result_files_of_one_test_make_a_history_of_their_own() -> None:
    tests = [run(f"n{day:02}", day, 0.2 if day < 8 else 0.3) for day in range(16)]
    (made,) = run_histories([*reversed(tests), run("other", 3, 0.1, load=99)])
    assert made.name == "hey, load 10" and list(made.metrics) == ["p50, s", "p95, s", "requests/s", "error ratio"]
    found = {one.metric: one.changes for one in change_points([made])}
    assert [change.at for change in found["p95, s"]] == [8] and found["requests/s"] == ()


def test_the_same_test_again_is_compared_with_the_run_before_it() -> None:
    random = np.random.default_rng(5)
    slow, fast = random.lognormal(0, 0.3, 800), random.lognormal(-0.5, 0.3, 800)
    tests = [run("monday", 0, 1.0, samples=slow), run("tuesday", 1, 1.0, samples=fast)]
    found = run_differences(load_scaling(tests), tests)
    (differences,) = found.values()
    assert list(found) == ["monday, then tuesday"]
    assert {one.what: one.verdict for one in differences}["p50"] == "evidence of a decrease"
    assert compare(*tests) == differences


def test_the_bootstrap_interval_of_a_difference_covers_the_truth() -> None:
    """Medians of two laws 0.1 apart: 95 % intervals of 100 pairs; fewer than 88 would have a chance below 1 %."""
    random = np.random.default_rng(8)
    inside = 0
    for day in range(100):
        pair = [
            run("a", day, 1.0, samples=random.normal(1, 0.3, 300)),
            run("b", day, 1.0, samples=random.normal(1.1, 0.3, 300)),
        ]
        interval = compare(*pair)[0].interval
        assert interval is not None
        inside += interval[0] <= 0.1 <= interval[1]
    assert inside >= 88


def test_levels_are_judged_by_the_percentile_that_all_runs_have() -> None:
    wrk = [
        LoadTest(f"w{n}", "wrk", "w", 100, 0, 10.0, 10.0 * n, {0.5: 0.1, 0.9: 0.2, 0.99: 0.4}, load=n)
        for n in (1, 2, 4)
    ]
    scaling = load_scaling(wrk)
    assert scaling.statistic == "p99" and [level.latency for level in scaling.levels] == [0.4, 0.4, 0.4]
    text = show.plot_throughput(scaling).markdown()
    assert "Power, throughput / p99" in text and "p95" not in text


# --- saturation


def reading(values: list[float], gap: str = "") -> Reading:
    index = pd.date_range(START, periods=len(values), freq="1min", name="time")
    return Reading(
        "pool",
        pd.Series(values, index=index, dtype="float64"),
        "q",
        "test",
        START,
        START,
        timedelta(minutes=1),
        gap=gap,
    )


def test_the_first_full_resource_is_named_with_the_latency_at_and_below_it() -> None:
    pool, cpu = TestedResource("pool", "pool_used", 20), TestedResource("cpu", "cpu_used")
    runs = [run("a", 0, 0.3, load=500), run("b", 0, 1.2, load=850)]
    found = run_saturations(
        [
            (runs[1], pool, reading([19.0, 20.0])),
            (runs[0], pool, reading([10.0, 12.0])),
            (runs[0], cpu, reading([0.2])),
            (runs[1], cpu, reading([])),
        ]
    )
    (one,) = saturating(found)
    assert (one.resource.name, one.first.peak, one.first.test.load) == ("pool", 1.0, 850)
    assert one.below is not None and one.below.mean == pytest.approx(0.55)
    text = show.run_saturation(found).markdown()
    assert "pool is full from load 850 on, where p95 is 1.2 s (below it 300 ms)" in text
    assert "no value falls into the run" in text


def test_without_measurements_the_tested_resources_are_asked_for() -> None:
    assert "performance.tested" in show.run_saturation([]).markdown()


# --- coordinated omission


def test_a_stall_counts_for_all_that_would_have_asked_meanwhile() -> None:
    """One user, 100 requests a second for 100 s, then a stall of 100 s (Tene's example): the median is not 1 ms."""
    samples = np.array([0.001] * 10_000 + [100.0])
    filled = corrected(samples, 0.01)
    assert len(filled) == 10_001 + 9_999
    assert np.quantile(samples, 0.99) == 0.001 and np.quantile(filled, 0.75) == pytest.approx(50, rel=0.01)


@given(samples=st.lists(st.floats(0.001, 50), min_size=1, max_size=40), interval=st.floats(0.01, 5))
def test_the_correction_never_makes_a_run_look_better(samples: list[float], interval: float) -> None:
    run = np.array(samples)
    filled = corrected(run, interval)
    assert filled[: len(run)].tolist() == samples and len(filled) >= len(run)
    assert (filled >= min(interval, run.min()) - 1e-9).all(), "what is added waited for at least one interval"
    assert filled.max() == run.max()


def test_only_closed_runs_with_samples_and_a_load_are_estimated() -> None:
    known = run("a", 0, 1.0, samples=np.array([0.1] * 99 + [30.0]))
    (one,) = omissions([known, run("no samples", 0, 1.0)])
    assert one.interval == 1.0 and one.missing == 29
    assert one.corrected[0.95] > one.measured[0.95]
    assert "at least" in show.hidden_waiting([one]).markdown()
    with pytest.raises(ParameterError, match="above 0"):
        corrected(np.array([1.0]), 0)


def test_a_chart_of_runs_says_its_conclusion() -> None:
    found = change_points([history(np.concatenate([np.full(10, 2.0), np.full(10, 3.0)]))])
    chart = show.plot_run_history(found)
    assert "evidence of an increase of 50.0 % from 2026-01-11 00:00Z on, commit c10" in chart.alt  # type: ignore[attr-defined]
    assert next(line.get_label() for line in chart.figure.axes[0].get_lines()) == "runs"  # type: ignore[attr-defined]
    refused = MetricHistory(history(np.ones(3)), "p95", np.ones(3), (), refused="too few")
    assert "no runs to draw" in show.plot_run_history([refused]).markdown()
