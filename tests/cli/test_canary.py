"""``sre-kit canary``: counts in, a verdict and an exit code out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sre_kit.cli import main

SHOP = """\
project: {name: Shop, path: shop}
as_of: 2026-10-01
slos: [{name: buy, target: 99.9 %, window: 30d, good: g, total: t}]
"""
DECIDED = "operations: {canaries: [{slo: buy, share: 5 %, lasts: 1h, burn: 6, worse_by: 2}]}\n"


@pytest.fixture
def params(tmp_path: Path) -> str:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop.yaml").write_text(SHOP)
    return str(tmp_path / "shop.yaml")


@pytest.mark.parametrize(
    ("own", "baseline", "code", "word"),
    [
        ("9/9120", "131/82080", 0, "promote"),
        ("6/35", "1/301", 1, "roll back"),
        ("1/31", "0/288", 3, "not enough data"),
        ("0/0", "0/288", 3, "not enough data"),
    ],
)
def test_the_exit_code_is_the_verdict(
    params: str, capsys: pytest.CaptureFixture[str], own: str, baseline: str, code: int, word: str
) -> None:
    arguments = ["canary", "buy", "--canary", own, "--baseline", baseline, "--params", params]
    assert main(arguments) == code
    assert capsys.readouterr().out.startswith(f"{word}: buy\n")
    assert main([*arguments, "--json"]) == code
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == word and said["limits"] == {"bad_share": 0.0144, "above_baseline": 0.001}


def test_the_limits_are_those_that_were_decided(params: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(params).write_text(SHOP + DECIDED)
    assert main(["canary", "buy", "--canary", "1/31", "--baseline", "0/288", "--params", params, "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["limits"] == {"bad_share": 0.006, "above_baseline": 0.002} and said["needed"] > 31


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["buy", "--canary", "31", "--baseline", "0/1"], "for example 3/1200"),
        (["buy", "--canary", "-1/31", "--baseline", "0/1"], "for example 3/1200"),
        (["buy", "--canary", "31/1", "--baseline", "0/1"], "write the bad requests first"),
        (["bye", "--canary", "1/31", "--baseline", "0/1"], "did you mean 'buy'"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    params: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["canary", *arguments, "--params", params]) == 2
    assert said in capsys.readouterr().err
