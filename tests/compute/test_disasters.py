"""When each step of a recovery begins and ends, what is lost at worst, what stands in, what is rehearsed when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.dependencies import Edge, Graph, single_points
from sre_kit.compute.operations.disasters import loss_proof, rehearsals_due, step_times
from sre_kit.compute.operations.plan import (
    Backup,
    DisasterScenario,
    OperationsPlan,
    PlannedTest,
    RecoveryStep,
    RecoveryTest,
)
from sre_kit.compute.operations.recovery import critical_path, recoverables
from sre_kit.compute.operations.redundancy import in_one_zone, stand_ins, takes_over
from sre_kit.compute.vocabulary import Fact, Kind, Scope

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def step(name: str, minutes: float | None, *after: str) -> RecoveryStep:
    return RecoveryStep(name, None if minutes is None else minutes * MINUTE, list(after))


def test_steps_run_side_by_side_and_the_shorter_branch_may_slip() -> None:
    steps = [
        step("end", 5, "long", "short"),
        step("declare", 10),
        step("long", 60, "declare"),
        step("short", 20, "declare"),
    ]
    found = {one.step.name: one for one in step_times(steps)}
    assert [(n, t.begins / MINUTE, t.ends / MINUTE) for n, t in found.items()] == [
        ("end", 70, 75),
        ("declare", 0, 10),
        ("long", 10, 70),
        ("short", 10, 30),
    ]
    assert {name: time.slack for name, time in found.items()} == {
        "end": timedelta(0), "declare": timedelta(0), "long": timedelta(0), "short": 40 * MINUTE,
    }  # fmt: skip


def test_a_step_of_unknown_length_makes_what_follows_a_lower_bound_and_slack_unknown() -> None:
    found = {
        one.step.name: one for one in step_times([step("a", 10), step("b", None, "a"), step("c", 5, "b"), step("d", 1)])
    }
    assert {name: (one.begins_known, one.ends_known) for name, one in found.items()} == {
        "a": (True, True), "b": (True, False), "c": (False, False), "d": (True, True),
    }  # fmt: skip
    assert found["c"].begins == 10 * MINUTE
    assert all(one.slack is None for one in found.values())


def test_steps_that_wait_for_each_other_have_no_times() -> None:
    assert step_times([step("a", 1, "b"), step("b", 1, "a")]) == []


@given(st.lists(st.tuples(st.integers(0, 90), st.sets(st.integers(0, 7), max_size=3)), min_size=1, max_size=8))
def test_the_last_end_is_the_critical_path_and_what_lies_on_it_may_not_slip(drawn: list[tuple[int, set[int]]]) -> None:
    steps = [step(str(n), length, *(str(one) for one in after if one < n)) for n, (length, after) in enumerate(drawn)]
    times, path = {one.step.name: one for one in step_times(steps)}, critical_path(steps)
    assert max(one.ends for one in times.values()) == path.takes
    assert all(times[name].slack == timedelta(0) for name in path.path)
    assert all(one.slack is not None and one.slack >= timedelta(0) for one in times.values())


def stores(**lag: timedelta | None) -> list:  # type: ignore[type-arg]
    backups = [Backup(name, every=DAY, takes=timedelta(0), replication_lag=value) for name, value in lag.items()]
    return recoverables([], backups)


def scenario(**given: object) -> DisasterScenario:
    return DisasterScenario("fire", "all", "smoke", "Ann", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "known", "verdict"),
    [
        ({"rpo": DAY, "components": ["a", "b"]}, DAY + 5 * MINUTE, "missed"),
        ({"rpo": 2 * DAY, "components": ["a", "b"]}, DAY + 5 * MINUTE, "met"),
        ({"rpo": 2 * DAY, "components": ["a", "c"]}, DAY, "unproven"),
        ({"rpo": DAY, "components": []}, timedelta(0), "unproven"),
        ({"rpo": DAY, "components": ["a"], "loses": 7 * DAY}, 7 * DAY, "missed"),
        ({"rpo": timedelta(0), "loses": timedelta(0)}, timedelta(0), "met"),
        ({"components": ["a"]}, DAY, "no objective"),
    ],
)
def test_the_worst_store_or_the_scenarios_own_word_is_held_against_the_rpo(
    given: dict[str, object], known: timedelta, verdict: str
) -> None:
    proof = loss_proof(scenario(**given), stores(a=timedelta(0), b=5 * MINUTE, c=None))
    assert (proof.known, proof.verdict) == (known, verdict)


def test_a_scenario_is_due_after_its_last_rehearsal_and_at_once_without_one() -> None:
    plan = OperationsPlan(
        scenarios=[DisasterScenario(name, "", "", "") for name in ("fire", "flood", "quake", "theft")],
        recovery_tests=[
            RecoveryTest("partial", "fire", date(2026, 4, 18)),
            RecoveryTest("tabletop", "flood", date(2026, 9, 1)),
            RecoveryTest("tabletop", "theft", date(2026, 12, 1)),
        ],
        planned_tests=[
            PlannedTest("fire", "full", date(2026, 11, 12)),
            PlannedTest("flood", "full", date(2027, 2, 1)),
            PlannedTest("quake", "full", date(2026, 10, 1)),
            PlannedTest("theft", "full", date(2027, 9, 1)),
        ],
    )
    found = {one.scenario.name: one for one in rehearsals_due(plan, AS_OF)}
    assert {name: (str(one.due), one.state) for name, one in found.items()} == {
        "fire": ("2026-10-17", "late"),
        "flood": ("2027-03-02", "planned"),
        "quake": ("2026-11-01", "not planned"),
        "theft": ("2026-11-01", "late"),
    }


def component(name: str, quote: str, line: int, **details: str) -> Fact:
    scope = Scope(details.pop("environment", "production"), "", name)
    return Fact(Kind.COMPONENT, name, "text", "docs/I.md", line, quote, name=name, scope=scope, details=details)


FACTS = [
    component("db", "- db: Multi-AZ, 100 GiB", 4),
    component("db", "db: single zone", 9, environment="staging"),
    component("queue", "three nodes in one zone", 5),
    component("web", "3 pods", 6, count="3"),
    component("cache", "one replica", 7),
]
GRAPH = Graph(
    ("web", "db", "queue", "cache", "bank"),
    (Edge("web", "db", source="docs/A.md:1"), Edge("web", "queue"), Edge("web", "cache", source="params"),
     Edge("web", "bank", "external", source="docs/A.md:3")),
)  # fmt: skip


def test_one_zone_is_a_single_point_whatever_takes_over_in_it() -> None:
    assert in_one_zone(FACTS) == {"queue": "docs/I.md:5"}
    points = single_points(
        GRAPH, {"web": 3}, redundancy={"queue": "three nodes", "db": "standby"}, one_zone=in_one_zone(FACTS)
    )
    assert {one.name: (one.state, one.reason, one.evidence) for one in points} == {
        "queue": ("single", "in one zone", ("docs/I.md:5",)),
        "bank": ("single", "run by one other party", ("docs/A.md:3",)),
        "cache": ("not known", "no document says how many instances there are or what takes over", ()),
    }


def test_what_stands_in_is_shown_with_its_zones_and_its_lines() -> None:
    spares = takes_over(FACTS, {})
    points = single_points(GRAPH, {"web": 3}, redundancy=spares, one_zone=in_one_zone(FACTS))
    found = {one.component: one for one in stand_ins(GRAPH, FACTS, spares, points)}
    assert {n: (o.takes_over, o.zones, bool(o.point)) for n, o in found.items()} == {
        "db": ("Multi-AZ", "several", False),
        "queue": ("three nodes", "one", True),
        "cache": ("", "", True),
        "bank": ("", "", True),
    }
    assert found["db"].sources == ("docs/I.md:4",)
    assert found["bank"].sources == ("docs/A.md:3",)


@pytest.mark.parametrize(
    ("quote", "over", "zone"),
    [
        ("RDS, Multi-AZ, 100 GiB", True, False),
        ("RDS with a hot standby", True, False),
        ("Single-AZ instance", False, True),
        ("runs in one zone. Two replicas", True, True),
        ("no Multi-AZ", False, False),
        ("| Multi-AZ | No |", False, False),
        ("Multi-AZ is planned for 2027", False, False),
        ("survives the loss of one zone", False, False),
        ("not in a single zone", False, False),
        ("keeps running when only one zone is left", False, False),
        ("2 x db.m6g.large", False, False),
    ],
)
def test_only_what_a_line_says_with_certainty_counts(quote: str, over: bool, zone: bool) -> None:
    facts = [component("db", quote, 3)]
    assert (bool(takes_over(facts, {})), bool(in_one_zone(facts))) == (over, zone)
