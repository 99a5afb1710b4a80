"""
The three rule groups of an objective: SLI recordings, metadata, alerts. Names, labels and forms are Sloth's.

Numbers are text here: the nearest double in full, which is what the server compares with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import yaml

GROUP_ORDER: Final = ("sli-recordings", "meta-recordings", "alerts")
_UNITS: Final = (
    ("y", 365 * 86_400_000, True), ("w", 7 * 86_400_000, True), ("d", 86_400_000, False), ("h", 3_600_000, False),
    ("m", 60_000, False), ("s", 1000, False), ("ms", 1, False),
)  # fmt: skip


class Number(str):
    """A number that YAML writes digit for digit."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert: it fires while both windows of a pair (short, long, threshold) are above its threshold."""

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    pairs: tuple[tuple[timedelta, timedelta, str], ...]


@dataclass(frozen=True, slots=True)
class Objective:
    """
    What the groups are made from: `identity` selects its series, `labels` ride along on its recordings.

    `ratios` has the expression of each window's error ratio; `current` is the window of the current burn.
    """

    identity: Mapping[str, str]
    target: str
    budget: str
    period: timedelta
    windows: tuple[timedelta, ...]
    current: timedelta
    ratios: Mapping[timedelta, str]
    info: Mapping[str, str]
    alerts: tuple[AlertRule, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


def groups(of: Objective) -> list[dict[str, Any]]:
    """The groups that have rules, in Sloth's order."""
    rules = (_recordings(of), _metadata(of), _alerts(of))
    return [
        {"name": name, "rules": some}
        for name, some in zip(group_names(of.identity["sloth_id"]), rules, strict=True)
        if some
    ]


def group_names(sloth_id: str) -> list[str]:
    """What the groups of an objective are called, those that record before those that read what was recorded."""
    return [f"sloth-slo-{name}-{sloth_id}" for name in GROUP_ORDER]


def ratio_name(window: timedelta) -> str:
    """Name of the recorded error ratio over a window."""
    return f"slo:sli_error:ratio_rate{duration(window)}"


def selector(identity: Mapping[str, str]) -> str:
    """The label matchers of an objective's series."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in sorted(identity.items())) + "}"


def duration(length: timedelta) -> str:
    """
    A length as Prometheus itself prints it: years and weeks only where they fit, else days and less.

    >>> [duration(timedelta(hours=hours)) for hours in (672, 720, 36, 8760)]
    ['4w', '30d', '1d12h', '1y']
    """
    rest, parts = length // timedelta(milliseconds=1), []
    for unit, size, exact in _UNITS:
        if rest and not (exact and rest % size):
            count, rest = divmod(rest, size)
            parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def decimal(value: Fraction) -> str:
    """The nearest double, in full."""
    number = float(value)
    return repr(int(number)) if number.is_integer() else repr(number)


def quoted(text: str) -> str:
    """A string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def yaml_text(content: object) -> str:
    """YAML in the given order, expressions of several lines as blocks."""
    import yaml

    text = _dumped(content, getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    # libyaml, six times faster, writes what lies beyond 16 bits as an escape: nobody could read an emoji
    return _dumped(content, yaml.SafeDumper) if "\\U" in text else text


def _dumped(content: object, base: type[yaml.SafeDumper]) -> str:
    import yaml

    class Dumper(base):  # type: ignore[misc, valid-type]
        """Block style for long expressions, and no aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    def number(dumper: yaml.SafeDumper, value: Number) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:float", str(value))

    Dumper.add_representer(str, text)
    Dumper.add_representer(Number, number)
    return yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _recordings(of: Objective) -> list[dict[str, Any]]:
    return [
        {
            "record": ratio_name(window),
            "expr": of.ratios[window],
            "labels": {**of.identity, "sloth_window": duration(window), **of.labels},
        }
        for window in of.windows
    ]


def _metadata(of: Objective) -> list[dict[str, Any]]:
    own, selected = {**of.identity, **of.labels}, selector(of.identity)
    per_budget = f"/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{selected}"
    rules = {
        "slo:objective:ratio": f"vector({of.target})",
        "slo:error_budget:ratio": f"vector({of.budget})",
        "slo:time_period:days": f"vector({of.period / timedelta(days=1):g})",
        "slo:current_burn_rate:ratio": f"{ratio_name(of.current)}{selected}\n{per_budget}",
        "slo:period_burn_rate:ratio": f"{ratio_name(of.period)}{selected}\n{per_budget}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{selected}",
    }
    found: list[dict[str, Any]] = [{"record": name, "expr": expr, "labels": own} for name, expr in rules.items()]
    return [*found, {"record": "sloth_slo_info", "expr": "vector(1)", "labels": {**own, **of.info}}]


def _alerts(of: Objective) -> list[dict[str, Any]]:
    selected = selector(of.identity)
    rules = []
    for alert in of.alerts:
        pairs = []
        for short, long, threshold in alert.pairs:
            sides = [
                f"max({ratio_name(over)}{selected} > {threshold}) without (sloth_window)" for over in (short, long)
            ]
            pairs.append("(\n    " + "\n    and\n    ".join(sides) + "\n)")
        rules.append(
            {
                "alert": alert.name,
                "expr": "\nor\n".join(pairs),
                "labels": dict(alert.labels),
                "annotations": dict(alert.annotations),
            }
        )
    return rules
