"""
How the demo's recordings of performance were made: nightly load tests. SYNTHETIC, like everything in the demo.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final

_FIRST: Final = datetime(2026, 8, 24, 2, 0)  # noqa: DTZ001 - UTC, written with its Z
_NIGHTS: Final = 68
_SLOWER: Final = 17
"""The night after catalogue 1.47.0 (2026-09-10): book pages load every edition of a book."""


def nightly() -> str:
    """``nightly.csv``: k6 at 300 virtual users on staging, once a night; p95 in ms, requests per second, commit."""
    draw = Random("nightly load tests").random
    rows = ["time,commit,p95 ms,requests/s\n"]
    for night in range(_NIGHTS):
        if draw() < 0.06:
            continue  # the job failed that night
        level = 268.0 if night < _SLOWER else 301.0
        noise = 1 + 0.03 * (draw() + draw() + draw() - 1.5)
        commit = f"{int(draw() * 16**7):07x}"
        at = (_FIRST + timedelta(days=night)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append(f"{at},{commit},{level * noise:.1f},{59.1 * (1 + 0.01 * (draw() - 0.5)):.2f}\n")
    return "".join(rows)
