"""Composite objectives: one target over several, and what each part spends of its budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from sre_kit.compute.slo.composites import CompositeBudget
from sre_kit.compute.vocabulary import Finding
from sre_kit.show.shown import Record
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING, percent, target


def composite_budgets(found: Iterable[CompositeBudget]) -> Table:
    """Each composite with its parts: weight, what it measured, what it used of the composite's budget."""
    rows: list[Sequence[Inline]] = []
    records, findings = [], []
    for one in found:
        composite, window = one.composite, str(one.window)
        for budget, weight in one.parts:
            used = percent(one.spent_by(budget, weight), 1)
            rows.append((composite.name, budget.slo.name, percent(weight, 0), percent(budget.availability, 3), used))
        whole = one.availability
        unknown = f"not known: {', '.join(one.silent)} measured nothing"
        measured: Inline = Strong(percent(whole, 3)) if whole is not None else unknown
        used = percent(one.spent_share, 1) if one.spent_share is not None else MISSING
        aim = f"{target(composite.target)} over {window}"
        rows.append((Strong(composite.name), Strong(f"all, target {aim}"), "100 %", measured, Strong(used)))
        records.append(Record(f"composite.{composite.name}.availability", whole, "ratio", "its parts", window))
        if one.spent_share is not None and one.spent_share > 1:
            text = f"{composite.name}: {percent(whole, 3)} misses the composite objective of {target(composite.target)}"
            findings.append(Finding(7, float(one.spent_share - Fraction(1)), text))
    return Table(
        ["Composite", "Objective", "Weight", "Good", "Of its budget"],
        rows,
        records=records,
        findings=findings,
        note="Good: the weighted mean of what the parts measured in the composite's window. The parts' spending adds "
        "up exactly to the last row of each composite."
        if rows
        else "",
        empty="No composite objective is defined.",
    )
