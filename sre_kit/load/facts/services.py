"""
Which service a level is promised for, where the words beside the value or a heading over it name one.

"checkout p95 < 500 ms" binds the checkout, "## Payments API" everything under it. What is no name (a metric, a
method, a section of the document) binds nothing: two levels are only compared where both name the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sre_kit.load.facts import scope

_METRIC: Final = (
    r"(?:uptime|up-time|availability|latenc(?:y|ies)|response[- ]?times?|responses?|load[- ]times?|"
    r"error[- ]?rates?|errors|"
    r"page[- ]load[- ]times?|page[- ]loads?|success[- ]?rates?|durations?|throughput|verfügbarkeit|"
    r"antwortzeit\w*|latenz\w*|fehlerrate|disponibili\w+|"
    r"latencia|tiempos? de respuesta|latence|temps de réponse|processing times?|query times?|rtos?|rpos?|"
    r"(?:availability|latency|performance|reliability) (?:slo|sla|target|objective)s?)"
)
_STATISTIC: Final = (
    r"(?:p-?\s?\(?\d{2}(?:\.\d+)?\)?|\d\d(?:th|\.)? percentile|\d\dth|avg\.?|average|mean|"
    r"median|max(?:imum)?|peak|typical)"
)
_BEFORE_VALUE: Final = re.compile(
    rf"(?<![\w.-])(?P<name>[^\W\d_](?:[\w/.&'-]| (?=[\w/]))*?)[\s,(:–-]{{1,3}}(?:{_STATISTIC}|"
    rf"{_METRIC})(?:[\s,()/-]{{1,3}}(?:{_STATISTIC}|{_METRIC})){{0,2}}"
    r"\)?\s?(?:is|of|at|:|=|stays?|remains?|under|below|within)?\s*$",
    re.IGNORECASE,
)
_AFTER_STATISTIC: Final = re.compile(rf"{_STATISTIC}\s(?P<name>[^\W\d_][\w/-]*(?: [\w/-]+)?)\s*$", re.IGNORECASE)
_LABEL_WORDS: Final = re.compile(
    rf"\([^()]*\)|\b(?:{_STATISTIC}|{_METRIC}|(?:web )?performance|targets?|objectives?|goals?|slos?|slas?|"
    rf"requirements?|times?)\b(?!\))"
    r"|(?<!\w)[<>≤≥=]+",
    re.IGNORECASE,
)
_NO_NAME: Final = re.compile(
    r"\b(?:the|a|an|our|all|any|each|every|most|with|and|or|for|of|in|on|at|to|must|shall|should|will|be|is|are|we|it|"
    r"this|that|keep|ensure|achieve|maintain|maximum|minimum|high|low|fast|good|total|overall|general|normal|system|"
    r"service level|monthly|daily|weekly|annual(?:ly)?|yearly|target|expected|acceptable|desired|current|"
    r"end-to-end|key|"
    r"users?|requests?|responses?|percent|under|within|below|than|less|more|up|results?|tests?|load|run|runs|criteria|"
    r"pass|fail(?:ed)?|http|performance|response|latency|availability|uptime|time|rate|metrics?|nfrs?|slos?|slas?|"
    r"reliability|scalability|error|errors|success|budget|window|level|tier|phase|scenario|step|si|el|la|los|"
    r"las|del?|der|die|"
    r"das|le|les|des|und|y|et|per|calendar|month|year|quarter|day|week|rolling|server|client|internal|providers?'?s?|"
    r"vendors?'?s?|query|queries|time-?out|ms|sec|seconds?|min|minutes|hours?|sli|indicators?|objectives?|value|"
    r"measurement|notes?|global|average|avg|mean|median|typical|peak|p\d+)\b|[<>=%$€£|?!]",
    re.IGNORECASE,
)
_GENERIC: Final = re.compile(
    r"(?i)(?:web|pages?|screens?|initial|app|tool|product|first|last|api calls|endpoints?|stack|name)"
)
_OF_SERVICE: Final = re.compile(
    r"\b(?:slos?|slas?|slis?|service[- ]level (?:objective|agreement|indicator)s?|objectives?|targets?|levels?|"
    r"nfrs?|requirements)"
    r"\s(?:for|of|:|[–—-])\s?(?:the\s)?(?P<name>.+)$|^(?P<before>.+?)\s(?:slos?|slas?|"
    r"service[- ]level (?:objective|agreement)s?|"
    r"(?:availability|latency) (?:objectives?|targets?))\W*$",
    re.IGNORECASE,
)
_SERVICE_NOUN: Final = re.compile(
    r"\b(?:apis?|services?|pipelines?|gateways?|workers?|portals?|backend|frontend|apps?|engines?|servers?|processors?|"
    r"databases?|queues?|websites?|web ?app|store(?:front)?|checkout|endpoints?|dashboards?|platform|jobs?|"
    r"scheduler|broker|"
    r"cache|proxy|bot|ingest(?:ion)?|authentication|search|payments?|microservice|dienst|servicio)$",
    re.IGNORECASE,
)
_SECTION: Final = re.compile(
    r"\b(?:architecture|overview|design|performance|monitoring|documentation|specification|strateg\w+|"
    r"requirements?|testing|"
    r"tests?|plan|planning|security|scaling|capacity|infrastructure|deployment|configuration|management|"
    r"analysis|summary|"
    r"critical|core(?! [\w ]*endpoints?)|external|third[- ]party|supporting|internal|other|response|"
    r"introduction|levels?|metrics|targets?|"
    r"professional|customer|support|managed|cloud|new|proposed|recommended|which|how|what|why|per|by|from|this|your)\b",
    re.IGNORECASE,
)
_METRIC_END: Final = re.compile(rf"\b{_METRIC}$", re.IGNORECASE)
_METRIC_OF: Final = re.compile(
    rf"{_METRIC}\s(?:of|for|del?|de la|von|der|des|du|do|"
    rf"da)\s(?:the\s)?(?P<name>[\w /-]{{2,40}})(?:\s[–—-]\s.*)?$",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:(?:GET|POST|PUT|PATCH|DELETE) )?/[\w/:{}.-]{2,60}$")
_NUMBERED: Final = re.compile(r"^\W*(?:\d{1,2}(?:\.\d{1,2})*[.)]?\s+)?")
_LONGEST: Final = 40


def named_before(words: str) -> str:
    """
    The service that the words right before a value name.

    >>> named_before("checkout p95 "), named_before("P95 list "), named_before("with P95 API latency under ")
    ('checkout', 'list', 'API')
    >>> named_before("The system must keep the response time ")
    ''
    """
    words = re.sub(r"[\s<>≤≥=~]+$", " ", words[-80:])
    found = _BEFORE_VALUE.search(words) or _AFTER_STATISTIC.search(words)
    return _tail(found["name"]) if found else ""


def listed(clause: str) -> str:
    """The service that stands alone before a further value of one line: of "list < 300 ms, search < 800 ms" search."""
    words = clause.strip(" <>≤≥=~:")
    return _name(words) if 1 <= len(words.split()) <= 2 and re.fullmatch(r"[^\W\d_][\w /-]*", words) else ""


def named_by_label(label: str) -> str:
    """
    The service that a key or the first cell of a row names beside its metric.

    >>> named_by_label("API Latency (p95)"), named_by_label("p95 Response Time, checkout"), named_by_label("Latency")
    ('API', 'checkout', '')
    """
    left = re.sub(r"\s+", " ", _LABEL_WORDS.sub(" ", label)).strip(" -–—:,&").rstrip("/")
    return _name(left) if left != label.strip() else ""


def named_above(headings: Sequence[str]) -> str:
    """
    The service that the nearest headings are about; of several the nearest.

    >>> named_above(["2. Payments API (Tier 0)"]), named_above(["Latency SLO", "Objectives for the ledger"])
    ('Payments API', 'ledger')
    >>> named_above(["Performance targets", "Non-functional requirements"]), named_above(["API performance"])
    ('', '')
    """
    return _above(tuple(headings[:4]), tuple(headings[-1:]))


@lru_cache(maxsize=2048)
def _above(headings: tuple[str, ...], title: tuple[str, ...]) -> str:
    for text in headings:
        heading = _NUMBERED.sub("", re.sub(r"\([^()]*\)", "", text)).strip(" :✓☐-–—")
        of = _OF_SERVICE.search(heading)
        whole = of and of["before"] and text in title and not _SERVICE_NOUN.search(of["before"])
        if of and not whole and (named := _name((of["name"] or of["before"]).strip())):
            return named
        if of is None and _METRIC_END.search(heading) and (named := named_by_label(heading)):
            return named
        if (begun := _METRIC_OF.match(heading)) and (named := _name(begun["name"])):
            return named
        if (path := _PATH.match(heading)) is not None:
            return path[0]
        if _SERVICE_NOUN.search(heading) and not _SECTION.search(heading) and len(heading.split()) > 1:
            return _name(heading)
    return ""


_CASE: Final = re.compile(
    r"^(?:(?:level|tier|class|severity|priority|scenario|case|category|incident|fall|szenario|escenario|cenário|"
    r"scénario)\s?"
    r"[\dA-D]\b|p[0-4]\b|sev-?[0-4]\b|场景\s?\d)|"
    r"\b(?:failure|outage|loss|corruption|breach|attack|ransomware|unavailab\w+|deletion|down|crash|ausfall|"
    r"verlust|caída|"
    r"fallo|panne|perte|falha|perda)\b|宕机|故障|丢失|\b(?:databases?|services?|storage|cluster|region|site)$",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(r"(?i)^(?:scenario|case|szenario|escenario|cenário|scénario|场景)\s?\d+\s?[:：.–—-]\s*")
_NO_CASE: Final = re.compile(
    r"\b(?:recovery|rtos?|rpos?|objectives?|targets?|backups?|disaster|plan|strateg\w+|requirements?|"
    r"definitions?|overview|"
    r"continuity|polic\w+|slas?|metrics|summary|procedures?|prevention|scenarios)\b",
    re.IGNORECASE,
)


def recovery_case(around: Sequence[str]) -> str:
    """
    The failure, level or part of the system whose recovery the nearest lead-in or heading speaks of.

    >>> recovery_case(["Scenario 3: Loss of a zone (rare)", "Recovery"]), recovery_case(["Recovery objectives"])
    ('Loss of a zone', '')
    """
    for text in around[:2]:
        case = _NUMBERED.sub("", re.sub(r"\([^()]*\)", "", text)).strip(" :✓☐-–—*")
        if _CASE.search(case) and not _NO_CASE.search(case) and len(case) <= 60:
            return re.sub(
                r"(?i)^(?:scenario|case|szenario|escenario|cenário|scénario|场景)\s?\d+\s?[:：.–—-]\s*", "", case
            )
    return ""


def _tail(words: str) -> str:
    """The name that running words end with: of "keep the book page" the book page."""
    last = next(reversed(list(_NO_NAME.finditer(words))), None)
    if last is None:
        return _name(words)
    tail = words[last.end() :].strip()
    return _name(tail) if len(tail.split()) <= 2 else ""


def _name(text: str) -> str:
    cleaned = re.sub(r"^(?:the|our|a)\s", "", text.strip(" -–—:,.'\"`"), flags=re.IGNORECASE)
    fits = 1 < len(cleaned) <= _LONGEST and len(cleaned.split()) <= 4
    if (
        not fits
        or _NO_NAME.search(cleaned)
        or _GENERIC.fullmatch(cleaned)
        or scope.is_tier(cleaned)
        or scope.is_environment(cleaned)
    ):
        return ""
    return cleaned
