"""Schedules: cron and systemd say the same, clocks that jump, seasons in which things overlap, measured peak hours."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.operations.plan import (
    Backup,
    ConfigClass,
    MaintenanceWindow,
    OperationsPlan,
    PatchScope,
    RecurringTask,
)
from sre_kit.compute.operations.tasks import runs
from sre_kit.compute.operations.timers import on_calendar
from sre_kit.compute.operations.timetable import disturbances, peak_hours, seasonal_collisions
from sre_kit.compute.slo.counts import history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import ParameterError
from sre_kit.show.operations import timetable
from tests.conftest import required

AMSTERDAM = "Europe/Amsterdam"
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EXPRESSIONS = (
    ("30 9 * * *", AMSTERDAM),
    ("*/15 8-17 * * MON-FRI", "UTC"),
    ("5 0-23/6 * * *", "Asia/Kolkata"),
    ("0 10 * * TUE#2", "UTC"),
    ("0 10 * * 5#5", "UTC"),
    ("0 11 5 1,4,7,10 *", "America/New_York"),
    ("0 9 1 * MON", "UTC"),
    ("0 9 */10 * MON", "UTC"),
    ("0 23 L * *", AMSTERDAM),
    ("0 23 * * 5L", "UTC"),
    ("0 23 * * 0,3,7", "UTC"),
    ("0 0 29 2 *", "UTC"),
    ("0 3 * JAN,JUL SAT,TUE#1", "UTC"),
)


@pytest.mark.parametrize(("cron", "zone"), EXPRESSIONS)
def test_systemd_runs_when_cron_does(cron: str, zone: str) -> None:
    """Asked of systemd-analyze itself, for every line that a timer would have."""
    program = shutil.which("systemd-analyze")
    if not program:
        required("systemd-analyze is not installed (Debian: apt-get install systemd)")
    assert program
    found: set[datetime] = set()
    command = [program, "calendar", "--iterations=8", "--base-time=2026-11-01 00:00:00 UTC", *on_calendar(cron, zone)]
    done = subprocess.run(command, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}, check=False)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        moment = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", line)
        if moment and not line.lstrip().startswith(("Original", "Normalized")):
            found.add(datetime.fromisoformat(moment[1]).replace(tzinfo=UTC))
    wanted = list(islice(runs(cron, zone, NOVEMBER - timedelta(seconds=1)), 8))
    wanted = [at for at in wanted if at > NOVEMBER]
    assert sorted(found)[: len(wanted)] == wanted


def test_systemd_leaves_a_skipped_time_out_and_cron_runs_it_late() -> None:
    program = shutil.which("systemd-analyze")
    if not program:
        required("systemd-analyze is not installed (Debian: apt-get install systemd)")
    assert program
    (line,) = on_calendar("30 2 * * *", AMSTERDAM)
    command = [program, "calendar", "--iterations=2", "--base-time=2027-03-27 12:00:00 UTC", line]
    done = subprocess.run(command, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}, check=True)
    assert "2027-03-28" not in done.stdout and "2027-03-29 00:30:00 UTC" in done.stdout
    late = next(runs("30 2 * * *", AMSTERDAM, datetime(2027, 3, 27, 12, tzinfo=UTC)))
    assert late == datetime(2027, 3, 28, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong", ["0 9 LW * *", "0 9 * *", "x 9 * * *", "0 24 * * *", "0 9 10-5 * *", "0 9 * * NO", "0 9 */2 * MON#1"]
)
def test_what_systemd_cannot_say_is_refused(wrong: str) -> None:
    with pytest.raises(ParameterError):
        on_calendar(wrong, "UTC")


def task(name: str, cron: str, zone: str = "UTC", minutes: float = 30) -> RecurringTask:
    return RecurringTask(name, name, "Ada", cron, minutes, zone=zone, heavy=True)


def test_everything_with_a_schedule_that_a_clock_change_disturbs_is_found() -> None:
    plan = OperationsPlan(
        tasks=[task("a", "30 2 * * *", AMSTERDAM), task("b", "30 2 * * *"), task("hourly", "30 * * * *", AMSTERDAM)],
        backups=[Backup("db", cron="15 2 * * SUN", zone=AMSTERDAM)],
        maintenance=[MaintenanceWindow("w", "0 1 * * *", HOUR, HOUR, zone="Europe/London")],
        patch_scopes=[PatchScope("nodes", cron="0 2 * * MON", zone=AMSTERDAM), PatchScope("bad", cron="0 2 * * NO")],
        configuration=[
            ConfigClass("cloud", "git", schedule="30 2 * * *"),
            ConfigClass("k8s", "git", schedule="always"),
        ],
    )
    found = disturbances(plan, NOVEMBER)
    assert [(one.timed.name, f"{one.trouble.at:%m-%d %H:%M}", one.trouble.skipped) for one in found] == [
        ("a", "03-28 01:00", True),
        ("backup of db", "03-28 01:00", True),
        ("w", "03-28 01:00", True),
        ("w", "10-31 00:00", False),
        ("backup of db", "10-31 00:15", False),
        ("a", "10-31 00:30", False),
    ]
    text = timetable.clock_disturbances(found, plan).markdown()
    assert text.count("**does not run**") == 3 and "runs at 03:00, after the jump" in text
    assert "within a year" in timetable.clock_disturbances([], plan).markdown()


def test_what_overlaps_only_in_summer_is_found_in_winter() -> None:
    """06:00 in Amsterdam is 05:00Z in winter and 04:00Z in summer."""
    plan = OperationsPlan(tasks=[task("local", "0 6 * * *", AMSTERDAM), task("utc", "15 4 * * *")])
    (one,) = seasonal_collisions(plan, NOVEMBER, AMSTERDAM)
    assert (one.collision.one, one.collision.other) == ("local", "utc")
    assert one.since == datetime(2027, 3, 28, 1, tzinfo=UTC) <= one.collision.first
    shown = timetable.task_collisions([], plan, AMSTERDAM, [one])
    assert "**only from 2027-03-28**" in shown.markdown() and len(shown.machine()["findings"]) == 1
    assert seasonal_collisions(plan, datetime(2027, 5, 1, tzinfo=UTC), AMSTERDAM) == [], "known in summer"


def measured(busy: range, zone: str = AMSTERDAM, service: str = "shop") -> Any:
    """Four weeks of requests, ten times as many in the local hours `busy`."""
    index = pd.date_range(NOVEMBER - timedelta(days=28), NOVEMBER, freq="1h", inclusive="left", name="time")
    total = np.where(index.tz_convert(zone).hour.isin(list(busy)), 1000, 100)
    slo = SLO(name=service, target=Fraction(99, 100), window=timedelta(days=28), total="t", good="g", service=service)
    frame = pd.DataFrame({"total": total, "good": total}, index=index)
    return history(slo, Requests(service, frame, "made up", NOVEMBER - timedelta(days=28), NOVEMBER, HOUR, "g", "t"))


@pytest.mark.parametrize(
    ("busy", "stated", "written", "agrees"),
    [
        (range(18, 22), "18-22", "18-22", True),
        (range(18, 22), "17-21", "18-22", False),
        (range(18, 22), "", "18-22", False),
        (range(8, 11), "8-11", "8-11", True),
        (range(22, 24), "22-24", "22-24", True),
    ],
)
def test_the_busiest_hours_are_held_against_the_stated_ones(
    busy: range, stated: str, written: str, agrees: bool
) -> None:
    found = peak_hours([measured(busy)], stated, AMSTERDAM, NOVEMBER)
    assert found and (found.written, found.agrees, found.days) == (written, agrees, 28)
    told = timetable.peak_hours(found, AMSTERDAM)
    assert bool(told.machine().get("findings")) == bool(stated and not agrees)


def test_without_measurements_the_stated_peak_stays() -> None:
    assert peak_hours([], "18-22", AMSTERDAM, NOVEMBER) is None
    assert "nothing was measured" in timetable.peak_hours(None, AMSTERDAM).markdown()
