"""Parts of a stack: `- **Database**: PostgreSQL 15`, and sections whose bullets say how large one part is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import scope
from sre_kit.load.facts.claims import split_key
from sre_kit.load.facts.components import component_fact
from sre_kit.load.facts.reading import Block, Fence, Line

_ROLE: Final = re.compile(
    r"(?i)(?:primary |main |relational |sql |nosql |vector |application |production )?"
    r"(?:databases?|db|data ?stores?|cach(?:e|ing)(?: layer)?|message (?:brokers?|queues?)|(?:job |task )?queues?|"
    r"search(?: engine)?|(?:object |file )?storage|load balancers?|reverse proxy|web server|api gateway|"
    r"cdn|(?:container )?orchestration|event (?:bus|streaming)|"
    r"base de datos|banco de dados|datenbank|base de données|база данных|кэш|очередь|"
    r"数据库|缓存|消息队列|데이터베이스|캐시|データベース)"
)
_PRODUCT: Final = re.compile(
    r"(?i)(?:(?:amazon|aws|azure|google(?: cloud)?|gcp|managed|self-hosted) )?(?P<product>postgres(?:ql|is)?|"
    r"mysql|mariadb|mongodb|redis|valkey|memcached|rabbitmq|(?:apache )?kafka|nats|sqs|elasticsearch|"
    r"opensearch|meilisearch|typesense|minio|s3|nginx|traefik|haproxy|caddy|kong|cloudfront|kubernetes|docker swarm|"
    r"ecs(?: fargate)?|fargate|eks|gke|aks|dynamodb|cassandra|clickhouse|timescaledb|sql server|aurora|rds|"
    r"elasticache|documentdb|cosmos ?db|qdrant|weaviate|neo4j|cloudflare r2|r2|"
    r"alb|application load balancer|ray|celery)\b"
)
_PLACE: Final = re.compile(
    r"(?i)\b(?:stack|technolog\w*|tecnolog\w*|architecture|infrastructure|backend|hosting|deployment|components?|platform|"
    r"arquitectura|arquitetura|infraestructura|infraestrutura|architektur|infrastruktur)\b|架构|技术|아키텍처|기술|技術|構成|стек"
)
_NO_PLACE: Final = re.compile(
    r"(?i)\b(?:options?|alternatives?|comparison|decisions?|considered|local|development|testing|future|planned|proposed|"
    r"prerequisites?|requirements?|examples?|costs?|pricing|learning|skills|migration|security|libraries|tools)\b"
)
_EITHER: Final = re.compile(r"(?i)\b(?:or|vs\.?|oder|ou|either|tbd|consider|optional|future|planned|instead)\b|\?")


def stacked_part(line: Line, document: str) -> Iterator[Fact]:
    """A part that a bullet of the stack names by its role and its product."""
    key, rest = split_key(line.text)
    near = (*line.parents[-1:], line.lead, *reversed(line.heading[-2:]))
    if not line.item or line.done is not None or not _ROLE.fullmatch(key.strip("* ")):
        return
    found = _PRODUCT.match(rest)
    if not found or _EITHER.search(rest) or any(_NO_PLACE.search(text) for text in near[:3]):
        return
    if not any(_PLACE.search(text) for text in near):
        return
    technology = re.split(r"[,;(]|\s[–—-]\s", rest)[0].strip(" .")
    details = {"technology": technology}
    where = scope.environment(*line.context)
    fact = component_fact(
        found[0], details, where, line.line, line.raw, line.heading, line.context, f"{key} {technology}", document
    )
    yield replace(fact, value=technology)


_ALIGNED: Final = re.compile(r"\s*(?P<key>[^\W\d][^:]{1,30}?)\s*:\s+(?P<value>\S.*)$")


def stacked_block(fence: Fence, document: str) -> Iterator[Fact]:
    """The same in a block of keys and values: `Database  : PostgreSQL, in the same project`."""
    around = tuple(text for text in (fence.lead, *reversed(fence.heading[-2:])) if text)
    if fence.language not in ("", "text", "txt") or any(_NO_PLACE.search(text) for text in around):
        return
    if not any(_PLACE.search(text) for text in around):
        return
    for offset, text in enumerate(fence.text.split("\n")):
        pair = _ALIGNED.match(text)
        if not pair or not _ROLE.fullmatch(pair["key"]) or _EITHER.search(pair["value"]):
            continue
        if found := _PRODUCT.match(pair["value"]):
            technology = re.split(r"[,;(→]|\s[–—-]+>?\s|\s{2,}", pair["value"])[0].strip(" .")
            fact = component_fact(
                found[0], {"technology": technology}, scope.environment(*around), fence.line + offset, text.strip(),
                fence.heading, around, f"{pair['key']} {technology}", document,
            )  # fmt: skip
            yield replace(fact, value=technology)


_SIZES: Final = {
    "cpu": re.compile(r"(?i)v?cpus?|cores?|processor"),
    "memory": re.compile(r"(?i)memory|ram"),
    "type": re.compile(r"(?i)(?:instance |machine |server )?(?:type|class|size)|engine|runtime|service"),
    "storage": re.compile(r"(?i)storage|disk"),
    "count": re.compile(r"(?i)replicas|instances?|tasks|nodes|count|desired(?: count)?"),
}
_GENERIC: Final = re.compile(
    r"(?i)\W*(?:[\d.]+\s+)?(?:(?:current|production|system|hardware|minimum|recommended|server|resource|infrastructure|"
    r"compute|staging|development|environment|default|container|pod) ?)*(?:resources?|"
    r"requirements?|limits?|configuration|specs?|specifications?|compute|sizing|settings?|environment|usage|metrics|capacity|overview|details|hosting)\W*"
)
_WISHED: Final = re.compile(
    r"(?i)\b(?:minimum|recommended|requirements?|prerequisites?|options?|alternatives?|examples?|"
    r"per (?:site|user|tenant|session)|"
    r"scenario|small|medium|large|limits?|usage|metrics|monitoring|alerts?|targets?|tests?|local|development)\b"
)
_AMOUNT: Final = re.compile(r"(?i)\d[\d.]*\s?(?:v?cpus?|cores?|m|mi?b|gi?b|mib|gib|units?)?\b")


def specified_parts(read: Sequence[Block], document: str) -> Iterator[Fact]:
    """The part that a heading names and bullets size: `### Web server` over `CPU: 1 vCPU` and `Memory: 2 GB`."""
    lines = [block for block in read if isinstance(block, Line) and block.item and not block.title]
    for heading, group in groupby(lines, key=lambda line: line.heading):
        told: dict[str, tuple[str, Line]] = {}
        for line in group:
            key, rest = split_key(line.text)
            for name, words in _SIZES.items():
                if key and len(line.parents) == 0 and words.fullmatch(key.strip("* ")):
                    told.setdefault(name, (rest, line))
        if (
            not heading
            or not {"cpu", "memory"} <= told.keys()
            or not all(_AMOUNT.match(told[k][0]) for k in ("cpu", "memory"))
        ):
            continue
        named = re.sub(r"^\W*(?:\d[\d.]*[.)]?\s+)?", "", heading[-1]).strip(" :")
        if (
            _GENERIC.fullmatch(heading[-1])
            or any(_WISHED.search(text) for text in heading[-2:])
            or len(named.split()) > 5
        ):
            continue
        first = min((line for _, line in told.values()), key=lambda line: line.line)
        details = {name: rest[:80] for name, (rest, _) in told.items()}
        where = scope.environment(*reversed(heading))
        yield component_fact(
            named, details, where, first.line, first.raw, heading, tuple(reversed(heading)), named, document
        )
