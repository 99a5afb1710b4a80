"""
How the demo's log files were made; ``python -m sre_kit.demo.generate`` writes them again, byte for byte.

Like everything in the demo they are synthetic. Only ``random()`` is drawn from the generator: it is the one
method whose sequence Python keeps between versions. ``drills.jsonl`` alone is not made here: it holds real runs of
``sre-kit drill restic``, their days moved into the demo's time.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sre_kit.demo import recordings

# service, major version, releases known from the incident log or the calendar as (time, minor version)
_RELEASES: Final = (
    ("checkout", 2, ("2025-11-05T10:10", 1), ("2026-02-04T11:30", 9), ("2026-04-02T12:24", 14),
     ("2026-05-06T13:11", 18), ("2026-10-06T13:18", 29), ("2026-10-27T09:40", 31)),
    ("catalogue", 1, ("2025-11-11T18:59", 14), ("2026-01-09T10:16", 21), ("2026-03-09T09:35", 28),
     ("2026-09-10T09:49", 47), ("2026-10-28T10:05", 51)),
    ("search", 1, ("2025-11-18T11:20", 20), ("2026-07-22T07:24", 33), ("2026-10-21T13:30", 38)),
    ("storefront", 3, ("2025-11-04T09:30", 40), ("2026-10-29T11:15", 66)),
)  # fmt: skip
_INCIDENTS: Final = {
    "checkout 2.9.0": "INC-2026-0204", "checkout 2.14.0": "INC-2026-0402", "checkout 2.18.0": "INC-2026-0506",
    "checkout 2.29.0": "INC-2026-1006", "catalogue 1.14.0": "INC-2025-1111", "catalogue 1.21.0": "INC-2026-0109",
    "catalogue 1.28.0": "INC-2026-0309", "catalogue 1.47.0": "INC-2026-0910", "search 1.33.0": "INC-2026-0722",
}  # fmt: skip
_TROUBLE: Final = {
    "checkout 2.22.0": "rolled_back", "checkout 2.30.0": "rolled_back", "catalogue 1.36.0": "rolled_back",
    "catalogue 1.50.0": "rolled_back", "search 1.27.0": "failed", "storefront 3.52.0": "rolled_back",
}  # fmt: skip

# virtual users, requests per second, p95 in ms, share of failures: the table of PerformanceTestPlan.md
_LEVELS: Final = (
    (200, 39.6, 231, 0.0001),
    (500, 97.4, 298.11, 0.000194),
    (700, 133.8, 421, 0.0006),
    (850, 147.9, 1180, 0.014),
    (1100, 139.2, 3460, 0.068),
)
_FLAT_EXPORTS: Final = (700, 1100)
"""Levels kept as ``--summary-export`` files; the others as ``handleSummary``."""


def deploys() -> str:
    """``deploys.csv``: one row per deployment to production."""
    rows = sorted(row for service, major, *known in _RELEASES for row in _releases(service, major, known))
    return "time,service,version,outcome,committed_at,incident,unplanned\n" + "".join(
        ",".join(row) + "\n" for row in rows
    )


def _releases(service: str, major: int, known: list[tuple[str, int]]) -> list[tuple[str, ...]]:
    draw = Random(f"deploys of {service}").random
    rows = []
    for (began, minor), (ended, last) in zip(known, [*known[1:], (known[-1][0], known[-1][1] + 1)], strict=True):
        days = _working_days(datetime.fromisoformat(began), datetime.fromisoformat(ended))
        for k in range(last - minor):
            at = datetime.fromisoformat(began)
            if k:
                at = days[k * len(days) // (last - minor)] + timedelta(minutes=540 + int(draw() * 400))
            rows += _release(service, f"{major}.{minor + k}", at, draw())
    return rows


def _release(service: str, version: str, at: datetime, chance: float) -> list[tuple[str, ...]]:
    """One release, and the repair that follows a bad one."""
    name, lead = f"{service} {version}.0", timedelta(hours=3 + round(160 * chance**3, 1))
    incident = _INCIDENTS.get(name, "")
    outcome = "rolled_back" if incident else _TROUBLE.get(name, "succeeded")
    rows: list[tuple[str, ...]] = [(_z(at), service, f"{version}.0", outcome, _z(at - lead), incident, "no")]
    if outcome != "succeeded":
        repaired = at + timedelta(hours=3, minutes=int(40 * chance))
        rows.append((_z(repaired), service, f"{version}.1", "succeeded", _z(repaired - timedelta(hours=1)), "", "yes"))
    return rows


def _working_days(began: datetime, ended: datetime) -> list[datetime]:
    """Monday to Thursday between two releases, without the change freeze before Christmas."""
    days = (datetime(began.year, began.month, began.day) + timedelta(days=k) for k in range(1, (ended - began).days))  # noqa: DTZ001 - UTC, written with its Z
    return [day for day in days if day.weekday() < 4 and not date(2025, 12, 11) <= day.date() <= date(2025, 12, 27)]


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


_BROWSERS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "ExampleBot/1.2 (+https://bot.example)",
)
_WORDS: Final = ("tides", "harbour", "knots", "north+sea", "lighthouse", "%22moby+dick%22", "kaart", "galway")


def access_log() -> str:
    """``access.log``: a sample of the requests of 2026-10-31, combined format, at the load balancer."""
    draw, lines = Random("access log of 2026-10-31").random, []
    at = 0.0
    while at < 86_400:
        lines.append(_access(at, draw(), draw(), draw(), draw(), draw()))
        busy = 0.4 if at > 23 * 3600 or at < 7 * 3600 else 1.6 if 18 * 3600 < at < 21 * 3600 else 1.0
        at += (0.2 + 1.6 * draw()) * 32 / busy
    return "".join(lines)


def _access(at: float, page: float, luck: float, who: float, detail: float, weight: float) -> str:
    isbn = 9789000000000 + int(detail * 4_000_000) ** 2 % 400_000
    method, path, status, size = "GET", "/", 200, 18_000
    if page < 0.30:
        path, size = f"/book/{isbn}", 24_000
    elif page < 0.55:
        path, size = f"/api/search?q={_WORDS[int(detail * len(_WORDS))]}", 9_000
    elif page < 0.80:
        path, size = f"/static/covers/{isbn % 900}.webp", 41_000
    elif page < 0.90:
        path, size = f"/api/books/{isbn}", 2_400
    elif page < 0.94:
        method, path, size = "POST", "/api/orders", 700
    if path.startswith("/static") and luck < 0.35:
        status, size = 304, 0
    elif luck > 0.9945:
        status, size = (500, 502, 503, 504)[int(detail * 4)], 180
    elif luck > 0.975:
        status, size = 404, 1_200
    elif method == "POST" and luck > 0.95:
        status, size = 429, 140
    address = ("192.0.2.", "198.51.100.", "203.0.113.")[int(who * 3)] + str(1 + int(detail * 250))
    time = (datetime(2026, 10, 31) + timedelta(seconds=int(at))).strftime("%d/%b/%Y:%H:%M:%S +0000")  # noqa: DTZ001 - UTC, written with its offset
    sent = round(size * (0.5 + weight)) or "-"
    return (
        f'{address} - - [{time}] "{method} {path} HTTP/1.1" {status} {sent} "-" "{_BROWSERS[min(2, int(who * 2.2))]}"\n'
    )


_ROOT: Final = "d41d8cd98f00b204e9800998ecf8427e"
"""The name that k6 gives to the group around everything."""


def load_test(users: int) -> dict[str, Any]:
    """One k6 run of 900 s at a level of `PerformanceTestPlan.md`; flat for the levels of ``--summary-export``."""
    _, rate, p95, failed = next(level for level in _LEVELS if level[0] == users)
    count = round(rate * 900)
    trend = {
        "avg": round(p95 * 0.4995, 2), "min": 21.07, "med": round(p95 * 0.397, 2), "max": round(p95 * 7.08, 2),
        "p(90)": round(p95 * 0.8095, 2), "p(95)": float(p95),
    }  # fmt: skip
    return (_flat if users in _FLAT_EXPORTS else _summary)(users, count, rate, round(count * failed), trend)


def _flat(users: int, count: int, rate: float, bad: int, trend: dict[str, float]) -> dict[str, Any]:
    """``--summary-export``: a threshold that is true has FAILED, and `passes` of a rate counts the bad ones."""
    return {
        "root_group": {"name": "", "path": "", "id": _ROOT, "groups": {}, "checks": {}},
        "metrics": {
            "http_req_duration": {**trend, "thresholds": {"p(95)<500": trend["p(95)"] >= 500}},
            "http_req_failed": {
                "passes": bad,
                "fails": count - bad,
                "value": bad / count,
                "thresholds": {"rate<0.001": bad / count >= 0.001},
            },
            "http_reqs": {"count": count, "rate": rate},
            "iterations": {"count": count, "rate": rate},
            "vus": {"value": users, "min": users, "max": users},
            "vus_max": {"value": users, "min": users, "max": users},
        },
    }


def _summary(users: int, count: int, rate: float, bad: int, trend: dict[str, float]) -> dict[str, Any]:
    """``handleSummary``: values one level deeper, and `ok` of a threshold means what it says."""

    def metric(kind: str, contains: str, values: dict[str, Any], **thresholds: bool) -> dict[str, Any]:
        return {"type": kind, "contains": contains, "values": values} | (
            {"thresholds": {name: {"ok": ok} for name, ok in thresholds.items()}} if thresholds else {}
        )

    level = {"value": users, "min": users, "max": users}
    rated = {"rate": bad / count, "passes": bad, "fails": count - bad}
    return {
        "state": {"testRunDurationMs": 900_000.0, "isStdOutTTY": False, "isStdErrTTY": False},
        "root_group": {"name": "", "path": "", "id": _ROOT, "groups": [], "checks": []},
        "options": {"summaryTrendStats": list(trend), "summaryTimeUnit": "", "noColor": False},
        "metrics": {
            "http_req_duration": metric("trend", "time", trend, **{"p(95)<500": trend["p(95)"] < 500}),
            "http_req_failed": metric("rate", "default", rated, **{"rate<0.001": bad / count < 0.001}),
            "http_reqs": metric("counter", "default", {"count": count, "rate": rate}),
            "iterations": metric("counter", "default", {"count": count, "rate": rate}),
            "vus": metric("gauge", "default", level),
            "vus_max": metric("gauge", "default", level),
        },
    }


def files() -> dict[str, str]:
    """Every generated file, by its path in this folder."""
    tests = {f"loadtests/k6-2026-09-15-{level[0]:04d}vus.json": load_test(level[0]) for level in _LEVELS}
    recorded = {
        "nightly.csv": recordings.nightly(),
        "events.csv": recordings.events(),
        "traces.json": recordings.traces(),
    }
    return (
        {"deploys.csv": deploys(), "access.log": access_log()}
        | recorded
        | {path: json.dumps(run, indent=1) + "\n" for path, run in tests.items()}
    )


if __name__ == "__main__":
    for path, text in files().items():
        target = Path(__file__).parent / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
