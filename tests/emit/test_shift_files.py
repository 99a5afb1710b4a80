"""The rota as JSON and CSV: the same shifts as the plan, and nothing that a spreadsheet would run."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.emit import shift_tables

AS_OF = datetime(2026, 11, 2, 10, tzinfo=UTC)
PEOPLE = ['Ann, "the" one', "=HYPERLINK(1)"]
ONCALL = OnCall(
    people=[Person(name) for name in PEOPLE],
    rotations=[Rotation("team", PEOPLE, date(2026, 11, 2))],
    absences=[Absence(name, AS_OF + timedelta(days=15), AS_OF + timedelta(days=16)) for name in PEOPLE],
)
PLAN = schedule(ONCALL, AS_OF, timedelta(weeks=4))
FILES = shift_tables(PLAN, "Shop")


def test_json_has_every_shift_and_what_stays_open():
    document = json.loads(FILES["oncall.json"])
    assert [(s["person"], s["start"], s["hours"]) for s in document["shifts"]] == [
        (s.person, s.start.strftime("%Y-%m-%dT%H:%M:%SZ"), 168) for s in PLAN.shifts
    ]
    assert [one["start"] for one in document["open"]] == ["2026-11-16T10:00:00Z"]
    assert "is absent" in document["open"][0]["reason"]


def test_csv_reads_back_row_for_row_and_holds_no_formula():
    rows = list(csv.DictReader(io.StringIO(FILES["oncall.csv"])))
    assert [row["person"] for row in rows] == ['Ann, "the" one', "'=HYPERLINK(1)", "'=HYPERLINK(1)"]
    assert [(row["start"], row["end"]) for row in rows] == [
        (f"{s.start:%Y-%m-%dT%H:%M:%SZ}", f"{s.end:%Y-%m-%dT%H:%M:%SZ}") for s in PLAN.shifts
    ]
