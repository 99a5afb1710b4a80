"""Service levels and backups in the forms that are easily taken for something else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def values(text: str, kind: Kind, document: str = "Document.md") -> list[Decimal | str]:
    return [fact.value for fact in facts(text, document) if fact.kind is kind and not fact.refused]


def test_the_validation_of_a_token_has_a_latency_and_its_lifetime_none():
    table = "## Performance\n\n| Operation | P95 | P99 |\n|---|---|---|\n| Token validation | <50ms | <100ms |\n"
    assert values(table, Kind.LATENCY_TARGET) == [Decimal("0.050"), Decimal("0.100")]
    assert values("- Token lifetime: 15 minutes\n", Kind.LATENCY_TARGET) == []


def test_transaction_success_is_an_availability_and_backup_success_is_none():
    assert values("- **Transaction Success:** >99.99%\n", Kind.AVAILABILITY_TARGET) == [Decimal("0.9999")]
    assert values("- **Backup Success:** >99.9%\n", Kind.AVAILABILITY_TARGET) == []


def test_what_explains_an_objective_does_not_rename_it():
    assert values("**RPO:** 15 minutes (async replication lag)\n", Kind.RPO) == [900]


def test_zero_with_an_explanation_is_no_data_loss():
    table = "| Data | RPO | Method |\n|---|---|---|\n| Code | 0 (no data loss) | Git |\n"
    assert values(table, Kind.RPO) == [0]


def test_a_latency_that_lasts_scales_down_and_is_no_target():
    text = "### Scale down triggers\n\n- API p95 latency < 300ms for 30 minutes\n"
    assert values(text, Kind.LATENCY_TARGET) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("- **系统可用性**: > 99.9%", Kind.AVAILABILITY_TARGET, "0.999"),
        ("- **响应时间**: < 2秒", Kind.LATENCY_TARGET, "2"),
        ("- Waktu respons: < 2 detik", Kind.LATENCY_TARGET, "2"),
        ("- **错误率**: < 0.1%", Kind.ERROR_RATE_TARGET, "0.001"),
    ],
)
def test_levels_in_other_languages(text, kind, value):
    assert values(text, kind) == [Decimal(value)]


def test_a_backup_may_follow_an_event_instead_of_the_clock():
    table = "## Backups\n\n| Data | Frequency | Retention |\n|---|---|---|\n| Configs | On change | 365 days |\n"
    assert values(table, Kind.BACKUP_SCHEDULE) == ["On change"]
    assert values(table, Kind.BACKUP_RETENTION) == [365 * 86_400]


def test_a_length_under_retention_is_no_schedule():
    text = "## Backups\n\n**Retention policy:**\n\n- Daily snapshots: 30 days\n"
    assert values(text, Kind.BACKUP_SCHEDULE) == []
    assert values(text, Kind.BACKUP_RETENTION) == [30 * 86_400]
