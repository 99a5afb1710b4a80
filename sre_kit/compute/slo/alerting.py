"""
Burn-rate alerts: which window pairs watch an objective, and what they would have done.

The policy is data with its source: SRE Workbook, ch. 5, "Recommended parameters"
(https://sre.google/workbook/alerting-on-slos/). Windows do not scale with the period; factors do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final, Literal

import numpy as np

from sre_kit.compute.slo.counts import History, Numbers
from sre_kit.compute.slo.distributions import binomial_limit, binomial_tail
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import nominal
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
                "burn-rate alert: the short window must be shorter than the long one, "
                f"got {self.short_window} and {self.long_window}"
            )

    def factor(self, period: timedelta) -> Fraction:
        """Burn rate above which it fires, for an SLO over `period`; 14.4 for 2 % in 1 h of 30 d."""
        return self.budget_share * seconds(period) / seconds(self.long_window)


WORKBOOK_POLICY: Final = (
    BurnRateAlert("page", Fraction(2, 100), timedelta(hours=1), timedelta(minutes=5)),
    BurnRateAlert("page", Fraction(5, 100), timedelta(hours=6), timedelta(minutes=30)),
    BurnRateAlert(
        "ticket", Fraction(10, 100), timedelta(days=1), timedelta(hours=2)
    ),  # not in the book's table; common practice
    BurnRateAlert("ticket", Fraction(10, 100), timedelta(days=3), timedelta(hours=6)),
)


NO_DATA_AFTER: Final = timedelta(minutes=10)
"""Without any sample for this long somebody is told: without its series a ratio's alert is silent; a convention."""

DETECTABLE: Final = 0.05
"""Significance at which errors must reject "the burn is at most the factor"; a convention."""


@dataclass(frozen=True, slots=True)
class AlertProperties:
    """
    One window pair of an objective: its `factor`, the error ratio above which it fires, and what it means.

    `detection` is the time to detect a full outage (constant traffic); `spent` is the share of the budget that is
    gone when it fires. `unreachable` where not even a full outage burns fast enough.
    """

    slo: SLO
    alert: BurnRateAlert
    factor: Fraction
    threshold: Fraction

    @property
    def unreachable(self) -> bool:
        """Whether it can never fire: the threshold is not below 1, and the comparison is strict."""
        return self.threshold >= 1

    @property
    def spent(self) -> Fraction:
        """factor * long_window / period, which is the policy's budget share."""
        return self.alert.budget_share

    def detection(self, error_ratio: Fraction = Fraction(1)) -> timedelta | None:
        """
        Time until both windows exceed the threshold after errors jump from 0 to `error_ratio`, traffic being constant.

        factor * (1 - SLO) / error_ratio * long_window; missing where that ratio never makes it fire.
        """
        if error_ratio <= self.threshold:
            return None
        return timedelta(seconds=float(self.threshold / error_ratio * seconds(self.alert.long_window)))

    def reset(self, error_ratio: Fraction = Fraction(1), lasted: timedelta | None = None) -> timedelta | None:
        """
        Time from the end of errors at `error_ratio` until it falls silent, traffic being constant.

        The short window empties first: (1 - threshold / error_ratio) * short_window. Missing where it never fired: the
        ratio is too low, or the errors `lasted` less than `detection` (a full window where not given).
        """
        detection = self.detection(error_ratio)
        if detection is None or (lasted is not None and lasted <= detection):
            return None
        left = (1 - self.threshold / error_ratio) * seconds(self.alert.short_window)
        return timedelta(seconds=float(left))


def alert_properties(slo: SLO, policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY) -> list[AlertProperties]:
    """The window pairs of `policy` for an objective, in the policy's order."""
    period = nominal(slo)
    return [
        AlertProperties(slo, alert, alert.factor(period), alert.factor(period) * slo.budget_ratio) for alert in policy
    ]


def lowest_useful_target(factor: Fraction) -> Fraction:
    """
    Below this target an alert with `factor` can never fire.

    >>> float(round(lowest_useful_target(Fraction("14.4")), 4))
    0.9306
    """
    return max(Fraction(0), 1 - 1 / factor)


@dataclass(frozen=True, slots=True)
class Detectable:
    """
    What a window can tell at the traffic of a quiet hour: `events` in it, and the smallest burn that is significant.

    `errors` is the smallest number of bad events that rejects "the burn is at most the factor" (exact binomial,
    one-sided); `burn` is what that number means. Both missing where no number of errors does.
    """

    properties: AlertProperties
    events: int
    errors: int | None
    burn: float | None

    @property
    def enough(self) -> bool:
        """Whether a burn of twice the factor would be seen; else significance, synthetic traffic or a longer window."""
        return self.burn is not None and self.burn <= 2 * float(self.properties.factor)

    @property
    def one_error(self) -> float | None:
        """Share of the whole budget that one error is if all hours are like this one; missing without events."""
        pair = self.properties
        windows = seconds(nominal(pair.slo)) / seconds(pair.alert.long_window)
        budget = self.events * windows * pair.slo.budget_ratio
        return float(1 / budget) if budget else None


def detectable(properties: AlertProperties, events: int, level: float = DETECTABLE) -> Detectable:
    """
    The minimum detectable burn of one pair when its long window holds `events` events.

    Raises
    ------
    ParameterError
        A negative number of events.
    """
    if events < 0:
        raise ParameterError(f"a window holds at least 0 events, got {events}")
    limit = float(properties.threshold)
    if events == 0 or limit >= 1:
        return Detectable(properties, events, None, None)
    # P(X > q) <= level at q = isf(level), so one more error is the first significant number
    errors = binomial_limit(level, events, limit) + 1
    if errors > events:
        return Detectable(properties, events, None, None)
    budget = float(properties.slo.budget_ratio)
    return Detectable(properties, events, errors, errors / events / budget if budget else None)


def significant(bad: Numbers, total: Numbers, limit: Fraction, level: float = DETECTABLE) -> Numbers:
    """Where `bad` of `total` rejects "at most `limit` are bad", one-sided exact binomial; False without events."""
    events, errors = np.round(total.astype(float)), np.round(bad.astype(float))
    tail = binomial_tail(errors - 1, np.maximum(events, 1), float(limit))
    found: Numbers = (events > 0) & (errors > 0) & (tail < level)
    return found


def quiet_events(one: History, over: timedelta) -> int:
    """
    Events that a window `over` holds when it is quiet: the 10th percentile over the history; 0 without any.

    Windows with a slot that was not seen are left out (unseen is not quiet), unless there are no others.
    """
    total, _ = one.trailing(over)
    width = over // one.step
    seen = one.running[2][width:] - one.running[2][:-width]
    total = total[width - 1 :]
    counted = total[seen == width] if (seen == width).any() else total[seen > 0]
    return int(np.quantile(counted, 0.1) * float(one.grain)) if len(counted) else 0


def seconds(length: timedelta) -> Fraction:
    """A length of time in seconds, exact."""
    return Fraction(length // timedelta(microseconds=1), 1_000_000)
