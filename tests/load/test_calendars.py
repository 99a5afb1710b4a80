"""Calendars of any tool, and our own, read back by an independent library."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events

from sre_kit.compute.oncall.plan import Absence, OnCall, Override, Person, Restriction, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.shift_audit import audit
from sre_kit.emit import icalendar_text, shifts_in
from sre_kit.errors import DataError, ParameterError
from sre_kit.load.calendars import shift_calendar

START = datetime(2026, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn"]
ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]


def ics(tmp_path, *events, head=""):
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n" + head
    text += "".join(f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events))
    path = tmp_path / "c.ics"
    path.write_text(text + "END:VCALENDAR\n", encoding="utf-8")
    return path


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def tuples(shifts):
    return [(s.person, s.layer, s.start, s.end) for s in shifts]


@pytest.mark.parametrize("handoff", ["MON 09:00", "SUN 01:30", "02:15"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_year_in_zones_with_odd_clocks_has_no_gap_and_reads_the_same_by_three_readers(tmp_path, zone, handoff):
    length = timedelta(weeks=1) if " " in handoff else DAY
    rotation = Rotation("team", NAMES, date(2026, 10, 5), zone=zone, handoff=handoff, length=length)
    plan = schedule(OnCall(people=[Person(n) for n in NAMES], rotations=[rotation]), START, timedelta(weeks=53))
    text = icalendar_text(plan.shifts, START, "Shop", zone)
    path = tmp_path / "oncall.ics"
    path.write_text(text, encoding="utf-8", newline="")
    found = shift_calendar(path)
    assert tuples(found.shifts) == tuples(plan.shifts) == tuples(shifts_in(text))
    theirs = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).all()
    assert sorted((e.start.astimezone(UTC), e.end.astimezone(UTC)) for e in theirs) == [
        (s.start, s.end) for s in plan.shifts
    ]
    result = audit(found)
    assert result.coverage == {"primary": 1.0} and found.zone == zone
    # only a handoff in the hours of a clock change can be unclear
    assert {f.rule for f in result.findings} <= (set() if handoff == "MON 09:00" else {"clock"})


@pytest.mark.parametrize("zone", ZONES)
def test_hours_that_pass_midnight_and_clock_changes_read_the_same_and_leave_no_minute_out(tmp_path, zone):
    halves = [Restriction("01:30", "13:30"), Restriction("13:30", "01:30")]
    rotations = [
        Rotation(f"half {n}", NAMES[3 * n : 3 * n + 3], date(2026, 10, 5), zone=zone, restrictions=[half])
        for n, half in enumerate(halves)
    ]
    plan = schedule(OnCall(people=[Person(n) for n in NAMES], rotations=rotations), START, timedelta(weeks=53))
    path = tmp_path / "oncall.ics"
    path.write_text(icalendar_text(plan.shifts, START, "Shop", zone), encoding="utf-8", newline="")
    found = shift_calendar(path)
    assert tuples(found.shifts) == tuples(plan.shifts) and len(found.shifts) > 700
    covered = audit(found, plan.shifts[0].start, plan.end).coverage["primary"]
    assert covered == 1.0


def test_a_rota_with_absences_and_overrides_passes_the_audit_with_just_what_the_plan_admits(tmp_path):
    oncall = OnCall(
        people=[Person(n) for n in NAMES],
        rotations=[
            Rotation("one", NAMES, date(2026, 10, 5), zone="Europe/London"),
            Rotation("two", NAMES[1:] + NAMES[:1], date(2026, 10, 5), zone="Europe/London", layer="secondary"),
        ],
        absences=[Absence(NAMES[n % 6], START + 25 * n * DAY, START + (25 * n + 7) * DAY) for n in range(12)],
        overrides=[Override("Dan", at(2026, 10, 25, 1, 30), at(2026, 10, 25, 12))],  # 01:30 GMT, shown a second time
    )
    plan = schedule(oncall, START, timedelta(weeks=52))
    path = tmp_path / "oncall.ics"
    path.write_text(icalendar_text(plan.shifts, START, "Shop", "Europe/London"), encoding="utf-8", newline="")
    found = shift_calendar(path)
    assert tuples(found.shifts) == tuples(sorted(plan.shifts, key=lambda s: (s.start, s.layer, s.person)))
    assert len(plan.changes) >= 6
    result = audit(found)
    assert [f.text for f in result.findings if f.rule == "clock"] == [
        "2026-10-25 01:30 is shown twice in Europe/London"
    ]
    assert not [f for f in result.findings if f.rule in ("gap", "two people", "double booking")]


def test_a_weekly_series_is_followed_over_the_clock_change_for_a_year(tmp_path):
    path = ics(tmp_path, "SUMMARY:Ann\nDTSTART;TZID=Europe/London:20261019T090000\n"
               "DTEND;TZID=Europe/London:20261026T090000\nRRULE:FREQ=WEEKLY")  # fmt: skip
    shifts = shift_calendar(path).shifts
    assert len(shifts) == 52 and {s.length for s in shifts} >= {timedelta(hours=169), timedelta(hours=168)}
    assert shifts[0].end == at(2026, 10, 26, 9)


@pytest.mark.parametrize(
    ("event", "person", "layer"),
    [
        ("SUMMARY:On Call - Ann Lee - Shop Primary", "Ann Lee", "primary"),
        ("SUMMARY:On Call - Ann Lee - Shop Secondary", "Ann Lee", "secondary"),
        ("SUMMARY:[L1] ann", "ann", "primary"),
        ("SUMMARY:[L2] ann", "ann", "secondary"),
        ("SUMMARY:[L4] ann", "ann", "level 4"),
        ("SUMMARY:backup pager\nATTENDEE;CN=Ann Lee:mailto:ann@example.org", "Ann Lee", "secondary"),
        ("SUMMARY:pager\nATTENDEE:mailto:ann@example.org", "ann@example.org", "primary"),
        ("SUMMARY:Ann Lee\nCATEGORIES:Shadow", "Ann Lee", "shadow"),
    ],
)
def test_person_and_layer_are_read_from_what_tools_write(tmp_path, event, person, layer):
    path = ics(tmp_path, f"{event}\nDTSTART:20261019T090000Z\nDTEND:20261026T090000Z")
    assert tuples(shift_calendar(path).shifts) == [(person, layer, at(2026, 10, 19, 9), at(2026, 10, 26, 9))]


def test_an_event_without_a_certain_time_is_put_aside_until_a_zone_is_given(tmp_path):
    path = ics(
        tmp_path,
        "SUMMARY:Ann\nDTSTART:20261019T090000\nDTEND:20261020T090000",
        "SUMMARY:Ben\nDTSTART;VALUE=DATE:20261020\nDTEND;VALUE=DATE:20261021",
    )
    found = shift_calendar(path)
    assert found.shifts == () and len(found.left_out) == 2 and "--zone" in found.left_out[0]
    assert tuples(shift_calendar(path, zone_name="Europe/Paris").shifts) == [
        ("Ann", "primary", at(2026, 10, 19, 7), at(2026, 10, 20, 7)),
        ("Ben", "primary", at(2026, 10, 19, 22), at(2026, 10, 20, 22)),
    ]


def test_cancelled_events_are_no_shifts_and_changed_ones_count_once(tmp_path):
    path = ics(
        tmp_path,
        "SUMMARY:Ann\nSTATUS:CANCELLED\nDTSTART:20261019T090000Z\nDTEND:20261020T090000Z",
        "SUMMARY:Ben\nDTSTART:20261019T090000Z\nDTEND:20261020T090000Z\nRRULE:FREQ=DAILY;COUNT=2",
    )
    text = path.read_text().replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261020T090000Z\nSUMMARY:Cleo\nDTSTART:20261020T090000Z\n"
        "DTEND:20261021T090000Z\nEND:VEVENT\nEND:VCALENDAR",
    )
    path.write_text(text)
    assert [s.person for s in shift_calendar(path).shifts] == ["Ben", "Cleo"]


def test_times_in_utc_are_held_against_the_calendars_own_clock(tmp_path):
    path = ics(
        tmp_path,
        "SUMMARY:Ann\nDTSTART:20261018T010000Z\nDTEND:20261025T013000Z",
        "SUMMARY:Ben\nDTSTART:20261025T013000Z\nDTEND:20261101T010000Z",
        head="X-WR-TIMEZONE:Europe/London\n",
    )
    found = shift_calendar(path)
    assert found.shifts[0].end == found.shifts[1].start == at(2026, 10, 25, 1, 30)
    assert [f.text for f in audit(found).findings if f.rule == "clock"] == [
        "2026-10-25 01:30 is shown twice in Europe/London"
    ]


def test_what_is_no_calendar_is_refused(tmp_path):
    path = tmp_path / "c.ics"
    path.write_text("hello")
    with pytest.raises(DataError, match="not an iCalendar"):
        shift_calendar(path)
    with pytest.raises(ParameterError, match="cannot be read"):
        shift_calendar(tmp_path / "none.ics")
    with pytest.raises(DataError):
        shift_calendar(ics(tmp_path, "SUMMARY:Ann\nDTSTART:20261019T090000Z\nDTEND:20261020T090000Z\nRRULE:FREQ=NO"))
