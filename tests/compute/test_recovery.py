"""Recovery: proofs, order of restore, critical paths, single points of failure, what expires."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.dependencies import (
    Edge,
    Graph,
    dependency_graph,
    restore_order,
    single_points,
    topological,
)
from sre_kit.compute.operations.plan import (
    Backup,
    ConfigClass,
    DisasterScenario,
    Expiry,
    OperationsPlan,
    RecoveryStep,
)
from sre_kit.compute.operations.recovery import (
    critical_path,
    endings,
    kept,
    recoverables,
    recovery_findings,
    rehearsals,
    rpo_proof,
    rto_proof,
    stateless,
)
from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
GIB = 2**30


def fact(kind: Kind, name: str, value: object = "", unit: str = "text", **more: object) -> Fact:
    return Fact(kind, value or name, unit, "docs/X.md", 1, "quote", name=name, **more)  # type: ignore[arg-type]


def stateful(name: str, environment: str = "production") -> Fact:
    return fact(
        Kind.COMPONENT, name, scope=Scope(environment, "", name), details={"stateful": "true", "kind": "database"}
    )


def objective(kind: Kind, name: str, minutes: int, **more: object) -> Fact:
    return fact(kind, name, Decimal(minutes * 60), "s", role=Role.TARGET, **more)


def test_worst_loss_is_interval_plus_duration_plus_lag() -> None:
    """24 h + 20 min + 1 min: a daily backup does not keep an RPO of a day."""
    proof = rpo_proof(
        Backup("db", every=24 * 60 * MINUTES, takes=20 * MINUTES, replication_lag=MINUTES), 1440 * MINUTES
    )
    assert proof.known == 1461 * MINUTES
    assert proof.verdict == "missed"


def test_a_shipped_log_takes_the_place_of_interval_and_duration() -> None:
    backup = Backup("db", every=1440 * MINUTES, takes=25 * MINUTES, log_every=5 * MINUTES, replication_lag=timedelta(0))
    assert rpo_proof(backup, 15 * MINUTES).known == 5 * MINUTES
    assert rpo_proof(backup, 15 * MINUTES).verdict == "met"


def test_restore_time_is_size_over_measured_throughput_plus_fixed_steps() -> None:
    """A drill restored 35 GiB in 38 min; 80 GiB then take 86.9 min, with 10 min of steps 96.9."""
    speed = int(35 * GIB / (38 * 60))
    proof = rto_proof(Backup("db", size=80 * GIB, restore_per_second=speed, fixed_steps=10 * MINUTES), 60 * MINUTES)
    assert proof.known / MINUTES == pytest.approx(80 / 35 * 38 + 10, rel=1e-6)
    assert proof.verdict == "missed"


FULL = {
    "every": 60 * MINUTES,
    "takes": MINUTES,
    "replication_lag": timedelta(0),
    "size": GIB,
    "restore_per_second": GIB,
    "fixed_steps": MINUTES,
}


@pytest.mark.parametrize("unknown", list(FULL))
def test_an_unknown_input_is_unproven_never_met(unknown: str) -> None:
    backup = Backup("db", **{key: value for key, value in FULL.items() if key != unknown})  # type: ignore[arg-type]
    verdicts = {rpo_proof(backup, timedelta(days=9)).verdict, rto_proof(backup, timedelta(days=9)).verdict}
    assert verdicts == {"met", "unproven"}


def test_what_is_known_already_misses_although_the_rest_is_unknown() -> None:
    assert rpo_proof(Backup("db", every=timedelta(days=2)), timedelta(days=1)).verdict == "missed"


@given(
    every=st.none() | st.integers(0, 500),
    takes=st.none() | st.integers(0, 500),
    lag=st.none() | st.integers(0, 500),
    limit=st.integers(0, 2000),
)
def test_met_needs_every_term_and_a_sum_within_the_objective(
    every: int | None, takes: int | None, lag: int | None, limit: int
) -> None:
    terms = [every, takes, lag]
    spans = [None if one is None else one * MINUTES for one in terms]
    verdict = rpo_proof(Backup("db", every=spans[0], takes=spans[1], replication_lag=spans[2]), limit * MINUTES).verdict
    total = sum(one for one in terms if one is not None)
    assert (verdict == "missed") == (total > limit)
    assert (verdict == "met") == (total <= limit and None not in terms)


def test_every_stateful_production_component_is_there_and_no_other_environment() -> None:
    facts = [
        stateful("db"),
        stateful("queue", ""),
        stateful("db-test", "staging"),
        fact(Kind.BACKUP_SCHEDULE, "bucket", "daily"),
    ]
    found = recoverables(facts, [Backup("decided only")])
    assert [one.component for one in found] == ["db", "queue", "bucket", "decided only"]


def test_schedule_and_objectives_come_from_the_documents_where_nobody_decided() -> None:
    facts = [
        stateful("db"),
        fact(Kind.BACKUP_SCHEDULE, "db", "daily"),
        fact(Kind.BACKUP_RETENTION, "db", Decimal(30 * 86400), "s"),
        objective(Kind.RPO, "db corrupted", 15),
    ]
    (found,) = recoverables(facts, [])
    assert found.backup.every == timedelta(days=1)
    assert found.backup.retention == timedelta(days=30)
    assert found.rpo.objective == 15 * MINUTES
    assert found.rpo.source == "docs/X.md:1"
    assert found.rto.verdict == "no objective"


def test_an_objective_of_at_least_so_long_is_no_limit() -> None:
    facts = [stateful("index"), objective(Kind.RTO, "index lost", 27 * 60, details={"comparison": ">="})]
    (found,) = recoverables(facts, [])
    assert found.rto.objective is None
    assert found.rto.note == "1 d 3 h or more is no limit"


def test_the_objective_of_a_longer_name_is_not_ours() -> None:
    facts = [stateful("db"), objective(Kind.RPO, "db-archive corrupted", 15)]
    assert recoverables(facts, [])[0].rpo.objective is None


def test_an_accepted_loss_needs_no_backup() -> None:
    (found,) = recoverables([stateful("cache")], [Backup("cache", method="none", loss_accepted="by the owner")])
    assert found.rpo.verdict == "accepted"
    assert recovery_findings([found]) == []


def test_findings_put_what_is_missed_before_what_is_unproven_and_stores_before_scenarios() -> None:
    facts = [stateful("a"), stateful("b"), objective(Kind.RPO, "a", 60), objective(Kind.RPO, "b", 60)]
    stores = recoverables(facts, [Backup("a"), Backup("b", every=timedelta(days=1))])
    plan = OperationsPlan(
        scenarios=[DisasterScenario("s", "i", "d", "w", rto=MINUTES, steps=[RecoveryStep("x", 5 * MINUTES)])]
    )
    found = sorted(recovery_findings(stores, rehearsals(plan)), key=lambda one: (one.rank, -one.size))
    assert {one.rank for one in found} == {3}
    assert [one.text.split(":")[0] for one in found] == ["b", "a", "s"]


def test_a_freshness_alert_must_exist_and_fire_within_the_rpo() -> None:
    def why(**given: object) -> str:
        backup = Backup("db", every=MINUTES, rpo=60 * MINUTES, **given)  # type: ignore[arg-type]
        return recoverables([], [backup])[0].alerted(["BackupOld"])

    assert why() == "no alert watches it"
    assert why(alert="Other") == "Other is no rule in the documents"
    assert why(alert="BackupOld") == "BackupOld has no known threshold"
    assert "later than the RPO" in why(alert="BackupOld", alert_after=61 * MINUTES)
    assert why(alert="BackupOld", alert_after=60 * MINUTES) == ""


def test_retention_counts_copies_reach_and_bytes() -> None:
    """7 daily, 4 weekly and 12 monthly copies reach back 372 days; 23 full copies of 10 GiB are 230 GiB."""
    found = kept(
        Backup("db", keep={"daily": 7, "weekly": 4, "monthly": 12}, size=10 * GIB, must_keep=timedelta(days=400))
    )
    assert found is not None
    assert (found.copies, found.reach, found.bytes_at_most) == (23, timedelta(days=372), 230 * GIB)
    assert found.too_short_by == timedelta(days=28)
    assert kept(Backup("db")) is None


def test_stateless_components_are_rebuilt() -> None:
    facts = [stateful("db"), fact(Kind.COMPONENT, "web", details={"stateful": "false"})]
    assert [one.name for one in stateless(facts)] == ["web"]


# order of restore ------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=4), max_size=7))
def test_everything_comes_after_what_it_needs_or_a_real_cycle_is_named(needs: dict[str, list[str]]) -> None:
    order = topological(needs)
    position = {name: number for number, step in enumerate(order.steps) for name in step}
    for name, wanted in needs.items():
        if name in position:
            assert all(position[one] < position[name] for one in wanted if one in needs)
    if order.cycle:
        assert order.cycle[0] == order.cycle[-1]
        assert all(b in needs[a] for a, b in pairwise(order.cycle))
    else:
        assert set(position) == set(needs)


def test_what_others_run_is_not_ours_to_restore_and_asynchronous_edges_order_nothing() -> None:
    graph = Graph(
        ("shop", "db", "bank", "queue"),
        (Edge("shop", "db"), Edge("shop", "bank", "synchronous, external"), Edge("db", "queue", "asynchronous")),
    )
    assert restore_order(graph).steps == (("db", "queue"), ("shop",))


def test_a_table_of_callers_becomes_edges_with_both_ends() -> None:
    from sre_kit.load.facts import facts

    text = (
        "# System\n\n## Dependencies\n\n| From | To | Kind | When it fails |\n| --- | --- | --- | --- |\n"
        "| shop | db | synchronous | nothing works |\n| shop | mail | asynchronous, external | late |\n"
    )
    graph = dependency_graph([one for one in facts(text, "docs/SystemArchitecture.md") if not one.refused])
    assert [(e.caller, e.called, e.binding, e.effect) for e in graph.edges] == [
        ("shop", "db", True, "nothing works"),
        ("shop", "mail", False, "late"),
    ]


def test_a_table_of_periods_is_no_dependency() -> None:
    from sre_kit.load.facts import facts

    text = "# Timeline\n\n## Sales\n\n| From | To | Factor |\n| --- | --- | --- |\n| 2026-11-27 | 2026-12-24 | 2.8 |\n"
    assert [one for one in facts(text, "docs/PRD.md") if one.kind is Kind.DEPENDENCY] == []


def test_a_single_point_falls_with_everything_that_needs_it_through_others() -> None:
    graph = Graph(("web", "shop", "db", "cache"), (Edge("web", "shop"), Edge("shop", "db"), Edge("shop", "cache")))
    found = single_points(
        graph, {"web": 3, "shop": 3, "db": 1}, redundancy={"cache": "a replica"}, named={"region": "doc"}
    )
    assert [(one.name, one.state, one.falls) for one in found] == [
        ("db", "single", ("shop", "web")),
        ("region", "single", ()),
    ]


def test_an_unknown_number_of_instances_is_not_known_never_redundant() -> None:
    graph = Graph(("web", "db"), (Edge("web", "db"),))
    assert [one.state for one in single_points(graph, {"web": 2})] == ["not known"]


def test_what_another_party_runs_is_single_whatever_it_says() -> None:
    graph = Graph(("web", "bank"), (Edge("web", "bank", "external"),))
    assert [one.name for one in single_points(graph, {"web": 2})] == ["bank"]


# scenarios -------------------------------------------------------------------------------------------------------


def test_the_critical_path_is_the_longest_chain_not_the_sum() -> None:
    steps = [
        RecoveryStep("declare", 15 * MINUTES),
        RecoveryStep("cluster", 45 * MINUTES, ["declare"]),
        RecoveryStep("data", 90 * MINUTES, ["declare"]),
        RecoveryStep("start", 10 * MINUTES, ["cluster", "data"]),
    ]
    found = critical_path(steps)
    assert found.path == ("declare", "data", "start")
    assert found.takes == 115 * MINUTES


def test_a_step_of_unknown_length_leaves_the_rto_unproven() -> None:
    steps = [RecoveryStep("a", MINUTES), RecoveryStep("b", None, ["a"])]
    plan = OperationsPlan(scenarios=[DisasterScenario("s", "i", "d", "w", rto=60 * MINUTES, steps=steps)])
    assert rehearsals(plan)[0].rto.verdict == "unproven"
    assert rehearsals(plan)[0].path.unknown == ("b",)


def test_a_scenario_without_steps_proves_nothing() -> None:
    plan = OperationsPlan(scenarios=[DisasterScenario("s", "i", "d", "w", rto=60 * MINUTES, tolerable=30 * MINUTES)])
    assert rehearsals(plan)[0].rto.verdict == "unproven"
    assert rehearsals(plan)[0].bearable is False


def test_steps_that_wait_for_each_other_are_named() -> None:
    assert critical_path([RecoveryStep("a", MINUTES, ["b"]), RecoveryStep("b", MINUTES, ["a"])]).cycle == (
        "a",
        "b",
        "a",
    )


# what expires ----------------------------------------------------------------------------------------------------


def test_expiries_are_sorted_and_secrets_follow_from_their_rotation() -> None:
    plan = OperationsPlan(
        expiries=[
            Expiry("far", "domain", date(2027, 3, 1)),
            Expiry("near", "certificate", date(2026, 11, 20)),
            Expiry("today", "licence", date(2026, 11, 1)),
        ],
        configuration=[ConfigClass("password", "vault", rotation=timedelta(days=90), last_rotation=date(2026, 6, 11))],
    )
    found = [(one.name, one.days_left, one.state) for one in endings(plan, AS_OF)]
    assert found == [("password", -53, "overdue"), ("today", 0, "act now"), ("near", 19, "act now"), ("far", 120, "ok")]
