"""Incidents: the ladder, downtime, reliability metrics, post-mortems, runbooks, escalation."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.incidents import (
    AUTO_RESOLVED,
    BEGAN_WITH_ALERT,
    ActionItem,
    Incident,
    IncidentLog,
    IncidentPolicy,
    Runbook,
    Severity,
    downtime,
    graded,
    naive_downtime,
    unmapped,
)
from sre_kit.compute.oncall.escalation import escalation_problems, late_severities, notified, worst_case
from sre_kit.compute.oncall.plan import EscalationStep, OnCall, Person
from sre_kit.compute.operations.runbooks import (
    alert_rules,
    destructive,
    runbook_check,
    similar_runbooks,
    unknown_targets,
)
from sre_kit.compute.response.declaration import Declaration, declaration, role_claim
from sre_kit.compute.response.postmortems import (
    action_items,
    blaming_words,
    budget_share,
    closure_rate,
    postmortems_owed,
    triggers,
)
from sre_kit.compute.response.reliability import incident_statistics, incident_window, stated_durations
from sre_kit.compute.response.severity import graded_alerts, level_of, severity_matrix
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Fact, Kind

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def level(name, burn=None, users=None, **kw):
    kw.setdefault("acknowledge", 15 * MINUTE)
    return Severity(name, "", "", update_every=HOUR, burn_rate=burn, users=users and Fraction(users), **kw)


LADDER = [
    level("SEV1", 14.4, "0.25", postmortem=True),
    level("SEV2", 6, "0.05"),
    level("SEV3", 1, "0.01", pages=False, maps_from=["warning"]),
    level("SEV4", pages=False),
]


def incident(number, began, minutes=60, **kw):
    at = START + timedelta(days=began)
    return Incident(f"I{number}", "t", at, None if minutes is None else at + minutes * MINUTE, **kw)


def log(*incidents, **kw):
    return IncidentLog(tuple(sorted(incidents, key=lambda i: i.began)), clock="began", source="log", **kw)


def test_a_sound_ladder_has_neither_hole_nor_overlap():
    matrix = severity_matrix(LADDER)
    assert matrix.problems == ()
    assert matrix.cells == (
        ("SEV4", "SEV3", "SEV2", "SEV1"),
        ("SEV3", "SEV3", "SEV2", "SEV1"),
        ("SEV2", "SEV2", "SEV2", "SEV1"),
        ("SEV1", "SEV1", "SEV1", "SEV1"),
    )


def test_a_last_level_with_a_threshold_leaves_a_hole():
    problems = severity_matrix(LADDER[:3]).problems
    assert problems == ("1 of 16 pairs belong to no level",)


def test_thresholds_that_do_not_fall_are_named():
    wrong = [level("SEV1", 6), level("SEV2", 14.4), level("SEV3")]
    problems = severity_matrix(wrong).problems
    assert "SEV2 is reached by no pair" in problems
    assert "the burn rate of SEV2 is not below that of SEV1" in problems


@given(st.floats(0, 100), st.floats(0, 1), st.floats(1, 3))
def test_more_impact_never_lowers_the_level(burn, users, factor):
    order = [one.name for one in LADDER]
    worse = level_of(LADDER, burn * factor, min(1.0, users * factor))
    assert order.index(worse) <= order.index(level_of(LADDER, burn, users))


def test_pages_fall_into_levels_that_page():
    slo = SLO("a", Fraction(999, 1000), "t", "shop", good="g")
    assert all(g.agrees for g in graded_alerts(WORKBOOK_POLICY, LADDER, [slo]))
    quiet = [level("SEV1", 20), level("SEV2", pages=False)]
    assert [g.agrees for g in graded_alerts(WORKBOOK_POLICY, quiet, [slo])] == [False, False, True, True]


def test_alerts_of_a_calendar_objective_are_graded_by_the_length_of_its_calendar_period():
    quarterly = SLO("a", Fraction(999, 1000), "t", "shop", good="g", calendar="quarter")
    grades = graded_alerts(WORKBOOK_POLICY, LADDER, [quarterly])
    assert {g.period for g in grades} == {timedelta(days=90)}
    assert grades[0].factor == Fraction(2, 100) * 90 * 24


def test_words_outside_the_ladder_are_listed_not_guessed():
    found = graded(
        log(incident(1, 0, impact="sev1"), incident(2, 1, impact="Warning"), incident(3, 2, impact="odd")), LADDER
    )
    assert [i.severity for i in found.incidents] == ["SEV1", "SEV3", ""]
    assert unmapped(found) == {"odd": 1}


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5000)), max_size=20))
def test_the_union_is_never_longer_than_the_sum_nor_than_the_window(spells):
    found = [incident(n, day, minutes) for n, (day, minutes) in enumerate(spells)]
    union = downtime(found, START, END)
    assert union <= min(naive_downtime(found, START, END), END - START)
    assert union >= max((min(i.end(END), END) - i.began for i in found), default=timedelta(0))


def test_overlaps_count_once():
    two = [incident(1, 0, 60), Incident("I2", "t", START + 30 * MINUTE, START + 90 * MINUTE)]
    assert downtime(two, START, END) == 90 * MINUTE
    assert naive_downtime(two, START, END) == 120 * MINUTE


def test_an_open_incident_is_censored_not_dropped():
    found = incident_statistics(log(*(incident(n, n, 60 + n) for n in range(5)), incident(9, 300, None)), START, END)
    assert (found.count, found.open, found.ttr.n, found.ttr.still_running) == (6, 1, 5, 1)
    assert found.ttr.estimator == "Kaplan-Meier"
    assert found.ttr.median == 62
    assert found.ttr.mean is None


def test_below_five_incidents_there_is_no_mean_and_no_interval():
    found = incident_statistics(log(*(incident(n, n) for n in range(4))), START, END)
    assert (found.ttr.median, found.ttr.median_interval, found.ttr.mean) == (60, None, None)


def test_a_milestone_nobody_recorded_is_missing_not_zero():
    found = incident_statistics(log(incident(1, 0)), START, END)
    assert (found.tta.n, found.tta.missing, found.tta.median) == (0, 1, None)


def test_times_that_nobody_took_are_missing_not_short():
    """A record that begins with its alert knows no detection; what the tool closed says nothing about people."""
    alerted = incident(1, 0, detected=START, acknowledged=START + 5 * MINUTE, flags=(BEGAN_WITH_ALERT,))
    closed = incident(2, 1, detected=START + timedelta(days=1), flags=(AUTO_RESOLVED,))
    closed = replace(closed, acknowledged=closed.began + 50 * MINUTE)
    found = incident_statistics(log(alerted, closed), START, END)
    assert (found.ttd.n, found.ttd.missing, found.ttd.zero) == (0, 1, 1)
    assert (found.tta.n, found.tta.missing, found.tta.median) == (1, 1, 5)


def test_without_incidents_only_a_lower_bound_of_the_mtbf_stands():
    found = incident_statistics(log(), START, END)
    assert found.mtbf is None
    assert found.mtbf_interval[0] / (END - START) == pytest.approx(1 / 2.9957, rel=1e-3)
    assert found.mtbf_interval[1] is None


def test_mtbf_is_start_to_start_with_a_poisson_interval():
    found = incident_statistics(log(*(incident(n, n * 30) for n in range(10))), START, END)
    assert found.mtbf == timedelta(days=36.5)
    low, high = found.mtbf_interval
    assert low / timedelta(days=1) == pytest.approx(365 / 18.390, rel=1e-3)
    assert high / timedelta(days=1) == pytest.approx(365 / 4.795, rel=1e-3)


def test_a_silence_that_chance_does_not_explain_is_said():
    """One a week for 40 weeks, then 12 weeks of nothing: exp(-12) is 6 in a million; after 2 weeks it is 14 %."""
    weekly = log(*(incident(n, 7 * n) for n in range(41)))
    found = incident_statistics(weekly, START, START + timedelta(days=7 * 52)).silence
    assert found.length == timedelta(weeks=12)
    assert found.p == pytest.approx(math.exp(-41 * 12 / 40))
    assert incident_statistics(weekly, START, START + timedelta(days=7 * 42)).silence is None
    assert incident_statistics(log(*(incident(n, n) for n in range(4))), START, END).silence is None


def test_zero_lengths_are_left_out_of_durations_and_counted():
    found = incident_statistics(log(incident(1, 0, 0), incident(2, 1, 60)), START, END)
    assert (found.count, found.ttr.n, found.ttr.zero) == (2, 1, 1)


def test_a_young_log_shortens_the_window():
    young = log(incident(1, 100))
    assert incident_window(young, END) == (START + timedelta(days=100), END)
    assert incident_window(log(), END)[0] == END - timedelta(days=365)


def test_a_missing_log_has_no_availability():
    assert incident_statistics(log(gap="no log"), START, END).availability is None


def test_stated_durations_name_the_clock_that_was_meant():
    one = incident(1, 0, 60, mitigated=START + 30 * MINUTE, stated_minutes=31.0)
    two = incident(2, 1, 60, stated_minutes=58.0)
    three = incident(3, 2, 60, stated_minutes=200.0)
    assert [s.likely_meant for s in stated_durations([one, two, three])] == [
        "mitigated - began", "resolved - began", "neither clock",
    ]  # fmt: skip


def test_a_postmortem_is_due_in_business_days():
    late = incident(1, 350, severity="SEV1")  # resolved on Thursday 2026-12-17
    policy = IncidentPolicy(severities=LADDER)
    christmas = {date(2026, 12, 25): "Christmas Day"}
    found = postmortems_owed([late], policy, END, christmas)
    assert (found[0].due, found[0].state) == (date(2026, 12, 24), "overdue by 8 d")
    assert postmortems_owed([incident(2, 1, severity="SEV3")], policy, END, {}) == []
    assert postmortems_owed([incident(3, 1, None, severity="SEV1")], policy, END, {})[0].state == "incident open"


def test_one_incident_with_a_fifth_of_the_budget_owes_a_postmortem():
    """60 min at 100 % failed of 43.2 min allowed in 30 d at 99.9 % is 139 % of the budget."""
    slo = SLO("a", Fraction(999, 1000), "t", "shop", good="g")
    full = incident(1, 0, 60, services=("shop",), failed_share=1.0)
    assert budget_share(full, [slo], END) == ("a", pytest.approx(60 / 43.2))
    assert budget_share(incident(2, 0, services=("shop",)), [slo], END) is None
    policy = IncidentPolicy(severities=LADDER, postmortem_budget_share=Fraction(1, 5))
    assert "139 %" in postmortems_owed([full], policy, END, {}, [slo])[0].because[0]


def test_a_measured_share_outranks_the_estimate_and_does_not_say_about():
    slo = SLO("a", Fraction(999, 1000), "t", "shop", good="g")
    full = incident(1, 0, 60, services=("shop",), failed_share=1.0)
    policy = IncidentPolicy(severities=LADDER, postmortem_budget_share=Fraction(1, 5))
    assert triggers(full, policy, [slo], END) == ("about 139 % of the budget of a",)
    assert triggers(full, policy, [slo], END, {"I1": ("a", 0.25)}) == ("25 % of the budget of a",)
    assert triggers(full, policy, [slo], END, {"I1": ("a", 0.1)}) == ()


def test_action_items_are_counted_once_and_overdue_first():
    undated = ActionItem("I1", "Do it some day", "", None)
    closed = ActionItem("I1", "Did it some day", "", None, closed=True)
    item = ActionItem("I1", "Do it", "Ann", date(2026, 6, 1))
    done = ActionItem("I1", "Did it", "Ann", date(2026, 6, 1), done=date(2026, 5, 1))
    later = ActionItem("I1", "Did it later", "Ann", date(2027, 6, 1), done=date(2027, 5, 1))
    found = action_items(
        [incident(1, 0, actions=(item, done, later, undated, closed))],
        IncidentPolicy(actions=[item]),
        date(2026, 6, 11),
    )
    assert [(p.action.text, p.state) for p in found] == [
        ("Do it", "overdue by 10 d"), ("Did it", "done"), ("Did it later", "open"),
        ("Did it some day", "done"), ("Do it some day", "no due date"),
    ]  # fmt: skip
    assert closure_rate(found) == pytest.approx(2 / 5)


def test_blame_is_found_in_titles_and_actions():
    guilty = incident(
        1, 0, cause="human error by Ann Lee", actions=(ActionItem("I1", "Bob failed to look", "", date(2026, 1, 1)),)
    )
    assert [b.word for b in blaming_words([guilty], ["Ann Lee"])] == ["human error", "failed to", "Ann Lee"]
    assert blaming_words([incident(2, 0, cause="the limit was lower than the load")], ["Ann Lee"]) == []


def alert(name, value, line=1, **details):
    return Fact(
        Kind.ALERT_RULE, value, "text", "docs/DevOps Engineer/MonitoringAlerts.md", line, value, name, details=details
    )


def test_a_table_row_and_a_rule_of_one_name_are_one_alert():
    found = alert_rules(
        [alert("A", "errors > 5 %", severity="critical"), alert("A", "rate(e_total[5m]) > 0.05", **{"for": "5m"})]
    )
    assert [(a.name, a.condition, a.expression, a.severity, a.held_for) for a in found] == [
        ("A", "errors > 5 %", "rate(e_total[5m]) > 0.05", "critical", "5m")
    ]


def test_alerts_and_runbooks_are_a_bijection_or_say_where_not():
    found = alert_rules([alert("A", "x"), alert("B", "y")])
    check = runbook_check(found, [Runbook("A", "", ""), Runbook("A", "", ""), Runbook("C", "", "")])
    assert [a.name for a, _ in check.pairs] == ["A"]
    assert [a.name for a in check.without] == ["B"]
    assert [r.alert for r in check.orphans] == ["C"]
    assert check.twice == ("A",)


def test_a_runbook_that_fits_any_alert_is_flagged():
    steps = ["Look at the dashboard", "Restart the service and wait for it to come back"]
    same = [
        Runbook(name, f"{name} fires because something is wrong", "Users notice", steps)
        for name in ("DiskFull", "CpuHigh")
    ]
    other = Runbook(
        "QueueLong", "Messages wait", "Mail is late", ["`rabbitmqctl list_queues`; 0 consumers is the worker"]
    )
    assert [(a.first, a.second, a.similarity) for a in similar_runbooks([*same, other])] == [
        ("CpuHigh", "DiskFull", 1.0)
    ]


def test_commands_are_checked_for_what_they_destroy_and_name():
    assert destructive("Undo: `kubectl rollout undo deploy/shop`")
    assert not destructive("Delete nothing: `kubectl get pods`")
    book = Runbook("A", "", "", ["`kubectl logs deploy/shop`", "`kubectl logs deploy/ghost`"])
    assert unknown_targets(book, ["shop"]) == ["ghost"]


def test_the_worst_case_is_the_sum_of_waits_times_repeats():
    steps = [EscalationStep("primary", 5 * MINUTE, 2), EscalationStep("boss", 10 * MINUTE)]
    assert worst_case(steps) == 20 * MINUTE
    assert [(n.after, n.until) for n in notified(steps)] == [(timedelta(0), 10 * MINUTE), (10 * MINUTE, 20 * MINUTE)]
    assert worst_case([]) is None
    assert [x.name for x in late_severities(LADDER, 20 * MINUTE)] == ["SEV1", "SEV2"]


def test_a_chain_must_end_in_somebody_who_exists():
    people = [Person("Ann")]
    loose = OnCall(people=people, escalation=[EscalationStep("Ann", MINUTE), EscalationStep("Bob", MINUTE)])
    assert escalation_problems(loose) == [
        "Bob is no person, layer or group on the roster", "nobody is named who is always reachable",
    ]  # fmt: skip
    cycle = OnCall(
        people=people,
        escalation=[EscalationStep("Ann", MINUTE), EscalationStep("Ann", MINUTE)],
        always_reachable="Boss",
    )
    assert escalation_problems(cycle) == [
        "Ann stands in the chain twice", "the chain ends with Ann, not with Boss, who is always reachable",
    ]  # fmt: skip


def test_the_fixed_words_are_read_back():
    said = Declaration("checkout fails", "no order is taken", "SEV1")
    assert declaration(f"hello, {said} please join") == said
    assert declaration("something is wrong") is None
    assert role_claim("I am taking the role of incident commander.") == "incident commander"
