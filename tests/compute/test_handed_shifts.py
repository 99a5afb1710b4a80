"""A shift as it is handed over: whose it is, what it met, what it spent; its parts add up to the whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from sre_kit.compute.changes import Deploy, DeployLog
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.oncall.plan import OnCall, Override, Person, Rotation
from sre_kit.compute.readiness.handed_shifts import HandedShift, handed_shift, shift_held
from sre_kit.compute.readiness.plan import Transfer
from sre_kit.compute.slo.counts import History, histories
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import ParameterError
from sre_kit.show.readiness import handed_shifts as shown

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)  # a Sunday
HOUR, MONDAY = timedelta(hours=1), datetime(2026, 10, 26, 10, tzinfo=UTC)
SHOP = SLO("shop-availability", Fraction(99, 100), "total", "shop", good="good")
PEOPLE = [Person("Ann"), Person("Ben", zone="Asia/Tokyo")]
ROTA = OnCall(PEOPLE, [Rotation("primary", ["Ann", "Ben"], date(2026, 10, 5))])
NONE = IncidentLog((), source="log")
QUIET = DeployLog(())
WEEK = timedelta(weeks=1)


def measured(bad: int = 2, hours: int = 24 * 60) -> list[History]:
    index = pd.date_range(AS_OF - hours * HOUR, AS_OF, freq="1h", inclusive="left", name="time")
    frame = pd.DataFrame({"total": 1000, "good": 1000 - bad}, index=index)
    return histories([SHOP], [Requests(SHOP.name, frame, "test", index[0], AS_OF, HOUR)])


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-{text}:00+00:00")


def incident(name: str, began: str, resolved: str = "", found: str = "alert Down") -> Incident:
    return Incident(name, f"about {name}", at(began), at(resolved) if resolved else None, detected_by=found)


def handed(which: str = "", log: IncidentLog = NONE, deploys: DeployLog = QUIET, **given) -> HandedShift:  # type: ignore[no-untyped-def]
    found = handed_shift(given.get("rota", ROTA), given.get("history", measured()), log, deploys, AS_OF, which)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("which", "person", "start"),
    [
        ("", "Ben", MONDAY),
        ("last", "Ann", MONDAY - timedelta(weeks=1)),
        ("2026-10-14", "Ben", MONDAY - timedelta(weeks=2)),
    ],
)
def test_the_running_shift_the_last_one_or_one_by_an_instant(which: str, person: str, start: datetime) -> None:
    held = shift_held(ROTA, AS_OF, which)
    assert held is not None
    assert (held.person, held.start) == (person, start)


def test_at_the_very_handoff_the_shift_that_just_ended_is_handed_over() -> None:
    held = shift_held(ROTA, MONDAY)
    assert held is not None
    assert held.person == "Ann"
    assert handed_shift(ROTA, (), NONE, DeployLog(()), MONDAY).next.person == "Ben"  # type: ignore[union-attr]


def test_an_instant_after_the_report_and_what_is_none_are_refused() -> None:
    with pytest.raises(ParameterError, match="later than the report time"):
        shift_held(ROTA, AS_OF, "2026-11-02")
    with pytest.raises(ParameterError, match=r'shift: a time was expected, got .yesterday.;.*, or "last" for the last'):
        shift_held(ROTA, AS_OF, "yesterday")


def test_without_a_rota_nobody_is_invented() -> None:
    assert handed_shift(OnCall(), measured(), NONE, DeployLog(()), AS_OF) is None
    page = shown.handed_shift(None)
    assert [gap.what for gap in page.gaps] == ["whose shift is handed over"]
    assert "begins when its first rotation starts" in page.markdown(), "why it is not known"


def test_a_shift_that_somebody_took_over_is_its_own() -> None:
    swapped = OnCall(PEOPLE, ROTA.rotations, overrides=[Override("Ann", at("30T00:00"), at("31T00:00"))])
    held = shift_held(swapped, AS_OF, "2026-10-30T12:00:00Z")
    assert held is not None
    assert (held.person, held.start, held.end) == ("Ann", at("30T00:00"), at("31T00:00"))


def test_what_the_shifts_of_a_window_spend_adds_up_to_what_the_window_spent() -> None:
    weeks = [handed(f"2026-10-{day:02d}T12:00:00Z") for day in (5, 12, 19, 26)]
    spent = sum((one.spent[0].bad for one in weeks), Fraction(0))
    hours = (AS_OF - datetime(2026, 10, 5, 10, tzinfo=UTC)) / HOUR
    assert spent == 2 * hours
    assert [round(float(one.spent[0].bad)) for one in weeks] == [336, 336, 336, 268]
    assert weeks[-1].spent[0].share == pytest.approx(268 / 7200)


def test_without_data_of_the_shift_nothing_is_known_of_what_it_spent() -> None:
    late = measured(hours=24)
    (one,) = handed("last", history=late).spent
    assert (one.share, one.coverage) == (None, 0.0)
    page = shown.shift_spending(handed("last", history=late))
    assert "what the shift spent of shop-availability" in page.gaps[0].what
    assert "0 of 0" not in page.markdown()


def test_incidents_are_those_that_began_in_it_and_what_it_leaves_open() -> None:
    log = IncidentLog(
        (
            incident("OLD", "20T00:00", "21T00:00"),
            incident("LEFT", "24T00:00"),
            incident("MINE", "27T03:00", "27T04:00"),
            incident("TOLD", "28T12:00", "28T13:00", found="customer"),
        )
    )
    found = handed(log=log)
    assert [one.id for one in found.began] == ["MINE", "TOLD"]
    assert [one.id for one in found.left] == ["LEFT"]
    assert [one.id for one in found.pages] == ["MINE"]
    page = shown.handed_shift(found, PEOPLE).markdown()
    assert "Pages: 1; incidents that began in the shift: 2; left open: 1, 1 of them from before it." in page
    # 03:00Z is noon in Tokyo, where Ben has the pager
    assert "| MINE | about MINE | – | alert Down | work |" in " ".join(page.split())
    assert "**Take over:** LEFT, about LEFT." in page


def test_an_incident_that_was_open_when_the_shift_ended_is_left_open_whatever_came_later() -> None:
    found = handed("last", IncidentLog((incident("X", "25T00:00", "29T00:00"),)))
    assert [one.id for one in found.left] == ["X"]


def test_changes_are_those_of_the_shift_and_a_missing_log_is_asked_for() -> None:
    inside = Deploy(at("27T09:00"), "shop", "1.2", "rolled_back", "d:1")
    outside = Deploy(at("25T09:00"), "shop", "1.1", "succeeded", "d:2")
    page = shown.shift_changes(handed(deploys=DeployLog((outside, inside)))).markdown()
    assert "1.2" in page
    assert "**rolled back**" in page
    assert "1.1" not in page
    assert shown.shift_changes(handed(deploys=DeployLog((), gap="none"))).gaps
    assert "Nothing was deployed" in shown.shift_changes(handed()).markdown()


def test_an_unread_log_is_no_quiet_shift() -> None:
    page = shown.handed_shift(handed(log=IncidentLog((), gap="no log")), PEOPLE)
    assert any(gap.what == "the incidents of the shift" for gap in page.gaps)
    told = {one["name"]: one["value"] for one in page.machine()["records"]}
    assert told["shift.pages"] is None
    assert "Pages:" not in page.markdown()


@pytest.mark.parametrize(
    ("accepted", "at", "said"),
    [
        (date(2026, 10, 30), MONDAY + WEEK, "signed 2026-10-30."),
        (None, MONDAY + WEEK, "not signed, and so not transferred."),
        (date(2026, 10, 20), MONDAY - WEEK, "no hand-over to the next is recorded."),
    ],
)
def test_only_a_signature_for_this_very_handoff_transfers(accepted: date | None, at: datetime, said: str) -> None:
    page = shown.handed_shift(handed(), PEOPLE, [Transfer("Ben", "Ann", at, accepted=accepted)])
    assert f"Next: Ann, from 2026-11-02 10:00Z; {said}" in page.markdown()
