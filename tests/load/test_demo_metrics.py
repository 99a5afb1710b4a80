"""The demo's measurements: synthetic, repeatable, and telling the story that its documents and logs tell."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.demo import generate, metrics
from sre_kit.errors import ParameterError, SourceError

MINUTE, HOUR, DAY = (pd.Timedelta(text) for text in ("1min", "1h", "1D"))
LAST_30 = (metrics.ANCHOR - 30 * DAY, metrics.ANCHOR)


def spent(service: str, target: float) -> float:
    """Share of the 30-day error budget that is used."""
    total, good = (metrics.series(f"requests_{kind}:{service}", *LAST_30, HOUR).sum() for kind in ("total", "good"))
    return (total - good) / (total * (1 - target))


def test_the_story_is_one_broken_one_risky_and_one_healthy_service():
    assert 1.2 < spent("checkout", 0.999) < 2
    assert 0.75 < spent("catalogue", 0.999) < 1
    assert spent("search", 0.999) < 0.4


def test_the_source_says_that_it_is_synthetic():
    assert "synthetic" in metrics.SOURCE
    assert "SYNTHETIC" in (metrics.__doc__ or "")


@settings(max_examples=60, deadline=None)
@given(
    query=st.sampled_from(metrics.names()),
    offset=st.integers(-576_000, 100_000),
    before=st.integers(0, 3000),
    after=st.integers(1, 3000),
)
def test_a_value_does_not_depend_on_the_window(query, offset, before, after):
    at = metrics.ANCHOR + offset * MINUTE
    wide = metrics.series(query, at - before * MINUTE, at + after * MINUTE, MINUTE)
    assert wide[at] == metrics.series(query, at, at + MINUTE, MINUTE).iloc[0]


@pytest.mark.parametrize("query", ["requests_total:checkout", "requests_good:search", "requests_fast:catalogue"])
def test_counts_of_a_long_step_are_the_sum_of_the_minutes(query):
    start, end = metrics.ANCHOR - 3 * DAY, metrics.ANCHOR
    minutes = metrics.series(query, start, end, MINUTE)
    pd.testing.assert_series_equal(
        metrics.series(query, start, end, HOUR), minutes.resample("1h").sum(), check_freq=False
    )


@pytest.mark.parametrize("query", ["cpu:checkout", "latency_p95:search", "users_daily"])
def test_levels_of_a_long_step_are_the_values_at_its_start(query):
    start, end = metrics.ANCHOR - 3 * DAY, metrics.ANCHOR
    minutes = metrics.series(query, start, end, MINUTE)
    pd.testing.assert_series_equal(metrics.series(query, start, end, HOUR), minutes[::60], check_freq=False)


@pytest.mark.parametrize("query", metrics.names())
def test_every_metric_covers_400_days_and_stays_in_its_range(query):
    found = metrics.series(query, metrics.ANCHOR - 400 * DAY, metrics.ANCHOR, HOUR)
    assert len(found) == 9600 and found.index.name == "time" and str(found.index.tz) == "UTC"
    assert found.notna().all() and (found >= 0).all()
    if query.partition(":")[0] in {"cpu", "memory", "disk", "connections"}:
        assert found.max() <= 1
    if query.startswith("requests"):
        assert np.issubdtype(found.dtype, np.integer)


@pytest.mark.parametrize("service", metrics.SERVICES)
def test_fast_requests_are_good_and_good_ones_are_counted(service):
    total, good, fast = (
        metrics.series(f"requests_{kind}:{service}", *LAST_30, MINUTE) for kind in ("total", "good", "fast")
    )
    assert (fast <= good).all() and (good <= total).all()


def test_an_incident_fails_its_share_of_requests_in_its_own_minutes():
    """INC-2026-1014: 34 % of checkout requests from 18:05 to 19:02."""
    start, end = pd.Timestamp("2026-10-14T18:05Z"), pd.Timestamp("2026-10-14T19:02Z")
    total, good = (
        metrics.series(f"requests_{kind}:checkout", start, end, end - start).iloc[0] for kind in ("total", "good")
    )
    assert 1 - good / total == pytest.approx(0.34, abs=0.02)
    quiet = [
        metrics.series(f"requests_{kind}:checkout", start - HOUR, start, HOUR).iloc[0] for kind in ("total", "good")
    ]
    assert quiet[0] - quiet[1] < 10


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("2026-03-18T14:20Z", "2026-03-18T14:50Z"), ("2026-10-18T03:00Z", "2026-10-18T04:30Z")],
    ids=["ends before it begins", "maintenance"],
)
def test_rows_that_are_no_incident_fail_no_requests(begins, ends):
    total, good = (
        metrics.series(f"requests_{kind}:catalogue", pd.Timestamp(begins), pd.Timestamp(ends), MINUTE).sum()
        for kind in ("total", "good")
    )
    assert (total - good) / total < 0.001


def test_the_order_database_is_full_in_about_two_months():
    disk = metrics.series("disk:postgres_orders", metrics.ANCHOR - 28 * DAY, metrics.ANCHOR, DAY)
    per_day, level = np.polyfit(range(-28, 0), disk, 1)
    assert 45 < (1 - level) / per_day < 75


def test_latency_quantiles_are_ordered_and_in_seconds():
    p50, p95, p99 = (metrics.series(f"latency_{p}:checkout", *LAST_30, HOUR) for p in ("p50", "p95", "p99"))
    assert (p50 < p95).all() and (p95 < p99).all()
    assert 0.1 < p50.median() < 0.3


@pytest.mark.parametrize("query", ["cpu:notification_worker", "requests_totl:checkout", ""])
def test_an_unknown_metric_is_refused(query):
    with pytest.raises(SourceError, match="demo: no metric"):
        metrics.series(query, *LAST_30, HOUR)


@pytest.mark.parametrize(
    ("start", "step", "says"),
    [
        (metrics.ANCHOR, timedelta(seconds=90), "step"),
        (metrics.ANCHOR, timedelta(0), "step"),
        (metrics.ANCHOR + pd.Timedelta("1s"), timedelta(minutes=1), "whole minute"),
        (metrics.ANCHOR.tz_localize(None), timedelta(minutes=1), "zone"),
    ],
)
def test_what_cannot_be_asked_is_refused(start, step, says):
    with pytest.raises(ParameterError, match=says):
        metrics.series("users_daily", start, metrics.ANCHOR + DAY, step)


def test_an_empty_window_is_an_empty_series():
    assert metrics.series("cpu:checkout", metrics.ANCHOR, metrics.ANCHOR, MINUTE).empty


def test_the_log_files_are_what_the_generator_makes():
    folder = resources.files("sre_kit.demo")
    for path, text in generate.files().items():
        assert folder.joinpath(path).read_bytes() == text.encode(), path


def test_the_incident_log_has_every_kind_of_dirty_row():
    text = resources.files("sre_kit.demo").joinpath("incidents.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    ids = [row["id"] for row in rows]
    assert len(ids) - len(set(ids)) == 1
    assert any(row["kind"] == "maintenance" for row in rows)
    assert any("resolved_at" not in row for row in rows)
    assert any(row.get("resolved_at", "9") < row["started_at"] for row in rows)
    assert any(not row["started_at"].endswith("Z") for row in rows)
    assert any("stated_ttr" in row for row in rows)
    assert {row["severity"] for row in rows} - {"SEV1", "SEV2", "SEV3", "SEV4"} == {"maintenance", "P3", "annoying"}


def test_every_deployment_that_an_incident_names_is_in_the_log():
    text = resources.files("sre_kit.demo").joinpath("incidents.jsonl").read_text("utf-8")
    named = {(row["id"], row["deploy"]) for row in map(json.loads, text.splitlines()) if "deploy" in row}
    deployed = {
        (incident, f"{service} {version}")
        for _, service, version, _, _, incident, _ in (line.split(",") for line in generate.deploys().splitlines())
    }
    assert named and named <= deployed
