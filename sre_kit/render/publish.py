"""
The one writer: a set of files into a project, each never torn, the set always recoverable.

Everything is staged on the same file system, with a second name for what it replaces; a journal says what will be
replaced; then each file is renamed into place. A run that fails puts the old files back, one that dies is finished
by the next. A file that a person changed since we wrote it is not overwritten.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.render import paths
from sre_kit.render.paths import Root
from sre_kit.store import places
from sre_kit.store.manifest import sha256

__all__ = ["Change", "Root", "changes", "edited", "keep", "lock", "propose", "publish", "recover"]

JOURNAL: Final = "journal.json"
STAGE: Final = "stage"
STATE: Final = places.STATE.as_posix()
_FRESH: Final = "fresh"
"""A file that is not yet where it belongs."""
_held: set[int] = set()
"""Descriptors of the locks that this process holds."""


@dataclass(frozen=True)
class Change:
    """One file of the set: new, changed or unchanged."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def kind(self) -> str:
        """``new``, ``changed``, ``removed`` or ``unchanged``."""
        if self.before == self.after:
            return "unchanged"
        if self.before is None:
            return "new"
        return "removed" if self.after is None else "changed"

    def diff(self) -> str:
        """A unified diff of text, a line for anything else; a page's text is its Markdown's, with images between."""
        if self.kind == "unchanged":
            return ""
        if self.path.endswith(".html"):
            return f"{self.path}: {self.kind}\n"
        try:
            before = (self.before or b"").decode("utf-8").splitlines(keepends=True)
            after = (self.after or b"").decode("utf-8").splitlines(keepends=True)
        except UnicodeDecodeError:
            return f"{self.path}: {self.kind} (binary)\n"
        return "".join(difflib.unified_diff(before, after, f"a/{self.path}", f"b/{self.path}"))


@dataclass(frozen=True)
class _Step:
    """A line of the journal: hashes of the file that was there and of the one that shall be; None: no file."""

    path: str
    old: str | None
    new: str | None

    def as_json(self) -> dict[str, str | None]:
        return {"path": self.path, "old": self.old, "new": self.new}


def changes(root: Root, files: Mapping[str, bytes | None]) -> list[Change]:
    """What publishing `files` would do; a None removes the file."""
    return [Change(path, root.read(path), after) for path, after in sorted(files.items())]


@contextlib.contextmanager
def lock(root: Root) -> Iterator[None]:
    """
    One writer of a project at a time; what a run that died had begun is finished before the block starts.

    The lock dies with its process, and processes forked off do not inherit it.

    Raises
    ------
    ProtectedError
        Another process has it; the message names that one.
    """
    with _state(root) as state:
        descriptor = _locked(state, root)
    _held.add(descriptor)
    try:
        recover(root)
        yield
    finally:
        _held.discard(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def edited(changed: Sequence[Change], recorded: Mapping[str, str]) -> list[Change]:
    """
    Those of `changed` that would replace what a person made, or changed since it was published.

    `recorded` is path -> hash of what was published.
    """
    return [
        one
        for one in changed
        if one.before is not None and one.kind != "unchanged" and recorded.get(one.path) != sha256(one.before)
    ]


def propose(root: Root, changed: Sequence[Change]) -> list[str]:
    """Write the new text of edited documents beside them, as ``X.proposed.md``; returns the paths."""
    written = []
    with _state(root) as state:
        for change in changed:
            if change.after is None:
                continue
            pure = PurePosixPath(change.path)
            beside = str(pure.with_name(f"{pure.stem}.proposed{pure.suffix}"))
            root.read(beside)  # refuses a link or a folder of that name
            _fresh(state, change.after)
            with root.parent(beside, make=True) as (folder, name):
                os.rename(_FRESH, name, src_dir_fd=state, dst_dir_fd=folder)
            written.append(beside)
    return written


def keep(root: Root, name: str, content: bytes) -> None:
    """A file in the state folder, for people to look at; an older one of that name goes."""
    with _state(root) as state:
        _fresh(state, content)
        os.rename(_FRESH, name, src_dir_fd=state, dst_dir_fd=state)


def publish(root: Root, changed: Sequence[Change]) -> list[Change]:
    """
    Replace the set; returns what differed. Nothing is touched where nothing does. The caller holds the `lock`.

    Raises
    ------
    ProtectedError
        A file is no longer what `changed` was computed from.
    OSError
        The disk is full, read-only or broken; the old files are back in place, or the next `lock` brings the new ones.
    """
    changed = [change for change in changed if change.kind != "unchanged"]
    if not changed:
        return []
    moved = [change.path for change in changed if root.read(change.path) != change.before]
    if moved:
        raise ProtectedError(
            f"{', '.join(moved)}: changed while the new set was being made, so nothing was written; render again"
        )
    steps = [_Step(c.path, _hash(c.before), _hash(c.after)) for c in changed]
    with _state(root) as state:
        try:
            _staged(root, state, changed)
            _journal(state, steps)
        except BaseException:
            with contextlib.suppress(OSError):
                _dropped(state)
            raise
        try:
            with root.inside(STATE, STAGE) as stage:
                left = _forward(root, stage, steps)
        except OSError:
            with contextlib.suppress(OSError), root.inside(STATE, STAGE) as stage:
                _back(root, stage, steps)
                _dropped(state)
            raise
        _dropped(state)
    if left:
        raise ProtectedError(f"{', '.join(left)}: changed at the moment of writing, and left as they are; render again")
    return changed


def recover(root: Root) -> list[str]:
    """
    Finish what a run that died had begun, or undo it where its new files are lost; returns the paths it concerned.

    What a person changed meanwhile stays. The caller holds the `lock`.
    """
    with _state(root) as state:
        steps = _read_journal(root, state)
        if steps:
            with root.inside(STATE, STAGE, make=True) as stage:
                undone = any(
                    _now(root, step) == step.old and _staged_hash(stage, number) != step.new
                    for number, step in enumerate(steps)
                )
                (_back if undone else _forward)(root, stage, steps)
        _dropped(state)
    return [step.path for step in steps]


@contextlib.contextmanager
def _state(root: Root) -> Iterator[int]:
    """The descriptor of the state folder, made when missing and kept out of version control."""
    with root.inside(STATE, make=True) as state:
        try:
            with contextlib.suppress(FileExistsError):
                paths.write(state, ".gitignore", b"*\n")
            yield state
        except OSError as error:
            root.refused(error, STATE)


def _locked(state: int, root: Root) -> int:
    """A descriptor of the lock file, locked; the file is still the one that others will open."""
    while True:
        descriptor = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=state)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = os.fstat(descriptor)
            with contextlib.suppress(FileNotFoundError):
                named = os.stat("lock", dir_fd=state, follow_symlinks=False)
                if (named.st_dev, named.st_ino) == (found.st_dev, found.st_ino):
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
                    return descriptor
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise ProtectedError(
                f"another render of {root.folder} is running (process {holder}); wait for it to end"
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _unlocked_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_unlocked_in_child)


def _hash(content: bytes | None) -> str | None:
    return None if content is None else sha256(content)


def _now(root: Root, step: _Step) -> str | None:
    return _hash(root.read(step.path))


def _staged_hash(stage: int, number: int) -> str | None:
    """What would be put in place; None where nothing would."""
    try:
        return sha256(paths.read(stage, f"{number:04d}.new"))
    except FileNotFoundError:
        return None


def _staged(root: Root, state: int, changed: Sequence[Change]) -> None:
    """The new files, and a second name for those they replace, in a folder of their own."""
    paths.clear(state, STAGE)
    os.mkdir(STAGE, 0o700, dir_fd=state)
    with root.inside(STATE, STAGE) as stage:
        for number, change in enumerate(changed):
            mode = None
            if change.before is not None:
                with root.parent(change.path) as (folder, name):
                    mode = paths.mode(folder, name)
                    _second_name(folder, name, stage, f"{number:04d}.old", change.before)
            if change.after is not None:
                paths.write(stage, f"{number:04d}.new", change.after, mode)
        os.fsync(stage)


def _second_name(folder: int, name: str, stage: int, kept: str, content: bytes) -> None:
    try:
        os.link(name, kept, src_dir_fd=folder, dst_dir_fd=stage, follow_symlinks=False)
    except OSError as error:
        # a file system without hard links, or a file that is not ours to link
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK}:
            raise
        paths.write(stage, kept, content, paths.mode(folder, name))


def _fresh(state: int, content: bytes) -> None:
    """A new file, over what a run that died left of it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_FRESH, dir_fd=state)
    paths.write(state, _FRESH, content)


def _journal(state: int, steps: Sequence[_Step]) -> None:
    text = json.dumps({"steps": [step.as_json() for step in steps]})
    _fresh(state, text.encode("utf-8"))
    os.fsync(state)
    os.rename(_FRESH, JOURNAL, src_dir_fd=state, dst_dir_fd=state)
    os.fsync(state)


def _read_journal(root: Root, state: int) -> list[_Step]:
    """The steps of a set that was begun; none where nothing was, or where the journal is not one that we wrote."""
    try:
        found: Any = json.loads(paths.read(state, JOURNAL))
        steps = [_Step(one["path"], one["old"], one["new"]) for one in found["steps"]]
        for step in steps:
            root.parts(step.path)  # a checkout may bring a journal of somebody else's making
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError, ParameterError):
        return []
    return steps


def _forward(root: Root, stage: int, steps: Sequence[_Step]) -> list[str]:
    """Put each new file in its place; returns what a person changed meanwhile, which stays."""
    left = []
    for number, step in enumerate(steps):
        now = _now(root, step)
        if now == step.new:
            continue
        if now not in {step.old, None}:
            left.append(step.path)
            continue
        with root.parent(step.path, make=True) as (folder, name), contextlib.suppress(FileNotFoundError):
            if step.new is None:
                os.unlink(name, dir_fd=folder)
            else:
                os.rename(f"{number:04d}.new", name, src_dir_fd=stage, dst_dir_fd=folder)
            os.fsync(folder)
    return left


def _back(root: Root, stage: int, steps: Sequence[_Step]) -> None:
    """Put each old file back where its new one stands."""
    for number, step in enumerate(steps):
        if step.old == step.new or _now(root, step) != step.new:
            continue
        with root.parent(step.path, make=True) as (folder, name), contextlib.suppress(FileNotFoundError):
            if step.old is None:
                os.unlink(name, dir_fd=folder)
            else:
                os.rename(f"{number:04d}.old", name, src_dir_fd=stage, dst_dir_fd=folder)
            os.fsync(folder)


def _dropped(state: int) -> None:
    """The journal first: a stage without a journal means nothing, a journal without its stage is a lie."""
    for name in (JOURNAL, _FRESH):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=state)
    os.fsync(state)
    paths.clear(state, STAGE)
