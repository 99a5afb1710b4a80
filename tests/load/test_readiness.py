"""What the plan says about readiness for production, in the dialects that plans are written in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sre_kit import load
from sre_kit.buildplan import BuildPlanState, Evidence, update
from sre_kit.load.buildplan import Readiness, foreign, readiness
from sre_kit.store.plan_words import TASKS

DEMO = Path(__file__).parents[2] / "sre_kit/demo/project/build-plan.md"


def test_the_demo_is_ready_but_for_the_sre():
    found = readiness(DEMO.read_text("utf-8"))
    assert [status for _, status in found.phases] == ["Complete"] * 6 + ["Not Started"]
    assert found.phases[0][0] == "1. Architecture & Planning Phase"
    assert found.open_tasks == tuple(TASKS.values())[:7] and found.done_tasks == () and found.open_elsewhere == ()
    assert (found.current_phase, found.progress) == ("Production Operations", "86%")
    assert found.updated == "2026-10-12 by QA Engineer"
    assert ("Public Launch", "2025-11-03") in found.milestones
    assert found.risks[1] == (
        "Payment provider outage stops all orders",
        "High",
        "Queue orders and capture the payment later",
        "Open",
    )


def test_our_own_block_is_not_read_back():
    plan = DEMO.read_text("utf-8")
    state = BuildPlanState(date(2026, 11, 1), {"define-slos": Evidence(True, "proven")}, "Last Updated: 1999-01-01")
    written = update(plan, state).text
    assert readiness(foreign(written)) == readiness(plan)
    assert readiness(written).done_tasks == ("Define SLOs",)
    assert readiness(written).updated == "2026-10-12 by QA Engineer"


@pytest.mark.parametrize(
    ("plan", "phases"),
    [
        ("## 1. Design\nStatus: ✅ Done\n", (("1. Design", "✅ Done"),)),
        ("## Phase 1: Design ✅\n", (("Phase 1: Design", "Complete"),)),
        ("## Phase 1\n- [x] a\n- [ ] b\n", (("Phase 1", "1 of 2 tasks ticked"),)),
        ("## Phase 1\ntext\n", (("Phase 1", ""),)),
        ("text\n", ()),
        ("", ()),
    ],
)
def test_a_phase_has_its_written_status_or_its_sign_or_its_boxes(plan, phases):
    assert readiness(plan).phases == phases


def test_a_planned_date_that_is_a_placeholder_is_no_date():
    plan = "## Technical Milestones\n\n1. **Production Ready** - [Planned Date]\n2. Beta — 2026-01-05\n* GA: TBD\n"
    assert readiness(plan).milestones == (("Production Ready", ""), ("Beta", "2026-01-05"))


def test_a_risk_register_may_lack_columns_and_cells():
    plan = "| Risk | Status |\n|-|-|\n| Fire | Open |\n| Flood |\n\n| Metric | Value |\n|-|-|\n| a | b |\n"
    assert readiness(plan).risks == (("Fire", "", "", "Open"), ("Flood", "", "", ""))


def test_tasks_that_other_phases_left_open_are_named():
    found = readiness("## QA\n- [ ] Soak test\n\n## SRE\n- [ ] Ask Bob\n- [x] Plan capacity\n")
    assert (found.open_elsewhere, found.open_tasks, found.done_tasks) == (
        ("Soak test",),
        ("Ask Bob",),
        ("Plan capacity",),
    )


def test_damaged_markers_are_a_problem_and_no_crash():
    assert "damaged" in readiness("<!-- sre-kit:begin -->\n").problem
    assert readiness("# P\n") == Readiness()


@pytest.mark.parametrize(
    "plan", [None, "", "\n", "# Plan\n\n## 7. SRE\n\n**Status:** Not Started\n\n- [ ] Define SLOs\n"]
)
def test_a_project_reads_the_same_before_and_after_its_plan_was_updated(plan, tmp_path):
    (tmp_path / "params.yaml").write_text("project: {name: Shop, path: .}\n")
    path = tmp_path / "build-plan.md"
    if plan is not None:
        path.write_text(plan)
    before = load.project(str(tmp_path / "params.yaml"))
    state = BuildPlanState(date(2026, 11, 1), {"define-slos": Evidence(True, "proven")}, "status as of 2026-11-01")
    path.write_text(update(plan or "", state).text)
    after = load.project(str(tmp_path / "params.yaml"))
    assert [t.text for t in after.texts] == [t.text for t in before.texts]
    assert [(d.path, d.sha256, d.dated) for d in after.documents] == [
        (d.path, d.sha256, d.dated) for d in before.documents
    ]
    assert after.missing == before.missing and after.gaps == before.gaps
    assert after.plan == before.plan and after.plan.done_tasks == ()
    assert after.plan_as_written.done_tasks == (("Define SLOs",) if plan and plan.strip() else ())
