"""
Opsgenie's alerts, ``{"data": [...]}``: `report.ackTime` and `report.closeTime` are milliseconds since `createdAt`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import AUTO_RESOLVED, BEGAN_WITH_ALERT, Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ENDED, FLAGS

NAME: Final = "Opsgenie"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "tinyId",
    "began": "createdAt",
    "detected": "createdAt",
    "acknowledged": "report.ackTime",
    "resolved": "report.closeTime",
    "impact": "priority",
    "responder": "report.acknowledgedBy, or owner",
}
_TOOLS: Final = frozenset({"system", "alert api", "alertapi", "policy"})


def fits(row: Row) -> bool:
    """A short id beside the creation time."""
    return "tinyid" in row.cells and "createdat" in row.cells


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One alert a row."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    ended = row.get("status") in ("closed", "resolved")
    by_tool = ended and str(row.get("report.closedby") or "").casefold() in _TOOLS
    began = row.get("createdat")
    cells: dict[str, Any] = {
        "id": row.get("tinyid", "id"),
        "title": row.get("message"),
        "kind": "incident",
        "began": began,
        "detected": began,
        "report.acktime": row.get("report.acktime") or None,
        "report.closetime": row.get("report.closetime") if ended else None,
        "impactstartdate": row.get("impactstartdate"),
        "impactenddate": row.get("impactenddate"),
        "severity": row.get("priority"),
        "services": row.get("impactedservices", "entity"),
        "responder": row.get("report.acknowledgedby", "owner"),
        "tags": row.get("tags"),
        FLAGS: (BEGAN_WITH_ALERT, AUTO_RESOLVED) if by_tool else (BEGAN_WITH_ALERT,),
        ENDED: ended,
    }
    return Row(row.origin, cells)
