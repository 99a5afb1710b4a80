"""Several objectives together, three ways to count, what a service may release, what calls for an early review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.slo.agreements import JourneyCoverage, early_reviews, indicator_choices
from sre_kit.compute.slo.budget import ErrorBudget, budgeting_methods, earlier_budgets, error_budget, policy_state
from sre_kit.compute.slo.composites import Composite, Part, composite_budgets
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.ledger import budget_ledger
from sre_kit.compute.slo.objectives import SLO, Dependency, RejectedSLI
from sre_kit.compute.slo.release import release_decisions
from sre_kit.compute.slo.targets import target_advice
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import ParameterError
from sre_kit.show.slo import agreements, budgets, composites
from sre_kit.show.slo import objectives as slo

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STEP, DAY = timedelta(minutes=5), timedelta(days=1)


def objective(name: str, target: str = "0.99", service: str = "shop", **changes: object) -> SLO:
    return SLO(name, Fraction(target), "t", service, good="g", **changes)  # type: ignore[arg-type]


def events(one: SLO, bad: object, total: object = 1000) -> History:
    lost = np.asarray(bad)
    start = AS_OF - len(lost) * STEP
    index = pd.date_range(pd.Timestamp(start), periods=len(lost), freq="5min", name="time")
    whole = np.broadcast_to(np.asarray(total), lost.shape)
    frame = pd.DataFrame({"total": whole, "good": whole - lost}, index=index)
    return history(one, Requests(one.name, frame, "made up", start, AS_OF, STEP))


def accounts(*ones: History) -> list[ErrorBudget]:
    return [error_budget(one, AS_OF) for one in ones]


# composites


def test_a_composite_weighs_what_its_parts_measured_and_not_their_traffic() -> None:
    """A hundred times busier and perfect: the quiet part still counts three quarters."""
    quiet = events(objective("buy"), np.full(288, 2), 100)
    busy = events(objective("look"), np.zeros(288, dtype=int), 10_000)
    wanted = Composite("shop", Fraction("0.99"), [Part("buy", 3), Part("look", 1)], window=DAY)
    (found,) = composite_budgets([wanted], [quiet, busy], AS_OF)
    assert found.availability == 1 - Fraction(2, 100) * Fraction(3, 4)
    assert found.spent_share == Fraction(3, 2)
    text = composites.composite_budgets([found]).markdown()
    assert "98.500 %" in text
    assert "150.0 %" in text


@given(
    bad=st.lists(st.integers(0, 100), min_size=2, max_size=5),
    weights=st.lists(st.integers(1, 9), min_size=5, max_size=5),
)
def test_the_parts_spending_adds_up_exactly(bad: list[int], weights: list[int]) -> None:
    ones = [events(objective(f"o{n}"), [lost] * 12, 100) for n, lost in enumerate(bad)]
    parts = [Part(one.slo.name, weight / 7) for one, weight in zip(ones, weights, strict=False)]
    (found,) = composite_budgets([Composite("all", Fraction("0.995"), parts, window=timedelta(hours=1))], ones, AS_OF)
    assert sum(weight for _, weight in found.parts) == 1
    availability = found.availability
    assert availability is not None
    assert found.spent_share == (1 - availability) / Fraction("0.005")
    assert found.spent_share == sum(found.spent_by(budget, weight) or 0 for budget, weight in found.parts)


def test_a_silent_part_leaves_the_composite_unknown_and_is_named() -> None:
    ones = [events(objective("a"), np.zeros(288, dtype=int)), events(objective("b"), np.zeros(288, dtype=int), 0)]
    wanted = Composite("both", Fraction("0.99"), [Part("a"), Part("b")], window=DAY)
    (found,) = composite_budgets([wanted], ones, AS_OF)
    assert (found.availability, found.spent_share, found.silent) == (None, None, ("b",))
    assert "not known: b measured nothing" in composites.composite_budgets([found]).markdown()


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([Part("a")], "at least two objectives"),
        ([Part("a"), Part("a")], "each once"),
        ([Part("a"), Part("b", 0)], "the weight of 'b' must be above 0"),
    ],
)
def test_a_composite_that_says_nothing_is_refused(parts: list[Part], problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        Composite("c", Fraction("0.9"), parts)


def test_a_part_that_is_no_objective_is_named_with_the_nearest() -> None:
    ones = [events(objective("checkout"), [0]), events(objective("search"), [0])]
    wanted = Composite("c", Fraction("0.9"), [Part("chekout"), Part("search")])
    with pytest.raises(ParameterError, match="'chekout' is no objective; did you mean 'checkout'"):
        composite_budgets([wanted], ones, AS_OF)


# three ways to count


def test_the_three_methods_stand_side_by_side_and_disagree_as_they_should() -> None:
    """One slice of four fails altogether at a tenth of the traffic: 97.1 %, 75 %, 75 %."""
    one = events(objective("a", window=4 * STEP, slice_target=Fraction("0.9")), [100, 0, 0, 0], [100, 1000, 1000, 1000])
    found = budgeting_methods(one, AS_OF)
    assert [b.slo.budgeting for b in found] == ["occurrences", "timeslices", "ratio_timeslices"]
    assert [b.availability for b in found] == [1 - Fraction(100, 3100), Fraction(3, 4), Fraction(3, 4)]
    text = agreements.budgeting_methods([one], AS_OF).markdown()
    assert "**96.774 %**" in text
    assert "75.000 %" in text


def test_a_slice_that_the_step_cannot_show_leaves_its_methods_out() -> None:
    one = events(objective("a", slice_length=timedelta(minutes=7)), [0] * 12)
    assert [b.slo.budgeting for b in budgeting_methods(one, AS_OF)] == ["occurrences"]


# releases


def test_the_strictest_objective_of_a_service_decides_what_it_may_release() -> None:
    gone = events(objective("a"), np.full(8640, 20))
    fine = events(objective("b"), np.zeros(8640, dtype=int))
    other = events(objective("c", service="mail"), np.zeros(8640, dtype=int))
    found = release_decisions(accounts(gone, fine, other))
    assert [(d.service, d.state, d.because) for d in found] == [
        ("shop", "exhausted", ("a",)),
        ("mail", "healthy", ("c",)),
    ]
    assert "security" in found[0].permits
    assert "Permitted now" in budgets.budget_policies(accounts(gone, fine, other)).markdown()


def test_a_service_that_nobody_measured_has_no_release_decision_but_a_person() -> None:
    silent = events(objective("a"), np.zeros(288, dtype=int), 0)
    (found,) = release_decisions(accounts(silent))
    assert (found.state, found.permits) == ("no data", "not known: the state could not be measured")
    assert policy_state(accounts(silent)[0]) == "no data"


# choice and review


def test_each_journey_shows_what_was_chosen_and_what_was_rejected_by_kind() -> None:
    covered = [JourneyCoverage("Buy", "PRD:1", None, ("a",)), JourneyCoverage("Read", "PRD:2", None, ())]
    slos = [objective("a", journey="buy")]
    rejected = [RejectedSLI("CPU", "Buy", "not felt", "saturation"), RejectedSLI("clicks", "Read", "nobody counts")]
    found = {(c.journey, c.kind): (c.chosen, [r.name for r in c.rejected]) for c in
             indicator_choices(covered, slos, rejected)}  # fmt: skip
    assert found["Buy", "availability"] == (("a",), [])
    assert found["Buy", "saturation"] == ((), ["CPU"])
    assert found["Read", ""] == ((), ["clicks"])
    text = slo.indicator_choices(indicator_choices(covered, slos, rejected)).markdown()
    assert "**a**" in text
    assert "(CPU)" in text
    assert "Nobody considered latency, freshness, correctness, throughput for any journey" in text


def test_what_calls_for_an_early_review_is_found_with_its_evidence() -> None:
    missed = events(objective("a", "0.999", window=DAY, contract=Fraction("0.9995")), np.full(20 * 288, 2))
    bound = objective("b", "0.999", window=20 * DAY, dependencies=[Dependency("db", Fraction("0.99"))])
    burst = np.zeros(20 * 288, dtype=int)
    burst[-100:-88] = 400
    struck = events(bound, burst)
    log = IncidentLog((Incident("I-1", "down", AS_OF - 100 * STEP, AS_OF - 88 * STEP, services=("shop",)),))
    ones = [missed, struck]
    kept = accounts(*ones)
    ledgers = [budget_ledger(struck, kept[1], log)]
    advices = [target_advice(one, AS_OF) for one in ones]
    found = [(one.slo, one.reason) for one in early_reviews(earlier_budgets(ones, kept), ledgers, advices)]
    assert found == [
        ("a", "missed two periods in a row"),
        ("b", "an incident used more than half of the budget"),
        ("a", "looser than the contract"),
        ("a", "more likely missed than met"),
        ("b", "above what its dependencies promise"),
    ]
    quiet = events(objective("c"), np.zeros(20 * 288, dtype=int))
    none = early_reviews([[]], [budget_ledger(quiet, accounts(quiet)[0])], [target_advice(quiet, AS_OF)])
    assert none == []
    assert "Nothing that can be computed" in agreements.early_reviews(none).markdown()
