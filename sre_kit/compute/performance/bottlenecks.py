"""
Where the time goes, in order of what was measured, and what to do about it in order of gain for effort.

Four methods, each named beside its number: RED (an endpoint's share of all time that requests spent, rate x typical
latency), critical path (a service's own time on it, from traces), USE (the busiest moment of a resource as a share of
its limit) and database time (a statement's share of the total of pg_stat_statements). Shares of different wholes are
not the same currency, so each method is ranked by
itself, and the list begins with the method whose first entry stands closest to its whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sre_kit.compute.capacity.exhaustion import Usage
from sre_kit.compute.performance.baseline import Baseline
from sre_kit.compute.performance.plan import Endpoint, LatencyPart, Optimisation
from sre_kit.compute.performance.statements import Statements, statement_evidence
from sre_kit.compute.performance.traces import OperationPath
from sre_kit.units import number, percent, span

PER_METHOD: Final = 4


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Something that takes a `share` (0..1) of a `whole`, by `method`, with the numbers it rests on."""

    where: str
    method: str
    share: float
    whole: str
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class LatencyBudget:
    """Parts of an operation's latency against its objective; `left` is what nobody has claimed."""

    operation: str
    objective: timedelta | None
    statistic: str
    parts: tuple[LatencyPart, ...]

    @property
    def claimed(self) -> timedelta:
        """Sum of the parts; at a quantile an upper bound, because parts are rarely slow together."""
        return sum((part.p95 for part in self.parts), timedelta())

    @property
    def left(self) -> timedelta | None:
        """Objective minus parts; below 0 the parts promise more than there is."""
        return None if self.objective is None else self.objective - self.claimed


@dataclass(frozen=True, slots=True)
class RankedOptimisation:
    """An optimisation with the share of the time that it works on; `gain` is what it saves of that whole, 0..1."""

    optimisation: Optimisation
    share: float | None
    whole: str
    gain: float | None
    gain_interval: tuple[float, float] | None
    per_day: float | None
    """Gain for a day of work; what the list is ordered by."""


def ranked_bottlenecks(
    baselines: Sequence[Baseline],
    usages: Sequence[Usage],
    statements: Statements | None = None,
    paths: Sequence[OperationPath] = (),
) -> list[Bottleneck]:
    """The first entries of each method, methods ordered by their largest share."""
    groups = [_red(baselines), _use(usages), _database(statements), _paths(paths)]
    ordered = sorted((group for group in groups if group), key=lambda group: -group[0].share)
    return [one for group in ordered for one in group]


def _red(baselines: Sequence[Baseline]) -> list[Bottleneck]:
    spent = {
        one.endpoint.name: one.rate * one.latencies["p50"].typical
        for one in baselines
        if one.rate is not None and "p50" in one.latencies
    }
    total = sum(spent.values())
    rows = [
        Bottleneck(
            where=one.endpoint.name,
            method="RED: rate x median latency",
            share=spent[one.endpoint.name] / total,
            whole="time of all requests",
            evidence=f"{number(one.rate)} requests/s x {span(one.latencies['p50'].typical)}",
            source="baseline",
        )
        for one in baselines
        if one.endpoint.name in spent and total > 0
    ]
    return sorted(rows, key=lambda row: -row.share)[:PER_METHOD]


def _use(usages: Sequence[Usage]) -> list[Bottleneck]:
    rows = [
        Bottleneck(
            where=used.resource.name,
            method="USE: utilisation",
            share=share,
            whole="its limit",
            evidence=f"peak {percent(share, 1)}, p95 {percent((used.p95 or 0) / used.resource.limit, 1)} of the limit",
            source="resource readings",
        )
        for used in usages
        if (share := used.peak_share) is not None
    ]
    return sorted(rows, key=lambda row: -row.share)[:PER_METHOD]


def _database(statements: Statements | None) -> list[Bottleneck]:
    rows = []
    for one in statements.statements[:PER_METHOD] if statements else ():
        share = statements.share(one) if statements else None
        if share is not None:
            rows.append(
                Bottleneck(
                    where=one.query,
                    method="database time",
                    share=share,
                    whole="time of all statements",
                    evidence="; ".join(statement_evidence(one, share)) or f"{one.calls:,} calls x {span(one.mean)}",
                    source=statements.source if statements else "",
                )
            )
    return rows


def _paths(paths: Sequence[OperationPath]) -> list[Bottleneck]:
    """Services on the critical paths of all operations together, weighted by their time."""
    total = sum(one.mean * one.requests for one in paths)
    spent: dict[str, float] = defaultdict(float)
    where: dict[str, list[str]] = defaultdict(list)
    for one in paths:
        for part in one.shares:
            spent[part.service] += part.seconds * one.requests
            where[part.service].append(f"{percent(part.share, 0)} of {one.operation}")
    rows = [
        Bottleneck(
            where=service,
            method="critical path",
            share=seconds / total,
            whole="time of all traced requests",
            evidence="; ".join(where[service][:3]),
            source="traces",
        )
        for service, seconds in spent.items()
        if total > 0
    ]
    return sorted(rows, key=lambda row: (-row.share, row.where))[:PER_METHOD]


def latency_budgets(endpoints: Sequence[Endpoint], parts: Sequence[LatencyPart]) -> list[LatencyBudget]:
    """One budget for each operation that has parts or an objective, in the order of the endpoints."""
    by_operation: dict[str, list[LatencyPart]] = defaultdict(list)
    for part in parts:
        by_operation[part.operation].append(part)
    objectives = {one.name: one for one in endpoints}
    names = [one.name for one in endpoints if one.objective or one.name in by_operation]
    names += [name for name in by_operation if name not in names]
    return [
        LatencyBudget(
            operation=name,
            objective=objectives[name].objective if name in objectives else None,
            statistic=objectives[name].objective_statistic if name in objectives else "p95",
            parts=tuple(by_operation.get(name, ())),
        )
        for name in names
    ]


def ranked_optimisations(
    optimisations: Sequence[Optimisation], baselines: Sequence[Baseline], statements: Statements | None = None
) -> list[RankedOptimisation]:
    """
    Gain for effort, best first: share of the time it works on x expected reduction / days of work.

    What is done or dropped comes last; what cannot be ranked (no share, no gain or no days) comes before that.
    """
    shares = {one.where: one.share for one in _red(baselines)}
    rows = [_ranked(one, shares, statements) for one in optimisations]
    finished = {"done", "dropped"}
    return sorted(rows, key=lambda row: (row.optimisation.state in finished, -(row.per_day or 0), row.optimisation.id))


def _ranked(one: Optimisation, shares: dict[str, float], statements: Statements | None) -> RankedOptimisation:
    share = shares.get(one.operation)
    whole = "time of all requests" if share is not None else ""
    if share is None and one.operation and statements:
        whole = "time of all statements"
        share = next(
            (statements.share(row) for row in statements.statements if one.operation.lower() in row.query.lower()), None
        )
    gain = share * one.gain if share is not None and one.gain is not None else None
    bounded = share is not None and one.gain_low is not None and one.gain_high is not None
    return RankedOptimisation(
        optimisation=one,
        share=share,
        whole=whole if share is not None else "",
        gain=gain,
        gain_interval=((share or 0) * (one.gain_low or 0), (share or 0) * (one.gain_high or 0)) if bounded else None,
        per_day=gain / one.days if gain is not None and one.days else None,
    )
