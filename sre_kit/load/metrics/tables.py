"""Tables in files, CSV and Parquet: read whole, and refused before they fill the memory."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

import pandas as pd

from sre_kit.errors import DataError, SourceError

MAX_BYTES: Final = 200_000_000
"""A larger file is refused before it is read."""

_MAX_ROWS: Final = 25_000_000


def content(path: Path) -> bytes:
    """
    The bytes of a regular file of at most 200 MB.

    Raises
    ------
    SourceError
        It is not there, not readable, not a regular file, or too large.
    """
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    if not regular:
        raise SourceError(f"{path.name} is no regular file; only such files are read")
    try:
        with path.open("rb") as opened:
            found = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    if len(found) > MAX_BYTES:
        raise SourceError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; cut it to the window that is needed")
    return found


def table_columns(path: Path) -> list[str]:
    """Names of the columns of a CSV or Parquet file; raises what `table` raises."""
    return [str(name) for name in _parsed(path, content(path), header=True).columns]


def table(path: Path) -> pd.DataFrame:
    """
    The rows of a CSV or Parquet file.

    Raises
    ------
    SourceError
        It cannot be read.
    DataError
        It is no table, or unpacks to more than it may.
    """
    return _parsed(path, content(path))


def _parsed(path: Path, raw: bytes, header: bool = False) -> pd.DataFrame:
    import io

    try:
        if path.suffix == ".parquet":
            return _parquet(path, raw, header)
        return pd.read_csv(io.BytesIO(raw), encoding="utf-8-sig", nrows=0 if header else None)
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: byte {error.start} is no UTF-8; save the file as UTF-8") from None
    except (ValueError, OSError) as error:
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataError(f"{path.name}: no table can be read from it ({first})") from None


def _parquet(path: Path, raw: bytes, header: bool) -> pd.DataFrame:
    """Judged by what its footer announces before anything is unpacked."""
    import io

    import pyarrow.parquet as parquet

    opened = parquet.ParquetFile(io.BytesIO(raw))
    if header:
        return pd.DataFrame(columns=list(opened.schema_arrow.names))
    footer = opened.metadata
    unpacked = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    if footer.num_rows > _MAX_ROWS or unpacked > 5 * MAX_BYTES:
        raise DataError(
            f"{path.name}: {footer.num_rows:,} rows of {unpacked:,} bytes are more than {_MAX_ROWS:,} rows or "
            f"{5 * MAX_BYTES:,} bytes; cut it to the window that is needed"
        )
    return pd.read_parquet(io.BytesIO(raw))
