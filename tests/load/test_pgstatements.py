"""pg_stat_statements of every supported version, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sre_kit.compute.performance.statements import statement_evidence
from sre_kit.load.pgstatements import statements

QUERY = '"SELECT *\n FROM orders"'
VERSIONS = {
    "PostgreSQL 12 or earlier": ("total_time,mean_time,stddev_time,blk_read_time", "2000,200,50,100"),
    "PostgreSQL 13 to 16": ("total_exec_time,mean_exec_time,stddev_exec_time,blk_read_time", "2000,200,50,100"),
    "PostgreSQL 17 or later": (
        "total_exec_time,mean_exec_time,stddev_exec_time,shared_blk_read_time",
        "2000,200,50,100",
    ),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "statements.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_the_names_of_every_version_are_understood(version: str, tmp_path: Path) -> None:
    columns, values = VERSIONS[version]
    blocks = "shared_blks_hit,shared_blks_read,temp_blks_written"
    text = f"query,calls,rows,{blocks},{columns}\n{QUERY},10,40,30,10,5,{values}\n"
    found = statements(written(tmp_path, text))
    (one,) = found.statements
    assert found.version == version and found.gap is None
    assert (one.query, one.calls, one.total, one.mean, one.deviation) == ("SELECT * FROM orders", 10, 2.0, 0.2, 0.05)
    assert (one.rows_per_call, one.hit_ratio, one.read_share, one.temporary) == (4, 0.75, 0.05, 5)
    assert found.share(one) == 1


def test_statements_are_ranked_by_total_and_not_by_mean_time(tmp_path: Path) -> None:
    text = "query,calls,total_exec_time\nrare,1,5000\noften,100000,20000\n"
    assert [one.query for one in statements(written(tmp_path, text)).statements] == ["often", "rare"]


def test_counters_that_are_not_there_are_missing(tmp_path: Path) -> None:
    (one,) = statements(written(tmp_path, "query,calls,total_exec_time\nq,4,8\n")).statements
    assert (one.hit_ratio, one.rows, one.read_share, one.deviation) == (None, None, None, None)
    assert one.mean == 0.002


def test_a_row_without_calls_is_left_out_and_counted(tmp_path: Path) -> None:
    found = statements(written(tmp_path, "query,calls,total_exec_time\nq,0,0\nr,,3\ns,1,2\n"))
    assert [one.query for one in found.statements] == ["s"] and found.notes == (
        "2 row(s) without calls or time left out",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "no pg_stat_statements; needed are query, calls"),
        ("", "no columns"),
        ("query,calls,total_exec_time\nq,many,2\n", "line 2: calls is 'many'"),
        ("query,calls,total_exec_time\nq,1,2\nr,1,-2\n", "line 3: total_exec_time is '-2'"),
        ("query,calls,total_exec_time\nq,1,nan\n", "line 2: total_exec_time is 'nan'"),
    ],
)
def test_a_file_that_is_none_becomes_a_gap_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    found = statements(written(tmp_path, text))
    assert found.gap is not None and words in found.gap.because and found.gap.degraded
    assert found.statements == ()


def test_a_missing_or_foreign_file_becomes_a_gap(tmp_path: Path) -> None:
    missing = statements(tmp_path / "none.csv").gap
    assert missing is not None and "no such regular file" in missing.because
    (tmp_path / "latin.csv").write_bytes(b"query,calls,total_exec_time\n\xe9,1,2\n")
    foreign = statements(tmp_path / "latin.csv").gap
    assert foreign is not None and "not UTF-8" in foreign.because


def test_a_suggestion_rests_on_a_counter_or_is_not_made(tmp_path: Path) -> None:
    text = (
        "query,calls,rows,total_exec_time,stddev_exec_time,shared_blks_hit,shared_blks_read,temp_blks_written,blk_read_time\n"
        "count,10,10,1000,1,100,90000,0,800\nsort,10,50000,100,1,99,1,7,0\nfine,10,10,50,1,100,0,0,0\n"
    )
    found = statements(written(tmp_path, text))
    count, sort, fine = (statement_evidence(one, found.share(one)) for one in found.statements)
    assert count[0] == "> 99 % of its blocks came from disk" and "80 % of its time waited for blocks" in count
    assert "9,010 blocks read for 1.0 rows a call: most of what is read is counted or thrown away" in count
    assert sort == ["7 temporary blocks written (a sort or hash that did not fit)", "5,000 rows a call"]
    assert fine == []
