"""The pager changes hands: proof in the schedule, access, the test page, what is under way and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.oncall.plan import Person
from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.readiness.monitoring import PAGES_A_SHIFT, AlertLoad
from sre_kit.compute.readiness.plan import Access, HandoverPlan, TransferState
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.document import cited
from sre_kit.show.shown import Note, Record
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Link, Strong
from sre_kit.units import MISSING, number, span, utc


def transfers(found: Sequence[TransferState], people: Sequence[Person]) -> Table:
    """From whom to whom, when, with the shift that proves it; unsigned is not transferred."""
    zones = {one.name: one.zone for one in people}
    rows: list[Sequence[Inline]] = []
    for one in found:
        t = one.transfer
        local = [
            f"{name}: {t.at.astimezone(ZoneInfo(zones.get(name, 'UTC'))):%a %Y-%m-%d %H:%M} {zones.get(name, 'UTC')}"
            for name in dict.fromkeys((t.giver, t.taker))
        ]
        proof = (
            f"{one.shift.rotation or one.shift.layer}: {utc(one.shift.start)} to {utc(one.shift.end)}"
            if one.shift
            else Strong("none")
        )
        state: Inline = "transferred" if one.done else Lines([Strong("not transferred"), *one.why_not])
        signed: Inline = str(t.accepted) if t.accepted else Strong("unsigned")
        rows.append(
            (
                f"{t.giver} to {t.taker}",
                utc(t.at),
                Lines(local),
                proof,
                span(t.overlap),
                t.backup or MISSING,
                signed,
                state,
            )
        )
    gaps = (
        ()
        if rows
        else (Gap("who takes over on-call from whom, and when", "Head of Engineering", "params: handover.transfers"),)
    )
    columns = (
        "From, to",
        "Effective (UTC)",
        "Local",
        "Proof in the schedule",
        "Overlap",
        "Backup",
        "Signed by the taker",
        "State",
    )
    return Table(
        columns,
        rows,
        gaps=gaps,
        records=(Record("handover.transferred", sum(o.done for o in found), f"of {len(found)}"),),
    )


def accesses(found: Sequence[Access]) -> Table:
    """Who has verified access to what; an empty cell is nobody's word."""
    systems = list(dict.fromkeys(one.system for one in found))
    by_person: dict[str, list[Access]] = {}
    for one in found:
        by_person.setdefault(one.person, []).append(one)
    rows: list[Sequence[Inline]] = [
        (person, *(str(a.verified) if a.verified else Strong("not verified") if a.listed else MISSING for a in cells))
        for person, cells in by_person.items()
    ]
    unsaid = [person for person, cells in by_person.items() if not any(a.listed for a in cells)]
    gaps = (
        [Gap(f"which access {', '.join(unsaid)} have", "DevOps Engineer", "params: oncall.people.access")]
        if unsaid
        else []
    )
    if not rows:
        gaps = [Gap("who has access to which system", "DevOps Engineer", "InfrastructureHandoff.md, Access")]
    waiting = [f"{a.system} ({a.person})" for a in found if a.listed and not a.verified]
    return Table(
        ("Person", *systems),
        rows if systems else [],
        note=f"Named and never verified: {', '.join(waiting)}." if waiting else "",
        gaps=gaps,
        records=(Record("handover.unverified_access", len(waiting), "accesses"),),
    )


def pager_test(plan: HandoverPlan) -> Note:
    """Whether a test page was sent and acknowledged, and how fast."""
    if plan.test_page_sent is None:
        gap = Gap(
            "whether the pager works", "DevOps Engineer", "params: handover.test_page_sent", "no test page was sent"
        )
        return Note(
            [Strong("Test page: NOT DONE.")], gaps=(gap,), records=(Record("handover.test_page", "not done", "state"),)
        )
    sent = f"sent {utc(plan.test_page_sent)}"
    if plan.test_page_acknowledged is None:
        gap = Gap("who acknowledged the test page", "DevOps Engineer", "params: handover.test_page_acknowledged")
        return Note(
            [Strong("Test page: NOT DONE"), f": {sent}, no acknowledgement is recorded."],
            gaps=(gap,),
            records=(Record("handover.test_page", "not acknowledged", "state"),),
        )
    took = plan.test_page_acknowledged - plan.test_page_sent
    return Note(
        [Strong("Test page: done"), f": {sent}, acknowledged after {span(took)}."],
        records=(Record("handover.test_page", took / timedelta(seconds=1), "s"),),
    )


def recent_incidents(log: IncidentLog, as_of: datetime, weeks: int = 4) -> Table:
    """What the last weeks of on-call met, newest first."""
    since = as_of - timedelta(weeks=weeks)
    found = sorted(
        (one for one in log.incidents if since <= one.began < as_of), key=lambda one: one.began, reverse=True
    )
    rows: list[Sequence[Inline]] = [
        (
            utc(one.began),
            one.id,
            one.title,
            one.severity or one.impact or MISSING,
            one.detected_by or MISSING,
            one.responder or MISSING,
            "open" if one.open else span(one.duration),
        )
        for one in found
    ]
    return Table(
        ("Began", "Incident", "Title", "Level", "Detected by", "Responder", "Lasted"),
        rows,
        note=f"{len(rows)} incidents in {weeks} weeks. Pages without an incident and active silences are not recorded."
        if rows
        else "",
        empty="" if log.gap else f"No incident began in the last {weeks} weeks.",
        gaps=(
            *(
                (Gap("the incidents of the last weeks", "DevOps Engineer", "params: history.incidents", log.gap),)
                if log.gap
                else ()
            ),
            Gap(
                "pages and silences of the last shifts",
                "DevOps Engineer",
                "Alertmanager",
                "the incident log has incidents, not pages",
            ),
        ),
    )


def alert_load(load: AlertLoad, log: IncidentLog) -> Table:
    """Incidents that alerts opened: per alert, and the busiest 12 hours against the limit."""
    rows: list[Sequence[Inline]] = [(name, number(count)) for name, count in load.by_alert.items()]
    known = not log.gap and load.known
    note = f"At most {load.busiest} in one 12-hour shift (limit {PAGES_A_SHIFT}); "
    note += f"{load.over} of {load.shifts} shifts above it. {load.told} incidents were found without an alert"
    note += f", of {load.unsaid} the log does not say how." if load.unsaid else "."
    silent = Gap(
        "which alerts fired and needed no action", "DevOps Engineer", "Alertmanager", "the log has incidents, not pages"
    )
    why = log.gap or "no incident of the log says how it was detected"
    unread = Gap("the incidents that alerts opened", "DevOps Engineer", "params: history.incidents", why)
    return Table(
        ("Alert", "Incidents it opened"),
        rows,
        source=f"incident log, {load.start:%Y-%m-%d} to {load.end:%Y-%m-%d}",
        note=note if known else "",
        gaps=[silent] if known else [unread, silent],
        empty="No alert opened an incident." if known else "",
        records=(Record("oncall.busiest_shift", load.busiest if known else None, "incidents"),),
    )


def in_flight(plan: HandoverPlan, operations: OperationsPlan, as_of: datetime, days: int = 14) -> Table:
    """Changes, maintenance, expiries and freezes of the next days."""
    end = as_of + timedelta(days=days)
    rows: list[tuple[datetime, Sequence[Inline]]] = [
        (one.at, (utc(one.at), one.what, one.owner or MISSING, cited(one.source or "params")))
        for one in plan.in_flight
        if as_of <= one.at < end
    ]
    rows += [
        (
            max(one.start, as_of),
            (f"{utc(one.start)} to {utc(one.end)}", f"freeze: {one.name}", MISSING, cited(one.source or "params")),
        )
        for one in operations.freezes
        if one.start < end and one.end > as_of
    ]
    rows += [
        (
            moment,
            (
                str(one.ends),
                f"end of {one.kind}: {one.name}" if one.kind != "end of life" else f"end of life: {one.name}",
                one.owner or MISSING,
                cited(one.source),
            ),
        )
        for one in operations.expiries
        if as_of <= (moment := datetime(one.ends.year, one.ends.month, one.ends.day, tzinfo=as_of.tzinfo)) < end
    ]
    rows.sort(key=lambda row: row[0])
    return Table(
        ("When", "What", "Owner", "Source"),
        [row for _, row in rows],
        empty=f"Nothing is recorded for the next {days} days.",
    )


def watch_items(plan: HandoverPlan, anchors: Sequence[str]) -> Table:
    """What is likely to come back, each with its runbook (`anchors` are the alerts that have one)."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in plan.watch_items:
        if one in anchors:
            rows.append((one, Link(f"runbook {one}", f"IncidentResponse.md#{one.casefold()}")))
        else:
            rows.append((one, Strong("no runbook")))
            gaps.append(Gap(f"the runbook of {one}", "DevOps Engineer", "params: runbooks", "the alert has none"))
    return Table(("Likely to recur", "Runbook"), rows, gaps=gaps, empty="Nothing is marked as likely to recur.")
