"""
Measurements from files: a folder of ``<query>.csv`` or ``<query>.parquet``, one such file, or OpenMetrics text.

A table has a column of times and a column of values; each value belongs to the time of its own row. Rows out
of order are sorted, and a note says so; a time that is there twice is refused, unless ``?twice=`` says what to
make of it: mean, sum, first or last.
Values of a table are counts (or gauges) per row; a counter is what OpenMetrics text says is one, or every table
whose events are asked for under ``?rows=counter``. A table that looks like a counter is refused until the url says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pandas as pd

from sre_kit.errors import DataError, ParameterError, SourceError, nearest
from sre_kit.load.metrics.counters import increments
from sre_kit.load.metrics.source import Auth, check_window, series, stepped
from sre_kit.load.metrics.tables import content, table, table_columns

_TIMES: Final = ("time", "timestamp", "period", "ds")
_VALUES: Final = ("value", "count", "y")
_TABLES: Final = (".csv", ".parquet")
_TEXTS: Final = (".om", ".openmetrics", ".prom", ".txt")
_OPTIONS: Final = ("time", "value", "zone", "twice", "rows")
_ROWS: Final = ("counts", "counter")
_TELLING: Final = 100
_RISING: Final = 0.9
_TWICE: Final = ("first", "last", "mean", "sum")


@dataclass(frozen=True)
class FileSource:
    """
    Metrics in files.

    `options` may name the columns of time and value, the zone of times that are written without one, and whether
    the rows of a table are counts or the readings of a counter.
    """

    root: Path
    shown: str
    options: Mapping[str, str] = field(default_factory=dict)
    synthetic: bool = False

    @property
    def name(self) -> str:
        """The path as the params file wrote it."""
        return self.shown

    @property
    def identity(self) -> str:
        """The path and how it is read."""
        return f"file:{self.root}?{sorted(self.options.items())}"

    def version(self, query: str) -> str:
        """The SHA-256 of the file that would be read."""
        return hashlib.sha256(content(self._path(query)[0])).hexdigest()

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """
        The mean of the rows in each step.

        Raises
        ------
        SourceError
            No such file; the message lists those that there are.
        DataError
            A column is missing, a time has no zone, or times do not rise.
        """
        return self._read(query, start, end, step, total=False)

    def increase(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """The sum of the rows in each step; of a counter, the sum of its positive increments."""
        return self._read(query, start, end, step, total=True)

    def lacking(self, whole: str, part: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        """Series of `whole` without one of `part` in an OpenMetrics text; a table has no series."""
        path, _ = self._path(whole)
        if path.suffix not in _TEXTS:
            return series(pd.DatetimeIndex([], tz="UTC"), [], "lacking")
        from sre_kit.load.metrics import openmetrics

        return openmetrics.lacking(content(path), whole, part, path.name, start)

    def check(self) -> str:
        """What is there; raises `SourceError` where nothing is."""
        known = self._known()
        if not known:
            raise SourceError(
                f"no metrics in {self.shown}: no {', '.join(_TABLES + _TEXTS)} file there; correct source.url"
            )
        return f"{self.shown}: {len(known)} file(s): {', '.join(known[:5])}{' ...' if len(known) > 5 else ''}"

    def _read(self, query: str, start: datetime, end: datetime, step: timedelta, *, total: bool) -> pd.Series:
        check_window(start, end, step)
        path, column = self._path(query)
        if path.suffix in _TEXTS:
            from sre_kit.load.metrics import openmetrics

            return openmetrics.read(content(path), query, path.name, (start, end), step, total=total)
        frame = table(path)
        times = moments(
            frame,
            _column(frame, self.options.get("time", ""), _TIMES, "time", path.name),
            path.name,
            self.options.get("zone", ""),
        )
        named = self.options.get("value", "") or column
        values = frame[_column(frame, named, _VALUES, "value", path.name)]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            first = next((value for value in values if not isinstance(value, int | float)), "")
            raise DataError(f"{path.name}: column {values.name!r} holds {str(first)[:40]!r}, which is no number")
        rows = pd.Series(values.to_numpy(dtype="float64", na_value=float("nan")), index=times)
        ordered, notes = self._ordered(rows, path.name)
        if total:
            ordered = self._counted(ordered, path.name)
        result = stepped(
            series(pd.DatetimeIndex(ordered.index), ordered.to_numpy(), query), start, end, step, total=total
        )
        if notes:
            result.attrs["note"] = "; ".join(notes)
        return result

    def _counted(self, rows: pd.Series, where: str) -> pd.Series:
        """Events per row: the rows themselves, or what each reading of a counter added to the one before it."""
        kept = rows[np.isfinite(rows.to_numpy())]
        said = self.options.get("rows", "")
        if said == "counter":
            return pd.Series(increments(kept.to_numpy(), where), index=kept.index[1:])
        if not said and len(kept) >= _TELLING and (np.diff(kept.to_numpy()) > 0).mean() >= _RISING:
            raise DataError(
                f"{where}: {len(kept)} values that almost always rise, from {kept.iloc[0]:g} to {kept.iloc[-1]:g}, "
                f"look like a counter, and a table holds events per row; say in the url what they are: "
                f"?rows={'|'.join(_ROWS)}"
            )
        return rows

    def _ordered(self, rows: pd.Series, where: str) -> tuple[pd.Series, list[str]]:
        """Rows in order, each time once, and what had to be done for it."""
        found, notes = rows.sort_index(kind="stable"), []
        if not rows.index.is_monotonic_increasing:
            notes.append(f"the rows of {where} were not in order of time and were sorted")
        repeated = int(found.index.duplicated().sum())
        if not repeated:
            return found, notes
        twice = self.options.get("twice", "")
        if not twice:
            first = found.index[found.index.duplicated()][0]
            raise DataError(
                f"{where}: {repeated} row(s) repeat a time, first {first:%Y-%m-%d %H:%M:%SZ}; remove them, "
                f"or say in the url what to make of them: ?twice={'|'.join(_TWICE)}"
            )
        notes.append(f"{repeated} row(s) of {where} repeat a time; their {twice} was taken")
        return found.groupby(level=0).agg(twice), notes

    def _path(self, query: str) -> tuple[Path, str]:
        """The file that answers `query`, and the column where the query names one."""
        if self.root.is_file():
            return self._in_file(query)
        if not self.root.is_dir():
            raise SourceError(
                f"no metrics in {self.shown}: there is no such folder or file; correct the url in the params file"
            )
        texts = sorted(path for path in self.root.iterdir() if path.suffix in _TEXTS and path.is_file())
        for path in [self.root / f"{query}{suffix}" for suffix in _TABLES] if "\0" not in query else []:
            if path.resolve().is_relative_to(self.root.resolve()) and path.is_file():
                return path, ""
        if len(texts) == 1:
            return texts[0], ""
        raise SourceError(f"no metric {query!r} in {self.shown}" + nearest(query, self._known() or ["nothing there"]))

    def _in_file(self, query: str) -> tuple[Path, str]:
        if self.root.suffix in _TEXTS or query == self.root.stem:
            return self.root, ""
        if self.root.suffix not in _TABLES:
            raise SourceError(
                f"{self.shown}: cannot read {self.root.suffix or 'a file without suffix'}; "
                f"allowed: {', '.join(_TABLES + _TEXTS)}"
            )
        columns = table_columns(self.root)
        if query not in columns:
            raise SourceError(
                f"no metric {query!r} in {self.shown}: neither the file's name ({self.root.stem!r}) nor a column"
                + nearest(query, columns)
            )
        return self.root, query

    def _known(self) -> list[str]:
        if self.root.is_file():
            return [self.root.name]
        if not self.root.is_dir():
            return []
        return sorted(
            path.stem if path.suffix in _TABLES else path.name
            for path in self.root.iterdir()
            if path.suffix in _TABLES + _TEXTS
        )


def moments(frame: pd.DataFrame, column: str, where: str, zone: str) -> pd.DatetimeIndex:
    """
    A column of times in UTC: ISO 8601, or numbers of Unix seconds (or all of them milliseconds).

    Raises
    ------
    DataError
        A time is no time, has no zone where none was given, or seconds and milliseconds are mixed.
    """
    written = frame[column]
    if pd.api.types.is_numeric_dtype(written):
        return _unix(written, where)
    try:
        index = pd.DatetimeIndex(
            pd.to_datetime(
                written, utc=False, format=None if pd.api.types.is_datetime64_any_dtype(written) else "ISO8601"
            )
        )
    except ValueError:
        parsed = pd.to_datetime(written, utc=True, format="ISO8601", errors="coerce")
        broken = parsed.isna()
        if broken.any():
            row = int(broken.to_numpy().argmax())
            raise DataError(
                f"{where}: row {row + 1}, column {column!r}: {str(written.iloc[row])[:40]!r} is no ISO 8601 time"
            ) from None
        if written.map(lambda one: datetime.fromisoformat(str(one)).tzinfo is None).any():
            raise DataError(
                f"{where}: some times in {column!r} have a zone and some have none; write all with their zone"
            ) from None
        return pd.DatetimeIndex(parsed)
    if index.tz is not None:
        return index.tz_convert("UTC")
    if not zone:
        raise DataError(
            f"{where}: the times in {column!r} have no zone (first: {written.iloc[0] if len(written) else 'none'}); "
            "add ?zone=UTC, or their zone, to source.url"
        )
    return _in_zone(index, zone, where)


def _in_zone(index: pd.DatetimeIndex, zone: str, where: str) -> pd.DatetimeIndex:
    from zoneinfo import ZoneInfo

    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ParameterError(
            f"{where}: no time zone {zone!r}; write an IANA name such as UTC or Europe/Berlin"
        ) from None
    try:
        return index.tz_localize(place, ambiguous="raise", nonexistent="raise").tz_convert("UTC")
    except ValueError as error:
        raise DataError(
            f"{where}: a time is missing or double in {zone} when the clocks change ({error}); write the times in UTC"
        ) from None


def _unix(written: pd.Series, where: str) -> pd.DatetimeIndex:
    """Unix times: seconds up to the year 2286, milliseconds from 2001 on; a mix of both is refused."""
    large = written >= 1e10
    if large.any() and not large.all():
        row = int((large != large.iloc[0]).to_numpy().argmax())
        raise DataError(
            f"{where}: row {row + 1}: seconds and milliseconds are mixed "
            f"({written.iloc[0]:g}, then {written.iloc[row]:g})"
        )
    wrong = (written >= 1e14) | (written < 0) | written.isna()
    if wrong.any():
        raise DataError(f"{where}: a Unix time in seconds or milliseconds was expected, got {written[wrong].iloc[0]:g}")
    return pd.DatetimeIndex(pd.to_datetime(written, unit="ms" if large.any() else "s", utc=True))


def _column(frame: pd.DataFrame, asked: str, usual: tuple[str, ...], what: str, where: str) -> str:
    columns = [str(name) for name in frame.columns]
    if asked:
        if asked in columns:
            return asked
        raise DataError(f"{where}: no column {asked!r}" + nearest(asked, columns))
    found = [name for name in usual if name in columns]
    if not found:
        raise DataError(
            f"{where}: no column of {what}s ({' or '.join(usual)}); there are {', '.join(columns) or 'none'}; "
            f"name it in source.url: ?{what}={columns[0] if columns else 'NAME'}"
        )
    return found[0]


def open_file(url: str, *, auth: Auth, base: Path, timeout: timedelta) -> FileSource:
    """
    The source of a ``file:`` URL.

    Raises
    ------
    ParameterError
        Another machine in the URL, an unknown option, or auth, which files do not need.
    """
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ParameterError(f"source.url {url!r}: a file lies on this machine; write file:folder or file:///folder")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            raise ParameterError(f"source.url {url!r}: no option {option!r}" + nearest(option, _OPTIONS))
    if options.get("twice", _TWICE[0]) not in _TWICE:
        raise ParameterError(f"source.url {url!r}: twice={options['twice']}" + nearest(options["twice"], _TWICE))
    if options.get("rows", _ROWS[0]) not in _ROWS:
        raise ParameterError(f"source.url {url!r}: rows={options['rows']}" + nearest(options["rows"], _ROWS))
    if auth != Auth():
        raise ParameterError(f"source.url {url!r}: auth is for servers; remove it")
    path = unquote(parts.path)
    if not path or "\0" in path:
        raise ParameterError(f'source.url {url!r}: no path; write for example "file:metrics"')
    return FileSource(base / path, path, options)
