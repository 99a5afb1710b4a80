"""A shift as it is handed over: what whoever takes the pager has to know of the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sre_kit.compute.incidents import Incident
from sre_kit.compute.oncall.duty import hour_class
from sre_kit.compute.oncall.plan import Person, Shift
from sre_kit.compute.readiness.handed_shifts import HandedShift, ShiftSpending
from sre_kit.compute.readiness.plan import Transfer
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, number, percent, span, utc

_NOBODY: Final = Gap(
    "whose shift is handed over",
    "Head of Engineering",
    "params: oncall.rotations",
    "the schedule has no such shift; it begins when its first rotation starts",
)
_CHANGES: Final = "params: history.deploys"


def handed_shift(found: HandedShift | None, people: Sequence[Person] = (), transfers: Sequence[Transfer] = ()) -> Stack:
    """
    Whose shift it is, the pages and incidents of it, the budget that it spent, the changes made, who comes next.

    `transfers` say whether who comes next has signed; unsigned is not transferred.
    """
    if found is None:
        return Stack(Note.gap(_NOBODY))
    zones = {person.name: person.zone for person in people}
    return Stack(
        _whose(found, transfers), _incidents(found, zones), shift_spending(found), shift_changes(found), _watch(found)
    )


def _whose(found: HandedShift, transfers: Sequence[Transfer]) -> Note:
    held = found.held
    until = f"{utc(found.end)}, so far; it ends {utc(held.end)}" if found.runs else utc(held.end)
    beside = "".join(f"; {one.layer}: {one.person}" for one in found.beside)
    after = "Nobody is planned after it."
    if found.next:
        after = f"Next: {found.next.person}, from {utc(found.next.start)}; {_signed(found.next, transfers)}."
    records = (
        Record("shift.holder", held.person, "person"),
        Record("shift.start", utc(held.start), "instant"),
        Record("shift.end", utc(found.end), "instant"),
        Record("shift.pages", None if found.log_gap else len(found.pages), "pages"),
        Record("shift.incidents", None if found.log_gap else len(found.began), "incidents"),
        Record("shift.left_open", None if found.log_gap else len(found.left), "incidents"),
    )
    gaps = () if found.next else (Gap(f"who is primary after {held.person}", "Head of Engineering", "params: oncall"),)
    return Note(
        [Strong(f"Shift of {held.person}"), f": primary from {utc(held.start)} to {until}{beside}. {after}"],
        records=records,
        gaps=gaps,
    )


def _signed(taker: Shift, transfers: Sequence[Transfer]) -> str:
    """Whether the taker has signed for this very hand-over."""
    mine = next((one for one in transfers if one.taker == taker.person and one.at == taker.start), None)
    if mine is None:
        return "no hand-over to the next is recorded"
    return f"signed {mine.accepted}" if mine.accepted else "not signed, and so not transferred"


def _incidents(found: HandedShift, zones: Mapping[str, str]) -> Table:
    rows: list[Sequence[Inline]] = [
        (
            utc(one.began),
            one.id,
            one.title,
            one.severity or one.impact or MISSING,
            one.detected_by or MISSING,
            _hours(one, found.held, zones),
            Strong("open") if one in found.left else span(one.duration),
        )
        for one in (*(one for one in found.left if one not in found.began), *found.began)
    ]
    before = sum(one not in found.began for one in found.left)
    note = f"Pages: {len(found.pages)}; incidents that began in the shift: {len(found.began)}; "
    note += f"left open: {len(found.left)}" + (f", {before} of them from before it." if before else ".")
    gap = Gap("the incidents of the shift", "DevOps Engineer", "params: history.incidents", found.log_gap)
    return Table(
        ("Began", "Incident", "Title", "Level", "Found by", "Hours", "Lasted"),
        rows,
        note="" if found.log_gap else note,
        empty="" if found.log_gap else "No incident began in the shift, and none was left open.",
        gaps=(gap,) if found.log_gap else (),
    )


def _hours(one: Incident, held: Shift, zones: Mapping[str, str]) -> str:
    """Work, off or night on the clock of who held the pager."""
    where = zones.get(held.person)
    return hour_class(one.detected or one.began, where) if where else MISSING


def shift_spending(found: HandedShift) -> Table:
    """What the shift spent of each error budget, and what is left of it at its end."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in found.spent:
        slo, left = one.budget.slo, one.budget.remaining_share
        if not one.coverage:
            why = one.budget.gap or "the source has no data of the shift"
            gaps.append(Gap(f"what the shift spent of {slo.name}", "DevOps Engineer", "params: source", why))
        state: Inline = one.state if one.state == "healthy" else Strong(one.state)
        rows.append(
            (
                slo.name,
                _bad(one),
                MISSING if one.share is None else percent(one.share, 1),
                MISSING if left is None else percent(left, 1),
                percent(one.coverage, 1),
                state,
            )
        )
    if not rows:
        gaps.append(Gap("which error budgets the shift could spend", "Product Owner", "params: slos"))
    return Table(
        ("Objective", "Bad in the shift", "Of the window's budget", "Left at the end", "Coverage", "State"),
        rows,
        gaps=gaps,
        records=tuple(Record(f"shift.{o.budget.slo.name}.budget_spent_share", o.share, "ratio") for o in found.spent),
    )


def _bad(one: ShiftSpending) -> str:
    if not one.coverage:
        return MISSING
    return f"{number(float(one.bad))} of {number(float(one.total))} {one.budget.unit}"


def shift_changes(found: HandedShift) -> Table:
    """Deployments to production during the shift."""
    rows: list[Sequence[Inline]] = [
        (
            utc(one.time),
            one.service,
            one.version,
            one.outcome.replace("_", " ")
            if one.outcome in ("succeeded", "")
            else Strong(one.outcome.replace("_", " ")),
            one.incident or MISSING,
        )
        for one in found.deploys
    ]
    gap = Gap("what was deployed during the shift", "DevOps Engineer", _CHANGES, found.deploys_gap)
    return Table(
        ("Deployed", "Service", "Version", "Outcome", "Incident"),
        rows,
        empty="" if found.deploys_gap else "Nothing was deployed during the shift.",
        gaps=(gap,) if found.deploys_gap else (),
        records=(Record("shift.deploys", None if found.deploys_gap else len(rows), "deployments"),),
    )


def _outcome(said: str) -> Inline:
    words = said.replace("_", " ")
    return words or MISSING if words in ("succeeded", "") else Strong(words)


def _watch(found: HandedShift) -> Shown:
    """What the next shift begins with: open incidents, and budgets that bind."""
    bound = [f"{one.budget.slo.name} ({one.state})" for one in found.spent if one.state in ("at risk", "exhausted")]
    words = [f"{one.id}, {one.title}" for one in found.left]
    parts: list[Sequence[Inline]] = []
    if words:
        parts.append([Strong("Take over:"), f" {'; '.join(words)}."])
    if bound:
        parts.append([Strong("Watch:"), f" {'; '.join(bound)}."])
    return Note(*(parts or ["Nothing is open and no error budget is at risk."]))
