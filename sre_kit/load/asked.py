"""
What a notebook asked of a project's documents, as hashes: the same answers, the same document.

A question is a word: ``facts`` (all that may be used), ``facts:budget,cost`` (those kinds), ``all facts`` (refused ones
too), ``conflicts``, ``versions``, ``plan``, ``documents`` (all of them, with their content). What every header prints,
which are missing or unreadable and which the answers came from, is asked always.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sre_kit.compute.asked import Read, unnoted
from sre_kit.compute.vocabulary import Document, Fact, Kind
from sre_kit.load.documents import BUILD_PLAN

if TYPE_CHECKING:
    from sre_kit.load.projects import Project

FACTS: Final = "facts"
ALL_FACTS: Final = "all facts"
CONFLICTS: Final = "conflicts"
PLAN: Final = "plan"
VERSIONS: Final = "versions"
DOCUMENTS: Final = "documents"
HEADER: Final = "header"


class Asked:
    """The questions that were asked, each once."""

    def __init__(self) -> None:
        self.questions: dict[str, None] = {}

    def note(self, question: str) -> None:
        """It was asked."""
        self.questions.setdefault(question)

    def facts(self, kinds: tuple[Kind, ...]) -> None:
        """Facts of some kinds were asked for; none named are all."""
        # one question of several kinds: the order between them is a part of the answer
        self.note(f"{FACTS}:{','.join(sorted(set(kinds)))}" if kinds else FACTS)


def answers(project: Project, questions: Iterable[str]) -> Read:
    """What the documents answer to `questions` now."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for question in sorted(set(questions) - {HEADER}):
        answer, paths = _answer(project, question)
        found[question] = _digest(answer)
        used |= paths
    every = unnoted(project.documents)
    named = [document for document in every if document.path in used]
    shown = [document for document in every if document.path in used or not document.found]
    found[HEADER] = _digest([_said(shown), project.missing])
    return Read(state(project), found, tuple(document.path for document in named))


def state(project: Project) -> str:
    """The hash of all documents, their content included."""
    return _digest([_said(unnoted(project.documents)), project.missing])


def _answer(project: Project, question: str) -> tuple[object, set[str]]:
    """The answer, and the paths of the documents that it came from."""
    name, _, kinds = question.partition(":")
    if name == FACTS:
        wanted = kinds.split(",") if kinds else list(Kind)
        return _from([fact for fact in unnoted(project.facts) if fact.kind in wanted])
    if name == ALL_FACTS:
        return _from(unnoted(project.all_facts))
    if name == CONFLICTS:
        conflicts = unnoted(project.conflicts)
        return conflicts, {fact.document for conflict in conflicts for fact in conflict.facts}
    if name == VERSIONS:
        versions = unnoted(project.versions)
        return versions, {version.document for version in versions}
    if name == PLAN:
        return project.readiness, {BUILD_PLAN}
    every = unnoted(project.documents)
    return _said(every), {document.path for document in every}


def _from(facts: Sequence[Fact]) -> tuple[Sequence[Fact], set[str]]:
    return facts, {fact.document for fact in facts}


def _said(documents: Sequence[Document]) -> list[tuple[str, ...]]:
    """All of a document but the date of its file, which a checkout resets."""
    return [(d.path, d.name, d.phase, d.owner, d.sha256, d.dated, d.problem) for d in documents]


def _digest(answer: object) -> str:
    return hashlib.sha256(repr(answer).encode("utf-8", "surrogatepass")).hexdigest()
