"""
What somebody decided, held against what was published before: a target that changed is shown, whoever forgot to say so.

A notebook states its decisions as (subject, what, value) and the log that people keep of them. What differs from the
last version is kept with the document, so that it does not disappear with the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sre_kit.escape import md_text

UNSAID: Final = "**not in the log**"
_FIRST: Final = "No version was published before, so there is nothing to compare the objectives with."
_SAME: Final = "Compared with the versions published before, no objective differs."


def decided(
    last: Mapping[str, Any], now: Iterable[Sequence[str]], version: int, as_of: str, *, renewed: bool
) -> dict[str, Any]:
    """
    The decisions of this version (`values`), and every difference that was seen until now (`changed`), oldest first.

    `last` is what was published; nothing is new while the document is the same, which is what `renewed` says.

    >>> found = decided({"number": 1, "as_of": "2026-10-01", "decisions": {"values": [["api", "target", "99 %"]]}},
    ...                 [["api", "target", "99.9 %"]], 2, "2026-11-01", renewed=True)
    >>> [(one["was"], one["now"], one["version"]) for one in found["changed"]]
    [('99 %', '99.9 %', 2)]
    """
    before = last.get("decisions", {})
    if not renewed:
        return {"values": list(before.get("values", [])), "changed": list(before.get("changed", []))}
    values = [list(one) for one in now]
    changed = list(before.get("changed", []))
    if before.get("values"):
        old = {(subject, what): value for subject, what, value in before["values"]}
        new = {(subject, what): value for subject, what, value in values}
        changed += [
            {"version": version, "as_of": as_of, "since": last.get("as_of", ""), "subject": key[0], "what": key[1],
             "was": old.get(key, ""), "now": new.get(key, "")}
            for key in dict.fromkeys([*old, *new])
            if old.get(key) != new.get(key)
        ]  # fmt: skip
    return {"values": values, "changed": changed}


def changes(number: int, changed: Sequence[Mapping[str, Any]], log: Sequence[Mapping[str, str]]) -> str:
    """Markdown on the differences, newest first, each with its reason in the log; `number` is the version before."""
    if not changed:
        return _SAME if number else _FIRST
    rows = [
        f"| {one['as_of'][:10]}, version {one['version']} | {md_text(one['subject'])} | "
        f"{md_text(one['what'])} | {_value(one['was'])} | {_value(one['now'])} | {_reason(one, log)} |"
        for one in reversed(changed)
    ]
    head = [
        "| First published | Objective | What | Was | Is | Reason in the log |",
        "| :-- | :-- | :-- | :-- | :-- | :-- |",
    ]
    return "\n".join([*head, *rows]) + "\n\nCompared with what was published before, whatever the log says."


def _value(text: str) -> str:
    return md_text(text) if text else "–"


def _reason(one: Mapping[str, Any], log: Sequence[Mapping[str, str]]) -> str:
    """The first entry of the log on the subject that is no older than the version before."""
    since = str(one["since"])[:10]
    fit = sorted((e for e in log if e["subject"] == one["subject"] and e["made"] >= since), key=lambda e: e["made"])
    return f"{fit[0]['made']}: {md_text(fit[0]['reason'])}" if fit else UNSAID
