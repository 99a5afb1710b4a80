"""
The decisions of the documents, told to a sequential-thinking server where params name one.

Each row under a heading that says how something was derived is one thought, in the order of the documents. The server
keeps them as long as it runs, which is as long as we talk to it; what it says back is held against what was told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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


def steps(documents: Mapping[str, str]) -> Iterator[str]:
    """Every decision of `documents` (name -> Markdown) as one thought."""
    for name, text in documents.items():
        for section in _DERIVED.finditer(text):
            for header, *rows in tables(section["body"]):
                for row in rows:
                    said = "; ".join(f"{what}: {cell}" for what, cell in zip(header, row, strict=False) if cell.strip())
                    yield f"{name}, {section['title']}: {said.replace('<br>', ', ')}"


def mirror(project: Project, documents: Mapping[str, str]) -> str:
    """Tell the server; a note about what became of it, empty where none is named."""
    written, config = project.params.project.sequential_thinking, project.params.project.mcp_servers
    if not written:
        return ""
    thoughts = list(steps(documents))
    try:
        if not written.startswith(SCHEME) or not config:
            raise SourceError("it must be mcp:NAME, and project.mcp_servers name the file with it")
        to = server(places.resolve(config, project.base), written.removeprefix(SCHEME))
        with conversation(to) as talk:
            for number, thought in enumerate(thoughts, start=1):
                said: dict[str, Any] = {"thoughtNumber": number, "totalThoughts": len(thoughts)}
                more = number < len(thoughts)
                reply = talk.call("sequentialthinking", thought=thought, nextThoughtNeeded=more, **said)
                if not isinstance(reply.data, dict) or reply.data.get("thoughtHistoryLength") != number:
                    raise SourceError(f"it did not take thought {number}: {reply.text[:200]}")
    except SREKitError as error:
        return f"sequential thinking {written}: not told: {error}"
    return f"sequential thinking {written}: {len(thoughts)} steps told"
