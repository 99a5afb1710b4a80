"""
Prometheus rules on the freshness of backups, with their tests: an alert when the last good one is older than allowed,
and one when nobody says how old it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sre_kit.compute.operations.freshness import Freshness
from sre_kit.compute.queries import example_series, matchers
from sre_kit.emit.made_up import MINUTE
from sre_kit.emit.rule_groups import quoted, yaml_text
from sre_kit.escape import plain
from sre_kit.units import promql_duration, span

HEADER: Final = """\
# Alerts on backups that are too old, of {count} store(s). Generated; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""
TESTS: Final = """\
# Tests of {rules}. Run: promtool test rules FILE. Generated; do not edit.
"""
RUNBOOK: Final = "OperationalPlaybook.md#when-a-backup-is-too-old"
SILENT_FOR: Final = timedelta(minutes=30)
"""How long nobody may say how old a backup is."""
STEP: Final = timedelta(minutes=1)


def backup_rules(watched: Sequence[Freshness]) -> str:
    """A rule file, YAML: two alerts for each store; empty where no store is watched."""
    if not watched:
        return ""
    rules = [rule for one in watched for rule in (_stale(one), _silent(one))]
    return HEADER.format(count=len(watched)) + yaml_text({"groups": [{"name": "backup-freshness", "rules": rules}]})


def _stale(one: Freshness) -> dict[str, Any]:
    return {
        "alert": one.alert,
        "expr": f"time() - ({one.query}) > {_seconds(one.after)}",
        "labels": {"component": one.component, "severity": "ticket"},
        "annotations": _notes(
            f"The last good backup of {one.component} is too old",
            f"Older than {span(one.after)} ({one.because}); save it by hand, then look why the job did not.",
        ),
    }


def _silent(one: Freshness) -> dict[str, Any]:
    return {
        "alert": one.silent_alert,
        "expr": f"absent({one.query})",
        "for": promql_duration(SILENT_FOR),
        "labels": {"component": one.component, "severity": "ticket"},
        "annotations": _notes(
            f"Nobody says how old the backup of {one.component} is",
            "Its series is gone, so the alert on its age cannot fire; look at the scrape first.",
        ),
    }


def _notes(summary: str, description: str) -> dict[str, str]:
    return {"summary": summary, "description": description, "runbook": RUNBOOK}


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def backup_rule_tests(watched: Sequence[Freshness], rules_file: str) -> str:
    """
    A file for ``promtool test rules`` beside `rules_file`: quiet while fresh and at the limit, firing a minute beyond
    it, firing when the series is gone. A store whose query is more than one selector is named and not tested.
    """
    tests, tested, comments = [], [], ""
    for one in watched:
        example = example_series(one.query)
        if example is None:
            comments += f"# {plain(f'{one.component}: no test, its query is more than one selector')}\n"
            continue
        name, labels = example
        inner = ",".join(f"{label}={quoted(value)}" for label, value in labels.items())
        tests.append(_ages(one, f"{name}{{{inner}}}", labels))
        tested.append(one)
    if tested:
        tests.append(_gone(tested))
    content = {"rule_files": [rules_file], "evaluation_interval": f"{STEP // MINUTE}m", "tests": tests}
    return TESTS.format(rules=rules_file) + comments + (yaml_text(content) if tests else "")


def _ages(one: Freshness, series: str, labels: dict[str, str]) -> dict[str, Any]:
    limit = one.after // MINUTE
    fired = {
        "exp_labels": {**labels, **_stale(one)["labels"]},
        "exp_annotations": _stale(one)["annotations"],
    }
    return {
        "name": f"the backup of {one.component} is fresh, then too old",
        "interval": "1m",
        # the last good backup was so long before the beginning of time: promtool need not wait for days
        "input_series": [{"series": series, "values": f"{60 * (1 - limit)}+0x4"}],
        "alert_rule_test": [
            {"eval_time": "1m", "alertname": one.alert, "exp_alerts": []},
            {"eval_time": "2m", "alertname": one.alert, "exp_alerts": [fired]},
        ],
    }


def _gone(ones: Sequence[Freshness]) -> dict[str, Any]:
    """One test for all of them, because promtool evaluates every rule in each test."""
    return {
        "name": f"nobody says how old a backup is: {', '.join(one.component for one in ones)}",
        "interval": "1m",
        "input_series": [],
        "alert_rule_test": [check for one in ones for check in _silence(one)],
    }


def _silence(one: Freshness) -> list[dict[str, Any]]:
    rule, held = _silent(one), SILENT_FOR // MINUTE
    _, rules = matchers(one.query) or ("", ())
    # absent() knows the labels that the selector gives a value
    equal = {rule.label: rule.value for rule in rules if rule.operator == "="}
    fired = {"exp_labels": {**equal, **rule["labels"]}, "exp_annotations": rule["annotations"]}
    return [
        {"eval_time": f"{at}m", "alertname": one.silent_alert, "exp_alerts": alerts}
        for at, alerts in ((held - 1, []), (held + 1, [fired]))
    ]
