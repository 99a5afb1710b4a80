"""Critical paths: other people's traces with known answers, both formats, clocks, and what halving can save."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit import show
from sre_kit.compute.performance.bottlenecks import ranked_bottlenecks
from sre_kit.compute.performance.traces import Span, TraceSet, operation_paths, requests
from sre_kit.load.tracing import traces


def span(id: str, parent: str, start: int, end: int, service: str = "", **more: Any) -> Span:
    return Span("t", id, parent, service or id, f"do {id}", start, end, **more)


def path(*spans: Span) -> dict[str, int]:
    (one,) = requests(spans)
    return {service: own for (service, _), own in one.path.items()}


@pytest.mark.real
@pytest.mark.parametrize("name", ["1", "2", "5", "9", "12", "16"])
def test_the_critical_path_is_that_of_crisp(name: str, shared_data: Path) -> None:
    """The files hold their answers: exclusive time on the critical path by service and operation."""
    file = shared_data / "traces" / "crisp" / f"{name}.json"
    testing = json.loads(file.read_text(encoding="utf-8"))["testing"]
    known = testing[0] if isinstance(testing, list) else testing["opTimeExclusive"]
    (one,) = requests(traces([("t", file)]).spans)
    assert {f"[{service}] {operation}": own // 1000 for (service, operation), own in one.path.items()} == known


def test_work_that_runs_beside_the_path_costs_no_waiting() -> None:
    slow, fast = span("slow", "root", 10, 90), span("fast", "root", 10, 60)
    (one,) = requests([span("root", "", 0, 100), slow, fast])
    assert path(span("root", "", 0, 100), slow, fast) == {"root": 20, "slow": 80}
    assert one.halved == {"root": 90, "slow": 70}, (
        "halved, the slow call ends at 50, and the fast one at 60 is waited for"
    )


def test_a_child_that_outlives_its_parent_was_not_waited_for() -> None:
    assert path(span("root", "", 0, 100), span("mail", "root", 50, 400)) == {"root": 100}
    assert path(span("root", "", 0, 100), span("mail", "root", 50, 80, follows=True)) == {"root": 100}
    assert path(span("root", "", 0, 1000), span("call", "root", 500, 1005)) == {"root": 500, "call": 500}, (
        "1 % is a clock"
    )


def test_a_clock_that_goes_before_is_moved_into_the_parent() -> None:
    (one,) = requests([span("root", "", 1000, 2000), span("call", "root", 800, 1400), span("db", "call", 900, 1300)])
    assert {service: own for (service, _), own in one.path.items()} == {"root": 400, "call": 200, "db": 400}
    assert one.shifted == 1, "the descendant moves with it"


def test_spans_without_their_parent_are_no_roots_unless_there_is_no_other() -> None:
    root, orphan = span("root", "", 0, 100), span("lost", "gone", 10, 900)
    assert [one.root.id for one in requests([root, orphan])] == ["root"]
    assert [one.root.id for one in requests([orphan, span("small", "gone", 0, 5)])] == ["lost"]
    assert [one.root.id for one in requests([root, span("second", "", 5, 50)])] == ["root", "second"]


def test_a_loop_of_references_ends() -> None:
    assert list(requests([span("a", "b", 0, 10), span("b", "a", 0, 10)])) == []
    deep = [span("s0", "", 0, 10_000), *(span(f"s{n}", f"s{n - 1}", 0, 10_000) for n in range(1, 900))]
    (one,) = requests(deep)
    assert sum(one.path.values()) == 10_000


@st.composite
def trees(draw: st.DrawFn) -> list[Span]:
    """A root and up to a dozen descendants, each within its parent."""
    found = [Span("t", "0", "", "s0", "o", 0, 1000)]
    for number in range(1, draw(st.integers(1, 12))):
        parent = draw(st.sampled_from(found))
        start = draw(st.integers(parent.start, parent.end))
        end = draw(st.integers(start, parent.end))
        service = f"s{draw(st.integers(0, 3))}"
        found.append(Span("t", str(number), parent.id, service, "o", start, end))
    return found


@given(spans=trees())
def test_the_path_adds_up_to_the_request_and_halving_saves_at_most_half_of_it(spans: Sequence[Span]) -> None:
    for one in requests(spans):
        assert sum(one.path.values()) == one.root.end - one.root.start
        for service in {service for service, _ in one.path}:
            own = sum(time for (name, _), time in one.path.items() if name == service)
            assert -1e-9 <= one.saved(service) <= own / 2 + len(spans), "whole nanoseconds are rounded once a span"


def otlp(id: str, parent: str, start: int, end: int, kind: int = 1) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
    return {"traceId": "t", "spanId": id, "parentSpanId": parent, "name": f"do {id}", "kind": kind, **times}


def resource(service: str, scopes: str, *spans: dict[str, Any]) -> dict[str, Any]:
    attributes = [{"key": "service.name", "value": {"stringValue": service}}]
    return {"resource": {"attributes": attributes}, scopes: [{"spans": list(spans)}]}


OTLP = {
    "resourceSpans": [
        resource(
            "shop", "scopeSpans",
            otlp("a", "", 1000, 2000, kind=2), otlp("c", "a", 1100, 1900, kind=5), otlp("running", "a", 1100, 0),
        ),
        resource("db", "instrumentationLibrarySpans", otlp("b", "a", 1200, 1800)),
    ]
}  # fmt: skip


@pytest.mark.parametrize("form", ["document", "lines", "batches"])
def test_otlp_is_read_in_its_forms(form: str, tmp_path: Path) -> None:
    content: Any = OTLP if form != "batches" else {"batches": OTLP["resourceSpans"]}
    text = json.dumps(content)
    if form == "lines":
        text = "\n".join(json.dumps({"resourceSpans": [one]}) for one in OTLP["resourceSpans"]) + "\n"
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    found = traces([("t", tmp_path / "t.json")])
    assert not found.gaps
    (one,) = operation_paths(found)
    assert one.operation == "shop: do a" and one.asynchronous == 1, "a consumer works after its parent has gone on"
    assert {part.service: part.share for part in one.shares} == {"db": 0.6, "shop": 0.4}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ('{"resourceSpans": []}\n{', "line 2: no JSON"),
        ('{"a": 1}', "neither Jaeger JSON or OTLP JSON"),
        ('{"data": []}', "neither"),
        ('{"data":[{"spans":[{"spanID":"a"}],"processes":{}}]}', "cannot be read"),
        ('{"resourceSpans": []}', "no span"),
        ("[" * 100_000, "nested too deeply|no JSON"),
    ],
)
def test_an_unusable_file_is_a_gap_with_its_reason(text: str, words: str, tmp_path: Path) -> None:
    import re

    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    (gap,) = traces([("t.json", tmp_path / "t.json")]).gaps
    assert gap.degraded and re.search(words, gap.because), gap.because
    assert "Not known" in show.critical_paths([], TraceSet(gaps=(gap,))).markdown()


def test_paths_are_shown_and_rank_among_the_bottlenecks() -> None:
    spans = (span("root", "", 0, 100_000_000), span("db", "root", 10_000_000, 90_000_000))
    paths = operation_paths(TraceSet(spans, "t.json"))
    text = show.critical_paths(paths, TraceSet(spans, "t.json")).markdown()
    assert "80.0 %" in text and "40 ms (40.0 %)" in text and "not from 1" in text
    first = ranked_bottlenecks([], [], None, paths)[0]
    assert (first.where, first.method, first.share) == ("db", "critical path", pytest.approx(0.8))
    assert "performance.traces" in show.critical_paths([], TraceSet()).markdown()
