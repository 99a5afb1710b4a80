"""
Claims: each place where a value may stand, with the words that say what it is, nearest first.

A cell of a table, a key-value bullet and a sentence become the same thing, so that one set of rules reads all three.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sre_kit.load.facts.reading import Block, Line, Row, Table, plain

_KEY = re.compile(r"^\s*(?:\d{1,2}[.)]\s+)?([^:|]{1,80}?)\s?(?::|\s[–—=]\s|→)\s+(?=\S)")
_KEY_DASH = re.compile(r"^([^:|–—]{1,60}?)\s[–—-]\s+(?=(?:[<>≤≥~]?\s?|~?\s?(?:around|about) )[\d$€£])")
_KEY_COMPARED = re.compile(
    r"^([^:|<>≤≥=(]{3,50}?)\s+(?=[<≤]=?\s?\d[\d.,]*\s?[^\W\d_%]{0,12}%?(?:\s?\([^()]{0,60}\))?\.?$)"
)
"""`Search results < 1 s` says what, and how fast."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(`*])")
_NOT_A_KEY = re.compile(r"\b(?:https?|e\.g|i\.e|note)$|[<>=]\s?\d|\w, \w+ \w+ \w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A stretch of text that may hold values.

    `label` is the row's name or the key before the colon, `column` the table's header over the cell,
    `around` the lead-in, the bullets above and the headings, nearest first.
    """

    text: str
    label: str
    column: str
    around: tuple[str, ...]
    heading: tuple[str, ...]
    line: int
    quote: str
    form: str
    """``cell``, ``pair`` or ``sentence``."""
    row: tuple[tuple[str, str], ...] = field(default=())
    quoted: bool = False
    bracketed: bool = False
    """Part of a paragraph that stands in square brackets as a whole: a template waits for its text there."""

    @property
    def words(self) -> str:
        """Everything said on the spot."""
        return " ".join(part for part in (self.label, self.column, self.text) if part)


def claims(block: Block) -> Iterator[Claim]:
    """The claims of a block, in reading order; a fence has none (its readers know its language)."""
    if isinstance(block, Table):
        for row in block.rows:
            yield from cell_claims(block, row)
    elif isinstance(block, Line):
        yield from line_claims(block)


def cell_claims(table: Table, row: Row) -> Iterator[Claim]:
    """One claim for every filled cell of a row but its first."""
    around = ((table.lead,) if table.lead else ()) + tuple(reversed(table.heading))
    named = tuple(zip(table.header, row.cells, strict=False))
    label = row.cells[0] if row.cells else ""
    topic = next(
        (
            index
            for index, (name, cell) in enumerate(named)
            if index and cell and _TOPIC.match(name) and not re.search(r"\d", _NUMBERED_NAMES.sub("", cell))
        ),
        None,
    )
    if topic is not None and not _TOPIC.match(table.header[0]):
        label = row.cells[topic]
    if re.fullmatch(r"#?\d{1,2}\.?", label) and len(row.cells) > 2 and not re.search(r"\d", row.cells[1]):
        label = row.cells[1]  # numbered rows
    for index, (column, cell) in enumerate(named):
        if index and cell:
            yield Claim(cell, label, column, around, table.heading, row.line, row.source, "cell", named)


_NUMBERED_NAMES = re.compile(r"(?i)\bp\d\d(?:\.\d+)?\b|\b[45]xx\b|\b9\d(?:\.\d+)?(?:th|st| ?%?(?= percentile))")
"""Names of measures that hold a figure: `p95 of the search`."""
_TOPIC = re.compile(
    r"(?:slis?|metrics?|indicators?|kpis?|measures?|quality attribute|objectives?|"
    r"requirements?|m[eé]trica|indicador|metrik|kennzahl|métrique)(?: name)?$",
    re.IGNORECASE,
)


def line_claims(line: Line) -> Iterator[Claim]:
    """A key-value line gives one claim, other lines one for each sentence."""
    key, rest = split_key(line.text)
    if line.title:
        bracket = re.match(r"([^()]+)\(([^()]*\d[^()]*)\)\s*$", line.text)
        key, rest = (bracket[1].strip(), bracket[2]) if bracket else (key, rest)
        if not key:
            return
    lines = line.raw.split("\n")
    if key and len(lines) > 1 and not line.title:
        for offset, raw in enumerate(lines):
            text = split_key(plain(raw))[1] if offset == 0 else plain(raw)
            yield Claim(text, key, "", line.context, line.heading, line.line + offset, raw, "pair", quoted=line.quoted)
        return
    if key:
        yield Claim(rest, key, "", line.context, line.heading, line.line, line.raw, "pair", quoted=line.quoted)
        return
    bracketed = len(line.text) > 30 and line.text[0] == "[" and line.text[-1] == "]"
    for offset, sentence in _sentences(line):
        yield Claim(
            sentence,
            "",
            "",
            line.context,
            line.heading,
            line.line + offset,
            _line_at(line.raw, offset, sentence),
            "sentence",
            quoted=line.quoted,
            bracketed=bracketed,
        )


@lru_cache(maxsize=2048)
def split_key(text: str) -> tuple[str, str]:
    """
    The key and the value of a ``Key: value`` line, or nothing and the text.

    >>> split_key("Retention: 30 days")
    ('Retention', '30 days')
    >>> split_key("We keep it for 30 days.")
    ('', 'We keep it for 30 days.')
    """
    found = _KEY.match(text) or _KEY_DASH.match(text) or _KEY_COMPARED.match(text)
    if (
        not found
        or _NOT_A_KEY.search(found[1])
        or len(found[1].split()) > 9
        or found[1].count("(") != found[1].count(")")
    ):
        return "", text
    return found[1].strip(" *"), text[found.end() :].strip()


def header_index(header: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    """The first column whose header the pattern finds."""
    return next((index for index, name in enumerate(header) if pattern.search(name)), None)


def _sentences(line: Line) -> Iterator[tuple[int, str]]:
    parts = _SENTENCE.split(line.text)
    raw_lines = line.raw.split("\n")
    for part in parts:
        yield (_offset(raw_lines, part) if len(raw_lines) > 1 else 0), part


def _offset(raw_lines: Sequence[str], sentence: str) -> int:
    """The line of a wrapped paragraph that holds the sentence's first number, else its first words."""
    number = re.search(r"\d[\d.,]*\d|\d", sentence)
    probe = number[0] if number else sentence[:20]
    return next((index for index, raw in enumerate(raw_lines) if probe in raw), 0)


def _line_at(raw: str, offset: int, sentence: str) -> str:
    return raw if "\n" not in raw else sentence
