"""
build-plan.md as it lies there: headings, tasks with their boxes, our marked block; found, never re-rendered.

Positions come from markdown-it's token map, so that what stands in code, quotes or comments is not taken for a
task. Line ends, byte order mark, front matter and everything foreign stay where they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sre_kit.errors import ProtectedError
from sre_kit.store.plan_words import Mark, is_another_role, is_sre, mark, tasks, unmarked

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_EOL: Final = re.compile(r"\r\n|\r|\n")  # what CommonMark calls a line end; str.splitlines() knows more
_FRONT_MATTER: Final = re.compile(r"\ufeff?---[ \t]*\n.*?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_MARKER: Final = re.compile(r"<!--\s*sre-kit:(begin|end)\b")
_BEGIN: Final = re.compile(r"<!-- sre-kit:begin sha256=([0-9a-f]{64})(?: [^<>]*)?-->[ \t]*")
_END: Final = re.compile(r"<!-- sre-kit:end -->[ \t]*")
_CODE_SPAN: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_FIELD: Final = re.compile(
    r"[ \t]*(?:[-*+][ \t]+)?(?:\*\*|__)?(?P<key>Agent|Role|Owner|Rolle|Agente|Responsable|Status)(?:\*\*|__)?"
    r"[ \t]*:[ \t]*(?:\*\*|__)?[ \t]*(?P<value>.*?)[ \t]*",
    re.IGNORECASE,
)
_PHASE: Final = re.compile(r"(?i)\b(?:phase|fase|étape|stage|sprint)\b")
_PIPE: Final = re.compile(r"\\.|(\|)", re.DOTALL)
_NAMES_A_TASK: Final = re.compile(r"(?i)task|deliverable|activity|item|document|aufgabe|tâche|tarea|taak")
_NAMES_A_STATE: Final = re.compile(r"(?i)status|state|done|progress|estado|statut|stand")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; its section are the lines from `line` up to `end`, which is the next heading of its level or above."""

    line: int
    end: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task with the place of its state in its line; `slugs` are the SRE tasks that its text names."""

    line: int
    mark: Mark | None
    text: str
    slugs: frozenset[str]
    item: int = -1
    """Line where its list item begins, -1 outside of lists."""
    within: frozenset[int] = frozenset()
    """Lines where the list items around its own begin."""


@dataclass(frozen=True, slots=True)
class Field:
    """A line like ``**Status:** Complete``; `start` and `end` enclose the value in its line."""

    line: int
    key: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """Our marked block: the lines of its two markers and its text between them, line ends as LF."""

    begin: int
    end: int
    body: str
    sha256: str

    @property
    def edited(self) -> bool:
        """Whether a person changed it since we wrote it."""
        return digest(self.body) != self.sha256


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the cells of its header, and of each row with its line."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Outline:
    """What was found in a plan."""

    lines: tuple[str, ...]
    """Every line with its line end."""
    block: Block | None
    headings: tuple[Heading, ...]
    tasks: tuple[Task, ...]
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    texts: frozenset[int] = frozenset()
    """Lines of text outside of code, quotes, tables, comments and our block."""

    def section(self, heading: Heading) -> Section:
        """A heading with what stands under it."""
        return Section(
            heading,
            tuple(t for t in self.tasks if heading.line < t.line < heading.end),
            tuple(f for f in self.fields if heading.line < f.line < heading.end),
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the tasks and fields under it."""

    heading: Heading
    tasks: tuple[Task, ...]
    fields: tuple[Field, ...]

    @property
    def agents(self) -> tuple[str, ...]:
        """Roles that the section names as responsible."""
        return tuple(field.value for field in self.fields if field.key.lower() != "status")

    @property
    def status(self) -> Field | None:
        """Its first status line."""
        return next((field for field in self.fields if field.key.lower() == "status"), None)


def digest(body: str) -> str:
    """SHA-256 of a block's text, whatever its line ends."""
    return hashlib.sha256(_EOL.sub("\n", body).encode("utf-8", "surrogatepass")).hexdigest()


def split(text: str) -> tuple[str, ...]:
    """
    Lines with their ends; only CR, LF and CRLF end a line.

    >>> split("a\\r\\nb\\x0cc\\n")
    ('a\\r\\n', 'b\\x0cc\\n')
    """
    lines, start = [], 0
    for found in _EOL.finditer(text):
        lines.append(text[start : found.end()])
        start = found.end()
    return (*lines, text[start:]) if start < len(text) else tuple(lines)


@lru_cache(maxsize=4)
def outline(plan: str) -> Outline:
    """
    What stands where in `plan`; our own block is not looked into.

    Raises
    ------
    ProtectedError
        Our markers are damaged: half, doubled, out of order, quoted, or swallowed by a code fence.
    """
    lines = split(plan)
    tokens, visible = _parse(lines), list(lines)
    if block := _block(lines, tokens):
        for number in range(block.begin, block.end + 1):
            visible[number] = "\n"
        tokens = _parse(visible)
    headings = tuple(_headings(tokens, visible, len(lines)))
    listed, fields, plain = [], [], set()
    for token, item, within in _texts(tokens):
        first, last = token.map or (0, 0)
        for line in range(first, last):
            text = visible[line].rstrip("\r\n")
            if _hidden(visible, first, last, line):
                continue
            plain.add(line)
            if field := _field(line, text):
                fields.append(field)
                continue
            own = item if line == item else -1
            task = Task(line, mark(text), unmarked(text), tasks(text), own, within - {own})
            if task.mark or (task.slugs and own >= 0):
                listed.append(task)
    tables = tuple(_tables(tokens, visible))
    listed += [task for table in tables for task in _row_tasks(table, visible)]
    listed.sort(key=lambda task: task.line)
    return Outline(lines, block, headings, tuple(listed), tuple(fields), tables, frozenset(plain))


def sre_section(found: Outline) -> tuple[Section | None, tuple[str, ...]]:
    """
    The section about production operations, and notes on how it was chosen among several.

    A section that another role owns, even in part, is none. Of several, the one whose agent is the Site Reliability
    Engineer wins, then the one with the most SRE tasks, then the first.
    """
    candidates = []
    for heading in found.headings:
        section = found.section(heading)
        ours = any(is_sre(agent) for agent in section.agents)
        theirs = any(is_another_role(agent) for agent in section.agents)
        if (is_sre(heading.title) or ours) and not theirs and not _is_title(found, heading):
            known = sum(1 for task in section.tasks if task.slugs)
            candidates.append((not ours, -known, heading.line, section))
    if not candidates:
        return None, ()
    chosen = min(candidates, key=lambda one: one[:3])[3]
    mine = chosen.heading
    headings = [section.heading for *_, section in candidates]
    others = [one for one in headings if one.end <= mine.line or mine.end <= one.line]
    if not others:
        return chosen, ()
    left = ", ".join(f"{other.title!r} (line {other.line + 1})" for other in others)
    return chosen, (
        f"several headings look like the SRE's: used {mine.title!r} (line {mine.line + 1}), "
        f"left alone {left}; the rule is: agent named, then most SRE tasks, then the first",
    )


def phases(found: Outline) -> tuple[Heading, ...]:
    """Headings that are phases: those that say who does it or its status; without such, those called a phase."""
    lines = [heading.line for heading in found.headings]
    above = {max((line for line in lines if line < field.line), default=-1) for field in found.fields}
    owned = [heading for heading in found.headings if heading.line in above]
    called = [heading for heading in found.headings if _PHASE.search(heading.title)]
    innermost = [one for one in called if not any(one.line < other.line < one.end for other in called)]
    return tuple(owned or innermost)


def _is_title(found: Outline, heading: Heading) -> bool:
    """The one top heading over everything names the document, not a phase."""
    peers = [other for other in found.headings if other.level == heading.level]
    return heading.level == 1 and len(peers) == 1 and len(found.headings) > 1


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


def _parse(lines: Sequence[str]) -> list[Token]:
    text = "".join(line.rstrip("\r\n") + "\n" for line in lines)
    if head := _FRONT_MATTER.match(text):
        text = "\n" * head[0].count("\n") + text[head.end() :]
    return _markdown().parse(text.removeprefix("\ufeff"))


def _block(lines: tuple[str, ...], tokens: list[Token]) -> Block | None:
    code = {n for token in tokens if token.type in {"fence", "code_block"} and token.map for n in range(*token.map)}
    markers = [
        (number, found[1], number in code)
        for number, line in enumerate(lines)
        for found in _MARKER.finditer(_CODE_SPAN.sub("", line))
    ]
    shown = [(number, kind) for number, kind, in_code in markers if not in_code]
    if not shown:
        for (begin, first, _), (end, second, _) in pairwise(markers):
            if (first, second) == ("begin", "end") and (block := _between(lines, begin, end)) and not block.edited:
                raise ProtectedError(
                    f"line {begin + 1}: the block of sre-kit lies inside a code fence; close the fence above it"
                )
        return None
    block = None
    if [kind for _, kind in shown] == ["begin", "end"]:
        block = _between(lines, shown[0][0], shown[1][0])
    if not block:
        where = ", ".join(f"{kind} in line {number + 1}" for number, kind in shown)
        raise ProtectedError(
            f"the markers of sre-kit are damaged ({where}); there must be one begin line and one end line after it, "
            "as they were written; restore them, or delete all of them with what is between, and run again"
        )
    return block


def _between(lines: tuple[str, ...], begin: int, end: int) -> Block | None:
    opening, closing = _BEGIN.fullmatch(lines[begin].rstrip("\r\n")), _END.fullmatch(lines[end].rstrip("\r\n"))
    if not opening or not closing:
        return None
    return Block(begin, end, _EOL.sub("\n", "".join(lines[begin + 1 : end])), opening[1])


def _headings(tokens: list[Token], lines: list[str], total: int) -> Iterator[Heading]:
    tops = [
        (token.map[0], int(token.tag[1:]), tokens[number + 1].content)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.map and token.level == 0
    ]
    for number, (line, level, title) in enumerate(tops):
        end = next((later for later, deep, _ in tops[number + 1 :] if deep <= level), total)
        yield Heading(line, end, level, title)


def _texts(tokens: list[Token]) -> Iterator[tuple[Token, int, frozenset[int]]]:
    """Texts outside of quotes and tables, with the line of their list item and of the items around it."""
    items: list[int] = []
    quotes = tables = 0
    for token in tokens:
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        tables += (token.type == "table_open") - (token.type == "table_close")
        if token.type == "list_item_open" and token.map:
            items.append(token.map[0])
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "inline" and not quotes and not tables:
            yield token, items[-1] if items else -1, frozenset(items)


def _tables(tokens: list[Token], lines: list[str]) -> Iterator[Table]:
    """Tables outside of quotes."""
    quotes, rows = 0, []
    for token in tokens:
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        if token.type == "tr_open" and token.map and not quotes:
            line = token.map[0]
            rows.append((line, tuple(text.strip() for text, _ in _cells(lines[line].rstrip("\r\n")))))
        elif token.type == "table_close" and rows:
            yield Table(rows[0][1], tuple(rows[1:]))
            rows = []


def _hidden(lines: list[str], first: int, last: int, line: int) -> bool:
    """Whether a line of a paragraph begins inside a comment that opened above it."""
    offset = sum(len(lines[n]) for n in range(first, line))
    return any(found.start() < offset < found.end() for found in _COMMENT.finditer("".join(lines[first:last])))


def _field(line: int, text: str) -> Field | None:
    found = _FIELD.fullmatch(text)
    return Field(line, found["key"], found["value"], found.start("value"), found.end("value")) if found else None


def _cells(text: str) -> list[tuple[str, int]]:
    """Cells of a row with their columns in the line."""
    pipes = [found.start() for found in _PIPE.finditer(text) if found[1]]
    edges = [-1, *pipes, len(text)]
    cells = [(text[a + 1 : b], a + 1) for a, b in pairwise(edges)]
    if text.lstrip().startswith("|"):
        cells = cells[1:]
    return cells[:-1] if cells and not cells[-1][0].strip() else cells


def _row_tasks(table: Table, lines: list[str]) -> Iterator[Task]:
    """The rows of a table of tasks: one column must name the task, another its state."""
    name = next((n for n, cell in enumerate(table.header) if _NAMES_A_TASK.search(cell)), len(table.header))
    state = next((n for n, cell in enumerate(table.header) if _NAMES_A_STATE.search(cell)), len(table.header))
    for line, _ in table.rows:
        cells = _cells(lines[line].rstrip("\r\n"))
        if max(name, state) < len(cells):
            text, column = cells[state]
            found = mark(text, alone=True)
            task = Task(line, found and found.moved(column), unmarked(cells[name][0]), tasks(cells[name][0]))
            if task.mark or task.slugs:
                yield task
