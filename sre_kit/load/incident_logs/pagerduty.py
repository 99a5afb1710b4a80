"""
PagerDuty's REST API v2, ``GET /incidents``: the list object, also wrapped in ``{"incidents": [...]}``.

It has acknowledgements only while they last, an end only as the time of the last status, and keeps incidents that were
merged into another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import AUTO_RESOLVED, BEGAN_WITH_ALERT, Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ASIDE, ENDED, FLAGS

NAME: Final = "PagerDuty REST v2"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "incident_number",
    "began": "created_at",
    "detected": "created_at",
    "acknowledged": "acknowledgements[].at",
    "resolved": "resolved_at, or last_status_change_at if resolved",
    "impact": "priority.summary, or urgency",
    "services": "service.summary",
    "responder": "acknowledgements[].acknowledger",
}


def fits(row: Row) -> bool:
    """An incident number beside the time of the last status."""
    return "incident_number" in row.cells and bool({"last_status_change_at", "acknowledgements"} & row.cells.keys())


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One incident a row; merged ones are put aside, because the incident they went into counts them."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    resolved = row.get("status") == "resolved"
    told = sorted(
        (str(one["at"]), _summary(one.get("acknowledger"))) for one in row.listed("acknowledgements") if one.get("at")
    )
    last = row.get("last_status_change_by")
    who = str(last.get("type", "")) if isinstance(last, Mapping) else ""
    by_tool = resolved and who.startswith(("service", "integration"))
    cells: dict[str, Any] = {
        "id": row.get("incident_number"),
        "title": row.get("title", "summary", "description"),
        "kind": "incident",
        "began": row.get("created_at"),
        "detected": row.get("created_at"),
        "acknowledged": told[0][0] if told else None,
        "resolved": row.get("resolved_at", "last_status_change_at") if resolved else None,
        "severity": _summary(row.get("priority")) or row.get("urgency"),
        "services": _summary(row.get("service")),
        "responder": told[0][1] if told else "" if by_tool else _summary(last),
        FLAGS: (BEGAN_WITH_ALERT, AUTO_RESOLVED) if by_tool else (BEGAN_WITH_ALERT,),
        ENDED: resolved,
    }
    reason = row.get("resolve_reason")
    if isinstance(reason, Mapping) and str(reason.get("type", "")).startswith("merge"):
        cells[ASIDE] = f"merged into {_summary(reason.get('incident')) or 'another incident'}, which counts it"
    return Row(row.origin, cells)


def _summary(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("summary") or value.get("name") or value.get("id") or "")
    return str(value or "")
