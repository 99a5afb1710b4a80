"""
Run one notebook in a process of its own, and export it: in a child of the warm parent, or with papermill and a kernel.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sre_kit.errors import NotebookError, ParameterError, nearest
from sre_kit.render.rendered import Rendered, parameters

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from sre_kit.render.warm.client import Cancel

CELL_SECONDS: Final = 600
WARM: Final = "warm"
KERNEL: Final = "kernel"
ENGINES: Final = (WARM, KERNEL)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


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
    awaits: str = "",
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
    awaits
        A parameter that names a file which others are still making; cells that do not use it run already.

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
            done = notebooks.run(notebook, given, seconds=seconds, keep=keep, cancel=cancel, awaits=awaits)
        except NotebookError:
            if not standing.standing().problem:
                raise
        problem = standing.standing().problem
        if not problem:
            return done
    note = f"the warm engine cannot be used, so a kernel ran the notebooks: {problem}"
    if awaits:
        notebooks.arrived(Path(given[awaits]), lambda: cancel is not None and cancel.cancelled)
    with processes(1) as apart:  # we may be a thread, and kernels' clients in threads of one process share its stderr
        done = apart.submit(kernel.run, notebook, given, seconds=seconds, keep=keep).result()
    return replace(done, note=note)


def processes(count: int) -> ProcessPoolExecutor:
    """Processes that speak to kernels."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from sre_kit.render import stopping

    # spawn: a kernel client's threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=stopping.worker)


def environment(run_id: str) -> None:
    """Settings that every kernel of this run inherits."""
    os.environ["SRE_KIT_RUN"] = run_id
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # two notebooks share two cores; a thread pool per kernel only gets in their way
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
