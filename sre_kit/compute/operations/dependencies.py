"""
Who needs whom: the order of a restore, what falls with a component, and what nothing else can replace.

An edge means that the caller needs the called to answer. Asynchronous edges bind nobody's start, so they order nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sre_kit.compute.asked import of_kind
from sre_kit.compute.operations.plan import OperationsPlan
from sre_kit.compute.vocabulary import Fact, Kind


@dataclass(frozen=True, slots=True)
class Edge:
    """`caller` needs `called`; `effect` says what happens when it is away."""

    caller: str
    called: str
    kind: str = ""
    effect: str = ""
    source: str = ""

    @property
    def binding(self) -> bool:
        """Whether the caller cannot work without it; true where nobody said otherwise."""
        return "async" not in self.kind.lower()

    @property
    def external(self) -> bool:
        """Whether somebody else runs it."""
        return "external" in self.kind.lower()


@dataclass(frozen=True, slots=True)
class Graph:
    """Components and who needs whom."""

    components: tuple[str, ...]
    edges: tuple[Edge, ...]

    @property
    def external(self) -> frozenset[str]:
        """Components that somebody else runs."""
        return frozenset(edge.called for edge in self.edges if edge.external)

    def needs(self, component: str) -> tuple[str, ...]:
        """What `component` cannot work without, in reading order."""
        return tuple(dict.fromkeys(e.called for e in self.edges if e.caller == component and e.binding))

    def lines(self, component: str) -> tuple[str, ...]:
        """Where documents say that something needs `component`; what params add stands in no document."""
        every = (e.source for e in self.edges if e.called == component and e.binding and e.source != "params")
        return tuple(dict.fromkeys(line for line in every if line))

    def falls_with(self, component: str) -> tuple[str, ...]:
        """Everything that stops or suffers when `component` is away, nearest first."""
        found: dict[str, None] = {}
        front = [component]
        while front:
            front = [e.caller for e in self.edges if e.binding and e.called in front and e.caller not in found]
            found.update(dict.fromkeys(front))
        found.pop(component, None)
        return tuple(found)


def dependency_graph(facts: Sequence[Fact], needs: Mapping[str, Sequence[str]] | None = None) -> Graph:
    """
    The graph in the documents: components, and dependencies that name both ends.

    `needs` (from params) adds what the documents leave out: component -> what it cannot work without.
    """
    edges = [
        Edge(caller, str(fact.value), fact.details.get("kind", ""), _effect(fact), fact.source)
        for fact in of_kind(facts, Kind.DEPENDENCY)
        if (caller := fact.details.get("from", ""))
    ]
    known = {(edge.caller, edge.called) for edge in edges}
    for caller, called in (needs or {}).items():
        edges += [Edge(caller, one, source="params") for one in called if (caller, one) not in known]
    named = [fact.name for fact in of_kind(facts, Kind.COMPONENT) if fact.name]
    ends = [end for edge in edges for end in (edge.caller, edge.called)]
    return Graph(tuple(dict.fromkeys([*named, *ends])), tuple(edges))


def _effect(fact: Fact) -> str:
    return next((text for key, text in fact.details.items() if key in ("when it fails", "effect", "impact")), "")


@dataclass(frozen=True, slots=True)
class Order:
    """
    Steps that may each start when the ones before are done; what stands in one step may run side by side.

    `cycle` names components that need each other, so that no order exists for them; empty when all is well.
    """

    steps: tuple[tuple[str, ...], ...]
    cycle: tuple[str, ...] = ()


def topological(needs: Mapping[str, Iterable[str]]) -> Order:
    """
    An order in which everything comes after what it needs.

    >>> topological({"shop": ["db", "cache"], "db": [], "cache": ["db"]}).steps
    (('db',), ('cache',), ('shop',))
    >>> topological({"a": ["b"], "b": ["a"]}).cycle
    ('a', 'b', 'a')
    """
    waiting = {name: [one for one in dict.fromkeys(wanted) if one in needs] for name, wanted in needs.items()}
    steps: list[tuple[str, ...]] = []
    while ready := tuple(name for name, wanted in waiting.items() if not any(one in waiting for one in wanted)):
        steps.append(ready)
        for name in ready:
            del waiting[name]
    return Order(tuple(steps), _cycle(waiting))


def _cycle(waiting: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One cycle of what is left, from its first component back to it."""
    path: list[str] = []
    at = next(iter(waiting), "")
    while at and at not in path:
        path.append(at)
        at = next(one for one in waiting[at] if one in waiting)
    return (*path[path.index(at) :], at) if at else ()


def restore_order(graph: Graph, only: Iterable[str] = ()) -> Order:
    """The order in which to bring components back; what others run is not ours to restore. `only` limits the answer."""
    ours = [one for one in graph.components if one not in graph.external]
    found = topological({one: graph.needs(one) for one in ours})
    wanted = set(only) or set(ours)
    steps = (tuple(one for one in step if one in wanted) for step in found.steps)
    return Order(tuple(step for step in steps if step), found.cycle)


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """
    A component that nothing can stand in for.

    `state` is "single" (one instance, or run by one other party), or "not known" where nobody says how many there are;
    `falls` is what goes down with it; `cover` is the scenario or the accepted risk that deals with it, empty: nothing.
    `evidence` are the lines that say so.
    """

    name: str
    state: Literal["single", "not known"]
    reason: str
    falls: tuple[str, ...] = ()
    cover: str = ""
    evidence: tuple[str, ...] = ()


def single_points(
    graph: Graph,
    instances: Mapping[str, int | None],
    *,
    redundancy: Mapping[str, str] | None = None,
    named: Mapping[str, str] | None = None,
    cover: Mapping[str, str] | None = None,
    one_zone: Mapping[str, str] | None = None,
) -> list[SinglePoint]:
    """
    What the graph and the documents show as a single point of failure, the widest first.

    Parameters
    ----------
    instances
        Component -> how many run in production; missing or None where nobody says.
    redundancy
        Component -> what takes over (a standby, a second provider).
    named
        Points that the documents name themselves -> where.
    cover
        Name -> the scenario or accepted risk that deals with it.
    one_zone
        Component that runs in a single zone -> where that is said; what takes over in the same zone falls with it.
    """
    stands_in, covered, zoned = redundancy or {}, cover or {}, one_zone or {}
    found = []
    for one in graph.components:
        falls, count = graph.falls_with(one), instances.get(one)
        if one in zoned and falls:
            found.append(SinglePoint(one, "single", "in one zone", falls, covered.get(one, ""), (zoned[one],)))
            continue
        if one in stands_in or (count is not None and count > 1) or (not falls and one not in graph.external):
            continue
        state: Literal["single", "not known"] = "single"
        if one in graph.external:
            reason = "run by one other party"
        elif count == 1:
            reason = "one instance"
        else:
            state, reason = "not known", "no document says how many instances there are or what takes over"
        found.append(SinglePoint(one, state, reason, falls, covered.get(one, ""), graph.lines(one)))
    seen = {one.name for one in found}
    found += [
        SinglePoint(name, "single", "named by the documents", graph.falls_with(name), covered.get(name, ""), (source,))
        for name, source in (named or {}).items()
        if name not in seen
    ]
    return sorted(found, key=lambda one: (one.state, bool(one.cover), -len(one.falls), one.name != one.name.lower()))


def covered_points(plan: OperationsPlan) -> dict[str, str]:
    """Component or single point -> the scenario that covers it, or who accepted its risk."""
    found = {name: f"scenario {one.name}" for one in plan.scenarios for name in one.components}
    return found | {name: f"accepted: {why}" for name, why in plan.accepted_risks.items()}


def instance_counts(facts: Sequence[Fact]) -> dict[str, int | None]:
    """Production instances per component, as the documents count them; the larger of two statements."""
    found: dict[str, int | None] = {}
    for fact in of_kind(facts, Kind.COMPONENT):
        if fact.scope.environment in ("", "production"):
            written = fact.details.get("count", "")
            count = int(written) if written.isdigit() else None
            before = found.get(fact.name)
            found[fact.name] = before if count is None else max(count, before or 0)
    return found
