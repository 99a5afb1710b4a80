"""
Where the project lies, as the knowledge graph's ProjectMetadata says it.

The Project Manager writes that entity in words of their own, so a path is looked for in every wording that was
seen in the field. Nothing is guessed: a placeholder is no path, and of several folders that fit alike none is taken.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from sre_kit.errors import ParameterError
from sre_kit.load.documents import BUILD_PLAN, EXPECTED
from sre_kit.store import knowledge
from sre_kit.store.knowledge import Entity, Graph

_METADATA: Final = re.compile(r"project[\W_]*metadata", re.IGNORECASE)
_KEY: Final = re.compile(
    r"(?<![A-Za-z])(?:(?:project|workspace|repo(?:sitory)?|base|local|absolute|full|main)[ _-]*)*"
    r"(?:folder|directory|dir|root|location|path)(?:[ _-]*path)?\b[`\"'*]*\s*"
    r"(?::|=|->|→|\bis(?: at| in)?\b)[\s*]*(?P<value>[^\s*].*)",
    re.IGNORECASE | re.DOTALL,
)
_JSON_KEY: Final = re.compile(r"path|folder|director|location|root|dir", re.IGNORECASE)
_START: Final = re.compile(r"(?:(?<=^)|(?<=[\s\"'`(\[=]))(?:file://|~(?=/|$)|/(?=[^\s/])|[A-Za-z]:[\\/]|\\\\\w)")
_BARE: Final = re.compile(r"(?:file://|~(?:/|$)|/|[A-Za-z]:[\\/]|\\\\|\.{1,2}(?:[\\/]|$)).*", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"[\[\]<>{}$…]|(?:^|/)path/to(?:/|$)|\byour[-_ ]", re.IGNORECASE)
_NOTHING: Final = re.compile(
    r"[\W_]*(?:tbd|tba|todo|n/?a|none|null|unknown|unset|not set|placeholder|x+)?[\W_]*", re.IGNORECASE
)
_QUOTES: Final = "\"'`*"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder that the graph names; `score` is build-plan.md, then the number of phase folders."""

    path: Path
    written: str
    line: int
    exists: bool
    score: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        state = f"build-plan.md: {'yes' if self.score[0] else 'no'}, phase folders: {self.score[1]} of {len(EXPECTED)}"
        where = f"line {self.line}; " if self.line else ""
        return f"{self.path} ({where}{state if self.exists else 'no such folder here'})"


def project_path(graph: Path, *, home: Path | None = None) -> tuple[Path, str]:
    """
    The project's folder and how it was found.

    Parameters
    ----------
    graph
        The knowledge graph's file; relative paths in it are relative to its folder.
    home
        What ``~`` means; empty: this user's home.

    Raises
    ------
    ParameterError
        No ProjectMetadata, no usable path in it, no such folder, or several that fit alike; all are listed.
    DocumentError
        The file cannot be read.
    """
    return project_in(knowledge.read(graph), str(graph), graph.parent, home=home)


def project_in(found: Graph, name: str, base: Path, *, home: Path | None = None) -> tuple[Path, str]:
    """
    As `project_path`, in the graph that is called `name`; relative paths in it are relative to `base`.

    Raises
    ------
    ParameterError
        As `project_path`.
    """
    way_out = "set project.path in the params file"
    sources = _sources(found)
    if not sources:
        unread = f"; not read: {'; '.join(found.problems)}" if found.problems else ""
        raise ParameterError(f"{name}: there is no entity ProjectMetadata{unread}; {way_out}")
    candidates, refused = _candidates(sources, base, home or Path("~").expanduser())
    here = [candidate for candidate in candidates if candidate.exists]
    best = [candidate for candidate in here if candidate.score == max(one.score for one in here)]
    if len(best) == 1:
        chosen = best[0]
        remark = f"; not read: {'; '.join(found.problems)}" if found.problems else ""
        return chosen.path, f"knowledge graph: {_short(name)}{_line(chosen.line)}, {chosen.written!r}{remark}"
    if best:
        listed = "\n  ".join(str(candidate) for candidate in best)
        raise ParameterError(f"{name}: several project folders fit alike:\n  {listed}\n{way_out}")
    listed = "\n  ".join([*(str(candidate) for candidate in candidates), *refused]) or "it names no path"
    raise ParameterError(f"{name}: ProjectMetadata leads to no folder:\n  {listed}\n{way_out}")


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _line(number: int) -> str:
    """Where in a file; a server has no lines."""
    return f", line {number}" if number else ""


def _sources(graph: Graph) -> list[Entity]:
    """The metadata entities and those related to one; without any, whatever states a project path in so many words."""
    theirs = knowledge.foreign(graph)
    named = [entity for entity in theirs if _METADATA.search(entity.name) or _METADATA.search(entity.type)]
    if not named:
        return [entity for entity in theirs if any(_project_key(text) for text in entity.observations)]
    names = {entity.name for entity in named}
    related = {r.target for r in graph.relations if r.source in names} | {
        r.source for r in graph.relations if r.target in names
    }
    return [*named, *(entity for entity in theirs if entity.name in related - names)]


def _project_key(text: str) -> bool:
    found = _KEY.search(text)
    return bool(found) and "project" in text[: found.start("value") if found else 0].lower()


def _candidates(sources: list[Entity], base: Path, home: Path) -> tuple[list[Candidate], list[str]]:
    """Every folder that is named, once, and what was refused with its reason."""
    known: dict[Path, Candidate] = {}
    refused: list[str] = []
    for entity in sources:
        for text in entity.observations:
            for written in _written(text):
                if _is_placeholder(written):
                    refused.append(f"{written!r} ({f'line {entity.line}; ' if entity.line else ''}a placeholder)")
                    continue
                path = _folder(written, base, home)
                known.setdefault(path, _scored(path, written, entity.line))
    return list(known.values()), refused


def _is_placeholder(written: str) -> bool:
    word = written.strip(_QUOTES + " ")
    if word.rstrip("/\\") in {".", ".."}:
        return False
    return bool(_PLACEHOLDER.search(word.partition(" ")[0]) or _NOTHING.fullmatch(word))


def _written(text: str) -> Iterator[str]:
    """Paths that an observation may mean, as they are written there."""
    text = text.strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list | str):
        yield from _in_json(value, keyed=False)
    elif found := _KEY.search(text):
        yield found["value"].strip()
    elif _BARE.fullmatch(text.strip(_QUOTES)):
        yield text
    else:
        yield from (text[found.start() :] for found in _START.finditer(text))


def _in_json(value: Any, keyed: bool) -> Iterator[str]:
    """Texts of a JSON value that stand under a key for a path, and in a list or alone those that hold one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if _JSON_KEY.search(key) or isinstance(inner, dict):
                yield from _in_json(inner, keyed=True)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner, keyed)
    elif isinstance(value, str):
        # a string that is JSON again is not unwrapped twice
        yield from [value] if keyed else [] if value.strip().startswith(("{", "[", '"')) else _written(value)


def _folder(written: str, base: Path, home: Path) -> Path:
    """
    The folder that a text begins with: the longest beginning that is one, else up to the first space.

    A path into the project's own files means the project.
    """
    quote = written[:1] if written[:1] in _QUOTES else ""
    text = written[1:].partition(quote)[0] if quote and quote in written[1:] else written.strip(_QUOTES)
    words = re.split(r"(\s+)", text.partition("\n")[0])
    for count in range(len(words), 0, -2):
        path = _resolved("".join(words[:count]), base, home)
        if _is_folder(path):
            return path
    return _resolved(words[0], base, home)


def _resolved(text: str, base: Path, home: Path) -> Path:
    text = text.strip(_QUOTES + " ").rstrip(",;:)")
    if len(text) > 1 and text.strip(".") and not text.endswith(".."):
        text = text.rstrip(".")
    if text.lower().startswith("file://"):
        text = unquote(text[7:].removeprefix("localhost"))
        text = text[1:] if re.match(r"/[A-Za-z]:", text) else text
    if drive := re.match(r"([A-Za-z]):[\\/]", text):
        # a Windows path read under the Linux subsystem of the same machine
        text = f"/mnt/{drive[1].lower()}/{text[3:]}" if os.name == "posix" else text
    path = Path(text.replace("\\", "/") if os.name == "posix" else text)
    if path.parts[:1] == ("~",):
        path = home.joinpath(*path.parts[1:])
    path = Path(os.path.normpath(base / path))
    parts = path.parts
    if path.name == BUILD_PLAN:
        return _real(path.parent)
    if "docs" in parts[1:]:
        at = len(parts) - 1 - parts[::-1].index("docs")
        inside = "".join(parts[at + 1 : at + 2]).lower().replace(" ", "")
        if any(phase.lower().replace(" ", "").startswith(inside) for phase in EXPECTED):
            return _real(Path(*parts[:at]))
    return _real(path)


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _scored(path: Path, written: str, line: int) -> Candidate:
    if not _is_folder(path):
        return Candidate(path, written, line, False)
    plan = int((path / BUILD_PLAN).is_file())
    phases = sum((path / "docs" / phase).is_dir() for phase in EXPECTED)
    return Candidate(path, written, line, True, (plan, phases))
