"""Whether two PromQL expressions are the same once parsed: brackets do not count, constants are worked out first."""

from __future__ import annotations

import math
from typing import Any

import promql_parser as promql

ARITHMETIC = {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "+": lambda a, b: a + b, "-": lambda a, b: a - b}


def form(node: Any) -> Any:
    """The parsed expression as nested tuples, numbers as floats."""
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.BinaryExpr):
        left, right, operator = form(node.lhs), form(node.rhs), str(node.op)
        if isinstance(left, float) and isinstance(right, float) and operator in ARITHMETIC:
            return ARITHMETIC[operator](left, right)
        return ("binary", operator, _modifier(node.modifier), left, right)
    if isinstance(node, promql.UnaryExpr):
        inner = form(node.expr)
        return -inner if isinstance(inner, float) else ("minus", inner)
    if isinstance(node, promql.AggregateExpr):
        kept = node.modifier and (str(node.modifier.type), tuple(sorted(node.modifier.labels)))
        return ("aggregate", str(node.op), kept, node.param and form(node.param), form(node.expr))
    if isinstance(node, promql.Call):
        return ("call", node.func.name, *(form(one) for one in node.args))
    if isinstance(node, promql.MatrixSelector):
        return ("over", node.range.total_seconds(), form(node.vector_selector))
    if isinstance(node, promql.VectorSelector):
        matchers = sorted((one.name, str(one.op), one.value) for one in node.matchers.matchers)
        assert node.offset is None
        assert node.at is None
        return ("series", node.name, *matchers)
    raise AssertionError(f"{type(node).__name__} is not compared yet")


def _modifier(found: Any) -> Any:
    if found is None:
        return None
    matching = found.matching and (str(found.matching.type), tuple(sorted(found.matching.labels)))
    return (str(found.card), matching, tuple(found.group_labels or ()), found.return_bool)


def same(one: str, other: str) -> bool:
    """Whether the expressions are the same; numbers may differ by 1e-12 of themselves."""
    return _equal(form(promql.parse(one)), form(promql.parse(other)))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-15)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
