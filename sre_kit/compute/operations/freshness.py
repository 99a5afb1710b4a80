"""
Freshness of backups: how old the last good one may be before somebody is told.

The limit is the RPO. Where none is known it is one and a half of the interval, and the time that a backup takes. A
limit that a backup on schedule passes by itself is kept, because the objective is, and named: the alert will fire
although every job succeeds, until the schedule fits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from sre_kit.compute.operations.recovery import Recoverable
from sre_kit.compute.queries import query_problem
from sre_kit.units import span

GRACE: Final = Fraction(3, 2)
"""Intervals after which a backup without an objective is late."""
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    How a store's backup is watched: `query` is the time of the last good one, `after` the age at which it fires.

    `always` says why it fires although every job succeeds.
    """

    component: str
    alert: str
    query: str
    after: timedelta
    because: str
    always: str = ""

    @property
    def silent_alert(self) -> str:
        """The alert that fires when nobody says how old the backup is."""
        return f"{self.alert.removesuffix('Stale')}AgeMissing"


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A store whose backup has no alert of ours, and why."""

    component: str
    why: str


def alert_of(component: str) -> str:
    """
    The name of the alert on a component's backup.

    >>> alert_of("postgres-orders")
    'PostgresOrdersBackupStale'
    """
    words = re.findall(r"[A-Za-z0-9]+", component)
    return "".join(word[:1].upper() + word[1:] for word in words) + "BackupStale"


def watched_backups(stores: Sequence[Recoverable]) -> tuple[list[Freshness], list[Unwatched]]:
    """The stores that can be watched, and those that cannot; what is rebuilt or may be lost is in neither."""
    judged = [_freshness(one) for one in stores if one.saved and not one.rpo.accepted]
    return [one for one in judged if isinstance(one, Freshness)], [one for one in judged if isinstance(one, Unwatched)]


def _freshness(one: Recoverable) -> Freshness | Unwatched:
    kept, query = one.backup, one.backup.last_success_query.strip()
    if not query:
        return Unwatched(one.component, "no query gives the time of its last good backup")
    if problem := query_problem(query):
        return Unwatched(one.component, f"{query!r} is no PromQL: {problem}")
    interval = kept.every if kept.log_every is None else kept.log_every
    needs = (
        None
        if interval is None
        else interval + (timedelta(0) if kept.log_every is not None else kept.takes or timedelta(0))
    )
    if one.rpo.objective is not None:
        after, because = one.rpo.objective, f"its RPO of {span(one.rpo.objective)}"
    elif interval is not None and interval > timedelta(0) and needs is not None:
        after, because = (
            interval * GRACE.numerator / GRACE.denominator + (needs - interval),
            "one and a half intervals; it has no RPO",
        )
    else:
        return Unwatched(one.component, "neither an RPO nor an interval is known, so no age is too old")
    after = max(MINUTE, after // MINUTE * MINUTE)
    always = ""
    if needs is not None and needs > after:
        always = f"fires although every job succeeds: the last one may be {span(needs)} old"
    return Freshness(one.component, alert_of(one.component), query, after, because, always)
