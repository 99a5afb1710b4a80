"""Error budgets: exact accounts, windows, ledgers, what comes back, and what silence means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.changes import Deploy
from sre_kit.compute.incidents import Incident, IncidentLog
from sre_kit.compute.slo.budget import (
    ErrorBudget,
    burn_down,
    burn_rate,
    burn_rate_at,
    error_budget,
    findings,
    policy_state,
)
from sre_kit.compute.slo.budget_forecast import back_above_zero, exhaustion_forecast, returning_budget
from sre_kit.compute.slo.counts import History, counted, exceeds, histories, history
from sre_kit.compute.slo.ledger import budget_ledger
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.windows import nominal, slo_window, window_before
from sre_kit.compute.vocabulary import Requests
from sre_kit.errors import DataError, ParameterError

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
DAY = timedelta(days=1)


def slo(target: str = "0.999", **changes: object) -> SLO:
    given_: dict[str, object] = {"name": "api", "target": Fraction(target), "total": "t", "service": "api", "good": "g"}
    return SLO(**{**given_, **changes})  # type: ignore[arg-type]


def events(
    one: SLO, total: object, bad: object, *, step: timedelta = STEP, end: datetime = AS_OF, keep: object = None
) -> History:
    """A history that ends at `end`; `keep` marks the steps that the source has."""
    counts = np.asarray(total)
    start = end - len(counts) * step
    index = pd.date_range(pd.Timestamp(start), periods=len(counts), freq=pd.Timedelta(step), name="time")
    frame = pd.DataFrame({"total": counts, "good": counts - np.asarray(bad)}, index=index)
    if keep is not None:
        frame = frame[np.asarray(keep)]
    return history(one, Requests(one.name, frame, "made up", start, end, step))


def steady(one: SLO, *, days: int = 30, total: int = 1000, bad: int = 1, step: timedelta = STEP) -> History:
    steps = int(timedelta(days=days) / step)
    return events(one, np.full(steps, total), np.full(steps, bad), step=step)


def test_burning_at_one_spends_exactly_the_budget() -> None:
    """SRE Workbook ch. 5: burn rate 1 for a whole window uses 100 % of the budget."""
    one = steady(slo())
    budget = error_budget(one, AS_OF)
    assert budget.remaining == 0
    assert budget.spent_share == 1
    assert burn_rate_at(one, timedelta(hours=1), AS_OF) == 1
    assert burn_rate(one, timedelta(hours=1)).iloc[-1] == pytest.approx(1)


def test_thirty_days_at_three_nines_allow_43_minutes_and_12_seconds() -> None:
    assert error_budget(steady(slo()), AS_OF).minutes_allowed == pytest.approx(43.2)


@given(
    counts=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40),
    target=st.sampled_from(["0.9", "0.99", "0.9995", "0.99999", "1"]),
)
def test_allowed_is_spent_plus_remaining_exactly(counts: list[tuple[int, int]], target: str) -> None:
    one = events(slo(target), [max(pair) for pair in counts], [min(pair) for pair in counts])
    budget = error_budget(one, AS_OF)
    assert budget.allowed == budget.spent + budget.remaining
    assert budget.spent == sum(min(pair) for pair in counts)


@given(bad=st.integers(0, 1000), more=st.integers(0, 500), factor=st.integers(1, 50))
def test_more_bad_requests_never_raise_what_remains(bad: int, more: int, factor: int) -> None:
    few = error_budget(events(slo(), [2000 * factor], [bad]), AS_OF)
    many = error_budget(events(slo(), [2000 * factor], [bad + more]), AS_OF)
    assert many.remaining <= few.remaining


@given(bad=st.integers(0, 1000), factor=st.integers(1, 50))
def test_burn_rate_does_not_depend_on_the_amount_of_traffic(bad: int, factor: int) -> None:
    small = burn_rate_at(events(slo(), [1000], [bad]), STEP, AS_OF)
    large = burn_rate_at(events(slo(), [1000 * factor], [bad * factor]), STEP, AS_OF)
    assert small == large


def test_silence_is_not_success() -> None:
    one = events(slo(), np.zeros(288, dtype=int), np.zeros(288, dtype=int))
    budget = error_budget(one, AS_OF)
    assert burn_rate(one, timedelta(hours=1)).isna().all()
    assert (budget.availability, budget.spent_share, budget.met) == (None, None, None)
    assert policy_state(budget) == "no data"
    assert findings([budget]) == []


def test_one_silent_hour_leaves_the_budget_of_the_period_alone() -> None:
    """A ratio of ratios would be missing for the whole period after one hour of 0/0."""
    total = np.full(8640, 1000)
    total[4000:4012] = 0
    bad = np.where(total > 0, 1, 0)
    budget = error_budget(events(slo(), total, bad), AS_OF)
    assert budget.spent == 8628
    assert budget.spent_share == 1


def test_a_target_of_100_percent_has_no_burn_rate_and_one_error_exhausts_it() -> None:
    clean, broken = (steady(slo("1"), days=1, bad=bad) for bad in (0, 1))
    assert burn_rate(broken, STEP).isna().all()
    assert burn_rate_at(broken, STEP, AS_OF) is None
    assert policy_state(error_budget(clean, AS_OF)) == "healthy"
    assert policy_state(error_budget(broken, AS_OF)) == "exhausted"
    assert error_budget(broken, AS_OF).spent_share is None


def test_the_mean_of_ratios_is_not_the_ratio_of_events() -> None:
    """A bad quiet night: 10 of 10 fail at night, none of 990 by day."""
    budget = error_budget(events(slo(), [10, 990], [10, 0]), AS_OF)
    assert budget.availability == Fraction(99, 100)
    assert budget.mean_of_ratios == pytest.approx(0.5)


def test_partial_coverage_is_stated_and_makes_a_healthy_state_unclear() -> None:
    keep = np.arange(8640) % 2 == 0
    budget = error_budget(events(slo(), np.full(8640, 100), np.zeros(8640, dtype=int), keep=keep), AS_OF)
    assert budget.coverage == pytest.approx(0.5)
    assert policy_state(budget) == "unclear"


@pytest.mark.parametrize(
    ("bad", "state"), [(74, "healthy"), (75, "at risk"), (99, "at risk"), (100, "exhausted"), (101, "exhausted")]
)
def test_states_change_on_their_line_exactly(bad: int, state: str) -> None:
    one = events(slo(window=STEP), [100_000], [bad])
    assert policy_state(error_budget(one, AS_OF)) == state


def test_spending_the_last_error_exhausts_the_budget_and_still_meets_the_objective() -> None:
    budget = error_budget(events(slo(window=STEP), [1000], [1]), AS_OF)
    assert (policy_state(budget), budget.met) == ("exhausted", True)


def test_a_missed_objective_ranks_before_an_exhausted_budget_and_a_contract_before_both() -> None:
    one = events(slo(window=STEP, contract=Fraction("0.995")), [1000], [10])
    found = sorted(findings([error_budget(one, AS_OF)]), key=lambda f: (f.rank, -f.size))
    assert [f.rank for f in found] == [1, 1, 2]
    assert "contract" in found[0].text


@given(
    bad=st.integers(0, 10**18),
    total=st.integers(1, 10**18),
    limit=st.fractions(min_value=0, max_value=1, max_denominator=10**9),
)
def test_comparison_with_a_threshold_is_exact_and_strict(bad: int, total: int, limit: Fraction) -> None:
    assert bool(exceeds(np.array([bad]), np.array([total]), limit)[0]) == (Fraction(bad, total) > limit)


def test_exactly_at_the_threshold_does_not_fire_although_floats_would() -> None:
    """1 - 0.999 is 0.0010000000000000009 in floats, and 0.1 * 3 is not 0.3."""
    assert not exceeds(np.array([3]), np.array([10]), Fraction(3, 10))[0]
    assert exceeds(np.array([3_000_001]), np.array([10_000_000]), Fraction(3, 10))[0]


def test_fractions_of_events_from_a_server_are_kept() -> None:
    one = events(slo(), [10.5, 20.25], [0.5, 0.25])
    assert error_budget(one, AS_OF).total == Fraction("30.75")


# windows


def test_a_rolling_window_ends_at_the_report() -> None:
    window = slo_window(slo(), AS_OF)
    assert (window.start, window.end, window.complete) == (AS_OF - timedelta(days=30), AS_OF, True)


def test_a_report_at_midnight_on_the_first_judges_the_month_that_has_just_ended() -> None:
    window = slo_window(slo(calendar="month"), AS_OF)
    assert (window.start, window.end, window.complete) == (datetime(2026, 10, 1, tzinfo=UTC), AS_OF, True)


def test_a_calendar_month_has_the_hours_of_its_zone() -> None:
    """October 2026 in Amsterdam: the clock goes back, so the month has 31 days and an hour."""
    window = slo_window(slo(calendar="month", zone="Europe/Amsterdam"), datetime(2026, 10, 15, tzinfo=UTC))
    assert window.length == timedelta(days=31, hours=1)
    assert window.start == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert not window.complete
    assert window_before(slo(calendar="month", zone="Europe/Amsterdam"), window).length == timedelta(days=30)


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("week", datetime(2026, 10, 26, tzinfo=UTC)),
        ("quarter", datetime(2026, 10, 1, tzinfo=UTC)),
        ("year", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_on_their_first_day(kind: str, start: datetime) -> None:
    assert slo_window(slo(calendar=kind), datetime(2026, 11, 1, 12, tzinfo=UTC) - DAY).start == start
    assert nominal(slo(calendar=kind)) > timedelta(0)


def test_an_unknown_zone_is_named_with_the_way_out() -> None:
    with pytest.raises(ParameterError, match="SLO 'api': no time zone 'Mars/Base'; write an IANA name"):
        slo_window(slo(calendar="month", zone="Mars/Base"), AS_OF)


def test_a_running_period_is_judged_by_the_budget_of_the_whole_period() -> None:
    one = events(
        slo("0.99", calendar="month"), np.full(15 * 288, 100), np.zeros(15 * 288, dtype=int), end=AS_OF - 16 * DAY
    )
    budget = error_budget(one, AS_OF - 16 * DAY)
    assert budget.expected == 31 * 288 * 100
    assert budget.allowed == 31 * 288


# slices of time


def test_time_slices_count_slices_and_silent_ones_not_at_all() -> None:
    one = slo("0.9", budgeting="timeslices", slice_target=Fraction("0.95"), window=timedelta(minutes=25))
    budget = error_budget(events(one, [100, 100, 0, 100, 100], [5, 6, 0, 0, 100]), AS_OF)
    assert (budget.total, budget.bad, budget.unit) == (4, 2, "slices")


def test_ratio_time_slices_take_the_mean_of_the_slices_ratios() -> None:
    one = slo("0.9", budgeting="ratio_timeslices", window=timedelta(minutes=10))
    budget = error_budget(events(one, [10, 990], [10, 0]), AS_OF)
    assert budget.availability == Fraction(1, 2)


def test_a_slice_that_is_no_whole_number_of_steps_is_refused() -> None:
    with pytest.raises(ParameterError, match="no whole number of steps"):
        counted(steady(slo(budgeting="timeslices", slice_length=timedelta(minutes=7)), days=1))


# ledger


def incident(number: str, began: datetime, minutes: int, service: str = "api") -> Incident:
    return Incident(number, "", began, began + timedelta(minutes=minutes), services=(service,))


def deploy(at: datetime, service: str = "api") -> Deploy:
    return Deploy(at, service, "1.0", "succeeded", "deploys.csv:2")


@given(bad=st.lists(st.integers(0, 50), min_size=12, max_size=60), data=st.data())
def test_the_ledger_adds_up_to_what_was_spent(bad: list[int], data: st.DataObject) -> None:
    one = events(slo(window=timedelta(minutes=5 * len(bad))), np.full(len(bad), 50), bad)
    offset = st.integers(-100, 5 * len(bad) + 100)
    log = IncidentLog(
        tuple(
            incident(str(k), one.start + timedelta(minutes=data.draw(offset)), data.draw(offset) + 101)
            for k in range(3)
        )
    )
    deploys = [deploy(one.start + timedelta(minutes=data.draw(offset))) for _ in range(3)]
    ledger = budget_ledger(one, error_budget(one, AS_OF), log, deploys)
    assert ledger.bad == sum(bad)
    assert all(line.bad >= 0 for line in ledger.lines)


def test_an_incident_comes_before_a_deploy_and_the_first_incident_before_the_second() -> None:
    at = AS_OF - timedelta(hours=1)
    bad = np.zeros(24, dtype=int)
    bad[12:15] = 10
    one = events(slo(window=timedelta(hours=2)), np.full(24, 100), bad)
    log = IncidentLog((incident("I-1", at, 5), incident("I-2", at, 10)))
    ledger = budget_ledger(one, error_budget(one, AS_OF), log, [deploy(at)])
    assert [(line.cause, line.name, line.bad) for line in ledger.lines if line.bad] == [
        ("incident", "I-1", 10),
        ("incident", "I-2", 10),
        ("deploy", "api 1.0", 10),
    ]


def test_a_deploy_after_which_nothing_burned_is_not_blamed_for_the_background() -> None:
    one = events(slo(window=timedelta(hours=2)), np.full(24, 10_000), np.full(24, 1))
    ledger = budget_ledger(one, error_budget(one, AS_OF), None, [deploy(AS_OF - timedelta(hours=1))])
    assert [line.cause for line in ledger.lines] == ["background"]


def test_incidents_of_other_services_are_not_blamed() -> None:
    one = steady(slo(), days=30)
    log = IncidentLog((incident("I-1", AS_OF - DAY, 60, service="other"),))
    assert [line.cause for line in budget_ledger(one, error_budget(one, AS_OF), log).lines] == ["background"]


# what comes next


def test_the_schedule_of_returning_budget_returns_all_that_was_spent() -> None:
    rng = np.random.default_rng(1)
    bad = rng.integers(0, 3, 8640)
    one = events(slo(), np.full(8640, 1000), bad)
    budget = error_budget(one, AS_OF)
    schedule = returning_budget(one, budget)
    assert sum(day.bad for day in schedule) == budget.spent
    assert schedule[-1].left == 0
    assert schedule[0].start == AS_OF


def test_an_exhausted_budget_is_positive_again_when_the_bad_day_leaves_the_window() -> None:
    bad = np.zeros(8640, dtype=int)
    one = events(slo(), np.full(8640, 1000), bad)
    wide = events(slo(), np.full(8640, 1000), np.where(np.arange(8640) // 288 == 10, 100, 0))
    assert back_above_zero(wide, error_budget(wide, AS_OF)) == AS_OF + timedelta(days=11)
    assert back_above_zero(one, error_budget(one, AS_OF)) is None


def test_a_clean_history_does_not_exhaust_the_budget_and_a_burning_one_does() -> None:
    clean, burning = (
        steady(slo(), days=60, bad=0),
        events(slo(), np.full(60 * 288, 1000), np.repeat([0, 4], 30 * 288)[::-1].copy()),
    )
    assert exhaustion_forecast(clean, error_budget(clean, AS_OF), AS_OF).probability == 0
    found = exhaustion_forecast(burning, error_budget(burning, AS_OF), AS_OF)
    assert found.probability is not None
    assert found.probability > 0.9
    assert found.p10 is not None
    assert found.p10 <= (found.p50 or 99)


def test_a_forecast_is_refused_with_its_reason() -> None:
    short = steady(slo(), days=5)
    assert "5 days of history" in exhaustion_forecast(short, error_budget(short, AS_OF), AS_OF).refused
    perfect = steady(slo("1"), days=30)
    assert "100 %" in exhaustion_forecast(perfect, error_budget(perfect, AS_OF), AS_OF).refused


def test_the_burn_down_ends_at_what_remains() -> None:
    one = steady(slo("0.99"))
    budget = error_budget(one, AS_OF)
    line = burn_down(one, budget)
    assert line.iloc[-1] == pytest.approx(budget.remaining_share)
    assert line.is_monotonic_decreasing


# contracts of the data


def test_good_above_total_is_refused_with_its_row() -> None:
    with pytest.raises(DataError, match=r"good > total, first at 2026-10-31 23:55Z \(good=11, total=10\)"):
        events(slo(), [10], [-1])


def test_rows_between_the_steps_are_refused() -> None:
    index = pd.DatetimeIndex(["2026-10-31T23:57:00Z"], name="time")
    frame = pd.DataFrame({"total": [1], "good": [1]}, index=index)
    with pytest.raises(DataError, match="23:57:00Z does not stand on a step"):
        history(slo(), Requests("api", frame, "x", AS_OF - timedelta(hours=1), AS_OF, STEP))


def test_an_objective_without_its_events_is_named() -> None:
    with pytest.raises(ParameterError, match="no events were read for SLO 'api'"):
        histories([slo()], [])


def test_a_window_that_is_no_whole_number_of_steps_is_refused() -> None:
    with pytest.raises(ParameterError, match="no whole number of steps"):
        steady(slo(), days=1).trailing(timedelta(minutes=7))


def test_thirty_days_at_one_minute_are_summed_without_a_loop() -> None:
    """All windows from running totals: each is two look-ups, whatever its length."""
    one = steady(slo(), days=30, step=timedelta(minutes=1))
    for over in (timedelta(minutes=5), timedelta(days=3)):
        total, bad = one.trailing(over)
        assert total[-1] == 1000 * (over // timedelta(minutes=1))
        assert bad[-1] == over // timedelta(minutes=1)
    assert isinstance(error_budget(one, AS_OF), ErrorBudget)


# corners


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"target": Fraction(0)}, "target must lie above 0 and at most 1"),
        ({"target": Fraction(2)}, "target must lie above 0 and at most 1"),
        ({"bad": "b"}, "exactly one of good and bad"),
        ({"good": ""}, "exactly one of good and bad"),
        ({"window": timedelta(0)}, "window must be longer than nothing"),
    ],
)
def test_an_objective_that_cannot_be_judged_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        slo(**{"target": Fraction("0.9"), **changes})  # type: ignore[arg-type]


def test_a_kept_objective_and_a_kept_contract_find_nothing() -> None:
    one = events(slo(window=STEP, contract=Fraction("0.9")), [1000], [0])
    assert findings([error_budget(one, AS_OF)]) == []


def test_the_window_before_a_rolling_one_has_its_length() -> None:
    before = window_before(slo(), slo_window(slo(), AS_OF))
    assert (before.start, before.end) == (AS_OF - timedelta(days=60), AS_OF - timedelta(days=30))


def test_planned_maintenance_has_a_line_of_its_own() -> None:
    planned = Incident("M-1", "upgrade", AS_OF - timedelta(hours=1), AS_OF, services=(), kind="maintenance")
    one = events(slo(window=timedelta(hours=2)), np.full(24, 100), np.full(24, 1))
    ledger = budget_ledger(one, error_budget(one, AS_OF), IncidentLog((), maintenance=(planned,)))
    assert [(line.cause, line.bad) for line in ledger.lines] == [("maintenance", 12), ("background", 12)]
    foreign = Incident("M-2", "", planned.began, AS_OF, services=("other",), kind="maintenance")
    ledger = budget_ledger(one, error_budget(one, AS_OF), IncidentLog((), maintenance=(foreign,)))
    assert [line.cause for line in ledger.lines] == ["background"]


def test_a_ledger_of_silence_is_empty_and_has_no_shares() -> None:
    one = events(slo(window=timedelta(hours=2)), np.zeros(24, dtype=int), np.zeros(24, dtype=int))
    ledger = budget_ledger(one, error_budget(one, AS_OF))
    assert (ledger.bad, ledger.share(ledger.lines[0]), ledger.of_budget(ledger.lines[0])) == (0, None, None)


def test_a_calendar_budget_that_is_gone_stays_gone_until_the_period_ends() -> None:
    end = AS_OF - 10 * DAY
    one = events(slo(calendar="month"), np.full(20 * 288, 1000), np.full(20 * 288, 9), end=end)
    found = exhaustion_forecast(one, error_budget(one, end), end)
    assert "gone until the period ends" in found.refused
    assert returning_budget(one, error_budget(one, end)) == []
    whole = steady(slo(calendar="month"), days=31)
    assert "ends now" in exhaustion_forecast(whole, error_budget(whole, AS_OF), AS_OF).refused
    silent = events(slo(), np.zeros(8640, dtype=int), np.zeros(8640, dtype=int))
    assert "no traffic" in exhaustion_forecast(silent, error_budget(silent, AS_OF), AS_OF).refused


def test_a_budget_that_does_not_come_back_within_a_window_has_no_date() -> None:
    one = steady(slo(), bad=2)
    assert back_above_zero(one, error_budget(one, AS_OF)) == AS_OF + timedelta(days=15)
    assert back_above_zero(steady(slo("1")), error_budget(steady(slo("1")), AS_OF)) is None


def test_a_calendar_budget_is_forecast_to_the_end_of_its_period() -> None:
    end = AS_OF - 10 * DAY
    one = events(slo("0.99", calendar="month"), np.full(20 * 288, 1000), np.full(20 * 288, 9), end=end)
    found = exhaustion_forecast(one, error_budget(one, end), end)
    assert (found.horizon, found.probability, found.recovers) == (10 * DAY, 0, False)
