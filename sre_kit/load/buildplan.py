"""
What build-plan.md says about readiness for production; our own part of it is not read back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OURS = re.compile(r"<!-- sre-kit:begin.*?<!-- sre-kit:end[^>]*-->\r?\n?", re.DOTALL)


@dataclass(frozen=True)
class Readiness:
    """State of the plan: phases with their status, SRE tasks still open, what it says of itself."""

    phases: tuple[tuple[str, str], ...] = ()
    open_tasks: tuple[str, ...] = ()
    done_tasks: tuple[str, ...] = ()
    updated: str = ""


def readiness(plan: str) -> Readiness:
    """The state written in `plan`."""
    headings = re.findall(r"^### (.+)$\n(?:.*\n)*?\*\*Status:\*\* *(.+?) *$", plan, re.MULTILINE)
    return Readiness(phases=tuple((a.strip(), b.strip()) for a, b in headings))


def foreign(plan: str) -> str:
    """`plan` without our marked block."""
    return _OURS.sub("", plan)
