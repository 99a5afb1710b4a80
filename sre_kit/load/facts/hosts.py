"""Hosts that a heading describes by their fields, and the stores of a drawn chart."""

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

_FIELDS: Final = {
    "hostname": re.compile(r"(?i)host ?name"),
    "os": re.compile(r"(?i)os|operating system"),
    "hardware": re.compile(r"(?i)hardware|model|specs"),
    "cpu": re.compile(r"(?i)v?cpus?|processor"),
    "memory": re.compile(r"(?i)memory|ram"),
    "storage": re.compile(r"(?i)storage|disk"),
    "role": re.compile(r"(?i)role|purpose|function"),
}
_NO_PLACE: Final = re.compile(
    r"(?i)\b(?:options?|alternatives?|comparison|requirements?|examples?|templates?|proposed|future|planned|wish|"
    r"decommissioned|retired)\b"
)


def described_hosts(read: Sequence[Block], document: str) -> Iterator[Fact]:
    """The host of a section that names it and its system: `Hostname: atom` and `OS: Ubuntu 24.04 LTS`."""
    lines = [block for block in read if isinstance(block, Line) and block.item and not block.title]
    for heading, group in groupby(lines, key=lambda line: line.heading):
        told: dict[str, tuple[str, Line]] = {}
        for line in group:
            key, rest = split_key(line.text)
            for name, words in _FIELDS.items():
                if rest and words.fullmatch(key.strip("* ")):
                    told.setdefault(name, (rest.strip("`* "), line))
        named = {"hostname", "os"} <= told.keys() and re.fullmatch(r"[\w.-]{2,60}", told["hostname"][0])
        if not named or not re.search(r"\w\w", told["os"][0]) or any(_NO_PLACE.search(text) for text in heading):
            continue
        first = told["hostname"][1]
        details = {name: rest[:80] for name, (rest, _) in told.items() if name != "hostname"}
        around = tuple(reversed(heading))
        yield component_fact(
            told["hostname"][0], details, scope.environment(*around), first.line, first.raw, heading, around,
            f"server {told['hostname'][0]}", document,
        )  # fmt: skip


_STORE: Final = re.compile(r"(?<![\w-])[\w-]+\[\(\s*\"?(?P<label>[^()\[\]\"]{2,60})\"?\s*\)\]")
_ENGINE: Final = re.compile(
    r"(?i)\b(?P<engine>postgres(?:ql)?|mysql|mariadb|mongodb|redis|valkey|cassandra|clickhouse|timescaledb|dynamodb|"
    r"elasticsearch|opensearch|sql server|oracle|sqlite|minio|s3|neo4j|qdrant|kafka|rabbitmq|aurora)\b"
)


def charted_stores(fence: Fence, document: str) -> Iterator[Fact]:
    """The stores of a chart of the system, which say what they run on: `DB[(PostgreSQL 16)]`."""
    around = tuple(text for text in (fence.lead, *reversed(fence.heading)) if text)
    if fence.language != "mermaid" or any(_NO_PLACE.search(text) for text in around[:2]):
        return
    seen: set[str] = set()
    for offset, text in enumerate(fence.text.split("\n")):
        for found in _STORE.finditer(text):
            label = re.sub(r"<br\s*/?>", " ", found["label"]).strip()
            if label not in seen and (engine := _ENGINE.search(label)):
                seen.add(label)
                fact = component_fact(
                    label, {"engine": engine["engine"]}, scope.environment(*around), fence.line + offset, text.strip(),
                    fence.heading, around, label, document,
                )  # fmt: skip
                yield replace(fact, value=label)
