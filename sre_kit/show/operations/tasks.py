"""Recurring work, maintenance, what expires, and what could run by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sre_kit.compute.operations.change import Patch
from sre_kit.compute.operations.drills import DrillLog, last_passed
from sre_kit.compute.operations.plan import MaintenanceWindow, OperationsPlan
from sre_kit.compute.operations.recovery import Ending
from sre_kit.compute.operations.tasks import TOIL_LIMIT, TaskSchedule, Toil, runs
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.errors import ParameterError
from sre_kit.show.chart import COLOURS, Chart, figure
from sre_kit.show.document import cited
from sre_kit.show.shown import CodeBlock, Heading, Note, Record, Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Strong, ticked
from sre_kit.units import MISSING, number, percent, span, utc

_ASK = "DevOps Engineer"
_NO_TASKS = Gap("which work comes back", _ASK, "InfrastructureHandoff.md or params: operations.tasks")


def operational_tasks(schedules: Sequence[TaskSchedule]) -> Table:
    """Each task: how often, who, what to do, what to expect, what if not, minutes, by hand or not."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in schedules:
        t = one.task
        rows.append(
            (
                Code(t.id),
                t.name,
                f"{number(one.a_year)} a year" if not one.problem else Strong("never"),
                t.owner,
                ticked(t.command) if t.command else MISSING,
                t.expected or MISSING,
                t.otherwise or MISSING,
                f"{t.minutes:g}",
                "automated" if t.automated else "by hand",
                cited(t.source or "params"),
            )
        )
        missing = [
            word
            for word, text in (
                ("what is done", t.command),
                ("what to expect", t.expected),
                ("what if not", t.otherwise),
            )
            if not text
        ]
        if missing:
            gaps.append(Gap(f"{', '.join(missing)} in the task {t.id}", t.owner or _ASK, "params: operations.tasks"))
        if one.problem:
            gaps.append(Gap(f"when the task {t.id} runs", t.owner or _ASK, "params: operations.tasks", one.problem))
    if not schedules:
        gaps.append(_NO_TASKS)
    columns = ("Id", "Task", "Runs", "Owner", "Do", "Expect", "If not", "Minutes", "State", "Source")
    return Table(columns, rows, gaps=gaps)


def toil(found: Toil) -> Table:
    """Manual minutes a month per task, their share of the team's time, and what pays back soonest."""
    months = {one.task.id: one.months for one in found.paybacks}
    rows: list[Sequence[Inline]] = []
    for task, minutes in found.by_task:
        back = months[task.id]
        cost = MISSING if task.automation_days is None else f"{task.automation_days:g} d"
        rows.append(
            (Code(task.id), task.owner, number(round(minutes)), cost, MISSING if back is None else f"{back:.1f} months")
        )
    share, gaps = "", [] if found.tasks else [_NO_TASKS]
    if found.share is not None:
        over = "above" if found.share > TOIL_LIMIT else "within"
        of = f"{percent(found.share, 1)} of the team's {number(found.team_hours)} hours"
        share = f", {of}; {over} the limit of {percent(TOIL_LIMIT, 0)}"
    elif found.tasks:
        gaps.append(
            Gap(
                "the hours that the team has for operations",
                "Head of Engineering",
                "params: operations.team_hours_a_month",
            )
        )
    best = [one.task.id for one in found.paybacks if one.months is not None][:3]
    note = f"Together {number(round(found.minutes))} minutes a month{share}."
    note += f" First to automate, by pay-back time: {', '.join(best)}." if best else ""
    note += (
        f" Without a readable schedule and so not counted: {', '.join(found.unscheduled)}." if found.unscheduled else ""
    )
    return Table(
        ("Task", "Who", "Minutes a month", "Cost to automate", "Pays back after"),
        rows,
        note=note if rows else "",
        gaps=gaps,
        empty="No work is done by hand." if found.tasks else "",
        records=(
            Record("operations.toil_minutes_a_month", round(found.minutes), "min", "params: operations.tasks"),
            Record("operations.toil_share", found.share, "ratio", "params: operations.tasks"),
        ),
    )


def plot_toil(found: Toil) -> Shown:
    """Manual minutes a month per task, the largest first."""
    if not found.by_task:
        return Note("Without work by hand there is nothing to draw.")
    shown = found.by_task[:12]
    drawn, axes = figure(8, 0.8 + 0.32 * len(shown))
    axes.barh([task.name for task, _ in shown], [minutes for _, minutes in shown], color=COLOURS["blue"])
    axes.invert_yaxis()
    axes.set(xlabel="minutes a month, by hand")
    rows: list[Sequence[Inline]] = [
        (task.name, number(round(minutes)), percent(minutes / found.minutes, 0)) for task, minutes in shown
    ]
    data = Table(("Task", "Minutes a month", "Share of all toil"), rows)
    return Chart(drawn, name="toil", alt=toil_conclusion(found), data=data)


def toil_conclusion(found: Toil) -> str:
    """What the chart of toil says."""
    top = found.by_task[: min(2, len(found.by_task))]
    names = " and ".join(task.name for task, _ in top)
    share = sum(minutes for _, minutes in top) / found.minutes
    return f"{names} make up {percent(share, 0)} of {number(round(found.minutes))} manual minutes a month."


def maintenance_windows(windows: Sequence[MaintenanceWindow], as_of: datetime) -> Stack:
    """Each window with its next dates and notice, the silence command with an end, the procedure, the way back."""
    if not windows:
        return Stack(
            Note.gap(
                Gap("when maintenance may happen", _ASK, "SecurityCompliance.md or params: operations.maintenance")
            )
        )
    rows: list[Sequence[Inline]] = []
    parts: list[Shown] = []
    for one in windows:
        try:
            upcoming = [at for at, _ in zip(runs(one.cron, one.zone, as_of), range(2), strict=False)]
        except ParameterError as error:
            parts.append(
                Note.gap(Gap(f"when the window {one.name} begins", _ASK, "params: operations.maintenance", str(error)))
            )
            continue
        tell = [f"{at - one.notice:%Y-%m-%d}" for at in upcoming]
        rows.append(
            (
                one.name,
                Code(one.cron),
                one.zone,
                span(one.length),
                Lines([utc(at) for at in upcoming]),
                Lines([f"{span(one.notice)} ahead: {day}" for day in tell]),
                "counts" if one.counts_against_slo else "excluded",
                cited(one.source),
            )
        )
        parts += _procedure(one, upcoming[0])
    columns = ("Window", "Cron", "Zone", "Length", "Next (UTC)", "Notice", "Bad minutes against the SLO", "Source")
    note = "Whether a window is excluded from an SLI is said at the SLI in SLODefinitions.md; both must agree."
    return Stack(Table(columns, rows, note=note), *parts)


def _procedure(one: MaintenanceWindow, at: datetime) -> list[Shown]:
    parts: list[Shown] = [Heading(4, f"Procedure: {one.name}")]
    parts.append(
        Steps([ticked(step) for step in one.procedure])
        if one.procedure
        else Note.gap(Gap(f"the procedure of {one.name}", _ASK, "params: operations.maintenance"))
    )
    if one.matchers:
        parts.append(CodeBlock(silence_command(one, at), "sh"))
    else:
        parts.append(
            Note.gap(Gap(f"which alerts are silent during {one.name}", _ASK, "params: operations.maintenance.matchers"))
        )
    way = [("Change ticket:", one.ticket), ("Way back:", one.rollback)]
    parts += [Note([Strong(word), f" {text}."]) for word, text in way if text]
    if not one.rollback:
        parts.append(
            Note.gap(Gap(f"the rollback point of {one.name}", _ASK, "params: operations.maintenance.rollback"))
        )
    return parts


def silence_command(one: MaintenanceWindow, at: datetime) -> str:
    """
    The amtool command that silences a window's alerts from its beginning to its end, and no longer.
    """
    import shlex

    begin, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (at, at + one.length))
    matchers = " ".join(shlex.quote(matcher) for matcher in one.matchers)
    comment = shlex.quote(f"maintenance: {one.name}")
    return f"amtool silence add --start={begin} --end={end} --comment={comment} {matchers}"


def endings(found: Sequence[Ending]) -> Table:
    """Certificates, domains, secrets, contracts and runtimes by their last day; overdue and due ones marked."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in found:
        state: Inline = one.state if one.state == "ok" else Strong(one.state)
        days = f"{-one.days_left} d ago" if one.days_left < 0 else f"in {one.days_left} d"
        rows.append(
            (one.name, one.kind, str(one.ends), days, span(one.lead), state, one.owner or MISSING, cited(one.source))
        )
        if one.state == "overdue":
            findings.append(Finding(7, 20.0 - one.days_left, f"{one.kind} {one.name} was due on {one.ends}"))
        elif one.state == "act now":
            findings.append(Finding(7, 10.0, f"{one.kind} {one.name} ends on {one.ends}, its lead time has begun"))
    gaps = (
        ()
        if found
        else (Gap("which certificates, domains, secrets and runtimes end when", _ASK, "SecurityCompliance.md"),)
    )
    return Table(
        ("What", "Kind", "Ends", "Left", "Lead time", "State", "Owner", "Source"),
        rows,
        gaps=gaps,
        findings=findings,
        records=(Record("operations.overdue_expiries", sum(o.state == "overdue" for o in found), "items"),),
    )


def standing(
    plan: OperationsPlan, patches: Sequence[Patch], ends: Sequence[Ending], drilled: DrillLog | None = None
) -> Table:
    """Backups, recovery tests, patches and certificates: last, next, state, in one glance."""
    saved = [b.last_success for b in plan.backups if b.last_success]
    recorded = {name: one.at.date() for name, one in last_passed(drilled.drills if drilled else ()).items()}
    both = [(b.last_restore_test, recorded.get(b.component)) for b in plan.backups]
    tested = [max(day for day in pair if day) for pair in both if any(pair)]
    by_record = sum(shown is not None and (said is None or shown >= said) for said, shown in both)
    late = [one for one in ends if one.state == "overdue"]
    soon = next((one for one in ends if one not in late), None)
    held = max((test.held for test in plan.recovery_tests), default=None)
    due = sorted(one.due for one in patches if one.due and one.state == "in time")
    rows: list[Sequence[Inline]] = [
        (
            "Backups",
            f"oldest of the last successes {utc(min(saved))}" if saved else MISSING,
            "see the schedule",
            f"{len(saved)} of {len(plan.backups)} stores known",
        ),
        (
            "Restore tests",
            f"last {max(tested)}" if tested else "never",
            "see the drill log",
            f"{len(tested)} of {len(plan.backups)} stores tested, {by_record} of them by a record",
        ),
        (
            "Disaster rehearsal",
            str(held or "never"),
            str(plan.next_recovery_test or MISSING),
            f"{len(plan.recovery_tests)} in the log",
        ),
        (
            "Patches",
            MISSING,
            f"due {due[0]}" if due else MISSING,
            _overdue(sum(one.state == "overdue" for one in patches), len(patches)),
        ),
        (
            "Certificates and whatever else expires",
            MISSING,
            f"{soon.kind}: {soon.name}, {soon.ends}" if soon else MISSING,
            _overdue(len(late), len(ends)),
        ),
    ]
    return Table(("What", "Last", "Next", "State"), rows, source="params: operations, and the documents' findings")


def _overdue(late: int, known: int) -> Inline:
    return "none known" if not known else Strong(f"{late} of {known} overdue") if late else f"none of {known} overdue"
