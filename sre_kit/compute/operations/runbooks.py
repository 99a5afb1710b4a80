"""
Runbooks: one for each alert and none too many, none that would fit another alert as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.incidents import Runbook
from sre_kit.compute.queries import query_problem
from sre_kit.compute.vocabulary import Fact, Kind

SAME_FROM: Final = 0.8
"""Two runbooks whose words agree from here on say nothing of their own."""
STALE_DAYS: Final = 180
_DESTRUCTIVE: Final = re.compile(
    r"\b(?:delete|drop|truncate|purge|rm\s+-|kill|drain|flush\w*|reset|terminate|pg_terminate\w*|restart|failover|"
    r"evict|rollout undo|scale\b.*--replicas[ =]?0)\b",
    re.IGNORECASE,
)
_TARGET: Final = re.compile(
    r"(?:deploy(?:ment)?s?|sts|statefulset|service|svc|instance|app)\s*[/=:]\s*[\"']?([A-Za-z0-9][\w.-]*)"
)
_CODE: Final = re.compile(r"`([^`]+)`")
_QUERY: Final = re.compile(
    r"""^(?![A-Z]{3,}\b)(?!(?:kubectl|curl|psql|aws|gcloud|az|ssh|sudo|docker|helm|rabbitmqctl|redis-cli|amtool)\b)
    [^|>]*?(?:\w\{[^}]*(?:=|!~)[^}]*\} | \w\[\d+[smhdwy] |
    \b(?:rate|irate|increase|sum|avg|max|min|count|topk|histogram_quantile|predict_linear|absent|\w+_over_time)
    \s*(?:by\b|without\b|\())""",
    re.VERBOSE,
)
"""What looks like PromQL: matchers or a range behind a name, or one of its functions; no SQL and no shell."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert rule as the documents give it: the exact expression if there is one, and the condition in words."""

    name: str
    condition: str
    severity: str = ""
    held_for: str = ""
    channel: str = ""
    runbook: str = ""
    expression: str = ""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class RunbookCheck:
    """
    Alerts and runbooks side by side.

    `pairs` have both, `without` is an alert without a runbook, `orphans` are runbooks that no alert leads to, `twice`
    names alerts with more than one.
    """

    pairs: tuple[tuple[Alert, Runbook], ...]
    without: tuple[Alert, ...]
    orphans: tuple[Runbook, ...]
    twice: tuple[str, ...]


def alert_rules(facts: Iterable[Fact], document: str = "MonitoringAlerts") -> list[Alert]:
    """
    The alert rules that a document states, each once: a table row and a rule of one name are one alert.

    Facts of other documents are left out; an empty `document` takes all.
    """
    grouped: dict[str, list[Fact]] = {}
    for fact in of_kind(facts, Kind.ALERT_RULE):
        if not document or document in fact.document.replace(" ", ""):
            grouped.setdefault(fact.name, []).append(fact)
    return [_alert(name, tuple(group)) for name, group in grouped.items()]


def runbook_check(found: Sequence[Alert], runbooks: Sequence[Runbook], elsewhere: Iterable[str] = ()) -> RunbookCheck:
    """Match alerts with runbooks by the alert's name, exactly; alerts that are `elsewhere` leave no orphan."""
    first: dict[str, Runbook] = {}
    twice = []
    for runbook in runbooks:
        if runbook.alert in first:
            twice.append(runbook.alert)
        first.setdefault(runbook.alert, runbook)
    names = {alert.name for alert in found} | set(elsewhere)
    return RunbookCheck(
        tuple((alert, first[alert.name]) for alert in found if alert.name in first),
        tuple(alert for alert in found if alert.name not in first),
        tuple(runbook for runbook in runbooks if runbook.alert not in names),
        tuple(dict.fromkeys(twice)),
    )


@dataclass(frozen=True, slots=True)
class Alike:
    """Two runbooks and the share of their words, in order, that agree once the alerts' names are taken out."""

    first: str
    second: str
    similarity: float


def similar_runbooks(runbooks: Sequence[Runbook], limit: float = SAME_FROM) -> list[Alike]:
    """Pairs of runbooks at least `limit` alike, the most alike first."""
    words = {runbook.alert: _words(runbook) for runbook in runbooks}
    found = [
        Alike(a, b, SequenceMatcher(None, words[a], words[b], autojunk=False).ratio())
        for a, b in combinations(sorted(words), 2)
    ]
    return sorted((pair for pair in found if pair.similarity >= limit), key=lambda p: (-p.similarity, p.first))


def missing_parts(runbook: Runbook, as_of: date) -> list[str]:
    """What somebody woken at night would look for in vain, in words."""
    parts = {
        "meaning": runbook.meaning,
        "user impact": runbook.impact,
        "diagnosis": runbook.diagnose,
        "mitigation": runbook.mitigate,
        "verification": runbook.verify,
        "escalation": runbook.escalate,
        "dashboard": runbook.dashboard,
        "owner": runbook.owner,
        "review date": runbook.review_by,
    }
    found = [f"no {name}" for name, value in parts.items() if not value]
    if runbook.last_tested is None:
        found.append("never tested")
    elif (as_of - runbook.last_tested).days > STALE_DAYS:
        found.append(f"last tested {(as_of - runbook.last_tested).days} d ago")
    if runbook.review_by and runbook.review_by < as_of:
        found.append(f"review overdue since {runbook.review_by}")
    return found


def commands(text: str) -> list[str]:
    """What stands between back-ticks in a step."""
    return _CODE.findall(text)


def broken_queries(runbook: Runbook) -> list[str]:
    """Commands of a runbook that look like PromQL and are none, each with the reason."""
    steps = (*runbook.diagnose, *runbook.mitigate, runbook.verify)
    queries = [command for step in steps for command in commands(step) if looks_like_query(command)]
    return [f"{query}: {why}" for query in queries if (why := query_problem(query))]


def looks_like_query(command: str) -> bool:
    """
    Whether a command is meant as PromQL.

    >>> [looks_like_query(c) for c in ("rate(x[5m]", "kubectl get pod", "SELECT count(*) FROM t", "up == 0")]
    [True, False, False, False]
    """
    return _QUERY.search(command) is not None


def destructive(step: str) -> bool:
    """Whether a command of the step takes something away or interrupts it."""
    return any(_DESTRUCTIVE.search(command) for command in commands(step))


def targets(step: str) -> list[str]:
    """Deployments, services, instances and queues that the commands of a step name."""
    return [name for command in commands(step) for name in _TARGET.findall(command)]


def unknown_targets(runbook: Runbook, components: Iterable[str]) -> list[str]:
    """Deployments, services, instances and queues that the commands name and no document knows."""
    known = {name.casefold() for name in components}
    steps = (*runbook.diagnose, *runbook.mitigate, runbook.verify)
    named = [name for step in steps for name in targets(step)]
    return [name for name in dict.fromkeys(named) if name.casefold() not in known]


def _alert(name: str, group: tuple[Fact, ...]) -> Alert:
    def first(key: str) -> str:
        """The first filled detail."""
        return next((fact.details[key] for fact in group if fact.details.get(key)), "")

    exact = [fact for fact in group if _promql(str(fact.value))]
    prose = [fact for fact in group if fact not in exact]
    return Alert(
        name,
        str((prose or exact)[0].value),
        first("severity"),
        first("for"),
        first("channel"),
        first("runbook"),
        str(exact[0].value) if exact else "",
        group,
    )


def _promql(text: str) -> bool:
    """Whether `text` is PromQL that selects a metric, rather than a sentence."""
    import promql_parser

    if not re.search(r"[({]|_", text):
        return False
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True


def _words(runbook: Runbook) -> list[str]:
    text = " ".join(
        (runbook.meaning, runbook.impact, *runbook.diagnose, *runbook.mitigate, runbook.verify, runbook.escalate)
    )
    return re.findall(r"\w+", text.replace(runbook.alert, " ").casefold())
