"""
Execution plans for readers: what stands out, the line that shows it, what to try.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.performance.query_plans import PlanFinding, PlanSet
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline
from sre_kit.units import MISSING, percent, span

PLANS_GAP: Final = Gap(
    "the plans of the slowest statements",
    "Backend Developer",
    "params: performance.plans",
    "no plan is read; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) of the first three would show why they are slow",
)


def execution_plans(found: Sequence[PlanFinding], plans: PlanSet) -> Shown:
    """Findings of the plans that were read; a plan without one is said to have none."""
    if not plans.plans:
        return Note.gap(*(plans.gaps or (PLANS_GAP,)))
    rows: list[Sequence[Inline]] = []
    for plan in plans.plans:
        own = [one for one in found if one.plan == plan.name]
        time = span(plan.execution / 1000) if plan.execution is not None else MISSING
        for one in own:
            share = percent(one.share, 0) if one.share is not None else MISSING
            at = f"{plan.source}:{one.line}"
            rows.append((f"{plan.name}, {time}", one.what, Code(one.node), one.evidence, at, share, one.suggestion))
        if not own:
            rows.append((f"{plan.name}, {time}", "nothing stands out", MISSING, MISSING, MISSING, MISSING, MISSING))
    return Table(
        ("Plan, execution", "Found", "Node", "Evidence", "Line", "Own time", "To try"),
        rows,
        source=", ".join(plan.source for plan in plans.plans),
        note="A suggestion is a thing to try and to measure again: the plan shows what happened once, with one set of "
        "parameters.",
        gaps=plans.gaps,
    )
