"""
What a few dozen durations and counts can and cannot say.

Every interval is two-sided and 95 % unless told; every random draw is seeded, so that the same input gives the same
digits. Below `MEAN_FROM` values there is no mean, below `VERDICT_FROM` no verdict on a trend. Verdicts are worded
"evidence of" or "no evidence of", because the absence of evidence is not a result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from sre_kit.errors import ParameterError

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

LEVEL: Final = 0.95
DRAWS: Final = 2000
SEED: Final = 20_240_229
MEAN_FROM: Final = 5
VERDICT_FROM: Final = 20
SIGNIFICANT: Final = 0.05


class Interval(NamedTuple):
    """Lower and upper limit; infinite where the data sets none."""

    low: float
    high: float


def quantile(values: Sequence[float], q: float) -> float | None:
    """
    Sample quantile, linear between the two nearest values; missing for no values.

    >>> quantile([1, 2, 3, 4], 0.5), quantile([], 0.5)
    (2.5, None)
    """
    return float(np.quantile(np.asarray(values, dtype=float), q)) if len(values) else None


def bootstrap(
    values: Sequence[float], statistic: Callable[[Floats], Floats], *, draws: int = DRAWS, seed: int = SEED
) -> Interval | None:
    """
    Percentile bootstrap of `statistic`, which maps rows of resamples to one number each; missing below five values.

    At n = 30 the interval of a median covers 94 %, that of a mean only 81 %: for means see `lognormal_mean`.
    """
    sample = np.asarray(values, dtype=float)
    if len(sample) < MEAN_FROM:
        return None
    picks = np.random.default_rng(seed).integers(0, len(sample), (draws, len(sample)))
    return _limits(statistic(sample[picks]))


def quantile_interval(values: Sequence[float], q: float, *, seed: int = SEED) -> Interval | None:
    """Bootstrap interval of the `q` quantile; missing below five values."""
    return bootstrap(values, lambda rows: np.quantile(rows, q, axis=1), seed=seed)


def ratio_interval(
    later: Sequence[float], earlier: Sequence[float], statistic: Literal["mean", "median"], *, seed: int = SEED
) -> Interval | None:
    """Bootstrap interval of statistic(later) / statistic(earlier); missing below five values in either."""
    a, b = np.asarray(later, dtype=float), np.asarray(earlier, dtype=float)
    if min(len(a), len(b)) < MEAN_FROM:
        return None
    draw, of = np.random.default_rng(seed), np.mean if statistic == "mean" else np.median
    top = of(a[draw.integers(0, len(a), (DRAWS, len(a)))], axis=1)
    bottom = of(b[draw.integers(0, len(b), (DRAWS, len(b)))], axis=1)
    return _limits(top / np.where(bottom > 0, bottom, np.nan))


def lognormal_mean(values: Sequence[float], level: float = LEVEL) -> tuple[float, Interval] | None:
    """
    Mean of positive, right-skewed values under a log-normal law, with Cox's interval; missing below five values.

    exp(m + s²/2 ± z √(s²/n + s⁴/(2(n-1)))) with m, s of the logarithms (Zhou and Gao 1997). At n = 30 it covers 91 %.

    Raises
    ------
    ParameterError
        A value that is not above 0.
    """
    if any(not value > 0 for value in values):
        raise ParameterError(f"a log-normal mean needs values above 0, got {min(values)!r}; count the others apart")
    n = len(values)
    if n < MEAN_FROM:
        return None
    logs = np.log(np.asarray(values, dtype=float))
    centre, variance = float(logs.mean()), float(logs.var(ddof=1))
    half = _z(level) * math.sqrt(variance / n + variance**2 / (2 * (n - 1)))
    point = centre + variance / 2
    return math.exp(point), Interval(math.exp(point - half), math.exp(point + half))


@dataclass(frozen=True)
class KaplanMeier:
    """Share still open (`survival`) just after each of `times`, at which something was resolved."""

    times: Floats
    survival: Floats

    def quantile(self, q: float) -> float | None:
        """First time by which at least the share `q` is resolved; missing when the data does not reach it."""
        # the product of many factors carries rounding: 0.5 may come out as 0.5000000000000001
        reached = np.flatnonzero(self.survival <= 1 - q + 1e-9)
        return float(self.times[reached[0]]) if len(reached) else None


def kaplan_meier(durations: Sequence[float] | Floats, resolved: Sequence[bool] | Marks) -> KaplanMeier:
    """
    Product-limit estimate where some durations are still running (`resolved` false): they count while they are seen.

    Kaplan and Meier 1958; ties: what resolves at a time resolves before what is censored at it.
    """
    length, event = np.asarray(durations, dtype=np.float64), np.asarray(resolved, dtype=np.bool_)
    if len(length) != len(event):
        raise ParameterError(
            f"Kaplan-Meier needs one mark per duration, got {len(length)} durations and {len(event)} marks"
        )
    times, deaths = np.unique(length[event], return_counts=True)
    at_risk = len(length) - np.searchsorted(np.sort(length), times, side="left")
    return KaplanMeier(times, np.cumprod(1 - deaths / at_risk, dtype=np.float64))


def censored_quantile_interval(
    durations: Sequence[float], resolved: Sequence[bool], q: float, *, seed: int = SEED
) -> Interval | None:
    """
    Bootstrap interval of the Kaplan-Meier quantile, durations resampled with their marks; missing below five values.

    A resample that does not reach the quantile counts as infinitely long.
    """
    length, event = np.asarray(durations, dtype=np.float64), np.asarray(resolved, dtype=np.bool_)
    if len(length) < MEAN_FROM:
        return None
    draw, found = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        pick = draw.integers(0, len(length), len(length))
        reached = kaplan_meier(length[pick], event[pick]).quantile(q)
        found.append(math.inf if reached is None else reached)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return Interval(float(low), float(high))


def poisson_interval(count: int, level: float = LEVEL) -> Interval:
    """
    Exact interval of the mean of a Poisson count (Garwood 1936); for 0 the one-sided upper limit, about 3.

    >>> low, high = poisson_interval(0); low, round(high, 2)
    (0.0, 3.0)
    """
    from scipy.stats import chi2

    if count < 0:
        raise ParameterError(f"a count is at least 0, got {count}")
    if count == 0:
        return Interval(0.0, -math.log(1 - level))
    tail = (1 - level) / 2
    return Interval(float(chi2.ppf(tail, 2 * count)) / 2, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2)


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
    from scipy.stats import binomtest, chi2, norm

    if min(later_length, earlier_length) <= timedelta(0):
        raise ParameterError(f"a rate needs time: got lengths {later_length} and {earlier_length}")
    share = later_length / (later_length + earlier_length)
    total = later + earlier
    p = float(binomtest(later, total, share).pvalue) if total else 1.0
    ratio = (later / earlier) * (earlier_length / later_length) if earlier else None
    dispersion = dispersion_p = adjusted = None
    if len(counts) > 2 and any(counts):
        degrees = len(counts) - 1
        dispersion = float(np.var(counts, ddof=1) / np.mean(counts))
        dispersion_p = float(chi2.sf(dispersion * degrees, degrees))
        if dispersion_p < SIGNIFICANT and later and ratio:
            spread = math.sqrt(dispersion * (1 / later + 1 / earlier))
            adjusted = max(p, float(2 * norm.sf(abs(math.log(ratio)) / spread)))
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


def duration_comparison(later: Sequence[float], earlier: Sequence[float]) -> DurationComparison:
    """Compare two samples of positive durations by ranks, means and medians; all missing where a sample is empty."""
    from scipy.stats import mannwhitneyu

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
        float(mannwhitneyu(later, earlier).pvalue),
        power(len(later), len(earlier), spread) if spread > 0 else None,
    )


def power(later: int, earlier: int, log_sd: float, reduction: float = 0.3) -> float:
    """
    Chance that two log-normal samples show a `reduction` of the median at the 5 % level (normal approximation).

    >>> round(power(100, 100, 1.1), 2)
    0.63
    """
    from scipy.stats import norm

    shift = abs(math.log(1 - reduction)) / (log_sd * math.sqrt(1 / later + 1 / earlier))
    return float(norm.cdf(shift - _z(LEVEL)) + norm.cdf(-shift - _z(LEVEL)))


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
    durations: Sequence[float], n: int, *, by: float = 0.10, draws: int = 10_000, seed: int = SEED
) -> Chance | None:
    """
    Draw two years of `n` incidents from the same durations, many times; missing below five durations.

    The experiment is Davidovič, "Incident Metrics in SRE" (2021).
    """
    sample = np.asarray(durations, dtype=float)
    if len(sample) < MEAN_FROM or n < 1:
        return None
    draw = np.random.default_rng(seed)
    means = [sample[draw.integers(0, len(sample), (draws, n))].mean(axis=1) for _ in range(2)]
    ratios = means[1] / means[0]
    low, high = np.quantile(ratios, [0.05, 0.95])
    return Chance(n, by, float(np.mean(np.abs(ratios - 1) >= by)), float(low), float(high))


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation of two lists of one length, -1..1; NaN where one of them is constant."""
    from scipy.stats import rankdata

    ranks = rankdata(x), rankdata(y)
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


def _limits(draws: Floats) -> Interval:
    low, high = np.nanquantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def _z(level: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))
