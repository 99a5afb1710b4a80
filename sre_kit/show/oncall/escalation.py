"""
Escalation for readers: how a page climbs, whom to ask, and what carries it when the pager itself is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sre_kit.compute.incidents import Severity
from sre_kit.compute.oncall.escalation import escalation_problems, late_severities, notified, worst_case
from sre_kit.compute.oncall.plan import OnCall, Schedule
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.artifact import Artifact
from sre_kit.show.shown import Note, Record, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, span

CHAIN_GAP: Final = Gap("the escalation chain", "Head of Engineering", "params: oncall.escalation")
HOUR: Final = timedelta(hours=1)


def escalation_chain(oncall: OnCall, severities: Sequence[Severity], schedule: Schedule | None = None) -> Table:
    """
    When each step is paged if nobody before it answers, and whether the acknowledge targets survive it.

    With a `schedule` it says who a layer is at its beginning.
    """
    now = {s.layer: s.person for s in schedule.shifts if s.start <= schedule.start < s.end} if schedule else {}
    steps = notified(oncall.escalation)
    worst = worst_case(oncall.escalation)
    rows: list[Sequence[Inline]] = [
        (
            str(n),
            s.step.who,
            now.get(s.step.who, MISSING),
            f"{span(s.step.wait)} x {s.step.repeats}",
            _after(s.after),
            _after(s.until),
        )
        for n, s in enumerate(steps, 1)
    ]
    problems = escalation_problems(oncall) if steps else []
    late = late_severities(severities, worst) if worst else []
    notes: list[Inline] = []
    if worst is not None:
        notes.append(f"Worst case to a human: {span(worst)} (sum of wait x repeats).")
        kept = [level for level in severities if level.pages and level not in late]
        notes += [f"{x.name}: {span(worst)} is within its acknowledge target of {span(x.acknowledge)}." for x in kept]
        notes += [
            Strong(f"{x.name}: {span(worst)} is longer than its acknowledge target of {span(x.acknowledge)}.")
            for x in late
        ]
    notes += [Strong(f"Problem: {problem}.") for problem in problems]
    return Table(
        ("Step", "Who", "At the report time", "Waits", "Paged after", "Given up after"),
        rows,
        source="params: oncall.escalation",
        note=Lines(notes) if notes else "",
        gaps=() if rows else (CHAIN_GAP,),
        findings=tuple(
            Finding(
                7,
                (worst - x.acknowledge) / HOUR if worst else 0,
                f"escalation takes {span(worst)} in the worst case, {x.name} is to be acknowledged "
                f"within {span(x.acknowledge)}",
            )
            for x in late
        ),
        records=(Record("oncall.escalation_worst_minutes", worst / timedelta(minutes=1), "min"),) if worst else (),
    )


def alert_routing(routes: str, tests: str, watchdog: str) -> Stack:
    """The way of an alert to a receiver, as a file for Alertmanager, with the test of every route and the watchdog."""
    media = "application/yaml"
    return Stack(
        Artifact("alertmanager.yml", routes, media, "Alertmanager routes by severity, with a dead man's switch"),
        Artifact("alertmanager.routes-test.yaml", tests, media, "where each severity must arrive"),
        Artifact("watchdog.rules.yaml", watchdog, media, "the alert that always fires, for the dead man's switch"),
    )


def experts(oncall: OnCall) -> Table:
    """Functional escalation: who knows what."""
    rows: list[Sequence[Inline]] = [(topic, who) for topic, who in oncall.experts.items()]
    gap = Gap("experts to escalate to", "Head of Engineering", "params: oncall.experts")
    return Table(("Topic", "Who knows it"), rows, source="params: oncall.experts", gaps=() if rows else (gap,))


def vendors(oncall: OnCall) -> Table:
    """Support of the companies we depend on; numbers of accounts stay where the secrets are."""
    rows: list[Sequence[Inline]] = [(vendor, how) for vendor, how in oncall.vendors.items()]
    gap = Gap("vendor support contacts", "DevOps Engineer", "params: oncall.vendors")
    return Table(("Vendor", "How to reach support"), rows, source="params: oncall.vendors", gaps=() if rows else (gap,))


def pager_down(oncall: OnCall) -> Note:
    """What happens when the paging tool itself is down."""
    if not oncall.pager_down:
        return Note.gap(Gap("what happens when the pager is down", "DevOps Engineer", "params: oncall.pager_down"))
    return Note([Strong("When the paging tool is down:"), f" {oncall.pager_down}."])


def _after(value: timedelta) -> str:
    return span(value) if value else "at once"
