"""
Which words make a number a fact of which kind.

A rule names the units it takes and the values it believes; a rule without a kind blocks: its words say that the
number is about something else ("timeout", "service credit", "test coverage").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sre_kit.compute.vocabulary import Kind

_ANY: Final = Decimal(10) ** 18


def _between(low: str, high: str) -> Callable[[Decimal], bool]:
    least, most = Decimal(low), Decimal(high)
    return lambda value: least <= value <= most


def _anything(value: Decimal) -> bool:
    return value <= _ANY


@dataclass(frozen=True, slots=True)
class Rule:
    """One subject: its kind (None blocks), its unit (``money`` for any currency), its words, the values it takes."""

    kind: Kind | None
    unit: str
    words: re.Pattern[str]
    believes: Callable[[Decimal], bool] = _anything


def _rule(kind: Kind | None, unit: str, words: str, believes: Callable[[Decimal], bool] = _anything) -> Rule:
    return Rule(kind, unit, re.compile(words, re.IGNORECASE), believes)


_LATENCY_WORDS = (
    r"\blatenc(?:y|ies)\b|\blatenz\w*|\blatence\b|\blatencia\b|\bresponse[- ]?times?\b|"
    r"\bresponses?\b(?! rate| plan| team)|\bresponds?\b|\brespond(?:er|a|e[mn]?)\b|\brépond(?:re|ent)?\b|\bantwortet\b|"
    r"\btiempos? de carga|\btemps de chargement|\btempos? de carregamento|\bantwortzeit\w*|\btemps de "
    r"réponse|\btiempos? (?:de )?respuesta|\bduraci[oó]n de las (?:solicitudes|peticiones)|"
    r"\b9[059] ?% (?:of|de(?: las| los)?|der|des) (?:all )?(?:solicitudes|peticiones|"
    r"requests|anfragen|requêtes|queries|calls)|\btempos? de resposta|\blat[eê]ncia\b"
    r"|\bp\s?\(?(?:50|75|90|95|98|99|99\.9|999)\)?(?![\w.]*\d)|\bpercentile|\bperzentil|"
    r"\b(?:page|initial|app|screen|dashboard)[- ]load(?:s|ing)?(?: times?)?\b|\bload[- ]times?\b|"
    r"\bloads?\b (?:in|within|under)|\bttfb\b|\btime to first byte|\blcp\b|\bfcp\b|"
    r"\btti\b|\binp\b"
    r"|响应时间|加载时间|延迟|応答時間|レスポンスタイム|\bвремя (?:отклика|ответа)|\bwaktu (?:respons|muat)\w*|"
    r"\bczas odpowiedzi|\bresponstid|\btempo di risposta|\bcold[- ]starts?\b|"
    r"\b9[059] ?% of (?:[\w-]+ ){1,4}(?:complete|finish|load|respond|return)s? (?:in|within|under)"
    r"|\b(?:terminan|completan|finalizan|responden|completam|terminam)\b[^.;]{0,30}\ben? menos de"
    r"|\b(?:operations?|requests?|queries|actions?|calls?|searches|transactions?) (?:should |must |shall |will |to )?"
    r"(?:complete|finish|return)s? (?:in|within|under)"
    r"|\blargest contentful paint|\bfirst contentful paint|\btime to interactive|\b(?:query|"
    r"request|api|processing|execution|expected|render(?:ing)?|turnaround|search) "
    r"(?:times?|duration)\b|\bround[- ]?trip|\bladezeit\w*|\bhttp_req_duration"
)

RULES: Final = (
    # what only looks like one of ours
    _rule(
        None,
        "ratio",
        r"\b(?:burn(?:[- ]rates?)?|credits?|refunds?|gutschrift|discount|rabatt|fee|commission|"
        r"margin|churn|conversion|coverage|utili[sz]ation|cpu|memory|ram|disk|storage|"
        r"hit[- ]?rate|hit[- ]?ratio|accuracy|precision|recall|satisfaction|csat|nps|adoption|"
        r"retention|traffic (?:split|share|shift\w*|rout\w+)|of (?:the )?traffic|canary|"
        r"sampl(?:e|ing)|budget|progress|completion|complete[d]?|bandwidth|swap|packet "
        r"loss|jitter|interest|tax|vat|equity|probability|confidence|savings?|cheaper|"
        r"reduction|reduced|improve(?:d|ment)?|overhead|default rate|engagement|open rate|"
        r"click|bounce rate|compliance|durability|delivery rate|deploy(?:ment)? success|successful deploy\w*|"
        r"completeness|freshness|correctness|degradation|regression|"
        r"automat(?:ion|ed|es|ing)|threshold for)\b",
    ),
    _rule(
        None,
        "s",
        r"\b(?:^duration$|test duration|elapsed|time-?outs?|intervals?|ttl|cool-?downs?|"
        r"stabili[sz]ation|windows?|max[- ]age|"
        r"expir(?:y|es|ation)|every|poll(?:ing)?|refresh|keepalive|grace|delay|debounce|"
        r"backoff|retry|retries|ramp(?:[- ]?up)?|sustained|warm-?up|test duration|duration "
        r"of|uptime of|period|ago|lifetime|session|token|sampling|scrape|heartbeat|lag|"
        r"notice|advance|degradation|regression|age|valid|lease|lock|sla clock|maintenance|deadline|(?<!latency "
        r")(?<!performance )(?<!response )budgets?|sprint|milestone|onboarding)\b",
    ),
    _rule(
        None,
        "s",
        r"\b(?:support|ticket|tickets|incident|severity|sev-?[0-4]|p[0-4]|priority|on-?call|"
        r"acknowledge(?:ment|d)?|escalat\w+|first[- ]response|resolution|resolve[sd]?|"
        r"triage|mtt[radifb]\w*|mean time|business (?:hours?|days?)|customer service|helpdesk|"
        r"pager|paged|remediation|patch(?:ing|ed)?|detect(?:ion|ed)?|containment|rollback|"
        r"restart|deploy(?:ment|s)?|build|startup|start-?up|boot|lead time)\b",
    ),
    # ours
    _rule(
        Kind.RTO,
        "s",
        r"\brtos?\b|\b(?<!mean )recovery[- ]time(?:[- ]objectives?)?\b|\bwiederherstellungszeit\w*|"
        r"\bwiederanlaufzeit\b|\btiempo de recuperación|\bmaximum tolerable downtime",
    ),
    _rule(
        Kind.RPO,
        "s",
        r"\brpos?\b|\brecovery[- ]point(?:[- ]objectives?)?\b|\bdata[- ]loss\b|\bdatenverlust\b|"
        r"\bpérdida de datos",
    ),
    _rule(
        Kind.AVAILABILITY_TARGET,
        "ratio",
        r"\buptime\b|\bup-time\b|\bavailab(?:ility|le)\b|\bverfügbar(?:keit)?\b|\bdisponibili(?:dad|"
        r"té|dade|tà)\b|\bdisponib(?:le|ilidad)\b|\bnines\b|\bslas?\b(?! compliance| breach|"
        r" attainment)|\bservice[- ]level (?:agreement|objective)s?\b|\bavailability slo\b|"
        r"可用性|可用率|\bдоступност\w*|\bketersediaan\b|\bdisponibilità\b|\btilgængelighed\b|\bbeschikbaarheid\b|"
        r"\bof (?:[\w-]+ ){1,4}succeed\b|"
        r"^(?!.*\b(?:backups?|tests?|builds?|deploy\w*|training|customer|email|cache|"
        r"import)\b)(?:[\w/&-]+ ){1,3}success$|"
        r"^\W*success[- ]rates?(?:[- ](?:targets?|slos?|objectives?|goals?))?\W*$|\b(?:requests?|api|http|"
        r"checkout|overall|system|read|write|"
        r"query|call|job|upload|transaction|order|login|search|generation|playback|streaming|"
        r"delivery)\s(?:\w+\s)?success[- ]?(?:rate|ratio)\b|\bsuccessful (?:requests|responses)\b",
        _between("0.9", "1"),
    ),
    _rule(
        Kind.ERROR_RATE_TARGET,
        "ratio",
        r"\berror[- ]?rates?\b|\berrors?\b|\bfail(?:ure|ed)[- ]?(?:request )?rates?\b|"
        r"\bfailed requests\b|\bfailures?\b|\b5xx\b|\bfehler(?:rate|quote)\b|\btasa de "
        r"error(?:es)?|\btaux d'erreurs?|\bhttp_req_failed\b|\bfailure rate\b|\btime-?out "
        r"rate\b|\berros?\b|\btaxa de erros?\b|\bfalhas\b|\btasa de fall[oa]s?\b|\bfallid[oa]s\b|"
        r"\berrores\b|错误率|失败率|エラー率|\bчастота ошибок|\btingkat kesalahan",
        _between("0", "1"),
    ),
    _rule(Kind.ERROR_RATE_TARGET, "ratio", r"\btime-?outs?\b", _between("0", "0.2")),
    _rule(Kind.LATENCY_TARGET, "s", _LATENCY_WORDS, _between("0.000000001", "3600")),
    _rule(
        Kind.LOAD_TEST_RESULT,
        "ratio",
        r"\bsuccess(?:ful)?[- ]?(?:rate|ratio)\b|\btasa de [eé]xito\b|\berfolgsquote\b|"
        r"\btaux de succès\b",
        _between("0", "1"),
    ),
    _rule(
        Kind.GROWTH_RATE,
        "ratio",
        r"(?<![(/])\bgrow(?:th|s|ing|n)?\b(?!\s?(?:tiers?|plans?|/|\)))|\bmonth[- ]over[- ]month\b|"
        r"\bmom\b|\byoy\b|\byear[- ]over[- ]year\b|\bcagr\b|\bwachstum\w*|\bcrecimiento\b|"
        r"\bcroissance\b|\bcreixement\b|\bcrescimento\b|\bcrescita\b",
        _between("0", "100"),
    ),
)
_RTO_WORDS: Final = re.compile(
    r"\brtos?\b|\b(?<!mean )recovery[- ]time(?:[- ]objectives?)?\b|(?<!mean )\btime to recover(?:y)?\b|"
    r"\bdmia\b|\bdurée maximale d'interruption|\bwieder(?:herstellungs|anlauf)zeit\w*|"
    r"\btiempo (?:objetivo )?de recuperaci[oó]n|\btempo (?:objetivo )?de recupera[cç][aã]o|"
    r"\bmaximum tolerable downtime\b|\brestor(?:e|ation)[- ]time[- ]objectives?\b",
    re.IGNORECASE,
)
_RPO_WORDS: Final = re.compile(
    r"\brpos?\b|\brecovery[- ]point(?:[- ]objectives?)?\b|\b(?:maximum|max\.?|acceptable|"
    r"accepted|tolerable) data[- ]loss\b|\bdata[- ]loss (?:window|tolerance)\b|\bpdma\b|"
    r"\bperte de données maxim\w+|\bwiederherstellungspunkt\w*|\bmax(?:imaler|\.)? "
    r"(?:tolerierter )?datenverlust|\bpunto (?:objetivo )?de recuperaci[oó]n|\bpérdida "
    r"(?:máxima )?de datos|\bponto de recupera[cç][aã]o|\brestor(?:e|ation)[- ]point[- ]objectives?\b",
    re.IGNORECASE,
)


def _recovery(text: str, last: bool) -> Kind | None:
    """Which recovery objective the text names; of both the first, or the last before the value."""
    spots = [
        (match.start(), kind)
        for kind, words in ((Kind.RTO, _RTO_WORDS), (Kind.RPO, _RPO_WORDS))
        for match in words.finditer(text)
    ]
    return (max(spots) if last else min(spots))[1] if spots else None


SLOW_WORK: Final = re.compile(
    r"\b(?:import|export|report|batch|processing|query|job|sync|render|index|expected "
    r"time|p\s?\(?9[059]|lat[eê]nc|upload|download|generation)",
    re.IGNORECASE,
)
OUTSIDE_GROWTH: Final = re.compile(
    r"\b(?:market|industry|sector|markt|mercado|marché|revenue|downloads?|arr|mrr|sales|gdp|inflation|"
    r"allocations?|use of funds|répartition|aufteilung|reparto|reparti[cç][aã]o|mercat|mercato|"
    r"cagr(?!.*\b(?:users?|customers?|traffic|requests?)\b)|"
    r"response time|increase in response)\b",
    re.IGNORECASE,
)


_SHORT_LIVED: Final = re.compile(r"(?i)\b(?:tokens?|sessions?|lease|valid|locks?|refresh)\b")


_LATENCY_OF: Final = re.compile(r"(?i)\b(?:detection|resolution|build|startup|start-up|refresh|retry|polling) latency")
"""Work of the machine: what is asked is how fast it is."""


@lru_cache(maxsize=2048)
def subject(text: str, unit: str, value: Decimal, last: bool = False) -> tuple[bool, Kind | None]:
    """
    Whether the words say what a number of this unit is about, and which kind that makes it.

    (True, None) means: they do, and it is nothing that we look for. Of several subjects that believe the value
    the first in the text wins, or the `last` one where the text stands before the value; a blocking word always wins.

    >>> subject("p95 response time", "s", Decimal("0.5"))
    (True, <Kind.LATENCY_TARGET: 'latency_target'>)
    >>> subject("Support response time", "s", Decimal(30)), subject("Checkout", "s", Decimal(30))
    ((True, None), (False, None))
    """
    if unit == "s" and value < 1:
        text = _SHORT_LIVED.sub("work", text)  # nothing expires within a second
    if unit == "s":
        text = _LATENCY_OF.sub("latency", text)
    if unit == "s" and (named := _recovery(text, last)):
        return True, named
    best: tuple[int, int, Rule] | None = None
    told = False
    for order, rule in enumerate(RULES):
        if rule.unit != unit:
            continue
        places = [match.start() for match in rule.words.finditer(text)]
        if places and rule.kind is None:
            return True, None
        told = told or bool(places)
        if places and rule.believes(value):
            place = -places[-1] if last else places[0]
            best = min(best, (place, order, rule), key=lambda found: found[:2]) if best else (place, order, rule)
    if best is None:
        return told, None
    rule = best[2]
    if rule.kind is Kind.LATENCY_TARGET and value >= 60 and not SLOW_WORK.search(text):
        return True, None  # minutes and hours of "response" are people's
    return True, rule.kind
