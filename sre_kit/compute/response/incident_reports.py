"""
The report on one incident: everything that the records and measurements say about it, in one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sre_kit.compute.changes import Deploy
from sre_kit.compute.incidents import Happening, Incident, IncidentLog, IncidentPolicy, Severity
from sre_kit.compute.response.impact import Impact
from sre_kit.compute.response.postmortems import (
    Blame,
    Promise,
    action_items,
    blaming_words,
    business_day,
    triggers,
)
from sre_kit.compute.slo.objectives import SLO

BEFORE: Final = timedelta(hours=2)
"""Deployments so long before the beginning are the first suspects."""
MOST_LIKE: Final = 5


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """
    One incident with what belongs to it.

    `because` are the rules for a post-mortem that it met and `due` its date; `timeline` holds the milestones, what the
    record says, and deployments shortly before and during it; `alike` are others of the year before that
    share a service and a factor with it.
    """

    incident: Incident
    as_of: datetime
    level: Severity | None
    because: tuple[str, ...]
    due: date | None
    impacts: tuple[Impact, ...]
    timeline: tuple[Happening, ...]
    deploys: tuple[Deploy, ...]
    promises: tuple[Promise, ...]
    alike: tuple[Incident, ...]
    blame: tuple[Blame, ...]


def incident_report(
    incident: Incident,
    log: IncidentLog,
    policy: IncidentPolicy,
    as_of: datetime,
    holidays: Mapping[date, str],
    *,
    impacts: Sequence[Impact] = (),
    deploys: Iterable[Deploy] = (),
    slos: Sequence[SLO] = (),
    people: Iterable[str] = (),
) -> IncidentReport:
    """Put together what is known about `incident` as of a moment."""
    level = next((one for one in policy.severities if one.name == incident.severity), None)
    used = [(one.slo.name, share) for one in impacts if (share := one.budget_share) is not None]
    measured = {incident.id: max(used, key=lambda pair: pair[1])} if used else {}
    because = triggers(incident, policy, slos, as_of, measured)
    near = [one for one in deploys if incident.began - BEFORE <= one.time <= incident.end(as_of)]
    near = [one for one in near if not incident.services or not one.service or one.service in incident.services]
    due = None
    if because and incident.resolved is not None:
        due = business_day(incident.resolved.date(), policy.postmortem_within, holidays)
    own = [action for action in policy.actions if action.incident == incident.id]
    promises = action_items([incident], IncidentPolicy(actions=own), as_of.date())
    return IncidentReport(
        incident=incident,
        as_of=as_of,
        level=level,
        because=because,
        due=due,
        impacts=tuple(impacts),
        timeline=tuple(incident_timeline(incident, near)),
        deploys=tuple(near),
        promises=tuple(promises),
        alike=tuple(_alike(incident, log)),
        blame=tuple(blaming_words([incident], people)),
    )


def incident_timeline(incident: Incident, deploys: Iterable[Deploy] = ()) -> list[Happening]:
    """Milestones, the record's own rows and deployments, in order; a milestone comes before what happened with it."""
    by = f" by {incident.detected_by}" if incident.detected_by else ""
    stones = (
        (incident.began, "Users are affected from here on"),
        (incident.detected, f"Detected{by}"),
        (incident.acknowledged, "Acknowledged"),
        (incident.mitigated, "Users are served again"),
        (incident.resolved, "Resolved"),
    )
    rows = [Happening(at, text, "milestone") for at, text in stones if at is not None]
    rows += incident.timeline
    rows += [Happening(one.time, f"Deployment of {one.service} {one.version}".strip(), "change") for one in deploys]
    return sorted(rows, key=lambda row: row.at)


def _alike(incident: Incident, log: IncidentLog) -> list[Incident]:
    """Earlier incidents of a year that share a service and a contributing factor, the latest first."""
    shared = [
        one
        for one in log.incidents
        if one.id != incident.id
        and timedelta(0) < incident.began - one.began <= timedelta(days=365)
        and set(one.services) & set(incident.services)
        and set(one.factors) & set(incident.factors)
    ]
    return sorted(shared, key=lambda one: one.began, reverse=True)[:MOST_LIKE]
