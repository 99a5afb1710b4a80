"""Every form in which a fact appears in the documents of earlier phases, each with its trap."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Fact, Kind, Role
from sre_kit.load.facts import facts


def usable(text: str, kind: Kind | None = None, document: str = "Document.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if not fact.refused and (kind is None or fact.kind is kind)]


def values(text: str, kind: Kind, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in usable(text, kind, document)]


def test_a_metric_by_tier_matrix_gives_one_target_per_tier():
    found = usable(
        "## Plans\n\n| Metric | Basic | Pro | Enterprise |\n|"
        "---|---|---|---|\n| Uptime target | 99.5% | 99.9% "
        "| 99.95% |\n"
    )
    assert [(fact.scope.tier, fact.value) for fact in found] == [
        ("basic", Decimal("0.995")),
        ("pro", Decimal("0.999")),
        ("enterprise", Decimal("0.9995")),
    ]
    assert {fact.kind for fact in found} == {Kind.AVAILABILITY_TARGET}


def test_tiers_may_have_names_of_their_own():
    found = usable("## Plans\n\n| Metric | Reader | Library |\n|---|---|---|\n| Uptime target | 99.5% | 99.95% |\n")
    assert [fact.scope.tier for fact in found] == ["reader", "library"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Our availability target is three nines.", "0.999"),
        ("- **Verfügbarkeit**: 99,9 %", "0.999"),
        ("- Disponibilidad: 99,5 %", "0.995"),
        ("- Uptime: 99.95 % per calendar month", "0.9995"),
        ("The service has at least 99.99% availability.", "0.9999"),
    ],
)
def test_an_availability_is_read_however_it_is_written(line: str, value: str):
    assert values(line, Kind.AVAILABILITY_TARGET) == [Decimal(value)]


def test_an_allowed_downtime_is_an_availability():
    """43 minutes of 30 days leave 1 - 43/43200."""
    (found,) = usable("We accept no more than 43 minutes of downtime a month.", Kind.AVAILABILITY_TARGET)
    assert found.value == 1 - Decimal(43 * 60) / Decimal(30 * 86400)


def test_the_allowed_downtime_beside_the_target_is_not_a_second_target():
    text = "| Service | Uptime target | Allowed downtime per year |\n|---|---|---|\n| API | 99.5% | 43h 48min |\n"
    assert values(text, Kind.AVAILABILITY_TARGET) == [Decimal("0.995")]


def test_a_vendors_promise_is_refused_with_its_reason():
    (found,) = facts("Our model vendor offers a 99.9% SLA.", "PRD.md")
    assert (found.role, bool(found.refused)) == (Role.VENDOR, True)


@pytest.mark.parametrize(
    "line",
    [
        "Support: 4h response",
        "- **P1**: 1 hour response",
        "| Severity | Response time |\n|---|---|\n| Critical | 15 min |",
    ],
)
def test_the_response_of_people_is_neither_latency_nor_availability(line: str):
    assert not [fact for fact in usable(line) if fact.kind in (Kind.LATENCY_TARGET, Kind.AVAILABILITY_TARGET)]


@pytest.mark.parametrize(
    "text",
    [
        "## Service credits\n\n| Uptime | Credit |\n|---|---|\n| 99.0% - 99.9% | 10% |\n",
        "- Below 99.9% but above 99.0%: 10% credit",
        "Code coverage is 95 %, cache hit ratio 99 %.",
        "CPU usage stays below 80%.",
    ],
)
def test_other_percentages_are_no_availability(text: str):
    assert values(text, Kind.AVAILABILITY_TARGET) == []


def test_target_and_critical_columns_differ_in_role():
    text = (
        "## Performance\n\n| Metric | Target | Critical |\n|"
        "---|---|---|\n| p95 Response Time | < 500 ms | < 1000 "
        "ms |\n"
    )
    assert [(fact.value, fact.role, fact.name) for fact in usable(text, Kind.LATENCY_TARGET)] == [
        (Decimal("0.5"), Role.TARGET, "p95"),
        (Decimal("1"), Role.THRESHOLD, "p95"),
    ]


def test_a_k6_summary_in_a_fence_is_measured():
    text = (
        "## Load test\n\n```\nhttp_req_duration..: avg=38.81ms "
        "min=5ms p(95)=148.92ms\nhttp_req_failed....: 0.02% "
        " 1 out of 5000\n```\n"
    )
    found = {fact.name: (fact.value, fact.role) for fact in usable(text, Kind.LOAD_TEST_RESULT)}
    assert found["http_req_duration p95"] == (Decimal("0.14892"), Role.MEASURED)
    assert found["http_req_failed"] == (Decimal("0.0002"), Role.MEASURED)


def test_three_criteria_in_one_line_are_three_facts():
    found = usable("- Avg < 500ms, P95 < 1s, errors < 1%")
    assert [(fact.kind, fact.name, fact.value) for fact in found] == [
        (Kind.LATENCY_TARGET, "avg", Decimal("0.5")),
        (Kind.LATENCY_TARGET, "p95", Decimal("1")),
        (Kind.ERROR_RATE_TARGET, "", Decimal("0.01")),
    ]


@pytest.mark.parametrize("text", ["- p95 > 1 s - test failed", "Criteria\n\np95 > 1 s\n\nTest failed"])
def test_a_criterion_written_as_the_failure_promises_the_opposite(text: str):
    (found,) = usable(text, Kind.LATENCY_TARGET)
    assert (found.value, found.details["comparison"]) == (Decimal(1), "<=")


def test_where_a_load_test_broke_is_a_result():
    text = "# Load test results\n\nThe shop breaks at ~850 VUs, DB pool exhausted. The CPU peaked at 127 %.\n"
    assert [(fact.value, fact.unit) for fact in usable(text, Kind.LOAD_TEST_RESULT)] == [
        (Decimal(850), "VUs"),
        (Decimal("1.27"), "ratio"),
    ]


def test_a_target_without_its_result_is_a_target_only():
    found = usable("# Load test\n\n| Check | Value |\n|---|---|\n| HTTP p95 | ___ ms (target < 300ms) |\n")
    assert [(fact.kind, fact.value) for fact in found] == [(Kind.LATENCY_TARGET, Decimal("0.3"))]


def test_a_value_beside_its_target_is_measured():
    found = usable("## Response time\n\n- Frontend: 118ms (target: < 2000ms)")
    assert [(fact.value, fact.role) for fact in found] == [(Decimal("0.118"), Role.MEASURED), (Decimal(2), Role.TARGET)]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("2 hours", 7200),
        ("27+ hours", 97200),
        ("Immediate", 0),
        ("15-30 min", 1800),
        ("1 h or better", 3600),
        ("< 4h", 14400),
    ],
)
def test_recovery_objectives_keep_their_scenario(cell: str, seconds: int):
    text = f"| Scenario | RTO | RPO |\n|---|---|---|\n| Region failure | {cell} | 24 hours |\n"
    (rto,), (rpo,) = usable(text, Kind.RTO), usable(text, Kind.RPO)
    assert (rto.value, rto.name, rpo.value) == (seconds, "Region failure", 86400)


def test_environments_in_columns_scope_a_recovery_objective():
    text = "| Metric | Development | Production |\n|---|---|---|\n| RTO | 4 hours | 1 hour |\n"
    assert [(f.scope.environment, f.value) for f in usable(text, Kind.RTO)] == [
        ("development", 14400),
        ("production", 3600),
    ]


def test_instance_types_by_environment():
    text = "## Database\n\n- Instance: db.t3.small (prod), db.t3.micro (dev)\n"
    assert [(f.name, f.details["instance_type"], f.scope.environment) for f in usable(text, Kind.COMPONENT)] == [
        ("Database", "db.t3.small", "production"),
        ("Database", "db.t3.micro", "development"),
    ]


def test_bounds_on_one_line_are_a_scaling_rule():
    (found,) = usable("## Auto-scaling\n\n- API: Min: 2, Max: 10, Desired: 4 (prod)\n", Kind.SCALING_RULE)
    assert {key: found.details[key] for key in ("min", "max", "desired")} == {"min": "2", "max": "10", "desired": "4"}
    assert found.scope.environment == "production"


def test_bounds_on_lines_of_their_own_are_one_scaling_rule():
    (found,) = usable("## Auto-scaling\n\n- Min replicas: 3\n- Max replicas: 10\n", Kind.SCALING_RULE)
    assert (found.details["min"], found.details["max"]) == ("3", "10")


def test_a_scaling_trigger_has_metric_threshold_time_and_direction():
    (found,) = usable("## Scaling\n\n- Scale out when CPU > 70% for 5 minutes\n", Kind.SCALING_RULE)
    assert found.details == {"metric": "cpu", "threshold": "> 70%", "for": "5 minutes", "direction": "out"}


def test_memory_in_a_compose_fence():
    text = (
        "```yaml\nservices:\n  db:\n    image: postgres:16\n "
        "   deploy:\n      resources:\n        limits:\n   "
        "       memory: 3G\n```\n"
    )
    (found,) = usable(text, Kind.COMPONENT)
    assert (found.name, found.details["memory"], found.details["stateful"], found.line) == ("db", "3G", "true", 3)


def test_a_backup_line_gives_a_schedule_and_a_retention_for_each_environment():
    text = "## Backups\n\n- daily snapshots, kept 30 days (prod), 7 days (dev)\n"
    assert values(text, Kind.BACKUP_SCHEDULE) == ["daily"]
    assert [(f.value, f.scope.environment) for f in usable(text, Kind.BACKUP_RETENTION)] == [
        (30 * 86400, "production"),
        (7 * 86400, "development"),
    ]


def test_the_retention_of_logs_is_no_backup():
    assert usable("## Logging\n\n- Logs are retained for 30 days\n", Kind.BACKUP_RETENTION) == []


def test_an_alert_table_gives_name_condition_and_severity():
    text = (
        "## Alerts\n\n| Alert | Condition | Severity |\n|---|"
        "---|---|\n| HighErrorRate | failure rate > 5% for "
        "5m | critical |\n"
    )
    (found,) = usable(text, Kind.ALERT_RULE)
    assert (found.name, found.details["for"], found.details["severity"], found.details["threshold"]) == (
        "HighErrorRate",
        "5m",
        "critical",
        "> 5%",
    )


def test_promql_keeps_its_marks_and_pipes():
    text = (
        "## Alerts\n\n| Alert | Condition | Severity |\n|---|"
        '---|---|\n| Errors | `rate(x{code=~"5..\\|4.."}[5m]) '
        "* 2 > 0.05` | page |\n"
    )
    (found,) = usable(text, Kind.ALERT_RULE)
    assert found.value == 'rate(x{code=~"5..|4.."}[5m]) * 2 > 0.05'


def test_two_levels_in_one_line_are_two_rules():
    found = usable("## Alerts\n\n- CPU usage: 80% (warning) / 90% (critical)\n", Kind.ALERT_RULE)
    assert [(f.details["severity"], f.details["threshold"]) for f in found] == [("warning", "80%"), ("critical", "90%")]


def test_a_prometheus_rule_in_a_fence_keeps_expression_runbook_and_line():
    text = (
        "```yaml\ngroups:\n  - name: api\n    rules:\n     "
        " - alert: ApiDown\n        expr: up == 0\n        "
        "for: 5m\n        labels:\n"
        "          severity: page\n        annotations:\n          runbook_url: https://wiki.example/api-down\n```\n"
    )
    (found,) = usable(text, Kind.ALERT_RULE)
    assert (found.name, found.line, found.value) == ("ApiDown", 5, "up == 0")
    assert found.details == {
        "condition": "up == 0",
        "for": "5m",
        "severity": "page",
        "runbook": "https://wiki.example/api-down",
        "threshold": "== 0",
    }


def test_an_alert_threshold_is_no_target():
    text = "## Alerts\n\n| Alert | Condition | Severity |\n|---|---|---|\n| Slow | p95 latency > 2 s | warning |\n"
    assert {fact.kind for fact in usable(text)} == {Kind.ALERT_RULE}


def test_growth_is_an_assumption_where_it_says_so():
    (found,) = usable("- 30% month-over-month growth (assumption)", Kind.GROWTH_RATE)
    assert (found.value, found.role, found.details["period"]) == (Decimal("0.3"), Role.ASSUMPTION, "month")


def test_the_growth_of_the_market_is_not_ours():
    assert values("The market is growing 12% per year.", Kind.GROWTH_RATE) == []


def test_customers_by_month_are_users():
    text = "## Growth\n\n| Month | Customers |\n|---|---|\n| 2026-01 | 1,200 |\n| 2026-02 | 1,350 |\n"
    assert values(text, Kind.USERS) == [Decimal(1200), Decimal(1350)]


@pytest.mark.parametrize(
    ("written", "amount", "currency", "period"),
    [
        ("$140-415/month", 415, "USD", "month"),
        ("EUR 60 fixed", 60, "EUR", ""),
        ("$5k per year", 5000, "USD", "year"),
        ("€ 1.000 per month", 1000, "EUR", "month"),
    ],
)
def test_costs_keep_amount_currency_and_period(written: str, amount: int, currency: str, period: str):
    (found,) = usable(f"## Cost structure\n\n- Hosting: {written}\n", Kind.COST)
    assert (found.value, found.unit, found.details.get("period", "")) == (amount, currency, period)


@pytest.mark.parametrize(
    "text", ["## Pricing\n\n- Pro plan: $99/month\n", "- Revenue: $5,000 per month", "Savings of $200/month"]
)
def test_prices_revenue_and_savings_are_no_costs(text: str):
    assert values(text, Kind.COST) == []


def test_a_number_that_can_mean_two_is_refused():
    (found,) = facts("- p95 latency: < 1.500 ms", "PRD.md")
    assert "two things" in found.refused


@pytest.mark.parametrize(
    "text",
    [
        "- Uptime: [From PRD]",
        "- Availability: TBD",
        "- Availability: X% (to be defined)",
        "| Metric | Target |\n|---|---|\n| p95 latency | X ms |",
    ],
)
def test_placeholders_are_no_facts(text: str):
    assert usable(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "## Example\n\n- Availability: 99.99%",
        '> Example: "Availability: 99.99% per quarter"',
        "For example, an availability of 99.9% allows 43 minutes.",
        "World-class 99.999% uptime you can bank on!",
        "Competitors advertise 99.99% uptime.",
    ],
)
def test_examples_and_marketing_are_not_used(text: str):
    assert usable(text, Kind.AVAILABILITY_TARGET) == []


def test_tasks_keep_their_state():
    text = (
        "# Build Plan\n\n## 7. Production Operations Phase\n\n- "
        "[x] Define SLOs\n* [ ] Set up monitoring\n1. [X] Create "
        "runbooks\n"
    )
    assert [(fact.name, fact.details["state"]) for fact in usable(text, Kind.TASK)] == [
        ("Define SLOs", "done"),
        ("Set up monitoring", "open"),
        ("Create runbooks", "done"),
    ]


def test_people_journeys_findings_and_strategy():
    text = (
        "# PRD\n\n## Stakeholders\n\n| Name | Role |\n|---|"
        "---|\n| Ana Souza | Product Owner |\n\n## Critical "
        "user journeys\n\n1. **Checkout**: a buyer pays.\n\n"
        "## Team\n\n- Site Reliability Engineer: Kim Berg\n\n## "
        "Security findings\n\n| ID | Finding | Severity | Status "
        "|\n|---|---|---|---|\n"
        "| SEC-1 | Open redirect | High | Open |\n\n## Deployment\n\n- Deployment strategy: blue-green\n"
    )
    found = {fact.kind: fact for fact in usable(text)}
    assert (found[Kind.STAKEHOLDER].name, found[Kind.STAKEHOLDER].details["role"]) == ("Ana Souza", "Product Owner")
    assert found[Kind.CRITICAL_USER_JOURNEY].name == "Checkout"
    assert (found[Kind.TEAM_MEMBER].name, found[Kind.TEAM_MEMBER].details["role"]) == (
        "Kim Berg",
        "Site Reliability Engineer",
    )
    assert found[Kind.SECURITY_FINDING].details == {"severity": "high", "status": "open", "id": "SEC-1"}
    assert found[Kind.DEPLOYMENT_STRATEGY].value == "blue-green"


def test_throughput_is_a_target_in_a_plan_and_a_result_in_a_report():
    (target,) = usable("## Non-functional requirements\n\n- Throughput: 150 requests per second", Kind.THROUGHPUT)
    (result,) = usable("# Load test results\n\n- Throughput: 147.9 req/s", Kind.LOAD_TEST_RESULT)
    assert (target.value, result.value, result.unit) == (150, Decimal("147.9"), "req/s")


def test_a_rate_limit_is_no_throughput():
    assert usable("- Rate limit: 100 requests per second per user", Kind.THROUGHPUT) == []


def test_support_hours():
    (found,) = usable("- Support hours: Monday to Friday 09:00-17:00", Kind.SUPPORT_HOURS)
    assert found.value == "Monday to Friday 09:00-17:00"


def test_a_document_without_facts_gives_none():
    text = (
        "# Design system\n\nButtons are 40 px high. Use the "
        "blue of the brand.\n\n| Token | Value |\n|---|---|"
        "\n| space-1 | 4 px |\n"
    )
    assert facts(text, "DesignSystem.md") == []


def test_the_same_statement_is_one_fact():
    found = usable("- Uptime: 99.9% uptime (99.9%)", Kind.AVAILABILITY_TARGET)
    assert len(found) == 1


def test_a_table_with_one_environment_column_names_all_its_components_and_its_heading_is_none():
    text = (
        "# Infrastructure Spec\n\n## Components\n\n| Component | Kind | Instance (prod) | Count |\n|---|---|---|---|\n"
        "| booking-api | container | 1 vCPU, 2 GiB | 3 |\n| booking-db | PostgreSQL 15 | db.t3.medium | 1 |\n\n"
        "Instance: db.t3.medium (prod), db.t3.micro (dev)\n"
    )
    rows = {(fact.name, fact.scope.environment, fact.details.get("count")) for fact in usable(text, Kind.COMPONENT)}
    assert {("booking-api", "production", "3"), ("booking-db", "production", "1")} <= rows
    assert "Components" not in {name for name, *_ in rows}


def test_what_marketing_says_is_no_target():
    assert usable('Marketing says "always on, 100 % uptime".') == []
