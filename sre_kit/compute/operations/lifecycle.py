"""
End of life: every version that the documents state, held against the ends that somebody entered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sre_kit.compute.operations.plan import Expiry


@dataclass(frozen=True, slots=True)
class Version:
    """A product with the version that a document states."""

    product: str
    number: str
    document: str
    line: int

    @property
    def source(self) -> str:
        """Where it stands."""
        return f"{self.document}:{self.line}"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A version with its end; `ends` is missing where nobody entered it. `places` state the same version."""

    version: Version
    places: int
    ends: Expiry | None
    days_left: int | None = None

    @property
    def state(self) -> str:
        """ "overdue", "act now", "ok", or "not known"."""
        if self.ends is None or self.days_left is None:
            return "not known"
        if self.days_left < 0:
            return "overdue"
        return "act now" if timedelta(days=self.days_left) <= self.ends.lead else "ok"


def lifecycles(versions: Sequence[Version], expiries: Sequence[Expiry], as_of: datetime) -> list[Lifecycle]:
    """Each version once, the soonest end first, those without one last; ends are those of kind "end of life"."""
    ends = [one for one in expiries if one.kind == "end of life"]
    grouped: dict[tuple[str, str], list[Version]] = {}
    for one in versions:
        grouped.setdefault((one.product, one.number), []).append(one)
    found = []
    for stated in grouped.values():
        end = next((one for one in ends if _names(one.name, stated[0])), None)
        left = None if end is None else (end.ends - as_of.date()).days
        found.append(Lifecycle(stated[0], len(stated), end, left))
    return sorted(found, key=_order)


def _order(one: Lifecycle) -> tuple[bool, int, str, str]:
    return one.days_left is None, one.days_left or 0, one.version.product, one.version.number


def _names(name: str, version: Version) -> bool:
    """Whether an entry is about this version, or about its major version: "PostgreSQL 13" ends 13.4 too."""
    found = re.search(rf"(?i)\b{re.escape(version.product)} v?(\d+(?:\.\d+)*)", name)
    return found is not None and f"{version.number}.".startswith(f"{found[1]}.")
