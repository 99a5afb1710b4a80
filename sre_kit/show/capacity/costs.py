"""
Money and steps for readers: what it costs, what could be saved, what comes when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.capacity.cost import CostPlan, month_of
from sre_kit.compute.capacity.exhaustion import Outlook
from sre_kit.compute.capacity.plan import CapacityPlan
from sre_kit.compute.capacity.planfacts import other_currencies
from sre_kit.compute.capacity.sizing import PoolCheck
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind, Reading, Requests
from sre_kit.show.document import fact_link
from sre_kit.show.shown import Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, money, number, percent, span

COST_GAP: Final = Gap("what the service costs a month", "DevOps Engineer", "InfrastructureSpec.md")
SCALES_GAP: Final = Gap(
    "which lines of the bill follow demand",
    "DevOps Engineer",
    "params: capacity.costs (scales)",
    "none is said to, and growth does not cost nothing",
)
BUDGET_GAP: Final = Gap("the infrastructure budget", "Project Manager", "BusinessModel.md")


def current_costs(
    cost: CostPlan,
    plan: CapacityPlan,
    demand: Requests | None,
    users: Reading,
    currency: str,
    facts: Sequence[Fact] = (),
) -> Shown:
    """Each line of the bill, what scales with demand, and the cost of a unit of work."""
    budgeted = bool(plan.budgets) or plan.budget_monthly is not None
    rows: list[Sequence[Inline]] = [
        (one.name, money(one.monthly, currency), "with demand" if one.scales else "fixed", one.source or MISSING)
        for one in sorted(plan.costs, key=lambda line: -line.monthly)
    ]
    if rows:
        rows.append((Strong("Total"), Strong(money(cost.monthly, currency)), f"{percent(_share(cost), 0)} scales", ""))
    lines = Table(
        ("Line", "A month", "Scales", "Source"),
        rows,
        records=[Record("cost.monthly", cost.monthly, currency, "params: capacity.costs")] if rows else [],
        gaps=([] if rows else [COST_GAP]) + (_foreign(facts, currency) if not (rows and budgeted) else []),
    )
    return Stack(lines, _per_unit(cost, plan, demand, users, currency)) if rows else lines


def _foreign(facts: Sequence[Fact], currency: str) -> list[Gap]:
    """What is stated in another currency, and therefore added to nothing."""
    found: dict[str, list[str]] = {}
    for fact in other_currencies(facts, currency):
        found.setdefault(fact.unit, []).append(f"{fact.document.rsplit('/', 1)[-1].removesuffix('.md')}:{fact.line}")
    return [
        Gap(
            f"the costs and budgets that are stated in {unit}, in {currency}",
            "Project Manager",
            "params: project.currency or capacity.costs",
            f"not converted: {', '.join(dict.fromkeys(lines))}",
        )
        for unit, lines in found.items()
    ]


def _share(cost: CostPlan) -> float | None:
    return float(cost.scaling / cost.monthly) if cost.monthly else None


def _per_unit(cost: CostPlan, plan: CapacityPlan, demand: Requests | None, users: Reading, currency: str) -> Table:
    rows: list[Sequence[Inline]] = []
    gaps = []
    if demand is not None and not demand.gap:
        requests = month_of(demand)
        million = cost.per_unit(requests / 1e6)
        rows.append((f"1 million {plan.counted}", f"{number(round(requests))} in 30 days", money(million, currency)))
    else:
        gaps.append(Gap("requests a month", "DevOps Engineer", "params: capacity.demand"))
    daily = users.values.dropna()
    if len(daily):
        mean = float(daily.mean())
        rows.append(
            ("a daily user, a month", f"{number(round(mean))} users a day", money(cost.per_unit(mean), currency))
        )
    else:
        gaps.append(Gap("users a day", "Product Analyst", "params: capacity.users", users.gap))
    return Table(("Unit of work", "Counted", "Cost"), rows, gaps=gaps, source=demand.total_query if demand else "")


def unit_costs(cost: CostPlan, plan: CapacityPlan, demand: Requests | None, currency: str, ahead: int = 12) -> Table:
    """What a million requests costs under each scenario, `ahead` months from now, beside today."""
    if demand is None or demand.gap or len(cost.months) <= ahead or not cost.monthly:
        gap = COST_GAP if not cost.monthly else Gap("requests a month", "DevOps Engineer", "params: capacity.demand")
        return Table(("Scenario",), [], gaps=[gap])
    requests = month_of(demand)
    growth = {one.name: one.monthly for one in plan.scenarios}
    then = cost.months[ahead]
    rows: list[Sequence[Inline]] = [
        (
            "today",
            number(round(requests)),
            money(cost.monthly, currency),
            money(cost.per_unit(requests / 1e6), currency),
        )
    ]
    unsaid = not cost.scaling and any(growth.values())
    for name, monthly in then.by_scenario if not unsaid else ():
        grown = requests * float((1 + growth.get(name, 0.0)) ** ahead)
        each = float(monthly) / (grown / 1e6) if grown else None
        rows.append(
            (f"{name}, {then.start:%Y-%m}", number(round(grown)), money(monthly, currency), money(each, currency))
        )
    return Table(
        (
            "Scenario",
            f"{plan.counted[:1].upper()}{plan.counted[1:]} a month",
            "Cost a month",
            f"Cost of 1 million {plan.counted}",
        ),
        rows,
        note="Fixed lines and new steps are shared by more of them, so that a unit costs less the more there are."
        if len(rows) > 1
        else "",
        gaps=[SCALES_GAP] if unsaid else (),
    )


def savings(plan: CapacityPlan, currency: str) -> Table:
    """What could be spent less, largest first."""
    rows: list[Sequence[Inline]] = [
        (one.name, money(one.monthly, currency), one.evidence, one.risk, one.effort)
        for one in sorted(plan.savings, key=lambda saving: -saving.monthly)
    ]
    gaps = [Gap("prices of reserved against on-demand instances", "DevOps Engineer", "the provider's price list")]
    if not rows:
        gaps.insert(0, Gap("savings considered", "DevOps Engineer", "params: capacity.savings"))
    return Table(("Saving", "A month", "Evidence", "Risk", "Effort"), rows, gaps=gaps)


def budget_months(cost: CostPlan, currency: str, facts: Sequence[Fact]) -> Table:
    """Cost of each scenario and the budget, month by month, with the first month above it."""
    stated = of_kind(facts, Kind.BUDGET)
    if not cost.months or not cost.monthly:
        return Table(("Month",), [], gaps=[COST_GAP])
    names = [name for name, _ in cost.months[0].by_scenario]
    rows: list[Sequence[Inline]] = []
    for one in cost.months:
        rows.append(
            (
                f"{one.start:%Y-%m}",
                *(money(amount, currency) for _, amount in one.by_scenario),
                money(one.expected, currency),
                money(one.steps, currency) if one.steps else MISSING,
                money(one.budget, currency),
                _against(one.over, currency),
            )
        )  # fmt: skip
    begun = cost.exceeded
    findings = []
    if begun is not None:
        month = next(one for one in cost.months if one.start == begun)
        text = f"the infrastructure budget is exceeded in {begun:%Y-%m}: {money(month.expected, currency)} expected"
        findings.append(Finding(7, float((month.over or 0) / (month.budget or 1)), text))
    note = f"First month above the budget: {begun:%Y-%m}." if begun else "No month lies above the budget."
    if not cost.scaling and len(names) > 1:
        note += " No line of the bill is said to follow demand, so growth is not in it."
    return Table(
        ("Month", *(f"{name}" for name in names), "Expected", "of it new steps", "Budget", "Against the budget"),
        rows,
        source=Lines(list(dict.fromkeys(fact_link(fact) for fact in stated))) if stated else "params: capacity.budgets",
        note=note if any(one.budget is not None for one in cost.months) else "",
        records=[Record("cost.budget_exceeded", f"{begun:%Y-%m}" if begun else None, "month")],
        findings=findings,
        gaps=[] if any(one.budget is not None for one in cost.months) else [BUDGET_GAP],
    )


def _against(over: Decimal | None, currency: str) -> Inline:
    if over is None:
        return MISSING
    return Strong(f"{money(over, currency)} over") if over > 0 else f"{money(-over, currency)} left"


def roadmap(outlooks: Sequence[Outlook], checks: Sequence[PoolCheck], as_of: datetime, currency: str) -> Table:
    """Dated steps from the order-by dates, with owner, what they depend on and the decision they need."""
    steps: list[tuple[date, Sequence[Inline]]] = []
    for one in outlooks:
        steps += _step(one, as_of.date(), currency)
    for check in checks:
        if check.holds is False:
            most = check.fitting_maximum
            text = f"keep the largest client of {check.database} at {most} replicas, or pool connections before it"
            why = f"{check.most} connections at the maximum, {check.limit} accepted"
            steps.append(
                (as_of.date(), (f"{as_of:%Y-%m-%d}", text, "DevOps Engineer", why, "nothing", "which of the two"))
            )
    rows = [row for _, row in sorted(steps, key=lambda step: step[0])]
    known = any(one.exhaustion is not None for one in outlooks)
    gaps = [
        Gap(
            f"the next step for {one.resource.name}",
            one.resource.owner or "DevOps Engineer",
            "params: capacity.resources",
        )
        for one in outlooks
        if (one.due or (one.exhaustion is not None and one.exhaustion.p10 is not None)) and not one.resource.next_step
    ]
    return Table(
        ("Begin by", "Step", "Owner", "Because", "Depends on", "Decision needed"),
        rows,
        empty="No limit is reached within the horizon, so no step is dated." if known else "",
        gaps=gaps
        if known or rows
        else [Gap("when a limit is reached", "DevOps Engineer", "params: capacity.resources")],
    )


def _step(one: Outlook, today: date, currency: str) -> list[tuple[date, Sequence[Inline]]]:
    """A resource's step: dated by its forecast, or due now because its trigger says so; none where neither does."""
    found, resource = one.exhaustion, one.resource
    if found is not None and found.order_by is not None and found.p10 is not None:
        day, passed = max(found.order_by, today), found.passed
        why = f"P10 {found.p10} d, lead time {span(resource.lead_time)}"
    elif one.due:
        day, passed = today, False
        why = f"its trigger of {percent(resource.trigger, 0)} was passed on {one.past_trigger} of the last 7 days"
    else:
        return []
    row: Sequence[Inline] = (
        f"{day}" + (" (date passed)" if passed else ""),
        resource.next_step or Strong(f"not decided: what follows when {resource.name} is full"),
        resource.owner or Strong("not known"),
        f"{resource.name}: {why}",
        resource.depends_on or "nothing named",
        _decision(resource.order_cost, resource.next_step, currency),
    )
    return [(day, row)]


def _decision(cost: Decimal | None, step: str, currency: str) -> str:
    if not step:
        return "which step"
    return f"spend {money(cost, currency)} a month" if cost else "whether to take it"
