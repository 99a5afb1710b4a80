"""
What a notebook reads while it runs: files and folders, and whether it asks anything that is no file.

Seen by an audit hook, so that code which nobody has told about it is seen too. What the interpreter, its packages and
our own state are made of is left out: their versions are known otherwise. What the project's loader reads of the
documents is kept apart: which of it matters is for the project to say (`Read`).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sre_kit.store import places

_FOLDERS: Final = frozenset({"os.listdir", "os.scandir"})
_DOUBTS: Final = {
    **dict.fromkeys(("socket.connect", "socket.getaddrinfo", "socket.sendto"), "the network"),
    **dict.fromkeys(("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork"), "another program"),
    "sqlite3.connect": "a database",
}
_READERS: Final = ("duckdb", "pyarrow.parquet", "pyarrow.dataset", "pyarrow.csv", "pyarrow.fs", "polars")
"""Libraries that open files without Python's knowledge."""
_LOADER: Final = "sre_kit.load.documents"
_BETWEEN: Final = ("os", "posixpath", "pathlib")
"""Modules through which the loader opens files and lists folders."""
_KNOWN: Final = ("/proc/", "/sys/", "/dev/", "/usr/share/zoneinfo/", "/usr/share/fonts/", "/etc/")


class Inputs:
    """Files that were opened for reading, folders that were listed, and doubts whether that was all."""

    def __init__(self, *, shipped: bool) -> None:
        """`shipped`: one of our notebooks, whose files are all named in the params, whatever opens them."""
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.documents: set[str] = set()
        self.searched: set[str] = set()
        self.doubts: set[str] = set()
        self._on, self._readers = False, () if shipped else _READERS
        own = (
            sys.prefix,
            sys.base_prefix,
            str(places.PACKAGE),
            str(Path.home() / ".cache"),
            str(Path.home() / ".config"),
        )
        self._left_out = (*(f"{folder}/" for folder in own), *_KNOWN)
        sys.addaudithook(self._seen)

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """The block's reading counts."""
        before = {name for name in self._readers if name in sys.modules}
        self._on = True
        try:
            yield
        finally:
            self._on = False
            self.doubts |= {name for name in self._readers if name in sys.modules} - before

    def as_json(self) -> dict[str, list[str]]:
        """Sorted lists; `documents` and `searched` are the files and folders that only the project's loader read."""
        return {
            "files": sorted(self.files),
            "folders": sorted(self.folders),
            "documents": sorted(self.documents),
            "searched": sorted(self.searched),
            "doubts": sorted(self.doubts),
        }

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = flags & os.O_ACCMODE == os.O_WRONLY if isinstance(flags, int) else False
            if not writes and not (isinstance(mode, str) and mode[:1] in "wxa" and "+" not in mode):
                self._add(path, self.files, self.documents)
        elif event in _FOLDERS:
            self._add(arguments[0] if arguments[0] is not None else ".", self.folders, self.searched)
        elif event in _DOUBTS:
            self.doubts.add(_DOUBTS[event])

    def _add(self, path: object, found: set[str], loaded: set[str]) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor: what it is of was opened before
        where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolving links would ask the disk
        if where.startswith(self._left_out) or f"/{places.STATE.name}/" in f"{where}/":
            return
        # a project that is loaded again notes its questions elsewhere
        (loaded if where not in loaded and _by_loader() else found).add(where)


def _by_loader() -> bool:
    """Whether what raised this event is the project's loader of documents."""
    frame = sys._getframe(3)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    return frame.f_globals.get("__name__") == _LOADER
