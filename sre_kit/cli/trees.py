"""Trees of files for a restore drill: made up or copied, read with their hashes, damaged."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from sre_kit.compute.operations.drills import Entry
from sre_kit.errors import ParameterError

LARGEST: Final = 1 << 30
"""Bytes of a tree that is drilled with; a larger one is no drill but a restore."""
MOST: Final = 100_000
_SIZES: Final = (0, 1, 63, 4096, 70_001, 524_289, 1_500_000)
"""Bytes: nothing, one, below and above a block, and enough for several blobs of a content-defined chunker."""
_NAMES: Final = ("orders.csv", "with space", "łódź-ü", "-dash", "a;b&c", ".hidden", "quote'\"")


def made_up(root: Path, size: int) -> None:
    """A tree of about `size` bytes: deep folders, odd names, empty files, modes, links that lead and that do not."""
    draw = Random("a tree for restore drills")
    root.mkdir()
    written, number = 0, 0
    while number < len(_SIZES) * 2 or written < size:
        folder = root / f"level-{number % 3}" / _NAMES[number % len(_NAMES)]
        folder.mkdir(parents=True, exist_ok=True)
        file, length = folder / f"{number:05}", _SIZES[number % len(_SIZES)]
        file.write_bytes(draw.randbytes(length))
        file.chmod((0o644, 0o600, 0o755, 0o440)[number % 4])
        os.utime(file, ns=(0, 1_700_000_000_000_000_000 + number * 1_000_000_007))
        written, number = written + length, number + 1
    (root / "empty folder").mkdir()
    (root / "to-a-file").symlink_to("level-0")
    (root / "to-nothing").symlink_to("../not/there")


def copied(source: Path, root: Path) -> None:
    """
    A copy of the tree at `source`, links as links; the drill touches the copy alone.

    Raises
    ------
    ParameterError
        It is no folder, holds no file, is too large, or holds what is no file, folder or link.
    """
    if not source.is_dir():
        raise ParameterError(f"--tree {source}: there is no such folder; name one that holds the files to drill with")
    size, count, files = 0, 0, 0
    for path in _walk(source):
        status = path.lstat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            raise ParameterError(
                f"--tree {source}: {path.relative_to(source)} is no file, folder or link; leave it out"
            )
        files += stat.S_ISREG(status.st_mode)
        size, count = size + status.st_size * stat.S_ISREG(status.st_mode), count + 1
        if size > LARGEST or count > MOST:
            raise ParameterError(
                f"--tree {source}: more than {LARGEST >> 20} MiB or {MOST:,} entries; drill with a part"
            )
    if not files:
        raise ParameterError(f"--tree {source}: it holds no file, so nothing could be compared")
    shutil.copytree(source, root, symlinks=True)


def entries(root: Path) -> dict[str, Entry]:
    """Everything below `root` by its path: hash, mode, target, time of change. No link is followed."""
    found = {}
    for path in _walk(root):
        status, name = path.lstat(), os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace")
        mode, changed = stat.S_IMODE(status.st_mode), status.st_mtime_ns
        if stat.S_ISLNK(status.st_mode):
            found[name] = Entry("link", mode, changed, target=str(path.readlink()))
        elif stat.S_ISDIR(status.st_mode):
            found[name] = Entry("folder", mode, changed)
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[name] = Entry("file", mode, changed, status.st_size, digest)
    return found


def damage(root: Path) -> None:
    """Take every third file away, change a byte of or add one to every third, leave the rest alone."""
    files = [path for path in _walk(root) if path.is_file() and not path.is_symlink()]
    for number, path in enumerate(files):
        if number % 3 == 0:
            path.parent.chmod(0o700)
            path.unlink()
        elif number % 3 == 1:
            path.chmod(0o600)
            content = path.read_bytes()
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:] if content else b"x")


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield from (Path(folder) / name for name in sorted([*folders, *files]))
