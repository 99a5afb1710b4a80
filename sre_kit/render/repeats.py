"""
A question that several cells ask stands once under a heading, and whole under the first of them alone.

Each heading without input still says so, for whoever reads that heading only; the closing table has whom to ask.
"""

from __future__ import annotations

import re
from typing import Final

from sre_kit.store.places import Anchors

_HEADING: Final = re.compile(r"#{1,6} +(?P<text>.+?) *$")
_QUESTION: Final = re.compile(r"(?P<what>\*\*Not known:\*\* .+?): ask .*$")


def once(text: str) -> str:
    """
    The document with each question asked in full where it comes first.

    >>> asked = "**Not known:** x: ask Y"
    >>> print(once(f"## A\\n\\n{asked}\\n\\n{asked}\\n\\n## B\\n\\n{asked}"))
    ## A
    <BLANKLINE>
    **Not known:** x: ask Y
    <BLANKLINE>
    ## B
    <BLANKLINE>
    **Not known:** x, as asked under [A](#a)
    """
    anchors, fence, here = Anchors(), "", ("", "")
    asked: dict[str, tuple[str, str]] = {}
    said: set[tuple[str, str]] = set()
    blocks: list[str] = []
    for block in text.split("\n\n"):
        lines = block.split("\n")
        question = None if fence or len(lines) > 1 else _QUESTION.fullmatch(block)
        for line in lines:
            if fence:
                fence = "" if line.rstrip() == fence else fence
            elif opened := re.match(r"`{3,}", line):
                fence = opened[0]
            elif heading := _HEADING.fullmatch(line):
                here = (heading["text"], anchors.of(heading["text"]))
        if question:
            first = asked.setdefault(block, here)
            if (block, here[1]) in said:
                continue
            said.add((block, here[1]))
            if first != here:
                block = f"{question['what']}, as asked under [{first[0]}](#{first[1]})"
        blocks.append(block)
    return "\n\n".join(blocks)
