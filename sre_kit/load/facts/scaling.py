"""Scaling rules in lines: bounds ("Min: 2, Max: 10"), triggers ("scale out when CPU > 70 % for 5 minutes")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.claims import Claim, split_key
from sre_kit.load.facts.reading import Line
from sre_kit.load.facts.scaling_rules import BOUND_LABEL, SCALING, direction, named, rule, trigger

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
_LOOSE: Final = re.compile(
    r"\b(?:consider|proposed|recommend\w*|could|may|might|future|plan(?:ned)? to|alert|"
    r"not |never|test|verify)\b",
    re.IGNORECASE,
)
_BREAKS: Final = re.compile(r"[;]|\.\s|,\s(?=scale|in\b|down)|\s/\s", re.IGNORECASE)


def scaling_facts(claim: Claim, document: str) -> Iterator[Fact]:
    """The rules that a line, a sentence or a cell states."""
    near = " ".join((claim.label, claim.column, *claim.around[:2]))
    text = f"{claim.label}: {claim.text}" if BOUND_LABEL.match(claim.label) else claim.text
    own = SCALING.search(text)
    bounded = bool(_MIN.search(text) and _MAX.search(text))
    if not own and not SCALING.search(near) and not (bounded and _INFRA.search(f"{near} {document}")):
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
    if (target := _target(claim)) and SCALING.search(" ".join((claim.label, *claim.around[:3]))):
        yield rule(claim, target, named(claim), document)
        return
    bounds = _bounds(text, bool(own or SCALING.search(near)))
    name = named(claim)
    made = False
    for part in _BREAKS.split(claim.text):
        if (own and SCALING.search(part)) or SCALING.search(near) or bounds:
            pair = trigger(part)
            if pair:
                yield rule(claim, bounds | pair | direction(part, claim), name, document)
                made = True
    if bounds and not made:
        yield rule(claim, bounds, name, document)


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
            and SCALING.search(" ".join((*line.context[:3], key)))
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
        yield rule(claim, details, named(claim), document)
