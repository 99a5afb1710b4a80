"""Tests for our own rules, in promtool's format: the alerts fire when they should and stay quiet when they should."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.made_up import MINUTE
from sre_kit.emit.prometheus import alert_labels, alert_name, alert_notes, labels, sloth_id, without_rules
from sre_kit.emit.rule_cases import Check, Watched, rule_tests
from sre_kit.emit.rule_groups import group_names, ratio_name, selector


def prometheus_rule_tests(
    slos: Iterable[SLO], rules_file: str, policy: Sequence[BurnRateAlert] = (), *, document: str = ""
) -> str:
    """A file for ``promtool test rules`` beside `rules_file`; objectives without a test are named, see `rule_tests`."""
    known = list(slos)
    refused = without_rules(known)
    return rule_tests(
        [_watched(slo, policy or WORKBOOK_POLICY, document) for slo in known if slo.name not in refused], rules_file
    )


def _watched(slo: SLO, policy: Sequence[BurnRateAlert], document: str) -> Watched:
    def says(at: timedelta, severity: str, fires: bool) -> Check:
        has, notes = alert_labels(slo, severity), alert_notes(slo, severity, document) | slo.annotations_of(severity)
        if any("{{" in text for text in (*has.values(), *slo.annotations_of(severity).values())):
            # what holds a template is filled in by Prometheus: it can be asked whether it fires, not with which words
            asked = {"alertname": alert_name(slo, severity), "alertstate": "firing", **labels(slo)}
            return "promql_expr_test", {
                "expr": f"count(ALERTS{selector(asked)})",
                "eval_time": f"{at // MINUTE}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        fired = {"exp_labels": has, "exp_annotations": notes}
        return "alert_rule_test", {
            "eval_time": f"{at // MINUTE}m",
            "alertname": alert_name(slo, severity),
            "exp_alerts": [fired] if fires else [],
        }

    def absent(at: timedelta) -> Sequence[Check]:
        ratio = f"{ratio_name(5 * MINUTE)}{selector(labels(slo))}"
        return [("promql_expr_test", {"expr": ratio, "eval_time": f"{at // MINUTE}m", "exp_samples": []})]

    return Watched(slo, alert_properties(slo, policy), says, group_names(sloth_id(slo)), absent)
