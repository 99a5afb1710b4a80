"""``sre-kit start``: the session's opening."""

from __future__ import annotations

import json as jsonlib
from typing import Any

from sre_kit import load
from sre_kit.load.projects import Project
from sre_kit.show.opening import GREETING
from sre_kit.units import utc


def run(params: str, as_of: str, json: bool) -> int:
    """Print what was read, what is missing and who owes it, and the plan's state; 3 when a document failed."""
    project = load.project(params, as_of)
    opening = as_json(project)
    if json:
        print(jsonlib.dumps(opening, indent=1, ensure_ascii=False))
    else:
        _print(project, opening)
    return 3 if opening["unreadable"] else 0


def as_json(project: Project) -> dict[str, Any]:
    """The opening for machines."""
    plan = project.plan_as_written
    return {
        "project": project.name,
        "path": str(project.root),
        "found_by": project.found_by,
        "as_of": project.as_of.isoformat(),
        "documents": [
            {
                "path": d.path,
                "phase": d.phase,
                "sha256": d.sha256,
                "dated": d.dated,
                "modified": utc(d.modified) if d.modified else None,
                "remark": d.problem,
            }
            for d in project.documents
        ],
        "missing": [{"path": d.path, "ask": d.owner} for d in project.missing],
        "unreadable": [
            {"path": d.path, "ask": d.owner, "because": d.problem} for d in project.documents if not d.found
        ],
        "facts": len(project.facts),
        "conflicts": [
            {"kind": c.kind.value, "chosen": c.chosen.source, "rule": c.rule, "among": [f.source for f in c.facts]}
            for c in project.conflicts
        ],
        "readiness": {
            "current_phase": plan.current_phase,
            "progress": plan.progress,
            "phases": [{"phase": phase, "status": status} for phase, status in plan.phases],
            "sre_tasks_open": list(plan.open_tasks),
            "sre_tasks_done": list(plan.done_tasks),
            "updated": plan.updated,
            "problem": plan.problem,
        },
        "source": project.about.source or None,
    }


def _print(project: Project, opening: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(GREETING, "\n", markup=False, highlight=False)
    console.print(f"{project.name}: {project.root} ({project.found_by}), as of {utc(project.as_of)}", markup=False)
    table = Table("Document", "Phase", "sha256", "Dated", "Remark", box=None)
    for one in opening["documents"]:
        table.add_row(one["path"], one["phase"], one["sha256"][:12], one["dated"] or one["modified"], one["remark"])
    console.print(table)
    for one in opening["missing"]:
        console.print(f"missing: {one['path']}: ask {one['ask']}", markup=False)
    for one in opening["unreadable"]:
        console.print(f"not read: {one['path']}: {one['because']}; ask {one['ask']}", markup=False)
    for one in opening["conflicts"]:
        console.print(
            f"conflict: {one['kind']} in {', '.join(one['among'])}; {one['chosen']} stands: {one['rule']}", markup=False
        )
    ready = opening["readiness"]
    console.print(f"\nReadiness by build-plan.md (last updated {ready['updated'] or 'not said'}):", markup=False)
    if ready["problem"]:
        console.print(f"  not known: {ready['problem']}", markup=False)
    for one in ready["phases"]:
        console.print(f"  {one['phase']}: {one['status'] or 'no status'}", markup=False)
    for task in ready["sre_tasks_open"]:
        console.print(f"  open: {task}", markup=False)
    console.print(
        f"\n{opening['facts']} facts; measurements from: {opening['source'] or 'no source configured'}", markup=False
    )
    console.print(f"Next: sre-kit render --params {project.params_path}", markup=False)
