"""How backups are watched: the alert of each store, the age at which it fires, and what to do then."""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.operations.freshness import Freshness, Unwatched
from sre_kit.compute.vocabulary import Finding
from sre_kit.show.artifact import Artifact
from sre_kit.show.shown import Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Strong, ticked
from sre_kit.units import MISSING, span

RULES = "backups.rules.yaml"
TESTS = "backups.rules-test.yaml"
_STEPS = (
    "Look at the job's last run and its output; the owner stands in the table of backups",
    "Save the store by hand, by its method in that table, before anything else is changed",
    "Ask the alert's own query again: it must name the new backup",
    "Older than twice the limit, or a second failure in a row: open an incident, and stop what would make a restore "
    "necessary (schema changes, migrations, deletions)",
    "`...AgeMissing` fires when nobody says how old a backup is: look at the scrape of its series first",
)


def backup_alerts(watched: Sequence[Freshness], unwatched: Sequence[Unwatched], rules: str, tests: str) -> Stack:
    """The generated alerts with their limits, the rule files, and the stores that nothing can watch yet."""
    rows: list[Sequence[Inline]] = [
        (
            one.component,
            one.alert,
            Code(one.query),
            span(one.after),
            one.because,
            Strong(one.always) if one.always else "in time",
        )
        for one in watched
    ]
    rows += [(one.component, Strong("none"), MISSING, MISSING, one.why, MISSING) for one in unwatched]
    findings = [Finding(7, 3.0, f"the alert on {one.component}'s backup {one.always}") for one in watched if one.always]
    table = Table(
        ("Component", "Alert", "Last good backup", "Fires when older than", "Because", "On schedule"),
        rows,
        findings=findings,
        empty="No component has a backup that could be too old.",
    )
    parts: list[Shown] = [table]
    if rules:
        parts.append(Artifact(RULES, rules, "application/yaml", "alerts on backups that are too old"))
        parts.append(Artifact(TESTS, tests, "application/yaml", "their tests"))
    return Stack(*parts)


def backup_runbook() -> Steps:
    """What to do when one of these alerts fires."""
    return Steps([ticked(step) for step in _STEPS])
