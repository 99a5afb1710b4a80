"""Availability counted from incidents, per component and calendar period, against what was promised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.slo.timeslices import AvailabilityPromise, TimeSliceAvailability, promised_availability
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.store.places import anchor
from sre_kit.units import percent, span, target


def promised_availabilities(promises: Iterable[AvailabilityPromise], log: IncidentLog, as_of: datetime) -> Shown:
    """One table per promise; two readings side by side, because an incident is rarely a full outage."""
    tables = [_table(promise, log, as_of) for promise in promises]
    if tables:
        return Stack(*tables)
    return Note(
        "No availability is promised per component and calendar period, so none is counted from incidents here."
    )


def _table(promise: AvailabilityPromise, log: IncidentLog, as_of: datetime) -> Table:
    if log.gap:
        return Table(
            (), (), gaps=(Gap(f"availability under {promise.name}", "Operations", "the incident log", log.gap),)
        )
    rows = promised_availability(promise, log.incidents, as_of)
    named = [row for row in rows if row.component]
    nameless = [row for row in rows if not row.component and row.incidents]
    severe = " + ".join(promise.severe)
    note = (
        f"Promise: {target(promise.promise)} per calendar {promise.calendar} ({promise.zone}) and component; "
        f"clock: {log.clock}. Any impact counts every incident as full downtime, which is more than users saw; "
        f"{severe} counts only the severe ones. Overlaps are counted once; a running period is cut at the report time."
    )
    if nameless:
        note += f" {sum(row.incidents for row in nameless)} incidents name no component and are in no row."
    return Table(
        (
            "Component",
            "Period",
            "Incidents",
            "Availability, any impact",
            "Down, any impact",
            f"Availability, {severe}",
            f"Down, {severe}",
            f"{target(promise.promise)} kept",
        ),
        [_cells(row, promise) for row in named],
        source=f"{log.source}, {promise.name}" + (f" ({promise.source})" if promise.source else ""),
        note=note,
        empty="No incident touches these periods.",
        records=[record for row in named for record in _records(row)],
        findings=_findings(named, promise),
    )


def _cells(row: TimeSliceAvailability, promise: AvailabilityPromise) -> list[Inline]:
    if row.severe_availability < promise.promise:
        verdict: Inline = Strong("no, by either reading")
    elif row.availability < promise.promise:
        verdict = f"only if {' + '.join(promise.severe)} alone count"
    else:
        verdict = "yes"
    return [
        row.component,
        row.name,
        str(row.incidents),
        percent(row.availability, 3),
        span(row.any_impact),
        percent(row.severe_availability, 3),
        span(row.severe),
        verdict,
    ]


def _records(row: TimeSliceAvailability) -> list[Record]:
    name = f"timeslices.{anchor(row.component)}.{row.name}"
    window = f"{row.start:%Y-%m-%d} to {row.end:%Y-%m-%d}"
    return [
        Record(f"{name}.any_impact", row.availability, "ratio", "incident log", window),
        Record(f"{name}.severe", row.severe_availability, "ratio", "incident log", window),
    ]


def _findings(rows: list[TimeSliceAvailability], promise: AvailabilityPromise) -> list[Finding]:
    """The worst breach of each component by the reading that is kinder to us."""
    worst: dict[str, TimeSliceAvailability] = {}
    for row in rows:
        known = worst.get(row.component)
        if row.severe_availability < promise.promise and (
            known is None or row.severe_availability < known.severe_availability
        ):
            worst[row.component] = row
    return [
        Finding(
            1,
            float(promise.promise - row.severe_availability),
            f"{promise.name}: {row.component} had {percent(row.severe_availability, 3)} in {row.name}, "
            f"{target(promise.promise)} was promised ({' + '.join(promise.severe)} incidents alone)",
        )
        for row in worst.values()
    ]
