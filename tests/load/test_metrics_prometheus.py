"""How a Prometheus is asked, and what of its answers is believed; its server here is a pretended one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import DataError, ParameterError, SourceError, UnreachableError
from sre_kit.load.http import Server, TimedOutError
from sre_kit.load.metrics.counters import Steps, increments
from sre_kit.load.metrics.promapi import API, MAX_POINTS, chunks
from sre_kit.load.metrics.prometheus import PrometheusSource
from sre_kit.load.metrics.selector import Selector, counter, label_value, selector

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Answer = Callable[[str, dict[str, str]], Any]


@dataclass(frozen=True)
class Pretended(Server):
    """A server without a network: `reply` answers, `asked` remembers."""

    url: str = "http://prometheus.example"
    reply: Answer = lambda path, fields: None
    asked: list[dict[str, str]] = field(default_factory=list)

    def json(self, path: str, fields: Any) -> Any:
        self.asked.append({"path": path, **fields})
        return json.loads(json.dumps(self.reply(path, dict(fields))))


def matrix(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(found)}, **more}


def constant(value: str, labels: dict[str, str] | None = None) -> Answer:
    """`value` at every moment that is asked for."""

    def reply(path: str, fields: dict[str, str]) -> Any:
        if fields["query"].endswith("]"):
            return matrix()
        if "start" not in fields:
            return {"status": "success", "data": {"resultType": "vector", "result": []}}
        times = np.arange(float(fields["start"]), float(fields["end"]) + 1e-6, float(fields["step"]))
        return matrix({"metric": labels or {}, "values": [[time, value] for time in times.tolist()]})

    return reply


def answered(content: Any) -> Answer:
    return lambda path, fields: content


def source(reply: Answer, **options: Any) -> PrometheusSource:
    return PrometheusSource(Pretended(reply=reply), **options)


@pytest.mark.parametrize("points", [10_999, 11_000, 11_001, 22_000, 22_001, 90 * 86_400 // 15])
def test_no_question_asks_for_more_points_than_a_server_gives(points):
    """FAULTS F9; joined, the parts are the whole."""
    step = timedelta(seconds=15)
    web = Pretended(reply=constant("1"))
    found = PrometheusSource(web).read("up", START, START + points * step, step)
    assert len(found) == points
    assert (found.index == pd.date_range(START, periods=points, freq=step)).all()
    asked = [round((float(one["end"]) - float(one["start"])) / 15) + 1 for one in web.asked]
    assert sum(asked) == points
    assert max(asked) <= MAX_POINTS
    assert len(asked) == -(-points // MAX_POINTS)


@given(st.integers(0, 500), st.integers(1, 60), st.integers(1, 50))
def test_chunks_hold_every_moment_once(points, seconds, most):
    step = timedelta(seconds=seconds)
    last = START + points * step
    found = [
        first + number * step
        for first, end in chunks(START, last, step, most)
        for number in range((end - first) // step + 1)
    ]
    assert found == [START + number * step for number in range(points + 1)]


def test_a_value_is_what_was_known_at_the_end_of_its_step():
    web = Pretended(reply=constant("2"))
    found = PrometheusSource(web).read("up", START, START + HOUR, MINUTE)
    assert found.index[0] == START
    assert found.index[-1] == START + 59 * MINUTE
    assert float(web.asked[0]["start"]) == (START + MINUTE).timestamp()
    assert float(web.asked[0]["end"]) == (START + HOUR).timestamp()


def test_an_open_window_is_filled_with_the_step():
    web = Pretended(reply=constant("2"))
    PrometheusSource(web).read(
        "max(rate(a[{{ .window }}])) / max(rate(b[{{.window}}]))", START, START + HOUR, 5 * MINUTE
    )
    assert web.asked[0]["query"] == "max(rate(a[5m])) / max(rate(b[5m]))"


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "Inf"])
def test_what_is_no_number_is_missing(value):
    """FAULTS F5."""
    assert len(source(constant(value)).read("a / b", START, START + HOUR, MINUTE)) == 0


def test_an_empty_answer_is_missing_and_not_zero():
    assert len(source(answered(matrix())).read("a", START, START + HOUR, MINUTE)) == 0


def test_several_series_are_not_guessed_at():
    two = matrix({"metric": {"i": "a"}, "values": []}, {"metric": {"i": "b"}, "values": []})
    with pytest.raises(DataError, match=r"gives 2 series .*'i': 'a'.*sum\(...\), max\(...\) or avg\(...\)"):
        source(answered(two)).read("cpu", START, START + HOUR, MINUTE)


def test_a_query_that_is_no_promql_is_refused_before_it_is_asked():
    web = Pretended(reply=constant("1"))
    for ask in (PrometheusSource(web).read, PrometheusSource(web).increase):
        with pytest.raises(ParameterError, match="is no PromQL"):
            ask("sum(rate(a[5m])", START, START + HOUR, MINUTE)
    assert web.asked == []


AT = START.timestamp() + 60


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected status success"),
        ([], "expected status success"),
        ({"status": "error", "error": "x"}, "expected status success"),
        ({"status": "success"}, "expected status success"),
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "expected a matrix"),
        ({"status": "success", "data": {"resultType": "matrix", "result": {}}}, "expected a matrix"),
        (matrix({"metric": {}}), "a series is not"),
        (matrix({"values": []}), "a series is not"),
        (matrix({"metric": {}, "values": [[AT]]}), "a series is not"),
        (matrix({"metric": {}, "values": [[AT, 1]]}), "a series is not"),
        (matrix({"metric": {}, "values": [[AT, "many"]]}), "a series is not"),
        (matrix({"metric": [], "values": []}), "a series is not"),
        (matrix("x"), "a series is not"),
        (matrix({"metric": {}, "values": [], "histograms": []}), "native histograms"),
        (matrix({"metric": {}, "values": [[AT * 1000, "1"]]}), "are they milliseconds"),
        (matrix({"metric": {}, "values": [[AT + 7200, "1"]]}), "outside the window"),
        (matrix({"metric": {}, "values": [[AT, "1"], [AT, "2"]]}), "do not rise"),
        (matrix({"metric": {}, "values": [[AT + 60, "1"], [AT, "2"]]}), "do not rise"),
        (matrix({"metric": {"a": "b"}, "values": []}, {"metric": {"a": "b"}, "values": []}), "same labels"),
        (matrix(warnings="no list"), "warnings are no list"),
    ],
)
def test_an_answer_of_another_shape_is_refused(content, said):
    """FAULTS F4, F6."""
    for ask in (source(answered(content)).read, source(answered(content)).increase):
        with pytest.raises(SourceError, match=said):
            ask("up", START, START + HOUR, MINUTE)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "result", "resultType", "metric", "values", "warnings", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_like)
def test_no_answer_whatever_makes_another_error(content):
    with contextlib.suppress(SourceError, DataError):
        source(answered(matrix(content) if not isinstance(content, dict) else content)).read(
            "up", START, START + HOUR, MINUTE
        )


@pytest.mark.parametrize("more", [{"warnings": ["store 10.0.0.7 is down\n"]}, {"isPartial": True}])
def test_a_partial_answer_is_marked(more):
    """Thanos warns, VictoriaMetrics says isPartial."""
    found = source(answered(matrix(**more))).read("up", START, START + HOUR, MINUTE)
    assert found.attrs["partial"] is True
    assert re.fullmatch(r"the server warned: (store 10\.0\.0\.7 is down|the answer is partial)", found.attrs["note"])


def test_above_the_cap_the_server_is_asked_to_sum_and_that_is_said():
    web = Pretended(reply=constant("501"))
    found = PrometheusSource(web, series_cap=500).increase('a_total{b="c"}', START, START + HOUR, 5 * MINUTE)
    assert found.attrs["extrapolated"] is True
    assert [one["query"] for one in web.asked] == ['count(a_total{b="c"})', 'sum(increase(a_total{b="c"}[5m]))']
    assert found.tolist() == [501] * 12


def test_at_the_cap_every_series_is_fetched_and_nothing_is_extrapolated():
    web = Pretended(reply=constant("500"))
    found = PrometheusSource(web, series_cap=500).increase("a_total", START, START + HOUR, 5 * MINUTE)
    assert "extrapolated" not in found.attrs
    assert not any("increase" in one["query"] for one in web.asked)


def test_the_rate_of_several_series_becomes_a_count_and_is_labelled():
    web = Pretended(reply=constant("2"))
    found = PrometheusSource(web).increase(
        "sum(rate(a[{{.window}}])) - sum(rate(b[{{.window}}]))", START, START + HOUR, 5 * MINUTE
    )
    assert found.tolist() == [600] * 12
    assert found.attrs["extrapolated"] is True
    found = PrometheusSource(web).increase(
        "sum(increase(a[{{.window}}])) + sum(increase(b[{{.window}}]))", START, START + HOUR, 5 * MINUTE
    )
    assert found.tolist() == [2] * 12


@pytest.mark.parametrize(
    "query",
    [
        "sum(increase(a[5m]))",
        "a + b",
        "a offset 5m",
        "sum by (x) (a)",
        "max(a)",
        '{job="x"}',
        "sum(rate(a[{{.window}}])) + sum(increase(b[{{.window}}]))",
    ],
)
def test_a_query_that_counts_nothing_per_step_is_refused(query):
    with pytest.raises(ParameterError, match="does not count events per step"):
        source(constant("1")).increase(query, START, START + HOUR, MINUTE)


def test_a_metric_that_does_not_exist_is_told_from_a_label_that_does_not():
    def reply(path: str, fields: dict[str, str]) -> Any:
        known = fields["query"] == "count(a_total)"
        return constant("3")(path, fields) if known else matrix()

    assert source(reply).increase('a_total{code="500"}', START, START + HOUR, MINUTE).attrs["known"] is True
    assert source(reply).increase('b_total{code="500"}', START, START + HOUR, MINUTE).attrs["known"] is False


def test_a_negative_counter_is_refused():
    """FAULTS F7."""

    def reply(path: str, fields: dict[str, str]) -> Any:
        return constant("-1" if fields["query"].startswith("last_over_time") else "1")(path, fields)

    with pytest.raises(DataError, match="-1 is negative, so this is no counter"):
        source(reply).increase("a_total", START, START + HOUR, MINUTE)


def test_one_heavy_question_does_not_condemn_a_server_that_answers_small_ones():
    def reply(path: str, fields: dict[str, str]) -> Any:
        if fields["query"] == "vector(1)":
            return {"status": "success", "data": {"resultType": "vector", "result": []}}
        raise TimedOutError("no complete answer within 30 s")

    with pytest.raises(SourceError, match="small questions it does answer") as caught:
        source(reply).read("up", START, START + HOUR, MINUTE)
    assert not isinstance(caught.value, UnreachableError)

    def dead(path: str, fields: dict[str, str]) -> Any:
        raise TimedOutError("no complete answer within 30 s")

    with pytest.raises(UnreachableError):
        source(dead).read("up", START, START + HOUR, MINUTE)


def test_check_names_the_version_where_the_server_does():
    def reply(path: str, fields: dict[str, str]) -> Any:
        if path.endswith("buildinfo"):
            return {"status": "success", "data": {"version": "2.42.0"}}
        return {"status": "success", "data": {"resultType": "vector", "result": []}}

    assert source(reply).check() == "http://prometheus.example: answers queries, version 2.42.0"
    with pytest.raises(SourceError, match="expected a vector"):
        source(answered(matrix())).check()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a_total", "a_total"),
        ('sum(a_total{b!="c"})', 'a_total{b!="c"}'),
        ("(a_total)", "a_total"),
        ("sum(rate(a_total[{{.window}}]))", "a_total"),
        ("sum((increase(a_total[{{ .window }}])))", "a_total"),
        ('{__name__="a_total",c=~"x|y"}', 'a_total{c=~"x|y"}'),
        ("sum(rate(a_total[5m]))", None),
        ("sum by (x) (rate(a_total[{{.window}}]))", None),
        ("sum(irate(a_total[{{.window}}]))", None),
        ("sum(rate(a_total[{{.window}}] offset 1h))", None),
        ("avg(a_total)", None),
        ("sum(a_total @ 0)", None),
        ("sum(rate(a_total[5m:1m]))", None),
    ],
)
def test_counters_are_found_where_only_their_sum_is_asked_for(query, expected):
    found = counter(query)
    assert (None if found is None else str(found)) == expected


@given(st.text(max_size=40).filter(lambda text: not any(0xD800 <= ord(one) <= 0xDFFF for one in text)))
def test_any_label_value_parses_as_one_matcher_of_that_value(text):
    """FAULTS T7."""
    found = selector(f"a{{b={label_value(text)}}}")
    assert found == Selector("a", (("=", "b", text),))
    assert selector(str(found)) == found


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ParameterError, match=r"U\+D800"):
        label_value("a\ud800")


COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=60)


@given(COUNTS, st.sets(st.integers(1, 59)))
def test_increments_are_what_was_counted_whatever_the_restarts(counts, restarts):
    """Sum of positive increments: exact, unless a counter overtakes its old value before it is seen again."""
    value, seen, expected = 0, [], []
    for number, count in enumerate(counts):
        restarted = number in restarts and count < value
        value = count if restarted else value + count
        seen.append(float(value))
        expected.append(float(count))
    assert increments(np.array(seen), "a").tolist() == expected[1:]


@given(COUNTS, st.integers(1, 20))
def test_steps_of_any_length_add_up_to_the_same(counts, minutes):
    times = START.timestamp() + 60.0 * np.arange(len(counts) + 1)
    values = np.concatenate([[0.0], np.cumsum(counts)])
    steps = Steps(START, START + 60 * minutes * MINUTE, minutes * MINUTE)
    steps.add(times, values, "a")
    assert steps.series("a").sum() == sum(counts)


def test_a_sample_belongs_to_the_step_that_ends_with_it():
    steps = Steps(START, START + 10 * MINUTE, 5 * MINUTE)
    begin = START.timestamp()
    steps.add(np.array([begin, begin + 300, begin + 300.001, begin + 600]), np.array([0.0, 1.0, 3.0, 7.0]), "a")
    assert steps.series("a").to_dict() == {pd.Timestamp(START): 1, pd.Timestamp(START + 5 * MINUTE): 6}


def test_samples_out_of_order_are_refused():
    steps = Steps(START, START + HOUR, MINUTE)
    with pytest.raises(DataError, match="first repeated or out of order at 1970-01-01 00:01:00Z"):
        steps.add(np.array([60.0, 60.0]), np.array([1.0, 2.0]), "a")


def test_the_api_names_what_it_saw_without_control_characters():
    strange = matrix({"metric": {"a": "\x1b[31mred\n"}, "values": "no list"})
    with pytest.raises(SourceError) as caught:
        API(Pretended(reply=answered(strange))).range("a", START, START + HOUR, MINUTE)
    assert str(caught.value).isprintable()


def test_a_tenant_that_would_break_the_header_is_refused_and_part_of_the_identity():
    from sre_kit.load.metrics import Auth, open_source

    with pytest.raises(ParameterError, match=r"source\.auth\.tenant"):
        open_source("prometheus+http://host", auth=Auth(tenant="a\nX: y"))
    one, other = (open_source("prometheus+http://host", auth=Auth(tenant=tenant)) for tenant in "ab")
    assert one.identity != other.identity
    assert one.name == other.name == "http://host"
