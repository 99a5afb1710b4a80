"""
What ran full while a load test ran: the tested system's resources over the time of each run, beside its latency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sre_kit.compute.performance.plan import LoadTest, TestedResource
from sre_kit.compute.vocabulary import Reading

FULL: Final = 0.9
"""From this share of its limit on a resource is called full: queues grow steeply before 1."""


@dataclass(frozen=True, slots=True)
class RunSaturation:
    """Use of one resource during one run, shares of its limit; missing where nothing was measured then."""

    test: LoadTest
    resource: TestedResource
    mean: float | None
    peak: float | None
    samples: int
    reason: str = ""

    @property
    def full(self) -> bool:
        """Whether it came near its limit."""
        return self.peak is not None and self.peak >= FULL


@dataclass(frozen=True, slots=True)
class Saturating:
    """The lowest load at which a resource was full, and the latency there and one level below."""

    resource: TestedResource
    first: RunSaturation
    below: RunSaturation | None


def run_saturations(read: Iterable[tuple[LoadTest, TestedResource, Reading]]) -> list[RunSaturation]:
    """Each run with each resource, lowest load first."""
    found = []
    for test, resource, reading in read:
        values = reading.values.dropna()
        if reading.gap or values.empty:
            why = reading.gap or "no value falls into the run"
            found.append(RunSaturation(test, resource, None, None, 0, why))
            continue
        share = values.astype("float64") / resource.limit
        found.append(RunSaturation(test, resource, float(share.mean()), float(share.max()), len(share)))
    return sorted(found, key=lambda one: (one.resource.name, one.test.load or 0.0, one.test.name))


def saturating(found: Sequence[RunSaturation]) -> list[Saturating]:
    """The resources that ran full, in the order of the load at which they did."""
    first: dict[str, Saturating] = {}
    last: dict[str, RunSaturation] = {}
    for one in found:
        name = one.resource.name
        if one.full and name not in first:
            first[name] = Saturating(one.resource, one, last.get(name))
        if one.peak is not None:
            last[name] = one
    return sorted(first.values(), key=lambda one: (one.first.test.load or 0.0, -(one.first.peak or 0.0)))
