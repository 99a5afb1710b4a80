"""
Capacity: what is used, what is left, when it runs out, and by when to order.

Use and limits are in the resource's own unit; shares of the limit lie in 0..1. A date is refused where
the back-test is no better than a naive forecast, or the history is shorter than two seasonal cycles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from sre_kit.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class Resource:
    """
    Something that can run out: `query` measures its use, `limit` is where it ends (same unit).

    `scalable` says whether the limit moves by itself (autoscaling), by an order, or not at all.
    """

    name: str
    component: str
    query: str
    limit: float
    unit: str = "ratio"
    limit_source: str = ""
    lead_time: Duration = timedelta(days=14)
    scalable: Literal["automatic", "by order", "fixed"] = "by order"
    stateful: bool = False
    instances: int | None = None
    trigger: Ratio | None = None
    """Share of the limit at which somebody acts; none: not decided."""
    alert: str = ""
    step: Duration = timedelta(minutes=5)
    owner: str = ""
    kind: Literal["cpu", "memory", "disk", "connections", "other"] = "other"
    demand_share: Ratio | None = None
    """Share of the use that grows with demand; none: measured against `CapacityPlan.demand`."""
    since: date | None = None
    """First day that counts: before it the limit was another."""
    next_step: str = ""
    """What would be ordered or changed."""
    depends_on: str = ""
    """What must be done before the next step."""
    order_cost: Decimal | None = None
    """What the next step adds to the monthly bill."""

    @property
    def scalability(self) -> str:
        """How its limit can move: by itself, by more instances, by a larger one, or not at all."""
        if self.scalable == "automatic":
            return "elastic"
        if self.scalable == "fixed":
            return "fixed"
        return "more instances" if self.instances and self.instances > 1 else "a larger one"


@dataclass(frozen=True, slots=True)
class Event:
    """A launch, campaign or season: demand is multiplied by `factor` in [start, end)."""

    name: str
    start: date
    end: date
    factor: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class GrowthScenario:
    """Demand grows by `monthly` each month; `weight` is how likely we think it is."""

    name: str
    monthly: float
    weight: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a component scales, and what breaks next."""

    component: str
    direction: Literal["horizontal", "vertical", "none"]
    metric: str = ""
    threshold: Ratio | None = None
    minimum: int = 1
    maximum: int = 1
    cool_down: Duration = timedelta(minutes=5)
    replicas: int | None = None
    """Running today, where the autoscaler does not decide."""
    step: str = ""
    """How far one scaling action goes; empty: the autoscaler's default."""
    stabilisation: Duration = timedelta(minutes=5)
    """How long the autoscaler looks back before it scales in."""
    pool_size: int | None = None
    """Connections each replica opens to the database."""
    database: str = ""
    min_available: int | None = None
    """Replicas that a voluntary disruption must leave; none: no disruption budget."""
    breaks_next: str = ""
    state: Literal["planned", "prepared", "implemented"] = "planned"
    source: str = ""
    namespace: str = "default"
    query: str = ""
    """PromQL of `metric` where it is not CPU or memory."""
    per_replica: float | None = None
    """How much of the queried metric one replica copes with."""
    server: str = ""
    """Address of the Prometheus that the event scaler asks, as the cluster sees it."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Workers of a component, each busy `service` long with a request; 95 % may wait `longest_wait` for one."""

    component: str
    workers: int
    """Of each replica."""
    service: Duration
    longest_wait: Duration
    rate: float | None = None
    """Requests per second at the peak; none: the highest of `CapacityPlan.demand` in the last four weeks."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What each replica of a component takes of a ceiling."""

    component: str
    each: float


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What all replicas together may not exceed: CPU of the nodes, a quota, addresses, partitions, threads."""

    name: str
    limit: float
    unit: str = ""
    source: str = ""
    shares: list[Share] = field(default_factory=list)
    others: float = 0.0
    """Taken by what is not scaled here."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What something costs a month; `per` names the unit of work it scales with, if any."""

    name: str
    monthly: Decimal
    scales: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Saving:
    """A way to spend less, with its evidence."""

    name: str
    monthly: Decimal
    evidence: str
    risk: str
    effort: str


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """How many connections a database accepts."""

    database: str
    connections: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """The monthly budget from `start` on."""

    start: date
    monthly: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """Everything decided about capacity and money."""

    resources: list[Resource] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    scenarios: list[GrowthScenario] = field(default_factory=list)
    scaling: list[Scaling] = field(default_factory=list)
    costs: list[CostLine] = field(default_factory=list)
    savings: list[Saving] = field(default_factory=list)
    budget_monthly: Decimal | None = None
    budget_source: str = ""
    database_connections: int | None = None
    database_connections_source: str = ""
    connection_limits: list[ConnectionLimit] = field(default_factory=list)
    budgets: list[BudgetStep] = field(default_factory=list)
    """Budgets that change with time; they stand above `budget_monthly`."""
    queues: list[Queue] = field(default_factory=list)
    ceilings: list[Ceiling] = field(default_factory=list)
    zones: int | None = None
    """Availability zones that the replicas are spread over."""
    demand: str = ""
    """Query for requests, the driver that growth is applied to."""
    demand_means: str = ""
    """What that query counts, in the plural ("requests to checkout"); none: requests."""
    users: str = ""
    """Query for users."""
    method: Literal["weekly profile", "MSTL and ETS"] = "weekly profile"
    """How daily peaks are foreseen; the second needs the extra `sre-kit[forecast]`."""
    horizon: Duration = timedelta(days=90)
    history: Duration = timedelta(days=90)

    @property
    def counted(self) -> str:
        """The unit of demand, in words."""
        return self.demand_means or "requests"
