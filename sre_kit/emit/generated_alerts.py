"""The alerts of the rule files that we generate, as their runbooks need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sre_kit.compute.operations.own_alerts import OwnAlert
from sre_kit.compute.operations.runbooks import Alert
from sre_kit.compute.slo.alerting import NO_DATA_AFTER, WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.absent import data_rule
from sre_kit.emit.prometheus import labels, rule_groups
from sre_kit.emit.rule_groups import ratio_name, selector
from sre_kit.errors import ParameterError


def own_alerts(slos: Sequence[SLO], policy: Sequence[BurnRateAlert] = ()) -> list[OwnAlert]:
    """Every alert of ``slo.rules.yaml`` and ``slo-data.rules.yaml``, in their order; none for what has no rules."""
    policy = policy or WORKBOOK_POLICY
    found: list[OwnAlert] = []
    for slo in slos:
        try:
            rules = [rule for group in rule_groups(slo, policy) for rule in group["rules"] if "alert" in rule]
        except ParameterError:
            continue
        chosen = selector(labels(slo))
        for rule in rules:
            pairs = [one for one in policy if one.severity == rule["labels"]["severity"]]
            last = max(pairs, key=lambda one: one.long_window) if rule["labels"]["severity"] == "ticket" else pairs[0]
            found.append(OwnAlert(_alert(rule), slo, chosen, f"{ratio_name(last.short_window)}{chosen}"))
    for slo in slos:
        try:
            found.append(OwnAlert(_alert(data_rule(slo, "", NO_DATA_AFTER)), slo))
        except ParameterError:
            continue
    return found


def _alert(rule: dict[str, Any]) -> Alert:
    return Alert(
        rule["alert"],
        rule["expr"],
        rule["labels"]["severity"],
        rule.get("for", ""),
        expression=rule["expr"],
    )
