"""
Optimisations for readers: the log in the order of gain for effort, and what was measured before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sre_kit.compute.performance.bottlenecks import RankedOptimisation
from sre_kit.compute.performance.plan import Optimisation
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.chart import COLOURS, Chart, figure, named
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, slug
from sre_kit.units import MISSING, number, percent, span

WORK_GAP: Final = Gap("optimisations considered", "Backend Developer", "params: performance.optimisations")


def optimisations(ranked: Sequence[RankedOptimisation]) -> Shown:
    """The optimisation log, best gain for effort first, and how that order came about."""
    if not ranked:
        return Note.gap(WORK_GAP)
    log: list[Sequence[Inline]] = []
    order: list[Sequence[Inline]] = []
    records = []
    for place, row in enumerate(ranked, 1):
        one = row.optimisation
        log.append(
            (
                one.id,
                one.hypothesis,
                one.area,
                _expected(row),
                one.effort,
                one.risk,
                one.verify,
                one.state + (f", {one.decided}" if one.decided else ""),
                _measured(one),
            )
        )
        order.append(
            (
                str(place),
                one.id,
                f"{percent(row.share, 1)} of {row.whole}" if row.whole else "not measured",
                percent(one.gain, 0),
                percent(row.gain, 1),
                number(one.days),
                percent(row.per_day, 1),
                one.evidence or MISSING,
            )
        )
        if one.reduction is not None:
            name = f"performance.optimisation.{slug(one.id)}.reduction"
            records.append(Record(name, one.reduction, "ratio", "params"))
        if row.gain is not None:
            records.append(Record(f"performance.optimisation.{slug(one.id)}.gain", row.gain, "ratio", "params"))
    return Stack(
        Table(
            ("Id", "Hypothesis", "Area", "Expected gain", "Effort", "Risk", "How to verify", "State", "Measured"),
            log,
            source="params: performance.optimisations; the gains are expectations, not measurements",
            records=records,
        ),
        Table(
            ("Place", "Id", "Works on", "Reduction", "Gain", "Days", "Gain a day", "Evidence"),
            order,
            note="Order: what is done comes last; else gain a day, share x reduction / days. Shares of requests and of "
            "statements are shares of different wholes: between them the order is rough.",
        ),
    )


def _measured(one: Optimisation) -> str:
    """Before and after with what became of the expectation, and what a person adds."""
    if one.before is None or one.after is None or one.reduction is None:
        return one.measured or MISSING
    changed = f"{-one.reduction * 100:+.1f} %" + (f", {one.outcome}" if one.outcome else "")
    said = f"{one.statistic or 'time'}: {span(one.before)} before, {span(one.after)} after ({changed})"
    return f"{said}; {one.measured}" if one.measured else said


def _expected(row: RankedOptimisation) -> str:
    one = row.optimisation
    if row.gain_interval is not None:
        low, high = row.gain_interval
        return f"{one.expected} ({percent(low, 1)} to {percent(high, 1)} of the whole)"
    return f"{one.expected} (no interval: a guess)"


def plot_optimisations(ranked: Sequence[RankedOptimisation]) -> Shown:
    """What was measured after each change, as a share of before, against what was expected of it."""
    known = [row.optimisation for row in ranked if row.optimisation.reduction is not None]
    if not known:
        return Note("No optimisation has been measured before and after yet, so no chart compares the two.")
    drawn, axes = figure(8, 1.1 + 0.4 * len(known))
    places = np.arange(len(known))[::-1]
    for one, y in zip(known, places, strict=True):
        after = 1 - (one.reduction or 0.0)
        axes.plot([1, after], [y, y], color=COLOURS["grey"], lw=1)
        axes.plot([after], [y], "o", color=COLOURS["red" if after > 1 else "blue"])
        if (expected := _bounds(one)) is not None:
            axes.barh(y, expected[0] - expected[1], left=1 - expected[0], height=0.5, color=COLOURS["sky"], alpha=0.35)
    axes.axvline(1, color=COLOURS["grey"], lw=2, label="before")
    axes.plot([], [], "o", color=COLOURS["blue"], label="after")
    axes.fill_between([], [], [], color=COLOURS["sky"], alpha=0.35, label="expected")
    named(axes.yaxis, places, [one.id for one in known])
    axes.set(xlabel="share of before", xlim=(0, None), ylim=(-0.6, len(known) - 0.4))
    axes.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    rows = [
        (
            one.id,
            one.statistic or "time",
            span(one.before),
            span(one.after),
            _change(one),
            " to ".join(percent(-edge, 0) for edge in expected) if (expected := _bounds(one)) else MISSING,
            one.outcome or MISSING,
        )
        for one in known
    ]
    columns = ("Id", "Of", "Before", "After", "Change", "Expected", "Outcome")
    return Chart(drawn, name="before-after", alt=_conclusion(known), data=Table(columns, rows))


def _bounds(one: Optimisation) -> tuple[float, float] | None:
    """The expected reduction, most first; missing where nobody bounded it."""
    return None if one.gain_low is None or one.gain_high is None else (one.gain_high, one.gain_low)


def _change(one: Optimisation) -> str:
    return f"{-(one.reduction or 0.0) * 100:+.1f} %"


def _conclusion(known: Sequence[Optimisation]) -> str:
    slower = [one for one in known if (one.reduction or 0.0) < 0]
    best = max(known, key=lambda one: one.reduction or 0.0)
    gained = f"{best.id} gained most: {span(best.before)} before, {span(best.after)} after ({_change(best)})"
    worse = f"; slower than before: {', '.join(one.id for one in slower)}" if slower else ""
    if len(slower) == len(known):
        return f"None of {len(known)} measured changes made anything faster: {', '.join(one.id for one in slower)}."
    return f"Of {len(known)} measured {'change' if len(known) == 1 else 'changes'}, {gained}{worse}."
