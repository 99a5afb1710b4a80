"""Components that are introduced rather than sized: tables of names with purposes, bullets under "Components"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts import scope
from sre_kit.load.facts.claims import Claim, split_key
from sre_kit.load.facts.component_kinds import STATEFUL, is_component_name
from sre_kit.load.facts.components import HARDWARE, INSTANCE, component_fact
from sre_kit.load.facts.dependencies import dependency_fact
from sre_kit.load.facts.reading import Line, Row, Table

_DESCRIBED_NAME: Final = re.compile(
    r"(?i)^(?:components?|services?|containers?|microservices?|applications?|apps?|"
    r"systems?|databases?|servers?|layers?|infrastructure|resources?|modules?|komponenten?|"
    r"dienste?|componentes?|servicios?|composants?|servi[cç]os?|process(?:es)?|tools?)(?: "
    r"name)?$"
)


_DESCRIBING: Final = re.compile(
    r"(?i)^(?:purpose|description|responsibilit(?:y|ies)|technology|technologies|tech(?: "
    r"stack)?|ports?|functions?|roles?|details?|types?|notes?|hosting|platform|provider|"
    r"(?:aws |azure |gcp |cloud )?services?|solution|tool|image|url|"
    r"stack|runtime|language|engine|version|status|location|config|configuration|beschreibung|"
    r"zweck|technologie|descripci[oó]n|prop[oó]sito|tecnolog[ií]a|descri[cç][aã]o|"
    r"fun[cç][aã]o|rôle|fonction|technologie|usage|namespace|host|host port|container "
    r"name|health ?check|sku|resource|owner|scaling|auto-?scaling|redundancy|failover|"
    r"replication|instances?|replicas?|availability|high availability|ha|regions?|"
    r"size|sizing|spec(?:ification)?s?|storage|memory|cpu|backup)$"
)


_DESCRIBED_PLACE: Final = re.compile(
    r"(?i)\b(?:infrastructure|architecture|components?|services?|containers?|stack|"
    r"topology|hosting|deployment|servers?|microservices|applications?|databases?|"
    r"data ?stores?|storage|infrastruktur|architektur|arquitectura|arquitetura|infraestructura|"
    r"infraestrutura|compute|networking|system overview|monitoring|observability)\b"
)


_TECHNOLOGY: Final = re.compile(
    r"(?i)^(?:technolog\w+|tech(?: stack)?|(?:aws |azure |gcp |cloud )?services?|solution|"
    r"tool|tecnolog[ií]a|platform|provider|engine|stack)$"
)


_NO_COMPONENT_PLACE: Final = re.compile(
    r"(?i)\b(?:api|endpoints?|environment variables|features?|ui|design|tests?|testing|"
    r"comparison|alternatives?|decisions?|pricing|costs?|business|third[- ]party|support|"
    r"levels?|dependenc\w+|security|compliance|tools? used|quality|metrics|alerts?|"
    r"health ?checks?|troubleshooting|"
    r"responsibilit\w+|professional|consulting|frontend components|react|files?|permissions?|"
    r"roadmap|status|libraries|packages|sla|slo|objectives?|options?)\b"
)


_SAAS: Final = re.compile(
    r"(?i)\b(?:clerk|supabase|pinecone|openai|anthropic|stripe|resend|vercel|netlify|"
    r"cloudflare|twilio|sendgrid|auth0|okta|paypal|sentry|datadog|firebase|mailgun|"
    r"postmark|algolia|segment|mixpanel|posthog|"
    r"plaid|github actions|hugging ?face|cohere|replicate|google maps|mapbox|intercom|"
    r"zendesk|slack api|shopify|mongodb atlas|neon|planetscale|upstash|razorpay|mercado "
    r"pago)\b"
)


def hired_services(table: Table, document: str) -> list[Fact]:
    """Rows of a technology table that name a service of somebody else: `| Payments | Stripe |`."""
    column = next((index for index, name in enumerate(table.header) if index and _TECHNOLOGY.match(name)), None)
    if column is None or not re.search(
        r"(?i)\b(?:stack|technolog\w+|services?|integrations?|infrastructure|architecture)\b",
        " ".join((table.lead, *table.heading[-1:])),
    ):
        return []
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    found = []
    for row in table.rows:
        if column >= len(row.cells) or not _SAAS.search(row.cells[column]) or len(row.cells[column].split()) > 5:
            continue
        name, role = row.cells[column], row.cells[0]
        if _RUNS_HERE.fullmatch(role) and _SITE.search(" ".join((table.lead, *table.heading[-1:]))):
            where = scope.environment(*around)
            fact = component_fact(role, {}, where, row.line, row.source, table.heading, around, role, document)
            found.append(replace(fact, value=name, details={"technology": name, **fact.details}))
        elif not _WORKSHOP.fullmatch(role):
            more = {"purpose": role}
            found.append(dependency_fact(name, row.line, row.source, table.heading, around, document, more))
    return found


_RUNS_HERE: Final = re.compile(
    r"(?i)(?:(?:web|app|application|primary|main|backend|frontend) )?(?:hosting|databases?|cdn|cache|compute|"
    r"(?:object |file )?storage|queue|search)"
)
_SITE: Final = re.compile(r"(?i)\b(?:production|infrastructure|hosting|deployment|environment)\b")
_WORKSHOP: Final = re.compile(
    r"(?i)ci(?:/cd)?|cd|secrets?(?: management)?|ssl|tls|domain|dns|version control|source control|repository|git"
)
"""What a production stack lists beside its parts; nothing that a request needs."""


def described_table(table: Table, document: str) -> list[Fact] | None:
    """The components that a table introduces, or None where it introduces none."""
    if not _described(table, document):
        return None
    return [fact for row in table.rows if (fact := described_row(table, row, document))]


def _described(table: Table, document: str) -> bool:
    """Whether a table introduces components: a name column, and only columns that describe."""
    place = " ".join((table.lead, *table.heading[-2:]))
    return (
        len(table.header) > 1
        and bool(_DESCRIBED_NAME.match(table.header[0]))
        and (all(_DESCRIBING.match(name) for name in table.header[1:] if name) or _of_services(table))
        and bool(_DESCRIBED_PLACE.search(place))
        and not _NO_COMPONENT_PLACE.search(" ".join((table.lead, *table.heading[-1:])))
        and not re.search(r"(?i)design ?system|wireframe|prototype|storybook|api ?spec|pricing|market", document)
        and (not re.search(r"(?i)test", document) or bool(_RUNNING.match((table.lead or place).strip())))
    )


_SERVICE_NAME: Final = re.compile(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:service|svc|api|worker|gateway|server|backend|frontend|web|app|db|proxy|"
    r"scheduler|consumer|processor)(?:\s\([^()]*\))?"
)


def _of_services(table: Table) -> bool:
    """Whether nearly every row names a service as programs do (`order-service`), beside what it is there for."""
    named = sum(bool(_SERVICE_NAME.fullmatch(row.cells[0])) for row in table.rows if row.cells)
    told = any(re.match(r"(?i)(?:responsibilit|purpose|description|role|function)", name) for name in table.header[1:])
    return told and named >= 2 and named * 4 >= 3 * len(table.rows)


_RUNNING: Final = re.compile(
    r"(?i)^(?:[\w\s]+ )?(?:infrastructure|architecture|components|deployment|(?:tech )?stack)$"
)


_TOOLCHAIN: Final = re.compile(
    r"(?i)(?:python|node(?:\.?js)?|npm|pnpm|yarn|java|jdk|openjdk|go(?:lang)?|rust|ruby|php|\.net(?: sdk)?|gcc|g\+\+|"
    r"gcc/g\+\+|clang|c?make|git|pip|maven|gradle|ubuntu|debian|alpine|linux|macos|windows)(?: [\d.]+\+?)?"
)
_OR_NEWER: Final = re.compile(r"(?:≥|>=)\s?\d[\d.]*|v?\d[\d.]*(?:\+|\.x\+?)(?: .{1,20})?")
"""What must be installed, in this version or a newer one, is asked for and not described."""


def described_row(table: Table, row: Row, document: str) -> Fact | None:
    """The component of a row that introduces one, or None where its first cell names a language, a tool or a sum."""
    name = row.cells[0]
    if (
        not 1 < len(name) <= 60
        or len(name.split()) > 6
        or HARDWARE.fullmatch(name)
        or _TOOLCHAIN.fullmatch(name)
        or (not STATEFUL.search(name) and any(_OR_NEWER.fullmatch(cell) for cell in row.cells[1:]))
        or re.search(
            r"(?i)^(?:total|language|framework|testing|ci/?cd|version control|styling|linting|"
            r"build tool|package manager|replicas|connection pool|ide|dns|ssl|http|auth\w*)\b(?!-)",
            name,
        )
    ):
        return None
    details = {
        column.lower(): cell for column, cell in zip(table.header[1:], row.cells[1:], strict=False) if cell.strip("-– ")
    }
    technology = next(
        (cell for column, cell in zip(table.header[1:], row.cells[1:], strict=False) if _TECHNOLOGY.match(column)), ""
    )
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    fact = component_fact(
        name, {}, scope.environment(*around), row.line, row.source, table.heading, around, " ".join(row.cells), document
    )
    kept = {key: value for key, value in details.items() if len(value) <= 200}
    return replace(fact, value=technology or name, details={**kept, **fact.details})


_NO_PART: Final = re.compile(
    r"(?i)\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|rb|php|cs|vue|svelte|ya?ml|json|sql|sh|md)\b|[<>/{}()]|"
    r"\b(?:strateg\w+|redundancy|polic(?:y|ies)|algorithms?|approach|patterns?|logic|flow|methodology|principles?|"
    r"encryption|validation|logging|error handling|authentication|authorization|security|testing|props?|hooks?|"
    r"states?|styles?|colou?rs?|layouts?|forms?|buttons?|modals?|cards?|pages?|screens?|views?|tables?|menus?)\b"
)
"""A source file, a property of the system or a part of its pages is nothing that runs."""
_ROLE_PLACE: Final = re.compile(
    r"(?i)\W*(?:[\d.]+\s*)?(?:(?:primary|main|object|file|message|application|web|managed) )?(?:compute|databases?|"
    r"cach(?:e|ing)|storage|queues?|messag(?:e|ing)(?: broker| queue)?|cdn|search|load balanc(?:er|ing)|hosting|"
    r"networking|containers?|orchestration|data stores?|runtime)(?: layer| tier)?\W*"
)
_INFRA_DOCUMENT: Final = re.compile(r"(?i)infrastructure|infra[ _-]?spec|architecture|deployment|\bstack\b|topology")
_BARE_PRODUCT: Final = re.compile(
    r"(?i)^(?:(?:amazon|aws|azure|google|gcp|managed) )?(?:ecs|eks|ec2|rds|s3|alb|elb|nlb|lambda|cloudfront|"
    r"elasticache|dynamodb|documentdb|sqs|sns|fargate|gke|aks|cloud run|cloud sql|aurora|opensearch|elasticsearch|"
    r"memorystore|postgres\w*|mysql|mariadb|mongodb|redis|valkey|rabbitmq|kafka|msk|nginx|traefik|haproxy|minio|"
    r"memcached|kubernetes|blob storage|cosmos ?db|application load balancer)\b"
)


def _of_role(line: Line, near: str, document: str) -> bool:
    """`RDS PostgreSQL Multi-AZ` alone under "Database" in a document on the infrastructure."""
    return (
        bool(_ROLE_PLACE.fullmatch(near))
        and len(line.text.split()) <= 6
        and bool(_BARE_PRODUCT.match(line.text))
        and any(_INFRA_DOCUMENT.search(text) for text in (document, *line.heading[:-1]))
        and not re.search(r"[?!;]|\d\s?%|[$€£]", line.text)
    )


_RESOURCE: Final = re.compile(
    r"(?i)^(?:auto[- ]?scaling group|(?:application |network )?load balancer|alb|nlb|"
    r"(?:rds|ecs|eks|ec2|gke|aks|lambda|cloudfront|elasticache|s3)(?: (?:instance|"
    r"cluster|service|bucket|function|distribution|database))?"
    r"|kubernetes cluster|database(?: server| cluster| instance)?|redis(?: cluster)?|"
    r"message (?:queue|broker)|cdn|vector (?:db|database)|cache|object storage|api "
    r"gateway|web server|reverse proxy)$"
)


_COMPONENT_PLACE: Final = re.compile(
    r"(?i)^\W*(?:[\d.]+\s*)?(?:(?:system|core|key|main|infrastructure|architecture|"
    r"architectural|backend|service|platform|high-level|technical|docker|(?:docker )?compose|docker compose|running|"
    r"application|kubernetes|deployed)\s){0,2}(?:components?|"
    r"microservices|containers|services|komponenten|componentes|composants)(?:\s(?:overview|"
    r"principales|del sistema))?\W*$"
    r"|^\W*(?:[\d.]+\s*)?(?:infrastructure|architecture|compute|data stores?|load "
    r"balancing|database|hosting|storage|networking)\W*$"
)


_WORKLOAD: Final = re.compile(
    r"(?i)^(?:kubernetes )?(?:StatefulSet|Deployment with|DaemonSet|Docker container|"
    r"ECS service|Fargate|EC2 instance|Cloud Run|Lambda function|managed (?:postgres\w*|"
    r"redis|mysql|database|kafka))\b"
)


_PAID_PLACE: Final = re.compile(r"(?i)\b(?:costs?|pric\w+|custos?|costos?|kosten|free tier|tier gratuito|quotas?)\b")
_CLOUD: Final = re.compile(
    r"(?i)^(?:amazon |aws |azure |google )?(?:ecs|eks|ec2|rds|ecr|s3|alb|elb|nlb|lambda|"
    r"cloudwatch|cloudfront|route ?53|elasticache|dynamodb|sqs|sns|secrets manager|"
    r"fargate|api gateway|vpc|"
    r"gke|cloud run|cloud sql|aks|app service|container apps?|cosmos db|key vault|"
    r"application load balancer|aurora)(?:\s(?:fargate|postgres(?:ql)?|mysql|redis|"
    r"cluster|service|bucket|aurora|instance))?$"
)


_USING: Final = re.compile(
    r"(?i)\b(?:deployed|runs?|running|hosted|provisioned) (?:using|on|with|as)\W*$|\bcomponents?\W*$"
)
_PROVISIONED: Final = re.compile(
    r"(?i)^(?P<name>(?:[A-Z][\w.-]+ ){0,3}(?:cluster|load balancer|api gateway|edge stack|database|cache|queue|cdn|"
    r"bucket|postgresql|redis|kafka|rabbitmq|mongodb|mysql|nginx|traefik))(?=\s(?:with|for|behind|in)\b|\s\(|$)"
)


def listed_component(line: Line, document: str) -> Iterator[Fact]:
    """`Backup controller: drives the jobs` under "Components", `Load Balancer: shop-alb` under "Compute"."""
    near = line.lead or (line.heading[-1] if line.heading else "")
    key, rest = split_key(line.text)
    if not key and (bold := re.match(r"\s*(?:[-*+]|\d+[.)])\s+\*\*([^*]{2,60})\*\*\s*(?:[-–—]\s*(.*))?$", line.raw)):
        key, rest = bold[1].strip(" :"), bold[2] or ""
    if not line.item or line.parents or line.done is not None:
        return
    if not key and _USING.search(near) and (found := _PROVISIONED.match(line.text)):
        key, rest = found["name"], line.text[found.end() :]
        yield _introduced(key, line, document)
        return
    if not key:
        if _of_role(line, near, document):
            yield _introduced(re.sub(r"\s*\([^()]*\)\W*$", "", line.text).strip(" ."), line, document)
        return
    if (
        _WORKLOAD.match(rest)
        and len(key.split()) <= 5
        and not re.fullmatch(r"(?i)(?:\w+ )?(?:type|runtime|platform)", key)
    ):
        yield _introduced(key, line, document, f"{key} {rest}")
        return
    if not _COMPONENT_PLACE.match(near) and not _CLOUD.match(key):
        return
    if any(_PAID_PLACE.search(text) for text in (near, *line.heading[-1:])):
        return
    if re.search(r"(?i)design ?system|frontend|wireframe|prototype|ui[ _-]|storybook", document):
        return
    if _CLOUD.match(key) and re.search(
        r"(?i)\b(?:architecture|infrastructure|aws|azure|gcp|services|resources|components|"
        r"deployment|deployed|hosted|provisioned)\b",
        near,
    ):
        yield _introduced(key, line, document)
        return
    identified = bool(re.fullmatch(r"[\w.-]*[a-z][\w]*-[\w.-]+", rest)) and bool(_RESOURCE.match(key))
    listed = (
        bool(re.search(r"(?i)komponent|component|composant|\b(?:compose|docker) services|\bcontainers\b", near))
        and len(key) <= 40
        and not INSTANCE.search(rest)
        and not _NO_PART.search(key)
    )
    if identified or listed:
        yield _introduced(key, line, document)


def _introduced(name: str, line: Line, document: str, words: str = "") -> Fact:
    where = scope.environment(*line.context)
    return component_fact(name, {}, where, line.line, line.raw, line.heading, line.context, words or name, document)


_MEMORY_AND_DISK: Final = re.compile(
    r"(?i)^\W*\d+(?:\.\d+)?\s?(?:gb|gib|mb|mib) (?:ram|memory)"
    r"(?:\W+\d+(?:\.\d+)?\s?(?:gb|gib|tb|mb) (?:disk|storage|ssd|nvme))?\W*$"
)
_SIZED: Final = re.compile(r"(?i)\b\d+(?:\.\d+)?\s?(?:v?cpus?|cores|ocpu)\b[^|]*?\b\d+(?:\.\d+)?\s?(?:gb|gib|mb|mib)\b")
_SIZE_WISHED: Final = re.compile(
    r"(?i)\b(?:minimum|recommended|requirements?|required|upgrade|prerequisites?|at least|each|per|example)\b"
)


_FUNCTION: Final = re.compile(
    r"(?i)(?:amazon |aws |azure |google )?(?:lambda|cloud run|cloud functions?|fargate|"
    r"container apps?|azure functions?)"
    r"(?: functions?| services?| tasks?)?"
)


def _function(claim: Claim) -> str:
    """The function or serverless container in the heading over its `Memory: 512 MB`, or nothing."""
    if claim.form != "pair" or not claim.around or not re.match(r"(?i)memory\b", claim.label):
        return ""
    named = re.split(r":\s", claim.around[0])[-1].strip(" :*")
    sized = re.match(r"\d+(?:\.\d+)?\s?(?:MB|MiB|GB|GiB)\b", claim.text)
    called = _FUNCTION.fullmatch(named) or (len(named.split()) <= 2 and is_component_name(named))
    return named if sized and called else ""


def sized_in_words(claim: Claim, document: str) -> Iterator[Fact]:
    """`Server (VPS, 8 vCPU / 32 GB RAM): 60 EUR`, `API server: 2 vCPU, 4 GB`."""
    if owner := _function(claim):
        where, memory = scope.environment(*claim.around), {"memory": claim.text[:80]}
        yield component_fact(
            owner, memory, where, claim.line, claim.quote, claim.heading, claim.around, owner, document
        )
        return
    if claim.form != "pair" or len(claim.label.split()) > 9 or INSTANCE.search(claim.text):
        return
    bracket = re.match(r"([^()]{2,40})\s\(([^()]+)\)$", claim.label)
    name, size = (bracket[1], bracket[2]) if bracket else (claim.label, claim.text)
    sized = _SIZED.search(size) or _MEMORY_AND_DISK.match(size)
    if not sized or not is_component_name(name) or _SIZE_WISHED.search(claim.words):
        return
    yield component_fact(
        name, {"size": size[:200]}, scope.environment(name, *claim.around), claim.line, claim.quote, claim.heading,
        claim.around, name, document,
    )  # fmt: skip


def engine(claim: Claim, document: str) -> Iterator[Fact]:
    """`Engine: PostgreSQL 15` under the heading of the database."""
    if (
        claim.form == "pair"
        and re.fullmatch(r"(?i)(?:database |db )?engine", claim.label)
        and STATEFUL.search(claim.text)
    ):
        name = re.split(r"[,(;]", claim.text)[0].strip()
        over = claim.around[0] if claim.around else ""
        told = name.lower().split()[0] in over.lower().split() and len(over.split()) <= 6
        yield component_fact(
            over if told else name,
            {"engine": name},
            scope.environment(claim.text, *claim.around),
            claim.line,
            claim.quote,
            claim.heading,
            claim.around,
            claim.words,
            document,
        )
