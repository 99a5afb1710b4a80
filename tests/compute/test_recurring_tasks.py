"""Recurring work: instants of cron expressions, clock changes, collisions, toil."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.plan import Backup, MaintenanceWindow, OperationsPlan, RecurringTask
from sre_kit.compute.operations.tasks import collisions, runs, task_schedules, toil
from sre_kit.errors import ParameterError

AUTUMN = datetime(2026, 10, 24, tzinfo=UTC)
SPRING = datetime(2027, 3, 27, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def task(**given: object) -> RecurringTask:
    return RecurringTask(**{"id": "t", "name": "task", "owner": "o", "cron": "0 9 * * *", "minutes": 30, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Europe/Amsterdam goes back on 2026-10-25 at 01:00Z: 02:30 occurs twice and runs once, the first time
        ("30 2 * * *", "Europe/Amsterdam", AUTUMN, ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        # it goes forward on 2027-03-28 at 01:00Z: 02:30 does not occur and runs after the jump
        ("30 2 * * *", "Europe/Amsterdam", SPRING, ["2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30"]),
        ("0 10 * * TUE#2", "UTC", NOVEMBER, ["2026-11-10T10:00", "2026-12-08T10:00", "2027-01-12T10:00"]),
        ("0 11 5 1,4,7,10 *", "UTC", NOVEMBER, ["2027-01-05T11:00", "2027-04-05T11:00", "2027-07-05T11:00"]),
    ],
)
def test_cron_runs_at_these_instants(cron: str, zone: str, after: datetime, expected: list[str]) -> None:
    found = [f"{at:%Y-%m-%dT%H:%M}" for at in islice(runs(cron, zone, after), 3)]
    assert found == expected


@given(
    hour=st.integers(0, 23), minute=st.integers(0, 59), zone=st.sampled_from(["UTC", "Europe/Dublin", "Asia/Kolkata"])
)
def test_a_daily_task_runs_once_on_every_local_day(hour: int, minute: int, zone: str) -> None:
    at = list(runs(f"{minute} {hour} * * *", zone, AUTUMN, AUTUMN + timedelta(days=5)))
    days = [one.astimezone(ZoneInfo(zone)).date() for one in at]
    assert len(days) == len(set(days))
    assert 4 <= len(days) <= 5
    assert all(later > earlier for earlier, later in pairwise(at))


@pytest.mark.parametrize("wrong", ["", "* * *", "61 * * * *", "0 9 * * NOPE", "0 9 31 2 *", "@daily"])
def test_a_cron_expression_that_cannot_run_is_refused_with_the_way_out(wrong: str) -> None:
    with pytest.raises(ParameterError, match=r"write it as in|five fields"):
        list(islice(runs(wrong, "UTC", NOVEMBER), 1))


def test_an_abbreviation_is_no_zone() -> None:
    with pytest.raises(ParameterError, match="is no place"):
        next(runs("0 9 * * *", "EST", NOVEMBER))


def test_runs_that_a_clock_change_disturbs_are_named() -> None:
    (found,) = task_schedules([task(cron="30 2 * * *", zone="Europe/Amsterdam")], NOVEMBER)
    assert [(f"{one.at:%Y-%m-%d}", one.skipped) for one in found.disturbed] == [
        ("2027-03-28", True),
        ("2027-10-31", False),
    ]


@pytest.mark.parametrize("cron", ["0 * * * *", "*/30 * * * *", "0 9 * * *"])
def test_hourly_tasks_and_tasks_by_day_are_not_disturbed(cron: str) -> None:
    (found,) = task_schedules([task(cron=cron, zone="Europe/Amsterdam")], NOVEMBER)
    assert found.disturbed == ()


def test_a_task_without_a_readable_schedule_is_in_sight_and_in_no_number() -> None:
    broken = task_schedules([task(id="broken", cron="nonsense")], NOVEMBER)
    assert broken[0].problem
    assert broken[0].minutes_a_month is None
    assert toil(broken, 100).minutes == 0
    assert toil(broken, 100).unscheduled == ("broken",)


def test_toil_is_frequency_times_minutes() -> None:
    """Daily 15 minutes are 15 x 365 / 12 = 456.25 a month; of 100 hours that is 7.6 %."""
    found = toil(task_schedules([task(minutes=15)], NOVEMBER), 100)
    assert found.minutes == pytest.approx(456.25)
    assert found.share == pytest.approx(456.25 / 60 / 100)


def test_automation_pays_back_in_days_of_work_over_minutes_saved() -> None:
    """2 days are 960 minutes; at 456.25 minutes a month they have paid after 2.1 months."""
    found = toil(task_schedules([task(minutes=15, automation_days=2)], NOVEMBER), None)
    assert found.paybacks[0].months == pytest.approx(960 / 456.25)
    assert found.share is None


def test_automated_work_is_no_toil() -> None:
    assert toil(task_schedules([task(automated=True)], NOVEMBER), 10).minutes == 0


def test_heavy_work_collides_with_backups_maintenance_and_the_peak() -> None:
    plan = OperationsPlan(
        tasks=[task(name="heavy", cron="0 4 * * *", minutes=60, heavy=True), task(name="light", cron="0 4 * * *")],
        backups=[Backup("db", cron="30 4 * * *", takes=timedelta(minutes=10))],
        maintenance=[MaintenanceWindow("window", "50 4 * * SUN", timedelta(hours=1), timedelta(days=7))],
        peak_hours="4-5",
    )
    found = {(c.one, c.other): c.times for c in collisions(plan, NOVEMBER, "UTC", timedelta(days=7))}
    assert found == {
        ("backup of db", "heavy"): 7,
        ("heavy", "window"): 1,
        ("heavy", "peak hours 4-5"): 7,
        ("backup of db", "peak hours 4-5"): 7,
    }


def test_work_that_only_touches_does_not_collide() -> None:
    plan = OperationsPlan(
        tasks=[
            task(name="a", cron="0 4 * * *", minutes=60, heavy=True),
            task(name="b", cron="0 5 * * *", minutes=60, heavy=True),
        ]
    )
    assert collisions(plan, NOVEMBER, "UTC") == []
