"""What only looks like a fact beside what is one: prices by costs, symptoms by rules, names above conditions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Fact, Kind, Role
from sre_kit.load.facts import facts


def read(text: str, kind: Kind, document: str = "Notes.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def values(text: str, kind: Kind, document: str = "Notes.md") -> list[Decimal | str]:
    return [fact.value for fact in read(text, kind, document)]


def test_an_alert_takes_its_name_from_above_its_condition_and_its_severity_from_below():
    text = (
        "## Alert rules\n\n**Checkout errors**\n\n- **Condition:** failed share > 2 % for 5 minutes\n"
        "- **Severity:** critical\n\n**Ledger gone**\n\n- **Condition:** ledger probe fails for 1 minute\n"
        "- **Severity:** warning\n"
    )
    found = read(text, Kind.ALERT_RULE)
    assert [(fact.name, fact.details["severity"], fact.details["for"]) for fact in found] == [
        ("Checkout errors", "critical", "5 minutes"),
        ("Ledger gone", "warning", "1 minute"),
    ]


def test_a_condition_that_is_no_alerts_is_no_rule():
    assert values("## Refunds\n\n**Late parcel**\n\n- **Condition:** delay > 3 days\n", Kind.ALERT_RULE) == []


def test_a_table_by_severity_names_its_alerts_by_what_is_measured():
    text = (
        "## Which alerts page\n\n| Severity | Sample | What we do |\n|---|---|---|\n"
        "| P1 | queue lag > 900 for 5 min | wake somebody |\n| P3 | disk > 80% for 1 h | next week |\n"
    )
    assert [fact.name for fact in read(text, Kind.ALERT_RULE)] == ["queue lag", "disk"]


def test_a_level_without_an_alert_around_it_is_no_alert():
    assert values("## Error rates\n\n- **Critical**: >5% errors\n", Kind.ALERT_RULE) == []


def test_a_table_of_targets_that_tells_also_when_to_alert_gives_both():
    text = (
        "## Objectives\n\n| Metric | Target | Window | Alert threshold |\n|---|---|---|---|\n"
        "| Render latency (p95) | ≤ 4 s | 1 h | > 6 s |\n"
    )
    assert values(text, Kind.LATENCY_TARGET) == [4]
    assert len(values(text, Kind.ALERT_RULE)) == 1


def test_a_symptom_with_its_remedy_is_no_scaling_rule():
    head = "## Scaling\n\n| {} | {} | Action |\n|---|---|---|\n| p99 > 300ms | slow pool | add read replicas |\n"
    assert values(head.format("Symptom", "Likely cause"), Kind.SCALING_RULE) == []
    assert len(values(head.format("When", "Meaning"), Kind.SCALING_RULE)) == 1


def test_prices_beside_costs_are_not_ours_to_pay():
    text = (
        "## Unit economics\n\n**Margin by tier:**\n\n| Tier | Price/mo | COGS | Margin |\n|---|---|---|---|\n"
        "| Solo | $19 | $3 | 84% |\n| Mid-Market | $99 | $8 | 92% |\n"
    )
    assert values(text, Kind.COST) == [3, 8]


@pytest.mark.parametrize(
    "text",
    [
        "- Design work spread over 900 shops costs about $2/shop\n",
        "## Costs\n\n- The average cost of a data breach is $4.5M\n",
        "## Problem\n\n- Cleaning up after an attack: cost $2,500\n",
        "## Costs\n\n| Item | Traditional | With us |\n|---|---|---|\n| Adviser | $3,000/month | $0 |\n",
        "## Personas\n\n- Companies currently pay $3,000/month for advice, a cost they hate\n",
        "## Budget constraints\n\n- $0 external capital\n",
    ],
)
def test_what_others_pay_or_one_of_many_costs_is_no_cost_of_ours(text: str):
    assert values(text, Kind.COST) == []
    assert values(text, Kind.BUDGET) == []


def test_a_factor_is_no_cost_but_its_product_is():
    assert values("## Costs\n\n- Mail cost: $0.002 per mail x 5,000 = $10\n", Kind.COST) == [10]


def test_under_a_budget_what_is_paid_already_is_a_cost():
    text = "### Budget limits\n\n- $60/mo cash spend (until revenue)\n- Current subscriptions: hosting, $7/mo\n"
    assert (values(text, Kind.BUDGET), values(text, Kind.COST)) == ([60], [7])


def test_customers_that_a_sum_is_reckoned_by_are_not_counted():
    assert values("## Roadmap\n\n- Support staff ($4k/mo at ~100 customers)\n", Kind.USERS) == []
    assert values("## Roadmap\n\n- Break-even: 17 customers\n", Kind.USERS) == []
    assert values("## Roadmap\n\n- 100 paying customers\n", Kind.USERS) == [100]


def test_users_under_the_requirements_of_a_load_test_are_read_and_those_of_a_scenario_are_not():
    line = "- **Concurrent users**: 400\n"
    assert values(f"### Throughput targets\n\n{line}", Kind.USERS, "LoadTesting.md") == [400]
    assert values(f"### Scenario 2\n\n{line}", Kind.USERS, "LoadTesting.md") == []


def test_a_rate_in_quotation_marks_is_what_others_say():
    assert values('A claim of "70k req/s" without a machine means nothing.\n', Kind.THROUGHPUT) == []


def test_the_success_rate_of_an_objective_is_an_availability():
    text = "### Success rate SLO\n\n**Target:** 99.9% success rate (0.1% budget)\n\n- **Success Rate Target:** 99.5%\n"
    assert values(text, Kind.AVAILABILITY_TARGET) == [Decimal("0.999"), Decimal("0.995")]


@pytest.mark.parametrize("text", ["**Because:** the shop is 95% automated\n", "- **Review pass rate**: ≥ 95 %\n"])
def test_a_share_of_something_else_under_availability_is_none(text: str):
    assert values(f"# Service level objectives\n\n**Availability:**\n\n{text}", Kind.AVAILABILITY_TARGET) == []


def test_counted_errors_are_no_target():
    assert values("- Errors: 45K (0.06%)\n", Kind.ERROR_RATE_TARGET) == []
    assert values("- Allowed errors: 100K (0.1%)\n", Kind.ERROR_RATE_TARGET) == [Decimal("0.001")]


def test_a_target_below_the_name_of_an_error_rate_belongs_to_it():
    assert values("1. **Error rate**\n   - Target: <1%\n", Kind.ERROR_RATE_TARGET) == [Decimal("0.01")]


def test_a_criterion_told_as_a_failure_promises_the_opposite():
    text = "## Acceptance criteria\n\nThe run fails when the p95 duration reaches 700 ms, or p99 reaches 2 seconds.\n"
    found = read(text, Kind.LATENCY_TARGET, "LoadTesting.md")
    assert [(fact.value, fact.role, fact.details["comparison"]) for fact in found] == [
        (Decimal("0.7"), Role.TARGET, "<="),
        (2, Role.TARGET, "<="),
    ]


def test_the_latency_of_a_detection_is_a_machines_and_the_time_to_detect_is_not():
    assert values("- Fraud detection latency: ≤ 5 s\n", Kind.LATENCY_TARGET) == [5]
    assert values("- Time to detect: ≤ 5 s\n", Kind.LATENCY_TARGET) == []


def test_the_growth_of_a_market_is_not_ours():
    assert values("## Growth\n\n- CAGR of parcel lockers: 15.2%\n", Kind.GROWTH_RATE) == []
    assert values("## Growth\n\n- User CAGR: 15.2% more users\n", Kind.GROWTH_RATE) != []
    assert values("Supòsits: 8% de creixement mensual\n", Kind.GROWTH_RATE) == [Decimal("0.08")]


def test_a_function_is_sized_by_the_memory_under_its_name():
    found = read("### 2.1 Compute: AWS Lambda\n\n- **Memory & timeout:** 512 MB, 30 s\n", Kind.COMPONENT)
    assert [(fact.name, fact.details["memory"]) for fact in found] == [("AWS Lambda", "512 MB, 30 s")]
    assert read("### Laptop\n\n- **Memory:** 16 GB\n", Kind.COMPONENT) == []


def test_a_masked_telephone_number_leaves_the_person():
    text = "3. **Activación del equipo DR**:\n   - DBA: Elena Soto (+34-XXXX-XXXX)\n   - SRE: [Nombre]\n"
    assert values(text, Kind.TEAM_MEMBER) == ["Elena Soto"]


def test_an_office_is_no_person():
    text = "## Emergency contacts\n\n- **Owner**: VP Engineering\n"
    assert values(text, Kind.TEAM_MEMBER) == []


def test_a_price_by_the_head_is_no_cost_even_under_the_word_cost():
    text = "## Effective cost by head\n\n- Small: $0.31/user\n- Large: $0.12/seat\n- Hosting: $90/month\n"
    assert values(text, Kind.COST) == [Decimal(90)]


def test_what_a_priced_plan_includes_is_no_count_of_users():
    text = "## Offers\n\n| Name | {} | Users |\n|---|---|---|\n| Basic | 30 | 12 |\n"
    assert values(text.format("Price a month"), Kind.USERS) == []
    assert values(text.format("Region"), Kind.USERS) == [Decimal(12)]


def test_the_size_of_a_segment_and_what_we_lack_are_no_users_of_ours():
    assert values("## Market size\n\n- 40M internet users\n", Kind.USERS) == []
    assert values("## Missing\n\n- ❌ Fame (9M users for the leader)\n", Kind.USERS) == []
    assert values("## Reach\n\n- 400 active users\n", Kind.USERS) == [Decimal(400)]


def test_the_steps_of_one_journey_are_not_several_journeys():
    text = "## {}\n\n1. **Search**: find a seat\n2. **Pay**: with a card\n"
    assert values(text.format("Main user flow"), Kind.CRITICAL_USER_JOURNEY) == []
    assert len(values(text.format("Main user flows"), Kind.CRITICAL_USER_JOURNEY)) == 2


def test_a_principle_that_prefers_one_thing_to_another_sets_no_target():
    text = "## What we value\n\n| Principle | Target |\n|---|---|\n| {} | 70ms response time |\n"
    assert values(text.format("Quick over exact"), Kind.LATENCY_TARGET) == []
    assert values(text.format("Quick answers"), Kind.LATENCY_TARGET) == [Decimal("0.070")]


def test_the_posts_of_a_team_are_no_components():
    text = "## {} requirements\n\n| Role | Count | Duty |\n|---|---|---|\n| Web | 2 | pages |\n"
    assert values(text.format("Team"), Kind.COMPONENT) == []
    assert len(values(text.format("Cluster"), Kind.COMPONENT)) == 1


def test_own_work_is_no_bill_and_a_plans_allowance_no_traffic():
    text = "## Running costs\n\n- Writing effort: $0 (our own)\n- Hosting: $40/month\n"
    assert values(text, Kind.COST) == [Decimal(40)]
    text = "## Offers\n\n| Name | {} | Contents |\n|---|---|---|\n| Basic | 3 | 50 orders/day |\n"
    assert values(text.format("Price"), Kind.THROUGHPUT) == []
    assert values(text.format("Depots"), Kind.THROUGHPUT) == [Decimal(50)]


def test_the_growth_of_downloads_is_no_growth_of_load():
    text = "## Growth\n\n- {} growth: 15% month over month\n"
    assert values(text.format("Download"), Kind.GROWTH_RATE) == []
    assert values(text.format("User"), Kind.GROWTH_RATE) == [Decimal("0.15")]
