"""Google's status dashboards, ``incidents.json``: a list; an incident without an end is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load.incident_logs.opening import Row

NAME: Final = "Google Cloud status"
COLUMNS: Final[Mapping[str, str]] = {
    "title": "external_desc",
    "began": "begin",
    "resolved": "end",
    "impact": "severity",
    "services": "affected_products[].title",
    "timeline": "updates",
}


def fits(row: Row) -> bool:
    """A description for outsiders beside the beginning."""
    return "external_desc" in row.cells and "begin" in row.cells


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One incident a row."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    cells: dict[str, Any] = {
        "id": row.get("id", "number"),
        "title": str(row.get("external_desc") or "").split("\n", 1)[0],
        "began": row.get("begin"),
        "resolved": row.get("end"),
        "severity": row.get("severity"),
        "services": row.get("affected_products", "service_name"),
        "timeline": row.get("updates"),
    }
    return Row(row.origin, cells)
