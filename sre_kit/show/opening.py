"""How a session begins: the words of the mission, the same in the notebook and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.vocabulary import About, Gap
from sre_kit.show.shown import Note
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Link, Strong
from sre_kit.store.manifest import Manifest, ranked
from sre_kit.store.remembered import DocumentState
from sre_kit.units import MISSING, span, utc

GREETING: Final = (
    "Hello! I'm your Site Reliability Engineer for this project. I'll be ensuring our production systems maintain high "
    "availability, performance, and reliability. Let me start by retrieving the project path from knowledge graph and "
    "reviewing all documentation to establish comprehensive monitoring, incident response procedures, and operational "
    "best practices that keep our users happy and our systems healthy."
)
QUESTIONS: Final = {
    "SLODefinitions": "What do we promise, what did we measure, what is left to spend?",
    "IncidentResponse": "Who is called when, what do they do, and what did incidents teach?",
    "PerformanceOptimization": "Where does the time go, and what would help?",
    "CapacityPlanning": "What runs out when, and what does it cost?",
    "OperationalPlaybook": "What is done every day, and how do we recover?",
    "SREHandoff": "What is handed over, and what is still open?",
}
"""What each notebook answers, in the order of the mission; the first cell of the notebook says the same."""
_MOST: Final = 3
"""Inputs that are named; the others are counted."""


def greeting() -> Note:
    """The mission's greeting."""
    return Note(GREETING)


def session(about: About, path: object, found_by: str) -> Note:
    """Which project this is, where it lies, how it was found, as of when, and what measures it."""
    return Note(
        [f"{about.project} at ", Code(str(path)), f" (found by {found_by}), as of {utc(about.as_of)}."],
        f"{len(about.documents)} documents read, {len(about.missing)} missing. Measurements from: "
        f"{about.source or 'no source configured'}.",
    )


def owed(gaps: Sequence[Gap]) -> Table:
    """Documents that are missing or unreadable, with the role that owes them."""
    return Table(
        ("What", "Ask", "Expected in", "Why"),
        [(gap.what, gap.ask, gap.expected_in, gap.because) for gap in gaps],
        empty="Every document that the earlier phases owe was found and read.",
    )


def urgent_findings(published: Manifest, states: Sequence[DocumentState], most: int = 5) -> Table:
    """What matters most now, by what the last render found, with the notebook that shows it."""
    found, beside = ranked(published.findings), {state.name for state in states if state.beside}
    rows: list[Sequence[Inline]] = [
        (str(place), one["text"], _notebook(one["document"], one["document"] in beside))
        for place, one in enumerate(found[:most], 1)
    ]
    rendered = [state.as_of for state in states if state.as_of]
    return Table(
        ("", "Finding", "Shown in"),
        rows,
        note=f"{len(rows)} of {len(found)} findings of the last render, as of {utc(max(rendered))}." if rows else "",
        empty="The last render found nothing that needs attention."
        if rendered
        else "Not known before the first render: sre-kit render finds them.",
    )


def notebooks(states: Sequence[DocumentState], as_of: datetime) -> Table:
    """Each notebook: what it answers, as of when it was rendered, and which of its inputs changed since."""
    order = list(QUESTIONS)
    own = [state for state in states if state.name not in QUESTIONS]
    ours = sorted((state for state in states if state.name in QUESTIONS), key=lambda one: order.index(one.name))
    rows: list[Sequence[Inline]] = [
        (
            _notebook(one.name, one.beside),
            QUESTIONS.get(one.name, "A document of this project's own."),
            _rendered(one, as_of),
            _since(one),
        )
        for one in (*ours, *own)
    ]
    return Table(("Notebook", "Answers", "Rendered", "Changed since"), rows)


def _notebook(name: str, beside: bool) -> Inline:
    return Link(name, f"{name}.ipynb") if beside else name


def _rendered(state: DocumentState, now: datetime) -> Inline:
    if state.as_of is None:
        return Strong("never")
    age = now - state.as_of
    return f"version {state.version}, as of {utc(state.as_of)}" + (f", {span(age)} ago" if age > timedelta(0) else "")


def _since(state: DocumentState) -> Inline:
    if state.as_of is None:
        return MISSING
    lines = []
    for how, inputs in state.since.items():
        if inputs:
            more = f" and {len(inputs) - _MOST} more" if len(inputs) > _MOST else ""
            lines.append(f"{how}: {', '.join(inputs[:_MOST])}{more}")
    return Lines(lines) if lines else "nothing"
