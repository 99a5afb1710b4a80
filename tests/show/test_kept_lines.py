"""What an explorer prints to keep reads back as the setting that was explored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.recovery import recoverables
from sre_kit.compute.operations.recovery_options import recovery_option
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY
from sre_kit.compute.slo.objectives import SLO, Agreement
from sre_kit.compute.slo.policies import burn_rate_policy
from sre_kit.load import params
from sre_kit.show.keeping import Kept, amount, length, written
from sre_kit.show.slo.exploring_alerts import scaled
from sre_kit.show.widgets import Explorer
from sre_kit.units import duration, size
from tests.show.explorers import AS_OF, BACKUPS, ONCALL, PEOPLE, PLAN, histories, made

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def explorer(name: str) -> Explorer:
    return next(one for one in made() if one.name == name)


def loaded(kept: Kept, **more: Any) -> params.Params:
    return params.checked({"project": {"name": "x"}, **yaml.safe_load(str(kept)), **more}, "kept lines")


def test_target_window_and_alerts_of_the_budget_explorer() -> None:
    kept = explorer("Error budget and alert policy").kept(goal=Fraction("0.995"), days=14, alerts="pages only")
    read = loaded(kept)
    expected = replace(histories()[0].slo, target=Fraction("0.995"), window=14 * DAY)
    assert read.slos == [expected]
    assert read.alerting == [one for one in WORKBOOK_POLICY if one.severity == "page"]
    assert "target: 99.5 %  # was 99.9 %" in str(kept) and "window: 14d  # was 30d" in str(kept)


def test_another_length_ends_the_calendar_and_the_one_in_force_keeps_it() -> None:
    one = explorer("Error budget and alert policy")
    web = histories()[1].slo
    assert loaded(one.kept(objective="web")).slos == [web]
    assert loaded(one.kept(objective="web", days=30)).slos == [replace(web, window=30 * DAY, calendar="")]
    assert "window: 30d  # was calendar quarter" in str(one.kept(objective="web", days=30))


def test_what_no_params_file_can_say_is_said_in_words() -> None:
    one = explorer("Error budget and alert policy")
    assert "# not kept: Pyrra" in str(one.kept(alerts="Pyrra"))
    assert "alerting" not in str(one.kept(alerts="Pyrra")).replace("params: alerting", "")
    assert "# not kept: the injected incident" in str(one.kept(lasting=30 * MINUTE))
    assert "# not kept: load 250" in str(explorer("Load test").kept(load=250))


@pytest.mark.parametrize("scale", [0.25, 1.0, 2.5])
def test_thresholds_of_the_back_test(scale: float) -> None:
    read = loaded(explorer("Back-test").kept(severity="ticket", scale=scale))
    slo = histories()[0].slo
    expected = scaled(burn_rate_policy(slo), "ticket", scale).rules
    kept = burn_rate_policy(slo, read.alerting).rules
    assert tuple(rule for rule in kept if rule.severity == "ticket") == expected
    pages = [rule for rule in kept if rule.severity == "page"]
    assert pages == [rule for rule in burn_rate_policy(slo).rules if rule.severity == "page"]


def test_the_objective_of_an_endpoint_under_load() -> None:
    one = explorer("Load test")
    chosen = one.setting(endpoint="checkout")
    assert (chosen["percentile"], chosen["objective"]) == ("p95", timedelta(milliseconds=500))
    assert (
        "within 500 ms up to load 400, missed from 600. The objective is that" in one.at(endpoint="checkout").markdown()
    )
    kept = one.kept(endpoint="checkout", objective=timedelta(seconds=1), percentile="p99")
    (read,) = loaded(kept).performance.endpoints
    assert (read.name, read.objective, read.objective_statistic) == ("checkout", timedelta(seconds=1), "p99")
    assert "objective: 1s  # was 500ms" in str(kept) and "objective_statistic: p99  # was p95" in str(kept)
    assert "would be new for checkout" in one.at(endpoint="checkout", percentile="p99").markdown()
    assert "choose the endpoint" in str(one.kept(objective=timedelta(seconds=1)))
    assert "bare" not in str(one.controls["endpoint"])


def test_the_clock_of_the_incident_history() -> None:
    assert loaded(explorer("Incident history").kept(clock="downtime", severity="SEV2")).incidents.clock == "downtime"


def test_people_turns_handoff_and_absences_of_the_rota() -> None:
    kept = explorer("Rota").kept(people=7, length=DAY, handoff="WED 10:00", away="Ann away for 4 weeks more")
    read = loaded(kept).oncall
    members = [*PEOPLE, "one more (1)"]
    assert [one.members for one in read.rotations] == [members, [members[-1], *members[:-1]]]
    assert {(one.length, one.handoff) for one in read.rotations} == {(DAY, "WED 10:00")}
    assert [one.name for one in read.people] == ["one more (1)"]
    assert [one.person for one in read.absences] == ["Ben", "Ann"]
    assert read.absences[1].end - read.absences[1].start == 28 * DAY and read.absences[0] == ONCALL.absences[0]
    assert "length: 1d  # was 7d" in str(kept) and "# not kept: who is added" in str(kept)


def test_growth_horizon_lead_time_and_events_of_the_capacity() -> None:
    one = explorer("Capacity")
    kept = one.kept(resource="cpu of db", growth=7.5, horizon=30, lead=3 * DAY, events_of="none", headroom=20)
    read = loaded(kept).capacity
    assert (read.horizon, read.events) == (30 * DAY, [])
    assert [(one.monthly, one.weight) for one in read.scenarios] == [(0.075, 1.0)]
    assert [(one.name, one.lead_time) for one in read.resources] == [("cpu of db", 3 * DAY)]
    assert "# not kept: 20 % kept free" in str(kept)
    assert loaded(one.kept(events_of="without sale")).capacity.events == []
    assert "events" not in yaml.safe_load(str(one.kept()))["capacity"]
    assert PLAN.events[0].start == date(2026, 11, 27)


@pytest.mark.parametrize("store", ["orders", "catalogue"])
def test_interval_throughput_and_size_of_a_store(store: str) -> None:
    kept = explorer("Recovery").kept(component=store, interval=15 * MINUTE, rate=50_000_000, size=2.0)
    (read,) = loaded(kept).operations.backups
    before = next(one for one in recoverables([], BACKUPS) if one.component == store)
    assert read == recovery_option(before, 15 * MINUTE, 50_000_000, 2.0).backup
    assert read.every == (15 * MINUTE if store == "orders" else DAY) and read.restore_per_second == 50_000_000
    assert "restore_per_second: 50 MB" in str(kept)
    assert f"# was {'1d' if store == 'orders' else '5min'}" in str(kept)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_a_length_of_time_reads_back_exactly(value: timedelta) -> None:
    assert duration(length(value)) == value


@given(st.integers(min_value=0, max_value=2**60))
def test_a_size_reads_back_exactly(value: int) -> None:
    assert size(amount(value)) == value


def test_a_decision_reads_back_whatever_its_words_are() -> None:
    hostile = "a: b # c 'd' \"e\"\n- f | > & * ! %\ntarget: 1"
    signed = [Agreement(hostile, signed=date(2026, 1, 2)), Agreement("- x", agrees_to="99.9 %")]
    slo = SLO("yes", Fraction("0.9995"), 'sum(x{a="#"})', hostile, good="0123", agreements=signed, labels={"on": "no"})
    assert loaded(Kept({"slos": [written(slo)]}, [hostile], {"target": hostile})).slos == [slo]
    assert written([Decimal("1.50"), None, True, 3]) == ["1.50", None, True, 3]
    assert AS_OF.year == 2026


SECTIONS = ("slos", "alerting", "budget_policy", "incidents", "runbooks", "oncall", "performance", "capacity",
            "operations", "handover")  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_every_decision_of_the_demo_reads_back(section: str) -> None:
    decided = getattr(params.read(Path(__file__).parents[2] / "params" / "demo"), section)
    assert getattr(loaded(Kept({section: written(decided)})), section) == decided


def test_what_was_stands_behind_the_line_that_changed_and_behind_no_other() -> None:
    kept = Kept({"slos": [{"name": "target", "target": "99 %"}]}, (), {"target": "98 %"})
    assert str(kept) == "slos:\n- name: target\n  target: 99 %  # was 98 %"
