"""Alert rules out of tables, bullets and runbook headers; those in YAML are read by ``manifests``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.alert_places import ALERT_PLACE, NOT_ALERT_PLACE, RANKED, of_alerts
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.quantities import quantities
from sre_kit.load.facts.reading import Line, Row, Table

_NAME: Final = re.compile(
    r"^(?:alert|alarm|alarms?|alert ?name|rule|rule name|monitor|check|alerta|alarm "
    r"?name|metric|signal|name|alert/condition|event|what|trigger)s?$|\balert(?: rule|"
    r" name)?\b|\balarm\b",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:condition|thresholds?|triggers?|expr(?:ession)?|query|promql|fires? when|"
    r"criteria|rule|when|bedingung|schwelle|schwellwert|condici[oó]n|condi[cç][aã]o|"
    r"umbral|limiar|gatilho|disparo|seuil|alert (?:on|when|if))\b",
    re.IGNORECASE,
)
_SEVERITY: Final = re.compile(
    r"\b(?:severity|priority|level|sev|schweregrad|severidade?|gravité|prioridade|prioridad|n[ií]vel|nivel|urgency)\b",
    re.IGNORECASE,
)
_FOR: Final = re.compile(
    r"^(?:for|duration|dauer|time window|evaluation(?: period| window)?|pending|window|"
    r"period|sustained(?: for)?|for duration|duración)$",
    re.IGNORECASE,
)
_CHANNEL: Final = re.compile(
    r"\b(?:channels?|notif\w+|routes? to|routing|destination|receiver|recipients?|"
    r"kanal|canal|canais|notifica[cç][aã]o|notificaci[oó]n|sent to|alert via|pages?)\b",
    re.IGNORECASE,
)
_RUNBOOK: Final = re.compile(r"\b(?:run-?book|playbook)\b", re.IGNORECASE)
_ACTION: Final = re.compile(r"\b(?:action|response|remediation)\b", re.IGNORECASE)
_LEVELS: Final = {
    "warning": re.compile(r"\bwarn(?:ing)?\b|\byellow\b|\bwarnung\b|\badvertencia\b", re.IGNORECASE),
    "critical": re.compile(
        r"\bcrit(?:ical)?\b|\bred\b|\bkritisch\b|\bcrític[oa]\b|\bpage\b|\bcritique\b", re.IGNORECASE
    ),
    "info": re.compile(r"^info(?:rmation(?:al)?)?$", re.IGNORECASE),
}
_SEVERITY_WORD: Final = re.compile(
    r"\b(critical|warning|warn|high|medium|low|info|page|ticket|p[0-4]|sev-?[0-4]|emergency|major|minor)\b",
    re.IGNORECASE,
)
_SUSTAINED: Final = re.compile(
    r"\b(?:for|over|during|sustained(?: for)?|in|within|während|für|durante|pendant|"
    r"across|last)\s(?:the\s)?(?:last\s|past\s)?(?:at least\s|more than\s|>\s?|a\s)?(\d+\+?\s?[- ]?(?:s|"
    r"secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|minuten|stunden|minutos)(?!\w)(?:\s(?:window|"
    r"period))?)",
    re.IGNORECASE,
)
FAILS: Final = re.compile(
    r"[<>≥≤]=?|\b(?:above|below|exceed\w*|greater|less|more than|fewer|over|under|"
    r"down\b|unreachable|unavailable|fail(?:s|ed|ing|ure|ures)?|missing|absent|expir\w+|"
    r"not (?:running|responding|ready)|crash\w*|drops?|spike|increase|no data|0 |restarts?|"
    r"offline|full|lag|spikes|returns|between|stops?|stalls?)\b",
    re.IGNORECASE,
)
SIGN: Final = re.compile(
    r"[<>≥≤]=?|\b(?:above|below|exceeds?|exceeding|greater than|less than|more than|fewer than|under|crosses|hits|"
    r"reaches)\s+[~≈]?\d|"
    r"\bover\s+\d(?![\d.]*\s?-?(?:m|h|d|min|mins|minutes?|hours?|days?)\b)",
    re.IGNORECASE,
)


def alert_table(table: Table, document: str) -> list[Fact] | None:
    """The alert rules of a table, or None where it is no table of alerts."""
    header = table.header
    if indexed := _indexed(table, document):
        return indexed
    place = " ".join((table.lead, *table.heading[-2:], document))
    place += " " + (
        header[condition_index]
        if (condition_index := next((i for i, name in enumerate(header) if _CONDITION.search(name)), None)) is not None
        else ""
    )
    about = bool(ALERT_PLACE.search(place)) or bool(
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
    named = header_index(
        header, re.compile(r"\balerts?\b|\balarms?\b|\balertas?\b|\balertes?\b|\balarme?\b", re.IGNORECASE)
    )
    pair = {"warning", "critical"} <= set(levels.values())
    both = pair and _mostly_compared(table, levels)
    about = about or (pair and any(ALERT_PLACE.search(text) for text in table.heading))
    about = about or (
        both
        and bool(
            re.search(
                r"(?i)monitor|threshold|schwell|umbral|seuil|limia|utili[sz]ation|"
                r"resource|health|capacity",
                place,
            )
        )
    )
    if (
        len(levels) >= 1
        and (condition not in levels or both)
        and not any(re.search(r"\b(?:target|goal|slo)\b", name, re.IGNORECASE) for name in header)
        and about
    ):
        return [fact for row in table.rows for fact in _level_row(table, row, levels, document)]
    if condition is None and named is not None and severity is not None and about:
        condition = named
    if condition is None and _CALLED.fullmatch(header[0]) and not NOT_ALERT_PLACE.search(" ".join(table.heading[-1:])):
        condition = header_index(header, _MEANS)
    if condition is None and severity == 0 and re.search(r"(?i)\balert", " ".join((table.lead, *table.heading[-1:]))):
        condition = next((index for index in range(1, len(header)) if _compares(table, index)), None)
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


_MEANS: Final = re.compile(
    r"(?i)^(?:symptoms?|meaning|means|description|detects?|what it (?:means|detects)|causes?|signal|indicates|reason|"
    r"summary|why(?: .*)?|metric|source|measures?|monitors?|watches|beschreibung|descripci[oó]n|descri[cç][aã]o)$"
)
"""What is said of an alert in place of its condition, where the first column names alerts."""
_CALLED: Final = re.compile(r"(?i)(?:alert(?: ?name)?|alarm|告警|报警|アラート|alerta|alerte)s?")
_WRITTEN: Final = re.compile(r"[A-Z][a-z]+(?:[A-Z0-9][A-Za-z0-9]*)+")


def _indexed(table: Table, document: str) -> list[Fact]:
    """The rows of an index of runbooks: `| HighErrorRate | [what to do](high-error-rate.md) |`, and nothing more."""
    if len(table.header) != 2 or not _CALLED.fullmatch(table.header[0]) or not _RUNBOOK.search(table.header[1]):
        return []
    around = (table.lead, *reversed(table.heading))
    return [
        alert_rule(
            row.cells[0], row.cells[0], {"runbook": row.cells[1]}, row.line, row.source, table.heading, document, around
        )
        for row in table.rows
        if len(row.cells) > 1 and _WRITTEN.fullmatch(row.cells[0])
    ]


def _compares(table: Table, index: int) -> bool:
    """Whether most cells of a column are conditions with a value: `CPU > 80 % for 5 min`."""
    cells = [row.cells[index] for row in table.rows if index < len(row.cells)]
    return 2 * sum(bool(re.search(r"[a-zA-Z]\w*\s?[<>≥≤]=?\s?\d", cell)) for cell in cells) > len(cells)


def _mostly_compared(table: Table, levels: Mapping[int, str]) -> bool:
    """Whether the cells under the levels are comparisons: `> 500 MB`, not tasks or times to answer."""
    cells = [row.cells[index] for row in table.rows for index in levels if index < len(row.cells) and row.cells[index]]
    return bool(cells) and 2 * sum(bool(re.match(r"\W{0,2}[<>≥≤]", cell)) for cell in cells) > len(cells)


def _condition_row(table: Table, row: Row, condition: int, severity: int | None, document: str) -> Fact | None:
    cells = dict(enumerate(row.cells))
    text = cells.get(condition, "")
    label = cells.get(0, "")
    if condition == 0:
        label = text
    elif severity == 0 and (measure := re.match(r"[^<>≥≤]{2,60}?(?=\s?[<>≥≤])", text)):
        label = measure[0].strip()  # how urgent it is names no alert
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
    return alert_rule(
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
            yield alert_rule(
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
    if line.done is not None:
        return None
    ranked = not line.parents and bool(line.heading) and RANKED.fullmatch(line.heading[-1]) is not None
    if (
        ranked
        and of_alerts(line, document)
        and not re.match(r"(?i)\W*(?:daily|weekly) (?:digest|report|summary)", line.text)
    ):
        near = (*near[:-1], f"{line.heading[-1]} alerts")
    key, rest = split_key(line.text)
    if condition_owner(line):
        return []  # the alert's name stands above it; `runbooks` reads both
    if key and _SEVERITY.fullmatch(key):
        return None  # how urgent it is, not what it is
    told = rest if _SEVERITY_WORD.fullmatch(key) else line.text
    if line.item and key and (levels := _two_levels(told)):
        return [
            lined(key, f"{key} {value}", {"severity": level, "threshold": value}, line, document)
            for value, level in levels
        ]
    if not line.item or not any(ALERT_PLACE.search(text) and not NOT_ALERT_PLACE.search(text) for text in near):
        return None
    if key and _SEVERITY_WORD.fullmatch(rest.strip(" .!")) and len(key.split()) <= 10:
        return [lined(key, key, {"severity": rest.strip(" .!").lower()}, line, document)]
    nearest = next((text for text in near if text), "")
    named_group = bool(key) and _ALERT_GROUP.fullmatch(nearest.strip(" :")) is not None
    ordered = _ALERTED_ON.search(line.lead) is not None and bool(FAILS.search(line.text) or _TROUBLE.search(line.text))
    if (_ALERT_LIST.match(nearest) or named_group or ordered) and not line.parents and _listed(line.text):
        told = rest if key and _SEVERITY_WORD.fullmatch(key) else line.text
        name = re.split(r"\s?[(:<>≥≤]|\s[–—-]\s", told)[0].strip()
        return [lined(name, rest or line.text, severity_of(rest, near), line, document)]
    if _FIRES.match(line.raw):
        bold, _, condition = line.text.partition(" – ") if " – " in line.text else line.text.partition(" — ")
        if condition:
            return [lined(bold.strip(" :"), condition, severity_of(condition, near), line, document)]
    if not SIGN.search(line.text):
        return None
    if not any(quantity.unit or quantity.comparison for quantity in quantities(line.text)):
        return None
    name = key or re.split(r"\s?(?:[<>≥≤]|\b(?:above|below|exceeds?|over|under|greater|less|more|for)\b)", line.text)[0]
    name = name.strip(" :-–(")
    if not name or len(name) > 70 or re.search(r"\b(?:if|when|then|should|will|we|check)\b", name, re.IGNORECASE):
        name = line.text[:70]
    return [lined(name, rest if key else line.text, severity_of(rest or line.text, near), line, document)]


_FIRES: Final = re.compile(
    r"(?i)\s*(?:[-*+]|\d+[.)])\s+\*\*[^*]{3,60}\*\*:?\s[–—]\s(?:is )?(?:triggered|triggers|fires|fired|alerts|raised) "
    r"(?:when|if|on|after)\b"
)
"""`**Queue stalled** — fires when nothing was taken for five minutes`."""
_CONDITION_KEY: Final = re.compile(
    r"(?i)(?:alert )?(?:condition|trigger(?:s? when)?|expression|expr|query|fires when)|condi[cç][aã]o|condici[oó]n|"
    r"bedingung|условие"
)


def condition_owner(line: Line) -> str:
    """The name over `Condition: error rate > 1 %`, where it is an alert's: the bullet, the lead-in or the heading."""
    key, rest = split_key(line.text)
    if not line.item or not key or not _CONDITION_KEY.fullmatch(key) or not FAILS.search(rest):
        return ""
    owner, *places = [text for text in (*line.parents[-1:], line.lead, *reversed(line.heading[-3:])) if text] or [""]
    named = re.sub(
        r"(?i)^\W*(?:\d[\d.]*[.)]?\s+)?(?:(?:rule|regra|regla|regel|alert|alerta)\s#?\d+\s?[:–—-]\s)?", "", owner
    ).strip(" :*")
    if not named or len(named.split()) > 8 or _ALERT_LIST.match(named):
        return ""
    return named if any(ALERT_PLACE.search(text) and not NOT_ALERT_PLACE.search(text) for text in places) else ""


_TROUBLE: Final = re.compile(r"(?i)error|fail|mismatch|pattern|dead|time-?out|in logs|exception|invalid|denied")
_ALERTED_ON: Final = re.compile(r"(?i)\b(?:alert(?:s|ing)? (?:on|for|when|if)|alarms? (?:on|for))\s*:?$")
"""`Set up alerts for:`: what follows are alerts."""
_ALERT_GROUP: Final = re.compile(
    r"(?i)(?:\d[\d.]*\s+)?(?!(?:view|test|silenc|add|configur|creat|manag|handl|custom|example|sample|how|about|"
    r"no|current|active|new)"
    r"\w*\b)(?:[\w/&-]+ ){1,3}alerts?"
)
"""`Database alerts`: what follows are alerts with a name each."""
_ALERT_LIST: Final = re.compile(
    r"^\W*(?:\d[\d.)]*\s*)?(?:core|key|main|recommended|suggested|initial|configured|defined|prometheus|current|critical|warning|info(?:rmational)?|high|medium|low|p[0-4]|"
    r"sev-?[0-4]|page|high[- ]priority|urgent)?\s?"
    r"(?:priority |severity |level )?(?:alert(?:ing)?|alarm) (?:thresholds?|conditions?|"
    r"triggers?|criteria|esikleri|eşikleri)\W*"
    r"(?:\([^()]*\))?\W*$|^\W*(?:\d[\d.)]*\s*)?(?:core|key|main|recommended|suggested|configured|defined|prometheus|current|critical|"
    r"warning|info(?:rmational)?|high|medium|low|p[0-4]|sev-?[0-4]|page|high[- ]priority|urgent)?\s?"
    r"(?:priority |severity |level )?(?:alerts?|alert rules?|alarms?|alerting rules?)"
    r"(?:\s(?:included|defined|configured|provided|shipped|in use|list|overview|catalog(?:ue)?|"
    r"inventory))?\W*(?:\([^()]*\))?\W*$|^\W*(?:[\d.]+\s*)?(?:alertas?|alarmas?|alertes)"
    r"(?: (?:cr[ií]tic[oa]s?|critiques|configurad[oa]s|principa(?:les|is)))?\W*$",
    re.IGNORECASE,
)


def _listed(text: str) -> bool:
    """Whether a bullet under "Critical alerts" is the name of an alert: short, no instruction."""
    return len(text.split()) <= 14 and not re.match(
        r"(?i)\W*(?:configure|set ?up|send|notify|use|create|add|enable|check|via|slack|"
        r"email|pagerduty|sms|review|ensure|define|integrate|no |all |dashboards?)\b",
        text,
    )


def severity_of(text: str, near: Sequence[str]) -> dict[str, str]:
    word = _SAID.search(text) or _SEVERITY_WORD.search(" ".join(near))
    return {"severity": next(part for part in word.groups() if part).lower()} if word else {}


_SAID: Final = re.compile(r"\b(critical|warning|p[0-4]|sev-?[0-4])\b|\((high|medium|low|page|ticket)\)", re.IGNORECASE)


def lined(name: str, condition: str, details: dict[str, str], line: Line, document: str) -> Fact:
    return alert_rule(
        name, condition, {"condition": condition} | details, line.line, line.raw, line.heading, document, line.context
    )


def _two_levels(text: str) -> list[tuple[str, str]]:
    """`80% (warning) / 90% (critical)` and `warn > 500ms, crit > 1000ms` as pairs."""
    pairs = [(match[1].strip(), match[2]) for match in _LEVEL_AFTER.finditer(text)]
    pairs = pairs or [(match[2].strip(), match[1]) for match in _LEVEL_BEFORE.finditer(text)]
    return [(value, "critical" if level.lower().startswith("crit") else "warning") for value, level in pairs]


_UNITS: Final = r"(?:%|ms|s|sec|seconds|MB|GB|GiB|min|minutes|rps|req/s)"
_VALUE: Final = rf"(?<![\w-])(?:[<>≥≤]=?\s?[$€]?\d[\d.,]*\s?{_UNITS}?|\d[\d.,]*\s?{_UNITS})"
_LEVEL_AFTER: Final = re.compile(rf"({_VALUE})\s?\((warn(?:ing)?|crit(?:ical)?)\)", re.IGNORECASE)
_LEVEL_BEFORE: Final = re.compile(
    rf"\b(warn(?:ing)?|crit(?:ical)?)\s?(?:at|:|=|when)?\s?({_VALUE})(?![\w])", re.IGNORECASE
)


def alert_rule(
    name: str,
    condition: str,
    details: dict[str, str],
    line: int,
    quote: str,
    heading: tuple[str, ...],
    document: str,
    around: tuple[str, ...],
) -> Fact:
    """A rule from its condition: how long it must last, at which value, how urgent, as far as the words tell."""
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
