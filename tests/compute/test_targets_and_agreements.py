"""Targets against history, dependencies and contract; journeys, alerts and people of the documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from sre_kit.compute.slo.agreements import (
    ReviewPlan,
    agreement_gaps,
    contract_margins,
    journey_coverage,
    overdue,
    promises,
    review_dates,
    stakeholders,
)
from sre_kit.compute.slo.budget import error_budget
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO, Agreement, Dependency, RejectedSLI
from sre_kit.compute.slo.symptoms import existing_alerts, symptom_of, watched_symptoms
from sre_kit.compute.slo.targets import chance_to_meet, dependency_bound, target_advice
from sre_kit.compute.vocabulary import Fact, Kind, Requests, Role, Scope

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slo(target: str = "0.999", **changes: object) -> SLO:
    given: dict[str, object] = {"name": "api", "target": Fraction(target), "total": "t", "service": "api", "good": "g"}
    return SLO(**{**given, **changes})  # type: ignore[arg-type]


def days(one: SLO, bad: object) -> History:
    """A thousand events an hour; `bad` per day, in one hour of it."""
    per_day = np.asarray(bad)
    lost = np.zeros(24 * len(per_day), dtype=int)
    lost[::24] = per_day
    start = AS_OF - timedelta(days=len(per_day))
    index = pd.date_range(pd.Timestamp(start), periods=len(lost), freq="1h", name="time")
    frame = pd.DataFrame({"total": np.full(len(lost), 1000), "good": 1000 - lost}, index=index)
    return history(one, Requests(one.name, frame, "made up", start, AS_OF, HOUR))


def fact(kind: Kind, name: str, value: object = "", **changes: object) -> Fact:
    given: dict[str, object] = {"unit": "text", "document": "docs/D.md", "line": 3, "quote": "q", "name": name}
    return Fact(kind, value, **{**given, **changes})  # type: ignore[arg-type]


def test_a_target_that_every_day_meets_is_met_and_one_that_no_day_meets_is_not() -> None:
    advice = target_advice(days(slo(), np.full(60, 12)), AS_OF)  # 99.95 % every day
    chances = {rung.target: rung.probability for rung in advice.rungs}
    assert chances[Fraction("0.999")] == 1
    assert chances[Fraction("0.9999")] == 0
    assert advice.recommended == Fraction("0.9995")
    assert advice.measured == pytest.approx(0.9995)


def test_a_target_that_is_met_is_recommended_although_it_is_no_rung_of_the_ladder() -> None:
    kept = days(slo("0.96"), np.full(60, 800))  # 96.67 % every day
    assert target_advice(kept, AS_OF).recommended == Fraction("0.96")
    assert target_advice(replace(kept, slo=slo("0.968")), AS_OF).recommended == Fraction("0.95")


def test_a_stricter_target_is_never_more_likely() -> None:
    bad = np.random.default_rng(3).integers(0, 60, 60)
    rungs = target_advice(days(slo(), bad), AS_OF).rungs
    assert all(a.probability >= b.probability for a, b in pairwise(rungs))
    assert all(rung.interval.low <= rung.interval.high for rung in rungs)


def test_one_terrible_day_makes_the_next_period_uncertain_not_hopeless() -> None:
    """The day is drawn in 1 - (59/60)^30 = 39.6 % of the periods."""
    advice = target_advice(days(slo("0.999"), [1000] + [0] * 59), AS_OF)
    rung = chance_to_meet(advice)
    assert rung is not None
    assert rung.probability == pytest.approx(0.604, abs=0.03)
    assert rung.interval.low < rung.probability < rung.interval.high


def test_the_same_history_gives_the_same_digits() -> None:
    one = days(slo(), np.arange(60))
    assert target_advice(one, AS_OF) == target_advice(one, AS_OF)


def test_two_weeks_of_history_are_the_least() -> None:
    advice = target_advice(days(slo(), np.zeros(13, dtype=int)), AS_OF)
    assert advice.rungs == ()
    assert "13 days" in advice.refused
    assert chance_to_meet(advice) is None


def test_three_serial_dependencies_multiply() -> None:
    """0.9995 * 0.999 * 0.9999, by hand."""
    three = [
        Dependency("db", Fraction("0.9995")),
        Dependency("pay", Fraction("0.999")),
        Dependency("lb", Fraction("0.9999")),
    ]
    asks = slo("0.999", dependencies=three)
    assert dependency_bound(asks) == Fraction("0.99840064995")
    advice = target_advice(days(asks, np.zeros(30, dtype=int)), AS_OF)
    assert advice.impossible
    assert advice.recommended == Fraction("0.998")
    assert dependency_bound(slo()) is None


def test_the_margin_between_objective_and_contract_in_minutes_and_requests() -> None:
    """99.9 % against 99.5 % of 30 days: 0.4 % of 43,200 minutes are 172.8."""
    one = slo(contract=Fraction("0.995"))
    margin = contract_margins([error_budget(days(one, np.zeros(30, dtype=int)), AS_OF)])[0]
    assert margin.minutes == pytest.approx(172.8)
    assert margin.events == pytest.approx(0.004 * 720_000)
    assert not margin.looser


def test_an_objective_looser_than_its_contract_is_found() -> None:
    one = slo("0.99", contract=Fraction("0.995"))
    assert contract_margins([error_budget(days(one, [0]), AS_OF)])[0].looser


# documents


def test_a_journey_is_watched_uncovered_with_a_reason_or_uncovered_without() -> None:
    facts = [fact(Kind.CRITICAL_USER_JOURNEY, name) for name in ("Buy", "Search", "Return")]
    found = journey_coverage(facts, [slo(journey="buy")], [RejectedSLI("clicks", "Search", "nobody counts them")])
    assert [(one.journey, one.slos, one.reason) for one in found] == [
        ("Buy", ("api",), ""),
        ("Search", (), "clicks: nobody counts them"),
        ("Return", (), ""),
    ]


def test_a_journey_that_only_the_objectives_name_is_listed_too() -> None:
    found = journey_coverage([], [slo(journey="Buy")], [])
    assert [(one.journey, one.source) for one in found] == [("Buy", "params")]


def test_people_are_signed_not_signed_or_not_asked() -> None:
    facts = [fact(Kind.STAKEHOLDER, name, details={"role": role}) for name, role in (("Ann", "CTO"), ("Bo", "CFO"))]
    agreed = [Agreement("Ann", signed=date(2026, 10, 1)), Agreement("Cy", role="PM")]
    found = stakeholders(facts, [slo(agreements=agreed)])
    assert [(one.name, one.role, one.state) for one in found] == [
        ("Ann", "CTO", "signed 2026-10-01"),
        ("Cy", "PM", "not signed"),
        ("Bo", "CFO", "not asked"),
    ]
    assert [gap.ask for gap in agreement_gaps([slo(agreements=agreed), slo(name="b", owner="Di")])] == ["Cy", "Di"]


def test_only_promises_of_our_own_are_quoted_contract_first() -> None:
    kind = Kind.AVAILABILITY_TARGET
    facts = [
        fact(kind, "", Decimal("0.995"), role=Role.TARGET, scope=Scope(tier="a")),
        fact(kind, "", Decimal("0.999"), role=Role.CONTRACT, scope=Scope(tier="a"), line=9),
        fact(kind, "", Decimal("0.9999"), role=Role.VENDOR),
        fact(kind, "", Decimal("0.99"), role=Role.TARGET, refused="an example"),
    ]
    assert [one.value for one in promises(facts)] == [Decimal("0.999"), Decimal("0.995")]


def test_reviews_come_back_on_working_days() -> None:
    plan = ReviewPlan(last=date(2026, 10, 3), every=timedelta(days=28))
    assert review_dates(plan, date(2026, 11, 1), 2) == [date(2026, 11, 2), date(2026, 11, 30)]
    assert not overdue(plan, date(2026, 10, 31))
    assert overdue(plan, date(2026, 11, 1))
    assert not overdue(ReviewPlan(), date(2026, 11, 1))
    assert review_dates(ReviewPlan(), date(2026, 11, 1), 1) == [date(2027, 2, 1)]


@pytest.mark.parametrize(
    ("condition", "symptom"),
    [
        ("failure rate > 5% for 5m", "errors"),
        ('rate(http_requests_total{code=~"5.."}[5m]) > 0.05', "errors"),
        ("High Error Rate", "errors"),
        ("p95 of checkout > 1 s", "latency"),
        ("histogram_quantile(0.95, x) > 1", "latency"),
        ("disk above 85 %", "cause"),
        ("connections of the database above 80%", "cause"),
        ("index older than 30 minutes", "cause"),
        ("more than 500 messages ready", "cause"),
    ],
)
def test_conditions_are_sorted_by_what_they_speak_of(condition: str, symptom: str) -> None:
    assert symptom_of(condition) == symptom


def test_existing_alerts_become_redundant_only_where_an_objective_watches_the_same() -> None:
    facts = [
        fact(Kind.ALERT_RULE, "HighErrorRate", "failure rate > 5 %", details={"severity": "critical"}),
        fact(Kind.ALERT_RULE, "HighErrorRate", 'rate(x{code=~"5.."}[5m]) > 0.05', line=9),
        fact(Kind.ALERT_RULE, "SearchSlow", "p95 of search > 1 s", details={"severity": "warning"}),
        fact(Kind.ALERT_RULE, "DiskFull", "disk above 85 %", details={"severity": "critical"}),
    ]
    slos = [slo(), slo(name="pay-latency", service="pay", kind="latency")]
    found = existing_alerts(facts, slos)
    assert [(one.fact.name, one.verdict, one.slos, one.pages) for one in found] == [
        ("HighErrorRate", "redundant", ("api",), True),
        ("SearchSlow", "redundant", ("pay-latency",), False),
        ("DiskFull", "keep, as a cause", (), True),
    ]
    assert [(one.slo.name, one.existing) for one in watched_symptoms(found, slos)] == [
        ("api", ("HighErrorRate",)),
        ("pay-latency", ("SearchSlow",)),
    ]


def test_an_alert_on_a_service_is_no_match_for_another_service() -> None:
    facts = [fact(Kind.ALERT_RULE, "ApiErrors", "error rate of api > 1 %")]
    slos = [slo(), slo(name="pay-availability", service="pay")]
    assert existing_alerts(facts, slos)[0].slos == ("api",)
