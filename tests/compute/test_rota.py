"""Who is on call: handoffs in wall time, repairs, overrides, coverage, fairness."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.incidents import Incident
from sre_kit.compute.oncall.duty import NIGHT, hour_class, pager_loads
from sre_kit.compute.oncall.holidays import public_holidays
from sre_kit.compute.oncall.pager_cover import pager_coverage
from sre_kit.compute.oncall.plan import Absence, OnCall, Override, Person, Rotation, Shift
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.rota_checks import rest_problems, rota_review, shadow_problems
from sre_kit.compute.oncall.turns import handoffs
from sre_kit.compute.walltime import clock_changes, first_instant, local_spans, zone
from sre_kit.errors import ParameterError

NAMES = ["Ann", "Ben", "Cleo", "Dan"]
START = datetime(2026, 11, 2, 10, tzinfo=UTC)


def on_call(*, members=NAMES, **kw):
    kw.setdefault("people", [Person(name) for name in NAMES])
    kw.setdefault("rotations", [Rotation("team", list(members), date(2026, 11, 2))])
    return OnCall(**kw)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("where", "wall", "instant"),
    [
        ("Europe/London", (2026, 10, 25, 1, 30), "2026-10-25T00:30:00+00:00"),  # twice: the first
        ("Europe/London", (2027, 3, 28, 1, 30), "2027-03-28T01:00:00+00:00"),  # never: after the jump
        ("America/New_York", (2026, 11, 1, 1, 30), "2026-11-01T05:30:00+00:00"),
        ("America/New_York", (2027, 3, 14, 2, 30), "2027-03-14T07:00:00+00:00"),
        ("Australia/Lord_Howe", (2026, 10, 4, 2, 15), "2026-10-03T15:30:00+00:00"),  # half an hour
        ("Africa/Casablanca", (2027, 2, 7, 2, 30), "2027-02-07T01:30:00+00:00"),  # Ramadan
        ("Pacific/Apia", (2011, 12, 30, 10, 0), "2011-12-30T10:00:00+00:00"),  # a day that was not
    ],
)
def test_a_time_of_day_means_the_first_instant_that_shows_it(where, wall, instant):
    assert first_instant(datetime(*wall), ZoneInfo(where)).isoformat() == instant  # noqa: DTZ001  a wall time


@pytest.mark.parametrize(
    ("where", "start", "hours"),
    [("Europe/London", date(2026, 10, 19), 169), ("Europe/London", date(2027, 3, 22), 167)],
)
def test_a_weekly_shift_over_a_clock_change_has_an_hour_more_or_less(where, start, hours):
    turns = handoffs(Rotation("r", ["Ann"], start, zone=where, handoff="MON 09:00"))
    (_, first), (_, second) = islice(turns, 2)
    assert (second - first) / timedelta(hours=1) == hours


@settings(max_examples=60, deadline=None)
@given(
    where=st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    start=st.dates(date(2025, 1, 1), date(2028, 1, 1)),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30]),
    length=st.sampled_from([timedelta(hours=8), timedelta(days=1), timedelta(days=7)]),
)
def test_turns_meet_without_gap_or_overlap(where, start, hour, minute, length):
    turns = handoffs(Rotation("r", ["Ann"], start, zone=where, handoff=f"{hour:02}:{minute:02}", length=length))
    instants = [at for _, at in islice(turns, 200)]
    assert all(a <= b for a, b in pairwise(instants))
    assert instants[-1] - instants[0] == pytest.approx(199 * length, abs=timedelta(hours=2))


def test_zones_must_be_places():
    for wrong in ("EST", "GMT+1", "Europe/Lodnon"):
        with pytest.raises(ParameterError, match=r"IANA|did you mean"):
            zone(wrong)


def test_round_robin_is_plain_and_covers_the_horizon():
    plan = schedule(on_call(), START, timedelta(weeks=8))
    assert [s.person for s in plan.shifts] == NAMES * 2
    assert pager_coverage(plan.shifts, ["primary"], plan.start, plan.end)[0].gaps == ()
    assert not plan.changes


def test_an_absence_is_repaired_by_the_nearest_swap():
    away = Absence("Ben", utc(2026, 11, 10), utc(2026, 11, 11))
    plan = schedule(on_call(absences=[away]), START, timedelta(weeks=4))
    assert [s.person for s in plan.shifts] == ["Ann", "Cleo", "Ben", "Dan"]
    assert len(plan.changes) == 1 and "Ben and Cleo swap" in plan.changes[0]


def test_a_slot_that_nobody_can_take_stays_open_and_says_why():
    away = [Absence(name, utc(2026, 11, 10), utc(2026, 11, 11)) for name in NAMES]
    plan = schedule(on_call(absences=away), START, timedelta(weeks=4))
    assert [(u.layer, u.start) for u in plan.unfilled] == [("primary", utc(2026, 11, 9, 10))]
    assert "Dan is absent" in plan.unfilled[0].reason
    gap = pager_coverage(plan.shifts, ["primary"], plan.start, plan.end, plan.unfilled)[0].gaps[0]
    assert (gap.start, gap.end) == (utc(2026, 11, 9, 10), utc(2026, 11, 16, 10))
    assert "Dan is absent" in gap.reason


def test_nobody_is_primary_and_secondary_even_after_a_repair():
    layers = [
        Rotation("first", NAMES, date(2026, 11, 2)),
        Rotation("second", [NAMES[-1], *NAMES[:-1]], date(2026, 11, 2), layer="secondary"),
    ]
    away = [Absence("Ben", utc(2026, 11, 10), utc(2026, 11, 11)), Absence("Dan", utc(2026, 12, 1), utc(2026, 12, 2))]
    plan = schedule(on_call(rotations=layers, absences=away), START, timedelta(weeks=8))
    review = rota_review(plan, plan.shifts, on_call(rotations=layers, absences=away))
    assert plan.changes
    assert review.problems["Nobody on two layers, nobody doubled"] == []
    assert review.problems["Absences, joining and leaving honoured"] == []
    assert [one.share for one in review.coverage] == [1, 1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 80), st.integers(1, 12)), max_size=6))
def test_the_sweep_never_finds_what_the_plan_does_not_admit(away):
    absences = [
        Absence(name, START + timedelta(days=first), START + timedelta(days=first + days)) for name, first, days in away
    ]
    decided = on_call(absences=absences)
    plan = schedule(decided, START, timedelta(weeks=12))
    review = rota_review(plan, plan.shifts, decided)
    open_slots = {(u.start, u.end) for u in plan.unfilled}
    merged = review.coverage[0].gaps
    assert sum((g.end - g.start for g in merged), timedelta()) == sum(
        (min(end, plan.end) - max(start, plan.start) for start, end in open_slots), timedelta()
    )
    assert review.problems["Absences, joining and leaving honoured"] == []


def test_an_override_cuts_the_shift_and_wins():
    override = Override("Dan", utc(2026, 11, 4), utc(2026, 11, 5))
    plan = schedule(on_call(overrides=[override]), START, timedelta(weeks=1))
    assert [(s.person, s.start.day) for s in plan.shifts] == [("Ann", 2), ("Dan", 4), ("Ann", 5)]
    loads = {x.person.name: x for x in pager_loads([Person("Ann"), Person("Dan")], plan.shifts, {"Ann": {}, "Dan": {}})}
    assert (loads["Ann"].primary, loads["Dan"].primary) == (1, 0)
    assert loads["Dan"].primary_hours == 24


def test_an_override_outside_the_horizon_is_reported():
    override = Override("Dan", utc(2027, 11, 4), utc(2027, 11, 5))
    plan = schedule(on_call(overrides=[override]), START, timedelta(weeks=2))
    assert "outside the horizon" in plan.problems[0]


def test_a_name_that_is_not_on_the_roster_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'Cleo'"):
        schedule(on_call(members=["Ann", "Kleo"]), START)


def test_follow_the_sun_in_two_zones_leaves_hours_uncovered():
    """Written in two local zones, 12 hours each, the clock changes of the two do not fit."""
    shifts = []
    for day in range(365):
        on = date(2026, 1, 1) + timedelta(days=day)
        for name, where, first, last in (("Ann", "Europe/London", 8, 20), ("Ben", "America/Los_Angeles", 12, 24)):
            begin = first_instant(datetime.combine(on, time(first)), ZoneInfo(where))
            shifts.append(Shift(name, "primary", begin, begin + timedelta(hours=last - first)))
    found = pager_coverage(shifts, ["primary"], utc(2026, 1, 2), utc(2026, 12, 31))[0]
    assert found.gaps
    assert found.share < 1


def test_people_without_a_shift_are_listed_with_zero():
    people = [Person("Ann"), Person("Eve")]
    shifts = [Shift("Ann", "primary", START, START + timedelta(days=7), "r", turn=START)]
    loads = pager_loads(people, shifts, public_holidays(people, START, START))
    assert [(x.person.name, x.primary, x.primary_hours) for x in loads] == [("Ann", 1, 168), ("Eve", 0, 0)]


def test_nights_and_weekends_follow_the_clock_of_the_person():
    nights = sum(
        local_spans(utc(2026, 11, 2), utc(2026, 11, 3), ZoneInfo("Asia/Tokyo"), *NIGHT),
        timedelta(),
    )
    assert nights == timedelta(hours=10)
    assert hour_class(utc(2026, 11, 2, 3), "Europe/London") == "night"
    assert hour_class(utc(2026, 11, 2, 3), "Asia/Tokyo") == "work"
    assert hour_class(utc(2026, 11, 1, 12), "Europe/London") == "off"


def test_public_holidays_are_those_of_the_own_country():
    people = [Person("Ann", country="NL"), Person("Ben", country="IE"), Person("Cleo")]
    found = public_holidays(people, utc(2026, 3, 1), utc(2026, 4, 30))
    assert date(2026, 4, 27) in found["Ann"]  # King's Day
    assert date(2026, 3, 17) in found["Ben"]  # St Patrick's Day
    assert found["Cleo"] == {}


def test_an_unknown_country_is_refused():
    with pytest.raises(ParameterError, match="XX"):
        public_holidays([Person("Ann", country="XX")], START, START)


def test_incidents_count_for_whom_they_woke():
    answered = [
        Incident("1", "", utc(2026, 1, 5, 2), responder="Ann"),
        Incident("2", "", utc(2026, 1, 5, 12), responder="Ann"),
    ]
    load = pager_loads([Person("Ann")], [], {"Ann": {}}, answered)[0]
    assert (load.pages, load.night_pages) == (2, 1)
    assert pager_loads([Person("Ann")], [], {"Ann": {}})[0].pages is None


def test_too_little_rest_and_a_missing_shadow_are_named():
    day = timedelta(days=1)
    shifts = [Shift("Ann", "primary", START, START + day), Shift("Ann", "primary", START + day, START + 2 * day)]
    assert "0 h between" in rest_problems(shifts, timedelta(hours=12))[0]
    shadow = Shift("Ann", "shadow", START, START + 3 * day)
    assert "before the shadow shift ends" in shadow_problems([*shifts, shadow])[0]


def test_clock_changes_are_found_to_the_second():
    found = clock_changes("Europe/Amsterdam", utc(2026, 1, 1), utc(2027, 1, 1))
    assert [c.at for c in found] == [utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)]
    assert [c.by for c in found] == [timedelta(hours=1), -timedelta(hours=1)]


def test_a_rota_without_a_second_layer_says_so_and_equal_halves_are_fair():
    team = on_call(members=["Ann", "Ben"], people=[Person("Ann"), Person("Ben")])
    plan = schedule(team, START)
    review = rota_review(plan, plan.shifts, team)
    assert "secondary: no such rotation" in review.problems["Every minute covered"][-1]
    assert not [text for text in review.problems["Fair"] if "above 30 %" in text]
