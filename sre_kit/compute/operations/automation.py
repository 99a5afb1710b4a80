"""
Automation: the seven opportunities of the mission, each with its state or the reason why not.

A file that would do it makes an opportunity "prepared"; only what runs in production is "implemented".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sre_kit.compute.asked import of_kind
from sre_kit.compute.operations.plan import AUTOMATIONS, Automation
from sre_kit.compute.vocabulary import Fact, Gap, Kind


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One of the seven; `decided` is missing where nobody decided anything, `evidence` is what the documents say."""

    name: str
    decided: Automation | None
    evidence: tuple[Fact, ...] = ()

    @property
    def state(self) -> str:
        """The decided state; "not decided" where there is none."""
        return self.decided.state if self.decided else "not decided"

    @property
    def gap(self) -> Gap | None:
        """What is missing: the decision itself, the reason for leaving it out, or what guards it."""
        if self.decided is None:
            return Gap(f"whether {self.name} is automated", "DevOps Engineer", "params: operations.automations")
        if self.decided.state == "not applicable" and not self.decided.reason:
            return Gap(f"why {self.name} does not apply", "DevOps Engineer", "params: operations.automations")
        if self.decided.state in ("prepared", "implemented") and not self.decided.guard:
            return Gap(f"what keeps {self.name} from doing harm", "DevOps Engineer", "params: operations.automations")
        return None


_EVIDENCE = {"auto-scaling": Kind.SCALING_RULE, "backup": Kind.BACKUP_SCHEDULE, "rollback": Kind.DEPLOYMENT_STRATEGY}


def opportunities(decided: Sequence[Automation], facts: Sequence[Fact]) -> list[Opportunity]:
    """All seven, in the mission's order."""
    by_name = {one.opportunity: one for one in decided}
    return [
        Opportunity(
            name,
            by_name.get(name),  # type: ignore[call-overload]
            tuple(of_kind(facts, _EVIDENCE[name])) if name in _EVIDENCE else (),
        )
        for name in AUTOMATIONS
    ]
