"""Alert rules out of tables, bullets and runbook headers; those in YAML are read by ``manifests``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.quantities import quantities
from sre_kit.load.facts.reading import Block, Line, Row, Table

_NAME: Final = re.compile(
    r"^(?:alert|alarm|alarms?|alert ?name|rule|rule name|monitor|check|alerta|alarm ?name|metric|signal|name|alert/condition|event|what|trigger)s?$|\balert(?: rule| name)?\b|\balarm\b",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:condition|thresholds?|triggers?|expr(?:ession)?|query|promql|fires? when|criteria|rule|when|bedingung|schwelle|schwellwert|condición|umbral|seuil|alert (?:on|when|if))\b",
    re.IGNORECASE,
)
_SEVERITY: Final = re.compile(
    r"\b(?:severity|priority|level|sev|schweregrad|severidad|gravité|urgency)\b", re.IGNORECASE
)
_FOR: Final = re.compile(
    r"^(?:for|duration|dauer|time window|evaluation(?: period| window)?|pending|window|period|sustained(?: for)?|for duration|duración)$",
    re.IGNORECASE,
)
_CHANNEL: Final = re.compile(
    r"\b(?:channels?|notif\w+|routes? to|routing|destination|receiver|recipients?|kanal|canal|sent to|alert via|pages?)\b",
    re.IGNORECASE,
)
_RUNBOOK: Final = re.compile(r"\b(?:run-?book|playbook)\b", re.IGNORECASE)
_ACTION: Final = re.compile(r"\b(?:action|response|remediation)\b", re.IGNORECASE)
_ALERT_PLACE: Final = re.compile(
    r"\b(?:alerts?|alerting|alarms?|alarme|alertas?|alertes?|pag(?:ing|es)\b|alertmanager)\b", re.IGNORECASE
)
_NOT_ALERT_PLACE: Final = re.compile(
    r"\b(?:response times?|escalation|severity levels|definitions?|classification|channels?|routing|contacts?|fatigue|best practices|silenc\w+|tools?|philosophy|procedures?|triage|lifecycle|history|metrics to|success|on-?call|incident|checklist|troubleshooting|steps)\b",
    re.IGNORECASE,
)
_LEVELS: Final = {
    "warning": re.compile(r"\bwarn(?:ing)?\b|\byellow\b|\bwarnung\b|\badvertencia\b", re.IGNORECASE),
    "critical": re.compile(
        r"\bcrit(?:ical)?\b|\bred\b|\bkritisch\b|\bcrític[oa]\b|\bpage\b|\bcritique\b", re.IGNORECASE
    ),
    "info": re.compile(r"^info(?:rmation(?:al)?)?$", re.IGNORECASE),
}
_SEVERITY_WORD: Final = re.compile(
    r"\b(critical|warning|warn|high|medium|low|info|page|ticket|p[0-4]|sev-?[0-4]|emergency|major|minor|error)\b",
    re.IGNORECASE,
)
_SUSTAINED: Final = re.compile(
    r"\b(?:for|over|during|sustained(?: for)?|in|within|während|für|durante|pendant|across|last)\s(?:the\s)?(?:last\s|past\s)?(?:at least\s|more than\s|>\s?|a\s)?(\d+\+?\s?[- ]?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|minuten|stunden|minutos)(?!\w)(?:\s(?:window|period))?)",
    re.IGNORECASE,
)
_COMPARES: Final = re.compile(
    r"[<>≥≤]=?|\b(?:above|below|exceed\w*|greater|less|more than|fewer|over|under|down\b|unreachable|unavailable|fail(?:s|ed|ing|ure|ures)?|missing|absent|expir\w+|not (?:running|responding|ready)|crash\w*|drops?|spike|increase|no data|0 |restarts?|offline|full|lag)\b",
    re.IGNORECASE,
)
_SIGN: Final = re.compile(
    r"[<>≥≤]=?|\b(?:above|below|exceeds?|exceeding|greater than|less than|more than|fewer than|over|under)\s+\d",
    re.IGNORECASE,
)


def alert_table(table: Table, document: str) -> list[Fact] | None:
    """The alert rules of a table, or None where it is no table of alerts."""
    header = table.header
    place = " ".join((table.lead, *table.heading[-2:], document))
    about = bool(_ALERT_PLACE.search(place)) or bool(
        re.search(r"\balerts?\b|\balarms?\b|\balert name\b", header[0], re.IGNORECASE)
    )
    condition = next((index for index, name in enumerate(header) if _CONDITION.search(name)), None)
    severity = header_index(header, _SEVERITY)
    levels = {
        index: level
        for index, name in enumerate(header)
        for level, words in _LEVELS.items()
        if index and words.search(name)
    }
    named = header_index(header, re.compile(r"\balerts?\b|\balarms?\b|\balerta\b", re.IGNORECASE))
    if (
        len(levels) >= 1
        and condition not in levels
        and not any(re.search(r"\b(?:target|goal|slo)\b", name, re.IGNORECASE) for name in header)
        and about
    ):
        return [fact for row in table.rows for fact in _level_row(table, row, levels, document)]
    if condition is None and named is not None and severity is not None and about:
        condition = named
    if condition is None or not (about or (severity is not None and named is not None)):
        return None
    if (
        severity is None
        and named is None
        and not re.search(r"\balert|\balarm", f"{table.lead} {table.heading[-1:]}", re.IGNORECASE)
    ):
        return None
    if re.search(r"\b(?:sla|slo|response time|target|budget)\b", header[condition], re.IGNORECASE):
        return None
    return [fact for row in table.rows if (fact := _condition_row(table, row, condition, severity, document))]


def _condition_row(table: Table, row: Row, condition: int, severity: int | None, document: str) -> Fact | None:
    cells = dict(enumerate(row.cells))
    text = cells.get(condition, "")
    label = cells.get(0, "")
    if condition == 0:
        label = text
    if not text or not label or label in ("-", "–"):
        return None
    details = {"condition": text}
    for key, pattern in (("for", _FOR), ("channel", _CHANNEL), ("runbook", _RUNBOOK), ("action", _ACTION)):
        index = header_index(table.header, pattern)
        if index not in (None, condition, 0) and cells.get(index or 0, "").strip("-– "):
            details[key] = cells[index or 0]
    if severity is not None and cells.get(severity):
        details["severity"] = cells[severity].lower()
    elif word := _SEVERITY_WORD.search(" ".join((*table.heading[-1:], table.lead))):
        details["severity"] = word[1].lower()
    return _rule(
        label, text, details, row.line, row.source, table.heading, document, (table.lead, *reversed(table.heading))
    )


def _level_row(table: Table, row: Row, levels: Mapping[int, str], document: str) -> Iterator[Fact]:
    for index, level in levels.items():
        text = row.cells[index] if index < len(row.cells) else ""
        if text.strip("-– ") and any(character.isdigit() for character in text):
            condition = f"{row.cells[0]} {text}"
            details = {"condition": condition, "severity": level, "threshold": text}
            if (other := header_index(table.header, _FOR)) and other < len(row.cells):
                details["for"] = row.cells[other]
            yield _rule(
                row.cells[0],
                condition,
                details,
                row.line,
                row.source,
                table.heading,
                document,
                (table.lead, *reversed(table.heading)),
            )


def alert_line(line: Line, document: str) -> list[Fact] | None:
    """The alert rules of a bullet in a section on alerts, or None where the line is none."""
    near = (*line.parents[-1:], line.lead, *line.heading[-1:])
    if not line.item or not any(_ALERT_PLACE.search(text) and not _NOT_ALERT_PLACE.search(text) for text in near):
        return None
    if line.done is not None or (not _SIGN.search(line.text) and not _two_levels(line.text)):
        return None
    key, rest = split_key(line.text)
    spotted = [quantity for quantity in quantities(line.text) if quantity.unit or quantity.comparison]
    if not spotted:
        return None
    name = key or re.split(r"\s?(?:[<>≥≤]|\b(?:above|below|exceeds?|over|under|greater|less|more|for)\b)", line.text)[
        0
    ].strip(" :-–(")
    if not name or len(name) > 70 or re.search(r"\b(?:if|when|then|should|will|we|check)\b", name, re.IGNORECASE):
        name = line.text[:70]
    severity_place = " ".join(near)
    around = line.context
    if levels := _two_levels(line.text):
        return [
            _rule(
                name,
                f"{name} {value}",
                {"condition": f"{name} {value}", "severity": level, "threshold": value},
                line.line,
                line.raw,
                line.heading,
                document,
                around,
            )
            for value, level in levels
        ]
    details = {"condition": rest if key else line.text}
    if word := _SEVERITY_WORD.search(line.text if _SEVERITY_WORD.search(rest or "") else severity_place):
        details["severity"] = word[1].lower()
    return [_rule(name, details["condition"], details, line.line, line.raw, line.heading, document, around)]


def _two_levels(text: str) -> list[tuple[str, str]]:
    """``80% (warning) / 90% (critical)`` as pairs."""
    return [
        (match[1].strip(), "critical" if match[2].lower().startswith("crit") else "warning")
        for match in re.finditer(
            r"([<>≥≤]?=?\s?\d[\d.,]*\s?(?:%|ms|s|MB|GB|min)?)\s?\((warn(?:ing)?|crit(?:ical)?)\)", text, re.IGNORECASE
        )
    ]


def runbook_alert(lines: Sequence[Block], document: str) -> Iterator[Fact]:
    """The alert that a runbook names in its head: `**Alert Name:** HighErrorRate` with severity and threshold beside it."""
    pairs: dict[str, tuple[str, Line]] = {}
    for block in lines:
        if not isinstance(block, Line):
            continue
        key, rest = split_key(block.text)
        if (
            key
            and key.lower() in ("alert", "alert name", "alertname", "alarm")
            and re.fullmatch(r"[A-Za-z][\w-]{3,60}", rest)
        ):
            if pairs:
                yield from _flush(pairs, document)
            pairs = {"alert": (rest, block)}
        elif (
            pairs
            and key
            and key.lower()
            in ("severity", "threshold", "condition", "duration", "for", "channel", "trigger", "expression")
            and block.heading == pairs["alert"][1].heading
        ):
            pairs[key.lower()] = (rest, block)
    if pairs:
        yield from _flush(pairs, document)


def _flush(pairs: Mapping[str, tuple[str, Line]], document: str) -> Iterator[Fact]:
    name, line = pairs["alert"]
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
    yield _rule(
        name, details.get("condition", name), details, line.line, line.raw, line.heading, document, line.context
    )


def _rule(
    name: str,
    condition: str,
    details: dict[str, str],
    line: int,
    quote: str,
    heading: tuple[str, ...],
    document: str,
    around: tuple[str, ...],
) -> Fact:
    claim = Claim(condition, name, "", around, heading, line, quote, "pair")
    if "for" not in details and (sustained := _SUSTAINED.search(condition)):
        details["for"] = sustained[1]
    spotted = [quantity for quantity in quantities(condition) if quantity.unit or quantity.comparison]
    if "threshold" not in details and spotted:
        sign = spotted[0].comparison
        details["threshold"] = f"{sign} {spotted[0].written}".strip()
    if "severity" not in details and (word := re.search(r"\((critical|warning)\)", condition, re.IGNORECASE)):
        details["severity"] = word[1].lower()
    _, refused = roles.refusal(claim)
    if roles.placeholder(f"{name} {condition}"):
        refused = roles.PLACEHOLDER
    where = Scope(scope.environment(*around[:3]), "", "")
    return Fact(
        Kind.ALERT_RULE,
        condition,
        "text",
        document,
        line,
        quote,
        name=name,
        heading=heading,
        scope=where,
        role=Role.THRESHOLD,
        details=details,
        refused=refused,
    )
