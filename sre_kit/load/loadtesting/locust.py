"""
Locust's CSV files: ``_stats`` (totals), ``_stats_history`` (users and times); milliseconds.

The row called "Aggregated" ("Total" up to 1.0) is the sum of the others and no request of its own. Columns changed
their names and number over the versions; N/A is missing. Users wait for their answers (a closed loop).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest, Operation
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import count, epoch, number, text_of

NAME: Final = "Locust (CSV)"

_SUMS: Final = ("Aggregated", "Total")
_LEVEL: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
_BESIDE: Final = (b"Method,Name,Error,Occurrences", b"Count,Message,Traceback")
_SUFFIX: Final = re.compile(r"_(stats_history|stats|requests)$")
_COLUMNS: Final = {
    "# requests": "Request Count", "# failures": "Failure Count", "Average response time": "Average Response Time",
    "Min response time": "Min Response Time", "Max response time": "Max Response Time",
    "Median response time": "Median Response Time", "Total Request Count": "Request Count",
    "Total Failure Count": "Failure Count", "Total Median Response Time": "Median Response Time",
    "Total Average Response Time": "Average Response Time", "Total Min Response Time": "Min Response Time",
    "Total Max Response Time": "Max Response Time",
}  # fmt: skip
"""What versions before 1.0 and the history call the columns."""


def fits(head: bytes) -> bool:
    """The header of any of its four files."""
    first = head.lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].replace(b'"', b"").strip()
    totals = b"Average Content Size" in first and (b",Name," in first)
    return totals or first.startswith(_BESIDE)


def read(path: Path) -> LoadTest:
    """
    The run in its totals or in its history.

    Raises
    ------
    DataError
        The file holds only failures or exceptions, or no request.
    """
    rows = list(csv.DictReader(text_of(path).splitlines()))
    columns = list(rows[0]) if rows else []
    if not rows or "Name" not in columns or "Error" in columns:
        raise DataError(f"{path.name}: Locust's failures or exceptions without its totals; name the _stats.csv instead")
    named = [{_COLUMNS.get(key, key): value for key, value in row.items() if key} for row in rows]
    return _of_history(path, named) if "Timestamp" in columns else _of_totals(path, named)


def joined(tests: Sequence[LoadTest]) -> list[LoadTest]:
    """Totals and history of one run made one: the first has the operations, the second users, times and duration."""
    histories = {one.name: one for one in tests if one.tool == "Locust" and one.began is not None}
    found = []
    for one in tests:
        history = histories.get(one.name) if one.tool == "Locust" else None
        if history is None or (history is one and not _has_totals(tests, one)):
            found.append(one)
        elif history is not one:
            origin = f"{one.origin}, {history.origin}"
            found.append(replace(one, load=history.load, began=history.began, origin=origin, notes=history.notes))
    return found


def beside(path: Path, others: Sequence[Path]) -> bool:
    """Whether `path` is a list of failures or exceptions whose totals are among `others`."""
    stem = re.sub(r"_(failures|exceptions)$", "", path.stem)
    return stem != path.stem and any(one.name == f"{stem}_stats.csv" for one in others)


def _has_totals(tests: Sequence[LoadTest], history: LoadTest) -> bool:
    return any(one.tool == "Locust" and one.name == history.name and one is not history for one in tests)


def _of_totals(path: Path, rows: Sequence[Mapping[str, str]]) -> LoadTest:
    whole = next((row for row in rows if row["Name"] in _SUMS), None)
    if whole is None or not count(whole.get("Request Count")):
        raise DataError(f"{path.name}: Locust's totals without a request; the run ended before its first answer")
    rate, requests = number(whole.get("Requests/s")), count(whole.get("Request Count")) or 0
    return replace(_run(path, whole), duration=requests / rate if rate else None, rate=rate, operations=tuple(
        Operation(
            name=" ".join(part for part in (row.get("Type") or row.get("Method"), row["Name"]) if part),
            requests=count(row.get("Request Count")),
            errors=count(row.get("Failure Count")),
            mean=number(row.get("Average Response Time"), 1e-3),
            quantiles=dict(_quantiles(row)),
        )
        for row in rows if row["Name"] not in _SUMS
    ))  # fmt: skip


def _of_history(path: Path, rows: Sequence[Mapping[str, str]]) -> LoadTest:
    whole = [row for row in rows if row["Name"] in _SUMS and count(row.get("Request Count"))]
    if not whole:
        raise DataError(f"{path.name}: Locust's history without a request; the run ended before its first answer")
    # the percentiles of a line are those of the last ten seconds: only its "Total" columns are of the run
    last = {key: value for key, value in whole[-1].items() if not _LEVEL.fullmatch(key)}
    began, ended = number(rows[0].get("Timestamp")), number(whole[-1].get("Timestamp"))
    duration = ended - began if began is not None and ended is not None and ended > began else None
    requests = count(last.get("Request Count")) or 0
    users = [users for row in rows if (users := number(row.get("User Count"))) is not None]
    return replace(
        _run(path, last),
        duration=duration,
        rate=requests / duration if duration else None,
        load=max(users, default=None),
        began=epoch(began),
    )


def _run(path: Path, row: Mapping[str, str]) -> LoadTest:
    """What totals and the last line of the history have in common."""
    return LoadTest(
        name=_SUFFIX.sub("", path.stem),
        tool="Locust",
        origin=path.name,
        requests=count(row.get("Request Count")),
        errors=count(row.get("Failure Count")),
        duration=None,
        rate=None,
        quantiles=dict(_quantiles(row)),
        mean=number(row.get("Average Response Time"), 1e-3),
        minimum=number(row.get("Min Response Time"), 1e-3),
        maximum=number(row.get("Max Response Time"), 1e-3),
        model="closed",
        coordinated_omission=True,
        notes=("Locust: closed loop, users wait for their answers; its percentiles are rounded to two digits",),
    )


def _quantiles(row: Mapping[str, str]) -> Iterator[tuple[float, float]]:
    if (median := number(row.get("Median Response Time"), 1e-3)) is not None:
        yield 0.5, median
    for key, value in row.items():
        found, spent = _LEVEL.fullmatch(key), number(value, 1e-3)
        if found and spent is not None and float(found[1]) < 100:
            yield round(float(found[1]) / 100, 8), spent
