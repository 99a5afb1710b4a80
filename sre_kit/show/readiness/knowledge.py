"""What the next person must see and learn: dashboards, sessions, exercises, reading order, words, the architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.asked import of_kind
from sre_kit.compute.operations.dependencies import Graph, restore_order
from sre_kit.compute.readiness.plan import HandoverPlan
from sre_kit.compute.vocabulary import About, Fact, Gap, Kind
from sre_kit.show.chart import COLOURS, Chart, figure
from sre_kit.show.document import document_link
from sre_kit.show.readiness.handover import SUBJECTS
from sre_kit.show.shown import Note, Record, Shown
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Link, Strong
from sre_kit.store.manifest import Manifest
from sre_kit.units import MISSING, number

_ASK: Final = "DevOps Engineer"
READING: Final = (
    ("SREHandoff", "this page: the state, who has the pager, what is open", 15),
    ("IncidentResponse", "before the first shift: severities, escalation, runbooks", 40),
    ("SLODefinitions", "what is promised and what is left of it", 30),
    ("OperationalPlaybook", "the daily check, then restores and changes", 40),
    ("CapacityPlanning", "what runs out first", 20),
    ("PerformanceOptimization", "where the time goes", 20),
)
"""Order of reading; the minutes are an assumption (about 200 words a minute)."""
PROCEDURES: Final = (
    ("Change management", "OperationalPlaybook", "Change control procedures", "28"),
    ("Configuration control", "OperationalPlaybook", "Configuration management", "25"),
    ("Security updates", "OperationalPlaybook", "Security patching process", "21"),
    ("Backup verification", "OperationalPlaybook", "Backup and recovery steps", "12"),
    ("Disaster recovery testing", "OperationalPlaybook", "Disaster recovery plans", "33"),
    ("Capacity monitoring", "CapacityPlanning", "Capacity triggers", "14"),
    ("Cost optimization", "CapacityPlanning", "Cost optimization opportunities", "11"),
    ("Daily and recurring work", "OperationalPlaybook", "Daily operational tasks", "1"),
    ("Maintenance", "OperationalPlaybook", "Maintenance procedures", "7"),
    ("Incidents", "IncidentResponse", "Incident severity classifications", "1"),
    ("Runbooks", "IncidentResponse", "Runbook documentation", "39"),
    ("Error budget policy", "SLODefinitions", "Error budget calculations", "15"),
)
"""The operational standards of the mission, where each is written, and the point of the rubric that decides it."""


def procedures(manifest: Manifest) -> Table:
    """Every operational standard with the section that describes it; what is not there, or asked for, is said."""
    rows: list[Sequence[Inline]] = []
    for what, document, heading, point in PROCEDURES:
        if document in manifest.documents:
            anchor = heading.lower().replace(" ", "-")
            asked = point in manifest.checks.get(document, {}).get("asked", {})
            state: Inline = Strong("not known, asked for there") if asked else "documented"
            rows.append((what, Link(f"{document}: {heading}", f"{document}.md#{anchor}"), state))
        else:
            rows.append((what, f"{document}: {heading}", Strong("not rendered")))
    return Table(("Procedure", "Written in", "State"), rows)


def sessions(plan: HandoverPlan) -> Table:
    """Knowledge-transfer sessions; without a date held they have not happened."""
    rows: list[Sequence[Inline]] = [
        (
            one.topic,
            one.presenter,
            ", ".join(one.attendees) or MISSING,
            str(one.held or MISSING),
            str(one.planned or MISSING),
            one.material or MISSING,
            one.recording or MISSING,
            "held" if one.held else Strong("not held"),
        )
        for one in plan.sessions
    ]
    gaps = (
        ()
        if rows
        else (Gap("which knowledge-transfer sessions are held", "Head of Engineering", "params: handover.sessions"),)
    )
    held = sum(one.held is not None for one in plan.sessions)
    return Table(
        ("Topic", "Presenter", "Attendees", "Held", "Planned", "Material", "Recording", "State"),
        rows,
        note=f"{held} of {len(rows)} sessions were held." if rows else "",
        gaps=gaps,
        records=(Record("handover.sessions_held", held, f"of {len(rows)}"),),
    )


def session_coverage(plan: HandoverPlan, critical: Sequence[str]) -> Table:
    """Each document and each critical service: at least one session that was held, at least two people."""
    rows: list[Sequence[Inline]] = []
    for name in dict.fromkeys([*SUBJECTS, *critical]):
        about = [one for one in plan.sessions if name in one.covers]
        people = {p for one in about if one.held for p in (one.presenter, *one.attendees)}
        held = [one.topic for one in about if one.held]
        ahead = [f"{one.topic} ({one.planned})" for one in about if not one.held and one.planned]
        enough = bool(held) and len(people) >= 2
        rows.append(
            (
                name,
                ", ".join(held) or MISSING,
                ", ".join(ahead) or MISSING,
                number(len(people)),
                "covered" if enough else Strong("not covered"),
            )
        )
    return Table(
        ("Document or service", "Sessions held", "Sessions planned", "People", "State"),
        rows,
        note="Covered: at least one session was held, with at least two people.",
    )


def shadowing(plan: HandoverPlan) -> Table:
    """Who learns the pager how, and by which criteria it ends."""
    rows: list[Sequence[Inline]] = [
        (
            one.person,
            one.kind,
            str(one.starts),
            str(one.ends),
            one.criteria or MISSING,
            f"done {one.done}" if one.done else Strong("not done"),
        )
        for one in plan.shadowing
    ]
    gaps = (
        () if rows else (Gap("who shadows whom, and until when", "Head of Engineering", "params: handover.shadowing"),)
    )
    return Table(("Person", "Kind", "From", "To", "Ends when", "State"), rows, gaps=gaps)


def exercises(plan: HandoverPlan) -> Table:
    """Game days and wheels of misfortune, with their results."""
    rows: list[Sequence[Inline]] = [
        (one.name, str(one.held or MISSING), str(one.planned or MISSING), one.result or Strong("no result yet"))
        for one in plan.exercises
    ]
    gaps = () if rows else (Gap("which exercises were held", "Head of Engineering", "params: handover.exercises"),)
    return Table(("Exercise", "Held", "Planned", "Result"), rows, gaps=gaps)


def reading_order(manifest: Manifest, about: About) -> Table:
    """What to read in which order, with minutes (assumption)."""
    rows: list[Sequence[Inline]] = []
    for name, why, minutes in READING:
        there = name in manifest.documents or name == "SREHandoff"
        rows.append(
            (
                str(len(rows) + 1),
                Link(f"{name}.md", f"{name}.md") if there else f"{name}.md (not rendered)",
                why,
                f"{minutes}",
            )
        )
    for document in about.documents:
        if document.name in ("SystemArchitecture", "InfrastructureSpec", "MonitoringAlerts"):
            rows.append((str(len(rows) + 1), document_link(document), f"by the {document.owner}", "15"))
    return Table(("", "Document", "Why", "Minutes"), rows, note="The minutes are an assumption.")


def glossary(plan: HandoverPlan) -> Table:
    """Words of this project."""
    rows: list[Sequence[Inline]] = [(word, meaning) for word, meaning in sorted(plan.glossary.items())]
    gaps = (
        () if rows else (Gap("the words that only this project uses", "Project Manager", "params: handover.glossary"),)
    )
    return Table(("Word", "Meaning"), rows, gaps=gaps)


def support_contracts(plan: HandoverPlan, about: About) -> Table:
    """Vendors' support contracts by their end."""
    today = about.as_of.date()
    rows: list[Sequence[Inline]] = [
        (name, str(ends), f"in {(ends - today).days} d" if ends >= today else Strong("ended"))
        for name, ends in sorted(plan.support_contracts.items(), key=lambda item: item[1])
    ]
    gaps = (
        ()
        if rows
        else (Gap("which support contracts there are", "Head of Engineering", "params: handover.support_contracts"),)
    )
    return Table(("Contract", "Ends", "Left"), rows, gaps=gaps)


def capacity_headroom(manifest: Manifest) -> Table:
    """Days to the first limits, as CapacityPlanning.md states them; the first order-by dates."""
    found: dict[str, dict[str, object]] = {}
    for name, record in manifest.records.items():
        parts = name.split(".")
        if parts[0] == "capacity" and parts[-1] in ("days_to_limit_p10", "days_to_limit_p50", "order_by", "headroom"):
            found.setdefault(".".join(parts[1:-1]), {})[parts[-1]] = record["value"]
    dated = {
        name: values
        for name, values in found.items()
        if any(values.get(key) is not None for key in ("days_to_limit_p50", "days_to_limit_p10"))
    }

    def soonest(item: tuple[str, dict[str, object]]) -> float:
        days = item[1].get("days_to_limit_p10", item[1].get("days_to_limit_p50"))
        return float(days) if isinstance(days, int | float) else float("inf")

    rows: list[Sequence[Inline]] = []
    for name, values in sorted(dated.items(), key=soonest)[:5]:
        days = [values.get(f"days_to_limit_{p}") for p in ("p10", "p50")]
        rows.append(
            (
                name,
                *(f"{d:.0f} d" if isinstance(d, int | float) else MISSING for d in days),
                str(values.get("order_by") or MISSING),
            )
        )
    empty = (
        "CapacityPlanning.md forecasts no limit within its horizon."
        if found
        else "CapacityPlanning.md was not rendered, or measures no resource."
    )
    return Table(
        ("Resource", "Days to the limit, P10", "P50", "Order by"),
        rows,
        source=Link("CapacityPlanning.md", "CapacityPlanning.md") if rows else "",
        empty=empty,
    )


def plot_architecture(graph: Graph, facts: Sequence[Fact], domains: Sequence[str] = ()) -> Shown:
    """Who needs whom, users on the left; stateful components and other parties in their own colours."""
    from matplotlib.patches import FancyArrowPatch

    order = restore_order(graph)
    linked = {end for edge in graph.edges for end in (edge.caller, edge.called)}
    columns = [[one for one in step if one in linked] for step in reversed(order.steps)]
    columns = [column for column in columns if column]
    outside = [one for one in graph.components if one in graph.external]
    if outside and columns:
        columns[-1] = [*columns[-1], *outside]
    if not columns:
        return Note.gap(Gap("who depends on whom", "Technical Architect", "SystemArchitecture.md, Dependencies"))
    stateful = {f.name for f in of_kind(facts, Kind.COMPONENT) if f.details.get("stateful") == "true"}
    stateful |= {f.name for f in of_kind(facts, Kind.BACKUP_SCHEDULE)}
    tallest = max(len(column) for column in columns)
    drawn, axes = figure(9, max(2.5, 0.55 * tallest + 0.6))
    place = {name: (x, (len(column) - 1) / 2 - y) for x, column in enumerate(columns) for y, name in enumerate(column)}
    unit = 9 / len(columns)  # inches from one column to the next
    for edge in graph.edges:
        if edge.caller in place and edge.called in place:
            ends = _arrow(edge.caller, place[edge.caller], edge.called, place[edge.called], unit)
            style = "solid" if edge.binding else "dashed"
            arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0, linestyle=style)
            arrow.set(color=COLOURS["grey"], linewidth=0.9)
            axes.add_patch(arrow)
    for name, (x, y) in place.items():
        colour = (
            COLOURS["purple"] if name in graph.external else COLOURS["orange"] if name in stateful else COLOURS["sky"]
        )
        axes.text(
            x,
            y,
            name,
            ha="center",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round", "facecolor": colour, "alpha": 0.45, "edgecolor": "none"},
        )
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-tallest / 2, tallest / 2))
    axes.axis("off")
    rows: list[Sequence[Inline]] = [
        (
            name,
            "another party" if name in graph.external else "keeps state" if name in stateful else "stateless",
            ", ".join(graph.needs(name)) or MISSING,
            ", ".join(graph.falls_with(name)) or MISSING,
        )
        for name in place
    ]
    rows.sort(key=lambda row: -len(str(row[3])))
    widest = max(place, key=lambda name: len(graph.falls_with(name)))
    alt = f"{len(place)} components and {len(graph.edges)} dependencies; most falls with {widest}: "
    alt += f"{', '.join(graph.falls_with(widest)) or 'nothing'}."
    note = "Solid: needed to answer. Dashed: asynchronous. Orange keeps state, purple is run by others."
    note += f" Failure domains: {'; '.join(domains)}." if domains else ""
    return Chart(
        drawn,
        name="architecture",
        alt=alt,
        data=Table(("Component", "Kind", "Needs", "Falls with it"), rows[:15], note=note),
    )


def _arrow(
    caller: str, start: tuple[float, float], called: str, end: tuple[float, float], unit: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of an arrow between two boxes: from the side of one to the near side of the other."""
    # a letter of 8 points is about 0.06 inches wide, and the box adds a little on either side
    before, after = (len(name) * 0.03 / unit + 0.1 / unit for name in (caller, called))
    side = (end[0] > start[0]) - (end[0] < start[0])
    if not side:
        near = 0.2 if end[1] > start[1] else -0.2
        return (start[0], start[1] + near), (end[0], end[1] - near)
    return (start[0] + side * before, start[1]), (end[0] - side * after, end[1])
