"""The exported calendar, read back and by another reader."""

import re
from datetime import UTC, date, datetime, timedelta

from sre_kit.compute.oncall.pager_cover import pager_coverage
from sre_kit.compute.oncall.plan import OnCall, Override, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.emit import calendars, icalendar_text, shifts_in

AS_OF = datetime(2026, 10, 20, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = [Person("Ann Lee", zone="Europe/London"), Person("Zoë; O'Hara, jr", zone="America/New_York"), Person("Idle")]
ONCALL = OnCall(
    people=PEOPLE,
    rotations=[
        Rotation("team", ["Ann Lee", "Zoë; O'Hara, jr"], date(2026, 10, 19), zone="Europe/London", handoff="MON 09:00")
    ],
    overrides=[
        Override("Ann Lee", AS_OF + timedelta(days=8), AS_OF + timedelta(days=9), reason="swap, please\nthanks")
    ],
)
PLAN = schedule(ONCALL, AS_OF)


def test_the_calendar_reads_back_to_the_same_shifts():
    text = calendars(PLAN, ONCALL, "Shop")["oncall.ics"]
    assert [(s.person, s.layer, s.start, s.end, s.turn) for s in shifts_in(text)] == [
        (s.person, s.layer, s.start, s.end, s.turn) for s in PLAN.shifts
    ]


def test_each_person_has_a_file_and_together_they_are_the_whole():
    files = calendars(PLAN, ONCALL, "Shop")
    assert sorted(files) == ["oncall-ann-lee.ics", "oncall-idle.ics", "oncall-zoe-o-hara-jr.ics", "oncall.ics"]
    parts = [s for name, text in files.items() if name != "oncall.ics" for s in shifts_in(text)]
    assert sorted((s.start, s.person, s.end) for s in parts) == [(s.start, s.person, s.end) for s in PLAN.shifts]


def test_the_format_is_what_calendars_accept():
    text = calendars(PLAN, ONCALL, "Shop")["oncall.ics"]
    assert not re.search(r"(?<!\r)\n", text)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "BEGIN:VTIMEZONE" in text and "TZID:Europe/London" in text
    assert set(re.findall(r"DTSTAMP:(\S+)", text)) == {"20261020T000000Z"}
    uids = re.findall(r"UID:(\S+)", text)
    assert len(uids) == len(set(uids)) == len(PLAN.shifts)


def test_the_uid_names_the_turn_not_its_holder_and_bytes_repeat():
    swapped = OnCall(people=PEOPLE, rotations=[Rotation("team", ["Zoë; O'Hara, jr", "Ann Lee"], date(2026, 10, 19),
                     zone="Europe/London", handoff="MON 09:00")])  # fmt: skip
    uids = [re.findall(r"UID:(\S+)", calendars(schedule(o, AS_OF), o, "Shop")["oncall.ics"]) for o in (
        OnCall(people=PEOPLE, rotations=ONCALL.rotations), swapped)]  # fmt: skip
    assert uids[0] == uids[1]
    assert calendars(PLAN, ONCALL, "Shop") == calendars(schedule(ONCALL, AS_OF), ONCALL, "Shop")


def test_the_export_covers_every_minute_of_the_week_with_the_clock_change():
    text = calendars(PLAN, ONCALL, "Shop")["oncall.ics"]
    found = shifts_in(text)
    assert pager_coverage(found, ["primary"], AS_OF, PLAN.end)[0].gaps == ()
    week = next(s for s in PLAN.shifts if s.start == datetime(2026, 10, 19, 8, tzinfo=UTC))
    assert week.length == timedelta(hours=169)


def test_an_empty_rota_is_an_empty_calendar():
    assert shifts_in(icalendar_text([], AS_OF, "Shop", "Europe/London")) == []


def test_two_who_shadow_at_once_have_events_of_their_own():
    shadows = [Rotation(f"shadow {who}", [who], date(2026, 10, 19), layer="shadow") for who in ("Ann Lee", "Idle")]
    oncall = OnCall(people=PEOPLE, rotations=[*ONCALL.rotations, *shadows])
    text = calendars(schedule(oncall, AS_OF), oncall, "Shop")["oncall.ics"]
    uids = re.findall(r"UID:(\S+(?:\r\n \S+)*)", text)
    assert len(uids) == len(set(uids)) > 20
