"""
On call: who carries the pager, and whether anybody does.

All coverage and fairness arithmetic is in UTC; a shift starts at the first instant the rotation's
clock shows its time, and ends where the next one starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from sre_kit.units import Duration, Instant


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the roster; `country` (and `subdivision`) give public holidays, `fte` the fair share."""

    name: str
    role: str = ""
    zone: str = "UTC"
    country: str = ""
    subdivision: str = ""
    fte: float = 1.0
    joins: date | None = None
    leaves: date | None = None
    access: dict[str, date | None] = field(default_factory=dict)
    """System -> the date access was last verified; none means never."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Members take turns of `length` from `start`, handing off at `handoff` local time ("MON 10:00") of `zone`."""

    name: str
    members: list[str]
    start: date
    zone: str = "UTC"
    handoff: str = "MON 10:00"
    length: Duration = timedelta(weeks=1)
    layer: Literal["primary", "secondary", "shadow"] = "primary"
    weeks: int = 12


@dataclass(frozen=True, slots=True)
class Absence:
    """A person cannot be on call in [start, end)."""

    person: str
    start: Instant
    end: Instant
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """`person` takes the pager of `layer` in [start, end), whoever was planned."""

    person: str
    start: Instant
    end: Instant
    layer: Literal["primary", "secondary", "shadow"] = "primary"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Page `who` (a person, ``primary``, ``secondary`` or a group that always exists), wait, go on."""

    who: str
    wait: Duration
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class OnCall:
    """Everything decided about the pager."""

    people: list[Person] = field(default_factory=list)
    rotations: list[Rotation] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    escalation: list[EscalationStep] = field(default_factory=list)
    experts: dict[str, str] = field(default_factory=dict)
    """Functional escalation: component or topic -> team or person."""
    vendors: dict[str, str] = field(default_factory=dict)
    """Vendor -> how to reach its support; account numbers stay where the secrets are."""
    minimum_rest: Duration = timedelta(hours=12)
    always_reachable: str = ""
    """The group or manager at the end of every chain."""
    pager_down: str = ""
    """What happens when the paging tool itself is down."""
