"""
Markdown as it is published to HTML that is safe to open: GFM, no raw HTML, and nothing that runs or fetches.

Two layers. The parser knows no raw HTML but the two forms that the documents use (``<br>`` and a folded ``<details>``),
so that what came from outside stays text; then an allow-list sanitiser keeps only what a document needs.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from sre_kit.render import tables
from sre_kit.store.places import Anchors

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

IMAGE: Final = "data:image/png;base64,"
"""What the source of an image may begin with; charts are PNG."""
TAGS: Final = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "input"),
    *("strong", "em", "s", "del", "sup", "a", "img", "details", "summary", "div", "section"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES: Final = {
    "*": {"id", "class"},
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "input": {"type", "checked", "disabled"},
    "td": {"data-label"},
    "th": {"scope"},
}
_BREAK: Final = re.compile(r"<br ?/?>")
_SUMMARY: Final = re.compile(r"<summary>(.*)</summary>")
_CONTENTS: Final = re.compile(r"\*\*Contents:\*\* (\[[^\]\n]*\]\(#[^)\s]*\)( · )?)+")
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|[smhd]|ms|min|[KMGT]i?B)(?!\w))")


@dataclass(frozen=True)
class Heading:
    """A heading, its level (1 to 6) and the fragment under which it is found."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Body:
    """A document as HTML: its `head` (title and the list under it), the rest, and its headings in order."""

    head: str
    html: str
    headings: Sequence[Heading]

    @property
    def title(self) -> str:
        """The first heading of the first level; empty where there is none."""
        return next((one.text for one in self.headings if one.level == 1), "")


def body(
    markdown: str, *, images: Mapping[str, bytes] | None = None, link: Callable[[str], str] = lambda href: href
) -> Body:
    """
    The document `markdown` as HTML.

    Parameters
    ----------
    images
        Path as the Markdown has it -> PNG. They are embedded; any other image becomes a link to it.
    link
        Where a relative link of the Markdown leads as seen from the page.
    """
    parser = _parser()
    env: dict[str, Any] = {}
    tokens = parser.parse(markdown, env)
    headings, anchors = [], Anchors()
    for token in tokens:
        if token.type == "inline":
            embedded = _unlinked(token.children or [], images or {})
            token.children = [_placed(child, images or {}, link) for child in embedded]
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tables.plain(tokens[number + 1])
            headings.append(Heading(int(token.tag[1]), text, anchors.of(text)))
            token.attrSet("id", headings[-1].anchor)
        if token.type == "paragraph_open" and _is_figure(tokens[number + 1]):
            token.attrJoin("class", "figure")
    tables.prepare(tokens)
    kept = _without_contents(tokens)
    end = _head(kept)
    head, rest = (clean(parser.renderer.render(part, parser.options, env)) for part in (kept[:end], kept[end:]))
    return Body(head, rest, headings)


def clean(html: str) -> str:
    """`html` with the tags and attributes of `TAGS` and `ATTRIBUTES`, and no other; links are checked by scheme."""
    import nh3

    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "data"},
        clean_content_tags={"script", "style", "template"},
    )


def _allowed(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if value.startswith(IMAGE) else None
    if name == "href":
        # a host without a scheme is foreign too, and browsers read \ as /
        return None if re.match(r"(?i)\s*(data:|[/\\]{2}|\\)", value) else value
    if name == "type":
        return value if value == "checkbox" else None
    return value


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.gfm import gfm_plugin

    parser = MarkdownIt("commonmark", {"html": False}).use(gfm_plugin)
    parser.inline.ruler.before("autolink", "break", _break)
    parser.block.ruler.before("paragraph", "details", _details, {"alt": ["paragraph"]})
    for name in ("table_open", "table_close", "td_open", "td_close"):
        parser.add_render_rule(name, getattr(tables, name))
    return parser


def _break(state: StateInline, silent: bool) -> bool:
    """``<br>``, the only way to a second line inside a table cell."""
    found = _BREAK.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """``<details>``, a line with its ``<summary>``, and what is folded, up to ``</details>`` on a line of its own."""

    def line(number: int) -> str:
        return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip()

    if line(start) != "<details>" or start + 1 >= end or not (summary := _SUMMARY.fullmatch(line(start + 1))):
        return False
    depth, close = 1, start + 1
    while depth:
        close += 1
        if close >= end:
            return False
        depth += {"<details>": 1, "</details>": -1}.get(line(close), 0)
    if silent:
        return True
    state.push("details_open", "details", 1).block = True
    state.push("summary_open", "summary", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = summary[1], [start + 1, start + 2], []
    state.push("summary_close", "summary", -1)
    outer, state.lineMax = state.lineMax, close
    state.md.block.tokenize(state, start + 2, close)
    state.lineMax = outer
    state.push("details_close", "details", -1).block = True
    state.line = close + 1
    return True


def _unlinked(children: Sequence[Token], images: Mapping[str, bytes]) -> Sequence[Token]:
    """Images that are not embedded, as links to them with their words."""
    from markdown_it.token import Token

    found: list[Token] = []
    inside = False
    for child in children:
        inside = child.type == "link_open" or (inside and child.type != "link_close")
        if child.type != "image" or unquote(str(child.attrGet("src"))) in images:
            found.append(child)
            continue
        words = Token("text", "", 0, content=f"Image: {tables.plain(child) or child.attrGet('src')}")
        if inside:
            found.append(words)
        else:
            opening = Token("link_open", "a", 1, attrs={"href": str(child.attrGet("src"))})
            found += [opening, words, Token("link_close", "a", -1)]
    return found


def _placed(token: Token, images: Mapping[str, bytes], link: Callable[[str], str]) -> Token:
    """`token` with its image embedded, its link as seen from the page, or its numbers and units kept together."""
    if token.type == "image":
        content = images[unquote(str(token.attrGet("src")))]
        token.attrs = {"src": IMAGE + base64.b64encode(content).decode("ascii"), "alt": ""}
    if token.type == "text":
        token.content = _UNIT.sub("\u00a0", token.content)
    if token.type == "link_open":
        href = str(token.attrGet("href") or "")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|#|[/\\]", href):
            token.attrSet("href", link(href))
    return token


def _is_figure(inline: Token) -> bool:
    return [child.type for child in inline.children or []] == ["image"]


def _head(tokens: Sequence[Token]) -> int:
    """Where the title, and the list that may follow it, end."""
    tops = [n for n, token in enumerate(tokens) if token.level == 0 and token.nesting < 1 and token.type != "inline"]
    if not tops or tokens[0].tag != "h1":
        return 0
    listed = len(tops) > 1 and tokens[tops[0] + 1].type == "bullet_list_open"
    return tops[1 if listed else 0] + 1


def _without_contents(tokens: Sequence[Token]) -> list[Token]:
    """The page has contents of its own beside the text; a second list of the same would be in the way."""
    for number, token in enumerate(tokens):
        if token.type == "inline" and token.level == 1 and _CONTENTS.fullmatch(token.content):
            return [*tokens[: number - 1], *tokens[number + 2 :]]
    return list(tokens)
