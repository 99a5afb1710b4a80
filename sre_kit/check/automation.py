"""The points of OperationalPlaybook.md on what a machine could do, and the files that would do it."""

from __future__ import annotations

import re
from typing import Any, Final

from sre_kit.check import files
from sre_kit.check.cells import EMPTY, amount, blank, number, plain
from sre_kit.check.forms import Rows, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

DOC: Final = "OperationalPlaybook"
AUTOMATION: Final = "Automation opportunities"
MINUTES: Final = "Minutes a month by hand"
OPPORTUNITIES: Final = ("Opportunity", "State", MINUTES, "File")
MISSING: Final = "what a machine could do|automat"
SEVEN: Final = (
    "auto-scaling",
    "self-healing",
    "rollback",
    "backup",
    "security scanning",
    "performance",
    "incident response",
)
PINNED: Final = re.compile(r"[\w./-]+@[0-9a-f]{40}")


@over(
    DOC,
    40,
    "Each automation: by hand today, trigger, action, guard, test, file that was checked",
    under=AUTOMATION,
    columns=OPPORTUNITIES,
    missing=MISSING,
)
def automations(judged: Bundle, section: Section, rows: Rows) -> str:
    """What runs or is written has a guard and a test; a prepared one has files that no tool refused and bound a run."""
    minutes = 0.0
    guarded = {row["Opportunity"]: row for row in section.table("Opportunity", "What", "Guard", "Tested") or []}
    for row in rows:
        reached = plain(row["State"]).split(";")[0]
        minutes += amount(row[MINUTES]) or 0.0
        guard = guarded.get(row["Opportunity"])
        if guard is None:
            return f"nothing about the guard of {row['Opportunity']}"
        if reached in ("implemented", "prepared") and (problem := blank([guard], "What", "Guard", "Tested")):
            return problem
        if reached == "prepared" and (problem := _file_problem(judged, row)):
            return f"{row['Opportunity']}: {problem}"
    said = re.search(r"Together ([\d,]+) minutes a month by hand", section.text)
    if said and abs(number(said[1]) - minutes) > len(rows) / 2:
        return f"the rows add up to {minutes:g} minutes a month, not {said[1]}"
    decided = [row for row in rows if plain(row["State"]) != "not decided"]
    return blank(decided, "Opportunity", "State") or _bounded(judged)


def _file_problem(judged: Bundle, row: dict[str, str]) -> str:
    """Why the file of a prepared row is none; one that a document outside of the set makes cannot be looked at."""
    if row["File"] in EMPTY:
        return "prepared, and no file would do it"
    here, elsewhere = re.findall(r"\(artifacts/([^)]+)\)", row["File"]), re.findall(r"`([^`]+)`", row["File"])
    whole = "CapacityPlanning" in judged.manifest.documents
    for name in (*here, *(elsewhere if whole else ())):
        claim = judged.manifest.artifacts.get(name)
        if claim is None or f"artifacts/{name}" not in judged.files:
            return f"prepared, and {name} was not made"
        if claim.get("problem"):
            return f"{claim['by']} refuses {name}: {claim['problem']}"
    return ""


def _bounded(judged: Bundle) -> str:
    """What a workflow lacks of its guards: one at a time, for so long, few rights, a switch, actions by commit."""
    for path, content in judged.files.items():
        if not path.endswith(".workflow.yaml"):
            continue
        written: Any = next(iter(files.documents(content)), None)
        jobs: dict[str, Any] = written.get("jobs", {}) if isinstance(written, dict) else {}
        if not jobs or "concurrency" not in written or written.get("permissions") != {"contents": "read"}:
            return f"{path} may run twice at once, or may do more than read"
        for job in jobs.values():
            if "timeout-minutes" not in job or "_OFF" not in str(job.get("if", "")):
                return f"{path} has no time limit, or nothing stops it"
            if loose := [step for step in job["steps"] if "uses" in step and not PINNED.fullmatch(step["uses"])]:
                return f"{path}: {loose[0]['uses']} is not pinned to a commit"
    return ""


@over(
    DOC,
    41,
    "Auto-scaling, self-healing, rollback, backup, security scanning, performance, incident response",
    under=AUTOMATION,
    columns=OPPORTUNITIES,
    missing=MISSING,
)
def seven(judged: Bundle, section: Section, rows: Rows) -> str:
    """All seven are present, with a state; one that does not apply has its reason."""
    names = {plain(row["Opportunity"]) for row in rows}
    lacking = [one for one in SEVEN if one not in names]
    bare = [row["Opportunity"] for row in rows if plain(row["State"]) == "not applicable"]
    if bare:
        return f"why {bare[0]} does not apply is not said"
    return f"nothing about {lacking[0]}" if lacking else blank(rows, "State")
