"""Patching against its times, change classes against the error budget, the five numbers of deployment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from sre_kit.compute.changes import Deploy
from sre_kit.compute.incidents import Incident
from sre_kit.compute.operations.automation import AUTOMATIONS, Automation, opportunities
from sre_kit.compute.operations.change import ALLOWED, change_state, deploy_metrics, patches, proportion_interval
from sre_kit.compute.operations.plan import ChangeClass, Freeze, PatchException, PatchPolicy
from sre_kit.compute.vocabulary import Fact, Kind

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
START = AS_OF - timedelta(days=70)
POLICY = [PatchPolicy("high", timedelta(days=30)), PatchPolicy("low", timedelta(days=180))]
CLASSES = [
    ChangeClass("standard", "", "", timedelta(0)),
    ChangeClass("normal", "", "", timedelta(0)),
    ChangeClass("emergency", "", "", timedelta(0)),
]


def finding(name: str = "SEC-1", **details: str) -> Fact:
    given = {"severity": "high", "found": "2026-09-18", "status": "open", **details}
    return Fact(Kind.SECURITY_FINDING, "text", "text", "docs/S.md", 3, "quote", name=name, details=given)


@pytest.mark.parametrize(
    ("details", "state", "due"),
    [
        ({}, "overdue", date(2026, 10, 18)),
        ({"found": "2026-10-02"}, "in time", date(2026, 11, 1)),
        ({"status": "fixed 2026-09-29"}, "closed", date(2026, 10, 18)),
        ({"found": ""}, "not known", None),
        ({"found": "last week"}, "not known", None),
        ({"severity": "medium"}, "not known", None),
    ],
)
def test_a_finding_is_due_by_its_severity(details: dict[str, str], state: str, due: date | None) -> None:
    (found,) = patches([finding(**details)], POLICY, [], AS_OF)
    assert (found.state, found.due) == (state, due)


def test_overdue_days_are_counted_from_the_due_date() -> None:
    (found,) = patches([finding()], POLICY, [], AS_OF)
    assert found.overdue_days(AS_OF) == 14


def test_an_exception_ends_on_its_day() -> None:
    until = PatchException("SEC-1", "owner", date(2026, 11, 1), "fenced in")
    assert patches([finding()], POLICY, [until], AS_OF)[0].state == "excepted"
    assert patches([finding()], POLICY, [until], AS_OF + timedelta(days=1))[0].state == "overdue"


@pytest.mark.parametrize("state", list(ALLOWED))
def test_the_budget_decides_which_classes_may_go_out(state: str) -> None:
    assert change_state({"slo": state}, CLASSES, [], AS_OF).allowed == ALLOWED[state]


def test_the_strictest_objective_decides_and_is_named() -> None:
    found = change_state({"a": "healthy", "b": "exhausted", "c": "at risk"}, CLASSES, [], AS_OF)
    assert found.budget == "exhausted"
    assert found.because == "b: exhausted"


@pytest.mark.parametrize("states", [{}, {"a": "no data"}, {"a": "unclear", "b": "healthy"}])
def test_what_nobody_sees_is_no_permission(states: dict[str, str]) -> None:
    assert "normal" not in change_state(states, CLASSES, [], AS_OF).allowed


def test_a_freeze_leaves_emergencies_only_while_it_lasts() -> None:
    freeze = Freeze("December", AS_OF, AS_OF + timedelta(days=1))
    assert change_state({"a": "healthy"}, CLASSES, [freeze], AS_OF).allowed == ("emergency",)
    assert len(change_state({"a": "healthy"}, CLASSES, [freeze], AS_OF + timedelta(days=1)).allowed) == 3


def test_a_team_may_decide_otherwise() -> None:
    classes = [ChangeClass("normal", "", "", timedelta(0), allowed_when=["exhausted"])]
    assert change_state({"a": "exhausted"}, classes, [], AS_OF).allowed == ("normal",)


def deploy(day: int, outcome: str = "succeeded", **more: object) -> Deploy:
    return Deploy(START + timedelta(days=day), "shop", "1", outcome, "log:1", **more)  # type: ignore[arg-type]


def test_ten_deployments_in_ten_weeks_are_one_a_week() -> None:
    found = {one.name: one for one in deploy_metrics([deploy(7 * n) for n in range(10)], [], START, AS_OF)}
    assert found["deployment frequency"].value == pytest.approx(1)
    assert found["deployment frequency"].n == 10
    assert found["change failure rate"].value == 0
    assert found["change failure rate"].interval is not None
    assert found["change failure rate"].interval.high > 0.25


def test_a_deployment_that_names_an_incident_failed_and_recovers_when_it_ends() -> None:
    incidents = [
        Incident(f"I{n}", "t", START + timedelta(days=n), resolved=START + timedelta(days=n, minutes=20))
        for n in range(5)
    ]
    deploys = [deploy(n, incident=f"I{n}") for n in range(5)] + [deploy(9, "rolled_back"), deploy(10), deploy(11)]
    found = {one.name: one for one in deploy_metrics(deploys, incidents, START, AS_OF)}
    assert found["change failure rate"].value == pytest.approx(6 / 8)
    assert found["failed deployment recovery time"].value == pytest.approx(20)
    assert found["failed deployment recovery time"].n == 5


def test_below_five_there_is_a_count_and_no_rate() -> None:
    for one in deploy_metrics([deploy(n) for n in range(4)], [], START, AS_OF):
        assert one.value is None
        assert "insufficient data" in one.why_not


def test_deployments_outside_the_window_are_not_counted() -> None:
    assert deploy_metrics([deploy(-1), deploy(70), deploy(3)], [], START, AS_OF)[0].n == 1


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_interval_of_a_share_is_clopper_and_pearsons(hits: int, n: int) -> None:
    hits = min(hits, n)
    exact = binomtest(hits, n).proportion_ci(0.95, "exact")
    found = proportion_interval(hits, n)
    assert found.low == pytest.approx(exact.low, abs=1e-12)
    assert found.high == pytest.approx(exact.high, abs=1e-12)


def test_the_upper_limit_of_none_in_ten_is_the_tables_0_308() -> None:
    assert proportion_interval(0, 10).high == pytest.approx(float(beta.ppf(0.975, 1, 10)))


def test_all_seven_opportunities_are_there_and_the_undecided_ones_ask() -> None:
    decided = [
        Automation("backup", state="implemented", guard="retention"),
        Automation("rollback", state="implemented"),
        Automation("performance", state="not applicable"),
        Automation("self-healing", state="idea"),
    ]
    found = {one.name: one for one in opportunities(decided, [])}
    assert tuple(found) == AUTOMATIONS
    asking = {name for name, one in found.items() if one.gap}
    assert asking == {"rollback", "performance", "auto-scaling", "security scanning", "incident response"}
    assert found["auto-scaling"].state == "not decided"


def test_a_finding_of_a_report_keeps_the_day_it_was_found_and_where() -> None:
    from sre_kit.load.facts import facts

    text = (
        "# Security Test Report\n\n| Id | Finding | Severity | Component | Found | State |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| SEC-1 | Export without second factor | High | checkout | 2026-09-18 | Open |\n"
    )
    read = [one for one in facts(text, "docs/QA Engineer/SecurityTestReport.md") if one.kind is Kind.SECURITY_FINDING]
    (found,) = patches(read, POLICY, [], AS_OF)
    assert (found.due, found.state, found.fact.details["component"]) == (date(2026, 10, 18), "overdue", "checkout")


def test_minutes_by_hand_come_from_tasks_and_incidents_before_what_is_stated() -> None:
    def met(*factors: str) -> Incident:
        return Incident("I", "t", AS_OF, factors=factors)

    decided = [
        Automation("backup", minutes_a_month=999, tasks=["check", "unknown"]),
        Automation("rollback", factors=["deploy"], minutes_each=30),
        Automation("performance", minutes_a_month=90),
        Automation("incident response", minutes_each=10, tasks=["check"]),
        Automation("self-healing"),
    ]
    log, half = [met("deploy"), met("deploy", "database"), met("capacity")], timedelta(days=365) / 2
    rows = opportunities(decided, [], tasks={"check": 150.0}, incidents=log, over=half)
    found = {one.name: one.by_hand for one in rows}
    assert (found["backup"].minutes, found["backup"].basis) == (150.0, "task check: 150 min")
    assert found["rollback"].minutes == pytest.approx(10)
    assert found["rollback"].basis == "2 incidents (deploy) in 6.0 months x 30 min"
    assert (found["performance"].minutes, found["performance"].basis) == (90, "params")
    assert found["incident response"].minutes == pytest.approx(155)
    assert found["self-healing"].minutes is None
    assert {one.name: one.by_hand for one in opportunities(decided, [])}["rollback"].minutes is None, "no log is known"


def test_prepared_is_only_what_has_its_file_and_implemented_nothing_that_merely_has_one() -> None:
    written = Automation("rollback", state="prepared", form="workflow", runs=["x"])
    (without,) = [one for one in opportunities([written], []) if one.decided]
    (made,) = [one for one in opportunities([written], [], made=written.files) if one.decided]
    assert (without.state, made.state) == ("planned", "prepared")
    assert made.gap is None, "what the file itself bounds is a guard"
