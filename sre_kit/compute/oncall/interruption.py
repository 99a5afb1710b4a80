"""
Interruption load: in which hours people are told of incidents, on their own clocks, and how soon they answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sre_kit.compute.incidents import AUTO_RESOLVED, Incident
from sre_kit.compute.oncall.duty import HOUR_CLASSES, hour_class
from sre_kit.compute.oncall.plan import Person
from sre_kit.compute.statistics import Interval, quantile, quantile_interval

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Interruptions:
    """
    Incidents of which somebody was told in one class of hours.

    `own_clock` of them have a responder on the roster and are counted on that person's clock, the others on the
    project's. `acknowledged` have a time from alert to acknowledgement, in minutes: `median`, with its interval
    from five on.
    """

    hours: str
    count: int
    own_clock: int
    acknowledged: int
    median: float | None
    interval: Interval | None


def interruption_load(incidents: Iterable[Incident], people: Sequence[Person], where: str) -> list[Interruptions]:
    """
    Each class of `HOUR_CLASSES` with its incidents, the empty ones included.

    Parameters
    ----------
    people
        The roster, whose zones count for the incidents they answered.
    where
        The project's zone, for all others.
    """
    zones: Mapping[str, str] = {person.name: person.zone for person in people if person.zone}
    told: dict[str, list[Incident]] = {name: [] for name in HOUR_CLASSES}
    for one in incidents:
        told[hour_class(one.detected or one.began, zones.get(one.responder, where))].append(one)
    found = []
    for name, there in told.items():
        waits = [
            (one.acknowledged - one.detected) / MINUTE
            for one in there
            if one.acknowledged and one.detected and AUTO_RESOLVED not in one.flags
        ]
        own = sum(one.responder in zones for one in there)
        middle, limits = quantile(waits, 0.5), quantile_interval(waits, 0.5)
        found.append(Interruptions(name, len(there), own, len(waits), middle, limits))
    return found
