"""
``jupyter nbconvert --to sre-markdown``: the same document as ``sre-kit render`` publishes.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from sre_kit.render.document import document


class SREMarkdownExporter(Exporter):
    """An executed notebook to Markdown; images and files go into ``resources["outputs"]``."""

    export_from_notebook = "SRE Markdown"
    output_mimetype = "text/markdown"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".md"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """
        The document and its resources.

        Raises
        ------
        NotebookError
            A cell failed.
        """
        copy, final = super().from_notebook_node(nb, resources, **kw)
        done = document(copy, str(final.get("metadata", {}).get("name") or "document"))
        final["sre_kit"], final["outputs"] = dict(done.machine), dict(done.files)
        return done.text, final
