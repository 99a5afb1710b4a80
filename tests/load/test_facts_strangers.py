"""What the documents of strangers hold beside facts: figures of others, of tests and of tables, each with its fact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def values(text: str, kind: Kind, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def names(text: str, kind: Kind, document: str = "Document.md") -> list[str]:
    return [fact.name for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_rows_by_load_say_what_is_needed_and_no_rate():
    table = (
        "## Sizing\n\n| Load | vCPU | Memory |\n|---|---|---|\n| < 300 TPS | 2 | 4Gi |\n| 300 - 900 TPS | 4 | 8Gi |\n"
    )
    assert values(table, Kind.THROUGHPUT) == []
    assert values("## Load\n\n- Throughput: baseline 300 TPS, able to scale\n", Kind.THROUGHPUT) == [300]


def test_a_rate_that_conditions_a_size_is_no_throughput():
    table = "## Data\n\n| Table | Growth |\n|---|---|\n| orders | 3GB a month at 2K TPS |\n"
    assert values(table, Kind.THROUGHPUT) == []


def test_the_window_in_brackets_is_no_latency():
    text = "# Load test plan\n\n- P95 latency: < 200 ms for `/rides` (12h, 4 metrics)\n"
    assert values(text, Kind.LATENCY_TARGET, "PerformanceTestPlan.md") == [Decimal("0.2")]
    assert values(text, Kind.LOAD_TEST_RESULT, "PerformanceTestPlan.md") == []


def test_an_objective_over_a_window_takes_its_kind_from_the_heading():
    table = "| Field | Value |\n|---|---|\n| Objective | ≥ 99.7% over a rolling 28-day window |\n"
    assert values(f"## SLO 3: Ledger availability\n\n{table}", Kind.AVAILABILITY_TARGET) == [Decimal("0.997")]


def test_a_share_of_requests_that_succeed_is_an_availability():
    table = "| Domain | SLO target |\n|---|---|\n| Availability | 99.2% of valid `/api/v2/*` requests succeed |\n"
    assert values(f"## SLOs\n\n{table}", Kind.AVAILABILITY_TARGET) == [Decimal("0.992")]


def test_a_case_to_check_promises_nothing():
    text = "| Case | Availability |\n|---|---|\n| 100000 events, 500 bad | 99.5 %; budget spent |\n"
    assert values(f"# SLO\n\n{text}", Kind.AVAILABILITY_TARGET) == []
    assert values(f"# SLO\n\n{text.replace('Case', 'Service')}", Kind.AVAILABILITY_TARGET) == [Decimal("0.995")]


def test_a_threshold_alone_under_expectation_is_a_latency_in_a_load_test_plan():
    text = "# Load test plan\n\n## Matching\n\n### Expectation\n\n< 350 ms\n"
    assert values(text, Kind.LATENCY_TARGET, "PerformanceTestPlan.md") == [Decimal("0.35")]
    assert values(text.replace("Expectation", "Ramp"), Kind.LATENCY_TARGET, "PerformanceTestPlan.md") == []


def test_a_metric_row_with_columns_for_up_and_down_gives_two_rules():
    table = "| Metric | Scale Up | Scale Down |\n|---|---|---|\n| CPU use | > 65% for 4 min | < 30% for 9 min |\n"
    rules = [fact.details for fact in facts(f"## Scaling\n\n{table}", "Document.md") if fact.kind is Kind.SCALING_RULE]
    assert [(rule["direction"], rule["threshold"], rule["for"]) for rule in rules] == [
        ("out", "> 65%", "4 min"),
        ("in", "< 30%", "9 min"),
    ]


def test_bounds_in_rows_of_a_settings_table_are_one_rule():
    table = "## Scaling limits\n\n| Parameter | Value |\n|---|---|\n| Min replicas | 3 |\n| Max replicas | 18 |\n"
    rules = [fact for fact in facts(table, "Document.md") if fact.kind is Kind.SCALING_RULE]
    assert [(rule.details["min"], rule.details["max"]) for rule in rules] == [("3", "18")]
    assert values(table.replace("Scaling limits", "Pool limits"), Kind.SCALING_RULE) == []


def test_what_triggers_a_replica_is_a_rule_and_no_throughput():
    text = "## Scaling strategy\n\n- Database: add a read replica if query load > 800 queries/second\n"
    assert len(values(text, Kind.SCALING_RULE)) == 1
    assert values(text, Kind.THROUGHPUT) == []


@pytest.mark.parametrize("verb", ["Fires when", "Triggered when", "Raised if"])
def test_a_bold_name_that_says_when_it_fires_is_an_alert(verb: str):
    text = f"## Core alert rules\n\n- **Sync stalled** — {verb} nothing was written for six minutes.\n"
    assert names(text, Kind.ALERT_RULE) == ["Sync stalled"]


def test_columns_of_warning_and_critical_thresholds_give_two_alerts_a_row():
    table = "## Thresholds\n\n| Metric | Healthy | Warning Threshold | Critical Alert Threshold |\n|---|---|---|---|\n"
    table += "| Queue age | < 4 | > 20 | > 90 |\n| Pool use | < 40% | > 70% | > 88% |\n"
    found = [fact.details["severity"] for fact in facts(table, "Monitoring.md") if fact.kind is Kind.ALERT_RULE]
    assert found == ["warning", "critical"] * 2


def test_a_list_of_current_alerts_names_them_and_a_window_is_no_comparison():
    assert names("## Alerts\n\nCurrent alerts:\n\n- `LedgerDown`\n", Kind.ALERT_RULE) == ["LedgerDown"]
    slow = "## Burn rate alerting\n\n- Long window: smooths 40% errors to 3% over 2h\n"
    assert names(slow, Kind.ALERT_RULE) == []


@pytest.mark.parametrize(
    "line",
    [
        "Monthly disaster simulation (restore from backup)",
        "Weekly automated restore testing to validate backups",
        "Take CPU, memory and heap snapshots every 15 minutes",
    ],
)
def test_drills_and_snapshots_of_metrics_are_no_backups(line: str):
    assert values(f"## Backup and recovery\n\n- {line}\n", Kind.BACKUP_SCHEDULE) == []


def test_a_backup_that_is_tested_is_still_a_backup():
    assert values("## Backup\n\n- Daily backups, with monthly restore tests\n", Kind.BACKUP_SCHEDULE) == ["daily"]
    assert values("## Backup\n\n- Dumps are cleaned up after 9 days\n", Kind.BACKUP_RETENTION) == [9 * 86_400]


def test_users_are_people_and_neither_their_kinds_nor_other_firms_customers():
    assert values("- Demo with 3 user types\n", Kind.USERS) == []
    assert values("## Value propositions\n\n- Scales with the company (10 → 500 users)\n", Kind.USERS) == []
    table = "| Data | Year 1 |\n|---|---|\n| Users | 4,000 students + 50 staff |\n"
    assert values(f"## Volume\n\n{table}", Kind.USERS) == [4000]
    assert values("- Concurrent users: support 900 concurrent learners\n", Kind.USERS) == [900]


def test_the_budget_of_a_customer_segment_is_not_ours():
    line = "- Limited budget (< €4k a year for software)\n"
    assert values(f"## Customer segments\n\n### Small firms\n\n{line}", Kind.BUDGET) == []
    assert values(f"## Project\n\n### Year one\n\n{line}", Kind.BUDGET) == [4000]


@pytest.mark.parametrize("price", ["$0.09/GB", "$5 per web ACL", "$1.20 per M requests", "$0.40 per secret", "$2/vCPU"])
def test_the_price_of_a_unit_is_no_cost(price: str):
    table = f"## Monthly cost\n\n| Service | Notes | Cost |\n|---|---|---|\n| CDN | {price} | $37 |\n"
    assert values(table, Kind.COST) == [37]


def test_of_a_calculation_only_the_monthly_total_is_a_cost():
    text = "## Monthly costs\n\n- CPU: 0.5 x $0.04/hr = $0.02/hr\n- Cluster: $0.10/hour × 730 hours = $73/month\n"
    assert values(text, Kind.COST) == [73]


def test_what_an_alternative_would_cost_is_not_what_we_pay():
    table = "## Costs\n\n| Approach | Monthly cost |\n|---|---|\n| This project | $36 |\n| Managed cluster | $109 |\n"
    assert values(table, Kind.COST) == [36]
    assert values("## Costs\n\n- Tracing off: avoids $4 a month\n", Kind.COST) == []
    assert values("## Costs\n\n- Rates: ₹85 = US$1\n", Kind.COST) == []


def test_what_a_machine_has_is_no_component():
    table = "| Component | Specification |\n|---|---|\n| CPU | 4 cores |\n| RAM | 8GB |\n| MariaDB | default |\n"
    assert names(f"## Server sizing\n\n{table}", Kind.COMPONENT) == ["MariaDB"]


def test_source_files_and_properties_of_the_design_are_no_components():
    text = "## Storage\n\n**Components**:\n- **`blobs.ts`** — chunks files\n- **Redundancy** — set by policy\n"
    assert names(text, Kind.COMPONENT) == []
    assert names(text.replace("`blobs.ts`", "Chunk service"), Kind.COMPONENT) == ["Chunk service"]


def test_a_catalog_of_services_is_read_whatever_its_other_columns():
    table = "### Service catalog\n\n| Service | Bounded context | Responsibility | Topics |\n|---|---|---|---|\n"
    table += "| auth-service | Identity | logs in | `a` |\n| fare-service | Pricing | reckons fares | `f` |\n"
    assert names(table, Kind.COMPONENT) == ["auth-service", "fare-service"]


def test_memory_and_disk_size_what_watches_the_system():
    text = "### Resource requirements\n\n- **Prometheus**: 3GB RAM, 12GB disk\n- **Laptop**: 16GB RAM\n"
    assert names(text, Kind.COMPONENT) == ["Prometheus"]


def test_a_field_of_a_persona_is_no_member_of_a_team():
    text = "### Sales Team\n\n- **Primary Interaction:** opens requests, uploads files, waits for an answer\n"
    assert names(text, Kind.TEAM_MEMBER) == []
    assert names("### Core team\n\n- **Ines Prado:** backend engineer\n", Kind.TEAM_MEMBER) == ["Ines Prado"]


def test_a_lead_in_ends_with_what_it_announced():
    text = "Examples:\n\n| a | b |\n|---|---|\n| c | d |\n\n**Uptime:** 99.4% a month\n"
    assert values(text, Kind.AVAILABILITY_TARGET) == [Decimal("0.994")]


def test_canary_releases_in_a_key_value_line_are_a_strategy():
    assert values("- **Operations:** automated canary deploys, health probes\n", Kind.DEPLOYMENT_STRATEGY) == ["canary"]


def test_a_product_alone_under_its_role_is_a_component_of_an_infrastructure_document():
    text = (
        "# Infrastructure\n\n## Production\n\n### Database\n- RDS PostgreSQL Multi-AZ\n\n### Notes\n- Redis is next\n"
    )
    assert names(text, Kind.COMPONENT, "docs/InfrastructureSpec.md") == ["RDS PostgreSQL Multi-AZ"]
    assert names(text.replace("# Infrastructure", "# Ideas"), Kind.COMPONENT, "docs/Ideas.md") == []


def test_the_services_of_a_compose_file_are_listed_in_words():
    text = "**Docker Compose Services**:\n\n1. **db**: database with health checks\n2. **proxy**: in front of all\n"
    assert names(text, Kind.COMPONENT) == ["db", "proxy"]


def test_a_length_beside_retention_alone_is_how_long_backups_are_kept():
    assert values("### Backup policy\n\n- Daily snapshots\n- 21-day retention\n", Kind.BACKUP_RETENTION) == [
        21 * 86_400
    ]
    assert values("### Log policy\n\n- 21-day retention\n", Kind.BACKUP_RETENTION) == []


def test_a_backup_among_other_promises_of_a_cell_is_read():
    table = "| Category | Requirement |\n|---|---|\n| Reliability | 99.6% uptime; automated daily backups; failover |\n"
    assert values(f"## Requirements\n\n{table}", Kind.BACKUP_SCHEDULE) == ["daily"]


def test_support_hours_are_read_in_spanish():
    assert names("*Horas hábiles: Lunes a viernes, 9:00 AM – 5:00 PM*\n", Kind.SUPPORT_HOURS) == ["Horas hábiles"]


def test_credits_are_no_availability_in_spanish_either():
    table = "| Uptime real | Crédito |\n|---|---|\n| < 95,0% | 100% (un mes gratis) |\n"
    assert values(f"## SLA\n\n{table}", Kind.AVAILABILITY_TARGET) == []


def test_no_errors_at_all_is_a_target_too():
    assert values("## Budgets\n\n- 500 error rate = 0%\n", Kind.ERROR_RATE_TARGET, "docs/load-testing.md") == [0]
    assert values("## Budgets\n\n- 500 error rate = 3%\n", Kind.ERROR_RATE_TARGET) == []


def test_a_threshold_of_profit_is_no_count_of_users_and_two_a_day_no_throughput():
    assert values("**Profitability threshold:** ~40-70 customers\n", Kind.USERS) == []
    assert values("- Owners: at most 3 notifications/day\n", Kind.THROUGHPUT) == []
    assert values("- Queue: 4000 notifications/day\n", Kind.THROUGHPUT) == [4000]


def test_an_index_of_runbooks_names_the_alerts():
    table = "| 告警 | Runbook |\n|---|---|\n| `LedgerDown` | [down](down.md) |\n| later | [x](x.md) |\n"
    assert names(f"# Index\n\n{table}", Kind.ALERT_RULE) == ["LedgerDown"]


def test_costs_at_so_many_users_are_costs():
    table = "| Item | Free tier | @400 users | @3000 users |\n|---|---|---|---|\n| Servers | $0 | $35 | $70 |\n"
    assert values(f"## Monthly operating costs\n\n{table}", Kind.COST) == [0, 35, 70]


def test_what_one_request_costs_is_no_cost():
    table = "| Request type | Cost USD |\n|---|---|\n| Photo | 0.021 |\n"
    assert values(f"## Cost of requests\n\n{table}", Kind.COST) == []


def test_the_model_of_a_country_is_no_template():
    table = "| Année | Revenus | Coûts |\n|---|---|---|\n| 2027 | 90K EUR | 40K EUR |\n"
    assert values(f"### Résultat (Modèle Lyon)\n\n{table}", Kind.COST) == [40_000]


def test_what_channels_bring_in_and_breaking_even_are_no_users():
    table = "| Channel | Action | Result |\n|---|---|---|\n| Forum | post | 70-90 users |\n"
    assert values(f"## Launch\n\n{table}", Kind.USERS) == []
    assert values("- P0: find 12 beta users\n- **ROI target:** reached after 3,000 MAU\n", Kind.USERS) == []


def test_users_are_counted_in_chinese_labels():
    table = "| 指标 | 第1月 | 第3月 |\n|---|---|---|\n| 注册用户 | 120 | 480 |\n"
    assert values(f"## 关键指标\n\n{table}", Kind.USERS) == [120, 480]


def test_how_the_system_copes_is_no_dependency():
    text = "**Dependencies:**\n- Graceful degradation when search is down\n- Circuit breakers for calls\n- Twilio\n"
    assert names(text, Kind.DEPENDENCY) == ["Twilio"]


def test_a_success_rate_called_an_objective_is_an_availability_target():
    table = "| Item | Definition |\n|---|---|\n| SLO - Success rate | 99.7% (30-day window) |\n"
    assert values(f"## Sign-in\n\n{table}", Kind.AVAILABILITY_TARGET) == [Decimal("0.997")]
    assert values("- Success rate of imports: 99.7%\n", Kind.AVAILABILITY_TARGET) == []


def test_failures_that_a_budget_allows_are_an_error_rate_target():
    assert values("**Error budget:**\n- 0.4% failed requests per 30-day window\n", Kind.ERROR_RATE_TARGET) == [
        Decimal("0.004")
    ]
    assert values("**Error budget:**\n- Rollback on 4% error rate\n", Kind.ERROR_RATE_TARGET) == []


def test_percentiles_side_by_side_were_measured():
    found = facts("With 12 clients the ping took P50 7ms / P95 24ms / P99 31ms.\n", "Capacity.md")
    assert [(fact.value, fact.role.value) for fact in found if fact.kind is Kind.LATENCY_TARGET] == [
        (Decimal("0.007"), "measured"),
        (Decimal("0.024"), "measured"),
        (Decimal("0.031"), "measured"),
    ]


def test_what_must_be_installed_is_no_component():
    table = "| Component | Version | Purpose |\n|---|---|---|\n| CMake | 3.2 | Builds |\n| Tesserae | 5+ | Tiles |\n"
    assert names(f"## Software stack\n\n{table}", Kind.COMPONENT) == []


def test_an_engine_under_its_own_heading_is_the_same_component():
    text = "# Infrastructure\n\n### RDS PostgreSQL\n\n- Engine: PostgreSQL 15\n- Instance class: `db.t3.small`\n"
    assert names(text, Kind.COMPONENT) == ["RDS PostgreSQL"]


def test_drills_and_people_to_be_named_are_none():
    text = "## Backup strategy\n\n- **Daily**: full backup\n- **Weekly**: complete recovery test\n"
    assert values(text, Kind.BACKUP_SCHEDULE) == ["daily"]
    assert names("### Contacts\n\n- **Phone Provider**: [Support Contact]\n", Kind.TEAM_MEMBER) == []


def test_an_alert_in_a_block_of_keys_is_read_with_its_name():
    block = (
        "```yaml\nName: Slow Search\nWhen: avg(duration)\n"
        "Conditions:\n  - Is above 700ms for 4 minutes\nThen: chat\n```\n"
    )
    (rule,) = [fact for fact in facts(f"### Metric alert rules\n\n{block}", "M.md") if fact.kind is Kind.ALERT_RULE]
    assert (rule.name, rule.value, rule.details["for"], rule.line) == (
        "Slow Search", "Is above 700ms for 4 minutes", "4 minutes", 4,
    )  # fmt: skip
    assert names(f"### Settings\n\n{block}", Kind.ALERT_RULE) == []


def test_an_alert_in_a_block_without_a_name_is_called_by_its_metric():
    block = "```\nMetric: Queue length\nThreshold: > 40 jobs\nSeverity: High\n```\n"
    (rule,) = [fact for fact in facts(f"### Alerts\n\n{block}", "M.md") if fact.kind is Kind.ALERT_RULE]
    assert (rule.name, rule.details["severity"]) == ("Queue length", "high")


def test_several_alerts_of_one_block_are_told_apart():
    block = (
        "```yaml\nDisk Alert:\n  Condition: Disk > 85%\n  Severity: High\n\n"
        "Slow Alert:\n  Condition: p95 > 2s\n  Notify: chat\n```\n"
    )
    assert names(f"### Alert rules\n\n{block}", Kind.ALERT_RULE) == ["Disk Alert", "Slow Alert"]
    listed = "```yaml\nMetrics:\n  - Memory > 88%\n  - CPU > 77% for 3 minutes\nSeverity: High\n```\n"
    assert names(f"### Alerts\n\n{listed}", Kind.ALERT_RULE) == ["Memory", "CPU"]


def test_the_heading_names_the_alert_that_triggers_when():
    text = "# Alert rules\n\n## Pool nearly full\n- Trigger when pool usage exceeds 85% for 6 minutes.\n"
    assert names(text, Kind.ALERT_RULE) == ["Pool nearly full"]


def test_rules_are_numbered_and_conditions_named_in_other_languages():
    text = "# Alertas\n\n### Regra 4 — Fila parada\n- **Condição:** fila > 30 em 5min\n"
    assert names(text, Kind.ALERT_RULE) == ["Fila parada"]
    assert names("### Alertas\n\n- Falhas de cópia\n", Kind.ALERT_RULE) == ["Falhas de cópia"]


def test_the_note_beside_an_alert_may_state_the_objective():
    header = "| Metric | Warning | Critical | Notes |\n|---|---|---|---|\n"
    table = f"{header}| Availability | <99.4% | <99% | SLA target: 99.8% |\n"
    assert values(f"## Alert thresholds\n\n{table}", Kind.AVAILABILITY_TARGET) == [Decimal("0.998")]


def test_what_a_vendor_does_explains_our_own_objective():
    table = "| Metric | Target |\n|---|---|\n| RPO | 2 hours — Amazon provides continuous archives |\n"
    assert values(f"## Objectives\n\n{table}", Kind.RPO) == [7200]
