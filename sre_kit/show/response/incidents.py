"""
Incidents for readers: the ladder, the log and what was put aside, how often, how long, and what numbers allow to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.response.reliability import UNLIKELY, IncidentStatistics, StatedDuration, Times
from sre_kit.compute.statistics import Interval
from sre_kit.compute.trends import VERDICT_FROM, Chance, DurationComparison, RateComparison
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.chart import COLOURS, Chart, figure, named
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, span, utc

LOG_GAP: Final = Gap("the incident log", "DevOps Engineer", "params: history.incidents")
HOUR: Final = timedelta(hours=1)


def incident_counts(stats: IncidentStatistics, log: IncidentLog) -> Shown:
    """What the log holds in the window: counts first, then downtime, each with its definition."""
    if stats.gap:
        return Note.gap(Gap(LOG_GAP.what, LOG_GAP.ask, LOG_GAP.expected_in, stats.gap))
    low, high = stats.mtbf_interval
    mtbf = (
        f"{_hours(stats.mtbf)} (95 %: {_hours(low)} to {_hours(high) if high else 'unlimited'})"
        if stats.mtbf
        else f"longer than {_hours(low)} (95 %, rule of three)"
    )
    rows: list[Sequence[Inline]] = [
        ("Incidents", str(stats.count), "began in the window; " + stats.population),
        ("Open", str(stats.open), "not resolved at the report time; censored, not dropped"),
        ("MTBF", mtbf, f"start to start: observed time / incidents, n = {stats.count}, exact Poisson interval"),
        (
            "Time with an incident",
            f"{number(stats.downtime / HOUR)} h",
            f"union of the intervals; overlaps counted twice it would be {number(stats.naive_downtime / HOUR)} h",
        ),
        (
            "Weighted by failed requests",
            f"{number(stats.weighted_downtime / HOUR)} h" if stats.weighted_downtime is not None else MISSING,
            f"duration x failed share, n = {stats.weighted_n}; partial impact is not full downtime",
        ),
        (
            "Time without an incident",
            percent(stats.availability),
            "1 - union / observed time; below the availability that requests show, because incidents are partial",
        ),
    ]
    aside = f"{len(log.quarantine)} rows put aside, {len(log.maintenance)} maintenance, "
    aside += f"{len(log.others)} drills and notices"
    return Table(
        ("What", "Value", "Definition"),
        rows,
        source=f"{log_source(log)}, {utc(stats.start)} to {utc(stats.end)}",
        note=f"Left out of every number, in the whole log: {aside}, {log.later_than_as_of} later than the report."
        + _silent(stats),
        records=_records(stats),
    )


def _silent(stats: IncidentStatistics) -> str:
    """A sentence on a silence that chance does not explain."""
    quiet = stats.silence
    if quiet is None:
        return ""
    return (
        f" Nothing began after {utc(quiet.since)}, for {span(quiet.length)}. At the rate until then so long a silence "
        f"has a probability below {percent(UNLIKELY, 1)}: the log may be older than this report, and then all rates "
        "here are too low."
    )


def incident_times(stats: IncidentStatistics) -> Shown:
    """MTTD, MTTA, MTTM and MTTR: median and 90th percentile first, the mean last and only where n allows."""
    all_times = (stats.ttd, stats.tta, stats.ttm, stats.ttr)
    rows: list[Sequence[Inline]] = [
        (
            t.name,
            t.definition,
            _population(t),
            with_interval(t.median, t.median_interval),
            with_interval(t.p90, t.p90_interval),
            with_interval(t.mean, t.mean_interval) if t.mean is not None else "not given",
        )
        for t in all_times
    ]
    running = any(t.still_running for t in all_times)
    words = "Mean: log-normal with Cox's interval, from five values on and only where nothing is open. "
    words += "Where incidents are open, median and p90 are Kaplan-Meier's." if running else ""
    return Table(
        ("Time", "From, to", "n", "Median (95 %)", "p90 (95 %)", "Mean (95 %)"),
        rows if stats.count else [],
        source="" if stats.gap else f"{stats.source}, clock {stats.clock!r}; {stats.population}",
        note="" if stats.gap else words.strip(),
        empty="No incident began in the window." if not stats.gap else "",
        gaps=tuple(
            Gap(f"{t.name} ({t.definition})", "On-call engineer", "the incident log", "no record has both times")
            for t in all_times
            if stats.count and not t.n and not t.still_running and not t.zero
        ),
    )


def incident_trends(stats: IncidentStatistics) -> Note:
    """What the second half of the window says against the first, and what chance alone would do."""
    paragraphs: list[Inline | Sequence[Inline]] = []
    rate, lengths, chance = stats.rate_trend, stats.duration_trend, stats.chance
    if rate is not None:
        paragraphs.append(rate_words(rate, "Second half against first half of the window"))
    if lengths is not None and lengths.p is not None:
        paragraphs.append(duration_words(lengths))
    if chance is not None:
        paragraphs.append(chance_words(chance))
    return Note(*paragraphs)


def rate_words(rate: RateComparison, what: str) -> str:
    """Two counts and the verdict, or that there is none below twenty."""
    words = f"{what}: {rate.later} incidents against {rate.earlier}"
    if not rate.verdict:
        return f"{words}; below {VERDICT_FROM} incidents there is no verdict."
    words += f"; {rate.verdict} (conditional binomial p = {rate.p:.2g}"
    if rate.adjusted_p is not None:
        words += f"; counts cluster, dispersion {rate.dispersion:.2g}, so p = {rate.adjusted_p:.2g} decides"
    return words + ")."


def duration_words(lengths: DurationComparison) -> str:
    """Two samples of durations, the ratio of their medians, the verdict, and what so few could show."""
    words = f"Durations: {lengths.later} against {lengths.earlier} resolved"
    if lengths.median_ratio is not None:
        words += f", ratio of medians {number(lengths.median_ratio)}{_ratio_interval(lengths.median_interval)}"
    if lengths.verdict and lengths.p is not None:
        words += f"; {lengths.verdict} (Mann-Whitney p = {lengths.p:.2g})."
    else:
        words += "; too few for a verdict."
    if lengths.power is not None:
        seen = percent(lengths.power, 0)
        words += f" With so many incidents a real reduction by 30 % would be seen with probability {seen}."
    return words


def chance_words(chance: Chance) -> str:
    """What the mean does where nothing changes."""
    return (
        f"Chance alone: with {chance.n} incidents in each of two such windows and nothing changed, the mean duration "
        f"moves by 10 % or more from one to the next with probability {percent(chance.moved, 0)}; nine of ten lie "
        f"between {chance.low:.2f} and {chance.high:.2f} times the window before."
    )


def plot_incidents(stats: IncidentStatistics, log: IncidentLog) -> Chart | Note:
    """Starts per month, and every resolved incident's duration on a logarithmic axis."""
    from matplotlib.ticker import LogFormatter, StrMethodFormatter

    if stats.gap:  # without a log there is no count, not a count of none
        return Note(incidents_conclusion(stats))
    drawn, axes = figure(8, 3)
    months = list(stats.per_month)
    counts = [stats.per_month[month] for month in months]
    axes.bar(range(len(months)), counts, color=COLOURS["sky"], label="incidents begun")
    step = max(1, len(months) // 12)
    named(axes.xaxis, range(0, len(months), step), months[::step])
    axes.tick_params(axis="x", labelsize=7)
    axes.set_ylabel("incidents begun")
    right = axes.twinx()
    chosen = [i for i in log.incidents if stats.start <= i.began < stats.end and i.duration]
    position = {month: index for index, month in enumerate(months)}
    places = [position[f"{i.began:%Y-%m}"] + (i.began.day - 16) / 40 for i in chosen]
    lengths = [(i.duration or timedelta(0)) / timedelta(minutes=1) for i in chosen]
    right.plot(places, lengths, "o", color=COLOURS["red"], markersize=3.5, label="minutes to resolve")
    right.set_ylabel("minutes to resolve (log)")
    right.spines[["top"]].set_visible(False)
    handles = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="upper left", frameon=False, fontsize=7)
    if any(length > 0 for length in lengths):
        right.set_yscale("log")
        # numbers, not powers of ten, which have to be typeset
        right.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        right.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False))
    rows: list[Sequence[Inline]] = [(month, str(count)) for month, count in zip(months, counts, strict=True)]
    return Chart(
        drawn,
        name="incidents",
        alt=incidents_conclusion(stats),
        data=Table(("Month", "Incidents begun"), rows[-15:], note=incidents_conclusion(stats)),
    )


def incidents_conclusion(stats: IncidentStatistics) -> str:
    """The chart in one sentence: the verdict on the rate, and how long half of them last."""
    if stats.gap:
        return "No incident log was read, so nothing is known about incidents."
    verdict = stats.rate_trend.verdict if stats.rate_trend else ""
    middle = (
        f"half are resolved within {_minutes(stats.ttr.median)}" if stats.ttr.median is not None else "none is resolved"
    )
    tail = f", one in ten takes longer than {_minutes(stats.ttr.p90)}" if stats.ttr.p90 is not None else ""
    verdict = verdict or "too few for a verdict on the rate"
    return f"{stats.count} incidents began in the window: {verdict}; {middle}{tail}."


def open_incidents(log: IncidentLog, as_of: datetime) -> Table:
    """What is not resolved, the oldest first."""
    rows: list[Sequence[Inline]] = [
        (i.id, i.title, i.severity or i.impact or MISSING, utc(i.began), span(as_of - i.began), i.responder or MISSING)
        for i in log.incidents
        if i.open
    ]
    return Table(
        ("Incident", "Title", "Level", "Began", "Open for", "Responder"),
        rows,
        empty="" if log.gap else "No incident is open.",
        gaps=(LOG_GAP,) if log.gap else (),
    )


def quarantine(log: IncidentLog, most: int = 30) -> Table:
    """Rows of the log that cannot be used, each with where it stands and why; counted in no number."""
    if log.gap and not log.quarantine:
        return Table(("Row", "Why it is put aside"), [], gaps=(LOG_GAP,))
    rows: list[Sequence[Inline]] = [(q.origin, q.id or MISSING, q.reason) for q in log.quarantine[:most]]
    more = len(log.quarantine) - len(rows)
    return Table(
        ("Row", "Incident", "Why it is put aside"),
        rows,
        note=f"{more} more are not listed." if more > 0 else "",
        empty="No row of the log had to be put aside.",
    )


def stated_durations(found: Sequence[StatedDuration]) -> Table:
    """Durations as written beside what the timestamps give on each clock."""
    rows: list[Sequence[Inline]] = [
        (
            s.incident.id,
            s.incident.stated,
            _minutes(s.resolved_minutes),
            _minutes(s.mitigated_minutes),
            s.likely_meant if s.agrees else Strong(s.likely_meant),
        )
        for s in found
    ]
    differ = sum(not s.agrees for s in found)
    return Table(
        ("Incident", "Stated", "resolved - began", "mitigated - began", "The writer counted"),
        rows,
        note=f"{differ} of {len(found)} stated durations differ from resolved - began by more than a tenth "
        "and five minutes; the timestamps count."
        if rows
        else "",
        empty="No record states a duration beside its timestamps.",
    )


def incident_source(log: IncidentLog) -> Table:
    """Where the incidents come from: rows, columns that were read, clock, what was left out."""
    if log.gap:
        return Table(("Log", "Rows"), [], gaps=(Gap(LOG_GAP.what, LOG_GAP.ask, LOG_GAP.expected_in, log.gap),))
    columns: list[Inline] = [f"{ours}: {theirs}" for ours, theirs in log.columns.items() if ours != theirs]
    left_out = f"{len(log.quarantine)} put aside, {len(log.maintenance)} maintenance, {len(log.others)} other, "
    left_out += f"{log.later_than_as_of} later than the report"
    return Table(
        ("Log", "Read as", "Rows", "Used", "Left out", "Clock", "Columns read"),
        [
            (
                log.source,
                log.format or MISSING,
                str(log.rows),
                str(len(log.incidents)),
                left_out,
                log.clock,
                Lines(columns) if columns else MISSING,
            )
        ],
        note=f"Marked in the records that are used: {marks}." if (marks := _marks(log)) else "",
    )


def _marks(log: IncidentLog, most: int = 6) -> str:
    """What is odd about used records, with how often it is, the most frequent first."""
    counted = Counter(flag for one in log.incidents for flag in one.flags).most_common(most)
    return "; ".join(f"{flag} ({count})" for flag, count in counted)


def reliability(stats: IncidentStatistics, log: IncidentLog) -> Stack:
    """Counts, times and trends, one below the other."""
    return Stack(incident_counts(stats, log), incident_times(stats), incident_trends(stats))


def _records(stats: IncidentStatistics) -> tuple[Record, ...]:
    window = f"{utc(stats.start)} to {utc(stats.end)}"
    values: tuple[tuple[str, float | int | None, str], ...] = (
        ("count", stats.count, "incidents"),
        ("open", stats.open, "incidents"),
        ("mttd_median_minutes", stats.ttd.median, "min"),
        ("mtta_median_minutes", stats.tta.median, "min"),
        ("mttr_median_minutes", stats.ttr.median, "min"),
        ("mttr_p90_minutes", stats.ttr.p90, "min"),
        ("mtbf_hours", stats.mtbf / HOUR if stats.mtbf else None, "h"),
        ("downtime_hours", stats.downtime / HOUR, "h"),
    )
    return tuple(Record(f"incidents.{name}", value, unit, stats.source, window) for name, value, unit in values)


def _population(times: Times) -> str:
    parts = [str(times.n)]
    if times.still_running:
        parts.append(f"{times.still_running} open")
    if times.missing:
        parts.append(f"{times.missing} without the milestone")
    if times.zero:
        parts.append(f"{times.zero} of zero length")
    return ", ".join(parts)


def with_interval(value: float | None, interval: Interval | None) -> str:
    """Minutes and their interval, in units that people read."""
    if value is None:
        return "not reached" if interval is not None else MISSING
    if interval is None:
        return _minutes(value)
    return f"{_minutes(value)} ({_minutes(interval.low)} to {_minutes(interval.high)})"


def _ratio_interval(interval: Interval | None) -> str:
    return f" (95 %: {interval.low:.2g} to {interval.high:.2g})" if interval else ""


def _minutes(value: float | None) -> str:
    if value is None:
        return MISSING
    return (
        "longer than observed"
        if value == float("inf")
        else span(timedelta(minutes=round(value)) if value >= 1 else value * 60)
    )


def _hours(value: timedelta) -> str:
    return f"{number(value / HOUR)} h"


def log_source(log: IncidentLog) -> str:
    """Name and clock of the log, for the line under a table."""
    return f"incident log {log.source or 'not configured'}, clock {log.clock or 'not known'!r}"
