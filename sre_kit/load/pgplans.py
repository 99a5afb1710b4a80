"""
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) of PostgreSQL, from a file: as printed by psql, as an API returns it, or as
auto_explain logs it. Each value keeps its line, so that a finding can point at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sre_kit.compute.performance.query_plans import Plan, PlanNode, PlanSet
from sre_kit.compute.vocabulary import Gap
from sre_kit.errors import DataError, SourceError

MAX_BYTES: Final = 20_000_000
DEEPEST: Final = 200
_NODE: Final = re.compile(r'(?<!\\)"Node Type":')
_KEY: Final = re.compile(r'^\s*(?:[\[{]\s*)*"([A-Z][A-Za-z ]+)":', re.MULTILINE)
_RULER: Final = re.compile(r"^\s*QUERY PLAN\s*\n-+\n", re.MULTILINE)


def plans(written: Sequence[tuple[str, Path]]) -> PlanSet:
    """The plans of the files named in the params; a pattern stands for all it matches, an unusable file is a gap."""
    found: list[Plan] = []
    gaps: list[Gap] = []
    for name, path in written:
        for one in sorted(path.parent.glob(path.name)) or [path]:
            try:
                found += _read(one)
            except (DataError, SourceError) as error:
                gaps.append(Gap(f"the plan {one.name}", "Backend Developer", name, str(error), degraded=True))
    return PlanSet(tuple(found), tuple(gaps))


def _read(path: Path) -> list[Plan]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} is larger than {MAX_BYTES // 10**6} MB; give one statement a file")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8; write it again") from None
    except OSError as error:
        raise SourceError(f"cannot read {path.name}: {error.strerror or error}") from None
    text = _unframed(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name}: no JSON ({error}); use EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)") from None
    every = content if isinstance(content, list) else [content]
    if not every or not all(isinstance(one, dict) and isinstance(one.get("Plan"), dict) for one in every):
        raise DataError(f"{path.name}: no plan of PostgreSQL; use EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)")
    places = [found.start() for found in _NODE.finditer(text)]
    lines = _Lines(text, places)
    plans = [_plan(path, one, lines, len(every) > 1, number) for number, one in enumerate(every, 1)]
    if any(one.execution is None for one in plans):
        raise DataError(f"{path.name}: planned, not executed; add ANALYZE and BUFFERS, which run the statement")
    return plans


def _unframed(text: str) -> str:
    """Without psql's heading, its "+" at the ends of lines and its count of rows; lines stay where they are."""
    framed = _RULER.search(text)
    if framed is None:
        return text
    body = re.sub(r"[ ]*\+$", "", text[framed.end() :], flags=re.MULTILINE)
    body = re.sub(r"^\(\d+ rows?\)\s*$", "", body, flags=re.MULTILINE)
    return "\n" * text[: framed.end()].count("\n") + body


class _Lines:
    """Where the keys of the n-th node stand: its own come before those of the nodes below it."""

    def __init__(self, text: str, places: Sequence[int]) -> None:
        self.text, self.places, self.next = text, places, 0

    def take(self) -> dict[str, int]:
        """The keys of the next node in reading order."""
        if self.next >= len(self.places):
            return {}
        first = self.places[self.next]
        self.next += 1
        last = self.places[self.next] if self.next < len(self.places) else len(self.text)
        number = self.text.count("\n", 0, first) + 1
        found = {"Node Type": number}
        for key in _KEY.finditer(self.text, first, last):
            found.setdefault(key[1], number + self.text.count("\n", first, key.start(1)))
        return found


def _plan(path: Path, content: Mapping[str, Any], lines: _Lines, several: bool, number: int) -> Plan:
    root = _node(path, content["Plan"], lines, 0)
    text = lines.text
    jit = content.get("JIT")
    timing = jit.get("Timing", {}).get("Total") if isinstance(jit, dict) else None
    # auto_explain logs a duration beside the plan and no execution time
    execution = content.get("Execution Time", root.get("Actual Total Time"))
    return Plan(
        name=f"{path.stem} {number}" if several else path.stem,
        source=path.name,
        root=root,
        execution=float(execution) if isinstance(execution, int | float) else None,
        planning=content.get("Planning Time"),
        statement=" ".join(str(content.get("Query Text") or "").split()),
        jit=float(timing) if isinstance(timing, int | float) else None,
        triggers=tuple(_triggers(content, text)),
        jit_line=_line(text, '"JIT":'),
    )


def _node(path: Path, values: Mapping[str, Any], lines: _Lines, depth: int) -> PlanNode:
    if depth > DEEPEST:
        raise DataError(f"{path.name}: a plan deeper than {DEEPEST} nodes is not read")
    own = lines.take()
    below = values.get("Plans")
    children = [one for one in below if isinstance(one, dict)] if isinstance(below, list) else []
    return PlanNode(
        values={key: value for key, value in values.items() if key != "Plans"},
        lines=own,
        children=tuple(_node(path, one, lines, depth + 1) for one in children),
    )


def _triggers(content: Mapping[str, Any], text: str) -> Iterator[tuple[str, float, int]]:
    for one in content.get("Triggers") or ():
        if isinstance(one, dict) and isinstance(one.get("Time"), int | float):
            name = str(one.get("Constraint Name") or one.get("Trigger Name") or "trigger")
            yield name, float(one["Time"]), _line(text, f'"{one.get("Trigger Name") or name}"')


def _line(text: str, words: str) -> int:
    at = text.find(words)
    return text.count("\n", 0, at) + 1 if at >= 0 else 0
