"""The generated rules: their format, and promtool's word that they load, fire and stay quiet."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from sre_kit.compute.slo.alerting import WORKBOOK_POLICY
from sre_kit.compute.slo.objectives import SLO, AlertText
from sre_kit.emit.absent import data_rules
from sre_kit.emit.made_up import made_up
from sre_kit.emit.prometheus import alert_name, error_ratio, prometheus_rules, rule_groups, sloth_id, without_rules
from sre_kit.emit.rule_groups import yaml_text
from sre_kit.emit.rule_tests import prometheus_rule_tests
from sre_kit.errors import ParameterError
from sre_kit.render.validate import claims

HOUR = timedelta(hours=1)


def slo(name: str = "api-requests", target: str = "0.999", **changes: object) -> SLO:
    given: dict[str, object] = {
        "name": name,
        "target": Fraction(target),
        "service": "api",
        "total": 'r{job="api"}',
        "bad": 'r{job="api",code=~"5.."}',
    }
    return SLO(**{**given, **changes})  # type: ignore[arg-type]


SHOP = [
    slo(),
    slo("api-latency", "0.95", bad="", good='d_bucket{job="api",le="0.3"}', total='d_count{job="api"}'),
    slo("good-within", "0.9995", service="web", bad="", good='w{code!~"5.."}', total="w", window=timedelta(days=28)),
    slo("opened", "0.99", service="queue", bad='sum(rate(f{q="a"}[{{.window}}]))', total="sum(rate(m[{{.window}}]))"),
    slo("perfect", "1", service="ledger", bad="ledger_bad", total="ledger_total"),
    slo("low", "0.9", service="batch", bad="batch_bad", total="batch_total", calendar="quarter"),
    slo(
        "fresh",
        "0.99",
        service="feed",
        bad="",
        total="",
        gauge='lag{job="f"}',
        at_most=900.0,
        window=timedelta(days=28),
    ),
    slo("stock", "0.999", service="feed", bad="", total="", gauge="stock_left", at_least=0.0, calendar="year"),
    slo("share", "0.99999", service="feed", bad="", total="", ratio="bad_share", calendar="quarter"),
    slo("mean", "0.995", service="feed", bad="", total="", ratio='1 - avg_over_time(up{job="f"}[{{.window}}])'),
    slo(
        "labelled",
        "0.99",
        service="post",
        bad="post_bad",
        total="post_all",
        labels={"team": "post"},
        alerts=AlertText({"desk": "4"}, {"runbook": "https://example.org/post"}),
        page=AlertText({"desk": "5"}),
    ),
    slo(
        "told",
        "0.99",
        service="told",
        bad="told_bad",
        total="told_all",
        ticket=AlertText({}, {"seen": "{{ $value | humanizePercentage }}"}),
    ),
    slo("odd", "0.99", service='a"b\\c', bad="odd_bad", total="odd_total", good_means="{{ .Value }} and {{"),
]


def promtool(binary: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)


def written(folder: Path, slos: list[SLO]) -> None:
    (folder / "slo.rules.yaml").write_text(prometheus_rules(slos), encoding="utf-8")
    (folder / "slo.rules-test.yaml").write_text(prometheus_rule_tests(slos, "slo.rules.yaml"), encoding="utf-8")


@pytest.mark.server
def test_promtool_accepts_the_rules_and_they_fire_and_stay_quiet(prometheus_binaries: Any, tmp_path: Path) -> None:
    written(tmp_path, SHOP)
    checked = promtool(prometheus_binaries.promtool, tmp_path, "check", "rules", "slo.rules.yaml")
    assert checked.returncode == 0, checked.stderr
    ran = promtool(prometheus_binaries.promtool, tmp_path, "test", "rules", "slo.rules-test.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.server
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" > 0.0144)", " > 0.0144e2)"),  # a threshold that is too high never fires
        (" > 0.0144)", " > 0.0001)"),  # one that is too low fires too early
        (" > 0.0144)", " > 0.03)"),  # no slower pair fires in its place
        (" > 0.006)", " > 0.0018)"),  # nor before it
        ("> 0)", ">= 0)"),  # without its guard a silent hour is NaN instead of absent
    ],
)
def test_the_generated_tests_find_a_broken_rule(prometheus_binaries: Any, tmp_path: Path, old: str, new: str) -> None:
    written(tmp_path, [slo()])
    rules = tmp_path / "slo.rules.yaml"
    text = rules.read_text(encoding="utf-8")
    assert old in text
    rules.write_text(text.replace(old, new), encoding="utf-8")
    ran = promtool(prometheus_binaries.promtool, tmp_path, "test", "rules", "slo.rules-test.yaml")
    assert ran.returncode == 1


@pytest.mark.server
def test_of_files_that_one_run_checks_the_broken_one_alone_is_refused(
    prometheus_binaries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(prometheus_binaries.promtool).parent), prepend=":")
    good = {"slo.rules.yaml": prometheus_rules([slo()]), "slo-data.rules.yaml": data_rules([slo()])}
    broken = {"x.rules.yaml": good["slo.rules.yaml"].replace("sum(rate", "sum(rat")}
    assert {str(claim) for claim in claims(good).values()} == {"tool-validated by promtool check rules"}
    assert {name: bool(claim.problem) for name, claim in claims(good | broken).items()} == {
        "slo.rules.yaml": False,
        "slo-data.rules.yaml": False,
        "x.rules.yaml": True,
    }


def test_the_groups_and_records_are_sloths() -> None:
    groups = rule_groups(slo())
    assert [group["name"] for group in groups] == [
        "sloth-slo-sli-recordings-api-requests",
        "sloth-slo-meta-recordings-api-requests",
        "sloth-slo-alerts-api-requests",
    ]
    windows = [rule["labels"]["sloth_window"] for rule in groups[0]["rules"]]
    assert windows == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    assert [rule["record"] for rule in groups[1]["rules"]] == [
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
    ]
    for rule in (*groups[0]["rules"], *groups[1]["rules"]):
        assert rule["labels"]["sloth_id"] == "api-requests"
        assert rule["labels"]["sloth_service"] == "api"
        assert rule["labels"]["sloth_slo"] == "requests"


def test_two_alerts_page_and_ticket_without_for() -> None:
    alerts = rule_groups(slo())[2]["rules"]
    assert [rule["labels"]["sloth_severity"] for rule in alerts] == ["page", "ticket"]
    assert all("for" not in rule for rule in alerts)
    assert alerts[0]["expr"].count("without (sloth_window)") == 4
    assert "> 0.0144)" in alerts[0]["expr"]
    assert "> 0.006)" in alerts[0]["expr"]


def test_factors_of_28_days_are_in_the_thresholds() -> None:
    """13.44 * 0.001."""
    assert "> 0.01344)" in rule_groups(slo(window=timedelta(days=28)))[2]["rules"][0]["expr"]


def test_an_error_series_that_does_not_exist_yet_counts_as_no_errors() -> None:
    ratio = error_ratio(slo(), HOUR)
    assert 'or 0 * (sum(rate(r{job="api"}[1h])))' in ratio
    assert ratio.endswith("> 0)")


def test_a_service_name_is_not_said_twice() -> None:
    assert sloth_id(slo()) == "api-requests"
    assert sloth_id(slo("requests")) == "api-requests"
    assert alert_name(slo("requests"), "ticket") == "ApiRequestsSlowBurn"


def test_an_objective_without_an_open_window_gets_no_rules_and_says_so() -> None:
    closed = slo("closed", total="sum(rate(x[5m]))", bad="y")
    text = prometheus_rules([slo(), closed])
    assert "# closed: no rules, query 'sum(rate(x[5m]))' has no open window" in text
    assert list(without_rules([slo(), closed])) == ["closed"]
    assert len(yaml.safe_load(text)["groups"]) == 3
    with pytest.raises(ParameterError):
        rule_groups(closed)


def test_labels_and_annotations_of_ones_own_ride_along_the_nearer_winning() -> None:
    one = next(each for each in SHOP if each.name == "labelled")
    recordings, metadata, alerts = (group["rules"] for group in rule_groups(one))
    assert all(rule["labels"]["team"] == "post" for rule in (*recordings, *metadata))
    page, ticket = alerts
    assert page["labels"] == {"severity": "page", "sloth_severity": "page", "desk": "5"}
    assert ticket["labels"]["desk"] == "4"
    assert page["annotations"]["runbook"] == "https://example.org/post"
    told = next(each for each in SHOP if each.name == "told")
    assert rule_groups(told)[2]["rules"][1]["annotations"]["seen"] == "{{ $value | humanizePercentage }}"
    (missing,) = yaml.safe_load(data_rules([one]))["groups"][0]["rules"]
    assert (missing["labels"]["team"], missing["labels"]["desk"]) == ("post", "4")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": {"9to5": "x"}}, "'9to5' is no name of a label or an annotation"),
        ({"alerts": AlertText({}, {"run-book": "x"})}, "'run-book' is no name"),
        ({"page": AlertText({"sloth_severity": "x"})}, "'sloth_severity' is set by the rules themselves"),
        ({"labels": {"__name__": "x"}}, "'__name__' is set by the rules themselves"),
    ],
)
def test_labels_that_would_break_the_rules_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        slo(**changes)


def test_text_from_outside_is_no_template() -> None:
    notes = rule_groups(SHOP[-1])[2]["rules"][0]["annotations"]["description"]
    assert '{{"{{"}} .Value }}' in notes


def test_series_are_made_up_for_a_part_within_the_total_and_beside_it() -> None:
    phases = [(HOUR, Fraction(1, 4))]
    within, beside = made_up(slo(), phases), made_up(SHOP[1], phases)
    assert [one.name for one in made_up(SHOP[2], phases)] == ['w{code="500"}', "w"]
    assert [one.name for one in within] == ['r{job="api"}', 'r{job="api",code="500"}']
    assert [one.phases[0][1] for one in within] == [750_000, 250_000]
    assert [one.phases[0][1] for one in beside] == [1_000_000, 750_000]


def test_an_objective_that_no_series_can_be_made_up_for_is_named_in_the_tests() -> None:
    two = slo("two", total="sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))", bad="sum(rate(c[{{.window}}]))")
    text = prometheus_rule_tests([two], "slo.rules.yaml")
    assert "# two: no test, SLO 'two': its queries are more than one selector" in text
    assert yaml.safe_load(text)["tests"] == []


@pytest.mark.parametrize(
    ("window", "resolution"),
    [("5m", "1m"), ("6d", "1m"), ("1w", "2m"), ("30d", "5m"), ("90d", "15m"), ("52w1d", "1h"), ("3y", "10512s")],
)
def test_a_subquery_looks_at_no_more_points_than_promtool_and_a_server_can_bear(window: str, resolution: str) -> None:
    from sre_kit.units import duration

    length = duration(window.replace("3y", "1095d").replace("52w1d", "365d"))
    expr = error_ratio(slo(bad="", total="", gauge="lag", at_most=1.0), length)
    assert f":{resolution}]" in expr
    assert expr.startswith("max(avg_over_time(((lag) > bool 1.0)[")


def test_objectives_that_disturb_each_other_do_not_share_a_test() -> None:
    other = slo("other", bad='r{job="api",code=~"5..",handler="/a"}', total='r{job="api",handler="/a"}')
    tests = yaml.safe_load(prometheus_rule_tests([slo(), other, SHOP[1]], "x.yaml"))["tests"]
    fast = [one["name"] for one in tests if one["name"].startswith("a fast burn")]
    assert fast == [
        "a fast burn pages in time, and not before: api-requests, api-latency",
        "a fast burn pages in time, and not before: other",
    ]


@pytest.mark.parametrize("text", ["pay 📦 now", "a\nb 📦", "é – 中", "C:\\Users", "'\"", "a\x85b", " x: #", "yes"])
def test_text_is_read_back_as_it_was_and_stays_readable(text: str) -> None:
    written = yaml_text({"of": [text, {"same": text}]})
    assert yaml.safe_load(written) == {"of": [text, {"same": text}]}
    assert "📦" not in text or "📦" in written


def test_the_same_objectives_give_the_same_bytes() -> None:
    assert prometheus_rules(SHOP) == prometheus_rules(SHOP)
    assert prometheus_rule_tests(SHOP, "x", WORKBOOK_POLICY) == prometheus_rule_tests(SHOP, "x")


@pytest.mark.parametrize("line_end", ["\n", "\r", "\x85", "\u2028", "\x88"])
def test_a_name_stays_inside_its_comment_whatever_ends_a_line(line_end: str) -> None:
    bad = slo(f"x{line_end}groups: [evil]", total="a or b")
    for text in (prometheus_rules([bad]), data_rules([bad])):
        assert "evil" in text, "nothing was refused, so that no comment names it"
        assert yaml.safe_load(text)["groups"] == []
