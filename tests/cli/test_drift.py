"""What ``sre-kit drift`` prints of a rule; the whole command is tried against a live Prometheus in tests/real."""

from __future__ import annotations

import pytest

from sre_kit.cli.drift import _as_json, _print
from sre_kit.compute.operations.drift import Rule, drift


def test_rules_of_one_name_are_told_apart_by_their_labels(capsys: pytest.CaptureFixture[str]) -> None:
    """Eleven missing alerts on expiries read the same eleven times."""
    near = [
        Rule("expiries", "alerting", "ExpiryNear", "vector(1)", labels={"name": what}) for what in ("key", "domain")
    ]
    found = drift([*near, Rule("slo", "recording", "ratio", "vector(1)")], [near[0]])
    for one in found:
        _print(one)
    first, second = capsys.readouterr().out.splitlines()
    assert 'expiries, alerting ExpiryNear {name="domain"}' in first
    assert "slo, recording ratio  (" in second
    assert [_as_json(one)["labels"] for one in found] == [{"name": "domain"}, {}]
