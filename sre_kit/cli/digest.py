"""``sre-kit oncall digest``: the handover of the pager as Markdown on standard output."""

from __future__ import annotations

import sys
from datetime import timedelta

from sre_kit import compute, load
from sre_kit.load.projects import Project
from sre_kit.show.oncall.digest import Handover, last_handoff, oncall_digest
from sre_kit.show.readiness.handed_shifts import handed_shift
from sre_kit.show.shown import Heading, Shown, Stack
from sre_kit.units import instant

WEEK = timedelta(weeks=1)
NOW = "now"


def digest(params: str, as_of: str, since: str, shift: str = "") -> int:
    """
    Print the digest of a project; 3 when there is no incident log.

    `shift` asks for one shift too, which costs reading the measurements: ``now``, ``last`` or an instant in it.
    """
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
    parts: list[Shown] = [oncall_digest(told)]
    if shift:
        parts += [Heading(2, "The shift"), _handed(project, "" if shift == NOW else shift)]
    print(Stack(*parts).markdown())
    if log.gap:
        print(f"incomplete: {log.gap}", file=sys.stderr)
    return 3 if log.gap else 0


def _handed(project: Project, which: str) -> Shown:
    """The shift as SREHandoff.md shows it."""
    given, vitals = project.params, load.vitals(project)
    found = compute.handed_shift(
        given.oncall, vitals.histories, vitals.incidents, load.deploys(project), project.as_of, which,
        given.budget_policy,
    )  # fmt: skip
    return handed_shift(found, given.oncall.people, given.handover.transfers)
