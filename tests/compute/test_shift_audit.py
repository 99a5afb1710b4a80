"""The independent check of a calendar's shifts, and the comparison of two."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.oncall.plan import Shift
from sre_kit.compute.oncall.shift_audit import Boundary, Limits, ShiftCalendar, audit, hours_moved, moved

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shift(person, begins, ends, layer="primary"):
    """A shift, in days from the start."""
    return Shift(person, layer, START + begins * DAY, START + ends * DAY)


def rules(*shifts, **kw):
    return [(f.rule, f.person) for f in audit(ShiftCalendar(shifts), **kw).findings]


@pytest.mark.parametrize(
    ("shifts", "found"),
    [
        ([("Ann", 0, 7), ("Ben", 7, 14)], []),
        ([("Ann", 0, 7), ("Ben", 8, 15)], [("gap", "")]),
        ([("Ann", 0, 7), ("Ben", 6, 13)], [("two people", "Ann, Ben")]),
        ([("Ann", 0, 7), ("Ann", 6, 8), ("Ben", 8, 17)], [("double booking", "Ann")]),
        ([("Ann", 0, 7), ("Ben", 7, 14), ("Ann", 0, 14, "secondary")], [("two layers", "Ann")]),
        ([("Ann", 0, 7), ("Ben", 7, 14), ("Cleo", 0, 7, "shadow"), ("Dan", 1, 2, "shadow")], []),
        ([("Ann", 0, 3), ("Ben", 3, 3.25), ("Ann", 3.25, 3.5), ("Ben", 3.5, 6.5)], [("rest", "Ann"), ("rest", "Ben")]),
        ([("Ann", 0, 3), ("Ann", 3, 7), ("Ben", 7, 14)], []),  # two events, one stretch
        ([("Ann", 0, 16), ("Ben", 16, 30), ("Cleo", 30, 44)], [("stretch", "Ann")]),
        ([("Ann", 0, 6), ("Ben", 6, 8), ("Cleo", 8, 10)], [("share", "Ann")]),
    ],
)
def test_each_rule_is_found_where_it_is_broken_and_nowhere_else(shifts, found):
    assert rules(*(shift(*one) for one in shifts)) == found


def test_time_asked_for_beyond_the_calendar_is_a_gap():
    result = audit(ShiftCalendar((shift("Ann", 0, 7), shift("Ben", 7, 14))), end=START + 21 * DAY)
    assert [(f.rule, f.end - f.start) for f in result.findings] == [("gap", 7 * DAY)]
    assert result.coverage == {"primary": pytest.approx(2 / 3)}


def test_limits_can_be_moved():
    two = [shift("Ann", 0, 7), shift("Ben", 7, 14)]
    assert rules(*two, limits=Limits(share=0.4)) == [("share", "Ann"), ("share", "Ben")]
    assert rules(*two, limits=Limits(stretch=5 * DAY)) == [("stretch", "Ann"), ("stretch", "Ben")]


@pytest.mark.parametrize(
    ("zone", "wall", "text"),
    [
        ("Europe/London", (2026, 10, 25, 1, 30), "is shown twice"),
        ("Europe/London", (2027, 3, 28, 1, 30), "is skipped"),
        ("Australia/Lord_Howe", (2026, 10, 4, 2, 15), "is skipped"),
        ("Australia/Lord_Howe", (2027, 4, 4, 1, 45), "is shown twice"),
        ("Africa/Casablanca", (2027, 2, 7, 2, 30), "is shown twice"),
        ("Europe/London", (2027, 3, 28, 2, 0), ""),
    ],
)
def test_a_handoff_that_a_clock_skips_or_shows_twice_is_found(zone, wall, text):
    naive = datetime(*wall)  # noqa: DTZ001  a wall time
    boundary = Boundary(naive, ZoneInfo(zone), "Ann")
    at = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    shifts = (Shift("Ann", "primary", at - DAY, at), Shift("Ben", "primary", at, at + DAY))
    found = audit(ShiftCalendar(shifts, (boundary, boundary))).findings
    assert [f.text for f in found] == ([f"{naive:%Y-%m-%d %H:%M} {text} in {zone}"] if text else [])


def test_hours_that_move_are_told_per_person_and_touching_pieces_are_one():
    before = [shift("Ann", 0, 7), shift("Ben", 7, 14)]
    after = [shift("Ann", 0, 5), shift("Cleo", 5, 6), shift("Cleo", 6, 7), shift("Ben", 7, 13)]
    changes = moved(before, after)
    assert [(m.start, m.end, m.before, m.after) for m in changes] == [
        (START + 5 * DAY, START + 7 * DAY, ("Ann",), ("Cleo",)),
        (START + 13 * DAY, START + 14 * DAY, ("Ben",), ()),
    ]
    assert hours_moved(changes) == {"Ann": (48, 0), "Ben": (24, 0), "Cleo": (0, 48)}


SHIFTS = st.lists(
    st.builds(
        lambda person, begins, length, layer: shift(person, begins, begins + length, layer),
        st.sampled_from(["Ann", "Ben", "Cleo"]),
        st.integers(0, 20),
        st.integers(1, 7),
        st.sampled_from(["primary", "secondary"]),
    ),
    min_size=1,
    max_size=8,
)


@given(SHIFTS, SHIFTS)
def test_what_one_calendar_gives_the_other_takes(one, other):
    assert moved(one, one) == []
    there, back = moved(one, other), moved(other, one)
    assert [(m.start, m.end, m.before, m.after) for m in there] == [(m.start, m.end, m.after, m.before) for m in back]
    assert hours_moved(there) == {name: (gave, took) for name, (took, gave) in hours_moved(back).items()}


@given(SHIFTS)
def test_the_sweep_agrees_with_a_look_at_every_day(shifts):
    result = audit(ShiftCalendar(tuple(shifts)), start=START, end=START + 30 * DAY)
    for n in range(30):
        at = START + n * DAY
        held = [s for s in shifts if s.start <= at < s.end]
        here = {f.rule for f in result.findings if f.start <= at < f.end and f.rule not in ("rest", "stretch", "share")}
        layers = {s.layer for s in shifts}
        by_layer = {layer: [s.person for s in held if s.layer == layer] for layer in layers}
        assert ("gap" in here) == any(not names for names in by_layer.values())
        assert ("two people" in here) == any(len(set(names)) > 1 for names in by_layer.values())
        assert ("double booking" in here) == any(len(set(names)) < len(names) for names in by_layer.values())
        assert ("two layers" in here) == bool(set(by_layer.get("primary", [])) & set(by_layer.get("secondary", [])))
