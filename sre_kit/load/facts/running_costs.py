"""Which amounts of money are what it costs to run the system: not those of a business, and not those of another way."""

from __future__ import annotations

import re
from typing import Final

from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import Quantity

_RUNS: Final = re.compile(
    r"(?i)infra|host(?:ing|ed)|cloud|成本|运营|серв|инфраструк|хостинг|облак|基础|服务|infraestru|\b(?:servers?|servidor\w*|serveurs?|vps|vms?|"
    r"run(?:s|ning)?|operat\w+|opex|ops|betrieb\w*|laufende\w*|exploitation|aws|azure|gcp|google|vercel|supabase|railway|"
    r"render|hetzner|digitalocean|ovh|firebase|cloudflare|heroku|netlify|fly\.io|fargate|ec2|ecs|eks|rds|s3|nat|lambda|"
    r"compute|database|postgres\w*|redis|storage|kubernetes|k8s|cdn|dns|domain|bandwidth|monitoring|observability|"
    r"sentry|openai|anthropic|gemini|llm|ai|apis?|tokens?|services?|tool(?:s|ing)?|subscriptions?|saas|email|sms|twilio|"
    r"environments?|dev(?:elopment)?|staging|prod(?:uction)?|capacity|deployment|resources?|components?|tech\w*|"
    r"platform|system|cogs|ssl|certificates?)\b"
)
_LETTERED: Final = re.compile(
    r"(?i)^\W*(?:[\d.]+\s+)?(?:option|opci[oó]n|opç[aã]o|variante?|вариант|alternative|stack|approach|scenario|choice|"
    r"path|route)\s?#?(?:[A-H]|[1-9]|I{1,3}V?)\b(?!\s?(?:users|months?))"
)
"""`Option A: cheapest`: one of several ways, of which at most one will be gone."""
_SEVERAL: Final = re.compile(
    r"(?i)\b(?:two|three|four|several|best|top|possible|hosting|provider|other) "
    r"(?:options|picks|alternatives|choices)\b|"
    r"^\W*(?:[\d.]+\s+)?(?:alternatives?|options)\b|\balternative (?:options|services|providers|stacks?|hosting)\b|"
    r"\bcomparisons?\b|\bальтернатив\w*|\balternativas\b|\bvergleich\b"
)
_TAKEN: Final = re.compile(
    r"(?i)\b(?:current(?:ly)?|chosen|selected|in use|ours?|recommended|today|actual(?:es)?|empfohlen)\b|[✅⭐✓]"
)
_MARKED: Final = re.compile(r"(?i)\b(?:chosen|selected|in use|recommended|gewählt|elegid[oa]|escolhid[oa])\b|[✅⭐]")
_ONCE: Final = re.compile(
    r"(?i)\b(?:one[- ](?:time|off)|once|setup (?:fee|cost)|initial (?:cost|investment|setup)|up-?front|einmalig\w*|"
    r"una (?:sola )?vez|разов\w*)\b"
)


def another_way(label: str, around: tuple[str, ...], quote: str = "") -> bool:
    """Whether a row stands among the ways that might be gone, and neither it nor its heading says that it is ours."""
    if _TAKEN.search(label) or _MARKED.search(quote):
        return False
    for text in around:
        if _LETTERED.match(text) or _SEVERAL.search(text):
            return not _TAKEN.search(text)
    return False


_BUSINESS: Final = re.compile(
    r"(?i)business|financ|pitch|market|strateg|monetiz|pricing|revenue|investor|\bprd\b|requirements|proposal"
)


def running(claim: Claim, quantity: Quantity, document: str) -> bool:
    """
    Whether an amount is for running the system: not paid once, and in papers on the business named so on the spot.

    A business plan counts salaries, marketing and cost of sales too; a cost estimate of the infrastructure does not.
    """
    spot = f"{claim.label} {claim.column} {claim.text[max(0, quantity.start - 60) : quantity.end + 30]}"
    if _ONCE.search(spot):
        return False
    business = _BUSINESS.search(document) and not re.search(r"(?i)infra|hosting|server|cloud", document)
    return not business or bool(_RUNS.search(" ".join((spot, *claim.around[:2]))))
