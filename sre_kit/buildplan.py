"""
The SRE part of build-plan.md, as a pure edit of its text: our tasks, their phase's status, one marked block.

A box is ticked on evidence alone, and never unticked. Every foreign byte stays, a second run changes nothing, and
the date in the block moves only when something else does. Where we are not sure which text is ours, we refuse.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from sre_kit.errors import DocumentError, ProtectedError
from sre_kit.escape import md_link, md_text
from sre_kit.store.plan import (
    Block,
    Heading,
    Outline,
    Section,
    Task,
    digest,
    outline,
    phases,
    split,
    sre_section,
)
from sre_kit.store.plan_updates import before_line, foreign, update_line, without, written
from sre_kit.store.plan_words import TASKS, Mark, mark

NAME: Final = "build-plan.md"
NEEDED: Final = {"implement-auto-scaling": "implemented"}
"""Tasks that need more than a document: what their evidence must have reached."""
_IN_TEMPLATE: Final = tuple(slug for slug in TASKS if slug != "hand-over")
_DONE_SIGNS: Final = ("✅", "☑", "✔")
_AS_OF: Final = re.compile(r"\bas of (\d{4}-\d{2}-\d{2})")
_NUMBER: Final = re.compile(r"(?i)^(?P<before>(?:phase\s+)?)(?P<number>\d{1,3})(?P<after>[.:)])")
_RULE: Final = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})")


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    Whether a task is proven, and by what.

    `reached` is ``documented``, ``prepared`` (a file for another tool was made) or ``implemented`` (it runs in
    production); `documents` are paths relative to the project.
    """

    done: bool
    why: str
    documents: tuple[str, ...] = ()
    reached: str = "documented"


@dataclass(frozen=True)
class BuildPlanState:
    """What the plan shall say: evidence by task slug (``plan_words.TASKS``) and the state of operations."""

    as_of: date
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    incident_response_status: str = ""
    metrics: tuple[tuple[str, str], ...] = ()
    """Name and value, as SREHandoff.md states them."""
    stability: tuple[str, str, str] = ("", "", "")
    """The word, the rule it follows from, and the reason today."""
    documents: tuple[str, ...] = ()
    """Paths of the SRE's documents, relative to the project."""


@dataclass(frozen=True)
class Edit:
    """The new text and what was decided; `text` equals the old one where there was nothing to do."""

    text: str
    ticked: tuple[str, ...] = ()
    left_open: tuple[tuple[str, str], ...] = ()
    """Task and the reason why it stays open."""
    contradictions: tuple[str, ...] = ()
    """What the plan claims and the evidence does not; never changed by us."""
    notes: tuple[str, ...] = ()
    aside: str = ""
    """Hand-edited text that `force` replaced; the caller saves it."""


def decoded(content: bytes) -> str:
    """
    The plan as text, byte order mark and line ends kept, so that encoding gives the same bytes again.

    Raises
    ------
    DocumentError
        It is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{NAME}: not UTF-8 at byte {error.start}; save it as UTF-8, it was not touched") from None


def diff(before: str, after: str) -> str:
    """The change as a unified diff; empty when there is none."""
    old, new = ([line + "\n" for line in re.split(r"\r\n|\r|\n", text)] for text in (before, after))
    return "".join(difflib.unified_diff(old, new, f"a/{NAME}", f"b/{NAME}"))


def update(plan: str, state: BuildPlanState, *, force: bool = False) -> Edit:
    """
    Bring the SRE's part of `plan` up to `state`; an empty `plan` becomes a minimal one.

    Parameters
    ----------
    force
        Replace our block even where a person edited it; their text comes back as `aside`.

    Raises
    ------
    ProtectedError
        Our markers are damaged, our block was edited by hand, or an unclosed fence would swallow it.
    """
    edit = _updated(plan, state, force)
    again = _updated(edit.text, state, force=False)
    if again.text != edit.text or foreign(edit.text) != foreign(plan):
        raise ProtectedError(
            f"{NAME}: a block after line {len(split(edit.text.partition('<!-- sre-kit:begin')[0]))} would be taken for "
            "something else; look above it for a code fence or a comment that is not closed"
        )
    return edit


def _updated(plan: str, state: BuildPlanState, force: bool) -> Edit:
    there = outline(plan).block
    if there and there.edited and not force:
        raise ProtectedError(
            f"{NAME}: the block in lines {there.begin + 1} to {there.end + 1} was changed by hand; "
            "move your text out of the block, or replace it with --force (it is saved aside)"
        )
    plan = without(plan)
    found = outline(plan)
    section, notes = sre_section(found)
    lines = list(found.lines)
    edit = Edit(plan, notes=notes)
    if section:
        ours = update_line(found)
        edit = _tasks_edited(section, state, lines, edit, ours)
        edit = _status_edited(section, state, lines, edit, ours)
        body = _summary(state)
    else:
        body, note = _new_section(plan, found, state)
        edit = _open_tasks(state, edit if found.block else replace(edit, notes=(*edit.notes, note)), found.block, body)
    body = body.replace("\n\n| Operational metric", f"\n{before_line(found)}\n| Operational metric", 1)
    if found.block:
        if found.block.edited:
            edit = replace(edit, aside=found.block.body, notes=(*edit.notes, "a block edited by hand was replaced"))
        else:
            body = _with_old_date(found.block.body, body, state.as_of)
    tasks = _shown(state)
    proven = sum(not _reason(slug, state) for slug in tasks)
    text = _with_block(plan, lines, found, section, body)
    return replace(edit, text=written(text, proven, len(tasks), state.stability[0]))


def _verdict(task: Task, state: BuildPlanState) -> str:
    """Why a task must stay open; empty when its evidence is complete."""
    if not task.slugs:
        return "nothing of ours can prove it; tick it by hand when it is done"
    reasons = [_reason(slug, state) for slug in sorted(task.slugs)]
    return "; ".join(reason for reason in reasons if reason)


def _reason(slug: str, state: BuildPlanState) -> str:
    evidence = state.evidence.get(slug)
    if evidence is None:
        return "no evidence was given"
    needed = NEEDED.get(slug)
    if evidence.done and needed and evidence.reached != needed:
        return f"{evidence.reached}, not {needed}: {evidence.why}"
    return "" if evidence.done else evidence.why


def _number(line: int, ours: int | None) -> int:
    """A line as people count it, once our line among the updates stands above it."""
    return line + 1 + (ours is not None and ours <= line)


def _tasks_edited(section: Section, state: BuildPlanState, lines: list[str], edit: Edit, ours: int | None) -> Edit:
    ticked: list[tuple[int, str]] = []
    left: list[tuple[int, str, str]] = []
    claims = list(edit.contradictions)
    done: dict[int, bool] = {}  # by line of the list item, filled from the innermost outwards
    for task in sorted(section.tasks, key=lambda one: (-len(one.within), one.line)):
        label = f"{task.text} (line {_number(task.line, ours)})"
        reason = _verdict(task, state)
        unfinished = sum(1 for other in section.tasks if task.item in other.within and not done[other.line])
        if unfinished:
            reason = "; ".join(part for part in (reason, f"{unfinished} of its sub-tasks open") if part)
        done[task.line] = False
        if task.mark is None or task.mark.state == "unknown":
            left.append((task.line, label, "how its state is written is not understood; change it by hand"))
        elif task.mark.state == "done":
            done[task.line] = True
            if reason and (task.slugs or unfinished):
                claims.append(f"{label} is ticked, but {reason}")
        elif reason:
            left.append((task.line, label, reason + _doubt(lines[task.line], task.mark)))
        else:
            done[task.line] = True
            ticked.append((task.line, label))
            lines[task.line] = task.mark.replaced(lines[task.line], task.mark.done)
    notes = edit.notes if section.tasks else (*edit.notes, f"no tasks under {section.heading.title!r}")
    return replace(
        edit,
        ticked=tuple(label for _, label in sorted(ticked)),
        left_open=tuple((label, reason) for _, label, reason in sorted(left)),
        contradictions=tuple(claims),
        notes=notes,
    )


def _doubt(line: str, state: Mark) -> str:
    """What a line says besides its open box."""
    other = next((sign for sign in _DONE_SIGNS if sign in line[state.end :]), "")
    return f" (its box is open, and its line says {other})" if other else ""


def _status_edited(section: Section, state: BuildPlanState, lines: list[str], edit: Edit, ours: int | None) -> Edit:
    """The phase's status goes forward only: complete with the last task, in progress with the first."""
    status = section.status
    if status is None:
        return edit
    where = f"the status {status.value!r} in line {_number(status.line, ours)}"
    written = mark(status.value, alone=True)
    if written is None or written.state == "unknown":
        return replace(edit, notes=(*edit.notes, f"{where} is not understood; change it by hand"))
    states = [task.mark.state for task in section.tasks if task.mark]
    known = any(task.slugs and task.mark for task in section.tasks)
    complete = known and not edit.left_open and not edit.contradictions
    if written.state == "done":
        if complete:
            return edit
        return replace(edit, contradictions=(*edit.contradictions, f"{where} says more than the tasks prove"))
    begun = bool(edit.ticked) or "done" in states
    value = written.done if complete else written.started if begun else None
    if value is not None:
        text = lines[status.line]
        lines[status.line] = text[: status.start] + written.replaced(status.value, value) + text[status.end :]
    return edit


def _open_tasks(state: BuildPlanState, edit: Edit, old: Block | None, body: str) -> Edit:
    """What is reported when the tasks stand in our own block."""
    ticked, left, claims = [], [], []
    for slug in _shown(state):
        reason, label = _reason(slug, state), TASKS[slug]
        if old and f"- [x] {label}\n" in old.body and reason:
            claims.append(f"{label} was ticked in our block, and is open again: {reason}")
        if reason:
            left.append((label, reason))
        elif not old or f"- [x] {label}\n" not in old.body:
            ticked.append(label)
    return replace(edit, ticked=tuple(ticked), left_open=tuple(left), contradictions=tuple(claims))


def _shown(state: BuildPlanState) -> tuple[str, ...]:
    """The template's tasks, and others that there is evidence about."""
    return (*_IN_TEMPLATE, *(slug for slug in TASKS if slug not in _IN_TEMPLATE and slug in state.evidence))


def _summary(state: BuildPlanState) -> str:
    """The text between our markers, line ends as LF."""
    word, rule, reason = (_plain(part).rstrip(".") for part in state.stability)
    lines = [
        "",
        f"**Production operations as of {state.as_of:%Y-%m-%d}**",
        "",
        f"- **Production incident response:** {_plain(state.incident_response_status) or _unknown('the incident log')}",
        f"- **System stability:** {word or _unknown('the SLIs')}, as of {state.as_of:%Y-%m-%d}."
        + (f" Rule: {rule}." if rule else "")
        + (f" Today: {reason}." if reason else ""),
    ]
    if state.documents:
        lines.append(f"- **Documents:** {', '.join(_link(path) for path in state.documents)}")
    lines += ["", "| Operational metric | Value |", "| --- | --- |"]
    lines += [f"| {_plain(name)} | {_plain(value) or '–'} |" for name, value in state.metrics] or [
        f"| all | {_unknown('the SLIs and the incident log')} |"
    ]
    lines += ["", "| SRE task | State | Evidence |", "| --- | --- | --- |"]
    for slug in _shown(state):
        evidence, why = state.evidence.get(slug), _plain(_reason(slug, state))
        links = ", ".join(_link(path) for path in evidence.documents) if evidence else ""
        proof = _plain(evidence.why) if evidence and not why else why
        lines.append(f"| {TASKS[slug]} | {'open' if why else 'done'} | {': '.join(p for p in (links, proof) if p)} |")
    return "\n".join([*lines, "", ""])


def _unknown(where: str) -> str:
    return f"Not known: ask the Site Reliability Engineer (expected from {where})"


def _plain(text: str) -> str:
    """Foreign text as Markdown; entities, because a marker is found by its "<" however that is escaped."""
    return md_text(text).replace("\\<", "&lt;")


def _link(path: str) -> str:
    return md_link(path.rpartition("/")[2], path).replace("\\<", "&lt;")


def _with_old_date(old: str, new: str, as_of: date) -> str:
    """The old block where nothing but the date differs."""
    dated = _AS_OF.search(old)
    same = bool(dated) and new.replace(f"as of {as_of:%Y-%m-%d}", dated[0] if dated else "") == old
    return old if same else new


def _new_section(plan: str, found: Outline, state: BuildPlanState) -> tuple[str, str]:
    """Our phase for a plan that has none, and what to say about it."""
    if not foreign(plan).strip("\ufeff \t\r\n"):
        title = "# Build Plan & Technical Task Tracker\n\n"
        return _phase(
            "\n" + title, "## Production Operations Phase", state
        ), f"{NAME} is missing or empty: a minimal one is made"
    last = _last_phase(found)
    if last is None:
        return _phase(
            "\n", "## Production Operations Phase", state
        ), "no phase was found; a section was added at the end"
    number = _NUMBER.match(last.title)
    prefix = f"{number['before']}{int(number['number']) + 1}{number['after']} " if number else ""
    heading = f"{'#' * last.level} {prefix}Production Operations Phase"
    return _phase("\n", heading, state), f"no SRE section was found; one was added after {last.title!r}"


def _phase(before: str, heading: str, state: BuildPlanState) -> str:
    reasons = {slug: _reason(slug, state) for slug in _shown(state)}
    status = "In Progress" if any(reasons.values()) else "Complete"
    status = "Not Started" if all(reasons.values()) else status
    tasks = "".join(f"- [{' ' if reason else 'x'}] {TASKS[slug]}\n" for slug, reason in reasons.items())
    agent = f"**Agent:** Site Reliability Engineer  \n**Status:** {status}  \n**Tasks:**\n\n"
    return f"{before}{heading}\n\n{agent}{tasks}{_summary(state)}"


def _last_phase(found: Outline) -> Heading | None:
    known = phases(found)
    return known[-1] if known else None


def _with_block(plan: str, lines: list[str], found: Outline, section: Section | None, body: str) -> str:
    eol = _line_end(plan)
    text = _marked(body).replace("\n", eol)
    if found.block:
        tail = lines[found.block.end]
        ending = tail[len(tail.rstrip("\r\n")) :]
        return "".join([*lines[: found.block.begin], text, ending, *lines[found.block.end + 1 :]])
    heading = section.heading if section else _last_phase(found)
    first, last = (heading.line, heading.end) if heading else (0, len(lines))
    at = _after_text(lines, first, last)
    before, after = "".join(lines[:at]), "".join(lines[at:])
    if not before:
        return text + eol + after
    if not before.endswith(("\r", "\n")):
        return before + eol + eol + text  # a plan without final line end keeps to have none
    # after a lone CR a LF would not be a line of its own
    return before + ("\r\n" if before.endswith("\r") and eol == "\n" else eol) + text + eol + after


def _line_end(plan: str) -> str:
    """The line end that most lines of a plan have."""
    if "\n" not in plan:
        return "\r" if "\r" in plan else "\n"
    return "\r\n" if plan.count("\r\n") * 2 > plan.count("\n") else "\n"


def _marked(body: str) -> str:
    return (
        f"<!-- sre-kit:begin sha256={digest(body)} Written by sre-kit; text changed below this line is not kept. -->\n"
        f"{body}<!-- sre-kit:end -->"
    )


def _after_text(lines: list[str], first: int, last: int) -> int:
    """The line after the last one of a section that says something; a closing rule belongs to what follows."""
    at = last
    while at > first and (not lines[at - 1].strip() or (at < len(lines) and _closing_rule(lines, at - 1))):
        at -= 1
    return at


def _closing_rule(lines: list[str], line: int) -> bool:
    """Whether a line is a rule and not the underline of a heading."""
    return bool(_RULE.fullmatch(lines[line].rstrip("\r\n"))) and line > 0 and not lines[line - 1].strip()
