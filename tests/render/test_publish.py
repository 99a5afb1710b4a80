"""The one writer: never a torn file, always a recoverable set, nothing of a person's overwritten."""

from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from sre_kit.errors import ProtectedError
from sre_kit.render import paths, publish
from sre_kit.store.manifest import sha256

ABC = [f"docs/SRE/{name}.md" for name in "ABC"]


@pytest.fixture
def root(tmp_path: Path) -> publish.Root:
    (tmp_path / "docs" / "SRE").mkdir(parents=True)
    return publish.Root(tmp_path)


def put(root: publish.Root, files: Mapping[str, bytes | None]) -> list[publish.Change]:
    return publish.publish(root, publish.changes(root, files))


def every(root: publish.Root, content: bytes) -> dict[str, bytes]:
    return dict.fromkeys(ABC, content)


def state(root: publish.Root) -> list[str]:
    return sorted(os.listdir(root.folder / publish.STATE))


def journal(root: publish.Root, *steps: tuple[str, bytes | None, bytes | None]) -> None:
    """What a run that died after its journal left: stage and journal."""
    stage = root.folder / publish.STATE / publish.STAGE
    stage.mkdir(parents=True)
    lines = []
    for number, (path, old, new) in enumerate(steps):
        if new is not None:
            (stage / f"{number:04d}.new").write_bytes(new)
        lines.append({"path": path, "old": sha256(old) if old else None, "new": sha256(new) if new else None})
    (stage.parent / publish.JOURNAL).write_text(json.dumps({"steps": lines}), encoding="utf-8")


def test_a_set_is_written_and_the_second_time_nothing_is_touched(root: publish.Root) -> None:
    files = {"docs/SRE/A.md": b"a\n", "docs/SRE/images/A-x.png": b"\x89PNG"}
    assert {change.kind for change in put(root, files)} == {"new"}
    before = {path: (root.folder / path).stat().st_mtime_ns for path in files}
    assert put(root, files) == []
    assert {path: (root.folder / path).stat().st_mtime_ns for path in files} == before
    assert state(root) == [".gitignore"]


def test_what_an_older_version_left_behind_is_removed(root: publish.Root) -> None:
    put(root, {"docs/SRE/old.png": b"x"})
    assert [change.kind for change in put(root, {"docs/SRE/old.png": None})] == ["removed"]
    assert not (root.folder / "docs/SRE/old.png").exists()


def test_the_mode_of_a_replaced_file_is_kept(root: publish.Root) -> None:
    put(root, {"docs/SRE/A.md": b"a"})
    (root.folder / "docs/SRE/A.md").chmod(0o640)
    put(root, {"docs/SRE/A.md": b"b"})
    assert (root.folder / "docs/SRE/A.md").stat().st_mode & 0o777 == 0o640


def test_a_difference_is_shown_as_text_or_named(root: publish.Root) -> None:
    change = publish.Change("A.md", b"a\n", b"b\n")
    assert change.diff().splitlines() == ["--- a/A.md", "+++ b/A.md", "@@ -1 +1 @@", "-a", "+b"]
    assert publish.Change("A.png", b"\xff", b"\xfe").diff() == "A.png: changed (binary)\n"
    assert publish.Change("A.md", b"a", b"a").diff() == ""
    assert publish.Change("A.html", b"a", b"b").diff() == "A.html: changed\n"


def test_a_hand_edit_is_found_and_the_proposal_lies_beside_it(root: publish.Root) -> None:
    put(root, {"docs/SRE/A.md": b"ours\n", "docs/SRE/old.png": b"x"})
    recorded = {"docs/SRE/A.md": sha256(b"ours\n"), "docs/SRE/old.png": sha256(b"x")}
    (root.folder / "docs/SRE/A.md").write_bytes(b"theirs\n")
    (root.folder / "docs/SRE/old.png").write_bytes(b"drawn by hand")
    changed = publish.changes(root, {"docs/SRE/A.md": b"newer\n", "docs/SRE/old.png": None})
    edited = publish.edited(changed, recorded)
    assert [change.path for change in edited] == ["docs/SRE/A.md", "docs/SRE/old.png"]
    assert publish.propose(root, edited) == ["docs/SRE/A.proposed.md"]
    assert root.read("docs/SRE/A.proposed.md") == b"newer\n"
    assert root.read("docs/SRE/A.md") == b"theirs\n"


def test_a_file_that_we_never_wrote_is_protected_too(root: publish.Root) -> None:
    (root.folder / "docs/SRE/A.md").write_bytes(b"by hand\n")
    assert publish.edited(publish.changes(root, {"docs/SRE/A.md": b"ours\n"}), {})


def test_an_edit_that_equals_what_we_would_write_is_no_conflict(root: publish.Root) -> None:
    (root.folder / "docs/SRE/A.md").write_bytes(b"same\n")
    assert publish.edited(publish.changes(root, {"docs/SRE/A.md": b"same\n"}), {}) == []


def test_an_edit_between_looking_and_writing_stops_the_whole_set(root: publish.Root) -> None:
    put(root, every(root, b"old"))
    changed = publish.changes(root, every(root, b"new"))
    (root.folder / ABC[1]).write_bytes(b"theirs")
    with pytest.raises(ProtectedError, match=r"docs/SRE/B.md: changed while .*nothing was written"):
        publish.publish(root, changed)
    assert [root.read(path) for path in ABC] == [b"old", b"theirs", b"old"]


def test_an_edit_at_the_moment_of_writing_stays(root: publish.Root, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, every(root, b"old"))
    write_journal = publish._journal

    def edited_meanwhile(*arguments: object) -> None:
        write_journal(*arguments)  # type: ignore[arg-type]
        (root.folder / ABC[1]).write_bytes(b"theirs")

    monkeypatch.setattr(publish, "_journal", edited_meanwhile)
    with pytest.raises(ProtectedError, match=r"docs/SRE/B.md: changed at the moment of writing"):
        put(root, every(root, b"new"))
    assert [root.read(path) for path in ABC] == [b"new", b"theirs", b"new"]


def test_a_kept_file_replaces_an_older_one(root: publish.Root) -> None:
    for text in (b"one", b"two"):
        publish.keep(root, "aside.md", text)
    assert (root.folder / publish.STATE / "aside.md").read_bytes() == b"two"
    assert "fresh" not in state(root)


def test_a_run_that_died_after_its_journal_is_finished_by_the_next(root: publish.Root) -> None:
    put(root, {ABC[0]: b"old", ABC[1]: b"old", "docs/SRE/gone.png": b"x"})
    journal(root, (ABC[0], b"old", b"new"), (ABC[1], b"old", b"new"), ("docs/SRE/gone.png", b"x", None))
    os.replace(root.folder / publish.STATE / publish.STAGE / "0000.new", root.folder / ABC[0])
    with publish.lock(root):
        assert [root.read(path) for path in (*ABC[:2], "docs/SRE/gone.png")] == [b"new", b"new", None]
    assert publish.STAGE not in state(root) and publish.JOURNAL not in state(root)


def test_a_run_whose_new_files_are_lost_is_undone(root: publish.Root) -> None:
    put(root, {ABC[0]: b"old", ABC[1]: b"old"})
    journal(root, (ABC[0], b"old", b"new"), (ABC[1], b"old", b"new"), (ABC[2], None, b"new"))
    stage = root.folder / publish.STATE / publish.STAGE
    os.link(root.folder / ABC[0], stage / "0000.old")
    os.replace(stage / "0000.new", root.folder / ABC[0])
    os.replace(stage / "0002.new", root.folder / ABC[2])
    (stage / "0001.new").write_bytes(b"torn by a broken disk")
    assert publish.recover(root) == ABC
    assert [root.read(path) for path in ABC] == [b"old", b"old", None]


def test_a_hand_edit_after_a_crash_stays(root: publish.Root) -> None:
    put(root, every(root, b"old"))
    journal(root, *((path, b"old", b"new") for path in ABC))
    (root.folder / ABC[1]).write_bytes(b"theirs")
    publish.recover(root)
    assert [root.read(path) for path in ABC] == [b"new", b"theirs", b"new"]


def test_a_file_deleted_after_a_crash_hinders_nothing(root: publish.Root) -> None:
    put(root, every(root, b"old"))
    journal(root, *((path, b"old", b"new") for path in ABC))
    os.replace(root.folder / publish.STATE / publish.STAGE / "0000.new", root.folder / ABC[0])
    (root.folder / ABC[0]).unlink()
    publish.recover(root)
    assert [root.read(path) for path in ABC] == [None, b"new", b"new"]


@pytest.mark.parametrize(
    "text",
    [
        '{"steps": [{"path": "docs/SRE/A.md", "ol',
        "[]",
        '{"steps": [1]}',
        '{"steps": [{"path": ".git/hooks/pre-commit", "old": null, "new": "x"}]}',
        '{"steps": [{"path": "Makefile", "old": null, "new": "x"}]}',
        '{"steps": [{"path": "../outside", "old": null, "new": "x"}]}',
    ],
    ids=["torn", "no mapping", "no step", "a hook", "a makefile", "outside"],
)
def test_a_journal_that_is_none_of_ours_does_nothing(root: publish.Root, text: str) -> None:
    """A checkout can bring any file in any folder, so a journal is no order to write where it likes."""
    put(root, {"docs/SRE/A.md": b"old"})
    stage = root.folder / publish.STATE / publish.STAGE
    stage.mkdir()
    (stage / "0000.new").write_bytes(b"evil")
    (stage.parent / publish.JOURNAL).write_text(text, encoding="utf-8")
    assert publish.recover(root) == []
    assert state(root) == [".gitignore"]
    assert sorted(path.name for path in root.folder.rglob("*") if path.is_file()) == [".gitignore", "A.md"]


def test_a_disk_without_hard_links_is_good_enough(root: publish.Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    put(root, every(root, b"old"))
    monkeypatch.setattr(os, "link", refused)
    put(root, every(root, b"new"))
    assert {root.read(path) for path in ABC} == {b"new"}


def test_another_file_system_is_refused_before_anything_changes(
    root: publish.Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    put(root, every(root, b"old"))
    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(ProtectedError, match=r"A.md lies on another file system .*--out"):
        put(root, every(root, b"new"))
    assert {root.read(path) for path in ABC} == {b"old"} and state(root) == [".gitignore"]


def test_a_step_that_fails_puts_the_old_files_back(root: publish.Root, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, {ABC[0]: b"old", ABC[2]: b"old", "docs/SRE/gone.png": b"x"})
    rename = os.rename

    def failing(source: str, target: str, **named: int) -> None:
        if target == "C.md":
            monkeypatch.setattr(os, "rename", rename)
            raise OSError(errno.EIO, "Input/output error")
        rename(source, target, **named)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(OSError, match=r"Input/output error: '.*docs/SRE/C.md'"):
        put(root, {**every(root, b"new"), "docs/SRE/B.png": None, "docs/SRE/gone.png": None})
    assert [root.read(path) for path in ABC] == [b"old", None, b"old"]
    assert root.read("docs/SRE/gone.png") == b"x"
    assert state(root) == [".gitignore"]


def _hold(project: str, ready: object) -> None:
    with publish.lock(publish.Root(Path(project))):
        ready.set()  # type: ignore[attr-defined]
        time.sleep(60)


def test_two_renders_exclude_each_other_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(str(tmp_path), ready))
    holder.start()
    root = publish.Root(tmp_path)
    assert ready.wait(60)
    with pytest.raises(ProtectedError, match=f"process {holder.pid}"), publish.lock(root):
        pass
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join()
    with publish.lock(root):
        pass


def _hold_and_fork(project: str, child: object) -> None:
    with publish.lock(publish.Root(Path(project))):
        forked = os.fork()
        if not forked:
            child.put(os.getpid())  # type: ignore[attr-defined]
        time.sleep(60)


def test_a_process_that_outlives_the_render_does_not_hold_its_lock(root: publish.Root) -> None:
    """The children that run notebooks are forked; one that hangs on must not lock the project for ever."""
    context = multiprocessing.get_context("spawn")
    child = context.SimpleQueue()
    holder = context.Process(target=_hold_and_fork, args=(str(root.folder), child))
    holder.start()
    left = child.get()
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join()
    try:
        os.kill(left, 0)
        with publish.lock(root):
            pass
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_lock_that_was_deleted_under_its_holder_is_made_anew(
    root: publish.Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, seen = fcntl.flock, []

    def deleting(descriptor: int, how: int) -> None:
        flock(descriptor, how)
        if how & fcntl.LOCK_UN:
            return
        seen.append(descriptor)
        if len(seen) == 1:
            (root.folder / publish.STATE / "lock").unlink()
        if len(seen) == 2:
            (root.folder / publish.STATE / "lock").unlink()
            (root.folder / publish.STATE / "lock").touch()

    monkeypatch.setattr(fcntl, "flock", deleting)
    with publish.lock(root):
        assert (root.folder / publish.STATE / "lock").read_text() == str(os.getpid())
    assert len(seen) == 3


def test_a_lock_that_cannot_be_taken_leaves_no_descriptor_open(
    root: publish.Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    opened = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(fcntl, "flock", broken)
    with pytest.raises(OSError, match=r"No locks available: '.*\.sre_kit'"), publish.lock(root):
        pass
    assert len(os.listdir("/proc/self/fd")) == opened


def test_a_whole_life_leaves_no_descriptor_open(root: publish.Root) -> None:
    def life() -> int:
        with publish.lock(root):
            put(root, every(root, b"x"))
            publish.propose(root, publish.changes(root, every(root, b"y")))
            put(root, dict.fromkeys(ABC))
        return len(os.listdir("/proc/self/fd"))

    assert life() == life()


def test_a_child_closes_the_locks_of_its_parent_and_nothing_else(tmp_path: Path) -> None:
    """What runs in every forked child, here without a fork, so that it is seen."""
    with (tmp_path / "lock").open("w") as held, (tmp_path / "other").open("w") as other:
        publish._held.add(os.dup(held.fileno()))
        (copied,) = publish._held
        publish._unlocked_in_child()
        assert not publish._held
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(copied)
        os.fstat(other.fileno())


def test_a_file_that_is_not_there_has_no_mode(root: publish.Root) -> None:
    with root.inside("docs", "SRE") as folder:
        assert paths.mode(folder, "A.md") is None
