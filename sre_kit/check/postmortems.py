"""The points of IncidentResponse.md on post-mortems and on the incident log behind them."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from sre_kit.check import forms
from sre_kit.check.cells import blank, day, days, length, near, plain
from sre_kit.check.forms import Rows, over
from sre_kit.check.incident_response import LADDER, SEVERITY, ladder
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, passed, point

DOC: Final = "IncidentResponse"
PROCESS: Final = "Post-mortem process"
LOG_GAP: Final = "incident log|severity ladder|which incidents"
OWED: Final = ("Incident", "Title", "Because of", "Resolved", "Due", "State")
ACTIONS: Final = ("Incident", "Action", "Owner", "Type", "Ticket", "Due", "State")
PARTS: Final = (
    "status",
    "owner",
    "reviewers",
    "summary",
    "impact",
    "timeline",
    "detection",
    "contributing factors",
    "went well",
    "went badly",
    "lucky",
    "action items",
    "links",
)


@over(
    DOC,
    32,
    "What calls for a post-mortem; past incidents that met it and lack one are listed",
    under=PROCESS,
    columns=("Rule", "Incidents that met it", "Known from"),
    missing=LOG_GAP,
)
def triggers(judged: Bundle, section: Section, rows: Rows) -> str:
    """Every level that is written up, the budget, data loss, manual work, near misses; debts counted again."""
    rules = " ".join(row["Rule"] for row in rows)
    wanted = [level.name for level in ladder(forms.other(judged, DOC, SEVERITY, *LADDER)) if level.written]
    budget = ["error budget"] if judged.records("slo.") and not forms.asked(section, "share of an error budget") else []
    for word in (*wanted, *budget, "data loss", "manual intervention", "near miss"):
        if word not in rules:
            return f"no rule on {word!r}"
    counted = re.search(r"(\d+) of (\d+) incidents that met a rule have a post-mortem", section.text)
    listed = len(section.table(*OWED) or [])
    if counted and int(counted[2]) - int(counted[1]) != listed:
        return f"{counted[0]}, but {listed} are listed"
    if not counted and not forms.asked(section, LOG_GAP) and "No post-mortem is owed" not in section.text:
        return "it does not say which incidents lack a post-mortem"
    return ""


@over(
    DOC,
    33,
    "Deadlines of open post-mortems as dates, by business days and holidays",
    under=PROCESS,
    columns=OWED,
    missing=LOG_GAP,
    empty="No post-mortem is owed|have a post-mortem",
)
def deadlines(judged: Bundle, section: Section, rows: Rows) -> str:
    """Counted again from the day of resolution."""
    rule = re.search(r"Source: (\d+) business days after resolution(?:, holidays of (\w+))?", section.text)
    if not rule:
        return "it does not say how many business days"
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        if length(row["Resolved"]) is None and not days(row["Resolved"]):
            continue
        due = _business_day(day(row["Resolved"]), int(rule[1]), rule[2] or "")
        if day(row["Due"]) != due:
            return f"{row['Incident']}: due {row['Due']}, {rule[1]} business days after resolution is {due}"
        problem = _late(row, today)
        if problem:
            return problem
    return ""


def _business_day(start: date, count: int, country: str) -> date:
    from datetime import timedelta

    import holidays

    free = holidays.country_holidays(country, years=range(start.year, start.year + 2)) if country else {}
    found = start
    while count:
        found += timedelta(days=1)
        count -= found.weekday() < 5 and found not in free
    return found


def _late(row: dict[str, str], today: date) -> str:
    """What is wrong with a state, seen from the row's due date."""
    state, due = plain(row["State"]), days(row["Due"])
    if state == "done" or not due:
        return ""
    late = (today - due[0]).days
    said = re.search(r"overdue by (\d+) d", state)
    if (late > 0) != bool(said) or (said and int(said[1]) != late):
        return f"{plain(row['Incident'])}: due {due[0]}, so {max(late, 0)} d overdue; the document says {state!r}"
    return ""


@point(DOC, 34, "The template has all parts")
def template(judged: Bundle, name: str) -> Verdict:
    """Named one after the other."""
    section = judged.page(name).section(PROCESS)
    found = re.search(r"A post-mortem has these parts[^.:]*:([\s\S]+?)\n\n", section.text + "\n\n") if section else None
    if section is None or not found:
        return failed("no template of a post-mortem", section.line if section else 0)
    text = " ".join(found[1].split())
    lacking = [part for part in PARTS if part not in text]
    if lacking:
        return failed(f"the template lacks {lacking[0]!r}", section.line)
    return passed(f"a template with {len(PARTS)} parts", section.line)


@over(
    DOC,
    35,
    "Action items: owner, due date, type, ticket; overdue ones and the closure rate computed",
    under=PROCESS,
    columns=ACTIONS,
    missing=LOG_GAP,
    empty="No action item is recorded",
)
def actions(judged: Bundle, section: Section, rows: Rows) -> str:
    """Late ones counted again; the share of done ones as said."""
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        problem = _late(row, today)
        if problem:
            return problem
        if plain(row["Type"]) not in ("prevent", "detect", "mitigate", "process", "–"):
            return f"{row['Action']}: {row['Type']!r} is no type of action"
    said = re.search(r"(\d+) % of (\d+) are done, (\d+) are overdue", section.text)
    done = sum(plain(row["State"]) == "done" for row in rows)
    late = sum("overdue" in row["State"] for row in rows)
    if not said or int(said[2]) != len(rows) or int(said[3]) != late:
        return f"{len(rows)} items, {late} of them overdue; the document says {said[0] if said else 'nothing'}"
    if not near(int(said[1]), 100 * done / len(rows), least=0.51):
        return f"{done} of {len(rows)} are done, the document says {said[1]} %"
    return blank(rows, "Action", "Due") or blank([r for r in rows if plain(r["State"]) != "done"], "Owner")


@over(
    DOC,
    37,
    "Stated durations against their timestamps",
    under=PROCESS,
    columns=("Incident", "Stated", "resolved - began", "mitigated - began", "The writer counted"),
    missing=LOG_GAP,
    empty="No record states a duration",
)
def stated(judged: Bundle, section: Section, rows: Rows) -> str:
    """Which clock the writer counted is found again; the differences are counted again."""
    differ = 0
    for row in rows:
        said = length(row["Stated"].replace("hours", "h").replace("minutes", "min").replace("hour", "h"))
        clocks = {c: length(row[c]) for c in ("resolved - began", "mitigated - began")}
        equal = [
            c for c, value in clocks.items() if value is not None and said is not None and near(value, said, 0.1, 5)
        ]
        differ += "resolved - began" not in equal
        shown = plain(row["The writer counted"])
        if said is not None and (shown not in equal if equal else shown in clocks):
            return f"{row['Incident']}: {row['Stated']} is {equal[0] if equal else 'neither clock'}, not {shown}"
    counted = re.search(r"(\d+) of (\d+) stated durations differ", section.text)
    if counted and (int(counted[1]) != differ or int(counted[2]) != len(rows)):
        return f"{differ} of {len(rows)} differ; the document says {counted[0]}"
    return "" if counted or not differ else f"{differ} durations differ and the document does not say so"


@over(
    DOC,
    38,
    "Milestones out of order are put aside and shown",
    under="Reliability metrics",
    columns=("Row", "Incident", "Why it is put aside"),
    missing="incident log",
    empty="No row of the log had to be put aside",
)
def quarantine(judged: Bundle, section: Section, rows: Rows) -> str:
    """As many as the sentence says, each with its reason."""
    said = re.search(r"(\d+) rows put aside", section.text)
    if said and int(said[1]) != len(rows):
        return f"{said[0]}, {len(rows)} are shown"
    return blank(rows, "Why it is put aside")
