"""
The shape of a cycle, its level, and its slope: what a forecast repeats into the future.

The profile is the median, over the last eight cycles, of what each phase lies above or below its own cycle's median;
the level is the median of the last steps once the profile is taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PROFILE_CYCLES: Final = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile over one cycle, a level, and a slope if wanted; pure functions of the past `y`."""

    period: int
    window: int
    trend: bool

    def foresee(self, y: Floats, horizon: int) -> tuple[Floats, float]:
        """The next `horizon` values, and the slope in them."""
        cycles = max(1, min(PROFILE_CYCLES, len(y) // self.period))
        recent = y[-cycles * self.period :] if len(y) >= self.period else y
        phase = np.arange(len(y)) % self.period
        profile = _profile(y, cycles, self.period)
        tail = y[-self.window :] - profile[phase[-self.window :]]
        ahead = np.arange(len(y), len(y) + horizon)
        centre = median(tail) + profile[ahead % self.period]
        if not self.trend:
            return centre, 0.0
        half = len(recent) // 2
        slope = median((recent[half:] - recent[: len(recent) - half]) / half) if half else 0.0
        slope = slope if np.isfinite(slope) else 0.0
        # the level stands for the middle of its window, so the trend starts there
        return centre + slope * (np.arange(1, horizon + 1) + (min(self.window, len(y)) - 1) / 2), slope

    def level(self, y: Floats) -> float:
        """The median of the level's window."""
        return median(y[-self.window :])


def _profile(y: Floats, cycles: int, period: int) -> Floats:
    """By phase counted from the first value: the median deviation from the cycle's own median."""
    if len(y) < period:
        return np.zeros(period)
    part = y[-cycles * period :].reshape(cycles, period)
    deviations = part - _medians(part)[:, None]
    rolled = _medians(deviations.T)
    known = np.where(np.isfinite(rolled), rolled, 0.0)
    return np.roll(known, (len(y) - cycles * period) % period)


def _medians(rows: Floats) -> Floats:
    """The median of each row, missing values left out."""
    if not np.isfinite(rows).all():
        return np.array([median(row) for row in rows])
    ranked, count = np.sort(rows, axis=1), rows.shape[1]
    middle: Floats = (ranked[:, (count - 1) // 2] + ranked[:, count // 2]) / 2
    return middle


def median(values: Floats) -> float:
    """The median of what is known; NaN where nothing is. A sort beats ``np.median`` on the short windows used here."""
    ranked = np.sort(values[np.isfinite(values)])
    count = len(ranked)
    return float((ranked[(count - 1) // 2] + ranked[count // 2]) / 2) if count else float("nan")


def scale(y: Floats, profile: Profile) -> float:
    """What errors are relative to: the level where the series stays above zero, else 1."""
    return profile.level(y) if np.nanmin(y) > 0 else 1.0
