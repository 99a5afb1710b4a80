"""A part of the history: chosen by level, component, year and clock; against the year before; on the explorer."""

from datetime import UTC, datetime, timedelta

import pytest

from sre_kit import show
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.response.incident_history import incident_part, years

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def incident(number, year, day, minutes=60, severity="SEV1", service="shop"):
    began = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
    ended = None if minutes is None else began + minutes * MINUTE
    return Incident(f"I{number}", "t", began, ended, severity=severity, services=(service,))


def log(*incidents, clock="began"):
    return IncidentLog(tuple(sorted(incidents, key=lambda i: i.began)), clock=clock, source="log")


HISTORY = log(
    *(incident(n, 2024, 10 * n) for n in range(36)),
    *(incident(100 + n, 2025, 30 * n, 20, "SEV2", "search") for n in range(12)),
    *(incident(200 + n, 2026, 5 * n, 600) for n in range(30)),
    incident(300, 2026, 170, None),
)


def test_a_part_holds_what_was_chosen_and_nothing_else():
    part = incident_part(HISTORY, AS_OF, severity="SEV2", service="search", year=2025)
    assert (part.chosen, part.statistics.count) == ("SEV2, search, 2025", 12)
    assert part.lasted == {
        "up to 15 min": 0, "15 min to 1 h": 12, "1 h to 4 h": 0, "4 h to 1 d": 0, "longer than 1 d": 0,
    }  # fmt: skip
    assert incident_part(HISTORY, AS_OF, severity="SEV2", year=2024).statistics.count == 0
    assert years(HISTORY) == [2026, 2025, 2024]


def test_a_year_that_still_runs_is_held_against_the_same_days_of_the_year_before():
    """31 in the first half of 2026 against 7 (of the 12) in the first half of 2025."""
    part = incident_part(HISTORY, AS_OF, year=2026)
    assert (part.rate.later, part.rate.earlier) == (31, 7)
    assert part.rate.verdict == "evidence of a higher rate"
    assert part.lengths.median_ratio == 30 and part.lengths.verdict == "evidence of longer incidents"
    assert part.statistics.open == 1


def test_a_year_of_which_the_log_holds_only_a_part_is_compared_with_nothing():
    assert incident_part(HISTORY, AS_OF, year=2024).rate is None
    young = log(*HISTORY.incidents[40:])
    assert incident_part(young, AS_OF, year=2026).rate is None


def test_the_explorer_is_static_in_the_document_and_filters_in_the_lab():
    explorer = show.incident_explorer({"began": HISTORY}, AS_OF)
    text = explorer.markdown()
    assert "all levels, all components, all years" in text and "| began   |          79 |" in text
    assert "| 15 min to 1 h   | 48 (62 %)  |" in text
    moved = explorer.at(year=2026, severity="SEV1").markdown()
    assert "2026 against the same days of 2025: 31 incidents against 0" in moved
    assert "SEV1, all components, 2026" in moved and "Chance alone: with 31 incidents" in moved


def test_two_clocks_stand_side_by_side_because_they_may_disagree():
    other = log(*(incident(n, 2024, 10 * n, 90) for n in range(36)), clock="downtime")
    first = log(*(incident(n, 2024, 10 * n, 30) for n in range(36)), clock="announced")
    explorer = show.incident_explorer({"announced": first, "downtime": other}, AS_OF)
    text = explorer.markdown()
    assert "Resolved, clock announced" in text and "Resolved, clock downtime" in text
    assert "30 min (30 min to 30 min)" in text and "1 h 30 min (1 h 30 min to 1 h 30 min)" in text
    assert "announced" not in explorer.at(clock="downtime").markdown()


def test_without_a_log_the_explorer_asks_for_one():
    shown = show.incident_explorer({"began": IncidentLog((), gap="no log")}, AS_OF)
    assert "**Not known:**" in shown.markdown() and shown.gaps


@pytest.mark.parametrize("minutes", [15, 60, 240, 1440])
def test_a_limit_belongs_to_the_class_below(minutes):
    part = incident_part(log(incident(1, 2026, 1, minutes), incident(2, 2026, 2, minutes + 1)), AS_OF)
    assert [count for count in part.lasted.values() if count] == [1, 1]
