"""
``make bench-oncall``: six people over 52 weeks, primary and secondary, scheduled, exported and audited; seconds of CPU.

The seconds depend on the machine, so no test asserts them.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

# the libraries of a calendar are loaded once, whatever is done with them
import icalendar  # noqa: F401
import recurring_ical_events  # noqa: F401

from sre_kit.compute.oncall.plan import Absence, OnCall, Person, Rotation
from sre_kit.compute.oncall.rota import schedule
from sre_kit.compute.oncall.shift_audit import audit
from sre_kit.emit import icalendar_text
from sre_kit.load.calendars import shift_calendar

START = datetime(2026, 11, 2, tzinfo=UTC)


def main() -> None:
    """Print the times."""
    names = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn"]
    days = [START + timedelta(days=n) for n in range(30, 330, 25)]
    oncall = OnCall(
        people=[Person(name, zone="Europe/London") for name in names],
        rotations=[
            Rotation("first", names, date(2026, 11, 2), zone="Europe/London"),
            Rotation("second", names[1:] + names[:1], date(2026, 11, 2), zone="Europe/London", layer="secondary"),
        ],
        absences=[Absence(names[n % 6], day, day + timedelta(days=7)) for n, day in enumerate(days)],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oncall.ics"
        marks = [_now()]
        plan = schedule(oncall, START, timedelta(weeks=52))
        marks.append(_now())
        path.write_text(icalendar_text(plan.shifts, START, "Shop", "Europe/London"), encoding="utf-8", newline="")
        marks.append(_now())
        found = shift_calendar(path)
        marks.append(_now())
        result = audit(found)
        marks.append(_now())
    print(f"{len(found.shifts)} shifts, {len(plan.changes)} repairs, {len(result.findings)} findings")
    for name, before, after in zip(("scheduled", "exported", "read", "audited"), marks, marks[1:], strict=False):
        print(f"{name:10}{after[0] - before[0]:6.2f} s CPU, {after[1] - before[1]:6.2f} s wall")
    print(f"{'in all':10}{marks[-1][0] - marks[0][0]:6.2f} s CPU, {marks[-1][1] - marks[0][1]:6.2f} s wall")


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


if __name__ == "__main__":
    main()
