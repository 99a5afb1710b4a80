"""
The severity ladder as arithmetic: every pair of impact and scope falls into exactly one level.

Impact is the burn rate of an error budget, scope the share of users affected. A level claims a pair from its own two
thresholds up to those of the level above it; the last level has none, so that nothing falls through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from sre_kit.compute.incidents import Severity
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import nominal


@dataclass(frozen=True, slots=True)
class SeverityMatrix:
    """
    Levels by bands of burn rate (rows) and of the share of users (columns).

    A band is named by its lower limit. `problems` says in words what is wrong with the ladder; it is empty when every
    cell has exactly one level and every level has a cell.
    """

    burns: tuple[float, ...]
    users: tuple[Fraction, ...]
    cells: tuple[tuple[str, ...], ...]
    problems: tuple[str, ...] = ()


def severity_matrix(severities: Sequence[Severity]) -> SeverityMatrix:
    """
    Enumerate all bands between the thresholds of `severities` (the worst first).

    A threshold that does not fall from one level to the next leaves a level that nothing reaches; a last level with
    thresholds leaves pairs that no level claims. Both are named in `problems`.
    """
    if not severities:
        return SeverityMatrix((), (), ())
    burns = tuple(sorted({0.0, *(level.burn_rate for level in severities if level.burn_rate)}))
    users = tuple(sorted({Fraction(0), *(level.users for level in severities if level.users)}))
    cells = tuple(tuple(level_of(severities, burn, share) for share in users) for burn in burns)
    named = {name for row in cells for name in row}
    holes = sum(not name for row in cells for name in row)
    problems = [f"{holes} of {len(burns) * len(users)} pairs belong to no level"] if holes else []
    problems += [f"{level.name} is reached by no pair" for level in severities if level.name not in named]
    problems += _unordered(severities)
    if len({level.name for level in severities}) < len(severities):
        problems.append("two levels have one name")
    return SeverityMatrix(burns, users, cells, tuple(problems))


def level_of(severities: Sequence[Severity], burn_rate: float, users: Fraction | float = Fraction(0)) -> str:
    """
    The name of the worst level whose burn rate or share of users is reached; empty where none claims the pair.

    A level without any threshold claims everything.
    """
    for level in severities:
        if level.burn_rate is None and level.users is None:
            return level.name
        if level.burn_rate is not None and burn_rate >= level.burn_rate:
            return level.name
        if level.users is not None and users >= level.users:
            return level.name
    return ""


@dataclass(frozen=True, slots=True)
class AlertGrade:
    """A burn-rate alert of SLOs over `period`, its factor, its level, and whether paging agrees with that level."""

    alert: BurnRateAlert
    period: timedelta
    factor: Fraction
    level: str
    agrees: bool


def graded_alerts(
    alerts: Sequence[BurnRateAlert], severities: Sequence[Severity], slos: Sequence[SLO]
) -> list[AlertGrade]:
    """Each burn-rate alert for each SLO window in the ladder: what pages must fall into a level that pages."""
    pages = {level.name: level.pages for level in severities}
    found = []
    for period in sorted({nominal(slo) for slo in slos}):
        for alert in alerts:
            factor = alert.factor(period)
            level = level_of(severities, float(factor))
            agrees = pages.get(level, False) == (alert.severity == "page")
            found.append(AlertGrade(alert, period, factor, level, agrees))
    return found


@dataclass(frozen=True, slots=True)
class DerivedLevel:
    """
    A level as the objectives' alerts give it, until people decide on a ladder.

    It begins where a budget burns `burn_rate` times as fast as it may; at that rate a whole budget is gone after
    `exhausted`. The last level has neither: it is all that burns slower.
    """

    name: str
    burn_rate: Fraction | None
    pages: bool
    exhausted: timedelta | None
    reason: str


def derived_levels(slos: Sequence[SLO], alerts: Sequence[BurnRateAlert] = ()) -> list[DerivedLevel]:
    """
    The ladder that the burn-rate alerts imply: the fastest page, any page, any ticket, the rest.

    A level takes the lowest factor of its alerts over all SLO windows, so that no alert falls below its level. None for
    no objective. Response, acknowledge target and who is paged cannot be derived.
    """
    if not slos:
        return []
    policy = alerts or WORKBOOK_POLICY
    periods = sorted({nominal(slo) for slo in slos})
    pages = [alert for alert in policy if alert.severity == "page"]
    fastest = max(pages, key=lambda alert: alert.factor(periods[0]), default=None)
    tickets = [alert for alert in policy if alert.severity == "ticket"]
    found: list[DerivedLevel] = []
    for some, wakes, reason in (
        ([fastest] if fastest else [], True, "the fastest page"),
        ([alert for alert in pages if alert is not fastest], True, "any other page"),
        (tickets, False, "any ticket"),
    ):
        rates = [(alert.factor(period), period) for alert in some for period in periods]
        if not rates:
            continue
        lowest, period = min(rates)
        if not found or lowest < (found[-1].burn_rate or 0):
            gone = timedelta(seconds=float(Fraction(round(period.total_seconds())) / lowest))
            found.append(DerivedLevel(f"SEV{len(found) + 1}", lowest, wakes, gone, reason))
    return [*found, DerivedLevel(f"SEV{len(found) + 1}", None, False, None, "everything else")]


def _unordered(severities: Sequence[Severity]) -> list[str]:
    problems = []
    for attribute, words in (("burn_rate", "burn rate"), ("users", "share of users")):
        last_name, last = "", math.inf
        for level in severities:
            value = getattr(level, attribute)
            if value is None:
                continue
            if value >= last:
                problems.append(f"the {words} of {level.name} is not below that of {last_name}")
            last_name, last = level.name, value
    return problems
