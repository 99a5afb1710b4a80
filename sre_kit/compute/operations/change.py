"""
Change: what may go out now, what must be patched by when, and how deployments have gone.

The state of the error budget decides which classes of change are allowed. The five numbers of deployment are those of
DORA (Accelerate State of DevOps Report 2024): frequency, lead time, failure rate, recovery time, rework rate; below
`DORA_FROM` deployments there is a count and no rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sre_kit.compute.asked import of_kind
from sre_kit.compute.changes import Deploy
from sre_kit.compute.incidents import Incident
from sre_kit.compute.operations.plan import ChangeClass, Freeze, PatchException, PatchPolicy
from sre_kit.compute.statistics import Interval, poisson_interval, quantile, quantile_interval
from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.errors import ParameterError
from sre_kit.units import instant

DORA_FROM: Final = 5
ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "healthy": ("standard", "normal", "emergency"),
    "at risk": ("standard", "emergency"),
    "exhausted": ("emergency",),
}
"""State of the error budget -> classes of change; after the SRE Workbook, appendix B, "Example Error Budget Policy"."""
_CLOSED: Final = ("fixed", "closed", "resolved", "done", "mitigated", "false positive", "remediated")


@dataclass(frozen=True, slots=True)
class Patch:
    """
    A security finding held against the time within which its severity is closed.

    `state` is "closed", "excepted", "overdue", "in time", or "not known" where the date or the policy is missing.
    """

    fact: Fact
    severity: str
    found: date | None
    due: date | None
    state: Literal["closed", "excepted", "overdue", "in time", "not known"]
    why: str = ""
    exception: PatchException | None = None

    def overdue_days(self, as_of: datetime) -> int:
        """Days past the due date; 0 where it is not overdue."""
        return (as_of.date() - self.due).days if self.state == "overdue" and self.due else 0


def patches(
    facts: Sequence[Fact], policies: Sequence[PatchPolicy], exceptions: Sequence[PatchException], as_of: datetime
) -> list[Patch]:
    """Every security finding of the documents with its due date, overdue ones first, then by due date."""
    within = {one.severity.lower(): one.within for one in policies}
    excepted = {one.finding: one for one in exceptions}
    findings = of_kind(facts, Kind.SECURITY_FINDING)
    rows = [_patch(fact, within, excepted.get(fact.name), as_of) for fact in findings]
    order = ("overdue", "not known", "in time", "excepted", "closed")
    return sorted(rows, key=lambda row: (order.index(row.state), row.due or date.max, row.fact.name))


def _patch(fact: Fact, within: Mapping[str, timedelta], exception: PatchException | None, as_of: datetime) -> Patch:
    severity, written = fact.details.get("severity", ""), fact.details.get("found", "")
    try:
        found = instant(written).date() if written else None
    except ParameterError:
        found = None
    due = found + within[severity] if found and severity in within else None
    if fact.details.get("status", "").lower().startswith(_CLOSED):
        return Patch(fact, severity, found, due, "closed", fact.details["status"], exception)
    if exception and exception.expires >= as_of.date():
        return Patch(fact, severity, found, due, "excepted", exception.control, exception)
    if due is None:
        why = "the date it was found is not given" if found is None else f"no time is decided for {severity or 'it'}"
        return Patch(fact, severity, found, due, "not known", why, exception)
    return Patch(fact, severity, found, due, "overdue" if due < as_of.date() else "in time", "", exception)


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Which classes of change may go out at a moment, and why."""

    budget: str
    because: str
    allowed: tuple[str, ...]
    freezes: tuple[Freeze, ...] = ()
    classes: int = 1
    """How many classes were judged; of none nothing can be allowed or forbidden."""


def change_state(
    states: Mapping[str, str], classes: Sequence[ChangeClass], freezes: Sequence[Freeze], as_of: datetime
) -> ChangeState:
    """
    The strictest state of the error budgets (`states`: objective -> state) applied to the classes of change.

    A freeze leaves emergency changes only. "no data" and "unclear" count as at risk: what nobody sees is no permission.
    """
    worst = {"exhausted": 3, "at risk": 2, "no data": 1, "unclear": 1, "healthy": 0}
    name = max(states, key=lambda one: worst.get(states[one], 1), default="")
    word = states.get(name, "")
    effective = word if word in ALLOWED else "at risk"
    because = f"{name}: {word}" if word and word != "healthy" else "every measured budget is healthy"
    if not word:
        because = "no error budget was measured"
    allowed = tuple(one.name for one in classes if effective in (one.allowed_when or _default(one.name)))
    now = tuple(one for one in freezes if one.start <= as_of < one.end)
    if now:
        allowed = tuple(one for one in allowed if one == "emergency")
    return ChangeState(effective, because, allowed, now, len(classes))


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What may go out for one service: the state of its own error budgets alone."""

    service: str
    objectives: tuple[str, ...]
    state: ChangeState


def service_changes(
    states: Mapping[str, str],
    services: Mapping[str, str],
    classes: Sequence[ChangeClass],
    freezes: Sequence[Freeze],
    as_of: datetime,
) -> list[ServiceChange]:
    """
    As `change_state` for each service (`services`: objective -> service), in the order of the objectives.

    A change that touches several services is allowed where it is allowed for each of them.
    """
    grouped: dict[str, list[str]] = {}
    for objective in states:
        grouped.setdefault(services.get(objective, "") or objective, []).append(objective)
    return [
        ServiceChange(
            service, tuple(names), change_state({name: states[name] for name in names}, classes, freezes, as_of)
        )
        for service, names in grouped.items()
    ]


def _default(name: str) -> list[str]:
    return [state for state, classes in ALLOWED.items() if name in classes]


@dataclass(frozen=True, slots=True)
class DeployMetric:
    """
    One of the five numbers of deployment: value with a 95 % interval, in `unit`, over `n` events.

    `why_not` says why there is no value; then there is none.
    """

    name: str
    definition: str
    n: int
    unit: str
    value: float | None = None
    interval: Interval | None = None
    why_not: str = ""


def deploy_metrics(
    deploys: Sequence[Deploy], incidents: Sequence[Incident], start: datetime, end: datetime
) -> list[DeployMetric]:
    """
    The five numbers of DORA over the deployments in [`start`, `end`).

    A deployment failed when its outcome says so or it names an incident. Its recovery time is that of the incident
    which it caused; failures without an incident have no recovery time and are counted out.
    """
    chosen = [one for one in deploys if start <= one.time < end]
    n, weeks = len(chosen), (end - start) / timedelta(days=7)
    known = {one.id: one for one in incidents}
    bad = [one for one in chosen if one.incident or one.outcome.replace("_", " ") in ("failed", "rolled back")]
    told = [one for one in chosen if one.outcome or one.incident]
    leads = [one.lead_time / timedelta(hours=1) for one in chosen if one.lead_time is not None]
    repairs = [
        (known[one.incident].duration or timedelta(0)) / timedelta(minutes=1)
        for one in bad
        if one.incident in known and known[one.incident].duration
    ]
    unplanned = [one for one in chosen if one.unplanned is not None]
    return [
        _rate("deployment frequency", "deployments to production a week", n, weeks),
        _median("change lead time", "median from commit to production", leads, "h"),
        _share(
            "change failure rate", "failed, rolled back or linked to an incident / deployments", len(bad), len(told)
        ),
        _median(
            "failed deployment recovery time",
            f"median of resolved - began of the incidents that deployments caused; {len(bad) - len(repairs)} of "
            f"{len(bad)} failed ones name no incident with an end and are left out",
            repairs,
            "min",
        ),
        _share(
            "rework rate",
            "unplanned deployments that repair something / deployments",
            sum(bool(o.unplanned) for o in unplanned),
            len(unplanned),
        ),
    ]


def _rate(name: str, definition: str, n: int, weeks: float) -> DeployMetric:
    if n < DORA_FROM:
        return DeployMetric(
            name, definition, n, "a week", why_not=f"insufficient data: n = {n}, {DORA_FROM} are needed"
        )
    low, high = poisson_interval(n)
    return DeployMetric(name, definition, n, "a week", n / weeks, Interval(low / weeks, high / weeks))


def _median(name: str, definition: str, values: Sequence[float], unit: str) -> DeployMetric:
    if len(values) < DORA_FROM:
        return DeployMetric(
            name, definition, len(values), unit, why_not=f"insufficient data: n = {len(values)}, {DORA_FROM} are needed"
        )
    return DeployMetric(name, definition, len(values), unit, quantile(values, 0.5), quantile_interval(values, 0.5))


def _share(name: str, definition: str, hits: int, n: int) -> DeployMetric:
    if n < DORA_FROM:
        return DeployMetric(name, definition, n, "ratio", why_not=f"insufficient data: n = {n}, {DORA_FROM} are needed")
    return DeployMetric(name, definition, n, "ratio", hits / n, proportion_interval(hits, n))


def proportion_interval(hits: float, n: float, level: float = 0.95) -> Interval:
    """
    Exact (Clopper-Pearson) interval of a share; 0 and 1 are limits, not certainties; parts of a hit are for plans.

    >>> [round(limit, 3) for limit in proportion_interval(0, 10)]
    [0.0, 0.308]
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return Interval(low, high)
