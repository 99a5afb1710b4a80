"""
Incidents: how often, how long, what they cost, and what chance alone would do.

TTD = detected - began; TTA = acknowledged - detected; TTM = mitigated - began; TTR = resolved - began.
An open incident is censored, not dropped; overlapping ones are merged for downtime.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from sre_kit.units import Duration, Ratio


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One incident on one clock; `resolved` is missing while it is open.

    `impact` keeps the source's word, `severity` is ours once mapped. `origin` is ``file:line``. `flags` say
    what is odd about the record without making it unusable.
    """

    id: str
    title: str
    began: datetime
    resolved: datetime | None = None
    detected: datetime | None = None
    acknowledged: datetime | None = None
    mitigated: datetime | None = None
    impact: str = ""
    severity: str = ""
    services: tuple[str, ...] = ()
    cause: str = ""
    kind: Literal["incident", "maintenance", "drill", "near_miss"] = "incident"
    stated_minutes: float | None = None
    postmortem: str = ""
    origin: str = ""
    flags: tuple[str, ...] = ()

    @property
    def duration(self) -> timedelta | None:
        """Time to resolve; missing while open."""
        return None if self.resolved is None else self.resolved - self.began


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that cannot be used, kept in sight: where it stands, what it says, why not."""

    origin: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class IncidentLog:
    """The usable incidents (by `began`), what was put aside, and the clock they are on."""

    incidents: tuple[Incident, ...]
    quarantine: tuple[Quarantined, ...] = ()
    maintenance: tuple[Incident, ...] = ()
    clock: str = ""
    source: str = ""
    gap: str = ""
    later_than_as_of: int = 0


@dataclass(frozen=True, slots=True)
class Severity:
    """A level of the ladder, with numeric criteria: the (impact, scope) cells it owns decide."""

    name: str
    criteria: str
    response: str
    acknowledge: Duration
    update_every: Duration
    pages: bool = True
    who: str = "primary"
    postmortem: bool = False
    burn_rate: float | None = None
    users: Ratio | None = None
    """At least this share of users affected."""
    examples: str = ""
    maps_from: list[str] = field(default_factory=list)
    """Words of the incident log that mean this level."""


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A promise made in a post-mortem."""

    incident: str
    text: str
    owner: str
    due: date
    type: Literal["prevent", "detect", "mitigate", "process"] = "prevent"
    done: date | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """How incidents are run here."""

    severities: list[Severity] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)
    """Purpose (chat, bridge, status page, announcements) -> where."""
    clock: Literal["announced", "downtime", "began"] = "began"
    zone: str = ""
    """Zone of naive times in the log; empty: naive times are put aside."""
    postmortem_within: int = 5
    """Business days."""
    postmortem_budget_share: Ratio | None = None
    country: str = ""
    actions: list[ActionItem] = field(default_factory=list)
    commander_handover: Duration = timedelta(hours=4)
    first_message: Duration = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Runbook:
    """What to do when `alert` fires; reversible steps first."""

    alert: str
    meaning: str
    impact: str
    diagnose: list[str] = field(default_factory=list)
    mitigate: list[str] = field(default_factory=list)
    verify: str = ""
    escalate: str = ""
    dashboard: str = ""
    owner: str = ""
    last_tested: date | None = None
    review_by: date | None = None
