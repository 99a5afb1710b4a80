"""
What a cache would have answered: by size, from stack distances, and by time to live, from the times of each key.

By size: a least-recently-used cache of ``n`` entries answers exactly the requests whose stack distance is at most ``n``
(Mattson 1970). By time to live: a key that was fetched is kept for that long, however often it is asked for, and then
fetched again. Above `EXACT_UP_TO` references a fixed share of the keys is looked at (SHARDS, Waldspurger 2015): their
distances are divided by the share, and ratios are those of the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.statistics import SEED

EXACT_UP_TO: Final = 1_000_000
SHARES: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1)
"""Sizes of a cache as shares of all objects."""
TTLS: Final = (10, 60, 600, 3600, 86_400)
"""Seconds."""
RESAMPLES: Final = 400
LEAST_KEYS: Final = 20
"""Below this there is no interval: the keys are what is drawn again."""
_MODULUS: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class SizePoint:
    """A least-recently-used cache of `objects` entries would have answered these shares of all requests and bytes."""

    objects: int
    hit_ratio: float
    byte_ratio: float | None


@dataclass(frozen=True, slots=True)
class TimePoint:
    """
    A cache of any size that keeps each object for `seconds` would have answered these shares of all requests and bytes.

    `interval` is the 95 % bootstrap interval of the hit ratio, drawn over keys; missing for few keys.
    """

    seconds: int
    hit_ratio: float
    byte_ratio: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Cacheable requests in the order of time: a number per key, the second it was asked, its bytes."""

    keys: NDArray[np.int64]
    moments: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.keys)


def sampled(references: References, most: int = EXACT_UP_TO) -> tuple[References, float]:
    """The references of a share of the keys, and the share; all of them up to `most`."""
    if len(references) <= most:
        return references, 1.0
    threshold = max(1, round(_MODULUS * most / len(references)))
    mixed = references.keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    kept = ((mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(40)) < threshold
    chosen = References(references.keys[kept], references.moments[kept], references.sizes[kept])
    return chosen, threshold / _MODULUS


def size_curve(
    references: References, total: int, total_bytes: float, shares: Sequence[float] = SHARES
) -> tuple[SizePoint, ...]:
    """Hit ratios of least-recently-used caches that hold a share of all objects."""
    if not len(references):
        return ()
    chosen, rate = sampled(references)
    distances = stack_distances(chosen.keys) / rate
    objects = len(np.unique(references.keys))
    sizes = sorted({max(1, round(objects * share)) for share in shares})
    requests, size_of_all = len(references) / total, float(references.sizes.sum())
    in_sample = float(chosen.sizes.sum())
    found = []
    for size in sizes:
        hits = distances <= size
        # of the sample, so that keys that are asked for often and were not chosen do not pull the ratio down
        share = float(hits.mean()) * requests if len(chosen) else 0.0
        of_bytes = float(chosen.sizes[hits].sum()) / in_sample * size_of_all if in_sample else 0.0
        found.append(SizePoint(size, share, min(1.0, of_bytes / total_bytes) if total_bytes else None))
    return tuple(found)


def time_curve(
    references: References, total: int, total_bytes: float, seconds: Sequence[int] = TTLS
) -> tuple[TimePoint, ...]:
    """Hit ratios of a cache without limits that keeps each object for a time; only times within the log's length."""
    if not len(references):
        return ()
    chosen, rate = sampled(references)
    length = float(references.moments[-1] - references.moments[0])
    order = np.lexsort((np.arange(len(chosen)), chosen.keys))
    keys, moments, sizes = chosen.keys[order], chosen.moments[order], chosen.sizes[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    kept = [one for one in seconds if one <= length]
    hits = [_kept(moments, first, ttl) for ttl in kept]
    by_key = [np.add.reduceat(one.astype(float), first) for one in hits]
    intervals = _intervals(by_key, np.diff(np.r_[first, len(keys)]), total * rate - len(chosen))
    found = []
    for ttl, one, interval in zip(kept, hits, intervals, strict=True):
        share = float(one.sum()) / max(1.0, total * rate)
        of_bytes = float(sizes[one].sum()) / (total_bytes * rate) if total_bytes else None
        found.append(TimePoint(ttl, share, of_bytes, interval))
    return tuple(found)


def _kept(moments: NDArray[np.float64], first: NDArray[np.int64], ttl: float) -> NDArray[np.bool_]:
    """Whether each reference, sorted by key and time, was still kept: a key is fetched when its time is over."""
    hits = np.zeros(len(moments), dtype=bool)
    begins = np.zeros(len(moments), dtype=bool)
    begins[first] = True
    fetched = 0.0
    for at, (moment, begin) in enumerate(zip(moments.tolist(), begins.tolist(), strict=True)):
        if not begin and moment - fetched < ttl:
            hits[at] = True
        else:
            fetched = moment
    return hits


def _intervals(
    hits: Sequence[NDArray[np.float64]], asked: NDArray[np.int64], others: float
) -> list[tuple[float, float] | None]:
    """For each of `hits` by key the interval of their ratio, all over the same draws of keys."""
    if len(asked) < LEAST_KEYS:
        return [None] * len(hits)
    random = np.random.default_rng(SEED)
    by_key = np.column_stack([*hits, asked])
    sums = np.empty((RESAMPLES, by_key.shape[1]))
    for at in range(RESAMPLES):
        drawn = np.bincount(random.integers(0, len(asked), len(asked)), minlength=len(asked))
        sums[at] = drawn @ by_key
    ratios = sums[:, :-1] / np.maximum(1.0, sums[:, -1:] + others)
    low, high = np.quantile(ratios, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def stack_distances(keys: NDArray[Any]) -> NDArray[np.float64]:
    """
    How many different keys were asked since the same key was last asked, itself included; infinite the first time.

    A Fenwick tree over the times of last use counts in n log n.

    >>> stack_distances(np.array([1, 2, 1, 1, 2]))
    array([inf, inf,  2.,  1.,  2.])
    """
    count = len(keys)
    tree = [0] * (count + 1)
    last: dict[Any, int] = {}
    found = np.full(count, np.inf)
    for now, key in enumerate(keys.tolist(), start=1):
        before = last.get(key)
        if before is not None:
            found[now - 1] = _sum(tree, now - 1) - _sum(tree, before) + 1
            _add(tree, before, -1)
        _add(tree, now, 1)
        last[key] = now
    return found


def _add(tree: list[int], at: int, amount: int) -> None:
    while at < len(tree):
        tree[at] += amount
        at += at & -at


def _sum(tree: list[int], at: int) -> int:
    total = 0
    while at:
        total += tree[at]
        at -= at & -at
    return total
