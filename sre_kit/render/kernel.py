"""
One notebook by papermill and a kernel of its own: slower than the warm engine, and the measure for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import NotebookError
from sre_kit.render.document import document
from sre_kit.render.rendered import Rendered, cell_seconds, check_complete, failure
from sre_kit.render.warm.client import ChildDied
from sre_kit.render.warm.notebooks import cause, too_long

START_SECONDS: Final = 60


def run(notebook: Path, given: Mapping[str, Any], *, seconds: int, keep: Path | None) -> Rendered:
    """
    The document of `notebook`; parameters as `engine.run` has them.

    Raises
    ------
    NotebookError
        A cell failed, the kernel died or took too long.
    """
    began = time.perf_counter()
    import papermill

    imported = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="sre-kit-run-") as folder, _quiet(Path(folder) / "kernel.log"):
        executed = _execute(papermill, notebook, keep or Path(folder) / notebook.name, given, seconds)
    ran = time.perf_counter()
    done = document(executed, notebook.stem)
    check_complete(executed, done)
    durations = {
        number: float(cell.metadata.get("papermill", {}).get("duration") or 0.0)
        for number, cell in enumerate(executed.cells)
    }
    cells = cell_seconds(durations, executed)
    spent = {
        "import": imported - began,
        "kernel": ran - imported - sum(cells.values()),
        **cells,
        "export": time.perf_counter() - ran,
    }
    return Rendered(done.name, done.text, done.files, done.machine, spent)


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
    """The executed notebook; a kernel that does not start gets a second chance, one that ran a cell does not."""
    from nbclient.exceptions import DeadKernelError

    for attempt in (1, 2):
        watch = _Watch()
        try:
            return papermill.execute_notebook(
                str(notebook),
                str(output),
                parameters=dict(given),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                execution_timeout=seconds,
                start_timeout=START_SECONDS,
                cwd=str(notebook.parent),
                kernel_manager_class=watch.manager(),
                on_cell_execute=watch,
                shutdown_kernel="immediate",
            )
        except papermill.PapermillExecutionError as error:
            raise NotebookError(_failure(notebook, error)) from None
        except DeadKernelError:
            raise NotebookError(f"{notebook.stem}: {watch.where}{cause(watch.died())}; nothing was written") from None
        except (RuntimeError, TimeoutError) as error:
            if watch.where:
                raise NotebookError(too_long(notebook, watch.where, seconds)) from None
            if attempt == 2:
                raise NotebookError(
                    f"{notebook.stem}: no kernel within {START_SECONDS} s, twice ({str(error).splitlines()[0][:200]})"
                ) from None
        finally:
            watch.end()
    raise AssertionError("unreachable")


class _Watch:
    """Knows the cell that runs and the processes of the kernels, which lead groups of their own."""

    def __init__(self) -> None:
        self.where = ""
        self._kernels: list[Any] = []

    def __call__(self, cell: Mapping[str, Any], cell_index: int) -> None:
        """A cell begins."""
        self.where = f"cell {cell.get('id', f'number {cell_index}')!r}: "

    def manager(self) -> type:
        """A manager of kernels that tells us their processes."""
        from jupyter_client.manager import AsyncKernelManager

        from sre_kit.render.kernels import Kernels

        kernels = self._kernels

        class Manager(AsyncKernelManager):  # type: ignore[misc]
            def _kernel_spec_manager_default(self) -> Kernels:
                return Kernels(parent=self)

            async def start_kernel(self, **how: Any) -> None:
                await super().start_kernel(**how)
                kernels.append(getattr(self.provisioner, "process", None))

        return Manager

    def died(self) -> ChildDied:
        """How the last kernel ended."""
        return ChildDied(self._kernels[-1].poll() if self._kernels and self._kernels[-1] else 1)

    def end(self) -> None:
        """End what kernels left running: their shutdown reaches only the living."""
        for kernel in self._kernels:
            if kernel is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(kernel.pid, signal.SIGKILL)


def _failure(notebook: Path, error: Any) -> str:
    import json

    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    cell = next((c.get("id", "") for c in cells if "".join(c["source"]) == error.source), f"number {error.cell_index}")
    said = {"traceback": error.traceback, "ename": error.ename, "evalue": error.evalue}
    return failure(notebook, cell, str(error.source), said)
