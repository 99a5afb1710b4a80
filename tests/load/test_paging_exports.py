"""PagerDuty and Opsgenie, in their own shapes, with the traps that their users fall into."""

from datetime import timedelta

from sre_kit.compute.incidents import AUTO_RESOLVED, BEGAN_WITH_ALERT
from tests.load.exports import MINUTE, at, opsgenie, pagerduty, read


def test_pagerduty_ends_with_its_last_status_only_where_that_is_resolved(tmp_path):
    acked = [{"at": "2026-01-06T10:04:00Z", "acknowledger": {"type": "user_reference", "summary": "Bob"}}]
    open_one = pagerduty(2, status="acknowledged", acknowledgements=acked, priority=None)
    log = read(tmp_path, {"incidents": [pagerduty(1), open_one], "limit": 25, "offset": 0, "more": False})
    done, running = log.incidents
    assert log.format == "PagerDuty REST v2"
    assert (done.id, done.impact, done.services, done.responder) == ("1", "P2", ("API",), "Ann")
    assert done.resolved == at("2026-01-06T10:38:14") and done.acknowledged is None
    assert running.open and running.acknowledged - running.began == 4 * MINUTE
    assert (running.impact, running.responder) == ("high", "Bob")
    assert BEGAN_WITH_ALERT in done.flags and done.detected == done.began


def test_pagerduty_incidents_merged_into_another_are_put_aside_with_its_name(tmp_path):
    reason = {"type": "merge_resolve_reason", "incident": {"id": "PX", "summary": "[#1] The API is slow"}}
    log = read(tmp_path, [pagerduty(1), pagerduty(2, resolve_reason=reason)])
    assert [i.id for i in log.incidents] == ["1"]
    assert log.quarantine[0].reason == "merged into [#1] The API is slow, which counts it"


def test_pagerduty_says_when_nobody_but_the_tool_resolved_it(tmp_path):
    by_service = pagerduty(1, last_status_change_by={"type": "service_reference", "summary": "API"})
    assert AUTO_RESOLVED in read(tmp_path, [by_service]).incidents[0].flags


def test_pagerduty_analytics_reads_seconds_and_the_zone_of_the_whole_answer(tmp_path):
    row = {
        "id": "P1", "incident_number": 7, "description": "Slow", "created_at": "2026-01-08T15:36:37",
        "resolved_at": None, "seconds_to_first_ack": 42, "seconds_to_resolve": 195, "seconds_to_engage": None,
        "auto_resolved": False, "priority_name": "P1", "service_name": "API", "status": "resolved",
        "acknowledged_user_names": ["Ann", "Bob"],
    }  # fmt: skip
    log = read(tmp_path, {"data": [row, {**row, "incident_number": 8, "auto_resolved": True}], "time_zone": "Etc/UTC"})
    first, second = log.incidents
    assert log.format == "PagerDuty Analytics"
    assert first.began == at("2026-01-08T15:36:37")
    assert (first.acknowledged - first.detected, first.duration) == (timedelta(seconds=42), timedelta(seconds=195))
    assert (first.responder, first.services) == ("Ann", ("API",))
    assert AUTO_RESOLVED in second.flags and AUTO_RESOLVED not in first.flags
    assert "times without a zone are read in Etc/UTC" in first.flags


def test_pagerduty_analytics_csv_without_a_zone_is_put_aside_unless_one_is_set(tmp_path):
    text = "Incident Number,Created On,Resolved On,Seconds To First Ack,Seconds To Resolve,Auto Resolved\n"
    text += "7,2026-01-08 15:36:37,2026-01-08 15:39:52,,195,true\n"
    assert "has no zone" in read(tmp_path, text, "report.csv").quarantine[0].reason
    found = read(tmp_path, text, "report.csv", zone="America/New_York").incidents[0]
    assert found.began == at("2026-01-08T20:36:37") and found.acknowledged is None


def test_opsgenie_milliseconds_are_lengths_not_times(tmp_path):
    log = read(tmp_path, {"data": [opsgenie(1), opsgenie(2, status="open", report={"ackTime": 0, "closeTime": 0})]})
    done, running = log.incidents
    assert log.format == "Opsgenie"
    assert done.acknowledged - done.detected == timedelta(seconds=90.5)
    assert (done.duration, done.impact, done.responder) == (30 * MINUTE, "P3", "bob@x.example")
    assert running.open and running.acknowledged is None


def test_opsgenie_closed_without_a_time_is_put_aside_not_left_open(tmp_path):
    log = read(tmp_path, {"data": [opsgenie(1), opsgenie(2, report={"ackTime": 5})]})
    assert log.quarantine[0].reason == "it is over, but the record does not say since when"
