"""Alerts on capacity triggers: which get one, that it fires at the trigger and not below, and what promtool says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from sre_kit.compute.capacity.plan import Resource, Scaling
from sre_kit.compute.operations.triggers import trigger_watches
from sre_kit.compute.vocabulary import Fact, Kind, Role
from sre_kit.emit import capacity_rule_tests, capacity_rules
from sre_kit.render import validate

DISK = Resource(
    "db disk", "db", 'disk_used_bytes{instance="db-0"}', 500e9, unit="B", trigger=Fraction(4, 5), alert="DiskFull",
    next_step="a larger disk", lead_time=timedelta(days=14), owner="Sanne", kind="disk",
)  # fmt: skip
CPU = Resource("web CPU", "web", "cpu:web", 1.0, trigger=Fraction(7, 10), kind="cpu", scalable="automatic")
WEB = Scaling(
    "web", "horizontal", metric="cpu", threshold=Fraction(7, 10), minimum=3, maximum=9, namespace="shop",
    state="implemented",
)  # fmt: skip


def rule(value: str, name: str = "DiskFull") -> Fact:
    where = "docs/DevOps Engineer/MonitoringAlerts.md"
    return Fact(Kind.ALERT_RULE, value, "text", where, 5, "", name=name, role=Role.THRESHOLD)


@pytest.mark.parametrize(
    ("written", "late"),
    [
        ("disk above 75 %", False),
        ("disk above 85 %", True),
        ("disk above 75 % (warning) / 90 % (critical)", False),
        ("1 - free_bytes / size_bytes > 0.75", False),
        ("1 - free_bytes / size_bytes > 0.85", True),
        ('disk_used_bytes{instance="db-0"} > 450e9', True),
        ("predict_linear(free_bytes[6h], 86400) < 0", False),
        ("the disk fills", False),
        ("less than 15 % of the disk left", True),
        ("free space below 25 % (warning) / 10 % (critical)", False),
        ("node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.15", True),
        ("node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.25", False),
        ("up < 0.5", False),
    ],
)
def test_an_alert_that_fires_only_above_the_trigger_does_not_watch_it(written: str, late: bool) -> None:
    (watch,) = trigger_watches([DISK], [rule(written)])
    assert (watch.late, watch.own) == (late, "CapacityDbDisk" if late else "")
    assert watch.watched


def test_a_trigger_without_an_alert_gets_one_at_its_share_of_the_limit() -> None:
    """80 % of 500 GB are 400 GB."""
    (watch,) = trigger_watches([replace(DISK, alert="")], [])
    (made,) = yaml.safe_load(capacity_rules([watch]))["groups"][0]["rules"]
    assert made["alert"] == watch.own == "CapacityDbDisk"
    assert made["expr"] == '(disk_used_bytes{instance="db-0"}) > 400000000000'
    assert made["labels"] == {"severity": "ticket", "service": "db", "resource": "db disk"}
    assert made["annotations"]["summary"] == "db disk above 80 % of its limit"
    assert made["annotations"]["description"] == "Next: a larger disk. It takes 14 d. Owner: Sanne."


@pytest.mark.parametrize(
    ("query", "why"),
    [("", "no query"), ("rate(x[5m]", "no PromQL"), ("cpu:db-orders", "subtraction")],
)
def test_a_trigger_whose_query_no_rule_can_ask_is_named_with_the_reason(query: str, why: str) -> None:
    (watch,) = trigger_watches([replace(DISK, alert="", query=query)], [])
    assert not watch.own and not watch.watched and why in watch.problem
    text = capacity_rules([watch])
    assert yaml.safe_load(text) == {"groups": []} and f"# db disk: no rule, {watch.problem}" in text


def test_nobody_decided_a_trigger_and_none_is_made_up() -> None:
    (watch,) = trigger_watches([replace(DISK, alert="", trigger=None)], [])
    assert not watch.own and not watch.problem


@pytest.mark.parametrize(("state", "waits"), [("implemented", True), ("prepared", False)])
def test_what_an_autoscaler_steers_by_is_told_only_when_it_has_no_replica_left(state: Any, waits: bool) -> None:
    (watch,) = trigger_watches([CPU], [], [replace(WEB, state=state)])
    (made,) = yaml.safe_load(capacity_rules([watch]))["groups"][0]["rules"]
    assert made["expr"].startswith("(cpu:web) > 0.7")
    assert ("kube_horizontalpodautoscaler_status_current_replicas" in made["expr"]) == waits
    assert made["expr"].endswith(">= 9") == waits and ("at its 9 replicas" in made["annotations"]["summary"]) == waits


def test_two_resources_never_share_the_name_of_an_alert() -> None:
    one, other = (replace(DISK, alert="", name=name) for name in ("db disk", "DB-disk"))
    taken = trigger_watches([one, other], [rule("x > 1", "CapacityDbDisk")])
    assert [watch.own for watch in taken] == ["CapacityDbDisk2", "CapacityDBDisk"]


def test_promtool_takes_the_rules_and_they_fire_above_and_stay_quiet_below(
    prometheus_binaries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(prometheus_binaries.promtool).parent), prepend=":")
    sums = replace(DISK, name="queue", alert="", query='sum(queue_bytes{queue="mails"})')
    watches = trigger_watches([replace(DISK, alert=""), CPU, sums], [], [WEB])
    files = {
        "capacity.rules.yaml": capacity_rules(watches),
        "capacity.rules-test.yaml": capacity_rule_tests(watches, "capacity.rules.yaml"),
    }
    claims = validate.claims(files)
    assert str(claims["capacity.rules.yaml"]) == "tool-validated by promtool check rules"
    assert str(claims["capacity.rules-test.yaml"]) == "executed by promtool test rules"
    (test,) = yaml.safe_load(files["capacity.rules-test.yaml"])["tests"]
    assert {check["alertname"] for check in test["alert_rule_test"]} == {"CapacityDbDisk", "CapacityWebCPU"}
    assert "# CapacityQueue: no test" in files["capacity.rules-test.yaml"]
    lower = files["capacity.rules.yaml"].replace("400000000000", "300000000000")
    broken = validate.claims({**files, "capacity.rules.yaml": lower})
    assert broken["capacity.rules-test.yaml"].problem, "a rule below its trigger would fire too early"


def test_triggers_on_one_series_are_tested_apart() -> None:
    lower, higher = (
        replace(DISK, alert="", name=f"db disk {share}", trigger=Fraction(share)) for share in ("0.7", "0.8")
    )
    tests = yaml.safe_load(capacity_rule_tests(trigger_watches([lower, higher, CPU], []), "x.rules.yaml"))["tests"]
    told = [{check["alertname"] for check in test["alert_rule_test"]} for test in tests]
    assert told == [{"CapacityDbDisk07", "CapacityWebCPU"}, {"CapacityDbDisk08"}]
