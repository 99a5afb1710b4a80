"""
Operations: recurring work, backup and recovery arithmetic, change, disaster recovery.

backup interval + duration + replication lag <= RPO; size / measured throughput + fixed steps <= RTO; an unknown
input makes it "unproven", never "met".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from sre_kit.compute.operations.automation import Automation
from sre_kit.compute.operations.rollout import Canary
from sre_kit.units import Duration, Instant, Size, Zone


@dataclass(frozen=True, slots=True)
class RecurringTask:
    """Work that comes back; `cron` is five fields in `zone`."""

    id: str
    name: str
    owner: str
    cron: str
    minutes: float
    command: str = ""
    expected: str = ""
    otherwise: str = ""
    zone: Zone = "UTC"
    automated: bool = False
    heavy: bool = False
    automation_days: float | None = None
    """What automating it would cost, in days of work."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Backup:
    """How one stateful component is saved and brought back."""

    component: str
    method: str = ""
    every: Duration | None = None
    takes: Duration | None = None
    replication_lag: Duration | None = None
    retention: Duration | None = None
    location: str = ""
    encrypted: bool | None = None
    owner: str = ""
    rpo: Duration | None = None
    rto: Duration | None = None
    objective_source: str = ""
    size: Size | None = None
    restore_per_second: Size | None = None
    """Measured restore throughput, bytes per second."""
    fixed_steps: Duration | None = None
    last_success: Instant | None = None
    last_restore_test: date | None = None
    last_restore_took: Duration | None = None
    copies: int | None = None
    media: int | None = None
    offsite: int | None = None
    immutable: bool | None = None
    verified: bool | None = None
    alert: str = ""
    """Name of the alert that fires when the last good backup is too old."""
    alert_after: Duration | None = None
    """Age of the last good backup at which `alert` fires."""
    last_success_query: str = ""
    """PromQL of the time (seconds since 1970) of the last good backup, or of the last shipped log: watched with it."""
    keys: str = ""
    """Where the keys for a restore are kept."""
    keys_outside: bool | None = None
    """Whether the keys are also kept outside the system being restored."""
    steps: list[str] = field(default_factory=list)
    """How to bring it back; the last step verifies."""
    log_every: Duration | None = None
    """How often the change log is shipped: with it a restore reaches any point in time, and `every` loses nothing."""
    cron: str = ""
    """When it runs, five fields in `zone`; for finding collisions."""
    zone: Zone = "UTC"
    keep: dict[str, int] = field(default_factory=dict)
    """Copies kept per period (daily, weekly, monthly, yearly); empty: one per `every` for `retention`."""
    must_keep: Duration | None = None
    """What law or contract asks for."""
    must_keep_source: str = ""
    rebuilt_from: str = ""
    """What it is rebuilt from where there is no backup."""
    loss_accepted: str = ""
    """Who accepted that its content may be lost, and why; then no backup is needed."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate, domain, secret, licence or runtime that ends on a day."""

    name: str
    kind: Literal["certificate", "domain", "secret", "licence", "quota", "end of life"]
    ends: date
    lead: Duration = timedelta(days=30)
    owner: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When planned work may happen."""

    name: str
    cron: str
    length: Duration
    notice: Duration
    zone: Zone = "UTC"
    matchers: list[str] = field(default_factory=list)
    """Alertmanager matchers of what is silenced meanwhile."""
    counts_against_slo: bool = True
    procedure: list[str] = field(default_factory=list)
    rollback: str = ""
    """The point up to which everything can be taken back, and how."""
    ticket: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PatchPolicy:
    """How fast a finding of this severity is closed, and through which stages."""

    severity: str
    within: Duration
    stages: list[str] = field(default_factory=list)
    source: str = ""


@dataclass(frozen=True, slots=True)
class PatchScope:
    """A layer that is patched: with what, when, and how it is taken back."""

    layer: str
    tool: str = ""
    cron: str = ""
    zone: Zone = "UTC"
    reboot: str = ""
    rollback: str = ""
    owner: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PatchException:
    """A finding that may stay open longer: who carries it, until when, what protects meanwhile."""

    finding: str
    owner: str
    expires: date
    control: str


@dataclass(frozen=True, slots=True)
class ConfigClass:
    """A kind of configuration and where its truth lies."""

    name: str
    source_of_truth: str
    drift_check: str = ""
    schedule: str = ""
    rotation: Duration | None = None
    last_rotation: date | None = None
    command: str = ""
    """The drift check as it is typed."""
    break_glass: str = ""
    """How it is changed in an emergency, and how the change gets back to the source of truth."""
    owner: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an environment differs from production, and why that is so."""

    environment: str
    difference: str
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChangeClass:
    """Standard, normal or emergency."""

    name: Literal["standard", "normal", "emergency"]
    criteria: str
    approvers: str
    lead_time: Duration
    evidence: str = ""
    allowed_when: list[str] = field(default_factory=list)
    """States of the error budget in which it is allowed (healthy, at risk, exhausted); empty: the common policy."""


@dataclass(frozen=True, slots=True)
class FlightCheck:
    """What is looked at before or after a change; `rolls_back` when the change is taken back by itself on failure."""

    when: Literal["before", "after"]
    name: str
    query: str = ""
    expected: str = ""
    rolls_back: bool = False


@dataclass(frozen=True, slots=True)
class Freeze:
    """No changes but emergencies in [start, end)."""

    name: str
    start: Instant
    end: Instant
    source: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """A step of a scenario; steps that name no predecessor start at once."""

    name: str
    takes: Duration | None = None
    after: list[str] = field(default_factory=list)
    command: str = ""


@dataclass(frozen=True, slots=True)
class DisasterScenario:
    """Something that takes the service down for good until somebody acts."""

    name: str
    impact: str
    detection: str
    decides: str
    rto: Duration | None = None
    rpo: Duration | None = None
    tolerable: Duration | None = None
    """Maximum tolerable downtime of the business."""
    steps: list[RecoveryStep] = field(default_factory=list)
    verify: str = ""
    failback: str = ""
    source: str = ""
    cause: str = ""
    components: list[str] = field(default_factory=list)
    """Components and single points of failure that it covers."""
    loses: Duration | None = None
    """Data lost at worst, where it differs from what its stores lose."""
    loses_because: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryTest:
    """A rehearsal and what came out."""

    kind: Literal["tabletop", "partial", "full"]
    scenario: str
    held: date
    result: str = ""
    took: Duration | None = None
    data_lost: Duration | None = None


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A rehearsal to come: what it shall show, and who holds it."""

    scenario: str
    kind: Literal["tabletop", "partial", "full"]
    planned: date
    owner: str = ""
    aim: str = ""


@dataclass(frozen=True, slots=True)
class OperationsPlan:
    """Everything decided about running the service."""

    tasks: list[RecurringTask] = field(default_factory=list)
    backups: list[Backup] = field(default_factory=list)
    expiries: list[Expiry] = field(default_factory=list)
    maintenance: list[MaintenanceWindow] = field(default_factory=list)
    patching: list[PatchPolicy] = field(default_factory=list)
    patch_scopes: list[PatchScope] = field(default_factory=list)
    patch_exceptions: list[PatchException] = field(default_factory=list)
    emergency_patch: list[str] = field(default_factory=list)
    configuration: list[ConfigClass] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    changes: list[ChangeClass] = field(default_factory=list)
    flight_checks: list[FlightCheck] = field(default_factory=list)
    canaries: list[Canary] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    scenarios: list[DisasterScenario] = field(default_factory=list)
    recovery_tests: list[RecoveryTest] = field(default_factory=list)
    next_recovery_test: date | None = None
    planned_tests: list[PlannedTest] = field(default_factory=list)
    automations: list[Automation] = field(default_factory=list)
    accepted_risks: dict[str, str] = field(default_factory=dict)
    """Single point of failure -> who accepted it and why."""
    single_points: dict[str, str] = field(default_factory=dict)
    """Single point of failure that the documents name -> where."""
    depends_on: dict[str, list[str]] = field(default_factory=dict)
    """Component -> what it cannot work without, where the documents leave it out."""
    redundancy: dict[str, str] = field(default_factory=dict)
    """Component -> what takes over when it fails."""
    activation: str = ""
    """When a disaster is declared, and by whom."""
    contacts: dict[str, str] = field(default_factory=dict)
    """Whom to reach in a disaster -> how."""
    recovery_test_every: Duration = timedelta(days=182)
    team_hours_a_month: float | None = None
    peak_hours: str = ""
    """Local hours of the day with the most traffic, "17-22"."""
