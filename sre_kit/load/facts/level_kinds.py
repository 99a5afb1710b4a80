"""Which kind of service level a value is: the nearest telling words decide, words anywhere on the spot may veto."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Kind
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity
from sre_kit.load.facts.stating import CLAUSE, RECOVERY, WINDOW, fails
from sre_kit.load.facts.subjects import OUTSIDE_GROWTH, subject

_OF_OBJECTIVE: Final = re.compile(
    r"(?i)\([^()]*\)|\b(?:expected|target(?:ed)?|estimated|acceptable|max(?:imum)?|our|overall|objectives?|goals?)\b"
)


def _objective_name(text: str) -> re.Match[str] | None:
    """The recovery objective that a key or a header is the name of, and nothing else: `Expected RTO`, `RTO (hours)`."""
    return RECOVERY.fullmatch(text.strip(" ()")) or RECOVERY.fullmatch(_OF_OBJECTIVE.sub("", text).strip(" :"))


def objective(named: re.Match[str]) -> Kind:
    return Kind.RTO if (named[1] or named[2]).lower() in ("rto", "time") else Kind.RPO


_CASES: Final = re.compile(r"(?i)(?:test |use )?(?:cases?|casos?|examples?|ejemplos?)")
_SHARE_OF: Final = re.compile(
    r"(?i)\b(?:connection pools?|pool|disk|memory|capacity|slots|licen[cs]es|stock)\b|[\s(][-−]$"
)


def kind_of(
    claim: Claim, quantity: Quantity, before: str, after: str, previous: Mapping[str, Kind | None], document: str
) -> tuple[Kind | None, str]:
    """The kind that the nearest telling words give the quantity."""
    if re.match(r"\s*burn", after):
        return None, ""
    if quantity.unit == "s" and claim.form != "sentence" and not previous:
        called = _objective_name(claim.label) or _objective_name(claim.column)
        if called and not before.strip(" <>≤≥~"):
            return _vetoed(objective(called), claim, quantity), called[0]  # what follows only explains
    if quantity.unit == "ratio" and claim.form != "sentence" and not previous and _of_success(claim, quantity):
        return _vetoed(Kind.AVAILABILITY_TARGET, claim, quantity), claim.label
    if _percentile(claim, quantity) or _vital(claim, quantity):
        return Kind.LATENCY_TARGET, claim.label
    clauses = CLAUSE.split(before)
    tries: list[tuple[str, bool]] = [(clauses[-1], True), (cut(after), False)]
    if claim.form == "sentence" or quantity.unit in previous:
        if quantity.unit in previous:
            told, kind = (
                bool(clauses[-1].strip(" :=<>≤≥~") and subject(clauses[-1], quantity.unit, quantity.value)[0]),
                previous[quantity.unit],
            )
            near = len(before) <= 30
            if near and not told and not subject(cut(after), quantity.unit, quantity.value)[0]:
                return kind, clauses[-1]
        tries.append((before, True))
        tries.append((after, False))
    if claim.form == "cell":
        tries += [(claim.column, False), (claim.label, False)]
    elif claim.form == "pair":
        tries.append((claim.label, False))
    if claim.form == "cell" and quantity.unit == "s" and _statistic_of_latency(claim):
        tries.append(("latency", False))
    for text, last in tries:
        told, kind = subject(text, quantity.unit, quantity.value, last)
        if told:
            return _vetoed(kind, claim, quantity), text
    if (
        quantity.unit == "s"
        and scope.statistic(clauses[-1])
        and subject(" ".join((claim.text, claim.label)), "s", Decimal(1))[1]
    ):
        return _vetoed(Kind.LATENCY_TARGET, claim, quantity), clauses[-1]
    if (
        quantity.unit == "ratio"
        and Decimal("0.95") <= quantity.value < 1
        and WINDOW.match(cut(after).strip())
        and claim.form == "pair"
    ):
        return _vetoed(Kind.AVAILABILITY_TARGET, claim, quantity), after  # "99.9 % per calendar month"
    for name, cell in claim.row:
        if _DESCRIPTION.fullmatch(name) and cell != claim.text:
            told, kind = subject(cell, quantity.unit, quantity.value)
            if told and kind in (Kind.RTO, Kind.RPO, Kind.AVAILABILITY_TARGET):
                return _vetoed(kind, claim, quantity), cell
    if (
        claim.form == "pair"
        and quantity.unit == "s"
        and scope.is_statistic(claim.label)
        and roles.tested(claim, document)
    ):
        return Kind.LATENCY_TARGET, claim.label
    if claim.form == "sentence" and _alone_expected(claim, quantity, document):
        return Kind.LATENCY_TARGET, claim.around[0]
    if claim.form == "sentence" and _done_within(claim, quantity):
        return _vetoed(Kind.LATENCY_TARGET, claim, quantity), claim.text
    if claim.form == "sentence" and (told_above := _under(claim, quantity)):
        return _vetoed(told_above, claim, quantity), claim.around[0]
    if claim.form != "sentence" and quantity.unit not in previous:
        for text in claim.around[:2]:
            told, kind = subject(text, quantity.unit, quantity.value)
            if told and kind is Kind.AVAILABILITY_TARGET and _OTHER_SHARE.search(claim.label):
                return None, ""
            if told:
                return _vetoed(kind, claim, quantity) if _inherits(kind, claim, quantity) else None, text
        if _quick(claim, quantity):
            return _vetoed(Kind.LATENCY_TARGET, claim, quantity), claim.label
    return None, ""


_PERCENTILE: Final = re.compile(r"(?i)\bp(?:50|75|90|95|98|99)(?:\.9+)?\b")


def _percentile(claim: Claim, quantity: Quantity) -> bool:
    """`Refresh p95 | < 5 s`: a percentile of a time that must stay below a bound, whatever is refreshed."""
    return (
        quantity.unit == "s"
        and quantity.comparison in ("<", "<=")
        and quantity.value <= 600
        and claim.form != "sentence"
        and bool(_PERCENTILE.search(claim.label) or _PERCENTILE.search(claim.column))
        and not re.search(r"(?i)\bmtt\w|mean time|recover|resol|acknowledg|detect", claim.label)
        and not claim.text[: quantity.start].strip(" <>≤≥=")
        and not roles.threshold_column(claim.column)
    )


_VITAL: Final = re.compile(
    r"(?:LCP|FCP|TTFB|TTI|TBT|INP|FID)\b|(?i:largest contentful paint|"
    r"first contentful paint|time to (?:first byte|interactive)"
    r"|total blocking time|interaction to next paint|first input delay)"
)


def _vital(claim: Claim, quantity: Quantity) -> bool:
    """`LCP | 2.5 s` in a performance budget: a web vital is a time in which something must be seen."""
    return (
        quantity.unit == "s"
        and quantity.value <= 60
        and claim.form != "sentence"
        and bool(_VITAL.match(claim.label.strip("* ")))
        and not claim.text[: quantity.start].strip(" <>≤≥=~")
        and quantity.comparison not in (">", ">=")
        and not roles.threshold_column(claim.column)
    )


_SUCCESS: Final = re.compile(r"(?i)\bsuccess[- ]?rates?\W*$|成功率\W*$")
_OTHER_SUCCESS: Final = re.compile(
    r"(?i)\b(?:backups?|tests?|builds?|deploy\w*|training|onboarding|conversion|import|campaign|sign-?ups?|users?|tasks?|"
    r"delivery|e-?mails?|cache|model)\b"
)
_OBJECTIVE: Final = re.compile(r"(?i)\bsl[oa]s?\b")


def _of_success(claim: Claim, quantity: Quantity) -> bool:
    """`SLO - success rate: 99.9 %`, or such a row under "SLO": the share of what works is called an objective."""
    return (
        Decimal("0.9") <= quantity.value < 1
        and bool(_SUCCESS.search(claim.label))
        and (
            bool(_OBJECTIVE.search(f"{claim.label} {claim.column}"))
            or (quantity.comparison in (">", ">=") and roles.target_column(claim.column))
        )
        and not _OTHER_SUCCESS.search(claim.label)
    )


def _alone_expected(claim: Claim, quantity: Quantity, document: str) -> bool:
    """`< 300 ms` alone on its line under "Expectation", in a document on load tests."""
    return (
        quantity.unit == "s"
        and quantity.comparison in ("<", "<=")
        and quantity.value <= 60
        and len(claim.text) <= len(quantity.written) + 4
        and bool(
            claim.around and re.fullmatch(r"(?i)(?:expectation|expected|target|goal|threshold)s?", claim.around[0])
        )
        and roles.in_load_test(claim, document)
    )


def _under(claim: Claim, quantity: Quantity) -> Kind | None:
    """`<= 200 ms for reads` beneath "90th percentile response time must be:": the bullet above says what is bounded."""
    if not claim.around or quantity.comparison not in ("<", "<=", ">", ">=") or claim.text[0] not in "<>≤≥":
        return None
    if claim.text[: quantity.start].strip(" <>≤≥="):
        return None
    kind = subject(claim.around[0], quantity.unit, quantity.value)[1]
    return kind if kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET, Kind.AVAILABILITY_TARGET) else None


_OTHER_SHARE: Final = re.compile(r"(?i)\b(?:rates?|ratios?|scores?|percentage|share|pass(?:ed)?|freshness|quality)\b")
"""A label that says what the share is of, and not in words of availability."""


_PERFORMANCE_PLACE: Final = re.compile(
    r"(?i)\b(?:performance|speed|response)\b[\w\s/&-]{0,24}\b(?:targets?|requirements?|baselines?|goals?|"
    r"objectives?|slos?|"
    r"criteria|budgets?|expectations?|nfrs?|kpis?)\b|\b(?:expected|target|required) performance\b|"
    r"\b(?:anforderungen an die performance|requisitos de rendimiento)\b"
)


def _quick(claim: Claim, quantity: Quantity) -> bool:
    """`File storage: < 5 seconds for 100 MB` under "Performance targets": how fast, though no word says so."""
    return (
        quantity.unit == "s"
        and quantity.comparison in ("<", "<=")
        and quantity.value <= 60
        and not claim.text[: quantity.start].strip(" <>≤≥=~")
        and (
            any(_PERFORMANCE_PLACE.search(text) for text in (*claim.around[:2], " ".join(claim.around[1::-1])))
            or _of_performance(claim)
            or (claim.form == "cell" and bool(_TIME_COLUMN.fullmatch(claim.column)))
        )
    )


_REQUIRED: Final = re.compile(
    r"(?i)\b(?:requirements?|nfrs?|quality (?:attributes?|goals?)|targets?|goals?|criteria)\b"
)
_PERFORMANCE: Final = re.compile(r"(?i)\W*(?:[\d.]+\s+)?(?:performance|speed|response times?|responsiveness)\W*")
_DONE_WITHIN: Final = re.compile(
    r"(?i)\b(?:return\w*|respond\w*|load\w*|complet\w+|render\w*|process\w*|display\w*|open\w*|finish\w*|deliver\w*|"
    r"appear\w*|update\w*|sav(?:e[sd]?|ing)|search\w*|sync\w*)\b"
)


def _of_performance(claim: Claim) -> bool:
    """Whether a claim stands under "Performance" in a chapter of requirements."""
    near = [text for text in claim.around[:3] if text]
    return bool(near) and bool(_PERFORMANCE.fullmatch(near[0])) and any(_REQUIRED.search(text) for text in near[1:])


def _done_within(claim: Claim, quantity: Quantity) -> bool:
    """`Search results returned within 1 second` under "Performance" in the requirements."""
    placed = _of_performance(claim) or any(_PERFORMANCE_PLACE.search(text) for text in claim.around[:1])
    before = claim.text[: quantity.start]
    return (
        quantity.unit == "s"
        and quantity.comparison in ("<", "<=")
        and quantity.value <= 60
        and placed
        and len(claim.text.split()) <= 14
        and bool(_DONE_WITHIN.search(before))
        and not re.search(
            r"(?i)\b(?:cache[ds]?|ttl|expire|retry|timeout|poll|every|session|token|backup|deploy\w*)\b", claim.text
        )
    )


_TIME_COLUMN: Final = re.compile(
    r"(?i)(?:max(?:imum|\.)?|target|expected|acceptable) (?:time|duration)|tiempo (?:máximo|objetivo|esperado)|"
    r"temps (?:max\w*|"
    r"cible)|tempo (?:máximo|alvo)|(?:maximale|max\.) (?:zeit|dauer)"
)


def _statistic_of_latency(claim: Claim) -> bool:
    """Whether a column is a statistic (`Max (ms)`) beside another that says of what: `Avg response time (ms)`."""
    alone = re.sub(r"\([^()]*\)", "", claim.column).strip()
    return scope.is_statistic(alone) and any(
        name != claim.column and scope.statistic(name) and subject(name, "s", Decimal("0.5"))[1] is Kind.LATENCY_TARGET
        for name, _ in claim.row
    )


_SUSTAINED: Final = re.compile(
    r"(?i)\W{0,3}(?:sustained )?(?:for|over) (?:at least )?\d+ ?(?:m|mins?|minutes|h|hours?|s)\b"
)
_TRIGGER: Final = re.compile(r"(?i)\b(?:scal(?:e|ing)|triggers?|conditions?|autoscal\w+|when)\b")
_RATED: Final = re.compile(r"(?i)\([^()]*\)|\b(?:excellent|good|pass(?:ed)?|ok|failed|acceptable)\b")
_OVER: Final = re.compile(
    r"(?i)\b(?:over|measured over|per|in) (?:a |any |the )?(?:rolling |trailing )?[\w-]+[ -](?:days?|month|window)\b.*"
)
_DESCRIPTION: Final = re.compile(
    r"(?i)(?:description|definition|meaning|beschreibung|descripci[oó]n|descri[cç][aã]o)s?"
)


def _inherits(kind: Kind | None, claim: Claim, quantity: Quantity) -> bool:
    """Whether a heading's subject reaches down to this value: the value must look like a target, and nothing else."""
    alone = len(_OVER.sub("", _RATED.sub("", claim.text))) <= len(quantity.written) + 24
    if kind in (Kind.RTO, Kind.RPO) and any(RECOVERY.search(name) for name, _ in claim.row):
        return False  # another column is called so
    if kind in (Kind.LATENCY_TARGET, Kind.RTO, Kind.RPO):
        return alone and (
            claim.form == "pair"
            or roles.target_column(claim.column)
            or bool(scope.statistic(claim.column))
            or bool(quantity.comparison)
        )
    if kind is Kind.ERROR_RATE_TARGET:
        return alone and claim.form == "pair" and bool(quantity.comparison) and roles.target_column(claim.label)
    return alone and kind is Kind.AVAILABILITY_TARGET


def _vetoed(kind: Kind | None, claim: Claim, quantity: Quantity) -> Kind | None:
    """Words anywhere on the spot that turn the kind down: a blocked label beside a telling column, or the reverse."""
    if kind is None:
        return None
    if re.fullmatch(r"(?i)\W*[\w-]+ over [\w-]+\W*", claim.label):
        return None  # "Fast over perfect": a principle that weighs two things, no target
    spot = f"{claim.label} {claim.column}"
    told, other = subject(spot, quantity.unit, quantity.value)
    if told and other is None:
        return None
    header = " ".join(name for name, _ in claim.row)
    if kind is Kind.AVAILABILITY_TARGET:
        if claim.row and _CASES.fullmatch(claim.row[0][0].strip()):
            return None
        if re.search(
            r"\b(?:cr[eé]dit[os]*|refund|gutschrift|compensaci[oó]n\w*)\b",
            f"{header} {claim.words} {' '.join(claim.around[:2])}",
            re.IGNORECASE,
        ) and not re.search(r"\b(?:tier|plan)\b|\bguarantee", f"{header} {claim.words}", re.IGNORECASE):
            return None
        if (
            re.search(r"\b(?:below|unter|less than|falls?|drops?)\b", claim.text[: quantity.start][-24:], re.IGNORECASE)
            or quantity.comparison == "<"
        ):
            return None
    if (
        kind is Kind.LATENCY_TARGET
        and re.search(
            r"\b(?:support|incident|severity|ticket|on-?call|escalation|priority|helpdesk)\b",
            f"{header} {' '.join(claim.around[:2])}",
            re.IGNORECASE,
        )
        and quantity.value >= 30
    ):
        return None
    lasting = _SUSTAINED.match(claim.text[quantity.end :])
    if (
        lasting
        and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)
        and _TRIGGER.search(" ".join(claim.around[:2]))
    ):
        return None  # "p95 < 300 ms for 30 minutes" scales down
    above = kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET) and quantity.comparison in (">", ">=")
    if above and not fails(claim) and not roles.threshold_column(claim.column):
        return None  # above is where somebody is told, not what was promised
    if kind in (Kind.AVAILABILITY_TARGET, Kind.ERROR_RATE_TARGET) and _SHARE_OF.search(
        f"{claim.label} {claim.text[max(0, quantity.start - 2) : quantity.start]}"
    ):
        return None
    if (
        kind is Kind.ERROR_RATE_TARGET
        and re.match(r"\d[\d.,]*\s?[kKMB]?\s\($", claim.text[: quantity.start])
        and not roles.TARGET_TEXT.search(claim.label)
        and not re.search(r"(?i)allow|accept|max|budget", claim.label)
    ):
        return None  # "Errors: 45K (0.06%)" were counted
    if kind is Kind.GROWTH_RATE and OUTSIDE_GROWTH.search(f"{claim.words} {' '.join(claim.around[:1])}"):
        return None
    return kind


def cut(after: str) -> str:
    """The words after a value up to the end of its clause."""
    parts = CLAUSE.split(after, maxsplit=1)
    return parts[0] if parts else ""
