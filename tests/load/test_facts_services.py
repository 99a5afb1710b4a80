"""For which service a level holds, and what may therefore contradict what."""

from __future__ import annotations

import pytest

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import conflicts, facts
from sre_kit.load.facts.services import named_above, named_before, named_by_label

LEVELS = (Kind.AVAILABILITY_TARGET, Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)


def levels(text: str, document: str = "Document.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if fact.kind in LEVELS and not fact.refused]


def bound(text: str) -> list[tuple[str, str]]:
    return [(f"{fact.value}", fact.scope.component) for fact in levels(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- Speed: booking p95 < 700 ms, seat map p95 < 200 ms",
            [("0.700", "booking"), ("0.200", "seat map")],
        ),
        ("- Speed: p95 inbox <= 300 ms, archive <= 900 ms", [("0.300", "inbox"), ("0.900", "archive")]),
        ("| Measure | Target |\n|---|---|\n| Label print latency (p99) | < 3 s |", [("3", "Label print")]),
        ("| Measure | Target |\n|---|---|\n| p95 Response Time, seat map | < 1 s |", [("1", "seat map")]),
        (
            "# SLO\n\n## 2. /v1/seats latency\n\n| Field | Value |\n|---|---|\n| Target | p95 < 90 ms |",
            [("0.090", "/v1/seats")],
        ),
        (
            "# Harbour service levels\n\n## Core list endpoints\n\n- p95 latency: < 90 ms",
            [("0.090", "Core list endpoints")],
        ),
        ("# SLO\n\n### 2.1 Disponibilidad del muelle\n\n- **SLO:** ≥ 99.5% mensual", [("0.995", "muelle")]),
        ("## Receipt worker\n\n- Availability: 99.5 %", [("0.995", "Receipt worker")]),
        ("# Objectives for the ledger\n\n## Latency\n\n- p95: < 80 ms", [("0.080", "ledger")]),
        ("Latency of the endpoints (p95):\n\n- `GET /api/users`: < 90 ms", [("0.090", "GET /api/users")]),
    ],
)
def test_a_level_is_bound_to_the_service_that_its_words_or_its_heading_name(text: str, expected: list[tuple[str, str]]):
    assert bound(text + "\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        "## Performance targets\n\n- p95 latency < 80 ms",
        "- The system must keep the p95 response time below 80 ms",
        "| Measure | Target |\n|---|---|\n| Latency (p95) | < 80 ms |",
        "Pass criteria of a run: avg latency < 80ms",
    ],
)
def test_metrics_sections_and_units_are_no_service(text: str):
    assert [component for _, component in bound(text + "\n")] == [""]


def test_names_are_found_in_running_words():
    assert (named_before("keep the seat map latency "), named_before("Avg < 300ms, p95 ")) == ("seat map", "")
    assert (named_by_label("Uptime target, per calendar month"), named_by_label("Database query time")) == (
        "",
        "Database",
    )
    assert (named_above(["SLOs for the booking service"]), named_above(["How the service level objectives work"])) == (
        "booking service",
        "",
    )


def test_targets_of_two_services_do_not_contradict_each_other():
    plan = levels("| Measure | Target |\n|---|---|\n| Search latency (p95) | < 200 ms |\n", "TestPlan.md")
    wish = levels("- Booking p95 < 700 ms, search p95 < 200 ms\n", "PRD.md")
    assert conflicts([*plan, *wish]) == []


def test_two_promises_for_one_service_contradict_each_other_whatever_part_of_it_they_call():
    first = levels("## Booking API\n\n- Availability: 99.5 %\n", "PRD.md")
    second = levels("| Objective | Target |\n|---|---|\n| Booking availability | 99.9 % |\n", "Infrastructure.md")
    (conflict,) = conflicts([*first, *second])
    assert {fact.document for fact in conflict.facts} == {"PRD.md", "Infrastructure.md"}


def test_a_line_that_tells_its_values_apart_contradicts_nobody():
    text = "# Budget\n\n- Infrastructure budget: EUR 4,000 per month for 2030, EUR 5,000 per month for 2031\n"
    found = [fact for fact in facts(text, "Plan.md") if fact.kind is Kind.BUDGET]
    assert (len(found), conflicts(found)) == (2, [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "**Level 1: Critical (all is lost)**\n- **RTO**: 4 hours\n\n**Level 2: Major**\n- **RTO**: 1 hour\n",
            ["Level 1: Critical", "Level 2: Major"],
        ),
        ("### Scenario 2: Cache outage\n\n**Expected RTO**: 5-10 minutes (restart)\n", ["Cache outage"]),
        ("## Recovery objectives\n\n- RTO: 1 hour\n", [""]),
    ],
)
def test_a_recovery_objective_belongs_to_the_failure_that_its_heading_names(text: str, names: list[str]):
    assert [fact.name for fact in facts(text, "Recovery.md") if fact.kind is Kind.RTO] == names
