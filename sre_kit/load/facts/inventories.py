"""Inventories of what runs, told by their columns: a part, and its technology, version, image, port or setting."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import scope
from sre_kit.load.facts.components import INSTANCE, component_fact
from sre_kit.load.facts.described import described_row
from sre_kit.load.facts.reading import Table

_PART: Final = re.compile(
    r"(?i)(?:(?:system|core|running|deployed|application|infrastructure|aws|azure|gcp|docker|k8s) )?"
    r"(?:components?|services?|micro-?services?|containers?|servers?|databases?|data ?stores?|workloads?|"
    r"componentes?|servi[cç]os?|servicios?|composants?|komponenten?|dienste?|контейнер\w*|компонент\w*|сервис\w*|组件|服务|"
    r"컴포넌트|서비스|구성 ?요소|サービス|コンポーネント)(?: name)?"
)
_ATTRIBUTE: Final = re.compile(
    r"(?i)(?:technolog(?:y|ies)|tech(?: stack)?|stack|version|image|(?:host |container )?ports?|replicas|instances?|"
    r"instance types?|config(?:uration)?|specs?|specifications?|runtime|engine|hosting|platform|volumes?|mount|"
    r"language|framework|cpu|memory|ram|sku|tecnolog[ií]a|configura[cç][aã]o|configuraci[oó]n|vers[aã]o|versi[oó]n|puertos?|"
    r"portas?|imagen|imagem|technologie|konfiguration|технологи\w+|стек|порты?|версия|образ|конфигурация|技术|技術|版本|端口|"
    r"配置|镜像|기술|기술 ?스택|포트|버전|이미지|사양|技術スタック|ポート|バージョン)(?:\s?\([^()]*\))?"
)
_OTHER_MATTER: Final = re.compile(
    r"(?i)\b(?:costs?|price|risks?|threats?|threshold|alert\w*|severity|rto|rpo|priority|alternatives?|options?|why|"
    r"rationale|reason|pros|cons|tests?|coverage|effort|phase|slos?|slas?|usage|utili[sz]ation|latency|current|target|"
    r"before|after|recommend\w*|change[sd]?|issue|problem|finding|vulnerab\w+|limits?|license|weight|score|custos?|"
    r"costos?|coste|riesgos?|riscos?|kosten|risiko|prioridade?|method|endpoint|response|request|status code|field|"
    r"required|default)\b|[$€£]|стоимость|成本|费用|비용|費用"
)
_PLACE: Final = re.compile(
    r"(?i)\b(?:infra\w*|architect\w*|arquitet?\w*|architekt\w*|inventor\w*|topolog\w*|deploy\w*|stack|components?|services?|"
    r"containers?|hosting|servers?|capacity|databases?|data ?stores?|componentes|servi[cç]os|servicios|composants|"
    r"komponenten|dienste|инфраструктур\w*|архитектур\w*|компонент\w*|сервис\w*)\b|架构|基础设施|组件|服务|아키텍처|인프라|구성|"
    r"서비스|構成|インフラ|アーキテクチャ"
)
_NO_PLACE: Final = re.compile(
    r"(?i)\b(?:api|endpoints?|features?|tests?|testing|qa|comparison|alternatives?|options?|decisions?|pricing|costs?|"
    r"roadmap|milestones?|security|compliance|risks?|troubleshooting|migrations?|libraries|packages|prerequisites?|"
    r"requirements?|local development|environment variables|ui|design system|frontend components|health ?checks?|"
    r"examples?|future|planned|proposed|cross-cutting|backlog|changes?|files?|directories|responsib\w+|"
    r"metrics|alerts?|slos?|slas?|dashboards?|logs?)\b"
)


_NO_COLUMN: Final = re.compile(
    r"(?i)\b(?:costs?|price|kosten|custos?|costos?|savings?|current|target|before|after|recommend\w*|alternatives?|options?|"
    r"users|threshold|usage|utili[sz]ation|max(?:imum)? load)\b|[$€£]"
)
_NO_ROW: Final = re.compile(
    r"(?i)\b(?:options?|plans?|tiers?|scenario|users|scale|load|phase|size|alternatives?|approach|recommend\w*|metric|"
    r"before|after|current|workload|requirement|environments?|date|month|step|test)\b"
)


def typed(table: Table, document: str) -> list[Fact]:
    """The rows of a resource map that name a type of machine: `| api, worker | VM (Standard_B2s) | one host |`."""
    header, near = table.header, (table.lead, *table.heading[-1:])
    if _NO_ROW.search(header[0]) or any(_NO_COLUMN.search(name) for name in header):
        return []
    if any(_NO_PLACE.search(text) for text in near) or not any(_PLACE.search(text) for text in (*near, document)):
        return []
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    found = []
    for row in table.rows:
        spotted = [match for cell in row.cells[1:] for match in INSTANCE.finditer(cell)]
        if len(spotted) == 1 and 1 < len(row.cells[0]) <= 60:
            details = {"instance_type": spotted[0]["type"], "count": spotted[0]["count"] or ""}
            where = scope.environment(*around)
            found.append(
                component_fact(
                    row.cells[0],
                    details,
                    where,
                    row.line,
                    row.source,
                    table.heading,
                    around,
                    " ".join(row.cells),
                    document,
                )
            )
    return found


def inventoried(table: Table, document: str) -> list[Fact]:
    """The parts of a table whose first column names them and another says what they are made of."""
    header = table.header
    near = (table.lead, *table.heading[-1:])
    if len(header) < 2 or not _PART.fullmatch(header[0].strip()):
        return []
    if not any(_ATTRIBUTE.fullmatch(name.strip()) for name in header[1:]):
        return []
    if any(_OTHER_MATTER.search(name) for name in header[1:]) or any(_NO_PLACE.search(text) for text in near):
        return []
    if not any(_PLACE.search(text) for text in (*near, *table.heading[-2:-1], document)):
        return []
    return [fact for row in table.rows if (fact := described_row(table, row, document))]
