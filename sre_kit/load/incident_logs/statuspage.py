"""
Atlassian Statuspage, API v2: ``incidents.json``, ``scheduled-maintenances.json`` and ``summary.json``.

What was announced, in local time with its offset. Maintenance stands beside incidents; an impact of "none" is a notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ENDED

NAME: Final = "Statuspage v2"
COLUMNS: Final[Mapping[str, str]] = {
    "title": "name",
    "began": "started_at, or created_at",
    "mitigated": "monitoring_at",
    "resolved": "resolved_at",
    "services": "components[].name",
    "kind": "scheduled_for",
    "postmortem": "shortlink, if an update is a post-mortem",
    "timeline": "incident_updates",
}


def fits(row: Row) -> bool:
    """A list of updates."""
    return "incident_updates" in row.cells


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One incident or maintenance a row."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    updates = row.listed("incident_updates")
    planned = row.get("scheduled_for") is not None
    reviewed = any(one.get("status") == "postmortem" for one in updates)
    affected = [part for one in updates for part in Row("", one).listed("affected_components")]
    cells: dict[str, Any] = {
        "id": row.get("id"),
        "title": row.get("name"),
        "kind": "maintenance" if planned else None,
        "began": row.get("scheduled_for") if planned else row.get("started_at", "created_at"),
        "mitigated": row.get("monitoring_at"),
        "resolved": row.get("resolved_at"),
        "downtime_start": row.get("downtime_start"),
        "downtime_end": row.get("downtime_end"),
        "impact": row.get("impact"),
        "services": row.listed("components") or affected,
        "postmortem": row.get("shortlink") or "yes" if reviewed else None,
        "timeline": updates,
        ENDED: row.get("status") in ("resolved", "postmortem", "completed"),
    }
    return Row(row.origin, cells)
