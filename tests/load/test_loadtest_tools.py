"""
Result files of load-test tools: each trap of each format, and what is refused.

The files in ``loadtests/`` were written by the tools themselves against a small server on loopback: wrk 4.1, ab 2.3,
hey 0.1.4, Locust 2.47, autocannon 9, Artillery 1.7 and 2, JMeter 2.13, HdrHistogram for Python 0.10 (``hdr-us.hgrm``
and ``hdr.hlog``, recorded in microseconds). k6, Gatling, Vegeta, oha and wrk2 are in none of the registries that CI
reaches: their forms here follow their manuals; ``tests/real`` reads files that k6 and Gatling wrote elsewhere.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sre_kit.compute.performance.plan import LoadTest, RunNote
from sre_kit.errors import DataError, ParameterError
from sre_kit.load.loadtesting import TOOLS, load_test, load_tests
from sre_kit.load.loadtesting.hdrcodec import decoded

REAL = Path(__file__).parent / "loadtests"


def read(folder: Path, content: str | bytes, name: str = "run.txt") -> LoadTest:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_test(path)


def test_every_real_file_is_recognised_by_one_tool_and_no_other() -> None:
    for path in REAL.iterdir():
        head = path.read_bytes()[:65_536]
        fitting = [tool.NAME for tool in TOOLS if tool.fits(head)]
        assert len(fitting) == 1, f"{path.name}: {fitting}"


# --- k6 samples

K6_OLD = (
    "metric_name,timestamp,metric_value,check,error,error_code,group,method,name,proto,scenario,status,url,extra_tags"
)
K6_NEW = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
    "service,status,subproto,tls_version,url,extra_tags,metadata"
)


def k6_csv(header: str, *, more: str = "") -> str:
    columns = header.split(",")

    def row(**values: str) -> str:
        return ",".join(values.get(column, "") for column in columns) + "\n"

    rows = header + "\n"
    for second, spent, failed in ((1700000000, "100.5", "0"), (1700000002, "300.5", "1")):
        shared = {"timestamp": str(second), "name": "home", "status": "200", "scenario": "browse"}
        shared["expected_response"] = "false" if failed == "1" else "true"
        rows += row(metric_name="http_reqs", metric_value="1", **shared)
        rows += row(metric_name="http_req_duration", metric_value=spent, **shared)
        rows += row(metric_name="http_req_waiting", metric_value="1", **shared)
        rows += row(metric_name="http_req_failed", metric_value=failed, **shared)
    rows += row(metric_name="vus", timestamp="1700000002", metric_value="7")
    return rows + (row(metric_name=more, timestamp="1700000002", metric_value="1") if more else "")


@pytest.mark.parametrize("header", [K6_OLD, K6_NEW], ids=["before expected_response", "19 columns"])
def test_k6_csv_counts_one_request_for_its_many_metrics(header: str, tmp_path: Path) -> None:
    run = read(tmp_path, k6_csv(header), "run.csv")
    assert (run.tool, run.requests, run.errors, run.load, run.scenario) == ("k6", 2, 1, 7, "browse")
    assert (run.minimum, run.maximum) == (0.1005, 0.3005), "values are milliseconds, times seconds"
    assert run.duration == pytest.approx(2.1005) and run.began == datetime.fromtimestamp(1_700_000_000, UTC)


def test_k6_ndjson_says_the_same_as_its_csv(tmp_path: Path) -> None:
    lines = ['{"type":"Metric","data":{"name":"http_reqs","type":"counter"},"metric":"http_reqs"}']
    for second, spent, failed in (("00", 100.5, 0), ("02", 300.5, 1)):
        tags = {"name": "home", "scenario": "browse", "expected_response": "false" if failed else "true"}
        time = f"2023-11-14T22:13:2{second[1]}.000000000Z"
        for metric, value in (("http_reqs", 1), ("http_req_duration", spent), ("http_req_failed", failed)):
            point = {"type": "Point", "data": {"time": time, "value": value, "tags": tags}, "metric": metric}
            lines.append(json.dumps(point, separators=(",", ":")))
    lines.append('{"type":"Point","data":{"time":"2023-11-14T22:13:22Z","value":7,"tags":{}},"metric":"vus"}')
    run, other = read(tmp_path, "\n".join(lines), "run.json"), read(tmp_path, k6_csv(K6_NEW), "run.csv")
    for field in ("requests", "errors", "quantiles", "duration", "began", "load", "scenario", "model"):
        assert getattr(run, field) == getattr(other, field)


def test_k6_times_may_be_written_in_milliseconds_or_words(tmp_path: Path) -> None:
    plain = k6_csv(K6_NEW)
    for one, other in (("1700000000", "1700000000000"), ("1700000000", "2023-11-14T22:13:20Z")):
        changed = plain.replace("1700000002", "1700000002000" if len(other) == 13 else "2023-11-14T22:13:22Z")
        assert read(tmp_path, changed.replace(one, other)).began == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_k6_samples_with_dropped_iterations_are_an_open_model(tmp_path: Path) -> None:
    assert read(tmp_path, k6_csv(K6_NEW)).coordinated_omission
    dropped = read(tmp_path, k6_csv(K6_NEW, more="dropped_iterations"))
    assert dropped.model == "open" and not dropped.coordinated_omission


# --- Locust


def test_locusts_aggregate_is_the_whole_and_no_operation() -> None:
    run = load_test(REAL / "shop_stats.csv")
    assert (run.name, run.requests, run.errors, run.quantiles[0.95]) == ("shop", 290, 71, 0.057)
    assert {one.name: (one.requests, one.errors) for one in run.operations} == {
        "GET /": (219, 0),
        "GET /bad/[id]": (71, 71),
    }
    assert run.coordinated_omission and run.load is None


def test_locusts_history_gives_users_and_times_and_no_window_percentile() -> None:
    run = load_test(REAL / "shop_stats_history.csv")
    assert (run.requests, run.load, run.duration) == (290, 5, 4.0)
    assert run.quantiles == {0.5: 0.049}, "the percentiles of a line are those of its last ten seconds"


def test_the_four_files_of_a_locust_run_are_one_run() -> None:
    found = load_tests([("shop_*.csv", REAL / "shop_*.csv")])
    (run,) = found
    assert not found.gaps
    assert (run.requests, run.load, run.rate) == (290, 5, pytest.approx(72.4, abs=0.01))
    assert run.began == datetime(2026, 11, 29, 15, 12, 21, tzinfo=UTC) and len(run.operations) == 2


def test_locusts_failures_alone_are_refused_with_the_way_out() -> None:
    for name in ("shop_failures.csv", "shop_exceptions.csv"):
        with pytest.raises(DataError, match=r"_stats\.csv"):
            load_test(REAL / name)


def test_locusts_old_columns_and_missing_percentiles_are_understood(tmp_path: Path) -> None:
    old = (
        '"Method","Name","# requests","# failures","Median response time","Average response time",'
        '"Min response time","Max response time","Average Content Size","Requests/s"\n'
        '"GET","/",90,3,20,25,5,300,100,9.0\n"GET","/cart",10,0,N/A,30,5,200,100,1.0\n"","Total",100,3,21,26,5,300,100,10.0\n'
    )
    run = read(tmp_path, old, "old_requests.csv")
    assert (run.requests, run.errors, run.mean, run.duration) == (100, 3, 0.026, 10.0)
    assert [one.quantiles for one in run.operations] == [{0.5: 0.02}, {}]


# --- JMeter


@pytest.mark.parametrize("name", ["jmeter.csv", "jmeter-no-header.csv", "jmeter.xml"])
def test_jmeters_transactions_are_no_further_requests(name: str) -> None:
    """3 threads x 5 loops x 2 samplers in one transaction each."""
    run = load_test(REAL / name)
    assert (run.requests, run.errors, run.load) == (30, 0, 3)
    assert {one.name: one.requests for one in run.operations} == {"home": 15, "bad": 15, "visit (transaction)": 15}
    assert any("15 transaction row(s)" in note for note in run.notes)


JTL = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,allThreads\n"


def test_jmeters_columns_and_separator_are_configurable(tmp_path: Path) -> None:
    rows = "1700000000000,100,home,200,OK,a 1-1,true,4\n1700000001000,400,home,500,Err,a 1-1,false,6\n"
    plain = read(tmp_path, JTL + rows)
    other = read(tmp_path, (JTL + rows).replace(",", ";"))
    for run in (plain, other):
        assert (run.requests, run.errors, run.load, run.duration) == (2, 1, 6, 1.4)
    dated = read(
        tmp_path,
        JTL + "2026/01/02 03:04:05.500,100,home,200,OK,a,true,1\n2026/01/02 03:04:06.500,100,home,200,OK,a,true,1\n",
    )
    assert dated.duration == 1.1 and dated.began is None, "of a zone that is not told"


def test_a_jtl_of_transactions_alone_counts_them(tmp_path: Path) -> None:
    row = '1700000000000,100,visit,200,"Number of samples in transaction : 2, number of failing samples : 0",a,true,1\n'
    run = read(tmp_path, JTL + row)
    assert run.requests == 1 and any("only transactions" in note for note in run.notes)


def test_a_jtl_without_what_it_needs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"without success.*print_field_names"):
        read(tmp_path, "timeStamp,elapsed,label\n1,2,a\n")
    with pytest.raises(DataError, match="without a result"):
        read(tmp_path, JTL)


def test_what_a_sample_loaded_is_in_its_own_time(tmp_path: Path) -> None:
    inner = '<httpSample t="30" ts="1700000000010" s="true" lb="home-0" na="2"/>'
    xml = (
        '<?xml version="1.0"?><testResults version="1.2">'
        f'<httpSample t="100" ts="1700000000000" s="true" lb="home" na="2">{inner}{inner}</httpSample>'
        '<httpSample t="50" ts="1700000001000" s="false" lb="cart" na="2"/></testResults>'
    )
    run = read(tmp_path, xml)
    assert (run.requests, run.errors, run.maximum) == (2, 1, 0.1)


def test_broken_or_dangerous_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="</testResults>"):
        read(tmp_path, '<testResults version="1.2"><httpSample t="1" ts="1" s="true" lb="a"/>')
    with pytest.raises(DataError, match="document type"):
        read(
            tmp_path, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testResults version="1.2"></testResults>'
        )


# --- Gatling's report


def stats(total: Any, ko: Any, p95: Any = 300) -> dict[str, Any]:
    def three(value: Any, bad: Any = "-") -> dict[str, Any]:
        return {"total": value, "ok": value, "ko": bad}

    return {
        "name": "x",
        "numberOfRequests": {"total": total, "ok": 0, "ko": ko},
        "minResponseTime": three(10),
        "maxResponseTime": three(900),
        "meanResponseTime": three(120),
        "percentiles1": three(100),
        "percentiles2": three(150),
        "percentiles3": three(p95),
        "percentiles4": three("-"),
        "meanNumberOfRequestsPerSecond": three(10),
    }


def report(**texts: Any) -> dict[str, Any]:
    home = {"type": "REQUEST", "name": "home", "stats": stats(80, 0)}
    pay = {"type": "REQUEST", "name": "pay", "stats": stats(20, 5)}
    cart = {"type": "GROUP", "name": "cart", "stats": stats(20, 5), "contents": {"req_pay": pay}}
    return {
        "type": "GROUP",
        "name": "All Requests",
        "path": "",
        "pathFormatted": "g",
        "stats": stats(100, 5),
        "contents": {"a": home, "b": cart},
    }


def test_gatlings_report_gives_requests_of_groups_once_and_labels_its_assumption(tmp_path: Path) -> None:
    run = read(tmp_path, json.dumps(report()), "stats.json")
    assert (run.requests, run.errors, run.duration, run.rate) == (100, 5, 10, 10)
    assert run.quantiles == {0.5: 0.1, 0.75: 0.15, 0.95: 0.3}, '"-" is missing'
    assert [(one.name, one.requests) for one in run.operations] == [("home", 80), ("cart/pay", 20)]
    assert any("assumption" in note for note in run.notes)


def test_the_params_name_the_percentiles_that_gatlings_report_does_not(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    (run,) = load_tests([("g", path)], [RunNote("stats.json", percentiles=[50, 90, 99, 99.9])])
    assert run.quantiles == {0.5: 0.1, 0.9: 0.15, 0.99: 0.3}
    assert [sorted(one.quantiles) for one in run.operations] == [[0.5, 0.9, 0.99]] * 2
    assert "Gatling: its percentiles are 50, 90, 99, 99.9, as the params say" in run.notes
    assert not any("assumption" in note for note in run.notes)


@pytest.mark.parametrize("percentiles", [[50, 95], [50, 75, 95, 95], [0, 50, 75, 95], [50, 75, 95, 101]])
def test_percentiles_that_are_none_are_refused(percentiles: list[float], tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    with pytest.raises(ParameterError, match=r"four rising numbers up to 100, .* write \[50, 75, 95, 99\]"):
        load_tests([("g", path)], [RunNote("*", percentiles=percentiles)])
    with pytest.raises(ParameterError, match="names its own percentiles"):
        load_tests([("w", REAL / "wrk.txt")], [RunNote("*", percentiles=[50, 75, 95, 99])])


def test_gatlings_global_stats_and_its_older_script_say_the_same(tmp_path: Path) -> None:
    text = json.dumps(report(), indent=1)
    for key in ("type", "name", "path", "pathFormatted", "stats", "contents"):
        text = text.replace(f'\n "{key}":', f"\n {key}:")
    script = "var stats = " + text + "\n\nfunction fillStats(stat){\n    $('x').empty();\n}\n"
    whole = json.dumps(stats("100", "5"))
    for content, name in ((script, "stats.js"), (whole, "global_stats.json")):
        run = read(tmp_path, content, name)
        assert (run.requests, run.errors, run.rate, run.quantiles[0.95]) == (100, 5, 10, 0.3)


# --- Vegeta

VEGETA = {
    "latencies": {"total": 3_000_000_000, "mean": 30_000_000, "50th": 20_000_000, "90th": 60_000_000,
                  "95th": 80_000_000, "99th": 90_000_000, "max": 100_000_000, "min": 1_000_000},
    "bytes_in": {"total": 1, "mean": 1}, "bytes_out": {"total": 0, "mean": 0},
    "earliest": "2026-11-01T10:00:00.123456789+01:00", "duration": 10_000_000_000, "wait": 1_000_000,
    "requests": 100, "rate": 10.0, "throughput": 9.0, "success": 0.9,
    "status_codes": {"0": 4, "200": 90, "503": 6}, "errors": ["connection refused"],
}  # fmt: skip
VEGETA_TEXT = """Requests      [total, rate, throughput]         100, 10.00, 9.00
Duration      [total, attack, wait]             10.001s, 10s, 1ms
Latencies     [min, mean, 50, 90, 95, 99, max]  1ms, 30ms, 20ms, 60ms, 80ms, 90ms, 100ms
Bytes In      [total, mean]                     1, 1.00
Bytes Out     [total, mean]                     0, 0.00
Success       [ratio]                           90.00%
Status Codes  [code:count]                      0:4  200:90  503:6
Error Set:
connection refused
"""


@pytest.mark.parametrize("content", [json.dumps(VEGETA), VEGETA_TEXT], ids=["JSON", "text"])
def test_vegetas_code_0_is_no_answer_and_an_error(content: str, tmp_path: Path) -> None:
    run = read(tmp_path, content)
    assert (run.requests, run.errors, run.duration, run.load) == (100, 10, 10, 10)
    assert run.quantiles == {0.5: 0.02, 0.9: 0.06, 0.95: 0.08, 0.99: 0.09}
    assert (run.minimum, run.mean, run.maximum, run.model) == (0.001, 0.03, 0.1, "open")
    assert run.notes == ("Vegeta: 4 requests had no answer (code 0)",)


def test_vegetas_latencies_may_lack_a_minimum(tmp_path: Path) -> None:
    old = VEGETA_TEXT.replace(
        "[min, mean, 50, 90, 95, 99, max]  1ms, 30ms, 20ms, 60ms,", "[mean, 50, 95, 99, max]  30ms, 20ms,"
    )
    run = read(tmp_path, old)
    assert run.quantiles == {0.5: 0.02, 0.95: 0.08, 0.99: 0.09} and run.minimum is None and run.maximum == 0.1


def test_vegetas_encoded_results_give_samples(tmp_path: Path) -> None:
    line = '{{"attack":"","seq":{n},"code":{code},"timestamp":"2026-11-01T10:00:0{n}.5Z","latency":{ns},"bytes_out":0,"bytes_in":1,"error":"","body":null,"method":"GET","url":"http://x/"}}\n'
    jsonl = "".join(line.format(n=n, code=code, ns=ns) for n, code, ns in ((0, 200, 10**7), (1, 0, 3 * 10**7)))
    csv = "1793527200500000000,200,10000000,0,1,,,,0,GET,http://x/,\n1793527201500000000,0,30000000,0,1,refused,,,1,GET,http://x/,\n"
    for content in (jsonl, csv):
        run = read(tmp_path, content)
        assert (run.requests, run.errors, run.duration) == (2, 1, 1.03)
        assert run.samples is not None and sorted(run.samples) == [0.01, 0.03]
        assert run.operations[0].name == "GET http://x/"


def test_vegetas_gob_is_refused_with_the_way_out(tmp_path: Path) -> None:
    gob = b"\x7f\x7f\x03\x01\x01\x06Result\x01\xff\x80\x00\x01\x0a\x01\x06Attack\x01\x0c\x00\x01\x07Latency\x01\x04\x00"
    with pytest.raises(DataError, match="vegeta encode"):
        read(tmp_path, gob)


# --- wrk, wrk2


def test_wrk_is_a_closed_loop_and_is_flagged() -> None:
    run = load_test(REAL / "wrk.txt")
    assert (run.tool, run.requests, run.errors, run.rate, run.load) == ("wrk", 155, 0, 77.05, 4)
    assert run.quantiles == {0.5: 0.05148, 0.75: 0.05577, 0.9: 0.05999, 0.99: 0.07593}
    assert run.mean == 0.05162 and run.coordinated_omission


def test_wrks_units_are_mixed_and_socket_errors_are_requests_without_an_answer(tmp_path: Path) -> None:
    text = (REAL / "wrk.txt").read_text()
    text = text.replace("50%   51.48ms", "50%  635.91us").replace("99%   75.93ms", "99%    1.20s ")
    text = text.replace(
        "Requests/sec",
        "  Socket errors: connect 3, read 2, write 1, timeout 9\n  Non-2xx or 3xx responses: 5\nRequests/sec",
        1,
    )
    run = read(tmp_path, text)
    assert run.quantiles[0.5] == 0.00063591 and run.quantiles[0.99] == 1.2
    assert (run.requests, run.errors) == (155 + 6, 5 + 6)
    assert any("9 answers took longer" in note for note in run.notes)


WRK2 = """Running 30s test @ http://127.0.0.1:80/
  1 threads and 64 connections
  Thread calibration: mean lat.: 1.464ms, rate sampling interval: 10ms
  Thread Stats   Avg      Stdev     99%   +/- Stdev
    Latency     1.44ms  706.00us  3.02ms   68.59%
    Req/Sec     2.11k   212.65     3.44k    72.73%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    1.37ms
 90.000%    2.42ms
 99.000%    1.16s 
100.000%    1.29s 

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       0.067     0.000000            1         1.00
       1.371     0.500000        19680         2.00
       2.419     0.900000        35424        10.00
       2.663     0.950000        37392        20.00
    1290.000     1.000000        39360          inf
#[Mean    =        1.440, StdDeviation   =        0.706]
#[Max     =     1290.000, Total count    =        39360]
#[Buckets =           27, SubBuckets     =         2048]
----------------------------------------------------------

  Latency Distribution (HdrHistogram - Uncorrected Latency (measured without taking delayed starts into account))
 50.000%    0.37ms
 99.000%    0.99ms

  60018 requests in 30.00s, 19.81MB read
Requests/sec:   2000.28
Transfer/sec:    676.14KB
"""  # noqa: W291 - as wrk2 prints it


def test_wrk2_asks_at_a_rate_and_its_calibration_is_in_no_quantile(tmp_path: Path) -> None:
    run = read(tmp_path, WRK2)
    assert (run.tool, run.model, run.coordinated_omission, run.requests) == ("wrk2", "open", False, 60018)
    assert run.quantiles == {0.5: 0.00137, 0.9: 0.00242, 0.95: 0.002663, 0.99: 1.16}, "recorded, not uncorrected"
    assert run.maximum == 1.29, "the column that is called 99% is no maximum"
    assert any("20,658 requests fell into its calibration" in note for note in run.notes)


# --- hey, oha, ab


def test_heys_report_is_read() -> None:
    run = load_test(REAL / "hey.txt")
    assert (run.tool, run.requests, run.errors, run.rate) == ("hey", 200, 0, 79.7508)
    assert (run.quantiles[0.95], run.maximum, run.coordinated_omission) == (0.0718, 0.0767, True)


def test_heys_errors_are_statuses_from_400_on_and_what_had_no_answer(tmp_path: Path) -> None:
    text = (REAL / "hey.txt").read_text().replace("[200]\t200 responses", "[200]\t150 responses\n  [503]\t50 responses")
    run = read(tmp_path, text + "Error distribution:\n  [7]\tGet http://x: refused\n")
    assert (run.requests, run.errors) == (207, 57)


def test_a_report_of_nothing_but_refusals_is_refused_and_no_nan_is_read() -> None:
    with pytest.raises(DataError, match="all 20 requests failed"):
        load_test(REAL / "hey-no-server.txt")


def test_heys_csv_gives_samples() -> None:
    run = load_test(REAL / "hey.csv")
    assert run.requests == 50 and run.samples is not None and len(run.samples) == 50


OHA = """Summary:
  Success rate:\t100.00%
  Total:\t2.0000 {unit}
  Slowest:\t0.0161 secs
  Fastest:\t0.0004 secs
  Average:\t0.0011 secs
  Requests/sec:\t50.0

Response time distribution:
  50.00% in 0.0011 secs
  95.00% in 1.3000 ms
  99.90% in 0.0016 secs

Status code distribution:
  [200] 90 responses
  [500] 10 responses
"""


def test_ohas_success_rate_counts_every_answer_so_errors_are_counted_from_statuses(tmp_path: Path) -> None:
    run = read(tmp_path, OHA.replace("{unit}", "secs"))
    assert (run.tool, run.requests, run.errors, run.duration) == ("oha", 100, 10, 2.0)
    assert run.quantiles == {0.5: 0.0011, 0.95: 0.0013, 0.999: 0.0016}
    content = {
        "summary": {
            "successRate": 1.0, "total": 2.0, "slowest": 0.0161, "fastest": 0.0004, "average": 0.0011,
            "requestsPerSec": 50.0,
        },
        "latencyPercentiles": {"p50": 0.0011, "p95": 0.0013, "p99.9": 0.0016, "p99.99": None},
        "statusCodeDistribution": {"200": 90, "500": 10}, "errorDistribution": {},
    }  # fmt: skip
    same = read(tmp_path, json.dumps(content))
    assert (same.requests, same.errors, same.quantiles, same.mean) == (100, 10, run.quantiles, 0.0011)


def test_in_ab_another_length_is_no_error_and_the_first_time_per_request_counts() -> None:
    run = load_test(REAL / "ab-dynamic.txt")
    assert (run.requests, run.errors, run.mean, run.load) == (200, 0, 0.011642, 4)
    assert run.quantiles[0.95] == 0.033 and run.maximum == 0.057
    assert any("173 answers of another length" in note for note in run.notes)


def test_in_ab_refusals_stand_beside_no_failed_request() -> None:
    run = load_test(REAL / "ab-refused.txt")
    assert (run.requests, run.errors) == (100, 100)


def test_an_ab_that_gave_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gave up early"):
        read(
            tmp_path,
            "This is ApacheBench, Version 2.3\n\nBenchmarking x (be patient)...apr_socket_recv: refused (111)\n",
        )


# --- autocannon, Artillery


def test_autocannon_has_no_p95_and_none_is_invented() -> None:
    run = load_test(REAL / "autocannon.json")
    assert (run.requests, run.errors, run.load, run.maximum) == (235, 0, 4, 0.093)
    assert 0.95 not in run.quantiles and run.quantiles[0.975] == 0.075
    assert run.coordinated_omission


def test_autocannons_refusals_and_missing_answers_are_errors(tmp_path: Path) -> None:
    content = json.loads((REAL / "autocannon.json").read_text()) | {"non2xx": 35, "errors": 5, "timeouts": 5}
    run = read(tmp_path, json.dumps(content))
    assert (run.requests, run.errors) == (240, 40)


def test_both_versions_of_artillery_are_read_alike() -> None:
    """The same scenario: 30 users ask for a page and for one that fails."""
    first, second = load_test(REAL / "artillery1.json"), load_test(REAL / "artillery2.json")
    for run in (first, second):
        assert (run.requests, run.errors, run.model) == (60, 30, "open")
        assert not run.coordinated_omission
    assert (first.quantiles, first.duration) == ({0.5: 0.0075, 0.95: 0.026, 0.99: 0.0423}, 3)
    assert second.quantiles[0.999] == pytest.approx(0.0328)
    assert [(one.name, one.requests) for one in second.operations] == [("/", 30), ("/bad", 30)]


def test_artillerys_null_percentiles_are_missing(tmp_path: Path) -> None:
    content = json.loads((REAL / "artillery1.json").read_text())
    content["aggregate"] |= {"latency": {"min": None, "max": None, "median": None, "p95": None, "p99": None}}
    content["aggregate"] |= {"requestsCompleted": 0, "codes": {}, "errors": {"ECONNREFUSED": 60}}
    run = read(tmp_path, json.dumps(content))
    assert (run.requests, run.errors, run.quantiles, run.maximum) == (60, 60, {}, None)


# --- HdrHistogram

HGRM = """       Value   Percentile   TotalCount 1/(1-Percentile)

       1.000     0.000000            1         1.00
       2.000     0.500000          600         2.00
       5.000     0.950000          950        20.00
       9.000     0.999000          999      1000.00
      10.000     1.000000         1000          inf
#[Mean    =        2.500, StdDeviation   =        1.000]
#[Max     =       10.000, Total count    =         1000]
"""


def test_a_percentile_file_labels_its_unit_as_an_assumption(tmp_path: Path) -> None:
    run = read(tmp_path, HGRM, "12k.hgrm")
    assert (run.requests, run.mean, run.maximum) == (1000, 0.0025, 0.01)
    assert run.quantiles[0.5] == 0.002 and run.quantiles[0.75] == 0.005 and run.quantiles[0.99] == 0.009
    assert run.model == "unknown" and "assumption" in run.notes[0]


def test_what_another_library_of_the_same_format_writes_is_read_too() -> None:
    """Python's writes TotalCount in one word, with decimals."""
    run, log = load_test(REAL / "hdr-us.hgrm"), load_test(REAL / "hdr.hlog")
    assert (run.requests, run.quantiles[0.99]) == (2000, 49.151)
    assert (log.requests, log.duration, log.maximum) == (900, 3.0, 0.064)


def test_the_params_give_the_unit_that_a_histogram_does_not_name(tmp_path: Path) -> None:
    """The same 2,000 values: 14.975 s if the file were in milliseconds, 14.975 ms as it was recorded."""
    paths = [("h", REAL / "hdr-us.hgrm"), ("h", REAL / "hdr.hlog")]
    (run, log), (assumed, _) = load_tests(paths, [RunNote("hdr-us.hgrm", unit="us")]), load_tests(paths)
    assert (assumed.quantiles[0.5], run.quantiles[0.5]) == (14.975, 0.014975)
    assert (run.maximum, run.mean) == pytest.approx((0.069631, 0.01676296))
    assert run.notes == ("HdrHistogram: its unit is us, as the params say",) and "assumption" in log.notes[0]
    with pytest.raises(ParameterError, match=r"hey\.txt names its own unit \(hey\); take unit out"):
        load_tests([("h", REAL / "hey.txt")], [RunNote("*", unit="us")])


def encoded(version: int, word: int = 8) -> str:
    """Values 1000 (three times) and 200,000 ns (once), as Java writes them: 2 digits, from 1 on."""
    counts = {1000 // 8 - 128 + 128 * 4 - 3: 3}
    at = {1000: 3, 200_000: 1}
    counts = {}
    for value, many in at.items():
        bucket = max(0, value.bit_length() - 8)
        counts[(bucket << 7) + (value >> bucket)] = many
    last = max(counts)
    if version == 2:
        payload, index = b"", 0
        for place in sorted(counts):
            if place > index:
                payload += leb(-(place - index))
            payload += leb(counts[place])
            index = place + 1
        body = struct.pack(">iiiiqqd", 0x1C849303 | 0x10, len(payload), 0, 2, 1, 2**40, 1.0) + payload
        cookie = 0x1C849304 | 0x10
    else:
        form = {2: ">h", 4: ">i", 8: ">q"}[word]
        payload = b"".join(struct.pack(form, counts.get(place, 0)) for place in range(last + 1))
        if version == 1:
            body = struct.pack(">iiiiqqd", 0x1C849301 | word << 4, len(payload), 0, 2, 1, 2**40, 1.0) + payload
            cookie = 0x1C849302 | word << 4
        else:
            body = struct.pack(">iiqqq", 0x1C849308 | word << 4, 2, 1, 2**40, 4) + payload
            cookie = 0x1C849309 | word << 4
    packed = zlib.compress(body)
    return base64.b64encode(struct.pack(">ii", cookie, len(packed)) + packed).decode()


def leb(value: int) -> bytes:
    """ZigZag LEB128 of a small number."""
    word, out = (value << 1) ^ (value >> 63), b""
    while word >= 0x80:
        out, word = out + bytes([word & 0x7F | 0x80]), word >> 7
    return out + bytes([word])


@pytest.mark.parametrize(("version", "word"), [(0, 2), (0, 8), (1, 4), (1, 8), (2, 8)])
def test_all_three_encodings_hold_the_same_counts(version: int, word: int) -> None:
    found = decoded(encoded(version, word))
    assert found.counts.tolist() == [3, 1]
    assert found.values.tolist() == [1003, 200_703], "the highest value of the bucket, as Java reports it"


def log(*lines: str) -> str:
    return "#[Histogram log format version 1.2]\n#[StartTime: 1441812279.474 (seconds since epoch), Wed]\n" + (
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n' + "\n".join(lines) + "\n"
    )


def test_a_log_adds_up_its_intervals_and_keeps_tags_apart(tmp_path: Path) -> None:
    run = read(
        tmp_path,
        log(
            f"0.5,1.0,0.201,{encoded(2)}",
            f"Tag=cart,1.5,1.0,0.201,{encoded(1)}",
            f"Tag=cart,2.5,1.0,0.201,{encoded(0)}",
        ),
    )
    assert (run.requests, run.duration) == (12, 3.0)
    assert run.quantiles[0.5] == pytest.approx(1003e-9) and run.quantiles[0.99] == pytest.approx(200_703e-9)
    assert run.began == datetime(2015, 9, 9, 15, 24, 39, 974000, tzinfo=UTC), "relative to the log's start"
    assert [(one.name, one.requests) for one in run.operations] == [("cart", 8)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0.5,1.0,0.201,SElTVA==", "line 4: no encoded histogram"),
        ("0.5,1.0,0.201,HISTFAAA", "line 4"),
        ("0.5,1.0", "line 4: no interval"),
    ],
)
def test_an_interval_that_cannot_be_decoded_is_named(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, log(line))


# --- refusals and what the params add


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00run", "unpack it first"),
        ("Running 2s test @ http://x/\n  1 threads and 4 connections\n", "ended early"),
        (K6_NEW + "\n", "without http_req_duration"),
        ('{"latencies":{},"bytes_in":{},"requests":0}', "without a request"),
        ('{"aggregate":{"counters":', "no JSON"),
        ('{"latency":{},"non2xx":0,"requests":{"total":0}}', "without an answer"),
        ('{"numberOfRequests":{"total":0},"minResponseTime":{}}', "without a request"),
        (HGRM.partition("#[Max")[0], "without its end"),
        ("#[Histogram log format version 1.2]\n", "without an interval"),
        ("Type,Name,Request Count,Failure Count,Average Content Size\n,Aggregated,0,0,0\n", "without a request"),
    ],
)  # fmt: skip
def test_an_unusable_file_is_refused_with_reason_and_name(content: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path, content, "bad.out")
    assert "bad.out" in str(caught.value)


def test_the_params_say_what_a_file_does_not() -> None:
    began = datetime(2026, 11, 2, tzinfo=UTC)
    notes = [
        RunNote("hey*", load=4, commit="abc", began=began),
        RunNote("hey.csv", model="open", duration=timedelta(seconds=99)),
    ]
    text, csv = load_tests([("h", REAL / "hey.txt"), ("h", REAL / "hey.csv")], notes)
    assert (text.load, text.commit, text.began, text.coordinated_omission) == (4, "abc", began, True)
    assert (csv.model, csv.coordinated_omission) == ("open", False)
    assert csv.duration != 99, "what the tool measured stays"
