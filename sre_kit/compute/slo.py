"""
Service levels: what we promised, what we measured, what is left to spend.

Ratios lie in 0..1 and time is UTC; percent signs exist only in ``units`` and ``show``.
Formulas follow the SRE Workbook, ch. 2 (budgets) and ch. 5 (burn-rate alerts).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from sre_kit.errors import ParameterError
from sre_kit.units import Duration, Ratio

SLI_KINDS: Final = ("availability", "latency", "freshness", "correctness", "throughput", "saturation")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Somebody's word on an objective; without a date it is not given yet."""

    name: str
    role: str = ""
    agrees_to: str = ""
    signed: date | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something an objective serially depends on, and what its provider promises."""

    name: str
    promise: Ratio
    source: str = ""


@dataclass(frozen=True, slots=True)
class SLO:
    """
    An objective on one indicator: at least `target` of the events in the window are good.

    `window` is a rolling length; with `calendar` the period is the calendar's, in `zone`. `good`, `total` and
    `bad` are queries for the project's source (`total` with one of the other two).
    """

    name: str
    target: Ratio
    total: str
    service: str
    good: str = ""
    bad: str = ""
    kind: Literal["availability", "latency", "freshness", "correctness", "throughput", "saturation"] = "availability"
    window: Duration = timedelta(days=30)
    calendar: Literal["", "week", "month", "quarter", "year"] = ""
    zone: str = "UTC"
    budgeting: Literal["occurrences", "timeslices", "ratio_timeslices"] = "occurrences"
    slice_target: Ratio | None = None
    slice_length: Duration = timedelta(minutes=5)
    good_means: str = ""
    total_means: str = ""
    excluded: str = ""
    measured_at: str = ""
    journey: str = ""
    owner: str = ""
    target_source: str = ""
    contract: Ratio | None = None
    contract_source: str = ""
    threshold: Duration | None = None
    dependencies: list[Dependency] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    dashboard: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.target <= 1:
            raise ParameterError(
                f'SLO {self.name!r}: target must lie above 0 and at most 1, got {self.target}; write 0.999 or "99.9 %"'
            )
        if bool(self.good) == bool(self.bad):
            raise ParameterError(f"SLO {self.name!r}: give exactly one of good and bad beside total")
        if self.window <= timedelta(0):
            raise ParameterError(f"SLO {self.name!r}: window must be longer than nothing, got {self.window}")

    @property
    def budget_ratio(self) -> Fraction:
        """Share of events that may be bad; exact."""
        return 1 - self.target


@dataclass(frozen=True, slots=True)
class RejectedSLI:
    """An indicator that was considered and not chosen, with the reason."""

    name: str
    journey: str
    reason: str
