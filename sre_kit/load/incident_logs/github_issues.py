"""
GitHub issues, from the REST API or from ``gh issue list --json``: an issue is an incident where a label says so.

An issue is closed when somebody closes it, which is not when the service was back: each is marked with that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load.incident_logs.opening import Row
from sre_kit.load.incident_logs.shape import ASIDE, ENDED, FLAGS

NAME: Final = "GitHub issues"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "number",
    "began": "created_at",
    "resolved": "closed_at",
    "impact": "a label such as sev/1 or P1",
    "services": "labels such as service/checkout",
    "responder": "assignees[]",
    "kind": "labels",
}
CLOSED: Final = "the end is the issue's closing, not the service's return"
_SEVERITY: Final = re.compile(r"(?i)(?:(?:severity|sev|priority|prio)[-/: ]*(\S+)|(p[0-5])|(sev[-/]?[0-5]))")
_SERVICE: Final = re.compile(r"(?i)(?:service|component|area|svc)[-/: ]+(.+)")
_INCIDENT: Final = re.compile(r"(?i)\b(?:incident|outage|downtime)\b|🔥")
_KINDS: Final = {"maintenance": "maintenance", "drill": "drill", "game-day": "drill", "near-miss": "near_miss"}
_NO_INCIDENT: Final = ("not_planned", "duplicate")


def fits(row: Row) -> bool:
    """A numbered record with labels and a state."""
    return {"number", "labels", "state"} <= row.cells.keys()


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One issue a row; what no label calls an incident is put aside."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    labels = [str(one.get("name", "")) for one in row.listed("labels")]
    severity = next((next(g for g in m.groups() if g) for label in labels if (m := _SEVERITY.fullmatch(label))), "")
    kind = next((_KINDS[key] for label in labels if (key := label.casefold().replace(" ", "-")) in _KINDS), "")
    closed = str(row.get("state")).casefold() == "closed"
    people = row.listed("assignees")
    cells: dict[str, Any] = {
        "id": f"#{row.get('number')}",
        "title": row.get("title"),
        "kind": kind or None,
        "began": row.get("created_at", "createdat"),
        "resolved": row.get("closed_at", "closedat") if closed else None,
        "severity": f"sev{severity}" if severity.isdigit() else severity,
        "services": [m[1] for label in labels if (m := _SERVICE.fullmatch(label))],
        "responder": str(people[0].get("login", "")) if people else row.get("assignee.login"),
        FLAGS: (CLOSED,) if closed else (),
        ENDED: closed,
    }
    reason = str(row.get("state_reason", "statereason") or "").casefold()
    if row.get("pull_request"):
        cells[ASIDE] = "a pull request, not an incident"
    elif closed and reason in _NO_INCIDENT:
        cells[ASIDE] = f"closed as {reason.replace('_', ' ')}"
    elif not (severity or kind or any(_INCIDENT.search(label) for label in labels)):
        cells[ASIDE] = "no label says that this issue is an incident"
    return Row(row.origin, cells)
