"""
Objectives as lines of a params file: what a person would have written, defaults left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sre_kit.compute.slo.objectives import SLO
from sre_kit.escape import plain
from sre_kit.units import promql_duration, target


def params_lines(slos: Sequence[SLO], left_out: Mapping[str, Sequence[str]] | None = None) -> str:
    """
    The section `slos` of a params file, YAML; `left_out` (objective -> what is lost) stands above each as comments.
    """
    from sre_kit.emit.rule_groups import yaml_text

    parts = ["slos:\n"]
    for slo in slos:
        for one in (left_out or {}).get(slo.name, ()):
            parts.append(f"  # left out: {plain(one)}\n")
        first, *rest = yaml_text(entry(slo)).splitlines()
        parts.append("\n".join([f"  - {first}", *(f"    {line}".rstrip() for line in rest)]) + "\n")
    return "".join(parts) if slos else "slos: []\n"


def entry(value: Any) -> dict[str, Any]:
    """A dataclass of ``compute`` as a params file writes it: what equals its default is left out."""
    found = {}
    follow = ("total", "good") if getattr(value, "histogram", "") else ()  # a histogram's queries are no decision
    for field in fields(value):
        one = getattr(value, field.name)
        if one != _default(field) and field.name not in follow:
            found[field.name] = written(one)
    return found


def written(value: Any) -> Any:
    """One value as a params file writes it."""
    if is_dataclass(value):
        return entry(value)
    if isinstance(value, Fraction):
        return target(value)
    if isinstance(value, timedelta):
        return promql_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [written(one) for one in value]
    if isinstance(value, Mapping):
        return {key: written(one) for key, one in value.items()}
    return value


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
