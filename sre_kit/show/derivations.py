"""How decisions were derived, and the published texts behind the practices."""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.readiness.decisions import Decision
from sre_kit.compute.references import references as known
from sre_kit.show.shown import Note
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Link, Strong
from sre_kit.units import MISSING

DERIVED = ("Question", "Choice", "Evidence", "Not chosen", "Again when")
"""Columns of the steps."""


def derivation(decisions: Sequence[Decision]) -> Table | Note:
    """One row a step; evidence that speaks against the choice is in bold."""
    if not decisions:
        return Note("Nothing has been decided here yet; the open questions below say what is missing.")
    rows: list[Sequence[Inline]] = [
        (
            one.question,
            one.choice,
            Lines([*one.evidence, *(Strong(text) for text in one.against)]) if one.evidence or one.against else MISSING,
            Lines(list(one.alternatives)) if one.alternatives else MISSING,
            one.revision or MISSING,
        )
        for one in decisions
    ]
    return Table(DERIVED, rows)


def references(document: str) -> Table:
    """Published texts that support the practices of `document`, in our words, and whether they were held against."""
    rows: list[Sequence[Inline]] = [
        (
            one.practice,
            Link(one.title, one.address),
            one.says,
            f"{one.checked:%Y-%m-%d}" if one.checked else "not yet, from memory",
        )
        for one in known(document)
    ]
    return Table(("Practice", "Reference", "What it says", "Checked"), rows)
