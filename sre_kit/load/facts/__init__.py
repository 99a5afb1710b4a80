"""
Facts from free-form Markdown: what people and AI agents wrote about the system, each with line, quote, scope and role.

Deterministic, and silent when unsure: what the words do not make certain is left out; what is found but is no
statement about this system (a placeholder, an example, a vendor's promise) is kept with the reason in `refused`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sre_kit.compute.vocabulary import Fact
from sre_kit.load.facts.alerts import alert_line, alert_table, runbook_alert
from sre_kit.load.facts.choosing import Conflict, apply, as_json, conflicts
from sre_kit.load.facts.claims import claims
from sre_kit.load.facts.levels import level_facts
from sre_kit.load.facts.manifests import fence_facts
from sre_kit.load.facts.quantities import uses_decimal_comma
from sre_kit.load.facts.reading import Block, Fence, Table, blocks
from sre_kit.load.facts.work import finding_sections, finding_table, strategy, tasks

__all__ = ["Conflict", "apply", "as_json", "conflicts", "facts"]


def facts(text: str, document: str) -> list[Fact]:
    """
    The facts of a Markdown text, in reading order, each once; `document` is its path, for the source.

    Raises
    ------
    DocumentError
        The text is larger than 10 MB.
    """
    comma = uses_decimal_comma(text)
    read = blocks(text)
    found: dict[tuple[object, ...], Fact] = {}
    for fact in _all(read, document, comma):
        key = (
            fact.kind,
            fact.value,
            fact.unit,
            fact.line,
            fact.scope,
            fact.name if fact.unit == "text" else "",
            fact.details.get("statistic"),
        )
        found.setdefault(key, fact)
    return sorted(found.values(), key=lambda fact: fact.line)


def _all(read: Sequence[Block], document: str, comma: bool) -> Iterator[Fact]:
    for block in read:
        yield from _block(block, document, comma)
    yield from tasks(read, document)
    yield from finding_sections(read, document)
    yield from runbook_alert(read, document)


def _block(block: Block, document: str, comma: bool) -> Iterator[Fact]:
    if isinstance(block, Fence):
        yield from fence_facts(block, document)
        return
    if isinstance(block, Table):
        for reader in (alert_table, finding_table):
            if (rows := reader(block, document)) is not None:
                yield from rows
                return
    elif (rules := alert_line(block, document)) is not None:
        yield from rules
        return
    for claim in claims(block):
        yield from level_facts(claim, document, comma)
        yield from strategy(claim, document)
