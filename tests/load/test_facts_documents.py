"""Whole documents as an earlier phase would write them: everything in them, and nothing else."""

from __future__ import annotations

from sre_kit.load.facts import facts

RECOVERY = """# Disaster recovery plan of the ticket shop

**Owner:** Platform team
**Review:** quarterly

## 1. Objectives

| Service | Tier | RTO | RPO |
|---------|------|-----|-----|
| Checkout | Tier 1 | 30 minutes | 5 minutes |
| Reporting | Tier 3 | 2 days | 24 hours |

The targets were agreed in March. A restore drill took 22 minutes.

## 2. Backups

### PostgreSQL

- **Frequency**: hourly snapshots
- **Retention**: 35 days (production), 7 days (staging)
- **Restore test**: monthly

Application logs are kept for 90 days.

## 3. Recovery team

- **Incident commander**: Nadia Haddad
- **Database**: [Name]

## 4. Procedure

1. Stop the writers and wait 30 seconds.
2. Restore the last snapshot; this takes about 15 minutes.
"""

CAPACITY = """# Capacity and cost

## Sizing

| Component | Instance type | Count | Memory |
|---|---|---|---|
| api | m6g.large | 4 | 8 GB |
| PostgreSQL | db.r6g.xlarge | 2 | 32 GB |
| **Total** | | 6 | 40 GB |

## Scaling

Scale out when CPU > 65% for 3 minutes, bounds Min: 4, Max: 16.

## Monthly cost

| Item | Cost |
|---|---|
| Compute | $1,240 |
| Database | $980/month |

## Pricing for customers

| Plan | Price |
|---|---|
| Pro | $49/month |

## Forecast

- 12,000 monthly active users today
- Orders grow 8% per month (assumption)
- The market grows 20% per year
"""

NOTHING = """# Coding conventions

Functions are short. A pull request waits for 2 reviews and 3 checks; lines end at 100 characters.

| Rule | Value |
|---|---|
| Indent | 4 spaces |
| Coverage | 90% |

```bash
curl -m 30 https://service.example/health   # 30 s timeout
```

Retry after 5 s, at most 3 times. Sessions last 30 minutes. Read [the guide](guide.md) in 10 minutes.
"""


def summary(text: str, document: str) -> set[tuple[str, str, str]]:
    return {
        (fact.kind.value, f"{fact.value}", fact.scope.environment or fact.name)
        for fact in facts(text, document)
        if not fact.refused
    }


def test_a_recovery_plan():
    assert summary(RECOVERY, "DisasterRecovery.md") == {
        ("rto", "1800", "Checkout"),
        ("rpo", "300", "Checkout"),
        ("rto", "172800", "Reporting"),
        ("rpo", "86400", "Reporting"),
        ("backup_schedule", "hourly", "PostgreSQL"),
        ("backup_retention", "3024000", "production"),
        ("backup_retention", "604800", "staging"),
        ("team_member", "Nadia Haddad", "Nadia Haddad"),
    }


def test_a_capacity_plan():
    assert {(kind, value) for kind, value, _ in summary(CAPACITY, "CapacityPlan.md")} == {
        ("component", "api"),
        ("component", "PostgreSQL"),
        ("scaling_rule", "Scale out when CPU > 65% for 3 minutes, bounds Min: 4, Max: 16."),
        ("cost", "1240"),
        ("cost", "980"),
        ("users", "12000"),
        ("growth_rate", "0.08"),
    }


def test_a_document_full_of_numbers_may_hold_no_fact():
    assert facts(NOTHING, "Conventions.md") == []
