"""
The one way that text from outside gets into Markdown.

Plain ``str`` is data and is escaped; structure (code, links, emphasis) is typed, so that nobody writes Markdown by
gluing strings. What GitHub would turn into something active (HTML, mentions, autolinks, images) stays text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sre_kit.compute.vocabulary import Gap

# inside a word an underscore means nothing in GFM, and names are full of them
_SPECIAL = re.compile(r"([\\`*\[\]<|~$@&]|(?<![^\W_])_|_(?![^\W_]))")
_LINE_START = re.compile(r"^(>|(?:[-+=]+|#{1,6}|\d{1,9}[.)])(?=\s|$))")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)(:|\.)")
_ACTIVE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(text: str) -> str:
    """`text` on one line, without control, bidirectional or other invisible characters."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    return re.sub(r" {2,}", " ", "".join(c for c in kept if unicodedata.category(c) not in _ACTIVE)).strip()


def md_text(text: str) -> str:
    r"""
    Text as a paragraph or a table cell may hold it: read back by a Markdown parser, it is `text` again.

    >>> print(md_text("a|b <img src=x> @you `c` http://x.y"))
    a\|b \<img src=x> \@you \`c\` http\://x.y
    """
    escaped = _SPECIAL.sub(r"\\\1", plain(text))
    escaped = _AUTOLINK.sub(lambda m: f"{m[1]}\\{m[2]}", escaped)
    return _LINE_START.sub(lambda m: f"{m[1][:-1]}\\{m[1][-1]}", escaped)


md_cell = md_text
"""A table cell escapes what a paragraph does; both are one line."""


def md_code(text: str, *, in_cell: bool = False) -> str:
    r"""
    A code span that survives back-ticks; inside a table cell, and only there, GFM wants its pipes escaped.

    >>> print(md_code("sort | uniq"), md_code("sort | uniq", in_cell=True), md_code("a`b"))
    `sort | uniq` `sort \| uniq` ``a`b``
    """
    inner = plain(text)
    if not inner:
        return ""
    runs = {len(run) for run in re.findall(r"`+", inner)}
    fence = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if inner[0] == "`" or inner[-1] == "`" else ""
    span = f"{fence}{pad}{inner}{pad}{fence}"
    return span.replace("|", r"\|") if in_cell else span


def md_link(text: str, href: str) -> str:
    """
    A link, if `href` is relative or http(s); else the text alone.

    >>> md_link("BusinessModel", "../Project Manager/BusinessModel.md"), md_link("x", "javascript:alert(1)")
    ('[BusinessModel](../Project%20Manager/BusinessModel.md)', 'x')
    """
    cleaned = plain(href)
    head = cleaned.split("/")[0]
    if (":" in head and head.lower() not in {"http:", "https:"}) or cleaned.startswith("//"):
        return md_text(text)
    return f"[{md_text(text)}]({quote(cleaned, safe=':/?#=&%~+,;@-._!')})"


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
