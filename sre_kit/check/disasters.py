"""The points of OperationalPlaybook.md on disasters."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check import forms
from sre_kit.check.cells import blank, day, days, length, names, near, plain
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

DOC: Final = "OperationalPlaybook"
DISASTERS: Final = "Disaster recovery plans"
SCENARIOS: Final = ("Scenario", "Cause and impact", "Detected by", "Decides")
LOSS: Final = ("Scenario", "RTO", "Critical path", "Verdict", "RPO", "Lost at worst", "Verdict of the RPO")
SCENARIOS_GAP: Final = "which disasters"


@over(
    DOC,
    33,
    "Scenarios: impact, cause, detection, decision, RTO and RPO, steps, verification",
    under=DISASTERS,
    columns=SCENARIOS,
    missing=SCENARIOS_GAP,
)
def scenarios(judged: Bundle, section: Section, rows: Rows) -> str:
    """Those that every service has; steps or the question for them; how success is verified."""
    text = " ".join(plain(row["Scenario"]) + " " + plain(row["Cause and impact"]) for row in rows).lower()
    kinds = ("region", "zone", "corrupt", "ransomware", "dns", "certificate", "provider", "person", "pipeline")
    lacking = [kind for kind in kinds if kind not in text]
    if lacking:
        return f"no scenario on {lacking[0]!r}"
    for row in rows:
        name = plain(row["Scenario"])
        steps = _steps(section, name)
        if not steps and not asked(section, f"the steps of the scenario {re.escape(name)}"):
            return f"{name}: no steps, and nobody is asked"
        if steps and "Verify:" not in steps.text:
            return f"{name}: nothing verifies the recovery"
    there = {plain(row["Scenario"]) for row in forms.other(judged, DOC, DISASTERS, "Scenario", "RTO")}
    if there != {plain(row["Scenario"]) for row in rows}:
        return "the objectives are not those of the scenarios"
    return blank(rows, "Cause and impact", "Detected by", "Decides")


def _steps(section: Section, name: str) -> Section | None:
    found = re.search(rf"^#### {re.escape(name)}\n([\s\S]*?)(?=^#|\Z)", section.text, re.MULTILINE)
    return Section(name, 4, section.line, found[0]) if found else None


def _timed(name: str, rows: Rows, whole: float) -> str:
    """Begin and end of each step found again; none ends after the whole."""
    ends: dict[str, float] = {"at once": 0.0}
    for row in [*rows, *rows, *rows]:  # a step may stand before what it waits for
        begins = max((ends.get(one, 0.0) for one in names(row["After"])), default=0.0)
        ends[plain(row["Step"])] = begins + (length(row["Takes"]) or 0.0)
    for row in rows:
        end = ends[plain(row["Step"])]
        begin = end - (length(row["Takes"]) or 0.0)
        if not near(length(row["Begins"]) or 0.0, begin, 0.02) or not near(length(row["Ends"]) or 0.0, end, 0.02):
            return (
                f"{name}: {plain(row['Step'])} runs from {begin:g} to {end:g} min, not {row['Begins']} to {row['Ends']}"
            )
        if end > whole * 1.02 + 0.5:
            return f"{name}: {plain(row['Step'])} ends after the critical path"
    return ""


def _lost(row: dict[str, str]) -> str:
    """The verdict on the RPO, found again from what is lost at worst."""
    rpo, lost, verdict = length(row["RPO"]), length(row["Lost at worst"]), plain(row["Verdict of the RPO"])
    wanted = "no objective" if rpo is None else "unproven" if lost is None else "missed" if lost > rpo else "met"
    if verdict == wanted or (verdict == "unproven" and wanted == "met"):
        return ""
    return f"{plain(row['Scenario'])}: {plain(row['Lost at worst'])} against {row['RPO']} is {wanted}, not {verdict}"


def _path(rows: Rows) -> tuple[float, bool] | None:
    """The longest chain of steps in minutes and whether all are known; None when they form a cycle."""
    takes = {plain(row["Step"]): length(row["Takes"]) for row in rows}
    needs = {plain(row["Step"]): [one for one in names(row["After"]) if one != "at once"] for row in rows}
    ends: dict[str, float] = {}
    while len(ends) < len(needs):
        ready = [
            one
            for one in needs
            if one not in ends and all(before in ends or before not in needs for before in needs[one])
        ]
        if not ready:
            return None
        for one in ready:
            ends[one] = (takes[one] or 0.0) + max((ends.get(before, 0.0) for before in needs[one]), default=0.0)
    return max(ends.values(), default=0.0), all(one is not None for one in takes.values())


@over(
    DOC,
    34,
    "RTO against the steps on the critical path, RPO against the worst loss; bearable downtime against the RTO",
    under=DISASTERS,
    columns=LOSS,
    missing=SCENARIOS_GAP,
)
def critical_paths(judged: Bundle, section: Section, rows: Rows) -> str:
    """The path and the verdict are found again from the steps."""
    for row in rows:
        name, verdict, rto = plain(row["Scenario"]), plain(row["Verdict"]), length(row["RTO"])
        steps = _steps(section, name)
        table = steps.table("Step", "Takes", "After", "Begins", "Ends") if steps else None
        path = _path(table) if table else None
        if table and path is None:
            return f"{name}: the steps form a cycle"
        if path and not near(length(row["Critical path"]) or 0.0, path[0], 0.02):
            return f"{name}: the critical path takes {path[0]:g} min, not {row['Critical path']}"
        if table and path and (problem := _timed(name, table, path[0])):
            return problem
        if problem := _lost(row):
            return problem
        if not path:
            wanted = {"no objective", "unproven"}
        elif rto is None:
            wanted = {"no objective"}
        else:
            wanted = {"missed"} if path[0] > rto else {"met"} if path[1] else {"unproven"}
        if verdict not in wanted:
            return f"{name}: {row['Critical path']} against {row['RTO']} is {wanted.pop()}, not {verdict}"
        bearable = length(row.get("Bearable downtime", ""))
        if bearable is not None and rto is not None and bearable < rto:
            return f"{name}: {row['RTO']} is allowed, only {row['Bearable downtime']} can be borne"
    return ""


@over(
    DOC,
    35,
    "Single points of failure, each with a scenario or an accepted risk",
    under="Single points of failure",
    columns=("Point", "Why", "Falls with it", "Dealt with by", "Source"),
    missing="what nothing else can replace|takes over",
    empty="None was found in the dependencies",
)
def single_points(judged: Bundle, section: Section, rows: Rows) -> str:
    """A named scenario exists; what nothing deals with is asked for."""
    known = [plain(row["Scenario"]) for row in forms.other(judged, DOC, DISASTERS, "Scenario", "RTO")]
    for row in rows:
        dealt = plain(row["Dealt with by"])
        if dealt.startswith("scenario ") and dealt.removeprefix("scenario ") not in known:
            return f"{row['Point']}: no {dealt}"
        if not dealt.startswith(("scenario ", "accepted")) and not asked(section, re.escape(plain(row["Point"]))):
            return f"{row['Point']}: nothing deals with it, and nobody is asked"
        if not re.search(r"\]\(|computed from", row["Source"]):
            return f"{row['Point']}: no line says so"
    there = forms.other(judged, DOC, "What stands in", "Component", "Single point")
    for row in there:
        alone = plain(row["Single point"]) != "no"
        if alone != (row["Component"] in [plain(one["Point"]) for one in rows]):
            return f"{row['Component']} is a single point in one table and none in the other"
    return blank(rows, "Point", "Why")


@over(
    DOC,
    36,
    "Rehearsals: kind, date, result, time against the RTO; the next one",
    under="Rehearsals",
    columns=("Held", "Kind", "Scenario", "RTO", "Took", "Result"),
    missing="rehearse",
    empty="No recovery was rehearsed",
)
def rehearsals(judged: Bundle, section: Section, rows: Rows) -> str:
    """Held before the report; the scenarios that never were are named; a date for the next."""
    today = forms.as_of(judged, DOC).date()
    if any(day(row["Held"]) > today for row in rows):
        return "a rehearsal of the future has a result"
    held = {plain(row["Scenario"]) for row in rows}
    never = re.search(r"Never rehearsed: (.+?)\.", section.text)
    known = {plain(row["Scenario"]) for row in forms.other(judged, DOC, DISASTERS, "Scenario", "RTO")}
    if set(names(never[1]) if never else ()) != known - held:
        return f"never rehearsed are {', '.join(sorted(known - held))}; the document says {never and never[1]}"
    if not re.search(r"Next: \d{4}-\d\d-\d\d|has no result", section.text) and not asked(section, "rehearsed next"):
        return "no date for the next rehearsal, and nobody is asked"
    return blank(rows, "Kind", "Scenario", "Result") or _planned(judged, known)


def _planned(judged: Bundle, scenarios: set[str]) -> str:
    """Every scenario has its row in the test plan; a date is ahead and before it is due, or the row says late."""
    section = judged.page(DOC).section("Test plan")
    rows = (section.table("Scenario", "Last", "Due", "Planned", "State") if section else None) or []
    if section is None or {plain(row["Scenario"]) for row in rows} != scenarios:
        return "the test plan has not every scenario"
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        name, state = plain(row["Scenario"]), plain(row["State"])
        if not days(row["Planned"]):
            if state != "not planned" or not asked(section, f"when {re.escape(name)} is rehearsed"):
                return f"{name}: no date is planned, and nobody is asked"
        else:
            late = bool(days(row["Due"])) and day(row["Planned"]) > day(row["Due"])
            if day(row["Planned"]) < today or late != (state == "late"):
                return f"{name}: planned {row['Planned']}, due {row['Due']}, is not {state!r}"
    return ""


@over(
    DOC,
    37,
    "Whom to reach, when a disaster is declared, how to go back",
    under=DISASTERS,
    columns=("Contact", "How"),
    missing="whom to reach in a disaster",
)
def activation(judged: Bundle, section: Section, rows: Rows) -> str:
    """The criterion and one way back at least, or the question."""
    if "**Declared when:**" not in section.text and not asked(section, "when a disaster is declared"):
        return "it does not say when a disaster is declared"
    if "Failback:" not in section.text and not asked(section, "steps|failback"):
        return "nothing about the way back"
    return blank(rows, "How")
