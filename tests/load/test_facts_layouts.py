"""The same said in another shape: alerts by line, heading, code and column; parts by image; costs by column."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import facts


def of(kind: Kind, text: str, document: str = "Document.md") -> list[Fact]:
    return [fact for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def names(kind: Kind, text: str, document: str = "Document.md") -> list[str]:
    return [fact.name for fact in of(kind, text, document)]


def values(kind: Kind, text: str, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in of(kind, text, document)]


def test_alerts_of_one_line_each():
    text = "# Alert rules\n\nQueueFull: depth > 900 for 5m (critical)\nJobsGone: absent(jobs_total) == 1 (warning)\n"
    found = of(Kind.ALERT_RULE, text)
    assert [(fact.name, fact.details["severity"]) for fact in found] == [
        ("QueueFull", "critical"),
        ("JobsGone", "warning"),
    ]
    assert of(Kind.ALERT_RULE, text.replace("Alert rules", "Settings")) == []


def test_a_heading_with_a_severity_names_the_alert_over_its_trigger():
    text = "# {}\n\n## Storage\n\n### LagHigh (warning)\n\n**Triggers:** `lag > 300` for `2m`.\n\n**Meaning:** slow.\n"
    found = of(Kind.ALERT_RULE, text.format("Alert catalogue"))
    assert [(fact.name, fact.details["severity"]) for fact in found] == [("LagHigh", "warning")]
    assert of(Kind.ALERT_RULE, text.format("Jobs")) == []


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "typescript",
            "const rules = [\n  {\n    name: 'Disk full',\n    metric: 'disk',\n    threshold: 90,\n  },\n]",
        ),
        ("json", '[{\n  "name": "Disk full",\n  "condition": "disk > 90"\n}]'),
        ("hcl", 'resource "aws_cloudwatch_metric_alarm" "disk-full" {\n  metric_name = "disk"\n  threshold = 90\n}'),
        ("bash", "aws cloudwatch put-metric-alarm \\\n  --alarm-name 'Disk full' \\\n  --threshold 90"),
        ("yaml", "rules:\n  - name: Disk full\n    condition: disk > 90\n    severity: warning"),
    ],
)
def test_alerts_in_code(language, code):
    text = f"## Alarms\n\n```{language}\n{code}\n```\n"
    assert [name.lower().replace("-", " ") for name in names(Kind.ALERT_RULE, text)] == ["disk full"]
    assert names(Kind.ALERT_RULE, text.replace("Alarms", "Deployment")) == []


def test_a_type_a_request_and_a_threshold_of_something_else_are_no_alert():
    shape = "## Alerts\n\n```typescript\ninterface Alert {\n  name: string\n  threshold: number\n}\n```\n"
    assert names(Kind.ALERT_RULE, shape) == []
    request = '## Alerts\n\n```bash\nPOST /alerts\n{\n  "name": "High",\n  "threshold": 80\n}\n```\n'
    assert names(Kind.ALERT_RULE, request) == []


def test_a_column_of_alerts_beside_targets_gives_both():
    text = (
        "## SLOs\n\n| Metric | Target | Window | Burn-rate alert |\n|-|-|-|-|\n"
        "| Search p95 | < 2 s | 1h rolling | > 3 s over 5 min |\n"
    )
    assert values(Kind.LATENCY_TARGET, text) == [2]
    assert names(Kind.ALERT_RULE, text) == ["Search p95"]


def test_in_a_row_with_a_bound_the_uncompared_cells_are_windows_in_any_language():
    text = "## SLO\n\n| Цель | Порог | Окно |\n|-|-|-|\n| Поиск p95 latency | < 2 s | 1h |\n"
    assert values(Kind.LATENCY_TARGET, text) == [2]


def test_parts_are_told_by_their_image():
    rows = "| DB | `a/db_exp:v0.15` | 9187 |\n| MQ | `mq_exp:1.2` | 9419 |\n"
    table = f"## Exporters\n\n| 이름 | 이미지 | 포트 |\n|-|-|-|\n{rows}"
    assert names(Kind.COMPONENT, table) == ["DB", "MQ"]
    assert names(Kind.COMPONENT, table.replace("a/db_exp:v0.15", "db:9187").replace("mq_exp:1.2", "mq:9419")) == []
    settings = "### 2. Redis (cache)\n\n| 항목 | 값 |\n|-|-|\n| 이미지 | `redis:7.2-alpine` |\n| 포트 | 6379 |\n"
    assert names(Kind.COMPONENT, settings) == ["Redis"]


def test_an_inventory_is_told_by_its_columns():
    table = (
        "## Infraestrutura\n\n| Componente | Configuração | {} |\n|-|-|-|\n| Banco (RDS) | `db.x` Multi-AZ | curtas |\n"
    )
    assert names(Kind.COMPONENT, table.format("Justificativa")) == ["Banco (RDS)"]
    assert names(Kind.COMPONENT, table.format("Risco: alternatives")) == []
    assert names(Kind.COMPONENT, table.format("Justificativa").replace("Infraestrutura", "Alternatives")) == []


def test_a_column_for_each_environment_may_hold_the_costs():
    text = (
        "## Custos de operação\n\n| Item | Homologação | Piloto |\n|-|-|-|\n| Banco | ~US$ 20 | ~US$ 130 (2 tasks) |\n"
    )
    assert values(Kind.COST, text) == [20, 130]
    assert of(Kind.COMPONENT, text) == []


@pytest.mark.parametrize(
    "line",
    [
        "Cost per order: R$ 3,90",
        "Relay: R$ 0,29 por pedido",
        "Storage cost: $32 → $3/month",
        "Linear: $0.41 per stream per month",
    ],
)
def test_the_price_of_one_and_a_change_are_no_costs(line):
    assert of(Kind.COST, f"## Running costs\n\n- {line}\n") == []


def test_columns_of_before_and_after_weigh_two_ways():
    text = "## Running costs\n\n| Service | Before | After | Savings |\n|-|-|-|-|\n| Store | $416 | $160 | $256 |\n"
    assert of(Kind.COST, text) == []


def test_thousands_may_be_set_apart_by_spaces():
    text = "## SLO\n\n| Metric | Target |\n|-|-|\n| Summary p95 latency | ≤ 2 000 ms |\n| Throughput | ≥ 1 000 RPS |\n"
    assert values(Kind.LATENCY_TARGET, text) == [2]
    assert values(Kind.THROUGHPUT, text) == [1000]
    assert values(Kind.THROUGHPUT, "## Traffic\n\n- Step 2 500 requests per second\n") == [500]


def test_a_bound_beneath_a_bullet_is_about_what_the_bullet_names():
    text = (
        "## Acceptance\n\n- 90th percentile response time must be:\n  - ≤ 200 ms for reads\n  - ≤ 500 ms for writes\n"
    )
    assert values(Kind.LATENCY_TARGET, text) == [Decimal("0.2"), Decimal("0.5")]


def test_restores_and_checks_of_backups_schedule_none():
    text = "## Backups\n\n- Quarterly: restore the latest snapshot elsewhere\n- **Symptom:** the daily backup is gone\n"
    assert of(Kind.BACKUP_SCHEDULE, text) == []
    assert of(Kind.BACKUP_SCHEDULE, "## Backup verification\n\n- **Daily**: automated backup check\n") == []
    kept = "## Backup policy\n\n- Retain at least 35 days of daily backups and 7 days of WAL logs.\n"
    assert 35 * 86_400 in values(Kind.BACKUP_RETENTION, kept)


def test_of_a_calculation_only_the_outcome_is_a_rate_and_none_is_one_users():
    assert values(Kind.THROUGHPUT, "## Load\n\n- 200 jobs × 10 events/min = 2,000 events/min\n") == [2000]
    assert of(Kind.THROUGHPUT, "## Load\n\n- 2 write operations per second per active user\n") == []
    assert of(Kind.LOAD_TEST_RESULT, "## Plan\n\n- **Break-even point**: 500-1,000 users\n") == []
