"""Measurements become vocabulary: exact counts, or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import check_requests
from sre_kit.errors import DataError, ParameterError, SourceError, UnreachableError
from sre_kit.load.measurements import bucket_checked, reading, requests
from sre_kit.load.metrics import open_source
from sre_kit.load.metrics.source import Named
from sre_kit.store.snapshot import Snapshot
from sre_kit.units import duration

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
END = START + HOUR


@dataclass
class Given:
    """A source of what a test gives it; a value that is an exception is raised."""

    answers: dict[str, Any]
    attrs: dict[str, dict[str, Any]] = field(default_factory=dict)
    name: str = "given"
    synthetic: bool = False
    identity: str = "given"
    asked: list[str] = field(default_factory=list)

    def version(self, query: str) -> str | None:
        return ""

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        self.asked.append(query)
        found = self.answers[query]
        if isinstance(found, Exception):
            raise found
        index = pd.DatetimeIndex([start + at * step for at in found], tz="UTC", name="time").as_unit("us")
        result = pd.Series(list(found.values()), index=index, name=query, dtype="float64")
        result.attrs = dict(self.attrs.get(query, {}))
        return result

    def check(self) -> str:
        return "given"


def counted(source: Given, *, good: str = "good", bad: str = "") -> Any:
    return requests(source, None, "checkout", good, "total", START, END, MINUTE, bad_query=bad)


def test_good_and_total_are_joined_and_counted():
    found = counted(Given({"total": {0: 10, 1: 0, 3: 5}, "good": {0: 9, 1: 0, 3: 5}}))
    assert (found.total, found.bad, found.gap) == (15, 1, "")
    assert found.frame.index.tolist() == [START, START + MINUTE, START + 3 * MINUTE]
    assert found.coverage == 3 / 60
    assert (found.good_query, found.total_query, found.source) == ("good", "total", "given")
    check_requests(found.frame)


def test_bad_events_give_the_same_as_good_ones():
    found = counted(Given({"total": {0: 10, 1: 4}, "bad": {0: 1, 1: 0}}), good="", bad="bad")
    assert found.frame["good"].tolist() == [9, 4]
    assert found.good_query == "(total) - (bad)"


def test_a_step_with_a_total_and_no_good_count_is_unknown_in_a_table():
    found = counted(Given({"total": {0: 10, 1: 10}, "good": {1: 10}}))
    assert found.frame.index.tolist() == [START + MINUTE]


def test_a_series_that_does_not_exist_yet_has_counted_nothing():
    """FORMULAS: an error series that appears late must not drop the clean time before it."""
    found = counted(Given({"total": {0: 10, 1: 10}, "bad": {1: 2}}, {"bad": {"by_series": True}}), good="", bad="bad")
    assert found.frame["good"].tolist() == [10, 8]


def test_more_good_than_total_is_a_gap_with_its_row():
    found = counted(Given({"total": {0: 10, 7: 100_000}, "good": {0: 10, 7: 100_001}}))
    assert found.gap == "checkout: 1 row(s) with good > total, first at 2026-03-01 00:07Z (good=100001, total=100000)"
    assert found.frame.empty
    assert list(found.frame.columns) == ["total", "good"]


def test_events_without_a_total_are_a_gap_with_the_first_of_them():
    found = counted(Given({"total": {0: 10}, "good": {0: 10, 2: 1}}))
    assert found.gap == "1 row(s) of good or bad events without a total, first at 2026-03-01 00:02Z"


@pytest.mark.parametrize("which", ["good", "total"])
@pytest.mark.parametrize("error", [SourceError("HTTP 503"), UnreachableError("no connection"), DataError("row 3")])
def test_a_source_that_fails_is_a_gap_and_no_exception(which, error):
    answers: dict[str, Any] = {"total": {0: 1}, "good": {0: 1}}
    found = counted(Given({**answers, which: error}))
    assert found.gap == str(error)
    assert found.frame.empty
    assert found.coverage == 0


def test_silence_is_a_gap_and_not_a_success():
    assert "counted nothing for 'total'" in counted(Given({"total": {}, "good": {}})).gap
    assert "no series matches the good query 'good'" in counted(Given({"total": {0: 5}, "good": {}})).gap
    unknown = counted(
        Given({"total": {0: 5}, "bad": {}}, {"bad": {"by_series": True, "known": False}}), good="", bad="bad"
    )
    assert "does not know the metric of the bad query" in unknown.gap
    clean = counted(
        Given({"total": {0: 5}, "bad": {}}, {"bad": {"by_series": True, "known": True}}), good="", bad="bad"
    )
    assert (clean.gap, clean.total, clean.bad) == ("", 5, 0)


def test_estimates_and_warnings_are_carried_along():
    attrs = {"good": {"extrapolated": True, "note": "partial"}, "total": {"note": "partial"}}
    found = counted(Given({"total": {0: 10.5}, "good": {0: 10.25}}, attrs))
    assert found.extrapolated
    assert found.note == "partial"
    plain = counted(Given({"total": {0: 1}, "good": {0: 1}}))
    assert (plain.extrapolated, plain.note, plain.synthetic) == (False, "", False)


@pytest.mark.parametrize(("good", "bad", "said"), [("", "", "neither"), ("a", "b", "both")])
def test_one_of_good_and_bad_is_asked_for(good, bad, said):
    with pytest.raises(ParameterError, match=said):
        counted(Given({}), good=good, bad=bad)


def test_a_reading_carries_its_query_window_and_unit():
    found = reading(Given({"cpu": {0: 0.5, 30: 0.7}}), None, "CPU", "cpu", START, END, MINUTE, "ratio")
    assert found.values.tolist() == [0.5, 0.7]
    assert (found.name, found.query, found.source, found.unit, found.gap) == ("CPU", "cpu", "given", "ratio", "")
    assert (found.start, found.end, found.step, found.coverage) == (START, END, MINUTE, 2 / 60)


def test_a_reading_without_data_says_so():
    empty = reading(Given({"cpu": {}}), None, "CPU", "cpu", START, END, MINUTE)
    assert empty.gap == "given has no data for 'cpu' between 2026-03-01 00:00Z and 2026-03-01 01:00Z"
    failed = reading(Given({"cpu": SourceError("HTTP 500")}), None, "CPU", "cpu", START, END, MINUTE)
    assert (failed.gap, len(failed.values), failed.coverage) == ("HTTP 500", 0, 0)
    assert str(failed.values.index.tz) == "UTC"


def test_the_query_behind_a_name_is_shown_and_decides_what_is_kept(tmp_path: Path):
    source = Given({"one": {0: 1}, "two": {0: 2}})
    snapshot = Snapshot(tmp_path, END)
    values = []
    for query in ("one", "two", "one"):
        found = reading(Named(source, (("cpu", query),)), snapshot, "CPU", "cpu", START, END, MINUTE)
        assert found.query == query
        values += found.values.tolist()
    assert values == [1, 2, 1]
    assert source.asked == ["one", "two"]


def test_counts_and_values_of_one_query_are_kept_apart(tmp_path: Path):
    (tmp_path / "n.csv").write_text("time,value\n" + "".join(f"2026-03-01T00:{m:02}:00Z,4\n" for m in range(10)))
    source = open_source("file:.", base=tmp_path)
    snapshot = Snapshot(tmp_path / "s", END, "run")
    for _ in range(2):
        mean = reading(source, snapshot, "n", "n", START, END, 10 * MINUTE)
        count = requests(source, snapshot, "n", "n", "n", START, END, 10 * MINUTE)
        assert mean.values.tolist() == [4]
        assert count.total == 40


def test_the_demo_is_labelled_synthetic():
    day = datetime(2026, 10, 1, tzinfo=UTC)
    source = open_source("demo:")
    found = requests(
        source, None, "checkout", "requests_good:checkout", "requests_total:checkout", day, day + 24 * HOUR, 5 * MINUTE
    )
    assert found.synthetic
    assert found.gap == ""
    assert found.total > 0


@given(st.dictionaries(st.integers(0, 59), st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=60))
def test_whatever_is_counted_either_keeps_the_contract_or_is_a_gap(rows):
    total = {at: max(pair) for at, pair in sorted(rows.items())}
    good = {at: pair[0] for at, pair in sorted(rows.items())}
    found = counted(Given({"total": total, "good": good}))
    check_requests(found.frame)
    if rows:
        assert found.gap == ""
        assert found.total == sum(total.values())
        assert found.bad == sum(total.values()) - sum(good.values())
    else:
        assert found.gap


@pytest.mark.parametrize(("threshold", "named"), [("100ms", True), ("500ms", False)])
def test_buckets_that_only_some_series_of_a_file_have_are_named_and_not_summed(
    tmp_path: Path, threshold: str, named: bool
) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    lines = ["# TYPE d histogram"]
    for pod, bounds in (("a", ("0.1", "0.5", "+Inf")), ("b", ("0.5", "+Inf"))):
        for minute in range(11):
            at = int(start.timestamp()) + 60 * minute
            lines += [f'd_bucket{{le="{bound}",pod="{pod}"}} {minute} {at}' for bound in bounds]
            lines.append(f'd_count{{pod="{pod}"}} {minute} {at}')
    (tmp_path / "m.om").write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    slo = SLO("d", Fraction("0.9"), histogram="d", threshold=duration(threshold))
    source, minute = open_source(f"file:{tmp_path / 'm.om'}"), timedelta(minutes=1)
    read = requests(source, None, "d", slo.good, slo.total, start, start + 10 * minute, minute)
    assert (read.gap, read.total) == ("", 20)
    gap = bucket_checked(source, Snapshot(tmp_path / "kept"), slo, read).gap
    assert ("1 series of the histogram have no bucket that ends at 0.1 s" in gap) == named
    assert ("{pod='b'}" in gap) == named
