"""Forecasts: what they repeat, when they refuse, and how honest their intervals are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.backtest import interval
from sre_kit.compute.forecast import daily_peaks, forecast, reach
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
    assert found.method == "weekly profile and trend"
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
    low, high = interval(np.array(errors))
    assert min(errors) <= low <= high <= max(errors)
    assert np.mean([(low <= e) & (e <= high) for e in errors]) >= 0.8 - 1e-9


def test_fewer_than_ten_errors_give_no_interval():
    assert all(np.isnan(interval(np.arange(9.0))))


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
