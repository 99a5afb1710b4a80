"""``sre-kit slo``: exit codes, what is printed, what is written and what never is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from sre_kit.cli import main
from sre_kit.load import params

GOOD = """\
version: prometheus/v1
service: mail
slos:
  - name: delivered
    objective: 99.9
    description: "Mail arrives: promised to all"
    sli:
      events:
        error_query: sum(rate(bounced_total[{{.window}}]))
        total_query: sum(rate(sent_total[{{.window}}]))
    alerting: {name: MailIsLost, ticket_alert: {disable: true}}
  - name: read
    objective: 95
    sli: {raw: {error_ratio_query: "avg_over_time(unread[{{.window}}])"}}
    alerting: {name: MailIsUnread}
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("99.9", "999").replace("total_query", "totl_query"), encoding="utf-8")
    return path


def test_validate_is_quiet_about_what_is_right(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "validate", str(good)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 objects, 0 problems"


def test_validate_lists_all_that_is_wrong_by_line(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "validate", str(bad)]) == 2
    assert capsys.readouterr().out.splitlines()[:3] == [
        "bad.yaml:5: slos[0].objective: must be percent above 0 and at most 100, got 999",
        "bad.yaml:9: slos[0].sli.events: total_query is needed and missing",
        "bad.yaml:10: slos[0].sli.events.totl_query: no such field; did you mean 'total_query'?",
    ]


def test_validate_speaks_json(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "validate", "--json", str(bad)]) == 2
    said = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["line"]) for one in said["problems"]] == [
        ("bad.yaml", 5),
        ("bad.yaml", 9),
        ("bad.yaml", 10),
    ]


def test_import_prints_lines_that_a_params_file_takes(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slo", "import", str(good)]) == 0
    printed = capsys.readouterr()
    assert "  # left out: the name 'MailIsLost' of its page alert; ours follows from the objective's" in printed.out
    shop = tmp_path / "shop.yaml"
    shop.write_text("project: {name: shop}\n" + printed.out, encoding="utf-8")
    slo, raw = params.read(shop).slos
    assert raw.ratio == "avg_over_time(unread[{{.window}}])"
    assert (slo.name, str(slo.target), slo.good_means) == (
        "mail-delivered",
        "999/1000",
        "Mail arrives: promised to all",
    )


def test_import_writes_a_new_file_and_never_over_one(good: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    assert main(["slo", "import", str(good), "--params", str(new)]) == 0
    written = new.read_text(encoding="utf-8")
    assert written.startswith("# Objectives of good.yaml, taken over by sre-kit slo import")
    assert main(["slo", "import", str(good), "--params", str(new)]) == 6
    assert new.read_text(encoding="utf-8") == written
    assert main(["slo", "import", str(good), "--params", str(tmp_path / "none" / "new.yaml")]) == 2


def test_import_refuses_files_with_problems_and_names_them(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "import", str(bad)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "bad.yaml:9: slos[0].sli.events: total_query is needed and missing" in said.err


def test_import_of_nothing_that_can_be_taken_over_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(OPENSLO.replace("type: Prometheus", "type: Datadog"), encoding="utf-8")
    assert main(["slo", "import", str(path)]) == 2
    said = capsys.readouterr().err
    assert "other.yaml:13: left out: SLO 'delivered': its good comes from Datadog" in said
    assert "other.yaml: no objective of it can be taken over" in said


def test_rules_of_a_sloth_file_are_those_that_sloth_makes(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slo", "rules", str(good)]) == 0
    groups = yaml.safe_load(capsys.readouterr().out)["groups"]
    assert [one["name"].removeprefix("sloth-slo-") for one in groups] == [
        "sli-recordings-mail-delivered", "meta-recordings-mail-delivered", "alerts-mail-delivered",
        "sli-recordings-mail-read", "meta-recordings-mail-read", "alerts-mail-read",
    ]  # fmt: skip
    assert [rule["labels"]["sloth_severity"] for rule in groups[2]["rules"]] == ["page"]
    assert main(["slo", "rules", "--period", "28d", str(good)]) == 0
    assert "slo:sli_error:ratio_rate4w" in capsys.readouterr().out
    assert main(["slo", "rules", "--period", "7d", str(good)]) == 2
    assert "no alert windows for a period of 1w" in capsys.readouterr().err


def test_rules_for_kubernetes_are_one_object_for_each_specification(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD + "---\n" + GOOD.replace("service: mail", "service: Letters")
    good.write_text(text, encoding="utf-8")
    assert main(["slo", "rules", "--kubernetes", str(good)]) == 0
    found = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [(one["kind"], one["metadata"]["name"]) for one in found] == [
        ("PrometheusRule", "mail"),
        ("PrometheusRule", "letters"),
    ]
    assert [len(one["spec"]["groups"]) for one in found] == [6, 6]


OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: delivered}
spec:
  service: mail
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: accepted_total}}}
        total: {metricSource: {type: Prometheus, spec: {query: sent_total}}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
"""


def test_rules_of_an_openslo_file_are_ours(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openslo.yaml"
    path.write_text(OPENSLO, encoding="utf-8")
    assert main(["slo", "rules", str(path)]) == 0
    assert "((sum(rate(sent_total[5m]))) > 0)" in capsys.readouterr().out
    for refused in ([str(path), str(good)], [str(path), "--kubernetes"]):
        assert main(["slo", "rules", *refused]) == 2
        assert "ask for them alone" in capsys.readouterr().err
    path.write_text(OPENSLO.replace("sent_total", "'sum(rate(sent_total[5m]))'"), encoding="utf-8")
    assert main(["slo", "rules", str(path)]) == 2
    assert "no rules: SLO 'delivered': query 'sum(rate(sent_total[5m]))' has no open window" in capsys.readouterr().err
    path.write_text(OPENSLO.replace("type: Prometheus", "type: Datadog"), encoding="utf-8")
    assert main(["slo", "rules", str(path)]) == 2
    assert "openslo.yaml:13: no rules: SLO 'delivered': its good comes from Datadog" in capsys.readouterr().err


@pytest.mark.server
def test_rules_in_a_folder_come_with_tests_and_say_how_far_they_were_checked(
    good: Path, tmp_path: Path, prometheus_binaries: object, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rules"
    assert main(["slo", "rules", str(good), "--out", str(out)]) == 0
    assert [line.removeprefix(f"{out}/") for line in capsys.readouterr().out.splitlines()] == [
        "slo.rules.yaml: tool-validated by promtool check rules",
        "slo.rules-test.yaml: executed by promtool test rules",
    ]
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(first) == ["slo.rules-test.yaml", "slo.rules.yaml"]
    openslo = tmp_path / "openslo.yaml"
    openslo.write_text(OPENSLO, encoding="utf-8")
    assert main(["slo", "rules", str(openslo), "--out", str(out)]) == 0
    assert "executed by promtool test rules" in capsys.readouterr().out
    assert (out / "slo.rules.yaml").read_bytes() != first["slo.rules.yaml"]
    (out / "slo.rules.yaml").write_text("groups: []  # of a colleague\n", encoding="utf-8")
    assert main(["slo", "rules", str(good), "--out", str(out)]) == 6
    assert "was not generated; name another folder" in capsys.readouterr().err


def test_a_folder_takes_no_kubernetes_objects_and_must_be_one(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slo", "rules", str(good), "--out", str(tmp_path), "--kubernetes"]) == 2
    assert "PrometheusRule objects are printed without it" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["slo", "rules", str(good), "--out", str(good / "x")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["slo", "rules", str(good), "--out", str(tmp_path)]) == 0
    assert "slo.rules-test.yaml: syntax-checked by PyYAML" in capsys.readouterr().out
