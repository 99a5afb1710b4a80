"""The generated dashboard: every objective's budget, every service's four golden signals, queries that parse."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from fractions import Fraction
from typing import Any

import promql_parser as promql
import pytest

from sre_kit.compute.capacity.plan import Resource
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY
from sre_kit.compute.slo.objectives import SLO
from sre_kit.emit.grafana import SIGNALS, grafana_dashboard
from sre_kit.emit.prometheus import rule_groups
from sre_kit.render.validate import claims


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
    slo("api-fast", "0.95", total="", bad="", kind="latency", histogram='d{job="api"}', threshold=timedelta(seconds=1)),
    slo("web-fast", "0.9", service="web", kind="latency", window=timedelta(days=28), threshold=timedelta(seconds=2)),
    slo("web-month", "0.99", service="web", calendar="month"),
    slo("queue-short", "0.99", service="queue", total="", bad="", gauge="queue_length", at_most=100.0),
    slo("closed", "0.99", service='b"l', total="sum(rate(x[5m]))", bad="y"),
]
RESOURCES = [
    Resource("api CPU", "api", 'cpu{pod=~"api.*"}', 1.0),
    Resource("web disk", "web", "disk_bytes", 2e9),
    Resource("ledger", "ledger", "x", 1.0),
]


def panels(*slos: SLO) -> list[dict[str, Any]]:
    return list(json.loads(grafana_dashboard(slos or SHOP, RESOURCES))["panels"])


def expressions(some: list[dict[str, Any]]) -> list[str]:
    return [one["expr"] for panel in some for one in panel.get("targets", [])]


def test_it_is_what_our_schema_of_a_dashboard_says_and_the_claim_says_so() -> None:
    claim = claims({"a.dashboard.json": grafana_dashboard(SHOP, RESOURCES)})["a.dashboard.json"]
    assert (claim.level, claim.problem) == ("schema-validated", "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"type": "stat"', '"type": "gauge"', "'gauge' is not one of"),
        ('"expr": "', '"exp": "', "'expr' is a required property"),
        ('"w": 24', '"w": 25', "25 is greater than the maximum of 24"),
        ('"uid": "sre-kit-service-levels"', '"uid": ""', "does not match"),
        ('"panels": [', '"panles": [', "'panels' is a required property"),
    ],
)
def test_what_breaks_a_dashboard_is_named(old: str, new: str, said: str) -> None:
    text = grafana_dashboard(SHOP, RESOURCES)
    assert old in text
    claim = claims({"a.dashboard.json": text.replace(old, new)})["a.dashboard.json"]
    assert claim.level == "unchecked"
    assert said in claim.problem


def test_every_query_parses() -> None:
    found = expressions(panels())
    assert len(found) > 20
    for expression in found:
        promql.parse(expression)


def test_every_service_has_the_four_golden_signals_or_says_what_is_missing() -> None:
    found = panels()
    for service in ("api", "web", "queue", 'b"l'):
        row = next(n for n, one in enumerate(found) if one["title"] == f"{service}: golden signals")
        assert tuple(one["title"] for one in found[row + 1 : row + 5]) == SIGNALS
    by_title = [one for one in found if one["type"] == "text"]
    assert "**Not known:** a query for the saturation of queue (params: capacity.resources)." in [
        one["options"]["content"] for one in by_title
    ]


def test_every_objective_shows_its_budget_its_measure_and_its_burn_rate() -> None:
    found = panels()
    for one in SHOP[:-1]:
        row = next(n for n, panel in enumerate(found) if panel["title"].startswith(f"{one.name}: "))
        assert [panel["title"].split(" over ")[0] for panel in found[row + 1 : row + 5]] == [
            "Error budget left", "Measured", "Burn rate", "Error budget left",
        ]  # fmt: skip
    assert "No rules are generated for closed" in found[-1]["options"]["content"]


def test_the_series_it_reads_are_those_that_the_rules_record() -> None:
    recorded = {
        rule["record"] for one in SHOP[:-1] for group in rule_groups(one) for rule in group["rules"] if "record" in rule
    }
    read = {
        word for text in expressions(panels()) for word in text.replace("{", " ").split() if word.startswith("slo:")
    }
    assert read <= recorded
    assert {"slo:period_error_budget_remaining:ratio", "slo:sli_error:ratio_rate4w"} <= read


def test_the_lines_in_the_burn_rate_are_where_alerts_begin() -> None:
    burn = next(one for one in panels(slo(window=timedelta(days=28))) if one["title"] == "Burn rate")
    steps = burn["fieldConfig"]["defaults"]["thresholds"]["steps"]
    factors = sorted(float(pair.factor(timedelta(days=28))) for pair in WORKBOOK_POLICY)
    assert [step["value"] for step in steps] == [None, *factors]
    assert [step["color"] for step in steps[1:]] == ["orange", "orange", "red", "red"]


def test_latency_is_quantiles_where_there_is_a_histogram() -> None:
    found = next(one for one in panels(SHOP[1]) if one["title"] == "Latency")
    assert [one["legendFormat"] for one in found["targets"]] == ["p50", "p95", "p99"]
    assert found["targets"][1]["expr"] == 'histogram_quantile(0.95, sum by (le) (rate(d_bucket{job="api"}[5m])))'


def test_panels_do_not_overlap_and_have_different_numbers() -> None:
    found = panels()
    taken: set[tuple[int, int]] = set()
    for one in found:
        at = one["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert [one["id"] for one in found] == list(range(1, len(found) + 1))


def test_the_same_objectives_give_the_same_bytes() -> None:
    random.seed(5)
    assert grafana_dashboard(SHOP, RESOURCES) == grafana_dashboard(list(SHOP), tuple(RESOURCES))


def test_without_objectives_there_is_nothing_to_load() -> None:
    assert claims({"a.dashboard.json": grafana_dashboard([])})["a.dashboard.json"].problem
