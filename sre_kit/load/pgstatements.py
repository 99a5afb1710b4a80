"""
pg_stat_statements as CSV: ``\\copy (SELECT * FROM pg_stat_statements) TO 'statements.csv' CSV HEADER``; milliseconds.

The columns' names changed: ``total_time`` became ``total_exec_time`` in PostgreSQL 13, and ``blk_read_time`` became
``shared_blk_read_time`` in 17. Both are understood. A row without calls or time is left out and counted. So is a
statement that ran inside another one (``toplevel`` false, from 14 on): its time is in the outer one's already. The same
statement of several users or databases has a row each; they are added up.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.statements import Statement, Statements, ranked
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError

MAX_BYTES: Final = 50_000_000
MAX_FIELD: Final = 10_000_000

_TOTAL: Final = ("total_exec_time", "total_time")
_MEAN: Final = ("mean_exec_time", "mean_time")
_DEVIATION: Final = ("stddev_exec_time", "stddev_time")
_JIT: Final = (
    "jit_generation_time", "jit_inlining_time", "jit_optimization_time", "jit_emission_time", "jit_deform_time",
)  # fmt: skip
_INNER: Final = "inner"
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
    inner = sum(one is _INNER for one in read)
    kept = [one for one in read if isinstance(one, Statement)]
    left_out = len(read) - len(kept) - inner
    notes = [f"{left_out:,} row(s) without calls or time left out"] if left_out else []
    if inner:
        notes.append(f"{inner:,} statement(s) that ran inside others left out: their time is counted there")
    return Statements(
        statements=ranked(_together(kept)), source=path.name, version=_version(columns), notes=tuple(notes)
    )


def _together(rows: list[Statement]) -> list[Statement]:
    """One statement for all rows of the same text; the deviation of several is not known."""
    found: dict[str, Statement] = {}
    for one in rows:
        first = found.get(one.query)
        found[one.query] = one if first is None else _sum(first, one)
    return list(found.values())


def _sum(a: Statement, b: Statement) -> Statement:
    calls, total = a.calls + b.calls, a.total + b.total
    added = {name: _added(getattr(a, name), getattr(b, name)) for name in ("rows", "hits", "reads", "temporary")}
    times = {name: _added(getattr(a, name), getattr(b, name)) for name in ("read_time", "jit")}
    return replace(a, calls=calls, total=total, mean=total / calls, deviation=None, **added, **times)


def _added(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def _statement(file: str, line: int, row: Mapping[str, str]) -> Statement | str | None:
    if (row.get("toplevel") or "t").strip().lower() in ("f", "false"):
        return _INNER
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
        jit=_seconds(sum(jit))
        if (jit := [ms for name in _JIT if (ms := _number(file, line, row, name)) is not None])
        else None,
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
