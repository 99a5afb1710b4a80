"""
The folded list in a header: which documents its page depends on. A notebook lists all; the export, which knows what
was asked until the last cell, lists those that were used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

COLUMNS: Final = ("Document", "Phase", "Dated", "sha256")


def dependencies(rows: Sequence[Sequence[str]], what: str, missing: Sequence[Sequence[str]]) -> str:
    """Markdown; the cells of the rows are Markdown already."""
    from tabulate import tabulate

    every = [*rows, *missing]
    table = tabulate(every, COLUMNS, tablefmt="pipe", disable_numparse=True, colalign=["left"] * len(COLUMNS))
    return (
        f"<details>\n<summary>Dependencies: {len(rows)} documents {what}, {len(missing)} expected and missing</summary>"
        f"\n\n{table if every else 'No document was found.'}\n\n</details>"
    )
