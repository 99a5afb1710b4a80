"""
What a forecast is made of, for readers: each trend with its weight and what it says at the end of the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.exhaustion import Outlook
from sre_kit.show.table import Table
from sre_kit.show.text import Inline
from sre_kit.units import MISSING, number, percent


def trend_scenarios(outlooks: Sequence[Outlook]) -> Table:
    """Each trend's weight and value at the end of the horizon, and what they make together."""
    known = [one for one in outlooks if one.forecast.trends and not one.refused]
    names = [trend.name for trend in known[0].forecast.trends] if known else []
    rows: list[Sequence[Inline]] = [
        (
            one.resource.name,
            *(f"{_amount(trend.end, one)} ({percent(trend.weight, 0)})" for trend in one.forecast.trends),
            _amount(float(one.forecast.point.iloc[-1]), one),
        )
        for one in known
    ]
    return Table(
        ("Resource", *names, "together"),
        rows,
        note="Daily peak at the end of the horizon, in brackets the weight; before growth and events." if rows else "",
        empty="" if rows else "No forecast is used, so no trend is weighed.",
    )


def _amount(value: float, one: Outlook) -> str:
    if value != value:
        return MISSING
    return percent(value, 1) if one.resource.unit == "ratio" else f"{number(value)} {one.resource.unit}"
