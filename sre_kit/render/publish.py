"""
The one writer: a set of files into a project, each never torn, the set always recoverable.

Everything is staged on the same file system, a journal says what will be replaced, then each file is renamed into
place. A run that dies in between is finished by the next one. A file that a person changed since we wrote it is
not overwritten.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.store import places
from sre_kit.store.manifest import sha256

JOURNAL: Final = "journal.json"


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
        """A unified diff of text, a line for anything else."""
        if self.kind == "unchanged":
            return ""
        try:
            before = (self.before or b"").decode("utf-8").splitlines(keepends=True)
            after = (self.after or b"").decode("utf-8").splitlines(keepends=True)
        except UnicodeDecodeError:
            return f"{self.path}: {self.kind} (binary)\n"
        return "".join(difflib.unified_diff(before, after, f"a/{self.path}", f"b/{self.path}"))


class Root:
    """A project folder that is written to; no path leaves it, no link is followed on the way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve(strict=True)

    def path(self, relative: str) -> Path:
        """
        Where `relative` lies.

        Raises
        ------
        ParameterError
            It is absolute or climbs out.
        ProtectedError
            A folder on the way, or the file, is a link.
        """
        parts = PurePosixPath(relative).parts
        if not parts or relative.startswith("/") or ".." in parts or "\0" in relative:
            raise ParameterError(f"{relative!r} is no path inside the project")
        place = self.folder
        for part in parts:
            place = place / part
            if place.is_symlink():
                raise ProtectedError(
                    f"{place} is a link; we do not write through links, replace it by a real file or folder"
                )
        return place

    def read(self, relative: str) -> bytes | None:
        """The file's bytes; None when there is none."""
        try:
            return self.path(relative).read_bytes()
        except FileNotFoundError:
            return None

    def changes(self, files: Mapping[str, bytes | None]) -> list[Change]:
        """What publishing `files` would do."""
        return [Change(path, self.read(path), after) for path, after in sorted(files.items())]


@contextlib.contextmanager
def lock(project: Path) -> Iterator[None]:
    """
    One render of a project at a time; the lock dies with its process.

    Raises
    ------
    ProtectedError
        Another process has it.
    """
    path = places.state(project) / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip() or "unknown"
            raise ProtectedError(
                f"another render of {project} is running (process {holder}); wait for it to end"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def edited(root: Root, recorded: Mapping[str, str], files: Mapping[str, bytes | None]) -> list[Change]:
    """
    Files that a person made or changed since they were published (`recorded`: path -> hash), and that would change.
    """
    found = []
    for change in root.changes(files):
        if change.kind in {"unchanged", "new"} or change.before is None:
            continue
        if recorded.get(change.path) != sha256(change.before):
            found.append(change)
    return found


def propose(root: Root, changes: list[Change]) -> list[str]:
    """Write the new text of edited documents beside them, as ``X.proposed.md``; returns the paths."""
    written = []
    for change in changes:
        if change.after is None:
            continue
        pure = PurePosixPath(change.path)
        beside = str(pure.with_name(f"{pure.stem}.proposed{pure.suffix}"))
        _write(root.path(beside), change.after)
        written.append(beside)
    return written


def publish(root: Root, files: Mapping[str, bytes | None]) -> list[Change]:
    """
    Replace the set; returns what changed. A None removes the file. Nothing is touched where nothing differs.

    The caller holds the `lock`.
    """
    recover(root)
    changed = [change for change in root.changes(files) if change.kind != "unchanged"]
    if not changed:
        return []
    stage = places.state(root.folder) / "stage" / uuid.uuid4().hex
    stage.mkdir(parents=True)
    steps = []
    for number, change in enumerate(changed):
        staged = f"{number:04d}"
        if change.after is not None:
            _write(stage / staged, change.after)
        steps.append({"path": change.path, "staged": staged if change.after is not None else None})
    _sync(stage)
    journal = places.state(root.folder) / JOURNAL
    _write(journal, json.dumps({"stage": stage.name, "steps": steps}).encode("utf-8"))
    _finish(root, stage, steps)
    journal.unlink()
    shutil.rmtree(stage, ignore_errors=True)
    return changed


def recover(root: Root) -> list[str]:
    """Finish what a run that died had begun; returns the paths it concerned. The caller holds the `lock`."""
    folder = root.folder / places.STATE
    journal = folder / JOURNAL
    steps: list[dict[str, str | None]] = []
    try:
        plan = json.loads(journal.read_bytes())
        steps = plan["steps"]
        _finish(root, folder / "stage" / plan["stage"], steps)
        journal.unlink()
    except FileNotFoundError:
        pass
    except (ValueError, KeyError):
        journal.unlink(missing_ok=True)  # torn before the first replacement: nothing was begun
    if (folder / "stage").is_dir():
        shutil.rmtree(folder / "stage", ignore_errors=True)
    return [str(step["path"]) for step in steps]


def _finish(root: Root, stage: Path, steps: list[dict[str, str | None]]) -> None:
    """Rename each staged file into place; those already renamed are no longer in the stage."""
    for step in steps:
        target = root.path(str(step["path"]))
        if step["staged"] is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = stage / step["staged"]
        if staged.exists():
            if target.exists():
                os.chmod(staged, target.stat().st_mode & 0o777)
            os.replace(staged, target)
        _sync(target.parent)


def _write(path: Path, content: bytes) -> None:
    """A whole file or none: a temporary one beside it, synced, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
