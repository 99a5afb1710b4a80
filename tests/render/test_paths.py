"""Where we write: nothing outside the project, nothing through a link, whatever is swapped meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import ParameterError, ProtectedError
from sre_kit.render import paths, publish
from sre_kit.render.paths import Root

OUTSIDE = [
    "",
    ".",
    "..",
    "/",
    "//",
    "../x",
    "../../x",
    "/etc/passwd",
    "//etc/passwd",
    "docs/SRE/..",
    "docs/SRE/../x",
    "docs/SRE/../../x",
    "docs/../x",
    "docs/./SRE/x",
    "docs//SRE/x",
    "docs/SRE/",
    "docs/SRE//x",
    "docs/SRE/.",
    "docs/SRE/.hidden",
    "docs/SRE/.git/config",
    ".git/hooks/pre-commit",
    ".github/workflows/ci.yml",
    ".sre_kit/journal.json",
    ".bashrc",
    "~/x",
    "Makefile",
    "README.md",
    "src/main.py",
    "docs/README.md",
    "docs/SREx/A.md",
    "docs/SRE",
    "build-plan.md/x",
    "build-plan.md.bak",
    "BUILD-PLAN.md",
    "docs/SRE/a\0b",
    "docs/SRE/a\nb",
    "docs/SRE/a\tb",
    "docs/SRE/a\x7fb",
    "docs/SRE/\u202egnp.md",
    "docs/SRE/\ud800.md",
    "docs\\SRE\\A.md",
    "C:/x",
    "file:///etc/passwd",
    "docs/SRE/a\u2028b",
]


@pytest.mark.parametrize("path", OUTSIDE, ids=ascii)
def test_no_path_leaves_what_is_ours(tmp_path: Path, path: str) -> None:
    root = Root(tmp_path)
    for use in (root.parts, root.read):
        with pytest.raises(ParameterError, match=r"no path inside|not ours"):
            use(path)


@given(
    path=st.lists(st.sampled_from(["..", ".", "docs", "SRE", "a", "", "/", "~", "\\", ".git"]), max_size=6).map(
        "/".join
    )
)
def test_what_is_allowed_lies_inside(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    root = Root(folder, only=())
    try:
        parts = root.parts(path)
    except ParameterError:
        return
    where = os.path.normpath(folder / "/".join(parts))
    assert where.startswith(f"{folder}/") and "/." not in where.removeprefix(str(folder))


LINKS = ["docs", "docs/SRE", "docs/SRE/images", "docs/SRE/images/x.png", ".sre_kit", ".sre_kit/stage", ".sre_kit/lock"]


@pytest.mark.parametrize("target", ["folder", "file", "nothing", "itself", "inside"])
@pytest.mark.parametrize("link", LINKS)
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str, target: str) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"theirs")
    place = project / link
    place.parent.mkdir(parents=True)
    (project / "own").mkdir()
    goals = {"folder": elsewhere, "file": elsewhere / "file", "nothing": elsewhere / "no", "itself": place}
    place.symlink_to(goals.get(target, project / "own"))
    root = Root(project)
    with pytest.raises((ProtectedError, OSError)), publish.lock(root):
        publish.publish(root, publish.changes(root, {"docs/SRE/images/x.png": b"ours"}))
        raise OSError("not refused")
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == {"file": b"theirs"}
    assert not list((project / "own").iterdir())
    assert place.is_symlink()


def test_a_link_is_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to("/tmp")
    with pytest.raises(ProtectedError, match=r"docs is a link or no folder.*replace it by a real one"):
        Root(tmp_path).read("docs/SRE/A.md")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device link", "huge"])
def test_what_is_no_file_of_ours_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "docs" / "SRE" / "A.md"
    place.parent.mkdir(parents=True)
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "device link":
        place.symlink_to("/dev/zero")
    else:
        with place.open("wb") as file:
            file.truncate(paths.MAX_BYTES + 1)
    root = Root(tmp_path)
    with pytest.raises(ProtectedError, match=r"A\.md is (a link|no regular file)"):
        root.read("docs/SRE/A.md")


def test_a_project_may_itself_be_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    root = Root(tmp_path / "link")
    publish.publish(root, publish.changes(root, {"docs/SRE/A.md": b"a"}))
    assert (tmp_path / "real" / "docs" / "SRE" / "A.md").read_bytes() == b"a"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").write_bytes(b"")
    with pytest.raises(ProtectedError, match="docs is a link or no folder"):
        publish.publish(Root(tmp_path), [publish.Change("docs/SRE/A.md", None, b"a")])


_SWAPPING = """
import os, sys
project, outside, aside = sys.argv[1:]
count = 0
while True:
    for one in ("docs/SRE", "docs", ".sre_kit"):
        place = os.path.join(project, one)
        try:
            count += 1
            os.rename(place, f"{aside}/{count}")
            os.symlink(outside, place)
            os.unlink(place)
            os.rename(f"{aside}/{count}", place)
        except OSError:  # we made a new one meanwhile
            pass
"""


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: a thousand sets are ten thousand fsyncs."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)


def test_swapping_folders_for_links_while_we_write_leads_nowhere(fast_folder: Path) -> None:
    """One thousand sets, while another process swaps docs, docs/SRE and .sre_kit for links out and back."""
    project, outside, aside = (fast_folder / name for name in ("project", "outside", "aside"))
    for folder in (project / "docs" / "SRE", outside / "SRE" / "images", aside):
        folder.mkdir(parents=True)
    swapper = subprocess.Popen([sys.executable, "-c", _SWAPPING, str(project), str(outside), str(aside)])
    wrote = refused = 0
    try:
        for number in range(1000):
            root = Root(project)
            try:
                files = {f"docs/SRE/{name}": f"{number}".encode() for name in ("A.md", "images/A.png")}
                publish.publish(root, publish.changes(root, files))
                wrote += 1
            except OSError:
                refused += 1
    finally:
        swapper.kill()
        swapper.wait()
    assert not [path for path in outside.rglob("*") if path.is_file()]
    assert wrote and refused, f"{wrote} sets written, {refused} refused: nothing raced"
