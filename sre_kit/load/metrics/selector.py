"""What a PromQL query asks for, found by parsing it: a bare selector, or an expression with a window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sre_kit.errors import ParameterError
from sre_kit.units import promql_duration

WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")
"""Where a query in the manner of Sloth wants its window."""


@dataclass(frozen=True)
class Selector:
    """Series by metric name and label matchers, each ``(operator, label, value)``; nothing else around them."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]

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
    import promql_parser as promql

    try:
        parsed = promql.parse(WINDOW.sub("5m", query))
    except ValueError as error:
        raise ParameterError(f"query {query!r} is no PromQL: {error}") from None
    if (
        not isinstance(parsed, promql.VectorSelector)
        or parsed.offset is not None
        or parsed.at is not None
        or parsed.matchers.or_matchers
    ):
        return None
    signs = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    matchers = tuple((signs[str(one.op).rpartition(".")[2]], one.name, one.value) for one in parsed.matchers.matchers)
    name = parsed.name or next(
        (value for operator, label, value in matchers if label == "__name__" and operator == "="), ""
    )
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
