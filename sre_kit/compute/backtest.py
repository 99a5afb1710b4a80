"""
What a forecast would have said before, against what came: errors, their interval, and whether it was worth asking.

Errors are relative to the level at the origin where the series stays above zero: a busy month errs by more than a
quiet one. Only errors that were known at an origin may widen or narrow its interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sre_kit.compute.profile import Floats, Ints, Profile, median

MIN_ORIGINS: Final = 10
"""Fewer complete back-test origins than this give no interval."""
CLEARLY: Final = 0.9
"""The trend is taken when its error is at most this share of the error without it …"""
OFTEN: Final = 2 / 3
"""… and it was nearer in this share of the origins."""


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


def back_test(y: Floats, horizon: int, period: int, origins: Ints, errors: Floats, method: Profile) -> BackTest:
    """The scaled errors of `method`, of repeating the last cycle and of the median of the past, at the same origins."""
    own = _absolute(y, origins, errors, method)
    naive, base, scales = [], [], []
    for origin in origins:
        past, future = y[:origin], y[origin : origin + horizon]
        naive.append(_mean_absolute(future - _seasonal_naive(past, horizon, period)))
        base.append(_mean_absolute(future - median(past)))
        scales.append(_mean_absolute(past[period:] - past[:-period]))
    unit = np.where(np.array(scales) > 0, scales, np.nan)

    def scaled(by_origin: Any) -> float:
        ratios = np.asarray(by_origin, dtype=float) / unit
        known = ratios[np.isfinite(ratios)]
        return float(known.mean()) if known.size else float("nan")

    inside, seen, furthest = _coverage(origins, errors)
    return BackTest(
        origins=len(origins),
        independent=min(len(origins), int((origins[-1] - origins[0]) // horizon) + 1),
        mase=scaled(own),
        seasonal_naive=scaled(naive),
        base_rate=scaled(base),
        coverage=inside / seen if seen else None,
        covered=seen,
        covered_steps=furthest,
    )


def path_errors(y: Floats, horizon: int, origins: Ints, method: Profile) -> Floats:
    """Error of `method` at each origin (rows) and step ahead (columns), relative to the scale at the origin."""
    relative = bool(np.nanmin(y) > 0)
    rows = []
    for origin in origins:
        past = y[:origin]
        row = y[origin : origin + horizon] - method.foresee(past, horizon)[0]
        rows.append(row / method.level(past) if relative else row)
    return np.array(rows)


def _absolute(y: Floats, origins: Ints, errors: Floats, method: Profile) -> Floats:
    """Mean absolute error of each origin, in the series' own unit."""
    relative = bool(np.nanmin(y) > 0)
    scales = np.array([method.level(y[:origin]) if relative else 1.0 for origin in origins])
    means: Floats = _row_means(np.abs(errors)) * np.abs(scales)
    return means


def _row_means(errors: Floats) -> Floats:
    known = np.isfinite(errors)
    counts = known.sum(axis=1)
    sums: Floats = np.where(known, errors, 0.0).sum(axis=1)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def chosen(y: Floats, horizon: int, origins: Ints, flat: Profile, trend: Profile) -> tuple[Profile, Floats]:
    """The trend where it was clearly and often nearer, else none; with the errors of the method taken."""
    flat_errors, trend_errors = (path_errors(y, horizon, origins, method) for method in (flat, trend))
    without = _absolute(y, origins, flat_errors, flat)
    with_it = _absolute(y, origins, trend_errors, trend)
    known = np.isfinite(without) & np.isfinite(with_it)
    if known.any():
        clearly = with_it[known].mean() <= CLEARLY * without[known].mean()
        if clearly and (with_it[known] < without[known]).mean() >= OFTEN:
            return trend, trend_errors
    return flat, flat_errors


def _mean_absolute(values: Floats) -> float:
    known = np.abs(values[np.isfinite(values)])
    return float(known.mean()) if known.size else float("nan")


def _seasonal_naive(past: Floats, horizon: int, period: int) -> Floats:
    last = past[-period:]
    if len(past) >= 2 * period:
        last = np.where(np.isfinite(last), last, past[-2 * period : -period])
    return np.resize(last, horizon)


def _coverage(origins: Ints, errors: Floats) -> tuple[int, int, int]:
    """(values inside, values with an interval, furthest step with one); only errors known at the origin count."""
    inside = seen = furthest = 0
    horizon = errors.shape[1]
    for ahead in range(0, horizon, max(1, horizon // 15)):
        for row, origin in enumerate(origins):
            known = errors[: np.searchsorted(origins, origin - ahead), ahead][:row]
            low, high = interval(known)
            if np.isfinite(low) and np.isfinite(errors[row, ahead]):
                seen += 1
                inside += int(low <= errors[row, ahead] <= high)
                furthest = max(furthest, ahead + 1)
    return inside, seen, furthest


def interval(errors: Floats, share: float = 0.8) -> tuple[float, float]:
    """
    Split-conformal bounds that hold at least `share` of exchangeable errors; missing below `MIN_ORIGINS` of them.

    >>> low, high = interval(np.arange(1.0, 100.0))
    >>> low, high
    (10.0, 90.0)
    """
    known = np.sort(errors[np.isfinite(errors)])
    if (count := len(known)) < MIN_ORIGINS:
        return float("nan"), float("nan")
    tail = (1 - share) / 2
    low = max(0, int(np.floor(tail * (count + 1) + 1e-9)) - 1)
    high = min(count - 1, int(np.ceil((1 - tail) * (count + 1) - 1e-9)) - 1)
    return float(known[low]), float(known[high])


def complete(errors: Floats) -> Floats:
    """Errors with the missing ones filled by the step's median, so that every path is whole."""
    middle = np.array([median(errors[:, k]) for k in range(errors.shape[1])])
    whole: Floats = np.where(np.isfinite(errors), errors, np.where(np.isfinite(middle), middle, 0.0))
    return whole
