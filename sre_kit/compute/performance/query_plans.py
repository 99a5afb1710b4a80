"""
Execution plans of PostgreSQL (EXPLAIN ANALYZE): what an expert looks for, each with the line that shows it.

A node's actual times and rows are per loop; below a Gather the loops of several workers run beside one another. Own
time is a node's time without that of the nodes below it. The bounds are in `BOUNDS`; below them nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sre_kit.compute.vocabulary import Gap
from sre_kit.units import number, percent, span

BOUNDS: Final = MappingProxyType(
    {
        "misestimate": 10.0,  # times more or fewer rows than planned
        "own time": 0.3,  # share of the execution
        "thrown away": 0.9,  # share of the rows that a scan read
        "inner loops": 1000.0,
        "jit": 0.1,  # share of the execution
        "triggers": 0.1,
        "cold": 0.5,  # share of the blocks
        "heap fetches": 0.1,  # share of the rows of an index-only scan
    }
)
LEAST_ROWS: Final = 100
"""A misestimate or a filter of fewer rows costs nothing."""
LEAST_BLOCKS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class PlanNode:
    """One node: the words of PostgreSQL in `values`, and in which line of the file each stands."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    children: tuple[PlanNode, ...] = ()

    @property
    def label(self) -> str:
        """Type, and the relation or index that it works on."""
        on = self.values.get("Relation Name") or self.values.get("Index Name") or ""
        kind = str(self.values.get("Node Type") or "node")
        return f"{kind} on {on}" if on else kind

    def get(self, name: str) -> float | None:
        """A number of the node; missing where it is none."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One statement's plan; milliseconds as PostgreSQL writes them, missing where it was not executed."""

    name: str
    source: str
    root: PlanNode
    execution: float | None
    planning: float | None
    statement: str = ""
    jit: float | None = None
    triggers: tuple[tuple[str, float, int], ...] = ()
    """(name, milliseconds, line)."""
    jit_line: int = 0


@dataclass(frozen=True, slots=True)
class PlanSet:
    """Plans that were read, and files that could not be."""

    plans: tuple[Plan, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanFinding:
    """Something that stands out, the line of the plan that shows it, and what to try."""

    plan: str
    what: str
    node: str
    evidence: str
    line: int
    suggestion: str
    share: float | None
    """Own time of the node as a share of the execution; missing for what is no node."""


def plan_findings(plans: PlanSet) -> list[PlanFinding]:
    """What stands out in each plan, most own time first."""
    found = [finding for plan in plans.plans if plan.execution is not None for finding in _of_plan(plan)]
    return sorted(found, key=lambda one: (one.plan, -(one.share or 0.0), one.line))


def own_times(plan: Plan) -> dict[int, float]:
    """Milliseconds of each node without the nodes below it, by the position in reading order; never below 0."""
    found: dict[int, float] = {}

    def walk(node: PlanNode, workers: int) -> float:
        place = len(found)
        found[place] = 0.0
        loops = node.get("Actual Loops") or 0.0
        # beside one another: the loops of a worker each, not one after the other
        whole = (node.get("Actual Total Time") or 0.0) * (max(1.0, loops / workers) if workers > 1 else loops)
        below = workers
        if node.values.get("Node Type") in ("Gather", "Gather Merge"):
            below = int(node.get("Workers Launched") or 0) + 1
        inner = sum(walk(child, below) for child in node.children)
        found[place] = max(0.0, whole - inner)
        return whole

    walk(plan.root, 1)
    return found


def _of_plan(plan: Plan) -> Iterator[PlanFinding]:
    own, total = own_times(plan), plan.execution or 0.0
    for place, (node, parent) in enumerate(_nodes(plan.root, None)):
        share = own[place] / total if total > 0 else None
        for what, evidence, key, suggestion in _of_node(node, parent, share):
            line = node.lines.get(key) or node.lines.get("Node Type", 0)
            yield PlanFinding(plan.name, what, node.label, evidence, line, suggestion, share)
    if plan.jit is not None and total and plan.jit / total > BOUNDS["jit"]:
        evidence = f"JIT took {span(plan.jit / 1000)} of {span(total / 1000)}"
        yield PlanFinding(
            plan.name, "compilation", "JIT", evidence, plan.jit_line, "jit = off for this statement", None
        )
    for name, time, line in plan.triggers:
        if total and time / total > BOUNDS["triggers"]:
            evidence = f"trigger {name} took {percent(time / total, 0)} of the time"
            advice = "an index on the referencing column, or the trigger's work once a statement"
            yield PlanFinding(plan.name, "trigger", name, evidence, line, advice, None)
    yield from _cold(plan)


def _cold(plan: Plan) -> Iterator[PlanFinding]:
    hit, read = plan.root.get("Shared Hit Blocks") or 0.0, plan.root.get("Shared Read Blocks") or 0.0
    if read >= LEAST_BLOCKS and read / (hit + read) > BOUNDS["cold"]:
        evidence = f"{number(read)} of {number(hit + read)} blocks came from outside the buffer cache"
        line = plan.root.lines.get("Shared Read Blocks", 0)
        advice = "run it again before judging its time; if it stays so, it touches more than fits"
        yield PlanFinding(plan.name, "cold buffers", plan.root.label, evidence, line, advice, None)


def _nodes(node: PlanNode, parent: PlanNode | None) -> Iterator[tuple[PlanNode, PlanNode | None]]:
    yield node, parent
    for child in node.children:
        yield from _nodes(child, node)


_Found = tuple[str, str, str, str]
"""What it is, the evidence, the key whose line shows it, what to try."""


def _of_node(node: PlanNode, parent: PlanNode | None, share: float | None) -> Iterator[_Found]:
    if share is not None and share >= BOUNDS["own time"]:
        yield "own time", f"{percent(share, 0)} of the execution", "Actual Total Time", "look here first"
    yield from _estimate(node)
    yield from _filter(node)
    yield from _spill(node)
    yield from _loops(node, parent)
    fetches, rows = (
        node.get("Heap Fetches") or 0.0,
        (node.get("Actual Rows") or 0.0) * (node.get("Actual Loops") or 0.0),
    )
    if fetches >= LEAST_ROWS and rows and fetches / rows > BOUNDS["heap fetches"]:
        evidence = f"{number(fetches)} heap fetches for {number(rows)} rows of an index-only scan"
        yield "stale visibility map", evidence, "Heap Fetches", f"VACUUM {node.values.get('Relation Name', '')}".strip()


def _estimate(node: PlanNode) -> Iterator[_Found]:
    planned, actual = node.get("Plan Rows"), node.get("Actual Rows")
    if planned is None or actual is None or not node.get("Actual Loops"):
        return
    low, high = sorted((max(1.0, planned), max(1.0, actual)))
    if high >= LEAST_ROWS and high / low > BOUNDS["misestimate"]:
        relation = node.values.get("Relation Name")
        advice = f"ANALYZE {relation}; extended statistics where columns depend on one another" if relation else (
            "statistics of the tables below it"
        )  # fmt: skip
        evidence = f"{number(planned)} rows planned, {number(actual)} came ({number(high / low)} times off)"
        yield "misestimate", evidence, "Actual Rows", advice


def _filter(node: PlanNode) -> Iterator[_Found]:
    for name in ("Rows Removed by Filter", "Rows Removed by Join Filter"):
        removed, kept = node.get(name) or 0.0, node.get("Actual Rows") or 0.0
        if (
            removed * (node.get("Actual Loops") or 1.0) < LEAST_ROWS * 10
            or removed / (removed + kept) <= BOUNDS["thrown away"]
        ):
            continue
        condition = node.values.get("Filter") or node.values.get("Join Filter") or ""
        scan = node.values.get("Node Type") in ("Seq Scan", "Parallel Seq Scan")
        advice = f"an index for {condition}" if scan and condition else "a condition that the index or the join can use"
        evidence = (
            f"{percent(removed / (removed + kept), 1)} of the rows read are thrown away ({number(removed)} a loop)"
        )
        yield "filter loss", evidence, name, advice


def _spill(node: PlanNode) -> Iterator[_Found]:
    if node.values.get("Sort Space Type") == "Disk":
        used = node.get("Sort Space Used") or 0.0
        evidence = f"{node.values.get('Sort Method', 'sort')}, {number(used)} kB on disk"
        yield (
            "sort spilled",
            evidence,
            "Sort Space Type",
            f"work_mem above {number(used)} kB for it, or an index in that order",
        )
    if (batches := node.get("Hash Batches") or node.get("HashAgg Batches") or 0.0) > 1:
        key = "Hash Batches" if node.get("Hash Batches") else "HashAgg Batches"
        disk = node.get("Disk Usage")
        evidence = f"{number(batches)} batches" + (f", {number(disk)} kB on disk" if disk else "")
        yield "hash spilled", evidence, key, "more work_mem for it, or fewer rows into it"
    if lossy := node.get("Lossy Heap Blocks"):
        yield "lossy bitmap", f"{number(lossy)} heap blocks lossy", "Lossy Heap Blocks", "more work_mem for it"


def _loops(node: PlanNode, parent: PlanNode | None) -> Iterator[_Found]:
    loops = node.get("Actual Loops") or 0.0
    inner = parent is not None and parent.values.get("Node Type") == "Nested Loop" and parent.children[-1] is node
    if inner and loops >= BOUNDS["inner loops"]:
        each = node.get("Actual Total Time") or 0.0
        evidence = f"run {number(loops)} times, {span(each * loops / 1000)} together"
        yield "many inner loops", evidence, "Actual Loops", "a hash join: see whether the outer side is misestimated"
