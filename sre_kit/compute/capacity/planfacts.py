"""
What the documents say about growth, money and scaling, where nobody has decided it in params.

A decision stands above a statement: only what the plan leaves empty is filled, each entry with its line. Growth rates
of the documents weigh the same, because no document says how likely they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.capacity.plan import BudgetStep, CapacityPlan, CostLine, GrowthScenario, Scaling
from sre_kit.compute.vocabulary import Fact, Kind, Role
from sre_kit.errors import ParameterError
from sre_kit.units import ratio

_PERIODS: Final = {"month": 1, "quarter": 3, "year": 12}
_MONEY: Final = (Kind.COST, Kind.BUDGET)
_SUMS: Final = ("total", "sum", "subtotal", "grand total")
_METRICS: Final = ("cpu", "memory")


def completed(plan: CapacityPlan, facts: Sequence[Fact], currency: str) -> CapacityPlan:
    """
    The plan with scenarios, costs, budget and scaling from the documents where it has none of its own.

    Amounts in another currency than the project's are left out, because they cannot be added to it.
    """
    stated = of_kind(facts, *_MONEY, Kind.GROWTH_RATE, Kind.SCALING_RULE)
    facts = [fact for fact in stated if fact.kind not in _MONEY or fact.unit in ("", currency)]
    budget = next(_of(facts, Kind.BUDGET, "month"), None) if not plan.budgets else None
    by_year = _budgets(facts) if plan.budget_monthly is None and not plan.budgets else []
    if by_year:
        budget = None
    return replace(
        plan,
        budgets=plan.budgets or by_year,
        scenarios=plan.scenarios or _scenarios(facts),
        costs=plan.costs or _costs(facts),
        scaling=plan.scaling or _scaling(facts),
        budget_monthly=plan.budget_monthly if plan.budget_monthly is not None or budget is None else budget.number,
        budget_source=plan.budget_source or (_line(budget) if budget is not None else ""),
    )


def other_currencies(facts: Sequence[Fact], currency: str) -> list[Fact]:
    """Monthly costs and budgets that the documents state in another currency than the project's."""
    return [fact for kind in _MONEY for fact in _of(facts, kind, "month") if fact.unit not in ("", currency)]


def _of(facts: Sequence[Fact], kind: Kind, *periods: str) -> Iterator[Fact]:
    for fact in of_kind(facts, kind):
        known = fact.number is not None and fact.role not in (Role.EXAMPLE, Role.VENDOR)
        if known and (not periods or fact.details.get("period") in periods):
            yield fact


def _scenarios(facts: Sequence[Fact]) -> list[GrowthScenario]:
    rows: dict[str, GrowthScenario] = {}
    for fact in _of(facts, Kind.GROWTH_RATE, *_PERIODS):
        months, rate = _PERIODS[fact.details["period"]], float(fact.number or 0)
        monthly = rate if months == 1 else (1 + rate) ** (1 / months) - 1
        rows.setdefault(
            fact.name or f"stated in line {fact.line}", GrowthScenario(fact.name, monthly, 1.0, _line(fact))
        )
    return [replace(one, name=name, weight=1 / len(rows)) for name, one in rows.items()]


def _costs(facts: Sequence[Fact]) -> list[CostLine]:
    # one document's bill: another's figures may be alternatives that were weighed, and must not be added
    by_document: dict[str, dict[str, CostLine]] = {}
    for fact in _of(facts, Kind.COST, "month"):
        if fact.name and fact.name.strip("* ").lower() not in _SUMS:
            bill = by_document.setdefault(fact.document, {})
            bill.setdefault(fact.name, CostLine(fact.name, fact.number or Decimal(0), source=_line(fact)))
    return list(max(by_document.values(), key=lambda bill: len(bill), default={}).values())


def _scaling(facts: Sequence[Fact]) -> list[Scaling]:
    rows: dict[str, Scaling] = {}
    for fact in of_kind(facts, Kind.SCALING_RULE):
        least, most = fact.details.get("min", ""), fact.details.get("max", "")
        if not fact.name or not (least.isdigit() and most.isdigit()):
            continue
        metric = fact.details.get("metric", "")
        one = Scaling(
            component=fact.name,
            direction="horizontal" if least != most else "none",
            metric=metric if metric in _METRICS else "",
            threshold=_threshold(fact.details.get("threshold", "")),
            minimum=max(1, int(least)),
            maximum=max(1, int(least), int(most)),
            source=_line(fact),
            namespace="",
        )
        if fact.name not in rows or (one.metric and not rows[fact.name].metric):
            rows[fact.name] = one
    return list(rows.values())


def _budgets(facts: Sequence[Fact]) -> list[BudgetStep]:
    """Budgets that name their year ("$9,500 in 2026, $11,000 in 2027"), each from its first day on."""
    found: dict[date, BudgetStep] = {}
    for fact in _of(facts, Kind.BUDGET, "month"):
        amount = rf"(?<![\d.,]){int(fact.number or 0)}" if fact.number else ""
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", "[,.' ]?", amount)
        if amount and (year := re.search(rf"{digits}(?!\d)\D{{0,30}}?\b(20\d\d)\b", fact.quote)):
            start = date(int(year[1]), 1, 1)
            found.setdefault(start, BudgetStep(start, fact.number or Decimal(0), _line(fact)))
    return [found[start] for start in sorted(found)]


def _threshold(written: str) -> Fraction | None:
    try:
        return ratio(written.lstrip("<>= "))
    except ParameterError:
        return None


def _line(fact: Fact) -> str:
    return f"{fact.document.rsplit('/', 1)[-1].removesuffix('.md')}:{fact.line}"
