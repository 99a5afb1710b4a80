"""IncidentResponse as its readers see it: what must be in sight, and what must not be invented."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sre_kit import compute, load, show
from sre_kit.check.whole import HEADINGS
from sre_kit.compute.incidents import Incident, IncidentLog, IncidentPolicy, Severity
from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.rota_checks import rota_review
from sre_kit.compute.operations.runbooks import Alert

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
BULLETS = list(HEADINGS["IncidentResponse"])


@pytest.fixture(scope="module")
def project():
    return load.project(str(ROOT / "params" / "demo"))


@pytest.fixture(scope="module")
def log(project):
    return compute.graded(load.incidents(project), project.params.incidents.severities)


@pytest.fixture(scope="module")
def stats(log):
    return compute.incident_statistics(log, *compute.incident_window(log, AS_OF))


@pytest.fixture(scope="module")
def checked(project):
    return compute.runbook_check(compute.alert_rules(project.facts), project.params.runbooks)


def test_the_headings_are_the_missions_in_order():
    notebook = json.loads((ROOT / "notebooks" / "IncidentResponse.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(c["source"]) + "\n" for c in notebook["cells"] if c["cell_type"] == "markdown")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings[: len(BULLETS)] == BULLETS
    assert headings[-2:] == ["Sources", "Open questions"]


def test_an_unset_channel_is_shown_and_asked_for(project):
    table = show.channels(project.params.incidents)
    assert "**NOT SET**" in table.markdown()
    assert [gap.what for gap in table.gaps] == ["the channel for customer e-mail"]
    nothing = show.channels(IncidentPolicy())
    assert nothing.markdown().count("NOT SET") == 6


def test_templates_use_the_components_of_the_documents(project):
    text = show.messages(project.params.incidents, project.facts).markdown()
    assert "postgres-orders" in text and "https://status.harbourbooks.example" in text
    assert text.count("Next update:") == 4
    assert "ask Technical Architect" in show.messages(IncidentPolicy(), []).markdown()


def test_an_alert_without_a_runbook_is_a_finding_and_a_question(checked):
    index = show.runbook_index(checked, AS_OF.date())
    assert [(f.rank, f.text) for f in index.findings] == [(6, "the alert SearchIndexLag (warning) has no runbook")]
    assert "the runbook of SearchIndexLag" in [gap.what for gap in index.gaps]
    assert "7 of 8 alerts have exactly one runbook" in index.markdown()


def test_an_alert_that_links_to_a_runbook_is_not_said_to_have_none():
    linked = compute.runbook_check([Alert("A", "x", "critical", runbook="https://wiki.example/a")], [])
    index = show.runbook_index(linked, AS_OF.date())
    assert "linked:" in index.markdown() and "`https://wiki.example/a`" in index.markdown()
    assert [f.text for f in index.findings] == ["the page A (critical) has no runbook here, only a link"]


def test_the_trigger_of_a_runbook_is_the_rule_as_written(checked):
    text = show.runbook_sections(checked).markdown()
    assert "`time() - search_index_last_update_timestamp_seconds > 1800`" in text
    assert "**Takes away or interrupts:** " in text
    assert text.count("### ") == 8


def test_a_step_that_names_another_alert_leads_to_its_runbook(checked):
    text = show.runbook_sections(checked).markdown()
    assert "go to [DatabaseConnectionsHigh](#databaseconnectionshigh)" in text
    own = text.split("### DatabaseConnectionsHigh\n", 1)[1].split("\n### ", 1)[0]
    assert "(#databaseconnectionshigh)" not in own


def test_the_demo_runbooks_name_known_components_only_and_differ(project, checked):
    index = show.runbook_index(checked, AS_OF.date(), project.facts).markdown()
    assert "which no document knows" not in index
    assert "none would fit another alert" in show.runbook_likeness(project.params.runbooks).markdown()


def test_a_gap_on_call_is_a_finding_of_its_kind():
    away = Absence("Ann", AS_OF + timedelta(days=9), AS_OF + timedelta(days=10))
    oncall = OnCall(people=[Person("Ann")], rotations=[Rotation("r", ["Ann"], date(2026, 10, 26))], absences=[away])
    plan = schedule(oncall, AS_OF, timedelta(weeks=4))
    table = show.rota_checks(rota_review(plan, plan.shifts, oncall))
    assert [f.rank for f in table.findings] == [5]
    assert table.findings[0].size == 168
    assert "**NOBODY**" in show.rota(plan, oncall).markdown()


def test_the_demo_rota_covers_every_minute_and_keeps_its_rules(project):
    plan = compute.schedule(project.params.oncall, AS_OF)
    review = compute.rota_review(plan, plan.shifts, project.params.oncall)
    assert [(c.layer, c.share) for c in review.coverage] == [("primary", 1), ("secondary", 1)]
    assert {rule: found for rule, found in review.problems.items() if found and rule != "Enough people to last"} == {}


def test_the_escalation_is_held_against_the_acknowledge_targets(project):
    table = show.escalation_chain(project.params.oncall, project.params.incidents.severities)
    assert "Worst case to a human: 30 min" in table.markdown()
    assert "**SEV1: 30 min is longer than its acknowledge target of 15 min.**" in table.markdown()
    assert len(table.findings) == 1


def test_the_records_that_other_documents_are_checked_against(stats, log):
    records = {r.name: r.value for r in show.reliability(stats, log).records}
    assert records["incidents.count"] == 36 and records["incidents.open"] == 1
    assert set(records) >= {
        "incidents.mttr_median_minutes", "incidents.mttr_p90_minutes", "incidents.mtta_median_minutes",
        "incidents.mtbf_hours", "incidents.downtime_hours",
    }  # fmt: skip
    assert records["incidents.mttr_median_minutes"] == 49


def test_no_number_stands_without_definition_and_n(stats, log):
    text = show.reliability(stats, log).markdown()
    for needed in ("resolved - began", "35, 1 open", "start to start", "Kaplan-Meier", "clock 'began'", "not given"):
        assert needed in text
    assert "3 rows put aside, 2 maintenance, 1 drills and notices" in text


def test_verdicts_are_worded_as_evidence_or_not(stats):
    text = show.incident_trends(stats).markdown()
    assert "no evidence of a change of the rate" in text
    assert "significant" not in text and "proves" not in text


def test_owed_postmortems_and_overdue_actions_of_the_demo(project, log):
    policy = project.params.incidents
    holidays = compute.holidays_of(policy.country, "", date(2025, 11, 1), AS_OF.date())
    owed = compute.postmortems_owed(log.incidents, policy, AS_OF, holidays, project.params.slos)
    table = show.postmortems_owed(owed, policy, AS_OF, log)
    assert [row[0] for row in table.rows] == ["INC-2026-0213", "INC-2026-0924", "INC-2026-1014"]
    assert [row[4] for row in table.rows] == ["2026-02-20", "2026-10-01", "2026-10-21"]
    actions = show.action_items(compute.action_items(log.incidents, policy, AS_OF.date()))
    assert "30 % of 10 are done, 6 are overdue" in actions.markdown()


def test_a_log_that_links_no_postmortem_does_not_make_all_of_them_overdue(project, log):
    policy = project.params.incidents
    owed = compute.postmortems_owed(log.incidents, policy, AS_OF, {}, [])
    silent = replace(log, columns={k: v for k, v in log.columns.items() if k != "postmortem"})
    table = show.postmortems_owed(owed, policy, AS_OF, silent)
    assert "Not known" in table.markdown() and "overdue" not in table.markdown()
    assert not table.findings


def test_what_the_log_cannot_tell_is_asked_not_zero(project, log):
    text = show.postmortem_triggers(project.params.incidents, log, []).markdown()
    assert "whether an incident had data loss: ask On-call engineer" in text


def test_a_project_without_anything_gets_questions_not_boilerplate():
    policy, oncall, log = IncidentPolicy(), OnCall(), IncidentLog((), gap="no log")
    plan = schedule(oncall, AS_OF, timedelta(weeks=4))
    stats = compute.incident_statistics(log, AS_OF - timedelta(days=365), AS_OF)
    shown = [
        show.severities(policy), show.rota(plan, oncall), show.escalation_chain(oncall, []), show.experts(oncall),
        show.vendors(oncall), show.pager_down(oncall), show.cadence(policy), show.war_room_limits(policy),
        show.reliability(stats, log), show.incident_source(log),
        show.runbook_index(compute.runbook_check([], []), AS_OF.date()), show.quarantine(log),
        show.runbook_sections(compute.runbook_check([], [])),
        show.rota_checks(rota_review(plan, [], oncall)), show.clock_changes(rota_review(plan, [], oncall)),
        show.postmortems_owed([], policy, AS_OF, log),
        show.severity_matrix(compute.severity_matrix([])), show.on_call_now(plan, AS_OF),
        show.pager_loads(rota_review(plan, [], oncall)), show.open_incidents(log, AS_OF), show.security_branch([]),
        show.severity_decision([]), show.alert_grades([]),
    ]  # fmt: skip
    for one in shown:
        assert "**Not known:**" in one.markdown(), one
        assert one.gaps


def test_text_from_a_log_cannot_become_markup(log):
    evil = Incident("<b>1|2", "a|b <script> @all `x`", AS_OF - timedelta(hours=1), impact="*SEV1*")
    text = show.open_incidents(IncidentLog((evil,)), AS_OF).markdown()
    assert "<script>" not in text.replace("\\<", "") and "a\\|b" in text and "`@all`" in text


def test_an_old_export_is_not_taken_for_quiet_months(stats, log):
    assert "the log may be older" not in show.incident_counts(stats, log).markdown()
    later = compute.incident_statistics(log, stats.start, AS_OF + timedelta(days=120))
    text = show.incident_counts(later, log).markdown()
    assert (
        "Nothing began after 2026-10-30 16:20Z, for 121 d" in text and "the log may be older than this report" in text
    )


def test_what_is_odd_about_used_records_is_said_beside_the_source():
    marked = Incident("1", "t", AS_OF, flags=("the end is the issue's closing, not the service's return",))
    text = show.incident_source(IncidentLog((marked, marked), source="x", format="GitHub issues")).markdown()
    assert "the issue's closing, not the service's return (2)" in text and "GitHub issues" in text


def test_the_chart_states_its_conclusion(stats, log):
    chart = show.plot_incidents(stats, log)
    assert chart.alt == (
        "36 incidents began in the window: no evidence of a change of the rate; half are resolved within 49 min, "
        "one in ten takes longer than 3 h 55 min."
    )
    bars = [patch.get_height() for patch in chart.figure.axes[0].patches]
    assert bars == list(stats.per_month.values()) and sum(bars) == 36


def test_an_unsound_ladder_is_said_below_the_matrix():
    hour = timedelta(hours=1)
    ladder = [Severity("A", "", "", hour, hour, burn_rate=1), Severity("B", "", "", hour, hour, burn_rate=2)]
    table = show.severity_matrix(compute.severity_matrix(ladder))
    assert "Not sound" in table.markdown() and "no level" in table.markdown()
    assert table.findings
    good = show.severity_matrix(compute.severity_matrix([ladder[1], replace(ladder[0], burn_rate=None)]))
    assert "exactly one level" in good.markdown()
