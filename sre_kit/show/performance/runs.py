"""
Runs over time and from inside for readers: change points, what ran full meanwhile, what a closed loop hid.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from sre_kit.compute.performance.changepoints import LEAST_RUNS, LEAST_SIDE, ChangePoint, MetricHistory, RunHistory
from sre_kit.compute.performance.omission import Omission
from sre_kit.compute.performance.saturation import RunSaturation, saturating
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.chart import COLOURS, Chart, figure, times
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline
from sre_kit.units import MISSING, number, percent, span, utc

HISTORY_GAP: Final = Gap(
    "change points over a history of runs",
    "QA Engineer",
    "performance.run_history in the params, or a result file for each nightly run",
    f"a history needs {LEAST_RUNS} comparable runs at one load, each with its time",
)
TESTED_GAP: Final = Gap(
    "the tested system's resources during the load tests",
    "QA Engineer",
    "params: performance.tested, and the times of the runs",
)


def change_points(found: Sequence[MetricHistory], read: Sequence[RunHistory] = ()) -> Shown:
    """Each change of each metric, with its size; a metric without one is said to have none."""
    gaps = [one.gap for one in read if one.gap is not None]
    looked = [one for one in found if not one.refused]
    if not looked:
        return Note.gap(*(gaps or [_refused(found)]))
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in looked:
        rows += [_change(one, change) for change in one.changes]
        if not one.changes:
            where = (one.history.name, one.metric, str(len(one.values)))
            rows.append((*where, "none", MISSING, MISSING, MISSING, MISSING, "no evidence of a change point"))
        findings += [
            Finding(7, abs(change.size or 0.0), f"{one.metric} of {one.history.name}: {_words(change)}")
            for change in one.changes[-1:]
            if change.size and change.size > 0
        ]
    columns = (
        "History", "Metric", "Runs", "Change at", "Commit", "Before, then after", "Size (95 % interval)", "p",
        "Verdict",
    )  # fmt: skip
    return Table(
        columns,
        rows,
        source=", ".join(dict.fromkeys(one.history.source for one in looked)),
        note="E-divisive with a permutation test at 5 % for all metrics of a history together. Medians; the interval "
        "is a bootstrap and needs five runs on either side. "
        f"The last {LEAST_SIDE - 1} runs are too young to be judged.",
        gaps=gaps,
        findings=findings,
    )


def _refused(found: Sequence[MetricHistory]) -> Gap:
    why = next((one.refused for one in found), HISTORY_GAP.because)
    return Gap(HISTORY_GAP.what, HISTORY_GAP.ask, HISTORY_GAP.expected_in, why)


def _change(one: MetricHistory, change: ChangePoint) -> Sequence[Inline]:
    return (
        one.history.name,
        one.metric,
        str(len(one.values)),
        utc(change.time),
        change.commit or MISSING,
        f"{number(change.before)}, then {number(change.after)} ({change.runs[0]} and {change.runs[1]} runs)",
        _size(change),
        number(change.p),
        change.verdict,
    )


def _size(change: ChangePoint) -> str:
    if change.size is None:
        return "from 0"
    interval = "no interval" if change.ratio is None else " to ".join(_signed(edge - 1) for edge in change.ratio)
    return f"{_signed(change.size)} ({interval})"


def _signed(share: float) -> str:
    return f"{share * 100:+.1f} %"


def _words(change: ChangePoint) -> str:
    commit = f", commit {change.commit}" if change.commit else ""
    size = f" of {abs(change.size) * 100:.1f} %" if change.size is not None else ""
    return f"{change.verdict}{size} from {utc(change.time)} on{commit}"


def plot_run_history(found: Sequence[MetricHistory]) -> Shown:
    """The metric that changed most, run by run, with the level before and after each change."""
    looked = [one for one in found if not one.refused]
    if not looked:
        return Note("Without a history there are no runs to draw.")
    one = max(looked, key=lambda row: max((abs(change.size or 0.0) for change in row.changes), default=-1.0))
    drawn, axes = figure(8, 2.8)
    moments = times(axes, pd.DatetimeIndex(one.times))
    axes.plot(moments, one.values, "o", color=COLOURS["blue"], ms=4, label="runs")
    edges = [0, *(change.at for change in one.changes), len(one.values)]
    for low, high in pairwise(edges):
        level = float(np.median(one.values[low:high]))
        axes.plot([moments[low], moments[high - 1]], [level, level], color=COLOURS["red"])
    axes.plot([], [], color=COLOURS["red"], label="median of a level")
    for change in one.changes:
        axes.axvline(moments[change.at], color=COLOURS["grey"], lw=1, ls="--")
    axes.set(ylabel=one.metric, ylim=(0, None))
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    last = one.changes[-1] if one.changes else None
    said = _words(last) if last else "no evidence of a change point"
    rows = [
        (utc(one.times[low]), str(high - low), number(float(np.median(one.values[low:high]))))
        for low, high in pairwise(edges)
    ]
    data = Table(("Level from", "Runs", f"Median, {one.metric}"), rows)
    return Chart(drawn, name="run-history", alt=f"{one.metric} of {one.history.name}: {said}.", data=data)


def run_saturation(found: Sequence[RunSaturation]) -> Shown:
    """Use of each tested resource beside the latency of each run, and which ran full first."""
    measured = [one for one in found if one.peak is not None]
    if not measured:
        return Note.gap(Gap(TESTED_GAP.what, TESTED_GAP.ask, TESTED_GAP.expected_in, found[0].reason if found else ""))
    rows: list[Sequence[Inline]] = [
        (
            one.resource.name,
            number(one.test.load),
            percent(one.mean, 1),
            percent(one.peak, 1),
            number(one.test.rate),
            span(one.test.quantiles.get(0.95)),
            percent(one.test.error_ratio, 2),
            "full" if one.full else "" if one.peak is not None else one.reason,
        )
        for one in found
    ]
    full = saturating(found)
    said = "; ".join(
        f"{one.resource.name} is full from load {number(one.first.test.load)} on, where p95 is "
        f"{span(one.first.test.quantiles.get(0.95))}"
        + (f" (below it {span(one.below.test.quantiles.get(0.95))})" if one.below else "")
        for one in full
    )
    return Table(
        ("Resource", "Load", "Use, mean", "Use, peak", "Requests/s", "p95", "Errors", "State"),
        rows,
        source=", ".join(dict.fromkeys(f"{one.resource.query} over each run" for one in measured)),
        note=f"{said}." if said else "Nothing that was measured came near its limit.",
    )


def hidden_waiting(found: Sequence[Omission]) -> Shown:
    """What a closed loop hid, where its samples are known; otherwise which input would show it."""
    if not found:
        return Note(
            "How much waiting a closed loop hid is estimated from the samples of a run whose load is known; no such "
            "run is here, so the flag above is all that can be said."
        )
    rows: list[Sequence[Inline]] = [
        (
            one.test.name,
            span(one.interval),
            number(one.missing),
            *(f"{span(one.measured[q])}, at least {span(one.corrected[q])}" for q in one.measured),
        )
        for one in found
    ]
    return Table(
        ("Run", "A user's usual interval", "Requests not asked", "p50", "p95", "p99"),
        rows,
        note="Measured, and with the requests that users would have made at that interval while they waited "
        "(HdrHistogram's correction): a lower bound.",
    )
