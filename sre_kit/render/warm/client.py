"""
The client's side of the warm parent: start it, give it jobs, hold them to their limits, end it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, Protocol

from sre_kit.render.warm import modules, parent
from sre_kit.render.warm.parent import KEPT, LENGTH

WITHIN: Final = 10
"""Seconds for a killed child to be gone."""


_SETTINGS: Final = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    **dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(KEPT)),
}


class ChildDied(Exception):
    """A child ended without an answer; `code` is its exit code or minus the signal, None where the parent is gone."""

    def __init__(self, code: int | None, said: str = "") -> None:
        super().__init__(f"exit code {code}{said}")
        self.code, self.said = code, said


class TooLong(Exception):
    """A child was killed because `limit` seconds went by without an event."""

    def __init__(self, limit: float) -> None:
        super().__init__(f"no event for {limit} s")
        self.limit = limit


Event = Callable[[Mapping[str, Any]], float | None]
"""Told what the child tells on the way; returns the seconds until it must tell the next thing, None for no limit."""


class Cancel:
    """Ends the calls that were given it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether they were ended."""
        return self._cancelled

    def cancel(self) -> None:
        """End them, and all that come."""
        with self._lock:
            self._cancelled = True
            for line in self._lines:
                _shut(line)

    @contextlib.contextmanager
    def of(self, line: socket.socket) -> Iterator[None]:
        """`line` is a call's."""
        with self._lock:
            self._lines.add(line)
            if self._cancelled:
                _shut(line)
        try:
            yield
        finally:
            with self._lock:
                self._lines.discard(line)


class Warm:
    """
    A warm parent. Threads may share it; each call has a child of its own.
    """

    def __init__(self, *, may_fork: bool = False) -> None:
        """`may_fork` where this process is a command's own: its imports, if it has begun only now, serve both."""
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            own = may_fork and _young()
            self._process: _Process = _Fork(theirs, self._errors) if own else _started(theirs, self._errors)
        self._control, self._sending = ours, threading.Lock()
        self.owner = os.getpid()

    @property
    def process(self) -> int:
        """The parent's number."""
        return self._process.pid

    def call(
        self,
        work: str,
        given: Mapping[str, Any],
        *,
        folder: Path,
        limit: float | None = None,
        event: Event = lambda _: None,
        cancel: Cancel | None = None,
    ) -> Any:
        """
        What the function `work` (``module:name``) answers in a child.

        Parameters
        ----------
        given
            Its argument, as JSON has it.
        folder
            Where it runs.
        limit
            Seconds until its first event.
        event
            Told what it tells.
        cancel
            Ends the call from another thread.

        Raises
        ------
        ChildDied, TooLong
        """
        line, theirs = socket.socketpair()
        with line, (cancel or Cancel()).of(line):
            job = {"work": work, "given": given, "folder": str(folder), "environment": dict(os.environ)}
            with theirs:
                self._send(json.dumps(job).encode(), theirs)
            return self._answer(line, limit, event)

    def release(self) -> None:
        """Let the parent end, with its children, while we go on; no more calls."""
        self._control.close()

    def close(self) -> None:
        """End the parent and its children."""
        self.release()
        if self.owner == os.getpid():
            try:
                self._process.wait(WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()

    def _send(self, job: bytes, line: socket.socket) -> None:
        with self._sending:
            try:
                socket.send_fds(self._control, [len(job).to_bytes(LENGTH, "big")], [line.fileno()])
                self._control.sendall(job)
            except OSError:
                raise ChildDied(None, self._said()) from None

    def _answer(self, line: socket.socket, limit: float | None, event: Event) -> Any:
        reader = _Lines(line)
        answer: Any = None
        while True:
            try:
                told = reader.next(limit)
            except TimeoutError:
                _hang_up(line, reader)
                raise TooLong(limit or 0) from None
            if told is None:
                raise ChildDied(None, self._said())
            if "answer" in told:
                answer = told
            elif "ended" in told:
                if answer is None or told["ended"] != 0:
                    raise ChildDied(int(told["ended"]))
                return answer["answer"]
            else:
                limit = event(told)

    def _said(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._errors.seek(0)
            return ": " + self._errors.read().decode("utf-8", "replace").strip()[-500:]
        return ""


class _Process(Protocol):
    """What is asked of a warm parent's process."""

    pid: int

    def wait(self, timeout: float | None = None) -> object:
        """Until it has ended; `subprocess.TimeoutExpired` where it has not within `timeout` seconds."""

    def kill(self) -> None:
        """End it."""


def _started(control: socket.socket, errors: IO[bytes]) -> _Process:
    return subprocess.Popen(
        [sys.executable, "-m", "sre_kit.render.warm.parent", str(control.fileno())],
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        env={**_SETTINGS, **os.environ},
        start_new_session=True,  # the terminal's Ctrl+C is the client's affair
    )


def _young() -> bool:
    """Whether nothing has happened in this process yet that a notebook could notice or a fork could break."""
    sees_descriptors = Path("/proc/self/fd").is_dir()
    return sees_descriptors and threading.active_count() == 1 and "numpy" not in sys.modules


class _Fork:
    """A fork of this process; what both need is imported before it, once."""

    def __init__(self, control: socket.socket, errors: IO[bytes]) -> None:
        modules.shared()
        self.pid = os.fork()
        if not self.pid:
            parent.forked(control, errors.fileno())

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended."""
        until = time.monotonic() + (WITHIN if timeout is None else timeout)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > until:
                    raise subprocess.TimeoutExpired("the warm parent", timeout or WITHIN)
                time.sleep(0.002)

    def kill(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class _Lines:
    """JSON objects, one a line; what is torn is passed over, because a killed child may leave it."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._rest = line, bytearray()
        self._scanned = 0

    def next(self, limit: float | None) -> dict[str, Any] | None:
        """The next object; None when there will be none."""
        until = None if limit is None else time.monotonic() + limit
        while True:
            end = self._rest.find(b"\n", self._scanned)
            if end >= 0:
                raw = bytes(self._rest[:end])
                del self._rest[: end + 1]
                self._scanned = 0
                with contextlib.suppress(ValueError):
                    found = json.loads(raw)
                    if isinstance(found, dict):
                        return found
                continue
            self._scanned = len(self._rest)
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            try:
                part = self._line.recv(1 << 20)
            except ConnectionError:
                return None
            if not part:
                return None
            self._rest += part


def _hang_up(line: socket.socket, reader: _Lines) -> None:
    """Have the child killed, and wait until it is gone."""
    _shut(line)
    with contextlib.suppress(TimeoutError):
        while (told := reader.next(WITHIN)) is not None and "ended" not in told:
            pass


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_WR)
