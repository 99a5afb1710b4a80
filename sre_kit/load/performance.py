"""
What performance is measured by: endpoints from the metrics source, load tests, database statements, an access log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from sre_kit.compute.performance.baseline import EndpointReadings
from sre_kit.compute.performance.changepoints import RunHistory
from sre_kit.compute.performance.events import EventStatistics
from sre_kit.compute.performance.plan import Endpoint, LoadTest, LoadTestSet, TestedResource
from sre_kit.compute.performance.query_plans import PlanSet
from sre_kit.compute.performance.statements import Statements
from sre_kit.compute.performance.traces import TraceSet
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Gap, Reading, Requests
from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load import measured

if TYPE_CHECKING:
    from sre_kit.load.accesslog import AccessLog
    from sre_kit.load.projects import Project


def endpoints(project: Project) -> list[EndpointReadings]:
    """Counts and latencies of each endpoint of the params over the baseline's window."""
    return [_endpoint(project, one) for one in project.params.performance.endpoints]


def loadtests(project: Project) -> LoadTestSet:
    """The load tests named in the params; a file that cannot be used is a gap."""
    from sre_kit.load.loadtesting import load_tests

    plan = project.params.performance
    return load_tests([(name, project.file(name)) for name in plan.loadtests], plan.runs)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Load tests with what the tested system did meanwhile, and the history of runs."""

    tests: LoadTestSet
    tested: list[tuple[LoadTest, TestedResource, Reading]]
    history: list[RunHistory]


def runs(project: Project) -> Runs:
    """Everything that the params name about load tests."""
    tests = loadtests(project)
    return Runs(tests, _tested(project, tests), _histories(project))


def _histories(project: Project) -> list[RunHistory]:
    from sre_kit.load.runhistory import run_history

    written = project.params.performance.run_history
    return [run_history(project.file(written))] if written else []


def _tested(project: Project, tests: LoadTestSet) -> list[tuple[LoadTest, TestedResource, Reading]]:
    """Each tested resource over the time of each run whose time is known, at a minute."""
    found = []
    for test in tests:
        if test.began is None or test.duration is None:
            continue
        minute = timedelta(minutes=1)
        end = test.began + max(minute, timedelta(seconds=test.duration))
        for one in project.params.performance.tested:
            read = measured.reading(
                project, one.name, one.query, window=end - test.began, step=minute, unit=one.unit, end=end
            )
            found.append((test, one, read))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """Statements by time, and plans of some of them."""

    statements: Statements
    plans: PlanSet


def database(project: Project) -> Database:
    """The statements and execution plans that the params name; a file that cannot be used is a gap."""
    from sre_kit.load import pgplans

    named = [(name, project.file(name)) for name in project.params.performance.plans]
    return Database(statements(project), pgplans.plans(named))


def statements(project: Project) -> Statements:
    """The database statements named in the params; without a file, or with an unusable one, a gap."""
    from sre_kit.load import pgstatements

    written = project.params.performance.statements
    if not written:
        why = "no pg_stat_statements export is named"
        return Statements(
            gap=Gap("database statements", "Backend Developer", "performance.statements in the params", why)
        )
    return pgstatements.statements(project.file(written))


def event_logs(project: Project) -> list[EventStatistics]:
    """The request events of each log in the params."""
    from sre_kit.load.rawevents import event_statistics

    logs = project.params.performance.events
    return [event_statistics(project.file(one.file), one, as_of=project.as_of) for one in logs]


def traces(project: Project) -> TraceSet:
    """The traces named in the params; a file that cannot be used is a gap."""
    from sre_kit.load import tracing

    return tracing.traces([(name, project.file(name)) for name in project.params.performance.traces])


def access_log(project: Project) -> AccessLog | Gap:
    """The access log named in the params, up to the report time; without one, or with an unusable one, a gap."""
    from sre_kit.load import accesslog

    written = project.params.performance.access_log
    if not written:
        why = "no access log is named"
        return Gap("requests as the edge saw them", "DevOps Engineer", "performance.access_log in the params", why)
    try:
        return accesslog.access_log(project.file(written), as_of=project.as_of)
    except (DataError, SourceError) as error:
        return Gap("requests as the edge saw them", "DevOps Engineer", written, str(error), degraded=True)


def _endpoint(project: Project, endpoint: Endpoint) -> EndpointReadings:
    window = project.params.performance.window
    queries = {"p50": endpoint.p50, "p95": endpoint.p95, "p99": endpoint.p99, "max": endpoint.maximum}
    return EndpointReadings(
        endpoint=endpoint,
        requests=_requests(project, endpoint),
        latencies={
            statistic: measured.reading(project, f"{endpoint.name} {statistic}", query, window=window, unit="s")
            for statistic, query in queries.items()
            if query
        },
    )


def _requests(project: Project, endpoint: Endpoint) -> Requests | None:
    if not endpoint.total:
        return None
    if bool(endpoint.good) == bool(endpoint.bad):
        raise ParameterError(f"endpoint {endpoint.name!r}: total needs either good or bad beside it; give one of them")
    counted = SLO(
        name=f"{endpoint.name} requests",
        target=Fraction(99, 100),  # any: only its queries are used
        total=endpoint.total,
        good=endpoint.good,
        bad=endpoint.bad,
        service=endpoint.service,
    )
    return measured.requests(project, counted, window=project.params.performance.window)
