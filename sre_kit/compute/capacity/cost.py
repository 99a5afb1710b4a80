"""
Money: what it costs now, per unit of work, and month by month under each growth scenario, against the budget.

Lines that scale follow demand in proportion; a step that must be ordered is paid from the month of its order-by date.
Amounts are exact decimals in the project's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sre_kit.compute.capacity.exhaustion import AS_MEASURED, Outlook
from sre_kit.compute.capacity.plan import CapacityPlan, GrowthScenario
from sre_kit.compute.vocabulary import Requests

CENT = Decimal("0.01")
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CostStep:
    """Something that has to be bought: from `start` on, `monthly` more."""

    name: str
    start: date
    monthly: Decimal


@dataclass(frozen=True, slots=True)
class CostMonth:
    """One month: the cost of each scenario, their weighted mean, and the budget; missing where there is none."""

    start: date
    by_scenario: tuple[tuple[str, Decimal], ...]
    expected: Decimal
    steps: Decimal
    budget: Decimal | None
    budget_source: str = ""

    @property
    def over(self) -> Decimal | None:
        """What the expected cost is above the budget; negative: what is left."""
        return None if self.budget is None else self.expected - self.budget


@dataclass(frozen=True, slots=True)
class CostPlan:
    """Cost now and over the coming months."""

    monthly: Decimal
    fixed: Decimal
    scaling: Decimal
    months: tuple[CostMonth, ...]
    steps: tuple[CostStep, ...]

    @property
    def exceeded(self) -> date | None:
        """First month whose expected cost lies above its budget; missing where none does."""
        return next((month.start for month in self.months if month.over is not None and month.over > 0), None)

    def per_unit(self, units: float | None) -> float | None:
        """Cost of one of `units` units of work a month; missing where the work is not known."""
        return float(self.monthly) / units if units else None


def month_of(demand: Requests) -> float:
    """Requests in the 30 days before the end of the last step that was counted; steps without data add nothing."""
    totals = demand.frame["total"]
    return float(totals[totals.index >= totals.index[-1] + demand.step - MONTH].sum()) if len(totals) else 0.0


def cost_steps(outlooks: Sequence[Outlook]) -> list[CostStep]:
    """What must be ordered: from its order-by date on, or now where its trigger asks; where its cost is known."""
    steps = []
    for one in outlooks:
        start = one.exhaustion.order_by if one.exhaustion is not None else None
        start = one.reading.end.date() if start is None and one.due else start
        if start is not None and one.resource.order_cost is not None:
            steps.append(CostStep(one.resource.next_step or one.resource.name, start, one.resource.order_cost))
    return steps


def cost_plan(plan: CapacityPlan, as_of: date, steps: Sequence[CostStep] = (), *, months: int = 14) -> CostPlan:
    """
    Cost month by month from the month of `as_of`, which is month 0 of the growth.

    Notes
    -----
    fixed + scaling x (1 + growth) ^ months + steps that have begun; the expected cost weighs the scenarios.
    """
    fixed = sum((line.monthly for line in plan.costs if not line.scales), Decimal(0))
    scaling = sum((line.monthly for line in plan.costs if line.scales), Decimal(0))
    scenarios = plan.scenarios or [AS_MEASURED]
    rows = []
    for ahead in range(months):
        start = _month(as_of, ahead)
        begun = sum((step.monthly for step in steps if _month(max(step.start, as_of), 0) <= start), Decimal(0))
        by_scenario = tuple(
            (one.name, (fixed + begun + _grown(scaling, one, ahead)).quantize(CENT)) for one in scenarios
        )
        weights = [Decimal(str(one.weight)) for one in scenarios]
        expected = sum((w * cost for w, (_, cost) in zip(weights, by_scenario, strict=True)), Decimal(0)) / sum(weights)
        budget, source = _budget(plan, start)
        rows.append(CostMonth(start, by_scenario, expected.quantize(CENT), begun, budget, source))
    return CostPlan(fixed + scaling, fixed, scaling, tuple(rows), tuple(steps))


def _grown(scaling: Decimal, scenario: GrowthScenario, months: int) -> Decimal:
    return scaling * (1 + Decimal(str(scenario.monthly))) ** months


def _month(day: date, ahead: int) -> date:
    years, month = divmod(day.month - 1 + ahead, 12)
    return date(day.year + years, month + 1, 1)


def _budget(plan: CapacityPlan, month: date) -> tuple[Decimal | None, str]:
    begun = [one for one in plan.budgets if one.start <= month]
    if begun:
        latest = max(begun, key=lambda one: one.start)
        return latest.monthly, latest.source
    return plan.budget_monthly, plan.budget_source
