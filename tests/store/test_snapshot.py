"""The snapshot: every question asked once, the same bytes for everybody, damage noticed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_kit.errors import DataError, ParameterError, SourceError, SREKitError, UnreachableError
from sre_kit.store.snapshot import Snapshot

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Counted:
    """A source that notes each question on disk, so that several processes can be counted together."""

    folder: Path
    identity: str = "counted"
    state: str | None = ""
    error: Exception | None = None
    offset: float = 0
    pause: float = 0
    attrs: dict[str, object] = field(default_factory=dict)

    def version(self, query: str) -> str | None:
        return self.state

    def read(self, query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        with (self.folder / "asked").open("a") as log:
            log.write(f"{query}\n")
        time.sleep(self.pause)
        if self.error:
            raise self.error
        index = pd.date_range(start, end, freq=step, inclusive="left").as_unit("us").rename("time")
        found = pd.Series(np.arange(len(index)) * 0.1 + self.offset, index=index, name=query)
        found.attrs = dict(self.attrs)
        return found

    @property
    def asked(self) -> int:
        path = self.folder / "asked"
        return len(path.read_text().splitlines()) if path.exists() else 0


def read(snapshot: Snapshot, source: Counted, query: str = "q", end: datetime = END) -> pd.Series:
    return snapshot.read(source, query, START, end, MINUTE)


def test_a_closed_window_is_asked_once_ever(tmp_path: Path):
    source = Counted(tmp_path, attrs={"note": "partial", "extrapolated": True})
    first = read(Snapshot(tmp_path / "s", as_of=END), source)
    again = read(Snapshot(tmp_path / "s", as_of=END + timedelta(days=9), run_id="other"), source)
    pd.testing.assert_series_equal(first, again)
    assert first.attrs == again.attrs == {"note": "partial", "extrapolated": True}
    assert again.index.name == "time"
    assert source.asked == 1


def test_a_window_that_is_still_open_is_asked_again_in_the_next_run_but_not_in_this_one(tmp_path: Path):
    source = Counted(tmp_path)
    for run in ("one", "one", "two", "two"):
        read(Snapshot(tmp_path / "s", as_of=END - MINUTE, run_id=run), source)
    assert source.asked == 2
    read(Snapshot(tmp_path / "s"), source)
    read(Snapshot(tmp_path / "s"), source)
    assert source.asked == 4


def test_all_notebooks_of_a_run_see_the_same_bytes_though_the_source_changes(tmp_path: Path):
    source = Counted(tmp_path, state="v1")
    snapshot = Snapshot(tmp_path / "s", as_of=END, run_id="run")
    first = read(snapshot, source)
    source.offset, source.state = 5, "v2"
    pd.testing.assert_series_equal(read(snapshot, source), first)
    assert read(Snapshot(tmp_path / "s", as_of=END, run_id="next"), source).iloc[0] == 5


def test_a_source_whose_state_changed_is_asked_again_even_about_a_closed_window(tmp_path: Path):
    source = Counted(tmp_path, state="v1")
    read(Snapshot(tmp_path / "s", as_of=END), source)
    source.state = "v2"
    read(Snapshot(tmp_path / "s", as_of=END), source)
    source.state = "v1"
    read(Snapshot(tmp_path / "s", as_of=END), source)
    assert source.asked == 2


@pytest.mark.parametrize("options", [{"state": None}, {"attrs": {"partial": True}}])
def test_what_is_not_worth_keeping_or_incomplete_is_not_kept_between_runs(tmp_path: Path, options):
    source = Counted(tmp_path, **options)
    for run in ("one", "one", "two"):
        read(Snapshot(tmp_path / "s", as_of=END, run_id=run), source)
    assert source.asked == 2


def test_every_part_of_the_question_tells_answers_apart(tmp_path: Path):
    source = Counted(tmp_path)
    snapshot = Snapshot(tmp_path / "s", as_of=END + timedelta(days=1))
    snapshot.read(source, "q", START, END, MINUTE)
    snapshot.read(source, "r", START, END, MINUTE)
    snapshot.read(source, "q", START + MINUTE, END, MINUTE)
    snapshot.read(source, "q", START, END + MINUTE, MINUTE)
    snapshot.read(source, "q", START, END, 2 * MINUTE)
    snapshot.read(source, "q", START, END, MINUTE, kind="increase")
    snapshot.read(Counted(tmp_path, identity="another"), "q", START, END, MINUTE)
    assert source.asked == 7


@pytest.mark.parametrize("error", [SourceError("refused: a"), DataError("row 3: b"), UnreachableError("gone: c")])
def test_a_failure_is_remembered_in_its_run_and_forgotten_after_it(tmp_path: Path, error):
    source = Counted(tmp_path, error=error)
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            read(Snapshot(tmp_path / "s", as_of=END, run_id="one"), source)
        assert str(caught.value) == str(error)
        assert type(caught.value) is type(error)
    assert source.asked == 1
    source.error = None
    assert len(read(Snapshot(tmp_path / "s", as_of=END, run_id="two"), source)) == 60


def test_an_unreachable_source_is_asked_once_whatever_the_question(tmp_path: Path):
    source = Counted(tmp_path, error=UnreachableError("no connection"))
    for number in range(20):
        with pytest.raises(UnreachableError, match="no connection"):
            read(Snapshot(tmp_path / "s", run_id="one"), source, f"q{number}")
    assert source.asked == 1
    other = Counted(tmp_path, identity="other")
    assert len(read(Snapshot(tmp_path / "s", run_id="one"), other)) == 60


def test_a_query_that_fails_does_not_fail_the_others(tmp_path: Path):
    source = Counted(tmp_path, error=SourceError("bad query"))
    snapshot = Snapshot(tmp_path / "s", run_id="one")
    with pytest.raises(SourceError):
        read(snapshot, source, "bad")
    source.error = None
    assert len(read(snapshot, source, "good")) == 60
    with pytest.raises(SourceError, match="bad query"):
        read(snapshot, source, "bad")


def test_an_error_of_another_kind_is_not_remembered(tmp_path: Path):
    source = Counted(tmp_path, error=ParameterError("no PromQL"))
    for _ in range(2):
        with pytest.raises(ParameterError):
            read(Snapshot(tmp_path / "s", run_id="one"), source)
    assert source.asked == 2


def damage(path: Path, how: str) -> None:
    raw = path.read_bytes()
    if how == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "flipped":
        path.write_bytes(raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:])
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["cut", "emptied", "flipped", "gone"])
@pytest.mark.parametrize("what", ["blobs/*.series", "closed/*.json"])
def test_a_damaged_entry_is_dropped_and_asked_again(tmp_path: Path, what, how):
    source = Counted(tmp_path)
    first = read(Snapshot(tmp_path / "s", as_of=END), source)
    (path,) = (tmp_path / "s").glob(what)
    damage(path, how)
    pd.testing.assert_series_equal(read(Snapshot(tmp_path / "s", as_of=END), source), first)
    # a flipped byte in the entry may hit a label that is not used, which is no damage to the numbers
    assert source.asked == 2 or (how == "flipped" and what.startswith("closed"))
    read(Snapshot(tmp_path / "s", as_of=END), source)
    assert source.asked <= 2


@pytest.mark.parametrize(
    "entry", ['{"sha256": "../../../etc/passwd", "attrs": {}, "query": "q"}', "[]", "null", '{"sha256": 1}', "{}"]
)
def test_an_entry_that_somebody_wrote_leads_nowhere_else(tmp_path: Path, entry):
    source = Counted(tmp_path)
    read(Snapshot(tmp_path / "s", as_of=END), source)
    (path,) = (tmp_path / "s" / "closed").glob("*.json")
    path.write_text(entry)
    assert len(read(Snapshot(tmp_path / "s", as_of=END), source)) == 60
    assert source.asked == 2


def test_nothing_is_ever_unpickled(tmp_path: Path):
    """FAULTS T9."""
    seen = []
    sys.addaudithook(lambda event, args: seen.append(args) if event == "pickle.find_class" else None)
    source = Counted(tmp_path)
    for _ in range(2):
        read(Snapshot(tmp_path / "s", as_of=END), source)
    assert seen == []


def ask(folder: Path, run: str, queries: list[str], error: str, found: multiprocessing.Queue) -> None:
    source = Counted(folder, pause=0.02, error=UnreachableError(error) if error else None)
    said = []
    for query in queries:
        try:
            said.append(float(read(Snapshot(folder / "s", as_of=END, run_id=run), source, query).sum()))
        except UnreachableError as raised:
            said.append(str(raised))
    found.put(said)


def together(folder: Path, processes: int, queries: list[str], error: str = "") -> list[list[object]]:
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    running = [context.Process(target=ask, args=(folder, "run", queries, error, found)) for _ in range(processes)]
    for one in running:
        one.start()
    said = [found.get(timeout=60) for _ in running]
    for one in running:
        one.join(60)
        assert one.exitcode == 0
    return said


@pytest.mark.slow
def test_four_processes_ask_each_question_once_and_read_the_same(tmp_path: Path):
    said = together(tmp_path, 4, [f"q{number}" for number in range(10)])
    assert Counted(tmp_path).asked == 10
    assert len({tuple(one) for one in said}) == 1
    assert not list((tmp_path / "s").rglob(".new-*"))


@pytest.mark.slow
def test_four_processes_wait_for_a_dead_source_once(tmp_path: Path):
    said = together(tmp_path, 4, [f"q{number}" for number in range(20)], "no connection")
    assert Counted(tmp_path).asked == 1
    assert {answer for one in said for answer in one} == {"no connection"}


def test_the_least_recently_used_goes_when_the_cap_is_reached(tmp_path: Path):
    source = Counted(tmp_path)
    size = 60 * 16
    snapshot = Snapshot(tmp_path / "s", as_of=END, max_bytes=3 * size)
    for number in range(3):
        source.offset = number
        read(snapshot, source, f"q{number}")
    now = time.time()
    for age, path in enumerate(sorted((tmp_path / "s" / "blobs").iterdir())):
        os.utime(path, (now - 1000 + age, now - 1000 + age))
    read(snapshot, source, "q0")
    source.offset = 3
    read(snapshot, source, "q3")
    assert len(list((tmp_path / "s" / "blobs").iterdir())) == 3
    before = source.asked
    read(snapshot, source, "q0")
    read(snapshot, source, "q3")
    assert source.asked == before


def test_old_runs_go_and_clear_forgets_everything(tmp_path: Path):
    source = Counted(tmp_path)
    for number in range(20):
        read(Snapshot(tmp_path / "s", run_id=f"run{number}"), source)
    assert len(list((tmp_path / "s" / "runs").iterdir())) <= 9
    Snapshot(tmp_path / "s").clear()
    assert [one.name for one in (tmp_path / "s").iterdir()] == ["locks"]
    before = source.asked
    read(Snapshot(tmp_path / "s", run_id="run19"), source)
    assert source.asked == before + 1


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "s").write_text("in the way")
    with pytest.raises(SREKitError, match="cannot keep series under"):
        read(Snapshot(tmp_path / "s", as_of=END), Counted(tmp_path))


@pytest.mark.parametrize("run", ["../x", "a/b", ".", "..", "a b", "x" * 65, "-"])
def test_a_run_id_is_a_name_and_no_path(tmp_path: Path, run):
    with pytest.raises(ParameterError, match="run id"):
        Snapshot(tmp_path, run_id=run)


def test_no_secret_is_part_of_what_is_kept(tmp_path: Path, monkeypatch):
    from sre_kit.load.metrics import Auth, open_source

    monkeypatch.setenv("SRE_KIT_TEST_CANARY", "canary-in-the-snapshot")
    source = open_source("prometheus+http://127.0.0.1:9", auth=Auth(token_env="SRE_KIT_TEST_CANARY"))
    assert "canary-in" not in source.identity
    with pytest.raises(UnreachableError):
        Snapshot(tmp_path / "s", as_of=END, run_id="run").read(source, "up", START, END, MINUTE)
    kept = [path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert any(b"no connection" in one for one in kept)
    assert not any(b"canary-in" in one for one in kept)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=50), st.text(max_size=30))
def test_what_comes_back_is_what_went_in(tmp_path_factory, values, query):
    """Bit for bit: times, values, name and notes."""
    folder = tmp_path_factory.mktemp("s")
    index = pd.date_range(START, periods=len(values), freq="1s").as_unit("us").rename("time")
    original = pd.Series(values, index=index, dtype="float64", name=query)
    original.attrs = {"note": query}

    def answer(*_: object) -> pd.Series:
        return original

    source = Counted(folder)
    for _ in range(2):
        found = Snapshot(folder, as_of=END).read(source, query, START, END, MINUTE, ask=answer)
        pd.testing.assert_series_equal(found, original, check_exact=True, check_freq=False)
        assert found.attrs == original.attrs
    assert json.dumps(query)


def test_a_source_that_timed_out_counts_as_unreachable_for_the_rest_of_the_run(tmp_path: Path):
    from sre_kit.load.http import TimedOutError

    source = Counted(tmp_path, error=TimedOutError("no complete answer within 30 s"))
    for query in ("a", "b"):
        with pytest.raises(UnreachableError, match="within 30 s"):
            read(Snapshot(tmp_path / "s", run_id="one"), source, query)
    assert source.asked == 1


def test_what_changes_while_it_is_read_is_not_kept_between_runs(tmp_path: Path):
    """FAULTS F27."""
    source = Counted(tmp_path, state="v1")

    def ask(query: str, start: datetime, end: datetime, step: timedelta) -> pd.Series:
        found = source.read(query, start, end, step)
        source.state = "v2"
        return found

    Snapshot(tmp_path / "s", as_of=END, run_id="one").read(source, "q", START, END, MINUTE, ask=ask)
    assert not (tmp_path / "s" / "closed").exists()


@pytest.mark.parametrize(("run", "made"), [("r1", 1), ("", 2)])
def test_what_a_run_works_out_is_worked_out_once_and_without_a_run_each_time(tmp_path: Path, run: str, made: int):
    calls = []

    def make() -> list[str]:
        calls.append("made")
        return ["99.9 %", "é"]

    answers = [Snapshot(tmp_path, run_id=run).once("what?", make) for _ in range(2)]
    assert answers == [["99.9 %", "é"]] * 2
    assert len(calls) == made


def test_what_cannot_be_kept_is_worked_out_by_each(tmp_path: Path):
    (tmp_path / "snapshot").write_text("a file where the folder should be")
    kept = Snapshot(tmp_path / "snapshot", run_id="r1")
    assert [kept.once("what?", lambda: 1), kept.once("what?", lambda: 2)] == [1, 2]
