"""
Good and bad events on an even grid, with running totals, so that any window costs two look-ups.

A slot without data holds no events and is not `seen`; a slot with data and without traffic is seen. Whole counts stay
integers, and then sums and comparisons are exact; a server's estimates (fractions of events) stay floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sre_kit.compute.slo import SLO
from sre_kit.compute.vocabulary import Requests, check_requests
from sre_kit.errors import DataError, ParameterError, nearest

Numbers = npt.NDArray[Any]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class History:
    """
    The events of one objective from `start`, one slot per `step`: `total`, `bad`, and whether the slot was `seen`.
    """

    slo: SLO
    start: datetime
    step: timedelta
    total: Numbers
    bad: Numbers
    seen: Marks
    requests: Requests

    @property
    def end(self) -> datetime:
        """End of the last slot."""
        return self.start + len(self.total) * self.step

    @property
    def gap(self) -> str:
        """Why there is nothing to say; empty where there is."""
        return self.requests.gap or ("" if self.seen.any() else f"{self.requests.source or 'the source'} has no data")

    @cached_property
    def observed(self) -> tuple[datetime, datetime]:
        """From the first slot that was seen to the end of the last; empty at `start` where none was."""
        slots = np.flatnonzero(self.seen)
        if not len(slots):
            return self.start, self.start
        return self.start + int(slots[0]) * self.step, self.start + (int(slots[-1]) + 1) * self.step

    @cached_property
    def running(self) -> tuple[Numbers, Numbers, Numbers]:
        """Events, bad events and seen slots before each slot's beginning; one longer than the slots."""
        return tuple(np.concatenate([[0], np.cumsum(row)]) for row in (self.total, self.bad, self.seen))  # type: ignore[return-value]

    def slot(self, at: datetime) -> int:
        """Number of the first slot that begins at or after `at`, within the history."""
        return min(max(-((self.start - at) // self.step), 0), len(self.total))

    def between(self, start: datetime, end: datetime) -> tuple[Fraction, Fraction, int]:
        """Events and bad events in [start, end), exact, and the slots that were seen."""
        first, last = self.slot(start), max(self.slot(end), self.slot(start))
        total, bad, seen = (row[last] - row[first] for row in self.running)
        return exact(total), exact(bad), int(seen)

    def coverage(self, start: datetime, end: datetime) -> float:
        """Share of [start, end) that was seen, 0..1."""
        return min(1.0, self.between(start, end)[2] * self.step / (end - start)) if end > start else 0.0

    def trailing(self, over: timedelta) -> tuple[Numbers, Numbers]:
        """
        Events and bad events in the window `over` that ends with each slot; shorter where the history begins.

        Raises
        ------
        ParameterError
            `over` is no whole number of steps.
        """
        width, rest = divmod(over, self.step)
        if rest or width < 1:
            raise ParameterError(
                f"SLO {self.slo.name!r}: a window of {over} is no whole number of steps of {self.step}"
            )
        ends = np.arange(1, len(self.total) + 1)
        begins = np.maximum(ends - width, 0)
        total, bad, _ = self.running
        return total[ends] - total[begins], bad[ends] - bad[begins]

    @property
    def times(self) -> pd.DatetimeIndex:
        """Beginnings of the slots, UTC."""
        return pd.date_range(pd.Timestamp(self.start), periods=len(self.total), freq=pd.Timedelta(self.step), unit="us")


def history(slo: SLO, requests: Requests) -> History:
    """
    The events of `requests`, held against `slo`.

    Raises
    ------
    DataError
        `requests` breaks its contract, or rows do not stand on its steps.
    """
    check_requests(requests.frame, requests.name)
    slots = max(0, (requests.end - requests.start) // requests.step)
    frame = requests.frame
    index = pd.DatetimeIndex(frame.index)
    offsets = (index - pd.Timestamp(requests.start)).to_numpy() / np.timedelta64(requests.step)
    position = np.round(offsets).astype("int64")
    if len(frame) and (np.abs(offsets - position) > 1e-6).any():
        at = frame.index[int(np.argmax(np.abs(offsets - position) > 1e-6))]
        raise DataError(f"{requests.name}: {at:%Y-%m-%d %H:%M:%SZ} does not stand on a step of {requests.step}")
    inside = (position >= 0) & (position < slots)
    total, good = frame["total"].to_numpy()[inside], frame["good"].to_numpy()[inside]
    whole = bool((np.mod(total, 1) == 0).all() and (np.mod(good, 1) == 0).all())
    kind = np.int64 if whole else np.float64
    rows = [np.zeros(slots, dtype=kind) for _ in range(2)]
    seen = np.zeros(slots, dtype=bool)
    rows[0][position[inside]] = total
    rows[1][position[inside]] = total - good
    seen[position[inside]] = True
    return History(slo, requests.start, requests.step, rows[0], rows[1], seen, requests)


def histories(slos: Sequence[SLO], requests: Iterable[Requests]) -> list[History]:
    """
    Each objective with its events, found by the objective's name, in the order of `slos`.

    Raises
    ------
    ParameterError
        An objective without its events.
    """
    by_name = {one.name: one for one in requests}
    for slo in slos:
        if slo.name not in by_name:
            raise ParameterError(f"no events were read for SLO {slo.name!r}{nearest(slo.name, by_name)}")
    return [history(slo, by_name[slo.name]) for slo in slos]


def exceeds(bad: Numbers, total: Numbers, limit: Fraction) -> Numbers:
    """
    Where bad / total > limit, strictly; without division, so that whole counts are compared exactly.

    >>> exceeds(np.array([1, 2]), np.array([1000, 1000]), Fraction(1, 1000)).tolist()
    [False, True]
    """
    if bad.dtype.kind != "i" or total.dtype.kind != "i":
        result: Numbers = bad > total * float(limit)
        return result
    left, right = limit.denominator, limit.numerator
    largest = max(int(np.max(bad, initial=0)) * left, int(np.max(total, initial=0)) * right)
    if largest >= 2**63:  # 64 bits would wrap around; Python's integers do not
        bad, total = bad.astype(object), total.astype(object)
    compared: Numbers = np.asarray(bad * left > total * right, dtype=bool)
    return compared


def counted(one: History) -> History:
    """
    The history in what the objective counts: its events, or slices of time.

    A slice with traffic counts 1; it is bad when less than `slice_target` of its events is good (Timeslices), or to the
    share that is bad (RatioTimeslices). A slice without traffic counts nothing.

    Raises
    ------
    ParameterError
        A slice is no whole number of steps.
    """
    slo = one.slo
    if slo.budgeting == "occurrences":
        return one
    width, rest = divmod(slo.slice_length, one.step)
    if rest or width < 1:
        raise ParameterError(
            f"SLO {slo.name!r}: a slice of {slo.slice_length} is no whole number of steps of {one.step}; "
            "set source.step in the params to a part of it"
        )
    edges = np.arange(0, len(one.total) + 1, width)
    total, bad, seen = (row[edges[1:]] - row[edges[:-1]] for row in one.running)
    busy = total > 0
    if slo.budgeting == "ratio_timeslices":
        lost = np.divide(bad, total, out=np.zeros(len(total)), where=busy)
    else:
        limit = 1 - (slo.slice_target if slo.slice_target is not None else slo.target)
        lost = (busy & exceeds(bad, total, limit)).astype(np.int64)
    return History(slo, one.start, slo.slice_length, busy.astype(np.int64), lost, seen > 0, one.requests)


def exact(count: float | np.generic) -> Fraction:
    """A count without rounding."""
    return Fraction(int(count)) if float(count).is_integer() else Fraction(float(count))


def days(one: History, end: datetime | None = None, length: timedelta = timedelta(days=90)) -> tuple[Numbers, Numbers]:
    """
    Events and bad events per day of 24 h in the `length` before `end`, oldest first; days without data are left out.
    """
    last = one.slot(end or one.end)
    width = max(1, timedelta(days=1) // one.step)
    count = min(last // width, length // timedelta(days=1))
    edges = last - width * np.arange(count, -1, -1)
    total, bad, seen = (row[edges[1:]] - row[edges[:-1]] for row in one.running)
    return total[seen > 0], bad[seen > 0]
