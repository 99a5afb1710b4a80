"""
An executed notebook to its document: Markdown for GitHub, images with words, files for other tools.

Code never reaches the page. Of an output, ``text/markdown`` does, and an image above it where there is one; what the
machine needs (records, gaps, findings, artifacts) goes into ``resources["sre_kit"]``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from traitlets import default

from sre_kit.errors import NotebookError
from sre_kit.render import validate, versions
from sre_kit.store.manifest import MIME
from sre_kit.store.places import anchor

TEMPLATES: Final = Path(__file__).parent / "templates"
_CLAIM = re.compile(r"\(\*claim:([A-Za-z0-9._-]+)\*\)")


class SREMarkdownExporter(TemplateExporter):
    """``jupyter nbconvert --to sre-markdown``: the same document as ``sre-kit render`` publishes."""

    export_from_notebook = "SRE Markdown"
    output_mimetype = "text/markdown"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".md"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "sre-markdown"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """
        The document and its resources.

        Raises
        ------
        NotebookError
            A cell failed, or the notebook did not run to its sentinel.
        """
        passed = dict(resources or {})
        stem = str(passed.get("metadata", {}).get("name") or "document")
        name = nb.metadata.get("sre_kit", {}).get("document", stem)
        page = _Page(name)
        for number, cell in enumerate(nb.cells):
            page.add(cell, number)
        page.finish()
        passed["sre_kit"] = page.machine
        passed["outputs"] = page.files
        body, final = super().from_notebook_node(nb, passed, **kw)
        text = re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"
        done = versions.settled(text, page.header_text, page.machine["header"], page.machine["records"])
        settled = {"version": done.version, "body_sha256": done.body_sha256, "before": done.before}
        final["sre_kit"] = {**page.machine, **settled}
        final["outputs"] = page.files
        return done.text, final


class _Page:
    """What has been read off a notebook so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self.header_text = ""
        self.machine: dict[str, Any] = {
            "document": name,
            "blocks": [],
            "records": [],
            "gaps": [],
            "findings": [],
            "artifacts": [],
            "noise": [],
            "header": {},
            "sentinel": False,
        }

    def add(self, cell: NotebookNode, number: int) -> None:
        """One cell: prose as it stands, code by its outputs."""
        if cell.cell_type == "markdown":
            self.machine["blocks"].append(cell.source.strip())
            return
        if cell.cell_type != "code":
            return
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise NotebookError(
                    f"{self.name}: cell {cell.get('id', number)!r} failed: {output.ename}: {output.evalue}"
                )
            if output.output_type == "stream":
                self.machine["noise"].append({"cell": cell.get("id", str(number)), "text": output.text[:2000]})
                continue
            self._output(output.data, cell.get("id", str(number)))

    def _output(self, data: Mapping[str, Any], cell: str) -> None:
        part: Mapping[str, Any] = data.get(MIME, {})
        for key in ("records", "gaps", "findings", "artifacts"):
            self.machine[key].extend(part.get(key, []))
        self.machine["sentinel"] = self.machine["sentinel"] or bool(part.get("sentinel"))
        text = str(data.get("text/markdown", "")).strip()
        if "header" in part:
            self.machine["header"], self.header_text = part["header"], text
        if "image/png" in data:
            image = part.get("image", {"name": cell, "alt": f"figure of cell {cell}"})
            path = f"images/{self.name}-{image['name']}.png"
            self.files[path] = base64.b64decode(data["image/png"])
            text = f"![{_alt(image['alt'])}]({path})" + (f"\n\n{text}" if text else "")
        elif not text and "text/plain" in data:
            text = f"```text\n{str(data['text/plain']).replace('```', '')}\n```"
        if text:
            self.machine["blocks"].append(text)

    def finish(self) -> None:
        """Contents under the header; files checked and their claims printed."""
        blocks: list[str] = self.machine["blocks"]
        headings = [line[3:].strip() for block in blocks for line in block.split("\n") if line.startswith("## ")]
        if self.header_text and len(headings) > 3:
            contents = " · ".join(f"[{heading}](#{anchor(heading)})" for heading in headings)
            blocks.insert(blocks.index(self.header_text) + 1, f"**Contents:** {contents}")
        claims = validate.claims({a["name"]: a["content"] for a in self.machine["artifacts"]})
        for artifact in self.machine["artifacts"]:
            self.files[f"artifacts/{artifact['name']}"] = artifact.pop("content").encode("utf-8")
            artifact.update(claims[artifact["name"]].as_json())
        self.machine["blocks"] = [_CLAIM.sub(lambda m: f"({claims[m[1]]})", block) for block in blocks]


def _alt(text: str) -> str:
    return re.sub(r"([\\\[\]<>`*_])", r"\\\1", text)


def noise(machine: Mapping[str, Any]) -> Iterator[str]:
    """What cells printed, which no document shows."""
    for one in machine["noise"]:
        yield f"{machine['document']}: cell {one['cell']!r} printed {one['text'].strip()[:200]!r}"
