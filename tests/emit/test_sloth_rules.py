# ruff: noqa: E501 - a rule is easier to compare on one line
"""
The rules of a Sloth specification against what Sloth documents that it makes of it: names, labels, groups, expressions.

Expected rules are written here by hand, from the documentation; both sides are parsed before they are compared.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.slo.sloth import AlertMeta, SlothSLO
from sre_kit.emit.sloth import prometheus_rule_object, sloth_groups, sloth_rules
from sre_kit.errors import ParameterError
from sre_kit.load.slo_files import Contents, contents
from tests.emit.promql_forms import same

EVENTS = """\
version: prometheus/v1
service: parcels
labels: {team: post, tier: "1"}
slos:
  - name: labels-printed
    objective: 99.9
    description: A label is printed.
    labels: {tier: "2"}
    sli:
      events:
        error_query: sum(rate(print_jobs_total{state=~"jam|empty"}[{{.window}}]))
        total_query: |
          sum(
            rate(print_jobs_total[{{ .window }}])
          )
    alerting:
      name: LabelsAreMissing
      labels: {desk: "4"}
      annotations: {runbook: "https://example.org/labels"}
      page_alert:
        labels: {severity: wake}
      ticket_alert:
        labels: {severity: post, desk: "5"}
        annotations: {summary: "Labels are missing on {{$labels.sloth_service}}"}
"""
EXPECTED = """\
groups:
- name: sloth-slo-sli-recordings-parcels-labels-printed
  rules:
  - &r
    record: slo:sli_error:ratio_rate5m
    expr: |
      (sum(rate(print_jobs_total{state=~"jam|empty"}[5m]))) / (sum(rate(print_jobs_total[5m])))
    labels: &l {sloth_id: parcels-labels-printed, sloth_service: parcels, sloth_slo: labels-printed, sloth_window: 5m, team: post, tier: "2"}
  - record: slo:sli_error:ratio_rate30m
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[30m]))) / (sum(rate(print_jobs_total[30m])))
    labels: {<<: *l, sloth_window: 30m}
  - record: slo:sli_error:ratio_rate1h
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[1h]))) / (sum(rate(print_jobs_total[1h])))
    labels: {<<: *l, sloth_window: 1h}
  - record: slo:sli_error:ratio_rate2h
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[2h]))) / (sum(rate(print_jobs_total[2h])))
    labels: {<<: *l, sloth_window: 2h}
  - record: slo:sli_error:ratio_rate6h
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[6h]))) / (sum(rate(print_jobs_total[6h])))
    labels: {<<: *l, sloth_window: 6h}
  - record: slo:sli_error:ratio_rate1d
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[1d]))) / (sum(rate(print_jobs_total[1d])))
    labels: {<<: *l, sloth_window: 1d}
  - record: slo:sli_error:ratio_rate3d
    expr: (sum(rate(print_jobs_total{state=~"jam|empty"}[3d]))) / (sum(rate(print_jobs_total[3d])))
    labels: {<<: *l, sloth_window: 3d}
  - record: slo:sli_error:ratio_rate30d
    expr: |
      sum_over_time(slo:sli_error:ratio_rate5m{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}[30d])
      / ignoring (sloth_window)
      count_over_time(slo:sli_error:ratio_rate5m{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}[30d])
    labels: {<<: *l, sloth_window: 30d}
- name: sloth-slo-meta-recordings-parcels-labels-printed
  rules:
  - record: slo:objective:ratio
    expr: vector(0.999)
    labels: &m {sloth_id: parcels-labels-printed, sloth_service: parcels, sloth_slo: labels-printed, team: post, tier: "2"}
  - record: slo:error_budget:ratio
    expr: vector(1-0.999)
    labels: *m
  - record: slo:time_period:days
    expr: vector(30)
    labels: *m
  - record: slo:current_burn_rate:ratio
    expr: |
      slo:sli_error:ratio_rate5m{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}
      / on(sloth_id, sloth_slo, sloth_service) group_left
      slo:error_budget:ratio{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}
    labels: *m
  - record: slo:period_burn_rate:ratio
    expr: |
      slo:sli_error:ratio_rate30d{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}
      / on(sloth_id, sloth_slo, sloth_service) group_left
      slo:error_budget:ratio{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}
    labels: *m
  - record: slo:period_error_budget_remaining:ratio
    expr: 1 - slo:period_burn_rate:ratio{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"}
    labels: *m
  - record: sloth_slo_info
    expr: vector(1)
    labels: {<<: *m, sloth_mode: cli-gen-prom, sloth_objective: "99.9", sloth_spec: prometheus/v1, sloth_version: sre-kit}
- name: sloth-slo-alerts-parcels-labels-printed
  rules:
  - alert: LabelsAreMissing
    expr: |
      (
        max(slo:sli_error:ratio_rate5m{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (14.4 * 0.001)) without (sloth_window)
        and
        max(slo:sli_error:ratio_rate1h{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (14.4 * 0.001)) without (sloth_window)
      )
      or
      (
        max(slo:sli_error:ratio_rate30m{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (6 * 0.001)) without (sloth_window)
        and
        max(slo:sli_error:ratio_rate6h{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (6 * 0.001)) without (sloth_window)
      )
    labels: {desk: "4", severity: wake, sloth_severity: page}
    annotations:
      runbook: https://example.org/labels
      summary: "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected."
      title: (page) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.
  - alert: LabelsAreMissing
    expr: |
      (
        max(slo:sli_error:ratio_rate2h{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (3 * 0.001)) without (sloth_window)
        and
        max(slo:sli_error:ratio_rate1d{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (3 * 0.001)) without (sloth_window)
      )
      or
      (
        max(slo:sli_error:ratio_rate6h{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (1 * 0.001)) without (sloth_window)
        and
        max(slo:sli_error:ratio_rate3d{sloth_id="parcels-labels-printed", sloth_service="parcels", sloth_slo="labels-printed"} > (1 * 0.001)) without (sloth_window)
      )
    labels: {desk: "5", severity: post, sloth_severity: ticket}
    annotations:
      runbook: https://example.org/labels
      summary: Labels are missing on {{$labels.sloth_service}}
      title: (ticket) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.
"""


def differences(ours: list[dict[str, Any]], expected: list[dict[str, Any]]) -> Iterator[str]:
    """Each difference between two lists of rule groups, expressions compared once parsed."""
    yield from _unequal("groups", [one["name"] for one in ours], [one["name"] for one in expected])
    for group, wanted in zip(ours, expected, strict=False):
        name = group["name"]
        yield from _unequal(name, len(group["rules"]), len(wanted["rules"]))
        yield from _unequal(name, set(group) - {"name"}, {"rules"})
        for rule, other in zip(group["rules"], wanted["rules"], strict=False):
            where = f"{name} {rule.get('record') or rule.get('alert')}"
            assert {**rule, "expr": ""}.keys() == {**other, "expr": ""}.keys(), where
            for key in set(rule) - {"expr"}:
                yield from _unequal(f"{where} {key}", rule[key], other[key])
            if not same(rule["expr"], other["expr"]):
                yield f"{where}: {rule['expr']} is not {other['expr']}"


def _unequal(where: str, one: object, other: object) -> Iterator[str]:
    if one != other:
        yield f"{where}: {one} is not {other}"


def read(folder: Path, text: str) -> Contents:
    path = folder / "slo.yaml"
    path.write_text(text, encoding="utf-8")
    found = contents([path])
    assert found.problems == []
    return found


def test_the_rules_of_an_event_specification_are_those_that_sloth_documents(tmp_path: Path) -> None:
    (slo,) = read(tmp_path, EVENTS).sloth
    ours = yaml.safe_load(sloth_rules([slo]))["groups"]
    assert list(differences(ours, yaml.safe_load(EXPECTED)["groups"])) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("14.4 * 0.001", "14.4 * 0.00100000001"),
        ("[30d])\n      /", "[28d])\n      /"),
        ("ignoring (sloth_window)", "on (sloth_id)"),
        ("> (6 *", ">= (6 *"),
        ("tier: \"2\"}", "tier: \"1\"}"),
        ("group_left", "group_right"),
        ("      or\n", "      and\n"),
        ("severity: wake", "severity: sleep"),
        ("burn rate is too fast", "burn rate is fast"),
        ('state=~"jam|empty"}[6h]', 'state="jam|empty"}[6h]'),
        ("recordings-parcels", "recording-parcels"),
    ],
)  # fmt: skip
def test_the_comparison_finds_what_differs(tmp_path: Path, old: str, new: str) -> None:
    assert old in EXPECTED
    (slo,) = read(tmp_path, EVENTS).sloth
    assert list(differences(sloth_groups(slo), yaml.safe_load(EXPECTED.replace(old, new, 1))["groups"]))


def documented(
    slo: SlothSLO, pairs: dict[str, list[tuple[str, str, float]]], period: str, days: float, objective: str
) -> list[dict[str, Any]]:
    """What the documentation says of an objective, for `pairs` of (short, long, factor) as text of the files."""
    me = f'{{sloth_id="{slo.id}", sloth_service="{slo.service}", sloth_slo="{slo.name}"}}'
    ids = {"sloth_id": slo.id, "sloth_service": slo.service, "sloth_slo": slo.name}
    share = float(slo.target)

    def query(text: str, window: str) -> str:
        return text.replace("{{.window}}", window)

    order = {"m": 1, "h": 60, "d": 1440}
    windows = {w for some in pairs.values() for short, long, _ in some for w in (short, long)}
    recordings = []
    for window in sorted(windows, key=lambda text: int(text[:-1]) * order[text[-1]]):
        raw = f"({query(slo.error_ratio, window)})"
        ratio = f"({query(slo.error, window)}) / ({query(slo.total, window)})"
        recordings.append((window, raw if slo.error_ratio else ratio))
    first = pairs["page"][0][0]
    series = f"slo:sli_error:ratio_rate{first}{me}[{period}]"
    recordings.append((period, f"sum_over_time({series}) / ignoring (sloth_window) count_over_time({series})"))
    by = f"/ on(sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio{me}"
    meta = {
        "slo:objective:ratio": f"vector({share!r})",
        "slo:error_budget:ratio": f"vector(1-{share!r})",
        "slo:time_period:days": f"vector({days:g})",
        "slo:current_burn_rate:ratio": f"slo:sli_error:ratio_rate{first}{me} {by}",
        "slo:period_burn_rate:ratio": f"slo:sli_error:ratio_rate{period}{me} {by}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{me}",
        "sloth_slo_info": "vector(1)",
    }
    own = {**ids, **slo.labels}
    about = {
        "sloth_mode": "cli-gen-prom" if slo.spec == "prometheus/v1" else "cli-gen-k8s",
        "sloth_objective": objective, "sloth_spec": slo.spec, "sloth_version": "sre-kit", **slo.info_labels,
    }  # fmt: skip
    alerts = []
    for severity, meta_alert in (("page", slo.page), ("ticket", slo.ticket)):
        if meta_alert is None:
            continue
        sides = [
            "("
            + " and ".join(
                f"max(slo:sli_error:ratio_rate{w}{me} > ({factor!r} * {(100 - share * 100) / 100!r})) without (sloth_window)"
                for w in (short, long)
            )
            + ")"
            for short, long, factor in pairs[severity]
        ]
        told = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is"
        alerts.append(
            {
                "alert": meta_alert.name,
                "expr": " or ".join(sides),
                "labels": {"sloth_severity": severity, **meta_alert.labels},
                "annotations": {
                    "title": f"({severity}) {told} too fast.", "summary": f"{told} over expected.", **meta_alert.annotations,
                },
            }
        )  # fmt: skip
    found = [
        {
            "name": f"sloth-slo-sli-recordings-{slo.id}",
            "rules": [
                {
                    "record": f"slo:sli_error:ratio_rate{w}",
                    "expr": e,
                    "labels": {**ids, "sloth_window": w, **slo.labels},
                }
                for w, e in recordings
            ],
        },
        {
            "name": f"sloth-slo-meta-recordings-{slo.id}",
            "rules": [
                {"record": name, "expr": e, "labels": {**own, **about} if name == "sloth_slo_info" else own}
                for name, e in meta.items()
            ],
        },
        {"name": f"sloth-slo-alerts-{slo.id}", "rules": alerts},
    ]
    return [group for group in found if group["rules"]]


PAIRS_30 = {
    "page": [("5m", "1h", 14.4), ("30m", "6h", 6.0)],
    "ticket": [("2h", "1d", 3.0), ("6h", "3d", 1.0)],
}
PAIRS_28 = {
    "page": [("5m", "1h", 13.44), ("30m", "6h", 5.6)],
    "ticket": [("2h", "1d", 2.8), ("6h", "3d", 0.9333333333333333)],
}


def slo(**changes: object) -> SlothSLO:
    meta = AlertMeta("BagsAreLost", {"severity": "wake"}, {"runbook": "here"})
    given: dict[str, object] = {
        "service": "bags", "name": "found", "target": Fraction("0.995"), "page": meta, "ticket": meta,
        "error": "sum(rate(lost_total[{{.window}}]))", "total": "sum(rate(bags_total[{{.window}}]))",
    }  # fmt: skip
    return SlothSLO(**{**given, **changes})  # type: ignore[arg-type]


CASES: dict[str, dict[str, object]] = {
    "events": {},
    "raw": {"error": "", "total": "", "error_ratio": "1 - (sum(sum_over_time(ok[{{.window}}])) / sum(count_over_time(ok[{{.window}}])))"},
    "a difference as error query": {"error": "(sum(rate(a_count[{{.window}}])) - sum(rate(a_bucket{le=\"1\"}[{{.window}}])))"},
    "no page": {"page": None},
    "no ticket": {"ticket": None},
    "no alerts": {"page": None, "ticket": None},
    "labels": {"labels": {"team": "post", "tier": "2"}, "info_labels": {"ticket": "17"}},
    "labels that override": {"labels": {"sloth_service": "ours"}},
    "100 %": {"target": Fraction(1)},
    "99.99 %": {"target": Fraction("0.9999")},
    "Kubernetes": {"spec": "sloth.slok.dev/v1"},
}  # fmt: skip
OBJECTIVES = {"100 %": "100", "99.99 %": "99.99"}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("period", [30, 28])
def test_each_kind_of_objective_has_the_rules_that_the_documentation_says(case: str, period: int) -> None:
    one = slo(period=timedelta(days=period), **CASES[case])
    pairs, name = (PAIRS_30, "30d") if period == 30 else (PAIRS_28, "4w")
    expected = documented(one, pairs, name, period, OBJECTIVES.get(case, "99.5"))
    assert list(differences(sloth_groups(one), expected)) == []


WINDOWS = """\
---
apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
"""


def test_windows_of_ones_own_change_windows_and_factors_alone(tmp_path: Path) -> None:
    """Factor = share of the budget * period / long window: 8 % of 168 h in 1 h is 13.44."""
    windows = read(tmp_path, EVENTS + WINDOWS).windows
    one = slo(period=timedelta(days=7))
    pairs = {
        "page": [("5m", "1h", 13.44), ("30m", "6h", 3.5)],
        "ticket": [("2h", "1d", 1.4), ("6h", "3d", 0.98)],
    }
    assert list(differences(sloth_groups(one, windows), documented(one, pairs, "1w", 7, "99.5"))) == []
    with pytest.raises(ParameterError, match="no alert windows for a period of 1w; there are some for 30d and 4w"):
        sloth_groups(one)


def test_the_current_burn_is_read_from_the_shortest_page_window(tmp_path: Path) -> None:
    text = EVENTS + WINDOWS.replace("7d", "30d").replace("5m", "2m").replace("longWindow: 3d", "longWindow: 1d12h")
    found = read(tmp_path, text)
    groups = sloth_groups(found.sloth[0], found.windows)
    names = [rule["record"].removeprefix("slo:sli_error:ratio_rate") for rule in groups[0]["rules"]]
    assert names == ["2m", "30m", "1h", "2h", "6h", "1d", "1d12h", "30d"]
    assert "slo:sli_error:ratio_rate2m{" in groups[0]["rules"][-1]["expr"]
    assert groups[1]["rules"][3]["expr"].startswith("slo:sli_error:ratio_rate2m{")


def test_a_period_that_is_also_an_alert_window_is_recorded_once() -> None:
    from sre_kit.compute.slo.alerting import WORKBOOK_POLICY

    one = slo(period=timedelta(days=3))
    names = [rule["record"] for rule in sloth_groups(one, {timedelta(days=3): WORKBOOK_POLICY})[0]["rules"]]
    assert len(names) == len(set(names)) == 7


def test_the_kubernetes_object_holds_the_same_groups_and_the_metadata() -> None:
    one = slo(spec="sloth.slok.dev/v1")
    metadata = {"name": "bags", "namespace": "depot", "labels": {"app": "bags"}, "annotations": {"a": "b"}}
    found = yaml.safe_load(prometheus_rule_object([one], metadata))
    assert (found["apiVersion"], found["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert found["metadata"] == {
        "name": "bags",
        "namespace": "depot",
        "labels": {"app.kubernetes.io/component": "SLO", "app.kubernetes.io/managed-by": "sre-kit", "app": "bags"},
        "annotations": {"a": "b"},
    }
    assert found["spec"]["groups"] == sloth_groups(one)


@given(parts=st.integers(1, 100_000), period=st.sampled_from([28, 30]))
def test_thresholds_are_exact_for_any_objective(parts: int, period: int) -> None:
    import promql_parser as promql

    from sre_kit.compute.slo.alerting import WORKBOOK_POLICY
    from tests.emit.promql_forms import form

    one = slo(target=Fraction(parts, 100_000), period=timedelta(days=period))
    found: list[float] = []

    def thresholds(node: Any) -> None:
        if isinstance(node, tuple):
            if node[:2] == ("binary", ">"):
                found.append(node[4])
            for inner in node:
                thresholds(inner)

    for rule in sloth_groups(one)[2]["rules"]:
        thresholds(form(promql.parse(rule["expr"])))
    exact = [pair.factor(one.period) * (1 - one.target) for pair in WORKBOOK_POLICY for _ in range(2)]
    assert found == pytest.approx([float(value) for value in exact], rel=1e-12, abs=1e-15)


@pytest.mark.server
def test_promtool_accepts_the_rules_of_all_kinds(prometheus_binaries: Any, tmp_path: Path) -> None:
    some = [slo(**{"name": f"case-{number}", **changes}) for number, changes in enumerate(CASES.values())]
    (tmp_path / "slo.rules.yaml").write_text(sloth_rules(some), encoding="utf-8")
    done = subprocess.run(
        [prometheus_binaries.promtool, "check", "rules", "--lint=none", "slo.rules.yaml"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{sum(len(group['rules']) for one in some for group in sloth_groups(one))} rules found" in done.stdout
