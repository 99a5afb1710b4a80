"""Alerts as incidents: Alertmanager webhooks and the history of Prometheus, with their traps."""

from sre_kit.compute.incidents import BEGAN_WITH_ALERT
from tests.load.exports import MINUTE, STEP, T0, alert, at, matrix, read, series, webhooks


def test_alertmanager_repeats_are_one_incident_and_the_year_1_is_open(tmp_path):
    first = alert("firing", "2026-04-01T10:00:00Z")
    log = read(
        tmp_path,
        webhooks(
            first, first, alert("resolved", "2026-04-01T10:00:00Z", "2026-04-01T10:30:00Z"),
            alert("firing", "2026-04-02T10:00:00Z", fingerprint="bbbbbbbbbbbbbbbb"),
        ),
        "hooks.jsonl",
    )  # fmt: skip
    assert log.format == "Alertmanager"
    assert [(i.duration, i.impact, i.services) for i in log.incidents] == [
        (30 * MINUTE, "critical", ("shop",)), (None, "critical", ("shop",)),
    ]  # fmt: skip
    assert log.incidents[0].detected_by == "alert HighErrors"


def test_alertmanager_flapping_is_merged_within_five_minutes_and_says_so(tmp_path):
    log = read(
        tmp_path,
        webhooks(
            alert("resolved", "2026-04-01T10:00:00Z", "2026-04-01T10:10:00Z"),
            alert("resolved", "2026-04-01T10:14:00Z", "2026-04-01T10:20:00Z"),
            alert("resolved", "2026-04-01T10:26:00Z", "2026-04-01T10:30:00Z"),
        ),
        "hooks.jsonl",
    )
    assert [i.duration for i in log.incidents] == [20 * MINUTE, 4 * MINUTE]
    assert "2 firings at most 5 min apart are one" in log.incidents[0].flags


def test_alertmanager_without_resolved_messages_does_not_leave_old_firings_open(tmp_path):
    text = webhooks(alert("firing", "2026-04-01T10:00:00Z"), alert("firing", "2026-04-03T10:00:00Z"))
    log = read(tmp_path, text, "hooks.jsonl")
    assert [i.began.day for i in log.incidents] == [3]
    assert log.quarantine[0].reason == "no message says when it ended, and it fired again at 2026-04-03 10:00Z"


def test_alertmanager_says_when_the_sender_cut_alerts_off(tmp_path):
    log = read(tmp_path, webhooks(alert("firing", "2026-04-01T10:00:00Z"), truncated=3), "hooks.jsonl")
    assert log.quarantine[0].reason == "3 alerts of this notification were cut off by the sender"


def test_alerts_of_the_alertmanager_api_are_open_while_active(tmp_path):
    active = alert("", "2026-04-01T10:00:00.5Z", "2026-04-01T10:05:00Z") | {"status": {"state": "active"}}
    assert read(tmp_path, [active]).incidents[0].open


def test_prometheus_runs_of_samples_are_firings_with_the_time_since_the_condition_held(tmp_path):
    since = T0 + 5 * STEP
    log = read(
        tmp_path,
        matrix(
            series("ALERTS", range(5, 10), alertstate="pending"),
            series("ALERTS", range(10, 40), alertstate="firing"),
            series("ALERTS_FOR_STATE", range(5, 40), since),
            series("up", range(100)),
        ),
    )
    found = log.incidents[0]
    assert log.format == "Prometheus ALERTS" and len(log.incidents) == 1
    assert (found.began, found.detected - found.began) == (at("2026-05-01T00:05"), 5 * MINUTE)
    assert found.resolved - found.detected == 30 * MINUTE  # 30 samples, ended when the next was missing
    assert found.services == ("shop",) and found.flags == ("times to within 60 s",)


def test_prometheus_restarts_of_up_to_five_minutes_do_not_split_an_alert(tmp_path):
    gone = [n for n in range(10, 60) if not 20 <= n < 24]
    log = read(tmp_path, matrix(series("ALERTS", gone, alertstate="firing"), series("up", range(100))))
    assert [i.duration for i in log.incidents] == [50 * MINUTE]
    longer = [n for n in range(10, 60) if not 20 <= n < 30]
    log = read(tmp_path, matrix(series("ALERTS", longer, alertstate="firing"), series("up", range(100))))
    assert [i.duration for i in log.incidents] == [10 * MINUTE, 30 * MINUTE]
    assert all(BEGAN_WITH_ALERT in i.flags for i in log.incidents)


def test_prometheus_alerts_that_reach_an_edge_of_the_history_say_so(tmp_path):
    log = read(tmp_path, matrix(series("ALERTS", range(100), alertstate="firing"), series("up", range(100))))
    assert log.incidents[0].open and "it fired already when the history begins" in log.incidents[0].flags


def test_prometheus_series_of_one_alert_are_told_apart(tmp_path):
    a = series("ALERTS", range(10, 20), alertstate="firing", instance="a")
    b = series("ALERTS", range(10, 20), alertstate="firing", instance="b")
    log = read(tmp_path, matrix(a, b, series("up", range(100))))
    assert len({i.id for i in log.incidents}) == 2 and log.quarantine == ()
