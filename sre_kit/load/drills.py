"""Records of restore drills: JSON lines that ``sre-kit drill`` appends, one for each drill."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sre_kit.compute.operations.drills import SHOWN, Drill, DrillLog
from sre_kit.errors import DataError, ParameterError
from sre_kit.store import regular
from sre_kit.units import instant, utc

if TYPE_CHECKING:
    from sre_kit.load.projects import Project

FORMAT: Final = 1
MAX_BYTES: Final = 10_000_000
_COUNTS: Final = ("files", "folders", "links", "size", "compared", "damaged", "different")
_TEXTS: Final = ("tool", "by", "component", "who", "failure")
NOT_SET: Final = "no record of drills is configured; set history.drills in the params, then run sre-kit drill restic"


def restore_drills(project: Project) -> DrillLog:
    """The drills of the project up to the report time; a missing or broken file becomes `DrillLog.gap`."""
    written = project.params.history.drills
    if not written:
        return DrillLog(gap=NOT_SET)
    return drill_log(project.file(written), project.name, project.as_of)


def drill_log(path: Path, project: str, as_of: datetime) -> DrillLog:
    """The drills of `project` in the file at `path`; other projects' are passed over."""
    try:
        text = regular.content(path, MAX_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return DrillLog(gap=f"{path.name} is not there yet: no drill was recorded", source=path.name)
    except OSError as error:
        return DrillLog(gap=f"{path.name}: {error.strerror or error}", source=path.name)
    except UnicodeDecodeError:
        return DrillLog(gap=f"{path.name}: not UTF-8", source=path.name)
    found, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            row = _row(line)
            if row.get("project") == project:
                found.append(_drill(row, where))
        except (DataError, ParameterError) as error:
            problems.append(f"{where}: {error}")
    found.sort(key=lambda one: one.at)
    known = tuple(one for one in found if one.at <= as_of)
    gap = "" if known else f"{path.name} holds no drill of {project} up to {utc(as_of)}"
    return DrillLog(known, len(found) - len(known), tuple(problems), gap, path.name)


def as_line(drill: Drill, project: str) -> str:
    """One line of the record."""
    row = {
        "format": FORMAT,
        "project": project,
        "at": drill.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        **{name: getattr(drill, name) for name in (*_TEXTS, *_COUNTS)},
        "backup_seconds": _seconds(drill.backup),
        "restore_seconds": _seconds(drill.restore),
        "differences": list(drill.differences[:SHOWN]),
        "passed": drill.passed,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 3)


def _row(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError("no JSON; a line that was cut off is left out") from None
    if not isinstance(row, dict) or row.get("format") != FORMAT:
        raise DataError(f"no drill of format {FORMAT}")
    return row


def _drill(row: Mapping[str, Any], where: str) -> Drill:
    counts = {name: _count(row, name) for name in _COUNTS}
    texts = {name: _text(row.get(name, "")) for name in _TEXTS}
    one = Drill(
        at=instant(row.get("at", "")),
        tool=texts["tool"],
        by=texts["by"],
        component=texts["component"],
        who=texts["who"],
        failure=texts["failure"],
        **counts,
        backup=_length(row, "backup_seconds"),
        restore=_length(row, "restore_seconds"),
        differences=tuple(_text(one) for one in _list(row.get("differences", []))),
        source=where,
    )
    if row.get("passed") is not one.passed:
        raise DataError(f"it says passed: {row.get('passed')}, and its own numbers say otherwise")
    return one


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise DataError(f"a text was expected, got {value!r}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise DataError("differences: a list was expected")
    return value


def _count(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataError(f"{name} is {value!r}; a whole number was expected")
    return value


def _length(row: Mapping[str, Any], name: str) -> timedelta | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9:
        raise DataError(f"{name} is {value!r}; seconds were expected")
    return timedelta(seconds=value)
