"""
Composite objectives: one target over several objectives, each with its weight.

The composite's availability is the weighted mean of what its parts measured, so a part with little traffic is not
drowned by a busy one. Its budget is what its own target leaves; each part spends its weighted bad share of it, and the
shares add up exactly. A part that measured nothing leaves the composite unknown: leaving it out would flatter it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from sre_kit.compute.slo.budget import ErrorBudget, error_budget
from sre_kit.compute.slo.counts import History
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import Window, slo_window
from sre_kit.errors import ParameterError, nearest
from sre_kit.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class Part:
    """An objective in a composite; weights count relative to each other."""

    slo: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Composite:
    """
    A target for several objectives together, over a window of its own.
    """

    name: str
    target: Ratio
    parts: list[Part] = field(default_factory=list)
    window: Duration = timedelta(days=30)
    calendar: Literal["", "week", "month", "quarter", "year"] = ""
    zone: str = "UTC"
    owner: str = ""

    def __post_init__(self) -> None:
        names = [part.slo for part in self.parts]
        if len(set(names)) != len(names) or len(names) < 2:
            raise ParameterError(f"composite {self.name!r}: name at least two objectives, each once; got {names}")
        if not 0 < self.target <= 1:
            raise ParameterError(f"composite {self.name!r}: target must lie above 0 and at most 1, got {self.target}")
        light = [part.slo for part in self.parts if not part.weight > 0]
        if light:
            raise ParameterError(
                f"composite {self.name!r}: the weight of {light[0]!r} must be above 0; or leave it out"
            )


@dataclass(frozen=True, slots=True)
class CompositeBudget:
    """
    What the parts of a composite measured in its window, and their shares of all weights (which add up to 1).
    """

    composite: Composite
    window: Window
    parts: tuple[tuple[ErrorBudget, Fraction], ...]

    @property
    def silent(self) -> tuple[str, ...]:
        """Parts that measured nothing."""
        return tuple(budget.slo.name for budget, _ in self.parts if not budget.total)

    @property
    def availability(self) -> Fraction | None:
        """Weighted mean of the parts'; missing where a part measured nothing."""
        known = [part.availability * weight for part, weight in self.parts if part.availability is not None]
        return sum(known, Fraction(0)) if len(known) == len(self.parts) else None

    def spent_by(self, budget: ErrorBudget, weight: Fraction) -> Fraction | None:
        """Share of the composite's budget that a part used; missing without traffic or budget."""
        allowed = 1 - self.composite.target
        return None if budget.availability is None or not allowed else weight * (1 - budget.availability) / allowed

    @property
    def spent_share(self) -> Fraction | None:
        """Share of the budget used, the exact sum of the parts'; missing where one of them is."""
        parts = [self.spent_by(budget, weight) for budget, weight in self.parts]
        known = [part for part in parts if part is not None]
        return sum(known, Fraction(0)) if len(known) == len(parts) else None


def composite_budgets(
    composites: Sequence[Composite], ones: Sequence[History], as_of: datetime
) -> list[CompositeBudget]:
    """
    Each composite at `as_of`.

    Raises
    ------
    ParameterError
        A part is no objective.
    """
    by_name = {one.slo.name: one for one in ones}
    found = []
    for composite in composites:
        for part in composite.parts:
            if part.slo not in by_name:
                raise ParameterError(
                    f"composite {composite.name!r}: {part.slo!r} is no objective{nearest(part.slo, by_name)}"
                )
        whole = sum((Fraction(str(part.weight)) for part in composite.parts), Fraction(0))
        window = slo_window(_judged(composite, by_name[composite.parts[0].slo].slo), as_of)
        parts = [
            (error_budget(by_name[part.slo], as_of, window), Fraction(str(part.weight)) / whole)
            for part in composite.parts
        ]
        found.append(CompositeBudget(composite, window, tuple(parts)))
    return found


def _judged(composite: Composite, like: SLO) -> SLO:
    """An objective with the composite's window, for `slo_window`."""
    return replace(like, name=composite.name, window=composite.window, calendar=composite.calendar, zone=composite.zone)
