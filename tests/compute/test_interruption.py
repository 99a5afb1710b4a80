"""When people are told, on whose clock, and how soon they answer."""

from datetime import UTC, datetime, timedelta

from sre_kit import show
from sre_kit.compute.incidents import AUTO_RESOLVED, Incident
from sre_kit.compute.oncall.interruption import interruption_load
from sre_kit.compute.oncall.plan import Person
from sre_kit.show.oncall.shifts import HOURS_A_WEEK

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(hour, wait=None, **kw):
    at = MONDAY + hour * HOUR
    return Incident(str(hour), "", at, detected=at, acknowledged=wait and at + timedelta(minutes=wait), **kw)


def counts(found):
    return {one.hours: one.count for one in found}


def test_incidents_are_counted_by_the_hours_they_fall_into():
    assert counts(interruption_load([told(h) for h in (3, 9, 10, 19)], [], "UTC")) == {"work": 2, "off": 1, "night": 1}
    assert counts(interruption_load([told(h) for h in range(168)], [], "UTC")) == HOURS_A_WEEK


def test_the_clock_is_the_responders_where_the_roster_knows_one():
    """20:00 UTC is evening in London and 05:00 of the next day in Tokyo."""
    people = [Person("Ken", zone="Asia/Tokyo")]
    found = interruption_load([told(20, responder="Ken"), told(20, responder="Somebody")], people, "Europe/London")
    assert counts(found) == {"work": 0, "off": 1, "night": 1}
    assert sum(one.own_clock for one in found) == 1


def test_the_wait_is_from_alert_to_acknowledgement_and_leaves_out_what_closed_itself():
    waits = [told(10, minutes) for minutes in (2, 4, 6, 8, 10)]
    found = interruption_load([*waits, told(11, 300, flags=(AUTO_RESOLVED,)), told(12)], [], "UTC")[0]
    assert (found.count, found.acknowledged, found.median) == (7, 5, 6)
    assert found.interval.low <= 6 <= found.interval.high
    text = show.interruptions([found], "UTC").markdown()
    assert "6 min (" in text and "n = 5" in text


def test_fewer_than_five_waits_give_no_median():
    text = show.interruptions(interruption_load([told(10, 5)], [], "UTC"), "UTC").markdown()
    assert "n = 1, too few" in text
