"""
The troubles that tools in the field stumble over, from the file with the samples to the budget and the alert.

Each is a failure that somebody's tool has: an hour without traffic, errors that appear late, resets, samples given
twice, gaps, values that are no numbers, a target of 100 %, hardly any traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sre_kit.compute.slo.budget import ErrorBudget, burn_rate, error_budget, policy_state
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import burn_rate_policy
from sre_kit.compute.slo.replay import fired, missing_data
from sre_kit.load.measurements import requests
from sre_kit.load.metrics import open_source

END = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTH = 2 * 1440
SAMPLES = np.arange(LENGTH + 1)

Samples = Mapping[str, np.ndarray | list[str]]


def read(folder: Path, samples: Samples, **changes: object) -> History:
    """Counters by their labels, a sample each minute, through a file and our reader; NaN where there is no sample."""
    lines = ["# TYPE req counter"]
    for labels, values in samples.items():
        for number, value in enumerate(values):
            if isinstance(value, str) or np.isfinite(value):
                text = value if isinstance(value, str) else f"{value:.0f}"
                at = (END - (LENGTH - number) * MINUTE).timestamp()
                lines += [f"req_total{{{labels}}} {one} {at:.0f}" for one in text.split("|")]
    (folder / "req.om").write_text("\n".join([*lines, "# EOF", ""]))
    given = {"name": "api", "target": Fraction("0.999"), "total": "req_total", "service": "api", "window": 2 * DAY}
    slo = SLO(**{**given, "bad": 'req_total{code="500"}', **changes})  # type: ignore[arg-type]
    source = open_source("file:req.om", base=folder)
    found = requests(source, None, "api", "", slo.total, END - 2 * DAY, END, MINUTE, bad_query=slo.bad)
    return history(slo, found)


def budget(one: History) -> ErrorBudget:
    return error_budget(one, END)


def pages(one: History) -> np.ndarray:
    return fired(one, "page", burn_rate_policy(one.slo))[0]


def steady(per_minute: float) -> np.ndarray:
    return np.floor(SAMPLES * per_minute)


def test_an_hour_without_traffic_leaves_the_budget_of_the_period_known(tmp_path: Path) -> None:
    """A ratio of ratios would be 0/0 for that hour, and then missing for the whole period."""
    still = np.where((SAMPLES > 1000) & (SAMPLES <= 1060), 0, 1)
    good, bad = np.cumsum(100.0 * still), np.cumsum(still * (SAMPLES % 10 == 0))
    one = read(tmp_path, {'code="200"': good, 'code="500"': bad})
    assert budget(one).spent == bad[-1] - bad[0]
    assert budget(one).coverage == 1
    assert burn_rate(one, 30 * MINUTE).iloc[1035:1059].isna().all()
    assert missing_data(one) == ()


def test_an_error_series_that_appears_late_leaves_the_clean_time_before_it_counted(tmp_path: Path) -> None:
    """Joined by time the clean minutes would be dropped, and the availability with them."""
    bad = np.where(SAMPLES < 2000, np.nan, steady(1) - 2000)
    one = read(tmp_path, {'code="200"': steady(100), 'code="500"': bad})
    assert budget(one).total == 100 * LENGTH + (LENGTH - 2000)
    assert budget(one).spent == LENGTH - 2000
    never = read(tmp_path, {'code="200"': steady(100), 'code="404"': steady(1)})
    assert (never.gap, budget(never).spent, budget(never).total) == ("", 0, 101 * LENGTH)


def test_a_restart_loses_no_event_and_makes_none_up(tmp_path: Path) -> None:
    """The counter begins at 0 again: what it shows after the restart happened after it."""
    good = np.where(SAMPLES < 1500, steady(100), (SAMPLES - 1499) * 100)
    bad = np.where(SAMPLES < 1500, steady(0.1), np.floor((SAMPLES - 1499) * 0.1))
    one = read(tmp_path, {'code="200"': good, 'code="500"': bad})
    assert budget(one).total == 100 * LENGTH + 149 + int((LENGTH - 1499) * 0.1)
    assert (one.bad >= 0).all()
    assert one.bad.max() == 1


def test_a_sample_given_twice_is_refused_and_is_a_gap_not_a_number(tmp_path: Path) -> None:
    twice: list[str] = [f"{v:.0f}" for v in steady(100)]
    twice[700] += "|1"
    one = read(tmp_path, {'code="200"': twice, 'code="500"': steady(0.1)})
    assert "repeated or out of order" in one.gap
    assert budget(one).availability is None
    assert policy_state(budget(one)) == "no data"


def test_a_gap_lowers_the_coverage_and_its_events_are_counted_when_the_series_goes_on(tmp_path: Path) -> None:
    hole = (SAMPLES >= 600) & (SAMPLES < 900)
    good, bad = (np.where(hole, np.nan, steady(rate)) for rate in (100, 0.05))
    one = read(tmp_path, {'code="200"': good, 'code="500"': bad})
    assert budget(one).coverage == pytest.approx(1 - 300 / LENGTH)
    assert budget(one).total == 100 * LENGTH + int(LENGTH * 0.05)
    (run,) = missing_data(one)
    # ten minutes after the first minute without a sample
    assert run.start == END - (LENGTH - 600 - 10) * MINUTE
    assert policy_state(budget(one)) in ("unclear", "healthy")


@pytest.mark.parametrize("word", ["NaN", "+Inf", "-Inf"])
def test_a_value_that_is_no_number_is_missing_and_poisons_no_sum(tmp_path: Path, word: str) -> None:
    good: list[str] = [f"{v:.0f}" for v in steady(100)]
    good[700] = word
    one = read(tmp_path, {'code="200"': good, 'code="500"': steady(0.05)})
    if one.gap:  # refused by name is as good as left out
        assert word.strip("+-").lower() in one.gap.lower()
        return
    assert budget(one).total == 100 * LENGTH + int(LENGTH * 0.05)


def test_a_target_of_100_percent_has_no_burn_rate_and_one_event_breaks_it(tmp_path: Path) -> None:
    """A tool that divides by the budget reports a burn rate of 0, as if all were well."""
    bad = np.where(SAMPLES < 1000, 0, 1)
    one = read(tmp_path, {'code="200"': steady(100), 'code="500"': bad}, target=Fraction(1))
    assert burn_rate(one, HOUR).isna().all()
    assert (budget(one).allowed, budget(one).spent) == (0, 1)
    assert policy_state(budget(one)) == "exhausted"
    assert pages(one).any()
    assert not pages(one)[:999].any()


def test_one_error_in_a_handful_of_requests_pages_only_without_the_gate(tmp_path: Path) -> None:
    """Three requests an hour: one error is a burn rate of hundreds, and is no news."""
    good, bad = np.floor(SAMPLES / 20), np.where(SAMPLES < 1000, 0, 1)
    one = read(tmp_path, {'code="200"': good, 'code="500"': bad}, target=Fraction("0.95"))
    assert pages(one).any()
    gated = fired(one, "page", burn_rate_policy(one.slo, gated=True))[0]
    assert not gated.any()
