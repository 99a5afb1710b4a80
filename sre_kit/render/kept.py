"""
Rendered documents that are kept, and whether they still hold: same notebook, inputs and tools, same document.

They lie in the project's state folder and are worth nothing more than time: what is damaged, or in any doubt, is
rendered again. Our own outputs are no inputs, so that a render does not change the next one.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from sre_kit.render.rendered import Rendered
from sre_kit.store import knowledge, places
from sre_kit.store.manifest import Manifest, sha256

FORMAT: Final = 2
FOLDER: Final = "rendered"
"""Where documents are kept, in the state folder."""
WHOLE: Final = "whole.json"
TOOLS: Final = ("promtool", "amtool", "systemd-analyze")
BUILD_PLAN: Final = "build-plan.md"
_OURS: Final = frozenset({places.STATE.name, places.DOCUMENTS.name, BUILD_PLAN})
"""Names that a render itself may add to a listed folder."""


class Answers(NamedTuple):
    """Hashes of what documents say: of all, and by question."""

    state: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """
    Documents kept under `folder`.

    Parameters
    ----------
    always
        Files that every notebook is taken to have read, whatever was seen: params and what they name.
    foreign
        What of a build plan's text is not ours; None where nothing else is there.
    graph
        The knowledge graph's file, into which we write: only what others wrote there counts.
    asked
        What the project's documents answer to questions now, as hashes, and under ``state`` the hash of all that they
        say; a notebook that tells its questions depends on the answers alone.
    """

    folder: Path
    root: Path
    always: tuple[Path, ...] = ()
    foreign: Callable[[bytes], bytes | None] = lambda raw: raw
    graph: Path | None = None
    asked: Callable[[Iterable[str]], Answers] = lambda questions: Answers("", {})
    whys: dict[str, str] = field(default_factory=dict)
    """Document -> why it could not be taken as it was kept."""

    def take(
        self, name: str, notebook: Path, given: Mapping[str, Any], previous: Manifest, *, seen: str | None = ""
    ) -> Rendered | None:
        """
        The document as it was kept, where nothing that it was made from has changed; else None, and `whys` says why.

        `seen` is the hash of the others' manifest that it reads, empty where it reads none, None where that is known
        to be the same.
        """
        try:
            entry = json.loads((self.folder / f"{name}.json").read_bytes())
            why = self._differs(entry, name, notebook, given, previous) or (
                "inputs differ: the other documents" if seen not in (None, entry["seen"]) else ""
            )
            if not why:
                return _read(entry["rendered"])
        except FileNotFoundError:
            why = "it was not rendered here before"
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            why = "what was kept is damaged"
        self.whys[name] = why
        return None

    def keep(
        self, made: Iterable[tuple[str, Path, Mapping[str, Any], str, Rendered]], began: float, besides: Path
    ) -> None:
        """
        Keep what was rendered in one run that began at `began` (seconds since 1970).

        `besides` is the stage's manifest, which is known by its hash. Series are read once for all notebooks of a run,
        so each of them has the inputs of all. A run that asked anything that is no file, or whose inputs changed
        meanwhile, is not kept.
        """
        run = list(made)
        seen = [one.inputs for *_, one in run]
        doubts = any(inputs is None or inputs["doubts"] for inputs in seen)
        files = {path for inputs in seen if inputs for path in inputs["files"]} | {str(path) for path in self.always}
        files.discard(str(besides))
        folders = {path for inputs in seen if inputs for path in inputs["folders"]}
        documents = {path for inputs in seen if inputs for path in inputs["documents"]} | {str(self.root / BUILD_PLAN)}
        searched = {path for inputs in seen if inputs for path in inputs["searched"]}
        states = {path: self._file(Path(path)) for path in sorted(files | documents)}
        listed = {path: listing(Path(path)) for path in sorted(folders | searched)}
        changed = any(_modified(Path(path)) >= began for path in states)
        for name, notebook, given, read, one in run:
            path = self.folder / f"{name}.json"
            with contextlib.suppress(OSError):
                if doubts or changed:
                    path.unlink(missing_ok=True)
                    continue
                rendered = _written(one)
                entry = {
                    "format": FORMAT,
                    "began": began,
                    "root": str(self.root),
                    "tools": tools(),
                    "notebook": content(notebook),
                    "given": dict(given),
                    "seen": read,
                    "files": states,
                    "folders": listed,
                    "loaded": sorted((documents - files) | (searched - folders)) if one.machine.get("read") else [],
                    "rendered": rendered,
                    "sha256": _digest(rendered),
                }
                write(path, json.dumps(entry).encode("utf-8"))

    def whole(self, tasks: Mapping[str, tuple[Path, Mapping[str, Any]]], previous: Manifest) -> list[Rendered]:
        """
        All documents of `tasks` as they were kept, where the published manifest is what they led to; else none.

        Then what reads the others' manifest would see the same one, and the documents need not be judged anew.
        """
        try:
            mark = json.loads((self.folder / WHOLE).read_bytes())
            if mark != {"names": sorted(tasks), "manifest": _said(previous)}:
                return []
        except (OSError, ValueError):
            return []
        found = [self.take(name, path, given, previous, seen=None) for name, (path, given) in tasks.items()]
        return [one for one in found if one is not None] if all(found) else []

    def mark(self, names: Iterable[str], manifest: Manifest) -> None:
        """Note which manifest a render of `names` led to."""
        with contextlib.suppress(OSError):
            raw = json.dumps({"names": sorted(names), "manifest": _said(manifest)})
            write(self.folder / WHOLE, raw.encode("utf-8"))

    def _differs(
        self, entry: Mapping[str, Any], name: str, notebook: Path, given: Mapping[str, Any], previous: Manifest
    ) -> str:
        """The first difference, in words; empty where there is none."""
        if entry["format"] != FORMAT or entry["tools"] != tools():
            return "tools differ"
        if entry["root"] != str(self.root):
            return "inputs differ: the project's folder"
        if entry["notebook"] != content(notebook):
            return "inputs differ: its notebook"
        if entry["given"] != dict(given):
            return "inputs differ: its parameters"
        published = previous.documents.get(name)
        rendered = entry["rendered"]
        if entry["sha256"] != _digest(rendered):
            raise ValueError("damaged")
        if published is None or published.sha256 != sha256(rendered["markdown"]):
            return "inputs differ: the version that was published"
        loaded = set(entry["loaded"])
        if changed := self._changed(entry, leave=loaded):
            return changed
        missing = {str(path) for path in self.always} - set(entry["files"])
        if missing:
            return f"inputs differ: {self._short(min(missing))}"
        if loaded and not self._answered(rendered["machine"]["read"]):
            return self._changed(entry) or "inputs differ: the documents"
        return ""

    def _changed(self, entry: Mapping[str, Any], leave: Container[str] = ()) -> str:
        """The first file or folder that differs, but for those to `leave`; empty where there is none."""
        for path, state in entry["files"].items():
            if path not in leave and self._file(Path(path)) != state:
                return f"inputs differ: {self._short(path)}"
        for path, state in entry["folders"].items():
            if path not in leave and listing(Path(path)) != state:
                return f"inputs differ: files in {self._short(path)}"
        return ""

    def _answered(self, read: Mapping[str, Any]) -> bool:
        """Whether the documents say what they said, or at least answer so to what was asked of them."""
        return bool(self.asked(()).state == read["state"] or self.asked(read["answers"]).answers == read["answers"])

    def _file(self, path: Path) -> str | None:
        """The hash of a file's content; None where there is none. What we wrote ourselves counts as nothing."""
        if path.is_relative_to(self.root / places.DOCUMENTS):
            return None
        if path == self.root / BUILD_PLAN and path.is_file():
            theirs = self.foreign(path.read_bytes())
            return None if theirs is None else sha256(theirs)
        if path == self.graph and path.is_file():
            return sha256(repr(knowledge.theirs(path)))
        return content(path)

    def _short(self, path: str) -> str:
        return str(Path(path).relative_to(self.root)) if Path(path).is_relative_to(self.root) else path


@cache
def tools() -> str:
    """The hash of what documents are made with: our package, Python, its packages, the validators."""
    said = hashlib.sha256(f"{sys.version} {platform.machine()}".encode())
    for path in sorted(one for folder in _own() for one in folder.rglob("*") if one.is_file() and one.suffix != ".pyc"):
        said.update(f"\n{path}\n".encode())
        said.update(path.read_bytes())
    for folder in sys.path:
        with contextlib.suppress(OSError):
            said.update(
                "\n".join(sorted(n for n in os.listdir(folder or ".") if n.endswith((".dist-info", ".pth")))).encode()
            )
    for name in TOOLS:
        found = shutil.which(name)
        state = Path(found).stat() if found else None
        said.update(f"\n{name} {found} {state and (state.st_size, state.st_mtime_ns)}".encode())
    return said.hexdigest()


def _said(manifest: Manifest) -> str:
    """The hash of what a manifest says about documents; pages are made from them."""
    documents = {name: (one.version, one.sha256, one.body_sha256) for name, one in manifest.documents.items()}
    parts = (manifest.records, manifest.gaps, manifest.findings, manifest.checks, manifest.artifacts)
    return _digest([documents, *parts, manifest.disagreements])


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True))


def _own() -> tuple[Path, ...]:
    return (places.PACKAGE, places.bundled("notebooks"), places.bundled("params"))


def content(path: Path) -> str | None:
    """The hash of a file's content; None where there is none."""
    try:
        return sha256(path.read_bytes()) if path.is_file() else None
    except OSError:
        return None


def listing(path: Path) -> str | None:
    """The hash of a folder's names, without those that a render may add; None where there is none."""
    try:
        return sha256("\0".join(sorted(set(os.listdir(path)) - _OURS)))
    except OSError:
        return None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _written(one: Rendered) -> dict[str, Any]:
    files = {path: base64.b64encode(content).decode("ascii") for path, content in one.files.items()}
    return {
        "name": one.name,
        "markdown": one.markdown,
        "files": files,
        "machine": dict(one.machine),
        "seconds": dict(one.seconds),
    }


def _read(entry: Mapping[str, Any]) -> Rendered:
    files = {path: base64.b64decode(content, validate=True) for path, content in entry["files"].items()}
    return Rendered(entry["name"], entry["markdown"], files, entry["machine"], entry["seconds"], kept=True)


def write(path: Path, raw: bytes) -> None:
    """The whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(raw)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
