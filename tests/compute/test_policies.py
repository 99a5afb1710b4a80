"""Policies held against each other: replayed minute by minute, searched on one part of the history, judged after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.incidents import Incident
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert, alert_properties
from sre_kit.compute.slo.counts import History, history
from sre_kit.compute.slo.grid import (
    Candidate,
    PartScore,
    compared_policies,
    paging_grid,
    pareto_front,
    policies_for,
    policy_search,
)
from sre_kit.compute.slo.objectives import SLO
from sre_kit.compute.slo.policies import AlertPolicy, AlertRule, burn_rate_policy, pyrra_policy, rule_of, static_policy
from sre_kit.compute.slo.replay import alert_back_test, episodes, firing, held, missing_data
from sre_kit.compute.slo.symptoms import existing_alerts
from sre_kit.compute.vocabulary import Fact, Kind, Requests

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def slo(target: str = "0.999", **changes: object) -> SLO:
    given_: dict[str, object] = {"name": "api", "target": Fraction(target), "total": "t", "service": "api", "good": "g"}
    return SLO(**{**given_, **changes})  # type: ignore[arg-type]


def minutes(one: SLO, bad: object, total: int = 1_000_000, keep: object = None) -> History:
    lost = np.asarray(bad)
    start = AS_OF - len(lost) * MINUTE
    index = pd.date_range(pd.Timestamp(start), periods=len(lost), freq="1min", name="time")
    frame = pd.DataFrame({"total": np.full(len(lost), total), "good": total - lost}, index=index)
    if keep is not None:
        frame = frame[np.asarray(keep)]
    return history(one, Requests(one.name, frame, "made up", start, AS_OF, MINUTE))


def outage(one: SLO, ratio: Fraction, *, clean: timedelta, lasting: timedelta, after: timedelta) -> History:
    parts = [(clean, Fraction(0)), (lasting, ratio), (after, Fraction(0))]
    return minutes(one, np.concatenate([np.full(length // MINUTE, int(share * 1_000_000)) for length, share in parts]))


# the replay against the formula


@pytest.mark.parametrize("number", range(4), ids=["5m 1h", "30m 6h", "2h 1d", "6h 3d"])
@pytest.mark.parametrize("burns", ["1", "1/2", "1/10", "1/20"])
def test_constant_traffic_meets_the_analytic_detection_and_reset_within_a_minute(number: int, burns: str) -> None:
    """FORMULAS: factor * (1 - SLO) / error_ratio * long_window, and the short window empties first."""
    one, ratio = slo("0.9995"), Fraction(burns)
    pair = alert_properties(one)[number]
    detection = pair.detection(ratio)
    assert detection is not None
    lasting = (detection // MINUTE + 2) * MINUTE + pair.alert.short_window
    kept = outage(one, ratio, clean=pair.alert.long_window, lasting=lasting, after=pair.alert.long_window)
    (run,) = episodes(kept, firing(kept, rule_of(pair)))
    began, ended = kept.start + pair.alert.long_window, kept.start + pair.alert.long_window + lasting
    assert abs(run.start - began - detection) <= MINUTE
    reset = pair.reset(ratio, lasting)
    assert reset is not None
    assert abs(run.end - ended - reset) <= MINUTE


def test_what_is_over_before_it_is_seen_has_no_reset() -> None:
    page = alert_properties(slo())[0]
    assert page.reset(Fraction(1), timedelta(seconds=51)) is None
    assert page.reset(Fraction(1), timedelta(seconds=52)) == timedelta(seconds=(1 - 0.0144) * 300)
    assert page.reset(Fraction(1, 100)) is None


def test_the_budget_at_detection_is_the_policys_share() -> None:
    """SRE Workbook, table 5-8: the page over an hour fires when 2 % of the budget is gone."""
    one = slo("0.9")  # 14.4 is unreachable here, so the slow page does it: 5 %
    kept = outage(slo("0.95"), Fraction(9, 10), clean=20 * DAY, lasting=6 * HOUR, after=4 * HOUR)
    incident = Incident("I-1", "", kept.start + 20 * DAY, kept.start + 20 * DAY + 6 * HOUR, services=("api",))
    test = alert_back_test(kept, "page", [incident])
    assert test.spent == pytest.approx(0.02, abs=0.002)
    assert test.incidents[0].spent == test.spent
    assert alert_properties(one)[0].unreachable


def test_an_incident_that_nobody_was_paged_for_says_what_it_cost_in_the_end() -> None:
    kept = outage(slo(), Fraction(1, 200), clean=2 * DAY, lasting=HOUR, after=DAY)
    incident = Incident("I-1", "", kept.start + 2 * DAY, kept.start + 2 * DAY + HOUR, services=("api",))
    (seen,) = alert_back_test(kept, "page", [incident]).incidents
    assert not seen.seen
    assert seen.spent == pytest.approx(0.005 * 60 / (43_200 * 0.001))


# the forms of a policy


def test_a_hold_counts_from_the_first_step_and_begins_again_after_a_gap() -> None:
    above = np.array([1, 1, 1, 0, 1, 1, 1, 1], dtype=bool)
    assert held(above, timedelta(0), MINUTE).tolist() == above.tolist()
    assert held(above, 2 * MINUTE, MINUTE).tolist() == [False, False, True, False, False, False, True, True]
    assert held(above, timedelta(seconds=90), MINUTE).tolist() == held(above, 2 * MINUTE, MINUTE).tolist()


@given(marks=st.lists(st.booleans(), max_size=60), wait=st.integers(0, 10))
def test_a_hold_is_what_prometheus_says_it_is(marks: list[bool], wait: int) -> None:
    """Pending since the first true step; firing once that is at least the hold ago."""
    since, expected = None, []
    for step, now in enumerate(marks):
        since = (step if since is None else since) if now else None
        expected.append(since is not None and step - since >= wait)
    assert held(np.array(marks, dtype=bool), wait * MINUTE, MINUTE).tolist() == expected


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (28, ["5 min and 1 h for 2 min", "30 min and 6 h for 15 min", "2 h and 1 d for 1 h", "6 h and 4 d for 3 h"]),
        (7, ["1 min and 15 min for 1 min", "8 min and 1 h 30 min for 4 min", "30 min and 6 h for 15 min",
             "1 h 30 min and 1 d for 45 min"]),
    ],
)  # fmt: skip
def test_pyrras_windows_stretch_with_the_objective_and_its_burn_rates_do_not(days: int, shown: list[str]) -> None:
    policy = pyrra_policy(slo(window=timedelta(days=days)))
    assert [str(rule) for rule in policy.rules] == shown
    assert [rule.threshold for rule in policy.rules] == [n * Fraction(1, 1000) for n in (14, 7, 2, 1)]


def alert(name: str, condition: str, **details: str) -> Fact:
    return Fact(
        Kind.ALERT_RULE, condition, "text", "docs/MonitoringAlerts.md", 3, "q", name,
        details={"severity": "critical", **details},
    )  # fmt: skip


def test_a_static_threshold_of_the_documents_becomes_a_rule() -> None:
    fact = alert("HighErrorRate", "failure rate > 5% for 5m", threshold="> 5%", **{"for": "10m"})
    policy = static_policy(slo(), existing_alerts([fact], [slo()]))
    assert policy.rules == (AlertRule("page", (5 * MINUTE,), Fraction(1, 20), 10 * MINUTE),)
    assert (policy.source, policy.left_out) == ("MonitoringAlerts", ())


def test_a_quantile_above_the_objectives_own_bound_is_a_share_of_slow_events() -> None:
    """p95 above 500 ms: more than one in twenty is slower."""
    one = slo(kind="latency", threshold=timedelta(milliseconds=500))
    same = existing_alerts([alert("Slow", "p95 of api > 500 ms", **{"for": "5m"})], [one])
    assert static_policy(one, same).rules[0].threshold == Fraction(1, 20)
    other = existing_alerts([alert("Slow", "p95 of api > 1 s")], [one])
    assert static_policy(one, other).left_out == ("Slow: it asks for 1 s, the events are counted at 500 ms",)


def test_an_alert_whose_threshold_nobody_can_read_is_left_out_by_name() -> None:
    fact = alert("HighErrorRate", "too many errors")
    policy = static_policy(slo(), existing_alerts([fact], [slo()]))
    assert policy.rules == ()
    assert policy.left_out == ("HighErrorRate: no threshold that is a share of the events was read",)


def test_the_policy_in_force_comes_first_and_is_the_workbooks_where_none_is_given() -> None:
    kept = minutes(slo(), np.zeros(10, dtype=int))
    own = [BurnRateAlert("page", Fraction(1, 100), HOUR, 5 * MINUTE)]
    assert [p.name for p in policies_for(kept)][:2] == ["workbook, in force", "workbook, significant only"]
    assert [p.name for p in policies_for(kept, [], own)][:2] == ["own, in force", "workbook"]
    assert next(p.name for p in policies_for(kept, [], WORKBOOK_POLICY)) == "workbook, in force"


# missing data


def test_missing_data_is_told_after_ten_minutes_and_silence_is_not_missing() -> None:
    keep = np.ones(120, dtype=bool)
    keep[:5] = False  # before the first sample nobody can tell
    keep[30:40] = False  # nine minutes after the first empty one: not yet
    keep[60:90] = False
    kept = minutes(slo(), np.zeros(120, dtype=int), keep=keep)
    (run,) = missing_data(kept)
    assert (run.start, run.end) == (kept.start + 71 * MINUTE, kept.start + 91 * MINUTE)
    silent = minutes(slo(), np.zeros(120, dtype=int), total=0)
    assert missing_data(silent) == ()
    assert missing_data(minutes(slo(), np.zeros(3, dtype=int), keep=[False] * 3)) == ()


# policies against each other


def eventful(seed: int = 1) -> tuple[History, list[Incident]]:
    """Sixty days with six outages, each an incident, and three bursts of errors that were none."""
    random = np.random.default_rng(seed)
    bad = random.poisson(100, 60 * 1440)
    start, found = AS_OF - 60 * DAY, []
    for number, day in enumerate((5, 13, 21, 33, 45, 55)):
        bad[day * 1440 : day * 1440 + 30 + 5 * number] = 60_000 + 50_000 * number
        began = start + day * DAY
        found.append(Incident(f"I-{number}", "", began, began + (30 + 5 * number) * MINUTE, services=("api",)))
    for day in (9, 28, 50):
        bad[day * 1440 : day * 1440 + 3] = 400_000
    return minutes(slo(), bad), found


def test_every_policy_is_scored_on_the_same_history_and_incidents() -> None:
    kept, known = eventful()
    fact = alert("HighErrorRate", "error rate > 5%", threshold="> 5%", **{"for": "10m"})
    scores = compared_policies([kept], known, existing_alerts([fact], [kept.slo]))
    assert [(s.policy, s.severity) for s in scores] == [
        (name, severity)
        for name in ("workbook, in force", "workbook, significant only", "Pyrra")
        for severity in ("page", "ticket")
    ] + [("static thresholds", "page")]
    by_name = {(s.policy, s.severity): s for s in scores}
    assert all(s.incidents == 6 for s in scores)
    workbook = by_name["workbook, in force", "page"]
    assert (workbook.seen, workbook.recall) == (6, 1.0)
    assert workbook.fired == workbook.true + 3
    # three minutes of errors are above the line for seven, which is no ten
    assert by_name["static thresholds", "page"].precision == 1.0


def test_an_incident_is_seen_once_by_the_quickest_objective_of_its_service() -> None:
    kept, known = eventful()
    second, _ = eventful()
    blind = minutes(slo(name="api-latency"), np.zeros(60 * 1440, dtype=int))
    scores = compared_policies([kept, blind], known)
    alone = compared_policies([second], known)
    assert [(s.seen, s.incidents, s.detection) for s in scores] == [(s.seen, s.incidents, s.detection) for s in alone]


def test_the_grid_is_searched_on_the_earlier_part_and_judged_on_the_later() -> None:
    kept, known = eventful()
    found = policy_search([kept], known)
    assert found.split == AS_OF - 20 * DAY
    assert found.tried == len(set(paging_grid()) | {tuple(a for a in WORKBOOK_POLICY if a.severity == "page")})
    assert found.in_force is not None
    assert (found.in_force.earlier.incidents, found.in_force.later.incidents) == (4, 2)
    assert all(a.earlier.false < b.earlier.false for a, b in pairwise(found.front))
    assert all((a.earlier.lost or 0) > (b.earlier.lost or 0) for a, b in pairwise(found.front))
    for one in found.better:
        assert one.earlier.false <= found.in_force.earlier.false
        assert (one.later.lost or 0) < (found.in_force.later.lost or 0)
    # nothing of the later part took part in the choice
    changed = minutes(kept.slo, np.where(np.arange(len(kept.bad)) < 40 * 1440, kept.bad, 0))
    assert [c.pages for c in policy_search([changed], known).front] == [c.pages for c in found.front]


def test_with_too_few_incidents_nothing_is_searched_and_the_reason_is_given() -> None:
    kept, known = eventful()
    assert "known incidents: 2 in the earlier part, 0 in the later" in policy_search([kept], known[:2]).refused
    assert policy_search([], known).refused == "nothing was measured"


scores = st.builds(
    PartScore, st.just(0), st.integers(0, 5), st.just(3), st.just(1), st.none() | st.floats(0, 1), st.none()
)


@given(st.lists(scores, min_size=1, max_size=30))
def test_no_policy_off_the_front_beats_one_on_it(parts: list[PartScore]) -> None:
    tried = [Candidate((), part, part) for part in parts]
    front = pareto_front(tried)

    def loss(one: Candidate) -> tuple[float, float]:
        return one.earlier.false, float("inf") if one.earlier.lost is None else one.earlier.lost

    for one in front:
        assert not any(
            all(a <= b for a, b in zip(loss(other), loss(one), strict=True)) and loss(other) != loss(one)
            for other in tried
        )
    for other in tried:
        assert any(all(a <= b for a, b in zip(loss(one), loss(other), strict=True)) for one in front)


def test_a_policy_without_rules_never_fires() -> None:
    kept, known = eventful()
    test = alert_back_test(kept, "page", known, AlertPolicy("none", "", ()))
    assert (test.episodes, test.recall, test.policy) == ((), 0.0, "none")
    assert burn_rate_policy(kept.slo).severities == ("page", "ticket")


# what it costs


def test_every_window_and_both_severities_cost_one_running_total_and_equal_the_naive_sums(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A naive reference adds up minutes times windows; running totals add each minute once, whatever is asked."""
    kept, _ = eventful()
    added = {"minutes": 0}
    original = np.cumsum

    def counting(row: np.ndarray, *rest: object, **more: object) -> np.ndarray:
        added["minutes"] += len(row) if row.dtype != bool or len(row) == len(kept.seen) else 0
        return original(row, *rest, **more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(np, "cumsum", counting)
    windows = [window for a in WORKBOOK_POLICY for window in (a.long_window, a.short_window)]
    policy = burn_rate_policy(kept.slo)
    sums = {window: kept.trailing(window) for window in windows}
    for severity in policy.severities:
        alert_back_test(kept, severity, (), policy)
    assert added["minutes"] == 3 * len(kept.total)  # events, bad events, and what was seen
    naive = len(kept.total) * sum(window // MINUTE for window in windows)
    assert naive / added["minutes"] > 2000
    for window, (total, bad) in sums.items():
        for at in (0, 7, 5000, len(kept.total) - 1):
            inside = slice(max(0, at + 1 - window // MINUTE), at + 1)
            assert (total[at], bad[at]) == (int(kept.total[inside].sum()), int(kept.bad[inside].sum()))
