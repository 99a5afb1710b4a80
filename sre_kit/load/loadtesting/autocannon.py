"""
autocannon's JSON; latencies in milliseconds.

It keeps connections busy (a closed loop) and prints p97.5 where others print p95. Answers outside 200 to 299 are in
``non2xx``; ``errors`` are requests without an answer and already hold the time-outs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sre_kit.compute.performance.plan import LoadTest
from sre_kit.errors import DataError
from sre_kit.load.loadtesting.shape import CLOSED, count, json_of, moment, number, part

NAME: Final = "autocannon (JSON)"
_LEVEL: Final = re.compile(r"p(\d+)(?:_(\d+))?")


def fits(head: bytes) -> bool:
    """Keys that no other tool has together."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"non2xx"' in head and b'"latency"' in head


def read(path: Path) -> LoadTest:
    """
    The run in a result.

    Raises
    ------
    DataError
        It is no JSON, or nothing was answered.
    """
    content = json_of(path, "run autocannon again with --json")
    latency, requests = part(content, "latency"), part(content, "requests")
    answers = count(requests.get("total"))
    if not answers:
        raise DataError(f"{path.name}: an autocannon result without an answer; see that the server is there")
    unanswered, refused = count(content.get("errors")) or 0, count(content.get("non2xx"))
    duration = number(content.get("duration"))
    levels = {
        float(f"{found[1]}.{found[2] or 0}") / 100: number(value, 1e-3)
        for key, value in latency.items()
        if (found := _LEVEL.fullmatch(key))
    }
    return LoadTest(
        name=path.stem,
        tool="autocannon",
        origin=path.name,
        requests=answers + unanswered,
        errors=None if refused is None else refused + unanswered,
        duration=duration,
        rate=answers / duration if duration else number(requests.get("mean")),
        quantiles={round(q, 8): value for q, value in sorted(levels.items()) if value is not None and q >= 0.5},
        mean=number(latency.get("mean", latency.get("average")), 1e-3),
        minimum=number(latency.get("min"), 1e-3),
        maximum=number(latency.get("max"), 1e-3),
        load=number(content.get("connections")),
        model="closed",
        coordinated_omission=True,
        scenario=str(content.get("url") or ""),
        began=moment(content.get("start")),
        notes=(f"autocannon: {CLOSED}",),
    )
