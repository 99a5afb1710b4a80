"""Limits by arithmetic, sizes, and money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.capacity.cost import CostStep, cost_plan, cost_steps
from sre_kit.compute.capacity.exhaustion import Outlook, outlook
from sre_kit.compute.capacity.plan import (
    BudgetStep,
    CapacityPlan,
    ConnectionLimit,
    CostLine,
    Event,
    GrowthScenario,
    Resource,
    Scaling,
)
from sre_kit.compute.capacity.sizing import fitting_scaling, pool_checks, right_sizes, size_for, survivals
from sre_kit.compute.vocabulary import Reading

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
WEB = Scaling(
    "web", "horizontal", metric="cpu", threshold=Fraction(7, 10), minimum=4, maximum=12, pool_size=20, database="db"
)
WORKER = Scaling("worker", "none", minimum=2, maximum=2, replicas=2, pool_size=5, database="db")


def use_of(resource: Resource, values: np.ndarray) -> Outlook:
    index = pd.date_range("2026-10-01", periods=len(values), freq="1h", tz="UTC", name="time")
    series = pd.Series(values, index=index, dtype=float)
    reading = Reading("use", series, "q", "test", index[0].to_pydatetime(), AS_OF, timedelta(hours=1))
    return outlook(resource, reading, CapacityPlan(), AS_OF)


def test_maximum_replicas_times_pool_size_is_held_against_the_connections():
    (check,) = pool_checks(CapacityPlan(scaling=[WEB, WORKER], connection_limits=[ConnectionLimit("db", 200, "spec")]))
    assert (check.most, check.holds, check.fitting_maximum) == (250, False, 9)  # 12 x 20 + 2 x 5; (200 - 10) / 20
    assert check.today is None  # nobody says how many web replicas run


def test_replicas_that_run_today_are_counted_where_all_are_known():
    running = [replace(WEB, replicas=4), WORKER]
    (check,) = pool_checks(CapacityPlan(scaling=running, connection_limits=[ConnectionLimit("db", 250)]))
    assert check.today == 90 and check.holds is True


def test_an_unknown_limit_is_not_known_and_never_holds():
    (check,) = pool_checks(CapacityPlan(scaling=[WEB]))
    assert check.holds is None and check.fitting_maximum is None
    assert fitting_scaling([WEB], [check]) == [WEB]


def test_the_largest_client_is_cut_to_what_fits_and_never_below_its_minimum():
    plan = CapacityPlan(scaling=[WEB, WORKER], connection_limits=[ConnectionLimit("db", 200)])
    assert [one.maximum for one in fitting_scaling(plan.scaling, pool_checks(plan))] == [9, 2]
    tight = replace(plan, connection_limits=[ConnectionLimit("db", 50)])
    assert [one.maximum for one in fitting_scaling(tight.scaling, pool_checks(tight))] == [4, 2]


@given(limit=st.integers(90, 1000), pool=st.integers(1, 30))
def test_what_fits_fits(limit: int, pool: int):
    plan = CapacityPlan(
        scaling=[replace(WEB, pool_size=pool, minimum=1), WORKER], connection_limits=[ConnectionLimit("db", limit)]
    )
    cut = replace(plan, scaling=fitting_scaling(plan.scaling, pool_checks(plan)))
    assert all(check.holds for check in pool_checks(cut))


def test_the_loss_of_a_zone_takes_its_share_rounded_up():
    resource = Resource("cpu", "web", "q", 1.0, instances=4, demand_share=Fraction(1))
    (row,) = survivals([use_of(resource, np.full(48, 0.6))], zones=3)
    assert (row.zone_instances, row.one_lost, row.zone_lost) == (2, pytest.approx(0.8), pytest.approx(1.2))
    (alone,) = survivals([use_of(replace(resource, instances=None), np.full(48, 0.6))], zones=3)
    assert alone.one_lost is None and alone.zone_lost is None


def test_cpu_is_sized_by_its_95th_percentile_and_memory_by_its_maximum():
    spiky = np.r_[np.full(990, 0.5), np.full(10, 0.9)]
    one = use_of(Resource("cpu", "a", "q", 1.0, kind="cpu"), spiky)
    other = use_of(Resource("mem", "a", "q", 1.0, kind="memory"), spiky * 0.7)
    cpu, memory = right_sizes([one, other], [])
    assert cpu.recommended == pytest.approx(0.575) and cpu.risk == pytest.approx(0.01)
    assert memory.recommended == pytest.approx(0.63 * 1.15) and memory.risk == 0


def test_a_request_that_an_autoscaler_steers_by_keeps_its_threshold():
    (size,) = right_sizes([use_of(Resource("cpu", "web", "q", 1.0, kind="cpu"), np.full(100, 0.4))], [WEB])
    assert size.recommended == pytest.approx(0.4 * 1.15 / 0.7)
    assert "70 %" in size.basis


def test_never_below_half_and_nothing_for_a_small_change():
    sizes = right_sizes([use_of(Resource("cpu", "a", "q", 1.0, kind="cpu"), np.full(100, v)) for v in (0.1, 0.85)], [])
    assert sizes[0].recommended == 0.5
    assert sizes[1].recommended is None and sizes[1].reason.startswith("today's size fits: ")


def test_a_resource_that_may_run_out_is_not_made_smaller():
    days = np.repeat(0.3 + 0.004 * np.arange(150), 24) + 0.002 * np.random.default_rng(1).standard_normal(3600)
    (size,) = right_sizes([use_of(Resource("cpu", "a", "q", 1.0, kind="cpu"), days)], [])
    assert size.recommended is None and "may be reached" in size.reason


def test_nothing_is_made_smaller_than_what_is_foreseen():
    """A quiet autumn before a December that doubles the load: 40 % would do today, not then."""
    days = np.repeat(np.tile([0.33, 0.34, 0.33, 0.32, 0.36, 0.3, 0.28], 20), 24)
    noisy = days + 0.01 * np.random.default_rng(3).standard_normal(len(days))
    index = pd.date_range(AS_OF - timedelta(hours=len(noisy)), periods=len(noisy), freq="1h", name="time")
    cpu = Resource("cpu", "a", "q", 1.0, kind="cpu", demand_share=Fraction(1))
    reading = Reading(
        "use", pd.Series(noisy, index=index), "q", "test", index[0].to_pydatetime(), AS_OF, timedelta(hours=1)
    )
    event = Event("December", date(2026, 12, 1), date(2026, 12, 5), 2.0)
    calm, busy = (outlook(cpu, reading, CapacityPlan(events=list(e)), AS_OF) for e in ([], [event]))
    assert not busy.refused
    (before,), (after,) = right_sizes([calm], []), right_sizes([busy], [])
    assert before.recommended == 0.5
    assert after.recommended == pytest.approx(float(busy.upper.max())) and "forecast's upper bound" in after.basis


def test_a_size_to_try_grows_with_percentile_and_load_and_only_by_what_follows_demand():
    one = use_of(Resource("cpu", "web", "q", 1.0, kind="cpu", demand_share=Fraction(1, 2)), np.linspace(0.1, 0.5, 401))
    size, above = size_for(one, 0.95, 1.0)
    assert size == pytest.approx(0.48 * 1.15) and above == 0
    assert size_for(one, 1.0, 1.0)[0] > size
    assert size_for(one, 0.95, 3.0)[0] == pytest.approx(2 * size), "half of the use triples"
    assert size_for(one, 0.95, 1.0, WEB)[0] == pytest.approx(size / 0.7)
    assert size_for(one, 0.5, 1.0)[1] == pytest.approx(155 / 401)  # above 0.345


PLAN = CapacityPlan(
    costs=[CostLine("db", Decimal(600)), CostLine("nodes", Decimal(400), scales=True)],
    scenarios=[GrowthScenario("none", 0.0, 0.5), GrowthScenario("ten", 0.10, 0.5)],
    budgets=[BudgetStep(date(2026, 1, 1), Decimal(1050)), BudgetStep(date(2027, 1, 1), Decimal(1100), "2027")],
)


def test_cost_grows_only_where_it_scales_and_the_scenarios_are_weighed():
    months = cost_plan(PLAN, AS_OF.date(), months=3).months
    assert [dict(month.by_scenario)["none"] for month in months] == [1000, 1000, 1000]
    assert [dict(month.by_scenario)["ten"] for month in months] == [1000, 1040, 1084]
    assert [month.expected for month in months] == [1000, 1020, 1042]


def test_the_budget_changes_with_the_year_and_the_first_month_above_it_is_named():
    cost = cost_plan(PLAN, AS_OF.date(), months=12)
    assert [month.budget for month in cost.months[:3]] == [1050, 1050, 1100]
    # 600 + 400 x (1 + 1.1^k) / 2 > 1100 from k = 5: 400 x 2.61 / 2 = 522
    assert cost.exceeded == date(2027, 4, 1)


def test_a_step_is_paid_from_the_month_it_must_begin_in():
    steps = [CostStep("disk", date(2026, 12, 10), Decimal(13)), CostStep("late", date(2026, 9, 1), Decimal(5))]
    months = cost_plan(PLAN, AS_OF.date(), steps, months=3).months
    assert [month.steps for month in months] == [5, 18, 18]


def test_without_budget_nothing_is_exceeded_and_nothing_is_invented():
    cost = cost_plan(replace(PLAN, budgets=[]), AS_OF.date())
    assert cost.exceeded is None and cost.months[0].budget is None and cost.months[0].over is None


def test_cost_of_a_unit_of_work_is_missing_without_work():
    cost = cost_plan(PLAN, AS_OF.date())
    assert cost.monthly == 1000 and cost.per_unit(50) == 20 and cost.per_unit(None) is None and cost.per_unit(0) is None


def test_only_steps_with_a_date_and_a_price_cost_something():
    filling = np.repeat(0.3 + 0.004 * np.arange(150), 24) + 0.002 * np.random.default_rng(1).standard_normal(3600)
    disk = Resource("disk", "db", "q", 1.0, order_cost=Decimal(13), next_step="a larger disk")
    priced, unpriced, calm = (
        use_of(disk, filling),
        use_of(replace(disk, order_cost=None), filling),
        use_of(disk, filling * 0.1),
    )
    assert [step.name for step in cost_steps([priced, unpriced, calm])] == ["a larger disk"]
