"""Amounts that are the price of one: of a gigabyte, a request, a user, an hour; and those of one way beside another."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity

_UNIT_LABEL: Final = re.compile(
    r"(?i)\b(?:costs?|kosten|custo\w*|costos?|coste|coût|price)\b[^:|]{0,30}\s(?:per|por|par|pro|je)\s"
    r"(?!(?:month|year|mes|mês|ano|año|mois|an|monat|jahr|day|week|dia|día|annum|environment|service|component|region|tier)\b)"
)
_SPAN: Final = (
    r"(?:month|mo\b|mth|year|yr|annum|mes|mês|ano|año|mois|an\b|monat|jahr|day|week|dia|día|hour|hr\b|h\b|quarter|"
    r"environment|region|m\b|y\b|a\b|月|年)"
)
_OF_ONE: Final = re.compile(rf"(?i)\s?(?:/\s?|(?:per|por|par|pro|je|за)\s)(?!\s?{_SPAN})[a-zà-ÿа-я1]")
"""`$0.02 per deployment`, `R$ 0,29 por agendamento`."""
_UNIT_COLUMN: Final = re.compile(rf"(?i)\bcosts?\s?(?:/\s?|per\s)(?!\s?{_SPAN})[a-z]|\bhourly\b|/\s?h(?:ou)?r\b")
_CHANGED: Final = re.compile(r"[$€£₹]\s?[\d.,]+[kK]?(?:/\w+)?\s?(?:→|->|=>)\s?~?[$€£₹]")
_WEIGHED: Final = re.compile(r"(?i)\b(?:savings?|increase|reduction|difference|delta|ahorro|economia|einsparung)\b|Δ")
_EITHER: Final = re.compile(
    r"(?i)\b(?:before|after|with|without|optimi[sz]ed|proposed|reserved|on-demand|original|new|old|current)\b"
)
_PRICED_BY: Final = re.compile(
    r"(?i)\s?(?:/|\bper )\s?(?:\d[\d.,]*\s?)?(?:[kmb]\b\s?|million|thousand|[gtm]i?b\b|v?cpu|core|dpu|ru\b|lcu|acu|"
    r"(?:api |http |https )?(?:requests?|calls?|quer(?:y|ies)|invocations?|messages?|operations?|events?|emails?|"
    r"tokens?|reads?|writes?|traces?|metrics?|alarms?|secrets?|keys?|rules?|images?|zones?|hosted|web acl|endpoint|"
    r"configuration|pipeline|active pipeline|build|active))"
)
_UNIT_PRICE_COLUMN: Final = re.compile(
    r"(?i)\bunit (?:price|cost|rate)|\bprice per\b|^rates?$|\bcalculation\b|^formula$|"
    r"\bcost per (?:gb|tb|million|1k|1m|request|token|call|query|transaction|run|invocation|1,000)"
)
_PER_HEAD: Final = re.compile(r"(?i)\s?/\s?(?:(?:active |paying )?user|customer|seat|member|subscriber|agent)s?\b")


def of_one(claim: Claim, quantity: Quantity) -> bool:
    """Whether the amount is for one of many: the words behind it, the column or the label say of what."""
    after = claim.text[quantity.end :]
    return bool(
        _PRICED_BY.match(after)
        or _PER_HEAD.match(after)
        or _OF_ONE.match(after)
        or _UNIT_PRICE_COLUMN.search(claim.column)
        or _UNIT_COLUMN.search(claim.column)
        or _UNIT_LABEL.search(claim.label)
    )


def weighed(claim: Claim) -> bool:
    """Whether two ways are weighed against each other: `$7 -> $4`, or columns of before, after and what is saved."""
    return bool(_CHANGED.search(claim.text)) or (
        bool(_EITHER.search(claim.column)) and any(_WEIGHED.search(name) for name, _ in claim.row)
    )
