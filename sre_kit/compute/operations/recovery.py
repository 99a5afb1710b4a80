"""
Recovery: what would be lost, how long it would take, and whether anybody has tried.

backup interval + duration + replication lag <= RPO; size / measured throughput + fixed steps <= RTO. An unknown input
makes the objective "unproven", never "met". Where the change log is shipped, its interval takes the place of the
backup's interval and duration, because a restore replays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sre_kit.compute.asked import of_kind
from sre_kit.compute.operations.dependencies import topological
from sre_kit.compute.operations.plan import Backup, DisasterScenario, OperationsPlan, RecoveryStep, RecoveryTest
from sre_kit.compute.vocabulary import Fact, Finding, Kind, Role
from sre_kit.units import span

Verdict = Literal["met", "missed", "unproven", "no objective", "accepted"]

DAY: Final = timedelta(days=1)
EVERY: Final = {
    "continuous": timedelta(0),
    "hourly": timedelta(hours=1),
    "daily": DAY,
    "nightly": DAY,
    "weekly": 7 * DAY,
    "monthly": 31 * DAY,
}
"""Words for a schedule, read as their longest interval."""
_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 31 * DAY,
    "yearly": 366 * DAY,
}


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of a proof; `value` is missing where nobody knows it."""

    name: str
    value: timedelta | None
    missing: str = ""
    """What exactly is not known, where it is a part of the addend."""


@dataclass(frozen=True, slots=True)
class Proof:
    """An objective held against the sum of its terms; `note` says why an objective does not count."""

    objective: timedelta | None
    terms: tuple[Term, ...]
    source: str = ""
    note: str = ""
    accepted: bool = False

    @property
    def unknown(self) -> tuple[str, ...]:
        """Terms that nobody knows."""
        return tuple(term.missing or term.name for term in self.terms if term.value is None)

    @property
    def known(self) -> timedelta:
        """Sum of the terms that are known: a lower bound where one is not."""
        return sum((term.value for term in self.terms if term.value is not None), timedelta(0))

    @property
    def verdict(self) -> Verdict:
        """ "missed" already when the known part alone is too much; "met" only when everything is known."""
        if self.accepted:
            return "accepted"
        if self.objective is None:
            return "no objective"
        if self.known > self.objective:
            return "missed"
        return "unproven" if self.unknown or not self.terms else "met"


@dataclass(frozen=True, slots=True)
class Rule:
    """One part of the 3-2-1-1-0 rule; `holds` is missing where nobody knows."""

    text: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Recoverable:
    """One stateful component: how it is saved, what that proves, and what is wrong with it."""

    component: str
    kind: str
    backup: Backup
    rpo: Proof
    rto: Proof
    source: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """3 copies, 2 media, 1 off-site, 1 immutable, 0 errors at verification."""
        kept = self.backup
        return (
            Rule("3 copies", None if kept.copies is None else kept.copies >= 3),
            Rule("2 media", None if kept.media is None else kept.media >= 2),
            Rule("1 off-site", None if kept.offsite is None else kept.offsite >= 1),
            Rule("1 immutable", kept.immutable),
            Rule("0 errors verified", kept.verified),
        )

    def alerted(self, alerts: Sequence[str]) -> str:
        """Why the freshness of the backup is not watched; empty when it is, in time."""
        if self.rpo.accepted or not self.saved:
            return ""
        if not self.backup.alert:
            return "no alert watches it"
        if self.backup.alert not in alerts:
            return f"{self.backup.alert} is no rule in the documents"
        if self.backup.alert_after is None:
            return f"{self.backup.alert} has no known threshold"
        if self.rpo.objective is not None and self.backup.alert_after > self.rpo.objective:
            return f"{self.backup.alert} fires after {span(self.backup.alert_after)}, later than the RPO"
        return ""

    @property
    def saved(self) -> bool:
        """Whether there is a backup at all."""
        return bool(self.backup.every is not None or self.backup.log_every is not None) or self.backup.method not in (
            "",
            "none",
        )

    @property
    def keys_at_risk(self) -> bool | None:
        """Whether the keys for a restore are lost with the system; missing where nobody says."""
        return None if self.backup.keys_outside is None else not self.backup.keys_outside

    def untested_for(self, as_of: datetime) -> timedelta | None:
        """Time since the last restore test; missing: never tested."""
        return None if self.backup.last_restore_test is None else as_of.date() - self.backup.last_restore_test


def recoverables(facts: Sequence[Fact], backups: Sequence[Backup]) -> list[Recoverable]:
    """
    Every stateful component of the documents, and every one that a backup is decided for, with its proofs.

    Objectives come from the decision, else from the recovery objectives that name the component; schedule and
    retention from the decision, else from the documents.
    """
    facts = of_kind(facts, Kind.COMPONENT, Kind.BACKUP_SCHEDULE, Kind.BACKUP_RETENTION, Kind.RPO, Kind.RTO)
    decided = {one.component: one for one in backups}
    kinds: dict[str, tuple[str, str]] = {}
    for fact in facts:
        stateful = fact.kind is Kind.COMPONENT and fact.details.get("stateful") == "true"
        saved = fact.kind in (Kind.BACKUP_SCHEDULE, Kind.BACKUP_RETENTION)
        if (stateful or saved) and _production(fact) and fact.name:
            kinds.setdefault(fact.name, (fact.details.get("kind", ""), fact.source))
    for name, one in decided.items():
        kinds.setdefault(name, ("", one.source))
    return [_recoverable(name, *kinds[name], decided.get(name, Backup(name)), facts) for name in kinds]


def stateless(facts: Sequence[Fact]) -> list[Fact]:
    """Production components without state, each once: they are rebuilt, not restored."""
    found: dict[str, Fact] = {}
    for fact in of_kind(facts, Kind.COMPONENT):
        if fact.details.get("stateful") == "false" and _production(fact):
            found.setdefault(fact.name, fact)
    return list(found.values())


def rpo_proof(backup: Backup, objective: timedelta | None, source: str = "", note: str = "") -> Proof:
    """Worst-case loss of data against the RPO; the log's interval counts where the log is shipped."""
    interval = [Term("backup interval", backup.every), Term("backup duration", backup.takes)]
    if backup.log_every is not None:
        interval = [Term("log shipping interval", backup.log_every)]
    return Proof(
        objective,
        (*interval, Term("replication lag", backup.replication_lag)),
        source,
        note,
        bool(backup.loss_accepted),
    )


def rto_proof(backup: Backup, objective: timedelta | None, source: str = "", note: str = "") -> Proof:
    """Restore time against the RTO: size / measured throughput + fixed steps."""
    copying = None
    if backup.size is not None and backup.restore_per_second:
        copying = timedelta(seconds=backup.size / backup.restore_per_second)
    parts = (("size", backup.size), ("measured restore throughput", backup.restore_per_second))
    missing = " and ".join(word for word, value in parts if not value)
    terms = (Term("size / measured throughput", copying, missing), Term("fixed steps", backup.fixed_steps))
    return Proof(objective, terms, source, note)


def _recoverable(name: str, kind: str, source: str, backup: Backup, facts: Sequence[Fact]) -> Recoverable:
    merged = _with_facts(backup, [fact for fact in facts if fact.name == name and _production(fact)])
    rpo, rpo_source, rpo_note = _objective(Kind.RPO, name, merged.rpo, merged.objective_source, facts)
    rto, rto_source, rto_note = _objective(Kind.RTO, name, merged.rto, merged.objective_source, facts)
    return Recoverable(
        name,
        kind,
        merged,
        rpo_proof(merged, rpo, rpo_source, rpo_note),
        rto_proof(merged, rto, rto_source, rto_note),
        source,
    )


def _with_facts(backup: Backup, facts: Sequence[Fact]) -> Backup:
    """`backup` with schedule and retention of the documents where nobody decided."""
    if backup.every is None and backup.method != "none":
        for fact in facts:
            if fact.kind is Kind.BACKUP_SCHEDULE:
                every = fact.duration or EVERY.get(str(fact.value).lower())
                backup = replace(backup, every=every, source=backup.source or fact.source)
                break
    if backup.retention is None:
        kept = next((fact.duration for fact in facts if fact.kind is Kind.BACKUP_RETENTION), None)
        backup = replace(backup, retention=kept)
    return backup


def _objective(
    kind: Kind, name: str, decided: timedelta | None, decided_source: str, facts: Sequence[Fact]
) -> tuple[timedelta | None, str, str]:
    if decided is not None:
        return decided, decided_source or "params", ""
    for fact in facts:
        binding = fact.kind is kind and fact.role in (Role.TARGET, Role.CONTRACT, Role.STATED) and _production(fact)
        if binding and name.lower() in f"{fact.name} {fact.scope.component}".lower().split():
            if fact.details.get("comparison") in (">", ">="):
                return None, fact.source, f"{span(fact.duration)} or more is no limit"
            return fact.duration, fact.source, ""
    return None, "", ""


def _production(fact: Fact) -> bool:
    return fact.scope.environment in ("", "production")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the retention of a store amounts to: copies, how far back, bytes at most (every copy full)."""

    copies: int
    reach: timedelta
    bytes_at_most: int | None
    too_short_by: timedelta | None


def kept(backup: Backup) -> Kept | None:
    """
    Copies of a grandfather-father-son scheme (or one per interval), their reach against what must be kept.

    Missing where neither a scheme nor interval and retention are known.
    """
    if backup.keep:
        copies = sum(backup.keep.values())
        reach = max(
            (_PERIODS[period] * count for period, count in backup.keep.items() if period in _PERIODS),
            default=timedelta(0),
        )
    elif backup.every and backup.retention:
        copies, reach = int(backup.retention / backup.every), backup.retention
    else:
        return None
    short = backup.must_keep - reach if backup.must_keep and backup.must_keep > reach else None
    return Kept(copies, reach, None if backup.size is None else backup.size * copies, short)


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The longest chain of steps; `unknown` steps have no measured length, `cycle` steps wait for each other."""

    path: tuple[str, ...]
    takes: timedelta
    unknown: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()


def critical_path(steps: Sequence[RecoveryStep]) -> CriticalPath:
    """The chain of steps that decides how long a recovery takes; a step of unknown length counts 0 and is named."""
    by_name = {step.name: step for step in steps}
    order = topological({step.name: step.after for step in steps})
    best: dict[str, tuple[timedelta, tuple[str, ...]]] = {}
    for name in (one for group in order.steps for one in group):
        before = [best[one] for one in by_name[name].after if one in best]
        longest, path = max(before, key=lambda pair: pair[0], default=(timedelta(0), ()))
        best[name] = (longest + (by_name[name].takes or timedelta(0)), (*path, name))
    takes, path = max(best.values(), key=lambda pair: pair[0], default=(timedelta(0), ()))
    unknown = tuple(step.name for step in steps if step.takes is None)
    return CriticalPath(path, takes, unknown, order.cycle)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A scenario with its proof, its last test, and whether the business could bear its objective."""

    scenario: DisasterScenario
    path: CriticalPath
    rto: Proof
    tested: RecoveryTest | None
    bearable: bool | None
    """RTO within the tolerable downtime; missing where one of them is."""


def rehearsals(plan: OperationsPlan, facts: Sequence[Fact] = ()) -> list[Rehearsal]:
    """Every decided scenario, in order of the plan; an RTO that was not decided comes from the documents by name."""
    found = []
    for one in plan.scenarios:
        path = critical_path(one.steps)
        rto, source = one.rto, one.source
        if rto is None:
            stated = of_kind(facts, Kind.RTO)
            named = next((fact for fact in stated if fact.name.lower() == one.name.lower()), None)
            rto, source = (named.duration, named.source) if named else (None, source)
        terms = (
            (Term("critical path", path.takes), *(Term(name, None) for name in path.unknown))
            if one.steps
            else (Term("steps", None),)
        )
        tests = sorted((t for t in plan.recovery_tests if t.scenario == one.name), key=lambda t: t.held)
        bearable = None if one.tolerable is None or rto is None else rto <= one.tolerable
        found.append(Rehearsal(one, path, Proof(rto, terms, source), tests[-1] if tests else None, bearable))
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that expires: days left (negative: overdue) and whether it is time to act."""

    name: str
    kind: str
    ends: date
    lead: timedelta
    days_left: int
    state: Literal["overdue", "act now", "ok"]
    owner: str = ""
    source: str = ""


def endings(plan: OperationsPlan, as_of: datetime) -> list[Ending]:
    """Certificates, domains, licences, runtimes and secrets with a rotation, the soonest first."""
    today = as_of.date()
    rows = [(one.name, one.kind, one.ends, one.lead, one.owner, one.source) for one in plan.expiries]
    for one in plan.configuration:
        if one.rotation is not None and one.last_rotation is not None:
            rows.append(
                (one.name, "secret", one.last_rotation + one.rotation, timedelta(days=14), one.owner, one.source)
            )
    found = []
    for name, kind, ends, lead, owner, source in rows:
        left = (ends - today).days
        state: Literal["overdue", "act now", "ok"] = (
            "overdue" if left < 0 else "act now" if ends - lead <= today else "ok"
        )
        found.append(Ending(name, kind, ends, lead, left, state, owner, source))
    return sorted(found, key=lambda row: (row.ends, row.name))


def recovery_findings(found: Sequence[Recoverable], scenarios: Sequence[Rehearsal] = ()) -> list[Finding]:
    """What must be known today: objectives that are missed or unproven (rank 3), missed ones first."""
    rows: list[tuple[float, str, str, Proof]] = []
    for one in found:
        rows += [(1, one.component, "RPO", one.rpo), (1, one.component, "RTO", one.rto)]
    # a scenario mostly repeats what its stores say, so stores come first
    rows += [(0, one.scenario.name, "RTO", one.rto) for one in scenarios]
    findings = []
    for store, name, what, proof in rows:
        if proof.verdict not in ("missed", "unproven"):
            continue
        measured = "up to {} of data is lost" if what == "RPO" else "it takes {}"
        why = (
            measured.format(span(proof.known))
            if proof.verdict == "missed"
            else f"not known: {', '.join(proof.unknown)}"
        )
        hours = (proof.objective or timedelta(0)) / timedelta(hours=1)
        # among equals the tightest objective hurts first
        size = 2 * store + (proof.verdict == "missed") + 1 / (1 + hours)
        findings.append(Finding(3, size, f"{name}: {what} of {span(proof.objective)} is {proof.verdict} ({why})"))
    return findings
