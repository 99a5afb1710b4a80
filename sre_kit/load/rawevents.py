"""
Raw events counted by DuckDB: good and total, exact quantiles per minute and route, over Parquet, CSV and access logs.

The columns that are named are read and nothing else, in one pass over the file; what is counted is
``compute.performance.events.per_minute`` in DuckDB's own words, so that no further package is needed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sre_kit.compute.performance.events import COLUMNS, QUANTILES, UNITS, EventLog, EventStatistics
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError, nearest

if TYPE_CHECKING:
    import duckdb

THREADS: Final = 2
PARQUET: Final = b"PAR1"
_NAIVE: Final = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_NUMBERS: Final = re.compile(r"TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U\w+INT\w*|FLOAT|DOUBLE|DECIMAL.*")


def event_statistics(path: Path, log: EventLog, *, as_of: datetime) -> EventStatistics:
    """The events of a log up to `as_of`; an unusable log becomes `EventStatistics.gap` with its reason."""
    try:
        return _counted(path, log, as_of)
    except (DataError, SourceError) as error:
        nothing = pd.DataFrame(columns=list(COLUMNS))
        gap = Gap("raw events", "DevOps Engineer", path.name, str(error), degraded=True)
        return EventStatistics(path.name, nothing, nothing.drop(columns="minute"), gap=gap)


def minutes(path: Path, log: EventLog, *, as_of: datetime) -> pd.DataFrame:
    """
    The rows per minute and route alone; rows without a minute or a route are events that lack it.

    Raises
    ------
    SourceError
        The file cannot be read.
    DataError
        A column is missing, is of another kind, or has values that cannot be.
    """
    import duckdb

    with _connected(path) as database:
        try:
            return _minutes(database, *_relation(database, path, log), log, as_of)
        except duckdb.Error as error:
            raise SourceError(f"{path.name} cannot be counted: {_first_line(error)}") from None


def _counted(path: Path, log: EventLog, as_of: datetime) -> EventStatistics:
    import duckdb

    with _connected(path) as database:
        try:
            source, words = _relation(database, path, log)
            found = _minutes(database, source, words, log, as_of)
            routes = _routes(database, source, words, log, as_of)
        except duckdb.Error as error:
            raise SourceError(f"{path.name} cannot be counted: {_first_line(error)}") from None
    whole = found["minute"].notna() & found["route"].notna()
    left_out = int(found["events"].sum() - found.loc[whole, "total"].sum())
    kept = found[whole & (found["total"] > 0)].drop(columns="events").reset_index(drop=True)
    if kept.empty:
        raise DataError(f"{path.name}: no event with time, route and status before {as_of:%Y-%m-%d %H:%M}Z")
    return EventStatistics(path.name, kept, routes, left_out)


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    from sre_kit.load.accesslog import quiet

    files = sorted(path.parent.glob(path.name)) if "*" in path.name else [path]
    if not files or not all(one.is_file() for one in files):
        raise SourceError(f"no events {path.name}: no such regular file; correct performance.events")
    # no limit of memory: exact quantiles hold every value and cannot spill, so a limit only makes them fail
    settings = {"threads": THREADS, "preserve_insertion_order": False, "temp_directory": tempfile.gettempdir()}
    database = duckdb.connect(":memory:", config=settings)
    quiet(database)
    return database


def _relation(database: duckdb.DuckDBPyConnection, path: Path, log: EventLog) -> tuple[str, dict[str, str]]:
    """What to select from, and the SQL for minute, route, status and seconds."""
    first = next(iter(sorted(path.parent.glob(path.name))), path) if "*" in path.name else path
    with first.open("rb") as opened:
        head = opened.read(4096)
    if not head.startswith(PARQUET) and _is_access_log(head):
        from sre_kit.load import accesslog

        accesslog.read_lines(database, path)
        words = {"minute": "moment // 60", "second": "moment", "route": accesslog.ROUTE, "status": "status"}
        return "lines", words | {"seconds": "duration"}
    names = (log.time, log.route, log.status, log.duration)
    source = f"read_parquet({_quoted(str(path))})" if head.startswith(PARQUET) else _table(database, path, names)
    kinds = dict(database.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall())
    for name in names:
        if name not in kinds:
            raise DataError(
                f"{path.name}: no column {name!r}{nearest(name, list(kinds))}; name the columns in performance.events"
            )
    seconds = _identifier(log.duration) if log.unit == "s" else f"{_identifier(log.duration)} * {UNITS[log.unit]!r}"
    micros = _microseconds(path, log, kinds[log.time])
    return source, {
        "minute": f"{micros} // 60000000",
        "second": f"{micros} // 1000000",
        "route": _identifier(log.route),
        "status": _identifier(log.status),
        "seconds": seconds,
    }


def _table(database: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]) -> str:
    """The named columns of a CSV as a table: its dialect is guessed once. The CSV itself where it lacks one of them."""
    import duckdb

    source = f"read_csv({_quoted(str(path))})"
    columns = ", ".join(dict.fromkeys(_identifier(name) for name in names))
    try:
        database.execute(f"CREATE TEMP TABLE events AS SELECT {columns} FROM {source}")
    except duckdb.BinderException:
        return source
    return "events"


def _is_access_log(head: bytes) -> bool:
    from sre_kit.load import accesslog

    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    return accesslog.is_line(line)


def _microseconds(path: Path, log: EventLog, kind: str) -> str:
    name = _identifier(log.time)
    if kind in _NAIVE and not log.naive_is_utc:
        raise DataError(
            f"{path.name}: the times in {log.time!r} have no zone; say naive_is_utc: true where they are UTC, or write "
            "the zone with them"
        )
    if kind in _NAIVE or kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({name})"
    if _NUMBERS.fullmatch(kind):
        return f"({name} * 1000000)::BIGINT"  # seconds since 1970
    raise DataError(f"{path.name}: {log.time!r} holds {kind}; times or seconds since 1970 are needed")


def _aggregates(words: dict[str, str], log: EventLog) -> str:
    levels = ", ".join(str(q) for q in QUANTILES)
    status, seconds = words["status"], words["seconds"]
    return (
        f"count({status}) AS total, count(*) FILTER ({status} < {log.bad_from}) AS good, "
        f"quantile_cont({seconds}, [{levels}]) AS q, min({seconds}) AS least"
    )


def _minutes(
    database: duckdb.DuckDBPyConnection, source: str, words: dict[str, str], log: EventLog, as_of: datetime
) -> pd.DataFrame:
    rows: pd.DataFrame = database.execute(
        f"SELECT minute, route, total, good, q[1] AS p50, q[2] AS p95, q[3] AS p99, events, least FROM ("
        f"SELECT {words['minute']} AS minute, {words['route']} AS route, count(*) AS events, {_aggregates(words, log)} "
        f"FROM {source} {_before(words)} GROUP BY ALL) ORDER BY minute, route",
        [_seconds(as_of)],
    ).df()
    _check(rows, log)
    rows["minute"] = pd.to_datetime(rows["minute"].astype("Int64") * 60, unit="s", utc=True)
    return rows.drop(columns="least")


def _routes(
    database: duckdb.DuckDBPyConnection, source: str, words: dict[str, str], log: EventLog, as_of: datetime
) -> pd.DataFrame:
    rows: pd.DataFrame = database.execute(
        f"SELECT route, total, good, q[1] AS p50, q[2] AS p95, q[3] AS p99, least FROM ("
        f"SELECT {words['route']} AS route, {_aggregates(words, log)} FROM {source} {_before(words)} "
        f"AND {words['route']} IS NOT NULL AND {words['status']} IS NOT NULL AND {words['minute']} IS NOT NULL "
        "GROUP BY ALL) ORDER BY route",
        [_seconds(as_of)],
    ).df()
    _check(rows, log)
    return rows.drop(columns="least")


def _before(words: dict[str, str]) -> str:
    # events without a time are kept here, so that they are counted as left out
    return f"WHERE coalesce({words['second']} < ?, true)"


def _check(rows: pd.DataFrame, log: EventLog) -> None:
    if (rows["least"] < 0).any():
        raise DataError(f"{log.file}: a duration below 0 ({rows['least'].min():g} s); correct the export")


def _seconds(as_of: datetime) -> int:
    return int(as_of.timestamp())


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0][:200]
