"""
OTLP's JSON: ``resourceSpans[].scopeSpans[].spans[]``, nanoseconds as text, the service as an attribute of the resource.

Older exporters say ``instrumentationLibrarySpans``, Tempo ``batches``. A consumer of a queue works after its parent has
gone on, so it is not waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sre_kit.compute.performance.traces import Span

NAME: Final = "OTLP JSON"
_SCOPES: Final = ("scopeSpans", "instrumentationLibrarySpans")
_CONSUMER: Final = (5, "SPAN_KIND_CONSUMER")


def fits(content: Any) -> bool:
    """An object with resource spans."""
    return isinstance(content, dict) and isinstance(_resources(content), list)


def spans(content: Any) -> Iterator[Span]:
    """Every span that has ended."""
    for resource in _resources(content):
        service = _service(resource.get("resource") or {})
        for scope in (scope for name in _SCOPES for scope in resource.get(name) or ()):
            for one in scope.get("spans") or ():
                start, end = int(one["startTimeUnixNano"]), int(one.get("endTimeUnixNano") or 0)
                if end < start:
                    continue  # it had not ended when it was exported
                yield Span(
                    trace=one["traceId"],
                    id=one["spanId"],
                    parent=one.get("parentSpanId") or "",
                    service=service,
                    operation=one["name"],
                    start=start,
                    end=end,
                    follows=one.get("kind") in _CONSUMER and bool(one.get("parentSpanId")),
                )


def _resources(content: dict[str, Any]) -> Any:
    return content.get("resourceSpans", content.get("batches"))


def _service(resource: dict[str, Any]) -> str:
    for one in resource.get("attributes") or ():
        if one.get("key") == "service.name":
            return str(one["value"].get("stringValue") or "(unknown service)")
    return "(unknown service)"
