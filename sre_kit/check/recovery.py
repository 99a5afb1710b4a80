"""The points of OperationalPlaybook.md on backups, restores and disasters."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from sre_kit.check import forms
from sre_kit.check.capacity import USE
from sre_kit.check.cells import blank, day, days, length, minutes, moment, names, near, number, plain
from sre_kit.check.files import documents
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

DOC: Final = "OperationalPlaybook"
BACKUPS: Final = "Backup and recovery steps"
OBJECTIVES: Final = "Recovery objectives"
COPIES: Final = "Copies, freshness and keys"
STATE_GAP: Final = "which components keep state"
TABLE: Final = ("Component", "Method", "Every", "Kept", "Location", "Encrypted", "Owner", "Last success")
PROOFS: Final = ("Component", "Objective", "Limit", "How derived", "Worst case", "Verdict")
UNDECIDED: Final = ("", "–", "not decided")
"""Words for a method that nobody has said; then somebody is asked."""
NO_BACKUP: Final = "No component has a backup|No recovery objective is known"


def saved(rows: Rows) -> list[dict[str, str]]:
    """Rows of components that are backed up, not rebuilt."""
    return [row for row in rows if not row["Method"].startswith("none") and row["Method"] not in UNDECIDED]


@over(
    DOC,
    11,
    "Every stateful component is in the table; the others say what they are rebuilt from",
    under=BACKUPS,
    columns=TABLE,
    missing=STATE_GAP,
)
def components(judged: Bundle, section: Section, rows: Rows) -> str:
    """Against what CapacityPlanning and SREHandoff call stateful."""
    have = [plain(row["Component"]) for row in rows]
    kept = [
        r["Component"]
        for r in forms.other(judged, "SREHandoff", "Architecture", "Component", "Kind")
        if r["Kind"] == "keeps state"
    ]
    for one in kept:
        if one not in have:
            return f"{one} keeps state (SREHandoff.md) and is not in the table"
    for row in forms.other(judged, "CapacityPlanning", USE, "Resource", "State"):
        if row["State"] == "stateful" and not any(row["Resource"].startswith(one) for one in have):
            return f"{row['Resource']} is stateful (CapacityPlanning.md) and has no row"
    for row in rows:
        if row["Method"].startswith("none") and "rebuilt from" not in row["Method"]:
            return f"{row['Component']} has no backup and it does not say what it is rebuilt from"
        if row["Method"] in UNDECIDED and not asked(section, f"how {re.escape(plain(row['Component']))} is saved"):
            return f"{row['Component']} has no method and nobody is asked"
    return ""


@over(
    DOC,
    12,
    "Per store: method, schedule, retention, location, encryption, owner, last success",
    under=BACKUPS,
    columns=TABLE,
    missing=STATE_GAP,
)
def stores(judged: Bundle, section: Section, rows: Rows) -> str:
    """A hole is asked for by the component's name."""
    for row in saved(rows):
        for column in ("Every", "Kept", "Location", "Encrypted", "Last success"):
            if row[column] in ("", "–") and not asked(section, re.escape(plain(row["Component"]))):
                return f"{row['Component']}: {column.lower()} is empty and nobody is asked"
        if row["Owner"] in ("", "–") and not asked(
            section, f"who owns the backups of {re.escape(plain(row['Component']))}"
        ):
            return f"{row['Component']}: the owner is empty and nobody is asked"
    return blank(saved(rows), "Every")


def _proven(rows: Rows, objective: str) -> str:
    """Each verdict found again from the row's own numbers; what is unknown can never be met."""
    for row in rows:
        if row["Objective"] != objective:
            continue
        unknown, verdict = "(not known)" in row["How derived"], plain(row["Verdict"])
        total = sum(length(term) or 0.0 for term in row["How derived"].split(" + "))
        limit = None if "no limit" in row["Limit"] else length(row["Limit"])
        if not unknown and not near(minutes(row["Worst case"]), total, 0.02):
            return f"{row['Component']}: the terms add up to {total:g} min, not {row['Worst case']}"
        if verdict == "accepted":
            continue
        wanted = "no objective" if limit is None else "missed" if total > limit else "unproven" if unknown else "met"
        if limit is not None and near(total, limit, 0.01) and not unknown and verdict in ("met", "missed"):
            continue
        if verdict != wanted:
            return f"{row['Component']}: {row['How derived']} against {row['Limit']} is {wanted}, not {verdict}"
    return "" if any(row["Objective"] == objective for row in rows) else f"no row on {objective}"


@over(
    DOC,
    13,
    "Worst-case loss = interval + duration + lag, against the RPO",
    under=OBJECTIVES,
    columns=PROOFS,
    missing=STATE_GAP,
    empty=NO_BACKUP,
)
def data_loss(judged: Bundle, section: Section, rows: Rows) -> str:
    """An unknown term is at best unproven."""
    return _proven(rows, "RPO")


@over(
    DOC,
    14,
    "Restore time = size / throughput + steps, against the RTO; unknown is unproven",
    under=OBJECTIVES,
    columns=PROOFS,
    missing=STATE_GAP,
    empty=NO_BACKUP,
)
def restore_time(judged: Bundle, section: Section, rows: Rows) -> str:
    """An unknown term is at best unproven, and asked for."""
    problem = _proven(rows, "RTO")
    lacking = [
        row["Component"]
        for row in rows
        if plain(row["Verdict"]) == "unproven" and not asked(section, re.escape(row["Component"]))
    ]
    return problem or (f"{lacking[0]} is unproven and nobody is asked" if lacking else "")


@over(
    DOC,
    15,
    "Three copies, two media, one off-site, one immutable, no errors",
    under=COPIES,
    columns=("Component", "3 copies", "2 media", "1 off-site", "1 immutable", "0 errors verified", "3-2-1-1-0"),
    missing=STATE_GAP,
    empty=NO_BACKUP,
)
def copies(judged: Bundle, section: Section, rows: Rows) -> str:
    """Yes, no or not known; what is not known is asked for."""
    rules = ("3 copies", "2 media", "1 off-site", "1 immutable", "0 errors verified")
    for row in rows:
        for rule in rules:
            if plain(row[rule]) not in ("yes", "no", "not known"):
                return f"{row['Component']}: {rule} is {row[rule]!r}"
        if any(plain(row[rule]) == "not known" for rule in rules) and not asked(
            section, f"for {re.escape(row['Component'])}"
        ):
            return f"{row['Component']}: something is not known and nobody is asked"
        words = [plain(row[rule]) for rule in rules]
        wanted = "broken" if "no" in words else "not known" if "not known" in words else "kept"
        if not plain(row["3-2-1-1-0"]).startswith(wanted):
            return f"{row['Component']}: the rule is {wanted}, not {plain(row['3-2-1-1-0'])!r}"
    return ""


@over(
    DOC,
    16,
    "Retention against what must be kept; storage it takes",
    under=COPIES,
    columns=("Component", "Scheme", "Copies", "Reach", "Storage at most", "Must be kept", "Too short"),
    missing=STATE_GAP,
    empty="No retention is known|" + NO_BACKUP,
)
def retention(judged: Bundle, section: Section, rows: Rows) -> str:
    """Too short is what must be kept less the reach."""
    for row in rows:
        must, reach = length(row["Must be kept"]), length(row["Reach"])
        if must is None or reach is None:
            continue
        lacking = max(0.0, must - reach)
        if not near(length(row["Too short"]) or 0.0, lacking, 0.01):
            return f"{row['Component']}: {row['Must be kept']} less {row['Reach']} is not {plain(row['Too short'])!r}"
    return blank(rows, "Scheme", "Copies", "Must be kept", "Too short")


@over(
    DOC,
    17,
    "An alert on the freshness of each backup, within the RPO",
    under=COPIES,
    columns=("Component", "Freshness alert"),
    missing=STATE_GAP,
    empty=NO_BACKUP,
)
def freshness(judged: Bundle, section: Section, rows: Rows) -> str:
    """A store without one is asked for."""
    for row in rows:
        if "no alert" in row["Freshness alert"] and not asked(
            section, f"an alert when a backup is too old:.*{re.escape(row['Component'])}"
        ):
            return f"{row['Component']}: no alert, and nobody is asked"
    return _generated(judged, rows) or blank(rows, "Freshness alert")


def _generated(judged: Bundle, rows: Rows) -> str:
    """A generated alert is in its file with the age that stands here, which is no longer than the RPO."""
    content = judged.files.get("artifacts/backups.rules.yaml", b"")
    rules = (
        [r for one in documents(content) if one for group in one["groups"] for r in group["rules"]] if content else []
    )
    ages = {rule["alert"]: re.search(r"> (\d+)$", rule["expr"]) for rule in rules}
    limits = {
        r["Component"]: length(r["Limit"])
        for r in forms.other(judged, DOC, OBJECTIVES, *PROOFS)
        if r["Objective"] == "RPO"
    }
    for row in rows:
        said = re.match(r"(\w+), after ([^;]+); generated", row["Freshness alert"])
        if not said:
            continue
        found = ages.get(said[1])
        if found is None or not near(int(found[1]) / 60, minutes(said[2]), 0.001):
            return f"{row['Component']}: {said[1]} after {said[2]} is not what backups.rules.yaml has"
        limit = limits.get(row["Component"])
        if limit is not None and int(found[1]) / 60 > limit:
            return f"{row['Component']}: {said[1]} fires after {said[2]}, later than the RPO"
    return ""


@over(DOC, 18, "Restores are numbered and verified; drills are dated", under=BACKUPS, columns=TABLE, missing=STATE_GAP)
def drills(judged: Bundle, section: Section, rows: Rows) -> str:
    """Steps and a verification for each saved store; the next drill is the last and the rule's interval."""
    for row in saved(rows):
        name = plain(row["Component"])
        steps = re.search(rf"^#### Restore {re.escape(name)}\n([\s\S]*?)(?=^#|\Z)", section.text, re.MULTILINE)
        if not asked(section, f"how {re.escape(name)} is restored"):
            if not steps or "1. " not in steps[1]:
                return f"no steps to restore {name}"
            if "Verify" not in steps[1]:
                return f"the restore of {name} is not verified"
    log = section.table("Component", "Last restore test", "Took", "Next due") or []
    every = re.search(r"restored at least every ([^.]+)\.", section.text)
    if saved(rows) and not (log and every):
        return "no log of drills with its interval"
    for row in log:
        if every and days(row["Last restore test"]) and days(row["Next due"]):
            wanted = day(row["Last restore test"]) + timedelta(minutes=minutes(every[1]))
            if day(row["Next due"]) != wanted:
                return f"{row['Component']}: {every[1]} after {days(row['Last restore test'])[0]} is {wanted}"
            late = wanted < forms.as_of(judged, DOC).date()
            if late != ("overdue" in row["Next due"]):
                return f"{row['Component']}: due {wanted} is not {plain(row['Next due'])!r}"
    return _records(judged, section, log, timedelta(minutes=minutes(every[1])) if every else timedelta(0))


def _records(judged: Bundle, section: Section, log: Rows, every: timedelta) -> str:
    """A claim of a drill has its record; what passed shows no difference; what is too old says so."""
    recorded = section.table("When (UTC)", "What", "Compared", "Result", "Record") or []
    known = {plain(row["Record"]).strip("`"): row for row in recorded}
    for row in log:
        claimed = re.search(r"drilled with .+?, (\S+:\d+)", row.get("Shown by", ""))
        if claimed and not (claimed[1] in known and known[claimed[1]]["Result"].startswith("passed")):
            return f"{row['Component']} is called drilled, and no record that passed says so"
    for row in recorded:
        passed_ = row["Result"].startswith("passed")
        if passed_ and not re.search(r"\b0 different; [1-9]", row["Compared"]):
            return f"{row['Record']} passed, and its comparison says {row['Compared']!r}"
        old = forms.as_of(judged, DOC) - moment(row["When (UTC)"]) > every
        if passed_ and old != ("stale" in row["Result"]):
            return f"{row['Record']} of {row['When (UTC)']} is not {plain(row['Result'])!r}"
    return ""


@over(
    DOC,
    19,
    "Keys for a restore are not only inside what is restored",
    under=COPIES,
    columns=("Component", "Keys"),
    missing=STATE_GAP,
    empty=NO_BACKUP,
)
def keys(judged: Bundle, section: Section, rows: Rows) -> str:
    """A verdict for each store."""
    return blank(rows, "Keys")


@over(
    DOC,
    20,
    "The order of restore respects the dependencies",
    under="Order of restore",
    columns=("Step", "Bring back, side by side", "Needs"),
    missing="who depends on whom|an order of restore",
)
def order(judged: Bundle, section: Section, rows: Rows) -> str:
    """What a step needs is back before it; each component by SREHandoff's own list."""
    if [number(row["Step"]) for row in rows] != list(range(1, len(rows) + 1)):
        return "the steps are not in order"
    step = {one: number(row["Step"]) for row in rows for one in names(row["Bring back, side by side"])}
    for row in rows:
        early = [one for one in names(row["Needs"]) if step.get(one, 0.0) >= number(row["Step"])]
        if early:
            return f"step {row['Step']} needs {early[0]}, which comes back in step {step[early[0]]:g}"
    for row in forms.other(judged, "SREHandoff", "Architecture", "Component", "Needs"):
        own = step.get(plain(row["Component"]))
        for need in names(row["Needs"]):
            if own is not None and step.get(need, 0.0) >= own:
                return f"{plain(row['Component'])} needs {need} and does not come back after it"
    return ""
