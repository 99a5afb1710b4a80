"""Facts from one notebook of a run to the others: as JSON, and back without loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope


def packed(facts: Iterable[Fact]) -> list[list[Any]]:
    """The facts as JSON types."""
    return [_packed(fact) for fact in facts]


def _packed(fact: Fact) -> list[Any]:
    number = isinstance(fact.value, Decimal)
    scope = [fact.scope.environment, fact.scope.tier, fact.scope.component]
    said = [fact.unit, fact.document, fact.line, fact.quote, fact.name, list(fact.heading), scope, fact.role.value]
    return [fact.kind.value, number, str(fact.value), *said, dict(fact.details), fact.refused, fact.note]


def unpacked(rows: Iterable[Sequence[Any]]) -> list[Fact]:
    """The facts that `packed` was given."""
    found = []
    for kind, number, value, unit, document, line, quote, name, heading, scope, role, details, refused, note in rows:
        said = (Decimal(value) if number else value, unit, document, line, quote, name, tuple(heading), Scope(*scope))
        found.append(Fact(Kind(kind), *said, Role(role), details, refused, note))
    return found
