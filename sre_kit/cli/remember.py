"""
After a render: what the next session, the next phase and other tools shall find in the knowledge graph.

Six entities of ours for a project, each replaced as a whole, so that what no longer holds is gone: service levels,
operational patterns, incident history, optimization results, runbooks, and what was published. Same documents, same
words: a second render stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit import compute, load
from sre_kit.cli.plan import shown
from sre_kit.compute.incidents import Incident
from sre_kit.escape import plain
from sre_kit.load.projects import Project
from sre_kit.load.secrets import Secret, leaked
from sre_kit.store import places, remembered
from sre_kit.store.knowledge import Entity, Relation
from sre_kit.store.manifest import Manifest
from sre_kit.store.memory import Delivery, deliver_to
from sre_kit.units import percent, span, target, utc

OUTBOX: Final = "memory.outbox.jsonl"
"""What did not arrive, in the state folder, in the graph's own format."""
LATEST: Final = 20
"""Incidents that are named one by one."""
SUBJECTS: Final = {
    "service levels": "SLODefinitions",
    "operational patterns": "OperationalPlaybook",
    "incident history": "IncidentResponse",
    "optimization results": "PerformanceOptimization",
    "runbooks": "IncidentResponse",
}
"""What is stored about a project, and the document that says more."""
_PATTERNS: Final = (
    *("automation.", "change.", "coverage.", "deploys."),
    *("oncall.", "operations.", "recovery.", "security."),
)
_RESULTS: Final = ("performance.", "loadtest.")


def outbox(project: Project) -> Path:
    """Where waits what did not arrive."""
    return places.state(project.root) / OUTBOX


def remember(project: Project, manifest: Manifest, secrets: list[Secret]) -> Delivery:
    """Store what `manifest` says in the knowledge graph of the params; nothing of it may hold one of `secrets`."""
    entities = [_without(one, secrets) for one in entities_of(project, manifest)]
    return deliver_to(lambda: project.memory, entities, relations_of(entities), outbox=outbox(project))


def entities_of(project: Project, manifest: Manifest) -> list[Entity]:
    """Our six entities; one of which nothing is known says so."""
    said = {
        "service levels": _service_levels(project, manifest.records),
        "operational patterns": _patterns(project, manifest.records),
        "incident history": _incidents(project, manifest.records),
        "optimization results": _results(project, manifest.records),
        "runbooks": _runbooks(project),
    }
    found = []
    for subject, lines in said.items():
        text = tuple(dict.fromkeys(plain(line) for line in lines)) or ("nothing is known yet",)
        where = f"more in {places.DOCUMENTS.as_posix()}/{SUBJECTS[subject]}.md"
        found.append(Entity(f"{project.name}: {subject}", f"sre-{subject.replace(' ', '-')}", (*text, where)))
    documents = (*_documents(manifest), *remembered.observations(manifest))
    return [*found, Entity(remembered.entity_name(project.name), remembered.TYPE, documents)]


def relations_of(entities: list[Entity]) -> list[Relation]:
    """Every subject is published in the documents."""
    *subjects, documents = entities
    return [Relation(one.name, documents.name, "is_published_in") for one in subjects]


def note(project: Project, delivery: Delivery) -> str:
    """What became of it, for people; empty where nothing was new."""
    where = project.params.project.knowledge_graph
    if delivery.waiting:
        return (
            f"knowledge graph {where}: {len(delivery.waiting)} entities and relations wait in "
            f"{places.STATE / OUTBOX} for the next render: {delivery.reason}"
        )
    return f"knowledge graph {where}: {len(delivery.stored)} entities and relations stored" if delivery.stored else ""


def _service_levels(project: Project, records: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for slo in project.params.slos:
        parts = [f"{slo.name}: target {target(slo.target)} of {slo.service}"]
        for key, words in (
            ("availability", "measured"),
            ("budget_spent_share", "error budget spent"),
            ("state", "state"),
        ):
            record = records.get(f"slo.{slo.name}.{key}")
            if record and record["value"] is not None:
                parts.append(f"{words} {shown(record['value'], str(record['unit']))}")
        yield ", ".join(parts)


def _patterns(project: Project, records: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for task in project.params.operations.tasks:
        how = "automated" if task.automated else f"{task.minutes:g} min by hand"
        yield f"{task.name}: {task.cron} ({task.zone}), {task.owner}, {how}"
    yield from _numbers(records, _PATTERNS)
    for name in ("stability.state", "stability.reason"):
        if (value := records.get(name, {}).get("value")) is not None:
            yield f"{name}: {value}"


def _incidents(project: Project, records: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from _numbers(records, ("incidents.", "postmortems.", "reliability.mttr", "reliability.mtbf"))
    log = compute.graded(load.incidents(project), project.params.incidents.severities)
    if log.gap:
        yield f"the incident log is not known: {log.gap}"
    happened = [one for one in log.incidents if one.kind == "incident"]
    for one in sorted(happened, key=lambda one: (one.began, one.id), reverse=True)[:LATEST]:
        yield _incident(one)


def _incident(one: Incident) -> str:
    ended = f"resolved {utc(one.resolved)}" if one.resolved else "open"
    cause = f", cause: {one.cause}" if one.cause else ""
    grade = one.severity or one.impact or "no severity"
    return f"{one.id} ({grade}) {one.title}: began {utc(one.began)}, {ended}{cause}"


def _results(project: Project, records: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for one in project.params.performance.optimisations:
        bounds = ""
        if one.gain_low is not None and one.gain_high is not None:
            bounds = f" ({percent(one.gain_low, 0)} to {percent(one.gain_high, 0)} less time)"
        measured = f"; measured: {one.measured}" if one.measured else ""
        if one.before is not None and one.after is not None and one.reduction is not None:
            changed = f"{-one.reduction * 100:+.1f} %" + (f", {one.outcome}" if one.outcome else "")
            measured = (
                f"; {one.statistic or 'time'}: {span(one.before)} before, {span(one.after)} after ({changed}){measured}"
            )
        yield (
            f"{one.id} ({one.area}, {one.state}): {one.hypothesis}; expected {one.expected}{bounds}; "
            f"verify: {one.verify}{measured}"
        )
    yield from _numbers(records, _RESULTS)


def _runbooks(project: Project) -> Iterator[str]:
    for one in project.params.runbooks:
        tested = f"last tested {one.last_tested}" if one.last_tested else "never tested"
        first = f", first: {one.diagnose[0]}" if one.diagnose else ""
        anchor = places.anchor(one.alert)
        path = f"{places.DOCUMENTS.as_posix()}/IncidentResponse.md#{anchor}"
        yield f"{one.alert}: {one.meaning} ({one.owner or 'no owner'}, {tested}{first}): {path}"


def _documents(manifest: Manifest) -> Iterator[str]:
    for name, one in sorted(manifest.documents.items()):
        judged = manifest.checks.get(name, {})
        counts = ", ".join(f"{judged.get(state, 0)} {state}" for state in ("passed", "failed", "not known"))
        yield f"{one.path}: version {one.version}, as of {one.as_of[:10]}, sha256 {one.sha256[:12]}, checks: {counts}"


def _numbers(records: Mapping[str, Mapping[str, Any]], kinds: tuple[str, ...]) -> Iterator[str]:
    for name, record in sorted(records.items()):
        if name.startswith(kinds) and record["value"] is not None:
            yield f"{name}: {shown(record['value'], str(record['unit']))}"


def _without(entity: Entity, secrets: list[Secret]) -> Entity:
    told = leaked({text: text.encode("utf-8", "replace") for text in entity.observations}, secrets)
    return Entity(entity.name, entity.type, tuple(text for text in entity.observations if text not in told))
