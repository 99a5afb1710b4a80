"""The incidents of github.com: every number of the data's own description, on both clocks."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sre_kit.compute.incidents import downtime, naive_downtime
from sre_kit.compute.response.reliability import incident_statistics, minutes
from sre_kit.compute.statistics import kaplan_meier
from sre_kit.compute.trends import chance_panel, duration_comparison, rate_comparison, spearman
from sre_kit.load.incident_logs import incident_log

pytestmark = pytest.mark.real

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
CUT = 120.0
IMPACTS = {"minor": 1, "major": 2, "critical": 3}
PUBLISHED = {
    "announced": {
        "incidents": 760, "zero": 10, "median": 67, "mean": 128.1, "p90": 263.3, "log_sd": 1.098,
        "starts": [94, 159, 120, 185, 202], "means": (1.54, 1.0, 2.3), "medians": (1.25, 0.9, 1.8), "p": 0.17,
        "naive": 1622.9, "union": 1575.4, "cut_mean": 50.6, "cut_median": 45, "spearman": 0.07, "longer": "no evidence",
    },
    "downtime": {
        "incidents": 761, "zero": 9, "median": 76, "mean": 142.5, "p90": 310, "log_sd": 1.115,
        "starts": [94, 159, 120, 187, 201], "means": (1.60, 1.1, 2.3), "medians": (1.34, 1.0, 2.0), "p": 0.03,
        "naive": 1807.4, "union": 1726.8, "cut_mean": 52.2, "cut_median": 48, "spearman": 0.05, "longer": "evidence",
    },
}  # fmt: skip


@pytest.fixture(params=sorted(PUBLISHED))
def clock(request):
    return request.param


@pytest.fixture
def published(clock):
    return PUBLISHED[clock]


@pytest.fixture
def log(shared_data, clock):
    return incident_log(shared_data / "github-status" / "incidents.jsonl", as_of=AS_OF, clock=clock)


@pytest.fixture
def lasting(log):
    return [one for one in log.incidents if one.duration]


def of_year(incidents, year):
    return [one for one in incidents if one.began.year == year]


def test_every_row_is_accounted_for(log, shared_data):
    assert log.rows == 819
    assert (len(log.incidents), len(log.maintenance), len(log.others)) == (770, 18, 31)
    assert log.quarantine == () and log.gap == ""


def test_rows_that_name_no_component_are_158(log):
    assert sum(not one.services for one in (*log.incidents, *log.maintenance, *log.others)) == 158


def test_the_clocks_disagree_for_153_incidents(shared_data):
    path = shared_data / "github-status" / "incidents.jsonl"
    first, second = (incident_log(path, as_of=AS_OF, clock=c) for c in ("announced", "downtime"))
    there = {one.id: (one.began, one.resolved) for one in second.incidents}
    assert sum(there[one.id] != (one.began, one.resolved) for one in first.incidents) == 153


def test_counts_and_durations(log, lasting, published):
    lengths = [minutes(one) for one in lasting]
    assert len(lasting) == published["incidents"]
    assert sum("zero length" in one.flags for one in log.incidents) == published["zero"]
    assert np.median(lengths) == published["median"]
    assert np.mean(lengths) == pytest.approx(published["mean"], abs=0.05)
    assert np.quantile(lengths, 0.9) == pytest.approx(published["p90"], abs=0.05)
    assert np.std(np.log(lengths), ddof=1) == pytest.approx(published["log_sd"], abs=5e-4)
    assert [len(of_year(lasting, year)) for year in range(2022, 2027)] == published["starts"]


def test_the_statistics_say_the_same(log, published):
    start = min(one.began for one in log.incidents)
    found = incident_statistics(log, start, AS_OF)
    assert (found.ttr.n, found.ttr.zero, found.count) == (published["incidents"], published["zero"], 770)
    assert found.ttr.median == published["median"]
    assert found.ttr.p90 == pytest.approx(published["p90"], abs=0.05)
    assert found.ttr.median_interval.low < published["median"] < found.ttr.median_interval.high
    assert found.clock == log.clock


def test_incidents_became_more_frequent_in_2025_on_either_clock(lasting, published):
    later, earlier = of_year(lasting, 2025), of_year(lasting, 2024)
    months = [sum(one.began.month == m for one in years) for years in (earlier, later) for m in range(1, 13)]
    found = rate_comparison(len(later), len(earlier), timedelta(days=365), timedelta(days=366))
    assert found.p == pytest.approx(0.0002, abs=1e-4)
    assert found.verdict == "evidence of a higher rate"
    allowed = rate_comparison(len(later), len(earlier), timedelta(days=365), timedelta(days=366), months)
    assert allowed.verdict == "evidence of a higher rate"


def test_whether_they_became_longer_depends_on_the_clock(lasting, published):
    later, earlier = ([minutes(one) for one in of_year(lasting, year)] for year in (2025, 2024))
    found = duration_comparison(later, earlier)
    for ratio, interval, (expected, low, high) in (
        (found.mean_ratio, found.mean_interval, published["means"]),
        (found.median_ratio, found.median_interval, published["medians"]),
    ):
        assert ratio == pytest.approx(expected, abs=0.006)
        assert (interval.low, interval.high) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.11))
    assert found.p == pytest.approx(published["p"], abs=0.006)
    assert found.verdict.startswith(published["longer"])


def test_overlaps_are_merged_for_downtime(log, published):
    start = min(one.began for one in log.incidents)
    assert naive_downtime(log.incidents, start, AS_OF) / timedelta(hours=1) == pytest.approx(
        published["naive"], abs=0.05
    )
    assert downtime(log.incidents, start, AS_OF) / timedelta(hours=1) == pytest.approx(published["union"], abs=0.05)


def test_kaplan_meier_gives_the_median_back_after_a_cut_at_two_hours(lasting, published):
    lengths = np.array([minutes(one) for one in lasting])
    resolved = lengths <= CUT
    assert lengths[resolved].mean() == pytest.approx(published["cut_mean"], abs=0.05)
    assert np.median(lengths[resolved]) == published["cut_median"]
    curve = kaplan_meier(np.minimum(lengths, CUT), resolved)
    assert curve.quantile(0.5) == published["median"]
    assert curve.quantile(0.9) is None


def test_both_clocks_are_shown_where_the_project_has_two(shared_data, tmp_path):
    """The explorer's static form: 2025 against 2024 is one verdict on the rate and two on the durations."""
    from sre_kit import load, show

    (tmp_path / "shop").mkdir()
    source = shared_data / "github-status" / "incidents.jsonl"
    (tmp_path / "p.yaml").write_text(
        f"project: {{name: x, path: shop}}\nas_of: 2026-11-01\nhistory: {{incidents: {source}}}\n"
        "incidents: {clock: announced}\n"
    )
    logs = load.incident_clocks(load.project(str(tmp_path / "p.yaml")))
    explorer = show.incident_explorer(logs, AS_OF)
    text = explorer.at(year=2025).markdown()
    assert list(logs) == ["announced", "downtime"]
    assert text.count("evidence of a higher rate") == 2
    assert "On the clock 'announced': Durations" in text and "no evidence of a change in duration" in text
    assert "evidence of longer incidents" in text


def test_impact_says_next_to_nothing_about_duration(lasting, published):
    found = spearman([minutes(one) for one in lasting], [IMPACTS[one.impact] for one in lasting])
    assert found == pytest.approx(published["spearman"], abs=0.005)


def test_a_hundred_incidents_a_year_move_by_a_tenth_by_chance(shared_data):
    log = incident_log(shared_data / "github-status" / "incidents.jsonl", as_of=AS_OF, clock="announced")
    found = chance_panel([minutes(one) for one in log.incidents if one.duration], 100)
    assert found.moved == pytest.approx(0.72, abs=0.01)
