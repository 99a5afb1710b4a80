"""
Incidents: how often, how long, what they cost, and what chance alone would do.

TTD = detected - began; TTA = acknowledged - detected; TTM = mitigated - began; TTR = resolved - began.
An open incident is censored, not dropped; overlapping ones are merged for downtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sre_kit.units import Duration, Ratio, Zone


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of a timeline: when, what, and its type in the source's word."""

    at: datetime
    text: str
    type: str = ""


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
    kind: Literal["incident", "maintenance", "drill", "near_miss", "notice"] = "incident"
    """A notice had no impact by the source's own word."""
    stated_minutes: float | None = None
    stated: str = ""
    """The duration in the source's words, of which `stated_minutes` is the reading."""
    failed_share: float | None = None
    """Share of the requests that failed, 0..1, as the source states it."""
    detected_by: str = ""
    responder: str = ""
    factors: tuple[str, ...] = ()
    deploy: str = ""
    data_loss: bool | None = None
    manual: bool | None = None
    """Whether somebody had to intervene by hand."""
    actions: tuple[ActionItem, ...] = ()
    postmortem: str = ""
    timeline: tuple[Happening, ...] = ()
    origin: str = ""
    flags: tuple[str, ...] = ()

    @property
    def duration(self) -> timedelta | None:
        """Time to resolve; missing while open."""
        return None if self.resolved is None else self.resolved - self.began

    @property
    def open(self) -> bool:
        """Whether it still runs."""
        return self.resolved is None

    def end(self, as_of: datetime) -> datetime:
        """When it ended, or `as_of` while it is open."""
        return as_of if self.resolved is None else self.resolved


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
    others: tuple[Incident, ...] = ()
    """Drills, near misses and notices without impact: kept, and counted in no statistic."""
    rows: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our word -> the column of the source it was read from."""
    format: str = ""
    """The tools whose exports were understood, "table" for columns found by their names."""


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
    """A promise made in a post-mortem; `due` and `type` are missing where nobody set them."""

    incident: str
    text: str
    owner: str
    due: date | None
    type: Literal["prevent", "detect", "mitigate", "process", ""] = ""
    done: date | None = None
    ticket: str = ""
    priority: str = ""
    closed: bool = False
    """Whether it is done although nobody wrote down when."""


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """How incidents are run here."""

    severities: list[Severity] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)
    """Purpose (chat, bridge, status page, announcements) -> where."""
    clock: Literal["announced", "downtime", "began"] = "began"
    zone: Zone = ""
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


BEGAN_WITH_ALERT: Final = "the beginning is the alert's"
"""Flag of a record that knows nothing before its alert: it has no time to detection."""
AUTO_RESOLVED: Final = "resolved by the tool, not by a person"
"""Flag of an incident that closed itself: an acknowledgement of it says nothing about how fast people answer."""
NO_IMPACT: Final = ("none", "informational")
"""Words of a source for a record that had no impact."""


def graded(log: IncidentLog, severities: Sequence[Severity]) -> IncidentLog:
    """
    `log` with our severity on each incident whose source's word is in the ladder; the others keep none.

    A word is matched with a level's name and with its `maps_from`, without regard to case.
    """
    words = {word.casefold(): level.name for level in severities for word in (level.name, *level.maps_from)}
    graded_ones = tuple(replace(one, severity=words.get(one.impact.casefold(), "")) for one in log.incidents)
    return replace(log, incidents=graded_ones)


def unmapped(log: IncidentLog) -> dict[str, int]:
    """Words of the log's severity column that no level claims, with how often they occur; from the most frequent."""
    found: dict[str, int] = {}
    for one in log.incidents:
        if not one.severity:
            found[one.impact or "(none given)"] = found.get(one.impact or "(none given)", 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def selected(log: IncidentLog, start: datetime, end: datetime) -> tuple[Incident, ...]:
    """Incidents that began in the half-open window [start, end)."""
    return tuple(one for one in log.incidents if start <= one.began < end)


def union(intervals: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Half-open intervals merged where they touch or overlap, in order; empty ones are left out."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def downtime(incidents: Iterable[Incident], start: datetime, end: datetime) -> timedelta:
    """Time in [start, end) with at least one incident; overlaps count once, an open one lasts until `end`."""
    cut = ((max(one.began, start), min(one.end(end), end)) for one in incidents)
    return sum((last - first for first, last in union(cut)), timedelta(0))


def naive_downtime(incidents: Iterable[Incident], start: datetime, end: datetime) -> timedelta:
    """Sum of the durations in [start, end), overlaps counted as often as they occur; to be shown beside `downtime`."""
    spells = (min(one.end(end), end) - max(one.began, start) for one in incidents)
    return sum((spell for spell in spells if spell > timedelta(0)), timedelta(0))


def starts_per_month(incidents: Iterable[Incident], start: datetime, end: datetime) -> dict[str, int]:
    """Incidents that began in each calendar month (UTC) that the window [start, end) touches; empty months are 0."""
    counts: dict[tuple[int, int], int] = {}
    month = start.replace(day=1)
    while month < end:
        counts[month.year, month.month] = 0
        month = (month + timedelta(days=32)).replace(day=1)
    for one in incidents:
        if start <= one.began < end:
            counts[one.began.year, one.began.month] += 1
    return {f"{year}-{number:02d}": count for (year, number), count in counts.items()}
