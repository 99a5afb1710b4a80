"""
Kubernetes objects for what CapacityPlanning decided: HorizontalPodAutoscaler (autoscaling/v2), PodDisruptionBudget, and
KEDA's ScaledObject (https://keda.sh/docs/latest/reference/scaledobject-spec/) for what scales on another metric.

Every number comes from the same `Scaling` that the document shows. Nothing is applied: the files are prepared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, NamedTuple

import yaml

from sre_kit.compute.capacity.plan import Scaling
from sre_kit.compute.queries import query_problem
from sre_kit.errors import ParameterError

NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_RESOURCES: Final = ("cpu", "memory")
_LONGEST: Final = 3600
"""Seconds a stabilisation window may have (autoscaling/v2)."""


class Manifests(NamedTuple):
    """A file's content, empty where there is nothing to scale, and why components are left out of it."""

    content: str
    left_out: tuple[str, ...]


def autoscalers(scaling: Iterable[Scaling]) -> Manifests:
    """
    One HorizontalPodAutoscaler for each component that scales horizontally on CPU or memory.

    A component without a namespace gets none: what documents alone say of it does not place it. One with a name, a
    count, a threshold or a window that Kubernetes refuses is left out, with the reason.
    """
    return _manifests(
        (one for one in scaling if one.direction == "horizontal" and one.metric in _RESOURCES and one.namespace),
        _autoscaler,
    )


def event_scalers(scaling: Iterable[Scaling]) -> Manifests:
    """
    One KEDA ScaledObject for each component that scales horizontally on a metric of its own.

    One without an amount per replica or a server, with a query that is no PromQL, or that has an autoscaler already, is
    left out, with the reason.
    """
    every = [one for one in scaling if one.direction == "horizontal" and one.namespace]
    steered = {one.component for one in every if one.metric in _RESOURCES}
    return _manifests(
        (one for one in every if one.query and one.metric not in _RESOURCES),
        lambda one: _scaled_object(one, steered),
    )


def disruption_budgets(scaling: Iterable[Scaling]) -> Manifests:
    """
    One PodDisruptionBudget for each component that says how many replicas a drained node must leave.

    One whose `min_available` is not below the fewest replicas is left out, with the reason: no node could be drained.
    """
    return _manifests((one for one in scaling if one.min_available is not None), _disruption_budget)


def _autoscaler(one: Scaling) -> dict[str, Any]:
    _check(one)
    if one.threshold is None:
        raise ParameterError(f"scaling of {one.component}: a threshold is needed to scale on {one.metric}; write 70 %")
    percent = one.threshold * 100
    if percent.denominator != 1:
        raise ParameterError(
            f"scaling of {one.component}: Kubernetes takes whole percent, got {float(percent):g} %; round the threshold"
        )
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": one.component, "namespace": one.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": one.component},
            "minReplicas": one.minimum,
            "maxReplicas": one.maximum,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": one.metric,
                        "target": {"type": "Utilization", "averageUtilization": percent.numerator},
                    },
                }
            ],
            "behavior": _behaviour(one),
        },
    }


def _behaviour(one: Scaling) -> dict[str, Any]:
    return {
        "scaleUp": {"stabilizationWindowSeconds": _seconds(one, one.cool_down)},
        "scaleDown": {"stabilizationWindowSeconds": _seconds(one, one.stabilisation)},
    }


def _scaled_object(one: Scaling, steered: set[str]) -> dict[str, Any]:
    _check(one)
    if one.component in steered:
        raise ParameterError(
            f"scaling of {one.component}: {one.component} has an autoscaler of its own; two would fight, keep one"
        )
    if one.per_replica is None or one.per_replica <= 0:
        raise ParameterError(
            f"scaling of {one.component}: per_replica, what one replica copes with of {one.metric}, must be above 0, "
            f"got {one.per_replica}"
        )
    if problem := query_problem(one.query):
        raise ParameterError(f"scaling of {one.component}: {one.query!r} is no PromQL: {problem}")
    if not one.server.startswith(("http://", "https://")):
        raise ParameterError(
            f"scaling of {one.component}: server must be the address of Prometheus as the cluster sees it, got "
            f"{one.server!r}; write http://prometheus.monitoring:9090"
        )
    trigger = {"serverAddress": one.server, "query": one.query, "threshold": f"{one.per_replica:g}"}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": one.component, "namespace": one.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": one.component},
            "minReplicaCount": one.minimum,
            "maxReplicaCount": one.maximum,
            "cooldownPeriod": _seconds(one, one.stabilisation),
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behaviour(one)}},
            "triggers": [{"type": "prometheus", "metricType": "AverageValue", "metadata": trigger}],
        },
    }


def _disruption_budget(one: Scaling) -> dict[str, Any]:
    _check(one)
    if one.min_available is None or not 0 <= one.min_available < one.minimum:
        raise ParameterError(
            f"disruption budget of {one.component}: min_available {one.min_available} must lie below the fewest "
            f"replicas, {one.minimum}; else no node can be drained"
        )
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": one.component, "namespace": one.namespace},
        "spec": {"minAvailable": one.min_available, "selector": {"matchLabels": {"app": one.component}}},
    }


def _check(one: Scaling) -> None:
    for what, name in (("component", one.component), ("namespace", one.namespace)):
        if not NAME.fullmatch(name):
            raise ParameterError(
                f"scaling: {what} {name!r} is no Kubernetes name; small letters, digits and '-', at most 63"
            )
    if not 1 <= one.minimum <= one.maximum:
        raise ParameterError(
            f"scaling of {one.component}: 1 <= minimum <= maximum is needed, got {one.minimum} and {one.maximum}"
        )


def _seconds(one: Scaling, window: timedelta) -> int:
    seconds = round(window.total_seconds())
    if not 0 <= seconds <= _LONGEST:
        raise ParameterError(
            f"scaling of {one.component}: a window of 0 to {_LONGEST} seconds is allowed, got {seconds}"
        )
    return seconds


def _manifests(scaling: Iterable[Scaling], made: Callable[[Scaling], dict[str, Any]]) -> Manifests:
    objects, left_out = [], []
    for one in scaling:
        try:
            objects.append(made(one))
        except ParameterError as reason:
            left_out.append(str(reason))
    content = yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True) if objects else ""
    return Manifests(content, tuple(left_out))
