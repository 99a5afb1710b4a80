"""
Counters: only their increments mean something.

A counter rises, or begins again at 0 when its process does. The increment of a sample is its difference to the
sample before it in the same series, or the sample itself where that difference is negative (a reset: the counter
began at 0 again). The first sample of a series has none: when the events before it happened nobody knows. So a
series that appears late counts from its first sample on, and a pause is bridged by what happened during it.
Unlike Prometheus' ``increase()`` nothing is extrapolated to the edges of a window.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from sre_kit.errors import DataError


def increments(values: np.ndarray, name: str) -> np.ndarray:
    """
    What each sample of one series adds to the one before it, one shorter than `values`.

    >>> increments(np.array([10.0, 15.0, 3.0, 4.0]), "requests").tolist()
    [5.0, 3.0, 1.0]

    Raises
    ------
    DataError
        A sample is negative: no counter, and a sum over it would mean nothing.
    """
    if (values < 0).any():
        raise DataError(f"{name}: {values[values < 0][0]:g} is negative, so this is no counter; read it as a gauge")
    steps = np.diff(values)
    return np.where(steps < 0, values[1:], steps)


def check_rising(times: np.ndarray, name: str) -> None:
    """
    Refuse samples that do not come in order, each once.

    Raises
    ------
    DataError
        Names the first offending time.
    """
    late = np.flatnonzero(np.diff(times) <= 0)
    if len(late):
        at = datetime.fromtimestamp(float(times[late[0] + 1]), tz=pd.Timestamp(0, tz="UTC").tzinfo)
        raise DataError(
            f"{name}: times must rise, each once; first repeated or out of order at {at:%Y-%m-%d %H:%M:%SZ}"
        )


class Steps:
    """
    A sum per step that many series add to.

    A sample at time T tells what was counted up to and including T, so it belongs to the step (t, t + step] and
    is reported at t. A step that no sample fell into is missing, not 0. A last step that `end` cuts is left out.
    """

    def __init__(self, start: datetime, end: datetime, step: timedelta) -> None:
        self._start, self._step = start, step
        self._begin, self._length = start.timestamp(), step.total_seconds()
        steps = (end - start) // step
        self._sums, self._seen = np.zeros(steps), np.zeros(steps, dtype=bool)

    def add(self, times: np.ndarray, values: np.ndarray, name: str) -> None:
        """The samples of one series: Unix seconds and counts; those before the window serve as the beginning only."""
        keep = np.isfinite(values)
        times, values = times[keep], values[keep]
        check_rising(times, name)
        if len(values):
            self.add_increments(times[1:], increments(values, name))

    def add_increments(self, times: np.ndarray, added: np.ndarray) -> None:
        """Increments at their times; those outside the window are left out."""
        # rounded to the millisecond: a sample stamped 60.0000001 belongs to the step that ends at 60
        position = np.ceil(np.round((times - self._begin) * 1000) / round(self._length * 1000)).astype("int64") - 1
        inside = (position >= 0) & (position < len(self._sums))
        np.add.at(self._sums, position[inside], added[inside])
        self._seen[position[inside]] = True

    def series(self, name: str) -> pd.Series:
        """The sums at the steps' beginnings."""
        offsets = np.flatnonzero(self._seen)
        index = pd.DatetimeIndex(
            [self._start + int(offset) * self._step for offset in offsets], tz="UTC", name="time"
        ).as_unit("us")
        return pd.Series(self._sums[self._seen], index=index, name=name, dtype="float64")
