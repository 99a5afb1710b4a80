"""Objectives of OpenSLO and Sloth files become ours, or are refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sre_kit.compute.slo import SLO
from sre_kit.emit.openslo import openslo_documents
from sre_kit.errors import ParameterError
from sre_kit.load import params
from sre_kit.load.slo_files import slo_files

SLOTH = """
version: prometheus/v1
service: myservice
slos:
  - name: requests-availability
    objective: 99.9
    description: "Common SLO based on availability."
    sli:
      events:
        error_query: sum(rate(r{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(r[{{.window}}]))
"""
OPENSLO = """
apiVersion: openslo/v1
kind: SLI
metadata: {name: ratio}
spec:
  ratioMetric:
    good: {metricSource: {type: Prometheus, spec: {query: g}}}
    total: {metricSource: {type: Prometheus, spec: {query: t}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  service: s
  indicatorRef: ratio
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "objectives.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sloth_file_counts_errors_of_total_in_percent_over_30_days(tmp_path: Path) -> None:
    (one,) = slo_files([written(tmp_path, SLOTH)])
    assert (one.name, one.target, one.window) == (
        "myservice-requests-availability",
        Fraction("0.999"),
        timedelta(days=30),
    )
    assert (one.bad, one.total) == ('sum(rate(r{code=~"5.."}[{{.window}}]))', "sum(rate(r[{{.window}}]))")


def test_an_openslo_file_may_name_its_indicator(tmp_path: Path) -> None:
    (one,) = slo_files([written(tmp_path, OPENSLO)])
    assert (one.name, one.target, one.good, one.total) == ("a", Fraction("0.995"), "g", "t")
    assert one.window == timedelta(days=28)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"good": "", "bad": "b"},
        {"window": timedelta(days=28)},
        {"calendar": "quarter", "zone": "Europe/Amsterdam"},
        {"budgeting": "timeslices", "slice_target": Fraction("0.95"), "slice_length": timedelta(minutes=10)},
        {"budgeting": "ratio_timeslices", "slice_length": timedelta(hours=1)},
    ],
)
def test_what_we_write_as_openslo_we_read_back(tmp_path: Path, changes: dict[str, object]) -> None:
    given: dict[str, object] = {"name": "a", "target": Fraction("0.9995"), "service": "s", "total": "t", "good": "g"}
    ours = SLO(**{**given, **changes})  # type: ignore[arg-type]
    text = openslo_documents([ours], datetime(2026, 11, 1, tzinfo=UTC))
    (back,) = slo_files([written(tmp_path, text)])
    for name in ("name", "target", "service", "total", "good", "bad", "calendar", "zone", "budgeting", "slice_length"):
        assert getattr(back, name) == getattr(ours, name), name
    assert back.slice_target == ours.slice_target
    assert ours.calendar or back.window == ours.window


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (OPENSLO.replace("target: 0.995", "target: 99.5"), "a ratio lies in 0..1"),
        (OPENSLO.replace("openslo/v1", "openslo/v2alpha"), "openslo/v1 is read"),
        (OPENSLO.replace("ratioMetric", "thresholdMetric"), "no ratio of good or bad to total events"),
        (OPENSLO.replace("Occurrences", "Events"), "budgetingMethod 'Events', allowed"),
        (
            OPENSLO.replace("[{target: 0.995}]", "[{target: 0.9}, {target: 0.99}]"),
            "2 objectives; write one SLO for each",
        ),
        (OPENSLO.replace("isRolling: true", "isRolling: false"), "calendar window '4w', allowed"),
        (OPENSLO.replace("spec: {query: t}", "spec: {}"), "total has no metricSource.spec.query"),
        (SLOTH.replace("error_query", "error_ratio_query"), "only sli.events with error_query and total_query"),
        (SLOTH.replace("99.9", "high"), "an objective in percent was expected, got 'high'"),
        ("a: 1", "neither OpenSLO"),
        ("a: [", "is no YAML"),
        ("a: &x [1]\nb: *x", "aliases are not read"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_the_file_and_the_reason(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ParameterError, match=r"^objectives\.yaml") as refused:
        slo_files([written(tmp_path, text)])
    assert problem in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.yaml: cannot be read"):
        slo_files([tmp_path / "none.yaml"])


def test_params_take_objectives_from_files_and_refuse_a_name_twice(tmp_path: Path) -> None:
    written(tmp_path, SLOTH)
    shop = tmp_path / "shop.yaml"
    shop.write_text("project: {name: shop}\nslo_files: [objectives.yaml]\n", encoding="utf-8")
    assert [slo.name for slo in params.read(shop).slos] == ["myservice-requests-availability"]
    shop.write_text("project: {name: shop}\nslo_files: [objectives.yaml, objectives.yaml]\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="given twice"):
        params.read(shop)
