"""
The manifest: what was published, from what, and the numbers it contains.

It lies beside the documents, so that a checkout without our state folder still knows versions, hashes and records.
It holds no wall-clock time: the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sre_kit.errors import DocumentError
from sre_kit.store import regular

MAX_BYTES: Final = 100_000_000
FORMAT: Final = 1
MIME: Final = "application/vnd.sre-kit.v1+json"
"""MIME type under which a notebook's outputs carry records, gaps, findings, images and artifacts."""
_UNFORGEABLE: Final = "\u2063"
"""An invisible character, which ``escape`` drops from everything that comes from outside."""
CHANGES_MARK: Final = f"(*what changed since the last version is told by a render*){_UNFORGEABLE}"
"""Where an export prints what changed since the last version that differs: only there is the body known."""

DECISIONS_MARK: Final = f"(*which decisions differ from the published ones is told by a render*){_UNFORGEABLE}"
"""Where an export prints which decisions differ from those that were published before."""


CHANGES_LINE_MARK: Final = f"(*told by a render*){_UNFORGEABLE}"
"""Where the header says the same in one line."""


def claim_mark(name: str) -> str:
    """Where an export prints how far the file `name` was checked."""
    return f"(*a render tells how far {name} was checked*){_UNFORGEABLE}"


def sha256(content: bytes | str) -> str:
    """Hex digest; text is hashed as UTF-8."""
    return hashlib.sha256(content.encode("utf-8") if isinstance(content, str) else content).hexdigest()


@dataclass(frozen=True)
class Published:
    """One document of the set; `files` maps its images and artifacts (relative to docs/SRE) to their hashes."""

    path: str
    version: int
    sha256: str
    body_sha256: str
    as_of: str
    files: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    """``version`` and ``records`` (name -> value) of the last version that differs from this one."""
    decisions: Mapping[str, Any] = field(default_factory=dict)
    """``values`` as (subject, what, value), and ``changed``: every difference seen from one version to the next."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """What the document was made from: a document's path in the project, or ``params:`` and a file, -> its hash."""


@dataclass(frozen=True)
class Manifest:
    """The published set; names of `records` are unique, the first document to say one wins and others must agree."""

    documents: Mapping[str, Published] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gaps: tuple[Mapping[str, str], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    artifacts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Artifact name -> its claim level, tool and document."""
    disagreements: tuple[Mapping[str, Any], ...] = ()
    """Records that two documents state with different values."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """HTML that belongs to no single document (the index), relative to docs/SRE, and its hash."""

    def as_json(self) -> str:
        """Stable text: sorted keys, one trailing newline."""
        said = {"format": FORMAT, **vars(self), "documents": {name: vars(one) for name, one in self.documents.items()}}
        return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path: Path) -> Manifest:
    """
    The manifest at `path`; an empty one when there is none.

    Raises
    ------
    DocumentError
        It is there and cannot be understood.
    """
    try:
        raw = json.loads(regular.content(path, MAX_BYTES))
        if raw.get("format") != FORMAT:
            raise DocumentError(
                f"{path}: manifest format {raw.get('format')!r}, this version reads {FORMAT}; render again"
            )
        return Manifest(
            documents={name: Published(**one) for name, one in raw["documents"].items()},
            records=raw["records"],
            gaps=tuple(raw["gaps"]),
            findings=tuple(raw["findings"]),
            checks=raw["checks"],
            artifacts=raw["artifacts"],
            disagreements=tuple(raw["disagreements"]),
            pages=raw.get("pages", {}),
        )
    except FileNotFoundError:
        return Manifest()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"{path}: the manifest is damaged ({error}); delete it and render again") from None


def ranked(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """`findings` by what they are about, then by size, each text once."""
    first: dict[str, Mapping[str, Any]] = {}
    for one in sorted(findings, key=lambda one: (one["rank"], -one["size"], one["text"])):
        first.setdefault(one["text"], one)
    return list(first.values())


def values(published: Manifest, document: str) -> dict[str, Any]:
    """The records that `document` stated, name -> value."""
    return {name: one["value"] for name, one in published.records.items() if one["document"] == document}
