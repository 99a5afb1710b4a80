"""``sre-kit verify``: published documents and their inputs against the manifest's hashes."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path

from sre_kit import load
from sre_kit.errors import OutOfDateError, ParameterError
from sre_kit.load.inputs import document_inputs, inputs
from sre_kit.render import verify
from sre_kit.render.paths import Root
from sre_kit.store import manifest as manifests
from sre_kit.store import places


def run(folder: Path | None, params: str, json: bool) -> int:
    """Print what differs; 5 when anything does."""
    project = load.project(params) if params else None
    where = folder or (project.root / places.DOCUMENTS if project else places.DOCUMENTS)
    if not (where / places.MANIFEST).is_file():
        raise ParameterError(f"no {places.MANIFEST} in {where}; name the folder of a rendered set, or --params")
    manifest = manifests.read(where / places.MANIFEST)
    published = Root(where, only=())
    root = project.root if project else _project(published.folder)
    now = inputs(project) if project else document_inputs(root) if root else None
    found = verify.doubts(published, manifest, now, partly=project is None)
    found += verify.interrupted(Root(root) if root else published)
    if json:
        print(jsonlib.dumps({"folder": str(where), "differences": [one.as_json() for one in found]}, indent=1))
    else:
        for one in found:
            print(f"{one.kind:13}  {one.path}: {one.what}")
        files = sum(1 + len(one.files) for one in manifest.documents.values()) + len(manifest.pages)
        counts = f"{len(manifest.documents)} documents, {files} files, {len(now or ())} inputs"
        print(f"{where}: {counts}: {_verdict(len(found))}")
        if project is None:
            print("note: params, incidents and measurements in files are compared too with --params")
    return OutOfDateError.exit_code if found else 0


def _project(folder: Path) -> Path | None:
    """The project that a folder docs/SRE lies in."""
    parts = places.DOCUMENTS.parts
    return folder.parents[len(parts) - 1] if folder.parts[-len(parts) :] == parts else None


def _verdict(count: int) -> str:
    return f"{count} differences" if count else "all as published"
