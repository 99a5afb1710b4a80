"""
Limits by arithmetic for readers: what replicas share at their maximum, and whether requests wait for a worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.capacity.ceilings import CeilingCheck
from sre_kit.compute.capacity.plan import CapacityPlan, Scaling
from sre_kit.compute.capacity.queueing import QueueCheck
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.shown import Record
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong, slug
from sre_kit.units import MISSING, number, percent, span

CEILING_GAP = Gap("quotas of the provider, IP addresses and partitions", "DevOps Engineer", "params: capacity.ceilings")
QUEUE_GAP = Gap("workers and service times of each component", "Backend Developer", "params: capacity.queues")


def ceiling_arithmetic(checks: Sequence[CeilingCheck]) -> Table:
    """Maximum replicas x what each takes against node sizes, quotas and addresses."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in checks:
        ceiling = one.ceiling
        terms = [f"{taker.maximum} x {number(taker.each)} ({taker.component})" for taker in one.takers]
        if ceiling.others:
            terms.append(f"{number(ceiling.others)} (others)")
        rows.append(
            (
                ceiling.name,
                f"{' + '.join(terms)} = {number(one.most)} {ceiling.unit}".rstrip(),
                f"{number(ceiling.limit)} {ceiling.unit}".rstrip(),
                percent(one.most / ceiling.limit, 0),
                "holds" if one.holds else Strong(f"does not hold; {one.fitting_maximum} {one.largest.component} fit"),
                ceiling.source or "assumption",
            )
        )
        if not one.holds:
            text = (
                f"{ceiling.name}: {number(one.most)} {ceiling.unit} at the maximum, {number(ceiling.limit)} there are"
            )
            findings.append(Finding(7, one.most / ceiling.limit, text))
    return Table(
        ("Ceiling", "At the maximum", "Limit", "Full", "Verdict", "Source"),
        rows,
        note="Quotas and node sizes are held against the maximum of every autoscaler at once." if rows else "",
        findings=findings,
        gaps=() if rows else (CEILING_GAP,),
    )


def queue_waits(checks: Sequence[QueueCheck], plan: CapacityPlan) -> Table:
    """How busy the workers are and how long requests wait for one, today, with one replica lost, and as foreseen."""
    pools = {one.component: one for one in plan.scaling}
    rows: list[Sequence[Inline]] = []
    records, findings = [], []
    for one in checks:
        queue = one.queue
        waits = "grows without end" if one.wait_p95 is None else span(one.wait_p95) if one.wait_p95 else "0 s"
        rows.append(
            (
                queue.component,
                one.case,
                f"{number(one.rate)} per s",
                f"{one.replicas} x {queue.workers} workers, {span(queue.service)} each",
                percent(one.busy, 1),
                percent(one.waiting, 1) if one.waiting is not None else MISSING,
                waits if one.holds else Strong(waits),
                number(one.needed),
            )
        )
        if not one.holds:
            promised = span(queue.longest_wait)
            text = f"{queue.component}: {one.case}: 1 in 20 requests waits {waits} for a worker, {promised} is allowed"
            findings.append(Finding(7, one.busy, text))
    for queue in plan.queues:
        scaled = pools.get(queue.component)
        if scaled is not None:
            findings += _starved(queue.component, queue.workers, scaled)
        own = [one.busy for one in checks if one.queue is queue]
        if own:
            records.append(Record(f"capacity.{slug(queue.component)}.workers_busy", own[0], "ratio"))
    return Table(
        ("Component", "Load", "Rate", "Workers", "Busy", "Waits", "Wait of 95 %", "Replicas that the workers need"),
        rows,
        note=_basis(plan) if rows else "",
        records=records,
        findings=findings,
        gaps=() if rows else (QUEUE_GAP,),
    )


def _basis(plan: CapacityPlan) -> str:
    said = "; ".join(f"{one.component}: {one.source or 'assumption'}" for one in plan.queues)
    return (
        "M/M/c: arrivals at random, who finds all workers busy waits (Erlang C). Bold: longer than allowed. "
        f"Workers and service times: {said}."
    )


def _starved(component: str, workers: int, scaled: Scaling) -> list[Finding]:
    """A replica with more workers than connections lets the rest wait for one."""
    if scaled.pool_size is None or workers <= scaled.pool_size:
        return []
    text = f"{component}: {workers} workers share {scaled.pool_size} connections; the rest wait for one"
    return [Finding(7, workers / scaled.pool_size, text)]
