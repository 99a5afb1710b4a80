"""
On call: who carries the pager, and whether anybody does.

All coverage and fairness arithmetic is in UTC; a shift starts at the first instant the rotation's
clock shows its time, and ends where the next one starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sre_kit.units import Duration, Instant, Ratio, Zone

WEEK: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True, slots=True)
class Restriction:
    """
    Part of a week: on each of `days` from `begins` to `ends`, local times; over midnight where `ends` is not later.

    What passes midnight belongs to the day on which it begins.
    """

    begins: str = "00:00"
    ends: str = "00:00"
    days: list[Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]] = field(default_factory=lambda: [*WEEK])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the roster; `country` (and `subdivision`) give public holidays, `fte` the fair share."""

    name: str
    role: str = ""
    zone: Zone = "UTC"
    country: str = ""
    subdivision: str = ""
    fte: float = 1.0
    joins: date | None = None
    leaves: date | None = None
    restrictions: list[Restriction] = field(default_factory=list)
    """When this person can be on call, on the own clock; a turn that reaches outside is not given. Empty: always."""
    access: dict[str, date | None] = field(default_factory=dict)
    """System -> the date access was last verified; none means never."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Members take turns of `length` from `start`, handing off at `handoff` local time ("MON 10:00") of `zone`."""

    name: str
    members: list[str]
    start: date
    zone: Zone = "UTC"
    handoff: str = "MON 10:00"
    length: Duration = timedelta(weeks=1)
    layer: Literal["primary", "secondary", "shadow"] = "primary"
    weeks: int = 12
    """How far ahead of the report time it is planned; turns are exchanged within spans of so many weeks."""
    until: date | None = None
    """No shift starts on this day or later; empty: it goes on."""
    restrictions: list[Restriction] = field(default_factory=list)
    """When the layer is answered, on the rotation's clock; who has the turn has all of its hours. Empty: always."""


@dataclass(frozen=True, slots=True)
class Absence:
    """
    A person cannot be on call in [start, end).

    Keep it until the turns that were exchanged for it are over: without it the plain turns come back.
    """

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
    assignment: Literal["round robin", "cpsat"] = "round robin"
    """Plain turns with local repair, or the solver (extra ``cpsat``), which also shares out by working time."""
    minimum_rest: Duration = timedelta(hours=12)
    """Between turns of one layer that do not touch."""
    maximum_in_a_row: int = 1
    """Turns of one rotation that a person may have one after the other."""
    maximum_share: Ratio | None = None
    """Of the primary hours of the rotation's planned span that one person may carry; empty: no limit."""
    share_holidays: bool = False
    """Whether turns are exchanged so that public holidays, each person's own, are shared out."""
    always_reachable: str = ""
    """The group or manager at the end of every chain."""
    pager_down: str = ""
    """What happens when the paging tool itself is down."""


LAYERS: Final = ("primary", "secondary", "shadow")
"""In the order in which they are paged; a shadow only listens."""


@dataclass(frozen=True, slots=True)
class Shift:
    """`person` holds the pager of `layer` in [start, end), UTC; `why` says how, where it is not the plain rotation."""

    person: str
    layer: str
    start: datetime
    end: datetime
    rotation: str = ""
    why: str = ""
    turn: datetime | None = None
    """Start of the turn it is part of; missing for an override."""

    @property
    def length(self) -> timedelta:
        """Elapsed time, not wall time: a week with a clock change has 167 or 169 hours."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Nobody holds the pager of `layer` in [start, end), and why."""

    layer: str
    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    Who is on call from `start` to `end` (UTC), in order of time and layer.

    `changes` tells each deviation from the plain rotation, `unfilled` each slot that nobody can take, `problems`
    what is wrong with the decisions themselves (unknown names, overrides outside the horizon).
    """

    start: datetime
    end: datetime
    shifts: tuple[Shift, ...]
    unfilled: tuple[Uncovered, ...] = ()
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
