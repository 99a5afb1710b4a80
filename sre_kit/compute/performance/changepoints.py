"""
Change points in a history of runs: where a number began to be another one, and by how much.

E-divisive (Matteson and James 2014): the split with the largest energy distance between its two sides, again within
each side, until a permutation test no longer calls it unlikely. It assumes neither a law nor a number of changes, only
that runs do not depend on one another. The metrics of one history share the level of 5 % (Bonferroni). Draws are
seeded. Only "evidence of" and "no evidence of" are said.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.compute.statistics import SEED, Interval, ratio_interval
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import ParameterError

Floats = NDArray[np.float64]

LEAST_RUNS: Final = 8
"""Of seven runs, three against four, even the clearest split has 2 chances in 35."""
LEAST_SIDE: Final = 3
"""A side of fewer runs is not told from an outlier: the last two runs are too young to be judged."""
MOST_RUNS: Final = 500
"""The latest are looked at; the distances of all pairs are held."""
LEVEL: Final = 0.05
"""Chance that a history without a change shows one, all its metrics together."""
PERMUTATIONS: Final = 199


@dataclass(frozen=True, slots=True)
class RunHistory:
    """Numbers of one series of runs in their order; a run that lacks one has NaN there."""

    name: str
    source: str
    times: tuple[datetime, ...]
    commits: tuple[str, ...]
    metrics: Mapping[str, Floats]
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """
    The first run of a new level; `before` and `after` are medians of the runs on either side.

    `ratio` is the 95 % bootstrap interval of after / before, missing where a side has fewer than five runs or the
    level before is 0.
    """

    at: int
    time: datetime
    commit: str
    before: float
    after: float
    runs: tuple[int, int]
    ratio: Interval | None
    p: float

    @property
    def size(self) -> float | None:
        """Relative change, 0.1 for a tenth more; missing where the level before is 0."""
        return self.after / self.before - 1 if self.before else None

    @property
    def verdict(self) -> str:
        """In the only words that are used."""
        return f"evidence of {'an increase' if self.after > self.before else 'a decrease'}"


@dataclass(frozen=True, slots=True)
class MetricHistory:
    """One metric of a history with its change points; `refused` says why none were looked for."""

    history: RunHistory
    metric: str
    values: Floats
    times: tuple[datetime, ...]
    changes: tuple[ChangePoint, ...] = ()
    refused: str = ""


def change_points(histories: Iterable[RunHistory]) -> list[MetricHistory]:
    """Every metric of every history, in their order."""
    return [
        _metric(one, name, values, LEVEL / len(one.metrics))
        for one in histories
        if one.gap is None
        for name, values in one.metrics.items()
    ]


def run_histories(tests: Iterable[LoadTest]) -> list[RunHistory]:
    """Runs of one tool, scenario and load, in the order of their times; of fewer than two there is no history."""
    groups: dict[tuple[str, str, float | None], list[LoadTest]] = defaultdict(list)
    for one in tests:
        if one.began is not None:
            groups[one.tool, one.scenario, one.load].append(one)
    found = []
    for (tool, scenario, load), runs in groups.items():
        if len(runs) < 2:
            continue
        runs.sort(key=lambda one: (one.began, one.name))
        about = ", ".join(part for part in (tool, scenario, f"load {load:g}" if load else "") if part)
        found.append(
            RunHistory(
                name=about,
                source=f"{runs[0].origin} to {runs[-1].origin}",
                times=tuple(one.began for one in runs if one.began is not None),
                commits=tuple(one.commit for one in runs),
                metrics=dict(_measured(runs)),
            )
        )
    return found


def _measured(runs: Sequence[LoadTest]) -> Iterator[tuple[str, Floats]]:
    columns = {
        "p50, s": [one.quantiles.get(0.5) for one in runs],
        "p95, s": [one.quantiles.get(0.95) for one in runs],
        "p99, s": [one.quantiles.get(0.99) for one in runs],
        "requests/s": [one.rate for one in runs],
        "error ratio": [one.error_ratio for one in runs],
    }
    for name, values in columns.items():
        if any(value is not None for value in values):
            yield name, np.array([np.nan if value is None else value for value in values])


def _metric(history: RunHistory, metric: str, values: Floats, level: float) -> MetricHistory:
    known = np.flatnonzero(np.isfinite(values))[-MOST_RUNS:]
    kept, times = values[known], tuple(history.times[at] for at in known)
    if len(kept) < LEAST_RUNS:
        why = f"{len(kept)} run(s) of {metric}; at least {LEAST_RUNS} comparable ones are needed"
        return MetricHistory(history, metric, kept, times, refused=why)
    splits = divided(kept, level=level)
    edges = [0, *(at for at, _ in splits), len(kept)]
    changes = []
    for place, (at, p) in enumerate(splits, start=1):
        before, after = kept[edges[place - 1] : at], kept[at : edges[place + 1]]
        positive = before.min() > 0
        changes.append(
            ChangePoint(
                at=at,
                time=times[at],
                commit=history.commits[known[at]] if history.commits else "",
                before=float(np.median(before)),
                after=float(np.median(after)),
                runs=(len(before), len(after)),
                ratio=ratio_interval(after, before, "median") if positive else None,
                p=p,
            )
        )
    return MetricHistory(history, metric, kept, times, tuple(changes))


def divided(values: Floats, *, level: float = LEVEL, seed: int = SEED) -> list[tuple[int, float]]:
    """
    Places at which a new level begins, rising, each with its permutation p-value of at most `level`.

    Raises
    ------
    ParameterError
        A value is not finite, or there are fewer than `LEAST_RUNS`.
    """
    if len(values) < LEAST_RUNS or not np.isfinite(values).all():
        raise ParameterError(f"change points: {LEAST_RUNS} or more finite values are needed, got {len(values)}")
    random = np.random.default_rng(seed)
    permutations = max(PERMUTATIONS, 2 * math.ceil(1 / level) - 1)
    edges, found = [0, len(values)], []
    while True:
        segments = list(pairwise(edges))
        best, at = max((_split(values[low:high], low) for low, high in segments), key=lambda one: one[0])
        if at < 0:
            break
        # the same two sides in another order add up to another last bit
        enough = best * (1 - 1e-9)
        draws = ([random.permutation(values[low:high]) for low, high in segments] for _ in range(permutations))
        largest = np.max([_largest(np.stack(rows)) for rows in zip(*draws, strict=True)], axis=0)
        p = (1 + int((largest >= enough).sum())) / (1 + permutations)
        if p > level:
            break
        found.append((at, p))
        edges = sorted((*edges, at))
    return sorted(found)


def _split(values: Floats, offset: int) -> tuple[float, int]:
    """The largest energy statistic of a split into two sides, and where it is; -1 where the segment is too short."""
    if len(values) < 2 * LEAST_SIDE:
        return -1.0, -1
    (statistic,) = _energies(values[None])
    at = int(np.argmax(statistic))
    return float(statistic[at]), offset + LEAST_SIDE + at


def _largest(rows: Floats, at_once: int = 40_000) -> Floats:
    """The largest energy statistic of each row; -1 where rows are too short."""
    count = rows.shape[1]
    if count < 2 * LEAST_SIDE:
        return np.full(len(rows), -1.0)
    step = max(1, at_once // count**2)  # distances at a time
    return np.concatenate([_energies(rows[at : at + step]).max(axis=1) for at in range(0, len(rows), step)])


def _energies(rows: Floats) -> Floats:
    """The energy statistic of each row at every split that leaves `LEAST_SIDE` values on both sides."""
    count = rows.shape[1]
    distance = np.abs(rows[:, :, None] - rows[:, None, :])
    sums = distance.sum(axis=2)
    # the sum of distances within the first t values, and between them and all
    inner = 2 * np.cumsum(np.tril(distance).sum(axis=2), axis=1)
    first = np.arange(LEAST_SIDE, count - LEAST_SIDE + 1)
    left, total = inner[:, first - 1], sums.sum(axis=1)[:, None]
    between = np.cumsum(sums, axis=1)[:, first - 1] - left
    right = total - left - 2 * between
    n, m = first.astype(float), count - first.astype(float)
    energies: Floats = n * m / count * (2 * between / (n * m) - left / (n * (n - 1)) - right / (m * (m - 1)))
    return energies
