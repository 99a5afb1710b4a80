"""``sre-kit drill restic``: the real restic brings a tree back; a stand-in shows what happens when it does not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sre_kit.cli import main, restic, trees
from sre_kit.compute.operations.drills import tree_differences
from sre_kit.load.drills import drill_log
from tests.conftest import required

STAND_IN = """\
#!/bin/sh
# keeps its "repository" as a copy; what goes wrong is in the line of the command
case "$1" in
version) echo "restic 9.9.9 compiled with a test" ;;
init) mkdir repository; {init} ;;
backup) cp -a "$2" repository/saved; {backup} ;;
check) {check} ;;
restore) mkdir restored; cp -a repository/saved restored/tree; {restore} ;;
esac
"""
QUIET = dict.fromkeys(("init", "backup", "check", "restore"), ":")
FILE = "restored/tree/level-0/orders.csv/00000"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, a home, and a temporary folder of their own; the working directory is the project's parent."""
    for name in ("shop", "home", "tmp", "bin"):
        (tmp_path / name).mkdir()
    text = "project: {name: Shop, path: shop}\nhistory: {drills: drills.jsonl}\n"
    (tmp_path / "shop.yaml").write_text(text + "operations: {backups: [{component: media, every: 1d}]}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stand_in(place: Path, monkeypatch: pytest.MonkeyPatch, **wrong: str) -> None:
    """A restic that copies, and does `wrong`."""
    program = place / "bin" / "restic"
    program.write_text(STAND_IN.format(**{**QUIET, **wrong}))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place / 'bin'}:/usr/bin:/bin")


def record(place: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (place / "drills.jsonl").read_text().splitlines()]


@pytest.fixture
def real_restic() -> str:
    found = shutil.which("restic")
    if not found:
        required("restic is not installed (Debian: apt-get install restic)")
    assert found
    return found


@pytest.mark.slow
def test_restic_brings_everything_back_and_only_the_record_is_left(
    place: Path, real_restic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(place.rglob("*"))
    assert main(["drill", "restic", "--params", "shop.yaml", "--size", "2 MiB", "--by", "Ada"]) == 0
    assert set(place.rglob("*")) - before == {place / "drills.jsonl"}
    (row,) = record(place)
    assert row["passed"] is True and row["who"] == "Ada" and str(row["tool"]).startswith("restic 0.")
    assert row["compared"] == row["files"] + row["folders"] + row["links"]  # type: ignore[operator]
    assert int(str(row["damaged"])) * 2 > int(str(row["files"])), "the comparison saw the damage"
    assert row["backup_seconds"] and row["restore_seconds"]
    log = drill_log(place / "drills.jsonl", "Shop", datetime.now(UTC) + timedelta(minutes=1))
    assert [one.passed for one in log.drills] == [True]
    assert "passed" in capsys.readouterr().out


WRONG = {
    "a file is missing": ({"restore": f"rm -f {FILE}"}, "missing"),
    "a byte differs": ({"restore": "printf x > restored/tree/level-1/'with space'/00001"}, "content"),
    "a mode differs": ({"restore": f"chmod 777 {FILE}"}, "mode 644 became 777"),
    "a link leads elsewhere": ({"restore": "ln -sfn / restored/tree/to-a-file"}, "target"),
    "something is added": ({"restore": "touch restored/tree/new"}, "was not there"),
    "a time differs": ({"restore": f"touch {FILE}"}, "time of change"),
    "nothing comes back": ({"restore": "rm -rf restored"}, "missing"),
    "the repository is broken": ({"check": "echo 'Fatal: pack 1a is damaged' >&2; exit 1"}, "pack 1a is damaged"),
    "there is no backup": ({"backup": "exit 3"}, "restic backup ended with 3"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_come_back_is_a_failed_drill_and_recorded(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    wrong, said = WRONG[what]
    stand_in(place, monkeypatch, **wrong)
    assert main(["drill", "restic", "--params", "shop.yaml", "--size", "1 KiB"]) == 1
    (row,) = record(place)
    assert row["passed"] is False
    assert said in " ".join([str(row["failure"]), *map(str, row["differences"])])  # type: ignore[call-overload]
    assert "FAILED" in capsys.readouterr().out
    assert not list((place / "tmp").iterdir())


def test_a_comparison_that_cannot_see_damage_proves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(place, monkeypatch)
    monkeypatch.setattr(trees, "damage", lambda root: None)
    assert main(["drill", "restic", "--size", "1 KiB"]) == 1
    assert "the comparison saw no damage" in capsys.readouterr().out


def test_without_restic_nothing_is_drilled_and_the_way_out_is_said(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(place / "bin"))
    assert main(["drill", "restic", "--params", "shop.yaml"]) == 2
    assert "apt-get install restic" in capsys.readouterr().err
    assert not (place / "drills.jsonl").exists()
    assert not list((place / "tmp").iterdir())


def test_a_tree_of_a_component_is_copied_and_never_touched(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(place, monkeypatch)
    source = place / "export"
    trees.made_up(source, 1024)
    before = trees.entries(source)
    arguments = ["drill", "restic", "--params", "shop.yaml", "--tree", str(source)]
    assert main([*arguments, "--component", "media", "--json"]) == 0
    assert tree_differences(before, trees.entries(source)) == []
    (row,) = record(place)
    assert (row["component"], row["compared"]) == ("media", len(before))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--tree", "nowhere"], 2, "no such folder"),
        (["--tree", "home"], 2, "holds no file"),
        (["--tree", "pipes"], 2, "is no file, folder or link"),
        (["--component", "media"], 2, "give --tree and --params"),
        (["--tree", "bin", "--params", "shop.yaml", "--component", "medi"], 2, "did you mean 'media'"),
        (["--params", "bare.yaml"], 2, "set history.drills"),
        (["--params", "linked.yaml"], 6, "no regular file"),
        (["--params", "far.yaml"], 2, "there is no folder"),
        (["--params", "shipped.yaml"], 6, "ships with sre-kit"),
        (["--size", "many"], 2, "size"),
        (["--size", "900 TiB"], 2, "are free"),
    ],
)
def test_what_cannot_be_drilled_is_refused_before_anything_is_written(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    stand_in(place, monkeypatch)
    (place / "pipes").mkdir()
    os.mkfifo(place / "pipes" / "pipe")
    (place / "elsewhere").write_text("keep me")
    (place / "link").symlink_to("elsewhere")
    shop = (place / "shop.yaml").read_text()
    for name, drills in (("bare", "''"), ("linked", "link"), ("far", "no/folder/d.jsonl"), ("shipped", "demo:d.jsonl")):
        (place / f"{name}.yaml").write_text(shop.replace("drills.jsonl", drills))
    assert main(["drill", "restic", *arguments]) == code
    assert said in capsys.readouterr().err
    assert (place / "elsewhere").read_text() == "keep me"
    assert not (place / "drills.jsonl").exists()
    assert not list((place / "tmp").iterdir())


def test_a_line_that_was_cut_off_is_ended_and_left_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(place, monkeypatch)
    assert main(["drill", "restic", "--params", "shop.yaml", "--size", "1 KiB"]) == 0
    whole = (place / "drills.jsonl").read_bytes()
    (place / "drills.jsonl").write_bytes(whole + whole[: len(whole) // 2])
    assert main(["drill", "restic", "--params", "shop.yaml", "--size", "1 KiB"]) == 0
    log = drill_log(place / "drills.jsonl", "Shop", datetime.now(UTC) + timedelta(minutes=1))
    assert (len(log.drills), len(log.problems)) == (2, 1)
    assert (place / "drills.jsonl").read_bytes().startswith(whole)


def started(place: Path) -> subprocess.Popen[bytes]:
    """A drill whose restore does not end, as far as the restore."""
    command = [sys.executable, "-m", "sre_kit", "drill", "restic", "--params", "shop.yaml", "--size", "1 KiB"]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        command, cwd=place, env={**os.environ, "PYTHONPATH": str(root)}, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        if (place / "restoring").exists():
            return process
        assert process.poll() is None, "it ended before the restore"
        time.sleep(0.05)
    raise AssertionError("it never came to the restore")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_drill_that_is_stopped_leaves_no_record_and_nothing_for_long(
    place: Path, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals
) -> None:
    """SIGTERM cleans up at once; what SIGKILL leaves is removed by the next drill, once its restic is gone too."""
    stand_in(place, monkeypatch, restore=f"echo $$ > {place / 'restoring'}; exec sleep 60")
    process = started(place)
    process.send_signal(stop)
    process.wait(30)
    assert not (place / "drills.jsonl").exists()
    if stop is signal.SIGTERM:
        assert not list((place / "tmp").glob("sre-kit-drill-*"))
        return
    (left,) = (place / "tmp").glob("sre-kit-drill-*")
    assert restic.sweep(place / "tmp") == [], "its restic still works there"
    os.kill(int((place / "restoring").read_text()), signal.SIGKILL)
    for _ in range(200):
        if restic.sweep(place / "tmp") == [left]:
            break
        time.sleep(0.05)
    assert not left.exists()


def test_a_foreign_folder_of_that_name_is_left_alone(place: Path) -> None:
    (place / "tmp" / "sre-kit-drill-mine").mkdir()
    (place / "tmp" / "sre-kit-drill-mine" / "keep").write_text("me")
    (place / "tmp" / "sre-kit-drill-link").symlink_to(place / "home")
    assert restic.sweep(place / "tmp") == []
    assert (place / "tmp" / "sre-kit-drill-mine" / "keep").read_text() == "me"
    assert (place / "home").is_dir()
