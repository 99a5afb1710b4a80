"""What the reliability metrics are computed from, read once and the same for every document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sre_kit.compute.incidents import graded
from sre_kit.compute.readiness.indicators import Vitals
from sre_kit.compute.slo.counts import histories
from sre_kit.load.measured import incidents, objectives, reading

if TYPE_CHECKING:
    from sre_kit.load.projects import Project


def vitals(project: Project) -> Vitals:
    """
    Events of every objective, response times of every operation, use of every resource, and the incidents.

    Readings cover the 30 days before the report time; what a source does not answer is a gap in its reading.
    """
    given = project.params
    operations = [(one.name, one.p95) for one in given.performance.endpoints if one.p95]
    return Vitals(
        tuple(histories(given.slos, objectives(project))),
        graded(incidents(project), given.incidents.severities),
        tuple((name, reading(project, f"95th percentile of {name}", query, unit="s")) for name, query in operations),
        tuple((one, reading(project, one.name, one.query, unit=one.unit)) for one in given.capacity.resources),
    )
