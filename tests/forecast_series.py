"""
Made-up daily load whose making is known: each kind has something that forecasts trip over.

Level that wanders, trend that breaks, level that jumps, growth, a yearly season, a steep wander, and what only
fills; with a weekly shape that multiplies, holidays, heavy tails, correlated noise and missing days.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KINDS = ("wanders", "trend breaks", "jumps", "grows", "yearly season", "wanders far", "fills")


def family(seed: int, count: int, days: int = 1461) -> dict[str, pd.Series]:
    """`count` series of each seed, the kinds in turn; the same seed gives the same series."""
    return {
        f"{KINDS[at % len(KINDS)]} {at // len(KINDS)}": made_up(np.random.default_rng([seed, at]), at, days)
        for at in range(count)
    }


def made_up(random: np.random.Generator, at: int, days: int) -> pd.Series:
    """One series of the kind that comes at place `at`."""
    kind, t = KINDS[at % len(KINDS)], np.arange(days)
    if kind == "fills":
        values = random.uniform(0.2, 0.5) + t * random.uniform(0.00002, 0.0004) + random.normal(0, 0.003, days)
    else:
        week = 1 + random.uniform(0.03, 0.25) * np.resize(random.normal(size=7), days)
        holidays = np.ones(days)
        for first in random.integers(0, 365, 6):
            holidays[first::365] *= random.uniform(0.4, 1.8)
        level = np.maximum(_level(random, kind, t), 0.05)
        values = random.uniform(10, 1e4) * level * np.maximum(week, 0.05) * holidays * np.exp(_noise(random, days))
    values[random.random(days) < 0.01] = np.nan
    return pd.Series(values, index=pd.date_range("2020-01-01", periods=days, tz="UTC", name="time"))


def _level(random: np.random.Generator, kind: str, t: NDArray[np.int64]) -> NDArray[np.float64]:
    days = len(t)
    match kind:
        case "wanders":
            return 1 + np.cumsum(random.normal(0, 0.005, days))
        case "trend breaks":
            return np.exp(np.cumsum(np.repeat(random.normal(0, 0.0012, 8), days // 8 + 1)[:days]))
        case "jumps":
            return np.exp(np.cumsum((random.random(days) < 1 / 150) * random.normal(0, 0.25, days)))
        case "grows":
            return np.exp(t * random.uniform(0.0002, 0.0012))
        case "yearly season":
            return 1 + random.uniform(0.1, 0.4) * np.sin(2 * np.pi * (t / 365.25 + random.random()))
        case _:
            return np.exp(np.cumsum(random.normal(0, 0.012, days)))


def _noise(random: np.random.Generator, days: int) -> NDArray[np.float64]:
    """Correlated from day to day, with tails heavier than normal."""
    fresh = random.normal(0, random.uniform(0.03, 0.15), days) * np.sqrt(random.chisquare(4, days) / 4)
    keep, noise = random.uniform(0, 0.7), np.zeros(days)
    for day in range(1, days):
        noise[day] = keep * noise[day - 1] + fresh[day]
    return noise
