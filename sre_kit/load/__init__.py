"""
The world to compute's types: documents, params, metrics, incidents, load tests.

Names are looked up when they are used. What cannot be read becomes a gap with its reason; only unusable params raise.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    **dict.fromkeys(("project", "Project"), "projects"),
    **dict.fromkeys(("reading", "requests", "objectives", "objectives_during"), "measured"),
    **dict.fromkeys(("deploys", "manifest", "incidents", "incident_clocks"), "measured"),
    **dict.fromkeys(
        ("endpoints", "loadtests", "runs", "event_logs", "traces", "database", "access_log"), "performance"
    ),
    **dict.fromkeys(("resources", "demand", "users"), "capacity"),
    **dict.fromkeys(("vitals",), "reliability"),
    **dict.fromkeys(("restore_drills",), "drills"),
    "document_states": "inputs",
}
"""Public name -> module of this package."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
