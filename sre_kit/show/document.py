"""
The frame of every document: its header, its sources, its open questions.

The header says when, which version, and from what; the export settles the version, because only it knows whether the
body changed. The open questions come last: a document that ran to its end has them, so they are its sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sre_kit.compute.asked import Read, unnoted
from sre_kit.compute.vocabulary import About, Document, Fact, Gap, Reading, Requests, Version
from sre_kit.escape import md_text
from sre_kit.show.shown import Shown, open_gaps
from sre_kit.show.table import Table, pipe_table
from sre_kit.show.text import Code, Inline, Lines, Link, inline
from sre_kit.store.dependencies import dependencies
from sre_kit.store.manifest import CHANGES_LINE_MARK, CHANGES_MARK
from sre_kit.units import MISSING, percent, span, utc


def up(path: str) -> str:
    """
    A project path as seen from docs/SRE.

    >>> up("docs/QA Engineer/TestStrategy.md"), up("build-plan.md")
    ('../QA Engineer/TestStrategy.md', '../../build-plan.md')
    """
    return f"../{path.removeprefix('docs/')}" if path.startswith("docs/") else f"../../{path}"


def document_link(document: Document) -> Link:
    """A relative link from docs/SRE to `document`."""
    return Link(document.name, up(document.path))


def fact_link(fact: Fact) -> Link:
    """A relative link from docs/SRE to the line of `fact`."""
    name = fact.document.rsplit("/", 1)[-1].removesuffix(".md")
    return Link(f"{name}:{fact.line}", f"{up(fact.document)}#L{fact.line}")


_CITED = re.compile(r"(?P<path>docs/.+\.md|build-plan\.md)(?::(?P<line>\d+))?")


def cited(written: str) -> Inline:
    """
    A source as params write it ("docs/QA Engineer/TestStrategy.md:12") as a link; anything else as it stands.

    >>> inline(cited("docs/QA Engineer/TestStrategy.md:12")), inline(cited("params"))
    ('[TestStrategy:12](../QA%20Engineer/TestStrategy.md#L12)', 'params')
    """
    found = _CITED.fullmatch(written)
    if not found:
        return written or MISSING
    name = found["path"].rsplit("/", 1)[-1].removesuffix(".md")
    line = found["line"]
    return Link(f"{name}:{line}" if line else name, up(found["path"]) + (f"#L{line}" if line else ""))


@dataclass(frozen=True)
class Header(Shown):
    """Date, version, project and dependencies of a document."""

    about: About
    name: str

    @property
    def version(self) -> int:
        """The version if the body turns out to differ from the last published one."""
        return self.about.published.get(self.name, Version()).number + 1

    def markdown(self) -> str:
        """Six lines, and the dependencies folded away."""
        about = self.about
        source = about.source or "none configured"
        lines = [
            f"- **Project:** {md_text(about.project)}",
            f"- **Date:** {about.as_of:%Y-%m-%d} (as of {utc(about.as_of)})",
            f"- **Version:** {self.version}",
            f"- **Changes:** {CHANGES_LINE_MARK}",
            f"- **Measurements:** {md_text(source)}" + (" — **synthetic data**" if about.synthetic else ""),
            f"- **Decisions:** {inline(Code(about.params))}, sha256 `{about.params_sha256[:12]}`",
        ]
        rows = [_row(document) for document in unnoted(about.documents)]
        return "\n".join(lines) + "\n\n" + dependencies(rows, "read", self._missing())

    def _missing(self) -> list[list[str]]:
        return [_cells(d.name, d.phase, "missing", f"ask {d.owner}") for d in self.about.missing]

    def machine(self) -> dict[str, Any]:
        """What the export needs to settle the version."""
        part = super().machine()
        last = self.about.published.get(self.name, Version())
        part["header"] = {
            "document": self.name,
            "as_of": self.about.as_of.isoformat(),
            "version": self.version,
            "last": asdict(last),
            "synthetic": self.about.synthetic,
            "depends": [
                {"path": d.path, "sha256": d.sha256, "problem": d.problem, "row": _row(d)}
                for d in unnoted(self.about.documents)
            ],
            "missing": self._missing(),
        }
        return part


def _row(document: Document) -> list[str]:
    """A document that was found, in the table of dependencies."""
    link = document_link(document)
    named = Lines([link, document.problem]) if document.problem else link
    return _cells(named, document.phase, document.dated or "–", Code(document.sha256[:12]))


def _cells(*cells: Inline) -> list[str]:
    return [inline(cell, in_cell=True) for cell in cells]


@dataclass(frozen=True)
class OpenQuestions(Shown):
    """Everything that nobody has told us, whom to ask, where it is expected; `read` says what the notebook asked."""

    read: Callable[[], Read] | None = None

    def markdown(self) -> str:
        """A table, or the happy sentence."""
        if not self.gaps:
            return "None: every input of this document was found."
        rows = [(g.what, g.ask, g.expected_in or "–", g.because or "–") for g in self.gaps]
        return pipe_table(["What", "Ask", "Expected in", "Why it is missing"], rows)

    def machine(self) -> dict[str, Any]:
        """The gaps and the sentinel: the notebook ran to its end, and what it read until then."""
        part = {**super().machine(), "sentinel": True}
        return part if self.read is None else {**part, "read": asdict(self.read())}


@dataclass(frozen=True)
class VersionChanges(Shown):
    """What changed since the last version that differs; the export fills it in."""

    def markdown(self) -> str:
        """The mark that the export replaces."""
        return CHANGES_MARK


def version_changes() -> VersionChanges:
    """Which numbers of this document changed since its last version that differs."""
    return VersionChanges()


def header(about: About, name: str) -> Header:
    """The metadata header of document `name`."""
    return Header(about=about, name=name)


def open_questions(
    *shown: Shown | Iterable[Gap], gaps: Iterable[Gap] = (), read: Callable[[], Read] | None = None
) -> OpenQuestions:
    """
    The closing section: gaps of all that was shown, and `gaps` beside them.

    With ``read=project.read`` the header names the documents that the notebook used, and a change of another one does
    not run it again; without, it depends on all of them.
    """
    return OpenQuestions(gaps=tuple(open_gaps([*shown, tuple(gaps)])), read=read)


def sources(*measured: Reading | Requests | Iterable[Reading | Requests]) -> Table:
    """Every measured series of the document: query, window, step, coverage, and what is wrong with it."""
    flat: list[Reading | Requests] = []
    for one in measured:
        flat.extend([one] if isinstance(one, Reading | Requests) else one)
    rows: dict[str, Sequence[Inline]] = {}
    for series in flat:
        queries = [series.query] if isinstance(series, Reading) else [series.good_query, series.total_query]
        remarks = ["extrapolated by the server" if series.extrapolated else "", series.note]
        remark = series.gap or "; ".join(part for part in remarks if part)
        rows.setdefault(
            "|".join([series.name, *queries, str(series.start), str(series.end)]),
            (
                series.name,
                Lines([Code(q) for q in queries if q]),
                f"{utc(series.start)} to {utc(series.end)}",
                span(series.step),
                percent(series.coverage),
                remark or "–",
            ),
        )
    return Table(
        ["Series", "Query", "Window", "Step", "Coverage", "Remark"],
        list(rows.values()),
        empty="No series was measured for this document.",
        gaps=tuple(
            Gap(f"measurements of {s.name}", "DevOps Engineer", "the metrics source", s.gap, degraded=bool(s.source))
            for s in flat
            if s.gap
        ),
    )
