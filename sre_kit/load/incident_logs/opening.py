"""
Rows of exports, whatever their format: CSV, JSON lines, a JSON list or document, Markdown with front matter.

The content decides, not the file's name.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load import unfolding

BODY: Final = "body"
"""Cell of a Markdown page that holds the text below the front matter."""
BODY_LINE: Final = "body_line"
"""Cell of a Markdown page: the line of the file at which its body begins."""
_LISTS: Final = ("incidents", "scheduled_maintenances", "data", "values", "issues", "alerts")
"""Keys under which a JSON document keeps its records."""
_RECORDS: Final = frozenset(
    {"began", "started_at", "created_at", "createdat", "begin", "start", "groupkey", "resulttype", "impact_start"}
)
"""Keys by which a JSON document is one record itself."""
_FRONT: Final = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_MARKDOWN: Final = re.compile(r"^(?:#{1,6} \S|\S[^\n]*\n=+[ \t]*$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One record, keys in small letters, where it stands, and what stood around the list it was in."""

    origin: str
    cells: Mapping[str, Any]
    envelope: Mapping[str, Any] = field(default_factory=dict)

    def get(self, *names: str) -> Any:
        """The first of `names` that is filled; missing when none is."""
        for name in names:
            value = self.cells.get(name)
            if value not in (None, "", []):
                return value
        return None

    def listed(self, name: str) -> list[Any]:
        """The records in a list under `name`; empty where something else stands there."""
        value = self.cells.get(name)
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def header(text: str, source: str) -> str:
    """The columns of a CSV, for a message; empty for other formats."""
    head = text.lstrip().split("\n", 1)[0]
    return f"; its columns are {head[:120]}" if source.lower().endswith(".csv") and head else ""


def records(text: str, source: str) -> Iterator[Row | Quarantined]:
    """The records of a file's text, whatever its format; what is no record is put aside."""
    start = text.lstrip()
    if start.startswith("["):
        yield from _document_rows(text, source)
    elif start.startswith("{"):
        if _many_lines(text):
            yield from _json_lines(text, source)
        else:
            yield from _document_rows(text, source)
    elif source.lower().endswith(".csv"):  # a cell may hold a heading
        yield from _csv_rows(text, source)
    elif start.startswith("---") or source.lower().endswith((".md", ".markdown")) or _MARKDOWN.search(text):
        yield from _markdown_page(text.replace("\r\n", "\n"), source)
    elif "," in start.split("\n", 1)[0]:
        yield from _csv_rows(text, source)
    else:
        yield from _json_lines(text, source)


def front_matter(text: str) -> tuple[dict[str, Any], str, int]:
    """
    Front matter (values as written), body, and the line at which the body begins.

    Raises
    ------
    ValueError
        The front matter is not YAML, or no mapping.
    """
    import yaml

    found = _FRONT.match(text)
    if not found:
        return {}, text, 1
    try:
        # text stays text: YAML would turn some times into naive ones and "no" into false
        front = next(unfolding.documents(found[1], yaml.BaseLoader), None)
    except yaml.YAMLError as error:
        raise ValueError(f"the front matter is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(front, dict | None):
        raise ValueError("the front matter has no names")
    return front or {}, text[found.end() :], text.count("\n", 0, found.end()) + 1


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Keys in small letters, blanks as underscores; ``report: {ackTime}`` also as ``report.acktime``."""
    names = _plain_names(tuple(record))
    if names and not any(isinstance(value, dict) for value in record.values()):
        return dict(zip(names, record.values(), strict=True))
    cells: dict[str, Any] = {}
    for key, value in record.items():
        name = _name(key)
        cells.setdefault(name, value)
        if isinstance(value, dict):
            for inner, one in value.items():
                cells.setdefault(f"{name}.{str(inner).casefold()}", one)
    return cells


@lru_cache(maxsize=1024)
def _plain_names(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a record's keys; none where two keys have one name. Records of one shape share them."""
    names = tuple(_name(key) for key in keys)
    return names if len(set(names)) == len(names) else ()


@lru_cache(maxsize=4096)
def _name(key: str) -> str:
    return str(key).strip().casefold().replace(" ", "_")


def _many_lines(text: str) -> bool:
    """Whether each line is a JSON value of its own, rather than all of them one."""
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip():
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        pass
    try:
        json.loads(text)
        return False
    except (ValueError, RecursionError):
        return any(line.startswith("{") and line.rstrip().endswith("}") for line in rest.split("\n"))


def _document_rows(text: str, source: str) -> Iterator[Row | Quarantined]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Quarantined(source, "", f"the file is not JSON: {error}")
        return
    listed, envelope = _listed(whole)
    for number, one in enumerate(listed, 1):
        if isinstance(one, dict):
            yield Row(f"{source}#{number}", flat(one), envelope)
        else:
            yield Quarantined(f"{source}#{number}", "", "not a record with named values")


def _listed(whole: Any) -> tuple[list[Any], dict[str, Any]]:
    """The records of a JSON document, and what stands around them."""
    if not isinstance(whole, dict):
        return whole if isinstance(whole, list) else [whole], {}
    if _RECORDS & {_name(key) for key in whole}:
        return [whole], {}
    if isinstance(whole.get("incident"), dict):
        return [whole["incident"]], {}
    around = {key: value for key, value in whole.items() if not isinstance(value, list)}
    known = [key for key in _LISTS if isinstance(whole.get(key), list)]
    if known:
        return [one for key in known for one in whole[key]], around
    lists = [value for value in whole.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if lists else [whole], around


def _json_lines(text: str, source: str) -> Iterator[Row | Quarantined]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _json_row(line, f"{source}:{number}")


def _json_row(line: str, origin: str) -> Row | Quarantined:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Quarantined(origin, "", f"not JSON: {str(error)[:80]}")
    if not isinstance(found, dict):
        return Quarantined(origin, "", "not a record with named values")
    return Row(origin, flat(found))


def _csv_rows(text: str, source: str) -> Iterator[Row | Quarantined]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        for row in reader:
            origin = f"{source}:{reader.line_num}"
            if "" in row:
                yield Quarantined(origin, str(next(iter(row.values()))), "more cells than the header has columns")
            else:
                yield Row(origin, flat(row))
    except csv.Error as error:
        yield Quarantined(f"{source}:{reader.line_num}", "", f"not CSV from here on: {error}")


def _markdown_page(text: str, source: str) -> Iterator[Row | Quarantined]:
    try:
        front, body, line = front_matter(text.lstrip("\n"))
    except ValueError as error:
        yield Quarantined(source, "", str(error))
        return
    yield Row(source, {**flat(front), BODY: body, BODY_LINE: line})
