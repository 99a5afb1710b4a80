"""
An executed notebook to its document: Markdown for GitHub, images with words, files for other tools.

Code never reaches the page. Of an output, ``text/markdown`` does, and an image above it where there is one; what the
machine needs (records, gaps, findings, artifacts) is kept beside it. Knows notebooks as nbformat 4 has them, as plain
mappings: the modules that only check and convert them take longer to import than a document takes to write.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sre_kit.errors import NotebookError
from sre_kit.escape import md_fence, md_text
from sre_kit.render import repeats, validate, versions
from sre_kit.store.dependencies import dependencies
from sre_kit.store.manifest import MIME, claim_mark
from sre_kit.store.places import anchor

GUIDE = "guide"
"""Tag of a title that says below what its notebook is for and how to use it; the page has the heading alone."""
_CLAIM = re.compile(re.escape(claim_mark("NAME")).replace("NAME", "([A-Za-z0-9._-]+)"))


@dataclass(frozen=True)
class Document:
    """The Markdown, the files beside it (path -> content), and what it tells the machine."""

    name: str
    text: str
    files: Mapping[str, bytes]
    machine: Mapping[str, Any]


def document(notebook: Mapping[str, Any], stem: str) -> Document:
    """
    The document of an executed notebook; `stem` is its name where it does not say.

    Raises
    ------
    NotebookError
        A cell failed.
    """
    name = str(notebook["metadata"].get("sre_kit", {}).get("document", stem))
    page = _Page(name)
    for number, cell in enumerate(notebook["cells"]):
        page.add(cell, number)
    page.finish()
    page.dependencies()
    text = repeats.once(re.sub(r"\n{3,}", "\n\n", "\n\n".join(page.machine["blocks"])).strip()) + "\n"
    told = {key: page.machine.pop(key) for key in ("decided", "log")}
    done = versions.settled(text, page.header_text, page.machine["header"], page.machine["records"], **told)
    settled: dict[str, Any] = {"version": done.version, "body_sha256": done.body_sha256, "before": done.before}
    settled["decisions"] = done.decisions
    return Document(name, done.text, page.files, {**page.machine, **settled})


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
            "decided": [],
            "log": [],
            "noise": [],
            "header": {},
            "read": None,
            "sentinel": False,
        }

    def add(self, cell: Mapping[str, Any], number: int) -> None:
        """One cell: prose as it stands, code by its outputs."""
        if cell["cell_type"] == "markdown":
            source = joined(cell["source"]).strip()
            guide = GUIDE in cell["metadata"].get("tags", [])
            self.machine["blocks"].append(source.partition("\n")[0] if guide else source)
            return
        if cell["cell_type"] != "code":
            return
        self.machine["read"] = None  # what the last cell says counts: another may have read more
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                raise NotebookError(
                    f"{self.name}: cell {cell.get('id', number)!r} failed: {output['ename']}: {output['evalue']}"
                )
            if output["output_type"] == "stream":
                self._printed(cell.get("id", str(number)), joined(output["text"]))
                continue
            self._output(output["data"], cell.get("id", str(number)))

    def _printed(self, cell: str, text: str) -> None:
        """What a cell printed, on which stream whenever; a kernel delivers it in pieces of any size."""
        noise = self.machine["noise"]
        if not noise or noise[-1]["cell"] != cell:
            noise.append({"cell": cell, "text": ""})
        noise[-1]["text"] = (noise[-1]["text"] + text)[:2000]

    def _output(self, data: Mapping[str, Any], cell: str) -> None:
        part: Mapping[str, Any] = data.get(MIME, {})
        for key in ("records", "gaps", "findings", "artifacts", "decided", "log"):
            self.machine[key].extend(part.get(key, []))
        self.machine["sentinel"] = self.machine["sentinel"] or bool(part.get("sentinel"))
        self.machine["read"] = part.get("read", self.machine["read"])
        text = str(data.get("text/markdown", "")).strip()
        if "header" in part:
            self.machine["header"], self.header_text = part["header"], text
        if "image/png" in data:
            image = part.get("image", {"name": cell, "alt": f"figure of cell {cell}"})
            path = f"images/{self.name}-{image['name']}.png"
            self.files[path] = base64.b64decode(data["image/png"])
            text = f"![{md_text(image['alt'])}]({path})" + (f"\n\n{text}" if text else "")
        elif not text and "text/plain" in data:
            text = md_fence(str(data["text/plain"]), "text")
        if text:
            self.machine["blocks"].append(text)

    def finish(self) -> None:
        """Contents under the header; files checked and their claims printed."""
        blocks: list[str] = self.machine["blocks"]
        headings = [heading for block in blocks for heading in _headings(block)]
        if self.header_text and len(headings) > 3:
            contents = " · ".join(f"[{heading}](#{anchor(heading)})" for heading in headings)
            blocks.insert(blocks.index(self.header_text) + 1, f"**Contents:** {contents}")
        claims = validate.claims({a["name"]: a["content"] for a in self.machine["artifacts"]})
        for artifact in self.machine["artifacts"]:
            self.files[f"artifacts/{artifact['name']}"] = artifact.pop("content").encode("utf-8")
            artifact.update(claims[artifact["name"]].as_json())
        self.machine["blocks"] = [_CLAIM.sub(lambda m: f"({claims[m[1]]})", block) for block in blocks]

    def dependencies(self) -> None:
        """The header's documents are those that were used, where the notebook says so, and those nobody could read."""
        header, read = self.machine["header"], self.machine["read"]
        if not read or "missing" not in header:
            return
        every = header["depends"]
        old = dependencies([one["row"] for one in every], "read", header["missing"])
        if old not in self.header_text:
            self.machine["read"] = None
            return
        used = [one for one in every if one["path"] in read["documents"] or not one["sha256"]]
        text = self.header_text.replace(old, dependencies([one["row"] for one in used], "used", header["missing"]))
        self.machine["blocks"] = [text if block == self.header_text else block for block in self.machine["blocks"]]
        self.machine["header"] = {**header, "depends": used, "searched": {one["path"]: one["sha256"] for one in every}}
        self.header_text = text


def _headings(block: str) -> Iterator[str]:
    """Headings of the second level, as Markdown; what looks like one inside a fence is none."""
    fence = ""
    for line in block.split("\n"):
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif opened := re.match(r"`{3,}", line):
            fence = opened[0]
        elif line.startswith("## "):
            yield line[3:].strip()


def joined(text: str | list[str]) -> str:
    """Text as nbformat has it: whole, or line by line."""
    return text if isinstance(text, str) else "".join(text)


def noise(machine: Mapping[str, Any]) -> Iterator[str]:
    """What cells printed, which no document shows."""
    for one in machine["noise"]:
        yield f"{machine['document']}: cell {one['cell']!r} printed {one['text'].strip()[:200]!r}"
