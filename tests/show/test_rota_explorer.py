"""The rota's widget: another setting, another coverage and fairness; the document keeps the setting in force."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sre_kit import show
from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Restriction, Rotation
from sre_kit.compute.oncall.rota_options import rota_option

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
NAMES = ["Ann", "Ben", "Cleo", "Dan"]
ONCALL = OnCall(
    people=[Person(name, zone="Europe/London", country="GB", subdivision="ENG") for name in NAMES],
    rotations=[
        Rotation("first", NAMES, date(2026, 11, 2), zone="Europe/London"),
        Rotation("second", [NAMES[-1], *NAMES[:-1]], date(2026, 11, 2), zone="Europe/London", layer="secondary"),
    ],
    absences=[Absence("Ben", AS_OF + 2 * WEEK, AS_OF + 3 * WEEK)],
)


def option(people=4, length=WEEK, handoff="MON 10:00", oncall=ONCALL):
    return rota_option(oncall, AS_OF, people, length, handoff)


def test_more_people_have_fewer_turns_and_fewer_have_more():
    assert option().turns == (3, 3) and option(people=8).turns[1] <= 2 and option(people=2).turns[0] >= 5


def test_a_handoff_at_the_weekend_is_counted_and_one_in_working_hours_is_not():
    assert option(handoff="WED 10:00").handoffs == 0
    assert option(handoff="SUN 10:00").handoffs > 5


def test_a_day_each_spreads_weekends_and_hands_over_on_weekends():
    day, week = option(length=DAY), option()
    assert day.turns[1] > 5 * week.turns[1] and day.handoffs > week.handoffs


def test_hours_of_a_layer_show_in_what_is_covered():
    office = [replace(ONCALL.rotations[0], restrictions=[Restriction("09:00", "17:00")])]
    assert option(oncall=replace(ONCALL, rotations=office)).covered == pytest.approx(1 / 3, abs=0.01)


def test_one_alone_breaks_the_rules_and_the_table_says_which():
    assert "At most 1 turn in a row" in option(people=1).broken


def test_one_alone_is_a_person():
    text = show.rota_explorer(ONCALL, AS_OF).at(people=1).markdown()
    assert "1 person with turns of" in text and "1 person, handoff" in text and "1 people" not in text


def test_the_document_shows_the_setting_in_force_and_each_control_changes_the_view():
    explorer = show.rota_explorer(ONCALL, AS_OF)
    text = explorer.markdown()
    assert "**7 d**" in text and "4 people, handoff MON 10:00" in text
    for name, value in (("people", 6), ("length", DAY), ("handoff", "SUN 10:00")):
        assert explorer.at(**{name: value}).markdown() != text
    assert explorer.markdown() == text


def test_without_a_rota_there_is_a_question():
    assert show.rota_explorer(OnCall(), AS_OF).gaps
