"""
``make bench``: where a render's time goes, per notebook, and the memory it takes.

Each notebook is rendered alone in a fresh process: import (papermill, nbconvert), kernel (its start and stop), the
cells by tag (``load`` includes the imports of the notebook), export. Times are wall seconds, the median of the runs;
they depend on the machine, so no test asserts them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from sre_kit.render import batch

PARTS = ("import", "kernel", "load", "compute", "show", "export")
ONE = """
import json, resource, sys
from pathlib import Path
from sre_kit.render import engine
engine.environment("")
done = engine.run(Path(sys.argv[1]), {"params": sys.argv[2]})
own, kernel = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({**done.seconds, "peak": own, "kernel peak": kernel}))
"""


def measured(path: Path, runs: int, params: str) -> dict[str, float]:
    """Median of each part (seconds) and the largest peaks (MiB) over `runs` renders."""
    found = []
    for _ in range(runs):
        command = [sys.executable, "-c", ONE, str(path), params]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {key: (max if key.endswith("peak") else statistics.median)(one[key] for one in found) for key in found[0]}


def main(runs: int = 3) -> None:
    """Print the table."""
    os.environ.setdefault("MPLBACKEND", "agg")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "sre_kit", "demo", f"{folder}/demo"], check=True, capture_output=True)
        params = f"{folder}/demo/params"
        print(f"median of {runs}; seconds of wall time; peaks in MiB")
        print(f"{'notebook':26}" + "".join(f"{part:>9}" for part in (*PARTS, "total", "peak", "kernel")))
        for name, path in batch.notebooks().items():
            one = measured(path, runs, params)
            total = sum(one[part] for part in PARTS)
            row = [f"{one[part]:9.2f}" for part in PARTS]
            print(f"{name:26}" + "".join(row) + f"{total:9.2f}{one['peak']:9.0f}{one['kernel peak']:9.0f}")
    print(f"whole benchmark: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} CPU s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
