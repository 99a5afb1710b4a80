"""What the system is made of: components with their instances, what it depends on, and how it scales."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.component_kinds import STATEFUL, is_component_name, kind_of
from sre_kit.load.facts.reading import Row, Table

INSTANCE: Final = re.compile(
    r"(?<![\w.-])(?:(?P<count>\d+)\s?[x×]\s?)?(?P<type>(?:(?:db|cache|mq|ml)\.)?[a-z]{1,3}\d{1,2}[a-z]{0,3}\.(?:nano|"
    r"micro|small|medium|large|\d{0,2}xlarge|metal)(?:\.(?:search|elasticsearch))?"
    r"|Standard_[A-Z]\w{2,20}|(?:e2|n1|n2|n2d|c2|c3|t2d|m1)-(?:standard|highmem|highcpu|"
    r"micro|small|medium)(?:-\d{1,3})?|db-(?:f1-micro|g1-small|custom-\d+-\d+|n1-standard-\d+)"
    r"|(?:s|g|c|m)-\d{1,2}vcpu-\d{1,3}gb|shared-cpu-\dx|performance-\dx|c[px]x?\d{2}(?![\w.]))",
)


_NAME_COLUMN: Final = re.compile(
    r"^(?:component|service|resource|server|node|system|container|workload|database|"
    r"application|tier|layer|infrastructure|item|module|instance|pod|deployment|name|"
    r"role|komponente|dienst|componente|servicio|composant|microservice|node pool|"
    r"vm|host)s?(?: name| type)?$",
    re.IGNORECASE,
)


_SIZE_COLUMN: Final = re.compile(
    r"\b(?:instance(?: type| class| size)?s?|vcpus?|cpus?|cores|memory|ram|replicas?|"
    r"pods?|nodes?|count|quantity|machine type|vm size|specs?|specification|sizing|"
    r"size|node type|min(?:imum)? instances)\b",
    re.IGNORECASE,
)


_COUNT_COLUMN: Final = re.compile(
    r"^(?:instances|replicas?|pods?|nodes?|count|quantity|anzahl|#|qty|desired|number(?: "
    r"of \w+)?|cantidad|min replicas)$",
    re.IGNORECASE,
)


_TYPE_COLUMN: Final = re.compile(
    r"\b(?:instance(?: type| class| size)?|machine type|vm size|node type|sku)\b", re.IGNORECASE
)


_SIZES: Final = (
    ("cpu", re.compile(r"\b(?:v?cpus?|cores)\b", re.IGNORECASE)),
    ("memory", re.compile(r"\b(?:memory|ram|mem|speicher)\b", re.IGNORECASE)),
    ("storage", re.compile(r"\b(?:storage|disk|volume)\b", re.IGNORECASE)),
)


_NOT_COMPONENT_TABLE: Final = re.compile(
    r"\b(?:thresholds?|utili[sz]ation|usage|alert|warning|critical|targets?|growth|"
    r"users|current|cost|price|rps|throughput|latency|severity|status|endpoint|scenario|"
    r"projected|requests)\b",
    re.IGNORECASE,
)


_INFRA_PLACE: Final = re.compile(
    r"\b(?:infrastructure|architecture|components?|services?|resources?|requirements|"
    r"compute|hosting|deployment|servers?|cluster|stack|sizing|environments?|capacity|"
    r"topology|nodes?|hardware|kubernetes|ecs|infrastruktur|arquitectura|data stores?|"
    r"databases?|storage|specification)\b",
    re.IGNORECASE,
)


_COUNTED: Final = re.compile(
    r"(?<![\w.])(?P<count>\d{1,4})\+?(?:\s?[-–]\s?(?P<most>\d{1,4}))?\s?(?:x\s)?(?:[A-Za-z]+ "
    r"){0,2}(?:replicas?|pods?|instances?|nodes?|tasks?|containers?|servers?|vms?|"
    r"brokers?|shards?|workers?)\b",
    re.IGNORECASE,
)


_INSTANCE_KEY: Final = re.compile(
    r"^(?:instance(?: type| class| size)?s?|node type|machine type|vm size|size|compute|"
    r"type|server|instanz(?:typ)?|class)$",
    re.IGNORECASE,
)


_COUNT_KEY: Final = re.compile(
    r"^(?:replicas?|instances?|nodes?|pods?|count|desired(?: count)?|tasks?|instance "
    r"count|node count|number of (?:nodes|instances|replicas)|replica count)$",
    re.IGNORECASE,
)


_HYPOTHESIS: Final = re.compile(
    r"\b(?:would|upgrade|consider|recommend\w*|should|could|if |resize|instead of|migrate|"
    r"switch|downgrade|savings?|reserved|option|alternative|vs\.?|e\.g\.|such as|next|"
    r"future|likely|probably|increase|right-?siz\w+|→)\b",
    re.IGNORECASE,
)


_STAFF: Final = re.compile(r"(?i)\b(?:teams?|hiring|hires?|staff\w*|headcount|personnel|people)\b")


def component_table(table: Table, document: str) -> list[Fact] | None:
    """The components of a sizing table, or None where the table is about something else."""
    header = table.header
    place = " ".join((table.lead, *table.heading[-2:]))
    cells = [cell for row in table.rows for cell in row.cells]
    typed = any(INSTANCE.search(cell) for cell in cells)
    measured = {key for key, words in _SIZES for name in header[1:] if words.search(name)}
    blocking = [name for name in header if _NOT_COMPONENT_TABLE.search(name)]
    if {"cpu", "memory"} <= measured:
        blocking = [name for name in blocking if not re.search(r"(?i)\b(?:costs?|price)\b", name)]
    if blocking and not typed:
        return None
    if re.match(r"(?i)(?:role|position|job)s?\b", header[0]) and _STAFF.search(place) and not typed:
        return None
    sizes = [index for index, name in enumerate(header) if index and _SIZE_COLUMN.search(name)]
    environments = {
        index: scope.environment(name) for index, name in enumerate(header) if index and scope.is_environment(name)
    }
    named = _NAME_COLUMN.match(header[0]) is not None
    alone = len(environments) == 1 and len(set(sizes) - set(environments)) > 0
    if named and environments and not alone and _INFRA_PLACE.search(place):
        found = [fact for row in table.rows for fact in _environment_row(table, row, environments, document)]
        return found or None
    named = named or ({"cpu", "memory"} <= measured and not _NOT_NAMES.search(header[0]))
    counted = typed or any(_COUNTED.search(cell) for cell in cells)
    if named and sizes and (len(sizes) > 1 or counted or _COUNT_COLUMN.match(header[sizes[0]])):
        stated = next(iter(environments.values())) if alone else ""
        return [fact for row in table.rows if (fact := _sized_row(table, row, document, stated))]
    if scope.is_environment(table.rows[0].cells[0]) and _TYPE_COLUMN.search(" ".join(header)):
        return [fact for row in table.rows if (fact := _sized_row(table, row, document))]
    return None


_NOT_NAMES: Final = re.compile(
    r"(?i)\b(?:users?|plan|tier|environment|scale|requirements?|metric|minimum|phase|"
    r"month|date|test|resource|level|workload|size|load|time|profile)\b"
)


def _sized_row(table: Table, row: Row, document: str, stated: str = "") -> Fact | None:
    name = row.cells[0]
    if not name or HARDWARE.fullmatch(name) or re.match(r"(?i)\W*(?:sub)?total|\W*sum", name) or name in ("-", "–"):
        return None
    details: dict[str, str] = {}
    for column, cell in zip(table.header[1:], row.cells[1:], strict=False):
        if not cell.strip("-– ") or roles.placeholder(cell):
            continue
        if found := INSTANCE.search(cell):
            details.setdefault("instance_type", found["type"])
            if found["count"]:
                details.setdefault("count", found["count"])
        if _COUNT_COLUMN.match(column) and (number := re.match(r"\d+", cell)):
            details.setdefault("count", number[0])
        for key, words in _SIZES:
            if words.search(column):
                details.setdefault(key, cell)
    if not details:
        return None
    environment = stated or scope.environment(name, table.lead, *reversed(table.heading))
    component = "" if scope.is_environment(name) else name
    label = component or next((text for text in (table.lead, *reversed(table.heading)) if text), name)
    return component_fact(
        label,
        details,
        environment,
        row.line,
        row.source,
        table.heading,
        (table.lead, *reversed(table.heading)),
        " ".join(row.cells),
        document,
    )


def _environment_row(table: Table, row: Row, environments: dict[int, str], document: str) -> Iterator[Fact]:
    name = row.cells[0]
    if not name or re.search(
        r"(?i)\b(?:total|rto|rpo|backup|retention|url|domain|purpose|cost|region|data|"
        r"auto-?scal\w+|multi-az|users?|access)\b",
        name,
    ):
        return
    for index, environment in environments.items():
        cell = row.cells[index] if index < len(row.cells) else ""
        if re.search(r"[$€£₹]\s?\d|\b(?:USD|EUR|GBP)\b", cell):
            continue  # what it costs
        instance, counted = INSTANCE.search(cell), _COUNTED.search(cell)
        if instance or counted:
            details: dict[str, str] = {}
            if instance:
                details["instance_type"] = instance["type"]
            if (instance and instance["count"]) or counted:
                details["count"] = (
                    instance["count"] if instance and instance["count"] else counted["count"] if counted else ""
                )
            yield component_fact(
                name,
                details,
                environment,
                row.line,
                row.source,
                table.heading,
                (table.lead, *reversed(table.heading)),
                f"{name} {cell}",
                document,
            )


HARDWARE: Final = re.compile(
    r"(?i)\W*(?:v?cpus?|cores?|ram|memory|disks?|storage|ssd|network|bandwidth|os|operating system|gpus?|iops|"
    r"(?:disk|memory|cpu) (?:space|size|usage)|db size|\.?env\b.*|(?:\S+ )?settings?|region|vpc|subnets?|ports?|"
    r"total|subtotal)(?:\s?\([^()]*\))?\W*"
)
"""What a machine has, or how it is set, is no part that runs."""


def component_fact(
    name: str,
    details: dict[str, str],
    environment: str,
    line: int,
    quote: str,
    heading: tuple[str, ...],
    around: tuple[str, ...],
    words: str,
    document: str,
) -> Fact:
    """A component with its kind and whether it keeps state, both told from its name and the words around it."""
    kind = kind_of(name, f"{words} {details.get('instance_type', '')}")
    filled = ({"kind": kind} if kind else {}) | {key: value for key, value in details.items() if value}
    if environment:
        filled["environment"] = environment
    filled["stateful"] = (
        "true" if STATEFUL.search(name) or kind in ("database", "cache", "queue", "search", "storage") else "false"
    )
    claim = Claim(words, name, "", tuple(text for text in around if text), heading, line, quote, "cell")
    refused = roles.EXAMPLE if roles.example(claim) else roles.PLACEHOLDER if roles.placeholder(name) else ""
    return Fact(
        Kind.COMPONENT,
        name,
        "text",
        document,
        line,
        quote,
        name=name,
        heading=heading,
        scope=Scope(environment, "", name),
        details=filled,
        refused=refused,
    )


def component_facts(claim: Claim, document: str) -> Iterator[Fact]:
    """Components that a line names by an instance type or a count of replicas, under the heading that names them."""
    if claim.form == "cell" or _HYPOTHESIS.search(claim.text) or _HYPOTHESIS.search(claim.label):
        return
    spotted = list(INSTANCE.finditer(claim.text))
    if len(spotted) > 2 and re.match(r"(?i)(?:allowed |instance )?(?:instance )?types$", claim.label):
        return  # what may be chosen from
    if claim.label[:1] in ('"', "'", "{"):
        return  # an answer of an interface
    keyed = bool(_INSTANCE_KEY.match(claim.label) or _COUNT_KEY.match(claim.label))
    name = _owner(claim) if keyed or not claim.label else claim.label
    if (
        re.search(
            r"(?i)\b(?:cost|price|monthly|budget|total|scal\w+|savings?)\b",
            f"{claim.label} {' '.join(claim.around[:2])}",
        )
        or "$" in claim.text
    ):
        return
    if claim.form == "sentence" and not is_component_name(name):
        name = _named_beside(claim.text)  # a heading that names no part
    if spotted and name and len(name) <= 60:
        for match in spotted:
            bracket = re.match(r"\s?\(([^()]{2,40})\)", claim.text[match.end() : match.end() + 44])
            environment = scope.environment(*((bracket[1],) if bracket else ()), claim.label, *claim.around)
            details = {"instance_type": match["type"], "count": match["count"] or ""}
            yield _claimed(name, details, environment, claim, document)
    elif (
        claim.form == "pair"
        and _COUNT_KEY.match(claim.label)
        and name
        and (number := re.match(r"\d{1,4}(?![\w.%])", claim.text))
        and is_component_name(name)
    ):
        environment = scope.environment(claim.text, *claim.around)
        yield _claimed(name, {"count": number[0]}, environment, claim, document)
    elif (
        claim.form == "pair"
        and not keyed
        and (counted := _COUNTED.search(claim.text))
        and counted.start() < 12
        and is_component_name(claim.label)
        and not counted["most"]
    ):
        environment = scope.environment(claim.text, claim.label, *claim.around)
        yield _claimed(claim.label, {"count": counted["count"]}, environment, claim, document)


def _claimed(name: str, details: dict[str, str], environment: str, claim: Claim, document: str) -> Fact:
    return component_fact(
        name, details, environment, claim.line, claim.quote, claim.heading, claim.around, claim.words, document
    )


def _named_beside(text: str) -> str:
    """The part that stands beside its type of machine: `2x t3.large app servers`; nothing where none does."""
    left = re.sub(r"\([^()]*\)|^\W*\d+\s?[x×]\s?", " ", INSTANCE.sub(" ", text))
    left = re.split(r"[,;:.]|\s[–—-]\s|\b(?:with|for|in|on|at)\b", left)[0]
    left = re.sub(r"\s+", " ", left).strip(" -–*")
    return left if is_component_name(left) and len(left.split()) <= 4 else ""


_GENERIC: Final = re.compile(
    r"(?i)\W*(?:\d[\d.]*\s+)?(?:(?:system|infrastructure|core|main) )?"
    r"(?:components?|services|infrastructure|servers)\W*"
)


def _owner(claim: Claim) -> str:
    """The bullet, lead-in or heading that names what a line describes."""
    for text in claim.around:
        if _GENERIC.fullmatch(text.strip()):
            return ""  # a heading over all components names none of them
        cleaned = re.sub(r"^\W*[\d.]+\s*", "", re.split(r":\s|\s[–—-]\s", text)[0]).strip(" :*")
        if not scope.is_environment(cleaned) and not re.search(
            r"(?i)\b(?:configuration|specifications?|overview|requirements|details|settings|sizing|resources)\b",
            cleaned,
        ):
            return cleaned if len(cleaned) <= 60 else ""
        if stripped := re.sub(
            r"(?i)\b(?:configuration|specifications?|overview|requirements|details|settings|sizing|resources)\b",
            "",
            cleaned,
        ).strip(" -–:&"):
            return stripped if not scope.is_environment(stripped) else ""
    return ""
