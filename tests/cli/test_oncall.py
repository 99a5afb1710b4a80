"""``sre-kit oncall``: what is printed, and the exit codes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sre_kit.cli import main
from sre_kit.compute.oncall.plan import Shift
from sre_kit.emit import icalendar_text

START = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def calendar(tmp_path):
    def write(name, *turns):
        shifts = [Shift(who, "primary", START + a * DAY, START + b * DAY) for who, a, b in turns]
        path = tmp_path / name
        path.write_text(icalendar_text(shifts, START, "Shop"), encoding="utf-8", newline="")
        return str(path)

    return write


def test_a_clean_calendar_is_0_and_a_gap_is_1(calendar, capsys):
    clean, broken = calendar("a.ics", ("Ann", 0, 7), ("Ben", 7, 14)), calendar("b.ics", ("Ann", 0, 7), ("Ben", 8, 15))
    assert main(["oncall", "audit", clean]) == 0
    assert "no findings" in capsys.readouterr().out
    assert main(["oncall", "audit", broken]) == 1
    assert "nobody is primary for" in capsys.readouterr().out
    assert main(["oncall", "audit", broken, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(f["rule"], f["start"]) for f in said["findings"]] == [("gap", "2026-11-09T00:00:00+00:00")]


def test_the_difference_names_who_gives_and_who_takes(calendar, capsys):
    a, b = calendar("a.ics", ("Ann", 0, 7), ("Ben", 7, 14)), calendar("b.ics", ("Ann", 0, 6), ("Ben", 6, 14))
    assert main(["oncall", "diff", a, a]) == 0
    capsys.readouterr()
    assert main(["oncall", "diff", a, b, "--json"]) == 1
    people = json.loads(capsys.readouterr().out)["people"]
    assert people == {
        "Ann": {"given_hours": 24, "taken_hours": 0},
        "Ben": {"given_hours": 0, "taken_hours": 24},
    }
    assert main(["oncall", "diff", a, b]) == 1
    assert "1 changes, 2 people" in capsys.readouterr().out


def test_a_calendar_without_shifts_and_a_file_that_is_none_are_refused(calendar, capsys):
    assert main(["oncall", "audit", calendar("empty.ics")]) == 3
    assert main(["oncall", "audit", "no-such-file.ics"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_shifts_are_listed_as_csv_that_no_spreadsheet_runs_and_as_json(calendar, capsys):
    path = calendar("a.ics", ("Ann Lee", 0, 7), ("=1+1", 7, 8))
    assert main(["oncall", "shifts", path]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "start,end,layer,person,hours",
        "2026-11-02T00:00:00+00:00,2026-11-09T00:00:00+00:00,primary,Ann Lee,168.0",
        "2026-11-09T00:00:00+00:00,2026-11-10T00:00:00+00:00,primary,'=1+1,24.0",
    ]
    assert main(["oncall", "shifts", path, "--json"]) == 0
    assert [row["person"] for row in json.loads(capsys.readouterr().out)] == ["Ann Lee", "=1+1"]
