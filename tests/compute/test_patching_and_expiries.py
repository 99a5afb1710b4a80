"""Patches by stage and date, exceptions that end, what expires in calendars and rules, changes service by service."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from icalendar import Calendar

from sre_kit import emit
from sre_kit.compute.operations.change import Patch, patches, service_changes
from sre_kit.compute.operations.patching import exception_states, stage_plans
from sre_kit.compute.operations.plan import ChangeClass, Expiry, Freeze, OperationsPlan, PatchException, PatchPolicy
from sre_kit.compute.operations.recovery import endings
from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.show.operations import change, patching
from sre_kit.show.operations.expiries import expiry_files

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
STAGES = ["staging 3 days", "canary 10 % for 10 minutes", "all"]


def finding(name: str, found: str, severity: str = "high", status: str = "open") -> Fact:
    details = {"severity": severity, "found": found, "status": status}
    return Fact(Kind.SECURITY_FINDING, "flaw", "text", "docs/S.md", 1, "q", name=name, details=details)


def staged(policy: PatchPolicy, found: str) -> Any:
    known = patches([finding("S-1", found)], [policy], [], AS_OF)
    (plan,) = stage_plans(known, [policy], AS_OF)
    return plan


@pytest.mark.parametrize(
    ("found", "first", "late"),
    [("2026-10-20", "2026-11-15", False), ("2026-10-06", "2026-11-01", False), ("2026-10-05", "2026-10-31", True)],
)
def test_stages_begin_early_enough_for_what_follows(found: str, first: str, late: bool) -> None:
    plan = staged(PatchPolicy("high", 30 * DAY, STAGES), found)
    due = date.fromisoformat(found) + 30 * DAY
    # three days and ten minutes are four dates
    assert [f"{day}" for _, day in plan.begins] == [first, f"{due - DAY}", f"{due}"]
    assert plan.late is late
    assert ("too late for the soak times" in patching.patch_stages([plan]).markdown()) == late


def test_a_stage_without_a_soak_time_is_asked_for() -> None:
    plan = staged(PatchPolicy("high", 30 * DAY, ["staging", "all"]), "2026-10-20")
    assert plan.problem == "how long staging soaks is not decided"
    assert patching.patch_stages([plan]).machine()["gaps"]
    assert "no stages are decided" in staged(PatchPolicy("high", 30 * DAY), "2026-10-20").problem


def test_closed_and_excepted_findings_have_no_stages() -> None:
    policy = PatchPolicy("high", 30 * DAY, STAGES)
    granted = PatchException("S-2", "Ada", date(2026, 12, 1), "behind the wall")
    facts = [finding("S-1", "2026-09-01", status="fixed"), finding("S-2", "2026-09-01"), finding("S-3", "2026-09-01")]
    known = patches(facts, [policy], [granted], AS_OF)
    assert [one.patch.fact.name for one in stage_plans(known, [policy], AS_OF)] == ["S-3"]


def test_an_exception_that_is_over_or_for_nothing_says_so() -> None:
    def granted(name: str, on: date) -> PatchException:
        return PatchException(name, "Ada", on, "wall")

    facts = [finding("S-1", "2026-09-01"), finding("S-2", "2026-09-01", status="fixed")]
    ones = [granted("S-1", date(2026, 10, 31)), granted("S-2", date(2026, 12, 1)), granted("S-9", date(2026, 12, 2))]
    known: list[Patch] = patches(facts, [], ones, AS_OF)
    states = exception_states([*ones, granted("S-1", date(2026, 11, 1))], known, AS_OF)
    words = [(one.exception.finding, one.word) for one in states]
    assert words == [
        ("S-1", "over"),
        ("S-1", "in force"),
        ("S-2", "for a finding that is closed"),
        ("S-9", "for no known finding"),
    ]
    shown = patching.patch_exceptions(states)
    assert [one["text"] for one in shown.machine()["findings"]] == [
        "the exception for S-1 ended on 2026-10-31 and it is open"
    ]


def test_what_expires_is_in_the_calendar_and_in_the_rules_on_the_same_days() -> None:
    names = ("a, b; c", "{{ x }}", "łódź")
    plan = OperationsPlan(
        expiries=[Expiry(n, "certificate", date(2027, 1, 31) + i * DAY, lead=21 * DAY) for i, n in enumerate(names)]
    )
    ends = endings(plan, AS_OF)
    text = emit.expiry_calendar(ends, AS_OF, "Shop")
    assert text == emit.expiry_calendar(ends, AS_OF, "Shop") and "\r\n" in text
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [event.decoded("dtstart") for event in events] == [
        day for i in range(3) for day in (date(2027, 1, 10) + i * DAY, date(2027, 1, 31) + i * DAY)
    ]
    assert len({str(event["uid"]) for event in events}) == 6
    (group,) = yaml.safe_load(emit.expiry_rules(ends))["groups"]
    assert (
        group["rules"][0]["expr"]
        == f"vector({int(datetime(2027, 1, 31, tzinfo=UTC).timestamp())}) - time() < {21 * 86400}"
    )
    assert "{{" not in str(group), "a name is no template"
    assert (
        "nothing to be reminded of"
        in expiry_files(emit.expiry_calendar([], AS_OF, "S"), emit.expiry_rules([])).markdown()
    )


CLASSES = [
    ChangeClass("standard", "c", "a", DAY),
    ChangeClass("normal", "c", "a", DAY),
    ChangeClass("emergency", "c", "a", DAY),
]


def test_each_service_is_held_by_its_own_budgets_and_a_freeze_holds_all() -> None:
    states = {"buy": "exhausted", "buy-fast": "healthy", "find": "at risk", "read": "healthy"}
    services = {"buy": "checkout", "buy-fast": "checkout", "find": "search"}
    found = service_changes(states, services, CLASSES, [], AS_OF)
    assert [(one.service, one.state.allowed) for one in found] == [
        ("checkout", ("emergency",)),
        ("search", ("standard", "emergency")),
        ("read", ("standard", "normal", "emergency")),
    ]
    frozen = service_changes(states, services, CLASSES, [Freeze("f", AS_OF - DAY, AS_OF + DAY)], AS_OF)
    assert {one.state.allowed for one in frozen} == {("emergency",)}
    assert "needs the permission of each" in change.service_changes(found).markdown()
    assert "no service is judged" in change.service_changes([]).markdown()
