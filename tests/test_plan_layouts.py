# ruff: noqa: E501 - a case is easier to read on one line
"""
Sixty-four whole plans in layouts of our own making: whatever is not ours keeps its bytes, in each of them.

The layouts differ in how headings, roles, boxes and tables are written, in line ends, and in what stands around the
SRE's section. What must change is known beforehand, because each layout is made with its two forms side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import cycle, islice, product
from pathlib import Path

import pytest

from sre_kit.buildplan import update
from sre_kit.check.points import PLAN, registered
from sre_kit.load.buildplan import readiness
from sre_kit.store.plan import outline
from sre_kit.store.plan_updates import foreign, without, without_block
from tests.test_buildplan import ALL, NONE, ONE

HEADINGS = [
    "## 7. Production Operations Phase",
    "### Phase 7: Production Operations",
    "## SRE",
    "#### 🛡️ Site Reliability Engineer",
    "Production Operations\n---------------------",
    "## Productiebeheer (SRE)",
    "## 7) Opérations de production",
    "##    7.  Production Operations Phase ##",
]
ROLES = [
    "**Agent:** Site Reliability Engineer  ",
    "- **Agent**: SRE",
    "Owner: Ravi Menon (SRE)",
    "__Role:__ Site Reliability Engineer",
]
STATUSES = [
    ("**Status:** Not Started  ", "**Status:** Complete  "),
    ("Status: ⬜ NOT STARTED", "Status: ✅ COMPLETE"),
    ("- **Status**: pending", "- **Status**: complete"),
    ("", ""),
]
TASKS = [
    ("- [ ] Define SLOs\n- [ ] Plan capacity", "- [x] Define SLOs\n- [x] Plan capacity"),
    ("* [ ] **Define SLOs**  \n* [ ] Create `runbooks`", "* [x] **Define SLOs**  \n* [x] Create `runbooks`"),
    ("1. [ ] Define SLOs\n   - [ ] Set up monitoring", "1. [x] Define SLOs\n   - [x] Set up monitoring"),
    ("☐ Define SLOs\n\n☐ Plan capacity", "☑ Define SLOs\n\n☑ Plan capacity"),
    ("- ⬜ Define SLOs 🎯\n- ⏳ Plan capacity", "- ✅ Define SLOs 🎯\n- ✅ Plan capacity"),
    ("| Task | Status |\n|:--|--:|\n| Define SLOs | ⬜ |", "| Task | Status |\n|:--|--:|\n| Define SLOs | ✅ |"),
    ("+\t[ ] SLOs definieren\n+\t[ ] Kapazität planen", "+\t[x] SLOs definieren\n+\t[x] Kapazität planen"),
    (
        "-   [ ] [SLODefinitions.md](docs/SRE/SLODefinitions.md)",
        "-   [x] [SLODefinitions.md](docs/SRE/SLODefinitions.md)",
    ),
]
BETWEEN = [
    "```md\n- [ ] Define SLOs\n```",
    "<!-- - [ ] Define SLOs\n- [ ] Plan capacity -->",
    "An example:\n\n    - [ ] Define SLOs",
    "> - [ ] Define SLOs\n> lazy",
    "~~~\n## SRE\n- [ ] Plan capacity\n~~~",
    "Prose about SLOs, with trailing spaces   \nand a\ttab, U+2028 \u2028 and 中文.",
    "<details><summary>more</summary>\n\ntext\n\n</details>",
    "$$ x^2 $$\n\n***",
]
BEFORE = [
    "# Build Plan & Technical Task Tracker\n\n## Project Overview\n\n**Current Phase:** QA  \n**Overall Progress:** 80%",
    "---\ntitle: plan\n---\n\n# Plan",
    "\ufeff# Projectplan",
    "Plan\n====",
]
AFTER = [
    "## Recent Updates\n\n- [2026-10-12] QA Engineer: tests\n- [2026-09-01] DevOps Engineer: cluster\n\n*Last Updated: 2026-10-12 by QA Engineer*",
    "## Risk Register\n\n| Risk | Impact |\n|--|--|\n| a \\| b | High |\n\n## Next Steps\n\n1. Ship",
    "### 📝 Recent Updates\n* 2026-10-12 QA Engineer: tests\n\n**Last updated:** 12 October 2026",
    "[x]: https://example.org 'ref'\n\n***\n_Last updated: [date] by Role_",
]  # fmt: skip
OTHER = "## 6. QA Phase\n\n**Agent:** QA Engineer\n**Status:** Complete\n\n- [x] Test plan\n- [ ] Plan capacity for the load test rig\n- [ ] Set up monitoring"


@dataclass(frozen=True)
class Layout:
    """A plan as it is, and as its foreign and ticked lines must read once everything is proven."""

    before: str
    after: str


def layouts() -> list[Layout]:
    """Heading x task style, the other differences in rotation so that each meets many."""
    made = []
    around = islice(cycle(product(ROLES, STATUSES)), 64)
    for number, ((heading, tasks), (role, status)) in enumerate(zip(product(HEADINGS, TASKS), around, strict=True)):
        between, before, after = BETWEEN[number % 8 - number // 8], BEFORE[number % 4], AFTER[number // 2 % 4]
        forms = []
        for which in (0, 1):
            section = [heading, "", role, "", *([status[which], ""] if status[0] else []), tasks[which], "", between]
            forms.append("\n\n".join([before, OTHER, "\n".join(section), after]))
        eol, last = ("\n", "\r\n", "\r")[number % 3], ("", "\n", "\n\n\n")[number // 3 % 3]
        made.append(Layout(*((form + last).replace("\n", eol) for form in forms)))
    return made


EVERY = layouts()


def theirs(text: str) -> str:
    found = outline(without(text))
    assert found.block
    return "".join(without_block(list(found.lines), found.block))


def test_there_are_sixty_four_different_layouts() -> None:
    assert len({one.before for one in EVERY}) == 64


@pytest.mark.parametrize("number", range(64))
def test_whatever_is_not_ours_keeps_its_bytes(number: int) -> None:
    layout = EVERY[number]
    edit = update(layout.before, ALL)
    assert theirs(edit.text).encode() == layout.after.encode()
    assert foreign(edit.text) == foreign(layout.before)
    assert update(edit.text, ALL).text == edit.text, "a second run changes nothing"
    assert edit.ticked and not edit.contradictions
    nothing = update(layout.before, NONE)
    assert theirs(nothing.text).encode() == layout.before.encode()
    assert not nothing.ticked
    some = update(layout.before, ONE)
    changed = [
        (a, b) for a, b in zip(outline(layout.before).lines, outline(theirs(some.text)).lines, strict=True) if a != b
    ]
    assert len([one for one in changed if "tatus" not in one[0]]) == len(some.ticked)
    assert len(changed) <= len(some.ticked) + 1


@pytest.mark.parametrize("number", range(64))
def test_no_box_in_code_quotes_or_comments_is_read_as_a_task(number: int) -> None:
    found = readiness(EVERY[number].before)
    wanted = {"Test plan", "Plan capacity for the load test rig", "Set up monitoring"}
    assert set(found.open_elsewhere) | {"Test plan"} == wanted
    boxes = EVERY[number].before.replace("\r\n", "\n").replace("\r", "\n")
    shown = TASKS[number % 8][0]
    assert len(found.open_tasks) == sum(shown.count(sign) for sign in ("[ ]", "☐", "⬜", "⏳")), boxes


TEMPLATE = """\
# Plan

## 7. Production Operations Phase

**Agent:** Site Reliability Engineer

- [ ] Define SLOs

## Recent Updates

- [2026-10-12] QA Engineer: performance test report added

*Last Updated: 2026-10-12 by QA Engineer*
"""


def test_the_last_word_is_ours_in_the_words_of_the_template_and_can_be_taken_back() -> None:
    text = update(TEMPLATE, ALL).text
    assert (
        "- [2026-11-01] Site Reliability Engineer: SRE documents published in docs/SRE, 8 of 8 tasks proven, "
        "system at risk\n- [2026-10-12] QA Engineer: performance test report added\n"
    ) in text
    assert "*Last Updated: 2026-11-01 by Site Reliability Engineer*\n" in text
    assert "- **Last updated before:** `2026-10-12 by QA Engineer`\n" in text
    assert theirs(text) == TEMPLATE.replace("- [ ]", "- [x]")
    assert readiness(foreign(text)).updated == "2026-10-12 by QA Engineer"


def test_one_line_of_ours_stands_among_the_updates_however_often_we_write() -> None:
    text = update(update(TEMPLATE, NONE).text, ALL).text
    later = update(text, replace(ALL, as_of=date(2026, 11, 9)))
    assert later.text == text, "the date moves only when something else does"
    moved = update(text, replace(ONE, as_of=date(2026, 11, 9))).text
    assert moved.count("Site Reliability Engineer: SRE documents published") == 1
    assert "*Last Updated: 2026-11-09 by Site Reliability Engineer*" in moved


def test_what_another_role_writes_after_us_is_theirs_again() -> None:
    text = update(TEMPLATE, ALL).text.replace(
        "*Last Updated: 2026-11-01 by Site Reliability Engineer*", "*Last Updated: 2026-11-20 by DevOps Engineer*"
    )
    again = update(text, ALL).text
    assert "- **Last updated before:** `2026-11-20 by DevOps Engineer`" in again
    assert "2026-11-20 by DevOps Engineer*" in theirs(again)


def test_a_plan_without_updates_and_footer_gets_none() -> None:
    plan = TEMPLATE.partition("## Recent")[0]
    text = update(plan, ALL).text
    assert "Last updated" not in text and "SRE documents published" not in text


def test_an_update_that_a_person_reworded_is_theirs() -> None:
    text = update(TEMPLATE, ALL).text.replace("system at risk", "system at risk, see the pager")
    assert "see the pager" in theirs(update(text, ONE).text)


HELD_BY = {
    1: "test_whatever_is_not_ours_keeps_its_bytes",
    3: "test_update_twice_is_update_once_and_foreign_text_stays",
    4: "test_only_the_state_of_proven_tasks_changes",
    5: "test_no_box_in_code_quotes_or_comments_is_read_as_a_task",
    9: "test_a_missing_section_is_added_once_after_the_last_phase",
    10: "test_of_several_sections_the_one_with_the_agent_is_used_and_the_others_are_named",
    11: "test_a_status_that_is_not_understood_is_reported",
    15: "test_a_set_is_written_and_the_second_time_nothing_is_touched",
    16: "test_the_difference_is_shown_as_a_unified_diff",
    17: "test_a_missing_or_empty_plan_becomes_a_minimal_one_and_says_so",
    18: "test_a_plan_that_is_not_utf_8_is_refused",
    19: "test_a_ticked_box_is_never_unticked",
    20: "test_the_date_moves_only_when_something_else_does",
}
"""Points of the rubric that a plan's text cannot show -> the test that holds them."""


def test_each_of_the_twenty_points_is_judged_by_a_rule_or_held_by_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    assert all(f"def {name}(" in tests for name in HELD_BY.values())
    judged = {int(number) for document, number in registered() if document == PLAN}
    assert judged | set(HELD_BY) == set(range(1, 21))
    assert not judged & set(HELD_BY)
