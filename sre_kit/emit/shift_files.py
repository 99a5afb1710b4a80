"""
The rota as JSON and CSV, for tools that read no calendar; the same shifts, in UTC.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sre_kit.compute.oncall.plan import Schedule, Shift

HOUR = timedelta(hours=1)
COLUMNS = ("start", "end", "hours", "layer", "person", "rotation", "changed")
FORMAT = 1


def shift_tables(schedule: Schedule, project: str) -> dict[str, str]:
    """
    File name -> text: ``oncall.json`` with shifts, open turns and changes, ``oncall.csv`` with a row a shift.

    Times are ISO 8601 in UTC, `changed` is empty where the plain turn stands.
    """
    document = {
        "format": FORMAT,
        "project": project,
        "start": _iso(schedule.start),
        "end": _iso(schedule.end),
        "shifts": [dict(zip(COLUMNS, _row(shift), strict=True)) for shift in schedule.shifts],
        "open": [
            {"layer": one.layer, "start": _iso(one.start), "end": _iso(one.end), "reason": one.reason}
            for one in schedule.unfilled
        ],
        "changes": list(schedule.changes),
    }
    return {
        "oncall.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        "oncall.csv": _csv(schedule.shifts),
    }


def _csv(shifts: Sequence[Shift]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([_cell(value) for value in _row(shift)] for shift in shifts)
    return written.getvalue()


def _row(shift: Shift) -> tuple[str | float, ...]:
    hours = shift.length / HOUR
    return (_iso(shift.start), _iso(shift.end), hours, shift.layer, shift.person, shift.rotation, shift.why)


def _cell(value: str | float) -> str | float:
    """A spreadsheet runs a cell that begins like a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
