"""
PagerDuty Analytics, raw incident data, as JSON (``{"data": [...], "time_zone": ...}``) or as the CSV of its reports.

It gives lengths in seconds since the beginning. Its times have no zone of their own; the JSON says in which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import AUTO_RESOLVED, BEGAN_WITH_ALERT, Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ENDED, FLAGS, ZONE

NAME: Final = "PagerDuty Analytics"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "incident_number",
    "began": "created_at",
    "detected": "created_at",
    "acknowledged": "seconds_to_first_ack",
    "resolved": "resolved_at, or seconds_to_resolve",
    "impact": "priority_name, or urgency",
    "services": "service_name",
    "responder": "acknowledged_user_names",
}


def fits(row: Row) -> bool:
    """Seconds to the first acknowledgement, or to the end."""
    return bool({"seconds_to_first_ack", "seconds_to_resolve"} & row.cells.keys())


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One incident a row; what closed itself is marked, because no person's speed shows in it."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    by_tool = str(row.get("auto_resolved")).casefold() == "true"
    began = row.get("created_at", "created_on", "incident_created_at", "created")
    cells: dict[str, Any] = {
        "id": row.get("incident_number", "incident_id", "id"),
        "title": row.get("description", "incident_description", "title"),
        "kind": "incident",
        "began": began,
        "detected": began,
        "resolved": row.get("resolved_at", "resolved_on"),
        "seconds_to_first_ack": row.get("seconds_to_first_ack"),
        "seconds_to_resolve": row.get("seconds_to_resolve"),
        "severity": row.get("priority_name", "priority", "incident_priority", "urgency"),
        "services": row.get("service_name", "service"),
        "responder": _first(row.get("acknowledged_user_names", "joined_user_names", "acknowledged_by")),
        FLAGS: (BEGAN_WITH_ALERT, AUTO_RESOLVED) if by_tool else (BEGAN_WITH_ALERT,),
        ENDED: row.get("status") == "resolved" and row.get("seconds_to_resolve") is None,
        ZONE: row.envelope.get("time_zone"),
    }
    return Row(row.origin, cells)


def _first(value: Any) -> str:
    if isinstance(value, list):
        return str(value[0]) if value else ""
    return str(value or "").split(",")[0]
