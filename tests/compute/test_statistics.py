"""What small samples may say: worked numbers, laws, and the words of verdicts."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.statistics import (
    chance_panel,
    duration_comparison,
    kaplan_meier,
    lognormal_mean,
    poisson_interval,
    quantile_interval,
    rate_comparison,
    verdict,
)
from sre_kit.errors import ParameterError

YEAR = timedelta(days=365)


def test_kaplan_meier_gives_the_worked_example_back():
    """Freireich et al. 1963, 6-MP arm: 21 patients, S(6) = 0.857, S(10) = 0.753, S(23) = 0.448."""
    times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    marks = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(times, [bool(m) for m in marks])
    at = dict(zip(curve.times, curve.survival, strict=True))
    assert [round(float(at[t]), 3) for t in (6.0, 10.0, 23.0)] == [0.857, 0.753, 0.448]
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.9) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.booleans()), min_size=1, max_size=60))
def test_kaplan_meier_agrees_with_scipy(pairs):
    from scipy.stats import CensoredData, ecdf

    lengths, marks = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    curve = kaplan_meier(lengths, marks)
    if not marks.any():
        assert len(curve.times) == 0
        return
    sample = CensoredData(uncensored=lengths[marks], right=lengths[~marks])
    theirs = ecdf(sample).sf
    np.testing.assert_allclose(curve.survival, theirs.evaluate(curve.times), atol=1e-12)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=80))
def test_without_open_incidents_kaplan_meier_is_the_sample(lengths):
    median = kaplan_meier(lengths, [True] * len(lengths)).quantile(0.5)
    assert median == sorted(lengths)[(len(lengths) - 1) // 2]


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 2.996), (1, 0.0253, 5.572), (10, 4.795, 18.390), (100, 81.364, 121.627)]
)
def test_poisson_intervals_are_those_of_the_tables(count, low, high):
    """Garwood 1936; for 0 the one-sided limit behind the rule of three."""
    found = poisson_interval(count)
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)


def test_a_rate_comparison_is_the_exact_conditional_binomial():
    found = rate_comparison(185, 120, YEAR, YEAR)
    assert found.p == pytest.approx(0.00024, abs=5e-5)
    assert found.ratio == pytest.approx(185 / 120)
    assert found.verdict == "evidence of a higher rate"


def test_clustered_counts_take_the_evidence_away():
    steady = rate_comparison(40, 20, YEAR, YEAR, [5, 6, 4, 5, 5, 5, 4, 6, 5, 5, 5, 5])
    clustered = rate_comparison(40, 20, YEAR, YEAR, [0, 0, 20, 0, 0, 0, 0, 40, 0, 0, 0, 0])
    assert steady.adjusted_p is None and steady.verdict == "evidence of a higher rate"
    assert clustered.dispersion > 10 and clustered.adjusted_p > steady.p
    assert clustered.verdict == "no evidence of a change of the rate"


def test_below_twenty_events_there_is_no_verdict():
    assert rate_comparison(15, 1, YEAR, YEAR).verdict == ""
    assert rate_comparison(17, 3, YEAR, YEAR).verdict


def test_a_log_normal_mean_needs_five_values_and_no_zero():
    assert lognormal_mean([10, 20, 30, 40]) is None
    with pytest.raises(ParameterError, match="above 0"):
        lognormal_mean([10, 20, 30, 40, 0])
    mean, interval = lognormal_mean([10, 20, 30, 40, 50])
    logs = np.log([10, 20, 30, 40, 50])
    assert mean == pytest.approx(math.exp(logs.mean() + logs.var(ddof=1) / 2))
    assert interval.low < mean < interval.high


def test_the_bootstrap_of_a_median_covers_most_of_the_time():
    """At n = 30 the nominal 95 % interval covers about 94 %; far from it the arithmetic would be wrong."""
    draw = np.random.default_rng(7)
    inside = 0
    for _ in range(200):
        low, high = quantile_interval(np.exp(draw.normal(4, 1.1, 30)), 0.5)
        inside += low <= math.exp(4) <= high
    assert 0.88 <= inside / 200 <= 0.99


def test_random_draws_repeat():
    values = [3.0, 9.0, 27.0, 81.0, 12.0, 7.0]
    assert quantile_interval(values, 0.9) == quantile_interval(values, 0.9)
    assert chance_panel(values, 50) == chance_panel(values, 50)


def test_chance_moves_the_mean_more_with_fewer_incidents():
    values = list(np.exp(np.random.default_rng(1).normal(4, 1.1, 300)))
    assert chance_panel(values, 20).moved > chance_panel(values, 2000).moved


def test_a_comparison_of_one_sample_with_itself_finds_nothing():
    values = [float(v) for v in range(10, 60)]
    found = duration_comparison(values, values)
    assert found.median_ratio == 1 and found.mean_ratio == 1
    assert found.verdict == "no evidence of a change in duration"
    assert duration_comparison([], values).p is None


def test_verdicts_use_two_words_only():
    assert verdict(0.049, "x") == "evidence of x"
    assert verdict(0.05, "x") == "no evidence of x"
