"""Burn-rate alerts: what they are, what they would have done, what they replace, what low traffic hides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sre_kit.compute.slo.alerting import (
    WORKBOOK_POLICY,
    AlertProperties,
    BurnRateAlert,
    alert_properties,
    detectable,
    lowest_useful_target,
    quiet_events,
)
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import WORKBOOK
from sre_kit.compute.slo.replay import BackTest
from sre_kit.compute.slo.symptoms import ExistingAlert, watched_symptoms
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.document import fact_link
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, number, percent, promql_duration, span

_METHOD: Final = (
    "Both windows must burn faster than the factor, strictly; factor = budget share × period / long window. "
    "Detection is for constant traffic: factor × (1 - target) / error ratio × long window, and a scrape later; "
    "silent again: after the end of a full outage, (1 - threshold / error ratio) × short window."
)


def alert_rules(slos: Iterable[SLO], policy: Sequence[BurnRateAlert] = (), *, source: str = "") -> Table:
    """Each window pair of each objective: factor, error ratio above which it fires, budget spent, detection time."""
    rows: list[Sequence[Inline]] = []
    findings, slow = [], []
    known = list(slos)
    for slo in known:
        for one in alert_properties(slo, policy or WORKBOOK_POLICY):
            rows.append(_pair(one))
            if one.factor < 1 and one.threshold:
                slow.append(f"{slo.name} ({one.alert.severity} over {promql_duration(one.alert.long_window)})")
            if one.unreachable:
                text = (
                    f"{slo.name}: the {one.alert.severity} over {promql_duration(one.alert.long_window)} can never fire"
                )
                findings.append(Finding(7, 1.0, text))
    columns = [
        "Objective", "Severity", "Windows", "Factor", "Fires above", "Budget spent then", "Full outage seen after",
        "Silent again after", "Reachable",
    ]  # fmt: skip
    return Table(
        columns,
        rows,
        source=(source or ("params: alerting" if policy else WORKBOOK)) if rows else "",
        empty="No objective is defined, so no alert either.",
        findings=findings,
        note=" ".join([_METHOD, *_warnings(slow, [slo.name for slo in known if slo.budgeting != "occurrences"])])
        if rows
        else "",
    )


def _warnings(slow: Sequence[str], sliced: Sequence[str]) -> list[str]:
    """What a reader of the table must know of some objectives."""
    found = []
    if slow:
        found.append(
            f"A factor below 1 also fires while the objective is being met: {', '.join(slow)}; a window this short "
            "wants pairs of its own (params: alerting)."
        )
    if sliced:
        found.append(
            f"Alerts, back-test and rules count events, also where the budget counts slices ({', '.join(sliced)}): a "
            "dashboard of the rules shows another remaining budget there than this document."
        )
    return found


def _pair(one: AlertProperties) -> Sequence[Inline]:
    windows = f"{promql_duration(one.alert.short_window)} and {promql_duration(one.alert.long_window)}"
    reach: Inline = "yes"
    if one.unreachable:
        reach = Strong(f"never: needs a target above {percent(lowest_useful_target(one.factor), 2)}")
    return (
        one.slo.name,
        one.alert.severity,
        windows,
        f"{float(one.factor):.4g} ×",
        "any bad event" if not one.threshold else percent(one.threshold, 3),
        percent(one.spent, 0),
        span(one.detection()) if one.threshold else "the first bad event",
        span(one.reset()),
        reach,
    )


def alert_back_tests(tests: Sequence[BackTest]) -> Table:
    """What the rules would have done on the history: how often, how right, how fast."""
    rows: list[Sequence[Inline]] = []
    for one in tests:
        seen = sum(incident.seen for incident in one.incidents)
        rows.append(
            (
                one.slo,
                one.severity,
                span(one.end - one.start),
                str(len(one.episodes)),
                number(one.per_month, 2),
                f"{percent(one.precision, 0)} ({one.true} of {len(one.episodes)})" if one.episodes else "did not fire",
                f"{percent(one.recall, 0)} ({seen} of {len(one.incidents)})" if one.incidents else "no incident known",
                span(one.detection),
                span(one.reset),
                percent(one.spent, 1),
            )
        )
    skipped = {str(rule) for one in tests for rule in one.skipped}
    note = "Precision: firings that overlap a known incident of the service. Recall: incidents during which it fired. "
    note += "Detection and reset: medians from an incident's beginning and end; budget gone: of one period's, when it "
    note += "fired. Few incidents, so read them as cases."
    if skipped:
        note += f" Not evaluated, because the step of the data cannot show them: {', '.join(sorted(skipped))}."
    return Table(
        [
            "Objective",
            "Severity",
            "History",
            "Fired",
            "Per 30 d",
            "Precision",
            "Recall",
            "Detection",
            "Reset",
            "Budget gone",
        ],
        rows,
        note=note if rows else "",
        empty="Nothing to test the alerts on: no history was measured.",
    )


def incident_detections(tests: Sequence[BackTest]) -> Table:
    """Each known incident of the history: after how long a page and a ticket would have come, per objective."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for test in tests:
        for one in test.incidents:
            key = (f"{one.incident.id} {one.incident.title}".strip(), test.slo)
            when = f"after {span(one.detection)}" if one.seen else "silent"
            gone = f", {percent(one.spent, 1)}" if one.spent is not None else ""
            found.setdefault(key, {})[test.severity] = when + gone
    rows: list[Sequence[Inline]] = [
        (incident, slo, seen.get("page", MISSING), seen.get("ticket", MISSING))
        for (incident, slo), seen in sorted(found.items(), reverse=True)
    ]
    note = "The percentage is the share of a period's budget that was gone by then, or by the incident's end if silent."
    columns = ["Incident", "Objective", "Page", "Ticket"]
    return Table(columns, rows, note=note if rows else "", empty="No incident is known in the history.")


def low_traffic(ones: Sequence[History], policy: Sequence[BurnRateAlert] = ()) -> Table:
    """What the shortest page can tell in a quiet hour: the smallest burn that is more than chance, and what to do."""
    rows: list[Sequence[Inline]] = []
    for one in ones:
        pairs = [p for p in alert_properties(one.slo, policy or WORKBOOK_POLICY) if p.alert.severity == "page"]
        if one.gap or not pairs:
            continue
        pair = min(pairs, key=lambda p: p.alert.long_window)
        if pair.alert.long_window % one.step:
            continue
        found = detectable(pair, quiet_events(one, pair.alert.long_window))
        if found.enough:
            advice: Inline = "enough traffic"
        elif not pair.threshold:
            advice = "any bad event fires: a target of 100 % has no budget"
        elif pair.unreachable:
            advice = "the page is unreachable at any traffic"
        else:
            advice = Strong("page only on significant errors, or add synthetic traffic")
        rows.append(
            (
                one.slo.name,
                promql_duration(pair.alert.long_window),
                number(found.events),
                f"{float(pair.factor):.4g} ×",
                number(found.errors),
                f"{found.burn:.1f} ×" if found.burn is not None else "none",
                percent(found.one_error, 1),
                advice,
            )
        )
    columns = [
        "Objective", "Window", "Events when quiet", "Fires above", "Errors to be sure", "Smallest sure burn",
        "One error is of the budget", "Advice",
    ]  # fmt: skip
    return Table(
        columns,
        rows,
        note=""
        if not rows
        else "Quiet: the 10th percentile of the window over the history. Sure: an exact one-sided binomial test "
        "rejects at 5 % that the burn is at most the factor.",
        empty="Nothing was measured, so the traffic of a quiet hour is not known.",
    )


def alert_comparison(existing: Sequence[ExistingAlert], slos: Sequence[SLO]) -> Table:
    """The alerts of the documents against the generated ones."""
    rows: list[Sequence[Inline]] = []
    for one in existing:
        watched = ", ".join(one.slos) or MISSING
        becomes: Inline = one.verdict
        if one.symptom == "cause" and one.pages:
            becomes = Strong("keep, as a cause: page only if no objective's alert comes first")
        elif one.verdict == "redundant":
            becomes = "redundant once the generated alerts run"
        rows.append(
            (one.fact.name, fact_link(one.fact), one.symptom, "page" if one.pages else "ticket", watched, becomes)
        )
    gap = Gap("the alerts that exist today", "DevOps Engineer", "MonitoringAlerts", "no alert rule was found")
    bare = [one.slo.name for one in watched_symptoms(existing, slos) if not one.existing]
    note = ""
    if existing and bare:
        note = f"Without any alert until now: {', '.join(bare)}."
    return Table(
        ["Alert today", "Source", "Speaks of", "Today", "Same symptom as", "Becomes"],
        rows,
        gaps=() if rows else (gap,),
        note=note,
    )
