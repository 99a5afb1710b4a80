"""
Prometheus rules that tell when the measurement itself is gone.

A burn-rate alert compares a ratio; without its series there is no ratio, and so no alert. These rules stand in a file
of their own: Sloth's format has no place for them. A service without traffic still has counters, so it stays quiet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sre_kit.compute.queries import WINDOW, per_second
from sre_kit.compute.slo.alerting import NO_DATA_AFTER
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.prometheus import alert_name, labels, yaml_text
from sre_kit.errors import ParameterError
from sre_kit.escape import plain
from sre_kit.units import promql_duration, span

HEADER = """\
# Alerts on missing measurements of {count} objective(s). Generated; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""


def data_rules(slos: Sequence[SLO], *, document: str = "", after: timedelta = NO_DATA_AFTER) -> str:
    """
    A rule file, YAML: one group with an alert for each objective whose query PromQL can count; the others are named.

    It fires when nothing has come for `after` (and the five minutes that a rate looks back).
    """
    rules: list[dict[str, Any]] = []
    comments = []
    for slo in slos:
        try:
            rules.append(data_rule(slo, document, after))
        except ParameterError as error:
            comments.append(f"# {plain(f'{slo.name}: no rule, {error}')}\n")
    groups = [{"name": "slo-missing-data", "rules": rules}] if rules else []
    return HEADER.format(count=len(rules)) + "".join(comments) + yaml_text({"groups": groups})


def data_rule(slo: SLO, document: str, after: timedelta) -> dict[str, Any]:
    """
    The alert of one objective.

    Raises
    ------
    ParameterError
        PromQL cannot count its query.
    """
    over = timedelta(minutes=5)
    query = WINDOW.sub(promql_duration(over), slo.ratio or slo.gauge) if slo.by_time else per_second(slo.total, over)
    told = {
        "summary": f"{slo.name} is not measured",
        "description": f"No series of it for {span(after)}: its burn-rate alerts are blind. Look at the scrape first.",
    }
    return {
        "alert": alert_name(slo, "page").removesuffix("FastBurn") + "DataMissing",
        "expr": f"absent({query.strip()})",
        "for": promql_duration(after),
        "labels": {**slo.labels, **labels(slo), "severity": "ticket", **slo.alerts.labels},
        "annotations": {**told, **({"document": document} if document else {}), **slo.alerts.annotations},
    }
