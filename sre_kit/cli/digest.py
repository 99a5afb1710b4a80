"""``sre-kit oncall digest``: the handover of the pager as Markdown on standard output."""

from __future__ import annotations

import sys
from datetime import timedelta

from sre_kit import compute, load
from sre_kit.show.oncall.digest import Handover, last_handoff, oncall_digest
from sre_kit.units import instant

WEEK = timedelta(weeks=1)


def digest(params: str, as_of: str, since: str) -> int:
    """Print the digest of a project; 3 when there is no incident log."""
    project = load.project(params, as_of)
    policy, oncall = project.params.incidents, project.params.oncall
    log = compute.graded(load.incidents(project), policy.severities)
    schedule = compute.schedule(oncall, project.as_of)
    begins = instant(since) if since else last_handoff(schedule, project.as_of) or project.as_of - WEEK
    start, end = compute.incident_window(log, project.as_of)
    holidays = compute.holidays_of(policy.country, "", start.date(), end.date())
    recent = (*compute.selected(log, start, end), *log.others)
    told = Handover(
        project.name,
        project.as_of,
        begins,
        oncall,
        schedule,
        log,
        compute.postmortems_owed(recent, policy, end, holidays, project.params.slos) if not log.gap else (),
        compute.action_items(log.incidents, policy, end.date()),
        compute.runbook_check(compute.alert_rules(project.facts), project.params.runbooks),
    )
    print(oncall_digest(told).markdown())
    if log.gap:
        print(f"incomplete: {log.gap}", file=sys.stderr)
    return 3 if log.gap else 0
