"""
Recurring work: when it runs next, what it meets, what it costs a person.

Cron is five fields in a zone, read as Debian's cron does: a time that the clock skips runs once after the jump, a time
that it repeats runs once. Runs are instants in UTC; only what people read is local.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from sre_kit.compute.operations.plan import Backup, MaintenanceWindow, OperationsPlan, RecurringTask
from sre_kit.compute.walltime import first_instant, zone
from sre_kit.errors import ParameterError

YEAR: Final = timedelta(days=365)
TOIL_LIMIT: Final = 0.5
"""Share of a team's time; Site Reliability Engineering, ch. 5, "Eliminating Toil"."""
_HOURS: Final = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?\s*")


def runs(cron: str, where: str, start: datetime, end: datetime | None = None) -> Iterator[datetime]:
    """
    The instants (UTC) after `start` and before `end` at which a five-field cron expression fires in zone `where`.

    >>> first = next(runs("30 9 * * MON", "Europe/Amsterdam", datetime(2026, 11, 1, tzinfo=UTC)))
    >>> first.isoformat()
    '2026-11-02T08:30:00+00:00'

    Raises
    ------
    ParameterError
        The expression or the zone cannot be read.
    """
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        raise ParameterError(
            f'cron {cron!r}: five fields are needed (minute hour day month weekday), for example "30 9 * * MON"'
        )
    try:
        fires = CronSim(cron, start.astimezone(zone(where)))
    except CronSimError as error:
        raise ParameterError(f'cron {cron!r}: {error}; write it as in "30 9 * * MON"') from None
    for local in fires:
        at = local.astimezone(UTC)
        if end is not None and at >= end:
            return
        yield at


@dataclass(frozen=True, slots=True)
class ClockTrouble:
    """A run that a change of the clock disturbs: its local time is skipped or shown twice on that day."""

    at: datetime
    skipped: bool


@dataclass(frozen=True, slots=True)
class TaskSchedule:
    """
    A task with its next runs (UTC), how often it runs in a year, and the runs that a clock change disturbs.

    `problem` says why there is no run: the expression cannot be read, or it never fires.
    """

    task: RecurringTask
    next: tuple[datetime, ...] = ()
    a_year: int = 0
    disturbed: tuple[ClockTrouble, ...] = ()
    problem: str = ""

    @property
    def minutes_a_month(self) -> float | None:
        """Minutes of work a month; missing where the schedule is."""
        return None if self.problem else self.a_year * self.task.minutes / 12


def task_schedules(tasks: Sequence[RecurringTask], as_of: datetime, count: int = 3) -> list[TaskSchedule]:
    """Every task with its next `count` runs, the most frequent first."""
    found = [_scheduled(task, as_of, count) for task in tasks]
    return sorted(found, key=lambda one: (-one.a_year, one.task.id))


def _scheduled(task: RecurringTask, as_of: datetime, count: int) -> TaskSchedule:
    try:
        year = list(runs(task.cron, task.zone, as_of, as_of + _sample(task.cron)))
        soon = tuple(islice(runs(task.cron, task.zone, as_of), count))
    except ParameterError as error:
        return TaskSchedule(task, problem=str(error))
    if not soon:
        return TaskSchedule(task, problem=f"cron {task.cron!r} never fires")
    a_year = round(len(year) * (YEAR / _sample(task.cron)))
    return TaskSchedule(task, soon, a_year, tuple(disturbed(task.cron, task.zone, year)))


def _sample(cron: str) -> timedelta:
    """How far runs are counted: what runs many times a day is counted over four weeks."""
    fields = cron.split()
    return timedelta(days=28) if len(fields) > 1 and not fields[1].isdigit() else YEAR


def disturbed(cron: str, where: str, at: Sequence[datetime]) -> Iterator[ClockTrouble]:
    """
    Runs whose local time is skipped or repeated by a change of the clock.

    A run that follows each clock hour ("every hour", "every 30 minutes") loses nothing and is left out.
    """
    minute, hour = cron.split()[:2]
    if "*" in hour:
        return
    zoned = zone(where)
    allowed = {(int(h), int(m)) for h in re.findall(r"\d+", hour) for m in re.findall(r"\d+", minute)}
    for one in at:
        local = one.astimezone(zoned)
        if allowed and (local.hour, local.minute) not in allowed:
            yield ClockTrouble(one, skipped=True)
        elif local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            yield ClockTrouble(one, skipped=False)


@dataclass(frozen=True, slots=True)
class Occupied:
    """Something heavy in [start, end)."""

    name: str
    kind: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Collision:
    """Two things that run at once: what, when first, how often until the horizon."""

    one: str
    other: str
    first: datetime
    times: int


def collisions(
    plan: OperationsPlan, as_of: datetime, zone_name: str, horizon: timedelta = timedelta(days=35)
) -> list[Collision]:
    """
    Heavy tasks, backups and maintenance that overlap each other or the peak hours of the shop's zone.

    What has no readable schedule is left out: `task_schedules` names it. Peak hours collide with heavy work only.
    """
    end = as_of + horizon
    sources: list[RecurringTask | Backup | MaintenanceWindow] = [task for task in plan.tasks if task.heavy]
    heavy = [one for source in (*sources, *plan.backups, *plan.maintenance) for one in _occupied(source, as_of, end)]
    found: dict[tuple[str, str], list[datetime]] = {}
    heavy.sort(key=lambda one: (one.start, one.name))
    for number, a in enumerate(heavy):
        for b in islice(heavy, number + 1, None):
            if b.start >= a.end:
                break
            if a.name != b.name:
                found.setdefault((min(a.name, b.name), max(a.name, b.name)), []).append(b.start)
    for one in (busy for busy in heavy if busy.kind != "maintenance"):
        for peak in _peaks(plan.peak_hours, zone_name, one.start, one.end):
            if peak.start < one.end and one.start < peak.end:
                found.setdefault((one.name, peak.name), []).append(max(one.start, peak.start))
    rows = [Collision(a, b, min(at), len(at)) for (a, b), at in found.items()]
    return sorted(rows, key=lambda row: (row.first, row.one, row.other))


def _occupied(what: RecurringTask | Backup | MaintenanceWindow, start: datetime, end: datetime) -> Iterator[Occupied]:
    match what:
        case RecurringTask():
            name, kind, length = what.name, "task", timedelta(minutes=what.minutes)
        case Backup():
            name, kind, length = f"backup of {what.component}", "backup", what.takes or timedelta(0)
        case MaintenanceWindow():
            name, kind, length = what.name, "maintenance", what.length
    if not what.cron or length <= timedelta(0):
        return
    try:
        for at in runs(what.cron, what.zone, start, end):
            yield Occupied(name, kind, at, at + length)
    except ParameterError:
        return


def peak_span(hours: str) -> tuple[timedelta, timedelta] | None:
    """
    Peak hours as written, from midnight on; None where they cannot be read.

    >>> peak_span("17:30-22")
    (datetime.timedelta(seconds=63000), datetime.timedelta(seconds=79200))
    """
    found = _HOURS.fullmatch(hours)
    if not found:
        return None
    first, last = (timedelta(hours=int(found[at]), minutes=int(found[at + 1] or 0)) for at in (1, 3))
    return first, last


def _peaks(hours: str, where: str, start: datetime, end: datetime) -> Iterator[Occupied]:
    """The peak windows ("17-22", local) that may touch [start, end)."""
    span = peak_span(hours)
    if span is None:
        return
    begin, last = span
    zoned = zone(where)
    day = datetime.combine(start.astimezone(zoned).date(), datetime.min.time()) - timedelta(days=1)
    while day <= end.astimezone(zoned).replace(tzinfo=None):
        until = day + (last if last > begin else last + timedelta(days=1))
        yield Occupied(f"peak hours {hours}", "peak", first_instant(day + begin, zoned), first_instant(until, zoned))
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Payback:
    """Work that a machine could do: minutes a month saved, days of work to get there, months until it has paid."""

    task: RecurringTask
    minutes_a_month: float
    months: float | None


@dataclass(frozen=True, slots=True)
class Toil:
    """
    Manual recurring work of a month, in minutes, and its share of what the team has.

    `unscheduled` tasks have no readable schedule and are in none of the numbers.
    """

    minutes: float
    by_task: tuple[tuple[RecurringTask, float], ...]
    team_hours: float | None
    paybacks: tuple[Payback, ...]
    unscheduled: tuple[str, ...] = ()
    tasks: int = 0
    """How many tasks are known, by hand or not."""

    @property
    def share(self) -> float | None:
        """Share of the team's time, 0..1; missing where that time is not known."""
        return None if not self.team_hours else self.minutes / 60 / self.team_hours


def toil(schedules: Sequence[TaskSchedule], team_hours: float | None) -> Toil:
    """
    The manual part of the recurring work: frequency x minutes, and which of it pays back soonest.

    Notes
    -----
    Months until automating has paid = days of work x 8 h / (minutes a month / 60).
    """
    manual = [
        (one.task, minutes)
        for one in schedules
        if not one.task.automated and (minutes := one.minutes_a_month) is not None
    ]
    manual.sort(key=lambda pair: (-pair[1], pair[0].id))
    paybacks = [
        Payback(
            task,
            minutes,
            None if task.automation_days is None or not minutes else task.automation_days * 8 * 60 / minutes,
        )
        for task, minutes in manual
    ]
    paybacks.sort(key=lambda one: (one.months is None, one.months or 0.0, -one.minutes_a_month))
    late = tuple(one.task.id for one in schedules if one.problem and not one.task.automated)
    return Toil(sum(minutes for _, minutes in manual), tuple(manual), team_hours, tuple(paybacks), late, len(schedules))
