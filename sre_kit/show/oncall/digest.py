"""The on-call digest: what whoever takes the pager has to know, short enough to be read at the handoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.oncall.duty import hour_class
from sre_kit.compute.oncall.plan import OnCall, Schedule
from sre_kit.compute.operations.runbooks import RunbookCheck
from sre_kit.compute.response.postmortems import Owed, Promise
from sre_kit.show.oncall.shifts import on_call_now
from sre_kit.show.response.incidents import open_incidents
from sre_kit.show.shown import Heading, Note, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, span, utc

AHEAD: Final = timedelta(days=14)
"""How far ahead handoffs, absences and overrides are told."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a digest is made from; `since` is the last handoff."""

    project: str
    as_of: datetime
    since: datetime
    oncall: OnCall
    schedule: Schedule
    log: IncidentLog
    owed: Sequence[Owed]
    promises: Sequence[Promise]
    runbooks: RunbookCheck


def last_handoff(schedule: Schedule, as_of: datetime) -> datetime | None:
    """When the turn began in which `as_of` lies; missing where nobody is primary by turn."""
    turns = [s.turn for s in schedule.shifts if s.layer == "primary" and s.turn and s.start <= as_of < s.end]
    return max(turns, default=None)


def oncall_digest(told: Handover) -> Stack:
    """Who has the pager and until when, what runs, what happened since the last handoff, what is owed, what comes."""
    return Stack(
        Heading(1, f"On call: {told.project}, {utc(told.as_of)}"),
        on_call_now(told.schedule, told.as_of, told.oncall.people),
        Heading(2, "Open now"),
        open_incidents(told.log, told.as_of),
        Heading(2, f"Since the last handoff, {utc(told.since)}"),
        _since(told),
        Heading(2, "Owed"),
        _owed(told),
        Heading(2, f"The next {AHEAD.days} days"),
        _coming(told),
    )


def _since(told: Handover) -> Shown:
    began = [one for one in told.log.incidents if told.since <= one.began <= told.as_of]
    zones = {person.name: person.zone for person in told.oncall.people}
    rows: list[Sequence[Inline]] = [
        (
            one.id,
            one.title,
            one.severity or one.impact or MISSING,
            utc(one.began),
            span(one.duration) if one.duration is not None else Strong("open"),
            _answered(one),
            _hours(one, zones),
        )
        for one in began
    ]
    return Table(
        ("Incident", "Title", "Level", "Began", "Lasted", "Answered after", "Hours"),
        rows,
        empty="" if told.log.gap else "No incident began.",
        gaps=open_incidents(told.log, told.as_of).gaps,
    )


def _answered(one: Incident) -> str:
    if one.acknowledged is None or one.detected is None:
        return MISSING
    return span(one.acknowledged - one.detected) or "at once"


def _hours(one: Incident, zones: dict[str, str]) -> str:
    """Work, off or night on the clock of who answered; missing where that is not known."""
    where = zones.get(one.responder)
    return hour_class(one.detected or one.began, where) if where else MISSING


def _owed(told: Handover) -> Table:
    """Overdue post-mortems and promises, and alerts that nobody could answer from a runbook."""
    rows: list[Sequence[Inline]] = [
        ("post-mortem", f"{one.incident.id}: {one.incident.title}", one.incident.responder or MISSING, one.state)
        for one in told.owed
        if one.missing
    ]
    rows += [
        ("action", f"{one.action.incident}: {one.action.text}", one.action.owner or MISSING, one.state)
        for one in told.promises
        if one.overdue_days
    ]
    rows += [("runbook", f"of {alert.name}", MISSING, "missing") for alert in told.runbooks.without]
    return Table(("What", "Which", "Who", "State"), rows, empty="Nothing is owed.")


def _coming(told: Handover) -> Shown:
    end = told.as_of + AHEAD
    rows: list[tuple[datetime, Sequence[Inline]]] = [
        (s.start, (utc(s.start), "handoff", s.person, f"{s.layer} until {utc(s.end)}"))
        for s in told.schedule.shifts
        if told.as_of < s.start < end
    ]
    for away in told.oncall.absences:
        if told.as_of < away.end and away.start < end:
            until = f"until {utc(away.end)}" + (f", {away.reason}" if away.reason else "")
            rows.append((away.start, (utc(away.start), "absence", away.person, until)))
    for gap in told.schedule.unfilled:
        if told.as_of < gap.end and gap.start < end:
            rows.append((gap.start, (utc(gap.start), Strong("nobody"), gap.layer, gap.reason)))
    if not rows:
        return Note("No handoff and no absence.")
    return Table(("From", "What", "Who", "How long"), [row for _, row in sorted(rows, key=lambda pair: pair[0])])
