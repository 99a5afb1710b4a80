"""
What a forecast would have said before, against what came: errors, weights, interval, and whether it was worth asking.

Only what was known at an origin counts there: the weights of the candidates and the errors that make an interval come
from origins whose whole horizon had passed. Errors are relative to the level at the origin where the series stays
above zero: a busy month errs by more than a quiet one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sre_kit.compute.capacity.profile import Floats, Ints, Method, medians, positive, quantile_pair

MIN_ORIGINS: Final = 10
"""Fewer complete back-test origins than this give no interval."""
SHARE: Final = 0.8
"""Of what comes, the interval should hold so much."""
SHARPNESS: Final = 6
"""Weights fall with this power of the error: half the error, 64 times the weight."""
ROUGH: Final = 0.7
"""An 80 % interval that held less than this is called rough; one that held less than half gives no date."""
CHECKED_STEPS: Final = 12
"""Coverage is counted at so many steps ahead, evenly spread."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """
    What the method would have said at earlier origins, against what came; errors in mean absolute scaled error.

    `origins` overlap; `independent` is how many windows of the horizon's length fit side by side. `coverage` is the
    share of values inside the 80 % interval that was known at the origin, missing where no origin had one; it counts
    steps up to `covered_steps` ahead.
    """

    origins: int
    independent: int
    mase: float
    seasonal_naive: float
    base_rate: float
    coverage: float | None
    covered: int = 0
    covered_steps: int = 0

    @property
    def better(self) -> bool:
        """Whether the method beat both repeating the last cycle and the median of the past."""
        return self.mase < min(self.seasonal_naive, self.base_rate)

    @property
    def rough(self) -> bool:
        """Whether its 80 % interval held clearly less than it promises."""
        return self.coverage is not None and self.coverage < ROUGH


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """
    A method at its origins: `errors` of each candidate relative to the level (series, origins, candidates, steps),
    their weights `then`, as known at each origin, and `now` (series, candidates), and the mean absolute errors of
    the weighted method (`own`) and of the naive ones, with the `unit` that scales them (series, origins).
    """

    origins: Ints
    errors: Floats
    then: Floats
    now: Floats
    own: Floats
    naive: Floats
    base: Floats
    unit: Floats

    def weighted(self) -> Floats:
        """What the method as weighted now would have erred by (series, origins, steps)."""
        found: Floats = np.einsum("soch,sc->soh", self.errors, self.now)
        return found


def tested(y: Floats, horizon: int, period: int, origins: Ints, method: Method) -> Tested:
    """Each candidate at each origin, their weights as they were known there, and the naive forecasts beside them."""
    series, count = len(y), len(origins)
    made = np.empty((series, count, len(method.names), horizon))
    level, naive, base, unit = (np.empty((series, count)) for _ in range(4))
    for at, origin in enumerate(origins):
        past, future = y[:, :origin], y[:, origin : origin + horizon]
        made[:, at] = future[:, None, :] - method.foresee(past, horizon)
        level[:, at] = method.level(past)
        naive[:, at] = _absolute(future - seasonal_naive(past, horizon, period))
        base[:, at] = _absolute(future - medians(past)[:, None])
        unit[:, at] = _absolute(past[:, period:] - past[:, :-period])
    then, now = weights(made, origins, method.priors)
    own = _absolute(np.einsum("soch,soc->soh", made, then))
    scale = np.where(positive(y)[:, None], level, 1.0)
    relative = made / scale[:, :, None, None]
    return Tested(origins, relative, then, now, own, naive, base, np.where(unit > 0, unit, np.nan))


def weights(errors: Floats, origins: Ints, priors: Sequence[float]) -> tuple[Floats, Floats]:
    """
    Weights of the candidates at each origin, and now, from their `errors` (series, origins, candidates, steps).

    prior x (mean absolute error) ^ -6, over the errors that had shown by then; the priors where none had.
    """
    count, horizon = errors.shape[1], errors.shape[-1]
    known = np.isfinite(errors)
    sums = np.cumsum(np.abs(np.where(known, errors, 0.0)), axis=-1)
    counts = np.cumsum(known, axis=-1)

    def at(day: int, rows: int) -> Floats:
        shown = np.minimum(day - origins[:rows], horizon) - 1
        picked = np.arange(rows)
        return _weights(
            sums[:, picked, :, shown].sum(axis=0), counts[:, picked, :, shown].sum(axis=0), np.asarray(priors)
        )

    then = [at(int(origin), row) for row, origin in enumerate(origins)]
    return np.stack(then, axis=1), at(int(origins[-1]) + horizon, count)


def _weights(sums: Floats, counts: Ints, priors: Floats) -> Floats:
    """Weights from sums of absolute errors and their counts, both (series, candidates)."""
    mean = sums / np.maximum(counts, 1)
    best = mean.min(axis=1, keepdims=True)
    ratio = np.where(best > 0, mean / np.where(best > 0, best, 1.0), np.where(mean > 0, np.inf, 1.0))
    found = np.where(counts.min(axis=1, keepdims=True) > 0, priors * ratio**-SHARPNESS, priors)
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares


def widening(horizon: int, windows: Floats | float) -> Floats:
    """
    How much wider errors from few `windows` of the whole horizon must be taken, by step ahead (rows: per `windows`).

    Student's t over the normal. A step `h` ahead has more windows than the whole horizon; half-overlapping ones count,
    as in Welch's estimate of a spectrum.
    """
    return _wider(np.asarray(windows, dtype=float)[..., None], horizon, np.arange(1, horizon + 1))


def _wider(windows: Floats, horizon: int, ahead: Ints | int) -> Floats:
    from scipy.special import ndtri, stdtrit

    counted = 2 * (windows * horizon / ahead + 1)
    upper = (1 + SHARE) / 2
    found: Floats = stdtrit(counted, upper) / ndtri(upper)
    return found


def widened(errors: Floats, origins: Ints) -> Floats:
    """The errors (series, origins, steps), stretched about their median as far as so few windows ask for."""
    horizon = errors.shape[-1]
    centre = medians(errors.swapaxes(1, 2))[:, None, :]
    stretched: Floats = centre + (errors - centre) * widening(horizon, float(origins[-1] - origins[0]) / horizon)
    return stretched


def verdicts(found: Tested) -> list[BackTest]:
    """The back-test of each series."""
    horizon, origins = found.errors.shape[-1], found.origins
    inside, seen, furthest = _coverage(found)

    def scaled(errors: Floats) -> Floats:
        ratios = errors / found.unit
        known = np.isfinite(ratios)
        counts = known.sum(axis=1)
        return np.where(counts > 0, np.where(known, ratios, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)

    columns = zip(scaled(found.own), scaled(found.naive), scaled(found.base), inside, seen, furthest, strict=True)
    beside = min(len(origins), int((origins[-1] - origins[0]) // horizon) + 1)
    return [
        BackTest(
            origins=len(origins),
            independent=beside,
            mase=float(own),
            seasonal_naive=float(naive),
            base_rate=float(base),
            coverage=float(held / n) if n else None,
            covered=int(n),
            covered_steps=int(far),
        )
        for own, naive, base, held, n, far in columns
    ]


def _coverage(found: Tested) -> tuple[Ints, Ints, Ints]:
    """(values inside, values with an interval, furthest step with one) of each series."""
    errors, origins = found.errors, found.origins
    series, count, _, horizon = errors.shape
    inside, seen, furthest = (np.zeros(series, dtype=np.int64) for _ in range(3))
    asked_of = np.arange(0, count, max(1, count // 40))
    checked = np.unique(np.linspace(0, horizon - 1, CHECKED_STEPS).astype(int))
    by_step = np.ascontiguousarray(errors[..., checked].transpose(3, 0, 2, 1))
    for ahead, candidates in zip(checked, by_step, strict=True):
        known = np.minimum(np.searchsorted(origins, origins[asked_of] - ahead, side="left"), asked_of)
        asked, known = asked_of[known >= MIN_ORIGINS], known[known >= MIN_ORIGINS]
        if not len(asked):
            continue
        mixed = np.einsum("sco,sac->sao", candidates, found.then[:, asked])
        past = np.where(np.arange(count) < known[:, None], mixed, np.nan)
        came = mixed[:, np.arange(len(asked)), asked]
        spans = (origins[known - 1] - origins[0]) / horizon
        low, high = quantile_pair(np.moveaxis(past, -1, 0), (1 - SHARE) / 2, (1 + SHARE) / 2)
        centre, factors = medians(past), _wider(spans, horizon, ahead + 1)
        low, high = centre + (low - centre) * factors, centre + (high - centre) * factors
        valid = np.isfinite(came) & (np.isfinite(past).sum(axis=-1) >= MIN_ORIGINS)
        seen += valid.sum(axis=1)
        inside += (valid & (low <= came) & (came <= high)).sum(axis=1)
        furthest = np.where(valid.any(axis=1), ahead + 1, furthest)
    return inside, seen, furthest


def seasonal_naive(past: Floats, horizon: int, period: int) -> Floats:
    """The last cycle again; what is missing in it is taken from the cycle before."""
    last = past[:, -period:]
    if past.shape[1] >= 2 * period:
        last = np.where(np.isfinite(last), last, past[:, -2 * period : -period])
    return np.tile(last, (1, -(-horizon // period)))[:, :horizon]


def _absolute(errors: Floats) -> Floats:
    """Mean absolute value along the last axis, missing values left out; NaN where all are."""
    known = np.isfinite(errors)
    counts = known.sum(axis=-1)
    sums = np.abs(np.where(known, errors, 0.0)).sum(axis=-1)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def complete(errors: Floats) -> Floats:
    """Errors (series, origins, steps) with the missing ones filled by the step's median, so that paths are whole."""
    middle = medians(errors.swapaxes(1, 2))
    middle = np.where(np.isfinite(middle), middle, 0.0)
    return np.where(np.isfinite(errors), errors, middle[:, None, :])
