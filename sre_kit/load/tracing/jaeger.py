"""
Jaeger's JSON, as its API and its UI export it: ``data[].spans[]``, microseconds, the service by process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sre_kit.compute.performance.traces import Span

NAME: Final = "Jaeger JSON"


def fits(content: Any) -> bool:
    """A list of traces, each with spans and processes; also one trace alone."""
    return any(isinstance(one, dict) and "spans" in one and "processes" in one for one in _traces(content))


def spans(content: Any) -> Iterator[Span]:
    """Every span; of several references the one to its own trace, a CHILD_OF before a FOLLOWS_FROM."""
    for trace in _traces(content):
        services = {key: one["serviceName"] for key, one in trace["processes"].items()}
        for one in trace["spans"]:
            own = [r for r in one.get("references") or () if r.get("traceID", one["traceID"]) == one["traceID"]]
            own.sort(key=lambda reference: reference.get("refType") != "CHILD_OF")
            start = int(one["startTime"]) * 1000
            yield Span(
                trace=one["traceID"],
                id=one["spanID"],
                parent=own[0]["spanID"] if own else one.get("parentSpanID") or "",
                service=services.get(one.get("processID"), "(unknown service)"),
                operation=one["operationName"],
                start=start,
                end=start + int(one["duration"]) * 1000,
                follows=bool(own) and own[0].get("refType") == "FOLLOWS_FROM",
            )


def _traces(content: Any) -> list[Any]:
    data = content.get("data", content) if isinstance(content, dict) else content
    return data if isinstance(data, list) else [data]
