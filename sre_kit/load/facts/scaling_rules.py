"""What makes a scaling rule: its metric with threshold, its bounds, its direction, its name."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import quantities

SCALING: Final = re.compile(
    r"\b(?:auto-?scal(?:e|es|er|ers|ing)|scal(?:e|es|ed|ing)[- ]?(?:out|up|in|down)?|"
    r"hpa|asg|keda|scaledobjects?|karpenter|autoskalier\w*|skalier\w*|escalad[oa]|autoescalad\w*|"
    r"mise à l'échelle|horizontal pod autoscal\w+|auto scaling)\b",
    re.IGNORECASE,
)
METRIC: Final = re.compile(
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


BOUND_LABEL: Final = re.compile(r"min(?:imum)?\.?(?: ?\w+)?$", re.IGNORECASE)


_OF_SLO: Final = re.compile(r"(?i)[<>≤≥]=?\s?\d+(?:\.\d+)?\s?[x×]\s?(?:the )?slo\b")


_COUNTABLE: Final = re.compile(
    r"(?i)queue|quer(?:y|ies)|request|rps|connection|concurren|messages?|lag|backlog|sessions?|users"
)


def trigger(text: str) -> dict[str, str] | None:
    """The metric, the threshold and the time of a trigger, where all of it is plain."""
    metric = METRIC.search(text)
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
    if first is None or (first.unit == "" and not _COUNTABLE.search(text)):
        return None
    details = {"metric": metric[1].lower(), "threshold": f"{first.comparison} {first.written}".strip()}
    return details | ({"for": sustained[1]} if sustained else {})


def direction(text: str, claim: Claim | None = None) -> dict[str, str]:
    more = f"{claim.label} {' '.join(claim.around[:1])}" if claim else ""
    for words in (text, more):
        if _OUT.search(words):
            return {"direction": "out"}
        if _IN.search(words):
            return {"direction": "in"}
    return {}


def rule(claim: Claim, details: dict[str, str], name: str, document: str) -> Fact:
    details = {key: value for key, value in details.items() if value}
    _, refused = roles.refusal(claim)
    if roles.placeholder(claim.words):
        refused = roles.PLACEHOLDER
    environment = scope.environment(claim.text, claim.label, claim.column, *claim.around)
    return Fact(
        Kind.SCALING_RULE,
        f"{claim.label}: {claim.text}" if BOUND_LABEL.match(claim.label) else claim.text,
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


def named(claim: Claim) -> str:
    for text in (claim.label, *claim.around[:1]):
        cleaned = re.sub(r"\([^()]*\)", "", re.split(r":\s", text)[0]).strip(" :")
        if re.fullmatch(r"(?i)auto[- ]?scaling groups?|asg", cleaned):
            return cleaned
        cleaned = SCALING.sub("", cleaned).strip(" -–:&")
        cleaned = re.sub(
            r"(?i)\b(?:policy|policies|configuration|strategy|rules?|horizontal|vertical|triggers?|"
            r"settings|thresholds?|metrics?|target|out|up|in|down|when to|the|of|for|capacity|"
            r"min|max|based)\b",
            "",
            cleaned,
        ).strip(" -–:&,/")
        if (
            2 < len(cleaned) <= 40
            and not METRIC.fullmatch(cleaned)
            and not scope.is_environment(cleaned)
            and not re.match(r"[\d.]+$", cleaned)
        ):
            return re.sub(r"^[\d.]+\s+", "", cleaned)
    return ""
