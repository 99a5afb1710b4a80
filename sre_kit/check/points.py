"""What a point is, how points are registered, and how a set of documents is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from sre_kit.check.files import calendar
from sre_kit.check.page import Page
from sre_kit.errors import DocumentError
from sre_kit.store import manifest as manifests
from sre_kit.store import places, regular
from sre_kit.store.manifest import Manifest

State = Literal["passed", "failed", "not known"]

RULES: Final = (
    "whole",
    "service_levels",
    "incident_response",
    "rota",
    "postmortems",
    "runbooks",
    "performance",
    "capacity",
    "costs",
    "playbook",
    "change",
    "recovery",
    "automation",
    "disasters",
    "handoff",
    "transfer",
    "build_plan",
)
"""Modules of this package that register points."""
LATE: Final = (
    "holidays.countries",
    "icalendar",
    "promql_parser",
    "sre_kit.compute.operations.runbooks",
    "sre_kit.compute.operations.tasks",
    "sre_kit.compute.operations.timers",
    "sre_kit.compute.queries",
    "sre_kit.compute.response.declaration",
)
"""What rules import when they run."""
MAX_BYTES: Final = 10_000_000
"""Larger files are no documents."""
PLAN: Final = "build-plan"
"""The one document that is not ours: only its own points are asked of it."""


@dataclass(frozen=True)
class Point:
    """One judged point; `line` is in the document's Markdown, 0 where no line is to blame."""

    document: str
    number: str
    title: str
    state: State
    evidence: str
    line: int = 0


@dataclass(frozen=True)
class Bundle:
    """The set that is judged: documents by name, other files by their path from docs/SRE, manifest, project."""

    documents: Mapping[str, str]
    files: Mapping[str, bytes]
    manifest: Manifest
    project: Path
    pages: dict[str, Page] = field(default_factory=dict)
    sources: dict[str, Path] = field(init=False, default_factory=dict)
    verdicts: dict[tuple[Rule, str], Verdict] = field(init=False, default_factory=dict)

    def page(self, name: str) -> Page:
        """A document, parsed once."""
        if name not in self.pages:
            self.pages[name] = Page(self.documents[name])
        return self.pages[name]

    def source(self, path: str) -> Path:
        """Where a link of a document leads; the folder of the set need not be there yet while it is judged."""
        if path not in self.sources:
            self.sources[path] = (self.project / places.DOCUMENTS / path).resolve()
        return self.sources[path]

    def verdict(self, rule: Rule, name: str) -> Verdict:
        """What a rule finds in a document; asked once, because some points sum up others."""
        if (rule, name) not in self.verdicts:
            self.verdicts[rule, name] = rule(self, name)
        return self.verdicts[rule, name]

    def records(self, prefix: str) -> dict[str, Any]:
        """Values of the records whose name begins with `prefix`."""
        return {n: r["value"] for n, r in self.manifest.records.items() if n.startswith(prefix)}


@dataclass(frozen=True)
class Verdict:
    """What a rule found."""

    state: State
    evidence: str
    line: int = 0


def passed(evidence: str, line: int = 0) -> Verdict:
    """It is as it should be."""
    return Verdict("passed", evidence, line)


def failed(evidence: str, line: int = 0) -> Verdict:
    """It is not."""
    return Verdict("failed", evidence, line)


def not_known(evidence: str, line: int = 0) -> Verdict:
    """Its input is missing, and the document says so."""
    return Verdict("not known", evidence, line)


Rule = Callable[[Bundle, str], Verdict]
_RULES: dict[tuple[str, str], tuple[str, Rule]] = {}


def point(document: str, number: int | str, title: str) -> Callable[[Rule], Rule]:
    """Register a rule for a point of `document`; ``*`` is every document."""

    def register(rule: Rule) -> Rule:
        key = (document, str(number))
        if key in _RULES:
            raise ValueError(f"point {key} is registered twice")
        _RULES[key] = (title, rule)
        return rule

    return register


def page(text: str, files: Mapping[str, bytes]) -> Page:
    """A document as most rules will ask of it, and its calendars, read while others are still being made."""
    read = Page(text)
    for name, content in files.items():
        if name.endswith(".ics"):
            with suppress(ValueError):  # a rule will say so
                calendar(content)
    _ = read.sections, read.anchors, read.links, read.images
    return read


def evaluate(judged: Bundle, names: Iterable[str] | None = None, number: str = "") -> list[Point]:
    """Every registered point, or the one with `number`, over the documents `names` (all of the bundle by default)."""
    _load()
    points = []
    for name in names if names is not None else judged.documents:
        for (document, known), (title, rule) in _RULES.items():
            if document != name and (document != "*" or name == PLAN):
                continue
            if number not in ("", known):
                continue
            verdict = judged.verdict(rule, name)
            points.append(Point(name, known, title, verdict.state, verdict.evidence, verdict.line))
    return points


def checks(points: Iterable[Point]) -> dict[str, dict[str, Any]]:
    """Counts, failures and what is not known (number -> title) by document, for the manifest."""
    found: dict[str, dict[str, Any]] = {}
    for one in points:
        entry = found.setdefault(one.document, {"passed": 0, "failed": 0, "not known": 0, "failures": [], "asked": {}})
        entry[one.state] += 1
        if one.state == "not known":
            entry["asked"][one.number] = one.title
        if one.state == "failed":
            entry["failures"].append(
                {"number": one.number, "title": one.title, "evidence": one.evidence, "line": one.line}
            )
    return found


def bundle(folder: Path, project: Path | None = None) -> Bundle:
    """
    The published set in `folder`.

    Raises
    ------
    DocumentError
        There is no document.
    """
    documents = {path.stem: _whole(path) for path in sorted(folder.glob("*.md"))}
    documents = {name: text for name, text in documents.items() if not name.endswith(".proposed")}
    inner = folder / places.DOCUMENTS
    if not documents or (inner.is_dir() and not (folder / places.MANIFEST).is_file()):
        way = f'check "{inner}"' if inner.is_dir() else "render first, or name the folder that holds them"
        raise DocumentError(f"{folder}: no document here; {way}")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for kind in ("images", "artifacts")
        for path in sorted((folder / kind).glob("*"))
        if path.is_file()
    }
    home = project or (folder.parent.parent if folder.parts[-2:] == places.DOCUMENTS.parts else folder)
    if (home / f"{PLAN}.md").is_file():
        documents[PLAN] = _whole(home / f"{PLAN}.md")
    return Bundle(documents, files, manifests.read(folder / places.MANIFEST), home)


def source_text(path: Path) -> str:
    """A document of the project, for rules that hold ours against it; empty where it cannot be read."""
    try:
        return _whole(path)
    except OSError:
        return ""


def _whole(path: Path) -> str:
    return regular.content(path, MAX_BYTES).decode("utf-8", "replace")


def unchecked(rubric: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Points of `rubric` (document -> numbers) that no rule evaluates yet."""
    _load()
    return {d: [n for n in numbers if (d, n) not in _RULES] for d, numbers in rubric.items()}


def registered() -> dict[tuple[str, str], str]:
    """Every point that is evaluated: (document, number) -> title."""
    _load()
    return {key: title for key, (title, _) in _RULES.items()}


def ready() -> None:
    """Import what the rules need and what some of them import themselves; a render has time for that meanwhile."""
    _load()
    for module in LATE:
        import_module(module)


def _load() -> None:
    for module in RULES:
        import_module(f"sre_kit.check.{module}")
