"""Records of drills: read as they were written, refused where they contradict themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.compute.operations.drills import Drill, DrillLog, Entry, restore_tests, tree_differences
from sre_kit.compute.operations.plan import Backup
from sre_kit.compute.operations.recovery import recoverables
from sre_kit.load.drills import as_line, drill_log

AT = datetime(2026, 10, 30, 9, tzinfo=UTC)
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
HALF_A_YEAR = timedelta(days=182)
PASSED = Drill(
    AT, "restic 0.14.0", "sre-kit 0.1.0", files=3, folders=1, links=1, size=4096, backup=timedelta(seconds=2),
    restore=timedelta(seconds=1), compared=5, damaged=2,
)  # fmt: skip


def read(tmp_path: Path, *lines: str) -> DrillLog:
    (tmp_path / "drills.jsonl").write_text("".join(lines), encoding="utf-8")
    return drill_log(tmp_path / "drills.jsonl", "Shop", AS_OF)


texts = st.text(max_size=30)


@given(texts, texts, texts, st.integers(0, 10**6), st.lists(texts, max_size=5))
def test_a_record_reads_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, component: str, who: str, failure: str, size: int, differences: list[str]
) -> None:
    one = replace(
        PASSED,
        component=component,
        who=who,
        failure=failure,
        size=size,
        differences=tuple(differences),
        different=len(differences),
    )
    log = read(tmp_path_factory.getbasetemp(), as_line(one, "Shop"))
    assert log.problems == ()
    assert [replace(got, source="") for got in log.drills] == [one]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"different": 1}, "its own numbers say otherwise"),
        ({"damaged": 0}, "its own numbers say otherwise"),
        ({"compared": 4}, "its own numbers say otherwise"),
        ({"failure": "disk full"}, "its own numbers say otherwise"),
        ({"restore_seconds": None}, "its own numbers say otherwise"),
        ({"files": -1}, "a whole number was expected"),
        ({"files": True}, "a whole number was expected"),
        ({"restore_seconds": "1"}, "seconds were expected"),
        ({"at": "yesterday"}, "yesterday"),
        ({"tool": 7}, "a text was expected"),
        ({"format": 2}, "no drill of format 1"),
        ({"differences": "none"}, "a list was expected"),
    ],
)
def test_a_record_that_says_passed_and_shows_otherwise_counts_for_nothing(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    row = {**json.loads(as_line(PASSED, "Shop")), **change}
    log = read(tmp_path, json.dumps(row) + "\n")
    assert log.drills == ()
    assert said in log.problems[0] and log.gap


def test_other_projects_and_later_drills_are_left_out(tmp_path: Path) -> None:
    later = replace(PASSED, at=AS_OF + timedelta(days=1))
    log = read(tmp_path, as_line(PASSED, "Shop"), as_line(PASSED, "Other"), as_line(later, "Shop"), "\n", "{torn")
    assert (len(log.drills), log.later, len(log.problems)) == (1, 1, 1)
    assert log.drills[0].source == "drills.jsonl:1"


def test_a_drill_is_passed_then_stale_and_a_failed_one_says_why() -> None:
    assert PASSED.state(AS_OF, HALF_A_YEAR) == "passed"
    assert PASSED.state(AT + HALF_A_YEAR, HALF_A_YEAR) == "passed"
    assert PASSED.state(AT + HALF_A_YEAR + timedelta(seconds=1), HALF_A_YEAR) == "stale"
    bad = replace(PASSED, different=1, differences=("a: missing",))
    assert bad.state(AS_OF, HALF_A_YEAR) == "failed"
    assert bad.why_not == "1 of 5 differ: a: missing"
    assert replace(PASSED, size=2**20).bytes_per_second == 2**20
    assert [one.bytes_per_second for one in (PASSED, replace(bad, size=2**20))] == [None, None], "too small, failed"


def store(**given: Any) -> Any:
    return recoverables([], [Backup("media", every=timedelta(days=1), **given)])


@pytest.mark.parametrize(
    ("said", "drills", "held", "recorded", "failed"),
    [
        (None, [], None, False, False),
        (date(2026, 1, 1), [], date(2026, 1, 1), False, False),
        (date(2026, 1, 1), [PASSED], date(2026, 10, 30), True, False),
        (date(2026, 10, 31), [PASSED], date(2026, 10, 31), False, False),
        (None, [replace(PASSED, failure="no space")], None, False, True),
        (
            None,
            [PASSED, replace(PASSED, at=AT + timedelta(hours=1), failure="no space")],
            date(2026, 10, 30),
            True,
            True,
        ),
        (
            None,
            [replace(PASSED, failure="no space"), replace(PASSED, at=AT + timedelta(hours=1))],
            date(2026, 10, 30),
            True,
            False,
        ),
    ],
)
def test_the_later_of_what_is_said_and_what_is_recorded_counts(
    said: date | None, drills: list[Drill], held: date | None, recorded: bool, failed: bool
) -> None:
    log = DrillLog(tuple(replace(one, component="media") for one in drills))
    (found,) = restore_tests(store(last_restore_test=said), log, HALF_A_YEAR)
    assert (found.held, found.record is not None, found.failed is not None) == (held, recorded, failed)
    assert found.due == (None if held is None else held + HALF_A_YEAR)


def test_a_made_up_tree_proves_no_store() -> None:
    (found,) = restore_tests(store(), DrillLog((PASSED,)), HALF_A_YEAR)
    assert found.held is None and found.late(AS_OF)


entry = st.builds(
    Entry,
    st.sampled_from(["file", "folder", "link"]),
    st.integers(0, 0o777),
    st.integers(0, 9),
    st.integers(0, 2),
    st.sampled_from(["", "a"]),
    st.sampled_from(["", "t"]),
)
tree = st.dictionaries(st.sampled_from("abcd"), entry)


@given(tree, tree)
def test_a_tree_differs_from_another_exactly_where_an_entry_does(a: dict[str, Entry], b: dict[str, Entry]) -> None:
    assert tree_differences(a, a) == []
    paths = {text.partition(":")[0] for text in tree_differences(a, b)}
    # the mode of a link means nothing, and its kind outweighs the rest
    same = {
        path
        for path in a.keys() & b.keys()
        if a[path] == b[path]
        or (a[path].kind == b[path].kind == "link" and replace(a[path], mode=0) == replace(b[path], mode=0))
    }
    assert paths == (a.keys() | b.keys()) - same
