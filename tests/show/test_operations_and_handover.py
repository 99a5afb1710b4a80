"""What a reader of OperationalPlaybook and SREHandoff sees: verdicts, gaps, findings, records."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.operations.automation import AUTOMATIONS, Automation, opportunities
from sre_kit.compute.operations.change import change_state, deploy_metrics, patches
from sre_kit.compute.operations.dependencies import Edge, Graph, restore_order, single_points, topological
from sre_kit.compute.operations.drills import Drill, DrillLog, restore_tests
from sre_kit.compute.operations.plan import (
    Backup,
    ConfigClass,
    DisasterScenario,
    Expiry,
    MaintenanceWindow,
    OperationsPlan,
    RecoveryStep,
    RecurringTask,
)
from sre_kit.compute.operations.recovery import endings, recoverables, rehearsals
from sre_kit.compute.operations.runbooks import Alert
from sre_kit.compute.operations.tasks import task_schedules, toil
from sre_kit.compute.readiness.indicators import Indicator
from sre_kit.compute.readiness.monitoring import alert_load, monitoring_coverage
from sre_kit.compute.readiness.plan import Dashboard, HandoverPlan, Monitored, SignOff, bus_factors, stability
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.statistics import Interval
from sre_kit.compute.vocabulary import About, Fact, Finding, Gap, Kind, Scope
from sre_kit.show.chart import Chart
from sre_kit.show.operations import automation, change, disaster, drills, recovery, timetable
from sre_kit.show.operations import tasks as operations
from sre_kit.show.readiness import boards, handover, knowledge, transfer
from sre_kit.show.readiness import coverage as readiness
from sre_kit.show.shown import Shown
from sre_kit.store.manifest import Manifest, Published

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
ABOUT = About("Shop", AS_OF, source="made up")
NOTHING = OperationsPlan()
NOBODY = HandoverPlan()


def records(shown: Shown) -> dict[str, object]:
    return {one["name"]: one["value"] for one in shown.machine().get("records", [])}


def stores(**given: object) -> list:
    db = Fact(Kind.COMPONENT, "db", "text", "docs/I.md", 1, "q", name="db", details={"stateful": "true"})
    return recoverables([db], [Backup("db", **given)] if given else [])  # type: ignore[arg-type]


EMPTY = [
    operations.operational_tasks([]),
    operations.maintenance_windows([], AS_OF),
    operations.endings([]),
    automation.automations(opportunities([], [])),
    recovery.backups([]),
    recovery.restore_order(topological({}), Graph((), ())),
    change.patch_policies(NOTHING),
    change.security_findings([], AS_OF),
    change.patch_scopes(NOTHING, AS_OF),
    change.emergency_patch(NOTHING),
    change.configuration(NOTHING, AS_OF),
    change.secret_rotations(NOTHING, AS_OF),
    change.environment_differences(NOTHING),
    change.change_classes(NOTHING, change_state({}, [], [], AS_OF)),
    change.flight_checks(NOTHING),
    change.deploy_metrics([], AS_OF, AS_OF, "no log"),
    disaster.disaster_scenarios([]),
    disaster.activation(NOTHING),
    disaster.recovery_tests(NOTHING, [], AS_OF),
    disaster.stand_ins([]),
    readiness.monitoring_coverage(monitoring_coverage([], NOBODY)),
    readiness.reliability_metrics([]),
    disaster.single_points([], Graph((), ())),
    transfer.alert_load(alert_load(IncidentLog((), gap="no log"), AS_OF), IncidentLog((), gap="no log")),
    readiness.plot_budget_consumption([]),
    readiness.bus_factors([]),
    readiness.stability(stability({}, IncidentLog((), gap="no log"), [], AS_OF)),
    handover.deliverables(Manifest()),
    handover.sign_offs(NOBODY),
    handover.gotchas(IncidentLog((), gap="no log")),
    transfer.transfers([], []),
    transfer.accesses([]),
    transfer.pager_test(NOBODY),
    transfer.recent_incidents(IncidentLog((), gap="no log"), AS_OF),
    boards.dashboards(NOBODY),
    knowledge.sessions(NOBODY),
    knowledge.shadowing(NOBODY),
    knowledge.exercises(NOBODY),
    knowledge.glossary(NOBODY),
    knowledge.support_contracts(NOBODY, ABOUT),
    knowledge.plot_architecture(Graph((), ()), []),
    operations.toil(toil([], 10)),
]


@pytest.mark.parametrize("shown", EMPTY, ids=range(len(EMPTY)))
def test_without_input_a_part_asks_somebody_and_invents_nothing(shown: Shown) -> None:
    assert shown.gaps
    assert all(gap.ask and gap.expected_in for gap in shown.gaps)
    assert not re.search(r"\b(None|nan|NaT)\b", shown.markdown())


@pytest.mark.parametrize(
    "shown",
    [
        transfer.watch_items(NOBODY, []),
        transfer.in_flight(NOBODY, NOTHING, AS_OF),
        handover.crosschecks([], Manifest()),
        handover.top_findings(Manifest()),
        handover.questions_by_role(Manifest()),
        timetable.task_collisions(
            [], OperationsPlan(maintenance=[MaintenanceWindow("w", "0 5 * * *", MINUTES, MINUTES)]), "UTC"
        ),
        handover.rubric_failures(Manifest()),
        handover.open_items([]),
        knowledge.capacity_headroom(Manifest()),
        change.freezes(NOTHING, AS_OF),
        timetable.task_collisions([], NOTHING, "UTC"),
        disaster.single_points([]),
        disaster.rehearsal_plan([]),
        disaster.scenario_objectives([]),
    ],
)
def test_nothing_to_report_is_said_in_a_sentence(shown: Shown) -> None:
    assert shown.markdown().endswith(".")
    assert "|" not in shown.markdown()


# recovery --------------------------------------------------------------------------------------------------------


def test_an_unproven_objective_is_a_question_to_the_owner_and_a_finding_of_rank_3() -> None:
    shown = recovery.recovery_proofs(stores(owner="Ann", rto=60 * MINUTES, size=2**30, fixed_steps=MINUTES))
    assert "**unproven**" in shown.markdown()
    assert (
        Gap("measured restore throughput of db", "Ann", "params: operations.backups", "its RTO is unproven")
        in shown.gaps
    )
    assert [(one.rank, one.text) for one in shown.findings] == [
        (3, "db: RTO of 1 h is unproven (not known: measured restore throughput)")
    ]
    assert records(shown)["recovery.unproven"] == 1
    assert records(shown)["recovery.db.rto"] == "unproven"


def test_what_misses_says_by_how_much() -> None:
    shown = recovery.recovery_proofs(
        stores(rpo=60 * MINUTES, every=60 * MINUTES, takes=5 * MINUTES, replication_lag=timedelta(0))
    )
    assert "backup interval 1 h + backup duration 5 min + replication lag 0 s" in shown.markdown()
    assert "1 h 5 min" in shown.markdown()
    assert shown.findings[0].text == "db: RPO of 1 h is missed (up to 1 h 5 min of data is lost)"


def test_a_store_without_any_backup_asks_how_it_is_saved() -> None:
    assert [gap.what for gap in recovery.backups(stores()).gaps] == ["how db is saved"]
    assert "who owns the backups of db" in [gap.what for gap in recovery.backups(stores(every=60 * MINUTES)).gaps]


def test_bars_of_the_recovery_chart_are_shares_of_the_objective() -> None:
    shown = recovery.plot_recovery(
        stores(rpo=60 * MINUTES, every=30 * MINUTES, takes=timedelta(0), replication_lag=timedelta(0))
    )
    assert isinstance(shown, Chart)
    (bar,) = shown.figure.axes[0].patches
    assert bar.get_width() == pytest.approx(0.5)
    assert "1 are met" in shown.alt


def test_a_restore_of_which_nothing_is_known_takes_no_zero_seconds() -> None:
    shown = recovery.plot_recovery(stores(rto=60 * MINUTES))
    assert isinstance(shown, Chart)
    assert "0 s" not in shown.data.markdown() and "0 %" not in shown.data.markdown()


def test_a_cycle_has_no_order_and_is_named() -> None:
    graph = Graph(("a", "b"), (Edge("a", "b"), Edge("b", "a")))
    shown = recovery.restore_order(restore_order(graph), graph)
    assert "a cycle: a needs b needs a" in shown.markdown()
    assert shown.findings[0].rank == 3


def test_a_restore_that_was_never_tested_is_a_finding() -> None:
    shown = drills.recovery_drills(restore_tests(stores(every=MINUTES), DrillLog(), MINUTES), MINUTES, AS_OF)
    assert "**never**" in shown.markdown()
    assert shown.findings[0].text == "the restore of db was never tested"


def test_only_a_record_says_drilled_and_a_stale_or_failed_one_says_so() -> None:
    day, half = timedelta(days=1), timedelta(days=182)
    good = Drill(
        AS_OF - day, "restic 0.14.0", "sre-kit 0.1.0", "db", "Ada", 1, 0, 0, 7, day, day, 1, 1, source="drills.jsonl:7"
    )

    def shown(*records: Drill) -> tuple[str, list[str]]:
        log = DrillLog(records, source="drills.jsonl", gap="" if records else "no record")
        tests = drills.recovery_drills(restore_tests(stores(every=MINUTES), log, half), half, AS_OF)
        told = drills.drill_records(log, half, AS_OF)
        return tests.markdown() + told.markdown(), [one["text"] for one in told.machine().get("findings", [])]

    left = DrillLog((good,), later=2, problems=("d.jsonl:3: no JSON",), source="d.jsonl")
    text = drills.drill_records(left, half, AS_OF).markdown()
    assert "2 later than the report time are left out." in text
    assert "1 lines of d.jsonl are no usable record" in text
    assert "drilled with" not in shown()[0] and "sre-kit drill restic" in shown()[0]
    text, findings = shown(good)
    assert "drilled with restic 0.14.0, drills.jsonl:7" in text and "Ada<br>sre-kit 0.1.0" in text and not findings
    text, findings = shown(replace(good, at=AS_OF - half - day))
    assert "stale, 183 d old" in text and findings == ["restores are not drilled: the last one is older than 182 d"]
    text, findings = shown(good, replace(good, at=AS_OF - day / 2, failure="no space left"))
    assert "a drill failed on 2026-10-31" in text and "no space left" in text and findings


def test_the_hand_over_counts_a_restore_by_the_later_of_word_and_record() -> None:
    plan = OperationsPlan(backups=[Backup("db", last_restore_test=date(2026, 3, 1)), Backup("media"), Backup("queue")])
    good = Drill(AS_OF, "restic", "us", "", "", 1, 0, 0, 1, MINUTES, MINUTES, 1, 1)
    log = DrillLog((replace(good, component="db"), replace(good, component="media"), replace(good, failure="lost")))
    text = operations.standing(plan, [], [], log).markdown()
    assert "last 2026-11-01" in text and "2 of 3 stores tested, 2 of them by a record" in text
    text = operations.standing(plan, [], []).markdown()
    assert "last 2026-03-01" in text and "1 of 3 stores tested, 0 of them by a record" in text


def test_a_restore_test_is_due_again_after_the_agreed_time() -> None:
    month = timedelta(days=30)
    fresh, stale = (
        drills.recovery_drills(
            restore_tests(stores(every=MINUTES, last_restore_test=on), DrillLog(), month), month, AS_OF
        )
        for on in (date(2026, 10, 2), date(2026, 10, 1))
    )
    assert fresh.findings == []
    assert "overdue (2026-10-31)" in stale.markdown()


def test_the_critical_path_stands_in_bold_and_unknown_steps_are_asked_for() -> None:
    steps = [RecoveryStep("a", MINUTES), RecoveryStep("b", None, ["a"]), RecoveryStep("c", 9 * MINUTES, ["a"])]
    plan = OperationsPlan(scenarios=[DisasterScenario("fire", "i", "d", "w", rto=60 * MINUTES, steps=steps)])
    found = rehearsals(plan)
    text = disaster.disaster_steps(found).markdown()
    assert "**a**" in text
    assert "**c**" in text
    assert "**b**" not in text
    assert disaster.scenario_objectives(found).gaps[0].what == "how long these steps take: b"


def test_a_single_point_without_a_plan_is_a_gap_and_a_finding() -> None:
    graph = Graph(("web", "db"), (Edge("web", "db"),))
    shown = disaster.single_points(single_points(graph, {"web": 2, "db": 1}))
    assert shown.findings == [Finding(7, 3.0, "single point of failure without a plan: db")]
    covered = disaster.single_points(single_points(graph, {"web": 2, "db": 1}, cover={"db": "scenario fire"}))
    assert not covered.gaps


# operations ------------------------------------------------------------------------------------------------------


def test_a_task_shows_its_next_runs_in_utc_and_in_its_zone() -> None:
    one = RecurringTask("t", "task", "Ann", "30 9 * * *", 15, zone="Europe/Amsterdam")
    text = timetable.task_calendar(task_schedules([one], AS_OF)).markdown()
    assert "2026-11-01 08:30Z<br>2026-11-02 08:30Z<br>2026-11-03 08:30Z" in text
    assert "Sun 2026-11-01 09:30" in text


def test_a_task_that_does_not_say_what_to_expect_is_a_question_to_its_owner() -> None:
    one = RecurringTask("t", "task", "Ann", "30 9 * * *", 15, command="look")
    assert operations.operational_tasks(task_schedules([one], AS_OF)).gaps == [
        Gap("what to expect, what if not in the task t", "Ann", "params: operations.tasks")
    ]


def test_a_silence_ends_with_its_window_and_survives_a_shell() -> None:
    window = MaintenanceWindow(
        "night's work", "0 5 * * SUN", 2 * 60 * MINUTES, timedelta(days=7), matchers=['job=~"a|b"; rm -rf /']
    )
    words = shlex.split(operations.silence_command(window, AS_OF))
    assert words[:5] == ["amtool", "silence", "add", "--start=2026-11-01T00:00:00Z", "--end=2026-11-01T02:00:00Z"]
    assert words[5:] == ["--comment=maintenance: night's work", 'job=~"a|b"; rm -rf /']


def test_what_is_overdue_comes_first_and_is_marked() -> None:
    plan = OperationsPlan(
        expiries=[Expiry("late", "certificate", date(2026, 10, 1)), Expiry("far", "domain", date(2028, 1, 1))]
    )
    shown = operations.endings(endings(plan, AS_OF))
    assert shown.markdown().index("late") < shown.markdown().index("far")
    assert "**overdue**" in shown.markdown()
    assert records(shown)["operations.overdue_expiries"] == 1


def test_prepared_is_not_implemented() -> None:

    decided = [
        Automation("auto-scaling", state="prepared", guard="g"),
        Automation("backup", state="implemented", guard="g"),
    ]
    shown = automation.automations(opportunities(decided, []))
    assert records(shown)["automation.implemented"] == 1
    assert records(shown)["automation.auto-scaling"] == "prepared"
    *by_hand, asked = shown.gaps
    assert [one.what for one in by_hand] == [
        f"how many minutes a month {name} takes by hand" for name in ("auto-scaling", "backup")
    ]
    assert [name for name in AUTOMATIONS if name in asked.what] == [
        n for n in AUTOMATIONS if n not in ("auto-scaling", "backup")
    ]


def test_no_secret_is_shown_but_its_name_place_and_age() -> None:
    plan = OperationsPlan(
        configuration=[
            ConfigClass("db password", "vault", rotation=timedelta(days=90), last_rotation=date(2026, 6, 11))
        ]
    )
    text = change.secret_rotations(plan, AS_OF).markdown()
    assert "**overdue since 2026-09-09**" in text


def test_below_five_deployments_there_is_no_rate() -> None:
    text = change.deploy_metrics(deploy_metrics([], [], AS_OF - timedelta(days=7), AS_OF), AS_OF, AS_OF).markdown()
    assert text.count("insufficient data: n = 0") == 5


def test_overdue_findings_are_counted_and_in_bold() -> None:
    from sre_kit.compute.operations.plan import PatchPolicy

    fact = Fact(
        Kind.SECURITY_FINDING,
        "hole",
        "text",
        "docs/S.md",
        3,
        "q",
        name="S-1",
        details={"severity": "high", "found": "2026-09-01"},
    )
    shown = change.security_findings(patches([fact], [PatchPolicy("high", timedelta(days=30))], [], AS_OF), AS_OF)
    assert "**overdue by 31 d**" in shown.markdown()
    assert records(shown) == {"security.overdue": 1, "security.findings": 1}


# hand-over -------------------------------------------------------------------------------------------------------


def test_an_empty_cell_names_the_owner_and_each_component_asks_once() -> None:
    facts = [Fact(Kind.COMPONENT, "db", "text", "docs/I.md", 1, "q", name="db", scope=Scope("production", "", "db"))]
    plan = HandoverPlan(monitoring=[Monitored("db", {"logs": "syslog"}, "Ann", {"traces": "a database"})])
    shown = readiness.monitoring_coverage(monitoring_coverage(facts, plan))
    assert shown.markdown().count("**gap: Ann**") == 6
    assert "not applicable: a database" in shown.markdown()
    assert [gap.ask for gap in shown.gaps] == ["Ann"]
    assert records(shown)["coverage.gaps"] == 6
    assert "**Not known" not in shown.markdown()


def test_metrics_have_the_same_record_names_everywhere() -> None:
    one = Indicator("mttr", "", "median", 49.0, "min", 35, "incidents", Interval(40, 60), AS_OF, AS_OF, "log")
    two = Indicator("availability", "shop", "good / all", 0.998, "ratio", 10, "events", None, AS_OF, AS_OF, "SLO a")
    shown = readiness.reliability_metrics([one, two])
    assert records(shown) == {"reliability.mttr": 49.0, "reliability.availability.shop": 0.998}
    assert "40 min to 1 h" in shown.markdown()
    assert "99.800 %" in shown.markdown()


def test_only_some_metrics_can_be_asked_for() -> None:
    shown = readiness.reliability_metrics([], only=["mtbf"])
    assert [gap.what for gap in shown.gaps] == ["measurements of mtbf"]


def made(*names: str, **more: object) -> Manifest:
    return Manifest(
        {n: Published(f"docs/SRE/{n}.md", 3, "a" * 64, "b" * 64, "2026-11-01T00:00:00+00:00") for n in names}, **more
    )  # type: ignore[arg-type]


def test_a_document_is_listed_with_version_hash_date_and_result_or_as_not_made() -> None:
    checks = {"SLODefinitions": {"passed": 4, "failed": 1, "not known": 2, "failures": []}}
    shown = handover.deliverables(made("SLODefinitions", checks=checks))
    text = shown.markdown()
    assert "`aaaaaaaaaaaa`" in text
    assert "4 passed, 1 failed, 2 not known" in text
    assert text.count("**not made**") == 4
    assert len(shown.gaps) == 4


def test_our_own_last_version_is_no_input() -> None:
    old = {"rank": 1, "size": 1.0, "text": "ours", "document": "SREHandoff"}
    manifest = made("SREHandoff", findings=(old,), gaps=({"what": "w", "ask": "a", "document": "SREHandoff"},))
    assert "ours" not in handover.top_findings(manifest).markdown()
    assert "No other document was rendered" in handover.questions_by_role(manifest).markdown()
    assert "SREHandoff" not in handover.deliverables(manifest).markdown()


def test_findings_are_ordered_by_kind_then_size_and_each_said_once() -> None:
    found = tuple(
        {"rank": r, "size": s, "text": t, "document": d}
        for r, s, t, d in [(7, 9.0, "c", "A"), (1, 1.0, "b", "B"), (1, 5.0, "a", "A"), (1, 5.0, "a", "B")]
    )
    text = handover.top_findings(made("A", "B", findings=found)).markdown()
    assert [text.index(f"| {t} ") for t in "abc"] == sorted(text.index(f"| {t} ") for t in "abc")
    assert "3 of 3 findings." in text


@pytest.mark.parametrize(
    ("sent", "acknowledged", "said"),
    [
        (None, None, "**Test page: NOT DONE.**"),
        (AS_OF, None, "**Test page: NOT DONE**: sent 2026-11-01 00:00Z, no acknowledgement is recorded."),
        (AS_OF, AS_OF + 3 * MINUTES, "**Test page: done**: sent 2026-11-01 00:00Z, acknowledged after 3 min."),
    ],
)
def test_a_test_page_counts_when_somebody_acknowledged_it(
    sent: datetime | None, acknowledged: datetime | None, said: str
) -> None:
    plan = HandoverPlan(test_page_sent=sent, test_page_acknowledged=acknowledged)
    assert transfer.pager_test(plan).markdown() == said


def test_a_watch_item_links_to_its_runbook_or_asks_for_it() -> None:
    shown = transfer.watch_items(HandoverPlan(watch_items=["DiskFull", "Lag"]), ["DiskFull"])
    assert "[runbook DiskFull](IncidentResponse.md#diskfull)" in shown.markdown()
    assert [gap.what for gap in shown.gaps] == ["the runbook of Lag"]


def test_a_dashboard_without_an_address_says_so() -> None:
    shown = boards.dashboards(HandoverPlan(dashboards=[Dashboard("Overview", "p", owner="Ann")]))
    assert "**NOT SET**" in shown.markdown()
    assert "**nobody named**" in shown.markdown()
    assert {gap.ask for gap in shown.gaps} == {"Ann"}


def test_one_person_is_a_risk() -> None:
    shown = readiness.bus_factors(bus_factors(HandoverPlan(owners={"db": ["Ann"], "web": ["Ann", "Ben"]}), []))
    assert records(shown)["handover.bus_factor_one"] == 1
    assert [one.text for one in shown.findings] == ["only Ann can run db"]


def test_a_component_that_is_watched_and_that_nobody_can_run_is_asked_for() -> None:
    watched = HandoverPlan(owners={"db": ["Ann", "Ben"]}, monitoring=[Monitored("queue"), Monitored("worker")])
    shown = readiness.bus_factors(bus_factors(watched, []))
    assert [gap.what for gap in shown.gaps] == ["who can run queue, worker"]
    assert "2 on nobody who is named" in shown.markdown()


def test_unsigned_is_open() -> None:
    plan = HandoverPlan(
        sign_offs=[SignOff("SRE", "Ann"), SignOff("DevOps", "Ben", date(2026, 10, 30))], review_by=date(2027, 1, 31)
    )
    text = handover.sign_offs(plan).markdown()
    assert "1 of 2 have signed. Review by 2027-01-31." in text
    assert "**open**" in text


def test_shifts_of_twelve_hours_hold_at_most_two_alerts() -> None:
    def incident(hours_ago: float, by: str = "alert High") -> Incident:
        began = AS_OF - timedelta(hours=hours_ago)
        return Incident("i", "t", began, resolved=began + MINUTES, detected_by=by)

    log = IncidentLog(
        (incident(1), incident(2), incident(11), incident(13), incident(3, "customer"), incident(24 * 29))
    )
    found = alert_load(log, AS_OF)
    assert (found.busiest, found.over, found.shifts, found.told) == (3, 1, 56, 1)
    assert found.by_alert == {"High": 4}


def test_the_architecture_is_drawn_with_every_dependency() -> None:
    graph = Graph(
        ("web", "db", "bank"), (Edge("web", "db"), Edge("web", "bank", "external"), Edge("db", "web", "asynchronous"))
    )
    shown = knowledge.plot_architecture(graph, [])
    assert isinstance(shown, Chart)
    axes = shown.figure.axes[0]
    assert {text.get_text() for text in axes.texts} == {"web", "db", "bank"}
    assert len(axes.patches) == 3
    assert "3 components and 3 dependencies" in shown.alt


def test_without_a_plan_nothing_is_claimed_to_be_in_order() -> None:
    """No task is not "no toil", no scenario is not "every scenario rehearsed", no schedule is not "no collision"."""
    texts = [
        operations.toil(toil([], 10)).markdown(),
        timetable.task_collisions([], NOTHING, "UTC").markdown(),
        disaster.recovery_tests(NOTHING, [], AS_OF).markdown(),
        transfer.alert_load(alert_load(IncidentLog((), gap="no log"), AS_OF), IncidentLog((), gap="no log")).markdown(),
    ]
    assert "which work comes back" in texts[0]
    assert "no overlap can be found" in texts[1]
    assert "Every scenario" not in texts[2]
    assert "At most" not in texts[3]


def test_a_log_that_never_says_how_incidents_were_found_tells_nothing_about_alerts() -> None:
    log = IncidentLog((Incident("i", "t", AS_OF - timedelta(hours=1), resolved=AS_OF),))
    shown = transfer.alert_load(alert_load(log, AS_OF), log)
    assert "At most" not in shown.markdown()
    assert shown.gaps[0].because == "no incident of the log says how it was detected"
    assert records(shown) == {"oncall.busiest_shift": None}


def test_an_alert_leads_to_the_dashboards_of_what_it_watches_and_panels_are_counted_by_row() -> None:
    plan = HandoverPlan(
        dashboards=[Dashboard("Overview", "p", covers=["web"])],
        monitoring=[Monitored("web", {"alert": "Down, Slow"}), Monitored("db", {"alert": "Full"})],
    )
    facts = [Fact(Kind.COMPONENT, n, "text", "docs/I.md", 1, "q", name=n) for n in ("web", "db")]
    found = monitoring_coverage(facts, plan)
    alerts = [Alert(name, "x") for name in ("Down", "Slow", "Full", "Odd")]
    shown = boards.alert_dashboards(alerts, plan.dashboards, found)
    assert records(shown)["handover.alerts_without_dashboard"] == 2
    assert [gap.what for gap in shown.gaps] == ["a dashboard for the alerts Full, Odd"]
    assert "2 of 4 alerts lead to a dashboard." in shown.markdown()
    rows = [{"type": "row", "title": title} for title in ("web-availability: 99 %", "other")]
    board = {"panels": [rows[0], {"type": "x"}, {"type": "y"}, rows[1], {"type": "x"}]}
    web = SLO("web-availability", Fraction(99, 100), "total", "web", good="good")
    matrix = boards.dashboard_matrix([web], plan.dashboards, found, ("b.json", json.dumps(board)))
    assert "2 in [b.json](artifacts/b.json)" in matrix.markdown()
    assert "**none**" in boards.dashboard_matrix([web], plan.dashboards, found).markdown()
