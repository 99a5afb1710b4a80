"""``sre-kit check``: published documents against the rubric."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path

from sre_kit import check as rubric


def run(folder: Path, all_: bool, json: bool) -> int:
    """Print the points; 1 when one failed."""
    points = rubric.evaluate(rubric.bundle(folder))
    failed = sum(point.state == "failed" for point in points)
    if json:
        print(jsonlib.dumps([asdict(point) for point in points], indent=1, ensure_ascii=False))
    else:
        for point in points:
            if all_ or point.state != "passed":
                where = f":{point.line}" if point.line else ""
                print(f"{point.state:9}  {point.document}.md{where}  {point.number}. {point.title}")
                print(f"           {point.evidence}")
        counts = {state: sum(p.state == state for p in points) for state in ("passed", "failed", "not known")}
        print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if failed else 0
