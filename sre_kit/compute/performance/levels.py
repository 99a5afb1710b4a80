"""
Runs of one scenario at several loads: what throughput and latency do as load grows.

Runs of different tools or scenarios measure different things, so the largest group of the same tool and scenario is
taken, and the rest is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from sre_kit.compute.capacity.usl import ScalabilityLaw, knee, scalability_law, think_time
from sre_kit.compute.performance.comparison import Difference, compare
from sre_kit.compute.performance.plan import LoadTest
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, ParameterError

STATISTICS: Final = {"p95": 0.95, "p97.5": 0.975, "p99": 0.99, "p90": 0.9}
"""What latency is judged by, the first that all runs have: wrk prints no p95, autocannon p97.5 instead."""


@dataclass(frozen=True, slots=True)
class LoadLevel:
    """One run with its load, throughput (per second) and latency (seconds, a high percentile)."""

    test: LoadTest
    load: float
    rate: float
    latency: float

    @property
    def power(self) -> float:
        """Throughput for a second of latency (Kleinrock)."""
        return self.rate / self.latency

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
    statistic: str = "p95"
    """Which percentile the latencies are."""


def load_scaling(tests: Iterable[LoadTest]) -> LoadScaling:
    """What the largest group of comparable runs says about scaling; the law is refused below four levels."""
    groups: dict[tuple[str, str], list[LoadTest]] = defaultdict(list)
    for one in tests:
        if one.load and one.rate and any(one.quantiles.get(q) for q in STATISTICS.values()):
            groups[one.tool, one.scenario].append(one)
    largest = max(groups.values(), key=lambda group: (len({one.load for one in group}), len(group)), default=[])
    common = (name for name, q in STATISTICS.items() if all(one.quantiles.get(q) for one in largest))
    statistic = next(common, "p95")
    levels = sorted(_levels(largest, STATISTICS[statistic]), key=lambda level: (level.load, level.test.name))
    loads, rates = [one.load for one in levels], [one.rate for one in levels]
    best = levels[knee(loads, rates, [one.latency for one in levels])] if len(levels) > 1 else None
    try:
        law: ScalabilityLaw | Gap = scalability_law(loads, rates)
    except DataError as error:
        law = Gap("how throughput scales", "QA Engineer", "load tests at four or more loads", str(error))
    return LoadScaling(tuple(levels), best, law, statistic)


def _levels(tests: Iterable[LoadTest], q: float) -> Iterator[LoadLevel]:
    for one in tests:
        latency = one.quantiles.get(q)
        if one.load and one.rate and latency:
            yield LoadLevel(one, one.load, one.rate, latency)


@dataclass(frozen=True, slots=True)
class LoadOption:
    """
    What is known at one `load`: `rate` by the law, `latency` (seconds) between the tested loads around it.

    `latency` is linear between neighbours and missing beyond them. `holds_to` is the highest tested load up to which
    every tested one is within the `objective`, `missed_from` the lowest that is not; missing where there is none.
    """

    load: float
    levels: tuple[LoadLevel, ...]
    law: ScalabilityLaw | Gap
    rate: float | None
    latency: float | None
    objective: timedelta | None
    holds_to: LoadLevel | None
    missed_from: LoadLevel | None

    @property
    def below(self) -> LoadLevel | None:
        """The nearest tested load that is not above."""
        return next((one for one in reversed(self.levels) if one.load <= self.load), None)

    @property
    def above(self) -> LoadLevel | None:
        """The nearest tested load above."""
        return next((one for one in self.levels if one.load > self.load), None)


def load_option(scaling: LoadScaling, q: float, load: float, objective: timedelta | None = None) -> LoadOption:
    """
    What the runs say about `load`, judged by the quantile `q` of their latencies.

    Raises
    ------
    ParameterError
        Fewer than two tested loads kept that quantile.
    """
    levels = tuple(_levels([one.test for one in scaling.levels], q))
    loads = [one.load for one in levels]
    if len(set(loads)) < 2:
        raise ParameterError(f"the {q:.1%} quantile was kept at {len(set(loads))} tested load(s), two are needed")
    inside = loads[0] <= load <= loads[-1]
    law = scaling.law
    late = [] if objective is None else [one.latency > objective.total_seconds() for one in levels]
    first = late.index(True) if True in late else len(late)
    return LoadOption(
        load=load,
        levels=levels,
        law=law,
        rate=float(law.throughput(load)) if isinstance(law, ScalabilityLaw) else None,
        latency=float(np.interp(load, loads, [one.latency for one in levels])) if inside else None,
        objective=objective,
        holds_to=levels[first - 1] if 0 < first <= len(late) else None,
        missed_from=levels[first] if first < len(late) else None,
    )


def run_differences(scaling: LoadScaling, tests: Iterable[LoadTest] = ()) -> dict[str, list[Difference]]:
    """
    Runs of one tool, scenario and load, each against the one before it in time; then each load level against the one
    below it. The title says what is compared.
    """
    again: dict[tuple[str, str, float | None], list[LoadTest]] = defaultdict(list)
    for one in tests:
        if one.began is not None:
            again[one.tool, one.scenario, one.load].append(one)
    found: dict[str, list[Difference]] = {}
    for runs in again.values():
        runs.sort(key=lambda one: (one.began, one.name))
        found |= {f"{a.name}, then {b.name}": compare(a, b) for a, b in pairwise(runs)}
    levels = pairwise(scaling.levels)
    return found | {f"load {a.load:g}, then {b.load:g}": compare(a.test, b.test) for a, b in levels if a.load != b.load}
