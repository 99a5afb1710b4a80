"""The points of OperationalPlaybook.md on recurring work, maintenance and what expires."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import timedelta
from typing import Final

from sre_kit.check import forms
from sre_kit.check.cells import (
    amount,
    blank,
    codes,
    day,
    days,
    length,
    local,
    minutes,
    moment,
    moments,
    near,
    number,
    plain,
)
from sre_kit.check.files import documents
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

DOC: Final = "OperationalPlaybook"
TASKS: Final = "Daily operational tasks"
MAINTENANCE: Final = "Maintenance procedures"
TASKS_GAP: Final = "which work comes back"
CALENDAR: Final = ("Id", "Cron", "Zone", "Next runs (UTC)", "Next runs (local)", "Clock change within a year")
EXPIRY: Final = ("What", "Kind", "Ends", "Left", "Lead time", "State", "Owner")


@over(
    DOC,
    1,
    "Each task: id, frequency, owner, command, expected result, what if not, minutes, state",
    under=TASKS,
    columns=("Id", "Task", "Runs", "Owner", "Do", "Expect", "If not", "Minutes", "State"),
    missing=TASKS_GAP,
)
def tasks(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nothing empty that is not asked for."""
    problem = blank(rows, "Id", "Task", "Runs", "State")
    for row in rows:
        lacking = [c for c in ("Owner", "Do", "Expect", "If not", "Minutes") if row[c] in ("", "–")]
        if lacking and not asked(section, re.escape(plain(row["Task"])) + "|" + re.escape(plain(row["Id"]).strip("`"))):
            return f"{row['Id']}: {lacking[0]} is empty and nobody is asked"
    return problem


@over(
    DOC,
    2,
    "Every schedule parses; next runs in UTC and local",
    under="Calendar",
    columns=CALENDAR,
    missing=TASKS_GAP,
    empty="No task has a readable schedule",
)
def calendar(judged: Bundle, section: Section, rows: Rows) -> str:
    """The next runs are found again from the expression, by the package's own reader."""
    from sre_kit.compute.operations.tasks import runs
    from sre_kit.errors import ParameterError

    start = forms.as_of(judged, DOC)
    for row in rows:
        shown, cron = moments(row["Next runs (UTC)"]), plain(row["Cron"]).strip("`")
        try:
            upcoming = runs(cron, row["Zone"], start - timedelta(minutes=1))
            wanted = [next(upcoming) for _ in shown]
        except ParameterError as error:
            return f"{row['Id']}: {error}"
        if shown != wanted or not shown:
            return f"{row['Id']}: {cron!r} does not run at {row['Next runs (UTC)']}"
        here = [f"{local(one, row['Zone']):%a %Y-%m-%d %H:%M}" for one in shown]
        if row["Next runs (local)"].split("<br>") != here:
            return f"{row['Id']}: {row['Next runs (local)']} is not local time in {row['Zone']}"
        for elsewhere in row.get("Elsewhere", "–").split("<br>"):
            place, _, clock = elsewhere.partition(" ")
            if clock and clock != f"{local(shown[0], place):%a %H:%M}":
                return f"{row['Id']}: {elsewhere} is not when {row['Next runs (UTC)'].split('<br>')[0]} is"
        if problem := _systemd(cron, row):
            return problem
    return blank(rows, "Clock change within a year")


def _systemd(cron: str, row: dict[str, str]) -> str:
    """The timer's expressions are those of the cron expression, where systemd has any."""
    from sre_kit.compute.operations.timers import on_calendar
    from sre_kit.errors import ParameterError

    try:
        wanted = list(on_calendar(cron, row["Zone"]))
    except ParameterError:
        return ""
    if codes(row.get("systemd OnCalendar", "")) not in (wanted, []):
        return f"{row['Id']}: {row['systemd OnCalendar']} is not {cron!r}"
    return ""


@over(
    DOC,
    3,
    "Heavy work does not overlap, or each overlap is named; clock changes are flagged",
    under="Calendar",
    columns=("One", "Other", "First (UTC)", "Times in 35 days"),
    missing=TASKS_GAP,
    empty="No heavy task, backup or maintenance overlaps|No task has a readable schedule",
)
def overlaps(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each with its first moment and how often."""
    for row in rows:
        moment(row["First (UTC)"])
        number(row["Times in 35 days"])
    for row in section.table(*CALENDAR) or []:
        hour = plain(row["Cron"]).strip("`").split()[1]
        skips = hour == "2" and row["Zone"].startswith("Europe/")
        if skips and row["Clock change within a year"] == "none":
            return f"{row['Id']} runs at an hour that the clock skips, and nothing says so"
    skipped = section.table("What", "Local time", "Why", "cron", "systemd") or []
    for row in skipped:
        left_out = "does not exist" in row["Why"]
        if left_out != ("does not run" in row["systemd"]):
            return f"{row['What']}: {row['Why']}, and systemd {plain(row['systemd'])}"
    tasks_ = {plain(row["Task"]) for row in forms.other(judged, DOC, TASKS, "Id", "Task", "Runs")}
    flagged = [row for row in section.table(*CALENDAR) or [] if row["Clock change within a year"] != "none"]
    if len({row["What"] for row in skipped} & tasks_) < len(flagged):
        return "a task that a clock change disturbs is not among what it disturbs"
    return blank(rows, "One", "Other")


@over(
    DOC,
    4,
    "Toil a month, its share of the team against 50 %, the first three to automate",
    under="Toil",
    columns=("Task", "Who", "Minutes a month", "Cost to automate", "Pays back after"),
    missing=TASKS_GAP,
    empty="No work is done by hand",
)
def toil(judged: Bundle, section: Section, rows: Rows) -> str:
    """Sum, share and order counted again."""
    total = sum(number(row["Minutes a month"]) for row in rows)
    said = re.search(r"Together ([\d,]+) minutes a month", section.text)
    if not said or not near(number(said[1]), total, least=len(rows)):
        return f"the tasks add up to {total:g} minutes; the document says {said and said[1]}"
    share = re.search(r"([\d.]+) % of the team's ([\d,.]+) hours; (within|above)", section.text)
    if share:
        computed = 100 * total / 60 / number(share[2])
        if not near(float(share[1]), computed, least=0.3) or (share[3] == "within") != (computed <= 50):
            return f"{total:g} minutes are {computed:.1f} % of the team; the document says {share[0]}"
    elif not asked(section, "hours that the team has"):
        return "no share of the team's hours, and nobody is asked"
    paying = [row for row in rows if amount(row["Pays back after"]) is not None]
    soonest = sorted(paying, key=lambda row: number(row["Pays back after"]))[:3]
    first = re.search(r"First to automate, by pay-back time: (.+?)\.", section.text)
    wanted = [plain(row["Task"]).strip("`") for row in soonest]
    if wanted and (not first or first[1].split(", ") != wanted):
        return f"soonest paid back are {', '.join(wanted)}; the document says {first and first[1]}"
    return ""


@over(
    DOC,
    5,
    "On-call review: incidents that alerts opened, the busiest shift against its limit, noise",
    under="On-call review",
    columns=("Alert", "Incidents it opened"),
    missing="incidents that alerts opened",
    empty="No alert opened an incident",
)
def review(judged: Bundle, section: Section, rows: Rows) -> str:
    """The limit is two in twelve hours; alerts that needed no action are counted or asked for."""
    said = re.search(
        r"[Aa]t most (\d+) in one 12-hour shift \(limit (\d+)\); (\d+) of \d+ shifts above it", section.text
    )
    if not said:
        return "nothing about the busiest shift"
    if (int(said[1]) > int(said[2])) != (int(said[3]) > 0):
        return f"at most {said[1]} with a limit of {said[2]}, and {said[3]} shifts above it"
    if not asked(section, "needed no action") and "needed no action" not in section.text:
        return "noisy alerts are neither counted nor asked for"
    return "" if all(number(row["Incidents it opened"]) > 0 for row in rows) else "an alert that opened nothing"


@over(
    DOC,
    7,
    "Maintenance windows: zone, days, length, notice; silence with matchers and end; ticket; way back",
    under=MAINTENANCE,
    columns=("Window", "Cron", "Zone", "Length", "Next (UTC)", "Notice"),
    missing="when maintenance may happen|when the window",
)
def windows(judged: Bundle, section: Section, rows: Rows) -> str:
    """The silence begins and ends with the window."""
    silences = re.findall(r"amtool silence add --start=(\S+) --end=(\S+) (.+)", section.text)
    if len(silences) < len(rows) and not asked(section, "which alerts are silent"):
        return "a window without a silence"
    for row in rows:
        start = moment(row["Next (UTC)"])
        end = start + timedelta(minutes=minutes(row["Length"]))
        span = f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"
        if silences and not any((begins, ends) == span for begins, ends, _ in silences):
            return f"no silence from {start:%Y-%m-%d %H:%MZ} to {end:%Y-%m-%d %H:%MZ}"
    if any("=" not in matchers.replace("--comment=", "") for _, _, matchers in silences):
        return "a silence without matchers"
    for word in ("Change ticket", "Way back"):
        if f"**{word}:**" not in section.text and not asked(section, "rollback point|ticket"):
            return f"no {word.lower()}"
    return blank(rows, "Zone", "Notice")


@over(
    DOC,
    8,
    "Whether maintenance counts against the objectives, as SLODefinitions says",
    under=MAINTENANCE,
    columns=("Window", "Bad minutes against the SLO"),
    missing="when maintenance may happen|when the window",
)
def counted(judged: Bundle, section: Section, rows: Rows) -> str:
    """Excluded here means excluded at an indicator there."""
    indicators = forms.other(judged, "SLODefinitions", "Service Level Indicators", "Indicator", "Excluded")
    there = " ".join(row["Excluded"] for row in indicators)
    for row in rows:
        excluded = not row["Bad minutes against the SLO"].startswith("counts")
        if "SLODefinitions" in judged.documents and excluded and "maintenance" not in there:
            return f"{row['Window']} is excluded here and at no indicator of SLODefinitions.md"
    return blank(rows, "Bad minutes against the SLO")


@over(
    DOC,
    9,
    "What expires: certificates, domains, secrets, licences, with dates and lead time; sorted",
    under="What expires",
    columns=EXPIRY,
    missing="which certificates",
)
def expiries(judged: Bundle, section: Section, rows: Rows) -> str:
    """In order; each state found again."""
    today = forms.as_of(judged, DOC).date()
    ends = [day(row["Ends"]) for row in rows if days(row["Ends"])]
    if ends != sorted(ends):
        return "not in the order of the dates"
    for row in rows:
        if not days(row["Ends"]) or length(row["Lead time"]) is None:
            continue
        left = (day(row["Ends"]) - today).days
        wanted = "overdue" if left < 0 else "act now" if left <= minutes(row["Lead time"]) / 1440 else "ok"
        if plain(row["State"]) != wanted:
            return f"{plain(row['What'])} ends {row['Ends']}: {wanted}, not {plain(row['State'])!r}"
    return _reminded(judged, rows) or blank(rows, "What", "Kind", "State")


def _reminded(judged: Bundle, rows: Rows) -> str:
    """Each has its two days in the calendar and its alert in the rules, where they were generated."""
    calendar_ = judged.files.get("artifacts/expiries.ics", b"").replace(b"\r\n ", b"").decode("utf-8", "replace")
    content = judged.files.get("artifacts/expiries.rules.yaml", b"")
    rules = (
        [rule for one in documents(content) for group in one["groups"] for rule in group["rules"]] if content else []
    )
    alerts = {rule["expr"] for rule in rules}
    for row in rows:
        if not (days(row["Ends"]) and length(row["Lead time"]) is not None):
            continue
        ends, lead = day(row["Ends"]), timedelta(minutes=minutes(row["Lead time"]))
        lacking = [one for one in (ends - lead, ends) if f"DATE:{one:%Y%m%d}" not in calendar_]
        if calendar_ and lacking:
            return f"{plain(row['What'])}: {lacking[0]} is not in expiries.ics"
        epoch = timegm(ends.timetuple())
        if rules and f"vector({epoch}) - time() < {round(lead.total_seconds())}" not in alerts:
            return (
                f"{plain(row['What'])}: no alert of expiries.rules.yaml begins {row['Lead time']} before {row['Ends']}"
            )
    return ""


@over(
    DOC,
    10,
    "End of life of runtimes, databases and systems",
    under="What expires",
    columns=EXPIRY,
    missing="which certificates",
)
def end_of_life(judged: Bundle, section: Section, rows: Rows) -> str:
    """One row at least, dated, or the question."""
    ending = [row for row in rows if row["Kind"] == "end of life"]
    if not ending and not asked(section, "end of life|runtimes"):
        return "no end of life, and nobody is asked"
    if not all(days(row["Ends"]) for row in ending):
        return "an end of life without a date"
    return _supported(judged)


def _supported(judged: Bundle) -> str:
    """Each version that the documents state has its state by its date, or somebody is asked for the date."""
    section = judged.page(DOC).section("Versions in use")
    today = forms.as_of(judged, DOC).date()
    for row in (section.table("Product", "Version", "End of life", "State", "Stated in") if section else None) or []:
        what = f"{row['Product']} {row['Version']}"
        if not days(row["End of life"]):
            if section and not asked(section, re.escape(what)):
                return f"{what}: no end of life, and nobody is asked"
        elif (day(row["End of life"]) < today) != (plain(row["State"]) == "overdue"):
            return f"{what} ends {row['End of life']} and is called {plain(row['State'])!r}"
    return "" if section else "nothing about the versions in use"
