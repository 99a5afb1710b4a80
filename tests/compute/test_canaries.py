"""Canaries: intervals that cover, verdicts that follow from them, the requests that decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.canary import (
    CanaryLimits,
    canary_limits,
    difference_interval,
    judged_canaries,
)
from sre_kit.compute.operations.change import proportion_interval
from sre_kit.compute.operations.rollout import Canary, CanaryRelease, Counted
from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import ParameterError

SLOW = SLO(name="buy", target=Fraction(999, 1000), window=timedelta(days=30), total="r", good="g", service="shop")
TEN = timedelta(minutes=10)
SELECTORS = {"total": 'r{track="canary"}', "bad": 'r{track="canary",code=~"5.."}'}
AT = datetime(2026, 10, 1, tzinfo=UTC)


def canary(**given: object) -> Canary:
    return Canary(**{"slo": "buy", "share": Fraction(1, 10), "lasts": TEN, **SELECTORS, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(("p", "q"), [(0.001, 0.001), (0.02, 0.001), (0.2, 0.05), (0.5, 0.5)])
def test_the_interval_of_a_difference_covers_it_at_least_95_times_in_100(p: float, q: float) -> None:
    """Counted out, not simulated: every pair of counts with its probability."""

    def law(n: int, share: float) -> list[float]:
        return [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]

    first, second = law(25, p), law(60, q)
    covered = sum(
        a * b
        for (i, a), (j, b) in product(enumerate(first), enumerate(second))
        if a * b > 1e-9 and _holds(difference_interval(i, 25, j, 60), p - q)
    )
    assert covered >= 0.95


def _holds(interval: tuple[float, float], value: float) -> bool:
    return interval[0] <= value <= interval[1]


def test_one_failure_of_thirty_is_no_proof() -> None:
    limits = canary_limits(canary(), SLOW)
    assert limits == CanaryLimits(Fraction(144, 10000), pytest.approx(0.001))
    assert limits.word((1, 31), (0, 288)) == "not enough data"
    assert limits.word((6, 35), (1, 301)) == "roll back"
    assert limits.word((9, 9120), (131, 82080)) == "promote"
    assert limits.word((0, 0), (0, 100)) == "not enough data"
    assert limits.word((0, 10**6), (0, 0)) == "not enough data", "nothing ran beside it"
    assert limits.word((10**4, 10**5), (10**4, 10**5)) == "roll back", "as bad as the baseline, and above the budget"


counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts, st.integers(1, 1000))
def test_more_failures_never_make_a_verdict_better(canary_: tuple[int, int], base: tuple[int, int], more: int) -> None:
    limits, order = CanaryLimits(Fraction(144, 10000), 0.001), ("promote", "not enough data", "roll back")
    bad, n = canary_
    worse = (min(n, bad + more), n)
    assert order.index(limits.word(worse, base)) >= order.index(limits.word(canary_, base))


@given(counts, counts)
def test_a_verdict_is_what_both_intervals_say(canary_: tuple[int, int], base: tuple[int, int]) -> None:
    limits = CanaryLimits(Fraction(144, 10000), 0.001)
    own, worse = proportion_interval(*canary_), difference_interval(*canary_, *base)
    assert own.low <= canary_[0] / canary_[1] <= own.high
    word = limits.word(canary_, base)
    assert (word == "promote") == (own.high <= 0.0144 and worse.high <= 0.001)
    assert (word == "roll back") == (own.low > 0.0144 or worse.low > 0.001)


@pytest.mark.parametrize(("share", "baseline"), [(0.0008, 0.0008), (0.0, 0.0), (0.05, 0.001), (0.1, 0.1)])
def test_so_many_requests_decide_and_one_less_does_not(share: float, baseline: float) -> None:
    limits = CanaryLimits(Fraction(144, 10000), 0.001)
    needed = limits.needed(share, baseline, 9)
    assert needed
    word = [limits.word((share * n, n), (baseline * 9 * n, 9 * n)) for n in (needed - 1, needed)]
    assert word[0] == "not enough data" != word[1]


def test_a_canary_on_the_limit_itself_is_never_decided() -> None:
    assert CanaryLimits(Fraction(1, 2), 0.01).needed(0.11, 0.1, 9) is None


def test_releases_are_judged_and_the_rest_is_said() -> None:
    release = CanaryRelease("1", AT, Counted(288, 0), Counted(31, 1))
    (one,) = judged_canaries([canary(releases=[release])], [SLOW])
    assert [(r.word, r.needed is not None) for r in one.releases] == [("not enough data", True)]
    assert (one.sees, one.needs, one.long_enough) == (None, None, None), "nothing was measured"
    assert one.query.endswith('/ (sum(rate(r{track="canary"}[5m])) > 0)')


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"total": ""}, "no query counts the canary's requests"),
        ({"bad": ""}, "no query counts the canary's bad requests"),
        ({"bad": "r{"}, "is no PromQL"),
        ({"bad": "sum(r)"}, "no open window"),
    ],
)
def test_a_canary_without_usable_queries_has_a_problem_and_no_condition(given: dict[str, str], said: str) -> None:
    (one,) = judged_canaries([canary(**given)], [SLOW])
    assert said in one.problem and not one.query


def test_a_canary_of_no_objective_and_impossible_counts_are_refused() -> None:
    with pytest.raises(ParameterError, match="no SLO 'sell'"):
        judged_canaries([canary(slo="sell")], [SLOW])
    with pytest.raises(ParameterError, match="0 <= bad <= total"):
        Counted(1, 2)
