"""The points of the SRE part of build-plan.md that its text alone can show; how it is edited is tested elsewhere."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check.cells import near, number, plain
from sre_kit.check.page import tables
from sre_kit.check.points import PLAN, Bundle, Verdict, failed, not_known, passed, point
from sre_kit.errors import ProtectedError
from sre_kit.store.plan import Block, outline

EVIDENCE: Final = ["SRE task", "State", "Evidence"]


def _block(judged: Bundle) -> Block | Verdict:
    """Our block, or what the point comes to without one."""
    try:
        found = outline(judged.documents[PLAN]).block
    except ProtectedError as error:
        return failed(str(error))
    return found or not_known("the plan holds no block of ours yet; a render writes it")


def _rows(block: Block, header: list[str]) -> list[dict[str, str]]:
    table = next((one for one in tables(block.body) if one[0] == header), [header])
    return [dict(zip(header, row, strict=False)) for row in table[1:]]


@point(PLAN, 2, "A task is done only where its document was rendered and passed its rubric")
def evidence(judged: Bundle, name: str) -> Verdict:
    """Each done row against the manifest; a ticked box against its row."""
    block = _block(judged)
    if isinstance(block, Verdict):
        return block
    rows = _rows(block, EVIDENCE)
    if not rows:
        return failed("no table of tasks and evidence", block.begin + 1)
    for row in rows:
        if plain(row["State"]) != "done":
            continue
        documents = re.findall(r"\[(\w+)\.md\]", row["Evidence"])
        missing = [one for one in documents if one not in judged.manifest.documents]
        broken = [one for one in documents if judged.manifest.checks.get(one, {}).get("failed")]
        if missing or broken or not documents:
            why = (
                f"{missing[0]}.md is not rendered" if missing else f"checks of {', '.join(broken) or 'nothing'} failed"
            )
            return failed(f"{row['SRE task']} is done although {why}", block.begin + 1)
    return passed(f"{len(rows)} tasks with their evidence", block.begin + 1)


@point(PLAN, 6, "A parent is ticked only when all its children are")
def nested(judged: Bundle, name: str) -> Verdict:
    """Among the tasks of the SRE; other phases are not ours to judge."""
    try:
        found = outline(judged.documents[PLAN])
    except ProtectedError as error:
        return failed(str(error))
    for task in found.tasks:
        if not task.slugs or task.mark is None or task.mark.state != "done":
            continue
        open_ = [
            one for one in found.tasks if task.item in one.within and one.mark is not None and one.mark.state == "open"
        ]
        if open_ and task.item >= 0:
            return failed(f"{task.text!r} is ticked, {open_[0].text!r} below it is not", task.line + 1)
    return passed("no parent of the SRE is ticked before its children")


@point(PLAN, 7, "The markers are whole and stand once")
def markers(judged: Bundle, name: str) -> Verdict:
    """Half, doubled or swapped markers are refused by the reader."""
    block = _block(judged)
    return block if isinstance(block, Verdict) else passed("one block of ours", block.begin + 1)


@point(PLAN, 8, "Nobody edited the block by hand")
def untouched(judged: Bundle, name: str) -> Verdict:
    """Its hash is the one in its marker."""
    block = _block(judged)
    if isinstance(block, Verdict):
        return block
    if block.edited:
        return failed("the text between the markers was changed by hand", block.begin + 1)
    return passed("the text is the one we wrote", block.begin + 1)


@point(PLAN, 12, "The block has the state of incident response, metrics and stability, with the date")
def contents(judged: Bundle, name: str) -> Verdict:
    """All three, dated."""
    block = _block(judged)
    if isinstance(block, Verdict):
        return block
    wanted = (r"as of \d{4}-\d\d-\d\d", "Production incident response:", r"System stability:", "Operational metric")
    for pattern in wanted:
        if not re.search(pattern, block.body):
            return failed(f"the block lacks {pattern!r}", block.begin + 1)
    return passed("incident response, stability and metrics, dated", block.begin + 1)


@point(PLAN, 13, "Metrics equal those of SREHandoff")
def metrics(judged: Bundle, name: str) -> Verdict:
    """Shares against the reliability records."""
    block = _block(judged)
    if isinstance(block, Verdict):
        return block
    known = {
        n.removeprefix("reliability.").replace("_", " ").replace(".", " "): v
        for n, v in judged.records("reliability.").items()
    }
    count = 0
    for row in _rows(block, ["Operational metric", "Value"]):
        value = known.get(plain(row["Operational metric"]))
        if not isinstance(value, int | float) or not row["Value"].strip().endswith("%"):
            continue
        if not near(number(row["Value"]) / 100, value, least=6e-5):
            return failed(
                f"{row['Operational metric']} is {row['Value']} here and {value:g} in SREHandoff.md", block.begin + 1
            )
        count += 1
    return passed(f"{count} shares equal the records", block.begin + 1)


@point(PLAN, 14, "The rule for stable is shown")
def rule(judged: Bundle, name: str) -> Verdict:
    """The same words as in the records."""
    block = _block(judged)
    if isinstance(block, Verdict):
        return block
    words = judged.manifest.records.get("stability.rule", {}).get("value") or "stable:"
    if str(words) not in plain(block.body):
        return failed("the rule for stable is not shown, or another one", block.begin + 1)
    return passed("the rule for stable stands beside the verdict", block.begin + 1)
