"""How a session begins: the words of the mission, the same in the notebook and on the command line."""

from __future__ import annotations

from typing import Final

from sre_kit.show.shown import Note

GREETING: Final = (
    "Hello! I'm your Site Reliability Engineer for this project. I'll be ensuring our production systems maintain high "
    "availability, performance, and reliability. Let me start by retrieving the project path from knowledge graph and "
    "reviewing all documentation to establish comprehensive monitoring, incident response procedures, and operational "
    "best practices that keep our users happy and our systems healthy."
)


def greeting() -> Note:
    """The mission's greeting."""
    return Note(GREETING)
