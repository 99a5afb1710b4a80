"""When a resource runs out: crossing, scenarios, events, dates, and the cases without a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.capacity.exhaustion import (
    cycles,
    demand_fit,
    event_factors,
    exhaustion_under,
    first_crossing,
    outlook,
    outlooks,
    scenario_paths,
    usage,
    weighted_quantiles,
)
from sre_kit.compute.capacity.forecast import daily_peaks
from sre_kit.compute.capacity.plan import CapacityPlan, Event, GrowthScenario, Resource
from sre_kit.compute.vocabulary import Reading

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
DISK = Resource(name="disk", component="db", query="disk", limit=1.0, lead_time=timedelta(days=14), stateful=True)


def reading(values: np.ndarray, step: timedelta = timedelta(days=1), gap: str = "") -> Reading:
    start = AS_OF - len(values) * step
    index = pd.date_range(start, periods=len(values), freq=pd.Timedelta(step), name="time")
    return Reading("use", pd.Series(values, index=index, dtype=float), "use", "test", start, AS_OF, step, "ratio", gap)


def filling(days: int = 200, at_end: float = 0.8, per_day: float = 0.004) -> Reading:
    noise = 0.002 * np.random.default_rng(1).standard_normal(days)
    return reading(at_end + per_day * (np.arange(days) - days + 1) + noise)


def traffic(days: int = 280, level: float = 0.5) -> Reading:
    week = np.array([1.0, 1.02, 1.0, 0.98, 1.1, 0.7, 0.6])
    noise = 0.05 * np.random.default_rng(2).standard_normal(days)
    return reading(level * (np.tile(week, days // 7) + noise))


def test_a_disk_that_fills_has_a_date_near_the_arithmetic_one():
    """0.2 left at 0.004 a day is 50 days; the third day above comes two days later."""
    found = outlook(DISK, filling(), CapacityPlan(), AS_OF)
    assert found.exhaustion is not None
    assert found.exhaustion.p50 == pytest.approx(52, abs=4)
    assert found.exhaustion.probability == pytest.approx(1)
    assert found.exhaustion.order_by == (AS_OF + timedelta(days=found.exhaustion.p10 - 14)).date()
    assert not found.exhaustion.passed


def test_an_order_by_date_before_the_report_time_has_passed():
    slow = Resource(name="disk", component="db", query="disk", limit=1.0, lead_time=timedelta(days=80))
    found = outlook(slow, filling(), CapacityPlan(), AS_OF).exhaustion
    assert found is not None and found.passed and found.order_by < AS_OF.date()


def test_not_within_the_horizon_is_a_value():
    found = outlook(DISK, traffic(), CapacityPlan(horizon=timedelta(days=60)), AS_OF).exhaustion
    assert found is not None
    assert (found.p10, found.p50, found.p90, found.order_by) == (None, None, None, None)
    assert found.horizon_days == 60 and found.probability == 0


def test_a_refused_forecast_gives_no_date_and_says_why():
    noise = reading(0.5 + 0.01 * np.random.default_rng(3).standard_normal(300))
    found = outlook(DISK, noise, CapacityPlan(), AS_OF)
    assert found.exhaustion is None and "no better than" in found.refused


def test_a_gap_of_the_source_is_the_reason_without_a_forecast():
    found = outlook(DISK, reading(np.empty(0), gap="the source does not answer"), CapacityPlan(), AS_OF)
    assert found.refused == "the source does not answer"
    assert found.usage.peak is None and found.usage.headroom is None


def test_a_short_history_shortens_the_horizon_and_says_so():
    found = outlook(DISK, filling(100), CapacityPlan(horizon=timedelta(days=90)), AS_OF)
    assert found.forecast.horizon < 90
    assert "instead of 90" in found.note and "100 days of history" in found.note


def test_one_touch_is_no_exhaustion_and_the_third_of_seven_is():
    paths = np.array([[2, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 2, 0, 2, 0, 2, 0, 0, 0, 0], [2, 0, 0, 2, 0, 0, 0, 2, 0, 0]])
    assert first_crossing(np.zeros(6), paths, 1.0).tolist() == [np.inf, 5, np.inf]


def test_days_above_the_limit_before_the_report_time_count():
    assert first_crossing(np.array([0, 0, 0, 0, 2, 2.0]), np.array([[2.0, 0]]), 1.0).tolist() == [0]


def test_missing_days_do_not_count_as_above():
    assert first_crossing(np.array([np.nan] * 6), np.array([[2.0, 2.0, 0]]), 1.0).tolist() == [np.inf]


def test_growth_brings_the_date_forward_and_never_back():
    resource = Resource(name="cpu", component="web", query="cpu", limit=0.62, demand_share=Fraction(1))
    found = outlook(resource, traffic(), CapacityPlan(horizon=timedelta(days=90)), AS_OF)
    days = [exhaustion_under(found, CapacityPlan(), monthly).p50 for monthly in (0.0, 0.02, 0.05, 0.1)]
    ranked = [float("inf") if day is None else day for day in days]
    assert ranked == sorted(ranked, reverse=True) and ranked[-1] < ranked[0]


def test_growth_is_the_whole_growth_and_the_drift_of_past_errors_does_not_count_twice():
    """Load that rises 1 % a month errs upwards; a scenario must not add that to its own growth."""
    days = np.arange(280)
    found = outlook(
        Resource("cpu", "web", "cpu", 9.0), reading(traffic().values.to_numpy() * 1.0004**days), CapacityPlan(), AS_OF
    ).forecast
    assert found.slope == 0, "a profile without a trend, so that the drift is in its errors"
    grown = (1 + 0.03) ** (np.arange(1, found.horizon + 1) / (365.25 / 12))
    centre = np.median(scenario_paths(found, 0.03, [], 1.0), axis=0)
    assert found.flat is not None
    assert centre == pytest.approx(found.flat * grown)
    assert (np.median(found.paths, axis=0) > found.flat).mean() > 0.9


def test_headroom_to_keep_brings_the_date_forward():
    found = outlook(DISK, filling(), CapacityPlan(), AS_OF)
    assert (
        exhaustion_under(found, CapacityPlan(), 0.0, usable=0.9).p50 < exhaustion_under(found, CapacityPlan(), 0.0).p50
    )


def test_a_horizon_to_choose_hides_what_lies_beyond_it():
    found = outlook(DISK, filling(), CapacityPlan(), AS_OF)
    assert exhaustion_under(found, CapacityPlan(), 0.0, horizon_days=20).p50 is None


def test_an_event_changes_the_forecast_only_in_its_days():
    event = Event("sale", date(2026, 7, 11), date(2026, 7, 21), 3.0)
    resource = Resource(name="cpu", component="web", query="cpu", limit=1.0, demand_share=Fraction(1))
    calm = outlook(resource, traffic(), CapacityPlan(), AS_OF)
    busy = outlook(resource, traffic(), CapacityPlan(events=[event]), AS_OF)
    assert calm.exhaustion is not None and calm.exhaustion.p50 is None
    assert busy.exhaustion is not None and busy.exhaustion.p50 == 12  # its third day
    ratio = busy.centre / calm.centre
    assert ratio.iloc[10:20].to_numpy() == pytest.approx(3) and ratio.iloc[:10].to_numpy() == pytest.approx(1)


def test_a_past_event_teaches_nothing_about_the_days_after_it():
    """A sale in the last two weeks doubled the use; without the calendar the level would follow it."""
    busy = traffic().values.to_numpy().copy()
    busy[-14:] *= 2
    event = Event("sale", date(2026, 6, 17), date(2026, 7, 1), 2.0)
    resource = Resource(name="cpu", component="web", query="cpu", limit=1.0)
    known = outlook(resource, reading(busy), CapacityPlan(events=[event]), AS_OF).forecast
    unknown = outlook(resource, reading(busy), CapacityPlan(), AS_OF).forecast
    calm = outlook(resource, traffic(), CapacityPlan(), AS_OF).forecast
    assert known.point.mean() == pytest.approx(calm.point.mean(), rel=0.1)
    assert unknown.point.mean() > 1.1 * calm.point.mean()
    assert known.history.iloc[-14:].isna().all()


def test_overlapping_events_multiply():
    index = pd.date_range("2026-07-01", periods=3, tz="UTC")
    events = [Event("a", date(2026, 7, 1), date(2026, 7, 3), 2.0), Event("b", date(2026, 7, 2), date(2026, 7, 3), 3.0)]
    assert event_factors(index, events).tolist() == [2, 6, 1]


def test_what_does_not_follow_demand_does_not_grow():
    still = Resource(name="cpu", component="web", query="cpu", limit=0.62, demand_share=Fraction(0))
    found = outlook(still, traffic(), CapacityPlan(), AS_OF)
    assert exhaustion_under(found, CapacityPlan(), 0.2) == exhaustion_under(found, CapacityPlan(), 0.01)


def test_scenarios_are_weighted():
    resource = Resource(name="cpu", component="web", query="cpu", limit=0.75, demand_share=Fraction(1))
    plans = [
        CapacityPlan(scenarios=[GrowthScenario("none", 0.0, 1 - w), GrowthScenario("much", 0.5, w)])
        for w in (0.1, 0.5, 0.9)
    ]
    chances = [outlook(resource, traffic(), plan, AS_OF).exhaustion.probability for plan in plans]
    assert chances == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


def test_the_share_that_follows_demand_is_measured_where_demand_explains_the_use():
    days = pd.date_range("2026-01-01", periods=100, tz="UTC")
    demand = pd.Series(100 + 30 * np.sin(np.arange(100)), index=days)
    fit = demand_fit(DISK, 0.2 + 0.006 * demand, demand)
    assert fit.share == pytest.approx(0.6 / 0.8, abs=0.02) and fit.r_squared == pytest.approx(1) and not fit.assumed
    assert fit.idle == pytest.approx(0.2)


def test_use_that_ignores_demand_is_taken_to_follow_it_in_full_as_an_assumption():
    days = pd.date_range("2026-01-01", periods=100, tz="UTC")
    random = np.random.default_rng(5)
    fit = demand_fit(DISK, pd.Series(random.random(100), index=days), pd.Series(random.random(100), index=days))
    assert fit.share == 1 and "explains" in fit.assumed
    assert demand_fit(DISK, pd.Series(random.random(100), index=days), None).assumed == "demand is not measured"


def test_usage_counts_days_above_the_limit_and_leaves_the_missing_out():
    values = np.array([0.5, np.nan, 1.2, 0.9])
    found = usage(DISK, reading(values))
    assert (found.peak, found.days_over, found.readings) == (1.2, 1, 3)
    assert found.coverage == 0.75 and found.headroom == pytest.approx(-0.2)


def test_the_rest_carries_only_what_follows_demand():
    one = usage(Resource("cpu", "web", "cpu", 1.0, instances=4), reading(np.full(20, 0.6)))
    assert one.without(1) == pytest.approx(0.8)
    assert one.without(1, share=0.5) == pytest.approx(0.7)
    assert one.without(4) is None
    assert usage(DISK, reading(np.full(20, 0.6))).without(1) is None


def test_cycles_are_found_where_they_are_and_nowhere_else():
    hours = pd.date_range("2026-01-01", periods=24 * 28, freq="1h", tz="UTC")
    daily = pd.Series(np.sin(np.arange(24 * 28) * 2 * np.pi / 24), index=hours)
    chance = pd.Series(np.random.default_rng(6).random(24 * 28), index=hours)
    assert cycles(daily, daily_peaks(daily)) == ("daily",)
    assert cycles(chance, daily_peaks(chance)) == ()


def test_what_keeps_state_comes_first_and_then_the_least_headroom():
    web = Resource("web", "web", "web", 1.0, scalable="automatic")
    fixed = Resource("fixed", "x", "x", 1.0, scalable="fixed", stateful=True)
    order = outlooks([(web, traffic()), (DISK, filling()), (fixed, traffic())], CapacityPlan(), AS_OF)
    assert [one.resource.name for one in order] == ["fixed", "disk", "web"]


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_equal_weights_give_the_ordinary_quantile(values: list[float], q: float):
    paths = np.array(values)[:, None]
    found = weighted_quantiles(paths, np.ones(len(values)), [q])[0][0]
    assert np.mean(np.array(values) <= found) >= q - 1e-9
    assert found == np.quantile(values, q, method="inverted_cdf")
