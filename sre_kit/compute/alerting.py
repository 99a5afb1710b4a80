"""
Burn-rate alerts: which window pairs watch an objective, and what they would have done.

The policy is data with its source: SRE Workbook, ch. 5, "Recommended parameters"
(https://sre.google/workbook/alerting-on-slos/). Windows do not scale with the period; factors do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final, Literal

from sre_kit.errors import ParameterError
from sre_kit.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class BurnRateAlert:
    """Fires while both windows burn faster than `budget_share * period / long_window`, strictly."""

    severity: Literal["page", "ticket"]
    budget_share: Ratio
    long_window: Duration
    short_window: Duration

    def __post_init__(self) -> None:
        if not timedelta(0) < self.short_window < self.long_window:
            raise ParameterError(
                f"burn-rate alert: the short window must be shorter than the long one, got {self.short_window} and {self.long_window}"
            )

    def factor(self, period: timedelta) -> Fraction:
        """Burn rate above which it fires, for an SLO over `period`; 14.4 for 2 % in 1 h of 30 d."""
        return (
            self.budget_share
            * Fraction(period / timedelta(seconds=1))
            / Fraction(self.long_window / timedelta(seconds=1))
        )


WORKBOOK_POLICY: Final = (
    BurnRateAlert("page", Fraction(2, 100), timedelta(hours=1), timedelta(minutes=5)),
    BurnRateAlert("page", Fraction(5, 100), timedelta(hours=6), timedelta(minutes=30)),
    BurnRateAlert(
        "ticket", Fraction(10, 100), timedelta(days=1), timedelta(hours=2)
    ),  # not in the book's table; common practice
    BurnRateAlert("ticket", Fraction(10, 100), timedelta(days=3), timedelta(hours=6)),
)
