"""
Which version a document is, and what changed since the last one that differs.

A version goes up when the body does, so it is settled here, where the body is known; the header and the paragraph on
changes are left out of the comparison, or each run would change the next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sre_kit.escape import md_code, md_text
from sre_kit.render import decisions
from sre_kit.store.manifest import CHANGES_LINE_MARK, CHANGES_MARK, DECISIONS_MARK, sha256

SHOWN: Final = 12
"""Changed numbers that are listed; the rest is counted."""
IN_A_LINE: Final = 3
"""The same in a header."""
_VERSION: Final = re.compile(r"^- \*\*Version:\*\* (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Settled:
    """The document as it is published, its version, its body's hash, the version it is held against, and decisions."""

    text: str
    version: int
    body_sha256: str
    before: Mapping[str, Any]
    decisions: Mapping[str, Any] = field(default_factory=dict)


def settled(
    text: str,
    header: str,
    machine: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    decided: Sequence[Sequence[str]] = (),
    log: Sequence[Mapping[str, str]] = (),
) -> Settled:
    """
    `text` with its version and its changes filled in.

    Parameters
    ----------
    header
        The header's Markdown inside `text`.
    machine
        The header's part for the machine: ``version`` if the body differs, ``last`` as it was published.
    records
        What the document states now.
    decided
        What somebody decided, as (subject, what, value), and the `log` that is kept of it.
    """
    body = sha256(text.replace(header, "", 1) if header else text)
    last: Mapping[str, Any] = machine.get("last", {})
    same = bool(last and last["number"] and last["body_sha256"] == body)
    if same:
        version = int(last["number"])
        before = {"version": last["before_number"], "records": last["before_records"]}
    else:
        version = int(machine.get("version", 1))
        before = {"version": last.get("number", 0), "records": last.get("records", {})}
    if header:
        text = text.replace(header, _VERSION.sub(f"- **Version:** {version}", header, count=1), 1)
    now = {record["name"]: record["value"] for record in records}
    text = text.replace(CHANGES_LINE_MARK, changes_line(before, now)).replace(CHANGES_MARK, changes(before, now))
    kept = decisions.decided(last, decided, version, machine.get("as_of", ""), renewed=not same)
    text = text.replace(DECISIONS_MARK, decisions.changes(before["version"], kept["changed"], log))
    return Settled(text, version, body, before, kept)


def changes_line(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """
    The same as `changes` in one line, for the header.

    >>> changes_line({"version": 2, "records": {"a": 1, "b": 2}}, {"a": 1.5, "b": 2, "c": 3})
    'since version 2, 2 of 3 numbers: `a` 1 → 1.5, `c` – → 3'
    """
    number, old = before["version"], before["records"]
    if not number:
        return "none, this is the first version"
    differing = _differing(old, now)
    if not differing:
        return f"since version {number} the words changed and no number did"
    first = [f"{md_code(name)} {_shown(old.get(name))} → {_shown(now.get(name))}" for name in differing[:IN_A_LINE]]
    more = f" and {len(differing) - IN_A_LINE} more" if len(differing) > IN_A_LINE else ""
    return f"since version {number}, {len(differing)} of {len(now)} numbers: {', '.join(first)}{more}"


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """
    Markdown on the numbers that differ from an earlier version.

    >>> changes({"version": 0, "records": {}}, {"a": 1})
    'This is the first version of this document.'
    >>> print(changes({"version": 2, "records": {"a": 1, "b": 2}}, {"a": 1.5, "b": 2, "c": 3}))
    Since version 2, 2 of 3 numbers changed:
    <BLANKLINE>
    | Number | Version 2 | Now |
    | :-- | --: | --: |
    | `a` | 1 | 1.5 |
    | `c` | – | 3 |
    """
    number, old = before["version"], before["records"]
    if not number:
        return "This is the first version of this document."
    differing = _differing(old, now)
    if not differing:
        return f"Since version {number} the words changed and no number did."
    rows = [
        f"| {md_code(name, in_cell=True)} | {_shown(old.get(name))} | {_shown(now.get(name))} |"
        for name in differing[:SHOWN]
    ]
    table = "\n".join(["| Number | " + f"Version {number} | Now |", "| :-- | --: | --: |", *rows])
    more = f"\n\nAnd {len(differing) - SHOWN} more." if len(differing) > SHOWN else ""
    return f"Since version {number}, {len(differing)} of {len(now)} numbers changed:\n\n{table}{more}"


def _differing(old: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return md_text(str(value)[:80])
