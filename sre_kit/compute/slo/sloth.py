"""
An objective as a Sloth specification states it: all that its Prometheus rules are made from.

Labels and annotations are text that the team's alert routing relies on; they pass through unchanged.
https://sloth.dev/specs/default/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from sre_kit.compute.queries import matchers, sides
from sre_kit.compute.slo.objectives import SLO

PERIOD: Final = timedelta(days=30)
"""The period of an objective unless its user asks for another: a specification does not name one."""


@dataclass(frozen=True, slots=True)
class AlertMeta:
    """Name, labels and annotations of one alert: those of the objective's alerting and of the severity together."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlothSLO:
    """
    One objective: `target` is a ratio (the file says percent), `page` and `ticket` are missing where disabled.

    Its indicator is `error` of `total` events, or `error_ratio` alone; each query has ``{{.window}}`` in place of
    its window.
    """

    service: str
    name: str
    target: Fraction
    error: str = ""
    total: str = ""
    error_ratio: str = ""
    period: timedelta = PERIOD
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    info_labels: Mapping[str, str] = field(default_factory=dict)
    page: AlertMeta | None = None
    ticket: AlertMeta | None = None
    spec: str = "prometheus/v1"

    @property
    def id(self) -> str:
        """``<service>-<name>``, the label ``sloth_id`` of its rules."""
        return f"{self.service}-{self.name}"


def taken_apart(slo: SlothSLO) -> SLO:
    """
    The objective in our words, its error query resolved to the counters in it where it is a difference or a quotient.

    Events that failed may be written as all but the good ones, a ratio as failed / all or as 1 - good / all.
    """
    given: dict[str, Any] = {"name": slo.id, "target": slo.target, "service": slo.service, "window": slo.period}
    if not slo.error_ratio:
        return SLO(**given, total=slo.total, **_part(slo.error, slo.total))
    if division := sides(slo.error_ratio, "/"):
        return SLO(**given, total=division[1], **_part(division[0], division[1]))
    if (rest := sides(slo.error_ratio, "-")) and rest[0] in ("1", "1.0") and (division := sides(rest[1], "/")):
        return SLO(**given, total=division[1], good=division[0])
    return SLO(**given, ratio=slo.error_ratio)


def _part(error: str, total: str) -> dict[str, Any]:
    """The query of the bad events, or that of the good ones where the bad are the total without them."""
    rest = sides(error, "-")
    if rest and matchers(rest[0]) is not None and matchers(rest[0]) == matchers(total):
        return {"good": rest[1]}
    return {"bad": error}
