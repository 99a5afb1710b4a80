"""
Coordinated omission: what a closed loop did not ask while it waited, and an estimate of what it hid.

A user who waits for a slow answer asks nothing meanwhile; at a constant rate others would have asked and waited too.
The estimate adds them: for an answer that took longer than the usual time between a user's requests, one more that
took so much less, and so on (Tene's correction in HdrHistogram). It knows only what the run saw, so it is a lower
bound, and no replacement for a test at a rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import ParameterError

QUANTILES: Final = (0.5, 0.95, 0.99)
MOST: Final = 50_000_000
"""More requests than this are not filled in: the interval is then too short to mean anything."""


@dataclass(frozen=True, slots=True)
class Omission:
    """One closed run: its quantiles as measured, and with the requests that waiting left out; seconds."""

    test: LoadTest
    interval: float
    """Usual seconds between the requests of one user: users / rate."""
    missing: int
    """Requests that the estimate adds."""
    measured: dict[float, float]
    corrected: dict[float, float]


def omissions(tests: Iterable[LoadTest]) -> list[Omission]:
    """Every closed run whose samples, load and rate are known; the others can only be flagged."""
    found = []
    for one in tests:
        if one.coordinated_omission and one.samples is not None and one.load and one.rate:
            interval = one.load / one.rate
            filled = corrected(one.samples, interval)
            levels = np.quantile(filled, QUANTILES)
            found.append(
                Omission(
                    test=one,
                    interval=interval,
                    missing=len(filled) - len(one.samples),
                    measured={q: float(np.quantile(one.samples, q)) for q in QUANTILES},
                    corrected={q: float(value) for q, value in zip(QUANTILES, levels, strict=True)},
                )
            )
    return found


def corrected(samples: NDArray[np.float64], interval: float) -> NDArray[np.float64]:
    """
    The samples, and those that a constant rate of one in `interval` seconds would have seen while one waited.

    >>> corrected(np.array([1.0, 10.0]), 4.0).tolist()
    [1.0, 10.0, 6.0]

    Raises
    ------
    ParameterError
        The interval is not above 0, or so short that tens of millions of requests would be added.
    """
    if not interval > 0:
        raise ParameterError(f"coordinated omission: the interval must lie above 0, got {interval:g} s")
    # a request is added for each whole interval, as long as at least one interval of waiting is left
    more = np.maximum(np.floor(samples / interval).astype(np.int64) - 1, 0)
    if more.sum() > MOST:
        raise ParameterError(f"coordinated omission: an interval of {interval:g} s would add {more.sum():,} requests")
    step = np.arange(int(more.sum())) - np.repeat(np.cumsum(more) - more, more) + 1
    return np.concatenate([samples, np.repeat(samples, more) - step * interval])
