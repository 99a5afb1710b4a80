"""
JMeter's JTL as CSV: times in epoch milliseconds, elapsed in milliseconds.

Which columns there are is configurable, and the header may be missing: then the layouts of 2.13 (12 columns), 3 and 4
(16) and 5 (17) are known. A transaction controller writes a row that sums up those of its requests: such rows are kept
as operations of their own and counted in no total.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from sre_kit.compute.performance.plan import LoadTest, Operation
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import Samples, epoch, number, quantiles, sampled

NAME: Final = "JMeter JTL (CSV)"

TRANSACTION: Final = "Number of samples in transaction"
"""Begins the message of a row that sums up others."""
_SEPARATORS: Final = ",;\t|"
_V5: Final = (
    "timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType", "success",
    "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL", "Latency", "IdleTime", "Connect",
)  # fmt: skip
_V3: Final = tuple(name for name in _V5 if name != "URL")
_V2: Final = tuple(name for name in _V3 if name not in ("failureMessage", "sentBytes", "IdleTime", "Connect"))
_LAYOUTS: Final = {len(names): names for names in (_V2, _V3, _V5)}
_SUCCESS: Final = 7
_WAY_OUT: Final = "set jmeter.save.saveservice.print_field_names=true"


@dataclass
class Log:
    """Requests and transactions of a JTL, with the most threads at once."""

    samples: Samples = field(default_factory=Samples)
    transactions: Samples = field(default_factory=Samples)
    threads: float | None = None
    first: datetime | None = None
    unread: int = 0

    def take(self, row: Mapping[str, str | None], summary: bool) -> None:
        """One row, `summary` where it sums up others."""
        spent, began, success = number(row.get("elapsed"), 1e-3), number(row.get("timeStamp"), 1e-3), row.get("success")
        written = row.get("timeStamp") or ""
        if began is None and written:
            began = _formatted(written)
        if spent is None or spent < 0 or success not in ("true", "false"):
            self.unread += 1
            return
        kept = self.transactions if summary else self.samples
        kept.add(row.get("label") or "sample", spent, success == "false", float("nan") if began is None else began)
        if number(written) is not None and (at := epoch(began)) is not None:
            self.first = at if self.first is None else min(self.first, at)
        if (threads := number(row.get("allThreads"))) is not None:
            self.threads = max(self.threads or 0.0, threads)


def fits(head: bytes) -> bool:
    """A header with the columns that no result can do without, or a first row in a known layout."""
    first = head.lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace").strip()
    fields = next(csv.reader([first], delimiter=_separator(first)), [])
    return {"elapsed", "label"} <= set(fields) or _bare(fields)


def read(path: Path) -> LoadTest:
    """
    The run in the log.

    Raises
    ------
    DataError
        It has no usable row, or lacks the columns elapsed, label and success.
    """
    log = Log()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        first = opened.readline()
        for row in _rows(path, first, opened):
            log.take(row, (row.get("responseMessage") or "").startswith(TRANSACTION))
    return run(path, log)


def run(path: Path, log: Log) -> LoadTest:
    """The run that the rows make; also of the XML's."""
    notes = []
    samples, transactions = log.samples, log.transactions
    if not len(samples):
        if not len(transactions):
            raise DataError(f"{path.name}: a JMeter log without a result; the run ended before its first answer")
        samples, transactions = transactions, Samples()
        notes.append("JMeter: only transactions were kept, so each counts as one request")
    if len(transactions):
        notes.append(
            f"JMeter: {len(transactions):,} transaction row(s) sum up requests that have rows of their own; not counted"
        )
    if log.unread:
        notes.append(f"JMeter: {log.unread:,} row(s) could not be read and are left out")
    if not np.isfinite(np.frombuffer(samples.starts)).all():
        notes.append("JMeter: times without timeStamp; rate and duration are not known")
    return sampled(
        path,
        "JMeter",
        samples,
        load=log.threads,
        model="closed",
        began=log.first,
        further=list(_summed(transactions)),
        notes=notes,
    )


def _summed(transactions: Samples) -> Iterator[Operation]:
    spent, bad = np.frombuffer(transactions.spent), np.frombuffer(transactions.failed, dtype=np.uint8)
    names = np.asarray(transactions.names, dtype=object)
    for name in dict.fromkeys(transactions.names):
        own = spent[names == name]
        failed = int(bad[names == name].sum())
        yield Operation(f"{name} (transaction)", len(own), failed, float(own.mean()), quantiles(own))


def _rows(path: Path, first: str, rest: Iterator[str]) -> Iterator[Mapping[str, str | None]]:
    separator = _separator(first)
    fields = next(csv.reader([first.rstrip("\r\n")], delimiter=separator), [])
    if _bare(fields):
        return csv.DictReader(chain([first], rest), fieldnames=_LAYOUTS[len(fields)], delimiter=separator)
    if not {"elapsed", "success"} <= set(fields):
        missing = ", ".join(sorted({"elapsed", "success"} - set(fields)))
        raise DataError(f"{path.name}: a JMeter log without {missing}; save these columns, and {_WAY_OUT}")
    return csv.DictReader(rest, fieldnames=fields, delimiter=separator)


def _separator(first: str) -> str:
    return max(_SEPARATORS, key=first.count)


def _bare(fields: list[str]) -> bool:
    """Whether these are values in a layout that is known by its number of columns."""
    return (
        len(fields) in _LAYOUTS
        and fields[0].isdigit()
        and fields[1].isdigit()
        and fields[_SUCCESS] in ("true", "false")
    )


def _formatted(written: str) -> float | None:
    """Seconds of a time in words, of a zone that is not told: good for differences only."""
    try:
        return datetime.fromisoformat(written.replace("/", "-")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
