"""
Post-mortems in Markdown: front matter, lines such as "**Start:** ...", tables of two columns, lists of key events, and
timelines; one page, or a log with one heading an incident.

A timeline's rows are not always in order and its first row is not always the beginning: it is used where nothing
else says when it began or ended, and the record is marked with that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load.incident_logs.opening import BODY, BODY_LINE, Row
from sre_kit.load.incident_logs.shape import ASIDE, FLAGS, ZONE
from sre_kit.load.incident_logs.written import FIELDS, Table, label_of, tables, value_of, written_time, zone_said

NAME: Final = "post-mortem pages"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "incident id, or the file's name",
    "began": "start",
    "resolved": "end, or resolved",
    "stated": "duration",
    "timeline": "timeline",
    "actions": "action items",
    "postmortem": "the page itself",
}
FROM_TIMELINE: Final = "from the first and last row of its timeline: {}"
_LOG_HEADING: Final = re.compile(r"^#{2,5}\s+(?:Incident\s+(?:on\s+)?)?(\d{4}-\d{2}-\d{2})\b[\s:.–-]*(.*)$")
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_ITEM: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(.*)$")
_LEADING_TIME: Final = re.compile(
    r"^[*_`\[]*((?:\d{4}-\d{2}-\d{2}[ T,]+)?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?"
    r"(?:\s?(?:Z|[A-Z]{2,5}\b|[+-]\d{2}:?\d{2}))?)"
    r"[*_`\]]*\s*(?:[-–—:|]+\s*)?(.+)$"
)
_DATE: Final = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_TYPES: Final = ("prevent", "detect", "mitigate", "process")
_DONE: Final = re.compile(r"(?i)\b(?:done|closed|complete[d]?|fixed|shipped)\b|✅|\[x\]")


@dataclass
class _Page:
    """One incident while its text is read."""

    origin: str
    day: str = ""
    title: str = ""
    zone: str = ""
    cells: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)


def fits(row: Row) -> bool:
    """Any Markdown page."""
    return BODY in row.cells


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One incident a page, or one a dated heading where the page is a log of several."""
    for row in found:
        if isinstance(row, Quarantined):
            yield row
            continue
        body, first = str(row.cells[BODY]), int(row.cells[BODY_LINE])
        parts = _parts(body)
        if len(parts) > 1 or (parts and "key events" in body.casefold()):
            for line, day, title, text in parts:
                page = _Page(f"{row.origin}:{first + line}", day, title, zone_said(body))
                yield _finished(_read(page, text), log=True)
        else:
            page = _Page(row.origin, zone=zone_said(body))
            _front(page, row.cells)
            yield _finished(_read(page, body))


def _parts(body: str) -> list[tuple[int, str, str, str]]:
    """Line, day, title and text under each dated heading."""
    found: list[tuple[int, str, str, list[str]]] = []
    for number, line in enumerate(body.split("\n")):
        if heading := _LOG_HEADING.match(line):
            found.append((number, heading[1], heading[2].strip(), []))
        elif found:
            found[-1][3].append(line)
    return [(number, day, title, "\n".join(lines)) for number, day, title, lines in found]


def _front(page: _Page, front: Mapping[str, Any]) -> None:
    day = _DATE.search(str(front.get("date") or ""))
    page.day = day[1] if day else ""
    for name, value in front.items():
        word = label_of(name.replace("_", " "))
        if word and name not in (BODY, BODY_LINE):
            _take(page, word, value)
    actions = front.get("actions", front.get("action_items"))
    page.actions = [one for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []


def _read(page: _Page, text: str) -> _Page:
    """Lines first, so that the date is known when the timeline is read."""
    timeline: list[tuple[str, str]] = []
    section = ""
    for line in text.split("\n"):
        if heading := _HEADING.match(line):
            section = heading[2].casefold()
            page.title = page.title or (heading[2] if len(heading[1]) == 1 else "")
            if "timeline" in section and not page.zone:
                page.zone = zone_said(heading[2])
            continue
        item = _ITEM.match(line)
        event = _LEADING_TIME.match(item[1] if item else line.strip()) if not line.lstrip().startswith("|") else None
        if event and ("timeline" in section or item):
            timeline.append((event[1], event[2]))
        elif said := value_of(line):
            _take(page, *said)
    for table in tables(text):
        _take_table(page, table, timeline)
    for written, what in timeline:
        at = written_time(written, page.day)
        if at and not at.endswith("?"):
            page.events.append((at, what.strip("*_` ")))
    return page


def _take(page: _Page, word: str, value: Any) -> None:
    text = value if isinstance(value, list) else str(value).strip()
    if word == "date" and not page.day and (day := _DATE.search(str(text))):
        page.day = day[1]
    if word not in page.cells and text and word != "date":
        page.cells[word] = text


def _take_table(page: _Page, table: Table, timeline: list[tuple[str, str]]) -> None:
    """A table of two columns names fields; one with a time column is a timeline; one with owners has actions."""
    heads = [head.casefold() for head in table.heads]
    if "action" in table.section or any(head.startswith("action") for head in heads):
        page.actions += [_action(dict(zip(heads, row, strict=False))) for row in table.rows]
    elif heads and re.match(r"(?:time|when|at\b|timestamp)", heads[0]) and len(heads) > 1:
        page.zone = page.zone or zone_said(table.heads[0])
        timeline.extend((row[0], next((cell for cell in row[1:] if cell), "")) for row in table.rows if row)
    elif len(heads) == 2:
        for name, value in [table.heads, *table.rows] if label_of(table.heads[0]) else table.rows:
            if word := label_of(name):
                _take(page, word, value)


def _action(cells: Mapping[str, str]) -> dict[str, str]:
    def named(*words: str) -> str:
        return next((value for head, value in cells.items() if any(word in head for word in words)), "")

    state, day = named("status", "state", "done"), _DATE.search(named("done", "completed", "closed"))
    kind = named("type", "kind", "category").casefold()
    return {
        "text": named("action", "item", "task", "description"),
        "owner": named("owner", "assignee", "who"),
        "due": named("due", "deadline", "target", "by when"),
        "type": next((one for one in _TYPES if kind.startswith(one[:6])), ""),
        "priority": named("priority", "prio"),
        "ticket": named("ticket", "issue", "link", "jira", "tracking"),
        "done": day[1] if day else "",
        "closed": "yes" if _DONE.search(state) else "",
    }


def _finished(page: _Page, log: bool = False) -> Row:
    """The row in our words; a time that cannot be read stays as written, so that it is put aside with its reason."""
    cells: dict[str, Any] = {word: value for word, value in page.cells.items() if word in FIELDS}
    for word in ("began", "detected", "acknowledged", "mitigated", "resolved"):
        if word in cells and not (at := written_time(str(cells[word]), page.day)):
            del cells[word]
        elif word in cells:
            cells[word] = at
    flags: list[str] = []
    if not log or "began" not in cells:
        flags += _from_timeline(page, cells)
    if "began" not in cells and "detected" in cells:
        cells["began"] = cells["detected"]
        flags.append("the beginning is when it was detected")
    stem = PurePosixPath(page.origin.split(":")[0]).stem
    cells.setdefault("id", f"{page.day} {page.title}".strip() if log else stem)
    cells.setdefault("title", page.title or stem)
    cells.setdefault("postmortem", page.origin)
    cells["actions"] = page.actions
    cells["timeline"] = [{"at": at, "text": text} for at, text in page.events]
    cells |= {FLAGS: tuple(flags), ZONE: page.zone or None}
    if "began" not in cells:
        cells[ASIDE] = "this page says neither when it began nor has it a timeline whose times can be read"
    return Row(page.origin, cells)


def _from_timeline(page: _Page, cells: dict[str, Any]) -> list[str]:
    """Fill a missing beginning or end with the earliest and latest row, whatever their order; the flag says so."""
    if len(page.events) < 2:
        return []
    stamps = sorted(at for at, _ in page.events)
    filled = [word for word, at in (("began", stamps[0]), ("resolved", stamps[-1])) if cells.setdefault(word, at) is at]
    return [FROM_TIMELINE.format(" and ".join(filled))] if filled else []
