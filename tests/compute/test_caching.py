"""What a cache would have answered: laws, a second way to count, and JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit import show
from sre_kit.compute.performance.caching import References, sampled, size_curve, time_curve
from sre_kit.compute.performance.edge import edge_traffic
from sre_kit.compute.performance.plan import Optimisation, PerformancePlan
from sre_kit.compute.vocabulary import Gap
from sre_kit.load.accesslog import access_log


def references(keys: list[int], moments: list[float] | None = None) -> References:
    times = np.arange(len(keys), dtype=float) if moments is None else np.array(moments)
    return References(np.array(keys, dtype=np.int64), times, np.full(len(keys), 10.0))


@given(
    keys=st.lists(st.integers(0, 6), min_size=2, max_size=60),
    gaps=st.lists(st.floats(0, 30), min_size=60, max_size=60),
    ttl=st.sampled_from([1, 5, 20]),
)
def test_a_key_is_fetched_again_when_its_time_is_over(keys: list[int], gaps: list[float], ttl: int) -> None:
    moments = np.cumsum(gaps[: len(keys)])
    fetched: dict[int, float] = {}
    hits = 0
    for key, moment in zip(keys, moments, strict=True):
        if key in fetched and moment - fetched[key] < ttl:
            hits += 1
        else:
            fetched[key] = moment
    for point in time_curve(references(keys, moments.tolist()), len(keys), 10.0 * len(keys), [ttl]):
        assert point.hit_ratio == pytest.approx(hits / len(keys))
        assert point.byte_ratio == pytest.approx(hits / len(keys))


def test_being_asked_for_does_not_keep_an_object_longer() -> None:
    """Asked every 4 s with 10 s to live: fetched at 0, 12 and 24, not kept for ever."""
    moments = [float(at) for at in range(0, 32, 4)]
    (point,) = time_curve(references([1] * 8, moments), 8, 80.0, [10])
    assert point.hit_ratio == 5 / 8
    assert point.interval is None, "one key is nothing to draw again"


def test_a_longer_life_hits_as_often_and_the_interval_holds_the_ratio() -> None:
    random = np.random.default_rng(4)
    keys = (random.pareto(1.1, 5000) * 5).astype(int).tolist()
    moments = np.sort(random.uniform(0, 90_000, 5000)).tolist()
    points = time_curve(references(keys, moments), 6000, 60_000.0)
    ratios = [point.hit_ratio for point in points]
    assert ratios == sorted(ratios) and [point.seconds for point in points] == [10, 60, 600, 3600, 86_400]
    assert all(point.interval and point.interval[0] <= point.hit_ratio <= point.interval[1] for point in points)
    assert [point.seconds for point in time_curve(references(keys, np.linspace(0, 700, 5000).tolist()), 5000, 1.0)] == [
        10,
        60,
        600,
    ], "longer than the log nothing is said"


def test_a_sample_of_the_keys_says_nearly_the_same_as_all(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    keys = (random.pareto(0.9, 60_000) * 20).astype(int) % 20_000
    every = references(keys.tolist())
    exact = size_curve(every, len(keys), 10.0 * len(keys))
    monkeypatch.setattr("sre_kit.compute.performance.caching.sampled", lambda one: sampled(one, 30_000))
    guessed = size_curve(every, len(keys), 10.0 * len(keys))
    chosen, rate = sampled(every, 30_000)
    assert rate == pytest.approx(0.5, abs=0.01) and set(np.unique(chosen.keys)) <= set(keys.tolist())
    assert [point.objects for point in guessed] == [point.objects for point in exact]
    assert max(abs(a.hit_ratio - b.hit_ratio) for a, b in zip(exact, guessed, strict=True)) < 0.05


def test_a_log_of_json_lines_says_what_the_cache_did(tmp_path: Path) -> None:
    rows = [
        {
            "time": "2026-11-01T10:00:00Z", "method": "GET", "uri": "/a?x=1", "status": 200, "body_bytes_sent": 300,
            "request_time": 1, "upstream_cache_status": "MISS",
        },
        {
            "time": "2026-11-01T11:00:01+01:00", "request": "GET /a?x=1 HTTP/1.1", "status": "200", "bytes": "300",
            "request_time": "0.5", "cache_status": "HIT",
        },
        {"ts": 1793527202.5, "request": {"method": "POST", "uri": "/a"}, "status": 500, "size": 100},
        {"time": "2026-11-01T10:00:03Z", "method": "GET", "uri": "/b", "status": 200, "bytes": 100, "cache": "BYPASS"},
        {"time": "2026-11-01 10:00:00", "method": "GET", "uri": "/naive", "status": 200},
    ]  # fmt: skip
    path = tmp_path / "access.json"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n", encoding="utf-8")
    log = access_log(path, as_of=datetime(2026, 11, 2, tzinfo=UTC))
    assert (log.requests.total, log.bad_lines, log.bytes) == (4, 2, 800)
    assert log.routes.set_index("route").loc["/a", "requests"].sum() == 3
    assert log.routes["p50"].max() == 0.75, "request_time is in seconds, whole or not"
    found = edge_traffic(log)
    assert not isinstance(found, Gap) and found.served is not None
    assert (found.served.hit_ratio, found.served.byte_ratio, found.served.asked) == (0.5, 0.5, 2)
    assert (found.offload, found.offload_bytes) == (0.25, 300 / 800)
    text = show.cache_curve(found).markdown()
    assert "Measured at the cache: 50.0 % of 2 requests and 50.0 % of bytes" in text


def test_the_offload_has_its_worth_where_a_price_is_given(tmp_path: Path) -> None:
    from decimal import Decimal

    path = tmp_path / "a.log"
    line = '192.0.2.1 - - [01/Nov/2026:10:00:0{} +0000] "GET /a HTTP/1.1" 200 1000 "-" "x"\n'
    path.write_text("".join(line.format(n) for n in range(4)), encoding="utf-8")
    found = edge_traffic(access_log(path, as_of=datetime(2026, 11, 2, tzinfo=UTC)))
    assert not isinstance(found, Gap)
    cost, worth = found.egress_cost(Decimal("0.1")), found.offload_value(Decimal("0.1"))
    assert cost is not None and worth == pytest.approx(cost * 0.75)
    priced = PerformancePlan(cdn_price_per_gb=Decimal("0.1"))
    assert "Worth of the offload" in show.content_delivery(found, priced, "EUR").markdown()
    assert "Worth of the offload" not in show.content_delivery(found, PerformancePlan(), "EUR").markdown()


def test_an_optimisation_is_held_against_its_expectation() -> None:
    from datetime import timedelta

    def made(after: int) -> Optimisation:
        return Optimisation(
            "OPT-1", "h", "code", "e", "x", "low", "v", state="done", gain_low=0.1, gain_high=0.3,
            statistic="p95", before=timedelta(milliseconds=200), after=timedelta(milliseconds=after),
        )  # fmt: skip

    assert [made(after).outcome for after in (190, 160, 100, 240)] == [
        "less than expected", "as expected", "more than expected", "worse than before",
    ]  # fmt: skip
    assert made(160).reduction == pytest.approx(0.2)
    assert Optimisation("OPT-2", "h", "code", "e", "x", "low", "v").outcome == ""
