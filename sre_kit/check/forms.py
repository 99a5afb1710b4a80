"""What many points ask for: a section, a table whose cells are filled, an image, a generated file that was checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed

EMPTY: Final = {"", "–", "-"}
LEVELS: Final = ("unchecked", "syntax-checked", "schema-validated", "tool-validated", "executed")
UNKNOWN: Final = "**Not known"

Rows = list[dict[str, str]]


def found(judged: Bundle, name: str, title: str, *columns: str) -> tuple[Section, Rows] | Verdict:
    """The section that begins with `title` and the rows of its table with `columns`; a verdict when there is none."""
    section = judged.page(name).section(title)
    if section is None:
        return failed(f"no section {title!r}")
    rows = section.table(*columns)
    if rows:
        return section, rows
    if UNKNOWN in section.text:
        return not_known(f"{title}: the document asks for it", section.line)
    return failed(f"{title}: no table with {', '.join(columns)}", section.line)


def filled(judged: Bundle, name: str, title: str, columns: Sequence[str], must: Sequence[str] | None = None) -> Verdict:
    """A table with `columns`, in which the columns `must` (all by default) have something in every row."""
    have = found(judged, name, title, *columns)
    if isinstance(have, Verdict):
        return have
    section, rows = have
    for row in rows:
        for column in must if must is not None else columns:
            if row.get(column, "") in EMPTY:
                return failed(f"{title}: {column} is empty for {next(iter(row.values()))!r}", section.line)
    return passed(f"{title}: {len(rows)} rows with {', '.join(columns)}", section.line)


def illustrated(judged: Bundle, name: str, count: int = 1) -> Verdict:
    """At least `count` charts."""
    images = judged.page(name).images
    if len(images) >= count:
        return passed(f"{len(images)} charts", images[0][0])
    if UNKNOWN in judged.page(name).text:
        return not_known(f"{len(images)} of {count} charts; the document asks for what it could not draw")
    return failed(f"{len(images)} charts, {count} are needed")


def said(judged: Bundle, name: str, title: str, pattern: str, what: str) -> Verdict:
    """The section says something that matches `pattern` (a regular expression, case folded)."""
    section = judged.page(name).section(title)
    if section is None:
        return failed(f"no section {title!r}")
    if re.search(pattern, section.text, re.IGNORECASE):
        return passed(f"{title}: {what}", section.line)
    if UNKNOWN in section.text:
        return not_known(f"{title}: the document asks for it", section.line)
    return failed(f"{title}: does not say {what}", section.line)


def checked_file(judged: Bundle, ending: str, least: str) -> Verdict:
    """A generated file whose name ends with `ending` was checked at least as far as `least`."""
    files = {name: entry for name, entry in judged.manifest.artifacts.items() if name.endswith(ending)}
    if not files:
        return not_known(f"no file {ending} was generated")
    for name, entry in files.items():
        if entry.get("problem"):
            return failed(f"{name}: {entry['by']}: {entry['problem']}")
        if LEVELS.index(entry["level"]) < LEVELS.index(least):
            return not_known(f"{name} is {entry['level']}; the tool that makes it {least} is not installed")
    return passed(", ".join(f"{name}: {entry['level']} by {entry['by']}" for name, entry in files.items()))


def amount(cell: str) -> float | None:
    """The first number of a cell; None when there is none."""
    match = re.search(r"-?\d[\d,]*(?:\.\d+)?", cell.replace("\\", ""))
    return float(match[0].replace(",", "")) if match else None


def joined(rows: Sequence[Mapping[str, str]], column: str) -> str:
    """All cells of a column as one text."""
    return " ".join(row.get(column, "") for row in rows)
