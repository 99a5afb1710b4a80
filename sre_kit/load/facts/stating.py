"""From a value with its subject to a `Fact`: role, statistic, comparison, scope, name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope, services
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity

CLAUSE: Final = re.compile(
    r"[,;|·•]|\s/\s|\s[–—]\s|\b(?:and|und|et|y|but|while|with|vs\.?|versus|against|compared to|exceeds?|exceeding)\b",
    re.IGNORECASE,
)
WINDOW = re.compile(
    r"\b(monthly|per month|calendar month|per calendar month|quarterly|per quarter|"
    r"annual(?:ly)?|yearly|per year|30[- ]days?|28[- ]days?|90[- ]days?|7[- ]days?|"
    r"weekly|rolling \d+ days?|\d+-day rolling|per day|daily)\b",
    re.IGNORECASE,
)
RECOVERY = re.compile(
    r"\b(rto|rpo)s?\b|\b(?:recovery|restore|restoration)[- ](time|point)(?:[- ]objectives?)?\b", re.IGNORECASE
)
_GROWTH_PERIOD = re.compile(
    r"\b(month|mom|monthly|monat|week|weekly|quarter(?:ly)?|qoq|year|yoy|annual(?:ly)?|cagr|p\.a\.|jahr|day|daily)",
    re.IGNORECASE,
)
_GROWTH_PERIODS: Final = {
    "month": "month", "mom": "month", "monthly": "month", "monat": "month", "week": "week", "weekly": "week",
    "quarter": "quarter", "quarterly": "quarter", "qoq": "quarter", "day": "day", "daily": "day",
}  # fmt: skip
_METRIC_LABEL = re.compile(
    r"\b(?:uptime|availability|latency|response|error|errors|rate|rto|rpo|recovery|"
    r"objective|objectives|sla|slas|slo|slos|target|time|times|load|metric|p\d\d+|"
    r"percentile|guarantee|commitment|monthly|growth|service level|system|overall|"
    r"total"
    r"|verfügbarkeit|disponibilidad|disponibilité|antwortzeit|mean|median|average|"
    r"avg|max|min|requirement|goal|nfr[-\d]*|performance|reliability|api response|"
    r"request|requests|duration|http_req_\w+|failed|failure)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity, what it is about, and the words that decided."""

    kind: Kind
    quantity: Quantity
    clause: str
    words: str


def stated(found: Found, claim: Claim, document: str, reached: bool = False) -> Fact | None:
    """The fact that a found value states, or None where the sentence only mentions it."""
    quantity, kind = found.quantity, found.kind
    refused_role, refused = roles.refusal(claim)
    role = refused_role or roles.role(claim, found.clause, quantity.comparison.replace("downtime", "<="), document)
    if reached and role not in (Role.EXAMPLE, Role.VENDOR):
        role = Role.MEASURED  # "118 ms (target: < 2000 ms)"
    tested = roles.in_load_test(claim, document)
    if kind is Kind.LATENCY_TARGET and _PRINTED.search(claim.text[: quantity.start]):
        return _result(found, claim, document, scope.statistic(claim.text[: quantity.start][-12:]), refused)
    success = kind is Kind.LOAD_TEST_RESULT or (
        kind is Kind.AVAILABILITY_TARGET and re.search(r"(?i)success", claim.words)
    )
    if success and tested and role in (Role.MEASURED, Role.STATED):
        return _result(found, claim, document, "success rate", refused)
    if kind is Kind.LOAD_TEST_RESULT or (
        kind is Kind.ERROR_RATE_TARGET and quantity.value > Decimal("0.5") and not (tested and role is Role.MEASURED)
    ):
        return None
    details: dict[str, str] = {}
    statistic = ""
    if kind is Kind.LATENCY_TARGET:
        before = found.clause.partition(quantity.written)[0]
        statistic = scope.statistic(
            CLAUSE.split(before)[-1], found.clause, found.words, claim.column, claim.label, *claim.around[:2]
        )
    if (
        role is Role.MEASURED
        and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)
        and (reached or roles.in_load_test(claim, document))
    ):
        return _result(found, claim, document, statistic, refused)
    told = claim.form == "sentence" or len(claim.text.split()) >= 12
    if (
        told
        and kind is Kind.LATENCY_TARGET
        and role in (Role.STATED, Role.MEASURED)
        and len(_PERCENTILES.findall(claim.text)) > 1
    ):
        role = Role.MEASURED  # "P50 6 ms / P95 21 ms"
    elif (
        told
        and (
            role in (Role.STATED, Role.ASSUMPTION)
            or (role is Role.MEASURED and claim.form != "sentence" and not tested)
        )
        and not comparison_of(quantity)
        and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)
        and not (tested and statistic and any(_CRITERIA.search(text) for text in claim.around[:1]))
        and not (
            kind is Kind.ERROR_RATE_TARGET
            and quantity.start <= 3
            and any(_ALLOWED.search(text) for text in claim.around[:1])
        )
        and not (
            tested and _BRACKETED_LIMIT.search(claim.text) and any(_LIMITS.search(text) for text in claim.around[:1])
        )
    ):
        return None  # "a 2 % error rate at night pages us" promises nothing
    if kind is Kind.AVAILABILITY_TARGET and role in (Role.TARGET, Role.STATED):
        role = Role.CONTRACT if roles.contractual(claim, document) else Role.TARGET
    if kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET, Kind.RTO, Kind.RPO) and role is Role.STATED:
        role = Role.TARGET
    if statistic:
        details["statistic"] = statistic
    comparison = quantity.comparison.replace("downtime", "")
    if comparison in (">", ">=") and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET) and fails(claim):
        details["written_as"] = "failure"  # "p95 > 1 s - test failed" promises at most 1 s
        comparison = "<="
    if comparison:
        details["comparison"] = comparison
    if quantity.low is not None:
        details |= {"low": f"{quantity.low:f}", "high": f"{quantity.value:f}"}
    if kind is Kind.AVAILABILITY_TARGET and (window := WINDOW.search(claim.words)):
        details["window"] = window[1].lower()
    if kind is Kind.GROWTH_RATE:
        period = _GROWTH_PERIOD.search(found.clause) or _GROWTH_PERIOD.search(claim.words)
        details["period"] = _GROWTH_PERIODS.get(period[1].lower(), "year") if period else ""
    where = _scope(claim, found)
    name = statistic
    if kind in (Kind.RTO, Kind.RPO):
        name = scope.strip_known(claim.label, (RECOVERY,)).strip("/ ()")
        name = "" if scope.is_environment(name) or roles.target_column(name) else name
        name = name or services.recovery_case(claim.around)
    return Fact(
        kind,
        quantity.value,
        quantity.unit,
        document,
        claim.line,
        claim.quote,
        name=name or where.component,
        heading=claim.heading,
        scope=where,
        role=role,
        details=details,
        refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )


_FAILS: Final = re.compile(
    r"\bfail(?:s|ed|ure)?\b|\babort\w*\b|\bfallida?\b|\bfehlgeschlagen\b|\béchec\b|\bunacceptable\b", re.IGNORECASE
)
_LOAD_COLUMN: Final = re.compile(
    r"\b(?:vus?|virtual users|users|concurren\w+|load|rps|connections|clients|usuarios|nutzer)\b", re.IGNORECASE
)
_PLAIN_COLUMN: Final = re.compile(
    r"(?i)(?:value|results?|unit|notes?|status|description|measurement|percentile|"
    r"statistics?|details?|comments?|rationale|amount|figure|wert|valor|level|number|"
    r"count|definition|window|estimate|metric|indicator|sli|type|current|method|source)s?"
)
_TIER_PLACE: Final = re.compile(
    r"\b(?:tiers?|plans|pricing|packages?|editions?|subscriptions?|tarife?|planes)\b", re.IGNORECASE
)
_NAMED_TIER: Final = re.compile(r"\b([A-Z]\w+) (?:[Pp]lan|[Tt]ier)\b")


_CRITERIA: Final = re.compile(
    r"\bcriteri(?:a|on|os?|um)\b|\bkriteri\w+\b|\bcritères?\b|\bfailure (?:criteria|conditions?)\b", re.IGNORECASE
)


_PERCENTILES: Final = re.compile(r"(?i)\bp\d\d(?:\.\d+)?[\s:=~]{1,3}\d[\d.,]* ?m?s\b")
_ALLOWED: Final = re.compile(r"(?i)\berror budgets?\W*$|错误预算")
_LIMITS: Final = re.compile(r"(?i)\b(?:performance |response |load )?(?:thresholds?|limits?|targets?)\W*$")
_BRACKETED_LIMIT: Final = re.compile(
    r"(?i)\b(?:acceptable|limits?|maximum|thresholds?)\b.*\([<≤]?\s?[\d.,]+ ?(?:%|ms|s)\)\W*$"
)


def fails(claim: Claim) -> bool:
    """Whether the value is written as the failure of a criterion."""
    return bool(_FAILS.search(claim.text)) or any(
        _CRITERIA.search(text) for text in (claim.label, claim.column, *claim.around[:1])
    )


def _tier_by_place(claim: Claim, before: str) -> str:
    """A tier with a name of its own: a column or a row of a table of plans, or `the Library plan`."""
    if named := _NAMED_TIER.search(before):
        return named[1].lower()
    if claim.form != "cell" or not claim.row:
        return ""
    first, label = claim.row[0]
    if _TIER_PLACE.fullmatch(first.strip()) or first.strip().lower() == "plan":
        return label.lower()
    if roles.threshold_column(claim.column):
        return ""
    placed = any(_TIER_PLACE.search(text) for text in claim.around[:2])
    metric = (
        bool(_METRIC_LABEL.search(claim.column))
        or roles.target_column(claim.column)
        or roles.measured_column(claim.column)
    )
    if (
        placed
        and not metric
        and len(claim.row) > 2
        and len(claim.column.split()) <= 3
        and not scope.is_environment(claim.column)
    ):
        return claim.column.lower()
    return ""


_PRINTED: Final = re.compile(r"(?:avg|min|med|max|p\(?\d{2}(?:\.\d+)?\)?)\s?=\s?$", re.IGNORECASE)


def comparison_of(quantity: Quantity) -> str:
    """The comparison sign as written; a downtime is none."""
    return quantity.comparison.replace("downtime", "")


def _result(found: Found, claim: Claim, document: str, statistic: str, refused: str) -> Fact:
    name = statistic or ("error rate" if found.kind is Kind.ERROR_RATE_TARGET else "latency")
    return Fact(
        Kind.LOAD_TEST_RESULT,
        found.quantity.value,
        found.quantity.unit,
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        scope=_scope(claim, found),
        role=Role.MEASURED,
        details=({"statistic": statistic} if statistic else {}) | load(claim),
        refused=refused,
    )


_OF_SERVICES: Final = (Kind.AVAILABILITY_TARGET, Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)


def load(claim: Claim) -> dict[str, str]:
    """Under which load a row of results was measured."""
    if claim.row and _LOAD_COLUMN.search(claim.row[0][0]) and re.match(r"\d", claim.row[0][1]):
        return {"load": f"{claim.row[0][1]} {claim.row[0][0]}"}
    return {}


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
    tier = tier or _tier_by_place(claim, before)
    named = ""
    if claim.form != "cell":
        clauses = CLAUSE.split(before)
        named = services.named_before(before) or (services.listed(clauses[-1]) if len(clauses) > 1 else "")
    named = named or component(claim)
    if not named and found.kind in _OF_SERVICES:
        named = services.named_above(claim.around)
    return Scope(environment, tier, "" if tier and named.lower() == tier else named)


def component(claim: Claim) -> str:
    """Of what the value holds: the row or key that is no metric, no tier, no environment; else the bullet above."""
    column = claim.column if claim.form == "cell" and not roles.threshold_column(claim.column) else ""
    if claim.row and _LOAD_COLUMN.search(claim.row[0][0]):
        return ""
    first = (claim.row[0][1],) if claim.row and claim.row[0][1] != claim.label else ()
    for text in (*first, claim.label, column, *claim.around[:1]):
        name = scope.strip_known(text)
        if _METRIC_LABEL.search(name) and text not in claim.around and (service := services.named_by_label(name)):
            return service
        if (
            name
            and not _METRIC_LABEL.search(name)
            and not scope.is_tier(name)
            and not scope.is_environment(name)
            and 1 < len(name) <= 60
            and re.search(r"[^\W\d]{2}", name)
            and (re.search(r"(?:^|\s)/\w", name) or not _LOAD_COLUMN.search(name))
            and not _PLAIN_COLUMN.fullmatch(name)
            and not roles.target_column(name)
            and not roles.measured_column(name)
        ):
            return "" if text in claim.around else name
    return ""
