"""Baselines, targets, bottlenecks, work in order, and what a cache could save."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.capacity.exhaustion import usage
from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.performance.baseline import EndpointReadings, baselines, statistic_of, target_checks
from sre_kit.compute.performance.bottlenecks import latency_budgets, ranked_bottlenecks, ranked_optimisations
from sre_kit.compute.performance.caching import stack_distances
from sre_kit.compute.performance.edge import edge_traffic
from sre_kit.compute.performance.plan import Endpoint, LatencyPart, LoadTest, Operation, Optimisation
from sre_kit.compute.performance.statements import Statement, Statements
from sre_kit.compute.vocabulary import Fact, Gap, Kind, Reading, Requests, Role, Scope

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)


def times(count: int) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=count, freq=pd.Timedelta(STEP), name="time")


def counted(total: list[int], good: list[int]) -> Requests:
    frame = pd.DataFrame({"total": total, "good": good}, index=times(len(total)))
    return Requests("r", frame, "test", START, START + len(total) * STEP, STEP, "good", "total")


def latency(values: list[float]) -> Reading:
    series = pd.Series(values, index=times(len(values)), dtype=float)
    return Reading("p95", series, "q", "test", START, START + len(values) * STEP, STEP, "s")


def measured(name: str, total: list[int], p95: list[float], p50: float = 0.1) -> EndpointReadings:
    halves = latency([p50] * len(p95))
    good = [max(0, one - 1) for one in total]
    endpoint = Endpoint(name, name, objective=timedelta(milliseconds=500))
    return EndpointReadings(endpoint, counted(total, good), {"p50": halves, "p95": latency(p95)})


def fact(
    kind: Kind, value: str, unit: str, *, role: Role = Role.TARGET, component: str = "", quote: str = "", **details: str
) -> Fact:
    plan = "docs/QA Engineer/PerformanceTestPlan.md"
    return Fact(
        kind, Decimal(value), unit, plan, 7, quote, scope=Scope(component=component), role=role, details=details
    )


def run(load: float, rate: float, p95: float, bad: int = 0) -> LoadTest:
    return LoadTest(f"run-{load:g}", "k6", "x", 10_000, bad, 100.0, rate, {0.95: p95}, mean=p95 / 2, load=load)


def test_a_baseline_weighs_intervals_by_their_traffic():
    """One slow interval with nine tenths of the traffic is the typical one."""
    (found,) = baselines([measured("checkout", [900, 50, 50], [0.8, 0.1, 0.1])])
    assert found.latencies["p95"].typical == 0.8
    assert found.requests == 1000 and found.errors == 3
    assert found.rate == pytest.approx(1000 / 900) and found.peak_rate == 3.0
    assert found.over("p95", 0.5) == pytest.approx(0.9)


def test_an_interval_without_traffic_has_no_say():
    (found,) = baselines([measured("checkout", [0, 10], [9.0, 0.2])])
    assert found.latencies["p95"].typical == 0.2 and found.latencies["p95"].intervals == 1


def test_what_was_not_measured_is_missing_and_a_gap():
    quiet = Reading(
        "p95", pd.Series([], index=times(0), dtype=float), "q", "t", START, START + STEP, STEP, "s", "silent"
    )
    (found,) = baselines([EndpointReadings(Endpoint("a", "a"), None, {"p95": quiet})])
    assert (found.rate, found.error_ratio, found.latencies) == (None, None, {})
    assert {gap.because for gap in found.gaps} == {"silent", "no query counts its requests"}
    assert found.over("p95", 1.0) is None


CHECKOUT = baselines([measured("checkout", [100, 100], [0.4, 0.45])])


def test_a_target_of_an_endpoint_is_held_against_production_by_its_own_statistic():
    (check,) = target_checks(
        [fact(Kind.LATENCY_TARGET, "0.5", "s", component="checkout", statistic="p95")], CHECKOUT, []
    )
    assert (check.verdict, check.measured, check.where, check.direction) == ("met", 0.4, "production", "at most")
    (mean,) = target_checks(
        [fact(Kind.LATENCY_TARGET, "0.5", "s", component="checkout", statistic="avg")], CHECKOUT, []
    )
    assert mean.verdict == "not measured" and mean.statistic == "mean"


def test_an_error_target_is_counted_and_missed():
    (check,) = target_checks([fact(Kind.ERROR_RATE_TARGET, "0.001", "ratio", component="checkout")], CHECKOUT, [])
    assert check.measured == 0.01 and check.verdict == "missed" and check.count == 200


RUNS = [run(200, 40, 0.2), run(500, 97, 0.3, bad=5), run(850, 148, 1.2, bad=140)]


def test_more_throughput_than_asked_is_met_and_less_is_missed():
    low, high = (fact(Kind.THROUGHPUT, value, "req/s") for value in ("120", "150"))
    assert [one.verdict for one in target_checks([low, high], [], RUNS)] == ["met", "missed"]
    assert {one.direction for one in target_checks([low, high], [], RUNS)} == {"at least"}


def test_a_target_of_the_whole_system_says_up_to_which_load_it_is_met():
    (check,) = target_checks([fact(Kind.LATENCY_TARGET, "0.5", "s", statistic="p95")], [], RUNS)
    assert check.verdict == "met" and check.where == "load test run-500"
    assert check.remark == "met up to load 500, missed from load 850 on"
    (never,) = target_checks([fact(Kind.LATENCY_TARGET, "0.1", "s", statistic="p95")], [], RUNS)
    assert never.verdict == "missed" and never.measured == 0.2


def test_strictly_less_is_not_met_by_exactly_the_limit():
    limit = [run(100, 10, 0.5)]
    strict = fact(Kind.LATENCY_TARGET, "0.5", "s", statistic="p95", comparison="<")
    lenient = fact(Kind.LATENCY_TARGET, "0.5", "s", statistic="p95", comparison="<=")
    assert target_checks([strict], [], limit)[0].verdict == "missed"
    assert target_checks([lenient], [], limit)[0].verdict == "met"


def test_a_target_of_something_nobody_measures_is_not_measured():
    (check,) = target_checks(
        [fact(Kind.LATENCY_TARGET, "0.5", "s", component="reports", statistic="p95")], CHECKOUT, RUNS
    )
    assert check.verdict == "not measured" and "reports" in check.remark


def test_a_value_belongs_to_the_name_written_before_it():
    quote = "checkout p95 < 500 ms, book page p95 < 250 ms"
    shops = baselines([measured("checkout", [9], [0.4])])
    facts = [fact(Kind.LATENCY_TARGET, v, "s", quote=quote, statistic="p95") for v in ("0.500", "0.250")]
    page = EndpointReadings(Endpoint("catalogue", "catalogue", aliases=["book page"]), None, {"p95": latency([0.2])})
    checks = target_checks(facts, [*shops, *baselines([page])], [])
    assert {one.subject: one.target for one in checks} == {"checkout": 0.5, "catalogue": 0.25}


def test_examples_and_promises_of_others_are_no_targets_and_the_same_target_is_listed_once():
    example = fact(Kind.LATENCY_TARGET, "0.5", "s", role=Role.EXAMPLE, statistic="p95")
    vendor = fact(Kind.LATENCY_TARGET, "0.5", "s", role=Role.VENDOR, statistic="p95")
    assert target_checks([example, vendor], [], RUNS) == []
    same = fact(Kind.LATENCY_TARGET, "0.5", "s", statistic="p95")
    (check,) = target_checks([same, same], [], RUNS)
    assert len(check.also) == 1


@pytest.mark.parametrize(
    ("written", "meant"), [("p95", "p95"), ("avg", "mean"), ("Average", "mean"), ("max", "max"), ("speed", "")]
)
def test_a_statistic_is_read_from_the_words_for_it(written: str, meant: str):
    assert statistic_of(fact(Kind.LATENCY_TARGET, "1", "s", statistic=written)) == meant


STATEMENTS = Statements(
    (
        Statement("SELECT a", 10, 30.0, 3.0, None, 10, 1, 9, 0, None),
        Statement("SELECT b", 10, 10.0, 1.0, None, 10, 9, 1, 0, None),
    )
)


def test_bottlenecks_are_ranked_within_their_method_and_methods_by_their_largest():
    ends = baselines([measured("fast", [100], [0.2], p50=0.1), measured("slow", [100], [0.9], p50=0.3)])
    cpu = usage(Resource("cpu", "x", "q", 1.0), latency([0.5, 0.9]))
    found = ranked_bottlenecks(ends, [cpu], STATEMENTS)
    assert [(one.where, round(one.share, 2)) for one in found] == [
        ("cpu", 0.9), ("slow", 0.75), ("fast", 0.25), ("SELECT a", 0.75), ("SELECT b", 0.25),
    ]  # fmt: skip
    assert all(one.evidence and one.method and one.whole for one in found)


def test_no_measurement_ranks_nothing():
    assert ranked_bottlenecks([], [], None) == []


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(1, 1000))
def test_parts_and_what_is_left_add_up_to_the_objective(parts: list[int], objective: int):
    ends = [Endpoint("a", "a", objective=timedelta(milliseconds=objective))]
    given_parts = [LatencyPart("a", f"part {k}", timedelta(milliseconds=ms)) for k, ms in enumerate(parts)]
    (budget,) = latency_budgets(ends, given_parts)
    assert budget.left is not None and budget.claimed + budget.left == timedelta(milliseconds=objective)


def test_parts_without_an_objective_leave_nothing_known():
    (budget,) = latency_budgets([], [LatencyPart("b", "x", timedelta(milliseconds=5))])
    assert budget.left is None and budget.claimed == timedelta(milliseconds=5)


def test_work_is_ordered_by_gain_for_effort_and_what_is_done_comes_last():
    def work(id: str, **more: object) -> Optimisation:
        return Optimisation(id, "h", "code", "e", "f", "r", "v", **more)  # type: ignore[arg-type]

    ranked = ranked_optimisations(
        [
            work("done", operation="SELECT a", gain=0.9, days=0.1, state="done"),
            work("slow", operation="SELECT a", gain=0.4, days=4),
            work("unknown", operation="nothing", gain=0.9, days=1),
            work("quick", operation="SELECT b", gain=0.4, days=0.5, gain_low=0.2, gain_high=0.6),
        ],
        [],
        STATEMENTS,
    )
    assert [row.optimisation.id for row in ranked] == ["quick", "slow", "unknown", "done"]
    assert ranked[0].gain == pytest.approx(0.1) and ranked[0].gain_interval == pytest.approx((0.05, 0.15))
    assert ranked[2].share is None and ranked[2].gain is None


@given(st.lists(st.integers(0, 12), max_size=120), st.integers(1, 12))
def test_stack_distances_say_what_a_least_recently_used_cache_would_answer(keys: list[int], size: int):
    cache: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for key in keys:
        if key in cache:
            hits += 1
            cache.move_to_end(key)
        else:
            cache[key] = None
            if len(cache) > size:
                cache.popitem(last=False)
    assert int((stack_distances(np.array(keys)) <= size).sum()) == hits


@dataclass(frozen=True)
class Log:
    requests: Requests
    cacheable: pd.DataFrame
    bytes: int = 100
    bad_lines: int = 2
    served: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["cache", "requests", "bytes"]))
    routes: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame([{"method": "GET", "route": "/", "requests": 4, "bad": 0, "bytes": 100}])
    )


def test_the_first_request_always_goes_to_the_origin():
    log = Log(counted([2, 2], [2, 2]), pd.DataFrame({"key": [0, 1, 0], "moment": [0, 1, 2], "bytes": [10, 20, 10]}))
    found = edge_traffic(log)
    assert not isinstance(found, Gap)
    assert (found.cacheable_share, found.offload) == (0.75, 0.25)
    assert (found.cacheable_bytes_share, found.offload_bytes) == (0.4, 0.1)
    assert found.curve[-1].hit_ratio == found.offload
    assert found.sampled == 1 and found.egress_cost(None) is None


def test_a_log_that_is_a_sample_is_scaled_up_by_what_was_counted():
    log = Log(counted([2, 2], [2, 2]), pd.DataFrame({"key": [0], "moment": [0], "bytes": [10]}))
    whole, sampled = edge_traffic(log), edge_traffic(log, baselines([measured("a", [200, 200], [0.1, 0.1])]))
    assert not isinstance(whole, Gap) and not isinstance(sampled, Gap)
    assert sampled.counted == 400 and sampled.sampled == 0.01
    assert sampled.monthly_gigabytes == pytest.approx(100 * whole.monthly_gigabytes)


def test_no_log_stays_the_gap_it_was():
    gap = Gap("log", "DevOps Engineer")
    assert edge_traffic(gap) is gap
    empty = edge_traffic(Log(counted([0], [0]), pd.DataFrame({"key": [], "bytes": []})))
    assert isinstance(empty, Gap) and "no request" in empty.because


def test_a_target_that_production_does_not_measure_is_held_against_the_one_operation_of_a_load_test():
    own = Operation("GET http://staging/reports", 500, 5, 0.1, {0.95: 0.4})
    alone = LoadTest("night", "Vegeta", "x", 900, 9, 10.0, 90.0, {0.95: 0.9}, operations=(own,))
    twice = LoadTest("both", "Vegeta", "y", 900, 9, 10.0, 90.0, {0.95: 0.1}, operations=(own, own))
    facts = [
        fact(Kind.LATENCY_TARGET, "0.5", "s", component="reports", statistic="p95"),
        fact(Kind.ERROR_RATE_TARGET, "0.001", "ratio", component="reports"),
    ]
    unmeasured = baselines([EndpointReadings(Endpoint("reports", "shop"), None, {})])
    for known in ([], unmeasured):
        found = {one.statistic: one for one in target_checks(facts, known, [alone, twice])}
        latency, errors = found["p95"], found["error ratio"]
        assert (latency.measured, latency.verdict, latency.where) == (0.4, "met", "load test night")
        assert (errors.measured, errors.verdict, errors.count) == (0.01, "missed", 500)
    # a part of another word is another operation
    (check,) = target_checks([fact(Kind.LATENCY_TARGET, "0.5", "s", component="port", statistic="p95")], [], [alone])
    assert check.verdict == "not measured"


@pytest.mark.parametrize(
    ("after", "outcome"), [(230, "worse than before"), (205, "less than expected"), (185, "as expected")]
)
def test_what_became_slower_is_called_so(after: int, outcome: str):
    one = Optimisation(
        "O", "h", "code", "e", "f", "r", "v", gain=0.1, gain_low=0.05, gain_high=0.2,
        before=timedelta(milliseconds=210), after=timedelta(milliseconds=after),
    )  # fmt: skip
    assert one.outcome == outcome
