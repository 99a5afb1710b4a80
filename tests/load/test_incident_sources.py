"""Each tool's export, in its own shape, with the traps that its users fall into."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.compute.incidents import AUTO_RESOLVED, BEGAN_WITH_ALERT
from sre_kit.load.incident_logs import incident_log

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(tmp_path, text, name="export.json", **kw):
    (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return incident_log(tmp_path / name, as_of=AS_OF, **kw)


def pagerduty(number, **kw):
    return {
        "id": f"PT{number}", "type": "incident", "incident_number": number, "title": "The API is slow",
        "created_at": "2026-01-06T10:00:00Z", "status": "resolved", "last_status_change_at": "2026-01-06T10:38:14Z",
        "last_status_change_by": {"type": "user_reference", "summary": "Ann"}, "acknowledgements": [],
        "urgency": "high", "priority": {"type": "priority", "summary": "P2"}, "service": {"summary": "API"},
        "resolve_reason": None, **kw,
    }  # fmt: skip


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


def opsgenie(tiny, **kw):
    return {
        "id": "8418d193-2dab-4490-b331-8c02cdd196b7", "tinyId": str(tiny), "message": "DB down", "status": "closed",
        "acknowledged": True, "createdAt": "2026-02-01T08:00:00.5Z", "priority": "P3", "owner": "ann@x.example",
        "report": {"ackTime": 90500, "closeTime": 1800000, "acknowledgedBy": "bob@x.example", "closedBy": "bob"}, **kw,
    }  # fmt: skip


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


def statuspage(name, **kw):
    return {
        "id": name, "name": name, "impact": "minor", "status": "resolved", "created_at": "2026-03-01T10:00:00-06:00",
        "started_at": "2026-03-01T09:50:00-06:00", "monitoring_at": "2026-03-01T10:20:00-06:00",
        "resolved_at": "2026-03-01T11:00:00-06:00", "shortlink": f"https://stspg.example/{name}",
        "components": [{"name": "API", "status": "operational"}],
        "incident_updates": [
            {"status": "resolved", "body": "Fixed.", "display_at": "2026-03-01T11:00:00-06:00"},
            {"status": "investigating", "body": "We look.", "display_at": "2026-03-01T10:00:00-06:00"},
        ], **kw,
    }  # fmt: skip


def test_statuspage_separates_maintenance_and_reads_local_offsets(tmp_path):
    planned = statuspage("m", impact="maintenance", scheduled_for="2026-03-02T02:00:00-06:00", status="completed",
                         monitoring_at=None, resolved_at="2026-03-02T04:00:00-06:00")  # fmt: skip
    page = {
        "page": {"id": "x", "time_zone": "Etc/UTC"},
        "components": [{"id": "c", "name": "API"}],
        "incidents": [statuspage("a"), statuspage("n", impact="none")],
        "scheduled_maintenances": [planned],
    }
    log = read(tmp_path, page)
    assert log.format == "Statuspage v2"
    assert [i.id for i in (*log.incidents, *log.maintenance, *log.others)] == ["a", "m", "n"]
    one = log.incidents[0]
    assert (one.began, one.mitigated - one.began, one.services) == (at("2026-03-01T15:50"), 30 * MINUTE, ("API",))
    assert [(h.at, h.type, h.text) for h in one.timeline] == [
        (at("2026-03-01T16:00"), "investigating", "We look."), (at("2026-03-01T17:00"), "resolved", "Fixed."),
    ]  # fmt: skip
    assert log.maintenance[0].began == at("2026-03-02T08:00")


def test_statuspage_links_the_postmortem_where_an_update_is_one(tmp_path):
    updates = [{"status": "postmortem", "body": "Long text", "display_at": "2026-03-04T11:00:00Z"}]
    found = read(tmp_path, [statuspage("a", status="postmortem", incident_updates=updates)]).incidents[0]
    assert found.postmortem == "https://stspg.example/a"


CSTATE = """---
title: Cluster launches disrupted
date: 2026-06-10 10:57:00
resolved: {resolved}
{when}# Possible severity levels: down, disrupted, notice
severity: {severity}
affected:
  - Compute/LON1
  - Storage/LON1
section: issue
---

We have implemented a fix.
"""


def cstate(tmp_path, name, resolved="yes", when="2026-06-10 16:57:25", severity="down"):
    line = f"resolvedWhen: {when}\n" if when else ""
    (tmp_path / name).write_text(CSTATE.format(resolved=resolved, when=line, severity=severity), encoding="utf-8")


def test_cstate_folders_are_read_file_by_file(tmp_path):
    cstate(tmp_path, "2026-06-10-launch.md")
    cstate(tmp_path, "b-open.md", resolved="false", when="")
    cstate(tmp_path, "c-contradiction.md", resolved="false")
    cstate(tmp_path, "d-negative.md", when="2026-05-10 12:00:00")
    cstate(tmp_path, "e-notice.md", severity="notice")
    cstate(tmp_path, "f-no-end.md", when="")
    (tmp_path / "_index.md").write_text("# Issues\n", encoding="utf-8")
    log = incident_log(tmp_path, as_of=AS_OF, zone="Europe/London")
    assert (log.format, log.rows) == ("cState", 6)
    first, still = log.incidents
    assert (first.id, first.began) == ("2026-06-10-launch", at("2026-06-10T09:57"))
    assert first.services == ("Compute/LON1", "Storage/LON1")
    assert still.open and [i.id for i in log.others] == ["e-notice"]
    assert {q.id: q.reason for q in log.quarantine} == {
        "c-contradiction": "it says that it is not resolved, and that it was resolved on 2026-06-10 16:57:25",
        "d-negative": "resolved 2026-05-10 11:00Z lies before began 2026-06-10 09:57Z",
        "f-no-end": "it is over, but the record does not say since when",
    }


def test_cstate_times_without_a_zone_are_put_aside_unless_one_is_set(tmp_path):
    cstate(tmp_path, "one.md")
    log = incident_log(tmp_path / "one.md", as_of=AS_OF)
    assert "date '2026-06-10 10:57:00' has no zone" not in log.gap and "has no zone" in log.quarantine[0].reason


def test_google_incidents_without_an_end_are_open(tmp_path):
    row = {
        "id": "rZv", "number": "123", "begin": "2026-03-10T14:00:00+00:00", "end": "2026-03-10T15:30:00+00:00",
        "created": "2026-03-10T14:26:17+00:00", "external_desc": "Retry errors for BigQuery\nmore text",
        "severity": "medium", "status_impact": "SERVICE_DISRUPTION", "service_name": "Google BigQuery",
        "affected_products": [{"title": "Google BigQuery", "id": "9C"}, {"title": "Dataflow", "id": "T9"}],
        "updates": [{"when": "2026-03-10T14:26:17+00:00", "text": "We investigate.", "status": "SERVICE_DISRUPTION"}],
    }  # fmt: skip
    log = read(tmp_path, [row, {**row, "id": "abc", "end": ""}])
    done, running = log.incidents if log.incidents[0].id == "rZv" else reversed(log.incidents)
    assert log.format == "Google Cloud status"
    assert (done.title, done.impact, done.duration) == ("Retry errors for BigQuery", "medium", 90 * MINUTE)
    assert done.services == ("Google BigQuery", "Dataflow") and done.timeline[0].text == "We investigate."
    assert running.open


def alert(status, began, ended="0001-01-01T00:00:00Z", fingerprint="aaaaaaaaaaaaaaaa", name="HighErrors"):
    return {
        "status": status, "labels": {"alertname": name, "severity": "critical", "service": "shop"},
        "annotations": {"summary": "Too many errors"}, "startsAt": began, "endsAt": ended, "fingerprint": fingerprint,
    }  # fmt: skip


def webhooks(*alerts, truncated=0):
    return "\n".join(
        json.dumps(
            {"version": "4", "groupKey": '{}:{alertname="x"}', "truncatedAlerts": truncated, "status": one["status"],
             "receiver": "log", "groupLabels": {}, "commonLabels": {}, "externalURL": "http://x", "alerts": [one]}
        )
        for one in alerts
    )  # fmt: skip


def test_alertmanager_repeats_are_one_incident_and_the_year_1_is_open(tmp_path):
    first = alert("firing", "2026-04-01T10:00:00Z")
    log = read(
        tmp_path,
        webhooks(
            first, first, alert("resolved", "2026-04-01T10:00:00Z", "2026-04-01T10:30:00Z"),
            alert("firing", "2026-04-02T10:00:00Z", fingerprint="bbbbbbbbbbbbbbbb"),
        ),
        "hooks.jsonl",
    )  # fmt: skip
    assert log.format == "Alertmanager"
    assert [(i.duration, i.impact, i.services) for i in log.incidents] == [
        (30 * MINUTE, "critical", ("shop",)), (None, "critical", ("shop",)),
    ]  # fmt: skip
    assert log.incidents[0].detected_by == "alert HighErrors"


def test_alertmanager_flapping_is_merged_within_five_minutes_and_says_so(tmp_path):
    log = read(
        tmp_path,
        webhooks(
            alert("resolved", "2026-04-01T10:00:00Z", "2026-04-01T10:10:00Z"),
            alert("resolved", "2026-04-01T10:14:00Z", "2026-04-01T10:20:00Z"),
            alert("resolved", "2026-04-01T10:26:00Z", "2026-04-01T10:30:00Z"),
        ),
        "hooks.jsonl",
    )
    assert [i.duration for i in log.incidents] == [20 * MINUTE, 4 * MINUTE]
    assert "2 firings at most 5 min apart are one" in log.incidents[0].flags


def test_alertmanager_without_resolved_messages_does_not_leave_old_firings_open(tmp_path):
    text = webhooks(alert("firing", "2026-04-01T10:00:00Z"), alert("firing", "2026-04-03T10:00:00Z"))
    log = read(tmp_path, text, "hooks.jsonl")
    assert [i.began.day for i in log.incidents] == [3]
    assert log.quarantine[0].reason == "no message says when it ended, and it fired again at 2026-04-03 10:00Z"


def test_alertmanager_says_when_the_sender_cut_alerts_off(tmp_path):
    log = read(tmp_path, webhooks(alert("firing", "2026-04-01T10:00:00Z"), truncated=3), "hooks.jsonl")
    assert log.quarantine[0].reason == "3 alerts of this notification were cut off by the sender"


def test_alerts_of_the_alertmanager_api_are_open_while_active(tmp_path):
    active = alert("", "2026-04-01T10:00:00.5Z", "2026-04-01T10:05:00Z") | {"status": {"state": "active"}}
    assert read(tmp_path, [active]).incidents[0].open


STEP = 60
T0 = int(at("2026-05-01T00:00").timestamp())


def series(name, steps, value="1", **labels):
    values = [[T0 + STEP * n, str(value)] for n in steps]
    return {
        "metric": {"__name__": name, "alertname": "Slow", "severity": "page", "job": "shop", **labels},
        "values": values,
    }


def matrix(*found):
    return {"status": "success", "data": {"resultType": "matrix", "result": list(found)}}


def test_prometheus_runs_of_samples_are_firings_with_the_time_since_the_condition_held(tmp_path):
    since = T0 + 5 * STEP
    log = read(
        tmp_path,
        matrix(
            series("ALERTS", range(5, 10), alertstate="pending"),
            series("ALERTS", range(10, 40), alertstate="firing"),
            series("ALERTS_FOR_STATE", range(5, 40), since),
            series("up", range(100)),
        ),
    )
    found = log.incidents[0]
    assert log.format == "Prometheus ALERTS" and len(log.incidents) == 1
    assert (found.began, found.detected - found.began) == (at("2026-05-01T00:05"), 5 * MINUTE)
    assert found.resolved - found.detected == 30 * MINUTE  # 30 samples, ended when the next was missing
    assert found.services == ("shop",) and found.flags == ("times to within 60 s",)


def test_prometheus_restarts_of_up_to_five_minutes_do_not_split_an_alert(tmp_path):
    gone = [n for n in range(10, 60) if not 20 <= n < 24]
    log = read(tmp_path, matrix(series("ALERTS", gone, alertstate="firing"), series("up", range(100))))
    assert [i.duration for i in log.incidents] == [50 * MINUTE]
    longer = [n for n in range(10, 60) if not 20 <= n < 30]
    log = read(tmp_path, matrix(series("ALERTS", longer, alertstate="firing"), series("up", range(100))))
    assert [i.duration for i in log.incidents] == [10 * MINUTE, 30 * MINUTE]
    assert all(BEGAN_WITH_ALERT in i.flags for i in log.incidents)


def test_prometheus_alerts_that_reach_an_edge_of_the_history_say_so(tmp_path):
    log = read(tmp_path, matrix(series("ALERTS", range(100), alertstate="firing"), series("up", range(100))))
    assert log.incidents[0].open and "it fired already when the history begins" in log.incidents[0].flags


def test_prometheus_series_of_one_alert_are_told_apart(tmp_path):
    a = series("ALERTS", range(10, 20), alertstate="firing", instance="a")
    b = series("ALERTS", range(10, 20), alertstate="firing", instance="b")
    log = read(tmp_path, matrix(a, b, series("up", range(100))))
    assert len({i.id for i in log.incidents}) == 2 and log.quarantine == ()


def issue(number, *labels, **kw):
    return {
        "number": number, "title": "Checkout fails", "state": "closed", "state_reason": "completed",
        "created_at": "2026-07-01T10:00:00Z", "closed_at": "2026-07-01T12:00:00Z", "comments": 3,
        "labels": [{"name": label} for label in labels], "assignees": [{"login": "ann"}], **kw,
    }  # fmt: skip


def test_github_issues_are_incidents_where_a_label_says_so(tmp_path):
    reopened = issue(3, "incident", state="open", state_reason="reopened", closed_at=None)
    log = read(
        tmp_path,
        [
            issue(1, "sev/1", "service/checkout"), issue(2, "P2"), reopened, issue(4, "enhancement"),
            issue(5, "incident", state_reason="not_planned"), issue(6, "incident", pull_request={"url": "x"}),
            issue(7, "incident", "drill"),
        ],
    )  # fmt: skip
    assert log.format == "GitHub issues"
    assert [(i.id, i.impact, i.open) for i in log.incidents] == [
        ("#1", "sev1", False),
        ("#2", "P2", False),
        ("#3", "", True),
    ]
    assert log.incidents[0].services == ("checkout",) and log.incidents[0].responder == "ann"
    assert log.incidents[0].flags == ("the end is the issue's closing, not the service's return",)
    assert [i.id for i in log.others] == ["#7"]
    assert [q.reason for q in log.quarantine] == [
        "no label says that this issue is an incident", "closed as not planned", "a pull request, not an incident",
    ]  # fmt: skip


def test_github_issues_as_its_command_line_writes_them(tmp_path):
    row = {"number": 9, "title": "Down", "state": "CLOSED", "stateReason": "COMPLETED", "labels": [{"name": "sev2"}],
           "createdAt": "2026-07-01T10:00:00Z", "closedAt": "2026-07-01T11:00:00Z", "assignees": []}  # fmt: skip
    assert read(tmp_path, [row]).incidents[0].duration == 60 * MINUTE


INCIDENT_LOG_PAGE = """---
title: Incident Log
---

# Incident Log

All times are in Europe/London.

### Incident on 2026-07-17 - Replay quota used up

- **Key events**
  - First detected: 2026-07-16 09:21
  - Repaired: 2026-07-16 15.45
  - Resolved: TBC

- **Time to repair**: 6h 24m
- **Time to resolve**: TBC

### Incident on 2026-08-02 - Ingress down

- **Key events**
  - First detected 2026-08-02 10:00
  - Incident start: 2026-08-02 09:50
  - Resolved: 2026-08-02 11:30

- **Time to resolve**: 2 hours
"""


def test_a_log_page_with_one_heading_an_incident(tmp_path):
    log = read(tmp_path, INCIDENT_LOG_PAGE, "log.md")
    first, second = log.incidents
    assert log.format == "post-mortem pages"
    assert (first.title, first.origin) == ("Replay quota used up", "log.md:9")
    assert (first.began, first.mitigated - first.began) == (at("2026-07-16T08:21"), timedelta(hours=6, minutes=24))
    assert first.open and first.stated_minutes == 384
    assert "the beginning is when it was detected" in first.flags
    assert (second.duration, second.stated_minutes) == (100 * MINUTE, 120)
    assert second.detected - second.began == 10 * MINUTE
    assert "times without a zone are read in Europe/London" in second.flags


PAGE = """---
id: INC-42
severity: SEV1
date: 2026-09-03
services: [checkout, search]
---

# Connections exhausted

**Duration:** about 45 minutes

## Timeline (UTC)

| Time | Event |
|------|-------|
| 10:40 | Pool raised, errors stop |
| 10:05 | Alert fires |
| 10:00 | First errors |
| ? | Somebody asks |

## Action items

| Action | Owner | Due | Type | Priority | Ticket | Status |
|--------|-------|-----|------|----------|--------|--------|
| Alert before it is full | Ann | 2026-10-01 | Detection | high | SHOP-1 | open |
| Add a pooler | Bob | N/A | prevention | | | Done |
"""


def test_a_timeline_out_of_order_gives_beginning_and_end_and_the_record_says_so(tmp_path):
    found = read(tmp_path, PAGE, "page.md").incidents[0]
    assert (found.id, found.title, found.impact) == ("INC-42", "Connections exhausted", "SEV1")
    assert (found.began, found.duration, found.stated_minutes) == (at("2026-09-03T10:00"), 40 * MINUTE, 45)
    assert "from the first and last row of its timeline: began and resolved" in found.flags
    assert [h.text for h in found.timeline] == ["First errors", "Alert fires", "Pool raised, errors stop"]
    assert found.postmortem == "page.md"


def test_action_items_of_a_page_keep_what_is_missing_missing(tmp_path):
    first, second = read(tmp_path, PAGE, "page.md").incidents[0].actions
    assert (first.owner, first.due, first.type, first.priority, first.ticket) == (
        "Ann", date(2026, 10, 1), "detect", "high", "SHOP-1",
    )  # fmt: skip
    assert (second.due, second.type, second.closed, second.done) == (None, "prevent", True, None)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2026-09-03 10:00 PST", "is no ISO 8601 time"),
        ("2026-09-03 10:00", "has no zone"),
        ("N/A", "neither when it began"),
    ],
)
def test_a_page_whose_times_cannot_be_trusted_is_put_aside(tmp_path, start, reason):
    log = read(tmp_path, f"# Outage\n\n- Start: {start}\n- End: 2026-09-03 11:00 UTC\n", "page.md")
    assert log.incidents == () and reason in log.quarantine[0].reason


def test_a_table_of_two_columns_is_a_record(tmp_path):
    text = "# Outage\n\n| Field | Value |\n|---|---|\n| Start time (UTC) | 2026-09-03 10:00 UTC |\n"
    text += "| End time | 2026-09-03 11:00Z |\n| Severity | SEV2 |\n| Services affected | a, b |\n"
    found = read(tmp_path, text, "page.md").incidents[0]
    assert (found.duration, found.impact, found.services) == (60 * MINUTE, "SEV2", ("a", "b"))


def test_a_folder_may_mix_tools_and_an_incident_counts_once(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([pagerduty(1)]), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps([pagerduty(1), pagerduty(2)]), encoding="utf-8")
    (tmp_path / "c.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    log = incident_log(tmp_path, as_of=AS_OF)
    assert log.format == "PagerDuty REST v2, post-mortem pages"
    assert [i.id for i in log.incidents] == ["1", "2", "INC-42"]
    assert [(q.origin, q.id) for q in log.quarantine] == [("b.json#1", "1")]


def test_a_heading_inside_a_cell_does_not_make_a_table_a_page(tmp_path):
    text = 'id,start,end,description\n1,2026-01-01T00:00Z,2026-01-01T01:00Z,"long\n# text, with a heading"\n'
    log = read(tmp_path, text, "x.csv")
    assert (log.format, log.incidents[0].duration) == ("table", 60 * MINUTE)


def test_pages_from_windows_are_read_alike(tmp_path):
    (tmp_path / "page.md").write_bytes(PAGE.replace("\n", "\r\n").encode())
    found = incident_log(tmp_path / "page.md", as_of=AS_OF).incidents[0]
    assert (found.title, found.duration, len(found.actions)) == ("Connections exhausted", 40 * MINUTE, 2)


def test_an_empty_folder_is_a_gap(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "the folder empty holds no .json" in incident_log(tmp_path / "empty", as_of=AS_OF).gap


def test_front_matter_that_is_no_yaml_is_put_aside(tmp_path):
    log = read(tmp_path, "---\ntitle: [a\n---\n# x\n", "page.md")
    assert log.quarantine[0].reason.startswith("the front matter is not YAML")


def test_a_first_line_that_is_broken_does_not_hide_the_others(tmp_path):
    text = '{"id": "1", "began":\n{"id": "2", "began": "2026-01-01T00:00Z"}\n'
    log = read(tmp_path, text, "log.jsonl")
    assert [i.id for i in log.incidents] == ["2"] and len(log.quarantine) == 1


WORDS = st.sampled_from(
    [
        "", "SEV1", "maintenance", "none", "closed", "resolved", "2026-01-01T00:00Z", "2026-01-02 10:00", "x",
        "2027-01-01T00:00Z", "N/A", "12.5", "0001-01-01T00:00:00Z", None, True, 7, 1_767_225_600, [], ["a"],
        {"summary": "x"}, [{"name": "y"}], [None], {"state": 3}, -1e300, "9" * 400,
    ]
)  # fmt: skip
SAMPLES = [
    pagerduty(1), opsgenie(1), statuspage("a"), issue(1, "sev1"), alert("firing", "2026-04-01T10:00:00Z"),
    json.loads(webhooks(alert("firing", "2026-04-01T10:00:00Z"))),
    matrix(series("ALERTS", range(3), alertstate="firing")),
    {"id": "g", "external_desc": "x", "begin": "2026-03-10T14:00:00+00:00", "end": "", "severity": "low"},
    {"id": "t", "began": "2026-03-10T14:00:00Z", "resolved": "2026-03-10T15:00:00Z", "actions": [{"text": "a"}]},
    {"incident_number": 7, "created_at": "2026-01-08T15:36:37", "seconds_to_first_ack": 42, "seconds_to_resolve": 195},
]  # fmt: skip


@st.composite
def damaged(draw):
    """A record of one of the tools with some of its values replaced by others'."""
    row = dict(draw(st.sampled_from(SAMPLES)))
    for key in draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
        row[key] = draw(WORDS)
    return row


@settings(max_examples=400)
@given(st.lists(damaged(), min_size=1, max_size=4), st.booleans())
def test_every_row_is_accounted_for_whatever_it_holds(tmp_path_factory, rows, lines):
    """Nothing is dropped and nothing raises: used + maintenance + others + put aside + later than the report."""
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows), encoding="utf-8")
    log = incident_log(path, as_of=AS_OF)
    counted = (*log.incidents, *log.maintenance, *log.others, *log.quarantine)
    assert log.rows == len(counted) + log.later_than_as_of
    assert all(q.reason and q.origin for q in log.quarantine)


@given(st.text(st.sampled_from("-#|:*\n 0123456789ZUTCabStartEnd@.\\`é"), max_size=300))
def test_no_page_raises(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("page") / "page.md"
    path.write_text("# Outage\n\n" + text, encoding="utf-8")
    log = incident_log(path, as_of=AS_OF)
    assert log.rows >= 1
