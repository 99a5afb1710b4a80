"""Kubernetes files: the numbers of the plan, and nothing that Kubernetes refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
import yaml

from sre_kit.compute.capacity.plan import Scaling
from sre_kit.emit.kubernetes import autoscalers, disruption_budgets

WEB = Scaling(
    "checkout",
    "horizontal",
    metric="cpu",
    threshold=Fraction(7, 10),
    minimum=4,
    maximum=9,
    cool_down=timedelta(minutes=3),
    stabilisation=timedelta(minutes=10),
    min_available=3,
    namespace="shop",
)


def test_an_autoscaler_has_the_numbers_of_the_plan() -> None:
    (made,) = yaml.safe_load_all(autoscalers([WEB]).content)
    assert made["apiVersion"] == "autoscaling/v2" and made["kind"] == "HorizontalPodAutoscaler"
    assert made["metadata"] == {"name": "checkout", "namespace": "shop"}
    spec = made["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (4, 9)
    assert spec["metrics"][0]["resource"] == {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 70},
    }
    windows = {way: rule["stabilizationWindowSeconds"] for way, rule in spec["behavior"].items()}
    assert windows == {"scaleUp": 180, "scaleDown": 600}


def test_only_what_scales_horizontally_on_cpu_or_memory_gets_an_autoscaler() -> None:
    others = [
        replace(WEB, direction="vertical"),
        replace(WEB, direction="none"),
        replace(WEB, metric="queue length"),
        replace(WEB, namespace=""),
    ]
    assert autoscalers(others) == ("", ())
    assert len(list(yaml.safe_load_all(autoscalers([WEB, replace(WEB, component="search")]).content))) == 2


def test_a_disruption_budget_leaves_what_was_asked() -> None:
    (made,) = yaml.safe_load_all(disruption_budgets([WEB, replace(WEB, min_available=None)]).content)
    assert made["apiVersion"] == "policy/v1"
    assert made["spec"] == {"minAvailable": 3, "selector": {"matchLabels": {"app": "checkout"}}}
    assert disruption_budgets([]) == ("", ())


@pytest.mark.parametrize("least", [4, 5, -1])
def test_a_budget_that_would_block_every_drain_is_left_out(least: int) -> None:
    content, (why,) = disruption_budgets([replace(WEB, min_available=least)])
    assert content == "" and "no node can be drained" in why


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"component": "Check Out"}, "no Kubernetes name"),
        ({"component": "x: {evil: 1}"}, "no Kubernetes name"),
        ({"component": "a" * 64}, "no Kubernetes name"),
        ({"namespace": "Shop"}, "no Kubernetes name"),
        ({"threshold": None}, "a threshold is needed"),
        ({"threshold": Fraction(701, 1000)}, "whole percent, got 70.1 %"),
        ({"minimum": 0}, "1 <= minimum <= maximum"),
        ({"minimum": 10}, "got 10 and 9"),
        ({"cool_down": timedelta(hours=2)}, "0 to 3600 seconds is allowed, got 7200"),
    ],
)
def test_what_kubernetes_refuses_is_left_out_with_its_reason(change: dict[str, object], words: str) -> None:
    content, (why,) = autoscalers([replace(WEB, **change), WEB])  # type: ignore[arg-type]
    assert words in why
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(content)] == ["checkout"]
