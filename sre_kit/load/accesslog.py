"""
Request events from an access log in the combined (or common) format or as JSON lines, counted by DuckDB.

Good is every request that the server did not fail: status below 500. A line that is no request is counted
and shown, never guessed at. A minute without a line, between the first and the last, is a minute without traffic.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load import jsonlog
from sre_kit.units import utc

if TYPE_CHECKING:
    import duckdb

MAX_BYTES: Final = 4_000_000_000
MAX_LINE: Final = 65_536
"""A longer line is cut, so it counts as one that cannot be read."""

_BATCH: Final = 8_000_000
_SHOWN: Final = 5
_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_LINE: Final = (
    rf"^(\S+) (\S+) (.*?) ?\[([^\]]+)\] {_QUOTED} ([0-9]{{3}}) ([0-9]+|-)(?: {_QUOTED} {_QUOTED})?"
    r'(?: "?([0-9.]+)"?)?(?: .*)?\s*$'
)
_REQUEST: Final = r"^([A-Za-z]+) (\S+)(?: (\S+))?$"
_NUMBERED: Final = r"/([0-9]+|[0-9a-fA-F-]{16,})(/|$)"
ROUTE: Final = rf"regexp_replace(regexp_extract(target, '^[^?#]*'), '{_NUMBERED}', '/:id\2', 'g')"
"""The path of ``lines`` without its query; numbers and hashes in it are ``:id``."""
_FIELDS: Final = ["host", "identity", "person", "moment", "request", "status", "bytes", "referrer", "agent", "duration"]
_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_CACHEABLE: Final = (200, 203, 206, 301, 304, 404, 410)
"""Statuses that a shared cache may keep without being told to (RFC 9110, 15.1), and 304, which says it did."""


@dataclass(frozen=True, slots=True)
class AccessLog:
    """
    What an access log says.

    `routes` has one row per method and route (numbers and hashes in a path are ``:id``), most requests first: columns
    ``method``, ``route``, ``requests``, ``bad``, ``bytes``, and exact ``p50``, ``p95``, ``p99`` in seconds, missing
    where the log has no durations. `statuses` maps a status to its number. `cacheable` has one row per request that a
    shared cache may answer, in order of time: ``key`` (a number per path and query), ``moment`` (seconds since 1970)
    and ``bytes``. `served` has one row per cache status (``HIT``, ``MISS`` …) where the log has one: ``cache``,
    ``requests``, ``bytes``.
    """

    requests: Requests
    routes: pd.DataFrame
    statuses: dict[int, int]
    lines: int
    bytes: int
    cacheable: pd.DataFrame
    served: pd.DataFrame
    bad_lines: int = 0
    examples: tuple[str, ...] = ()
    """The first lines that are no requests, as ``number: text``, shortened."""
    later: int = 0
    """Requests later than the report time; left out."""
    durations: bool = False
    """Whether the lines carry durations."""
    note: str = ""

    @property
    def cacheable_share(self) -> float | None:
        """Share of requests that a shared cache may answer, 0..1; None without requests."""
        return len(self.cacheable) / self.requests.total if self.requests.total else None

    @property
    def repeated_share(self) -> float | None:
        """Share of requests that ask for what a cache without limits would have kept: no hit ratio can be higher."""
        return int(self.cacheable["key"].duplicated().sum()) / self.requests.total if self.requests.total else None


def access_log(
    path: Path,
    *,
    as_of: datetime,
    name: str = "access log",
    step: timedelta = timedelta(minutes=1),
    duration_unit: str = "",
    start: datetime | None = None,
) -> AccessLog:
    """
    The requests of an access log from `start` (or its first) up to `as_of`.

    Parameters
    ----------
    duration_unit
        Of a number at the end of each line: ``s``, ``ms`` or ``us``. Empty: seconds where it has a decimal point
        (nginx ``$request_time``); a whole number could be Apache's ``%D`` or ``%T``, so it is not used.

    Raises
    ------
    SourceError
        The file cannot be read.
    DataError
        No line of it is a request.
    ParameterError
        An unknown unit.
    """
    if duration_unit not in ("", *_UNITS):
        raise ParameterError(f"duration_unit {duration_unit!r}; write one of {', '.join(_UNITS)}")
    import duckdb

    _check(path)
    try:
        settings = {"threads": 2, "enable_external_access": False, "temp_directory": tempfile.gettempdir()}
        with duckdb.connect(":memory:", config=settings) as database:
            quiet(database)
            _load(database, path)
            return _summed(database, path, as_of, name, step, duration_unit, start)
    except duckdb.Error as error:
        raise SourceError(f"{path.name} cannot be counted: {str(error).partition(chr(10))[0][:200]}") from None


def quiet(database: duckdb.DuckDBPyConnection) -> None:
    """No progress bar: in a notebook, what takes two seconds would leave one below the cell, and in the document."""
    database.execute("SET enable_progress_bar = false")


def is_line(text: str) -> bool:
    """Whether a line is one of the combined or common format, or a JSON object."""
    return re.match(_LINE, text.rstrip("\r\n")) is not None or re.match(jsonlog.LINE, text) is not None


def read_lines(database: duckdb.DuckDBPyConnection, path: Path, duration_unit: str = "") -> None:
    """
    The requests of a log as the table ``lines``: ``moment`` (seconds since 1970), `ROUTE`, ``status``, ``duration``.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    _check(path)
    _load(database, path)
    _durations(database, duration_unit)
    database.execute("DELETE FROM lines WHERE moment IS NULL")


def _summed(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    as_of: datetime,
    name: str,
    step: timedelta,
    duration_unit: str,
    start: datetime | None,
) -> AccessLog:
    lines, bad = _row(database, "SELECT count(*), count(*) FILTER (moment IS NULL) FROM lines")
    examples = database.execute(
        f"SELECT number, text FROM lines WHERE moment IS NULL ORDER BY number LIMIT {_SHOWN}"
    ).fetchall()
    shown = tuple(f"{number}: {text[:80]!r}" for number, text in examples)
    if lines == bad:
        example = f"; line {shown[0]}" if shown else ""
        raise DataError(
            f"{path.name}: none of {lines} line(s) is in the combined format or a JSON object{example}; "
            "name another file"
        )
    note = _durations(database, duration_unit)
    first = _row(database, "SELECT min(moment) FROM lines")[0] if start is None else math.ceil(start.timestamp())
    end = math.ceil(as_of.timestamp())
    (later,) = _row(database, "SELECT count(*) FROM lines WHERE moment >= ?", end)
    database.execute("DELETE FROM lines WHERE moment IS NULL OR moment >= ? OR moment < ?", [end, first])
    size, timed = _row(database, "SELECT coalesce(sum(bytes), 0), count(duration) FROM lines")
    statuses = database.execute("SELECT status, count(*) FROM lines GROUP BY 1 ORDER BY 1").fetchall()
    return AccessLog(
        requests=_counted(database, path, name, step, as_of),
        routes=_routes(database),
        statuses={int(status): int(count) for status, count in statuses},
        lines=int(lines),
        bytes=int(size),
        cacheable=_cacheable(database),
        served=_served(database),
        bad_lines=int(bad),
        examples=shown,
        later=int(later),
        durations=bool(timed),
        note=note,
    )


def _load(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The file as the table ``lines``; what is no request has no ``moment``."""
    import pyarrow

    schema = pyarrow.schema([("number", pyarrow.int64()), ("text", pyarrow.string())])
    batches = pyarrow.RecordBatchReader.from_batches(schema, _batches(path, schema))
    database.register("written", batches)
    database.execute("SET TimeZone = 'UTC'")
    with path.open("rb") as opened:
        first = opened.readline(MAX_LINE).decode("utf-8-sig", "replace")
    if re.match(jsonlog.LINE, first):
        database.execute(jsonlog.TABLE, [_REQUEST])
        database.unregister("written")
        return
    fields = ", ".join(f"'{field}'" for field in _FIELDS)
    database.execute(
        f"""
        CREATE TABLE lines AS
        WITH parsed AS (
            SELECT number, text, regexp_extract(text, $1, [{fields}]) AS p FROM written
        ), split AS (
            SELECT number, text, p, regexp_extract(p.request, $2, ['method', 'target', 'protocol']) AS r,
                try_strptime(p.moment, '%d/%b/%Y:%H:%M:%S %z') AS moment
            FROM parsed
        )
        SELECT number, CASE WHEN moment IS NULL THEN text END AS text, epoch(moment)::BIGINT AS moment,
            try_cast(p.status AS INTEGER) AS status, coalesce(try_cast(nullif(p.bytes, '-') AS BIGINT), 0) AS bytes,
            upper(r.method) AS method, r.target AS target,
            nullif(p.duration, '') AS written_duration, NULL::DOUBLE AS duration, NULL::VARCHAR AS cache
        FROM split
        """,
        [_LINE, _REQUEST],
    )
    database.unregister("written")


def _batches(path: Path, schema: Any) -> Iterator[Any]:
    """Lines with their numbers, some megabytes at a time; bytes that are no UTF-8 become U+FFFD."""
    import pyarrow

    number = 1
    with path.open("rb") as opened:
        while lines := opened.readlines(_BATCH):
            texts = [
                line[:MAX_LINE].rstrip(b"\r\n").decode("utf-8", "replace").replace("\0", "\ufffd") for line in lines
            ]
            kept = [(at, text) for at, text in enumerate(texts, start=number) if text.strip()]
            number += len(texts)
            yield pyarrow.record_batch([[at for at, _ in kept], [text for _, text in kept]], schema=schema)


def _check(path: Path) -> None:
    try:
        if not path.is_file():
            raise SourceError(f"no access log {path.name}: no such regular file; correct the path in the params file")
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{path.name} is larger than {MAX_BYTES // 10**9} GB; cut it to the days that are needed")
        with path.open("rb"):
            return
    except OSError as error:
        if isinstance(error, SourceError):  # it is an OSError too
            raise
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None


def _durations(database: duckdb.DuckDBPyConnection, unit: str) -> str:
    """Fill in the durations; why they are not used, where they are not."""
    whole, decimal = _row(
        database,
        "SELECT count(*) FILTER (NOT contains(written_duration, '.')), "
        "count(*) FILTER (contains(written_duration, '.')) FROM lines",
    )
    if not unit and whole and not decimal:
        return "the lines end in whole numbers that may be durations; name their unit (duration_unit: s, ms or us)"
    if whole or decimal:
        database.execute("UPDATE lines SET duration = try_cast(written_duration AS DOUBLE) * ?", [_UNITS[unit or "s"]])
    return ""


def _counted(database: duckdb.DuckDBPyConnection, path: Path, name: str, step: timedelta, as_of: datetime) -> Requests:
    seconds = int(step.total_seconds())
    rows = database.execute(
        "SELECT (moment // $1) * $1 AS time, count(*) AS total, count(*) FILTER (status < 500) AS good "
        "FROM lines GROUP BY 1 ORDER BY 1",
        [seconds],
    ).fetchall()
    if not rows:
        nothing = pd.DataFrame({"total": [], "good": []}, index=_times([]), dtype="float64")
        return Requests(
            name, nothing, path.name, as_of - step, as_of, step, gap=f"{path.name} holds no request before {utc(as_of)}"
        )
    every = range(int(rows[0][0]), int(rows[-1][0]) + seconds, seconds)
    frame = pd.DataFrame([row[1:] for row in rows], columns=["total", "good"], index=_times([row[0] for row in rows]))
    frame = frame.reindex(_times(list(every)), fill_value=0).astype("int64")
    first, last = frame.index[0].to_pydatetime(), frame.index[-1].to_pydatetime() + step
    return Requests(name, frame, path.name, first, last, step, good_query="status < 500", total_query="every line")


def _times(seconds: list[int]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True)).as_unit("us").rename("time")


def _routes(database: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Exact quantiles: every duration is sorted, none is sketched."""
    rows = database.execute(
        f"""
        SELECT coalesce(nullif(method, ''), '-') AS method,
            CASE WHEN target = '' THEN '(no request)'
                 ELSE {ROUTE} END AS route,
            count(*) AS requests, count(*) FILTER (status >= 500) AS bad, sum(bytes)::BIGINT AS bytes,
            quantile_cont(duration, 0.5) AS p50, quantile_cont(duration, 0.95) AS p95,
            quantile_cont(duration, 0.99) AS p99
        FROM lines GROUP BY ALL ORDER BY requests DESC, method, route
        """
    ).fetchall()
    columns = ["method", "route", "requests", "bad", "bytes", "p50", "p95", "p99"]
    return pd.DataFrame(rows, columns=columns).astype({"p50": "float64", "p95": "float64", "p99": "float64"})


def _cacheable(database: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    rows = database.execute(
        f"""
        SELECT dense_rank() OVER (ORDER BY target) - 1 AS key, moment, bytes FROM lines
        WHERE method IN ('GET', 'HEAD') AND status IN {_CACHEABLE} ORDER BY moment, number
        """
    ).fetchnumpy()
    return pd.DataFrame({name: rows[name] for name in ("key", "moment", "bytes")}, dtype="int64")


def _served(database: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    rows = database.execute(
        "SELECT cache, count(*) AS requests, sum(bytes)::BIGINT AS bytes FROM lines WHERE cache IS NOT NULL "
        "GROUP BY cache ORDER BY requests DESC, cache"
    ).fetchall()
    return pd.DataFrame(rows, columns=["cache", "requests", "bytes"])


def _row(database: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[Any, ...]:
    found = database.execute(query, list(values)).fetchone()
    return tuple(found or ())
