"""Shapes that infrastructure specifications, requirements and plans have in common, each beside what looks like it."""

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


def test_a_stack_names_its_parts_by_role_and_product():
    text = "## {}\n\n- **Database**: PostgreSQL 15\n- **Cache**: Redis 7, cluster mode\n- **Frontend**: React 18\n"
    assert values(Kind.COMPONENT, text.format("Tech stack")) == ["PostgreSQL 15", "Redis 7"]
    assert of(Kind.COMPONENT, text.format("Alternatives to our stack")) == []
    assert of(Kind.COMPONENT, "## Tech stack\n\n- **Database**: PostgreSQL or MySQL\n") == []


def test_bullets_that_size_a_section_size_its_part():
    text = "## Compute\n\n### {}\n\n- **Type**: Fargate\n- **CPU**: 1 vCPU\n- **Memory**: 2 GB\n"
    assert names(Kind.COMPONENT, text.format("Web frontend")) == ["Web frontend"]
    assert names(Kind.COMPONENT, text.format("Minimum requirements")) == []


def test_a_count_beside_a_type_of_machine_is_of_the_same_part():
    found = of(Kind.COMPONENT, "### Worker\n\n- Instance type: t3.medium\n- Count: 2\n")
    assert [(fact.name, fact.details["instance_type"], fact.details["count"]) for fact in found] == [
        ("Worker", "t3.medium", "2")
    ]


def test_a_drawn_tree_counts_what_runs():
    tree = "Deployments:\n├── api (2-10 replicas, HPA)\n└── nginx (2 replicas)\nNotes:\n└── x (y)\n"
    text = f"## Kubernetes\n\n```\n{tree}```\n"
    assert [(fact.name, fact.details["count"]) for fact in of(Kind.COMPONENT, text)] == [("api", "2"), ("nginx", "2")]


def test_a_type_of_machine_in_a_resource_map_is_a_part_and_one_that_would_be_is_none():
    table = "## Resource map\n\n| Local | Azure | Why |\n|-|-|-|\n| `api` | VM (`Standard_B2s`) | one host |\n"
    assert names(Kind.COMPONENT, table, "infrastructure.md") == ["api"]
    assert names(Kind.COMPONENT, table.replace("Local", "Option"), "infrastructure.md") == []
    assert names(Kind.COMPONENT, "## Notes\n\n- **AWS port** would be: an EC2 `t3.small` with the same file.\n") == []


def test_an_alert_named_over_its_condition_is_one_alert():
    text = "## Alert rules\n\n### Critical alerts\n\n1. **Service down**\n   - Condition: `up == 0` for 1 minute\n"
    assert names(Kind.ALERT_RULE, text) == ["Service down"]


def test_a_rank_under_alerts_lists_alerts_and_elsewhere_lists_none():
    text = "# {}\n\n## Sentry\n\n### Critical\n\n- Error rate `> 5%` over `5 minutes`\n  - Action: page\n"
    assert len(of(Kind.ALERT_RULE, text.format("Monitoring alerts"))) == 1
    assert of(Kind.ERROR_RATE_TARGET, text.format("Monitoring alerts")) == []
    assert of(Kind.ALERT_RULE, text.format("Release notes")) == []


def test_a_page_that_loads_orders_nobody_to_page():
    text = "## Non-functional requirements\n\n### Performance\n\n- Page load time under 2 seconds on 3G\n"
    assert of(Kind.ALERT_RULE, text) == []
    assert values(Kind.LATENCY_TARGET, text) == [2]


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("Search results returned within 1 second", "1"), ("Database queries < 50ms", "0.05")],
)
def test_under_performance_requirements_a_time_is_a_latency(line, seconds):
    text = f"## Requirements\n\n### Performance\n\n- {line}\n"
    assert values(Kind.LATENCY_TARGET, text) == [Decimal(seconds)]
    assert values(Kind.LATENCY_TARGET, f"## Steps\n\n### Clean-up\n\n- {line}\n") == []


@pytest.mark.parametrize(
    "line", ["Response p95 latency: 3초 이내", "Response latency: dưới 3 giây", "Response latency: kurang dari 3 detik"]
)
def test_bounds_and_units_of_more_languages(line):
    found = of(Kind.LATENCY_TARGET, f"## Targets\n\n- {line}\n")
    assert [(fact.value, fact.details["comparison"]) for fact in found] in ([(3, "<=")], [(3, "<")])


def test_none_lost_is_a_recovery_point_of_zero():
    assert values(Kind.RPO, "## Reliability\n\n- Zero data loss (RPO = 0)\n") == [0]


def test_a_bound_in_the_name_of_an_indicator_is_the_objective():
    text = "## SLOs\n\n| SLI | Source | SLO (30 d) |\n|-|-|-|\n| Latency: share of calls < 50 ms | bucket | 99% |\n"
    assert Decimal("0.05") in values(Kind.LATENCY_TARGET, text)


def test_a_case_in_which_something_is_done_is_no_throughput():
    assert of(Kind.THROUGHPUT, "## Future\n\n- Move to Kubernetes when traffic exceeds 1,000 RPS\n") == []
    assert values(Kind.THROUGHPUT, "# Capacity\n\n10K req/min now, 25K in 6mo, scale RDS Q3\n") == [10_000]


def test_services_with_an_address_under_external_services_are_dependencies():
    table = "## {}\n\n| Service | Base URL | Auth |\n|-|-|-|\n| GiftHub | `https://api.example.com` | key |\n"
    assert names(Kind.DEPENDENCY, table.format("HTTP clients: external services")) == ["GiftHub"]
    assert names(Kind.DEPENDENCY, table.format("Our services")) == []


def test_a_sentence_may_say_what_it_costs_and_not_what_it_would():
    text = "## Hosting\n\nThe single machine {} ~$22/month instead of ~$40, and is public.\n"
    assert values(Kind.COST, text.format("costs"), "infrastructure.md") == [22]
    assert values(Kind.COST, text.format("would cost"), "infrastructure.md") == []


def test_a_block_of_keys_under_infrastructure_names_parts():
    block = (
        "```\nDatabase      : PostgreSQL 16, same region\nObject storage: Cloudflare R2\nCache: Redis or Valkey\n```"
    )
    text = "## {}\n\n" + block + "\n"
    assert values(Kind.COMPONENT, text.format("Production infrastructure")) == ["PostgreSQL 16", "Cloudflare R2"]
    assert of(Kind.COMPONENT, text.format("Infrastructure options")) == []


def test_a_snapshot_for_readers_is_no_backup():
    assert of(Kind.BACKUP_SCHEDULE, "## SLO review\n\n- Weekly snapshot in #engineering\n") == []
    assert values(Kind.BACKUP_SCHEDULE, "## Backups\n\n- Weekly snapshot of the volume\n") != []
