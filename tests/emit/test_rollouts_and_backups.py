"""Conditions for Argo Rollouts and alerts on backups: the numbers of the document, in files that their tools take."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from sre_kit import emit
from sre_kit.compute.operations.canary import judged_canaries
from sre_kit.compute.operations.freshness import watched_backups
from sre_kit.compute.operations.plan import Backup, OperationsPlan
from sre_kit.compute.operations.recovery import recoverables
from sre_kit.render.validate import claims
from sre_kit.show.operations import canaries as shown
from sre_kit.show.operations.change import flight_checks
from tests.compute.test_canaries import SLOW, canary
from tests.conftest import PrometheusBinaries

PLACE = {"namespace": "shop", "server": "http://prometheus:9090"}
HOUR = timedelta(hours=1)


def judged(**given: object) -> list[Any]:
    return judged_canaries([canary(**{**PLACE, **given})], [SLOW])


@pytest.mark.parametrize("burn", [14.4, 6.0, 1.0])
@pytest.mark.parametrize("target", [Fraction(999, 1000), Fraction(99, 100), Fraction("0.99995")])
def test_the_condition_of_the_file_is_the_one_of_the_document(burn: float, target: Fraction) -> None:
    ones = judged_canaries([canary(burn=burn, **PLACE)], [replace(SLOW, target=target)])
    (template,) = yaml.safe_load_all(emit.analysis_templates(ones).content)
    metric = template["spec"]["metrics"][0]
    fails, succeeds = (
        re.fullmatch(rf"len\(result\) > 0 && result\[0\] {sign} (\S+)", metric[name])
        for name, sign in (("failureCondition", ">"), ("successCondition", "<="))
    )
    assert fails and succeeds and fails[1] == succeeds[1], "every answer succeeds or fails, no answer does neither"
    limit = Fraction(str(burn)) * (1 - target)
    assert float(fails[1]) == float(limit)
    query = metric["provider"]["prometheus"]["query"]
    promql_parser.parse(query)
    table = flight_checks(OperationsPlan(), ones)
    ((_, _, how, expected, taken),) = table.rows
    assert how.text == query  # type: ignore[union-attr]
    assert str(expected).startswith(f"at most {float(limit):g} ") and str(taken) == "prepared: analysis-templates.yaml"


def test_the_file_is_checked_by_a_schema_that_refuses_what_argo_would() -> None:
    content = emit.analysis_templates(judged()).content
    good = claims({"analysis-templates.yaml": content})["analysis-templates.yaml"]
    assert good.level == "schema-validated" and not good.problem
    for old, new in (
        ("count:", "counts:"),
        ("prometheus:", "prometeus:"),
        ("result[0] >", "result >"),
        ("kind: A", "kind: B"),
    ):
        assert old in content
        assert claims({"analysis-templates.yaml": content.replace(old, new, 1)})["analysis-templates.yaml"].problem, new


@pytest.mark.parametrize(
    ("requests", "errors", "share"),
    [
        ("0+60x10", "0+6x10", 0.1),
        ("0+60x10", "", 0.0),
        ("0+60x10", "0+0x10", 0.0),
        ("0+0x10", "", None),
        ("", "", None),
    ],
)
def test_no_error_is_none_and_no_request_is_no_answer(
    tmp_path: Path, prometheus_binaries: PrometheusBinaries, requests: str, errors: str, share: float | None
) -> None:
    """Asked of promtool: a perfect canary, whose errors have no series, passes; a silent one does not."""
    (one,) = judged()
    series = {'r{track="canary",code="200"}': requests, 'r{track="canary",code="500"}': errors}
    if requests and errors:  # the total counts the errors too
        series['r{track="canary",code="200"}'] = "0+54x10" if errors == "0+6x10" else requests
    question = {
        "expr": one.query,
        "eval_time": "10m",
        "exp_samples": [] if share is None else [{"labels": "{}", "value": share}],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items() if values],
        "promql_expr_test": [question],
    }
    (tmp_path / "t.yaml").write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [test]}))
    command = [prometheus_binaries.promtool, "test", "rules", str(tmp_path / "t.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_canary_of_days_waits_in_hours_because_go_knows_no_days() -> None:
    ones = judged(lasts=timedelta(days=2), every=timedelta(hours=1))
    content = emit.analysis_templates([replace(ones[0], needs=7)]).content
    assert not claims({"analysis-templates.yaml": content})["analysis-templates.yaml"].problem
    (template,) = yaml.safe_load_all(content)
    share, enough = template["spec"]["metrics"]
    assert (share["interval"], share["count"], enough["initialDelay"]) == ("1h", 48, "48h")
    assert enough["provider"]["prometheus"]["query"].endswith("[2d])) * 172800")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"namespace": ""}, "no Kubernetes name"),
        ({"server": "prometheus:9090"}, "the address of Prometheus"),
        ({"bad": ""}, "no query counts"),
    ],
)
def test_a_canary_that_no_file_can_be_made_of_is_left_out_with_the_reason(given: dict[str, str], said: str) -> None:
    made = emit.analysis_templates(judged(**given))
    assert not made.content and said in made.left_out[0]
    assert said in shown.analysis_file(made, judged(**given)).markdown()


def test_without_canaries_nothing_is_generated_and_somebody_is_asked() -> None:
    assert "so no condition is generated" in shown.analysis_file(emit.analysis_templates([]), []).markdown()
    assert shown.canary_limits([]).machine()["gaps"]
    assert "nothing to draw" in shown.plot_canaries([]).markdown()


def store(name: str, **given: Any) -> Any:
    return recoverables([], [Backup(name, **{"every": HOUR, "takes": HOUR / 4, **given})])


def test_a_backup_is_too_old_after_its_rpo_else_after_one_and_a_half_intervals() -> None:
    query = "backup_seconds"
    (by_rpo,), _ = watched_backups(store("db", rpo=2 * HOUR, last_success_query=query))
    assert (by_rpo.after, by_rpo.alert, by_rpo.silent_alert) == (2 * HOUR, "DbBackupStale", "DbBackupAgeMissing")
    assert not by_rpo.always
    (short,), _ = watched_backups(store("db", rpo=HOUR, last_success_query=query))
    assert short.after == HOUR and "may be 1 h 15 min old" in short.always
    (logged,), _ = watched_backups(store("db", rpo=HOUR, log_every=HOUR / 12, last_success_query=query))
    assert not logged.always, "the log is shipped in between"
    (without,), _ = watched_backups(store("db", last_success_query=query))
    assert without.after == timedelta(minutes=105)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no query gives"),
        ({"last_success_query": "max("}, "is no PromQL"),
        ({"last_success_query": "x", "every": None, "method": "by hand"}, "no age is too old"),
        ({"last_success_query": "x", "every": timedelta(0)}, "no age is too old"),
    ],
)
def test_a_store_that_cannot_be_watched_is_named_with_the_reason(given: dict[str, Any], said: str) -> None:
    watched, unwatched = watched_backups(store("db", **given))
    assert not watched and said in unwatched[0].why


def test_what_is_rebuilt_or_may_be_lost_is_not_watched() -> None:
    assert watched_backups(store("a", every=None, method="none")) == ([], [])
    assert watched_backups(store("a", loss_accepted="by Ada")) == ([], [])
    assert emit.backup_rules([]) == ""


def test_the_alerts_fire_in_promtool_and_a_wrong_age_does_not_pass(prometheus_binaries: PrometheusBinaries) -> None:
    selectors = ('b_seconds{store="db",what="wal"}', 'kube_time{job=~"a|b"}', "plain", "max(more)")
    stores = [
        one for n, q in enumerate(selectors) for one in store(f"db-{n}", rpo=(n + 2) * HOUR, last_success_query=q)
    ]
    watched, _ = watched_backups(stores)
    rules, tests = emit.backup_rules(watched), emit.backup_rule_tests(watched, "backups.rules.yaml")
    files = {"backups.rules.yaml": rules, "backups.rules-test.yaml": tests}
    assert {name: (claim.level, claim.problem) for name, claim in claims(files).items()} == {
        "backups.rules.yaml": ("tool-validated", ""),
        "backups.rules-test.yaml": ("executed", ""),
    }
    assert "db-3: no test, its query is more than one selector" in tests
    files["backups.rules.yaml"] = rules.replace("> 7200", "> 7260")
    assert claims(files)["backups.rules-test.yaml"].problem
    files["backups.rules.yaml"] = rules.replace("for: 30m", "for: 25m", 1)
    assert claims(files)["backups.rules-test.yaml"].problem
