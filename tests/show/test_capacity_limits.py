"""CapacityPlanning's limits by arithmetic, queues, scenarios, hours and sizes to try."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sre_kit import show
from sre_kit.compute.capacity.ceilings import ceiling_checks
from sre_kit.compute.capacity.cost import cost_plan
from sre_kit.compute.capacity.exhaustion import Outlook, outlook
from sre_kit.compute.capacity.hours import next_hours
from sre_kit.compute.capacity.plan import (
    CapacityPlan,
    Ceiling,
    CostLine,
    Event,
    GrowthScenario,
    Queue,
    Resource,
    Scaling,
    Share,
)
from sre_kit.compute.capacity.queueing import queue_checks
from sre_kit.compute.vocabulary import Reading, Requests

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
DISK = Resource("db disk", "db", "disk_used", 1.0, lead_time=timedelta(days=14), stateful=True, kind="disk")
FILLING = 0.8 + 0.004 * np.arange(-199, 1) + 0.002 * np.random.default_rng(1).standard_normal(200)


def seen(resource: Resource, values: np.ndarray) -> Outlook:
    """The outlook of daily readings up to the report time."""
    index = pd.date_range(AS_OF - timedelta(days=len(values)), periods=len(values), freq="1D", name="time")
    series = pd.Series(values, index=index, dtype=float)
    start = index[0].to_pydatetime()
    reading = Reading(resource.name, series, resource.query, "test", start, AS_OF, timedelta(days=1))
    return outlook(resource, reading, CapacityPlan(horizon=timedelta(days=60)), AS_OF)


def test_ceilings_show_their_arithmetic_and_what_does_not_fit_is_a_finding() -> None:
    nodes = Ceiling("node CPU", 4.0, "cores", "spec", shares=[Share("web", 0.5)], others=1.0)
    plan = CapacityPlan(scaling=[Scaling("web", "horizontal", minimum=1, maximum=10)], ceilings=[nodes])
    table = show.ceiling_arithmetic(ceiling_checks(plan))
    assert "10 x 0.5 (web) + 1 (others) = 6 cores" in table.markdown()
    assert "**does not hold; 6 web fit**" in table.markdown() and len(table.findings) == 1
    assert "quotas of the provider" in show.ceiling_arithmetic([]).gaps[0].what


def test_a_queue_that_only_grows_is_bold_and_found_and_too_few_connections_are_found() -> None:
    queue = Queue("web", workers=8, service=timedelta(seconds=1), longest_wait=timedelta(seconds=1), rate=20.0)
    plan = CapacityPlan(scaling=[Scaling("web", "horizontal", replicas=2, pool_size=5)], queues=[queue])
    table = show.queue_waits(queue_checks(plan, plan.scaling, None, AS_OF.date()), plan)
    row = table.markdown().splitlines()[2]
    assert "125.0 %" in row and "**grows without end**" in row
    assert any("8 workers share 5 connections" in found.text for found in table.findings)
    assert show.queue_waits([], CapacityPlan()).gaps


def test_dates_under_each_scenario_stand_side_by_side() -> None:
    plan = CapacityPlan(scenarios=[GrowthScenario("none", 0.0, 0.5), GrowthScenario("much", 0.2, 0.5)])
    lines = show.exhaustion_scenarios([seen(DISK, FILLING)], plan).markdown().splitlines()
    assert "none, 0.0 % a month" in lines[0] and "much, 20.0 % a month" in lines[0]
    assert lines[2].count(" d (") == 2
    assert "there is no date" in show.exhaustion_scenarios([], plan).markdown()


def test_a_unit_of_work_costs_less_where_fixed_lines_are_shared_by_more() -> None:
    index = pd.date_range(AS_OF - timedelta(days=30), periods=30, freq="1D", name="time")
    frame = pd.DataFrame({"total": np.full(30, 1e5), "good": np.full(30, 1e5)}, index=index)
    demand = Requests("demand", frame, "test", AS_OF - timedelta(days=30), AS_OF, timedelta(days=1))
    plan = CapacityPlan(
        costs=[CostLine("db", Decimal(600)), CostLine("nodes", Decimal(400), scales=True)],
        scenarios=[GrowthScenario("ten", 0.1, 1.0)],
    )
    lines = show.unit_costs(cost_plan(plan, AS_OF.date()), plan, demand, "EUR").markdown().splitlines()
    assert "333 EUR" in lines[2]  # 1,000 over 3 million
    assert "9,415,285" in lines[3] and "197 EUR" in lines[3]  # 600 + 400 x 1.1^12 = 1,855.37 over 9.415 million
    assert show.unit_costs(cost_plan(plan, AS_OF.date()), plan, None, "EUR").gaps


def test_the_size_explorer_shows_the_95th_percentile_and_answers_another() -> None:
    busy = seen(Resource("cpu", "web", "q", 1.0, kind="cpu", demand_share=Fraction(1)), np.linspace(0.1, 0.5, 200))
    shown = show.size_explorer([busy], [])
    assert "Percentile 95, load × 1" in shown.markdown()
    assert "**" in shown.at(percentile=100, load=3.0).markdown().splitlines()[4]
    assert "CPU or memory to size" in show.size_explorer([seen(DISK, FILLING)], []).markdown()


def test_the_next_two_days_have_their_highest_hour_and_a_short_history_its_reason() -> None:
    hours = pd.date_range(AS_OF - timedelta(days=40), periods=960, freq="1h", name="time")
    daily = 0.5 + 0.2 * np.sin(2 * np.pi * (np.arange(960) % 24 - 12) / 24)
    values = pd.Series(daily + 0.02 * np.random.default_rng(1).standard_normal(960), index=hours)
    web = Resource("web", "web", "q", 1.0, kind="cpu", demand_share=Fraction(1))
    reading = Reading("web", values, "q", "test", hours[0].to_pydatetime(), AS_OF, timedelta(hours=1))
    plan = CapacityPlan(horizon=timedelta(days=7))
    (found,) = next_hours([outlook(web, reading, plan, AS_OF)], plan)
    assert found.at is not None and found.at.hour in (17, 18, 19) and found.highest == pytest.approx(0.7, abs=0.03)
    assert found.low is not None and found.high is not None and found.low < found.highest < found.high
    tomorrow = AS_OF.date() + timedelta(days=1)
    busy = CapacityPlan(events=[Event("sale", tomorrow, tomorrow + timedelta(days=1), 2.0)])
    (doubled,) = next_hours([outlook(web, reading, plan, AS_OF)], busy)
    assert doubled.highest == pytest.approx(2 * found.highest, rel=0.05) and doubled.at.date() == tomorrow
    short = replace(reading, values=values.iloc[-30:])
    (refused,) = next_hours([outlook(web, short, plan, AS_OF)], plan)
    assert "refused: the history holds 30 values" in show.short_forecasts([refused]).markdown()
