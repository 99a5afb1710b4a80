"""``sre-kit plan``: our part of build-plan.md from what is published, each tick with its evidence."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from sre_kit import buildplan, load
from sre_kit.buildplan import BuildPlanState, Evidence
from sre_kit.errors import ProtectedError
from sre_kit.load.projects import Project
from sre_kit.render import publish
from sre_kit.store import manifest as manifests
from sre_kit.store import places
from sre_kit.store.manifest import Manifest
from sre_kit.units import percent, span

NAME: Final = buildplan.NAME
ASIDE: Final = "build-plan.replaced.md"
TASK_DOCUMENT: Final = {
    "define-slos": "SLODefinitions",
    "set-up-monitoring": "SLODefinitions",
    "create-incident-response": "IncidentResponse",
    "optimize-performance": "PerformanceOptimization",
    "plan-capacity": "CapacityPlanning",
    "create-runbooks": "IncidentResponse",
    "implement-auto-scaling": "CapacityPlanning",
    "hand-over": "SREHandoff",
}
"""Task of the plan -> the document that is its evidence."""
TASK_POINTS: Final = {
    "define-slos": ("2", "5"),
    "set-up-monitoring": ("2", "18"),
    "create-incident-response": ("1", "8", "18"),
    "optimize-performance": ("1",),
    "plan-capacity": ("1",),
    "create-runbooks": ("39",),
    "implement-auto-scaling": ("7",),
    "hand-over": ("3", "7"),
}
"""Points of that document without which it proves nothing: a document that asks for its subject is no evidence."""
TASK_RECORD: Final = {
    "set-up-monitoring": (("coverage.components", "coverage.gaps"), "empty cells of the monitoring coverage"),
    "create-runbooks": (("runbooks.alerts", "runbooks.without"), "alerts without a runbook"),
}
"""Tasks that also need something to count, of which none is left; and what is counted."""
METRICS: Final = ("availability", "latency", "error_rate", "saturation", "mttr", "mtbf", "budget_consumption")


@dataclass(frozen=True)
class PlanEdit:
    """The new bytes of build-plan.md, the old ones (None: there was no file), what to tell, and text to keep aside."""

    content: bytes
    before: bytes | None
    notes: list[str]
    aside: str = ""

    @property
    def change(self) -> publish.Change:
        """What it does to the project."""
        return publish.Change(NAME, self.before, self.content)


def run(params: str, dry_run: bool, force: bool) -> int:
    """Edit build-plan.md from the published manifest, or show the edit."""
    project = load.project(params)
    if places.shipped(project.root) and not dry_run:
        raise ProtectedError('the bundled project is not written to; "sre-kit demo" copies it and renders the copy')
    root = publish.Root(project.root)
    with nullcontext() if dry_run else publish.lock(root):
        published = manifests.read(project.root / places.DOCUMENTS / places.MANIFEST)
        made = edit(project, published, force=force)
        before = buildplan.decoded(made.before) if made.before is not None else ""
        sys.stdout.write(buildplan.diff(before, buildplan.decoded(made.content)))
        for note in made.notes:
            print(f"note: {note}")
        if not dry_run:
            keep(root, made)
            changes = publish.publish(root, [made.change])
            print(f"{NAME}: {'written' if changes else 'unchanged'}")
    return 0


def edit(project: Project, manifest: Manifest, *, force: bool) -> PlanEdit:
    """
    Our part of the plan as `manifest` proves it.

    Raises
    ------
    ProtectedError
        The markers are damaged, or our block was edited by hand.
    DocumentError
        The plan is not UTF-8.
    """
    before = publish.Root(project.root).read(NAME)
    text = buildplan.decoded(before) if before is not None else ""
    try:
        made = buildplan.update(text, plan_state(project, manifest), force=force)
    except ProtectedError as error:
        raise ProtectedError(f"{NAME}: {str(error).removeprefix(f'{NAME}: ')}") from None
    notes = list(made.notes)
    notes += [f"{NAME}: {task!r} stays open: {reason}" for task, reason in made.left_open]
    notes += [f"{NAME}: {contradiction}" for contradiction in made.contradictions]
    if made.aside:
        notes.append(f"the hand-edited block is replaced; its text is kept in {places.STATE / ASIDE}")
    return PlanEdit(made.text.encode("utf-8"), before, notes, made.aside)


def keep(root: publish.Root, made: PlanEdit) -> None:
    """Save the hand-edited block that `made` replaces; the caller holds the lock."""
    if made.aside:
        publish.keep(root, ASIDE, made.aside.encode("utf-8"))


def plan_state(project: Project, manifest: Manifest) -> BuildPlanState:
    """Evidence for each task, and the state of operations as the records state it."""
    records = manifest.records
    open_incidents = records.get("incidents.open", {}).get("value")
    documents = tuple(one.path for name, one in manifest.documents.items())
    return BuildPlanState(
        as_of=project.as_of.date(),
        evidence={task: evidence(task, manifest) for task in TASK_DOCUMENT},
        incident_response_status=_incident_status(manifest, open_incidents),
        metrics=tuple((name, value) for name, value in _metrics(records)),
        stability=_stability(records),
        documents=tuple(sorted(documents)),
    )


def evidence(task: str, manifest: Manifest) -> Evidence:
    """Whether `task` is proven: its document was rendered, its checks passed, and what else it needs is there."""
    name = TASK_DOCUMENT[task]
    published, judged = manifest.documents.get(name), manifest.checks.get(name, {})
    if published is None:
        return Evidence(False, f"{name}.md is not rendered")
    paths = (published.path,)
    if judged.get("failed"):
        first = judged["failures"][0]
        return Evidence(
            False, f"{judged['failed']} checks of {name}.md failed, first: {first['title']}: {first['evidence']}", paths
        )
    asked = [title for number, title in judged.get("asked", {}).items() if number in TASK_POINTS[task]]
    if asked:
        return Evidence(False, f"{name}.md still asks for: {asked[0]}", paths)
    if task in TASK_RECORD and (why := _remaining(task, manifest)):
        return Evidence(False, why, paths)
    if task == "hand-over" and (open_ := _not_transferred(manifest)):
        return Evidence(False, open_, paths)
    reached = _scaling(manifest) if task == "implement-auto-scaling" else "documented"
    return Evidence(
        True, f"{name}.md was rendered and its {judged.get('passed', 0)} decided checks passed", paths, reached
    )


def _remaining(task: str, manifest: Manifest) -> str:
    """What the task's record still counts; empty when nothing is left of something."""
    (of, left), what = TASK_RECORD[task]
    total, count = (manifest.records.get(name, {}).get("value") for name in (of, left))
    if not total or count is None:
        return f"{of} is not known"
    return f"{what}: {count:g}" if count else ""


def _scaling(manifest: Manifest) -> str:
    """How far auto-scaling is, as OperationalPlaybook.md states it."""
    return str(manifest.records.get("automation.auto-scaling", {}).get("value") or "documented")


def _not_transferred(manifest: Manifest) -> str:
    """Why on-call has not passed on; empty when every transfer has."""
    record = manifest.records.get("handover.transferred")
    if record is None or record["unit"] == "of 0":
        return "no transfer of on-call is recorded"
    of = f"{record['value']:g} {record['unit']}"
    return "" if f"of {record['value']:g}" == record["unit"] else f"on-call was transferred in {of} cases"


def _incident_status(manifest: Manifest, open_incidents: object) -> str:
    if "IncidentResponse" not in manifest.documents:
        return "not documented"
    state = "no incident log" if open_incidents is None else f"{open_incidents:g} open incident"
    if open_incidents not in (None, 1):
        state += "s"
    return f"documented in IncidentResponse.md; {state}"


def _metrics(records: Mapping[str, Mapping[str, object]]) -> list[tuple[str, str]]:
    found = []
    for name, record in sorted(records.items()):
        parts = name.split(".")
        if parts[0] != "reliability" or parts[1] not in METRICS or record["value"] is None:
            continue
        label = " ".join([parts[1].replace("_", " "), *parts[2:]])
        digits = 2 if parts[1] in ("saturation", "budget_consumption") else 3  # SREHandoff.md prints no more
        found.append((label, shown(record["value"], str(record["unit"]), digits)))
    return found


def shown(value: object, unit: str, digits: int = 2) -> str:
    """
    A record for people, by its unit; `digits` are those of a percentage.

    >>> shown(0.9995, "ratio"), shown(90.0, "s"), shown("stable", "")
    ('99.95 %', '1 min 30 s', 'stable')
    """
    if not isinstance(value, int | float):
        return str(value)
    if unit == "ratio":
        return percent(value, digits)
    seconds = {"s": 1, "min": 60, "h": 3600}.get(unit)
    return span(value * seconds) if seconds else f"{value:g} {unit}".strip()


def _stability(records: Mapping[str, Mapping[str, object]]) -> tuple[str, str, str]:
    def text(name: str) -> str:
        value = records.get(name, {}).get("value")
        return "" if value is None else str(value)

    return text("stability.state"), text("stability.rule"), text("stability.reason")
