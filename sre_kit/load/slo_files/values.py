"""
YAML with the line of each value, so that a message can say where.

Nothing is constructed: a value is read as what its reader asks for, or reported. Anchors and merge keys are followed,
bounded in depth and number, so that neither a bomb nor a cycle costs more than the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from sre_kit.errors import ParameterError
from sre_kit.store import regular

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 50
MAX_VALUES: Final = 100_000
_TAG: Final = "tag:yaml.org,2002:"
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something to say about a place in a file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass
class Report:
    """What is wrong with the files that are being read (`problems`), and what of them is not used (`notes`)."""

    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    visited: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """A YAML node with its file, its place in words (`path`) and the report that it tells."""

    node: yaml.Node
    file: str
    path: str
    report: Report

    @property
    def line(self) -> int:
        """Line of its first character, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def kind(self) -> str:
        """``mapping``, ``list``, ``text``, ``number``, ``bool``, ``time``, ``nothing`` or ``tagged``."""
        if isinstance(self.node, yaml.MappingNode):
            return "mapping"
        if isinstance(self.node, yaml.SequenceNode):
            return "list"
        kinds = {
            "str": "text", "int": "number", "float": "number", "bool": "bool", "null": "nothing", "timestamp": "time",
        }  # fmt: skip
        return kinds.get(self.node.tag.removeprefix(_TAG), "tagged")

    @property
    def text(self) -> str:
        """A scalar as it is written, without its quotes."""
        return str(self.node.value)

    def wrong(self, what: str) -> None:
        """Report a problem here."""
        self.report.problems.append(Remark(self.file, self.line, _said(self.path, what)))

    def note(self, what: str) -> None:
        """Report something that is not used."""
        self.report.notes.append(Remark(self.file, self.line, _said(self.path, what)))

    def inside(self, node: yaml.Node, step: str) -> Value:
        """A value of this one."""
        if not step.startswith("["):
            step = f"{'.' if self.path and not self.path.endswith(' ') else ''}{step}"
        return Value(node, self.file, f"{self.path}{step}", self.report)

    def renamed(self, path: str) -> Value:
        """The same value under another name, such as that of the object it is."""
        return Value(self.node, self.file, path, self.report)

    def items(self) -> list[Value]:
        """The values of a list; none where it is something else."""
        if not isinstance(self.node, yaml.SequenceNode):
            return []
        self._count(len(self.node.value))
        return [self.inside(one, f"[{number}]") for number, one in enumerate(self.node.value)]

    def mapping(self) -> dict[str, Value]:
        """
        Key -> value of a mapping, merge keys followed; empty where it is something else.

        A key that is no text or that is given twice is reported; a key with nothing behind it is left out.
        """
        found: dict[str, Value] = {}
        for key, node in self._pairs(self.node, ()):
            found.setdefault(key, self.inside(node, key))
        return {key: one for key, one in found.items() if one.kind != "nothing"}

    def shown(self) -> str:
        """The value for a message, short."""
        if self.kind in ("mapping", "list"):
            return f"a {self.kind}"
        written = " ".join(self.text.split())
        return repr(written if len(written) <= 60 else written[:57] + "...")

    def _pairs(self, node: yaml.Node, above: tuple[int, ...]) -> Iterator[tuple[str, yaml.Node]]:
        """Own pairs first, then those of the merged mappings."""
        if not isinstance(node, yaml.MappingNode) or id(node) in above or len(above) > MAX_DEPTH:
            return
        self._count(len(node.value))
        merged: list[yaml.Node] = []
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == f"{_TAG}merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif not isinstance(key, yaml.ScalarNode):
                self.inside(key, "(a key)").wrong("a key must be text")
            elif (name := str(key.value)) in seen:
                self.inside(key, name).wrong(f"is given twice, first in line {seen[name]}; keep one")
            else:
                seen[name] = line
                yield name, value
        for one in merged:
            yield from self._pairs(one, (*above, id(node)))

    def _count(self, number: int) -> None:
        self.report.visited += number
        if self.report.visited > MAX_VALUES:
            raise ParameterError(
                f"{self.file}: more than {MAX_VALUES:,} values with its anchors written out; split the file"
            )


def documents(path: Path, report: Report) -> list[Value]:
    """
    The YAML documents of a file, each with its place; empty ones are left out.

    What is no YAML is reported with its line.

    Raises
    ------
    ParameterError
        The file cannot be read, is too large, no UTF-8 or nested too deeply; names the file.
    """
    try:
        text = regular.content(path, MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ParameterError(f"{path.name}: cannot be read ({error.strerror}); give the path of a file") from None
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path.name}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return _composed(text, path.name, report)


def _said(path: str, what: str) -> str:
    return f"{path.rstrip()}: {what}" if path.strip() else what


def _composed(text: str, file: str, report: Report) -> list[Value]:
    found: list[Value] = []
    try:
        _bounded(text, file)
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            if node is not None and not (isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null"):
                found.append(Value(node, file, "", report))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        report.problems.append(Remark(file, mark.line + 1 if mark else 1, f"is no YAML: {what}"))
        return []
    return found


def _bounded(text: str, file: str) -> None:
    """Refuse depth before anything recurses into it."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ParameterError(f"{file}:{line}: nested deeper than {MAX_DEPTH} levels; flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
