"""
The documents of the earlier phases: which are expected, where they are found, how they are read.

Exact path first, then case, space and hyphen variants, then the same file name elsewhere, with a remark.
What cannot be read is said in `Document.problem`; the rest goes on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sre_kit.compute.vocabulary import Document
from sre_kit.store.manifest import sha256

MAX_BYTES: Final = 10_000_000
MAX_LINES: Final = 50_000
MAX_DOCUMENTS: Final = 2_000
BUILD_PLAN: Final = "build-plan.md"

EXPECTED: Final[dict[str, tuple[str, ...]]] = {
    "Project Manager": ("MarketResearch", "PRD", "BusinessModel", "TechnicalFeasibility", "ProjectTimeline"),
    "Technical Architecture": (
        "SystemArchitecture",
        "DataModel",
        "APISpecification",
        "SecurityArchitecture",
        "InfrastructureSpec",
    ),
    "DevOps Engineer": (
        "CICDPipeline",
        "InfrastructureAsCode",
        "ContainerOrchestration",
        "MonitoringAlerts",
        "SecurityCompliance",
        "InfrastructureHandoff",
    ),
    "QA Engineer": (
        "TestStrategy",
        "AutomatedTestSuite",
        "ManualTestCases",
        "PerformanceTestPlan",
        "SecurityTestReport",
    ),
}
"""Phase folder -> its documents, by the convention of the pipeline."""

OWNERS: Final = {"Technical Architecture": "Technical Architect"}
"""Phases whose role has another name than their folder."""

_DATE: Final = re.compile(r"\b20\d\d-[01]\d-[0-3]\d\b")
_DATED: Final = re.compile(r"(?i)\b(date|dated|updated|version|approved|status)\b")
_SKIPPED: Final = {"node_modules", "site-packages", "dist", "build", "__pycache__", "vendor", "SRE"}


@dataclass(frozen=True)
class Text:
    """A document with its text; empty where it could not be read."""

    document: Document
    text: str


def owner(phase: str) -> str:
    """The role that writes a phase's documents."""
    return OWNERS.get(phase, phase)


def documents(root: Path) -> tuple[list[Text], list[Document]]:
    """
    What was found and read, and what is expected and missing, for the project at `root`.

    Every Markdown file of the four phase folders is read, the expected ones wherever they are.
    """
    files = list(_markdown(root))
    by_name: dict[str, list[Path]] = {}
    for path in files:
        by_name.setdefault(_key(path.stem), []).append(path)
    found: dict[Path, tuple[str, str]] = {}
    missing: list[Document] = []
    for phase, names in EXPECTED.items():
        for name in names:
            where, remark = _find(root, phase, name, by_name.get(_key(name), []))
            if where is None:
                missing.append(Document(name, f"docs/{phase}/{name}.md", phase, owner(phase)))
            else:
                found.setdefault(where, (phase, remark))
    for path in files:
        phase = _phase(root, path)
        if phase:
            found.setdefault(path, (phase, ""))
    plan = root / BUILD_PLAN
    if os.path.lexists(plan):
        found.setdefault(plan, ("Project", ""))
    else:
        missing.append(Document("build-plan", BUILD_PLAN, "Project", "Project Manager"))
    read = [_text(root, path, phase, remark) for path, (phase, remark) in found.items()]
    return sorted(read, key=_order), missing


def read_document(path: Path, root: Path, phase: str = "", remark: str = "") -> Text:
    """One document by its path, for `sre-kit facts FILE`."""
    return _text(root, path, phase, remark)


def decoded(content: bytes) -> tuple[str | None, str]:
    """
    Text and a remark on how it was decoded; None and the reason where it is not text.

    >>> decoded(b"\\xff\\xfea\\x00"), decoded(b"caf\\xe9")[1]
    (('a', 'read as UTF-16'), 'not UTF-8 (byte 3); save it as UTF-8')
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding), "read as UTF-16"
            except UnicodeDecodeError:
                return None, "starts like UTF-16 and is not; save it as UTF-8"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 (byte {error.start}); save it as UTF-8"
    return text, ("empty" if not text.strip() else "")


def _text(root: Path, path: Path, phase: str, remark: str) -> Text:
    relative = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    content, modified, problem = _bytes(root, path)
    text, how = decoded(content) if not problem else (None, "")
    if text and (lines := text.count("\n")) > MAX_LINES:
        text, how = None, f"{lines:,} lines, at most {MAX_LINES:,} are read"
    remarks = "; ".join(part for part in (remark, problem, how) if part)
    digest = sha256(content) if text is not None else ""
    found = Document(path.stem, relative, phase, owner(phase), digest, modified, stated_date(text or ""), remarks)
    return Text(found, text or "")


def stated_date(text: str) -> str:
    """
    The date a document gives itself in its first or last lines; empty when it gives none.

    >>> stated_date("# PRD\\n**Last updated:** 2026-10-05")
    '2026-10-05'
    """
    lines = text.split("\n")
    for line in [*lines[:25], *lines[-10:]]:
        if _DATED.search(line) and (found := _DATE.search(line)):
            return found[0]
    return ""


def _bytes(root: Path, path: Path) -> tuple[bytes, datetime | None, str]:
    """Content and date; or why not. Never blocks on a pipe or a device, never leaves the project."""
    try:
        resolved = path.resolve(strict=True)
        if not resolved.is_relative_to(root.resolve()):
            return b"", None, "a link out of the project; not followed"
        # O_NONBLOCK: opening a pipe without a writer would wait for ever
        descriptor = os.open(resolved, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return b"", None, "not a regular file; not read"
            if status.st_size > MAX_BYTES:
                return b"", None, f"{status.st_size:,} bytes, at most {MAX_BYTES:,} are read"
            return file.read(MAX_BYTES + 1), datetime.fromtimestamp(int(status.st_mtime), UTC), ""
    except RuntimeError:
        return b"", None, "a loop of links"
    except OSError as error:
        return b"", None, f"cannot be read: {error.strerror or error}"


def _markdown(root: Path) -> Iterator[Path]:
    """Markdown files below `root` in a stable order, ours and other people's packages left out."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        for name in sorted(names):
            if name.lower().endswith(".md"):
                count += 1
                if count > MAX_DOCUMENTS:
                    return
                yield Path(folder) / name


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _phase(root: Path, path: Path) -> str:
    """The phase whose folder `path` lies in; empty when in none of the four."""
    parts = [_key(part) for part in path.relative_to(root).parts[:-1]]
    return next((phase for phase in EXPECTED if _key(phase) in parts), "")


def _find(root: Path, phase: str, name: str, candidates: list[Path]) -> tuple[Path | None, str]:
    exact = root / "docs" / phase / f"{name}.md"
    if exact in candidates or os.path.lexists(exact):
        return exact, ""
    at_home = [path for path in candidates if _phase(root, path) == phase]
    if at_home:
        return at_home[0], ""
    if candidates:
        where = candidates[0].relative_to(root).as_posix()
        return candidates[0], f"found at {where}, expected in docs/{phase}/"
    return None, ""


def _order(text: Text) -> tuple[int, str]:
    phases = [*EXPECTED, "Project"]
    phase = text.document.phase
    return (phases.index(phase) if phase in phases else len(phases), text.document.path)
