"""Load-test results: k6 in both of its forms, Gatling's text log in both of its layouts, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sre_kit.errors import DataError, SourceError
from sre_kit.load.loadtesting import load_test, load_tests

TREND = {"avg": 120.0, "min": 20.0, "med": 100.0, "max": 900.0, "p(90)": 200.0, "p(95)": 250.0, "p(99.9)": 800.0}


JUDGED = {"p(95)<500": {"ok": True}, "p(95)<100": {"ok": False}}


def written(folder: Path, content: object, name: str = "run.json") -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def summary(groups: Any = (), **more: Any) -> dict[str, Any]:
    """What handleSummary is given."""
    return {
        "state": {"testRunDurationMs": 60_000.0},
        "root_group": {"name": "", "groups": groups or [], "checks": []},
        "metrics": {
            "http_req_duration": {"type": "trend", "values": TREND, "thresholds": JUDGED},
            "http_req_failed": {"type": "rate", "values": {"rate": 0.02, "passes": 12, "fails": 588}},
            "http_reqs": {"type": "counter", "values": {"count": 600, "rate": 10.0}},
            "vus_max": {"type": "gauge", "values": {"value": 50, "min": 50, "max": 50}},
        } | more,
    }  # fmt: skip


def export(**more: Any) -> dict[str, Any]:
    """What --summary-export writes: flat, and a threshold that is true has failed."""
    return {
        "root_group": {"name": "", "groups": {}, "checks": {}},
        "metrics": {
            "http_req_duration": {**TREND, "thresholds": {"p(95)<500": False, "p(95)<100": True}},
            "http_req_failed": {"passes": 12, "fails": 588, "value": 0.02},
            "http_reqs": {"count": 600, "rate": 10.0},
            "vus_max": {"value": 50, "min": 50, "max": 50},
        } | more,
    }  # fmt: skip


@pytest.mark.parametrize("form", [summary, export])
def test_both_forms_of_k6_say_the_same(form: Any, tmp_path: Path) -> None:
    run = load_test(written(tmp_path, form()))
    assert (run.requests, run.errors, run.duration, run.rate, run.load) == (600, 12, 60.0, 10.0, 50)
    assert run.error_ratio == 0.02
    assert run.quantiles == {0.5: 0.1, 0.9: 0.2, 0.95: 0.25, 0.999: 0.8}
    assert (run.mean, run.minimum, run.maximum) == (0.12, 0.02, 0.9)
    assert {t.expression: t.passed for t in run.thresholds} == {"p(95)<500": True, "p(95)<100": False}


def test_without_dropped_iterations_the_loop_is_closed_and_hides_waiting(tmp_path: Path) -> None:
    closed = load_test(written(tmp_path, summary()))
    assert closed.model == "closed" and closed.coordinated_omission
    open_loop = load_test(written(tmp_path, summary(dropped_iterations={"values": {"count": 3, "rate": 0.1}})))
    assert open_loop.model == "open" and not open_loop.coordinated_omission


def test_groups_are_an_array_or_an_object(tmp_path: Path) -> None:
    check = {"name": "is 200", "passes": 590, "fails": 10}
    array = [{"name": "shop", "groups": [], "checks": [check]}]
    mapping = {"shop": {"name": "shop", "groups": {}, "checks": {"is 200": check}}}
    for groups in (array, mapping):
        notes = load_test(written(tmp_path, summary(groups))).notes
        assert any("10 of 600 checks failed" in note for note in notes)


def test_request_times_kept_by_name_become_operations(tmp_path: Path) -> None:
    kept = {"http_req_duration{name:checkout}": {"type": "trend", "values": {"avg": 300.0, "p(95)": 400.0}}}
    (operation,) = load_test(written(tmp_path, summary(**kept))).operations
    assert (operation.name, operation.mean, operation.quantiles, operation.requests) == (
        "checkout",
        0.3,
        {0.95: 0.4},
        None,
    )


def test_failures_that_were_not_counted_are_missing_and_not_none_at_all(tmp_path: Path) -> None:
    content = summary()
    del content["metrics"]["http_req_failed"]
    run = load_test(written(tmp_path, content))
    assert run.errors is None and run.error_ratio is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"metrics": {"http_reqs"', "no JSON"),
        ('{"root_group": {}}', "without metrics"),
        ('{"root_group": {}, "metrics": []}', "without metrics"),
        ('{"root_group": ' + "[" * 100_000, "no JSON"),
        ("some text", "no known load-test tool"),
        (b"\xff\xfe\x00binary", "no known load-test tool"),
        (b"", "no known load-test tool"),
    ],
)
def test_what_no_tool_wrote_is_refused_with_its_name(content: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as caught:
        load_test(written(tmp_path, content))
    assert "run.json" in str(caught.value)


NEW = (
    "RUN\tsimulations.Shop\tshop\t1633441760000\t \t3.5.1\n"
    "USER\tBuyers\tSTART\t1633441760000\n"
    "REQUEST\t\thome\t1633441760000\t1633441760100\tOK\t \n"
    "USER\tBuyers\tSTART\t1633441760500\n"
    "REQUEST\tcart,pay\tcheckout\t1633441760500\t1633441761500\tKO\tstatus.find.is(200), found 500\n"
    "USER\tBuyers\tEND\t1633441762000\n"
    "REQUEST\t\thome\t1633441762000\t1633441762300\tOK\t \n"
)
OLD = (
    "RUN\tsimulations.Shop\tshop\t1633441760000\t \t3.2.0\n"
    "USER\tBuyers\t1\tSTART\t1633441760000\t1633441760000\n"
    "REQUEST\t1\t\thome\t1633441760000\t1633441760100\tOK\t \n"
    "USER\tBuyers\t2\tSTART\t1633441760500\t1633441760500\n"
    "REQUEST\t2\tcart,pay\tcheckout\t1633441760500\t1633441761500\tKO\tfound 500\n"
    "USER\tBuyers\t1\tEND\t1633441760000\t1633441762000\n"
    "REQUEST\t2\t\thome\t1633441762000\t1633441762300\tOK\t \n"
)


@pytest.mark.parametrize(
    "log", [NEW, OLD, NEW.replace("\n", "\r\n"), "\ufeff" + NEW], ids=["3.5", "3.2", "CRLF", "BOM"]
)
def test_both_layouts_of_gatling_say_the_same(log: str, tmp_path: Path) -> None:
    run = load_test(written(tmp_path, log.encode(), "simulation.log"))
    assert (run.name, run.requests, run.errors, run.load) == ("Shop", 3, 1, 2)
    assert run.duration == pytest.approx(2.3) and run.rate == pytest.approx(3 / 2.3)
    assert run.quantiles[0.5] == pytest.approx(0.3) and run.maximum == 1.0
    assert {o.name: (o.requests, o.errors) for o in run.operations} == {"home": (2, 0), "cart/pay/checkout": (1, 1)}
    assert run.model == "unknown" and run.scenario == "Buyers"
    assert run.samples is not None and sorted(run.samples.tolist()) == pytest.approx([0.1, 0.3, 1.0])


def test_a_request_line_that_makes_no_sense_is_left_out_and_counted(tmp_path: Path) -> None:
    broken = NEW + "REQUEST\t\thome\t1633441769000\t1633441762300\tOK\t \nREQUEST\t\thome\n"
    run = load_test(written(tmp_path, broken, "simulation.log"))
    assert run.requests == 3 and any("2 request line(s)" in note for note in run.notes)


def test_a_binary_gatling_log_is_refused_with_the_way_out(tmp_path: Path) -> None:
    head = b"\x00" + len(b"3.12.0").to_bytes(4, "big") + b"3.12.0" + b"\x00\x01shop.Simulation\x80\xff"
    with pytest.raises(DataError, match=r"Gatling 3\.12\.0 writes a binary log.*stats\.json"):
        load_test(written(tmp_path, head, "simulation.log"))


def test_a_log_without_a_request_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without a request"):
        load_test(written(tmp_path, NEW.splitlines(keepends=True)[0], "simulation.log"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothere"):
        load_test(tmp_path / "nothere.json")


def test_one_bad_file_is_a_gap_and_the_others_go_on(tmp_path: Path) -> None:
    written(tmp_path, summary(), "a.json")
    written(tmp_path, "{", "b.json")
    found = load_tests([("*.json", tmp_path / "*.json"), ("gone.log", tmp_path / "gone.log")])
    assert [run.name for run in found] == ["a"]
    assert [gap.what for gap in found.gaps] == ["the load test b.json", "the load test gone.log"]
    assert all(gap.degraded for gap in found.gaps)


def test_no_file_named_is_a_question_and_no_fault() -> None:
    (gap,) = load_tests([]).gaps
    assert not gap.degraded and "no result file is named" in gap.because
