"""The demo meets the rubric, and what no rule reaches yet is listed where contributors look."""

from __future__ import annotations

import re
from dataclasses import replace

from sre_kit.check import Bundle, checks, evaluate, unchecked
from sre_kit.check.points import registered
from sre_kit.check.rubric import MACHINE
from tests.check.damage import rewritten
from tests.conftest import ROOT

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
NOT_KNOWN_IN_THE_DEMO: set[tuple[str, str]] = set()
"""The demo has an input for every point."""


def test_no_point_fails_on_the_demo(published: Bundle) -> None:
    failed = [p for p in evaluate(published) if p.state == "failed"]
    assert not failed, "\n".join(f"{p.document}.md:{p.line} {p.number}. {p.title}: {p.evidence}" for p in failed)


def test_what_is_not_known_in_the_demo_is_what_the_demo_lacks(published: Bundle) -> None:
    not_known = {(p.document, p.number) for p in evaluate(published) if p.state == "not known"}
    assert not_known == NOT_KNOWN_IN_THE_DEMO


def test_every_point_has_evidence_that_a_person_can_look_up(published: Bundle) -> None:
    for one in evaluate(published):
        assert one.evidence, one
        assert one.title, one
        assert 0 <= one.line <= len(published.page(one.document).lines), one


def test_the_render_judged_what_the_check_judges(published: Bundle) -> None:
    """A render judges before anything is published; where files lie must make no difference."""
    found = checks(p for p in evaluate(published) if p.document in published.manifest.documents)
    assert found == dict(published.manifest.checks)


def test_points_that_are_not_reached_are_listed_for_contributors() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    found = re.search(r"<!-- not reached: begin -->\n(.*?)<!-- not reached: end -->", text, re.DOTALL)
    assert found, "CONTRIBUTING.md has no list between the markers"
    listed = dict(re.findall(r"^- ([\w-]+): ([\d, ]+)$", found[1], re.MULTILINE))
    wanted = {document: ", ".join(numbers) for document, numbers in unchecked(MACHINE).items() if numbers}
    assert listed == wanted


def test_rules_are_written_for_points_of_the_rubric_alone() -> None:
    strange = [key for key in registered() if key[0] != "*" and key[1] not in MACHINE[key[0]]]
    assert not strange


def test_an_empty_document_passes_no_point_that_needs_its_text(published: Bundle) -> None:
    """Only what generated files prove is left of it."""
    points = evaluate(rewritten(published, "SLODefinitions", "# Nothing\n"), ["SLODefinitions"])
    assert {p.number for p in points if p.number.isdigit() and p.state != "failed"} == {"20", "21"}


def undecided(published: Bundle) -> tuple[str, str]:
    """The playbook with a backup that nobody has decided: the document asks for it, or it does not."""
    asked = "**Not known:** how media-bucket is saved: ask DevOps Engineer (expected in InfrastructureSpec.md, Backups)"
    text = published.documents["OperationalPlaybook"]
    hole = re.sub(
        r"^\| media-bucket +\| versioning.*$", f"| media-bucket | not decided {'| – ' * 7}|", text, flags=re.M
    )
    return re.sub(r"(## Backup and recovery steps\n\n[^\n]*\n)", rf"\1\n{asked}\n", hole), hole


def test_a_backup_that_nobody_has_decided_is_honest_when_the_document_asks_for_it(published: Bundle) -> None:
    honest, hole = undecided(published)
    for document, state in ((honest, "passed"), (hole, "failed")):
        points = evaluate(rewritten(published, "OperationalPlaybook", document), ["OperationalPlaybook"])
        found = {p.number: p.state for p in points}
        assert found["12"] == "passed"
        assert found["11"] == state


def test_the_handoff_passes_with_an_undecided_backup_that_is_asked_for_and_fails_without_the_question(
    published: Bundle,
) -> None:
    """Point 2 stands on the counts that the changed playbook gets, wherever its table repeats them."""
    for document, state in zip(undecided(published), ("passed", "failed"), strict=True):
        changed = rewritten(published, "OperationalPlaybook", document)
        counted = checks(evaluate(changed, ["OperationalPlaybook"]))["OperationalPlaybook"]
        said = ", ".join(f"{counted[one]} {one}" for one in ("passed", "failed", "not known"))
        told = {**published.manifest.checks, "OperationalPlaybook": counted}
        changed = replace(changed, manifest=replace(changed.manifest, checks=told))
        row = r"(?m)^(\| *\[?OperationalPlaybook\b.*\| )\d+ passed, \d+ failed, \d+ not known"
        handoff, rows = re.subn(row, rf"\g<1>{said}", published.documents["SREHandoff"])
        assert rows == 1
        changed = replace(changed, documents={**changed.documents, "SREHandoff": handoff}, pages={})
        found = {p.number: p for p in evaluate(changed, ["SREHandoff"])}
        assert found["2"].state == state, found["2"].evidence
        assert state == "passed" or found["2"].evidence == "Summary: OperationalPlaybook fails 1 of its points"
