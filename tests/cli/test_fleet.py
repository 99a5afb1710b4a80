"""``sre-kit render`` of many projects, in real processes and on real dask workers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.cli import fleet as command
from sre_kit.cli import main
from sre_kit.cli.init import notebook
from sre_kit.cli.render import Options
from sre_kit.errors import NotebookError, ParameterError
from sre_kit.render import fleet
from tests.cli.test_render import PLAN

NAMES = ("bakery", "forge", "mill")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three projects that work, one whose params are wrong, one whose notebook fails, and one that was edited."""
    monkeypatch.chdir(tmp_path)
    for name in (*NAMES, "ruin"):
        (tmp_path / name / "docs" / "Project Manager").mkdir(parents=True)
        (tmp_path / name / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
        (tmp_path / name / "build-plan.md").write_bytes(PLAN)
    for folder in ("params", "broken"):
        (tmp_path / folder / "notebooks").mkdir(parents=True)
        written = json.loads(notebook("ErrorReview", "../shop.yaml"))
        if folder == "broken":
            written["cells"][-1]["source"] = "1 / 0"
        (tmp_path / folder / "notebooks" / "ErrorReview.ipynb").write_text(json.dumps(written), encoding="utf-8")
    for name in NAMES:
        (tmp_path / "params" / f"{name}.yaml").write_text(
            f"project: {{name: {name.title()}, path: ../{name}}}\nas_of: 2026-10-01\n", encoding="utf-8"
        )
    (tmp_path / "params" / "typo.yaml").write_text("projekt: {name: x}\n", encoding="utf-8")
    (tmp_path / "broken" / "ruin.yaml").write_text(
        "project: {name: Ruin, path: ../ruin}\nas_of: 2026-10-01\n", encoding="utf-8"
    )
    return tmp_path


def documents(town: Path) -> dict[str, bytes]:
    return {path.parts[-4]: path.read_bytes() for path in sorted(town.glob("*/docs/SRE/ErrorReview.md"))}


def good() -> list[str]:
    return [f"params/{name}.yaml" for name in NAMES]


def test_one_that_fails_stops_no_other(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has a line for each; what was rendered is what a render alone would have written."""
    edited = town / "forge" / "docs" / "SRE" / "ErrorReview.md"
    edited.parent.mkdir()
    edited.write_text("mine\n", encoding="utf-8")
    assert main(["render", *good(), "params/typo.yaml", "broken/ruin.yaml", "ErrorReview"]) == 4
    said = capsys.readouterr()
    lines = {line.split()[0]: line.split() for line in said.out.splitlines() if line}
    codes = {"params/bakery.yaml": "0", "params/forge.yaml": "6", "params/mill.yaml": "0"}
    assert {one: lines[one][2] for one in good()} == codes
    assert lines["broken/ruin.yaml"][1:4] == ["Ruin", "4", "–"] and lines["params/typo.yaml"][1:4] == ["–", "2", "–"]
    assert "5 projects, 3 not as they should be" in said.out
    assert re.search(r"broken/ruin.yaml: .*cell .*\n?.*ZeroDivisionError", said.err)
    assert "params/typo.yaml: " in said.err and "did you mean 'project'" in said.err
    assert "params/forge.yaml: docs/SRE/ErrorReview.md: changed by a person" in said.err
    assert set(documents(town)) == set(NAMES) and edited.read_text(encoding="utf-8") == "mine\n"
    for name in ("bakery", "mill"):
        assert main(["render", "ErrorReview", "--params", f"params/{name}.yaml", "--check"]) == 0


def test_a_shard_as_json(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", *reversed(good()), "ErrorReview", "--shard", "2/3", "--json", "--check"]) == 5
    whole = json.loads(capsys.readouterr().out)
    (one,) = whole["projects"]
    assert (whole["code"], one["params"], one["project"], one["code"]) == (5, "params/forge.yaml", "Forge", 5)
    assert one["report"]["documents"]["ErrorReview"]["version"] == 1 and one["seconds"] > 0
    assert not documents(town)
    assert main(["render", *good(), "--shard", "4/4"]) == 0
    assert "no project is in this shard" in capsys.readouterr().out


@given(st.sets(st.text(min_size=1)), st.integers(1, 9))
def test_shards_are_a_fair_partition(names: set[str], count: int) -> None:
    parts = [fleet.shard(list(names), f"{number}/{count}") for number in range(1, count + 1)]
    assert sorted(one for part in parts for one in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("written", ["", "0/2", "3/2", "1", "1/0", "-1/2", "1/2/3", "one/two"])
def test_a_shard_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ParameterError, match="with i from 1 to n"):
        fleet.shard(["a"], written)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["params/mill.yaml", "--params", "params/forge.yaml"], "as arguments and with --params"),
        (["params/mill.yaml", "./params/mill.yaml"], "is given twice"),
        (["params/mill.yaml", "--out", "elsewhere"], "--out takes the documents of one project"),
        (["--shard", "1/2"], "need params as arguments"),
        (["params/mill.yaml", "--dask", "tcp://127.0.0.1:1", "--engine", "kernel"], "--dask runs the warm engine only"),
        (["params/mill.yaml", "--fail-on", "slo-breeched"], "did you mean 'slo-breached'?"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(
    town: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["render", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_any_executor_will_do(town: Path) -> None:
    options = Options(params="", names=("ErrorReview",), json=True, jobs=1)
    with ThreadPoolExecutor(2) as threads:
        found = dict(command._results(threads, good(), options))
    assert {one: answer["code"] for one, answer in found.items()} == dict.fromkeys(good(), 0)


def dies() -> None:
    os._exit(9)


def test_a_process_is_replaced_after_its_calls_and_when_it_dies() -> None:
    """Memory that leaks goes with its process; a call that kills its process fails alone."""
    with fleet.Processes(1, recycle=2) as processes:
        numbers = [processes.submit(os.getpid).result() for _ in range(5)]
        assert [len(set(numbers[:2])), len(set(numbers)), os.getpid() in numbers] == [1, 3, False]
        lost, after = processes.submit(dies), processes.submit(os.getpid)
        with pytest.raises(NotebookError, match="its process died"):
            lost.result()
        assert after.result() not in numbers


def test_no_more_run_at_a_time_than_were_asked_for() -> None:
    with fleet.Processes(2) as processes:
        numbers = {one.result() for one in [processes.submit(os.getpid) for _ in range(12)]}
    assert len(numbers) <= 2


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dask scheduler on loopback with two workers, each a process of its own."""
    folder = tmp_path_factory.mktemp("dask")
    contact = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(contact)]
    started = []
    try:
        with (folder / "log").open("wb") as log:
            start = [*dask, "scheduler", *common, "--port", "0"]
            started.append(subprocess.Popen(start, cwd=folder, stdout=log, stderr=log))
            for _ in range(2):
                work = [*dask, "worker", *common, "--nthreads", "1", "--local-directory", str(folder)]
                started.append(subprocess.Popen(work, cwd=folder, stdout=log, stderr=log))
        until = time.monotonic() + 60
        while not (contact.exists() and contact.read_text()) and time.monotonic() < until:
            time.sleep(0.1)
        yield json.loads(contact.read_text())["address"]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_dask_workers_render_the_same_documents(town: Path, scheduler: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", *good(), "broken/ruin.yaml", "ErrorReview", "--dask", scheduler, "--json"]) == 4
    answers = json.loads(capsys.readouterr().out)["projects"]
    assert {one["params"]: one["code"] for one in answers} == {"broken/ruin.yaml": 4, **dict.fromkeys(good(), 0)}
    for name in NAMES:
        alone = ["render", "ErrorReview", "--params", f"params/{name}.yaml", "--check"]
        assert main(alone) == 0, "rendered here they are the same"


def test_a_scheduler_that_does_not_answer_is_named(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(fleet, "CONNECT", 0.5)
    assert main(["render", "params/mill.yaml", "--dask", "tcp://127.0.0.1:9"]) == 3
    assert "tcp://127.0.0.1:9" in capsys.readouterr().err
