"""
Incident logs as tools export them, each source a module of its own; the content decides which one a file is from.

What cannot be used is put aside in sight, never dropped; what lies after the report time is left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sre_kit.compute.incidents import Incident, IncidentLog, Quarantined
from sre_kit.compute.walltime import zone as zone_of
from sre_kit.errors import ParameterError
from sre_kit.load.incident_logs import (
    alertmanager,
    cstate,
    github_issues,
    google_cloud,
    opsgenie,
    pagerduty,
    pagerduty_analytics,
    postmortem_pages,
    prometheus_alerts,
    statuspage,
)
from sre_kit.load.incident_logs.opening import Row, header, records
from sre_kit.load.incident_logs.shape import CLOCKS, Reading, incident, reading
from sre_kit.load.incident_logs.times import Refused
from sre_kit.store import regular

MAX_BYTES: Final = 200_000_000
SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".csv", ".md", ".markdown")
"""Files of a folder that are read; the others are none of ours."""
NOT_RECORDS: Final = ("readme", "_index", "index", "template")
"""Names of pages that describe a folder and record nothing."""


class Source(Protocol):
    """A tool whose export is understood: how to know it, and its rows in our words."""

    NAME: str
    COLUMNS: Mapping[str, str]
    """Our word -> what is read for it, in the words of the tool."""

    def fits(self, row: Row) -> bool:
        """Whether a row is from this tool."""

    def rows(self, found: Iterable[Row | Quarantined], as_of: datetime) -> Iterator[Row | Quarantined]:
        """The rows in our words."""


SOURCES: Final[tuple[Source, ...]] = (
    alertmanager,
    prometheus_alerts,
    pagerduty_analytics,
    pagerduty,
    opsgenie,
    google_cloud,
    github_issues,
    statuspage,
    cstate,
    postmortem_pages,
)


def incident_log(path: Path, *, as_of: datetime, clock: str = "began", zone: str = "") -> IncidentLog:
    """
    The incidents of a file, or of all files of a folder, up to `as_of`, on one clock.

    Parameters
    ----------
    path
        An export of a tool of `SOURCES`, or JSON lines, JSON or CSV with the usual column names.
    clock
        "announced" or "began": the first times the record gives; "downtime": what users felt, where it says.
    zone
        IANA zone of times without one; empty: such rows are put aside.

    Notes
    -----
    A file that is missing or unreadable gives an empty log with `gap` set. Rows are put aside with a reason for: no
    or a naive beginning, milestones out of order, an id seen before, or text that is no record.
    """
    if clock not in CLOCKS:
        raise ParameterError(f"incidents.clock {clock!r}; allowed: {', '.join(CLOCKS)}")
    where = zone_of(zone) if zone else None
    texts: list[tuple[str, str]] = []
    for file in _files(path):
        text, gap = _text(file)
        if gap:
            return IncidentLog((), source=path.name, gap=gap)
        texts.append((file.relative_to(path).as_posix() if path.is_dir() else file.name, text))
    if not texts:
        return IncidentLog((), source=path.name, gap=f"the folder {path.name} holds no {', '.join(SUFFIXES)}")
    sorting = _Sorting(as_of, clock, where)
    for name, text in texts:
        sorting.read(text, name)
    return sorting.log(path.name, header(texts[0][1], texts[0][0]))


def tells_downtime(path: Path) -> bool:
    """Whether a record at `path` has a column of the downtime clock, so that it may be read on that clock too."""
    columns = re.compile("|".join(CLOCKS["downtime"][0]), re.IGNORECASE)
    return any(columns.search(_text(file)[0]) for file in _files(path))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return [p for p in found if p.stem.casefold() not in NOT_RECORDS and not p.name.startswith(".")]


def _text(path: Path) -> tuple[str, str]:
    """A file's text, or the reason why there is none."""
    try:
        return regular.content(path, MAX_BYTES).decode("utf-8-sig"), ""
    except OSError as error:
        return "", f"{path.name} cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        return "", f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8"


class _Sorting:
    """What has been read so far: usable incidents by kind, rows put aside, columns used."""

    def __init__(self, as_of: datetime, clock: str, where: ZoneInfo | None) -> None:
        self.as_of, self.clock, self.where = as_of, clock, where
        self.kinds: dict[str, list[Incident]] = {"incident": [], "maintenance": [], "others": []}
        self.aside: list[Quarantined] = []
        self.used: dict[str, str] = {}
        self.formats: dict[str, None] = {}
        self.seen: set[str] = set()
        self.count = self.later = 0
        self.last: Reading | None = None

    def read(self, text: str, source: str) -> None:
        """Take the rows of one file."""
        found = records(text, source)
        first = next((row for row in _kept(found, self) if isinstance(row, Row)), None)
        if first is None:
            return
        tool = next((one for one in SOURCES if one.fits(first)), None)
        self.formats.setdefault(tool.NAME if tool else "table")
        rows = chain([first], found)
        for row in tool.rows(rows, self.as_of) if tool else rows:
            self.take(row, tool.COLUMNS if tool else {})

    def take(self, row: Row | Quarantined, named: Mapping[str, str]) -> None:
        """Sort one row."""
        self.count += 1
        if isinstance(row, Quarantined):
            self.aside.append(row)
            return
        how = reading(row, self.clock)
        name = str(row.cells[how.columns["id"]]) if "id" in how.columns else ""
        try:
            if name and name in self.seen:
                raise Refused(f"the id {name} was seen before; the first record is kept")
            found = incident(row, how, self.clock, self.where, self.as_of)
        except Refused as reason:
            self.aside.append(Quarantined(row.origin, name, str(reason)))
            return
        if name:
            self.seen.add(name)
        self.use(how, named)
        if found.began > self.as_of:
            self.later += 1
        else:
            self.kinds[found.kind if found.kind in self.kinds else "others"].append(found)

    def use(self, how: Reading, named: Mapping[str, str]) -> None:
        """Remember which columns were read; rows of one shape are read alike."""
        if how is not self.last:
            self.last = how
            for word, column in (*how.columns.items(), *how.lengths.items()):
                self.used.setdefault(word, named.get(word, column))

    def log(self, source: str, columns: str) -> IncidentLog:
        """Everything, in order."""
        used = sum(len(found) for found in self.kinds.values())
        if self.count and not used and len(self.aside) == self.count:
            gap = f"no row of {source} can be used; the first: {self.aside[0].reason}"
        else:
            gap = "" if self.count else f"{source} holds no rows{columns}"
        ordered = {kind: tuple(sorted(found, key=lambda i: (i.began, i.id))) for kind, found in self.kinds.items()}
        return IncidentLog(
            incidents=ordered["incident"],
            quarantine=tuple(self.aside),
            maintenance=ordered["maintenance"],
            clock=self.clock,
            source=source,
            gap=gap,
            later_than_as_of=self.later,
            others=ordered["others"],
            rows=self.count,
            columns=dict(sorted(self.used.items())),
            format=", ".join(self.formats),
        )


def _kept(found: Iterator[Row | Quarantined], sorting: _Sorting) -> Iterator[Row | Quarantined]:
    """Rows up to the first usable one; what is put aside on the way is taken at once."""
    for row in found:
        if isinstance(row, Quarantined):
            sorting.take(row, {})
        yield row
