"""
``make bench-slo``: how long the arithmetic of one objective takes, from the frame of its events.

30 days and a year at one minute: the history, the burn rate over every window of the workbook, the budget, and the
alerts of both severities. The best of some runs, in CPU time and in wall time; both depend on the machine, the wall
time also on what else it does, so no test asserts them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd

from sre_kit.compute.slo.budget import ErrorBudget, burn_rate, error_budget
from sre_kit.compute.slo.counts import history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import burn_rate_policy
from sre_kit.compute.slo.replay import fired
from sre_kit.compute.vocabulary import Requests

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOWS = tuple(timedelta(minutes=m) for m in (5, 30, 60, 120, 360, 1440, 4320))


def events(days: int, window: timedelta) -> tuple[SLO, Requests]:
    """Made-up traffic with a failing hour a week."""
    random = np.random.default_rng(1)
    minutes = days * 1440
    total = random.poisson(1000, minutes)
    bad = random.binomial(total, np.where(np.arange(minutes) % 10_080 < 60, 0.2, 0.0005))
    start = AS_OF - minutes * MINUTE
    index = pd.date_range(pd.Timestamp(start), periods=minutes, freq="1min", name="time")
    slo = SLO("api", Fraction("0.999"), "t", "api", good="g", window=window)
    frame = pd.DataFrame({"total": total, "good": total - bad}, index=index)
    return slo, Requests("api", frame, "made up", start, AS_OF, MINUTE)


def whole(slo: SLO, requests: Requests) -> tuple[ErrorBudget, int]:
    """Everything that is computed of one objective: windows, budget, both severities."""
    one = history(slo, requests)
    for over in (*WINDOWS, slo.window):
        burn_rate(one, over)
    policy = burn_rate_policy(slo)
    return error_budget(one, AS_OF), sum(int(fired(one, severity, policy)[0].sum()) for severity in policy.severities)


def best(run: Callable[[], object], runs: int) -> tuple[float, float]:
    """Shortest of `runs`, in seconds of CPU and of wall time."""
    cpu, wall = [], []
    for _ in range(runs):
        began = time.process_time(), time.perf_counter()
        run()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
    return min(cpu), min(wall)


def main(runs: int = 5) -> None:
    """Print the table."""
    print(f"{'one objective, a step of a minute':36}{'steps':>10}{'CPU ms':>10}{'wall ms':>10}   best of {runs}")
    for days in (30, 365):
        slo, requests = events(days, timedelta(days=30))
        cpu, wall = best(partial(whole, slo, requests), runs)
        print(f"{f'{days} days':36}{days * 1440:>10,}{cpu * 1000:>10.1f}{wall * 1000:>10.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
