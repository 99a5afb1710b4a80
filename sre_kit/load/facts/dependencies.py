"""What the system depends on: services of others, out of tables, bullets and `Dependencies:` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import Claim, split_key
from sre_kit.load.facts.reading import Line, Table

_DEPENDENCY_PLACE: Final = re.compile(
    r"^\W*(?:\d[\d.]*\s*)?(?:(?:key |critical |main )?(?:external|upstream|downstream|runtime|service|system|"
    r"third[- ]party|critical|infrastructure|key|technical|backend)\s"
    r"(?:service\s|system\s)?(?:dependenc(?:y|ies)|services?|integrations?|apis?|systems?|"
    r"providers?)(?:\s*(?:&|and|,)\s*[\w ]+)?(?:\s(?:matrix|map|table|overview|inventory|list|summary))?"
    r"|dependenc(?:ies|y (?:matrix|map|table|overview|inventory))(?:\s*(?:&|and)\s*\w+)?|integrations|"
    r"externe (?:abhängigkeiten|"
    r"dienste|systeme)|abhängigkeiten|dependencias(?: externas)?|servicios externos|"
    r"dépendances(?: externes)?|services externes|depends on)\W*$",
    re.IGNORECASE,
)


_REACHED_BY: Final = re.compile(r"(?i)(?:base )?ur[li]|auth(?:entication)?|api key|credentials?|sdk|endpoint")
_OUTSIDE: Final = re.compile(
    r"(?i)\b(?:external|third[- ]party|outbound) (?:services?|apis?|systems?|integrations?)\b|servi[cç]os externos|"
    r"servicios externos|externe dienste"
)
_DEPENDENCY_KEY: Final = re.compile(
    r"(?i)^(?:(?:external |service |runtime |upstream |system )?dependencies|depends "
    r"on|external services|third[- ]party services|upstream services|integrations|"
    r"abhängigkeiten|dependencias|dépendances)$"
)


_NOT_DEPENDENCY: Final = re.compile(
    r"(?i)\.md\b|\.py\b|\b(?:phase|approval|availability of|must|should|none|milestone|"
    r"npm|pip|library|libraries|tasks?|sample|team availability|budget|timeline|completed?|"
    r"requires?|blocked|time-?outs?|retry|retries|circuit breakers?|fallbacks?|degrad\w+|when|unless|if)\b|@\d|\d+\.\d+"
)


_DEPENDENCY_COLUMN: Final = re.compile(
    r"^(?:dependency|external (?:service|system|dependency)|third[- ]party(?: service)?|"
    r"integration|upstream(?: service)?|abhängigkeit|dependencia|dépendance)s?$",
    re.IGNORECASE,
)


_CALLER_COLUMN: Final = re.compile(
    r"^(?:from|caller|consumer|source(?: component| service)?|dependent|von|desde|de)$", re.IGNORECASE
)


_CALLED_COLUMN: Final = re.compile(
    r"^(?:to|calls?|callee|provider|depends on|target(?: component| service)?|needs|requires|nach|hacia|vers)$",
    re.IGNORECASE,
)


_DEPENDENCY_WORDS: Final = re.compile(
    r"(?i)\b(?:dependenc\w*|abhängigkeit\w*|dependencias|dépendances|service (?:calls|communication|interactions?))\b"
)


def dependency_table(table: Table, document: str) -> list[Fact] | None:
    """The dependencies of a table whose first column holds them, or whose rows say who needs whom, or None."""
    if (calls := _calls(table, document)) is not None:
        return calls
    placed = bool(table.heading) and bool(_DEPENDENCY_PLACE.match(table.lead or table.heading[-1]))
    named = re.match(r"(?i)^(?:service|system|provider|name|vendor|component|api|dienst|servicio)s?$", table.header[0])
    reached = bool(named) and any(_REACHED_BY.fullmatch(name) for name in table.header[1:])
    outside = any(_OUTSIDE.search(text) for text in (table.lead, *table.heading[-2:]))
    if not (_DEPENDENCY_COLUMN.match(table.header[0]) or (placed and named) or (reached and outside)):
        return None
    if any(
        re.search(r"(?i)\b(?:version|license|milestone|task|due|phase|uptime|sla|depends on)\b", name)
        for name in table.header
    ):
        return None
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    return [
        dependency_fact(
            row.cells[0],
            row.line,
            row.source,
            table.heading,
            around,
            document,
            dict(zip(table.header[1:], row.cells[1:], strict=False)),
        )
        for row in table.rows
        if row.cells[0].strip("-– ") and not row.cells[0].startswith("(")
    ]


def _calls(table: Table, document: str) -> list[Fact] | None:
    """
    The edges of a table "From | To"; the caller is in `details`, under ``from``.

    Such columns also head periods and migrations, so the place must speak of dependencies.
    """
    header = table.header
    if len(header) < 2 or not (_CALLER_COLUMN.match(header[0]) and _CALLED_COLUMN.match(header[1])):
        return None
    if not _DEPENDENCY_WORDS.search(" ".join((table.lead, *table.heading[-2:]))):
        return None
    around = tuple(text for text in (table.lead, *reversed(table.heading)) if text)
    return [
        dependency_fact(
            row.cells[1],
            row.line,
            row.source,
            table.heading,
            around,
            document,
            {"from": row.cells[0], **dict(zip(header[2:], row.cells[2:], strict=False))},
        )
        for row in table.rows
        if len(row.cells) > 1 and row.cells[0].strip("-– ") and row.cells[1].strip("-– ")
    ]


_CHANGE: Final = re.compile(
    r"(?i)^(?:updat\w*|bump\w*|upgrad\w*|remov\w*|drop\w*|add(?:s|ed)?|fix\w*|further|closes?|does|pin\w*|relax\w*|"
    r"restrict\w*|switch\w*|support\w*|requires?|allow\w*)\b|\bnow (?:supports?|requires?)\b|#\d|https?:|\bsee\b|"
    r"^[<>=^*~\"']"
)
"""Changelogs and references to version ranges have headings of this name too."""


def dependency_line(line: Line, document: str) -> Iterator[Fact]:
    """The dependencies listed as bullets under a heading that says so, or after `Dependencies:` on one line."""
    if re.search(r"(?i)change-?log|history|release|package-json", document):
        return
    key, rest = split_key(line.text)
    if key and _DEPENDENCY_KEY.match(key) and line.done is None and not _NOT_DEPENDENCY.search(rest):
        for name in re.split(r",\s*|;\s*|\s\+\s", re.sub(r"\([^()]*\)", "", rest)):
            if 1 < len(name.strip(" .")) <= 40 and len(name.split()) <= 4 and not _CHANGE.search(name.strip()):
                yield dependency_fact(name.strip(" ."), line.line, line.raw, line.heading, line.context, document, {})
        return
    near = line.lead or (line.heading[-1] if line.heading else "")
    if not line.item or line.parents or line.done is not None or not _DEPENDENCY_PLACE.match(near):
        return
    name = re.split(r":\s|\s[–—-]\s|\s\(", line.text)[0].strip(" .:`")
    if _CHANGE.search(name) or name.endswith(","):
        return
    if 1 < len(name) <= 50 and len(name.split()) <= 6 and not _NOT_DEPENDENCY.search(name):
        yield dependency_fact(name, line.line, line.raw, line.heading, line.context, document, {})


def dependency_fact(
    name: str,
    line: int,
    quote: str,
    heading: tuple[str, ...],
    around: tuple[str, ...],
    document: str,
    more: dict[str, str],
) -> Fact:
    """A dependency, with what the table says of it."""
    claim = Claim(name, "", "", tuple(text for text in around if text), heading, line, quote, "cell")
    refused = roles.PLACEHOLDER if roles.placeholder(name) else roles.EXAMPLE if roles.example(claim) else ""
    details = {key.lower(): value for key, value in more.items() if value.strip("-– ")}
    return Fact(
        Kind.DEPENDENCY,
        name,
        "text",
        document,
        line,
        quote,
        name=name,
        heading=heading,
        scope=Scope("", "", ""),
        role=Role.STATED,
        details=details,
        refused=refused,
    )
