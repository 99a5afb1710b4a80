"""
What happens after the fork: a session of its own, the client's environment, the work, one answer, the end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_NOT_THE_PARENT: Final = "500"
"""Added to the score by which Linux chooses whom to kill when memory runs out."""


def run(job: Mapping[str, Any], line: socket.socket, folder: Path) -> None:
    """
    Do `job` and send its answer down `line`; never returns.

    The job names a function ``module:name``; it is called with the job's ``given``, `folder` (for IPython) and a
    function that sends an event to the client.
    """
    code = 1
    try:
        _alone()
        _surroundings(job)

        def tell(event: Mapping[str, Any]) -> None:
            line.sendall(json.dumps(event).encode() + b"\n")

        module, _, name = str(job["work"]).partition(":")
        try:
            answer = getattr(import_module(module), name)(job["given"], folder, tell)
        except BaseException as error:
            answer = {"raised": [type(error).__module__, type(error).__qualname__, str(error)]}
        tell({"answer": answer})
        code = 0
    finally:
        os._exit(code)


def _alone() -> None:
    """A session and process group of its own, which dies with the parent and before it."""
    os.setsid()
    default_signals()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_NOT_THE_PARENT, encoding="ascii")


def default_signals() -> None:
    """Signals that were handled do what they do in a fresh process."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _surroundings(job: Mapping[str, Any]) -> None:
    """Folder, environment, time zone and random numbers as a fresh process would have them."""
    os.environ.clear()
    os.environ.update(job["environment"])
    time.tzset()
    os.chdir(job["folder"])
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed()  # children of one parent must not draw the same numbers
