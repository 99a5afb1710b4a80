"""
Load tests to explore: a load, a percentile and an objective, against what was tested and what the law foresees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sre_kit.compute.capacity.usl import ScalabilityLaw
from sre_kit.compute.performance.levels import STATISTICS, LoadLevel, LoadOption, LoadScaling, load_option
from sre_kit.compute.performance.plan import Endpoint
from sre_kit.show.chart import ABOVE, COLOURS
from sre_kit.show.keeping import Kept, length, written
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.show.widgets import Amount, Choice, Control, Explorer, View, worded
from sre_kit.units import number, percent, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OBJECTIVES: Final = tuple(
    timedelta(milliseconds=ms) for ms in (50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000)
)
PERCENTILES: Final = {"p50": 0.5, **STATISTICS}


def load_explorer(scaling: LoadScaling, endpoints: Sequence[Endpoint] = ()) -> Shown:
    """
    A load to choose: what the law and the tests say there, and the load up to which an objective holds.

    An endpoint of `endpoints` brings its objective along; which one the runs were for, no result file says.
    """
    levels = scaling.levels
    if len({one.load for one in levels}) < 2 or scaling.knee is None:
        return Note("Without runs at two loads there is no load to explore.")
    kept = {name: q for name, q in sorted(PERCENTILES.items(), key=lambda item: item[1]) if _known(levels, q) > 1}
    by_name = {one.name: one for one in endpoints if one.objective is not None and one.objective_statistic in kept}

    def view(load: int, endpoint: str, percentile: str, objective: timedelta | None) -> View:
        found = load_option(scaling, PERCENTILES[percentile], load, objective)
        words = _conclusion(found, percentile)
        if endpoint:
            own = (percentile, objective) == _own(by_name[endpoint])
            words += f" The objective {'is that of' if own else 'would be new for'} {endpoint}."
        tables = (_here(found, percentile), *([] if objective is None else [_tested(found, percentile)]))
        return View(words, tables, draw=lambda axes: _draw(axes, found, percentile), sides=(0.1, 0.9))

    def keep(load: int, endpoint: str, percentile: str, objective: timedelta | None) -> Kept:
        unkept = [f"load {load}: it asks a question of the tests"]
        if endpoint:
            return _kept(by_name[endpoint], percentile, objective, unkept)
        if objective is not None:
            unkept.append(f"{percentile} within {span(objective)}: choose the endpoint whose objective it would be")
        return Kept({}, unkept)

    knee, most = max(1, round(scaling.knee.load)), max(2, round(levels[-1].load * 1.5))
    limits = sorted({*OBJECTIVES, *(one.objective for one in by_name.values() if one.objective is not None)})
    controls: dict[str, Control] = {
        "load": Amount("Load", knee, 1, most),
        "endpoint": Choice("Objective of", {"no endpoint": "", **{name: name for name in by_name}}, ""),
        "percentile": Choice("Percentile", {name: name for name in kept}, scaling.statistic, ordered=True),
        "objective": Choice("Objective", {"none": None, **worded(limits, span)}, None, ordered=True),
    }
    leads = {"endpoint": lambda name: _led(by_name[name]) if name else {}}
    return Explorer(name="Load test", controls=controls, view=view, keep=keep, leads=leads)


def _own(endpoint: Endpoint) -> tuple[str, timedelta | None]:
    return endpoint.objective_statistic, endpoint.objective


def _led(endpoint: Endpoint) -> dict[str, Any]:
    percentile, objective = _own(endpoint)
    return {"percentile": percentile, "objective": objective}


def _kept(endpoint: Endpoint, percentile: str, objective: timedelta | None, unkept: Sequence[str]) -> Kept:
    changed = replace(endpoint, objective=objective, objective_statistic=percentile)
    was = {} if objective == endpoint.objective else {"objective": _plain(endpoint.objective)}
    was |= {} if percentile == endpoint.objective_statistic else {"objective_statistic": endpoint.objective_statistic}
    return Kept({"performance": {"endpoints": [written(changed)]}}, unkept, was)


def _plain(objective: timedelta | None) -> str:
    return "not decided" if objective is None else length(objective)


def _known(levels: Sequence[LoadLevel], q: float) -> int:
    return len({one.load for one in levels if one.test.quantiles.get(q)})


def _here(found: LoadOption, percentile: str) -> Table:
    rate = number(found.rate) if found.rate is not None else "no law was fitted"
    latency = span(found.latency) if found.latency is not None else "not known: no tested loads around it"
    below = _words(found.below, percentile) if found.below else "none"
    above = _words(found.above, percentile) if found.above else "none: an extrapolation"
    rows: list[Sequence[Inline]] = [
        ("load", number(found.load)),
        ("throughput by the law, 1/s", rate),
        (f"{percentile}, between the tested loads", latency),
        ("nearest tested below", below),
        ("nearest tested above", above),
    ]
    return Table(("At this load", "Value"), rows)


def _tested(found: LoadOption, percentile: str) -> Table:
    limit = found.objective.total_seconds() if found.objective is not None else float("inf")
    rows: list[Sequence[Inline]] = [
        (number(one.load), number(one.rate), span(one.latency), percent(one.test.error_ratio, 2),
         "yes" if one.latency <= limit else Strong("no"))
        for one in found.levels
    ]  # fmt: skip
    return Table(("Tested load", "Requests/s", percentile, "Errors", "Within the objective"), rows)


def _words(row: LoadLevel, statistic: str) -> str:
    latency, errors = span(row.latency), percent(row.test.error_ratio)
    return f"load {row.load:g}: {number(row.rate)} requests/s, {statistic} {latency}, errors {errors}"


def _conclusion(found: LoadOption, percentile: str) -> str:
    words = f"At load {found.load:g} "
    words += (
        f"the law gives {number(found.rate)} requests/s" if found.rate is not None else "no law says the throughput"
    )
    if found.latency is not None:
        words += f", and {percentile} lies near {span(found.latency)}"
    else:
        words += f"; {percentile} is not known there, outside of the tested loads"
    if found.objective is None:
        return f"{words}."
    limit = f"{percentile} within {span(found.objective)}"
    if found.holds_to is None:
        return f"{words}. Already the lowest tested load, {found.levels[0].load:g}, misses {limit}."
    until = f", missed from {found.missed_from.load:g}" if found.missed_from is not None else ", as far as was tested"
    return f"{words}. Tested: {limit} up to load {found.holds_to.load:g}{until}."


def _draw(axes: Axes, found: LoadOption, percentile: str) -> None:
    """Latency of the tested loads, the throughput of the law, the load and the objective."""
    loads = [one.load for one in found.levels]
    axes.plot(loads, [one.latency for one in found.levels], "s-", color=COLOURS["red"], label=f"{percentile}, tested")
    if found.objective is not None:
        limit = found.objective.total_seconds()
        axes.axhline(limit, color=COLOURS["red"], linestyle="--", linewidth=1, label="objective")
    axes.axvline(found.load, color=COLOURS["grey"], linewidth=1, label="load")
    axes.set(xlabel="load", ylabel=f"{percentile}, seconds", ylim=(0, None))
    right = axes.twinx()
    right.plot(loads, [one.rate for one in found.levels], "o", color=COLOURS["blue"], label="throughput, tested")
    if isinstance(found.law, ScalabilityLaw):
        dense = np.linspace(1.0, max(loads[-1], found.load) * 1.05, 80)
        right.plot(dense, found.law.throughput(dense), "--", color=COLOURS["sky"], label="scalability law")
    right.set(ylabel="requests/s", ylim=(0, None))
    lines = [*axes.get_lines(), *right.get_lines()]
    labels = [str(line.get_label()) for line in lines]
    axes.legend(lines, labels, **ABOVE)
