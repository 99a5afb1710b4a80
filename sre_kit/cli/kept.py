"""What a project's documents are made from, for telling whether those that are kept still hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from sre_kit.errors import SREKitError
from sre_kit.load import asked
from sre_kit.load.documents import decoded
from sre_kit.load.memory_server import SCHEME
from sre_kit.load.params import raw
from sre_kit.load.projects import Project
from sre_kit.render.kept import FOLDER, Answers, Kept
from sre_kit.store import places

MOST: Final = 2_000
"""Files of a folder that params name; a larger one is held by its first."""


def kept(project: Project) -> Kept:
    """The documents kept for `project`."""

    def answered(questions: Iterable[str]) -> Answers:
        try:
            read = asked.answers(project, questions)
        except SREKitError:
            return Answers("", {})  # the notebook will say what is wrong
        return Answers(read.state, read.answers)

    always = [*_params(project.params_path), *_named(project)]
    graph = _graph(project)
    always = [path for path in always if path != graph]
    return Kept(places.state(project.root) / FOLDER, project.root, tuple(always), _foreign, graph, answered)


def _graph(project: Project) -> Path | None:
    """The knowledge graph's file, where it is one."""
    written = project.params.project.knowledge_graph
    return places.resolve(written, project.base).absolute() if written and not written.startswith(SCHEME) else None


def _foreign(raw: bytes) -> bytes | None:
    """A build plan without what we wrote into it; one that holds nothing else is as missing as before we made it."""
    from sre_kit.load.buildplan import foreign

    text, _ = decoded(raw)
    if text is None:
        return raw
    theirs = foreign(text)
    return theirs.encode("utf-8", "surrogatepass") if theirs.strip() else None


def _params(path: Path) -> list[Path]:
    return sorted(path.glob("*.y*ml")) if path.is_dir() else [path]


def _named(project: Project) -> Iterator[Path]:
    """Files that the params name, those of folders too; a text that happens to be a path costs nothing."""
    for text in dict.fromkeys(_texts(raw(project.params_path))):
        for written in {text, text.partition(":")[2]} - {""}:
            yield from _files(places.resolve(written, project.base), project.root)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) < 500 and "\0" not in value and "\n" not in value:
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _files(path: Path, root: Path) -> Iterator[Path]:
    try:
        if path.is_file():
            yield path.absolute()
        elif path.is_dir() and not root.is_relative_to(path.resolve()):
            found = sorted(one for one in path.rglob("*") if one.is_file())
            yield from (one.absolute() for one in found[:MOST])
    except (OSError, RuntimeError):
        return
