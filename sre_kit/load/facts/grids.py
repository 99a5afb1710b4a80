"""Tables that are drawn in a code block, with box characters or with `+---+`: read as the tables that they are."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.load.facts.reading import Fence, Row, Table, plain

_RULE: Final = re.compile(r"\s*[┌├└╔╠╚╒╞╘+][─━═┬┼┴╦╬╩╤╪╧+\-=]+[┐┤┘╗╣╝╕╡╛+]\s*")
_LINE: Final = re.compile(r"\s*[│┃║|](.*)[│┃║|]\s*")
_BARS: Final = re.compile(r"[│┃║|]")
_LARGEST: Final = 50_000
_MOST_COLUMNS: Final = 12


def drawn_table(fence: Fence) -> Table | None:
    """
    The table that a block draws, or None where it draws something else: every line is a rule or a row of the
    same number of cells, two at least. A drawing of boxes has lines of other shapes.
    """
    if len(fence.text) > _LARGEST or not _RULE.match(fence.text.lstrip("\n").partition("\n")[0]):
        return None
    rules = 0
    rows: list[tuple[int, Row]] = []
    for offset, text in enumerate(fence.text.split("\n")):
        if not text.strip():
            continue
        if _RULE.fullmatch(text):
            rules += 1
        elif body := _LINE.fullmatch(text):
            cells = tuple(plain(cell) for cell in _BARS.split(body[1]))
            rows.append((rules, Row(cells, fence.line + offset, text.strip())))
        else:
            return None
    widths = {len(row.cells) for _, row in rows}
    if rules < 2 or len(rows) < 2 or len(widths) != 1 or not 2 <= widths.pop() <= _MOST_COLUMNS:
        return None
    header, *body_rows = _joined(rows)
    if not body_rows or not all(header.cells):
        return None
    return Table(fence.heading, fence.lead, header.cells, tuple(body_rows), header.line)


def _joined(rows: list[tuple[int, Row]]) -> list[Row]:
    """Rows whose cells are wrapped over several lines, where rules stand between all rows of the table."""
    groups = {rule for rule, _ in rows}
    if len(groups) <= 2:
        return [row for _, row in rows]
    joined: list[Row] = []
    last = -1
    for rule, row in rows:
        if joined and rule == last:
            cells = tuple(f"{above} {cell}".strip() for above, cell in zip(joined[-1].cells, row.cells, strict=True))
            joined[-1] = Row(cells, joined[-1].line, joined[-1].source)
        else:
            joined.append(row)
        last = rule
    return joined
