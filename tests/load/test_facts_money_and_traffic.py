"""What the system costs and how many use it: tables by year, bullets, other languages, blocks of numbers; each trap."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def values(text: str, kind: Kind, document: str = "Plan.md") -> list[Decimal | str]:
    return [fact.value for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_a_table_by_year_under_expenses_gives_costs_and_one_under_revenue_none():
    table = "| Category | Y1 | Y2 |\n|---|---|---|\n| Infrastructure | $50k | $100k |\n| Sales | $10k | $20k |\n"
    assert values(f"## Operating Expenses\n\n{table}", Kind.COST) == [50_000, 100_000, 10_000, 20_000]
    assert values(f"## Revenue projection\n\n{table}", Kind.COST) == []


def test_a_business_plan_is_no_plan_that_customers_buy():
    assert values("## Financial plan\n\n- Hosting costs: $50/month\n", Kind.COST) == [50]
    assert values("## Subscription plans\n\n- Pro: $50/month\n", Kind.COST) == []
    assert values("## Business plan\n\n- 500 paying customers\n", Kind.USERS) == [500]


def test_a_performance_test_plan_is_no_plan_that_customers_buy_either():
    asked = "- Throughput: at least 400 requests per second\n"
    assert values(f"# Performance Test Plan\n\n{asked}", Kind.THROUGHPUT) == [400]
    assert values(f"# Plans and pricing\n\n{asked}", Kind.THROUGHPUT) == []


def test_the_costs_in_a_table_of_revenue_and_costs_are_read_and_the_revenue_is_not():
    text = "## Revenue and costs\n\n| Year | Revenue | Costs |\n|---|---|---|\n| 1 | $500 | $300 |\n"
    assert values(text, Kind.COST) == [300]


def test_the_row_of_costs_is_read_in_every_column():
    text = (
        "## S3\n\n| Item | 1,000 users | 10,000 users |\n|---|---|---|\n| Estimated cost | ~$30/month | ~$300/month |\n"
    )
    assert values(text, Kind.COST) == [30, 300]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("- **Custo**: ~R$ 500/mês\n", 500),
        ("## Структура расходов\n\n- **Инфраструктура**: $30K (7.5%)\n", 30_000),
        ("## Biaya\n\n- Server: $20\n", 20),
    ],
)
def test_costs_are_read_in_more_languages(text: str, value: int):
    assert values(text, Kind.COST) == [value]


def test_a_margin_and_the_price_of_one_of_several_are_no_costs():
    assert values("## Custos\n\n**Margem**: R$ 500 por cliente\n", Kind.COST) == []
    assert values("## Monthly costs\n\n- License: $198-398/month (2 profiles × $99-199)\n", Kind.COST) == [398]


def test_an_amount_alone_under_a_budget_is_the_budget():
    assert values("Monthly infrastructure budget\n\n**₹4,000–₹8,000 per month**\n", Kind.BUDGET) == [8000]
    text = "## Go-to-Market Budget\n\n- Team salaries: $800,000\n\n### Total Year 1 Budget: $1,220,000\n"
    assert values(text, Kind.BUDGET) == [800_000, 1_220_000]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("| Metric | Load |\n|---|---|\n| Monthly Website Visitors | 500–1000 |\n", 1000),
        ("| Metric | Phase 1 |\n|---|---|\n| Users supported | 100-1K |\n", 1000),
        ("| Metric | Target |\n|---|---|\n| Concurrent Connections | 10,000+ |\n", 10_000),
        ("- 100 paid customers\n", 100),
        ("**Цель**: 50 платящих клиентов\n", 50),
    ],
)
def test_users_are_read_however_they_are_called(text: str, value: int):
    assert values(f"## Growth\n\n{text}", Kind.USERS) == [value]


def test_connections_of_a_pool_are_no_users():
    assert values("| Setting | Value |\n|---|---|\n| Max connections | 100 |\n", Kind.USERS) == []


def test_expected_users_count_beside_load_tests_and_virtual_users_do_not():
    table = "| Timeline | {} |\n|---|---|\n| 3 months | 75 |\n"
    document = "load-test-report.md"
    assert values("### Growth plan\n\n" + table.format("Expected users"), Kind.USERS, document) == [75]
    assert values("### Stages\n\n" + table.format("Users"), Kind.USERS, document) == []


def test_what_is_counted_by_time_is_a_throughput_unless_it_is_paid_or_limited():
    assert values("- **N8N**: 100 execuções/min\n", Kind.THROUGHPUT) == [100]
    assert values("- **Throughput:** 20-25 jobs/day per profile (rate limits of the network)\n", Kind.THROUGHPUT) == [
        25
    ]
    assert values("- **Model**: 100 tokens/s\n- **Uploads**: 5 attempts/min\n", Kind.THROUGHPUT) == []


def test_a_block_of_current_load_is_read_and_an_answer_of_an_api_is_not():
    block = (
        '```python\nload = {\n    "users": {\n        "daily_active": 2500,\n    },\n    "peak_rps": 1200,\n}\n```\n'
    )
    text = f"### Current load metrics\n\n{block}"
    assert (values(text, Kind.USERS), values(text, Kind.THROUGHPUT)) == ([2500], [1200])
    api = f"### GET /stats\n\nResponse:\n\n{block.replace('python', 'json')}"
    assert values(api, Kind.USERS) == []
