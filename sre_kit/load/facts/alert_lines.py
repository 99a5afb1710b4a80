"""Alerts of one line or one heading each: `QueueFull: depth > 900 for 5m`, or `### QueueFull` over its trigger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alert_places import ALERT_PLACE, NOT_ALERT_PLACE
from sre_kit.load.facts.alerts import FAILS, lined, severity_of
from sre_kit.load.facts.claims import split_key
from sre_kit.load.facts.reading import Block, Line

_LEVEL: Final = r"(?:critical|crit|warning|warn|info|high|medium|low|page|ticket|p[0-4]|sev-?[0-4])"
_IDENTIFIER: Final = re.compile(r"[A-Z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+(?:_\w+)?")
"""`QueueFull`: a name as rules have them."""
_HEADED: Final = re.compile(
    rf"(?i)\W*(?:\d[\d.]*[.)]?\s+)?(?:alert|alarm|rule|алерт|alerta)?\s?#?\d*\s?[:–—-]?\s*"
    rf"(?P<name>[^()\[\]]{{3,70}}?)\s*[(\[]\s*(?P<level>{_LEVEL})\s*[)\]]\W*"
)
_TRIGGER: Final = re.compile(
    r"(?i)(?:alert )?(?:triggers?|trigger condition|conditions?|thresholds?|expr(?:ession)?|query|promql|"
    r"fires?(?: when)?|when|trigger(?:s|ed)? when|rule|metric|detection)|условие|триггер|порог|"
    r"срабатывает|condici[oó]n|condi[cç][aã]o|disparador|gatilho|umbral|limiar|bedingung|schwelle|ausl[oö]ser|条件|阈值|触发条件|조건|임계값|しきい値"
)
_STATES: Final = re.compile(r"[<>≥≤=!]=?\s?[\d`\"]|\babsent\(|\d\s?(?:%|ms|s|m|min|minutes?)\b")


def alert_lines(read: Sequence[Block], document: str) -> Iterator[Fact]:
    """The alerts that a catalogue names by a heading each, or by a key before the condition."""
    spoken = bool(ALERT_PLACE.search(re.sub(r"[_/-]", " ", document).removesuffix(".md")))
    for block in read:
        if isinstance(block, Line) and not block.title and block.done is None and block.heading:
            yield from _headed(block, document, spoken)
            yield from _keyed(block, document, spoken)


def _headed(line: Line, document: str, spoken: bool) -> Iterator[Fact]:
    """`**Triggers:** lag > 300 for 2m` under `### LagHigh (warning)`, in a document or chapter on alerts."""
    key, rest = split_key(line.text)
    if not key or not _TRIGGER.fullmatch(key.strip("* ")) or line.parents:
        return
    named = _HEADED.fullmatch(line.heading[-1])
    if not _STATES.search(rest) and not (named and (re.search(r"\d", rest) or FAILS.search(rest))):
        return
    bare = re.sub(r"^\W*(?:\d[\d.]*[.)]?\s+)?(?:(?i:alert)\s?[:–—-]\s*)?", "", line.heading[-1]).strip(" `:")
    if not named and not _IDENTIFIER.fullmatch(bare):
        return
    if not spoken and not any(ALERT_PLACE.search(text) for text in line.heading):
        return
    name = named["name"].strip(" `") if named else bare
    details = {"severity": named["level"].lower()} if named else severity_of(rest, ())
    yield lined(name, rest, details, line, document)


def _keyed(line: Line, document: str, spoken: bool) -> Iterator[Fact]:
    """`QueueFull: depth > 900 for 5m (critical)`, one to a line under "Alert rules"."""
    if line.item:
        return
    near = line.lead or line.heading[-1]
    about = ALERT_PLACE.search(near) and not NOT_ALERT_PLACE.search(near)
    key, rest = split_key(line.text)
    if not (about or (spoken and len(line.heading) == 1)) or not _IDENTIFIER.fullmatch(key):
        return
    if _STATES.search(rest) and FAILS.search(rest.replace("==", "<")):
        yield lined(key, rest, severity_of(rest, (near,)), line, document)
