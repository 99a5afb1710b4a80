"""
Whether requests wait for a worker: replicas x workers against the rate, as an M/M/c queue.

Arrivals come at random, each keeps one worker busy for the service time, and who finds all workers busy waits. The
offered load is rate x service time (Little's law); the probability of waiting is Erlang's C formula (1917). Where the
offered load fills the workers the queue only grows, and no wait is given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sre_kit.compute.capacity.plan import CapacityPlan, Queue, Scaling
from sre_kit.compute.capacity.usl import erlang_c
from sre_kit.compute.vocabulary import Requests

MONTH: Final = timedelta(days=365.25 / 12)
RECENT: Final = timedelta(days=28)
TAIL: Final = 0.05
"""The wait that is judged is the one that a request in twenty exceeds."""
MOST_REPLICAS: Final = 1000


@dataclass(frozen=True, slots=True)
class QueueCheck:
    """
    A component's workers under one load: `rate` requests per second on `replicas`.

    `busy` is the share of workers that work on average, above 1 the queue only grows and both waits are missing.
    `needed` is the fewest replicas that keep the wait of 95 % within the queue's promise; missing above 1,000.
    """

    queue: Queue
    case: str
    rate: float
    replicas: int
    busy: float
    waiting: float | None
    wait_p95: timedelta | None
    needed: int | None

    @property
    def holds(self) -> bool:
        """Whether 95 % of the requests wait no longer than promised."""
        return self.wait_p95 is not None and self.wait_p95 <= self.queue.longest_wait


def queue_checks(
    plan: CapacityPlan, scaling: Sequence[Scaling], demand: Requests | None, as_of: date
) -> list[QueueCheck]:
    """
    Each queue at its peak, with one replica lost, and at the peak that events and growth foresee.

    A queue without a rate of its own has the highest rate of `demand` in the last four weeks; where that is not
    measured, or nobody says how many replicas run, the queue is left out.
    """
    running = {one.component: one.replicas or one.minimum for one in scaling}
    measured = peak_rate(demand)
    found = []
    for queue in plan.queues:
        rate = queue.rate if queue.rate is not None else measured
        replicas = running.get(queue.component)
        if rate is None or replicas is None:
            continue
        factor = foreseen_factor(plan, as_of)
        found.append(queue_check(queue, "peak of the last four weeks", rate, replicas))
        if replicas > 1:
            found.append(queue_check(queue, "the same, one replica lost", rate, replicas - 1))
        found.append(queue_check(queue, f"peak foreseen, x {factor:.3g}", rate * factor, replicas))
    return found


def queue_check(queue: Queue, case: str, rate: float, replicas: int) -> QueueCheck:
    """One queue under one load."""
    offered = rate * queue.service.total_seconds()
    servers = replicas * queue.workers
    full = offered >= servers
    return QueueCheck(
        queue=queue,
        case=case,
        rate=rate,
        replicas=replicas,
        busy=offered / servers,
        waiting=None if full else erlang_c(servers, offered),
        wait_p95=None if full else wait_quantile(servers, rate, queue.service),
        needed=replicas_needed(queue, rate),
    )


def wait_quantile(servers: int, rate: float, service: timedelta, tail: float = TAIL) -> timedelta:
    """
    The wait that a share `tail` of the requests exceeds: ``ln(C / tail) / (c / s - rate)``, 0 where fewer wait.

    >>> wait_quantile(2, 1.0, timedelta(seconds=1), tail=0.1)
    datetime.timedelta(seconds=1, microseconds=203973)

    Raises
    ------
    ParameterError
        The offered load fills the servers.
    """
    waiting = erlang_c(servers, rate * service.total_seconds())
    if waiting <= tail:
        return timedelta(0)
    return timedelta(seconds=math.log(waiting / tail) / (servers / service.total_seconds() - rate))


def replicas_needed(queue: Queue, rate: float) -> int | None:
    """The fewest replicas that keep the promise at `rate`; missing where a thousand would not."""
    offered = rate * queue.service.total_seconds()
    for replicas in range(max(1, math.floor(offered / queue.workers)), MOST_REPLICAS + 1):
        servers = replicas * queue.workers
        if servers > offered and wait_quantile(servers, rate, queue.service) <= queue.longest_wait:
            return replicas
    return None


def peak_rate(demand: Requests | None) -> float | None:
    """Highest rate of a step in the last four weeks, requests per second; missing where nothing was counted."""
    if demand is None or demand.gap or demand.frame.empty:
        return None
    totals = demand.frame["total"]
    recent = totals[totals.index > totals.index[-1] - RECENT].dropna()
    return float(recent.max()) / demand.step.total_seconds() if len(recent) else None


def foreseen_factor(plan: CapacityPlan, as_of: date) -> float:
    """What the greatest event ahead and the weighted growth make of today's demand at the end of the horizon."""
    ahead = [one.factor for one in plan.events if one.end > as_of and one.start < as_of + plan.horizon]
    weight = sum(one.weight for one in plan.scenarios)
    monthly = sum(one.monthly * one.weight for one in plan.scenarios) / weight if weight else 0.0
    return max([1.0, *ahead]) * float((1 + monthly) ** (plan.horizon / MONTH))
