"""Burn-rate alerts: factors, reach, what they would have done, and what little traffic can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import (
    WORKBOOK_POLICY,
    AlertProperties,
    BurnRateAlert,
    alert_properties,
    detectable,
    lowest_useful_target,
    quiet_events,
    significant,
)
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import burn_rate_policy, rule_of
from sre_kit.compute.slo.replay import alert_back_test, alert_back_tests, fired, firing
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import ParameterError

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
HOUR = timedelta(hours=1)


def slo(target: str = "0.999", **changes: object) -> SLO:
    given_: dict[str, object] = {"name": "api", "target": Fraction(target), "total": "t", "service": "api", "good": "g"}
    return SLO(**{**given_, **changes})  # type: ignore[arg-type]


def events(one: SLO, total: object, bad: object, step: timedelta = STEP) -> History:
    counts = np.asarray(total)
    start = AS_OF - len(counts) * step
    index = pd.date_range(pd.Timestamp(start), periods=len(counts), freq=pd.Timedelta(step), name="time")
    frame = pd.DataFrame({"total": counts, "good": counts - np.asarray(bad)}, index=index)
    return history(one, Requests(one.name, frame, "made up", start, AS_OF, step))


def outage(one: SLO, *, at: int, steps: int, ratio: float, length: int = 2016, total: int = 10_000) -> History:
    bad = np.zeros(length, dtype=int)
    bad[at : at + steps] = round(total * ratio)
    return events(one, np.full(length, total), bad)


@pytest.mark.parametrize(
    ("days", "factors"),
    [(30, ["14.4", "6", "3", "1"]), (28, ["13.44", "5.6", "2.8", "14/15"])],
)
def test_factors_follow_the_period_and_windows_do_not(days: int, factors: list[str]) -> None:
    """SRE Workbook ch. 5, table 5-8, and the same shares of 28 days."""
    found = [alert.factor(timedelta(days=days)) for alert in WORKBOOK_POLICY]
    assert found == [Fraction(factor) for factor in factors]


@pytest.mark.parametrize(("factor", "target"), [("14.4", 0.9306), ("6", 0.8333), ("3", 0.6667), ("1", 0)])
def test_below_these_targets_an_alert_can_never_fire(factor: str, target: float) -> None:
    assert float(lowest_useful_target(Fraction(factor))) == pytest.approx(target, abs=5e-5)


def test_an_unreachable_alert_is_named_on_its_line_exactly() -> None:
    below, above = (alert_properties(slo(target))[0] for target in ("0.93", "0.931"))
    assert below.unreachable
    assert below.detection() is None
    assert not above.unreachable
    assert not firing(outage(slo("0.93"), at=100, steps=50, ratio=1), rule_of(below)).any()
    assert firing(outage(slo("0.931"), at=100, steps=50, ratio=1), rule_of(above)).any()


def test_a_full_outage_at_three_nines_is_seen_after_52_seconds() -> None:
    """14.4 * 0.001 / 1 * 1 h = 51.84 s; a tenth of it takes ten times as long."""
    page = alert_properties(slo())[0]
    assert page.detection() == timedelta(seconds=51.84)
    assert page.detection(Fraction(1, 10)) == timedelta(seconds=518.4)
    assert page.spent == Fraction(2, 100)


def test_the_short_window_must_be_the_shorter_one() -> None:
    with pytest.raises(ParameterError, match="the short window must be shorter"):
        BurnRateAlert("page", Fraction(1, 50), HOUR, HOUR)


@given(minutes=st.integers(1, 90), percent=st.integers(1, 100))
def test_both_windows_must_burn_faster_strictly(minutes: int, percent: int) -> None:
    """Against the definition, step by step, with fractions."""
    one = outage(slo(), at=20, steps=minutes, ratio=percent / 100, length=150, total=100)
    pair = alert_properties(one.slo)[0]
    marks = firing(one, rule_of(pair))
    for step in (10, 20, 21, 25, 30, 60, 100, 149):
        expected = True
        for over in (12, 1):
            window = slice(max(0, step + 1 - over), step + 1)
            ratio = Fraction(int(one.bad[window].sum()), int(one.total[window].sum()))
            expected = expected and ratio > pair.threshold
        assert bool(marks[step]) == expected


def test_burning_exactly_at_the_factor_does_not_fire() -> None:
    at_factor = events(slo(), np.full(300, 10_000), np.full(300, 144))
    above = events(slo(), np.full(300, 10_000), np.full(300, 145))
    page = alert_properties(slo())[0]
    assert not firing(at_factor, rule_of(page)).any()
    assert firing(above, rule_of(page)).all()


def test_a_target_of_100_percent_fires_on_the_first_bad_event_and_not_before() -> None:
    one = outage(slo("1"), at=50, steps=1, ratio=0.0001, length=100)
    marks, _ = fired(one, "page", burn_rate_policy(one.slo))
    assert np.flatnonzero(marks)[0] == 50
    clean = outage(slo("1"), at=0, steps=0, ratio=0)
    assert not fired(clean, "page", burn_rate_policy(one.slo))[0].any()


def test_silence_fires_nothing() -> None:
    one = events(slo(), np.zeros(600, dtype=int), np.zeros(600, dtype=int))
    assert not fired(one, "page", burn_rate_policy(one.slo))[0].any()
    assert not fired(one, "ticket", burn_rate_policy(one.slo))[0].any()


def test_a_window_that_the_step_cannot_show_is_skipped_and_named() -> None:
    one = events(slo(), np.full(48, 100), np.full(48, 50), step=timedelta(minutes=30))
    marks, skipped = fired(one, "page", burn_rate_policy(one.slo))
    assert [rule.windows[-1] for rule in skipped] == [timedelta(minutes=5)]
    assert marks.any()


def test_the_back_test_sees_an_incident_that_burns_and_misses_one_that_does_not() -> None:
    one = outage(slo(), at=1000, steps=12, ratio=0.5)
    began = one.start + 1000 * STEP
    loud = Incident("loud", "", began, began + HOUR, services=("api",))
    quiet = Incident("quiet", "", began + 48 * HOUR, began + 49 * HOUR, services=("api",))
    foreign = Incident("foreign", "", began, began + HOUR, services=("other",))
    test = alert_back_test(one, "page", [loud, quiet, foreign])
    assert (len(test.episodes), test.true, test.precision, test.recall) == (1, 1, 1.0, 0.5)
    assert test.detection == STEP
    assert [one.seen for one in test.incidents] == [True, False]
    assert test.per_month == pytest.approx(1 / 7 * 30, rel=1e-6)
    assert test.reset is not None
    assert timedelta(0) < test.reset <= HOUR


def test_a_page_without_an_incident_lowers_the_precision() -> None:
    test = alert_back_test(outage(slo(), at=1000, steps=12, ratio=0.5), "page")
    assert (test.precision, test.recall) == (0.0, None)


def test_an_open_incident_that_still_pages_has_no_reset() -> None:
    one = outage(slo(), at=2000, steps=16, ratio=0.5)
    test = alert_back_test(one, "page", [Incident("open", "", one.start + 2000 * STEP, services=("api",))])
    assert test.incidents[0].seen
    assert test.reset is None


def test_objectives_without_data_are_not_tested() -> None:
    empty = pd.DataFrame({"total": [], "good": []}, index=pd.DatetimeIndex([], tz="UTC", name="time"))
    nothing = history(slo(), Requests("api", empty, "x", AS_OF - HOUR, AS_OF, STEP, gap="unreachable"))
    assert alert_back_tests([nothing]) == []


# little traffic


def test_ten_requests_an_hour_at_three_nines_leave_a_budget_of_7_errors() -> None:
    """10 requests/h at 99.9 % over 30 d: 7.2 errors, and one of them is 13.9 % of the budget."""
    found = detectable(alert_properties(slo())[0], 10)
    assert found.one_error == pytest.approx(0.139, abs=0.0005)
    assert not found.enough


@given(events_=st.integers(1, 5000), target=st.sampled_from(["0.95", "0.99", "0.999", "0.9999"]))
def test_the_smallest_sure_number_of_errors_rejects_and_one_less_does_not(events_: int, target: str) -> None:
    pair = alert_properties(slo(target))[0]
    found = detectable(pair, events_)
    limit = float(pair.threshold)
    if found.errors is None:
        assert binom.sf(events_ - 1, events_, limit) > 0.05
        return
    assert binom.sf(found.errors - 1, events_, limit) <= 0.05
    assert binom.sf(found.errors - 2, events_, limit) > 0.05


def test_no_events_and_unreachable_alerts_detect_nothing() -> None:
    assert detectable(alert_properties(slo())[0], 0).burn is None
    assert detectable(alert_properties(slo("0.9"))[0], 1000).errors is None
    with pytest.raises(ParameterError, match="at least 0 events"):
        detectable(alert_properties(slo())[0], -1)


def test_the_gate_keeps_one_unlucky_request_from_paging() -> None:
    """One error in forty requests burns at 25, and is what chance does at a burn of 14.4 in every second hour."""
    total, bad = np.full(300, 4), np.zeros(300, dtype=int)
    bad[100] = 1
    one = events(slo(), total, bad)
    gated = burn_rate_policy(one.slo, gated=True)
    assert fired(one, "page", burn_rate_policy(one.slo))[0].any()
    assert not fired(one, "page", gated)[0].any()
    assert fired(outage(slo(), at=100, steps=12, ratio=0.5, total=40), "page", gated)[0].any()


def test_significance_needs_events_and_errors() -> None:
    found = significant(np.array([0, 0, 5]), np.array([0, 100, 5]), Fraction(1, 100))
    assert found.tolist() == [False, False, True]


def test_the_quiet_hour_is_the_tenth_percentile_of_whole_windows() -> None:
    one = events(slo(), np.concatenate([np.full(60, 1), np.full(240, 100)]), np.zeros(300, dtype=int))
    assert quiet_events(one, HOUR) == 12


def test_hours_that_nobody_measured_are_neither_quiet_nor_a_month_without_alerts() -> None:
    """A server that kept the last 30 of 90 days: 100 events in each step that was seen, one page in 30 days."""
    seen, asked = 30 * 288, 90 * 288
    times = pd.date_range(AS_OF - seen * STEP, periods=seen, freq=STEP)
    bad = np.zeros(seen, dtype=int)
    bad[5000:5012] = 50
    frame = pd.DataFrame({"total": 100, "good": 100 - bad}, index=times.rename("time"))
    one = history(slo(), Requests("api", frame, "x", AS_OF - asked * STEP, AS_OF, STEP))
    assert quiet_events(one, HOUR) == 1200
    test = alert_back_test(one, "page")
    assert (test.start, test.end, test.per_month) == (AS_OF - timedelta(days=30), AS_OF, 1.0)


def test_a_service_that_counts_in_every_other_step_has_a_quiet_hour_all_the_same() -> None:
    times = pd.date_range(AS_OF - 300 * STEP, periods=150, freq=2 * STEP)
    frame = pd.DataFrame({"total": 10, "good": 10}, index=times.rename("time"))
    one = history(slo(), Requests("api", frame, "x", AS_OF - 300 * STEP, AS_OF, STEP))
    assert quiet_events(one, HOUR) == 60


def test_properties_are_in_the_order_of_the_policy() -> None:
    pairs = alert_properties(slo())
    assert all(isinstance(pair, AlertProperties) for pair in pairs)
    assert [pair.alert for pair in pairs] == list(WORKBOOK_POLICY)
