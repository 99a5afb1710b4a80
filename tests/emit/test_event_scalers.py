"""What is generated for the cluster: event scalers, validity, and the same numbers as the plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml

import sre_kit.render
from sre_kit.compute.capacity.exhaustion import Outlook, outlook
from sre_kit.compute.capacity.plan import CapacityPlan, Resource, Scaling
from sre_kit.compute.vocabulary import Reading
from sre_kit.emit.dashboards import capacity_dashboard
from sre_kit.emit.kubernetes import autoscalers, disruption_budgets, event_scalers

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
WEB = Scaling(
    "web",
    "horizontal",
    metric="cpu",
    threshold=Fraction(7, 10),
    minimum=3,
    maximum=9,
    min_available=2,
    namespace="shop",
)
MAIL = Scaling(
    "mail", "horizontal", metric="mails", query='sum(queue{name="mails"})', per_replica=50, minimum=2, maximum=6,
    server="http://prometheus.monitoring:9090", stabilisation=timedelta(minutes=10), namespace="shop",
)  # fmt: skip


@pytest.fixture
def capacity_outlook() -> Outlook:
    """A disk of 2 TB that fills within the horizon."""
    values = 1.0 + 0.005 * np.arange(150) + 0.002 * np.random.default_rng(1).standard_normal(150)
    index = pd.date_range(AS_OF - timedelta(days=150), periods=150, freq="1D", name="time")
    series = pd.Series(values, index=index)
    reading = Reading("disk", series, "disk_used", "test", index[0].to_pydatetime(), AS_OF, timedelta(days=1))
    disk = Resource("disk", "db", "disk_used", 2.0, trigger=Fraction(8, 10), kind="disk")
    return outlook(disk, reading, CapacityPlan(horizon=timedelta(days=60)), AS_OF)


def schema(name: str) -> dict[str, object]:
    path = Path(sre_kit.render.__file__).parent / "schemas" / f"{name}.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("content", [autoscalers([WEB]).content, disruption_budgets([WEB]).content])
def test_the_core_kinds_are_valid_by_the_cluster_s_own_schemas(content: str) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    for one in yaml.safe_load_all(content):
        validator.validate(one, "1.29", strict=True)
        broken = {**one, "spec": {**one["spec"], "replicaz": 1}}
        with pytest.raises(validator.ValidationError):
            validator.validate(broken, "1.29", strict=True)


@pytest.mark.parametrize(
    "content", [autoscalers([WEB]).content, disruption_budgets([WEB]).content, event_scalers([MAIL]).content]
)
def test_every_kind_is_valid_by_our_schema_and_a_missing_limit_is_not(content: str) -> None:
    for one in yaml.safe_load_all(content):
        jsonschema.validate(one, schema("kubernetes"))
        for field in list(one["spec"]):
            if field not in ("advanced", "pollingInterval", "cooldownPeriod"):
                short = {**one, "spec": {k: v for k, v in one["spec"].items() if k != field}}
                with pytest.raises(jsonschema.ValidationError):
                    jsonschema.validate(short, schema("kubernetes"))


def test_an_event_scaler_has_the_plan_s_numbers() -> None:
    (made,) = yaml.safe_load_all(event_scalers([MAIL, WEB]).content)
    spec = made["spec"]
    assert (made["kind"], made["metadata"]["name"]) == ("ScaledObject", "mail")
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["cooldownPeriod"]) == (2, 6, 600)
    (trigger,) = spec["triggers"]
    assert trigger["metadata"] == {
        "serverAddress": "http://prometheus.monitoring:9090",
        "query": 'sum(queue{name="mails"})',
        "threshold": "50",
    }
    behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 600


def test_cpu_is_left_to_the_autoscaler_and_a_metric_without_a_query_to_nobody() -> None:
    assert event_scalers([WEB, replace(MAIL, query="")]) == ("", ())
    assert autoscalers([MAIL]) == ("", ())


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(MAIL, per_replica=None), "per_replica"),
        (replace(MAIL, per_replica=0.0), "above 0"),
        (replace(MAIL, server=""), "server"),
        (replace(MAIL, query="sum("), "PromQL"),
        (replace(MAIL, minimum=9), "minimum <= maximum"),
    ],
)
def test_an_event_scaler_that_could_not_work_is_left_out_with_the_reason(broken: Scaling, said: str) -> None:
    content, (reason,) = event_scalers([broken])
    assert content == "" and said in reason


def test_two_scalers_of_one_component_would_fight_and_the_second_is_left_out() -> None:
    content, (reason,) = event_scalers([WEB, replace(MAIL, component="web")])
    assert content == "" and "web has an autoscaler of its own" in reason


def test_the_dashboard_has_the_trigger_the_limit_and_the_maximum_and_is_valid(capacity_outlook: Outlook) -> None:
    one = capacity_outlook
    made = json.loads(capacity_dashboard([one], [WEB]))
    jsonschema.validate(made, schema("dashboard"))
    panels = {panel["title"]: panel for panel in made["panels"]}
    lines = panels["disk, share of the limit"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [line["value"] for line in lines] == [None, 0.8, 1.0]
    assert panels["disk, share of the limit"]["targets"][0]["expr"] == "(disk_used) / 2"
    assert one.exhaustion is not None
    dates = panels["disk: when"]["options"]["content"]
    assert f"Order by {one.exhaustion.order_by}" in dates and f"P50 {one.exhaustion.p50} d" in dates
    replicas = panels["web: replicas, at most 9"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert replicas[-1]["value"] == 9.0


def test_a_resource_without_promql_is_a_panel_that_says_so(capacity_outlook: Outlook) -> None:
    one = replace(capacity_outlook, resource=Resource("disk", "db", "not promql {", 2.0))
    assert "Not known" in capacity_dashboard([one], [])
    assert "Not known" in capacity_dashboard([], [])
