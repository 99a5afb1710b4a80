"""A published document as a check reads it: headings, tables, images, links, each with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sre_kit.store.places import Anchors

_PIPE: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r":?-+:?(?:\|:?-+:?)*")
"""The line below a table's header, without its outer pipes and blanks."""


@dataclass(frozen=True)
class Section:
    """A heading and everything up to the next of its level or above; `line` is the heading's, from 1."""

    title: str
    level: int
    line: int
    text: str

    @property
    def body(self) -> str:
        """The text without the heading."""
        return self.text.split("\n", 1)[1].strip() if "\n" in self.text else ""

    @cached_property
    def tables(self) -> list[list[list[str]]]:
        """Its tables, as rows of cells; the first row is the header."""
        return tables(self.text)

    def table(self, *columns: str) -> list[dict[str, str]] | None:
        """The first table that has all `columns`, as rows by column; None when there is none."""
        for found in self.tables:
            if set(columns) <= set(found[0]):
                return [dict(zip(found[0], row, strict=False)) for row in found[1:]]
        return None


@dataclass(frozen=True)
class Page:
    """The Markdown of one document."""

    text: str
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", self.text.split("\n"))

    @cached_property
    def prose(self) -> list[str]:
        """The lines, those inside code fences blanked."""
        kept, fence = [], ""
        for line in self.lines:
            mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
            if mark and not fence:
                fence = mark[1]
                kept.append("")
            elif fence:
                if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence):
                    fence = ""
                kept.append("")
            else:
                kept.append(line)
        return kept

    @cached_property
    def sections(self) -> list[Section]:
        """Every section, in order; deeper ones are also inside their parents."""
        marks = [
            (number, len(found[1]), found[2].strip())
            for number, line in enumerate(self.prose)
            if (found := re.match(r"(#{1,6}) (.+)", line))
        ]
        result = []
        for position, (number, level, title) in enumerate(marks):
            end = next((n for n, other, _ in marks[position + 1 :] if other <= level), len(self.lines))
            result.append(Section(title, level, number + 1, "\n".join(self.lines[number:end])))
        return result

    def section(self, title: str) -> Section | None:
        """The section whose title begins with `title`, whatever the case."""
        wanted = title.lower()
        return next((one for one in self.sections if one.title.lower().startswith(wanted)), None)

    @cached_property
    def anchors(self) -> set[str]:
        """Fragments that links may name; a repeated heading gets a number."""
        anchors = Anchors()
        return {anchors.of(re.sub(r"[`*\\]", "", one.title)) for one in self.sections}

    @cached_property
    def links(self) -> list[tuple[int, str, str]]:
        """Links outside code: line, text, target."""
        pattern = re.compile(r"(?<!!)\[((?:[^\[\]\\]|\\.)*)\]\(([^()\s]+)\)")
        return [
            (number, text, target)
            for number, line in enumerate(self.prose, 1)
            for text, target in pattern.findall(re.sub(r"`[^`]*`", "", line))
        ]

    @cached_property
    def images(self) -> list[tuple[int, str, str]]:
        """Images: line, alt text, target."""
        pattern = re.compile(r"!\[((?:[^\[\]\\]|\\.)*)\]\(([^()\s]+)\)")
        return [(n, *found) for n, line in enumerate(self.prose, 1) for found in pattern.findall(line)]

    def line_of(self, text: str) -> int:
        """The first line that contains `text`; 0 when none does."""
        return next((number for number, line in enumerate(self.lines, 1) if text in line), 0)


def tables(text: str) -> list[list[list[str]]]:
    """Pipe tables of some Markdown; escaped pipes stay inside their cells."""
    found: list[list[list[str]]] = []
    current: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            inner = line.strip().strip("|")
            cells = [cell.strip() for cell in (_PIPE.split(inner) if "\\|" in inner else inner.split("|"))]
            if not _RULE.fullmatch("|".join(cells)):
                current.append(cells)
        elif current:
            found.append(current)
            current = []
    return found
