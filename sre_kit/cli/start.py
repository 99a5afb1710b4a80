"""``sre-kit start``: the session's opening."""

from __future__ import annotations

import json as jsonlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sre_kit import load
from sre_kit.load.projects import Project
from sre_kit.show.opening import GREETING
from sre_kit.units import utc

MOST = 10
"""Changed numbers that are printed."""


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
        "since": since(project),
    }


def since(project: Project) -> dict[str, Any] | None:
    """
    The last render, as the manifest or the knowledge graph knows it, and the inputs that changed since; None: none.

    `moved` are numbers that differ now from what was published, `numbers` those that the last version of each document
    states otherwise than the one before, `waiting` counts what did not reach the knowledge graph.
    """
    from sre_kit.cli.remember import outbox
    from sre_kit.cli.since import moved
    from sre_kit.load.inputs import inputs
    from sre_kit.store import knowledge, places
    from sre_kit.store.remembered import changed_inputs, changed_numbers

    published = project.published.documents
    if not published:
        return None
    there = (project.root / places.DOCUMENTS / places.MANIFEST).exists()
    waiting = knowledge.read(outbox(project)) if outbox(project).is_file() else knowledge.Graph()
    return {
        "known_from": f"{places.DOCUMENTS.as_posix()}/{places.MANIFEST}" if there else "the knowledge graph",
        "versions": {name: one.version for name, one in sorted(published.items())},
        "as_of": max(one.as_of for one in published.values()),
        **changed_inputs(published.values(), inputs(project)),
        "moved": moved(project),
        "numbers": changed_numbers(project.published),
        "waiting": len(waiting.entities) + len(waiting.relations),
    }


def _print(project: Project, opening: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console.width = 250  # a pipe has no edge at which paths would be cut
    console.print(GREETING, "\n", markup=False, highlight=False)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"{project.name}: {project.root} ({project.found_by}), as of {utc(project.as_of)}")
    if opening["documents"]:
        table = Table("Document", "Phase", "sha256", "Dated", "Remark", box=None)
        for one in opening["documents"]:
            table.add_row(one["path"], one["phase"], one["sha256"][:12], one["dated"] or one["modified"], one["remark"])
        console.print(table)
    for owner, paths in owed(opening["missing"]).items():
        say(f"missing: ask {owner} for {', '.join(paths)}")
    for one in opening["unreadable"]:
        say(f"not read: {one['path']}: {one['because']}; ask {one['ask']}")
    for one in opening["conflicts"]:
        say(f"conflict: {one['kind']} in {', '.join(one['among'])}; {one['chosen']} stands: {one['rule']}")
    _print_readiness(opening["readiness"], say)
    _print_since(opening["since"], say)
    say(f"\n{opening['facts']} facts; measurements from: {opening['source'] or 'no source configured'}")
    say(f"Next: sre-kit render --params {shlex.quote(str(project.params_path))}")


def _print_readiness(ready: dict[str, Any], say: Callable[[str], None]) -> None:
    if not (ready["problem"] or ready["phases"] or ready["sre_tasks_open"] or ready["sre_tasks_done"]):
        say("\nReadiness is not known: there is no build-plan.md with phases or tasks; ask the Project Manager")
        return
    say(f"\nReadiness by build-plan.md (last updated {ready['updated'] or 'not said'}):")
    if ready["problem"]:
        say(f"  not known: {ready['problem']}")
    for one in ready["phases"]:
        say(f"  {one['phase']}: {one['status'] or 'no status'}")
    for task in ready["sre_tasks_open"]:
        say(f"  open: {task}")


def _print_since(found: dict[str, Any] | None, say: Callable[[str], None]) -> None:
    if not found:
        say("\nNo render is known, neither from docs/SRE nor from a knowledge graph")
        return
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    say(f"\nLast render, by {found['known_from']}: as of {found['as_of'][:16]}; versions: {versions}")
    for how in ("changed", "new", "gone"):
        if found[how]:
            say(f"  {how} since: {', '.join(found[how])}")
    if not any(found[how] for how in ("changed", "new", "gone")):
        say("  nothing that it was made from has changed since")
    _print_moved(found["moved"], say)
    _print_numbers(found["numbers"], say)
    if found["waiting"]:
        say(f"  {found['waiting']} entities and relations wait to be stored in the knowledge graph; a render does it")


def _print_moved(changed: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """What a render would state otherwise, as far as it can be known without measurements."""
    from sre_kit.cli.plan import shown

    for one in changed:
        say(f"  since then, {one['number']}: {shown(one['was'], one['unit'])}, now {shown(one['is'], one['unit'])}")


def _print_numbers(changed: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """The numbers that moved furthest from one version to the next, in plain words."""
    from sre_kit.cli.plan import shown

    for one in changed[:MOST]:
        before, after = (shown(one[key], one["unit"]) for key in ("was", "is"))
        first, last = one["versions"]
        say(f"  {one['number']}: {before}, now {after} ({one['document']}, version {first} to {last})")
    if len(changed) > MOST:
        say(f"  {len(changed) - MOST} more numbers differ from the versions before; --json lists them")


def owed(missing: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Role -> paths of the documents that it owes."""
    found: dict[str, list[str]] = {}
    for one in missing:
        found.setdefault(one["ask"], []).append(one["path"])
    return found
