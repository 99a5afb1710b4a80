"""``sre-kit facts``: what the documents state, each fact with its line."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from sre_kit import load
from sre_kit.compute.vocabulary import Fact
from sre_kit.errors import ParameterError
from sre_kit.load import facts as reading
from sre_kit.load.documents import read_document
from sre_kit.units import number, percent, span


def run(documents: Sequence[Path], params: str, all_: bool, json: bool) -> int:
    """Print the facts of `documents`, or of the project that `params` names; 3 when a document could not be read."""
    if not documents and not params:
        raise ParameterError("facts needs documents or --params, for example: sre-kit facts docs/BusinessModel.md")
    problems: list[str] = []
    if documents:
        found: list[Fact] = []
        for path in documents:
            text = read_document(path.absolute(), path.absolute().parent)
            if not text.document.found:
                problems.append(f"{path}: {text.document.problem}")
            found += reading.facts(text.text, path.as_posix())
    else:
        project = load.project(params)
        found = list(project.all_facts)
        problems = [f"{d.path}: {d.problem}" for d in project.documents if not d.found]
    kept = [fact for fact in found if all_ or not fact.refused]
    if json:
        print(jsonlib.dumps([reading.as_json(fact) for fact in kept], indent=1, ensure_ascii=False))
    elif kept:
        _print(kept)
    elif len(problems) < (len(documents) or 1):
        print("not found: no fact of a known kind in these documents")
    for problem in problems:
        print(f"not read: {problem}", file=sys.stderr)
    return 3 if problems else 0


def value(fact: Fact) -> str:
    """
    A fact's value for people.
    """
    if not isinstance(fact.value, Decimal):
        return fact.value
    if fact.unit == "ratio":
        return percent(float(fact.value), 3)
    if fact.unit == "s":
        return span(float(fact.value))
    return f"{number(fact.value)} {fact.unit}".strip()


def _print(found: Sequence[Fact]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Kind", "Name", "Value", "Scope", "Role", "Source", "Quote", box=None)
    for fact in found:
        quote = f"refused: {fact.refused}" if fact.refused else fact.quote
        cells = [fact.kind.value, fact.name, value(fact), str(fact.scope), fact.role.value, fact.source, quote[:70]]
        table.add_row(*(cell.replace("[", r"\[") for cell in cells))
    Console(width=None if sys.stdout.isatty() else 220).print(table)
