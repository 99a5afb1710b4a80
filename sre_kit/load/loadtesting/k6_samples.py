"""
k6's samples: ``--out csv`` and ``--out json`` (NDJSON), one row for each sample of each metric; values in milliseconds.

One request writes some nine rows, one per metric: only ``http_req_duration`` is a request. The CSV header grew over
the versions, so columns are found by name; its times are whole seconds unless K6_CSV_TIME_FORMAT says otherwise.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import Samples, epoch, moment, number, part, sampled

NAME: Final = "k6 samples (--out csv, --out json)"

_CSV: Final = b"metric_name,timestamp,metric_value"
_DIVISORS: Final = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Larger than the first is counted in the second of a second: nanoseconds, microseconds, milliseconds."""


@dataclass
class _Run:
    samples: Samples = field(default_factory=Samples)
    failed: int | None = None
    users: float | None = None
    dropped: bool = False
    scenarios: dict[str, None] = field(default_factory=dict)
    first: datetime | None = None
    unread: int = 0
    undated: bool = False


def fits(head: bytes) -> bool:
    """The CSV's first columns, or a first line that is a metric or a point of k6."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    first = text.partition(b"\n")[0]
    point = b'"type":"Metric"' in first.replace(b" ", b"") or b'"type":"Point"' in first.replace(b" ", b"")
    return text.startswith(_CSV) or (text.startswith(b"{") and point and b'"metric"' in first)


def read(path: Path) -> LoadTest:
    """
    The run that the samples make.

    Raises
    ------
    DataError
        No row of it is a request.
    """
    run = _Run()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        begins = opened.read(1)
        opened.seek(0)
        for row in _lines(opened, run) if begins == "{" else csv.DictReader(opened):
            _take(run, row)
    if not len(run.samples):
        raise DataError(f"{path.name}: k6 samples without http_req_duration; the run made no HTTP request")
    notes = []
    if not run.dropped:
        notes.append("closed loop taken from the absence of dropped_iterations; the samples do not name the executor")
    if run.unread:
        notes.append(f"{run.unread:,} line(s) could not be read and are left out")
    return sampled(
        path,
        "k6",
        run.samples,
        load=run.users,
        model="open" if run.dropped else "closed",
        scenario=", ".join(run.scenarios) if set(run.scenarios) != {"default"} else "",
        began=run.first,
        errors=run.failed,
        notes=notes,
    )


def _lines(opened: Iterator[str], run: _Run) -> Iterator[Mapping[str, Any]]:
    """Points of the NDJSON with the words of the CSV."""
    for line in opened:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            run.unread += 1
            continue
        if isinstance(found, dict) and found.get("type") == "Point":
            data = part(found, "data")
            row = dict(part(data, "tags"))
            row |= {"metric_name": found.get("metric"), "metric_value": data.get("value")}
            yield row | {"timestamp": data.get("time")}


def _take(run: _Run, row: Mapping[str, Any]) -> None:
    match row.get("metric_name"):
        case "http_req_duration":
            _take_request(run, row)
        case "http_req_failed":
            run.failed = (run.failed or 0) + (number(row.get("metric_value")) == 1)
        case "vus" | "vus_max":
            run.users = max(run.users or 0.0, number(row.get("metric_value")) or 0.0) or None
        case "dropped_iterations":
            run.dropped = True
        case _:
            return


def _take_request(run: _Run, row: Mapping[str, Any]) -> None:
    spent, at = number(row.get("metric_value"), 1e-3), _moment(row.get("timestamp"))
    if spent is None or spent < 0 or at is None:
        run.unread += 1
        return
    run.first = at if run.first is None else min(run.first, at)
    run.scenarios.setdefault(str(row.get("scenario") or "default"))
    # a sample is stamped when its request has ended
    name = str(row.get("name") or row.get("url") or "http")
    run.samples.add(name, spent, str(row.get("expected_response")) == "false", at.timestamp() - spent)


def _moment(written: object) -> datetime | None:
    value = number(written)
    if value is None:
        return moment(written)
    return epoch(value, next((factor for above, factor in _DIVISORS if value > above), 1.0))
