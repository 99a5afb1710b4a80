"""The points of CapacityPlanning.md on money and dates: cost, budget, roadmap."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check import forms
from sre_kit.check.capacity import DATES, DOC, REACHED, RESOURCES_GAP, SCENARIOS
from sre_kit.check.cells import amount, blank, day, days, near, number, plain
from sre_kit.check.forms import Rows, asked, over
from sre_kit.check.page import Section
from sre_kit.check.points import Bundle

COST: Final = "Cost optimization opportunities"
ROADMAP: Final = "Infrastructure roadmap"
BUDGET: Final = "Budget considerations"


@over(
    DOC,
    11,
    "Cost now and per unit of work; savings in order, each with evidence, risk and effort",
    under=COST,
    columns=("Line", "A month", "Scales", "Source"),
    missing="what the service costs",
)
def costs(judged: Bundle, section: Section, rows: Rows) -> str:
    """The lines add up to the total; savings fall."""
    lines = [number(row["A month"]) for row in rows if plain(row["Line"]) != "Total"]
    total = [number(row["A month"]) for row in rows if plain(row["Line"]) == "Total"]
    if total and not near(sum(lines), total[0], 0.001, 1.0):
        return f"the lines add up to {sum(lines):g}, not {total[0]:g}"
    if not section.table("Unit of work", "Cost") and not asked(section, "requests a month|users a day"):
        return "no cost of a unit of work"
    savings = section.table("Saving", "A month", "Evidence", "Risk", "Effort") or []
    gains = [number(row["A month"]) for row in savings]
    if gains != sorted(gains, reverse=True):
        return "the savings are not in order"
    if not savings and not asked(section, "savings"):
        return "no saving, and nobody is asked"
    return blank(savings, "Evidence", "Risk", "Effort")


@over(
    DOC,
    12,
    "Budget against the forecast, month by month, with the date it is exceeded",
    under=BUDGET,
    columns=("Month", "Expected", "Budget", "Against the budget"),
    missing="infrastructure budget|what the service costs|how demand will grow",
)
def budget(judged: Bundle, section: Section, rows: Rows) -> str:
    """The expected cost weighs the scenarios; over and left are differences; the first month over is named."""
    weights = {
        r["Scenario"]: number(r["Weight"]) / 100 for r in forms.other(judged, DOC, SCENARIOS, "Scenario", "Weight")
    }
    first = ""
    for row in rows:
        named = {name: share for name, share in weights.items() if name in row}
        if named and near(sum(named.values()), 1.0, least=0.011):
            expected = sum(share * number(row[name]) for name, share in named.items())
            if not near(expected, number(row["Expected"]), 0.002, 2.0):
                return f"{row['Month']}: the scenarios weigh {expected:.0f}, not {row['Expected']}"
        if amount(row["Budget"]) is None:
            continue
        over_ = number(row["Expected"]) - number(row["Budget"])
        said = number(row["Against the budget"]) * (1 if "over" in row["Against the budget"] else -1)
        if not near(over_, said, least=1.5):
            return (
                f"{row['Month']}: {row['Expected']} against {row['Budget']} is not {plain(row['Against the budget'])}"
            )
        first = first or (row["Month"] if over_ > 0 else "")
    named_month = re.search(r"First month above the budget: (\S+)\.", section.text)
    if bool(first) != bool(named_month) or (named_month and named_month[1] != first):
        return (
            f"the budget is exceeded first in {first or 'no month'}; the document says {named_month and named_month[1]}"
        )
    return ""


@over(
    DOC,
    13,
    "Roadmap: dated steps from the order-by dates, owner, reason, dependency, decision",
    under=ROADMAP,
    columns=("Begin by", "Step", "Owner", "Because", "Depends on", "Decision needed"),
    missing="when a limit is reached|" + RESOURCES_GAP,
    empty="No limit is reached within the horizon",
)
def roadmap(judged: Bundle, section: Section, rows: Rows) -> str:
    """In order; a step for a resource begins by the date of its table."""
    begins = [day(row["Begin by"]) for row in rows]
    if begins != sorted(begins):
        return "the steps are not in the order of their dates"
    dates = {r["Resource"]: days(r["Order by"]) for r in forms.other(judged, DOC, REACHED, *DATES)}
    today = forms.as_of(judged, DOC).date()
    for row, begin in zip(rows, begins, strict=True):
        due = dates.get(row["Because"].split(":")[0], [])
        if due and max(due[0], today) != max(begin, today):
            return f"{row['Because'].split(':')[0]} is to be ordered by {due[0]}, the step begins {begin}"
    steps = {row["Because"].split(":")[0] for row in rows}
    lacking = [name for name, due in dates.items() if due and name not in steps]
    return (
        f"no step for {lacking[0]}"
        if lacking
        else blank(rows, "Step", "Owner", "Because", "Depends on", "Decision needed")
    )
