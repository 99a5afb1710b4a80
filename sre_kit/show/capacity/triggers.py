"""
Capacity triggers for readers: at which use somebody acts, which alert says so, and what to do when it fires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sre_kit.compute.capacity.exhaustion import Outlook
from sre_kit.compute.operations.triggers import TriggerWatch
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.artifact import Artifact
from sre_kit.show.document import fact_link
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Link, Span, Strong
from sre_kit.units import MISSING, percent, span

RULES: Final = "capacity.rules.yaml"
TESTS: Final = "capacity.rules-test.yaml"
LATELY: Final = 28
"""Days in which it is counted how often a trigger was passed."""


def capacity_triggers(outlooks: Sequence[Outlook], watches: Sequence[TriggerWatch]) -> Table:
    """At which use somebody acts, what they do, and which alert watches it: the documents', or one of our own."""
    watched = {one.resource.name: one for one in watches}
    rows: list[Sequence[Inline]] = []
    for one in outlooks:
        resource = one.resource
        rows.append(
            (
                Code(one.reading.query or resource.query),
                percent(resource.trigger, 0),
                _reached(one),
                _lately(one),
                span(resource.lead_time),
                resource.next_step or MISSING,
                _watched_by(watched[resource.name], blind=bool(one.reading.gap)),
                resource.owner or MISSING,
            )
        )
    columns = (
        "Metric", "Act at, share of the limit", "Highest so far", "Days above, last four weeks", "Lead time", "Action",
        "Watched by", "Owner",
    )  # fmt: skip
    return Table(
        columns,
        rows,
        note=_note(watches) if rows else "",
        findings=[
            Finding(7, one.past_trigger / 7, f"{one.resource.name} passed its trigger on {one.past_trigger} of 7 days")
            for one in outlooks
            if one.due
        ],
        gaps=[*_undecided(watches), *_unwatched(watches), *_blind(outlooks, watched)]
        if rows
        else [Gap("capacity triggers", "DevOps Engineer", "params: capacity.resources")],
    )


def _note(watches: Sequence[TriggerWatch]) -> str:
    passed = "Bold: the trigger was passed within the history."
    if not any(one.steered for one in watches if one.own):
        return passed
    return f"{passed} Where an autoscaler acts first, the alert waits until it has no replica left to add."


def _reached(one: Outlook) -> Inline:
    share, trigger = one.usage.peak_share, one.resource.trigger
    shown = percent(share, 1)
    return Strong(shown) if share is not None and trigger is not None and share >= trigger else shown


def _lately(one: Outlook) -> str:
    trigger, peaks = one.resource.trigger, one.peaks.iloc[-LATELY:].dropna()
    if trigger is None or peaks.empty:
        return MISSING
    return f"{int((peaks >= float(trigger) * one.resource.limit).sum())} of {len(peaks)}"


def _watched_by(one: TriggerWatch, *, blind: bool) -> Inline:
    rule = one.rule
    if rule is not None and not one.late:
        unread = ["at which use it fires is not read"] if one.fires_above is None else []
        return Lines([one.resource.alert, fact_link(rule.facts[0]), *unread])
    own: list[Inline] = [one.own, Link(RULES, f"artifacts/{RULES}")] if one.own else []
    own += [Strong("blind: its query gave nothing")] if own and blind else []
    if rule is not None:
        above = percent(one.fires_above, 0)
        late = Span([f"{one.resource.alert} fires only above {above}: ", fact_link(rule.facts[0])])
        return Lines([*own, late]) if own else Lines([Strong("no alert in time"), late])
    lost = [Strong(f"{one.resource.alert}: not in the rules")] if one.resource.alert else []
    return Lines([*own, *lost]) if own or lost else Strong("no alert")


def _undecided(watches: Sequence[TriggerWatch]) -> list[Gap]:
    """Resources of which nobody has said when to act."""
    where = "params: capacity.resources.trigger"
    return [
        Gap(f"at which use of {one.resource.name} somebody acts", one.resource.owner or "DevOps Engineer", where)
        for one in watches
        if one.resource.trigger is None
    ]


def _unwatched(watches: Sequence[TriggerWatch]) -> list[Gap]:
    return [
        Gap(
            f"an alert on {one.resource.name}",
            one.resource.owner or "DevOps Engineer",
            "MonitoringAlerts.md, or a query in PromQL in params: capacity.resources",
            one.problem,
        )
        for one in watches
        if not one.watched
    ]


def _blind(outlooks: Sequence[Outlook], watched: Mapping[str, TriggerWatch]) -> list[Gap]:
    """Generated alerts whose query gave nothing: they load, and never fire."""
    return [
        Gap(
            f"what {watched[one.resource.name].own} reads",
            one.resource.owner or "DevOps Engineer",
            "the metrics source",
            one.reading.gap,
            degraded=True,
        )
        for one in outlooks
        if one.reading.gap and watched[one.resource.name].own
    ]


def trigger_answers(watches: Sequence[TriggerWatch]) -> Shown:
    """The runbook of each generated alert: what it says, what is done, how it is known to be over, whom to ask."""
    rows: list[Sequence[Inline]] = [
        (
            one.own,
            Span([Code(one.resource.query), f" above {percent(one.resource.trigger, 0)} of its limit"]),
            one.resource.next_step or Strong("not decided"),
            one.resource.depends_on or "nothing named",
            span(one.resource.lead_time),
            one.resource.owner or "DevOps Engineer",
        )
        for one in watches
        if one.own
    ]
    if not rows:
        return Note("No alert on a trigger is generated.")
    gaps = [
        Gap(
            f"the next step for {one.resource.name}",
            one.resource.owner or "DevOps Engineer",
            "params: capacity.resources",
        )
        for one in watches
        if one.own and not one.resource.next_step
    ]
    return Table(("Alert", "It says", "Then", "Needs first", "Takes", "Escalate to"), rows, gaps=gaps)


def capacity_rules_file(watches: Sequence[TriggerWatch], rules: str, tests: str, *, source: str = "") -> Shown:
    """The generated rules and their tests; `source` is where the measurements of this document came from."""
    if not any(one.own for one in watches):
        return Note("Every trigger is watched by an alert of the documents, or has no query that a rule could ask.")
    about = "Prometheus alerts on the triggers that no alert of the documents watches in time"
    asked = "The rules ask Prometheus for the queries as they stand in the params"
    return Stack(
        Artifact(RULES, rules, media_type="application/yaml", about=about),
        Artifact(TESTS, tests, media_type="application/yaml", about="tests: each alert fires above, is quiet below"),
        Note(f"{asked}; this document was measured from {source}." if source else f"{asked}."),
    )
