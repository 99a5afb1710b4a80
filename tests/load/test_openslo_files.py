# ruff: noqa: E501 - a case is easier to read on one line
"""OpenSLO v1 and v1alpha: every kind parsed, references resolved, what breaks the specification refused by line."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sre_kit.load.slo_files import Contents, contents

ALL = """\
apiVersion: openslo/v1
kind: Service
metadata:
  name: mail
  displayName: Mail
  labels: {team: [post, night], tier: one}
  annotations: {example.org/cost-centre: "17"}
spec:
  description: Sends mail.
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec:
  type: Prometheus
  connectionDetails: {url: "http://127.0.0.1:9090", accessKey: s3cr3t}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: delivered}
spec:
  description: Mail that left us.
  ratioMetric:
    counter: true
    bad: {metricSource: {metricSourceRef: metrics, spec: {query: bounced_total, accessKey: s3cr3t}}}
    total: {metricSource: {metricSourceRef: metrics, spec: {query: sent_total}}}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: night}
spec: {target: pager, description: Who is awake.}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: pages}
spec:
  alertWhenBreaching: true
  alertWhenResolved: false
  alertWhenNoData: yes
  conditions: [{conditionRef: fast}]
  notificationTargets: [{targetRef: night}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: mail-delivered, displayName: Mail arrives}
spec:
  description: Mail is delivered.
  service: mail
  indicatorRef: delivered
  timeWindow: [{duration: 1Q, calendar: {startTime: 2026-10-01 00:00:00, timeZone: Europe/Amsterdam}}]
  budgetingMethod: Timeslices
  objectives: [{displayName: most, targetPercent: 99.95, timeSliceTarget: 0.9, timeSliceWindow: 10}]
  alertPolicies: [{alertPolicyRef: pages}]
"""
ALPHA = """\
apiVersion: openslo/v1alpha
kind: Service
metadata: {name: mail}
---
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: delivered, displayName: Delivered}
spec:
  service: mail
  description: Mail is delivered.
  budgetingMethod: Occurrences
  timeWindows: [{unit: Day, count: 28, isRolling: true}]
  objectives:
    - displayName: most
      value: 1
      target: 0.99
      ratioMetrics:
        incremental: true
        good: {source: prometheus, queryType: promql, query: "accepted_total"}
        total: {source: prometheus, queryType: promql, query: "sent_total"}
"""


def read(folder: Path, text: str, name: str = "objectives.yaml") -> Contents:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return contents([path])


def test_every_kind_of_object_is_parsed_and_its_references_resolved(tmp_path: Path) -> None:
    found = read(tmp_path, ALL)
    assert found.problems == []
    assert found.objects == [
        "Service 'mail'", "DataSource 'metrics'", "SLI 'delivered'", "AlertNotificationTarget 'night'",
        "AlertCondition 'fast'", "AlertPolicy 'pages'", "SLO 'mail-delivered'",
    ]  # fmt: skip
    (one,) = found.slos
    slo = one.slo
    assert (slo.name, slo.service, slo.bad, slo.total, slo.good) == (
        "mail-delivered", "mail", "bounced_total", "sent_total", "",
    )  # fmt: skip
    assert (slo.target, slo.calendar, slo.zone) == (Fraction("0.9995"), "quarter", "Europe/Amsterdam")
    assert (slo.budgeting, slo.slice_target, slo.slice_length) == (
        "timeslices", Fraction("0.9"), timedelta(minutes=10),
    )  # fmt: skip
    assert slo.good_means == "Mail is delivered."
    assert one.left_out == ("alert policy 'pages': ours has two windows; decide in alerting",)


def test_objects_may_stand_in_several_files(tmp_path: Path) -> None:
    parts = ALL.split("---\n")
    paths = []
    for number, part in enumerate(reversed(parts)):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(part, encoding="utf-8")
    found = contents(paths)
    assert found.problems == []
    assert [one.slo.bad for one in found.slos] == ["bounced_total"]
    alone = contents(paths[:1])
    assert [str(one) for one in alone.problems] == [
        "0.yaml:7: SLO 'mail-delivered' spec.indicatorRef: no SLI 'delivered'; there is no SLI in it; "
        "give the file that has it too",
        "0.yaml:11: SLO 'mail-delivered' spec.alertPolicies[0].alertPolicyRef: no AlertPolicy 'pages'; "
        "there is no AlertPolicy in it; give the file that has it too",
    ]


INVALID = [
    ("kind: Service", "kind: Servic", 2, "'Servic' is no kind; did you mean 'Service'?"),
    ("kind: SLI", "kind: sli", 19, "'sli' is no kind; did you mean 'SLI'?"),
    ("kind: Service\n", "", 1, "kind is needed and missing"),
    ("  name: mail\n", "", 4, "metadata: name is needed and missing"),
    ("name: mail\n", 'name: "mail: all"\n', 4, "metadata.name: 'mail: all' is no name"),
    ("name: mail\n", "name: 17\n", 4, 'must be text, got the number 17; quote it: "17"'),
    ("tier: one", "'-tier': one", 6, "is no key of a label"),
    ("tier: one", "tier: {a: b}", 6, "labels.tier: must be text, got a mapping"),
    ("example.org/cost-centre", "Example.org/cost-centre", 7, "is no key of an annotation"),
    ("description: Sends mail.", "descripton: Sends mail.", 9, "descripton: no such field; did you mean 'description'?"),
    ("Sends mail.", "x" * 1051, 9, "must have at most 1,050 characters, has 1,051"),
    ("  type: Prometheus\n", "", 15, "spec: type is needed and missing"),
    ("  ratioMetric:\n", "  thresholdMetric: {metricSource: {spec: {query: q}}}\n  ratioMetric:\n", 25,
     "give exactly one of thresholdMetric and ratioMetric; thresholdMetric and ratioMetric are given"),
    ("counter: true", "counter: maybe", 24, "counter: must be true or false, got 'maybe'"),
    ("    bad:", "    good: {metricSource: {spec: {query: g}}}\n    bad:", 26, "give exactly one of good and bad"),
    ("{query: sent_total}", "{}", 26, "metricSource.spec: must not be empty"),
    ("    total:", "    raw:", 24, "rawType is needed with raw and missing"),
    ("    total:", "    rawType: success\n    total:", 26, "rawType: goes with raw alone"),
    ("spec: {target: pager, ", "spec: {", 31, "spec: target is needed and missing"),
    ("kind: burnrate", "kind: budget", 38, "'budget' is no choice; allowed: burnrate"),
    ("op: gt", "op: above", 38, "'above' is no choice; allowed: gt, gte, lt, lte"),
    ("threshold: 14.4", "threshold: high", 38, "threshold: must be a number, got 'high'"),
    ("threshold: 14.4", "threshold: 1.0e+999999999", 38, "threshold: must be a number"),
    ("lookbackWindow: 1h", "lookbackWindow: 1 h", 38, "must be a whole number and one of m h d w M Q Y"),
    ("  severity: page\n", "", 37, "spec: severity is needed and missing"),
    ("[{conditionRef: fast}]", "[]", 47, "conditions: must hold at least 1, holds 0"),
    ("[{conditionRef: fast}]", "[{conditionRef: fast}, {conditionRef: fast}]", 47, "a policy has one condition"),
    ("{conditionRef: fast}", "{conditionRef: fats}", 47, "no AlertCondition 'fats'; did you mean 'fast'?"),
    ("{conditionRef: fast}", "{conditionRef: fast, spec: {severity: a, condition: {threshold: 1, lookbackWindow: 1h}}}", 47,
     "does not go with conditionRef"),
    ("{targetRef: night}", "{kind: AlertNotificationTarget}", 48, "give targetRef, or AlertNotificationTarget inline: spec is missing"),
    ("alertWhenNoData: yes", "alertWhenNoData: 1", 46, "must be true or false, got '1'"),
    ("  service: mail\n", "", 54, "spec: service is needed and missing"),
    ("indicatorRef: delivered", "indicatorRef: deliverd", 56, "no SLI 'deliverd'; did you mean 'delivered'?"),
    ("  indicatorRef: delivered\n", "", 54, "give exactly one of indicator and indicatorRef; none is given"),
    ("duration: 1Q,", "duration: 1q,", 57, "must be a whole number and one of m h d w M Q Y, such as 5m, 28d or 1M, got '1q'"),
    ("duration: 1Q,", "duration: 0d,", 57, "got '0d'"),
    ("duration: 1Q,", "duration: 1Q, isRolling: true,", 57, "a rolling window has no calendar"),
    ("duration: 1Q, calendar: {startTime: 2026-10-01 00:00:00, timeZone: Europe/Amsterdam}", "duration: 1Q", 57,
     "a window that does not roll needs a calendar"),
    ("2026-10-01 00:00:00", "2026-10-32 00:00:00", 57, "must be a time such as 2026-01-31 12:30:00"),
    ("Europe/Amsterdam", "Europe/Amsterdamn", 57, "no time zone 'Europe/Amsterdamn'"),
    ("timeWindow: [{", "timeWindow: [{duration: 1d, isRolling: true}, {", 57, "an objective has one time window, got 2"),
    ("timeWindow: [{", "timeWindows: [{", 57, "no such field; did you mean 'timeWindow'?"),
    ("budgetingMethod: Timeslices", "budgetingMethod: Slices", 58, "'Slices' is no choice; did you mean 'Timeslices'?"),
    ("  budgetingMethod: Timeslices\n", "", 54, "budgetingMethod is needed and missing"),
    ("targetPercent: 99.95", "target: 99.95", 59, "must be at least 0 and below 1, got 99.95; for 99.95 % write target: 0.9995"),
    ("targetPercent: 99.95", "target: 1", 59, "must be at least 0 and below 1, got 1"),
    ("targetPercent: 99.95", "target: -0.1", 59, "must be at least 0 and below 1, got -0.1"),
    ("targetPercent: 99.95", "targetPercent: 100", 59, "must be at least 0 and below 100, got 100"),
    ("targetPercent: 99.95", "targetPercent: 99.95, target: 0.9", 59, "give exactly one of target and targetPercent"),
    ("targetPercent: 99.95, ", "", 59, "give exactly one of target and targetPercent; none is given"),
    ("timeSliceTarget: 0.9, ", "", 59, "timeSliceTarget is needed with budgetingMethod Timeslices and missing"),
    ("timeSliceTarget: 0.9", "timeSliceTarget: 0", 59, "must be above 0 and at most 1, got 0"),
    (", timeSliceWindow: 10", "", 59, "timeSliceWindow is needed with budgetingMethod Timeslices and missing"),
    ("timeSliceWindow: 10", "timeSliceWindow: -10", 59, "must be a whole number and one of"),
    ("objectives: [{", "objectives: [{compositeWeight: 0, ", 59, "compositeWeight: must be above 0"),
    ("objectives: [{", "objectives: [{indicatorRef: delivered, ", 59, "in the spec or in the objectives, not in both"),
    ("alertPolicyRef: pages", "alertPolicyRef: page", 60, "no AlertPolicy 'page'; did you mean 'pages'?"),
    ("{name: mail-delivered,", "{naem: mail-delivered,", 52, "naem: no such field; did you mean 'name'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "said"), INVALID)
def test_what_breaks_the_specification_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in ALL
    found = read(tmp_path, ALL.replace(old, new, 1))
    lines = [one.line for one in found.problems if said in one.text]
    assert lines == [line], [str(one) for one in found.problems]
    assert all("s3cr3t" not in str(one) for one in (*found.problems, *found.notes))


def test_all_that_is_wrong_is_listed_and_half_understood_objects_become_no_objective(tmp_path: Path) -> None:
    text = ALL.replace("99.95", "101").replace("1Q", "1q").replace("counter: true", "counter: 5")
    found = read(tmp_path, text)
    assert len(found.problems) == 3
    assert found.slos == []


def test_the_same_name_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    found = read(tmp_path, ALL + "---\n" + ALL.split("---\n")[3])
    assert [str(one) for one in found.problems] == [
        "objectives.yaml:64: AlertNotificationTarget 'night' metadata: AlertNotificationTarget 'night' is there twice, "
        "first in objectives.yaml:28; rename or remove one"
    ]


def test_the_same_name_of_another_kind_is_another_object(tmp_path: Path) -> None:
    assert (
        read(tmp_path, ALL.replace("name: night", "name: fast").replace("targetRef: night", "targetRef: fast")).problems
        == []
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("counter: true", "counter: false", "counter is false"),
        ("type: Prometheus", "type: Datadog", "comes from Datadog; read are prometheus"),
        ("{query: sent_total}", "{sql: select}", "total has no metricSource.spec.query"),
        ("targetPercent: 99.95", "target: 0", "a target of 0 promises nothing"),
        ("duration: 1Q", "duration: 2M", "a calendar window of 2M; ours are 1w, 1M, 1Q, 1Y"),
        ("  indicatorRef: delivered\n", "", "a composite"),
    ],
)
def test_what_is_valid_and_ours_cannot_hold_is_left_out_by_name(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = ALL.replace(old, new, 1)
    if reason == "a composite":
        text = text.replace("[{displayName: most", "[{indicatorRef: delivered, displayName: most")
    found = read(tmp_path, text)
    assert found.problems == []
    assert found.slos == []
    ((name, why),) = [(one.name, one.reason) for one in found.not_imported]
    assert name == "mail-delivered"
    assert reason in why


RATIO = ALL[ALL.index("  ratioMetric:") : ALL.index("---", ALL.index("  ratioMetric:"))]
METRIC = "{metricSource: {type: prometheus, spec: {query: q}}}"


@pytest.mark.parametrize(("kind", "query"), [("failure", "q"), ("success", "1 - (q)")])
def test_a_ratio_that_is_stored_becomes_a_share_of_what_is_bad(tmp_path: Path, kind: str, query: str) -> None:
    raw = f"  ratioMetric: {{rawType: {kind}, raw: {METRIC}}}\n"
    (one,) = read(tmp_path, ALL.replace(RATIO, raw)).slos
    assert (one.slo.ratio, one.slo.total) == (query, "")


@pytest.mark.parametrize(
    ("op", "bound"), [("lte", "at_most"), ("lt", "at_most"), ("gte", "at_least"), ("gt", "at_least")]
)
def test_a_threshold_becomes_a_gauge_with_its_bound(tmp_path: Path, op: str, bound: str) -> None:
    text = ALL.replace(RATIO, f"  thresholdMetric: {METRIC}\n")
    (one,) = read(tmp_path, text.replace("displayName: most", f"op: {op}, value: 0.25")).slos
    assert (one.slo.gauge, getattr(one.slo, bound)) == ("q", 0.25)
    assert (f"op {op}: read as {op}e, the bound itself is good" in one.left_out) == (len(op) == 2)
    assert "op is needed with a thresholdMetric and missing" in "\n".join(map(str, read(tmp_path, text).problems))


def test_annotations_of_ours_carry_fields_and_others_are_named(tmp_path: Path) -> None:
    text = ALL.replace(
        "displayName: Mail arrives}",
        "annotations: {sre-kit/owner: post, sre-kit/contract: 99 %, sre-kit/total: x, example.org/owner: nobody}}",
    )
    found = read(tmp_path, text)
    (one,) = found.slos
    assert (one.slo.owner, one.slo.contract, one.slo.total) == ("post", Fraction("0.99"), "sent_total")
    assert [one.text for one in found.notes] == [
        "SLO 'mail-delivered' metadata.annotations: the annotation sre-kit/total is not read"
    ]


def test_several_objectives_of_one_indicator_become_one_of_ours_each(tmp_path: Path) -> None:
    more = ", {target: 0.9, timeSliceTarget: 0.5, timeSliceWindow: 1h}]"
    found = read(tmp_path, ALL.replace("timeSliceWindow: 10}]", "timeSliceWindow: 10}" + more))
    assert [(one.slo.name, one.slo.slice_length) for one in found.slos] == [
        ("mail-delivered-99.95", timedelta(minutes=10)),
        ("mail-delivered-90", timedelta(hours=1)),
    ]


@pytest.mark.parametrize(
    ("written", "length"),
    [("5m", timedelta(minutes=5)), ("12h", timedelta(hours=12)), ("28d", timedelta(days=28)), ("4w", timedelta(days=28)),
     ("1M", timedelta(days=30)), ("2Q", timedelta(days=180)), ("1Y", timedelta(days=365))],
)  # fmt: skip
def test_rolling_windows_of_every_unit(tmp_path: Path, written: str, length: timedelta) -> None:
    text = ALL.replace("{duration: 1Q, calendar: {startTime: 2026-10-01 00:00:00, timeZone: Europe/Amsterdam}}",
                       f"{{duration: {written}, isRolling: true}}")  # fmt: skip
    (one,) = read(tmp_path, text).slos
    assert (one.slo.window, one.slo.calendar) == (length, "")


def test_what_is_taken_for_granted_is_said(tmp_path: Path) -> None:
    text = ALL.replace("    counter: true\n", "").replace("2026-10-01 00:00:00", "2026-11-05 12:00:00")
    (one,) = read(tmp_path, text).slos
    assert "counter is not said; taken as true" in one.left_out
    assert "startTime 2026-11-05 12:00:00: ours begins a quarter at 2026-10-01 00:00:00" in one.left_out
    without = "\n".join(line for line in ALL.splitlines() if "timeWindow" not in line)
    (one,) = read(tmp_path, without).slos
    assert "it has no timeWindow; taken as 30 rolling days" in one.left_out


def test_a_name_that_not_every_tool_takes_is_a_note(tmp_path: Path) -> None:
    found = read(tmp_path, ALL.replace("night", "OnCall.Night"))
    assert found.problems == []
    assert "the name 'OnCall.Night' is not taken everywhere" in str(found.notes[0])


def test_the_first_version_of_the_format_is_read_too(tmp_path: Path) -> None:
    found = read(tmp_path, ALPHA)
    assert found.problems == []
    (one,) = found.slos
    assert (one.slo.name, one.slo.good, one.slo.total) == ("delivered", "accepted_total", "sent_total")
    assert (one.slo.target, one.slo.window) == (Fraction("0.99"), timedelta(days=28))
    calendar = "{unit: month, count: 1, calendar: {startTime: 2026-10-01 00:00:00, timeZone: UTC}}"
    (one,) = read(tmp_path, ALPHA.replace("{unit: Day, count: 28, isRolling: true}", calendar)).slos
    assert one.slo.calendar == "month"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target: 0.99", "target: 99", "must be at least 0 and below 1, got 99; for 99 % write 0.99"),
        ("unit: Day", "unit: Days", "'Days' is no unit; did you mean 'day'?"),
        ("count: 28", "count: 0", "must be a whole number above 0, got 0"),
        ("count: 28", "count: 2.5", "must be a whole number above 0, got 2.5"),
        ("isRolling: true", "isRolling: false", "needs a calendar"),
        ("timeWindows: [", "timeWindows: [{unit: Day, count: 7, isRolling: true}, ", "one time window, got 2"),
        ("Occurrences", "RatioTimeslices", "no choice; did you mean 'Timeslices'?"),
        ("Occurrences", "Timeslices", "timeSliceTarget is needed with budgetingMethod Timeslices"),
        ("  service: mail\n", "  service: mail\n  indicator: {thresholdMetric: {source: a, queryType: b, query: c}}\n", "not in both"),
        ("kind: Service", "kind: SLI", "'SLI' is no kind of v1alpha; did you mean 'SLO'?"),
        ("source: prometheus, ", "", "source is needed and missing"),
        ("name: delivered, displayName", "name: delivered, labels: {}, displayName", "labels: no such field"),
    ],
)  # fmt: skip
def test_what_breaks_the_first_version_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ALPHA
    assert said in "\n".join(map(str, read(tmp_path, ALPHA.replace(old, new, 1)).problems))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("source: prometheus", "source: datadog", "its good is promql of datadog"),
        ("target: 0.99", "target: 0.0", "a target of 0"),
        ("{unit: Day, count: 28, isRolling: true}",
         "{unit: Day, count: 28, calendar: {startTime: 2026-10-01 00:00:00, timeZone: UTC}}", "a calendar window of 28 day"),
    ],
)  # fmt: skip
def test_what_the_first_version_says_and_ours_cannot_hold(tmp_path: Path, old: str, new: str, reason: str) -> None:
    found = read(tmp_path, ALPHA.replace(old, new, 1))
    assert found.problems == []
    assert reason in found.not_imported[0].reason


def test_several_objectives_of_the_first_version_are_numbered(tmp_path: Path) -> None:
    objective = ALPHA[ALPHA.index("    - displayName") :]
    found = read(tmp_path, ALPHA + objective.replace("0.99", "0.9"))
    assert [one.slo.name for one in found.slos] == ["delivered-0", "delivered-1"]


def test_a_threshold_of_the_first_version_is_a_gauge(tmp_path: Path) -> None:
    text = ALPHA[: ALPHA.index("    - displayName")] + "    - {op: lte, value: 0.5, target: 0.9}\n"
    text = text.replace(
        "  budgetingMethod",
        "  indicator: {thresholdMetric: {source: prometheus, queryType: promql, query: g}}\n  budgetingMethod",
    )
    (one,) = read(tmp_path, text).slos
    assert (one.slo.gauge, one.slo.at_most) == ("g", 0.5)
    assert "op is needed" in str(read(tmp_path, text.replace("op: lte, ", "")).problems[0])
