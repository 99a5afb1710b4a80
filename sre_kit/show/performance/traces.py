"""
Traces for readers: what each operation waits for, and what a faster service would save.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.performance.traces import OperationPath, TraceSet
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import number, percent, span

TRACES_GAP: Final = Gap("the critical path of each operation", "DevOps Engineer", "params: performance.traces")
SERVICES_SHOWN: Final = 6


def critical_paths(paths: Sequence[OperationPath], traces: TraceSet) -> Shown:
    """The services on each operation's critical path, with the saving if one took half as long."""
    if not paths:
        return Note.gap(*(traces.gaps or (TRACES_GAP,)))
    rows: list[Sequence[Inline]] = []
    records = []
    for one in paths:
        for part in one.shares[:SERVICES_SHOWN]:
            doing = ", ".join(part.operations[:2]) + (" …" if len(part.operations) > 2 else "")
            saved = f"{span(part.saving)} ({percent(part.saving / one.mean, 1)})"
            rows.append((one.operation, part.service, doing, percent(part.share, 1), span(part.seconds), saved))
        p95 = span(one.p95) if one.p95 is not None else f"not from {one.requests}"
        about = f"{number(one.requests)} requests, p50 {span(one.p50)}, p95 {p95}"
        rows.append((one.operation, Strong("all"), about, percent(1, 1), span(one.mean), ""))
        first = one.shares[0]
        records.append(Record(f"traces.{one.operation}.{first.service}.share", first.share, "ratio", traces.source))
    left, moved = sum(one.asynchronous for one in paths), sum(one.shifted for one in paths)
    notes = ["Own time on the critical path; the saving keeps who waits for whom as it was"]
    if left:
        notes.append(f"{left:,} span(s) outlived their parent or followed from it and were not waited for")
    if moved:
        notes.append(f"{moved:,} span(s) began before their parent: their clock was moved into it")
    return Table(
        ("Operation", "Service", "Doing", "Share", "Time, mean", "If it took half as long"),
        rows,
        source=traces.source,
        note="; ".join(notes) + ".",
        records=records,
        gaps=traces.gaps,
    )
