"""
The warm parent: imports, then forks a child for each job, watches it, and leaves nothing behind.

Started as ``python -m sre_kit.render.warm.parent NUMBER`` with a socket as descriptor NUMBER, or as a fork of its
client. Over the socket come jobs, each with a line of its own. A closed line kills its child; a closed socket kills all
and ends the parent.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from sre_kit.render.warm.modules import imported

LENGTH: Final = 8
"""Bytes of a job's length, before it."""
FIRST_GENERATION: Final = 10_000
"""New objects after which a child looks for garbage: Python 3.11's own 700 costs a notebook a tenth of its time."""

KEPT: Final = 512 << 20
"""
Bytes that glibc keeps for the next time: it gives large blocks back to the system and asks for them again, which is a
quarter of what some notebooks take.
"""
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Names of two of glibc's settings, as ``malloc.h`` has them."""


@dataclass(frozen=True)
class _Child:
    process: int
    line: socket.socket


class Parent:
    """Forks and watches; single-threaded, so that a fork is safe."""

    def __init__(self, control: socket.socket, folder: Path) -> None:
        self._control, self._folder = control, folder
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._ended, ending = socket.socketpair()
        self._ended.setblocking(False)
        ending.setblocking(False)
        self._ending = ending
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ending.fileno(), warn_on_full_buffer=False)
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until the client is gone."""
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is self._control:
                        if not self._job():
                            return
                    elif key.fileobj is self._ended:
                        with contextlib.suppress(BlockingIOError):
                            self._ended.recv(4096)
                        self._reap()
                    elif key.data in self._children:  # the client has closed the line
                        self._selector.unregister(key.fileobj)
                        _kill(key.data)
        finally:
            for process in list(self._children):
                _kill(process)

    def _job(self) -> bool:
        """Fork for the next job; False where the client is gone."""
        raw, lines, _, _ = socket.recv_fds(self._control, LENGTH, 1)
        if not raw:
            return False
        line = socket.socket(fileno=lines[0])
        raw += _exactly(self._control, LENGTH - len(raw))
        job: dict[str, Any] = json.loads(_exactly(self._control, int.from_bytes(raw, "big")))
        process = os.fork()
        if process == 0:
            from sre_kit.render.warm import child

            self._forget()
            child.run(job, line, self._folder)
        self._children[process] = _Child(process, line)
        self._selector.register(line, selectors.EVENT_READ, process)
        return True

    def _forget(self) -> None:
        """In the child: nothing of the parent's stays open."""
        self._selector.close()
        for one in (self._control, self._ended, self._ending, *(c.line for c in self._children.values())):
            one.close()

    def _reap(self) -> None:
        """Say how children ended, and end what they left running."""
        while self._children:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            _kill(process, group_only=True)
            one = self._children.pop(process, None)
            if one is None:
                continue
            with contextlib.suppress(KeyError):
                self._selector.unregister(one.line)
            with one.line, contextlib.suppress(OSError):
                end = json.dumps({"ended": os.waitstatus_to_exitcode(status)})
                one.line.sendall(f"\n{end}\n".encode())


def _kill(process: int, *, group_only: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    if not group_only:  # it may not have its group yet
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(length - len(parts), 1 << 20))
        if not part:
            raise SystemExit("the client left in the middle of a job")
        parts += part
    return bytes(parts)


def main(arguments: list[str]) -> None:
    """Import, then serve over the descriptor."""
    _serve(socket.socket(fileno=int(arguments[0])))


def forked(control: socket.socket, errors: int) -> NoReturn:
    """The same in a fork of the client, with nothing of the client's but what it has imported; never returns."""
    code = 1
    try:
        _own(control, errors)
        _serve(control)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _own(control: socket.socket, errors: int) -> None:
    """Session, signals, descriptors, streams and arguments as a process has them that the client starts."""
    from sre_kit.render.warm import child

    os.setsid()
    child.default_signals()
    for number, of in enumerate((os.open(os.devnull, os.O_RDONLY), errors, errors)):
        os.dup2(of, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in (0, 1, 2, control.fileno()):
            with contextlib.suppress(OSError):  # the listing's own
                os.close(int(name))
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", 1), open(2, "w", 1)  # noqa: SIM115
    sys.argv[:] = [__file__]
    _keep_memory()


def _keep_memory() -> None:
    """What a process that is started reads from its environment; other C libraries than glibc have no such thing."""
    import ctypes

    with contextlib.suppress(AttributeError):
        for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, KEPT)


def _serve(control: socket.socket) -> None:
    gc.disable()  # what is imported stays
    imported()
    with tempfile.TemporaryDirectory(prefix="sre-kit-warm-") as folder:
        gc.freeze()
        gc.set_threshold(FIRST_GENERATION)
        gc.enable()
        Parent(control, Path(folder)).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
