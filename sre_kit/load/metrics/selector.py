"""What a PromQL query asks for, found by parsing it: a bare selector, or an expression with a window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sre_kit.errors import ParameterError
from sre_kit.units import promql_duration

WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")
"""Where a query in the manner of Sloth wants its window."""

_SIGNS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@dataclass(frozen=True)
class Selector:
    """Series by metric name and label matchers, each ``(operator, label, value)``; nothing else around them."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        """As PromQL writes it."""
        inner = ",".join(f"{label}{operator}{label_value(value)}" for operator, label, value in self.matchers)
        return f"{self.metric}{{{inner}}}" if inner else self.metric

    def matches(self, metric: str, labels: Mapping[str, str]) -> bool:
        """Whether a series is meant; a label that it lacks counts as empty, as in Prometheus."""
        if self.metric and metric != self.metric:
            return False
        return all(_matches(operator, labels.get(label, ""), value) for operator, label, value in self.matchers)


def _matches(operator: str, found: str, value: str) -> bool:
    if operator in ("=", "!="):
        return (found == value) == (operator == "=")
    return (re.fullmatch(value, found) is not None) == (operator == "=~")


def selector(query: str) -> Selector | None:
    """
    The selector that `query` is, or None where it is an expression around one.

    >>> selector('http_requests_total{code!~"5.."}')
    Selector(metric='http_requests_total', matchers=(('!~', 'code', '5..'),))
    >>> selector("sum(rate(http_requests_total[5m]))") is None
    True

    Raises
    ------
    ParameterError
        It is no PromQL.
    """
    return _selected(_parsed(query))


def counter(query: str) -> Selector | None:
    """
    The counters whose events `query` counts, where nothing but their sum is asked for.

    That is a bare selector, its sum, or (with a window left open) the sum of its rate or increase.

    >>> counter("sum(rate(http_requests_total[{{.window}}]))")
    Selector(metric='http_requests_total', matchers=())
    >>> counter("sum(rate(http_requests_total[5m]))") is None
    True

    Raises
    ------
    ParameterError
        It is no PromQL.
    """
    import promql_parser as promql

    node = _unwrapped(_parsed(query))
    if isinstance(node, promql.AggregateExpr) and str(node.op) == "sum" and node.modifier is None:
        node = _unwrapped(node.expr)
        if isinstance(node, promql.Call) and node.func.name in ("rate", "increase") and has_window(query):
            node = _unwrapped(node.args[0])
            node = node.vector_selector if isinstance(node, promql.MatrixSelector) else None
    return _selected(node)


def functions(query: str) -> frozenset[str]:
    """
    Names of the functions that `query` calls.

    >>> sorted(functions('histogram_quantile(0.95, sum by (le) (rate(m_bucket[5m]))) / vector(2)'))
    ['histogram_quantile', 'rate', 'vector']
    """
    import promql_parser as promql

    found, nodes = set(), [_parsed(query)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, promql.Call):
            found.add(str(node.func.name))
            nodes.extend(node.args)
        else:
            nodes.extend(
                child for name in ("expr", "lhs", "rhs", "param") if (child := getattr(node, name, None)) is not None
            )
    return frozenset(found)


def _parsed(query: str) -> Any:
    import promql_parser as promql

    try:
        return promql.parse(WINDOW.sub("5m", query))
    except ValueError as error:
        raise ParameterError(f"query {query!r} is no PromQL: {error}") from None


def _unwrapped(node: Any) -> Any:
    import promql_parser as promql

    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node


def _selected(node: Any) -> Selector | None:
    import promql_parser as promql

    if not isinstance(node, promql.VectorSelector) or node.offset is not None or node.at is not None:
        return None
    if node.matchers.or_matchers:
        return None
    matchers = tuple((_SIGNS[str(one.op).rpartition(".")[2]], one.name, one.value) for one in node.matchers.matchers)
    named = (value for operator, label, value in matchers if (operator, label) == ("=", "__name__"))
    name = node.name or next(named, "")
    return Selector(name, tuple(one for one in matchers if one != ("=", "__name__", name)))


def has_window(query: str) -> bool:
    """Whether a query leaves its window open, as Sloth's do."""
    return WINDOW.search(query) is not None


def filled(query: str, window: timedelta) -> str:
    """
    `query` with its window.

    >>> filled("sum(increase(errors[{{.window}}]))", timedelta(minutes=5))
    'sum(increase(errors[5m]))'
    """
    return WINDOW.sub(promql_duration(window), query)


def label_value(text: str) -> str:
    r"""
    `text` as a quoted PromQL string, whatever is in it.

    >>> print(label_value('a"b\\c'))
    "a\"b\\c"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else _escape(one) for one in escaped) + '"'


def _escape(one: str) -> str:
    code = ord(one)
    if 0xD800 <= code <= 0xDFFF:
        raise ParameterError(
            f"a label value holds the lone surrogate U+{code:04X}, which no metric can have; remove it"
        )
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
