"""Components where a document speaks of something else: costs, criticality, numbered lists, blocks of YAML."""

from __future__ import annotations

import pytest

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts


def names(text: str, document: str = "Operations.md") -> list[str]:
    return [fact.name for fact in facts(text, document) if fact.kind is Kind.COMPONENT and not fact.refused]


def test_the_rows_of_a_numbered_table_are_named_by_their_second_column():
    text = "## 2 services\n\n| # | Service | RAM | CPU |\n|---|---|---|---|\n| 1 | shop_api | 512 MB | 0.5 vCPU |\n"
    assert names(text + "| 2 | shop_redis | 256 MB | 0.2 vCPU |\n| **TOTAL** | 768 MB | 0.7 vCPU | |\n") == [
        "shop_api",
        "shop_redis",
    ]


def test_a_component_without_a_size_is_named_by_the_table_that_sizes_the_others():
    text = "## Components\n\n| Component | Technology | Instances |\n|---|---|---|\n| CDN | CloudFront | Global |\n"
    assert names(text + "| REST API | Node.js | 2–8 |\n") == ["CDN", "REST API"]


def test_a_business_impact_table_names_components_and_a_table_of_features_does_not():
    text = "### Business Impact\n\n| {} | Criticality | Max downtime |\n|---|---|---|\n| Order service | High | 4 h |\n"
    assert names(text.format("System Component")) == ["Order service"]
    assert names(text.format("Feature")) == []
    assert names(text.replace("Business Impact", "Feature priorities").format("Service"), "PRD.md") == []


def test_a_cost_table_names_the_products_it_sizes_and_not_the_traffic():
    text = (
        "## Monthly cost\n\n| Service | Configuration | Monthly cost |\n|---|---|---|\n"
        "| RDS PostgreSQL | db.t3.micro | ~$14 |\n| Data Transfer | 100 GB | ~$5 |\n| **Total** | | $19 |\n"
    )
    assert names(text) == ["RDS PostgreSQL"]


def test_a_price_list_without_sizes_names_no_components():
    assert names("## Costs\n\n| Service | Cost |\n|---|---|\n| Server | $14 |\n| Redis | $5 |\n") == []


def test_yaml_that_says_what_runs_gives_components_and_their_parts_belong_to_them():
    text = (
        "```yaml\ninfrastructure:\n  app_servers:\n    count: 4\n    type: c5.2xlarge\n  database_servers:\n"
        "    primary:\n      type: db.r5.2xlarge\n```\n"
    )
    assert names(text) == ["app_servers", "database_servers"]
    assert names("```yaml\nfields:\n  price:\n    type: number\n    count: many\n```\n") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- Server (Hetzner VPS, 8 vCPU / 32GB RAM): 60 EUR fixed", ["Server"]),
        ("- **API server**: 2 vCPU, 4 GB RAM", ["API server"]),
        ("- **Minimum requirements**: 2 vCPU, 4 GB RAM", []),
        ("- **Server**: at least 2 vCPU, 4 GB RAM", []),
    ],
)
def test_a_size_in_words_names_a_component_unless_it_is_a_wish(line: str, expected: list[str]):
    assert names(f"## Hosting\n\n{line}\n") == expected


def test_products_that_the_system_is_deployed_on_are_components():
    text = (
        "## Overview\n\nThe application is deployed using:\n- **ECS Fargate**: runs the containers\n- **ECR**: images\n"
    )
    assert names(text) == ["ECS Fargate", "ECR"]
    assert names("**Core Components:**\n- ✅ EKS cluster with node groups\n- ✅ Automatic TLS termination\n") == [
        "EKS cluster"
    ]


def test_instance_types_to_choose_from_are_no_component():
    assert names("## Nodes\n\n- **Provisioner**: default\n  - Instance types: m5.large, m5.xlarge, c5.large\n") == []


@pytest.mark.parametrize(
    "line",
    ["- Update dependency rsa to v4", "- `>=version` etc", "- Requests now supports chardet", "- http://host/x as URL"],
)
def test_changes_and_version_ranges_under_dependencies_are_no_dependencies(line: str):
    found = facts(f"## Dependencies\n\n{line}\n- Stripe\n", "Operations.md")
    assert [fact.name for fact in found if fact.kind is Kind.DEPENDENCY] == ["Stripe"]
    assert not facts(f"## Dependencies\n\n{line}\n- Stripe\n", "CHANGELOG.md")


def test_a_quoted_answer_of_an_interface_names_no_component():
    assert names('## Output\n\n"InstanceType": "m3.medium",\n') == []
