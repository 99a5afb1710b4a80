"""
What papermill is told of the warm engine: papermill loads its engines while it is being imported itself, so that this
module must not need it yet, whichever of the two somebody imports first.
"""

from __future__ import annotations

from typing import Any


class WarmEngine:
    """The engine ``sre-warm`` by the three names that papermill calls; `papermill_engine` does the work."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **kwargs: Any) -> Any:
        """The executed notebook."""
        return _engine().execute_notebook(nb, kernel_name, **kwargs)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        """The kernel that the notebook names, or `name`."""
        return _engine().nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        """The language that the notebook names, or `language`."""
        return _engine().nb_language(nb, language)


def _engine() -> Any:
    from sre_kit.render.warm import papermill_engine

    return papermill_engine.WarmEngine
