"""Publishing on a disk that fails, or dying, at every single step: old files or new ones, nothing torn or left."""

from __future__ import annotations

import errno
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sre_kit.errors import ProtectedError
from sre_kit.render import publish
from tests.faults.disk import CALLS, NEW, OLD, Disk, in_child, litter, memory_folder, put, state

LONG = os.environ.get("SRE_KIT_FAULTS") == "long"
ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EACCES", "EMFILE")


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


def fresh(folder: Path) -> publish.Root:
    """A project with the old set."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    root = publish.Root(project)
    put(root, OLD)
    return root


def steps(folder: Path, call: str) -> int:
    """How often the new set asks the disk for `call`."""
    root = fresh(folder)
    with Disk()() as disk:
        put(root, NEW)
    return disk.seen[call]


def _die(root: publish.Root, files: Mapping[str, bytes | None], at: int, call: str = "any") -> None:
    with Disk(call, at)():
        put(root, files)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.fault("F15", "C")
def test_a_disk_that_fails_once_leaves_the_old_files(folder: Path, call: str, error: str) -> None:
    """Every k-th call of every kind; what fails after all is in place is no failure of the set."""
    for at in range(1, steps(folder, call) + 1):
        root = fresh(folder)
        with Disk(call, at, getattr(errno, error))():
            try:
                put(root, NEW)
                failed = False
            except OSError as refusal:
                failed = True
                assert str(root.folder) in str(refusal), refusal
        now = state(root)
        assert now == "old" if failed and now != "new" else now == "new", f"{call} {at}: {now}"
        put(root, NEW)
        assert state(root) == "new" and not litter(root), f"{call} {at}: {litter(root)}"


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.fault("F15", "C")
def test_a_disk_that_fails_for_good_is_recovered_when_it_works_again(folder: Path, error: str) -> None:
    for at in range(1, steps(folder, "any") + 1):
        root = fresh(folder)
        with Disk("any", at, getattr(errno, error), stays=True)(), pytest.raises(OSError):
            put(root, NEW)
        state(root)  # nothing torn, whatever is mixed
        with publish.lock(root):
            assert state(root) in {"old", "new"}, f"step {at}"
        assert not litter(root), f"step {at}: {litter(root)}"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.fault("F14", "C")
def test_dying_at_any_step_is_finished_or_undone_by_the_next_run(folder: Path, call: str) -> None:
    for at in range(1, steps(folder, call) + 1):
        root = fresh(folder)

        assert in_child(functools.partial(_die, root, NEW, at, call)) == -signal.SIGKILL, f"{call} {at}"
        state(root)
        with publish.lock(root):
            assert state(root) in {"old", "new"}, f"{call} {at}"
        assert not litter(root), f"{call} {at}: {litter(root)}"


@pytest.mark.fault("F14", "C")
def test_dying_while_recovering_is_recovered_too(folder: Path) -> None:
    """Die at step k of the first run, then at step j of the run that repairs it, then repair."""
    every = steps(folder, "any")
    for at in range(1, every + 1, 1 if LONG else 5):
        for again in range(1, 25, 1 if LONG else 4):
            root = fresh(folder)
            in_child(functools.partial(_die, root, NEW, at))
            in_child(functools.partial(_die, root, {}, again))
            with publish.lock(root):
                assert state(root) in {"old", "new"}, f"steps {at}, {again}"
            assert not litter(root)


@pytest.mark.parametrize("call", ["rename", "unlink", "fsync"])
@pytest.mark.fault("F15", "C")
def test_failing_while_undoing_is_recovered(folder: Path, call: str) -> None:
    """The disk fails, and fails once more while the old files are put back; then the process dies."""
    for at in range(1, steps(folder, call) + 1):
        root = fresh(folder)
        with Disk(call, at, errno.EIO, stays=True)(), pytest.raises(OSError):
            put(root, NEW)
        with publish.lock(root):
            assert state(root) in {"old", "new"}
        assert not litter(root)


@pytest.mark.fault("F14", "C")
def test_random_kills_leave_no_torn_file_and_a_set_of_one_age(folder: Path) -> None:
    """A child publishes set after set and is killed at a random moment: 1,000 times in the long form, else 60."""
    root = fresh(folder)
    chance = random.Random(20261129)
    paths = list(NEW)

    def publish_for_ever() -> None:
        number = 0
        while True:
            number += 1
            text = f"{number}\n".encode() * 2000
            put(publish.Root(root.folder), dict.fromkeys(paths, text))

    ages = set()
    for kill in range(1000 if LONG else 60):
        child = os.fork()
        if not child:
            try:
                publish_for_ever()
            finally:
                os._exit(1)
        time.sleep(0.005 + chance.random() * 0.04)
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, "it died by itself"
        for path in paths:
            lines = set((root.read(path) or b"").splitlines())
            assert len(lines) <= 1 or path not in NEW, f"kill {kill}: {path} is torn"
        with publish.lock(root):
            found = {root.read(path) for path in paths}
        assert len(found) == 1 or kill == 0, f"kill {kill}: a set of {len(found)} ages"
        assert not litter(root)
        ages |= found
    assert len(ages) > 5, "the kills hit before anything was written"


READER = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
folder, reads, torn = Path(sys.argv[1]), 0, 0
while not (folder / "stop").exists():
    for path in sys.argv[3:]:
        lines = (folder / path).read_bytes().splitlines()
        reads += 1
        torn += len(set(lines)) != 1 or len(lines) != 2000
print(reads, torn)
"""


@pytest.mark.fault("F16", "A")
def test_eight_writers_at_once_never_show_a_reader_a_torn_file(folder: Path) -> None:
    """Eight processes publish twenty sets each (300 in the long form), one at a time, while another one reads."""
    root = publish.Root(folder)
    paths = ["docs/SRE/A.md", "docs/SRE/B.md", "docs/SRE/images/c.png"]
    put(root, dict.fromkeys(paths, b"0\n" * 2000))
    command = [sys.executable, "-c", READER, str(folder), ".", *paths]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def write(writer: int) -> None:
        done = 0
        while done < (300 if LONG else 20):
            try:
                put(publish.Root(folder), dict.fromkeys(paths, f"{writer} {done}\n".encode() * 2000))
                done += 1
            except ProtectedError:
                time.sleep(0.001)

    children = []
    for writer in range(8):
        child = os.fork()
        if not child:
            try:
                write(writer)
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    (folder / "stop").touch()
    reads, torn = map(int, reader.communicate(timeout=60)[0].split())
    assert codes == [0] * 8
    # more reads than sets, of which there are 160, or 2,400 in the long form: the reader was there all the while
    assert torn == 0 and reads > (2_400 if LONG else 160)
    assert len({root.read(path) for path in paths}) == 1
    assert {path.name for path in (folder / ".sre_kit").iterdir()} == {".gitignore", "lock"}


MOUNTED = """
import os, sys
from pathlib import Path
from sre_kit.render import publish
from tests.faults.disk import NEW, OLD, put, state
how, folder = sys.argv[1], Path(sys.argv[2])
root = publish.Root(folder)
if how == "fill":
    put(root, OLD)
    room = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "filler").write_bytes(b"x" * (room - 8192))
elif how == "write":
    try:
        put(root, NEW)
    except OSError as error:
        print("refused:", error)
    print(state(root), sorted(one.name for one in (folder / ".sre_kit").iterdir()))
"""


def _mounted(folder: Path, options: str, again: str = "") -> str:
    """Fill a small file system of its own with the old set, then write the new one; needs the right to mount."""
    script = (
        f'mount -t tmpfs -o {options} none "$1" && "$2" -c "$3" fill "$1" {again} && "$2" -c "$3" write "$1"; code=$?; '
        'umount "$1"; exit $code'
    )
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(folder), sys.executable, MOUNTED]
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    if "Operation not permitted" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip("this user may not mount a file system")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.fault("F15", "C")
def test_a_disk_that_is_really_full_keeps_the_old_files(folder: Path) -> None:
    said = _mounted(folder, "size=128k")
    assert "No space left on device" in said and "old ['.gitignore', 'lock']" in said


@pytest.mark.fault("F15", "C")
def test_a_project_that_is_really_read_only_keeps_the_old_files(folder: Path) -> None:
    said = _mounted(folder, "size=1m", '&& mount -o remount,ro "$1"')
    assert "Read-only file system" in said and "old ['.gitignore', 'lock']" in said


@pytest.mark.skipif(not LONG, reason="strace, one run for each system call: only in `make faults`")
@pytest.mark.parametrize("what", ["signal=KILL", "error=ENOSPC", "error=EIO"])
@pytest.mark.parametrize(
    "call", ["write", "fsync", "renameat", "linkat", "unlinkat", "mkdirat", "ftruncate", "pwrite64"]
)
@pytest.mark.fault("F14", "C")
def test_real_system_calls_that_fail_or_kill(folder: Path, call: str, what: str) -> None:
    """The same from outside of Python: strace lets the k-th system call fail, or kills the process before it."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("strace is not installed (Debian: apt-get install strace)")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    for at in range(1, 200):
        project = fresh(folder)
        inject = ["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={at}"]
        command = [strace, *inject, sys.executable, "-c", MOUNTED, "write", str(project.folder)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
        if done.returncode == 0 and "refused" not in done.stdout:
            break
        with publish.lock(project):
            assert state(project) in {"old", "new"}, f"{call} {at}: {done.stderr}"
        assert not litter(project)
    else:
        pytest.fail("more system calls than expected")
