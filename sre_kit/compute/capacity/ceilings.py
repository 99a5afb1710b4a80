"""
Ceilings that replicas share: node CPU and memory, quotas, addresses, partitions, threads.

``maximum replicas x what each takes + what others take <= the ceiling`` must hold at the autoscalers' maximum, not
today. Where it does not, the largest taker's maximum is cut, because the others need theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sre_kit.compute.capacity.plan import CapacityPlan, Ceiling, Scaling
from sre_kit.compute.capacity.sizing import PoolCheck, fitting_scaling


@dataclass(frozen=True, slots=True)
class Taker:
    """A component at its maximum, and what each of its replicas takes."""

    component: str
    maximum: int
    each: float


@dataclass(frozen=True, slots=True)
class CeilingCheck:
    """What all takers need at their maximum (`most`) against the ceiling."""

    ceiling: Ceiling
    takers: tuple[Taker, ...]
    most: float

    @property
    def holds(self) -> bool:
        """Whether everything fits at the maximum."""
        return self.most <= self.ceiling.limit * (1 + 1e-12)

    @property
    def largest(self) -> Taker:
        """The component that takes most."""
        return max(self.takers, key=lambda one: one.maximum * one.each)

    @property
    def fitting_maximum(self) -> int:
        """The most replicas that the largest taker may have while the others keep theirs."""
        left = self.ceiling.limit - (self.most - self.largest.maximum * self.largest.each)
        return max(0, int((left * (1 + 1e-12)) // self.largest.each))


def ceiling_checks(plan: CapacityPlan, scaling: Sequence[Scaling] | None = None) -> list[CeilingCheck]:
    """One check for each ceiling that a scaled component takes from, fullest first."""
    most = {one.component: one.maximum for one in (plan.scaling if scaling is None else scaling)}
    found = []
    for ceiling in plan.ceilings:
        takers = tuple(
            Taker(one.component, most[one.component], one.each) for one in ceiling.shares if one.component in most
        )
        if takers:
            needed = sum(one.maximum * one.each for one in takers) + ceiling.others
            found.append(CeilingCheck(ceiling, takers, needed))
    return sorted(found, key=lambda one: one.most / one.ceiling.limit, reverse=True)


def under_ceilings(scaling: Sequence[Scaling], checks: Sequence[CeilingCheck]) -> list[Scaling]:
    """The scaling with the largest taker's maximum cut where a ceiling does not hold; never below its minimum."""
    cut: dict[str, int] = {}
    for check in checks:
        if not check.holds:
            name = check.largest.component
            cut[name] = min(cut.get(name, check.fitting_maximum), check.fitting_maximum)
    return [
        replace(one, maximum=max(one.minimum, min(one.maximum, cut[one.component]))) if one.component in cut else one
        for one in scaling
    ]


def fitting_plan(plan: CapacityPlan, pools: Sequence[PoolCheck]) -> list[Scaling]:
    """The plan's scaling with each maximum cut to what the databases and then the ceilings allow."""
    pooled = fitting_scaling(plan.scaling, pools)
    return under_ceilings(pooled, ceiling_checks(plan, pooled))
