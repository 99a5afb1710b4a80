"""
What a cell can end with, and how it leaves the notebook.

Each object gives Jupyter one MIME bundle: ``text/markdown`` for readers and, under a type of our own, what the
machine needs (records, gaps, findings, files). Nothing else leaves a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.escape import md_fence, md_heading
from sre_kit.show.text import Inline, Not, inline, spaced
from sre_kit.store.manifest import MIME


@dataclass(frozen=True, slots=True)
class Record:
    """A named number for the manifest; other documents are checked against it."""

    name: str
    value: float | int | str | Fraction | Decimal | None
    unit: str
    source: str = ""
    window: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Base of everything that a cell shows."""

    records: Sequence[Record] = ()
    gaps: Sequence[Gap] = ()
    findings: Sequence[Finding] = ()

    def markdown(self) -> str:
        """The reader's part, ending without a newline."""
        raise NotImplementedError

    def machine(self) -> dict[str, Any]:
        """The machine's part; empty when there is nothing to say."""
        part: dict[str, Any] = {}
        if self.records:
            part["records"] = [{**asdict(r), "value": _plain(r.value)} for r in self.records]
        if self.gaps:
            part["gaps"] = [asdict(gap) for gap in self.gaps]
        if self.findings:
            part["findings"] = [asdict(finding) for finding in self.findings]
        return part

    def drawn(self) -> Self:
        """The same, with what takes long done now: for a notebook that will have to wait before it shows this."""
        return self

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle: dict[str, Any] = {"text/markdown": self.markdown(), "text/plain": type(self).__name__}
        if part := self.machine():
            bundle[MIME] = part
        return bundle, {}


@dataclass(frozen=True)
class Note(Shown):
    """Paragraphs made of facts; each is one piece or a row of pieces."""

    paragraphs: Sequence[Inline | Sequence[Inline]]

    def __init__(
        self,
        *paragraphs: Inline | Sequence[Inline],
        records: Sequence[Record] = (),
        gaps: Sequence[Gap] = (),
        findings: Sequence[Finding] = (),
    ) -> None:
        for name, value in (("paragraphs", paragraphs), ("records", records), ("gaps", gaps), ("findings", findings)):
            object.__setattr__(self, name, value)

    @classmethod
    def gap(cls, *gaps: Gap) -> Note:
        """What is not known, and whom to ask."""
        return cls(*(Not(gap) for gap in gaps), gaps=gaps)

    def markdown(self) -> str:
        """Paragraphs, a blank line between them."""
        return "\n\n".join(_paragraph(p) for p in self.paragraphs)


@dataclass(frozen=True)
class Steps(Shown):
    """A list, numbered unless order does not matter."""

    items: Sequence[Inline | Sequence[Inline]]
    ordered: bool = True

    def markdown(self) -> str:
        """One item a line."""
        return "\n".join(
            f"{f'{number}.' if self.ordered else '-'} {_paragraph(item)}" for number, item in enumerate(self.items, 1)
        )


@dataclass(frozen=True)
class CodeBlock(Shown):
    """A fence that its content cannot close."""

    code: str
    language: str = ""

    def markdown(self) -> str:
        """The fence is one tick longer than any inside."""
        return md_fence(self.code, self.language)


@dataclass(frozen=True)
class Heading(Shown):
    """A heading inside a cell's output, for repeated structures such as runbooks."""

    level: int
    text: str

    def markdown(self) -> str:
        """ATX style."""
        return f"{'#' * self.level} {md_heading(self.text)}"


@dataclass(frozen=True)
class Stack(Shown):
    """Several objects in one output, top to bottom."""

    parts: Sequence[Shown] = field(default=())

    def __init__(self, *parts: Shown) -> None:
        object.__setattr__(self, "parts", parts)
        for name in ("records", "gaps", "findings"):
            object.__setattr__(self, name, tuple(one for part in parts for one in getattr(part, name)))

    def markdown(self) -> str:
        """The parts, a blank line between them."""
        return "\n\n".join(text for part in self.parts if (text := part.markdown()))

    def machine(self) -> dict[str, Any]:
        """What the parts say, together."""
        joined: dict[str, Any] = {}
        for part in self.parts:
            for key, value in part.machine().items():
                joined.setdefault(key, []).extend(value if isinstance(value, list) else [value])
        return joined


def open_gaps(shown: Iterable[Shown | Iterable[Gap]]) -> list[Gap]:
    """Gaps of all that was shown, each once, in order."""
    found: dict[Gap, None] = {}
    for one in shown:
        for gap in one.gaps if isinstance(one, Shown) else one:
            found.setdefault(gap)
    return list(found)


def _paragraph(content: Inline | Sequence[Inline]) -> str:
    if isinstance(content, list | tuple):
        return "".join(spaced(content)).strip()
    return inline(content)  # type: ignore[arg-type]


def _plain(value: object) -> object:
    if isinstance(value, Fraction | Decimal):
        return float(value)
    if isinstance(value, float) and value != value:
        return None
    return value.item() if hasattr(value, "item") else value
