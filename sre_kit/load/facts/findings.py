"""Security findings: tables with a severity, headings with an identifier, bullets with a CVSS score."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import roles
from sre_kit.load.facts.claims import Claim, header_index, split_key
from sre_kit.load.facts.progress import STATUS_COLUMN
from sre_kit.load.facts.reading import Block, Line, Row, Table
from sre_kit.load.facts.work import CVSS

_SEVERITY: Final = re.compile(
    r"^\W*(critical|high|medium|moderate|low|info(?:rmational)?|kritisch|hoch|mittel|"
    r"niedrig|crítica?|alta?|media|baja)\b",
    re.IGNORECASE,
)


_SEVERITY_COLUMN = re.compile(
    r"^(?:severity|risk(?: level| rating)?|cvss.*|schweregrad|severidad|gravité|sev|rating|criticality)$", re.IGNORECASE
)


_FINDING_COLUMN = re.compile(
    r"\b(?:finding|vulnerabilit(?:y|ies)|issue|title|weakness|cve|advisory|schwachstelle|"
    r"hallazgo|summary|description|package|name)\b",
    re.IGNORECASE,
)


_SECURITY_PLACE = re.compile(
    r"\b(?:security|vulnerabilit\w+|penetration|pentest|pen test|owasp|findings|cve|"
    r"audit|sast|dast|threats?|sicherheit\w*|seguridad|sécurité)\b",
    re.IGNORECASE,
)


_FOUND_COLUMN = re.compile(
    r"^(?:found|found on|detected|discovered|reported|date(?: found)?|gefunden|fecha)$", re.IGNORECASE
)


_WHERE_COLUMN = re.compile(
    r"^(?:component|service|system|where|affected(?: component)?|komponente|componente)$", re.IGNORECASE
)


_FINDING_HEAD = re.compile(
    r"^(?:(?P<id>(?:SEC|VULN|SA|CVE|FIND(?:ING)?|F|H|M|L|C|ISSUE|V|S)[-_ ]?\d[\w-]*)|"
    r"finding\s\d+)\s?[:.\-–—)\]]\s*(?P<title>.+)$",
    re.IGNORECASE,
)


def finding_table(table: Table, document: str) -> list[Fact] | None:
    """The security findings of a table with a severity column, or None where it is none."""
    severity = header_index(table.header, _SEVERITY_COLUMN)
    place = " ".join((table.lead, *table.heading, document))
    level_above = _level_above(table.lead, *reversed(table.heading[-2:])) if severity is None else ""
    if (severity is None and not level_above) or not _SECURITY_PLACE.search(place):
        return None
    title = next(
        (
            index
            for index, name in enumerate(table.header)
            if index != severity and (_FINDING_COLUMN if severity is not None else _NAMED_FINDING).search(name)
        ),
        None,
    )
    if title is None:
        return None
    status = header_index(table.header, STATUS_COLUMN)
    identity = header_index(table.header, re.compile(r"^(?:id|#|ref|finding id|cve)$", re.IGNORECASE))
    found = []
    for row in table.rows:
        if max(title, severity or 0) >= len(row.cells):
            continue
        level = _SEVERITY.match(row.cells[severity] if severity is not None else level_above)
        if not level or not row.cells[title] or row.cells[title].isdigit():
            continue
        details = {"severity": level[1].lower()}
        if status is not None and status < len(row.cells) and row.cells[status]:
            details["status"] = row.cells[status].lower()
        if identity is not None and identity < len(row.cells):
            details["id"] = row.cells[identity]
        for key, column in (("found", _FOUND_COLUMN), ("component", _WHERE_COLUMN)):
            at = header_index(table.header, column)
            if at is not None and at < len(row.cells) and row.cells[at].strip("-– "):
                details[key] = row.cells[at]
        found.append(
            _finding(row.cells[title], details, row, table.heading, (table.lead, *reversed(table.heading)), document)
        )
    return found


_NAMED_FINDING: Final = re.compile(
    r"(?i)^(?:finding|vulnerabilit(?:y|ies)|weakness|security issue|issue|schwachstelle|hallazgo|vulnerabilidade?s?)s?$"
)
_LEVEL_HEAD: Final = re.compile(
    r"(?i)^\W*(?:\d[\d.]*\s*)?(critical|high|medium|moderate|low)(?:[\s-]+(?:severity|risk|priority))?"
    r"(?:\s+(?:findings?|issues?|vulnerabilit(?:y|ies)))?\W*(?:\([^()]*\))?\W*$"
)


def _level_above(*texts: str) -> str:
    """The severity that the nearest heading gives to all that stand under it: `High severity (4 findings)`."""
    return next((found[1].lower() for text in texts if (found := _LEVEL_HEAD.match(text))), "")


def listed_finding(line: Line, document: str) -> Iterator[Fact]:
    """A bold title in a list under a heading of one severity: `1. **No rate limit on login**`."""
    if (
        not line.item
        or line.parents
        or line.done is not None
        or not _SECURE.search(" ".join((*line.heading, document)))
    ):
        return
    level = _level_above(line.heading[-1] if line.heading else "")
    bold = _BOLD_TITLE.match(line.raw)
    if level and bold and not CVSS.search(line.text):
        title = bold[1].strip(" :.")
        if 3 < len(title) <= 150 and not _ADVICE.match(title):
            yield _finding(
                title, {"severity": level}, Row((title,), line.line, line.raw), line.heading, line.context, document
            )


_SECURE: Final = re.compile(
    r"(?i)security|vulnerabilit|penetration|pen-?test|owasp|\bcves?\b|\bsast\b|\bdast\b|sicherheit|seguridad|sécurité"
)
_BOLD_TITLE: Final = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+\*\*([^*]{4,160})\*\*")
_ADVICE: Final = re.compile(
    r"(?i)(?:implement|add|use|enable|fix|update|review|ensure|consider|total|none|status|count)\b"
)


def _finding(
    title: str, details: dict[str, str], row: Row, heading: tuple[str, ...], around: tuple[str, ...], document: str
) -> Fact:
    refused = roles.PLACEHOLDER if roles.placeholder(title) or title.startswith("[") else ""
    claim = Claim(title, "", "", around, heading, row.line, row.source, "cell")
    if not refused and roles.example(claim):
        refused = roles.EXAMPLE
    return Fact(
        Kind.SECURITY_FINDING,
        title,
        "text",
        document,
        row.line,
        row.source,
        name=details.get("id", title),
        heading=heading,
        details=details,
        refused=refused,
    )


_VERSIONED: Final = re.compile(r"^(?P<name>@?[\w./-]{2,40})\s\((?:[<>=~^]*\s?v?\d+(?:\.\d+)+[^()]{0,30})\)")


def versioned_finding(line: Line, document: str) -> Iterator[Fact]:
    """A vulnerable package under a heading on vulnerabilities: `Protobufjs (<=7.5.5)`."""
    found = _VERSIONED.match(line.text)
    place = " ".join((line.lead, *line.heading[-2:]))
    if (
        not found
        or not line.item
        or line.parents
        or not re.search(r"(?i)\bvulnerabilit\w+|\bcves?\b|\badvisories\b", place)
    ):
        return
    level = re.search(r"(?i)\b(critical|high|medium|moderate|low)\b", place)
    details = {"severity": level[1].lower()} if level else {}
    yield _finding(
        found["name"], details, Row((found["name"],), line.line, line.raw), line.heading, line.context, document
    )


def scored_finding(line: Line, document: str) -> Iterator[Fact]:
    """A bullet or heading with a CVSS score: `No rate limit on login (CVSS 7.5)`."""
    scored = CVSS.search(line.text)
    if (
        not scored
        or scored.start() < 8
        or not (line.item or line.title)
        or not _SECURITY_PLACE.search(" ".join((*line.heading, document, line.text)))
    ):
        return
    title = re.sub(r"^\W*\d+[.)]\s*", "", line.text[: scored.start()]).strip(" -–—:(")
    if not 3 < len(title) <= 150 or re.match(r"(?i)cvss|severity|score|high|critical|medium|low", title):
        return
    level = re.search(r"(?i)\b(critical|high|medium|low)\b", line.heading[-1] if line.heading else "")
    details = {"cvss": scored["score"]} | ({"severity": level[1].lower()} if level else {})
    yield _finding(title, details, Row((title,), line.line, line.raw), line.heading, line.context, document)


def finding_sections(blocks: Sequence[Block], document: str) -> Iterator[Fact]:
    """Findings written as a heading (`#### SEC-001: Title`) with `Severity:` and `Status:` beneath."""
    done: set[tuple[str, ...]] = set()
    open_finding: tuple[tuple[str, ...], str, dict[str, str], Line] | None = None
    for block in blocks:
        if not isinstance(block, Line) or not block.heading or block.title:
            continue
        if open_finding and block.heading != open_finding[0]:
            yield from _section(open_finding, document)
            open_finding = None
        title = _FINDING_HEAD.match(block.heading[-1])
        if not title or not _SECURITY_PLACE.search(" ".join((*block.heading[:-1], document))):
            continue
        if open_finding is None and block.heading not in done:
            done.add(block.heading)
            open_finding = (block.heading, title["title"], {"id": title["id"] or ""}, block)
        key, rest = split_key(block.text)
        if open_finding and key.lower() in ("severity", "status", "risk"):
            open_finding[2].setdefault("status" if key.lower() == "status" else "severity", rest.lower())
    if open_finding:
        yield from _section(open_finding, document)


def _section(finding: tuple[tuple[str, ...], str, dict[str, str], Line], document: str) -> Iterator[Fact]:
    heading, title, details, line = finding
    if not details.get("severity"):
        place = " ".join(heading[-2:])
        if not (level := re.search(r"\b(critical|high|medium|low)\b", place, re.IGNORECASE)):
            return
        details["severity"] = level[1].lower()
    row = Row((title,), line.line, heading[-1])
    yield _finding(
        title, {key: value for key, value in details.items() if value}, row, heading, tuple(reversed(heading)), document
    )
