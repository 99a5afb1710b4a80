"""What documents say fills only what nobody decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from sre_kit.compute.capacity.plan import CapacityPlan, CostLine, GrowthScenario
from sre_kit.compute.capacity.planfacts import completed, other_currencies
from sre_kit.compute.vocabulary import Fact, Kind, Role


def fact(
    kind: Kind, value: str, name: str, document: str = "docs/A.md", role: Role = Role.STATED, **details: str
) -> Fact:
    number = Decimal(value) if value.replace(".", "").isdigit() else value
    return Fact(kind, number, "EUR", document, 3, "", name=name, role=role, details=details)


def test_growth_of_the_documents_is_weighed_equally_and_brought_to_a_month() -> None:
    facts = [
        fact(Kind.GROWTH_RATE, "0.03", "base", period="month"),
        fact(Kind.GROWTH_RATE, "0.5", "high", period="year"),
        fact(Kind.GROWTH_RATE, "9", "vendor", role=Role.VENDOR, period="month"),
    ]
    base, high = completed(CapacityPlan(), facts, "EUR").scenarios
    assert (base.monthly, base.weight, base.source) == (0.03, 0.5, "A:3")
    assert (1 + high.monthly) ** 12 == pytest.approx(1.5)


def test_a_decision_stands_above_what_documents_say() -> None:
    plan = CapacityPlan(
        scenarios=[GrowthScenario("ours", 0.01, 1)], costs=[CostLine("db", Decimal(5))], budget_monthly=Decimal(7)
    )
    facts = [
        fact(Kind.GROWTH_RATE, "0.03", "base", period="month"),
        fact(Kind.COST, "100", "nodes", period="month"),
        fact(Kind.BUDGET, "900", "budget", period="month"),
    ]
    done = completed(plan, facts, "EUR")
    assert (done.scenarios, done.costs, done.budget_monthly) == (plan.scenarios, plan.costs, 7)


def test_only_one_documents_bill_is_added_up_and_its_total_is_not_a_line() -> None:
    facts = [
        fact(Kind.COST, "100", "nodes", period="month"),
        fact(Kind.COST, "50", "database", period="month"),
        fact(Kind.COST, "150", "Total", period="month"),
        fact(Kind.COST, "900", "an alternative", document="docs/Feasibility.md", period="month"),
        fact(Kind.COST, "1000", "set-up", period="once"),
    ]
    assert {line.name: line.monthly for line in completed(CapacityPlan(), facts, "EUR").costs} == {
        "nodes": 100,
        "database": 50,
    }


def test_a_scaling_rule_with_a_metric_is_preferred_and_belongs_to_no_namespace() -> None:
    facts = [
        fact(Kind.SCALING_RULE, "Min: 3, Max: 10", "web", min="3", max="10"),
        fact(Kind.SCALING_RULE, "CPU > 65%", "web", min="3", max="10", metric="cpu", threshold="> 65%"),
        fact(Kind.SCALING_RULE, "fixed", "worker", min="2", max="2"),
        fact(Kind.SCALING_RULE, "when busy", "other"),
    ]
    web, worker = completed(CapacityPlan(), facts, "EUR").scaling
    assert (web.metric, web.threshold, web.minimum, web.maximum, web.namespace) == ("cpu", Fraction(13, 20), 3, 10, "")
    assert worker.direction == "none"


def test_documents_that_say_nothing_leave_the_plan_as_it_is() -> None:
    assert completed(CapacityPlan(), [], "EUR") == CapacityPlan()


def test_an_amount_in_another_currency_is_no_amount_of_ours() -> None:
    euros = replace(fact(Kind.COST, "1240", "hosting", period="month"), unit="EUR")
    dollars = replace(fact(Kind.BUDGET, "1800", "infrastructure", period="month"), unit="USD")
    done = completed(CapacityPlan(), [euros, dollars], "EUR")
    assert [line.monthly for line in done.costs] == [1240]
    assert done.budget_monthly is None
    assert other_currencies([euros, dollars], "EUR") == [dollars]


@pytest.mark.parametrize("written", ["$9,500 in 2026, $11,000 in 2027", "9500 (2026) and 11.000 for the year 2027"])
def test_a_budget_that_names_its_year_holds_from_its_first_day_on(written: str) -> None:
    facts = [
        replace(fact(Kind.BUDGET, amount, "hosting", period="month"), quote=written) for amount in ("9500", "11000")
    ]
    done = completed(CapacityPlan(), facts, "EUR")
    assert [(one.start, one.monthly) for one in done.budgets] == [
        (date(2026, 1, 1), Decimal(9500)),
        (date(2027, 1, 1), Decimal(11000)),
    ]
    assert done.budget_monthly is None
    undated = completed(CapacityPlan(), [fact(Kind.BUDGET, "900", "hosting", period="month")], "EUR")
    assert (undated.budget_monthly, undated.budgets) == (900, [])
