"""
pg_stat_statements as CSV: ``\\copy (SELECT * FROM pg_stat_statements) TO 'statements.csv' CSV HEADER``; milliseconds.

The columns' names changed: ``total_time`` became ``total_exec_time`` in PostgreSQL 13, and ``blk_read_time`` became
``shared_blk_read_time`` in 17. Both are understood. A row without calls or time is left out and counted.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sre_kit.compute.statements import Statement, Statements, ranked
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError

MAX_BYTES: Final = 50_000_000
MAX_FIELD: Final = 10_000_000

_TOTAL: Final = ("total_exec_time", "total_time")
_MEAN: Final = ("mean_exec_time", "mean_time")
_DEVIATION: Final = ("stddev_exec_time", "stddev_time")
_READ_TIME: Final = ("shared_blk_read_time", "blk_read_time")


def statements(path: Path) -> Statements:
    """
    The statements of an export; a file that cannot be used becomes `Statements.gap` with its reason.
    """
    try:
        return _read(path)
    except (DataError, SourceError) as error:
        return Statements(
            source=path.name, gap=Gap("database statements", "Backend Developer", path.name, str(error), degraded=True)
        )


def _read(path: Path) -> Statements:
    try:
        if not path.is_file():
            raise SourceError(f"no statements {path.name}: no such regular file; correct performance.statements")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; export the first 1,000 by total time")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8; export it with client_encoding UTF8") from None
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    csv.field_size_limit(MAX_FIELD)
    rows = csv.DictReader(text.splitlines(keepends=True))
    columns = set(rows.fieldnames or ())
    if "query" not in columns or "calls" not in columns or not columns & set(_TOTAL):
        raise DataError(
            f"{path.name}: no pg_stat_statements; needed are query, calls and total_exec_time (or total_time), "
            f"there are {', '.join(sorted(columns)) or 'no columns'}"
        )
    read = [_statement(path.name, number, row) for number, row in enumerate(rows, 2)]
    kept = [one for one in read if one is not None]
    left_out = len(read) - len(kept)
    return Statements(
        statements=ranked(kept),
        source=path.name,
        version=_version(columns),
        notes=(f"{left_out:,} row(s) without calls or time left out",) if left_out else (),
    )


def _statement(file: str, line: int, row: Mapping[str, str]) -> Statement | None:
    calls, total = _number(file, line, row, "calls"), _number(file, line, row, *_TOTAL)
    if not calls or total is None:
        return None
    mean = _number(file, line, row, *_MEAN)
    return Statement(
        query=" ".join((row.get("query") or "").split()),
        calls=int(calls),
        total=total / 1000,
        mean=(total / calls if mean is None else mean) / 1000,
        deviation=_seconds(_number(file, line, row, *_DEVIATION)),
        rows=_whole(_number(file, line, row, "rows")),
        hits=_whole(_number(file, line, row, "shared_blks_hit")),
        reads=_whole(_number(file, line, row, "shared_blks_read")),
        temporary=_whole(_number(file, line, row, "temp_blks_written")),
        read_time=_seconds(_number(file, line, row, *_READ_TIME)),
    )


def _number(file: str, line: int, row: Mapping[str, str], *names: str) -> float | None:
    """The first column of `names` that is there."""
    for name in names:
        if (written := (row.get(name) or "").strip()) and written != "\\N":
            try:
                value = float(written)
            except ValueError:
                value = -1.0
            if not 0 <= value < float("inf"):
                raise DataError(f"{file}: line {line}: {name} is {written!r}; a number of 0 or more is needed")
            return value
    return None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _version(columns: set[str]) -> str:
    if "shared_blk_read_time" in columns:
        return "PostgreSQL 17 or later"
    return "PostgreSQL 13 to 16" if "total_exec_time" in columns else "PostgreSQL 12 or earlier"
