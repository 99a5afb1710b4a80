"""
Two runs side by side, with intervals; the only verdicts are "evidence of" and "no evidence of" a difference.

Quantiles are compared by a bootstrap of the samples, where the tool kept them; error ratios by Newcombe's hybrid score
interval (1998, method 10), which needs counts alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError

QUANTILES: Final = (0.5, 0.95, 0.99)
RESAMPLES: Final = 2000
LARGEST: Final = 200_000
"""Longer runs are thinned to this many samples, evenly in rank, before they are resampled."""
_Z95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Difference:
    """`after` minus `before` with its 95 % interval; `interval` is missing where it cannot be had, with `reason`."""

    what: str
    before: float | None
    after: float | None
    interval: tuple[float, float] | None
    reason: str = ""

    @property
    def change(self) -> float | None:
        """After minus before."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def verdict(self) -> str:
        """Whether the interval leaves out 0; without an interval there is none."""
        if self.interval is None:
            return "not comparable"
        low, high = self.interval
        if low > 0:
            return "evidence of an increase"
        return "evidence of a decrease" if high < 0 else "no evidence of a difference"


def compare(before: LoadTest, after: LoadTest) -> list[Difference]:
    """Median, p95, p99 and the error ratio of two runs."""
    rows = [_quantile_difference(before, after, q) for q in QUANTILES]
    rows = [row for row in rows if row.before is not None or row.after is not None]
    return [*rows, _error_difference(before, after)]


def _quantile_difference(before: LoadTest, after: LoadTest, q: float) -> Difference:
    name = f"p{q * 100:g}"
    if before.samples is not None and after.samples is not None:
        interval = quantile_difference(before.samples, after.samples, q)
        return Difference(name, float(np.quantile(before.samples, q)), float(np.quantile(after.samples, q)), interval)
    return Difference(
        name, before.quantiles.get(q), after.quantiles.get(q), None, "the export holds quantiles, not samples"
    )


def quantile_difference(before: NDArray[np.float64], after: NDArray[np.float64], q: float) -> tuple[float, float]:
    """
    95 % percentile-bootstrap interval of the difference of two quantiles, `after` minus `before`; seeded.

    Raises
    ------
    DataError
        Either run is empty.
    """
    if not len(before) or not len(after):
        raise DataError("two runs are compared by their samples; one of them has none")
    random = np.random.default_rng(0)
    first, second = (_quantiles_of_resamples(random, sample, q) for sample in (before, after))
    low, high = np.quantile(second - first, [0.025, 0.975])
    return float(low), float(high)


def _quantiles_of_resamples(random: np.random.Generator, sample: NDArray[np.float64], q: float) -> NDArray[np.float64]:
    ranked = np.sort(sample)
    if len(ranked) > LARGEST:
        ranked = ranked[np.linspace(0, len(ranked) - 1, LARGEST).astype(int)]
    # the rank of a resample's quantile is Beta(k, n - k + 1): no resample has to be drawn (David & Nagaraja, 2003, 2.1)
    count = len(ranked)
    k = min(count, max(1, math.ceil(q * count)))
    share = random.beta(k, count - k + 1, RESAMPLES)
    picked: NDArray[np.float64] = ranked[np.minimum((share * count).astype(int), count - 1)]
    return picked


def _error_difference(before: LoadTest, after: LoadTest) -> Difference:
    counts = (before.errors, before.requests, after.errors, after.requests)
    if None in counts or not before.requests or not after.requests:
        return Difference("error ratio", before.error_ratio, after.error_ratio, None, "errors were not counted in both")
    low, high = proportion_difference(before.errors or 0, before.requests, after.errors or 0, after.requests)
    return Difference("error ratio", before.error_ratio, after.error_ratio, (low, high))


def wilson(bad: int, total: int) -> tuple[float, float]:
    """
    95 % score interval of a proportion (Wilson 1927).

    >>> tuple(round(x, 4) for x in wilson(0, 20))
    (0.0, 0.1611)
    """
    if not 0 <= bad <= total or total == 0:
        raise DataError(f"a proportion needs 0 <= {bad} <= {total} and a total above 0")
    p, z2 = bad / total, _Z95**2
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    return (0.0 if bad == 0 else middle - half), (1.0 if bad == total else middle + half)


def proportion_difference(bad1: int, total1: int, bad2: int, total2: int) -> tuple[float, float]:
    """
    95 % interval of the second proportion minus the first (Newcombe 1998, method 10).

    >>> tuple(round(x, 4) for x in proportion_difference(48, 80, 56, 70))  # his example (a), with the sign turned
    (0.0524, 0.3339)
    """
    p1, p2 = bad1 / total1, bad2 / total2
    (l1, u1), (l2, u2) = wilson(bad1, total1), wilson(bad2, total2)
    low = (p2 - p1) - math.sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2)
    high = (p2 - p1) + math.sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2)
    return low, high
