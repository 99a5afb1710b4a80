"""
Forecasts of load: a weekly profile on daily peaks, re-levelled on the last four weeks, with conformal intervals.

Why this method: on real series 90 days ahead its mean absolute scaled error was 1.69 with 80 % of the values inside
its 80 % interval; a seasonal naive forecast had 1.80 and 92 %, a decomposition with exponential smoothing 1.79 and
92 %, an extrapolated trend 2.1 to 2.2 and 75 %, Prophet 2.56 and 46 %. Load falls back more often than it goes on
rising. What only accumulates (a disk) does go on: there a second candidate adds the median slope of the training
window. It is taken only where it was clearly better in the back-test: a tenth less error, and nearer in two of three
origins.

Measured here, as a share of the seasonal naive error: eight years of daily views 90 days ahead 0.85, with 84 % of the
values inside the 80 % interval; six hourly series two days ahead 0.76 to 1.06, median 0.85; two weeks ahead 0.84 and
1.07 on the two that are long enough, and no date is given there.

The level is the median of the last H steps when H steps are to be foreseen, at least one day and at most four weeks:
near the present the last day knows most, far from it a single day is noise. Intervals come from the errors that the
same method made at earlier origins (split conformal prediction, Vovk 2005; Stankeviciute 2021 for horizons), relative
to the level where the series stays above zero. Whole error paths are kept, so that "three days of seven" can be asked
of them. A forecast that was no better than repeating the last cycle, or than the median of the past, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from sre_kit.compute.backtest import MIN_ORIGINS, BackTest, back_test, chosen, complete, interval
from sre_kit.compute.profile import Floats, Ints, Profile, scale
from sre_kit.errors import DataError, ParameterError

Method = Literal["weekly profile", "weekly profile and trend"]

CYCLES: Final = 2
"""Fewer seasonal cycles than this are no history."""
LEVEL_DAYS: Final = 28
MAX_ORIGINS: Final = 120
ERRORS_OF_DAYS: Final = 365
"""Older errors tell of another system; a year has seen every season once."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """
    A forecast of one series, `horizon` steps ahead of its last value, or the reason why there is none.

    `paths` are whole futures (rows: one per back-test origin, columns: steps); `point`, `lower` and `upper` are
    their centre and 80 % interval, index UTC. `slope` is what the trend adds per step; 0 without one.
    """

    name: str
    history: pd.Series[Any]
    step: timedelta
    horizon: int
    period: int
    method: Method
    point: pd.Series[Any]
    lower: pd.Series[Any]
    upper: pd.Series[Any]
    paths: Floats
    slope: float
    backtest: BackTest | None
    refused: str = ""

    @property
    def usable(self) -> bool:
        """Whether dates may be read from it."""
        return not self.refused


def daily_peaks(values: pd.Series[Any], *, least: float = 0.5) -> pd.Series[Any]:
    """
    The highest value of each UTC day; a day with fewer than `least` of the usual readings is missing.

    Notes
    -----
    "Usual" is the median number of readings a day, so that a first or last part of a day counts as no day.
    """
    if not isinstance(values.index, pd.DatetimeIndex) or values.index.tz is None:
        raise DataError(f"daily peaks of {values.name!r}: the index must be UTC times")
    known = values.dropna()
    if known.empty:
        return known.astype("float64")
    days = known.resample("1D")
    counts = days.count()
    peaks = days.max().where(counts >= least * counts[counts > 0].median())
    return peaks.loc[peaks.first_valid_index() : peaks.last_valid_index()].astype("float64")


def reach(days: int, horizon: int, *, period: int = 7, per_day: int = 1) -> int:
    """
    How many steps ahead a history of `days` steps can be back-tested, at most `horizon`; 0 where not at all.

    A back-test needs two cycles (or four weeks, if there are so many) before its first origin and ten origins.
    """
    return max(0, min(horizon, days - _first_origin(days, period, per_day) - MIN_ORIGINS + 1))


def forecast(
    values: pd.Series[Any],
    horizon: int,
    *,
    period: int = 7,
    per_day: int = 1,
    name: str = "",
    most_origins: int = MAX_ORIGINS,
) -> Forecast:
    """
    Foresee `values` (regular UTC index, missing allowed) `horizon` steps ahead.

    Parameters
    ----------
    period
        Steps in a seasonal cycle: 7 for daily peaks, 24 or 168 for hourly means.
    per_day
        Steps in a day; the level is taken over at least one day.
    most_origins
        At most so many back-test origins, evenly spread.

    Returns
    -------
    A forecast whose `refused` says why no date may be read from it: a history under two cycles or too short for
    ten origins, or a back-test no better than a seasonal naive forecast or than the median of the past.
    """
    if horizon < 1 or period < 1:
        raise ParameterError(f"forecast: horizon and period are whole numbers above 0, got {horizon} and {period}")
    y, step = _regular(values)
    title = name or str(values.name or "")
    known = int(np.isfinite(y).sum())
    possible = reach(len(y), horizon, period=period, per_day=per_day)
    if known < CYCLES * period:
        return _refused(
            values, title, step, horizon, period, f"the history holds {known} values, under two cycles of {period}"
        )
    if possible < horizon:
        unit = "days" if step == timedelta(days=1) else "steps"
        why = f"a history of {len(y)} {unit} can be back-tested {possible} {unit} ahead, not {horizon}"
        return _refused(values, title, step, horizon, period, f"{why}; lengthen the history or shorten the horizon")
    last = len(y) - horizon
    first = max(_first_origin(len(y), period, per_day), last - ERRORS_OF_DAYS * per_day)
    origins = _origins(first, last, most_origins)
    window = _level_window(horizon, per_day)
    method, errors = chosen(y, horizon, origins, Profile(period, window, False), Profile(period, window, True))
    tested = back_test(y, horizon, period, origins, errors, method)
    centre, slope = method.foresee(y, horizon)
    paths = centre + scale(y, method) * complete(errors)
    index = pd.DatetimeIndex(values.index[-1] + pd.Timedelta(step) * np.arange(1, horizon + 1), name="time")
    bounds = np.array([interval(paths[:, k]) for k in range(horizon)])
    return Forecast(
        name=title,
        history=values,
        step=step,
        horizon=horizon,
        period=period,
        method="weekly profile and trend" if method.trend else "weekly profile",
        point=pd.Series(centre, index=index),
        lower=pd.Series(bounds[:, 0], index=index),
        upper=pd.Series(bounds[:, 1], index=index),
        paths=paths,
        slope=slope,
        backtest=tested,
        refused="" if tested.better else _no_better(tested),
    )


def _no_better(backtest: BackTest) -> str:
    best = min(backtest.base_rate, backtest.seasonal_naive)
    if not np.isfinite(best):
        return "the series does not move, so there is nothing to foresee"
    rival = "the median of the past" if backtest.base_rate == best else "repeating the last cycle"
    return (
        f"in the back-test it was no better than {rival} "
        f"(scaled error {backtest.mase:.2f} against {best:.2f}, {backtest.origins} origins)"
    )


def _regular(values: pd.Series[Any]) -> tuple[Floats, timedelta]:
    """Values on their regular grid, missing as NaN, and the grid's step."""
    index = values.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise DataError(f"forecast of {values.name!r}: the index must be UTC times")
    if len(index) < 2:
        return values.to_numpy(dtype=float), timedelta(days=1)
    steps = index[1:] - index[:-1]
    if (steps != steps[0]).any():
        raise DataError(
            f"forecast of {values.name!r}: the steps differ (first {steps[0]}, later {steps[steps != steps[0]][0]}); "
            "resample the series first"
        )
    return values.to_numpy(dtype=float), steps[0].to_pytimedelta()


def _first_origin(length: int, period: int, per_day: int) -> int:
    return max(CYCLES * period, min(LEVEL_DAYS * per_day, length // 4))


def _level_window(horizon: int, per_day: int) -> int:
    return int(np.clip(horizon, max(per_day, 7), LEVEL_DAYS * per_day))


def _origins(first: int, last: int, cap: int) -> Ints:
    every = np.arange(first, last + 1)
    return every if len(every) <= cap else np.unique(np.linspace(first, last, cap).astype(np.int64))


def _refused(values: pd.Series[Any], name: str, step: timedelta, horizon: int, period: int, why: str) -> Forecast:
    empty = pd.Series(np.empty(0), index=pd.DatetimeIndex([], tz="UTC", name="time"))
    return Forecast(
        name,
        values,
        step,
        horizon,
        period,
        "weekly profile",
        empty,
        empty,
        empty,
        np.empty((0, horizon)),
        0.0,
        None,
        why,
    )
