"""When recurring work runs, here and elsewhere; what a clock change does to it; what overlaps what."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.operations.tasks import Collision, TaskSchedule
from sre_kit.compute.operations.timers import on_calendar
from sre_kit.compute.operations.timetable import Disturbance, PeakHours, Seasonal
from sre_kit.compute.vocabulary import Finding
from sre_kit.errors import ParameterError
from sre_kit.show.shown import Note, Record
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, utc


def task_calendar(schedules: Sequence[TaskSchedule], zones: Sequence[str] = ()) -> Table:
    """
    Schedule and next runs of each task in UTC, in its zone and in `zones`, for cron and for systemd; runs that a clock
    change disturbs are named.
    """
    rows: list[Sequence[Inline]] = []
    for one in (s for s in schedules if not s.problem):
        where = ZoneInfo(one.task.zone)
        local = [f"{at.astimezone(where):%a %Y-%m-%d %H:%M}" for at in one.next]
        trouble: Inline = "none"
        if one.disturbed:
            first = one.disturbed[0]
            how = "is skipped and runs later" if first.skipped else "occurs twice, it runs once"
            trouble = Strong(f"{first.at.astimezone(where):%Y-%m-%d}: the local time {how}")
        rows.append(
            (
                Code(one.task.id),
                Code(one.task.cron),
                one.task.zone,
                _systemd(one),
                Lines([utc(at) for at in one.next]),
                Lines(local),
                _elsewhere(one, zones),
                trouble,
            )
        )
    return Table(
        ("Id", "Cron", "Zone", "systemd OnCalendar", "Next runs (UTC)", "Next runs (local)", "Elsewhere",
         "Clock change within a year"),
        rows,
        empty="No task has a readable schedule.",
        note="As Debian's cron: a time that the clock skips runs once after the jump, a repeated one runs once. "
        "A systemd timer leaves a skipped time out."
        if rows
        else "",
    )  # fmt: skip


def _systemd(one: TaskSchedule) -> Inline:
    try:
        return Lines([Code(line) for line in on_calendar(one.task.cron, one.task.zone)])
    except ParameterError as error:
        return str(error)


def _elsewhere(one: TaskSchedule, zones: Sequence[str]) -> Inline:
    others = [name for name in dict.fromkeys(zones) if name not in (one.task.zone, "UTC")]
    return Lines([f"{name} {one.next[0].astimezone(ZoneInfo(name)):%a %H:%M}" for name in others] or [MISSING])


def clock_disturbances(found: Sequence[Disturbance], plan: OperationsPlan) -> Table:
    """What a clock change of the coming year disturbs, and what each scheduler makes of it."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        trouble, where = one.trouble, ZoneInfo(one.timed.zone)
        local = f"{trouble.at.astimezone(where):%Y-%m-%d %H:%M}"
        does: Sequence[Inline]
        if trouble.skipped:
            does = ("the local time does not exist", f"runs at {local[-5:]}, after the jump", Strong("does not run"))
        else:
            does = ("the local time occurs twice", "runs once, the first time", "runs once")
        rows.append((one.timed.name, one.timed.kind, Code(one.timed.cron), one.timed.zone, local, *does))
    safe = "Nothing with a schedule runs at a time that a clock skips or repeats within a year."
    return Table(
        ("What", "Kind", "Cron", "Zone", "Local time", "Why", "cron", "systemd"),
        rows,
        empty=safe if plan.tasks or plan.backups or plan.maintenance else "Nothing has a known schedule.",
        note="A schedule in UTC has none of this." if rows else "",
    )


def task_collisions(
    found: Sequence[Collision], plan: OperationsPlan, zone: str, later: Sequence[Seasonal] = ()
) -> Table:
    """Heavy work, backups, maintenance and peak hours that overlap within five weeks, or only in another season."""
    timed = [*(t for t in plan.tasks if t.heavy), *(b for b in plan.backups if b.cron), *plan.maintenance]
    where = ZoneInfo(zone)
    rows: list[Sequence[Inline]] = [(*_overlap(one, where), "now") for one in found]
    rows += [(*_overlap(one.collision, where), Strong(f"only from {one.since:%Y-%m-%d}")) for one in later]
    findings = [Finding(7, 1.0, f"{c.one} overlaps {c.other}, {c.times} times in 35 days") for c in found]
    findings += [
        Finding(
            7,
            1.0,
            f"{s.collision.one} will overlap {s.collision.other} from {s.since:%Y-%m-%d}, when the clock changes",
        )
        for s in later
    ]
    return Table(
        ("One", "Other", "First (UTC)", f"Local ({zone})", "Times in 35 days", "When"),
        rows,
        empty="No heavy task, backup or maintenance overlaps another or the peak hours within 35 days."
        if timed
        else "No heavy task, backup or maintenance has a known schedule, so no overlap can be found.",
        records=(Record("operations.collisions", len(found), "pairs"),),
        findings=tuple(findings),
    )


def _overlap(one: Collision, where: ZoneInfo) -> Sequence[Inline]:
    return one.one, one.other, utc(one.first), f"{one.first.astimezone(where):%a %H:%M}", number(one.times)


def peak_hours(found: PeakHours | None, zone: str) -> Note:
    """The busiest hours as measured, against those that the params state."""
    if found is None:
        return Note("Peak hours: nothing was measured, so the stated ones are taken as they are.")
    measured = f"{found.written} {zone} hold {percent(found.share, 1)} of a day's requests (last {found.days} days)."
    if not found.stated:
        return Note([Strong("Peak hours:"), f" none are stated, so nothing is held against them; measured: {measured}"])
    if found.agrees:
        return Note([Strong("Peak hours:"), f" {found.stated} as stated; measured: {measured}"])
    return Note(
        [
            Strong("Peak hours are stated wrongly:"),
            f" {found.stated} hold {percent(found.stated_share, 1)}; {measured} Correct operations.peak_hours.",
        ],
        findings=(Finding(7, 2.0, f"peak hours are stated as {found.stated}, measured are {found.written}"),),
    )
