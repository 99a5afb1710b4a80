"""
What build-plan.md says about readiness for production; our own part of it is not read back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sre_kit.errors import ProtectedError
from sre_kit.store.plan import Heading, Outline, Section, outline, phases, sre_section
from sre_kit.store.plan_updates import foreign, without

__all__ = ["Readiness", "foreign", "readiness"]

_UPDATED: Final = re.compile(r"(?im)^[\s*_>-]*last updated[\s*_]*:?[\s*_]*(?P<date>.+?)[\s*_]*$")
_DETAIL: Final = re.compile(
    r"(?im)^[\s*_-]*(?P<key>current phase|overall progress)[\s*_]*:[\s*_]*(?P<value>.+?)[\s*_]*$"
)
_MILESTONE: Final = re.compile(r"\s*(?:\d+[.)]|[-*+])\s+(?P<name>.+?)\s+[-–—:]\s+(?P<date>[^-–—].*?)\s*")
_PLACEHOLDER: Final = re.compile(r"\[[^\]]*\]|TBD|TBA|\?+", re.IGNORECASE)
_FINISHED: Final = ("✓", "✔", "✅", "☑")


@dataclass(frozen=True)
class Readiness:
    """State of the plan: phases with their status, SRE tasks, milestones and risks, what it says of itself."""

    phases: tuple[tuple[str, str], ...] = ()
    open_tasks: tuple[str, ...] = ()
    """Of the SRE's section."""
    done_tasks: tuple[str, ...] = ()
    updated: str = ""
    current_phase: str = ""
    progress: str = ""
    open_elsewhere: tuple[str, ...] = ()
    """Tasks that other phases left open."""
    milestones: tuple[tuple[str, str], ...] = ()
    """Name and date as written; the date is empty where it is a placeholder."""
    risks: tuple[tuple[str, str, str, str], ...] = ()
    """Risk, impact, mitigation, status."""
    problem: str = ""
    """Why the plan could not be read; empty when all is well."""


def readiness(plan: str) -> Readiness:
    """The state written in `plan`; nothing is taken from our own block."""
    try:
        found = outline(plan)
    except ProtectedError as error:
        return Readiness(problem=str(error))
    section, _ = sre_section(found)
    ours = {task.line for task in section.tasks} if section else set()
    marked = [task for task in found.tasks if task.mark]
    visible = _visible(outline(without(plan)))
    details = {one["key"].lower(): one["value"].strip(" \t*_") for one in _DETAIL.finditer(visible)}
    updated = _UPDATED.search(visible)
    return Readiness(
        phases=tuple((one.title.rstrip("✓✔✅☑ "), _status(found.section(one), one)) for one in phases(found)),
        open_tasks=tuple(t.text for t in marked if t.line in ours and t.mark and t.mark.state != "done"),
        done_tasks=tuple(t.text for t in marked if t.line in ours and t.mark and t.mark.state == "done"),
        updated=updated["date"].strip(" \t*_") if updated else "",
        current_phase=details.get("current phase", ""),
        progress=details.get("overall progress", ""),
        open_elsewhere=tuple(t.text for t in marked if t.line not in ours and t.mark and t.mark.state == "open"),
        milestones=tuple(_milestones(found)),
        risks=tuple(_risks(found)),
    )


def _visible(found: Outline) -> str:
    block = found.block
    inside = range(block.begin, block.end + 1) if block else range(0)
    return "".join(line for number, line in enumerate(found.lines) if number not in inside).replace("\r\n", "\n")


def _status(section: Section, heading: Heading) -> str:
    """The written status; else what the heading's sign or the boxes say."""
    if section.status:
        return section.status.value
    if heading.title.rstrip().endswith(_FINISHED):
        return "Complete"
    states = [task.mark.state for task in section.tasks if task.mark]
    return f"{states.count('done')} of {len(states)} tasks ticked" if states else ""


def _milestones(found: Outline) -> list[tuple[str, str]]:
    """List items ``name - date`` under a heading that speaks of milestones."""
    named = []
    for heading in found.headings:
        if "milestone" in heading.title.lower():
            for line in found.lines[heading.line + 1 : heading.end]:
                if item := _MILESTONE.fullmatch(line.rstrip("\r\n")):
                    date = "" if _PLACEHOLDER.fullmatch(item["date"]) else item["date"]
                    named.append((item["name"].strip("*_ "), date))
    return named


def _risks(found: Outline) -> list[tuple[str, str, str, str]]:
    """Rows of tables whose header names a risk."""
    rows = []
    for table in found.tables:
        header = [cell.lower() for cell in table.header]
        columns = [next((n for n, cell in enumerate(header) if word in cell), None) for word in _RISK_COLUMNS]
        if columns[0] is None:
            continue
        for _, cells in table.rows:
            risk, impact, mitigation, status = (cells[n] if n is not None and n < len(cells) else "" for n in columns)
            rows.append((risk, impact, mitigation, status))
    return rows


_RISK_COLUMNS: Final = ("risk", "impact", "mitigation", "status")
