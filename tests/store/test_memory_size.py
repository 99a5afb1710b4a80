"""A large graph, and many writers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity
from sre_kit.store.memory import FileMemory, deliver
from tests.bench_memory import graph, seconds

WRITER = """
import sys
from pathlib import Path
from sre_kit.store.knowledge import Entity, Relation
from sre_kit.store.memory import FileMemory, deliver
path, outbox, who = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
for n in range(50):
    name = f"{who}-{n}"
    deliver(FileMemory(path), [Entity(name, "sre-test", (name,))], [Relation(name, "Alice", "knows")], outbox=outbox)
"""


def test_ten_thousand_entities_cost_ten_times_what_a_thousand_cost() -> None:
    """Were anything looked for line by line, it would be a hundred times."""
    small, large = graph(1_000), graph(10_000)
    parsed = knowledge.parse(large)
    assert (len(parsed.entities), len(parsed.relations), parsed.problems) == (10_000, 10_000, ())
    assert len(knowledge.found(parsed, "TEAM 42").entities) == sum(n % 97 in (42,) for n in range(10_000))

    def cost(raw: bytes) -> float:
        found = knowledge.parse(raw)
        return seconds(lambda: knowledge.merged(raw, found.entities, found.relations), rounds=3)

    assert cost(large) < 25 * cost(small)
    assert seconds(lambda: knowledge.parse(large), 3) < 25 * seconds(lambda: knowledge.parse(small), 3)
    assert seconds(lambda: knowledge.found(parsed, "x"), 3) < seconds(lambda: knowledge.parse(large), 1) / 3


@pytest.mark.slow
def test_eight_processes_with_fifty_writes_each_lose_nothing(tmp_path: Path) -> None:
    """Of fifty parallel creates the reference server keeps one."""
    path, outbox = tmp_path / "memory.jsonl", tmp_path / "state" / "outbox.jsonl"
    path.write_bytes(knowledge.merged(b"", [Entity("Alice", "person", ("likes café",))]))
    command = [sys.executable, "-c", WRITER, str(path), str(outbox)]
    writers = [subprocess.Popen([*command, f"w{n}"]) for n in range(8)]
    try:
        assert [writer.wait(timeout=300) for writer in writers] == [0] * 8
    finally:
        for writer in writers:
            writer.kill()
    deliver(FileMemory(path), [], outbox=outbox)  # what had waited too long for another
    found = FileMemory(path).read()
    wanted = {f"w{n}-{k}" for n in range(8) for k in range(50)}
    assert not found.problems
    assert {one.name for one in found.entities} == wanted | {"Alice"}
    assert {one.source for one in found.relations} == wanted
    assert sorted(one.name for one in tmp_path.iterdir()) == ["memory.jsonl", "state"]
    assert not outbox.exists()
