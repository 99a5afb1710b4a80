"""
``make bench-incidents``: a hundred thousand incidents read and summarised; seconds of CPU and of wall time, MiB.

The log is synthetic and seeded: log-normal durations, one in a thousand open, a year of beginnings. The seconds depend
on the machine, so no test asserts them.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sre_kit.compute.incidents import Severity, graded
from sre_kit.compute.oncall.interruption import interruption_load
from sre_kit.compute.response.reliability import incident_statistics
from sre_kit.load.incident_logs import incident_log

END = datetime(2026, 11, 1, tzinfo=UTC)
START = END - timedelta(days=365)


def write(path: Path, count: int) -> None:
    """A log of `count` incidents, as JSON lines."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            began = START + timedelta(seconds=draw.randrange(365 * 86_400))
            detected = began + timedelta(seconds=draw.randrange(600))
            told = detected + timedelta(seconds=draw.randrange(600))
            ended = told + timedelta(seconds=int(draw.lognormvariate(8, 1.1)))
            row = {
                "id": f"I{number}",
                "title": "checkout is slow",
                "severity": draw.choice(["SEV1", "SEV2", "SEV3"]),
                "service": ["checkout"],
                "started_at": began.isoformat(),
                "detected_at": detected.isoformat(),
                "ack_at": told.isoformat(),
                "resolved_at": ended.isoformat() if draw.random() > 0.001 else None,
                "failed_share": 0.2,
                "responder": "Ann",
            }
            file.write(json.dumps(row) + "\n")


def main(count: int = 100_000) -> None:
    """Print the times."""
    ladder = [Severity(f"SEV{n}", "", "", timedelta(minutes=15), timedelta(hours=1)) for n in (1, 2, 3)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.jsonl"
        write(path, count)
        marks = [_now()]
        log = graded(incident_log(path, as_of=END), ladder)
        marks.append(_now())
        found = incident_statistics(log, START, END)
        marks.append(_now())
        interruption_load(log.incidents, [], "UTC")
        marks.append(_now())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{found.count:,} incidents, {found.open} open, median {found.ttr.median:.1f} min; peak {peak:.0f} MiB")
    for name, before, after in zip(("read", "summarised", "by hours"), marks, marks[1:], strict=False):
        print(f"{name:11}{after[0] - before[0]:6.2f} s CPU, {after[1] - before[1]:6.2f} s wall")


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
