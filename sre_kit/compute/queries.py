"""
Queries, offline: whether they parse, the same query over another window, and series that they would count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sre_kit.errors import ParameterError
from sre_kit.units import promql_duration

WINDOW: Final = re.compile(r"\{\{\s*\.window\s*\}\}")
"""Where a query in the manner of Sloth wants its window."""

_MATCHER: Final = re.compile(r'[A-Za-z_]\w*(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*"')
_MATCHERS: Final = re.compile(rf"\{{({_MATCHER.pattern}(?:,{_MATCHER.pattern})+)\}}")
_MINUS_IN_NAME: Final = re.compile(r"[A-Za-z_:][\w:.]*(?:-[\w:.]+)+")
_PLACE: Final = "20m34s"
"""A window that nobody writes, in place of an open one while a query is taken apart."""
_OPERATORS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_OPPOSITES: Final = {"!=": "=", "!~": "=~"}
_SAMPLES: Final = ("", "x", "0", "1", "200", "400", "500", "503", "GET", "true", "le")


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher: ``label operator value``."""

    label: str
    operator: str
    value: str

    def accepts(self, found: str) -> bool:
        """Whether a label value passes; patterns are anchored, as in Prometheus."""
        if self.operator in ("=", "!="):
            return (found == self.value) == (self.operator == "=")
        return (re.fullmatch(self.value, found) is not None) == (self.operator == "=~")


def query_problem(query: str) -> str:
    """
    Why a query is no PromQL; empty when it is.

    >>> query_problem("sum(rate(x[{{.window}}]))")
    ''
    """
    import promql_parser as promql

    try:
        promql.parse(WINDOW.sub("5m", query))
    except ValueError as error:
        return str(error)
    return ""


def canonical(query: str) -> str:
    """
    A query in the parser's own form, so that two ways of writing it compare as equal; as it is where it is no PromQL.

    >>> canonical("sum  (rate(x{b='c',a!='}'}[60s]))>0.50") == canonical('sum(rate(x{a!="}",b="c"}[1m])) > 0.5')
    True
    """
    import promql_parser as promql

    try:
        text = str(promql.parse(query))
    except ValueError:
        return " ".join(query.split())
    # the order of matchers means nothing, and a server has its own
    return _MATCHERS.sub(lambda found: "{" + ",".join(sorted(_MATCHER.findall(found[1]))) + "}", text)


def unaskable(query: str) -> str:
    """
    Why no rule and no panel can ask for a query as it stands; empty when they can.

    >>> unaskable("cpu:db-orders").partition(";")[0], unaskable("cpu:db_orders"), unaskable("total - free")
    ("PromQL reads 'cpu:db-orders' as a subtraction", '', '')
    """
    if not query.strip():
        return "no query measures it"
    if _MINUS_IN_NAME.fullmatch(query.strip()):
        return f"PromQL reads {query!r} as a subtraction; rename the series, or put spaces around the minus"
    problem = query_problem(query)
    return f"its query {query!r} is no PromQL: {problem}" if problem else ""


def per_second(query: str, window: timedelta) -> str:
    """
    The events per second that `query` counts, over `window`.

    A query with an open window is filled in; a bare selector becomes the sum of its rates.

    >>> per_second('http_requests_total{code="500"}', timedelta(hours=1))
    'sum(rate(http_requests_total{code="500"}[1h]))'

    Raises
    ------
    ParameterError
        It is neither, or no PromQL, so no rule can be made of it.
    """
    over = promql_duration(window)
    if problem := query_problem(query):
        raise ParameterError(f"query {query!r} is no PromQL: {problem}")
    if WINDOW.search(query):
        return WINDOW.sub(over, query).strip()
    if _selector(query) is None:
        raise ParameterError(
            f"query {query!r} has no open window; write a selector, or a window as {{{{.window}}}} in its place"
        )
    return f"sum(rate({query.strip()}[{over}]))"


def matchers(query: str) -> tuple[str, tuple[Matcher, ...]] | None:
    """Metric name and matchers of the counter that `query` sums the rates of; None where it is more than that."""
    import promql_parser as promql

    found = _selector(query)
    if found is None and WINDOW.search(query):
        node = _bare(promql.parse(WINDOW.sub("5m", query)))
        if isinstance(node, promql.AggregateExpr) and str(node.op) == "sum":
            node = _bare(node.expr)
        if isinstance(node, promql.Call) and node.func.name in ("rate", "increase"):
            node = _bare(node.args[0])
            found = getattr(node, "vector_selector", None)
    if found is None or found.matchers.or_matchers or not found.name:
        return None
    read = (Matcher(one.name, _OPERATORS[str(one.op).rpartition(".")[2]], one.value) for one in found.matchers.matchers)
    return found.name, tuple(one for one in read if one.label != "__name__")


def sides(query: str, operator: str) -> tuple[str, str] | None:
    """
    What stands on both sides of a query that is one operation, its windows left open; None where it is something else.

    >>> sides("(sum(rate(all[{{.window}}])) - sum(rate(good[{{.window}}])))", "-")
    ('sum(rate(all{}[{{.window}}]))', 'sum(rate(good{}[{{.window}}]))')
    """
    import promql_parser as promql

    node = _bare(promql.parse(WINDOW.sub(_PLACE, query)))
    if not isinstance(node, promql.BinaryExpr) or str(node.op) != operator or node.modifier is not None:
        return None
    left, right = (str(side).replace(f"[{_PLACE}]", "[{{.window}}]") for side in (node.lhs, node.rhs))
    return left, right


def comparison(query: str) -> tuple[str, float] | None:
    """
    The operator and the number that a query compares with last; None where it is another kind of query.

    >>> comparison("1 - free / size > 0.85"), comparison("rate(x[5m])")
    (('>', 0.85), None)
    """
    import promql_parser as promql

    try:
        node = _bare(promql.parse(query))
    except ValueError:
        return None
    if not isinstance(node, promql.BinaryExpr) or str(node.op) not in (">", ">=", "<", "<="):
        return None
    right = _bare(node.rhs)
    return (str(node.op), float(right.val)) if isinstance(right, promql.NumberLiteral) else None


def averaged(query: str) -> tuple[str, bool] | None:
    """
    The selector whose mean over the window `query` is, and whether it is one less that mean; None where it is more.

    >>> averaged("1 - avg_over_time(up{job='api'}[{{.window}}])"), averaged("unread_share")
    (('up{job="api"}', True), ('unread_share{}', False))
    """
    import promql_parser as promql

    if found := _selector(query):
        return str(found), False
    if (parts := sides(query, "-")) and parts[0] in ("1", "1.0"):
        inner = averaged(parts[1])
        return (inner[0], True) if inner and not inner[1] else None
    node = _bare(promql.parse(WINDOW.sub(_PLACE, query)))
    if isinstance(node, promql.Call) and node.func.name == "avg_over_time":
        found = getattr(_bare(node.args[0]), "vector_selector", None)
        return (str(found), False) if found is not None and _selector(str(found)) is not None else None
    return None


def example_series(query: str, *, but_not: str = "") -> tuple[str, dict[str, str]] | None:
    """
    A series that `query` counts (and `but_not` does not): metric name and labels; None where none was found.

    >>> example_series('r_total{job="api"}', but_not='r_total{job="api",code=~"5.."}')
    ('r_total', {'job': 'api'})
    >>> example_series('r_total{job="api"}', but_not='r_total{job="api",code!~"5.."}')
    ('r_total', {'job': 'api', 'code': '500'})
    """
    wanted, unwanted = matchers(query), matchers(but_not) if but_not else None
    if wanted is None or (but_not and unwanted is None):
        return None
    name, rules = wanted
    labels: dict[str, str] = {}
    for rule in rules:
        same = [other for other in rules if other.label == rule.label]
        fit = next((one for one in _candidates(rule) if all(other.accepts(one) for other in same)), None)
        if fit is None:
            return None
        labels[rule.label] = fit
    if unwanted is not None and counts(unwanted, name, labels):
        refused = _refused(unwanted[1], rules, labels)
        if refused is None:
            return None
        labels |= refused
    return name, {label: value for label, value in labels.items() if value}


def _refused(unwanted: Sequence[Matcher], rules: Sequence[Matcher], labels: Mapping[str, str]) -> dict[str, str] | None:
    """A label with a value that one of `unwanted` refuses and all `rules` take; None where none is found."""
    for rule in unwanted:
        same = [other for other in rules if other.label == rule.label]
        opposite = Matcher(rule.label, _OPPOSITES.get(rule.operator, rule.operator), rule.value)
        for value in (*_candidates(opposite), *_SAMPLES):
            if not rule.accepts(value) and value != labels.get(rule.label) and all(one.accepts(value) for one in same):
                return {rule.label: value}
    return None


def counts(selector: tuple[str, tuple[Matcher, ...]], name: str, labels: Mapping[str, str]) -> bool:
    """Whether a selector counts a series; a label that the series lacks is empty."""
    metric, rules = selector
    return metric == name and all(rule.accepts(labels.get(rule.label, "")) for rule in rules)


def _candidates(rule: Matcher) -> tuple[str, ...]:
    if rule.operator == "=":
        return (rule.value,)
    if rule.operator == "=~":
        guesses = [re.sub(r"\\(.)", r"\1", re.sub(r"\.[*+]?", "0", part)) for part in rule.value.strip("()").split("|")]
        return (*guesses, *_SAMPLES[1:])
    return _SAMPLES


def _selector(query: str) -> Any:
    import promql_parser as promql

    try:
        node = _bare(promql.parse(WINDOW.sub("5m", query)))
    except ValueError:
        return None
    plain = isinstance(node, promql.VectorSelector) and node.offset is None and node.at is None
    return node if plain and not WINDOW.search(query) else None


def _bare(node: Any) -> Any:
    import promql_parser as promql

    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node
