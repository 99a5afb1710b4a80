"""
What the state of the error budgets means for releases: one decision per service, from the strictest of its objectives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sre_kit.compute.slo.budget import WORKBOOK_STATES, ErrorBudget, PolicyState, policy_state

UNKNOWN: Final = ("unclear", "no data")
_STRICT: Final = ("exhausted", "at risk", "unclear", "no data", "healthy")


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """
    A service, the strictest `state` of its objectives, which of them are in it (`because`), and what that permits.

    Without a measured state nothing is permitted by the policy, and nothing forbidden: somebody must look.
    """

    service: str
    state: str
    because: tuple[str, ...]
    permits: str
    decides: str


def release_decisions(budgets: Sequence[ErrorBudget], states: Sequence[PolicyState] = ()) -> list[ReleaseDecision]:
    """One decision per service, in the order of the objectives; `states` defaults to the workbook's."""
    lines = {state.name: state for state in (states or WORKBOOK_STATES)}
    by_service: dict[str, list[tuple[str, str]]] = {}
    for budget in budgets:
        state = policy_state(budget, states or WORKBOOK_STATES)
        by_service.setdefault(budget.slo.service or budget.slo.name, []).append((state, budget.slo.name))
    found = []
    for service, pairs in by_service.items():
        state = min((state for state, _ in pairs), key=_STRICT.index)
        because = tuple(name for its, name in pairs if its == state)
        line = lines.get(state)  # type: ignore[call-overload]
        permits = line.permits if line else "not known: the state could not be measured"
        found.append(ReleaseDecision(service, state, because, permits, line.decides if line else "the service's owner"))
    return found
