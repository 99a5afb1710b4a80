"""
Request events one by one: what is counted of them, per minute and route, and the one expression for every engine.

A good event is one with a status below `EventLog.bad_from`. Quantiles are exact: no value is sketched or averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import pandas as pd

from sre_kit.compute.vocabulary import Gap

QUANTILES: Final = (0.5, 0.95, 0.99)
COLUMNS: Final = ("minute", "route", "total", "good", "p50", "p95", "p99")
UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class EventLog:
    """
    A file of request events: Parquet, CSV or an access log; ``*`` in its name stands for several of one kind.

    The other fields name the columns of Parquet and CSV; `unit` is that of the durations. Times without a zone are
    refused, unless `naive_is_utc` says what they are.
    """

    file: str
    time: str = "time"
    route: str = "route"
    status: str = "status"
    duration: str = "duration"
    unit: Literal["s", "ms", "us", "ns"] = "s"
    bad_from: int = 500
    naive_is_utc: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class EventStatistics:
    """
    What the events of a log say.

    `minutes` has one row per minute and route that saw an event: `minute` (UTC), `route`, `total`, `good` and exact
    `p50`, `p95`, `p99` in seconds; `routes` the same per route over the whole log, without `minute`. Quantiles are
    missing where no event had a duration.
    """

    source: str
    minutes: pd.DataFrame
    routes: pd.DataFrame
    left_out: int = 0
    """Events without time, route or status."""
    gap: Gap | None = None

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """From the first minute to the end of the last."""
        if self.minutes.empty:
            return None
        times = self.minutes["minute"]
        return times.min().to_pydatetime(), (times.max() + pd.Timedelta(minutes=1)).to_pydatetime()


@dataclass(frozen=True, slots=True)
class RouteEvents:
    """One route: share of good events, its quantiles over the log (seconds), and its worst minute by p95."""

    route: str
    total: int
    good: int
    p50: float | None
    p95: float | None
    p99: float | None
    worst_minute: datetime | None
    worst_p95: float | None
    minutes: int

    @property
    def good_share(self) -> float | None:
        """The SLI: good events over all."""
        return self.good / self.total if self.total else None


def route_events(statistics: EventStatistics) -> list[RouteEvents]:
    """Each route, most events first."""
    found = []
    by_route = dict(tuple(statistics.minutes.groupby("route", sort=False)))
    for row in statistics.routes.sort_values(["total", "route"], ascending=[False, True]).to_dict("records"):
        own = by_route.get(row["route"], statistics.minutes.iloc[:0])
        timed = own.dropna(subset=["p95"])
        worst = next(iter(timed.nlargest(1, "p95").to_dict("records")), None)
        found.append(
            RouteEvents(
                route=str(row["route"]),
                total=int(row["total"]),
                good=int(row["good"]),
                p50=_known(row["p50"]),
                p95=_known(row["p95"]),
                p99=_known(row["p99"]),
                worst_minute=None if worst is None else worst["minute"].to_pydatetime(),
                worst_p95=None if worst is None else float(worst["p95"]),
                minutes=len(own),
            )
        )
    return found


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def per_minute(table: Any, log: EventLog, *, several: bool = True, exact: bool = True) -> Any:
    """
    The statistics of an Ibis table of events, per minute and route: the same on every engine that Ibis speaks.

    The columns are those of `EventStatistics.minutes`. In the tests it runs on Polars and, as SQL, on DuckDB; the SQL
    for ClickHouse, Trino and BigQuery is made there and not run, and Spark is not tried.

    Parameters
    ----------
    several
        Ask for all quantiles in one call, which costs one sort instead of three; false for engines without it, Polars
        among them.
    exact
        False for Trino and BigQuery, which Ibis asks for approximate quantiles only: then say so beside the numbers.
    """
    seconds = table[log.duration] * UNITS[log.unit]
    known = table.filter(table[log.time].notnull(), table[log.route].notnull(), table[log.status].notnull())
    known = known.select(
        minute=known[log.time].truncate("m"),
        route=known[log.route],
        seconds=seconds,
        good=known[log.status] < log.bad_from,
    )
    names = [f"p{q * 100:g}" for q in QUANTILES]
    counted = {"total": known.count(), "good": known.good.sum()}
    quantile = known.seconds.quantile if exact else known.seconds.approx_quantile
    if several and exact:
        grouped = known.group_by("minute", "route").aggregate(**counted, q=quantile(list(QUANTILES)))
        found = grouped.mutate(**{name: grouped.q[place] for place, name in enumerate(names)}).drop("q")
    else:
        each = {name: quantile(q) for name, q in zip(names, QUANTILES, strict=True)}
        found = known.group_by("minute", "route").aggregate(**counted, **each)
    return found.select(*COLUMNS).order_by("minute", "route")
