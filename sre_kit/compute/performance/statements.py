"""
Database statements: where the database spends its time, from pg_stat_statements.

Times are seconds. The share of a statement is its total time over that of all statements in the export: an index that
makes a rare slow statement fast changes little where a frequent cheap one takes the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sre_kit.compute.vocabulary import Gap
from sre_kit.units import percent


@dataclass(frozen=True, slots=True)
class Statement:
    """One normalised statement; what the server's version does not count is ``None``."""

    query: str
    calls: int
    total: float
    mean: float
    deviation: float | None
    rows: int | None
    hits: int | None
    """Blocks found in the buffer cache."""
    reads: int | None
    temporary: int | None
    """Temporary blocks written: sorts and hashes that did not fit in memory."""
    read_time: float | None
    jit: float | None = None
    """Seconds of compiling, within the total (PostgreSQL 15 and later)."""

    @property
    def hit_ratio(self) -> float | None:
        """Share of block accesses that the cache answered; missing where there was none."""
        if self.hits is None or self.reads is None or self.hits + self.reads == 0:
            return None
        return self.hits / (self.hits + self.reads)

    @property
    def rows_per_call(self) -> float | None:
        """Rows returned or changed by a call."""
        return self.rows / self.calls if self.rows is not None and self.calls else None

    @property
    def read_share(self) -> float | None:
        """Share of the time spent waiting for blocks; missing where ``track_io_timing`` is off."""
        return self.read_time / self.total if self.read_time and self.total else None


@dataclass(frozen=True, slots=True)
class Statements:
    """An export, most total time first."""

    statements: tuple[Statement, ...] = ()
    source: str = ""
    version: str = ""
    """Which servers write these columns."""
    gap: Gap | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Seconds of all statements."""
        return sum(one.total for one in self.statements)

    def share(self, statement: Statement) -> float | None:
        """Share of the database's time, 0..1."""
        return statement.total / self.total if self.total else None


def statement_evidence(statement: Statement, share: float | None) -> list[str]:
    """
    What the counters say about a statement, each with its number; nothing where nothing stands out.

    The bounds: a cache that misses a tenth of the blocks, reads that take a third of the time, temporary blocks at
    all, a thousand rows a call, a deviation of twice the mean.
    """
    found = []
    if (hit := statement.hit_ratio) is not None and hit < 0.9:
        found.append(f"{percent(1 - hit, 0)} of its blocks came from disk")
    if (waiting := statement.read_share) is not None and waiting > 1 / 3:
        found.append(f"{percent(waiting, 0)} of its time waited for blocks")
    if statement.temporary:
        found.append(f"{statement.temporary:,} temporary blocks written (a sort or hash that did not fit)")
    if (rows := statement.rows_per_call) is not None and rows >= 1000:
        found.append(f"{rows:,.0f} rows a call")
    if statement.rows is not None and statement.calls and statement.reads and rows is not None and rows <= 10:
        blocks = ((statement.hits or 0) + statement.reads) / statement.calls
        if blocks >= 1000:
            found.append(
                f"{blocks:,.0f} blocks read for {rows:.1f} rows a call: most of what is read is counted or thrown away"
            )
    if statement.jit is not None and statement.total > 0 and statement.jit / statement.total > 0.1:
        found.append(f"{percent(statement.jit / statement.total, 0)} of its time is compilation (JIT)")
    if statement.deviation is not None and statement.mean > 0 and statement.deviation > 2 * statement.mean:
        found.append(f"its time varies by {statement.deviation / statement.mean:.1f} times the mean")
    if not found and share is not None and share >= 0.2:
        found.append("nothing but its number of calls")
    return found


def ranked(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Most total time first; equals by their text, so that the order is always the same."""
    return tuple(sorted(statements, key=lambda one: (-one.total, one.query)))
