"""
Pieces of text that know what they are, and what Markdown they make.

Plain ``str`` is data and is escaped (``escape``); structure (code, links, emphasis) is typed, so that nobody writes
Markdown by gluing strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sre_kit.compute.vocabulary import Gap
from sre_kit.escape import md_code, md_link, md_text, plain


@dataclass(frozen=True, slots=True)
class Code:
    """A code span."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a document or page."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Something that must be seen."""

    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Several pieces, one below the other."""

    parts: Sequence[Inline]


@dataclass(frozen=True, slots=True)
class Span:
    """Several pieces, one after the other."""

    parts: Sequence[Inline]


@dataclass(frozen=True, slots=True)
class Not:
    """Something nobody told us, and whom to ask."""

    gap: Gap


Inline = str | Code | Link | Strong | Lines | Span | Not


_TICKS = re.compile(r"(`[^`]+`)")


def ticked(text: str) -> Span:
    """
    Text whose parts between back-ticks are code, as people write commands into params.

    >>> print(inline(ticked("wait: `kubectl get pods | wc` <b>")))
    wait: `kubectl get pods | wc` \\<b>
    """
    pieces = (piece for piece in _TICKS.split(text) if piece)
    return Span([Code(piece[1:-1]) if piece[0] == piece[-1] == "`" and len(piece) > 2 else piece for piece in pieces])


def inline(piece: Inline, *, in_cell: bool = False) -> str:
    """Markdown of one piece, in a paragraph or in a table cell."""
    match piece:
        case str():
            return md_text(piece)
        case Code(text):
            return md_code(text, in_cell=in_cell)
        case Link(text, href):
            return md_link(text, href)
        case Strong(text):
            return f"**{md_text(text)}**" if plain(text) else ""
        case Lines(parts):
            return "<br>".join(inline(part, in_cell=in_cell) for part in parts)
        case Span(parts):
            return "".join(spaced(parts, in_cell=in_cell))
        case Not(gap):
            return f"**Not known:** {md_text(_question(gap))}"


def spaced(parts: Iterable[Inline], *, in_cell: bool = False) -> Iterable[str]:
    """
    Pieces as Markdown with the blanks at the seams of plain text kept, which ``plain`` would strip.
    """
    for part in parts:
        if isinstance(part, str):
            before = " " if part[:1].isspace() else ""
            after = " " if part[-1:].isspace() and part.strip() else ""
            # only a line's start is a list or quote marker, so the middle of a paragraph needs no guard there
            yield f"{before}{md_text(part)}{after}"
        else:
            yield inline(part, in_cell=in_cell)


def _question(gap: Gap) -> str:
    place = f" (expected in {gap.expected_in})" if gap.expected_in else ""
    reason = f"; {gap.because}" if gap.because else ""
    return f"{gap.what}: ask {gap.ask}{place}{reason}"


def slug(name: str) -> str:
    """A name as records spell it."""
    return "".join(sign if sign.isalnum() else "-" for sign in name.lower()).strip("-")
