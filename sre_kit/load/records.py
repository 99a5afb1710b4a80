"""
Rows of exports, whatever their format: CSV, JSON lines, a JSON list, a JSON document with a list in it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sre_kit.compute.incidents import Quarantined


@dataclass(frozen=True)
class Row:
    """One record, keys in small letters, and where it stands."""

    origin: str
    cells: Mapping[str, Any]

    def get(self, *names: str) -> Any:
        """The first of `names` that is filled; missing when none is."""
        for name in names:
            value = self.cells.get(name)
            if value not in (None, "", []):
                return value
        return None


def header(text: str, source: str) -> str:
    """The columns of a CSV, for a message; empty for other formats."""
    head = text.lstrip().split("\n", 1)[0]
    return f"; its columns are {head[:120]}" if source.lower().endswith(".csv") and head else ""


def records(text: str, source: str) -> Iterator[Row | Quarantined]:
    """The records of a CSV, of JSON lines, or of a JSON list or document; what is no record is put aside."""
    stripped = text.lstrip()
    if source.lower().endswith(".csv"):
        yield from _csv_rows(text, source)
    elif stripped.startswith("[") or (stripped.startswith("{") and _one_document(text)):
        yield from _document_rows(text, source)
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield _json_row(line, f"{source}:{number}")


def _one_document(text: str) -> bool:
    """Whether the text is one JSON value over several lines, rather than one a line."""
    first = text.lstrip().split("\n", 1)[0]
    try:
        return isinstance(json.loads(first), dict) and any(
            isinstance(v, list) and v and isinstance(v[0], dict) and k in ("incidents", "data", "values")
            for k, v in json.loads(first).items()
        )
    except (ValueError, RecursionError):
        return True


def _document_rows(text: str, source: str) -> Iterator[Row | Quarantined]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Quarantined(source, "", f"the file is not JSON: {error}")
        return
    if isinstance(whole, dict):
        whole = next((v for v in whole.values() if isinstance(v, list) and v and isinstance(v[0], dict)), [whole])
    for number, one in enumerate(whole, 1):
        if isinstance(one, dict):
            yield Row(f"{source}#{number}", _flat(one))
        else:
            yield Quarantined(f"{source}#{number}", "", "not a record with named values")


def _json_row(line: str, origin: str) -> Row | Quarantined:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Quarantined(origin, "", f"not JSON: {str(error)[:80]}")
    if not isinstance(found, dict):
        return Quarantined(origin, "", "not a record with named values")
    return Row(origin, _flat(found))


def _csv_rows(text: str, source: str) -> Iterator[Row | Quarantined]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        for row in reader:
            origin = f"{source}:{reader.line_num}"
            if "" in row:
                yield Quarantined(origin, str(next(iter(row.values()))), "more cells than the header has columns")
            else:
                yield Row(origin, _flat(row))
    except csv.Error as error:
        yield Quarantined(f"{source}:{reader.line_num}", "", f"not CSV from here on: {error}")


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Keys in small letters, blanks as underscores; ``report: {ackTime}`` as ``report.acktime``."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        name = str(key).strip().casefold().replace(" ", "_")
        flat.setdefault(name, value)
        if isinstance(value, Mapping):
            for inner, one in value.items():
                flat.setdefault(f"{name}.{str(inner).casefold()}", one)
    return flat
