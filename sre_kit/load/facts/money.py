"""Money out of claims: what the system costs, and what may be spent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.running_costs import another_way, running
from sre_kit.load.facts.unit_prices import of_one, weighed

_COST_WORDS: Final = (
    r"costs?|\w*kosten|costos?|costes?|coûts?|custos?|costi|costo|kostnad\w*|omkostning\w*|koszt\w*|biaya|"
    r"расход\w*|затрат\w*|стоимост\w*|expenses?|expenditures?|opex|spend(?:ing)?|ausgaben|gastos|despesas?|dépenses?"
)
_COST: Final = re.compile(
    rf"\b(?:{_COST_WORDS}|hosting|bill|infrastructure|monthly total|total monthly|running costs)\b", re.IGNORECASE
)
_COST_PLACE: Final = re.compile(rf"\b(?:{_COST_WORDS}|cogs|bill of|billing estimate)\b|成本|费用|費用", re.IGNORECASE)
_BUDGET: Final = re.compile(
    r"\b(?:budgets?|presupuestos?|orçamento|haushalt|бюджет\w*|anggaran|spending (?:cap|limit))\b|预算", re.IGNORECASE
)
_NOT_COST: Final = re.compile(
    r"\b(?:revenue|receitas?|ricavi|ingresos|einnahmen|gewinn|margem|margen|marge|lucro|доход\w*|выручк\w*|"
    r"прибыл\w*|assinatura|arr|mrr|ltv|cac|arpu|profit|margin|savings?|saves?|saved|saving|"
    r"avoid(?:s|ed|ing)?|instead of|"
    r"reduc\w+|penalt\w+|fines?|fund(?:ing|raising|s)?|raise[sd]?|loan|valuation|(?<!mid-)(?<!mid )market|"
    r"tam|sam|som|salary|salaries|deal|gmv|invest\w+|income|sales|umsatz|price point|"
    r"competitors?|willing\w*|credits?|refund|donat\w+|grant|prize|earn\w*|break-?even|"
    r"roi|payback|differences?|delta|exceed(?:s|ed|ing)?|acquisition|lifetime|avoided|opportunity|ticket size|"
    r"order value|"
    r"transaction|loan|per user|per customer|per tenant|per seat|per active|per request|"
    r"per 1[,.]?000|per gb|per million|"
    r"breach(?:es)?|bretxa|brecha|ransom\w*|hack\w*|multas?|(?:they|customers?|clients?|companies|businesses|agencies|"
    r"firms) (?:currently )?(?:pay|spend)s?|currently pay(?:ing)?|pagan|paguen|external capital|equity|"
    r"per hour of downtime|downtime|outage|loss|lost|churn|tier 1|upsell|alert|threshold|"
    r"trigger|additional cost|impact|subscription price|charge[sd]?|fee from|customer "
    r"pays|per document|per order|upgrade)\b|/(?:user|customer|seat|tenant|gb|request|"
    r"1k|million|month/user)",
    re.IGNORECASE,
)
PRICE: Final = re.compile(
    r"\b(?:pric(?:e|es|ing)|preis\w*|precios?|prix|plan|plans|tier|tiers|subscription|"
    r"package|abonnement|license fee|setup fee)\b",
    re.IGNORECASE,
)
_PLANNED: Final = re.compile(
    r"(?i)\b(?:business|financ\w+|marketing|growth|operat\w+|launch|hiring|rollout|funding|capacity|scal\w+|test\w*|"
    r"project|migration|recovery|development|action|execution|go-to-market|year|phase|roadmap)[ -]plans?\b|"
    r"\b(?:with|after|beyond|under|within|aws|gcp|azure)(?: the)? free tier\b"
)


@lru_cache(maxsize=2048)
def priced(text: str) -> bool:
    """Whether a text speaks of what customers pay; a business plan is no plan that they buy."""
    return bool(PRICE.search(_PLANNED.sub(" ", text)))


_COST_COLUMN: Final = re.compile(
    rf"\b(?:{_COST_WORDS}|cogs|monthly|per month|/month|/mo|annual|eur|"
    r"usd|amount|betrag|estimate|price|total)\b|\$|€",
    re.IGNORECASE,
)


def money_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """What something costs us, and what may be spent; not prices, revenue or savings."""
    for quantity in _amounts(claim, style):
        if re.match(r"\s?mil\b", claim.text[quantity.end :]):
            continue  # thousands in one language, millions in another
        alone = claim.form == "pair" or (quantity.start <= 3 and claim.form == "sentence")
        if _said(claim, quantity) and running(claim, quantity, document):
            yield _money(Kind.COST, quantity, claim, document)
            continue
        placed = alone and any(_BUDGET.search(text) and not _COST_PLACE.search(text) for text in claim.around[:2])
        if _income(claim, quantity, placed):
            continue
        budget = placed or _BUDGET.search(
            f"{claim.label} {claim.column} {claim.text[max(0, quantity.start - 60) : quantity.end + 20]}"
        )
        if placed and _RUNNING.search(claim.label):
            yield _money(Kind.COST, quantity, claim, document)
        elif budget and any(_THEIRS.search(_TO_MARKET.sub(" ", text)) for text in claim.around[:1]):
            continue
        elif budget and not re.search(r"(?i)\b(?:budget (?:alert|friendly|impact)|error budget)\b", claim.words):
            yield _money(Kind.BUDGET, quantity, claim, document)
        elif another_way(claim.label, claim.around, claim.quote) or not running(claim, quantity, document):
            continue
        elif not _in_formula(claim, quantity) and _cost(claim, quantity, document):
            yield _money(Kind.COST, quantity, claim, document)


_TROUBLE: Final = re.compile(
    r"(?i)^\W*(?:the |concrete |current |specific |customer )?(?:problems?|problema|pain points?|"
    r"challenges?)\b(?! management)"
)
_RUNNING: Final = re.compile(r"(?i)\b(?:current|existing|actual|spent|subscriptions?|bills?)\b")
"""What is paid already, under a heading on the budget."""


def _ours(claim: Claim) -> bool:
    return bool(_COST_PLACE.search(" ".join(claim.around[:3]))) and not priced(claim.around[0])


def _clause(claim: Claim, quantity: Quantity) -> str:
    return claim.text[max(0, quantity.start - 60) : quantity.end + 30]


def _income(claim: Claim, quantity: Quantity, budgeted: bool) -> bool:
    """Whether the words say that the amount is earned, saved, charged to others or taken off."""
    spot = f"{claim.label} {claim.column}"
    theirs = any(_TROUBLE.search(text) for text in claim.around[:1])
    if theirs or any(roles.of_customers(text) for text in claim.around):
        return True  # what it costs those whom we want to help
    if any(_RIVAL_COLUMN.search(name) for name, _ in claim.row) or _ROUND.match(claim.label):
        return True
    if _of_another_way(claim):
        return True
    if re.search(r"\+\s?$", claim.text[: quantity.start]) or (claim.form == "pair" and _CHARGED.fullmatch(claim.label)):
        return True  # a difference, or what customers pay
    if claim.row and _ASKED.fullmatch(claim.row[0][0].strip()):
        return True  # what one request costs
    if of_one(claim, quantity) or weighed(claim):
        return True  # what one gigabyte costs, or one way beside another, is no bill
    if re.search(r"=\s?(?:US)?[$€£₹]\s?1\b(?![.,]?\d)", claim.text):
        return True  # a rate of exchange
    if re.search(r"(?i)\w (?:time|effort|hours)\W*$", claim.label):
        return True  # people's own work
    words, nearest = f"{spot} {_clause(claim, quantity)}", claim.around[0] if claim.around else ""
    ours = _ours(claim)
    if ours or budgeted:
        words, nearest = (_SPENT_ON.sub(" ", _PER_UNIT.sub(" ", text)) for text in (words, nearest))
    if _COST_PLACE.search(spot) or _HOSTED.fullmatch(claim.label) or (ours and _COST_PLACE.search(nearest)):
        nearest = ""  # "Revenue and costs" above a row of costs
    if _NOT_COST.search(words) or _NOT_COST.search(_PER_UNIT.sub(" ", _TO_MARKET.sub(" ", nearest))):
        return True
    return bool(re.search(r"(?:^|\s)[-−–]\s?$", claim.text[: quantity.start]))


def _of_another_way(claim: Claim) -> bool:
    """A row of a comparison that is not the way chosen: what it would cost to do without."""
    if claim.form != "cell" or _CHOSEN.search(f"{claim.label} {claim.quote}"):
        return False
    first = claim.row[0][0].strip()
    return bool(_CHOICE_COLUMN.fullmatch(first)) or any(_COMPARED.search(text) for text in claim.around[:2])


def _in_formula(claim: Claim, quantity: Quantity) -> bool:
    """A formula, the price of one of several, or what is taken off."""
    before = claim.text[: quantity.start]
    reckoned = "=" in claim.text and _TIMES.search(claim.text)
    final = "=" not in claim.text[quantity.end :] and (
        quantity.period in ("month", "year") or _SUMMED.search(claim.label)
    )
    if claim.form != "cell" and reckoned and not final:
        return True  # of a calculation only what the total comes to
    return bool(
        re.search(r"[×*]\s?N\b|\+\s?\(", claim.text)
        or re.match(r"[^$€£=,;()]{0,20}\s[x×*]\s?[~$€£]?\d", claim.text[quantity.end :])
        or (not _ours(claim) and claim.form != "cell" and _EACH.match(claim.text[quantity.end :]))
        or re.search(r"[×*]\s?$|%\s(?:of|on|von|de|del|sur)\s?$", before)
        or (re.search(r"[-−–]\s?$", before) and quantity.low is None)
    )


def _cost(claim: Claim, quantity: Quantity, document: str) -> bool:
    """Whether the key, the column or the headings say that the amount is a cost."""
    spot, place = f"{claim.label} {claim.column}", " ".join(claim.around[:3])
    nearest = claim.around[0] if claim.around else ""
    clause = _clause(claim, quantity)
    placed = bool(_COST_PLACE.search(place) or (document and re.search(r"(?i)\bcosts?\b", document)))
    named = bool(_COST.search(f"{spot} {clause}"))
    if claim.form == "cell":
        told = placed or bool(_COST_PLACE.search(f"{claim.column} {claim.label}"))
        named = (
            (told and bool(_COST_COLUMN.search(claim.column)))
            or (_COST_PLACE.search(nearest) is not None and _priced_row(claim))
            or bool(_COST_PLACE.search(claim.label))
            or (_ours(claim) and bool(_LINE_OF_SUM.search(claim.label)))
            or (
                _ours(claim)
                and bool(_PERIOD_COLUMN.match(claim.column) or scope.is_tier(claim.column))
                and bool(_COST_PLACE.search(nearest))
            )
        )
    if claim.form == "sentence" and not _COST_PLACE.search(clause):
        brief = len(claim.text.split()) <= 8 or bool(re.match(r"(?i)(?:grand |sub-?)?total\b", claim.text))
        named, placed = brief and bool(_COST_PLACE.search(nearest)), False
    if priced(spot) and not _COST_PLACE.search(f"{spot} {place}"):
        return False
    if priced(claim.column) and any(_BESIDE_PRICE.search(name) for name, _ in claim.row if name != claim.column):
        return False
    if priced(nearest) and not _COST_PLACE.search(nearest) and not _COST_PLACE.search(claim.column):
        return False
    return named or (placed and claim.form == "pair")


_SAYS_COST: Final = re.compile(r"(?i)\bcosts? (?:us |about |around |roughly |only |just )?[~≈]?\s?$")
"""`It costs ~$22/month`, in a sentence about something else."""
_SUPPOSED: Final = re.compile(
    r"(?i)\b(?:would|could|if|they|competitors?|users?|customers?|clients?|each|options?|consider|instead of)\b"
)


def _said(claim: Claim, quantity: Quantity) -> bool:
    """Whether a sentence about something else says what it costs: `costs ~$22/month instead of ~$40`."""
    before = claim.text[: quantity.start]
    theirs = any(roles.of_customers(text) or priced(text) for text in claim.around)
    return (
        claim.form != "cell"
        and quantity.period in ("month", "year")
        and bool(_SAYS_COST.search(before[-24:]))
        and not _SUPPOSED.search(before)
        and not theirs
        and not of_one(claim, quantity)
        and not another_way("", claim.around)
    )


_PAID_THING: Final = re.compile(
    r"(?i)\W*(?:items?|services?|components?|resources?|recursos?|servi[cç]os?|servicios?|componentes?|posten|komponenten?|"
    r"dienste?|composants?|ressources?|ítems?|conceptos?|categor(?:y|ies|[ií]as?)|infrastructure|infraestrutura|ресурс\w*|"
    r"сервис\w*|компонент\w*|статья|项目|服务|资源|组件|항목|서비스|項目|サービス)\W*"
)


def _priced_row(claim: Claim) -> bool:
    """Whether a row names a thing and all its other cells begin with an amount: one column for each environment."""
    first, *others = claim.row
    filled = [cell for _, cell in others if re.search(r"\w", cell)]
    return (
        bool(_PAID_THING.fullmatch(first[0]))
        and len(filled) > 0
        and all(re.match(r"[~≈<≤]?\s?(?:US\$|R\$|[$€£₹¥₩]|USD|EUR|GBP|BRL)\s?\d", cell) for cell in filled)
    )


_HOSTED: Final = re.compile(
    r"(?i)\W*(?:(?:monthly|cloud) )?(?:infra(?:structure)?|hosting|servers?|cloud|aws|gcp|azure)\W*"
)
_LINE_OF_SUM: Final = re.compile(r"(?i)^\W*(?:grand |sub-?)?total\b|\bper (?:month|year|annum)\b")
_TIMES: Final = re.compile(r"\d\s?[x×*]\s?[~$€£₹]?\s?\d|\s[x×*]\s?[~]?[$€£₹]|[$€£₹]\s?[\d.,]+\S*\s?[x×*]\s?\d")
_SUMMED: Final = re.compile(rf"(?i)\b(?:total|sum|summe|gesamt|monthly|per month|yearly|annual|{_COST_WORDS})\b")
_BESIDE_PRICE: Final = re.compile(rf"(?i)\b(?:{_COST_WORDS}|cogs|margin|profit)\b")
"""A column of costs or margins makes the column of prices what customers pay."""


_EACH: Final = re.compile(
    r"(?i)\s?(?:/|per )\s?(?!m[oeêé]|mth|yr|year|day|d[ií]a|week|wk|hour|hr|annum|"
    r"h\b|a\b|any\b|a[ñn]o|quarter|jahr|tag|jour)[a-zà-ÿ]"
)
"""`$2/site`: the price of one."""


_RIVAL_COLUMN: Final = re.compile(
    r"(?i)\bour (?:advantage|edge|price|difference)|\bcompetitors?\b|\bvs\.? us\b|\btradi[ct]ional\w*|\bincumbents?\b"
)
_CHOICE_COLUMN: Final = re.compile(
    r"(?i)(?:options?|approach(?:es)?|alternatives?|solutions?|choices?|vendors?|optionen|opci[oó]n(?:es)?|opç[aã]o|"
    r"opções)(?: \w+)?"
)
_COMPARED: Final = re.compile(
    r"(?i)\b(?:cost|price|provider|platform|hosting|vendor)s? comparison\b|\bcomparison (?:with|of|to)\b|"
    r"\balternatives\b|\bcompared (?:with|to)\b|\bvs\.?\b"
)
_CHOSEN: Final = re.compile(
    r"(?i)\b(?:this project|current(?:ly)?|ours?|chosen|selected|recommended|we use|in use|actual|today)\b|[✅✓⭐]"
)
_ASKED: Final = re.compile(
    r"(?i)(?:type of )?(?:requests?|quer(?:y|ies)|calls?|operations?|api calls?|analys[ei]s)(?: type)?|"
    r"тип (?:запроса|операции)|tipo de (?:solicitud|consulta|requisi[cç][aã]o|opera\w+)|type de requête|anfragetyp"
)
_PERIOD_COLUMN: Final = re.compile(
    r"(?i)^(?:(?:year|month|quarter|phase|jahr|año|ano|год|m|y|q)s?\s?\d[\d\s–-]*(?:20\d\d)?|20\d\d|low|high|"
    r"base(?:line)?|"
    r"min(?:imum)?|"
    r"max(?:imum)?|mvp|launch|growth|initial|current|small|medium|large|production|staging|development|dev|prod|"
    r"free tier|[~@≈]?\s?(?:at )?\d[\d.,]*[kKmM]?\+? ?(?:(?:active )?(?:users|customers)|mau|dau|tenants|kunden|"
    r"usuarios|usuários|nutzer|用户))(?:\s?\([^()]*\))?$"
)
_ROUND: Final = re.compile(r"(?i)\W*(?:pre-?)?(?:seed|series [a-e]|angel|bridge)(?: round| funding)?\b")
_CHARGED: Final = re.compile(
    r"(?i)(?:(?:our |customer |list |selling |monthly |annual |target |base |starting )?(?:pric(?:e|es|ing)|"
    r"preise?|precios?|prix)"
    r"|customers? pays?.*|you (?:charge|pay).*)"
)
_TO_MARKET: Final = re.compile(r"(?i)\bgo[- ]to[- ]market\b")
_SPENT_ON: Final = re.compile(
    r"(?i)\b(?:(?:until|before|pre)[- ]?revenue|sales|salar(?:y|ies)|transaction fees?|market research|(?:paid |user |"
    r"customer |creator )+acquisition(?! costs?))\b"
)
"""Words of income that name an expense where the heading says that expenses follow."""

_PER_UNIT: Final = re.compile(
    r"(?i)\b(?:per request|per 1[,.]?000\w*|per gb|per million\w*|per document|per "
    r"order|per transaction|transactions?|per customer|per tenant|per user|amortized "
    r"across \w+|upgrade)\b|/(?:gb|request|1k|million|brief|customer|tenant|user)\b"
)
_THEIRS: Final = re.compile(
    r"(?i)\b(?:pricing|prices?|personas?|segments?|customer (?:sizes?|profiles?|types?)|"
    r"competitors?|market|audience|buyers?|ideal customer)\b"
)


def _amounts(claim: Claim, style: str) -> Iterator[Quantity]:
    """Amounts with a currency, and bare numbers in a column whose header names one (`EUR per month`)."""
    spotted = quantities(claim.text, style)
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
    r"(?i)\b(?:per |a |/)?(month|monthly|mo|monat|mes|mois|year|yearly|annual(?:ly)?|"
    r"jahr|day|daily|hour|hourly|week)\b|/(month|mo|yr|year|hour|day)\b"
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
        kind,
        quantity.value,
        quantity.unit,
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        scope=Scope(environment, scope.tier(claim.column, claim.label), ""),
        role=role,
        details=details,
        refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )
