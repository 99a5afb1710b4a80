"""
Runs of one scenario at several loads: what throughput and latency do as load grows.

Runs of different tools or scenarios measure different things, so the largest group of the same tool and scenario is
taken, and the rest is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sre_kit.compute.comparison import Difference, compare
from sre_kit.compute.performance import LoadTest
from sre_kit.compute.usl import ScalabilityLaw, knee, scalability_law, think_time
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError


@dataclass(frozen=True, slots=True)
class LoadLevel:
    """One run with its load, throughput (per second) and 95th percentile (seconds)."""

    test: LoadTest
    load: float
    rate: float
    p95: float

    @property
    def power(self) -> float:
        """Throughput for a second of latency (Kleinrock)."""
        return self.rate / self.p95

    @property
    def think_time(self) -> float | None:
        """Seconds a user waits between requests, by Little's law; missing for an open model."""
        if self.test.mean is None or self.test.model == "open":
            return None
        return think_time(self.load, self.rate, self.test.mean)


@dataclass(frozen=True, slots=True)
class LoadScaling:
    """Levels in order of load, the knee among them, and the scalability law or the reason why there is none."""

    levels: tuple[LoadLevel, ...]
    knee: LoadLevel | None
    law: ScalabilityLaw | Gap


def load_scaling(tests: Iterable[LoadTest]) -> LoadScaling:
    """What the largest group of comparable runs says about scaling; the law is refused below four levels."""
    groups: dict[tuple[str, str], list[LoadLevel]] = defaultdict(list)
    for one in tests:
        p95 = one.quantiles.get(0.95)
        if one.load and one.rate and p95:
            groups[one.tool, one.scenario].append(LoadLevel(one, one.load, one.rate, p95))
    largest: list[LoadLevel] = max(groups.values(), key=lambda group: len(group), default=[])
    levels = sorted(largest, key=lambda level: (level.load, level.test.name))
    loads, rates = [one.load for one in levels], [one.rate for one in levels]
    best = levels[knee(loads, rates, [one.p95 for one in levels])] if len(levels) > 1 else None
    try:
        law: ScalabilityLaw | Gap = scalability_law(loads, rates)
    except DataError as error:
        law = Gap("how throughput scales", "QA Engineer", "load tests at four or more loads", str(error))
    return LoadScaling(tuple(levels), best, law)


def run_differences(scaling: LoadScaling) -> dict[str, list[Difference]]:
    """Each level against the one before it, under the title "name, then name"."""
    pairs = zip(scaling.levels, scaling.levels[1:], strict=False)
    return {f"load {a.load:g}, then {b.load:g}": compare(a.test, b.test) for a, b in pairs}
