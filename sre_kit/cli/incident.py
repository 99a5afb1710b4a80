"""``sre-kit incident``: the log as a list, and a report on one incident in docs/SRE/incidents."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final

from sre_kit import compute, load, show
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.errors import DocumentError, ParameterError, ProtectedError, nearest
from sre_kit.load.projects import Project
from sre_kit.render import publish
from sre_kit.store import places
from sre_kit.store.manifest import sha256
from sre_kit.units import span, utc

FOLDER: Final = places.INCIDENTS.as_posix()
MANIFEST: Final = f"{FOLDER}/{places.MANIFEST}"
"""Hashes of the published reports: a set of their own, so that the documents' manifest stays as it is."""
FORMAT: Final = 1


def listing(params: str, as_of: str, severity: str, json: bool) -> int:
    """Print the incidents of the log, the latest first; 3 when there is no log."""
    project = load.project(params, as_of)
    log = _log(project)
    chosen = [one for one in reversed(log.incidents) if not severity or one.severity.casefold() == severity.casefold()]
    if json:
        found = {"gap": log.gap, "incidents": [_as_json(one) for one in chosen]}
        print(jsonlib.dumps(found, indent=1, ensure_ascii=False))
    elif chosen:
        _print(chosen)
    elif not log.gap:
        print("no incident" + (f" of level {severity}" if severity else ""))
    if log.gap:
        print(f"incomplete: {log.gap}", file=sys.stderr)
    if log.quarantine:
        print(f"{len(log.quarantine)} rows are put aside; the document IncidentResponse says why", file=sys.stderr)
    return 3 if log.gap else 0


def report(identifier: str, params: str, as_of: str, dry_run: bool, force: bool) -> int:
    """Write docs/SRE/incidents/ID.md through the one writer; a report that a person edited is kept."""
    project = load.project(params, as_of)
    if places.shipped(project.root) and not dry_run:
        raise ProtectedError('the bundled project is not written to; "sre-kit demo" copies it and renders the copy')
    log = _log(project)
    page = page_of(project, log, _chosen(identifier, log))
    path = f"{FOLDER}/{places.file_name(identifier)}.md"
    root = publish.Root(project.root)
    with nullcontext() if dry_run else publish.lock(root):
        recorded = _recorded(root)
        known = {**recorded, path: sha256(page)}
        files: dict[str, bytes | None] = {path: page.encode("utf-8"), MANIFEST: _manifest(known)}
        changes = [change for change in publish.changes(root, files) if change.kind != "unchanged"]
        if dry_run:
            for change in changes:
                sys.stdout.write(change.diff() if change.path == path else "")
            return 0
        edited = publish.edited([change for change in changes if change.path == path], recorded)
        if edited and not force:
            beside = publish.propose(root, edited)
            raise ProtectedError(
                f"{path}: changed by a person since it was written, so it was kept. The new text is in "
                f"{', '.join(beside)}. Take over what you need and delete it, or write again with --force."
            )
        publish.publish(root, changes)
    print(f"{path}: {next((change.kind for change in changes if change.path == path), 'unchanged')}")
    return 3 if log.gap else 0


def page_of(project: Project, log: IncidentLog, incident: Incident) -> str:
    """The Markdown of the report on `incident`."""
    policy = project.params.incidents
    ones = [compute.history(slo, events) for slo, events in load.objectives_during(project, incident)]
    until = incident.end(project.as_of)
    found = compute.incident_report(
        incident,
        log,
        policy,
        project.as_of,
        compute.holidays_of(policy.country, "", until.date(), until.replace(year=until.year + 1).date()),
        impacts=compute.incident_impacts(ones, incident, project.as_of),
        deploys=load.deploys(project).deploys,
        slos=project.params.slos,
        people=[person.name for person in project.params.oncall.people],
    )
    measured = project.source.name if project.source else "no measurements"
    text: str = show.incident_report_page(found, project.name, measured).markdown()
    return text.strip() + "\n"


def _log(project: Project) -> IncidentLog:
    log: IncidentLog = compute.graded(load.incidents(project), project.params.incidents.severities)
    return log


def _chosen(identifier: str, log: IncidentLog) -> Incident:
    everything = {one.id: one for one in (*log.others, *log.maintenance, *log.incidents)}
    if identifier in everything:
        return everything[identifier]
    aside = next((q for q in log.quarantine if q.id == identifier), None)
    if aside is not None:
        raise ParameterError(f"incident {identifier!r} is put aside: {aside.reason} ({aside.origin}); correct the log")
    why = log.gap or f"{log.source} has no incident {identifier!r}{nearest(identifier, everything)}"
    raise ParameterError(f'{why}; "sre-kit incident list" shows them')


def _recorded(root: publish.Root) -> Mapping[str, str]:
    """Path -> hash of each report as it was published."""
    content = root.read(MANIFEST)
    if content is None:
        return {}
    try:
        raw = jsonlib.loads(content)
        if raw["format"] != FORMAT:
            raise ValueError(f"format {raw['format']!r}")
        return {str(path): str(digest) for path, digest in raw["reports"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(f"{MANIFEST}: it is damaged ({error}); delete it, and no report counts as ours") from None


def _manifest(known: Mapping[str, str]) -> bytes:
    text = jsonlib.dumps({"format": FORMAT, "reports": dict(sorted(known.items()))}, indent=1, ensure_ascii=False)
    return (text + "\n").encode("utf-8")


def _as_json(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "began": one.began.isoformat(),
        "resolved": one.resolved.isoformat() if one.resolved else None,
        "severity": one.severity,
        "services": list(one.services),
        "postmortem": one.postmortem,
        "origin": one.origin,
        "flags": list(one.flags),
    }


def _print(chosen: list[Incident]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Incident", "Began", "Level", "Lasted", "Services", "Title", box=None)
    for one in chosen:
        lasted = span(one.duration) if one.duration is not None else "open"
        cells = (one.id, utc(one.began), one.severity or one.impact, lasted, ", ".join(one.services), one.title[:70])
        table.add_row(*(cell.replace("[", r"\[") for cell in cells))
    Console(width=None if sys.stdout.isatty() else 220).print(table)
