"""Queueing laws against published fits and closed forms; runs compared with intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from sre_kit.compute.capacity.usl import ScalabilityLaw, erlang_c, knee, mean_wait, scalability_law, think_time
from sre_kit.compute.performance.comparison import compare, proportion_difference, quantile_difference, wilson
from sre_kit.compute.performance.levels import load_scaling, run_differences
from sre_kit.compute.performance.plan import LoadTest
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, ParameterError

# SPEC SDM91 benchmark (Gunther 2007, table 5.1); the R package `usl` fits 0.0277295, 0.0001044 and a peak of 96.5
SDM_LOADS = [1, 18, 36, 72, 108, 144, 216]
SDM_THROUGHPUT = [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2]


def run(load: float, rate: float = 100.0, p95: float = 0.1, **more: object) -> LoadTest:
    values = {"requests": 10_000, "errors": 10, "duration": 100.0, "quantiles": {0.95: p95}} | more
    return LoadTest(name=f"run {load:g}", tool="k6", origin="x.json", rate=rate, load=load, **values)  # type: ignore[arg-type]


def test_the_published_fit_of_the_sdm91_benchmark_is_reproduced():
    law = scalability_law(SDM_LOADS, SDM_THROUGHPUT)
    assert law.a == pytest.approx(0.0277295, rel=1e-3)
    assert law.b == pytest.approx(0.0001044, rel=2e-3)
    assert law.g == pytest.approx(89.99, rel=1e-3)
    assert law.peak == pytest.approx(96.5, abs=0.1)
    assert law.peak_interval[0] < 96.5 < law.peak_interval[1]
    assert law.a_interval[0] < law.a < law.a_interval[1]


@settings(max_examples=25, deadline=None)
@given(g=st.floats(0.5, 500), a=st.floats(0.001, 0.2), b=st.floats(1e-5, 1e-3))
def test_a_law_is_recovered_from_its_own_values(g: float, a: float, b: float):
    loads = np.array([1, 2, 4, 8, 16, 32, 64, 128])
    exact = g * loads / (1 + a * (loads - 1) + b * loads * (loads - 1))
    law = scalability_law(loads.tolist(), exact.tolist(), resamples=2)
    assert law.peak == pytest.approx(math.sqrt((1 - a) / b), rel=0.01)
    assert law.throughput(loads) == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize(
    ("loads", "rates"),
    [
        (SDM_LOADS, SDM_THROUGHPUT),
        ([200, 500, 700, 850, 1100], [39.6, 97.4, 133.8, 147.9, 139.2]),  # contention lies at its bound of 0
        ([1, 3, 11, 19, 44, 46], [150, 450, 1700, 2800, 6100, 6600]),
    ],
)
def test_the_intervals_are_those_of_resamples_fitted_one_by_one(loads: list[float], rates: list[float]):
    """Bounded least squares of `scipy`, which knows nothing of the other resamples."""
    n, law = np.asarray(loads, dtype=float), scalability_law(loads, rates, resamples=60)
    terms = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)])
    model = law.throughput(n)
    random, fitted = np.random.default_rng(0), []
    for _ in range(60):
        again = np.maximum(model + random.choice(rates - model, len(n)), 0.01 * min(rates))
        start = np.array([1.0, law.a + 1e-4, law.b + 1e-7]) / law.g
        found = least_squares(
            lambda c, again=again: n / (terms @ c) - again,
            start,
            x_scale=start,
            bounds=(0, np.inf),
            xtol=1e-14,
            ftol=1e-14,
            gtol=1e-14,
        ).x
        fitted.append(found[1:] / found[0])
    low, high = np.quantile(fitted, [0.025, 0.975], axis=0, method="nearest")
    assert law.a_interval == pytest.approx((low[0], high[0]), rel=1e-3, abs=1e-6)
    assert law.b_interval == pytest.approx((low[1], high[1]), rel=1e-3, abs=1e-9)


def test_work_that_scales_linearly_has_no_peak():
    law = scalability_law([1, 2, 4, 8], [10, 20, 40, 80], resamples=5)
    assert law.peak is None and math.isinf(law.peak_interval[1])


@pytest.mark.parametrize(
    ("loads", "rates", "words"),
    [
        ([1, 2, 3], [1, 2, 3], "3 load level"),
        ([1, 2, 2, 3], [1, 2, 2, 3], "3 load level"),
        ([0.5, 1, 2, 3], [1, 1, 2, 3], "1 or more"),
        ([1, 2, 3, 4], [1, 0, 3, 4], "above 0"),
        ([1, 2, 3, 4], [1, 2, 3], "one of each"),
    ],
)
def test_the_law_is_refused_without_four_usable_levels(loads: list[float], rates: list[float], words: str):
    with pytest.raises(DataError, match=words):
        scalability_law(loads, rates)


def test_erlang_c_agrees_with_the_closed_form():
    """Erlang's formula written out, for ten servers at 70 %."""
    servers, offered = 10, 7.0
    top = offered**servers / math.factorial(servers) * servers / (servers - offered)
    below = sum(offered**k / math.factorial(k) for k in range(servers)) + top
    assert erlang_c(servers, offered) == pytest.approx(top / below, rel=1e-12)


@given(servers=st.integers(1, 400), rho=st.floats(0.01, 0.99))
def test_a_probability_of_waiting_is_one_and_more_servers_lower_it(servers: int, rho: float):
    wait = erlang_c(servers, servers * rho)
    assert 0 <= wait <= 1
    assert erlang_c(servers + 1, servers * rho) <= wait + 1e-12


def test_a_single_server_waits_as_m_m_1_says():
    """M/M/1: mean wait = rho / (mu - lambda)."""
    assert mean_wait(servers=1, rate=0.8, service=1.0) == pytest.approx(0.8 / 0.2)


@pytest.mark.parametrize("offered", [4.0, 4.1])
def test_full_servers_are_refused(offered: float):
    with pytest.raises(ParameterError, match="queue only grows"):
        erlang_c(4, offered)


def test_think_time_is_what_little_leaves():
    assert think_time(load=850, throughput=147.9, mean_latency=0.589) == pytest.approx(5.158, abs=0.001)
    with pytest.raises(ParameterError):
        think_time(1, 0, 1)


def test_the_knee_is_the_level_with_most_throughput_for_its_latency():
    assert knee([200, 500, 700, 850], [39.6, 97.4, 133.8, 147.9], [0.231, 0.298, 0.421, 1.18]) == 1
    with pytest.raises(DataError):
        knee([], [], [])


@pytest.mark.parametrize(
    ("counts", "interval"),
    [((48, 80, 56, 70), (0.0524, 0.3339)), ((3, 10, 9, 10), (0.1705, 0.8090)), ((0, 29, 5, 56), (-0.0381, 0.1926))],
)
def test_newcombes_examples_are_reproduced(counts: tuple[int, ...], interval: tuple[float, float]):
    """Newcombe 1998, table II, method 10, examples (a), (b) and (d), with the sign turned."""
    assert proportion_difference(*counts) == pytest.approx(interval, abs=1e-4)


@given(bad=st.integers(0, 50), total=st.integers(50, 500))
def test_a_score_interval_holds_its_proportion_within_0_and_1(bad: int, total: int):
    low, high = wilson(bad, total)
    assert 0 <= low <= bad / total <= high <= 1


def test_no_difference_between_a_run_and_itself():
    sample = np.random.default_rng(1).lognormal(size=5000)
    one = run(10, samples=sample, quantiles={0.5: 1.0})
    assert {row.verdict for row in compare(one, one)} == {"no evidence of a difference"}


def test_a_slower_run_is_evidence_and_its_interval_holds_the_truth():
    random = np.random.default_rng(2)
    before, after = random.exponential(1, 20_000), random.exponential(1.2, 20_000)
    truth = 0.2 * math.log(20)  # p95 of an exponential is mean x ln 20
    low, high = quantile_difference(before, after, 0.95)
    assert 0 < low < truth < high


def test_the_bootstrap_interval_agrees_with_a_resampled_one():
    """The ranks of a resample's quantile are drawn instead of the resample; both must agree."""
    random = np.random.default_rng(3)
    before, after = random.lognormal(size=800), random.lognormal(0.3, size=800)
    drawn = [
        np.quantile(random.choice(after, 800), 0.95) - np.quantile(random.choice(before, 800), 0.95)
        for _ in range(2000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert quantile_difference(before, after, 0.95) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_exports_without_samples_are_compared_by_their_errors_alone():
    rows = compare(run(10, quantiles={0.95: 0.1}), run(20, quantiles={0.95: 0.2}, errors=500))
    assert {row.what: row.verdict for row in rows} == {
        "p95": "not comparable",
        "error ratio": "evidence of an increase",
    }
    assert "not samples" in rows[0].reason


def test_uncounted_errors_are_not_compared_as_none():
    (error,) = [row for row in compare(run(10, errors=None), run(20)) if row.what == "error ratio"]
    assert error.interval is None and error.verdict == "not comparable"


def test_levels_of_one_tool_are_ordered_and_other_tools_left_out():
    other = LoadTest("other", "Gatling", "x", 10, 0, 1.0, 10.0, {0.95: 1.0}, load=5.0)
    found = load_scaling([run(800, 120, 0.9), run(200, 40), other, run(500, 99, 0.12)])
    assert [level.load for level in found.levels] == [200, 500, 800]
    assert found.knee is not None and found.knee.load == 500
    assert isinstance(found.law, Gap) and "at least 4" in found.law.because
    assert list(run_differences(found)) == ["load 200, then 500", "load 500, then 800"]


def test_four_levels_are_fitted():
    runs = [run(n, x) for n, x in zip(SDM_LOADS, SDM_THROUGHPUT, strict=True)]
    assert isinstance(load_scaling(runs).law, ScalabilityLaw)


def test_no_runs_scale_to_nothing():
    empty = load_scaling([])
    assert empty.levels == () and empty.knee is None and isinstance(empty.law, Gap)
