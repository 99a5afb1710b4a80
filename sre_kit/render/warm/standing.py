"""
The warm parent of this process: started when first wanted, checked once, ended with the process.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import Final

from sre_kit.render.warm.client import ChildDied, TooLong, Warm
from sre_kit.render.warm.conformance import CHECK, problem

SECONDS: Final = 60
"""For the conformance run, imports of the parent included."""


class Standing:
    """A warm parent, and whether its shell behaves as a kernel; the check runs beside the first notebooks."""

    def __init__(self, *, may_fork: bool = False) -> None:
        self.warm = Warm(may_fork=may_fork)
        self._problem = "the check did not end"
        self._check = threading.Thread(target=self._checked, name="sre-kit conformance", daemon=True)
        self._check.start()

    @property
    def problem(self) -> str:
        """Why results of this engine must not be used; empty when they may."""
        self._check.join()
        return self._problem

    def _checked(self) -> None:
        from pathlib import Path

        try:
            self._problem = problem(self.warm.call(CHECK, {}, folder=Path.cwd(), limit=SECONDS))
        except (ChildDied, TooLong) as error:
            self._problem = f"its check failed ({error})"


_lock = threading.Lock()
_standing: Standing | None = None
_ending: list[Warm] = []
"""Parents that were let go and may still run."""


def missing() -> str:
    """Why there can be no warm engine here; empty where there can."""
    if not hasattr(os, "fork") or sys.platform == "win32":
        return "this system cannot fork"
    return "" if sys.executable else "there is no Python to start"


def standing(*, may_fork: bool = False) -> Standing:
    """The one of this process; `may_fork` as `Warm` has it."""
    global _standing
    with _lock:
        if _standing is None or _standing.warm.owner != os.getpid():
            _standing = Standing(may_fork=may_fork)
        return _standing


def release() -> None:
    """Let it end beside what we have left to do, as that takes it a while; the next one that is wanted is a new one."""
    global _standing
    with _lock:
        if _standing is not None and _standing.warm.owner == os.getpid():
            _standing.warm.release()
            _ending.append(_standing.warm)
        _standing = None


def end() -> None:
    """End it, and wait until it has; the next one that is wanted is a new one."""
    release()
    with _lock:
        while _ending:
            _ending.pop().close()


def _unlock() -> None:
    """In a fork, where whoever holds the lock is not."""
    global _lock
    _lock = threading.Lock()


atexit.register(end)
if not missing():
    os.register_at_fork(after_in_child=_unlock)
