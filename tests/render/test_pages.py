"""The pages of the pretend project: each stands alone, says what its Markdown says, and leads where that leads."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from sre_kit.render import pages
from sre_kit.render.batch import DELIVERABLES, Outcome
from sre_kit.render.publish import Root
from sre_kit.render.verify import doubts
from sre_kit.store import manifest as manifests
from sre_kit.store import places
from sre_kit.store.manifest import Manifest, Published

NAMES = [*DELIVERABLES, "index"]
MAKE = """
import hashlib, sys
from pathlib import Path
from tests.render.test_pages import made
for path, content in sorted(made(Path(sys.argv[1])).files.items()):
    print(path, hashlib.sha256(content).hexdigest())
"""


def made(folder: Path) -> Outcome:
    """Pages for what `folder` has published."""
    read = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return pages.with_pages(Outcome([], manifests.read(folder / places.MANIFEST), {}), "Harbour <Books> & Co", read.get)


@pytest.fixture(scope="module")
def folder(demo: Path) -> Path:
    """docs/SRE of the pretend project."""
    return demo / places.DOCUMENTS


@pytest.fixture(scope="module")
def site(folder: Path) -> Mapping[str, LexborHTMLParser]:
    """Page name -> parsed page."""
    files = made(folder).files
    return {Path(p).stem: LexborHTMLParser(c or b"") for p, c in files.items() if p.endswith(".html")}


def test_each_document_has_a_page_and_there_is_an_index(site: Mapping[str, LexborHTMLParser]) -> None:
    assert list(site) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_runs_nothing_and_asks_for_nothing(site: Mapping[str, LexborHTMLParser], name: str) -> None:
    page = site[name]
    assert not page.css("script, iframe, object, embed, form, base, [style], [onclick], [onload], [srcset]")
    policy = page.css_first("meta[http-equiv='Content-Security-Policy']").attributes["content"] or ""
    style = page.css_first("style").text()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and f"style-src 'sha256-{digest}'" in policy
    assert "script" not in policy and "unsafe" not in policy
    assert "url(" not in style and "@import" not in style
    for node in page.css("[src], link[href]"):
        assert (node.attributes.get("src") or node.attributes.get("href") or "").startswith("data:")


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(site: Mapping[str, LexborHTMLParser], folder: Path, name: str) -> None:
    count = 0
    for link in site[name].css("a[href]"):
        href = link.attributes["href"] or ""
        if urlsplit(href).scheme:
            assert href.startswith("https://")
            continue
        path, _, fragment = href.partition("#")
        if not path or path.endswith(".html"):
            target = site[Path(unquote(path)).stem if path else name]
            assert not fragment or target.css(f'[id="{fragment}"]'), href
        else:
            assert (folder / "html" / unquote(path)).resolve().is_file(), href
        count += 1
    assert count > 10


@pytest.mark.parametrize("name", NAMES)
def test_no_two_elements_share_an_id(site: Mapping[str, LexborHTMLParser], name: str) -> None:
    ids = [node.attributes["id"] for node in site[name].css("[id]")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", DELIVERABLES)
def test_a_page_says_what_its_markdown_says(site: Mapping[str, LexborHTMLParser], folder: Path, name: str) -> None:
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    text = re.sub(r"^\*\*Contents:\*\*.*$", "", text, flags=re.MULTILINE)
    whole = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    expected = LexborHTMLParser(f"<body>{whole}</body>").css_first("body").text(separator=" ").split()
    page = site[name]
    footer = page.css_first("footer")
    footer.decompose()
    said = " ".join(part.text(separator=" ") for part in page.css("header, main")).split()
    assert said == expected
    assert len(page.css("td")) == whole.count("<td")


@pytest.mark.parametrize("name", DELIVERABLES)
def test_every_image_is_embedded_with_its_words(site: Mapping[str, LexborHTMLParser], folder: Path, name: str) -> None:
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    written = re.findall(r"^!\[.*\]\((images/[^)]+)\)$", text, re.MULTILINE)
    images = site[name].css("img")
    assert len(images) == len(written) > 0
    for image, path in zip(images, written, strict=True):
        embedded = base64.b64decode((image.attributes["src"] or "").partition(",")[2])
        assert embedded == (folder / path).read_bytes()
        assert len((image.attributes["alt"] or "").split()) >= 4


@pytest.mark.parametrize("name", DELIVERABLES)
def test_the_contents_name_every_heading_of_two_levels(site: Mapping[str, LexborHTMLParser], name: str) -> None:
    page = site[name]
    headings = [(node.text(), f"#{node.attributes['id']}") for node in page.css("main h2, main h3")]
    assert [(a.text(), a.attributes["href"]) for a in page.css("nav[aria-label='On this page'] a")] == headings
    assert len(headings) > 8


def test_the_index_counts_what_the_manifest_counts(site: Mapping[str, LexborHTMLParser], folder: Path) -> None:
    raw = json.loads((folder / places.MANIFEST).read_text(encoding="utf-8"))
    page = site["index"]
    assert page.css_first("h1").text() == "Harbour <Books> & Co"
    lines = [node.text() for node in page.css(".state")]
    for name, line in zip(DELIVERABLES, lines, strict=True):
        questions = sum(gap["document"] == name for gap in raw["gaps"])
        assert f"{raw['checks'][name]['passed']} passed" in line and f"{questions} open question" in line
    assert 5 <= len(page.css(".findings li")) <= pages.FINDINGS


def test_the_same_documents_give_the_same_bytes(folder: Path) -> None:
    """In another process with another hash seed and zone, and after the manifest has been read back."""
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", MAKE, str(folder)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    here = [f"{p} {hashlib.sha256(c or b'').hexdigest()}" for p, c in sorted(made(folder).files.items())]
    assert done.stdout.splitlines() == here


def test_the_manifest_holds_each_page_and_the_index(folder: Path) -> None:
    outcome = made(folder)
    for name in DELIVERABLES:
        page = places.page(name)
        assert outcome.manifest.documents[name].files[page] == manifests.sha256(outcome.files[page] or b"")
    assert outcome.manifest.pages == {places.INDEX: manifests.sha256(outcome.files[places.INDEX] or b"")}
    assert outcome.files[places.MANIFEST] == outcome.manifest.as_json().encode()


def test_a_changed_or_missing_page_is_found_by_verifying(folder: Path, tmp_path: Path) -> None:
    outcome, copy = made(folder), tmp_path / "SRE"
    shutil.copytree(folder, copy)
    for path, content in outcome.files.items():
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_bytes(content or b"")

    def found() -> list[tuple[str, str]]:
        return [(doubt.path, doubt.kind) for doubt in doubts(Root(copy, only=()), outcome.manifest, None)]

    assert not found()
    (copy / places.INDEX).write_bytes((outcome.files[places.INDEX] or b"") + b" ")
    (copy / places.page("SLODefinitions")).unlink()
    assert found() == [(places.page("SLODefinitions"), "missing"), (places.INDEX, "changed")]


def test_pages_are_kept_true_until_they_are_taken_away(folder: Path) -> None:
    with_, none = made(folder).manifest, Manifest()
    assert pages.wanted(("html",), none) and pages.wanted(("md", "html"), none) and pages.wanted((), with_)
    assert not pages.wanted((), none) and not pages.wanted(("md",), with_)
    gone = pages.without_pages(Outcome([], with_, {}), with_)
    removed = {path for path, content in gone.files.items() if content is None}
    assert removed == {places.INDEX, *(places.page(name) for name in DELIVERABLES)}
    assert gone.manifest == manifests.read(folder / places.MANIFEST)


def test_a_document_that_is_not_there_has_no_page_and_is_linked_as_markdown() -> None:
    one = Published("docs/SRE/A.md", 1, "", "", "2026-11-01T00:00:00+00:00")
    there = {"A.md": b"# A\n\n[b](B.md#x) [a](A.md#a)\n"}
    files = pages.with_pages(Outcome([], Manifest({"A": one, "B": one}), {}), "P", there.get).files
    assert set(files) == {places.page("A"), places.INDEX, places.MANIFEST}
    links = LexborHTMLParser(files[places.page("A")] or b"").css("main p a")
    assert [a.attributes["href"] for a in links] == ["../B.md#x", "A.html#a"]
