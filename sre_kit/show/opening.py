"""How a session begins: the words of the mission, the same in the notebook and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.vocabulary import About, Gap
from sre_kit.show.shown import Note
from sre_kit.show.table import Table
from sre_kit.show.text import Code
from sre_kit.units import utc

GREETING: Final = (
    "Hello! I'm your Site Reliability Engineer for this project. I'll be ensuring our production systems maintain high "
    "availability, performance, and reliability. Let me start by retrieving the project path from knowledge graph and "
    "reviewing all documentation to establish comprehensive monitoring, incident response procedures, and operational "
    "best practices that keep our users happy and our systems healthy."
)


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
