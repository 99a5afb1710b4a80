"""
Results to what a cell can end with: tables, charts, notes, files, records, explorers.

Names are looked up when they are used, so that a notebook imports only what it shows.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    "handed_shift": "readiness.handed_shifts",
    **dict.fromkeys(("dashboards", "dashboard_matrix", "alert_dashboards", "blind_spots"), "readiness.boards"),
    **dict.fromkeys(("automations", "automation_guards", "automation_files"), "operations.automation"),
    **dict.fromkeys(("derivation", "references"), "derivations"),
    **dict.fromkeys(("rota_explorer",), "oncall.rota_settings"),
    **dict.fromkeys(("escalation_chain", "experts", "vendors", "pager_down", "alert_routing"), "oncall.escalation"),
    **dict.fromkeys(("paged",), "operations.runbooks"),
    **dict.fromkeys(
        ("severities", "severity_matrix", "alert_grades", "severity_words", "severity_decision"), "response.severity"
    ),
    **dict.fromkeys(
        (
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
        "response.incidents",
    ),
    **dict.fromkeys(
        (
            "rota",
            "rota_changes",
            "rota_checks",
            "clock_changes",
            "pager_loads",
            "interruptions",
            "plot_pager_loads",
            "calendars",
            "on_call_now",
        ),
        "oncall.shifts",
    ),
    **dict.fromkeys(("incident_report_page",), "response.incident_reports"),
    **dict.fromkeys(("incident_explorer",), "response.incident_history"),
    **dict.fromkeys(
        ("runbook_index", "runbook_sections", "runbook_likeness", "own_runbook_index", "own_runbook_sections"),
        "operations.runbooks",
    ),
    **dict.fromkeys(
        (
            "channels",
            "cadence",
            "messages",
            "component_names",
            "issue_template",
            "security_branch",
            "war_room",
            "war_room_limits",
            "postmortem_triggers",
            "postmortems_owed",
            "action_items",
            "blaming_words",
        ),
        "response.working",
    ),
    **dict.fromkeys(("Table",), "table"),
    **dict.fromkeys(("Chart",), "chart"),
    **dict.fromkeys(("Note", "Record", "Stack", "Steps", "Heading", "CodeBlock"), "shown"),
    **dict.fromkeys(("Artifact",), "artifact"),
    **dict.fromkeys(("Explorer",), "widgets"),
    **dict.fromkeys(("header", "version_changes", "sources", "open_questions"), "document"),
    **dict.fromkeys(
        (
            "indicators",
            "journeys",
            "rejected_indicators",
            "objectives",
            "contract_margins",
            "promises",
            "promise_conflicts",
            "target_evidence",
            "recommendation_ladders",
            "slo_dependencies",
            "indicator_choices",
        ),
        "slo.objectives",
    ),
    **dict.fromkeys(
        (
            "error_budgets",
            "earlier_periods",
            "budget_ledgers",
            "exhaustion_forecasts",
            "returning_budgets",
            "budget_policies",
        ),
        "slo.budgets",
    ),
    "budget_explorer": "slo.exploring",
    "back_test_explorer": "slo.exploring_alerts",
    "load_explorer": "performance.exploring",
    "capacity_explorer": "capacity.exploring",
    "recovery_explorer": "operations.exploring",
    **dict.fromkeys(("policy_comparison", "policy_search", "missing_data_alerts"), "slo.policies"),
    **dict.fromkeys(("composite_budgets",), "slo.composites"),
    **dict.fromkeys(("budget_chart", "burn_rate_chart", "plot_burn_downs", "plot_burn_rate"), "slo.budget_charts"),
    **dict.fromkeys(
        ("alert_rules", "alert_back_tests", "incident_detections", "low_traffic", "alert_comparison"), "slo.alerting"
    ),
    **dict.fromkeys(
        (
            "measurement_methods",
            "budgeting_methods",
            "early_reviews",
            "availability_from_incidents",
            "data_source",
            "stakeholder_agreements",
            "review_calendar",
            "objective_changes",
            "decisions",
            "read_as_of",
        ),
        "slo.agreements",
    ),
    **dict.fromkeys(("greeting", "session", "owed", "urgent_findings", "notebooks"), "opening"),
    "promised_availabilities": "slo.timeslices",
    **dict.fromkeys(
        (
            "endpoint_baselines",
            "plot_latencies",
            "performance_targets",
            "bottleneck_ranking",
            "bottleneck_derivation",
            "load_test_saturation",
            "latency_budgets",
            "endpoint_sources",
        ),
        "performance.baselines",
    ),
    **dict.fromkeys(
        ("load_tests", "plot_throughput", "scalability", "run_differences"),
        "performance.loadtesting",
    ),
    **dict.fromkeys(("change_points", "plot_run_history", "run_saturation", "hidden_waiting"), "performance.runs"),
    **dict.fromkeys(("optimisations", "plot_optimisations"), "performance.optimising"),
    "raw_events": "performance.events",
    **dict.fromkeys(("capacity_triggers", "trigger_answers", "capacity_rules_file"), "capacity.triggers"),
    "critical_paths": "performance.traces",
    "execution_plans": "performance.query_plans",
    **dict.fromkeys(("caches", "cache_curve", "content_delivery", "database_statements"), "performance.delivery"),
    **dict.fromkeys(
        ("resource_usage", "resource_trends", "plot_headroom", "forecasts", "plot_forecasts", "exhaustion_dates"),
        "capacity.outlook",
    ),
    **dict.fromkeys(
        (
            "growth_scenarios",
            "demand_drivers",
            "demand_events",
            "scaling_strategies",
            "scaling_derivation",
            "connection_arithmetic",
            "survival",
            "right_sizing",
            "kubernetes_file",
            "capacity_sources",
        ),
        "capacity.scaling",
    ),
    **dict.fromkeys(
        ("forecast_method", "trend_scenarios", "short_forecasts", "exhaustion_scenarios"), "capacity.foreseen"
    ),
    **dict.fromkeys(("ceiling_arithmetic", "queue_waits"), "capacity.limits"),
    "size_explorer": "capacity.sizing_explorer",
    **dict.fromkeys(("current_costs", "unit_costs", "savings", "budget_months", "roadmap"), "capacity.costs"),
    **dict.fromkeys(
        (
            "backups",
            "recovery_proofs",
            "backup_rules",
            "retention",
            "restore_steps",
            "restore_order",
            "plot_recovery",
            "accepted_losses",
        ),
        "operations.recovery",
    ),
    **dict.fromkeys(("recovery_drills", "drill_records"), "operations.drills"),
    **dict.fromkeys(("lifecycles",), "operations.lifecycle"),
    **dict.fromkeys(("task_calendar", "clock_disturbances", "task_collisions", "peak_hours"), "operations.timetable"),
    **dict.fromkeys(("patch_stages", "patch_exceptions"), "operations.patching"),
    **dict.fromkeys(("expiry_files", "expiry_runbook"), "operations.expiries"),
    **dict.fromkeys(("backup_alerts", "backup_runbook"), "operations.freshness"),
    **dict.fromkeys(("canary_limits", "canary_releases", "plot_canaries", "analysis_file"), "operations.canaries"),
    **dict.fromkeys(
        (
            "disaster_scenarios",
            "scenario_objectives",
            "disaster_steps",
            "single_points",
            "stand_ins",
            "recovery_tests",
            "rehearsal_plan",
            "activation",
        ),
        "operations.disaster",
    ),
    **dict.fromkeys(
        (
            "operational_tasks",
            "toil",
            "plot_toil",
            "maintenance_windows",
            "endings",
            "standing",
        ),
        "operations.tasks",
    ),
    **dict.fromkeys(
        (
            "patch_policies",
            "security_findings",
            "patch_scopes",
            "emergency_patch",
            "configuration",
            "secret_rotations",
            "environment_differences",
            "change_classes",
            "service_changes",
            "change_state",
            "freezes",
            "flight_checks",
            "deploy_metrics",
        ),
        "operations.change",
    ),
    **dict.fromkeys(
        (
            "reliability_metrics",
            "plot_budget_consumption",
            "monitoring_coverage",
            "stability",
            "bus_factors",
            "budget_states",
        ),
        "readiness.coverage",
    ),
    **dict.fromkeys(
        (
            "deliverables",
            "rubric_failures",
            "top_findings",
            "questions_by_role",
            "open_items",
            "gotchas",
            "crosschecks",
            "build_plan",
            "sign_offs",
            "prior_inputs",
        ),
        "readiness.handover",
    ),
    **dict.fromkeys(
        ("transfers", "accesses", "pager_test", "recent_incidents", "in_flight", "watch_items", "alert_load"),
        "readiness.transfer",
    ),
    **dict.fromkeys(
        (
            "procedures",
            "sessions",
            "session_coverage",
            "shadowing",
            "exercises",
            "reading_order",
            "glossary",
            "support_contracts",
            "capacity_headroom",
            "plot_architecture",
        ),
        "readiness.knowledge",
    ),
}
"""Public name -> module of this package."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)


if "IPython" in sys.modules:  # the load cell of a notebook, or a console
    import_module(f"{__name__}.error_panels").install()
