"""The points of IncidentResponse.md on severity, escalation, communication and the war room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sre_kit.check import forms
from sre_kit.check.cells import blank, minutes, near, number, plain
from sre_kit.check.forms import Rows, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point, source_text

DOC: Final = "IncidentResponse"
SEVERITY: Final = "Incident severity classifications"
ESCALATION: Final = "Escalation procedures"
COMMUNICATION: Final = "Communication protocols"
WAR_ROOM: Final = "War room procedures"
LADDER_GAP: Final = "severity ladder"
CHAIN_GAP: Final = "escalation chain"
LADDER: Final = (
    "Level",
    "Criteria",
    "Measured by",
    "Examples",
    "Response",
    "Paged",
    "Acknowledge",
    "Update",
    "Post-mortem",
)
CHAIN: Final = ("Step", "Who", "Waits", "Paged after", "Given up after")


@dataclass(frozen=True)
class Level:
    """A row of the ladder: what reaches it, whether it pages, and its times in minutes."""

    name: str
    burn: float | None
    users: float | None
    pages: bool
    acknowledge: float
    update: float
    written: bool


def ladder(rows: Rows) -> list[Level]:
    """The severities of a ladder's table, worst first."""
    found = []
    for row in rows:
        burn = re.search(r"burns ([\d.]+)", row["Measured by"])
        users = re.search(r"([\d.]+) % of users", row["Measured by"])
        found.append(
            Level(
                plain(row["Level"]),
                float(burn[1]) if burn else None,
                float(users[1]) if users else None,
                not row["Paged"].startswith("nobody"),
                minutes(row["Acknowledge"]),
                minutes(row["Update"]),
                row["Post-mortem"] == "yes",
            )
        )
    return found


def level_of(levels: Sequence[Level], burn: float, users: float) -> str:
    """The worst level that either measure reaches; empty when there is none."""
    for level in levels:
        reached = (level.burn is not None and burn >= level.burn) or (level.users is not None and users >= level.users)
        if reached or (level.burn is None and level.users is None):
            return level.name
    return ""


@over(DOC, 1, "Every severity has all its parts", under=SEVERITY, columns=LADDER, missing=LADDER_GAP)
def severities(judged: Bundle, section: Section, rows: Rows) -> str:
    """No cell is empty but an example."""
    return blank(rows, *(column for column in LADDER if column != "Examples"))


@over(DOC, 2, "Criteria are numeric", under=SEVERITY, columns=LADDER, missing=LADDER_GAP)
def criteria(judged: Bundle, section: Section, rows: Rows) -> str:
    """Every level but the mildest is reached by a number."""
    for level in ladder(rows)[:-1]:
        if level.burn is None and level.users is None:
            return f"{level.name} has no burn rate and no share of users"
    return ""


@over(
    DOC,
    3,
    "Thresholds agree with the alerting: a page belongs to a level that pages, a ticket to one that does not",
    under=SEVERITY,
    columns=("SLO over", "Windows", "Burn rate above", "Alert", "Level", "Paging"),
    missing="service level objectives|" + LADDER_GAP,
)
def grades(judged: Bundle, section: Section, rows: Rows) -> str:
    """The level is found again from the ladder; what disagrees must be said."""
    levels = ladder(section.table(*LADDER) or [])
    if not levels:
        return forms.ASKED if forms.asked(section, LADDER_GAP) else "no ladder to hold the alerts against"
    for row in rows:
        name = level_of(levels, number(row["Burn rate above"]), 0.0)
        if plain(row["Level"]) not in (name, "no level"):
            return f"burn rate {row['Burn rate above']} is {name}, not {row['Level']}"
        pages = any(level.name == name and level.pages for level in levels)
        agrees = pages == (row["Alert"] == "page")
        if agrees != (plain(row["Paging"]) == "agrees"):
            return f"the {row['Alert']} above {row['Burn rate above']} is {name}: {plain(row['Paging'])!r} is wrong"
    return ""


@over(DOC, 4, "The matrix has no hole and no overlap", under=SEVERITY, columns=("Budget burns",), missing=LADDER_GAP)
def matrix(judged: Bundle, section: Section, rows: Rows) -> str:
    """Bands join without a gap; each cell is the level that the ladder gives its corner."""
    levels = ladder(section.table(*LADDER) or [])
    scopes = [column for column in rows[0] if column.startswith("Users ")]
    problem = _bands([row["Budget burns"] for row in rows]) or _bands(scopes)
    if problem:
        return problem
    for row in rows:
        for scope in scopes:
            wanted = level_of(levels, _low(row["Budget burns"]), _low(scope))
            if plain(row[scope]) != (wanted or "no level") or not wanted:
                return f"{row['Budget burns']}, {scope.lower()}: {plain(row[scope])!r}, by the ladder {wanted!r}"
    return ""


def _low(band: str) -> float:
    return 0.0 if re.match(r"(?:Users )?below", band) else number(band)


def _bands(bands: Sequence[str]) -> str:
    """What is wrong with bands that should follow one another from nothing upward without end."""
    if not bands or _low(bands[0]):
        return "the bands do not begin at nothing"
    for band, following in pairwise(bands):
        if not near(number(band.rsplit("below", 1)[-1]), _low(following)):
            return f"between {band!r} and {following!r} is a hole or an overlap"
    return "" if bands[-1].endswith("and more") else f"the last band {bands[-1]!r} ends"


@point(DOC, 6, "A security or privacy incident has its own branch")
def security(judged: Bundle, name: str) -> Verdict:
    """Evidence, need to know, the regulator's clock, no public message; who decides."""
    section = judged.page(name).section(SEVERITY)
    if section is None:
        return failed(f"no section {SEVERITY!r}")
    for word in ("evidence", "need to know", "no public message", "regulator"):
        if word not in " ".join(section.text.split()):
            return failed(f"{SEVERITY}: nothing about {word!r} in a security incident", section.line)
    if "Decides and informs the regulator" in section.text:
        return passed(f"{SEVERITY}: a branch for security, with who decides", section.line)
    if forms.asked(section, "who decides on security"):
        return not_known(f"{SEVERITY}: the document asks who decides", section.line)
    return failed(f"{SEVERITY}: nobody decides on a security incident", section.line)


@over(
    DOC,
    7,
    "Severities of past incidents map into the ladder; the rest is listed",
    under=SEVERITY,
    columns=("Level", "Words of the log and of alerts", "Incidents in the log"),
    missing=f"incident log|{LADDER_GAP}",
)
def mapping(judged: Bundle, section: Section, rows: Rows) -> str:
    """Counts add up to the incidents of the log."""
    total = sum(number(row["Incidents in the log"]) for row in rows)
    count = judged.manifest.records.get("incidents.count", {}).get("value")
    if count is not None and total < count:
        return f"{total:g} incidents have a level or are listed, {count:g} are in the log"
    shown = next(
        (r for r in forms.other(judged, DOC, "Reliability metrics", "What", "Value") if r["What"] == "Incidents"), None
    )
    if shown and number(shown["Value"]) > total:
        return f"{total:g} incidents have a level or are listed, {shown['Value']} began in the window"
    return ""


@over(
    DOC,
    18,
    "The chain ends at somebody who always exists; no cycle, no empty level",
    under=ESCALATION,
    columns=CHAIN,
    missing=CHAIN_GAP,
)
def chain(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nobody twice, nobody missing, and the last is no layer of the rota."""
    who = [plain(row["Who"]) for row in rows]
    if "" in who or "–" in who:
        return "a step has nobody"
    if len(set(who)) < len(who):
        return "somebody stands twice in the chain"
    if [number(row["Step"]) for row in rows] != list(range(1, len(rows) + 1)):
        return "the steps are not numbered through"
    return f"the chain ends with {who[-1]}, a shift that may be empty" if who[-1] in ("primary", "secondary") else ""


@over(
    DOC,
    19,
    "Worst case to a human is the sum of timeouts, held against each acknowledge target",
    under=ESCALATION,
    columns=CHAIN,
    missing=CHAIN_GAP,
)
def worst_case(judged: Bundle, section: Section, rows: Rows) -> str:
    """Recomputed step by step; a target that cannot be met must be said."""
    passed_by = 0.0
    for row in rows:
        begins = 0.0 if row["Paged after"] == "at once" else minutes(row["Paged after"])
        if not near(begins, passed_by):
            return f"step {row['Step']} is paged after {row['Paged after']}, the steps before take {passed_by:g} min"
        times = re.search(r"x (\d+)", row["Waits"])
        passed_by += minutes(row["Waits"]) * (int(times[1]) if times else 1)
        if not near(minutes(row["Given up after"]), passed_by):
            return f"step {row['Step']} is given up after {row['Given up after']}, computed {passed_by:g} min"
    said = re.search(r"Worst case to a human: ([^(]+)\(", section.text)
    if not said or not near(minutes(said[1]), passed_by):
        return f"the worst case is {passed_by:g} min, the document says {said[1] if said else 'nothing'}"
    for level in ladder(forms.other(judged, DOC, SEVERITY, *LADDER)):
        if level.pages and not _held(section.text, level, passed_by):
            return f"{passed_by:g} min against the {level.acknowledge:g} min of {level.name} is not said, or wrongly"
    return ""


def _held(text: str, level: Level, worst: float) -> bool:
    words = "is longer than" if worst > level.acknowledge else "is within"
    return re.search(rf"{re.escape(level.name)}: [^:]*? {words} its acknowledge target", text) is not None


@over(
    DOC,
    20,
    "Functional and hierarchical escalation, and the vendors' support",
    under=ESCALATION,
    columns=("Topic", "Who knows it"),
    missing="who knows|experts",
)
def experts(judged: Bundle, section: Section, rows: Rows) -> str:
    """An expert for each topic; vendors with a way to reach them, or the question which there are."""
    vendors = section.table("Vendor", "How to reach support")
    if not vendors and not forms.asked(section, "vendor|support"):
        return "no vendor, and nobody is asked for one"
    return blank(rows, "Who knows it") or blank(vendors or [], "How to reach support")


@over(
    DOC,
    22,
    "Cadence per severity in minutes, inside and outside; every template says when the next message comes",
    under=COMMUNICATION,
    columns=("Level", "First message (min)", "Updates inside (min)", "Updates outside (min)"),
    missing="update intervals",
)
def cadence(judged: Bundle, section: Section, rows: Rows) -> str:
    """The intervals are those of the ladder."""
    updates = {level.name: level.update for level in ladder(forms.other(judged, DOC, SEVERITY, *LADDER))}
    for row in rows:
        name = plain(row["Level"])
        if not near(number(row["Updates inside (min)"]), updates.get(name, -1.0)):
            return f"{name} is updated every {row['Updates inside (min)']} min, the ladder says {updates.get(name)}"
    if {plain(row["Level"]) for row in rows} != set(updates):
        return "a level of the ladder has no cadence"
    templates = _templates(section)
    if not templates:
        return "no message template"
    lacking = [one for one in templates if "To:" not in one or "Next update:" not in one]
    return f"a template lacks its audience or the next update: {lacking[0][:60]!r}" if lacking else ""


@over(
    DOC,
    23,
    "First message, scope, update, long incident, resolution, follow-up",
    under=COMMUNICATION,
    columns=("Level", "First message (min)", "Long incident"),
    missing="update intervals",
)
def messages(judged: Bundle, section: Section, rows: Rows) -> str:
    """The worst level has a first message and a long-incident mode; the templates cover the way to the end."""
    problem = blank(rows[:1], "First message (min)", "Long incident")
    if problem:
        return problem
    for title in ("**First message**", "**Update**", "**Resolved**"):
        if title not in section.text:
            return f"no template {title.strip('*')!r}"
    text = " ".join(_templates(section))
    lacking = [word for word in ("Affected:", "Scope:", "works normally", "a review, within") if word not in text]
    return f"the templates do not say {lacking[0]!r}" if lacking else ""


def _templates(section: Section) -> list[str]:
    return re.findall(r"```text\n(.*?)```", section.text, re.DOTALL)


@over(
    DOC,
    24,
    "Channels from params; what is unset says so",
    under=COMMUNICATION,
    columns=("Purpose", "Where"),
    missing="channel",
)
def channels(judged: Bundle, section: Section, rows: Rows) -> str:
    """No cell is empty; NOT SET is asked for."""
    for row in rows:
        unset = plain(row["Where"]) == "NOT SET"
        if unset and not forms.asked(section, re.escape(f"the channel for {plain(row['Purpose'])}")):
            return f"the channel for {row['Purpose']} is not set and nobody is asked"
    return blank(rows, "Where")


@point(DOC, 26, "Component names in messages are those of the documents")
def components(judged: Bundle, name: str) -> Verdict:
    """Each name stands in a document of an earlier phase."""
    section = judged.page(name).section(COMMUNICATION)
    if section is None:
        return failed(f"no section {COMMUNICATION!r}")
    said = re.search(r"Components, by the names of the documents: (.+)\.", section.text)
    if not said:
        if forms.asked(section, "component names"):
            return not_known("the document asks for the names of the components", section.line)
        return failed(f"{COMMUNICATION}: no names of components", section.line)
    known = "\n".join(
        source_text(path)
        for path in sorted((judged.project / "docs").rglob("*.md"))
        if "SRE" not in path.relative_to(judged.project / "docs").parts
    ).casefold()
    if not known:
        return not_known("no document of an earlier phase lies beside the set", section.line)
    strange = [one for one in plain(said[1]).split(", ") if one.casefold() not in known]
    if strange:
        return failed(f"{strange[0]!r} stands in no document of an earlier phase", section.line)
    return passed("every component has the name that the documents use", section.line)


@over(
    DOC,
    27,
    "Roles with duties; the commander keeps hands off; hand-over of command",
    under=WAR_ROOM,
    columns=("Role", "Duty", "Said aloud and in the chat"),
)
def roles(judged: Bundle, section: Section, rows: Rows) -> str:
    """Commander, deputy, scribe, communications, expert."""
    duties = {plain(row["Role"]): row["Duty"] for row in rows}
    lacking = [
        one
        for one in ("incident commander", "deputy", "scribe", "communications", "subject expert")
        if one not in duties
    ]
    if lacking:
        return f"no role {lacking[0]!r}"
    if "keyboard" not in duties["incident commander"]:
        return "nothing keeps the commander off the keyboard"
    if not re.search(r"commander hands over after \d", section.text):
        return "it does not say after how long the commander hands over"
    return blank(rows, "Duty")


@over(
    DOC,
    28,
    "Declaration and role claims in fixed words that our own parser reads",
    under=WAR_ROOM,
    columns=("Role", "Said aloud and in the chat"),
)
def declaration(judged: Bundle, section: Section, rows: Rows) -> str:
    """The parser is the one of the package."""
    from sre_kit.compute.response.declaration import declaration as declared
    from sre_kit.compute.response.declaration import role_claim

    for row in rows:
        if role_claim(row["Said aloud and in the chat"]) != plain(row["Role"]):
            return f"{row['Said aloud and in the chat']!r} does not claim the role {row['Role']!r}"
    text = " ".join(_templates(section))
    return "" if declared(text.strip()) else "no declaration in the fixed words"


@point(DOC, 30, "Rules of the timeline: UTC, ISO 8601, type, link")
def timeline(judged: Bundle, name: str) -> Verdict:
    """Said in one paragraph."""
    pattern = r"timeline[\s\S]{0,200}UTC[\s\S]{0,80}ISO 8601[\s\S]{0,200}link"
    return forms.said(judged, name, WAR_ROOM, pattern, "how a timeline is kept")
