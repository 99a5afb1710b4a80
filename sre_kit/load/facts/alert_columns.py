"""Alerts in a column of a table about something else: `| Metric | Target | Alert threshold |`."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alerts import SIGN, alert_rule
from sre_kit.load.facts.reading import Table

ALERT_COLUMN: Final = re.compile(
    r"(?i)(?:burn[- ]rate |paging |slo )?(?:alert(?:ing)?|alarm|alerta|алерт|告警|报警)"
    r"(?: threshold| condition| at| when| if| on| level| trigger)?(?:\s?\([^()]*\))?"
)
"""A column that says from which value on somebody is told, in a table about something else."""


def alert_column(table: Table, document: str) -> tuple[str, list[Fact]]:
    """The name of such a column, and its rules: `| Time to frame | <= 8 s | > 12 s over 5 min |` under "Alert"."""
    index = next((index for index, name in enumerate(table.header) if index and ALERT_COLUMN.fullmatch(name)), None)
    if index is None:
        return "", []
    around = (table.lead, *reversed(table.heading))
    found = []
    for row in table.rows:
        cell = row.cells[index] if index < len(row.cells) else ""
        if SIGN.search(cell) and re.search(r"\d", cell) and row.cells[0]:
            condition = f"{row.cells[0]} {cell}"
            details = {"condition": condition}
            found.append(
                alert_rule(row.cells[0], condition, details, row.line, row.source, table.heading, document, around)
            )
    return table.header[index], found
