"""``make bench-memory``: seconds to load, search and write to a knowledge graph of ten thousand entities."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity, Relation
from sre_kit.store.memory import FileMemory

ENTITIES = 10_000


def graph(count: int) -> bytes:
    """A graph of `count` entities with three observations each, and as many relations."""
    entities = [
        Entity(
            f"Service {n}", "service", (f"owner: team {n % 97}", f"added 2026-01-{n % 28 + 1:02d}", "langue: café ≫")
        )
        for n in range(count)
    ]
    relations = [Relation(f"Service {n}", f"Service {(n * 7) % count}", "calls") for n in range(count)]
    return knowledge.merged(b"", entities, relations)


def seconds(run: Callable[[], object], rounds: int = 5) -> float:
    """The fastest of some rounds, in CPU seconds of this process."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return min(found)


def main() -> None:
    """Print what each costs."""
    with tempfile.TemporaryDirectory() as folder:
        memory = FileMemory(Path(folder) / "memory.jsonl")
        memory.path.write_bytes(graph(ENTITIES))
        loaded = memory.read()
        print(f"{ENTITIES:,} entities, {len(loaded.relations):,} relations, {memory.path.stat().st_size / 1e6:.1f} MB")
        print(f"load    {seconds(memory.read):.3f} s   (held to 1 s)")
        print(f"search  {seconds(lambda: knowledge.found(loaded, 'TEAM 42')):.3f} s   (held to 0.1 s)")
        print(f"both    {seconds(lambda: memory.search('TEAM 42')):.3f} s")
        numbers = iter(range(100))
        print(f"put     {seconds(lambda: memory.put([Entity('ours', 'sre-test', (str(next(numbers)),))])):.3f} s")


if __name__ == "__main__":
    main()
