"""Markdown to HTML: what GitHub shows is shown, and nothing runs, fetches or hides."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from sre_kit.render.html import ATTRIBUTES, IMAGE, TAGS, body, clean
from sre_kit.store.places import Anchors
from tests.render.payloads import PAYLOADS, contexts

PNG = b"\x89PNG\r\n\x1a\n"
SLUGS = json.loads((Path(__file__).parent / "github_slugs.json").read_text(encoding="utf-8"))


def problems(html: str) -> list[str]:
    """What an independent parser of the browsers' kind finds in `html` that no page may have."""
    found = []
    for node in LexborHTMLParser(f"<!doctype html><body>{html}</body>").css("body *"):
        if node.tag not in TAGS:
            found.append(f"<{node.tag}>")
        for name, value in node.attributes.items():
            words = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name not in {*ATTRIBUTES["*"], *ATTRIBUTES.get(node.tag or "", ()), "rel"} or name.startswith("on"):
                found.append(f"{name}={value}")
            elif name == "src" and not words.startswith(IMAGE):
                found.append(f"src={value}")
            elif name == "href" and re.match(r"(?!https?:|mailto:)[a-z][a-z0-9+.-]*:|[/\\]{2}", words):
                found.append(f"href={value}")
    return found


def test_the_corpus_is_large_and_each_string_of_it_once() -> None:
    assert len(PAYLOADS) == len(set(PAYLOADS)) >= 150


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_from_outside_becomes_active(payload: str) -> None:
    for markdown in contexts(payload):
        page = body(markdown, images={"images/chart.png": PNG}, link=lambda href: f"../{href}")
        assert not problems(page.head + page.html), markdown


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_sanitiser_alone_would_hold_too(payload: str) -> None:
    for html in (payload, f"<td>{payload}</td>", f'<a href="{payload}">x</a>', f'<img src="{payload}">'):
        assert not problems(clean(html)), html


def test_the_judge_of_these_tests_sees_what_it_must_see() -> None:
    """The corpus as raw HTML is full of what the judge looks for, so its silence above means something."""
    seen = [payload for payload in PAYLOADS if payload.startswith("<") and problems(payload)]
    assert len(seen) > 80
    for bad in ('<a href="//evil.example">x</a>', '<a href="javascript:x">x</a>', '<img src="x.png">', "<p onclick=x>"):
        assert problems(bad), bad


MARKS = [*"<>&\"'`|\\[]()!#*_~-\n ab/:=", "<br>", "<details>", "</details>", "<summary>", "</summary>", "javascript:"]


@given(st.lists(st.sampled_from(MARKS)).map("".join))
def test_no_mix_of_marks_becomes_active(text: str) -> None:
    page = body(text)
    assert not problems(page.head + page.html)


def test_html_of_the_markdown_stays_text_but_for_a_break_and_a_fold() -> None:
    page = body("a <b>x</b> \\<br> `<br>`\n\n| A |\n| --- |\n| one<br>two |\n")
    assert "a &lt;b&gt;x&lt;/b&gt; &lt;br&gt; <code>&lt;br&gt;</code>" in page.html
    assert LexborHTMLParser(page.html).css_first("td").text(separator="|").split() == ["one|", "two"]


def test_folds_nest_and_one_that_is_never_closed_stays_text() -> None:
    inner = "<details>\n<summary>inner</summary>\n\n- x\n\n</details>"
    page = LexborHTMLParser(body(f"<details>\n<summary>outer **a**</summary>\n\n{inner}\n\n</details>\n\nafter").html)
    assert page.css_first("details > details > summary").text() == "inner"
    assert page.css_first("details > summary strong").text() == "a"
    assert [node.text() for node in page.css("body > p")] == ["after"]
    assert "<details>" not in body("<details>\n<summary>x</summary>\n\nnever closed").html


def test_an_image_of_the_document_is_embedded_and_a_foreign_one_becomes_a_link() -> None:
    page = LexborHTMLParser(
        body("![it grows](images/a.png)\n\n![a | beacon](http://evil.example/x.png)", images={"images/a.png": PNG}).html
    )
    (image,) = page.css("img")
    assert image.attributes == {"src": f"{IMAGE}iVBORw0KGgo=", "alt": "it grows"}
    assert page.css_first("p.figure > img")
    assert [(a.text(), a.attributes["href"]) for a in page.css("a")] == [
        ("Image: a | beacon", "http://evil.example/x.png")
    ]


def test_relative_links_are_placed_and_others_left_alone() -> None:
    text = "[a](../x%20y/PRD.md#L3) [b](#here) [c](https://x.example/a) [d](mailto:a@b.example)"
    page = LexborHTMLParser(body(text, link=lambda href: f"../{href}").html)
    hrefs = [a.attributes["href"] for a in page.css("a")]
    assert hrefs == ["../../x%20y/PRD.md#L3", "#here", "https://x.example/a", "mailto:a@b.example"]


def test_a_cell_knows_its_column_and_a_number_keeps_its_unit() -> None:
    page = LexborHTMLParser(body('| "Left" | Share |\n| :-- | --: |\n| a | 99.9 % |\n| b | 12 min |\n').html)
    cells = page.css("td")
    assert [cell.attributes["data-label"] for cell in cells] == ['"Left"', "Share"] * 2
    assert "r" in str(cells[1].attributes["class"]).split()
    assert [cell.text() for cell in cells] == ["a", "99.9\u00a0%", "b", "12\u00a0min"]
    assert not page.css("[style]")


def test_the_title_and_its_list_come_before_the_contents() -> None:
    page = body("# Title\n\n- **Date:** today\n\n**Contents:** [A](#a) · [B](#b)\n\n## A\n\n- x\n\n## B\n")
    assert "<h1" in page.head and "today" in page.head and "<h2" not in page.head
    assert "Contents" not in page.head + page.html and "<li>x</li>" in page.html
    assert [(one.level, one.anchor) for one in page.headings] == [(1, "title"), (2, "a"), (2, "b")]
    assert body("no title\n\n- x").head == ""


@pytest.mark.parametrize("document", SLUGS, ids=lambda one: one[0][0][:30])
def test_anchors_are_those_of_github(document: list[list[str]]) -> None:
    """Recorded from github-slugger 2.0 (npm), which GitHub's own rendering is the model of."""
    anchors = Anchors()
    assert [anchors.of(heading) for heading, _ in document] == [slug for _, slug in document]


def test_headings_have_the_anchors_that_links_name() -> None:
    page = LexborHTMLParser(body("# `a_b` & **c**\n\n## Steps\n\n## Steps\n\n### [x](y) é!\n").html)
    assert page
    found = body("# `a_b` & **c**\n\n## Steps\n\n## Steps\n\n### [x](y) é!\n").headings
    assert [one.anchor for one in found] == ["a_b--c", "steps", "steps-1", "x-é"]
