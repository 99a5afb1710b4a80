"""What a fact claims to be (contract, target, measured, ...), and why some statements are not facts at all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sre_kit.compute.vocabulary import Role
from sre_kit.load.facts import scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.reading import Fence

_PLACEHOLDER = re.compile(
    r"\[(?:from|current|your|insert|date|name|tbd|todo|x+|number|amount|value|planned|"
    r"project|link|to be|fill|add|owner|role|team|email|"
    r"e\.g|\.\.\.|N|stakeholder|journey|user|component|service|alert|feature|task|"
    r"item|metric|target|reason|description|company|customer|list|describe|specify)\b[^\[\]]*\]"
    r"|\{\{[^{}]*\}\}|\bTB[DCA]\b|\bto be (?:determined|defined|decided|confirmed|"
    r"announced)\b|\bXX+\b|(?<![\w.])[XYZN]\s?%|\$\s?[XYN](?![\w])|"
    r"\byour[_-]\w+|\bYYYY-MM-DD\b|…|\?\?+|<(?:value|number|name|your)[^<>]*>|\blorem ipsum\b|\bplaceholder\b|"
    r"\bnot (?:yet )?(?:defined|decided|known)\b|(?<!\w)N/A(?!\w)"
    r"|(?<![\w%])(?:X|XX|Y|Z)(?:\s?(?:ms|s|min|minutes|hours|days|users|rps|GB)\b)",
    re.IGNORECASE,
)
_EXAMPLE_HEAD = re.compile(
    r"\b(?:examples?|beispiel\w*|ejemplos?|exemples?|exemplos?|sample|illustrative|hypothetical|how to (?:read|"
    r"interpret)|"
    r"what (?:is|are) (?:an? |the )?(?:rto|rpo|sl[aoi]s?|error budgets?|percentiles?|p\d\d)|glossary|glossar)\b",
    re.IGNORECASE,
)
_EXAMPLE_TEXT = re.compile(
    r"^\W*(?:for example|for instance|e\.g\.|example|z\. ?b\.|zum beispiel|beispiel|"
    r"por ejemplo|p\.\s?ej\.|par exemple|suppose|imagine|say,)|\b(?:e\.g\.|p\.\s?ej\.,?|"
    r"z\.\s?B\.|for example|for instance|"
    r"such as),?\s|[(（](?:例)?如",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"\b(?:placeholder document|required content|must include|should include|template|"
    r"vorlage|plantilla|modèle (?:de (?:document|rapport|plan)|à (?:remplir|compléter)|vierge))\b",
    re.IGNORECASE,
)
_NOT_EXAMPLE = re.compile(
    r"\bexample\.(?:com|org|net)|\bby example\b|\bproviders? examples\b|"
    r"\bexample (?:app|application|service|project)\b",
    re.IGNORECASE,
)
_ASSUMPTION = re.compile(
    r"\bassum(?:e|es|ed|ing|ption|ptions)\b|\bhypothes[ie]s\b|\bannahmen?\b|\bsupuestos?\b|"
    r"\bhypothèses?\b|\bprojected\b|\bprojections?\b|\bforecast(?:ed)?\b|\bestimat(?:e|"
    r"ed|es|ion)\b|\bprognose\b",
    re.IGNORECASE,
)
_VENDORS = (
    r"aws|amazon|azure|gcp|google cloud|cloudflare|vercel|netlify|heroku|supabase|"
    r"firebase|stripe|twilio|sendgrid|auth0|okta|openai|anthropic|mongodb atlas|neon|"
    r"planetscale"
    r"|digitalocean|hetzner|render|railway|fly\.io|fastly|datadog|github|rds|s3|route "
    r"?53|cloudfront|dynamodb|lambda|aurora|paypal|shopify|snowflake|upstash|qdrant "
    r"cloud|pinecone|hetzner"
)
_VENDOR_PROMISE = re.compile(
    rf"\b(?:vendors?|providers?|anbieter|supplier|third[- ]part(?:y|ies)|hosting company|"
    rf"upstream|competitors?|(?:{_VENDORS})(?:'s)?)\b[^.;]{{0,60}}"
    r"\b(?:offers?|guarantees?|promises?|provides?|commits?|advertises?|bietet|garantiert|"
    r"ofrece|has an?|with an?|comes with|claims?|sla|slas|published|documented)\b"
    rf"|\b(?:{_VENDORS})(?:'s)?\s(?:sla|slo|uptime|availability)\b|\b(?:backed by|per|"
    rf"according to|under)\s(?:the\s)?(?:{_VENDORS}|vendor|provider)\b"
    r"|\bvendor(?:'s)?\s(?:sla|promise|availability|uptime)",
    re.IGNORECASE,
)
_VENDOR_PLACE = re.compile(
    r"\b(?:vendors?|third[- ]part(?:y|ies)|external (?:services?|dependencies|providers?)|"
    r"providers?|suppliers?|competitors?|competitive|anbieter)\b",
    re.IGNORECASE,
)
_VENDOR_DESK: Final = re.compile(rf"(?i)\b(?:{_VENDORS})\b.*\b(?:support|help-?desk|hotline)\b")
_MARKETING = re.compile(
    r"\b(?:industry[- ](?:leading|average|standard|benchmark)|world[- ]class|best[- ]in[- ]class|"
    r"blazing(?:ly)?|lightning[- ]fast|state[- ]of[- ]the[- ]art|unmatched|unparalleled"
    r"|customers? love|trusted by|award[- ]winning|game[- ]chang\w+|rock[- ]solid|"
    r"marketing (?:says|claims|promises)|"
    r"our (?:ads?|slogan|website|landing page) (?:says?|claims?|promises?)|most companies|"
    r"typical(?:ly)? saas|studies show|research shows|according to "
    r"(?:gartner|forrester|idc|mckinsey))\b",
    re.IGNORECASE,
)
_TARGET_COLUMN = re.compile(
    r"\b(?:targets?|goals?|slos?|objectives?|required|requirement|expected|acceptable|"
    r"criteria|pass|ziel\w*|objetivo|objectif|alvo|metas?|soll|thresholds?|acceptance|"
    r"budget|sli/slo|desired|good|meta)\b",
    re.IGNORECASE,
)
_THRESHOLD_COLUMN = re.compile(
    r"\b(?:warn(?:ing)?|critical|cr[ií]tic[oa]|alerta|limits?|limites?|m[ií]nimo(?: "
    r"aceit[aá]vel)?|min(?:imum)? acceptable|unacceptable|alert(?:ing)?(?: threshold)?|"
    r"trigger|page|alarm|red|yellow|kritisch|warnung|breach)\b",
    re.IGNORECASE,
)
_MEASURED_COLUMN = re.compile(
    r"\b(?:actual|sent|current(?:ly)?|measured|results?|achieved|observed|baseline|before|"
    r"after|today|ist|obtained|resultado|ergebnis|gemessen|résultat|today|now|last "
    r"(?:month|quarter|30 days)|status quo|p(?:re|ost)-optimi[sz]ation)\b",
    re.IGNORECASE,
)
_REACHED = re.compile(
    r"\b(?:took|were|was|completed in|completed within|stayed|remained|peaked|achieved|"
    r"respondieron|tardaron|completaron|fue|fueron|pas[oó]|passed|wurden?|lagen?|waren|"
    r"dauerten|ont pris|étaient)\b",
    re.IGNORECASE,
)
TARGET_TEXT = re.compile(
    r"\b(?:targets?|goals?|slos?|slas?|objectives?|must|shall|should|required|requirements?|"
    r"guarantee\w*|commit\w*|ziel\w*|soll|muss|objetivo|deve|debe|doit|objectif)\b",
    re.IGNORECASE,
)
_MEASURED_TEXT = re.compile(
    r"\b(?:measured|achieved|observed|actual(?:ly)?|currently|peaked|recorded|reached|"
    r"averaged|was|were|gemessen|erreicht|hit|dropped|rose|held|sustained at|completed "
    r"in|took|breaks? at|broke at|saturates at)\b",
    re.IGNORECASE,
)
_CONTRACT = re.compile(
    r"\b(?:guarantee[ds]?|guaranteed|commit(?:s|ted|ment|ments)?|contract(?:ual|ually)?|"
    r"slas?|service[- ]level agreements?|credits?|vertraglich|garantiert|garantía|"
    r"garantie|agreement)\b",
    re.IGNORECASE,
)
_LOAD_TEST = re.compile(
    r"\btest \d+ (?:usuarios|users|vus)\b|\bpruebas? de (?:carga|estr[eé]s|rendimiento)|"
    r"\btestes? de (?:carga|desempenho|stress)|\blast-?tests?\b|"
    r"\btests? de charge\b|\b(?:k6|gatling|jmeter|locust|artillery|benchmarks?|benchmarking|loadtests?)\b|"
    r"\b(?:load|stress|soak|spike|endurance|performance|perf|scalability|capacity|"
    r"baseline|volume)[-_ ]?(?:tests?|testing|benchmarks?|(?<!capacity )baseline)\b|"
    r"\b(?:load|stress|performance|perf)[-_ ]?(?:results?|report|runs?)\b",
    re.IGNORECASE,
)
_STATISTICS = re.compile(r"\b(?:statistics|estad[ií]sticas?|statistik|statistiques|metrics)\b", re.IGNORECASE)
_RESULT = re.compile(
    r"\b(?:results?|resultad\\w+|r[eé]sultats?|informe|resumen|resumo|conclusion\\w*|"
    r"interpretaci\\w+|m[eé]tricas|bericht|auswertung|rapport|bilan|drill|game ?day|"
    r"simulacro|exercise|post-?mortem|findings|report|summary|measured|actual|baseline|"
    r"observed|ergebnisse?|outcome|achieved|output|executed|completed|run)\b",
    re.IGNORECASE,
)

EXAMPLE: Final = "an example, not a statement about this system"
PLACEHOLDER: Final = "a placeholder that nobody has filled in"
VENDOR: Final = "a vendor's promise, not ours"
MARKETING: Final = "marketing or somebody else's average, not a statement about this system"
AMBIGUOUS: Final = "the number can mean two things; write it without the separator"


@lru_cache(maxsize=2048)
def placeholder(text: str) -> bool:
    """
    Whether a text still waits for its value.

    >>> placeholder("[From PRD]"), placeholder("X% uptime"), placeholder("99.9 %"), placeholder("… ms")
    (True, True, False, True)
    """
    return bool(_PLACEHOLDER.search(text))


def example(claim: Claim) -> bool:
    """Whether the claim, its lead-in or a heading over it says that it is an example."""
    if _EXAMPLE_TEXT.search(claim.text) or _EXAMPLE_TEXT.search(claim.label):
        return True
    waits = not re.search(r"\btarget\b", claim.text, re.IGNORECASE)
    if waits and any(_TEMPLATE.search(text) for text in claim.around[:2]):
        return True
    return any(_heads_example(text) for text in (*claim.around[:4], claim.label) if len(text) < 90)


@lru_cache(maxsize=2048)
def _heads_example(text: str) -> bool:
    return bool(_EXAMPLE_HEAD.search(text)) and not _NOT_EXAMPLE.search(text)


def refusal(claim: Claim) -> tuple[Role | None, str]:
    """The role and the reason of what is no fact of ours, or (None, "")."""
    if claim.bracketed:
        return Role.EXAMPLE, PLACEHOLDER
    if example(claim):
        return Role.EXAMPLE, EXAMPLE
    words = claim.words
    ours = bool(_RECOVERY_ROW.search(claim.label)) and target_column(claim.column)
    place = any(_VENDOR_PLACE.search(text) and not _OUR_OBJECTIVE.search(text) for text in claim.around[:2])
    if (_VENDOR_PROMISE.search(words) and not ours) or place:
        return Role.VENDOR, VENDOR
    if _MARKETING.search(words):
        return Role.EXAMPLE, MARKETING
    return None, ""


_OUR_OBJECTIVE: Final = re.compile(r"(?i)\bslos?\b|\bobjectives?\b")
"""A promise is a vendor's, an objective is ours, though it is about a provider."""
_RECOVERY_ROW: Final = re.compile(r"(?i)^\W*(?:rto|rpo)\b|\brecovery (?:time|point) objective\b")
"""Our objective, though what follows explains it by what the vendor does."""


def vendor_desk(text: str) -> bool:
    """Whether a text names somebody else's support: `Supabase Support`."""
    return bool(_VENDOR_DESK.search(text))


_CUSTOMERS: Final = re.compile(
    r"(?i)\b(?:customer (?:segments?|profiles?|pains?|gains?|jobs|personas?)|ideal customers?|buyer personas?|personas|"
    r"target (?:customers?|audience|market|users?)|value propositions?|unique selling|pain points?|competit(?:ors?|ive|"
    r"ion)|market (?:analysis|size|opportunity|research|overview)|why now|segmentos? de (?:clientes?|mercado)|"
    r"proposta de valor|propuesta de valor|proposition de valeur|wertversprechen|zielgruppen?|kundensegmente?|"
    r"konkurren\w+|concorr[eê]n\w+|competencia|concurrents|concurrence)\b|用户画像|目标用户|目标客户|竞品|竞争"
)


@lru_cache(maxsize=2048)
def of_customers(text: str) -> bool:
    """Whether a heading is about those whom we sell to or compete with: their numbers are not ours."""
    return bool(_CUSTOMERS.search(text))


def measured_column(column: str) -> bool:
    """Whether a column holds what was measured."""
    return bool(_MEASURED_COLUMN.search(column)) and not _TARGET_COLUMN.search(column)


def threshold_column(column: str) -> bool:
    """Whether a column holds the value at which somebody is told."""
    return bool(_THRESHOLD_COLUMN.search(column))


def target_column(column: str) -> bool:
    """Whether a column holds what was promised or wished for."""
    return bool(_TARGET_COLUMN.search(column))


_AIMED = re.compile(
    r"\b(?:targets?|goals?|slos?|slas?|objectives?|requirements?|criteria|expected|"
    r"thresholds?|acceptance|budgets?|ziele?|objetivos?|criterios?|umbrales|plan)\b",
    re.IGNORECASE,
)


def in_load_test(claim: Claim, document: str) -> bool:
    """Whether the claim stands in a document or section on load tests."""
    return any(_about_load(text) for text in (*claim.around, _spaced(document)))


@lru_cache(maxsize=2048)
def _about_load(text: str) -> bool:
    return bool(_LOAD_TEST.search(text))


@lru_cache(maxsize=256)
def _spaced(document: str) -> str:
    """`docs/PerformanceTestPlan.md` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[-_./]", " ", document)


_DRILL = re.compile(r"\b(?:drills?|game ?days?|simulacro|chaos (?:test|experiment)|post-?mortem)\b", re.IGNORECASE)


def tested(claim: Claim, document: str) -> bool:
    """Whether the claim stands among the measured results of a load test."""
    drilled = any(_DRILL.search(text) for text in (*claim.around, _spaced(document)))
    return drilled or (
        in_load_test(claim, document)
        and (results_place(claim, document) or _STATISTICS.search(" ".join(claim.around[:3])) is not None)
    )


def results_place(claim: Claim, document: str) -> bool:
    """Whether the headings say that what follows was measured."""
    return any(_about_results(text) for text in (*claim.around, _spaced(document)))


@lru_cache(maxsize=2048)
def _about_results(text: str) -> bool:
    return bool(_RESULT.search(text))


def role(claim: Claim, clause: str, comparison: str, document: str) -> Role:
    """
    What the value claims to be, from the nearest word that says so.

    The column decides in tables, then the words beside the value, then the comparison sign, then the headings.
    """
    if claim.column:
        if measured_column(claim.column):
            return Role.MEASURED
        if threshold_column(claim.column):
            return Role.THRESHOLD
    if _ASSUMPTION.search(claim.words) or any(_ASSUMPTION.search(text) for text in claim.around[:2]):
        return Role.ASSUMPTION
    if claim.column and target_column(claim.column):
        return Role.CONTRACT if _CONTRACT.search(claim.column) else Role.TARGET
    if _REACHED.search(clause) and not TARGET_TEXT.search(clause):
        return Role.MEASURED
    if measured_column(claim.label) or (_MEASURED_TEXT.search(clause) and not comparison):
        return Role.MEASURED
    if comparison in ("<", "<=", ">", ">=") or target_column(claim.label) or TARGET_TEXT.search(clause):
        return Role.TARGET
    if (
        claim.form != "sentence"
        and len(claim.text.split()) <= 9
        and any(measured_column(text) for text in claim.around[:2])
    ):
        return Role.MEASURED
    if not any(_AIMED.search(text) for text in claim.around[:2]) and tested(claim, document):
        return Role.MEASURED
    return Role.STATED


def contractual(claim: Claim, document: str) -> bool:
    """Whether the words around an availability make it a contract: a guarantee, an SLA, service credits."""
    if _OBJECTIVE.search(claim.words) or target_column(claim.column):
        return False
    if _CONTRACT.search(claim.words):
        return True
    near = next((text for text in claim.around if _CONTRACT.search(text) or _OBJECTIVE.search(text)), "")
    if near:
        return bool(_CONTRACT.search(near)) and not _OBJECTIVE.search(near)
    return bool(re.search(r"(?:^|[/_\- ])(?:SLA|ServiceLevelAgreement)(?:[._\- ]|$)", document))


_OBJECTIVE = re.compile(
    r"\b(?:slos?|slis?|service[- ]level (?:objective|indicator)s?|objectives?|targets?|"
    r"goals?|meta|objetivos?|ziele?)\b",
    re.IGNORECASE,
)


def fence_refusal(fence: Fence, words: str = "") -> str:
    """Why the facts of a code block are not used: its lead-in or heading calls it an example."""
    around = ((fence.lead,) if fence.lead else ()) + tuple(reversed(fence.heading))
    return EXAMPLE if example(Claim(words, "", "", around, fence.heading, fence.line, "", "pair")) else ""


def fence_environment(fence: Fence, *more: str) -> str:
    """The environment of a code block, from `more`, its lead-in or its headings."""
    return scope.environment(*more, fence.lead, *reversed(fence.heading))
