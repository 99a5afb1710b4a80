"""
What two samples say about each other, and what chance alone does: rates, durations, verdicts.

Below `VERDICT_FROM` events there is no verdict on a trend. Verdicts are worded "evidence of" or "no evidence of",
because the absence of evidence is not a result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from sre_kit.compute.statistics import (
    LEVEL,
    MEAN_FROM,
    SEED,
    Floats,
    Interval,
    bootstrap_means,
    ratio_interval,
    z,
)
from sre_kit.errors import ParameterError

VERDICT_FROM: Final = 20
SIGNIFICANT: Final = 0.05
FEW: Final = 8
"""With at most so many values on one side ranks are permuted; the normal law would be a guess."""
MANY: Final = 200
"""Above so many values in all the normal law holds even where one side has few."""
PERMUTATIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class RateComparison:
    """
    Two counts over two lengths of time, and whether chance explains the difference.

    `p` is the exact conditional binomial; `dispersion` is variance / mean of the counts per spell (1 if chance alone
    acts) with its own `dispersion_p`; where that is significant `adjusted_p` allows for it, and decides.
    """

    later: int
    earlier: int
    ratio: float | None
    p: float
    dispersion: float | None = None
    dispersion_p: float | None = None
    adjusted_p: float | None = None

    @property
    def decisive_p(self) -> float:
        """The p value that the verdict rests on."""
        return self.p if self.adjusted_p is None else self.adjusted_p

    @property
    def verdict(self) -> str:
        """In words; empty below 20 events."""
        if self.later + self.earlier < VERDICT_FROM:
            return ""
        return verdict(
            self.decisive_p, "a higher rate" if (self.ratio or math.inf) > 1 else "a lower rate", "a change of the rate"
        )


def rate_comparison(
    later: int, earlier: int, later_length: timedelta, earlier_length: timedelta, counts: Sequence[int] = ()
) -> RateComparison:
    """
    Compare two Poisson rates: given the sum, the later count is binomial (Przyborowski and Wilenski 1940).

    `counts` per equal spells check for over-dispersion: incidents that come in clusters vary more than
    chance, and the exact p is then too small.

    Raises
    ------
    ParameterError
        A length that is not above zero.
    """
    from scipy.special import gammaincc, ndtr

    if min(later_length, earlier_length) <= timedelta(0):
        raise ParameterError(f"a rate needs time: got lengths {later_length} and {earlier_length}")
    share = later_length / (later_length + earlier_length)
    total = later + earlier
    p = binomial_p(later, total, share) if total else 1.0
    ratio = (later / earlier) * (earlier_length / later_length) if earlier else None
    dispersion = dispersion_p = adjusted = None
    if len(counts) > 2 and any(counts):
        degrees = len(counts) - 1
        dispersion = float(np.var(counts, ddof=1) / np.mean(counts))
        dispersion_p = float(gammaincc(degrees / 2, dispersion * degrees / 2))
        if dispersion_p < SIGNIFICANT and later and ratio:
            spread = math.sqrt(dispersion * (1 / later + 1 / earlier))
            adjusted = max(p, float(2 * ndtr(-abs(math.log(ratio)) / spread)))
    return RateComparison(later, earlier, ratio, p, dispersion, dispersion_p, adjusted)


@dataclass(frozen=True, slots=True)
class DurationComparison:
    """
    Two samples of durations: ratios of mean and median with bootstrap intervals, Mann-Whitney `p`, and the power.

    `power` is the chance that samples of this size and spread would show a 30 % reduction at the 5 % level.
    """

    later: int
    earlier: int
    mean_ratio: float | None
    mean_interval: Interval | None
    median_ratio: float | None
    median_interval: Interval | None
    p: float | None
    power: float | None

    @property
    def verdict(self) -> str:
        """In words; empty below 20 durations."""
        if self.p is None or self.later + self.earlier < VERDICT_FROM:
            return ""
        return verdict(
            self.p, "longer incidents" if (self.median_ratio or 0) > 1 else "shorter incidents", "a change in duration"
        )


def duration_comparison(later: Sequence[float] | Floats, earlier: Sequence[float] | Floats) -> DurationComparison:
    """Compare two samples of positive durations by ranks, means and medians; all missing where a sample is empty."""
    if not len(later) or not len(earlier):
        return DurationComparison(len(later), len(earlier), None, None, None, None, None, None)
    enough = min(len(later), len(earlier)) >= MEAN_FROM
    logs = [np.log(np.asarray(s, dtype=float)) for s in (later, earlier)]
    spread = float(np.sqrt(np.mean([log.var(ddof=1) for log in logs]))) if enough else 0.0
    return DurationComparison(
        len(later),
        len(earlier),
        float(np.mean(later) / np.mean(earlier)) if enough else None,
        ratio_interval(later, earlier, "mean"),
        float(np.median(later) / np.median(earlier)),
        ratio_interval(later, earlier, "median"),
        rank_p(later, earlier),
        power(len(later), len(earlier), spread) if spread > 0 else None,
    )


def power(later: int, earlier: int, log_sd: float, reduction: float = 0.3) -> float:
    """
    Chance that two log-normal samples show a `reduction` of the median at the 5 % level (normal approximation).

    >>> round(power(100, 100, 1.1), 2)
    0.63
    """
    from scipy.special import ndtr

    shift = abs(math.log(1 - reduction)) / (log_sd * math.sqrt(1 / later + 1 / earlier))
    return float(ndtr(shift - z(LEVEL)) + ndtr(-shift - z(LEVEL)))


@dataclass(frozen=True, slots=True)
class Chance:
    """
    What chance alone does to the mean of `n` durations from one year to the next, nothing having changed.

    `moved` is the probability that it moves by `by` or more; `low` and `high` hold 90 % of the ratios.
    """

    n: int
    by: float
    moved: float
    low: float
    high: float


def chance_panel(
    durations: Sequence[float] | Floats, n: int, *, by: float = 0.10, draws: int = 10_000, seed: int = SEED
) -> Chance | None:
    """
    Draw two years of `n` incidents from the same durations, many times; missing below five durations.

    The experiment is Davidovič, "Incident Metrics in SRE" (2021).
    """
    sample = np.asarray(durations, dtype=float)
    if len(sample) < MEAN_FROM or n < 1:
        return None
    rng = np.random.default_rng(seed)
    means = [bootstrap_means(sample, n, draws, rng) for _ in range(2)]
    ratios = means[1] / means[0]
    low, high = np.quantile(ratios, [0.05, 0.95])
    return Chance(n, by, float(np.mean(np.abs(ratios - 1) >= by)), float(low), float(high))


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation of two lists of one length, -1..1; NaN where one of them is constant."""
    ranks = average_ranks(x), average_ranks(y)
    if min(rank.std() for rank in ranks) == 0:
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1])


def verdict(p: float, found: str, otherwise: str = "") -> str:
    """
    The only words a test may end in.

    >>> verdict(0.0002, "a higher rate"), verdict(0.4, "a higher rate", "a change of the rate")
    ('evidence of a higher rate', 'no evidence of a change of the rate')
    """
    return f"evidence of {found}" if p < SIGNIFICANT else f"no evidence of {otherwise or found}"


def binomial_p(count: int, total: int, share: float) -> float:
    """
    Two-sided exact binomial: the probability of all counts that are at most as likely as `count`.

    >>> round(binomial_p(7, 10, 0.5), 4)
    0.3438
    """
    from scipy.special import gammaln

    k = np.arange(total + 1)
    logs = gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1)
    chances = np.exp(logs + k * np.log(share) + (total - k) * np.log1p(-share))
    return float(min(1.0, chances[chances <= chances[count] * (1 + 1e-7)].sum()))


def rank_p(later: Sequence[float] | Floats, earlier: Sequence[float] | Floats, *, seed: int = SEED) -> float:
    """
    Mann-Whitney's two-sided p: normal law with corrections for ties and continuity; with at most `FEW` values on one
    side a permutation of the ranks, (1 + as extreme) / (1 + drawn).
    """
    from scipy.special import ndtr

    n, m = len(later), len(earlier)
    total, ranks = n + m, average_ranks(np.concatenate([later, earlier]))
    off = abs(float(ranks[:n].sum()) - n * (total + 1) / 2)
    if min(n, m) <= FEW and total <= MANY:
        few, rng = min(n, m), np.random.default_rng(seed)
        picked = rng.random((PERMUTATIONS, total)).argpartition(few - 1, axis=1)[:, :few]
        extreme = np.abs(ranks[picked].sum(axis=1) - few * (total + 1) / 2) >= off - 1e-9
        return float((1 + extreme.sum()) / (1 + PERMUTATIONS))
    _, ties = np.unique(ranks, return_counts=True)
    spread = math.sqrt(n * m / 12 * (total + 1 - float((ties**3.0 - ties).sum()) / (total * (total - 1))))
    return 1.0 if spread == 0 else float(min(1.0, 2 * ndtr(-max(0.0, off - 0.5) / spread)))


def average_ranks(values: Sequence[float] | Floats) -> Floats:
    """
    Ranks from 1, equal values sharing the mean of theirs.

    >>> average_ranks([10, 30, 10]).tolist()
    [1.5, 3.0, 1.5]
    """
    _, place, counts = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)
