"""
The shape of a cycle, its level, and its slope: what a forecast repeats into the future, for many series at once.

The profile is the median, over the last eight cycles, of what each phase lies above or below its own cycle's median;
the level is the median of the last steps once the profile is taken away; the slope is the median change from the
first half of those cycles to the second, per step. From them come four futures: the level, the level of the last
cycle alone, a trend that fades, and the full trend. A fifth repeats what the season did a year ago, without that year's
growth. Arrays are (series, steps); what is missing is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PROFILE_CYCLES: Final = 8
YEAR_DAYS: Final = 364
"""52 weeks, so that Mondays meet Mondays."""
FADING_STEPS: Final = 30
"""A damped trend adds, in the end, what the full trend adds in so many steps."""


class Method(Protocol):
    """Futures of a past: `names` of the candidates and their `priors`, before any back-test speaks."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the candidates are called."""
        ...

    @property
    def priors(self) -> tuple[float, ...]:
        """Their weights where nothing is known of their errors."""
        ...

    def foresee(self, past: Floats, horizon: int) -> Floats:
        """The next `horizon` values of each series under each candidate: (series, candidates, horizon)."""
        ...

    def level(self, past: Floats) -> Floats:
        """What errors are relative to: where each series stands now."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile over one cycle of `period` steps, re-levelled on the last `window` steps or the last cycle; trends."""

    period: int
    window: int
    yearly: bool = False
    """Whether the season of a year ago is a candidate; daily steps only."""

    @property
    def names(self) -> tuple[str, ...]:
        """No trend from two levels, a trend that fades, and one that goes on."""
        season = ("last year's season",) if self.yearly else ()
        return "level", "last cycle's level", *season, "damped trend", "full trend"

    @property
    def priors(self) -> tuple[float, ...]:
        """Load falls back more often than it goes on rising."""
        return 1.0, 0.6, *((0.5,) if self.yearly else ()), 0.3, 0.1

    def foresee(self, past: Floats, horizon: int) -> Floats:
        """The four futures of each series."""
        count = past.shape[1]
        shape = self._shape(past)
        window = min(self.window, count)
        level = self._levelled(past, shape, self.window)
        latest = self._levelled(past, shape, self.period)
        latest = np.where(np.isfinite(latest), latest, level)
        slope = self.slope(past)[:, None]
        steps = np.arange(1, horizon + 1)
        # the level stands for the middle of its window, so a trend starts there
        late = (window - 1) / 2
        fading = np.cumsum((1 - 1 / FADING_STEPS) ** steps)
        ahead = _repeated(shape, horizon)
        flat = level + ahead
        season = [flat + self._season(past, horizon)] if self.yearly else []
        return np.stack(
            [flat, latest + ahead, *season, flat + slope * (late + fading), flat + slope * (late + steps)], axis=1
        )

    def level(self, past: Floats) -> Floats:
        """The median of the level's window."""
        return medians(past[:, -self.window :])

    def slope(self, past: Floats) -> Floats:
        """What a full trend adds each step; 0 where nothing is known."""
        half = self._cycles(past) * self.period // 2
        if not half:
            return np.zeros(len(past))
        recent = past[:, past.shape[1] - 2 * half :]
        found = medians(recent[:, half:] - recent[:, :half]) / half
        return np.where(np.isfinite(found), found, 0.0)

    def _season(self, past: Floats, horizon: int) -> Floats:
        """
        What the season did to the level in the same weeks a year ago; 0 where they are not known.

        Weekly medians against the level of that time, less the year's growth in proportion to the days: what grew
        within a year is a trend. Ratios where the series stays above zero, else differences.
        """
        now, then = past.shape[1], past.shape[1] - YEAR_DAYS
        if then < self.window:
            return np.zeros((len(past), horizon))
        half = self.period // 2
        weeks = np.full((len(past), horizon + 2 * half), np.nan)
        known = past[:, then - half : min(now, then + horizon + half)]
        weeks[:, : known.shape[1]] = known
        smooth = medians(np.lib.stride_tricks.sliding_window_view(weeks, 2 * half + 1, axis=1))
        before = medians(past[:, then - self.window : then])[:, None]
        level = self.level(past)[:, None]
        passed = np.arange(1, horizon + 1) / YEAR_DAYS
        above = positive(past)[:, None]
        ratio = np.where(above, level / before, 1.0) ** passed
        change = np.where(above, level * (smooth / before / ratio - 1), smooth - before - (level - before) * passed)
        return np.where(np.isfinite(change), change, 0.0)

    @staticmethod
    def _levelled(past: Floats, shape: Floats, window: int) -> Floats:
        """The median of the last `window` steps without the profile, one row for each series."""
        steps = min(window, past.shape[1])
        found: Floats = medians(past[:, past.shape[1] - steps :] - _repeated(shape, steps, backward=True))[:, None]
        return found

    def _cycles(self, past: Floats) -> int:
        return min(PROFILE_CYCLES, int(past.shape[1]) // self.period)

    def _shape(self, past: Floats) -> Floats:
        """By phase counted from the end of the past: the median deviation from the cycle's own median."""
        cycles = self._cycles(past)
        if not cycles:
            return np.zeros((len(past), self.period))
        part = past[:, past.shape[1] - cycles * self.period :].reshape(len(past), cycles, self.period)
        deviations = part - medians(part)[:, :, None]
        found = medians(deviations.transpose(0, 2, 1))
        return np.where(np.isfinite(found), found, 0.0)


def positive(y: Floats) -> Bools:
    """Whether each series stays above zero, so that its errors are relative to its level."""
    found: Bools = np.where(np.isfinite(y), y, np.inf).min(axis=1) > 0
    return found


def _repeated(shape: Floats, steps: int, *, backward: bool = False) -> Floats:
    """The profile over the next (or the last) `steps` steps."""
    whole = np.tile(shape, (1, -(-steps // shape.shape[1])))
    return whole[:, whole.shape[1] - steps :] if backward else whole[:, :steps]


def medians(rows: Floats) -> Floats:
    """The median along the last axis, missing values left out; NaN where nothing is known."""
    ranked = np.sort(rows, axis=-1)  # NaN goes to the end
    length = rows.shape[-1]
    if length and np.isfinite(ranked[..., -1]).all() and np.isfinite(ranked[..., 0]).all():
        whole: Floats = (ranked[..., (length - 1) // 2] + ranked[..., length // 2]) / 2
        return whole
    counts = np.isfinite(rows).sum(axis=-1)[..., None]
    lower = np.maximum((counts - 1) // 2, 0)
    upper = np.minimum(counts // 2, rows.shape[-1] - 1)
    middle: Floats = (np.take_along_axis(ranked, lower, -1) + np.take_along_axis(ranked, upper, -1))[..., 0] / 2
    return middle


def quantile_pair(errors: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """
    Split-conformal bounds along the first axis: ranks of (n + 1), so that exchangeable errors are held as promised.

    Missing errors are left out; NaN where none is known.
    """
    ranked = np.sort(errors, axis=0)
    if len(errors) and np.isfinite(ranked[0]).all() and np.isfinite(ranked[-1]).all():
        first, last = _ranks(low, high, len(errors))
        return ranked[first], ranked[last]
    counts = np.isfinite(errors).sum(axis=0)
    at_low, at_high = _ranks(low, high, counts)
    below: Floats = np.take_along_axis(ranked, at_low[None], 0)[0]
    above: Floats = np.take_along_axis(ranked, at_high[None], 0)[0]
    return below, above


def _ranks(low: float, high: float, counts: Ints | int) -> tuple[Ints, Ints]:
    """Places of the bounds among `counts` errors in order."""
    at_low = np.clip(np.floor(low * (counts + 1) + 1e-9).astype(int) - 1, 0, None)
    at_high = np.clip(np.ceil(high * (counts + 1) - 1e-9).astype(int) - 1, 0, np.maximum(np.asarray(counts) - 1, 0))
    return at_low, at_high
