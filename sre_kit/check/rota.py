"""The points of IncidentResponse.md on the rota: the table, the calendar and the rules say the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sre_kit.check import files
from sre_kit.check.cells import blank, local, minutes, moment, moments, names, near, number, plain
from sre_kit.check.forms import Rows, asked, guarded, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle, Verdict, failed, not_known, passed, point

DOC: Final = "IncidentResponse"
ROTA: Final = "On-call rotation schedules"
COLUMNS: Final = ("From (UTC)", "Length", "Primary", "Secondary", "Shadow", "Changed")
GAP: Final = "who is on call"
RULES: Final = ("Rule", "State", "What breaks it")
LOADS: Final = ("Person", "Primary hours", "Nights, hours", "Weekend days", "Public holidays", "Share (fair)")
LAYERS: Final = ("Primary", "Secondary", "Shadow")
LARGEST_SHARE: Final = 50
"""Percent of the hours that one person may carry."""


@dataclass(frozen=True)
class Turn:
    """A row of the rota: from, until, and who has what."""

    start: datetime
    end: datetime
    people: dict[str, list[str]]
    changed: str
    shown: str
    """Its beginning on the clock of the rotation, as printed."""


def turns(rows: Rows) -> list[Turn]:
    """The rows of the rota."""
    found = []
    for row in rows:
        start = moment(row["From (UTC)"])
        here = next((row[c] for c in row if c.startswith("From (") and c != "From (UTC)"), "")
        end = start + timedelta(minutes=minutes(row["Length"]))
        found.append(Turn(start, end, {c: names(row[c]) for c in LAYERS}, plain(row["Changed"]), here))
    return found


def broken(section: Section, rule: str) -> bool:
    """Whether the document itself says that a rule is not kept."""
    rows = section.table(*RULES) or []
    return any(row["Rule"].startswith(rule) and plain(row["State"]) != "kept" for row in rows)


def _ruled(section: Section, rule: str) -> bool:
    return any(row["Rule"].startswith(rule) and row["State"] for row in section.table(*RULES) or [])


@over(
    DOC,
    8,
    "Every minute has a primary and a secondary, or the hole is listed",
    under=ROTA,
    columns=COLUMNS,
    missing=GAP,
)
def coverage(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each turn begins where the last ends; nobody is missing, unless the rule says what breaks it."""
    if broken(section, "Every minute covered"):
        return blank([r for r in section.table(*RULES) or [] if r["Rule"].startswith("Every minute")], "What breaks it")
    found = turns(rows)
    for one, following in pairwise(found):
        if abs(following.start - one.end) > timedelta(minutes=5):
            return f"{one.end:%Y-%m-%d %H:%MZ} to {following.start:%Y-%m-%d %H:%MZ} is in no turn"
    for one in found:
        for layer in ("Primary", "Secondary"):
            if not one.people[layer]:
                return f"no {layer.lower()} from {one.start:%Y-%m-%d %H:%MZ}, and the rules call it covered"
    start, end = _horizon(section)
    if found[0].start > start or found[-1].end < end:
        return "the turns do not reach over the whole horizon"
    return ""


def _horizon(section: Section) -> tuple[datetime, datetime]:
    line = next((line for line in section.text.split("\n") if line.startswith("Source: sweep over")), "")
    found = moments(line)
    if len(found) < 2:
        return moment(line), moment(line)
    return found[0], found[1]


@over(DOC, 9, "Nobody is primary and secondary at once", under=ROTA, columns=COLUMNS, missing=GAP)
def twice(judged: Bundle, section: Section, rows: Rows) -> str:
    """In no turn, and in no calendar."""
    for one in turns(rows):
        both = set(one.people["Primary"]) & set(one.people["Secondary"])
        if both and not broken(section, "Nobody on two layers"):
            return f"{both.pop()} is primary and secondary from {one.start:%Y-%m-%d %H:%MZ}"
    return ""


@over(
    DOC,
    10,
    "Wall time and UTC agree, in a zone of the IANA database; clock changes are listed",
    under=ROTA,
    columns=COLUMNS,
    missing=GAP,
)
def clocks(judged: Bundle, section: Section, rows: Rows) -> str:
    """Each beginning is converted again."""
    zone = next((c[6:-1] for c in rows[0] if c.startswith("From (") and c != "From (UTC)"), "")
    if not zone:
        return "the rotation's zone is not shown"
    for one in turns(rows):
        wanted = f"{local(one.start, zone):%a %d %b %H:%M}"
        if one.shown != wanted:
            return f"{one.start:%Y-%m-%d %H:%MZ} is {wanted} in {zone}, not {one.shown}"
    changes = section.table("Zone", "At", "Clock moves")
    if not changes and "does not change within a year" not in section.text:
        return "changes of the clock are not listed"
    return ""


@over(
    DOC,
    11,
    "Fair: hours, nights, weekends and holidays of each person",
    under=ROTA,
    columns=LOADS,
    missing="people of the rota|" + GAP,
)
def fairness(judged: Bundle, section: Section, rows: Rows) -> str:
    """Primary hours are counted again from the turns."""
    problem = blank(rows, *LOADS)
    if problem:
        return problem
    if not _ruled(section, "Fair"):
        return "no rule says whether it is fair"
    start, end = _horizon(section)
    hours: dict[str, float] = {}
    for one in turns(section.table(*COLUMNS) or []):
        inside = (min(one.end, end) - max(one.start, start)).total_seconds() / 3600
        for person in one.people["Primary"]:
            hours[person] = hours.get(person, 0.0) + max(0.0, inside)
    for row in rows:
        person = plain(row["Person"])
        if not near(number(row["Primary hours"]), hours.get(person, 0.0), least=1.0):
            return f"{person}: {row['Primary hours']} primary hours, the turns give {hours.get(person, 0.0):g}"
    return ""


@over(
    DOC, 12, "Absences and overrides are honoured, and which wins is stated", under=ROTA, columns=COLUMNS, missing=GAP
)
def exceptions(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nobody works while absent; who overrides is primary or secondary then."""
    if "Where two rules meet the stronger wins" not in section.text:
        return "it does not say which rule wins"
    listed = section.table("What", "Who", "From", "Until")
    if not listed:
        return "" if "No absence and no override" in section.text else "absences and overrides are not listed"
    found = turns(rows)
    for row in listed:
        who, start, end = plain(row["Who"]), moment(row["From"]), moment(row["Until"])
        there = [t for t in found if t.start < end and start < t.end]
        works = [t for t in there if who in t.people["Primary"] + t.people["Secondary"]]
        if row["What"] == "absence" and works and not broken(section, "Absences"):
            return f"{who} is absent from {row['From']} and on call"
        if row["What"] == "override" and there and not works and not broken(section, "Overrides"):
            return f"the override of {who} from {row['From']} has no effect"
    return ""


@over(
    DOC,
    13,
    "Rest, consecutive shifts, share and size of the team",
    under=ROTA,
    columns=LOADS,
    missing="people of the rota|" + GAP,
)
def rest(judged: Bundle, section: Section, rows: Rows) -> str:
    """Nobody carries more than half; the rules on rest and on the team's size have a verdict."""
    for rule in ("Rest between primary shifts", "Enough people to last"):
        if not _ruled(section, rule):
            return f"no verdict on {rule!r}"
    for row in rows:
        if number(row["Share (fair)"]) > LARGEST_SHARE and not broken(section, "Fair"):
            return f"{plain(row['Person'])} carries {row['Share (fair)']} of the hours and the rules call it fair"
    small = broken(section, "Enough people")
    return "" if small or len(rows) >= 8 else f"{len(rows)} people carry the pager and nothing warns"


@over(DOC, 14, "Handoffs on working days, in working hours", under=ROTA, columns=COLUMNS, missing=GAP)
def handoffs(judged: Bundle, section: Section, rows: Rows) -> str:
    """By the clock of the rotation; the edges of an override are its own."""
    if broken(section, "Handoffs on working days"):
        return ""
    zone = next((c[6:-1] for c in rows[0] if c.startswith("From (") and c != "From (UTC)"), "UTC")
    found = turns(rows)
    for before, one in pairwise(found):
        if "override" in before.changed + one.changed:
            continue
        wall = local(one.start, zone)
        if wall.weekday() >= 5 or not 8 <= wall.hour < 18:
            return f"the handoff of {wall:%a %Y-%m-%d %H:%M} lies outside working hours, and the rules call it kept"
    return "" if _ruled(section, "Handoffs on working days") else "no verdict on handoffs"


@over(DOC, 15, "Shadow shifts before the first own one", under=ROTA, columns=COLUMNS, missing=GAP)
def shadows(judged: Bundle, section: Section, rows: Rows) -> str:
    """Who shadows at all shadows before being primary."""
    if not _ruled(section, "Shadow before"):
        return "no verdict on shadow shifts"
    found = turns(rows)
    for person in {who for one in found for who in one.people["Shadow"]}:
        first = min(one.start for one in found if person in one.people["Shadow"])
        own = [one.start for one in found if person in one.people["Primary"]]
        if own and min(own) < first and not broken(section, "Shadow before"):
            return f"{person} is primary before the first shadow shift"
    return ""


@guarded
def _calendar(judged: Bundle, name: str) -> Verdict:
    """CRLF, at most 75 octets a line, a VTIMEZONE for each zone, UIDs once, DTSTAMP of the report."""
    if not (calendars := {n: c for n, c in judged.files.items() if n.endswith(".ics")}):
        return _no_calendar(judged, name)
    for path, content in calendars.items():
        if re.search(rb"(?<!\r)\n", content):
            return failed(f"{path}: a line does not end with CRLF")
        if any(len(line) > 75 for line in content.split(b"\r\n")):
            return failed(f"{path}: a line is longer than 75 octets")
        try:
            found = files.calendar(content)
        except ValueError as error:
            return failed(f"{path} cannot be parsed: {error}")
        ids = [str(event["uid"]) for event in found.events]
        if len(set(ids)) < len(ids):
            return failed(f"{path}: a UID stands twice")
        used = set(re.findall(rb"TZID=([^:;]+)[:;]", content)) - {zone.encode() for zone in found.zones}
        if used:
            return failed(f"{path}: no VTIMEZONE for {used.pop().decode()}")
        if len({event.decoded("dtstamp") for event in found.events}) > 1:
            return failed(f"{path}: DTSTAMP differs from shift to shift")
    return passed(f"{len(calendars)} calendars parse again")


point(DOC, 16, "The calendar parses again: CRLF, at most 75 octets, VTIMEZONE, stable UID and DTSTAMP")(_calendar)


def _no_calendar(judged: Bundle, name: str) -> Verdict:
    section = judged.page(name).section(ROTA)
    if section is not None and "](artifacts/" not in section.text:
        return not_known("nobody is on call, so there is no calendar", section.line)
    return failed("the calendar that the document links is not there", section.line if section else 0)


@guarded
def _agreement(judged: Bundle, name: str) -> Verdict:
    """In each turn exactly those are on call whose shifts cover it, and no shift is left over."""
    content = judged.files.get("artifacts/oncall.ics")
    if content is None:
        return _no_calendar(judged, name)
    section = judged.page(name).section(ROTA)
    rows = section.table(*COLUMNS) if section else None
    if section is not None and not rows and asked(section, GAP):
        return not_known("nobody is on call", section.line)
    if section is None or not rows:
        return failed("a calendar, and no table of turns")
    try:
        events = files.calendar(content).events
    except ValueError as error:
        return failed(f"oncall.ics cannot be parsed: {error}")
    problem = _difference(turns(rows), events) or _tables_differ(judged, events)
    return (
        failed(problem, section.line) if problem else passed(f"{len(events)} shifts agree with the table", section.line)
    )


point(DOC, 17, "Table, calendar and the files for other tools agree shift for shift")(_agreement)


def _tables_differ(judged: Bundle, events: Sequence[Any]) -> str:
    """Whether oncall.json or oncall.csv, as far as they are there, has other shifts than the calendar."""
    calendar = {
        (str(e["x-oncall-layer"]), str(e["x-oncall-person"]), e.decoded("dtstart"), e.decoded("dtend")) for e in events
    }
    found: dict[str, list[dict[str, str]]] = {}
    for name in ("oncall.json", "oncall.csv"):
        content = judged.files.get(f"artifacts/{name}")
        if content is not None:
            text = content.decode("utf-8")
            found[name] = (
                json.loads(text)["shifts"] if name.endswith("json") else list(csv.DictReader(io.StringIO(text)))
            )
    for name, rows in found.items():
        shifts = {
            (r["layer"], r["person"], datetime.fromisoformat(r["start"]), datetime.fromisoformat(r["end"]))
            for r in rows
        }
        if len(rows) != len(events) or shifts != calendar:
            return f"{name} has other shifts than oncall.ics ({len(shifts ^ calendar)} differ)"
    return ""


def _difference(found: Sequence[Turn], events: Sequence[Any]) -> str:
    minute = timedelta(minutes=5)
    shifts = [
        (str(e["x-oncall-layer"]).capitalize(), str(e["x-oncall-person"]), e.decoded("dtstart"), e.decoded("dtend"))
        for e in events
    ]
    for turn in found:
        for layer in LAYERS:
            there = {
                who
                for of, who, start, end in shifts
                if of == layer and start < turn.end - minute and turn.start + minute < end
            }
            if there != set(turn.people[layer]):
                return (
                    f"{layer.lower()} from {turn.start:%Y-%m-%d %H:%MZ}: the table has "
                    f"{', '.join(turn.people[layer]) or 'nobody'}, the calendar {', '.join(sorted(there)) or 'nobody'}"
                )
    for layer in LAYERS:
        table = sum(((t.end - t.start) * len(t.people[layer]) for t in found), timedelta(0))
        calendar = sum((end - start for of, _, start, end in shifts if of == layer), timedelta(0))
        if abs(table - calendar) > timedelta(hours=1):
            return f"{layer.lower()}: {table} in the table, {calendar} in the calendar"
    return ""
