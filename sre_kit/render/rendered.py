"""
One rendered document, whichever engine ran its notebook, and what makes a run count.

An engine's own word ("completed") is not enough: a dead kernel or a time-out leaves it behind too. A run counts when
every code cell ran and the last output carries the sentinel.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import NotebookError
from sre_kit.render.document import Document, joined

_LINE: Final = re.compile(r"Cell In\[\d+\], line (\d+)")


@dataclass(frozen=True)
class Rendered:
    """One document: its Markdown, the files beside it, what it tells the machine, and how long it took (seconds)."""

    name: str
    markdown: str
    files: Mapping[str, bytes]
    machine: Mapping[str, Any]
    seconds: Mapping[str, float]
    note: str = ""
    """Why another engine ran it than was asked for."""
    inputs: Mapping[str, Sequence[str]] | None = None
    """What its notebook read (`files`, `folders`) and doubts whether that was all; None where nobody watched."""
    kept: bool = False
    """Nothing that it is made from has changed, so the notebook did not run."""


def parameters(notebook: Path) -> dict[str, Any]:
    """
    Names and defaults of a notebook's ``parameters`` cell.

    Raises
    ------
    NotebookError
        The file is no notebook, or its parameters are not literals.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        source = "".join(
            "".join(cell["source"]) for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])
        )
        found: dict[str, Any] = {}
        for node in ast.parse(source).body:
            target = (
                node.target
                if isinstance(node, ast.AnnAssign)
                else node.targets[0]
                if isinstance(node, ast.Assign)
                else None
            )
            if isinstance(target, ast.Name) and isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
                found[target.id] = ast.literal_eval(node.value)
        return found
    except (ValueError, KeyError, SyntaxError, UnicodeDecodeError) as error:
        raise NotebookError(f"{notebook.name}: not a notebook with literal parameters ({error})") from None


def failure(notebook: Path, cell: str, source: str, error: Mapping[str, Any]) -> str:
    """Notebook, cell, line and source of a failure, and what was raised (`error`: an error output)."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(str(line) for line in error["traceback"]))
    line = _LINE.search(plain)
    number = int(line[1]) if line else 1
    lines = source.splitlines()
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return f"{notebook.stem}: cell {cell!r}, line {number}: {text}\n{error['ename']}: {error['evalue']}"


def check_complete(executed: Mapping[str, Any], done: Document) -> None:
    """
    Refuse a document whose notebook did not run to its end.

    Raises
    ------
    NotebookError
        A code cell did not run, or the sentinel is missing.
    """
    for number, cell in enumerate(executed["cells"]):
        if cell["cell_type"] == "code" and joined(cell["source"]).strip() and cell["execution_count"] is None:
            raise NotebookError(f"{done.name}: cell {cell.get('id', number)!r} did not run; nothing was written")
    if not done.machine["sentinel"]:
        raise NotebookError(
            f"{done.name}: it did not end with show.open_questions(...), so it is not known to be complete"
        )


def cell_seconds(cells: Mapping[int, float], executed: Mapping[str, Any]) -> dict[str, float]:
    """Seconds spent in cells by their tag, of seconds by the cell's number."""
    spent = dict.fromkeys(("load", "compute", "show"), 0.0)
    for number, cell in enumerate(executed["cells"]):
        for tag in set(spent) & set(cell["metadata"].get("tags", [])):
            spent[tag] += cells.get(number, 0.0)
    return spent
