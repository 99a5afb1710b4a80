"""Alert rules drawn in a code block as keys and values: what is measured, from which value on, and who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alerts import SIGN, alert_rule
from sre_kit.load.facts.reading import Fence

_PLACE: Final = re.compile(r"(?i)\b(?:alerts?|alerting|alarms?|alertas?|alertes?|monitor\w*)\b")
_KEY: Final = re.compile(r"(?P<indent>\s*)(?P<key>[A-Z][\w /-]{1,40}):(?:\s+(?P<value>.+))?$")
_ITEM: Final = re.compile(r"\s*[-*]\s+(?P<text>.+)$")
_CONDITION: Final = ("threshold", "condition", "conditions", "trigger", "alert if", "criteria")
_TELLS: Final = (
    "severity",
    "priority",
    "action",
    "then",
    "notify",
    "notification",
    "channel",
    "response",
    "escalation",
)
_NAMES: Final = ("name", "alert", "alert name", "metric", "check")
_LISTS: Final = ("metrics", "events", "checks")


@dataclass
class _Record:
    """One alert: the key above it, and its own keys, each with its values and the line of the first."""

    title: str
    line: int
    keys: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


_LEVEL: Final = re.compile(r"(?im)^\W{0,3}(?P<level>warning|critical):\s+(?P<told>(?:[<>]=?|[≥≤])\s?\d[^\n]{0,60})$")
_GENERIC: Final = re.compile(r"(?i)\W*(?:alert(?:ing)? )?(?:thresholds?|levels?|limits?)\W*")
"""`WARNING: >= 80% used` under a heading that names what is measured."""


def alert_block(block: Fence, document: str) -> Iterator[Fact]:
    """The alerts of a block that says for each a threshold or condition, and how urgent it is or who is told."""
    if block.language.lower() not in ("", "yaml", "yml", "text", "txt"):
        return
    if not any(_PLACE.search(text) for text in (block.lead, *block.heading[-3:])) or "expr:" in block.text:
        return
    if levels := list(_LEVEL.finditer(block.text)):
        named = [text for text in reversed(block.heading) if not _GENERIC.fullmatch(text)]
        for found in levels if named else ():
            line = block.text.count("\n", 0, found.start("level"))
            yield _rule(named[0], found["told"].strip(), {"severity": found["level"].lower()}, line, block, document)
        return
    for record in _records(block):
        if not any(key in record.keys for key in _TELLS):
            continue
        told = next((f"{key} {value[0]}" for key, value in record.keys.items() if key == "severity" and value), "")
        details = {"severity": told.partition(" ")[2].lower()} if told else {}
        for key in _LISTS:
            for offset, text in enumerate(record.keys.get(key, ())):
                if SIGN.search(text) and (name := re.split(r"\s?[<>≥≤]", text)[0].strip()):
                    yield _rule(name, text, details, record.lines[key] + 1 + offset, block, document)
        condition = "; ".join(text for key in _CONDITION for text in record.keys.get(key, ()))
        if condition:
            first = next(key for key in _CONDITION if key in record.keys)
            measured = "; ".join(text for key in ("when", "metric") for text in record.keys.get(key, ()))
            name, line = _named(record, block, first)
            yield _rule(name, condition, details | ({"metric": measured} if measured else {}), line, block, document)


def _records(block: Fence) -> list[_Record]:
    """The block as one alert, or as one for each key that has an indented condition beneath."""
    records = [_Record("", 0)]
    key = ""
    for number, line in enumerate(block.text.split("\n")):
        if found := _KEY.match(line):
            key, value = found["key"].lower(), found["value"] or ""
            if not found["indent"]:
                if not value and key not in (*_CONDITION, *_LISTS):
                    records.append(_Record(found["key"], number))
                    continue
                if records[-1].title:
                    records.append(_Record("", number))
            records[-1].keys.setdefault(key, []).extend([value] if value else [])
            records[-1].lines.setdefault(key, number)
        elif (item := _ITEM.match(line)) and key:
            records[-1].keys.setdefault(key, []).append(item["text"])
            records[-1].lines.setdefault(key, number)
    return records


def _named(record: _Record, block: Fence, condition: str) -> tuple[str, int]:
    """The alert's name and the line on which it stands."""
    for key in _NAMES:
        if named := record.keys.get(key):
            return named[0], record.lines[key] if key != "metric" else record.lines[condition]
    if record.title:
        return record.title, record.lines[condition]
    heading = block.heading[-1] if block.heading else ""
    return re.sub(r"^\W*(?:\d[\d.]*[.)]?\s+)?", "", heading).strip(), record.lines[condition]


def _rule(name: str, condition: str, details: dict[str, str], line: int, block: Fence, document: str) -> Fact:
    around = (block.lead, *reversed(block.heading))
    quote = block.text.split("\n")[line].strip()
    return alert_rule(
        name, condition, {"condition": condition} | details, block.line + line, quote, block.heading, document, around
    )
