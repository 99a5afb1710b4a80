"""
Cells in an IPython shell of this process, with the outputs that a kernel would have given.

The shell is ipykernel's own, so that magics, displays and errors are the same code; its session hands messages to
`Outputs` instead of a socket. Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sre_kit.render.warm.outputs import Outputs

INLINE: Final = "module://matplotlib_inline.backend_inline"
ALLOWS_ERRORS: Final = "raises-exception"
SKIPPED: Final = "skip-execution"
_AWAITS: Final = re.compile("async|await")  # asking the shell whether a cell does would make Python of it once more

Told = Callable[[int, Mapping[str, Any] | None], None]
"""Told before a cell runs (None) and after it (the cell)."""


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a cell, and what reached its file descriptor past Python."""

    def __init__(self, name: str, outputs: Outputs) -> None:
        self._name, self._outputs = name, outputs
        self._number = {"stdout": 1, "stderr": 2}[name]
        # a file, not a pipe: it never fills, and needs no thread that a C loop could starve
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._read = 0
        _append_only(self._file.fileno())
        os.dup2(self._file.fileno(), self._number)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Always UTF-8, as in a kernel."""
        return "UTF-8"

    def write(self, text: str, /) -> int:
        """Take text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.flush()
        self._outputs.stream(self._name, text)
        return len(text)

    def flush(self) -> None:
        """Take what reached the descriptor in the meantime, so that the order is kept."""
        size = os.fstat(self._file.fileno()).st_size
        if size < self._read:  # somebody opened /dev/stdout anew
            self._read = 0
        if size > self._read:
            raw = os.pread(self._file.fileno(), size - self._read, self._read)
            self._read += len(raw)
            self._outputs.stream(self._name, raw.decode("utf-8", "replace"))

    def fileno(self) -> int:
        """The descriptor, for programs that a cell starts."""
        return self._number

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """No."""
        return False


class Shell:
    """One notebook's shell; made once in a process that is its own."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where IPython may keep its profile."""
        self.outputs = Outputs()
        self._backend()
        self._shell, self._session = _made(self.outputs, folder)
        sys.stdout, sys.stderr = Stream("stdout", self.outputs), Stream("stderr", self.outputs)
        builtins.input = _no_input
        _widgets(self.outputs)
        self.seconds: dict[int, float] = {}
        if os.environ["MPLBACKEND"] == INLINE and "matplotlib_inline.backend_inline" in sys.modules:
            _inline(self._shell)

    def run(self, notebook: dict[str, Any], told: Told) -> bool:
        """
        Run the code cells of `notebook` in place, as nbformat has them; False where one failed.

        The cells after a failure do not run; their execution count stays None.
        """
        return asyncio.run(self._all(notebook, told))

    async def _all(self, notebook: dict[str, Any], told: Told) -> bool:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["execution_count"], cell["outputs"] = None, []
        for index, cell in enumerate(notebook["cells"]):
            if not _runs(cell):
                continue
            told(index, None)
            began = time.monotonic()
            success = await self._cell(cell)
            self.seconds[index] = time.monotonic() - began
            told(index, cell)
            if not success and ALLOWS_ERRORS not in cell["metadata"].get("tags", []):
                return False
        if state := self.outputs.widgets():
            notebook["metadata"]["widgets"] = state
        return True

    async def _cell(self, cell: dict[str, Any]) -> bool:
        cell["outputs"] = self.outputs.begin()
        shell = self._shell
        shell.set_parent(self._session.msg("execute_request"))
        source = _text(cell["source"])
        known = _transformed(shell, source) if _AWAITS.search(source) else {}
        if known and shell.should_run_async(source, **known):
            result = None
            try:
                result = await shell.run_cell_async(source, store_history=True, cell_id=cell.get("id"), **known)
            finally:
                shell.events.trigger("post_execute")
                shell.events.trigger("post_run_cell", result)
        else:
            result = shell.run_cell(source, store_history=True, cell_id=cell.get("id"))
        await asyncio.sleep(0)  # what a cell has scheduled gets its turn, as between two requests to a kernel
        sys.stdout.flush()
        sys.stderr.flush()
        self.outputs.finish()
        cell["execution_count"] = shell.execution_count - 1
        return bool(result.success) and not getattr(shell, "_last_traceback_during_displayhook", False)

    def _backend(self) -> None:
        """Matplotlib's backend as a kernel has it: the environment's, else figures below the cell."""
        backend = os.environ.get("MPLBACKEND") or INLINE
        os.environ["MPLBACKEND"] = backend
        if "matplotlib" in sys.modules:
            import matplotlib

            matplotlib.rcParams["backend"] = backend


class _Kernel:
    """The little of a kernel that libraries ask the shell for."""

    eventloop = None

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def get_parent(self, channel: str | None = None) -> Any:
        """The request that runs."""
        return self.shell.get_parent()


def _made(outputs: Outputs, folder: Path) -> tuple[Any, Any]:
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.profiledir import ProfileDir
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Recording(Session):  # type: ignore[misc, unused-ignore]
        """Messages go to `outputs`."""

        def send(
            self,
            stream: Any,
            msg_or_type: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,
            buffers: Any = None,
            track: bool = False,
            header: Any = None,
            metadata: Any = None,
        ) -> Any:
            if isinstance(msg_or_type, str):
                msg_or_type = {"msg_type": msg_or_type, "content": content or {}}
            outputs.message(msg_or_type["msg_type"], msg_or_type["content"])
            return msg_or_type

    config = Config()
    config.HistoryManager.enabled = False
    profile = ProfileDir(location=str(folder))
    shell = ZMQInteractiveShell.instance(config=config, profile_dir=profile, ipython_dir=str(folder))
    shell.kernel, shell.enable_gui = _Kernel(shell), _event_loop
    session = Recording()
    for part in (shell.displayhook, shell.display_pub):
        part.session, part.pub_socket = session, "outputs"
    shell.displayhook.topic = b"execute_result"
    sys.path[0:1] = [""]  # a kernel finds modules beside its notebook
    return shell, session


def _event_loop(gui: str | None = None) -> None:
    """Inline figures need none; a window would have nobody to look at it."""
    from IPython.core.error import UsageError

    if gui is not None:
        raise UsageError(f"no event loop for {gui!r} in a notebook that nobody watches")


def _widgets(outputs: Outputs) -> None:
    """Widgets speak to `outputs`."""
    import comm
    from comm.base_comm import BaseComm

    class Comm(BaseComm):  # type: ignore[misc, unused-ignore]
        """A widget's line to its front end."""

        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
        ) -> None:
            outputs.widget(msg_type, self.comm_id, data or {}, buffers or (), self._told)

        def _told(self, got: list[dict[str, Any]]) -> None:
            update = {"method": "update", "state": {"outputs": got}, "buffer_paths": []}
            self.handle_msg({"content": {"comm_id": self.comm_id, "data": update}, "buffers": []})

    comm.create_comm = lambda *args, **given: Comm(*args, **given)


def _inline(shell: Any) -> None:
    """Figures appear below their cell; the support notes which backend it has configured, perhaps before the fork."""
    from IPython.core.pylabtools import activate_matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    with contextlib.suppress(AttributeError):
        del configure_inline_support.current_backend
    activate_matplotlib(INLINE)
    configure_inline_support(shell, INLINE)


def _transformed(shell: Any, source: str) -> dict[str, Any]:
    """A cell as Python, or why it cannot become it."""
    try:
        return {"transformed_cell": shell.transform_cell(source), "preprocessing_exc_tuple": None}
    except Exception:
        return {"transformed_cell": source, "preprocessing_exc_tuple": sys.exc_info()}


def _runs(cell: Mapping[str, Any]) -> bool:
    skipped = SKIPPED in cell.get("metadata", {}).get("tags", [])
    return bool(cell["cell_type"] == "code" and _text(cell["source"]).strip() and not skipped)


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _no_input(prompt: object = "") -> str:
    from IPython.core.error import StdinNotImplementedError

    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _append_only(descriptor: int) -> None:
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
