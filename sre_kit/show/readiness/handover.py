"""The hand-over: what was made and what not, what is open, who has the pager from when, who has signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from sre_kit.compute.incidents import IncidentLog
from sre_kit.compute.readiness.indicators import Crosscheck
from sre_kit.compute.readiness.plan import HandoverPlan, OpenItem
from sre_kit.compute.vocabulary import About, Finding, Gap
from sre_kit.show.document import cited, document_link
from sre_kit.show.shown import Note, Record, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Code, Inline, Lines, Link, Strong
from sre_kit.store.manifest import Manifest
from sre_kit.units import MISSING, number

SUBJECTS: Final = {
    "SLODefinitions": "objectives, error budgets, alerting",
    "IncidentResponse": "severities, on-call, runbooks",
    "PerformanceOptimization": "baselines, bottlenecks, load tests",
    "CapacityPlanning": "use, forecasts, scaling, cost",
    "OperationalPlaybook": "recurring work, recovery, patches, changes",
}
OURS: Final = "SREHandoff"
_ASK: Final = "Site Reliability Engineer"


def deliverables(manifest: Manifest) -> Table:
    """Each document with path, version, hash and report time; what was not made and why; its rubric result."""
    rows: list[Sequence[Inline]] = []
    missing = []
    for name, about in SUBJECTS.items():
        made = manifest.documents.get(name)
        if made is None:
            missing.append(name)
            rows.append(
                (
                    f"{name}.md",
                    about,
                    Strong("not made"),
                    MISSING,
                    MISSING,
                    "it was not rendered; sre-kit render makes it",
                )
            )
            continue
        judged = manifest.checks.get(name)
        result: Inline = "not judged"
        if judged:
            result = f"{judged['passed']} passed, {judged['failed']} failed, {judged['not known']} not known"
        rows.append(
            (
                Link(f"{name}.md", f"{name}.md"),
                about,
                number(made.version),
                Code(made.sha256[:12]),
                made.as_of[:16].replace("T", " ") + "Z",
                result,
            )
        )
    others = sorted(set(manifest.documents) - set(SUBJECTS) - {OURS})
    return Table(
        ("Document", "What it holds", "Version", "sha256", "As of", "Rubric"),
        rows,
        note=f"{len(SUBJECTS) - len(missing)} of {len(SUBJECTS)} documents are made."
        + (f" Beside them: {', '.join(others)}." if others else ""),
        gaps=[Gap(f"the document {name}.md", _ASK, f"docs/SRE/{name}.md", "it was not rendered") for name in missing],
        records=(Record("handover.documents", len(SUBJECTS) - len(missing), "documents"),),
    )


def _others(manifest: Manifest) -> bool:
    return bool(set(manifest.documents) - {OURS})


def rubric_failures(manifest: Manifest) -> Table:
    """Points of the rubric that a document does not meet, with its evidence."""
    rows: list[Sequence[Inline]] = [
        (name, str(one["number"]), one["title"], one["evidence"])
        for name, judged in sorted(manifest.checks.items())
        if name != OURS
        for one in judged.get("failures", ())
    ]
    said = "No point that a machine can decide fails." if manifest.checks else "The documents were not judged yet."
    return Table(
        ("Document", "Point", "What", "Evidence"),
        rows,
        empty=said,
        records=(Record("handover.rubric_failures", len(rows), "points"),),
    )


def top_findings(manifest: Manifest, most: int = 10) -> Table:
    """What a person must know today, out of the other documents, the most urgent kinds first."""
    found = [one for one in manifest.findings if one["document"] != OURS]
    found.sort(key=lambda one: (one["rank"], -one["size"], one["text"]))
    seen: dict[str, str] = {}
    for one in found:
        seen.setdefault(one["text"], one["document"])
    shown = list(seen.items())[:most]
    rows: list[Sequence[Inline]] = [
        (str(n), text, Link(f"{doc}.md", f"{doc}.md")) for n, (text, doc) in enumerate(shown, 1)
    ]
    note = f"{len(shown)} of {len(seen)} findings." if rows else ""
    return Table(
        ("", "Finding", "Stands in"),
        rows,
        note=note,
        empty="The other documents report no finding." if _others(manifest) else "No other document was rendered.",
    )


def questions_by_role(manifest: Manifest) -> Table:
    """How many open questions each role owes an answer to, with the first ones."""
    found = [gap for gap in manifest.gaps if gap["document"] != OURS]
    asked: dict[str, list[str]] = {}
    for gap in found:
        asked.setdefault(gap["ask"], [])
        if gap["what"] not in asked[gap["ask"]]:
            asked[gap["ask"]].append(gap["what"])
    rows: list[Sequence[Inline]] = [
        (role, number(len(what)), Lines(what[:3]))
        for role, what in sorted(asked.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return Table(
        ("Ask", "Questions", "The first"),
        rows,
        empty="No question is open in the other documents." if _others(manifest) else "No other document was rendered.",
        note="All of them stand at the end of each document." if rows else "",
    )


def open_items(found: Sequence[OpenItem]) -> Table:
    """Risks, open incidents and open actions, overdue ones first."""
    rows: list[Sequence[Inline]] = [
        (
            one.kind,
            one.text,
            one.owner or Strong("nobody"),
            one.severity or MISSING,
            Strong(f"{one.due}, overdue") if one.overdue else str(one.due or MISSING),
            cited(one.source),
        )
        for one in found
    ]
    late = sum(one.overdue for one in found)
    return Table(
        ("Kind", "What", "Owner", "Severity", "Due", "Source"),
        rows,
        note=f"{late} of {len(found)} are overdue." if rows else "",
        empty="No risk, open incident or open action is recorded.",
        gaps=[
            Gap(f"who owns: {one.text}", "Head of Engineering", "params: handover.risks")
            for one in found
            if not one.owner
        ],
        records=(Record("handover.open_items", len(found), "items"), Record("handover.overdue_items", late, "items")),
    )


def gotchas(log: IncidentLog, most: int = 8) -> Table:
    """What has caused incidents more than once, with counts: what a new reader must know."""
    counted = Counter(factor for one in log.incidents for factor in one.factors)
    rows: list[Sequence[Inline]] = []
    for factor, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]:
        last = max((one for one in log.incidents if factor in one.factors), key=lambda one: one.began)
        if count > 1:
            rows.append((factor, number(count), f"{last.id}: {last.title}"))
    gaps = (
        () if counted else (Gap("what caused past incidents", "DevOps Engineer", "the incident log, factors", log.gap),)
    )
    return Table(("Factor", "Incidents", "The last one"), rows, gaps=gaps, empty="" if gaps else "No factor recurs.")


def crosschecks(found: Sequence[Crosscheck], manifest: Manifest) -> Table:
    """This document's numbers beside the others': no difference, or each named."""
    rows: list[Sequence[Inline]] = [
        (
            Code(one.name),
            _plain(one.here),
            _plain(one.there),
            Link(f"{one.document}.md", f"{one.document}.md"),
            Code(one.other),
            "equal" if one.agrees else Strong("differs"),
        )
        for one in found
    ]
    apart = [one for one in found if not one.agrees]
    inner = [d for d in manifest.disagreements if d["document"] != OURS and d["against"].get("document") != OURS]
    note = f"{len(found)} numbers compared, {len(apart)} differences; "
    note += f"{len(inner)} disagreements among the other documents."
    return Table(
        ("Number", "Here", "There", "Document", "Its name there", "Result"),
        rows,
        note=note if found or inner else "",
        empty="No other document states one of these numbers yet.",
        findings=tuple(Finding(7, 9.0, f"{one.name} differs between {OURS}.md and {one.document}.md") for one in apart),
        records=(
            Record("integrity.differences", len(apart) + len(inner), "numbers"),
            Record("integrity.compared", len(found), "numbers"),
        ),
    )


def _plain(value: object) -> str:
    return MISSING if value is None else f"{value:.6g}" if isinstance(value, int | float) else str(value)


class Plan(Protocol):
    """What build-plan.md says, as ``load.project`` reads it."""

    @property
    def phases(self) -> Sequence[tuple[str, str]]: ...
    @property
    def open_tasks(self) -> Sequence[str]: ...
    @property
    def done_tasks(self) -> Sequence[str]: ...
    @property
    def updated(self) -> str: ...
    @property
    def milestones(self) -> Sequence[tuple[str, str]]: ...
    @property
    def risks(self) -> Sequence[tuple[str, str, str, str]]: ...
    @property
    def problem(self) -> str: ...


def build_plan(plan: Plan, *, opening: bool = False) -> Stack:
    """
    The phases, our tasks, the next milestones and the risk register of build-plan.md.

    A document shows the plan before its own render ticks it, and links to it from docs/SRE; at the `opening` of a
    session it is shown as it stands.
    """
    gap = Gap("the state of the build plan", "Project Manager", "build-plan.md", plan.problem or "it was not found")
    if plan.problem or not (plan.phases or plan.open_tasks or plan.done_tasks):
        return Stack(Note.gap(gap))
    link: Inline = Code("build-plan.md") if opening else Link("build-plan.md", "../../build-plan.md")
    tasks_title = "Task of the SRE" if opening else "Task of the SRE, before this render"
    phases: list[Sequence[Inline]] = [(name, state or MISSING) for name, state in plan.phases]
    tasks: list[Sequence[Inline]] = [(name, "done") for name in plan.done_tasks] + [
        (name, Strong("open")) for name in plan.open_tasks
    ]
    milestones: list[Sequence[Inline]] = [(name, day or "no date") for name, day in plan.milestones]
    return Stack(
        Table(("Phase", "Status"), phases, source=link, note=f"Last updated {plan.updated}." if plan.updated else ""),
        Table((tasks_title, "State"), tasks, empty="The plan has no task of the SRE."),
        Table(("Milestone", "Date"), milestones, empty="The plan names no milestone."),
        Table(("Risk", "Impact", "Mitigation", "Status"), plan.risks, empty="The plan has no risk register."),
    )


def sign_offs(plan: HandoverPlan) -> Table:
    """Role, name, date; without a date it is open."""
    rows: list[Sequence[Inline]] = [
        (one.role, one.name or MISSING, str(one.signed or MISSING), "signed" if one.signed else Strong("open"))
        for one in plan.sign_offs
    ]
    gaps = [
        Gap(f"who signs as {one.role}", "Head of Engineering", "params: handover.sign_offs")
        for one in plan.sign_offs
        if not one.name
    ]
    if not rows:
        gaps = [Gap("who signs the hand-over", "Head of Engineering", "params: handover.sign_offs")]
    if plan.review_by is None:
        gaps.append(Gap("when this hand-over is reviewed", "Head of Engineering", "params: handover.review_by"))
    signed = sum(one.signed is not None for one in plan.sign_offs)
    note = f"{signed} of {len(rows)} have signed." + (f" Review by {plan.review_by}." if plan.review_by else "")
    return Table(
        ("Role", "Name", "Date", "State"),
        rows,
        note=note,
        gaps=gaps,
        records=(Record("handover.signed", signed, f"of {len(rows)}"),),
    )


def prior_inputs(about: About, linked: bool = True) -> Table:
    """
    Every document of the earlier phases: what was read, with hash and date; what is missing and who owes it.

    Links lead from docs/SRE; elsewhere ask for none.
    """
    rows: list[Sequence[Inline]] = [
        (
            document_link(d) if linked else d.name,
            d.path,
            d.phase,
            d.dated or MISSING,
            Code(d.sha256[:12]) if d.sha256 else MISSING,
            d.problem or "read",
        )
        for d in about.documents
    ]
    rows += [(d.name, d.path, d.phase, MISSING, MISSING, Strong(f"missing: ask {d.owner}")) for d in about.missing]
    return Table(
        ("Document", "Path", "Phase", "Dated", "sha256", "State"),
        rows,
        note=f"{len(about.documents)} read, {len(about.missing)} missing.",
        empty="No document of an earlier phase was found.",
    )
