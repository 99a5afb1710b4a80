"""Figures of budgets and burn rates, each with its table and a sentence that says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.slo.budget import ErrorBudget, burn_down, burn_rate
from sre_kit.compute.slo.counts import History
from sre_kit.show import chart
from sre_kit.show.chart import Chart
from sre_kit.show.shown import Note, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline
from sre_kit.units import number, percent, promql_duration, utc

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = ("blue", "orange", "green", "red", "sky", "purple", "grey")


def plot_burn_downs(series: Sequence[pd.Series[Any]], *, ax: Axes | None = None) -> Axes:
    """Share of each budget that remains through its window; a line at zero where the objective is missed."""
    axes = chart.figure()[1] if ax is None else ax
    span_of = pd.DatetimeIndex(sorted({t for one in series for t in (one.index[0], one.index[-1])}))
    chart.times(axes, span_of)
    for number_, one in enumerate(series):
        thin = chart.decimate(one)
        colour = chart.COLOURS[_LINES[number_ % len(_LINES)]]
        axes.plot(_naive(thin), thin.to_numpy() * 100, label=str(one.name), color=colour, linewidth=1.2)
    axes.axhline(0, color=chart.COLOURS["grey"], linewidth=0.8, linestyle="--", label="exhausted")
    axes.set(ylabel="budget remaining, %")
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return axes


def budget_chart(ones: Sequence[History], budgets: Sequence[ErrorBudget]) -> Shown:
    """The budgets over their windows, with the conclusion in words."""
    pairs = [(one, budget) for one, budget in zip(ones, budgets, strict=True) if budget.allowed]
    if not pairs:
        return Note("No budget can be drawn: nothing was measured, or no target leaves one.")
    series = [burn_down(one, budget) for one, budget in pairs]
    rows: list[Sequence[Inline]] = []
    for line, (_, budget) in zip(series, pairs, strict=True):
        quarters = [percent(float(line.iloc[round(f * (len(line) - 1))]), 1) for f in (0.25, 0.5, 0.75)]
        width = max(1, len(line) // 30)
        worst = (line.shift(width - 1) - line).where(line.isna().rolling(width).sum() == 0)
        steepest = f"{utc(pd.Timestamp(str(worst.idxmax())).to_pydatetime())}" if worst.notna().any() else "–"
        rows.append((budget.slo.name, *quarters, percent(budget.remaining_share, 1), steepest))
    table = Table(["Objective", "After 1/4", "After 1/2", "After 3/4", "Now", "Steepest loss until"], rows)
    return Chart(plot_burn_downs(series), "budget-remaining", budget_conclusion([b for _, b in pairs]), table)


def budget_conclusion(budgets: Sequence[ErrorBudget]) -> str:
    """What the budget chart says, in a sentence."""
    gone = [b for b in budgets if b.remaining <= 0]
    worst = min(budgets, key=lambda b: b.remaining_share or 0.0)
    if not gone:
        least = percent(worst.remaining_share, 1)
        return f"No error budget is exhausted; the least is left of {worst.slo.name}: {least}."
    names = ", ".join(f"{b.slo.name} with {percent(b.remaining_share, 1)} left" for b in gone)
    return f"{len(gone)} of {len(budgets)} error budgets exhausted: {names}."


def plot_burn_rate(
    burn: pd.Series[Any], *, pages_at: float | None = None, tickets_at: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a burn-rate series (from ``compute.burn_rate``), and the alert thresholds if given."""
    from matplotlib.ticker import ScalarFormatter

    axes = chart.figure()[1] if ax is None else ax
    thin = chart.decimate(burn)
    chart.times(axes, pd.DatetimeIndex(thin.index))
    axes.plot(_naive(thin), thin.to_numpy(), label="burn rate", color=chart.COLOURS["blue"], linewidth=1)
    axes.axhline(1, color=chart.COLOURS["grey"], linewidth=0.8, label="sustainable")
    for level, name, colour in ((pages_at, "pages", "red"), (tickets_at, "tickets", "orange")):
        if level is not None:
            axes.axhline(level, color=chart.COLOURS[colour], linewidth=1, linestyle="--", label=f"{name} at {level:g}")
    # linear up to the sustainable rate, logarithmic above: an outage must not hide what is around it
    axes.set_yscale("symlog", linthresh=1)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.set(ylabel="× sustainable")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return axes


def burn_rate_chart(
    ones: Sequence[History],
    budgets: Sequence[ErrorBudget],
    policy: Sequence[BurnRateAlert] = WORKBOOK_POLICY,
    *,
    over: timedelta = timedelta(hours=1),
) -> Shown:
    """The burn rate of the objective that is worst off, over the last window, with its alert thresholds."""
    pairs = [(one, b) for one, b in zip(ones, budgets, strict=True) if b.allowed and over % one.step == timedelta(0)]
    if not pairs:
        return Note("No burn rate can be drawn: nothing was measured, or no target leaves a budget.")
    one, budget = min(pairs, key=lambda pair: pair[1].remaining_share or 0.0)
    burn = burn_rate(one, over)
    burn = burn[burn.index > pd.Timestamp(budget.window.start)]
    factors = {
        p.alert.severity: float(p.factor)
        for p in reversed(alert_properties(one.slo, policy))
        if p.alert.long_window == over
    }
    pages = factors.get("page")
    ax = plot_burn_rate(burn, pages_at=pages, tickets_at=factors.get("ticket"))
    ax.set_title(f"{one.slo.name}, over {promql_duration(over)}", fontsize="medium", loc="left")
    days = burn.groupby(pd.DatetimeIndex(burn.index).floor("D")).max().dropna()
    worst = days.sort_values(ascending=False).head(5)
    rows: list[Sequence[Inline]] = [
        (f"{day:%Y-%m-%d}", f"{value:,.1f} ×", "yes" if pages is not None and value > pages else "no")
        for day, value in worst.items()
    ]
    note = "All times are UTC. A page needs the short window above the line too."
    table = Table(["Worst days", "Highest burn rate", f"Above {number(pages)}"], rows, note=note)
    return Chart(ax, "burn-rate", burn_rate_conclusion(one.slo.name, burn, pages), table)


def burn_rate_conclusion(name: str, burn: pd.Series[Any], pages_at: float | None) -> str:
    """What the burn-rate chart says, in a sentence."""
    seen = burn.dropna()
    if seen.empty:
        return f"{name} saw no traffic, so it has no burn rate."
    at = pd.Timestamp(str(seen.idxmax())).to_pydatetime()
    peak = f"{name} burned at most {seen.max():,.1f} times the sustainable rate, at {utc(at)}"
    if pages_at is None:
        return f"{peak}."
    above = np.flatnonzero(np.diff(np.concatenate([[0], (seen > pages_at).to_numpy().astype(int)])) == 1)
    return f"{peak}; it rose above the paging factor {pages_at:g} {len(above)} time{'s' * (len(above) != 1)}."


def _naive(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    return pd.DatetimeIndex(series.index).tz_convert("UTC").tz_localize(None).to_numpy()
