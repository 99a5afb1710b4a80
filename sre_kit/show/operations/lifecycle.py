"""What the project runs on, and when its support ends."""

from __future__ import annotations

from collections.abc import Sequence

from sre_kit.compute.operations.lifecycle import Lifecycle
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.document import cited
from sre_kit.show.shown import Record
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Strong
from sre_kit.units import MISSING

_ASK = "DevOps Engineer"
_WHERE = "params: operations.expiries, kind end of life"


def lifecycles(found: Sequence[Lifecycle]) -> Table:
    """Every version that the documents state, with its end of life, or the question for it."""
    rows: list[Sequence[Inline]] = []
    findings = []
    for one in found:
        what, left = f"{one.version.product} {one.version.number}", one.days_left
        ends = MISSING if one.ends is None else str(one.ends.ends)
        days = MISSING if left is None else f"in {left} d" if left >= 0 else f"{-left} d ago"
        state: Inline = one.state if one.state in ("ok", "not known") else Strong(one.state)
        more = f" and {one.places - 1} more" if one.places > 1 else ""
        rows.append(
            (
                one.version.product,
                one.version.number,
                ends,
                days,
                state,
                cited(one.version.source),
                more.strip() or MISSING,
            )
        )
        if one.state == "overdue" and one.ends is not None:
            findings.append(Finding(7, 15.0, f"{what} has been without support since {one.ends.ends}"))
    unknown = [f"{one.version.product} {one.version.number}" for one in found if one.ends is None]
    gaps = [Gap(f"the end of life of {', '.join(unknown)}", _ASK, _WHERE)] if unknown else []
    if not found:
        gaps = [Gap("which versions of databases, runtimes and systems are in use", _ASK, "InfrastructureSpec.md")]
    return Table(
        ("Product", "Version", "End of life", "Left", "State", "Stated in", "Also"),
        rows,
        gaps=gaps,
        findings=findings,
        records=(Record("operations.versions_without_end", len(unknown), "versions", "documents"),) if found else (),
    )
