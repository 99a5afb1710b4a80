"""
Tables of a page: as wide as their words on a screen, a card per row on a phone, whole on paper.

How a column may wrap depends on its longest words, which CSS cannot know; so each cell is given a class here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it.token import Token

SHORT: Final = 10
"""Characters of a column that is never broken: a date, a percentage."""
MIDDLE: Final = 18
"""Characters of a column that is not broken where there is room: a time, a name."""
LONG: Final = 40
"""Characters from which a column asks for room."""
SCREEN: Final = 100
"""Characters side by side in a wide window; a fuller table breaks its middle columns too."""
PAGE: Final = 96
"""Characters side by side on A4; where the longest words of a row are more, the longest of them are broken."""
PHONE: Final = 34
"""Characters side by side on a phone; a wider table with sentences is shown as a card for each row."""
WORD: Final = 26
"""Characters of a word that stays whole on a screen."""
PADDING: Final = 2
"""The room between two columns, in characters."""


@dataclass
class _Column:
    """A column's heading; its longest line, its longest word and that of its heading, in characters."""

    name: str
    width: int = 0
    word: int = 0
    heading: int = 0

    def add(self, lines: Sequence[str], *, heading: bool) -> None:
        """A cell; a heading may always be broken between its words."""
        words = [len(word) for line in lines for word in re.split(r"[ -]", line)]
        self.word = max([self.word, *words])
        if heading:
            self.heading = max(words)
        self.width = max([self.width, *(words if heading else map(len, lines))])


def plain(token: Token) -> str:
    """The words of an inline token, without marks; a break counts as one blank."""
    if token.children:
        return "".join(plain(child) for child in token.children)
    return " " if token.type in ("softbreak", "hardbreak") else token.content


def prepare(tokens: Sequence[Token]) -> None:
    """Give each table and cell of `tokens` its class, and each cell of a body the name of its column."""
    start = 0
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            start = number
        elif token.type == "table_close":
            _table(tokens[start:number])


def _table(tokens: Sequence[Token]) -> None:
    pairs = list(pairwise(tokens))
    columns = [_Column(plain(after)) for one, after in pairs if one.type == "th_open"]
    cells: list[tuple[int, Token]] = []
    number = 0
    for token, after in pairs:
        if token.type == "tr_open":
            number = 0
        elif token.type in ("th_open", "td_open"):
            cells.append((number, token))
            columns[number].add(_lines(after), heading=token.type == "th_open")
            number += 1
    classes = _classes(columns)
    for number, token in cells:
        right = "right" in str(token.attrs.pop("style", ""))
        if fit := " ".join([*classes[number], *(["r"] if right else [])]):
            token.attrSet("class", fit)
        if token.type == "td_open":
            token.attrSet("data-label", columns[number].name)
        else:
            token.attrSet("scope", "col")
    total = sum(min(one.width, LONG) for one in columns)
    sentences = any(one.width > MIDDLE + SHORT for one in columns)
    kind = "cards" if total > PHONE and sentences else "grid"
    tokens[0].attrSet("class", f"{kind} dense" if _crowded(columns, classes) else kind)


def _classes(columns: Sequence[_Column]) -> list[list[str]]:
    """
    How each column may wrap.

    ``s`` never; ``m`` not on a screen; ``h`` between its words, and short; ``l`` asks for room. A ``w`` holds words
    that must be broken, a ``b`` words that must be on paper.
    """
    room = sum(min(one.width, MIDDLE) + PADDING for one in columns) <= SCREEN
    found = []
    for one in columns:
        if one.width <= SHORT:
            found.append(["s"])
        elif one.width <= MIDDLE:
            found.append(["m" if room else "h"])
        else:
            found.append((["l"] if one.width > LONG else []) + (["w"] if one.word > WORD else []))
    least = [max(SHORT, one.heading) for one in columns]
    words = [max(one.word, one.width if one.width <= SHORT else 0) for one in columns]
    over = sum(words) + PADDING * len(words) - PAGE
    for number in sorted(range(len(words)), key=lambda number: least[number] - words[number]):
        if over > 0 and words[number] > least[number]:
            found[number].append("b")
            over -= words[number] - least[number]
    return found


def _crowded(columns: Sequence[_Column], classes: Sequence[Sequence[str]]) -> bool:
    """Whether the columns are more than a sheet holds in the usual size, as far as they may be broken."""
    needed = 0
    for one, fit in zip(columns, classes, strict=True):
        least = one.width if "s" in fit else SHORT if "b" in fit or "w" in fit else one.word
        needed += max(least, one.heading, MIDDLE if "l" in fit else 0) + PADDING
    return needed > PAGE


def _lines(inline: Token) -> list[str]:
    """The lines of a cell, as its breaks have them."""
    lines = [""]
    for child in inline.children or []:
        if child.type == "hardbreak":
            lines.append("")
        else:
            lines[-1] += plain(child)
    return lines


def table_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A table in a box of its own, which scrolls where the table is wider than the screen."""
    kind = escape(str(tokens[index].attrGet("class") or ""))
    return f'<div class="table {kind}"><table>\n' if kind else '<div class="table"><table>\n'


def table_close(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """The end of `table_open`."""
    return "</table></div>\n"


def td_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A cell whose content is one element, so that a card can put it beside the column's name."""
    return f"<td{renderer.renderAttrs(tokens[index])}><div>"


def td_close(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """The end of `td_open`."""
    return "</div></td>"
