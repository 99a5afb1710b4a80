"""
What documents are made from: the project's documents, the params, and every file that the params name, by their hashes.

Secrets and the knowledge graph are left out: the first are nobody's business, into the second we write ourselves.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sre_kit.load import params as params_file
from sre_kit.load.documents import documents
from sre_kit.load.projects import Project, without_ours
from sre_kit.store import places
from sre_kit.store.remembered import DocumentState, changed_inputs

PARAMS: Final = "params:"
"""Begins the name of an input that is no document of the project."""
OPENING: Final = "Start"
"""The notebook that opens a session and becomes no document."""
_LEFT_OUT: Final = {"project", "auth"}
_MAX_PATH: Final = 400


def inputs(project: Project) -> dict[str, str]:
    """Name -> SHA-256; empty where it is there and cannot be read."""
    return {document.path: document.sha256 for document in project.documents} | _named(project)


def inputs_now(project: Project) -> dict[str, str]:
    """`inputs` as the files are by now, of a project that was loaded before."""
    return document_inputs(project.root) | _named(project)


def _named(project: Project) -> dict[str, str]:
    """The params and the files that they name."""
    path, base, found = project.params_path, project.base, dict[str, str]()
    for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
        found[f"{PARAMS}{file.name}"] = _hash(file)
    for written in dict.fromkeys(_leaves(params_file.raw(path))):  # most stand in many places
        try:
            files = list(_files(written, base))
        except OSError:  # a sentence with a part longer than any file's name
            continue
        for file in files:
            name = written if "*" not in written and file.name == Path(written).name else f"{written}: {file.name}"
            found[f"{PARAMS}{name}"] = _hash(file)
    return found


def document_inputs(root: Path) -> dict[str, str]:
    """The part of `inputs` that is known without params: the documents of the project at `root`."""
    texts, _ = without_ours(documents(root)[0])
    return {text.document.path: text.document.sha256 for text in texts}


def document_states(project: Project) -> tuple[DocumentState, ...]:
    """What became of each notebook, shipped or the project's own: published as of when, and what changed since."""
    now, published = inputs(project), project.published.documents
    folders = (places.bundled("notebooks"), project.base / "notebooks")
    there = (path.stem for folder in folders for path in sorted(folder.glob("*.ipynb")) if path.stem != OPENING)
    found = []
    for name in dict.fromkeys((*there, *published)):
        one, beside = published.get(name), Path(f"{name}.ipynb").is_file()
        if one is None:
            found.append(DocumentState(name, beside=beside))
        else:
            since = changed_inputs([one], now)
            found.append(DocumentState(name, one.version, datetime.fromisoformat(one.as_of), since, beside))
    return tuple(found)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key not in _LEFT_OUT:
                yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)


def _files(written: str, base: Path) -> Iterator[Path]:
    """Files that a value of the params names; none for most values, which are no paths."""
    if not written or len(written) > _MAX_PATH or not written.isprintable():
        return
    scheme = written.partition(":")[0]
    if scheme == "file":
        place = places.resolve(unquote(urlsplit(written).path), base)
        if place.is_dir():
            yield from (one for one in sorted(place.iterdir()) if one.is_file())
            return
    elif "://" in written:
        return
    else:
        place = places.resolve(written, base)
    if "*" in place.name and place.parent.is_dir():
        named = (one for one in sorted(place.parent.iterdir()) if fnmatchcase(one.name, place.name))
        yield from (one for one in named if one.is_file())
    elif place.is_file():
        yield place


def _hash(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
