"""Queries, offline: other windows, matching series, and refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sre_kit.compute.queries import counts, example_series, matchers, per_second, query_problem
from sre_kit.errors import ParameterError

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("requests_total:checkout", "sum(rate(requests_total:checkout[1h]))"),
        ('r{code!~"5.."}', 'sum(rate(r{code!~"5.."}[1h]))'),
        ("sum(rate(r[{{.window}}]))", "sum(rate(r[1h]))"),
        ("sum(increase(r[{{ .window }}]))", "sum(increase(r[1h]))"),
    ],
)
def test_a_query_is_written_over_another_window(query: str, expected: str) -> None:
    assert per_second(query, HOUR) == expected


@pytest.mark.parametrize("query", ["sum(rate(r[5m]))", "r - s", "r{", "r offset 5m"])
def test_a_query_without_an_open_window_is_refused(query: str) -> None:
    with pytest.raises(ParameterError):
        per_second(query, HOUR)


def test_what_is_no_promql_says_why() -> None:
    assert query_problem("r{") != ""
    assert query_problem("sum(rate(r[{{.window}}]))") == ""


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("r", {}),
        ('r{job="api"}', {"job": "api"}),
        ('r{code=~"5.."}', {"code": "500"}),
        ('r{code=~"500|503"}', {"code": "500"}),
        ('r{code!~"5.."}', {}),
        ('r{code!=""}', {"code": "x"}),
        ('sum(rate(r{le="0.3"}[{{.window}}]))', {"le": "0.3"}),
    ],
)
def test_a_made_up_series_is_counted_by_its_query(query: str, labels: dict[str, str]) -> None:
    assert example_series(query) == ("r", labels)
    selector = matchers(query)
    assert selector is not None
    assert counts(selector, "r", labels)


def test_a_series_of_total_that_is_not_bad_is_found() -> None:
    assert example_series('r{job="a"}', but_not='r{job="a",code=~"5.."}') == ("r", {"job": "a"})
    assert example_series('r{code="500"}', but_not='r{code=~"5.."}') is None
    assert example_series("r / s") is None
    assert example_series('r{a=~"[0-9]{7}"}') is None
