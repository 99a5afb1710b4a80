"""
Exact quantiles per minute and route of single events: ours against hand-written DuckDB SQL and against pandas.

``python -m tests.bench_events [ROWS]`` makes its own Parquet file, then runs each in a process of its own, three times
in turn, and prints seconds, ratio and peak memory. Held to: at most 1.15 times the hand-written SQL, less than 600 MB,
at least 3 times faster than pandas.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROWS = 20_000_000
ROUNDS = 3


def generate(path: Path, rows: int) -> None:
    """A day of requests to 20 routes, log-normal durations, 0.3 % of them failed; the same for the same number."""
    import duckdb

    with duckdb.connect(config={"threads": 2, "temp_directory": tempfile.gettempdir()}) as database:
        database.execute(
            f"""
            COPY (
                SELECT TIMESTAMP '2026-11-01' + to_microseconds(i * 86400000000 // {rows}) AS time,
                    '/route/' || (hash(i) % 20) AS route,
                    (CASE WHEN hash(i + 7) % 1000 < 3 THEN 500 ELSE 200 END)::SMALLINT AS status,
                    exp(-2.5 + 0.6 * sqrt(-2 * ln((hash(i + 1) % 1000000 + 1) / 1000001.0))
                        * cos(2 * pi() * (hash(i + 2) % 1000000) / 1000000.0)) AS duration
                FROM range({rows}) t(i)
            ) TO '{path}' (FORMAT parquet)
            """
        )


def ours(path: Path) -> int:
    from sre_kit.compute.performance.events import EventLog
    from sre_kit.load.rawevents import minutes

    found = minutes(path, EventLog(path.name, naive_is_utc=True), as_of=datetime(2026, 12, 1, tzinfo=UTC))
    return len(found)


def by_hand(path: Path) -> int:
    import duckdb

    with duckdb.connect(config={"threads": 2, "temp_directory": tempfile.gettempdir()}) as database:
        found = database.execute(
            f"""
            SELECT date_trunc('minute', time) AS minute, route, count(*) AS total,
                count(*) FILTER (status < 500) AS good, quantile_cont(duration, [0.5, 0.95, 0.99]) AS q
            FROM read_parquet('{path}') GROUP BY ALL ORDER BY ALL
            """
        ).df()
    return len(found)


def with_pandas(path: Path) -> int:
    import pandas as pd

    frame = pd.read_parquet(path)
    groups = frame.assign(minute=frame["time"].dt.floor("min"), good=frame["status"] < 500).groupby(["minute", "route"])
    counted = groups["good"].agg(["size", "sum"])
    found = counted.join(groups["duration"].quantile([0.5, 0.95, 0.99]).unstack())
    return len(found)


WAYS = {"hand-written DuckDB": by_hand, "sre_kit": ours, "pandas": with_pandas}


def one(way: str, path: Path) -> None:
    """In the child: the number of rows, seconds without the imports of the interpreter, and peak megabytes."""
    began = time.perf_counter()
    rows = WAYS[way](path)
    seconds = time.perf_counter() - began
    print(json.dumps([rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def main(rows: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        generate(path, rows)
        print(f"{rows:,} events, {path.stat().st_size / 1e6:,.0f} MB of Parquet; {ROUNDS} rounds in turn")
        measured: dict[str, list[tuple[int, float, float]]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, results in measured.items():
                command = [sys.executable, "-m", "tests.bench_events", "--one", way, str(path)]
                results.append(tuple(json.loads(subprocess.run(command, check=True, capture_output=True).stdout)))
    seconds = {way: median(second for _, second, _ in results) for way, results in measured.items()}
    for way, results in measured.items():
        peak = max(memory for _, _, memory in results)
        each = ", ".join(f"{second:.2f}" for _, second, _ in results)
        print(f"{way:20} {seconds[way]:7.2f} s ({each}), peak {peak:6,.0f} MB, {results[0][0]:,} rows")
    against_hand = median(
        a[1] / b[1] for a, b in zip(measured["sre_kit"], measured["hand-written DuckDB"], strict=True)
    )
    against_pandas = median(a[1] / b[1] for a, b in zip(measured["pandas"], measured["sre_kit"], strict=True))
    peak = max(memory for _, _, memory in measured["sre_kit"])
    held = {
        f"{against_hand:.2f} times the hand-written SQL (at most 1.15)": against_hand <= 1.15,
        f"{peak:,.0f} MB at most (less than 600)": peak < 600,
        f"{against_pandas:.1f} times faster than pandas (at least 3)": against_pandas >= 3,
    }
    for what, holds in held.items():
        print(f"{'held' if holds else 'MISSED'}: {what}")
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else ROWS))
