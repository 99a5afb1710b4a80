"""OpenSLO v1: what the specification asks for, and what breaks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
import yaml

from sre_kit.compute.slo import SLO
from sre_kit.emit.openslo import openslo_documents, openslo_problems

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def slo(**changes: object) -> SLO:
    given: dict[str, object] = {
        "name": "Checkout: fast", "target": Fraction("0.999"), "service": "checkout", "total": "t", "good": "g",
    }  # fmt: skip
    return SLO(**{**given, **changes})  # type: ignore[arg-type]


def written(*slos: SLO) -> list[dict[str, object]]:
    text = openslo_documents(slos, AS_OF)
    assert openslo_problems(text) == []
    return list(yaml.safe_load_all(text))


def test_each_service_comes_once_and_each_objective_after_it() -> None:
    found = written(slo(), slo(name="other"))
    assert [one["kind"] for one in found] == ["Service", "SLO", "SLO"]
    assert found[1]["metadata"]["name"] == "checkout-fast"  # type: ignore[index]


def test_a_rolling_window_and_a_ratio_of_events() -> None:
    spec = written(slo(window=timedelta(days=28)))[1]["spec"]
    assert spec["timeWindow"] == [{"duration": "28d", "isRolling": True}]  # type: ignore[index]
    assert spec["budgetingMethod"] == "Occurrences"  # type: ignore[index]
    assert spec["objectives"][0]["target"] == 0.999  # type: ignore[index]
    ratio = spec["indicator"]["spec"]["ratioMetric"]  # type: ignore[index]
    assert ratio["good"]["metricSource"]["spec"]["query"] == "g"
    assert "bad" not in ratio


def test_a_calendar_window_begins_on_the_local_first() -> None:
    """At 00:00Z on 1 November it is 19:00 on 31 October in New York."""
    spec = written(slo(calendar="month", zone="America/New_York"))[1]["spec"]
    window = spec["timeWindow"][0]  # type: ignore[index]
    assert window["calendar"] == {"startTime": "2026-10-01 00:00:00", "timeZone": "America/New_York"}
    assert (window["duration"], window["isRolling"]) == ("1M", False)


@pytest.mark.parametrize(
    ("method", "name", "keys"),
    [
        ("timeslices", "Timeslices", {"timeSliceTarget", "timeSliceWindow"}),
        ("ratio_timeslices", "RatioTimeslices", {"timeSliceWindow"}),
    ],
)
def test_slices_carry_their_length(method: str, name: str, keys: set[str]) -> None:
    spec = written(slo(budgeting=method))[1]["spec"]
    assert spec["budgetingMethod"] == name  # type: ignore[index]
    assert keys == set(spec["objectives"][0]) - {"displayName", "target"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("openslo/v1", "openslo/v2", "apiVersion must be openslo/v1"),
        ("kind: SLO", "kind: Alert", "kind 'Alert' is not checked"),
        ("name: checkout-fast\n", "name: Checkout\n", "no RFC 1123 name"),
        ("Occurrences", "Events", "budgetingMethod 'Events'"),
        ("duration: 30d", "duration: 30 days", "is no duration"),
        ("target: 0.999", "target: 99.9", "does not lie in 0..1"),
        ("isRolling: true", "isRolling: false", "needs a calendar"),
        ("Occurrences", "Timeslices", "Timeslices needs timeSliceTarget"),
        ("  indicator:", "  indicatr:", "exactly one of indicator and indicatorRef"),
        ("  service: checkout", "  servce: checkout", "spec.service is missing"),
    ],
)
def test_what_breaks_the_specification_is_named(old: str, new: str, problem: str) -> None:
    text = openslo_documents([slo()], AS_OF)
    assert old in text
    assert any(problem in one for one in openslo_problems(text.replace(old, new, 1 if "v1" in old else -1)))


def test_text_that_is_no_yaml_or_no_mapping_is_named() -> None:
    assert openslo_problems("a: [")[0].startswith("not YAML")
    assert openslo_problems("- a") == ["document 1 is no mapping"]
    assert openslo_problems("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}") == ["document 1: spec is missing"]
