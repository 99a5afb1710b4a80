"""OpenSLO v1 out: what the specification asks for, and that all it can express comes back the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.slo.objectives import SLO, Agreement, AlertText, Dependency
from sre_kit.emit.openslo import openslo_documents
from sre_kit.emit.params_lines import params_lines
from sre_kit.load import params
from sre_kit.load.slo_files import Contents, contents

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def slo(**changes: object) -> SLO:
    given: dict[str, object] = {
        "name": "Checkout: fast", "target": Fraction("0.999"), "service": "checkout", "total": "t", "good": "g",
    }  # fmt: skip
    return SLO(**{**given, **changes})  # type: ignore[arg-type]


def read(folder: Path, text: str) -> Contents:
    path = folder / "slo.openslo.yaml"
    path.write_text(text, encoding="utf-8")
    return contents([path])


def written(folder: Path, *slos: SLO) -> list[dict[str, Any]]:
    text = openslo_documents(slos, AS_OF)
    found = read(folder, text)
    assert found.problems == []
    assert found.notes == []
    return list(yaml.safe_load_all(text))


def test_each_service_comes_once_and_each_objective_after_it(tmp_path: Path) -> None:
    found = written(tmp_path, slo(), slo(name="other"))
    assert [one["kind"] for one in found] == ["Service", "SLO", "SLO"]
    assert found[1]["metadata"]["name"] == "checkout-fast"


def test_a_rolling_window_and_a_ratio_of_events(tmp_path: Path) -> None:
    spec = written(tmp_path, slo(window=timedelta(days=28)))[1]["spec"]
    assert spec["timeWindow"] == [{"duration": "28d", "isRolling": True}]
    assert spec["budgetingMethod"] == "Occurrences"
    assert spec["objectives"][0]["target"] == 0.999
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    assert ratio["good"]["metricSource"]["spec"]["query"] == "g"
    assert "bad" not in ratio


def test_a_calendar_window_begins_on_the_local_first(tmp_path: Path) -> None:
    """At 00:00Z on 1 November it is 19:00 on 31 October in New York."""
    spec = written(tmp_path, slo(calendar="month", zone="America/New_York"))[1]["spec"]
    window = spec["timeWindow"][0]
    assert str(window["calendar"]["startTime"]) == "2026-10-01 00:00:00"
    assert window["calendar"]["timeZone"] == "America/New_York"
    assert (window["duration"], window["isRolling"]) == ("1M", False)


@pytest.mark.parametrize(
    ("method", "name", "keys"),
    [
        ("timeslices", "Timeslices", {"timeSliceTarget", "timeSliceWindow"}),
        ("ratio_timeslices", "RatioTimeslices", {"timeSliceWindow"}),
    ],
)
def test_slices_carry_their_length(tmp_path: Path, method: str, name: str, keys: set[str]) -> None:
    spec = written(tmp_path, slo(budgeting=method))[1]["spec"]
    assert spec["budgetingMethod"] == name
    assert keys == set(spec["objectives"][0]) - {"displayName", "target"}


def test_a_share_is_a_raw_ratio_of_failures_and_a_gauge_a_threshold(tmp_path: Path) -> None:
    share = written(tmp_path, slo(total="", good="", ratio="q"))[1]["spec"]["indicator"]["spec"]
    assert share["ratioMetric"]["rawType"] == "failure"
    bounded = written(tmp_path, slo(total="", good="", gauge="q", at_least=0.25))[1]["spec"]
    assert bounded["indicator"]["spec"]["thresholdMetric"]["metricSource"]["spec"]["query"] == "q"
    assert (bounded["objectives"][0]["op"], bounded["objectives"][0]["value"]) == ("gte", 0.25)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target": Fraction(1)}, "a target of 100 %; the format's targets lie below 1"),
        ({"window": timedelta(seconds=90)}, "OpenSLO counts in whole minutes, not in 90 s"),
        ({"budgeting": "timeslices", "slice_length": timedelta(seconds=30)}, "whole minutes, not in 30 s"),
    ],
)
def test_what_the_format_cannot_express_is_left_out_and_named(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    text = openslo_documents([slo(**changes), slo(name="other")], AS_OF)
    assert text.startswith("# left out: SLO 'Checkout: fast': ")
    assert reason in text.splitlines()[0]
    assert [one.slo.name for one in read(tmp_path, text).slos] == ["other"]


def test_names_that_would_be_the_same_are_told_apart_and_come_back(tmp_path: Path) -> None:
    some = [slo(name=name) for name in ("A b", "a-b", "a b", "x" * 90, "x" * 91, "Ünïcode", "")]
    found = written(tmp_path, *some)
    names = [one["metadata"]["name"] for one in found[1:]]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for name in names)
    back = read(tmp_path, openslo_documents(some, AS_OF))
    assert sorted(one.slo.name for one in back.slos) == sorted(one.name for one in some)


def test_lists_and_maps_stay_behind(tmp_path: Path) -> None:
    one = slo(
        labels={"team": "post"},
        ticket=AlertText({"desk": "1"}),
        dependencies=[Dependency("db", Fraction("0.9"))],
        agreements=[Agreement("Ada", signed=date(2026, 9, 1))],
    )
    (back,) = read(tmp_path, openslo_documents([one], AS_OF)).slos
    assert back.slo == replace(one, dependencies=[], agreements=[], labels={}, ticket=AlertText())


TEXT = st.text(
    st.sampled_from("aZ09 .-_:{}[]#'\"|>&*!%@`~\\/é€\t\n,?<=")
    | st.characters(codec="utf-8", categories=["L", "N", "P", "S"]),
    max_size=80,
)
WORD = TEXT.map(str.strip).filter(bool)
RATIO = st.integers(1, 999_999).map(lambda parts: Fraction(parts, 1_000_000))
MINUTES = st.integers(1, 600_000).map(lambda minutes: timedelta(minutes=minutes))
QUERY = st.sampled_from(
    ["a_total", 'r{code=~"5..|{{x}}"}', "sum(rate(a[{{.window}}]))", "a:b\n  or b", "# no\nquery: 1"]
)


def _indicators() -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
    return st.one_of(
        st.fixed_dictionaries({"total": QUERY, "good": QUERY}),
        st.fixed_dictionaries({"total": QUERY, "bad": QUERY}),
        st.fixed_dictionaries({"ratio": QUERY}),
        st.fixed_dictionaries({"gauge": QUERY, "at_most": bounds}),
        st.fixed_dictionaries({"gauge": QUERY, "at_least": bounds}),
        st.just({"histogram": 'h_seconds{job="api"}', "threshold": timedelta(milliseconds=300)}),
    )


def _windows() -> st.SearchStrategy[dict[str, Any]]:
    calendars = st.sampled_from(["week", "month", "quarter", "year"])
    zones = st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata"])
    return st.one_of(
        st.fixed_dictionaries({"window": MINUTES}), st.fixed_dictionaries({"calendar": calendars, "zone": zones})
    )


def _slices() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"budgeting": st.just("timeslices"), "slice_target": RATIO, "slice_length": MINUTES}),
        st.fixed_dictionaries({"budgeting": st.just("ratio_timeslices"), "slice_length": MINUTES}),
    )


ABOUT = st.fixed_dictionaries(
    {"name": WORD, "service": WORD, "target": RATIO},
    optional={
        "good_means": TEXT, "total_means": TEXT, "excluded": TEXT, "measured_at": TEXT, "journey": TEXT, "owner": TEXT,
        "target_source": TEXT, "contract": RATIO, "contract_source": TEXT, "dashboard": TEXT, "tier": TEXT,
        "kind": st.sampled_from(["availability", "latency", "freshness"]),
    },
)  # fmt: skip


@given(about=ABOUT, indicator=_indicators(), window=_windows(), slices=_slices())
def test_what_we_write_as_openslo_we_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    about: dict[str, Any],
    indicator: dict[str, Any],
    window: dict[str, Any],
    slices: dict[str, Any],
) -> None:
    one = SLO(**{**about, **indicator, **window, **slices})
    found = read(tmp_path_factory.getbasetemp(), openslo_documents([one], AS_OF))
    assert found.problems == []
    (back,) = found.slos
    assert back.left_out == ()
    assert back.slo == one


@given(about=ABOUT, indicator=_indicators(), window=_windows(), slices=_slices(), signed=st.dates())
def test_the_lines_of_a_params_file_say_the_same_objective(
    tmp_path_factory: pytest.TempPathFactory,
    about: dict[str, Any],
    indicator: dict[str, Any],
    window: dict[str, Any],
    slices: dict[str, Any],
    signed: date,
) -> None:
    people = {
        "agreements": [Agreement("Ada: A", role="#1", signed=signed)],
        "dependencies": [Dependency("x", Fraction("0.95"))],
        "labels": {"team": "a: b"},
        "page": AlertText({"desk": "1"}, {"told": "{{ $value }}"}),
    }
    one = SLO(**{**about, **indicator, **window, **slices, **people})
    path = tmp_path_factory.getbasetemp() / "shop.yaml"
    left_out = {one.name: ["a\nb: c"]}
    path.write_text("project: {name: shop}\n" + params_lines([one, one], left_out), encoding="utf-8")
    assert params.read(path).slos == [one, one]


def test_the_claim_of_the_file_is_that_of_our_schema() -> None:
    from sre_kit.render.validate import claims

    some = [
        slo(), slo(name="b", calendar="month"), slo(name="c", budgeting="timeslices"),
        slo(name="d", budgeting="ratio_timeslices"),
        slo(name="e", total="", good="", ratio="q"), slo(name="f", total="", good="", gauge="q", at_most=1.0),
    ]  # fmt: skip
    text = openslo_documents(some, AS_OF)
    claim = claims({"slo.openslo.yaml": text})["slo.openslo.yaml"]
    assert (claim.level, claim.problem) == ("schema-validated", "")
    for old, new in (
        ("openslo/v1", "openslo/v2"), ("kind: SLO", "kind: Alert"), ("name: checkout-fast\n", "name: Checkout\n"),
        ("Occurrences", "Events"), ("duration: 30d", "duration: 30 days"), ("target: 0.999", "target: 99.9"),
        ("isRolling: true", "isRolling: false"), ("timeSliceTarget", "timeSliceTraget"),
        ("  indicator:", "  indicatr:"),
        ("rawType: failure", "rawType: bad"), ("  service: checkout", "  servce: checkout"),
    ):  # fmt: skip
        assert old in text, old
        assert claims({"slo.openslo.yaml": text.replace(old, new)})["slo.openslo.yaml"].problem, old
