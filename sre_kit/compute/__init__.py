"""
The arithmetic of reliability, pure: no files, clock, environment, network, plots or notebooks.

`as_of` is a parameter. Ratios lie in 0..1, durations are timedeltas, times are UTC. What is not known is
``None`` or NaN, never 0 and never 100 %.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    **dict.fromkeys(("graded", "unmapped", "selected", "downtime"), "incidents"),
    **dict.fromkeys(("severity_matrix", "graded_alerts", "level_of", "derived_levels"), "severity"),
    **dict.fromkeys(("incident_statistics", "incident_window", "stated_durations"), "reliability"),
    **dict.fromkeys(("severity_decisions", "monitoring_decisions"), "decisions"),
    **dict.fromkeys(("schedule",), "rota"),
    **dict.fromkeys(("rota_review",), "rota_checks"),
    **dict.fromkeys(("pager_coverage",), "pager_cover"),
    **dict.fromkeys(("holidays_of",), "holidays"),
    **dict.fromkeys(("interruption_load",), "interruption"),
    **dict.fromkeys(("incident_impacts", "measured_shares"), "impact"),
    **dict.fromkeys(("incident_part",), "incident_history"),
    **dict.fromkeys(("incident_report",), "incident_reports"),
    **dict.fromkeys(("notified", "worst_case", "escalation_problems", "late_severities"), "escalation"),
    **dict.fromkeys(("postmortems_owed", "action_items", "blaming_words"), "postmortems"),
    **dict.fromkeys(("own_runbooks",), "own_alerts"),
    **dict.fromkeys(("alert_rules", "runbook_check", "similar_runbooks"), "runbooks"),
    **dict.fromkeys(("slo_window", "window_before", "nominal"), "windows"),
    **dict.fromkeys(("history", "histories"), "counts"),
    **dict.fromkeys(
        (
            "error_budget",
            "error_budgets",
            "earlier_budgets",
            "burn_rate",
            "burn_rate_at",
            "policy_state",
            "budgeting_methods",
        ),
        "budget",
    ),
    **dict.fromkeys(("budget_ledger", "budget_ledgers"), "ledger"),
    **dict.fromkeys(("exhaustion_forecast", "exhaustion_forecasts", "returning_budget"), "budget_forecast"),
    **dict.fromkeys(("target_advice", "target_advices", "dependency_bound"), "targets"),
    **dict.fromkeys(("composite_budgets",), "composites"),
    **dict.fromkeys(("release_decisions",), "release"),
    **dict.fromkeys(("compared_policies", "policy_search"), "grid"),
    **dict.fromkeys(("alert_properties", "detectable", "WORKBOOK_POLICY"), "alerting"),
    **dict.fromkeys(("alert_back_test", "alert_back_tests"), "replay"),
    **dict.fromkeys(
        (
            "journey_coverage",
            "contract_margins",
            "stakeholders",
            "promises",
            "review_dates",
            "indicator_choices",
            "early_reviews",
        ),
        "agreements",
    ),
    **dict.fromkeys(("watched_symptoms", "existing_alerts"), "symptoms"),
    **dict.fromkeys(("time_slice_availability", "last_quarters"), "timeslices"),
    **dict.fromkeys(("task_schedules", "collisions", "toil", "runs"), "tasks"),
    **dict.fromkeys(("recoverables", "rehearsals", "stateless", "endings", "recovery_findings", "kept"), "recovery"),
    **dict.fromkeys(
        ("dependency_graph", "restore_order", "single_points", "instance_counts", "covered_points"), "dependencies"
    ),
    **dict.fromkeys(("patches", "change_state", "deploy_metrics"), "change"),
    **dict.fromkeys(("opportunities",), "automation"),
    **dict.fromkeys(("monitoring_coverage", "alert_load"), "monitoring"),
    **dict.fromkeys(("reliability_metrics", "Vitals", "budget_states", "crosschecks"), "indicators"),
    **dict.fromkeys(
        ("stability", "STABILITY_RULE", "bus_factors", "transfer_states", "accesses", "open_items"), "readiness"
    ),
    **dict.fromkeys(("baselines", "target_checks"), "baseline"),
    **dict.fromkeys(("ranked_bottlenecks", "latency_budgets", "ranked_optimisations"), "bottlenecks"),
    **dict.fromkeys(("load_scaling", "run_differences"), "levels"),
    **dict.fromkeys(("change_points", "run_histories"), "changepoints"),
    **dict.fromkeys(("run_saturations", "saturating"), "saturation"),
    **dict.fromkeys(("omissions",), "omission"),
    **dict.fromkeys(("route_events", "per_minute"), "events"),
    **dict.fromkeys(("operation_paths",), "traces"),
    **dict.fromkeys(("plan_findings",), "plans"),
    **dict.fromkeys(("edge_traffic",), "edge"),
    **dict.fromkeys(("outlooks", "usages"), "exhaustion"),
    **dict.fromkeys(("pool_checks", "fitting_scaling", "survivals", "right_sizes"), "sizing"),
    **dict.fromkeys(("ceiling_checks", "fitting_plan", "under_ceilings"), "ceilings"),
    "queue_checks": "queueing",
    "next_hours": "hours",
    **dict.fromkeys(("cost_plan", "cost_steps"), "cost"),
    **dict.fromkeys(("completed", "other_currencies"), "planfacts"),
}
"""Public name -> module of this package; looked up when used."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
