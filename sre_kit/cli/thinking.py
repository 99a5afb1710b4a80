"""
The decisions of the documents, told to a sequential-thinking server where params name one.

Each row under a heading that says how something was derived is one thought, in the order of the documents. What speaks
against a choice, and an objective that was changed since it was published, revise the thought that they are about. The
server keeps all as long as it runs, which is as long as we talk to it; what it says back is held against what was told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sre_kit.check.page import tables
from sre_kit.errors import SourceError, SREKitError
from sre_kit.load.mcp_servers import conversation, server
from sre_kit.load.memory_server import SCHEME
from sre_kit.load.projects import Project
from sre_kit.store import places

_DERIVED: Final = re.compile(
    r"^#{2,3} (?P<title>[^\n]*\bderived\b[^\n]*)\n(?P<body>[\s\S]*?)(?=^#{1,3} |\Z)", re.MULTILINE
)
_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")
_CHANGED: Final = {"Objective", "What", "Was", "Is", "Reason in the log"}


@dataclass(frozen=True, slots=True)
class Thought:
    """One step; `revises` is the number of the step, from 1, that it takes back or doubts; 0: it is a new one."""

    text: str
    revises: int = 0


def steps(documents: Mapping[str, str]) -> Iterator[str]:
    """Every decision of `documents` (name -> Markdown) as one thought."""
    for name, title, row in _decisions(documents):
        yield f"{name}, {title}: {_said(row)}"


def thoughts(documents: Mapping[str, str]) -> list[Thought]:
    """Every decision, then what speaks against one, then what was changed of an objective and why."""
    found = [Thought(text) for text in steps(documents)]
    rows = list(_decisions(documents))
    for number, (name, title, row) in enumerate(rows, start=1):
        for doubt in _STRONG.findall(row.get("Evidence", "")):
            again = f"; to be decided again when {row['Again when']}" if row.get("Again when", "–") != "–" else ""
            found.append(Thought(f"{name}, {title}: against this speaks: {doubt}{again}", number))
    for name, text in documents.items():
        for header, *cells in tables(text):
            if set(header) >= _CHANGED:
                changes = [dict(zip(header, row, strict=False)) for row in cells]
                found += [Thought(f"{name}: {_said(one)}", _about(rows, name, one["Objective"])) for one in changes]
    return found


def _decisions(documents: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Document, heading and cells of every row that says how something was derived."""
    for name, text in documents.items():
        for section in _DERIVED.finditer(text):
            for header, *rows in tables(section["body"]):
                for row in rows:
                    yield name, section["title"], dict(zip(header, row, strict=False))


def _said(row: Mapping[str, str]) -> str:
    return "; ".join(f"{what}: {cell}" for what, cell in row.items() if cell.strip()).replace("<br>", ", ")


def _about(rows: Sequence[tuple[str, str, dict[str, str]]], name: str, subject: str) -> int:
    """The first decision of the document that names `subject`; 0 where none does."""
    named = (
        n for n, (document, _, row) in enumerate(rows, 1) if document == name and subject in " ".join(row.values())
    )
    return next(named, 0)


def mirror(project: Project, documents: Mapping[str, str]) -> str:
    """Tell the server; a note about what became of it, empty where none is named."""
    written, config = project.params.project.sequential_thinking, project.params.project.mcp_servers
    if not written:
        return ""
    told = thoughts(documents)
    try:
        if not written.startswith(SCHEME) or not config:
            raise SourceError("it must be mcp:NAME, and project.mcp_servers name the file with it")
        to = server(places.resolve(config, project.base), written.removeprefix(SCHEME))
        with conversation(to) as talk:
            for number, one in enumerate(told, start=1):
                said: dict[str, Any] = {"thoughtNumber": number, "totalThoughts": len(told)}
                if one.revises:
                    said |= {"isRevision": True, "revisesThought": one.revises}
                more = number < len(told)
                reply = talk.call("sequentialthinking", thought=one.text, nextThoughtNeeded=more, **said)
                if not isinstance(reply.data, dict) or reply.data.get("thoughtHistoryLength") != number:
                    raise SourceError(f"it did not take thought {number}: {reply.text[:200]}")
    except SREKitError as error:
        return f"sequential thinking {written}: not told: {error}"
    revised = sum(one.revises > 0 for one in told)
    return f"sequential thinking {written}: {len(told)} steps told, {revised} of them revisions"
