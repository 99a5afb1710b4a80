"""
Run one notebook in a process of its own, and export it: in a child of the warm parent, or with papermill and a kernel.

An engine's own word ("completed") is not enough: a dead kernel or a time-out leaves it behind too. A run counts when
every code cell ran and the last output carries the sentinel.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sre_kit.errors import NotebookError, ParameterError, nearest
from sre_kit.render.document import Document, joined

if TYPE_CHECKING:
    from sre_kit.render.warm.client import Cancel

CELL_SECONDS: Final = 600
WARM: Final = "warm"
KERNEL: Final = "kernel"
ENGINES: Final = (WARM, KERNEL)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
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


def check_parameters(notebook: Path, given: Mapping[str, Any]) -> None:
    """
    Refuse what the notebook does not know: papermill would run code from a parameter's name.

    Raises
    ------
    ParameterError
        A name that the notebook does not have, or a value that is no JSON scalar.
    """
    known = parameters(notebook)
    for name, value in given.items():
        if name not in known or not _NAME.fullmatch(name):
            raise ParameterError(f"{notebook.stem}: no parameter {name!r}{nearest(name, known)}")
        if not isinstance(value, str | int | float | bool) or value != value or value in (float("inf"), float("-inf")):
            raise ParameterError(
                f"{notebook.stem}: parameter {name}={value!r} must be text, a finite number or true/false"
            )


def run(
    notebook: Path,
    given: Mapping[str, Any],
    *,
    seconds: int = CELL_SECONDS,
    keep: Path | None = None,
    engine: str = WARM,
    cancel: Cancel | None = None,
) -> Rendered:
    """
    The document of `notebook`, run with the parameters `given`.

    Parameters
    ----------
    seconds
        A cell may take this long.
    keep
        Where the executed notebook stays.
    engine
        ``warm`` or ``kernel``; where the warm engine cannot work, a kernel runs it and `Rendered.note` says why.
    cancel
        Ends a warm run from another thread.

    Raises
    ------
    NotebookError
        A cell failed, its process died or took too long; the message names notebook, cell and line.
    ParameterError
        The notebook does not know a parameter, or there is no such engine.
    """
    from sre_kit.render import kernel
    from sre_kit.render.warm import notebooks, standing

    if engine not in ENGINES:
        raise ParameterError(f"engine {engine!r}{nearest(engine, ENGINES)}")
    check_parameters(notebook, given)
    if engine == KERNEL:
        return kernel.run(notebook, given, seconds=seconds, keep=keep)
    problem = standing.missing()
    if not problem:
        try:
            done = notebooks.run(notebook, given, seconds=seconds, keep=keep, cancel=cancel)
        except NotebookError:
            if not standing.standing().problem:
                raise
        problem = standing.standing().problem
        if not problem:
            return done
    note = f"the warm engine cannot be used, so a kernel ran the notebooks: {problem}"
    return replace(kernel.run(notebook, given, seconds=seconds, keep=keep), note=note)


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


def environment(run_id: str) -> None:
    """Settings that every kernel of this run inherits."""
    os.environ["SRE_KIT_RUN"] = run_id
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # two notebooks share two cores; a thread pool per kernel only gets in their way
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
