"""What other targets, windows and alert policies would have meant; the published view is the setting in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.budget import error_budget, policy_state
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import AlertPolicy, AlertRule, burn_rate_policy, pyrra_policy
from sre_kit.compute.slo.replay import BackTest, alert_back_test
from sre_kit.compute.slo.targets import LADDER
from sre_kit.compute.slo.windows import nominal
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.slo.alerting import alert_back_tests
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Explorer
from sre_kit.units import MISSING, count, number, percent, target

LONGEST: Final = 90
"""Days that the window's slider reaches: what the history holds."""
Policies = dict[str, Callable[[SLO], AlertPolicy]]


def budget_explorer(
    ones: Sequence[History],
    as_of: datetime,
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    incidents: Iterable[Incident] = (),
) -> Shown:
    """Budget, alerts and back-test of one objective under another target, window or policy."""
    if not ones:
        return Note("There is no objective to explore: none is defined.")
    from ipywidgets import Dropdown, IntSlider, SelectionSlider

    known = tuple(incidents)
    by_name = {one.slo.name: one for one in ones}
    first = ones[0].slo
    choices = sorted({*LADDER, *(one.slo.target for one in ones)})
    policies = _policies(policy)

    def view(objective: str, goal: Fraction, days: int, alerts: str) -> Shown:
        one, make = by_name[objective], policies[alerts]
        # the window in force keeps its calendar: only another length makes it roll
        kept = days == _days(one.slo)
        window = one.slo if kept else replace(one.slo, window=timedelta(days=days), calendar="")
        others = [replace(one, slo=replace(window, target=other)) for other in _around(goal, choices)]
        chosen = replace(one, slo=replace(window, target=goal))
        return Stack(
            _budgets(others, goal, as_of, known, make),
            _alerts(chosen.slo, make(chosen.slo)),
            alert_back_tests(_tests(chosen, known, make)),
        )

    controls = {
        "objective": Dropdown(options=list(by_name), value=first.name, description="Objective"),
        "goal": SelectionSlider(options=[(target(c), c) for c in choices], value=first.target, description="Target"),
        "days": IntSlider(value=_days(first), min=1, max=LONGEST, description="Window, d"),
        "alerts": Dropdown(options=list(policies), value="in force", description="Alerts"),
    }

    def chosen_objective(_: object) -> None:
        slo = by_name[controls["objective"].value].slo
        controls["goal"].value, controls["days"].value = slo.target, _days(slo)

    # before the view listens, so that it shows another objective as it is in force
    controls["objective"].observe(chosen_objective, names="value")
    return Explorer(controls, view)


def _days(slo: SLO) -> int:
    """The length of its window in days, as far as the slider goes."""
    return min(LONGEST, max(1, nominal(slo).days))


def _policies(policy: Sequence[BurnRateAlert]) -> Policies:
    pages = [alert for alert in policy if alert.severity == "page"]
    found: Policies = {
        "in force": lambda slo: burn_rate_policy(slo, policy, name="in force"),
        "in force, significant errors only": lambda slo: burn_rate_policy(slo, policy, gated=True),
        "pages only": lambda slo: burn_rate_policy(slo, pages),
        "Pyrra": pyrra_policy,
    }
    return found if tuple(policy) == WORKBOOK_POLICY else found | {"workbook": burn_rate_policy}


def _around(goal: Fraction, choices: Sequence[Fraction]) -> list[Fraction]:
    """Two looser targets, the chosen one, and a stricter one, as far as there are."""
    at = choices.index(goal)
    return list(choices[max(0, at - 2) : at + 2])


def _tests(one: History, known: Iterable[Incident], make: Callable[[SLO], AlertPolicy]) -> list[BackTest]:
    rules = make(one.slo)
    return [alert_back_test(one, severity, known, rules) for severity in rules.severities]


def _budgets(
    ones: Sequence[History],
    goal: Fraction,
    as_of: datetime,
    known: Sequence[Incident],
    make: Callable[[SLO], AlertPolicy],
) -> Table:
    rows: list[Sequence[Inline]] = []
    for one in ones:
        budget = error_budget(one, as_of)
        fired = {test.severity: number(test.per_month, 2) for test in _tests(one, known, make)}
        aim: Inline = Strong(target(one.slo.target)) if one.slo.target == goal else target(one.slo.target)
        remains = percent(budget.remaining_share, 1)
        often = (fired.get("page", MISSING), fired.get("ticket", MISSING))
        counts = (count(budget.allowed), count(budget.spent))
        rows.append((one.slo.name, aim, budget.window.kind, *counts, remains, policy_state(budget), *often))
    columns = ["Objective", "Target", "Window", "Allowed", "Spent", "Remains", "State", "Pages/30 d", "Tickets/30 d"]
    note = "The same history under neighbouring targets; bold: the one of the tables below. Here the first objective "
    note += "as it is in force; in a notebook the controls change objective, target, window and alerts."
    return Table(columns, rows, note=note)


def _alerts(slo: SLO, policy: AlertPolicy) -> Table:
    rows: list[Sequence[Inline]] = [
        (one.severity, str(one), _factor(slo, one), percent(one.threshold, 3), "never" if one.threshold >= 1 else "yes")
        for one in policy.rules
    ]
    return Table(["Severity", "Windows", "Factor", "Fires above", "Reachable"], rows, empty="It has no alerts.")


def _factor(slo: SLO, rule: AlertRule) -> str:
    return f"{float(rule.threshold / slo.budget_ratio):.4g} ×" if slo.budget_ratio else "any bad event"
