"""
The knowledge graph's format: one JSON object a line, entities first, then relations; one graph for all projects.

The reference MCP memory server owns it. Bytes that we do not understand are kept, and named with their line.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Sequence
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
    sheet = _Sheet(_lines(raw))
    for entity in entities:
        sheet.put_entity(entity)
    for relation in relations:
        sheet.put_relation(relation)
    return b"\n".join(line.raw for line in sheet.lines)


def half_line(raw: bytes) -> bool:
    """Whether `raw` ends in a line that is not whole: somebody may be in the middle of writing it."""
    return bool(raw) and not raw.endswith(b"\n") and not _line(raw.rpartition(b"\n")[2], b"\n" not in raw).objects


def found(graph: Graph, words: str) -> Graph:
    """
    Entities with `words` in their name, type or an observation, as the server finds them; small letters equal
    capitals. With them every relation that one of them has.

    >>> found(Graph((Entity("Alice", "person"), Entity("Bob", "person"))), "ALI").entities
    (Entity(name='Alice', type='person', observations=(), line=0),)
    """
    wanted = words.lower()
    entities = tuple(
        one for one in graph.entities if wanted in "\0".join((one.name, one.type, *one.observations)).lower()
    )
    names = {one.name for one in entities}
    return Graph(entities, tuple(one for one in graph.relations if one.source in names or one.target in names))


def foreign(graph: Graph) -> tuple[Entity, ...]:
    """Entities that others wrote; ours must not change what the next render reads."""
    return tuple(entity for entity in graph.entities if not entity.type.startswith(OURS))


def theirs(path: Path) -> tuple[object, ...]:
    """All that others wrote into the graph at `path`, for telling whether it changed; empty where it is unreadable."""
    try:
        graph = read(path)
    except DocumentError:
        return ()
    ours = {entity.name for entity in graph.entities} - {entity.name for entity in foreign(graph)}
    entities = [(one.name, one.type, one.observations) for one in foreign(graph)]
    relations = [(r.source, r.target, r.type) for r in graph.relations if r.source not in ours]
    return (entities, relations)


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


class _Sheet:
    """The lines of a file, with what stands where: ten thousand entities are looked up, not searched for."""

    def __init__(self, lines: list[_Line]) -> None:
        self.lines = lines
        self._entities: dict[str, _Line] = {}
        self._relations: set[tuple[str, str, str]] = set()
        self._last = -1
        for number, line in enumerate(lines):
            for one in line.objects:
                if one.get("type") == "entity":
                    self._last = number
                    if line.whole and isinstance(one.get("name"), str):
                        self._entities.setdefault(one["name"], line)
                elif key := _relation_key(one):
                    self._relations.add(key)

    def put_entity(self, entity: Entity) -> None:
        line = self._entities.get(entity.name)
        if line is None:
            found = {
                "type": "entity",
                "name": entity.name,
                "entityType": entity.type,
                "observations": list(entity.observations),
            }
            only_relations = self._last < 0 and any(one.objects for one in self.lines)  # they come after it
            at = 0 if only_relations else self._last + 1 if self._last >= 0 else len(self.lines)
            self._last = self._insert(found, at)
            self._entities[entity.name] = self.lines[self._last]
            return
        there = line.objects[0]
        old = there.get("observations")
        if not isinstance(old, list):
            return  # not ours to repair
        wanted = observations(str(there.get("entityType", "")), old, entity.observations)
        if wanted != old:
            line.objects[0] = {**there, "observations": wanted}
            bom = _BOM if line.raw.startswith(_BOM) else b""
            line.raw = bom + _compact(line.objects[0]) + (b"\r" if line.raw.endswith(b"\r") else b"")

    def put_relation(self, relation: Relation) -> None:
        found = {"type": "relation", "from": relation.source, "to": relation.target, "relationType": relation.type}
        key = (relation.source, relation.target, relation.type)
        if key not in self._relations:
            self._relations.add(key)
            self._insert(found, len(self.lines))

    def _insert(self, found: dict[str, Any], at: int) -> int:
        """
        Where the new line is. An empty last line is the file's final line end and stays last, a byte order mark first.
        """
        line = _Line(_compact(found), [found])
        if at == len(self.lines) and self.lines and not self.lines[-1].raw:
            at -= 1
        if at == 0 and self.lines and self.lines[0].raw.startswith(_BOM):
            line.raw, self.lines[0].raw = _BOM + line.raw, self.lines[0].raw.removeprefix(_BOM)
        self.lines.insert(at, line)
        return at


def observations(kind: str, old: Sequence[Any], new: Sequence[str]) -> list[Any]:
    """
    What an entity of type `kind` shall say: ours says `new` alone, another's keeps what it has.

    >>> observations("sre-runbooks", ["a"], ["b"]), observations("person", ["a"], ["b", "a"])
    (['b'], ['a', 'b'])
    """
    return list(new) if kind.startswith(OURS) else [*old, *(one for one in new if one not in old)]


def _relation_key(one: dict[str, Any]) -> tuple[str, str, str] | None:
    """Its ends and type; none where its line says more than plain values, which are not ours to judge."""
    if one.get("type") != "relation" or any(isinstance(value, dict | list) for value in one.values()):
        return None
    ends = one.get("from"), one.get("to"), one.get("relationType")
    return (str(ends[0]), str(ends[1]), str(ends[2])) if all(isinstance(end, str) for end in ends) else None


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
    names: set[str] = set()
    for number, line in lines:
        if line.problem:
            problems.append(f"line {number}: {line.problem}")
        for one in line.objects:
            read_one = _entity(one, number) or _relation(one, number)
            if isinstance(read_one, Entity):
                if read_one.name in names:
                    problems.append(f"line {number}: a second entity {read_one.name!r}")
                names.add(read_one.name)
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
