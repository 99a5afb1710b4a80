"""The one writer: never a torn file, always a recoverable set, no path out of the project."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.render import publish
from sre_kit.store import places
from sre_kit.store.manifest import sha256


@pytest.fixture
def root(tmp_path: Path) -> publish.Root:
    (tmp_path / "docs" / "SRE").mkdir(parents=True)
    return publish.Root(tmp_path)


def test_a_set_is_written_and_the_second_time_nothing_is_touched(root: publish.Root) -> None:
    files = {"docs/SRE/A.md": b"a\n", "docs/SRE/images/A-x.png": b"\x89PNG"}
    assert {change.kind for change in publish.publish(root, files)} == {"new"}
    before = {path: root.path(path).stat().st_mtime_ns for path in files}
    assert publish.publish(root, files) == []
    assert {path: root.path(path).stat().st_mtime_ns for path in files} == before


def test_what_an_older_version_left_behind_is_removed(root: publish.Root) -> None:
    publish.publish(root, {"docs/SRE/old.png": b"x"})
    assert [change.kind for change in publish.publish(root, {"docs/SRE/old.png": None})] == ["removed"]
    assert not root.path("docs/SRE/old.png").exists()


def test_the_mode_of_a_replaced_file_is_kept(root: publish.Root) -> None:
    publish.publish(root, {"docs/SRE/A.md": b"a"})
    root.path("docs/SRE/A.md").chmod(0o640)
    publish.publish(root, {"docs/SRE/A.md": b"b"})
    assert root.path("docs/SRE/A.md").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "docs/../../x", "", "a\0b"])
def test_no_path_leaves_the_project(root: publish.Root, path: str) -> None:
    with pytest.raises(ParameterError, match="no path inside"):
        root.path(path)


@pytest.mark.parametrize("link", ["docs", "docs/SRE", "docs/SRE/A.md"])
def test_links_are_not_written_through(tmp_path: Path, link: str) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (elsewhere / "SRE").mkdir(parents=True)
    place = project / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere if not link.endswith(".md") else elsewhere / "A.md")
    with pytest.raises(ProtectedError, match="is a link"):
        publish.publish(publish.Root(project), {"docs/SRE/A.md": b"x"})
    assert not list(elsewhere.rglob("*.md"))


def test_a_hand_edit_is_found_and_the_proposal_lies_beside_it(root: publish.Root) -> None:
    publish.publish(root, {"docs/SRE/A.md": b"ours\n"})
    recorded = {"docs/SRE/A.md": sha256(b"ours\n")}
    root.path("docs/SRE/A.md").write_bytes(b"theirs\n")
    edited = publish.edited(root, recorded, {"docs/SRE/A.md": b"newer\n"})
    assert [change.path for change in edited] == ["docs/SRE/A.md"]
    assert publish.propose(root, edited) == ["docs/SRE/A.proposed.md"]
    assert root.read("docs/SRE/A.proposed.md") == b"newer\n"
    assert root.read("docs/SRE/A.md") == b"theirs\n"


def test_a_file_that_we_never_wrote_is_protected_too(root: publish.Root) -> None:
    root.path("docs/SRE/A.md").write_bytes(b"by hand\n")
    assert publish.edited(root, {}, {"docs/SRE/A.md": b"ours\n"})


def test_an_edit_that_equals_what_we_would_write_is_no_conflict(root: publish.Root) -> None:
    root.path("docs/SRE/A.md").write_bytes(b"same\n")
    assert publish.edited(root, {}, {"docs/SRE/A.md": b"same\n"}) == []


def test_a_run_that_died_after_its_journal_is_finished_by_the_next(root: publish.Root, monkeypatch) -> None:
    old = {f"docs/SRE/{name}.md": b"old" for name in "ABC"}
    publish.publish(root, old)
    renamed = []
    replace = os.replace

    def dying(source: object, target: object) -> None:
        if str(target).endswith("B.md"):
            raise KeyboardInterrupt
        renamed.append(str(target))
        replace(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        publish.publish(root, dict.fromkeys(old, b"new"))
    monkeypatch.undo()
    assert {root.read(path) for path in old} == {b"old", b"new"}, "the set is mixed until somebody recovers it"
    assert publish.recover(root) == sorted(old)
    assert {root.read(path) for path in old} == {b"new"}


def test_a_torn_journal_means_that_nothing_was_begun(root: publish.Root) -> None:
    publish.publish(root, {"docs/SRE/A.md": b"old"})
    journal = places.state(root.folder) / publish.JOURNAL
    journal.write_text('{"stage": "x", "ste', encoding="utf-8")
    assert publish.recover(root) == []
    assert not journal.exists() and root.read("docs/SRE/A.md") == b"old"


@pytest.mark.parametrize("nth", range(1, 12))
def test_a_full_disk_at_any_write_leaves_all_old_or_all_new(root: publish.Root, monkeypatch, nth: int) -> None:
    files = {f"docs/SRE/{name}.md": b"old" for name in "ABC"}
    publish.publish(root, files)
    count = 0

    def failing(real):
        def call(*arguments, **named):
            nonlocal count
            count += 1
            if count == nth:
                raise OSError(28, "No space left on device")
            return real(*arguments, **named)

        return call

    monkeypatch.setattr(os, "fsync", failing(os.fsync))
    monkeypatch.setattr(os, "replace", failing(os.replace))
    with contextlib.suppress(OSError):
        publish.publish(root, dict.fromkeys(files, b"new"))
    monkeypatch.undo()
    publish.recover(root)
    assert len({root.read(path) for path in files}) == 1
    assert not list(root.folder.rglob("*.tmp"))


def _hold(project: str, ready) -> None:
    with publish.lock(Path(project)):
        ready.set()
        time.sleep(60)


def test_two_renders_exclude_each_other_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(str(tmp_path), ready))
    holder.start()
    assert ready.wait(60)
    with pytest.raises(ProtectedError, match=f"process {holder.pid}"), publish.lock(tmp_path):
        pass
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join()
    with publish.lock(tmp_path):
        pass


def test_the_journal_names_each_step(root: publish.Root, monkeypatch) -> None:
    seen = []
    finish = publish._finish
    journal = places.state(root.folder) / publish.JOURNAL
    monkeypatch.setattr(
        publish, "_finish", lambda *a: (seen.append(json.loads(journal.read_bytes())["steps"]), finish(*a))
    )
    publish.publish(root, {"docs/SRE/A.md": b"a"})
    assert [step["path"] for step in seen[0]] == ["docs/SRE/A.md"]
