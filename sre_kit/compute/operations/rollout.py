"""
How a release is tried on a part of the traffic before it gets all of it, and what was counted when one was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sre_kit.errors import ParameterError
from sre_kit.units import Duration, Instant, Ratio


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests, and the bad ones among them."""

    total: int
    bad: int

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.total:
            raise ParameterError(f"0 <= bad <= total is needed, got bad {self.bad} of {self.total}")

    @property
    def share(self) -> float | None:
        """Bad share; missing without requests."""
        return self.bad / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class CanaryRelease:
    """What was counted while a version was a canary."""

    version: str
    at: Instant
    baseline: Counted
    canary: Counted
    source: str = ""


@dataclass(frozen=True, slots=True)
class Canary:
    """How releases behind an objective are tried: `share` of the traffic for `lasts`, and what takes them back."""

    slo: str
    share: Ratio
    lasts: Duration
    burn: float = 14.4
    """Rolled back when the canary's bad share exceeds so many budget ratios; 14.4 is the fast page's factor."""
    worse_by: float = 1.0
    """Rolled back when it exceeds the baseline's by so many budget ratios."""
    every: Duration = timedelta(minutes=1)
    """How often the condition is evaluated."""
    over: Duration = timedelta(minutes=5)
    """What it looks back on."""
    total: str = ""
    """PromQL that counts the canary's requests."""
    bad: str = ""
    namespace: str = ""
    server: str = ""
    """Prometheus as the cluster sees it."""
    releases: list[CanaryRelease] = field(default_factory=list)
    source: str = ""
