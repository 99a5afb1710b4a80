"""
Load tests for readers: several tools in one table, throughput against latency, the scalability law, runs compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sre_kit.compute.capacity.usl import ScalabilityLaw
from sre_kit.compute.performance.comparison import Difference
from sre_kit.compute.performance.levels import LoadLevel, LoadScaling
from sre_kit.compute.performance.plan import LoadTestSet
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.chart import COLOURS, Chart, figure
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong, slug
from sre_kit.units import MISSING, number, percent, span

LEVELS_GAP: Final = Gap(
    "load tests at several load levels", "QA Engineer", "performance.loadtests in the params",
    "two runs with load, throughput and latency are needed",
)  # fmt: skip


def load_tests(tests: LoadTestSet) -> Table:
    """Every run of every tool in one table."""
    rows: list[Sequence[Inline]] = []
    records = []
    for one in tests:
        rows.append(
            (
                one.name,
                f"{one.tool} {one.version}".strip(),
                number(one.load),
                one.model + (": coordinated omission" if one.coordinated_omission else ""),
                span(one.duration),
                number(one.requests),
                number(one.rate),
                *(span(one.quantiles.get(q)) for q in (0.5, 0.95, 0.99)),
                span(one.maximum),
                percent(one.error_ratio, 2),
                Lines([Strong(f"failed: {t.metric} {t.expression}") for t in one.thresholds if not t.passed])
                if any(not t.passed for t in one.thresholds)
                else f"{len(one.thresholds)} passed" if one.thresholds else "none in the file",
            )
        )  # fmt: skip
        key = f"loadtest.{slug(one.name)}"
        records += [
            Record(f"{key}.rate", one.rate, "1/s", one.origin),
            Record(f"{key}.p95_s", one.quantiles.get(0.95), "s", one.origin),
            Record(f"{key}.error_ratio", one.error_ratio, "ratio", one.origin),
        ]
    columns = (
        "Run", "Tool", "Load", "Model", "Duration", "Requests", "Requests/s",
        "p50", "p95", "p99", "max", "Errors", "Criteria",
    )  # fmt: skip
    notes = list(dict.fromkeys(note for one in tests for note in one.notes))
    return Table(
        columns,
        rows,
        source=", ".join(one.origin for one in tests),
        note="; ".join(notes),
        records=records,
        gaps=tests.gaps,
        findings=[
            Finding(7, 1.0, f"load test {one.name}: {t.metric} {t.expression} failed")
            for one in tests
            for t in one.thresholds
            if not t.passed and "duration" in t.metric
        ],
    )


def plot_throughput(scaling: LoadScaling) -> Shown:
    """Throughput and p95 against load, the fitted law, and the knee."""
    levels, law, knee = scaling.levels, scaling.law, scaling.knee
    if len(levels) < 2:
        return Note.gap(LEVELS_GAP)
    loads = np.array([row.load for row in levels])
    drawn, axes = figure(8, 3.2)
    axes.plot(loads, [row.rate for row in levels], "o-", color=COLOURS["blue"], label="throughput")
    if isinstance(law, ScalabilityLaw):
        dense = np.linspace(max(1.0, loads[0] / 2), loads[-1] * 1.15, 200)
        axes.plot(dense, law.throughput(dense), "--", color=COLOURS["sky"], label="scalability law")
    axes.set(xlabel="load (virtual users or requested rate)", ylabel="requests/s", ylim=(0, None))
    right = axes.twinx()
    right.plot(loads, [row.latency for row in levels], "s:", color=COLOURS["red"], label=scaling.statistic)
    right.set_ylabel(f"{scaling.statistic}, seconds")
    right.set_ylim(0, None)
    if knee is not None:
        axes.axvline(knee.load, color=COLOURS["grey"], lw=1, label="knee")
    lines = [*axes.get_lines(), *right.get_lines()]
    labels = [str(line.get_label()) for line in lines]
    axes.legend(lines, labels, frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    rows = [
        (
            number(row.load),
            number(row.rate),
            span(row.latency),
            number(row.power),
            _thinking(row),
            Strong("knee") if row is knee else "",
        )
        for row in levels
    ]
    columns = (
        "Load", "Requests/s", scaling.statistic, f"Power, throughput / {scaling.statistic}",
        "Think time, Little's law", "",
    )  # fmt: skip
    data = Table(columns, rows)
    return Chart(drawn, name="throughput-latency", alt=_conclusion(scaling), data=data)


def _thinking(row: LoadLevel) -> str:
    """A twentieth of the answer is what the mean is off by: below it nobody thinks, and nobody waits backwards."""
    think = row.think_time
    return "none" if think is not None and think <= (row.test.mean or 0.0) / 20 else span(think)


def _conclusion(scaling: LoadScaling) -> str:
    knee, most = scaling.knee, max(scaling.levels, key=lambda row: row.rate)
    name = scaling.statistic
    text = f"Throughput is highest at load {most.load:g} ({number(most.rate)} requests/s, {name} {span(most.latency)})"
    if knee is None:
        return f"{text}."
    return f"{text}; the knee lies at load {knee.load:g} ({number(knee.rate)} requests/s, {name} {span(knee.latency)})."


def scalability(scaling: LoadScaling) -> Shown:
    """The fitted law with its intervals, or why it is refused."""
    law = scaling.law
    if isinstance(law, Gap):
        return Note.gap(law)
    low, high = law.peak_interval
    peak = law.peak
    rows = [
        ("g: work per second and unit of load", number(law.g), MISSING),
        ("a: contention, what waits for one another", number(law.a), _bounds(law.a_interval)),
        ("b: coherency, what must agree with one another", number(law.b), _bounds(law.b_interval)),
        ("load of the highest throughput", "no peak" if peak is None else number(round(peak)), _bounds((low, high))),
        ("throughput there, 1/s", MISSING if peak is None else number(float(law.throughput(peak))), MISSING),
        ("share of variance explained", number(law.r_squared), f"{law.levels} load levels"),
    ]
    return Table(
        ("Scalability law", "Fitted", "95 % interval, residual bootstrap"),
        rows,
        note=_beyond(scaling, peak),
        records=[Record("loadtest.scalability.peak_load", peak, "load", "scalability law")],
    )


def _beyond(scaling: LoadScaling, peak: float | None) -> str:
    """What the law does not know: a hard limit, or what lies beyond the tested loads."""
    best, last = max(scaling.levels, key=lambda row: row.rate), scaling.levels[-1]
    if peak is not None and best.load < last.load and best.load < peak:
        return (
            f"Measured throughput fell after load {best.load:g}, earlier than the law allows: a hard limit (a pool, a "
            f"quota) rather than gradual contention. Plan with the measured {number(best.rate)} requests/s."
        )
    if peak is None or peak > last.load:
        return f"The fitted peak lies beyond the highest tested load, {last.load:g}: an extrapolation."
    return ""


def _bounds(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{number(low)} to {'no peak' if np.isinf(high) else number(high)}"


def run_differences(pairs: Mapping[str, Sequence[Difference]]) -> Table:
    """Runs side by side, with intervals; the words are "evidence of" and "no evidence of"."""
    rows: list[Sequence[Inline]] = []
    for title, differences in pairs.items():
        for one in differences:
            show = percent if one.what == "error ratio" else span
            rows.append(
                (
                    title,
                    one.what,
                    show(one.before),
                    show(one.after),
                    f"{_points(one.interval[0], one.what)} to {_points(one.interval[1], one.what)}"
                    if one.interval
                    else one.reason,
                    one.verdict,
                )
            )
    gap = Gap("two runs to compare", "QA Engineer", "performance.loadtests in the params")
    return Table(
        ("Runs", "Of", "Before", "After", "95 % interval of the difference", "Verdict"),
        rows,
        gaps=() if rows else (gap,),
    )


def _points(value: float, what: str) -> str:
    return f"{value * 100:+.2f} points" if what == "error ratio" else span(value)
