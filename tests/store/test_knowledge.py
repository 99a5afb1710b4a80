# ruff: noqa: E501 - a case is easier to read on one line
"""The knowledge graph's file: everything that can be read is read, nothing is lost, every foreign byte stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.errors import DocumentError, ProtectedError
from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity, Relation, foreign, merged, parse, read

DEMO = (Path(__file__).parents[2] / "sre_kit/demo/memory.jsonl").read_bytes()
ALICE = b'{"type":"entity","name":"Alice","entityType":"person","observations":["likes caf\xc3\xa9"]}'
BOB = b'{"type":"entity","name":"Bob","entityType":"person","observations":[]}'
KNOWS = b'{"type":"relation","from":"Alice","to":"Bob","relationType":"knows"}'
SLO = Entity("Shop: service levels", "sre-service-level", ("checkout 99.9 %",))
SLO_LINE = (
    b'{"type":"entity","name":"Shop: service levels","entityType":"sre-service-level",'
    b'"observations":["checkout 99.9 %"]}'
)
ABOUT = Relation("Shop: service levels", "Alice", "agreed_by")
ABOUT_LINE = b'{"type":"relation","from":"Shop: service levels","to":"Alice","relationType":"agreed_by"}'


def lines(*parts: bytes) -> bytes:
    return b"\n".join(parts)


def test_the_demo_is_read_without_a_word():
    graph = parse(DEMO)
    assert (len(graph.entities), len(graph.relations), graph.problems, graph.form) == (6, 4, (), "lines")
    assert graph.entities[0].observations[0] == "project_path: ."
    assert not DEMO.endswith(b"\n") and "“kosten ≫ nut”".encode() in DEMO


def test_every_truncation_is_survived():
    """What is whole is read, what is half is named and kept when we add to it."""
    for cut in range(len(DEMO) + 1):
        half = DEMO[:cut]
        graph = parse(half)
        assert len(graph.entities) + len(graph.relations) == half.count(b"}\n") + half.endswith(b"}"), cut
        torn = bool(half) and not half.endswith((b"}", b"\n"))
        named = [problem.partition(":")[0] for problem in graph.problems]
        assert named == ([f"line {half.count(10) + 1}"] if torn else []), cut
        after = merged(half, [SLO], [ABOUT])
        assert set(half.split(b"\n")) - {b""} <= set(after.split(b"\n")), cut
        assert {SLO_LINE, ABOUT_LINE} <= set(after.split(b"\n")), cut
        assert merged(after, [SLO], [ABOUT]) == after, cut


def test_only_a_line_feed_ends_a_line():
    odd = '{"type":"entity","name":"a\u2028b\x85c","entityType":"t","observations":["\x0b"]}'.encode()
    graph = parse(odd.replace(b"\x0b", b"\\u000b"))
    assert graph.entities[0].name == "a\u2028b\x85c" and not graph.problems


@pytest.mark.parametrize(
    ("raw", "names", "problems"),
    [
        (b"", [], []),
        (b"\n\n", [], []),
        (lines(ALICE, b"", BOB, b""), ["Alice", "Bob"], []),
        (lines(ALICE, BOB).replace(b"\n", b"\r\n"), ["Alice", "Bob"], []),
        (ALICE[:30], [], ["line 1: not a whole JSON object; skipped"]),
        (lines(ALICE[:30], BOB), ["Bob"], ["line 1: not a whole JSON object; skipped"]),
        (ALICE + BOB, ["Alice", "Bob"], ["line 1: 2 objects on one line; the server cannot read it"]),
        (ALICE + b"  " + BOB[:9], ["Alice"], ["line 1: the rest is not a whole JSON object; skipped"]),
        (b"\xef\xbb\xbf" + ALICE, ["Alice"], ["line 1: begins with a byte order mark"]),
        (lines(ALICE, b"\xff\xfe"), ["Alice"], ["line 2: not UTF-8 at byte 0; skipped"]),
        (lines(ALICE, b'"text"'), ["Alice"], ["line 2: not a JSON object; skipped"]),
        (lines(ALICE, b'{"type":"note"}'), ["Alice"], ["line 2: neither an entity nor a relation; skipped"]),
        (lines(ALICE, b'{"type":"entity"}'), ["Alice"], ["line 2: neither an entity nor a relation; skipped"]),
        (lines(ALICE, ALICE), ["Alice", "Alice"], ["line 2: a second entity 'Alice'"]),
        (lines(ALICE, b"[" * 100_000), ["Alice"], ["line 2: not a whole JSON object; skipped"]),
        (b"\x00", [], ["line 1: not a whole JSON object; skipped"]),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(raw, names, problems):
    graph = parse(raw)
    assert [entity.name for entity in graph.entities] == names
    assert list(graph.problems) == problems


def test_observations_that_are_no_text_are_read_as_json():
    graph = parse(b'{"type":"entity","name":"a","entityType":null,"observations":["x",1,{"y":2},"\\ud800"]}')
    assert graph.entities[0].observations == ("x", "1", '{"y": 2}', "?")


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (b"[" + ALICE + b"," + KNOWS + b"]", "array"),
        (b"[\n  " + ALICE + b",\n  " + KNOWS + b"\n]\n", "array"),
        (b'{"entities":[' + ALICE + b'],"relations":[' + KNOWS + b"]}", "object"),
        (b'\xef\xbb\xbf{"entities":[' + ALICE.replace(b'"type":"entity",', b"") + b'],"relations":[' + KNOWS + b"]}", "object"),
    ],
)  # fmt: skip
def test_a_graph_in_one_value_is_read_and_not_written(raw, form):
    graph = parse(raw)
    assert (graph.form, [e.name for e in graph.entities], len(graph.relations)) == (form, ["Alice"], 1)
    assert graph.problems[0].startswith(f"the file is one JSON {form}")
    with pytest.raises(ProtectedError, match="would wipe it"):
        merged(raw, [SLO])


def test_items_of_an_array_that_are_no_objects_are_named():
    assert parse(b"[1," + ALICE + b"]").problems[1:] == ("line 1: an item that is no JSON object; skipped",)
    assert parse(b'{"entities":1}').entities == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", lines(SLO_LINE, ABOUT_LINE)),
        (b"\n", lines(b"", SLO_LINE, ABOUT_LINE, b"")),
        (ALICE, lines(ALICE, SLO_LINE, ABOUT_LINE)),
        (lines(ALICE, b""), lines(ALICE, SLO_LINE, ABOUT_LINE, b"")),
        (lines(ALICE, BOB, KNOWS), lines(ALICE, BOB, SLO_LINE, KNOWS, ABOUT_LINE)),
        (lines(ALICE, KNOWS, b""), lines(ALICE, SLO_LINE, KNOWS, ABOUT_LINE, b"")),
        (KNOWS, lines(SLO_LINE, KNOWS, ABOUT_LINE)),
        (b"\xef\xbb\xbf" + KNOWS, b"\xef\xbb\xbf" + lines(SLO_LINE, KNOWS, ABOUT_LINE)),
        (lines(ALICE, BOB[:20]), lines(ALICE, SLO_LINE, BOB[:20], ABOUT_LINE)),
        (ALICE + BOB, lines(ALICE + BOB, SLO_LINE, ABOUT_LINE)),
        (lines(b"garbage", b"{}"), lines(SLO_LINE, b"garbage", b"{}", ABOUT_LINE)),
    ],
)
def test_entities_come_before_relations_and_every_other_byte_stays(before, after):
    assert merged(before, [SLO], [ABOUT]) == after
    assert merged(after, [SLO], [ABOUT]) == after


def test_observations_of_others_are_only_added_to():
    rest = b'{"type":"entity","name":"x","entityType":"person","observations":["a"],"colour":"red"}'
    after = merged(lines(rest, KNOWS), [Entity("x", "sre-person", ("b", "a"))])
    assert after == lines(rest.replace(b'["a"]', b'["a","b"]'), KNOWS)


def test_our_observations_are_replaced():
    assert merged(SLO_LINE, [Entity(SLO.name, "whatever", ("new",))]) == SLO_LINE.replace(b"checkout 99.9 %", b"new")


def test_a_changed_line_keeps_its_byte_order_mark_and_its_carriage_return():
    before = b"\xef\xbb\xbf" + ALICE + b"\r\n" + BOB + b"\r"
    assert merged(before, [Entity("Alice", "", ("x",))]) == before.replace(b'\xc3\xa9"]', b'\xc3\xa9","x"]')


def test_an_entity_whose_observations_are_broken_is_left_alone():
    broken = b'{"type":"entity","name":"x","entityType":"t","observations":"text"}'
    assert merged(broken, [Entity("x", "t", ("y",))]) == broken


def test_a_relation_is_written_once_whatever_else_its_line_says():
    there = ABOUT_LINE.replace(b"}", b',"since":2026}')
    assert merged(there, [], [ABOUT]) == there
    nested = ABOUT_LINE.replace(b"}", b',"since":{}}')
    assert merged(nested, [], [ABOUT]) == lines(nested, ABOUT_LINE)


def test_text_is_written_as_the_server_writes_it():
    written = merged(b"", [Entity("\ud800", "t", ('é "\u2028\n\\',))])
    assert (
        written == '{"type":"entity","name":"\\ud800","entityType":"t","observations":["é \\"\u2028\\n\\\\"]}'.encode()
    )


PIECES = [ALICE, BOB, KNOWS, SLO_LINE, ABOUT_LINE, ALICE[:20], b"", b"\r", b"\xef\xbb\xbf", b"{}", b"[", b"]", b"\xff", ALICE + BOB,
          b'{"entities":[]}', b"null", "\u2028".encode(), b" "]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=8))
def test_merging_twice_is_merging_once_and_loses_nothing(parts):
    raw = lines(*parts)
    before = parse(raw)
    try:
        after = merged(raw, [SLO], [ABOUT])
    except ProtectedError:
        assert before.form != "lines"
        return
    assert merged(after, [SLO], [ABOUT]) == after
    graph = parse(after)
    assert {entity.name for entity in graph.entities} >= {SLO.name} | {entity.name for entity in before.entities}
    assert len(graph.relations) >= len(before.relations)
    kept = list(after.split(b"\n"))
    for line in raw.split(b"\n") if raw else ():
        assert line in kept or line.removeprefix(b"\xef\xbb\xbf") in kept


def test_ours_are_told_from_others():
    assert [entity.name for entity in foreign(parse(lines(ALICE, SLO_LINE)))] == ["Alice"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "loop", "large"])
def test_what_is_no_regular_file_is_refused_without_waiting(kind, tmp_path, monkeypatch):
    path = tmp_path / "memory.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "large":
        path.write_bytes(DEMO)
        monkeypatch.setattr(knowledge, "MAX_BYTES", 10)
    with pytest.raises(DocumentError, match=r"memory\.json"):
        read(path)


def test_every_line_we_write_is_json():
    assert all(json.loads(line) for line in merged(DEMO, [SLO], [ABOUT]).split(b"\n"))
