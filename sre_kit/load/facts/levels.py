"""Service levels out of claims: availability, latency, error rate, recovery objectives, growth; and what a load test measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import MONTH, YEAR, Quantity, quantities
from sre_kit.load.facts.subjects import OUTSIDE_GROWTH, subject

_CLAUSE = re.compile(r"[,;|·•]|\s/\s|\s[–—]\s|\b(?:and|und|et|y|but|while|with)\b")
_DOWNTIME = re.compile(
    r"\bdown-?time\b|\bausfallzeit\b|\bunavailab(?:le|ility)\b|\bausfall\b|\btiempo de inactividad|\bindisponibilité",
    re.IGNORECASE,
)
_DOWNTIME_PERIOD = re.compile(
    r"(?:per|a|each|every|/|pro|im|im|por|par|in a|every|any)\s?(?:calendar |30-day |rolling )?(month|year|quarter|week|day|monat|jahr|mes|año|mois)|\b(monthly|yearly|annual(?:ly)?|weekly|quarterly|daily)\b",
    re.IGNORECASE,
)
_PERIOD_SECONDS: Final = {
    "month": MONTH, "monthly": MONTH, "monat": MONTH, "mes": MONTH, "mois": MONTH, "year": YEAR, "yearly": YEAR, "annual": YEAR, "annually": YEAR,
    "jahr": YEAR, "año": YEAR, "quarter": 90 * 86_400, "quarterly": 90 * 86_400, "week": 7 * 86_400, "weekly": 7 * 86_400, "day": 86_400, "daily": 86_400,
}  # fmt: skip
_WINDOW = re.compile(
    r"\b(monthly|per month|calendar month|per calendar month|quarterly|per quarter|annual(?:ly)?|yearly|per year|30[- ]days?|28[- ]days?|90[- ]days?|7[- ]days?|weekly|rolling \d+ days?|\d+-day rolling|per day|daily)\b",
    re.IGNORECASE,
)
_IMMEDIATE = re.compile(
    r"^\W*(?:immediate(?:ly)?|instant(?:aneous)?|sofort|zero|none|no data loss|near[- ](?:zero|instant|real[- ]time)|real[- ]time|continuous|inmediato|immédiat|0)\b(?! \w+ (?:hours|minutes))",
    re.IGNORECASE,
)
_RECOVERY = re.compile(r"\b(rto|rpo)s?\b|\brecovery[- ](time|point)(?:[- ]objectives?)?\b", re.IGNORECASE)
_GROWTH_PERIOD = re.compile(
    r"\b(month|mom|monthly|monat|week|weekly|quarter(?:ly)?|qoq|year|yoy|annual(?:ly)?|cagr|p\.a\.|jahr|day|daily)",
    re.IGNORECASE,
)
_GROWTH_PERIODS: Final = {"month": "month", "mom": "month", "monthly": "month", "monat": "month", "week": "week", "weekly": "week", "quarter": "quarter", "quarterly": "quarter", "qoq": "quarter", "day": "day", "daily": "day"}  # fmt: skip
_METRIC_LABEL = re.compile(
    r"\b(?:uptime|availability|latency|response|error|errors|rate|rto|rpo|recovery|objective|objectives|sla|slas|slo|slos|target|time|times|load|metric|p\d\d+|percentile|guarantee|commitment|monthly|growth|service level|system|overall|total"
    r"|verfügbarkeit|disponibilidad|disponibilité|antwortzeit|mean|median|average|avg|max|min|requirement|goal|nfr[-\d]*|performance|reliability|api response|request|requests|duration|http_req_\w+|failed|failure)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity, what it is about, and the words that decided."""

    kind: Kind
    quantity: Quantity
    clause: str
    words: str


def level_facts(claim: Claim, document: str, decimal_comma: bool) -> Iterator[Fact]:
    """The service levels that a claim states."""
    if (
        not any(character.isdigit() for character in claim.text)
        and not _IMMEDIATE.match(claim.text)
        and "nine" not in claim.text.lower()
    ):
        return
    for found in _found(claim, decimal_comma):
        fact = _fact(found, claim, document)
        if fact is not None:
            yield fact


def _found(claim: Claim, decimal_comma: bool) -> Iterator[Found]:
    spotted = quantities(claim.text, decimal_comma)
    previous: dict[str, Kind | None] = {}
    last_end = 0
    for index, quantity in enumerate(spotted):
        following = spotted[index + 1].start if index + 1 < len(spotted) else len(claim.text)
        before, after = claim.text[last_end : quantity.start], claim.text[quantity.end : following]
        if quantity.unit not in ("ratio", "s"):
            continue
        if quantity.unit == "s" and _downtime(claim, quantity, before, after):
            period = _downtime(claim, quantity, before, after)
            value = 1 - quantity.value / period
            if (
                Decimal("0.9") <= value < 1
                and not re.search(r"\d\s?%", claim.text)
                and not any("%" in cell for _, cell in claim.row)
            ):
                yield Found(Kind.AVAILABILITY_TARGET, _as_ratio(quantity, value), before + after, before)
            last_end = quantity.end
            continue
        kind, words = _kind(claim, quantity, before, after, previous)
        previous[quantity.unit] = kind
        if kind is not None:
            yield Found(kind, quantity, f"{before}{quantity.written}{_cut(after)}", words)
        last_end = quantity.end
    if not spotted and _IMMEDIATE.match(claim.text) and len(claim.text.split()) <= 8:
        named = _RECOVERY.search(claim.column) or _RECOVERY.search(claim.label)
        if named:
            kind = Kind.RTO if (named[1] or named[2]).lower() in ("rto", "time") else Kind.RPO
            yield Found(
                kind, Quantity(Decimal(0), "s", 0, len(claim.text), claim.text), claim.text, claim.column or claim.label
            )


def _as_ratio(quantity: Quantity, value: Decimal) -> Quantity:
    return Quantity(value, "ratio", quantity.start, quantity.end, quantity.written, comparison="downtime")


def _downtime(claim: Claim, quantity: Quantity, before: str, after: str) -> int:
    """The seconds of the period that a downtime is allowed in, or 0 where the value is no allowed downtime."""
    near = before[-60:] + " " + after[:60]
    if not _DOWNTIME.search(near) and not _DOWNTIME.search(f"{claim.label} {claim.column}"):
        return 0
    period = (
        _DOWNTIME_PERIOD.search(after[:50])
        or _DOWNTIME_PERIOD.search(before[-60:])
        or _DOWNTIME_PERIOD.search(f"{claim.label} {claim.column}")
    )
    if not period or re.search(
        r"\b(?:budget|was|were|had|occurred|cost|costs|credit)\b", f"{claim.label} {claim.column} {near}", re.IGNORECASE
    ):
        return 0
    return _PERIOD_SECONDS[(period[1] or period[2]).lower()]


def _kind(
    claim: Claim, quantity: Quantity, before: str, after: str, previous: Mapping[str, Kind | None]
) -> tuple[Kind | None, str]:
    """The kind that the nearest telling words give the quantity."""
    clauses = _CLAUSE.split(before)
    tries: list[tuple[str, bool]] = [(clauses[-1], True), (_cut(after), False)]
    if claim.form == "sentence" or quantity.unit in previous:
        if quantity.unit in previous:
            told, kind = (
                bool(clauses[-1].strip(" :=<>≤≥~") and subject(clauses[-1], quantity.unit, quantity.value)[0]),
                previous[quantity.unit],
            )
            if not told and not subject(_cut(after), quantity.unit, quantity.value)[0]:
                return kind, clauses[-1]
        tries.append((before, True))
        tries.append((after, False))
    if claim.form == "cell":
        tries += [(claim.column, False), (claim.label, False)]
    elif claim.form == "pair":
        tries.append((claim.label, False))
    for text, last in tries:
        told, kind = subject(text, quantity.unit, quantity.value, last)
        if told:
            return _vetoed(kind, claim, quantity), text
    if claim.form != "sentence" and quantity.unit not in previous:
        for text in claim.around[:2]:
            told, kind = subject(text, quantity.unit, quantity.value)
            if told:
                return _vetoed(kind, claim, quantity) if _inherits(kind, claim, quantity) else None, text
    return None, ""


def _inherits(kind: Kind | None, claim: Claim, quantity: Quantity) -> bool:
    """Whether a heading's subject reaches down to this value: the value must look like a target, and nothing else."""
    alone = len(claim.text) <= len(quantity.written) + 24
    if kind in (Kind.LATENCY_TARGET, Kind.RTO, Kind.RPO):
        return alone and (
            claim.form == "pair"
            or roles.target_column(claim.column)
            or bool(scope.statistic(claim.column))
            or bool(quantity.comparison)
        )
    return alone and kind is Kind.AVAILABILITY_TARGET


def _vetoed(kind: Kind | None, claim: Claim, quantity: Quantity) -> Kind | None:
    """Words anywhere on the spot that turn the kind down: a blocked label beside a telling column, or the reverse."""
    if kind is None:
        return None
    spot = f"{claim.label} {claim.column}"
    told, other = subject(spot, quantity.unit, quantity.value)
    if told and other is None:
        return None
    header = " ".join(name for name, _ in claim.row)
    if kind is Kind.AVAILABILITY_TARGET:
        if re.search(
            r"\b(?:credits?|refund|gutschrift)\b", f"{header} {claim.words} {' '.join(claim.around[:2])}", re.IGNORECASE
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
    if kind is Kind.GROWTH_RATE and OUTSIDE_GROWTH.search(f"{claim.words} {' '.join(claim.around[:1])}"):
        return None
    return kind


def _cut(after: str) -> str:
    """The words after a value up to the end of its clause."""
    parts = _CLAUSE.split(after, maxsplit=1)
    return parts[0] if parts else ""


def _fact(found: Found, claim: Claim, document: str) -> Fact | None:
    quantity, kind = found.quantity, found.kind
    refused_role, refused = roles.refusal(claim)
    role = refused_role or roles.role(claim, found.clause, quantity.comparison.replace("downtime", "<="), document)
    details: dict[str, str] = {}
    statistic = ""
    if kind is Kind.LATENCY_TARGET:
        before = found.clause.partition(quantity.written)[0]
        statistic = scope.statistic(
            _CLAUSE.split(before)[-1], found.clause, found.words, claim.column, claim.label, *claim.around[:2]
        )
    if (
        role is Role.MEASURED
        and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)
        and roles.in_load_test(claim, document)
    ):
        return _result(found, claim, document, statistic, refused)
    if kind is Kind.AVAILABILITY_TARGET and role in (Role.TARGET, Role.STATED):
        role = Role.CONTRACT if roles.contractual(claim, document) else Role.TARGET
    if kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET, Kind.RTO, Kind.RPO) and role is Role.STATED:
        role = Role.TARGET
    if statistic:
        details["statistic"] = statistic
    if quantity.comparison and quantity.comparison != "downtime":
        details["comparison"] = quantity.comparison
    if quantity.low is not None:
        details |= {"low": f"{quantity.low:f}", "high": f"{quantity.value:f}"}
    if kind is Kind.AVAILABILITY_TARGET and (window := _WINDOW.search(claim.words)):
        details["window"] = window[1].lower()
    if kind is Kind.GROWTH_RATE:
        period = _GROWTH_PERIOD.search(found.clause) or _GROWTH_PERIOD.search(claim.words)
        details["period"] = _GROWTH_PERIODS.get(period[1].lower(), "year") if period else ""
    where = _scope(claim, found)
    name = statistic
    if kind in (Kind.RTO, Kind.RPO):
        name = scope.strip_known(claim.label, (_RECOVERY,))
        name = "" if scope.is_environment(name) or roles.target_column(name) else name
    return Fact(
        kind, quantity.value, quantity.unit, document, claim.line, claim.quote, name=name or where.component, heading=claim.heading,
        scope=where, role=role, details=details, refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )  # fmt: skip


def _result(found: Found, claim: Claim, document: str, statistic: str, refused: str) -> Fact:
    name = statistic or ("error rate" if found.kind is Kind.ERROR_RATE_TARGET else "latency")
    return Fact(
        Kind.LOAD_TEST_RESULT, found.quantity.value, found.quantity.unit, document, claim.line, claim.quote, name=name, heading=claim.heading,
        scope=_scope(claim, found), role=Role.MEASURED, details={"statistic": statistic} if statistic else {}, refused=refused,
    )  # fmt: skip


def _scope(claim: Claim, found: Found) -> Scope:
    before = claim.text[max(0, found.quantity.start - 60) : found.quantity.start]
    after = claim.text[found.quantity.end : found.quantity.end + 40]
    bracket = re.match(r"\s?\(([^()]{2,30})\)", after)
    near = ((bracket[1],) if bracket else ()) + (before,)
    environment = scope.environment(*near, claim.column, claim.label, *claim.around)
    tier = scope.tier(
        *((bracket[1],) if bracket else ()),
        claim.column,
        claim.label,
        *((before,) if claim.form != "cell" else ()),
        *(cell for _, cell in claim.row[:1]),
        *claim.around,
    )
    return Scope(environment, tier, component(claim))


def component(claim: Claim) -> str:
    """Of what the value holds: the row or key that is no metric, no tier, no environment; else the bullet above."""
    for text in (claim.label, claim.column if claim.form == "cell" else "", *claim.around[:1]):
        name = scope.strip_known(text)
        if (
            name
            and not _METRIC_LABEL.search(name)
            and not scope.is_tier(name)
            and not scope.is_environment(name)
            and 1 < len(name) <= 60
            and not roles.target_column(name)
            and not roles.measured_column(name)
        ):
            return "" if text in claim.around else name
    return ""
