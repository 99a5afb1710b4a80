"""
The arithmetic of reliability, pure: no files, clock, environment, network, plots or notebooks.

`as_of` is a parameter. Ratios lie in 0..1, durations are timedeltas, times are UTC. What is not known is
``None`` or NaN, never 0 and never 100 %.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {}
"""Public name -> module of this package; looked up when used."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
