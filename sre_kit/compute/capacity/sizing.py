"""
Limits that follow from arithmetic: connections, lost zones, and how much less would do.

``maximum replicas x pool size <= the database's connections`` must hold at the autoscaler's maximum, not today.
Right-sizing as the field does it: CPU at a high percentile, memory at the maximum plus a margin, connections and disks
never below their peak; where an autoscaler steers by the same use, the request is what keeps its threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sre_kit.compute.capacity.exhaustion import Floats, Outlook, Usage
from sre_kit.compute.capacity.plan import CapacityPlan, Scaling
from sre_kit.units import percent

CPU_MARGIN: Final = 1.15
MEMORY_MARGIN: Final = 1.15
"""What the Kubernetes vertical autoscaler adds to its recommendation (``recommendation-margin-fraction`` 0.15)."""
LEAST_CUT: Final = 0.1
"""A change of less is not worth a rollout."""
DEEPEST_CUT: Final = 0.5
"""Never less than half of today's size in one step."""


@dataclass(frozen=True, slots=True)
class PoolCheck:
    """Connections that a database's clients open at their maximum, and with what runs today, against its limit."""

    database: str
    limit: int | None
    source: str
    clients: tuple[Scaling, ...]
    most: int
    today: int | None

    @property
    def holds(self) -> bool | None:
        """Whether the maximum fits; missing where the limit is not known."""
        return None if self.limit is None else self.most <= self.limit

    @property
    def fitting_maximum(self) -> int | None:
        """The most replicas the largest client may have while the others keep theirs; missing without a limit."""
        if self.limit is None or not self.clients:
            return None
        largest = max(self.clients, key=lambda one: one.maximum * (one.pool_size or 0))
        others = self.most - largest.maximum * (largest.pool_size or 0)
        return max(0, (self.limit - others) // (largest.pool_size or 1))


@dataclass(frozen=True, slots=True)
class Survival:
    """Peak share of the limit with all instances, with one lost, and with one zone lost."""

    usage: Usage
    peak: float | None
    one_lost: float | None
    zone_lost: float | None
    zone_instances: int | None


@dataclass(frozen=True, slots=True)
class RightSize:
    """
    What share of today's size would do, `recommended` in 0..1; missing where there is nothing to say, with `reason`.

    `risk` is the share of readings that lay above the recommendation: how often it would have been short.
    """

    usage: Usage
    recommended: float | None
    basis: str
    risk: float | None
    reason: str = ""


def pool_checks(plan: CapacityPlan) -> list[PoolCheck]:
    """One check for each database that a scaled component pools connections to, largest share of its limit first."""
    limits = {one.database: (one.connections, one.source) for one in plan.connection_limits}
    found: dict[str, list[Scaling]] = {}
    for one in plan.scaling:
        if one.pool_size is not None:
            found.setdefault(one.database, []).append(one)
    checks = []
    for database, clients in found.items():
        limit, source = limits.get(database, (plan.database_connections, plan.database_connections_source))
        running = [one.replicas * (one.pool_size or 0) for one in clients if one.replicas is not None]
        checks.append(
            PoolCheck(
                database=database,
                limit=limit,
                source=source,
                clients=tuple(clients),
                most=sum(one.maximum * (one.pool_size or 0) for one in clients),
                today=sum(running) if len(running) == len(clients) else None,
            )
        )
    return sorted(checks, key=lambda check: check.most / check.limit if check.limit else math.inf, reverse=True)


def fitting_scaling(scaling: Sequence[Scaling], checks: Sequence[PoolCheck]) -> list[Scaling]:
    """
    The scaling with each maximum cut to what the databases' connections allow; never below the minimum.

    Only the largest client of a database is cut, because the others need theirs.
    """
    most = {}
    for check in checks:
        fits = check.fitting_maximum
        if check.holds is False and fits is not None:
            largest = max(check.clients, key=lambda one: one.maximum * (one.pool_size or 0))
            most[largest.component] = fits
    return [
        replace(one, maximum=max(one.minimum, most[one.component])) if one.component in most else one for one in scaling
    ]


def survivals(outlooks: Sequence[Outlook], zones: int | None) -> list[Survival]:
    """Peak shares after the loss of one instance and of one zone, worst first; only what runs on several instances."""
    rows = []
    for one in outlooks:
        used, share = one.usage, one.demand.share
        count = used.resource.instances
        lost = math.ceil(count / zones) if count and zones and zones > 1 else None
        rows.append(
            Survival(
                usage=used,
                peak=used.peak_share,
                one_lost=used.without(1, share),
                zone_lost=used.without(lost, share) if lost else None,
                zone_instances=lost,
            )
        )
    return sorted(rows, key=lambda row: row.one_lost or row.peak or -1, reverse=True)


def right_sizes(outlooks: Sequence[Outlook], scaling: Sequence[Scaling]) -> list[RightSize]:
    """
    How much less of each resource would do, from its readings and the autoscaler that steers by them.

    What may reach its limit within the horizon is kept as it is, and nothing is made smaller than its forecast's upper
    bound: a quiet season is no reason to shrink before a busy one.
    """
    steered = {one.component: one for one in scaling if one.direction == "horizontal"}
    return [
        RightSize(one.usage, None, "", None, f"its limit may be reached in {one.exhaustion.p10} days")
        if one.exhaustion is not None and one.exhaustion.p10 is not None
        else _right_size(
            one.usage,
            one.reading.values.dropna().to_numpy(dtype=float),
            steered.get(one.resource.component),
            float(one.upper.max()) / one.resource.limit if len(one.upper) else 0.0,
        )
        for one in outlooks
    ]


def size_for(one: Outlook, percentile: float, load: float, scaling: Scaling | None = None) -> tuple[float, float]:
    """
    The share of today's size that holds `percentile` (0..1) of the readings at `load` times today's demand, with 15 %
    on top, and the share of those readings that lies above it.

    Only what follows demand grows with the load; CPU is held under the threshold of the autoscaler that steers by it.
    """
    use = one.reading.values.dropna().to_numpy(dtype=float) * (1 + one.demand.share * (load - 1))
    size = float(np.quantile(use, percentile)) * CPU_MARGIN / one.resource.limit
    if one.resource.kind == "cpu" and scaling is not None and scaling.threshold is not None and "cpu" in scaling.metric:
        size /= float(scaling.threshold)
    return size, float((use > size * one.resource.limit).mean())


def _right_size(used: Usage, readings: Floats, scaling: Scaling | None, foreseen: float) -> RightSize:
    resource = used.resource
    if used.peak is None or used.p95 is None:
        return RightSize(used, None, "", None, "nothing was measured")
    if resource.kind == "cpu":
        need, basis = used.p95 * CPU_MARGIN / resource.limit, f"p95 of the use x {CPU_MARGIN:g}"
    elif resource.kind == "memory":
        need, basis = used.peak * MEMORY_MARGIN / resource.limit, f"highest use x {MEMORY_MARGIN:g}"
    else:
        return RightSize(used, None, "", None, "its size follows its peak and its forecast, not a percentile")
    if resource.kind == "cpu" and scaling is not None and scaling.threshold is not None and "cpu" in scaling.metric:
        # the autoscaler holds use / request at its threshold: a smaller request makes it start more replicas
        need, basis = need / float(scaling.threshold), f"{basis} / the autoscaler's {percent(scaling.threshold, 0)}"
    if foreseen > need:
        need, basis = foreseen, f"the forecast's upper bound is {percent(foreseen, 0)} of the limit"
    need = max(need, DEEPEST_CUT)
    if need > 1 - LEAST_CUT:
        fits = need <= 1 + LEAST_CUT
        asks = "today's size fits" if fits else f"nothing to take away, {percent(need, 0)} of today is asked for"
        return RightSize(used, None, basis, None, f"{asks}: {basis}")
    above = float((readings > need * resource.limit).mean()) if len(readings) else None
    return RightSize(used, need, basis, above)
