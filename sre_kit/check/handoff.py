"""The points of SREHandoff.md on the state of the system, the open work and the set of documents."""

from __future__ import annotations

import re
from typing import Any, Final

from sre_kit.check import forms, whole
from sre_kit.check.capacity import DATES, REACHED
from sre_kit.check.cells import amount, blank, day, days, length, near, number, plain
from sre_kit.check.change import SECRET
from sre_kit.check.forms import Rows, asked, guarded, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point

DOC: Final = "SREHandoff"
SUMMARY: Final = "Summary"
SUBJECTS: Final = (
    "SLODefinitions",
    "IncidentResponse",
    "PerformanceOptimization",
    "CapacityPlanning",
    "OperationalPlaybook",
)
MADE: Final = ("Document", "What it holds", "Version", "sha256", "As of", "Rubric")
OPEN: Final = ("Kind", "What", "Owner", "Severity", "Due")
TOIL: Final = ("Task", "Who", "Minutes a month")
METRICS: Final = ("Metric", "Value", "95 % interval", "n", "Window", "Definition", "Trend")
SEVEN: Final = ("Availability", "Latency", "Error rate", "Saturation", "MTTR", "MTBF", "Budget consumption")
PERSONAL: Final = re.compile(r"[\w.+-]+@(?!.*\.example\b)[\w-]+\.[a-z]{2,}|(?<![\w-])\+\d[\d ()/-]{7,}\d")


@over(DOC, 1, "What was made: version, hash, date; what was not, and why", under=SUMMARY, columns=MADE)
def made(judged: Bundle, section: Section, rows: Rows) -> str:
    """Version and hash are those of the manifest."""
    for row in rows:
        name = plain(row["Document"]).removesuffix(".md")
        published = judged.manifest.documents.get(name)
        if published is None:
            if not asked(section, re.escape(f"the document {name}")):
                return f"{name} was not made, and nobody is asked"
            continue
        if int(number(row["Version"])) != published.version:
            return f"{name}: version {row['Version']} here, {published.version} published"
        if not published.sha256.startswith(plain(row["sha256"]).strip("`")):
            return f"{name}: the hash is not that of the published document; render SREHandoff again"
    return ""


@over(DOC, 2, "All five documents exist and pass their rubric; counts", under=SUMMARY, columns=MADE)
def five(judged: Bundle, section: Section, rows: Rows) -> str:
    """The counts are those of the manifest."""
    have = [plain(row["Document"]).removesuffix(".md") for row in rows]
    lacking = [name for name in SUBJECTS if name not in have]
    if lacking:
        return f"nothing about {lacking[0]}"
    for row, name in zip(rows, have, strict=True):
        judged_ = judged.manifest.checks.get(name)
        said = re.search(r"(\d+) passed, (\d+) failed, (\d+) not known", plain(row["Rubric"]))
        if judged_ and not said:
            return f"{name}: no counts of the rubric"
        if (
            judged_
            and said
            and [int(n) for n in said.groups()] != [judged_[s] for s in ("passed", "failed", "not known")]
        ):
            return f"{name}: {said[0]} here, otherwise in the manifest"
        if judged_ and judged_["failed"]:
            return f"{name} fails {judged_['failed']} of its points"
    return ""


@point(DOC, 3, "State of budgets and stability, by a rule")
def stability(judged: Bundle, name: str) -> Verdict:
    """An exhausted budget or an open incident is never stable; the rule stands beside it."""
    section = judged.page(name).section(SUMMARY)
    if section is None:
        return failed(f"no section {SUMMARY!r}")
    said = re.search(r"\*\*The system is ([^*]+)\*\*", section.text)
    if not said:
        if "**Whether the system is stable is not known**" in section.text:
            return not_known("the document says what is missing to decide it", section.line)
        return failed("it does not say whether the system is stable", section.line)
    if "\nRule: stable:" not in section.text:
        return failed("no rule says what stable means", section.line)
    state = judged.manifest.records.get("stability.state", {}).get("value")
    if state is not None and not said[1].startswith(str(state)):
        return failed(f"{said[1]!r} here, {state!r} in the records", section.line)
    exhausted = [n for n, v in judged.records("slo.").items() if n.endswith(".state") and v == "exhausted"]
    open_ = judged.manifest.records.get("incidents.open", {}).get("value") or 0
    if said[1] == "stable" and (exhausted or open_):
        return failed(f"stable, with {len(exhausted)} budgets exhausted and {open_:g} incidents open", section.line)
    return passed(f"{said[1]}, by a rule", section.line)


@over(
    DOC,
    4,
    "Open risks, incidents and actions with owner and due date; overdue first",
    under="Open risks",
    columns=OPEN,
    empty="No risk, open incident or open action is recorded",
    missing="risk",
)
def open_work(judged: Bundle, section: Section, rows: Rows) -> str:
    """Order and lateness found again."""
    today = forms.as_of(judged, DOC).date()
    dates = [day(row["Due"]) for row in rows if days(row["Due"])]
    if dates != sorted(dates):
        return "not in the order of the dates"
    late = 0
    for row in rows:
        is_late = bool(days(row["Due"])) and day(row["Due"]) < today
        late += is_late
        if is_late != ("overdue" in row["Due"]):
            return f"{plain(row['What'])}: due {plain(row['Due'])} is marked wrongly"
        if row["Owner"] in ("", "–") and not asked(section, "who owns"):
            return f"{plain(row['What'])} has no owner, and nobody is asked"
    said = re.search(r"(\d+) of (\d+) are overdue", section.text)
    if (late and not said) or (said and (int(said[1]), int(said[2])) != (late, len(rows))):
        return f"{late} of {len(rows)} are overdue; the document says {said and said[0]}"
    return ""


@over(
    DOC,
    5,
    "What nobody has told us, by the role to ask",
    under="What nobody has told us",
    columns=("Ask", "Questions", "The first"),
    empty="No question is open",
)
def questions(judged: Bundle, section: Section, rows: Rows) -> str:
    """As many as the manifest has for the other documents."""
    gaps = {(g["what"], g["ask"]) for g in judged.manifest.gaps if g["document"] in SUBJECTS}
    total = sum(int(number(row["Questions"])) for row in rows)
    if gaps and total != len(gaps):
        return f"{total} questions here, {len(gaps)} in the manifest"
    return blank(rows, "Ask", "The first")


@over(
    DOC,
    25,
    "What has gone wrong before, with counts",
    under="What has gone wrong before",
    columns=("Factor", "Incidents", "The last one"),
    missing="what caused past incidents",
    empty="No factor recurs",
)
def factors(judged: Bundle, section: Section, rows: Rows) -> str:
    """Most frequent first."""
    counts = [number(row["Incidents"]) for row in rows]
    return "not in the order of the counts" if counts != sorted(counts, reverse=True) else blank(rows, "The last one")


@over(
    DOC,
    26,
    "Reliability metrics: value, interval, n, window, definition, trend",
    under="Reliability metrics",
    columns=METRICS,
    missing="measurements of",
)
def metrics(judged: Bundle, section: Section, rows: Rows) -> str:
    """All seven or the question; words on trends only evidence of, no evidence; values of the records."""
    kinds = {plain(row["Metric"]).split(";")[0] for row in rows}
    lacking = [one for one in SEVEN if one not in kinds and not asked(section, re.escape(one))]
    if lacking:
        return f"no {lacking[0].lower()}, and nobody is asked"
    for row in rows:
        if row["Trend"] not in ("–", "") and not re.search(
            r"evidence of|not known|insufficient|too few|too little", row["Trend"]
        ):
            return f"{plain(row['Metric'])}: {row['Trend']!r} is no verdict"
        problem = _recorded(judged, row)
        if problem:
            return problem
    return blank(rows, "Value", "n", "Window", "Definition")


def _recorded(judged: Bundle, row: dict[str, str]) -> str:
    """Whether the value is that of its record."""
    kind, _, subject = plain(row["Metric"]).partition("; ")
    key = f"reliability.{kind.lower().replace(' ', '_')}" + (f".{subject}" if subject else "")
    record = judged.manifest.records.get(key)
    if record is None or not isinstance(record["value"], int | float):
        return ""
    said = plain(row["Value"])
    value = float(record["value"])
    if said.endswith("%"):
        same = near(number(said) / 100, value, least=0.0006)
    else:
        minutes = length(said)
        unit = {"s": 1 / 60, "ms": 1 / 60000, "h": 60.0, "d": 1440.0}.get(str(record.get("unit")), 1.0)
        same = minutes is None or near(minutes, value * unit, 0.02)
    return "" if same else f"{plain(row['Metric'])}: {said} here, {value:g} {record.get('unit')} in the records"


@over(
    DOC,
    27,
    "Backups, restores, rehearsals, patches, certificates: last and next",
    under="Where they stand",
    columns=("What", "Last", "Next", "State"),
)
def standing(judged: Bundle, section: Section, rows: Rows) -> str:
    """All five, each with a state."""
    have = " ".join(row["What"] for row in rows)
    lacking = [one for one in ("Backups", "Restore", "Disaster", "Patches", "Certificates") if one not in have]
    return f"nothing about {lacking[0].lower()}" if lacking else blank(rows, "State")


@over(
    DOC,
    28,
    "Toil as in OperationalPlaybook, automation with its state",
    under="Operational procedures",
    columns=TOIL,
    missing="which work comes back",
    empty="No work is done by hand",
)
def toil(judged: Bundle, section: Section, rows: Rows) -> str:
    """Row for row the same."""
    there = {r["Task"]: r["Minutes a month"] for r in forms.other(judged, "OperationalPlaybook", "Toil", *TOIL)}
    here = {row["Task"]: row["Minutes a month"] for row in rows}
    if there and here != there:
        return "the work by hand is not that of OperationalPlaybook.md"
    return blank(section.table("Opportunity", "State") or [{"State": ""}], "State")


@over(
    DOC,
    29,
    "Days to the first limits, as in CapacityPlanning",
    under="First limits",
    columns=("Resource", "Days to the limit, P10", "Order by"),
    missing="resources|limit|CapacityPlanning|forecast",
    empty="forecasts no limit|measures no resource",
)
def limits(judged: Bundle, section: Section, rows: Rows) -> str:
    """P10 and order-by date of each."""
    there = {
        r["Resource"].replace(" ", "-").lower(): r for r in forms.other(judged, "CapacityPlanning", REACHED, *DATES)
    }
    for row in rows:
        other = there.get(plain(row["Resource"]).lower())
        recorded = judged.manifest.records.get(f"capacity.{plain(row['Resource'])}.days_to_limit_p10")
        if (
            recorded
            and recorded["value"] is not None
            and not near(number(row["Days to the limit, P10"]), recorded["value"], least=1)
        ):
            return f"{row['Resource']}: {row['Days to the limit, P10']} here, {recorded['value']} in the records"
        if other and plain(other["Order by"]) != plain(row["Order by"]):
            return f"{row['Resource']}: order by {row['Order by']} here, {other['Order by']} in CapacityPlanning.md"
    return ""


@over(
    DOC,
    30,
    "Support contracts and when they end",
    under="On-call transfer",
    columns=("Contract", "Ends", "Left"),
    missing="support contracts",
)
def contracts(judged: Bundle, section: Section, rows: Rows) -> str:
    """What is left counted again."""
    today = forms.as_of(judged, DOC).date()
    for row in rows:
        if days(row["Ends"]) and amount(row["Left"]) is not None:
            left = (day(row["Ends"]) - today).days
            if abs(left) != number(row["Left"]) or (left < 0) != ("ago" in row["Left"]):
                return f"{row['Contract']}: {row['Ends']} is {left} days ahead, not {row['Left']}"
    return blank(rows, "Contract", "Ends")


@point(DOC, 31, "Every link and every cited incident exists")
def links(judged: Bundle, name: str) -> Verdict:
    """Links as everywhere; an incident that is named stands in the log of its own document."""
    return whole.links(judged, name)


@over(
    DOC,
    32,
    "Numbers equal those of the other documents",
    under="Integrity",
    columns=("Number", "Here", "There", "Its name there", "Result"),
    empty="No other document states one",
)
def crosscheck(judged: Bundle, section: Section, rows: Rows) -> str:
    """Both sides are compared with the records of the manifest."""
    unequal = 0
    for row in rows:
        equal = plain(row["Result"]) == "equal"
        unequal += not equal
        for side, key in (("Here", plain(row["Number"])), ("There", plain(row["Its name there"]))):
            record: dict[str, Any] = dict(judged.manifest.records.get(key.strip("`"), {}))
            if not record:
                return f"{key} is no record"
            if isinstance(record["value"], int | float) and not near(number(row[side]), record["value"], 1e-4):
                return f"{key} is {row[side]} here, {record['value']} in the records"
        if equal and row["Here"] != row["There"]:
            return f"{row['Number']}: {row['Here']} and {row['There']} are called equal"
    said = re.search(r"(\d+) numbers compared, (\d+) differences", section.text)
    if not said or (int(said[1]), int(said[2])) != (len(rows), unequal):
        return f"{len(rows)} numbers, {unequal} differences; the document says {said and said[0]}"
    return f"{unequal} numbers differ" if unequal else ""


@over(
    DOC,
    33,
    "Sign-off: role, name, date, state; review date",
    under="Sign-off",
    columns=("Role", "Name", "Date", "State"),
    missing="who signs the hand-over",
)
def sign_off(judged: Bundle, section: Section, rows: Rows) -> str:
    """Signed means dated; the count is right; a review date or the question."""
    for row in rows:
        if (plain(row["State"]) == "signed") != bool(days(row["Date"])):
            return f"{row['Role']}: {plain(row['State'])} with the date {row['Date']}"
    said = re.search(r"(\d+) of (\d+) have signed", section.text)
    signed = sum(plain(row["State"]) == "signed" for row in rows)
    if not said or (int(said[1]), int(said[2])) != (signed, len(rows)):
        return f"{signed} of {len(rows)} have signed; the document says {said and said[0]}"
    if "Review by" not in section.text and not asked(section, "reviewed"):
        return "no date of review, and nobody is asked"
    return ""


@over(
    DOC,
    34,
    "Inputs of the earlier phases: path, date, hash; missing ones named",
    under="Inputs of the earlier phases",
    columns=("Document", "Path", "Phase", "sha256", "State"),
    empty="No document of an earlier phase",
)
def inputs(judged: Bundle, section: Section, rows: Rows) -> str:
    """What was read lies where it is said; the count is right."""
    for row in rows:
        if row["State"] == "read" and not (judged.project / plain(row["Path"])).is_file():
            return f"{plain(row['Path'])} was read and is not there"
    said = re.search(r"(\d+) read, (\d+) missing", section.text)
    read = sum(row["State"] == "read" for row in rows)
    if not said or (int(said[1]), int(said[2])) != (read, len(rows) - read):
        return f"{read} of {len(rows)} were read; the document says {said and said[0]}"
    return blank([row for row in rows if row["State"] == "read"], "sha256", "Phase")


@guarded
def _date(judged: Bundle, name: str) -> Verdict:
    """Every document of the set has the same report time."""
    here = forms.as_of(judged, name)
    for other in judged.documents:
        if other in SUBJECTS and forms.as_of(judged, other) != here:
            return failed(
                f"{other}.md is as of {forms.as_of(judged, other):%Y-%m-%d %H:%MZ}, this one {here:%Y-%m-%d %H:%MZ}"
            )
    for other, published in judged.manifest.documents.items():
        if other in SUBJECTS and published.as_of and not published.as_of.startswith(f"{here:%Y-%m-%dT%H:%M}"):
            return failed(f"{other}.md was published as of {published.as_of}, this one is as of {here:%Y-%m-%d %H:%MZ}")
    return passed(f"every document is as of {here:%Y-%m-%d %H:%MZ}")


point(DOC, 35, "The same report time in every document")(_date)


@point(DOC, 36, "No secrets, no personal addresses or telephone numbers")
def discretion(judged: Bundle, name: str) -> Verdict:
    """Searched line by line."""
    for number_, text in enumerate(judged.page(name).lines, 1):
        for pattern, what in ((SECRET, "a secret's value"), (PERSONAL, "a personal address or number")):
            if pattern.search(text):
                return failed(f"what looks like {what} stands in the text", number_)
    return passed("no secret, no personal address or number")
