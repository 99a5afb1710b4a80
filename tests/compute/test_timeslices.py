"""Availability from incidents, and the numbers of a real status page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sre_kit.compute.incidents import Incident, IncidentLog, Severity, downtime
from sre_kit.compute.slo.timeslices import last_quarters, periods, severe_words, time_slice_availability

START, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def incident(hours: float, length: float = 1, *services: str, impact: str = "minor", **changes: object) -> Incident:
    began = START + hours * HOUR
    return Incident(f"{hours}", "", began, began + length * HOUR, impact=impact, services=services, **changes)  # type: ignore[arg-type]


def test_overlapping_incidents_count_once_and_severe_ones_stand_beside_them() -> None:
    log = [incident(0, 2, "api"), incident(1, 2, "api", impact="major"), incident(9, 1, "web")]
    first = time_slice_availability(log, START, END)[0]
    assert (first.component, first.name, first.incidents, first.severe_incidents) == ("api", "2025-Q1", 2, 1)
    assert (first.any_impact, first.severe) == (3 * HOUR, 2 * HOUR)
    assert first.availability == 1 - Fraction(3, 90 * 24)
    assert first.severe_availability == 1 - Fraction(2, 90 * 24)


def test_a_component_without_an_incident_in_a_quarter_was_up_all_of_it() -> None:
    found = time_slice_availability([incident(0, 1, "api")], START, END)
    assert [one.availability for one in found[1:]] == [1, 1, 1]


def test_an_incident_across_the_year_is_cut_at_the_quarter() -> None:
    found = time_slice_availability([incident(90 * 24 - 1, 3, "api")], START, END)
    assert [one.any_impact for one in found] == [HOUR, 2 * HOUR, timedelta(0), timedelta(0)]


def test_an_open_incident_lasts_until_the_report_and_maintenance_does_not_count() -> None:
    began = START + HOUR
    running = Incident("1", "", began, impact="minor", services=("api",))
    planned = Incident("2", "", began, began + HOUR, services=("api",), kind="maintenance")
    found = time_slice_availability([running, planned], START, END, as_of=START + 3 * HOUR)
    assert [(one.any_impact, one.end) for one in found] == [(2 * HOUR, START + 3 * HOUR)]


def test_incidents_that_name_no_component_are_kept_apart() -> None:
    assert {one.component for one in time_slice_availability([incident(0)], START, END)} == {""}


def test_periods_are_whole_and_begin_at_local_midnight() -> None:
    found = periods("month", START + HOUR, START + 40 * 24 * HOUR, "America/New_York")
    assert [name for name, _, _ in found] == ["2024-12", "2025-01", "2025-02"]
    assert found[1][1] == datetime(2025, 1, 1, 5, tzinfo=UTC)


def github(path: Path) -> list[Incident]:
    """The announced clock; zero lengths stay, they have no time."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        began, ended = (row[key] and datetime.fromisoformat(row[key]) for key in ("started_at", "resolved_at"))
        if row["impact"] in ("minor", "major", "critical") and began and ended and ended >= began:
            found.append(
                Incident(
                    row["id"],
                    row["title"],
                    began,
                    ended,
                    impact=row["impact"],
                    services=tuple(row.get("components") or ()),
                )
            )
    return found


@pytest.mark.real
def test_the_union_of_a_real_status_page_is_1575_hours_and_the_naive_sum_1623(shared_data: Path) -> None:
    """github.com 2022-03 to 2026-08, announced clock: 1622.9 h naive, 1575.4 h as a union."""
    log = github(shared_data / "github-status/incidents.jsonl")
    first, last = datetime(2022, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert downtime(log, first, last) / HOUR == pytest.approx(1575.4, abs=0.1)
    assert sum((one.duration or timedelta(0) for one in log), timedelta(0)) / HOUR == pytest.approx(1622.9, abs=0.1)


@pytest.mark.real
def test_components_of_github_in_2025_by_quarter_against_the_published_promise(shared_data: Path) -> None:
    """
    The promise is 99.9 % per calendar quarter and feature; severe incidents are never more than all of them.

    The figures were computed apart: minutes of the quarter covered by an incident of the component, one by one.
    """
    log = github(shared_data / "github-status/incidents.jsonl")
    found = {(one.component, one.name): one for one in time_slice_availability(log, START, END)}
    assert {name for component, name in found if component == "Actions"} == {"2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"}
    for (component, name), one in found.items():
        covered: set[int] = set()
        severe: set[int] = set()
        for incident_ in log:
            if (component in incident_.services or not (component or incident_.services)) and incident_.resolved:
                minutes = range(
                    max(0, int((incident_.began - one.start) / timedelta(minutes=1))),
                    min(
                        int((one.end - one.start) / timedelta(minutes=1)),
                        int((incident_.resolved - one.start) / timedelta(minutes=1)),
                    ),
                )
                covered.update(minutes)
                severe.update(minutes if incident_.impact in ("major", "critical") else ())
        assert abs(one.any_impact / timedelta(minutes=1) - len(covered)) <= 2 * max(1, one.incidents), (component, name)
        assert abs(one.severe / timedelta(minutes=1) - len(severe)) <= 2 * max(1, one.severe_incidents)
        assert one.availability <= one.severe_availability <= 1
    first = found["Actions", "2025-Q1"]
    assert (first.incidents, first.any_impact) == (15, timedelta(hours=26, minutes=25))
    assert (first.severe_incidents, first.severe) == (2, timedelta(hours=1, minutes=35))
    assert first.availability < Fraction("0.999") < first.severe_availability


def test_severe_are_the_words_of_the_levels_that_page_or_of_a_status_page() -> None:
    level = Severity("SEV1", "", "", timedelta(0), timedelta(0), maps_from=["P1"])
    quiet = Severity("SEV3", "", "", timedelta(0), timedelta(0), pages=False)
    assert severe_words([level, quiet]) == ("SEV1", "P1")
    assert severe_words([]) == ("major", "critical")


def test_the_last_quarters_reach_back_a_year_and_the_running_one_is_cut() -> None:
    as_of = datetime(2025, 11, 1, tzinfo=UTC)
    found = last_quarters(IncidentLog((incident(1, 1, "api"),)), as_of)
    assert [one.name for one in found] == ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert found[-1].end == as_of
