"""Request events from access logs."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from sre_kit.compute.vocabulary import check_requests
from sre_kit.errors import DataError, ParameterError, SourceError
from sre_kit.load import accesslog
from sre_kit.load.accesslog import access_log

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def line(
    at: str = "10:00:00",
    status: int = 200,
    request: str = "GET /a HTTP/1.1",
    size: str = "10",
    more: str = "",
    zone: str = "+0000",
) -> str:
    return f'192.0.2.1 - - [01/Mar/2026:{at} {zone}] "{request}" {status} {size} "-" "agent \\"x\\""{more}'


def read(folder: Path, *lines: str, **options):
    path = folder / "access.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return access_log(path, as_of=AS_OF, **options)


def test_good_is_what_the_server_did_not_fail_per_minute(tmp_path: Path):
    statuses = [("10:00:59", 499), ("10:00:00", 200), ("10:02:00", 500), ("10:02:01", 404)]
    found = read(tmp_path, *(line(at, status) for at, status in statuses))
    frame = found.requests.frame
    check_requests(frame)
    assert frame.index.tolist() == [
        pd.Timestamp("2026-03-01 10:00Z") + minute * timedelta(minutes=1) for minute in range(3)
    ]
    assert frame["total"].tolist() == [2, 0, 2]
    assert frame["good"].tolist() == [2, 0, 1]
    assert (found.requests.total, found.requests.bad, found.requests.coverage) == (4, 1, 1)
    assert found.statuses == {200: 1, 404: 1, 499: 1, 500: 1}


def test_times_are_turned_to_utc(tmp_path: Path):
    found = read(tmp_path, line("10:00:00", zone="+0130"), line("10:00:00", zone="-0800"))
    assert found.requests.start == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert found.requests.end == datetime(2026, 3, 1, 18, 1, tzinfo=UTC)


def test_lines_that_are_no_requests_are_counted_and_shown(tmp_path: Path):
    found = read(tmp_path, line(), "nonsense", "", line("25:00:00"), line(status=7), line() + '" trailing')
    assert found.requests.total == 2
    assert (found.lines, found.bad_lines) == (5, 3)
    assert found.examples[0] == "2: 'nonsense'"
    assert [example.partition(":")[0] for example in found.examples] == ["2", "4", "5"]


def test_a_log_without_any_request_is_refused_with_its_first_line(tmp_path: Path):
    with pytest.raises(DataError, match=r"none of 2 line\(s\) is in the combined format or a JSON object; line 1: 'a'"):
        read(tmp_path, "a", "b")
    with pytest.raises(DataError, match=r"none of 0 line\(s\)"):
        read(tmp_path, "")


def test_requests_later_than_the_report_are_left_out_and_counted(tmp_path: Path):
    later = line().replace("01/Mar", "02/Mar")
    found = read(tmp_path, line(), later, later)
    assert (found.requests.total, found.later) == (1, 2)
    only = read(tmp_path, later)
    assert only.requests.gap == "access.log holds no request before 2026-03-02 00:00Z"
    assert only.requests.frame.empty


def test_quantiles_per_route_are_exact(tmp_path: Path):
    """Linear between order statistics, as numpy and pandas have it."""
    durations = [0.001 * number for number in range(1, 101)]
    found = read(
        tmp_path,
        *(line(request=f"GET /book/{number} HTTP/1.1", more=f" {value:.3f}") for number, value in enumerate(durations)),
    )
    (row,) = found.routes.to_dict("records")
    expected = pd.Series([round(value, 3) for value in durations]).quantile([0.5, 0.95, 0.99])
    assert (row["method"], row["route"], row["requests"], row["bad"], row["bytes"]) == (
        "GET",
        "/book/:id",
        100,
        0,
        1000,
    )
    assert [row["p50"], row["p95"], row["p99"]] == pytest.approx(expected.tolist(), rel=1e-12)
    assert found.durations


def test_whole_numbers_are_durations_only_when_their_unit_is_named(tmp_path: Path):
    """Apache's %D is microseconds and its %T seconds; nobody can tell them apart."""
    unknown = read(tmp_path, line(more=" 2500"))
    assert not unknown.durations
    assert "name their unit" in unknown.note
    assert unknown.routes["p50"].isna().all()
    for unit, seconds in (("us", 0.0025), ("ms", 2.5), ("s", 2500)):
        assert read(tmp_path, line(more=" 2500"), duration_unit=unit).routes["p50"].tolist() == pytest.approx([seconds])
    with pytest.raises(ParameterError, match="write one of s, ms, us"):
        read(tmp_path, line(), duration_unit="m")


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("/a?b=c", "/a"),
        ("/order/17/item/3", "/order/:id/item/:id"),
        ("/u/6fa459ea-ee8a-3ca4-894e-db77e160355e", "/u/:id"),
        ("/v2/a", "/v2/a"),
        ("/a#b", "/a"),
        ("/year/2026x", "/year/2026x"),
    ],
)
def test_routes_are_paths_without_their_numbers(tmp_path: Path, target, route):
    assert read(tmp_path, line(request=f"get {target} HTTP/1.0")).routes[["method", "route"]].values.tolist() == [
        ["GET", route]
    ]


@pytest.mark.parametrize("request_line", ["-", "", "\\x16\\x03\\x01", "GET"])
def test_a_connection_without_a_request_counts_and_has_no_route(tmp_path: Path, request_line):
    found = read(tmp_path, line(request=request_line, status=408))
    assert found.requests.total == 1
    assert found.routes[["method", "route"]].values.tolist() == [["-", "(no request)"]]


def test_what_a_cache_could_answer_is_told_in_order_of_time(tmp_path: Path):
    found = read(
        tmp_path,
        line("10:00:02", request="GET /a HTTP/1.1", size="5"),
        line("10:00:01", request="GET /b HTTP/1.1", size="-"),
        line("10:00:03", request="GET /a HTTP/1.1", status=304, size="0"),
        line("10:00:04", request="POST /a HTTP/1.1"),
        line("10:00:05", request="GET /a HTTP/1.1", status=500),
    )
    began = int(datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC).timestamp())
    assert found.cacheable.values.tolist() == [[1, began, 0], [0, began + 1, 5], [0, began + 2, 0]]
    assert (found.cacheable_share, found.repeated_share) == (3 / 5, 1 / 5)


def test_the_common_format_and_users_with_spaces_are_read(tmp_path: Path):
    found = read(
        tmp_path,
        '::1 - J. Doe [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5',
        line().replace("192.0.2.1", "host.example"),
    )
    assert (found.requests.total, found.bad_lines) == (2, 0)


def test_bytes_that_are_no_text_and_very_long_lines_do_no_harm(tmp_path: Path):
    path = tmp_path / "access.log"
    good = line().encode()
    path.write_bytes(good.replace(b"agent", b"\xff\x00\x01") + b"\r\n" + b"x" * 300_000 + b"\n" + good)
    found = access_log(path, as_of=AS_OF)
    assert (found.requests.total, found.bad_lines) == (2, 1)
    assert len(found.examples[0]) < 100


def test_a_line_made_to_stall_a_parser_does_not(tmp_path: Path):
    """FAULTS T8: the engine is linear."""
    hostile = ['192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "' + '\\"' * 30_000, "a " * 30_000, "[" * 60_000]
    began = time.process_time()
    found = read(tmp_path, line(), *hostile)
    assert found.bad_lines == 3
    assert time.process_time() - began < 5


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch):
    with pytest.raises(SourceError, match=r"no access log none\.log"):
        access_log(tmp_path / "none.log", as_of=AS_OF)
    (tmp_path / "big.log").write_text(line())
    monkeypatch.setattr(accesslog, "MAX_BYTES", 10)
    with pytest.raises(SourceError, match=r"big\.log is larger than"):
        access_log(tmp_path / "big.log", as_of=AS_OF)


@pytest.mark.real
def test_a_real_log_is_counted_as_an_independent_reading_counts_it(shared_data: Path):
    path = shared_data / "apache-access-log" / "access.log"
    found = access_log(path, as_of=datetime(2016, 1, 1, tzinfo=UTC))
    lines = path.read_text("utf-8", "replace").splitlines()
    statuses = Counter(int(re.search(r'" (\d{3}) ', one)[1]) for one in lines)
    minutes = Counter(one.partition("[")[2][:17] for one in lines)
    assert found.statuses == dict(statuses)
    assert (found.lines, found.bad_lines, found.requests.total, found.requests.bad) == (10_000, 0, 10_000, 3)
    frame = found.requests.frame
    assert Counter(frame.loc[frame["total"] > 0, "total"].tolist()) == Counter(minutes.values())
    assert found.bytes == sum(int(re.search(r'" \d{3} (\d+|-)', one)[1].replace("-", "0")) for one in lines)
    gets = [
        one.split('"')[1].split()[1]
        for one in lines
        if re.search(r'"(GET|HEAD) \S+ .*?" (200|203|206|301|304|404|410) ', one)
    ]
    assert len(found.cacheable) == len(gets)
    assert found.cacheable["key"].nunique() == len(set(gets))
    assert found.routes["requests"].sum() == 10_000
