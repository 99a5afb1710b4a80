"""
The rubric's points that a machine can decide, by document: what there is to reach, whoever evaluates it.

Points that need judgement are left out. `points.unchecked(MACHINE)` says which of these no rule evaluates yet.
"""

from __future__ import annotations

from typing import Final


def _points(last: int, *judgement: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, last + 1) if number not in judgement)


MACHINE: Final[dict[str, tuple[str, ...]]] = {
    "SLODefinitions": _points(26),
    "IncidentResponse": _points(44, 5, 21, 25, 29, 31, 36),
    "PerformanceOptimization": _points(15),
    "CapacityPlanning": _points(16),
    "OperationalPlaybook": _points(42, 6, 24, 32),
    "SREHandoff": _points(36, 6, 24),
    "build-plan": _points(20),
}
