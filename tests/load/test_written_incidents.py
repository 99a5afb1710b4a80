"""What people write: GitHub issues, logs and post-mortem pages, with their traps."""

from datetime import date, timedelta

import pytest

from sre_kit.load.incident_logs import incident_log
from tests.load.exports import AS_OF, MINUTE, PAGE, at, issue, read


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


def test_a_heading_inside_a_cell_does_not_make_a_table_a_page(tmp_path):
    text = 'id,start,end,description\n1,2026-01-01T00:00Z,2026-01-01T01:00Z,"long\n# text, with a heading"\n'
    log = read(tmp_path, text, "x.csv")
    assert (log.format, log.incidents[0].duration) == ("table", 60 * MINUTE)


def test_pages_from_windows_are_read_alike(tmp_path):
    (tmp_path / "page.md").write_bytes(PAGE.replace("\n", "\r\n").encode())
    found = incident_log(tmp_path / "page.md", as_of=AS_OF).incidents[0]
    assert (found.title, found.duration, len(found.actions)) == ("Connections exhausted", 40 * MINUTE, 2)


def test_front_matter_that_is_no_yaml_is_put_aside(tmp_path):
    log = read(tmp_path, "---\ntitle: [a\n---\n# x\n", "page.md")
    assert log.quarantine[0].reason.startswith("the front matter is not YAML")
