"""Scaling rules: bounds ("Min: 2, Max: 10"), triggers ("scale out when CPU > 70 % for 5 minutes"), tables of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.reading import Line, Table

_SCALING: Final = re.compile(
    r"\b(?:auto-?scal(?:e|es|er|ers|ing)|scal(?:e|es|ed|ing)[- ]?(?:out|up|in|down)?|"
    r"hpa|asg|keda|scaledobjects?|karpenter|autoskalier\w*|skalier\w*|escalad[oa]|autoescalad\w*|"
    r"mise à l'échelle|horizontal pod autoscal\w+|auto scaling)\b",
    re.IGNORECASE,
)
_MIN: Final = re.compile(
    r"\bmin(?:imum)?\.?(?:[- ](?:replicas?|instances?|capacity|pods?|nodes?|tasks?|"
    r"size|count))?\s?[:=]?\s?(\d{1,4})\b(?!\s?(?:%|ms|s\b|min|GB|MB|GiB|vCPU))|\b(\d{1,4})\s(?:\w+\s)?min(?:imum)?\b",
    re.IGNORECASE,
)
_MAX: Final = re.compile(
    r"\bmax(?:imum)?\.?(?:[- ](?:replicas?|instances?|capacity|pods?|nodes?|tasks?|"
    r"size|count))?\s?[:=]?\s?(\d{1,4})\b(?!\s?(?:%|ms|s\b|min|GB|MB|GiB|vCPU))|\b(\d{1,4})\s(?:\w+\s)?max(?:imum)?\b",
    re.IGNORECASE,
)
_DESIRED: Final = re.compile(
    r"\b(?:desired|initial|default)(?:[- ](?:replicas?|capacity|count|instances?))?\s?[:=]?\s?(\d{1,4})\b",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(
    r"(?<![\w.$%])(\d{1,3})\s?(?:-|–|to|→)\s?(\d{1,4})\s?(?:replicas?|pods?|instances?|"
    r"nodes?|tasks?|containers?|workers?|servers?|machines?)\b",
    re.IGNORECASE,
)
_METRIC: Final = re.compile(
    r"\b(cpu|memory|ram|request(?:s)?(?: per (?:second|target|minute)| rate| count|"
    r" latency)?|rps|429 responses|queue(?: depth| length| size| lag)?|latency|response time|p95|"
    r"p99|connections?|concurren\w+|load|lag|messages?|disk|utili[sz]ation|active "
    r"users|backlog|sessions?)\b",
    re.IGNORECASE,
)
_OUT: Final = re.compile(
    r"\bscal(?:e|es|ing)[- ](?:out|up)|\badd(?:s|ing)? (?:\d+ |an? )?(?:instances?|nodes?|pods?|tasks?)|\bincrease",
    re.IGNORECASE,
)
_IN: Final = re.compile(r"\bscal(?:e|es|ing)[- ](?:in|down)|\bremoves?\b|\bdecrease", re.IGNORECASE)
_FOR: Final = re.compile(
    r"\b(?:for|over|during|sustained|within|für|durante)\s(?:at least |more than |"
    r"> ?)?(\d+\+?\s?[- ]?(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?|minuten|minutos))\b",
    re.IGNORECASE,
)
_TRIGGER_COLUMN: Final = re.compile(
    r"\b(?:scale[- ]?(?:out|up|in|down)(?: when| trigger| threshold| at| policy)?|"
    r"scaling (?:trigger|threshold|policy|metric|rule)|trigger|auto-?scaling)\b",
    re.IGNORECASE,
)
_MIN_COLUMN: Final = re.compile(r"^min(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)
_MAX_COLUMN: Final = re.compile(r"^max(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)
_LOOSE: Final = re.compile(
    r"\b(?:consider|proposed|recommend\w*|could|may|might|future|plan(?:ned)? to|alert|"
    r"not |never|test|verify)\b",
    re.IGNORECASE,
)
_BREAKS: Final = re.compile(r"[;]|\.\s|,\s(?=scale|in\b|down)|\s/\s", re.IGNORECASE)


_ACTION: Final = re.compile(
    r"(?i)\b(?:auto-?scale|scale|add|increase|remove)\b[^|]{0,40}\b(?:instances?|replicas?|"
    r"workers?|nodes?|pods?|primary|tasks?|vertical\w*|out|up|in|down)\b"
)


_SYMPTOM_COLUMN: Final = re.compile(r"(?i)\b(?:symptom|cause|problem|issue|bottleneck|diagnosis|finding)s?\b")
"""What a person does when something is wrong is no rule of the scaler."""


def _acting(table: Table, document: str) -> list[Fact]:
    """Rows of "when this, then scale": `| CPU > 70% for 5 minutes | add 2 instances |`."""
    found = []
    if any(_SYMPTOM_COLUMN.search(name) for name in table.header):
        return []
    place = " ".join((table.lead, *table.heading[-2:]))
    leveled = header_index(table.header, re.compile(r"(?i)^(?:scaling )?actions?$")) if _SCALING.search(place) else None
    for row in table.rows:
        action = next((cell for cell in row.cells[1:] if _ACTION.search(cell)), "")
        level = next((cell for cell in row.cells[1:] if re.match(r"[<>≥≤]\s?\d", cell)), "")
        if level and leveled and _METRIC.search(row.cells[0]) and len(row.cells) > leveled:
            condition = f"{row.cells[0]} {level}"
            action = row.cells[leveled]
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(condition, "", "", around, table.heading, row.line, row.source, "cell")
            details = _trigger(condition) or {"metric": row.cells[0].lower(), "threshold": level}
            found.append(_rule(claim, details | {"action": action} | _direction(action), "", document))
        elif action and re.search(r"[<>≥≤]", row.cells[0]) and (metric := _METRIC.search(row.cells[0])):
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(row.cells[0], "", "", around, table.heading, row.line, row.source, "cell")
            details = _trigger(row.cells[0]) or {"metric": metric[1].lower()}
            found.append(_rule(claim, details | {"action": action} | _direction(action), "", document))
    return found


def _parameters(table: Table, document: str) -> list[Fact]:
    """Rows of a table of settings under a heading on scaling: `| SCALE_UP_SESSIONS | 350 |`."""
    if (
        len(table.header) < 2
        or not _SETTING_COLUMN.match(table.header[0])
        or not _SCALING.search(" ".join((table.lead, *table.heading[-1:])))
    ):
        return []
    found = []
    for row in table.rows:
        number = re.match(r"[<>≥≤~]?\s?\d[\d.,]*\s?%?$", row.cells[1] if len(row.cells) > 1 else "")
        name = re.sub(r"[_-]", " ", row.cells[0]).lower()
        if number and re.search(r"\bscale (?:up|down|in|out)\b|\b(?:target|threshold)\b", name):
            around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
            claim = Claim(
                f"{row.cells[0]}: {row.cells[1]}", "", "", around, table.heading, row.line, row.source, "cell"
            )
            details = {"metric": re.sub(r"\bscale (?:up|down|in|out)\b|\bthreshold\b", "", name).strip() or name}
            found.append(_rule(claim, details | {"threshold": number[0]} | _direction(name), "", document))
    return found


_SETTING_COLUMN: Final = re.compile(
    r"(?i)(?:parameter|setting|variable|key|option|config(?:uration)?|property|"
    r"name)s?$"
)


def scaling_table(table: Table, document: str) -> list[Fact] | None:
    """The rules of a table with bounds or triggers, or None where it has neither."""
    if acting := _acting(table, document) or _parameters(table, document):
        return acting
    least, most = header_index(table.header, _MIN_COLUMN), header_index(table.header, _MAX_COLUMN)
    triggers = [index for index, name in enumerate(table.header) if index and _TRIGGER_COLUMN.search(name)]
    place = " ".join((table.lead, *table.heading[-2:], *table.header))
    bounded = least is not None and most is not None
    if not _SCALING.search(place) or not (bounded or triggers):
        return None
    if re.search(r"\b(?:p50|p95|latency|alert|runbook|severity)\b", " ".join(table.header), re.IGNORECASE):
        return None
    found = []
    for row in table.rows:
        cells = row.cells
        details: dict[str, str] = {}
        if bounded:
            for key, index in (
                ("min", least),
                ("max", most),
                ("desired", header_index(table.header, re.compile(r"^desired", re.IGNORECASE))),
            ):
                if index is not None and index < len(cells) and (number := re.match(r"\d{1,4}", cells[index])):
                    details[key] = number[0]
        made = False
        around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
        for index in triggers:
            if index < len(cells) and (pair := _trigger(cells[index])):
                column = table.header[index]
                claim = Claim(cells[index], cells[0], column, around, table.heading, row.line, row.source, "cell")
                found.append(_rule(claim, details | pair | _direction(f"{column} {cells[index]}"), cells[0], document))
                made = True
        if not made and len(details) >= 2:
            claim = Claim(" ".join(cells), cells[0], "", around, table.heading, row.line, row.source, "cell")
            found.append(_rule(claim, details | _metric_cells(table, cells), cells[0], document))
    return found or None


def _metric_cells(table: Table, cells: tuple[str, ...]) -> dict[str, str]:
    for name, cell in zip(table.header, cells, strict=False):
        if re.search(r"\b(?:cpu|memory|target|metric|threshold)\b", name, re.IGNORECASE) and (
            spotted := _percent(cell)
        ):
            metric = _METRIC.search(cell) or _METRIC.search(name)
            return {"metric": metric[1].lower() if metric else "", "threshold": f"{spotted.written}"}
    return {}


def scaling_facts(claim: Claim, document: str) -> Iterator[Fact]:
    """The rules that a line, a sentence or a cell states."""
    near = " ".join((claim.label, claim.column, *claim.around[:2]))
    text = f"{claim.label}: {claim.text}" if _BOUND_LABEL.match(claim.label) else claim.text
    own = _SCALING.search(text)
    bounded = bool(_MIN.search(text) and _MAX.search(text))
    if not own and not _SCALING.search(near) and not (bounded and _INFRA.search(f"{near} {document}")):
        return
    if (
        _LOOSE.search(text)
        or re.search(r"(?i)\bslos?\b|\bslis?\b", claim.label)
        or text.endswith("?")
        or re.search(
            r"\b(?:test|alert|troubleshoot\w*|checklist|cost)\b",
            " ".join((claim.label, claim.column, *claim.around[:1])),
            re.IGNORECASE,
        )
    ):
        return
    if (target := _target(claim)) and _SCALING.search(" ".join((claim.label, *claim.around[:3]))):
        yield _rule(claim, target, _name(claim), document)
        return
    bounds = _bounds(text, bool(own or _SCALING.search(near)))
    name = _name(claim)
    made = False
    for part in _BREAKS.split(claim.text):
        if (own and _SCALING.search(part)) or _SCALING.search(near) or bounds:
            pair = _trigger(part)
            if pair:
                yield _rule(claim, bounds | pair | _direction(part, claim), name, document)
                made = True
    if bounds and not made:
        yield _rule(claim, bounds, name, document)


_TARGET_LABEL: Final = re.compile(
    r"(?i)^(?:(?:target|average) )?(?P<metric>(?:cpu|memory|concurrency|requests?|queue|connections?)\b[\w ]{0,25}?)"
    r"(?: (?:target|threshold))?$"
)


def _target(claim: Claim) -> dict[str, str] | None:
    """`CPU utilization target: 70 %`, `Concurrency target: 80 requests per instance`, `Threshold: 10 requests/s`."""
    number = re.match(r"[<>≥≤~]?\s?(\d[\d.,]*\s?%?)", claim.text)
    if claim.form != "pair" or not number:
        return None
    if re.match(r"(?i)(?:target|average)\b|.*\b(?:target|threshold)$", claim.label) and (
        named := _TARGET_LABEL.match(claim.label)
    ):
        return {"metric": named["metric"].strip().lower(), "threshold": number[1].strip()}
    triggered = claim.around and re.match(r"(?i)(?:scaling )?triggers?\b", claim.around[0])
    if triggered and re.fullmatch(r"(?i)(?:target |scaling )?threshold", claim.label):
        return {"metric": claim.text[number.end() :].strip(" .").lower(), "threshold": number[1].strip()}
    return None


_INFRA: Final = re.compile(
    r"\b(?:scal\w+|ecs|eks|asg|nodes?|instances?|pods?|replicas?|cluster|compute|capacity|"
    r"infrastructure|fargate|kubernetes|tasks?)\b",
    re.IGNORECASE,
)


_BOUND_LABEL: Final = re.compile(r"min(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)


_ESTIMATED: Final = re.compile(r"(?i)\b(?:can handle|handles|so around|at peak times|would need|roughly)\b")


def _bounds(text: str, in_scaling: bool) -> dict[str, str]:
    least, most, desired = _MIN.search(text), _MAX.search(text), _DESIRED.search(text)
    if least and most:
        found = {"min": least[1] or least[2], "max": most[1] or most[2]}
        return found | ({"desired": desired[1]} if desired else {})
    if in_scaling and (span := _RANGE.search(text)) and not _ESTIMATED.search(text):
        return {"min": span[1], "max": span[2]}
    return {}


def scaling_section(lines: Sequence[Line], document: str) -> Iterator[Fact]:
    """Bounds on lines of their own, under one heading on scaling: `Min replicas: 3`, `Max replicas: 10`."""
    group: dict[str, dict[str, tuple[str, Line]]] = {}
    place: tuple[object, ...] = ()
    for line in lines:
        key, rest = split_key(line.text)
        here = (line.heading, line.lead, line.parents)
        if here != place:
            for part in group.values():
                yield from _section(part, document)
            group, place = {}, here
        found = _SECTION_KEY.match(key) if key and line.item else None
        if (
            found
            and (number := re.match(r"(\d{1,4})\b", rest))
            and _SCALING.search(" ".join((*line.context[:3], key)))
            and not _MAX.search(rest)
        ):
            group.setdefault((found[2] or "").strip().lower(), {}).setdefault(found[1].lower()[:3], (number[1], line))
    for part in group.values():
        yield from _section(part, document)


_SECTION_KEY: Final = re.compile(
    r"(min|max|desired)(?:imum)?\.?((?:[ _-]\w+)?[ _-](?:replicas?|instances?|capacity|pods?|"
    r"nodes?|tasks?|size|count|containers?|workers?))?$",
    re.IGNORECASE,
)


def _section(group: Mapping[str, tuple[str, Line]], document: str) -> Iterator[Fact]:
    if "min" in group and "max" in group:
        least, line = group["min"]
        details = {"min": least, "max": group["max"][0]} | ({"desired": group["des"][0]} if "des" in group else {})
        written = f"{least}-{details['max']}"
        claim = Claim(written, "", "", line.context, line.heading, line.line, line.raw, "pair")
        yield _rule(claim, details, _name(claim), document)


_OF_SLO: Final = re.compile(r"(?i)[<>≤≥]=?\s?\d+(?:\.\d+)?\s?[x×]\s?(?:the )?slo\b")


def _percent(text: str) -> Quantity | None:
    return next((quantity for quantity in quantities(text) if quantity.unit == "ratio"), None)


def _trigger(text: str) -> dict[str, str] | None:
    """The metric, the threshold and the time of a trigger, where all of it is plain."""
    metric = _METRIC.search(text)
    if not metric:
        return None
    if relative := _OF_SLO.search(text):
        sustained = _FOR.search(text)
        found = {"metric": metric[1].lower(), "threshold": relative[0].strip()}
        return found | ({"for": sustained[1]} if sustained else {})
    text = re.sub(r"\((\w+ \d+ ?%)\)", r" \1", text)
    spotted = [
        quantity
        for quantity in quantities(text)
        if quantity.unit == "ratio" or (quantity.comparison and quantity.unit in ("", "s"))
    ]
    if not spotted:
        return None
    sustained = _FOR.search(text)
    first = next(
        (
            quantity
            for quantity in spotted
            if not sustained or quantity.start < sustained.start() or quantity.start >= sustained.end()
        ),
        None,
    )
    if first is None or (
        first.unit == ""
        and not re.search(r"(?i)queue|request|rps|connection|concurren|messages?|lag|backlog|sessions?|users", text)
    ):
        return None
    details = {"metric": metric[1].lower(), "threshold": f"{first.comparison} {first.written}".strip()}
    return details | ({"for": sustained[1]} if sustained else {})


def _direction(text: str, claim: Claim | None = None) -> dict[str, str]:
    more = f"{claim.label} {' '.join(claim.around[:1])}" if claim else ""
    for words in (text, more):
        if _OUT.search(words):
            return {"direction": "out"}
        if _IN.search(words):
            return {"direction": "in"}
    return {}


def _rule(claim: Claim, details: dict[str, str], name: str, document: str) -> Fact:
    details = {key: value for key, value in details.items() if value}
    _, refused = roles.refusal(claim)
    if roles.placeholder(claim.words):
        refused = roles.PLACEHOLDER
    environment = scope.environment(claim.text, claim.label, claim.column, *claim.around)
    return Fact(
        Kind.SCALING_RULE,
        f"{claim.label}: {claim.text}" if _BOUND_LABEL.match(claim.label) else claim.text,
        "text",
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        role=Role.STATED,
        scope=Scope(environment, "", name),
        details=details,
        refused=refused,
    )


def _name(claim: Claim) -> str:
    for text in (claim.label, *claim.around[:1]):
        cleaned = re.sub(r"\([^()]*\)", "", re.split(r":\s", text)[0]).strip(" :")
        if re.fullmatch(r"(?i)auto[- ]?scaling groups?|asg", cleaned):
            return cleaned
        cleaned = _SCALING.sub("", cleaned).strip(" -–:&")
        cleaned = re.sub(
            r"(?i)\b(?:policy|policies|configuration|strategy|rules?|horizontal|vertical|triggers?|"
            r"settings|thresholds?|metrics?|target|out|up|in|down|when to|the|of|for|capacity|"
            r"min|max|based)\b",
            "",
            cleaned,
        ).strip(" -–:&,/")
        if (
            2 < len(cleaned) <= 40
            and not _METRIC.fullmatch(cleaned)
            and not scope.is_environment(cleaned)
            and not re.match(r"[\d.]+$", cleaned)
        ):
            return re.sub(r"^[\d.]+\s+", "", cleaned)
    return ""
