"""
Markdown to blocks: tables, lines of prose and fences, each with its headings, its lead-in and its line.

Only the block structure is parsed (markdown-it); inline marks are stripped here, so that code spans keep
the `*`, `_` and `|` that PromQL needs. Struck-through text is dropped: somebody took it back.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sre_kit.errors import DocumentError

MOST_BYTES: Final = 10_000_000
LONGEST_LINE: Final = 4_000
"""Longer lines are data or minified code; what stands beyond is not read."""

_CODE = re.compile(r"(`[^`]*`)")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\s\"[^\"]*\")?\)|\[[^\[\]]*\])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_STRUCK = re.compile(r"~~[^~]*~~")
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)")
_FORMULA = re.compile(r"\$(?=[^$\n]{0,120}\\)([^$\n]{1,120})\$|\$([A-Za-z]\w{0,12})\$")
_TEXT_OF = re.compile(r"\\(?:text|textbf|mathrm|mathbf|operatorname)\s?\{([^{}]{0,60})\}")
_COMMAND: Final = re.compile(r"\\([A-Za-z]+|[,;:! %])")
_SIGNS: Final = {
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "lt": "<", "gt": ">",
    "approx": "~", "sim": "~", "times": "×", "cdot": "×", "pm": "±", "to": "→", "%": "%",
}  # fmt: skip
_BLANK_LINE_FIELD = re.compile(r"_{3,}")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~<>$])")
_PICTOGRAPH = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\ufe0f\u200b\u200d\ufffd]"
)
_SPACE = re.compile(r"[\s\u00a0\u2009\u202f\u2028\u2029]+")
_BOX = re.compile(r"^\s*\[([ xX])\](?:\s+|$)")
_MARKS: Final = (("done", "✅✔☑🟢🎉"), ("open", "⏳🔄🚧❌⬜🔲🟡🔴📋🔜🔵⚪📝"))
_PAIR_LINE = re.compile(r"^\s*(?:\*\*[^*]{1,80}\*\*|__[^_]{1,80}__)|^\s*[^\s:|`][^:|`]{0,50}:\s")
_ALL_BOLD = re.compile(r"^(?:\*\*[^*]{1,160}\*\*|__[^_]{1,160}__)\s*(?:\([^()]{0,80}\))?\s*:?$")
_LEAD_BOLD = re.compile(r"^\*\*[^*]{1,160}\*\*")

_STATED = re.compile(
    r"[-–—:\[(]\s*(?i:done|completed?|in[- ]progress|pending|planned|not started|to-?do)[\])]?\s*$|"
    r"\s(?:DONE|COMPLETED?|IN PROGRESS|PENDING|NOT STARTED|PLANNED)\s*$"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells as plain text, its line, its source."""

    cells: tuple[str, ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `lead` is the nearest text above it that announces it."""

    heading: tuple[str, ...]
    lead: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Line:
    """A bullet, or the part of a paragraph that says one thing; `parents` are the bullets above, outermost first."""

    heading: tuple[str, ...]
    lead: str
    parents: tuple[str, ...]
    text: str
    raw: str
    line: int
    item: bool = False
    done: bool | None = None
    """Of a checkbox; None where there is none."""
    quoted: bool = False
    mark: str = ""
    """``done`` or ``open`` where a pictograph at its start or end says so; findings carry such marks too."""
    title: bool = False
    """A heading that may state something itself: ``### MVP phase (monthly: $200-500)``."""

    @property
    def context(self) -> tuple[str, ...]:
        """The words around it, nearest first."""
        near = (*reversed(self.parents), self.lead) if self.lead else tuple(reversed(self.parents))
        return (*near, *reversed(self.heading))


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block; `line` is the line of its first content line."""

    heading: tuple[str, ...]
    lead: str
    language: str
    text: str
    line: int


Block = Table | Line | Fence


def plain(source: str) -> str:
    """
    Inline Markdown as a reader sees it, without emphasis, links, tags and pictographs.

    >>> plain("**Uptime**: [99.9 %](sla.md) <br> `up == 0`")
    'Uptime: 99.9 % / up == 0'
    >>> plain("~~99.9 %~~ 99.95 %"), plain(r"$\\le 250\\text{ ms}$, $p95$, from $5 to $9")
    ('99.95 %', '≤ 250 ms, p95, from $5 to $9')
    """
    parts = []
    for part in _CODE.split(source[:LONGEST_LINE]):
        if len(part) > 1 and part.startswith("`"):
            parts.append(part.strip("`"))
            continue
        parts.append(_unmarked(part))
    text = "".join(parts)
    if not text.isascii():
        text = _PICTOGRAPH.sub(lambda mark: mark[0] if mark[0] in "→✓✗≤≥" else " ", text)
    return _SPACE.sub(" ", text).strip()


def _unmarked(text: str) -> str:
    """The text outside code spans; a mark is looked for only where its sign stands, for most lines have none."""
    if "$" in text:
        text = _FORMULA.sub(_formula, text)
    if "~~" in text:
        text = _STRUCK.sub("", text)
    if "<" in text:
        text = _BREAK.sub(" / ", text)
    if "[" in text:
        text = _IMAGE_OR_LINK.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "_" in text:
        text = _BLANK_LINE_FIELD.sub("\u2026", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub("", text)
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    return html.unescape(text)


def _formula(found: re.Match[str]) -> str:
    """`$\\le 250\\text{ ms}$` as it is printed."""
    written = _TEXT_OF.sub(r"\1", found[1] or found[2])
    return _COMMAND.sub(lambda name: _SIGNS.get(name[1], " "), written)


def state_of(source: str) -> str:
    """What a pictograph at either end of a line says about it."""
    ends = source.strip(" *_~-+.:")
    for state, marks in _MARKS:
        if ends[:1] and (ends[0] in marks or ends.rstrip("\ufe0f")[-1:] in marks):
            return state
    return ""


def _mark(source: str) -> str:
    """A cell of nothing but a mark, as a letter that survives: done, failed, open."""
    return next(
        (
            letter
            for marks, letter in (("✅☑✔🟢", "✓"), ("❌✖🔴", "✗"), ("⬜☐🔲⏳", "☐"))
            if any(mark in source for mark in marks)
        ),
        "",
    )


def blocks(text: str) -> list[Block]:
    """
    The blocks of a Markdown text in order.

    Raises
    ------
    DocumentError
        The text is larger than 10 MB.
    """
    if len(text) > MOST_BYTES:
        raise DocumentError(
            f"a document of {len(text):,} characters is more than the {MOST_BYTES:,} that "
            f"are read; split it, or leave it out"
        )
    from markdown_it import MarkdownIt
    from mdit_py_plugins.front_matter import front_matter_plugin

    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    parser.core.ruler.disable(["inline", "text_join"])
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line[:LONGEST_LINE] for line in clean.split("\n")]
    return list(_Walk(parser.parse("\n".join(lines)), lines).blocks())


class _Walk:
    """One pass over the tokens, remembering headings, lead-ins and the bullets above."""

    def __init__(self, tokens: Sequence[Any], lines: list[str]) -> None:
        self.tokens, self.lines = tokens, lines
        self.heading: list[tuple[int, str]] = []
        self.lead = ""
        self.parents: list[str] = []
        self.item_depth = 0
        self.quotes = 0
        self.spent = False
        """Whether what the lead-in announced has come: a paragraph after it is about something else."""

    def blocks(self) -> Iterator[Block]:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if token.type == "heading_open":
                text = plain(self.tokens[position + 1].content)
                state = state_of(self.tokens[position + 1].content)
                text += {"done": " ✓", "open": " ☐"}.get(state, "") if text[-1:] not in "✓☐" else ""
                self._head(int(token.tag[1]), text)
                mark = state_of(self.tokens[position + 1].content)
                if mark or _STATED.search(text) or any(character.isdigit() for character in text):
                    line = token.map[0] + 1
                    yield Line(self._path[:-1], "", (), text, self.lines[line - 1].strip(), line, mark=mark, title=True)
            elif token.type == "table_open":
                self.spent = True
                end = self._until(position, "table_close")
                if table := self._table(self.tokens[position:end], token.map[0]):
                    yield table
                position = end
            elif token.type in ("fence", "code_block"):
                yield self._fence(token)
            elif token.type == "blockquote_open":
                self.quotes += 1
            elif token.type == "blockquote_close":
                self.quotes -= 1
            elif token.type == "list_item_open":
                self.spent = True
                self.item_depth += 1
                del self.parents[self.item_depth - 1 :]
            elif token.type == "list_item_close":
                del self.parents[self.item_depth - 1 :]
                self.item_depth -= 1
            elif token.type == "inline" and self.tokens[position - 1].type == "paragraph_open":
                yield from self._paragraph(token)
            position += 1

    def _until(self, position: int, closing: str) -> int:
        while self.tokens[position].type != closing:
            position += 1
        return position

    def _head(self, level: int, text: str) -> None:
        while self.heading and self.heading[-1][0] >= level:
            self.heading.pop()
        self.heading.append((level, text))
        self.lead = ""

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(text for _, text in self.heading)

    def _fence(self, token: Any) -> Fence:
        language = token.info.split()[0].lower() if token.info.split() else ""
        first = token.map[0] + (2 if token.type == "fence" else 1)
        lead = self.parents[-1] if self.parents else self.lead
        return Fence(self._path, lead, language, token.content, first)

    def _table(self, tokens: Sequence[Any], first: int) -> Table | None:
        rows: list[Row] = []
        cells: list[str] = []
        line = first + 1
        for token in tokens:
            if token.type == "tr_open":
                cells, line = [], token.map[0] + 1
            elif token.type == "inline":
                cells.append(plain(token.content) or _mark(token.content))
            elif token.type == "tr_close":
                rows.append(Row(tuple(cells), line, self.lines[line - 1].strip()))
        if len(rows) < 2:
            return None
        lead = self.parents[-1] if self.parents else self.lead
        return Table(self._path, lead, rows[0].cells, tuple(rows[1:]), first + 1)

    def _paragraph(self, token: Any) -> Iterator[Line]:
        first = token.map[0] + 1
        units = _units(token.content.split("\n"))
        in_item = self.item_depth > 0
        opening = in_item and len(self.parents) < self.item_depth
        if not in_item and self.spent:
            self.lead = ""
        if not in_item:
            self.spent = False
        for index, (offset, raw) in enumerate(units):
            box = _BOX.match(raw)
            done = None if box is None else box[1] in "xX"
            body = raw[box.end() :] if box else raw
            if done is None and body.lstrip()[:1] in ("☐", "☑", "🗹", "⬜", "🔲"):
                done = body.lstrip()[0] in "☑🗹"
            text = plain(body)
            if opening and index == 0:
                self.parents.append(text)
            if not text:
                continue
            parents = tuple(self.parents[:-1]) if opening and index == 0 else tuple(self.parents)
            source = self.lines[first + offset - 1].strip()
            if "\n" in raw:
                source = "\n".join(
                    part.strip() for part in self.lines[first + offset - 1 : first + offset + raw.count("\n")]
                )
            yield Line(
                self._path,
                self.lead,
                parents,
                text,
                source,
                first + offset,
                item=in_item,
                done=done,
                mark=state_of(body),
                quoted=self.quotes > 0,
            )
            if not in_item:
                if self._announces(raw, text):
                    self.lead = text.rstrip(":")
                elif _LEAD_BOLD.match(raw.strip()) or not re.match(r"[^:]{1,60}:\s", text):
                    self.lead = ""

    @staticmethod
    def _announces(raw: str, text: str) -> bool:
        if len(text) <= 60 and re.fullmatch(r"[A-ZÀ-Þ][\w-]*(?: [^\W\d_][\w-]*){0,5}", text):
            return True  # "Criterios" alone on its line
        return len(text) <= 160 and (
            bool(_ALL_BOLD.match(raw.strip()))
            or text.endswith(":")
            or (bool(_LEAD_BOLD.match(raw.strip())) and raw.strip().endswith(":"))
        )


def _units(lines: list[str]) -> list[tuple[int, str]]:
    """Wrapped lines joined; a line that begins a key-value pair, or follows a hard break, stands for itself."""
    units: list[tuple[int, str]] = []
    for offset, line in enumerate(lines):
        follows_break = offset > 0 and (lines[offset - 1].endswith(("  ", "\\")) or "<br" in lines[offset - 1][-6:])
        if units and not follows_break and not _PAIR_LINE.match(line):
            units[-1] = (units[-1][0], f"{units[-1][1]}\n{line}")
        else:
            units.append((offset, line))
    return units
