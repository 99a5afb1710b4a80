"""
Alerts held against the history: which policy, how strict, for which severity; the published view is the one in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.budget import burn_rate
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.policies import AlertPolicy, AlertRule
from sre_kit.compute.slo.what_if import BudgetOption, budget_option
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept, written
from sre_kit.show.shown import Note, Shown
from sre_kit.show.slo.alerting import alert_back_tests
from sre_kit.show.slo.budget_charts import plot_burn_rate
from sre_kit.show.slo.exploring import mark_firings, naive, policies
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View
from sre_kit.units import percent, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED: Final = 3
"""Missed incidents that the conclusion names."""


def back_test_explorer(
    ones: Sequence[History],
    as_of: datetime,
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    incidents: Iterable[Incident] = (),
) -> Shown:
    """What the alerts of one severity would have done, under another policy or with stricter or laxer thresholds."""
    measured = [one for one in ones if not one.gap]
    if not measured:
        return Note("There is nothing to test alerts on: no history was measured.")
    known = tuple(incidents)
    by_name = {one.slo.name: one for one in measured}
    alerts_of = policies(policy)

    def view(objective: str, alerts: str, severity: str, scale: float) -> View:
        one = by_name[objective]
        rules = scaled(alerts_of[alerts].make(one.slo), severity, scale)
        option = budget_option(one, as_of, rules, known)
        table = alert_back_tests(option.tests)
        return View(_conclusion(option, severity), (table,), draw=lambda axes: _draw(axes, option, rules))

    def keep(objective: str, alerts: str, severity: str, scale: float) -> Kept:
        chosen = alerts_of[alerts]
        if not chosen.pairs:
            return Kept({}, [chosen.unkept])
        pairs = [_scaled(pair, severity, scale) for pair in chosen.pairs]
        return Kept({"alerting": [written(pair) for pair in pairs]}, [f"objective {objective}: alerts are for all"])

    controls: dict[str, Control] = {
        "objective": Choice("Objective", {name: name for name in by_name}, measured[0].slo.name),
        "alerts": Choice("Alerts", {name: name for name in alerts_of}, "in force"),
        "severity": Choice("Severity", {"page": "page", "ticket": "ticket"}, "page"),
        "scale": Amount("Thresholds, × policy", 1.0, 0.25, 4.0, 0.25),
    }
    return Explorer(name="Back-test", controls=controls, view=view, keep=keep)


def scaled(policy: AlertPolicy, severity: str, scale: float) -> AlertPolicy:
    """The rules of one severity, their thresholds multiplied by `scale`."""
    kept = [replace(one, threshold=one.threshold * Fraction(scale)) for one in policy.rules if one.severity == severity]
    return replace(policy, rules=tuple(kept))


def _scaled(pair: BurnRateAlert, severity: str, scale: float) -> BurnRateAlert:
    # the threshold follows from the share of the budget, in proportion
    return replace(pair, budget_share=pair.budget_share * Fraction(scale)) if pair.severity == severity else pair


def _conclusion(option: BudgetOption, severity: str) -> str:
    name = option.history.slo.name
    if not option.tests:
        return f"{name}: this policy has no {severity} to test."
    (test,) = option.tests
    often = "once" if len(test.episodes) == 1 else f"{len(test.episodes)} times"
    words = f"{name}: in {span(test.end - test.start)} a {severity} would have come {often}"
    if test.episodes:
        words += f" ({test.true} of {len(test.episodes)} during a known incident)"
    if not test.incidents:
        return f"{words}; no incident is known to hold that against."
    missed = [one.incident for one in test.incidents if not one.seen]
    words += f"; {len(test.incidents) - len(missed)} of {len(test.incidents)} incidents were seen"
    if test.detection is not None:
        words += f", half of them within {span(test.detection)}, with {percent(test.spent, 1)} of the budget gone"
    if missed:
        named = ", ".join(one.id for one in missed[:NAMED])
        words += f"; silent in {named}{f' and {len(missed) - NAMED} more' if len(missed) > NAMED else ''}"
    return f"{words}."


def _draw(axes: Axes, option: BudgetOption, policy: AlertPolicy) -> None:
    """The burn rate that the first rule watches, the firings as bands, the known incidents as marks."""
    one = option.history
    skipped = {rule for test in option.tests for rule in test.skipped}
    rule = next((rule for rule in policy.rules if rule not in skipped), None)
    if rule is None or not one.slo.budget_ratio:
        axes.text(0.5, 0.5, "no rule that the step of the data can show", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    burn = burn_rate(one, rule.windows[0])
    plot_burn_rate(burn, **{f"{rule.severity}s_at": round(_level(one, rule), 2)}, ax=axes)
    start, end = one.observed
    mark_firings(axes, option, start, end)
    began = [naive(seen.incident.began) for test in option.tests for seen in test.incidents]
    above = axes.get_xaxis_transform()
    axes.plot(began, [0.96] * len(began), "v", color=COLOURS["purple"], transform=above, label="known incident")
    axes.set_ylabel(f"burn rate over {span(rule.windows[0])}, ×")
    axes.legend(**ABOVE)


def _level(one: History, rule: AlertRule) -> float:
    return float(rule.threshold / one.slo.budget_ratio)
