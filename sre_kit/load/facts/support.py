"""Support out of claims: when people are there to help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind, Scope
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim

_SUPPORT_LABEL: Final = re.compile(
    r"\b(?:support[- ](?:hours|availability|coverage|times?|window|schedule)|hours "
    r"of (?:support|operation|coverage)|business hours|service hours|on-?call (?:hours|"
    r"coverage)|supportzeiten|servicezeiten|horario de (?:soporte|atención)|heures "
    r"de support|janela de suporte|hor[aá]rio de (?:suporte|atendimento|cobertura)|"
    r"coverage hours|office hours|operating hours|horas (?:hábiles|laborales)|horário comercial|heures ouvrées|"
    r"geschäftszeiten)\b",
    re.IGNORECASE,
)
_SUPPORT: Final = re.compile(
    r"\bsupport\b|\bsuporte\b|\bsoporte\b|\bhelp-?desk\b|\bon-?call\b|\bcustomer service\b", re.IGNORECASE
)
_HOURS: Final = re.compile(
    r"\b24\s?[/x×]\s?7(?:[/x×]365)?|\b24x5\b|\b24/5\b|\b\d{1,2}(?::\d\d)?\s?(?:am|"
    r"pm|uhr|h)?\s?(?:-|–|to|bis|until)\s?\d{1,2}(?::\d\d)?\s?(?:am|pm|uhr|h|[A-Z]{2,4})?\b|"
    r"\bbusiness hours\b|\b(?:mon(?:day)?|mo)\s?(?:-|–|to|bis)\s?(?:fri(?:day)?|fr|"
    r"sat(?:urday)?|sun(?:day)?|sa|so)\b|\blunes a (?:viernes|sábado|domingo)\b|\bsegunda a sexta\b|"
    r"\bmontag bis freitag\b|"
    r"\bdu lundi au vendredi\b|\baround the clock\b|\brund um die uhr\b|"
    r"\b8x5\b|\b9x5\b|\bworking hours\b",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"\b24\s?[/x×]\s?7|\b24/5|\b24x5|\b[89]x5|\baround the clock|\brund um die uhr", re.IGNORECASE
)


def support_facts(claim: Claim, document: str) -> Iterator[Fact]:
    """When people are there to help: "24/7", "Monday to Friday 09:00-17:00", "4h response"."""
    spot = f"{claim.label} {claim.column}"
    text = claim.text
    if (
        re.search(
            r"(?i)\b(?:sev-?\d|severity|critical|monitoring|uptime|availability|security|sla clock|guard)\b",
            spot,
        )
        or len(text) > 120
        or roles.vendor_desk(claim.label)
    ):
        return
    hours = _HOURS.search(text)
    mostly = hours is not None and (hours.start() <= 3 or len(hours[0]) * 2 >= len(text))
    told = mostly and bool(_SUPPORT_LABEL.search(spot) or (_SUPPORT.search(spot) and _CLOCK.search(text)))
    placed = mostly and claim.form != "sentence" and any(_SUPPORT_LABEL.search(around) for around in claim.around[:2])
    spoken = claim.form == "sentence" and bool(
        re.search(
            r"(?i)\b(?:24\s?[/x×]\s?7|24/5|[89]x5)\s(?:\w+\s){0,2}(?:support|on-?call|coverage|"
            r"help)\b|\b(?:support|on-?call|help-?desk)\b[^.,;]{0,50}\b(?:is|are|available|"
            r"staffed|runs)?\b[^.,;]{0,20}(?:24\s?[/x×]\s?7|around the clock|monday|mon[-–])",
            text,
        )
    )
    response = re.fullmatch(
        r"(?i)(?:priority |premium |standard |customer |technical )?support(?: response(?: time)?)?", claim.label
    ) and re.search(
        r"(?i)(?:^[<≤~]?\s?|[\s,])\d+\s?-?\s?(?:h|hours?|hrs?|min(?:utes?)?|business (?:days?|"
        r"hours?)|days?)\b(?:\s(?:response|reply|sla))?",
        text,
    )
    spoken = spoken and (
        len(text.split()) > 4 or any(re.search(r"(?i)\bsupport|\bsla\b", near) for near in claim.around[:1])
    )
    if not (told or placed or spoken or response):
        return
    if "|" in text or re.search(r"(?i)\b(?:no|not|without|none|kein)\b.{0,12}(?:24|support|on-?call)", text):
        return
    _, refused = roles.refusal(claim)
    details = {"measure": "response" if response else "hours"}
    if spoken and not (told or placed):
        text = (_CLOCK.search(text) or _HOURS.search(text) or [text])[0]
    yield Fact(
        Kind.SUPPORT_HOURS,
        text,
        "text",
        document,
        claim.line,
        claim.quote,
        name=claim.label or "support",
        heading=claim.heading,
        scope=Scope("", scope.tier(claim.column, claim.label, *claim.around), ""),
        details=details,
        refused=refused,
    )
