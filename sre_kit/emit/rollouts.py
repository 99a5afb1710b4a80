"""
Argo Rollouts' AnalysisTemplate (argoproj.io/v1alpha1) for each canary: the condition that takes a release back.

Every number and query is that of the canary which the document shows. A query without an answer neither succeeds nor
fails: the analysis is inconclusive and the rollout waits for a person. Nothing is applied: the files are prepared.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import yaml

from sre_kit.compute.operations.canary import JudgedCanary
from sre_kit.compute.queries import per_second
from sre_kit.emit.kubernetes import NAME, Manifests
from sre_kit.emit.rule_groups import decimal
from sre_kit.errors import ParameterError

HEADER = """\
# Conditions under which a canary is taken back. Generated; do not edit.
# Use: a Rollout names the template in spec.strategy.canary.analysis.templates.
"""


def analysis_templates(canaries: Iterable[JudgedCanary]) -> Manifests:
    """
    One AnalysisTemplate for each canary; one without a query, a server or a name that Kubernetes takes is left out,
    with the reason.
    """
    objects, left_out = [], []
    for one in canaries:
        try:
            objects.append(_template(one))
        except ParameterError as reason:
            left_out.append(str(reason))
    content = HEADER + yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True, width=1000) if objects else ""
    return Manifests(content, tuple(left_out))


def template_name(one: JudgedCanary) -> str:
    """The name of its template."""
    return f"{one.canary.slo}-canary"


def conditions(one: JudgedCanary) -> tuple[str, str]:
    """When a measurement succeeds, and when it fails; neither without an answer or without requests."""
    limit = decimal(one.limits.budget)
    return f"len(result) > 0 && result[0] <= {limit}", f"len(result) > 0 && result[0] > {limit}"


def _template(one: JudgedCanary) -> dict[str, Any]:
    canary, name = one.canary, template_name(one)
    if one.problem:
        raise ParameterError(f"canary of {canary.slo}: {one.problem}")
    for what, text in (("name", name), ("namespace", canary.namespace)):
        if not NAME.fullmatch(text):
            raise ParameterError(
                f"canary of {canary.slo}: {what} {text!r} is no Kubernetes name; small letters, digits and '-'"
            )
    if not canary.server.startswith(("http://", "https://")):
        raise ParameterError(
            f"canary of {canary.slo}: server must be the address of Prometheus as the cluster sees it, got "
            f"{canary.server!r}; write http://prometheus.monitoring:9090"
        )
    metrics = [_bad_share(one)]
    if one.needs is not None:
        metrics.append(_enough(one, one.needs))
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name, "namespace": canary.namespace},
        "spec": {"metrics": metrics},
    }


def _bad_share(one: JudgedCanary) -> dict[str, Any]:
    succeeds, fails = conditions(one)
    count = max(1, one.canary.lasts // one.canary.every)
    return {
        "name": "bad-share",
        "interval": _length(one.canary.every),
        "count": count,
        "successCondition": succeeds,
        "failureCondition": fails,
        "failureLimit": 0,
        # a young canary has no rate yet; a person looks when half of the answers are missing
        "inconclusiveLimit": count // 2,
        "provider": {"prometheus": {"address": one.canary.server, "query": one.query}},
    }


def _enough(one: JudgedCanary, needs: int) -> dict[str, Any]:
    canary = one.canary
    seconds = canary.lasts // timedelta(seconds=1)
    query = f"{per_second(canary.total, canary.lasts)} * {seconds}"
    return {
        "name": "enough-requests",
        "initialDelay": _length(canary.lasts),
        "count": 1,
        "successCondition": f"len(result) > 0 && result[0] >= {needs}",
        "failureCondition": "false",
        "failureLimit": 0,
        "inconclusiveLimit": 0,
        "provider": {"prometheus": {"address": canary.server, "query": query}},
    }


def _length(length: timedelta) -> str:
    """
    A length of time as Go reads it, which knows no days.

    >>> _length(timedelta(days=1, minutes=30)), _length(timedelta(seconds=30))
    ('24h30m', '30s')
    """
    minutes, seconds = divmod(length // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
