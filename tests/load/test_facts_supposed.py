"""What only looks like a statement, and hosts and stores that are described, each beside what looks like it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import facts


def of(kind: Kind, text: str, document: str = "Document.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def values(kind: Kind, text: str, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in of(kind, text, document)]


@pytest.mark.parametrize(
    "row",
    [
        "| API response time? | < 100ms / 200ms / 500ms p95 |",
        "| Growth rate? | 10% / 50% / 100% per year |",
        "| Acceptable data loss? | RPO: 0 / 1hr / 24hr |",
        "| Backup frequency? | Real-time / hourly / daily |",
    ],
)
def test_choices_beside_a_question_are_no_statement(row):
    assert facts(f"## Checklist\n\n| Question | Common targets |\n|---|---|\n{row}\n", "Document.md") == []


def test_cells_in_brackets_wait_for_somebody():
    table = "## Availability and resilience\n\n| ID | SLO | Target |\n|---|---|---|\n| R-1 | {} | {} |\n"
    assert of(Kind.AVAILABILITY_TARGET, table.format("[availability]", "[99.9%]")) == []
    assert values(Kind.AVAILABILITY_TARGET, table.format("Availability", "99.9%")) == [Decimal("0.999")]


def test_costs_of_a_supposed_number_of_users_in_papers_on_profit_are_none():
    fixed = "## Fixed infrastructure costs\n\n- Backend: $15/month\n- **Total:** $23/month (or $43 if upgraded)\n"
    users = "## 3 users\n\n**Costs:**\n- Backend: $15\n- Total costs: $24.57/month\n"
    assert values(Kind.COST, f"# Cost and profit by user count\n\n{fixed}\n{users}") == [15, 23]


def test_costs_per_user_and_in_projections_of_revenue_are_none():
    text = "# Infrastructure costs per user\n\n| Service | Cost |\n|---|---|\n| Total | ~$18/year |\n"
    assert of(Kind.COST, text) == []
    table = "| Users | Annual revenue | Annual cost |\n|---|---|---|\n| 1,000 | $17,982 | $2,700 |\n"
    assert of(Kind.COST, f"## Revenue projections\n\n{table}") == []


def test_a_sum_in_brackets_for_another_period_is_the_same_cost():
    assert values(Kind.COST, "## Infrastructure costs\n\n**Total: $7,320/year** ($610/month)\n") == [7320]


def test_what_a_plan_includes_and_what_is_assumed_of_one_user_is_no_throughput():
    text = "## Database\n\n- **Pro Tier** ($25/month): 5M API requests\n"
    assert of(Kind.THROUGHPUT, text) == []
    assert of(Kind.THROUGHPUT, "- API requests: 3M a month (assuming 3K DAU × 10 requests/day × 30 days)\n") == []


def test_a_host_that_names_itself_and_its_system_is_a_component():
    text = "## {}\n\n- **Hostname**: {}\n- **OS**: Ubuntu 24.04 LTS\n- **Hardware**:\n  - **RAM**: 62 GB\n"
    found = of(Kind.COMPONENT, text.format("Docker master", "dockermaster"))
    assert [(one.name, one.details["os"], one.details["memory"]) for one in found] == [
        ("dockermaster", "Ubuntu 24.04 LTS", "62 GB")
    ]
    assert of(Kind.COMPONENT, text.format("Example", "dockermaster")) == []
    assert of(Kind.COMPONENT, text.format("Docker master", "(to be named)")) == []


def test_the_stores_of_a_chart_are_components():
    nodes = ("API --> DB[(PostgreSQL 16)]", 'API --> C[("Redis cache")]', "API --> F[(Files)]")
    chart = "\n  ".join(("```mermaid\ngraph TB", *nodes)) + "\n```\n"
    assert values(Kind.COMPONENT, f"## System overview\n\n{chart}") == ["PostgreSQL 16", "Redis cache"]
    assert of(Kind.COMPONENT, f"## Alternatives\n\n{chart}") == []


def test_around_an_amount_behind_a_dash():
    assert values(Kind.RTO, "## Backup RTO\n\n- Database servers - ~around 30 minutes\n") == [1800]


def test_hosts_weighed_against_each_other_cost_us_nothing():
    each = "### Railway\n\n- **Database:** $15/month\n\n### Hetzner (budget)\n\n- **VPS:** €6/month\n"
    assert [fact.kind for fact in facts(f"## Cost by platform\n\n{each}", "BUDGET.md") if not fact.refused] == []
    rows = "- **AWS**: $50/month\n- **Railway**: $20/month\n- **Netlify**: $19/month\n"
    assert of(Kind.COST, f"## Hosting costs (monthly)\n\n{rows}") == []
    ours = "- **Vercel**: $20/month\n- **Supabase**: $25/month\n- **Sentry**: $26/month\n"
    assert values(Kind.COST, f"## Hosting costs (monthly)\n\n{ours}") == [20, 25, 26]


def test_what_a_vendor_asks_for_each_size_is_no_cost():
    text = "## Tools (monthly cost)\n\n- **Sentry**: $0 (5k events), $26 (50k events)\n- Starter plan: $9/month\n"
    assert of(Kind.COST, text) == []


def test_a_bill_is_read_in_whatever_language_its_block_claims():
    bill = "// Compute\nLambda (low usage):   $5/month\nRDS Storage (20GB):   $2/month\nSubtotal:   $31/month\n"
    assert values(Kind.COST, f"## Hosting costs\n\n```typescript\n{bill}```\n") == [5, 2, 31]
    assert of(Kind.COST, f"## Hosting costs\n\n```typescript\nconst a = 1\n{bill}```\n") == []


def test_levels_in_a_block_are_alerts_of_what_the_heading_names():
    block = "```\nOK Status:  0% - 75% used\nWARNING:    >= 80% used\nCRITICAL:   >= 85% used\n```\n"
    reasons = "### Rationale\n\n- **80% (WARNING):** Alerts operations before critical\n"
    found = of(Kind.ALERT_RULE, f"# Monitoring\n\n## Disk space\n\n### Thresholds\n\n{block}\n{reasons}")
    assert [(one.name, one.details["condition"], one.details["severity"]) for one in found] == [
        ("Disk space", ">= 80% used", "warning"),
        ("Disk space", ">= 85% used", "critical"),
    ]


def test_a_heading_of_a_scenario_or_option_is_no_cost_and_logs_are_no_part():
    text = "## Cost optimization scenarios\n\n### Scenario 1: Development (~$30/month)\n\nText.\n\n"
    assert of(Kind.COST, text + "#### High availability option (~$120-140/month)\n\nText.\n") == []
    rows = "| RDS | db.t3.micro | $14 |\n| CloudWatch Logs | 5 GB | $3 |\n"
    table = f"| Service | Configuration | Monthly cost |\n|---|---|---|\n{rows}"
    assert [one.name for one in of(Kind.COMPONENT, f"## Costs\n\n{table}")] == ["RDS"]
    assert values(Kind.COST, f"## Costs\n\n{table}") == [14, 3]
