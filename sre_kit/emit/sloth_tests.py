"""
Tests for the rules of a Sloth specification, in promtool's format.

What fires is read from ``ALERTS``, by objective and severity: a specification may give one name to several alerts. Its
labels are checked too, its annotations are not: they pass through, templates and all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.queries import averaged
from sre_kit.compute.slo.alerting import alert_properties
from sre_kit.compute.slo.sloth import SlothSLO, taken_apart
from sre_kit.emit.made_up import MINUTE, made_up
from sre_kit.emit.rule_cases import Check, Watched, rule_tests
from sre_kit.emit.rule_groups import group_names, selector
from sre_kit.emit.sloth import Windows, alert_windows, identity

_ASKED: Final = ("alertname", "alertstate", "sloth_severity")


def sloth_rule_tests(slos: Sequence[SlothSLO], rules_file: str, windows: Windows | None = None) -> str:
    """A file for ``promtool test rules`` beside `rules_file`; objectives without a test are named, see `rule_tests`."""
    untested = [f"{slo.id}: no test, {why}" for slo in slos if (why := _silenced(slo))]
    return rule_tests(
        [_watched(slo, windows or {}) for slo in slos if not _silenced(slo)],
        rules_file,
        untested,
    )


def _silenced(slo: SlothSLO) -> str:
    """Why its alerts can say nothing; empty where they can."""
    if slo.page is None and slo.ticket is None:
        return "both its alerts are disabled"
    changed = [name for name, value in identity(slo).items() if slo.labels.get(name, value) != value]
    if changed:
        return f"its labels replace {', '.join(changed)}, by which its own alerts look for it: they can never fire"
    return ""


def _watched(slo: SlothSLO, windows: Windows) -> Watched:
    ours, alerts = taken_apart(slo), {"page": slo.page, "ticket": slo.ticket}
    pairs = alert_properties(ours, [one for one in alert_windows(slo, windows) if alerts[one.severity] is not None])
    # a mean over time keeps the labels of its series, a sum of rates has none
    carried = dict(made_up(ours, [(MINUTE, Fraction(0))])[0].labels) if ours.ratio and averaged(ours.ratio) else {}

    def says(at: timedelta, severity: str, fires: bool) -> Check:
        meta = alerts[severity]
        assert meta is not None
        labels = {**carried, **slo.labels, **identity(slo), "sloth_severity": severity, **meta.labels}
        labels |= {"alertname": meta.name, "alertstate": "firing"}
        # what holds a template is filled in by Prometheus, so it can be neither asked for nor foretold
        plain = {name: value for name, value in labels.items() if "{{" not in value}
        asked = {name: plain[name] for name in (*_ASKED, *identity(slo)) if name in plain}
        expr = f"ALERTS{selector(asked)}"
        if plain != labels:
            expr, labels = f"count({expr})", {}
        sample = {"labels": f"ALERTS{selector(labels)}" if labels else "{}", "value": 1}
        return "promql_expr_test", {
            "expr": expr,
            "eval_time": f"{at // MINUTE}m",
            "exp_samples": [sample] if fires else [],
        }

    return Watched(ours, pairs, says, group_names(slo.id))
