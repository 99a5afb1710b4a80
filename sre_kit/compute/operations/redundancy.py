"""
What stands in when a component fails: instances, standbys, zones, as documents say it, each with its line.

Only words that make it certain count. Nothing said is nothing known: a component that no line calls single may still
be one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.operations.dependencies import Graph, SinglePoint
from sre_kit.compute.vocabulary import Fact, Kind

_PRODUCTION: Final = ("", "production")
_SEVERAL: Final = r"(?:[2-9]|\d{2,}|two|three|four|five|six|seven|eight|nine)"
_TAKES_OVER: Final = re.compile(
    rf"(?i)\b(?:multi-az|(?:hot |warm )?standby|{_SEVERAL} (?:nodes|replicas|instances)|"
    r"(?:one|a) (?:node|replica|instance) (?:per|in each) zone)\b"
)
_ZONES: Final = re.compile(
    rf"(?i)\b(?:multi-az|(?:in|over|across) {_SEVERAL} (?:availability )?zones|"
    r"(?:per|in each|across) (?:availability )?zones?)\b"
)
_ONE_ZONE: Final = re.compile(r"(?i)\b(?:single[- ](?:az|zone)|(?:in|only) (?:one|a single) (?:availability )?zone)\b")
_NOT_SO: Final = re.compile(
    r"(?i)\b(?:no|not|non|without|never|false|disabled|off|planned|later|optional|if|when|should|could|consider|todo|"
    r"loss|lose|loses|lost|losing|fails?|failure|outage|survives?|tolerates?)\b"
)
"""Words that turn such a statement around, or make it a wish or a case: then nothing is certain."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """
    One component: `instances` in production, what `takes_over`, in how many `zones` ("several", "one", empty: unsaid).

    `falls` is what goes down with all of it, `point` its entry among the single points, `sources` where it stands.
    """

    component: str
    instances: int | None
    takes_over: str
    zones: str
    falls: tuple[str, ...]
    point: SinglePoint | None
    sources: tuple[str, ...]


def _said(pattern: re.Pattern[str], fact: Fact) -> str:
    """What the line of a fact says with certainty; empty where another word of its sentence takes that away."""
    for sentence in re.split(r"(?<=[.;])\s", fact.quote):
        if (found := pattern.search(sentence)) and not _NOT_SO.search(sentence):
            return found[0]
    return ""


def in_one_zone(facts: Sequence[Fact]) -> dict[str, str]:
    """Production components that a document puts into a single zone -> the line that does."""
    return {
        fact.name: fact.source
        for fact in of_kind(facts, Kind.COMPONENT)
        if fact.scope.environment in _PRODUCTION and _said(_ONE_ZONE, fact)
    }


def takes_over(facts: Sequence[Fact], decided: Mapping[str, str]) -> dict[str, str]:
    """Production component -> what stands in when one of it fails: what was decided, else the words of its line."""
    said = {
        fact.name: words
        for fact in of_kind(facts, Kind.COMPONENT)
        if fact.scope.environment in _PRODUCTION and (words := _said(_TAKES_OVER, fact))
    }
    return said | dict(decided)


def stand_ins(
    graph: Graph, facts: Sequence[Fact], redundancy: Mapping[str, str], points: Sequence[SinglePoint]
) -> list[StandIn]:
    """Every component that something else needs, the one with which most falls first; see ``takes_over``."""
    found = []
    by_name = {point.name: point for point in points}
    for name in graph.components:
        falls = graph.falls_with(name)
        if not falls and name not in by_name:
            continue
        said = [f for f in of_kind(facts, Kind.COMPONENT) if f.name == name and f.scope.environment in _PRODUCTION]
        counts = [int(fact.details["count"]) for fact in said if fact.details.get("count", "").isdigit()]
        lines = [fact.source for fact in said] or [edge.source for edge in graph.edges if edge.called == name]
        found.append(
            StandIn(
                name,
                max(counts, default=None),
                redundancy.get(name, ""),
                _zones(said),
                falls,
                by_name.get(name),
                tuple(dict.fromkeys(lines)),
            )
        )
    return sorted(found, key=lambda one: (-len(one.falls), one.component))


def _zones(said: Sequence[Fact]) -> str:
    if any(_said(_ONE_ZONE, fact) for fact in said):
        return "one"
    return "several" if any(_said(_ZONES, fact) for fact in said) else ""
