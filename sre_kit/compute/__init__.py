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
    **dict.fromkeys(("severity_matrix", "graded_alerts", "level_of", "derived_levels"), "response.severity"),
    **dict.fromkeys(("incident_statistics", "incident_window", "stated_durations"), "response.reliability"),
    **dict.fromkeys(("severity_decisions", "monitoring_decisions"), "readiness.decisions"),
    **dict.fromkeys(("schedule",), "oncall.rota"),
    **dict.fromkeys(("rota_review",), "oncall.rota_checks"),
    **dict.fromkeys(("pager_coverage",), "oncall.pager_cover"),
    **dict.fromkeys(("holidays_of",), "oncall.holidays"),
    **dict.fromkeys(("interruption_load",), "oncall.interruption"),
    **dict.fromkeys(("incident_impacts", "measured_shares"), "response.impact"),
    **dict.fromkeys(("incident_part",), "response.incident_history"),
    **dict.fromkeys(("incident_report",), "response.incident_reports"),
    **dict.fromkeys(("notified", "worst_case", "escalation_problems", "late_severities"), "oncall.escalation"),
    **dict.fromkeys(("postmortems_owed", "action_items", "blaming_words"), "response.postmortems"),
    **dict.fromkeys(("own_runbooks",), "operations.own_alerts"),
    "trigger_watches": "operations.triggers",
    **dict.fromkeys(("alert_rules", "runbook_check", "similar_runbooks"), "operations.runbooks"),
    **dict.fromkeys(("slo_window", "window_before", "nominal"), "slo.windows"),
    **dict.fromkeys(("history", "histories"), "slo.counts"),
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
        "slo.budget",
    ),
    **dict.fromkeys(("budget_ledger", "budget_ledgers"), "slo.ledger"),
    **dict.fromkeys(("exhaustion_forecast", "exhaustion_forecasts", "returning_budget"), "slo.budget_forecast"),
    **dict.fromkeys(("target_advice", "target_advices", "dependency_bound"), "slo.targets"),
    **dict.fromkeys(("composite_budgets",), "slo.composites"),
    **dict.fromkeys(("release_decisions",), "slo.release"),
    **dict.fromkeys(("compared_policies", "policy_search"), "slo.grid"),
    **dict.fromkeys(("alert_properties", "detectable", "WORKBOOK_POLICY"), "slo.alerting"),
    **dict.fromkeys(("alert_back_test", "alert_back_tests"), "slo.replay"),
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
        "slo.agreements",
    ),
    **dict.fromkeys(("watched_symptoms", "existing_alerts"), "slo.symptoms"),
    **dict.fromkeys(("time_slice_availability", "last_quarters"), "slo.timeslices"),
    **dict.fromkeys(("task_schedules", "collisions", "toil", "runs"), "operations.tasks"),
    **dict.fromkeys(
        ("recoverables", "rehearsals", "stateless", "endings", "recovery_findings", "kept"), "operations.recovery"
    ),
    **dict.fromkeys(
        ("dependency_graph", "restore_order", "single_points", "instance_counts", "covered_points"),
        "operations.dependencies",
    ),
    **dict.fromkeys(("patches", "change_state", "service_changes", "deploy_metrics"), "operations.change"),
    "rehearsals_due": "operations.disasters",
    **dict.fromkeys(("stand_ins", "in_one_zone", "takes_over"), "operations.redundancy"),
    **dict.fromkeys(("restore_tests",), "operations.drills"),
    **dict.fromkeys(("lifecycles",), "operations.lifecycle"),
    **dict.fromkeys(("disturbances", "seasonal_collisions", "peak_hours"), "operations.timetable"),
    **dict.fromkeys(("stage_plans", "exception_states"), "operations.patching"),
    **dict.fromkeys(("opportunities", "seven_opportunities"), "operations.automation"),
    **dict.fromkeys(("watched_backups",), "operations.freshness"),
    **dict.fromkeys(("judged_canaries",), "operations.canary"),
    **dict.fromkeys(("monitoring_coverage", "alert_load"), "readiness.monitoring"),
    **dict.fromkeys(("reliability_metrics", "Vitals", "budget_states", "crosschecks"), "readiness.indicators"),
    **dict.fromkeys(
        ("stability", "STABILITY_RULE", "bus_factors", "transfer_states", "accesses", "open_items"), "readiness.plan"
    ),
    "handed_shift": "readiness.handed_shifts",
    "shared_numbers": "readiness.shared",
    **dict.fromkeys(("baselines", "target_checks"), "performance.baseline"),
    **dict.fromkeys(("ranked_bottlenecks", "latency_budgets", "ranked_optimisations"), "performance.bottlenecks"),
    **dict.fromkeys(("load_scaling", "run_differences"), "performance.levels"),
    **dict.fromkeys(("change_points", "run_histories"), "performance.changepoints"),
    **dict.fromkeys(("run_saturations", "saturating"), "performance.saturation"),
    **dict.fromkeys(("omissions",), "performance.omission"),
    **dict.fromkeys(("route_events", "per_minute"), "performance.events"),
    **dict.fromkeys(("operation_paths",), "performance.traces"),
    **dict.fromkeys(("plan_findings",), "performance.query_plans"),
    **dict.fromkeys(("edge_traffic",), "performance.edge"),
    **dict.fromkeys(("outlooks", "usages"), "capacity.exhaustion"),
    **dict.fromkeys(("pool_checks", "fitting_scaling", "survivals", "right_sizes"), "capacity.sizing"),
    **dict.fromkeys(("ceiling_checks", "fitting_plan", "under_ceilings"), "capacity.ceilings"),
    "queue_checks": "capacity.queueing",
    "next_hours": "capacity.hours",
    **dict.fromkeys(("cost_plan", "cost_steps"), "capacity.cost"),
    **dict.fromkeys(("completed", "other_currencies"), "capacity.planfacts"),
}
"""Public name -> module of this package; looked up when used."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
