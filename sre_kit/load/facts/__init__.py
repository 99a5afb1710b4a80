"""
Facts from free-form Markdown: what people and AI agents wrote about the system, each with line, quote, scope and role.

Deterministic, and silent when unsure: what the words do not make certain is left out; what is found but is no
statement about this system (a placeholder, an example, a vendor's promise) is kept with the reason in `refused`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.choosing import Conflict, apply, as_json, conflicts
from sre_kit.load.facts import roles
from sre_kit.load.facts.alert_blocks import alert_block
from sre_kit.load.facts.alert_code import alert_code
from sre_kit.load.facts.alert_columns import alert_column
from sre_kit.load.facts.alert_keys import keyed_alerts, keyed_table
from sre_kit.load.facts.alert_lines import alert_lines
from sre_kit.load.facts.alerts import alert_line, alert_table
from sre_kit.load.facts.breaking import capacity_results
from sre_kit.load.facts.claims import Claim, claims
from sre_kit.load.facts.components import component_facts
from sre_kit.load.facts.dependencies import dependency_line, dependency_table
from sre_kit.load.facts.described import engine, hired_services, listed_component, sized_in_words
from sre_kit.load.facts.findings import (
    finding_sections,
    finding_table,
    listed_finding,
    scored_finding,
    versioned_finding,
)
from sre_kit.load.facts.grids import drawn_table
from sre_kit.load.facts.hosts import charted_stores, described_hosts
from sre_kit.load.facts.images import drawn_parts, imaged_components
from sre_kit.load.facts.inventory import components_of_table, inventory_facts
from sre_kit.load.facts.k6 import k6_claim
from sre_kit.load.facts.levels import bounded_rows, level_facts
from sre_kit.load.facts.manifests import fence_claims, fence_facts
from sre_kit.load.facts.money import money_facts
from sre_kit.load.facts.people import journey_title, people_line, people_table, stakeholder_sections
from sre_kit.load.facts.quantities import decimal_mark, quantities
from sre_kit.load.facts.reading import Block, Fence, Line, Table, blocks
from sre_kit.load.facts.recovery import backup_facts, backup_table
from sre_kit.load.facts.runbooks import alert_sentence, runbook_alert
from sre_kit.load.facts.scaling import scaling_facts, scaling_section
from sre_kit.load.facts.scaling_blocks import scaling_block
from sre_kit.load.facts.scaling_tables import scaling_table
from sre_kit.load.facts.stacks import specified_parts, stacked_block, stacked_part
from sre_kit.load.facts.support import support_facts
from sre_kit.load.facts.supposed import rival_places, supposed
from sre_kit.load.facts.traffic import rate_facts, user_facts
from sre_kit.load.facts.work import strategy, tasks

__all__ = ["Conflict", "apply", "as_json", "conflicts", "facts"]


def facts(text: str, document: str) -> list[Fact]:
    """
    The facts of a Markdown text, in reading order, each once; `document` is its path, for the source.

    Raises
    ------
    DocumentError
        The text is larger than 10 MB.
    """
    style = decimal_mark(text)
    read = blocks(text)
    found: dict[tuple[object, ...], Fact] = {}
    for fact in _all(read, document, style):
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
    _add_alerts(found, read, document)
    _add_parts(found, read, document)
    sized = {(fact.name, fact.heading) for fact in found.values() if _is_part(fact) and "engine" not in fact.details}
    rivals = rival_places(list(found.values()))
    kept = [
        fact
        for fact in found.values()
        if not (supposed(fact) or (fact.heading in rivals and fact.kind in (Kind.COST, Kind.BUDGET, Kind.COMPONENT)))
        and not (_is_part(fact) and "engine" in fact.details and (fact.name, fact.heading) in sized)
    ]
    return sorted(_fuller(kept), key=lambda fact: fact.line)


def _add_alerts(found: dict[tuple[object, ...], Fact], read: Sequence[Block], document: str) -> None:
    """Alerts of the rarer forms, where nothing was read from the same line or block yet."""
    ruled = {fact.line for fact in found.values() if fact.kind is Kind.ALERT_RULE}
    late = list(alert_lines(read, document))
    for block in read:
        if isinstance(block, Fence) and not ruled & set(range(block.line, block.line + block.text.count("\n") + 1)):
            late += alert_code(block, document)
    for fact in late:
        if fact.line not in ruled:
            found[Kind.ALERT_RULE, fact.line, fact.name] = fact


def _add_parts(found: dict[tuple[object, ...], Fact], read: Sequence[Block], document: str) -> None:
    """Parts whose size is spread over a section's bullets, where none was read there; counts join what they count."""
    parts = [(key, fact) for key, fact in found.items() if _is_part(fact)]
    headings = {fact.heading for _, fact in parts}
    for fact in (*specified_parts(read, document), *described_hosts(read, document)):
        if fact.heading not in headings:
            found[Kind.COMPONENT, fact.line, fact.name] = fact
    first: dict[tuple[object, ...], tuple[tuple[object, ...], Fact]] = {}
    for key, fact in parts:
        same = (fact.name, fact.heading, fact.scope)
        if same not in first:
            first[same] = (key, fact)
        elif _only_counts(fact) and "count" not in first[same][1].details and not fact.refused:
            kept, whole = first[same]
            found[kept] = replace(whole, details={**whole.details, "count": fact.details["count"]})
            del found[key]


def _only_counts(fact: Fact) -> bool:
    return bool(fact.details.get("count")) and not fact.details.keys() - {"kind", "count", "stateful", "environment"}


def _fuller(found: Sequence[Fact]) -> list[Fact]:
    """The facts without alerts that only repeat the name of one whose condition stands beneath."""
    told = {(fact.name, fact.heading) for fact in found if fact.kind is Kind.ALERT_RULE and fact.value != fact.name}
    return [
        fact
        for fact in found
        if not (fact.kind is Kind.ALERT_RULE and fact.value == fact.name and (fact.name, fact.heading) in told)
    ]


def _is_part(fact: Fact) -> bool:
    return fact.kind is Kind.COMPONENT


def _all(read: Sequence[Block], document: str, style: str) -> Iterator[Fact]:
    for block in read:
        yield from _block(block, document, style)
    yield from tasks(read, document)
    yield from finding_sections(read, document)
    yield from stakeholder_sections(read, document)
    yield from runbook_alert(read, document)
    yield from keyed_alerts(read, document)
    yield from scaling_section([block for block in read if isinstance(block, Line)], document)


def _block(block: Block, document: str, style: str) -> Iterator[Fact]:
    if isinstance(block, Fence):
        if (drawn := drawn_table(block)) is not None:
            yield from _table(drawn, document, style)
            return
        yield from fence_facts(block, document)
        yield from inventory_facts(block, document)
        yield from drawn_parts(block, document)
        yield from stacked_block(block, document)
        yield from charted_stores(block, document)
        yield from scaling_block(block, document)
        yield from alert_block(block, document)
        for claim in fence_claims(block):
            yield from level_facts(claim, document, style)
            yield from backup_facts(claim, document, style)
            yield from money_facts(claim, document, style)
            yield from rate_facts(claim, document, style)
            yield from user_facts(claim, document, style)
    elif isinstance(block, Table):
        yield from _table(block, document, style)
    else:
        yield from _line(block, document, style)


def _table(table: Table, document: str, style: str) -> Iterator[Fact]:
    """A table of alerts, findings or people is that alone; sizes, scaling and backups may share one with levels."""
    for reader in (alert_table, finding_table, people_table):
        if (rows := reader(table, document)) is not None:
            yield from rows
            if reader is alert_table:
                yield from _targets(table, document, style)
            return
    if keyed := list(keyed_table(table, document)):
        yield from keyed
        return
    shaped = [
        *components_of_table(table, document),
        *(dependency_table(table, document) or ()),
    ]
    shaped = shaped or hired_services(table, document) or imaged_components(table, document)
    alerted, rules = alert_column(table, document)
    yield from rules
    scaling = scaling_table(table, document)
    backups = backup_table(table, document, style)
    yield from shaped
    yield from scaling or ()
    yield from backups or ()
    yield from bounded_rows(table, document, style)
    ruled = {fact.line for fact in scaling or ()}
    for claim in claims(table):
        if claim.line in ruled or (alerted and claim.column == alerted):
            continue  # a rule's threshold is no level
        yield from _claim(
            claim, document, style, shaped=bool(shaped), backups=backups is not None, scaled=bool(scaling)
        )


def _targets(table: Table, document: str, style: str) -> Iterator[Fact]:
    """The column of targets in a table that tells also when to alert."""
    for claim in claims(table):
        stated = re.match(r"(?i)(?:sla|slo)(?: target)?:\s\d", claim.text)
        if stated or re.fullmatch(r"(?i)(?:slo )?(?:targets?|goals?|slos?|objectives?)", claim.column):
            yield from level_facts(claim, document, style)


def _line(line: Line, document: str, style: str) -> Iterator[Fact]:
    if line.done is not None:
        for claim in claims(line):
            if re.search(r"[<>≤≥]", claim.text):
                yield from level_facts(claim, document, style)
        return
    yield from scored_finding(line, document)
    yield from versioned_finding(line, document)
    yield from listed_finding(line, document)
    if line.title:
        yield from journey_title(line, document)
        for claim in claims(line):
            yield from level_facts(claim, document, style)
            yield from money_facts(claim, document, style)
            yield from capacity_results(claim, document, style)
        return
    if (rules := alert_line(line, document)) is not None:
        yield from rules
        return
    if (rules := alert_sentence(line, document)) is not None:
        yield from rules
        return
    yield from people_line(line, document)
    yield from listed_component(line, document)
    yield from stacked_part(line, document)
    yield from dependency_line(line, document)
    for claim in claims(line):
        yield from _claim(claim, document, style)


def _claim(
    claim: Claim, document: str, style: str, shaped: bool = False, backups: bool = False, scaled: bool = False
) -> Iterator[Fact]:
    if roles.placeholder(claim.text) and not any(character.isdigit() for character in claim.text):
        return
    yield from level_facts(claim, document, style)
    if "http_req" in claim.words:
        yield from k6_claim(claim, document)
    if quantities(claim.text, style):
        yield from rate_facts(claim, document, style)
        yield from user_facts(claim, document, style)
        yield from money_facts(claim, document, style)
        yield from capacity_results(claim, document, style)
    yield from support_facts(claim, document)
    yield from strategy(claim, document)
    if not backups:
        yield from backup_facts(claim, document, style)
    if not scaled:
        yield from scaling_facts(claim, document)
    if not shaped:
        yield from component_facts(claim, document)
        yield from engine(claim, document)
        yield from sized_in_words(claim, document)
