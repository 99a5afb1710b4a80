"""
``make bench``, its part on many projects: copies of the pretend shop under other names, two at a time.

Linear is half of what the same renders take one at a time, in processes that are there already (``--jobs 1``), so that
what a start costs is on neither side; the sum of single commands, which pay it each time, is printed beside it. Wall
seconds, the median of paired runs; they depend on the machine, so no test asserts them.
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


def seconds(params: Sequence[str], *more: str) -> float:
    """Wall seconds of one command over fresh copies: nothing published, no series kept."""
    for one in params:
        for left in (".sre_kit", "docs/SRE"):
            shutil.rmtree(Path(one).parent / left, ignore_errors=True)
    began = time.perf_counter()
    given = params if not more or more[0] != "--params" else []
    done = subprocess.run(
        [sys.executable, "-m", "sre_kit", "render", *given, *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began


def main(count: int = 20, runs: int = 3) -> None:
    """Print what it took, and the share of linear."""
    print(f"{count} projects of six documents, median of {runs}; seconds of wall time")
    with tempfile.TemporaryDirectory() as folder:
        params = projects(Path(folder), count)
        one, two, alone = [], [], []
        for _ in range(runs):
            two.append(seconds(params, "--jobs", "2"))
            one.append(seconds(params, "--jobs", "1"))
            alone.append(sum(seconds([p], "--params", p, "--jobs", "1") for p in params))
    shares = [a / 2 / b for a, b in zip(one, two, strict=True)]
    for name, found in (("single commands, their sum", alone), ("--jobs 1", one), ("--jobs 2", two)):
        print(f"{name:28}{statistics.median(found):9.1f}{statistics.median(found) / count:9.2f} each")
    print(f"{'share of linear':28}{statistics.median(shares):9.0%}  (goal {GOAL:.0%})")
    print(f"{'of the single commands':28}{statistics.median(a / 2 / b for a, b in zip(alone, two, strict=True)):9.0%}")
    print(f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:3]))
