"""Tables that GitHub renders, with their source under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sre_kit.errors import DataError
from sre_kit.show.shown import Shown
from sre_kit.show.text import Inline, Not, inline

_QUANTITY = re.compile(r"(?:[<>] )?-?[\d,]+(?:\.\d+)?(?: ?(?:%|×|[a-zA-Zµ/]{1,8}))?(?: \d+ (?:h|min|s|ms))?")


@dataclass(frozen=True)
class Table(Shown):
    """
    A GFM table; a table without rows says `empty`, or what is not known.

    `source` is printed under it; `note` is one more sentence below.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Inline]]
    source: Inline = ""
    note: Inline = ""
    empty: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise DataError(
                    f"table {' | '.join(self.columns)}: "
                    f"a row has {len(row)} cells, {len(self.columns)} are needed: {row!r}"
                )

    @property
    def alignment(self) -> tuple[str, ...]:
        """``right`` for each column of numbers, else ``left``."""
        cells = [[inline(cell, in_cell=True) for cell in row] for row in self.rows]
        return tuple("right" if _numeric(cells, number) else "left" for number in range(len(self.columns)))

    def markdown(self) -> str:
        """The table, its source, its note; gaps below where rows are there too."""
        parts = []
        if self.rows:
            parts.append(pipe_table(self.columns, self.rows))
        elif self.empty:
            parts.append(inline(self.empty))
        parts.extend(inline(Not(gap)) for gap in self.gaps)
        if self.source:
            parts.append(f"Source: {inline(self.source)}")
        if self.note:
            parts.append(inline(self.note))
        return "\n\n".join(parts)


def pipe_table(columns: Sequence[str], rows: Sequence[Sequence[Inline]]) -> str:
    """Header, rule and rows; numbers are right-aligned by the column's first filled cell."""
    from tabulate import tabulate

    cells = [[inline(cell, in_cell=True) for cell in row] for row in rows]
    align = ["right" if _numeric(cells, i) else "left" for i in range(len(columns))]
    return tabulate(
        cells,
        headers=[inline(c, in_cell=True) for c in columns],
        tablefmt="pipe",
        disable_numparse=True,
        colalign=align,
        maxcolwidths=None,
    )


def _numeric(cells: Sequence[Sequence[str]], column: int) -> bool:
    filled = [row[column] for row in cells if row[column] not in ("", "–")]
    return bool(filled) and all(_QUANTITY.fullmatch(cell) for cell in filled)
