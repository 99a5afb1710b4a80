"""What a rota must keep: hours, rest, rows, share, holidays, joining; the same check judges both ways of planning."""

import builtins
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Restriction, Rotation, Shift
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.rota_checks import ADVICE, in_a_row_problems, rest_problems, rota_review
from sre_kit.errors import ParameterError

NAMES = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn"]
BEGIN = date(2026, 11, 2)
START = datetime(2026, 11, 2, 10, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
WAYS = ["round robin", "cpsat"]
WORKDAYS = ["MON", "TUE", "WED", "THU", "FRI"]


def team(people=NAMES, rotations=None, **kw):
    people = [one if isinstance(one, Person) else Person(one) for one in people]
    rotations = rotations or [Rotation("first", [one.name for one in people], BEGIN)]
    return OnCall(people=people, rotations=rotations, **kw)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def holders(plan, layer="primary"):
    return [s.person for s in plan.shifts if s.layer == layer]


def broken(oncall, plan):
    """Rules that the check of the plan's shifts finds broken, but coverage and advice."""
    found = rota_review(plan, plan.shifts, oncall).problems
    aside = ("Every minute covered", "Handoffs on working days, in working hours", ADVICE)
    return {rule: texts for rule, texts in found.items() if texts and rule not in aside}


def test_a_layer_is_answered_only_in_its_hours_and_the_rest_is_a_gap_with_its_reason():
    hours = [Restriction("09:00", "17:00", WORKDAYS)]
    oncall = team(["Ann", "Ben"], [Rotation("day", ["Ann", "Ben"], BEGIN, zone="Europe/London", restrictions=hours)])
    plan = schedule(oncall, START, 2 * WEEK)
    assert {s.length for s in plan.shifts[1:]} <= {timedelta(hours=n) for n in (1, 7, 8)}  # Monday is handed over at 10
    review = rota_review(plan, plan.shifts, oncall)
    assert review.problems["Rest between primary shifts"] == []
    assert review.coverage[0].share == pytest.approx(80 / 336)
    assert review.problems["Every minute covered"][0] == (
        "primary: nobody in 10 spells, 256 h in all, the first from 2026-11-02 17:00Z to 2026-11-03 09:00Z: "
        "outside of the hours of day"
    )


def test_two_layers_that_share_the_day_leave_no_minute_out_over_a_clock_change():
    """Follow the sun in one zone: both halves are written on one clock, so that nothing falls between them."""
    halves = [
        Rotation("east", ["Ann", "Ben"], BEGIN, zone="Europe/London", restrictions=[Restriction("08:00", "20:00")]),
        Rotation("west", ["Cleo", "Dan"], BEGIN, zone="Europe/London", restrictions=[Restriction("20:00", "08:00")]),
    ]
    oncall = team(NAMES[:4], halves)
    plan = schedule(oncall, START, 26 * WEEK)
    assert rota_review(plan, plan.shifts, oncall).coverage[0].gaps == ()
    assert broken(oncall, plan) == {}


@pytest.mark.parametrize("way", WAYS)
def test_nobody_gets_a_turn_outside_of_the_own_hours(way):
    weekdays = Person("Ann", zone="Europe/Amsterdam", restrictions=[Restriction("06:00", "22:00", WORKDAYS)])
    rotation = Rotation("daily", NAMES, BEGIN, zone="Europe/Amsterdam", handoff="08:00", length=DAY / 2, weeks=4)
    oncall = team([weekdays, *NAMES[1:]], [rotation], assignment=way)
    plan = schedule(oncall, START, 4 * WEEK)
    mine = [s for s in plan.shifts if s.person == "Ann"]
    assert mine and all(s.start.weekday() < 5 and s.start.hour == 7 for s in mine)
    assert plan.unfilled == () and broken(oncall, plan).keys() <= {"Fair"}


@pytest.mark.parametrize("way", WAYS)
def test_plain_turns_keep_the_rest_too(way):
    """Ann has every other turn of eight hours: eight hours of rest between them."""
    order = ["Ann", "Ben", "Ann", "Cleo", "Dan", "Eve"]
    rotation = Rotation("eights", order, BEGIN, handoff="08:00", length=timedelta(hours=8), weeks=2)
    oncall = team(NAMES[:5], [rotation], assignment=way)
    plain = [Shift(order[n % 6], "primary", START + n * DAY / 3, START + (n + 1) * DAY / 3) for n in range(12)]
    assert rest_problems(plain, oncall.minimum_rest)
    plan = schedule(oncall, START)
    assert broken(oncall, plan).keys() <= ({"Fair"} if way == "round robin" else set()) and plan.changes


@pytest.mark.parametrize(("most", "repaired"), [(1, True), (2, False)])
@pytest.mark.parametrize("way", WAYS)
def test_turns_in_a_row_are_limited(way, most, repaired):
    oncall = team(
        NAMES[:4],
        [Rotation("first", ["Ann", "Ann", "Ben", "Cleo", "Dan"], BEGIN)],
        maximum_in_a_row=most,
        assignment=way,
    )
    plan = schedule(oncall, START, 12 * WEEK)
    assert not in_a_row_problems(plan.shifts, most)
    assert bool([text for text in plan.changes if "Ann" in text]) == repaired or way == "cpsat"
    row = [
        Shift("Ann", "primary", START + n * WEEK, START + (n + 1) * WEEK, "first", turn=START + n * WEEK)
        for n in (0, 1)
    ]
    assert in_a_row_problems(row, 1) == ["Ann has 2 turns of first in a row from 2026-11-02 10:00Z"]


def test_who_carries_the_largest_share_agreed_covers_no_more():
    away = [Absence("Ben", at(2026, 11, 2), at(2027, 2, 1))]
    rotation = Rotation("first", ["Ann", "Ben", "Ann", "Cleo", "Dan", "Eve"], BEGIN, weeks=12)
    free = team(NAMES[:5], [rotation], absences=away)
    capped = team(NAMES[:5], [rotation], absences=away, maximum_share=1 / 3)
    assert broken(free, schedule(free, START))["Fair"]
    plan = schedule(capped, START)
    assert holders(plan).count("Ann") == 4 and plan.unfilled == ()
    # four of twelve weeks are a third; the thirteenth turn begins as the horizon ends
    assert [one for one in broken(capped, plan).get("Fair", []) if "agreed" in one] == []


@pytest.mark.parametrize("way", WAYS)
def test_who_joins_or_leaves_has_no_turn_before_or_after(way):
    people = [Person("Ann", joins=date(2026, 12, 1)), Person("Ben", leaves=date(2026, 12, 31)), *NAMES[2:]]
    oncall = team(people, assignment=way)
    plan = schedule(oncall, START, 12 * WEEK)
    assert all(s.start >= at(2026, 12, 1) for s in plan.shifts if s.person == "Ann")
    assert all(s.end < at(2027, 1, 2) for s in plan.shifts if s.person == "Ben")
    assert plan.unfilled == () and not broken(oncall, plan).get("Absences, joining and leaving honoured")


@pytest.mark.parametrize("way", WAYS)
def test_who_shadows_is_not_primary_before_the_shadowing_ends(way):
    shadow = Rotation("shadow", ["Ann"], BEGIN, layer="shadow", until=date(2026, 11, 23))
    oncall = team(rotations=[Rotation("first", NAMES, BEGIN), shadow], assignment=way)
    plan = schedule(oncall, START, 12 * WEEK)
    assert min(s.start for s in plan.shifts if s.person == "Ann" and s.layer == "primary") >= at(2026, 11, 23)
    assert holders(plan, "shadow") == ["Ann"] * 3 and broken(oncall, plan) == {}


@pytest.mark.parametrize("way", WAYS)
def test_holidays_go_to_those_who_have_none_that_day(way):
    people = [Person("Ann", country="NL"), Person("Ben", country="NL"), Person("Cleo", country="IE"), Person("Dan")]
    loads = {}
    for share in (False, True):
        oncall = team(people, [Rotation("first", NAMES[:4], BEGIN, weeks=52)], share_holidays=share, assignment=way)
        plan = schedule(oncall, START)
        loads[share] = [len(load.holidays) for load in rota_review(plan, plan.shifts, oncall).loads]
        assert not [text for rule, text in broken(oncall, plan).items() if rule != "Fair"]
    assert sum(n * n for n in loads[True]) < sum(n * n for n in loads[False])


def test_one_person_alone_keeps_the_pager_and_the_check_says_what_is_wrong():
    oncall = team(["Ann"])
    plan = schedule(oncall, START, 4 * WEEK)
    assert plan.unfilled == () and set(holders(plan)) == {"Ann"}
    assert "because nobody else can take it" in plan.changes[0]
    assert list(broken(oncall, plan)) == ["At most 1 turn in a row", "Fair"]


absences = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(-200, 100), st.integers(1, 15)).map(
        lambda one: Absence(one[0], START + one[1] * DAY, START + (one[1] + one[2]) * DAY)
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(absences, st.integers(1, 120))
def test_tomorrows_plan_says_of_next_week_what_todays_said(away, later):
    """A calendar that people have imported must stay true when the report is made again."""
    rotations = [
        Rotation("first", NAMES, date(2025, 6, 2), weeks=8),
        Rotation("second", NAMES[1:] + NAMES[:1], date(2025, 6, 2), layer="secondary", weeks=8),
    ]
    oncall = team(rotations=rotations, absences=away)
    today = schedule(oncall, START, 20 * WEEK)
    then = schedule(oncall, START + later * DAY, 20 * WEEK)
    shared = [s for s in today.shifts if s.end > then.start]
    assert shared == [s for s in then.shifts if s.start < today.end]


@settings(max_examples=12, deadline=None)
@given(absences, st.booleans())
def test_both_ways_keep_every_rule_that_must_hold(away, share):
    for way in WAYS:
        rotations = [Rotation("first", NAMES, BEGIN), Rotation("second", NAMES[1:], BEGIN, layer="secondary")]
        oncall = team(rotations=rotations, absences=away, share_holidays=share, assignment=way)
        plan = schedule(oncall, START, 12 * WEEK)
        found = rota_review(plan, plan.shifts, oncall).problems
        for rule in ("Nobody on two layers, nobody doubled", "Absences, joining and leaving honoured"):
            assert found[rule] == []
        for one in plan.unfilled:
            assert all(name in one.reason for name in (NAMES if one.layer == "primary" else NAMES[1:]))


def test_the_solver_gives_part_time_people_fewer_turns_and_the_same_every_time():
    people = [Person("Ann", fte=0.5), *NAMES[1:5]]
    oncall = team(people, [Rotation("first", NAMES[:5], BEGIN, weeks=27)], assignment="cpsat")
    plan = schedule(oncall, START)
    turns = {load.person.name: load.primary for load in rota_review(plan, plan.shifts, oncall).loads}
    assert turns["Ann"] == 3 and set(turns.values()) == {3, 6}
    assert schedule(oncall, START) == plan


def test_without_the_solver_the_message_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("ortools"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ParameterError, match=r"sre-kit\[cpsat\]"):
        schedule(team(assignment="cpsat"), START)


@pytest.mark.parametrize("wrong", [Restriction("9am", "17:00"), Restriction("09:00", "24:00")])
def test_a_restriction_that_is_no_time_of_day_is_refused(wrong):
    with pytest.raises(ParameterError, match="no time of day"):
        schedule(team(rotations=[Rotation("first", NAMES, BEGIN, restrictions=[wrong])]), START)
