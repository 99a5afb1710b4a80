"""Tasks as people write them: tables of states, phases, headings, drawn trees."""

from __future__ import annotations

import pytest

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import facts

PLAN = "docs/BUILD_STATUS.md"


def states(text: str, document: str = PLAN) -> dict[str, str]:
    return {
        str(fact.value): fact.details["state"]
        for fact in facts(text, document)
        if fact.kind is Kind.TASK and not fact.refused
    }


def test_a_part_with_a_state_is_a_task_of_a_plan():
    text = "| Component | Status |\n|---|---|\n| Schema | ✅ Complete |\n| Auth | 🔄 In Progress |\n| Pay | 🟡 |\n"
    assert states(text) == {"Schema": "done", "Auth": "open", "Pay": "open"}


def test_a_service_that_runs_is_no_task():
    text = "| Service | Port | Status |\n|---|---|---|\n| api | 8000 | Running |\n| web | 3000 | Running |\n"
    assert states(text) == {}


def test_a_column_of_marks_needs_no_name():
    text = "|  | What | Effort |\n|---|---|---|\n| ✅ | Login | 2d |\n| ⏳ | Search | 3d |\n| ❌ | Pay | 1d |\n"
    assert states(text) == {"Login": "done", "Search": "open", "Pay": "open"}


def test_a_numbered_phase_is_called_by_its_name():
    text = "| Phase | Name | Status |\n|---|---|---|\n| 1 | Setup | Done |\n| Phase 2 | Core | Planned |\n"
    assert states(text) == {"Setup": "done", "Phase 2: Core": "open"}


@pytest.mark.parametrize(
    ("line", "name", "state"),
    [
        ("## Phase 0 — Setup — DONE", "Phase 0 — Setup", "done"),
        ("## Auth module COMPLETE (2026-01-02)", "Auth module", "done"),
        ("### Sub-task 0.5 — Design system (already complete)", "Sub-task 0.5 — Design system", "done"),
        ("**Phase 3: Mobile** ⏳", "Phase 3: Mobile", "open"),
        ("- Auth - done", "Auth", "done"),
    ],
)
def test_a_line_that_ends_in_a_state_is_a_task(line, name, state):
    assert states(f"# Build plan\n\n{line}\n") == {name: state}


def test_the_bullets_of_a_phase_are_its_tasks_but_its_fields_are_none():
    text = "## Phase 2: Launch\n\n- Duration: 2 weeks\n- Goal: first customers\n- Set up DNS\n- Smoke tests\n"
    assert states(text) == {"Set up DNS": "open", "Smoke tests": "open"}


def test_the_phases_of_a_system_that_grows_are_no_tasks():
    assert states("# Infrastructure\n\n### Phase 1: MVP\n\n- Single AZ\n- db.t3.nano\n", "infrastructure.md") == {}


def test_a_priority_under_a_state_keeps_the_state_of_the_heading_above():
    assert states("## Remaining work\n\n### High priority\n\n1. Rate limits\n") == {"Rate limits": "open"}


def test_a_line_that_only_says_the_state_is_no_task():
    assert states("## Documentation\n\n⏳ Pending - waiting for the review\n") == {}


def test_a_drawn_plan_is_read():
    text = "```\nPhase 5\n├── ✅ Schema\n└── [ ] Seeds\n```\n"
    assert states(text) == {"Schema": "done", "Seeds": "open"}
