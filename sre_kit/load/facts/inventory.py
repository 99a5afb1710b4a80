"""Components in tables and blocks about something else: what they cost, how critical they are, what runs now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.components import INSTANCE, component_fact, component_table
from sre_kit.load.facts.described import described_table
from sre_kit.load.facts.inventories import inventoried, typed
from sre_kit.load.facts.manifests import yaml_documents
from sre_kit.load.facts.reading import Fence, Row, Table
from sre_kit.load.facts.running_costs import another_way

_NUMBER_COLUMN: Final = re.compile(r"(?i)^(?:#|no\.?|nr\.?|n[º°]\.?|s\.? ?no\.?|id)?$")
_NAMED: Final = re.compile(
    r"(?i)^(?:(?:system|critical|affected|aws|azure|gcp|cloud|infrastructure) )?(?:components?|services?|systems?|"
    r"applications?|resources?|composants?|componentes?|komponenten?|dienste?|servicios?|servi[cç]os?)(?: name)?$"
)
_CRITICALITY: Final = re.compile(
    r"(?i)^(?:(?:business |service )?(?:criticality|impact)(?: if down| level)?|recovery priority|priority|"
    r"kritikalität|criticidad|criticidade|criticité|impact on (?:users|business))$"
)
_IMPACT_PLACE: Final = re.compile(
    r"(?i)\b(?:business impact|criticality|critical (?:systems?|services?|components?)|service tiers?|recovery "
    r"priorit\w+|disaster recovery|system inventory|service catalog\w*)\b"
)
_NOT_SYSTEMS: Final = re.compile(
    r"(?i)\b(?:features?|modules?|risks?|threats?|scenarios?|issues?|findings?|bugs?|tasks?|gaps?|recommendations?|"
    r"improvements?|optimi[sz]ations?|roadmap|requirements?|tests?|changes?|vulnerabilit\w+|incidents?|alerts?|"
    r"todo|stories|support)\b"
)
_COST_COLUMN: Final = re.compile(r"(?i)\b(?:costs?|price|kosten|costo|coste|coût|custo|usd|eur|/mo(?:nth)?)\b|[$€£]")
_SPEC_COLUMN: Final = re.compile(
    r"(?i)^(?:configurations?|config|specs?|specifications?|sizes?|sizing|instances?(?: type)?|type|details?|tier|sku|"
    r"provider|plan|description|purpose|usage|konfiguration|configuraci[oó]n|configura[cç][aã]o)$"
)
_PRODUCT: Final = re.compile(
    r"(?i)^(?:(?:amazon|aws|azure|google(?: cloud)?|gcp|managed|self-hosted) )*(?:ecs|eks|ec2|rds|ecr|s3|alb|elb|nlb|"
    r"lambda|cloudwatch|cloudfront|route ?53|elasticache|dynamodb|documentdb|sqs|sns|secrets? manager|fargate|"
    r"api gateway|api management|nat gateways?|gke|cloud run|cloud sql|aks|app service|container (?:apps?|registry)|"
    r"cosmos ?db|key vault|(?:application |network )?load balancers?|aurora|opensearch|elasticsearch|memorystore|"
    r"postgres\w*|mysql|mariadb|mongodb|redis|valkey|rabbitmq|kafka|msk|nginx|traefik|haproxy|cdn|waf|databases?|"
    r"message (?:queue|broker)|object storage|bastion|kubernetes|vps|virtual machines?|servers?|cache|"
    r"compute|blob storage|storage account|"
    r"log analytics|application insights|front door|service bus|event hubs?|cloudflare)\b"
)
_NO_PRODUCT: Final = re.compile(
    r"(?i)^\W*(?:sub-?)?total|\b(?:transfer|bandwidth|traffic|egress|domain|certificate|misc\w*|other|buffer|backups?|"
    r"snapshots?|savings?|reserved|data processing|support|license|tax|salar\w+|developer)\b"
)


def unnumbered(table: Table) -> Table:
    """The table without a first column that only counts the rows."""
    counts = [row for row in table.rows if re.fullmatch(r"#?\d{1,3}\.?", row.cells[0] if row.cells else "")]
    if len(table.header) < 3 or not _NUMBER_COLUMN.match(table.header[0]) or len(counts) * 2 < len(table.rows):
        return table
    rows = tuple(Row(row.cells[1:], row.line, row.source) for row in counts if len(row.cells) > 1)
    return replace(table, header=table.header[1:], rows=rows)


def components_of_table(table: Table, document: str) -> list[Fact]:
    """The components of a table, whichever reader knows its form; rows without a size are named by the description."""
    table = unnumbered(table)
    if _offered(table):
        return []
    sized, described = component_table(table, document), described_table(table, document)
    if sized and described:
        lines = {fact.line for fact in sized}
        return sorted([*sized, *(fact for fact in described if fact.line not in lines)], key=lambda fact: fact.line)
    paid = _paid(table, document)
    if sized and paid:
        lines = {fact.line for fact in sized}
        return sorted([*sized, *(fact for fact in paid if fact.line not in lines)], key=lambda fact: fact.line)
    return (
        sized
        or described
        or _critical(table, document)
        or paid
        or inventoried(table, document)
        or typed(table, document)
    )


_SELLERS: Final = re.compile(r"(?i)(?:cloud |hosting )?(?:providers?|vendors?|platforms?|options?|alternatives?)")
_ASKED_FOR: Final = re.compile(
    r"(?i)\b(?:pre-?requisites?|(?:system|hardware|software|minimum|recommended|server) requirements?|voraussetzungen|"
    r"requisitos|pr[ée]requis|prerrequisitos)\b|前提|要件|环境要求|系统要求|требования"
)


def _offered(table: Table) -> bool:
    """Whether the rows are what might be chosen, or must be there before one starts: no inventory of what runs."""
    place = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    if any(_ASKED_FOR.search(text) for text in place[:2]) or another_way("", place):
        return True
    return bool(_SELLERS.fullmatch(table.header[0])) and any(_COST_COLUMN.search(name) for name in table.header[1:])


def _critical(table: Table, document: str) -> list[Fact]:
    """Rows of a business impact table: `| Order service | Critical | 4 hours |`."""
    header = table.header
    column = next((index for index, name in enumerate(header) if index and _CRITICALITY.match(name)), None)
    place = " ".join((table.lead, *table.heading[-2:]))
    if column is None or not _NAMED.match(header[0]) or _NOT_SYSTEMS.search(" ".join(header)):
        return []
    if not _IMPACT_PLACE.search(f"{place} {document}") or _NOT_SYSTEMS.search(
        " ".join((table.lead, *table.heading[-1:]))
    ):
        return []
    return [
        _row(table, row, {"criticality": row.cells[column]}, document)
        for row in table.rows
        if column < len(row.cells) and 1 < len(row.cells[0]) <= 50 and len(row.cells[0].split()) <= 5
        and not re.search(r"(?i)^(?:all|full|entire|overall)\b|\b(?:data|logs?|files|configurations?|history|records)$",
                          row.cells[0])
    ]  # fmt: skip


def _paid(table: Table, document: str) -> list[Fact]:
    """Rows of a cost table that name a running product beside its size: `| RDS PostgreSQL | db.t3.micro | $14 |`."""
    header = table.header
    specified = next((index for index, name in enumerate(header) if index and _SPEC_COLUMN.match(name)), None)
    if specified is None or not any(_COST_COLUMN.search(name) for name in header[1:]) or not _NAMED.match(header[0]):
        return []
    found = []
    for row in table.rows:
        if specified >= len(row.cells) or _NO_PRODUCT.search(row.cells[0]) or not _PRODUCT.match(row.cells[0]):
            continue
        instance = INSTANCE.search(row.cells[specified])
        details = {"configuration": row.cells[specified]}
        if instance:
            details |= {"instance_type": instance["type"], "count": instance["count"] or ""}
        found.append(_row(table, row, details, document))
    return found


def _row(table: Table, row: Row, details: dict[str, str], document: str) -> Fact:
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    return component_fact(
        row.cells[0], details, scope.environment(*around), row.line, row.source, table.heading, around,
        row.cells[0], document,
    )  # fmt: skip


_PART: Final = re.compile(
    r"(?i)^(?:primary|primaries|master|writer|readers?|(?:read_?)?replicas?|secondary|standby|slaves?)$"
)
_TYPE_KEYS: Final = (
    "type",
    "instance_type",
    "instanceType",
    "instance",
    "machine_type",
    "instance_class",
    "node_type",
    "vm_size",
    "nodeType",
    "size",
)
_COUNT_KEYS: Final = (
    "count",
    "replicas",
    "instances",
    "nodes",
    "desired",
    "num_nodes",
    "node_count",
    "instance_count",
    "desired_count",
)


def inventory_facts(fence: Fence, document: str) -> Iterator[Fact]:
    """The components of a block of YAML that says what runs: a name over a `count` and a `type`."""
    if fence.language not in ("yaml", "yml") or len(fence.text) > 20_000 or "apiVersion" in fence.text:
        return
    for root in yaml_documents(fence.text):
        yield from _parts(root, "", fence, document)


def _parts(item: Any, name: str, fence: Fence, document: str) -> Iterator[Fact]:
    if not isinstance(item, Mapping):
        return
    written = str(next((item[key] for key in _TYPE_KEYS if isinstance(item.get(key), str)), ""))
    count = next((item[key] for key in _COUNT_KEYS if isinstance(item.get(key), int)), None)
    instance = INSTANCE.search(written)
    sized = count is not None and all(isinstance(item.get(key), (str, int)) for key in ("cpu", "memory"))
    if name and (instance or sized or (written and count is not None)):
        details = {"instance_type": instance["type"]} if instance else {"type": written} if written else {}
        details |= {"count": str(count) if count is not None else ""}
        details |= {
            key: str(item[key]) for key in ("cpu", "memory", "storage") if isinstance(item.get(key), (str, int))
        }
        yield _named(name, details, fence, document)
        return
    for key, part in item.items():
        yield from _parts(part, name if name and _PART.match(str(key)) else str(key), fence, document)


def _named(name: str, details: dict[str, str], fence: Fence, document: str) -> Fact:
    lines = fence.text.split("\n")
    offset = next((index for index, line in enumerate(lines) if line.strip().startswith(f"{name}:")), 0)
    around = tuple(text for text in (fence.lead, *reversed(fence.heading)) if text)
    fact = component_fact(
        name, details, roles.fence_environment(fence), fence.line + offset, lines[offset].strip(), fence.heading,
        around, name.replace("_", " "), document,
    )  # fmt: skip
    return replace(fact, refused=fact.refused or roles.fence_refusal(fence))
