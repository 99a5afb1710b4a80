"""
Monitoring coverage: every component x latency, traffic, errors, saturation, logs, traces, dashboard, alert.

A cell is filled by what a person decided, by an objective, by a resource with a query, by a dashboard that covers the
component, or by an alert that names it. What is empty is a gap with its owner; what cannot apply says why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.readiness.plan import SIGNALS, Dashboard, HandoverPlan
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.vocabulary import Fact, Gap, Kind

_BY_KIND = {"availability": ("errors", "traffic"), "latency": ("latency", "traffic"), "saturation": ("saturation",)}


@dataclass(frozen=True, slots=True)
class Cell:
    """What shows one signal of one component; `exempt` says why it does not apply; both empty: a gap."""

    component: str
    signal: str
    shown_by: tuple[str, ...] = ()
    exempt: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing shows it, though it applies."""
        return not self.shown_by and not self.exempt


@dataclass(frozen=True, slots=True)
class MonitoringCoverage:
    """The table: one row per component, one cell per signal, and who owns the gaps."""

    rows: tuple[tuple[Cell, ...], ...]
    owners: dict[str, str]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows for cell in row)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Each empty cell, with the owner of the component."""
        return tuple(
            Gap(
                f"{_words(cell.signal)} of {cell.component}",
                self.owners.get(cell.component, "DevOps Engineer"),
                "MonitoringAlerts.md",
                "nothing shows it",
            )
            for cell in self.cells
            if cell.empty
        )

    @property
    def share(self) -> float | None:
        """Filled cells / cells that apply; missing where no component is known."""
        applies = [cell for cell in self.cells if not cell.exempt]
        return sum(not cell.empty for cell in applies) / len(applies) if applies else None


def monitoring_coverage(
    facts: Sequence[Fact], plan: HandoverPlan, slos: Sequence[SLO] = (), resources: Sequence[Resource] = ()
) -> MonitoringCoverage:
    """
    The coverage of every production component of the documents and of the params, in reading order.
    """
    decided = {one.component: one for one in plan.monitoring}
    alerts = {fact.name: fact for fact in of_kind(facts, Kind.ALERT_RULE)}
    components = of_kind(facts, Kind.COMPONENT)
    names = [one.name for one in components if one.scope.environment in ("", "production") and one.name]
    names += [*decided, *(slo.service for slo in slos), *(one.component for one in resources)]
    rows = []
    for name in dict.fromkeys(names):
        said = decided.get(name)
        measured = _measured(name, slos, resources, plan.dashboards, alerts.values())
        rows.append(
            tuple(
                Cell(
                    name,
                    signal,
                    tuple(
                        dict.fromkeys(
                            [
                                *([said.signals[signal]] if said and signal in said.signals else []),
                                *measured.get(signal, []),
                            ]
                        )
                    ),
                    said.exempt.get(signal, "") if said else "",
                )
                for signal in SIGNALS
            )
        )
    owners = {name: people[0] for name, people in plan.owners.items() if people}
    owners |= {one.component: one.owner for one in plan.monitoring if one.owner}
    return MonitoringCoverage(tuple(rows), owners)


def _measured(
    name: str,
    slos: Sequence[SLO],
    resources: Sequence[Resource],
    dashboards: Sequence[Dashboard],
    alerts: Iterable[Fact],
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for slo in slos:
        if slo.service == name:
            for signal in _BY_KIND.get(slo.kind, ()):
                found.setdefault(signal, []).append(f"SLO {slo.name}" if signal != "traffic" else slo.total)
    for resource in resources:
        if resource.component == name:
            found.setdefault("saturation", []).append(resource.name)
    promised = {slo.name for slo in slos if slo.service == name}
    for board in dashboards:
        if name in board.covers or promised & set(board.covers):
            found.setdefault("dashboard", []).append(board.name)
    for alert in alerts:
        if mentions(f"{alert.name} {alert.value} {alert.details.get('condition', '')}", name):
            found.setdefault("alert", []).append(alert.name)
    return found


def mentions(text: str, name: str) -> bool:
    """
    Whether `text` names the component, as a whole word.

    >>> mentions('up{service="checkout"} == 0', "checkout"), mentions("checkout-v2", "checkout")
    (True, False)
    """
    return bool(name) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None


def _words(signal: str) -> str:
    return {"dashboard": "a dashboard", "alert": "an alert", "errors": "the error rate"}.get(signal, signal)


@dataclass(frozen=True, slots=True)
class AlertLoad:
    """
    What alerts asked of on-call, as far as the incident log knows: pages without an incident are not in it.

    `busiest` is the most incidents that alerts opened within one 12-hour shift, `over` how many shifts had more than
    `PAGES_A_SHIFT`; `by_alert` counts incidents per alert; `told` were found without an alert, of
    `unsaid` the log does not say how.
    """

    start: datetime
    end: datetime
    shifts: int
    busiest: int
    over: int
    by_alert: dict[str, int]
    told: int
    unsaid: int = 0

    @property
    def known(self) -> bool:
        """Whether the log says of any incident how it was found; nothing is known where it does not."""
        return not self.unsaid or bool(self.by_alert or self.told)


PAGES_A_SHIFT: Final = 2
"""Site Reliability Engineering, ch. 11, "Being On-Call": at most two incidents per 12-hour shift."""
SHIFT: Final = timedelta(hours=12)


def alert_load(log: IncidentLog, as_of: datetime, length: timedelta = timedelta(days=28)) -> AlertLoad:
    """The load that alerts put on on-call in the `length` before `as_of`, in 12-hour shifts that end with it."""
    start = as_of - length
    recent = [one for one in log.incidents if start <= one.began < as_of]
    alerted = [one for one in recent if one.detected_by.lower().startswith("alert ")]
    shifts = Counter((as_of - one.began) // SHIFT for one in alerted)
    names = Counter(one.detected_by.split(maxsplit=1)[1] for one in alerted)
    return AlertLoad(
        start,
        as_of,
        length // SHIFT,
        max(shifts.values(), default=0),
        sum(count > PAGES_A_SHIFT for count in shifts.values()),
        dict(sorted(names.items(), key=lambda item: (-item[1], item[0]))),
        sum(bool(one.detected_by) for one in recent) - len(alerted),
        sum(not one.detected_by for one in recent),
    )
