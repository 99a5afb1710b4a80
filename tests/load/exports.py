"""Exports of incidents, a maker for each tool's record, and how a test reads one back."""

import json
from datetime import UTC, datetime, timedelta

from sre_kit.load.incident_logs import incident_log

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = 60

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


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(tmp_path, text, name="export.json", **kw):
    (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return incident_log(tmp_path / name, as_of=AS_OF, **kw)


T0 = int(at("2026-05-01T00:00").timestamp())


def pagerduty(number, **kw):
    return {
        "id": f"PT{number}", "type": "incident", "incident_number": number, "title": "The API is slow",
        "created_at": "2026-01-06T10:00:00Z", "status": "resolved", "last_status_change_at": "2026-01-06T10:38:14Z",
        "last_status_change_by": {"type": "user_reference", "summary": "Ann"}, "acknowledgements": [],
        "urgency": "high", "priority": {"type": "priority", "summary": "P2"}, "service": {"summary": "API"},
        "resolve_reason": None, **kw,
    }  # fmt: skip


def opsgenie(tiny, **kw):
    return {
        "id": "8418d193-2dab-4490-b331-8c02cdd196b7", "tinyId": str(tiny), "message": "DB down", "status": "closed",
        "acknowledged": True, "createdAt": "2026-02-01T08:00:00.5Z", "priority": "P3", "owner": "ann@x.example",
        "report": {"ackTime": 90500, "closeTime": 1800000, "acknowledgedBy": "bob@x.example", "closedBy": "bob"}, **kw,
    }  # fmt: skip


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


def series(name, steps, value="1", **labels):
    values = [[T0 + STEP * n, str(value)] for n in steps]
    return {
        "metric": {"__name__": name, "alertname": "Slow", "severity": "page", "job": "shop", **labels},
        "values": values,
    }


def matrix(*found):
    return {"status": "success", "data": {"resultType": "matrix", "result": list(found)}}


def issue(number, *labels, **kw):
    return {
        "number": number, "title": "Checkout fails", "state": "closed", "state_reason": "completed",
        "created_at": "2026-07-01T10:00:00Z", "closed_at": "2026-07-01T12:00:00Z", "comments": 3,
        "labels": [{"name": label} for label in labels], "assignees": [{"login": "ann"}], **kw,
    }  # fmt: skip
