"""
MTTD, MTTA, MTTM, MTTR and MTBF with everything that makes them readable: definition, clock, n, interval, verdict.

Counts lead, then median and 90th percentile, then a log-normal mean. Open incidents are censored (Kaplan-Meier), zero
lengths are left out of durations and counted, maintenance, drills and notices are in none of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.incidents import (
    AUTO_RESOLVED,
    BEGAN_WITH_ALERT,
    Incident,
    IncidentLog,
    downtime,
    naive_downtime,
    selected,
    starts_per_month,
)
from sre_kit.compute.statistics import (
    MEAN_FROM,
    Interval,
    kaplan_meier,
    lognormal_mean,
    poisson_interval,
    quantile,
    quantile_interval,
)
from sre_kit.compute.trends import (
    Chance,
    DurationComparison,
    RateComparison,
    chance_panel,
    duration_comparison,
    rate_comparison,
)

YEAR: Final = timedelta(days=365)
MINUTE: Final = timedelta(minutes=1)
UNLIKELY: Final = 0.001
"""A silence less likely than this is said; a convention."""
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Times:
    """
    One of the times of an incident over a population, in minutes.

    `n` have both milestones, `still_running` have only the first and count as censored, `zero` are of no length and
    left out, `missing` lack a milestone. Median and 90th percentile are Kaplan-Meier's where something still runs;
    missing where the data does not reach them. No mean below five values.
    """

    name: str
    definition: str
    n: int
    still_running: int
    zero: int
    missing: int
    median: float | None
    median_interval: Interval | None
    p90: float | None
    p90_interval: Interval | None
    mean: float | None
    mean_interval: Interval | None
    estimator: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing began from `since` to the report; `p` is the chance of so long a silence at the rate until then."""

    since: datetime
    length: timedelta
    p: float


@dataclass(frozen=True, slots=True)
class IncidentStatistics:
    """
    How often and how long, over the incidents that began in [`start`, `end`), on the clock `clock`.

    `mtbf` is start to start: observed time / incidents, with an exact Poisson interval; `mtbf` is missing and only its
    lower limit stands (rule of three) where nothing happened. `weighted_downtime` weighs each incident with the share
    of requests that failed, over the incidents that state one (`weighted_n`), each counted on its own. Trends compare
    the second half of the window with the first.
    """

    start: datetime
    end: datetime
    clock: str
    source: str
    population: str
    count: int
    open: int
    ttd: Times
    tta: Times
    ttm: Times
    ttr: Times
    mtbf: timedelta | None
    mtbf_interval: tuple[timedelta, timedelta | None]
    downtime: timedelta
    naive_downtime: timedelta
    weighted_downtime: timedelta | None
    weighted_n: int
    per_month: dict[str, int] = field(default_factory=dict)
    rate_trend: RateComparison | None = None
    duration_trend: DurationComparison | None = None
    chance: Chance | None = None
    silence: Silence | None = None
    gap: str = ""

    @property
    def observed(self) -> timedelta:
        """Length of the window."""
        return self.end - self.start

    @property
    def availability(self) -> float | None:
        """
        Share of the time without any incident; missing where there is no log.

        A lower bound of what users saw, because an incident is rarely a full outage.
        """
        return None if self.gap else 1 - self.downtime / self.observed


def incident_window(log: IncidentLog, as_of: datetime, length: timedelta = YEAR) -> tuple[datetime, datetime]:
    """The `length` before `as_of`, shortened to begin with the log's first row where the log is younger."""
    known = [one.began for one in (*log.incidents, *log.maintenance, *log.others)]
    return max(as_of - length, min(known, default=as_of - length)), as_of


def incident_statistics(
    log: IncidentLog,
    start: datetime,
    end: datetime,
    *,
    where: str = "",
    only: Callable[[Incident], bool] | None = None,
    drawn: bool = True,
) -> IncidentStatistics:
    """
    The reliability metrics of a log in [`start`, `end`).

    Parameters
    ----------
    log
        From ``load.incidents``, cut at the report time.
    start, end
        The window; an incident belongs to it by its beginning.
    where, only
        A further filter, in words and as a rule: ``"SEV1 and SEV2"``.
    drawn
        Whether `chance` is wanted, which takes longer than all the rest.
    """
    chosen = [one for one in selected(log, start, end) if only is None or only(one)]
    middle = start + (end - start) / 2
    resolved = [one for one in chosen if one.duration]
    weighted = [one for one in chosen if one.failed_share is not None]
    low, high = poisson_interval(len(chosen))
    return IncidentStatistics(
        start=start,
        end=end,
        clock=log.clock,
        source=log.source,
        population=(where or "all incidents") + "; maintenance, drills, near misses and notices excluded",
        count=len(chosen),
        open=sum(one.open for one in chosen),
        ttd=times(chosen, "MTTD", "began", "detected", end),
        tta=times(chosen, "MTTA", "detected", "acknowledged", end),
        ttm=times(chosen, "MTTM", "began", "mitigated", end),
        ttr=times(chosen, "MTTR", "began", "resolved", end),
        mtbf=(end - start) / len(chosen) if chosen else None,
        mtbf_interval=((end - start) / high, (end - start) / low if low else None),
        downtime=downtime(chosen, start, end),
        naive_downtime=naive_downtime(chosen, start, end),
        weighted_downtime=sum(((one.end(end) - one.began) * (one.failed_share or 0) for one in weighted), timedelta(0))
        if weighted
        else None,
        weighted_n=len(weighted),
        per_month=starts_per_month(chosen, start, end),
        rate_trend=_rate_trend(chosen, start, middle, end),
        duration_trend=duration_comparison(
            [minutes(one) for one in resolved if one.began >= middle],
            [minutes(one) for one in resolved if one.began < middle],
        ),
        chance=chance_panel([minutes(one) for one in resolved], len(chosen)) if resolved and drawn else None,
        silence=silence(chosen, start, end),
        gap=log.gap,
    )


def silence(incidents: Sequence[Incident], start: datetime, end: datetime) -> Silence | None:
    """
    A silence before `end` that the rate before it makes all but impossible: the log may be an old export.

    exp(-rate x length), the rate from the incidents until the last one; missing where it is above `UNLIKELY`, or below
    five incidents.
    """
    if len(incidents) < MEAN_FROM:
        return None
    last = max(one.began for one in incidents)
    if last <= start or last >= end:
        return None
    p = math.exp(-len(incidents) * ((end - last) / (last - start)))
    return Silence(last, end - last, p) if p < UNLIKELY else None


def times(incidents: Sequence[Incident], name: str, first: str, last: str, as_of: datetime) -> Times:
    """
    Statistics of `last` - `first`, two milestones of an incident.

    Only "resolved" can still be running: an incident that has no other milestone lacks it for good. A record that
    begins with its alert has no time to detection, one that the tool closed by itself none to acknowledgement: both
    lack it, or times that nobody took would flatter the median.
    """
    void = _VOID.get((first, last), "")
    lengths: list[float] = []
    marks: list[bool] = []
    zero = missing = 0
    for one in incidents:
        begin, end = getattr(one, first), None if void and void in one.flags else getattr(one, last)
        running = last == "resolved" and end is None and begin is not None
        if begin is None or (end is None and not running):
            missing += 1
        elif (length := ((as_of if running else end) - begin) / MINUTE) > 0:
            lengths.append(length)
            marks.append(not running)
        else:
            zero += 1
    return _times(name, f"{last} - {first}", lengths, marks, zero, missing)


_VOID: Final = {("began", "detected"): BEGAN_WITH_ALERT, ("detected", "acknowledged"): AUTO_RESOLVED}
"""Flag of the records in which a time between two milestones means nothing."""


def _times(name: str, definition: str, lengths: list[float], marks: list[bool], zero: int, missing: int) -> Times:
    ended = [length for length, mark in zip(lengths, marks, strict=True) if mark]
    running = len(lengths) - len(ended)
    if running:
        curve = kaplan_meier(lengths, marks)
        points = [(curve.quantile(q), curve.quantile_interval(q)) for q in (0.5, 0.9)]
    else:
        points = [(quantile(ended, q), quantile_interval(ended, q)) for q in (0.5, 0.9)]
    cox = lognormal_mean(ended) if len(ended) >= MEAN_FROM and not running else None
    return Times(
        name,
        definition,
        len(ended),
        running,
        zero,
        missing,
        points[0][0],
        points[0][1],
        points[1][0],
        points[1][1],
        cox[0] if cox else None,
        cox[1] if cox else None,
        "Kaplan-Meier" if running else "sample",
    )


def minutes(incident: Incident) -> float:
    """Minutes from began to resolved; 0 while open."""
    return (incident.duration or timedelta(0)) / MINUTE


def _rate_trend(
    incidents: Sequence[Incident], start: datetime, middle: datetime, end: datetime
) -> RateComparison | None:
    if not incidents or end <= start:
        return None
    later = sum(one.began >= middle for one in incidents)
    # equal spells, not calendar months: a month that the window cuts would look quiet
    spells = min(12, max(4, (end - start) // timedelta(days=30)))
    counts = [0] * spells
    for one in incidents:
        counts[int((one.began - start) / (end - start) * spells)] += 1
    return rate_comparison(later, len(incidents) - later, end - middle, middle - start, counts)


@dataclass(frozen=True, slots=True)
class StatedDuration:
    """A duration as somebody wrote it beside the one its timestamps give, on the named clock."""

    incident: Incident
    stated_minutes: float
    resolved_minutes: float
    mitigated_minutes: float | None

    @property
    def agrees(self) -> bool:
        """Within a tenth, or five minutes, of time to resolve."""
        return abs(self.stated_minutes - self.resolved_minutes) <= max(5.0, self.resolved_minutes / 10)

    @property
    def likely_meant(self) -> str:
        """Which clock the writer seems to have used."""
        near = self.mitigated_minutes is not None and abs(self.stated_minutes - self.mitigated_minutes) <= max(
            5.0, self.mitigated_minutes / 10
        )
        return "resolved - began" if self.agrees else "mitigated - began" if near else "neither clock"


def stated_durations(incidents: Sequence[Incident]) -> list[StatedDuration]:
    """Every resolved incident whose record states a duration, with what its timestamps say."""
    return [
        StatedDuration(
            one,
            one.stated_minutes,
            minutes(one),
            (one.mitigated - one.began) / MINUTE if one.mitigated else None,
        )
        for one in incidents
        if one.stated_minutes is not None and one.resolved is not None
    ]
