"""
The knowledge graph's file: one JSON object a line, entities first, then relations; one graph for all projects.

The reference MCP memory server owns the format. It rewrites the whole file without a lock, so what we write can be
lost: we write one at a time, replace the file at once, read it again, and keep in an outbox what did not arrive.
Bytes that we do not understand are kept, and named with their line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import DocumentError, ProtectedError
from sre_kit.store import regular

MAX_BYTES: Final = 100_000_000
MAX_LINES: Final = 200_000
OURS: Final = "sre-"
"""Entity types that begin so are ours: their observations are replaced, other people's are only added to."""

_BOM: Final = b"\xef\xbb\xbf"
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that the graph knows, `line` is where it was read, 0 for a new one."""

    name: str
    type: str
    observations: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Relation:
    """How one entity relates to another, by their names."""

    source: str
    target: str
    type: str
    line: int = 0


@dataclass(frozen=True)
class Graph:
    """What could be read; `form` is ``lines``, or ``array`` or ``object`` where one JSON value holds everything."""

    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read, each with its line number."""
    form: str = "lines"


@dataclass(frozen=True)
class Delivery:
    """What became of a delivery: what was stored where anything was new, or what waits in the outbox and why."""

    stored: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class _Line:
    """A line as it is, and the objects on it; `whole` when it is exactly one object."""

    raw: bytes
    objects: list[dict[str, Any]]
    problem: str = ""

    @property
    def whole(self) -> bool:
        return len(self.objects) == 1 and not self.problem


def read(path: Path) -> Graph:
    """
    The graph in a file.

    Raises
    ------
    DocumentError
        There is no such file, or it is no regular file of at most 100 MB.
    """
    return parse(content(path))


def content(path: Path) -> bytes:
    """
    The file's bytes; never waits on a pipe or a device.

    Raises
    ------
    DocumentError
        As `read`.
    """
    try:
        found = regular.content(path, MAX_BYTES)
    except OSError as error:
        raise DocumentError(f"{path}: the knowledge graph cannot be read: {error.strerror or error}") from None
    if (lines := found.count(b"\n")) > MAX_LINES:
        raise DocumentError(f"{path}: {lines:,} lines, at most {MAX_LINES:,} are read")
    return found


def parse(raw: bytes) -> Graph:
    """
    The graph in `raw`; what cannot be read is left out and named.

    >>> parse(b'{"type":"entity","name":"a","entityType":"t","observations":[]}\\n{"type":"ent').problems
    ('line 2: not a whole JSON object; skipped',)
    """
    form, items = _whole_file(raw)
    if form != "lines":
        skipped = "an item that is no JSON object; skipped"
        lines = [_Line(b"", [item]) if isinstance(item, dict) else _Line(b"", [], skipped) for item in items]
        entities, relations, problems = _objects((1, line) for line in lines)
        return Graph(entities, relations, (f"the file is one JSON {form}, not one object a line", *problems), form)
    lines = _lines(raw)
    entities, relations, problems = _objects(enumerate(lines, start=1))
    bom = ("line 1: begins with a byte order mark",) if raw.startswith(_BOM) else ()
    return Graph(entities, relations, (*bom, *problems))


def merged(raw: bytes, entities: Iterable[Entity], relations: Iterable[Relation] = ()) -> bytes:
    """
    `raw` with `entities` and `relations` in it; every other byte stays, and nothing changes when all is there.

    A new entity comes after the last one, a relation at the end. An entity that is there keeps its type; its
    observations are replaced when it is ours, otherwise the missing ones are added.

    Raises
    ------
    ProtectedError
        `raw` is one JSON array or object: the server would wipe it at its next write.
    """
    form, _ = _whole_file(raw)
    if form != "lines":
        raise ProtectedError(
            f"the knowledge graph is one JSON {form}; the memory server cannot read it and would wipe it; "
            "convert it to one object a line first"
        )
    lines = _lines(raw)
    for entity in entities:
        _put_entity(lines, entity)
    for relation in relations:
        _put_relation(lines, relation)
    return b"\n".join(line.raw for line in lines)


def deliver(
    path: Path, entities: Sequence[Entity], relations: Sequence[Relation] = (), *, outbox: Path, wait: float = 5.0
) -> Delivery:
    """
    Store `entities` and `relations`, together with what waits in `outbox`, in the graph's file.

    What does not arrive, because the file is locked for longer than `wait` seconds, was overwritten each time, cannot
    be written or must be converted first, is kept in `outbox` (in the graph's own format) for the next delivery.
    """
    entities, relations = _with_waiting(outbox, entities, relations)
    names = (*(entity.name for entity in entities), *(f"{r.source} {r.type} {r.target}" for r in relations))
    try:
        target = path.resolve()  # a link stays a link
        with _lock(target.parent, wait):
            changed = _written(target, entities, relations)
    except (OSError, DocumentError, ProtectedError) as error:
        reason = str(error.strerror or error) if isinstance(error, OSError) and error.errno else str(error)
        outbox.parent.mkdir(parents=True, exist_ok=True)
        replace_file(outbox, merged(b"", entities, relations))
        return Delivery(waiting=names, reason=reason)
    outbox.unlink(missing_ok=True)
    return Delivery(stored=names if changed else ())


def foreign(graph: Graph) -> tuple[Entity, ...]:
    """Entities that others wrote; ours must not change what the next render reads."""
    return tuple(entity for entity in graph.entities if not entity.type.startswith(OURS))


def replace_file(path: Path, new: bytes) -> None:
    """The whole file or none of it: a temporary one beside it, synced, renamed; the mode is kept."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _written(path: Path, entities: Sequence[Entity], relations: Sequence[Relation]) -> bool:
    """Whether something had to be written; raises when it did not last."""
    changed = False
    for _ in range(_ATTEMPTS):
        before = _settled(path)
        after = merged(before, entities, relations)
        if after == before:
            return changed
        if content(path) == before:  # the server does not know our lock
            replace_file(path, after)
            changed = True
    if merged(content(path), entities, relations) != content(path):
        raise ProtectedError(f"{path}: another program overwrites the knowledge graph as often as we write it")
    return changed


def _settled(path: Path) -> bytes:
    """The content, read again where it ends in a half line: the server may be in the middle of writing it."""
    found = content(path)
    for _ in range(_ATTEMPTS):
        if not found or _lines(found)[-1].objects or found.endswith(b"\n"):
            break
        time.sleep(0.05)
        found = content(path)
    return found


@contextlib.contextmanager
def _lock(folder: Path, wait: float) -> Iterator[None]:
    """One writer of ours at a time; the lock is on the folder, because the file itself is replaced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise ProtectedError(
                        f"{folder}: another sre-kit has been writing the knowledge graph for {wait:g} s"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _with_waiting(
    outbox: Path, entities: Sequence[Entity], relations: Sequence[Relation]
) -> tuple[list[Entity], list[Relation]]:
    """What is to be delivered, what waited before first; a newer entity replaces a waiting one of its name."""
    waiting = read(outbox) if outbox.exists() else Graph()
    newer = {entity.name for entity in entities}
    every = [*(entity for entity in waiting.entities if entity.name not in newer), *entities]
    known = {(r.source, r.target, r.type): r for r in (*waiting.relations, *relations)}
    return every, list(known.values())


def _put_entity(lines: list[_Line], entity: Entity) -> None:
    for line in lines:
        if line.whole and line.objects[0].get("type") == "entity" and line.objects[0].get("name") == entity.name:
            there = line.objects[0]
            old = there.get("observations")
            if not isinstance(old, list):
                return  # not ours to repair
            ours = str(there.get("entityType", "")).startswith(OURS)
            wanted = list(entity.observations) if ours else [*old, *(o for o in entity.observations if o not in old)]
            if wanted != old:
                line.objects[0] = {**there, "observations": wanted}
                bom = _BOM if line.raw.startswith(_BOM) else b""
                line.raw = bom + _compact(line.objects[0]) + (b"\r" if line.raw.endswith(b"\r") else b"")
            return
    found = {
        "type": "entity",
        "name": entity.name,
        "entityType": entity.type,
        "observations": list(entity.observations),
    }
    last = max((n for n, line in enumerate(lines) if any(o.get("type") == "entity" for o in line.objects)), default=-1)
    first = 0 if any(line.objects for line in lines) and last < 0 else None  # only relations: before them
    _insert(lines, found, first if first is not None else last + 1 if last >= 0 else len(lines))


def _put_relation(lines: list[_Line], relation: Relation) -> None:
    found = {"type": "relation", "from": relation.source, "to": relation.target, "relationType": relation.type}
    if not any(found.items() <= one.items() for line in lines for one in line.objects if _hashable(one)):
        _insert(lines, found, len(lines))


def _hashable(one: dict[str, Any]) -> bool:
    return one.get("type") == "relation" and not any(isinstance(value, dict | list) for value in one.values())


def _insert(lines: list[_Line], found: dict[str, Any], at: int) -> None:
    """A new line; an empty last one is the file's final line end and stays last, a byte order mark stays first."""
    line = _Line(_compact(found), [found])
    if at == len(lines) and lines and not lines[-1].raw:
        at -= 1
    if at == 0 and lines and lines[0].raw.startswith(_BOM):
        line.raw, lines[0].raw = _BOM + line.raw, lines[0].raw.removeprefix(_BOM)
    lines.insert(at, line)


def _compact(found: dict[str, Any]) -> bytes:
    # a lone surrogate becomes its escape, as the server writes it
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _whole_file(raw: bytes) -> tuple[str, list[Any]]:
    """``lines``, or the name and items of a form that holds everything in one JSON value."""
    start = raw.removeprefix(_BOM).lstrip()
    if start.startswith((b"[", b"{")):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(start)
            if isinstance(value, list):
                return "array", value
            if "entities" in value and "type" not in value:
                parts = [value.get(key) for key in ("entities", "relations")]
                return "object", [item for part in parts if isinstance(part, list) for item in part]
    return "lines", []


def _lines(raw: bytes) -> list[_Line]:
    """Lines of the file; only LF ends one, U+2028 and U+0085 may stand in a text."""
    if not raw:
        return []
    return [_line(line, number == 0) for number, line in enumerate(raw.split(b"\n"))]


def _line(raw: bytes, first: bool) -> _Line:
    text = (raw.removeprefix(_BOM) if first else raw).strip(b" \t\r")
    if not text:
        return _Line(raw, [])
    try:
        written = text.decode("utf-8")
    except UnicodeDecodeError as error:
        return _Line(raw, [], f"not UTF-8 at byte {error.start}; skipped")
    decoder, objects, at = json.JSONDecoder(), [], 0
    try:
        while at < len(written):
            found, at = decoder.raw_decode(written, at)
            if not isinstance(found, dict):
                return _Line(raw, [], "not a JSON object; skipped")
            objects.append(found)
            at += len(written) - at - len(written[at:].lstrip())
    except (ValueError, RecursionError):
        what = "the rest is not a whole JSON object; skipped" if objects else "not a whole JSON object; skipped"
        return _Line(raw, objects, what)
    return _Line(raw, objects, f"{len(objects)} objects on one line; the server cannot read it" if objects[1:] else "")


def _objects(
    lines: Iterable[tuple[int, _Line]],
) -> tuple[tuple[Entity, ...], tuple[Relation, ...], tuple[str, ...]]:
    entities: list[Entity] = []
    relations: list[Relation] = []
    problems: list[str] = []
    for number, line in lines:
        if line.problem:
            problems.append(f"line {number}: {line.problem}")
        for one in line.objects:
            read_one = _entity(one, number) or _relation(one, number)
            if isinstance(read_one, Entity):
                if any(other.name == read_one.name for other in entities):
                    problems.append(f"line {number}: a second entity {read_one.name!r}")
                entities.append(read_one)
            elif read_one:
                relations.append(read_one)
            else:
                problems.append(f"line {number}: neither an entity nor a relation; skipped")
    return tuple(entities), tuple(relations), tuple(problems)


def _entity(one: dict[str, Any], line: int) -> Entity | None:
    name, observations = one.get("name"), one.get("observations")
    if one.get("type", "entity") != "entity" or not isinstance(name, str) or not isinstance(observations, list):
        return None
    texts = tuple(_text(item if isinstance(item, str) else json.dumps(item)) for item in observations)
    return Entity(_text(name), _text(str(one.get("entityType", ""))), texts, line)


def _relation(one: dict[str, Any], line: int) -> Relation | None:
    ends = [one.get(key) for key in ("from", "to", "relationType")]
    if one.get("type", "relation") != "relation" or not all(isinstance(end, str) for end in ends):
        return None
    source, target, kind = (_text(str(end)) for end in ends)
    return Relation(source, target, kind, line)


def _text(written: str) -> str:
    """Text that can be printed: JSON may hold half a surrogate pair."""
    return written.encode("utf-8", "replace").decode("utf-8")
