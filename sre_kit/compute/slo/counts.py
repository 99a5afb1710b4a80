"""
Good and bad events on an even grid, with running totals, so that any window costs two look-ups.

A slot without data holds no events and is not `seen`; a slot with data and without traffic is seen. Counts are whole
numbers of a `grain` (one event; a binary fraction of one where a server estimates), so that sums of any window and
comparisons with a threshold are exact: no order of adding, and no float, can make an alert fire or stay silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Requests, check_requests
from sre_kit.errors import DataError, ParameterError, nearest

Numbers = npt.NDArray[Any]
Marks = npt.NDArray[np.bool_]

FINEST: Final = 40
"""Binary places that an estimate of the server is kept to: a millionth of a millionth of an event."""
_BITS: Final = 62


@dataclass(frozen=True)
class History:
    """
    The events of one objective from `start`, one slot per `step`: `total`, `bad`, and whether the slot was `seen`.

    `total` and `bad` are integers, in units of `grain` events.
    """

    slo: SLO
    start: datetime
    step: timedelta
    total: Numbers
    bad: Numbers
    seen: Marks
    requests: Requests
    grain: Fraction = Fraction(1)

    @cached_property
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
    def pace(self) -> Fraction:
        """Mean events per second of what was observed; 0 where nothing was."""
        start, end = self.observed
        length = Fraction((end - start) // timedelta(microseconds=1), 1_000_000)
        return self.between(start, end)[0] / length if length else Fraction(0)

    @cached_property
    def running(self) -> tuple[Numbers, Numbers, Numbers]:
        """Events, bad events and seen slots before each slot's beginning; one longer than the slots."""
        return _sums(self.total), _sums(self.bad), _sums(self.seen)

    def held_against(self, slo: SLO) -> History:
        """The same events under another objective; they are summed up once."""
        other = replace(self, slo=slo)
        other.__dict__["running"] = self.running
        return other

    def slot(self, at: datetime) -> int:
        """Number of the first slot that begins at or after `at`, within the history."""
        return min(max(-((self.start - at) // self.step), 0), len(self.total))

    def between(self, start: datetime, end: datetime) -> tuple[Fraction, Fraction, int]:
        """Events and bad events in [start, end), exact, and the slots that were seen."""
        first, last = self.slot(start), max(self.slot(end), self.slot(start))
        total, bad, seen = (row[last] - row[first] for row in self.running)
        return int(total) * self.grain, int(bad) * self.grain, int(seen)

    def coverage(self, start: datetime, end: datetime) -> float:
        """Share of [start, end) that was seen, 0..1."""
        return min(1.0, self.between(start, end)[2] * self.step / (end - start)) if end > start else 0.0

    def trailing(self, over: timedelta) -> tuple[Numbers, Numbers]:
        """
        Events and bad events (in grains) in the window `over` that ends with each slot; shorter at the beginning.

        Raises
        ------
        ParameterError
            `over` is no whole number of steps.
        """
        total, bad, _ = self.running
        width = self._slots(over)
        return _differences(total, width), _differences(bad, width)

    def trailing_at(self, slots: Numbers, over: timedelta) -> tuple[Numbers, Numbers]:
        """As `trailing`, at some slots only."""
        total, bad, _ = self.running
        ends, begins = slots + 1, np.maximum(slots + 1 - self._slots(over), 0)
        return total[ends] - total[begins], bad[ends] - bad[begins]

    def _slots(self, over: timedelta) -> int:
        width, rest = divmod(over, self.step)
        if rest or width < 1:
            raise ParameterError(
                f"SLO {self.slo.name!r}: a window of {over} is no whole number of steps of {self.step}"
            )
        return width

    @cached_property
    def answers(self) -> dict[object, Any]:
        """What was asked of it before, by question: policies that are compared share most of their rules."""
        return {}

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """Beginnings of the slots, UTC."""
        return pd.date_range(pd.Timestamp(self.start), periods=len(self.total), freq=pd.Timedelta(self.step), unit="us")


def _sums(row: Numbers) -> Numbers:
    found: Numbers = np.zeros(len(row) + 1, dtype=np.int64)
    np.cumsum(row, out=found[1:])
    return found


def _differences(running: Numbers, width: int) -> Numbers:
    """Sums over the last `width` slots, or over all of them where there are fewer."""
    found: Numbers = np.empty_like(running[1:])
    found[:width] = running[1 : width + 1]
    np.subtract(running[width + 1 :], running[1:-width], out=found[width:])
    return found


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
    whole = bool((np.rint(total) == total).all() and (np.rint(good) == good).all())
    places = 0 if whole else _places(float(total.sum()))
    rows = [np.zeros(slots, dtype=np.int64) for _ in range(2)]
    seen = np.zeros(slots, dtype=bool)
    rows[0][position[inside]] = _grains(total, places)
    rows[1][position[inside]] = _grains(total - good, places)
    seen[position[inside]] = True
    return History(slo, requests.start, requests.step, rows[0], rows[1], seen, requests, Fraction(1, 2**places))


def _places(most: float) -> int:
    """Binary places that leave room for a sum of `most` in 64 bits."""
    return max(0, min(FINEST, _BITS - int(max(most, 1.0)).bit_length()))


def _grains(events: Numbers, places: int) -> Numbers:
    whole: Numbers = np.rint(events * 2.0**places).astype(np.int64)
    return whole


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


def exceeds(bad: Numbers, total: Numbers, limit: Fraction) -> Marks:
    """
    Where bad / total > limit, strictly and exactly; cross-multiplied as integers, never divided.

    >>> exceeds(np.array([1, 2]), np.array([1000, 1000]), Fraction(1, 1000)).tolist()
    [False, True]
    """
    left, right = limit.denominator, limit.numerator
    largest = max(int(np.max(bad, initial=0)) * left, int(np.max(total, initial=0)) * right)
    if largest < 2**63:
        return np.asarray(bad * left > total * right, dtype=bool)
    # 64 bits would wrap around: floats decide what is far apart, Python's integers what is close
    ours, theirs = bad.astype(float) * left, total.astype(float) * right
    found = np.asarray(ours > theirs, dtype=bool)
    close = np.abs(ours - theirs) <= 1e-12 * (ours + theirs)
    found[close] = bad[close].astype(object) * left > total[close].astype(object) * right
    return found


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
        places = _places(float(len(total)))
        lost = _grains(np.divide(bad, total, out=np.zeros(len(total)), where=busy), places)
        slices = busy.astype(np.int64) << places
        return History(slo, one.start, slo.slice_length, slices, lost, seen > 0, one.requests, Fraction(1, 2**places))
    limit = 1 - (slo.slice_target if slo.slice_target is not None else slo.target)
    lost = (busy & exceeds(bad, total, limit)).astype(np.int64)
    return History(slo, one.start, slo.slice_length, busy.astype(np.int64), lost, seen > 0, one.requests)


def days(one: History, end: datetime | None = None, length: timedelta = timedelta(days=90)) -> tuple[Numbers, Numbers]:
    """
    Events and bad events per day of 24 h in the `length` before `end`, oldest first; days without data are left out.
    """
    last = one.slot(end or one.end)
    width = max(1, timedelta(days=1) // one.step)
    count = min(last // width, length // timedelta(days=1))
    edges = last - width * np.arange(count, -1, -1)
    total, bad, seen = (row[edges[1:]] - row[edges[:-1]] for row in one.running)
    if one.grain != 1:
        total, bad = total * float(one.grain), bad * float(one.grain)
    return total[seen > 0], bad[seen > 0]
