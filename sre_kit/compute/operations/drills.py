"""
Restore drills: what was saved, damaged, brought back and compared, and what such a record proves.

A drill passes when everything came back as it was (content, kind, mode, target of links, time of change) and the
comparison had seen the damage before: one that cannot see damage proves nothing. What a record says of itself counts
less than what it holds: a record with differences did not pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from sre_kit.compute.operations.recovery import Recoverable

DrillState = Literal["passed", "stale", "failed"]
RATED_FROM: Final = 1 << 20
"""Bytes from which a restore is more than the start of a program."""
SHOWN: Final = 20
"""Differences that a record keeps; their number is kept whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree holds under one path: a file with its hash, a folder, or a link with its target."""

    kind: Literal["file", "folder", "link"]
    mode: int
    changed_ns: int
    size: int = 0
    sha256: str = ""
    target: str = ""


def tree_differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[str]:
    """
    Every path that is not the same in both trees, with what differs.

    >>> one = Entry("file", 0o600, 1, 3, "aa")
    >>> tree_differences({"a": one, "b": one}, {"a": Entry("file", 0o644, 1, 3, "ab")})
    ['a: content, mode 600 became 644', 'b: missing']
    """
    found = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            found.append(f"{path}: missing")
        elif path not in before:
            found.append(f"{path}: was not there")
        elif words := _differences(before[path], after[path]):
            found.append(f"{path}: {', '.join(words)}")
    return found


def _differences(a: Entry, b: Entry) -> list[str]:
    if a.kind != b.kind:
        return [f"{a.kind} became {b.kind}"]
    words = []
    if (a.size, a.sha256) != (b.size, b.sha256):
        words.append("content")
    if a.target != b.target:
        words.append("target")
    if a.mode != b.mode and a.kind != "link":
        words.append(f"mode {a.mode:o} became {b.mode:o}")
    if a.changed_ns != b.changed_ns:
        words.append("time of change")
    return words


@dataclass(frozen=True, slots=True)
class Drill:
    """
    One drill as recorded. `component` is empty for a made-up tree: it proves the tool, and no store.

    `backup` and `restore` are how long those took; `failure` says what ended a drill before its comparison.
    """

    at: datetime
    tool: str
    by: str
    component: str = ""
    who: str = ""
    files: int = 0
    folders: int = 0
    links: int = 0
    size: int = 0
    backup: timedelta | None = None
    restore: timedelta | None = None
    compared: int = 0
    damaged: int = 0
    different: int = 0
    differences: tuple[str, ...] = ()
    failure: str = ""
    source: str = ""

    @property
    def passed(self) -> bool:
        """Everything came back, and the comparison had seen the damage."""
        whole = self.compared == self.files + self.folders + self.links and self.files > 0
        timed = self.backup is not None and self.restore is not None
        return whole and timed and self.damaged > 0 and not self.different and not self.failure

    @property
    def why_not(self) -> str:
        """Why it did not pass; empty where it did."""
        if self.passed:
            return ""
        if self.failure:
            return self.failure
        if self.different:
            return f"{self.different} of {self.compared} differ: {'; '.join(self.differences[:3])}"
        return "the comparison saw no damage" if not self.damaged else "not everything was compared"

    @property
    def bytes_per_second(self) -> float | None:
        """Bytes restored a second; missing where nothing was restored, or too little for a rate."""
        if not self.passed or not self.restore or self.size < RATED_FROM:
            return None
        return self.size / self.restore.total_seconds()

    def state(self, as_of: datetime, every: timedelta) -> DrillState:
        """ "stale" when it is older than drills are due."""
        if not self.passed:
            return "failed"
        return "stale" if as_of - self.at > every else "passed"


@dataclass(frozen=True, slots=True)
class DrillLog:
    """Drills up to the report time, the earliest first; rows that cannot be used; why there is nothing."""

    drills: tuple[Drill, ...] = ()
    later: int = 0
    problems: tuple[str, ...] = ()
    gap: str = ""
    source: str = ""


def last_drills(drills: Sequence[Drill]) -> dict[str, Drill]:
    """Component -> its last drill, passed or not; the made-up tree under the empty name."""
    return {one.component: one for one in sorted(drills, key=lambda one: one.at)}


def last_passed(drills: Sequence[Drill]) -> dict[str, Drill]:
    """Component -> its last drill that passed."""
    return last_drills([one for one in drills if one.passed])


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """When a store was last brought back, what shows it, and when it is due again."""

    component: str
    held: date | None
    took: timedelta | None
    record: Drill | None
    """The drill that shows it; without one it is said in the params alone."""
    failed: Drill | None
    """A later drill that failed."""
    due: date | None

    def late(self, as_of: datetime) -> bool:
        """Whether it is overdue, or was never done."""
        return self.due is None or self.due < as_of.date()


def restore_tests(stores: Sequence[Recoverable], log: DrillLog, every: timedelta) -> list[RestoreTest]:
    """Every store that is brought back from something: its last test, by a record where there is a later one."""
    passed, last = last_passed(log.drills), last_drills(log.drills)
    found = []
    for one in stores:
        if not (one.backup.steps or one.saved):
            continue
        held, took, record = one.backup.last_restore_test, one.backup.last_restore_took, passed.get(one.component)
        if record is not None and (held is None or record.at.date() >= held):
            held, took = record.at.date(), record.restore
        else:
            record = None
        latest = last.get(one.component)
        failed = (
            latest if latest is not None and not latest.passed and (held is None or latest.at.date() >= held) else None
        )
        found.append(RestoreTest(one.component, held, took, record, failed, None if held is None else held + every))
    return found
