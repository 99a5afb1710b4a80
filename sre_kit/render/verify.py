"""
Is what is published what was published: every document, image and artifact against its hash, every input likewise.

A set that two runs wrote, as a crash can leave it for a moment, is told from one that a person edited by what the
documents say of themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from sre_kit.errors import ProtectedError
from sre_kit.render.paths import Root
from sre_kit.render.publish import JOURNAL, STATE
from sre_kit.store.manifest import Manifest, Published, sha256
from sre_kit.units import instant, utc

KINDS: Final = ("missing", "changed", "mixed", "interrupted", "input changed", "input missing", "input new")
_VERSION: Final = re.compile(r"^- \*\*Version:\*\* (\d+)$", re.MULTILINE)
_AS_OF: Final = re.compile(r"^- \*\*Date:\*\* .*\(as of (.+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Doubt:
    """One thing that is not as the manifest says; `kind` is one of `KINDS`."""

    path: str
    kind: str
    what: str

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)


def doubts(
    published: Root, manifest: Manifest, inputs: Mapping[str, str] | None, *, partly: bool = False
) -> list[Doubt]:
    """
    What differs from `manifest`.

    Parameters
    ----------
    published
        The folder with documents, images and artifacts.
    inputs
        Name -> hash of the inputs as they are now; None: nobody knows where they are.
    partly
        Only the documents of the project are in `inputs`.
    """
    found = []
    for name, one in sorted(manifest.documents.items()):
        found += _file(published, f"{name}.md", one.sha256, one)
        for path, digest in sorted(one.files.items()):
            found += _file(published, path, digest, None)
    for path, digest in sorted(manifest.pages.items()):
        found += _file(published, path, digest, None)
    return found if inputs is None else [*found, *_inputs(manifest, inputs, partly)]


def interrupted(project: Root) -> list[Doubt]:
    """A run that died while it published and was not yet finished by the next."""
    if not (project.folder / STATE / JOURNAL).exists():
        return []
    return [
        Doubt(f"{STATE}/{JOURNAL}", "interrupted", "a run died while it published; sre-kit render or plan finishes it")
    ]


def _file(published: Root, path: str, digest: str, document: Published | None) -> list[Doubt]:
    try:
        content = published.read(path)
    except ProtectedError as error:
        return [Doubt(path, "changed", str(error))]
    if content is None:
        return [Doubt(path, "missing", "it was published and is not there")]
    if sha256(content) == digest:
        return []
    said = _another_run(content.decode("utf-8", "replace"), document) if document else ""
    if said:
        return [Doubt(path, "mixed", f"{said}: two runs are mixed, render again")]
    return [Doubt(path, "changed", f"sha256 {sha256(content)[:12]}, {digest[:12]} was published")]


def _another_run(text: str, document: Published) -> str:
    """What a document says of itself that the manifest does not say of it."""
    version, moment = _VERSION.search(text), _AS_OF.search(text)
    if version and int(version[1]) != document.version:
        return f"it says version {version[1]}, the manifest version {document.version}"
    if moment and document.as_of and moment[1] != utc(instant(document.as_of)):
        return f"it says as of {moment[1]}, the manifest {utc(instant(document.as_of))}"
    return ""


def _inputs(manifest: Manifest, now: Mapping[str, str], partly: bool) -> list[Doubt]:
    recorded: dict[str, tuple[str, str]] = {}
    found = []
    for name, one in sorted(manifest.documents.items()):
        for path, digest in one.inputs.items():
            first, known = recorded.setdefault(path, (name, digest))
            if known != digest:
                found.append(Doubt(path, "mixed", f"{first}.md and {name}.md were made from two versions of it"))
    for path, (_, digest) in sorted(recorded.items()):
        if partly and path.startswith("params:"):
            continue
        if path not in now:
            found.append(Doubt(path, "input missing", "the documents were made from it and it is not there"))
        elif now[path] != digest:
            found.append(
                Doubt(path, "input changed", f"sha256 {now[path][:12]}, the documents were made from {digest[:12]}")
            )
    new = sorted(set(now) - set(recorded)) if recorded else []
    return found + [Doubt(path, "input new", "the documents were made without it") for path in new]
