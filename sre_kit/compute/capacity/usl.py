"""
Queueing laws: how throughput grows with load, where it peaks, and what waits meanwhile.

The Universal Scalability Law is Gunther's (Guerrilla Capacity Planning, 2007, ch. 4); Little's law is L = lambda W;
Erlang C is computed by the recursion of the blocking probability, which neither overflows nor cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sre_kit.errors import DataError, ParameterError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_LEVELS: Final = 4
"""Three unknowns need a fourth level, or nothing is left to be wrong about."""
_MOST_STEPS: Final = 400
_NO_SHORTER: Final = 1e6
"""Damped by more than this, a step is too short to change a digit."""
_ZERO: Final = 1e-10
"""Below this a coefficient is the optimiser's zero: the peak would lie beyond 100,000 units of load."""


@dataclass(frozen=True, slots=True)
class ScalabilityLaw:
    """
    ``X(N) = gN / (1 + a(N - 1) + bN(N - 1))``: `g` per unit of load, contention `a`, coherency `b`.

    Each bound is a 95 % interval from a residual bootstrap; missing where the law has no peak in most resamples.
    """

    g: float
    a: float
    b: float
    levels: int
    r_squared: float
    a_interval: tuple[float, float]
    b_interval: tuple[float, float]
    peak_interval: tuple[float, float]

    def throughput(self, load: Floats | float) -> Floats:
        """Work per second at `load`."""
        n = np.asarray(load, dtype=float)
        x: Floats = self.g * n / (1 + self.a * (n - 1) + self.b * n * (n - 1))
        return x

    @property
    def peak(self) -> float | None:
        """The load beyond which more load means less work, ``sqrt((1 - a) / b)``; none where nothing turns it down."""
        return _peak(self.a, self.b)


def scalability_law(loads: Sequence[float], throughputs: Sequence[float], *, resamples: int = 400) -> ScalabilityLaw:
    """
    Fit the law to measured (load, throughput) pairs.

    Least squares in the throughput, as in Gunther's and Moeding's ``usl`` package; `a` and `b` are held at 0 or above.

    Raises
    ------
    DataError
        Fewer than four different levels, or a load below 1, or a throughput that is not above 0.
    """
    n, x = np.asarray(loads, dtype=float), np.asarray(throughputs, dtype=float)
    if len(n) != len(x):
        raise DataError(f"scalability law: {len(n)} loads and {len(x)} throughputs; give one of each per run")
    if len(np.unique(n)) < LEAST_LEVELS:
        raise DataError(
            f"scalability law: {len(np.unique(n))} load level(s), at least {LEAST_LEVELS} different ones are needed; "
            "run the test at more levels"
        )
    if not (np.isfinite(n) & np.isfinite(x) & (n >= 1) & (x > 0)).all():
        raise DataError("scalability law: every load must be 1 or more and every throughput above 0")
    g, a, b = (float(found[0]) for found in _fitted(n, x[None], _start(n, x)))
    model = g * n / (1 + a * (n - 1) + b * n * (n - 1))
    residuals = x - model
    random = np.random.default_rng(0)
    floor = 0.01 * x.min()  # a resample may not stop the system
    tries = np.maximum(model + random.choice(residuals, (resamples, len(n))), floor)
    _, contention, coherency = _fitted(n, tries, (g, a, b))
    peaks = [
        peak if (peak := _peak(a_, b_)) is not None else np.inf for a_, b_ in zip(contention, coherency, strict=True)
    ]
    return ScalabilityLaw(
        g=g,
        a=a,
        b=b,
        levels=len(np.unique(n)),
        r_squared=float(1 - ((x - model) ** 2).sum() / ((x - x.mean()) ** 2).sum()),
        a_interval=_middle(contention),
        b_interval=_middle(coherency),
        peak_interval=_middle(peaks),
    )


def _start(n: Floats, x: Floats) -> tuple[float, float, float]:
    """
    A first guess, from ``N / X``, which is linear in 1/g, a/g and b/g: least squares with none of them below 0.

    With three of them there are few choices of those that are 0, so that each is tried.
    """
    terms = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)]) * (x / n)[:, None]
    size = np.sqrt((terms**2).sum(axis=0))
    best, least = np.zeros(3), np.inf
    for kept in ([0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]):
        found = np.zeros(3)
        found[kept] = np.linalg.lstsq(terms[:, kept] / size[kept], np.ones_like(n))[0] / size[kept]
        left = float(((terms @ found - 1) ** 2).sum())
        if (found >= 0).all() and left < least:
            best, least = found, left
    if best[0] <= 0:
        raise DataError("scalability law: throughput does not rise from the first level on; start at a lower load")
    return float(1 / best[0]), float(best[1] / best[0]), float(best[2] / best[0])


def _fitted(n: Floats, rows: Floats, start: tuple[float, float, float]) -> tuple[Floats, Floats, Floats]:
    """
    `g`, `a` and `b` of each of many `rows` of throughputs at the loads `n`, all rows at once.

    Levenberg's and Marquardt's steps, in the coefficients of the denominator: 1/g, a/g and b/g.
    """
    terms = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)])
    first = np.array([1.0, start[1], start[2]]) / start[0]
    least = first * [1e-6, 0, 0]
    found, damping = np.tile(first, (len(rows), 1)), np.full(len(rows), 1e-3)
    model = n / (found @ terms.T)
    wrong = ((rows - model) ** 2).sum(axis=1)
    for _ in range(_MOST_STEPS):
        tried = np.maximum(
            found + _steps(found > least, -((model**2 / n)[:, :, None]) * terms, rows - model, damping), least
        )
        fresh = n / (tried @ terms.T)
        left = ((rows - fresh) ** 2).sum(axis=1)
        better = left < wrong
        found[better], model[better], wrong[better] = tried[better], fresh[better], left[better]
        damping = np.where(better, np.maximum(damping / 10, 1e-9), damping * 10)
        if (damping > _NO_SHORTER).all():
            break
    ratios = found[:, 1:] / found[:, :1]
    a, b = np.where(ratios > _ZERO, ratios, 0.0).T
    return 1 / found[:, 0], a, b


def _steps(above: Bools, slopes: Floats, left: Floats, damping: Floats) -> Floats:
    """The next step of each row; a coefficient that is not `above` its least and would fall further stays."""
    downhill = np.einsum("rlc,rl->rc", slopes, left)
    free = above | (downhill > 0)
    size = np.sqrt((slopes**2).sum(axis=1))
    scaled = np.where(free[:, None, :], slopes / size[:, None, :], 0.0)
    system = np.einsum("rlc,rld->rcd", scaled, scaled) + np.eye(3) * np.where(free, damping[:, None], 1.0)[:, :, None]
    step: Floats = np.linalg.solve(system, np.where(free, downhill / size, 0.0)[:, :, None])[:, :, 0] / size
    return step


def _peak(a: float, b: float) -> float | None:
    return float(np.sqrt((1 - a) / b)) if b > 0 and a < 1 else None


def _middle(values: Sequence[float] | Floats) -> tuple[float, float]:
    low, high = np.quantile(np.asarray(values), [0.025, 0.975], method="nearest")
    return float(low), float(high)


def knee(loads: Sequence[float], throughputs: Sequence[float], latencies: Sequence[float]) -> int:
    """
    Position of the load level with the most throughput per second of latency: beyond it waiting buys little work.

    Kleinrock's power, throughput / latency, is largest at the knee (Kleinrock 1979).

    >>> knee([1, 2, 4, 8], [10, 20, 36, 38], [0.1, 0.1, 0.12, 0.4])
    2
    """
    if not loads or not len(loads) == len(throughputs) == len(latencies):
        raise DataError("knee: give one throughput and one latency for each load")
    power = np.asarray(throughputs, dtype=float) / np.asarray(latencies, dtype=float)
    return int(np.argmax(power))


def think_time(load: float, throughput: float, mean_latency: float) -> float:
    """
    Seconds that a user of a closed test waits between requests, by Little's law: ``N / X - R``.

    >>> think_time(load=500, throughput=100, mean_latency=0.2)
    4.8
    """
    if throughput <= 0:
        raise ParameterError(f"think time: throughput must lie above 0, got {throughput:g}")
    return load / throughput - mean_latency


def erlang_c(servers: int, offered: float) -> float:
    """
    Probability that an arrival has to wait, for `servers` servers and `offered` = arrival rate x service time.

    >>> round(erlang_c(servers=2, offered=1.0), 6)
    0.333333

    Raises
    ------
    ParameterError
        The offered load fills the servers (rho >= 1): the queue grows without end and has no such probability.
    """
    if servers < 1 or offered < 0:
        raise ParameterError(f"Erlang C: servers >= 1 and offered load >= 0, got {servers} and {offered:g}")
    if offered >= servers:
        raise ParameterError(
            f"Erlang C: {offered:g} busy servers are asked of {servers} (rho = {offered / servers:.2f}); "
            "at rho >= 1 the queue only grows"
        )
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = offered * blocking / (k + offered * blocking)
    rho = offered / servers
    return blocking / (1 - rho * (1 - blocking))


def mean_wait(servers: int, rate: float, service: float) -> float:
    """
    Mean seconds in the queue before service (M/M/c): ``C / (c/s - rate)``.

    >>> round(mean_wait(servers=2, rate=1.0, service=1.0), 6)
    0.333333
    """
    return erlang_c(servers, rate * service) / (servers / service - rate)
