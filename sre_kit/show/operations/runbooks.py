"""
Runbooks for somebody woken at night: the trigger as written, then what to look at, what to do, how to know it worked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.incidents import IncidentPolicy, Runbook
from sre_kit.compute.operations.own_alerts import OwnRunbook
from sre_kit.compute.operations.runbooks import (
    Alert,
    RunbookCheck,
    broken_queries,
    destructive,
    missing_parts,
    similar_runbooks,
    unknown_targets,
)
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind
from sre_kit.show.document import fact_link
from sre_kit.show.shown import CodeBlock, Heading, Note, Record, Shown, Stack, Steps
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Link, Span, Strong
from sre_kit.units import MISSING

ALERTS_GAP: Final = Gap("the alert rules", "DevOps Engineer", "MonitoringAlerts.md")
PAGING: Final = ("critical", "page", "pager", "p1", "sev1", "emergency")
_WORDS: Final = re.compile(r"[a-z0-9][A-Z]|\w[_ -]\w")
_TICKS: Final = re.compile(r"(`[^`]+`)")


def runbook_index(check: RunbookCheck, as_of: date, components: Iterable[Fact] = ()) -> Table:
    """Every alert of the documents with its runbook, tested when, and what is wrong; orphans at the end."""
    known = _names(components)
    rows: list[Sequence[Inline]] = [
        (
            Link(alert.name, f"#{_anchor(alert.name)}"),
            alert.severity or MISSING,
            _sources(alert),
            runbook.owner or MISSING,
            str(runbook.last_tested or "never"),
            Lines([*_wrong(runbook, as_of, known)]) if _wrong(runbook, as_of, known) else "complete",
        )
        for alert, runbook in check.pairs
    ]
    rows += [
        (alert.name, alert.severity or MISSING, _sources(alert), MISSING, MISSING, _without(alert))
        for alert in check.without
    ]
    rows += [
        (r.alert, MISSING, "params: runbooks", r.owner, str(r.last_tested or "never"), Strong("no such alert"))
        for r in check.orphans
    ]
    total = len(check.pairs) + len(check.without)
    return Table(
        ("Alert", "Severity", "Stated in", "Owner", "Last tested", "State"),
        rows,
        note=(f"{len(check.pairs)} of {total} alerts have exactly one runbook." if total else "")
        + (f" More than one: {', '.join(check.twice)}." if check.twice else ""),
        gaps=(() if total else (ALERTS_GAP,)) + tuple(_gap(alert) for alert in check.without),
        findings=tuple(_finding(alert) for alert in check.without),
        records=(
            Record("runbooks.alerts", total, "alerts"),
            Record("runbooks.without", len(check.without), "alerts"),
        ),
    )


def runbook_sections(check: RunbookCheck) -> Stack:
    """One section per alert; an alert without a runbook says so where somebody will look for it."""
    if not check.pairs and not check.without:
        return Stack(Note.gap(ALERTS_GAP))
    names = [alert.name for alert in (*(alert for alert, _ in check.pairs), *check.without)]
    return Stack(
        *(part for alert, runbook in check.pairs for part in _runbook(alert, runbook, names)),
        *(part for alert in check.without for part in _absent(alert)),
    )


def paged(check: RunbookCheck, own: Sequence[OwnRunbook], policy: IncidentPolicy) -> Stack:
    """The first lines for somebody woken: the runbook of each alert, those that page first, and where people meet."""
    alerts = [alert for alert, _ in check.pairs] + list(check.without) + [one.own.alert for one in own]
    waking = [alert for alert in alerts if _pages(alert)]
    others = [alert for alert in alerts if not _pages(alert)]
    lines = [
        Note([Strong(words), " ", *_joined([Link(alert.name, f"#{_anchor(alert.name)}") for alert in some], " · ")])
        for words, some in (("Paged?", waking), ("A ticket?", others))
        if some
    ]
    rooms = [(name, policy.channels.get(name, "")) for name in ("chat", "bridge", "status page")]
    where: list[Inline] = [
        Span([f"{name} ", Link(place, place) if "://" in place else place]) for name, place in rooms if place
    ]
    meet = [Note([Strong("Where people meet:"), " ", *_joined(where, ", ")])] if where else []
    return Stack(*(lines or [Note("No alert rule is known, so no runbook is linked here.")]), *meet)


def _joined(parts: Sequence[Inline], between: str) -> list[Inline]:
    return [piece for part in parts for piece in (between, part)][1:]


def own_runbook_index(found: Sequence[OwnRunbook]) -> Shown:
    """Every alert that we generate, with its runbook: a form filled from the objective, or what a person wrote."""
    if not found:
        return Note("No alert is generated, because no objective has a query that can be counted.")
    rows: list[Sequence[Inline]] = [
        (
            Link(one.own.alert.name, f"#{_anchor(one.own.alert.name)}"),
            one.own.alert.severity or MISSING,
            one.own.slo.name,
            one.runbook.owner or MISSING,
            "params: runbooks" if one.written else "form, filled from the objective",
        )
        for one in found
    ]
    forms = sum(not one.written for one in found)
    return Table(
        ("Alert", "Severity", "Objective", "Owner", "Text"),
        rows,
        source="slo.rules.yaml and slo-data.rules.yaml of SLODefinitions",
        note=f"{len(found)} generated alerts have exactly one runbook each. {forms} of them are forms, alike but for "
        "the objective's own queries, owner and neighbours. One of the same name in params: runbooks replaces it.",
        records=(Record("runbooks.generated", len(found), "alerts"),),
    )


def own_runbook_sections(found: Sequence[OwnRunbook], known: Iterable[str] = ()) -> Stack:
    """One section for each generated alert, with links to the runbooks of the alerts that are `known`."""
    names = [*known, *(one.own.alert.name for one in found)]
    return Stack(*(part for one in found for part in _runbook(one.own.alert, one.runbook, names)))


def runbook_likeness(known: Sequence[Runbook]) -> Table:
    """Runbooks that would fit another alert as well."""
    rows: list[Sequence[Inline]] = [(a.first, a.second, f"{a.similarity:.0%}") for a in similar_runbooks(known)]
    return Table(
        ("Runbook", "Runbook", "Words that agree"),
        rows,
        empty=f"{len(known)} runbooks compared in pairs: none would fit another alert after replacing its name."
        if len(known) > 1
        else "Fewer than two runbooks are known: nothing to compare.",
    )


def _runbook(alert: Alert, runbook: Runbook, names: Sequence[str]) -> list[Shown]:
    # a name of one word may be meant as the word
    others = [name for name in names if name != alert.name and _WORDS.search(name)]
    # an expression of several lines has no place in a cell, and who was woken needs it last
    long = "\n" in alert.expression
    facts: list[Sequence[Inline]] = [
        *([] if long else [(Strong("Trigger"), _trigger(alert))]),
        (Strong("Held for, severity"), f"{alert.held_for or MISSING}, {alert.severity or MISSING}"),
        (Strong("Meaning"), _ticked(runbook.meaning, others)),
        (Strong("Users notice"), _ticked(runbook.impact, others)),
        (Strong("Dashboard, owner"), f"{runbook.dashboard or MISSING}, {runbook.owner or MISSING}"),
        (Strong("Tested, review by"), f"{runbook.last_tested or 'never'}, {runbook.review_by or MISSING}"),
    ]
    parts: list[Shown] = [
        Heading(3, alert.name),
        Table(("What", "As stated"), facts),
        Note(Strong("Diagnose")),
        Steps([_ticked(step, others) for step in runbook.diagnose]),
        Note(Strong("Mitigate, reversible first")),
        Steps([_step(step, others) for step in runbook.mitigate]),
        Note([Strong("Verify:"), " ", *_parts(runbook.verify, others), "."]),
        Note([Strong("Escalate:"), " ", *_parts(runbook.escalate, others), "."]),
    ]
    return [*parts, Note(Strong("Trigger")), CodeBlock(alert.expression, "promql")] if long else parts


def _absent(alert: Alert) -> list[Shown]:
    return [
        Heading(3, alert.name),
        Table(("What", "As stated"), [(Strong("Trigger"), _trigger(alert))]),
        Note.gap(_gap(alert)),
    ]


def _trigger(alert: Alert) -> Inline:
    if not alert.expression:
        return alert.condition
    if alert.condition == alert.expression:
        return Code(alert.expression)
    return Lines([alert.condition, Code(alert.expression)])


def _step(step: str, names: Sequence[str]) -> Inline:
    flag: list[Inline] = [Strong("Takes away or interrupts:"), " "] if destructive(step) else []
    return Span([*flag, *_parts(step, names)])


def _ticked(text: str, names: Sequence[str]) -> Inline:
    return Span(_parts(text, names))


def _parts(text: str, names: Sequence[str]) -> list[Inline]:
    """Text with what stands between back-ticks as code, and the name of another alert as the way to its runbook."""
    found: list[Inline] = []
    for piece in (one for one in _TICKS.split(text) if one):
        if piece.startswith("`") and piece.endswith("`") and len(piece) > 2:
            found.append(Code(piece[1:-1]))
        elif names:
            words = re.split(rf"\b({'|'.join(re.escape(name) for name in names)})\b", piece)
            found += [Link(word, f"#{_anchor(word)}") if word in names else word for word in words if word]
        else:
            found.append(piece)
    return found


def _wrong(runbook: Runbook, as_of: date, components: Sequence[str]) -> list[str]:
    found = missing_parts(runbook, as_of)
    found += [f"is no PromQL: {one}" for one in broken_queries(runbook)]
    if components:
        found += [f"names {name}, which no document knows" for name in unknown_targets(runbook, components)]
    return found


def _names(components: Iterable[Fact]) -> list[str]:
    return [fact.name or str(fact.value) for fact in of_kind(components, Kind.COMPONENT)]


def _sources(alert: Alert) -> Inline:
    return Lines([fact_link(fact) for fact in alert.facts])


def _without(alert: Alert) -> Inline:
    if alert.runbook:
        return Lines([Strong("no runbook here"), "linked:", Code(alert.runbook)])
    return Strong("no runbook")


def _gap(alert: Alert) -> Gap:
    why = f"the alert only links to {alert.runbook}" if alert.runbook else "the alert has none"
    return Gap(f"the runbook of {alert.name}", "DevOps Engineer", "params: runbooks", why)


def _finding(alert: Alert) -> Finding:
    kind = "page" if _pages(alert) else "alert"
    return Finding(
        6,
        2.0 if _pages(alert) else 1.0,
        f"the {kind} {alert.name} ({alert.severity or 'no severity'}) has "
        + ("no runbook here, only a link" if alert.runbook else "no runbook"),
    )


def _pages(alert: Alert) -> bool:
    return any(word in (alert.severity.casefold(), alert.channel.casefold()) for word in PAGING)


def _anchor(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.casefold()).replace(" ", "-")
