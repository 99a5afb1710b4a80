"""PerformanceOptimization's tables and figures: numbers, records, findings, gaps, conclusions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from sre_kit import show
from sre_kit.compute.performance.baseline import Baseline, EndpointReadings, baselines, target_checks
from sre_kit.compute.performance.bottlenecks import RankedOptimisation, latency_budgets, ranked_bottlenecks
from sre_kit.compute.performance.comparison import Difference
from sre_kit.compute.performance.levels import load_scaling
from sre_kit.compute.performance.plan import (
    Endpoint,
    LatencyPart,
    LoadTest,
    LoadTestSet,
    Optimisation,
    PerformancePlan,
    Threshold,
)
from sre_kit.compute.performance.statements import Statement, Statements
from sre_kit.compute.vocabulary import Fact, Gap, Kind, Reading, Requests, Role, Scope

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)


def measured(p95: float = 0.4) -> list[Baseline]:
    index = pd.date_range(START, periods=4, freq="5min", name="time")
    frame = pd.DataFrame({"total": [300] * 4, "good": [299] * 4}, index=index)
    requests = Requests("r", frame, "test", START, START + 4 * STEP, STEP, "good", "total")
    latencies = {
        name: Reading(name, pd.Series([value] * 4, index=index), "q", "test", START, START + 4 * STEP, STEP, "s")
        for name, value in (("p50", 0.1), ("p95", p95))
    }
    return baselines(
        [EndpointReadings(Endpoint("check|out", "x", objective=timedelta(milliseconds=500)), requests, latencies)]
    )


def run(load: float, rate: float, p95: float, passed: bool = True) -> LoadTest:
    judged = (Threshold("http_req_duration", "p(95)<500", passed),)
    return LoadTest(
        f"run {load:g}", "k6", f"{load:g}.json", 1000, 1, 100.0, rate, {0.5: p95 / 2, 0.95: p95}, mean=p95 / 2,
        load=load,
        model="closed", coordinated_omission=True, thresholds=judged,
    )  # fmt: skip


TESTS = LoadTestSet(
    (run(200, 40, 0.2), run(500, 97, 0.3), run(700, 134, 0.42), run(850, 148, 1.2, passed=False), run(1100, 139, 3.5))
)


def test_the_baseline_shows_n_window_and_interval_and_records_its_numbers() -> None:
    table = show.endpoint_baselines(measured())
    text = table.markdown()
    assert r"check\|out" in text and "1,200" in text and "intervals of 5 min" in text and "2026-01-01 00:00Z" in text
    assert {r.name: r.value for r in table.records}["performance.check-out.p95_s"] == 0.4


def test_without_endpoints_the_baseline_asks_for_them() -> None:
    assert "**Not known:** endpoints" in show.endpoint_baselines([]).markdown()


def test_the_latency_figure_has_a_mark_for_each_statistic_and_the_objective() -> None:
    chart = show.plot_latencies(measured())
    axes = chart.figure.axes[0]
    assert [line.get_label() for line in axes.lines if not line.get_label().startswith("_")] == [
        "p50", "p95", "p99", "objective for p95",
    ]  # fmt: skip
    assert chart.alt == "Every endpoint meets its p95 objective; check|out uses the most of it, 80 %."
    assert "1 of 1 endpoints miss" in show.plot_latencies(measured(0.6)).alt


def target(value: str, kind: Kind = Kind.LATENCY_TARGET, unit: str = "s", component: str = "check|out") -> Fact:
    return Fact(
        kind, Decimal(value), unit, "docs/QA Engineer/PerformanceTestPlan.md", 11, "", scope=Scope(component=component),
        role=Role.TARGET, details={"statistic": "p95"},
    )  # fmt: skip


def test_a_missed_target_in_production_is_a_finding_of_the_first_rank() -> None:
    table = show.performance_targets(target_checks([target("0.3"), target("0.5")], measured(), []))
    (finding,) = table.findings
    assert finding.rank == 1 and "p95 of check|out is 400 ms" in finding.text
    assert "1 met, 1 missed, 0 not measured." in table.markdown()
    assert "PerformanceTestPlan.md#L11" in table.markdown()


def test_a_target_that_was_not_measured_is_an_open_question() -> None:
    table = show.performance_targets(target_checks([target("0.3", component="reports")], measured(), TESTS))
    assert [gap.what for gap in table.gaps] == ["p95 of reports"] and "not measured" in table.markdown()


def test_runs_show_their_model_and_the_criteria_that_failed() -> None:
    table = show.load_tests(TESTS)
    text = table.markdown()
    assert text.count("closed: coordinated omission") == 5 and "**failed: http_req_duration p(95)\\<500**" in text
    records = {r.name: r.value for r in table.records}
    assert records["loadtest.run-850.rate"] == 148 and records["loadtest.run-850.error_ratio"] == 0.001
    assert [f.rank for f in table.findings] == [7]


def test_throughput_and_latency_are_drawn_with_the_knee_and_said_in_words() -> None:
    chart = show.plot_throughput(load_scaling(TESTS))
    labels = [line.get_label() for axes in chart.figure.axes for line in axes.lines]
    assert labels == ["throughput", "scalability law", "knee", "p95"]
    assert chart.alt.startswith(
        "Throughput is highest at load 850 (148 requests/s, p95 1.2 s); the knee lies at load 500"
    )


def test_the_law_says_where_measured_throughput_fell_earlier() -> None:
    assert "hard limit" in show.scalability(load_scaling(TESTS)).markdown()


def test_below_four_levels_the_law_is_refused_in_the_document() -> None:
    text = show.scalability(load_scaling(TESTS.tests[:3])).markdown()
    assert "Not known" in text and "at least 4" in text


def test_the_explorer_shows_the_knee_by_default_and_moves_with_its_slider() -> None:
    explorer = show.load_explorer(load_scaling(TESTS))
    before = explorer.markdown()
    assert "| load " in before and "load 500: 97 requests/s" in before
    assert "none: an extrapolation" in explorer.at(load=1200).markdown()


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((0.1, 0.2), "evidence of an increase"),
        ((-0.2, -0.1), "evidence of a decrease"),
        ((-0.1, 0.1), "no evidence of a difference"),
        (None, "not comparable"),
    ],
)
def test_runs_are_compared_in_fixed_words(interval: tuple[float, float] | None, words: str) -> None:
    row = Difference("p95", 1.0, 1.1, interval, "no samples")
    assert f"| {words}" in show.run_differences({"a, then b": [row]}).markdown()


def test_parts_add_up_in_the_latency_budget_and_an_overdrawn_one_is_a_finding() -> None:
    ends = [Endpoint("a", "a", objective=timedelta(milliseconds=100))]
    parts = [LatencyPart("a", "db", timedelta(milliseconds=80)), LatencyPart("a", "app", timedelta(milliseconds=40))]
    table = show.latency_budgets(latency_budgets(ends, parts))
    assert "120 ms" in table.markdown() and "-20 ms" in table.markdown()
    assert "exceed its objective by 20 ms" in table.findings[0].text


def test_statements_are_code_and_cannot_break_the_table() -> None:
    evil = Statement("SELECT '|' || '`' <b>@you</b>", 1, 1.0, 1.0, None, 1, 1, 9, None, None)
    for text in (
        show.database_statements(Statements((evil,), "s.csv")).markdown(),
        show.bottleneck_ranking(ranked_bottlenecks([], [], Statements((evil,), "s.csv"))).markdown(),
    ):
        row = next(line for line in text.splitlines() if "SELECT" in line)
        assert r"\|" in row and "``" in row


def test_without_a_log_the_edge_is_not_known_and_the_configuration_still_shown() -> None:
    gap = Gap("requests as the edge saw them", "DevOps Engineer", because="no access log is named")
    shown = show.content_delivery(gap, PerformancePlan(cdn="covers for 30 days"), "EUR")
    assert "Configured: covers for 30 days." in shown.markdown() and gap in shown.gaps


def test_the_latency_figure_does_not_speak_for_an_endpoint_that_nobody_measures() -> None:
    blind = baselines([EndpointReadings(Endpoint("search", "y", objective=timedelta(seconds=1)), None, {})])
    alt = show.plot_latencies([*measured(), *blind]).alt
    assert alt.startswith("Every measured endpoint meets its p95 objective") and alt.endswith("not measured: search.")


def test_a_latency_of_production_is_counted_in_intervals() -> None:
    assert (
        "production, n = 4 intervals"
        in show.performance_targets(target_checks([target("0.5")], measured(), [])).markdown()
    )


def test_a_run_without_criteria_says_so_and_nobody_thinks_backwards() -> None:
    """wrk asks again at once: users / rate is the answer's time, or less where its mean is rounded up."""
    plain = replace(run(16, 160, 0.2), thresholds=())
    assert plain.mean == 0.1
    assert "none in the file" in show.load_tests(LoadTestSet((plain,))).markdown()
    rounded = [replace(plain, load=load, mean=0.101) for load in (16.0, 17.0)]
    assert "| none " in show.plot_throughput(load_scaling(rounded)).data.markdown()


def optimised(id: str, before: int, after: int, **more: float) -> RankedOptimisation:
    one = Optimisation(
        id, "h", "code", "e", "f", "r", "v", state="done", before=timedelta(milliseconds=before),
        after=timedelta(milliseconds=after), **more,
    )  # fmt: skip
    return RankedOptimisation(one, None, "", None, None, None)


def test_what_was_measured_before_and_after_is_drawn_against_what_was_expected() -> None:
    chart = show.plot_optimisations([optimised("A", 300, 240, gain_low=0.1, gain_high=0.3), optimised("B", 200, 220)])
    axes = chart.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "B"]
    (expected,) = axes.patches
    assert (expected.get_x(), expected.get_width()) == pytest.approx((0.7, 0.2))
    assert chart.alt.startswith("Of 2 measured changes, A gained most: 300 ms before, 240 ms after (-20.0 %)")
    assert chart.alt.endswith("slower than before: B.")
    assert "None of 1 measured" in show.plot_optimisations([optimised("B", 200, 220)]).alt
    assert "No optimisation has been measured" in show.plot_optimisations([]).markdown()


def test_the_slowest_request_is_asked_for_where_no_query_gives_it() -> None:
    assert show.endpoint_baselines(measured()).gaps[-1].what == "the slowest request (max) of check|out"
