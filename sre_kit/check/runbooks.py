"""The points of IncidentResponse.md on runbooks, and where its numbers come from."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final
from urllib.parse import unquote

from sre_kit.check import whole
from sre_kit.check.cells import blank, codes, plain
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Page, Section
from sre_kit.check.points import Bundle, Verdict, passed, point, source_text

DOC: Final = "IncidentResponse"
RUNBOOKS: Final = "Runbook documentation"
INDEX: Final = ("Alert", "Severity", "Stated in", "Owner", "Last tested", "State")
GAP: Final = "the alert rules"
ROWS: Final = ("Trigger", "Held for, severity", "Meaning", "Users notice", "Dashboard, owner", "Tested, review by")
PARTS: Final = ("**Diagnose**", "**Mitigate, reversible first**", "**Verify:**", "**Escalate:**")
FLAG: Final = "**Takes away or interrupts:**"


def runbook(page: Page, alert: str) -> Section | None:
    """The section of an alert under the runbooks."""
    whole_ = page.section(RUNBOOKS)
    if whole_ is None:
        return None
    end = whole_.line + whole_.text.count("\n")
    return next((s for s in page.sections if s.level == 3 and s.title == alert and whole_.line < s.line <= end), None)


def written(judged: Bundle, section: Section, rows: Rows) -> dict[str, Section]:
    """The runbooks of the index that are there, by alert."""
    found = {
        plain(row["Alert"]): runbook(judged.page(DOC), plain(row["Alert"])) for row in rows if "](#" in row["Alert"]
    }
    return {alert: one for alert, one in found.items() if one is not None}


@over(
    DOC,
    39,
    "Each alert has exactly one runbook; no orphan; anchors resolve",
    under=RUNBOOKS,
    columns=INDEX,
    missing=GAP,
)
def pairs(judged: Bundle, section: Section, rows: Rows) -> str:
    """Index, headings and the lines of the alerts' document are held against one another."""
    alerts = [plain(row["Alert"]) for row in rows]
    if len(set(alerts)) < len(alerts):
        return "an alert stands twice"
    headings = re.findall(r"^### (.+)$", section.text, re.MULTILINE)
    orphans = [one for one in headings if one not in alerts]
    if orphans or len(set(headings)) < len(headings):
        return f"the runbook {orphans[0]!r} belongs to no alert" if orphans else "an alert has two runbooks"
    for row in rows:
        alert, linked = plain(row["Alert"]), "](#" in row["Alert"]
        if linked and alert not in headings:
            return f"{alert} has no runbook where its link leads"
        if not linked and not asked(section, re.escape(f"the runbook of {alert}:")):
            return f"{alert} has no runbook and nobody is asked"
        problem = _stated(judged, alert, row["Stated in"])
        if problem:
            return problem
    said = re.search(r"(\d+) of (\d+) alerts have exactly one runbook", section.text)
    count = sum("](#" in row["Alert"] for row in rows)
    if said and (int(said[1]), int(said[2])) != (count, len(rows)):
        return f"{count} of {len(rows)} have one; the document says {said[0]}"
    return ""


def _stated(judged: Bundle, alert: str, cell: str) -> str:
    """Whether the lines that a cell links name the alert."""
    for target in re.findall(r"\]\(([^()\s]+)\)", cell):
        path, _, line = unquote(target).partition("#L")
        file = judged.source(path)
        if not line.isdigit() or not file.is_file():
            continue
        lines = source_text(file).splitlines()
        if not any(alert in one for one in lines[int(line) - 1 : int(line) + 3]):
            return f"{path}:{line} does not name {alert}"
    return ""


@over(
    DOC,
    40,
    "Each runbook: trigger, meaning, impact, diagnose, mitigate, verify, escalate, dashboard, owner, dates",
    under=RUNBOOKS,
    columns=INDEX,
    missing=GAP,
)
def parts(judged: Bundle, section: Section, rows: Rows) -> str:
    """What calls itself complete has every part."""
    for alert, one in written(judged, section, rows).items():
        have = {plain(row["What"]): row["As stated"] for row in one.table("What", "As stated") or []}
        lacking = [part for part in ROWS if have.get(part, "") in ("", "–")]
        lacking += [part.strip("*:") for part in PARTS if part not in one.text]
        state = next(plain(row["State"]) for row in rows if plain(row["Alert"]) == alert)
        if lacking and state == "complete":
            return f"the runbook of {alert} calls itself complete and lacks {lacking[0]!r}"
    return blank(rows, "State", "Stated in")


@over(
    DOC,
    41,
    "Expressions parse; commands that take something away are flagged",
    under=RUNBOOKS,
    columns=INDEX,
    missing=GAP,
)
def commands(judged: Bundle, section: Section, rows: Rows) -> str:
    """Triggers by the PromQL parser, steps by what their commands do."""
    import promql_parser

    from sre_kit.compute.runbooks import destructive

    for alert, one in written(judged, section, rows).items():
        trigger = next((r["As stated"] for r in one.table("What", "As stated") or [] if "Trigger" in r["What"]), "")
        for query in codes(trigger):
            try:
                promql_parser.parse(query)
            except ValueError as error:
                return f"{alert}: {query!r} does not parse: {error}"
        for step in re.findall(r"^\d+\. (.+)$", one.text.split(PARTS[1], 1)[-1], re.MULTILINE):
            if destructive(step) and not step.startswith(FLAG):
                return f"{alert}: {step[:60]!r} takes something away and is not flagged"
    return ""


@over(DOC, 42, "No runbook would fit another alert", under=RUNBOOKS, columns=INDEX, missing=GAP)
def generic(judged: Bundle, section: Section, rows: Rows) -> str:
    """Compared in pairs, without the alerts' names."""
    from sre_kit.compute.runbooks import SAME_FROM

    words = {
        alert: re.findall(r"\w+", one.text.replace(alert, " ").casefold())
        for alert, one in written(judged, section, rows).items()
    }
    for a, b in combinations(sorted(words), 2):
        alike = SequenceMatcher(None, words[a], words[b], autojunk=False).ratio()
        if alike >= SAME_FROM and "none would fit another" in section.text:
            return f"the runbooks of {a} and {b} are {alike:.0%} the same"
    return ""


@point(DOC, 43, "Provenance, date, version, dependencies, links, no placeholder")
def provenance(judged: Bundle, name: str) -> Verdict:
    """The points of every document, together."""
    return together(judged, name)


def together(judged: Bundle, name: str) -> Verdict:
    """The first of the general points that does not hold; used where a rubric sums them up in one."""
    for rule in (whole.metadata, whole.provenance, whole.links, whole.placeholders):
        verdict = rule(judged, name)
        if verdict.state != "passed":
            return verdict
    return passed("date, version, dependencies, lines of origin, links; no placeholder")
