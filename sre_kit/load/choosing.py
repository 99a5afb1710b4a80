"""What becomes of facts: params change or reject them, conflicts are settled by a stated rule, JSON carries them on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sre_kit.compute.vocabulary import Fact, FactOverride, FactRejection, Kind, Role, Scope
from sre_kit.errors import ParameterError, nearest

_BINDING: Final = {
    Role.CONTRACT: 0,
    Role.TARGET: 1,
    Role.STATED: 2,
    Role.THRESHOLD: 3,
    Role.MEASURED: 4,
    Role.ASSUMPTION: 5,
}
_COMPARED: Final = (
    Kind.AVAILABILITY_TARGET,
    Kind.LATENCY_TARGET,
    Kind.ERROR_RATE_TARGET,
    Kind.THROUGHPUT,
    Kind.RTO,
    Kind.RPO,
    Kind.BACKUP_RETENTION,
    Kind.BACKUP_SCHEDULE,
    Kind.BUDGET,
    Kind.SUPPORT_HOURS,
    Kind.DEPLOYMENT_STRATEGY,
)
_DATE = re.compile(r"(20\d\d)-([01]\d)-([0-3]\d)")

CONTRACT_RULE: Final = "a contract outranks an objective, an objective a plain statement"
PRODUCTION_RULE: Final = "production outranks other environments"
NEWER_RULE: Final = "the newer document outranks the older"
ORDER_RULE: Final = "no rule tells them apart: the first in reading order stands until somebody decides"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Facts that say different things about the same; `chosen` stands, by `rule`."""

    kind: Kind
    scope: Scope
    name: str
    facts: tuple[Fact, ...]
    chosen: Fact
    rule: str


def apply(facts: Sequence[Fact], overrides: Iterable[FactOverride], rejections: Iterable[FactRejection]) -> list[Fact]:
    """
    The facts after the decisions in params; the reason of each decision stays on the fact.

    Raises
    ------
    ParameterError
        A decision without a reason, with an unreadable value, or that matches no fact.
    """
    result = list(facts)
    for rejection in rejections:
        for index in _matching(rejection, result):
            result[index] = replace(result[index], refused=f"rejected in params: {rejection.reason}")
    for override in overrides:
        for index in _matching(override, result):
            result[index] = _overridden(result[index], override)
    return result


def conflicts(facts: Iterable[Fact], newest: Sequence[str] = ()) -> list[Conflict]:
    """
    Where usable facts disagree: one conflict for each kind, component, tier and name with more than one value.

    The rules in order: contract over objective, production over other environments, the newer document. What is
    newer is told by `newest` (documents, newest first), else by an ISO date in the document's name.

    A line that gives several values tells them apart by words that were not understood (a year, a region, a column):
    it contradicts nobody.
    """
    groups: defaultdict[tuple[Kind, str, str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind in _COMPARED and not fact.refused and fact.role in (Role.CONTRACT, Role.TARGET, Role.STATED):
            groups[fact.kind, fact.scope.tier, _same(fact.scope.component), _same(fact.name)].append(fact)
    found = []
    for (kind, tier, _, _), group in groups.items():
        group = _told_apart(group)
        environments = {fact.scope.environment for fact in group}
        for part in _comparable(group, environments):
            if len({fact.value for fact in part}) > 1:
                chosen, rule = _choose(part, newest)
                scope = Scope(chosen.scope.environment, tier, chosen.scope.component)
                found.append(Conflict(kind, scope, chosen.name, tuple(part), chosen, rule))
    return found


def as_json(fact: Fact) -> dict[str, Any]:
    """A fact as JSON types: ratios 0..1 and seconds as numbers."""
    return {
        "kind": fact.kind.value,
        "value": _json_number(fact.value) if isinstance(fact.value, Decimal) else fact.value,
        "unit": fact.unit,
        "name": fact.name,
        "scope": {"environment": fact.scope.environment, "tier": fact.scope.tier, "component": fact.scope.component},
        "role": fact.role.value,
        "document": fact.document,
        "line": fact.line,
        "heading": list(fact.heading),
        "quote": fact.quote,
        "details": dict(fact.details),
        "refused": fact.refused,
        "note": fact.note,
    }


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


_KIND_OF_PART: Final = re.compile(r"(?i)\s(?:api|service|endpoint|flow|journey|page|app|server)s?$|^the\s")


def _same(name: str) -> str:
    """A name for comparing: "Checkout API" and "checkout" are one."""
    return _KIND_OF_PART.sub("", name.strip().lower())


def _told_apart(group: list[Fact]) -> list[Fact]:
    values: defaultdict[tuple[str, int], set[Decimal | str]] = defaultdict(set)
    for fact in group:
        values[fact.document, fact.line].add(fact.value)
    return [fact for fact in group if len(values[fact.document, fact.line]) == 1]


def _comparable(group: list[Fact], environments: set[str]) -> list[list[Fact]]:
    """
    The facts that can contradict each other: those of one environment with those that name none.

    Two named environments may differ; what names none is held against production, or the only one named.
    """
    named = sorted(environments - {""})
    against = "production" if "production" in named else named[0] if len(named) == 1 else ""
    parts = [[fact for fact in group if fact.scope.environment in ("", against)]]
    return parts + [[fact for fact in group if fact.scope.environment == name] for name in named if name != against]


def _choose(facts: Sequence[Fact], newest: Sequence[str]) -> tuple[Fact, str]:
    steps: tuple[tuple[str, Callable[[Fact], int]], ...] = (
        (CONTRACT_RULE, lambda fact: _BINDING.get(fact.role, 9)),
        (PRODUCTION_RULE, lambda fact: 0 if fact.scope.environment == "production" else 1),
        (NEWER_RULE, lambda fact: _age(fact.document, newest)),
    )
    left = list(facts)
    for rule, rank in steps:
        ranks = [rank(fact) for fact in left]
        best = [fact for fact, place in zip(left, ranks, strict=True) if place == min(ranks)]
        if len({fact.value for fact in best}) == 1:
            return best[0], rule
        left = best
    return left[0], ORDER_RULE


def _age(document: str, newest: Sequence[str]) -> int:
    if document in newest:
        return newest.index(document)
    dated = _DATE.search(document)
    return len(newest) + 99_999_999 - (int("".join(dated.groups())) if dated else 0)


def _matching(decision: FactOverride | FactRejection, facts: Sequence[Fact]) -> list[int]:
    where = f"{decision.kind} in {decision.document or 'any document'}"
    where += f", line {decision.line}" if decision.line else ""
    where += f", {decision.name!r}" if decision.name else ""
    if not decision.reason.strip():
        raise ParameterError(
            f"facts: the decision about {where} has no reason; add `reason:`, it is printed beside the fact"
        )
    if decision.kind not in {kind.value for kind in Kind}:
        raise ParameterError(f"facts: no kind {decision.kind!r}{nearest(decision.kind, [kind.value for kind in Kind])}")
    matching = [index for index, fact in enumerate(facts) if _matches(decision, fact)]
    if not matching:
        near = [fact.source for fact in facts if fact.kind == decision.kind][:5]
        there = f"there are {', '.join(near)}" if near else f"no document states a {decision.kind}"
        raise ParameterError(
            f"facts: nothing matches {where}; {there}; correct it or remove it, `sre-kit facts` lists all"
        )
    return matching


def _matches(decision: FactOverride | FactRejection, fact: Fact) -> bool:
    return (
        fact.kind == decision.kind
        and (not decision.document or decision.document in (fact.document, fact.document.rsplit("/", 1)[-1]))
        and (decision.line is None or decision.line == fact.line)
        and (not decision.name or decision.name.lower() == fact.name.lower())
    )


def _overridden(fact: Fact, override: FactOverride) -> Fact:
    value: Decimal | str = str(override.value)
    if isinstance(fact.value, Decimal):
        value = _as_number(override, fact.unit)
    scope = fact.scope if override.scope is None else override.scope
    if override.role and override.role not in {role.value for role in Role}:
        known = [role.value for role in Role]
        raise ParameterError(f"facts: no role {override.role!r}{nearest(override.role, known)}")
    role = Role(override.role) if override.role else fact.role
    note = f"params: {override.value} instead of {fact.value}, because {override.reason}"
    return replace(fact, value=value, scope=scope, role=role, refused="", note=note)


def _as_number(override: FactOverride, unit: str) -> Decimal:
    from sre_kit.units import duration, ratio

    if unit == "ratio":
        share = ratio(override.value)
        return Decimal(share.numerator) / Decimal(share.denominator)
    if unit == "s":
        return Decimal(str(duration(override.value).total_seconds()))
    try:
        return Decimal(str(override.value))
    except InvalidOperation:
        raise ParameterError(
            f"facts: {override.kind} is a number in {unit or 'counts'}, got {override.value!r}"
        ) from None
