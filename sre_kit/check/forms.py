"""What many points ask for: a section, a table whose cells are filled, an image, a generated file that was checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sre_kit.check.cells import EMPTY, UnreadableError, moments
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Rule, Verdict, failed, not_known, passed, point

LEVELS: Final = ("unchecked", "syntax-checked", "schema-validated", "tool-validated", "executed")
UNKNOWN: Final = "**Not known"

Rows = list[dict[str, str]]


def found(judged: Bundle, name: str, title: str, *columns: str, empty: str = "") -> tuple[Section, Rows] | Verdict:
    """The section that begins with `title` and the rows of its table with `columns`; a verdict when there is none."""
    section = judged.page(name).section(title)
    if section is None:
        return failed(f"no section {title!r}")
    rows = section.table(*columns)
    if rows:
        return section, rows
    if UNKNOWN in section.text:
        return not_known(f"{title}: the document asks for it", section.line)
    if empty and re.search(empty, section.text):
        return passed(f"{title}: the document says that there is nothing", section.line)
    return failed(f"{title}: no table with {', '.join(columns)}", section.line)


def filled(
    judged: Bundle, name: str, title: str, columns: Sequence[str], must: Sequence[str] | None = None, empty: str = ""
) -> Verdict:
    """A table with `columns`, in which the columns `must` (all by default) have something in every row."""
    have = found(judged, name, title, *columns, empty=empty)
    if isinstance(have, Verdict):
        return have
    section, rows = have
    for row in rows:
        for column in must if must is not None else columns:
            if row.get(column, "") in EMPTY:
                return failed(f"{title}: {column} is empty for {next(iter(row.values()))!r}", section.line)
    return passed(f"{title}: {len(rows)} rows with {', '.join(columns)}", section.line)


def illustrated(judged: Bundle, name: str, count: int, missing: str) -> Verdict:
    """At least `count` charts, or the question for what they show (`missing`, a pattern)."""
    images = judged.page(name).images
    if len(images) >= count:
        return passed(f"{len(images)} charts", images[0][0])
    if any(asked(section, missing) for section in judged.page(name).sections):
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


def joined(rows: Sequence[Mapping[str, str]], column: str) -> str:
    """All cells of a column as one text."""
    return " ".join(row.get(column, "") for row in rows)


Judge = Callable[[Bundle, Section, Rows], str]
"""Says what is wrong with a table; empty when nothing is, `ASKED` where the document asks for what would decide it."""
ASKED: Final = "the document asks for what it is held against"


def asked(section: Section, pattern: str) -> bool:
    """Whether the section asks for what `pattern` (a regular expression, case folded) describes."""
    return bool(pattern) and any(
        re.search(pattern, line, re.IGNORECASE) for line in section.text.split("\n") if line.startswith(UNKNOWN)
    )


def over(
    document: str,
    number: int,
    title: str,
    *,
    under: str,
    columns: Sequence[str],
    missing: str = "",
    empty: str = "",
) -> Callable[[Judge], Judge]:
    """
    Register a rule over one table: the section that begins with `under`, the first table with `columns`.

    Without the table the point is not known where the document asks for it (`missing`, a pattern of the question),
    passed where the document says that there is nothing (`empty`), else failed.
    """

    def register(judge: Judge) -> Judge:
        def rule(judged: Bundle, name: str) -> Verdict:
            have = table(judged, name, under, columns, missing, empty)
            if isinstance(have, Verdict):
                return have
            section, rows = have
            try:
                problem = judge(judged, section, rows)
            except UnreadableError as error:
                problem = str(error)
            if problem:
                return (not_known if problem == ASKED else failed)(f"{under}: {problem}", section.line)
            return passed(f"{under}: {len(rows)} rows with {', '.join(columns)}", section.line)

        point(document, number, title)(rule)
        return judge

    return register


def table(
    judged: Bundle, name: str, under: str, columns: Sequence[str], missing: str = "", empty: str = ""
) -> tuple[Section, Rows] | Verdict:
    """The section that begins with `under` and its table with `columns`; a verdict when there is none."""
    section = judged.page(name).section(under)
    if section is None:
        return failed(f"no section {under!r}")
    rows = section.table(*columns)
    if rows:
        return section, [{column: row.get(column, "") for column in [*row, *columns]} for row in rows]
    if asked(section, missing):
        return not_known(f"{under}: the document asks for it", section.line)
    if empty and re.search(empty, section.text):
        return passed(f"{under}: the document says that there is nothing", section.line)
    return failed(f"{under}: no table with {', '.join(columns)}", section.line)


def other(judged: Bundle, name: str, under: str, *columns: str) -> Rows:
    """A table of the same or another document of the set, to compare with; no rows where it is not there."""
    section = judged.page(name).section(under) if name in judged.documents else None
    return (section.table(*columns) if section else None) or []


def as_of(judged: Bundle, name: str) -> datetime:
    """
    The report time in the document's header.

    Raises
    ------
    UnreadableError
        The header does not say it.
    """
    found = moments(next((line for line in judged.page(name).lines if line.startswith("- **Date:**")), ""))
    if not found:
        raise UnreadableError("the header says no report time")
    return found[0]


def guarded(rule: Rule) -> Rule:
    """`rule`, failed where a cell cannot be read."""

    def run(judged: Bundle, name: str) -> Verdict:
        try:
            return rule(judged, name)
        except UnreadableError as error:
            return failed(str(error))

    return run
