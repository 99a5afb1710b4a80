"""Indicators and objectives: what is counted, what is promised, whether the promise is honest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from sre_kit.compute.queries import query_problem
from sre_kit.compute.slo.agreements import ContractMargin, IndicatorChoice, JourneyCoverage
from sre_kit.compute.slo.objectives import SLI_KINDS, SLO, RejectedSLI
from sre_kit.compute.slo.targets import CONFIDENT, TargetAdvice, chance_to_meet
from sre_kit.compute.slo.windows import nominal
from sre_kit.compute.vocabulary import Fact, Finding, Gap, Kind, Requests
from sre_kit.show.document import fact_link
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Span, Strong
from sre_kit.units import MISSING, number, percent, promised, span, target

_RECOMMENDED = (
    "Recommended is the strictest, of the ladder and the target in force, that is met with probability "
    f"{percent(CONFIDENT, 0)} or more and that the dependencies' promises allow (assumption of the method). In "
    "brackets: 90 % interval."
)
METHODS = {
    "occurrences": "events",
    "timeslices": "good slices of time",
    "ratio_timeslices": "mean of slice ratios",
}


def indicators(slos: Sequence[SLO], requests: Iterable[Requests]) -> Table:
    """Each SLI: its kind, good and total events in words and as a query, where it is measured, what is left out."""
    read = {one.name: one for one in requests}
    rows: list[Sequence[Inline]] = []
    gaps = []
    for slo in slos:
        one = read.get(slo.name)
        for query in filter(None, (slo.good, slo.bad, slo.total, slo.ratio, slo.gauge)):
            if problem := query_problem(query):
                gaps.append(Gap(f"a query that parses for {slo.name}", slo.owner or "SRE", "params: slos", problem))
        kind = slo.kind if slo.threshold is None else f"{slo.kind}, {span(slo.threshold)}"
        good = Lines([slo.good_means or "not said in words", _good(slo)])
        all_of_it = slo.total_means or ("each step with a value" if slo.by_time else "not said in words")
        total = Lines([all_of_it, *([Code(slo.total)] if slo.total else [])])
        coverage = percent(one.coverage) if one and not one.gap else f"no data: {one.gap if one else 'not read'}"
        where = slo.measured_at or "not said"
        rows.append((slo.name, kind, good, total, where, slo.excluded or "nothing", coverage))
    columns = ["Indicator", "Kind", "Good events", "Total events", "Measured at", "Excluded", "Coverage"]
    empty = Gap("service level indicators", "the service's owners", "params: slos", "no objective is defined")
    return Table(columns, rows, gaps=tuple(gaps) if slos else (empty,))


def _good(slo: SLO) -> Inline:
    """The query of what is good, or how the bad part is told from it."""
    if slo.gauge:
        sign, bound = ("at most", slo.at_most) if slo.at_most is not None else ("at least", slo.at_least)
        return Span([Code(slo.gauge), f" {sign} {bound:g}"])
    bad = slo.bad or slo.ratio
    return Span(["bad: ", Code(bad)]) if bad else Code(slo.good)


def journeys(covered: Iterable[JourneyCoverage]) -> Table:
    """Each critical user journey with the objectives that watch it, or why there is none."""
    rows: list[Sequence[Inline]] = []
    gaps = []
    for one in covered:
        source: Inline = fact_link(one.fact) if one.fact else one.source
        if one.slos:
            rows.append((one.journey, ", ".join(one.slos), "–", source))
        elif one.reason:
            rows.append((one.journey, Strong("uncovered"), one.reason, source))
        else:
            gap = Gap(
                f"an indicator for the journey {one.journey}", "the service's owner", "params: slos or rejected_slis"
            )
            gaps.append(gap)
            rows.append((one.journey, Strong("uncovered"), "not known", source))
    none = Gap("the critical user journeys", "Project Manager", "PRD", "no document lists them")
    return Table(
        ["Journey", "Objectives", "Why not", "Source"],
        rows,
        gaps=tuple(gaps) if rows else (none,),
        findings=_uncovered(covered),
    )


def _uncovered(covered: Iterable[JourneyCoverage]) -> tuple[Finding, ...]:
    return tuple(
        Finding(7, 1.0, f"no objective watches the journey {one.journey!r}") for one in covered if not one.slos
    )


def rejected_indicators(rejected: Iterable[RejectedSLI]) -> Table:
    """Indicators that were considered and not chosen."""
    return Table(
        ["Not chosen", "Journey", "Reason"],
        [(one.name, one.journey, one.reason) for one in rejected],
        empty="No other indicator was considered.",
    )


def indicator_choices(choices: Iterable[IndicatorChoice]) -> Table:
    """Journeys against kinds of indicators: what was chosen, what was considered and rejected, what nobody asked."""
    found = list(choices)
    journeys = list(dict.fromkeys(one.journey for one in found))
    used = {one.kind for one in found if one.chosen or one.rejected}
    kinds = [kind for kind in dict.fromkeys(one.kind for one in found) if kind in used]
    cells = {(one.journey, one.kind): one for one in found}
    rows: list[Sequence[Inline]] = [
        (journey, *(_choice(cells.get((journey, kind))) for kind in kinds)) for journey in journeys
    ]
    unused = [kind for kind in SLI_KINDS if kind not in used]
    note = "Bold: chosen. In brackets: considered and rejected; the reasons stand below. –: not considered."
    if unused:
        note += f" Nobody considered {', '.join(unused)} for any journey."
    columns = ["Journey", *(kind.capitalize() or "Kind not said" for kind in kinds)]
    return Table(columns, rows if used else (), note=note if used else "", empty="No indicator was considered yet.")


def _choice(one: IndicatorChoice | None) -> Inline:
    if one is None or not (one.chosen or one.rejected):
        return MISSING
    return Lines([*(Strong(name) for name in one.chosen), *(f"({no.name})" for no in one.rejected)])


def objectives(slos: Sequence[SLO]) -> Table:
    """Each objective: target, tier, window, budgeting method, owner, where the target comes from, and the contract."""
    rows: list[Sequence[Inline]] = []
    tiered = any(slo.tier for slo in slos)
    for slo in slos:
        window = f"calendar {slo.calendar}, {slo.zone}" if slo.calendar else f"rolling {span(slo.window)}"
        contract: Inline = MISSING
        if slo.contract is not None:
            contract = f"{target(slo.contract)} ({slo.contract_source or 'source not said'})"
        owner: Inline = slo.owner or Strong("not known")
        comes_from = slo.target_source or "decision"
        tier = [slo.tier or "all"] if tiered else []
        rows.append(
            (slo.name, Strong(target(slo.target)), *tier, window, budget_counts(slo), owner, comes_from, contract)
        )
    gaps = tuple(_owner_gap(slo) for slo in slos if not slo.owner)
    columns = ["Objective", "Target", *(["Tier"] if tiered else []), "Window", "Budget counts", "Owner"]
    columns += ["Target comes from", "Contract"]
    if not slos:
        gaps = (Gap("the objectives", "the service's owners", "params: slos"),)
    return Table(columns, rows, gaps=gaps)


def budget_counts(slo: SLO) -> str:
    """What the budget of an objective counts: events, steps with a value, or slices of time."""
    if slo.budgeting == "occurrences":
        return "steps of time with a value" if slo.by_time else METHODS["occurrences"]
    part = slo.slice_target if slo.slice_target is not None else slo.target
    good = f", a slice is good from {target(part)}" if slo.budgeting == "timeslices" else ""
    return f"{METHODS[slo.budgeting]} of {span(slo.slice_length)}{good}"


def _owner_gap(slo: SLO) -> Gap:
    return Gap(f"the owner of {slo.name}", "Head of Engineering", "params: slos.owner")


def contract_margins(margins: Sequence[ContractMargin]) -> Table:
    """Objective against contract: the room between them, in minutes and in requests; a looser objective is an error."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in margins:
        slo = one.slo
        assert slo.contract is not None
        verdict: Inline = "stricter than the contract"
        if one.looser:
            verdict = Strong("looser than the contract: the objective cannot protect it")
            text = f"{slo.name}: the objective {target(slo.target)} is looser than the contract {target(slo.contract)}"
            findings.append(Finding(1, 1.0, text))
        elif one.minutes == 0:
            verdict = Strong("equal to the contract: no margin")
        events = number(one.events) if one.events is not None else "no traffic"
        rows.append((slo.name, target(slo.target), target(slo.contract), f"{one.minutes:,.1f} min", events, verdict))
    columns = ["Objective", "Target", "Contract", "Margin in minutes", "Margin in requests", "Verdict"]
    return Table(columns, rows, findings=findings, empty="No objective has a contract behind it.")


def promises(facts: Sequence[Fact]) -> Table:
    """Every availability promise of the documents, in its own scope, quoted; nothing is averaged."""
    rows: list[Sequence[Inline]] = [
        (str(f.scope) or "not said", promised(Fraction(f.number)), f.role.value, Code(f.quote.strip()), fact_link(f))
        for f in facts
        if f.number is not None
    ]
    gap = Gap("an availability promise", "Project Manager", "BusinessModel or PRD", "no document states one")
    note = ""
    by_scope: dict[str, set[str]] = {}
    for f in facts:
        by_scope.setdefault(str(f.scope), set()).add(str(f.value))
    apart = [scope or "an unnamed scope" for scope, values in by_scope.items() if len(values) > 1]
    if apart:
        note = f"Promises differ within {', '.join(apart)}: read the quotes, they may speak of different services."
    return Table(["Scope", "Promise", "Role", "Quote", "Source"], rows, gaps=() if rows else (gap,), note=note)


class Contradiction(Protocol):
    """Facts that say different things about the same; one of them stands, by a stated rule."""

    @property
    def kind(self) -> Kind:
        """What they are about."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of them."""

    @property
    def chosen(self) -> Fact:
        """The one that stands."""

    @property
    def rule(self) -> str:
        """Why that one."""


def promise_conflicts(found: Iterable[Contradiction]) -> Table:
    """Promises of availability that contradict each other, all quoted, and which one stands by which rule."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        if one.kind is Kind.AVAILABILITY_TARGET:
            quotes = [Span([fact_link(fact), ": ", Code(fact.quote.strip())]) for fact in one.facts]
            rows.append((str(one.chosen.scope) or "not said", Lines(quotes), fact_link(one.chosen), one.rule))
    return Table(
        ["Scope", "They say", "Stands", "Rule"],
        rows,
        empty="No two promises of availability contradict each other.",
    )


def target_evidence(advices: Sequence[TargetAdvice]) -> Table:
    """Each target against history: measured with its interval, P(meet the next period), what would be recommended."""
    rows: list[Sequence[Inline]] = []
    for one in advices:
        rung = chance_to_meet(one)
        chance = (
            f"{_chance(rung.probability)} ({_chance(rung.interval.low)}-{_chance(rung.interval.high)})"
            if rung
            else MISSING
        )
        interval = f"{percent(one.interval.low, 3)} to {percent(one.interval.high, 3)}" if one.interval else MISSING
        advice: Inline = target(one.recommended) if one.recommended else (one.refused or "none of the ladder")
        if one.recommended and one.slo.contract is not None and one.recommended < one.slo.contract:
            advice = Lines([target(one.recommended), Strong(f"below the contract's {target(one.slo.contract)}")])
        rows.append(
            (one.slo.name, target(one.slo.target), percent(one.measured, 3), interval, str(one.days), chance, advice)
        )
    columns = ["Objective", "Target", "Measured", "95 % interval", "Days", "P(meet the next period)", "Recommended"]
    return Table(
        columns,
        rows,
        source="block bootstrap by day over the days of the history, seed fixed" if rows else "",
        empty="No objective is defined.",
        note=_RECOMMENDED if rows else "",
    )


def recommendation_ladders(advices: Sequence[TargetAdvice]) -> Table:
    """P(meet the next period) for a ladder of targets, each objective in a column."""
    told = [one for one in advices if one.rungs]
    found = {(one.slo.name, rung.target): rung for one in told for rung in one.rungs}
    rows: list[Sequence[Inline]] = []
    for step in sorted({key[1] for key in found}):
        cells: list[Inline] = []
        for one in told:
            rung = found.get((one.slo.name, step))
            text = _chance(rung.probability) if rung else MISSING
            if rung and not rung.possible:
                text += " †"
            cells.append(Strong(text) if step == one.slo.target else text)
        rows.append((target(step), *cells))
    periods = ", ".join(f"{one.slo.name} {span(nominal(one.slo))}" for one in told)
    return Table(
        ["Target", *(one.slo.name for one in told)],
        rows,
        empty="No objective has enough history for a ladder. "
        + "; ".join(f"{a.slo.name}: {a.refused}" for a in advices),
        note=""
        if not rows
        else f"Next period: {periods}. Bold: the target in force. 100 %: met in every draw. "
        "† above what the dependencies promise together.",
    )


def slo_dependencies(advices: Sequence[TargetAdvice]) -> Table:
    """Each objective with the product of its dependencies' promises; a target above it is named."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in advices:
        if one.bound is None:
            continue
        promises_of = Lines(
            [f"{d.name} {target(d.promise)} ({d.source or 'source not said'})" for d in one.slo.dependencies]
        )
        verdict: Inline = "possible"
        if one.impossible:
            verdict = Strong("asks more than the dependencies promise together")
            bound = percent(one.bound, 3)
            text = f"{one.slo.name}: {target(one.slo.target)} is above the {bound} that its dependencies promise"
            findings.append(Finding(7, float(one.slo.target - one.bound), text))
        rows.append((one.slo.name, target(one.slo.target), promises_of, percent(one.bound, 3), verdict))
    return Table(
        ["Objective", "Target", "Serial dependencies", "Product", "Verdict"],
        rows,
        findings=findings,
        note=""
        if not rows
        else "The product is what remains if each just keeps its promise, and each failure of one is ours; "
        "a cache, a retry or a second provider lifts it.",
        empty="No objective names a serial dependency.",
    )


def _chance(value: float) -> str:
    return percent(value, 0)
