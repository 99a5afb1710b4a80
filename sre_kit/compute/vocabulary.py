"""
The words that every subject shares: documents, facts, gaps, records, measured series.

A number in a document is a `Fact` (read from a document), a decision (from params) or a
`Reading` (measured). What should be there and is not is a `Gap`, with somebody to ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pandas as pd

from sre_kit.errors import DataError


class Kind(StrEnum):
    """What a fact is about."""

    AVAILABILITY_TARGET = "availability_target"
    LATENCY_TARGET = "latency_target"
    ERROR_RATE_TARGET = "error_rate_target"
    THROUGHPUT = "throughput"
    LOAD_TEST_RESULT = "load_test_result"
    RTO = "rto"
    RPO = "rpo"
    BACKUP_SCHEDULE = "backup_schedule"
    BACKUP_RETENTION = "backup_retention"
    COMPONENT = "component"
    DEPENDENCY = "dependency"
    SCALING_RULE = "scaling_rule"
    ALERT_RULE = "alert_rule"
    GROWTH_RATE = "growth_rate"
    USERS = "users"
    COST = "cost"
    BUDGET = "budget"
    SUPPORT_HOURS = "support_hours"
    STAKEHOLDER = "stakeholder"
    TEAM_MEMBER = "team_member"
    CRITICAL_USER_JOURNEY = "critical_user_journey"
    DEPLOYMENT_STRATEGY = "deployment_strategy"
    SECURITY_FINDING = "security_finding"
    TASK = "task"


class Role(StrEnum):
    """What a fact claims to be; only `TARGET`, `CONTRACT` and `STATED` bind us."""

    CONTRACT = "contract"
    TARGET = "target"
    THRESHOLD = "threshold"
    MEASURED = "measured"
    STATED = "stated"
    ASSUMPTION = "assumption"
    VENDOR = "vendor's promise"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Where a fact holds; an empty string means "not said"."""

    environment: str = ""
    tier: str = ""
    component: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.environment, self.tier, self.component) if part)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of an earlier phase, as read; `path` is relative to the project, `owner` the role that writes it."""

    name: str
    path: str
    phase: str
    owner: str
    sha256: str = ""
    modified: datetime | None = None
    """When the file changed; a checkout resets it, so no document prints it."""
    dated: str = ""
    """The date that the text gives itself."""
    problem: str = ""
    """Why it could not be read, or how it was read nevertheless; empty when all is well."""

    @property
    def found(self) -> bool:
        """Whether there was something to read."""
        return bool(self.sha256)


@dataclass(frozen=True, slots=True)
class Fact:
    """
    One statement read from a document, with everything needed to check it.

    `value` is a ratio 0..1 (unit ``ratio``), seconds (unit ``s``), a count, an amount, or text
    (unit ``text``); `name` says of what (a statistic, a component, an alert, a person).
    """

    kind: Kind
    value: Decimal | str
    unit: str
    document: str
    line: int
    quote: str
    name: str = ""
    heading: tuple[str, ...] = ()
    scope: Scope = Scope()
    role: Role = Role.STATED
    details: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    """Why this is not used (a placeholder, an example, marketing, rejected by params); empty when it is."""
    note: str = ""
    """What params changed about it, and why."""

    @property
    def number(self) -> Decimal | None:
        """The value where it is a number."""
        return self.value if isinstance(self.value, Decimal) else None

    @property
    def duration(self) -> timedelta | None:
        """The value where it is a length of time (unit ``s``)."""
        return timedelta(seconds=float(self.value)) if self.unit == "s" and isinstance(self.value, Decimal) else None

    @property
    def source(self) -> str:
        """``document:line``, for people."""
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, slots=True)
class FactRejection:
    """
    A person says that a fact does not hold; empty fields match any.

    `document` is a path or a file name, `name` as ``sre-kit facts`` prints it.
    """

    kind: str
    reason: str
    document: str = ""
    line: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class FactOverride:
    """
    A person replaces the value of a fact, written as in a document ("99.9 %", "4h", 200); empty fields match any.

    An override also takes back a refusal: the reason says why it counts.
    """

    kind: str
    value: str | int | float
    reason: str
    document: str = ""
    line: int | None = None
    name: str = ""
    role: str = ""
    scope: Scope | None = None


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something a reader needs and nobody has told us: what, whom to ask, where it is expected."""

    what: str
    ask: str
    expected_in: str = ""
    because: str = ""
    degraded: bool = False
    """True where an input was named and could not be read: a render then ends with exit code 3."""

    def __str__(self) -> str:
        place = f" (expected in {self.expected_in})" if self.expected_in else ""
        reason = f", because {self.because}" if self.because else ""
        return f"{self.what}: ask {self.ask}{place}{reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something a person must know today; `rank` orders the kinds, `size` orders within a kind.

    Ranks: 1 objective or contract breached, 2 budget exhausted, 3 recovery unproven or missed,
    4 order-by date passed, 5 on-call gap, 6 page without runbook, 7 the rest.
    """

    rank: int
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """A published document: its number, its body's hash, its records and decisions; what differed before it."""

    number: int = 0
    body_sha256: str = ""
    records: Mapping[str, object] = field(default_factory=dict)
    before_number: int = 0
    before_records: Mapping[str, object] = field(default_factory=dict)
    as_of: str = ""
    decisions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What every document says about itself: whose it is, as of when, from which documents, what was published last."""

    project: str
    as_of: datetime
    documents: Sequence[Document] = ()
    missing: tuple[Document, ...] = ()
    source: str = ""
    synthetic: bool = False
    params: str = ""
    params_sha256: str = ""
    published: Mapping[str, Version] = field(default_factory=dict)
    """Document name -> what was published last."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A measured series and how it was measured.

    `values` has a UTC index named ``time``, one row per `step` in the half-open window
    [`start`, `end`); missing rows are missing, not 0. `gap` says why there is nothing, or too little.
    """

    name: str
    values: pd.Series
    query: str
    source: str
    start: datetime
    end: datetime
    step: timedelta
    unit: str = ""
    gap: str = ""
    extrapolated: bool = False
    """True where the server computed ``increase()`` and so extrapolated to the window's edges."""
    note: str = ""
    """What the source warned about (a partial answer, say); to be shown beside the number."""

    @property
    def coverage(self) -> float:
        """Share of the window's steps that have a value, 0..1."""
        steps = (self.end - self.start) / self.step
        return min(1.0, float(self.values.notna().sum()) / steps) if steps > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Requests:
    """
    Good and total events of one SLI.

    `frame` has a UTC index named ``time`` (interval starts) and integer-valued columns ``total`` and ``good``,
    one row per `step`; an interval without data is absent, an interval without traffic has total 0.
    """

    name: str
    frame: pd.DataFrame
    source: str
    start: datetime
    end: datetime
    step: timedelta
    good_query: str = ""
    total_query: str = ""
    gap: str = ""
    extrapolated: bool = False
    synthetic: bool = False
    note: str = ""
    """What the source warned about (a partial answer, say); to be shown beside the number."""

    @property
    def coverage(self) -> float:
        """Share of the window's steps that have data, 0..1."""
        steps = (self.end - self.start) / self.step
        return min(1.0, len(self.frame) / steps) if steps > 0 else 0.0

    @property
    def total(self) -> int:
        """Events in the window."""
        return round(float(self.frame["total"].sum()))

    @property
    def bad(self) -> int:
        """Bad events in the window."""
        return self.total - round(float(self.frame["good"].sum()))


def check_requests(frame: pd.DataFrame, name: str = "Requests") -> None:
    """
    Refuse a frame that breaks the contract of `Requests`.

    Raises
    ------
    DataError
        Columns or zone missing, unsorted or repeated times, negative counts, good > total; names the first row.
    """
    missing = {"total", "good"} - set(frame.columns)
    if missing:
        raise DataError(
            f"{name}: no column {', '.join(sorted(missing))}; there are {', '.join(map(str, frame.columns)) or 'none'}"
        )
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise DataError(f"{name}: the index must be UTC times, got {type(index).__name__} without a zone")
    if not index.is_monotonic_increasing or not index.is_unique:
        late = index[1:][index[1:] <= index[:-1]]
        raise DataError(f"{name}: times must rise; first repeated or out of order at {late[0]:%Y-%m-%d %H:%MZ}")
    for wrong, what in (
        (frame["good"] > frame["total"], "good > total"),
        ((frame["good"] < 0) | (frame["total"] < 0), "a negative count"),
    ):
        if wrong.any():
            position = int(wrong.to_numpy().argmax())
            at, row = index[position], frame.iloc[position]
            raise DataError(
                f"{name}: {int(wrong.sum())} row(s) with {what}, first at {at:%Y-%m-%d %H:%MZ} "
                f"(good={row['good']:g}, total={row['total']:g})"
            )
