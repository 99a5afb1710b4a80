"""Files that remind people of what expires, and what to do then."""

from __future__ import annotations

from sre_kit.show.artifact import Artifact
from sre_kit.show.shown import Note, Shown, Stack, Steps


def expiry_files(calendar: str, rules: str) -> Shown:
    """The calendar and the alert rules; nothing where nothing expires."""
    if not rules:
        return Note("Nothing is known to expire, so there is nothing to be reminded of.")
    return Stack(
        Artifact("expiries.ics", calendar, "text/calendar", "the day to act and the last day of each, for calendars"),
        Artifact("expiries.rules.yaml", rules, "application/yaml", "an alert for each when its lead time begins"),
    )


def expiry_runbook() -> Steps:
    """What to do when an alert on an expiry fires."""
    return Steps(
        [
            "Find the row in the table and tell its owner; an automatic renewal is looked at, not believed",
            "Renew or replace it; whoever has to be told (users, partners) is told today",
            "Verify on the outside: what the users' side shows has the new date",
            "Write the new date into operations.expiries (of a secret its last rotation) and render",
        ]
    )
