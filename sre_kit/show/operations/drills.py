"""Restore drills: what a record shows, what is said without one, what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sre_kit.compute.operations.drills import Drill, DrillLog, RestoreTest
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.shown import Note, Record, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Strong
from sre_kit.units import MISSING, number, span, utc

MIB = 2**20
_ASK = "DevOps Engineer"


def recovery_drills(tests: Sequence[RestoreTest], every: timedelta, as_of: datetime) -> Table:
    """When each store was last restored, what shows it, how long it took, and when it is due again."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in tests:
        late = one.late(as_of)
        age = None if one.held is None else (as_of.date() - one.held).days
        last: Inline = Strong("never") if age is None else f"{one.held} ({age} d ago)"
        due: Inline = Strong("now") if one.due is None else str(one.due)
        if late and one.due is not None:
            due = Strong(f"overdue ({one.due})")
        rows.append((one.component, last, span(one.took), _shown_by(one), due))
        if late:
            how = "was never tested" if age is None else f"was last tested {age} d ago"
            findings.append(Finding(7, 3.0 + (age is None), f"the restore of {one.component} {how}"))
        if one.failed is not None:
            what = f"the restore drill of {one.component} failed on {one.failed.at:%Y-%m-%d}: {one.failed.why_not}"
            findings.append(Finding(4, 5.0, what))
    recorded = sum(one.record is not None for one in tests)
    return Table(
        ("Component", "Last restore test", "Took", "Shown by", "Next due"),
        rows,
        note=f"Every store is restored at least every {span(every)}. {recorded} of {len(rows)} have a record of it."
        if rows
        else "",
        findings=findings,
        empty="No store is restored from a backup.",
        records=(Record("recovery.restores_recorded", recorded, "stores", "history.drills"),) if rows else (),
    )


def _shown_by(one: RestoreTest) -> Inline:
    parts: list[Inline] = []
    if one.record is not None:
        parts.append(f"drilled with {one.record.tool}, {one.record.source}")
    elif one.held is not None:
        parts.append("said in the params, no record")
    if one.failed is not None:
        parts.append(Strong(f"a drill failed on {one.failed.at:%Y-%m-%d}, {one.failed.source}"))
    return Lines(parts) if parts else MISSING


def drill_records(log: DrillLog, every: timedelta, as_of: datetime) -> Stack:
    """Each recorded drill: when, by whom, with what, how much, how fast, and what came of it."""
    if not log.drills:
        gap = Gap("that a restore was ever drilled", _ASK, "history.drills: sre-kit drill restic", log.gap)
        return Stack(Note.gap(gap), *_problems(log))
    latest = log.drills[-1]
    rows = [_drill_row(one, every, as_of) for one in reversed(log.drills)]
    findings = []
    if latest.state(as_of, every) != "passed":
        why = latest.why_not or f"the last one is older than {span(every)}"
        findings.append(Finding(7, 4.0, f"restores are not drilled: {why}"))
    columns = ("When (UTC)", "What", "With", "Backed up", "Restored", "Rate", "Compared", "Result", "Run by", "Record")
    table = Table(
        columns,
        rows,
        note="Content, mode, target of links and time of change of each entry, after a third of the files was taken "
        "away and a third changed. A made-up tree on a local disk proves the tool and its version: no rate of a real "
        "store, and no store.",
        findings=findings,
        records=(
            Record("recovery.drill", latest.state(as_of, every), "state", latest.source),
            Record("recovery.drilled", f"{latest.at:%Y-%m-%d}", "date", latest.source),
        ),
    )
    return Stack(table, *_problems(log))


def _drill_row(one: Drill, every: timedelta, as_of: datetime) -> Sequence[Inline]:
    size = f"{one.files} files, {one.folders} folders, {one.links} links, {_size(one.size)}"
    state = one.state(as_of, every)
    result: Inline = state
    if state == "failed":
        result = Lines([Strong("failed"), one.why_not])
    elif state == "stale":
        result = Lines(["passed", Strong(f"stale, {(as_of.date() - one.at.date()).days} d old")])
    rate = one.bytes_per_second
    compared = f"{one.compared}, {one.different} different; {one.damaged} damaged before" if one.compared else MISSING
    return (
        utc(one.at),
        Lines([one.component or "a made-up tree", size]),
        one.tool,
        span(one.backup),
        span(one.restore),
        MISSING if rate is None else f"{number(rate / MIB)} MiB/s",
        compared,
        result,
        Lines([part for part in (one.who, one.by) if part]),
        Code(one.source),
    )


def _size(size: int) -> str:
    return f"{number(size / MIB)} MiB" if size >= MIB else f"{number(size / 1024)} KiB"


def _problems(log: DrillLog) -> list[Note]:
    later = [Note(f"{log.later} later than the report time are left out.")] if log.later else []
    if not log.problems:
        return later
    shown = "; ".join(log.problems[:3])
    return [
        *later,
        Note(f"{len(log.problems)} lines of {log.source} are no usable record and count for nothing: {shown}."),
    ]
