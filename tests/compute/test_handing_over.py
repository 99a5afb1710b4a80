"""Monitoring coverage, stability, bus factor, transfers, access: each by its rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.incidents import ActionItem, Incident, IncidentLog
from sre_kit.compute.oncall.plan import OnCall, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.readiness.indicators import Vitals, crosschecks, reliability_metrics
from sre_kit.compute.readiness.monitoring import mentions, monitoring_coverage
from sre_kit.compute.readiness.plan import (
    SIGNALS,
    Dashboard,
    HandoverPlan,
    Monitored,
    Risk,
    Session,
    Transfer,
    accesses,
    bus_factors,
    open_items,
    stability,
    transfer_states,
)
from sre_kit.compute.slo.counts import histories
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Fact, Kind, Reading, Requests, Scope

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def component(name: str, environment: str = "production") -> Fact:
    return Fact(Kind.COMPONENT, name, "text", "docs/I.md", 1, "q", name=name, scope=Scope(environment, "", name))


def alert(name: str, condition: str) -> Fact:
    return Fact(Kind.ALERT_RULE, condition, "text", "docs/M.md", 1, "q", name=name, details={"condition": condition})


SHOP = SLO("shop-availability", Fraction(99, 100), "total", "shop", good="good")


# monitoring ------------------------------------------------------------------------------------------------------


def test_every_production_component_has_a_cell_for_every_signal() -> None:
    found = monitoring_coverage([component("shop"), component("db"), component("db-test", "staging")], HandoverPlan())
    assert [row[0].component for row in found.rows] == ["shop", "db"]
    assert [cell.signal for cell in found.rows[0]] == list(SIGNALS)
    assert len(found.gaps) == 2 * len(SIGNALS)
    assert found.share == 0


def test_objectives_resources_dashboards_and_alerts_fill_their_cells() -> None:
    plan = HandoverPlan(dashboards=[Dashboard("Overview", "p", covers=["shop-availability"])])
    facts = [component("shop"), alert("ShopDown", 'up{job="shop"} == 0')]
    found = monitoring_coverage(facts, plan, [SHOP], [Resource("shop CPU", "shop", "cpu", 1)])
    filled = {cell.signal: cell.shown_by for cell in found.cells if not cell.empty}
    assert filled == {
        "errors": ("SLO shop-availability",),
        "traffic": ("total",),
        "saturation": ("shop CPU",),
        "dashboard": ("Overview",),
        "alert": ("ShopDown",),
    }


def test_a_gap_is_asked_from_the_owner_and_what_cannot_apply_is_none() -> None:
    plan = HandoverPlan(
        monitoring=[Monitored("queue", {"logs": "syslog"}, owner="Ann", exempt={"latency": "works in batches"})],
        owners={"queue": ["Ben"], "db": ["Cleo"]},
    )
    found = monitoring_coverage([component("db"), component("queue")], plan)
    assert {gap.ask for gap in found.gaps} == {"Ann", "Cleo"}
    assert len([gap for gap in found.gaps if gap.ask == "Ann"]) == len(SIGNALS) - 2
    assert found.share == pytest.approx(1 / (2 * len(SIGNALS) - 1))


@pytest.mark.parametrize(
    ("text", "names_it"),
    [("shop is down", True), ("shop-api is down", False), ("workshop", False), ("Shop: 5xx", True), ("", False)],
)
def test_a_component_is_mentioned_as_a_whole_word(text: str, names_it: bool) -> None:
    assert mentions(text, "shop") is names_it


# stability -------------------------------------------------------------------------------------------------------


def incident(name: str, days_ago: float, severity: str = "SEV1", open_: bool = False) -> Incident:
    began = AS_OF - days_ago * DAY
    return Incident(name, name, began, resolved=None if open_ else began + timedelta(hours=1), severity=severity)


@pytest.mark.parametrize(
    ("states", "incidents", "state"),
    [
        ({"a": "healthy", "b": "at risk"}, [], "stable"),
        ({"a": "exhausted"}, [], "not stable"),
        ({"a": "healthy"}, [incident("i", 14)], "not stable"),
        ({"a": "healthy"}, [incident("i", 14.1)], "stable"),
        ({"a": "healthy"}, [incident("i", 2, "SEV3")], "stable"),
        ({"a": "healthy"}, [incident("i", 90, "SEV4", open_=True)], "not stable"),
        ({"a": "no data"}, [], "not known"),
        ({"a": "unclear", "b": "exhausted"}, [], "not stable"),
        ({}, [], "not known"),
    ],
)
def test_stable_is_a_rule_not_an_adjective(states: dict[str, str], incidents: list[Incident], state: str) -> None:
    found = stability(states, IncidentLog(tuple(incidents)), ["SEV1", "SEV2"], AS_OF)
    assert found.state == state
    assert found.reason


def test_without_an_incident_log_nothing_is_stable() -> None:
    assert stability({"a": "healthy"}, IncidentLog((), gap="no log"), [], AS_OF).state == "not known"


# who can run it --------------------------------------------------------------------------------------------------


def test_the_bus_factor_counts_owners_and_those_who_sat_in_a_session_that_was_held() -> None:
    plan = HandoverPlan(
        owners={"db": ["Ann"], "queue": ["Ann", "Ben"]},
        sessions=[
            Session("db", "Ann", ["Ben"], date(2026, 10, 1), covers=["db"]),
            Session("shop", "Cleo", ["Dan"], covers=["shop"]),
        ],
        monitoring=[Monitored("db"), Monitored("worker", owner="Eve")],
    )
    found = {one.name: one.people for one in bus_factors(plan, ["shop"])}
    assert found == {"shop": (), "worker": (), "db": ("Ann", "Ben"), "queue": ("Ann", "Ben")}


ROTA = OnCall(
    people=[Person("Ann"), Person("Ben", access={"pager": date(2026, 10, 1), "db": None})],
    rotations=[Rotation("team", ["Ann", "Ben"], date(2026, 10, 26))],
)
BENS = datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_on_call_passes_on_with_proof_signature_and_time() -> None:
    def why(**given: object) -> tuple[str, ...]:
        plan = HandoverPlan(transfers=[Transfer("Ann", **{"taker": "Ben", "at": BENS, **given})])  # type: ignore[arg-type]
        at = given.get("at", BENS)
        return transfer_states(plan, schedule(ROTA, AS_OF), at)[0].why_not  # type: ignore[arg-type]

    assert why(accepted=date(2026, 10, 30)) == ()
    assert why() == ("Ben has not signed",)
    assert why(taker="Ann", accepted=date(2026, 10, 30)) == ("the schedule has Ben at that time",)


def test_a_transfer_that_lies_ahead_is_not_done() -> None:
    plan = HandoverPlan(transfers=[Transfer("Ann", "Ben", BENS, accepted=date(2026, 10, 30))])
    (found,) = transfer_states(plan, schedule(ROTA, AS_OF), AS_OF)
    assert not found.done
    assert found.shift is not None
    assert found.why_not == ("takes effect in 2 d",)


def test_access_that_nobody_mentions_is_not_access() -> None:
    found = {(a.person, a.system): (a.verified, a.listed) for a in accesses(ROTA.people, HandoverPlan(), AS_OF)}
    assert found == {
        ("Ann", "pager"): (None, False),
        ("Ann", "db"): (None, False),
        ("Ben", "pager"): (date(2026, 10, 1), True),
        ("Ben", "db"): (None, True),
    }


def test_open_items_put_overdue_ones_first_and_leave_done_ones_out() -> None:
    plan = HandoverPlan(
        risks=[Risk("later", "Ann", "high", date(2026, 12, 1)), Risk("late", "Ann", "low", date(2026, 10, 1))]
    )
    actions = [
        ActionItem("i", "done", "Ann", date(2026, 9, 1), done=date(2026, 9, 2)),
        ActionItem("i", "not yet done", "Ann", date(2026, 9, 1), done=date(2026, 12, 1)),
    ]
    log = IncidentLog((incident("open", 1, open_=True), incident("over", 1)))
    found = open_items(plan, log, actions, AS_OF)
    assert [one.text for one in found] == ["not yet done (i)", "late", "later", "open: open"]


# reliability metrics ---------------------------------------------------------------------------------------------


def requests(name: str, bad_share: float, days: int = 60) -> Requests:
    index = pd.date_range(AS_OF - days * DAY, AS_OF, freq="1h", inclusive="left", name="time")
    total = pd.Series(1000, index=index)
    good = total - round(1000 * bad_share)
    return Requests(name, pd.DataFrame({"total": total, "good": good}), "test", index[0], AS_OF, timedelta(hours=1))


def vitals(bad_share: float = 0.002, incidents: tuple[Incident, ...] = ()) -> Vitals:
    return Vitals(tuple(histories([SHOP], [requests(SHOP.name, bad_share)])), IncidentLog(incidents, source="log"))


def test_the_metrics_of_a_service_agree_with_each_other() -> None:
    found = {one.record: one for one in reliability_metrics(vitals(), AS_OF)}
    assert found["reliability.availability.shop"].value == pytest.approx(0.998)
    assert found["reliability.error_rate.shop"].value == pytest.approx(0.002)
    assert found["reliability.budget_consumption.shop-availability"].value == pytest.approx(0.2)
    assert found["reliability.availability.shop"].n == 30 * 24 * 1000


def test_an_even_history_has_no_evidence_of_a_change() -> None:
    (found,) = [one for one in reliability_metrics(vitals(), AS_OF) if one.metric == "availability"]
    assert found.trend == "no evidence of a change against the window before"
    assert found.interval is not None
    assert found.interval.low == pytest.approx(0.998)


def test_no_incident_gives_a_lower_bound_and_no_mtbf() -> None:
    log = IncidentLog((), source="log", maintenance=(incident("planned", 300),))
    measured = reliability_metrics(Vitals((), log), AS_OF)
    (mtbf,) = [one for one in measured if one.metric == "mtbf"]
    assert mtbf.value is None
    assert "rule of three" in mtbf.why_not


def test_saturation_is_the_median_of_the_daily_peaks_over_the_limit() -> None:
    index = pd.date_range(AS_OF - 10 * DAY, AS_OF, freq="6h", inclusive="left", name="time")
    values = pd.Series([0.0, 10.0, 40.0, 20.0] * 10, index=index)
    reading = Reading("disk", values, "disk", "test", index[0], AS_OF, timedelta(hours=6))
    disk = Resource("disk", "db", "disk", 80, unit="GiB")
    (found,) = [
        one
        for one in reliability_metrics(Vitals((), IncidentLog(()), saturation=((disk, reading),)), AS_OF)
        if one.metric == "saturation"
    ]
    assert found.value == pytest.approx(0.5)
    assert found.n == 10


def test_other_numbers_are_held_against_the_document_that_states_them_too() -> None:
    records = {
        "operations.toil_share": {"value": 0.25, "document": "OperationalPlaybook"},
        "coverage.gaps": {"value": 4, "document": "OperationalPlaybook"},
        "handover.open_items": {"value": 9, "document": "SREHandoff"},
    }
    shared = {"operations.toil_share": 0.25, "coverage.gaps": 5, "handover.open_items": 1, "security.overdue": 2}
    found = {one.name: one.agrees for one in crosschecks([], records, "SREHandoff", shared)}
    assert found == {"operations.toil_share": True, "coverage.gaps": False}


def test_who_can_run_it_and_cannot_be_paged_is_told_apart() -> None:
    plan = HandoverPlan(
        owners={"shop": ["Ann"], "db": ["Ben"]}, sessions=[Session("t", "Ann", ["Cleo"], AS_OF.date(), covers=["shop"])]
    )
    rota = OnCall([Person("Ann"), Person("Cleo")], [Rotation("r", ["Cleo"], AS_OF.date())])
    found = {one.name: (one.count, one.owners, one.on_call) for one in bus_factors(plan, ["shop"], rota)}
    assert found == {"shop": (2, 1, ("Cleo",)), "db": (1, 1, ())}
    assert {one.on_call for one in bus_factors(plan, ["shop"])} == {None}, "without a rota nothing is known of it"


def test_a_gap_is_said_and_no_number_made() -> None:
    nothing = pd.Series([], dtype=float, index=pd.DatetimeIndex([], tz="UTC", name="time"))
    reading = Reading("disk", nothing, "disk", "test", AS_OF - DAY, AS_OF, timedelta(hours=1), gap="unreachable")
    measured = reliability_metrics(
        Vitals((), IncidentLog(()), saturation=((Resource("disk", "db", "disk", 1), reading),)), AS_OF
    )
    (found,) = [one for one in measured if one.metric == "saturation"]
    assert (found.value, found.why_not) == (None, "unreachable")


def test_numbers_of_other_documents_are_compared_and_our_own_old_ones_are_not() -> None:
    metrics = reliability_metrics(vitals(incidents=(incident("a", 3),)), AS_OF)
    records = {
        "slo.shop-availability.availability": {"value": 0.998, "document": "SLODefinitions"},
        "incidents.mttr_median_minutes": {"value": 61.0, "document": "IncidentResponse"},
        "reliability.mtbf": {"value": 1.0, "document": "SREHandoff"},
    }
    found = {one.other: one.agrees for one in crosschecks(metrics, records, "SREHandoff")}
    assert found == {"slo.shop-availability.availability": True, "incidents.mttr_median_minutes": False}
