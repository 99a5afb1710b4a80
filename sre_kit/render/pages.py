"""
The published documents as HTML: one page each that needs nothing beside it, and an index.

A page is made from the Markdown that is published, so that both say the same. It carries its style and its images,
runs no script and asks the network for nothing; the policy in its head holds a browser to that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from sre_kit.render.batch import DELIVERABLES, Outcome
from sre_kit.render.html import Body, Heading, body
from sre_kit.store import places
from sre_kit.store.manifest import Manifest, ranked, sha256
from sre_kit.units import utc

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates" / "sre-html"
FINDINGS: Final = 7
"""Findings on the index; the documents have all."""
POLICY: Final = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"

Read = Callable[[str], bytes | None]


@dataclass(frozen=True)
class _Part:
    """A heading of the second level and those below it."""

    heading: Heading
    below: Sequence[Heading]


def wanted(to: Sequence[str], previous: Manifest) -> bool:
    """Whether pages are made: when asked for, and, where nothing was asked, when there are some to be kept true."""
    return "html" in to if to else bool(previous.pages)


def with_pages(outcome: Outcome, project: str, read: Read) -> Outcome:
    """
    `outcome` with a page for each published document, and the index.

    Parameters
    ----------
    read
        A file as it is published now, by its path from docs/SRE; for the documents that this render left as they were.
    """
    manifest = outcome.manifest
    texts = {one.name: one.markdown for one in outcome.documents}
    for name in manifest.documents:
        if name not in texts and (content := read(f"{name}.md")) is not None:
            texts[name] = content.decode("utf-8")
    # the manifest's own order differs between a first render and the next
    order = [*DELIVERABLES, *sorted(texts)]
    texts = {name: texts[name] for name in sorted(texts, key=order.index)}
    bodies = {name: body(text, images=_images(outcome, name, read), link=_link(texts)) for name, text in texts.items()}
    site = _Site(project, manifest, bodies)
    files = {places.page(name): site.page(name) for name in bodies}
    documents = {
        name: replace(one, files={**one.files, **_hashes(files, places.page(name))})
        for name, one in manifest.documents.items()
    }
    index = {places.INDEX: site.index()}
    manifest = replace(manifest, documents=documents, pages=_hashes(index, places.INDEX))
    return _published(outcome, manifest, {**files, **index})


def without_pages(outcome: Outcome, previous: Manifest) -> Outcome:
    """`outcome` with the pages of an earlier render taken away: they would grow old beside documents that are new."""
    manifest, gone = outcome.manifest, dict.fromkeys(previous.pages)
    documents = {}
    for name, one in manifest.documents.items():
        page = places.page(name)
        if page in one.files or (name in previous.documents and page in previous.documents[name].files):
            gone[page] = None
        documents[name] = replace(one, files={path: digest for path, digest in one.files.items() if path != page})
    return _published(outcome, replace(manifest, documents=documents, pages={}), gone)


def _published(outcome: Outcome, manifest: Manifest, files: Mapping[str, bytes | None]) -> Outcome:
    text = {places.MANIFEST: manifest.as_json().encode("utf-8")}
    return replace(outcome, manifest=manifest, files={**outcome.files, **files, **text})


def _hashes(files: Mapping[str, bytes], path: str) -> dict[str, str]:
    return {path: sha256(files[path])} if path in files else {}


def _images(outcome: Outcome, name: str, read: Read) -> dict[str, bytes]:
    found = {}
    for path in outcome.manifest.documents[name].files:
        content = outcome.files.get(path) or read(path)
        if path.endswith(".png") and content is not None:
            found[path] = content
    return found


def _link(pages: Mapping[str, str]) -> Callable[[str], str]:
    """Another document's page, where it has one; anything else lies one folder higher."""

    def link(href: str) -> str:
        path, mark, fragment = href.partition("#")
        name = unquote(path).removesuffix(".md")
        return f"{name}.html{mark}{fragment}" if path.endswith(".md") and name in pages else f"../{href}"

    return link


class _Site:
    """The pages of one project."""

    def __init__(self, project: str, manifest: Manifest, bodies: Mapping[str, Body]) -> None:
        self.project, self.manifest, self.bodies = project, manifest, bodies
        self.style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
        self.documents = [self._entry(name) for name in bodies]

    def page(self, name: str) -> bytes:
        """The page of one document."""
        from markupsafe import Markup

        whole, published = self.bodies[name], self.manifest.documents[name]
        return self._rendered(
            "page.html.j2",
            name=name,
            title=whole.title or name,
            # what the sanitiser returned is the only text that the template does not escape
            head=Markup(whole.head),
            body=Markup(whole.html),
            contents=_contents(whole.headings),
            source=f"../{quote(name)}.md",
            version=published.version,
            as_of=_minute(published.as_of),
        )

    def index(self) -> bytes:
        """The index of all of them."""
        titles = {one["name"]: one for one in self.documents}
        findings = [
            {"text": one["text"], **titles[one["document"]]}
            for one in ranked(self.manifest.findings)
            if one["document"] in titles
        ]
        as_of = max((self.manifest.documents[name].as_of for name in self.bodies), default="")
        return self._rendered(
            "index.html.j2",
            name="",
            title=self.project,
            contents=[],
            findings=findings[:FINDINGS],
            as_of=_minute(as_of),
        )

    def _rendered(self, template: str, **values: Any) -> bytes:
        from markupsafe import Markup

        digest = base64.b64encode(hashlib.sha256(self.style.encode("utf-8")).digest()).decode("ascii")
        text = (
            _environment()
            .get_template(template)
            .render(
                project=self.project,
                documents=self.documents,
                style=Markup(self.style),
                policy=POLICY.format(digest),
                **values,
            )
        )
        return text.encode("utf-8")

    def _entry(self, name: str) -> dict[str, Any]:
        """What the index says about one document."""
        judged = self.manifest.checks.get(name, {})
        counts = [f"{judged[state]} {state}" for state in ("passed", "failed", "not known") if judged.get(state)]
        questions = sum(gap["document"] == name for gap in self.manifest.gaps)
        return {
            "name": name,
            "title": self.bodies[name].title or name,
            "href": f"{quote(name)}.html",
            "source": f"../{quote(name)}.md",
            "version": self.manifest.documents[name].version,
            "checks": f"checks: {', '.join(counts)}" if counts else "not checked",
            "questions": f"{questions} open question{'' if questions == 1 else 's'}",
            "sections": [one for one in self.bodies[name].headings if one.level == 2],
        }


def _contents(headings: Sequence[Heading]) -> list[_Part]:
    """Headings of the second level with the third below each."""
    parts: list[tuple[Heading, list[Heading]]] = []
    for one in headings:
        if one.level == 2:
            parts.append((one, []))
        elif one.level == 3 and parts:
            parts[-1][1].append(one)
    return [_Part(heading, below) for heading, below in parts]


def _minute(as_of: str) -> str:
    """
    A time of the manifest as the documents write it.

    >>> _minute("2026-11-01T00:00:00+00:00")
    '2026-11-01 00:00Z'
    """
    return utc(datetime.fromisoformat(as_of)) if as_of else "an unknown time"


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
