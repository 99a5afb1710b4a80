"""
A restore drill with the real restic: back up, damage, restore, compare; all of it in one temporary folder.

The folder is held by a lock that dies with its holder, restic included, so that the next drill can tell a folder that
a killed one left from one in use. restic's cache, its home and its temporary files lie in it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from sre_kit.cli import trees
from sre_kit.compute.operations.drills import SHOWN, Drill, Entry, tree_differences
from sre_kit.errors import ParameterError

PREFIX: Final = "sre-kit-drill-"
LIMIT: Final = 900
"""Seconds that one command of restic may take."""
ROOM: Final = 4
"""The tree, its backup, what is restored, and as much again, in trees."""


class StepFailed(Exception):
    """A command of restic failed: the drill is over, and that is its result."""


def restic_path() -> str:
    """
    Where restic is.

    Raises
    ------
    ParameterError
        It is not installed.
    """
    found = shutil.which("restic")
    if found is None:
        raise ParameterError("restic is not installed, so nothing was drilled; install it: apt-get install restic")
    return found


def drill(restic: str, at: datetime, by: str, *, tree: Path | None, size: int) -> Drill:
    """
    Drill with a copy of `tree`, or with a made-up one of about `size` bytes.

    Raises
    ------
    ParameterError
        `tree` cannot be drilled with, or there is no room for it.
    """
    with _folder() as (folder, lock):
        run = _Restic(restic, folder, lock)
        started = Drill(at, run.version(), by)
        source = folder / "tree"
        if tree is None:
            _room(folder, size)
            trees.made_up(source, size)
        else:
            trees.copied(tree, source)
        before = trees.entries(source)
        kinds = [one.kind for one in before.values()]
        whole = sum(one.size for one in before.values())
        _room(folder, whole)
        begun = replace(
            started,
            files=kinds.count("file"),
            folders=kinds.count("folder"),
            links=kinds.count("link"),
            size=whole,
        )
        try:
            return _restored(run, folder, begun, before)
        except StepFailed as failed:
            return replace(begun, failure=str(failed))


def _restored(run: _Restic, folder: Path, begun: Drill, before: dict[str, Entry]) -> Drill:
    source, target = folder / "tree", folder / "restored"
    run("init")
    backup = run("backup", source.name)
    run("check", "--read-data")
    trees.damage(source)
    damaged = len(tree_differences(before, trees.entries(source)))
    restore = run("restore", "latest", "--target", target.name)
    after = trees.entries(target / source.name) if (target / source.name).is_dir() else {}
    different = tree_differences(before, after)
    return replace(
        begun,
        backup=backup,
        restore=restore,
        compared=len(before),
        damaged=damaged,
        different=len(different),
        differences=tuple(different[:SHOWN]),
    )


class _Restic:
    """restic over one repository in `folder`; its key lives as long as this object."""

    def __init__(self, path: str, folder: Path, lock: int) -> None:
        self.path, self.folder, self.lock = path, folder, lock
        for name in ("home", "tmp"):
            (folder / name).mkdir()
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "RESTIC_REPOSITORY": str(folder / "repository"),
            "RESTIC_PASSWORD": secrets.token_hex(16),
            "RESTIC_CACHE_DIR": str(folder / "home"),
        }

    def version(self) -> str:
        """Its name and version, as in "restic 0.14.0"."""
        words = self._run("version").stdout.split()
        return " ".join(words[:2]) or "restic"

    def __call__(self, *arguments: str) -> timedelta:
        """Run a command; how long it took."""
        began = monotonic()
        done = self._run(*arguments)
        took = timedelta(seconds=monotonic() - began)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise StepFailed(f"restic {arguments[0]} ended with {done.returncode}: {said[-1][:300] if said else ''}")
        return took

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.path, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LIMIT,
                pass_fds=(self.lock,),
                check=False,
            )
        except OSError as error:
            raise StepFailed(f"restic {arguments[0]} cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise StepFailed(f"restic {arguments[0]} took longer than {LIMIT} s") from None


@contextlib.contextmanager
def _folder() -> Iterator[tuple[Path, int]]:
    """A folder of our own with its lock; what killed drills left is removed first."""
    base = Path(tempfile.gettempdir())
    sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder, lock
    finally:
        _remove(folder)
        os.close(lock)


def sweep(base: Path) -> list[Path]:
    """Remove folders of drills that are over: ours, and locked by nobody."""
    gone = []
    for folder in sorted(base.glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if folder.is_symlink() or status.st_uid != os.getuid():
                continue
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
                gone.append(folder)
            finally:
                os.close(lock)
    return gone


def _remove(folder: Path) -> None:
    """The folder with everything in it, also what was restored without the right to write."""
    for path, folders, _ in os.walk(folder):
        for one in (Path(path) / name for name in folders):
            if not one.is_symlink():
                one.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM * size:
        raise ParameterError(
            f"a drill with {size >> 20} MiB needs {ROOM * size >> 20} MiB in {folder.parent}, {free >> 20} are free; "
            "set TMPDIR, or drill with less"
        )
