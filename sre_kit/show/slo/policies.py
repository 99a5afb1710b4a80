"""Alerting policies held against each other on the same history, and the grid that was searched."""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.slo.alerting import NO_DATA_AFTER, BurnRateAlert
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.grid import Candidate, PartScore, PolicyScore, PolicySearch
from sre_kit.compute.slo.replay import missing_data
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, number, percent, promql_duration, span, utc


def policy_comparison(scores: Sequence[PolicyScore]) -> Table:
    """Each policy and severity over all objectives: how often, how right, how fast, how much budget was gone."""
    rows: list[Sequence[Inline]] = []
    for one in scores:
        rows.append(
            (
                Strong(one.policy) if "in force" in one.policy else one.policy,
                one.severity,
                str(one.fired),
                number(one.per_month, 2),
                f"{percent(one.precision, 0)} ({one.true} of {one.fired})" if one.fired else "did not fire",
                f"{percent(one.recall, 0)} ({one.seen} of {one.incidents})" if one.incidents else "no incident known",
                span(one.detection),
                span(one.reset),
                percent(one.spent, 1),
            )
        )
    left = dict.fromkeys(text for one in scores for text in one.left_out)
    sources = dict.fromkeys(f"{one.policy.removesuffix(', in force')}: {one.source}" for one in scores)
    note = "All objectives together; an incident is seen when any objective of its service fires. Medians over the "
    note += "incidents seen; budget gone: of one period's, when it fired. "
    note += (
        "A ticket without an incident is not wrong by itself: it tells of a slow burn that nobody called an incident. "
    )
    note += "Significant only: the errors of the long window must reject chance at 5 %."
    if left:
        note += f" Not tested: {'; '.join(left)}."
    columns = [
        "Policy", "Severity", "Fired", "Per 30 d", "Precision", "Recall", "Detection", "Reset", "Budget gone",
    ]  # fmt: skip
    return Table(
        columns,
        rows,
        source="; ".join(sources) if rows else "",
        note=note if rows else "",
        empty="Nothing to compare policies on: no history was measured.",
    )


def policy_search(found: PolicySearch) -> Table:
    """The paging policies that no other of the grid beat on the earlier part, and what they did on the later."""
    present = found.in_force
    rows: list[Sequence[Inline]] = [_candidate(one, present) for one in found.front]
    if present and present.pages not in [one.pages for one in found.front]:
        rows.append(_candidate(present, present))
    note = ""
    if present:
        note = (
            f"{found.tried} policies were searched on the history before {utc(found.split)} "
            f"({present.earlier.incidents} incidents) and judged on what came after ({present.later.incidents}), which "
            "took no part in the choice. Shown: those that no other beat in both false pages and budget lost, and the "
            "one in force. False: pages that belong to no known incident. Lost: mean share of a period's budget that "
            "an incident had used when somebody was paged, or by its end. So few incidents prove little: it is a hint."
        )
        if found.better:
            texts = "; ".join(" or ".join(_pair(page) for page in one.pages) for one in found.better)
            note = f"In both parts better than the policy in force: {texts}. " + note
    parts = [f"{what}, {part}" for part in ("searched", "after") for what in ("False", "Lost", "Seen")]
    columns = ["Pages when", *parts]
    return Table(
        columns,
        rows,
        note=note,
        empty=f"No policy was searched for: {found.refused}." if found.refused else "No policy was searched for.",
    )


def _candidate(one: Candidate, present: Candidate | None) -> Sequence[Inline]:
    text = " or ".join(_pair(page) for page in one.pages)
    here = present is not None and one.pages == present.pages
    return (Strong(f"{text} (in force)") if here else text, *_part(one.earlier), *_part(one.later))


def _pair(page: BurnRateAlert) -> str:
    return f"{percent(page.budget_share, 0)} in {promql_duration(page.long_window)}"


def _part(one: PartScore) -> Sequence[Inline]:
    seen = f"{one.seen} of {one.incidents}" if one.incidents else MISSING
    return str(one.false), percent(one.lost, 2), seen


def missing_data_alerts(ones: Sequence[History]) -> Table:
    """When the alert on missing data would have fired: a ratio without data is silent, and so are its alerts."""
    rows: list[Sequence[Inline]] = []
    for one in ones:
        if not one.seen.any():
            rows.append((one.slo.name, "ticket", span(NO_DATA_AFTER), "never measured", MISSING, MISSING))
            continue
        runs = missing_data(one)
        longest = max((run.end - run.start + NO_DATA_AFTER for run in runs), default=None)
        last = utc(runs[-1].start) if runs else MISSING
        rows.append((one.slo.name, "ticket", span(NO_DATA_AFTER), str(len(runs)), span(longest), last))
    return Table(
        ["Objective", "Severity", "After", "Fired in the history", "Longest gap", "Last fired"],
        rows,
        note="No samples are no errors to a burn rate: without this alert an outage of the measurement looks like "
        "peace. A service without traffic still has its counters, so it does not fire."
        if rows
        else "",
        empty="No objective is defined.",
    )
