"""
The rules of a Sloth specification, as Sloth makes them: same names, labels, groups and expressions.

Nothing is mended here. A team that runs Sloth gets the rules it has; the guarded form of our own objectives is
``emit.prometheus``'s. The period's ratio is the mean of the shortest window's ratios, Sloth's optimised form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sre_kit.compute.queries import WINDOW
from sre_kit.compute.slo.alerting import WORKBOOK_POLICY, BurnRateAlert
from sre_kit.compute.slo.sloth import AlertMeta, SlothSLO
from sre_kit.emit.rule_groups import (
    AlertRule,
    Objective,
    decimal,
    duration,
    groups,
    ratio_name,
    selector,
    yaml_text,
)
from sre_kit.errors import ParameterError
from sre_kit.units import target

PERIODS: Final = (timedelta(days=30), timedelta(days=28))
"""Periods that Sloth has alert windows for; another period needs windows of its own."""
HEADER: Final = """\
# Recording and alerting rules for {count} objective(s) of a Sloth specification. Generated; do not edit.
# Check: promtool check rules FILE. Load: rule_files in prometheus.yml.
"""
_MODES: Final = {"prometheus/v1": "cli-gen-prom", "sloth.slok.dev/v1": "cli-gen-k8s"}

Windows = Mapping[timedelta, Sequence[BurnRateAlert]]
"""Period of an objective -> its window pairs, the quicker of a severity first."""


def sloth_rules(slos: Sequence[SlothSLO], windows: Windows | None = None) -> str:
    """A rule file for the objectives, YAML; see `sloth_groups`."""
    found = [group for slo in slos for group in sloth_groups(slo, windows)]
    return HEADER.format(count=len(slos)) + yaml_text({"groups": found})


def sloth_groups(slo: SlothSLO, windows: Windows | None = None) -> list[dict[str, Any]]:
    """
    The groups of one objective; the alerts are left out where both are disabled.

    Raises
    ------
    ParameterError
        There are no alert windows for its period.
    """
    policy = alert_windows(slo, windows or {})
    quickest = next(one for one in policy if one.severity == "page").short_window
    pairs = {w for one in policy for w in (one.short_window, one.long_window)}
    # as Sloth has it, the period's own ratio is the mean even where an alert looks at that window too
    ratios = {window: _ratio(slo, window) for window in sorted(pairs)}
    ratios[slo.period] = _mean(identity(slo), quickest, slo.period)
    share = decimal(slo.target)
    objective = Objective(
        identity=identity(slo),
        labels=slo.labels,
        target=share,
        budget=f"1-{share}",
        period=slo.period,
        windows=tuple(ratios),
        current=quickest,
        ratios=ratios,
        info={
            "sloth_mode": _MODES[slo.spec],
            "sloth_objective": target(slo.target).removesuffix(" %"),
            "sloth_spec": slo.spec,
            "sloth_version": "sre-kit",
            **slo.info_labels,
        },
        alerts=tuple(
            _alert(slo, severity, meta, policy)
            for severity, meta in (("page", slo.page), ("ticket", slo.ticket))
            if meta is not None
        ),
    )
    return groups(objective)


def prometheus_rule_object(
    slos: Sequence[SlothSLO], metadata: Mapping[str, Any], windows: Windows | None = None
) -> str:
    """
    The same groups as a Kubernetes object, PrometheusRule of the Prometheus operator, YAML.

    `metadata` is that of the object that holds the specification: name, namespace, labels, annotations.
    """
    own = {"app.kubernetes.io/component": "SLO", "app.kubernetes.io/managed-by": "sre-kit"}
    described = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    described["labels"] = {**own, **metadata.get("labels", {})}
    if metadata.get("annotations"):
        described["annotations"] = metadata["annotations"]
    found = [group for slo in slos for group in sloth_groups(slo, windows)]
    return yaml_text(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": described,
            "spec": {"groups": found},
        }
    )


def identity(slo: SlothSLO) -> dict[str, str]:
    """The labels by which its rules find each other."""
    return {"sloth_id": slo.id, "sloth_service": slo.service, "sloth_slo": slo.name}


def alert_windows(slo: SlothSLO, windows: Windows) -> Sequence[BurnRateAlert]:
    """
    The window pairs for its period, those that are given first.

    Raises
    ------
    ParameterError
        There are none.
    """
    if slo.period in windows:
        return windows[slo.period]
    if slo.period not in PERIODS:
        raise ParameterError(
            f"SLO {slo.id!r}: no alert windows for a period of {duration(slo.period)}; there are some for "
            f"{' and '.join(map(duration, PERIODS))}, give a file with AlertWindows for another"
        )
    return WORKBOOK_POLICY


def _ratio(slo: SlothSLO, window: timedelta) -> str:
    def over(query: str) -> str:
        return WINDOW.sub(duration(window), query)

    if slo.error_ratio:
        return f"({over(slo.error_ratio)})"
    return f"({over(slo.error)})\n/\n({over(slo.total)})"


def _mean(identity: Mapping[str, str], of: timedelta, period: timedelta) -> str:
    series = f"{ratio_name(of)}{selector(identity)}[{duration(period)}]"
    return f"sum_over_time({series})\n/ ignoring (sloth_window)\ncount_over_time({series})"


def _alert(slo: SlothSLO, severity: str, meta: AlertMeta, policy: Sequence[BurnRateAlert]) -> AlertRule:
    about = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is"
    budget = decimal(1 - slo.target)
    return AlertRule(
        name=meta.name,
        labels={"sloth_severity": severity, **meta.labels},
        annotations={
            "summary": f"{about} over expected.",
            "title": f"({severity}) {about} too fast.",
            **meta.annotations,
        },
        pairs=tuple(
            (one.short_window, one.long_window, f"({decimal(one.factor(slo.period))} * {budget})")
            for one in policy
            if one.severity == severity
        ),
    )
