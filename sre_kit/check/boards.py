"""What is wrong with a generated dashboard: its claim, the signals of a service, the budget of an objective."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sre_kit.check import forms
from sre_kit.check.cells import plain
from sre_kit.check.points import Bundle

ENDING: Final = ".dashboard.json"
SIGNALS: Final = ("Traffic", "Errors", "Latency", "Saturation")
BUDGET: Final = "Error budget left"
DEFINITIONS: Final = "SLODefinitions"

Panel = Mapping[str, Any]


def problem(judged: Bundle) -> str:
    """
    The first defect; empty where there is none, or no dashboard was generated.

    Each service with an objective has the four golden signals and each objective its budget: as a panel with queries
    that parse, or as one that says why there is none.
    """
    files = {path: content for path, content in judged.files.items() if path.endswith(ENDING)}
    if not files:
        return ""
    claim = forms.checked_file(judged, ENDING, "schema-validated")
    if claim.state != "passed":
        return claim.evidence
    rows: dict[str, list[Panel]] = {}
    for path, content in files.items():
        try:
            rows |= _rows(json.loads(content)["panels"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return f"{path} is no dashboard: {error}"
    wanted: list[tuple[str, tuple[str, ...]]] = [
        (f"{service}: golden signals", SIGNALS) for service in _services(judged)
    ]
    wanted += [(f"{slo}: ", (BUDGET,)) for slo in _objectives(judged)]
    return next((said for title, signals in wanted if (said := _row(rows, title, signals))), "")


def _rows(panels: Iterable[Panel]) -> dict[str, list[Panel]]:
    """Title of each row -> the panels below it, until the next."""
    found: dict[str, list[Panel]] = {}
    below: list[Panel] = []
    for panel in panels:
        if panel["type"] == "row":
            below = found.setdefault(panel["title"], [])
        else:
            below.append(panel)
    return found


def _row(rows: Mapping[str, list[Panel]], title: str, signals: Iterable[str]) -> str:
    panels = next((below for name, below in rows.items() if name.startswith(title)), None)
    if panels is None:
        return f"the dashboard has no row {title.rstrip(': ')!r}"
    if any(panel["type"] == "text" and panel["title"] == "No rules" for panel in panels):
        return ""
    for signal in signals:
        one = next((panel for panel in panels if panel["title"] == signal), None)
        if one is None:
            return f"{title.rstrip(': ')}: no panel {signal!r}"
        if said := _panel(one):
            return f"{title.rstrip(': ')}, {signal}: {said}"
    return ""


def _panel(panel: Panel) -> str:
    import promql_parser

    if panel["type"] == "text":
        return "" if "Not known" in panel["options"]["content"] else "a text that does not say what is missing"
    if not panel.get("targets"):
        return "a panel without a query"
    for target in panel["targets"]:
        try:
            promql_parser.parse(target["expr"])
        except ValueError as error:
            return f"{target['expr']!r} does not parse: {error}"
    return ""


def _services(judged: Bundle) -> list[str]:
    rows = forms.other(judged, DEFINITIONS, "Error budget policy", "Service", "State", "Permitted now")
    return [plain(row["Service"]) for row in rows]


def _objectives(judged: Bundle) -> list[str]:
    rows = forms.other(judged, DEFINITIONS, "Service Level Objectives", "Objective", "Target")
    return [plain(row["Objective"]) for row in rows]
