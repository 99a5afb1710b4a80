"""Drift against a real Prometheus: its rules, in its words, are what our files declare, until somebody edits them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from sre_kit import emit
from sre_kit.cli import main
from sre_kit.compute.operations.drift import Rule, drift
from sre_kit.compute.operations.freshness import watched_backups
from sre_kit.compute.operations.plan import Backup
from sre_kit.compute.operations.recovery import recoverables
from sre_kit.compute.queries import canonical
from sre_kit.compute.slo.objectives import SLO
from sre_kit.errors import ParameterError, SourceError
from sre_kit.load.rules import declared_rules, loaded_rules
from tests.conftest import PrometheusBinaries
from tests.load.test_metrics_prometheus import Pretended, answered
from tests.real.test_prometheus_live import running

HOUR = timedelta(hours=1)
BUY = SLO(
    name="buy", target=Fraction(999, 1000), window=timedelta(days=30), service="shop",
    total='http_requests_total{job="shop"}', good='http_requests_total{job="shop",code!~"5.."}',
)  # fmt: skip


def edited(text: str) -> str:
    """One expression, one wait and one annotation changed, one rule lost, one added."""
    content = yaml.safe_load(text)
    rules = content["groups"][0]["rules"]
    rules[0]["expr"] = rules[0]["expr"].replace("7200", "9000")
    rules[1]["for"] = "1h"
    rules[2]["annotations"]["summary"] = "It is fine"
    del rules[3]
    rules.append({"alert": "ByHand", "expr": "vector(1)"})
    return yaml.safe_dump(content)


@pytest.mark.slow
def test_rules_are_the_declared_ones_until_somebody_edits_them(
    tmp_path: Path, prometheus_binaries: PrometheusBinaries, capsys: pytest.CaptureFixture[str]
) -> None:
    stores = [
        one
        for name in ("orders", "books")
        for one in recoverables(
            [], [Backup(name, every=HOUR, rpo=2 * HOUR, last_success_query=f'saved{{db="{name}"}}')]
        )
    ]
    artifacts = tmp_path / "shop" / "docs" / "SRE" / "artifacts"
    artifacts.mkdir(parents=True)
    (artifacts / "slo.rules.yaml").write_text(emit.prometheus_rules([BUY]))
    (artifacts / "slo-data.rules.yaml").write_text(emit.data_rules([BUY]))
    backups = emit.backup_rules(watched_backups(stores)[0])
    (artifacts / "backups.rules.yaml").write_text(backups)
    own = tmp_path / "prometheus"
    own.mkdir()
    config = f"rule_files: ['{artifacts}/slo*.yaml', '{own}/backups.yaml']\n"
    params = tmp_path / "shop.yaml"

    def drifted(text: str) -> tuple[int, Any]:
        (own / "backups.yaml").write_text(text)
        with running(prometheus_binaries, own, config) as url:
            params.write_text(f"project: {{name: Shop, path: shop}}\nsource: {{url: 'prometheus+{url}'}}\n")
            code = main(["drift", "--params", str(params), "--json"])
        return code, json.loads(capsys.readouterr().out)

    code, said = drifted(backups)
    assert (code, said["drift"]) == (0, [])
    assert said["declared"] == said["loaded"] > 20
    code, said = drifted(edited(backups))
    assert code == 5
    assert [(one["what"], one["name"], one["parts"]) for one in said["drift"]] == [
        ("differs", "OrdersBackupStale", ["expression"]),
        ("differs", "OrdersBackupAgeMissing", ["for"]),
        ("differs", "BooksBackupStale", ["annotations"]),
        ("missing", "BooksBackupAgeMissing", []),
        ("not declared", "ByHand", []),
    ]
    assert main(["drift", "--params", str(params)]) == 3, "it is gone now"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("up", "up offset 5m"),
        ("up", "up @ 5"),
        ("a > b", "a > bool b"),
        ("a / on(x) b", "a / on(y) b"),
        ("a * on(x) group_left b", "a * on(x) group_left(y) b"),
        ("sum by (x) (a)", "sum without (x) (a)"),
        ('a{x="1"}', 'a{x=~"1"}'),
        ("rate(a[5m])", "rate(a[5m:1m])"),
        ("a + b * c", "(a + b) * c"),
        ("a > 0.0144", "a > 0.0145"),
    ],
)
def test_expressions_that_mean_something_else_are_not_taken_for_equal(a: str, b: str) -> None:
    assert canonical(a) != canonical(b)
    assert canonical(canonical(a)) == canonical(a)


def test_a_recording_of_the_same_name_is_held_against_the_one_that_differs_least() -> None:
    ones = [Rule("g", "recording", "r", "up", labels={"window": w}) for w in ("5m", "1h")]
    assert drift(ones, list(reversed(ones))) == []
    changed = [ones[0], replace(ones[1], expression="down")]
    (found,) = drift(ones, changed)
    assert (found.what, found.parts, found.rule) == ("differs", ("expression",), ones[1])
    assert drift(ones, [*ones, replace(ones[0], group="another")]) == [], "somebody else's group"


def test_what_is_no_rule_file_or_no_answer_of_rules_is_refused(tmp_path: Path) -> None:
    for text, said in (
        ("groups: x", "groups are missing"),
        ("{", "no YAML"),
        ("groups: [{name: g, rules: [1]}]", "not as rules are"),
    ):
        (tmp_path / "r.yaml").write_text(text)
        with pytest.raises(ParameterError, match=said):
            declared_rules([tmp_path / "r.yaml"])
    with pytest.raises(ParameterError, match="cannot be read"):
        declared_rules([tmp_path / "none.yaml"])
    for data in ({}, {"groups": [{"name": "g", "rules": [{"type": "alerting"}]}]}):
        with pytest.raises(SourceError, match="unusable answer"):
            loaded_rules(Pretended(reply=answered({"status": "success", "data": data})))


def test_a_source_without_rules_is_refused_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop.yaml").write_text("project: {name: Shop, path: shop}\nsource: {url: 'demo:'}\n")
    assert main(["drift", "--params", str(tmp_path / "shop.yaml")]) == 2
    assert "prometheus+http://HOST:PORT" in capsys.readouterr().err
    (tmp_path / "shop.yaml").write_text(
        "project: {name: Shop, path: shop}\nsource: {url: 'prometheus+http://127.0.0.1:9'}\n"
    )
    assert main(["drift", "--params", str(tmp_path / "shop.yaml")]) == 2
    assert "render first" in capsys.readouterr().err
