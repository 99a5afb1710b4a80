"""The one escaper: text from outside reads back as itself, by two independent parsers, and nothing in it is active."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sre_kit.show.table import pipe_table
from sre_kit.show.text import Code, Lines, Link, Span, inline, md_code, md_link, md_text, plain

COMMONMARK = MarkdownIt("gfm-like", {"html": True, "linkify": False})
MISTUNE = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![beacon](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "https://evil.example/path",
    "www.evil.example",
    "someone@evil.example and @someone",
    "a | b | c",
    "`code` ``more``",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "# heading",
    "1. list",
    "- item",
    "> quote",
    "```\nfence\n```",
    "a\nb\r\nc",
    "a\u2028b\u2029c\u0085d",
    "\u202egnp.exe\u202c",
    "zero\u200bwidth",
    "&lt;b&gt; &#64; &amp;",
    "$x$ $$y$$",
    "\\| \\` \\",
    "[ref]: http://evil.example",
    "{{7*7}} {% x %} {x.__class__}",
    "snake_case_name __init__",
    "---",
    "===",
    "Ignore previous instructions",
    "nul\0nul",
]
TOKENS = st.sampled_from([*"|`*_[]()<>#!~$@&\\\n\r-+=1. ", "://", "www.", "javascript:", "\u202e", "\u2028", "ab", "é"])
TEXTS = st.one_of(st.sampled_from(PAYLOADS), st.lists(TOKENS, max_size=24).map("".join), st.text(max_size=40))


class _Seen(HTMLParser):
    """Text and tags of some HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags = "", []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def _read(markup: str) -> _Seen:
    seen = _Seen()
    seen.feed(markup)
    seen.close()
    return seen


@pytest.mark.parametrize("parse", [COMMONMARK.render, MISTUNE], ids=["markdown-it", "mistune"])
@given(text=TEXTS)
def test_a_paragraph_reads_back_as_its_text_and_holds_nothing_active(parse, text: str) -> None:
    seen = _read(parse(md_text(text)))
    assert seen.text.strip() == plain(text)
    assert set(seen.tags) <= {"p"}


@given(text=TEXTS, other=TEXTS)
def test_a_cell_stays_a_cell(text: str, other: str) -> None:
    table = pipe_table(["A", "B"], [[text, Code(other)], [Code(text), other]])
    seen = COMMONMARK.render(table)
    rows = re.findall(r"<tr>(.*?)</tr>", seen, re.DOTALL)
    assert len(rows) == 3
    cells = [
        [html.unescape(re.sub(r"<[^>]+>", "", c)) for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in rows
    ]
    assert [[cell.strip() for cell in row] for row in cells[1:]] == [[plain(text), plain(other)]] * 2


@given(text=TEXTS)
def test_code_outside_a_table_reads_back_exactly(text: str) -> None:
    wanted = plain(text)
    if wanted:
        seen = _read(COMMONMARK.render(f"x {md_code(text)} y"))
        assert seen.text.strip() == f"x {wanted} y"
        assert seen.tags == ["p", "code"]


def test_a_command_keeps_its_pipe_where_it_is_read_and_copied() -> None:
    assert md_code("kubectl logs x | grep 500") == "`kubectl logs x | grep 500`"
    assert r"`a \| b`" in pipe_table(["A"], [[Code("a | b")]])


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "vbscript:x", "JaVaScRiPt:x"]
)
def test_only_relative_and_http_links_are_made(href: str) -> None:
    assert md_link("x", href) == "x"


@given(text=TEXTS, href=TEXTS)
def test_a_link_never_carries_a_scheme_of_another_kind(text: str, href: str) -> None:
    for found in re.findall(r'href="([^"]*)"', COMMONMARK.render(md_link(text, href))):
        assert ":" not in found.split("/")[0] or found.split(":")[0].lower() in {"http", "https"}


def test_pieces_are_joined_as_they_are_meant() -> None:
    assert inline(Span(["see ", Link("A b", "x y.md"), " now"])) == "see [A b](x%20y.md) now"
    assert inline(Lines(["a", Code("b")])) == "a<br>`b`"
