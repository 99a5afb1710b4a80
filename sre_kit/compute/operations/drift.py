"""
Drift of alerting: the rules that files declare against those that a server evaluates.

A server writes an expression in its own way; both are brought to one form before they are compared. Rules of other
groups than the declared ones are somebody else's and no drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sre_kit.compute.queries import canonical


@dataclass(frozen=True, slots=True)
class Rule:
    """A recording or alerting rule of a group; `source` says where it stands."""

    group: str
    kind: str
    name: str
    expression: str
    held: timedelta = timedelta(0)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def differs(self, other: Rule) -> list[str]:
        """Which parts are not the same."""
        pairs = (
            ("expression", canonical(self.expression), canonical(other.expression)),
            ("for", self.held, other.held),
            ("labels", dict(self.labels), dict(other.labels)),
            ("annotations", dict(self.annotations), dict(other.annotations)),
        )
        return [name for name, mine, theirs in pairs if mine != theirs]


@dataclass(frozen=True, slots=True)
class Drift:
    """`what` is "missing", "differs" or "not declared"; `parts` are those that differ."""

    what: str
    rule: Rule
    parts: tuple[str, ...] = ()
    other: Rule | None = None


def drift(declared: Sequence[Rule], loaded: Sequence[Rule]) -> list[Drift]:
    """
    What is not as it was declared, in the order of the declarations; then what the declared groups hold besides.

    A declared rule is held against the loaded one of its group and name that differs least.
    """
    left = list(loaded)
    found = []
    pending: list[Rule] = []
    for rule in declared:
        same = next((one for one in left if _named(one) == _named(rule) and not rule.differs(one)), None)
        if same is None:
            pending.append(rule)
        else:
            left.remove(same)
    for rule in pending:
        near = [(len(rule.differs(one)), number) for number, one in enumerate(left) if _named(one) == _named(rule)]
        if not near:
            found.append(Drift("missing", rule))
            continue
        other = left.pop(min(near)[1])
        found.append(Drift("differs", rule, tuple(rule.differs(other)), other))
    groups = {rule.group for rule in declared}
    return found + [Drift("not declared", one) for one in left if one.group in groups]


def _named(rule: Rule) -> tuple[str, str, str]:
    return rule.group, rule.kind, rule.name
