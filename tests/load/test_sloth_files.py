# ruff: noqa: E501 - a case is easier to read on one line
"""Sloth's files: specifications, their Kubernetes form and alert windows; plugins refused by name."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sre_kit.compute.slo.objectives import AlertText
from sre_kit.compute.slo.sloth import AlertMeta
from sre_kit.load.slo_files import Contents, contents

SPEC = """\
version: "prometheus/v1"
service: "parcels"
labels:
  team: post
  tier: "1"
slos:
  - name: "labels-printed"
    objective: 99.5
    description: "A label is printed."
    labels: {tier: "2", shift: night}
    infoLabels: {ticket: "17"}
    sli:
      events:
        error_query: sum(rate(print_jobs_total{state=~"jam|empty"}[{{.window}}]))
        total_query: |
          sum(rate(print_jobs_total[{{ .window }}]))
    alerting:
      name: LabelsAreMissing
      labels: {desk: "4"}
      annotations: {runbook: "https://example.org/labels"}
      page_alert:
        labels: {severity: wake, desk: "5"}
        annotations: {summary: "No labels"}
      ticket_alert:
        disable: true
  - name: scale
    objective: 100
    sli:
      raw:
        error_ratio_query: 1 - avg_over_time(scale_ok[{{.window}}])
    alerting:
      page_alert: {disable: true}
      ticket_alert: {disable: true}
"""
KUBERNETES = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata:
  name: parcels
  namespace: depot
  labels: {app: parcels}
  creationTimestamp: null
spec:
  service: parcels
  labels: {team: post}
  slos:
    - name: labels-printed
      objective: 99.5
      sli:
        events:
          errorQuery: sum(rate(bad_total[{{.window}}]))
          totalQuery: sum(rate(all_total[{{.window}}]))
      alerting:
        name: LabelsAreMissing
        pageAlert: {disable: true}
        ticketAlert: {labels: {severity: desk}}
status:
  processedSLOs: 1
"""
WINDOWS = """\
apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 4w
  page:
    quick: {errorBudgetPercent: 1.5, shortWindow: 3m, longWindow: 45m}
    slow: {errorBudgetPercent: 4, shortWindow: 20m, longWindow: 4h}
  ticket:
    quick: {errorBudgetPercent: 8, shortWindow: 90m, longWindow: 18h}
    slow: {errorBudgetPercent: 10, shortWindow: 5h, longWindow: 2d12h}
"""


def read(folder: Path, text: str, name: str = "objectives.yaml") -> Contents:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return contents([path])


def test_a_specification_keeps_all_that_its_rules_are_made_from(tmp_path: Path) -> None:
    found = read(tmp_path, SPEC)
    assert found.problems == []
    events, raw = found.sloth
    assert (events.id, events.target) == ("parcels-labels-printed", Fraction("0.995"))
    assert events.error == 'sum(rate(print_jobs_total{state=~"jam|empty"}[{{.window}}]))'
    assert events.labels == {"team": "post", "tier": "2", "shift": "night"}
    assert events.info_labels == {"ticket": "17"}
    assert events.page == AlertMeta(
        "LabelsAreMissing",
        {"desk": "5", "severity": "wake"},
        {"runbook": "https://example.org/labels", "summary": "No labels"},
    )
    assert events.ticket is None
    assert (raw.target, raw.error_ratio, raw.page, raw.ticket) == (
        1, "1 - avg_over_time(scale_ok[{{.window}}])", None, None,
    )  # fmt: skip


def test_event_objectives_become_ours_and_say_what_ours_has_no_place_for(tmp_path: Path) -> None:
    found = read(tmp_path, SPEC)
    one, raw = found.slos
    slo = one.slo
    assert (slo.name, slo.service, slo.target, slo.window) == (
        "parcels-labels-printed", "parcels", Fraction("0.995"), timedelta(days=30),
    )  # fmt: skip
    assert slo.total == "sum(rate(print_jobs_total[{{ .window }}]))"
    assert (slo.bad, slo.good) == ('sum(rate(print_jobs_total{state=~"jam|empty"}[{{.window}}]))', "")
    assert one.left_out == (
        "label ticket: 17",
        "the name 'LabelsAreMissing' of its page alert; ours follows from the objective's",
        "that its ticket is disabled",
    )
    assert slo.labels == {"team": "post", "tier": "2", "shift": "night"}
    assert slo.page.labels == {"desk": "5", "severity": "wake"}
    assert slo.page.annotations == {"runbook": "https://example.org/labels", "summary": "No labels"}
    assert (slo.ticket, slo.alerts) == (AlertText(), AlertText())
    assert (raw.slo.name, raw.slo.ratio, raw.line) == (
        "parcels-scale", "1 - avg_over_time(scale_ok[{{.window}}])", 26,
    )  # fmt: skip


def test_labels_that_our_rules_set_themselves_are_left_out_by_name(tmp_path: Path) -> None:
    text = SPEC.replace("team: post", "sloth_service: post").replace('desk: "5"', 'sloth_severity: "5"')
    one = read(tmp_path, text).slos[0]
    assert one.left_out[:3] == ("label sloth_service: post", "label ticket: 17", "label sloth_severity: 5 of its page")
    assert "sloth_service" not in one.slo.labels
    assert one.slo.page.labels == {"desk": "4", "severity": "wake"}


def test_the_kubernetes_form_says_the_same_in_camel_case(tmp_path: Path) -> None:
    found = read(tmp_path, KUBERNETES)
    assert found.problems == []
    (one,) = found.sloth
    assert (one.id, one.spec, one.labels) == ("parcels-labels-printed", "sloth.slok.dev/v1", {"team": "post"})
    assert (one.page, one.ticket) == (None, AlertMeta("LabelsAreMissing", {"severity": "desk"}, {}))
    assert found.specs[0].metadata == {"name": "parcels", "namespace": "depot", "labels": {"app": "parcels"}}


def test_several_specifications_stand_in_one_file(tmp_path: Path) -> None:
    found = read(tmp_path, SPEC + "---\n" + SPEC.replace('"parcels"', "letters") + "---\n" + WINDOWS)
    assert found.problems == []
    assert [one.id for one in found.sloth] == [
        "parcels-labels-printed", "parcels-scale", "letters-labels-printed", "letters-scale",
    ]  # fmt: skip
    assert list(found.windows) == [timedelta(days=28)]


def test_alert_windows_become_pairs_of_windows(tmp_path: Path) -> None:
    pairs = read(tmp_path, WINDOWS).windows[timedelta(days=28)]
    assert [(one.severity, one.budget_share, one.short_window, one.long_window) for one in pairs] == [
        ("page", Fraction("0.015"), timedelta(minutes=3), timedelta(minutes=45)),
        ("page", Fraction("0.04"), timedelta(minutes=20), timedelta(hours=4)),
        ("ticket", Fraction("0.08"), timedelta(minutes=90), timedelta(hours=18)),
        ("ticket", Fraction("0.1"), timedelta(hours=5), timedelta(hours=60)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("objective: 99.5", "objective: 0", 8, "must be percent above 0 and at most 100, got 0"),
        ("objective: 99.5", "objective: 100.1", 8, "must be percent above 0 and at most 100, got 100.1"),
        ("objective: 99.5", "objective: high", 8, "must be a number, got 'high'"),
        ("    objective: 99.5\n", "", 7, "objective is needed and missing"),
        ('tier: "1"', "tier: 1", 5, 'labels.tier: must be text, got the number 1; quote it: "1"'),
        ("shift: night", "shift: no", 10, 'must be text, got the bool no; quote it: "no"'),
        ("shift: night", "9to5: night", 10, "'9to5' is no name of a Prometheus label"),
        ("shift: night", "__name__: night", 10, "'__name__' is no name of a Prometheus label"),
        ("{runbook:", "{run-book:", 20, "'run-book' is no name of an annotation"),
        ('"labels-printed"', '"labels printed"', 7, "'labels printed' is no name"),
        ('"parcels"', "x", 2, "'x' is no name"),
        ("print_jobs_total[{{ .window }}]", "print_jobs_total[5m]", 15, "has no open window; write {{.window}}"),
        ("print_jobs_total[{{ .window }}]", "print_jobs_total[{{.windw}}]", 15, "has no open window"),
        ("rate(print_jobs_total[", "rate(print_jobs_total{{.job}}[", 15, "has a template other than {{.window}}"),
        ("sum(rate(print_jobs_total[{{", "sum(rat(print_jobs_total[{{", 15, "is no PromQL"),
        ("error_query:", "errors_query:", 14, "errors_query: no such field; did you mean 'error_query'?"),
        ("      name: LabelsAreMissing\n", "", 18, "name is needed and missing; without it disable both alerts"),
        ("page_alert:\n        labels", "pageAlert:\n        labels", 22, "no such field; did you mean 'page_alert'?"),
        ("disable: true\n  - ", "disable: never\n  - ", 25, "must be true or false, got 'never'"),
        ("      raw:\n", "      events: {error_query: a, total_query: b}\n      raw:\n", 31,
         "give exactly one of events and raw"),
        ("      raw:\n        error_ratio_query: 1 - avg_over_time(scale_ok[{{.window}}])\n",
         "      plugin: {id: acme/availability, options: {}}\n", 29,
         "the plugin 'acme/availability' is a program that is not run here; write its query as sli.raw or sli.events"),
        ('version: "prometheus/v1"', "version: prometheus/v2", 1, "'prometheus/v2' is no choice; did you mean 'prometheus/v1'?"),
        ("slos:", "slo_plugins: {chain: []}\nslos:", 6, "plugins are programs that are not run here"),
        ("name: scale", "name: labels-printed", 26, "SLO 'parcels-labels-printed': is there twice, first in objectives.yaml:7"),
    ],
)  # fmt: skip
def test_what_sloth_would_refuse_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in SPEC
    found = read(tmp_path, SPEC.replace(old, new, 1))
    assert [one.line for one in found.problems if said in one.text] == [line], [str(one) for one in found.problems]


def test_two_queries_that_are_the_same_are_refused(tmp_path: Path) -> None:
    text = KUBERNETES.replace("bad_total", "all_total")
    assert "error and total are the same query" in str(read(tmp_path, text).problems[0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: PrometheusServiceLevel", "kind: PrometheusServiceLevels", "did you mean 'PrometheusServiceLevel'?"),
        ("errorQuery", "error_query", "error_query: no such field; did you mean 'errorQuery'?"),
        ("  name: parcels\n", "", "metadata: name is needed and missing"),
        ("  slos:", "  sloPlugins: {chain: []}\n  slos:", "plugins are programs"),
    ],
)
def test_what_is_wrong_with_the_kubernetes_form(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in "\n".join(map(str, read(tmp_path, KUBERNETES.replace(old, new, 1)).problems))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("shortWindow: 3m", "shortWindow: 3 minutes", "must be a duration such as 5m, 36h or 28d, got '3 minutes'"),
        ("shortWindow: 3m", "shortWindow: 0m", "must be a duration"),
        ("shortWindow: 3m", "shortWindow: 45m", "the short window must be shorter than the long one"),
        ("errorBudgetPercent: 8", "errorBudgetPercent: 108", "must be percent above 0 and at most 100, got 108"),
        ("  ticket:", "  tickets:", "ticket is needed and missing"),
        ("sloPeriod: 4w", "period: 4w", "period: no such field"),
    ],
)
def test_what_is_wrong_with_alert_windows(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in "\n".join(map(str, read(tmp_path, WINDOWS.replace(old, new, 1)).problems))


def test_windows_for_one_period_are_given_once(tmp_path: Path) -> None:
    found = read(tmp_path, WINDOWS + "---\n" + WINDOWS.replace("4w", "28d"))
    assert "windows for the period 28d are given twice" in str(found.problems[0])


def test_years_are_a_unit_of_prometheus_durations(tmp_path: Path) -> None:
    assert list(read(tmp_path, WINDOWS.replace("4w", "1y1d")).windows) == [timedelta(days=366)]
