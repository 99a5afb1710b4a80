"""
``make bench``, its part on many projects: copies of the pretend shop under other names, two at a time.

Linear is half of what the same renders take one at a time, in processes that are there already (``--jobs 1``), so that
what a start costs is on neither side. The median of paired runs; they depend on the machine, so no test asserts them.
Two of the six documents are rendered, which keeps it under two minutes: it measures how projects share the cores, not
how long a document takes. ``make bench-fleet`` renders all six.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sre_kit.cli.demo import copy

GOAL = 0.85
SOME = ("IncidentResponse", "OperationalPlaybook")
ALL = "all"


def projects(folder: Path, count: int) -> list[str]:
    """`count` copies of the pretend project; the params file or folder of each."""
    made = []
    for number in range(1, count + 1):
        place = folder / f"shop-{number:02}"
        copy(place)
        written = place / "params" / "project.yaml"
        text = written.read_text(encoding="utf-8")
        assert "Harbour Books" in text
        written.write_text(text.replace("Harbour Books", f"Harbour Books {number}"), encoding="utf-8")
        made.append(str(place / "params"))
    return made


def measured(params: Sequence[str], *more: str) -> tuple[float, float]:
    """Wall and CPU seconds of one command over fresh copies: nothing published, no series kept."""
    for one in params:
        for left in (".sre_kit", "docs/SRE"):
            shutil.rmtree(Path(one).parent / left, ignore_errors=True)
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "sre_kit", "render", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def main(count: int = 20, runs: int = 1, *documents: str) -> None:
    """Print what it took, and the share of linear."""
    documents = () if ALL in documents else documents or SOME
    what = ", ".join(documents) or "six documents"
    print(f"\n{count} projects of {what}, median of {runs}: seconds by the clock and of the processors", flush=True)
    found: dict[str, list[tuple[float, float]]] = {"--jobs 1": [], "--jobs 2": []}
    with tempfile.TemporaryDirectory() as folder:
        params = projects(Path(folder), count)
        for _ in range(runs):
            found["--jobs 2"].append(measured(params, *params, *documents, "--jobs", "2"))
            found["--jobs 1"].append(measured(params, *params, *documents, "--jobs", "1"))
    for name, took in found.items():
        wall, cpu = (statistics.median(one[number] for one in took) for number in (0, 1))
        print(f"{name:18}{wall:9.1f}{cpu:9.1f}{wall / count:9.2f} each")
    pairs = zip(found["--jobs 1"], found["--jobs 2"], strict=True)
    share = statistics.median(before / 2 / after for (before, _), (after, _) in pairs)
    print(f"share of linear: {share:.0%}, {'reached' if share >= GOAL else 'not reached'} (goal {GOAL:.0%})")
    print(f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:3]), *sys.argv[3:])
