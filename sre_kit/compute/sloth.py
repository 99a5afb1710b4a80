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
from typing import Final

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
