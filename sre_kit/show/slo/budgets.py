"""Error budgets: the account, the ledger, the forecast, the policy, and what it means for releases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.slo.budget import (
    ENOUGH_COVERAGE,
    WORKBOOK_STATES,
    ErrorBudget,
    PolicyState,
    burn_rate_at,
    findings,
    policy_state,
)
from sre_kit.compute.slo.budget_forecast import Forecast, back_above_zero, returning_budget
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.ledger import AFTER_DEPLOY, Ledger
from sre_kit.compute.slo.release import release_decisions
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.shown import Note, Record, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, count, number, percent, span, target, utc

HOUR: Final = timedelta(hours=1)
NONE: Final = "No objective is defined."


def error_budgets(ones: Sequence[History], budgets: Sequence[ErrorBudget], states: Sequence[PolicyState] = ()) -> Table:
    """The account of each objective: counted, allowed, spent, remaining, in events and in minutes, and its state."""
    rows: list[Sequence[Inline]] = []
    records: list[Record] = []
    gaps = []
    for one, budget in zip(ones, budgets, strict=True):
        state = policy_state(budget, states or WORKBOOK_STATES)
        records.extend(_records(one, budget, state))
        if budget.gap or not budget.total:
            why = budget.gap or "the window saw no traffic"
            gaps.append(
                Gap(
                    f"measurements of {budget.slo.name}",
                    "DevOps Engineer",
                    "the metrics source",
                    why,
                    bool(one.requests.source),
                )
            )
            rows.append(
                (budget.slo.name, str(budget.window), Strong("no data"), *[MISSING] * 6, percent(budget.coverage), why)
            )
            continue
        rows.append(_row(budget, state))
    columns = [
        "Objective", "Window", "Good", "Counted", "Allowed", "Spent", "Remaining", "Remains", "Minutes allowed, spent",
        "Coverage", "State",
    ]  # fmt: skip
    running = [b.slo.name for b in budgets if b.total and not b.window.complete]
    note = "Allowed = spent + remaining, exactly. Minutes are minutes of full outage at the window's average traffic."
    if running:
        note += f" {', '.join(running)}: the period still runs; allowed is for its whole length at the pace so far."
    return Table(
        columns, rows, records=records, gaps=gaps, findings=findings(budgets), note=note if rows else "", empty=NONE
    )


def _row(budget: ErrorBudget, state: str) -> Sequence[Inline]:
    share = (
        "no budget: one bad event breaks it" if budget.remaining_share is None else percent(budget.remaining_share, 1)
    )
    minutes = f"{budget.minutes_allowed:,.1f}, {budget.minutes_spent or 0:,.1f}"
    shown: Inline = state if state == "healthy" else Strong(state)
    return (
        budget.slo.name,
        str(budget.window),
        Lines([percent(budget.availability, 3), f"target {target(budget.slo.target)}"]),
        f"{number(int(budget.total))} {budget.unit}",
        count(budget.allowed),
        count(budget.spent),
        count(budget.remaining),
        share,
        minutes,
        percent(budget.coverage),
        shown,
    )


def earlier_periods(earlier: Sequence[Sequence[ErrorBudget]]) -> Table:
    """The windows before the present one: were they met, and how much of the budget they used."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for past in earlier:
        for budget in past:
            met: Inline = MISSING if budget.met is None else "yes" if budget.met else Strong("no")
            if budget.met and budget.coverage < ENOUGH_COVERAGE:
                met = f"not known, {percent(budget.coverage, 0)} seen"
            good = percent(budget.availability, 3) if budget.total else "no data"
            rows.append((budget.slo.name, str(budget.window), good, target(budget.slo.target), _used(budget), met))
        if len(past) > 1 and not any(budget.met for budget in past[:2]) and past[0].total and past[1].total:
            findings.append(Finding(7, 1.0, f"{past[0].slo.name}: missed in each of the two periods before this one"))
    return Table(
        ["Objective", "Period", "Good", "Target", "Budget used", "Met"],
        rows,
        findings=findings,
        empty="The history holds no whole window before the present one.",
    )


def _used(budget: ErrorBudget) -> str:
    return percent(budget.spent_share, 1) if budget.allowed else MISSING


def _records(one: History, budget: ErrorBudget, state: str) -> list[Record]:
    name, window = f"slo.{budget.slo.name}", str(budget.window)
    source = one.requests.source
    burn = burn_rate_at(one, HOUR, budget.window.measured_to) if budget.total else None
    known = bool(budget.total)
    values: list[tuple[str, float | int | str | Fraction | None, str]] = [
        ("availability", budget.availability, "ratio"),
        ("events_total", int(budget.events) if known else None, "events"),
        ("events_bad", int(budget.bad_events) if known else None, "events"),
        ("budget_spent_share", budget.spent_share, "ratio"),
        ("budget_remaining", budget.remaining if known else None, budget.unit),
        ("burn_rate_1h", burn, "×"),
        ("state", state, "state"),
        ("target", budget.slo.target, "ratio"),
    ]
    return [Record(f"{name}.{key}", value, unit, source, window) for key, value, unit in values]


def budget_ledgers(ledgers: Sequence[Ledger], *, incident_gap: str = "", deploy_gap: str = "") -> Table:
    """Where each budget went, line by line; the lines of an objective add up to what it spent."""
    rows: list[Sequence[Inline]] = []
    for ledger in ledgers:
        if not ledger.budget.total:
            continue
        name = ledger.budget.slo.name
        for line in ledger.lines:
            if line.bad or line.cause == "background":
                cells = (percent(ledger.share(line), 1), percent(ledger.of_budget(line), 1))
                rows.append((name, line.cause, line.name, count(line.bad), *cells))
        whole = percent(float(ledger.bad / ledger.budget.allowed), 1) if ledger.budget.allowed else MISSING
        share = percent(1.0, 1) if ledger.bad else MISSING
        rows.append((name, Strong("sum"), "", Strong(count(ledger.bad)), share, whole))
    gaps = [
        Gap(what, "the on-call team", where, why)
        for what, where, why in (
            ("the incidents that spent the budget", "params: history.incidents", incident_gap),
            ("the deployments that spent the budget", "params: history.deploys", deploy_gap),
        )
        if why
    ]
    return Table(
        ["Objective", "Cause", "What", "Bad", "Of spending", "Of budget"],
        rows,
        gaps=gaps,
        empty="Nothing was measured, so nothing was spent that we know of.",
        note=""
        if not rows
        else "A step belongs to the incident that covers it, else to planned maintenance, else to the last deployment "
        f"within {span(AFTER_DEPLOY)} if that time burned faster than the budget allows, else to the background.",
    )


def exhaustion_forecasts(forecasts: Iterable[Forecast], as_of: datetime) -> Table:
    """When each budget runs out, or comes back: probability within the horizon, and dates with their interval."""
    rows: list[Sequence[Inline]] = []
    for one in forecasts:
        question = "is positive again" if one.recovers else "is exhausted"
        if one.probability is None:
            rows.append(
                (one.budget.slo.name, question, span(one.horizon), MISSING, MISSING, MISSING, MISSING, one.refused)
            )
            continue
        dates = [_date(as_of, day, one.horizon) for day in (one.p10, one.p50, one.p90)]
        rows.append(
            (
                one.budget.slo.name,
                question,
                span(one.horizon),
                percent(one.probability, 0),
                *dates,
                f"drawn from {one.drawn_from} days",
            )
        )
    return Table(
        ["Objective", "When it", "Horizon", "Probability", "Early (P10)", "Middle (P50)", "Late (P90)", "Remark"],
        rows,
        note="Days are drawn whole from the history, seed fixed: if the coming weeks are like the past ones. "
        "A date is missing where that share of the draws does not reach it."
        if rows
        else "",
        empty=NONE,
    )


def _date(as_of: datetime, day: float | None, horizon: timedelta) -> str:
    return f"not within {span(horizon)}" if day is None else f"{as_of + timedelta(days=day):%Y-%m-%d}"


def returning_budgets(ones: Sequence[History], budgets: Sequence[ErrorBudget]) -> Table:
    """The schedule on which spent budget comes back as old errors leave a rolling window; exact, no forecast."""
    rows: list[Sequence[Inline]] = []
    marks = (1, 7, 14, 21)
    for one, budget in zip(ones, budgets, strict=True):
        if not budget.total:
            rows.append((one.slo.name, *[MISSING] * (len(marks) + 3)))
            continue
        if one.slo.calendar:
            back = f"all on {utc(budget.window.end)}, when the period ends"
            rows.append((one.slo.name, count(budget.spent), *[MISSING] * len(marks), back, MISSING))
            continue
        schedule = returning_budget(one, budget)
        end = budget.window.measured_to
        by = [sum((d.bad for d in schedule if d.end <= end + timedelta(days=k)), Fraction(0)) for k in marks]
        largest = max(schedule, key=lambda day: day.bad, default=None)
        most = f"{count(largest.bad)} on {largest.start:%Y-%m-%d}" if largest else MISSING
        above = back_above_zero(one, budget)
        rows.append(
            (one.slo.name, count(budget.spent), *map(count, by), most, f"{above:%Y-%m-%d}" if above else MISSING)
        )
    columns = ["Objective", "Spent", *(f"Back in {k} d" for k in marks), "Largest return", "Positive again"]
    note = "Exact: the days on which counted errors leave the window. Positive again: if nothing else fails."
    return Table(columns, rows, note=note if rows else "", empty=NONE)


def budget_policies(budgets: Sequence[ErrorBudget], states: Sequence[PolicyState] = ()) -> Stack:
    """The states of the policy, what each permits, who decides, what is in it now, what each service may release."""
    lines = states or WORKBOOK_STATES
    now = {budget.slo.name: policy_state(budget, lines) for budget in budgets}
    rows: list[Sequence[Inline]] = []
    for state in sorted(lines, key=lambda line: line.up_to, reverse=True):
        limit = f"at most {percent(state.up_to, 0)}" if state.up_to < 1 else "more than the next line"
        inside = ", ".join(name for name, its in now.items() if its == state.name) or "none"
        rows.append((state.name, limit, state.permits, state.decides, inside))
    source = "params: budget_policy" if states else "assumption, after the SRE Workbook, appendix B"
    table = Table(["State", "Budget that remains", "Permits", "Decides", "Now"], rows, source=source)
    decided: list[Sequence[Inline]] = [
        (one.service, Strong(one.state) if one.state != "healthy" else one.state, ", ".join(one.because), one.permits,
         one.decides)
        for one in release_decisions(budgets, lines)
    ]  # fmt: skip
    releases = Table(
        ["Service", "State", "Because of", "Permitted now", "Decides"],
        decided,
        note="The strictest state among a service's objectives decides." if decided else "",
        empty="No service has an objective, so none has a state.",
    )
    other = [f"{name}: {its}" for name, its in now.items() if its in ("no data", "unclear")]
    strictest = next((state for state in sorted(lines, key=lambda s: s.up_to) if state.name in now.values()), None)
    sentence: list[Inline] = ["No objective has a state: nothing was measured."]
    if strictest:
        names = ", ".join(name for name, its in now.items() if its == strictest.name)
        sentence = [
            "Now: ",
            Strong(strictest.name),
            f" for {names}; permitted: {strictest.permits}; {strictest.decides} decides.",
        ]
    tail = [f"Without a state: {'; '.join(other)}."] if other else []
    return Stack(table, Note(sentence, *tail), releases)
