"""What has moved since the last render: numbers that cost no measurement, now against what was published."""

from __future__ import annotations

from typing import Any

from sre_kit import compute, load
from sre_kit.load.projects import Project


def moved(project: Project) -> list[dict[str, Any]]:
    """
    Numbers that differ now, of those that documents, params and the incident log alone decide.

    Nothing is asked of a source of measurements, so budgets and forecasts are not among them: a render tells those.
    """
    records = project.published.records
    return [
        {"number": name, "was": records[name]["value"], "is": value, "unit": records[name].get("unit", "")}
        for name, value in _now(project).items()
        if isinstance(was := records.get(name, {}).get("value"), int | float) and abs(was - value) > 1e-9
    ]


def _now(project: Project) -> dict[str, float]:
    given, facts, as_of = project.params, project.facts, project.as_of
    plan, handover = given.operations, given.handover
    log = compute.graded(load.incidents(project), given.incidents.severities)
    work = compute.toil(compute.task_schedules(plan.tasks, as_of), plan.team_hours_a_month)
    found: dict[str, float] = compute.shared_numbers(
        work=work,
        seven=compute.seven_opportunities(plan, facts, work, log, compute.incident_window(log, as_of)),
        coverage=compute.monitoring_coverage(facts, handover, given.slos, given.capacity.resources),
        patches=compute.patches(facts, plan.patching, plan.patch_exceptions, as_of),
        endings=compute.endings(plan, as_of),
        runbooks=compute.runbook_check(compute.alert_rules(facts), given.runbooks),
        items=compute.open_items(handover, log, given.incidents.actions, as_of),
        log=log,
        oncall=given.oncall,
    )
    return found
