"""The points of SREHandoff.md on passing on the pager, the dashboards and what people know."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from sre_kit.check import boards, forms
from sre_kit.check.cells import amount, blank, day, days, local, moment, moments, names, number, plain
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.handed_shift import on_call, shift_problem
from sre_kit.check.incident_response import CHAIN, ESCALATION
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point

DOC: Final = "SREHandoff"
TRANSFER: Final = "On-call transfer"
DASHBOARDS: Final = "Monitoring dashboards"
KNOWLEDGE: Final = "Knowledge transfer"
TRANSFERS: Final = (
    "From, to",
    "Effective (UTC)",
    "Local",
    "Proof in the schedule",
    "Overlap",
    "Backup",
    "Signed by the taker",
    "State",
)
TRANSFERS_GAP: Final = "who takes over on-call"
BOARDS: Final = ("Dashboard", "Purpose", "Audience", "Address", "Owner", "Who can see it")
BOARDS_GAP: Final = "which dashboards there are"
AHEAD: Final = timedelta(days=14)
BOARD: Final = "artifacts/service-levels.dashboard.json"


@over(
    DOC,
    7,
    "From, to, effective instant in UTC and local, proven by the schedule",
    under=TRANSFER,
    columns=TRANSFERS,
    missing=TRANSFERS_GAP,
)
def transfers(judged: Bundle, section: Section, rows: Rows) -> str:
    """The taker is primary in the calendar at that instant; local times are converted again."""
    for row in rows:
        start, taker = moment(row["Effective (UTC)"]), plain(row["From, to"]).partition(" to ")[2]
        for shown, zone in re.findall(r"(\w{3} \d{4}-\d\d-\d\d \d\d:\d\d) (\S+?)(?:<br>|$)", row["Local"]):
            if f"{local(start, zone):%a %Y-%m-%d %H:%M}" != shown:
                return f"{row['Effective (UTC)']} is not {shown} in {zone}"
        proof = moments(row["Proof in the schedule"])
        if len(proof) == 2 and not proof[0] <= start < proof[1]:
            return f"the shift of {taker} does not hold {row['Effective (UTC)']}"
        if len(proof) == 2 and not on_call(judged, taker, start):
            return f"{taker} is not primary in the calendar at {row['Effective (UTC)']}"
        if len(proof) < 2 and plain(row["State"]).startswith("transferred"):
            return f"transferred to {taker} without a shift"
    return blank(rows, "Local", "Proof in the schedule")


@over(
    DOC,
    8,
    "Overlap, backup, signature; unsigned is not transferred",
    under=TRANSFER,
    columns=TRANSFERS,
    missing=TRANSFERS_GAP,
)
def signatures(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nor is what takes effect later."""
    now = forms.as_of(judged, DOC)
    for row in rows:
        done = not plain(row["State"]).startswith("not transferred")
        if done and not days(row["Signed by the taker"]):
            return f"{plain(row['From, to'])}: transferred, and the taker has not signed"
        if done and moment(row["Effective (UTC)"]) > now:
            return f"{plain(row['From, to'])}: transferred before it takes effect"
    return blank(rows, "Overlap", "Backup", "State")


@over(
    DOC,
    9,
    "Access per person with the date of verification",
    under="Access",
    columns=("Person",),
    missing="who has access",
)
def access(judged: Bundle, section: Section, rows: Rows) -> str:
    """A date, "not verified", or the question which access somebody has."""
    systems = [column for column in rows[0] if column != "Person"]
    if not systems:
        return "no system is named"
    for row in rows:
        if all(row[one] in ("", "–") for one in systems) and not asked(section, re.escape(plain(row["Person"]))):
            return f"nothing is known of {row['Person']}'s access, and nobody is asked"
        wrong = [
            one
            for one in systems
            if row[one] not in ("", "–") and plain(row[one]) != "not verified" and not days(row[one])
        ]
        if wrong:
            return f"{row['Person']}, {wrong[0]}: {row[wrong[0]]!r} is no date"
    return ""


@point(DOC, 10, "The test page: date and latency, or NOT DONE")
def test_page(judged: Bundle, name: str) -> Verdict:
    """Done means acknowledged."""
    section = judged.page(name).section(TRANSFER)
    if section is None:
        return failed(f"no section {TRANSFER!r}")
    said = re.search(r"\*\*Test page: ([^*]+)\*\*(.*)", section.text) or re.search(
        r"Test page(.*)(acknowledged.*)", section.text
    )
    if said and ("NOT DONE" in said[0] or len(moments(said[0])) + len(days(said[0])) >= 1):
        return passed(f"test page: {said[1].strip()}", section.line)
    if asked(section, "whether the pager works"):
        return not_known("the document asks for a test page", section.line)
    return failed("nothing about a test page", section.line)


@over(
    DOC,
    11,
    "The last weeks: incidents, pages, silences still active",
    under="The last weeks",
    columns=("Began", "Incident", "Title", "Level", "Lasted"),
    missing="incidents of the last weeks",
    empty="No incident began in the last",
)
def last_weeks(judged: Bundle, section: Section, rows: Rows) -> str:
    """Newest first, the number as said; pages are asked for."""
    began = [moment(row["Began"]) for row in rows]
    if began != sorted(began, reverse=True):
        return "the incidents are not in order"
    said = re.search(r"(\d+) incidents in (\d+) weeks", section.text)
    if not said or int(said[1]) != len(rows):
        return f"{len(rows)} incidents are listed; the document says {said and said[0]}"
    if any(one < forms.as_of(judged, DOC) - timedelta(weeks=int(said[2])) for one in began):
        return "an incident is older than the weeks"
    if not asked(section, "pages and silences"):
        return "pages and silences are neither listed nor asked for"
    return blank(rows, "Level", "Lasted") or shift_problem(judged, DOC)


@over(
    DOC,
    12,
    "Under way in the next fourteen days: changes, maintenance, freezes",
    under="Under way",
    columns=("When", "What", "Owner"),
    empty="Nothing is recorded for the next",
)
def under_way(judged: Bundle, section: Section, rows: Rows) -> str:
    """Inside the fourteen days, in order."""
    today = forms.as_of(judged, DOC).date()
    dates = [day(row["When"]) for row in rows]
    late = [one for one in dates if one > today + AHEAD]
    if late:
        return f"{late[0]} lies beyond the fourteen days"
    return "not in order" if dates != sorted(dates) else blank(rows, "What")


@over(
    DOC, 13, "The escalation is that of IncidentResponse", under="Escalation", columns=CHAIN, missing="escalation chain"
)
def escalation(judged: Bundle, section: Section, rows: Rows) -> str:
    """Step for step."""
    there = forms.other(judged, "IncidentResponse", ESCALATION, *CHAIN)
    for here, other in zip(rows, there, strict=False):
        if any(here[column] != other[column] for column in CHAIN):
            return f"step {here['Step']} is {here['Who']}, {here['Waits']}; in IncidentResponse.md {other['Who']}"
    return "the chain is longer or shorter in IncidentResponse.md" if there and len(there) != len(rows) else ""


@over(
    DOC,
    14,
    "What is likely to recur, each with its runbook",
    under="Watch",
    columns=("Likely to recur", "Runbook"),
    missing="the runbook of",
    empty="Nothing is marked as likely to recur",
)
def watch(judged: Bundle, section: Section, rows: Rows) -> str:
    """A link, or the question for the runbook."""
    for row in rows:
        linked = "](IncidentResponse.md#" in row["Runbook"]
        if not linked and not asked(section, f"the runbook of {re.escape(plain(row['Likely to recur']))}"):
            return f"{row['Likely to recur']} has no runbook, and nobody is asked"
    return ""


@over(DOC, 15, "Dashboards: purpose, audience, address, owner", under=DASHBOARDS, columns=BOARDS, missing=BOARDS_GAP)
def dashboards(judged: Bundle, section: Section, rows: Rows) -> str:
    """An address that is not set is asked for; the generated file shows every service and objective."""
    for row in rows:
        unset = plain(row["Address"]) == "NOT SET"
        if unset and not asked(section, re.escape(f"the address of the dashboard {plain(row['Dashboard'])}")):
            return f"{row['Dashboard']} has no address, and nobody is asked"
    return blank(rows, "Purpose", "Audience", "Address", "Owner") or boards.problem(judged)


@over(
    DOC,
    16,
    "Each objective has a dashboard and an alert",
    under="Objectives, dashboards, alerts",
    columns=("Objective", "Dashboards", "Panels generated", "Alerts of the service today", "Alerts generated"),
    missing="which objectives the dashboards must show",
)
def matrix(judged: Bundle, section: Section, rows: Rows) -> str:
    """All objectives of SLODefinitions; a hole is asked for."""
    there = {
        plain(r["Objective"])
        for r in forms.other(judged, "SLODefinitions", "Service Level Objectives", "Objective", "Target")
    }
    here = {plain(row["Objective"]) for row in rows}
    if there and here != there:
        return f"{', '.join(sorted(here ^ there))}: not in both documents"
    for row in rows:
        if row["Dashboards"] in ("", "–") and not asked(
            section, f"a dashboard for {re.escape(plain(row['Objective']))}"
        ):
            return f"{row['Objective']} is on no dashboard, and nobody is asked"
        if "](" not in row["Alerts generated"] and not names(row["Alerts of the service today"]):
            return f"{row['Objective']} has no alert"
        if BOARD in judged.files and not amount(row["Panels generated"]):
            return f"{row['Objective']} has no panel in the generated dashboard"
    led = section.table("Alert", "Watches", "Dashboards") or []
    unseen = [plain(row["Alert"]) for row in led if plain(row["Dashboards"]) == "none"]
    if any(not asked(section, rf"a dashboard for the alerts .*\b{re.escape(one)}\b") for one in unseen):
        return f"{', '.join(unseen)}: on no dashboard, and nobody is asked"
    said = re.search(r"(\d+) of (\d+) alerts lead to a dashboard", section.text)
    if led and (not said or (int(said[1]), int(said[2])) != (len(led) - len(unseen), len(led))):
        return (
            f"{len(led) - len(unseen)} of {len(led)} alerts lead to a dashboard; the document says {said and said[0]}"
        )
    return ""


@point(DOC, 17, "Data source and blind spots")
def blind_spots(judged: Bundle, name: str) -> Verdict:
    """Where measurements come from, how much of the monitoring is there, what nobody sees."""
    section = judged.page(name).section("Data source and blind spots")
    if section is None:
        return failed("no section 'Data source and blind spots'")
    for pattern, what in (
        (r"Measurements come from \S", "where measurements come from"),
        (r"\d+ are gaps|monitoring", "coverage"),
    ):
        if not re.search(pattern, section.text):
            if asked(section, "measure|source|components"):
                return not_known(f"the document asks: {what}", section.line)
            return failed(f"it does not say {what}", section.line)
    return passed("source and blind spots", section.line)


@over(DOC, 18, "Who can see a dashboard is a list of names", under=DASHBOARDS, columns=BOARDS, missing=BOARDS_GAP)
def viewers(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nobody is "the team"."""
    for row in rows:
        seen = names(row["Who can see it"])
        if not seen and not asked(section, re.escape(f"who can see the dashboard {plain(row['Dashboard'])}")):
            return f"{row['Dashboard']}: nobody is named, and nobody is asked"
        vague = [one for one in seen if re.search(r"\b(team|everyone|everybody|all)\b", one, re.IGNORECASE)]
        if vague:
            return f"{row['Dashboard']}: {vague[0]!r} is no list"
    return ""


@over(
    DOC,
    19,
    "Sessions; each document and service covered by one that was held, with two people",
    under=KNOWLEDGE,
    columns=("Document or service", "Sessions held", "Sessions planned", "People", "State"),
    missing="knowledge-transfer sessions",
)
def sessions(judged: Bundle, section: Section, rows: Rows) -> str:
    """Covered is found again from the row; held sessions have a date."""
    for row in rows:
        covered = bool(names(row["Sessions held"])) and number(row["People"]) >= 2
        if covered != (plain(row["State"]) == "covered"):
            return f"{row['Document or service']}: {row['People']} people, {plain(row['State'])!r} is wrong"
    held = section.table("Topic", "Presenter", "Attendees", "Held", "State") or []
    for one in held:
        if (plain(one["State"]) == "held") != bool(days(one["Held"])):
            return f"the session {one['Topic']}: {plain(one['State'])} with the date {one['Held']}"
    if not held and not asked(section, "sessions"):
        return "no session, and nobody is asked"
    return blank(held, "Topic", "Presenter", "Attendees")


@over(
    DOC,
    20,
    "Bus factor per component; one person is a risk",
    under="Who can run what",
    columns=("Component", "Bus factor", "People", "In the rota", "State"),
    missing="who can run which component",
)
def bus_factor(judged: Bundle, section: Section, rows: Rows) -> str:
    """As many as are named; alone is a risk; the sum is right."""
    for row in rows:
        if int(number(row["Bus factor"])) != len(names(row["People"])):
            return f"{row['Component']}: {plain(row['Bus factor'])} with {row['People']}"
        if (amount(row["In the rota"]) or 0) > number(row["Bus factor"]):
            return f"{row['Component']}: more of them are in the rota than there are"
        if (number(row["Bus factor"]) <= 1) != (plain(row["State"]) == "risk"):
            return f"{row['Component']}: {plain(row['Bus factor'])} person(s) is not {plain(row['State'])!r}"
    said = re.search(r"(\d+) of (\d+) rest on one person(?:, (\d+) on nobody)?", section.text)
    alone, nobody = (sum(number(row["Bus factor"]) == count for row in rows) for count in (1, 0))
    if said and int(said[3] or 0) != nobody:
        return f"{nobody} rest on nobody; the document says {said[0]}"
    if not said or (int(said[1]), int(said[2])) != (alone, len(rows)):
        return f"{alone} of {len(rows)} rest on one person; the document says {said and said[0]}"
    return ""


@over(
    DOC,
    21,
    "Shadowing and reverse shadowing with exit criteria",
    under="Shadowing and exercises",
    columns=("Person", "Kind", "From", "To", "Ends when", "State"),
    missing="who shadows whom",
)
def shadowing(judged: Bundle, section: Section, rows: Rows) -> str:
    """A criterion for each; from before to."""
    for row in rows:
        if days(row["From"]) and days(row["To"]) and day(row["From"]) >= day(row["To"]):
            return f"{row['Person']}: {row['From']} to {row['To']}"
    return blank(rows, "Person", "Kind", "Ends when", "State")


@over(
    DOC,
    22,
    "Exercises with their result",
    under="Shadowing and exercises",
    columns=("Exercise", "Held", "Planned", "Result"),
    missing="which exercises were held",
)
def exercises(judged: Bundle, section: Section, rows: Rows) -> str:
    """Held has a result; the rest has a date."""
    for row in rows:
        if days(row["Held"]) and row["Result"] in ("", "–"):
            return f"{row['Exercise']} was held and has no result"
        if not days(row["Held"]) and not days(row["Planned"]) and not asked(section, re.escape(plain(row["Exercise"]))):
            return f"{row['Exercise']} has no date"
    return blank(rows, "Exercise", "Result")


@over(DOC, 23, "Reading order with minutes; glossary", under="Reading order", columns=("Document", "Why", "Minutes"))
def reading_order(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each document of the set; words of the project, or the question for them."""
    have = " ".join(plain(row["Document"]) for row in rows)
    lacking = [one for one in judged.manifest.documents if one in whole_set() and one not in have]
    if lacking:
        return f"{lacking[0]} is in no order"
    knowledge = judged.page(DOC).section(KNOWLEDGE)
    if knowledge is None or not (
        knowledge.table("Word", "Meaning") or asked(knowledge, "words that only this project")
    ):
        return "no glossary, and nobody is asked for one"
    for row in rows:
        number(row["Minutes"])
    return blank(rows, "Why")


def whole_set() -> set[str]:
    """The names of the six documents."""
    from sre_kit.check.whole import HEADINGS

    return {*HEADINGS, DOC}
