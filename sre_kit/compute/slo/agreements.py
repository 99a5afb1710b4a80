"""
Who agreed to what, and when it is looked at again; which journeys are watched, which promises contradict each other.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.slo.budget import ErrorBudget
from sre_kit.compute.slo.ledger import Ledger
from sre_kit.compute.slo.objectives import SLI_KINDS, SLO, Agreement, RejectedSLI
from sre_kit.compute.slo.targets import TargetAdvice, chance_to_meet
from sre_kit.compute.vocabulary import Fact, Gap, Kind, Role
from sre_kit.units import Duration, percent, target

BINDING: Final = (Role.CONTRACT, Role.TARGET, Role.STATED)
MUCH: Final = 0.5
"""An incident that uses more of a budget, or a target that is less likely met, calls for a review; a convention."""


@dataclass(frozen=True, slots=True)
class ObjectiveChange:
    """An objective was changed: when, which, what, why, by whom."""

    made: date
    slo: str
    what: str
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """How often the objectives are looked at, by whom, and what calls for it earlier."""

    last: date | None = None
    every: Duration = timedelta(days=91)
    forum: str = ""
    owner: str = ""
    triggers: list[str] = field(default_factory=list)
    changes: list[ObjectiveChange] = field(default_factory=list)


def review_dates(plan: ReviewPlan, as_of: date, count: int = 4) -> list[date]:
    """
    The next reviews after `as_of`, counted from the last one (from `as_of` where there was none), on working days.

    A day that falls on a weekend moves to the Monday after it.
    """
    found: list[date] = []
    day = plan.last or as_of
    while len(found) < count:
        day += plan.every
        moved = day + timedelta(days=(7 - day.weekday()) if day.weekday() >= calendar.SATURDAY else 0)
        if moved > as_of:
            found.append(moved)
    return found


def overdue(plan: ReviewPlan, as_of: date) -> bool:
    """Whether the review that the plan asks for is late; a plan without a last review is not late, it has not begun."""
    return plan.last is not None and plan.last + plan.every < as_of


@dataclass(frozen=True, slots=True)
class JourneyCoverage:
    """A critical user journey, the objectives that watch it, and why there is none where there is none."""

    journey: str
    source: str
    fact: Fact | None
    slos: tuple[str, ...]
    reason: str = ""


def journey_coverage(
    facts: Iterable[Fact], slos: Sequence[SLO], rejected: Sequence[RejectedSLI]
) -> list[JourneyCoverage]:
    """
    Every critical user journey of the documents, and the journeys that only the objectives name.

    Names are compared without regard to case; the part of a fact before a colon is its name.
    """
    found: dict[str, JourneyCoverage] = {}
    for fact in of_kind(facts, Kind.CRITICAL_USER_JOURNEY):
        name = fact.name or str(fact.value).split(":")[0].strip()
        found.setdefault(name.casefold(), _coverage(name, fact.source, fact, slos, rejected))
    for slo in slos:
        if slo.journey and slo.journey.casefold() not in found:
            found[slo.journey.casefold()] = _coverage(slo.journey, "params", None, slos, rejected)
    return list(found.values())


def _coverage(
    name: str, source: str, fact: Fact | None, slos: Sequence[SLO], rejected: Sequence[RejectedSLI]
) -> JourneyCoverage:
    same = name.casefold()
    watching = tuple(slo.name for slo in slos if slo.journey.casefold() == same)
    why = "; ".join(f"{one.name}: {one.reason}" for one in rejected if one.journey.casefold() == same)
    return JourneyCoverage(name, source, fact, watching, "" if watching else why)


@dataclass(frozen=True, slots=True)
class IndicatorChoice:
    """For one journey and one kind of indicator: the objectives that watch it, and what was considered and rejected."""

    journey: str
    kind: str
    chosen: tuple[str, ...]
    rejected: tuple[RejectedSLI, ...]


def indicator_choices(
    covered: Iterable[JourneyCoverage], slos: Sequence[SLO], rejected: Sequence[RejectedSLI]
) -> list[IndicatorChoice]:
    """
    Every journey with every kind of indicator, also those that nobody considered; rejected ones without a kind last.

    The kind of a rejected indicator is what the params say.
    """
    found = []
    for one in covered:
        same = one.journey.casefold()
        for kind in (*SLI_KINDS, ""):
            chosen = tuple(slo.name for slo in slos if slo.journey.casefold() == same and slo.kind == kind)
            no = tuple(r for r in rejected if r.journey.casefold() == same and r.kind == kind)
            if kind or no:
                found.append(IndicatorChoice(one.journey, kind, chosen, no))
    return found


@dataclass(frozen=True, slots=True)
class EarlyReview:
    """Something that calls for a review before its date, as of now: which objective, what holds, and the evidence."""

    slo: str
    reason: str
    evidence: str


def early_reviews(
    earlier: Sequence[Sequence[ErrorBudget]], ledgers: Iterable[Ledger], advices: Iterable[TargetAdvice]
) -> list[EarlyReview]:
    """
    What can be computed of it: two missed periods in a row, an incident that used more than half of a budget, a target
    looser than its contract, above its dependencies, or met by less than half of the next periods drawn.
    """
    found = []
    for past in earlier:
        if len(past) > 1 and past[0].met is False and past[1].met is False:
            said = f"{percent(past[1].availability, 3)}, then {percent(past[0].availability, 3)}"
            found.append(EarlyReview(past[0].slo.name, "missed two periods in a row", said))
    for ledger in ledgers:
        for line in ledger.lines:
            share = ledger.of_budget(line)
            if line.cause == "incident" and share is not None and share > MUCH:
                found.append(
                    EarlyReview(
                        ledger.budget.slo.name,
                        "an incident used more than half of the budget",
                        f"{line.name}: {percent(share, 1)}",
                    )
                )
    for one in advices:
        found.extend(_of_targets(one))
    return found


def _of_targets(one: TargetAdvice) -> Iterator[EarlyReview]:
    slo, rung = one.slo, chance_to_meet(one)
    if slo.contract is not None and slo.target < slo.contract:
        yield EarlyReview(slo.name, "looser than the contract", f"{target(slo.target)} under {target(slo.contract)}")
    if one.impossible and one.bound is not None:
        said = f"{target(slo.target)} over {percent(one.bound, 3)}"
        yield EarlyReview(slo.name, "above what its dependencies promise", said)
    if rung is not None and rung.probability < MUCH:
        yield EarlyReview(slo.name, "more likely missed than met", f"P(meet) {percent(rung.probability, 0)}")


@dataclass(frozen=True, slots=True)
class ContractMargin:
    """
    An objective beside the promise it protects: how much room lies between the two, in the objective's window.
    """

    slo: SLO
    minutes: float
    events: float | None
    looser: bool


def contract_margins(budgets: Iterable[ErrorBudget]) -> list[ContractMargin]:
    """The margin of each objective that has a contract; below 0 (`looser`) the objective cannot protect it."""
    found = []
    for budget in budgets:
        contract = budget.slo.contract
        if contract is None:
            continue
        gap = budget.slo.target - contract
        minutes = float(gap * Fraction(budget.window.length / timedelta(minutes=1)))
        events = float(gap * budget.events) if budget.events else None
        found.append(ContractMargin(budget.slo, minutes, events, gap < 0))
    return found


@dataclass(frozen=True, slots=True)
class Stakeholder:
    """A person of the documents (or only of the params) and one objective: agreed, asked, or not asked."""

    name: str
    role: str
    slo: str
    agrees_to: str
    state: str
    source: str
    fact: Fact | None = None


def stakeholders(facts: Iterable[Fact], slos: Sequence[SLO]) -> list[Stakeholder]:
    """
    Every stakeholder of the documents with what they agree to; then those that only the params name.

    State: "signed <date>", "not signed", or "not asked" for a stakeholder that no objective names.
    """
    known = {fact.name.casefold(): fact for fact in of_kind(facts, Kind.STAKEHOLDER) if fact.name}
    asked: set[str] = set()
    found = []
    for slo in slos:
        for one in slo.agreements:
            person = known.get(one.name.casefold())
            asked.add(one.name.casefold())
            found.append(_agreed(one, slo.name, person))
    for key, fact in known.items():
        if key not in asked:
            role = fact.details.get("role", "") or str(fact.value)
            found.append(Stakeholder(fact.name, role, "", "", "not asked", fact.source, fact))
    return found


def _agreed(one: Agreement, slo: str, fact: Fact | None) -> Stakeholder:
    role = one.role or (fact.details.get("role", "") or str(fact.value) if fact else "")
    state = f"signed {one.signed:%Y-%m-%d}" if one.signed else "not signed"
    return Stakeholder(one.name, role, slo, one.agrees_to, state, fact.source if fact else "params", fact)


def agreement_gaps(slos: Iterable[SLO]) -> list[Gap]:
    """What is still to be signed, and objectives that nobody was asked about."""
    gaps = []
    for slo in slos:
        if not slo.agreements:
            gaps.append(Gap(f"who agrees to {slo.name}", slo.owner or "service owner", "params: slos.agreements"))
        gaps.extend(
            Gap(f"the agreement of {one.name} to {slo.name}", one.name, "params: slos.agreements", "it is not signed")
            for one in slo.agreements
            if one.signed is None
        )
    return gaps


def promises(facts: Iterable[Fact]) -> list[Fact]:
    """Availability promises that bind us, each in its scope, contract first: they are quoted, never averaged."""
    stated = of_kind(facts, Kind.AVAILABILITY_TARGET)
    ours = [fact for fact in stated if fact.role in BINDING and not fact.refused]
    return sorted(ours, key=lambda fact: (str(fact.scope), fact.role is not Role.CONTRACT, fact.document, fact.line))
