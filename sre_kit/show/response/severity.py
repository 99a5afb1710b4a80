"""
The severity ladder for readers: criteria, the matrix without hole or overlap, how alerts and records fall into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sre_kit.compute.incidents import IncidentLog, IncidentPolicy, Severity, unmapped
from sre_kit.compute.oncall.plan import LAYERS
from sre_kit.compute.response.severity import AlertGrade, DerivedLevel, SeverityMatrix
from sre_kit.compute.vocabulary import Finding, Gap
from sre_kit.show.response.incidents import LOG_GAP, log_source
from sre_kit.show.shown import Note, Shown, Stack
from sre_kit.show.table import Table
from sre_kit.show.text import Inline, Lines, Strong
from sre_kit.units import MISSING, number, percent, span

LADDER_GAP: Final = Gap("the severity ladder", "Head of Engineering", "params: incidents.severities")


def severities(policy: IncidentPolicy, derived: Sequence[DerivedLevel] = ()) -> Shown:
    """
    The ladder: criteria, response, who is paged, how fast, how often it is spoken about, if it is written up.

    Where nobody has decided on one, what the alerts of the objectives imply stands below the question.
    """
    rows: list[Sequence[Inline]] = [
        (
            Strong(level.name),
            level.criteria,
            _threshold(level),
            level.examples or MISSING,
            level.response,
            _paged(level),
            span(level.acknowledge),
            span(level.update_every),
            "yes" if level.postmortem else "no",
        )
        for level in policy.severities
    ]
    columns = (
        "Level",
        "Criteria",
        "Measured by",
        "Examples",
        "Response",
        "Paged",
        "Acknowledge",
        "Update",
        "Post-mortem",
    )
    ladder = Table(columns, rows, source="params: incidents.severities", gaps=() if rows else (LADDER_GAP,))
    return ladder if rows or not derived else Stack(ladder, _derived(derived))


def _derived(levels: Sequence[DerivedLevel]) -> Table:
    """What the alerts imply; response and people are left to those who decide."""
    rows: list[Sequence[Inline]] = [
        (
            level.name,
            f"{number(level.burn_rate)} × or faster" if level.burn_rate is not None else "slower",
            level.reason,
            "pages" if level.pages else "nobody is woken",
            MISSING if level.exhausted is None else span(level.exhausted),
        )
        for level in levels
    ]
    return Table(
        ("Proposed level", "Burns the budget", "Because of", "Wakes", "Whole budget gone in"),
        rows,
        source="derived from the burn-rate alerts of the objectives: assumption, until the ladder is decided",
    )


def severity_matrix(matrix: SeverityMatrix) -> Table:
    """Every pair of impact and scope with its level; what is wrong with the ladder is said below."""
    if not matrix.cells:
        return Table(("Budget burns",), [], gaps=(LADDER_GAP,))
    rows: list[Sequence[Inline]] = [
        (_band(matrix.burns, row, "{:g} ×"), *(name or Strong("no level") for name in cells))
        for row, cells in enumerate(matrix.cells)
    ]
    columns = ["Budget burns", *(f"Users {_share_band(matrix, i)}" for i in range(len(matrix.users)))]
    pairs = len(matrix.burns) * len(matrix.users)
    note = (
        f"Not sound: {'; '.join(matrix.problems)}."
        if matrix.problems
        else f"{pairs} pairs enumerated: each falls into exactly one level, no hole, no overlap."
    )
    return Table(
        columns,
        rows,
        note=note,
        findings=tuple(Finding(7, 1, f"severity ladder: {problem}") for problem in matrix.problems),
    )


def alert_grades(grades: Sequence[AlertGrade]) -> Table:
    """Burn-rate alerts in the ladder: what pages must belong to a level that pages."""
    rows: list[Sequence[Inline]] = [
        (
            span(g.period),
            f"{span(g.alert.long_window)} / {span(g.alert.short_window)}",
            number(g.factor),
            g.alert.severity,
            g.level or Strong("no level"),
            "agrees" if g.agrees else Strong("disagrees"),
        )
        for g in grades
    ]
    wrong = [g for g in grades if not g.agrees]
    return Table(
        ("SLO over", "Windows", "Burn rate above", "Alert", "Level", "Paging"),
        rows,
        source="the burn-rate alerts of SLODefinitions",
        gaps=() if grades else (Gap("service level objectives", "Site Reliability Engineer", "params: slos"),),
        findings=tuple(
            Finding(
                7, float(g.factor), f"the {g.alert.severity} alert above burn rate {number(g.factor)} {_said(g.level)}"
            )
            for g in wrong
        ),
    )


def _said(level: str) -> str:
    return f"is {level}" if level else "has no level in the severity ladder"


def severity_words(log: IncidentLog, policy: IncidentPolicy) -> Table:
    """How the words of the log map into the ladder, with counts; words that no level claims are listed."""
    rows: list[Sequence[Inline]] = []
    for level in policy.severities:
        count = sum(one.severity == level.name for one in log.incidents)
        rows.append((level.name, ", ".join(dict.fromkeys([level.name, *level.maps_from])), str(count)))
    left = unmapped(log)
    rows += [(Strong("not in the ladder"), word, str(count)) for word, count in left.items()]
    gaps = (LOG_GAP,) if log.gap else ()
    return Table(
        ("Level", "Words of the log and of alerts", "Incidents in the log"),
        rows,
        source=log_source(log),
        note="Incidents outside the ladder count in the totals and in no level." if left else "",
        gaps=gaps,
    )


def severity_decision(severities: Sequence[Severity]) -> Note:
    """Who may change the level, in the ladder's own names."""
    if not severities:
        return Note.gap(LADDER_GAP)
    names = [level.name for level in severities]
    return Note(
        f"If unsure between two levels, take the worse: {names[0]} is the worst, {names[-1]} the mildest. Anybody may "
        "raise the level; only the incident commander lowers it, and the review settles what it was."
    )


def _paged(level: Severity) -> str:
    if level.pages:
        return level.who
    return "nobody" if level.who in LAYERS else f"nobody; {level.who}"


def _threshold(level: Severity) -> Inline:
    parts: list[Inline] = []
    if level.burn_rate is not None:
        parts.append(f"budget burns {level.burn_rate:g} × or faster")
    if level.users is not None:
        parts.append(f"{percent(level.users, 0)} of users or more")
    return Lines(parts) if parts else "below the level above"


def _band(limits: Sequence[float], index: int, words: str) -> str:
    low = words.format(limits[index])
    if index + 1 == len(limits):
        return f"{low} and more"
    return f"below {words.format(limits[1])}" if index == 0 else f"{low} to below {words.format(limits[index + 1])}"


def _share_band(matrix: SeverityMatrix, index: int) -> str:
    shares = [percent(share, 0) for share in matrix.users]
    if index + 1 == len(shares):
        return f"{shares[index]} and more"
    return f"below {shares[1]}" if index == 0 else f"{shares[index]} to below {shares[index + 1]}"
