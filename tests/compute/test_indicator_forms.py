"""The forms an indicator may have: events, a histogram's bucket, a share, a gauge with a bound, another's indicator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.slo.alerting import alert_properties
from sre_kit.compute.slo.budget import error_budget
from sre_kit.compute.slo.counts import exceeds, history
from sre_kit.compute.slo.distributions import binomial_limit, binomial_tail
from sre_kit.compute.slo.objectives import SLO, with_indicators
from sre_kit.compute.slo.sli import check_bound, steps_as_events
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import DataError, ParameterError

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
GOAL = Fraction("0.99")
MS = timedelta(milliseconds=1)


def series(*values: float) -> pd.Series:
    times = pd.date_range(AS_OF - len(values) * STEP, periods=len(values), freq=STEP, name="time")
    return pd.Series(values, index=times, dtype=float)


def test_a_histogram_with_a_threshold_counts_its_bucket_and_its_count() -> None:
    one = SLO("api", GOAL, histogram='http_seconds{job="api"}', threshold=300 * MS)
    assert one.total == 'http_seconds_count{job="api"}'
    assert one.good == r'http_seconds_bucket{job="api",le=~"0\\.3"}'


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"histogram": "h_seconds"}, 'needs a threshold, such as "300ms"'),
        ({"histogram": "h_seconds_bucket", "threshold": MS}, "without _bucket"),
        ({"histogram": "sum(h)", "threshold": MS}, "name of a histogram"),
        ({"histogram": "h", "threshold": MS, "total": "t", "good": "g"}, "counts good and total itself"),
        ({"ratio": "r", "total": "t", "good": "g"}, "give one indicator.*got total and ratio"),
        ({}, "got none of them"),
        ({"gauge": "lag"}, "exactly one of at_most and at_least"),
        ({"gauge": "lag", "at_most": 1.0, "at_least": 0.0}, "exactly one of at_most and at_least"),
        ({"ratio": "r", "at_most": 1.0}, "exactly one of at_most and at_least"),
        ({"ratio": "r", "good": "g"}, "good and bad beside total, and only there"),
    ],
)
def test_half_an_indicator_or_two_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        SLO("api", GOAL, **changes)  # type: ignore[arg-type]


def test_a_threshold_between_two_bounds_is_refused_and_both_are_named() -> None:
    """Nobody knows how many of the requests between 250 and 500 ms were faster than 300."""
    one = SLO("api", GOAL, histogram="h", threshold=300 * MS)
    with pytest.raises(DataError, match=r"no bucket ends at 0\.3 s, the nearest bounds are 0\.25 s and 0\.5 s"):
        check_bound(one, ["0.1", "0.25", "0.5", "+Inf"])
    with pytest.raises(DataError, match=r"nearest bounds are 0\.1 s;"):
        check_bound(one, ["0.1", "+Inf"])


@pytest.mark.parametrize("written", ["1", "1.0", "1e+00", "1.00"])
def test_a_bound_is_compared_as_a_number_however_it_is_written(written: str) -> None:
    check_bound(SLO("api", GOAL, histogram="h", threshold=timedelta(seconds=1)), ["0.5", written, "+Inf"])


def test_a_share_counts_each_step_once_and_keeps_its_fraction() -> None:
    one = SLO("api", GOAL, ratio="bad_ratio", window=4 * STEP)
    frame = steps_as_events(one, series(0.0, 0.25, np.nan, 0.5))
    budget = error_budget(history(one, Requests("api", frame, "x", AS_OF - 4 * STEP, AS_OF, STEP)), AS_OF)
    assert (budget.total, budget.bad, budget.unit, budget.coverage) == (3, Fraction(3, 4), "steps", 0.75)


@pytest.mark.parametrize("value", [-0.1, 99.9])
def test_a_percentage_where_a_share_is_expected_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="divide a percentage by 100"):
        steps_as_events(SLO("api", GOAL, ratio="r"), series(0.1, value))


@pytest.mark.parametrize(("bound", "bad"), [({"at_most": 10.0}, 1), ({"at_least": 10.0}, 2)])
def test_a_gauge_is_good_up_to_its_bound_inclusive(bound: dict[str, float], bad: int) -> None:
    frame = steps_as_events(SLO("lag", GOAL, gauge="lag", **bound), series(9, 10, 11, 3))  # type: ignore[arg-type]
    assert int((frame["total"] - frame["good"]).sum()) == bad


def test_several_objectives_share_an_indicator_and_each_says_its_own_target_and_tier() -> None:
    first = SLO("gold", Fraction("0.999"), "t", "api", good="g", good_means="answered", journey="Buy")
    second = SLO("bronze", Fraction("0.99"), sli="gold", tier="bronze", journey="Try")
    shared = with_indicators([first, second])[1]
    assert (shared.total, shared.good, shared.service, shared.target) == ("t", "g", "api", Fraction("0.99"))
    assert (shared.good_means, shared.journey, shared.tier, shared.sli) == ("answered", "Try", "bronze", "")


def test_a_shared_indicator_must_be_there_and_not_shared_itself() -> None:
    first = SLO("gold", GOAL, "t", "api", good="g")
    with pytest.raises(ParameterError, match="sli 'golf' is no objective; did you mean 'gold'"):
        with_indicators([first, SLO("b", GOAL, sli="golf")])
    with pytest.raises(ParameterError, match="shares an indicator itself"):
        with_indicators([first, SLO("b", GOAL, sli="gold"), SLO("c", GOAL, sli="b")])


# estimates of a server


@given(bad=st.lists(st.floats(0, 1e6, allow_nan=False, width=32), min_size=1, max_size=60), quiet=st.integers(1, 20))
def test_no_trace_of_old_errors_is_left_in_a_clean_window_of_estimates(bad: list[float], quiet: int) -> None:
    """
    Running totals of floats leave a trace: (0.1 + 0.2 + 0.3) - (0.1 + 0.2) is not 0.3, and a clean window would burn.
    """
    lost = np.array([*bad, *[0.0] * quiet])
    one = SLO("api", Fraction(1), "t", "api", good="g")
    index = pd.date_range(AS_OF - len(lost) * STEP, periods=len(lost), freq=STEP, name="time")
    total = lost + 0.1
    frame = pd.DataFrame({"total": total, "good": total - lost}, index=index)
    kept = history(one, Requests("api", frame, "x", AS_OF - len(lost) * STEP, AS_OF, STEP))
    _, over = kept.trailing(STEP)
    marks = exceeds(over, kept.trailing(STEP)[0], Fraction(0))
    assert not marks[len(bad) :].any()
    assert marks.tolist() == [bool(value > 2**-41) for value in lost]


@pytest.mark.parametrize("event", [0.1, 0.7, 1 / 3, 1e-3, 12345.678])
def test_an_estimate_that_burns_exactly_at_the_factor_does_not_page_whatever_its_size(event: float) -> None:
    """18 of 1250 equal estimates are 1.44 %, the threshold of the page, and not above it; 19 are."""
    one = SLO("api", Fraction("0.999"), "t", "api", good="g")
    second, length = timedelta(seconds=1), timedelta(seconds=1250)
    index = pd.date_range(AS_OF - length, periods=1250, freq="1s", name="time")
    for count, above in ((18, False), (19, True)):
        lost = np.where(np.arange(1250) < count, event, 0.0)
        frame = pd.DataFrame({"total": event, "good": event - lost}, index=index)
        kept = history(one, Requests("api", frame, "x", AS_OF - length, AS_OF, second))
        total, bad = kept.trailing(length)
        assert bool(exceeds(bad, total, alert_properties(one)[0].threshold)[-1]) == above


@given(
    bad=st.lists(st.integers(0, 2**62), min_size=1, max_size=30),
    limit=st.fractions(min_value=0, max_value=1, max_denominator=10**15),
)
def test_numbers_that_overflow_64_bits_are_compared_exactly_too(bad: list[int], limit: Fraction) -> None:
    total = [2**62] * len(bad)
    found = exceeds(np.array(bad), np.array(total), limit)
    assert found.tolist() == [Fraction(b, t) > limit for b, t in zip(bad, total, strict=True)]
    at = int(limit * 2**62)  # one below, at and above the line
    near = [max(at - 1, 0), at, min(at + 1, 2**62)]
    assert exceeds(np.array(near), np.array([2**62] * 3), limit).tolist() == [Fraction(b, 2**62) > limit for b in near]


@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-12, 0.5, 1.0])
def test_the_limit_of_chance_is_found_at_every_probability(p: float) -> None:
    """A target of 100 % allows nothing: its threshold is a probability of 0."""
    for n in (1, 12_000):
        limit = binomial_limit(0.05, n, p)
        assert 0 <= limit <= n
        assert float(binomial_tail(limit, n, p)) <= 0.05
