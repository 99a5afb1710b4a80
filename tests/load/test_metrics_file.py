"""Measurements from tables and OpenMetrics text."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load.metrics import Source, open_source, tables
from sre_kit.load.metrics.source import Auth, CountingSource

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_half_open_and_in_utc(tmp_path: Path):
    write(
        tmp_path, "cpu.csv", "time,value\n2026-03-01T01:00:00+01:00,1\n2026-03-01T00:01:00Z,2\n2026-03-01T00:02:00Z,3\n"
    )
    source = open_source("file:.", base=tmp_path)
    assert isinstance(source, Source)
    assert isinstance(source, CountingSource)
    found = source.read("cpu", START, START + 2 * MINUTE, MINUTE)
    assert found.to_dict() == {pd.Timestamp(START): 1, pd.Timestamp(START + MINUTE): 2}
    assert str(found.index.tz) == "UTC"
    assert found.index.name == "time"


def test_counts_add_up_and_gauges_average_in_longer_steps(tmp_path: Path):
    rows = "".join(f"2026-03-01T00:{minute:02}:00Z,{minute}\n" for minute in range(10))
    write(tmp_path, "n.csv", "time,value\n" + rows)
    source = open_source("file:.", base=tmp_path)
    assert source.increase("n", START, START + 10 * MINUTE, 5 * MINUTE).tolist() == [10, 35]
    assert source.read("n", START, START + 10 * MINUTE, 5 * MINUTE).tolist() == [2, 7]


def test_a_table_of_counter_readings_is_never_summed(tmp_path: Path):
    readings = [7 * n for n in range(101)] + [7 * n for n in range(1, 100)]  # the process began again once
    rows = "".join(f"{START + n * MINUTE:%Y-%m-%dT%H:%M:%SZ},{value}\n" for n, value in enumerate(readings))
    write(tmp_path, "n.csv", "time,value\n" + rows)
    window = (START, START + 200 * MINUTE, 200 * MINUTE)
    with pytest.raises(DataError, match=r"look like a counter.*\?rows=counts\|counter"):
        open_source("file:.", base=tmp_path).increase("n", *window)
    assert open_source("file:.?rows=counter", base=tmp_path).increase("n", *window).tolist() == [7 * 199]
    assert open_source("file:.?rows=counts", base=tmp_path).increase("n", *window).tolist() == [sum(readings)]
    assert open_source("file:.", base=tmp_path).read("n", *window).tolist() == [sum(readings) / 200]
    with pytest.raises(ParameterError, match=r"rows=count.*counts"):
        open_source("file:.?rows=count", base=tmp_path)


def test_missing_values_and_silent_steps_are_missing_not_zero(tmp_path: Path):
    write(
        tmp_path,
        "n.csv",
        "time,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00Z,\n2026-03-01T00:02:00Z,inf\n2026-03-01T00:09:00Z,0\n",
    )
    found = open_source("file:.", base=tmp_path).increase("n", START, START + HOUR, MINUTE)
    assert found.tolist() == [1, 0]
    assert found.index.tolist() == [START, START + 9 * MINUTE]


@pytest.mark.parametrize("times", ["time", "timestamp", "period", "ds"])
@pytest.mark.parametrize("values", ["value", "count", "y"])
def test_the_usual_column_names_are_known(tmp_path: Path, times, values):
    write(tmp_path, "n.csv", f"{times},{values}\n2026-03-01T00:00:00Z,4\n")
    assert open_source("file:n.csv", base=tmp_path).read("n", START, START + DAY, DAY).tolist() == [4]


def test_columns_are_named_in_the_url_and_by_the_query(tmp_path: Path):
    write(tmp_path, "all.csv", "when,good,total\n2026-03-01 00:00:00,9,10\n")
    mapped = open_source("file:.?time=when&value=total&zone=Europe/Berlin", base=tmp_path)
    assert mapped.read("all", START - DAY, START + DAY, HOUR).to_dict() == {pd.Timestamp(START - HOUR): 10}
    single = open_source("file:all.csv?time=when&zone=UTC", base=tmp_path)
    assert single.read("good", START, START + DAY, HOUR).tolist() == [9]
    with pytest.raises(SourceError, match="nor a column; did you mean 'good'"):
        single.read("goood", START, START + DAY, HOUR)


def test_parquet_gives_what_csv_gives(tmp_path: Path):
    index = pd.date_range(START, periods=100, freq="1min")
    frame = pd.DataFrame({"time": index, "value": np.arange(100.0)})
    frame.to_parquet(tmp_path / "p.parquet")
    frame.to_csv(tmp_path / "c.csv", index=False)
    source = open_source("file:.", base=tmp_path)
    pd.testing.assert_series_equal(
        source.read("p", START, START + DAY, HOUR), source.read("c", START, START + DAY, HOUR), check_names=False
    )


def test_unix_seconds_and_milliseconds_are_told_apart_and_never_mixed(tmp_path: Path):
    """FAULTS F10."""
    seconds = int(START.timestamp())
    write(tmp_path, "s.csv", f"time,value\n{seconds},1\n")
    write(tmp_path, "ms.csv", f"time,value\n{seconds * 1000},1\n")
    write(tmp_path, "mix.csv", f"time,value\n{seconds},1\n{(seconds + 60) * 1000},2\n")
    write(tmp_path, "us.csv", f"time,value\n{seconds * 1_000_000},1\n")
    source = open_source("file:.", base=tmp_path)
    for query in ("s", "ms"):
        assert source.read(query, START, START + DAY, MINUTE).index.tolist() == [START]
    with pytest.raises(DataError, match="row 2: seconds and milliseconds are mixed"):
        source.read("mix", START, START + DAY, MINUTE)
    with pytest.raises(DataError, match="Unix time in seconds or milliseconds was expected"):
        source.read("us", START, START + DAY, MINUTE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,value\n2026-03-01 00:00:00,1\n", "have no zone .*add \\?zone=UTC"),
        ("time,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:01:00,1\n", "some have none"),
        ("time,value\n2026-03-01T00:00:00Z,1\nyesterday,1\n", "row 2, column 'time': 'yesterday' is no ISO 8601 time"),
        ("time,value\n2026-03-01T00:00:00Z,many\n", "holds 'many', which is no number"),
        ("time,size\n2026-03-01T00:00:00Z,1\n", "no column of values \\(value or count or y\\); there are time, size"),
        ("day,value\n2026-03-01T00:00:00Z,1\n", "no column of times .*; there are day, value"),
        ("", "no table can be read"),
        (
            "time,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:00:00Z,2\n",
            "1 row\\(s\\) repeat a time, first 2026-03-01 00:00:00Z",
        ),
    ],
)
def test_a_table_that_breaks_its_contract_is_refused_with_the_way_out(tmp_path: Path, text, said):
    write(tmp_path, "n.csv", text)
    with pytest.raises(DataError, match=said):
        open_source("file:.", base=tmp_path).read("n", START, START + DAY, MINUTE)


def test_a_time_that_the_clock_shows_twice_is_refused(tmp_path: Path):
    write(tmp_path, "n.csv", "time,value\n2026-10-25 02:30:00,1\n")
    with pytest.raises(DataError, match="missing or double in Europe/Berlin"):
        open_source("file:.?zone=Europe/Berlin", base=tmp_path).read("n", START, START + 300 * DAY, MINUTE)


def test_rows_out_of_order_are_sorted_and_it_is_said(tmp_path: Path):
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:01:00Z,2\n2026-03-01T00:00:00Z,1\n")
    found = open_source("file:.", base=tmp_path).read("n", START, START + DAY, MINUTE)
    assert found.tolist() == [1, 2]
    assert found.attrs["note"] == "the rows of n.csv were not in order of time and were sorted"


@pytest.mark.parametrize(("twice", "value"), [("mean", 2), ("sum", 4), ("first", 1), ("last", 3)])
def test_repeated_times_are_resolved_only_as_the_url_says(tmp_path: Path, twice, value):
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:00:00Z,1\n2026-03-01T00:00:00Z,3\n")
    found = open_source(f"file:.?twice={twice}", base=tmp_path).read("n", START, START + DAY, MINUTE)
    assert found.tolist() == [value]
    assert f"their {twice} was taken" in found.attrs["note"]


def test_a_missing_metric_lists_those_that_there_are(tmp_path: Path):
    write(tmp_path, "requests.csv", "time,value\n")
    source = open_source("file:.", base=tmp_path)
    with pytest.raises(SourceError, match=r"no metric 'request' in \.; did you mean 'requests'"):
        source.read("request", START, START + DAY, MINUTE)
    with pytest.raises(SourceError, match="there is no such folder or file"):
        open_source("file:nowhere", base=tmp_path).read("a", START, START + DAY, MINUTE)


@pytest.mark.parametrize("query", ["../secret", "/etc/hosts", "a/../../secret", "link", "x\0y", ""])
def test_a_query_never_leads_out_of_its_folder(tmp_path: Path, query):
    write(tmp_path, "secret.csv", "time,value\n2026-03-01T00:00:00Z,1\n")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceError, match="no metric"):
        open_source("file:metrics", base=tmp_path).read(query, START, START + DAY, MINUTE)


def test_what_is_no_file_or_too_large_is_refused(tmp_path: Path, monkeypatch):
    import os

    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="no metric 'pipe'"):
        open_source("file:.", base=tmp_path).read("pipe", START, START + DAY, MINUTE)
    write(tmp_path, "big.csv", "time,value\n" + "x" * 1000)
    monkeypatch.setattr(tables, "MAX_BYTES", 100)
    with pytest.raises(SourceError, match=r"big\.csv is larger than"):
        open_source("file:.", base=tmp_path).read("big", START, START + DAY, MINUTE)


def test_bytes_that_are_no_text_or_no_parquet_are_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"time,value\n\xff\xfe,1\n")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 nonsense PAR1")
    (tmp_path / "c.prom").write_bytes(b"a 1 \xff\n")
    source = open_source("file:.", base=tmp_path)
    with pytest.raises(DataError, match="byte 11 is no UTF-8"):
        source.read("a", START, START + DAY, MINUTE)
    with pytest.raises(DataError, match="no table can be read"):
        source.read("b", START, START + DAY, MINUTE)
    with pytest.raises(DataError, match="byte 4 is no UTF-8"):
        source.read("other", START, START + DAY, MINUTE)


def test_the_state_of_a_file_is_its_content(tmp_path: Path):
    source = open_source("file:.", base=tmp_path)
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:00:00Z,1\n")
    before = source.version("n")
    assert source.version("n") == before
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:00:00Z,2\n")
    assert source.version("n") != before


OPENMETRICS = """# TYPE http_requests counter
# HELP http_requests Requests.
http_requests_total{code="200",path="/a b\\"c\\\\"} 10 1772323200
http_requests_total{code="200",path="/a b\\"c\\\\"} 15 1772323260 # {trace_id="x"} 1
http_requests_total{code="200",path="/a b\\"c\\\\"} 3 1772323320
http_requests_total{code="500",path="}"} 1 1772323260
http_requests_total{code="500",path="}"} 4 1772323320.000
# TYPE cpu gauge
cpu{i="a"} 0.5 1772323200
cpu{i="b"} 0.25 1772323200
# EOF
"""


def test_openmetrics_counters_are_counted_by_their_increments(tmp_path: Path):
    """10 -> 15 adds 5; 15 -> 3 is a reset and adds 3; 1 -> 4 adds 3; a first sample adds nothing."""
    write(tmp_path, "metrics.om", OPENMETRICS)
    source = open_source("file:.", base=tmp_path)
    begin = datetime.fromtimestamp(1772323200, tz=UTC)
    assert source.increase("http_requests_total", begin, begin + HOUR, MINUTE).tolist() == [5, 6]
    assert source.increase('http_requests_total{code=~"5.."}', begin, begin + HOUR, MINUTE).index.tolist() == [
        begin + MINUTE
    ]
    assert source.increase('http_requests_total{path="/a b\\"c\\\\"}', begin, begin + HOUR, HOUR).tolist() == [8]
    assert source.increase('http_requests_total{code!="200"}', begin, begin + HOUR, HOUR).tolist() == [3]
    assert source.read("cpu", begin, begin + HOUR, MINUTE).tolist() == [0.75]
    assert source.read('cpu{i!~"a|c"}', begin, begin + HOUR, MINUTE).tolist() == [0.25]


def test_openmetrics_without_the_metric_series_or_timestamps(tmp_path: Path):
    write(tmp_path, "metrics.om", OPENMETRICS)
    source = open_source("file:metrics.om", base=tmp_path)
    assert len(source.increase('http_requests_total{code="404"}', START, START + DAY, MINUTE)) == 0
    with pytest.raises(SourceError, match="did you mean 'http_requests_total'"):
        source.read("http_request_total", START, START + DAY, MINUTE)
    with pytest.raises(ParameterError, match="a file cannot evaluate expressions"):
        source.read("sum(cpu)", START, START + DAY, MINUTE)
    write(tmp_path, "metrics.om", "cpu 1\n# EOF\n")
    with pytest.raises(DataError, match=r"metrics\.om:1: the sample has no timestamp"):
        source.read("cpu", START, START + DAY, MINUTE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cpu{", "no sample"),
        ("cpu{a=b} 1 2", "no label"),
        ("cpu x 2", "no number"),
        ("1cpu 1 2", "no sample"),
        ('c{a="b"}1 2', "no sample"),
    ],
)
def test_a_line_that_is_no_sample_is_refused_with_its_number(tmp_path: Path, line, said):
    write(tmp_path, "metrics.prom", f"# HELP cpu x\n{line}\n")
    with pytest.raises(DataError, match=f"metrics.prom:2: {said}"):
        open_source("file:metrics.prom", base=tmp_path).read("cpu", START, START + DAY, MINUTE)


def test_prometheus_text_has_milliseconds_and_repeated_times_are_refused(tmp_path: Path):
    stamp = int(START.timestamp()) * 1000
    write(tmp_path, "metrics.prom", f"cpu 1 {stamp}\n")
    source = open_source("file:metrics.prom", base=tmp_path)
    assert source.read("cpu", START, START + DAY, MINUTE).index.tolist() == [START]
    write(tmp_path, "metrics.prom", f"cpu 1 {stamp}\ncpu 2 {stamp}\n")
    with pytest.raises(DataError, match="first repeated or out of order at 2026-03-01 00:00:00Z"):
        source.read("cpu", START, START + DAY, MINUTE)


@given(st.text(alphabet=' "\\{}=,#ab1\t', max_size=200))
def test_openmetrics_never_fails_other_than_by_name(line):
    from sre_kit.load.metrics import openmetrics

    with contextlib.suppress(DataError, SourceError):
        openmetrics.read(line.encode(), "a", "x.om", (START, START + HOUR), MINUTE, total=True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:", "no path"),
        ("file://elsewhere/metrics", "lies on this machine"),
        ("file:x?zon=UTC", "did you mean 'zone'"),
        ("file:x?twice=both", "allowed: first, last, mean, sum"),
        ("demo:x", "neither options nor auth"),
        ("prometeus+http://x", "did you mean 'prometheus\\+http'"),
        ("http://x", "no source 'http'"),
        ("nothing", "no source 'nothing'"),
        ("", "no source ''"),
    ],
)
def test_a_url_that_names_no_source_is_refused_with_the_nearest(url, said):
    with pytest.raises(ParameterError, match=said):
        open_source(url)


def test_auth_is_refused_where_nothing_could_use_it():
    for url in ("file:x", "demo:"):
        with pytest.raises(ParameterError, match="auth"):
            open_source(url, auth=Auth(tenant="a"))


@pytest.mark.parametrize(
    "fields",
    [
        {"token_env": "A", "token_file": "b"},
        {"token_env": "A", "username": "u", "password_env": "P"},
        {"username": "u"},
        {"password_env": "P"},
        {"client_key": "k"},
        {"username": "u", "password_env": "P", "password_file": "p"},
    ],
)
def test_auth_that_contradicts_itself_is_refused(fields):
    with pytest.raises(ParameterError, match=r"source\.auth"):
        Auth(**fields)


def test_a_third_party_source_is_found_by_its_entry_point(monkeypatch):
    from importlib.metadata import EntryPoint

    import sre_kit.load.metrics as metrics
    from sre_kit.load.metrics.demo import DemoSource

    point = EntryPoint("influx", "tests_influx:open_influx", "sre_kit.sources")
    monkeypatch.setattr(metrics, "entry_points", lambda group: [point] if group == "sre_kit.sources" else [])
    asked = {}

    def opener(url: str, **options: object) -> DemoSource:
        asked.update(options, url=url)
        return DemoSource()

    monkeypatch.setattr(EntryPoint, "load", lambda self: opener)
    assert open_source("influx://host/db").synthetic
    assert asked["url"] == "influx://host/db"
    assert set(asked) == {"url", "auth", "base", "timeout"}
    with pytest.raises(ParameterError, match="did you mean 'influx'"):
        open_source("inflx://host")


def test_the_demo_is_synthetic_and_repeats_itself():
    source = open_source("demo:")
    assert source.synthetic
    assert "synthetic" in source.name
    first = source.read(
        "requests_total:checkout", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC), HOUR
    )
    again = source.read(
        "requests_total:checkout", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC), HOUR
    )
    assert len(first) == 24
    pd.testing.assert_series_equal(first, again)


def test_a_window_that_cannot_be_read_is_refused():
    source = open_source("demo:")
    with pytest.raises(ParameterError, match="has no zone"):
        source.read("a", datetime(2026, 1, 1), START, MINUTE)  # noqa: DTZ001
    with pytest.raises(ParameterError, match="before it begins"):
        source.read("a", START, START, MINUTE)
    with pytest.raises(ParameterError, match="whole seconds"):
        source.read("a", START, START + DAY, timedelta(milliseconds=1500))


@pytest.mark.real
def test_the_real_series_load_as_they_are(shared_data: Path):
    """Sums and lengths by an independent reading of the same files."""
    web = open_source(f"file:{shared_data}/worldcup98?zone=UTC")
    first, last = datetime(1998, 5, 1, tzinfo=UTC), datetime(1998, 6, 30, tzinfo=UTC)
    assert web.increase("requests_per_minute", first, last, HOUR).sum() == 949_111_255
    nab = open_source(f"file:{shared_data}/nab?zone=UTC&twice=mean")
    for path in sorted((shared_data / "nab").glob("*.csv")):
        rows = pd.read_csv(path)
        found = nab.read(path.stem, datetime(2014, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC), MINUTE)
        assert len(found) == rows["timestamp"].nunique()
        assert found.max() == pytest.approx(rows["value"].max())
    views = open_source(f"file:{shared_data}/long-series/wikipedia_R_daily_log_views.csv?zone=UTC")
    found = views.read("y", datetime(2008, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC), DAY)
    assert len(found) == 2863
    assert "sorted" in found.attrs["note"]


def test_check_lists_what_is_there_and_fails_where_nothing_is(tmp_path: Path):
    for name in ("a.csv", "b.parquet", "c.om", "notes.md"):
        write(tmp_path, name, "")
    assert open_source("file:.", base=tmp_path).check() == ".: 3 file(s): a, b, c.om"
    assert open_source("file:a.csv", base=tmp_path).check() == "a.csv: 1 file(s): a.csv"
    with pytest.raises(SourceError, match="no metrics in nowhere"):
        open_source("file:nowhere", base=tmp_path).check()
    with pytest.raises(SourceError, match=r"notes\.md: cannot read \.md; allowed: \.csv"):
        open_source("file:notes.md", base=tmp_path).read("a", START, START + DAY, MINUTE)


def test_a_column_that_the_url_names_and_the_table_lacks_is_named(tmp_path: Path):
    write(tmp_path, "n.csv", "when,value\n2026-03-01T00:00:00Z,1\n")
    with pytest.raises(DataError, match="no column 'wen'; did you mean 'when'"):
        open_source("file:.?time=wen", base=tmp_path).read("n", START, START + DAY, MINUTE)
    with pytest.raises(ParameterError, match="no time zone 'Mars/Olympus'"):
        write(tmp_path, "z.csv", "time,value\n2026-03-01 00:00:00,1\n")
        open_source("file:.?zone=Mars/Olympus", base=tmp_path).read("z", START, START + DAY, MINUTE)


def test_a_row_without_a_time_is_refused(tmp_path: Path):
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:00:00Z,1\n,2\n")
    with pytest.raises(DataError, match="row 2"):
        open_source("file:.", base=tmp_path).read("n", START, START + DAY, MINUTE)


def test_a_window_without_rows_is_empty_and_in_utc(tmp_path: Path):
    write(tmp_path, "n.csv", "time,value\n2026-03-01T00:00:00Z,1\n")
    found = open_source("file:.", base=tmp_path).read("n", START + DAY, START + 2 * DAY, MINUTE)
    assert len(found) == 0
    assert str(found.index.tz) == "UTC"


@given(st.lists(st.integers(0, 2000), unique=True, min_size=1, max_size=80), st.integers(1, 90))
def test_steps_of_any_length_keep_the_sum(minutes, length):
    from sre_kit.load.metrics.source import series, stepped

    times = pd.DatetimeIndex([START + minute * MINUTE for minute in sorted(minutes)])
    found = stepped(series(times, range(len(minutes)), "n"), START, START + 2001 * MINUTE, length * MINUTE, total=True)
    assert found.sum() == sum(range(len(minutes)))
    assert all((at - pd.Timestamp(START)) % (length * MINUTE) == timedelta(0) for at in found.index)


def test_a_parquet_bomb_is_judged_by_its_footer(tmp_path: Path, monkeypatch):
    """FAULTS T8: equal rows pack to almost nothing."""
    frame = pd.DataFrame({"time": [pd.Timestamp(START)] * 200_000, "value": 0.0})
    frame.to_parquet(tmp_path / "bomb.parquet")
    monkeypatch.setattr(tables, "_MAX_ROWS", 100_000)
    with pytest.raises(DataError, match=r"200,000 rows of .* are more than 100,000 rows"):
        open_source("file:.", base=tmp_path).read("bomb", START, START + DAY, MINUTE)


def test_a_column_of_a_single_parquet_file_is_a_query(tmp_path: Path):
    pd.DataFrame({"time": [pd.Timestamp(START)], "good": [9], "total": [10]}).to_parquet(tmp_path / "all.parquet")
    source = open_source("file:all.parquet", base=tmp_path)
    assert source.increase("total", START, START + DAY, MINUTE).tolist() == [10]
    with pytest.raises(SourceError, match="nor a column"):
        source.increase("bad", START, START + DAY, MINUTE)
