"""
Traces: which spans a request waited for, which service they belong to, and what a faster one would save.

The critical path is walked back from the end of the root: the child that finished last was waited for, before it the
child that had finished when that one began, and so on (as CRISP does, Uber 2022). What remains is the span's own time.
A child that outlives its parent, or follows from it, was not waited for. Times are whole nanoseconds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Final

import numpy as np

from sre_kit.compute.vocabulary import Gap

SKEW: Final = 100
"""A child that ends this part of its parent's duration after it (1 %) is cut there: two clocks, not asynchronous."""
SECOND: Final = 1_000_000_000
DEEPEST: Final = 500
"""Spans below this depth are left out: no call tree, but a loop of references or an attack."""


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work; `parent` is empty for a root; `follows` where the parent did not wait (FOLLOWS_FROM)."""

    trace: str
    id: str
    parent: str
    service: str
    operation: str
    start: int
    end: int
    follows: bool = False


@dataclass(frozen=True, slots=True)
class TraceSet:
    """Spans of files that were read, and files that could not be."""

    spans: tuple[Span, ...] = ()
    source: str = ""
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One root with what it waited for: own nanoseconds on the critical path by (service, operation)."""

    root: Span
    path: Mapping[tuple[str, str], int]
    asynchronous: int
    """Descendants that were not waited for because they outlived their parent or followed from it."""
    shifted: int
    """Descendants that began before their parent, whose clock was moved into it."""
    halved: Mapping[str, int]
    """Service -> nanoseconds that the request would take if the service's own work took half as long."""

    def saved(self, service: str) -> int:
        """Nanoseconds that it would be shorter then; none where it did not wait for the service."""
        whole = self.root.end - self.root.start
        return whole - self.halved.get(service, whole)


@dataclass(frozen=True, slots=True)
class PathShare:
    """A service's part of an operation's critical path, over all its requests."""

    service: str
    operations: tuple[str, ...]
    """The service's operations on the path, most time first."""
    share: float
    seconds: float
    """Mean own time on the path of a request."""
    saving: float
    """Mean seconds that a request would be shorter if the service's own work took half as long."""


@dataclass(frozen=True, slots=True)
class OperationPath:
    """Requests of one root operation; durations in seconds, shares by size."""

    operation: str
    requests: int
    mean: float
    p50: float
    p95: float | None
    """Missing below 20 requests."""
    shares: tuple[PathShare, ...]
    asynchronous: int
    shifted: int


@dataclass(slots=True)
class _Tree:
    """Children of each span, in the order of their ends, with what was put right on the way."""

    children: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    asynchronous: int = 0
    shifted: int = 0


def operation_paths(traces: TraceSet) -> list[OperationPath]:
    """Each root operation, most total time first."""
    groups: dict[str, list[Request]] = defaultdict(list)
    for one in requests(traces.spans):
        groups[f"{one.root.service}: {one.root.operation}"].append(one)
    found = [_operation(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda one: (-one.mean * one.requests, one.operation))


def requests(spans: Iterable[Span]) -> Iterator[Request]:
    """
    The roots of every trace with their critical paths.

    A span whose parent is missing is no root; only where a trace has no root at all, its longest span stands for it.
    """
    traces: dict[str, dict[str, Span]] = defaultdict(dict)
    for span in spans:
        traces[span.trace].setdefault(span.id, span)
    for known in traces.values():
        roots = [span for span in known.values() if not span.parent]
        if not roots:
            orphans = [span for span in known.values() if span.parent not in known]
            roots = [max(orphans, key=lambda span: (span.end - span.start, span.id))] if orphans else []
        below: dict[str, list[Span]] = defaultdict(list)
        for span in known.values():
            if span.parent in known:
                below[span.parent].append(span)
        for root in roots:
            tree = _Tree()
            _grow(tree, root, below, 0, 0)
            path = dict(_path(tree, root))
            services = {service for service, _ in path}
            halved = {service: _replayed(tree, root, service) for service in sorted(services)}
            yield Request(root, path, tree.asynchronous, tree.shifted, halved)


def _grow(tree: _Tree, span: Span, below: Mapping[str, Sequence[Span]], moved: int, depth: int) -> None:
    """The descendants that a span waited for, each within its parent; `moved` is what its clock was put right by."""
    if depth > DEEPEST:
        return
    for written in below.get(span.id, ()):
        child = replace(written, start=written.start + moved, end=written.end + moved)
        own = moved
        if child.start < span.start and child.end - child.start <= span.end - span.start:
            # another machine's clock: centred in the parent, as Jaeger shows it
            shift = span.start + (span.end - span.start - (child.end - child.start)) // 2 - child.start
            child, own = replace(child, start=child.start + shift, end=child.end + shift), moved + shift
            tree.shifted += 1
        late = child.end - span.end
        if child.follows or child.start >= span.end or late > (span.end - span.start) // SKEW:
            tree.asynchronous += 1
            continue
        child = replace(child, start=max(child.start, span.start), end=min(child.end, span.end))
        tree.children[span.id].append(child)
        _grow(tree, child, below, own, depth + 1)
    tree.children[span.id].sort(key=lambda one: (one.end, one.start, one.id))


def _path(tree: _Tree, root: Span) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    waiting = [root]
    while waiting:
        span = waiting.pop()
        cursor, own = span.end, 0
        for child in reversed(tree.children[span.id]):
            if child.end <= cursor and child.start < cursor:
                own += cursor - child.end
                cursor = child.start
                waiting.append(child)
        found[span.service, span.operation] += own + cursor - span.start
    return found


def _replayed(tree: _Tree, root: Span, service: str) -> int:
    """Nanoseconds of the root if the own work of `service` took half as long; who waited for whom stays as it was."""

    def length(span: Span) -> int:
        # a span begins at 0; a child when all that had ended before it have ended again, after the same own work
        running: list[tuple[int, int]] = []
        factor = 1 if span.service == service else 2
        last_old, last_new = span.start, 0
        for child in sorted(tree.children[span.id], key=lambda one: (one.start, one.end, one.id)):
            while running and running[0][0] <= child.start:
                old, new = heappop(running)
                last_old, last_new = max(last_old, old), max(last_new, new)
            began = last_new + (child.start - last_old) * factor // 2
            heappush(running, (child.end, began + length(child)))
        for old, new in running:
            last_old, last_new = max(last_old, old), max(last_new, new)
        return last_new + (span.end - last_old) * factor // 2

    return length(root)


def _operation(name: str, group: Sequence[Request]) -> OperationPath:
    durations = np.array([(one.root.end - one.root.start) / SECOND for one in group])
    by_service: dict[str, Counter[str]] = defaultdict(Counter)
    for one in group:
        for (service, operation), own in one.path.items():
            by_service[service][operation] += own
    total = sum(sum(own.values()) for own in by_service.values())
    shares = [
        PathShare(
            service=service,
            operations=tuple(operation for operation, _ in own.most_common()),
            share=sum(own.values()) / total if total else 0.0,
            seconds=sum(own.values()) / SECOND / len(group),
            saving=sum(one.saved(service) for one in group) / SECOND / len(group),
        )
        for service, own in by_service.items()
    ]
    return OperationPath(
        operation=name,
        requests=len(group),
        mean=float(durations.mean()),
        p50=float(np.quantile(durations, 0.5)),
        p95=float(np.quantile(durations, 0.95)) if len(group) >= 20 else None,
        shares=tuple(sorted(shares, key=lambda one: (-one.share, one.service))),
        asynchronous=sum(one.asynchronous for one in group),
        shifted=sum(one.shifted for one in group),
    )
