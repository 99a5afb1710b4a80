"""
What of a plan is ours: the block, our ticks, and a line each where every phase says what it last did.

Those two places are "Recent Updates" and the footer "Last Updated". What we write there is dated as our block is, and
the block keeps what the footer said before: so all of it can be taken out again, and a render does not change what
the next one reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sre_kit.errors import ProtectedError
from sre_kit.store.plan import Block, Outline, outline, sre_section
from sre_kit.store.plan_words import mark

ROLE: Final = "Site Reliability Engineer"
_UPDATES: Final = re.compile(r"(?i)[\W\d_]*(?:recent|latest) updates[\W_]*")
_ITEM: Final = re.compile(r"(?P<bullet>[ ]{0,3}[-*+][ \t]+)(?P<open>\[?)\d{4}-\d{2}-\d{2}(?P<close>\]?)")
_OURS: Final = re.compile(
    rf"[ ]{{0,3}}[-*+][ \t]+\[?(?P<date>\d{{4}}-\d{{2}}-\d{{2}})\]? {ROLE}: "
    r"SRE documents published in docs/SRE, \d+ of \d+ tasks proven, system [a-z -]+"
)
_FOOTER: Final = re.compile(
    r"(?i)(?P<before>[ \t*_>-]*last updated[ \t*_]*:[ \t*_]*)(?P<value>[^*_\r\n]*?)[ \t]*[*_]*[ \t]*"
)
_AS_OF: Final = re.compile(r"\bas of (\d{4}-\d{2}-\d{2})")
_BEFORE: Final = re.compile(r"(?m)^- \*\*Last updated before:\*\* `(?P<value>[^`\n]*)`$")


@dataclass(frozen=True, slots=True)
class Footer:
    """The value of the footer: `start` to `end` in its line."""

    line: int
    value: str
    start: int
    end: int


def footer(found: Outline) -> Footer | None:
    """The last "Last Updated" line of a plan, outside of code, quotes, comments and our block."""
    for line in sorted(found.texts, reverse=True):
        text = found.lines[line].rstrip("\r\n")
        if matched := _FOOTER.fullmatch(text):
            return Footer(line, matched["value"], matched.start("value"), matched.end("value"))
    return None


def said_before(found: Outline) -> str:
    """What the footer said before we wrote into it, as our block keeps it; else what it says now."""
    there = footer(found)
    kept = _BEFORE.search(found.block.body) if found.block else None
    if kept and there and there.value == _signature(_date(found)):
        return kept["value"]
    return there.value if there else ""


def before_line(found: Outline) -> str:
    """The line of our block that keeps it; empty where the plan has no footer."""
    value = said_before(found).replace("`", "'")
    return f"- **Last updated before:** `{value}`\n" if value else ""


def update_line(found: Outline) -> int | None:
    """The line before which ours goes among the updates of a plan without it; None where there is no such list."""
    heading = next((one for one in found.headings if _UPDATES.fullmatch(one.title)), None)
    first = None if heading is None else _first_item(found, heading.line, heading.end)
    return None if first is None else first[0]


def written(text: str, proven: int, tasks: int, stability: str) -> str:
    """`text`, a plan with our block, with our line among its updates and our name in its footer."""
    found = outline(without(text))
    date = _date(outline(text))
    lines = list(found.lines)
    if (there := footer(found)) and _BEFORE.search(found.block.body if found.block else ""):
        last = lines[there.line]
        lines[there.line] = last[: there.start] + _signature(date) + last[there.end :]
    heading = next((one for one in found.headings if _UPDATES.fullmatch(one.title)), None)
    first = None if heading is None else _first_item(found, heading.line, heading.end)
    if first is not None:
        line, item = first
        old = lines[line]
        before = lines[line - 1]  # its line end: the last line of a plan may have none
        end = before[len(before.rstrip("\r\n")) :]
        words = f"SRE documents published in docs/SRE, {proven} of {tasks} tasks proven, system {_word(stability)}"
        lines[line] = f"{item['bullet']}{item['open']}{date}{item['close']} {ROLE}: {words}{end}{old}"
    return "".join(lines)


def without(text: str) -> str:
    """`text` without what `written` put there."""
    found = outline(text)
    if not found.block:
        return text
    date, lines = _date(found), list(found.lines)
    there, kept = footer(found), _BEFORE.search(found.block.body)
    if there and kept and there.value == _signature(date):
        line = lines[there.line]
        lines[there.line] = line[: there.start] + kept["value"] + line[there.end :]
    for heading in found.headings:
        if _UPDATES.fullmatch(heading.title):
            for number in range(heading.line + 1, heading.end):
                matched = _OURS.fullmatch(lines[number].rstrip("\r\n")) if number in found.texts else None
                if matched and matched["date"] == date:
                    lines[number] = ""
    return "".join(lines)


def foreign(plan: str) -> str:
    """
    `plan` without what we write into it: no block, the SRE's tasks and status as before, no line of ours.

    It is the same before and after an update, so that a render does not change what the next one reads.
    A plan with damaged markers comes back as it is.
    """
    try:
        found = outline(without(plan))
    except ProtectedError:
        return plan
    lines = list(found.lines)
    section, _ = sre_section(found)
    if section:
        for task in section.tasks:
            if task.slugs and task.mark and task.mark.state != "unknown":
                lines[task.line] = task.mark.replaced(lines[task.line], task.mark.untouched)
        status = section.status
        state = mark(status.value, alone=True) if status else None
        if status and state and state.state != "unknown":
            value = state.replaced(status.value, state.untouched)
            lines[status.line] = lines[status.line][: status.start] + value + lines[status.line][status.end :]
    if found.block:
        lines = without_block(lines, found.block)
    return "".join(lines)


def without_block(lines: list[str], block: Block) -> list[str]:
    """`lines` without our block and the blank line that we put before it."""
    before, after = lines[: block.begin], lines[block.end + 1 :]
    if before and not before[-1].strip():
        before.pop()
    if not after and before and not lines[block.end].endswith(("\r", "\n")):
        before[-1] = before[-1].rstrip("\r\n")  # the plan had no final line end, and we gave it none
    return before + after


def _first_item(found: Outline, first: int, last: int) -> tuple[int, re.Match[str]] | None:
    for number in range(first + 1, last):
        if number in found.texts and (item := _ITEM.match(found.lines[number])):
            return number, item
    return None


def _date(found: Outline) -> str:
    dated = _AS_OF.search(found.block.body) if found.block else None
    return dated[1] if dated else ""


def _signature(date: str) -> str:
    return f"{date} by {ROLE}"


def _word(stability: str) -> str:
    """The verdict in plain letters, so that the line can be told from other people's."""
    return re.sub(r"[^a-z -]", "", stability.lower()).strip() or "not known"
