"""
Measurements of the demo shop. ALL OF THIS IS SYNTHETIC: made by arithmetic from a seed, measured nowhere.

A value depends on its metric and its minute alone, never on the window asked for. Counts are integers per
step; latencies are seconds; loads are ratios 0..1; times are UTC. Incidents of ``incidents.jsonl`` and bad
deployments of ``deploys.csv`` show up as failed requests in the same minutes.

======================================================  ===========================================
``requests_total:S`` ``requests_good:S``                counts; good = answered without a server error
``requests_fast:S``                                     counts; good and within ``THRESHOLDS[S]`` seconds
``latency_p50:S`` ``latency_p95:S`` ``latency_p99:S``   seconds, over the minute
``cpu:C`` ``memory:C`` ``disk:C`` ``connections:C``     share of the limit in use
``users_daily``                                         people who were logged in that day
``tested:connections`` ``tested:cpu``                   share of staging's limits, as the load tests used them
======================================================  ===========================================

S is one of ``SERVICES``; C one of ``CPU``, ``MEMORY``, ``DISK`` or ``CONNECTIONS``. The disk of
``postgres-orders`` is the one that fills: 80 % on ``ANCHOR``, full about two months later.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sre_kit.errors import ParameterError, SourceError, nearest

SOURCE: Final = "synthetic (seeded)"
ANCHOR: Final = pd.Timestamp("2026-11-01T00:00:00Z")
"""The demo's report time: trends are stated relative to it, and an open incident lasts until it."""

Floats = NDArray[np.float64]
Minutes = NDArray[np.int64]

_DAY: Final = 1440
_ANCHOR_MINUTE: Final = int(ANCHOR.timestamp()) // 60
_DEPLOY_TROUBLE: Final = {"rolled_back": (0.03, 8), "failed": (0.01, 4)}
"""Share of requests that fail, and for how many minutes, after a deployment without an incident."""


class _Service(NamedTuple):
    per_minute: float
    background: float
    """Share of requests that fail on any day."""
    p50: float
    sigma: float
    """Of the logarithm of the latency."""


_SERVICES: Final = {
    "checkout": _Service(40, 0.00022, 0.180, 0.52),
    "search": _Service(300, 0.00016, 0.110, 0.48),
    "catalogue": _Service(600, 0.00034, 0.070, 0.60),
}
SERVICES: Final = tuple(_SERVICES)
THRESHOLDS: Final = {"checkout": 0.5, "search": 0.3, "catalogue": 0.25}
"""Seconds within which a request counts as fast; the latency targets of PRD.md."""

# Share of the limit in use: at night, and what a busy minute adds.
CPU: Final = {
    "storefront": (0.16, 0.30), "checkout": (0.14, 0.42), "search": (0.12, 0.33), "catalogue": (0.15, 0.36),
    "postgres-orders": (0.12, 0.34), "postgres-catalogue": (0.10, 0.29), "opensearch": (0.14, 0.35),
    "redis-sessions": (0.04, 0.08),
}  # fmt: skip
MEMORY: Final = {
    "storefront": (0.48, 0.10), "checkout": (0.46, 0.12), "search": (0.41, 0.12), "catalogue": (0.52, 0.17),
    "postgres-orders": (0.71, 0.06), "postgres-catalogue": (0.66, 0.07), "opensearch": (0.74, 0.07),
    "redis-sessions": (0.31, 0.11), "orders-queue": (0.12, 0.06),
}  # fmt: skip
CONNECTIONS: Final = {
    "postgres-orders": (0.12, 0.34),
    "postgres-catalogue": (0.10, 0.22),
    "redis-sessions": (0.03, 0.09),
}
_SLOW_DISKS: Final = {"postgres-catalogue": (0.46, 0.0002), "opensearch": (0.58, 0.0003), "orders-queue": (0.09, 0.0)}
DISK: Final = ("postgres-orders", *_SLOW_DISKS)
# the levels of PerformanceTestPlan.md: 200, 500, 700, 850 and 1,100 virtual users
TESTED: Final = {"connections": (0.23, 0.57, 0.82, 1.0, 1.0), "cpu": (0.13, 0.33, 0.46, 0.57, 0.61)}
_TESTS_BEGAN: Final = int(pd.Timestamp("2026-09-15T09:05:00Z").timestamp()) // 60
_TEST_EVERY, _TEST_LASTS = 20, 15
"""Minutes: five of warm-up before each level."""


def names() -> tuple[str, ...]:
    """Every query that `series` answers."""
    counts = [f"{kind}:{name}" for kind in ("requests_total", "requests_good", "requests_fast") for name in SERVICES]
    latency = [f"latency_{p}:{name}" for p in ("p50", "p95", "p99") for name in SERVICES]
    gauges = [
        f"{kind}:{name.replace('-', '_')}"
        for kind, known in (("cpu", CPU), ("memory", MEMORY), ("disk", DISK), ("connections", CONNECTIONS))
        for name in known
    ]
    return (*counts, *latency, *gauges, "users_daily", *(f"tested:{name}" for name in TESTED))


def series(query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
    """
    One metric in the half-open window [`start`, `end`), a row per `step`, index UTC and named ``time``.

    Counts are summed over each step, which starts at the row's time; everything else is the value at that time.

    Raises
    ------
    SourceError
        `query` is none of `names`.
    ParameterError
        `start` has no zone, or `start` or `step` is no whole number of minutes.
    """
    if query not in names():
        raise SourceError(f"demo: no metric {query!r}{nearest(query, names())}")
    minutes_per_step, rest = divmod(step, timedelta(minutes=1))
    if rest or minutes_per_step < 1:
        raise ParameterError(f"demo: step {step} is no whole number of minutes; write 1min, 5min, 1h")
    if start.tzinfo is None or end.tzinfo is None:
        raise ParameterError("demo: start and end need a zone, for example 2026-11-01T00:00:00Z")
    first, odd = divmod(start.timestamp(), 60)
    if odd:
        raise ParameterError(f"demo: start {start} is not on a whole minute")
    rows = max(0, -((start - end) // step))
    kind, _, name = query.partition(":")
    name = name.replace("_", "-")  # PromQL takes a minus for a subtraction
    if kind.startswith("requests_"):
        minute = np.arange(int(first), int(first) + rows * minutes_per_step, dtype=np.int64)
        values: Floats | Minutes = _COUNTS[kind](name, minute).reshape(rows, minutes_per_step).sum(axis=1)
    else:
        # six decimals, because the last bits of exp() differ between processors
        values = np.round(_GAUGES[kind](name, int(first) + minutes_per_step * np.arange(rows, dtype=np.int64)), 6)
    index = pd.date_range(pd.Timestamp(start).tz_convert("UTC"), periods=rows, freq=pd.Timedelta(step), name="time")
    return pd.Series(values, index=index, name=query)


def _uniform(seed: str, at: Minutes) -> Floats:
    """A number in [0, 1) per time; splitmix64, because numpy promises no stable random stream between versions."""
    salt = int.from_bytes(seed.encode()[:32].ljust(32, b"\0"), "big") % (2**61 - 1)
    mixed = at.astype(np.uint64)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(salt)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    found = mixed.astype(np.float64)
    found *= 2.0**-64 * (1 - 2.0**-53)
    return found


def _noise(seed: str, at: Minutes) -> Floats:
    """Mean 0, standard deviation 1, bounded by 3: the sum of three uniforms."""
    total = np.full(len(at), -1.5)
    for k in range(3):
        total += _uniform(f"{seed}/{k}", at)
    total *= 2
    return total


def _days(minute: Minutes) -> Floats:
    """Days since `ANCHOR`, negative before it."""
    return (minute - _ANCHOR_MINUTE) / _DAY


def _demand(minute: Minutes) -> Floats:
    """
    How busy the shop is; about 1 on average in October 2026, near 2 on a busy evening.

    Evenings and Sundays are busy, December and the start of school more so; 2 % more a month.
    """
    return _demand_at(minute.tobytes())


@lru_cache(maxsize=4)  # every series of the shop follows the same demand
def _demand_at(minutes: bytes) -> Floats:
    minute = np.frombuffer(minutes, dtype=np.int64)
    hour = np.arange(_DAY) / 60
    of_day = 0.10 + 0.95 * np.exp(-(((hour - 11) / 3.6) ** 2)) + 1.70 * np.exp(-(((hour - 19.3) / 2.4) ** 2))
    week = np.array([1.00, 1.02, 0.97, 0.95, 0.93, 0.86, 1.12])  # the epoch was a Thursday
    day = minute // _DAY
    of_year = (minute - _ANCHOR_MINUTE) / _DAY % 365.25
    season = 1 + 0.9 * np.exp(-(((of_year - 40) / 12) ** 2)) + 0.35 * np.exp(-(((of_year - 298) / 6) ** 2))
    days, at = np.unique(day, return_inverse=True)
    daily = (1 + 0.05 * _noise("day", days))[at]
    busy: Floats = (
        of_day[minute % _DAY] * week[day % 7] * season * daily * np.exp(_days(minute) * np.log(1.02) / 30) / 0.80
    )
    busy.flags.writeable = False
    return busy


@lru_cache(maxsize=1)
def _trouble() -> tuple[tuple[str, int, int, float], ...]:
    """(service, first minute, minute after the last, share that fails), from the incident and deployment logs."""
    return (*_incident_trouble(), *_deploy_trouble())


def _incident_trouble() -> Iterator[tuple[str, int, int, float]]:
    seen = set()
    text = resources.files(__package__).joinpath("incidents.jsonl").read_text("utf-8")
    for row in map(json.loads, text.splitlines()):
        began, ended = pd.Timestamp(row["started_at"]), pd.Timestamp(row.get("resolved_at", ANCHOR))
        usable = row["kind"] == "incident" and row["id"] not in seen and began.tzinfo is not None
        if not usable or not row["failed_share"] or ended <= began:
            continue
        seen.add(row["id"])
        for name in row["service"]:
            yield name, int(began.timestamp()) // 60, int(ended.timestamp()) // 60, float(row["failed_share"])


def _deploy_trouble() -> Iterator[tuple[str, int, int, float]]:
    text = resources.files(__package__).joinpath("deploys.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["outcome"] in _DEPLOY_TROUBLE and not row["incident"]:
            share, minutes = _DEPLOY_TROUBLE[row["outcome"]]
            began = int(pd.Timestamp(row["time"]).timestamp()) // 60
            yield row["service"], began, began + minutes, share


def _failing(name: str, minute: Minutes) -> Floats:
    """Share of requests that an incident or a deployment makes fail."""
    share = np.zeros(len(minute))
    for service, first, last, failed in _trouble():
        if service == name and len(minute) and last > minute[0] and first <= minute[-1]:
            during = slice(*np.searchsorted(minute, (first, last)))
            share[during] = np.maximum(share[during], failed)
    return share


def _whole(expected: Floats, seed: str, minute: Minutes) -> Minutes:
    """`expected` rounded up or down at random, so that the mean stays."""
    return np.floor(expected + _uniform(seed, minute)).astype(np.int64)


def _total(name: str, minute: Minutes) -> Minutes:
    return _total_at(name, minute.tobytes())


@lru_cache(maxsize=2)  # good and fast requests are counted out of it
def _total_at(name: str, minutes: bytes) -> Minutes:
    minute = np.frombuffer(minutes, dtype=np.int64)
    expected = _SERVICES[name].per_minute * _demand(minute)
    total = _whole(
        np.maximum(0, expected + np.sqrt(expected) * _noise(f"{name} total", minute)), f"{name} round", minute
    )
    total.flags.writeable = False
    return total


def _good(name: str, minute: Minutes) -> Minutes:
    total = _total(name, minute)
    share: Floats = np.maximum(_SERVICES[name].background, _failing(name, minute))
    return total - np.minimum(total, _whole(np.multiply(share, total, dtype=np.float64), f"{name} bad", minute))


def _fast(name: str, minute: Minutes) -> Minutes:
    service = _SERVICES[name]
    z = (np.log(THRESHOLDS[name] / service.p50) - np.log(_slowdown(name, minute))) / service.sigma
    share = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))  # the normal distribution, within 0.0005
    good = _good(name, minute)
    return np.minimum(good, _whole(good * share, f"{name} fast", minute))


def _slowdown(name: str, minute: Minutes) -> Floats:
    """What load and incidents multiply the latency by; 1 in a quiet minute."""
    slow: Floats = (
        (1 + 0.06 * _demand(minute)) * (1 + 0.02 * _noise(f"{name} slow", minute)) * (1 + 3 * _failing(name, minute))
    )
    return slow


def _latency(quantile_z: float) -> Callable[[str, Minutes], Floats]:
    def latency(name: str, minute: Minutes) -> Floats:
        service = _SERVICES[name]
        quiet: float = service.p50 * math.exp(quantile_z * service.sigma)
        return quiet * _slowdown(name, minute)

    return latency


def _gauge(kind: str, levels: dict[str, tuple[float, float]]) -> Callable[[str, Minutes], Floats]:
    def gauge(name: str, minute: Minutes) -> Floats:
        idle, busy = levels[name]
        noise = 0.015 * _noise(f"{kind} {name}", minute)
        return np.clip(idle + busy * _demand(minute) / 2 + 0.5 * busy * _failing(name, minute) + noise, 0, 1)

    return gauge


def _disk(name: str, minute: Minutes) -> Floats:
    days, ripple = _days(minute), 0.002 * _noise(f"disk {name}", minute // 60)
    if name == "postgres-orders":
        # 80 GiB on the anchor day, doubling in 168 days; the volume was doubled 170 days before (2026-05-15),
        # and is doubled again whenever it would pass 99 %.
        used = 80 * np.exp(0.004125 * days)
        capacity = np.where(days < -170, 50.0, 100.0)
        capacity = np.where(used > 0.99 * capacity, 2 ** np.ceil(np.log2(used / 99)) * 100, capacity)
        return np.clip(used / capacity + ripple, 0, 1)
    level, per_day = {"postgres-catalogue": (0.46, 0.0002), "opensearch": (0.58, 0.0003), "orders-queue": (0.09, 0.0)}[
        name
    ]
    return np.clip(level + per_day * days + ripple, 0, 1)


def _tested(name: str, minute: Minutes) -> Floats:
    level, within = np.divmod(minute - _TESTS_BEGAN, _TEST_EVERY)
    running = (level >= 0) & (level < len(TESTED[name])) & (within < _TEST_LASTS)
    busy = np.array(TESTED[name])[np.clip(level, 0, len(TESTED[name]) - 1)]
    used: Floats = np.where(running, busy, 0.02) + 0.01 * _noise(f"tested {name}", minute)
    return np.clip(used, 0, 1)


def _users(_: str, minute: Minutes) -> Floats:
    noon = minute // _DAY * _DAY + 12 * 60
    return np.floor(5200 * _demand(noon))


_COUNTS: Final = {"requests_total": _total, "requests_good": _good, "requests_fast": _fast}
_GAUGES: Final = {
    "latency_p50": _latency(0.0),
    "latency_p95": _latency(1.6449),
    "latency_p99": _latency(2.3263),
    "cpu": _gauge("cpu", CPU),
    "memory": _gauge("memory", MEMORY),
    "connections": _gauge("connections", CONNECTIONS),
    "disk": _disk,
    "users_daily": _users,
    "tested": _tested,
}
