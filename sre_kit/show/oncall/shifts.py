"""
On call for readers: who carries the pager, whether anybody does, what it asks of each, and how a page climbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sre_kit.compute.oncall.duty import HOUR_CLASSES, Load
from sre_kit.compute.oncall.interruption import Interruptions
from sre_kit.compute.oncall.pager_cover import gap_groups, gap_words
from sre_kit.compute.oncall.plan import WEEK, OnCall, Person, Schedule, Shift
from sre_kit.compute.oncall.rota_checks import ADVICE, RotaReview
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.compute.walltime import zone
from sre_kit.show.artifact import Artifact
from sre_kit.show.chart import COLOURS, Chart, figure, named
from sre_kit.show.shown import Note, Record, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, span, utc

ROTA_GAP: Final = Gap("who is on call", "DevOps Engineer", "params: oncall.rotations")
HOUR: Final = timedelta(hours=1)
MEDIA: Final = {"ics": "text/calendar", "json": "application/json", "csv": "text/csv"}
TABLES: Final = {
    "oncall.json": "the whole rota, with open turns and changes",
    "oncall.csv": "the whole rota, a row a shift",
}
HOURS_A_WEEK: Final = {"work": 50, "off": 48, "night": 70}


def rota(schedule: Schedule, oncall: OnCall) -> Table:
    """The turns of all layers side by side, in UTC and on the clock of the rotation, with what was changed and why."""
    where = zone(oncall.rotations[0].zone) if oncall.rotations else None
    primary = [s for s in schedule.shifts if s.layer == "primary"]
    rows: list[Sequence[Inline]] = [
        (
            utc(s.start),
            f"{s.start.astimezone(where):%a %d %b %H:%M}",
            number(s.length / HOUR) + " h",
            Strong(s.person),
            _during(schedule, s, "secondary"),
            _during(schedule, s, "shadow"),
            s.why or MISSING,
        )
        for s in primary
    ]
    rows += [(utc(u.start), MISSING, MISSING, Strong("NOBODY"), u.layer, MISSING, u.reason) for u in schedule.unfilled]
    zone_name = oncall.rotations[0].zone if oncall.rotations else "local"
    columns = ("From (UTC)", f"From ({zone_name})", "Length", "Primary", "Secondary", "Shadow", "Changed")
    return Table(
        columns,
        rows,
        source="params: oncall, turns in wall time of the rotation, converted once to UTC",
        note=Lines(
            [
                "Where two rules meet the stronger wins: rotation, then repair of an absence, then override.",
                *_rules(oncall),
            ]
        ),
        gaps=() if rows else (ROTA_GAP,),
    )


def _rules(oncall: OnCall) -> list[Inline]:
    """How turns are given out, in words."""
    if not oncall.rotations:
        return []
    order = "by the solver, close to the plain order" if oncall.assignment == "cpsat" else "in the order of the members"
    row = f"at most {oncall.maximum_in_a_row} in a row"
    limits = [f"Turns go {order}", f"{span(oncall.minimum_rest)} of rest between turns that do not touch", row]
    if oncall.maximum_share is not None:
        limits.append(f"at most {percent(oncall.maximum_share, 0)} of the primary hours for one person")
    if oncall.share_holidays:
        limits.append("public holidays are shared out")
    words: list[Inline] = [f"{'; '.join(limits)}."]
    limited = [(one.name, one.zone, one.restrictions) for one in oncall.rotations]
    limited += [(one.name, one.zone, one.restrictions) for one in oncall.people]
    for name, zone_name, restrictions in limited:
        if restrictions:
            hours = "; ".join(f"{_days(r.days)} {r.begins} to {r.ends}" for r in restrictions)
            words.append(f"{name}: only {hours} ({zone_name}).")
    return words


def _days(days: Sequence[str]) -> str:
    """
    Days of the week, as a range where they follow one another.

    >>> _days(["MON", "TUE", "WED"]), _days(["SAT", "MON"])
    ('Mon-Wed', 'Mon, Sat')
    """
    places = sorted({WEEK.index(day) for day in days})
    names = [WEEK[place].capitalize() for place in places]
    if len(names) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{names[0]}-{names[-1]}"
    return ", ".join(names)


def rota_changes(schedule: Schedule, oncall: OnCall) -> Table:
    """Absences, overrides and what each did to the plain rotation."""
    rows: list[Sequence[Inline]] = [
        ("absence", a.person, utc(a.start), utc(a.end), a.reason or MISSING) for a in oncall.absences
    ]
    rows += [("override", o.person, utc(o.start), utc(o.end), o.reason or MISSING) for o in oncall.overrides]
    return Table(
        ("What", "Who", "From", "Until", "Reason"),
        rows,
        note=Lines(list(schedule.changes)) if schedule.changes else "",
        empty="No absence and no override is known for the horizon.",
    )


def rota_checks(review: RotaReview) -> Table:
    """Each rule that a rota must keep, and what breaks it; swept over the exported calendar."""
    rows: list[Sequence[Inline]] = [
        (rule, _state(rule, found), Lines(list(found)) if found else MISSING) for rule, found in review.problems.items()
    ]
    if not review.coverage:
        return Table(("Rule", "State"), [], gaps=(ROTA_GAP,))
    covered = "; ".join(f"{c.layer} {percent(c.share)}" for c in review.coverage)
    span_words = f"{utc(review.coverage[0].start)} to {utc(review.coverage[0].end)}"
    gaps = [group for one in review.coverage for group in gap_groups(one.gaps)]
    return Table(
        ("Rule", "State", "What breaks it"),
        rows,
        source=f"sweep over oncall.ics, {span_words}; covered: {covered}",
        findings=tuple(
            Finding(5, sum((g.end - g.start) / HOUR for g in group), f"on call, {gap_words(group)}") for group in gaps
        ),
        records=tuple(Record(f"oncall.{c.layer}_coverage", c.share, "ratio", "oncall.ics") for c in review.coverage),
    )


def clock_changes(review: RotaReview) -> Table:
    """When the rotation's clock changes, and the length of the shift that holds it."""
    rows: list[Sequence[Inline]] = [
        (
            change.zone,
            utc(change.at),
            f"{change.by / HOUR:+g} h",
            f"{held.person}, {number(held.length / HOUR)} h" if held else "beyond this rota",
        )
        for change, held in review.clock_changes
    ]
    return Table(
        ("Zone", "At", "Clock moves", "Shift that holds it"),
        rows,
        empty="The rotation's clock does not change within a year." if review.coverage else "",
        gaps=() if review.coverage else (ROTA_GAP,),
    )


def pager_loads(review: RotaReview) -> Table:
    """What the rota asks of each person, people without a shift included."""
    rows: list[Sequence[Inline]] = [
        (
            load.person.name,
            load.person.zone,
            f"{load.primary} / {load.secondary}" + (f" (+{load.shadow} shadow)" if load.shadow else ""),
            number(load.primary_hours),
            number(load.night_hours),
            str(load.weekend_days),
            Lines(list(load.holidays)) if load.holidays else "0",
            f"{percent(load.share, 0)} ({percent(load.expected, 0)})",
            _pages(load),
        )
        for load in review.loads
    ]
    return Table(
        ("Person", "Zone", "Primary / secondary turns", "Primary hours", "Nights, hours", "Weekend days",
         "Public holidays", "Share (fair)", "Incidents answered (at night)"),
        rows,
        source="oncall.ics; nights are 22-08 on the person's clock, holidays those of the person's country, "
        "expected by working time, incidents from the log",
        gaps=() if rows else (Gap("the people of the rota", "Head of Engineering", "params: oncall.people"),),
    )  # fmt: skip


def interruptions(load: Sequence[Interruptions], zone_name: str) -> Table:
    """When incidents interrupt, beside the share of the week that these hours are, and how soon they are answered."""
    total = sum(one.count for one in load)
    rows: list[Sequence[Inline]] = [
        (
            one.hours,
            HOUR_CLASSES[one.hours],
            str(one.count),
            percent(one.count / total, 0),
            percent(HOURS_A_WEEK[one.hours] / 168, 0),
            _answered(one),
        )
        for one in load
        if total
    ]
    own = sum(one.own_clock for one in load)
    return Table(
        ("Hours", "When", "Incidents", "Share", "Share of the week", "Alert to acknowledgement, median (95 %)"),
        rows,
        source=f"incident log, time of detection, {_clocks(own, total, zone_name)}" if total else "",
        empty="No incident is known for the window.",
    )


def _clocks(own: int, total: int, zone_name: str) -> str:
    """On whose clock the hours were counted."""
    if own == total:
        return "on the clock of the responder"
    if not own:
        return f"on the clock of {zone_name}"
    return f"{own} of {total} on the clock of the responder, the others on that of {zone_name}"


def _answered(one: Interruptions) -> str:
    """Median of the waits with its interval and n; no median below five, because it would be an anecdote."""
    if one.median is None or one.interval is None:
        return f"n = {one.acknowledged}, too few" if one.acknowledged else MISSING
    low, high = (span(timedelta(minutes=round(value))) for value in one.interval)
    return f"{span(timedelta(minutes=round(one.median)))} ({low} to {high}), n = {one.acknowledged}"


def plot_pager_loads(review: RotaReview) -> Chart | Note:
    """Primary hours per person, nights marked, with the share that working time would give."""
    if not review.loads:
        return Note("Nobody is on the rota, so there is no load to draw.")
    drawn, axes = figure(8, 2.6)
    loads = list(review.loads)
    places = range(len(loads))
    days = [load.primary_hours - load.night_hours for load in loads]
    axes.barh(places, [load.night_hours for load in loads], color=COLOURS["blue"], label="nights")
    axes.barh(places, days, left=[load.night_hours for load in loads], color=COLOURS["sky"], label="days")
    total = sum(load.primary_hours for load in loads)
    axes.plot([load.expected * total for load in loads], places, "|", color=COLOURS["red"], markersize=14, label="fair")
    named(axes.yaxis, places, [load.person.name for load in loads])
    axes.tick_params(axis="y", labelsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("hours as primary")
    axes.legend(frameon=False, fontsize=7, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    rows: list[Sequence[Inline]] = [
        (load.person.name, number(load.primary_hours), number(load.expected * total)) for load in loads
    ]
    table = Table(("Person", "Primary hours", "Fair by working time"), rows, note=loads_conclusion(review))
    return Chart(drawn, name="on-call-load", alt=loads_conclusion(review), data=table)


def loads_conclusion(review: RotaReview) -> str:
    """The chart in one sentence: who carries most, who least."""
    if not review.coverage:
        return "No rota is decided, so nobody knows who carries the pager."
    carrying = [load for load in review.loads if load.primary_hours]
    if not carrying:
        return "Nobody carries the pager in this rota."
    most = max(carrying, key=lambda load: load.primary_hours)
    least = min(carrying, key=lambda load: load.primary_hours)
    if most.primary_hours == least.primary_hours and len(carrying) > 1:
        return f"All {len(carrying)} who carry the pager carry the same primary hours ({number(most.primary_hours)})."
    return (
        f"{most.person.name} carries most primary hours ({number(most.primary_hours)}), {least.person.name} least "
        f"({number(least.primary_hours)}); turns differ by "
        f"{max(load.primary for load in carrying) - min(load.primary for load in carrying)}."
    )


def calendars(files: Mapping[str, str]) -> Stack:
    """The rota as files: calendars for everybody and for each person, and tables for other tools."""
    about = {"oncall.ics": "the whole rota", **TABLES}
    return Stack(
        *(
            Artifact(
                name=name,
                content=content,
                media_type=MEDIA[name.rsplit(".", 1)[-1]],
                about=about.get(name, "one person's shifts"),
            )
            for name, content in files.items()
        )
    )


def on_call_now(schedule: Schedule, as_of: datetime, people: Sequence[Person] = ()) -> Note:
    """Who has the pager at the report time, and until when, also on the clock of each of `people`."""
    held = [s for s in schedule.shifts if s.start <= as_of < s.end]
    if not held and not schedule.shifts:
        return Note.gap(ROTA_GAP)
    if not held:
        return Note([Strong(f"Nobody is on call at {utc(as_of)}."), " See the gaps of the rota below."])
    zones = {person.name: person.zone for person in people}
    words = "; ".join(f"{s.layer}: {s.person} until {utc(s.end)}{_own_clock(s, zones)}" for s in held)
    return Note([Strong(f"On call at {utc(as_of)}:"), f" {words}."])


def _own_clock(shift: Shift, zones: Mapping[str, str]) -> str:
    """The end of a shift on the clock of its person, where that is not UTC."""
    name = zones.get(shift.person, "UTC")
    return "" if name == "UTC" else f" ({shift.end.astimezone(zone(name)):%a %H:%M} {name})"


def _state(rule: str, found: Sequence[str]) -> Inline:
    if not found:
        return "kept"
    return "advice" if rule == ADVICE else Strong("broken")


def _during(schedule: Schedule, shift: Shift, layer: str) -> Inline:
    others = [s for s in schedule.shifts if s.layer == layer and s.start < shift.end and s.end > shift.start]
    return Lines(list(dict.fromkeys(s.person for s in others))) if others else MISSING


def _pages(load: Load) -> str:
    return MISSING if load.pages is None else f"{load.pages} ({load.night_pages})"
