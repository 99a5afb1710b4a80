"""The alerts that a runbook names in its head, or by the heading over a condition or a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alert_places import ALERT_PLACE
from sre_kit.load.facts.alerts import FAILS, SIGN, alert_rule, condition_owner, lined, severity_of
from sre_kit.load.facts.claims import split_key
from sre_kit.load.facts.quantities import quantities
from sre_kit.load.facts.reading import Block, Line


def runbook_alert(lines: Sequence[Block], document: str) -> Iterator[Fact]:
    """The alert that a runbook names in its head (`Alert Name: HighErrorRate`), with severity and threshold."""
    pairs: dict[str, tuple[str, Line]] = {}
    for block in lines:
        if not isinstance(block, Line):
            continue
        key, rest = split_key(block.text)
        if owner := condition_owner(block):
            if pairs:
                yield from _flush(pairs, document)
            pairs = {"alert": (owner, block), "condition": (rest, block)}
        elif named := _runbook_names(key, rest, block):
            if pairs:
                yield from _flush(pairs, document)
            pairs = {"alert": (named, block)}
            if key.lower() not in _HEAD_KEYS:
                pairs["condition"] = (rest, block)
        elif (
            pairs
            and key
            and key.lower()
            in ("severity", "threshold", "condition", "duration", "for", "channel", "trigger", "expression")
            and block.heading == pairs["alert"][1].heading
            and (block.lead == pairs["alert"][1].lead or "condition" not in pairs)
        ):
            pairs[key.lower()] = (rest, block)
    if pairs:
        yield from _flush(pairs, document)


_HEAD_KEYS: Final = ("alert", "alert name", "alertname", "alarm", "alert names", "alerts")
_SYMPTOM_KEYS: Final = ("symptom", "symptoms")
_CONDITION_KEYS: Final = ("alert condition", "alert expression", "alert threshold", "alert rule", "alert trigger")
_IDENTIFIER: Final = r"[A-Za-z][\w-]{3,60}"


def _runbook_names(key: str, rest: str, line: Line) -> str:
    """The name or names (`HighCPU / CriticalCPU`) that a runbook's head gives, or its heading beside a condition."""
    if key.lower() in _HEAD_KEYS and re.fullmatch(rf"{_IDENTIFIER}(?:\s?[/,]\s?{_IDENTIFIER}){{0,4}}", rest):
        return rest
    under_alerts = len(line.heading) > 1 and re.search(r"(?i)\balerts?\b", line.heading[-2])
    told = key.lower() in _CONDITION_KEYS or (
        key.lower() in _SYMPTOM_KEYS and under_alerts and re.search(r"[<>≥≤]\s?\d", rest)
    )
    if told and line.heading and SIGN.search(rest.replace("==", "< ")):
        name = re.sub(r"^\W*(?:\d[\d.]*\s+)?(?:alert|runbook)?\s?[:–—-]?\s*", "", line.heading[-1], flags=re.IGNORECASE)
        return name if re.fullmatch(_IDENTIFIER, name) or 0 < len(name.split()) <= 6 else ""
    return ""


def _flush(pairs: Mapping[str, tuple[str, Line]], document: str) -> Iterator[Fact]:
    names, line = pairs["alert"]
    several = (
        re.split(r"\s?[/,]\s?", names)
        if re.fullmatch(rf"{_IDENTIFIER}(?:\s?[/,]\s?{_IDENTIFIER})+", names)
        else [names]
    )
    for name in several:
        yield _headed(name, line, pairs, document)


def _headed(name: str, line: Line, pairs: Mapping[str, tuple[str, Line]], document: str) -> Fact:
    names = {
        "severity": "severity",
        "threshold": "condition",
        "condition": "condition",
        "trigger": "condition",
        "expression": "condition",
        "duration": "for",
        "for": "for",
        "channel": "channel",
    }
    details = {names[key]: text for key, (text, _) in pairs.items() if key in names}
    return alert_rule(
        name, details.get("condition", name), details, line.line, line.raw, line.heading, document, line.context
    )


_ORDERED: Final = re.compile(
    r"(?i)(?:please )?(?:alert|page|ticket|warn|raise an? (?:alert|alarm))(?: \w+)?[:,]? (?:when|if|once)\s+"
)
"""`Page when the queue is full`: an order to whoever watches."""
_SPOKEN: Final = re.compile(
    r"\b(?:alert(?:s)?|alarm|page(?! (?:loads?|views?|speed|response|time|"
    r"size|render\w*|weight|latency|generation)))\b[^.]{0,40}\b(?:if|when|fires|triggers?|on)\b|\b(?:fires|"
    r"triggers?|triggered) (?:if|when)\b|\balert(?:s|ing)? (?:if|when|on|at)\b",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(r"(?i)(?:triggers?|triggered|fires?|alerts?|raised?) (?:when|if)\b")


def alert_sentence(line: Line, document: str) -> list[Fact] | None:
    """`Trigger an alert if the error rate exceeds 2 % for 5 minutes`: named by the heading over it."""
    if (ordered := _ORDERED.match(line.text)) and line.done is None and len(line.text) <= 200:
        told = re.split(r"(?<=[.!?])\s+(?=[A-Z])", line.text)[0]
        if FAILS.search(told):
            name = told[ordered.end() :].strip(" .")[:70]
            return [lined(name, told, severity_of(told, line.heading[-1:]), line, document)]
    if not _SPOKEN.search(line.text) or not SIGN.search(line.text) or line.done is not None or len(line.text) > 400:
        return None
    if not any(quantity.unit == "ratio" or quantity.comparison for quantity in quantities(line.text)):
        return None
    heading = line.heading[-1] if line.heading else ""
    name = re.sub(r"(?i)^\W*(?:[\d.]+\s*)?(?:alert|runbook|alarm)?\s?(?:#?\d+)?\s?[:–—-]\s*", "", heading).strip()
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z])", line.text)[0]
    owned = _WHEN.match(line.text) and any(ALERT_PLACE.search(text) for text in line.heading[:-1])
    if (
        (line.item and not owned)
        or len(name.split()) > 7
        or not name
        or re.fullmatch(r"(?i)(?:alert(?:s|ing)?|monitoring|description|overview|alert description)(?: .*)?", name)
    ):
        name = sentence[:70]
    return [lined(name, sentence, severity_of(sentence, (heading,)), line, document)]
