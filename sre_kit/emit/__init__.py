"""
Results to files for other tools: the text only; showing and writing it is somebody else's work.

Names are looked up when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    **dict.fromkeys(("calendars", "icalendar_text", "shifts_in"), "calendar"),
    **dict.fromkeys(("shift_tables",), "shift_files"),
    **dict.fromkeys(("own_alerts",), "generated_alerts"),
    **dict.fromkeys(("incident_issue",), "issue_template"),
    **dict.fromkeys(("alertmanager_config", "alert_routes", "route_tests", "watchdog_rules"), "alertmanager"),
    **dict.fromkeys(("autoscalers", "event_scalers", "disruption_budgets"), "kubernetes"),
    **dict.fromkeys(("data_rules",), "absent"),
    **dict.fromkeys(("automation_files",), "automation"),
    **dict.fromkeys(("backup_rules", "backup_rule_tests"), "backups"),
    **dict.fromkeys(("analysis_templates",), "rollouts"),
    **dict.fromkeys(("expiry_calendar", "expiry_rules"), "expiries"),
    **dict.fromkeys(("prometheus_rules", "rule_groups", "without_rules", "alert_name"), "prometheus"),
    **dict.fromkeys(("sloth_rules", "sloth_groups", "prometheus_rule_object"), "sloth"),
    **dict.fromkeys(("grafana_dashboard",), "grafana"),
    "capacity_dashboard": "dashboards",
    **dict.fromkeys(("capacity_rules", "capacity_rule_tests"), "trigger_rules"),
    **dict.fromkeys(("prometheus_rule_tests",), "rule_tests"),
    **dict.fromkeys(("openslo_documents",), "openslo"),
}
"""Public name -> module of this package."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
