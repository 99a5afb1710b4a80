"""Whether requests wait for a worker, and what all replicas together may take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.capacity.ceilings import ceiling_checks, fitting_plan, under_ceilings
from sre_kit.compute.capacity.plan import (
    CapacityPlan,
    Ceiling,
    ConnectionLimit,
    Event,
    GrowthScenario,
    Queue,
    Scaling,
    Share,
)
from sre_kit.compute.capacity.queueing import foreseen_factor, peak_rate, queue_check, queue_checks, replicas_needed
from sre_kit.compute.capacity.sizing import pool_checks
from sre_kit.compute.capacity.usl import erlang_c
from sre_kit.compute.vocabulary import Requests

TODAY = date(2026, 11, 1)
SECOND = timedelta(seconds=1)
QUEUE = Queue("web", workers=2, service=SECOND, longest_wait=SECOND, rate=1.0)
WEB = Scaling("web", "horizontal", metric="cpu", minimum=1, maximum=10)
WORKER = Scaling("worker", "none", minimum=2, maximum=2)


def simulated_waits(servers: int, rate: float, service: float, count: int = 60_000) -> np.ndarray:
    """Waits of an M/M/c queue, customer after customer (Kiefer and Wolfowitz)."""
    random = np.random.default_rng(5)
    arrivals = np.cumsum(random.exponential(1 / rate, count))
    spent = random.exponential(service, count)
    free, waits = np.zeros(servers), np.empty(count)
    for at, (came, takes) in enumerate(zip(arrivals, spent, strict=True)):
        first = int(free.argmin())
        begun = max(came, free[first])
        waits[at], free[first] = begun - came, begun + takes
    return waits[count // 10 :]


def test_the_wait_of_95_percent_is_that_of_a_simulated_queue():
    waits = simulated_waits(servers=2, rate=1.5, service=1.0)
    found = queue_check(replace(QUEUE, rate=1.5), "now", 1.5, replicas=1)
    assert found.waiting == pytest.approx((waits > 0).mean(), abs=0.03)
    assert found.wait_p95 is not None
    assert found.wait_p95.total_seconds() == pytest.approx(np.quantile(waits, 0.95), rel=0.08)


def test_two_servers_with_one_busy_let_a_third_of_the_arrivals_wait():
    """Erlang C for c = 2 and an offered load of 1 is 1/3 (Cooper 1981)."""
    found = queue_check(QUEUE, "now", 1.0, replicas=1)
    assert found.waiting == pytest.approx(1 / 3) and found.busy == pytest.approx(0.5)
    assert found.waiting == pytest.approx(erlang_c(2, 1.0))


def test_a_load_that_fills_the_workers_has_no_wait_and_does_not_hold():
    found = queue_check(QUEUE, "now", 2.0, replicas=1)
    assert (found.waiting, found.wait_p95, found.holds) == (None, None, False)
    assert found.busy == 1 and found.needed == 2


@given(rate=st.floats(0.1, 500), workers=st.integers(1, 20))
def test_the_replicas_that_are_needed_hold_and_one_less_does_not(rate: float, workers: int):
    queue = replace(QUEUE, workers=workers)
    needed = replicas_needed(queue, rate)
    assert needed is not None
    assert queue_check(queue, "", rate, needed).holds
    assert needed == 1 or not queue_check(queue, "", rate, needed - 1).holds


def test_a_queue_is_checked_at_its_peak_without_a_replica_and_as_foreseen():
    plan = CapacityPlan(
        queues=[QUEUE],
        events=[
            Event("sale", date(2026, 11, 20), date(2026, 11, 25), 3.0),
            Event("past", date(2026, 1, 1), TODAY, 9.0),
        ],
        scenarios=[GrowthScenario("base", 0.1, 1.0)],
        horizon=timedelta(days=365.25 / 12),
    )
    assert foreseen_factor(plan, TODAY) == pytest.approx(3.3)
    found = queue_checks(plan, [replace(WEB, replicas=4)], None, TODAY)
    assert [(one.replicas, round(one.rate, 2)) for one in found] == [(4, 1.0), (3, 1.0), (4, 3.3)]
    assert queue_checks(plan, [WORKER], None, TODAY) == [], "nobody says how many replicas run"


def test_a_queue_without_a_rate_has_the_highest_of_the_last_four_weeks():
    index = pd.date_range("2026-01-01", periods=60, freq="1D", tz="UTC", name="time")
    totals = pd.Series(86_400.0, index=index)
    totals.iloc[3], totals.iloc[-5] = 9e9, 2 * 86_400.0
    end = datetime(2026, 3, 2, tzinfo=UTC)
    frame = pd.DataFrame({"total": totals, "good": totals})
    requests = Requests("demand", frame, "test", end - timedelta(days=60), end, timedelta(days=1))
    assert peak_rate(requests) == 2.0
    assert peak_rate(None) is None
    unmeasured = CapacityPlan(queues=[replace(QUEUE, rate=None)])
    assert queue_checks(unmeasured, [WEB], None, TODAY) == []
    assert queue_checks(unmeasured, [WEB], requests, TODAY)[0].rate == 2.0


def test_all_takers_at_their_maximum_are_held_against_the_ceiling():
    nodes = Ceiling("node CPU", 8.0, "cores", shares=[Share("web", 0.5), Share("worker", 1.0)], others=2.0)
    (check,) = ceiling_checks(CapacityPlan(scaling=[WEB, WORKER], ceilings=[nodes]))
    assert (check.most, check.holds, check.fitting_maximum) == (9.0, False, 8)  # 10 x 0.5 + 2 x 1 + 2; (8 - 4) / 0.5
    cut = under_ceilings([WEB, WORKER], [check])
    assert [one.maximum for one in cut] == [8, 2]
    (again,) = ceiling_checks(CapacityPlan(ceilings=[nodes]), cut)
    assert again.holds


def test_a_maximum_is_cut_to_what_the_database_and_then_the_nodes_allow():
    web = replace(WEB, maximum=20, pool_size=10, database="db")
    nodes = Ceiling("node CPU", 4.0, shares=[Share("web", 0.5)])
    plan = CapacityPlan(scaling=[web], connection_limits=[ConnectionLimit("db", 120)], ceilings=[nodes])
    assert [one.maximum for one in fitting_plan(replace(plan, ceilings=[]), pool_checks(plan))] == [12]
    assert [one.maximum for one in fitting_plan(plan, pool_checks(plan))] == [8]


def test_the_tightest_of_several_ceilings_decides_and_a_minimum_stays():
    nodes = Ceiling("node CPU", 4.0, shares=[Share("web", 0.5)])
    addresses = Ceiling("addresses", 5, shares=[Share("web", 1)])
    plan = CapacityPlan(scaling=[replace(WEB, minimum=6)], ceilings=[nodes, addresses])
    assert [one.maximum for one in under_ceilings(plan.scaling, ceiling_checks(plan))] == [6]
    plan = replace(plan, scaling=[WEB])
    assert [one.maximum for one in under_ceilings(plan.scaling, ceiling_checks(plan))] == [5]


@given(limit=st.floats(1, 1e6), each=st.floats(0.01, 100), maximum=st.integers(1, 500))
def test_what_fits_under_a_ceiling_fits(limit: float, each: float, maximum: int):
    plan = CapacityPlan(
        scaling=[Scaling("web", "horizontal", minimum=1, maximum=maximum)],
        ceilings=[Ceiling("x", limit, shares=[Share("web", each)])],
    )
    (check,) = ceiling_checks(plan)
    fits = check.fitting_maximum
    assert fits * each <= limit * (1 + 1e-9)
    assert (fits + 1) * each > limit * (1 - 1e-9)


def test_a_ceiling_that_nobody_scaled_takes_from_is_left_out():
    assert ceiling_checks(CapacityPlan(scaling=[WEB], ceilings=[Ceiling("x", 1, shares=[Share("other", 1)])])) == []
