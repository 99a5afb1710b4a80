"""The points of IncidentResponse.md on runbooks, and where its numbers come from."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final
from urllib.parse import unquote

from sre_kit.check import whole
from sre_kit.check.cells import blank, codes, plain
from sre_kit.check.files import documents
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Page, Section
from sre_kit.check.points import Bundle, Verdict, passed, point, source_text
from sre_kit.store import places

DOC: Final = "IncidentResponse"
RUNBOOKS: Final = "Runbook documentation"
INDEX: Final = ("Alert", "Severity", "Stated in", "Owner", "Last tested", "State")
OWN: Final = ("Alert", "Severity", "Objective", "Owner", "Text")
RULES: Final = (".rules.yaml", ".rules.yml")
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
    """The runbooks of an index that are there, by alert."""
    found = {
        plain(row["Alert"]): runbook(judged.page(DOC), plain(row["Alert"])) for row in rows if "](#" in row["Alert"]
    }
    return {alert: one for alert, one in found.items() if one is not None}


def generated(judged: Bundle) -> dict[str, str]:
    """The alerts of the published rule files that notify people and have their runbook here, with their expressions."""
    return {alert: expr for alert, (expr, elsewhere) in _alerts(judged).items() if not elsewhere}


def _alerts(judged: Bundle) -> dict[str, tuple[str, str]]:
    """Every alert that notifies people: its expression, and the place of its runbook where a rule names another one."""
    found = {}
    for name, content in sorted(judged.files.items()):
        if name.endswith(RULES):
            for group in (group for one in documents(content) for group in one.get("groups") or []):
                for rule in group["rules"]:
                    # the dead man's switch always fires and notifies nobody
                    if "alert" in rule and rule["labels"].get("severity") != "none":
                        elsewhere = str(rule.get("annotations", {}).get("runbook", ""))
                        found[str(rule["alert"])] = str(rule["expr"]), elsewhere
    return found


def elsewhere(judged: Bundle) -> str:
    """What is wrong with a runbook in another document of the set: its heading must be there, with steps under it."""
    for alert, (_, place) in _alerts(judged).items():
        document, _, fragment = place.partition(".md#")
        if not place or document not in judged.documents:
            continue
        sections = [one for one in judged.page(document).sections if places.anchor(one.title) == fragment]
        if not sections or not re.search(r"^1\. ", sections[0].text, re.MULTILINE):
            return f"{alert} has its runbook in {place}, and no steps are there"
    return ""


@over(
    DOC,
    39,
    "Each alert has exactly one runbook; no orphan; anchors resolve",
    under=RUNBOOKS,
    columns=INDEX,
    missing=GAP,
)
def pairs(judged: Bundle, section: Section, rows: Rows) -> str:
    """Indexes, headings, the lines of the alerts' document and the rule files are held against one another."""
    own = [plain(row["Alert"]) for row in section.table(*OWN) or []]
    rules = generated(judged)
    if problem := elsewhere(judged):
        return problem
    if set(own) != set(rules):
        return f"{sorted(set(own) ^ set(rules))[0]} is either in the rule files or in the index of generated alerts"
    alerts = [plain(row["Alert"]) for row in rows] + own
    if len(set(alerts)) < len(alerts):
        return "an alert stands twice"
    headings = re.findall(r"^### (.+)$", section.text, re.MULTILINE)
    orphans = [one for one in headings if one not in alerts]
    if orphans or len(set(headings)) < len(headings):
        return f"the runbook {orphans[0]!r} belongs to no alert" if orphans else "an alert has two runbooks"
    lacking = [one for one in own if one not in headings]
    if lacking:
        return f"{lacking[0]} has no runbook where its link leads"
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
    """What calls itself complete has every part; the forms of generated alerts have the parts that are steps."""
    for alert, one in written(judged, section, section.table(*OWN) or []).items():
        if lost := [part.strip("*:") for part in PARTS if part not in one.text]:
            return f"the runbook of {alert} lacks {lost[0]!r}"
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
    """Triggers and queries by the PromQL parser, triggers of ours by their rule, steps by what their commands do."""
    from sre_kit.compute.operations.runbooks import destructive, looks_like_query
    from sre_kit.compute.queries import query_problem

    rules = generated(judged)
    for alert, one in written(judged, section, [*rows, *(section.table(*OWN) or [])]).items():
        trigger = next((r["As stated"] for r in one.table("What", "As stated") or [] if "Trigger" in r["What"]), "")
        steps = one.text.split(PARTS[0], 1)[-1]
        triggers = [*codes(trigger), *re.findall(r"```promql\n(.*?)\n```", one.text, re.DOTALL)]
        for query in (*triggers, *(code for code in codes(steps) if looks_like_query(code))):
            if problem := query_problem(query):
                return f"{alert}: {query!r} does not parse: {problem}"
        if alert in rules and rules[alert] not in triggers:
            return f"{alert}: its trigger is not the expression of the rule file"
        for step in re.findall(r"^\d+\. (.+)$", one.text.split(PARTS[1], 1)[-1], re.MULTILINE):
            if destructive(step) and not step.startswith(FLAG):
                return f"{alert}: {step[:60]!r} takes something away and is not flagged"
    return ""


@over(DOC, 42, "No runbook would fit another alert", under=RUNBOOKS, columns=INDEX, missing=GAP)
def generic(judged: Bundle, section: Section, rows: Rows) -> str:
    """Compared in pairs, without the alerts' names."""
    from sre_kit.compute.operations.runbooks import SAME_FROM

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
        verdict = judged.verdict(rule, name)
        if verdict.state != "passed":
            return verdict
    return passed("date, version, dependencies, lines of origin, links; no placeholder")
