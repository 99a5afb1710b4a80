"""Ways to damage a published set, as a careless hand or a defect would; each refuses to damage nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sre_kit.check import Bundle

Damage = Callable[[Bundle], Bundle]


def rewritten(judged: Bundle, document: str, text: str) -> Bundle:
    """The set with another text of one document."""
    assert text != judged.documents[document], f"{document} is as it was"
    return replace(judged, documents={**judged.documents, document: text}, pages={})


def say(document: str, old: str, new: str) -> Damage:
    """Replace words, once."""

    def run(judged: Bundle) -> Bundle:
        assert old in judged.documents[document], f"{document} does not say {old!r}"
        return rewritten(judged, document, judged.documents[document].replace(old, new, 1))

    return run


def alter(document: str, pattern: str, new: str, count: int = 1) -> Damage:
    """Replace what a regular expression finds; 0 is everywhere."""

    def run(judged: Bundle) -> Bundle:
        text, found = re.subn(pattern, new, judged.documents[document], count=count, flags=re.MULTILINE)
        assert found, f"{document} has nothing like {pattern!r}"
        return rewritten(judged, document, text)

    return run


def _table(judged: Bundle, document: str, under: str, columns: tuple[str, ...]) -> tuple[list[str], int, int]:
    """Lines of the document, and the first and last line of the table."""
    lines = judged.documents[document].split("\n")
    section = judged.page(document).section(under)
    assert section, f"{document} has no section {under!r}"
    last = section.line + section.text.count("\n")
    number = section.line
    while number < last:
        if lines[number].startswith("|"):
            end = number
            while end < last and lines[end].startswith("|"):
                end += 1
            if set(columns) <= set(_cells(lines[number])):
                return lines, number, end
            number = end
        number += 1
    raise AssertionError(f"{document}, {under}: no table with {columns}")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def drop(document: str, under: str, *columns: str) -> Damage:
    """Take a table away, and what it leaves to ask for."""

    def run(judged: Bundle) -> Bundle:
        lines, first, end = _table(judged, document, under, columns)
        return rewritten(judged, document, "\n".join([*lines[:first], *lines[end:]]))

    return run


def cell(document: str, under: str, row: str | int, column: str, new: str, *columns: str) -> Damage:
    """Write something else into one cell; `row` is a position or begins the first cell."""

    def run(judged: Bundle) -> Bundle:
        lines, first, end = _table(judged, document, under, (column, *columns))
        header = _cells(lines[first])
        for position, number in enumerate(range(first + 2, end)):
            cells = _cells(lines[number])
            if position == row or (isinstance(row, str) and cells[0].replace("*", "").strip("`").startswith(row)):
                assert cells[header.index(column)] != new, "the cell says that already"
                cells[header.index(column)] = new
                lines[number] = "| " + " | ".join(cells) + " |"
                return rewritten(judged, document, "\n".join(lines))
        raise AssertionError(f"{document}, {under}: no row {row!r}")

    return run


def swap(document: str, under: str, *columns: str, rows: tuple[int, int] = (0, 1)) -> Damage:
    """Put two rows of a table into the wrong order."""

    def run(judged: Bundle) -> Bundle:
        lines, first, _ = _table(judged, document, under, columns)
        a, b = (first + 2 + one for one in rows)
        lines[a], lines[b] = lines[b], lines[a]
        return rewritten(judged, document, "\n".join(lines))

    return run


def lose(document: str, under: str, row: str | int, *columns: str) -> Damage:
    """Leave a row of a table out."""

    def run(judged: Bundle) -> Bundle:
        lines, first, end = _table(judged, document, under, columns)
        for position, number in enumerate(range(first + 2, end)):
            begins = _cells(lines[number])[0].replace("*", "").strip("`")
            if position == row or (isinstance(row, str) and begins.startswith(row)):
                return rewritten(judged, document, "\n".join([*lines[:number], *lines[number + 1 :]]))
        raise AssertionError(f"{document}, {under}: no row {row!r}")

    return run


def file(path: str, old: bytes, new: bytes, count: int = 1) -> Damage:
    """Change a generated file."""

    def run(judged: Bundle) -> Bundle:
        content = judged.files[path]
        assert old in content, f"{path} does not hold {old!r}"
        return replace(judged, files={**judged.files, path: content.replace(old, new, count)})

    return run


def record(name: str, value: Any) -> Damage:
    """Another value of a record."""

    def run(judged: Bundle) -> Bundle:
        assert name in judged.manifest.records, f"no record {name}"
        records = {**judged.manifest.records, name: {**judged.manifest.records[name], "value": value}}
        return replace(judged, manifest=replace(judged.manifest, records=records))

    return run


def artifact(name: str, **claims: str) -> Damage:
    """Another claim of a generated file."""

    def run(judged: Bundle) -> Bundle:
        artifacts = {**judged.manifest.artifacts, name: {**judged.manifest.artifacts[name], **claims}}
        return replace(judged, manifest=replace(judged.manifest, artifacts=artifacts))

    return run


def both(first: Damage, second: Damage) -> Damage:
    """One after the other."""
    return lambda judged: second(first(judged))
