"""Incident logs in the shapes that tools export, and what is put aside."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sre_kit.errors import ParameterError
from sre_kit.load.incident_logs import incident_log
from sre_kit.load.incident_logs.times import stated_minutes
from sre_kit.store.places import demo

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def read(tmp_path, text, name="log.jsonl", **kw):
    path = tmp_path / name
    path.write_text(text if isinstance(text, str) else "\n".join(json.dumps(row) for row in text), encoding="utf-8")
    kw.setdefault("as_of", AS_OF)
    return incident_log(path, **kw)


def test_the_demo_log_is_read_with_its_dirty_rows_in_sight():
    log = incident_log(demo() / "incidents.jsonl", as_of=AS_OF)
    assert (log.rows, len(log.incidents), len(log.maintenance), len(log.others)) == (42, 36, 2, 1)
    assert [q.id for q in log.quarantine] == ["INC-2026-0318", "INC-2026-0610n", "INC-2026-0624"]
    reasons = " / ".join(q.reason for q in log.quarantine)
    assert "lies before" in reasons and "no zone" in reasons and "seen before" in reasons
    assert [i.id for i in log.incidents if i.open] == ["INC-2026-1030"]
    assert log.rows == len(log.incidents) + len(log.maintenance) + len(log.others) + len(log.quarantine)


def test_times_without_a_zone_are_read_in_the_zone_that_is_set(tmp_path):
    rows = [{"id": "1", "start": "2026-07-01 12:00", "end": "2026-07-01 13:00"}]
    assert read(tmp_path, rows).quarantine[0].reason.startswith("start '2026-07-01 12:00' has no zone")
    found = read(tmp_path, rows, zone="Europe/Amsterdam").incidents[0]
    assert found.began == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_the_two_clocks_read_different_columns(tmp_path):
    row = {
        "id": "1", "started_at": "2026-01-01T10:00Z", "resolved_at": "2026-01-01T11:00Z",
        "downtime_start": "2026-01-01T09:30Z", "downtime_end": "2026-01-01T10:30Z",
    }  # fmt: skip
    announced = read(tmp_path, [row], clock="announced")
    felt = read(tmp_path, [row], clock="downtime")
    assert announced.incidents[0].began - felt.incidents[0].began == timedelta(minutes=30)
    assert (announced.columns["began"], felt.columns["began"]) == ("started_at", "downtime_start")
    with pytest.raises(ParameterError, match="allowed: began, announced, downtime"):
        read(tmp_path, [row], clock="felt")


def test_what_lies_after_the_report_is_left_out_and_counted(tmp_path):
    rows = [
        {"id": "1", "began": "2026-10-31T23:00Z", "resolved": "2026-11-01T03:00Z"},
        {"id": "2", "began": "2026-11-02T00:00Z"},
    ]
    log = read(tmp_path, rows)
    assert log.later_than_as_of == 1
    assert log.incidents[0].open and log.incidents[0].flags == ("resolved lies after the report time",)


def test_csv_of_a_paging_tool_gives_lengths_instead_of_times(tmp_path):
    text = "incident_number,created_on,seconds_to_first_ack,seconds_to_resolve,priority,service\n"
    text += "17,2026-01-01T10:00:00+02:00,120,3600,P1,shop\n18,2026-01-02T10:00:00Z,,,P2,shop;search\n"
    first, second = read(tmp_path, text, "incidents.csv").incidents
    assert (first.acknowledged - first.began, first.duration) == (timedelta(minutes=2), timedelta(hours=1))
    assert (first.id, first.impact, second.open, second.services) == ("17", "P1", True, ("shop", "search"))


def test_a_status_page_document_is_read_from_its_list(tmp_path):
    page = {
        "page": {"id": "x"},
        "incidents": [
            {
                "id": "a", "name": "Slow", "impact": "minor", "created_at": "2026-01-01T10:00:00-06:00",
                "monitoring_at": "2026-01-01T10:20:00-06:00", "resolved_at": "2026-01-01T11:00:00-06:00",
                "components": [{"name": "API"}],
            },
            {"id": "b", "name": "Notice", "impact": "none", "created_at": "2026-01-02T10:00:00Z"},
            {"id": "c", "name": "Work", "impact": "maintenance", "created_at": "2026-01-02T10:00:00Z"},
        ],
    }  # fmt: skip
    log = read(tmp_path, json.dumps(page, indent=1), "incidents.json")
    assert [(i.title, i.services) for i in log.incidents] == [("Slow", ("API",))]
    assert log.incidents[0].began == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert log.incidents[0].mitigated - log.incidents[0].began == timedelta(minutes=20)
    assert (len(log.others), len(log.maintenance)) == (1, 1)
    assert len(read(tmp_path, json.dumps(page), "one-line.json").incidents) == 1


def test_a_list_object_without_an_end_takes_the_time_of_its_last_status_if_resolved(tmp_path):
    rows = [
        {
            "id": "1",
            "status": "resolved",
            "created_at": "2026-01-01T10:00Z",
            "last_status_change_at": "2026-01-01T11:00Z",
        },
        {
            "id": "2",
            "status": "acknowledged",
            "created_at": "2026-01-01T10:00Z",
            "last_status_change_at": "2026-01-01T11:00Z",
        },
    ]
    assert [i.open for i in read(tmp_path, json.dumps(rows), "x.json").incidents] == [False, True]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "no record|not a record"),
        ('{"id": "1"}', "no beginning"),
        ('{"id": "1", "began": "yesterday"}', "no ISO 8601 time"),
        ('{"id": "1", "began": "2026-01-02T00:00Z", "resolved": "2026-01-01T00:00Z"}', "lies before"),
        ('{"id": "1", "began": "2026-01-01T01:00Z", "ack_at": "2026-01-01T00:30Z"}', "lies before"),
    ],
)
def test_what_cannot_be_used_is_put_aside_with_its_row_and_reason(tmp_path, row, reason):
    good = '{"id": "9", "began": "2026-01-01T00:00Z"}'
    log = read(tmp_path, f"{good}\n{row}\n")
    assert [i.id for i in log.incidents] == ["9"]
    assert log.quarantine[0].origin == "log.jsonl:2"
    import re

    assert re.search(reason, log.quarantine[0].reason)
    assert log.gap == ""


def test_lines_are_split_at_line_feeds_only(tmp_path):
    row = json.dumps({"id": "1", "title": "a\u2028b", "began": "2026-01-01T00:00Z"}, ensure_ascii=False)
    assert len(read(tmp_path, row).incidents) == 1


def test_a_file_that_cannot_be_read_is_a_gap_not_an_error(tmp_path):
    missing = incident_log(tmp_path / "none.jsonl", as_of=AS_OF)
    assert missing.incidents == () and "none.jsonl cannot be read" in missing.gap
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    assert "not UTF-8 at byte 8" in incident_log(tmp_path / "latin.jsonl", as_of=AS_OF).gap
    assert "holds no rows" in read(tmp_path, "").gap
    assert "its columns are" in read(tmp_path, "a,b\n", "x.csv").gap
    assert "no row of log.jsonl can be used" in read(tmp_path, '{"x": 1}').gap


def test_written_durations_are_read_or_left_alone():
    assert [stated_minutes(t) for t in ("about 45 minutes", "1 h 30 min", "27 h", "15:26", "?", "")] == [
        45, 90, 1620, None, None, None,
    ]  # fmt: skip


def test_load_incidents_can_be_called_twice():
    from sre_kit import load

    assert load.incidents is load.incidents and callable(load.incidents)
