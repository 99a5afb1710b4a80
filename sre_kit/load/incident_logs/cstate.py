"""
cState, a status page of Markdown files: one issue a file, its record in the front matter.

Times often have no zone; some files say that an issue is not resolved and when it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from sre_kit.compute.incidents import Quarantined
from sre_kit.load.incident_logs.opening import BODY, Row
from sre_kit.load.incident_logs.shape import ASIDE, ENDED

NAME: Final = "cState"
COLUMNS: Final[Mapping[str, str]] = {
    "id": "the file's name",
    "began": "date",
    "resolved": "resolvedWhen",
    "impact": "severity",
    "services": "affected",
    "kind": "informational, or severity notice",
}
_YES: Final = frozenset({"true", "yes", "on"})
_NO: Final = frozenset({"false", "no", "off"})


def fits(row: Row) -> bool:
    """A page whose front matter is a cState issue's."""
    front = row.cells.keys()
    return BODY in front and (row.get("section") == "issue" or {"resolved", "severity", "affected"} <= front)


def rows(found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
    """One issue a file."""
    for row in found:
        yield row if isinstance(row, Quarantined) else _row(row)


def _row(row: Row) -> Row:
    said = str(row.get("resolved") or "").strip().casefold()
    when = row.get("resolvedwhen")
    notice = row.get("severity") == "notice" or str(row.get("informational")).casefold() in _YES
    cells: dict[str, Any] = {
        "id": PurePosixPath(row.origin).stem,
        "title": row.get("title"),
        "kind": "notice" if notice else None,
        "began": row.get("date"),
        "resolved": when,
        "severity": row.get("severity"),
        "services": row.get("affected"),
        ENDED: said in _YES,
    }
    if str(row.get("draft")).casefold() in _YES:
        cells[ASIDE] = "a draft that was never published"
    elif said in _NO and when:
        cells[ASIDE] = f"it says that it is not resolved, and that it was resolved on {when}"
    return Row(row.origin, cells)
