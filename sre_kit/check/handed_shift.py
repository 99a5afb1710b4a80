"""The part of SREHandoff.md that hands one shift over, held against the calendar, its own rows and the records."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from sre_kit.check import files
from sre_kit.check.cells import moment, moments, near, plain, quantity
from sre_kit.check.forms import asked
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

SHIFT: Final = "The shift"
SHARE: Final = "Of the window's budget"


def on_call(judged: Bundle, person: str, at: object) -> bool:
    """Whether a generated calendar has the person as primary then; true where there is no calendar."""
    content = judged.files.get("artifacts/oncall.ics")
    if content is None:
        return True
    return any(
        event["x-oncall-person"] == person
        and event["x-oncall-layer"] == "primary"
        and event.decoded("dtstart").astimezone(UTC) <= at < event.decoded("dtend").astimezone(UTC)
        for event in files.calendar(content).events
    )


def shift_problem(judged: Bundle, name: str) -> str:
    """What is wrong with the shift that is handed over; empty where nothing is, or the document asks whose it is."""
    section = judged.page(name).section(SHIFT)
    if section is None:
        return f"no section {SHIFT!r}"
    said = re.search(r"\*\*Shift of ([^*]+)\*\*(.*)", section.text)
    if not said:
        return "" if asked(section, "whose shift") else "it does not say whose shift is handed over"
    start, end = moments(said[2])[:2]
    if "so far" in said[2] and not on_call(judged, said[1], end - timedelta(minutes=1)):
        return f"{said[1]} is not primary in the calendar"
    if "Next: " in said[2] and not re.search(r"; (signed \d{4}-|not signed|no hand-over)", said[2]):
        return "it does not say whether the next one has signed"
    return _met(section, start, end) or _spent(judged, section) or _deployed(section, start, end)


def _met(section: Section, start: datetime, end: datetime) -> str:
    """Incidents of the shift, or open from before it; pages and what is left open counted again."""
    rows = section.table("Began", "Incident", "Found by", "Lasted") or []
    inside = [row for row in rows if start <= moment(row["Began"]) < end]
    if any(plain(row["Lasted"]) != "open" for row in rows if row not in inside):
        return "an incident from before the shift is listed and not open"
    counts = re.search(r"Pages: (\d+); incidents that began in the shift: (\d+); left open: (\d+)", section.text)
    pages = sum(row["Found by"].lower().startswith("alert ") for row in inside)
    left = sum(plain(row["Lasted"]) == "open" for row in rows)
    if rows and (not counts or [int(n) for n in counts.groups()] != [pages, len(inside), left]):
        return f"{pages} pages, {len(inside)} incidents, {left} left open; the document says {counts and counts[0]}"
    return ""


def _spent(judged: Bundle, section: Section) -> str:
    """Shares of the budgets against the records."""
    for row in section.table("Objective", "Bad in the shift", SHARE, "State") or []:
        share = judged.manifest.records.get(f"shift.{plain(row['Objective'])}.budget_spent_share", {}).get("value")
        if share is not None and not near(quantity(row[SHARE]), share, least=0.0006):
            return f"{row['Objective']}: {row[SHARE]} here, {share:.4f} in the records"
    return ""


def _deployed(section: Section, start: datetime, end: datetime) -> str:
    rows = section.table("Deployed", "Service", "Version", "Outcome") or []
    late = [row for row in rows if not start <= moment(row["Deployed"]) < end]
    return f"{late[0]['Service']} {late[0]['Version']} was not deployed in the shift" if late else ""
