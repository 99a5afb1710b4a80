"""What a reader of SLODefinitions sees: accounts, conclusions, gaps, records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.slo.agreements import ReviewPlan, contract_margins, journey_coverage, stakeholders
from sre_kit.compute.slo.budget import ErrorBudget, burn_rate, earlier_budgets, error_budgets
from sre_kit.compute.slo.budget_forecast import exhaustion_forecasts
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.ledger import budget_ledgers
from sre_kit.compute.slo.objectives import SLO, Agreement, Dependency, RejectedSLI
from sre_kit.compute.slo.replay import alert_back_tests
from sre_kit.compute.slo.symptoms import existing_alerts
from sre_kit.compute.slo.targets import target_advices
from sre_kit.compute.vocabulary import About, Fact, Kind, Requests, Role
from sre_kit.show.chart import Chart
from sre_kit.show.shown import Shown
from sre_kit.show.slo import agreements, alerting, budget_charts, budgets, exploring
from sre_kit.show.slo import objectives as slo

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
ABOUT = About("Shop", AS_OF, source="made up")


def objective(name: str = "api", target: str = "0.999", **changes: object) -> SLO:
    given: dict[str, object] = {
        "name": name, "target": Fraction(target), "service": "api", "total": "t", "good": "g", "owner": "Ann",
    }  # fmt: skip
    return SLO(**{**given, **changes})  # type: ignore[arg-type]


def events(one: SLO, bad: object = 0, *, total: int = 1000, days: int = 30, gap: str = "") -> History:
    steps = days * 288
    start = AS_OF - timedelta(days=days)
    index = pd.date_range(pd.Timestamp(start), periods=steps, freq="5min", name="time")
    frame = pd.DataFrame({"total": np.full(steps, total), "good": np.full(steps, total) - bad}, index=index)
    if gap:
        frame = frame.iloc[:0]
    return history(one, Requests(one.name, frame, "made up", start, AS_OF, STEP, gap=gap))


def outage(share: int = 500) -> np.ndarray:
    bad = np.zeros(8640, dtype=int)
    bad[4000:4024] = share
    return bad


def account(*ones: History) -> tuple[list[History], list[ErrorBudget]]:
    return list(ones), error_budgets(ones, AS_OF)


def records(shown: Shown) -> dict[str, object]:
    return {one["name"]: one["value"] for one in shown.machine()["records"]}


def test_the_account_shows_exact_counts_and_tells_the_machine() -> None:
    shown = budgets.error_budgets(*account(events(objective(), outage())))
    text = shown.markdown()
    assert "8,640,000 events" in text
    assert "8,640" in text  # allowed
    assert "12,000" in text  # spent
    assert "-3,360" in text
    assert "**exhausted**" in text
    found = records(shown)
    assert found["slo.api.events_total"] == 8_640_000
    assert found["slo.api.events_bad"] == 12_000
    assert found["slo.api.budget_spent_share"] == pytest.approx(12_000 / 8640)
    assert found["slo.api.budget_remaining"] == -3360
    assert found["slo.api.state"] == "exhausted"
    assert found["slo.api.burn_rate_1h"] == 0
    assert found["slo.api.availability"] == pytest.approx(1 - 12_000 / 8_640_000)
    assert {one["window"] for one in shown.machine()["records"]} == {
        "2026-10-02 00:00Z to 2026-11-01 00:00Z (rolling 30 d)"
    }
    assert [one["rank"] for one in shown.machine()["findings"]] == [1, 2]


def test_no_data_is_shown_as_no_data_and_asked_for() -> None:
    shown = budgets.error_budgets(*account(events(objective(), gap="the server answers 503")))
    text = shown.markdown()
    assert "**no data**" in text
    assert "100" not in text.split("|")[3]
    assert records(shown)["slo.api.availability"] is None
    assert shown.gaps[0].because == "the server answers 503"
    assert shown.gaps[0].degraded


def test_a_target_of_100_percent_is_named_for_what_it_is() -> None:
    one = events(objective(target="1"), outage())
    assert "no budget: one bad event breaks it" in budgets.error_budgets(*account(one)).markdown()
    assert "any bad event" in alerting.alert_rules([one.slo]).markdown()
    assert "has no budget" in alerting.low_traffic([one]).markdown()


def test_the_ledger_ends_each_objective_with_its_sum() -> None:
    ones, found = account(events(objective(), outage()))
    text = budgets.budget_ledgers(budget_ledgers(ones, found), incident_gap="no log").markdown()
    assert "**12,000**" in text
    assert "138.9 %" in text
    assert "**Not known:** the incidents that spent the budget" in text


def test_forecast_and_schedule_state_dates_or_why_there_is_none() -> None:
    ones, found = account(events(objective(), outage()), events(objective("short"), days=10))
    text = budgets.exhaustion_forecasts(exhaustion_forecasts(ones, found, AS_OF), AS_OF).markdown()
    assert "is positive again" in text
    assert "10 days of history" in text
    schedule = budgets.returning_budgets(ones, found).markdown()
    assert "12,000 on 2026-11-14" in schedule
    assert "2026-11-15" in schedule


def test_the_policy_says_what_is_permitted_now_and_who_decides() -> None:
    _, found = account(events(objective(), outage()), events(objective("quiet"), gap="down"))
    text = budgets.budget_policies(found).markdown()
    assert "Now: **exhausted** for api; permitted: reliability work, security" in text
    assert "Without a state: quiet: no data." in text
    assert "assumption" in text


def test_the_budget_chart_concludes_and_carries_its_table() -> None:
    ones, found = account(events(objective(), outage()), events(objective("calm")))
    shown = budget_charts.budget_chart(ones, found)
    assert isinstance(shown, Chart)
    assert shown.alt == "1 of 2 error budgets exhausted: api with -38.9 % left."
    assert "calm" in shown.data.markdown()
    lines = {line.get_label(): line for line in shown.figure.lines}
    assert lines["api"].get_ydata()[-1] == pytest.approx(-38.888, abs=0.01)
    assert set(lines) == {"api", "calm", "exhausted"}


def test_the_burn_rate_chart_shows_the_worst_objective_and_its_threshold() -> None:
    ones, found = account(events(objective("calm")), events(objective(), outage()))
    shown = budget_charts.burn_rate_chart(ones, found)
    assert isinstance(shown, Chart)
    assert shown.alt == (
        "api burned at most 500.0 times the sustainable rate, at 2026-10-15 22:20Z; it rose above the paging factor "
        "14.4 1 time."
    )
    assert [line.get_label() for line in shown.figure.lines] == ["burn rate", "sustainable", "pages at 14.4"]


def test_charts_without_data_say_so() -> None:
    ones, found = account(events(objective(), gap="down"))
    for shown in (budget_charts.budget_chart(ones, found), budget_charts.burn_rate_chart(ones, found)):
        assert "nothing was measured" in shown.markdown()
    silent = burn_rate(events(objective(), total=0), STEP)
    assert "no traffic" in budget_charts.burn_rate_conclusion("api", silent, 14.4)


def test_the_explorer_shows_the_objective_in_force_and_other_targets_on_demand() -> None:
    ones, _ = account(events(objective(), outage()))
    shown = exploring.budget_explorer(ones, AS_OF)
    assert "99.9 %" in shown.markdown()
    assert "-38.9 %" in shown.markdown()
    assert "86.1 %" in shown.at(goal=Fraction("0.99")).markdown()  # type: ignore[attr-defined]
    assert "none is defined" in exploring.budget_explorer([], AS_OF).markdown()


def test_indicators_show_words_queries_and_coverage_and_flag_what_is_no_promql() -> None:
    good, broken = objective(good_means="answered"), objective("broken", good="g{")
    shown = slo.indicators([good, broken], [events(good).requests])
    text = shown.markdown()
    assert "answered<br>`g`" in text
    assert "100.00 %" in text
    assert "no data: not read" in text
    assert [gap.what for gap in shown.gaps] == ["a query that parses for broken"]


def test_journeys_without_an_indicator_stand_out() -> None:
    facts = [
        Fact(Kind.CRITICAL_USER_JOURNEY, name, "text", "docs/PRD.md", 7, "q", name=name) for name in ("Buy", "Return")
    ]
    covered = journey_coverage(facts, [objective()], [RejectedSLI("clicks", "Buy", "not counted")])
    shown = slo.journeys(covered)
    text = shown.markdown()
    assert "clicks: not counted" in text
    assert "[PRD:7](../PRD.md#L7)" in text
    assert len(shown.findings) == 2
    assert [gap.what for gap in shown.gaps] == ["an indicator for the journey Return"]


def test_an_objective_looser_than_its_contract_is_an_error_in_bold() -> None:
    _, found = account(events(objective(target="0.99", contract=Fraction("0.995"))))
    shown = slo.contract_margins(contract_margins(found))
    assert "**looser than the contract" in shown.markdown()
    assert shown.findings[0].rank == 1


def test_targets_show_their_chance_and_what_would_be_recommended() -> None:
    dependency = [Dependency("db", Fraction("0.998"), "Spec")]
    advices = target_advices([events(objective(dependencies=dependency), 1)], AS_OF)
    assert "99.8 %" in slo.target_evidence(advices).markdown().split("\n")[2]
    assert "†" in slo.recommendation_ladders(advices).markdown()
    assert "**asks more than the dependencies promise together**" in slo.slo_dependencies(advices).markdown()
    text = agreements.decisions([objective()], advices, [], []).markdown()
    assert "**the history and the dependencies would recommend 99.8 %**" in text


def test_a_short_history_gives_no_ladder_and_says_why() -> None:
    advices = target_advices([events(objective(), days=5)], AS_OF)
    assert "5 days with traffic" in slo.recommendation_ladders(advices).markdown()


def test_promises_are_quoted_each_in_its_scope() -> None:
    facts = [
        Fact(Kind.AVAILABILITY_TARGET, Decimal(v), "ratio", "docs/B.md", 3, "| x | y |", role=Role.TARGET)
        for v in ("0.999", "0.99")
    ]
    text = slo.promises(facts).markdown()
    assert "99.9 %" in text
    assert "Promises differ" in text
    assert "**Not known:** an availability promise" in slo.promises([]).markdown()


def test_unreachable_alerts_are_named() -> None:
    shown = alerting.alert_rules([objective(target="0.9")])
    assert "**never: needs a target above 93.06 %**" in shown.markdown()
    assert len(shown.findings) == 1


def test_a_factor_below_one_and_a_budget_of_slices_are_warned_of() -> None:
    week, sliced = objective("week", window=timedelta(days=7)), objective("sliced", budgeting="timeslices")
    note = alerting.alert_rules([week, sliced]).markdown().rsplit("\n\n", 1)[1]
    slow = "week (ticket over 1d), week (ticket over 3d)"
    assert f"A factor below 1 also fires while the objective is being met: {slow};" in note
    assert "also where the budget counts slices (sliced)" in note
    assert "below 1" not in alerting.alert_rules([objective()]).markdown()


def test_back_tests_read_as_counts() -> None:
    text = alerting.alert_back_tests(alert_back_tests([events(objective(), outage())])).markdown()
    assert "0 % (0 of 1)" in text
    assert "no incident known" in text


def test_alerts_of_the_documents_and_objectives_without_any() -> None:
    rule = Fact(Kind.ALERT_RULE, "error rate > 5 %", "text", "docs/M.md", 4, "q", name="HighErrorRate")
    slos = [objective(), objective("slow", kind="latency")]
    text = alerting.alert_comparison(existing_alerts([rule], slos), slos).markdown()
    assert "redundant once the generated alerts run" in text
    assert "Without any alert until now: slow." in text


def test_little_traffic_is_advised_against_paging_on_luck() -> None:
    text = alerting.low_traffic([events(objective(), total=1)]).markdown()
    assert "**page only on significant errors, or add synthetic traffic**" in text


def test_agreements_reviews_and_sources_say_what_is_missing() -> None:
    slos = [objective(agreements=[Agreement("Ann", signed=date(2026, 1, 2)), Agreement("Bo")])]
    shown = agreements.stakeholder_agreements(stakeholders([], slos), slos)
    assert "1 of 2 agreements are signed." in shown.markdown()
    assert [gap.ask for gap in shown.gaps] == ["Bo"]
    late = agreements.review_calendar(ReviewPlan(last=date(2026, 1, 1)), AS_OF.date())
    assert [one.text for one in late.findings] == ["the review of the objectives is 213 days late"]
    source = agreements.data_source(ABOUT, slos, step=STEP, retention=timedelta(days=7))
    assert "**too short: the window cannot be recomputed**" in source.markdown()
    assert "**Not known:** the scrape interval" in source.markdown()


def test_the_ratio_of_events_stands_beside_the_mean_of_ratios() -> None:
    ones, found = account(events(objective(), outage()))
    assert "99.8611 %" in agreements.measurement_methods(ones, found).markdown()


def test_periods_before_are_met_missed_or_not_known_and_two_misses_are_told() -> None:
    bad = np.concatenate([np.full(60 * 288, 2), np.zeros(30 * 288, dtype=int)])
    ones, found = account(events(objective(), bad, days=90), events(objective("young"), days=30))
    shown = budgets.earlier_periods(earlier_budgets(ones, found))
    rows = [line.split("|")[1].strip() for line in shown.markdown().splitlines()[2:]]
    assert rows == ["api", "api"]
    assert shown.markdown().count("**no**") == 2
    assert "200.0 %" in shown.markdown()
    assert [one.text for one in shown.findings] == ["api: missed in each of the two periods before this one"]
    ((whole, *_), *_) = earlier_budgets(*account(events(objective(), np.zeros(90 * 288, dtype=int), days=90)))
    assert "| yes " in budgets.earlier_periods([[whole]]).markdown()
    assert "| not known, 7 % seen |" in budgets.earlier_periods([[replace(whole, coverage=0.07)]]).markdown()
    assert "no whole window" in budgets.earlier_periods([[]]).markdown()
