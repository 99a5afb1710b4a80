"""
Results to what a cell can end with: tables, charts, notes, files, records, explorers.

Names are looked up when they are used, so that a notebook imports only what it shows.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    **dict.fromkeys(
        (
            "severities",
            "severity_matrix",
            "alert_grades",
            "severity_words",
            "reliability",
            "incident_counts",
            "incident_times",
            "incident_trends",
            "plot_incidents",
            "open_incidents",
            "quarantine",
            "stated_durations",
            "incident_source",
        ),
        "incidents",
    ),
    **dict.fromkeys(
        (
            "rota",
            "rota_changes",
            "rota_checks",
            "clock_changes",
            "pager_loads",
            "plot_pager_loads",
            "calendars",
            "escalation_chain",
            "experts",
            "vendors",
            "pager_down",
            "on_call_now",
        ),
        "oncall",
    ),
    **dict.fromkeys(("runbook_index", "runbook_sections", "runbook_likeness"), "runbooks"),
    **dict.fromkeys(
        (
            "channels",
            "cadence",
            "messages",
            "security_branch",
            "war_room",
            "war_room_limits",
            "postmortem_triggers",
            "postmortems_owed",
            "action_items",
            "blaming_words",
            "severity_decision",
        ),
        "response",
    ),
    **dict.fromkeys(("Table",), "table"),
    **dict.fromkeys(("Chart",), "chart"),
    **dict.fromkeys(("Note", "Record", "Stack", "Steps", "Heading", "CodeBlock"), "shown"),
    **dict.fromkeys(("Artifact",), "artifact"),
    **dict.fromkeys(("Explorer",), "widgets"),
    **dict.fromkeys(("header", "sources", "open_questions"), "document"),
    "greeting": "opening",
}
"""Public name -> module of this package."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
