"""CapacityPlanning's tables and figures: dates, refusals, records, findings, numbers equal to the generated files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sre_kit import show
from sre_kit.compute.capacity.cost import cost_plan, cost_steps
from sre_kit.compute.capacity.exhaustion import Outlook, outlook
from sre_kit.compute.capacity.hours import NextHours, next_hours
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
from sre_kit.compute.capacity.sizing import fitting_scaling, pool_checks, survivals
from sre_kit.compute.operations.triggers import trigger_watches
from sre_kit.compute.vocabulary import Fact, Gap, Kind, Reading, Requests, Role
from sre_kit.emit.kubernetes import autoscalers
from sre_kit.show.table import Table

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
DISK = Resource(
    "db disk", "db", "disk_used", 1.0, limit_source="spec", lead_time=timedelta(days=14), stateful=True,
    alert="DiskFull", trigger=Fraction(4, 5), next_step="a larger disk", owner="Sanne", order_cost=Decimal(13),
)  # fmt: skip


def seen(resource: Resource, values: np.ndarray, gap: str = "") -> Outlook:
    index = pd.date_range(AS_OF - timedelta(days=len(values)), periods=len(values), freq="1D", name="time")
    start = index[0].to_pydatetime() if len(index) else AS_OF - timedelta(days=9)
    series = pd.Series(values, index=index, dtype=float)
    reading = Reading(resource.name, series, resource.query, "test", start, AS_OF, timedelta(days=1), "ratio", gap)
    return outlook(resource, reading, CapacityPlan(horizon=timedelta(days=60)), AS_OF)


NOISE = np.random.default_rng(1).standard_normal(200)
FILLING = 0.8 + 0.004 * (np.arange(200) - 199) + 0.002 * NOISE
FLAT = 0.5 + 0.01 * NOISE


def test_dates_order_by_and_records_agree() -> None:
    one = seen(DISK, FILLING)
    table = show.exhaustion_dates([one])
    records = {r.name: r.value for r in table.records}
    assert one.exhaustion is not None and one.exhaustion.order_by is not None
    assert records["capacity.db-disk.days_to_limit_p50"] == one.exhaustion.p50
    assert records["capacity.db-disk.order_by"] == one.exhaustion.order_by.isoformat()
    assert f"{one.exhaustion.p50} d" in table.markdown() and records["capacity.db-disk.order_by"] in table.markdown()


def test_an_order_by_date_that_passed_is_a_finding_of_the_fourth_rank() -> None:
    table = show.exhaustion_dates([seen(replace(DISK, lead_time=timedelta(days=200)), FILLING)])
    (finding,) = table.findings
    assert finding.rank == 4 and "has passed" in finding.text
    assert "passed**" in table.markdown()


@pytest.mark.parametrize(("lead_time", "said"), [(200, True), (14, False)])
def test_a_horizon_that_ends_before_the_lead_time_says_nothing_about_ordering(lead_time: int, said: bool) -> None:
    far = 0.2 + 0.0005 * (np.arange(200) - 199) + 0.0001 * NOISE
    one = seen(replace(DISK, lead_time=timedelta(days=lead_time)), far)
    assert one.exhaustion is not None and one.exhaustion.p10 is None
    text = show.exhaustion_dates([one]).markdown()
    assert "not within 60 d" in text
    assert ("ends before the lead time of 200 d: whether to order now cannot be said" in text) == said


def test_a_refused_forecast_has_no_date_and_a_base_rate_instead() -> None:
    one = seen(DISK, FLAT)
    text = show.exhaustion_dates([one]).markdown()
    assert text.count("no date") == 3 and "0 of 200 days above the limit so far" in text
    assert "refused: in the back-test it was no better than" in show.forecasts([one]).markdown()
    assert {r.value for r in show.exhaustion_dates([one]).records} == {None}


def test_the_back_test_stands_beside_its_forecast() -> None:
    one = seen(DISK, FILLING)
    row = show.forecasts([one]).markdown().splitlines()[2]
    test = one.forecast.backtest
    assert test is not None
    assert (
        f"{test.mase:.2f}" in row
        and f"{test.origins} ({test.independent})" in row
        and "weekly profile, full trend" in row
    )


def test_the_trends_stand_with_their_weights_and_make_the_forecast() -> None:
    one = seen(DISK, FILLING)
    text = show.trend_scenarios([one]).markdown()
    assert "full trend" in text.splitlines()[0] and "together" in text.splitlines()[0]
    assert f"{float(one.forecast.point.iloc[-1]):.1%}".replace("%", " %") in text.splitlines()[2]
    assert "No forecast is used" in show.trend_scenarios([]).markdown()


def test_what_was_not_measured_is_missing_and_asked_for() -> None:
    table = show.resource_usage([seen(DISK, np.empty(0), gap="the source is silent")])
    assert "–" in table.markdown() and [gap.because for gap in table.gaps] == ["the source is silent"]
    assert {r.value for r in table.records} == {None}
    assert "Not known" in show.resource_usage([]).markdown()


def test_figures_say_their_conclusion_and_have_a_line_for_the_limit() -> None:
    outlooks = [seen(DISK, FILLING), seen(replace(DISK, name="cpu"), FLAT)]
    headroom, forecasts = show.plot_headroom(outlooks), show.plot_forecasts(outlooks)
    assert headroom.alt.startswith("db disk has the least headroom")
    assert "1 of 1 that have a forecast" in headroom.alt
    assert len(forecasts.figure.axes) == 2
    assert forecasts.alt.startswith("1 of 2 resources are more likely than not")
    assert [axes.get_title(loc="left") for axes in forecasts.figure.axes] == ["db disk", "cpu"]
    assert "None of 1 resources has a usable forecast" in show.plot_forecasts([outlooks[1]]).alt


WEB = Scaling(
    "web", "horizontal", metric="cpu", threshold=Fraction(7, 10), minimum=4, maximum=12, pool_size=20, database="db",
    breaks_next="connections", namespace="shop",
)  # fmt: skip
PLAN = CapacityPlan(scaling=[WEB], connection_limits=[ConnectionLimit("db", 200, "spec")])


def test_the_table_the_records_and_the_generated_file_have_the_same_numbers() -> None:
    checks = pool_checks(PLAN)
    fitting = fitting_scaling(PLAN.scaling, checks)
    table = show.scaling_strategies(PLAN.scaling, fitting)
    spec = yaml.safe_load(autoscalers(fitting).content)["spec"]
    records = {r.name: r.value for r in table.records}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (4, 10)
    assert (records["capacity.scaling.web.minimum"], records["capacity.scaling.web.maximum"]) == (4, 10)
    assert "4 to 10" in table.markdown() and "**12 planned, 10 fit**" in table.markdown()
    arithmetic = show.connection_arithmetic(checks)
    assert "12 x 20 (web) = 240" in arithmetic.markdown() and "**does not hold**" in arithmetic.markdown()
    assert "240 connections" in arithmetic.findings[0].text


def test_a_peak_that_the_rest_could_not_carry_is_a_finding() -> None:
    cpu = Resource("cpu", "web", "q", 1.0, instances=2, demand_share=Fraction(1))
    table = show.survival(survivals([seen(cpu, np.full(30, 0.6))], zones=None))
    assert "**120.0 %**" in table.markdown() and "without one of 2 instances" in table.findings[0].text


def rule(name: str) -> Fact:
    return Fact(
        Kind.ALERT_RULE, "x", "text", "docs/DevOps Engineer/MonitoringAlerts.md", 5, "", name=name, role=Role.THRESHOLD
    )


def test_a_trigger_names_the_rule_that_watches_it_or_the_gap() -> None:
    def shown(resource: Resource, *facts: Fact) -> Table:
        return show.capacity_triggers([seen(resource, FILLING)], trigger_watches([resource], facts))

    watched = shown(DISK, rule("DiskFull"))
    assert "MonitoringAlerts.md#L5" in watched.markdown() and not watched.gaps
    assert "at which use it fires is not read" in watched.markdown()
    read = shown(DISK, replace(rule("DiskFull"), value="disk above 75 %"))
    assert "DiskFull" in read.markdown() and "not read" not in read.markdown() and "Capacity" not in read.markdown()
    own = shown(DISK, rule("Other"))
    assert "CapacityDbDisk" in own.markdown() and "artifacts/capacity.rules.yaml" in own.markdown() and not own.gaps
    assert "DiskFull: not in the rules" in own.markdown()
    late = shown(DISK, replace(rule("DiskFull"), value="disk above 85 %"))
    assert "CapacityDbDisk" in late.markdown() and "DiskFull fires only above 85 %" in late.markdown()
    missing = shown(replace(DISK, alert="", query="disk-used"), rule("Other"))
    (gap,) = missing.gaps
    assert "**no alert**" in missing.markdown()
    assert (gap.what, gap.ask) == ("an alert on db disk", "Sanne") and "subtraction" in gap.because


def test_an_alert_whose_query_gave_nothing_is_called_blind() -> None:
    one = seen(replace(DISK, alert=""), np.empty(0), gap="no metric 'disk_used'")
    table = show.capacity_triggers([one], trigger_watches([one.resource], []))
    (gap,) = table.gaps
    assert "**blind: its query gave nothing**" in table.markdown()
    assert (gap.what, gap.because) == ("what CapacityDbDisk reads", "no metric 'disk_used'")


def test_a_trigger_says_on_how_many_of_the_last_days_it_was_passed() -> None:
    """At 0.4 % a day to 80 % the disk stood above 75 % of its limit on the last days only."""
    resource = replace(DISK, trigger=Fraction(3, 4))
    above = int((FILLING[-28:] >= 0.75).sum())
    assert 0 < above < 28
    table = show.capacity_triggers([seen(resource, FILLING)], trigger_watches([resource], []))
    assert f"{above} of 28" in table.markdown()


def test_each_generated_alert_has_its_answer_and_its_file_and_nothing_is_generated_for_nobody() -> None:
    watches = trigger_watches([DISK], [])
    answers = show.trigger_answers(watches).markdown()
    assert "CapacityDbDisk" in answers and "a larger disk" in answers and "Sanne" in answers
    made = show.capacity_rules_file(watches, "groups: []", "tests: []", source="files")
    assert "artifacts/capacity.rules-test.yaml" in made.markdown() and "measured from files" in made.markdown()
    assert "No alert on a trigger" in show.trigger_answers([]).markdown()
    assert "artifacts/" not in show.capacity_rules_file(trigger_watches([DISK], [rule("DiskFull")]), "", "").markdown()


def test_the_roadmap_is_dated_by_the_order_by_dates_and_names_owner_and_decision() -> None:
    one = seen(DISK, FILLING)
    text = show.roadmap([one], pool_checks(PLAN), AS_OF, "EUR").markdown()
    assert one.exhaustion is not None
    assert f"{one.exhaustion.order_by}" in text and "a larger disk" in text and "Sanne" in text and "13.00 EUR" in text
    assert "240 connections at the maximum, 200 accepted" in text
    undecided = show.roadmap([seen(replace(DISK, next_step=""), FILLING)], [], AS_OF, "EUR")
    assert "not decided" in undecided.markdown() and undecided.gaps


def test_the_first_month_above_the_budget_is_named_recorded_and_found() -> None:
    plan = CapacityPlan(
        costs=[CostLine("all", Decimal(100))], budgets=[BudgetStep(date(2026, 8, 1), Decimal(90), "board")]
    )
    table = show.budget_months(cost_plan(plan, AS_OF.date(), months=3), "EUR", [])
    assert "First month above the budget: 2026-08." in table.markdown()
    assert {r.name: r.value for r in table.records} == {"cost.budget_exceeded": "2026-08"}
    assert "exceeded in 2026-08" in table.findings[0].text


def test_without_a_budget_the_months_ask_for_it() -> None:
    plan = CapacityPlan(costs=[CostLine("all", Decimal(100))])
    table = show.budget_months(cost_plan(plan, AS_OF.date(), months=2), "EUR", [])
    assert [gap.what for gap in table.gaps] == ["the infrastructure budget"] and "No month" not in table.markdown()


def test_the_explorer_brings_dates_forward_with_growth_and_the_document_keeps_the_default() -> None:
    explorer = show.capacity_explorer([seen(DISK, FILLING)], CapacityPlan())
    default = explorer.markdown()
    days, sooner = (p50(text) for text in (default, explorer.at(headroom=10).markdown()))
    assert sooner < days and default == explorer.markdown()
    assert "not within 7 d" in explorer.at(horizon=7).markdown()


def p50(text: str) -> int:
    """Days of the first row."""
    row = next(line for line in text.splitlines() if "**db disk**" in line)
    return int(row.split("|")[3].strip().removesuffix(" d"))


def test_without_a_usable_forecast_there_is_nothing_to_explore() -> None:
    assert "every forecast was refused" in show.capacity_explorer([seen(DISK, FLAT)], CapacityPlan()).markdown()


@pytest.mark.parametrize("content", ["", "a: 1\n"])
def test_a_generated_file_is_linked_or_asked_for(content: str) -> None:
    shown = show.kubernetes_file("autoscalers.yaml", (content, ()), about="autoscalers")
    assert ("artifacts/autoscalers.yaml" in shown.markdown()) == bool(content)
    assert bool(shown.gaps) == (not content)


def test_a_component_that_kubernetes_refuses_is_named_beside_the_others() -> None:
    shown = show.kubernetes_file("autoscalers.yaml", ("a: 1\n", ("'Check Out' is no Kubernetes name",)), about="x")
    assert "artifacts/autoscalers.yaml" in shown.markdown()
    (gap,) = shown.gaps
    assert gap.degraded and "Check Out" in gap.because and "Check Out" in shown.markdown()


def test_every_gap_of_an_empty_plan_names_somebody_to_ask() -> None:
    shown = [
        show.resource_usage([]), show.growth_scenarios(CapacityPlan(), []), show.demand_events(CapacityPlan(), AS_OF),
        show.scaling_strategies([], []), show.connection_arithmetic([]), show.savings(CapacityPlan(), "EUR"),
        show.roadmap([], [], AS_OF, "EUR"), show.capacity_triggers([], []), show.right_sizing([]),
    ]  # fmt: skip
    gaps: list[Gap] = [gap for one in shown for gap in one.gaps]
    assert len(gaps) >= len(shown) and all(gap.ask and gap.expected_in for gap in gaps)


def test_histories_of_different_lengths_stand_in_one_table_of_futures() -> None:
    """Only the longer one knows the season of a year ago; a first render with both in a plan failed here."""
    noise = np.random.default_rng(3).standard_normal(540)
    long = seen(
        replace(DISK, name="cpu", kind="cpu"), 0.3 + 0.05 * np.resize([0, 1, 1, 1, 1, -1, -2], 540) + 0.02 * noise
    )
    short = seen(DISK, FILLING)
    assert len(long.forecast.trends) == len(short.forecast.trends) + 1
    text = show.trend_scenarios([short, long]).markdown()
    assert "last year's season" in text.splitlines()[0] and "–" in text.splitlines()[2]
    assert "Long enough to know the season of a year ago: cpu" in show.resource_trends([short, long]).markdown()


def test_what_is_read_once_a_day_says_nothing_about_an_hour() -> None:
    hours = next_hours([seen(replace(DISK, kind="cpu"), FILLING)], CapacityPlan())
    assert hours == [] and "No resource that moves by the hour" in show.short_forecasts(hours).markdown()


@pytest.mark.parametrize(("coverage", "said"), [(0.64, True), (0.78, False), (None, False)])
def test_an_interval_that_held_too_little_is_called_rough_by_the_day_and_by_the_hour(
    coverage: float | None, said: bool
) -> None:
    one = seen(DISK, FILLING)
    assert one.forecast.backtest is not None
    test = replace(one.forecast.backtest, coverage=coverage)
    rough = replace(one, forecast=replace(one.forecast, backtest=test))
    assert ("used; rough" in show.forecasts([rough]).markdown()) == said
    assert ("rough: the 80 % interval held only 64 %" in show.exhaustion_dates([rough]).markdown()) == said
    hour = NextHours(DISK, rough.forecast, 0.5, AS_OF, 0.4, 0.6)
    assert ("rough: its interval held too little" in show.short_forecasts([hour]).markdown()) == said


def test_days_of_events_are_drawn_and_said_to_be_left_out() -> None:
    index = pd.date_range(AS_OF - timedelta(days=200), periods=200, freq="1D", name="time")
    values = pd.Series(0.5 + 0.05 * np.resize([0, 1, 1, 1, 1, -1, -2], 200) + 0.01 * NOISE, index=index)
    event = Event("sale", date(2026, 5, 1), date(2026, 5, 8), 2.0)
    cpu = Resource("cpu", "web", "q", 1.0, kind="cpu")
    reading = Reading("cpu", values, "q", "test", index[0].to_pydatetime(), AS_OF, timedelta(days=1))
    one = outlook(cpu, reading, CapacityPlan(horizon=timedelta(days=60), events=[event]), AS_OF)
    chart = show.plot_forecasts([one])
    assert "Grey: days of known events" in chart.alt
    grey, history = chart.figure.axes[0].lines[:2]
    assert np.isfinite(grey.get_ydata()).all() and np.isnan(history.get_ydata()).sum() == 7
    assert "Grey" not in show.plot_forecasts([seen(DISK, FILLING)]).alt


@pytest.mark.parametrize("method", ["weekly profile", "MSTL and ETS"])
def test_the_document_names_the_method_that_was_chosen(method: Any) -> None:
    text = show.forecast_method(CapacityPlan(method=method)).markdown()
    assert method.split()[0] in text and ("smoothed exponentially" in text) == (method == "MSTL and ETS")


@pytest.mark.parametrize(("days", "said"), [(20, "rough: 19 days of history are few"), (40, "used")])
def test_hours_from_a_short_history_are_called_rough(days: int, said: str) -> None:
    random, hours = np.random.default_rng(5), np.arange(24 * days)
    index = pd.date_range(AS_OF - timedelta(days=days), periods=len(hours), freq="1h", name="time")
    noise = 0.02 * random.standard_normal(len(hours))
    values = pd.Series(0.5 + 0.2 * np.sin(2 * np.pi * hours / 24) + noise, index=index)
    cpu = Resource("cpu", "web", "q", 1.0, kind="cpu")
    reading = Reading("cpu", values, "q", "test", index[0].to_pydatetime(), AS_OF, timedelta(hours=1))
    plan = CapacityPlan(horizon=timedelta(days=7))
    (one,) = next_hours([outlook(cpu, reading, plan, AS_OF)], plan)
    assert one.forecast.usable and said in show.short_forecasts([one]).markdown()


def test_growth_does_not_cost_nothing_where_no_line_is_said_to_follow_demand() -> None:
    index = pd.date_range(AS_OF - timedelta(days=40), periods=40, freq="1D", name="time")
    frame = pd.DataFrame({"total": [1000] * 40, "good": [1000] * 40}, index=index)
    demand = Requests("d", frame, "test", index[0].to_pydatetime(), AS_OF, timedelta(days=1), "q", "q")
    plan = CapacityPlan(
        costs=[CostLine("all", Decimal(100))], demand_means="searches",
        scenarios=[GrowthScenario("calm", 0.0, 0.5), GrowthScenario("fast", 0.05, 0.5)],
    )  # fmt: skip
    fixed = show.unit_costs(cost_plan(plan, AS_OF.date()), plan, demand, "EUR")
    assert "1 million searches" in fixed.markdown() and "Searches a month" in fixed.markdown()
    assert [gap.what for gap in fixed.gaps] == ["which lines of the bill follow demand"]
    assert "fast" not in fixed.markdown()
    budgeted = cost_plan(replace(plan, budget_monthly=Decimal(90)), AS_OF.date())
    assert "growth is not in it" in show.budget_months(budgeted, "EUR", []).markdown()
    scaling = replace(plan, costs=[CostLine("all", Decimal(100), scales=True)])
    grown = show.unit_costs(cost_plan(scaling, AS_OF.date()), scaling, demand, "EUR")
    assert "fast" in grown.markdown() and not grown.gaps


def test_a_trigger_that_is_passed_most_days_asks_for_its_action_now_though_no_limit_is_foreseen() -> None:
    """At 82 % of its limit and flat: no date, and yet somebody promised to act at 80 %."""
    resource = replace(DISK, kind="cpu")
    week = np.resize([0, 1, 1, 1, 1, -1, -2], 200)
    one = seen(resource, 0.82 + 0.01 * week + 0.004 * NOISE)
    assert one.exhaustion is not None and one.exhaustion.p10 is None and one.due
    text = show.roadmap([one], [], AS_OF, "EUR").markdown()
    assert "2026-07-01" in text and "a larger disk" in text
    assert f"its trigger of 80 % was passed on {one.past_trigger} of the last 7 days" in text
    assert [(step.start, step.monthly) for step in cost_steps([one])] == [(AS_OF.date(), Decimal(13))]
    (finding,) = show.capacity_triggers([one], trigger_watches([resource], [])).findings
    assert "passed its trigger" in finding.text
    calm = seen(replace(resource, trigger=Fraction(9, 10)), 0.82 + 0.01 * week + 0.004 * NOISE)
    assert not calm.due and not cost_steps([calm])
    assert "No limit is reached" in show.roadmap([calm], [], AS_OF, "EUR").markdown()
