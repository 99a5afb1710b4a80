"""
Performance: baselines, load tests, where the time goes, what was done about it.

Latencies are seconds, rates are per second, shares lie in 0..1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sre_kit.compute.performance.events import EventLog
from sre_kit.compute.vocabulary import Gap
from sre_kit.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class Threshold:
    """A criterion that the load-test tool judged itself."""

    metric: str
    expression: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of request in a run; what the tool did not keep is ``None``."""

    name: str
    requests: int | None
    errors: int | None
    mean: float | None
    quantiles: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class LoadTest:
    """
    One run of a load-test tool, normalised: seconds, per second, shares; missing is ``None``.

    `quantiles` maps 0.5, 0.95, 0.99 … to seconds. `model` is ``open`` or ``closed``; a closed loop hides
    waiting (coordinated omission), which `coordinated_omission` flags.
    """

    name: str
    tool: str
    origin: str
    requests: int | None
    errors: int | None
    duration: float | None
    rate: float | None
    quantiles: Mapping[float, float]
    mean: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    load: float | None = None
    """Virtual users or target rate, as the tool drove it."""
    model: Literal["open", "closed", "unknown"] = "unknown"
    coordinated_omission: bool = False
    scenario: str = ""
    version: str = ""
    commit: str = ""
    """What was tested, as the params say it."""
    began: datetime | None = None
    thresholds: tuple[Threshold, ...] = ()
    notes: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    samples: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    """Seconds of every request, where the tool kept them; runs can then be compared with intervals."""

    @property
    def error_ratio(self) -> float | None:
        """Failed requests as a share of all; missing where either was not counted."""
        return self.errors / self.requests if self.requests and self.errors is not None else None


@dataclass(frozen=True, slots=True)
class LoadTestSet:
    """Runs that were read, and files that could not be."""

    tests: tuple[LoadTest, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __iter__(self) -> Iterator[LoadTest]:
        return iter(self.tests)

    def __len__(self) -> int:
        return len(self.tests)


@dataclass(frozen=True, slots=True)
class RunNote:
    """
    What a person knows about a run and its result file does not say.

    `file` is a file's name or a pattern (``nightly-*.json``); `load` is virtual users, connections or a rate.
    """

    file: str
    began: datetime | None = None
    load: float | None = None
    duration: Duration | None = None
    scenario: str = ""
    commit: str = ""
    model: Literal["", "open", "closed"] = ""
    unit: Literal["", "s", "ms", "us", "ns"] = ""
    """Of a file that does not name it (HdrHistogram)."""
    percentiles: list[float] = field(default_factory=list)
    """What Gatling's percentiles 1 to 4 are, in percent, where gatling.conf changed them."""


@dataclass(frozen=True, slots=True)
class TestedResource:
    """A resource of the system that the load tests run against (often staging): `query` is its use, like `limit`."""

    __test__ = False  # pytest takes a name that begins so for tests

    name: str
    query: str
    limit: float = 1.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    An operation whose baseline is kept.

    `total` with `good` or `bad` are queries that count events, as in an SLO; `p50` to `maximum` are in seconds.
    """

    name: str
    service: str
    total: str = ""
    good: str = ""
    bad: str = ""
    p50: str = ""
    p95: str = ""
    p99: str = ""
    maximum: str = ""
    objective: Duration | None = None
    objective_statistic: str = "p95"
    aliases: list[str] = field(default_factory=list)
    """Other names that the documents use for it."""


@dataclass(frozen=True, slots=True)
class LatencyPart:
    """A share of an operation's latency, where it is spent."""

    operation: str
    part: str
    p95: Duration
    source: str = ""


@dataclass(frozen=True, slots=True)
class Optimisation:
    """A change that should make something faster or cheaper, and how we will know."""

    id: str
    hypothesis: str
    area: Literal["code", "cache", "database", "cdn", "configuration", "capacity"]
    expected: str
    effort: str
    risk: str
    verify: str
    state: Literal["idea", "planned", "running", "done", "dropped"] = "idea"
    operation: str = ""
    """Endpoint or statement that it makes faster."""
    gain: float | None = None
    """Expected reduction of the operation's time, 0..1."""
    gain_low: float | None = None
    gain_high: float | None = None
    """Bounds of the expectation; none: a guess without bounds."""
    days: float | None = None
    measured: str = ""
    statistic: str = ""
    """What `before` and `after` are, for example "p95 of search, 14 days each"."""
    before: Duration | None = None
    after: Duration | None = None
    decided: date | None = None
    evidence: str = ""

    @property
    def reduction(self) -> float | None:
        """Share of the time that is gone, below 0 where it became slower; missing until both were measured."""
        return 1 - self.after / self.before if self.before and self.after is not None else None

    @property
    def outcome(self) -> str:
        """The measured reduction against the expected one; empty where either is missing."""
        if self.reduction is not None and self.reduction < 0:
            return "worse than before"
        expected = (self.gain if self.gain_low is None else self.gain_low, self.gain_high)
        if self.reduction is None or expected[0] is None:
            return ""
        if self.reduction < expected[0]:
            return "less than expected"
        return "more than expected" if expected[1] is not None and self.reduction > expected[1] else "as expected"


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache as configured; hit ratio by a query where it is measured."""

    name: str
    component: str
    ttl: Duration | None = None
    size: str = ""
    hits: str = ""
    misses: str = ""
    stated_hit_ratio: Ratio | None = None
    """As a document says it; shown as stated, not as measured."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PerformancePlan:
    """Everything decided about performance."""

    endpoints: list[Endpoint] = field(default_factory=list)
    loadtests: list[str] = field(default_factory=list)
    """Result files, relative to the params file."""
    runs: list[RunNote] = field(default_factory=list)
    """What those files do not say."""
    run_history: str = ""
    """A CSV of comparable runs: a column of times, one of commits, one for each metric."""
    tested: list[TestedResource] = field(default_factory=list)
    """What is read of the tested system during each run."""
    events: list[EventLog] = field(default_factory=list)
    """Files of request events, one by one."""
    traces: list[str] = field(default_factory=list)
    """Files of traces, Jaeger's JSON or OTLP's; ``*`` stands for several."""
    access_log: str = ""
    statements: str = ""
    """A pg_stat_statements export."""
    plans: list[str] = field(default_factory=list)
    """Files of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON); ``*`` stands for several."""
    latency_parts: list[LatencyPart] = field(default_factory=list)
    optimisations: list[Optimisation] = field(default_factory=list)
    caches: list[Cache] = field(default_factory=list)
    cdn: str = ""
    """What the CDN is told to keep, as the documents say it."""
    cdn_source: str = ""
    cdn_price_per_gb: Decimal | None = None
    window: Duration = timedelta(days=28)
    """Length of the baseline."""
