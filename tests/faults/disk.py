"""A disk that fails when it is told to: the k-th call of a kind, once, for good, or by killing the process there."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

from sre_kit.render import publish

CALLS: Final = (
    "open",
    "write",
    "fsync",
    "rename",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "fchmod",
    "ftruncate",
    "pwrite",
)
"""What the writer asks the operating system for; a file that is only read does not count as opened."""


@dataclass
class Disk:
    """
    Lets the `at`-th call named `call` fail ("any": of all of `CALLS`).

    `error` is an errno, or 0: the process kills itself there. `stays`: every later call fails too.
    """

    call: str = "any"
    at: int = 0
    error: int = 0
    stays: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Disk]:
        with contextlib.ExitStack() as stack:
            for name in CALLS:
                stack.enter_context(mock.patch.object(os, name, self._wrapped(name, getattr(os, name))))
            yield self

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return real(*arguments, **named)
            self.seen[name] += 1
            self.seen["any"] += 1
            count = self.seen[self.call]
            if self.call in {name, "any"} and (count == self.at or (self.stays and 0 < self.at < count)):
                if not self.error:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(self.error, os.strerror(self.error), str(arguments[0]))
            return real(*arguments, **named)

        return call


OLD: Final[Mapping[str, bytes | None]] = {
    "docs/SRE/SLODefinitions.md": b"old\n" * 400,
    "docs/SRE/SREHandoff.md": b"old\n" * 100,
    "docs/SRE/images/gone.png": b"old",
    "docs/SRE/images/burn.png": b"old" * 3000,
    "docs/SRE/artifacts/rules.yaml": None,
    "docs/SRE/manifest.json": b"old",
    "build-plan.md": b"old plan",
}
NEW: Final[Mapping[str, bytes | None]] = {
    "docs/SRE/SLODefinitions.md": b"new\n" * 500,
    "docs/SRE/SREHandoff.md": b"old\n" * 100,
    "docs/SRE/images/gone.png": None,
    "docs/SRE/images/burn.png": b"new" * 4000,
    "docs/SRE/artifacts/rules.yaml": b"new: true",
    "docs/SRE/manifest.json": b"new",
    "build-plan.md": b"new plan",
}


def put(root: publish.Root, files: Mapping[str, bytes | None]) -> None:
    """One whole publication."""
    with publish.lock(root):
        publish.publish(root, publish.changes(root, files))


def state(root: publish.Root) -> str:
    """``old``, ``new`` or ``mixed``; a file that is neither is an error by itself."""
    now = {path: root.read(path) for path in OLD}
    torn = [path for path, content in now.items() if content not in (OLD[path], NEW[path])]
    assert not torn, f"torn: {torn}"
    return "old" if now == dict(OLD) else "new" if now == dict(NEW) else "mixed"


def litter(root: publish.Root) -> set[str]:
    """Files that are neither published nor the lock."""
    known = {*OLD, ".sre_kit/.gitignore", ".sre_kit/lock"}
    there = {path.relative_to(root.folder).as_posix() for path in root.folder.rglob("*") if path.is_file()}
    return there - known


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked child; its exit status, negative the signal that killed it."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of sets are ten thousands of fsyncs."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)
