"""Where a fact holds: environment, tier and component, and which statistic of a latency is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_ENVIRONMENTS: Final = (
    ("production", r"prod(?:uction|uktion|ucci[oó]n|u[cç][aã]o|uctif)?|prd"),
    ("staging", r"stag(?:ing|e)|uat|pre-?prod(?:uction)?|stg|homologa[cç][aã]o"),
    ("development", r"dev(?:elopment)?|entwicklung|desarrollo|desenvolvimento|développement|local(?:host)?"),
    ("test", r"test(?:ing)? env(?:ironment)?|qa env(?:ironment)?|qa|testing"),
    ("demo", r"demo env(?:ironment)?"),
    ("pilot", r"pilot env(?:ironment)?"),
    ("dr", r"dr (?:site|region|environment)"),
)
_ENVIRONMENT: Final = tuple(
    (name, re.compile(rf"(?<![\w/.-])(?:{pattern})(?![\w/.]|-\w)", re.IGNORECASE)) for name, pattern in _ENVIRONMENTS
)
_TIER_WORD = (
    r"free|freemium|trial|hobby|basic|starter|standard|essentials?|developer|individual|"
    r"personal|growth|team|pro|plus|professional|business|premium"
    r"|enterprise(?: plus| premium)?|ultimate|platinum|gold|silver|bronze|scale|community|pay[- ]as[- ]you[- ]go"
)
_TIER_ALONE = re.compile(
    rf"^\W*(?P<tier>{_TIER_WORD}|tier [0-4]|t[0-4])(?:\s(?:tier|plan|plans|customers?|"
    rf"tenants?|sla|package|edition|level|users?))?\W*(?:\([^()]*\))?\W*$",
    re.IGNORECASE,
)
_TIER_NAMED = re.compile(
    rf"\b(?P<tier>{_TIER_WORD})[\s-](?:tier|plan|customers|tenants|sla|package|edition)\b", re.IGNORECASE
)
_TIER_NUMBER = re.compile(r"\btier[\s-]?(?P<number>[0-4])\b", re.IGNORECASE)
_STATISTIC: Final = (
    ("p99.99", r"p\s?\(?99\.99\)?|p9999"),
    ("p99.9", r"p\s?\(?99\.9\)?|p999|99\.9th|99\.9 ?% of (?:all )?(?:requests|api|queries|responses)"),
    (
        "p99",
        r"p-?\s?\(?99\)?(?![.\d]\d?)|99(?:th|%[ -]?ile|%il| ?%? percentile)\b|99 ?% (?:of|"
        r"de(?: las| los)?|der|des) (?:all )?(?:solicitudes|peticiones|anfragen|requêtes|"
        r"requests|api|queries|calls|responses|operations|page)",
    ),
    ("p98", r"p\s?\(?98\)?|98th"),
    (
        "p95",
        r"p-?\s?\(?95\)?(?!\d)|95(?:th|%[ -]?ile|%il|e centile| ?%? percentile)\b|percentil[e]? "
        r"?95|95 ?% (?:of|de(?: las| los)?|der|des) (?:all )?(?:solicitudes|peticiones|"
        r"anfragen|requêtes|requisi[cç][oõ]es|requests|api|queries|calls|responses|operations|"
        r"page|users|(?:[\w-]+ ){1,4}(?:complete|finish|load|respond|return))|95\.? ?perzentil",
    ),
    (
        "p90",
        r"p\s?\(?90\)?(?!\d)|90(?:th| ?%? percentile)\b|90 ?% (?:of|de(?: las| los)?|der|"
        r"des) (?:all )?(?:solicitudes|peticiones|anfragen|requêtes|requests|api|queries|"
        r"responses)",
    ),
    ("p75", r"p\s?\(?75\)?(?!\d)|75th"),
    ("p50", r"p\s?\(?50\)?(?!\d)|50th|median|\bmed\b|mediane?"),
    (
        "avg",
        r"\bavg\b|averages?\b|\bmean\b|durchschnitt\w*|\bmittel(?:wert)?\b|promedios?\b|"
        r"\bm[eé]dia\b|\bmedio\b|\bmoyenne?\b|\bmittlere",
    ),
    ("max", r"\bmax(?:imum)?(?: response| latency| duration)?\b|\bmax\b|\bm[aá]xim[oa]s?\b"),
    ("min", r"\bmin(?:imum)? (?:response|latency)|^\W*min\W*$|\bm[ií]nim[oa]\b"),
)
_STATISTICS: Final = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _STATISTIC)


def environment(*texts: str) -> str:
    """
    The environment that the nearest of the texts names, if it names exactly one.

    >>> environment("db.t3.small (prod)"), environment("dev and prod"), environment("Product page")
    ('production', '', '')
    """
    for text in texts:
        if len(text) > 90:
            continue
        found = _environments(text)
        if found:
            return found[0] if len(found) == 1 else ""
    return ""


@lru_cache(maxsize=2048)
def _environments(text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _ENVIRONMENT if pattern.search(text))


def tier(*texts: str) -> str:
    """
    The customer tier that the nearest of the texts names.

    >>> tier("Enterprise"), tier("Pro Plan (guaranteed)"), tier("Business continuity"), tier("Free Tier: 99 %")
    ('enterprise', 'pro', '', 'free')
    """
    return next((named for text in texts if (named := _tier(text))), "")


@lru_cache(maxsize=2048)
def _tier(text: str) -> str:
    if found := _TIER_ALONE.match(text) or _TIER_NAMED.search(text):
        return found["tier"].lower()
    numbered = _TIER_NUMBER.search(text)
    return f"tier {numbered['number']}" if numbered else ""


def statistic(*texts: str) -> str:
    """
    The statistic that the nearest of the texts names: ``p95``, ``avg``, ``max``.

    >>> statistic("p(95)=148ms"), statistic("95th percentile"), statistic("Avg"), statistic("checkout")
    ('p95', 'p95', 'avg', '')
    """
    return next((named for text in texts if (named := _statistic(text))), "")


@lru_cache(maxsize=2048)
def _statistic(text: str) -> str:
    return next((name for name, pattern in _STATISTICS if pattern.search(text)), "")


def is_environment(text: str) -> bool:
    """Whether the text is nothing but the name of an environment."""
    return bool(environment(text)) and len(text.split()) <= 3


def is_tier(text: str) -> bool:
    """Whether the text is nothing but the name of a tier."""
    return bool(_TIER_ALONE.match(text))


def is_statistic(text: str) -> bool:
    """Whether the text is nothing but the name of a statistic: ``Average``, ``p95``."""
    return bool(statistic(text)) and len(text.split()) == 1


@lru_cache(maxsize=2048)
def strip_known(text: str, known: Iterable[re.Pattern[str]] = ()) -> str:
    """A row label without the statistic and the environment, so that the component is left."""
    left = re.sub(
        r"\([^()]*\)", lambda part: "" if statistic(part[0]) or environment(part[0]) or tier(part[0]) else part[0], text
    )
    for _, pattern in _STATISTICS[:-2]:
        left = pattern.sub("", left)
    for pattern in known:
        left = pattern.sub("", left)
    left = re.sub(r"\s+", " ", left).strip(" -–—:,*<>=")
    return left[1:-1] if left.startswith("(") and left.endswith(")") else left
