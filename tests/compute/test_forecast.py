"""Forecasts: what they repeat, when they refuse, and how honest their intervals are."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.capacity.backtest import weights, widening
from sre_kit.compute.capacity.decomposition import Decomposition
from sre_kit.compute.capacity.exhaustion import outlooks
from sre_kit.compute.capacity.forecast import daily_peaks, forecast, forecasts, reach
from sre_kit.compute.capacity.plan import CapacityPlan, GrowthScenario, Resource
from sre_kit.compute.capacity.profile import Floats, medians, quantile_pair
from sre_kit.compute.vocabulary import Reading
from sre_kit.errors import DataError, ParameterError

WEEK = np.array([10.0, 10.5, 11.0, 10.8, 12.0, 7.0, 6.0])


def series(values: np.ndarray, freq: str = "1D", name: str = "use") -> pd.Series:
    index = pd.date_range("2026-01-01", periods=len(values), freq=freq, tz="UTC", name="time")
    return pd.Series(np.asarray(values, dtype=float), index=index, name=name)


def weekly(weeks: int, noise: float = 0.0, seed: int = 1) -> pd.Series:
    random = np.random.default_rng(seed)
    return series(np.tile(WEEK, weeks) + noise * random.standard_normal(7 * weeks))


def test_a_series_that_repeats_itself_is_foreseen_exactly():
    found = forecast(weekly(20), 21)
    assert found.point.to_numpy() == pytest.approx(np.tile(WEEK, 3))
    assert found.point.index[0] == found.history.index[-1] + pd.Timedelta("1D")


def test_a_perfect_repetition_is_refused_because_repeating_the_last_week_is_as_good():
    assert not forecast(weekly(20), 21).usable


def test_a_noisy_weekly_load_is_foreseen_better_than_by_repeating_the_last_week():
    found = forecast(weekly(40, noise=1.0), 28)
    assert found.usable
    assert found.method == "weekly profile"
    assert found.backtest is not None
    assert found.backtest.mase < found.backtest.seasonal_naive
    assert found.backtest.mase < found.backtest.base_rate


def test_noise_without_a_cycle_is_refused_in_favour_of_the_median_of_the_past():
    noise = series(10 + np.random.default_rng(3).standard_normal(300))
    assert "median of the past" in forecast(noise, 30).refused


def test_what_only_fills_is_foreseen_with_its_trend_and_traffic_is_not():
    random = np.random.default_rng(4)
    filling = series(0.3 + 0.002 * np.arange(200) + 0.003 * random.standard_normal(200))
    found = forecast(filling, 60)
    assert found.method == "weekly profile, full trend"
    assert found.point.iloc[-1] == pytest.approx(0.3 + 0.002 * 259, abs=0.02)
    assert found.slope == pytest.approx(0.002, rel=0.15)
    assert forecast(weekly(40, noise=1.0), 60).slope == 0


def test_a_history_under_two_cycles_is_refused_with_its_length():
    found = forecast(series(WEEK), 7)
    assert "under two cycles" in found.refused and "7 values" in found.refused
    assert found.backtest is None and found.point.empty


def test_a_horizon_that_the_history_cannot_back_test_is_refused_with_what_it_can():
    found = forecast(weekly(8, noise=1), 90)
    possible = reach(56, 90)
    assert f"back-tested {possible} days ahead, not 90" in found.refused
    assert forecast(weekly(8, noise=1), possible).backtest is not None


def test_a_constant_series_has_nothing_to_foresee():
    assert "does not move" in forecast(series(np.full(120, 3.0)), 14).refused


def test_missing_days_stay_missing_and_do_not_stop_a_forecast():
    values = weekly(40, noise=1.0)
    values.iloc[[5, 6, 7, 100, 279]] = np.nan
    found = forecast(values, 28)
    assert found.point.notna().all() and found.upper.notna().all()


def test_steps_that_differ_are_refused_with_both_lengths():
    uneven = weekly(10).drop(weekly(10).index[30])
    with pytest.raises(DataError, match="the steps differ"):
        forecast(uneven, 7)


def test_a_series_without_zone_is_refused():
    with pytest.raises(DataError, match="UTC"):
        forecast(weekly(10).tz_localize(None), 7)
    with pytest.raises(ParameterError, match="above 0"):
        forecast(weekly(10), 0)


def test_the_interval_holds_about_four_fifths_of_what_comes_afterwards():
    """Split conformal prediction promises 80 % for exchangeable errors; this load's errors are."""
    inside = total = 0
    for seed in range(12):
        whole = weekly(40, noise=1.0, seed=seed)
        found = forecast(whole.iloc[:240], 28)
        truth = whole.iloc[240:268].to_numpy()
        inside += int(((found.lower.to_numpy() <= truth) & (truth <= found.upper.to_numpy())).sum())
        total += len(truth)
    assert 0.72 <= inside / total <= 0.90


def test_only_errors_that_were_known_at_an_origin_count_for_its_coverage():
    found = forecast(weekly(40, noise=1.0), 28)
    assert found.backtest is not None and found.backtest.coverage is not None
    assert found.backtest.covered_steps <= 28
    assert found.backtest.independent <= found.backtest.origins


@given(st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=300))
def test_an_interval_lies_within_the_errors_and_holds_four_fifths_of_them(errors: list[float]):
    low, high = (float(bound[0]) for bound in quantile_pair(np.array(errors)[:, None], 0.1, 0.9))
    assert min(errors) <= low <= high <= max(errors)
    assert np.mean([(low <= e) & (e <= high) for e in errors]) >= 0.8 - 1e-9


def test_conformal_ranks_count_the_value_to_come():
    """Of 99 exchangeable errors the 10th and the 90th hold 80 of 100 next ones (Vovk 2005, n + 1)."""
    assert [float(b[0]) for b in quantile_pair(np.arange(1.0, 100.0)[:, None], 0.1, 0.9)] == [10.0, 90.0]


def test_few_windows_widen_the_interval_by_students_t_and_many_do_not():
    """t(0.9, 4 degrees of freedom) = 1.5332, z(0.9) = 1.2816; two windows side by side are four half-overlapping."""
    wide = widening(90, 1.0)
    assert wide[-1] == pytest.approx(1.5332 / 1.2816, abs=1e-4)
    assert (np.diff(wide) > 0).all(), "steps near the present have more windows"
    assert widening(90, 1000.0)[-1] == pytest.approx(1, abs=0.001)


def test_weights_follow_what_had_shown_by_then_and_nothing_later():
    """Candidate 2 is perfect but for the last origin, which no weight before it may know."""
    errors = np.ones((1, 12, 2, 3))
    errors[:, :, 1] = 0.5
    errors[:, -1, 1] = 1000
    then, now = weights(errors, np.arange(20, 32), (1.0, 1.0))
    assert then[0, 0].tolist() == [0.5, 0.5], "nothing is known at the first origin"
    assert then[0, 1:, 1] == pytest.approx(64 / 65), "half the error, 64 times the weight"
    assert now[0, 1] < 0.001


def test_many_series_at_once_are_foreseen_as_each_alone():
    several = [weekly(20, noise=1.0, seed=1), weekly(30, noise=1.0, seed=2), weekly(20, noise=1.0, seed=3)]
    several[2].iloc[[3, 60]] = np.nan
    for alone, together in zip((forecast(one, 21) for one in several), forecasts(several, 21), strict=True):
        assert together.point.equals(alone.point) and together.upper.equals(alone.upper)
        assert together.backtest == alone.backtest and together.refused == alone.refused


def test_the_futures_are_named_and_weighted_and_make_the_point():
    found = forecast(weekly(40, noise=1.0), 28)
    assert [one.name for one in found.trends] == ["level", "last cycle's level", "damped trend", "full trend"]
    assert sum(one.weight for one in found.trends) == pytest.approx(1)
    assert sum(one.weight * one.end for one in found.trends) == pytest.approx(found.point.iloc[-1])
    assert found.paths.shape == (400, 28)


@pytest.mark.skipif(find_spec("statsforecast") is not None, reason="statsforecast is installed here")
def test_the_second_method_says_how_to_get_it_where_it_is_not_installed():
    with pytest.raises(ParameterError, match=r"pip install 'sre-kit\[forecast\]'"):
        forecast(weekly(30, noise=1.0), 14, method=Decomposition(7))


def test_another_method_takes_the_same_back_test_intervals_and_refusals():
    """A method that always says 10 knows the level of this load and none of its week."""

    class Ten:
        names, priors = ("ten",), (1.0,)

        def foresee(self, past: Floats, horizon: int) -> Floats:
            return np.full((len(past), 1, horizon), 10.0)

        def level(self, past: Floats) -> Floats:
            return medians(past[:, -28:])

    ours, ten = forecast(weekly(40, noise=1.0), 28), forecast(weekly(40, noise=1.0), 28, method=Ten())
    assert ten.method == "ten" and set(ten.point) == {10.0} and ten.slope == 0
    assert ten.backtest is not None and ours.backtest is not None
    assert ten.backtest.seasonal_naive == ours.backtest.seasonal_naive
    assert ten.backtest.mase > ours.backtest.mase
    assert "no better than" in ten.refused and ours.usable


def test_the_season_of_a_year_ago_is_foreseen_where_two_years_are_known_and_growth_is_not_taken_for_it():
    """The level falls from summer to winter as it did the year before; a series that only grows has no such season."""
    days = np.arange(2 * 364 + 100)
    random = np.random.default_rng(8).standard_normal(len(days))
    season = series(10 + 3 * np.sin(2 * np.pi * days / 364) + 0.2 * random)
    found = forecast(season, 90)
    weight = {one.name: one.weight for one in found.trends}
    assert weight["last year's season"] > 0.5
    ahead = np.arange(len(days), len(days) + 90)
    assert found.point.to_numpy() == pytest.approx(10 + 3 * np.sin(2 * np.pi * ahead / 364), abs=0.6)
    grows = forecast(series(10 * 1.0005**days + 0.2 * random), 90)
    assert {one.name: one.weight for one in grows.trends}["last year's season"] < 0.5
    assert "last year's season" not in [one.name for one in forecast(season.iloc[-365:], 90).trends]


def test_a_series_without_recent_values_is_refused_and_says_so():
    values = weekly(40, noise=1.0)
    values.iloc[-60:] = np.nan
    assert "measured lately" in forecast(values, 28).refused


@given(st.lists(st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), min_size=5, max_size=5), min_size=1))
def test_medians_are_those_of_what_is_known(rows: list[list[float]]):
    found: Floats = medians(np.array(rows))
    for row, one in zip(rows, found, strict=True):
        known = [value for value in row if value == value]
        assert one == pytest.approx(np.median(known)) if known else np.isnan(one)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.01, 1e6))
def test_a_forecast_does_not_depend_on_the_unit(scale: float):
    one, other = forecast(weekly(12, noise=1.0), 14), forecast(weekly(12, noise=1.0) * scale, 14)
    assert other.point.to_numpy() == pytest.approx(one.point.to_numpy() * scale, rel=1e-9)
    assert other.refused == one.refused


def test_a_day_with_few_readings_has_no_peak():
    readings = series(np.arange(2.5 * 24), freq="1h")
    peaks = daily_peaks(readings)
    assert peaks.tolist() == [23, 47, 59]  # half a day is half of the usual: it counts
    assert daily_peaks(readings.iloc[:-1]).tolist() == [23, 47]


def test_a_day_without_readings_between_two_others_is_missing():
    readings = pd.concat([series(np.ones(24), freq="1h"), series(np.ones(24), freq="1h").shift(2, freq="1D")])
    assert daily_peaks(readings).isna().tolist() == [False, True, False]


def test_no_date_is_read_from_a_forecast_whose_interval_failed_more_often_than_it_held():
    """One great event in three months: better than its rivals by a hair, and its 80 % interval held 31 %."""
    random, days = np.random.default_rng(0), np.arange(90)
    level = 100 * np.exp(3 * np.exp(-(((days - 60) / 6) ** 2)))
    found = forecast(series(level * (1 + 0.5 * (days % 7 < 5)) * random.lognormal(0, 0.15, 90)), 28)
    assert found.backtest is not None and found.backtest.better
    assert "80 % interval held only 31 % of the values" in found.refused and not found.usable


def test_a_method_that_foresees_in_one_piece_is_told_to_accumulate_only_where_its_drift_is_clear():
    """A growth scenario must not multiply the level of a disk, nor count a trend twice."""

    class Line:
        names, priors = ("line",), (1.0,)

        def foresee(self, past: Floats, horizon: int) -> Floats:
            slope = (past[:, -14:].mean(axis=1) - past[:, :14].mean(axis=1)) / (past.shape[1] - 14)
            return (past[:, -7:].mean(axis=1) + slope * 3)[:, None, None] + slope[:, None, None] * np.arange(
                1, horizon + 1
            )

        def level(self, past: Floats) -> Floats:
            return medians(past[:, -28:])

    random = np.random.default_rng(4)
    filling = forecast(series(0.3 + 0.002 * np.arange(200) + 0.003 * random.standard_normal(200)), 60, method=Line())
    assert filling.slope == pytest.approx(0.002, rel=0.1)
    assert filling.flat is not None and np.ptp(filling.flat) < 1e-9
    assert forecast(weekly(40, noise=1.0), 60, method=Line()).slope == 0


def test_the_decomposition_foresees_a_plan_and_its_growth_counts_once():
    """Where statsforecast is installed: a disk that fills and a load that follows demand, at 3 % a month."""
    pytest.importorskip("statsforecast")
    random, days = np.random.default_rng(4), 200
    index = pd.date_range("2026-01-01", periods=days, tz="UTC", name="time")
    uses = {
        "disk": 0.3 + 0.002 * np.arange(days) + 0.003 * random.standard_normal(days),
        "cpu": (np.resize(WEEK, days) + 0.5 * random.standard_normal(days)) / 30,
    }
    uses["cpu"][:40] = np.nan  # the first origins know nothing
    measured = []
    for kind, values in uses.items():
        reading = Reading(kind, pd.Series(values, index=index), kind, "test", index[0], index[-1], timedelta(days=1))
        measured.append((Resource(kind, "db", kind, 1.0, kind=kind), reading))  # type: ignore[arg-type]
    plans = [
        CapacityPlan(horizon=timedelta(days=60), method="MSTL and ETS", scenarios=[GrowthScenario("g", monthly, 1.0)])
        for monthly in (0.0, 0.03)
    ]
    calm, grown = ({one.resource.name: one for one in outlooks(measured, plan, index[-1])} for plan in plans)
    assert {one.forecast.method for one in calm.values()} == {"MSTL and ETS"}
    assert not calm["disk"].refused and calm["disk"].forecast.slope == pytest.approx(0.002, rel=0.1)
    # 60 days of 0.002, and what 3 % more a month add to it: 0.12 x about 3 %, not the level's 6 %
    added = grown["disk"].centre.iloc[-1] - calm["disk"].centre.iloc[-1]
    assert 0.001 < added < 0.01
