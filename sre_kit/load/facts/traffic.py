"""Traffic out of claims: throughput, users, and the load at which a test broke."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Role, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.money import priced
from sre_kit.load.facts.quantities import Quantity, quantities
from sre_kit.load.facts.stating import component, load

_PER: Final = r"(?:\s?/\s?|\s(?:per|a|pro|por|par)\s)"
_NOT_COUNTED: Final = (
    r"(?:bytes|[kmgt]?bits|[kmgt]bs|tokens|frames|points|pixels|credits|dollars|euros|usd|eur|users|attempts|"
    r"failures|errors|times|retries|calls|hours|hrs|minutes|mins|seconds|days|cents|images|samples|logins|posts|"
    r"actions|tasks|commits|deploys|deployments|tickets|meetings|visits|views|visitors|downloads|uploads|clicks)\b"
)
"""What is paid for, limited or done by people when it is counted by time."""
_RATE_UNIT: Final = (
    (
        "req/s",
        rf"requests?{_PER}(?:s|sec|second|sekunde|segundo|seconde)\b|reqs?/s(?:ec)?\b|\brps\b|"
        rf"\bqps\b|queries{_PER}(?:s|sec|second)\b|hits{_PER}(?:s|sec|second)\b|anfragen{_PER}sekunde|"
        rf"peticiones{_PER}segundo|requêtes{_PER}seconde|http requests/s",
    ),
    ("req/min", rf"requests?{_PER}min(?:ute)?\b|\brpm\b|req/min\b"),
    ("req/h", rf"requests?{_PER}h(?:our)?\b"),
    ("req/day", rf"requests?{_PER}day\b|(?:daily|api) requests\b"),
    ("tx/s", rf"\btps\b|transactions?{_PER}(?:s|sec|second)\b"),
    ("tx/min", rf"transactions?{_PER}min(?:ute)?\b"),
    ("tx/day", rf"transactions?{_PER}day\b"),
    (
        "msg/s",
        rf"(?:messages?|msgs?|events?|records?|ops|operations?|inserts?|writes?|reads?|"
        rf"jobs?|orders?|notifications?){_PER}(?:s|sec|second)\b",
    ),
    ("msg/min", rf"(?:messages?|events?|jobs?|records?|operations?|orders?|notifications?|emails?){_PER}min(?:ute)?\b"),
    (
        "msg/h",
        rf"(?:messages?|events?|jobs?|records?|orders?|notifications?|emails?|documents?|"
        rf"operations?){_PER}h(?:our)?\b",
    ),
    (
        "msg/day",
        rf"(?:messages?|events?|jobs?|records?|orders?|notifications?|emails?|documents?|"
        rf"operations?){_PER}day\b",
    ),
    *(
        (f"msg/{short}", rf"(?!{_NOT_COUNTED})(?:auth )?[a-zà-ÿ]{{3,20}}(?:s|es|en|n|msg){_PER}(?:{period})\b")
        for short, period in (
            ("s", "s|sec|second|sekunde|segundo|seconde"),
            ("min", "min|minute|minuto"),
            ("h", "h|hour|hora|heure|stunde"),
            ("day", "day|d[ií]a|jour|tag"),
        )
    ),
    ("msg/min", rf"msgs?{_PER}min(?:ute|uto)?\b"),
)
_RATES: Final = tuple(
    (
        unit,
        re.compile(
            rf"^[\s,]{{0,2}}(?:(?:api|http|concurrent|successful|effective|sustained|write|read|total|peak|avg|average)\s)?(?:{pattern})",
            re.IGNORECASE,
        ),
    )
    for unit, pattern in _RATE_UNIT
)
_RATE_LABELS: Final = (
    *((unit, re.compile(pattern, re.IGNORECASE)) for unit, pattern in _RATE_UNIT[:11]),
    ("msg/s", re.compile(rf"\b(?!{_NOT_COUNTED})[a-z]{{3,20}}\s?/\s?s(?:ec(?:ond)?)?\b", re.IGNORECASE)),
)
_NOT_RATE: Final = re.compile(
    r"\b(?:may send|429|per (?:active |concurrent )?(?:user|session|device)|"
    r"rate[- ]?limit\w*|limit(?:s|ed)?|throttl\w+|quota|per (?:user|ip|client|"
    r"key|tenant|customer|api key|minute per)|burst|free tier|(?<!test )plan|pricing|price|included|"
    r"alert\w*|scale|scaling|autoscal\w+|threshold|spawn|ramp|wal|disk|iops|ingest(?:ion)? "
    r"limit)\b|/(?:user|ip|key)\b",
    re.IGNORECASE,
)
_USERS_AFTER: Final = re.compile(
    r"^\+?[\s,]{0,2}(?P<what>(?:(?:(?:daily|monthly|weekly) )?(?:active|concurrent|"
    r"simultaneous|registered|paying|total|paid|peak|beta|pilot|gleichzeitige|aktive|"
    r"usuarios|new|enterprise|free|premium|trial|virtual|website|unique|платящих|активных|"
    r"zahlende)\s){0,2}(?:users?|customers?|"
    r"subscribers?|maus?|"
    r"daus?|tenants?|nutzern?|benutzer|kunden|usuarios|utilisateurs|clientes|clients|members|"
    r"ccu|accounts|sign-?ups|visitors|subscriptions|usu[aá]rios|utenti|clienti|pengguna|người dùng|gebruikers|brugere|"
    r"användare|пользовател\w+|клиент\w+)\b(?!\s(?:types?|roles?|stor(?:y|ies)|personas?|groups?|flows?|journeys?|"
    r"segments?|interviews?|tests?|testing|profiles?|tiers?|scenarios?|levels?|categor\w+|classes|guides?|"
    r"permissions?)\b))|^\s?(?:个)?(?:并发|活跃|注册)?(?P<zh>用户|使用者)",
    re.IGNORECASE,
)
_USERS_LABEL: Final = re.compile(
    r"^\W*(?:\w+\s)?(?:(?:daily|monthly|weekly|expected|target|max(?:imum)?|peak|total|average|"
    r"initial|current|projected|number of|supported)\s){0,3}"
    r"(?:active|concurrent|simultaneous|registered|paying|paid|total|website|unique|app|free|premium|trial)?\s?(?:users?|customers?|"
    r"subscribers?|tenants?|mau|dau|nutzer|benutzer|kunden|usu[aá]rios|utenti|clienti|pengguna|пользовател\w+|"
    r"клиент\w+|"
    r"utilisateurs|readers|members|clientes|clients|visitors|sign-?ups)(?:\s(?:supported|expected|concorrentes|"
    r"concurrentes|ativos|activos|simult[aâá]ne[ao]s|activ[ea]s?|actifs))?(?:\s\([\w ,.]{1,28}\))?\W*$"
    r"|^\W*(?:(?:daily|monthly|weekly) )?active \w+s\W*$|^\W*(?:\w+ ){1,2}onboarded\W*$|"
    r"^\W*(?:max(?:imum)? |peak )?(?:concurrent|simultaneous) (?:connections|sessions|websockets?)\W*$|"
    r"^\W*(?:注册|付费|活跃|月活|日活|在线|并发|总)?用户[数量]?\W*$",
    re.IGNORECASE,
)
_NOT_USERS: Final = re.compile(
    r"(?<!concurrent )(?<!simultaneous )\busers? per (?!day|week|month|hour|year)|"
    r"\b(?:up to|limit|plan|tier|seat|pricing|interview\w*|survey\w*|"
    r"persona|included|test (?:for|of|with)|add|find|recruit\w*|max \d+ users|% of|percent of|"
    r"team of|beta test\w*|usability|roi|безубыточн\w*|окупаем\w*|"
    r"test users?|sample|market|industry|competitors?|tam|sam|som|virtual users|rate[- ]limit\w*|"
    r"cac|convert|profitab\w+|break-?even|punt d'equilibri|punto de equilibrio|seuil de rentabilité|roles?|k6|vus?)\b",
    re.IGNORECASE,
)
_AT_RATE: Final = re.compile(r"(?i)\b(?:at|per|beyond|bei)\s?[~<>≥]?\s?$")
_THROUGHPUT: Final = re.compile(r"(?i)\b(?:throughput|durchsatz|rendimiento|débit|vaz[aã]o)\b")


_SCALES: Final = re.compile(r"(?i)\b(?:scaling|scale[- ](?:up|out|down|in)|when to scale|autoscaling)\b")
"""Rates under such a heading say when something is added."""
_LIMITED: Final = re.compile(r"(?i)\b(?:rate[- ]?limit\w*|throttl\w+|quotas?|pricing|(?<!test )plans?|alert\w*)\b")


_COUNTED_LABEL: Final = re.compile(r"\d[\d.,]*\s?[kKM]?\s?$")
"""`< 500 TPS | 2`: the row is what is needed at this rate, and what stands in it is no rate."""
_CASE: Final = re.compile(r"(?i)\b(?:when|once|if|until|unless|should)\b[^.;]*$")
_ENDS: Final = re.compile(r"[;.]\s|,\s(?=\d|then\b|scale\b)")
_FACTOR: Final = re.compile(r"\d[^=]{0,30}\s[×x*]\s?\d")
_BARE_SECOND: Final = re.compile(r"(?i)\s?/s(?:ec)?\b")
_ASKED_OF: Final = re.compile(
    r"(?i)\b(?:https? (?:reads?|writes?)|requests?|reads?|writes?|quer(?:y|ies)|messages?|events?|escritas?|leituras?|"
    r"mensagens|lecturas?|escrituras?|peticiones|mensajes|requêtes|anfragen|nachrichten)\b|запрос|请求|요청|リクエスト"
)


def rate_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """Throughput: a number followed by requests per second, or labelled so; in test results a load-test result."""
    spot = f"{claim.label} {claim.column}"
    if _THROUGHPUT.search(claim.label):
        spot = re.sub(r"(?i)\bthresholds?\b", "", spot)
    if roles.in_load_test(claim, document):
        spot = re.sub(r"(?i)\bbursts?\b", "", spot)  # a scenario's name, no limit
    if (
        _NOT_RATE.search(spot)
        or (claim.form != "cell" and "\\text{" in claim.quote)
        or re.search(r"(?i)\bprofile\b(?! service)|\bstages?\b", claim.label)
        or any(_LIMITED.search(text) for text in claim.around[:1])
        or (claim.around and _SCALES.search(claim.around[0]) and not _THROUGHPUT.search(spot))
        or any(_PRICE_COLUMN.search(name) for name, _ in claim.row)
    ):
        return
    labelled = next(
        (
            unit
            for text in (claim.column, claim.label)
            for unit, words in _RATE_LABELS
            if claim.form != "sentence"
            and (told := words.search(text))
            and not _COUNTED_LABEL.search(text[: told.start()])
        ),
        "",
    )
    if (
        not labelled
        and claim.form != "sentence"
        and re.search(r"(?i)^\W*(?:[\w ]{0,20}\s)?(?:throughput|durchsatz|rendimiento|débit)\b[^|]{0,20}$", claim.label)
    ):
        labelled = "?"
    for quantity in quantities(claim.text, style):
        if quantity.unit or claim.text[: quantity.start].endswith(('"', "“")):
            continue  # in quotation marks it is what others say
        after = claim.text[quantity.end : quantity.end + 40]
        if "=" in claim.text[quantity.end :] and _FACTOR.search(claim.text):
            continue  # of a calculation only what it comes to
        unit = next((unit for unit, words in _RATES if words.match(after)), "")
        alone = len(claim.text) <= len(quantity.written) + 12 and quantity.start <= 8
        if not unit and labelled not in ("", "?") and alone and not re.match(r"\s?[a-zA-Z%/]", after):
            unit = labelled
        if not unit and _BARE_SECOND.match(after) and _ASKED_OF.search(spot):
            unit = "req/s"
        if not unit and labelled == "?" and (per := re.match(r"\s?/\s?(s|sec|min|h)\b", after)):
            unit = f"req/{per[1][0] if per[1] != 'min' else 'min'}"
        if claim.form == "sentence" and _CASE.search(claim.text[: quantity.start]):
            continue  # "when traffic exceeds 1,000 RPS"
        near = claim.text[max(0, quantity.start - 40) : quantity.end]
        near += _ENDS.split(claim.text[quantity.end : quantity.end + 60])[0]
        if _THROUGHPUT.search(f"{claim.label} {claim.around[:1]}"):
            near = re.sub(r"\([^()]*\)?|(?i:\bscal(?:e|es|ing|able)\b)", " ", near)  # its reason may be a limit
        if not unit or _NOT_RATE.search(near) or quantity.value <= 0:
            continue
        if unit.startswith("msg/d") and quantity.value <= 10 and not _THROUGHPUT.search(spot):
            continue  # what one person may do in a day
        if claim.form == "cell" and not labelled and _AT_RATE.search(claim.text[: quantity.start]):
            continue  # "4 GB a month at 1K TPS"
        yield _counted(Kind.THROUGHPUT, quantity, unit, claim, document, "")


def _counted(kind: Kind, quantity: Quantity, unit: str, claim: Claim, document: str, name: str) -> Fact:
    refused_role, refused = roles.refusal(claim)
    role = refused_role or roles.role(claim, claim.text, quantity.comparison, document)
    if (
        kind is Kind.THROUGHPUT
        and roles.in_load_test(claim, document)
        and role in (Role.MEASURED, Role.STATED)
        and (roles.results_place(claim, document) or roles.measured_column(claim.label))
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
        kind,
        quantity.value,
        unit,
        document,
        claim.line,
        claim.quote,
        name=name,
        heading=claim.heading,
        scope=where,
        role=role,
        details=details,
        refused=roles.AMBIGUOUS if quantity.ambiguous else refused,
    )


_FORETOLD: Final = re.compile(r"(?i)\b(?:expected users|projected users|growth plan|growth projections?|user growth)\b")
"""Users of the future, though the document reports on load tests."""


_RECKONED: Final = re.compile(r"[$€£₹]\s?\d|\d\s?[$€£₹]")
"""A sum of money beside it: the customers are what it is reckoned by."""


_REQUIRED: Final = re.compile(
    r"(?i)^(?!.*\b(?:results?|scenarios?|profiles?|stages?|configuration|set-?up)\b)"
    r".*\b(?:requirements?|targets?|goals?|objectives?|capacity)\b"
)
"""What the system must bear, though the document is about load tests."""


_CONCURRENT: Final = re.compile(r"(?i)\b(?:concurrent|simultaneous) (?:active )?users\b")
_ACCEPTED: Final = re.compile(
    r"(?i)^\W*(?:[\d.]+\s+)?(?:test |performance )?(?:objectives?|acceptance(?: criteria)?|"
    r"success criteria|goals?|targets?|requirements?)\W*$"
)
"""Headings of what must be borne, in a document on tests."""
_AIMED_AT: Final = re.compile(r"(?i)\W*(?:target|goal|expected|about|approx(?:imately|\.)?|objetivo|ziel)\W*")


_PEOPLE: Final = re.compile(
    r"(?i)\s(?:(?:concurrent|simultaneous|active) )?"
    r"(?:students?|staff|teachers?|employees|learners?|patients?|drivers?|people|persons?|members?|agents?|"
    r"doctors?|parents?|players?|readers?|operators?)\b"
)
_SEGMENTS: Final = re.compile(
    r"(?i)\b(?:segments?|personas?|customer profiles?|ideal customers?|market (?:size|opportunity)|zielgruppen?|"
    r"сегмент\w*|segmentos?)\b"
)
_PRICE_COLUMN: Final = re.compile(
    r"(?i)\b(?:pric(?:e|es|ing)|preis\w*|precios?|prix|preços?|prezz[oi]|цен[аы]|тариф\w*)\b"
)


_CHANNEL: Final = re.compile(r"(?i)(?:(?:marketing |acquisition |launch )?channels?|canal(?:es)?|kanäle|kanal|渠道)")
"""What a channel of marketing is to bring in."""


def _of_others(claim: Claim) -> bool:
    """The size of a customer or a market, what a plan includes, or what we lack and a competitor has."""
    return (
        any(_SEGMENTS.search(text) for text in claim.around[:1])
        or any(roles.of_customers(text) for text in claim.around)
        or any(_PRICE_COLUMN.search(name) for name, _ in claim.row)
        or (bool(claim.row) and bool(_CHANNEL.fullmatch(claim.row[0][0].strip())))
        or "❌" in claim.quote
    )


def user_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """How many users or customers there are, are expected, or must be served at once."""
    spot = f"{claim.label} {claim.column}"
    if _of_others(claim):
        return
    if (
        _NOT_USERS.search(spot)
        or (any(priced(text) for text in claim.around[:2]) and not _FORETOLD.search(" ".join(claim.around[:2])))
        or (
            roles.in_load_test(claim, document)
            and not (claim.form == "cell" and roles.target_column(claim.column))
            and not _FORETOLD.search(" ".join((spot, *claim.around[:2])))
            and not (claim.form == "pair" and any(_REQUIRED.search(text) for text in claim.around[:2]))
            and not (_CONCURRENT.search(claim.text) and any(_ACCEPTED.search(text) for text in claim.around[:3]))
        )
    ):
        return
    if claim.form == "cell" and re.search(r"(?i)\bfree\b.{0,12}\(\d+ users?\)", claim.text):
        return  # what a seller's plan holds
    label = claim.label
    if claim.form == "pair" and claim.around and re.fullmatch(r"(?i)users|customers|tenants", claim.around[0]):
        label = f"{label} {claim.around[0]}"
    if re.fullmatch(r"(?i)user|customer|tenant|member|client", label):
        return  # one of them, with its number
    if re.match(r"(?i)new\b", claim.column) and any(
        re.match(r"(?i)(?:total|cumulative)\b", name) for name, _ in claim.row
    ):
        return  # who came is no count of who is there
    labelled = claim.form != "sentence" and bool(_USERS_LABEL.match(label) or _USERS_LABEL.match(claim.column))
    for quantity in quantities(claim.text, style):
        if quantity.unit or quantity.value < 1 or "." in f"{quantity.value:f}".rstrip("0").rstrip("."):
            continue
        after = claim.text[quantity.end : quantity.end + 50]
        found = _USERS_AFTER.match(after)
        near = claim.text[max(0, quantity.start - 30) : quantity.start].rpartition("=")[2]
        near += claim.text[quantity.start : quantity.end + 45]
        if (
            re.match(r"\s?\w*\s?[×*]\s?\d", after)
            or _NOT_USERS.search(near)
            or re.search(r"[$€£]\s?$|\b(?:PG|v|version|node|python|java|release)\s?$", claim.text[: quantity.start])
            or (quantity.start > 3 and claim.form != "cell" and _RECKONED.search(claim.text))
        ):
            continue
        alone = (
            labelled
            and (
                quantity.start <= 4
                or _AIMED_AT.fullmatch(claim.text[: quantity.start]) is not None
                or (claim.form == "pair" and bool(_PEOPLE.match(after)))
            )
            and (not re.match(r"\s?(?:%|[a-z]{3,})", after) or _PEOPLE.match(after))
            and not re.match(r"(?:19|20)\d\d$", quantity.written)
        )
        if not found and not alone:
            continue
        brief = quantity.start <= 2 and len(claim.text.split()) <= 5
        if (
            claim.form == "sentence"
            and not brief
            and not re.search(
                r"(?i)\b(?:support\w*|serv\w+|handle\w*|have|has|with|target\w*|expect\w*|reach\w*|"
                r"grow\w*|current\w*|active|concurrent|registered|monthly|daily|for|launch\w*|"
                r"scale\w*|accommodate\w*|\d+ customers|by (?:the )?(?:end|month|year|q[1-4]|20\d\d))\b",
                claim.text,
            )
        ):
            continue
        what = (found["what"] or found["zh"]) if found else (label if _USERS_LABEL.match(label) else claim.column)
        yield _counted(Kind.USERS, quantity, "users", claim, document, what.strip().lower())
