"""
Run one notebook with papermill, in a process of its own, and export it.

papermill's own word ("completed") is not enough: a dead kernel or a time-out leaves it behind too. A run counts when
every code cell ran and the last output carries the sentinel.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import NotebookError, ParameterError, nearest

CELL_SECONDS: Final = 600
START_SECONDS: Final = 60
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


def run(notebook: Path, given: Mapping[str, Any], *, seconds: int = CELL_SECONDS, keep: Path | None = None) -> Rendered:
    """
    The document of `notebook`, run with the parameters `given`; `keep` is where the executed notebook stays.

    Raises
    ------
    NotebookError
        A cell failed, the kernel died or took too long; the message names notebook, cell and line.
    ParameterError
        The notebook does not know a parameter.
    """
    check_parameters(notebook, given)
    began = time.perf_counter()
    import papermill

    from sre_kit.render.export import SREMarkdownExporter

    imported = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="sre-kit-run-") as folder:
        output = keep or Path(folder) / notebook.name
        with _quiet(Path(folder) / "kernel.log"):
            executed = _execute(papermill, notebook, output, given, seconds)
        ran = time.perf_counter()
        name = executed.metadata.get("sre_kit", {}).get("document", notebook.stem)
        markdown, resources = SREMarkdownExporter().from_notebook_node(executed, {"metadata": {"name": name}})
    machine = resources["sre_kit"]
    _check_complete(name, executed, machine)
    done = time.perf_counter()
    cells = _cell_seconds(executed)
    return Rendered(
        name,
        markdown,
        resources["outputs"],
        machine,
        {
            "import": imported - began,
            "kernel": ran - imported - sum(cells.values()),
            **cells,
            "export": done - ran,
        },
    )


@contextlib.contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """What kernels write to the terminal past their cells goes into `log`; it is no part of any answer."""
    sys.stderr.flush()
    kept = os.dup(2)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(descriptor, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(descriptor)


def _execute(papermill: Any, notebook: Path, output: Path, given: Mapping[str, Any], seconds: int) -> Any:
    """The executed notebook; a kernel that does not answer gets a second chance, a cell that fails does not."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    for attempt in (1, 2):
        try:
            return papermill.execute_notebook(
                str(notebook),
                str(output),
                parameters=dict(given),
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                execution_timeout=seconds,
                start_timeout=START_SECONDS,
                cwd=str(notebook.parent),
            )
        except papermill.PapermillExecutionError as error:
            raise NotebookError(_failure(notebook, error)) from None
        except DeadKernelError:
            raise NotebookError(f"{notebook.stem}: the kernel died (out of memory?); nothing was written") from None
        except (CellTimeoutError, RuntimeError, TimeoutError) as error:
            if attempt == 2:
                raise NotebookError(
                    f"{notebook.stem}: no answer within {seconds} s, twice ({str(error).splitlines()[0][:200]})"
                ) from None
    raise AssertionError("unreachable")


def _failure(notebook: Path, error: Any) -> str:
    """Notebook, cell, line and source of a failure, and what was raised."""
    raw = "\n".join(str(line) for line in error.traceback)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", raw)
    line = _LINE.search(plain)
    source = str(error.source).splitlines()
    number = int(line[1]) if line else 1
    text = source[number - 1].strip() if 0 < number <= len(source) else ""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    cell = next((c.get("id", "") for c in cells if "".join(c["source"]) == error.source), f"number {error.cell_index}")
    return f"{notebook.stem}: cell {cell!r}, line {number}: {text}\n{error.ename}: {error.evalue}"


def _check_complete(name: str, executed: Any, machine: Mapping[str, Any]) -> None:
    skipped = [
        c.get("id") for c in executed.cells if c.cell_type == "code" and c.source.strip() and c.execution_count is None
    ]
    if skipped:
        raise NotebookError(f"{name}: cell {skipped[0]!r} did not run; nothing was written")
    if not machine["sentinel"]:
        raise NotebookError(f"{name}: it did not end with show.open_questions(...), so it is not known to be complete")


def _cell_seconds(executed: Any) -> dict[str, float]:
    """Seconds spent in cells by their tag; what is left of a run is the kernel's start and stop."""
    spent = dict.fromkeys(("load", "compute", "show"), 0.0)
    for cell in executed.cells:
        tags = cell.metadata.get("tags", [])
        took = cell.metadata.get("papermill", {}).get("duration") or 0.0
        for tag in spent:
            if tag in tags:
                spent[tag] += float(took)
    return spent


def environment(run_id: str) -> None:
    """Settings that every kernel of this run inherits."""
    os.environ["SRE_KIT_RUN"] = run_id
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # two notebooks share two cores; a thread pool per kernel only gets in their way
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
