"""
Caching and delivery, from an access log: what could be kept near the reader, and what it would save.

Both ratios are upper bounds: a cache of any size that never forgets, asked by the log's requests in their order. The
first request for something always goes to the origin. Bytes are those that the server sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

import numpy as np
import pandas as pd

from sre_kit.compute.performance.baseline import Baseline
from sre_kit.compute.performance.caching import References, SizePoint, TimePoint, size_curve, time_curve
from sre_kit.compute.vocabulary import Gap, Requests

MONTH_SECONDS: Final = 86_400 * 365.25 / 12
GIGABYTE: Final = 10**9


class AccessLog(Protocol):
    """What is needed of an access log: see ``load.accesslog``."""

    @property
    def requests(self) -> Requests:
        """Good and total requests per step."""

    @property
    def routes(self) -> pd.DataFrame:
        """One row per method and route: ``method``, ``route``, ``requests``, ``bad``, ``bytes``."""

    @property
    def bytes(self) -> int:
        """Bytes sent."""

    @property
    def cacheable(self) -> pd.DataFrame:
        """One row per request that a shared cache may answer, in order of time: ``key``, ``moment``, ``bytes``."""

    @property
    def served(self) -> pd.DataFrame:
        """One row per cache status: ``cache``, ``requests``, ``bytes``; none where the log has no status."""

    @property
    def bad_lines(self) -> int:
        """Lines that are no requests."""


HITS: Final = ("HIT", "STALE", "UPDATING", "REVALIDATED")
"""Cache statuses of nginx and the CDNs that spare the origin a body."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the cache in front did, as the log says it: shares of what it was asked for, and of the bytes."""

    hit_ratio: float
    byte_ratio: float | None
    asked: int
    statuses: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EdgeTraffic:
    """Shares of all requests and bytes of the log, 0..1."""

    requests: int
    bytes: int
    began: datetime
    ended: datetime
    cacheable_share: float
    cacheable_bytes_share: float | None
    offload: float
    """Share of the requests that an endless cache would have answered."""
    offload_bytes: float | None
    objects: int
    curve: tuple[SizePoint, ...]
    kept: tuple[TimePoint, ...]
    """The same by how long an object is kept."""
    served: Served | None
    """Missing where the log has no cache status."""
    bad_lines: int
    counted: int | None
    """Requests that the metrics counted in the log's time; missing where they were not. The log may be a sample."""
    routes: tuple[tuple[str, int, int], ...]
    """(method and route, requests, bytes), most bytes first."""

    @property
    def sampled(self) -> float:
        """Share of all requests that the log holds: 1 unless the metrics counted more."""
        return min(1.0, self.requests / self.counted) if self.counted else 1.0

    @property
    def monthly_gigabytes(self) -> float:
        """Bytes of a month at the log's rate, scaled up where it is a sample; a day knows nothing of the week."""
        seconds = (self.ended - self.began).total_seconds()
        return self.bytes / self.sampled / seconds * MONTH_SECONDS / GIGABYTE if seconds > 0 else 0.0

    def egress_cost(self, price: Decimal | None) -> float | None:
        """Cost of a month's bytes at `price` a gigabyte; missing without a price."""
        return None if price is None else self.monthly_gigabytes * float(price)

    def offload_value(self, price: Decimal | None) -> float | None:
        """Worth of a month's bytes that an endless cache would answer; missing without a price."""
        cost = self.egress_cost(price)
        return None if cost is None or self.offload_bytes is None else cost * self.offload_bytes


def edge_traffic(log: AccessLog | Gap, baselines: Sequence[Baseline] = ()) -> EdgeTraffic | Gap:
    """
    What a cache before the origin could have answered; the gap, where there is no log or no request in it.

    `baselines` tell how many requests were counted meanwhile, and so whether the log is a sample.
    """
    if isinstance(log, Gap):
        return log
    if log.requests.gap or not log.requests.total:
        why = log.requests.gap or "it holds no request"
        return Gap("requests as the edge saw them", "DevOps Engineer", "performance.access_log in the params", why)
    total = log.requests.total
    keys = log.cacheable["key"].to_numpy()
    sizes = log.cacheable["bytes"].to_numpy(dtype=float)
    references = References(keys, log.cacheable["moment"].to_numpy(dtype=float), sizes)
    repeated = log.cacheable["key"].duplicated().to_numpy()
    routes = log.routes.sort_values(["bytes", "requests"], ascending=False).head(8)
    return EdgeTraffic(
        requests=total,
        bytes=log.bytes,
        began=log.requests.start,
        ended=log.requests.end,
        cacheable_share=len(keys) / total,
        cacheable_bytes_share=float(sizes.sum()) / log.bytes if log.bytes else None,
        offload=float(repeated.sum()) / total,
        offload_bytes=float(sizes[repeated].sum()) / log.bytes if log.bytes else None,
        objects=len(np.unique(keys)),
        curve=size_curve(references, total, float(log.bytes)),
        kept=time_curve(references, total, float(log.bytes)),
        served=_served(log.served),
        bad_lines=log.bad_lines,
        counted=_counted(baselines, log.requests.start, log.requests.end),
        routes=tuple(
            (f"{row['method']} {row['route']}", int(row["requests"]), int(row["bytes"]))
            for row in routes.to_dict("records")
        ),
    )


def _served(statuses: pd.DataFrame) -> Served | None:
    # a request that was not for the cache (BYPASS, DYNAMIC, NONE) is neither hit nor miss
    asked = statuses[~statuses["cache"].isin(("BYPASS", "DYNAMIC", "NONE", "NONE/UNKNOWN", "UNKNOWN"))]
    if asked.empty:
        return None
    hits = asked[asked["cache"].isin(HITS)]
    total, size = int(asked["requests"].sum()), int(asked["bytes"].sum())
    return Served(
        hit_ratio=int(hits["requests"].sum()) / total,
        byte_ratio=int(hits["bytes"].sum()) / size if size else None,
        asked=total,
        statuses=tuple((str(row["cache"]), int(row["requests"])) for row in statuses.to_dict("records")),
    )


def _counted(baselines: Sequence[Baseline], began: datetime, ended: datetime) -> int | None:
    measured = [one.readings.requests for one in baselines if one.readings.requests is not None]
    frames = [one.frame for one in measured if not one.gap and one.start <= began and ended <= one.end]
    if not frames:
        return None
    return round(
        sum(float(frame.loc[(frame.index >= began) & (frame.index < ended), "total"].sum()) for frame in frames)
    )
