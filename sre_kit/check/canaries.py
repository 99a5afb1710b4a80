"""What OperationalPlaybook.md says of canaries, held against the generated conditions and its own numbers."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.check import forms
from sre_kit.check.cells import codes, number, plain
from sre_kit.check.files import documents
from sre_kit.check.forms import Rows
from sre_kit.check.points import Bundle

DOC: Final = "OperationalPlaybook"
FILE: Final = "artifacts/analysis-templates.yaml"
CANARY: Final = "Canary analysis"
_RANGE: Final = re.compile(r"([-+]?[\d.]+)(?: %)? to ([-+]?[\d.]+)")


def conditions(judged: Bundle, rows: Rows) -> str:
    """A check that is prepared has its query and its number in the file, and every condition of the file is a check."""
    content = judged.files.get(FILE, b"")
    metrics = [m for one in documents(content) if one for m in one["spec"]["metrics"]] if content else []
    known = {
        m["provider"]["prometheus"]["query"]: re.search(r"> ([\d.e-]+)$", m["failureCondition"])
        for m in metrics
        if m["failureCondition"] != "false"
    }
    said = {query: row for row in rows if row["Taken back"].startswith("prepared") for query in codes(row["How"])}
    if set(known) != set(said):
        return (
            f"{sorted(set(known) ^ set(said))[0]!r} is either in the generated condition or in the checks, not in both"
        )
    for query, row in said.items():
        limit = known[query]
        if limit is None or number(row["Expected"]) != float(limit[1]):
            return f"{plain(row['Check'])}: {row['Expected']!r}, the generated condition has {limit and limit[1]}"
    return ""


def verdicts(judged: Bundle) -> str:
    """Each past canary is judged by its own intervals and the limits of its objective."""
    limits = {
        row["Objective"]: (number(row["Rolled back above"]), number(row["or"]))
        for row in forms.other(judged, DOC, CANARY, "Objective", "Rolled back above", "or")
    }
    for row in forms.other(
        judged, DOC, CANARY, "Release", "Bad share (95 %)", "Above the baseline by (95 %)", "Verdict"
    ):
        objective = re.search(r"\(([^()]+)\)$", row["Release"])
        own, worse = (_RANGE.search(row[column]) for column in ("Bad share (95 %)", "Above the baseline by (95 %)"))
        if not objective or objective[1] not in limits or not own or not worse:
            continue
        budget, margin = limits[objective[1]]
        broken = float(own[1]) > budget or float(worse[1]) > margin
        kept = float(own[2]) <= budget and float(worse[2]) <= margin
        wanted = "roll back" if broken else "promote" if kept else "not enough data"
        if not plain(row["Verdict"]).startswith(wanted):
            return f"{row['Release']}: {wanted}, not {plain(row['Verdict'])!r}"
    return ""
