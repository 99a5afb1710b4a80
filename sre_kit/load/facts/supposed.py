"""
What only looks like a statement about this system: choices to tick, cells to fill in, sums for supposed users.

A last look at what was read, by its row and its headings, which the readers of single amounts do not see together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind

_ASKS: Final = re.compile(r"^\s*\|?\s*[^|]*\w\?\s*\|")
_CHOICES: Final = re.compile(r"\d[^|/]* / [^|/]*\d|\w+ / \w+ / \w+")
_TO_FILL: Final = re.compile(r"\|\s*\*{0,2}\[[^\[\]|]+\]\*{0,2}\s*(?=\|)")
_BESIDE_PROFIT: Final = re.compile(
    r"(?i)\bprofit\w*|\bper user\b|\bby user count\b|\bunit economics\b|\brevenue\b|\bbreak-?even\b|"
    r"\bscenario: |\byear \d+ scenario\b"
)
_OF_USERS: Final = re.compile(
    r"(?i)^\W*(?:(?:at|for|with) )?\d[\d.,]*\s?[km]?\+? (?:(?:active|paying|paid|monthly|total|concurrent) )*"
    r"(?:users?|customers?|tenants?|subscribers?)\b"
)
_OF_ONE: Final = re.compile(r"(?i)\bper (?:(?:active|paying|paid|monthly) )?(?:user|customer|seat|subscriber)\b")
_PROJECTED: Final = re.compile(
    r"(?i)\b(?:revenue|profit\w*|sales|earnings|margin) (?:projections?|forecasts?|scenarios?)\b"
)
_TO_MARKET: Final = re.compile(r"(?i)^\W*(?:total |monthly )?(?:marketing|advertis\w+|ads?|hiring)\b")
_PLAN_ALONE: Final = re.compile(
    r"(?i)\W*(?:(?:free|hobby|starter|basic|pro|team|standard|business|enterprise|growth|developer)(?: (?:plan|tier))?|"
    r"alternatives?\b.*)\W*"
)
_LISTED: Final = re.compile(
    r"[$€£]\s?\d[\d.,]*\+? \((?:free tier|pro|team|\d+[kKmM]? (?:events|requests|emails|users))\b"
)
"""`$0 (5k events), $26 (50k events)`: what a vendor asks for each size."""
_NO_PART: Final = re.compile(r"(?i)\b(?:logs|data transfer|bandwidth)\W*$")
"""What is paid by amount beside the parts in a table of costs."""
_TIERED: Final = re.compile(r"(?i)\b(?:tier|plan)\b[^|]{0,12}[(:]?\s?[$€£]\s?\d")


_RIVAL: Final = re.compile(
    r"(?i)\W*(?P<who>railway|vercel|netlify|render|fly\.io|heroku|digital ?ocean|linode|hetzner|ovh|vultr|aws|amazon|"
    r"azure|gcp|google cloud|supabase|neon|planetscale|self-hosted)\b[^:|]{0,30}"
)
_HOSTS: Final = re.compile(
    r"(?i)railway|render|fly|heroku|digital|linode|hetzner|ovh|vultr|aws|amazon|azure|gcp|google"
)
_REASONS: Final = re.compile(r"(?i)^\W*(?:rationale|adjustments?(?: guide)?|action plan|why)\b")


def rival_places(found: Sequence[Fact]) -> set[tuple[str, ...]]:
    """
    Headings under which hosts are weighed: two beside each other have one of their own, or one has three as its rows.

    A project may pay Vercel and Supabase at once; it does not run on Railway, Hetzner and AWS in turn.
    """
    beside: dict[tuple[str, ...], dict[str, set[tuple[str, ...]]]] = {}
    rows: dict[tuple[str, ...], set[str]] = {}
    for fact in found:
        if fact.kind not in (Kind.COST, Kind.BUDGET):
            continue
        own = _RIVAL.fullmatch(fact.heading[-1]) if fact.heading else None
        if own and _HOSTS.match(own["who"]):
            beside.setdefault(fact.heading[:-1], {}).setdefault(own["who"].lower(), set()).add(fact.heading)
        if named := _RIVAL.fullmatch(fact.name):
            rows.setdefault(fact.heading, set()).add(named["who"].lower())
    places = {place for names in beside.values() if len(names) > 1 for group in names.values() for place in group}
    return places | {place for place, names in rows.items() if _weighed(names)}


def _weighed(names: set[str]) -> bool:
    return len(names) > 2 and sum(bool(_HOSTS.match(name)) for name in names) > 1


def supposed(fact: Fact) -> bool:
    """Whether `fact` states nothing: one of several choices, a cell to fill in, money or traffic that is supposed."""
    if _ASKS.match(fact.quote) and _CHOICES.search(fact.quote):
        return True
    if len(_TO_FILL.findall(fact.quote)) > 1:
        return True
    if fact.kind in (Kind.COST, Kind.BUDGET):
        return _supposed_money(fact)
    if fact.kind is Kind.COMPONENT:
        return bool(_NO_PART.search(fact.name))
    if fact.kind is Kind.ALERT_RULE:
        return bool(fact.heading and _REASONS.match(fact.heading[-1]))
    if fact.kind is Kind.THROUGHPUT:
        times = re.search(rf"(?i)\bassum[^|]*[×x*]\s?{re.escape(f'{fact.value:,}')}\s", fact.quote)
        return bool(times) or bool(_TIERED.search(fact.quote))
    return False


def _supposed_money(fact: Fact) -> bool:
    """A choice after `or`, the same sum once more, what selling costs, and sums of papers on profit."""
    amount = rf"[~≈]?(?:US)?[$€£₹]\s?{_written(fact)}(?![\d.,]*\d)"
    # a pattern of its own for each amount takes longer to compile than to look for, so none without its plain signs
    bracket, choice = "(" in fact.quote, re.search(r"(?i)\bor\b", fact.quote)
    if choice and (not fact.value or re.search(rf"(?i)\bor {amount}", fact.quote)):
        return True
    if _PLAN_ALONE.fullmatch(fact.name) or len(_LISTED.findall(fact.quote)) > 1:
        return True
    if re.match(r"(?i)#+ .*\b(?:scenario|option)\b", fact.quote):
        return True
    if bracket and re.search(rf"(?i)\([^()]*\bto {amount}|\({amount} to ", fact.quote):
        return True
    if bracket and re.search(rf"/\s?(?:year|yr|month|mo)\b\W*\(\s?{amount}\s?/", fact.quote):
        return True
    if _TO_MARKET.search(fact.name):
        return True
    if any(_OF_ONE.search(text) or _PROJECTED.search(text) for text in fact.heading):
        return True
    whole = fact.heading[0] if fact.heading else ""
    if not _BESIDE_PROFIT.search(whole):
        return False
    return bool(re.search(r"(?i)\bscenario\b", whole)) or any(_OF_USERS.match(text) for text in fact.heading[1:])


def _written(fact: Fact) -> str:
    """The amount as it may be written, with or without marks of thousands and cents."""
    whole, _, rest = f"{fact.value:,f}".partition(".")
    return whole.replace(",", ",?") + (rf"(?:\.{rest.rstrip('0')}0*)" if rest.strip("0") else r"(?:\.0+)?")
