"""
What the warm parent imports before it forks: what most notebooks need. The rest is imported where it is used.
"""

from __future__ import annotations

import contextlib
import pkgutil
from importlib import import_module
from typing import Final

SHARED: Final = ("sre_kit.load.projects", "sre_kit.load.buildplan", "icalendar")
"""What the command itself needs as well, whatever it is asked to render."""
MODULES: Final = (
    *SHARED,
    "sre_kit.render.engine",
    "sre_kit.render.document",
    "sre_kit.render.warm.shell",
    "sre_kit.render.warm.child",
    "sre_kit.render.warm.notebooks",
    "ipykernel.zmqshell",
    "IPython.core.completer",
    "IPython.core.oinspect",
    "comm",
    "pandas",
    "pyarrow",
    "scipy.special",
    "matplotlib.figure",
    "matplotlib.dates",
    "matplotlib.backends.backend_agg",
    "PIL.PngImagePlugin",
    "markdown_it",
    "mdit_py_plugins.front_matter",
    "jsonschema",
    "promql_parser",
    "tabulate",
    "sre_kit.load.carrying",
    "sre_kit.load.choosing",
    "sre_kit.load.measurements",
    "sre_kit.load.incident_logs",
    "sre_kit.load.events",
    "sre_kit.load.reliability",
    "sre_kit.demo.metrics",
    "sre_kit.emit.prometheus",
    "sre_kit.emit.made_up",
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "pyarrow.pandas_compat",
)
WHOLE: Final = ("sre_kit.compute", "sre_kit.show")
"""Packages of which every module is imported."""


def imported() -> None:
    """Import them; what is missing is left to the notebook that needs it, which will say so in its cell."""
    for name in MODULES:
        _import(name)
    for name in WHOLE:
        for module in pkgutil.walk_packages(import_module(name).__path__, f"{name}."):
            _import(module.name)
    _draw()


def shared() -> None:
    """Import what a command and its parent both need, in the process that becomes both."""
    for name in SHARED:
        _import(name)


def _import(name: str) -> None:
    with contextlib.suppress(ImportError):
        import_module(name)


def _draw() -> None:
    """One small figure: fonts are found and the drawing code is loaded once, not in each child."""
    with contextlib.suppress(ImportError):
        import io

        from matplotlib.figure import Figure

        drawn = Figure(figsize=(1, 1), dpi=30)
        axes = drawn.add_subplot()
        axes.plot([0, 1], [0, 1], label="a")
        axes.legend()
        drawn.savefig(io.BytesIO(), format="png", dpi=30)
