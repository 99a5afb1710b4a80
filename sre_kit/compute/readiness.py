"""
Readiness: is it watched, is it handed over, is it stable: each by a rule, not by an adjective.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sre_kit.units import Duration, Instant

SIGNALS = ("latency", "traffic", "errors", "saturation", "logs", "traces", "dashboard", "alert")
"""The columns of the monitoring coverage table: the four golden signals and where to look."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """What watches a component: signal -> the query, dashboard or tool that shows it."""

    component: str
    signals: dict[str, str] = field(default_factory=dict)
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page people look at."""

    name: str
    purpose: str
    url: str = ""
    owner: str = ""
    who_can_see: list[str] = field(default_factory=list)
    covers: list[str] = field(default_factory=list)
    """Names of SLOs and components it shows."""


@dataclass(frozen=True, slots=True)
class Session:
    """A knowledge-transfer session; without `held` it has not happened."""

    topic: str
    presenter: str
    attendees: list[str] = field(default_factory=list)
    held: date | None = None
    material: str = ""
    covers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Transfer:
    """On-call passes from one to another; without `accepted` it is not transferred."""

    giver: str
    taker: str
    at: Instant
    overlap: Duration = timedelta(0)
    backup: str = ""
    accepted: date | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that may still go wrong."""

    text: str
    owner: str
    severity: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """A name under the handover; without `signed` it is open."""

    role: str
    name: str = ""
    signed: date | None = None


@dataclass(frozen=True, slots=True)
class HandoverPlan:
    """Everything decided about the hand-over."""

    monitoring: list[Monitored] = field(default_factory=list)
    dashboards: list[Dashboard] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    sign_offs: list[SignOff] = field(default_factory=list)
    owners: dict[str, list[str]] = field(default_factory=dict)
    """Service or component -> people who can run it."""
    test_page_sent: Instant | None = None
    test_page_acknowledged: Instant | None = None
    watch_items: list[str] = field(default_factory=list)
    support_contracts: dict[str, date] = field(default_factory=dict)
    review_by: date | None = None
