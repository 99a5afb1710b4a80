"""What could run by itself: the seven opportunities, what people do of them today, and the files that would do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from sre_kit.compute.operations.automation import Opportunity
from sre_kit.compute.vocabulary import Gap
from sre_kit.show.artifact import Artifact
from sre_kit.show.document import cited, fact_link
from sre_kit.show.shown import Note, Record, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Link, Strong
from sre_kit.units import MISSING, number

_ASK: Final = "DevOps Engineer"
_WHERE: Final = "params: operations.automations"


class File(Protocol):
    """A file as ``emit`` makes it."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def about(self) -> str: ...


class Files(Protocol):
    """What ``emit`` made, and why opportunities got no file."""

    @property
    def files(self) -> Sequence[File]: ...
    @property
    def left_out(self) -> Sequence[str]: ...


def automations(found: Sequence[Opportunity]) -> Table:
    """The seven opportunities: state or reason, minutes a person spends today, the files that would do it."""
    rows = [_row(one) for one in found]
    undecided = [one.name for one in found if one.decided is None]
    gaps = [gap for one in found if one.decided is not None and (gap := one.gap)]
    gaps += [
        Gap(f"how many minutes a month {one.name} takes by hand", _ASK, _WHERE)
        for one in found
        if one.decided is not None and one.state != "not applicable" and one.by_hand.minutes is None
    ]
    if undecided:
        gaps.append(Gap(f"whether these are automated: {', '.join(undecided)}", _ASK, _WHERE))
    done, known = sum(one.state == "implemented" for one in found), [o.by_hand.minutes for o in found]
    minutes = sum(one for one in known if one is not None)
    note = "A file that would do it makes an opportunity prepared; only what runs in production is implemented."
    if any(one is not None for one in known):
        note = f"Together {number(round(minutes))} minutes a month by hand. {note}"
    return Table(
        ("Opportunity", "State", "Minutes a month by hand", "File", "Source"),
        rows,
        gaps=gaps,
        note=note,
        records=(
            Record("automation.implemented", done, "of 7"),
            Record(
                "automation.minutes_a_month", round(minutes) if undecided != [o.name for o in found] else None, "min"
            ),
            *(Record(f"automation.{o.name.replace(' ', '-')}", o.state, "state") for o in found),
        ),
    )


def _row(one: Opportunity) -> Sequence[Inline]:
    a, hand = one.decided, one.by_hand
    evidence: list[Inline] = [fact_link(fact) for fact in one.evidence[:2]]
    if a is None:
        return (one.name, Strong("not decided"), MISSING, MISSING, Lines(evidence) if evidence else MISSING)
    unmade = "its file could not be made" if a.state != one.state else ""
    files: list[Inline] = [Link(name, f"artifacts/{name}") for name in one.made]
    if a.artifact and a.artifact not in one.made:
        files.append(Code(a.artifact))
    return (
        one.name,
        Lines([text for text in (one.state, unmade, a.reason) if text]),
        MISSING if hand.minutes is None else Lines([number(round(hand.minutes)), hand.basis]),
        Lines(files) if files else MISSING,
        cited(a.source or "params"),
    )


def automation_guards(found: Sequence[Opportunity]) -> Table:
    """What each opportunity would do when, what keeps it from doing harm, and whether anybody tried."""
    rows: list[Sequence[Inline]] = []
    for one in found:
        if (a := one.decided) is None:
            rows.append((one.name, MISSING, MISSING, MISSING))
            continue
        what = [text for text in (a.trigger and f"when: {a.trigger}", a.action and f"then: {a.action}") if text]
        guard = [text for text in (a.guard, *a.guards) if text]
        rows.append((one.name, *(Lines(texts) if texts else MISSING for texts in (what, guard)), a.tested or MISSING))
    return Table(("Opportunity", "What", "Guard", "Tested"), rows)


def automation_files(made: Files) -> Shown:
    """Every file that was made, with how far it was checked, and why an opportunity got none."""
    parts: list[Shown] = [
        Artifact(one.name, one.content, media_type=one.media_type, about=one.about) for one in made.files
    ]
    gaps = [Gap("a file that automates it", _ASK, _WHERE, reason, degraded=True) for reason in made.left_out]
    parts += [Note.gap(*gaps)] if gaps else []
    return Stack(*(parts or [Note("No automation has a form, so no file is made.")]))
