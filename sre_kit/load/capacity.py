"""
What capacity is measured by: the use of each resource, demand, and users.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.vocabulary import Reading, Requests
from sre_kit.load import measured

if TYPE_CHECKING:
    from sre_kit.load.projects import Project


def resources(project: Project) -> list[tuple[Resource, Reading]]:
    """The use of each resource of the params over the capacity history, or since its limit was last changed."""
    return [(one, _use(project, one)) for one in project.params.capacity.resources]


def demand(project: Project) -> Requests | None:
    """Requests that growth is applied to, counted over the capacity history; missing without a query."""
    from sre_kit.load import measurements

    plan = project.params.capacity
    if not plan.demand or project.source is None:
        return None
    first, step = project.as_of - plan.history, project.params.source.step
    return measurements.requests(
        project.source, project.snapshot, "demand", plan.demand, plan.demand, first, project.as_of, step
    )


def users(project: Project) -> Reading:
    """Users a day over the last 30 days."""
    return measured.reading(project, "users", project.params.capacity.users, step=timedelta(days=1), unit="users")


def _use(project: Project, resource: Resource) -> Reading:
    window = project.params.capacity.history
    if resource.since is not None:
        changed = datetime(resource.since.year, resource.since.month, resource.since.day, tzinfo=UTC)
        window = min(window, max(project.as_of - changed, resource.step))
    return measured.reading(
        project, resource.name, resource.query, window=window, step=resource.step, unit=resource.unit
    )
