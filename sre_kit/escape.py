"""
The one way that text from outside gets into Markdown.

What GitHub would turn into something active (HTML, mentions, links, images) stays text, and a Markdown parser reads the
same text back. Characters that cannot be seen (control, bidirectional, zero-width) are no text and are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

MAX_CHARACTERS: Final = 4_000
"""Longer text is cut, and says so: a cell is no place for a book."""

_BLANK: Final = {"Cc", "Zl", "Zp"}
_BLANKS: Final = re.compile(" {2,}")
_INVISIBLE: Final = {"Cf", "Cs"}
# they count as letters, marks or symbols, and show nothing
_FILLERS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
# inside a word an underscore means nothing in GFM, and names are full of them
_SPECIAL: Final = re.compile(r"[\\`*\[\]<|~$@&_](?:(?<!_)|(?<![^\W_]_)|(?![^\W_]))")
_LINE_START: Final = re.compile(r"^(>|(?:[-+=]+|#{1,6}|\d{1,9}[.)])(?=\s|$))")
_AUTOLINK: Final = re.compile(r"(?i)(https?|ftp|mailto|xmpp|www)(:|\.)")
# GitHub links a mention after it has read the Markdown, so that a backslash does not help; in code it links none
_ADDRESS: Final = re.compile(r"[\w.+/@`-]*@(?:[\w.+/@`-]*[\w@`])?")
# some parsers read entities in an address twice, so that "javascript&colon;" becomes what it looks like
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")


def plain(text: str) -> str:
    """
    `text` on one line, without invisible characters.

    >>> plain("a\\n b\\u202ec\\u200b")
    'a bc'
    """
    return _BLANKS.sub(" ", _visible(text, " ")).strip()


def block(text: str) -> str:
    r"""
    `text` with its lines, without invisible characters; for what stands in a fence.

    >>> block("a\r\nb\tc\x1b[0m\u202e")
    'a\nb\tc[0m'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(_visible(part, "") for part in line.split("\t")) for line in lines)


def _visible(text: str, blank: str) -> str:
    if not text.isprintable():  # it is unless it holds one of these, or a blank that is wider than a space
        kinds = ((c, unicodedata.category(c)) for c in text)
        text = "".join(blank if kind in _BLANK else c for c, kind in kinds if kind not in _INVISIBLE)
    return _FILLERS.sub("", text)


def md_text(text: str) -> str:
    r"""
    Text as a paragraph, a table cell or a heading may hold it: read back by a Markdown parser, it is `text` again.

    A mention or an address stands as code, where GitHub links nothing.

    >>> print(md_text("a|b <img src=x> @you `c` http://x.y"))
    a\|b \<img src=x> `@you` \`c\` http\://x.y
    """
    whole = _cut(plain(text))
    pieces, at = [], 0
    for found in _ADDRESS.finditer(whole) if "@" in whole else ():
        named = re.search(r"@\w", found[0])
        pieces += [_escaped(whole[at : found.start()]), md_code(found[0]) if named else _escaped(found[0])]
        at = found.end()
    pieces.append(_escaped(whole[at:]))
    return _LINE_START.sub(lambda m: f"{m[1][:-1]}\\{m[1][-1]}", "".join(pieces))


def md_heading(text: str) -> str:
    r"""
    Text as a heading may hold it, which loses hashes at its end.

    >>> print(md_heading("in C #"))
    in C \#
    """
    return re.sub(r"(?<=\s)(#+)$", r"\\\1", md_text(text))


def md_code(text: str, *, in_cell: bool = False) -> str:
    r"""
    A code span that survives back-ticks; inside a table cell, and only there, GFM wants its pipes escaped.

    >>> print(md_code("sort | uniq"), md_code("sort | uniq", in_cell=True), md_code("a`b"))
    `sort | uniq` `sort \| uniq` ``a`b``
    """
    inner = _cut(plain(text))
    if not inner:
        return ""
    if in_cell and "\\|" in inner:
        return md_text(inner)  # parsers disagree on a backslash before a pipe in a cell's code
    runs = {len(run) for run in re.findall(r"`+", inner)}
    fence = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if inner[0] == "`" or inner[-1] == "`" else ""
    span = f"{fence}{pad}{inner}{pad}{fence}"
    return span.replace("|", r"\|") if in_cell else span


def md_fence(text: str, language: str = "") -> str:
    """A fence that its content cannot close."""
    body = block(text).rstrip("\n")
    fence = "```"
    while fence in body:
        fence += "`"
    return f"{fence}{language}\n{body}\n{fence}"


def md_link(text: str, href: str) -> str:
    """
    A link, if `href` is relative or http(s); else the text alone.

    >>> md_link("BusinessModel", "../Project Manager/BusinessModel.md"), md_link("x", "javascript:alert(1)")
    ('[BusinessModel](../Project%20Manager/BusinessModel.md)', 'x')
    """
    cleaned = plain(href)
    head = re.split(r"[/?#]", cleaned, maxsplit=1)[0]
    if (":" in head and head.lower() not in {"http:", "https:"}) or cleaned.startswith("//"):
        return md_text(text)
    quoted = quote(cleaned, safe=":/?#=&%~+,;@-._!")
    return f"[{md_text(text) or md_text(cleaned)}]({_ENTITY.sub('%26', quoted)})"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}… ({len(text):,} characters)"


def _escaped(text: str) -> str:
    return _AUTOLINK.sub(lambda m: f"{m[1]}\\{m[2]}", _SPECIAL.sub(r"\\\g<0>", text))
