"""
Readiness: is it watched, is it handed over, is it stable: each by a rule, not by an adjective.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sre_kit.compute.incidents import ActionItem, IncidentLog
from sre_kit.compute.oncall.plan import OnCall, Person, Schedule, Shift
from sre_kit.units import Duration, Instant

SIGNALS = ("latency", "traffic", "errors", "saturation", "logs", "traces", "dashboard", "alert")
"""The columns of the monitoring coverage table: the four golden signals and where to look."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """What watches a component: signal -> the query, dashboard or tool that shows it."""

    component: str
    signals: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    exempt: dict[str, str] = field(default_factory=dict)
    """Signal -> why it does not apply to this component."""


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
    audience: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A knowledge-transfer session; without `held` it has not happened."""

    topic: str
    presenter: str
    attendees: list[str] = field(default_factory=list)
    held: date | None = None
    material: str = ""
    covers: list[str] = field(default_factory=list)
    """Documents and services that it covers."""
    planned: date | None = None
    recording: str = ""


@dataclass(frozen=True, slots=True)
class Shadowing:
    """Somebody learns the pager: watches (shadow) or is watched (reverse shadow) until the criteria are met."""

    person: str
    kind: Literal["shadow", "reverse shadow"]
    starts: date
    ends: date
    criteria: str = ""
    done: date | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """A game day or wheel of misfortune; without `held` it has not happened."""

    name: str
    planned: date | None = None
    held: date | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A change, maintenance or freeze that the taker must know of."""

    what: str
    at: Instant
    owner: str = ""
    source: str = ""


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
    source: str = ""


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
    """What is likely to come back; an alert's name is linked to its runbook."""
    support_contracts: dict[str, date] = field(default_factory=dict)
    review_by: date | None = None
    shadowing: list[Shadowing] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)
    in_flight: list[InFlight] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    """Systems that everybody with the pager needs; empty: those that somebody has been verified for."""
    glossary: dict[str, str] = field(default_factory=dict)
    blind_spots: list[str] = field(default_factory=list)
    """What the monitoring is known not to see."""


QUIET: Final = timedelta(days=14)
STABILITY_RULE: Final = (
    "stable: every objective is measured and no budget is exhausted, no incident is open, and none of the two highest "
    "severities began in the last 14 days; not known where an objective or the incident log is missing"
)


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether the system is stable by `STABILITY_RULE`, and everything that speaks against it."""

    state: Literal["stable", "not stable", "not known"]
    against: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """What decides today, in one line."""
        return "; ".join((*self.against, *self.unknown)) or "nothing speaks against it"


def stability(states: Mapping[str, str], log: IncidentLog, worst: Sequence[str], as_of: datetime) -> Stability:
    """
    The state of the system by rule.

    Parameters
    ----------
    states
        Objective -> state of its error budget ("healthy", "at risk", "exhausted", "no data", "unclear").
    log
        The incidents up to `as_of`, graded with our severities.
    worst
        The two highest severities.
    """
    against = [f"the budget of {name} is exhausted" for name, state in states.items() if state == "exhausted"]
    against += [f"{one.id} is open" for one in log.incidents if one.open]
    against += [
        f"{one.id} ({one.severity}) began {(as_of - one.began).days} d ago"
        for one in log.incidents
        if one.severity in worst and not one.open and as_of - QUIET <= one.began
    ]
    unknown = [f"{name}: {state}" for name, state in states.items() if state in ("no data", "unclear")]
    unknown += [] if states else ["no objective is defined"]
    unknown += [log.gap] if log.gap else []
    state: Literal["stable", "not stable", "not known"] = (
        "not stable" if against else "not known" if unknown else "stable"
    )
    return Stability(state, tuple(against), tuple(unknown))


@dataclass(frozen=True, slots=True)
class BusFactor:
    """How many people can run something: those who own it, and those who attended a session on it that was held."""

    name: str
    people: tuple[str, ...]
    critical: bool
    owners: int = 0
    """How many of `people` own it; the others sat in a session."""
    on_call: tuple[str, ...] | None = None
    """Those of `people` who are in a rotation, and so can be paged; missing where there is none."""

    @property
    def count(self) -> int:
        """Number of people; 0 where nobody is known."""
        return len(self.people)


def bus_factors(plan: HandoverPlan, critical: Sequence[str], oncall: OnCall | None = None) -> list[BusFactor]:
    """Every owned, watched or critical component, the thinnest first; `critical` are the services with an objective."""
    found = []
    rota = {name for rotation in (oncall.rotations if oncall else ()) for name in rotation.members}
    for name in dict.fromkeys([*critical, *plan.owners, *(one.component for one in plan.monitoring)]):
        trained = [
            p for one in plan.sessions if one.held and name in one.covers for p in (one.presenter, *one.attendees)
        ]
        owners = plan.owners.get(name, [])
        people = tuple(dict.fromkeys([*owners, *trained]))
        paged = tuple(one for one in people if one in rota) if rota else None
        found.append(BusFactor(name, people, name in critical, len(dict.fromkeys(owners)), paged))
    return sorted(found, key=lambda one: (one.count, not one.critical, one.name))


@dataclass(frozen=True, slots=True)
class TransferState:
    """
    A hand-over of the pager, held against the schedule.

    `shift` is the entry that proves it: the taker's primary shift at the instant; `why_not` says what is missing.
    """

    transfer: Transfer
    shift: Shift | None
    why_not: tuple[str, ...]

    @property
    def done(self) -> bool:
        """Transferred: proven by the schedule, accepted, and its time has come."""
        return not self.why_not


def transfer_states(plan: HandoverPlan, schedule: Schedule, as_of: datetime) -> list[TransferState]:
    """Each transfer with its proof; unsigned is not transferred."""
    found = []
    for one in plan.transfers:
        holder = next((s for s in schedule.shifts if s.layer == "primary" and s.start <= one.at < s.end), None)
        proof = holder if holder is not None and holder.person == one.taker else None
        why = [] if one.accepted else [f"{one.taker} has not signed"]
        if proof is None:
            shown = f"the schedule has {holder.person}" if holder else "the schedule has nobody"
            why.append(f"{shown} at that time")
        if one.at > as_of:
            why.append(f"takes effect in {-(-(one.at - as_of) // timedelta(days=1))} d")
        found.append(TransferState(one, proof, tuple(why)))
    return found


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a person's access to a system was verified, and when; `listed` is false where nobody said anything."""

    person: str
    system: str
    verified: date | None
    listed: bool


def accesses(people: Sequence[Person], plan: HandoverPlan, as_of: datetime) -> list[Access]:
    """Every person with the pager x every system."""
    here = [one for one in people if one.leaves is None or one.leaves > as_of.date()]
    systems = plan.systems or list(dict.fromkeys(system for one in here for system in one.access))
    return [
        Access(one.name, system, one.access.get(system), system in one.access) for one in here for system in systems
    ]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A risk, an open incident or an open action of a post-mortem."""

    kind: Literal["risk", "incident", "action"]
    text: str
    owner: str
    severity: str
    due: date | None
    overdue: bool
    source: str = ""


def open_items(plan: HandoverPlan, log: IncidentLog, actions: Sequence[ActionItem], as_of: datetime) -> list[OpenItem]:
    """Everything that is open at `as_of`, overdue first, then by due date."""
    today = as_of.date()
    rows = [
        OpenItem("risk", r.text, r.owner, r.severity, r.due, bool(r.due and r.due < today), r.source)
        for r in plan.risks
    ]
    rows += [
        OpenItem(
            "incident", f"{one.id}: {one.title}", one.responder, one.severity or one.impact, None, False, one.origin
        )
        for one in log.incidents
        if one.open
    ]
    written = [(action, one.origin) for one in log.incidents for action in one.actions] + [
        (a, "params") for a in actions
    ]
    rows += [
        OpenItem("action", f"{a.text} ({a.incident})", a.owner, "", a.due, bool(a.due and a.due < today), source)
        for a, source in written
        if not a.closed and (a.done is None or a.done > today)
    ]
    return sorted(rows, key=lambda row: (not row.overdue, row.due or date.max, row.kind, row.text))
