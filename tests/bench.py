"""
``make bench``: a render against the floor under it and the tools it stands on, all in one run.

- floor: the cells of the six notebooks as plain Python in two forks, the hand-off after the other five
- ours: ``sre-kit render`` of a project that was never rendered
- again: the same command, nothing changed
- papermill: papermill's API with a kernel for each notebook, and the export, in one process
- commands: ``papermill`` and ``jupyter nbconvert``, one after the other

Seconds by the clock and of the processors, the median of the rounds; each round measures all of them, so that a slow
moment of the machine hits all. Goals are held against the clock; where others use the machine, the processors' seconds
say more. No test asserts them. All but ``again`` begin without a series read or a document kept. Memory is the largest
sum over a command's processes. Bytecode is kept, as where a package is installed. Five rounds take a quarter of an
hour.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sre_kit.render import batch
from sre_kit.store import places

ROUNDS: Final = 5
GOALS: Final = (
    ("ours at least 12 times faster than the commands", "commands", "ours", 12.0, True),
    ("ours at most 1.2 times the floor", "ours", "floor", 1.2, False),
)
API: Final = """
import sys
from pathlib import Path
import papermill
from sre_kit.render.export import SREMarkdownExporter
params, out, *notebooks = sys.argv[1:]
for path in map(Path, notebooks):
    done = papermill.execute_notebook(
        str(path), f"{out}/{path.name}", {"params": params}, progress_bar=False, cwd=str(path.parent)
    )
    Path(out, f"{path.stem}.md").write_text(SREMarkdownExporter().from_notebook_node(done)[0])
"""


class Trial:
    """One copy of the demo project, and the commands that render it."""

    def __init__(self, folder: Path) -> None:
        from sre_kit.cli.demo import copy

        self.project, self.out = folder / "demo", folder / "out"
        copy(self.project)
        self.out.mkdir()
        self.params = str(self.project / "params")
        self.notebooks = [str(path) for path in batch.notebooks().values()]

    def forget(self) -> None:
        """No series read, nothing kept: all but `again` begin so."""
        shutil.rmtree(self.project / places.STATE, ignore_errors=True)

    def floor(self) -> None:
        """Plain Python."""
        self._run([sys.executable, "-m", "tests.bench_floor", self.params, *self.notebooks])

    def ours(self) -> None:
        """A first render."""
        shutil.rmtree(self.project / places.DOCUMENTS, ignore_errors=True)
        self.again()

    def again(self) -> None:
        """A render."""
        self._run([sys.executable, "-m", "sre_kit", "render", "--params", self.params])

    def papermill(self) -> None:
        """Papermill's API."""
        self._run([sys.executable, "-c", API, self.params, str(self.out), *self.notebooks])

    def commands(self) -> None:
        """The two commands."""
        programs = Path(sys.executable).parent
        for path in map(Path, self.notebooks):
            done = str(self.out / path.name)
            run = [
                "papermill",
                "--no-progress-bar",
                "--cwd",
                str(path.parent),
                str(path),
                done,
                "-p",
                "params",
                self.params,
            ]
            self._run([str(programs / run[0]), *run[1:]])
            self._run([str(programs / "jupyter"), "nbconvert", "--log-level=ERROR", "--to", "sre-markdown", done])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of the processors in all processes that `work` waited for."""
    began, used = time.perf_counter(), _used()
    work()
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak(work: Callable[[], None]) -> float:
    """Largest memory (MiB, shared pages counted once) that all processes started by `work` had together."""
    found, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal found
        while not done.wait(0.1):
            found = max(found, sum(_memory(process) for process in _descendants(os.getpid())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return found


def _descendants(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [one for child in children for one in (child, *_descendants(child))]


def _memory(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main(rounds: int = ROUNDS) -> None:
    """Print the table, and whether the goals are reached."""
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder))
        kinds = {
            "floor": trial.floor,
            "ours": trial.ours,
            "again": trial.again,
            "papermill": trial.papermill,
            "commands": trial.commands,
        }
        trial.ours()  # for the hand-off of the floor, and so that nobody pays for a cold disk
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for number in range(1, rounds + 1):
            for name, work in kinds.items():
                if name != "again":
                    trial.forget()
                took[name].append(seconds(work))
            said = "  ".join(f"{name} {took[name][-1][0]:.2f} ({took[name][-1][1]:.2f})" for name in kinds)
            print(f"round {number} of {rounds}, clock (processors): {said}", flush=True)
        peaks = {name: peak(work) for name, work in kinds.items() if name != "commands"}
    clock, processors = ({n: statistics.median(one[i] for one in found) for n, found in took.items()} for i in (0, 1))
    print(f"\n{f'median of {rounds}':18}" + "".join(f"{name:>11}" for name in kinds))
    print(f"{'clock, s':18}" + "".join(f"{clock[name]:11.2f}" for name in kinds))
    print(f"{'processors, s':18}" + "".join(f"{processors[name]:11.2f}" for name in kinds))
    print(f"{'peak, MiB':18}" + "".join(f"{found:11.0f}" for found in peaks.values()))
    for words, over, under, limit, least in GOALS:
        ratio = clock[over] / clock[under]
        by_processors = processors[over] / processors[under]
        reached = _reached((ratio >= limit) == least)
        print(f"{words}: {ratio:.2f} by the clock, {reached} ({by_processors:.2f} by the processors)")
    print(f"what is unchanged rendered in under 1 s: {clock['again']:.2f}, {_reached(clock['again'] < 1)}")


def _reached(so: bool) -> str:
    return "reached" if so else "not reached"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
