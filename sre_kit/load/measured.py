"""
Measurements of a project: the windows that its params ask for, from its source, through its snapshot.

A project without a source has gaps, not errors.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sre_kit.compute.changes import DeployLog
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Reading, Requests
from sre_kit.store import manifest as manifests
from sre_kit.store import places

if TYPE_CHECKING:
    from sre_kit.load.projects import Project

_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
NO_SOURCE = "no metrics source is configured; set source.url in the params"


def reading(
    project: Project,
    name: str,
    query: str,
    *,
    window: timedelta = timedelta(days=30),
    step: timedelta | None = None,
    unit: str = "",
    end: datetime | None = None,
) -> Reading:
    """
    One gauge over the last `window` before the report time (or `end`); a failing source becomes `Reading.gap`.
    """
    from sre_kit.load import measurements

    last = end or project.as_of
    every = step or project.params.source.step
    if project.source is None or not query:
        why = NO_SOURCE if project.source is None else f"no query is given for {name}"
        return Reading(name, _nothing(), query, "", last - window, last, every, unit, why)
    return measurements.reading(project.source, project.snapshot, name, query, last - window, last, every, unit)


def requests(
    project: Project,
    slo: SLO | str,
    *,
    window: timedelta | None = None,
    step: timedelta | None = None,
    end: datetime | None = None,
) -> Requests:
    """
    Good and total events of an objective over its window (or `window`); a failing source becomes `Requests.gap`.

    An objective on a share or a gauge counts its steps, each with a value once. A latency threshold at which no bucket
    of its histogram ends is a gap that names the nearest bounds.
    """
    from sre_kit.load import measurements

    asked = project.slo(slo) if isinstance(slo, str) else slo
    last = end or project.as_of
    every = step or project.params.source.step
    first = last - (window or asked.window)
    if project.source is None:
        empty = pd.DataFrame({"total": _nothing(), "good": _nothing()})
        return Requests(asked.name, empty, "", first, last, every, asked.good, asked.total, gap=NO_SOURCE)
    if asked.by_time:
        return measurements.steps(project.source, project.snapshot, asked, first, last, every)
    found = measurements.requests(
        project.source, project.snapshot, asked.name, asked.good, asked.total, first, last, every, bad_query=asked.bad
    )
    return measurements.bucket_checked(project.source, project.snapshot, asked, found) if asked.histogram else found


def objectives(project: Project, *, history: timedelta = timedelta(days=90)) -> list[Requests]:
    """
    The events of every objective over `history`, or over its whole window where that is longer, in the params' order.

    A calendar period is read from its first instant on; the step is `source.events_step`, where it is given.
    """
    from sre_kit.compute.slo.windows import slo_window

    found, step = [], project.params.source.events_step or project.params.source.step
    for slo in project.params.slos:
        start = min(project.as_of - history, slo_window(slo, project.as_of).start)
        days = -(-(project.as_of - start) // timedelta(days=1))
        found.append(requests(project, slo, window=timedelta(days=days), step=step))
    return found


def objectives_during(project: Project, incident: Incident) -> list[tuple[SLO, Requests]]:
    """
    The objectives of the services that an incident names, with the events of the window that ends with it.

    The window ends at the first step after the incident, or at the report time where it is open.
    """
    from sre_kit.compute.slo.ledger import concerns
    from sre_kit.compute.slo.windows import slo_window

    step = project.params.source.step
    until = incident.end(project.as_of)
    late = (until - _MIDNIGHT) % step
    end = min(until + (step - late if late else timedelta(0)), project.as_of)
    found = []
    for slo in project.params.slos:
        if concerns(incident, slo.service):
            start = min(slo_window(slo, end).start, incident.began)
            days = -(-(end - start) // timedelta(days=1))
            found.append((slo, requests(project, slo, window=timedelta(days=days), end=end)))
    return found


def manifest(project: Project, path: str = "") -> manifests.Manifest:
    """The manifest at `path` (a render's stage), or the published one."""
    return manifests.read(Path(path) if path else project.root / places.DOCUMENTS / places.MANIFEST)


def incidents(project: Project) -> IncidentLog:
    """The incident log up to the report time; a missing or broken file becomes `IncidentLog.gap`."""
    from sre_kit.load.incident_logs import incident_log

    policy, written = project.params.incidents, project.params.history.incidents
    if not written:
        return IncidentLog((), gap="no incident log is configured; set history.incidents in the params")
    return incident_log(project.file(written), as_of=project.as_of, clock=policy.clock, zone=policy.zone)


def incident_clocks(project: Project) -> dict[str, IncidentLog]:
    """
    The log on the clock of the params and, where its records say when users felt it, on that of the downtime.

    An incident that is announced at ten and was felt from nine on has two lengths; a report says which one it uses.
    """
    from sre_kit.load.incident_logs import incident_log, tells_downtime

    policy, own = project.params.incidents, incidents(project)
    found = {own.clock or policy.clock: own}
    path = project.file(project.params.history.incidents)
    if not own.gap and tells_downtime(path):
        clock = "downtime" if policy.clock != "downtime" else "announced"
        other = incident_log(path, as_of=project.as_of, clock=clock, zone=policy.zone)
        if other.incidents:
            found[clock] = other
    return found


def deploys(project: Project) -> DeployLog:
    """The deployments up to the report time; a missing or broken log becomes `DeployLog.gap`."""
    from sre_kit.load.events import deploy_log

    written = project.params.history.deploys
    if not written:
        return DeployLog((), gap="no deployments are configured; set history.deploys in the params")
    where = written if written.startswith("git:") else str(project.file(written))
    return deploy_log(where, base=project.base, as_of=project.as_of)


def _nothing() -> pd.Series[Any]:
    return pd.Series([], dtype="float64", index=pd.DatetimeIndex([], tz="UTC", name="time"))
