"""
What the warm parent imports before it forks: what most notebooks need. The rest is imported where it is used.
"""

from __future__ import annotations

from typing import Final

MODULES: Final = (
    "sre_kit.render.engine",
    "sre_kit.render.document",
    "sre_kit.render.warm.shell",
    "sre_kit.render.warm.child",
    "ipykernel.zmqshell",
    "comm",
    "pandas",
    "matplotlib.figure",
    "matplotlib.dates",
    "matplotlib.backends.backend_agg",
    "ipywidgets",
    "sre_kit.load.projects",
)
