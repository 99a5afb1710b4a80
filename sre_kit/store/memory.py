"""
Keeping something in a knowledge graph, wherever it is kept: a file here, or an MCP server elsewhere.

The reference server rewrites the whole graph without a lock, so what anybody writes can be lost. Our writers go one
at a time, read again what they wrote, and keep in an outbox what did not arrive, for the next delivery.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sre_kit.errors import DocumentError, ParameterError, ProtectedError, SourceError
from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity, Graph, Relation

ATTEMPTS: Final = 3
_OUTBOX_WAIT: Final = 60.0


class Memory(Protocol):
    """A knowledge graph: what may be asked of it, whoever keeps it."""

    @property
    def name(self) -> str:
        """Where it is, for people."""

    def read(self) -> Graph:
        """All of it; what cannot be read is named among its problems."""

    def search(self, words: str) -> Graph:
        """As ``knowledge.found``: entities that say `words`, with their relations."""

    def put(self, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> bool:
        """
        See to it that `entities` and `relations` are there; whether anything had to be written.

        An entity of ours then has exactly these observations, another's has them beside its own; their order is not
        promised. Raises where it cannot be done or did not last; part of it may then be there.
        """


@dataclass(frozen=True)
class Delivery:
    """What became of a delivery: what was stored where anything was new, or what waits in the outbox and why."""

    stored: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class FileMemory:
    """The graph's file itself, read and written without a server; `wait` seconds are waited for another writer."""

    path: Path
    wait: float = 5.0

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def read(self) -> Graph:
        """As ``knowledge.read``."""
        return knowledge.read(self.path)

    def search(self, words: str) -> Graph:
        """As ``knowledge.found``."""
        return knowledge.found(self.read(), words)

    def put(self, entities: Sequence[Entity], relations: Sequence[Relation] = ()) -> bool:
        """
        As ``Memory.put``; every foreign byte of the file stays.

        Raises
        ------
        DocumentError
            There is no such file, or it is no regular file.
        ProtectedError
            Another writer does not end, overwrites us each time, or the file must be converted first.
        OSError
            The file cannot be written.
        """
        target = self.path.resolve()  # a link stays a link
        with locked(target.parent, self.wait):
            changed = False
            for _ in range(ATTEMPTS):
                before = _settled(target)
                after = knowledge.merged(before, entities, relations)
                if after == before:
                    return changed
                if knowledge.content(target) == before:  # the server does not know our lock
                    knowledge.replace_file(target, after)
                    changed = True
            if knowledge.merged(last := knowledge.content(target), entities, relations) != last:
                raise overwritten(self.name)
            return changed


def deliver(
    memory: Memory, entities: Sequence[Entity], relations: Sequence[Relation] = (), *, outbox: Path
) -> Delivery:
    """
    Store `entities` and `relations`, together with what waits in `outbox`, in `memory`.

    What does not arrive, because the graph is locked, out of reach, was overwritten each time, or must be converted
    first, is kept in `outbox` (in the graph's own format) for the next delivery.
    """
    return deliver_to(lambda: memory, entities, relations, outbox=outbox)


def deliver_to(
    opened: Callable[[], Memory], entities: Sequence[Entity], relations: Sequence[Relation] = (), *, outbox: Path
) -> Delivery:
    """As `deliver`, to a memory that is opened here, because that may fail as well."""
    outbox.parent.mkdir(parents=True, exist_ok=True)
    with locked(outbox.parent, _OUTBOX_WAIT):
        entities, relations = _with_waiting(outbox, entities, relations)
        names = (*(entity.name for entity in entities), *(f"{r.source} {r.type} {r.target}" for r in relations))
        try:
            changed = opened().put(entities, relations) if names else False
        except (OSError, DocumentError, ProtectedError, SourceError, ParameterError) as error:
            reason = str(error.strerror or error) if isinstance(error, OSError) and error.errno else str(error)
            knowledge.replace_file(outbox, knowledge.merged(b"", entities, relations))
            return Delivery(waiting=names, reason=reason)
        outbox.unlink(missing_ok=True)
    return Delivery(stored=names if changed else ())


def overwritten(name: str) -> ProtectedError:
    """What is raised when a write did not last."""
    return ProtectedError(f"{name}: another program overwrites the knowledge graph as often as we write it")


@contextlib.contextmanager
def locked(folder: Path, wait: float) -> Iterator[None]:
    """One writer of ours at a time; the lock is on the folder, because a file in it is replaced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise ProtectedError(
                        f"{folder}: another sre-kit has been writing the knowledge graph for {wait:g} s"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _settled(path: Path) -> bytes:
    """The content, read again where it ends in a half line: the server may be in the middle of writing it."""
    content = knowledge.content(path)
    for _ in range(ATTEMPTS):
        if not knowledge.half_line(content):
            break
        time.sleep(0.05)
        content = knowledge.content(path)
    return content


def _with_waiting(
    outbox: Path, entities: Sequence[Entity], relations: Sequence[Relation]
) -> tuple[list[Entity], list[Relation]]:
    """What is to be delivered, what waited before first; a newer entity replaces a waiting one of its name."""
    waiting = knowledge.read(outbox) if outbox.exists() else Graph()
    newer = {entity.name for entity in entities}
    every = [*(entity for entity in waiting.entities if entity.name not in newer), *entities]
    known = {(r.source, r.target, r.type): r for r in (*waiting.relations, *relations)}
    return every, list(known.values())
