"""Forms in which real documents say what they say, each with what looks like it and is something else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Kind, Role
from sre_kit.load.facts import facts

DRAWN = """## Backups

```
┌────────┬───────────┬───────────┐
│ Data   │ Frequency │ Retention │
├────────┼───────────┼───────────┤
│ Orders │ Hourly    │ 21 days   │
│ Photos │ Weekly    │ 2 years   │
└────────┴───────────┴───────────┘
```
"""

DIAGRAM = """## Backups

```
┌─────────┐      ┌─────────┐
│ App     │ ───> │ Daily   │
└─────────┘      │ 30 days │
                 └─────────┘
```
"""


def values(text: str, kind: Kind, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_a_table_drawn_with_box_characters_is_read_row_by_row():
    assert values(DRAWN, Kind.BACKUP_SCHEDULE) == ["hourly", "weekly"]
    assert [(fact.line, fact.name) for fact in facts(DRAWN, "Document.md") if fact.kind is Kind.BACKUP_RETENTION] == [
        (7, "Orders"),
        (8, "Photos"),
    ]


def test_a_drawing_of_boxes_is_no_table():
    assert facts(DIAGRAM, "Document.md") == []


def test_wrapped_cells_of_a_drawn_table_are_one_row():
    text = "## Backups\n\n```\n+------+-----------+\n| Data | Retention |\n+------+-----------+\n"
    text += "| The  | 21 days   |\n| mail |           |\n+------+-----------+\n"
    text += "| DB   | 30 days   |\n+------+-----------+\n```\n"
    assert values(text, Kind.BACKUP_RETENTION) == [21 * 86_400, 30 * 86_400]


def test_a_formula_is_read_as_it_is_printed():
    table = "| Band | Target $p95$ |\n|---|---|\n| Small | $\\le 250\\text{ ms}$ |\n"
    assert values(table, Kind.LATENCY_TARGET) == [Decimal("0.250")]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("## 备份\n\n- 每日备份：保留30天\n", Kind.BACKUP_RETENTION, [30 * 86_400]),
        ("- La base se copia con un backup cada 24h.\n", Kind.BACKUP_SCHEDULE, ["cada 24h"]),
        ("- El servicio debe responder en menos de 2 segundos.\n", Kind.LATENCY_TARGET, [2]),
        ("- Los tiempos de carga deben ser menores a 4s.\n", Kind.LATENCY_TARGET, [4]),
        ("RTO: até 3 horas\n", Kind.RTO, [3 * 3600]),
    ],
)
def test_more_languages(text: str, kind: Kind, expected: list[object]):
    assert values(text, kind) == expected


def test_a_maximum_beside_an_objective_is_no_second_objective():
    table = "## Recovery time objectives (RTO)\n\n| Service | RTO target | Maximum downtime |\n|---|---|---|\n"
    assert values(table + "| Ledger | 10 minutes | 20 minutes |\n", Kind.RTO) == [600]


def test_under_performance_targets_a_comparison_is_a_latency_and_a_bare_time_is_none():
    text = "## Performance targets\n\n- **Photo upload**: < 5 seconds for 100 MB\n- **Warm standby**: 5 seconds\n"
    assert values(text, Kind.LATENCY_TARGET) == [5]


@pytest.mark.parametrize(
    "text",
    [
        "## Costs\n\n**Difference:** +$67/month for the second zone\n",
        "## Costs\n\n**Pricing:** $50 - $90/month\n",
        "## Objectives\n\n| SLO | Target |\n|---|---|\n| Data completeness | > 95% |\n| Successful deploys | > 97% |\n",
        "[What the system is, for example a shop with 99.99% uptime. Keep it short.]\n",
        "## How to read the results\n\np50 = 10ms means that half of all users wait less\n",
        "| Service | Contact | SLA |\n|---|---|---|\n| Supabase Support | 24/7 chat | Pro |\n",
    ],
)
def test_what_only_looks_like_a_fact(text: str):
    assert [fact for fact in facts(text, "Document.md") if not fact.refused and fact.role is not Role.EXAMPLE] == []


def test_costs_under_a_ruler_are_still_costs():
    text = "## Cost per month\n\n```\nDisk:   $4/month\n        ────────\nTotal:  $4/month\n```\n"
    assert values(text, Kind.COST) == [4, 4]


def test_a_severity_in_the_heading_counts_for_the_findings_below():
    listed = (
        "# Security audit\n\n### HIGH severity (2 findings)\n\n1. **Login without rate limit**\n   - **File**: a.py\n"
    )
    table = "# Security audit\n\n### Critical severity\n\n| # | Vulnerability | Status |\n|---|---|---|\n"
    table += "| 1 | Key in log | open |\n"
    assert values(listed, Kind.SECURITY_FINDING) == ["Login without rate limit"]
    assert values(table, Kind.SECURITY_FINDING) == ["Key in log"]
    assert values(listed.replace("Security audit", "Sprint review"), Kind.SECURITY_FINDING) == []


def test_a_runbook_may_serve_two_alerts_and_name_them_by_its_heading():
    head = "# Runbook\n\n- **Alert Name**: QueueFull / QueueStuck\n- **Severity**: Warning (>80%) / Critical (>95%)\n"
    found = [fact for fact in facts(head, "Runbook.md") if fact.kind is Kind.ALERT_RULE]
    assert [fact.name for fact in found] == ["QueueFull", "QueueStuck"]
    condition = "### QueueFull\n\n**Alert Condition**: `queue_depth > 900` for 2 minutes\n"
    (fact,) = (fact for fact in facts(condition, "Runbook.md") if fact.kind is Kind.ALERT_RULE)
    assert (fact.name, fact.details["for"]) == ("QueueFull", "2 minutes")


def test_a_matrix_of_dependencies_names_each():
    table = "## Service Dependency Matrix\n\n| Service | Purpose | Plan B |\n|---|---|---|\n| Mailgun | Mail | SES |\n"
    assert values(table, Kind.DEPENDENCY) == ["Mailgun"]


def test_warning_and_critical_columns_of_comparisons_are_alerts_wherever_they_stand():
    table = "## Monitoring thresholds\n\n| Metric | Warning | Critical |\n|---|---|---|\n"
    found = facts(table + "| Open sockets | > 400 | > 480 |\n", "Capacity.md")
    assert [(fact.kind, fact.details["severity"]) for fact in found] == [
        (Kind.ALERT_RULE, "warning"),
        (Kind.ALERT_RULE, "critical"),
    ]
    assert facts(table + "| Who answers | team lead in 30 min | manager in 10 min |\n", "Capacity.md") == []


def test_settings_under_a_heading_on_scaling_are_rules_and_their_interval_is_none():
    table = "## Autoscaling\n\n| Parameter | Value |\n|---|---|\n| `SCALE_UP_SESSIONS` | 350 |\n| interval | 30s |\n"
    (fact,) = facts(table, "Capacity.md")
    assert (fact.kind, fact.details["threshold"], fact.details["direction"]) == (Kind.SCALING_RULE, "350", "out")


def test_a_trigger_that_scales_is_no_latency_target():
    table = "## Scaling triggers\n\n| Metric | Lasting | Action |\n|---|---|---|\n"
    table += "| Render latency p95 > 90ms | 5 min | Scale out the renderer |\n"
    assert [fact.kind for fact in facts(table, "Capacity.md")] == [Kind.SCALING_RULE]


def test_a_script_may_limit_a_tag_a_rate_and_a_metric_of_its_own():
    script = "```javascript\nexport const options = { thresholds: {\n"
    script += "  'http_req_duration{part:cart}': ['p(95)<650'],\n  'http_req_failed{part:cart}': ['rate<0.002'],\n"
    script += "  'http_reqs': ['rate>70'],\n  'pay_duration': ['p(99)<1200'],\n} };\n```\n"
    found = [(fact.kind, fact.value, fact.scope.component) for fact in facts(script, "LoadTest.md")]
    assert found == [
        (Kind.LATENCY_TARGET, Decimal("0.65"), "cart"),
        (Kind.ERROR_RATE_TARGET, Decimal("0.002"), ""),
        (Kind.THROUGHPUT, Decimal(70), ""),
        (Kind.LATENCY_TARGET, Decimal("1.2"), "pay"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("## Temps de réponse\n\n- Liste des billets < 1 seconde\n", Kind.LATENCY_TARGET, [1]),
        ("| Flow | Maximum time |\n|---|---|\n| Login to map | < 3s |\n", Kind.LATENCY_TARGET, [3]),
        ("- Recovery time objective (RTO): four hours\n", Kind.RTO, [4 * 3600]),
        (
            "## Storage\n\n- Automated backups 9 days, then to Glacier after 40 days\n",
            Kind.BACKUP_RETENTION,
            [9 * 86_400],
        ),
        ("| Measure | Expected |\n|---|---|\n| Seat holds/sec | 2,500 |\n", Kind.THROUGHPUT, [2500]),
        (
            "## Contact\n\n| Role | Responsible |\n|---|---|\n| Test lead | Mira Sand |\n",
            Kind.TEAM_MEMBER,
            ["Mira Sand"],
        ),
    ],
)
def test_more_forms_of_the_same(text: str, kind: Kind, expected: list[object]):
    assert values(text, kind) == expected


def test_alerts_may_be_listed_without_a_comparison():
    text = "## Alerts included\n\n- **GateDown (critical)** — `/metrics` target down for 2m\n"
    (fact,) = facts(text, "Alerting.md")
    assert (fact.kind, fact.name, fact.details["severity"]) == (Kind.ALERT_RULE, "GateDown", "critical")


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("| Area | Objective |\n|---|---|\n| Restore time objective | <= 6 hours |\n", Kind.RTO, [6 * 3600]),
        (
            "| Area | Objective |\n|---|---|\n| Map availability | 99.9% monthly |\n",
            Kind.AVAILABILITY_TARGET,
            [Decimal("0.999")],
        ),
        ("| Metric | Target |\n|---|---|\n| Overall timeout | < 0.2% |\n", Kind.ERROR_RATE_TARGET, [Decimal("0.002")]),
        ("**Expected performance**:\n\n- Simple lists: < 50ms\n", Kind.LATENCY_TARGET, [Decimal("0.050")]),
        ("# Load test report\n\n### Latency (ms)\n\n- mean: 3.5\n", Kind.LOAD_TEST_RESULT, [Decimal("0.0035")]),
        ("#### Cache alerts\n\n- **Cache errors**: any error at all\n", Kind.ALERT_RULE, ["any error at all"]),
    ],
)
def test_still_more_forms_of_the_same(text: str, kind: Kind, expected: list[object]):
    assert values(text, kind) == expected


@pytest.mark.parametrize(
    "text",
    [
        "| Metric | Minimum absolute degradation |\n|---|---|\n| p95 latency | 2 ms |\n",
        "## Upload\n\n- **Expected time**: < 1s/MB\n",
        "```yaml\n- alert: Mine\n  expr: your_metric_expression\n  for: 5m\n```\n",
        "#### Custom alerts\n\n- **Where**: in the rules file\n",
    ],
)
def test_what_is_no_level_and_no_alert(text: str):
    assert [fact for fact in facts(text, "Document.md") if not fact.refused] == []


def test_columns_of_statistics_beside_a_latency_are_latencies_and_alone_they_are_none():
    table = "# Load test results\n\n| Part | {first} | Max (ms) |\n|---|---|---|\n| Cart | 3ms | 9ms |\n"
    beside = values(table.format(first="Avg response time (ms)"), Kind.LOAD_TEST_RESULT)
    assert beside == [Decimal("0.003"), Decimal("0.009")]
    assert values(table.format(first="Fee"), Kind.LOAD_TEST_RESULT) == []


def test_a_backup_is_that_of_the_store_in_the_heading_when_its_key_only_says_how():
    text = "## Backup\n\n### PostgreSQL\n\n- **Automático:** daily backup\n- **Retenção:** 30 dias\n"
    assert {fact.name for fact in facts(text, "Recovery.md")} == {"PostgreSQL"}


def test_a_total_in_a_sentence_under_costs_is_a_cost():
    text = "### Costs per month\n\n- **Total about $620/mo** for a plant that serves all four halls of the harbour\n"
    assert values(text, Kind.COST) == [620]


def test_costs_of_customer_tiers_are_costs_and_those_of_rivals_are_none():
    costs = "### Infrastructure costs\n\n| Component | Free tier | Pro |\n|---|---|---|\n| Storage | $2 | $17 |\n"
    assert values(costs, Kind.COST) == [2, 17]
    rivals = (
        "## Cost structure\n\n| Provider | Price | Our advantage |\n|---|---|---|\n| Other | $20/month | cheaper |\n"
    )
    assert values(rivals, Kind.COST) == []
    assert values("## Costs\n\n### Seed round ($500,000)\n\nText.\n", Kind.COST) == []


def test_users_may_be_free_or_a_target():
    assert values("- **Goal**: 3,000 free users, 40 paid users\n", Kind.USERS) == [3000, 40]
    assert values("- **Monthly Active Users (MAU)**: Target 9,000 by Year 2\n", Kind.USERS) == [9000]


def test_a_day_of_the_month_is_a_monthly_backup():
    text = "## Backups\n\n- **Schedule**: First day of each month at 01:00\n"
    assert values(text, Kind.BACKUP_SCHEDULE) == ["monthly"]
