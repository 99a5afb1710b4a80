"""
The explorers of a notebook alone on a page, for people who want no code: shown by Voila (``sre-kit[voila]``).

The page is the notebook cut down to the explorers and the cells that they need, run by the same server.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import ParameterError, nearest

FOLDER: Final = "dashboards"
POLICY: Final = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' ws://127.0.0.1:*; frame-ancestors 'self'"
)
"""Of the page: Voila's own template asks public servers for icons and formulas, which nobody here needs."""
_EXPLORER: Final = "_explorer"
"""Ends the name of every function of ``show`` that makes one."""
_ALWAYS: Final = ("parameters", "load")


def laid(folder: Path, name: str) -> tuple[Path, str]:
    """
    Lay the page of the notebook `name`, of those in `folder`, below it; the server's folder and the page's address.

    Raises
    ------
    ParameterError
        Voila is not installed, or no notebook of this name has an explorer.
    """
    if find_spec("voila") is None:
        raise ParameterError('a dashboard is shown by Voila, which is not installed: pip install "sre-kit[voila]"')
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.ipynb"))}
    known = {one: cut for one, notebook in found.items() if (cut := dashboard(notebook))}
    if name not in known:
        raise ParameterError(f"no notebook {name!r} with an explorer{nearest(name, known)}")
    (folder / FOLDER).mkdir(exist_ok=True)
    text = json.dumps(known[name], indent=1, ensure_ascii=False) + "\n"
    (folder / FOLDER / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return folder, f"/voila/render/{FOLDER}/{name}.ipynb"


def dashboard(notebook: Mapping[str, Any]) -> dict[str, Any] | None:
    """The notebook with title, explorers under their headings, and the cells that they need; None where it has none."""
    cells, kept = notebook["cells"], set[int]()
    needed: set[str] = set()
    for number in range(len(cells) - 1, -1, -1):
        cell = cells[number]
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        explores = any(name.endswith(_EXPLORER) for name in _called(tree))
        if explores or needed & _assigned(tree) or (needed and set(_ALWAYS) & set(cell["metadata"].get("tags", []))):
            kept.add(number)
            needed |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            if explores:
                kept.add(_heading(cells, number))
    if not kept:
        return None
    return {**notebook, "cells": [_shown(cells[number]) for number in sorted({0, *kept})]}


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def _assigned(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _heading(cells: list[dict[str, Any]], number: int) -> int:
    """The heading above a cell, at the latest the title."""
    prose = [n for n in range(number) if cells[n]["cell_type"] == "markdown"]
    return next((n for n in reversed(prose) if "".join(cells[n]["source"]).startswith("#")), 0)


def _shown(cell: dict[str, Any]) -> dict[str, Any]:
    """Of prose its heading; of a cell that only prepares, no output."""
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        return {**cell, "source": source.partition("\n")[0]}
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not any(name.endswith(_EXPLORER) for name in _called(last)):
        source = "\n".join(source.split("\n")[: last.lineno - 1])
    return {**cell, "source": source, "outputs": [], "execution_count": None}
