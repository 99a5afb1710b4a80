"""Alerts written as keys and values under a heading that names them: `**Threshold:** > 5 % over 15 minutes`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alert_places import ALERT_PLACE
from sre_kit.load.facts.alerts import alert_rule
from sre_kit.load.facts.claims import split_key
from sre_kit.load.facts.reading import Block, Line, Table

_CONDITION: Final = re.compile(
    r"(?i)(?:alert )?(?:thresholds?|condition|trigger(?:s? when)?|fires when|criteria)|fallo|umbral|"
    r"condici[oó]n(?: sugerida)?|condi[cç][aã]o(?: sugerida)?|limiar|gatilho|schwelle(?:nwert)?|bedingung|"
    r"seuil|условие|порог"
)
_TELLS: Final = re.compile(
    r"(?i)(?:severity|priority|action|actions|notify|notification|channels?|window|duration|monitor|source|metric|signal|"
    r"response|owner|acci[oó]n|ação|herramienta|ventana|canal|prioridade?|severidade?|aktion|schweregrad|filter|url)"
)
_PROPERTY: Final = re.compile(
    r"(?i)(?:fields?|propert(?:y|ies)|parameters?|settings?|attributes?|keys?|items?|campos?|feld|eigenschaft|propiedad|"
    r"propriedade|par[aá]metro|champ|)"
)
_EXPLICIT: Final = re.compile(r"(?i)alert (?:thresholds?|conditions?|triggers?)")
_DIGIT: Final = re.compile(r"\d|\b(?:any|fails?|failed|down|unreachable|consecutive)\b")


def keyed_alerts(read: Sequence[Block], document: str) -> Iterator[Fact]:
    """The alerts of paragraphs whose lines are keys, one of them a condition, and others what is done then."""
    lines: list[Line] = []
    for block in read:
        follows = isinstance(block, Line) and bool(lines) and block.line == lines[-1].line + 1
        if not (follows and isinstance(block, Line) and block.heading == lines[-1].heading):
            yield from _of_lines(lines, document)
            lines = []
        if isinstance(block, Line) and not block.item and not block.title:
            lines.append(block)
    yield from _of_lines(lines, document)


def _of_lines(lines: Sequence[Line], document: str) -> Iterator[Fact]:
    if len(lines) < 2 or not _placed(lines[0].heading, document):
        return
    numbers, quotes = [line.line for line in lines], [line.raw for line in lines]
    yield from _of_pairs([split_key(line.text) for line in lines], numbers, quotes, lines[0].heading, document)


def keyed_table(table: Table, document: str) -> Iterator[Fact]:
    """The alert of a table of two columns whose first holds such keys: `| Condition | 5 events in 10 min |`."""
    if len(table.header) != 2 or not _PROPERTY.fullmatch(table.header[0]) or not _placed(table.heading, document):
        return
    rows = [row for row in table.rows if len(row.cells) == 2]
    pairs = [(row.cells[0], row.cells[1]) for row in rows]
    yield from _of_pairs(pairs, [row.line for row in rows], [row.source for row in rows], table.heading, document)


def _placed(heading: Sequence[str], document: str) -> bool:
    """Whether the headings over the alert's own, or the file's name, speak of alerts."""
    over = (*heading[:-1], re.sub(r"[_/-]", " ", document).removesuffix(".md"))
    return bool(heading) and any(ALERT_PLACE.search(text) for text in over)


def _of_pairs(
    pairs: Sequence[tuple[str, str]],
    numbers: Sequence[int],
    quotes: Sequence[str],
    heading: tuple[str, ...],
    document: str,
) -> Iterator[Fact]:
    condition = next((index for index, (key, _) in enumerate(pairs) if _CONDITION.fullmatch(key)), None)
    told = {key.lower(): value for key, value in pairs if key and _TELLS.fullmatch(key)}
    if condition is None or not told:
        return
    if not _DIGIT.search(pairs[condition][1]) and not ("severity" in told and _EXPLICIT.fullmatch(pairs[condition][0])):
        return
    name = re.sub(r"^\W*(?:\d[\d.]*[.)]?\s+)?", "", heading[-1]).strip(" :")
    text = pairs[condition][1]
    details = {"condition": text} | {
        key: value for key, value in told.items() if key in ("severity", "action", "channel")
    }
    yield alert_rule(
        name, text, details, numbers[condition], quotes[condition], heading, document, tuple(reversed(heading))
    )
