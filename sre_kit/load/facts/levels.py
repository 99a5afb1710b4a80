"""Which values of a claim are service levels: availability, latency, error rate, recovery objectives, growth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sre_kit.compute.vocabulary import Fact, Kind
from sre_kit.load.facts import roles, scope
from sre_kit.load.facts.claims import Claim
from sre_kit.load.facts.quantities import MONTH, SECONDS, YEAR, Quantity, quantities
from sre_kit.load.facts.stating import CLAUSE, RECOVERY, WINDOW, Found, fails, stated
from sre_kit.load.facts.subjects import OUTSIDE_GROWTH, subject

_DOWNTIME = re.compile(
    r"\bdown-?time\b|\bausfallzeit\b|\bunavailab(?:le|ility)\b|\bausfall\b|\btiempo de inactividad|\bindisponibilité",
    re.IGNORECASE,
)
_DOWNTIME_PERIOD = re.compile(
    r"(?:per|a|each|every|/|pro|im|im|por|par|in a|every|any)\s?(?:calendar |30-day "
    r"|rolling )?(month|year|quarter|week|day|monat|jahr|mes|año|mois)|\b(monthly|"
    r"yearly|annual(?:ly)?|weekly|quarterly|daily)\b",
    re.IGNORECASE,
)
_PERIOD_SECONDS: Final = {
    "month": MONTH, "monthly": MONTH, "monat": MONTH, "mes": MONTH, "mois": MONTH, "year": YEAR, "yearly": YEAR,
    "annual": YEAR, "annually": YEAR, "jahr": YEAR, "año": YEAR, "quarter": 90 * 86_400,
    "quarterly": 90 * 86_400, "week": 7 * 86_400, "weekly": 7 * 86_400, "day": 86_400, "daily": 86_400,
}  # fmt: skip
_IMMEDIATE = re.compile(
    r"^\W*(?:immediate(?:ly)?|instant(?:aneous)?|sofort|zero|none|no data loss|near[- ](?:zero|"
    r"instant|real[- ]time)|real[- ]time|continuous|inmediato|immédiat|0)\b(?! \w+ "
    r"(?:hours|minutes))",
    re.IGNORECASE,
)


_SPELLED: Final = re.compile(
    r"(?i)\b(?:one|two|three|four|five|six|eight|ten|twelve|fifteen|thirty|an?|zwei|vier|dos|cuatro|deux|"
    r"quatre)[ -](?:minute|"
    r"hour|day|second|stunde|hora|heure|week)"
)


def level_facts(claim: Claim, document: str, style: str) -> Iterator[Fact]:
    """The service levels that a claim states."""
    if (
        not any(character.isdigit() for character in claim.text)
        and not _IMMEDIATE.match(claim.text)
        and not _SPELLED.search(claim.text)
        and "nine" not in claim.text.lower()
    ):
        return
    found = [(one, _aimed(one)) for one in _found(claim, document, style)]
    aims = {one.kind for one, aimed in found if aimed}
    for one, aimed in found:
        reached = not aimed and one.kind in aims
        if fact := stated(one, claim, document, reached):
            yield fact


def _aimed(found: Found) -> bool:
    """Whether the value is compared with something, or called a target."""
    return bool(found.quantity.comparison.strip("~")) or bool(
        roles.TARGET_TEXT.search(found.clause.partition(found.quantity.written)[0])
    )


def _found(claim: Claim, document: str, style: str) -> Iterator[Found]:
    spotted = [_with_unit(quantity, claim) for quantity in quantities(claim.text, style)]
    if "reach" in claim.text and fails(claim):
        spotted = [_reached(quantity, claim) for quantity in spotted]
    previous: dict[str, Kind | None] = {}
    last_end = 0
    for index, quantity in enumerate(spotted):
        following = spotted[index + 1].start if index + 1 < len(spotted) else len(claim.text)
        before, after = claim.text[last_end : quantity.start], claim.text[quantity.end : following]
        before = _BRACKET.sub("", before) if last_end else before  # a bracket right after a value belongs to it
        if quantity.unit not in ("ratio", "s"):
            continue
        if quantity.unit == "ratio" and scope.statistic(claim.text[quantity.start : quantity.end + 32]).startswith("p"):
            continue  # "95 % of requests" names a statistic
        if quantity.unit == "s" and re.match(r"/(?!p\d|avg|max)[A-Za-z]", after):
            last_end = quantity.end  # "1 s/MB" grows with what is asked
            continue
        if quantity.unit == "s" and _LASTING.search(before):
            last_end = quantity.end  # how long it lasts, not how fast it is
            continue
        if quantity.unit == "s" and _downtime(claim, quantity, before, after):
            period = _downtime(claim, quantity, before, after)
            value = 1 - quantity.value / period
            if (
                Decimal("0.9") <= value < 1
                and not re.search(r"\d\s?%", claim.text)
                and not any("%" in cell for _, cell in claim.row)
            ):
                yield Found(Kind.AVAILABILITY_TARGET, _as_ratio(quantity, value), before + after, before)
            last_end = quantity.end
            continue
        kind, words = _kind(claim, quantity, before, after, previous, document)
        previous[quantity.unit] = kind
        if kind is not None:
            yield Found(kind, quantity, f"{before}{quantity.written}{_cut(after)}", words)
        last_end = quantity.end
    if not any(one.unit for one in spotted) and _IMMEDIATE.match(claim.text) and len(claim.text.split()) <= 8:
        named = RECOVERY.search(claim.column) or RECOVERY.search(claim.label)
        if named:
            kind = _objective(named)
            yield Found(
                kind, Quantity(Decimal(0), "s", 0, len(claim.text), claim.text), claim.text, claim.column or claim.label
            )


_OF_OBJECTIVE: Final = re.compile(
    r"(?i)\([^()]*\)|\b(?:expected|target(?:ed)?|estimated|acceptable|max(?:imum)?|our|overall|objectives?|goals?)\b"
)


def _objective_name(text: str) -> re.Match[str] | None:
    """The recovery objective that a key or a header is the name of, and nothing else: `Expected RTO`, `RTO (hours)`."""
    return RECOVERY.fullmatch(text.strip(" ()")) or RECOVERY.fullmatch(_OF_OBJECTIVE.sub("", text).strip(" :"))


def _objective(named: re.Match[str]) -> Kind:
    return Kind.RTO if (named[1] or named[2]).lower() in ("rto", "time") else Kind.RPO


_SHARE_OF: Final = re.compile(
    r"(?i)\b(?:connection pools?|pool|disk|memory|capacity|slots|licen[cs]es|stock)\b|[\s(][-−]$"
)
_BRACKET: Final = re.compile(r"^\s*\([^()]*\)")
_LASTING: Final = re.compile(
    r"\b(?:for|over|during|every|after|last|past|per|within the (?:first|last)|für|"
    r"durante|pendant)\s(?:at least |more than |the last |a )?$",
    re.IGNORECASE,
)
_NAMED_UNIT: Final = re.compile(r"[(\[](ms|s|sec|seconds?|µs|us|min|minutes|%|percent|h|hours)[)\]]", re.IGNORECASE)


def _with_unit(quantity: Quantity, claim: Claim) -> Quantity:
    """A bare number of a cell or pair whose header, label or unit column names the unit: `p95 Latency (ms) | 192`."""
    if quantity.unit or claim.form == "sentence" or len(claim.text) > len(quantity.written) + 3:
        return quantity
    column = next(
        (cell for name, cell in claim.row if re.fullmatch(r"(?i)units?|einheit|unidad|unité", name.strip())), ""
    )
    named = (
        _NAMED_UNIT.search(claim.column)
        or _NAMED_UNIT.search(claim.label)
        or re.fullmatch(r"(ms|s|sec|seconds|µs|%)", column)
        or (scope.is_statistic(claim.label) and claim.around and _NAMED_UNIT.search(claim.around[0]))
    )
    if not named:
        return quantity
    unit = named[1].lower()
    size = Decimal("0.01") if unit in ("%", "percent") else SECONDS[unit]
    return replace(
        quantity,
        value=quantity.value * size,
        unit="ratio" if unit in ("%", "percent") else "s",
        low=None if quantity.low is None else quantity.low * size,
        high=None if quantity.high is None else quantity.high * size,
    )


def _reached(quantity: Quantity, claim: Claim) -> Quantity:
    """`fails when p95 reaches 800 ms` compares, as `exceeds` does."""
    said = re.search(r"\breach(?:es)?\s$", claim.text[: quantity.start])
    return replace(quantity, comparison=">=") if said and not quantity.comparison else quantity


def _as_ratio(quantity: Quantity, value: Decimal) -> Quantity:
    return Quantity(value, "ratio", quantity.start, quantity.end, quantity.written, comparison="downtime")


def _downtime(claim: Claim, quantity: Quantity, before: str, after: str) -> int:
    """The seconds of the period that a downtime is allowed in, or 0 where the value is no allowed downtime."""
    near = before[-60:] + " " + after[:60]
    if not _DOWNTIME.search(near) and not _DOWNTIME.search(f"{claim.label} {claim.column}"):
        return 0
    period = (
        _DOWNTIME_PERIOD.search(claim.text[quantity.end : quantity.end + 50])
        or _DOWNTIME_PERIOD.search(before[-60:])
        or _DOWNTIME_PERIOD.search(f"{claim.label} {claim.column}")
    )
    if not period or re.search(
        r"\b(?:budget|was|were|had|occurred|cost|costs|credit)\b", f"{claim.label} {claim.column} {near}", re.IGNORECASE
    ):
        return 0
    return _PERIOD_SECONDS[(period[1] or period[2]).lower()]


def _kind(
    claim: Claim, quantity: Quantity, before: str, after: str, previous: Mapping[str, Kind | None], document: str
) -> tuple[Kind | None, str]:
    """The kind that the nearest telling words give the quantity."""
    if re.match(r"\s*burn", after):
        return None, ""
    if quantity.unit == "s" and claim.form != "sentence" and not previous:
        objective = _objective_name(claim.label) or _objective_name(claim.column)
        if objective and not before.strip(" <>≤≥~"):
            return _vetoed(_objective(objective), claim, quantity), objective[0]  # what follows only explains
    clauses = CLAUSE.split(before)
    tries: list[tuple[str, bool]] = [(clauses[-1], True), (_cut(after), False)]
    if claim.form == "sentence" or quantity.unit in previous:
        if quantity.unit in previous:
            told, kind = (
                bool(clauses[-1].strip(" :=<>≤≥~") and subject(clauses[-1], quantity.unit, quantity.value)[0]),
                previous[quantity.unit],
            )
            near = len(before) <= 30
            if near and not told and not subject(_cut(after), quantity.unit, quantity.value)[0]:
                return kind, clauses[-1]
        tries.append((before, True))
        tries.append((after, False))
    if claim.form == "cell":
        tries += [(claim.column, False), (claim.label, False)]
    elif claim.form == "pair":
        tries.append((claim.label, False))
    if claim.form == "cell" and quantity.unit == "s" and _statistic_of_latency(claim):
        tries.append(("latency", False))
    for text, last in tries:
        told, kind = subject(text, quantity.unit, quantity.value, last)
        if told:
            return _vetoed(kind, claim, quantity), text
    if (
        quantity.unit == "s"
        and scope.statistic(clauses[-1])
        and subject(" ".join((claim.text, claim.label)), "s", Decimal(1))[1]
    ):
        return _vetoed(Kind.LATENCY_TARGET, claim, quantity), clauses[-1]
    if (
        quantity.unit == "ratio"
        and Decimal("0.95") <= quantity.value < 1
        and WINDOW.match(_cut(after).strip())
        and claim.form == "pair"
    ):
        return _vetoed(Kind.AVAILABILITY_TARGET, claim, quantity), after  # "99.9 % per calendar month"
    for name, cell in claim.row:
        if _DESCRIPTION.fullmatch(name) and cell != claim.text:
            told, kind = subject(cell, quantity.unit, quantity.value)
            if told and kind in (Kind.RTO, Kind.RPO, Kind.AVAILABILITY_TARGET):
                return _vetoed(kind, claim, quantity), cell
    if (
        claim.form == "pair"
        and quantity.unit == "s"
        and scope.is_statistic(claim.label)
        and roles.tested(claim, document)
    ):
        return Kind.LATENCY_TARGET, claim.label
    if claim.form != "sentence" and quantity.unit not in previous:
        for text in claim.around[:2]:
            told, kind = subject(text, quantity.unit, quantity.value)
            if told and kind is Kind.AVAILABILITY_TARGET and _OTHER_SHARE.search(claim.label):
                return None, ""
            if told:
                return _vetoed(kind, claim, quantity) if _inherits(kind, claim, quantity) else None, text
        if _quick(claim, quantity):
            return _vetoed(Kind.LATENCY_TARGET, claim, quantity), claim.label
    return None, ""


_OTHER_SHARE: Final = re.compile(r"(?i)\b(?:rates?|ratios?|scores?|percentage|share|pass(?:ed)?|freshness|quality)\b")
"""A label that says what the share is of, and not in words of availability."""


_PERFORMANCE_PLACE: Final = re.compile(
    r"(?i)\b(?:performance|speed|response)\b[\w\s/&-]{0,24}\b(?:targets?|requirements?|baselines?|goals?|"
    r"objectives?|slos?|"
    r"criteria|budgets?|expectations?|nfrs?|kpis?)\b|\b(?:expected|target|required) performance\b|"
    r"\b(?:anforderungen an die performance|requisitos de rendimiento)\b"
)


def _quick(claim: Claim, quantity: Quantity) -> bool:
    """`File storage: < 5 seconds for 100 MB` under "Performance targets": how fast, though no word says so."""
    return (
        quantity.unit == "s"
        and quantity.comparison in ("<", "<=")
        and quantity.value <= 60
        and not claim.text[: quantity.start].strip(" <>≤≥=~")
        and (
            any(_PERFORMANCE_PLACE.search(text) for text in claim.around[:2])
            or (claim.form == "cell" and bool(_TIME_COLUMN.fullmatch(claim.column)))
        )
    )


_TIME_COLUMN: Final = re.compile(
    r"(?i)(?:max(?:imum|\.)?|target|expected|acceptable) (?:time|duration)|tiempo (?:máximo|objetivo|esperado)|"
    r"temps (?:max\w*|"
    r"cible)|tempo (?:máximo|alvo)|(?:maximale|max\.) (?:zeit|dauer)"
)


def _statistic_of_latency(claim: Claim) -> bool:
    """Whether a column is a statistic (`Max (ms)`) beside another that says of what: `Avg response time (ms)`."""
    alone = re.sub(r"\([^()]*\)", "", claim.column).strip()
    return scope.is_statistic(alone) and any(
        name != claim.column and scope.statistic(name) and subject(name, "s", Decimal("0.5"))[1] is Kind.LATENCY_TARGET
        for name, _ in claim.row
    )


_SUSTAINED: Final = re.compile(
    r"(?i)\W{0,3}(?:sustained )?(?:for|over) (?:at least )?\d+ ?(?:m|mins?|minutes|h|hours?|s)\b"
)
_TRIGGER: Final = re.compile(r"(?i)\b(?:scal(?:e|ing)|triggers?|conditions?|autoscal\w+|when)\b")
_RATED: Final = re.compile(r"(?i)\([^()]*\)|\b(?:excellent|good|pass(?:ed)?|ok|failed|acceptable)\b")
_DESCRIPTION: Final = re.compile(
    r"(?i)(?:description|definition|meaning|beschreibung|descripci[oó]n|descri[cç][aã]o)s?"
)


def _inherits(kind: Kind | None, claim: Claim, quantity: Quantity) -> bool:
    """Whether a heading's subject reaches down to this value: the value must look like a target, and nothing else."""
    alone = len(_RATED.sub("", claim.text)) <= len(quantity.written) + 24
    if kind in (Kind.RTO, Kind.RPO) and any(RECOVERY.search(name) for name, _ in claim.row):
        return False  # another column is called so
    if kind in (Kind.LATENCY_TARGET, Kind.RTO, Kind.RPO):
        return alone and (
            claim.form == "pair"
            or roles.target_column(claim.column)
            or bool(scope.statistic(claim.column))
            or bool(quantity.comparison)
        )
    if kind is Kind.ERROR_RATE_TARGET:
        return alone and claim.form == "pair" and bool(quantity.comparison) and roles.target_column(claim.label)
    return alone and kind is Kind.AVAILABILITY_TARGET


def _vetoed(kind: Kind | None, claim: Claim, quantity: Quantity) -> Kind | None:
    """Words anywhere on the spot that turn the kind down: a blocked label beside a telling column, or the reverse."""
    if kind is None:
        return None
    if re.fullmatch(r"(?i)\W*[\w-]+ over [\w-]+\W*", claim.label):
        return None  # "Fast over perfect": a principle that weighs two things, no target
    spot = f"{claim.label} {claim.column}"
    told, other = subject(spot, quantity.unit, quantity.value)
    if told and other is None:
        return None
    header = " ".join(name for name, _ in claim.row)
    if kind is Kind.AVAILABILITY_TARGET:
        if re.search(
            r"\b(?:credits?|refund|gutschrift)\b", f"{header} {claim.words} {' '.join(claim.around[:2])}", re.IGNORECASE
        ) and not re.search(r"\b(?:tier|plan)\b|\bguarantee", f"{header} {claim.words}", re.IGNORECASE):
            return None
        if (
            re.search(r"\b(?:below|unter|less than|falls?|drops?)\b", claim.text[: quantity.start][-24:], re.IGNORECASE)
            or quantity.comparison == "<"
        ):
            return None
    if (
        kind is Kind.LATENCY_TARGET
        and re.search(
            r"\b(?:support|incident|severity|ticket|on-?call|escalation|priority|helpdesk)\b",
            f"{header} {' '.join(claim.around[:2])}",
            re.IGNORECASE,
        )
        and quantity.value >= 30
    ):
        return None
    lasting = _SUSTAINED.match(claim.text[quantity.end :])
    if (
        lasting
        and kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET)
        and _TRIGGER.search(" ".join(claim.around[:2]))
    ):
        return None  # "p95 < 300 ms for 30 minutes" scales down
    above = kind in (Kind.LATENCY_TARGET, Kind.ERROR_RATE_TARGET) and quantity.comparison in (">", ">=")
    if above and not fails(claim) and not roles.threshold_column(claim.column):
        return None  # above is where somebody is told, not what was promised
    if kind in (Kind.AVAILABILITY_TARGET, Kind.ERROR_RATE_TARGET) and _SHARE_OF.search(
        f"{claim.label} {claim.text[max(0, quantity.start - 2) : quantity.start]}"
    ):
        return None
    if (
        kind is Kind.ERROR_RATE_TARGET
        and re.match(r"\d[\d.,]*\s?[kKMB]?\s\($", claim.text[: quantity.start])
        and not roles.TARGET_TEXT.search(claim.label)
        and not re.search(r"(?i)allow|accept|max|budget", claim.label)
    ):
        return None  # "Errors: 45K (0.06%)" were counted
    if kind is Kind.GROWTH_RATE and OUTSIDE_GROWTH.search(f"{claim.words} {' '.join(claim.around[:1])}"):
        return None
    return kind


def _cut(after: str) -> str:
    """The words after a value up to the end of its clause."""
    parts = CLAUSE.split(after, maxsplit=1)
    return parts[0] if parts else ""
