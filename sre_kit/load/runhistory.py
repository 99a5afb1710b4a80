"""
A history of runs as a table: CSV with a column of times, one of commits if there is one, one for each metric.

The time is ISO 8601, or as ``2024.01.01 3:00:00 +0100``, or seconds since 1970; a time without a zone is refused.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from sre_kit.compute.performance.changepoints import RunHistory
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError

MAX_BYTES: Final = 20_000_000
_TIMES: Final = ("time", "timestamp", "date")
_COMMITS: Final = ("commit", "sha", "revision", "version")
_TIME: Final = re.compile(
    r"(\d{4})[.\-/](\d\d?)[.\-/](\d\d?)[ T](\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)? ?(Z|UTC|[+-]\d\d:?\d\d)"
)


def run_history(path: Path) -> RunHistory:
    """The runs of a file in the order of their times; an unusable file becomes `RunHistory.gap` with its reason."""
    try:
        return _read(path)
    except (DataError, SourceError) as error:
        gap = Gap("the history of runs", "QA Engineer", path.name, str(error), degraded=True)
        return RunHistory(path.stem, path.name, (), (), {}, gap)


def _read(path: Path) -> RunHistory:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; cut it to the latest runs")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    rows = csv.DictReader(text.splitlines())
    columns = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = columns
    time = next((name for name in columns if name.lower() in _TIMES), "")
    if not time:
        raise DataError(f"{path.name}: no column of times; name one of them {', '.join(_TIMES)}, there are {columns}")
    commit = next((name for name in columns if name.lower() in _COMMITS), "")
    metrics = [name for name in columns if name not in (time, commit)]
    dated = sorted(
        ((_time(path, number, row[time] or ""), row) for number, row in enumerate(rows, 2)), key=lambda one: one[0]
    )
    values = {name: np.array([_value(row[name]) for _, row in dated]) for name in metrics}
    return RunHistory(
        name=path.stem,
        source=path.name,
        times=tuple(at for at, _ in dated),
        commits=tuple((row[commit] or "").strip() for _, row in dated) if commit else (),
        # a column of words is no metric
        metrics={name: column for name, column in values.items() if np.isfinite(column).any()},
    )


def _time(path: Path, number: int, written: str) -> datetime:
    text = written.strip()
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    found = _TIME.fullmatch(text)
    if not found:
        raise DataError(
            f"{path.name}: line {number}: {text!r} is no time with a zone; write it as 2026-11-01T03:00:00Z"
        )
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    zone = "+00:00" if found[7] in ("Z", "UTC") else found[7]
    try:
        at = datetime.fromisoformat(
            f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{int(found[6] or 0):02}{zone}"
        )
    except ValueError as error:
        raise DataError(f"{path.name}: line {number}: {text!r}: {error}; correct it") from None
    return at.astimezone(UTC)


def _value(written: str | None) -> float:
    try:
        return float(written or "nan")
    except ValueError:
        return float("nan")
