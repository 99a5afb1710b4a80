"""
Paths inside a folder that we write to: each component is opened from the one before it, and no link is followed.

A check that is followed by a use can be outrun by whoever swaps a folder for a link in between; a descriptor cannot.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.store import places

OUTPUTS: Final = (f"{places.DOCUMENTS.as_posix()}/", "build-plan.md", "build-plan.proposed.md")
"""What is written in a project: everything below docs/SRE, the build plan, and what is proposed for it."""
MAX_BYTES: Final = 200_000_000
"""Larger files are none of ours."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a pipe in place of a document would block until somebody writes
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Root:
    """
    A folder that is written to, held open for as long as this object lives.

    Parameters
    ----------
    folder
        Whose own path may hold links: whoever named it meant where they lead.
    only
        Files, and folders with a "/" at their end, outside of which nothing is written; empty: everything not hidden.
    """

    def __init__(self, folder: Path, only: Sequence[str] = OUTPUTS) -> None:
        self.folder = folder.resolve(strict=True)
        self.only = tuple(only)
        self._descriptor = os.open(self.folder, _FOLDER)
        weakref.finalize(self, os.close, self._descriptor)

    def parts(self, relative: str) -> tuple[str, ...]:
        """
        The components of a path that may be written.

        Raises
        ------
        ParameterError
            It is absolute, climbs out, is hidden, holds an invisible character, or lies outside of `only`.
        """
        parts = tuple(relative.split("/"))
        if not relative.isprintable() or any(part.startswith(".") or not part for part in parts):
            raise ParameterError(f"{relative!r} is no path inside the project")
        if self.only and not any(
            relative.startswith(one) if one.endswith("/") else relative == one for one in self.only
        ):
            raise ParameterError(f"{relative!r} is not ours to write; only {', '.join(self.only)} is")
        return parts

    @contextlib.contextmanager
    def inside(self, *parts: str, make: bool = False) -> Iterator[int]:
        """
        The descriptor of a folder inside; `make` makes what is missing on the way.

        Raises
        ------
        FileNotFoundError
            A folder on the way is missing.
        ProtectedError
            One is a link, or no folder.
        """
        descriptor = os.dup(self._descriptor)
        try:
            for number, part in enumerate(parts):
                try:
                    if make:
                        with contextlib.suppress(FileExistsError):
                            os.mkdir(part, dir_fd=descriptor)
                            os.fsync(descriptor)
                    inner = os.open(part, _FOLDER, dir_fd=descriptor)
                except OSError as error:
                    self.refused(error, "/".join(parts[: number + 1]))
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def parent(self, relative: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The descriptor of the folder that `relative` lies in, and its name there; errors name the whole path."""
        *folders, name = self.parts(relative)
        with self.inside(*folders, make=make) as folder:
            try:
                yield folder, name
            except OSError as error:
                self.refused(error, relative)

    def read(self, relative: str) -> bytes | None:
        """
        A file's bytes; None when there is none.

        Raises
        ------
        ProtectedError
            It, or a folder on the way, is a link or something else that is no file.
        """
        try:
            with self.parent(relative) as (folder, name):
                return read(folder, name)
        except FileNotFoundError:
            return None

    def refused(self, error: OSError, relative: str) -> NoReturn:
        """Raise `error` with the whole path, and with what to do where that is known."""
        where = self.folder / relative
        if isinstance(error, ProtectedError) or str(error.filename or "").startswith("/"):
            raise error  # it has its words already
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise ProtectedError(
                f"{where} is a link or no folder; we do not write through links, replace it by a real one"
            ) from None
        if error.errno in {errno.EISDIR, errno.ENXIO, errno.EFBIG}:
            raise ProtectedError(
                f"{where} is no regular file, or larger than any of ours; move it out of the way"
            ) from None
        if error.errno == errno.EXDEV:
            raise ProtectedError(
                f"{where} lies on another file system than {self.folder / places.STATE}, so it cannot be replaced "
                "in one step; write elsewhere with --out, or mount both together"
            ) from None
        raise OSError(error.errno, error.strerror, str(where)) from None


def read(folder: int, name: str) -> bytes:
    """
    The bytes of the regular file `name` in an open folder.

    Raises
    ------
    OSError
        ELOOP for a link, EISDIR for anything else that is no regular file, EFBIG above `MAX_BYTES`.
    """
    descriptor = os.open(name, _FILE, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if found.st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
        pieces = []
        while piece := os.read(descriptor, 1 << 20):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def write(folder: int, name: str, content: bytes, mode: int | None = None) -> None:
    """A new file, on the disk when this returns; `mode` instead of what the umask gives."""
    descriptor = os.open(name, _NEW, 0o666, dir_fd=folder)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mode(folder: int, name: str) -> int | None:
    """Permission bits of a file; None when there is none."""
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode) & 0o777
    except FileNotFoundError:
        return None


def clear(folder: int, name: str) -> None:
    """Remove a flat folder of ours with all that is in it; nothing happens where there is none."""
    try:
        inner = os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        return
    try:
        for one in os.listdir(inner):
            os.unlink(one, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)
