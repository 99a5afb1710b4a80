"""What explorers compute: an incident that did not happen, a load that was not tested, a store saved otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.recovery import recoverables
from sre_kit.compute.operations.recovery_options import recovery_option
from sre_kit.compute.performance.levels import load_option, load_scaling
from sre_kit.compute.performance.plan import LoadTest
from sre_kit.compute.slo.alerting import alert_properties
from sre_kit.compute.slo.policies import burn_rate_policy
from sre_kit.compute.slo.what_if import INJECTED, Injection, budget_option, with_injection
from sre_kit.errors import ParameterError
from tests.compute.test_policies import AS_OF, DAY, HOUR, MINUTE, minutes, slo
from tests.show.explorers import BACKUPS, load_test

QUIET = minutes(slo(), np.zeros(10 * 1440, dtype=int))
POLICY = burn_rate_policy(QUIET.slo)


@pytest.mark.parametrize("share", [Fraction(1), Fraction(1, 2), Fraction(1, 10)])
def test_an_injected_incident_is_detected_as_fast_as_the_formula_says(share: Fraction) -> None:
    """SRE Workbook, ch. 5: factor x (1 - target) / error ratio x long window, and here the step in which it is seen."""
    option = budget_option(QUIET, AS_OF, POLICY, injection=Injection(AS_OF - DAY, 12 * HOUR, share))
    seen = option.injected("page")
    expected = min(found for pair in alert_properties(QUIET.slo)[:2] if (found := pair.detection(share)) is not None)
    assert seen is not None and seen.detection is not None
    assert timedelta(0) < seen.detection - expected <= MINUTE


def test_an_injected_incident_spends_what_failed_and_nothing_else() -> None:
    injection = Injection(AS_OF - DAY, 30 * MINUTE, Fraction(1, 3))
    budget = budget_option(QUIET, AS_OF, POLICY, injection=injection).budget
    assert budget.spent == 30 * (1_000_000 // 3)
    assert budget_option(QUIET, AS_OF, POLICY).budget.spent == 0
    assert budget_option(QUIET, AS_OF, POLICY).injected("page") is None
    assert QUIET.bad.sum() == 0


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.fractions(0, 1, max_denominator=100),
)
def test_at_least_the_share_fails_rounded_down_and_never_more_than_there_is(
    events: list[tuple[int, int]], share: Fraction
) -> None:
    total = np.array([max(pair) for pair in events])
    bad = np.array([min(pair) for pair in events])
    one = replace(QUIET, total=total, bad=bad, seen=total >= 0)
    found = with_injection(one, Injection(one.start, len(total) * MINUTE, share))
    assert found.bad.tolist() == [max(b, int(t * share)) for t, b in zip(total.tolist(), bad.tolist(), strict=True)]
    assert (found.bad <= found.total).all() and found.total.tolist() == total.tolist()


def test_what_is_known_keeps_its_name_beside_what_is_injected() -> None:
    option = budget_option(QUIET, AS_OF, POLICY, injection=Injection(AS_OF - DAY, HOUR, Fraction(1)))
    assert [one.incident.id for test in option.tests for one in test.incidents] == [INJECTED] * len(option.tests)


TESTS = load_scaling([load_test(100, 95, 0.1), load_test(200, 180, 0.2), load_test(400, 300, 0.4)])


def test_between_two_tested_loads_the_latency_is_linear_and_beyond_them_unknown() -> None:
    assert load_option(TESTS, 0.95, 150).latency == pytest.approx(0.15)
    assert load_option(TESTS, 0.99, 300).latency == pytest.approx(0.3 * 1.6)
    assert [load_option(TESTS, 0.95, load).latency for load in (99, 401)] == [None, None]


@pytest.mark.parametrize(
    ("limit", "holds_to", "missed_from"),
    [(0.05, None, 100.0), (0.1, 100.0, 200.0), (0.3, 200.0, 400.0), (0.4, 400.0, None)],
)
def test_an_objective_holds_up_to_the_last_tested_load_below_the_first_that_misses(
    limit: float, holds_to: float | None, missed_from: float | None
) -> None:
    found = load_option(TESTS, 0.95, 100, timedelta(seconds=limit))
    assert found.holds_to is None if holds_to is None else found.holds_to and found.holds_to.load == holds_to
    assert (found.missed_from.load if found.missed_from else None) == missed_from


def test_a_quantile_that_too_few_runs_kept_is_refused() -> None:
    bare = [replace(one.test, quantiles={0.95: 0.1}) for one in TESTS.levels]
    with pytest.raises(ParameterError, match=r"99\.0% quantile was kept at 0 tested load"):
        load_option(load_scaling(bare), 0.99, 100)
    assert isinstance(bare[0], LoadTest)


def test_a_store_proves_what_its_interval_throughput_and_size_allow() -> None:
    orders, catalogue = recoverables([], BACKUPS)
    halved = recovery_option(orders, 30 * MINUTE, 2 * 16_482_941, 0.5)
    assert (orders.rpo.verdict, halved.rpo.known, halved.rpo.verdict) == ("missed", 55 * MINUTE, "met")
    assert halved.rto.known - 10 * MINUTE == pytest.approx(
        (orders.rto.known - 10 * MINUTE) / 4, abs=timedelta(seconds=1)
    )
    logged = recovery_option(catalogue, 20 * MINUTE, None)
    assert (logged.backup.every, logged.backup.log_every) == (DAY, 20 * MINUTE)
    assert (logged.rpo.verdict, logged.rto.verdict) == ("missed", "unproven")
    assert recovery_option(orders, None, None).rpo.verdict == "unproven"
