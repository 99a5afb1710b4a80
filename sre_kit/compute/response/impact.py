"""
What an incident cost: events and budget of each objective that it touched, as measured while it lasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.counts import History, counted
from sre_kit.compute.slo.ledger import concerns
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import slo_window


@dataclass(frozen=True, slots=True)
class Impact:
    """
    One objective in [`start`, `end`), the steps that the incident touches: `events`, of which `bad_events` were bad.

    `spent` and `allowed` are in the objective's own unit (events, or slices of time); `allowed` is of the window
    that ends with the incident. `gap` says why nothing is known.
    """

    slo: SLO
    start: datetime
    end: datetime
    events: Fraction
    bad_events: Fraction
    spent: Fraction
    allowed: Fraction
    coverage: float
    gap: str = ""

    @property
    def failed_share(self) -> float | None:
        """Share of the events that were bad; missing without traffic."""
        return float(self.bad_events / self.events) if self.events else None

    @property
    def budget_share(self) -> float | None:
        """Share of the window's budget that the incident used; missing where nothing was allowed."""
        return float(self.spent / self.allowed) if self.allowed else None

    @property
    def full_outage(self) -> timedelta | None:
        """Minutes of full outage that would have failed as many events, at the traffic of that time."""
        share = self.failed_share
        return None if share is None else (self.end - self.start) * share


def incident_impacts(ones: Iterable[History], incident: Incident, as_of: datetime) -> list[Impact]:
    """The impact on each objective whose service the incident names, in the order of `ones`."""
    return [_impact(one, incident, as_of) for one in ones if concerns(incident, one.slo.service)]


def measured_shares(
    ones: Sequence[History], incidents: Iterable[Incident], as_of: datetime
) -> dict[str, tuple[str, float]]:
    """
    Incident -> the objective of whose budget it used most, and the share, 0..1 and above.

    Only from histories that hold the whole window before the incident's end: a part of it would allow too little.
    """
    found = {}
    for incident in incidents:
        shares = [
            (impact.slo.name, impact.budget_share)
            for one in ones
            if one.start <= slo_window(one.slo, incident.end(as_of)).start
            for impact in incident_impacts([one], incident, as_of)
            if impact.budget_share is not None and not impact.gap
        ]
        if shares:
            found[incident.id] = max(shares, key=lambda pair: pair[1])
    return found


def _impact(one: History, incident: Incident, as_of: datetime) -> Impact:
    start = one.start + (incident.began - one.start) // one.step * one.step
    end = one.start - (one.start - incident.end(as_of)) // one.step * one.step
    window = slo_window(one.slo, end)
    units = counted(one)
    events, bad, _ = one.between(start, end)
    _, spent, _ = units.between(start, end)
    total, _, _ = units.between(window.start, window.measured_to)
    gap = one.gap
    if not gap and not one.between(start, end)[2]:
        gap = f"{one.requests.source or 'the source'} has no data for the time of the incident"
    return Impact(one.slo, start, end, events, bad, spent, total * one.slo.budget_ratio, one.coverage(start, end), gap)
