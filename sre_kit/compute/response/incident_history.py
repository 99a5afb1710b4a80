"""
A part of the incident history: one level, one component, one year, on one clock, with how long they lasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sre_kit.compute.incidents import Incident, IncidentLog, selected
from sre_kit.compute.response.reliability import IncidentStatistics, incident_statistics, minutes
from sre_kit.compute.trends import DurationComparison, RateComparison, duration_comparison, rate_comparison

CLASSES: Final[tuple[tuple[str, timedelta], ...]] = (
    ("up to 15 min", timedelta(minutes=15)),
    ("15 min to 1 h", timedelta(hours=1)),
    ("1 h to 4 h", timedelta(hours=4)),
    ("4 h to 1 d", timedelta(days=1)),
    ("longer than 1 d", timedelta.max),
)
"""Classes of duration by their upper limit, which belongs to the class."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    The incidents that were chosen, and their statistics.

    `lasted` counts the resolved ones by `CLASSES`. `rate` and `lengths` compare the year with the one before, as much
    of it as has passed; both are missing where no year was chosen or the one before is not in the log whole.
    """

    chosen: str
    statistics: IncidentStatistics
    lasted: Mapping[str, int]
    year: int = 0
    rate: RateComparison | None = None
    lengths: DurationComparison | None = None
    narrowed: bool = False
    """Whether anything was left out by choice."""


def incident_part(log: IncidentLog, as_of: datetime, *, severity: str = "", service: str = "", year: int = 0) -> Part:
    """Choose by level, component and year (empty and 0: all) and summarise; a year ends at `as_of` at the latest."""
    first = min((one.began for one in log.incidents), default=as_of)
    start = datetime(year, 1, 1, tzinfo=UTC) if year else first
    end = min(datetime(year + 1, 1, 1, tzinfo=UTC), as_of) if year else as_of

    def wanted(one: Incident) -> bool:
        return (not severity or one.severity == severity) and (not service or service in one.services)

    words = [severity or "all levels", service or "all components", str(year) if year else "all years"]
    found = [one for one in selected(log, start, end) if wanted(one)]
    lasted = dict.fromkeys((name for name, _ in CLASSES), 0)
    for one in found:
        if one.duration is not None:
            lasted[next(name for name, limit in CLASSES if one.duration <= limit)] += 1
    rate = lengths = None
    # a year that the log covers only in part would look quieter than it was
    if year and first <= datetime(year - 1, 1, 1, tzinfo=UTC) and start < end:
        before = start.replace(year=year - 1)
        earlier = [one for one in selected(log, before, before + (end - start)) if wanted(one)]
        rate = rate_comparison(
            len(found), len(earlier), end - start, end - start, _spells(found, earlier, start, before, end)
        )
        lengths = duration_comparison(*([minutes(one) for one in ones if one.duration] for ones in (found, earlier)))
    # of the whole history nobody asks whether chance made it
    narrowed = bool(severity or service or year)
    statistics = incident_statistics(log, start, max(end, start), where=", ".join(words), only=wanted, drawn=narrowed)
    return Part(", ".join(words), statistics, lasted, year, rate, lengths, narrowed)


def years(log: IncidentLog) -> list[int]:
    """Years in which an incident of the log began, the latest first."""
    return sorted({one.began.year for one in log.incidents}, reverse=True)


def _spells(
    found: list[Incident], earlier: list[Incident], start: datetime, before: datetime, end: datetime
) -> list[int]:
    """Starts per equal spell of about a month in both years, to see whether they cluster."""
    spells = max(4, (end - start) // timedelta(days=30))
    counts = [0] * (2 * spells)
    for ones, origin, offset in ((earlier, before, 0), (found, start, spells)):
        for one in ones:
            counts[offset + min(spells - 1, int((one.began - origin) / (end - start) * spells))] += 1
    return counts
