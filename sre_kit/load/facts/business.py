"""Money, users, traffic and support hours: what a business model, a PRD or a cost table says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.stating import component, load

_PER: Final = r"(?:\s?/\s?|\s(?:per|a|pro|por|par)\s)"
_RATE_UNIT: Final = (
    ("req/s", rf"requests?{_PER}(?:s|sec|second|sekunde|segundo|seconde)\b|reqs?/s(?:ec)?\b|\brps\b|\bqps\b|queries{_PER}(?:s|sec|second)\b|hits{_PER}(?:s|sec|second)\b|anfragen{_PER}sekunde|peticiones{_PER}segundo|requêtes{_PER}seconde|http requests/s"),
    ("req/min", rf"requests?{_PER}min(?:ute)?\b|\brpm\b|req/min\b"), ("req/h", rf"requests?{_PER}h(?:our)?\b"), ("req/day", rf"requests?{_PER}day\b|(?:daily|api) requests\b"),
    ("tx/s", rf"\btps\b|transactions?{_PER}(?:s|sec|second)\b"), ("tx/min", rf"transactions?{_PER}min(?:ute)?\b"), ("tx/day", rf"transactions?{_PER}day\b"),
    ("msg/s", rf"(?:messages?|msgs?|events?|records?|ops|operations?|inserts?|writes?|reads?|jobs?|orders?|notifications?){_PER}(?:s|sec|second)\b"),
    ("msg/min", rf"(?:messages?|events?|jobs?|records?|operations?|orders?|notifications?|emails?){_PER}min(?:ute)?\b"),
    ("msg/h", rf"(?:messages?|events?|jobs?|records?|orders?|notifications?|emails?|documents?|operations?){_PER}h(?:our)?\b"),
    ("msg/day", rf"(?:messages?|events?|jobs?|records?|orders?|notifications?|emails?|documents?|operations?){_PER}day\b"),
)  # fmt: skip
_RATES: Final = tuple(
    (
        unit,
        re.compile(
            rf"^[\s,]{{0,2}}(?:(?:api|http|concurrent|successful|write|read|total|peak|avg|average)\s)?(?:{pattern})",
            re.IGNORECASE,
        ),
    )
    for unit, pattern in _RATE_UNIT
)
_RATE_LABELS: Final = tuple((unit, re.compile(pattern, re.IGNORECASE)) for unit, pattern in _RATE_UNIT)
_NOT_RATE: Final = re.compile(
    r"\b(?:rate[- ]?limit\w*|limit(?:s|ed)?|throttl\w+|quota|per (?:user|ip|client|key|tenant|customer|api key|minute per)|burst|free tier|plan|pricing|price|included|alert\w*|scale|scaling|autoscal\w+|threshold|spawn|ramp|wal|disk|iops|ingest(?:ion)? limit)\b|/(?:user|ip|key)\b",
    re.IGNORECASE,
)
_USERS_AFTER: Final = re.compile(
    r"^\+?[\s,]{0,2}(?P<what>(?:(?:(?:daily|monthly|weekly) )?(?:active|concurrent|simultaneous|registered|paying|total|paid|peak|beta|pilot|gleichzeitige|aktive|usuarios|new|enterprise|virtual)\s){0,2}(?:users?|customers?|subscribers?|maus?|daus?|tenants?|nutzern?|benutzer|kunden|usuarios|utilisateurs|clientes|members|ccu|accounts)\b)",
    re.IGNORECASE,
)
_USERS_LABEL: Final = re.compile(
    r"^\W*(?:\w+\s)?(?:(?:daily|monthly|weekly|expected|target|max(?:imum)?|peak|total|initial|current|projected|number of|supported)\s){0,3}(?:active|concurrent|simultaneous|registered|paying|total)?\s?(?:users?|customers?|subscribers?|tenants?|mau|dau|nutzer|kunden|usuarios|utilisateurs|readers|members)(?:\s\([\w ,.]{1,28}\))?\W*$",
    re.IGNORECASE,
)
_NOT_USERS: Final = re.compile(
    r"\b(?:up to|per|limit|plan|tier|seat|pricing|interview\w*|survey\w*|persona|included|add|max \d+ users|% of|percent of|team of|beta test\w*|usability|test users?|sample|market|industry|competitors?|tam|sam|som|virtual users|rate[- ]limit\w*|roles?|k6|vus?)\b",
    re.IGNORECASE,
)
_COST: Final = re.compile(
    r"\b(?:costs?|kosten|costos?|coste|coûts?|hosting|spend(?:ing)?|expenses?|bill|opex|infrastructure|monthly total|total monthly|running costs|ausgaben|gastos)\b",
    re.IGNORECASE,
)
_COST_PLACE: Final = re.compile(
    r"\b(?:costs?|kosten|costos?|coste|coûts?|expenses?|opex|spend|bill of|billing estimate|cost structure|cost estimat\w+|ausgaben|gastos)\b",
    re.IGNORECASE,
)
_BUDGET: Final = re.compile(r"\b(?:budgets?|presupuesto|haushalt|spending (?:cap|limit))\b", re.IGNORECASE)
_NOT_COST: Final = re.compile(
    r"\b(?:revenue|arr|mrr|ltv|cac|arpu|profit|margin|savings?|saves?|saved|saving|reduc\w+|penalt\w+|fines?|fund(?:ing|raising|s)?|raise[sd]?|loan|valuation|market|tam|sam|som|salary|salaries|deal|gmv|invest\w+|income|sales|umsatz|price point|"
    r"competitors?|willing\w*|credits?|refund|donat\w+|grant|prize|earn\w*|break-?even|roi|payback|acquisition|lifetime|avoided|opportunity|ticket size|order value|transaction|loan|per user|per customer|per tenant|per seat|per active|per request|per 1[,.]?000|per gb|per million|"
    r"per hour of downtime|downtime|outage|loss|lost|churn|tier 1|upsell|alert|threshold|trigger|additional cost|impact|subscription price|charge[sd]?|fee from|customer pays|per document|per order|upgrade)\b|/(?:user|customer|seat|tenant|gb|request|1k|million|month/user)",
    re.IGNORECASE,
)
_PRICE: Final = re.compile(
    r"\b(?:pric(?:e|es|ing)|preis\w*|precios?|prix|plan|plans|tier|tiers|subscription|package|abonnement|license fee|setup fee)\b",
    re.IGNORECASE,
)
_COST_COLUMN: Final = re.compile(
    r"\b(?:costs?|kosten|coste|costo|coût|monthly|per month|/month|/mo|annual|eur|usd|amount|betrag|estimate|price|total)\b|\$|€",
    re.IGNORECASE,
)
_SUPPORT_LABEL: Final = re.compile(
    r"\b(?:support[- ](?:hours|availability|coverage|times?|window|schedule)|hours of (?:support|operation|coverage)|business hours|service hours|on-?call (?:hours|coverage)|supportzeiten|servicezeiten|horario de (?:soporte|atención)|heures de support|coverage hours|office hours|operating hours)\b",
    re.IGNORECASE,
)
_SUPPORT: Final = re.compile(r"\bsupport\b|\bhelp-?desk\b|\bon-?call\b|\bcustomer service\b", re.IGNORECASE)
_HOURS: Final = re.compile(
    r"\b24\s?[/x×]\s?7(?:[/x×]365)?|\b24x5\b|\b24/5\b|\b\d{1,2}(?::\d\d)?\s?(?:am|pm|uhr|h)?\s?(?:-|–|to|bis|until)\s?\d{1,2}(?::\d\d)?\s?(?:am|pm|uhr|h|[A-Z]{2,4})?\b|\bbusiness hours\b|\b(?:mon(?:day)?|mo)\s?(?:-|–|to|bis)\s?(?:fri(?:day)?|fr|sat(?:urday)?|sun(?:day)?|sa|so)\b|\baround the clock\b|\brund um die uhr\b|\b8x5\b|\b9x5\b|\bworking hours\b",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"\b24\s?[/x×]\s?7|\b24/5|\b24x5|\b[89]x5|\baround the clock|\brund um die uhr", re.IGNORECASE
)
_MAX_LOAD: Final = re.compile(
    r"\b(?:breaks?|broke|breaking point|saturat\w+|max(?:imum)? (?:sustainable|capacity|load|users|vus|concurrent|throughput)|peak(?:ed)?|collapsed?|knee|limit reached|fail(?:s|ed) at|sustained|handled|capacity)\b",
    re.IGNORECASE,
)
_LOAD_UNIT: Final = re.compile(
    r"^\+?\s{0,2}(?P<unit>vus?\b|virtual users\b|concurrent (?:users|connections|sessions|requests)\b|users\b|rps\b|req(?:uests)?/s(?:ec)?\b|connections\b|clients\b)",
    re.IGNORECASE,
)
_RESOURCE: Final = re.compile(r"\b(?:cpu|memory|ram|heap|disk|connection pool|db connections|network)\b", re.IGNORECASE)
_PEAKED: Final = re.compile(
    r"\b(?:peaked|peak(?:s)?|reached|hit|averaged|stayed|rose|maxed|at|max|utili[sz]ation|usage|was)\b", re.IGNORECASE
)


def rate_facts(claim: Claim, document: str, comma: bool) -> Iterator[Fact]:
    """Throughput: a number followed by requests per second, or labelled so; in test results a load-test result."""
    spot = f"{claim.label} {claim.column}"
    if _NOT_RATE.search(spot) or any(_NOT_RATE.search(text) for text in claim.around[:1]):
        return
    labelled = next(
        (
            unit
            for text in (claim.column, claim.label)
            for unit, words in _RATE_LABELS
            if claim.form != "sentence" and words.search(text)
        ),
        "",
    )
    if (
        not labelled
        and claim.form != "sentence"
        and re.search(r"(?i)^\W*(?:[\w ]{0,20}\s)?(?:throughput|durchsatz|rendimiento|débit)\b[^|]{0,20}$", claim.label)
    ):
        labelled = "?"
    for quantity in quantities(claim.text, comma):
        if quantity.unit:
            continue
        after = claim.text[quantity.end : quantity.end + 40]
        unit = next((unit for unit, words in _RATES if words.match(after)), "")
        alone = len(claim.text) <= len(quantity.written) + 12 and quantity.start <= 8
        if not unit and labelled not in ("", "?") and alone and not re.match(r"\s?[a-zA-Z%/]", after):
            unit = labelled
        near = claim.text[max(0, quantity.start - 40) : quantity.end + 60]
        if not unit or _NOT_RATE.search(near) or quantity.value <= 0:
            continue
        yield _counted(Kind.THROUGHPUT, quantity, unit, claim, document, "")


def _counted(kind: Kind, quantity: Quantity, unit: str, claim: Claim, document: str, name: str) -> Fact:
    refused_role, refused = roles.refusal(claim)
    role = refused_role or roles.role(claim, claim.text, quantity.comparison, document)
    if (
        kind is Kind.THROUGHPUT
        and roles.in_load_test(claim, document)
        and role in (Role.MEASURED, Role.STATED)
        and roles.results_place(claim, document)
    ):
        kind, role, name = Kind.LOAD_TEST_RESULT, Role.MEASURED, name or "throughput"
    details = {"comparison": quantity.comparison} if quantity.comparison else {}
    if quantity.low is not None:
        details["low"] = f"{quantity.low:f}"
    if kind is Kind.LOAD_TEST_RESULT:
        details |= load(claim)
    where = Scope(
        scope.environment(claim.text, claim.column, claim.label, *claim.around),
        scope.tier(claim.column, claim.label),
        component(claim) if kind is not Kind.USERS else "",
    )
    return Fact(
        kind, quantity.value, unit, document, claim.line, claim.quote, name=name, heading=claim.heading, scope=where, role=role, details=details,
        refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )  # fmt: skip


def user_facts(claim: Claim, document: str, comma: bool) -> Iterator[Fact]:
    """How many users or customers there are, are expected, or must be served at once."""
    spot = f"{claim.label} {claim.column}"
    if (
        _NOT_USERS.search(spot)
        or any(_PRICE.search(text) for text in claim.around[:2])
        or roles.in_load_test(claim, document)
    ):
        return
    labelled = claim.form != "sentence" and bool(_USERS_LABEL.match(claim.label) or _USERS_LABEL.match(claim.column))
    for quantity in quantities(claim.text, comma):
        if quantity.unit or quantity.value < 1 or "." in f"{quantity.value:f}".rstrip("0").rstrip("."):
            continue
        after = claim.text[quantity.end : quantity.end + 50]
        found = _USERS_AFTER.match(after)
        near = claim.text[max(0, quantity.start - 30) : quantity.end + 45]
        if _NOT_USERS.search(near) or re.search(r"[$€£]\s?$", claim.text[: quantity.start]):
            continue
        alone = (
            labelled
            and quantity.start <= 4
            and not re.match(r"\s?(?:%|[a-z]{3,})", after)
            and not re.match(r"(?:19|20)\d\d$", quantity.written)
        )
        if not found and not alone:
            continue
        if claim.form == "sentence" and not re.search(
            r"(?i)\b(?:support\w*|serv\w+|handle\w*|have|has|with|target\w*|expect\w*|reach\w*|grow\w*|current\w*|active|concurrent|registered|monthly|daily|for|launch\w*|scale\w*|accommodate\w*|\d+ customers)\b",
            claim.text,
        ):
            continue
        label = found["what"] if found else (claim.label if _USERS_LABEL.match(claim.label) else claim.column)
        yield _counted(Kind.USERS, quantity, "users", claim, document, label.strip().lower())


def money_facts(claim: Claim, document: str, comma: bool) -> Iterator[Fact]:
    """What something costs us, and what may be spent; not prices, revenue or savings."""
    spot = f"{claim.label} {claim.column}"
    place = " ".join(claim.around[:3])
    for quantity in _amounts(claim, comma):
        clause = claim.text[max(0, quantity.start - 60) : quantity.end + 30]
        if _NOT_COST.search(f"{spot} {clause}") or (claim.around and _NOT_COST.search(claim.around[0])):
            continue
        budget = _BUDGET.search(f"{spot} {claim.text[max(0, quantity.start - 60) : quantity.end + 20]}")
        if budget and not re.search(r"(?i)\b(?:budget (?:alert|friendly|impact)|error budget)\b", claim.words):
            yield _money(Kind.BUDGET, quantity, claim, document)
            continue
        named = bool(_COST.search(f"{spot} {clause}"))
        placed = bool(_COST_PLACE.search(place) or (document and re.search(r"(?i)\bcosts?\b", document)))
        if claim.form == "cell":
            named = bool(_COST_COLUMN.search(claim.column)) and (
                placed or bool(_COST_PLACE.search(f"{claim.column} {claim.label}"))
            )
        if claim.form == "sentence" and not _COST_PLACE.search(clause):
            named = placed = False
        if _PRICE.search(f"{spot}") and not _COST_PLACE.search(f"{spot} {place}"):
            continue
        if any(_PRICE.search(text) and not _COST_PLACE.search(text) for text in claim.around[:1]):
            continue
        if named or (placed and claim.form == "pair"):
            yield _money(Kind.COST, quantity, claim, document)


def _amounts(claim: Claim, comma: bool) -> Iterator[Quantity]:
    """Amounts with a currency, and bare numbers in a column whose header names one (`EUR per month`)."""
    spotted = quantities(claim.text, comma)
    if any(quantity.unit.isupper() for quantity in spotted):
        yield from (quantity for quantity in spotted if quantity.unit.isupper())
        return
    currency = re.search(r"\b(USD|EUR|GBP|CHF|INR)\b|([$€£])", claim.column)
    if (
        claim.form == "cell"
        and currency
        and len(spotted) == 1
        and not spotted[0].unit
        and len(claim.text) <= len(spotted[0].written) + 2
    ):
        code = currency[1] or {"$": "USD", "€": "EUR", "£": "GBP"}[currency[2]]
        first = spotted[0]
        yield Quantity(
            first.value,
            code,
            first.start,
            first.end,
            first.written,
            first.low,
            first.high,
            first.comparison,
            first.period,
            first.ambiguous,
        )


_PERIOD_WORD: Final = re.compile(
    r"(?i)\b(?:per |a |/)?(month|monthly|mo|monat|mes|mois|year|yearly|annual(?:ly)?|jahr|day|daily|hour|hourly|week)\b|/(month|mo|yr|year|hour|day)\b"
)
_PERIOD_NAMES: Final = {
    "monthly": "month",
    "mo": "month",
    "monat": "month",
    "mes": "month",
    "mois": "month",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
    "jahr": "year",
    "yr": "year",
    "daily": "day",
    "hourly": "hour",
}


def _money(kind: Kind, quantity: Quantity, claim: Claim, document: str) -> Fact:
    period = quantity.period
    if not period:
        for text in (claim.text[quantity.end : quantity.end + 30], claim.column, claim.label, *claim.around[:2]):
            if word := _PERIOD_WORD.search(text):
                name = (word[1] or word[2]).lower()
                period = _PERIOD_NAMES.get(name, name)
                break
    if re.search(r"(?i)\b(?:one[- ]time|once|einmalig|una vez)\b", f"{claim.words}"):
        period = "once"
    details = {"period": period} if period else {}
    if quantity.low is not None:
        details |= {"low": f"{quantity.low:f}", "high": f"{quantity.value:f}"}
    if quantity.comparison:
        details["comparison"] = quantity.comparison
    if re.search(r"(?i)\bfixed\b", claim.text):
        details["fixed"] = "true"
    refused_role, refused = roles.refusal(claim)
    if refused == roles.VENDOR:
        refused_role, refused = None, ""  # what a vendor charges us is our cost
    role = refused_role or roles.role(claim, claim.text, "", document)
    role = Role.STATED if role in (Role.TARGET, Role.CONTRACT, Role.THRESHOLD) else role
    name = claim.label if claim.form != "sentence" else ""
    environment = scope.environment(claim.text, claim.column, claim.label, *claim.around)
    return Fact(
        kind, quantity.value, quantity.unit, document, claim.line, claim.quote, name=name, heading=claim.heading, scope=Scope(environment, scope.tier(claim.column, claim.label), ""),
        role=role, details=details, refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )  # fmt: skip


def support_facts(claim: Claim, document: str) -> Iterator[Fact]:
    """When people are there to help: "24/7", "Monday to Friday 09:00-17:00", "4h response"."""
    spot = f"{claim.label} {claim.column}"
    text = claim.text
    if (
        re.search(
            r"(?i)\b(?:p[0-4]|sev-?\d|severity|critical|monitoring|uptime|availability|security|sla clock|guard)\b",
            spot,
        )
        or len(text) > 120
    ):
        return
    told = bool(_SUPPORT_LABEL.search(spot) and _HOURS.search(text)) or bool(
        _SUPPORT.search(spot) and _CLOCK.search(text)
    )
    placed = (
        claim.form != "sentence"
        and any(_SUPPORT_LABEL.search(around) for around in claim.around[:2])
        and bool(_HOURS.search(text))
    )
    spoken = claim.form == "sentence" and bool(
        re.search(
            r"(?i)\b(?:24\s?[/x×]\s?7|24/5|[89]x5)\s(?:\w+\s){0,2}(?:support|on-?call|coverage|help)\b|\b(?:support|on-?call|help-?desk)\b[^.,;]{0,50}\b(?:is|are|available|staffed|runs)?\b[^.,;]{0,20}(?:24\s?[/x×]\s?7|around the clock|monday|mon[-–])",
            text,
        )
    )
    response = re.fullmatch(r"(?i)support(?: response(?: time)?)?", claim.label) and re.match(
        r"(?i)^[<≤~]?\s?\d+\s?-?\s?(?:h|hours?|hrs?|min(?:utes?)?|business (?:days?|hours?)|days?)(?:\sresponse)?\b",
        text,
    )
    if not (told or placed or spoken or response):
        return
    if "|" in text or re.search(r"(?i)\b(?:no|not|without|none|kein)\b.{0,12}(?:24|support|on-?call)", text):
        return
    _, refused = roles.refusal(claim)
    details = {"measure": "response" if response else "hours"}
    if spoken and not (told or placed) and (hours := _CLOCK.search(text) or _HOURS.search(text)):
        text = hours[0]
    yield Fact(
        Kind.SUPPORT_HOURS, text, "text", document, claim.line, claim.quote, name=claim.label or "support", heading=claim.heading,
        scope=Scope("", scope.tier(claim.column, claim.label, *claim.around), ""), details=details, refused=refused,
    )  # fmt: skip


def capacity_results(claim: Claim, document: str, comma: bool) -> Iterator[Fact]:
    """What broke at which load, and how far a resource went: only in the results of a load test, or said as such."""
    tested = roles.in_load_test(claim, document)
    for quantity in quantities(claim.text, comma):
        before, after = (
            claim.text[max(0, quantity.start - 50) : quantity.start],
            claim.text[quantity.end : quantity.end + 40],
        )
        before = re.split(r"\d", before)[-1]
        if (
            not quantity.unit
            and (unit := _LOAD_UNIT.match(after))
            and re.search(
                r"(?i)\b(?:breaks?|broke|breaking point|saturat\w+|collapsed?|fell over)\b", f"{before} {claim.label}"
            )
            and "no break" not in claim.text.lower()
        ):
            name = "vus" if unit["unit"].lower().startswith(("vu", "virtual")) else unit["unit"].lower()
            yield _test_result(claim, quantity.value, "VUs" if name == "vus" else name, "breaking point", document)
        elif (
            quantity.unit == "ratio"
            and tested
            and claim.form != "cell"
            and _RESOURCE.search(f"{claim.label} {before}")
            and re.search(r"(?i)\bpeak(?:ed|s)?\b|\breached\b|\bhit\b|\bmaxed\b", f"{claim.label} {before}")
            and not quantity.comparison
        ):
            resource = _RESOURCE.search(f"{claim.label} {before}")
            yield _test_result(
                claim, quantity.value, "ratio", f"{resource[0].lower() if resource else ''} peak".strip(), document
            )


def _test_result(claim: Claim, value: Decimal, unit: str, name: str, document: str) -> Fact:
    role, refused = roles.refusal(claim)
    return Fact(
        Kind.LOAD_TEST_RESULT, value, unit, document, claim.line, claim.quote, name=name, heading=claim.heading, role=role or Role.MEASURED,
        scope=Scope(scope.environment(*claim.around), "", ""), details={"statistic": name}, refused=refused,
    )  # fmt: skip
