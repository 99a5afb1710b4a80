"""
How the demo's recordings of performance were made: nightly load tests. SYNTHETIC, like everything in the demo.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

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


def events() -> str:
    """``events.csv``: every request of half an hour of 2026-10-31 at one of the load balancer's nodes."""
    draw = Random("events of 2026-10-31").random
    rows = ["time,route,status,duration_ms\n"]
    at = 0.0
    while at < 1800:
        route, median, failing = ("/api/search", 110.0, 0.0004)
        chance = draw()
        if chance < 0.35:
            route, median, failing = ("/book/:id", 70.0, 0.001)
        elif chance < 0.45:
            route, median, failing = ("/api/orders", 180.0, 0.004)
        spent = median * (0.5 + 0.35 * (draw() + draw() + draw()) ** 2 / 2) * (1.8 if 900 <= at < 960 else 1.0)
        status = 503 if draw() < failing else 200
        moment = datetime(2026, 10, 31, 19) + timedelta(seconds=round(at, 3))  # noqa: DTZ001 - UTC, written with its Z
        rows.append(f"{moment.isoformat(timespec='milliseconds')}Z,{route},{status},{spent:.1f}\n")
        at += 2.4 * draw()
    return "".join(rows)


# service, operation, milliseconds before the call, own milliseconds, and the calls below it
_Call = tuple[str, str, float, float, tuple[Any, ...]]
_CHECKOUT: Final[_Call] = (
    "storefront", "POST /checkout", 0, 14, (
        ("checkout", "POST /api/orders", 4, 38, (
            ("checkout", "wait for a connection", 2, 18, ()),
            ("postgres-orders", "INSERT INTO orders", 1, 52, ()),
            ("tidepay", "POST /payments", 3, 118, ()),
            ("orders-queue", "send order.placed", 2, 9, ()),
        )),
    ),
)  # fmt: skip
_BOOK: Final[_Call] = (
    "storefront", "GET /book/:id", 0, 11, (
        ("catalogue", "GET /api/books/:id", 2, 19, (
            ("postgres-catalogue", "SELECT books, editions", 1, 41, ()),
        )),
    ),
)  # fmt: skip


def traces() -> str:
    """``traces.json``: forty traces of two operations as Jaeger's user interface exports them; microseconds."""
    draw = Random("traces of 2026-10-31").random
    found = []
    for number in range(40):
        began = 1_793_473_200_000_000 + number * 7_300_000  # 2026-10-31 19:00Z
        found.append(_trace(f"{number + 1:032x}", _CHECKOUT if number % 4 == 0 else _BOOK, began, draw))
    return json.dumps({"data": found}, separators=(",", ":")) + "\n"


def _trace(name: str, shape: _Call, began: int, draw: Callable[[], float]) -> dict[str, Any]:
    spans: list[dict[str, Any]] = []
    processes: dict[str, dict[str, str]] = {}

    def call(one: _Call, parent: str, start: int) -> int:
        service, operation, _, own, below = one
        own_time = int(own * 1000 * (0.6 + 0.8 * draw()))
        key = next((key for key, known in processes.items() if known["serviceName"] == service), f"p{len(processes)}")
        processes[key] = {"serviceName": service}
        span: dict[str, Any] = {"traceID": name, "spanID": f"{len(spans) + 1:016x}", "operationName": operation}
        span["references"] = [{"refType": "CHILD_OF", "traceID": name, "spanID": parent}] if parent else []
        spans.append(span)
        cursor = start
        for inner in below:
            cursor = call(inner, span["spanID"], cursor + int(inner[2] * 1000))
        span |= {"startTime": start, "duration": cursor + own_time - start, "processID": key}
        return cursor + own_time

    call(shape, "", began)
    return {"traceID": name, "spans": spans, "processes": processes}
