"""What other targets, windows and alert policies would have meant; the published view is the setting in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.budget import burn_down, policy_state
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import AlertPolicy, AlertRule, burn_rate_policy, pyrra_policy
from sre_kit.compute.slo.targets import LADDER
from sre_kit.compute.slo.what_if import BudgetOption, Injection, budget_option
from sre_kit.compute.slo.windows import nominal, slo_window
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept, length, written
from sre_kit.show.shown import Note, Shown
from sre_kit.show.slo.alerting import alert_back_tests
from sre_kit.show.slo.budget_charts import plot_burn_downs
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View, worded
from sre_kit.units import MISSING, count, number, percent, span, target, utc

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST: Final = 90
"""Days that the window's slider reaches: what the history holds."""
LASTING: Final = tuple(timedelta(minutes=m) for m in (0, 1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720))
BEFORE: Final = timedelta(days=1)
"""The injected incident begins so long before the report, or with the window where that is later."""


@dataclass(frozen=True)
class Policy:
    """Alerts to choose: what they make of an objective, and their burn-rate pairs where a params file can say them."""

    make: Callable[[SLO], AlertPolicy]
    pairs: Sequence[BurnRateAlert] = ()
    unkept: str = ""


def policies(policy: Sequence[BurnRateAlert]) -> dict[str, Policy]:
    """The alerts that an explorer offers, those in force first."""
    pages = [alert for alert in policy if alert.severity == "page"]
    gated = "alerts on significant errors only: the generated rules have no such test"
    found = {
        "in force": Policy(lambda slo: burn_rate_policy(slo, policy, name="in force"), policy),
        "in force, significant errors only": Policy(lambda slo: burn_rate_policy(slo, policy, gated=True), (), gated),
        "pages only": Policy(lambda slo: burn_rate_policy(slo, pages), pages),
        "Pyrra": Policy(pyrra_policy, (), "Pyrra's windows and holds: params: alerting takes pairs without a hold"),
    }
    if tuple(policy) != WORKBOOK_POLICY:
        found["workbook"] = Policy(burn_rate_policy, WORKBOOK_POLICY)
    return {name: one for name, one in found.items() if one.pairs or one.unkept}


def budget_explorer(
    ones: Sequence[History],
    as_of: datetime,
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    incidents: Iterable[Incident] = (),
) -> Shown:
    """Budget, alerts and back-test of one objective under another target, window or policy, or with an incident."""
    if not ones:
        return Note("There is no objective to explore: none is defined.")
    known = tuple(incidents)
    by_name = {one.slo.name: one for one in ones}
    first = ones[0].slo
    choices = sorted({*LADDER, *(one.slo.target for one in ones)})
    alerts_of = policies(policy)

    def view(objective: str, goal: Fraction, days: int, alerts: str, lasting: timedelta, failing: int) -> View:
        one, make = by_name[objective], alerts_of[alerts].make
        slo = _changed(one.slo, goal, days)
        injection = _injection(slo, as_of, lasting, failing)
        options = []
        for other in _around(goal, choices):
            beside = one.held_against(replace(slo, target=other))
            options.append(budget_option(beside, as_of, make(beside.slo), known, injection))
        chosen = next(option for option in options if option.history.slo.target == goal)
        tables = (_budgets(options, goal), _alerts(slo, make(slo)), alert_back_tests(chosen.tests))
        return View(_conclusion(chosen, injection), tables, draw=lambda axes: _draw(axes, chosen, injection))

    def keep(objective: str, goal: Fraction, days: int, alerts: str, lasting: timedelta, failing: int) -> Kept:
        slo = by_name[objective].slo
        return _kept(slo, _changed(slo, goal, days), alerts_of[alerts], alerts != "in force", bool(lasting and failing))

    controls: dict[str, Control] = {
        "objective": Choice("Objective", {name: name for name in by_name}, first.name),
        "goal": Choice("Target", worded(choices, target), first.target, ordered=True),
        "days": Amount("Window, days", _days(first), 1, LONGEST),
        "alerts": Choice("Alerts", {name: name for name in alerts_of}, "in force"),
        "lasting": Choice("Inject incident of", worded(LASTING, _lasting), LASTING[0], ordered=True),
        "failing": Amount("Failing meanwhile, %", 100, 1, 100),
    }
    leads = {"objective": lambda name: {"goal": by_name[name].slo.target, "days": _days(by_name[name].slo)}}
    return Explorer(
        name="Error budget and alert policy", controls=controls, view=view, keep=keep, leads=leads
    )  # fmt: skip


def _lasting(one: timedelta) -> str:
    return span(one) if one else "none"


def _days(slo: SLO) -> int:
    """The length of its window in days, as far as the slider goes."""
    return min(LONGEST, max(1, nominal(slo).days))


def _changed(slo: SLO, goal: Fraction, days: int) -> SLO:
    """The objective with another target and window; the window in force keeps its calendar, another length rolls."""
    kept = days == _days(slo)
    return replace(slo, target=goal) if kept else replace(slo, target=goal, window=timedelta(days=days), calendar="")


def _injection(slo: SLO, as_of: datetime, lasting: timedelta, failing: int) -> Injection | None:
    if not lasting:
        return None
    return Injection(max(slo_window(slo, as_of).start, as_of - BEFORE), lasting, Fraction(failing, 100))


def _kept(slo: SLO, changed: SLO, alerts: Policy, other: bool, injected: bool) -> Kept:
    derived = ("total", "good") if slo.histogram else ()
    lines: dict[str, Any] = {"slos": [written(changed, leave=derived, always=("window",))]}
    if other and alerts.pairs:
        lines["alerting"] = [written(pair) for pair in alerts.pairs]
    was = {"target": target(slo.target)} if changed.target != slo.target else {}
    if changed.window != slo.window or changed.calendar != slo.calendar:
        was["window"] = f"calendar {slo.calendar}" if slo.calendar else length(slo.window)
    unkept = [alerts.unkept] if alerts.unkept else []
    return Kept(lines, [*unkept, *(["the injected incident, which is an experiment"] if injected else [])], was)


def _around(goal: Fraction, choices: Sequence[Fraction]) -> list[Fraction]:
    """Two looser targets, the chosen one, and a stricter one, as far as there are."""
    at = choices.index(goal)
    return list(choices[max(0, at - 2) : at + 2])


def _budgets(options: Sequence[BudgetOption], goal: Fraction) -> Table:
    rows: list[Sequence[Inline]] = []
    for one in options:
        budget = one.budget
        aim: Inline = Strong(target(budget.slo.target)) if budget.slo.target == goal else target(budget.slo.target)
        remains = percent(budget.remaining_share, 1)
        often = [number(one.per_month(severity), 2) for severity in ("page", "ticket")]
        counts = (count(budget.allowed), count(budget.spent))
        rows.append((budget.slo.name, aim, budget.window.kind, *counts, remains, policy_state(budget), *often))
    columns = ["Objective", "Target", "Window", "Allowed", "Spent", "Remains", "State", "Pages/30 d", "Tickets/30 d"]
    note = "The same history under neighbouring targets; bold: the one of the tables below. In the document the first "
    note += "objective as it is in force; in a notebook the controls change objective, target, window and alerts, and "
    note += "inject an incident."
    return Table(columns, rows, note=note)


def _alerts(slo: SLO, policy: AlertPolicy) -> Table:
    rows: list[Sequence[Inline]] = [
        (one.severity, str(one), _factor(slo, one), percent(one.threshold, 3), "never" if one.threshold >= 1 else "yes")
        for one in policy.rules
    ]
    return Table(["Severity", "Windows", "Factor", "Fires above", "Reachable"], rows, empty="It has no alerts.")


def _factor(slo: SLO, rule: AlertRule) -> str:
    return f"{float(rule.threshold / slo.budget_ratio):.4g} ×" if slo.budget_ratio else "any bad event"


def _conclusion(one: BudgetOption, injection: Injection | None) -> str:
    """What the setting means, in a sentence or two."""
    budget = one.budget
    words = f"{budget.slo.name} at {target(budget.slo.target)} ({budget.window.kind}): "
    if budget.availability is None:
        words += "nothing was measured in the window, so there is no budget to speak of"
    elif budget.remaining_share is None:
        words += f"no bad event is allowed, {count(budget.spent)} were seen"
    elif budget.remaining < 0:
        words += f"missed, {percent(budget.spent_share, 1)} of the budget is spent"
    else:
        words += f"{percent(budget.remaining_share, 1)} of the budget remains"
    fired = [f"{test.severity} {number(test.per_month, 2)}" for test in one.tests if test.episodes]
    words += f"; firings per 30 days of history: {', '.join(fired)}." if fired else "; no alert would have fired."
    return words if injection is None else f"{words} {_injected(one, injection)}"


def _injected(one: BudgetOption, injection: Injection) -> str:
    seen = one.injected("page") or one.injected("ticket")
    told = [(severity, found) for severity in ("page", "ticket") if (found := one.injected(severity)) and found.seen]
    what = f"The injected incident ({percent(injection.share, 0)} failing for {span(injection.lasting)} "
    what += f"from {utc(injection.began)})"
    if not told:
        spent = percent(seen.spent, 1) if seen else MISSING
        return f"{what} would spend {spent} of a window's budget before it ends, and no alert would tell."
    after = " and ".join(f"a {severity} after {span(found.detection)}" for severity, found in told)
    return f"{what} would bring {after}, with {percent(told[0][1].spent, 1)} of a window's budget gone by then."


def _draw(axes: Axes, one: BudgetOption, injection: Injection | None) -> None:
    """What remains through the window, with the pages and tickets that would have come."""
    budget = one.budget
    left = burn_down(one.history, budget)
    if left.empty or not budget.allowed:
        axes.text(0.5, 0.5, "no budget to draw", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    plot_burn_downs([left], ax=axes)
    mark_firings(axes, one, budget.window.start, budget.window.measured_to)
    if injection is not None:
        axes.axvline(naive(injection.began), color=COLOURS["purple"], linewidth=1.2, label="injected incident")
    axes.legend(**ABOVE)


def mark_firings(axes: Axes, one: BudgetOption, start: datetime, end: datetime) -> None:
    """Bands where a page or a ticket would have fired, in [start, end)."""
    for severity, colour in (("ticket", "yellow"), ("page", "red")):
        runs = [run for test in one.tests if test.severity == severity for run in test.episodes]
        inside = [(max(run.start, start), min(run.end, end)) for run in runs if run.end > start and run.start < end]
        for number_, (begin, until) in enumerate(inside):
            label = f"{severity} fires" if not number_ else "_"
            axes.axvspan(naive(begin), naive(until), color=COLOURS[colour], alpha=0.4, linewidth=0.8, label=label)


def naive(at: datetime) -> Any:
    """A time as the axes have it: UTC, without its zone."""
    return pd.Timestamp(at).tz_convert("UTC").tz_localize(None)
