# ruff: noqa: E501 - a case is easier to read on one line
"""Delivery into a knowledge graph: one writer at a time, verified, and an outbox for what did not arrive."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from sre_kit.store import knowledge, memory
from sre_kit.store.knowledge import Entity, read
from sre_kit.store.memory import Delivery, FileMemory, deliver
from tests.store.test_knowledge import ABOUT, ABOUT_LINE, ALICE, BOB, KNOWS, SLO, SLO_LINE, lines


@pytest.fixture
def graph(tmp_path):
    path = tmp_path / "home" / "memory.json"
    path.parent.mkdir()
    path.write_bytes(lines(ALICE, KNOWS))
    return path


@pytest.fixture
def outbox(tmp_path):
    return tmp_path / "project" / ".sre_kit" / "outbox.jsonl"


def test_a_delivery_arrives_and_leaves_nothing_behind(graph, outbox):
    graph.chmod(0o640)
    delivery = deliver(FileMemory(graph), [SLO], [ABOUT], outbox=outbox)
    assert delivery.stored == (SLO.name, "Shop: service levels agreed_by Alice") and not delivery.waiting
    assert graph.read_bytes() == lines(ALICE, SLO_LINE, KNOWS, ABOUT_LINE)
    assert graph.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in graph.parent.iterdir()] == ["memory.json"] and not outbox.exists()


def test_a_second_delivery_writes_nothing(graph, outbox):
    deliver(FileMemory(graph), [SLO], outbox=outbox)
    before = graph.stat()
    assert deliver(FileMemory(graph), [SLO], outbox=outbox) == Delivery()
    assert (graph.stat().st_mtime_ns, graph.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_link_stays_a_link(graph, outbox, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(graph)
    assert deliver(FileMemory(link), [SLO], outbox=outbox).stored
    assert link.is_symlink() and SLO_LINE in graph.read_bytes()


def test_what_could_not_be_delivered_goes_with_the_next_delivery(graph, outbox):
    content = graph.read_bytes()
    graph.unlink()
    first = deliver(FileMemory(graph), [SLO], [ABOUT], outbox=outbox)
    assert first.waiting and "No such file" in first.reason and not graph.exists()
    newer = Entity(SLO.name, SLO.type, ("checkout 99.95 %",))
    deliver(FileMemory(graph), [newer, Entity("y", "sre-runbook")], outbox=outbox)
    graph.write_bytes(content)
    last = deliver(FileMemory(graph), [], outbox=outbox)
    assert set(last.stored) == {SLO.name, "y", "Shop: service levels agreed_by Alice"} and not outbox.exists()
    found = {entity.name: entity.observations for entity in read(graph).entities}
    assert found[SLO.name] == ("checkout 99.95 %",)


def test_a_writer_waits_for_another_and_then_gives_up(graph, outbox):
    holder = os.open(graph.parent, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        delivery = deliver(FileMemory(graph, wait=0.05), [SLO], outbox=outbox)
        assert delivery.waiting == (SLO.name,) and "another sre-kit has been writing" in delivery.reason
    finally:
        os.close(holder)
    assert deliver(FileMemory(graph), [], outbox=outbox).stored == (SLO.name,)


def test_many_writers_lose_nothing(graph, outbox, tmp_path):
    """The reference server keeps 1 of 50 parallel creates; of ours all must arrive."""
    threads = [
        threading.Thread(target=deliver, args=(FileMemory(graph), [Entity(f"n{k}", "sre-test")]), kwargs={"outbox": tmp_path / f"o{k}"})
        for k in range(20)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entity.name for entity in read(graph).entities} == {"Alice"} | {f"n{k}" for k in range(20)}


@pytest.mark.parametrize("times", [1, 2])
def test_a_server_that_writes_in_between_is_not_overwritten(times, graph, outbox, monkeypatch):
    real, reads = knowledge.content, []

    def content(path):
        reads.append(path)
        if len(reads) in (2, 4)[:times]:  # between our reading and our renaming
            graph.write_bytes(graph.read_bytes() + b"\n" + BOB)
        return real(path)

    monkeypatch.setattr(knowledge, "content", content)
    assert deliver(FileMemory(graph), [SLO], outbox=outbox).stored
    assert {entity.name for entity in read(graph).entities} == {"Alice", "Bob", SLO.name}


def test_a_server_that_overwrites_us_every_time_sends_us_to_the_outbox(graph, outbox, monkeypatch):
    original, real = graph.read_bytes(), knowledge.replace_file

    def replace_file(path, new):
        real(path, original if path == graph.resolve() else new)

    monkeypatch.setattr(knowledge, "replace_file", replace_file)
    delivery = deliver(FileMemory(graph), [SLO], outbox=outbox)
    assert delivery.waiting == (SLO.name,) and "overwrites" in delivery.reason
    assert outbox.read_bytes() == SLO_LINE


def test_a_half_line_that_is_still_being_written_is_waited_for(graph, outbox, monkeypatch):
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-10])
    monkeypatch.setattr(memory.time, "sleep", lambda _: graph.write_bytes(whole))
    deliver(FileMemory(graph), [SLO], outbox=outbox)
    assert graph.read_bytes() == lines(ALICE, SLO_LINE, KNOWS)


def test_a_half_line_that_stays_is_kept(graph, outbox, monkeypatch):
    graph.write_bytes(lines(ALICE, KNOWS[:-10]))
    monkeypatch.setattr(memory.time, "sleep", lambda _: None)
    deliver(FileMemory(graph), [SLO], outbox=outbox)
    assert graph.read_bytes() == lines(ALICE, SLO_LINE, KNOWS[:-10])


def test_a_failing_write_leaves_the_old_file_and_no_litter(graph, outbox, monkeypatch):
    before = graph.read_bytes()
    real = os.replace

    def replace(source, target):
        if Path(target).name == "memory.json":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(knowledge.os, "replace", replace)
    delivery = deliver(FileMemory(graph), [SLO], outbox=outbox)
    assert delivery.reason == "No space left on device"
    assert graph.read_bytes() == before and [path.name for path in graph.parent.iterdir()] == ["memory.json"]


@pytest.mark.parametrize("raw", [b"[" + ALICE + b"," + KNOWS + b"]", b'{"entities":[' + ALICE + b'],"relations":[]}'])
def test_a_graph_that_must_be_converted_first_is_left_alone(raw, tmp_path):
    path, outbox = tmp_path / "memory.json", tmp_path / "state" / "outbox.jsonl"
    path.write_bytes(raw)
    delivery = deliver(FileMemory(path), [SLO], outbox=outbox)
    assert path.read_bytes() == raw
    assert delivery.waiting == (SLO.name,) and "convert it" in delivery.reason
    assert outbox.read_bytes() == SLO_LINE
