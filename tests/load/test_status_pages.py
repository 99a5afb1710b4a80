"""Status pages (Statuspage, cState, Google Cloud), in their own shapes, with their traps."""

from sre_kit.load.incident_logs import incident_log
from tests.load.exports import AS_OF, MINUTE, at, read, statuspage


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
