"""Raw events: the same numbers from every kind of file and on every engine, and what is refused."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from sre_kit import show
from sre_kit.compute.performance.events import COLUMNS, EventLog, per_minute, route_events
from sre_kit.load import rawevents
from sre_kit.load.rawevents import event_statistics
from sre_kit.render import engine
from tests.render.test_engine import notebook

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)


def events(count: int = 3000) -> pd.DataFrame:
    random = np.random.default_rng(1)
    times = pd.Timestamp("2026-11-01T10:00:00Z") + pd.to_timedelta(random.integers(0, 600, count), unit="s")
    return pd.DataFrame(
        {
            "time": times.as_unit("us"),
            "route": random.choice(["/", "/cart", "/o'brien"], count),
            "status": random.choice([200, 404, 500, 503], count, p=[0.9, 0.05, 0.03, 0.02]),
            "duration": np.round(random.lognormal(-2, 0.7, count), 6),
        }
    )


def expected(frame: pd.DataFrame) -> pd.DataFrame:
    """Said again in pandas."""
    groups = frame.assign(minute=frame["time"].dt.floor("min"), good=frame["status"] < 500).groupby(["minute", "route"])
    found = groups["good"].agg(total="size", good="sum")
    found = found.join(groups["duration"].quantile([0.5, 0.95, 0.99]).unstack().set_axis(["p50", "p95", "p99"], axis=1))
    return found.reset_index()


def same(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    assert list(found.columns) == list(COLUMNS)
    found, truth = (one.sort_values(["minute", "route"]).reset_index(drop=True) for one in (found, truth))
    minutes = [pd.DatetimeIndex(one["minute"]).tz_localize(None) if one["minute"].dt.tz is None
               else pd.DatetimeIndex(one["minute"]).tz_convert(None) for one in (found, truth)]  # fmt: skip
    assert (minutes[0] == minutes[1]).all()
    assert (found["route"].astype(str).to_numpy() == truth["route"].astype(str).to_numpy()).all()
    for name in ("total", "good"):
        assert found[name].astype(int).tolist() == truth[name].astype(int).tolist()
    for name in ("p50", "p95", "p99"):
        assert np.allclose(found[name].astype(float), truth[name].astype(float), rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ["parquet", "csv", "several parquet"])
def test_parquet_and_csv_give_the_exact_quantiles_of_each_minute_and_route(kind: str, tmp_path: Path) -> None:
    frame = events()
    if kind == "csv":
        frame.to_csv(tmp_path / "e.csv", index=False)
    elif kind == "parquet":
        frame.to_parquet(tmp_path / "e.parquet")
    else:
        frame.iloc[:1000].to_parquet(tmp_path / "e1.parquet")
        frame.iloc[1000:].to_parquet(tmp_path / "e2.parquet")
    name = {"csv": "e.csv", "parquet": "e.parquet"}.get(kind, "e*.parquet")
    found = event_statistics(tmp_path / name, EventLog(name), as_of=AS_OF)
    assert found.gap is None and found.left_out == 0
    same(found.minutes, expected(frame))
    whole = frame.groupby("route")["duration"].quantile(0.99)
    assert np.allclose(found.routes.set_index("route")["p99"], whole), "of the log, not of its minutes"


# Ibis 12 sets an option that pandas 3 no longer wants set
@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option is deprecated")
def test_the_same_expression_runs_on_another_engine() -> None:
    """Ibis: what runs here on Polars is what a warehouse is given."""
    import ibis

    frame = events()
    naive = frame.assign(time=frame["time"].dt.tz_convert(None))
    table = ibis.polars.connect().create_table("events", naive)
    same(per_minute(table, EventLog("e"), several=False).execute(), expected(frame))


def test_the_expression_in_duckdbs_words_is_what_is_counted_here(tmp_path: Path) -> None:
    import ibis

    frame = events()
    frame.assign(time=frame["time"].dt.tz_convert(None)).to_parquet(tmp_path / "e.parquet")
    schema = {"time": "timestamp", "route": "string", "status": "int64", "duration": "float64"}
    sql = ibis.to_sql(per_minute(ibis.table(schema, name="events"), EventLog("e")), dialect="duckdb")
    assert str(sql).upper().count("QUANTILE") == 1, "three quantiles in one call: three calls cost 1.6 times as much"
    with duckdb.connect() as database:
        database.execute(f"CREATE VIEW events AS FROM read_parquet('{tmp_path / 'e.parquet'}')")
        of_ibis = database.execute(str(sql)).df()
    own = event_statistics(tmp_path / "e.parquet", EventLog("e.parquet", naive_is_utc=True), as_of=AS_OF)
    same(of_ibis, own.minutes)


@pytest.mark.parametrize(("dialect", "exact"), [("clickhouse", True), ("trino", False), ("bigquery", False)])
def test_the_engines_that_the_docs_name_are_given_sql(dialect: str, exact: bool) -> None:
    import ibis

    schema = {"time": "timestamp", "route": "string", "status": "int64", "duration": "float64"}
    expression = per_minute(ibis.table(schema, name="events"), EventLog("e"), several=False, exact=exact)
    assert "GROUP BY" in str(ibis.to_sql(expression, dialect=dialect)).upper()


def line(second: int, path: str, status: int, spent: str) -> str:
    return f'192.0.2.1 - - [01/Nov/2026:10:00:{second:02} +0000] "GET {path} HTTP/1.1" {status} 12 "-" "curl" {spent}\n'


def test_an_access_log_is_counted_by_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    lines = line(1, "/book/12", 200, "0.100") + line(2, "/book/13?x=1", 500, "0.300") + "not a request\n"
    path.write_text(lines, encoding="utf-8")
    found = event_statistics(path, EventLog("access.log"), as_of=AS_OF)
    (row,) = found.minutes.to_dict("records")
    assert (row["route"], row["total"], row["good"], row["p50"]) == ("/book/:id", 2, 1, pytest.approx(0.2))


def test_units_and_columns_are_named_and_what_lacks_a_field_is_counted(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(
        "at,path,code,took\n1793527200,/,200,100\n1793527201,/,200,300\n1793527201,,200,5\n1793527202,/,,5\n,/,200,5\n"
        "1893527202,/,200,999\n",
        encoding="utf-8",
    )
    log = EventLog("e.csv", time="at", route="path", status="code", duration="took", unit="ms")
    found = event_statistics(tmp_path / "e.csv", log, as_of=AS_OF)
    (route,) = route_events(found)
    assert (route.total, route.good_share, route.p50) == (2, 1.0, pytest.approx(0.2)), "the last is later than as_of"
    assert found.left_out == 3
    assert "3 event(s) of e.csv" in show.raw_events([found]).markdown()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,route,status\n2026-11-01T10:00:00Z,/,200\n", "no column 'duration'"),
        ("time,route,status,duration\n2026-11-01 10:00:00,/,200,1\n", "no zone.*naive_is_utc"),
        ("time,route,status,duration\n2026-11-01T10:00:00Z,/,200,-1\n", "below 0"),
        ("time,route,status,duration\nsoon,/,200,1\n", "holds VARCHAR"),
        ("time,route,status,duration\n2027-11-01T10:00:00Z,/,200,1\n", "no event"),
        (None, "no such regular file"),
    ],
)
def test_an_unusable_log_is_a_gap_with_its_reason(text: str | None, words: str, tmp_path: Path) -> None:
    import re

    if text is not None:
        (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    found = event_statistics(tmp_path / "e.csv", EventLog("e.csv"), as_of=AS_OF)
    assert found.gap is not None and re.search(words, found.gap.because), found.gap
    assert "Not known" in show.raw_events([found]).markdown()


def test_a_name_with_quotes_is_a_name(tmp_path: Path) -> None:
    frame = events(50).rename(columns={"route": 'ro"ute; DROP'})
    frame.to_parquet(tmp_path / "it's.parquet")
    log = EventLog("it's.parquet", route='ro"ute; DROP')
    assert event_statistics(tmp_path / "it's.parquet", log, as_of=AS_OF).gap is None


def test_what_does_not_fit_into_memory_goes_to_the_systems_temporary_folder(tmp_path: Path) -> None:
    events().to_csv(tmp_path / "e.csv")
    with rawevents._connected(tmp_path / "e.csv") as database:
        found = database.execute("SELECT current_setting('temp_directory')").fetchall()
    assert found == [(tempfile.gettempdir(),)]  # the engine's own choice is a folder where the command is called


def test_a_long_count_leaves_no_progress_bar_in_a_document(tmp_path: Path) -> None:
    """duckdb draws one in a notebook only, so that is where its setting is asked."""
    (tmp_path / "e.csv").write_text("time,route,status,duration\n", encoding="utf-8")
    (tmp_path / "access.log").write_text("-", encoding="utf-8")
    first = f"""
from datetime import UTC, datetime
from pathlib import Path
from sre_kit.load import accesslog, rawevents
def draws(database, *_):
    return database.execute("SELECT current_setting('enable_progress_bar')").fetchone()[0]
assert not draws(rawevents._connected(Path({str(tmp_path / "e.csv")!r})))
accesslog._load, accesslog._summed = (lambda database, path: None), draws
assert accesslog.access_log(Path({str(tmp_path / "access.log")!r}), as_of=datetime(2026, 11, 2, tzinfo=UTC)) is False
"""
    engine.run(notebook(tmp_path, first.strip()), {})
